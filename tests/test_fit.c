/* ffnn_fit against loops of ffnn_train written out, and against PyTorch. */
#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#include "reference/fit.h"

static float X_data[FIT_SAMPLES * FIT_INPUTS], y_data[FIT_SAMPLES * FIT_OUTPUTS];

static ffnn_tensor make_X(void) {
    for (size_t i = 0; i < FIT_SAMPLES * FIT_INPUTS; ++i)
        X_data[i] = (float)((7 * (i / FIT_INPUTS) + 5 * (i % FIT_INPUTS)) % 16) / 16;
    return ffnn_view(X_data, FIT_SAMPLES, FIT_INPUTS);
}

static ffnn_tensor make_y(void) {
    for (size_t i = 0; i < FIT_SAMPLES * FIT_OUTPUTS; ++i)
        y_data[i] = (float)((3 * (i / FIT_OUTPUTS) + 11 * (i % FIT_OUTPUTS)) % 8) / 8;
    return ffnn_view(y_data, FIT_SAMPLES, FIT_OUTPUTS);
}

/* The network of the reference, its weights drawn from rng. */
static ffnn_desc describe_net(ffnn_rng *rng) {
    ffnn_desc desc = {0};
    desc.sizes[0] = FIT_INPUTS;
    desc.sizes[1] = FIT_HIDDEN;
    desc.sizes[2] = FIT_OUTPUTS;
    desc.rng = rng;
    return desc;
}

/* The rest is as by default: the order given, nobody watching. */
static ffnn_fit_desc fit_for(size_t epochs, float learning_rate, size_t batch_size) {
    ffnn_fit_desc desc = {0};
    desc.epochs = epochs;
    desc.learning_rate = learning_rate;
    desc.batch_size = batch_size;
    return desc;
}

/* The same weights each time. */
static ffnn_net make_net(void) {
    static const size_t sizes[] = {FIT_INPUTS, FIT_HIDDEN, FIT_OUTPUTS, 0};
    ffnn_net net;
    make_network(&net, sizes, 0);
    return net;
}

/* Rows first to first + count of t. */
static ffnn_tensor rows_of(ffnn_tensor t, size_t first, size_t count) {
    return ffnn_view(t.data + first * t.cols, count, t.cols);
}

/* What ffnn_fit without rng does, written out. Returns the mean loss of the last epoch. */
static double train_by_hand(ffnn_net *net, size_t epochs, size_t batch_size, float learning_rate) {
    ffnn_tensor X = make_X(), y = make_y();
    double sum = 0;
    for (size_t epoch = 0; epoch < epochs; ++epoch) {
        sum = 0;
        for (size_t first = 0; first < X.rows; first += batch_size) {
            size_t rows = X.rows - first < batch_size ? X.rows - first : batch_size;
            float loss = -1;
            CHECK_STATUS(FFNN_OK, ffnn_train(net, rows_of(X, first, rows), rows_of(y, first, rows),
                                             learning_rate, &loss));
            sum += (double)loss * (double)rows;
        }
    }
    return sum / (double)X.rows;
}

/* What the callback below was told, and what it shall do. */
typedef struct journal {
    size_t calls, stop_at;
    ffnn_progress last;
    float losses[FIT_EPOCHS];
    size_t epoch_sum;
} journal;

static bool keep_journal(void *user, const ffnn_progress *progress) {
    journal *seen = (journal *)user;
    if (seen->calls < FIT_EPOCHS) seen->losses[seen->calls] = progress->loss;
    ++seen->calls;
    seen->epoch_sum += progress->epoch;
    seen->last = *progress;
    return progress->epoch != seen->stop_at;
}

/* ---- the defaults ------------------------------------------------------------------------ */

static void test_no_description_is_the_labs_loop(void) {
    float inputs[] = {2 / 3.0f, 1, 0, 1 / 3.0f, 5 / 9.0f, 0.5f, 1, 6 / 9.0f, 1};
    float targets[] = {0.9f, 1, 0.88f};
    ffnn_tensor X = ffnn_view(inputs, 3, 3), y = ffnn_view(targets, 3, 1);
    ffnn_fit_desc zeros;
    ffnn_net by_hand, by_null, by_zeros;
    memset(&zeros, 0, sizeof zeros);
    CHECK_STATUS(FFNN_OK, ffnn_init(&by_hand, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_init(&by_null, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_init(&by_zeros, NULL));
    for (int epoch = 0; epoch < 1000; ++epoch)
        CHECK_STATUS(FFNN_OK, ffnn_train(&by_hand, X, y, 0.1f, NULL));
    CHECK(!same_weights(&by_hand, &by_null));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&by_null, X, y, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&by_zeros, X, y, &zeros));
    CHECK(same_weights(&by_hand, &by_null));
    CHECK(same_weights(&by_hand, &by_zeros));
    ffnn_free(&by_hand);
    ffnn_free(&by_null);
    ffnn_free(&by_zeros);
}

