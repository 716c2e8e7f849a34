#!/bin/sh
# run.sh TEST...: runs the test programs, the lab's transcripts, the example programs and README's
# code blocks; the last line is "N passed, N failed". The Makefile calls it from the top folder.
set -u
export CC CFLAGS BUILD
passed=0 failed=0
log=$BUILD/tests/log
mkdir -p "$BUILD/tests"

# check NAME COMMAND...: counts the command as one test; what it prints is shown if it fails.
check() {
    name=$1; shift
    if "$@" > "$log" 2>&1; then passed=$((passed + 1)); echo "$name: passed"
    else failed=$((failed + 1)); cat "$log"; echo "$name: FAILED"; fi
}

# These take seconds: they run beside the others.
"$BUILD/tests/fuzz_load" seconds=2 seed=1 tests/corpus/* > "$BUILD/tests/mutated.log" 2>&1 &
mutated=$!
sh tests/readme.sh > "$BUILD/tests/readme.log" 2>&1 &
readme=$!
finished() { wait "$1" || { cat "$2"; false; }; }

# script NAME: one that make has run beside the building.
script() { [ "$(cat "$BUILD/tests/$1.status")" = 0 ] || { cat "$BUILD/tests/$1.log"; false; }; }

# Test programs run two at a time, each with a log of its own and, so that no two write to the same
# files, in a folder of its own that looks like the top one to it. Each prints "name: N passed,
# N failed" last; one that crashes counts as a failure.
case $BUILD in /*) ;; *) export BUILD="$PWD/$BUILD" ;; esac
printf '%s\n' "$@" tests/test_digits.sh tests/test_examples.sh | xargs -n 1 -P 2 sh -c '
    name=$(basename "$0")
    log=$BUILD/tests/$name.log folder=$BUILD/tests/$name-folder
    case $0 in
    *.sh) sh "$0" > "$log" 2>&1 ;;
    *)  rm -rf "$folder" && mkdir -p "$folder/build" && ln -s "$PWD/tests" "$folder/tests" &&
            cd "$folder" && "$BUILD/tests/$name" > "$log" 2>&1 ;;
    esac
    echo $? > "$log.status"'
for test in "$@" tests/test_digits.sh tests/test_examples.sh; do
    log=$BUILD/tests/$(basename "$test").log
    cat "$log"
    counts=$(sed -n '$s/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$log")
    set -- ${counts:-0 1}
    if [ "$(cat "$log.status")" != 0 ] && [ "$2" = 0 ]; then
        echo "$test: exit status $(cat "$log.status")"
        set -- "$1" 1
    fi
    passed=$((passed + $1)) failed=$((failed + $2))
done
log=$BUILD/tests/log

# same_figures FOLDER NAME PROGRAM ARGUMENT...: the program prints what PyTorch printed.
same_figures() {
    printed=$BUILD/tests/$1-$2.txt expected=tests/$1/$2.txt
    shift 2
    (cd "$BUILD/tests" && "$@") > "$printed" &&
        "$BUILD/tests/compare_transcripts" "$expected" "$printed"
}
check "lab, the recorded run" same_figures transcripts recorded ../lab
for seed in 0 1 7 42 2026; do
    check "lab --seed $seed" same_figures transcripts seed-$seed ../lab --seed $seed
done
for seed in 0 1 7 42 2026; do
    check "torch.nn MLPs, seed $seed" same_figures transcripts_mlp seed-$seed ./mlp --seed $seed
done
for seed in 0 1 7 42 2026; do
    check "what else people train, seed $seed" same_figures transcripts_train seed-$seed ./train --seed $seed
done
check "lab's usage and errors" sh tests/lab_errors.sh
check "two seconds of mutated weights files" finished $mutated "$BUILD/tests/mutated.log"
check "flags that change arithmetic" script flags
check "what predictions link" script footprint
check "names that macros may have" script names
check "pasted into a program" script pasted
check "warnings" script warnings
for name in flags footprint names pasted warnings; do grep '^skipped' "$BUILD/tests/$name.log"; done
check "README's code blocks" finished $readme "$BUILD/tests/readme.log"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
