//! What a capture is and holds, at a glance: an open capture enters, facts about its host, recorder, sizes, containers, losses and
//! events leave. The index of a native trace says nearly all of it, and a few chunks the rest; any other capture is read to
//! its end.

mod collector;

#[cfg(test)]
mod tests;

use std::cmp::Reverse;
use std::collections::BTreeMap;
use std::collections::btree_map::Entry;

use tercel_format::catalogue::{self, code};
use tercel_format::columns::{ColumnGroup, ColumnSize};
use tercel_format::record::MachineInfo;
use tercel_format::trace::{Chunk, Digest, Header, Loss, Totals, Trace, TraceError};
use tercel_format::{Capture, Reader};
use tercel_replay::scan::{Needs, ScanError, infallible, scan, scan_chunks};
use tercel_replay::state::Container;

use collector::Collector;

/// How many gaps are remembered; the sums count all.
const GAPS: usize = 100;

/// How many chunks are searched for containers at most.
const SEARCHED: usize = 256;

/// Types of events that report containers, among others.
const CONTAINERS: [u16; 2] = [code::CONTAINER_JSON_2_E, code::ASYNCEVENT_E];

/// What is known of a capture.
#[derive(Debug, Clone, Default)]
pub struct Summary {
    /// What it is, in words.
    pub kind: &'static str,
    /// Bytes of the file, where they are known.
    pub file_bytes: Option<u64>,
    /// What the recorder says, completed from the capture itself.
    pub header: Header,
    /// The host.
    pub machine: Option<MachineInfo>,
    /// Processes and threads that existed at the start.
    pub processes: u64,
    /// Sums over events, and over the chunks of a native trace.
    pub totals: Totals,
    /// Containers that the capture reports, by their ids.
    pub containers: BTreeMap<Vec<u8>, Container>,
    /// Where events were lost; the first hundred places.
    pub gaps: Vec<Gap>,
    /// Chunks that were not searched for containers, because too many report some.
    pub unsearched: u64,
    /// What only native traces have.
    pub native: Option<Native>,
    /// What is damaged, in words.
    pub damage: Vec<String>,
}

/// A place where events are missing.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Gap {
    /// When, nanoseconds since the epoch; the chunk's time if there is a chunk.
    pub from: u64,
    /// Its end.
    pub to: u64,
    /// Events that the recorder says it lost.
    pub lost: u64,
    /// Events that report lost ones.
    pub told: u64,
}

/// What is known of native traces only.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Native {
    /// Names the whole trace; none where it was not closed.
    pub seal: Option<Digest>,
    /// Whether it has an index.
    pub indexed: bool,
    /// Chunks whose events are in columns.
    pub column_chunks: u64,
    /// How much space each column takes, over all chunks, the largest first.
    pub columns: Vec<ColumnSize>,
}

impl Native {
    /// Bytes in the file of each group of columns, the largest first.
    pub fn column_groups(&self) -> Vec<(ColumnGroup, u64)> {
        let mut sums = BTreeMap::<_, u64>::new();
        for column in &self.columns {
            *sums.entry(column.group).or_default() += column.packed;
        }
        let mut groups: Vec<_> = sums.into_iter().filter(|(_, bytes)| *bytes > 0).collect();
        groups.sort_by_key(|(_, bytes)| Reverse(*bytes));
        groups
    }
}

/// The columns of a trace, summed over its chunks, the largest first; and directories that cannot be read, in words.
fn columns(trace: &Trace) -> Result<(Vec<ColumnSize>, Vec<String>), ScanError> {
    let (mut sums, mut damaged) = (BTreeMap::<_, ColumnSize>::new(), Vec::new());
    for index in 0..trace.chunks().len() {
        let sizes = match trace.column_sizes(index) {
            Ok(sizes) => sizes,
            Err(error @ TraceError::Chunk { .. }) => {
                damaged.push(error.to_string());
                continue;
            }
            Err(error) => return Err(ScanError::Trace(error)),
        };
        for size in sizes {
            match sums.entry((size.event, size.name)) {
                Entry::Vacant(entry) => {
                    entry.insert(size);
                }
                Entry::Occupied(mut entry) => {
                    let sum = entry.get_mut();
                    sum.count = sum.count.saturating_add(size.count);
                    sum.unpacked = sum.unpacked.saturating_add(size.unpacked);
                    sum.packed = sum.packed.saturating_add(size.packed);
                }
            }
        }
    }
    let mut columns: Vec<ColumnSize> = sums.into_values().collect();
    columns.sort_by_key(|column| Reverse(column.packed));
    Ok((columns, damaged))
}

/// Entries of the index that are not the descriptors before their chunks, in words. Only descriptors are read.
fn wrong_entries(trace: &Trace) -> Result<Vec<String>, ScanError> {
    let mut wrong = Vec::new();
    for index in 0..trace.chunks().len() {
        match trace.check_entry(index) {
            Err(error @ TraceError::Chunk { .. }) => wrong.push(error.to_string()),
            other => other.map_err(ScanError::Trace)?,
        }
    }
    Ok(wrong)
}

