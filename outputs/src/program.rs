//! Programs: lines enter, a command of the shell reads them from its standard input, one command per line or one for all.

use std::io::{self, Write};
use std::os::unix::process::CommandExt;
use std::process::{Child, Command, ExitStatus, Stdio};
use std::thread;
use std::time::{Duration, Instant};

use rustix::io::ioctl_fionread;
use rustix::process::{Pid, Signal, kill_process_group};

use crate::Message;
use crate::channel::{Channel, Failure};

/// How long a program that was started for one line may take.
const PATIENCE: Duration = Duration::from_secs(60);
/// How long a program may take to end after its input has ended with the run.
const FAREWELL: Duration = Duration::from_secs(1);
/// How long to wait for a kept program to read its first line.
const FIRST_LINE: Duration = Duration::from_secs(5);
/// Exit codes of a shell that could not run its command.
const NOT_FOUND: [i32; 2] = [126, 127];
/// How often the end of a program is checked.
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

    /// Starts the program unless it runs; returns whether it was started.
    fn start(&mut self) -> Result<bool, String> {
        if let Some(child) = &mut self.child {
            let status = child.try_wait();
            if matches!(status, Ok(None)) {
                return Ok(false);
            }
            self.child = None;
            could_run(status.ok().flatten())?;
        }
        let child = Command::new("/bin/sh")
            .args(["-c", &self.command])
            .stdin(Stdio::piped())
            // Ctrl-C is for this process, which then closes the program's input.
            .process_group(0)
            .spawn()
            .map_err(|error| format!("/bin/sh: {error}"))?;
        self.child = Some(child);
        Ok(true)
    }

    fn write(&mut self, message: &Message) -> Result<(), String> {
        let line = [&message.line, &b"\n"[..]].concat();
        let started = self.start()?;
        let child = self.child.as_mut().ok_or("the program does not run")?;
        let written = child.stdin.as_mut().ok_or("its input is closed")?.write_all(&line);
        match written {
            Ok(()) if self.keep_running && started => has_read(child, line.len()),
            Ok(()) => Ok(()),
            // A program that was started for one line need not read it.
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe && !self.keep_running => Ok(()),
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => {
                // Its exit status says more than its closed input.
                let status = self.end(FAREWELL)?;
                Err(status.map_or_else(|| error.to_string(), ended))
            }
            Err(error) => Err(error.to_string()),
        }
    }

    /// Ends the program's input and waits for its end.
    fn end(&mut self, patience: Duration) -> Result<Option<ExitStatus>, String> {
        let Some(mut child) = self.child.take() else { return Ok(None) };
        drop(child.stdin.take());
        let deadline = Instant::now() + patience;
        loop {
            match child.try_wait() {
                Ok(None) if Instant::now() < deadline => thread::sleep(LOOK),
                Ok(None) => {
                    // Processes that the shell has started are in its group.
                    let _ = kill_process_group(Pid::from_child(&child), Signal::KILL);
                    let _ = child.wait();
                    return Err("did not end and was killed".to_owned());
                }
                status => {
                    let status = status.ok().flatten();
                    return could_run(status).map(|()| status);
                }
            }
        }
    }
}

/// Waits until a program that was just started has read from its first line; if the program cannot run, the line stays in the pipe.
/// A program that is slow counts as one that reads.
fn has_read(child: &mut Child, line: usize) -> Result<(), String> {
    let deadline = Instant::now() + FIRST_LINE;
    loop {
        // In this order: after its end nothing is read.
        let status = child.try_wait().ok().flatten();
        let unread = child.stdin.as_ref().and_then(|input| ioctl_fionread(input).ok());
        if unread.is_none_or(|unread| unread < line as u64) || Instant::now() >= deadline {
            return Ok(());
        }
        if let Some(status) = status {
            return could_run(Some(status)).and_then(|()| Err(ended(status)));
        }
        thread::sleep(LOOK);
    }
}

fn could_run(status: Option<ExitStatus>) -> Result<(), String> {
    match status.and_then(|status| status.code()) {
        Some(code) if NOT_FOUND.contains(&code) => Err("the shell cannot run it".to_owned()),
        _ => Ok(()),
    }
}

fn ended(status: ExitStatus) -> String {
    format!("ended before it read a line ({status})")
}

impl Channel for Program {
    fn send(&mut self, message: &Message) -> Result<(), Failure> {
        if let Err(reason) = self.write(message) {
            let _ = self.end(Duration::ZERO);
            return Err(Failure::Later(format!("{}: {reason}", self.command)));
        }
        if !self.keep_running {
            // It may have done its work before it hung: the line is not sent again.
            return self
                .end(PATIENCE)
                .map(|_| ())
                .map_err(|reason| Failure::Never(format!("{}: {reason}", self.command)));
        }
        Ok(())
    }

    fn reopen(&mut self) {
        let _ = self.end(FAREWELL);
    }

    fn finish(&mut self) {
        let _ = self.end(FAREWELL);
    }
}
