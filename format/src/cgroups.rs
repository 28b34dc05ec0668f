//! Container ids from cgroup paths: each engine has its own way to name the cgroup of a container (reference state 11.2 to 11.8).

use memchr::memmem;

/// Length of a full id, and of the part that is reported.
const FULL: usize = 64;
const SHORT: usize = 12;

/// How a cgroup path of an engine looks: the id stands between the last prefix and the last suffix.
type Layout = (&'static str, &'static str);

const PODMAN: &[Layout] = &[
    ("/libpod-", ".scope"),
    ("/libpod-", ".scope/container"),
    ("/libpod-", ""),
    ("/libpod-payload-", ".scope"),
    ("/libpod-payload-", ".scope/container"),
    ("/libpod-payload-", ""),
];
const DOCKER: &[Layout] = &[("/", ""), ("/docker-", ".scope")];
const CRI: &[Layout] = &[
    ("/", ""),
    ("/crio-", ""),
    ("/cri-containerd-", ".scope"),
    ("/crio-", ".scope"),
    (":cri-containerd:", ""),
    ("/docker-", ".scope"),
    ("/nerdctl-", ".scope"),
];
const LXC: &[&str] = &["/lxc/", "/lxc.payload/", "/lxc.payload."];

/// Engines that report nothing about their containers: their metadata is made as soon as an id is found.
#[allow(missing_docs)]
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Bare {
    Lxc,
    LibvirtLxc,
    Bpm,
}

/// What a cgroup path shows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit<'a> {
    /// Container id.
    pub id: &'a [u8],
    /// The engine, if it reports nothing itself.
    pub bare: Option<Bare>,
}

/// The container of a list of cgroups (`subsystem=path`, NUL between and after): the first path that belongs to one.
pub fn container(list: &[u8]) -> Option<Hit<'_>> {
    list.split(|byte| *byte == 0).find_map(|entry| {
        let path = entry.get(entry.iter().position(|byte| *byte == b'=')? + 1..)?;
        by_path(path).filter(|hit| !hit.id.is_empty())
    })
}

fn by_path(path: &[u8]) -> Option<Hit<'_>> {
    if path.is_empty() {
        return None;
    }
    let told = |id| Hit { id, bare: None };
    let bare = |engine| move |id| Hit { id, bare: Some(engine) };
    [PODMAN, DOCKER, CRI]
        .iter()
        .find_map(|layouts| {
            layouts.iter().find_map(|(prefix, suffix)| full_id(path, prefix.as_bytes(), suffix))
        })
        .map(told)
        .or_else(|| containerd(path).map(told))
        .or_else(|| lxc(path).map(bare(Bare::Lxc)))
        .or_else(|| libvirt(path).map(bare(Bare::LibvirtLxc)))
        .or_else(|| bpm(path).map(bare(Bare::Bpm)))
}

/// The text between the last `prefix` and the last `suffix`.
fn between<'a>(path: &'a [u8], prefix: &[u8], suffix: &str) -> Option<(usize, &'a [u8])> {
    let start = memmem::rfind(path, prefix)? + prefix.len();
    let end = if suffix.is_empty() { path.len() } else { memmem::rfind(path, suffix.as_bytes())? };
    Some((start, path.get(start..end)?))
}

/// An id of 64 characters. The reference looks for a character that is not hexadecimal from the start of the id on, but
/// compares its place in the whole path with 64: what stands after that is not checked.
fn full_id<'a>(path: &'a [u8], prefix: &[u8], suffix: &str) -> Option<&'a [u8]> {
    let (start, id) = between(path, prefix, suffix)?;
    let wrong = path.iter().skip(start).position(|byte| !byte.is_ascii_hexdigit());
    let hexadecimal = wrong.is_none_or(|place| start + place >= FULL);
    (id.len() == FULL && hexadecimal).then(|| &id[..SHORT])
}

/// Containers of containerd's own client: `/namespace/id` (reference state 11.6).
fn containerd(path: &[u8]) -> Option<&[u8]> {
    let prefix = namespace(path)?;
    if let Some(id) = full_id(path, prefix, "") {
        return Some(id);
    }
    let (_, id) = between(path, prefix, "")?;
    let host = [".service", ".slice", ".scope"].iter().any(|suffix| path.ends_with(suffix.as_bytes()));
    (!host && (1..=FULL).contains(&id.len())).then(|| &id[..id.len().min(SHORT)])
}

/// The first component that is a name, with the slashes around it: letters and digits, with single `.`, `_` or `-` between.
fn namespace(path: &[u8]) -> Option<&[u8]> {
    let mut slashes = path.iter().enumerate().filter(|(_, byte)| **byte == b'/').map(|(at, _)| at);
    let mut start = slashes.next()?;
    for end in slashes {
        if is_name(&path[start + 1..end]) {
            return Some(&path[start..=end]);
        }
        start = end;
    }
    None
}

