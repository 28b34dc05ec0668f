//! What a shard says of itself when it is done: counts, damage, lost events, and where its alerts are. It says nothing of who ran it and
//! when, so that it is the same whoever runs it.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// The status of a shard that is done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Status {
    /// The name of its outputs.
    pub shard: String,
    /// The host.
    pub host: String,
    /// Its parts, in their order.
    pub parts: Vec<PartStatus>,
    /// Alerts by rule.
    pub rules: BTreeMap<String, u64>,
    /// Other files that it wrote, by their names.
    pub outputs: Vec<String>,
}

/// What came of a part.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct PartStatus {
    /// URL of the file.
    pub url: String,
    /// Bytes of its alerts in the shard's output, after those of the parts before.
    pub bytes: u64,
    /// Alerts.
    pub alerts: u64,
    /// Events that were read.
    pub events: u64,
    /// Chunks that were left out because neither rules nor the window need them.
    pub skipped: u64,
    /// Events that the recorder lost.
    pub dropped: u64,
    /// Drop events, which say that events are missing there.
    pub drops: u64,
    /// How many places are damaged.
    pub damaged: u64,
    /// The first of them, and why the rest was not read, if it was not.
    pub troubles: Vec<String>,
}
