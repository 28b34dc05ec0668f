#!/usr/bin/env bash
# Builds target/archive/tercel-VERSION-MACHINE-linux.tar.gz and SHA256SUMS: the program, which needs no library of the system and so runs
# on old distributions too, with its manual pages, completions, rules, configuration, systemd unit, documentation, licences and bill of materials.
# With musl, since glibc needs modules of the host to look up names, even in a static program.
# Usage: archive.sh [x86_64|aarch64]            (by default x86_64)
# Needs musl-gcc (Debian: musl-tools) and the target x86_64-unknown-linux-musl, which rustup installs. For aarch64: gcc-aarch64-linux-gnu, the target
# aarch64-unknown-linux-musl, and qemu-aarch64 (Debian: qemu-user), by which the program prints its manual pages; the program reads captures there, the probe is for x86_64.
set -euo pipefail
cd "$(dirname "$0")/../.."
machine=${1:-x86_64}
target=$machine-unknown-linux-musl
build=(cargo build) strip=strip run=()
case $machine in
x86_64) ;;
aarch64) build=(capture-ebpf/cross.sh build) strip=aarch64-linux-gnu-strip run=(qemu-aarch64) ;;
*) echo "archive.sh: no machine $machine" >&2; exit 2 ;;
esac
[ "$(uname -m)" != "$machine" ] || run=()
committed=$(git log -1 --format=%ct)
"${build[@]}" --release --locked --bin tercel --target "$target"

name=tercel-$(cargo pkgid | sed 's/.*[#@]//')-$machine-linux
out=target/archive
rm -rf "${out:?}/$name" "$out/$name.tar.gz"
mkdir -p "$out/$name"/{docs,format,rules}
"$strip" -o "$out/$name/tercel" "${CARGO_TARGET_DIR:-target}/$target/release/tercel"
"${run[@]}" "$out/$name/tercel" assets "$out/$name"
cp rules/tercel_{macros,rules}.yaml "$out/$name/rules"
cp docs/*.md docs/*.json docs/packaging/tercel.{service,yaml} "$out/$name/docs"
cp format/FORMAT.md "$out/$name/format"
cp README.md ARCHITECTURE.md CHANGELOG.md SECURITY.md LICENSE-MIT LICENSE-APACHE "$out/$name"
docs/packaging/licences.sh "$target" >"$out/$name/LICENSES-THIRD-PARTY"
docs/packaging/sbom.sh "$target" >"$out/$name/sbom.cdx.json"

cd "$out"
tar --sort=name --owner=0 --group=0 --numeric-owner --mode=u=rwX,go=rX --mtime="@$committed" -c "$name" | gzip -9n >"$name.tar.gz"
rm -r "$name"
sha256sum ./*.tar.gz | sed 's|\./||' >SHA256SUMS
cat SHA256SUMS
