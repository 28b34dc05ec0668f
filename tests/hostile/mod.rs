//! Hostile input by kind: rule files (`rules`), configurations (`config`), captures that were made up (`files`) or damaged (`damage`), and
//! command lines (`cli`). Of each kind that once went wrong here is the right end, with relatives. Parsers are tried with random
//! changes where they stand: `rules/tests/hostile_rules.rs`, `config/src/tests.rs`, `ruletest/src/suite/tests.rs`.

mod cli;
mod config;
mod damage;
mod files;
mod rules;
