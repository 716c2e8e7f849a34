# example_checks.sh: what test_digits.sh and test_examples.sh share. They read it from the top folder,
# with the name of a test in $test, and are in a folder of their own afterwards.
pictures=$PWD/examples/pictures
folder=${TMPDIR:-/tmp}/$test.$$
mkdir "$folder" && cd "$folder" || exit 1
trap 'rm -rf "$folder"' EXIT
passed=0
failed=0

# check NAME COMMAND...: passes if the command does.
check() {
    name=$1
    shift
    if "$@" > check.log 2>&1; then
        passed=$((passed + 1))
    else
        failed=$((failed + 1))
        echo "FAILED: $name"
        cat check.log
    fi
}

# run EXIT_STATUS COMMAND...: leaves what was printed in out and err.
run() {
    expected=$1
    shift
    "$@" > out 2> err
    status=$?
    [ $status -eq "$expected" ] || { echo "exit status $status, not $expected"; cat err; false; }
}

# same_picture NAME FILE: it is the one that README shows, but for the numbers, whose last digits are
# each processor's own.
same_picture() {
    tr -d 0-9 < "$pictures/$1" > shown && tr -d 0-9 < "$2" | cmp - shown
}
