//! Texts that nobody looks at: arguments, environments, paths and buffers of what is left of a draft become empty, lists of them word by
//! word.

use std::rc::Rc;

use serde_json::Value;
use tercel_format::catalogue::ParamType;
use tercel_format::extras::{Extras, ExtrasBuilder};
use tercel_format::record::{Account, FdDetail, ProcessRecord};
use tercel_format::until_nul;

use super::draft::{Draft, OwnEvent};
use super::reduce::Reducer;

/// A text of a process.
type TextOf = fn(&mut ProcessRecord) -> &mut Vec<u8>;

/// Lists of texts, each ended by a NUL.
const LISTS: [TextOf; 3] =
    [|process| &mut process.env, |process| &mut process.args, |process| &mut process.cgroups];

/// Single texts.
const TEXTS: [TextOf; 5] = [
    |process| &mut process.cwd,
    |process| &mut process.root,
    |process| &mut process.exepath,
    |process| &mut process.exe,
    |process| &mut process.comm,
];

/// Empties the texts of a part that are not needed.
pub(super) fn reduce(reducer: &mut Reducer<'_, '_>, part: usize) {
    processes(reducer, part);
    for index in 0..reducer.draft().parts[part].fds.len() {
        reducer.change(|draft| match &mut draft.parts[part].fds[index].1.detail {
            FdDetail::Name(name) | FdDetail::File { name, .. } | FdDetail::Unix { name, .. } => name.clear(),
            FdDetail::None | FdDetail::Socket { .. } | FdDetail::Server { .. } => {}
        });
    }
    for index in 0..reducer.draft().parts[part].accounts.len() {
        reducer.change(|draft| {
            if let Account::User { home, shell, .. } = &mut draft.parts[part].accounts[index] {
                home.clear();
                shell.clear();
            }
        });
    }
    for index in 0..reducer.draft().parts[part].events.len() {
        event(reducer, part, index);
    }
}

fn processes(reducer: &mut Reducer<'_, '_>, part: usize) {
    let count = reducer.draft().parts[part].processes.len();
    // Most processes are there for their names and parents only.
    for text in LISTS.into_iter().chain(TEXTS) {
        let all_go = reducer.change(|draft| {
            draft.parts[part].processes.iter_mut().for_each(|process| text(process).clear());
        });
        if all_go {
            continue;
        }
        for index in 0..count {
            reducer.change(|draft| text(&mut draft.parts[part].processes[index]).clear());
        }
    }
    for text in LISTS {
        for index in 0..count {
            words(reducer, |draft| text(&mut draft.parts[part].processes[index]));
        }
    }
}

/// Takes words out of a list, each ended by a NUL.
fn words(reducer: &mut Reducer<'_, '_>, list: impl Fn(&mut Draft) -> &mut Vec<u8>) {
    let mut copy = reducer.draft().clone();
    let mut left: Vec<Vec<u8>> =
        list(&mut copy).split_inclusive(|byte| *byte == 0).map(<[u8]>::to_vec).collect();
    let mut size = left.len();
    while size > 0 {
        let mut at = 0;
        while at < left.len() {
            let end = left.len().min(at + size);
            let rest = [left.get(..at).unwrap_or_default(), left.get(end..).unwrap_or_default()].concat();
            if reducer.change(|draft| *list(draft) = rest.concat()) {
                left = rest;
            } else {
                at = end;
            }
        }
        size = if size == 1 { 0 } else { size.div_ceil(2) };
    }
}

fn event(reducer: &mut Reducer<'_, '_>, part: usize, index: usize) {
    let Some(event) = reducer.draft().parts[part].events.get(index).cloned() else { return };
    for (number, value) in event.params.iter().enumerate() {
        let Some(param) = event.info.params.get(number).filter(|param| is_text(param.ty)) else { continue };
        let of = Parameter { part, index, number };
        if value.is_empty() || reducer.change(|draft| of.get(draft).clear()) {
            continue;
        }
        if is_list(param.ty, param.name) {
            words(reducer, |draft| of.get(draft));
        } else {
            container(reducer, value, of);
        }
    }
    extras(reducer, part, index, &event);
}

/// Place of a parameter.
#[derive(Clone, Copy)]
struct Parameter {
    part: usize,
    index: usize,
    number: usize,
}

impl Parameter {
    fn get(self, draft: &mut Draft) -> &mut Vec<u8> {
        &mut Rc::make_mut(&mut draft.parts[self.part].events[self.index]).params[self.number]
    }
}

/// Whether values of a type are texts or buffers.
fn is_text(ty: ParamType) -> bool {
    matches!(
        ty,
        ParamType::CharBuf
            | ParamType::ByteBuf
            | ParamType::FsPath
            | ParamType::FsRelPath
            | ParamType::CharBufArray
            | ParamType::CharBufPairArray
    )
}

/// Whether a value is several texts, each ended by a NUL.
fn is_list(ty: ParamType, name: &str) -> bool {
    let is_array = matches!(ty, ParamType::CharBufArray | ParamType::CharBufPairArray);
    is_array || (ty == ParamType::ByteBuf && matches!(name, "args" | "env" | "cgroups"))
}

/// Takes keys out of the description of a container; other texts stay.
fn container(reducer: &mut Reducer<'_, '_>, value: &[u8], of: Parameter) {
    let Ok(mut described) = serde_json::from_slice::<Value>(until_nul(value)) else { return };
    let Some(keys) = described.get("container").and_then(Value::as_object) else { return };
    for key in keys.keys().cloned().collect::<Vec<_>>() {
        let mut less = described.clone();
        if let Some(keys) = less.get_mut("container").and_then(Value::as_object_mut) {
            keys.remove(&key);
        }
        let text = [less.to_string().as_bytes(), b"\0"].concat();
        if reducer.change(|draft| *of.get(draft) = text) {
            described = less;
        }
    }
}

/// Takes out what the kernel says beside the parameters, all of it or item by item.
fn extras(reducer: &mut Reducer<'_, '_>, part: usize, index: usize, event: &OwnEvent) {
    let mut set = |bytes: Vec<u8>| {
        reducer.change(|draft| Rc::make_mut(&mut draft.parts[part].events[index]).extras = bytes)
    };
    if event.extras.is_empty() || set(Vec::new()) {
        return;
    }
    let mut left: Vec<_> = Extras::new(&event.extras).iter().collect();
    let mut at = 0;
    while at < left.len() {
        let mut rest = ExtrasBuilder::default();
        for (_, item) in left.iter().enumerate().filter(|(place, _)| *place != at) {
            rest.add(item.kind, item.flags, item.value);
        }
        if set(rest.extras().bytes().to_vec()) {
            left.remove(at);
        } else {
            at += 1;
        }
    }
}
