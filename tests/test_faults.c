/* Faults: every allocation and every file function that the library calls fails in turn; disks
   are full, folders are read-only or gone, signals arrive. What fails says so and changes nothing.
   Files land in build/tests-tmp/faults; the program runs in the repository's root. */
#define _GNU_SOURCE /* for what makes full disks; a test needs it */

#include "test.h"

#include "faults.h"
#include "helpers.h"

#if HAS_POSIX
#include <fcntl.h>
#include <signal.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#endif
#ifdef __linux__
#include <sched.h>
#include <sys/mount.h>
#endif

#define FOLDER SCRATCH "faults"

/* ---- allocations --------------------------------------------------------------------------- */

enum { WIDE = 600, BATCH = 3 }; /* units that ffnn_predict needs memory for; rows */

/* Everything that a call may change. */
typedef struct fixture {
    ffnn_net net, other;
    ffnn_rng rng;
    ffnn_tensor tensor;
    float X[BATCH * 3], y[BATCH], output[BATCH], loss;
    unsigned char file[200];
    size_t size;
} fixture;

static ffnn_tensor batch(float *data, size_t rows, size_t cols) {
    return ffnn_view(data, rows, cols);
}

static ffnn_status call_init(fixture *f) {
    ffnn_desc desc = {0};
    desc.sizes[0] = 5;
    desc.sizes[1] = 6;
    desc.sizes[2] = 7;
    desc.rng = &f->rng;
    return ffnn_init(&f->other, &desc);
}

static ffnn_status call_init_without_rng(fixture *f) {
    return ffnn_init(&f->other, NULL);
}

static ffnn_status call_tensor_init(fixture *f) {
    return ffnn_tensor_init(&f->tensor, 3, 4);
}

static ffnn_status call_forward(fixture *f) {
    return ffnn_forward(&f->net, batch(f->X, BATCH, 3), NULL);
}

static ffnn_status call_train(fixture *f) {
    return ffnn_train(&f->net, batch(f->X, BATCH, 3), batch(f->y, BATCH, 1), 0.1f, &f->loss);
}

static ffnn_status call_backward(fixture *f) {
    return ffnn_backward(&f->net, batch(f->X, 1, 3), batch(f->y, 1, 1), 0.1f);
}

static ffnn_status call_predict(fixture *f) {
    return ffnn_predict(&f->net, batch(f->X, BATCH, 3), batch(f->output, BATCH, 1));
}

static ffnn_status call_save(fixture *f) {
    return ffnn_save(&f->net, FOLDER "/allocations");
}

static ffnn_status call_load(fixture *f) {
    return ffnn_load(&f->net, FOLDER "/lab");
}

static ffnn_status call_init_from_file(fixture *f) {
    return ffnn_init_from_file(&f->other, FOLDER "/lab");
}

static ffnn_status call_init_copy(fixture *f) {
    return ffnn_init_copy(&f->other, &f->net);
}

static ffnn_status call_gradient(fixture *f) {
    return ffnn_gradient(&f->net, batch(f->X, 1, 3), batch(f->y, 1, 1), ffnn_view(NULL, 0, 0));
}

static ffnn_status call_save_optimizer(fixture *f) {
    return ffnn_save_optimizer(&f->net, FOLDER "/allocations");
}

static ffnn_status call_load_optimizer(fixture *f) {
    return ffnn_load_optimizer(&f->net, FOLDER "/optimizer");
}

static ffnn_status call_save_memory(fixture *f) {
    return ffnn_save_memory(&f->net, f->file, sizeof f->file, &f->size);
}

static ffnn_status call_load_memory(fixture *f) {
    return ffnn_load_memory(&f->net, f->file, f->size);
}

static ffnn_status call_randn(fixture *f) {
    return ffnn_randn(f->net.layers[0].weight, &f->rng);
}

static ffnn_status call_sigmoid(fixture *f) {
    return ffnn_sigmoid(f->net.layers[0].weight, f->net.layers[0].weight);
}

static ffnn_status call_matmul(fixture *f) {
    return ffnn_matmul(batch(f->output, BATCH, 1), batch(f->X, BATCH, 3), batch(f->y, 3, 1));
}

static ffnn_status call_transpose(fixture *f) {
    return ffnn_transpose(batch(f->output, 1, BATCH), batch(f->y, BATCH, 1));
}

static ffnn_status call_mse(fixture *f) {
    return ffnn_mse(batch(f->y, BATCH, 1), batch(f->output, BATCH, 1), &f->loss);
}

static ffnn_status call_print(fixture *f) {
    FILE *out = tmpfile();
    ffnn_status status = out == NULL ? FFNN_ERROR_IO : ffnn_print(out, batch(f->X, BATCH, 3));
    if (out != NULL) fclose(out);
    return status;
}

static const struct {
    const char *name;
    ffnn_status (*call)(fixture *f);
    int allocates;      /* it cannot do without memory */
    size_t hidden;      /* units of the network */
    size_t batch;       /* rows that the network has been trained with before, or 0 */
} calls[] = {
    {"init", call_init, 1, 4, 0},
    {"init without a generator", call_init_without_rng, 1, 4, 0},
    {"tensor_init", call_tensor_init, 1, 4, 0},
    {"the first forward", call_forward, 1, 4, 0},
    {"forward of a larger batch", call_forward, 1, 4, 1},
    {"forward of the same batch", call_forward, 0, 4, BATCH},
    {"the first train", call_train, 1, 4, 0},
    {"train with a larger batch", call_train, 1, 4, 1},
    {"train with the same batch", call_train, 0, 4, BATCH},
    {"backward", call_backward, 0, 4, 1},
    {"predict", call_predict, 0, 4, 1},
    {"predict with a wide layer", call_predict, 1, WIDE, 1},
    {"save", call_save, 0, 4, 1},
    {"load", call_load, 1, 4, 1},
    {"init_from_file", call_init_from_file, 1, 4, 1},
    {"init_copy", call_init_copy, 1, 4, 1},
    {"init_copy before any step", call_init_copy, 1, 4, 0},
    {"gradient", call_gradient, 0, 4, 1},
    {"save_optimizer", call_save_optimizer, 0, 4, 1},
    {"load_optimizer", call_load_optimizer, 1, 4, 1},
    {"load_optimizer before any step", call_load_optimizer, 1, 4, 0},
    {"save_memory", call_save_memory, 0, 4, 1},
    {"load_memory", call_load_memory, 1, 4, 1},
    {"randn", call_randn, 0, 4, 0},
    {"sigmoid", call_sigmoid, 0, 4, 0},
    {"matmul", call_matmul, 0, 4, 0},
    {"transpose", call_transpose, 0, 4, 0},
    {"mse", call_mse, 0, 4, 0},
    {"print", call_print, 0, 4, 0},
};

