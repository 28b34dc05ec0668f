//! Texts: arguments, environments, paths and whatever else is readable. Patterns, names of accounts and exact addresses are
//! replaced wherever they stand.

use std::net::IpAddr;

use aho_corasick::{AhoCorasick, MatchKind};
use rustc_hash::{FxHashMap, FxHashSet};
use tercel_format::record::Account;

use super::addresses::Addresses;
use super::key::Key;
use super::policy::{Buffers, Policy};

/// Texts whose replacement is remembered; then all are forgotten. Longer texts than this are not.
const KNOWN: usize = 1 << 15;
const KNOWN_LENGTH: usize = 1 << 10;

/// Names that are looked for in texts.
const NAMES: usize = 1 << 16;

/// Users below are those of the system: their names are words such as `mail` and `bin`, and secret to nobody.
const FIRST_UID: u32 = 1000;
const NOBODY: u32 = 65534;

pub(super) struct Texts {
    pub(super) policy: Policy,
    pub(super) addresses: Addresses,
    key: Key,
    names: FxHashSet<Vec<u8>>,
    finder: Option<AhoCorasick>,
    known: FxHashMap<Vec<u8>, Vec<u8>>,
}

impl Texts {
    pub(super) fn new(policy: Policy, key: Key, addresses: Addresses) -> Texts {
        let (names, known) = (FxHashSet::default(), FxHashMap::default());
        Texts { policy, addresses, key, names, finder: None, known }
    }

    /// What stands for a name.
    pub(super) fn name(&self, name: &[u8]) -> Vec<u8> {
        if name.is_empty() || name.starts_with(b"REDACTED-") { name.to_vec() } else { self.key.token(name) }
    }

    /// From now on this name is replaced wherever it stands as a word.
    pub(super) fn learn(&mut self, name: &[u8]) {
        if name.len() < 2 || name.starts_with(b"REDACTED-") || self.names.len() >= NAMES {
            return;
        }
        if self.names.insert(name.to_vec()) {
            self.finder = None;
            self.known.clear();
        }
    }

    /// Learns the names of people, and of the groups that are called as they are.
    pub(super) fn learn_accounts(&mut self, accounts: &[Account]) {
        for account in accounts {
            let (Account::User { uid: id, name, .. } | Account::Group { gid: id, name }) = account;
            if self.is_secret(*id, name) {
                self.learn(name);
            }
        }
    }

    /// Whether the name of this user or group is replaced.
    pub(super) fn is_secret(&self, id: u32, name: &[u8]) -> bool {
        let accounts = &self.policy.accounts;
        accounts.redact
            && id >= FIRST_UID
            && id != NOBODY
            && !accounts.keep.iter().any(|keep| keep.is_match(name))
    }

    /// Any text.
    pub(super) fn text(&mut self, text: &[u8]) -> Vec<u8> {
        if let Some(found) = self.known.get(text) {
            return found.clone();
        }
        let mut redacted = self.patterns(text);
        if !self.policy.paths.is_empty() {
            redacted = self.inner_paths(&redacted);
        }
        redacted = self.homes(&redacted);
        redacted = self.words(&redacted);
        if self.addresses.is_active() {
            redacted = self.exact_addresses(&redacted);
        }
        self.remember(text, &redacted);
        redacted
    }

