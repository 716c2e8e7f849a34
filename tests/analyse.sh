#!/bin/sh
# analyse.sh: static analysis of the header, the examples and the tests, and the tests under
# valgrind, MemorySanitizer and ThreadSanitizer; no finding is allowed. `make analyse` calls it from
# the top folder. A tool that is missing is skipped and named; with ANALYSE_STRICT=1 it has failed.
# The last line is "N passed, N failed".
set -u
out=${BUILD:-build}/analyse
rm -rf "$out" && mkdir -p "$out" || exit 1
passed=0 failed=0 skipped=0
printf '#define FFNN_IMPLEMENTATION\n#include "../../ffnn.h"\n' > "$out/ffnn.c"
cp .clang-tidy "$out" # clang-tidy looks for it beside the source
sources="$out/ffnn.c examples/*.c"
tests=$(echo tests/test_*.c)

have() { # TOOL WHAT
    if command -v "$1" > /dev/null 2>&1; then return 0; fi
    skipped=$((skipped + 1))
    echo "$2: SKIPPED: no $1"
    return 1
}

# check NAME COMMAND...: fails if the command does, or prints a warning.
check() {
    name=$1; shift
    if "$@" > "$out/log" 2>&1 && ! grep -q 'warning:' "$out/log"; then
        passed=$((passed + 1)); echo "$name: no findings"
    else
        failed=$((failed + 1)); cat "$out/log"; echo "$name: FAILED"
    fi
}

# run NAME RUNNER COMPILER FLAGS TEST: builds a test and runs it.
run() {
    check "$1, $(basename "$5" .c)" sh -c "$3 -std=c99 -g -O1 $4 -o $out/test $5 -lm && $2 $out/test"
}

# Without vectors, which take it gigabytes. It assumes that a product may have no columns: then what
# reads the result would read what nobody wrote, which valgrind and MemorySanitizer look for below.
if have gcc "gcc -fanalyzer"; then
    for level in -O0 -O2; do
        for source in $sources; do
            check "gcc -fanalyzer $level, $source" \
                gcc -std=c99 $level -DFFNN_NO_SIMD -fanalyzer \
                -Wno-analyzer-use-of-uninitialized-value -c -o "$out/object" "$source"
        done
    done
fi

if have clang-tidy clang-tidy; then
    check "clang-tidy, $out/ffnn.c" clang-tidy --quiet "$out/ffnn.c" -- -std=c99
    check "clang-tidy, plain C" clang-tidy --quiet "$out/ffnn.c" -- -std=c99 -DFFNN_NO_SIMD
    # It cannot know that y, whose rows and columns have been compared, is as large as the output.
    for source in examples/*.c; do
        check "clang-tidy, $source" clang-tidy --quiet --checks=-clang-analyzer-core.UndefinedBinaryOperatorResult \
            "$source" -- -std=c99
    done
    # Nor does it follow the header's checks through the harness: it gives up and assumes that a
    # tensor which has been refused is used. The header itself has been checked above. cert-err34-c:
    # what a script has written need not be doubted. cortex_m.c is for Arm's compilers.
    for source in tests/*.c; do
        [ "$source" != tests/cortex_m.c ] || continue
        check "clang-tidy, $source" \
            clang-tidy --quiet --checks=-clang-analyzer-core.*,-cert-err34-c "$source" -- -std=c99
    done
fi

if have cppcheck cppcheck; then
    # ctuuninitvar: it takes a struct that a function is to fill for one that it reads. uninitvar: it
    # does not know that a vector fills an array. nullPointerArithmetic: nor that a pointer which is
    # NULL is not used where a constant says so. invalidFunctionArg: nor that a loop runs, so that its
    # sum, of which the logarithm is taken, is not 0.
    for source in $sources; do
        for platform in "-D__x86_64__ -D__SSE2__ -D__GNUC__=12 -D__unix__" "-DFFNN_NO_SIMD -D_WIN32"; do
            check "cppcheck $platform, $source" cppcheck --std=c99 --enable=warning,performance,portability \
                --quiet --error-exitcode=1 --suppress=ctuuninitvar --suppress=uninitvar \
                --suppress=nullPointerArithmetic --suppress=invalidFunctionArg $platform "$source"
        done
    done
fi

if have valgrind valgrind; then # its long double is a double
    for test in $tests; do
        case $test in *test_stack*) continue ;; esac # reads the stack that others have left
        run valgrind "valgrind -q --error-exitcode=9 --leak-check=full" "${CC:-cc}" -DTEST_IN_DOUBLE "$test"
    done
fi

if have clang MemorySanitizer; then
    for test in $tests; do
        run MemorySanitizer "" clang "-fsanitize=memory -fno-sanitize-recover=all" "$test"
    done
fi

for compiler in gcc clang; do
    if have $compiler "ThreadSanitizer, $compiler"; then
        run "ThreadSanitizer, $compiler" "" $compiler -fsanitize=thread tests/test_threads.c
    fi
done

[ "$skipped" = 0 ] || echo "$skipped tools SKIPPED: they are not here"
[ "${ANALYSE_STRICT:-0}" = 0 ] || failed=$((failed + skipped))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
