#!/bin/sh
# matrix.sh: builds and runs the tests and the lab on every platform that this machine has a
# compiler for, and an emulator if it needs one. Prints a table, one line a platform; the last line
# is "N passed, N failed". `make matrix` calls it from the top folder.
#
# A platform passes when
#   - the examples build with all warnings as errors, the tests build, and all tests pass;
#   - the lab prints its recorded transcript;
#   - the weights file that it writes has the bytes that this machine's compiler writes, and it
#     reads those (tests/exchange.c);
#   - the embedded example prints what it prints here.
# Cortex-M programs run in QEMU (tests/cortex_m.sh, .c, .ld), WebAssembly in Node.js (tests/wasi.mjs, .c).
# One whose compiler or emulator is missing is skipped, and the table says so; with MATRIX_STRICT=1
# it has failed. MATRIX_JOBS platforms (2) are tried at a time; MATRIX_ONLY=Wine tries only those
# with that in their name or compiler; with MATRIX_QUICK=1 the first platform runs all tests, the others
# those that what differs between platforms could fail. On Debian, all it can use:
#   apt-get install gcc g++ clang lld tcc musl-tools gcc-12-multilib g++-12-multilib qemu-user \
#       gcc-arm-linux-gnueabihf gcc-aarch64-linux-gnu gcc-riscv64-linux-gnu \
#       gcc-powerpc64le-linux-gnu gcc-s390x-linux-gnu gcc-mingw-w64-x86-64 wine64 libwine-dev \
#       gcc-arm-none-eabi libnewlib-arm-none-eabi qemu-system-arm gcc-avr avr-libc \
#       wasi-libc libclang-rt-14-dev-wasm32 nodejs llvm
# (gcc-multilib itself cannot be installed beside cross compilers; gcc-12-multilib can.) And zig, a newer
# clang with C libraries for many systems: `pip install ziglang`. ZIG is what calls it, by default zig or
# python3 -m ziglang. It builds a C library when it is first asked for it, and keeps it: that takes a
# processor 45 seconds for musl, so the quick rows have one.
set -u
top=$(pwd)
out=${BUILD:-build}/matrix
jobs=${MATRIX_JOBS:-2}
: "${OWN_IMPLEMENTATION:?comes from the Makefile: make matrix}"
strict=${MATRIX_STRICT:-0}
case $out in /*) ;; *) out=$top/$out ;; esac
rm -rf "$out" && mkdir -p "$out" || exit 1

common="-Wall -Wextra -Wpedantic -Wconversion -Wshadow -Werror -Wundef -Wdouble-promotion -Wcast-qual"
c_warnings="-std=c99 $common -Wstrict-prototypes -Wmissing-prototypes"

# What becomes of files when all goes wrong depends on the system, not on how the code is optimised:
# one of the compilers tests that on each system.
faults="test_faults test_hostile test_killed"
quick=${MATRIX_QUICK:-0}
flag_sets=$([ "$quick" = 0 ] && echo all || echo quick)
not_quick="test_descriptions test_fit test_fit_defaults test_gradients test_optimizers test_properties \
    test_saving test_stack test_stack_plain test_tensor test_threads $faults"
all_tests=$(basename -s .c tests/test_*.c | tr '\n' ' ')

# The platforms: name, how to run a program there, compiler, flags, tests and examples that are left
# out.
platforms() {
    platform "Linux x86-64" "" gcc "-std=c99 -O2"
    platform "Linux x86-64" "" gcc "-std=c99 -O0" "$faults"
    platform "Linux x86-64" "" gcc "-std=c99 -O3 -march=native" "$faults"
    platform "Linux x86-64" "" gcc "-std=c99 -O2 -flto" "$faults"
    platform "Linux x86-64" "" clang "-std=c99 -O2" "$faults"
    platform "Linux x86-64" "" clang "-std=c99 -Os -march=native" "$faults"
    scripted "Linux x86-64" flags.sh "gcc $flag_sets"
    scripted "Linux x86-64" flags.sh "clang $flag_sets"
    scripted "Linux x86-64" names.sh all
    platform "Linux x86-64, C++" "" g++ "-std=c++11 -O2" "$faults"
    platform "Linux x86-64, C++" "" clang++ "-std=c++20 -O2" "$faults"
    # tcc 0.9.27 does not fold a constant NaN (the values of test_print) and miscounts an array of
    # structs initialised by struct variables (in test_network, test_mlp_files).
    platform "Linux x86-64" "" tcc "" "test_print test_network test_mlp_files $faults"
    platform "Linux x86-64, musl" "" musl-gcc "-std=c99 -O2"
    # 64-bit file offsets are for the tests: readdir fails on some emulated folders without.
    # gcc-12-multilib leaves <asm/errno.h> where only 64-bit programs look for it.
    platform "Linux x86, 32 bits" "$run_32_bits" gcc \
        "-std=c99 -O2 -m32 -D_FILE_OFFSET_BITS=64 -idirafter /usr/include/$(gcc -print-multiarch 2>/dev/null)"
    platform "Linux x86, 32 bits, SSE" "$run_32_bits" gcc "-std=c99 -O2 -m32 -msse2 \
        -mfpmath=sse -D_FILE_OFFSET_BITS=64 -idirafter /usr/include/$(gcc -print-multiarch 2>/dev/null)" "$faults"
    platform "Linux Arm, 32 bits" "$(emulator arm)" arm-linux-gnueabihf-gcc \
        "-std=c99 -O2 -static -D_FILE_OFFSET_BITS=64"
    platform "Linux Arm, 32 bits, NEON" "$(emulator arm)" arm-linux-gnueabihf-gcc \
        "-std=c99 -O2 -static -D_FILE_OFFSET_BITS=64 -mfpu=neon-vfpv4" "$faults"
    platform "Linux Arm, 64 bits" "$(emulator aarch64)" aarch64-linux-gnu-gcc "-std=c99 -O2 -static"
    platform "Linux RISC-V, 64 bits" "$(emulator riscv64)" riscv64-linux-gnu-gcc \
        "-std=c99 -O2 -static"
    # GCC 12 has no vectors there; Clang 14 uses them when it is told their least length.
    platform "Linux RISC-V, 64 bits" "$(emulator riscv64) -cpu rv64,v=true" clang "-std=c99 -O2 -static \
        --target=riscv64-linux-gnu -march=rv64gcv -mllvm -riscv-v-vector-bits-min=128" "$faults"
    platform "Linux POWER, 64 bits" "$(emulator ppc64le)" powerpc64le-linux-gnu-gcc \
        "-std=c99 -O2 -static"
    platform "Linux s390x, big-endian" "$(emulator s390x)" s390x-linux-gnu-gcc \
        "-std=c99 -O2 -static"
    # With the vectors of a z14: not as C99 has it there, where floats are computed as doubles.
    platform "Linux s390x, big-endian" "$(emulator s390x) -cpu max" s390x-linux-gnu-gcc \
        "-std=c99 -O2 -static -march=z14 -fexcess-precision=fast" "$faults"
    platform "Windows x86-64 (Wine)" "$(windows)" x86_64-w64-mingw32-gcc "-std=c99 -O2"
    platform "Windows x86-64 (Wine)" "$(windows)" x86_64-w64-mingw32-gcc "-std=c99 -O0" "$faults"
    # Microsoft's dialect, ABI and C library, from clang and Wine, whose printf rounds halves away from
    # zero (test_print), as Windows' did before 2020. Without __clang__, what Microsoft's own compiler
    # would read of the header is compiled: plain C.
    for mode in "-std=c99" "-x c++ -std=c++14"; do
        platform "Windows x86-64, MSVC" "$(windows)" "$top/tests/msvc.sh" "$mode -O2" "test_print $faults"
        platform "Windows x86-64, MSVC" "$(windows)" "$top/tests/msvc.sh" "$mode -O2 -U__clang__" \
            "test_print $faults"
    done
    scripted "Windows x86-64, MSVC" flags.sh msvc
    platform "Linux POWER, big-endian" "$(emulator ppc64)" "$zig" \
        "-std=c99 -O2 -target powerpc64-linux-musl -mcpu=pwr8" "$faults"
    if [ "$quick" = 0 ]; then
        platform "Linux Arm 64, big-endian" "$(emulator aarch64_be)" "$zig" \
            "-std=c99 -O2 -target aarch64_be-linux-musl"
        platform "Linux MIPS, big-endian" "$(emulator mips)" "$zig" \
            "-std=c99 -O2 -target mips-linux-musleabihf -D_FILE_OFFSET_BITS=64"
        platform "Linux x86-64, musl" "" "$zig" "-std=c99 -O2 -target x86_64-linux-musl" "$faults"
    fi
    only_built "macOS, Arm 64" "-target aarch64-macos"
    only_built "macOS, x86-64" "-target x86_64-macos"
    only_built "Windows, Arm 64" "-target aarch64-windows-gnu"
    only_built "FreeBSD, x86-64" "-target x86_64-freebsd"
    only_built "NetBSD, x86-64" "-target x86_64-netbsd"
    only_built "OpenBSD, x86-64" "-target x86_64-openbsd"
    only_built "Linux LoongArch, LSX" "-target loongarch64-linux-musl"
    webassembly "WebAssembly (WASI)" "-std=c99 -O2" "$faults"
    webassembly "WebAssembly (WASI)" "-std=c99 -O2 -msimd128" "$faults"
    # Without an operating system. Some tests take minutes where double is emulated.
    m4="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" m0="-mcpu=cortex-m0 -mthumb"
    slow="test_gradients test_properties"
    cortex_m "Cortex-M4" mps2-an386 "$m4" 4M 0x21000000 16M "$faults $slow"
    # No test and not all examples fit the 16 KB of RAM of QEMU's only machine with a Cortex-M0. The
    # tests run on a Cortex-M3, which has all of a Cortex-M0's instructions.
    cortex_m "Cortex-M0, 16 KB of RAM" microbit "$m0" 256K 0x20000000 16K "$all_tests deploy cartpole"
    cortex_m "Cortex-M0's code on M3" mps2-an385 "$m0" 4M 0x21000000 16M \
        "$faults $slow test_fit_defaults"
    scripted "Cortex-M" footprint.sh arm-none-eabi-gcc
    bare "AVR, ATmega2560" avr-gcc "-mmcu=atmega2560"
}

have() { command -v "$1" > /dev/null 2>&1; }

# The first of some commands that is there; the first of all if none is, for the message.
first_of() {
    for command in "$@"; do if have "$command"; then echo "$command"; return; fi; done
    echo "$1"
}

emulator() { first_of "qemu-$1" "qemu-$1-static"; }

# Some kernels for x86-64 run 32-bit programs, others do not.
echo 'int main(void) { return 0; }' > "$out/probe.c"
run_32_bits=$(emulator i386)
if gcc -m32 -o "$out/probe" "$out/probe.c" 2> "$out/probe.log" && "$out/probe" 2> "$out/probe.log"
then run_32_bits=""
fi

# zig under a name of its own; "zig" alone if it is not there, to say so.
zig=${ZIG:-zig}
if [ -z "${ZIG:-}" ] && ! have zig && python3 -c "import ziglang" 2> "$out/probe.log"
then zig="python3 -m ziglang"; fi
if $zig version > "$out/probe.log" 2>&1; then
    printf '#!/bin/sh\nexec %s cc "$@"\n' "$zig" > "$out/zig" && chmod +x "$out/zig" && zig=$out/zig
else
    zig=zig
fi

windows() { first_of wine64 wine /usr/lib/wine/wine64; }
export WINEPREFIX="$out/wine" WINEDEBUG=-all LC_ALL=C.UTF-8 # Wine names files as the locale does

limit() { if have timeout; then timeout 300 "$@"; else "$@"; fi; }

# Numbers the platforms; each worker takes the next one whose folder no other has made.
is_mine() { # NAME COMPILER
    case "$1 $2" in *"${MATRIX_ONLY:-}"*) ;; *) return 1 ;; esac
    number=$((number + 1))
    folder=$out/$number
    mkdir "$folder" 2> "$out/taken-$worker" || return 1
    log=$folder/log
    mkdir -p "$folder/build/tests"
    ln -s "$top/tests" "$folder/tests" # tests run in what looks like the top folder
}

# row RESULT NAME COMPILER FLAGS TESTS TRANSCRIPT SIZE: this platform's line of the table.
row() {
    version=$("$3" -dumpfullversion 2>/dev/null || "$3" -dumpversion 2>/dev/null ||
              "$3" -v 2>&1 | sed -n '1s/tcc version \([^ ]*\).*/\1/p')
    flags=$(echo "$4" | sed 's|-static||; s|-idirafter [^ ]*||; s|-D_FILE_OFFSET_BITS=64||
                             s|-fuse-ld=lld||; s|-*-target[= ][^ ]*||; s|-mllvm [^ ]*||; s|-std=c99||
                             s|-mfpu=fpv4[^ ]*||; s|-mthumb||; s|-mfloat-abi=[^ ]*||
                             s|--specs=[^ ]*||; s|-T [^ ]*||; s|-Wl,[^ ]*||g; s|-D_WASI[^ ]*||; s|-f[fd][a-z]*-sections||g')
    compiler=$(echo "${3##*/}" $version $flags)
    echo "$1" > "$folder/result"
    printf '%-24s | %-48s | %-22s | %-19s | %9s\n' "$2" "$compiler" "$5" "$6" "$7" > "$folder/row"
}

