#!/bin/sh
# What a user of the deploy, curve and embedded examples sees: results, usage and errors.
#     sh tests/test_examples.sh            from the top of the repository
build=${BUILD:-build}
case $build in /*) ;; *) build=$PWD/$build ;; esac
deploy=$build/deploy
reference=$PWD/tests/reference
test=test_examples
. tests/example_checks.sh

# fails_saying WHY COMMAND...: exit 1, and the last line on stderr says why.
fails_saying() {
    why=$1
    shift
    run 1 "$@" && tail -n 1 err | grep -q "^deploy: .*$why" || { cat err; false; }
}

# near EXPECTED GOT: two files of as many numbers, none apart by more than printing 6 decimals does.
near() {
    paste -d ' ' "$1" "$2" | awk '
        NF == 0 || NF % 2 == 1 { exit 1 }
        { for (i = 1; i <= NF / 2; i++) {
              d = $i - $(i + NF / 2)
              size = $i < 0 ? -$i : $i
              if (d > 2e-6 * (1 + size) || d < -2e-6 * (1 + size)) { print; exit 1 }
          } }' || { cat "$2"; false; }
}

# ---- deploy

# Networks of all kinds, and what they predict: see test_mlp_files.c.
predicts() {
    head -n 6 $1.txt | tail -n 3 > rows
    tail -n 3 $1.txt > expected
    run 0 "$deploy" $1.safetensors rows && near expected out &&
        run 0 "$deploy" $1.safetensors < rows && near expected out
}
check "networks to deploy" "$build/tests/test_mlp_files" --save .
for network in 0 1 2 3 5 9 16 21 33 47; do
    check "network $network" predicts $network
done

head -n 6 5.txt | tail -n 3 | tr ' ' ',' > commas
tail -n 3 5.txt > expected
{ echo "# a comment"; echo; sed 's/,/ ,\t/g; s/$/  /' commas; echo " "; } > untidy
printf '%s' "$(cat commas)" > unended
sed 's/$/\r/' commas > returns
for rows in commas untidy unended returns; do
    check "rows: $rows" eval 'run 0 "$deploy" 5.safetensors $rows && near expected out'
done
check "no rows" eval 'run 0 "$deploy" 5.safetensors /dev/null && [ ! -s out ]'

check "no arguments" eval 'run 2 "$deploy" && grep -q "^usage: " err'
check "too many arguments" eval 'run 2 "$deploy" a b c && grep -q "^usage: " err'
check "no such weights" fails_saying 'none.*No such file' "$deploy" none
check "no such rows" fails_saying 'none.*No such file' "$deploy" 5.safetensors none
check "no weights at all" fails_saying 'commas.*well-formed' "$deploy" commas commas
echo "1 x 3" > word
check "a word" fails_saying 'line 1: not a number' "$deploy" 5.safetensors word
{ cat commas; echo; echo 1; } > short
check "a short row" fails_saying 'line 5: .* inputs, but here are 1' "$deploy" 5.safetensors short
silent="$reference/mlp_silent.safetensors"
check "no activations" fails_saying 'activations' "$deploy" "$silent" commas
check "and what the file holds instead" grep -q '^0.weight F32 \[8, 4\]' err
check "other tensors" fails_saying 'batch_norm' "$deploy" "$reference/mlp_batch_norm.safetensors"
check "and which" grep -q '^1.running_mean F32 \[8\]' err

# ---- lab

check "the lab" run 0 "$build/lab" --plot lab.svg
check "its picture" same_picture lab.svg lab.svg

# ---- curve

is_near_the_curve() {
    sed -n 's/.*the curve itself \([0-9.]*\)$/\1/p' out | awk '{ near = $1 < 0.1 } END { exit !near }'
}
check "curve" run 0 "$build/curve"
check "it learns the curve" is_near_the_curve
check "its picture" same_picture curve.svg curve.svg
check "another file" eval 'run 0 "$build/curve" other.svg && cmp curve.svg other.svg'
check "no folder for it" eval 'run 1 "$build/curve" no/file.svg && grep -q "^curve: no/file.svg: " err'

# ---- embedded: 16.696632 in PyTorch, says examples/data/make_embedded_weights.py

echo "25 degrees, 60 % humidity: the dew point is 16.697 degrees" > expected
check "embedded" eval 'run 0 "$build/embedded" && cmp expected out'

echo "test_examples: $passed passed, $failed failed"
[ $failed -eq 0 ]
