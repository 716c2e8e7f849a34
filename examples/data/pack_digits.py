#!/usr/bin/env python3
"""Packs the UCI optical digits into a C header.

    apt-get install python3-sklearn
    python3 examples/data/pack_digits.py > examples/data/digits.h

Reads the copy that scikit-learn carries; a path to another digits.csv.gz may be given instead.
"""
import csv
import gzip
import importlib.util
import pathlib
import sys

HEADER = '''\
/* Handwritten digits: {count} images of 8 x 8 pixels. Packed by pack_digits.py; do not edit.

   Origin: "Optical Recognition of Handwritten Digits", UCI Machine Learning Repository, 1998, by
   E. Alpaydin and C. Kaynak, Bogazici University, https://archive.ics.uci.edu/dataset/80,
   doi:10.24432/C50P49: its test part, 13 writers, as scikit-learn carries it (digits.csv.gz).
   License: Creative Commons Attribution 4.0, https://creativecommons.org/licenses/by/4.0/
   Changes: packed, nothing else.

   One image a line: the digit that it shows, then its 64 pixels, row by row. A pixel counts the
   ink in a 4 x 4 block of the scanned form: 'A' is 0 (paper), 'Q' is 16 (all ink). */
#ifndef DIGITS_H
#define DIGITS_H

enum {{ DIGITS_COUNT = {count}, DIGITS_PIXELS = 64, DIGITS_INK = 16 }};

static const char digits_images[DIGITS_COUNT][1 + DIGITS_PIXELS + 1] = {{
'''


def sklearn_copy():
    sklearn = importlib.util.find_spec("sklearn")
    if sklearn is None:
        sys.exit("pack_digits.py: scikit-learn is not installed, and no digits.csv.gz given")
    return pathlib.Path(sklearn.origin).parent / "datasets" / "data" / "digits.csv.gz"


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else sklearn_copy()
    with gzip.open(path, "rt") as file:
        rows = [[int(float(value)) for value in row] for row in csv.reader(file)]
    assert all(len(row) == 65 and max(row[:64]) <= 16 and row[64] <= 9 for row in rows)
    sys.stdout.write(HEADER.format(count=len(rows)))
    for *pixels, digit in rows:
        text = "".join(chr(ord("A") + pixel) for pixel in pixels)
        sys.stdout.write(f'"{digit}{text}",\n')
    sys.stdout.write("};\n\n#endif\n")


if __name__ == "__main__":
    main()
