//! The nearest name to a misspelt one, for messages to people. Names enter, one of them leaves.

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
    fn the_nearest_name_is_the_first_of_those_with_the_fewest_edits() {
        let names = ["append", "replace", "replaces"];
        let of = |word| nearest(word, names.into_iter());
        assert_eq!(of("apend"), Some("append"));
        assert_eq!(of("replac"), Some("replace"));
        assert_eq!(of("replacee"), Some("replace"));
        assert_eq!(of("something"), None);
        assert_eq!(of(""), None);
        assert_eq!(nearest("ab", ["xb", "xy"].into_iter()), Some("xb"));
        let long = "a".repeat(65);
        assert_eq!(nearest(&long, [long.as_str()].into_iter()), None);
    }
}
