#!/bin/sh
# coverage.sh: how many branches of ffnn.h the tests take, measured with gcc and gcov. Fails below
# 95%, and when a branch is never taken that tests/coverage_reasons.txt has no reason for. `make
# coverage` calls it from the top folder.
#
# How it counts: a branch is one way out of one condition as gcc -O0 compiles it, so `a && b` has
# four. Every test runs in several builds: plain C, and each kind of kernels that this processor
# can run; a branch is taken if it is in any of them. Conditions that the macros of the kernels
# make count once for each kind. Functions that are always inlined are measured as functions of
# their own, in a copy of the header, so that their branches do not count once for each caller.
set -u
lowest=95
top=$(pwd)
out=${BUILD:-build}/coverage # not an absolute path
rm -rf "$out" && mkdir -p "$out" || exit 1
for tool in gcc gcov; do
    command -v $tool > /dev/null 2>&1 && continue
    echo "coverage: SKIPPED: no $tool"
    [ "${COVERAGE_STRICT:-0}" = 0 ]; exit
done

# An x86 processor's flags, as Linux and macOS name them.
features=$(grep -m1 '^flags' /proc/cpuinfo 2>/dev/null || sysctl -n machdep.cpu.leaf7_features 2>/dev/null |
           tr 'A-Z' 'a-z')
builds="-DFFNN_NO_SIMD -DFFNN_TEST_KERNELS=ffnn__kernels_baseline"
for kind in avx2 avx512f; do
    case " $features " in
    *" $kind "*) builds="$builds -DFFNN_TEST_KERNELS=ffnn__kernels_${kind%f}" ;;
    *) echo "kernels for $kind: SKIPPED: not this processor" ;;
    esac
done

mkdir "$out/source" && cp -R tests "$out/source" &&
    sed 's/static inline __attribute__((__always_inline__))/static/' ffnn.h > "$out/source/ffnn.h" || exit 1

number=0
for build in $builds; do
    for test in tests/test_*.c; do
        number=$((number + 1))
        folder=$out/$number
        mkdir "$folder"
        # A test that fails has been seen by make test; what it covers counts all the same.
        gcc -std=c99 -O0 --coverage "$build" -o "$folder/test" "$top/$out/source/$test" -lm || exit 1
        "$folder/test" > "$folder/log" 2>&1 || echo "$test $build: failed, see $folder/log"
        (cd "$folder" && gcov --branch-probabilities --branch-counts *.gcda > gcov.log 2>&1) || exit 1
        grep -q 'ffnn.h' "$folder/gcov.log" || { echo "$test: no coverage"; exit 1; }
    done
done

# One line for each branch that no build takes; then the figure. A .gcov file has a line
# "function NAME ..." before each function, "COUNT:LINE:SOURCE" for each line of source, and behind
# that "branch N taken COUNT" for each way out of it. A branch is known by its function, its line
# and which one of the line's it is; the builds' counts add up.
awk -v lowest=$lowest '
    FILENAME ~ /coverage_reasons.txt$/ {
        if ($0 !~ /^#/ && split($0, field, / *\| */) == 3) {
            ++reasons
            reason_function[reasons] = field[1]
            reason_source[reasons] = field[2]
            reason_text[reasons] = field[3]
        }
        next
    }

    FNR == 1 { function_name = "" }
    $1 == "function" { function_name = $2 }
    /^ *[0-9#=*-]+: *[0-9]+:/ {
        split($0, part, ":")
        line = part[2] + 0
        source = $0
        sub(/^[^:]*:[^:]*:/, "", source)
        nth = 0
    }
    $1 == "branch" {
        key = function_name " " line " " ++nth
        if (!(key in taken)) {
            keys[++count] = key
            taken[key] = 0
            branch_function[key] = function_name
            branch_line[key] = line
            branch_source[key] = source
        }
        if ($3 == "taken" && $4 > 0) taken[key] += $4 # gcov may count to below 0
    }

    # The number of the reason why a branch is never taken; 0: there is none.
    function reason_for(key,    name, r) {
        name = branch_function[key]
        sub(/_(plain|baseline|fma|avx2|avx512)$/, "", name)
        for (r = 1; r <= reasons; ++r) {
            if (reason_function[r] != name) continue
            if (reason_source[r] == "" || index(branch_source[key], reason_source[r])) return r
        }
        return 0
    }

    END {
        for (i = 1; i <= count; ++i) {
            key = keys[i]
            if (taken[key] > 0) {
                ++covered
            } else if (r = reason_for(key)) {
                ++excused[r]
            } else {
                ++missing
                printf "ffnn.h:%s: %s: branch never taken, and no reason why: %s\n",
                       branch_line[key], branch_function[key], branch_source[key]
            }
        }
        for (r = 1; r <= reasons; ++r)
            printf "%3d never taken in %s, `%s`: %s\n", excused[r], reason_function[r],
                   reason_source[r], excused[r] ? reason_text[r] : "the reason is not needed here"
        if (count == 0) {
            print "no branches"
            exit 1
        }
        share = 100 * covered / count
        printf "%.1f%% of %d branches taken, %d not, %d of them without a reason\n",
               share, count, count - covered, missing
        exit missing > 0 || share < lowest
    }' tests/coverage_reasons.txt "$out"/*/ffnn.h.gcov
