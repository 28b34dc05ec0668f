//! Names that rules everywhere use: those of the shipped file of macros and lists, and files like it. Only names are
//! known here; what they mean is read from files like everything else.

use crate::shipped::MACROS;

/// What a file says of itself, in a comment before its first item, when its definitions are offered to other files: those
/// that nothing uses are then not worth a warning.
const LIBRARY: &str = "# tercel: library";

/// Whether a file offers its definitions to others.
pub(super) fn is_library(text: &str) -> bool {
    let mut head = text.lines().map(str::trim).take_while(|line| line.is_empty() || line.starts_with('#'));
    head.any(|line| line == LIBRARY)
}

/// For a macro that is not there and that the shipped file has, or has as a list.
pub(super) fn hint(name: &str) -> Option<String> {
    let kind = MACROS.lines().find_map(|line| {
        let (kind, defined) = line.strip_prefix("- ")?.split_once(": ")?;
        (defined == name).then_some(kind)
    })?;
    let use_it = if kind == "list" { format!("; write 'field in ({name})'") } else { String::new() };
    Some(format!(
        "'{name}' is a {kind} of tercel_macros.yaml, which comes with tercel: load that file first{use_it}"
    ))
}

#[cfg(test)]
mod tests {
    use super::super::{Loader, Options};
    use super::*;

    const RULE: &str = "- rule: r\n  desc: d\n  condition: spawned_process\n  output: o\n  priority: INFO\n";

    #[test]
    fn unused_definitions_of_a_library_are_neither_warned_about_nor_parts() {
        let mut loader = Loader::new(Options::default());
        let report = loader.file("macros.yaml", MACROS);
        assert!(report.successful() && report.warnings.is_empty(), "{report}");
        let report = loader.file("mine.yaml", &format!("- list: mine\n  items: [a]\n{RULE}"));
        let unused: Vec<String> = report.warnings.iter().map(|warning| warning.place.to_string()).collect();
        assert_eq!(unused, ["mine.yaml:1:3"]);
        let parts = loader.parts().expect("small rules");
        let names: Vec<&str> = parts.parts.iter().map(|part| part.name.as_str()).collect();
        assert_eq!(names, ["evt.type in (execve, execveat)", "spawned_process", "mine"]);
        assert!(parts.variants.iter().all(|variant| names[variant.part] != "mine"), "{:?}", parts.variants);
        assert_eq!(
            parts.variants.iter().filter(|variant| names[variant.part] == "spawned_process").count(),
            2
        );
    }

    #[test]
    fn common_names_are_known_with_their_kind() {
        let macros = hint("inbound").expect("a macro of the shipped file");
        assert_eq!(
            macros,
            "'inbound' is a macro of tercel_macros.yaml, which comes with tercel: load that file first"
        );
        let list = hint("shell_binaries").expect("a list of the shipped file");
        assert!(
            list.contains("is a list of") && list.ends_with("write 'field in (shell_binaries)'"),
            "{list}"
        );
        assert_eq!(hint("inbounds"), None);
    }

    #[test]
    fn a_library_says_so_before_its_first_item() {
        assert!(is_library(MACROS));
        assert!(is_library("# mine\n\n# tercel: library\n- list: a\n  items: []\n"));
        assert!(!is_library("- list: a\n  items: []\n# tercel: library\n"));
    }
}
