/* digit_picture IMAGE SCALE LARGEST P2|P5 [inverted]: an image of examples/data/digits.h as a PGM
   picture, for test_digits.sh.

   Each pixel of the image becomes a square of SCALE x SCALE pixels. No ink is 0, all of it is
   LARGEST, or the other way round. P2 comes with comments, P5 with two bytes a pixel where LARGEST
   needs them. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../examples/data/digits.h"

enum { SIDE = 8 };

int main(int argc, char **argv) {
    if (argc < 5) {
        fprintf(stderr, "usage: digit_picture IMAGE SCALE LARGEST P2|P5 [inverted]\n");
        return 2;
    }
    long image = strtol(argv[1], NULL, 10);
    int scale = (int)strtol(argv[2], NULL, 10), largest = (int)strtol(argv[3], NULL, 10);
    const char *pixels = digits_images[image] + 1; /* behind the digit that it shows */
    int is_text = strcmp(argv[4], "P2") == 0, is_inverted = argc > 5;

    if (is_text)
        printf("P2\n# image %ld\n%d %d # sizes\n%d\n", image, SIDE * scale, SIDE * scale, largest);
    else
        printf("P5\n%d %d\n%d\n", SIDE * scale, SIDE * scale, largest);
    for (int y = 0; y < SIDE * scale; ++y) {
        for (int x = 0; x < SIDE * scale; ++x) {
            int ink = pixels[y / scale * SIDE + x / scale] - 'A';
            int value = (is_inverted ? DIGITS_INK - ink : ink) * largest / DIGITS_INK;
            if (is_text) printf("%d\n", value);
            if (!is_text && largest > 255) putchar(value / 256);
            if (!is_text) putchar(value % 256);
        }
    }
    return 0;
}
