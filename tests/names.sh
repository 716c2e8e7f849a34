#!/bin/sh
# names.sh: no macro of a program, or of a system's header, can break ffnn.h. Every capital name that
# it uses without the prefix, and the words that <windows.h> and its like define, are defined as
# macros; none may be expanded. Names of the C library and the system are what they are: the list
# below. FFNN_MAX_LAYERS, a constant, cannot be a macro. Calls $CC; with `all`, as make matrix does, a
# compiler for Windows, too: where it is missing that is skipped, aloud. The last line is
# "names: N passed, M failed".
set -u
cc=${CC:-cc}
out=${BUILD:-build}/tests/names
rm -rf "$out" && mkdir -p "$out" || exit 1
passed=0 failed=0

# check NAME COMMAND...
check() {
    name=$1; shift
    if "$@" > "$out/log" 2>&1; then passed=$((passed + 1))
    else failed=$((failed + 1)); grep -E 'error|warning' "$out/log" | head -n 10; echo "FAILED: $name"; fi
}

# Capital names that are not ffnn.h's own.
errors=$(echo '#include <errno.h>' | $cc -E -dM -x c - | sed -n 's/^#define \(E[A-Z0-9]*\) .*/\1/p' | tr '\n' ' ')
is_systems() {
    case " $errors " in *" $1 "*) return ;; esac
    case $1 in
    NULL | FILE | EOF | BUFSIZ | SEEK_SET | SEEK_CUR | SEEK_END) ;;                  # <stdio.h>
    SIZE_MAX | INT_MAX | UINT_MAX | LONG_MAX | ULONG_MAX | CHAR_BIT) ;;  # <stdint.h>, <limits.h>
    INT*_MAX | UINT*_MAX | INT*_C | UINT*_C | FLT_* | DBL_*) ;;
    NAN | INFINITY | HUGE_VAL | HUGE_VALF) ;;                                         # <math.h>
    R_OK | W_OK | X_OK | F_OK | F_* | AT_* | O_[A-Z]* | S_I[A-Z]*) ;;                    # POSIX
    STDIN_FILENO | STDOUT_FILENO | STDERR_FILENO | PATH_MAX) ;;
    WINAPI | DWORD | HANDLE | BOOL | TRUE | FALSE | CP_ACP | CP_UTF8 | MAX_PATH) ;;    # Windows
    MB_ERR_INVALID_CHARS | MOVEFILE_* | FILE_ATTRIBUTE_* | INVALID_HANDLE_VALUE | ERROR_*) ;;
    STDC | FP_CONTRACT | ON | OFF | DEFAULT | GCC) ;; # of a #pragma, where nothing is expanded
    *) return 1 ;;
    esac
}

# Words that system headers define as macros, with or without an argument.
objects="far near huge pascal cdecl small hyper interface environ CONST VOID IN OUT OPTIONAL NEAR FAR
    PASCAL CDECL STRICT ERROR DELETE INPUT IGNORE INFINITE ABSOLUTE RELATIVE TRANSPARENT OPAQUE
    DIFFERENCE THIS PURE rad1 chx1 edt1 lst1 grp1 frm1 rct1 ico1 stc1 cmb1 scr1 ctl1 psh1
    unix linux i386 sun sgi mips sparc vax hpux arm I complex imaginary B0 B50 CR0 NL0 FF0 ECHO NBBY
    s_addr s_host s_net h_addr sa_handler sigmask st_atime st_mtime st_ctime vector pixel
    PI HIGH LOW OUTPUT DEC HEX OCT BIN EXTERNAL signals slots emit foreach forever nil Nil YES NO
    None Bool Status True False Always Success Above Below Complex Unsorted Convex
    noinline always_inline unused may_alias packed pure weak cold hot flatten fallthrough"
functions="min max abs major minor makedev howmany roundup powerof2 setbit clrbit isset isclr bit sq
    word lowByte highByte radians degrees constrain swap countof likely unlikely offset check verify
    require move clear erase refresh border box filter timeout echo raw delay
    aligned target vector_size optimize section visibility format constructor deprecated"
alternatives="and and_eq bitand bitor compl not not_eq or or_eq xor xor_eq alignas alignof noreturn
    static_assert thread_local" # <iso646.h> and others of C; C++ knows them

# What ffnn.h includes is included before: a system's headers need not bear a program's macros.
includes() { # COMPILER
    sed -n 's/^ *# *include *<\(.*\)>.*/\1/p' ffnn.h | sort -u | while read -r name; do
        echo "#include <$name>" > "$out/include.c"
        ! $1 -E -o "$out/preprocessed" "$out/include.c" 2> "$out/log" || cat "$out/include.c"
    done
}

