//! Rules that change under way: broken ones, good ones, ones that vanish. Files that are rotated.

use std::fs;
use std::path::Path;

use super::host::{Live, Place, lines, marked, shell, wait};

fn rules(name: &str) -> String {
    format!(
        "- rule: Marked\n  desc: x\n  condition: evt.type in (open, openat) and fd.name startswith {}\n  output: {name} %fd.name\n  priority: INFO\n",
        marked()
    )
}

/// Makes an event that the rule matches, and waits for the alert.
fn mark(out: &Path, number: u32, expected: &str) {
    let path = format!("{}{number}", marked());
    shell(&format!("cat {path} 2>/dev/null; true"));
    let expected = format!("Informational {expected} {path}");
    wait(&expected, || lines(out).iter().any(|line| line.ends_with(&expected)));
}

#[test]
fn rules_are_loaded_anew_by_signal_and_by_change() {
    let Some(place) = Place::new("reload") else { return };
    let (out, file) = (place.path("out"), place.file("rules.yaml", &rules("old")));
    let mut live =
        Live::start(&place, &out, &["-r", file.to_str().expect("a path"), "-o", "watch_config_files=false"]);
    mark(&out, 1, "old");
    fs::write(&file, "- rule: Marked\n  condition: evt.tpye = open\n").expect("a file");
    live.signal("HUP");
    live.until("the old ones stay");
    assert!(live.errors().contains("rules.yaml:1:3"), "{}", live.errors());
    mark(&out, 2, "old");
    fs::write(&file, rules("new")).expect("a file");
    live.signal("HUP");
    live.until("rules reloaded");
    mark(&out, 3, "new");
    fs::remove_file(&file).expect("a file");
    live.signal("HUP");
    live.until("No such file");
    mark(&out, 4, "new");
    live.stop();
    assert_eq!(lines(&out).len(), 4);
}

#[test]
fn changed_files_are_noticed() {
    let Some(place) = Place::new("watch") else { return };
    let (out, file) = (place.path("out"), place.file("rules.yaml", &rules("old")));
    let mut live = Live::start(&place, &out, &["-r", file.to_str().expect("a path")]);
    mark(&out, 1, "old");
    fs::write(&file, rules("newer")).expect("a file");
    live.until("rules reloaded");
    mark(&out, 2, "newer");
    live.stop();
}

#[test]
fn a_changed_configuration_holds_at_once() {
    let Some(place) = Place::new("configuration") else { return };
    let (out, rules) = (place.path("out"), place.file("rules.yaml", &rules("mark")));
    let settings = |name: &str, more: &str| {
        let (rules, file) = (rules.display(), place.path(name));
        let text = format!(
            "rules_files: [{rules}]\nfile_output:\n  enabled: true\n  filename: {}\n{more}",
            file.display()
        );
        place.file("tercel.yaml", &text)
    };
    let file = settings("one", "");
    let mut live = Live::configured(&place, &out, &file, &[]);
    mark(&place.path("one"), 1, "mark");
    settings("one", "priority: loud\n");
    live.until("tercel.yaml:5:11: priority must be one of");
    live.until("the old ones stay");
    mark(&place.path("one"), 2, "mark");
    let before = fs::read(&rules).expect("rules");
    settings("rules.yaml", "");
    live.until("the output would overwrite the input");
    mark(&place.path("one"), 5, "mark");
    assert!(fs::read(&rules).expect("rules") == before);
    settings("two", "json_output: true\nwebserver:\n  enabled: true\n  listen_address: 127.0.0.1\n");
    live.until("webserver: the change takes effect at the next start");
    live.until("rules reloaded: 1 rule");
    shell(&format!("cat {}3 2>/dev/null; true", marked()));
    wait("a line in the new file", || lines(&place.path("two")).len() == 1);
    assert!(lines(&place.path("two"))[0].contains(&format!("\"fd.name\":\"{}3\"", marked())));
    // The signal does the same.
    settings("three", "watch_config_files: false\n");
    live.signal("HUP");
    wait("the second load", || live.errors().matches("rules reloaded").count() == 2);
    mark(&place.path("three"), 4, "mark");
    live.stop();
    assert_eq!((lines(&place.path("one")).len(), lines(&place.path("two")).len()), (3, 1));
}

#[test]
fn a_local_file_is_loaded_when_it_comes() {
    let Some(place) = Place::new("local") else { return };
    let (rules_file, local) = (place.file("rules.yaml", &rules("mark")), place.path("rules.local.yaml"));
    let text = format!("rules_files: [{}, {}]\n", rules_file.display(), local.display());
    let configuration = place.file("tercel.yaml", &text);
    let mut live = Live::configured(&place, &place.path("out"), &configuration, &[]);
    place.file("rules.local.yaml", &rules("mark").replace("rule: ", "rule: local "));
    live.until("rules reloaded: 2 rules");
}

#[test]
fn files_are_opened_anew_for_rotation() {
    let Some(place) = Place::new("rotate") else { return };
    let (file, rules) = (place.path("alerts"), place.file("rules.yaml", &rules("mark")));
    let name = format!("file_output.filename={}", file.display());
    let out = place.path("out");
    let arguments = [
        "-r",
        rules.to_str().expect("a path"),
        "-o",
        "file_output.enabled=true",
        "-o",
        "file_output.keep_alive=true",
        "-o",
        &name,
    ];
    let mut live = Live::start(&place, &out, &arguments);
    mark(&file, 1, "mark");
    fs::rename(&file, place.path("alerts.1")).expect("a rename");
    live.signal("USR1");
    live.until("outputs are reopened");
    mark(&file, 2, "mark");
    live.stop();
    assert_eq!((lines(&place.path("alerts.1")).len(), lines(&file).len()), (1, 1));
}
