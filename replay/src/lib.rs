//! Replay: decoded blocks and a compiled program enter, alerts leave. Holds the state of threads and fds, finds the
//! values of fields and evaluates conditions. Knows nothing of the kernel, of files on disk or of the command line.
//!
//! Three doors lead in. [`scan`] takes whole captures, one or many, on one thread or several: [`Alerts`] is the question
//! that gives alert lines. [`Replay`] and [`Group`] take block after block, for sources that cannot be scanned, and for
//! several programs at once. [`state`] and [`fields`] are for those who look at events themselves.
//!
//! A condition over the blocks of any source:
//!
//! ```
//! use tercel_format::catalogue::code;
//! use tercel_format::{Block, Event};
//! use tercel_replay::{Alert, Options, Replay, Sink};
//!
//! /// The numbers of the events that gave alerts.
//! struct Numbers(Vec<u64>);
//!
//! impl Sink for Numbers {
//!     fn alert(&mut self, alert: &Alert<'_>) -> std::io::Result<()> {
//!         self.0.push(alert.context.event.num);
//!         Ok(())
//!     }
//! }
//!
//! let program = tercel_rules::filter::filter("evt.type = getcwd and evt.num > 1")?;
//! let mut replay = Replay::new(&program, None, Options::default());
//! let mut numbers = Numbers(Vec::new());
//! for num in 1..=3 {
//!     let mut event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
//!     event.num = num;
//!     replay.block(&Block::Event(event), &mut numbers)?;
//! }
//! assert_eq!(numbers.0, [2, 3]);
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
//!
//! An event that matched, as a line of one's own:
//!
//! ```
//! use tercel_format::Event;
//! use tercel_format::catalogue::code;
//! use tercel_replay::fields::{Scratch, render_text};
//! use tercel_replay::state::State;
//! use tercel_replay::{Context, Settings};
//! use tercel_rules::output::{Piece, Template};
//!
//! let mut state = State::new();
//! let event = Event::new(code::SYSCALL_GETCWD_E, &[], &[]).expect("a known code");
//! let facts = state.apply(&event).expect("an event that is shown");
//! let context = Context { state: &state, event: &event, facts: &facts };
//! let (mut line, mut scratch) = (Vec::new(), Scratch::new(Settings::default()));
//! for piece in &Template::parse("%evt.type %evt.dir")?.pieces {
//!     match piece {
//!         Piece::Text(text) => line.extend_from_slice(text),
//!         Piece::Value { operand, .. } => render_text(&context, operand, &mut line, &mut scratch),
//!     }
//! }
//! assert_eq!(line, b"getcwd >");
//! # Ok::<(), Box<dyn std::error::Error>>(())
//! ```
#![forbid(unsafe_code)]

pub mod state;

pub mod fields;

mod eval;

mod alert;

mod window;

pub mod flight;

pub mod scan;

pub mod keep;

mod engine;

pub mod correlate;

mod alerts;

mod merged;

mod one;

mod keyed;

pub use alert::{
    Alert, Finding, Formatter, JsonSchema, Origin, Style, Values, push_kernel_paths, push_message, put,
};
pub use alerts::{AlertLines, Alerts};
pub use engine::{
    Counters, Filter, Group, GroupVisitor, Member, Options, Prepared, Replay, ReplayError, Sink,
};
pub use eval::{
    CheckCost, CodeCost, Cost, Costs, Matcher, Matching, Memory, Profile, RuleCost, depends_on_order,
};
pub use fields::{Buffers, Context, Paths, Settings};
pub use keyed::KeyedWriter;
pub use tercel_format::BlockSource;
pub use window::{Point, Position, Window};
