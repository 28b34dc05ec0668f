//! Where threads come from: what a keyframe says of it enters, chains of processes and sessions of origin leave. Anything that
//! names itself, or is longer than a chain can be, is refused.

use std::collections::HashMap;
use std::sync::Arc;

use super::record::{KinRecord, Lineage};
use super::relink::{Images, is_thread};
use super::shared::Found;
use super::{KeyframeError, Result};
use crate::state::lineage::LONGEST;
use crate::state::{Ancestor, Origin, Slot, Threads};

const LINEAGE: KeyframeError = KeyframeError::Contradiction("lineage");

/// Chains of processes while they are put together.
pub(super) struct Pedigree<'k> {
    known: &'k Found,
    origins: Vec<Option<Arc<Origin>>>,
    ancestors: Vec<Option<Arc<Ancestor>>>,
    /// Threads whose chains are still to come; `None` for one that is being put together.
    waiting: HashMap<u32, Option<KinRecord>>,
    places: Vec<u32>,
}

impl<'k> Pedigree<'k> {
    pub(super) fn new(known: &'k Found) -> Pedigree<'k> {
        Pedigree {
            known,
            origins: vec![None; known.origins.len()],
            ancestors: vec![None; known.ancestors.len()],
            waiting: HashMap::new(),
            places: Vec::new(),
        }
    }

    /// A thread that gets a new chain.
    pub(super) fn add(&mut self, place: u32, kin: KinRecord) {
        self.waiting.insert(place, Some(kin));
        self.places.push(place);
    }

    /// Gives threads their chains. Everything else of them is as it shall be.
    pub(super) fn apply(mut self, threads: &mut Threads, images: &mut Images<'_>) -> Result<()> {
        for place in std::mem::take(&mut self.places) {
            self.of_thread(threads, images, place, 0)?;
        }
        Ok(())
    }

    /// The chain of the thread in a slot, given to it first if it waits for it.
    fn of_thread(
        &mut self,
        threads: &mut Threads,
        images: &mut Images<'_>,
        place: u32,
        depth: u32,
    ) -> Result<Option<Arc<Ancestor>>> {
        if !is_thread(threads, place) {
            return Err(LINEAGE);
        }
        let Some(entry) = self.waiting.get_mut(&place) else {
            return Ok(threads.get(Slot(place)).lineage().cloned());
        };
        let kin = entry.take().ok_or(LINEAGE)?;
        let lineage = self.chain(threads, images, kin.lineage, depth)?;
        let origin = match kin.origin {
            Some(origin) => Some(self.origin(origin)?),
            None => None,
        };
        threads.get_mut(Slot(place)).kin.restore(lineage.clone(), origin);
        self.waiting.remove(&place);
        Ok(lineage)
    }

    /// The chain that is named.
    fn chain(
        &mut self,
        threads: &mut Threads,
        images: &mut Images<'_>,
        named: Lineage,
        depth: u32,
    ) -> Result<Option<Arc<Ancestor>>> {
        if depth > LONGEST {
            return Err(LINEAGE);
        }
        let chain = match named {
            Lineage::None => return Ok(None),
            Lineage::Slot(slot) => {
                self.of_thread(threads, images, slot, depth + 1)?;
                threads.shared_ancestor(Slot(slot))
            }
            Lineage::Place(place) => {
                let place = place as usize;
                if let Some(known) = self.ancestors.get(place).ok_or(LINEAGE)? {
                    return Ok(Some(known.clone()));
                }
                let record = self.known.ancestors[place];
                if matches!(record.parent, Lineage::Place(parent) if parent as usize >= place) {
                    return Err(LINEAGE);
                }
                let parent = self.chain(threads, images, record.parent, depth + 1)?;
                let image = images.image(&record.image)?;
                let chain = Arc::new(Ancestor {
                    pid: record.pid,
                    started: record.started,
                    image,
                    length: parent.as_ref().map_or(0, |parent| parent.length) + 1,
                    parent,
                    is_cut: record.is_cut,
                });
                self.ancestors[place] = Some(chain.clone());
                chain
            }
        };
        if chain.length > LONGEST { Err(LINEAGE) } else { Ok(Some(chain)) }
    }

    fn origin(&mut self, place: u32) -> Result<Arc<Origin>> {
        let place = place as usize;
        if let Some(known) = self.origins.get(place).ok_or(LINEAGE)? {
            return Ok(known.clone());
        }
        let record = self.known.origins[place];
        let name = self.known.text(record.name)?;
        let origin = Arc::new(Origin { sid: record.sid, tty: record.tty, pid: record.pid, name });
        self.origins[place] = Some(origin.clone());
        Ok(origin)
    }
}
