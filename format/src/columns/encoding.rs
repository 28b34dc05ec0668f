//! The encodings of a column, bytes to bytes: values enter, streams leave that zstd packs well, and back. Which column has which, the
//! table says; sizes are checked by the caller.

/// How the values of a column are stored.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Encoding {
    /// As they are.
    Plain,
    /// Numbers: all lowest bytes, all second bytes, and so on, up to the last that is not 0 everywhere.
    Planes,
    /// As planes, of 0, 1, 2, … for 0, -1, 1, ….
    Signed,
    /// As signed, of differences to the value before.
    Delta,
    /// Places in a list of the values that differ.
    Words,
}

impl Encoding {
    const ALL: [Encoding; 5] =
        [Encoding::Plain, Encoding::Planes, Encoding::Signed, Encoding::Delta, Encoding::Words];

    /// The number in the file.
    pub(super) const fn code(self) -> u8 {
        match self {
            Encoding::Plain => 0,
            Encoding::Planes => 1,
            Encoding::Signed => 2,
            Encoding::Delta => 3,
            Encoding::Words => 4,
        }
    }

    /// The encoding of this number.
    pub(super) fn of(code: u8) -> Option<Encoding> {
        Encoding::ALL.into_iter().find(|encoding| encoding.code() == code)
    }
}

/// Memory for the numbers of a column.
#[derive(Debug, Default)]
pub(super) struct Numbers(Vec<u64>);

impl Numbers {
    /// Takes in little-endian numbers of `width` bytes, and applies an encoding of numbers to them.
    pub(super) fn encode(&mut self, values: &[u8], width: usize, encoding: Encoding) {
        self.0.clear();
        match width {
            1 => self.0.extend(values.iter().map(|byte| i64::from(*byte as i8) as u64)),
            2 => self
                .0
                .extend(values.as_chunks::<2>().0.iter().map(|b| i64::from(i16::from_le_bytes(*b)) as u64)),
            4 => self
                .0
                .extend(values.as_chunks::<4>().0.iter().map(|b| i64::from(i32::from_le_bytes(*b)) as u64)),
            _ => self.0.extend(values.as_chunks::<8>().0.iter().map(|bytes| u64::from_le_bytes(*bytes))),
        }
        let shift = 64 - 8 * width as u32;
        match encoding {
            Encoding::Signed => self.0.iter_mut().for_each(|number| *number = zigzag(*number)),
            Encoding::Delta => {
                let mut before = 0;
                for number in &mut self.0 {
                    let difference = number.wrapping_sub(std::mem::replace(&mut before, *number));
                    // Differences wrap as the numbers do.
                    *number = zigzag((((difference << shift) as i64) >> shift) as u64);
                }
            }
            Encoding::Plain | Encoding::Planes | Encoding::Words => {
                self.0.iter_mut().for_each(|number| *number = *number << shift >> shift);
            }
        }
    }

    /// Takes in numbers as they are.
    pub(super) fn set(&mut self, numbers: impl Iterator<Item = u64>) {
        self.0.clear();
        self.0.extend(numbers);
    }

    /// Appends the planes of the numbers, up to the last that is not 0 everywhere; returns how many bytes these are.
    pub(super) fn planes(&self, out: &mut Vec<u8>) -> usize {
        let all = self.0.iter().fold(0, |all, number| all | number);
        let planes = (64 - all.leading_zeros()).div_ceil(8);
        for plane in 0..planes {
            out.extend(self.0.iter().map(|number| (number >> (8 * plane)) as u8));
        }
        self.0.len() * planes as usize
    }

    /// Takes in `count` numbers from their planes; `false` if these are not the planes of so many numbers of at most `width` bytes.
    pub(super) fn read(&mut self, planes: &[u8], count: usize, width: usize) -> bool {
        self.0.clear();
        if count == 0 {
            return planes.is_empty();
        }
        if !planes.len().is_multiple_of(count) || planes.len() / count > width {
            return false;
        }
        let (first, rest) = planes.split_at(count.min(planes.len()));
        if first.is_empty() {
            self.0.resize(count, 0);
            return true;
        }
        self.0.extend(first.iter().map(|byte| u64::from(*byte)));
        for (plane, bytes) in (1u32..).zip(rest.chunks_exact(count)) {
            for (number, byte) in self.0.iter_mut().zip(bytes) {
                *number |= u64::from(*byte) << (8 * plane);
            }
        }
        true
    }

