#!/bin/sh
# pasted.sh: the header's text works where it is no file of its own: pasted into a program, amalgamated,
# included by URL. With FFNN_NO_SIMD that builds, the program's own code after it, and prints what
# it prints with an include; with vectors, for which the file includes itself, an #error says what to
# do. Calls $CC, without optimization, which compiles sooner. The last line is "pasted: N passed, M
# failed".
set -u
out=${BUILD:-build}/tests/pasted
rm -rf "$out" && mkdir -p "$out/include" || exit 1
passed=0 failed=0

check() { # WHAT COMMAND...
    what=$1; shift
    if "$@" > "$out/log" 2>&1; then passed=$((passed + 1))
    else failed=$((failed + 1)); head -n 20 "$out/log"; echo "FAILED: $what"; fi
}

# A program of one file, the same with an include, and one that has the text in a header of its own.
own_code() { grep -v -e '^#define FFNN_IMPLEMENTATION' -e '^#include' examples/quickstart.c; }
{ echo '#define FFNN_IMPLEMENTATION'; cat ffnn.h; own_code; } > "$out/program.c"
{ echo '#define FFNN_IMPLEMENTATION'; echo '#include "ffnn.h"'; own_code; } > "$out/including.c"
{ echo '#define FFNN_IMPLEMENTATION'; cat ffnn.h; } > "$out/include/amalgamated.h"
{ echo '#include "amalgamated.h"'; own_code; } > "$out/amalgamated.c"

builds() { # LANGUAGE FILE OPTIONS: where there is no ffnn.h
    case $1 in c++) flags=$(echo "$CFLAGS" | sed 's/-std=c99//; s/-W[a-z]*-prototypes//g') ;; *) flags=$CFLAGS ;; esac
    $CC $flags -O0 -x "$1" $3 -I"$out/include" -c -o "$out/object" "$out/$2"
}
prints_the_same() {
    $CC $CFLAGS -O0 -DFFNN_NO_SIMD -o "$out/program" "$out/program.c" -lm &&
        $CC $CFLAGS -O0 -DFFNN_NO_SIMD -I. -o "$out/including" "$out/including.c" -lm &&
        (cd "$out" && ./program > program.txt && ./including > including.txt) &&
        [ -s "$out/program.txt" ] && cmp "$out/program.txt" "$out/including.txt"
}
refuses() { # FILE WORD: by an #error of the header's own, which has the word
    ! builds c "$1" "" > "$out/refusal" 2>&1 && grep -q "error.*ffnn\.h: .*$2" "$out/refusal"
}

check "pasted, it prints the same" prints_the_same
check "pasted, static" builds c program.c "-DFFNN_NO_SIMD -DFFNN_STATIC"
check "amalgamated" builds c amalgamated.c -DFFNN_NO_SIMD
if echo 'int x;' | $CC -x c++ -fsyntax-only - > "$out/log" 2>&1; then
    check "pasted, in C++" builds c++ program.c -DFFNN_NO_SIMD
    check "amalgamated, in C++" builds c++ amalgamated.c -DFFNN_NO_SIMD
else echo "skipped: $CC does not know C++"; fi

# Whether there are vectors for this compiler, and whether it tells that a file is there, and where it is.
cat > "$out/asks.c" << 'END_OF_FILE'
#define FFNN_IMPLEMENTATION
#include "ffnn.h"
#if !defined(FFNN__SIMD) || !defined(__has_include) || !defined(__INCLUDE_LEVEL__)
#error "it does not ask"
#endif
END_OF_FILE
if $CC $CFLAGS -I. -fsyntax-only "$out/asks.c" > "$out/log" 2>&1; then
    check "pasted, with vectors" refuses program.c "pasted.*FFNN_NO_SIMD"
    check "amalgamated, with vectors" refuses amalgamated.c "FFNN_FILENAME.*FFNN_NO_SIMD"
else echo "skipped: $CC has no vectors, or does not tell where a text stands"; fi
echo "pasted: $passed passed, $failed failed"
[ "$failed" = 0 ]
