//! Pages of metrics in the text format of Prometheus: names, labels and values enter, lines leave.

use std::fmt::{Display, Write};

/// A page of metrics.
#[derive(Debug, Default)]
pub(crate) struct Page(String);

impl Page {
    /// The text.
    pub(crate) fn into_text(self) -> String {
        self.0
    }

    /// The head of a metric.
    pub fn head(&mut self, name: &str, kind: &str, help: &str) {
        // Writing to a string cannot fail.
        let _ = writeln!(self.0, "# HELP {name} {help}.\n# TYPE {name} {kind}");
    }

    /// One value.
    pub fn row(&mut self, name: &str, labels: &[(&str, &str)], value: impl Display) {
        self.0.push_str(name);
        for (index, (label, text)) in labels.iter().enumerate() {
            let text = text.replace('\\', "\\\\").replace('"', "\\\"").replace('\n', "\\n");
            let _ = write!(self.0, "{}{label}=\"{text}\"", if index == 0 { '{' } else { ',' });
        }
        let _ = writeln!(self.0, "{} {value}", if labels.is_empty() { "" } else { "}" });
    }

    /// A metric of one value.
    pub fn one(&mut self, name: &str, kind: &str, help: &str, value: impl Display) {
        self.head(name, kind, help);
        self.row(name, &[], value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn labels_are_escaped() {
        let mut page = Page(String::new());
        page.row("x", &[("rule", "a \"b\" \\ c"), ("priority", "Debug")], 3);
        page.one("y", "gauge", "Help", 1.5);
        let expected =
            "x{rule=\"a \\\"b\\\" \\\\ c\",priority=\"Debug\"} 3\n# HELP y Help.\n# TYPE y gauge\ny 1.5\n";
        assert_eq!(page.0, expected);
    }
}
