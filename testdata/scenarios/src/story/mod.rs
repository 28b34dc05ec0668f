//! The stories. Each tells of one kind of attack, with what sets a rule off beside what comes close to it and must not.

mod classic;
mod container;
mod credentials;
mod discovery;
mod evasion;
mod execution;
mod impact;
mod network;
mod ordinary;
mod persistence;
mod privilege;
mod webserver;

use std::io;

use crate::{Host, Step};

/// A story that can be told.
#[derive(Debug, Clone, Copy)]
pub struct Story {
    /// Name of its files.
    pub name: &'static str,
    /// What it is about.
    pub about: &'static str,
    tell: fn(&Host),
}

impl Story {
    /// The capture, uncompressed, and the steps with what each should lead to.
    ///
    /// # Errors
    /// None but those of the writer, which writes to memory.
    pub fn told(&self) -> io::Result<(Vec<u8>, Vec<Step>)> {
        let host = Host::new();
        (self.tell)(&host);
        host.finish()
    }
}

/// All stories.
pub fn stories() -> Vec<Story> {
    vec![
        Story {
            name: "classic",
            about: "a name asked for by ping, a write below /etc, a connection out of a container",
            tell: classic::tell,
        },
        Story {
            name: "webserver",
            about: "a web shell, from the first command to the shell at the other end of a connection",
            tell: webserver::tell,
        },
        Story {
            name: "execution",
            about: "programs run from places and under names that hide them",
            tell: execution::tell,
        },
        Story {
            name: "persistence",
            about: "what an intruder leaves behind to come back",
            tell: persistence::tell,
        },
        Story {
            name: "privilege",
            about: "ways to become root and ways into other processes",
            tell: privilege::tell,
        },
        Story { name: "container", about: "inside containers, and out of them", tell: container::tell },
        Story {
            name: "credentials",
            about: "passwords, keys and tokens read and looked for",
            tell: credentials::tell,
        },
        Story { name: "evasion", about: "traces removed and watchers switched off", tell: evasion::tell },
        Story {
            name: "discovery",
            about: "scanners, packet captures and raw sockets",
            tell: discovery::tell,
        },
        Story {
            name: "network",
            about: "miners, tunnels, uploads and connections that should not be",
            tell: network::tell,
        },
        Story { name: "impact", about: "data destroyed or held to ransom", tell: impact::tell },
        Story {
            name: "ordinary",
            about: "a day on which nothing happens: an upgrade, a build, a web server, logins",
            tell: ordinary::tell,
        },
    ]
}
