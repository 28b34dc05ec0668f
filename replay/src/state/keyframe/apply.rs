//! A state and a difference enter, the later state leaves. The difference may be anything that decodes: what would make the
//! state contradict itself is refused.

use std::collections::HashMap;

use tercel_format::record::{Account, Interface, MachineInfo};

use super::record::{AccountRecord, Difference};
use super::relink::change_threads;
use super::{KeyframeError, Result};
use crate::state::State;
use crate::state::startup::Lists;

/// Makes `state` what it was when the difference was taken.
pub(super) fn apply(state: &mut State, difference: Difference) -> Result<()> {
    let Difference {
        general,
        machine,
        interfaces,
        lists,
        users,
        groups,
        containers,
        names,
        shared,
        threads,
        families,
        exits,
    } = difference;
    (state.first_ts, state.phase) = (general.first_ts, general.phase);
    (state.exiting, state.closing) = (general.exiting, general.closing);
    state.switches.clone_from(&general.switches.0);
    state.adopted.clone_from(&general.adopted.0);
    if let Some((cpus, memory, max_pid, hostname, boot_ts, flags)) = machine {
        state.machine = MachineInfo { cpus, memory, max_pid, hostname, boot_ts, flags };
    }
    if let Some(list) = interfaces {
        let list = list.0.into_iter().map(|(address, netmask, broadcast, linkspeed, name)| Interface {
            address,
            netmask,
            broadcast,
            linkspeed,
            name,
        });
        state.interfaces.list = list.collect();
    }
    if let Some((ports, accounts)) = lists {
        let accounts = accounts.0.into_iter().map(account).collect();
        state.lists = Lists { server_ports: ports.0.into_iter().collect(), accounts };
    }
    change(&mut state.accounts.users, users.0);
    change(&mut state.accounts.groups, groups.0);
    for (id, container) in containers.0 {
        match container {
            Some(container) => state.containers.by_id.insert(id, container.into()),
            None => state.containers.by_id.remove(&id),
        };
    }
    for (id, names) in names.0 {
        match names {
            Some(names) => state.accounts.of_containers.insert(id, (*names).into()),
            None => state.accounts.of_containers.remove(&id),
        };
    }
    if !state.exits.extend(exits.0, &exits.1.0) {
        return Err(KeyframeError::Contradiction("exits"));
    }
    let known = shared.find()?;
    change_threads(&mut state.threads, &general, &known, threads.0, families.0)
}

fn account(record: AccountRecord) -> Account {
    match record {
        AccountRecord::User(uid, gid, name, home, shell) => Account::User { uid, gid, name, home, shell },
        AccountRecord::Group(gid, name) => Account::Group { gid, name },
    }
}

fn change<V>(map: &mut HashMap<u32, V>, changed: Vec<(u32, Option<V>)>) {
    for (key, value) in changed {
        match value {
            Some(value) => map.insert(key, value),
            None => map.remove(&key),
        };
    }
}
