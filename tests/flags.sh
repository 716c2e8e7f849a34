#!/bin/sh
# flags.sh [gcc | clang | msvc [quick]]: whatever flags that change arithmetic a program is compiled with, the library
# prints bit for bit what it prints without them (tests/flags_probe.c), or the build stops with an
# #error of its own. And the header changes nothing for the code after it: that has the same
# instructions with and without the include.
#
# make test tries the worst flag with $CC and one kind of kernels, which compiles sooner; make matrix
# all that gcc and g++, or clang and clang++, know, or with "quick" each of them once; "msvc" is clang's
# MSVC target (msvc.sh) with what clang-cl makes of /fp:fast. What is not there is skipped, aloud. The last line is "flags: N passed, M failed".
set -u
out=${BUILD:-build}/tests/flags
rm -rf "$out" && mkdir -p "$out" || exit 1
passed=0 failed=0 refused=0
runner= # what runs programs that are not of this system
cat > "$out/nothing.c" << 'END'
int main(void) {
#ifdef __FMA__ /* a processor may be older than this */
    return !__builtin_cpu_supports("fma");
#else
    return 0;
#endif
}
END

fail() { # WHAT WHY
    failed=$((failed + 1))
    echo "FAILED: $1: $2"
}

# Whether a compiler knows these flags, and this processor runs what it makes.
knows() { # COMPILER FLAGS
    $1 $2 -o "$out/nothing" "$out/nothing.c" > "$out/knows.log" 2>&1 &&
        ! grep -q -E 'unknown|unrecognized|not supported|unsupported|not valid' "$out/knows.log" &&
        $runner "$out/nothing"
}

# The instructions of the user's functions in an object file. Each function is a section of its own,
# so that its addresses do not depend on what is before it.
instructions() { # OBJECT
    for function in multiply_and_add sum scale constants is_nan polynomial; do
        objdump -d --no-show-raw-insn -j ".text.user_$function" "$1" | sed '/file format/d' || return 1
    done
}

# The user's functions in NAME.o are what they are without the include.
same_instructions() { # NAME COMPILER FLAGS
    $2 $3 -w -ffunction-sections -DUSER_CODE_ONLY -c -o "$out/user.o" tests/flags_probe.c 2> "$out/$1.log" &&
        instructions "$out/user.o" > "$out/user.txt" 2>> "$out/$1.log" &&
        instructions "$out/$1.o" > "$out/$1.user.txt" 2>> "$out/$1.log" || return 1
    [ "$(grep -c '<user_' "$out/user.txt")" -ge 6 ] && cmp -s "$out/user.txt" "$out/$1.user.txt"
}

# Compiles the probe, links it without the flags (for those of the linker make numbers that are
# almost 0 become 0, and that is the program's own affair) and runs it. 2: it does not compile.
run_probe() { # NAME COMPILER FLAGS
    $2 $3 -w -ffunction-sections -c -o "$out/$1.o" tests/flags_probe.c > "$out/$1.log" 2>&1 || return 2
    ${2%% -x *} -o "$out/$1" "$out/$1.o" -lm >> "$out/$1.log" 2>&1 &&
        $runner "$out/$1" "$out/$1.weights" > "$out/$1.txt" 2>> "$out/$1.log"
}

# One build with flags that change arithmetic, beside the one without them.
try() { # COMPILER BASE FLAGS
    knows "$1" "$2 $3" || { echo "skipped: $1 does not know $2 $3"; return; }
    run_probe changed "$1" "$2 $3"
    case $? in
    0)  if ! cmp -s "$out/reference.txt" "$out/changed.txt"; then
            fail "$1 $2 $3" "other results: $(diff "$out/reference.txt" "$out/changed.txt" |
                sed -n 's/^> *\(.*\) [0-9a-f]\{8\}.\{0,1\}$/\1/p' | sort -u | tr '\n' ',')"
            return
        fi ;;
    2)  if grep -q 'error.*ffnn\.h: ' "$out/changed.log"
        then passed=$((passed + 1)) refused=$((refused + 1)); echo "$1 $2 $3: refused"
        else fail "$1 $2 $3" "does not compile, and no #error says why"; fi
        return ;;
    *)  fail "$1 $2 $3" "does not run: $(head -n 3 "$out/changed.log")"; return ;;
    esac
    if $has_objdump && ! same_instructions changed "$1" "$2 $3"
    then fail "$1 $2 $3" "the include changes the user's code"
    else passed=$((passed + 1)); fi
}