static void fixture_make(fixture *f, size_t hidden, size_t trained_rows) {
    ffnn_desc desc = {0};
    memset(f, 0, sizeof *f);
    for (size_t i = 0; i < COUNT_OF(f->X); ++i) f->X[i] = (float)i / 8;
    desc.sizes[0] = 3;
    desc.sizes[1] = hidden;
    desc.sizes[2] = 1;
    ffnn_rng_seed(&f->rng, 7);
    CHECK_STATUS(FFNN_OK, ffnn_init(&f->other, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&f->other, f->file, sizeof f->file, &f->size));
    CHECK_STATUS(FFNN_OK, ffnn_save(&f->other, FOLDER "/lab"));
    f->other.optimizer = FFNN_ADAM;
    for (int step = 0; step < 2; ++step)
        CHECK_STATUS(FFNN_OK, ffnn_train(&f->other, batch(f->X, 2, 3), batch(f->y, 2, 1), 1, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&f->other, FOLDER "/optimizer"));
    ffnn_free(&f->other);
    desc.rng = &f->rng;
    desc.optimizer = FFNN_ADAM;
    CHECK_STATUS(FFNN_OK, ffnn_init(&f->net, &desc));
    if (trained_rows > 0)
        CHECK_STATUS(FFNN_OK, ffnn_train(&f->net, batch(f->X, trained_rows, 3),
                                         batch(f->y, trained_rows, 1), 0.1f, &f->loss));
}

static void fixture_free(fixture *f) {
    ffnn_free(&f->net);
    ffnn_free(&f->other);
    ffnn_tensor_free(&f->tensor);
}

/* Everything again, but with what tensors hold in place of where they are. */
typedef struct state {
    unsigned char bytes[100000];
    size_t size;
} state;

static void add_bytes(state *s, const void *added, size_t size) {
    CHECK(size <= sizeof s->bytes - s->size);
    if (size > 0 && size <= sizeof s->bytes - s->size) {
        memcpy(s->bytes + s->size, added, size);
        s->size += size;
    }
}

static void add_tensor(state *s, ffnn_tensor t) {
    add_bytes(s, &t.rows, sizeof t.rows);
    add_bytes(s, &t.cols, sizeof t.cols);
    if (t.data != NULL) add_bytes(s, t.data, element_count(t) * sizeof *t.data);
}

static void add_net(state *s, const ffnn_net *net) {
    add_bytes(s, &net->layer_count, sizeof net->layer_count);
    for (size_t i = 0; i < net->layer_count; ++i) {
        add_tensor(s, net->layers[i].weight);
        add_tensor(s, net->layers[i].z);
        add_tensor(s, net->layers[i].a);
        add_tensor(s, net->layers[i].error);
        add_tensor(s, net->layers[i].delta);
    }
    add_tensor(s, net->moments);
    add_bytes(s, &net->steps, sizeof net->steps);
}

static void get_state(state *s, const fixture *f) {
    s->size = 0;
    add_net(s, &f->net);
    add_net(s, &f->other);
    add_tensor(s, f->tensor);
    add_bytes(s, &f->rng, sizeof f->rng);
    add_bytes(s, f->X, sizeof f->X);
    add_bytes(s, f->y, sizeof f->y);
    add_bytes(s, f->output, sizeof f->output);
    add_bytes(s, &f->loss, sizeof f->loss);
    add_bytes(s, f->file, sizeof f->file);
}

static int same_state(const state *a, const state *b) {
    return a->size == b->size && memcmp(a->bytes, b->bytes, a->size) == 0;
}

/* Refuses the n-th allocation of one call; returns whether there was one. */
static int check_allocation(size_t which, size_t n, const state *expected, bool *has_failed) {
    static fixture f, copy;
    static state before, after;
    ffnn_layer layers[2];
    fixture_make(&f, calls[which].hidden, calls[which].batch);
    get_state(&before, &f);
    copy = f;
    memcpy(layers, f.net.layers, sizeof layers);
    size_t allocations = test.allocations;
    test_fail_allocation(n);
    ffnn_status status = calls[which].call(&f);
    test_fail_allocation(0);
    allocations = test.allocations - allocations;
    get_state(&after, &f);
    if (status == FFNN_OK) { /* it needed no more, or could do without */
        CHECK(same_state(&after, expected));
    } else {
        CHECK_STATUS(FFNN_ERROR_MEMORY, status);
        CHECK(same_state(&after, &before));
        CHECK(memcmp(&f, &copy, sizeof f) == 0); /* tensors are where they were, too */
        CHECK(memcmp(layers, f.net.layers, sizeof layers) == 0);
        *has_failed = true;
    }
    fixture_free(&f);
    return allocations >= n;
}

static void test_every_allocation_fails_in_turn(void) {
    static fixture f;
    static state expected;
    for (size_t i = 0; i < COUNT_OF(calls); ++i) {
        bool has_failed = false;
        fixture_make(&f, calls[i].hidden, calls[i].batch);
        test_case("%s", calls[i].name);
        CHECK_STATUS(FFNN_OK, calls[i].call(&f));
        get_state(&expected, &f);
        fixture_free(&f);
        bool was_there = true;
        for (size_t n = 1; was_there; ++n) {
            test_case("%s, allocation %d", calls[i].name, (int)n);
            was_there = check_allocation(i, n, &expected, &has_failed);
        }
        CHECK(has_failed == calls[i].allocates);
    }
    remove(FOLDER "/allocations");
    remove(FOLDER "/lab");
    remove(FOLDER "/optimizer");
}

/* ---- files --------------------------------------------------------------------------------- */

#define SAVED     FOLDER "/saved"
#define TEMPORARY FOLDER "/saved.1.tmp"
#define LINK      FOLDER "/link"

/* Large enough to be written and read in many pieces. */
static const size_t large[] = {50, 60, 10, 0};
enum { FILE_SIZE = 20000 }; /* more than its file has */

enum { ENOUGH = 1000 }; /* calls; none needs so many, though a big-endian save has small pieces */

static const char old_file[] = "the old file";

/* What a saved file of the network has in it; returns its size. */
static size_t expected_file(const ffnn_net *net, unsigned char *file) {
    size_t size = 0;
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(net, file, FILE_SIZE, &size));
    return size;
}

/* The calls that have failed at least once. */
static const char *seen[40];

static void remember(const char *call) {
    size_t i = 0;
    while (i < COUNT_OF(seen) - 1 && seen[i] != NULL && strcmp(seen[i], call) != 0) ++i;
    seen[i] = call;
}

static bool is_one_of(const char *call, const char *const *list, size_t count) {
    for (size_t i = 0; i < count; ++i)
        if (list[i] != NULL && strcmp(list[i], call) == 0) return true;
    return false;
}

static bool has_failed(const char *call) {
    return is_one_of(call, seen, COUNT_OF(seen));
}

/* What a save would like to do, and does without if it cannot: the new file is complete all the
   same. Every other call is one that it needs. */
static const char *const desirable[] = {
#if defined(_WIN32)
    "_wopen to look", /* whether the path is a device */
    "_close",          /* after the look */
#else
    "fchown", "fchmod", /* the old file's rights, owner and group */
    "stat of a folder", /* whether the path leads to an open file, however it is spelled */
#endif
};

static const char *const needed[] = {
#if defined(_WIN32)
    "_wopen", "_fdopen", "fwrite", "fflush", "_commit", "fclose",
#else
    "fwrite", "fflush", "fclose", "rename",
#if HAS_POSIX
    "stat", "readlink", "access", "open", "fdopen", "fsync",
#else
    "fopen",
#endif
#endif
};

