#!/bin/sh
# readme.sh: README.md lists every function of ffnn.h, and every C block of it is a program that
# compiles without a warning and runs; if a text block follows it, that is what it prints. The first
# one is examples/quickstart.c, which make has built; the others compile sooner without vectors and
# optimization.
# `make test` gives CC, CFLAGS and BUILD.
set -eu
folder=${BUILD:-build}/tests/readme
rm -rf "$folder" && mkdir -p "$folder"
awk -v folder="$folder" '
    /^```c$/              { n++; kind = "c"; next }
    /^```text$/           { if (last == "c") kind = "txt"; else kind = ""; last = ""; next }
    /^```/ && kind != ""  { last = kind; kind = ""; next }
    /^```/                { last = ""; next }
    kind != ""            { print > (folder "/" n "." kind); next }
    /[^ ]/                { last = last == "c" && /^It prints/ ? "c" : "" }
' README.md
[ -f "$folder/1.c" ] || { echo "README.md has no C block"; exit 1; }
cp "${BUILD:-build}/quickstart" "$folder/1"
for source in "$folder"/*.c; do
    [ "$source" = "$folder/1.c" ] || ${CC:-cc} ${CFLAGS:--O2} -O0 -DFFNN_NO_SIMD -I. -o "${source%.c}" "$source" -lm
    (cd "$folder" && "./$(basename "${source%.c}")" > output)
    [ ! -f "${source%.c}.txt" ] || diff "${source%.c}.txt" "$folder/output"
done

# The first block is examples/quickstart.c, but for its first comment and the path of the header.
sed -e 1d -e 's|"../ffnn.h"|"ffnn.h"|' examples/quickstart.c | diff - "$folder/1.c"

# So is the program in the manual, at the top of ffnn.h.
awk '/^       #define FFNN_IMPLEMENTATION/ { on = 1 } on { print } /^       }$/ { exit }' ffnn.h |
    sed 's/^       //' | diff - "$folder/1.c"

# README's list of functions has those that ffnn.h declares, each once, and no other.
sed -n 's/^FFNNDEF [^(]*[ *]\(ffnn_[a-z0-9_]*\)(.*/\1/p' ffnn.h | sort -u > "$folder/declared"
[ -s "$folder/declared" ] || { echo "ffnn.h declares no function"; exit 1; }
awk '/^## / { on = $2 == "Functions" } on && /^ffnn_/ { print substr($0, 1, 40) }' README.md |
    tr -cs 'a-z0-9_' '\n' | grep '^ffnn_' | sort | diff "$folder/declared" -
