#!/bin/sh
# bench_builds.sh: how long the builds take that this machine can run, beside $CC -O2: plain C and
# vectors, other compilers, WebAssembly in Node.js, Windows' programs in Wine. Builds bench_builds.c
# in each way, runs all of them in turn, ROUNDS times (5), and prints a table of the medians of
# their ratios in Markdown. The Makefile calls it from the top folder with CC and BUILD. What is
# missing is skipped and named; matrix.sh says which packages of Debian it is in.
set -eu
rounds=${ROUNDS:-5}
mkdir -p "$BUILD/bench_builds"
folder=$(cd "$BUILD/bench_builds" && pwd)
rm -rf "${folder:?}"/*
export WINEPREFIX="$folder/wine" WINEDEBUG=-all

have() { command -v "$1" > /dev/null 2>&1; }

skip() { echo "Not measured: $1, for $2."; }

# build NAME RUNNER COMPILER FLAGS: builds the benchmark as program number $count. A build is skipped
# if its commands are missing or if even an empty program does not run; anything else has to work.
count=0
printf '#include <errno.h>\nint main(void) { return 0; }\n' > "$folder/empty.c"
build() {
    for command in "$3" "${2%% *}"; do
        [ -z "$command" ] || have "${command%% *}" || { skip "$1" "there is no $command"; return 0; }
    done
    log=$folder/log-$((count + 1))
    if ! { $3 $4 -o "$folder/empty.exe" "$folder/empty.c" -lm && $2 "$folder/empty.exe"; } > "$log" 2>&1
    then skip "$1" "$3 $4 does not make programs that run here"; return 0; fi
    count=$((count + 1))
    echo "$2" > "$folder/$count.runner"
    echo "$1" >> "$folder/names"
    $3 $4 -o "$folder/$count.exe" tests/bench_builds.c -lm > "$log" 2>&1 || { cat "$log"; exit 1; }
}

no_vectorizer="-fno-tree-vectorize -fno-tree-slp-vectorize"
m32="-m32 -idirafter /usr/include/$(gcc -print-multiarch 2> /dev/null || true)" # see matrix.sh
wine=wine64
for command in wine /usr/lib/wine/wine64; do have $wine || wine=$command; done
# Code is compiled once and well, not first in haste; the other options are matrix.sh's.
node="node --no-liftoff --experimental-wasi-unstable-preview1 --no-turbo-fast-api-calls --no-warnings \
    tests/wasi.mjs"
wasm="--target=wasm32-wasi"

build "$CC -O2" "" "$CC" -O2
[ "$count" = 1 ]
build "$CC -O3" "" "$CC" -O3
build "$CC -O2, plain C" "" "$CC" "-O2 -DFFNN_NO_SIMD"
build "$CC -O3, plain C" "" "$CC" "-O3 -DFFNN_NO_SIMD"
build "$CC -O2, plain C, no vectorizer" "" "$CC" "-O2 -DFFNN_NO_SIMD $no_vectorizer"
build "clang -O2" "" clang -O2
build "clang -O2, plain C" "" clang "-O2 -DFFNN_NO_SIMD"
build "tcc" "" tcc ""
build "musl-gcc -O2" "" musl-gcc -O2
build "gcc -O2, 32 bits, x87" "" gcc "-O2 $m32"
build "gcc -O2, 32 bits, SSE2" "" gcc "-O2 $m32 -msse2 -mfpmath=sse"
build "MinGW-w64 -O2, Wine" $wine x86_64-w64-mingw32-gcc -O2
build "MSVC (clang -O2), Wine" $wine "sh tests/msvc.sh" -O2
build "MSVC (clang -O2), Wine, plain C" $wine "sh tests/msvc.sh" "-O2 -DFFNN_NO_SIMD"
build "WebAssembly, clang -O2 -msimd128" "$node" clang "-O2 -msimd128 $wasm"
build "WebAssembly, clang -O2" "$node" clang "-O2 $wasm"

# Every round in the same order: a busy moment of the machine meets all builds alike.
round=1
while [ "$round" -le "$rounds" ]; do
    number=1
    while [ "$number" -le "$count" ]; do
        $(cat "$folder/$number.runner") "$folder/$number.exe" > "$folder/output" 2> "$folder/errors" ||
            { cat "$folder/errors"; exit 1; }
        tr -d '\r' < "$folder/output" | sed "s/^/$number /" >> "$folder/results"
        number=$((number + 1))
    done
    round=$((round + 1))
done

# Lines of results: the build's number, then bench_builds.c's line. Build 1 comes first in each round.
awk -v count="$count" '
    # The median of value[1..n], which is sorted.
    function median(value, n,    i, j, x) {
        for (i = 2; i <= n; ++i) {
            x = value[i]
            for (j = i - 1; j >= 1 && value[j] > x; --j) value[j + 1] = value[j]
            value[j + 1] = x
        }
        return value[int((n + 1) / 2)]
    }
    # The median of one build in one network; k is 3 for training, 4 for prediction. Notes how far
    # from it the rounds are.
    function ratio_of(build, network, k,    i, middle) {
        for (i = 1; i <= round; ++i) list[i] = ratio[build, network, k, i]
        middle = median(list, round)
        for (i = 1; i <= round; ++i)
            spread[++spreads] = list[i] > middle ? list[i] / middle : middle / list[i]
        return middle
    }
    function time_of(network, k,    i) {
        for (i = 1; i <= round; ++i) list[i] = first[network, k, i]
        return median(list, round)
    }
    function titled(network) { sub(",", ", batch ", network); return network }
    function written(x) { return sprintf(x < 10 ? "%.2f" : x < 100 ? "%.1f" : "%.0f", x) }
    function time_written(ns) { return ns < 1000 ? written(ns) " ns" : written(ns / 1000) " us" }

    FILENAME ~ /names$/ { name[FNR] = $0; next }
    $1 == 1 && !($2 in known) { known[$2] = ++networks; title[networks] = $2; loss[$2] = $5 }
    $1 == 1 && $2 == title[1] { ++round }
    !($5 - loss[$2] < 2e-6 && loss[$2] - $5 < 2e-6) { # NaN, too
        print "bench_builds: " titled($2) ": the loss of " name[$1] " is " $5 ", not " loss[$2]
        failed = 1
        exit 1
    }
    {
        for (k = 3; k <= 4; ++k) {
            if ($1 == 1) first[$2, k, round] = $k
            ratio[$1, $2, k, round] = $k / first[$2, k, round]
        }
    }
    END {
        if (failed) exit 1
        printf "| training, prediction: times as long as %s", name[1]
        for (j = 1; j <= networks; ++j) printf " | %s", titled(title[j])
        printf " |\n|---"
        for (j = 1; j <= networks; ++j) printf "|--:"
        printf "|\n| %s, a sample", name[1]
        for (j = 1; j <= networks; ++j)
            printf " | %s, %s", time_written(time_of(title[j], 3)), time_written(time_of(title[j], 4))
        print " |"
        for (i = 2; i <= count; ++i) {
            printf "| %s", name[i]
            for (j = 1; j <= networks; ++j)
                printf " | %s, %s", written(ratio_of(i, title[j], 3)), written(ratio_of(i, title[j], 4))
            print " |"
        }
        if (spreads == 0) exit
        printf "Medians of %d rounds; half of all ratios are within %.0f %% of them, nine tenths " \
            "within %.0f %%.\n", round, (median(spread, spreads) - 1) * 100,
            (spread[int(spreads * 0.9)] - 1) * 100
    }
' "$folder/names" "$folder/results"
