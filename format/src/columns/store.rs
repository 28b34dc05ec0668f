//! The values of the columns that are unpacked, in memory that is used again for the next chunk. Everything here was checked before it
//! came here.

/// How the values of a column are found.
#[derive(Debug, Clone, Copy, Default)]
pub(super) enum Form {
    /// They are not unpacked.
    #[default]
    Absent,
    /// They are damaged.
    Damaged,
    /// So many bytes each, from this place on.
    Fixed { start: usize, width: usize, count: usize },
    /// From this place on; their ends, counted from there, stand from `ends` on, after a 0.
    Varying { start: usize, ends: usize, count: usize },
    /// Places among values, as `Varying`; the places stand from `places` on.
    Words { start: usize, ends: usize, places: usize, count: usize },
}

/// Values of columns.
#[derive(Debug, Default)]
pub struct Store {
    pub(super) columns: Vec<Form>,
    pub(super) bytes: Vec<u8>,
    pub(super) numbers: Vec<u32>,
}

impl Store {
    /// The value in row `row` of a column; `None` if it is not unpacked, or has fewer rows.
    #[inline]
    pub fn get(&self, column: usize, row: usize) -> Option<&[u8]> {
        match *self.columns.get(column)? {
            Form::Absent | Form::Damaged => None,
            Form::Fixed { start, width, count } => {
                if row >= count {
                    return None;
                }
                self.bytes.get(start + row * width..start + (row + 1) * width)
            }
            Form::Varying { start, ends, count } => {
                if row >= count {
                    return None;
                }
                self.varying(start, ends + row)
            }
            Form::Words { start, ends, places, count } => {
                if row >= count {
                    return None;
                }
                let place = *self.numbers.get(places + row)?;
                self.varying(start, ends + place as usize)
            }
        }
    }

    #[inline]
    fn varying(&self, start: usize, end: usize) -> Option<&[u8]> {
        match self.numbers.get(end..end + 2)? {
            [from, to] => self.bytes.get(start + *from as usize..start + *to as usize),
            _ => None,
        }
    }

    /// For a column of which equal values are stored once: a number for each row, so that rows with equal numbers have equal values.
    /// `None` for other columns.
    pub fn words(&self, column: usize) -> Option<&[u32]> {
        match *self.columns.get(column)? {
            Form::Words { places, count, .. } => self.numbers.get(places..places + count),
            _ => None,
        }
    }

    /// Whether the values of a column can be read.
    pub fn is_unpacked(&self, column: usize) -> bool {
        self.columns.get(column).is_some_and(|form| !matches!(form, Form::Absent | Form::Damaged))
    }

    /// Forgets all values, and prepares for so many columns.
    pub(super) fn reset(&mut self, columns: usize) {
        self.columns.clear();
        self.columns.resize(columns, Form::Absent);
        self.bytes.clear();
        self.numbers.clear();
    }
}
