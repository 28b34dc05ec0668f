#!/usr/bin/env bash
# Builds target/debian/*.deb: the program with its manual pages, completions, rules, configuration and systemd unit.
# Needs cargo-deb (cargo install cargo-deb).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --locked --bin tercel
target/release/tercel assets target/assets
cargo deb --no-build --strip "$@"