/* What a load does without: finding out how large the file is. And all that matters has been read
   when it is closed. */
static const char *const load_can_spare[] = {"ftell", "fseek", "fclose of what was read"};

/* What is in the folder, where that can be counted. */
static int entries(void) {
#if HAS_POSIX
    return count_entries(FOLDER);
#else
    return file_exists(SAVED);
#endif
}

/* The file descriptor that the next file to be opened will have: a higher one than before, if one
   has not been closed. */
static int next_descriptor(void) {
#if HAS_POSIX
    int number = dup(STDOUT_FILENO);
    close(number);
    return number;
#else
    return 0;
#endif
}

/* Fails every call of a save in turn, until there is none left that could fail. If is_taken, a file
   that is not the save's has the temporary file's name: it stays as it is. */
static void check_save(const char *what, const char *path, bool has_old_file, bool is_taken,
                       int error) {
    static unsigned char expected[FILE_SIZE];
    const char *failed;
    ffnn_net net;
    int n = 0;
    make_network(&net, large, 0);
    size_t size = expected_file(&net, expected);
    if (is_taken) write_file(TEMPORARY, "taken", 5);
    do {
        remove(SAVED);
        if (has_old_file) write_file(SAVED, old_file, sizeof old_file);
        int before = entries(), descriptor = next_descriptor();
        faults_begin(++n, error);
        errno = 0;
        ffnn_status status = ffnn_save(&net, path);
        int got = errno;
        failed = faults.failed;
        test_case("%s, errno %d, call %d: %s", what, error, n, failed == NULL ? "none" : failed);
        CHECK(next_descriptor() == descriptor);
        if (failed == NULL || is_one_of(failed, desirable, COUNT_OF(desirable))) {
            CHECK_STATUS(FFNN_OK, status);
            CHECK(file_is(SAVED, expected, size));
            CHECK(entries() == before + !has_old_file);
        } else {
            CHECK_STATUS(FFNN_ERROR_IO, status);
            CHECK(got == error);
            CHECK(has_old_file ? file_is(SAVED, old_file, sizeof old_file) : !file_exists(SAVED));
            CHECK(entries() == before);
        }
        CHECK(!file_exists(faults.created));
        CHECK(is_taken ? file_is(TEMPORARY, "taken", 5) : !file_exists(TEMPORARY));
        if (failed != NULL) remember(failed);
    } while (failed != NULL && n < ENOUGH);
    faults_end();
    CHECK(n < ENOUGH);
    CHECK(expected_file(&net, expected) == size && file_is(SAVED, expected, size));
    remove(SAVED);
    remove(TEMPORARY);
    ffnn_free(&net);
}

static void test_every_call_of_a_save_fails_in_turn(void) {
    static const int errors[] = {EIO, ENOSPC, EINTR};
    memset(seen, 0, sizeof seen);
    check_save("a new file", SAVED, false, false, EIO);
    check_save("a new file, its name is taken", SAVED, false, true, EIO);
    for (size_t i = 0; i < COUNT_OF(errors); ++i) {
        check_save("an old file", SAVED, true, false, errors[i]);
        check_save("an old file, its name is taken", SAVED, true, true, errors[i]);
    }
    for (size_t i = 0; i < COUNT_OF(needed); ++i) {
        test_case("%s", needed[i]);
        CHECK(has_failed(needed[i]));
    }
#if HAS_POSIX || defined(_WIN32)
    for (size_t i = 0; i < COUNT_OF(desirable); ++i) {
        test_case("%s", desirable[i]);
        CHECK(has_failed(desirable[i]));
    }
#endif
}

/* Reads a file with every call failing in turn. status is of a reading in which none fails. */
static void check_load(const char *what, const size_t *sizes, ffnn_status good) {
    static fixture f;
    static state before, after;
    int n = 0;
    do {
        ffnn_status status;
        memset(&f, 0, sizeof f);
        if (sizes != NULL) make_network(&f.net, sizes, 0);
        get_state(&before, &f);
        faults_begin(++n, EIO);
        errno = 0;
        status = sizes != NULL ? ffnn_load(&f.net, SAVED) : ffnn_init_from_file(&f.net, SAVED);
        int got = errno;
        get_state(&after, &f);
        test_case("%s, call %d: %s", what, n, faults.failed == NULL ? "none" : faults.failed);
        if (faults.failed == NULL ||
            is_one_of(faults.failed, load_can_spare, COUNT_OF(load_can_spare))) {
            CHECK_STATUS(good, status);
            if (faults.failed != NULL) remember(faults.failed);
        } else {
            CHECK_STATUS(FFNN_ERROR_IO, status);
            CHECK(got == EIO);
            remember(faults.failed);
        }
        CHECK(same_state(&before, &after) == (status != FFNN_OK));
        ffnn_free(&f.net);
    } while (faults.failed != NULL && n < ENOUGH);
    faults_end();
    CHECK(n > 4 && n < ENOUGH); /* opening, and the file in pieces */
}

static void test_every_call_of_a_load_fails_in_turn(void) {
    static const size_t another[] = {50, 60, 11, 0};
    ffnn_desc desc = {0};
    ffnn_net net;
    memset(seen, 0, sizeof seen);
    make_network(&net, large, 3);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    check_load("a load", large, FFNN_OK);
    check_load("a new network", NULL, FFNN_OK);
    check_load("another network's file", another, FFNN_ERROR_MISMATCH);
    ffnn_free(&net);
    desc.sizes[0] = 50;
    desc.sizes[1] = 60;
    desc.biases = true;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, &desc));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    check_load("a new network of transposed weights", NULL, FFNN_OK);
    bytes file = read_file("tests/reference/mlp_ignored.safetensors");
    write_file(SAVED, file.data, file.size);
    free(file.data);
    check_load("a new network of a file with other tensors", NULL, FFNN_OK);
    CHECK(has_failed("fopen to read") && has_failed("fread") && has_failed("fgetc"));
    CHECK(has_failed("ftell") && has_failed("fseek") && has_failed("fseek back"));
    remove(SAVED);
    ffnn_free(&net);
}

/* ---- the optimizer's file ------------------------------------------------------------------ */

/* Trained by Adam, so that its state is twice as large as its weights. */
static void make_trained(ffnn_net *net, uint64_t seed) {
    static float inputs[2 * 50], targets[2 * 10];
    make_network(net, large, seed);
    random_state = seed;
    for (size_t i = 0; i < COUNT_OF(inputs); ++i) inputs[i] = random_float();
    net->optimizer = FFNN_ADAM;
    for (int step = 0; step < 3; ++step)
        CHECK_STATUS(FFNN_OK, ffnn_train(net, ffnn_view(inputs, 2, 50), ffnn_view(targets, 2, 10),
                                         0.01f, NULL));
}

