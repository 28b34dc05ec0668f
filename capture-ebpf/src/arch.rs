//! What differs between machines: where a call's number and arguments are, and how 32-bit code makes calls. The offsets say which machine
//! it is, so that the verifier sees only what belongs to it, and one object serves all.

use tercel_probe_abi::MISSING;

use crate::{
    event::Event,
    memory::{get, kernel, off},
};

/// The machine is aarch64, whose registers have other names.
#[inline(always)]
pub fn is_aarch64() -> bool {
    off!(regs_orig_x0) != MISSING
}

/// The bit of `task_status` that says that 32-bit code runs: TS_COMPAT of x86, TIF_32BIT of arm64.
#[inline(always)]
pub fn compat_bit() -> u32 {
    if is_aarch64() { 1 << 22 } else { 2 }
}

/// Bytes of the saved registers up to the number of the call, the last that is needed.
#[inline(always)]
pub fn registers_size() -> u64 {
    if is_aarch64() { 288 } else { 128 }
}

/// The number of a call by the register that held it. The return from a signal's handler restores the registers of the interrupted
/// code and leaves -1 there (arch/x86/kernel/signal_64.c, restore_sigcontext; arch/arm64/include/asm/ptrace.h, forget_syscall).
#[inline(always)]
pub fn number_of(register: u32, compat: bool) -> u32 {
    match register {
        u32::MAX if compat => 173,
        u32::MAX => {
            if is_aarch64() {
                139
            } else {
                15
            }
        }
        number => number,
    }
}

/// Where an argument is among the saved registers. aarch64 passes those of 32-bit code as its own.
#[inline(always)]
pub fn register(compat: bool, index: u32) -> u32 {
    match (compat && !is_aarch64(), index) {
        (false, 0) => off!(regs_di),
        (false, 1) => off!(regs_si),
        (_, 2) => off!(regs_dx),
        (false, 3) => off!(regs_r10),
        (false, 4) => off!(regs_r8),
        (false, _) => off!(regs_r9),
        (true, 0) => off!(regs_bx),
        (true, 1) => off!(regs_cx),
        (true, 3) => off!(regs_si),
        (true, 4) => off!(regs_di),
        (true, _) => off!(regs_bp),
    }
}

/// Whether a number is that of `socketcall`, and of the old `mmap`: calls of x86 whose arguments lie in memory.
#[inline(always)]
pub fn is_socketcall(number: u32) -> bool {
    number == 102 && !is_aarch64()
}

/// See [`is_socketcall`].
#[inline(always)]
pub fn is_old_mmap(number: u32) -> bool {
    number == 90 && !is_aarch64()
}

/// Whether a call returns an address: mmap, brk, mremap and shmat by their rows.
#[inline(always)]
pub fn maps_memory(row: u16) -> bool {
    if is_aarch64() { matches!(row, 222 | 214 | 216 | 196) } else { matches!(row, 9 | 12 | 25 | 30) }
}

/// Offsets that 32-bit code passes in two registers, or in pages, as one argument in bytes.
#[inline(always)]
pub fn compat_offset(event: Event, number: u32) {
    // pread64 and pwrite64: arm passes 64 bits in a pair of registers that begins with an even one. preadv, pwritev: low and high part.
    let (aligned, plain) = if is_aarch64() {
        (matches!(number, 180 | 181), matches!(number, 361 | 362))
    } else {
        (false, matches!(number, 180 | 181 | 333 | 334))
    };
    if aligned {
        event.set_arg(3, event.arg(5) << 32 | event.arg(4));
    } else if plain {
        event.set_arg(3, event.arg(4) << 32 | event.arg(3));
    } else if number == 140 {
        // _llseek: high and low part, a pointer to the result, and from where
        event.set_arg(1, event.arg(1) << 32 | event.arg(2));
        event.set_arg(2, event.arg(4));
    } else if number == 192 {
        // mmap2
        event.set_arg(5, event.arg(5) << 12);
    }
}

/// The saved registers of a task on kernels that do not tell them (before 5.15): they end where its stack ends. With pages of 4 KiB.
#[inline(always)]
pub fn saved_registers(task: u64) -> u64 {
    const STACK: u64 = 16 << 10;
    get!(u64, task, task_stack).wrapping_add(STACK).wrapping_sub(u64::from(off!(regs_size_of)))
}

/// Number of the call that a task is in, by its saved registers.
#[inline(always)]
pub fn number_at(registers: u64) -> u32 {
    kernel(registers, off!(regs_orig_ax))
}
