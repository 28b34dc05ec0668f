//! Fields of the user and the group of the event's thread. Names come from the capture alone; if it does not know a
//! number, 0 is root and everything else `<NA>` (reference state 9.32, 10.2, design D5).

use tercel_format::catalogue::code;
use tercel_rules::fields::{GroupField, UserField};

use super::{Context, Nature, Value};
use crate::state::{Thread, User};

/// The value of a field of the class `user`.
pub(super) fn user<'a>(cx: &Context<'a>, field: UserField) -> Option<Value<'a>> {
    let thread = cx.thread()?;
    let user = |uid| cx.state.accounts.user(&thread.container, uid);
    match field {
        UserField::UserUid => Some(Value::Uint(u64::from(thread.uid))),
        UserField::UserName => match user_of_container(cx, thread) {
            Some(name) => Some(Value::Text(name)),
            None => Some(name_or(user(thread.uid).map(|user| &*user.name), thread.uid, b"root")),
        },
        UserField::UserHomedir => {
            Some(name_or(user(thread.uid).map(|user| &*user.home), thread.uid, b"/root"))
        }
        UserField::UserShell => {
            Some(Value::Text(user(thread.uid).map_or(b"<NA>", |user: &User| &user.shell)))
        }
        UserField::UserLoginuid if thread.loginuid == u32::MAX => Some(Value::Int(-1)),
        UserField::UserLoginuid => Some(Value::Int(i64::from(thread.loginuid))),
        UserField::UserLoginname => {
            Some(name_or(user(thread.loginuid).map(|user| &*user.name), thread.loginuid, b"root"))
        }
    }
}

/// The value of a field of the class `group`.
pub(super) fn group<'a>(cx: &Context<'a>, field: GroupField) -> Option<Value<'a>> {
    let thread = cx.thread()?;
    match field {
        GroupField::GroupGid => Some(Value::Uint(u64::from(thread.gid))),
        GroupField::GroupName => {
            let group = cx.state.accounts.group(&thread.container, thread.gid);
            Some(name_or(group.map(|group| &*group.name), thread.gid, b"root"))
        }
    }
}

/// The row of a field of the class `user`.
pub(super) fn nature_of_user(field: UserField) -> Nature {
    match field {
        UserField::UserUid
        | UserField::UserName
        | UserField::UserHomedir
        | UserField::UserShell
        | UserField::UserLoginuid
        | UserField::UserLoginname => Nature::EVENT,
    }
}

/// The row of a field of the class `group`.
pub(super) fn nature_of_group(field: GroupField) -> Nature {
    match field {
        GroupField::GroupGid | GroupField::GroupName => Nature::EVENT,
    }
}

fn name_or<'a>(known: Option<&'a [u8]>, number: u32, of_zero: &'static [u8]) -> Value<'a> {
    Value::Text(match known {
        Some(name) => name,
        None if number == 0 => of_zero,
        None => b"<NA>",
    })
}

/// The user that a container's image requests, at the event that describes the container.
fn user_of_container<'a>(cx: &Context<'a>, thread: &Thread) -> Option<&'a [u8]> {
    let about_container = match cx.event.code() {
        code::CONTAINER_JSON_2_E => true,
        code::ASYNCEVENT_E => cx.event.text(1) == Some(b"container"),
        _ => false,
    };
    if !about_container || thread.container.is_empty() {
        return None;
    }
    let user = &cx.state.containers.get(&thread.container)?.user;
    (!user.is_empty()).then_some(user)
}