# A build as it is, and then with each set of flags, one a line.
sweep() { # COMPILER BASE SETS
    if ! command -v "${1%% *}" > /dev/null; then echo "skipped: no ${1%% *}"; return; fi
    knows "$1" "$2" || { echo "skipped: $1 does not know $2"; return; }
    if ! run_probe reference "$1" "$2"; then fail "$1 $2" "$(head -n 3 "$out/reference.log")"; return; fi
    if $has_objdump && ! same_instructions reference "$1" "$2"
    then fail "$1 $2" "the include changes the user's code"
    else passed=$((passed + 1)); fi
    while read -r flags; do
        [ -z "$flags" ] || try "$1" "$2" "$flags"
    done <<SETS
$3
SETS
}

# Where objdump does not know the compiler's processor, it disassembles nothing.
has_objdump=true
if ! objdump --version > /dev/null 2>&1; then
    has_objdump=false
    echo "skipped: no objdump to compare the user's code with"
fi

most_dangerous='
    -ffast-math
    -ffast-math -fno-finite-math-only
    -funsafe-math-optimizations
    -ffinite-math-only
    -fassociative-math -fno-signed-zeros -fno-trapping-math
    -freciprocal-math'

# -ffp-contract is known to no macro of GCC; without vectors it decides what GCC fuses.
contractions='
    -ffp-contract=off
    -ffp-contract=on
    -ffp-contract=fast'

# Tuned for Zen, GCC fuses no product into a sum that goes around a loop.
others='
    -fno-signed-zeros
    -fno-trapping-math
    -fno-math-errno
    -mtune=znver3
    -fsingle-precision-constant
    -Xclang -cl-single-precision-constant
    -D_M_FP_FAST
    -frounding-math
    -fexcess-precision=fast
    -ffast-math -fsingle-precision-constant
    -ffast-math -mrecip
    -ffast-math -ffp-contract=off
    -ffp-model=fast
    -ffp-model=strict
    -ffp-exception-behavior=strict
    -fno-honor-nans
    -fno-honor-infinities
    -fapprox-func
    -fdenormal-fp-math=positive-zero'

if [ "${1:-}" = msvc ]; then
    # Its sections are not called as its functions are: what is compared is what is computed.
    has_objdump=false
    for command in wine64 wine /usr/lib/wine/wine64; do
        if command -v $command > "$out/knows.log"; then runner=$command; break; fi
    done
    sweep "sh tests/msvc.sh" "-O2" "-ffast-math"
    sweep "sh tests/msvc.sh" "-O2 -DFFNN_NO_SIMD" "-ffast-math"
    # Microsoft's own compiler: nothing but _M_FP_FAST tells that the flag was given.
    sweep "sh tests/msvc.sh -U__clang__" "-O2" "-ffast-math -U__FAST_MATH__ -U__FINITE_MATH_ONLY__ -D_M_FP_FAST"
elif [ $# -gt 0 ]; then
    c=$1
    case $c in clang) cxx="clang++ -x c++" ;; *) cxx="g++ -x c++" ;; esac
    sweep "$c" "-O2" "$most_dangerous$contractions$others"
    if [ "${2:-all}" = quick ]; then
        sweep "$c" "-O3 -mfma" "-Ofast"
        sweep "$c" "-O2 -DFFNN_NO_SIMD" "$most_dangerous$contractions"
        sweep "$c" "-O2 -DFFNN_TEST_KERNELS=ffnn__kernels_baseline" "-ffast-math"
        sweep "$cxx" "-O2" "-ffast-math"
    else
        sweep "$c" "-O3 -mfma" "-Ofast$most_dangerous$contractions$others"
        sweep "$c" "-O2 -DFFNN_NO_SIMD" "$most_dangerous$contractions$others"
        sweep "$c" "-O3 -mfma -DFFNN_NO_SIMD" "-Ofast$most_dangerous"
        for base in "-O0" "-O1" "-O3 -march=native" "-O2 -std=c99" "-O1 -DFFNN_NO_SIMD" \
            "-O2 -DFFNN_TEST_KERNELS=ffnn__kernels_baseline"; do
            sweep "$c" "$base" "$most_dangerous"
        done
        sweep "$cxx" "-O2" "$most_dangerous"
        sweep "$cxx" "-O3 -DFFNN_NO_SIMD" "-Ofast$most_dangerous"
    fi
else
    sweep "${CC:-cc}" "-O1 -DFFNN_TEST_KERNELS=ffnn__kernels_baseline" '
        -ffast-math'
fi
[ "$refused" = 0 ] || echo "$refused of them refused, as they may be"
echo "flags: $passed passed, $failed failed"
[ "$failed" = 0 ]