# Why a platform cannot be tried, or nothing: its commands are missing, or even a program that does
# nothing but include what the header includes does not run.
what_is_missing() { # RUNNER COMPILER FLAGS
    for command in "$2" "${1%% *}"; do
        [ -z "$command" ] || have "$command" || { echo "no ${command##*/}"; return; }
    done
    printf '#include <errno.h>\n#include <math.h>\nint main(void) { return 0; }\n' > "$folder/probe.c"
    $2 $3 -o "$folder/probe.exe" "$folder/probe.c" -lm >> "$log" 2>&1 || { echo "$2 does not build"; return; }
    limit $1 "$folder/probe.exe" >> "$log" 2>&1 || echo "$2's programs do not run"
}

# Bytes of code and constants of the implementation, built for size.
code_size() { # COMPILER FLAGS
    flags=$(echo "$2" | sed 's/-O[^ ]*//; s/-flto//; s/-fuse-ld=lld//')
    printf '#define FFNN_IMPLEMENTATION\n#include "%s/ffnn.h"\n' "$top" > "$folder/size.c"
    $1 $flags -Os -c -o "$folder/size.o" "$folder/size.c" >> "$log" 2>&1 || { echo "?"; return; }
    size=$(echo "$1" | sed -n 's/\(.*-\)gcc$/\1size/p')
    have "${size:-none}" || size=size
    case $flags in *wasm32*) size=$(first_of llvm-size llvm-size-14) ;; esac
    "$size" "$folder/size.o" 2>> "$log" | awk 'NR == 2 { print $1 }'
}