/* It is saved as weights are: the old file is there, or the whole new one. */
static void test_every_call_of_saving_an_optimizer_fails_in_turn(void) {
    const char *failed;
    ffnn_net net;
    int n = 0;
    make_trained(&net, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&net, SAVED));
    bytes expected = read_file(SAVED);
    CHECK(expected.size > 2 * 4 * (50 * 60 + 60 * 10));
    do {
        write_file(SAVED, old_file, sizeof old_file);
        int before = entries(), descriptor = next_descriptor();
        faults_begin(++n, ENOSPC);
        errno = 0;
        ffnn_status status = ffnn_save_optimizer(&net, SAVED);
        int got = errno;
        failed = faults.failed;
        test_case("call %d: %s", n, failed == NULL ? "none" : failed);
        CHECK(next_descriptor() == descriptor && entries() == before);
        CHECK(!file_exists(TEMPORARY));
        if (failed == NULL || is_one_of(failed, desirable, COUNT_OF(desirable))) {
            CHECK_STATUS(FFNN_OK, status);
            CHECK(file_is(SAVED, expected.data, expected.size));
        } else {
            CHECK_STATUS(FFNN_ERROR_IO, status);
            CHECK(got == ENOSPC);
            CHECK(file_is(SAVED, old_file, sizeof old_file));
        }
    } while (failed != NULL && n < ENOUGH);
    faults_end();
    CHECK(n > 6 && n < ENOUGH);
    free(expected.data);
    remove(SAVED);
    ffnn_free(&net);
}

/* Loaded with every call failing in turn; status is of a reading in which none fails. */
static void check_load_optimizer(const char *what, size_t outputs, ffnn_status good) {
    static fixture f;
    static state before, after;
    size_t sizes[] = {50, 60, outputs, 0};
    int n = 0;
    do {
        memset(&f, 0, sizeof f);
        if (outputs == 10) {
            make_trained(&f.net, 2);
        } else {
            make_network(&f.net, sizes, 2);
            f.net.optimizer = FFNN_ADAM;
        }
        get_state(&before, &f);
        int descriptor = next_descriptor();
        faults_begin(++n, EIO);
        errno = 0;
        ffnn_status status = ffnn_load_optimizer(&f.net, SAVED);
        int got = errno;
        const char *failed = faults.failed;
        test_case("%s, call %d: %s", what, n, failed == NULL ? "none" : failed);
        CHECK(next_descriptor() == descriptor);
        get_state(&after, &f);
        if (failed == NULL || is_one_of(failed, load_can_spare, COUNT_OF(load_can_spare))) {
            CHECK_STATUS(good, status);
        } else {
            CHECK_STATUS(FFNN_ERROR_IO, status);
            CHECK(got == EIO);
        }
        if (failed != NULL) remember(failed);
        CHECK(same_state(&before, &after) == (status != FFNN_OK));
        ffnn_free(&f.net);
    } while (faults.failed != NULL && n < ENOUGH);
    faults_end();
    CHECK(n > 4 && n < ENOUGH);
}

static void test_every_call_of_loading_an_optimizer_fails_in_turn(void) {
    ffnn_net net;
    memset(seen, 0, sizeof seen);
    make_trained(&net, 1);
    CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&net, SAVED));
    check_load_optimizer("its file", 10, FFNN_OK);
    check_load_optimizer("another network's file", 11, FFNN_ERROR_MISMATCH);
    CHECK(has_failed("fopen to read") && has_failed("fread") && has_failed("fgetc"));
    remove(SAVED);
    ffnn_free(&net);
}

/* ---- the temporary file's name ------------------------------------------------------------- */

/* Saves to FOLDER/name; the temporary file has to be FOLDER/temporary, and has to be gone. */
static void check_temporary_name(const ffnn_net *net, const char *name, const char *temporary) {
    char path[600], expected[600];
    snprintf(path, sizeof path, FOLDER "/%s", name);
    snprintf(expected, sizeof expected, FOLDER "/%s", temporary);
    test_case("%s", name);
    faults_begin(0, 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(net, path));
    CHECK(strcmp(faults.created, expected) == 0);
    faults_end();
    CHECK(file_exists(path) && !file_exists(expected));
    remove(path);
}

/* It is the target's with .1.tmp behind, or the first number that is free. */
static void test_the_first_number_that_is_free(void) {
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    check_temporary_name(&net, "saved", "saved.1.tmp");
    check_temporary_name(&net, "model.safetensors", "model.safetensors.1.tmp");
    check_temporary_name(&net, "saved.1.tmp", "saved.1.tmp.1.tmp");
    for (int i = 1; i <= 11; ++i) {
        char name[40], taken[600];
        snprintf(name, sizeof name, "saved.%d.tmp", i);
        snprintf(taken, sizeof taken, FOLDER "/%s", name);
        check_temporary_name(&net, "saved", name);
        write_file(taken, name, strlen(name));
    }
    CHECK(remove(FOLDER "/saved.7.tmp") == 0);
    check_temporary_name(&net, "saved", "saved.7.tmp");
    for (int i = 1; i <= 11; ++i) {
        char taken[600];
        snprintf(taken, sizeof taken, FOLDER "/saved.%d.tmp", i);
        const char *name = taken + sizeof FOLDER;
        CHECK(i == 7 ? !file_exists(taken) : file_is(taken, name, strlen(name)));
        remove(taken);
    }
    ffnn_free(&net);
}

/* ---- faults of the system ------------------------------------------------------------------ */

#if HAS_POSIX

static void test_every_call_of_a_save_through_a_link_fails_in_turn(void) {
    char target[20] = "";
    CHECK(symlink("saved", LINK) == 0);
    check_save("a link", LINK, true, false, EIO);
    check_save("a link that leads nowhere", LINK, false, false, EIO);
    CHECK(readlink(LINK, target, sizeof target - 1) == 5 && strcmp(target, "saved") == 0);
    unlink(LINK);
}

/* A path without a folder, and a link of which neither is. */
static void test_a_link_in_the_working_folder(void) {
    static unsigned char expected[FILE_SIZE];
    char top[1000];
    ffnn_net net;
    make_network(&net, large, 0);
    size_t size = expected_file(&net, expected);
    write_file(SAVED, old_file, sizeof old_file);
    CHECK(symlink("saved", LINK) == 0);
    CHECK(getcwd(top, sizeof top) != NULL && chdir(FOLDER) == 0);
    ffnn_status status = ffnn_save(&net, "link");
    CHECK(chdir(top) == 0);
    CHECK_STATUS(FFNN_OK, status);
    CHECK(file_is(SAVED, expected, size));
    CHECK(count_entries(FOLDER) == 2);
    unlink(LINK);
    remove(SAVED);
    ffnn_free(&net);
}

/* A pipe is never replaced, whatever fails. */
static void test_every_call_of_a_save_to_a_pipe_fails_in_turn(void) {
    static unsigned char piped[FILE_SIZE];
    struct stat info;
    ffnn_net net;
    int n = 0;
    CHECK(mkfifo(SAVED, 0600) == 0);
    int reader = open(SAVED, O_RDONLY | O_NONBLOCK);
    make_network(&net, large, 0);
    do {
        faults_begin(++n, EIO);
        errno = 0;
        ffnn_status status = ffnn_save(&net, SAVED);
        int got = errno;
        test_case("call %d: %s", n, faults.failed == NULL ? "none" : faults.failed);
        CHECK_STATUS(faults.failed == NULL ? FFNN_OK : FFNN_ERROR_IO, status);
        CHECK(faults.failed == NULL || got == EIO);
        CHECK(stat(SAVED, &info) == 0 && S_ISFIFO(info.st_mode));
        while (read(reader, piped, sizeof piped) > 0) continue;
    } while (faults.failed != NULL && n < ENOUGH);
    faults_end();
    close(reader);
    unlink(SAVED);
    ffnn_free(&net);
}

