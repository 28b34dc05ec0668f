#!/usr/bin/env bash
# Prints the licences of what is linked into the program: the crates with their versions, then each text once.
# Usage: licences.sh [TARGET]            Needs the sources of the crates, which a build has fetched.
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
sources=$(echo "${CARGO_HOME:-$HOME/.cargo}"/registry/src/*)

declare -A texts=() owners=()
list=""
while IFS='|' read -r crate licence; do
    set -- $crate
    list+="$1 ${2#v}: $licence"$'\n'
    found=$(find $sources/"$1-${2#v}" -type f -iregex '.*/\(licen[sc]e\|copying\|copyright\|notice\|unlicense\)[^/]*' \
        ! -iregex '.*\.\(rs\|toml\|spdx\|html\)' ! -path '*/tests/*' ! -path '*/benches/*' | sort)
    while read -r file; do
        [ -n "$file" ] || continue
        digest=$(tr -s '[:space:]' ' ' <"$file" | sha256sum)
        texts[$digest]=$file
        owners[$digest]+=" $1"
    done <<<"$found"
done < <(cargo tree --locked --package tercel --edges normal,no-proc-macro --target "$target" --prefix none --format '{p}|{l}' |
    grep -v '(/' | sed 's/ (\*)//' | sort -u)

echo "tercel contains these crates, and the standard library of $(rustc --version) (MIT OR Apache-2.0):"
echo
echo "$list"
[[ $target != *musl* ]] || printf '%s\n\n' "It is linked with musl (MIT), copyright © 2005-2020 Rich Felker and others."
for digest in "${!texts[@]}"; do echo "${owners[$digest]# }|${texts[$digest]}"; done | sort | while IFS='|' read -r names file; do
    printf '%.0s-' {1..80}
    printf '\n%s\n\n' "$(tr ' ' '\n' <<<"$names" | uniq | paste -sd ' ' | fold -s -w 80)"
    tr -d '\r' <"$file"
    echo
done
