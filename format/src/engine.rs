//! Container engines, with the numbers and words that container events carry for them (reference state 11.10). The
//! recorder writes the numbers, replay shows the words.

/// A container engine. The reference's `custom` and `static` have no words and are not here.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ContainerEngine {
    Docker,
    Lxc,
    LibvirtLxc,
    Mesos,
    Rkt,
    /// Any with Kubernetes' container runtime interface.
    Cri,
    Containerd,
    Crio,
    Bpm,
    Podman,
    /// None: the host itself.
    Host,
}

impl ContainerEngine {
    /// All of them, by ascending number.
    const ALL: [ContainerEngine; 11] = [
        ContainerEngine::Docker,
        ContainerEngine::Lxc,
        ContainerEngine::LibvirtLxc,
        ContainerEngine::Mesos,
        ContainerEngine::Rkt,
        ContainerEngine::Cri,
        ContainerEngine::Containerd,
        ContainerEngine::Crio,
        ContainerEngine::Bpm,
        ContainerEngine::Podman,
        ContainerEngine::Host,
    ];

    /// The number of an engine that is not known.
    pub const UNKNOWN: u16 = 0xFFFF;

    /// The engine's number and its word.
    const fn row(self) -> (u16, &'static str) {
        match self {
            ContainerEngine::Docker => (0, "docker"),
            ContainerEngine::Lxc => (1, "lxc"),
            ContainerEngine::LibvirtLxc => (2, "libvirt-lxc"),
            ContainerEngine::Mesos => (3, "mesos"),
            ContainerEngine::Rkt => (4, "rkt"),
            ContainerEngine::Cri => (6, "cri"),
            ContainerEngine::Containerd => (7, "containerd"),
            ContainerEngine::Crio => (8, "cri-o"),
            ContainerEngine::Bpm => (9, "bpm"),
            ContainerEngine::Podman => (11, "podman"),
            ContainerEngine::Host => (0xFFFE, "host"),
        }
    }

    /// The words of all of them.
    pub fn words() -> impl Iterator<Item = &'static str> {
        ContainerEngine::ALL.into_iter().map(ContainerEngine::name)
    }

    /// Its number, as container events carry it.
    pub const fn number(self) -> u16 {
        self.row().0
    }

    /// Its word, as `container.type` shows it.
    ///
    /// ```
    /// use tercel_format::ContainerEngine;
    ///
    /// let engine = ContainerEngine::of_number(8).expect("a known engine");
    /// assert_eq!((engine, engine.name()), (ContainerEngine::Crio, "cri-o"));
    /// ```
    pub const fn name(self) -> &'static str {
        self.row().1
    }

    /// The engine of a number.
    pub fn of_number(number: u64) -> Option<ContainerEngine> {
        ContainerEngine::ALL.into_iter().find(|engine| u64::from(engine.number()) == number)
    }

    /// The engine of a word.
    pub fn of_name(name: &[u8]) -> Option<ContainerEngine> {
        ContainerEngine::ALL.into_iter().find(|engine| engine.name().as_bytes() == name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_engine_is_found_by_its_number_and_its_word() {
        assert!(ContainerEngine::ALL.is_sorted_by_key(|engine| engine.number()));
        for engine in ContainerEngine::ALL {
            assert_eq!(ContainerEngine::of_number(engine.number().into()), Some(engine));
            assert_eq!(ContainerEngine::of_name(engine.name().as_bytes()), Some(engine));
        }
        assert_eq!(ContainerEngine::of_number(5), None);
        assert_eq!(ContainerEngine::of_number(ContainerEngine::UNKNOWN.into()), None);
        assert_eq!(ContainerEngine::of_name(b""), None);
    }
}
