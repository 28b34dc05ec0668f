//! Reading kernel and user memory: addresses enter, values leave. What cannot be read is zero.

use core::{arch::asm, ffi::c_void, mem::size_of, ptr};

use aya_ebpf::helpers::generated::{
    bpf_probe_read_kernel, bpf_probe_read_kernel_str, bpf_probe_read_user, bpf_probe_read_user_str,
};

use tercel_probe_abi::{Config, Offsets};

/// Offsets of kernel fields; user space replaces them before the program is loaded, and the map is frozen, so that the
/// verifier takes them for constants.
#[unsafe(no_mangle)]
pub static OFFSETS: Offsets = Offsets::UNSET;

/// What user space wants.
#[unsafe(no_mangle)]
pub static CONFIG: Config = Config::UNSET;

/// The offset of a kernel field.
macro_rules! off {
    ($field:ident) => {
        // SAFETY: reads a static of this program; volatile, because user space changes it and the compiler does not know.
        unsafe { core::ptr::read_volatile(core::ptr::addr_of!($crate::memory::OFFSETS.$field)) }
    };
}

/// A field of a kernel structure: type, address of the structure, field.
macro_rules! get {
    ($type:ty, $base:expr, $field:ident) => {
        $crate::memory::kernel::<$type>($base, off!($field))
    };
}

/// A value masked so that LLVM cannot drop the mask: the verifier needs to see it.
macro_rules! mask {
    ($value:expr, $mask:expr) => {{
        let mut value: u64 = $value as u64;
        // SAFETY: one AND on a register.
        unsafe {
            core::arch::asm!("{value} &= {mask}", value = inout(reg) value, mask = const $mask, options(pure, nomem, nostack))
        };
        value
    }};
}

/// A member of a structure whose type the verifier knows: the kernel reads it without a helper. Type, pointer, field.
macro_rules! typed {
    ($type:ty, $base:expr, $field:ident) => {{
        let (base, offset) = ($base as *const u8, off!($field) as usize);
        // SAFETY: the verifier has checked that the structure has this member; a bad address reads as 0.
        unsafe { base.add(offset).cast::<$type>().read_volatile() }
    }};
}

pub(crate) use {get, mask, off, typed};

/// The configuration.
#[inline(always)]
pub fn config() -> Config {
    // SAFETY: as for `off!`.
    unsafe { ptr::read_volatile(ptr::addr_of!(CONFIG)) }
}

/// A value in kernel memory.
#[inline(always)]
pub fn kernel<T: Copy + Default>(base: u64, offset: u32) -> T {
    let mut value = T::default();
    // SAFETY: the helper checks the address and writes exactly the size of the value.
    unsafe {
        bpf_probe_read_kernel(
            ptr::addr_of_mut!(value).cast(),
            size_of::<T>() as u32,
            base.wrapping_add(u64::from(offset)) as *const c_void,
        );
    }
    value
}

/// A value in user memory; `None` if it cannot be read.
#[inline(always)]
pub fn user<T: Copy + Default>(address: u64) -> Option<T> {
    let mut value = T::default();
    // SAFETY: the helper checks the address and writes exactly the size of the value.
    let failed = unsafe {
        bpf_probe_read_user(ptr::addr_of_mut!(value).cast(), size_of::<T>() as u32, address as *const c_void)
    };
    if failed == 0 { Some(value) } else { None }
}

/// Copies `length` bytes of kernel memory to `to`.
#[inline(always)]
pub fn copy_kernel(to: *mut u8, length: u64, address: u64) -> bool {
    // SAFETY: the verifier has checked that `to` has room for the bytes; the helper checks the address.
    unsafe { bpf_probe_read_kernel(to.cast(), length as u32, address as *const c_void) == 0 }
}

/// Copies `length` bytes of user memory to `to`.
#[inline(always)]
pub fn copy_user(to: *mut u8, length: u64, address: u64) -> bool {
    // SAFETY: as in `copy_kernel`.
    unsafe { bpf_probe_read_user(to.cast(), length as u32, address as *const c_void) == 0 }
}

/// Copies a string of kernel memory to `to`, cut at `limit` bytes with its NUL. Returns the bytes written, or a
/// negative number.
#[inline(always)]
pub fn copy_kernel_str(to: *mut u8, limit: u64, address: u64) -> i64 {
    // SAFETY: as in `copy_kernel`.
    unsafe { bpf_probe_read_kernel_str(to.cast(), limit as u32, address as *const c_void) }
}

/// Copies a string of user memory to `to`, as `copy_kernel_str` does.
#[inline(always)]
pub fn copy_user_str(to: *mut u8, limit: u64, address: u64) -> i64 {
    // SAFETY: as in `copy_kernel`.
    unsafe { bpf_probe_read_user_str(to.cast(), limit as u32, address as *const c_void) }
}

/// Stores 8 bytes at any address; LLVM would write one byte at a time where it does not know the alignment.
#[inline(always)]
pub fn store64(to: *mut u8, value: u64) {
    // SAFETY: the verifier has checked that `to` has room for 8 bytes.
    unsafe { asm!("*(u64 *)({to} + 0) = {value}", to = in(reg) to, value = in(reg) value, options(nostack)) }
}

/// Stores the low 4 bytes of a value at any address.
#[inline(always)]
pub fn store32(to: *mut u8, value: u64) {
    // SAFETY: as in `store64`.
    unsafe { asm!("*(u32 *)({to} + 0) = {value}", to = in(reg) to, value = in(reg) value, options(nostack)) }
}

/// Loads 8 bytes from any address, as `store64` stores them.
#[inline(always)]
pub fn load64(from: *const u8) -> u64 {
    let value: u64;
    // SAFETY: the verifier has checked that 8 bytes may be read there.
    unsafe {
        asm!("{value} = *(u64 *)({from} + 0)", from = in(reg) from, value = out(reg) value, options(nostack, readonly));
    }
    value
}
