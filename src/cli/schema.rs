//! Schemas of alerts in JSON, as the command line names them.

use clap::ValueEnum;
use tercel_replay::JsonSchema;

/// The schema of alerts in JSON.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum SchemaName {
    /// Falco's keys
    Falco,
    /// Elastic Common Schema
    Ecs,
    /// Detection Finding of the Open Cybersecurity Schema Framework
    Ocsf,
}

impl SchemaName {
    /// The name in the configuration.
    pub fn name(self) -> &'static str {
        match self {
            SchemaName::Falco => "falco",
            SchemaName::Ecs => "ecs",
            SchemaName::Ocsf => "ocsf",
        }
    }
}

impl From<SchemaName> for JsonSchema {
    fn from(schema: SchemaName) -> JsonSchema {
        match schema {
            SchemaName::Falco => JsonSchema::Falco,
            SchemaName::Ecs => JsonSchema::Ecs,
            SchemaName::Ocsf => JsonSchema::Ocsf,
        }
    }
}
