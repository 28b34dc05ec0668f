//! The lists that a section begins with: processes, fds, interfaces, users and groups.

use tercel_format::record::{Account, FdDetail, FdRecord, Interface, ProcessRecord};

use super::text::Texts;

pub(super) fn process(texts: &mut Texts, process: &mut ProcessRecord) {
    process.args = texts.arguments(&process.exe, &process.args);
    process.comm = texts.text(&process.comm);
    process.exe = texts.path(&process.exe);
    process.exepath = texts.path(&process.exepath);
    process.cwd = texts.path(&process.cwd);
    process.env = texts.environment(&process.env);
    process.cgroups = texts.list(&process.cgroups);
    process.root = texts.path(&process.root);
}

pub(super) fn fd(texts: &mut Texts, fd: &mut FdRecord) {
    match &mut fd.detail {
        FdDetail::None => {}
        FdDetail::Name(name) | FdDetail::File { name, .. } | FdDetail::Unix { name, .. } => {
            *name = texts.path(name);
        }
        FdDetail::Socket { sip, dip, .. } => {
            *sip = texts.addresses.map(*sip);
            *dip = texts.addresses.map(*dip);
        }
        FdDetail::Server { ip, .. } => *ip = texts.addresses.map(*ip),
    }
}

/// The mask stays: networks stay networks.
pub(super) fn interface(texts: &mut Texts, interface: &mut Interface) {
    interface.address = texts.addresses.map(interface.address);
    interface.broadcast = texts.addresses.map(interface.broadcast);
}

pub(super) fn account(texts: &mut Texts, account: &mut Account) {
    match account {
        Account::User { uid, name, home, shell, .. } => {
            *name = if texts.is_secret(*uid, name) { texts.name(name) } else { texts.text(name) };
            *home = texts.path(home);
            *shell = texts.path(shell);
        }
        Account::Group { gid, name } => {
            *name = if texts.is_secret(*gid, name) { texts.name(name) } else { texts.text(name) };
        }
    }
}
