//! Names of priorities (reference language 8.16).

use crate::program::Priority;

/// Names in any case, `INFO` besides the full one.
pub(super) const NAMES: [(&str, Priority); 9] = [
    ("emergency", Priority::Emergency),
    ("alert", Priority::Alert),
    ("critical", Priority::Critical),
    ("error", Priority::Error),
    ("warning", Priority::Warning),
    ("notice", Priority::Notice),
    ("informational", Priority::Informational),
    ("info", Priority::Informational),
    ("debug", Priority::Debug),
];

/// The priority of a name, in any case.
pub fn parse_priority(text: &str) -> Option<Priority> {
    let found = NAMES.iter().find(|(name, _)| name.eq_ignore_ascii_case(text));
    found.map(|(_, priority)| *priority)
}