static void test_each_field_has_its_own_default(void) {
    journal logged = {0};
    ffnn_fit_desc rate_only = fit_for(0, 0.25f, 0);
    rate_only.progress = keep_journal;
    rate_only.user = &logged;
    ffnn_fit_desc epochs_only = fit_for(3, 0, 0);
    ffnn_net net = make_net(), expected = make_net();
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &epochs_only));
    train_by_hand(&expected, 3, FIT_SAMPLES, 0.1f);
    CHECK(same_weights(&expected, &net));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &rate_only));
    train_by_hand(&expected, 1000, FIT_SAMPLES, 0.25f);
    CHECK(same_weights(&expected, &net));
    CHECK(logged.calls == 1000 && logged.last.epochs == 1000);
    ffnn_free(&net);
    ffnn_free(&expected);
}

static void test_only_0_is_the_default_rate(void) {
    const float rates[] = {-0.5f, 1e-30f, (float)NAN};
    for (size_t i = 0; i < COUNT_OF(rates); ++i) {
        ffnn_fit_desc desc = fit_for(1, rates[i], 0);
        ffnn_net net = make_net(), expected = make_net();
        test_case("%g", (double)rates[i]);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
        CHECK_STATUS(FFNN_OK, ffnn_train(&expected, make_X(), make_y(), rates[i], NULL));
        CHECK(same_weights(&expected, &net));
        ffnn_free(&net);
        ffnn_free(&expected);
    }
}

/* ---- batches ----------------------------------------------------------------------------- */

static void test_batches_in_the_order_given(void) {
    static const size_t sizes[] = {1, 7, 8, 22, 23};
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        ffnn_fit_desc desc = fit_for(5, 0.3f, sizes[i]);
        ffnn_net net = make_net(), expected = make_net();
        test_case("batches of %lu", (unsigned long)sizes[i]);
        train_by_hand(&expected, 5, sizes[i], 0.3f);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
        CHECK(same_weights(&expected, &net));
        ffnn_free(&net);
        ffnn_free(&expected);
    }
}

static void test_a_batch_beyond_the_set_is_the_set(void) {
    static const size_t sizes[] = {FIT_SAMPLES + 1, SIZE_MAX / 8, SIZE_MAX};
    ffnn_net expected = make_net();
    train_by_hand(&expected, 2, FIT_SAMPLES, 0.3f);
    for (size_t i = 0; i < COUNT_OF(sizes); ++i) {
        ffnn_rng rng;
        ffnn_fit_desc desc = fit_for(2, 0.3f, sizes[i]);
        ffnn_net net = make_net();
        test_case("batches of %lu", (unsigned long)sizes[i]);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
        CHECK(same_weights(&expected, &net));
        ffnn_rng_seed(&rng, 1);
        desc.rng = &rng;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
        ffnn_free(&net);
    }
    ffnn_free(&expected);
}

/* ---- the shuffle ------------------------------------------------------------------------- */

static ffnn_net fit_shuffled(uint64_t seed, ffnn_rng *rng, journal *logged) {
    ffnn_fit_desc desc = fit_for(FIT_EPOCHS, fit_learning_rate, FIT_BATCH_SIZE);
    desc.rng = rng;
    ffnn_desc sizes = describe_net(rng);
    ffnn_net net;
    ffnn_rng_seed(rng, seed);
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &sizes));
    if (logged != NULL) {
        desc.progress = keep_journal;
        desc.user = logged;
    }
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    return net;
}

/* The weights and the order of the samples come from one generator, as in PyTorch. The first
   weights differ from PyTorch's in their last bits (its vector log and sin), the rest follows. */
static void test_the_shuffle_is_pytorchs(void) {
    journal logged = {0};
    ffnn_rng rng;
    ffnn_net net = fit_shuffled(FIT_SEED, &rng, &logged);
    for (size_t i = 0; i < FIT_EPOCHS; ++i) CHECK_CLOSE(fit_losses[i], logged.losses[i], 1e-5);
    for (size_t i = 0; i < COUNT_OF(fit_W1); ++i)
        CHECK(fabs((double)net.layers[0].weight.data[i] - (double)fit_W1[i]) < 1e-5);
    for (size_t i = 0; i < COUNT_OF(fit_W2); ++i)
        CHECK(fabs((double)net.layers[1].weight.data[i] - (double)fit_W2[i]) < 1e-5);
    ffnn_free(&net);
}