fn is_name(name: &[u8]) -> bool {
    name.split(|byte| matches!(byte, b'.' | b'_' | b'-'))
        .all(|part| !part.is_empty() && part.iter().all(u8::is_ascii_alphanumeric))
}

fn lxc(path: &[u8]) -> Option<&[u8]> {
    let start = LXC.iter().find_map(|layout| Some(memmem::find(path, layout.as_bytes())? + layout.len()))?;
    path[start..].split(|byte| *byte == b'/').next()
}

fn libvirt(path: &[u8]) -> Option<&[u8]> {
    const SUFFIX: &[u8] = b".libvirt-lxc";
    const SYSTEMD: &[u8] = b"-lxc\\x2";
    const LEGACY: &[u8] = b"/libvirt/lxc/";
    if let Some(end) = memmem::find(path, SUFFIX).filter(|at| at + SUFFIX.len() == path.len())
        && let Some(slash) = memchr::memrchr(b'/', path)
    {
        return path.get(slash + 1..end);
    }
    if let Some(at) = memmem::find(path, SYSTEMD) {
        let nested = memmem::find(path, b".scope/libvirt").is_some();
        let suffix: &[u8] = if nested { b".scope/libvirt" } else { b".scope" };
        if let Some(end) = memmem::find(path, suffix).filter(|end| end + suffix.len() == path.len()) {
            // One character of the escape is left after the mark.
            return path.get(at + SYSTEMD.len() + 1..end);
        }
    }
    memmem::find(path, LEGACY).map(|at| &path[at + LEGACY.len()..])
}

fn bpm(path: &[u8]) -> Option<&[u8]> {
    let start = memmem::find(path, b"bpm-")? + 4;
    let rest = &path[start..];
    let id = &rest[..memmem::find(rest, b".scope").unwrap_or(rest.len())];
    let allowed = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    id.iter().all(allowed).then_some(id)
}

#[cfg(test)]
mod tests {
    use super::*;

    const ID: &str = "e5d8ee2f9b7c4a6e8d1f0b3c5a7e9d2f4b6c8a0e1d3f5b7c9a1e3d5f7b9c1a3e";

    fn check(path: &str, expected: Option<(&str, Option<Bare>)>) {
        let list = format!("cpuset=/\0cpu={path}\0memory=/other\0");
        let hit =
            container(list.as_bytes()).map(|hit| (String::from_utf8_lossy(hit.id).into_owned(), hit.bare));
        assert_eq!(hit, expected.map(|(id, bare)| (id.to_owned(), bare)), "{path}");
    }

    #[test]
    fn every_engine_is_recognized() {
        let short = Some(("e5d8ee2f9b7c", None));
        for (before, after) in [
            ("/docker/", ""),
            ("/system.slice/docker-", ".scope"),
            ("/machine.slice/libpod-", ".scope"),
            ("/machine.slice/libpod-", ".scope/container"),
            ("/user.slice/libpod-payload-", ""),
            ("/kubepods/besteffort/pod1234/", ""),
            ("/kubepods.slice/kubepods-pod1.slice/cri-containerd-", ".scope"),
            ("/kubepods.slice/crio-", ".scope"),
            ("/kubepods/crio-", ""),
            ("/k8s.io/system.slice:cri-containerd:", ""),
            ("/default/nerdctl-", ".scope"),
        ] {
            check(&format!("{before}{ID}{after}"), short);
        }
        check("/default/web-1", Some(("web-1", None)));
        check("/default/a-name-that-is-longer", Some(("a-name-that-", None)));
        check("/lxc/box", Some(("box", None)));
        check("/lxc/box/init.scope", Some(("box", Some(Bare::Lxc))));
        check("/lxc.payload.box/init.scope", Some(("box", Some(Bare::Lxc))));
        check("/box.libvirt-lxc", Some(("box", Some(Bare::LibvirtLxc))));
        check(
            "/machine-lxc\\x2d2293906\\x2dlibvirt\\x2dcontainer.scope",
            Some(("2293906\\x2dlibvirt\\x2dcontainer", Some(Bare::LibvirtLxc))),
        );
        check("/system.slice/bpm-router.scope", Some(("router", Some(Bare::Bpm))));
    }

    #[test]
    fn the_host_is_no_container() {
        for path in [
            "/",
            "",
            "/init.scope",
            "/system.slice/ssh.service",
            "/user.slice/user-1000.slice/session-1.scope",
            "/docker/abc/system.slice/ssh.service",
        ] {
            check(path, None);
        }
        check(&format!("/docker-{}.scope", &ID[1..]), None);
        check(&format!("/docker-g{}.scope", &ID[1..]), None);
    }

    #[test]
    fn behind_64_characters_any_id_will_do() {
        let before = "/a".repeat(40);
        check(&format!("{before}/{}", "z".repeat(64)), Some(("zzzzzzzzzzzz", None)));
    }
}
