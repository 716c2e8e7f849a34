#!/bin/sh
# bench.sh: finds out which of FANN, OpenBLAS and PyTorch there are, builds the benchmark with them
# and runs it. The Makefile calls it from the top folder with CC, CFLAGS, WARNINGS and
# BUILD.
set -eu
unset OPENBLAS_CORETYPE OPENBLAS_L2_SIZE    # OpenBLAS picks its kernels itself
export OPENBLAS_NUM_THREADS=1 OMP_NUM_THREADS=1
folder=$BUILD/bench
rm -rf "$folder" && mkdir -p "$folder"

# probe HEADER CALL LIBRARY: whether a program that uses the library can be built
probe() {
    printf '#include <%s>\nint main(void) { %s; return 0; }\n' "$1" "$2" > "$folder/probe.c"
    $CC -o "$folder/probe" "$folder/probe.c" "$3" > "$folder/probe.log" 2>&1
}

options= libraries= missing= pipes=
if probe fann.h "fann_create_train(1, 1, 1)" -lfann; then
    options="$options -DBENCH_FANN" libraries="$libraries -lfann"
else missing="$missing FANN (libfann-dev),"; fi
if probe cblas.h "openblas_get_config()" -lopenblas; then
    options="$options -DBENCH_OPENBLAS" libraries="$libraries -lopenblas"
else missing="$missing OpenBLAS (libopenblas-dev),"; fi
for python in /usr/bin/python3 python3 none; do
    if "$python" -c "import torch" 2> /dev/null; then break; fi
done
[ "$python" != none ] || missing="$missing PyTorch (python3-torch),"
[ -z "$missing" ] || echo "Not installed:${missing%,}."

printf '#define FFNN_IMPLEMENTATION\n#include "ffnn.h"\n' > "$folder/header.c"
compile="$CC -O2 -I. -c -o $folder/header.o $folder/header.c"
$compile
code_size=$(size -A "$folder/header.o" |
    awk '/^\.text/ { sum += $2 } END { printf "%.1f KiB", sum / 1024 }')
$CC $CFLAGS $WARNINGS $options -o "$folder/bench" tests/bench.c $libraries -lm

if [ "$python" != none ]; then
    mkfifo "$folder/to_pytorch" "$folder/from_pytorch"
    # in PyTorch's favour: else glibc may return its memory to the system after every operation
    MALLOC_MMAP_THRESHOLD_=33554432 MALLOC_TRIM_THRESHOLD_=1000000000 \
    "$python" tests/bench_pytorch.py "$folder/arrays" \
        < "$folder/to_pytorch" > "$folder/from_pytorch" &
    trap 'kill $! 2> /dev/null || true' EXIT
    pipes="$folder/to_pytorch $folder/from_pytorch"
fi
"$folder/bench" "$folder" "$code_size" "$compile" $pipes
if $CC $CFLAGS $WARNINGS -Wno-unused -fopenmp -o "$folder/threads" tests/bench_threads.c -lm > "$folder/threads.log" 2>&1
then OMP_NUM_THREADS=2 "$folder/threads"
else echo "Not measured: two threads, for $CC has no -fopenmp."; fi
[ "$python" = none ] || "$python" -c 'import torch; print("PyTorch " + torch.__version__ + ".")'
processor=$(sed -n 's/^model name.*: //p' /proc/cpuinfo 2> /dev/null | head -n 1)
echo "${processor:-$(uname -m)}, $($CC --version | head -n 1), $CFLAGS."
mv "$folder/bench.svg" "$BUILD/bench.svg"
