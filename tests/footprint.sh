#!/bin/sh
# footprint.sh [arm-none-eabi-gcc]: what a program links that only makes certain calls. make test asks
# $CC whether predictions link a random generator, a logarithm, a sine, a cosine or printf. With
# arm-none-eabi-gcc it does the same for Cortex-M, runs the programs in QEMU and prints the table of
# flash, RAM and stack in examples/README.md; on a Cortex-M4 predictions must keep to the limits
# below: with all activations, and where FFNN_HAS_ACTIVATION leaves tanh and identity. The last line is "footprint: N passed, M failed".
set -u
compiler=${1:-${CC:-cc}}
out=${BUILD:-build}/tests/footprint
rm -rf "$out" && mkdir -p "$out" || exit 1
log=$out/log
passed=0 failed=0
# Bytes of flash, RAM beside weights and activations, stack. From memory, where numbers may be halves
# and doubles, too; a view's are floats.
memory_limits="14336 1024 1536"
few_memory_limits="11776 1024 1536"
view_limits="12800 1024 1536"
few_view_limits="10240 1024 1536"
smallest="-std=c99 -Os -ffunction-sections -fdata-sections -Wl,--gc-sections"
unwanted='(ffnn_.*(rng|rand|normal|draw).*|.*printf.*|(__ieee754_|__)?(log|log1p|log2|log10|sin|cos|exp|pow)f?)'

finish() {
    echo "footprint: $passed passed, $failed failed"
    [ "$failed" = 0 ]
    exit
}

pass() { passed=$((passed + 1)); }
fail() { failed=$((failed + 1)); echo "FAILED: $*"; }

# links_little PROGRAM: it holds no function that a prediction does not need.
links_little() {
    "${prefix}nm" "$1" | sed 's/.* //; s/@.*//' | grep -xE "$unwanted" > "$1.unwanted"
    if [ -s "$1.unwanted" ]; then fail "$1 links" $(cat "$1.unwanted"); else pass; fi
}

prefix=""
if [ $# = 0 ]; then
    for calls in VIEW MEMORY FEW_VIEW; do
        if ! $compiler $smallest -DFFNN_NO_SIMD -D$calls -o "$out/$calls" tests/footprint.c -lm > "$log" 2>&1
        then echo "skipped: this linker has no --gc-sections"; finish; fi
        if ! command -v nm > /dev/null; then echo "skipped: no nm"; finish; fi
        links_little "$out/$calls"
    done
    finish
fi

prefix=arm-none-eabi-

# text and data of a program, bytes
flash() { "${prefix}size" "$1" | awk 'NR == 2 { print $1 + $2 }'; }
static_ram() { "${prefix}size" "$1" | awk 'NR == 2 { print $2 + $3 }'; }

# row CALLS TEXT PARAMETERS: flash and static RAM beyond those of a program that calls nothing; the most
# allocated memory and what is kept of it, without the weights and activations in it; stack.
row() {
    program=$out/$name-$1
    if ! $compiler $smallest $flags -D$1 --specs=nosys.specs -o "$program" tests/footprint.c -lm > "$log" 2>&1 ||
        ! $compiler $smallest $flags -D$1 -DMEASURED --specs=rdimon.specs -T tests/cortex_m.ld \
            -Wl,--defsym=flash_size=4M,--defsym=ram_begin=0x21000000,--defsym=ram_size=16M \
            -o "$program-measured" tests/footprint.c tests/cortex_m.c -lm > "$log" 2>&1 ||
        ! sh tests/cortex_m.sh "$machine" "$program-measured" > "$program.measured" 2> "$log"
    then cat "$log"; fail "$name, $2"; return; fi
    read -r stack peak kept < "$program.measured"
    flash=$(($(flash "$program") - $(flash "$out/$name-NOTHING")))
    static=$(($(static_ram "$program") - $(static_ram "$out/$name-NOTHING")))
    ram=$((static + peak - $3)) kept=$((static + kept - $3))
    printf '%-9s | %-40s | %6d | %6d | %6d | %6d\n' "$name" "$2" "$flash" "$ram" "$kept" "$stack"
    case $1 in
    FEW_VIEW) limit=$few_view_limits ;;
    FEW_MEMORY) limit=$few_memory_limits ;;
    VIEW) limit=$view_limits ;;
    *) limit=$memory_limits ;;
    esac
    case $name,$1 in
    Cortex-M4,*VIEW | Cortex-M4,*MEMORY)
        set -- $1 $flash $ram $stack $limit
        if [ "$2" -le "$5" ] && [ "$3" -le "$6" ] && [ "$4" -le "$7" ]; then pass
        else fail "$1: more than $limit bytes"; fi ;;
    *) pass ;;
    esac
}

printf '%-9s | %-40s | %6s | %6s | %6s | %6s\n' "" "bytes for" flash RAM kept stack
echo "----------|------------------------------------------|--------|--------|--------|-------"
for name in Cortex-M4 Cortex-M0; do
    case $name in
    Cortex-M4) machine=mps2-an386 flags="-mcpu=cortex-m4 -mthumb -mfloat-abi=hard -mfpu=fpv4-sp-d16" ;;
    Cortex-M0) machine=mps2-an385 flags="-mcpu=cortex-m0 -mthumb" ;; # a Cortex-M3, which runs M0's code
    esac
    if ! $compiler $smallest $flags --specs=nosys.specs -o "$out/$name-NOTHING" tests/footprint.c > "$log" 2>&1
    then cat "$log"; fail "$name"; continue; fi
    weights=132 # bytes: 2 x 8 + 8 + 8 x 1 + 1 floats
    row VIEW "ffnn_init_view, ffnn_predict" 0
    links_little "$out/$name-VIEW"
    row MEMORY "ffnn_init_from_memory, ffnn_predict" $weights
    links_little "$out/$name-MEMORY"
    row FEW_VIEW "the first, for tanh and identity only" 0
    row FEW_MEMORY "the second, for these only" $weights
    row EVALUATE "ffnn_init_view, ffnn_evaluate" 0
    row SAVE "ffnn_init_from_memory, ffnn_save_memory" $((weights + 1024)) # the file, static
    row TRAIN "ffnn_init, ffnn_train" $((weights + 4 * 4 * 9)) # z, a, error, delta of 9 units
    row FIT "ffnn_init, ffnn_fit" $((weights + 4 * 4 * 9))
done
finish