    /// A path that is relative to `base`, unless it is absolute. It is matched as a whole; of what stands in it, those components are
    /// replaced that would be replaced in the whole path, so that joined paths are equal, too.
    pub(super) fn path_from(&mut self, base: &[u8], path: &[u8]) -> Vec<u8> {
        if self.policy.paths.is_empty() || path.is_empty() || path[0] == b'/' || base.first() != Some(&b'/') {
            return self.path(path);
        }
        let mut whole: Vec<&[u8]> =
            base.split(|byte| *byte == b'/').filter(|part| !part.is_empty()).collect();
        let mut parts = Vec::new();
        for part in path.split(|byte| *byte == b'/') {
            match part {
                b"" | b"." => parts.push((part, None)),
                b".." => {
                    whole.pop();
                    parts.push((part, None));
                }
                _ => {
                    whole.push(part);
                    // A directory that the path leaves again has been named all the same.
                    let is_hidden = self.fixed(&joined(&whole)).is_some_and(|fixed| whole.len() > fixed);
                    parts.push((part, Some((whole.len(), is_hidden))));
                }
            }
        }
        let fixed = self.fixed(&joined(&whole));
        if fixed.is_none() && parts.iter().all(|(_, place)| !place.is_some_and(|(_, is_hidden)| is_hidden)) {
            return self.text(path);
        }
        let replaced = parts.into_iter().map(|(part, place)| match place {
            Some((index, is_hidden)) if is_hidden || fixed.is_some_and(|fixed| index > fixed) => {
                self.name(part)
            }
            Some(_) => self.text(part),
            None => part.to_vec(),
        });
        replaced.collect::<Vec<_>>().join(&b'/')
    }

    /// Components of a path that the policy names which stand before the first wildcard; `None` of other paths.
    fn fixed(&self, path: &[u8]) -> Option<usize> {
        self.policy.paths.iter().filter(|glob| glob.is_match(path)).map(|glob| glob.fixed).min()
    }

    /// A path; one that the policy names keeps what stands before the first wildcard.
    pub(super) fn path(&mut self, path: &[u8]) -> Vec<u8> {
        let Some(fixed) = self.fixed(path) else { return self.text(path) };
        let mut parts = Vec::new();
        // The first part is what stands before the leading slash: nothing.
        for (index, part) in path.split(|byte| *byte == b'/').enumerate() {
            parts.push(if index > fixed { self.name(part) } else { self.text(part) });
        }
        parts.join(&b'/')
    }

    /// A list of arguments that each end with a NUL, of a program that was started in the directory `base`.
    pub(super) fn arguments(&mut self, base: &[u8], exe: &[u8], list: &[u8]) -> Vec<u8> {
        let program = exe.rsplit(|byte| *byte == b'/').next().unwrap_or(exe).to_vec();
        let mut redacted = Vec::with_capacity(list.len());
        let mut is_value = false;
        for entry in list.split_inclusive(|byte| *byte == 0) {
            let (word, end) = match entry.split_last() {
                Some((0, word)) => (word, &b"\0"[..]),
                _ => (entry, &b""[..]),
            };
            let next = self.policy.arguments.options.iter().any(|option| option.as_bytes() == word);
            let new = if is_value { self.name(word) } else { self.argument(base, &program, word) };
            redacted.extend(new);
            redacted.extend(end);
            is_value = next;
        }
        redacted
    }

    fn argument(&mut self, base: &[u8], program: &[u8], word: &[u8]) -> Vec<u8> {
        let arguments = &self.policy.arguments;
        if let Some(at) = word.iter().position(|byte| *byte == b'=')
            && arguments.options.iter().any(|option| option.as_bytes() == &word[..at])
        {
            return [&word[..=at], &self.name(&word[at + 1..])].concat();
        }
        for glued in &arguments.glued {
            if let Some(value) = word.strip_prefix(glued.option.as_bytes())
                && glued.programs.iter().any(|name| name.is_match(program))
            {
                return [glued.option.as_bytes(), &self.name(value)].concat();
            }
        }
        if word.starts_with(b"-") { self.path(word) } else { self.path_from(base, word) }
    }

    /// Variables that each end with a NUL.
    pub(super) fn environment(&mut self, list: &[u8]) -> Vec<u8> {
        let mut redacted = Vec::with_capacity(list.len());
        for entry in list.split_inclusive(|byte| *byte == 0) {
            let (variable, end) = match entry.split_last() {
                Some((0, variable)) => (variable, &b"\0"[..]),
                _ => (entry, &b""[..]),
            };
            redacted.extend(self.variable(variable));
            redacted.extend(end);
        }
        redacted
    }

