//! The nearest name to a misspelt one, for messages to people.

use super::FIELDS;

/// The field whose name is nearest to `name`, if any is near enough to be meant.
pub fn suggest(name: &str) -> Option<&'static str> {
    let name = name.split('[').next().unwrap_or("");
    nearest(name, FIELDS.iter().map(|row| row.name))
}

/// The candidate with the fewest edits (at most a third of the word's letters), the first one among equals.
pub fn nearest<'n>(word: &str, candidates: impl Iterator<Item = &'n str>) -> Option<&'n str> {
    /// Longer words are not compared: no name is nearly as long, and the work grows with the square.
    const LONGEST: usize = 64;
    if word.is_empty() || word.len() > LONGEST {
        return None;
    }
    let limit = (word.len() / 3).max(1);
    candidates
        .filter(|candidate| candidate.len().abs_diff(word.len()) <= limit)
        .map(|candidate| (strsim::osa_distance(word, candidate), candidate))
        .filter(|(edits, _)| *edits <= limit)
        .min_by_key(|(edits, _)| *edits)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn misspelt_names_find_their_field() {
        for (word, expected) in [
            ("proc.nmae", Some("proc.name")),
            ("proc.cmdlin", Some("proc.cmdline")),
            ("fd.naem", Some("fd.name")),
            ("container.imag", Some("container.image")),
            ("evt.tpye[3]", Some("evt.type")),
            ("proc.name", Some("proc.name")),
            ("completely.different", None),
            ("", None),
        ] {
            assert_eq!(suggest(word), expected, "{word}");
        }
    }
}
