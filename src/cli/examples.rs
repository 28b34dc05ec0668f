//! Examples in the help of verbs: a definition of the command line enters, the same leaves with an example or more after the help of each
//! verb that has none of its own. tests/examples.rs runs them all.

use clap::Command;

/// Verbs, by their words, with their examples.
const EXAMPLES: [(&[&str], &[&str]); 23] = [
    (
        &["replay"],
        &["tercel replay -r rules trace.scap", "tercel replay -r rules traces --json --fail-on critical"],
    ),
    (
        &["convert"],
        &["tercel convert old.scap -w new.scap", "tercel convert trace.scap --to gzip -w plain.scap.gz"],
    ),
    (&["index"], &["tercel index old.scap -w indexed.scap"]),
    (&["info"], &["tercel info trace.scap"]),
    (&["verify"], &["tercel verify --keyframes trace.scap"]),
    (&["sign"], &["tercel sign --key id_ed25519 trace.scap"]),
    (&["recover"], &["tercel recover damaged.scap -w readable.scap"]),
    (&["slice"], &["tercel slice trace.scap proc.name=kswap --only -w part.scap"]),
    (&["redact"], &["tercel redact trace.scap -w public.scap"]),
    (&["merge"], &["tercel merge monday.scap tuesday.scap -w both.scap"]),
    (&["dump"], &["tercel dump"]),
    (&["ps"], &["tercel ps trace.scap --at +100ms"]),
    (&["users"], &["tercel users trace.scap"]),
    (&["files"], &["tercel files trace.scap proc.name=sh -n 20"]),
    (&["net"], &["tercel net trace.scap"]),
    (&["fds"], &["tercel fds trace.scap --at +100ms"]),
    (&["containers"], &["tercel containers trace.scap"]),
    (&["top"], &["tercel top trace.scap"]),
    (&["table"], &["tercel table processes trace.scap --csv"]),
    (&["test"], &["tercel test testdata --coverage --fail-under 100"]),
    (&["rules", "check"], &["tercel rules check rules --lint"]),
    (&["config", "check"], &["tercel config check tercel.yaml"]),
    (&["fields"], &["tercel fields fd.name"]),
];

/// The definition with the examples.
pub fn add(command: Command) -> Command {
    EXAMPLES.iter().fold(command, |command, (words, examples)| with(command, words, examples))
}

fn with(command: Command, words: &[&str], examples: &[&str]) -> Command {
    let Some((verb, rest)) = words.split_first() else {
        let heading = if examples.len() == 1 { "Example" } else { "Examples" };
        let mut text = format!("{heading}:");
        examples.iter().for_each(|example| text.extend(["\n  ", example]));
        let after = command.get_after_help().map(|after| format!("\n\n{after}")).unwrap_or_default();
        return command.after_help(text + &after);
    };
    command.mut_subcommand(verb, |command| with(command, rest, examples))
}