# Builds and runs all tests, .exe for Windows' sake; sets passed and failed.
run_tests() { # RUNNER COMPILER FLAGS EXCEPTIONS
    passed=0 failed=0
    for name in weights test_mlp_files test_training_files; do # there is no mkdir everywhere
        mkdir -p "$folder/build/tests-tmp/$name"
    done
    $2 $3 -w -c -o "$folder/implementation.o" "$top/tests/implementation.c" >> "$log" 2>&1
    for source in "$top"/tests/test_*.c; do
        name=$(basename "$source" .c) counts=""
        shared="-DSHARED_IMPLEMENTATION $not_source $folder/implementation.o" # see tests/test.h
        case " $OWN_IMPLEMENTATION " in *" $name "*) shared="" ;; esac
        case " $4 " in *" $name "*) echo "$name: skipped: see matrix.sh" >> "$log"; continue ;; esac
        # Warnings in tests are for `make test` to find; here they depend on the platform's libc.
        if $2 $3 -w -o "$folder/build/tests/$name.exe" "$source" $shared -lm >> "$log" 2>&1; then
            (cd "$folder" && limit $1 "build/tests/$name.exe") > "$folder/output" 2>&1; status=$?
            cat "$folder/output" >> "$log"
            counts=$(tr -d '\r' < "$folder/output" |
                     sed -n '$s/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p')
            [ "$status" = 0 ] || { [ "${counts#* }" != 0 ] && [ -n "$counts" ]; } || counts="0 1"
        fi
        set -- "$1" "$2" "$3" "$4" ${counts:-0 1}
        passed=$((passed + $5)) failed=$((failed + $6))
    done
}

