//! Columns that people see unless they choose others, as words; programs get all.

/// Of files.
pub(super) const FILES: &str = "pid name container opens read written created deleted changed errors path";
/// Of connections.
pub(super) const CONNECTIONS: &str = "protocol role local_address local_port remote_address remote_port remote_name pid name container received sent opened result first";
/// Of listeners.
pub(super) const LISTENERS: &str = "protocol address port pid name container accepted since";
/// Of fds.
pub(super) const FDS: &str = "pid name container fd type path";
/// Of the timeline.
pub(super) const TIMELINE: &str = "time kind pid name container what";
/// Of containers.
pub(super) const CONTAINERS: &str =
    "id name engine image privileged address processes calls errors first last";
/// Of processes.
pub(super) const PROCESSES: &str = "pid start user container exit cmdline";
/// Of users.
pub(super) const USERS: &str = "time kind pid user login_user tty container cwd what";
/// Of processes that are counted.
pub(super) const TOP_PROCESSES: &str =
    "calls errors file_read file_written net_read net_written threads pid container cmdline";
/// Of connections that are counted.
pub(super) const TOP_CONNECTIONS: &str =
    "bytes received sent protocol local_address local_port remote_address remote_port name container";
/// Of containers that are counted.
pub(super) const TOP_CONTAINERS: &str =
    "calls errors processes file_read file_written net_read net_written id name image";
