#!/bin/sh
# msvc.sh ARGUMENT...: a compiler for Microsoft's dialect, ABI and C library, without Microsoft: clang's
# windows-msvc target with Wine's headers and import libraries. Takes the arguments of cc that
# matrix.sh passes. (Debian: clang lld libwine-dev mingw-w64-x86-64-dev; one header is mingw's.)
set -u
wine=/usr/include/wine/wine
libraries=$(dirname "$(ls /usr/lib/*/wine/x86_64-windows/libucrtbase.a 2> /dev/null | head -n 1)")
here=$(mktemp -d) && trap 'rm -rf "$here"' EXIT || exit 1
cp /usr/share/mingw-w64/include/sal.h "$here/" || exit 1
# What is missing in Wine's <math.h>, and the tests use.
cat > "$here/missing.h" << 'END' || exit 1
#ifdef __cplusplus
extern "C"
#endif
double erfc(double x);
END

# __forceinline is no extension here, which Clang's -Wpedantic says if __clang__ is undefined.
compile() { # ARGUMENT...
    clang --target=x86_64-pc-windows-msvc -fms-compatibility -fms-extensions \
        -fms-compatibility-version=19.29 -nostdlibinc -D_UCRT -isystem "$(clang -print-resource-dir)/include" \
        -isystem "$wine/msvcrt" -isystem "$here" -isystem "$wine/windows" \
        -include "$here/missing.h" "$@" -Wno-language-extension-token
}

flags= sources= objects= output= only=
while [ $# -gt 0 ]; do
    case $1 in
    -dumpfullversion | -dumpversion) clang -dumpversion; exit ;;
    -o) output=$2; shift ;;
    -c | -E | -fsyntax-only) only=$1 ;;
    -lm) ;;
    -x) [ "$2" = none ] || flags="$flags -x $2"; shift ;; # objects are not passed to clang
    - | *.c) sources="$sources $1" ;;
    *.o) objects="$objects $1" ;;
    *) flags="$flags $1" ;;
    esac
    shift
done
if [ -n "$only" ]; then compile $flags $only ${output:+-o "$output"} $sources; exit; fi
for source in $sources; do
    object=$here/$(basename "$source").o
    compile $flags -c -o "$object" "$source" || exit 1
    objects="$objects $object"
done
lld-link /nologo /entry:mainCRTStartup /subsystem:console /ignore:4217 "/out:${output:-a.exe}" $objects \
    "$libraries/libucrtbase.a" "$libraries/libkernel32.a" "$libraries/libwinecrt0.a"
