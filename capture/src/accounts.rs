//! Users and groups of containers: processes and their cgroups enter, what the files `etc/passwd` and `etc/group` below their
//! root directories say leaves, container by container, with the numbers that they have on the host.
//!
//! The files belong to whoever runs the container. Nothing is opened before it is known to be a regular file; no name leads
//! out of the container's root directory; sizes, lines, entries, containers, threads and the time that anybody waits are bounded. A
//! process may end and its number be used again at any time: what is read counts only if the process that it was
//! read from is in the container.

use std::collections::{HashMap, VecDeque};
use std::sync::mpsc::{Receiver, RecvTimeoutError, SyncSender, TrySendError, channel, sync_channel};
use std::time::{Duration, Instant};

use tercel_format::catalogue::code;
use tercel_format::record::ProcessRecord;
use tercel_format::writer::{EventBuilder, Value};
use tercel_format::{Event, cgroups};

use crate::rootfs::{self, Names};

/// Most containers that are remembered; with more, those that were looked at first are forgotten.
const CONTAINERS: usize = 1024;

/// Requests that wait at most.
const WAITING: usize = 64;

/// How long an event waits for the accounts of a container that it is the first to name, and how often one does.
const PATIENCE: Duration = Duration::from_millis(20);
const PAUSE: Duration = Duration::from_millis(500);

/// How long the start waits for the containers that run already.
const START: Duration = Duration::from_millis(300);

/// How often a container is looked at again.
const AGAIN: Duration = Duration::from_secs(10);

/// A reader that takes longer is given up, and another takes its place; so many times.
const STUCK: Duration = Duration::from_secs(2);
const READERS: u32 = 4;

/// Longest container id.
const ID: usize = 12;

/// A container id.
type Id = Box<[u8]>;

/// A process in a container that has executed something.
pub(crate) struct Sighting {
    id: Id,
    pid: i64,
}

impl Sighting {
    /// What an event shows, if it shows a container.
    #[inline]
    pub(crate) fn of(event: &Event<'_>) -> Option<Sighting> {
        match event.code() {
            code::SYSCALL_EXECVE_19_X | code::SYSCALL_EXECVEAT_X => Sighting::of_exec(event),
            _ => None,
        }
    }

    #[cold]
    fn of_exec(event: &Event<'_>) -> Option<Sighting> {
        (event.return_value()? >= 0).then_some(())?;
        Sighting::new(event.int(4)?, event.param(14)?)
    }

    fn new(pid: i64, list: &[u8]) -> Option<Sighting> {
        let id = cgroups::container(list)?.id;
        (id.len() <= ID && pid > 0).then(|| Sighting { id: id.into(), pid })
    }
}

/// What is known of a container.
#[derive(Default)]
struct Known {
    names: Names,
    /// The files are those of the host: the container may not have its root directory yet.
    is_host: bool,
    looked: Option<Instant>,
}

/// The accounts of containers.
pub(crate) struct Accounts {
    known: HashMap<Id, Known>,
    order: VecDeque<Id>,
    requests: SyncSender<Sighting>,
    answers: Receiver<Answer>,
    /// Requests without an answer, and when the oldest of them was made.
    open: usize,
    since: Instant,
    readers: u32,
    waited: Option<Instant>,
    first: fn(),
    /// Changes that are not reported yet.
    changes: VecDeque<EventBuilder>,
}

struct Answer {
    id: Id,
    /// `None` if nothing could be read.
    found: Option<(Names, bool)>,
}

impl Accounts {
    /// Looks at the containers that run. `first` is what each thread does first.
    pub(crate) fn start(processes: &[ProcessRecord], first: fn()) -> Accounts {
        let (requests, answers) = reader(first);
        let mut accounts = Accounts {
            known: HashMap::new(),
            order: VecDeque::new(),
            requests,
            answers,
            open: 0,
            since: Instant::now(),
            readers: 1,
            waited: None,
            first,
            changes: VecDeque::new(),
        };
        let main = processes.iter().filter(|process| process.tid == process.pid);
        for sighting in main.filter_map(|process| Sighting::new(process.pid, &process.cgroups)) {
            if !accounts.known.contains_key(&sighting.id) {
                accounts.ask(sighting);
            }
        }
        accounts.wait(START);
        accounts
    }