static void test_the_same_seed_gives_the_same_weights(void) {
    ffnn_rng rng;
    ffnn_net first = fit_shuffled(5, &rng, NULL), second = fit_shuffled(5, &rng, NULL);
    ffnn_net other_order = make_net(), given_order = make_net();
    ffnn_fit_desc desc = fit_for(1, 0.5f, FIT_BATCH_SIZE);
    desc.rng = &rng;
    CHECK(same_weights(&first, &second));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&other_order, make_X(), make_y(), &desc));
    desc.rng = NULL;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&given_order, make_X(), make_y(), &desc));
    CHECK(!same_weights(&other_order, &given_order));
    ffnn_free(&first);
    ffnn_free(&second);
    ffnn_free(&other_order);
    ffnn_free(&given_order);
}

/* torch.randperm(n) draws n - 1 numbers. */
static void test_the_shuffle_draws_one_number_a_sample(void) {
    ffnn_rng used, expected;
    ffnn_desc sizes = describe_net(&expected);
    ffnn_net net = fit_shuffled(9, &used, NULL), fresh;
    float drawn[4], expected_drawn[4];
    ffnn_rng_seed(&expected, 9);
    CHECK_STATUS(FFNN_OK, ffnn_init(&fresh, &sizes));
    ffnn_rng_discard(&expected, FIT_EPOCHS * (FIT_SAMPLES - 1));
    CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(drawn, 1, 4), &used));
    CHECK_STATUS(FFNN_OK, ffnn_randn(ffnn_view(expected_drawn, 1, 4), &expected));
    CHECK(memcmp(drawn, expected_drawn, sizeof drawn) == 0);
    ffnn_free(&net);
    ffnn_free(&fresh);
}

/* With inputs that are all different and targets that follow from them, every sample must be
   seen once an epoch, with its own target: then the epoch's loss at rate ~0 is the whole set's. */
static void test_an_epoch_sees_each_sample_once(void) {
    ffnn_rng rng;
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(FIT_EPOCHS, 1e-30f, 4);
    desc.rng = &rng;
    desc.progress = keep_journal;
    desc.user = &logged;
    ffnn_net net = make_net();
    ffnn_tensor output;
    float expected = -1;
    ffnn_rng_seed(&rng, 3);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, make_X(), &output));
    CHECK_STATUS(FFNN_OK, ffnn_mse(make_y(), output, &expected));
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    for (size_t i = 0; i < FIT_EPOCHS; ++i) CHECK_CLOSE(expected, logged.losses[i], 1e-6);
    ffnn_free(&net);
}

static void test_the_users_data_stay_as_they_are(void) {
    float X_before[FIT_SAMPLES * FIT_INPUTS], y_before[FIT_SAMPLES * FIT_OUTPUTS];
    ffnn_rng rng;
    ffnn_fit_desc desc = fit_for(4, 0.3f, 8);
    desc.rng = &rng;
    ffnn_tensor X = make_X(), y = make_y();
    ffnn_net net = make_net();
    memcpy(X_before, X.data, sizeof X_before);
    memcpy(y_before, y.data, sizeof y_before);
    ffnn_rng_seed(&rng, 7);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, X, y, &desc));
    CHECK(memcmp(X_before, X.data, sizeof X_before) == 0);
    CHECK(memcmp(y_before, y.data, sizeof y_before) == 0);
    ffnn_free(&net);
}

/* ---- weights of samples ------------------------------------------------------------------ */

static float sample_weights[FIT_SAMPLES];

/* All different, one of them 0 and one negative. */
static ffnn_tensor make_sample_weights(void) {
    for (size_t i = 0; i < FIT_SAMPLES; ++i)
        sample_weights[i] = (float)((5 * i + 3) % 23) / 8 - 0.125f;
    return ffnn_view(sample_weights, FIT_SAMPLES, 1);
}

/* Of one sample, by ffnn_evaluate. */
static double loss_of_sample(const ffnn_net *net, size_t sample) {
    float loss = -1;
    CHECK_STATUS(FFNN_OK, ffnn_evaluate(net, rows_of(make_X(), sample, 1),
                                        rows_of(make_y(), sample, 1), &loss));
    return (double)loss;
}

/* Each sample's loss is multiplied by its own weight, in whatever order they come: at a rate of
   about 0 the epoch's loss is the mean of that, over all samples. */
