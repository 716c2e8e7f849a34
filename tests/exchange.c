/* Weights files from one machine to another: any two platforms write the same bytes.

    exchange write    writes a network of awkward weights to the current folder, twice over
    exchange read     reads that file, as written here or elsewhere: every weight bit for bit

   The file's name is not ASCII, and its bytes are some that a text mode would change: line ends of
   all kinds, the end-of-file mark of DOS, zeros. tests/matrix.sh runs it everywhere. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#include <stdlib.h>
#include <string.h>

#define PATH "exchange-\xc3\xa9\xe9\x87\x8d\xf0\x9f\x92\xbe.safetensors"

/* Numbers of all kinds by their bits: zeros, denormals, infinities, NaN with something in it. */
static const uint32_t awkward[3 * 5 + 5 * 2] = {
    0x00000000u, 0x80000000u, 0x00000001u, 0x807fffffu, 0x00800000u, 0x7f7fffffu, 0x7f800000u,
    0xff800000u, 0x7fc00000u, 0xffc12345u, 0x3f800000u, 0x0a0a0a0au, 0x0d0a0d0au, 0x0d0d0d0du,
    0x1a1a1a1au, 0x411a0d0au, 0x0a0d1a41u, 0x00ff00ffu, 0x3eaaaaabu, 0x40490fdbu, 0x12345678u,
    0xdeadbeefu, 0x01020304u, 0xfffefdfcu, 0x7f010203u};

static void require(ffnn_status status, const char *what) {
    if (status == FFNN_OK) return;
    fprintf(stderr, "exchange: %s: %s\n", what, ffnn_status_string(status));
    exit(1);
}

static void write_awkward(void) {
    ffnn_desc desc = {0};
    ffnn_net net;
    desc.sizes[0] = 3;
    desc.sizes[1] = 5;
    desc.sizes[2] = 2;
    require(ffnn_init(&net, &desc), "init");
    require(ffnn_save(&net, PATH), "first save");
    memcpy(net.layers[0].weight.data, awkward, 3 * 5 * sizeof *awkward);
    memcpy(net.layers[1].weight.data, awkward + 3 * 5, 5 * 2 * sizeof *awkward);
    require(ffnn_save(&net, PATH), "second save"); /* over the file that is there now */
    ffnn_free(&net);
}

static void read_awkward(void) {
    ffnn_net net;
    require(ffnn_init_from_file(&net, PATH), "read");
    if (net.layer_count != 2 ||
        memcmp(net.layers[0].weight.data, awkward, 3 * 5 * sizeof *awkward) != 0 ||
        memcmp(net.layers[1].weight.data, awkward + 3 * 5, 5 * 2 * sizeof *awkward) != 0)
        require(FFNN_ERROR_MISMATCH, "other weights");
    ffnn_free(&net);
}

int main(int argc, char **argv) {
    if (argc == 2 && strcmp(argv[1], "write") == 0) {
        write_awkward();
    } else if (argc == 2 && strcmp(argv[1], "read") == 0) {
        read_awkward();
    } else {
        fprintf(stderr, "usage: exchange write | read\n");
        return 2;
    }
    return 0;
}
