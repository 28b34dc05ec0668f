//! The containers that a recording is limited to: the words of the command line enter, with the processes of the host and the
//! descriptions of its container engines; an error leaves if a word means none of the containers that run.

use std::collections::BTreeMap;
use std::time::Duration;

use serde_json::Value;
use tercel_capture::{Engines, processes};
use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::{Block, Event};
use tercel_replay::keep::means_container;
use tercel_replay::state::State;
use tercel_rules::fields::nearest;

use crate::diagnostics::counted;
use crate::exit::Failure;

/// How long container engines are given to name their containers. Only a word that means none of them waits so long.
const PATIENCE: Duration = Duration::from_secs(3);

/// Most containers that a message lists.
const LISTED: usize = 20;

/// Names of containers by their ids; empty names are not known.
type Running = BTreeMap<String, String>;

/// Refuses words that mean no container of this host.
///
/// # Errors
/// There is no such container; the message names those that there are.
pub(super) fn check(wanted: &[String], engines: &Engines) -> Result<(), Failure> {
    let mut running = of_processes(processes());
    if unknown(wanted, &running).is_none() {
        return Ok(());
    }
    engines.describe(PATIENCE, |description| {
        running.extend(named(description));
        unknown(wanted, &running).is_some()
    });
    unknown(wanted, &running).map_or(Ok(()), |word| Err(Failure::usage(message(word, &running))))
}

/// The containers that processes are in, by their cgroups.
fn of_processes(processes: Vec<ProcessRecord>) -> Running {
    let mut state = State::new();
    state.block(&Block::Processes(processes));
    // The state looks for containers once the lists are complete, which the first event says.
    if let Some(event) = Event::new(code::DROP_E, &[], &[]) {
        state.apply(&event);
    }
    let ids = state.threads.iter().map(|slot| text(&state.threads.get(slot).container));
    ids.filter(|id| !id.is_empty() && id != "host").map(|id| (id, String::new())).collect()
}

fn text(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Id and name in a description of a container.
fn named(description: &str) -> Option<(String, String)> {
    let description: Value = serde_json::from_str(description).ok()?;
    let part = |key: &str| description["container"][key].as_str().map(str::to_owned);
    Some((part("id")?, part("name").unwrap_or_default()))
}

/// The first word that means none of the containers.
fn unknown<'w>(wanted: &'w [String], running: &Running) -> Option<&'w str> {
    let is_meant = |word: &str| {
        running.iter().any(|(id, name)| means_container(word.as_bytes(), id.as_bytes(), name.as_bytes()))
    };
    wanted.iter().map(String::as_str).find(|word| !is_meant(word))
}

fn message(word: &str, running: &Running) -> String {
    if running.is_empty() {
        return format!("--container: no container '{word}': no container runs here, or no engine names it");
    }
    let names = running.iter().map(|(id, name)| if name.is_empty() { id } else { name }.as_str());
    let near = nearest(word, names.clone()).map_or(String::new(), |name| format!("; did you mean '{name}'?"));
    let listed: Vec<&str> = names.take(LISTED).collect();
    let more = if running.len() > LISTED { ", …" } else { "" };
    let nameless = running.values().filter(|name| name.is_empty()).count();
    let reason = match nameless {
        0 => String::new(),
        count => format!(
            "\n  no container engine gave the {} of {}: if it does not answer, use the id; if it listens at another socket, name \
             that with --docker or --cri",
            if count == 1 { "name" } else { "names" },
            counted(count as u64, "container"),
        ),
    };
    format!("--container: no container '{word}'{near}\n  running: {}{more}{reason}", listed.join(", "))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn words_that_mean_no_container_are_told_with_the_nearest_name() {
        let running: Running = [("0123456789ab", "web"), ("ffee00000000", "")]
            .map(|(id, name)| (id.to_owned(), name.to_owned()))
            .into();
        let words = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect::<Vec<_>>();
        assert_eq!(unknown(&words(&["web", "0123", "ffee", "0123456789abcdef"]), &running), None);
        assert_eq!(unknown(&words(&["web", "wbe", "x"]), &running), Some("wbe"));
        let reason = "  no container engine gave the name of 1 container: if it does not answer, use the id; if it listens at another \
                      socket, name that with --docker or --cri";
        assert_eq!(
            message("wbe", &running),
            format!(
                "--container: no container 'wbe'; did you mean 'web'?\n  running: web, ffee00000000\n{reason}"
            )
        );
        let running: Running = [("0123456789ab".to_owned(), "web".to_owned())].into();
        assert_eq!(message("db", &running), "--container: no container 'db'\n  running: web");
        assert!(message("db", &Running::new()).contains("no container runs here"));
    }

    #[test]
    fn cgroups_show_ids_without_an_engine() {
        let process = |pid: i64, cgroup: &str| ProcessRecord {
            tid: pid,
            pid,
            ptid: 1,
            cgroups: format!("cpuset={cgroup}\0").into_bytes(),
            ..ProcessRecord::default()
        };
        let id = "0123456789ab".to_owned() + &"c".repeat(52);
        let running = of_processes(vec![process(2, "/"), process(3, &format!("/docker/{id}"))]);
        assert_eq!(running, [("0123456789ab".to_owned(), String::new())].into());
    }

    #[test]
    fn descriptions_have_ids_and_names() {
        let named = |text: &str| named(text);
        let pair = |id: &str, name: &str| Some((id.to_owned(), name.to_owned()));
        assert_eq!(named(r#"{"container":{"id":"aa","name":"web"}}"#), pair("aa", "web"));
        assert_eq!(named(r#"{"container":{"id":"aa"}}"#), pair("aa", ""));
        assert_eq!(named(r#"{"container":[1]}"#), None);
        assert_eq!(named("no JSON"), None);
    }
}
