#!/bin/sh
# What a user of the deploy, curve, cartpole and embedded examples sees: results, usage and errors.
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

# ---- cartpole: on another kind of processor it plays other episodes, but it learns there, too

cartpole=$build/cartpole
says() { grep -q "$1" out || { cat out; false; }; }
all_but_the_time() { sed 's/, [0-9.]* s$//' out; }
same_again() {
    all_but_the_time > expected
    run 0 "$cartpole" --plot again.svg && all_but_the_time | sed 's/again.svg/cartpole.svg/' |
        cmp expected - && cmp cartpole.svg again.svg
}
# As many as the curve has points.
episodes_drawn() {
    grep 'class="c c0 p" d="M[0-9]* [0-9]*h0M' "$1" | tr M '\n' | grep -c h0
}
# Who pushes at random balances for 22 steps on average: were it otherwise, it would be another task.
# Ten networks that have learned nothing yet are near it.
random_steps() {
    for seed in 0 1 2 3 4 5 6 7 8 9; do
        "$cartpole" --seed $seed --episodes 10 || return 1
    done > out
    awk '/ 10 episodes: / { sum += $7; ++count }
         END { print sum / 10; exit !(count == 10 && sum > 190 && sum < 260) }' out
}
refuses_cartpole() { run 2 "$cartpole" "$@" && [ ! -s out ] && grep -q '^usage: ' err; }
check "cartpole" run 0 "$cartpole" --plot cartpole.svg
check "it learns" says '^Learned after [0-9]* episodes, '
episodes=$(sed -n 's/^Learned after \([0-9]*\) .*/\1/p' out)
check "what it has learned" says 'for 500 steps in 100 of 100 episodes$'
check "an episode of 500 steps" says '^step 450 .*degrees$'
check "each episode is drawn" eval '[ "$(episodes_drawn cartpole.svg)" = "$episodes" ]'
check "the same again" same_again
check "another seed" eval 'run 0 "$cartpole" --seed 1 --plot other.svg && ! cmp -s cartpole.svg other.svg'
check "it learns, too" says 'for 500 steps in 100 of 100 episodes$'
check "networks that have learned nothing" random_steps
check "one batch" run 0 "$cartpole" --episodes 10
check "is too little" says '^Not learned after 10 episodes, '
check "what has learned nothing" says 'for 500 steps in 0 of 100 episodes$'
for arguments in "--seed" "--seed -1" "--seed 4294967296" "--episodes 0" "--episodes 15" \
                 "--episodes 3010" "--plot" "learn" "--quiet 1"; do
    check "cartpole $arguments" refuses_cartpole $arguments
done
check "no folder for its curve" eval 'run 1 "$cartpole" --episodes 10 --plot no/file.svg &&
    grep -q "^cartpole: no/file.svg: " err'

# ---- embedded: 16.696632 in PyTorch, says examples/data/make_embedded_weights.py

echo "25 degrees, 60 % humidity: the dew point is 16.697 degrees" > expected
check "embedded" eval 'run 0 "$build/embedded" && cmp expected out'

echo "test_examples: $passed passed, $failed failed"
[ $failed -eq 0 ]