impl Summary {
    /// Of an open capture; `file_bytes` are those of its file, where they are known.
    ///
    /// # Errors
    /// The capture cannot be read. Damage is a part of the summary.
    ///
    /// ```
    /// use tercel_analysis::summary::Summary;
    /// use tercel_format::Capture;
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let bytes = tercel_format::Writer::new(Vec::new())?.finish()?;
    /// let mut capture = Capture::of_stream(std::io::Cursor::new(bytes))?;
    /// let summary = Summary::of(&mut capture, None)?;
    /// assert_eq!((summary.kind, summary.totals.events), ("scap", 0));
    /// # Ok(())
    /// # }
    /// ```
    pub fn of(capture: &mut Capture, file_bytes: Option<u64>) -> Result<Summary, ScanError> {
        let summary = Summary { kind: capture.kind(), file_bytes, ..Summary::default() };
        match capture {
            Capture::Native(trace) => summary.with_trace(trace),
            Capture::Stream(_) => summary.with_stream(capture),
        }
    }

    fn with_trace(mut self, trace: &Trace) -> Result<Summary, ScanError> {
        self.file_bytes = Some(trace.length());
        self.header = trace.header().clone();
        self.totals = Totals::of(trace.chunks());
        let (columns, damaged) = columns(trace)?;
        self.damage.extend(damaged);
        self.native = Some(Native {
            seal: trace.seal().copied(),
            indexed: trace.without_index().is_none(),
            column_chunks: trace.chunks().iter().filter(|chunk| chunk.descriptor.is_columns()).count() as u64,
            columns,
        });
        self.damage.extend(trace.without_index().map(ToString::to_string));
        self.damage.extend(trace.losses().iter().map(Loss::to_string));
        let contradicting = trace.chunks().iter().filter(|chunk| !chunk.descriptor.is_consistent());
        self.damage.extend(contradicting.map(|chunk| {
            let sequence = chunk.descriptor.sequence;
            format!("chunk {sequence}: the descriptor contradicts itself; the events are not counted")
        }));
        let wrong = wrong_entries(trace)?;
        trace.chunks().iter().for_each(|chunk| self.note_losses(chunk));
        let chosen = self.choose(trace.chunks());
        let mut collector = Collector { summary: self, counts_events: false };
        let found = infallible(scan_chunks(trace, chosen.into_iter(), &mut collector));
        let mut summary = collector.summary;
        let found_inside = found.damaged.iter().map(ToString::to_string);
        summary.damage.extend(found_inside.filter(|inside| !wrong.contains(inside)));
        summary.damage.extend(wrong);
        summary.ended(found.error)
    }

    /// The chunks to look into: those that a section begins with, and the first that report containers.
    fn choose(&mut self, chunks: &[Chunk]) -> Vec<usize> {
        let reports = |chunk: &Chunk| CONTAINERS.iter().any(|code| chunk.descriptor.count(*code) > 0);
        let (mut chosen, mut searched) = (Vec::new(), 0);
        for (index, chunk) in chunks.iter().enumerate() {
            let is_sought = reports(chunk);
            searched += usize::from(is_sought);
            if is_sought && searched > SEARCHED {
                self.unsearched += 1;
            } else if is_sought || chunk.is_head() {
                chosen.push(index);
            }
        }
        chosen
    }

    /// What the descriptor of a chunk says of losses, apart from the sums.
    fn note_losses(&mut self, chunk: &Chunk) {
        let descriptor = &chunk.descriptor;
        let told = descriptor.count(code::DROP_E).saturating_add(descriptor.count(code::DROP_X));
        if descriptor.dropped > 0 || told > 0 {
            let (from, to, lost) = (descriptor.min_ts, descriptor.max_ts, descriptor.dropped);
            self.gap(Gap { from, to, lost, told });
        }
    }

    fn with_stream(self, capture: &mut Capture) -> Result<Summary, ScanError> {
        let mut collector = Collector { summary: self, counts_events: true };
        let findings = infallible(scan(capture, &Needs::ALL, &mut collector, &|_| ()));
        let mut summary = collector.summary.ended(findings.error)?;
        summary.damage.extend(findings.report.troubles.iter().map(ToString::to_string));
        if let Capture::Stream(reader) = capture {
            summary.read(reader);
        }
        Ok(summary)
    }

    fn read(&mut self, reader: &Reader) {
        self.totals.raw_bytes = reader.statistics().bytes;
        self.totals.sections = reader.statistics().sections;
    }

    /// Damage belongs to the summary; whatever else kept the capture from being read ends it.
    fn ended(mut self, error: Option<ScanError>) -> Result<Summary, ScanError> {
        match error {
            Some(error) if !error.is_damage() => return Err(error),
            error => self.damage.extend(error.map(|error| error.to_string())),
        }
        Ok(self)
    }

    fn gap(&mut self, gap: Gap) {
        if self.gaps.len() < GAPS {
            self.gaps.push(gap);
        }
    }

    /// How many programs were executed.
    pub fn executed(&self) -> u64 {
        let by = |code| self.totals.count(code);
        by(code::SYSCALL_EXECVE_19_X).saturating_add(by(code::SYSCALL_EXECVEAT_X))
    }

    /// Events per type and direction, most frequent first.
    pub fn types(&self) -> Vec<(String, u64)> {
        let mut names = BTreeMap::<String, u64>::new();
        for (code, count) in &self.totals.counts {
            let info = catalogue::event(*code);
            let direction = if code & 1 == 0 { ">" } else { "<" };
            let name =
                info.map_or_else(|| format!("type {code}"), |info| format!("{direction} {}", info.name));
            let total = names.entry(name).or_default();
            *total = total.saturating_add(*count);
        }
        let mut types: Vec<(String, u64)> = names.into_iter().collect();
        types.sort_by(|(name, count), (other, more)| more.cmp(count).then(name.cmp(other)));
        types
    }
}
