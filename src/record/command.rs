//! The command that is recorded: it is started once the probe captures, and its end is the end of the recording.

use std::ffi::OsString;
use std::io;
use std::os::fd::AsFd;
use std::os::unix::process::ExitStatusExt;
use std::path::Path;
use std::process::{Child, ExitStatus};
use std::sync::mpsc::{SyncSender, sync_channel};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use rustix::process::{Pid, Signal, kill_process};

use crate::exit::{Failure, Outcome};

/// How long the command may take to end after a signal.
const GRACE: Duration = Duration::from_secs(2);

/// Refuses a command that does not exist, before anything is written for it.
pub fn check(words: &[OsString]) -> Result<(), Failure> {
    let Some(program) = words.first() else { return Ok(()) };
    let is_there = match std::env::var_os("PATH") {
        Some(path) if !program.as_encoded_bytes().contains(&b'/') => {
            std::env::split_paths(&path).any(|directory| directory.join(program).is_file())
        }
        // Without PATH the system uses a default.
        None if !program.as_encoded_bytes().contains(&b'/') => true,
        Some(_) | None => Path::new(program).is_file(),
    };
    if is_there { Ok(()) } else { Err(Failure::usage(format!("{}: no such command", program.display()))) }
}

/// A thread that will start the command: it keeps the rights that it was made with, whatever the others give up. It is the parent of the
/// command, which inherits its fds: if it is there when the host is read, the trace has both. It has the name of the program, as the parent
/// that people expect.
pub struct Starter(Option<Waiting>);

/// The thread: it starts the command when it is sent something.
struct Waiting {
    go: SyncSender<()>,
    thread: JoinHandle<Result<Child, Failure>>,
}

impl Starter {
    /// A thread for the command that the words name, if there are any. With `output_is_taken`, its standard output goes to standard error.
    ///
    /// # Errors
    /// There can be no thread, or no further fd.
    pub fn new(words: &[OsString], output_is_taken: bool) -> io::Result<Starter> {
        let Some((program, arguments)) = words.split_first() else { return Ok(Starter(None)) };
        let name = program.to_string_lossy().into_owned();
        let mut command = std::process::Command::new(program);
        command.args(arguments);
        if output_is_taken {
            // A copy that is made now: the trace knows it, unlike one that is made when the command starts.
            command.stdout(io::stderr().as_fd().try_clone_to_owned()?);
        }
        let (go, asked) = sync_channel(1);
        let start = move || match asked.recv() {
            Ok(()) => command.spawn().map_err(|error| Failure::usage(format!("{name}: {error}"))),
            Err(_) => Err(Failure::usage(format!("{name}: not started"))),
        };
        let thread = thread::Builder::new().spawn(start)?;
        Ok(Starter(Some(Waiting { go, thread })))
    }

    /// Starts it; the thread ends.
    ///
    /// # Errors
    /// It cannot be started.
    pub fn start(self) -> Result<Command, Failure> {
        let child = self.0.map(|Waiting { go, thread }| {
            // A thread that is gone says why.
            let _ = go.send(());
            thread.join().unwrap_or_else(|_| Err(Failure::usage("the command cannot be started")))
        });
        Ok(Command { child: child.transpose()?, status: None, asked: None })
    }
}

/// A command that runs, or none.
pub struct Command {
    child: Option<Child>,
    status: Option<ExitStatus>,
    /// When the signal to end was sent.
    asked: Option<Instant>,
}

impl Command {
    /// Its process.
    pub fn pid(&self) -> Option<i64> {
        self.child.as_ref().map(|child| i64::from(child.id()))
    }

    /// Whether it has ended by itself.
    pub fn has_ended(&mut self) -> bool {
        if let Some(child) = &mut self.child
            && self.status.is_none()
        {
            self.status = child.try_wait().ok().flatten();
        }
        self.status.is_some()
    }

    /// Sends the command a signal to end, as perf does when it ends before its command. True once there is nothing to wait for.
    pub fn end(&mut self) -> bool {
        if self.has_ended() {
            return true;
        }
        let Some(child) = &self.child else { return true };
        let asked = *self.asked.get_or_insert_with(|| {
            // If the signal cannot be sent, the wait is as long as for a command that ignores it.
            let _ = kill_process(Pid::from_child(child), Signal::TERM);
            Instant::now()
        });
        asked.elapsed() >= GRACE
    }

    /// The outcome of recording it: its exit code, or the code that shells use for a signal. The code of a command that was ended by
    /// the recorder does not count.
    pub fn outcome(&self) -> Outcome {
        match self.status {
            Some(status) if self.asked.is_none() => {
                let code = status.code().or(status.signal().map(|signal| 128 + signal)).unwrap_or(0);
                Outcome::Command(code as u8)
            }
            Some(_) | None => Outcome::Done,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn start(words: &[OsString]) -> Result<Command, Failure> {
        Starter::new(words, false).map_err(Failure::io)?.start()
    }

    fn words(text: &str) -> Vec<OsString> {
        text.split(' ').map(OsString::from).collect()
    }

    #[test]
    fn exit_codes_are_passed_on() {
        for (text, expected) in
            [("true", 0), ("false", 1), ("sh -c exit\t7", 7), ("sh -c kill\t-9\t$$", 128 + 9)]
        {
            let words: Vec<OsString> = text.split(' ').map(|word| word.replace('\t', " ").into()).collect();
            let mut command = start(&words).expect("it starts");
            while !command.has_ended() {
                std::thread::sleep(Duration::from_millis(1));
            }
            assert_eq!(command.outcome(), Outcome::Command(expected), "{text}");
        }
        assert_eq!(start(&[]).expect("no command").outcome(), Outcome::Done);
        let failure = start(&words("/nonexistent/command")).err().expect("no such command");
        assert!(failure.message.starts_with("/nonexistent/command: "), "{}", failure.message);
    }

    #[test]
    fn a_command_that_is_not_there_is_refused() {
        for there in ["sh", "/bin/sh -c true"] {
            assert!(check(&words(there)).is_ok(), "{there}");
        }
        for missing in ["tercel-no-such-command", "/nonexistent/command", "/bin", "./sh"] {
            let failure = check(&words(missing)).expect_err("no such command");
            assert_eq!(failure.message, format!("{missing}: no such command"));
        }
    }

    #[test]
    fn a_command_is_asked_to_end() {
        let mut command = start(&words("sleep 60")).expect("it starts");
        while !command.end() {
            std::thread::sleep(Duration::from_millis(1));
        }
        assert!(command.has_ended());
        assert_eq!(command.outcome(), Outcome::Done);
    }
}
