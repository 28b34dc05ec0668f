//! Redaction of what is written: a policy and a key are read, a redactor leaves, and what connects it with a recording or a run of live.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tercel_analysis::redact::{Key, Policy, Redactor, SHIPPED};
use tercel_format::Block;
use tercel_format::trace::Header;
use tercel_recording::{Error, Give, Transform};
use tercel_replay::state::State;
use tercel_rules::files::contents;

use crate::exit::Failure;
use crate::intent::Redaction;
use crate::target;

/// Smallest size of a key file.
const KEY: usize = 16;

/// Refuses an output that is the policy or the key.
///
/// # Errors
/// It is.
pub fn refuse_overwriting(output: &Path, redaction: &Redaction) -> Result<(), Failure> {
    target::refuse_overwriting(output, files(redaction))
}

/// The files of the policy and the key.
pub fn files(redaction: &Redaction) -> impl Iterator<Item = &Path> {
    redaction.policy.iter().chain(&redaction.key).map(|path| path.as_path())
}

/// A redactor by this policy; its key is random unless one is named.
///
/// # Errors
/// Policy or key cannot be read, or are invalid.
pub fn redactor(redaction: &Redaction) -> Result<Redactor, Failure> {
    Ok(Redactor::new(policy(redaction.policy.as_deref())?, key(redaction.key.as_deref())?))
}

fn policy(path: Option<&Path>) -> Result<Policy, Failure> {
    let Some(path) = path else { return Policy::parse(SHIPPED).map_err(Failure::usage) };
    let name = path.display();
    let failed = |error| Failure::usage(format!("{name}: {error}"));
    let text = contents(path).map_err(failed)?;
    let text = String::from_utf8(text).map_err(|_| Failure::usage(format!("{name}: not UTF-8")))?;
    Policy::parse(&text).map_err(|error| Failure::usage(format!("{name}: {error}")))
}

fn key(path: Option<&Path>) -> Result<Key, Failure> {
    let Some(path) = path else {
        let mut bytes = [0; 32];
        File::open("/dev/urandom").and_then(|mut file| file.read_exact(&mut bytes)).map_err(Failure::io)?;
        return Ok(Key::of(&bytes));
    };
    let name = path.display();
    let bytes = contents(path).map_err(|error| Failure::usage(format!("{name}: {error}")))?;
    if bytes.len() < KEY {
        return Err(Failure::usage(format!("{name}: a key needs at least {KEY} bytes")));
    }
    Ok(Key::of(&bytes))
}

/// Redaction of a recording.
pub struct Recorded(pub Redactor);

impl Transform for Recorded {
    fn header(&mut self, header: Header) -> Header {
        self.0.header(header)
    }

    fn block(&mut self, block: &Block<'_>, give: &mut Give<'_>) -> Result<(), Error> {
        self.0.block(block, give)
    }

    fn flush(&mut self, give: &mut Give<'_>) -> Result<(), Error> {
        self.0.flush(give)
    }
}

/// Redaction of a trace that is written beside a state of its own: the state that a reader of the redacted blocks has.
pub struct Beside {
    redactor: Redactor,
    state: Box<State>,
}

impl Beside {
    /// Nothing is known yet.
    pub fn new(redactor: Redactor) -> Beside {
        Beside { redactor, state: Box::default() }
    }

    /// The header of the trace.
    pub fn header(&mut self, header: Header) -> Header {
        self.redactor.header(header)
    }

    /// Takes a block, and gives what becomes of it, with the state before it.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn block<E>(
        &mut self,
        block: &Block<'_>,
        mut give: impl FnMut(&Block<'_>, &mut State) -> Result<(), E>,
    ) -> Result<(), E> {
        let Beside { redactor, state } = self;
        redactor.block(block, &mut |block| {
            give(block, state)?;
            state.take(block);
            Ok(())
        })
    }

    /// Gives what was held back.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn finish<E>(self, mut give: impl FnMut(&Block<'_>, &mut State) -> Result<(), E>) -> Result<(), E> {
        let Beside { mut redactor, mut state } = self;
        redactor.flush(&mut |block| {
            give(block, &mut state)?;
            state.take(block);
            Ok(())
        })
    }
}
