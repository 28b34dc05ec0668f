//! Alerts that only the kernel's paths raise: their lines show the paths that the callers gave, as those of Falco do, and after them
//! those that the kernel resolved.

use tercel_format::extras::kind;
use tercel_rules::fields::Field;

use super::Alert;
use crate::fields::Context;
use crate::state::text::sanitize;

/// The kernel's paths of an alert that they raise, with the fields that have them; none for others.
pub(super) fn paths<'a>(alert: &Alert<'a>) -> Vec<(Field, &'a [u8])> {
    if alert.by_kernel { of_event(&alert.context) } else { Vec::new() }
}

/// The kernel's paths of an event.
fn of_event<'a>(context: &Context<'a>) -> Vec<(Field, &'a [u8])> {
    let event = context.event;
    let mut paths = Vec::new();
    let fd = context.fd().and_then(|(_, fd)| fd).and_then(|fd| fd.real_path());
    match (event.kernel_path(kind::PATH), fd) {
        (Some(path), _) => paths.push((Field::EvtRealpath, path)),
        (None, Some(path)) => paths.push((Field::FdRealpath, &**path)),
        (None, None) => {}
    }
    paths.extend(event.kernel_path(kind::SECOND_PATH).map(|path| (Field::EvtRealpathSecond, path)));
    let image = context.thread().map(|thread| &thread.image).filter(|image| !image.real.is_empty());
    paths.extend(image.map(|image| (Field::ProcRealexe, &*image.real)));
    paths
}

/// Appends them to the text of the alert.
pub(super) fn push(alert: &Alert<'_>, out: &mut Vec<u8>) {
    push_all(&paths(alert), out);
}

/// Appends the kernel's paths of an event to a text, as alerts have them that only these paths raise.
pub fn push_kernel_paths(context: &Context<'_>, out: &mut Vec<u8>) {
    push_all(&of_event(context), out);
}

fn push_all(paths: &[(Field, &[u8])], out: &mut Vec<u8>) {
    let mut before: &[u8] = b" [kernel: ";
    for (field, path) in paths {
        out.extend_from_slice(before);
        out.extend_from_slice(field.info().name.as_bytes());
        out.push(b'=');
        sanitize(out, path);
        before = b" ";
    }
    if before == b" " {
        out.push(b']');
    }
}
