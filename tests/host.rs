//! Tests on the running host: they need root and BPF, and some of them container engines and other programs. What is not there
//! is skipped, and said so.

mod capabilities;
mod collect;
mod containers;
mod content;
mod docker;
mod evade;
mod follow;
mod keeping;
mod live;
mod record;
mod secrets;
mod sight;
mod strace;
mod turn;
mod uring;