    /// A process executed something. If its container is new, this waits a little for the accounts.
    #[cold]
    pub(crate) fn see(&mut self, sighting: Sighting) {
        self.take_answers();
        let known = self.known.get(&sighting.id);
        let is_due = known.and_then(|known| known.looked).is_none_or(|looked| looked.elapsed() >= AGAIN);
        if !is_due && !known.is_some_and(|known| known.is_host) {
            return;
        }
        let is_new = known.is_none();
        let may_wait = self.waited.is_none_or(|waited| waited.elapsed() >= PAUSE);
        if self.ask(sighting) && is_new && may_wait {
            self.wait(PATIENCE);
            self.waited = Some(Instant::now());
        }
    }

    /// The next change as an event: of an account that came, changed or went. Takes in what was read meanwhile.
    pub(crate) fn news(&mut self) -> Option<EventBuilder> {
        if self.open > 0 && self.changes.is_empty() {
            self.take_answers();
        }
        self.changes.pop_front()
    }

    /// Whether the request was taken.
    fn ask(&mut self, sighting: Sighting) -> bool {
        if self.open > 0 && self.since.elapsed() >= STUCK {
            if self.readers >= READERS {
                return false;
            }
            (self.requests, self.answers) = reader(self.first);
            (self.readers, self.open) = (self.readers + 1, 0);
        }
        let id = sighting.id.clone();
        match self.requests.try_send(sighting) {
            Ok(()) => {
                if self.open == 0 {
                    self.since = Instant::now();
                }
                self.open += 1;
                self.enter(id).looked = Some(Instant::now());
                true
            }
            Err(TrySendError::Full(_) | TrySendError::Disconnected(_)) => false,
        }
    }

    fn enter(&mut self, id: Id) -> &mut Known {
        if !self.known.contains_key(&id) {
            if self.known.len() >= CONTAINERS
                && let Some(oldest) = self.order.pop_front()
            {
                self.known.remove(&oldest);
            }
            self.order.push_back(id.clone());
        }
        self.known.entry(id).or_default()
    }

    fn wait(&mut self, patience: Duration) {
        let end = Instant::now() + patience;
        while self.open > 0 {
            match self.answers.recv_timeout(end.saturating_duration_since(Instant::now())) {
                Ok(answer) => self.take(answer),
                Err(RecvTimeoutError::Timeout | RecvTimeoutError::Disconnected) => return,
            }
        }
    }

    fn take_answers(&mut self) {
        while let Ok(answer) = self.answers.try_recv() {
            self.take(answer);
        }
    }

    fn take(&mut self, answer: Answer) {
        self.open = self.open.saturating_sub(1);
        self.since = Instant::now();
        let Some(known) = self.known.get_mut(&answer.id) else { return };
        match answer.found {
            Some((names, is_host)) => {
                tell_changes(&answer.id, &known.names, &names, &mut self.changes);
                (known.names, known.is_host) = (names, is_host);
            }
            // The process is gone, or not ready: the next one is asked.
            None if known.names.is_empty() => known.looked = None,
            None => {}
        }
    }
}

/// A thread that answers requests.
fn reader(first: fn()) -> (SyncSender<Sighting>, Receiver<Answer>) {
    let (requests, waiting) = sync_channel::<Sighting>(WAITING);
    let (done, answers) = channel();
    let work = move || {
        first();
        while let Ok(Sighting { id, pid }) = waiting.recv() {
            let is_in = |list: &[u8]| cgroups::container(list).is_some_and(|hit| *hit.id == *id);
            let found = rootfs::names(pid, is_in);
            if done.send(Answer { id, found }).is_err() {
                return;
            }
        }
    };
    // Without a thread the first request finds nobody, and there are no names.
    let _ = std::thread::Builder::new().name("accounts".to_owned()).spawn(work);
    (requests, answers)
}