static void test_the_loss_has_the_weights_in_it(void) {
    for (int loss = FFNN_HALF_SUM_OF_SQUARES; loss < FFNN_CUSTOM; ++loss) {
        for (int is_shuffled = 0; is_shuffled < 2; ++is_shuffled) {
            ffnn_rng rng;
            journal logged = {0};
            ffnn_fit_desc desc = fit_for(FIT_EPOCHS, 1e-30f, 4);
            ffnn_net net = make_net();
            double expected = 0;
            test_case("loss %d, %s", loss, is_shuffled ? "shuffled" : "in the order given");
            ffnn_rng_seed(&rng, 3);
            desc.rng = is_shuffled ? &rng : NULL;
            desc.progress = keep_journal;
            desc.user = &logged;
            desc.sample_weights = make_sample_weights();
            net.loss = (ffnn_loss)loss;
            if (loss == FFNN_CROSS_ENTROPY) net.layers[1].activation = FFNN_SOFTMAX;
            for (size_t i = 0; i < FIT_SAMPLES; ++i)
                expected += (double)sample_weights[i] * loss_of_sample(&net, i) / (double)FIT_SAMPLES;
            CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
            for (size_t i = 0; i < FIT_EPOCHS; ++i) CHECK_CLOSE(expected, logged.losses[i], 2e-6);
            ffnn_free(&net);
        }
    }
}

static void check_near(const ffnn_net *a, const ffnn_net *b) {
    for (size_t i = 0; i < a->layer_count; ++i)
        for (size_t k = 0; k < element_count(a->layers[i].weight); ++k)
            CHECK(fabs((double)a->layers[i].weight.data[k] - (double)b->layers[i].weight.data[k])
                  < 1e-5);
}

/* In one batch the order does not matter, if weights stay with their samples. */
static void test_shuffled_weights_go_with_their_samples(void) {
    ffnn_rng rng;
    ffnn_fit_desc desc = fit_for(20, 0.05f, FIT_SAMPLES);
    ffnn_net in_order = make_net(), shuffled = make_net(), unweighted = make_net();
    ffnn_rng_seed(&rng, 4);
    desc.sample_weights = make_sample_weights();
    CHECK_STATUS(FFNN_OK, ffnn_fit(&in_order, make_X(), make_y(), &desc));
    desc.rng = &rng;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&shuffled, make_X(), make_y(), &desc));
    desc.sample_weights = ffnn_view(NULL, 0, 0);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&unweighted, make_X(), make_y(), &desc));
    check_near(&in_order, &shuffled);
    CHECK(fabsf(in_order.layers[0].weight.data[0] - unweighted.layers[0].weight.data[0]) > 1e-3f);
    ffnn_free(&in_order);
    ffnn_free(&shuffled);
    ffnn_free(&unweighted);
}

/* Samples whose weight is 0 might as well not be there; of the others, each counts as often as its
   weight says. The loss is a sum: nothing is divided by their number. */
static void test_weights_count_samples(void) {
    static float X_repeated[4 * FIT_SAMPLES * FIT_INPUTS], y_repeated[4 * FIT_SAMPLES * FIT_OUTPUTS];
    ffnn_fit_desc desc = fit_for(10, 0.05f, FIT_SAMPLES);
    ffnn_net weighted = make_net(), repeated = make_net();
    ffnn_tensor X = make_X(), y = make_y();
    size_t count = 0;
    for (size_t i = 0; i < FIT_SAMPLES; ++i) {
        sample_weights[i] = (float)(i % 4);
        for (size_t k = 0; k < i % 4; ++k, ++count) {
            memcpy(X_repeated + count * FIT_INPUTS, ffnn_at(X, i, 0), FIT_INPUTS * sizeof(float));
            memcpy(y_repeated + count * FIT_OUTPUTS, ffnn_at(y, i, 0), FIT_OUTPUTS * sizeof(float));
        }
    }
    desc.sample_weights = ffnn_view(sample_weights, FIT_SAMPLES, 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&weighted, X, y, &desc));
    desc = fit_for(10, 0.05f, count);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&repeated, ffnn_view(X_repeated, count, FIT_INPUTS),
                                   ffnn_view(y_repeated, count, FIT_OUTPUTS), &desc));
    check_near(&weighted, &repeated);
    ffnn_free(&weighted);
    ffnn_free(&repeated);
}

