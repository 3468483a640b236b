#!/usr/bin/env bash
# Fails when Swift sources use `unsafe` outside the files of unsafe-files.txt, or what nothing may use at all.
set -euo pipefail
cd "$(dirname "$(readlink -f "${BASH_SOURCE[0]}")")/../.."

mapfile -t allowed < <(sed -E 's/[[:space:]]*#.*//; /^[[:space:]]*$/d' deploy/lib/unsafe-files.txt)

is_allowed() {
    local pattern
    for pattern in "${allowed[@]}"; do
        # Unquoted on the right: the list has patterns.
        [[ "$1" == */$pattern ]] && return 0
    done
    return 1
}

# Lines of code that match, as path:number:text. What stands in a comment or in a string literal is not code.
# shellcheck disable=SC2016
code_matching() {
    find Sources -name '*.swift' -type f -print0 | sort -z | xargs -0 -r awk -v wanted="$1" '
        FNR == 1 { isComment = 0 }
        {
            line = $0
            gsub(/\\"/, "", line)
            gsub(/"[^"]*"/, "\"\"", line)
            if (isComment) {
                if (!sub(/^.*\*\//, "", line)) next
                isComment = 0
            }
            gsub(/\/\*.*\*\//, "", line)
            sub(/\/\/.*$/, "", line)
            if (sub(/\/\*.*$/, "", line)) isComment = 1
            if (line ~ wanted) print FILENAME ":" FNR ":" $0
        }'
}

failures=0
report() {
    echo "$1" >&2
    failures=$((failures + 1))
}

while IFS= read -r found; do
    is_allowed "${found%%:*}" || report "unsafe outside unsafe-files.txt: $found"
done < <(code_matching '(^|[^A-Za-z0-9_])unsafe([^A-Za-z0-9_]|$)')

# EventLoop is shared by the threads that wake it.
while IFS= read -r found; do
    [[ "${found%%:*}" == */EventLoop.swift ]] || report "@unchecked Sendable outside EventLoop.swift: $found"
done < <(code_matching '@unchecked[[:space:]]+Sendable')

while IFS= read -r found; do
    report "never allowed: $found"
done < <(code_matching 'nonisolated[(]unsafe[)]|(^|[^A-Za-z0-9_])(try!|as!|fatalError[(])')

if ((failures)); then
    echo "check-unsafe: $failures places" >&2
    exit 1
fi
