#!/bin/sh
# cortex_m.sh MACHINE PROGRAM ARGUMENT...: runs a program for one of QEMU's Cortex-M machines. See
# cortex_m.c.
machine=$1 program=$2
shift 2
exec qemu-system-arm -machine "$machine" -nographic -monitor none -serial none \
    -semihosting-config enable=on,target=native -kernel "$program" -append "$*"
