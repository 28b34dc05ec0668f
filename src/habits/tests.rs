//! Words as Falco's and sysdig's users type them.

use super::*;

/// A host where neither program is installed.
const NOTHING: Defaults<'_> = Defaults { falco_yaml: "/no/such/falco.yaml", rules: &[&["/no/such/rules"]] };

fn translated(line: &str) -> Result<String, String> {
    let words = line.split(' ').map(OsString::from).collect();
    let words = with_defaults(words, &NOTHING).map_err(|failure| failure.message)?;
    let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
    Ok(words.join(" "))
}

#[test]
fn flags_of_falco_are_taken() {
    for (typed, expected) in [
        ("tercel live -r a -L", "tercel rules list a"),
        ("tercel live -r a -o json_output=true -L", "tercel rules list --json a"),
        ("tercel live -r a -l Name", "tercel rules list --rule Name a"),
        ("tercel live --option json_output=true", "tercel live -o json_output=true"),
        ("tercel live --print=container", "tercel live -o append_output[].suggested_output=true"),
        ("tercel live -V a.yaml -V b.yaml", "tercel rules check a.yaml b.yaml"),
        ("tercel -V bad.yaml", "tercel rules check bad.yaml"),
        ("tercel live --validate a.yaml b.yaml", "tercel rules check a.yaml b.yaml"),
        ("tercel live --list", "tercel fields"),
        ("falco --list syscall", "falco fields"),
        ("tercel live --list-events", "tercel events --list"),
        ("tercel live --dry-run -c f -o a=b", "tercel config check f -o a=b"),
        ("tercel live --support -r x", "tercel config check -o rules_files=[] -o rules_files[]=x"),
        ("falco -U -r x -M 5", "falco live -r x -M 5"),
        ("/usr/bin/falco -A", "/usr/bin/falco live -o base_syscalls.all=true"),
        ("falco -b", "falco live -o buffer_format_base64=true"),
        ("tercel live -pc", "tercel live -o append_output[].suggested_output=true"),
        ("tercel live -p %proc.pid", "tercel live -o append_output[].extra_output=%proc.pid"),
        ("tercel live -p error", "tercel live -p error"),
        ("tercel live --enable-source syscall", "tercel live"),
        ("tercel live --disable-source k8s_audit", "tercel live"),
        ("tercel live -s 200 -r x", "tercel live -s 200 -r x"),
        ("tercel live -S 200", "tercel live -s 200"),
        ("falco --snaplen=200", "falco live -s 200"),
        ("falco -vLra", "falco rules list a"),
        (
            "falco -r a -e x.scap",
            "falco live -r a -o engine.kind=replay -o engine.replay.capture_file=x.scap",
        ),
        ("falco -vex", "falco live -v -o engine.kind=replay -o engine.replay.capture_file=x"),
        (
            "tercel live -c f -e x --dry-run",
            "tercel config check f -o engine.kind=replay -o engine.replay.capture_file=x",
        ),
        ("falco -ra -Upc", "falco live -r a -o append_output[].suggested_output=true"),
        ("falco --rules=a -L", "falco rules list a"),
        ("falco --validate=a", "falco rules check a"),
        ("falco --list=syscall", "falco fields"),
        ("falco --list-syscall-events", "falco events --list"),
        ("falco --enable-source=syscall --modern-bpf --disable-cri-async", "falco live"),
        ("falco -r a --version", "falco --version"),
        ("tercel live -xyz --json=1", "tercel live -xyz --json=1"),
        ("tercel live -- -L", "tercel live -- -L"),
        ("falco --version", "falco --version"),
        ("tercel -V", "tercel -V"),
        ("tercel replay -r x -L", "tercel replay -r x -L"),
    ] {
        assert_eq!(translated(typed).as_deref(), Ok(expected), "{typed}");
    }
}

#[test]
fn flags_without_a_meaning_name_what_to_use() {
    for (typed, expected) in [
        ("tercel live -P /run/x", "systemd"),
        ("falco --pidfile=/run/x", "systemd"),
        ("falco --list k8s_audit", "plugins cannot be loaded"),
        ("falco --disable-source=syscall", "plugins cannot be loaded"),
        ("falco --gvisor-config=x", "gVisor"),
        ("falco --nodriver", "-e FILE"),
        ("falco -e", "name the capture"),
        ("falco --stats-interval=5", "metrics.interval"),
        ("falco -N", "tercel fields"),
        ("falco -i", "tercel events --list"),
        ("falco -s stats.json", "webserver.prometheus_metrics_enabled"),
        ("falco --enable-source k8s_audit", "plugins cannot be loaded"),
        ("falco -V", "name the rule files"),
        ("falco -L", "no rules: name them with -r"),
        ("tercel events -r x.scap -c topfiles_bytes", "tercel top --by file x.scap"),
        ("tercel -c lsof -r x.scap", "tercel fds x.scap"),
        ("tercel events -i spy_users", "tercel users TRACE"),
        ("tercel events x.scap -S", "tercel info TRACE"),
        ("tercel events -cl", "tercel table"),
        ("tercel events -r x.scap -w y.scap", "tercel slice TRACE FILTER -w FILE"),
        ("tercel events -td -r x.scap", "-t D"),
        ("tercel events x.scap -pm", "mesos"),
        ("tercel events x.scap -pp", "%evt.outputtime"),
        ("tercel record -e 1000 -w x", "-C"),
        ("tercel events \u{2013}r x.scap", "typographic"),
    ] {
        let message = translated(typed).expect_err(typed);
        assert!(message.contains(expected), "{typed}: {message}");
    }
}

