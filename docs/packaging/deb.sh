#!/usr/bin/env bash
# Builds target/debian/*.deb: the program with its manual pages, completions, rules, configuration, systemd unit and licences.
# Needs cargo-deb (cargo install cargo-deb).
set -euo pipefail
cd "$(dirname "$0")/../.."
cargo build --release --locked --bin tercel
mkdir -p target/assets
rm -rf target/assets/man
target/release/tercel assets target/assets
docs/packaging/licences.sh | gzip -9n >target/assets/third-party.gz
cat >target/assets/changelog <<END
tercel ($(cargo pkgid | sed 's/.*[#@]//')-1) unstable; urgency=medium

  * /usr/share/doc/tercel/changelog.gz lists the changes.

 -- $(sed -n 's/^maintainer = "\(.*\)"/\1/p' Cargo.toml)  $(git log -1 --format=%cD)
END
cargo deb --no-build --strip "$@"
