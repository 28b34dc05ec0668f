//! What else a recording depends on: container engines, the clock, memory for the rings.

use std::io::ErrorKind;
use std::os::unix::net::UnixStream;
use std::path::PathBuf;

use crate::clock;
use crate::containers::Engines;
use crate::doctor::{Finding, Host};
use crate::kernel::cpus;
use crate::options::Options;

/// Clocks that are read without leaving the CPU for long (kernel, drivers/clocksource and arch/x86/kernel).
const CHEAP: [&str; 5] = ["tsc", "kvm-clock", "hyperv_clocksource_tsc_page", "xen", "arch_sys_counter"];

pub(super) fn findings(host: &Host, engines: &Engines) -> Vec<Finding> {
    vec![
        container_engines(engines),
        clock_source(host),
        clock_accuracy(clock::is_synchronized()),
        memory(host, cpus().unwrap_or(1)),
    ]
}

fn container_engines(engines: &Engines) -> Finding {
    const SUBJECT: &str = "container engines";
    let (mut answering, mut refusing) = (Vec::new(), Vec::new());
    for path in sockets(engines) {
        match UnixStream::connect(&path) {
            Ok(_) => answering.push(path.display().to_string()),
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => refusing.push(format!("{}: {error}", path.display())),
        }
    }
    if !refusing.is_empty() {
        return Finding::limited(
            SUBJECT,
            refusing.join("; "),
            "names, images, labels and pods of its containers, unless they are found on the disk",
            "start the engine, and run as root or as a member of the group that owns its socket",
        );
    }
    if answering.is_empty() {
        let found =
            "no socket found; containers are known by their ids (--docker and --cri name other sockets)";
        return Finding::good(SUBJECT, found);
    }
    Finding::good(SUBJECT, answering.join(", "))
}

/// The sockets, each once: /var/run is a link to /run.
fn sockets(engines: &Engines) -> Vec<PathBuf> {
    let mut sockets: Vec<PathBuf> = Vec::new();
    for path in engines.docker.iter().chain(&engines.cri) {
        let path = path.canonicalize().unwrap_or_else(|_| path.clone());
        if !sockets.contains(&path) {
            sockets.push(path);
        }
    }
    sockets
}

fn clock_source(host: &Host) -> Finding {
    const SUBJECT: &str = "clock source";
    let directory = "sys/devices/system/clocksource/clocksource0";
    let read = |name: &str| host.text(&format!("{directory}/{name}")).unwrap_or_default();
    let current = read("current_clocksource");
    if current.is_empty() || CHEAP.contains(&current.as_str()) {
        return Finding::good(SUBJECT, if current.is_empty() { "not known".to_owned() } else { current });
    }
    let available = read("available_clocksource");
    let better = CHEAP.iter().find(|name| available.split_whitespace().any(|other| other == **name));
    let remedy = match better {
        Some(name) => format!("echo {name} > /{directory}/current_clocksource"),
        None => "none: this machine has no faster clock".to_owned(),
    };
    Finding::limited(
        SUBJECT,
        current,
        "nothing, but every event costs more: this clock is slow to read",
        &remedy,
    )
}

fn clock_accuracy(synchronized: Option<bool>) -> Finding {
    const SUBJECT: &str = "clock";
    match synchronized {
        Some(true) => Finding::good(SUBJECT, "synchronized"),
        None => Finding::good(SUBJECT, "not known whether it is synchronized"),
        Some(false) => Finding::limited(
            SUBJECT,
            "not synchronized",
            "exact times: those of several hosts cannot be compared",
            "timedatectl set-ntp true, or start chronyd or ntpd",
        ),
    }
}

fn memory(host: &Host, cpus: u32) -> Finding {
    const SUBJECT: &str = "memory";
    let rings = u64::from(Options::default().ring) * u64::from(cpus);
    let text = host.text("proc/meminfo").unwrap_or_default();
    let available = text.lines().find_map(|line| {
        let kib: u64 = line.strip_prefix("MemAvailable:")?.trim().strip_suffix(" kB")?.parse().ok()?;
        Some(kib << 10)
    });
    let available = available.unwrap_or(u64::MAX);
    let mib = |bytes: u64| bytes >> 20;
    let found = match available {
        u64::MAX => format!("{} MiB for the rings of {cpus} CPUs", mib(rings)),
        _ => format!("{} MiB for the rings of {cpus} CPUs, of {} MiB available", mib(rings), mib(available)),
    };
    if rings > available / 4 {
        let missing = "nothing, but the rings take more than a quarter of what is available";
        return Finding::limited(SUBJECT, found, missing, "record with smaller rings: --buffer 1MiB");
    }
    Finding::good(SUBJECT, found)
}

#[cfg(test)]
mod tests {
    use std::os::unix::net::UnixListener;

    use super::super::State::{self, Good, Limited};
    use super::super::tests::host;
    use super::*;

    #[test]
    fn engines_that_listen_or_do_not() {
        let (place, _) = host("doctor-engines", &[]);
        let only = |docker: PathBuf| Engines { docker: vec![docker], cri: Vec::new(), first: || () };
        let (missing, dead, alive) =
            (place.path("missing.sock"), place.path("dead.sock"), place.path("alive.sock"));
        drop(UnixListener::bind(&dead).expect("a socket"));
        let _listener = UnixListener::bind(&alive).expect("a socket");
        for (path, state, found) in [
            (missing, Good, "no socket found"),
            (dead, Limited, "dead.sock: Connection refused"),
            (alive, Good, "alive.sock"),
        ] {
            let finding = container_engines(&only(path));
            assert_eq!(finding.state, state, "{finding:?}");
            assert!(finding.found.contains(found), "{finding:?}");
        }
    }

    #[test]
    fn clocks() {
        let directory = "sys/devices/system/clocksource/clocksource0";
        let (current, available) =
            (format!("{directory}/current_clocksource"), format!("{directory}/available_clocksource"));
        for (now, all, state, remedy) in [
            ("tsc\n", "tsc hpet\n", Good, ""),
            ("hpet\n", "tsc hpet acpi_pm\n", Limited, "echo tsc > /sys/devices/"),
            ("acpi_pm\n", "acpi_pm\n", Limited, "no faster clock"),
        ] {
            let (_place, host) = host("doctor-clock", &[(&current, now), (&available, all)]);
            let finding = clock_source(&host);
            assert_eq!(finding.state, state, "{now}");
            assert!(finding.remedy.unwrap_or_default().contains(remedy), "{now}");
        }
        let states: Vec<State> =
            [Some(true), None, Some(false)].map(|known| clock_accuracy(known).state).into();
        assert_eq!(states, [Good, Good, Limited]);
    }

    #[test]
    fn rings_that_take_much() {
        for (kib, cpus, state) in
            [(8 << 20, 2, Good), (64 << 10, 2, Good), (63 << 10, 2, Limited), (8 << 20, 512, Limited)]
        {
            let text = format!("MemTotal: 9 kB\nMemAvailable:    {kib} kB\n");
            let (_place, host) = host("doctor-memory", &[("proc/meminfo", &text)]);
            assert_eq!(memory(&host, cpus).state, state, "{kib} KiB, {cpus} CPUs");
        }
    }
}