# Whether the lab prints what the notebook recorded. As in the Makefile, most examples share an
# implementation, which is what takes longest to compile; two bring their own.
lab_matches() { # RUNNER COMPILER FLAGS WARNINGS EXCEPTIONS
    printf '#define FFNN_IMPLEMENTATION\n#include "%s/ffnn.h"\n' "$top" > "$folder/ffnn.c"
    $2 $3 $4 $for_objects -c -o "$folder/ffnn.o" "$folder/ffnn.c" >> "$log" 2>&1 || return 1
    for example in "$top"/examples/*.c; do
        name=$(basename "$example" .c)
        case " $5 " in *" $name "*) continue ;; esac
        case $name in quickstart | embedded) shared="" ;; *) shared=$shared_with_examples ;; esac
        $2 $3 $4 -o "$folder/build/$name.exe" "$example" $shared -lm >> "$log" 2>&1 || return 1
    done
    (cd "$folder/build" && limit $1 ./lab.exe > lab.txt) 2>> "$log" || return 1
    "$out/compare_transcripts" "$top/tests/transcripts/recorded.txt" "$folder/build/lab.txt" >> "$log" 2>&1
}

# Whether the embedded example, which lab_matches has built, prints what it does here. Its view of the
# weights is refused on big-endian machines.
embedded_matches() { # RUNNER NAME
    expected="25 degrees, 60 % humidity: the dew point is 16.697 degrees"
    case $2 in *big-endian*) expected="embedded: invalid argument" ;; esac
    [ "$(limit $1 "$folder/build/embedded.exe" 2>> "$log" | tr -d '\r')" = "$expected" ]
}

# Whether weights files are the same here and there, and leave nothing beside them.
files_match() { # RUNNER COMPILER FLAGS
    $2 $3 -w -o "$folder/exchange.exe" "$top/tests/exchange.c" $shared_with_examples -lm >> "$log" 2>&1 || return 1
    mkdir "$folder/files" && cd "$folder/files" || return 1
    limit $1 ../exchange.exe write >> "$log" 2>&1 && cmp exchange-*.safetensors "$out"/exchange-* >> "$log" 2>&1 &&
        [ "$(ls -A | wc -l)" -eq 1 ] && cp "$out"/exchange-* . && limit $1 ../exchange.exe read >> "$log" 2>&1
    status=$?
    cd "$top" && return $status
}

skip() { # NAME COMPILER FLAGS WHY
    row "skipped" "$1" "$2" "$3" "SKIPPED: $4" "-" "-"
    echo "$1, $2: SKIPPED: $4" >> "$log"
}

platform() { # NAME RUNNER COMPILER FLAGS [EXCEPTIONS]
    is_mine "$1" "$3" || return 0
    missing=$(what_is_missing "$2" "$3" "$4")
    if [ -n "$missing" ]; then skip "$1" "$3" "$4" "$missing"; return; fi
    flags=$4 warnings=$c_warnings result=passed left_out=${5:-}
    not_source="" for_objects=-Wno-unused-command-line-argument # Clang has one of what is for the linker
    [ "$quick" = 0 ] || [ "$number" = 1 ] || left_out="$left_out $not_quick"
    case $3 in
    *++) flags="-x c++ $4" ;;
    tcc) warnings="" for_objects="" ;;
    esac
    case $flags in -x*) not_source="-x none" warnings="$common -Wno-missing-field-initializers" ;; esac # {0} is C
    shared_with_examples="-DFFNN_IMPLEMENTED $not_source $folder/ffnn.o"
    run_tests "$2" "$3" "$flags" "$left_out"
    tests="$passed passed"
    [ "$passed" != 0 ] || tests="-"
    [ "$failed" = 0 ] || { tests="$tests, $failed FAILED"; result=failed; }
    transcript=equal
    lab_matches "$2" "$3" "$flags" "$warnings" "${5:-}" || { transcript=DIFFERS; result=failed; }
    embedded_matches "$2" "$1" || { transcript="$transcript, EMBEDDED DIFFERS"; result=failed; }
    files_match "$2" "$3" "$flags" || { transcript="$transcript, FILES DIFFER"; result=failed; }
    row "$result" "$1" "$3" "$4" "$tests" "$transcript" "$(code_size "$3" "$flags")"
}

# A script that tries many builds itself.
scripted() { # NAME SCRIPT ARGUMENTS
    is_mine "$1" "$2" || return 0
    BUILD="$folder/build" sh "tests/$2" $3 > "$log" 2>&1
    counts=$(sed -n '$s/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$log")
    set -- "$1" "$2 $3" ${counts:-0 1}
    if [ "$4" = 0 ]; then row passed "$1" "$2" "" "$3 passed" "-" "-"
    else row failed "$1" "$2" "" "$3 passed, $4 FAILED" "-" "-"; fi
}

# A system that nothing here runs, but zig has headers for: the header, the examples and, unless it has to
# be quick, the tests compile without a warning; only the header is optimized. Programs are linked
# where the C library comes with the system, so that zig knows what it has, but need not build it.
only_built() { # NAME FLAGS
    is_mine "$1" "$zig" || return 0
    if ! have "$zig"; then skip "$1" "$zig" "$2" "no ${zig##*/}"; return; fi
    if builds_all "$2" >> "$log" 2>&1
    then row passed "$1" "$zig" "-O2 $2" "builds, not run" "-" "-"
    else row failed "$1" "$zig" "-O2 $2" "DOES NOT BUILD" "-" "-"
    fi
}

