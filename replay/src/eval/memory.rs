//! What an evaluation remembers from one question to the next: answers that hold for the event, for a process image (design D7), and
//! for a file. One per thread of evaluation; its size does not grow with the capture.

use std::sync::Arc;

use tercel_format::trace::Zone;

use super::answers::Answers;
use super::files::Files;
use super::plan::Plans;
use super::values::Values;
use crate::fields::{Context, Paths, Settings, View};
use crate::state::Image;

/// Images whose answers are remembered at a time, a power of two.
const IMAGES: usize = 1024;

/// Reused memory of an evaluation.
#[derive(Debug)]
pub struct Memory {
    pub(super) values: Values,
    pub(super) found: Vec<u32>,
    /// Those of the rules found that match with the kernel's paths only.
    pub(super) by_kernel: Vec<u32>,
    /// Per term the number of the event it was answered at, and the answer in the lowest bit.
    answers: Box<[u32]>,
    event: u32,
    images: Images,
    files: Files,
}

/// Answers per process image. An image's place follows from its number; another image in the same place drives it out.
#[derive(Debug)]
struct Images {
    /// Number of the image in each place.
    owners: Box<[u32]>,
    answers: Answers,
    /// Place of the current event's image, if it has one.
    current: Option<usize>,
}

/// No image has this number: numbers count up from zero.
const NOBODY: u32 = u32::MAX;

impl Memory {
    pub(super) fn new(plans: &Plans, settings: Settings) -> Memory {
        let images = Answers::new(plans.image_bits, IMAGES);
        Memory {
            values: Values::new(settings, plans.places),
            found: Vec::new(),
            by_kernel: Vec::new(),
            answers: vec![0; plans.terms.len()].into(),
            event: 0,
            images: Images { owners: vec![NOBODY; images.places()].into(), answers: images, current: None },
            files: Files::new(plans.file_bits),
        }
    }

    /// Has times of day seen in a zone.
    pub fn set_zone(&mut self, zone: Option<&Arc<Zone>>) {
        self.values.left.zone = zone.cloned();
        self.values.right.zone = zone.cloned();
    }

    /// Forgets what it knows of process images: their numbers start again with a new state.
    pub fn forget(&mut self) {
        self.images.owners.fill(NOBODY);
    }

    /// Whether rules are asked with the paths of callers and with those of the kernel.
    #[inline]
    pub(super) fn sees_both(&self) -> bool {
        self.values.left.settings.paths == Paths::Both
    }

    /// Whose paths conditions see.
    pub(super) fn view(&self) -> View {
        self.values.left.view
    }

    /// Whose paths the following conditions see.
    pub(super) fn set_view(&mut self, view: View) {
        (self.values.left.view, self.values.right.view) = (view, view);
    }

    /// Starts an event of a thread that runs an image, if it is known.
    #[inline]
    pub(super) fn start(&mut self, image: Option<&Image>) {
        self.found.clear();
        self.by_kernel.clear();
        self.values.start();
        self.files.start();
        self.event += 1;
        if self.event == 1 << 31 {
            self.answers.fill(0);
            self.event = 1;
        }
        // What is remembered of an image is what it is with the path that the callers' view shows.
        let is_usual = |image: &&Image| {
            self.values.left.view == View::Caller
                || image.real.is_empty()
                || self.values.left.settings.paths == Paths::Kernel
        };
        self.images.current = image.filter(is_usual).map(|image| self.images.place(image.id));
    }

    #[inline]
    pub(super) fn answer(&self, term: usize) -> Option<bool> {
        let answer = *self.answers.get(term)?;
        (answer >> 1 == self.event).then_some(answer & 1 == 1)
    }

    #[inline]
    pub(super) fn remember(&mut self, term: usize, answer: bool) {
        if let Some(place) = self.answers.get_mut(term) {
            *place = self.event << 1 | u32::from(answer);
        }
    }

    /// The answer to the question with this bit for the current image.
    #[inline]
    pub(super) fn image_answer(&self, bit: u32) -> Option<bool> {
        self.images.answers.get(self.images.current?, bit)
    }

    #[inline]
    pub(super) fn remember_image(&mut self, bit: u32, answer: bool) {
        if let Some(place) = self.images.current {
            self.images.answers.set(place, bit, answer);
        }
    }

    /// The answer to the question with this bit for the file that the event is bound to; where it is bound to none, that of the term for
    /// the event.
    #[inline]
    pub(super) fn file_answer(&mut self, bit: u32, term: usize, cx: &Context<'_>) -> Option<bool> {
        let view = self.view();
        self.files.answer(bit, cx, view).unwrap_or_else(|| self.answer(term))
    }

    #[inline]
    pub(super) fn remember_file(&mut self, bit: u32, term: usize, answer: bool) {
        if !self.files.remember(bit, answer) {
            self.remember(term, answer);
        }
    }
}

impl Images {
    /// The place of an image, cleared if it was another's.
    #[inline]
    fn place(&mut self, image: u32) -> usize {
        let place = image as usize & (self.owners.len() - 1);
        if self.owners[place] != image {
            self.owners[place] = image;
            self.answers.clear(place);
        }
        place
    }
}
