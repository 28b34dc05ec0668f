//! Hostile rule files: cut at every place, as an editor leaves them that writes in two steps, and changed by chance.
//! Whatever the text is, loading ends with a program or with an error that has a place, and does not panic.
//!
//! A sample of the places and changes is tried; TERCEL_ROUNDS asks for that many changes and for every place. Rule files
//! of a corpus (`../shared/corpus` or `$TERCEL_CORPUS`) are tried as well.

use std::path::{Path, PathBuf};

use tercel_rules::load::yaml;
use tercel_rules::load::{Loader, Options};
use tercel_test_support::{Mutation, rounds};

/// The shipped rule files, and those of the corpus.
fn files() -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let corpus =
        std::env::var_os("TERCEL_CORPUS").map_or_else(|| root.join("../../shared/corpus"), PathBuf::from);
    let mut files = Vec::new();
    for directory in [root.to_owned(), corpus.join("rules"), corpus.join("lang")] {
        let Ok(entries) = std::fs::read_dir(&directory) else { continue };
        let mut paths: Vec<PathBuf> = entries.map(|entry| entry.expect("readable entry").path()).collect();
        paths.retain(|path| path.extension().is_some_and(|extension| extension == "yaml"));
        paths.sort();
        let texts = paths
            .into_iter()
            .filter_map(|path| Some((path.display().to_string(), std::fs::read_to_string(path).ok()?)));
        files.extend(texts);
    }
    assert!(!files.is_empty());
    files
}

/// Loads a text: it becomes a program, or there is an error whose place is in it.
fn load(text: &[u8]) {
    let mut loader = Loader::new(Options::default());
    let report = loader.bytes("rules.yaml", text);
    for error in &report.errors {
        assert!(error.place.line <= text.iter().filter(|byte| **byte == b'\n').count() + 1, "{error}");
    }
    let successful = report.successful();
    assert_eq!(loader.finish().successful(), successful);
}

#[test]
fn prefixes_end_with_a_program_or_an_error() {
    let (mut parsed, mut loaded) = (0usize, 0usize);
    for (_, text) in files() {
        let step = if rounds().is_some() { 1 } else { (text.len() / 40).max(1) };
        for at in (0..text.len()).step_by(step).filter(|at| text.is_char_boundary(*at)) {
            let prefix = &text[..at];
            let _ = yaml::parse(prefix);
            parsed += 1;
            if parsed.is_multiple_of(16) {
                load(prefix.as_bytes());
                loaded += 1;
            }
        }
    }
    println!("{parsed} prefixes read as YAML, {loaded} of them loaded");
}

#[test]
fn changed_files_end_with_a_program_or_an_error() {
    let texts: Vec<String> = files().into_iter().map(|(_, text)| text).collect();
    let mut mutation = Mutation::new();
    for _ in 0..rounds().unwrap_or(3000) {
        load(&mutation.of(&texts, "\n- "));
    }
}

/// A place for every few bytes of one long line: their lines and columns are found without a look through the line.
#[test]
fn findings_in_one_line_are_placed_in_linear_time() {
    const COUNT: usize = 60_000;
    let items: Vec<String> = (0..COUNT)
        .map(|n| format!("{{\"macro\": \"m{n}\", \"condition\": \"evt.num=1\", \"condition\": \"x\"}}"))
        .collect();
    let text = format!("[{}]", items.join(", "));
    let started = std::time::Instant::now();
    let mut loader = Loader::new(Options::default());
    let report = loader.file("rules.yaml", &text);
    assert_eq!((report.warnings.len(), report.notes.len()), (COUNT, COUNT));
    let last = &report.warnings[COUNT - 1].place;
    assert_eq!((last.line, last.column), (1, text.rfind('{').expect("an item") + 1));
    // Hours, if every one looks through the line.
    assert!(started.elapsed().as_secs() < 60, "{:?}", started.elapsed());
}

#[test]
fn texts_in_other_encodings_are_read() {
    let text = "- macro: é\n  condition: evt.type = open\n";
    let units: Vec<u8> = text.encode_utf16().flat_map(u16::to_be_bytes).collect();
    for (bytes, successful) in [
        (text.as_bytes(), true),
        (&units[..], true),
        (&[b"\xFE\xFF", &units[..]].concat(), true),
        (b"\xFF", false),
    ] {
        assert_eq!(Loader::new(Options::default()).bytes("rules.yaml", bytes).successful(), successful);
    }
}

#[test]
fn texts_that_end_early() {
    for text in [
        ">\n w",
        "- macro: m\n  condition: >\n    evt.type = open",
        "- rule: r\n  desc: d\n  priority: INFO\n  output: x\n  condition: >\n    evt.type=open",
        "- rule: r\n  desc: d\n  priority: INFO\n  output: x\n  condition: |+\n    evt.type=open",
        "{!,",
        "{!,\n",
        "\"\\",
        "'",
        "- !",
        "? [",
        "%TAG",
        "- &",
        "- a: |",
        "[!<",
    ] {
        load(text.as_bytes());
    }
    let without_break =
        "- rule: r\n  desc: d\n  priority: INFO\n  output: x\n  condition: >\n    evt.type=open";
    let mut loader = Loader::new(Options::default());
    assert!(loader.file("rules.yaml", without_break).successful());
}