builds_all() { # FLAGS
    printf '#define FFNN_IMPLEMENTATION\n#include "%s/ffnn.h"\n' "$top" > "$folder/implementation.c"
    $zig $1 $c_warnings -O2 -c -o "$folder/implementation.o" "$folder/implementation.c" || return 1
    tests=tests/test_fit.c
    [ "$quick" != 0 ] || tests=$(ls tests/test_*.c)
    for source in "$top"/examples/*.c $tests; do
        name=$(basename "$source" .c) shared=-DSHARED_IMPLEMENTATION
        case " $OWN_IMPLEMENTATION " in *" $name "*) shared="" ;; esac
        $zig $1 $c_warnings -O0 -DFFNN_NO_SIMD $shared -c -o "$folder/$name.o" "$source" || return 1
    done
    case $1 in
    *macos* | *bsd*) $zig $1 -o "$folder/main" "$folder/test_fit.o" "$folder/implementation.o" -lm ;;
    esac
}

# A program for one of QEMU's Cortex-M machines.
cortex_m() { # NAME MACHINE FLAGS FLASH RAM_BEGIN RAM EXCEPTIONS
    runner="sh $top/tests/cortex_m.sh $2" start=$out/cortex_m-$worker.o
    have qemu-system-arm || runner=qemu-system-arm
    ! have arm-none-eabi-gcc || arm-none-eabi-gcc $c_warnings -Os $3 -c -o "$start" tests/cortex_m.c
    platform "$1" "$runner" arm-none-eabi-gcc "-std=c99 -O2 $3 -ffunction-sections -fdata-sections --specs=rdimon.specs \
        -T $top/tests/cortex_m.ld -Wl,$start,--gc-sections,--defsym=flash_size=$4 \
        -Wl,--defsym=ram_begin=$5,--defsym=ram_size=$6" "$7"
}

# A program that Node.js runs. Its clock and C library lack what the lab and the tests use.
webassembly() { # NAME FLAGS EXCEPTIONS
    # Node.js 18 needs the first option, later ones ignore it. Without the second, Node.js 20 crashes
    # at exit once a program has called WASI's functions very often.
    runner="node --experimental-wasi-unstable-preview1 --no-turbo-fast-api-calls --no-warnings $top/tests/wasi.mjs"
    added=$out/wasi-$worker.o
    target="--target=wasm32-wasi -D_WASI_EMULATED_PROCESS_CLOCKS"
    ! have clang || clang $target $c_warnings -O2 -c -o "$added" tests/wasi.c 2> "$out/wasi-$worker.log"
    platform "$1" "$runner" clang "$2 $target -Wl,$added,-lwasi-emulated-process-clocks" "$3"
}

# A processor without an operating system or an emulator here: a program that predicts builds.
bare() { # NAME COMPILER FLAGS
    is_mine "$1" "$2" || return 0
    if ! have "$2"; then skip "$1" "$2" "$3" "no $2"; return; fi
    if $2 $3 $c_warnings -Os -DVIEW -o "$folder/main" tests/footprint.c -lm > "$log" 2>&1
    then row passed "$1" "$2" "$3" "builds, not run" "-" "$(code_size "$2" "-std=c99 -DFFNN_NO_STDIO $3")"
    else row failed "$1" "$2" "$3" "DOES NOT BUILD" "-" "-"
    fi
}

# What this machine's own compiler writes is what all others are compared with.
${CC:-cc} -O2 -o "$out/compare_transcripts" tests/compare_transcripts.c -lm &&
    ${CC:-cc} -O2 -o "$out/exchange" tests/exchange.c -lm && (cd "$out" && ./exchange write && rm exchange) || exit 1

worker=0
while [ "$worker" -lt "$jobs" ]; do
    (number=0; platforms; echo "$number" > "$out/count") &
    worker=$((worker + 1))
done
wait

printf '%-24s | %-48s | %-22s | %-19s | %s\n' Platform Compiler Tests "Recorded transcript" "Code size"
echo "-------------------------|--------------------------------------------------|------------------------|---------------------|----------:"
number=1 passed=0 failed=0 skipped=0
while [ -d "$out/$number" ]; do
    cat "$out/$number/row"
    case $(cat "$out/$number/result") in
    passed) passed=$((passed + 1)) ;;
    skipped) skipped=$((skipped + 1)) ;;
    *) failed=$((failed + 1)) ;;
    esac
    number=$((number + 1))
done
[ "$number" -gt "$(cat "$out/count")" ] || { failed=1; echo "Some platforms have NO ROW"; }
echo "Code size: bytes of code and constants of the whole implementation, built with -Os."
number=1
while [ -d "$out/$number" ]; do
    if [ "$(cat "$out/$number/result")" = failed ]; then
        echo; echo "FAILED, see $out/$number/log:"; cat "$out/$number/row"
        grep -E 'error:|not true|FAILED|off by|differ|exchange:' "$out/$number/log" | head -8
    fi
    number=$((number + 1))
done
[ "$skipped" = 0 ] || echo "$skipped platforms SKIPPED: their compilers or emulators are not here"
[ "$strict" = 0 ] || failed=$((failed + skipped))
echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
