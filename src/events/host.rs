//! Events of this host as they happen: the probe is started, its blocks go to the printer.

use std::io::Write;
use std::time::Instant;

use tercel_capture::{Engines, Options, Source};
use tercel_format::{LiveSource, Polled};
use tercel_replay::scan::Visitor;

use super::Printer;
use crate::diagnostics;
use crate::each_event::EachEvent;
use crate::exit::Failure;
use crate::intent::OfHost;
use crate::snaplen;
use crate::stop;

/// Bytes of the ring of each CPU.
const RING: u32 = 16 << 20;

/// Blocks between two looks at the clock.
const BATCH: u32 = 1 << 12;

/// Prints events until a limit, a signal or a closed output.
pub fn run(host: &OfHost, quiet: bool, events: &mut EachEvent<Printer>) -> Result<(), Failure> {
    let (snaplen, warning) = snaplen::within_limit("-s", host.snaplen);
    warning.iter().filter(|_| !quiet).for_each(|warning| eprintln!("warning: {warning}"));
    let options = Options { snaplen, ring: RING, ..Options::default() };
    let stopper = stop::watch().map_err(Failure::io)?;
    let mut source = Source::start(&options, &Engines::and(&[], &[]), stopper).map_err(Failure::io)?;
    let end = host.duration.and_then(|duration| Instant::now().checked_add(duration));
    let mut batch = 0;
    loop {
        let is_idle = match source.poll() {
            Polled::Block(block) => {
                if !events.block(&block)? {
                    break;
                }
                batch += 1;
                if batch < BATCH {
                    continue;
                }
                false
            }
            Polled::Idle => true,
            Polled::End => break,
        };
        batch = 0;
        if end.is_some_and(|end| Instant::now() >= end) {
            source.stop();
        }
        if is_idle {
            if events.0.out.flush().is_err() {
                break;
            }
            source.wait();
        }
    }
    let lost = source.drops().unintended();
    if lost > 0 && !quiet {
        eprintln!("warning: {} lost", diagnostics::events(lost));
    }
    Ok(())
}