/// Events that lead from the accounts that were known to those that are there. They are for the state only: programs that
/// read the trace with the accounts of their own host are not led astray.
fn tell_changes(id: &[u8], old: &Names, new: &Names, changes: &mut VecDeque<EventBuilder>) {
    let text = |bytes: &[u8]| Value::Text(bytes.to_vec());
    let container = || text(id);
    let event = |code: u16| EventBuilder::new(code, 0, -1).state_only();
    for (uid, user) in new.users.iter().filter(|(uid, user)| old.users.get(uid) != Some(user)) {
        let added = event(code::USER_ADDED_E).set("uid", *uid).set("gid", user.gid);
        let added = added.set("name", text(&user.name)).set("home", text(&user.home));
        changes.push_back(added.set("shell", text(&user.shell)).set("container_id", container()));
    }
    for uid in old.users.keys().filter(|uid| !new.users.contains_key(uid)) {
        changes.push_back(event(code::USER_DELETED_E).set("uid", *uid).set("container_id", container()));
    }
    for (gid, name) in new.groups.iter().filter(|(gid, name)| old.groups.get(gid) != Some(name)) {
        let added = event(code::GROUP_ADDED_E).set("gid", *gid).set("name", text(name));
        changes.push_back(added.set("container_id", container()));
    }
    for gid in old.groups.keys().filter(|gid| !new.groups.contains_key(gid)) {
        changes.push_back(event(code::GROUP_DELETED_E).set("gid", *gid).set("container_id", container()));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names(users: &[(u32, &str)], groups: &[(u32, &str)]) -> Names {
        let mut names = Names::default();
        for (uid, name) in users {
            let name = name.as_bytes().to_vec();
            names
                .users
                .insert(*uid, rootfs::User { gid: 1, name, home: b"/h".to_vec(), shell: b"/s".to_vec() });
        }
        names.groups.extend(groups.iter().map(|(gid, name)| (*gid, name.as_bytes().to_vec())));
        names
    }

    #[test]
    fn only_changes_are_reported() {
        let (mut changes, mut none) = (VecDeque::new(), VecDeque::new());
        let old = names(&[(0, "root"), (1, "bin"), (2, "gone")], &[(0, "root"), (5, "gone")]);
        let new = names(&[(0, "root"), (1, "daemon"), (3, "new")], &[(0, "wheel"), (7, "new")]);
        tell_changes(b"0123456789ab", &old, &new, &mut changes);
        let told: Vec<(u16, u32, Vec<u8>)> = changes
            .into_iter()
            .map(|change| {
                let event = change.encode().expect("an event of the catalogue");
                let event = event.event();
                assert!(event.state_only);
                (
                    event.code(),
                    event.u32(0).expect("a number"),
                    event.param(event.nparams() - 1).expect("the id").to_vec(),
                )
            })
            .collect();
        let id = b"0123456789ab\0".to_vec();
        let expected = [
            (code::USER_ADDED_E, 1),
            (code::USER_ADDED_E, 3),
            (code::USER_DELETED_E, 2),
            (code::GROUP_ADDED_E, 0),
            (code::GROUP_ADDED_E, 7),
            (code::GROUP_DELETED_E, 5),
        ];
        assert_eq!(told, expected.map(|(code, number)| (code, number, id.clone())));
        tell_changes(b"x", &new, &new, &mut none);
        assert!(none.is_empty());
    }

    #[test]
    fn processes_of_the_host_are_not_looked_at() {
        assert!(Sighting::new(5, b"cpu=/\0memory=/system.slice/ssh.service\0").is_none());
        let id = "a".repeat(64);
        let sighting = Sighting::new(5, format!("cpu=/docker/{id}\0").as_bytes()).expect("a container");
        assert_eq!((&*sighting.id, sighting.pid), (&b"aaaaaaaaaaaa"[..], 5));
    }

    #[test]
    fn a_container_is_asked_again_until_something_answers() {
        let mut accounts = Accounts::start(&[], || ());
        let sighting = || Sighting { id: b"0123456789ab".as_slice().into(), pid: i64::from(i32::MAX) };
        for _ in 0..3 {
            accounts.waited = None;
            accounts.see(sighting());
            accounts.wait(Duration::from_secs(60));
            assert!(accounts.known[&b"0123456789ab"[..]].looked.is_none() && accounts.news().is_none());
        }
        for number in 0..2 * CONTAINERS {
            accounts.enter(number.to_string().into_bytes().into());
        }
        assert_eq!((accounts.known.len(), accounts.order.len()), (CONTAINERS, CONTAINERS));
    }
}
