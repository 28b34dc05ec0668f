//! The plan of a fleet: which files there are, what judges them, and the shards. It is JSON, written by `tercel fleet plan`, with a line per
//! file and per shard, and read by every worker. The name of a shard's outputs is the digest of all that went into it, so that a shard that
//! is run again, by whomever, overwrites the same bytes.

use std::io::{self, Write};

use serde::{Deserialize, Serialize};

/// The version of the plan's form.
pub const VERSION: u32 = 1;

/// A plan.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Plan {
    /// Version of the form.
    pub tercel_fleet_plan: u32,
    /// What program judges.
    pub engine: Engine,
    /// The rule files, in the order of loading.
    pub rules: Vec<RuleText>,
    /// Options that judge, as words of a command line.
    pub settings: Vec<String>,
    /// The window, as words of a command line: points in any capture.
    pub window: Vec<String>,
    /// The rules that run, in the order of the program.
    pub program: Vec<PlannedRule>,
    /// Files, in the order of hosts and of time.
    pub files: Vec<File>,
    /// Shards, each one or more parts of files of one host.
    pub shards: Vec<Vec<Part>>,
}

/// A version of the program and of its state.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Engine {
    /// Version of tercel.
    pub tercel: String,
    /// Version of its state engine.
    pub state: u32,
}

/// A rule file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RuleText {
    /// Its name.
    pub name: String,
    /// BLAKE3 hash of its text.
    pub digest: String,
    /// Its text.
    pub text: String,
}

/// A rule that runs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlannedRule {
    /// Its name.
    pub name: String,
    /// Its priority.
    pub priority: String,
}

/// A file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct File {
    /// Its URL or path, which its lines bear.
    pub url: String,
    /// The host.
    pub host: String,
    /// Bytes.
    pub bytes: u64,
    /// What identifies its content: the seal of a trace (`seal:…`), or the BLAKE3 hash of all of it (`blake3:…`).
    pub digest: String,
    /// Times of the first and the last event, nanoseconds since the epoch; 0 without events.
    pub first: u64,
    /// See `first`.
    pub last: u64,
    /// When the store last took it, nanoseconds since the epoch by the clock of the store; 0 where that is not known.
    pub modified: u64,
}

/// A part of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct Part {
    /// Index of the file.
    pub file: usize,
    /// Its first chunk.
    pub from: usize,
    /// The chunk after its last; none for all to the end.
    pub to: Option<usize>,
}

impl Plan {
    /// Reads a plan.
    ///
    /// # Errors
    /// It is not one, or one of another form, with what is wrong.
    pub fn read(bytes: &[u8]) -> Result<Plan, String> {
        #[derive(Deserialize)]
        struct Form {
            tercel_fleet_plan: u32,
        }
        let form: Form =
            serde_json::from_slice(bytes).map_err(|error| format!("not a plan of tercel fleet: {error}"))?;
        if form.tercel_fleet_plan != VERSION {
            let found = form.tercel_fleet_plan;
            return Err(format!("a plan of version {found}; this program reads version {VERSION}"));
        }
        let plan: Plan = serde_json::from_slice(bytes).map_err(|error| error.to_string())?;
        for (number, parts) in plan.shards.iter().enumerate() {
            if let Some(part) = parts.iter().find(|part| part.file >= plan.files.len()) {
                return Err(format!("shard {number}: file {} is not in the plan", part.file));
            }
        }
        for rule in &plan.rules {
            if blake3::hash(rule.text.as_bytes()).to_hex().as_str() != rule.digest {
                return Err(format!("the text of {} does not have its digest", rule.name));
            }
        }
        Ok(plan)
    }

    /// Writes the plan, a line per file and per shard.
    ///
    /// # Errors
    /// Those of the output.
    pub fn write(&self, out: &mut dyn Write) -> io::Result<()> {
        writeln!(out, "{{\n\"tercel_fleet_plan\": {},", self.tercel_fleet_plan)?;
        writeln!(out, "\"engine\": {},", json(&self.engine)?)?;
        lines(out, "rules", &self.rules)?;
        writeln!(out, "\"settings\": {},\n\"window\": {},", json(&self.settings)?, json(&self.window)?)?;
        lines(out, "program", &self.program)?;
        lines(out, "files", &self.files)?;
        write!(out, "\"shards\": [")?;
        for (number, shard) in self.shards.iter().enumerate() {
            let comma = if number == 0 { "" } else { "," };
            write!(out, "{comma}\n{}", json(shard)?)?;
        }
        writeln!(out, "\n]\n}}")?;
        out.flush()
    }