/* Saves to a path that leads to one of the program's own file descriptors, while that one leads to
   a file: the save is refused before anything is opened, and the file stays as it is. */
static void check_open_file(const ffnn_net *net, const char *path, int number) {
    fflush(stdout);
    int file = open(SAVED, O_RDWR | O_CREAT | O_TRUNC, 0600), kept = dup(number);
    CHECK(file >= 0 && kept >= 0 && dup2(file, number) == number);
    faults_begin(0, 0);
    errno = 0;
    ffnn_status status = ffnn_save(net, path);
    int error = errno;
    CHECK(dup2(kept, number) == number);
    test_case("%s", path);
    CHECK_STATUS(FFNN_ERROR_IO, status);
    CHECK(error == EINVAL);
    CHECK(faults.created[0] == '\0');
    faults_end();
    close(kept);
    close(file);
    CHECK(file_is(SAVED, "", 0) && count_entries(FOLDER) == 1);
    remove(SAVED);
}

static void test_open_files(void) {
    struct stat info;
    ffnn_net net;
    if (stat("/dev/fd/1", &info) != 0 || stat("/proc/self/fd/1", &info) != 0) {
        test_skip("there are no descriptors in /dev or /proc");
        return;
    }
    make_network(&net, large, 0);
    int descriptor = next_descriptor();
    check_open_file(&net, "/dev/stdout", STDOUT_FILENO);
    check_open_file(&net, "/dev/stderr", STDERR_FILENO);
    check_open_file(&net, "/dev/fd/1", STDOUT_FILENO);
    check_open_file(&net, "/proc/self/fd/2", STDERR_FILENO);
    CHECK(next_descriptor() == descriptor);
    ffnn_free(&net);
}

/* What is behind the end of so short a path has no say: valgrind and MemorySanitizer see it read. */
static void test_a_device_of_a_short_path(void) {
    ffnn_net net;
    make_network(&net, large, 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, "/dev/null"));
    ffnn_free(&net);
}

/* Runs a function in a process of its own, which it may do to what it likes: its CHECKs count
   here. It returns why it has to be skipped, or NULL. */
static void run_in_child(const char *(*function)(void)) {
    enum { SKIPPED = 77 };
    int status = -1;
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) {
        const char *why = function();
        if (why != NULL) printf("skipped: %s\n", why);
        fflush(stdout);
        if (test.errors > 0) _exit(1);
        _exit(why != NULL ? SKIPPED : 0);
    }
    CHECK(child > 0 && waitpid(child, &status, 0) == child && WIFEXITED(status));
    CHECK(WEXITSTATUS(status) == 0 || WEXITSTATUS(status) == SKIPPED);
    test.skipped = WEXITSTATUS(status) == SKIPPED;
}

/* A save that has to fail and to leave the folder as it was: with an old file, or without. */
static void check_save_fails(const ffnn_net *net, const char *folder, int error) {
    char path[5000];
    int before = count_entries(folder), had_old_file;
    snprintf(path, sizeof path, "%s/saved", folder);
    had_old_file = file_exists(path);
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(net, path));
    CHECK(errno == error);
    CHECK(count_entries(folder) == before);
    CHECK(had_old_file ? file_is(path, old_file, sizeof old_file) : !file_exists(path));
}

/* The limit on files' sizes ends the save at every place that matters. */
static const char *limit_file_sizes(void) {
    static unsigned char expected[FILE_SIZE];
    struct rlimit limit;
    ffnn_net net;
    make_network(&net, large, 0);
    size_t size = expected_file(&net, expected);
    signal(SIGXFSZ, SIG_IGN);
    CHECK(getrlimit(RLIMIT_FSIZE, &limit) == 0);
    write_file(SAVED, old_file, sizeof old_file);
    fflush(stdout); /* it may be a file, too: nothing is printed while there is a limit */
    for (size_t most = 0; most < size; most += most < 20 ? 1 : 997) {
        limit.rlim_cur = (rlim_t)most;
        CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
        test_case("a limit of %d bytes", (int)most);
        check_save_fails(&net, FOLDER, EFBIG);
    }
    test_case("a limit of just the size");
    limit.rlim_cur = (rlim_t)size;
    CHECK(setrlimit(RLIMIT_FSIZE, &limit) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(file_is(SAVED, expected, size));
    remove(SAVED);
    ffnn_free(&net);
    return NULL;
}

static void test_a_limit_on_file_sizes(void) {
    run_in_child(limit_file_sizes);
}

#ifdef __linux__

#define DISK FOLDER "/disk"

/* Gives this process its own view of the disks, and in it a small one; 0 if it may not. */
static int mount_small_disk(const char *options) {
    return unshare(CLONE_NEWNS) == 0 &&
           mount("none", "/", "none", MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", DISK, "tmpfs", 0, options) == 0;
}

/* Fills the disk up, page by page from the end: each save has a little less room. */
static const char *fill_disk(void) {
    static char page[4096];
    ffnn_net net;
    int pages = 0;
    if (!mount_small_disk("size=64k")) return "only root can mount a disk";
    make_network(&net, large, 0); /* 15 KB: 4 pages */
    write_file(DISK "/saved", old_file, sizeof old_file);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, DISK "/saved"));
    CHECK(count_entries(DISK) == 1);
    write_file(DISK "/saved", old_file, sizeof old_file);
    FILE *filler = fopen(DISK "/filler", "wb");
    CHECK(filler != NULL);
    if (filler == NULL) return NULL;
    while (pages < 16 && fwrite(page, sizeof page, 1, filler) == 1 && fflush(filler) == 0) {
        int room = 15 - ++pages; /* pages; one is the old file's */
        test_case("%d pages of room", room);
        if (room < 4) check_save_fails(&net, DISK, ENOSPC);
    }
    CHECK(pages == 15);
    fclose(filler);
    ffnn_free(&net);
    return NULL;
}

static const char *fill_folders(void) {
    ffnn_net net;
    if (!mount_small_disk("nr_inodes=2")) return "only root can mount a disk";
    make_network(&net, large, 0);
    write_file(DISK "/saved", old_file, sizeof old_file);
    check_save_fails(&net, DISK, ENOSPC);
    ffnn_free(&net);
    return NULL;
}

static const char *protect_disk(void) {
    ffnn_net net;
    if (!mount_small_disk("size=64k")) return "only root can mount a disk";
    make_network(&net, large, 0);
    write_file(DISK "/saved", old_file, sizeof old_file);
    CHECK(mount("none", DISK, "none", MS_REMOUNT | MS_RDONLY, NULL) == 0);
    check_save_fails(&net, DISK, EROFS);
    ffnn_free(&net);
    return NULL;
}

