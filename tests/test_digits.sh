#!/bin/sh
# What a user of the digits example sees: its last line, its errors, its reading of pictures.
# `make test` calls it from the top folder, after it has built the example and digit_picture.
build=$(cd "${BUILD:-build}" && pwd) || exit 1
digits=$build/digits
picture=$build/tests/digit_picture
other_weights=$PWD/tests/reference/deploy_3_4_1.safetensors
test=test_digits
. tests/example_checks.sh

refuses() {
    run 2 "$digits" "$@" && [ ! -s out ] && [ "$(wc -l < err)" -eq 1 ] && grep -q '^usage: ' err
}

# fails_naming FILE WHY ARGUMENT...: exit 1 and one line that names the file and says why.
fails_naming() {
    file=$1
    why=$2
    shift 2
    run 1 "$digits" "$@" && [ "$(wc -l < err)" -eq 1 ] && grep -q "$file: .*$why" err || { cat err; false; }
}

scores() {
    grep '^  [0-9]: ' out
}

reads_as() {
    run 0 "$digits" --predict "$2" && [ "$(tail -n 1 out)" = "$2: $1" ] || { cat out; false; }
}

same_scores_as_p2() {
    reads_as 3 p2.pgm && scores > expected && reads_as 3 "$1" && scores | cmp - expected
}

# ---- the command line

check "unknown argument" refuses --colour
check "a word too many" refuses four.pgm
check "a value is missing" refuses --seed
check "no number" refuses --epochs ten
check "a number and more" refuses --hidden 64x
check "negative" refuses --seed -1
check "no epochs" refuses --epochs 0
check "no hidden units" refuses --hidden 0
check "no patience" refuses --patience 0
check "too large" refuses --epochs 99999999999999999999
"$picture" 3 1 16 P2 > p2.pgm
check "no weights yet" fails_naming digits.safetensors 'no such file' --predict p2.pgm

# ---- training