/* The shapes, and the network's own memory. */
static void test_weights_that_are_refused(void) {
    static float wide[2 * FIT_SAMPLES];
    ffnn_net net = make_net(), untouched = make_net();
    CHECK_STATUS(FFNN_OK, ffnn_forward(&net, make_X(), NULL));
    const struct {
        const char *what;
        ffnn_tensor weights;
        ffnn_status expected;
    } cases[] = {
        {"one too few", ffnn_view(wide, FIT_SAMPLES - 1, 1), FFNN_ERROR_SHAPE},
        {"one too many", ffnn_view(wide, FIT_SAMPLES + 1, 1), FFNN_ERROR_SHAPE},
        {"two columns", ffnn_view(wide, FIT_SAMPLES, 2), FFNN_ERROR_SHAPE},
        {"a row", ffnn_view(wide, 1, FIT_SAMPLES), FFNN_ERROR_SHAPE},
        {"one number", ffnn_view(wide, 1, 1), FFNN_ERROR_SHAPE},
        {"no data", ffnn_view(NULL, FIT_SAMPLES, 1), FFNN_ERROR_ARGUMENT},
        {"no data, but rows", ffnn_view(NULL, FIT_SAMPLES, 0), FFNN_ERROR_ARGUMENT},
        {"no data, but a column", ffnn_view(NULL, 0, 1), FFNN_ERROR_ARGUMENT},
        {"no rows", ffnn_view(wide, 0, 1), FFNN_ERROR_ARGUMENT},
        {"no columns", ffnn_view(wide, FIT_SAMPLES, 0), FFNN_ERROR_ARGUMENT},
        {"no shape", ffnn_view(wide, 0, 0), FFNN_ERROR_ARGUMENT},
        {"more than there is memory", ffnn_view(wide, SIZE_MAX / 2, 1), FFNN_ERROR_MEMORY},
        {"in the weights", ffnn_view(net.layers[0].weight.data, FIT_SAMPLES, 1),
         FFNN_ERROR_ARGUMENT},
        {"at the end of the weights", ffnn_view(net.layers[0].weight.data - FIT_SAMPLES + 1,
                                                FIT_SAMPLES, 1), FFNN_ERROR_ARGUMENT},
        {"in the outputs", ffnn_view(net.layers[1].a.data, FIT_SAMPLES, 1), FFNN_ERROR_ARGUMENT},
    };
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        journal logged = {0};
        ffnn_rng rng, rng_before;
        ffnn_fit_desc desc = fit_for(2, 0.3f, 8);
        test_case("%s", cases[i].what);
        desc.progress = keep_journal;
        desc.user = &logged;
        desc.sample_weights = cases[i].weights;
        memset(&rng, 0, sizeof rng); /* its padding is compared, too */
        ffnn_rng_seed(&rng, 1);
        rng_before = rng;
        CHECK_STATUS(cases[i].expected, ffnn_fit(&net, make_X(), make_y(), &desc));
        desc.rng = &rng;
        CHECK_STATUS(cases[i].expected, ffnn_fit(&net, make_X(), make_y(), &desc));
        CHECK(logged.calls == 0);
        CHECK(same_weights(&net, &untouched));
        CHECK(memcmp(&rng, &rng_before, sizeof rng) == 0);
    }
    ffnn_free(&net);
    ffnn_free(&untouched);
}

/* They are only read, and may lie in x or y. */
static void test_weights_may_lie_in_the_data(void) {
    ffnn_fit_desc desc = fit_for(3, 0.1f, 8);
    ffnn_net net = make_net(), expected = make_net();
    ffnn_tensor X = make_X(), y = make_y();
    memcpy(sample_weights, X.data, sizeof sample_weights);
    desc.sample_weights = ffnn_view(X.data, FIT_SAMPLES, 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, X, y, &desc));
    desc.sample_weights = ffnn_view(sample_weights, FIT_SAMPLES, 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&expected, X, y, &desc));
    CHECK(same_weights(&net, &expected));
    ffnn_free(&net);
    ffnn_free(&expected);
}

/* ---- progress ---------------------------------------------------------------------------- */

static void test_progress_counts_epochs_and_samples(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(6, 0.3f, 10);
    desc.progress = keep_journal;
    desc.user = &logged;
    ffnn_net net = make_net();
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK(logged.calls == 6);
    CHECK(logged.epoch_sum == 1 + 2 + 3 + 4 + 5 + 6);
    CHECK(logged.last.epoch == 6 && logged.last.epochs == 6);
    CHECK(logged.last.samples == 6 * FIT_SAMPLES);
    ffnn_free(&net);
}

/* Batches of 10, 10 and 3: the last one counts for 3 of 23. */
static void test_the_loss_is_weighted_by_samples(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(3, 0.3f, 10);
    desc.progress = keep_journal;
    desc.user = &logged;
    ffnn_net net = make_net(), by_hand = make_net();
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    for (size_t i = 0; i < 3; ++i)
        CHECK_CLOSE(train_by_hand(&by_hand, 1, 10, 0.3f), logged.losses[i], 1e-7);
    ffnn_free(&net);
    ffnn_free(&by_hand);
}

