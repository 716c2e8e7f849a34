#!/bin/sh
# openmp.sh: with -fopenmp, networks come out bit for bit as without it, for any number of threads
# (openmp_probe.c); large products start threads and small ones none. Skipped aloud where $CC has no
# -fopenmp. The last line is "openmp: N passed, M failed".
set -u
out=${BUILD:-build}/tests/openmp
rm -rf "$out" && mkdir -p "$out" || exit 1
passed=0 failed=0

check() { # WHAT COMMAND...
    what=$1; shift
    if "$@"; then passed=$((passed + 1)); else failed=$((failed + 1)); echo "FAILED: $what"; fi
}
build() { # NAME FLAGS
    $CC $CFLAGS $2 -o "$out/$1" tests/openmp_probe.c -lm > "$out/$1.log" 2>&1
}
bits() { grep -v threads "$1"; }
same_bits() { # THREADS: as without OpenMP
    OMP_NUM_THREADS=$1 "$out/with" > "$out/with-$1.txt" && bits "$out/with-$1.txt" > "$out/bits-$1.txt" &&
        cmp "$out/bits.txt" "$out/bits-$1.txt"
}
threads_are() { # FILE WHEN COUNT
    grep -q -e "after $2: $3\$" -e "after $2: not known" "$1" || { grep threads "$1"; false; }
}

printf '#include <omp.h>\nint main(void) { return omp_get_max_threads() < 1; }\n' > "$out/omp.c"
if ! $CC -fopenmp -o "$out/omp" "$out/omp.c" > "$out/omp.log" 2>&1 || ! "$out/omp"; then
    echo "skipped: $CC has no -fopenmp"
    echo "openmp: 0 passed, 0 failed"
    exit 0
fi
build without ""
"$out/without" > "$out/without.txt" && bits "$out/without.txt" > "$out/bits.txt"
check "it builds without a warning" build with -fopenmp
for threads in 1 2 3 8; do
    check "the same bits with $threads threads" same_bits $threads
done
check "one thread is one" threads_are "$out/with-1.txt" "large ones" 1
check "small products start none" threads_are "$out/with-2.txt" "a small network" 1
check "large ones start threads" threads_are "$out/with-2.txt" "large ones" 2
echo "openmp: $passed passed, $failed failed"
[ "$failed" = 0 ]
