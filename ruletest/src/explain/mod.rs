//! Why a rule matches an event, or does not: the condition with everything put in ([`tercel_rules::load::Loader::resolved`]) and the
//! events of captures enter; the answer of each term with the value that the event has, the terms that decided, and the events that came
//! closest leave, as text and as JSON. Every term is evaluated by replay as a condition of its own; and, or and not are put
//! together here. Nothing is printed, and nothing is known of the command line.

mod answer;
mod event;
mod explainer;
mod explanation;
mod json;
mod label;
mod near;
mod outline;
mod search;
mod text;
mod tree;
mod values;

#[cfg(test)]
mod tests;

pub use event::Shown;
pub use explainer::Explainer;
pub use explanation::Explanation;
pub use search::{Answer, Explained, Search, Seen, Want, last_event};
pub use text::TextStyle;

pub(crate) use answer::type_names;
pub(crate) use json::{nodes_json, place as place_json};
pub(crate) use near::{Besides, Near};
pub(crate) use outline::outline;
pub(crate) use tree::Tree;