#[test]
fn falcos_own_configuration_is_the_default_of_a_link_of_its_name() {
    let file = std::env::temp_dir().join(format!("tercel-habits-{}.yaml", std::process::id()));
    std::fs::write(&file, "json_output: true\n").expect("a file");
    let name = file.display();
    for (typed, expected) in [
        ("falco -U", format!("falco live -c {name}")),
        ("falco -c other.yaml", "falco live -c other.yaml".to_owned()),
        ("falco --dry-run", format!("falco config check {name}")),
        ("falco -r a -L", "falco rules list --json a".to_owned()),
        ("tercel live -U", "tercel live".to_owned()),
    ] {
        let words = typed.split(' ').map(OsString::from).collect();
        let words =
            with_defaults(words, &Defaults { falco_yaml: &file.to_string_lossy(), ..NOTHING }).expect(typed);
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(words.join(" "), expected, "{typed}");
    }
    std::fs::remove_file(&file).expect("a file");
}

#[test]
fn questions_about_rules_default_to_the_installed_rules() {
    let directory = std::env::temp_dir().join(format!("tercel-habits-rules-{}", std::process::id()));
    std::fs::create_dir_all(directory.join("rules.d")).expect("a directory");
    let rules = directory.join("rules.d").display().to_string();
    let defaults = Defaults { rules: &[&["/no/such/rules"], &["/no/such/file", &rules]], ..NOTHING };
    for (typed, expected) in
        [("falco -L", "falco rules list"), ("tercel live -l A", "tercel rules list --rule A")]
    {
        let words = typed.split(' ').map(OsString::from).collect();
        let words = with_defaults(words, &defaults).expect(typed);
        let words: Vec<String> = words.iter().map(|word| word.to_string_lossy().into_owned()).collect();
        assert_eq!(words.join(" "), format!("{expected} {rules}"));
    }
    std::fs::remove_dir_all(&directory).expect("a directory");
}

/// Every flag of Falco 0.44 and of older versions, as it is typed.
const FLAGS: &[&str] = &[
    "-A",
    "-D x",
    "-K x",
    "-S 80",
    "--snaplen 80",
    "--disable-cri-async",
    "--modern-bpf",
    "--nodriver",
    "-g",
    "--gvisor-config x",
    "-u",
    "--userspace",
    "--stats-interval 5",
    "--list-syscall-events",
    "--k8s-node x",
    "--mesos-api x",
    "-L -r rules",
    "-M 1",
    "-N",
    "-P x",
    "--pidfile x",
    "-T x",
    "-U",
    "--unbuffered",
    "-V x",
    "--validate x",
    "-b",
    "--print-base64",
    "-c x",
    "--config-schema",
    "-d",
    "--daemon",
    "--disable-source x",
    "--dry-run",
    "-e x",
    "--enable-source syscall",
    "--format json",
    "-i",
    "-k x",
    "-l x -r rules",
    "--list",
    "--list-events",
    "--list-plugins",
    "-m x",
    "--markdown",
    "-o a=b",
    "--option a=b",
    "-p %evt.num",
    "--print c",
    "-pc",
    "-pk",
    "--page-size",
    "--plugin-info x",
    "-r x",
    "--rule-schema",
    "-s x",
    "--support",
    "-t x",
    "-v",
];

/// Each flag is handled as docs/from-falco.md says; accepted ones are known to the command line.
#[test]
fn the_page_for_falcos_users_lists_every_flag() {
    let page = include_str!("../../docs/from-falco.md");
    let table = page.split("## ").find(|part| part.starts_with("Flags")).expect("a table");
    for typed in FLAGS {
        let flag = typed.split(' ').next().expect("a flag");
        let names = |line: &&str| {
            let row = line.strip_prefix("| ").and_then(|line| line.split(" | ").next()).unwrap_or_default();
            row.split(['`', ' ', ',']).any(|word| word == flag)
        };
        // The meaning of `-s` and `--enable-source` depends on what follows.
        let rows: Vec<&str> = table.lines().filter(names).collect();
        assert!(!rows.is_empty(), "{flag} is not in docs/from-falco.md");
        let words = translated(&format!("falco {typed}"));
        let is_refused = words.is_err();
        assert!(
            rows.iter().any(|row| row.contains("| refused") == is_refused),
            "{typed}: {rows:?} {words:?}"
        );
        let Ok(words) = words else { continue };
        let parsed = crate::cli::command().try_get_matches_from(words.split(' '));
        assert!(parsed.is_ok(), "{typed}: {words}: {:?}", parsed.err());
    }
}

#[test]
fn captures_of_sysdig_stand_before_the_filter() {
    let words = translated("tercel events proc.name=cat -r a.scap -j");
    assert_eq!(words.as_deref(), Ok("tercel events a.scap proc.name=cat -j"));
    for (typed, expected) in [
        ("tercel -r a.scap -n 5", "tercel events a.scap -n 5"),
        ("sysdig -zr a.scap fd.num=1", "sysdig events a.scap fd.num=1"),
        ("sysdig proc.name=cat", "sysdig events --live proc.name=cat"),
        ("sysdig -l", "sysdig fields"),
        ("tercel events -F -z a.scap -th", "tercel events a.scap"),
        (
            "tercel events a.scap -t a",
            "tercel events a.scap -p *%evt.num %evt.rawtime.s.%evt.rawtime.ns %evt.cpu %proc.name (%thread.tid) %evt.dir \
             %evt.type %evt.info",
        ),
        ("tercel record -z -F -w a -- sh -z", "tercel record -w a -- sh -z"),
    ] {
        assert_eq!(translated(typed).as_deref(), Ok(expected), "{typed}");
    }
}
