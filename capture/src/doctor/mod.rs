//! What the running host offers to a recording: files below /proc and /sys enter, findings leave, each with what a recording lacks
//! because of it and the command that mends it. The probe itself is loaded once, as the only certain check. Nothing is recorded.

mod kernel;
mod rights;
mod services;

use std::fs;
use std::path::{Path, PathBuf};
use std::time::Instant;

use crate::containers::Engines;
use crate::error::CaptureError;
use crate::options::Options;
use crate::probe::Probe;

/// What was found about one subject.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What it is about, as a name in lower case that does not change between versions: `kernel`, `btf`, `capabilities`.
    pub subject: &'static str,
    /// Whether a recording lacks something by it.
    pub state: State,
    /// What the host has.
    pub found: String,
    /// What a recording lacks.
    pub missing: Option<String>,
    /// What to do: a command, or a setting.
    pub remedy: Option<String>,
}

/// What a finding means for a recording.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum State {
    /// Nothing is missing.
    Good,
    /// A recording can be made and lacks something, or costs more.
    Limited,
    /// No recording can be made.
    Blocking,
}

impl Finding {
    fn good(subject: &'static str, found: impl Into<String>) -> Finding {
        Finding { subject, state: State::Good, found: found.into(), missing: None, remedy: None }
    }

    fn limited(subject: &'static str, found: impl Into<String>, missing: &str, remedy: &str) -> Finding {
        Finding {
            state: State::Limited,
            missing: Some(missing.to_owned()),
            remedy: Some(remedy.to_owned()),
            ..Finding::good(subject, found)
        }
    }

    fn blocking(subject: &'static str, found: impl Into<String>, remedy: &str) -> Finding {
        let missing = Some("no recording can be made".to_owned());
        Finding {
            state: State::Blocking,
            missing,
            remedy: Some(remedy.to_owned()),
            ..Finding::good(subject, found)
        }
    }
}

/// Where files of the host are looked for: its root directory, or one that a test has made.
struct Host(PathBuf);

impl Host {
    /// The content of a small text file, without the white space around it.
    fn text(&self, path: &str) -> Option<String> {
        Some(fs::read_to_string(self.0.join(path)).ok()?.trim().to_owned())
    }

    /// A path below the root directory, as it is on the host.
    fn shown(&self, path: &Path) -> String {
        let below = path.strip_prefix(&self.0).unwrap_or(path);
        if path.starts_with(&self.0) { format!("/{}", below.display()) } else { path.display().to_string() }
    }

    fn exists(&self, path: &str) -> bool {
        self.0.join(path).exists()
    }
}

/// Looks at everything that a recording depends on. With `trial`, the probe is loaded and attached, and removed again: it takes as long as
/// the start of a recording. `btf` names the kernel's types, as [`Options::btf`] does.
///
/// ```
/// use tercel_capture::{Engines, doctor};
///
/// let findings = doctor::examine(&Engines::default(), false, None);
/// let kernel = findings.iter().find(|finding| finding.subject == "kernel").expect("always there");
/// assert!(kernel.found.starts_with("Linux "));
/// ```
pub fn examine(engines: &Engines, trial: bool, btf: Option<&Path>) -> Vec<Finding> {
    let host = Host(PathBuf::from("/"));
    let mut findings = kernel::findings(&host, btf);
    findings.extend(rights::findings(&host));
    findings.extend(services::findings(&host, engines));
    if trial {
        let started = Instant::now();
        let options = Options { btf: btf.map(Path::to_owned), ..Options::default() };
        let result = Probe::start(&options).map(|(probe, _)| probe.paths().text());
        findings.push(tried(result, started.elapsed().as_secs_f64()));
    }
    findings
}

/// The finding about the probe that was loaded.
fn tried(result: Result<String, CaptureError>, seconds: f64) -> Finding {
    match result {
        Ok(paths) => Finding::good("probe", format!("loads and attaches in {seconds:.1} s. {paths}")),
        Err(error) => {
            let remedy = match error {
                CaptureError::NotAllowed { .. } => "see capabilities, lockdown and seccomp above",
                CaptureError::NoBtf { .. }
                | CaptureError::NoField { .. }
                | CaptureError::NoFeature { .. } => "boot a kernel that has it",
                _ => "report it, with the text above and the release of the kernel",
            };
            Finding::blocking("probe", error.to_string(), remedy)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tercel_test_support::Place;

    /// A host of these files.
    pub(super) fn host(name: &str, files: &[(&str, &str)]) -> (Place, Host) {
        let place = Place::new(name);
        for (path, text) in files {
            let path = place.path(path);
            fs::create_dir_all(path.parent().expect("a directory")).expect("a directory");
            fs::write(path, text).expect("a file");
        }
        let root = place.path("");
        (place, Host(root))
    }

    #[test]
    fn a_probe_that_is_refused_blocks() {
        assert_eq!(tried(Ok("Paths".to_owned()), 1.25).found, "loads and attaches in 1.2 s. Paths");
        let refused = tried(Err(CaptureError::NoPart("RINGS")), 0.0);
        assert_eq!(
            (refused.state, refused.found.as_str()),
            (State::Blocking, "the probe's object has no RINGS")
        );
        assert!(refused.remedy.is_some() && refused.missing.is_some());
    }
}