    /// Undoes an encoding of numbers.
    pub(super) fn decode(&mut self, encoding: Encoding) {
        match encoding {
            Encoding::Signed => self.0.iter_mut().for_each(|number| *number = unzigzag(*number)),
            Encoding::Delta => {
                let mut before = 0u64;
                for number in &mut self.0 {
                    before = before.wrapping_add(unzigzag(*number));
                    *number = before;
                }
            }
            Encoding::Plain | Encoding::Planes | Encoding::Words => {}
        }
    }

    /// The numbers.
    pub(super) fn numbers(&self) -> &[u64] {
        &self.0
    }

    /// Appends the lower `width` bytes of each number.
    pub(super) fn write(&self, width: usize, out: &mut Vec<u8>) {
        let start = out.len();
        out.resize(start + self.0.len() * width, 0);
        let out = out.get_mut(start..).unwrap_or_default();
        match width {
            1 => out.iter_mut().zip(&self.0).for_each(|(out, number)| *out = *number as u8),
            2 => self.write_to(out.as_chunks_mut::<2>().0, |number| (number as u16).to_le_bytes()),
            4 => self.write_to(out.as_chunks_mut::<4>().0, |number| (number as u32).to_le_bytes()),
            _ => self.write_to(out.as_chunks_mut::<8>().0, u64::to_le_bytes),
        }
    }

    fn write_to<const N: usize>(&self, out: &mut [[u8; N]], bytes: impl Fn(u64) -> [u8; N]) {
        out.iter_mut().zip(&self.0).for_each(|(out, number)| *out = bytes(*number));
    }
}

/// 0, 1, 2, 3, … for 0, -1, 1, -2, ….
#[inline]
pub(super) const fn zigzag(number: u64) -> u64 {
    (number << 1) ^ (((number as i64) >> 63) as u64)
}

/// The number that [`zigzag`] made this of.
#[inline]
pub(super) const fn unzigzag(number: u64) -> u64 {
    (number >> 1) ^ (number & 1).wrapping_neg()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_come_back_from_their_planes() {
        let numbers: [u64; 9] =
            [0, 1, u64::MAX, 0x80, 0x7f, 0x8000_0000, i64::MIN as u64, 0x1234_5678_9abc_def0, 2];
        for width in [1, 2, 4, 8] {
            let mut values = Vec::new();
            for number in numbers {
                values.extend_from_slice(&number.to_le_bytes()[..width]);
            }
            for encoding in [Encoding::Planes, Encoding::Signed, Encoding::Delta] {
                let (mut memory, mut planes, mut back) = (Numbers::default(), Vec::new(), Vec::new());
                memory.encode(&values, width, encoding);
                assert_eq!(memory.planes(&mut planes), planes.len());
                assert!(planes.len() <= values.len(), "{encoding:?} {width}");
                assert!(memory.read(&planes, numbers.len(), width));
                memory.decode(encoding);
                memory.write(width, &mut back);
                assert_eq!(back, values, "{encoding:?} {width}");
            }
        }
    }

    #[test]
    fn planes_that_are_always_zero_are_left_out() {
        let check = |values: &[i64], encoding, bytes: &[u8]| {
            let values: Vec<u8> = values.iter().flat_map(|value| value.to_le_bytes()).collect();
            let (mut memory, mut planes) = (Numbers::default(), Vec::new());
            memory.encode(&values, 8, encoding);
            memory.planes(&mut planes);
            assert_eq!(planes, bytes, "{encoding:?}");
        };
        check(&[0, 0, 0], Encoding::Planes, &[]);
        check(&[1, 2, 258], Encoding::Planes, &[1, 2, 2, 0, 0, 1]);
        check(&[-1, 2, -2], Encoding::Signed, &[1, 4, 3]);
        check(
            &[1 << 40, (1 << 40) + 1, 1 << 40],
            Encoding::Delta,
            &[0, 2, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 2, 0, 0],
        );
    }

    #[test]
    fn sizes_that_do_not_fit_are_refused() {
        let mut memory = Numbers::default();
        assert!(!memory.read(&[1, 2, 3], 2, 8));
        assert!(!memory.read(&[1; 10], 2, 4));
        assert!(!memory.read(&[1], 0, 4));
        assert!(memory.read(&[], 5, 4) && memory.numbers() == [0; 5]);
    }
}
