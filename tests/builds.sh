#!/bin/sh
# builds.sh: the header in every form that a program may include it compiles without a warning:
# C99, C11, C++11, C++20, static in two files, without stdio, without SIMD. Compilers that are
# not there are skipped, aloud.
set -eu
folder=build/tests/builds
rm -rf "$folder" && mkdir -p "$folder"
warnings="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef -Wdouble-promotion -Wcast-qual"
passed=0

printf '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' > "$folder/one.c"
printf '#include "ffnn.h"\nint main(void) { return ffnn_init(NULL, NULL) == FFNN_OK; }\n' > "$folder/main.c"
for file in a b; do
    printf '#define FFNN_STATIC\n#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\nint %s(void);\nint %s(void) { return ffnn_init(NULL, NULL) == FFNN_OK; }\n' $file $file
done > "$folder/static.txt"
head -n 5 "$folder/static.txt" > "$folder/a.c"
{ tail -n 5 "$folder/static.txt"; printf 'int a(void);\nint main(void) { return a() + b(); }\n'; } > "$folder/b.c"
for file in one main a b; do cp "$folder/$file.c" "$folder/$file.cpp"; done

# try COMPILER SUFFIX STANDARD: the implementation with each option, two files, static twice.
try() {
    if ! command -v "$1" > /dev/null; then echo "skipped: no $1"; return; fi
    c_only=; [ "$2" = cpp ] || c_only="-Wstrict-prototypes -Wmissing-prototypes"
    for option in "" -DFFNN_NO_STDIO -DFFNN_STATIC -DFFNN_NO_SIMD -DFFNN_MAX_LAYERS=3; do
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
    echo "$1 -std=$3: passed"
}

try gcc c c99; try gcc c c11; try clang c c99; try clang c c11
try g++ cpp c++11; try g++ cpp c++20; try clang++ cpp c++11; try clang++ cpp c++20
echo "$passed passed, 0 failed"
