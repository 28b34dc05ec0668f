//! Answers that hold for a file as it is called: the same files are opened and read again and again, and questions about their
//! names and kinds alone are asked once of each. An fd's name is shared by whoever opened it ([`crate::state`] sees to that), so
//! that it is known by its place in memory; the answers keep it there.

use std::sync::Arc;

use super::answers::Answers;
use crate::fields::{Context, View};
use crate::state::{Fd, FdKind, RealPath, Text};

/// Files whose answers are remembered at a time, a power of two.
const FILES: usize = 2048;

/// Answers per file.
#[derive(Debug)]
pub(super) struct Files {
    /// The file in each place.
    owners: Box<[Option<Owner>]>,
    answers: Answers,
    current: Current,
}

/// What the answers of a file depend on.
#[derive(Debug)]
struct Owner {
    kind: FdKind,
    name: Text,
    raw_name: Text,
}

/// The file of the current event.
#[derive(Debug, Clone, Copy)]
enum Current {
    /// It was not looked for.
    Unknown,
    /// There is none.
    None,
    /// Its place.
    At(usize),
}

impl Files {
    /// For so many questions about files.
    pub(super) fn new(questions: usize) -> Files {
        let answers = Answers::new(questions, if questions == 0 { 1 } else { FILES });
        let owners = (0..answers.places()).map(|_| None).collect();
        Files { owners, answers, current: Current::Unknown }
    }

    /// An event begins, or another view of it.
    #[inline]
    pub(super) fn start(&mut self) {
        self.current = Current::Unknown;
    }

    /// Whether the event is bound to a file whose answers are remembered.
    #[inline]
    fn place(&mut self, cx: &Context<'_>, view: View) -> Option<usize> {
        match self.current {
            Current::At(place) => Some(place),
            Current::None => None,
            Current::Unknown => {
                let place = file(cx, view).map(|fd| self.place_of(fd));
                self.current = place.map_or(Current::None, Current::At);
                place
            }
        }
    }

    /// The place of a file, cleared if it was another's.
    fn place_of(&mut self, fd: &Fd) -> usize {
        // Of an address the lowest bits are always the same, and the multiplication mixes upwards.
        let mixed = (fd.name.as_ptr().addr() as u64 >> 4).wrapping_mul(0x9e37_79b9_7f4a_7c15);
        let place = (mixed >> 40) as usize & (self.owners.len() - 1);
        let Some(slot) = self.owners.get_mut(place) else { return place };
        let is_same = |owner: &&Owner| {
            Arc::ptr_eq(&owner.name, &fd.name)
                && Arc::ptr_eq(&owner.raw_name, &fd.raw_name)
                && owner.kind == fd.kind
        };
        if slot.as_ref().filter(is_same).is_none() {
            *slot = Some(Owner { kind: fd.kind, name: fd.name.clone(), raw_name: fd.raw_name.clone() });
            self.answers.clear(place);
        }
        place
    }

    /// The answer to a question for the file of the event; the outer `None` says that the event is bound to none.
    #[inline]
    pub(super) fn answer(&mut self, question: u32, cx: &Context<'_>, view: View) -> Option<Option<bool>> {
        self.place(cx, view).map(|place| self.answers.get(place, question))
    }

    /// Remembers an answer; `false` if the event is bound to no file.
    #[inline]
    pub(super) fn remember(&mut self, question: u32, answer: bool) -> bool {
        let Current::At(place) = self.current else { return false };
        self.answers.set(place, question, answer);
        true
    }
}

/// The file that an event is bound to, if the view shows it as its name says.
fn file<'a>(cx: &Context<'a>, view: View) -> Option<&'a Fd> {
    let (_, fd) = cx.fd()?;
    let fd = fd.filter(|fd| matches!(fd.kind, FdKind::File | FdKind::FileV2 | FdKind::Directory))?;
    let is_as_named = view == View::Caller || !matches!(fd.real, RealPath::Other { .. });
    is_as_named.then_some(fd)
}