static void test_the_loss_of_one_batch_is_trains_own(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(1, 0.3f, 0);
    desc.progress = keep_journal;
    desc.user = &logged;
    ffnn_net net = make_net(), by_hand = make_net();
    float loss = -1;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK_STATUS(FFNN_OK, ffnn_train(&by_hand, make_X(), make_y(), 0.3f, &loss));
    CHECK(logged.last.loss == loss);
    ffnn_free(&net);
    ffnn_free(&by_hand);
}

static void test_stopping_is_no_error(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(100, 0.3f, 8);
    desc.progress = keep_journal;
    desc.user = &logged;
    ffnn_net net = make_net(), expected = make_net();
    logged.stop_at = 3;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK(logged.calls == 3 && logged.last.epoch == 3 && logged.last.epochs == 100);
    train_by_hand(&expected, 3, 8, 0.3f);
    CHECK(same_weights(&expected, &net));
    ffnn_free(&net);
    ffnn_free(&expected);
}

static void test_watching_changes_nothing(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(10, 0.3f, 8);
    ffnn_net watched = make_net(), alone = make_net();
    CHECK_STATUS(FFNN_OK, ffnn_fit(&alone, make_X(), make_y(), &desc));
    desc.progress = keep_journal;
    desc.user = &logged;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&watched, make_X(), make_y(), &desc));
    CHECK(same_weights(&watched, &alone));
    ffnn_free(&watched);
    ffnn_free(&alone);
}

static bool look_at_all_samples(void *user, const ffnn_progress *progress) {
    ffnn_tensor output;
    CHECK_STATUS(FFNN_OK, ffnn_forward((ffnn_net *)user, make_X(), &output));
    return progress->epoch > 0;
}

/* A forward pass over more samples than a batch has makes the network take more memory. */
static void test_the_callback_may_use_the_network(void) {
    ffnn_net net = make_net(), expected = make_net();
    ffnn_fit_desc desc = fit_for(5, 0.3f, 4);
    desc.progress = look_at_all_samples;
    desc.user = &net;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    train_by_hand(&expected, 5, 4, 0.3f);
    CHECK(same_weights(&expected, &net));
    ffnn_free(&net);
    ffnn_free(&expected);
}

static bool predict_all_samples(void *user, const ffnn_progress *progress) {
    float data[FIT_SAMPLES * FIT_OUTPUTS];
    ffnn_tensor output = ffnn_view(data, FIT_SAMPLES, FIT_OUTPUTS);
    CHECK_STATUS(FFNN_OK, ffnn_predict((const ffnn_net *)user, make_X(), output));
    return progress->epoch > 0;
}

/* Functions that take a const network change nothing. */
static void test_the_callback_may_predict(void) {
    ffnn_net net = make_net(), expected = make_net();
    ffnn_fit_desc desc = fit_for(5, 0.3f, 4);
    desc.progress = predict_all_samples;
    desc.user = &net;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    train_by_hand(&expected, 5, 4, 0.3f);
    CHECK(same_weights(&expected, &net));
    ffnn_free(&net);
    ffnn_free(&expected);
}

/* The network, and its copy as it was after the epoch with this number. */
typedef struct best {
    const ffnn_net *net;
    ffnn_net copy;
    size_t epoch;
} best;

static bool keep_best(void *user, const ffnn_progress *progress) {
    best *kept = (best *)user;
    if (progress->epoch != kept->epoch) return true;
    CHECK_STATUS(FFNN_OK, ffnn_init_copy(&kept->copy, kept->net));
    return true;
}

/* As one does who stops early: the copy is what fewer epochs would have made, and goes on by itself. */
static void test_the_callback_may_copy(void) {
    for (int is_adam = 0; is_adam < 2; ++is_adam) {
        ffnn_net net = make_net(), few = make_net(), many = make_net();
        ffnn_fit_desc desc = fit_for(5, 0.3f, 4);
        best kept;
        memset(&kept, 0, sizeof kept);
        kept.net = &net;
        kept.epoch = 2;
        net.optimizer = few.optimizer = many.optimizer = is_adam ? FFNN_ADAM : FFNN_SGD;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&many, make_X(), make_y(), &desc));
        desc.progress = keep_best;
        desc.user = &kept;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
        desc = fit_for(2, 0.3f, 4);
        CHECK_STATUS(FFNN_OK, ffnn_fit(&few, make_X(), make_y(), &desc));
        CHECK(same_weights(&net, &many));
        CHECK(same_weights(&kept.copy, &few));
        desc.epochs = 3;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&kept.copy, make_X(), make_y(), &desc));
        CHECK(same_weights(&kept.copy, &many));
        ffnn_free(&kept.copy);
        ffnn_free(&net);
        ffnn_free(&few);
        ffnn_free(&many);
    }
}

