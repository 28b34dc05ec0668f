//! The rules that come with tercel, for whoever has no file of them at hand.

/// Names and texts, in the order of loading.
pub const FILES: [(&str, &str); 2] =
    [("tercel_macros.yaml", MACROS), ("tercel_rules.yaml", include_str!("../tercel_rules.yaml"))];

/// The file of common macros and lists.
pub(crate) const MACROS: &str = include_str!("../tercel_macros.yaml");
