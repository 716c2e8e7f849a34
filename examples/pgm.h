/* pgm.h - reads a PGM picture (P2 or P5) and shrinks it to a small square: for examples/digits.c.

   The picture is never held in memory: each pixel is added to the boxes that it lies in as it is
   read, so any size will do. */
#ifndef PGM_H
#define PGM_H

#include <ctype.h>
#include <stddef.h>
#include <stdio.h>
#include <string.h>

enum { PGM_MAX_SIDE = 65535, PGM_MAX_VALUE = 65535, PGM_MAX_BOXES = 64 };

/* The next character; a comment counts as the end of its line. */
static int pgm__next(FILE *in) {
    int c = getc(in);
    if (c == '#') {
        while (c != '\n' && c != '\r' && c != EOF) c = getc(in);
    }
    return c;
}

/* A whole number and the one character after it; -1 if there is none up to limit. */
static long pgm__number(FILE *in, long limit) {
    long value = 0;
    int c = pgm__next(in);
    while (isspace(c)) c = pgm__next(in);
    if (!isdigit(c)) return -1;
    for (; isdigit(c); c = pgm__next(in)) {
        value = value * 10 + (c - '0');
        if (value > limit) return -1;
    }
    return c == EOF || isspace(c) ? value : -1;
}

/* A binary pixel has one byte, or two, the high one first, where max_value needs them. */
static long pgm__binary(FILE *in, long max_value) {
    int high = 0, low = getc(in);
    if (low != EOF && max_value > 255) {
        high = low;
        low = getc(in);
    }
    return low == EOF || high * 256L + low > max_value ? -1 : high * 256L + low;
}

/* How much of pixel i of n lies in box b of `boxes`, in units of 1 / boxes of a pixel: box b
   covers what n pixels of `boxes` units each leave to it, n units from b n on. */
static long pgm__overlap(long i, long n, long b, long boxes) {
    long begin = i * boxes > b * n ? i * boxes : b * n;
    long end = (i + 1) * boxes < (b + 1) * n ? (i + 1) * boxes : (b + 1) * n;
    return end > begin ? end - begin : 0;
}

/* Adds a pixel to the boxes that it lies in: at most two each way, as pixels are the smaller. */
static void pgm__add(double *sums, long boxes, long x, long width, long y, long height,
                     long value) {
    long left = x * boxes / width, top = y * boxes / height;
    for (long row = top; row < boxes && row <= top + 1; ++row) {
        for (long col = left; col < boxes && col <= left + 1; ++col) {
            double area = (double)pgm__overlap(x, width, col, boxes) *
                          (double)pgm__overlap(y, height, row, boxes);
            sums[row * boxes + col] += area * (double)value;
        }
    }
}

/* Shrinks the picture to boxes x boxes means, from 0 (black) to 1 (white). The picture has at least
   that many pixels each way. Returns NULL, or what is wrong with the file. */
static const char *pgm_read(FILE *in, size_t box_count, float *means) {
    int magic = getc(in), kind = getc(in);
    if (magic != 'P' || (kind != '2' && kind != '5')) return "not a PGM picture (P2 or P5)";
    long width = pgm__number(in, PGM_MAX_SIDE);
    long height = pgm__number(in, PGM_MAX_SIDE);
    long max_value = pgm__number(in, PGM_MAX_VALUE);
    long boxes = (long)box_count;
    if (width < 0 || height < 0 || max_value < 1)
        return "damaged header: width, height and largest value, from 1 to 65535, are expected";
    if (width < boxes || height < boxes) return "too small";
    double sums[PGM_MAX_BOXES * PGM_MAX_BOXES] = {0};
    for (long y = 0; y < height; ++y) {
        for (long x = 0; x < width; ++x) {
            long value = kind == '5' ? pgm__binary(in, max_value) : pgm__number(in, max_value);
            if (value < 0)
                return feof(in) ? "ends before its last pixel"
                                : "a pixel is no number up to the header's largest value";
            pgm__add(sums, boxes, x, width, y, height, value);
        }
    }
    for (long i = 0; i < boxes * boxes; ++i)
        means[i] = (float)(sums[i] / ((double)width * (double)height * (double)max_value));
    return NULL;
}

#endif
