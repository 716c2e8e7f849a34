#!/bin/sh
# warnings.sh [all]: the header warns nowhere, whatever its user turns on: where the implementation
# is, and where only the declarations are; also with -DFFNN_STATIC for a whole program. make test
# asks $CC; with `all`, as make builds does, gcc, clang, g++ and clang++ are asked, with every option
# of the header, and clang's MSVC target (msvc.sh), also as if it were Microsoft's compiler. C and C++
# beside each other. What is not there is skipped, aloud. The last line is "warnings: N passed, M failed".
set -u
out=${BUILD:-build}/tests/warnings
rm -rf "$out" && mkdir -p "$out/c" "$out/c++" || exit 1
passed=0 failed=0
options="-DFFNN_STATIC -DFFNN_NO_SIMD -DFFNN_NO_STDIO -DFFNN_HAS_ACTIVATION(a)=((a)==FFNN_TANH)"

common="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Wundef -Wdouble-promotion -Wcast-qual
    -Wformat=2 -Wcast-align -Wredundant-decls -Wswitch-enum -Wfloat-equal -Wvla -Wunused-macros"
c_only="-Wstrict-prototypes -Wmissing-prototypes"
gcc_only="-Wlogical-op -Wduplicated-branches -Wduplicated-cond -Wnull-dereference"
cpp_only="-Wold-style-cast -Wzero-as-null-pointer-constant"
clang_only="-Wcomma -Wextra-semi -Wconditional-uninitialized -Wassign-enum"

for folder in "$out" "$out/c" "$out/c++"; do
    printf '#include "ffnn.h"\nextern int nothing;\nint nothing;\n' > "$folder/declarations.c"
    printf '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' > "$folder/implementation.c"
    printf 'int main(void) { return 0; }\n' > "$folder/nothing.c"
done

is_clang() { # COMPILER
    case $(echo 'char what = __clang__;' | $1 -E -x c - 2> "$out/log") in *__clang__*) false ;; esac
}

# Where constants are floats, as flight controllers have them, none may become a double unasked.
float_constants() { # COMPILER
    flag=-fsingle-precision-constant
    ! is_clang "$1" || flag="-Xclang -cl-single-precision-constant"
    if $1 -x c $flag -fsyntax-only "$out/nothing.c" > "$out/log" 2>&1 && [ ! -s "$out/log" ]
    then echo "$flag"; fi
}

try() { # COMPILER LANGUAGE STANDARD FILE FLAGS
    if is_clang "$1"; then own=$clang_only; else own=$gcc_only; fi
    if [ "$2" = c ]; then own="$own $c_only"; else own="$own $cpp_only"; fi
    if $1 -x "$2" "-std=$3" $common $own -Werror $5 -I. -c -o "$out/object" "$out/$4.c" > "$out/log" 2>&1
    then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    grep -o '\[-W[^]]*\]' "$out/log" | sed 's/-Werror,//; s/-Werror=/-W/' | sort | uniq -c | sort -rn
    grep -m 3 'error' "$out/log"
    echo "FAILED: $1 -std=$3 $5, $4"
}

# GCC has warnings of its optimizer, which differ between levels. Clang has all but a few from reading,
# which the level changes by its macros only: code is made at one level. A newer standard does not change
# what is optimized: there, it is for size.
everything() { # COMPILER LANGUAGE STANDARD NEWER-STANDARD
    if ! command -v "$1" > /dev/null; then echo "skipped: no $1"; return; fi
    read_only= constants=$(float_constants "$1")
    ! is_clang "$1" || read_only=-fsyntax-only
    for option in "" $options; do
        for level in "-O0 $read_only" -O2 "-O3 $read_only"; do
            try "$1" "$2" "$3" implementation "$level $option"
        done
        try "$1" "$2" "$4" implementation "-Os $option"
        for standard in "$3" "$4"; do
            try "$1" "$2" "$standard" declarations "-O2 $option"
            try "$1" "$2" "$standard" implementation "-O2 -fsyntax-only $option $constants"
        done
    done
}

# Microsoft's compiler is none of those that have __attribute__; with __clang__ undefined, this one
# reads what is left for it.
microsofts="-U__clang__ -Wno-old-style-cast -Wno-zero-as-null-pointer-constant"

msvc() { # LANGUAGE STANDARD
    msvc="sh tests/msvc.sh"
    if ! $msvc -x "$1" -c -o "$out/object" "$out/nothing.c" > "$out/log" 2>&1
    then echo "skipped: no MSVC target of clang"; return; fi
    for option in "" $options; do
        try "$msvc" "$1" "$2" implementation "-fsyntax-only $option"
        try "$msvc" "$1" "$2" declarations "-fsyntax-only $option"
        # It has a warning of its own about unused static functions: see the end of the header.
        try "$msvc" "$1" "$2" implementation "-fsyntax-only $option $microsofts -Wno-unused-function"
        try "$msvc" "$1" "$2" declarations "-fsyntax-only $option $microsofts"
        restored "$msvc -x $1 -std=$2 -U__clang__ $option"
    done
}

# Whether all warnings that the header turns off are on again after it, but for C4505 with FFNN_STATIC.
restored() { # COMPILER
    left=
    case $1 in *FFNN_STATIC*) left=4505 ;; esac
    $1 -I. -E -o "$out/preprocessed" "$out/implementation.c" > "$out/log" 2>&1 &&
        awk -v expected="$left" -v FS='[ ():]+' '
            /^# [0-9]+ / { ours = /ffnn\.h"/ }
            !ours || !/^#pragma warning/ { next }
            $3 == "push" { saved[depth++] = off; ++pushes }
            $3 == "disable" { off = off $4 }
            $3 == "pop" { off = saved[--depth] }
            END { exit !(pushes > 0 && depth == 0 && off == expected) }' "$out/preprocessed"
    if [ $? = 0 ]; then passed=$((passed + 1)); return; fi
    failed=$((failed + 1))
    echo "FAILED: $1: warnings are not what they were before the header"
}

all_of() { # LANGUAGE, in a process of its own: the last line is its counts
    out=$out/$1
    case $1 in
    c) everything gcc c c99 c11; everything clang c c99 c11; msvc c c99 ;;
    *) everything g++ c++ c++11 c++20; everything clang++ c++ c++11 c++20; msvc c++ c++14 ;;
    esac
    echo "$passed $failed"
}

if [ "${1:-}" = all ]; then
    all_of c > "$out/c.txt" 2>&1 &
    all_of c++ > "$out/c++.txt" 2>&1 &
    wait
    for language in c c++; do
        sed '$d' "$out/$language.txt"
        counts=$(sed -n '$s/^\([0-9]* [0-9]*\)$/\1/p' "$out/$language.txt")
        [ -n "$counts" ] || { cat "$out/$language.txt"; counts="0 1"; }
        passed=$((passed + ${counts% *})) failed=$((failed + ${counts#* }))
    done
else
    try "${CC:-cc}" c c99 declarations "-O2"
    try "${CC:-cc}" c c99 declarations "-O2 -DFFNN_STATIC"
    try "${CC:-cc}" c c99 implementation "-O2 -DFFNN_STATIC"
    try "${CC:-cc}" c c99 implementation "-O2 -DFFNN_NO_SIMD -fsyntax-only"
    try "${CC:-cc}" c c99 implementation "-O2 -fsyntax-only $(float_constants "${CC:-cc}")"
fi
echo "warnings: $passed passed, $failed failed"
[ "$failed" = 0 ]
