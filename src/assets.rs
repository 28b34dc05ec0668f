//! What packages contain besides the program: the definition of the command line enters, man pages and completions leave.

use std::fs::{self, File};
use std::io;
use std::path::Path;

use clap::{Command, ValueEnum};
use clap_complete::Shell;
use clap_mangen::Man;

use crate::cli;
use crate::exit::{Failure, Outcome};

/// Writes man pages and completions below a directory.
pub fn run(directory: &Path) -> Result<Outcome, Failure> {
    write(directory).map_err(|error| Failure::io(format!("{}: {error}", directory.display())))?;
    Ok(Outcome::Done)
}

fn write(directory: &Path) -> io::Result<()> {
    let (manual, completions) = (directory.join("man"), directory.join("completions"));
    fs::create_dir_all(&manual)?;
    fs::create_dir_all(&completions)?;
    let mut command = cli::command();
    command.build();
    pages(&command, command.get_name(), &manual)?;
    for shell in [Shell::Bash, Shell::Zsh, Shell::Fish] {
        let name = shell.to_possible_value().map_or(String::new(), |value| value.get_name().to_owned());
        let mut file = File::create(completions.join(format!("tercel.{name}")))?;
        clap_complete::generate(shell, &mut command, "tercel", &mut file);
    }
    Ok(())
}

/// A page for a command and one for each below it: `tercel.1`, `tercel-rules.1`, `tercel-rules-check.1`.
fn pages(command: &Command, name: &str, directory: &Path) -> io::Result<()> {
    let page = Man::new(command.clone()).title(name.to_uppercase()).section("1");
    page.render(&mut File::create(directory.join(format!("{name}.1")))?)?;
    for verb in command.get_subcommands().filter(|verb| !verb.is_hide_set() && verb.get_name() != "help") {
        pages(verb, &format!("{name}-{}", verb.get_name()), directory)?;
    }
    Ok(())
}