    /// One variable, `NAME=value`.
    pub(super) fn variable(&mut self, variable: &[u8]) -> Vec<u8> {
        let Some(at) = variable.iter().position(|byte| *byte == b'=') else { return self.text(variable) };
        if self.hides(&variable[..at]) {
            return [&variable[..=at], &self.name(&variable[at + 1..])].concat();
        }
        let (name, value) = (variable[..=at].to_vec(), &variable[at + 1..]);
        let whole = self.text(variable);
        // A pattern may need the name; a path is one without it.
        if whole != variable { whole } else { [name, self.path(value)].concat() }
    }

    /// Whether the policy hides the value of a variable of this name.
    pub(super) fn hides(&self, name: &[u8]) -> bool {
        let environments = &self.policy.environments;
        environments.redact.iter().any(|glob| glob.is_match(name))
            && !environments.keep.iter().any(|glob| glob.is_match(name))
    }

    /// Texts that each end with a NUL.
    pub(super) fn list(&mut self, list: &[u8]) -> Vec<u8> {
        let mut redacted = Vec::with_capacity(list.len());
        for (index, entry) in list.split(|byte| *byte == 0).enumerate() {
            if index > 0 {
                redacted.push(0);
            }
            redacted.extend(self.path(entry));
        }
        redacted
    }

    /// The content of a buffer.
    pub(super) fn buffer(&mut self, buffer: &[u8]) -> Vec<u8> {
        match self.policy.buffers {
            Buffers::Drop => Vec::new(),
            Buffers::Keep => buffer.to_vec(),
            Buffers::Patterns => {
                let mut redacted = buffer.to_vec();
                for pattern in &self.policy.patterns {
                    for captures in pattern.0.captures_iter(buffer) {
                        let secret = captures.name("secret").or_else(|| captures.get(0));
                        if let Some(secret) = secret {
                            self.key.same_length(&mut redacted[secret.range()]);
                        }
                    }
                }
                redacted
            }
        }
    }

    fn remember(&mut self, text: &[u8], redacted: &[u8]) {
        if text.len() > KNOWN_LENGTH {
            return;
        }
        if self.known.len() >= KNOWN {
            self.known.clear();
        }
        self.known.insert(text.to_vec(), redacted.to_vec());
    }

    fn patterns(&self, text: &[u8]) -> Vec<u8> {
        let mut redacted = text.to_vec();
        for pattern in &self.policy.patterns {
            let mut out = Vec::new();
            let mut done = 0;
            for captures in pattern.0.captures_iter(&redacted) {
                let Some(secret) = captures.name("secret").or_else(|| captures.get(0)) else { continue };
                if secret.is_empty() || secret.as_bytes().starts_with(b"REDACTED-") {
                    continue;
                }
                out.extend(&redacted[done..secret.start()]);
                out.extend(self.key.token(secret.as_bytes()));
                done = secret.end();
            }
            if done > 0 {
                out.extend(&redacted[done..]);
                redacted = out;
            }
        }
        redacted
    }

    /// Absolute paths in a text, as in a command of a shell or in `--file=/srv/x`.
    fn inner_paths(&self, text: &[u8]) -> Vec<u8> {
        let is_end = |byte: &u8| byte.is_ascii_whitespace() || b"\0\"'`;,:=|&<>(){}[]".contains(byte);
        let mut out = Vec::with_capacity(text.len());
        for word in text.split_inclusive(is_end) {
            let length = word.len() - usize::from(word.last().is_some_and(is_end));
            let (path, end) = word.split_at(length);
            match self.fixed(path) {
                None => out.extend(path),
                Some(fixed) => {
                    let parts = path.split(|byte| *byte == b'/').enumerate();
                    let parts: Vec<_> = parts
                        .map(|(at, part)| if at > fixed { self.name(part) } else { part.to_vec() })
                        .collect();
                    out.extend(parts.join(&b'/'));
                }
            }
            out.extend(end);
        }
        out
    }

