//! tercel
fn main() {}
