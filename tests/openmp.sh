#!/bin/sh
# openmp.sh: with -fopenmp, networks come out bit for bit as without it, for any number of threads
# (openmp_probe.c); large products start threads and small ones none. With FFNN_NO_OPENMP nothing does,
# and nothing of OpenMP is linked. Skipped aloud where $CC has no -fopenmp. The last line is
# "openmp: N passed, M failed".
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
same_bits() { # PROGRAM THREADS: as without OpenMP
    OMP_NUM_THREADS=$2 "$out/$1" > "$out/$1-$2.txt" && bits "$out/$1-$2.txt" > "$out/bits-$2.txt" &&
        cmp "$out/bits.txt" "$out/bits-$2.txt"
}
links_no_openmp() { # the names of GNU's, LLVM's and OpenMP's own functions
    $CC $CFLAGS -fopenmp -DFFNN_NO_OPENMP -c -o "$out/object" tests/openmp_probe.c &&
        nm "$out/object" > "$out/names.txt" && ! grep -i -e omp_ -e kmpc "$out/names.txt"
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
    check "the same bits with $threads threads" same_bits with $threads
done
check "one thread is one" threads_are "$out/with-1.txt" "large ones" 1
check "small products start none" threads_are "$out/with-2.txt" "a small network" 1
check "large ones start threads" threads_are "$out/with-2.txt" "large ones" 2
check "it builds with FFNN_NO_OPENMP" build never "-fopenmp -DFFNN_NO_OPENMP"
check "the same bits with FFNN_NO_OPENMP" same_bits never 2
check "no threads with FFNN_NO_OPENMP" threads_are "$out/never-2.txt" "large ones" 1
if command -v nm > /dev/null; then check "no OpenMP is linked with FFNN_NO_OPENMP" links_no_openmp
else echo "skipped: no nm"; fi
echo "openmp: $passed passed, $failed failed"
[ "$failed" = 0 ]