static void test_a_full_disk(void) { run_in_child(fill_disk); }
static void test_a_disk_that_has_no_room_for_another_file(void) { run_in_child(fill_folders); }
static void test_a_disk_that_cannot_be_written(void) { run_in_child(protect_disk); }

static void run_disk_tests(void) {
    CHECK(mkdir(DISK, 0777) == 0);
    RUN(test_a_full_disk);
    RUN(test_a_disk_that_has_no_room_for_another_file);
    RUN(test_a_disk_that_cannot_be_written);
    rmdir(DISK);
}

#else

static void run_disk_tests(void) {
    test_skip("full disks: this is not Linux");
}

#endif

/* A file that nobody may write is not replaced, even if its folder would allow it. */
static const char *protect_file(void) {
    enum { NOBODY = 65534 };
    ffnn_net net;
    make_network(&net, large, 0);
    CHECK(mkdir(FOLDER "/protected", 0777) == 0);
    CHECK(chmod(FOLDER "/protected", 0777) == 0);
    write_file(FOLDER "/protected/saved", old_file, sizeof old_file);
    CHECK(chmod(FOLDER "/protected/saved", 0444) == 0);
    if (geteuid() == 0 && setuid(NOBODY) != 0) return "root cannot become nobody";
    check_save_fails(&net, FOLDER "/protected", EACCES);
    ffnn_free(&net);
    return NULL;
}

static void test_a_file_that_cannot_be_written(void) {
    run_in_child(protect_file);
    remove(FOLDER "/protected/saved");
    rmdir(FOLDER "/protected");
}

/* A weight of 1.25 GB, of which neither memory nor disk have a byte, goes in pieces. */
static void test_pieces_of_a_large_weight(void) {
    static const char header[] = "{\"W1\":{\"dtype\":\"F32\",\"shape\":[335544320,1],"
                                 "\"data_offsets\":[0,1342177280]}}";
    const size_t most = 1073741824, length = (sizeof header + 6) / 8 * 8; /* without its zero */
    const size_t size = 8 + length + 1342177280;
    ffnn_net view, loaded;
    if (!is_little_endian()) {
        test_skip("no view of so large a file on a big-endian processor");
        return;
    }
    unsigned char *file = (unsigned char *)mmap(NULL, size, PROT_READ | PROT_WRITE,
                                                MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (file == MAP_FAILED) {
        test_skip("this system does not give out memory that nobody uses");
        return;
    }
    memset(file + 8, ' ', length);
    memcpy(file + 8, header, sizeof header - 1);
    set_header_size(file, length);
    CHECK_STATUS(FFNN_OK, ffnn_init_view(&view, file, size));
    faults.moves_no_bytes = true;
    CHECK_STATUS(FFNN_OK, ffnn_save(&view, SAVED));
    CHECK(faults.most_bytes == most);
    write_file(SAVED, file, 8 + length);
    CHECK(truncate(SAVED, (off_t)size) == 0);
    ffnn_free(&view);
    munmap(file, size);
    faults.most_bytes = 0; /* the load finds, at the end, the bytes that have not been read */
    if (ffnn_init_from_file(&loaded, SAVED) == FFNN_ERROR_MEMORY)
        test_skip("no memory for a large weight");
    else
        CHECK(faults.most_bytes == most);
    faults_end();
    remove(SAVED);
}

/* ---- others in the folder ------------------------------------------------------------------ */

#define VICTIM FOLDER "/victim"

static mode_t mode_of(const char *path) {
    struct stat info;
    CHECK(stat(path, &info) == 0);
    return info.st_mode & 0777;
}

static void swap_temporary(const char *call) {
    if (strcmp(call, "fchown") != 0) return;
    if (unlink(faults.created) != 0 || symlink("victim", faults.created) != 0) return;
    faults.before = NULL;
}

/* Whoever owns the folder puts a link to a file of the saver's where the temporary file was: that
   one keeps its permissions, and its bytes. */
static void test_a_temporary_file_that_is_swapped(void) {
    ffnn_net net;
    make_network(&net, large, 0);
    write_file(SAVED, old_file, sizeof old_file);
    write_file(VICTIM, old_file, sizeof old_file);
    CHECK(chmod(SAVED, 0666) == 0 && chmod(VICTIM, 0600) == 0);
    faults_begin(0, 0);
    faults.before = swap_temporary;
    ffnn_save(&net, SAVED);
    CHECK(faults.created[0] != '\0' && faults.before == NULL);
    faults_end();
    CHECK(mode_of(VICTIM) == 0600);
    CHECK(file_is(VICTIM, old_file, sizeof old_file));
    remove(SAVED);
    remove(VICTIM);
    ffnn_free(&net);
}

static mode_t most_permissions; /* that the temporary file has had so far */

static void look_at_permissions(const char *call) {
    struct stat info;
    (void)call;
    if (faults.created[0] != '\0' && lstat(faults.created, &info) == 0)
        most_permissions |= info.st_mode & 0777;
}

/* At no time can anybody open the temporary file who may not open the old file. */
static void test_permissions_at_every_call(void) {
    static const mode_t modes[] = {0600, 0640, 0604, 0644, 0666};
    ffnn_net net;
    mode_t mask = umask(0);
    make_network(&net, large, 0);
    for (size_t i = 0; i < COUNT_OF(modes); ++i) {
        test_case("permissions 0%o", (unsigned)modes[i]);
        write_file(SAVED, old_file, sizeof old_file);
        CHECK(chmod(SAVED, modes[i]) == 0);
        most_permissions = 0;
        faults_begin(0, 0);
        faults.before = look_at_permissions;
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        faults_end();
        CHECK(most_permissions == modes[i]);
        CHECK(mode_of(SAVED) == modes[i]);
    }
    test_case("a new file");
    remove(SAVED);
    umask(027);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(mode_of(SAVED) == 0640);
    umask(mask);
    remove(SAVED);
    ffnn_free(&net);
}

/* ---- paths --------------------------------------------------------------------------------- */

/* A name of so many letters in the folder of the tests. */
static void check_name(const ffnn_net *net, size_t length, int is_too_long) {
    char path[300] = FOLDER "/";
    size_t start = strlen(path);
    memset(path + start, 'x', length);
    path[start + length] = '\0';
    test_case("a name of %d letters", (int)length);
    errno = 0;
    CHECK_STATUS(is_too_long ? FFNN_ERROR_IO : FFNN_OK, ffnn_save(net, path));
    CHECK(!is_too_long || errno == ENAMETOOLONG);
    CHECK(count_entries(FOLDER) == !is_too_long);
    remove(path);
}

/* A name of so many bytes: letters, then as many of this character as have room. It is cut if it
   would become longer than 255 bytes, and else it is not. */
static void check_cut_name(const ffnn_net *net, const char *character, size_t length, int number) {
    size_t size = strlen(character), at = length % size;
    char name[300] = "xxx", suffix[20], path[400];
    while (at < length) {
        memcpy(name + at, character, size);
        at += size;
    }
    name[length] = '\0';
    snprintf(path, sizeof path, FOLDER "/%s", name);
    snprintf(suffix, sizeof suffix, ".%d.tmp", number);
    test_case("%d bytes, characters of %d, number %d", (int)length, (int)size, number);
    faults_begin(0, 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(net, path));
    CHECK(file_exists(path) && !file_exists(faults.created));
    CHECK(strncmp(faults.created, FOLDER "/", sizeof FOLDER) == 0);
    const char *created = faults.created + sizeof FOLDER;
    size_t kept = strlen(created) - strlen(suffix);
    CHECK(strlen(created) <= 255 && kept >= 190 && kept <= length);
    CHECK(strcmp(created + kept, suffix) == 0);
    CHECK(strncmp(created, name, kept) == 0);
    CHECK((kept - length % size) % size == 0); /* no character is cut apart */
    CHECK(strcmp(created, name) != 0);
    CHECK((kept == length) == (length + strlen(suffix) <= 255));
    faults_end();
    remove(path);
}

static void test_names_that_would_become_too_long(void) {
    static const char *const characters[] = {"y", "\xc3\xa9", "\xe2\x82\xac", "\xf0\x9f\x98\x80"};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (size_t i = 0; i < COUNT_OF(characters); ++i) {
        for (size_t length = 240; length <= 255; ++length)
            check_cut_name(&net, characters[i], length, 1);
    }
    ffnn_free(&net);
}

/* The name may be taken after it has been cut. A name that looks like a temporary file's gets
   another one. */
static void test_long_names_that_are_taken(void) {
    char name[256], path[400];
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    memset(name, 'y', 255);
    name[255] = '\0';
    faults_begin(0, 0);
    snprintf(path, sizeof path, FOLDER "/%s", name);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
    strcpy(path, faults.created);
    faults_end();
    write_file(path, "taken", 5);
    check_cut_name(&net, "y", 255, 2);
    CHECK(file_is(path, "taken", 5));
    remove(path);
    for (size_t length = 240; length <= 255; ++length) {
        test_case("a name of %d letters that ends in .1.tmp", (int)length);
        snprintf(path, sizeof path, FOLDER "/%.*s.1.tmp", (int)length - 6, name);
        faults_begin(0, 0);
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
        CHECK(strcmp(path, faults.created) != 0);
        faults_end();
        remove(path);
    }
    memset(name, 0x80, 255); /* no UTF-8, and no place to cut at */
    snprintf(path, sizeof path, FOLDER "/%s", name);
    test_case("a name of 255 bytes 0x80");
    FILE *file = fopen(path, "wb");
    if (file != NULL) { /* some systems do not take such a name */
        fclose(file);
        faults_begin(0, 0);
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, path));
        CHECK(strncmp(faults.created, FOLDER "/", sizeof FOLDER) == 0);
        faults_end();
        remove(path);
    }
    CHECK(count_entries(FOLDER) == 0);
    ffnn_free(&net);
}

