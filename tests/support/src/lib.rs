//! What tests of several crates need: the repository and the corpus (`repository`), the built binary (`binary`), temporary
//! directories (`place`), waiting for something with a deadline (`wait`), what this machine has (`machine`), and the record of
//! checks that cannot be made on it (`skip`), and texts that nobody would write (`mutation`). Only tests depend on it; it knows no crate of the workspace.
#![forbid(unsafe_code)]

mod repository;

mod binary;

mod place;

mod wait;

mod machine;

mod skip;

mod mutation;

pub use binary::{Ran, binary, ran, tercel};
pub use machine::{Missing, busybox, recording, tool};
pub use mutation::{Mutation, rounds};
pub use place::Place;
pub use repository::{captures_of, corpus, root};
pub use skip::{require, skip, skipped};
pub use wait::{DEADLINE, wait};