last_line='^Test accuracy: (100\.00|[0-9]{1,2}\.[0-9]{2})% \([0-9]{1,3} of 359\)$'
accuracy_is_right() {
    tail -n 1 out | awk '{
        gsub(/[(%]/, "")
        exit !($3 == sprintf("%.2f", 100 * $4 / 359) && $3 >= 97)
    }'
}
# All 359 test digits are in it, those on the diagonal are the right ones of the last line.
matrix_adds_up() {
    awk '
        /^Confusion/ { getline; rows = NR + 10; next }
        NR <= rows { right += $($1 + 2); for (i = 2; i <= 11; i++) all += $i }
        /^Test accuracy/ { sub(/\(/, "", $4); exit !(all == 359 && right == $4) }' out
}
check "training" run 0 "$digits" --quiet --plot curves.svg
check "the last line's form" eval 'tail -n 1 out | grep -Eq "$last_line"'
check "at least 97%" accuracy_is_right
check "the confusion matrix adds up" matrix_adds_up
check "--quiet shows no progress" eval '! grep -q "samples/s" out'
check "nothing on stderr" [ ! -s err ]
check "the plot" same_picture digits.svg curves.svg
check "the weights" [ -s digits.safetensors ]
check "another file for weights" run 0 "$digits" --epochs 5 --hidden 16 --weights other.safetensors
check "plain progress lines" eval '[ "$(grep -c "^epoch .*samples/s" out)" -eq 5 ]'
check "no carriage returns in a file" eval '! tr "\r" "#" < out | grep -q "#.*samples"'
check "its last line" eval 'tail -n 1 out | grep -Eq "$last_line"'
check "they are there" [ -s other.safetensors ]
check "no folder for weights" fails_naming no/file . --epochs 1 --weights no/file
check "no folder for the plot" fails_naming no/file . --epochs 1 --plot no/file \
    --weights other.safetensors

# ---- early stopping

# Five epochs after the lowest loss it has ended, the learning rate has fallen in each, and the network
# that is left has that loss, not the last epoch's.
stopped_early() {
    awk '
        /^epoch/ {
            epoch = $2 + 0; rate = $4 + 0; loss = $7 + 0
            if (epoch > 1 && rate >= rate_before) exit 1
            rate_before = rate
            if (epoch == 1 || loss < lowest) { lowest = loss; best = epoch }
            if ($NF != best) exit 1
        }
        /^Validation loss: / { left = $3 + 0 }
        END { exit !(epoch < 60 && epoch == best + 5 && left == lowest && loss > lowest) }' out ||
        { cat out; false; }
}
# In the last panel, whose axis shows every number.
epochs_drawn() {
    grep '"c c0 d0" d="M[0-9]* [0-9]*L' "$1" | tail -n 1 | tr ML '\n' | grep -c '^[0-9]'
}
check "early stopping" run 0 "$digits" --patience 5 --plot early.svg --weights early.safetensors
check "the best weights are kept" stopped_early
check "no more is drawn" eval '[ "$(epochs_drawn early.svg)" = "$(grep -c ^epoch out)" ]'
check "180 of the others validate" eval 'grep -q "^1258 digits to learn from, 359 " out &&
    grep -q "(180 digits)$" out'
check "at least 97%, still" accuracy_is_right
check "patience outlasts the epochs" run 0 "$digits" --patience 9 --epochs 3 --weights other.safetensors
check "so all are trained" eval '[ "$(grep -c ^epoch out)" -eq 3 ]'
check "--quiet" eval 'run 0 "$digits" --patience 9 --epochs 3 --quiet --weights other.safetensors &&
    ! grep -q ^epoch out'

# ---- good pictures

for image in 0 1 2 3 5 6 7 8; do
    "$picture" $image 1 16 P2 > $image.pgm
    check "image $image" reads_as $image $image.pgm
done
"$picture" 3 1 16 P5 > p5.pgm
"$picture" 3 5 16000 P2 > large.pgm
"$picture" 3 5 16000 P5 > large5.pgm
"$picture" 3 1 16 P2 inverted > inverted.pgm
check "binary" same_scores_as_p2 p5.pgm
check "larger, 16 bits" same_scores_as_p2 large.pgm
check "larger, 16 bits, binary" same_scores_as_p2 large5.pgm
check "black on white" same_scores_as_p2 inverted.pgm
check "and says so" eval 'reads_as 3 inverted.pgm && grep -q "turned over" out'

# ---- bad pictures

bad() {
    printf "$1" > bad.pgm
    check "bad picture: $1" fails_naming bad.pgm "$2" --predict bad.pgm
}
check "no such picture" fails_naming none.pgm 'No such file' --predict none.pgm
check "a folder" fails_naming . 'cannot be read' --predict .
bad '' 'not a PGM'
bad 'P6\n8 8\n255\n' 'not a PGM'
bad 'P2\n' 'header'
bad 'P2\n8\n' 'header'
bad 'P2\n-8 8\n255\n' 'header'
bad 'P2\n8 8\n0\n' 'header'
bad 'P2\n8 8\n65536\n' 'header'
bad 'P5\n99999999999999999999 8\n255\n' 'header'
bad 'P2\n7 8\n255\n' 'too small'
bad 'P2\n8 7\n255\n' 'too small'
bad 'P2\n8 8\n255\n1 2 3' 'ends before'
bad 'P5\n8 8\n255\nabc' 'ends before'
bad 'P2\n8 8\n255\n1 2 256 4\n' 'largest value'
bad 'P2\n8 8\n255\n1 2 x 4\n' 'largest value'
bad 'P5\n8 8\n10\nabcd' 'largest value'
check "another network's weights" fails_naming deploy_3_4_1.safetensors 'not the weights' \
    --predict p2.pgm --weights "$other_weights"
check "no weights file at all" fails_naming p2.pgm . --predict p2.pgm --weights p2.pgm

echo "test_digits: $passed passed, $failed failed"
[ $failed -eq 0 ]
