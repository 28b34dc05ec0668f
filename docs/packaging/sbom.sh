#!/usr/bin/env bash
# Prints the software bill of materials of the program as CycloneDX 1.5: every crate that is linked into it, with version, licence and the
# digest of its source as Cargo.lock has it. The same input gives the same bytes.
# Usage: sbom.sh [TARGET]
set -euo pipefail
cd "$(dirname "$0")/../.."
target=${1:-$(rustc -vV | sed -n 's/^host: //p')}
version=$(cargo pkgid --package tercel | sed 's/.*[#@]//')

# Lines "name version digest" of the lock file.
digests=$(awk '
    $1 == "name" { gsub(/"/, "", $3); name = $3 }
    $1 == "version" { gsub(/"/, "", $3); version = $3 }
    $1 == "checksum" { gsub(/"/, "", $3); print name, version, $3 }' Cargo.lock)
# Lines "name vVERSION|licence"; the workspace's own crates are parts of the program.
cargo tree --locked --package tercel --edges normal,no-proc-macro --target "$target" --prefix none --format '{p}|{l}' |
    grep -v '(/' | sed 's/ (\*)//' | sort -u |
    awk -F'|' -v version="$version" -v digests="$digests" -v committed="$(TZ=UTC git log -1 --format=%cd --date=format-local:%Y-%m-%dT%H:%M:%SZ)" '
    BEGIN {
        n = split(digests, line, "\n")
        for (i = 1; i <= n; i++) { split(line[i], word, " "); digest[word[1] " " word[2]] = word[3] }
        printf "{\n  \"bomFormat\": \"CycloneDX\",\n  \"specVersion\": \"1.5\",\n  \"version\": 1,\n"
        printf "  \"metadata\": {\n    \"timestamp\": \"%s\",\n", committed
        printf "    \"component\": {\"type\": \"application\", \"name\": \"tercel\", \"version\": \"%s\", ", version
        printf "\"licenses\": [{\"expression\": \"MIT OR Apache-2.0\"}]}\n  },\n  \"components\": ["
    }
    {
        split($1, word, " "); sub(/^v/, "", word[2]); gsub(" */ *", " OR ", $2); gsub("  +", " ", $2)
        id = "pkg:cargo/" word[1] "@" word[2]
        printf "%s\n    {\"type\": \"library\", \"bom-ref\": \"%s\", \"name\": \"%s\", \"version\": \"%s\", ", (NR > 1 ? "," : ""), id, word[1], word[2]
        if (digest[word[1] " " word[2]] != "") printf "\"hashes\": [{\"alg\": \"SHA-256\", \"content\": \"%s\"}], ", digest[word[1] " " word[2]]
        if ($2 != "") printf "\"licenses\": [{\"expression\": \"%s\"}], ", $2
        printf "\"purl\": \"%s\"}", id
    }
    END { printf "\n  ]\n}\n" }'
