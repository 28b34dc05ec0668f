//! The lists that a section begins with: processes, fds, interfaces, users and groups.

use tercel_format::record::longest::{CREDENTIAL, LIST, NAME, PATH};
use tercel_format::record::{Account, FdDetail, FdRecord, Interface, ProcessRecord};

use super::text::Texts;

/// Replacements may be longer than what they stand for. They are truncated as they would be where they are written, so that the state of
/// the writer, and with it keyframes, is that of a reader.
fn limited(mut text: Vec<u8>, longest: usize) -> Vec<u8> {
    text.truncate(longest);
    text
}

pub(super) fn process(texts: &mut Texts, process: &mut ProcessRecord) {
    process.args = limited(texts.arguments(&process.cwd, &process.exe, &process.args), LIST);
    process.comm = limited(texts.text(&process.comm), PATH);
    process.exe = limited(texts.path(&process.exe), PATH);
    process.exepath = limited(texts.path(&process.exepath), PATH);
    process.cwd = limited(texts.path(&process.cwd), PATH);
    process.env = limited(texts.environment(&process.env), LIST);
    process.cgroups = limited(texts.list(&process.cgroups), LIST);
    process.root = limited(texts.path(&process.root), PATH);
}

pub(super) fn fd(texts: &mut Texts, fd: &mut FdRecord) {
    match &mut fd.detail {
        FdDetail::None => {}
        FdDetail::Name(name) | FdDetail::File { name, .. } | FdDetail::Unix { name, .. } => {
            *name = limited(texts.path(name), NAME);
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
            *name = account_name(texts, *uid, name);
            *home = limited(texts.path(home), CREDENTIAL);
            *shell = limited(texts.path(shell), CREDENTIAL);
        }
        Account::Group { gid, name } => *name = account_name(texts, *gid, name),
    }
}

fn account_name(texts: &mut Texts, id: u32, name: &[u8]) -> Vec<u8> {
    let new = if texts.is_secret(id, name) { texts.name(name) } else { texts.text(name) };
    limited(new, CREDENTIAL)
}
