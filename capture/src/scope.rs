//! Filling the kernel's list of processes in scope: process numbers enter, and once the list is complete, the probe leaves out all others.

use std::collections::BTreeSet;
use std::fs;
use std::os::unix::fs::MetadataExt;

use aya::maps::{HashMap, MapData};
use aya::{Ebpf, maps::Array};

use crate::error::CaptureError;
use crate::options::ProcessScope;
use crate::probe::refused;
use crate::tables::table_of;

/// Kernel: inode of the first pid namespace (`PROC_PID_INIT_INO`).
const FIRST_NAMESPACE: u64 = 0xefff_fffc;

/// Whether /proc has the kernel's own numbers.
pub(crate) fn sees_numbers_of_host() -> bool {
    fs::metadata("/proc/self/ns/pid").is_ok_and(|found| found.ino() == FIRST_NAMESPACE)
}

/// Enters the processes, and turns the switch on. What they start from then on enters by itself. What they started before is in /proc:
/// it is read until it shows nothing new, so that everything in it had entered before the last look and nothing was started unseen.
pub(crate) fn fill(ebpf: &mut Ebpf, scope: &ProcessScope) -> Result<(), CaptureError> {
    let own = i64::from(std::process::id());
    let mut entered: BTreeSet<i64> = BTreeSet::new();
    let mut new: BTreeSet<i64> = scope.pids.iter().copied().filter(|pid| *pid != own).collect();
    while !new.is_empty() {
        enter(ebpf, &new)?;
        entered.append(&mut new);
        if scope.descendants {
            new = descendants(&entered, own);
        }
    }
    let mut switch: Array<_, u32> = table_of(ebpf, "SWITCH")?;
    switch.set(0, 1, 0).map_err(|cause| refused("turning the limit to processes on", &cause))
}

/// Enters processes. One that has ended meanwhile would stay for the next one with its number.
fn enter(ebpf: &mut Ebpf, pids: &BTreeSet<i64>) -> Result<(), CaptureError> {
    let map = ebpf.map_mut("SCOPE").ok_or(CaptureError::NoPart("SCOPE"))?;
    let mut map: HashMap<&mut MapData, u32, u32> =
        map.try_into().map_err(|cause| refused("opening the list of processes", &cause))?;
    for pid in pids {
        let Ok(key) = u32::try_from(*pid) else { continue };
        map.insert(key, 1, 0).map_err(|cause| refused("entering a process into the list", &cause))?;
        if parent(*pid).is_none() {
            let _ = map.remove(&key);
        }
    }
    Ok(())
}

/// Processes that have not entered but whose parents have, and what these have started.
fn descendants(entered: &BTreeSet<i64>, own: i64) -> BTreeSet<i64> {
    let parents: Vec<(i64, i64)> = fs::read_dir("/proc")
        .into_iter()
        .flatten()
        .filter_map(|entry| entry.ok()?.file_name().to_str()?.parse().ok())
        .filter_map(|pid| Some((pid, parent(pid)?)))
        .collect();
    let mut found = BTreeSet::new();
    loop {
        let before = found.len();
        for (pid, parent) in &parents {
            let is_new = *pid != own && !entered.contains(pid);
            if is_new && (entered.contains(parent) || found.contains(parent)) {
                found.insert(*pid);
            }
        }
        if found.len() == before {
            return found;
        }
    }
}

/// The parent of a process, if it runs.
fn parent(pid: i64) -> Option<i64> {
    let stat = fs::read(format!("/proc/{pid}/stat")).ok()?;
    // The name stands in parentheses and may hold any character: the last parenthesis ends it.
    let end = stat.iter().rposition(|byte| *byte == b')')?;
    std::str::from_utf8(stat.get(end + 1..)?).ok()?.split_ascii_whitespace().nth(1)?.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn children_are_found_by_their_parents() {
        let mut child = std::process::Command::new("sleep").arg("60").spawn().expect("sleep");
        let (own, pid) = (i64::from(std::process::id()), i64::from(child.id()));
        assert_eq!(parent(pid), Some(own));
        assert!(descendants(&[own].into(), own).contains(&pid));
        assert!(!descendants(&[own, pid].into(), own).contains(&pid));
        child.kill().and_then(|()| child.wait()).expect("it ends");
        assert_eq!(parent(pid), None);
    }
}
