//! What an evaluation remembers from one question to the next: answers that hold for the event, and answers that hold for a
//! process image (design D7). One per thread of evaluation; its size does not grow with the capture.

use std::sync::Arc;

use tercel_format::trace::Zone;

use super::plan::Plans;
use super::values::Values;
use crate::fields::{Paths, Settings, View};
use crate::state::Image;

/// Images whose answers are remembered at a time, a power of two; fewer if there are very many questions.
const IMAGES: usize = 1024;

/// Most words that the answers of images take.
const IMAGE_WORDS: usize = 1 << 20;

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
}

/// Answers per process image. An image's place follows from its number; another image in the same place drives it out.
#[derive(Debug)]
struct Images {
    /// Number of the image in each place.
    owners: Box<[u32]>,
    /// Per place two words for every 64 bits: which answers are known, and the answers.
    words: Box<[u64]>,
    stride: usize,
    /// Start of the words of the current event's image, if it has one.
    current: Option<usize>,
}

/// No image has this number: numbers count up from zero.
const NOBODY: u32 = u32::MAX;

impl Memory {
    pub(super) fn new(plans: &Plans, settings: Settings) -> Memory {
        let stride = plans.image_bits.div_ceil(64) * 2;
        let most = IMAGE_WORDS / stride.max(1);
        let places = if most >= IMAGES { IMAGES } else { (most / 2 + 1).next_power_of_two() };
        Memory {
            values: Values::new(settings, plans.places),
            found: Vec::new(),
            by_kernel: Vec::new(),
            answers: vec![0; plans.terms.len()].into(),
            event: 0,
            images: Images {
                owners: vec![NOBODY; places].into(),
                words: vec![0; places * stride].into(),
                stride,
                current: None,
            },
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
        let at = self.images.current? + (bit as usize / 64) * 2;
        let mask = 1u64 << (bit % 64);
        match self.images.words.get(at..at + 2) {
            Some([known, answers]) if known & mask != 0 => Some(answers & mask != 0),
            _ => None,
        }
    }

    #[inline]
    pub(super) fn remember_image(&mut self, bit: u32, answer: bool) {
        let Some(start) = self.images.current else { return };
        let at = start + (bit as usize / 64) * 2;
        if let Some([known, answers]) = self.images.words.get_mut(at..at + 2) {
            let mask = 1u64 << (bit % 64);
            *known |= mask;
            *answers |= if answer { mask } else { 0 };
        }
    }
}

impl Images {
    /// Start of the words of an image, cleared if they were another's.
    #[inline]
    fn place(&mut self, image: u32) -> usize {
        let place = image as usize & (self.owners.len() - 1);
        let start = place * self.stride;
        if self.owners[place] != image {
            self.owners[place] = image;
            self.words[start..start + self.stride].fill(0);
        }
        start
    }
}
