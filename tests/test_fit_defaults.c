/* ffnn_fit's batch size 0: 32 samples, or all of them if they are fewer. Then sets of any size
   learn with a description that is NULL, and the lab's loop is what it was. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

enum { MAX_SAMPLES = 4000, INPUTS = 3, DEFAULT_BATCH = 32 };

static float inputs[MAX_SAMPLES * INPUTS], targets[MAX_SAMPLES], outputs[MAX_SAMPLES];

static ffnn_net make_net(void) {
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    return net;
}

/* Normal inputs; the target is a smooth function of them that one unit could compute. */
static void make_set(size_t samples, ffnn_tensor *X, ffnn_tensor *y) {
    ffnn_rng rng;
    float weights[INPUTS] = {1.5f, -1, 0.5f};
    *X = ffnn_view(inputs, samples, INPUTS);
    *y = ffnn_view(targets, samples, 1);
    ffnn_rng_seed(&rng, 5);
    CHECK_STATUS(FFNN_OK, ffnn_randn(*X, &rng));
    CHECK_STATUS(FFNN_OK, ffnn_matmul(*y, *X, ffnn_view(weights, INPUTS, 1)));
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(*y, *y));
}

/* Epochs of ffnn_train over batches, in the order given. */
static void train_by_hand(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, size_t epochs,
                          size_t batch_size) {
    for (size_t epoch = 0; epoch < epochs; ++epoch)
        for (size_t first = 0; first < X.rows; first += batch_size) {
            size_t rows = X.rows - first < batch_size ? X.rows - first : batch_size;
            CHECK_STATUS(FFNN_OK, ffnn_train(net, ffnn_view(X.data + first * INPUTS, rows, INPUTS),
                                             ffnn_view(y.data + first, rows, 1), 0.1f, NULL));
        }
}

static void test_the_labs_loop_is_what_it_was(void) {
    float lab_X[] = {2 / 3.0f, 1, 0, 1 / 3.0f, 5 / 9.0f, 0.5f, 1, 6 / 9.0f, 1};
    float lab_y[] = {0.9f, 1, 0.88f};
    ffnn_tensor X = ffnn_view(lab_X, 3, 3), y = ffnn_view(lab_y, 3, 1);
    ffnn_net by_hand = make_net(), by_null = make_net(), by_zeros = make_net();
    ffnn_fit_desc zeros;
    memset(&zeros, 0, sizeof zeros);
    for (int epoch = 0; epoch < 1000; ++epoch)
        CHECK_STATUS(FFNN_OK, ffnn_train(&by_hand, X, y, 0.1f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&by_null, X, y, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&by_zeros, X, y, &zeros));
    CHECK(same_weights(&by_hand, &by_null));
    CHECK(same_weights(&by_hand, &by_zeros));
    ffnn_free(&by_hand);
    ffnn_free(&by_null);
    ffnn_free(&by_zeros);
}

static void test_the_default_is_32_or_all(void) {
    static const size_t counts[] = {1, 2, 31, 32, 33, 63, 64, 65, 100, 1000};
    for (size_t i = 0; i < COUNT_OF(counts); ++i) {
        ffnn_tensor X, y;
        ffnn_net by_default = make_net(), by_hand = make_net();
        ffnn_fit_desc desc;
        memset(&desc, 0, sizeof desc);
        desc.epochs = 3;
        test_case("%d samples", (int)counts[i]);
        make_set(counts[i], &X, &y);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&by_default, X, y, &desc));
        train_by_hand(&by_hand, X, y, 3, DEFAULT_BATCH);
        CHECK(same_weights(&by_default, &by_hand));
        ffnn_free(&by_default);
        ffnn_free(&by_hand);
    }
}

/* The order is drawn alike, so batches of 32 hold the same samples. */
static void test_the_default_in_a_new_order(void) {
    static const size_t counts[] = {5, 32, 33, 100, 1000};
    for (size_t i = 0; i < COUNT_OF(counts); ++i) {
        ffnn_tensor X, y;
        ffnn_rng rng;
        ffnn_net nets[2];
        test_case("%d samples", (int)counts[i]);
        make_set(counts[i], &X, &y);
        for (int has_size = 0; has_size <= 1; ++has_size) {
            ffnn_fit_desc desc;
            memset(&desc, 0, sizeof desc);
            ffnn_rng_seed(&rng, 6);
            desc.epochs = 3;
            desc.rng = &rng;
            desc.batch_size = has_size ? DEFAULT_BATCH : 0;
            nets[has_size] = make_net();
            CHECK_STATUS(FFNN_OK, ffnn_fit(&nets[has_size], X, y, &desc));
        }
        CHECK(same_weights(&nets[0], &nets[1]));
        ffnn_free(&nets[0]);
        ffnn_free(&nets[1]);
    }
}

/* The whole set in one batch is still there: its size. */
static void test_the_whole_set_as_one_batch(void) {
    ffnn_tensor X, y;
    ffnn_net by_fit = make_net(), by_hand = make_net();
    ffnn_fit_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.epochs = 3;
    desc.batch_size = 100;
    make_set(100, &X, &y);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&by_fit, X, y, &desc));
    train_by_hand(&by_hand, X, y, 3, 100);
    CHECK(same_weights(&by_fit, &by_hand));
    ffnn_free(&by_fit);
    ffnn_free(&by_hand);
}

/* Nine tenths of what the targets differ by is learned. */
static void test_sets_of_any_size_learn(void) {
    static const size_t counts[] = {100, 400, 4000};
    for (size_t i = 0; i < COUNT_OF(counts); ++i) {
        ffnn_tensor X, y, output;
        float mean = 0.5f, variance = 0, left = 1; /* the targets are symmetric about their mean */
        ffnn_net net = make_net();
        test_case("%d samples", (int)counts[i]);
        make_set(counts[i], &X, &y);
        output = ffnn_view(outputs, y.rows, 1);
        CHECK_STATUS(FFNN_OK, ffnn_mse(y, ffnn_view(&mean, 1, 1), &variance));
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, X, y, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_predict(&net, X, output));
        CHECK_STATUS(FFNN_OK, ffnn_mse(y, output, &left));
        CHECK(left < 0.1f * variance);
        ffnn_free(&net);
    }
}

int main(void) {
    RUN(test_the_labs_loop_is_what_it_was);
    RUN(test_the_default_is_32_or_all);
    RUN(test_the_default_in_a_new_order);
    RUN(test_the_whole_set_as_one_batch);
    RUN(test_sets_of_any_size_learn);
    return test_summary("test_fit_defaults");
}
