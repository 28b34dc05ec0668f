#!/usr/bin/env bash
# Builds target/archive/tercel-VERSION-x86_64-linux.tar.gz and SHA256SUMS: the program, which needs no library of the system and so runs
# on old distributions too, with its manual pages, completions, rules, configuration, systemd unit, documentation and licences.
# With musl, since glibc needs modules of the host to look up names, even in a static program.
# Needs musl-gcc (Debian: musl-tools) and the target x86_64-unknown-linux-musl, which rustup installs.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=x86_64-unknown-linux-musl
committed=$(git log -1 --format=%ct)
cargo build --release --locked --bin tercel --target $target

name=tercel-$(cargo pkgid | sed 's/.*[#@]//')-x86_64-linux
out=target/archive
rm -rf "$out"
mkdir -p "$out/$name"/{docs,format,rules}
strip -o "$out/$name/tercel" target/$target/release/tercel
"$out/$name/tercel" assets "$out/$name"
cp rules/tercel_{macros,rules}.yaml "$out/$name/rules"
cp docs/*.md docs/*.json docs/packaging/tercel.{service,yaml} "$out/$name/docs"
cp format/FORMAT.md "$out/$name/format"
cp README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$out/$name"
docs/packaging/licences.sh $target >"$out/$name/LICENSES-THIRD-PARTY"

cd "$out"
tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$committed" -c "$name" | gzip -9n >"$name.tar.gz"
rm -r "$name"
sha256sum ./*.tar.gz | sed 's|\./||' >SHA256SUMS
cat SHA256SUMS
