//! Files: fds and kernel files enter; inode, device, overlay layer and path leave.

use tercel_probe_abi::flags;

use crate::{
    entry::compare_how,
    event::{Event, TEXT},
    memory::{get, kernel, off, user},
    place::{Place, Walk, walk},
    run::add_side_text,
    tables::bits,
};

/// `PPM_O_F_CREATED` and the layers of an overlay, as flags of an open (reference flags.json, file_flags).
const CREATED: u64 = 1 << 14;
const UPPER_LAYER: u64 = 1 << 15;
const LOWER_LAYER: u64 = 1 << 16;
/// Kernel: the file was created by this open (FMODE_CREATED).
const FMODE_CREATED: u32 = 0x10_0000;
/// Kernel: magic number of overlayfs.
const OVERLAYFS: u64 = 0x794c_7630;
const O_CREAT: u64 = 0o100;
const O_LARGEFILE: u64 = 0o100_000;
const O_TMPFILE_BIT: u64 = 0o20_000_000;

/// The kernel's file of an fd of a task; 0 if there is none.
#[inline(always)]
pub fn of_fd(task: u64, fd: i32) -> u64 {
    let table = get!(u64, get!(u64, task, task_files), files_fdt);
    if fd < 0 || fd as u32 >= get!(u32, table, fdt_max_fds) {
        return 0;
    }
    kernel::<u64>(get!(u64, table, fdt_fd).wrapping_add(8 * u64::from(fd as u32)), 0)
}

/// A device number as the kernel keeps it, encoded as user space knows it.
#[inline(always)]
pub fn encode_dev(dev: u32) -> u32 {
    let (major, minor) = (dev >> 20, dev & 0xf_ffff);
    (minor & 0xff) | major << 8 | (minor & !0xff) << 12
}

/// Where a file lies in an overlay: 0 in none, 1 in the upper layer, 2 in a lower one.
#[inline(always)]
pub fn overlay_layer(file: u64) -> u32 {
    let dentry = kernel::<u64>(file.wrapping_add(u64::from(off!(file_path))), off!(path_dentry));
    if get!(u64, get!(u64, dentry, dentry_sb), sb_magic) != OVERLAYFS {
        return 0;
    }
    // The overlay's inode is followed by the dentry of the upper layer (fs/overlayfs/ovl_entry.h, struct ovl_inode).
    let upper = kernel::<u64>(get!(u64, dentry, dentry_inode), off!(inode_size_of));
    if upper != 0 && get!(u64, get!(u64, upper, dentry_inode), inode_ino) != 0 { 1 } else { 2 }
}

/// See `step::OPENED`.
#[inline(always)]
pub fn opened(event: Event) {
    let Some(param) = event.caller() else { return };
    let (mut flags, mut mode) = (event.arg(u64::from(param.map)), event.arg(u64::from(param.width)));
    if param.value == 1 {
        let how = user::<[u64; 3]>(event.arg(2)).unwrap_or_default();
        [flags, mode, _] = how;
        event.set_arg(12, how[2]);
        compare_how(event, how);
    }
    match param.value {
        2 => flags = O_CREAT,
        // The kernel adds it to every open of io_uring.
        4 => flags &= !O_LARGEFILE,
        _ => {}
    }
    let file = if event.ret() >= 0 { of_fd(event.task(), event.ret() as i32) } else { 0 };
    let mut shown = bits(flags::OPEN, flags);
    let mut layer = 0;
    let (mut dev, mut ino) = (0, 0);
    if file != 0 {
        let inode = get!(u64, file, file_inode);
        layer = overlay_layer(file);
        dev = encode_dev(get!(u32, get!(u64, inode, inode_sb), sb_dev));
        ino = get!(u64, inode, inode_ino);
        if get!(u32, file, file_mode) & FMODE_CREATED != 0 {
            shown |= CREATED;
        }
    }
    match layer {
        1 => shown |= UPPER_LAYER,
        2 => shown |= LOWER_LAYER,
        _ => {}
    }
    event.set_arg(6, shown);
    event.set_arg(7, if flags & (O_CREAT | O_TMPFILE_BIT) == 0 { 0 } else { mode & 0xfff });
    event.set_arg(8, u64::from(dev));
    event.set_arg(9, ino);
    event.set_arg(10, u64::from(layer));
    event.set_arg(11, file);
}

/// Adds the path of a file, or an empty parameter where there is no file.
#[inline(always)]
pub fn add_path<const LOOPS: bool>(event: Event, file: u64) {
    if file == 0 {
        return event.empty();
    }
    let path = file.wrapping_add(u64::from(off!(file_path)));
    add_path_at::<LOOPS>(event, kernel(path, off!(path_mnt)), kernel(path, off!(path_dentry)));
}

/// Adds the path of a directory entry below a mount, as a whole. What belongs to no directory (a memfd) shows its own name. A path that
/// does not fit is cut at its front.
#[inline(always)]
pub fn add_path_at<const LOOPS: bool>(event: Event, mnt: u64, dentry: u64) {
    let path = walk::<LOOPS>(event, Walk::whole(Place { mnt, dentry }));
    if path.start == TEXT - 1 {
        event.kernel_str(get!(u64, path.dentry, dentry_name))
    } else {
        add_side_text(event, path.start)
    }
}

/// See `step::FILE_PATH`.
#[inline(always)]
pub fn file_path<const LOOPS: bool>(event: Event) {
    add_path::<LOOPS>(event, event.arg(11));
}

/// See `step::PAIR`.
#[inline(always)]
pub fn pair(event: Event) {
    let Some(param) = event.caller() else { return };
    let address = event.arg(u64::from(param.map));
    let (mut first, mut second) = (-1i32, -1i32);
    if event.ret() == 0 {
        first = user::<i32>(address).unwrap_or(-1);
        second = user::<i32>(address.wrapping_add(4)).unwrap_or(-1);
    }
    event.set_arg(6, i64::from(first) as u64);
    event.set_arg(7, i64::from(second) as u64);
    let file = of_fd(event.task(), first);
    let inode = get!(u64, file, file_inode);
    event.set_arg(8, get!(u64, inode, inode_ino));
    let (mut source, mut peer) = (0, 0);
    if is_socket(inode) {
        source = get!(u64, get!(u64, file, file_private), socket_sk);
        peer = get!(u64, source, unix_peer);
    }
    event.set_arg(9, source);
    event.set_arg(10, peer);
}

/// Whether an inode is a socket's.
#[inline(always)]
pub fn is_socket(inode: u64) -> bool {
    get!(u16, inode, inode_mode) & 0o170_000 == 0o140_000
}
