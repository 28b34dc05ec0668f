//! `tercel fleet`: captures and rules enter, a plan leaves ([`plan`]); a shard of it is run ([`run`]); the alerts of all shards become one
//! stream ([`merge`]). Who runs shards, and where, is not known here.

mod days;
pub mod merge;
pub mod plan;
pub mod run;
mod skew;
mod summary;

use std::fs::File;
use std::io::Read;
use std::path::Path;

use tercel_format::Capture;
use tercel_replay::state::STATE_VERSION;
use tercel_replay::{Options, Point, Window};
use tercel_rules::load::Loader;
use tercel_rules::program::Program;
use tercel_shards::{Directory, Engine, Place, Plan};

use crate::exit::Failure;
use crate::inputs::Input;
use crate::intent::Judge;
use crate::window::{self, Edge};
use crate::{cli, rules};

/// A plan that is read, and what it says of judging.
struct Ready {
    plan: Plan,
    judge: Judge,
    program: Program,
    options: Options,
}

/// What this program is.
fn engine() -> Engine {
    Engine { tercel: env!("CARGO_PKG_VERSION").to_owned(), state: STATE_VERSION }
}

/// Most bytes of a plan: more than half a million files.
const LONGEST: u64 = 256 << 20;

/// Reads a plan.
fn read(path: &Path) -> Result<Plan, Failure> {
    let name = path.display();
    let mut bytes = Vec::new();
    File::open(path)
        .and_then(|file| file.take(LONGEST + 1).read_to_end(&mut bytes))
        .map_err(|error| Failure::io(format!("{name}: {error}")))?;
    if bytes.len() as u64 > LONGEST {
        return Err(Failure::usage(format!("{name}: more than {} MiB", LONGEST >> 20)));
    }
    Plan::read(&bytes).map_err(|reason| Failure::usage(format!("{name}: {reason}")))
}

impl Ready {
    /// Reads a plan of this program, and its rules.
    fn read(path: &Path) -> Result<Ready, Failure> {
        let plan = read(path)?;
        let name = path.display();
        let here = engine();
        if plan.engine != here {
            let Engine { tercel, state } = &plan.engine;
            return Err(Failure::usage(format!(
                "{name}: made by tercel {tercel} (state {state}), and this is tercel {} (state {}): alerts could differ; make a new \
                 plan",
                here.tercel, here.state
            )));
        }
        let judge = cli::fleet_judge(&plan.settings)?;
        let program = program(&plan, &judge)?;
        let window =
            window_of(&plan.window).ok_or_else(|| Failure::usage(format!("{name}: invalid window")))?;
        let options = options(&judge, window);
        Ok(Ready { plan, judge, program, options })
    }
}

/// The program of a plan's rules. It is the one that was planned.
fn program(plan: &Plan, judge: &Judge) -> Result<Program, Failure> {
    let mut loader = Loader::new(judge.rules.options.clone());
    for file in &plan.rules {
        if !loader.bytes(&file.name, file.text.as_bytes()).successful() {
            break;
        }
    }
    let program = rules::program(loader.finish(), true, false)?;
    let is_planned =
        program.rules.iter().map(|rule| &rule.name).eq(plan.program.iter().map(|rule| &rule.name));
    if is_planned {
        Ok(program)
    } else {
        Err(Failure::usage("the rules of the plan are not those that it lists"))
    }
}

/// How to evaluate.
fn options(judge: &Judge, window: Window) -> Options {
    Options {
        matching: judge.matching,
        from: window.from,
        to: window.to,
        settings: judge.style.settings,
        ..Options::default()
    }
}

/// A window as words.
fn words_of(window: Window) -> Vec<String> {
    let text = |point: Point| match point {
        Point::Absolute(ns) => jiff::Timestamp::from_nanosecond(i128::from(ns))
            .map_or_else(|_| ns.to_string(), |time| time.to_string()),
        Point::Relative(ns) => format!("+{ns}ns"),
        Point::Event(number) => format!("#{number}"),
    };
    let edges = [("--from", window.from), ("--to", window.to)];
    edges.into_iter().filter_map(|(flag, point)| Some([flag.to_owned(), text(point?)])).flatten().collect()
}

/// The window of words; `None` if they are not one.
fn window_of(words: &[String]) -> Option<Window> {
    let mut found = Window::default();
    for pair in words.chunks(2) {
        let [flag, text] = pair else { return None };
        let Ok(Edge::At(point)) = window::edge(text) else { return None };
        match flag.as_str() {
            "--from" => found.from = Some(point),
            "--to" => found.to = Some(point),
            _ => return None,
        }
    }
    Some(found)
}

/// Where outputs are.
fn place(name: &str) -> Box<dyn Place> {
    Box::new(Directory::new(name.strip_prefix("file://").unwrap_or(name)))
}

/// What identifies the content of a capture: the seal of a trace, or the hash of everything.
fn identity(input: &Input, capture: &Capture) -> Result<String, Failure> {
    if let Capture::Native(trace) = capture
        && let Some(seal) = trace.seal()
        && trace.without_index().is_none()
    {
        return Ok(format!("seal:{}", blake3::Hash::from(*seal).to_hex()));
    }
    let Input::File(path) = input else { return Err(Failure::usage("standard input has no name")) };
    let mut hasher = blake3::Hasher::new();
    let file = File::open(path).and_then(|file| hasher.update_reader(file).map(|_| ()));
    file.map_err(|error| Failure::io(format!("{}: {error}", path.display())))?;
    Ok(format!("blake3:{}", hasher.finalize().to_hex()))
}

/// The names of the outputs of a shard: its status and its alerts.
fn outputs(shard: &str) -> (String, String) {
    (format!("_fleet/{shard}.json"), format!("_fleet/{shard}.alerts"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_window_comes_back_from_its_words() {
        for (from, to) in [
            (None, None),
            (Some(Point::Absolute(1_795_438_875_500_000_001)), None),
            (Some(Point::Absolute(7)), Some(Point::Absolute(4_000_000_000_000_000_000))),
            (Some(Point::Relative(1_500)), Some(Point::Event(12))),
        ] {
            let window = Window { from, to };
            assert_eq!(window_of(&words_of(window)), Some(window), "{:?}", words_of(window));
        }
        assert_eq!(window_of(&["--from".to_owned()]), None);
        assert_eq!(window_of(&["--at".to_owned(), "#1".to_owned()]), None);
    }
}
