//! Programs: lines enter, a command of the shell reads them from its standard input, one command per line or one for all.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use super::Message;
use super::channel::{Channel, Failure};

/// How long a program that was started for one line may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a program has to end when its input has ended with the run.
const FAREWELL: Duration = Duration::from_secs(1);
/// Exit codes of a shell that could not run its command.
const NOT_FOUND: [i32; 2] = [126, 127];
/// How often the end of a program is looked for.
const LOOK: Duration = Duration::from_millis(5);

/// A program.
pub struct Program {
    command: String,
    keep_running: bool,
    child: Option<Child>,
}

impl Program {
    /// The program is started for the first line.
    pub fn new(command: String, keep_running: bool) -> Program {
        Program { command, keep_running, child: None }
    }

    /// The running program; one that has ended is started again.
    fn running(&mut self) -> Result<&mut Child, String> {
        if let Some(child) = &mut self.child
            && !matches!(child.try_wait(), Ok(None))
        {
            self.child = None;
        }
        match &mut self.child {
            Some(child) => Ok(child),
            none => {
                let child = Command::new("/bin/sh")
                    .args(["-c", &self.command])
                    .stdin(Stdio::piped())
                    // Ctrl-C is for this process, which then ends the program's input.
                    .process_group(0)
                    .spawn()
                    .map_err(|error| format!("/bin/sh: {error}"))?;
                Ok(none.insert(child))
            }
        }
    }

    fn write(&mut self, message: &Message) -> Result<(), String> {
        let line = [&message.line, &b"\n"[..]].concat();
        let child = self.running()?;
        let input = child.stdin.as_mut().ok_or("its input is closed")?;
        match input.write_all(&line) {
            // A program that was started for the line need not read it.
            Err(error) if self.keep_running || error.kind() != io::ErrorKind::BrokenPipe => {
                Err(format!("{}: {error}", self.command))
            }
            _ => Ok(()),
        }
    }

    /// Ends the program's input and waits for its end.
    fn end(&mut self, patience: Duration) -> Result<(), String> {
        let Some(mut child) = self.child.take() else { return Ok(()) };
        drop(child.stdin.take());
        let deadline = Instant::now() + patience;
        loop {
            match child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
                Ok(None) => {
                    let _ = child.kill();
                    let _ = child.wait();
                    return Err(format!("{}: did not end and was killed", self.command));
                }
                Ok(Some(status)) if status.code().is_some_and(|code| NOT_FOUND.contains(&code)) => {
                    return Err(format!("{}: the shell cannot run it", self.command));
                }
                Ok(Some(_)) | Err(_) => return Ok(()),
            }
        }
    }
}

impl Channel for Program {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        let mut written = self.write(message).map_err(Failure::Later);
        if written.is_err() {
            let _ = self.end(Duration::ZERO);
        } else if !self.keep_running {
            // It may have done its work before it hung: not again.
            written = self.end(PATIENCE).map_err(Failure::Never);
        }
        written
    }

    fn reopen(&mut self) {
        let _ = self.end(FAREWELL);
    }

    fn finish(&mut self) {
        let _ = self.end(FAREWELL);
    }
}
