//! Rows that come while captures are read: a scan runs on threads of its own and sends them, a cursor takes them. A cursor that wants no more
//! ends the scan.

use std::io;
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::thread::JoinHandle;

use tercel_analysis::events::{EventField, EventRow, Events};
use tercel_replay::scan::Threads;
use tercel_rules::program::Program;

use crate::source::Source;
use crate::span::Bounds;

/// Rows of the capture of this index.
type Batch = (usize, Vec<EventRow>);

/// Which events a query wants, and what of them.
pub(crate) struct Query {
    pub(crate) bounds: Bounds,
    /// Their type is one of these.
    pub(crate) types: Option<Vec<String>>,
    pub(crate) filter: Option<Program>,
    pub(crate) fields: Vec<EventField>,
}

/// Batches of rows that wait to be taken.
const WAITING: usize = 4;

/// Rows of events.
pub(crate) struct Stream {
    batches: Option<Receiver<io::Result<Batch>>>,
    thread: Option<JoinHandle<()>>,
    /// Rows of the current batch, the next one last.
    batch: Vec<EventRow>,
    /// The capture that they are from.
    pub(crate) file: usize,
}

impl Stream {
    /// Starts reading the captures of a source.
    pub(crate) fn start(source: &Arc<Source>, query: Query) -> io::Result<Stream> {
        let (sender, batches) = sync_channel(WAITING);
        let source = Arc::clone(source);
        let thread = std::thread::Builder::new().name("events".to_owned()).spawn(move || {
            if let Err(error) = read(&source, &query, &sender) {
                // Without a cursor nobody wants to know.
                let _ = sender.send(Err(error));
            }
        })?;
        Ok(Stream { batches: Some(batches), thread: Some(thread), batch: Vec::new(), file: 0 })
    }

    /// The next row.
    pub(crate) fn next(&mut self) -> io::Result<Option<EventRow>> {
        while self.batch.is_empty() {
            let Some(Ok(batch)) = self.batches.as_ref().map(Receiver::recv) else { return Ok(None) };
            (self.file, self.batch) = batch?;
            self.batch.reverse();
        }
        Ok(self.batch.pop())
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.batches = None;
        self.thread.take().map(JoinHandle::join);
    }
}

fn read(source: &Source, query: &Query, sender: &SyncSender<io::Result<Batch>>) -> io::Result<()> {
    let events = Events::new(query.bounds.window(), query.filter.as_ref(), query.fields.clone());
    let events = match &query.types {
        Some(types) => events.of_types(types),
        None => events,
    };
    for (file, name) in source.names.iter().enumerate() {
        let capture = (source.open)(file)?;
        let mut send = |rows| sender.send(Ok((file, rows))).map_err(|_| io::ErrorKind::BrokenPipe.into());
        match events.ask(capture, Threads::new(source.threads), &|_| (), &mut send) {
            Err(error) if error.kind() == io::ErrorKind::BrokenPipe => return Ok(()),
            read => {
                let read = read?;
                (source.ended)(name, &read.report, read.error.as_ref());
            }
        }
    }
    Ok(())
}
