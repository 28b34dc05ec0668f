//! The command lines that the README and docs/ show are parsed by the definition of the command line: a flag or a verb that does
//! not exist fails here.

use std::ffi::OsString;
use std::fs;
use std::path::{Path, PathBuf};

use clap::{CommandFactory, Parser};

use super::Cli;
use crate::habits;

/// The pages.
fn pages() -> Vec<PathBuf> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut pages = ["README.md", "CHANGELOG.md", "SECURITY.md", "testdata/README.md"]
        .map(|name| root.join(name))
        .to_vec();
    let entries = fs::read_dir(root.join("docs")).expect("docs").flatten().map(|entry| entry.path());
    pages.extend(entries.filter(|path| path.extension().is_some_and(|extension| extension == "md")));
    pages.sort();
    pages
}

/// The command lines of a page: indented lines that begin with `tercel`, and quoted text in backquotes, which may span two
/// lines.
fn command_lines(text: &str) -> Vec<String> {
    let is_command = |text: &str| text.starts_with("tercel ");
    let is_code = |line: &str| line.starts_with("    ");
    let code =
        text.lines().filter(|line| is_code(line)).map(|line| line.trim_start().trim_start_matches("$ "));
    let mut found: Vec<String> = code.filter(|line| is_command(line)).map(str::to_owned).collect();
    let is_prose = |line: &&str| !is_code(line) && !line.starts_with("```");
    for paragraph in text.lines().filter(is_prose).collect::<Vec<_>>().split(|line| line.trim().is_empty()) {
        let paragraph = paragraph.join(" ");
        found.extend(
            paragraph.split('`').skip(1).step_by(2).filter(|quoted| is_command(quoted)).map(str::to_owned),
        );
    }
    found
}

/// The words of a line as a shell would split it, up to a comment, a pipe or a redirection. Brackets around optional words are
/// dropped.
fn words(line: &str) -> Vec<OsString> {
    let (mut words, mut word, mut quote) = (Vec::new(), None::<String>, None);
    for character in line.chars() {
        match (quote, character) {
            (Some(open), _) if open == character => quote = None,
            (None, '\'' | '"') => {
                quote = Some(character);
                word.get_or_insert_default();
            }
            (None, ' ') => words.extend(word.take().map(OsString::from)),
            (None, '#' | '|' | '>') if word.is_none() => break,
            (None, '[' | ']') => {}
            _ => word.get_or_insert_default().push(character),
        }
    }
    assert_eq!(quote, None, "a quote is not closed: {line}");
    words.extend(word.map(OsString::from));
    words
}

/// Whether the words name a verb and nothing else.
fn is_verb(words: &[OsString]) -> bool {
    let mut command = Cli::command();
    words[1..].iter().all(|word| match command.find_subcommand(word) {
        Some(verb) => {
            command = verb.clone();
            true
        }
        None => false,
    })
}

#[test]
fn documented_command_lines_are_accepted() {
    let (mut accepted, mut refused) = (0, Vec::new());
    for page in pages() {
        for line in command_lines(&fs::read_to_string(&page).expect("a page")) {
            let words = words(&line);
            let parsed = habits::translate(words.clone())
                .map_err(|_| "refused as a habit of Falco".to_owned())
                .and_then(|words| Cli::try_parse_from(words).map_err(|error| error.to_string()));
            match parsed {
                Err(error) if !is_verb(&words) && !line.contains("--version") => {
                    refused.push(format!("{}: {line}\n{error}", page.display()));
                }
                _ => accepted += 1,
            }
        }
    }
    assert!(refused.is_empty(), "{}", refused.join("\n"));
    assert!(accepted > 60, "only {accepted} command lines were found");
}

#[test]
fn lines_are_split_as_by_a_shell() {
    assert_eq!(words("tercel events -p '%a b' x # said"), ["tercel", "events", "-p", "%a b", "x"]);
    assert_eq!(words("tercel info [--json] a | less"), ["tercel", "info", "--json", "a"]);
    assert!(Cli::try_parse_from(words("tercel replay --no-such-flag a")).is_err());
    assert!(!is_verb(&words("tercel rules chekc")) && is_verb(&words("tercel rules check")));
}