    /// The digest of what judges: program, rules, options and window.
    pub fn judge(&self) -> [u8; 32] {
        let mut hasher = blake3::Hasher::new();
        let mut add = |text: &str| {
            hasher.update(&(text.len() as u64).to_le_bytes());
            hasher.update(text.as_bytes());
        };
        add(&self.engine.tercel);
        add(&self.engine.state.to_string());
        for rule in &self.rules {
            add(&rule.name);
            add(&rule.digest);
        }
        for words in [&self.settings, &self.window] {
            add(&words.len().to_string());
            words.iter().for_each(|word| add(word));
        }
        *hasher.finalize().as_bytes()
    }

    /// The name of the outputs of a shard, of 32 characters: the digest of what went into it. `judge` is [`judge`](Plan::judge).
    pub fn name(&self, judge: &[u8; 32], shard: usize) -> Option<String> {
        let mut hasher = blake3::Hasher::new();
        hasher.update(judge);
        for part in self.shards.get(shard)? {
            let file = self.files.get(part.file)?;
            for text in [&file.url, &file.host, &file.digest] {
                hasher.update(&(text.len() as u64).to_le_bytes());
                hasher.update(text.as_bytes());
            }
            for number in [part.from, part.to.unwrap_or(usize::MAX)] {
                hasher.update(&(number as u64).to_le_bytes());
            }
        }
        Some(hasher.finalize().to_hex().chars().take(32).collect())
    }
}

fn json(value: &impl Serialize) -> io::Result<String> {
    serde_json::to_string(value).map_err(io::Error::other)
}

fn lines(out: &mut dyn Write, key: &str, list: &[impl Serialize]) -> io::Result<()> {
    write!(out, "\"{key}\": [")?;
    for (number, one) in list.iter().enumerate() {
        let comma = if number == 0 { "" } else { "," };
        write!(out, "{comma}\n{}", json(one)?)?;
    }
    writeln!(out, "\n],")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn plan() -> Plan {
        let text = "- rule: some".to_owned();
        let digest = blake3::hash(text.as_bytes()).to_hex().to_string();
        let file = |url: &str| File {
            url: url.to_owned(),
            host: "web".to_owned(),
            bytes: 7,
            digest: format!("seal:{url}"),
            first: 1,
            last: 2,
            modified: 0,
        };
        Plan {
            tercel_fleet_plan: VERSION,
            engine: Engine { tercel: "0.1.0".to_owned(), state: 3 },
            rules: vec![RuleText { name: "r.yaml".to_owned(), digest, text }],
            settings: vec!["--utc".to_owned()],
            window: Vec::new(),
            program: vec![PlannedRule { name: "some".to_owned(), priority: "Error".to_owned() }],
            files: vec![file("a"), file("b")],
            shards: vec![
                vec![Part { file: 0, from: 0, to: Some(3) }],
                vec![Part { file: 0, from: 3, to: None }, Part { file: 1, from: 0, to: None }],
            ],
        }
    }

    #[test]
    fn a_plan_is_read_as_it_was_written() {
        let mut bytes = Vec::new();
        plan().write(&mut bytes).expect("written");
        assert_eq!(Plan::read(&bytes), Ok(plan()));
        let text = String::from_utf8(bytes).expect("text");
        for (from, to, reason) in [
            ("_plan\": 1", "_plan\": 2", "version 2"),
            ("- rule: some", "- rule: sone", "does not have its digest"),
            ("{\"file\":1", "{\"file\":2", "shard 1: file 2 is not in the plan"),
            ("]", "}", "not a plan"),
        ] {
            let refused = Plan::read(text.replace(from, to).as_bytes()).expect_err(reason);
            assert!(refused.contains(reason), "{refused}");
        }
    }

    #[test]
    fn the_name_of_a_shard_is_that_of_all_that_goes_into_it() {
        let first = plan();
        let name = |plan: &Plan, shard| plan.name(&plan.judge(), shard).expect("a shard");
        let changes: [fn(&mut Plan); 7] = [
            |plan| plan.engine.state = 4,
            |plan| plan.rules[0].digest.push('0'),
            |plan| plan.settings.clear(),
            |plan| plan.window.push("--from".to_owned()),
            |plan| plan.files[0].digest.push('0'),
            |plan| plan.files[0].url.push('0'),
            |plan| plan.shards[0][0].to = Some(4),
        ];
        for change in changes {
            let mut other = plan();
            change(&mut other);
            assert_ne!(name(&first, 0), name(&other, 0));
        }
        // What is not in the shard does not count, nor where it stands in the plan.
        let mut other = plan();
        other.files[1].digest.push('0');
        other.shards.swap(0, 1);
        assert_eq!(name(&first, 0), name(&other, 1));
        assert_eq!(other.name(&other.judge(), 2), None);
    }
}
