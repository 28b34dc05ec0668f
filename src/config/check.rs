//! `tercel config check`: what a configuration says, what is wrong with it and what has no effect.

use std::io::{self, Write};
use std::path::Path;

use super::{Config, DEFAULT_FILE, load};
use crate::exit::{Failure, Outcome};
use crate::finish;

/// Checks a configuration and prints what it comes to.
pub fn run(file: Option<&Path>, overrides: &[String]) -> Result<Outcome, Failure> {
    let loaded = load(file, overrides)?;
    let mut out = io::stdout().lock();
    let mut print = || -> io::Result<()> {
        for remark in &loaded.remarks.unknown {
            writeln!(out, "{}: warning: {}", remark.place, remark.text)?;
        }
        for remark in &loaded.remarks.ignored {
            writeln!(out, "{}: note: {}", remark.place, remark.text)?;
        }
        match loaded.files.as_slice() {
            [] => writeln!(out, "no file ({DEFAULT_FILE} does not exist); the defaults")?,
            files => files.iter().try_for_each(|file| writeln!(out, "{}: read", file.display()))?,
        }
        summary(&mut out, &loaded.config)
    };
    finish(print())
}

fn summary(out: &mut dyn Write, config: &Config) -> io::Result<()> {
    let rules: Vec<String> = config.rules_files.iter().map(|path| path.display().to_string()).collect();
    let outputs: Vec<&str> = config.outputs.iter().map(|output| output.name()).collect();
    let or_none = |texts: String| if texts.is_empty() { "none".to_owned() } else { texts };
    writeln!(out, "rules: {}", or_none(rules.join(", ")))?;
    writeln!(out, "outputs: {}", or_none(outputs.join(", ")))?;
    writeln!(out, "priority: {}", config.priority.name())?;
    match &config.web {
        Some(web) => writeln!(out, "web server: {}", web.address),
        None => writeln!(out, "web server: none"),
    }
}