/* ---- memory ------------------------------------------------------------------------------ */

/* Each allocation is refused in turn: had one of them come after the first step, that step would
   be seen in the weights. */
static void test_memory_is_taken_before_the_first_step(void) {
    size_t refused;
    ffnn_status status = FFNN_ERROR_MEMORY;
    ffnn_net net = make_net(), untrained = make_net();
    for (refused = 1; refused < 10; ++refused) {
        ffnn_rng rng, rng_before;
        ffnn_fit_desc desc = fit_for(3, 0.3f, 8);
        desc.rng = &rng;
        desc.sample_weights = make_sample_weights();
        memset(&rng, 0, sizeof rng); /* its padding is compared, too */
        ffnn_rng_seed(&rng, 1);
        rng_before = rng;
        test_fail_allocation(refused);
        status = ffnn_fit(&net, make_X(), make_y(), &desc);
        test_fail_allocation(0);
        if (status == FFNN_OK) break;
        test_case("allocation %lu", (unsigned long)refused);
        CHECK_STATUS(FFNN_ERROR_MEMORY, status);
        CHECK(same_weights(&net, &untrained));
        CHECK(memcmp(&rng, &rng_before, sizeof rng) == 0);
    }
    CHECK_STATUS(FFNN_OK, status);
    CHECK(refused > 5); /* batches of x, y and weights, an order, the network's */
    CHECK(!same_weights(&net, &untrained));
    size_t before = test.live;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), NULL));
    CHECK(test.live == before);
    ffnn_free(&net);
    ffnn_free(&untrained);
}

/* In the order given there is nothing to copy: only the network's own memory is taken, once. */
static void test_without_shuffle_only_the_network_allocates(void) {
    ffnn_fit_desc desc = fit_for(3, 0.3f, 8);
    ffnn_net net = make_net();
    size_t before = test.allocations;
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK(test.allocations == before + 1);
    CHECK_STATUS(FFNN_OK, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK(test.allocations == before + 1);
    ffnn_free(&net);
}

/* ---- what is refused --------------------------------------------------------------------- */

/* The user's own loss cannot be computed. */
static void test_a_loss_of_ones_own_is_refused(void) {
    journal logged = {0};
    ffnn_fit_desc desc = fit_for(2, 0.3f, 8);
    ffnn_net net = make_net(), untouched = make_net();
    float loss = 7;
    net.loss = FFNN_CUSTOM;
    desc.progress = keep_journal;
    desc.user = &logged;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, make_X(), make_y(), &desc));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, make_X(), make_y(), NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, make_X(), make_y(), 0.1f, &loss));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_train(&net, make_X(), make_y(), 0.1f, NULL));
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_evaluate(&net, make_X(), make_y(), &loss));
    CHECK(logged.calls == 0 && loss >= 7 && loss <= 7);
    CHECK(same_weights(&net, &untouched));
    ffnn_free(&net);
    ffnn_free(&untouched);
}

static bool take_ones_own_loss(void *user, const ffnn_progress *progress) {
    ((ffnn_net *)user)->loss = FFNN_CUSTOM;
    return progress->epoch < 3;
}

/* Also if progress, which should not, makes it one: the next epoch does not begin. */
static void test_a_loss_that_becomes_ones_own(void) {
    ffnn_fit_desc desc = fit_for(3, 0.3f, 8);
    ffnn_net net = make_net(), expected = make_net();
    desc.progress = take_ones_own_loss;
    desc.user = &net;
    CHECK_STATUS(FFNN_ERROR_ARGUMENT, ffnn_fit(&net, make_X(), make_y(), &desc));
    train_by_hand(&expected, 1, 8, 0.3f);
    CHECK(same_weights(&net, &expected));
    ffnn_free(&net);
    ffnn_free(&expected);
}

