/* Weights that real PyTorch wrote predict in C what they predict there. Run from the top of the
   repository, or with the folder of the files as the only argument. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "reference/deploy.h"

static const char *folder = "tests/reference";

static const char *path_of(const struct deploy_case *deploy) {
    static char path[512];
    snprintf(path, sizeof path, "%s/%s", folder, deploy->file);
    return path;
}

/* A copy, as ffnn_view wants data that it may write to. */
static ffnn_tensor copy_of(const float *data, size_t rows, size_t cols) {
    ffnn_tensor copy;
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&copy, rows, cols));
    memcpy(copy.data, data, rows * cols * sizeof(float));
    return copy;
}

static void check_outputs(ffnn_tensor output, const float *expected) {
    for (size_t i = 0; i < element_count(output); ++i)
        CHECK(fabs((double)output.data[i] - (double)expected[i]) <= 1e-6);
}

static void test_predictions_are_pytorchs(void) {
    for (size_t i = 0; i < COUNT_OF(deploy_cases); ++i) {
        const struct deploy_case *deploy = &deploy_cases[i];
        ffnn_tensor X = copy_of(deploy->X, deploy->rows, deploy->inputs), output, forward = {0};
        ffnn_net net;
        test_case("%s", deploy->file);
        CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&output, deploy->rows, deploy->outputs));
        CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, path_of(deploy)));
        CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, output));
        check_outputs(output, deploy->expected);
        CHECK_STATUS(FFNN_OK, ffnn_forward(&net, X, &forward));
        check_outputs(forward, deploy->expected);
        ffnn_free(&net);
        ffnn_tensor_free(&output);
        ffnn_tensor_free(&X);
    }
}

/* What is loaded and saved again is the file that PyTorch wrote, byte for byte. */
static void test_saving_gives_pytorchs_file(void) {
    for (size_t i = 0; i < COUNT_OF(deploy_cases); ++i) {
        static unsigned char saved[16384];
        size_t size = 0;
        ffnn_net net;
        test_case("%s", deploy_cases[i].file);
        CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, path_of(&deploy_cases[i])));
        CHECK_STATUS(FFNN_OK, ffnn_save_memory(&net, saved, sizeof saved, &size));
        CHECK(file_is(path_of(&deploy_cases[i]), saved, size));
        ffnn_free(&net);
    }
}

int main(int argc, char **argv) {
    if (argc > 1) folder = argv[1];
    RUN(test_predictions_are_pytorchs);
    RUN(test_saving_gives_pytorchs_file);
    return test_summary("test_deploy");
}
