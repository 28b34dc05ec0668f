//! Redaction: a policy and a key go in, then the blocks of a capture; the same blocks leave without what the policy names.
//! Equal things stay equal under one key, so that rules and joins go on working.

mod network;
mod policy;

mod key;

mod addresses;
mod container;
mod event;
mod records;
mod text;

mod visitor;

#[cfg(test)]
mod tests;

pub use key::Key;
pub use policy::{Policy, SHIPPED};
pub use visitor::Redacted;

use std::collections::VecDeque;

use tercel_format::Block;
use tercel_format::record::{Section, StateRecord};
use tercel_format::trace::Header;
use tercel_replay::state::State;

use addresses::Addresses;
use text::Texts;

/// Records that are held until the accounts of their section are known; above this number they pass without them.
const HELD: usize = 1 << 20;

/// Redacts the blocks of a capture.
pub struct Redactor {
    texts: Texts,
    /// What is known of the capture as it was, if the policy names paths: relative ones mean something only in their directory.
    state: Option<Box<State>>,
    hostname: bool,
    /// What stands before the first event of a section: names of users are known only when all of it has come.
    held: VecDeque<Block<'static>>,
    records: usize,
    about: String,
}

impl Redactor {
    /// A redactor that follows `policy`. Under the same key, equal things become equal.
    pub fn new(policy: Policy, key: Key) -> Redactor {
        let about = policy.about();
        let hostname = policy.hostname;
        let addresses = Addresses::new(policy.addresses.clone(), key.clone());
        let state = (!policy.paths.is_empty()).then(Box::default);
        Redactor {
            state,
            texts: Texts::new(policy, key, addresses),
            hostname,
            held: VecDeque::new(),
            records: 0,
            about,
        }
    }

    /// The header of the redacted trace.
    pub fn header(&mut self, header: Header) -> Header {
        let mut redacted = header;
        let text = |bytes: Vec<u8>| String::from_utf8_lossy(&bytes).into_owned();
        if self.hostname && !redacted.hostname.is_empty() {
            self.texts.learn(redacted.hostname.as_bytes());
            redacted.hostname = text(self.texts.name(redacted.hostname.as_bytes()));
        }
        let mut words: Vec<u8> = Vec::new();
        for word in &redacted.command {
            words.extend(word.bytes().filter(|byte| *byte != 0).chain([0]));
        }
        let words = self.texts.arguments(b"", b"", &words);
        redacted.command = words.split(|byte| *byte == 0).map(|word| text(word.to_vec())).collect();
        redacted.command.pop();
        redacted.filter = text(self.texts.text(redacted.filter.as_bytes()));
        redacted.source = text(self.texts.path(redacted.source.as_bytes()));
        redacted.redaction = match redacted.redaction.is_empty() {
            true => self.about.clone(),
            false => format!("{}; {}", redacted.redaction, self.about),
        };
        redacted
    }

    /// Takes a block, and gives the blocks that are ready.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn block<E>(
        &mut self,
        block: &Block<'_>,
        give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        let given = self.redact(block, give);
        if let Some(state) = &mut self.state {
            state.take(block);
        }
        given
    }

    fn redact<E>(
        &mut self,
        block: &Block<'_>,
        give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        match block {
            Block::Section(section) => {
                self.flush(give)?;
                give(&Block::Section(Section { major: section.major, minor: section.minor }))
            }
            Block::Event(event) => {
                if !self.held.is_empty() {
                    self.flush(give)?;
                }
                event::with_redacted(&mut self.texts, self.state.as_deref(), event, &mut |event| {
                    give(&Block::Event(*event))
                })
            }
            Block::Machine(machine) => {
                if self.hostname {
                    self.texts.learn(&machine.hostname);
                }
                self.hold(Block::Machine(machine.clone()), 1, give)
            }
            Block::Processes(list) => self.hold(Block::Processes(list.clone()), list.len(), give),
            Block::Fds(list) => self.hold(Block::Fds(list.clone()), list.fds.len() + 1, give),
            Block::Interfaces(list) => self.hold(Block::Interfaces(list.clone()), list.len(), give),
            Block::Accounts(list) => {
                self.texts.learn_accounts(list);
                self.hold(Block::Accounts(list.clone()), list.len(), give)
            }
            // The state of the engine is opaque here. The lists around it hold the same; how events are numbered stays.
            Block::State(record) => {
                let bare = StateRecord { state: Vec::new(), ..*record };
                self.hold(Block::State(bare), 1, give)
            }
        }
    }

    /// Gives what is still held: at the end of a capture, and before what follows is cut off.
    ///
    /// # Errors
    /// Those of `give`.
    pub fn flush<E>(&mut self, give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>) -> Result<(), E> {
        self.records = 0;
        while let Some(mut block) = self.held.pop_front() {
            match &mut block {
                Block::Machine(machine) => {
                    if self.hostname {
                        machine.hostname = self.texts.name(&machine.hostname);
                    }
                }
                Block::Processes(list) => {
                    list.iter_mut().for_each(|one| records::process(&mut self.texts, one))
                }
                Block::Fds(list) => list.fds.iter_mut().for_each(|one| records::fd(&mut self.texts, one)),
                Block::Interfaces(list) => {
                    list.iter_mut().for_each(|one| records::interface(&mut self.texts, one));
                }
                Block::Accounts(list) => {
                    list.iter_mut().for_each(|one| records::account(&mut self.texts, one))
                }
                Block::Section(_) | Block::State(_) | Block::Event(_) => {}
            }
            give(&block)?;
        }
        Ok(())
    }

    fn hold<E>(
        &mut self,
        block: Block<'static>,
        records: usize,
        give: &mut dyn FnMut(&Block<'_>) -> Result<(), E>,
    ) -> Result<(), E> {
        self.held.push_back(block);
        self.records += records;
        if self.records > HELD { self.flush(give) } else { Ok(()) }
    }
}
