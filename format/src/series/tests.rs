//! Files as the operating system has them: links, pipes, locks, permissions, and what becomes of them while they are written.

use std::fs::{self, File, Permissions};
use std::io::Write;
use std::os::unix::fs::{MetadataExt, PermissionsExt, chown, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::AtomicU64;

use jiff::tz::TimeZone;
use rustix::fs::{CWD, FileType, Mode, mknodat};
use rustix::process::geteuid;
use tercel_test_support::{Missing, Place, skip};

use super::{
    Creation, Destination, Gone, Names, Opened, Rotation, Series, SeriesError, TargetError, is_same_file,
};

const FORCE: Creation = Creation { force: true, mode: 0o600 };

fn create(path: &Path, creation: Creation) -> Result<Opened, TargetError> {
    Destination::new(path).created(creation).create(Arc::new(AtomicU64::new(0)))
}

fn mode(path: &Path) -> u32 {
    path.metadata().expect("a file").permissions().mode() & 0o7777
}

#[test]
fn files_have_their_permissions_and_are_not_written_over() {
    let place = Place::new("target");
    let path = place.path("t");
    for (creation, expected) in [(0o600, 0o600), (0o640, 0o640), (0o666, 0o666), (0o400, 0o400)] {
        let creation = Creation { force: false, mode: creation };
        create(&path, creation).expect("a new file").write_all(b"x").expect("open for writing");
        assert_eq!(mode(&path), expected);
        assert!(matches!(create(&path, creation), Err(TargetError::Exists)));
        assert!(matches!(Destination::new(&path).look(), Err(TargetError::Exists)));
        fs::remove_file(&path).expect("a file");
    }
    fs::write(&path, "old and long").expect("a file");
    fs::set_permissions(&path, Permissions::from_mode(0o644)).expect("own");
    assert!(Destination::new(&path).created(FORCE).look().is_ok());
    let mut opened = create(&path, FORCE).expect("written over");
    opened.write_all(b"new").expect("open for writing");
    assert_eq!((mode(&path), place.read("t").as_str()), (0o600, "new"));
    assert!(matches!(create(place.directory(), FORCE), Err(TargetError::Io(_))));
}

#[test]
fn a_file_that_is_written_is_locked() {
    let place = Place::new("lock");
    let path = place.path("t");
    let first = create(&path, Creation::default()).expect("a new file");
    assert!(matches!(create(&path, FORCE), Err(TargetError::Busy)));
    drop(first);
    assert!(create(&path, FORCE).is_ok());
}

#[test]
fn what_became_of_a_file_is_noticed() {
    let place = Place::new("gone");
    let path = place.path("t");
    let check = |expected: Result<(), Gone>, change: &dyn Fn()| {
        let _ = fs::remove_file(&path);
        let mut opened = create(&path, Creation::default()).expect("a new file");
        opened.write_all(b"text").expect("open for writing");
        let presence = opened.presence().expect("a file");
        assert_eq!(presence.check(), Ok(()));
        change();
        assert_eq!(presence.check(), expected);
        // What it holds can be read under any name.
        if expected == Err(Gone::Moved) {
            assert_eq!(fs::read(presence.handle()).expect("readable"), b"text");
        }
    };
    check(Ok(()), &|| ());
    check(Err(Gone::Removed), &|| fs::remove_file(&path).expect("a file"));
    check(Err(Gone::Moved), &|| fs::rename(&path, place.path("u")).expect("a file"));
    check(Err(Gone::Moved), &|| {
        fs::hard_link(&path, place.path("v")).expect("a file");
        fs::remove_file(&path).expect("a file");
        fs::write(&path, "another text").expect("a file");
    });
    check(Err(Gone::Truncated), &|| drop(File::create(&path).expect("a file")));
}

#[test]
fn own_links_are_followed_and_pipes_are_opened() {
    let place = Place::new("links");
    fs::create_dir(place.path("d")).expect("a directory");
    symlink("d/t", place.path("one")).expect("a link");
    symlink(place.path("one"), place.path("two")).expect("a link");
    // A link to nothing creates what it leads to.
    create(&place.path("two"), Creation::default()).expect("a new file").write_all(b"x").expect("open");
    assert_eq!(place.read("d/t"), "x");
    assert!(matches!(create(&place.path("two"), Creation::default()), Err(TargetError::Exists)));
    symlink("loop", place.path("loop")).expect("a link");
    assert!(matches!(create(&place.path("loop"), Creation::default()), Err(TargetError::Io(_))));
    let pipe = place.path("pipe");
    mknodat(CWD, &pipe, FileType::Fifo, Mode::RUSR | Mode::WUSR, 0).expect("a pipe");
    std::thread::scope(|scope| {
        let reader = scope.spawn(|| fs::read(&pipe));
        let mut opened = create(&pipe, Creation::default()).expect("a pipe");
        assert!(opened.presence().is_none());
        opened.write_all(b"through").expect("a reader");
        drop(opened);
        assert_eq!(reader.join().expect("no panic").expect("readable"), b"through");
    });
    let mut null = create(Path::new("/dev/null"), Creation::default()).expect("a device");
    null.write_all(b"x").expect("a device");
    // The file of a descriptor keeps what it has.
    let file = place.file("held", "before ");
    let held = File::options().write(true).open(&file).expect("a file");
    let descriptor = format!("/proc/self/fd/{}", std::os::fd::AsRawFd::as_raw_fd(&held));
    create(Path::new(&descriptor), Creation::default()).expect("held").write_all(b"after").expect("open");
    assert_eq!(place.read("held"), "before after");
}

#[test]
fn what_others_have_placed_is_refused() {
    if !geteuid().is_root() {
        skip(
            "series::what_others_have_placed_is_refused",
            &Missing::new("root", "files of others need root"),
        );
        return;
    }
    let place = Place::new("foreign");
    let (open, own) = (place.path("open"), place.path("own"));
    for (directory, mode) in [(&open, 0o1777), (&own, 0o755)] {
        fs::create_dir(directory).expect("a directory");
        fs::set_permissions(directory, Permissions::from_mode(mode)).expect("own");
        symlink("elsewhere", directory.join("link")).expect("a link");
        rustix::fs::chownat(
            CWD,
            directory.join("link"),
            Some(rustix::process::Uid::from_raw(1234)),
            None,
            rustix::fs::AtFlags::SYMLINK_NOFOLLOW,
        )
        .expect("root");
        fs::write(directory.join("file"), "theirs").expect("a file");
        chown(directory.join("file"), Some(1234), None).expect("root");
        let linked = create(&directory.join("link"), FORCE);
        assert!(matches!(linked, Err(TargetError::Link(1234))), "{linked:?}");
        assert!(!directory.join("elsewhere").exists());
    }
    let refused = create(&open.join("file"), FORCE);
    assert!(matches!(refused, Err(TargetError::Foreign(1234))), "{refused:?}");
    assert_eq!(fs::read(open.join("file")).expect("a file"), b"theirs");
    assert!(create(&own.join("file"), FORCE).is_ok());
}

#[test]
fn equal_files_are_known_by_whatever_name() {
    let place = Place::new("same");
    let file = place.file("t", "x");
    place.file("other", "x");
    fs::hard_link(&file, place.path("hard")).expect("a link");
    symlink("t", place.path("soft")).expect("a link");
    fs::create_dir(place.path("d")).expect("a directory");
    for name in ["t", "hard", "soft", "d/../t", "./t"] {
        assert!(is_same_file(&place.path(name), &file) && is_same_file(&file, &place.path(name)), "{name}");
    }
    assert!(!is_same_file(&place.path("other"), &file) && !is_same_file(&place.path("new"), &file));
    assert!(is_same_file(&place.path("new"), &place.path("d/../new")));
    assert!(!is_same_file(Path::new("/dev/null"), Path::new("/dev/null")));
}

#[test]
fn a_series_removes_only_what_is_its_own() {
    let place = Place::new("series");
    let scap = [0x0a, 0x0d, 0x0d, 0x0a];
    for (name, bytes) in [
        ("t_000001.scap", &scap[..]),
        ("t_000002.scap", b"a letter"),
        ("t_000003.scap", &scap),
        ("t_000004.scap", &scap),
        ("t.scap", &scap),
        ("u_000001.scap", &scap),
    ] {
        place.file(name, bytes);
    }
    let rotation = Rotation { size: Some(1), age: None };
    let start = || {
        let names = Names::new(&place.path("t.scap"), TimeZone::UTC, true, Some(3)).expect("a pattern");
        Series::new(names, rotation, FORCE)
    };
    let mut series = start().expect("nobody else");
    let mut opened = series.next(0).expect("a name").create(Arc::default()).expect("a new file");
    opened.write_all(&scap).expect("open for writing");
    series.created(&opened.presence().expect("a file"));
    // Who is not the first is refused, and removes nothing.
    drop(opened);
    series.trim(1).expect("own files");
    let names = || {
        let entries = fs::read_dir(place.directory()).expect("readable");
        let mut names: Vec<_> = entries.map(|entry| entry.expect("an entry").file_name()).collect();
        names.sort();
        names
    };
    let left =
        ["t.scap", "t_000002.scap", "t_000003.scap", "t_000004.scap", "t_000005.scap", "u_000001.scap"];
    assert_eq!(names(), left);
    // Another file in the place of one of the series stays.
    fs::remove_file(place.path("t_000003.scap")).expect("a file");
    place.file("new", "another");
    fs::rename(place.path("new"), place.path("t_000003.scap")).expect("a file");
    let inode = place.path("t_000003.scap").metadata().expect("a file").ino();
    let mut again = series.next(0).expect("a name").create(Arc::default()).expect("a new file");
    let presence = again.presence().expect("a file");
    assert!(presence.path().ends_with("t_000006.scap"));
    series.created(&presence);
    series.trim(1).expect("own files");
    assert_eq!(place.path("t_000003.scap").metadata().expect("a file").ino(), inode);
    assert!(matches!(start(), Err(SeriesError::Busy(path)) if path.ends_with("t_000006.scap")));
}
