/* Weights files from one machine to another: any two platforms write the same bytes.

    exchange write    writes a network of awkward weights to the current folder, twice over
    exchange read     reads that file, as written here or elsewhere: every weight bit for bit

   The file's name is not ASCII, and its bytes are some that a text mode would change: line ends of
   all kinds, the end-of-file mark of DOS, zeros. tests/matrix.sh runs it everywhere. */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"

#define PATH "exchange-\xc3\xa9\xe9\x87\x8d\xf0\x9f\x92\xbe.safetensors"

/* Numbers of all kinds by their bits: zeros, denormals, infinities, NaN with something in it. */
static const uint32_t awkward[3 * 5 + 5 * 2] = {
    0x00000000u, 0x80000000u, 0x00000001u, 0x807fffffu, 0x00800000u, 0x7f7fffffu, 0x7f800000u,
    0xff800000u, 0x7fc00000u, 0xffc12345u, 0x3f800000u, 0x0a0a0a0au, 0x0d0a0d0au, 0x0d0d0d0du,
    0x1a1a1a1au, 0x411a0d0au, 0x0a0d1a41u, 0x00ff00ffu, 0x3eaaaaabu, 0x40490fdbu, 0x12345678u,
    0xdeadbeefu, 0x01020304u, 0xfffefdfcu, 0x7f010203u};

/* The layers' weights lie in the file one after the other, here in `bits`. */
static void copy_weights(ffnn_net *net, uint32_t *bits, int into_the_network) {
    size_t i;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        size_t size = weight.rows * weight.cols * sizeof(float);
        if (into_the_network) memcpy(weight.data, bits, size);
        else memcpy(bits, weight.data, size);
        bits += weight.rows * weight.cols;
    }
}

static int fail(const char *what, ffnn_status status) {
    fprintf(stderr, "exchange: %s: %s\n", what, ffnn_status_string(status));
    return 1;
}

int main(int argc, char **argv) {
    ffnn_desc desc = {{3, 5, 2}, NULL};
    uint32_t bits[sizeof awkward / sizeof awkward[0]];
    ffnn_net net;
    ffnn_status status;
    int is_write = argc == 2 && strcmp(argv[1], "write") == 0;
    if (!is_write && (argc != 2 || strcmp(argv[1], "read") != 0)) {
        fprintf(stderr, "usage: exchange write | read\n");
        return 2;
    }
    memcpy(bits, awkward, sizeof bits);
    if (is_write) {
        status = ffnn_init(&net, &desc);
        if (status == FFNN_OK) status = ffnn_save(&net, PATH);
        if (status != FFNN_OK) return fail("first save", status);
        copy_weights(&net, bits, 1);
        status = ffnn_save(&net, PATH); /* over the file that is there now */
        if (status != FFNN_OK) return fail("second save", status);
    } else {
        status = ffnn_init_from_file(&net, PATH);
        if (status != FFNN_OK) return fail("read", status);
        memset(bits, 0, sizeof bits);
        copy_weights(&net, bits, 0);
        if (memcmp(bits, awkward, sizeof bits) != 0) return fail("other weights", FFNN_OK);
    }
    ffnn_free(&net);
    return 0;
}
