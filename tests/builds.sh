#!/bin/sh
# builds.sh: the header in every form that a program may include it compiles without a warning:
# C99, C11, C++11, C++20, static in two files, without stdio, without SIMD. `make builds` calls it
# from the top folder. Compilers that are not there are skipped, aloud.
set -eu
folder=${BUILD:-build}/tests/builds
rm -rf "$folder" && mkdir -p "$folder"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef -Wdouble-promotion -Wcast-qual"
passed=0

cat > "$folder/one.c" << 'END'
#define FFNN_IMPLEMENTATION
#include "ffnn.h"
END
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
for file in one main a b; do cp "$folder/$file.c" "$folder/$file.cpp"; done

# try COMPILER SUFFIX STANDARD: the implementation with each option, two files, static twice.
try() {
    if ! command -v "$1" > /dev/null; then echo "skipped: no $1"; return; fi
    c_only=; [ "$2" = cpp ] || c_only="-Wstrict-prototypes -Wmissing-prototypes"
    for option in "" -DFFNN_NO_STDIO -DFFNN_STATIC -DFFNN_NO_SIMD; do
        for level in -O0 -O2 -O3; do
            "$1" "-std=$3" $level $warnings $c_only $option -I. -c -o "$folder/one.o" "$folder/one.$2"
            passed=$((passed + 1))
        done
    done
    "$1" "-std=$3" -O2 $warnings -I. -o "$folder/two" "$folder/one.$2" "$folder/main.$2" -lm
    "$folder/two"
    "$1" "-std=$3" -O2 $warnings -I. -o "$folder/static" "$folder/a.$2" "$folder/b.$2" -lm
    "$folder/static"
    passed=$((passed + 2))
    if "$1" "-std=$3" -DFFNN_MAX_LAYERS=3 -I. -c -o "$folder/one.o" "$folder/one.$2" 2> "$folder/log"
    then echo "$1 -std=$3: FFNN_MAX_LAYERS is no option, but can be defined"; exit 1; fi
    grep -q 'error.*FFNN_MAX_LAYERS is a constant' "$folder/log" || { cat "$folder/log"; exit 1; }
    passed=$((passed + 1))
    echo "$1 -std=$3: passed"
}

for compiler in gcc clang; do
    try $compiler c c99
    try $compiler c c11
done
for compiler in g++ clang++; do
    try $compiler cpp c++11
    try $compiler cpp c++20
done
echo "$passed passed, 0 failed"