    /// Home directories name their users, known or not.
    fn homes(&self, text: &[u8]) -> Vec<u8> {
        const HOME: &[u8] = b"/home/";
        if !self.policy.accounts.redact {
            return text.to_vec();
        }
        let mut out = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(at) = rest.windows(HOME.len()).position(|window| window == HOME) {
            let (before, after) = rest.split_at(at + HOME.len());
            out.extend(before);
            let end = after.iter().position(|byte| !is_word(*byte)).unwrap_or(after.len());
            let name = &after[..end];
            let keep = self.policy.accounts.keep.iter().any(|keep| keep.is_match(name));
            out.extend(if keep { name.to_vec() } else { self.name(name) });
            rest = &after[end..];
        }
        out.extend(rest);
        out
    }

    /// Names that were learned, where they stand as words.
    fn words(&mut self, text: &[u8]) -> Vec<u8> {
        if self.names.is_empty() {
            return text.to_vec();
        }
        if self.finder.is_none() {
            let builder = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(&self.names);
            self.finder = builder.ok();
        }
        let Some(finder) = &self.finder else { return text.to_vec() };
        let (mut out, mut done) = (Vec::with_capacity(text.len()), 0);
        for found in finder.find_iter(text) {
            let before = found.start().checked_sub(1).map(|at| text[at]);
            let after = text.get(found.end()).copied();
            if before.is_some_and(is_word) || after.is_some_and(is_word) {
                continue;
            }
            out.extend(&text[done..found.start()]);
            out.extend(self.key.token(&text[found.range()]));
            done = found.end();
        }
        out.extend(&text[done..]);
        out
    }

    /// Addresses in texts: words that are only an address, with a port or a mask after them or without.
    fn exact_addresses(&mut self, text: &[u8]) -> Vec<u8> {
        let is_part = |byte: u8| byte.is_ascii_hexdigit() || byte == b'.' || byte == b':';
        let mut out: Vec<u8> = Vec::with_capacity(text.len());
        let mut rest = text;
        while let Some(start) = rest.iter().position(|byte| is_part(*byte)) {
            let end =
                rest[start..].iter().position(|byte| !is_part(*byte)).map_or(rest.len(), |end| start + end);
            out.extend(&rest[..start]);
            let word = &rest[start..end];
            let alone = out.last().is_none_or(|byte| !byte.is_ascii_alphanumeric())
                && rest.get(end).is_none_or(|byte| !byte.is_ascii_alphanumeric());
            match std::str::from_utf8(word).ok().filter(|_| alone && word.len() > 2) {
                Some(word) => out.extend(self.address_word(word).into_bytes()),
                None => out.extend(word),
            }
            rest = &rest[end..];
        }
        out.extend(rest);
        out
    }

    fn address_word(&mut self, word: &str) -> String {
        let trimmed = word.trim_end_matches(['.', ':']);
        let tail = &word[trimmed.len()..];
        if let Ok(address) = word.parse::<IpAddr>() {
            return self.addresses.map(address).to_string();
        }
        if let Ok(address) = trimmed.parse::<IpAddr>() {
            return format!("{}{tail}", self.addresses.map(address));
        }
        match trimmed.split_once(':') {
            Some((host, port)) if !port.contains(':') => match host.parse::<IpAddr>() {
                Ok(address) => format!("{}:{port}{tail}", self.addresses.map(address)),
                Err(_) => word.to_owned(),
            },
            _ => word.to_owned(),
        }
    }
}

fn joined(parts: &[&[u8]]) -> Vec<u8> {
    [&b"/"[..], &parts.join(&b'/')].concat()
}

/// Letters of names of users.
fn is_word(byte: u8) -> bool {
    byte.is_ascii_alphanumeric() || byte == b'_' || byte == b'-' || byte >= 0x80
}
