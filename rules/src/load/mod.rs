//! Rule files: YAML text enters, rules and a report of errors and warnings leave.
pub mod yaml;
