#!/bin/sh
# lab_errors.sh: the lab's answer to a wrong argument is one usage line on stderr and exit status
# 2; a failed save names the file and the cause, and is exit status 1.
set -eu
BUILD=${BUILD:-build}
lab=$(cd "$BUILD" && pwd)/lab
folder=$BUILD/tests/lab_errors
rm -rf "$folder" && mkdir -p "$folder" && cd "$folder"

for arguments in "--sed 1" "--seed" "--seed -1" "--seed 1x" "--seed 99999999999999999999" "1" "--seed 1 2"; do
    status=0; "$lab" $arguments > out 2> err || status=$?
    [ $status = 2 ] || { echo "lab $arguments: exit status $status"; exit 1; }
    [ ! -s out ] || { echo "lab $arguments: prints to stdout"; exit 1; }
    [ "$(wc -l < err)" -eq 1 ] && grep -q '^usage: lab' err || { echo "lab $arguments: no usage line"; exit 1; }
done

mkdir ffnn_model.safetensors # a folder where the weights should go
status=0; "$lab" > out 2> err || status=$?
[ $status = 1 ] || { echo "failed save: exit status $status"; exit 1; }
grep -q 'ffnn_model.safetensors.*: .*irectory' err || { echo "failed save: no file or cause in:"; cat err; exit 1; }
[ "$(ls | wc -l)" -eq 3 ] || { echo "failed save: left something behind:"; ls -a; exit 1; }
