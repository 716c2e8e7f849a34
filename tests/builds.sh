#!/bin/sh
# builds.sh: the header in every form that a program may include it compiles without a warning: with
# each of its options (warnings.sh), in two files, static in two files, under another name, which it
# includes itself by; C99, C11, C++11, C++20. `make builds` calls it from the top folder. Compilers that
# are not there are skipped, aloud. The last line is "N passed, M failed".
set -eu
folder=${BUILD:-build}/tests/builds
rm -rf "$folder" && mkdir -p "$folder"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef -Wdouble-promotion -Wcast-qual"
cat > "$folder/one.c" << 'END'
#define FFNN_IMPLEMENTATION
#include "ffnn.h"
END
cat > "$folder/renamed.c" << 'END'
#define FFNN_IMPLEMENTATION
#include "networks.h"
END
cp ffnn.h "$folder/networks.h"
cat > "$folder/main.c" << 'END'
#include "ffnn.h"
int main(void) { return ffnn_init(NULL, NULL) == FFNN_OK; }
END
cat > "$folder/a.c" << 'END'
#define FFNN_STATIC
#define FFNN_IMPLEMENTATION
#include "ffnn.h"
int a(void);
int a(void) { return ffnn_init(NULL, NULL) == FFNN_OK; }
END
cat > "$folder/b.c" << 'END'
#define FFNN_STATIC
#define FFNN_IMPLEMENTATION
#include "ffnn.h"
int a(void);
int main(void) { return a() + (ffnn_init(NULL, NULL) == FFNN_OK); }
END
for file in one renamed main a b; do cp "$folder/$file.c" "$folder/$file.cpp"; done

# try COMPILER SUFFIX STANDARD: the implementation and a user in two files, static twice, and with
# another name for the header (where there is no ffnn.h, so that it cannot be taken in its place);
# without FFNN_FILENAME that is an #error. Without optimization all of it is linked.
try() {
    if ! command -v "$1" > /dev/null; then echo "skipped: no $1"; return; fi
    out=$folder/$1-$3 c_only=
    mkdir "$out"
    [ "$2" = cpp ] || c_only="-Wstrict-prototypes -Wmissing-prototypes"
    "$1" "-std=$3" -O0 $warnings $c_only -I. -o "$out/two" "$folder/one.$2" "$folder/main.$2" -lm
    "$out/two"
    "$1" "-std=$3" -O2 $warnings $c_only -I. -o "$out/static" "$folder/a.$2" "$folder/b.$2" -lm
    "$out/static"
    "$1" "-std=$3" -O2 $warnings $c_only -fsyntax-only '-DFFNN_FILENAME="networks.h"' "$folder/renamed.$2"
    if "$1" "-std=$3" -O2 -fsyntax-only "$folder/renamed.$2" 2> "$out/log"
    then echo "$1 -std=$3: a renamed header builds without FFNN_FILENAME"; exit 1; fi
    grep -q 'error.*ffnn\.h: .*FFNN_FILENAME' "$out/log" || { cat "$out/log"; exit 1; }
    echo "$1 -std=$3: 4 passed"
}

# Two at a time: GCC's in C and in C++, then Clang's.
passed=0
for pair in "gcc c c99:g++ cpp c++11" "gcc c c11:g++ cpp c++20" "clang c c99:clang++ cpp c++11" \
    "clang c c11:clang++ cpp c++20"; do
    try ${pair%:*} > "$folder/first" 2>&1 & first=$!
    try ${pair#*:} > "$folder/second" 2>&1 & second=$!
    failed=0
    wait $first || failed=1
    wait $second || failed=1
    cat "$folder/first" "$folder/second"
    [ $failed = 0 ] || { echo "$passed passed, 1 failed"; exit 1; }
    passed=$((passed + 4 * $(cat "$folder/first" "$folder/second" | grep -c '4 passed$' || true)))
done
failed=0
sh tests/warnings.sh all > "$folder/warnings" 2>&1 || failed=1
cat "$folder/warnings"
[ $failed = 0 ] || { echo "$passed passed, 1 failed"; exit 1; }
passed=$((passed + $(sed -n '$s/^warnings: \([0-9]*\) passed.*/\1/p' "$folder/warnings")))
echo "$passed passed, 0 failed"