static void test_bad_arguments_change_nothing(void) {
    static float wide[FIT_SAMPLES * FIT_INPUTS];
    ffnn_net net = make_net(), untouched = make_net(), none;
    ffnn_tensor X = make_X(), y = make_y(), W1 = net.layers[0].weight, W2 = net.layers[1].weight;
    const struct {
        const char *what;
        ffnn_net *net;
        ffnn_tensor X, y;
        ffnn_status expected;
    } cases[] = {
        {"no network", NULL, X, y, FFNN_ERROR_ARGUMENT},
        {"a network of zeros", &none, X, y, FFNN_ERROR_ARGUMENT},
        {"no X", &net, ffnn_view(NULL, X.rows, X.cols), y, FFNN_ERROR_ARGUMENT},
        {"no y", &net, X, ffnn_view(NULL, y.rows, y.cols), FFNN_ERROR_ARGUMENT},
        {"no samples", &net, ffnn_view(X.data, 0, X.cols), ffnn_view(y.data, 0, y.cols),
         FFNN_ERROR_ARGUMENT},
        {"X without columns", &net, ffnn_view(X.data, X.rows, 0), y, FFNN_ERROR_ARGUMENT},
        {"X too narrow", &net, ffnn_view(X.data, X.rows, X.cols - 1), y, FFNN_ERROR_SHAPE},
        {"y too wide", &net, X, ffnn_view(wide, y.rows, y.cols + 1), FFNN_ERROR_SHAPE},
        {"y too short", &net, X, ffnn_view(y.data, y.rows - 1, y.cols), FFNN_ERROR_SHAPE},
        {"X too short", &net, ffnn_view(X.data, X.rows - 1, X.cols), y, FFNN_ERROR_SHAPE},
        {"X in the weights", &net, ffnn_view(W1.data, 2, FIT_INPUTS), rows_of(y, 0, 2),
         FFNN_ERROR_ARGUMENT},
        {"y in the weights", &net, rows_of(X, 0, 2), ffnn_view(W2.data, 2, FIT_OUTPUTS),
         FFNN_ERROR_ARGUMENT},
        {"more than there is memory", &net, ffnn_view(X.data, SIZE_MAX / 2, X.cols),
         ffnn_view(y.data, SIZE_MAX / 2, y.cols), FFNN_ERROR_MEMORY}};
    memset(&none, 0, sizeof none);
    for (size_t i = 0; i < COUNT_OF(cases); ++i) {
        journal logged = {0};
        ffnn_rng rng, rng_before;
        ffnn_fit_desc desc = fit_for(2, 0.3f, 8);
        desc.rng = &rng;
        desc.progress = keep_journal;
        desc.user = &logged;
        memset(&rng, 0, sizeof rng); /* its padding is compared, too */
        ffnn_rng_seed(&rng, 1);
        rng_before = rng;
        test_case("%s", cases[i].what);
        CHECK_STATUS(cases[i].expected, ffnn_fit(cases[i].net, cases[i].X, cases[i].y, &desc));
        CHECK_STATUS(cases[i].expected, ffnn_fit(cases[i].net, cases[i].X, cases[i].y, NULL));
        CHECK(same_weights(&net, &untouched));
        CHECK(logged.calls == 0);
        CHECK(memcmp(&rng, &rng_before, sizeof rng) == 0);
    }
    ffnn_free(&net);
    ffnn_free(&untouched);
}

int main(void) {
    RUN(test_no_description_is_the_labs_loop);
    RUN(test_each_field_has_its_own_default);
    RUN(test_only_0_is_the_default_rate);
    RUN(test_batches_in_the_order_given);
    RUN(test_a_batch_beyond_the_set_is_the_set);
    RUN(test_the_shuffle_is_pytorchs);
    RUN(test_the_same_seed_gives_the_same_weights);
    RUN(test_the_shuffle_draws_one_number_a_sample);
    RUN(test_an_epoch_sees_each_sample_once);
    RUN(test_the_users_data_stay_as_they_are);
    RUN(test_the_loss_has_the_weights_in_it);
    RUN(test_shuffled_weights_go_with_their_samples);
    RUN(test_weights_count_samples);
    RUN(test_weights_that_are_refused);
    RUN(test_weights_may_lie_in_the_data);
    RUN(test_progress_counts_epochs_and_samples);
    RUN(test_the_loss_is_weighted_by_samples);
    RUN(test_the_loss_of_one_batch_is_trains_own);
    RUN(test_stopping_is_no_error);
    RUN(test_watching_changes_nothing);
    RUN(test_the_callback_may_use_the_network);
    RUN(test_the_callback_may_predict);
    RUN(test_the_callback_may_copy);
    RUN(test_memory_is_taken_before_the_first_step);
    RUN(test_without_shuffle_only_the_network_allocates);
    RUN(test_a_loss_of_ones_own_is_refused);
    RUN(test_a_loss_that_becomes_ones_own);
    RUN(test_bad_arguments_change_nothing);
    return test_summary("test_fit");
}
