/* FFNN_HAS_ACTIVATION leaves out activations: networks that have others are refused, wherever they
   come from. */
#define FFNN_HAS_ACTIVATION(activation)                                                           \
    ((activation) == FFNN_TANH || (activation) == FFNN_LEAKY_RELU)
#ifndef FFNN_NO_SIMD
#define FFNN_NO_SIMD /* compiles sooner */
#endif
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "activations.h"

static float inputs[4] = {-1, -0.25f, 0.5f, 2}, outputs[4];

static bool is_there(int activation) {
    return FFNN_HAS_ACTIVATION((ffnn_activation)activation);
}

static void test_activate(void) {
    static const int outside = -1;
    ffnn_tensor z = ffnn_view(inputs, 1, 4), a = ffnn_view(outputs, 1, 4);
    ffnn_activation none;
    for (int i = 0; i < ACTIVATIONS; ++i) {
        test_case("%s", activation_table[i].name);
        CHECK_STATUS(is_there(i) ? FFNN_OK : FFNN_ERROR_ARGUMENT,
                     ffnn_activate(a, z, (ffnn_activation)i));
        for (size_t k = 0; is_there(i) && k < 4; ++k)
            CHECK(is_activation_of((ffnn_activation)i, inputs[k], outputs[k]));
    }
    test_case("one that is none");
    memcpy(&none, &outside, sizeof none); /* no cast: C++ has no such value */
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_activate(a, z, none));
}

static void test_descriptions_and_changes(void) {
    ffnn_tensor X = ffnn_view(inputs, 2, 2), Y = ffnn_view(outputs, 2, 2);
    for (int i = 0; i < ACTIVATIONS; ++i) {
        ffnn_status expected = is_there(i) ? FFNN_OK : FFNN_ERROR_ARGUMENT;
        ffnn_desc desc;
        ffnn_net net;
        test_case("%s", activation_table[i].name);
        memset(&desc, 0, sizeof desc);
        desc.sizes[0] = 2;
        desc.sizes[1] = 2;
        desc.activations[0] = (ffnn_activation)i;
        CHECK_STATUS(expected, ffnn_init(&net, &desc));
        ffnn_free(&net);

        desc.activations[0] = FFNN_TANH;
        CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
        net.layers[0].activation = (ffnn_activation)i;
        CHECK_STATUS(expected, ffnn_predict(&net, X, Y));
        CHECK_STATUS(expected, ffnn_train(&net, X, Y, 0, NULL));
        ffnn_free(&net);
    }
}

/* The file of a network of two inputs and one output says another activation. */
static void check_file(ffnn_status expected, const char *activation) {
    unsigned char file[512];
    char header[256];
    ffnn_net net;
    int length = snprintf(header, sizeof header,
                          "{\"__metadata__\":{\"activations\":\"%s\"},"
                          "\"W1\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}",
                          activation);
    test_case("a file that says %s", activation);
    memset(file, 0, sizeof file);
    file[0] = (unsigned char)length;
    memcpy(file + 8, header, (size_t)length);
    CHECK_STATUS(expected, ffnn_init_from_memory(&net, file, 8 + (size_t)length + 8));
    CHECK(expected == FFNN_OK || is_all_zero(&net));
    ffnn_free(&net);
}

static void test_files(void) {
    for (int i = 0; i < ELEMENTWISE_ACTIVATIONS; ++i)
        check_file(is_there(i) ? FFNN_OK : FFNN_ERROR_ARGUMENT, activation_table[i].name);
    check_file(FFNN_OK, "leaky_relu:0.2");
    check_file(FFNN_ERROR_ARGUMENT, "leaky_relu:0"); /* which is relu */
    check_file(FFNN_ERROR_ARGUMENT, "elu:0.5");
    check_file(FFNN_ERROR_MISMATCH, "swish");
}

/* What ffnn_print_file says of it. */
static void test_print_file(void) {
    static const char header[] = "{\"__metadata__\":{\"activations\":\"elu:0.5\"},"
                                 "\"W1\":{\"dtype\":\"F32\",\"shape\":[2,1],\"data_offsets\":[0,8]}}";
    static const char path[] = SCRATCH "has_activation.safetensors";
    unsigned char file[8 + sizeof header - 1 + 8];
    char text[500];
    memset(file, 0, sizeof file);
    set_header_size(file, sizeof header - 1);
    memcpy(file + 8, header, sizeof header - 1);
    make_scratch_folder(SCRATCH);
    write_file(path, file, sizeof file);
    FILE *out = tmpfile();
    CHECK(out != NULL);
    if (out == NULL) return;
    CHECK_STATUS(FFNN_OK, ffnn_print_file(out, path));
    rewind(out);
    text[fread(text, 1, sizeof text - 1, out)] = '\0';
    CHECK(strstr(text, "\nno network: this program leaves out elu\n") != NULL);
    fclose(out);
    remove(path);
}

int main(void) {
    RUN(test_activate);
    RUN(test_descriptions_and_changes);
    RUN(test_files);
    RUN(test_print_file);
    return test_summary("test_has_activation");
}
