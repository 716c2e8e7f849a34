#!/bin/sh
# run.sh TEST...: runs the test programs, the lab's transcripts, the example programs and README's
# code blocks; the last line is "N passed, N failed". The Makefile calls it from the top folder.
set -u
passed=0 failed=0
log=$BUILD/tests/log
mkdir -p "$BUILD/tests"

# check NAME COMMAND...: counts the command as one test; what it prints is shown if it fails.
check() {
    name=$1; shift
    if "$@" > "$log" 2>&1; then passed=$((passed + 1)); echo "$name: passed"
    else failed=$((failed + 1)); cat "$log"; echo "$name: FAILED"; fi
}

# These two take seconds: they run beside the others.
"$BUILD/tests/fuzz_load" seconds=3 seed=1 tests/corpus/* > "$BUILD/tests/mutated.log" 2>&1 &
mutated=$!
sh tests/readme.sh "$BUILD" > "$BUILD/tests/readme.log" 2>&1 &
readme=$!
finished() { wait "$1" || { cat "$2"; false; }; }

# A test program prints "name: N passed, N failed" last; one that crashes counts as a failure.
for test in "$@" tests/test_digits.sh tests/test_examples.sh; do
    case $test in *.sh) sh "$test" > "$log" 2>&1 ;; *) "$test" > "$log" 2>&1 ;; esac
    status=$?
    cat "$log"
    counts=$(sed -n '$s/.*: \([0-9]*\) passed, \([0-9]*\) failed.*/\1 \2/p' "$log")
    set -- ${counts:-0 1}
    if [ "$status" != 0 ] && [ "$2" = 0 ]; then echo "$test: exit status $status"; set -- "$1" 1; fi
    passed=$((passed + $1)) failed=$((failed + $2))
done

transcript() { (cd "$BUILD/tests" && ../lab $2 > "transcript-$1.txt") && "$BUILD/tests/compare_transcripts" "tests/transcripts/$1.txt" "$BUILD/tests/transcript-$1.txt"; }
check "lab, the recorded run" transcript recorded ""
for seed in 0 1 7 42 2026; do check "lab --seed $seed" transcript "seed-$seed" "--seed $seed"; done
mlp() { "$BUILD/tests/mlp" --seed "$1" > "$BUILD/tests/mlp-$1.txt" && "$BUILD/tests/compare_transcripts" "tests/transcripts_mlp/seed-$1.txt" "$BUILD/tests/mlp-$1.txt"; }
for seed in 0 1 7 42 2026; do check "torch.nn MLPs, seed $seed" mlp $seed; done
check "lab's usage and errors" sh tests/lab_errors.sh "$BUILD"
check "three seconds of mutated weights files" finished $mutated "$BUILD/tests/mutated.log"
check "README's code blocks" finished $readme "$BUILD/tests/readme.log"

echo "$passed passed, $failed failed"
[ "$failed" = 0 ]