/* When all numbers are taken a save gives up, with the error of one that is taken. */
static void test_all_numbers_are_taken(void) {
    enum { NUMBERS = 9999 };
    char path[100];
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    write_file(SAVED, old_file, sizeof old_file);
    for (int i = 1; i <= NUMBERS; ++i) {
        snprintf(path, sizeof path, SAVED ".%d.tmp", i);
        CHECK(link(SAVED, path) == 0); /* thousands of new files would take seconds */
    }
    errno = 0;
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, SAVED));
    CHECK(errno == EEXIST);
    CHECK(file_is(SAVED, old_file, sizeof old_file));
    CHECK(count_entries(FOLDER) == NUMBERS + 1);
    CHECK(unlink(path) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK(count_entries(FOLDER) == NUMBERS);
    for (int i = 1; i < NUMBERS; ++i) {
        snprintf(path, sizeof path, SAVED ".%d.tmp", i);
        CHECK(unlink(path) == 0);
    }
    remove(SAVED);
    ffnn_free(&net);
}

/* A path of so many letters to the file "saved" in the folder of the tests. */
static void check_path(const ffnn_net *net, size_t length, int is_too_long) {
    static char path[10000];
    size_t at = strlen(FOLDER);
    strcpy(path, FOLDER);
    for (; at < length - 6; ++at) path[at] = '/';
    strcpy(path + at, "/saved");
    test_case("a path of %d letters", (int)strlen(path));
    write_file(SAVED, old_file, sizeof old_file);
    errno = 0;
    CHECK_STATUS(is_too_long ? FFNN_ERROR_IO : FFNN_OK, ffnn_save(net, path));
    CHECK(!is_too_long || errno == ENAMETOOLONG);
    CHECK(count_entries(FOLDER) == 1);
    CHECK(file_is(SAVED, old_file, sizeof old_file) == is_too_long);
    remove(SAVED);
}

static void test_long_paths(void) {
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    check_name(&net, 255, 0); /* the longest that Linux, the BSDs and macOS have */
    check_name(&net, 256, 1);
    check_path(&net, 1000, 0);
    check_path(&net, 5000, 1);
    check_path(&net, 9000, 1);
    for (size_t length = 4020; length <= 4110; ++length) {
        check_path(&net, 1000, 0); /* one that is too long does no harm to the next */
        write_file(SAVED, old_file, sizeof old_file);
        static char path[5000];
        memset(path, '/', length);
        memcpy(path, FOLDER, strlen(FOLDER));
        memcpy(path + length - 5, "saved", 6);
        test_case("a path of %d letters", (int)length);
        errno = 0;
        ffnn_status status = ffnn_save(&net, path);
        CHECK(status == FFNN_OK || (status == FFNN_ERROR_IO && errno == ENAMETOOLONG));
        CHECK(file_is(SAVED, old_file, sizeof old_file) == (status != FFNN_OK));
        CHECK(count_entries(FOLDER) == 1);
        remove(SAVED);
    }
    ffnn_free(&net);
}

/* ---- a folder that goes away in the middle of a save --------------------------------------- */

#define GOING FOLDER "/going"
#define GONE  FOLDER "/gone"

static const char *goes_at; /* the call before which it goes */

static void let_folder_go(const char *call) {
    if (goes_at != NULL && strcmp(call, goes_at) == 0) {
        CHECK(rename(GOING, GONE) == 0);
        goes_at = NULL;
    }
}

static void test_a_folder_that_goes_away(void) {
    static const char *const before[] = {"stat", "readlink", "access", "open",
                                         "fchown", "fchmod", "fsync", "rename"};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (size_t i = 0; i < COUNT_OF(before); ++i) {
        char name[5000];
        test_case("before %s", before[i]);
        CHECK(mkdir(GOING, 0777) == 0);
        write_file(GOING "/saved", old_file, sizeof old_file);
        goes_at = before[i];
        faults_begin(0, 0);
        faults.before = let_folder_go;
        errno = 0;
        CHECK_STATUS(FFNN_ERROR_IO, ffnn_save(&net, GOING "/saved"));
        CHECK(errno == ENOENT);
        CHECK(goes_at == NULL);
        CHECK(!file_exists(GOING "/saved"));
        CHECK(file_is(GONE "/saved", old_file, sizeof old_file));
        if (faults.created[0] != '\0') { /* it went away with the folder */
            snprintf(name, sizeof name, GONE "%s", faults.created + strlen(GOING));
            CHECK(remove(name) == 0);
        }
        faults_end();
        CHECK(remove(GONE "/saved") == 0 && rmdir(GONE) == 0);
    }
    ffnn_free(&net);
}

