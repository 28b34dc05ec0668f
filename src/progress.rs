//! The progress bar: on a terminal only, on standard error only.

use std::io::{self, Read};

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

use crate::inputs::{Input, length};

/// Shows how far a capture has been read.
pub struct Progress {
    bar: ProgressBar,
}

impl Progress {
    /// A bar for a capture of `length` bytes as stored; without a length it only counts. `silent` draws nothing.
    pub fn new(name: &str, length: Option<u64>, silent: bool) -> Progress {
        let bar = match length {
            Some(length) => ProgressBar::new(length)
                .with_style(style("{msg} {wide_bar} {bytes}/{total_bytes} {binary_bytes_per_sec} {eta}")),
            None => {
                ProgressBar::no_length().with_style(style("{msg} {spinner} {bytes} {binary_bytes_per_sec}"))
            }
        };
        // indicatif draws nothing if standard error is not a terminal.
        bar.set_draw_target(if silent { ProgressDrawTarget::hidden() } else { ProgressDrawTarget::stderr() });
        bar.set_message(name.to_owned());
        Progress { bar }
    }

    /// A bar for several captures together.
    pub fn of_all(traces: &[Input], silent: bool) -> Progress {
        let lengths: Option<u64> = traces.iter().map(length).sum();
        let name = match traces {
            [trace] => trace.name(),
            traces => format!("{} captures", traces.len()),
        };
        Progress::new(&name, lengths, silent)
    }

    /// Reports that `bytes` more are done.
    pub fn advance(&self, bytes: u64) {
        self.bar.inc(bytes);
    }

    /// Wraps the reader, so that the bar follows it.
    pub fn watch(&self, reader: Box<dyn Read + Send>) -> Box<dyn Read + Send> {
        Box::new(Watched { reader, bar: self.bar.clone() })
    }

    /// Reports that the capture is read up to this byte.
    pub fn at(&self, offset: u64) {
        self.bar.set_position(offset);
    }

    /// Shows a text.
    pub fn say(&self, text: &str) {
        self.bar.set_message(text.to_owned());
    }

    /// Removes the bar.
    pub fn finish(&self) {
        self.bar.finish_and_clear();
    }
}

fn style(template: &str) -> ProgressStyle {
    ProgressStyle::with_template(template).unwrap_or_else(|_| ProgressStyle::default_bar())
}

struct Watched {
    reader: Box<dyn Read + Send>,
    bar: ProgressBar,
}

impl Read for Watched {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.reader.read(buffer)?;
        self.bar.inc(count as u64);
        Ok(count)
    }
}