# Those of comments and strings are among them: to define them, too, does no harm.
own=""
for word in $(tr -cs 'A-Za-z0-9_' '\n' < ffnn.h | grep '^[A-Z][A-Z0-9_]*$' | sort -u); do
    case $word in FFNN*) continue ;; esac
    is_systems "$word" || own="$own $word"
done

# A program that has all these macros, each of which leaves a trace where it is expanded.
program() { # COMPILER
    includes "$1"
    for word in $own $objects; do printf '#undef %s\n#define %s expands_%s\n' "$word" "$word" "$word"; done
    for word in $functions; do printf '#undef %s\n#define %s(...) expands_%s\n' "$word" "$word" "$word"; done
    echo '#ifndef __cplusplus'
    for word in $alternatives; do printf '#define %s expands_%s\n' "$word" "$word"; done
    echo '#endif'
    printf '#include "ffnn.h"\n'
}

expands_nothing() { # COMPILER FILE OPTIONS
    $1 $3 -I. -E -o "$out/preprocessed" "$2" && grep -q ffnn_init "$out/preprocessed" || return 1
    expanded=$(grep -o 'expands_[A-Za-z0-9_]*' "$out/preprocessed" | sort -u | sed 's/expands_//' | tr '\n' ' ')
    [ -z "$expanded" ] || { echo "error: these macros of a program would break it: $expanded"; false; }
}

windows_compilers=
[ "${1:-}" != all ] || windows_compilers="x86_64-w64-mingw32-gcc x86_64-w64-mingw32-g++"
for compiler in "$cc" ${windows_compilers% *}; do
    if ! command -v "${compiler%% *}" > /dev/null; then echo "skipped: no $compiler"; continue; fi
    program "$compiler" > "$out/program.c"
    check "macros, declarations, $compiler" expands_nothing "$compiler" "$out/program.c" ""
    for option in "" -DFFNN_NO_SIMD -DFFNN_NO_STDIO -DFFNN_STATIC; do
        for language in c c++; do
            echo 'int x;' > "$out/empty.c"
            $compiler -x $language -E -o "$out/preprocessed" "$out/empty.c" 2> "$out/log" || continue
            check "macros, $compiler -x $language $option" \
                expands_nothing "$compiler -x $language" "$out/program.c" "-DFFNN_IMPLEMENTATION $option"
        done
    done
done

compile() { # LANGUAGE FILE OPTION
    $cc -x "$1" -w $3 -I. -fsyntax-only "$2"
}

# FFNN_MAX_LAYERS is a constant of 16, so that it cannot differ between two files of a program. Who
# sets it, as one could in version 1.0, is told so.
cat > "$out/constant.c" << 'END'
#include "ffnn.h"
#ifdef FFNN_MAX_LAYERS
#error "FFNN_MAX_LAYERS is a macro"
#endif
typedef char is_16[FFNN_MAX_LAYERS == 16 ? 1 : -1];
END
printf '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' > "$out/implementation.c"
refuses() { # LANGUAGE FILE OPTION
    ! compile "$@" && grep -q 'error.*ffnn\.h: .*FFNN_MAX_LAYERS' "$out/log"
}
for language in c c++; do
    check "FFNN_MAX_LAYERS is a constant of 16, $language" compile $language "$out/constant.c" ""
    for number in 8 16; do
        check "FFNN_MAX_LAYERS=$number is refused, $language" \
            refuses $language "$out/implementation.c" -DFFNN_MAX_LAYERS=$number
    done
    sed -i.bak '/is_16/d' "$out/constant.c"
    check "FFNN_MAX_LAYERS=16 is refused where only the declarations are, $language" \
        refuses $language "$out/constant.c" -DFFNN_MAX_LAYERS=16
    mv "$out/constant.c.bak" "$out/constant.c"
done

# After <windows.h>, whole and lean, and before it.
windows() { # COMPILER LANGUAGE TEXT OPTION
    printf "$3" > "$out/windows.c"
    $1 -x "$2" -Wall -Werror $4 -I. -fsyntax-only "$out/windows.c"
}
for compiler in $windows_compilers; do
    if ! command -v $compiler > /dev/null; then echo "skipped: no $compiler"; continue; fi
    case $compiler in *g++) language=c++ ;; *) language=c ;; esac
    for option in "" -DWIN32_LEAN_AND_MEAN; do
        check "$compiler, after windows.h $option" windows $compiler $language \
            '#include <windows.h>\n#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' "$option"
    done
    check "$compiler, before windows.h" windows $compiler $language \
        '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n#include <windows.h>\n' ""
    check "$compiler, between two headers" windows $compiler $language \
        '#include "ffnn.h"\n#include <windows.h>\n#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' ""
done

echo "names: $passed passed, $failed failed"
[ "$failed" = 0 ]