/* ---- signals ------------------------------------------------------------------------------- */

static void on_alarm(int number) {
    (void)number;
}

/* Signals that interrupt what waits, every millisecond, or none. */
static void ring(int milliseconds, int flags) {
    struct sigaction action;
    struct itimerval timer;
    memset(&action, 0, sizeof action);
    action.sa_handler = on_alarm;
    action.sa_flags = flags;
    sigemptyset(&action.sa_mask);
    CHECK(sigaction(SIGALRM, &action, NULL) == 0);
    memset(&timer, 0, sizeof timer);
    timer.it_interval.tv_usec = timer.it_value.tv_usec = 1000 * milliseconds;
    CHECK(setitimer(ITIMER_REAL, &timer, NULL) == 0);
}

/* Saves to a pipe that nobody empties, until a signal comes. */
static void test_a_save_that_a_signal_interrupts(void) {
    static const size_t larger_than_a_pipe[] = {300, 1000, 1, 0};
    ffnn_net net;
    make_network(&net, larger_than_a_pipe, 0);
    CHECK(mkfifo(SAVED, 0600) == 0);
    int reader = open(SAVED, O_RDONLY | O_NONBLOCK);
    ring(1, 0);
    errno = 0;
    ffnn_status status = ffnn_save(&net, SAVED);
    int error = errno;
    ring(0, SA_RESTART);
    CHECK_STATUS(FFNN_ERROR_IO, status);
    CHECK(error == EINTR);
    close(reader);
    unlink(SAVED);
    ffnn_free(&net);
}

/* Reads the pipe in small pieces and writes a file from them. */
static void copy_pipe(void) {
    unsigned char piece[777];
    size_t count;
    signal(SIGALRM, SIG_DFL);
    alarm(20); /* if the pipe does not come to an end, or not even to a beginning */
    FILE *from = fopen(SAVED, "rb"), *to = fopen(FOLDER "/copy", "wb");
    if (from == NULL || to == NULL) _exit(1);
    setvbuf(from, NULL, _IONBF, 0);
    while ((count = fread(piece, 1, sizeof piece, from)) > 0) fwrite(piece, 1, count, to);
    _exit(fclose(to) != 0);
}

/* Signals that let system calls go on do no harm, nor do writes that the pipe has no room for. */
static void test_a_save_with_signals_and_short_writes(void) {
    static const size_t larger_than_a_pipe[] = {300, 1000, 1, 0};
    ffnn_net net, copy;
    int status = -1;
    make_network(&net, larger_than_a_pipe, 0);
    CHECK(mkfifo(SAVED, 0600) == 0);
    fflush(stdout);
    pid_t child = fork();
    if (child == 0) copy_pipe();
    ring(1, SA_RESTART);
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    ring(0, SA_RESTART);
    CHECK(waitpid(child, &status, 0) == child && status == 0);
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&copy, FOLDER "/copy"));
    CHECK(copy.layer_count == 2 && copy.layers[0].weight.cols == 1000);
    if (copy.layer_count == 2)
        CHECK(memcmp(copy.layers[0].weight.data, net.layers[0].weight.data,
                     300 * 1000 * sizeof(float)) == 0);
    ffnn_free(&copy);
    unlink(FOLDER "/copy");
    unlink(SAVED);
    ffnn_free(&net);
}

static void test_nothing_is_left_behind(void) {
    CHECK(count_entries(FOLDER) == 0);
}

#elif defined(_WIN32)

static ffnn_net another;

static void save_another(void) {
    faults.after_closing = NULL;
    CHECK_STATUS(FFNN_OK, ffnn_save(&another, FOLDER "/another"));
}

/* A save begins in the folder when another one has closed its file and not yet renamed it. */
static void test_a_save_between_closing_and_renaming(void) {
    static unsigned char expected[FILE_SIZE];
    ffnn_net net;
    make_network(&net, large, 0);
    make_network(&another, large, 1);
    for (int times = 0; times < 2; ++times) { /* new files, and old ones */
        faults_begin(0, 0);
        faults.after_closing = save_another;
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        faults_end();
        CHECK(file_is(SAVED, expected, expected_file(&net, expected)));
        CHECK(file_is(FOLDER "/another", expected, expected_file(&another, expected)));
    }
    remove(SAVED);
    remove(FOLDER "/another");
    ffnn_free(&net);
    ffnn_free(&another);
}

/* Windows replaces no file that a program has open. */
static void test_a_file_that_is_open(void) {
    static const char *const modes[] = {"rb", "r+b"};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (size_t i = 0; i < COUNT_OF(modes); ++i) {
        test_case("open as %s", modes[i]);
        write_file(SAVED, old_file, sizeof old_file);
        FILE *file = fopen(SAVED, modes[i]);
        CHECK(file != NULL);
        errno = 0;
        ffnn_status status = ffnn_save(&net, SAVED);
        int error = errno;
        if (file != NULL) fclose(file);
        CHECK_STATUS(FFNN_ERROR_IO, status);
        CHECK(error == EACCES);
        CHECK(file_is(SAVED, old_file, sizeof old_file));
        CHECK(faults.created[0] != '\0' && !file_exists(faults.created));
        faults_end();
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        remove(SAVED);
    }
    ffnn_free(&net);
}

#endif

int main(void) {
    make_scratch_folder(FOLDER);
#if HAS_POSIX
    remove_files(FOLDER, ""); /* that a test which failed has left in it */
#endif
    RUN(test_every_allocation_fails_in_turn);
    RUN(test_every_call_of_a_save_fails_in_turn);
    RUN(test_every_call_of_a_load_fails_in_turn);
    RUN(test_every_call_of_saving_an_optimizer_fails_in_turn);
    RUN(test_every_call_of_loading_an_optimizer_fails_in_turn);
    RUN(test_the_first_number_that_is_free);
#if HAS_POSIX
    RUN(test_every_call_of_a_save_through_a_link_fails_in_turn);
    RUN(test_a_link_in_the_working_folder);
    RUN(test_every_call_of_a_save_to_a_pipe_fails_in_turn);
    RUN(test_open_files);
    RUN(test_a_device_of_a_short_path);
    RUN(test_a_limit_on_file_sizes);
    run_disk_tests();
    RUN(test_a_file_that_cannot_be_written);
    RUN(test_pieces_of_a_large_weight);
    RUN(test_a_temporary_file_that_is_swapped);
    RUN(test_permissions_at_every_call);
    RUN(test_names_that_would_become_too_long);
    RUN(test_long_names_that_are_taken);
    RUN(test_all_numbers_are_taken);
    RUN(test_long_paths);
    RUN(test_a_folder_that_goes_away);
    RUN(test_a_save_that_a_signal_interrupts);
    RUN(test_a_save_with_signals_and_short_writes);
    RUN(test_nothing_is_left_behind);
#else
#if defined(_WIN32)
    RUN(test_a_save_between_closing_and_renaming);
    RUN(test_a_file_that_is_open);
#endif
    test_skip("links, pipes, disks and signals: this is no POSIX system");
#endif
    return test_summary("test_faults");
}
