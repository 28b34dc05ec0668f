//! Fields that a configuration defines: names and strings enter; conditions and outputs can then use `static.NAME` (Falco's
//! `static_fields`, libs `sinsp_filtercheck_static.cpp`). Their values are the same for every event.

use std::collections::BTreeMap;
use std::sync::Arc;

/// What their names begin with.
const PREFIX: &str = "static.";

/// Fields that a configuration defines, and their texts.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct StaticFields(Arc<BTreeMap<String, String>>);

impl FromIterator<(String, String)> for StaticFields {
    fn from_iter<I: IntoIterator<Item = (String, String)>>(fields: I) -> StaticFields {
        StaticFields(Arc::new(fields.into_iter().collect()))
    }
}

impl StaticFields {
    /// The text of the field that is written `static.NAME`.
    pub fn get(&self, field: &str) -> Option<&str> {
        self.0.get(field.strip_prefix(PREFIX)?).map(String::as_str)
    }

    /// Whether conditions and outputs can name a field of this name: words that begin with a letter, with dots between them.
    pub fn is_name(name: &str) -> bool {
        name.split('.').all(|word| {
            word.starts_with(|first: char| first.is_ascii_alphabetic())
                && word.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '_')
        })
    }

    /// The names, without what they begin with.
    pub fn names(&self) -> impl Iterator<Item = &str> {
        self.0.keys().map(String::as_str)
    }

    /// What is suggested for outputs: `static_NAME=%static.NAME` for each, or nothing.
    pub fn suggested(&self) -> String {
        let texts: Vec<String> =
            self.names().map(|name| format!("static_{}=%{PREFIX}{name}", name.replace('.', "_"))).collect();
        texts.join(" ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fields_have_a_prefix() {
        let fields: StaticFields = [("foo", "bar"), ("a.b", "")]
            .map(|(name, text)| (name.to_owned(), text.to_owned()))
            .into_iter()
            .collect();
        assert_eq!(fields.get("static.foo"), Some("bar"));
        assert_eq!((fields.get("foo"), fields.get("static.fo")), (None, None));
        assert_eq!(fields.suggested(), "static_a_b=%static.a.b static_foo=%static.foo");
        let names = ["foo", "a.b_2", "a-b", "2", "", "a..b"];
        assert_eq!(names.map(StaticFields::is_name), [true, true, false, false, false, false]);
        assert_eq!(StaticFields::default().suggested(), "");
    }
}
