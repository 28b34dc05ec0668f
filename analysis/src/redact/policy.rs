//! The policy: a YAML file enters, what is to be redacted leaves. Unknown keys and invalid patterns are errors with their
//! place.

use regex::bytes::{Regex as Bytes, RegexBuilder};
use serde::Deserialize;

use super::network::Network;

/// The policy that is used where none is given.
pub const SHIPPED: &str = include_str!("../../redact.yaml");

/// What is redacted.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Policy {
    pub(super) name: String,
    #[serde(default)]
    pub(super) environments: Environments,
    #[serde(default)]
    pub(super) arguments: Arguments,
    #[serde(default)]
    pub(super) patterns: Vec<Pattern>,
    #[serde(default)]
    pub(super) buffers: Buffers,
    #[serde(default)]
    pub(super) accounts: Accounts,
    #[serde(default)]
    pub(super) addresses: AddressPolicy,
    #[serde(default)]
    pub(super) hostname: bool,
    #[serde(default)]
    pub(super) paths: Vec<PathGlob>,
    #[serde(skip)]
    digest: String,
}

/// Variables by their names.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Environments {
    #[serde(default)]
    pub(super) redact: Vec<NameGlob>,
    #[serde(default)]
    pub(super) keep: Vec<NameGlob>,
}

/// Options whose values are secret.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Arguments {
    /// The value is the next argument, or follows `=`.
    #[serde(default)]
    pub(super) options: Vec<String>,
    /// The value follows at once.
    #[serde(default)]
    pub(super) glued: Vec<Glued>,
}

/// Options of some programs.
#[derive(Debug, Clone, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Glued {
    pub(super) programs: Vec<NameGlob>,
    pub(super) option: String,
}

/// What becomes of buffers that were read, written, sent and received.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "lowercase")]
pub(super) enum Buffers {
    /// They are emptied.
    #[default]
    Drop,
    /// What a pattern matches is replaced by as many bytes.
    Patterns,
    /// They stay.
    Keep,
}

/// Names of users and groups.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Accounts {
    #[serde(default)]
    pub(super) redact: bool,
    #[serde(default)]
    pub(super) keep: Vec<NameGlob>,
}

/// Addresses and networks.
#[derive(Debug, Clone, Default, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct AddressPolicy {
    #[serde(default)]
    pub(super) redact: bool,
    /// Whose addresses stay.
    #[serde(default)]
    pub(super) keep: Vec<Network>,
    /// Whose addresses stay inside.
    #[serde(default)]
    pub(super) preserve: Vec<Network>,
}

impl Policy {
    /// Reads a policy.
    ///
    /// # Errors
    /// What is wrong, with its line.
    pub fn parse(text: &str) -> Result<Policy, String> {
        let policy: Policy = serde_yaml::from_str(text).map_err(|error| error.to_string())?;
        Ok(Policy { digest: blake3::hash(text.as_bytes()).to_hex().to_string(), ..policy })
    }

    /// What the header of a trace says: the policy and what it covers.
    pub(super) fn about(&self) -> String {
        let covered = [
            ("environments", !self.environments.redact.is_empty()),
            ("arguments", !self.arguments.options.is_empty() || !self.arguments.glued.is_empty()),
            ("patterns", !self.patterns.is_empty()),
            ("buffers", self.buffers != Buffers::Keep),
            ("accounts", self.accounts.redact),
            ("addresses", self.addresses.redact),
            ("hostname", self.hostname),
            ("paths", !self.paths.is_empty()),
        ];
        let covered: Vec<&str> = covered.iter().filter(|(_, is)| *is).map(|(name, _)| *name).collect();
        format!("policy {} (BLAKE3 {}): {}", self.name, self.digest, covered.join(", "))
    }
}

/// A regular expression; its group `secret` is replaced, or all of it.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct Pattern(pub(super) Bytes);

impl TryFrom<String> for Pattern {
    type Error = String;

    fn try_from(text: String) -> Result<Pattern, String> {
        RegexBuilder::new(&text).build().map(Pattern).map_err(|error| format!("invalid pattern: {error}"))
    }
}

/// A pattern of names, with `*` and `?`, whatever the case.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct NameGlob(Bytes);

impl NameGlob {
    pub(super) fn is_match(&self, name: &[u8]) -> bool {
        self.0.is_match(name)
    }
}

impl TryFrom<String> for NameGlob {
    type Error = String;

    fn try_from(glob: String) -> Result<NameGlob, String> {
        let inner = regex::escape(&glob).replace(r"\*", "(?s-u:.)*").replace(r"\?", "(?s-u:.)");
        let built = RegexBuilder::new(&format!("^{inner}$")).case_insensitive(true).build();
        built.map(NameGlob).map_err(|error| format!("invalid pattern: {error}"))
    }
}

/// A pattern of paths, component by component; `**` stands for any number of them.
#[derive(Debug, Clone, Deserialize)]
#[serde(try_from = "String")]
pub(super) struct PathGlob {
    whole: Bytes,
    /// Components before the first with a wildcard.
    pub(super) fixed: usize,
}

impl PathGlob {
    pub(super) fn is_match(&self, path: &[u8]) -> bool {
        self.whole.is_match(path)
    }
}

impl TryFrom<String> for PathGlob {
    type Error = String;

    fn try_from(glob: String) -> Result<PathGlob, String> {
        if !glob.starts_with('/') {
            return Err(format!("invalid path {glob}: start it with /"));
        }
        let components: Vec<&str> = glob[1..].split('/').collect();
        let mut inner = String::new();
        for component in &components {
            if *component == "**" {
                inner.push_str("(?:/(?-u:[^/])+)+");
                continue;
            }
            let escaped = regex::escape(component).replace(r"\*", "(?-u:[^/])*").replace(r"\?", "(?-u:[^/])");
            inner.push('/');
            inner.push_str(&escaped);
        }
        let wild = components.iter().position(|component| component.contains(['*', '?']));
        // Of a path without wildcards the last component is what is hidden.
        let fixed = wild.unwrap_or(components.len() - 1);
        let whole = Bytes::new(&format!("^{inner}$")).map_err(|error| format!("invalid path: {error}"))?;
        Ok(PathGlob { whole, fixed })
    }
}
