//! Errors and warnings on their way to the report: the chain of items is known, the text around the place is not yet.

use std::sync::Arc;

use super::context::Context;
use super::report::{ErrorCode, WarningCode};
use super::yaml::YamlError;

/// A place in a file: its name and a byte offset.
pub(super) type Spot = (Arc<str>, usize);

/// An error of a file.
#[derive(Debug)]
pub(super) struct Failure {
    pub(super) code: ErrorCode,
    pub(super) message: String,
    pub(super) ctx: Context,
    /// Where in the message the reason begins, after a place that it names.
    pub(super) reason: u32,
    /// The true place, where the chain's last item is not it.
    pub(super) spot: Option<Spot>,
    pub(super) hint: Option<String>,
}

impl Failure {
    /// The text is no YAML, or a node of it is of another kind.
    pub(super) fn yaml(code: ErrorCode, error: &YamlError, ctx: &Context) -> Failure {
        let spot = Some((ctx.name(), error.place().offset));
        let message = error.to_string();
        let reason = u32::try_from(message.len() - error.message.len()).unwrap_or(0);
        Failure { reason, spot, hint: error.hint(), ..Failure::new(code, message, ctx) }
    }

    /// The YAML has the wrong shape.
    pub(super) fn shape(message: impl Into<String>, ctx: &Context) -> Failure {
        Failure::new(ErrorCode::YamlValidate, message, ctx)
    }

    /// An item contradicts others.
    pub(super) fn invalid(message: impl Into<String>, ctx: &Context) -> Failure {
        Failure::new(ErrorCode::Validate, message, ctx)
    }

    pub(super) fn new(code: ErrorCode, message: impl Into<String>, ctx: &Context) -> Failure {
        Failure { code, message: message.into(), ctx: ctx.clone(), reason: 0, spot: None, hint: None }
    }

    pub(super) fn hint(mut self, hint: Option<String>) -> Failure {
        self.hint = hint;
        self
    }

    pub(super) fn spot(mut self, spot: Option<Spot>) -> Failure {
        self.spot = spot;
        self
    }
}

/// A warning.
#[derive(Debug)]
pub(super) struct Caution {
    pub(super) code: WarningCode,
    pub(super) message: String,
    pub(super) ctx: Context,
    pub(super) spot: Option<Spot>,
    pub(super) hint: Option<String>,
    pub(super) deprecated_field: Option<&'static str>,
}

impl Caution {
    pub(super) fn new(code: WarningCode, message: impl Into<String>, ctx: &Context) -> Caution {
        Caution {
            code,
            message: message.into(),
            ctx: ctx.clone(),
            spot: None,
            hint: None,
            deprecated_field: None,
        }
    }
}

/// A suggestion as a sentence.
pub(super) fn did_you_mean(name: Option<&str>) -> Option<String> {
    name.map(|name| format!("did you mean '{name}'?"))
}
