//! Answers to questions, one set of them per owner: known or not, and yes or no. An owner's place follows from its number or address;
//! another owner in the same place drives it out, so that memory does not grow with the capture.

/// Answers per place.
#[derive(Debug)]
pub(super) struct Answers {
    /// Per place two words for every 64 questions: which answers are known, and the answers.
    words: Box<[u64]>,
    stride: usize,
    places: usize,
}

/// Most words that answers take.
const WORDS: usize = 1 << 20;

impl Answers {
    /// For so many questions, and for `most` owners, a power of two; fewer if there are very many questions.
    pub(super) fn new(questions: usize, most: usize) -> Answers {
        let stride = questions.div_ceil(64) * 2;
        let limit = WORDS / stride.max(1);
        let places = if limit >= most { most } else { (limit / 2 + 1).next_power_of_two() };
        Answers { words: vec![0; places * stride].into(), stride, places }
    }

    /// How many owners have a place, a power of two.
    pub(super) fn places(&self) -> usize {
        self.places
    }

    /// Nothing is known at a place any more.
    #[inline]
    pub(super) fn clear(&mut self, place: usize) {
        let start = place * self.stride;
        if let Some(words) = self.words.get_mut(start..start + self.stride) {
            words.fill(0);
        }
    }

    /// The answer to a question at a place.
    #[inline]
    pub(super) fn get(&self, place: usize, question: u32) -> Option<bool> {
        let at = place * self.stride + (question as usize / 64) * 2;
        let mask = 1u64 << (question % 64);
        match self.words.get(at..at + 2) {
            Some([known, answers]) if known & mask != 0 => Some(answers & mask != 0),
            _ => None,
        }
    }

    /// Remembers the answer to a question at a place.
    #[inline]
    pub(super) fn set(&mut self, place: usize, question: u32, answer: bool) {
        let at = place * self.stride + (question as usize / 64) * 2;
        if let Some([known, answers]) = self.words.get_mut(at..at + 2) {
            let mask = 1u64 << (question % 64);
            *known |= mask;
            *answers |= if answer { mask } else { 0 };
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Answers;

    #[test]
    fn answers_stand_apart() {
        let mut answers = Answers::new(130, 8);
        for question in [0, 63, 64, 129] {
            assert_eq!(answers.get(3, question), None);
            answers.set(3, question, question % 2 == 1);
        }
        for question in [0, 63, 64, 129] {
            assert_eq!(answers.get(3, question), Some(question % 2 == 1), "{question}");
            assert_eq!((answers.get(2, question), answers.get(4, question)), (None, None));
        }
        answers.clear(3);
        assert_eq!(answers.get(3, 129), None);
        // Without questions there is nothing to remember, and with very many there are fewer places.
        assert_eq!(Answers::new(0, 8).get(7, 0), None);
        assert!(Answers::new(1 << 16, 1024).places() < 1024);
    }
}
