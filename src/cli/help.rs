//! The help of every verb: at 80 columns no line is longer and no paragraph has ragged lines. In man pages every line of an
//! example stays a line.

use clap::Command;

use super::command;

/// Width of the terminal.
const COLUMNS: usize = 80;

/// Calls `look` with the path of words and the definition of every command, the program itself included.
fn each(command: &Command, path: &str, look: &mut dyn FnMut(&str, &Command)) {
    look(path, command);
    for verb in command.get_subcommands() {
        each(verb, &format!("{path} {}", verb.get_name()), look);
    }
}

/// The commands with the short and the long help of each, as a terminal of this width shows them.
fn helps(columns: usize) -> Vec<(String, [String; 2])> {
    let mut command = command().term_width(columns);
    command.build();
    let mut helps = Vec::new();
    each(&command, "tercel", &mut |path, command| {
        let mut command = command.clone().term_width(columns);
        let texts = [command.render_help().to_string(), command.render_long_help().to_string()];
        helps.push((path.to_owned(), texts));
    });
    helps
}

fn indent(line: &str) -> usize {
    line.len() - line.trim_start().len()
}

/// Whether text can go on below this line: not below a heading, nor below flags that stand on a line of their own.
fn is_text(line: &str) -> bool {
    let has_flags = line.trim_start().starts_with(['-', '<', '[']);
    !line.trim().is_empty()
        && !line.ends_with(':')
        && (!has_flags || line.trim().contains("  ") || line.trim_start().starts_with("[default"))
}

/// Lines that are too long, and lines that end before the next word of their paragraph had to go to a new line.
fn faults(text: &str, columns: usize) -> Vec<String> {
    let width = |line: &str| line.chars().count();
    let mut faults: Vec<String> =
        text.lines().filter(|line| width(line) > columns).map(|line| format!("too long: {line}")).collect();
    for (line, next) in text.lines().zip(text.lines().skip(1)) {
        let is_paragraph = indent(line) == 0 && indent(next) == 0;
        let is_description = indent(next) >= 8 && (indent(line) == indent(next) || indent(line) < 8);
        let is_new = next.trim_start().starts_with(['-', '[', '<']) || next.starts_with("       tercel");
        let word = next.split_whitespace().next().unwrap_or_default();
        let has_room = width(line) + 1 + width(word) <= columns;
        if has_room && !word.is_empty() && !is_new && is_text(line) && (is_paragraph || is_description) {
            faults.push(format!("ragged: {line}\n        {next}"));
        }
    }
    faults
}

#[test]
fn help_is_filled_at_80_columns() {
    let (mut commands, mut found) = (0, Vec::new());
    for (path, texts) in helps(COLUMNS) {
        commands += 1;
        let faults = texts.iter().flat_map(|text| faults(text, COLUMNS));
        found.extend(faults.map(|fault| format!("{path}: {fault}")));
    }
    assert!(found.is_empty(), "{}", found.join("\n"));
    assert!(commands > 18, "only {commands} commands");
}

#[test]
fn faults_of_help_are_found() {
    let ragged = "Usage: tercel x\n\nA paragraph that was\nbroken by hand.\n\n  -x <A>  A description\n          broken by hand\n";
    assert_eq!(faults(ragged, COLUMNS).len(), 2, "{:?}", faults(ragged, COLUMNS));
    assert_eq!(faults(ragged, 20).len(), 2, "{:?}", faults(ragged, 20));
    let filled = "Options:\n  -x\n          One line\n\nExit codes:\n  0  all is well\n  1  nothing is\n";
    assert_eq!(faults(filled, COLUMNS), Vec::<String>::new());
}

/// In a man page a line that begins with a space is a line of its own, but text without one goes on after it.
#[test]
fn examples_keep_their_lines_in_man_pages() {
    let mut found = Vec::new();
    each(&command(), "tercel", &mut |path, command| {
        let text = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        for (line, next) in text.lines().zip(text.lines().skip(1)) {
            if line.starts_with(' ') && !next.is_empty() && !next.starts_with(' ') {
                found.push(format!("{path}: no empty line after: {line}"));
            }
            if line.starts_with(' ') && line.chars().count() > COLUMNS - 8 {
                found.push(format!("{path}: too long for a man page: {line}"));
            }
        }
    });
    assert!(found.is_empty(), "{}", found.join("\n"));
}
