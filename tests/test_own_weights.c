/* Weights may lie anywhere: net.layers[i].weight may be pointed at an array of the program's own,
   and every call follows it. The arrays here end just before a page that cannot be touched, or
   begin just behind one: a float too many that is read is a crash. Each result is bit for bit that
   of the same network with memory of its own. And a net may be moved; and it may have 16 layers.
   Files land in build/tests-tmp; the program runs in the repository's root. */
#define _GNU_SOURCE /* for mmap's MAP_ANONYMOUS, which -std=c99 hides */

#include "test.h"
#include "../ffnn.h"
#include "helpers.h"

#if defined(__unix__) || defined(__APPLE__)
#include <sys/mman.h>
#include <unistd.h>
#define HAVE_PAGES
#endif

#define SAVED SCRATCH "own_weights.safetensors"

/* ---- arrays -------------------------------------------------------------------------------- */

typedef enum place {
    AT_PAGES_END,   /* nothing behind it can be read */
    AT_PAGES_BEGIN, /* nothing before it can be read */
    ONE_FLOAT_OFF,  /* at no multiple of 8, 16, 32 or 64 bytes */
    PLACES
} place;

static const char *const place_names[] = {
    "at a page's end", "at a page's beginning", "one float off",
};

typedef struct array {
    float *data;
    void *memory; /* of the system, data being in it */
    size_t size;  /* of that, in bytes */
} array;

#ifdef HAVE_PAGES

static array make_array(size_t count, place where) {
    size_t page = (size_t)sysconf(_SC_PAGESIZE), size = count * sizeof(float);
    size_t middle = (size + 64 + page - 1) / page * page; /* between two that cannot be touched */
    array a;
    a.size = middle + 2 * page;
    a.memory = mmap(NULL, a.size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    CHECK(a.memory != MAP_FAILED);
    unsigned char *begin = (unsigned char *)a.memory + page;
    CHECK(mprotect(a.memory, page, PROT_NONE) == 0);
    CHECK(mprotect(begin + middle, page, PROT_NONE) == 0);
    begin += where == AT_PAGES_END ? middle - size : where == AT_PAGES_BEGIN ? 0 : sizeof(float);
    a.data = (float *)(void *)begin;
    return a;
}

static void free_array(array a) {
    munmap(a.memory, a.size);
}

#else

/* What valgrind or a sanitizer would notice. */
static array make_array(size_t count, place where) {
    array a;
    a.size = (count + 1) * sizeof(float);
    a.memory = malloc(a.size);
    CHECK(a.memory != NULL);
    a.data = (float *)a.memory + (where == AT_PAGES_BEGIN ? 0 : 1);
    return a;
}

static void free_array(array a) {
    free(a.memory);
}

#endif

/* ---- two networks -------------------------------------------------------------------------- */

enum { MAX_LAYERS = 16, MAX_ROWS = 70, MAX_UNITS = 70, MAX_FILE = 200000 };

/* The same network twice. Of mine, each layer's weights are in an array of the program's. */
typedef struct pair {
    ffnn_net usual, mine;
    array arrays[MAX_LAYERS];
    ffnn_tensor X, y;
} pair;

static const size_t all_sizes[][6] = {
    {3, 4, 1}, {1, 1}, {5, 3}, {2, 3, 4, 5}, {7, 13, 3}, {16, 16, 16}, {31, 17, 1}, {40, 33, 2},
    {33, 70, 9, 31}, {1, 64, 1},
};
static const size_t all_rows[] = {1, 2, 3, 8, 33, MAX_ROWS};

static float inputs[MAX_ROWS * MAX_UNITS], targets[MAX_ROWS * MAX_UNITS];

/* The last layer's array is made first: they need not lie in the order of the layers. */
static void point_at_arrays(pair *p, place where) {
    for (size_t i = p->mine.layer_count; i-- > 0;) {
        ffnn_tensor *weight = &p->mine.layers[i].weight;
        p->arrays[i] = make_array(element_count(*weight), where);
        memcpy(p->arrays[i].data, weight->data, element_count(*weight) * sizeof(float));
        for (size_t k = 0; k < element_count(*weight); k++)
            weight->data[k] = 1000; /* whoever still looks there will see what comes of it */
        weight->data = p->arrays[i].data;
    }
}

static void make_pair(pair *p, const size_t *sizes, size_t rows, place where) {
    ffnn_rng rng;
    make_network(&p->usual, sizes, 11);
    make_network(&p->mine, sizes, 11);
    point_at_arrays(p, where);
    p->X = ffnn_view(inputs, rows, sizes[0]);
    p->y = ffnn_view(targets, rows, p->mine.layers[p->mine.layer_count - 1].weight.cols);
    ffnn_rng_seed(&rng, 12);
    CHECK_STATUS(FFNN_OK, ffnn_randn(p->X, &rng));
    CHECK_STATUS(FFNN_OK, ffnn_randn(p->y, &rng));
    CHECK_STATUS(FFNN_OK, ffnn_sigmoid(p->y, p->y));
}

/* The weights are where the program has put them, and the same as the usual network's. */
static void check_same_weights(const pair *p) {
    CHECK(p->mine.layer_count == p->usual.layer_count);
    for (size_t i = 0; i < p->mine.layer_count; i++) {
        CHECK(p->mine.layers[i].weight.data == p->arrays[i].data);
        CHECK(same_values(p->mine.layers[i].weight, p->usual.layers[i].weight));
    }
}

static void check_same_activations(const pair *p) {
    for (size_t i = 0; i < p->mine.layer_count; i++) {
        CHECK(same_values(p->mine.layers[i].z, p->usual.layers[i].z));
        CHECK(same_values(p->mine.layers[i].a, p->usual.layers[i].a));
    }
}

/* ffnn_free leaves the arrays as they are, and to the program. */
static void free_pair(pair *p) {
    size_t layer_count = p->mine.layer_count;
    ffnn_free(&p->mine);
    CHECK(p->mine.layer_count == 0);
    for (size_t i = 0; i < layer_count; i++) {
        ffnn_tensor weight = p->usual.layers[i].weight;
        CHECK(same_bits(p->arrays[i].data, weight.data, element_count(weight)));
        p->arrays[i].data[0] = 1;
        free_array(p->arrays[i]);
    }
    ffnn_free(&p->usual);
}

static void for_all(void (*check)(pair *p)) {
    for (size_t i = 0; i < COUNT_OF(all_sizes); i++)
        for (size_t k = 0; k < COUNT_OF(all_rows); k++)
            for (int where = 0; where < PLACES; where++) {
                pair p;
                test_case("network %d, %d rows, weights %s", (int)i, (int)all_rows[k],
                          place_names[where]);
                make_pair(&p, all_sizes[i], all_rows[k], (place)where);
                check(&p);
                free_pair(&p);
            }
}

/* ---- computing ----------------------------------------------------------------------------- */

static void check_predict(pair *p) {
    static float expected[MAX_ROWS * MAX_UNITS], got[MAX_ROWS * MAX_UNITS];
    ffnn_tensor output = ffnn_view(expected, p->y.rows, p->y.cols);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&p->usual, p->X, output));
    output.data = got;
    CHECK_STATUS(FFNN_OK, ffnn_predict(&p->mine, p->X, output));
    CHECK(same_bits(expected, got, element_count(output)));
    check_same_weights(p);
}

static void check_forward_and_backward(pair *p) {
    ffnn_tensor expected, got;
    CHECK_STATUS(FFNN_OK, ffnn_forward(&p->usual, p->X, &expected));
    CHECK_STATUS(FFNN_OK, ffnn_forward(&p->mine, p->X, &got));
    CHECK(same_values(expected, got));
    check_same_activations(p);
    check_same_weights(p);
    CHECK_STATUS(FFNN_OK, ffnn_backward(&p->usual, p->X, p->y, 0.1f));
    CHECK_STATUS(FFNN_OK, ffnn_backward(&p->mine, p->X, p->y, 0.1f));
    for (size_t i = 0; i < p->mine.layer_count; i++) {
        CHECK(same_values(p->mine.layers[i].error, p->usual.layers[i].error));
        CHECK(same_values(p->mine.layers[i].delta, p->usual.layers[i].delta));
    }
    check_same_weights(p);
}

static void check_train(pair *p) {
    float expected = 0, got = 1;
    for (int epoch = 0; epoch < 3; epoch++) {
        CHECK_STATUS(FFNN_OK, ffnn_train(&p->usual, p->X, p->y, 0.1f, &expected));
        CHECK_STATUS(FFNN_OK, ffnn_train(&p->mine, p->X, p->y, 0.1f, &got));
        CHECK(same_bits(&expected, &got, 1));
        check_same_weights(p);
        check_same_activations(p);
    }
}

static void check_fit(pair *p) {
    ffnn_rng rng, rng_too;
    ffnn_fit_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.epochs = 3;
    desc.batch_size = 5;
    for (int is_shuffled = 0; is_shuffled <= 1; is_shuffled++) {
        ffnn_rng_seed(&rng, 3);
        ffnn_rng_seed(&rng_too, 3);
        desc.rng = is_shuffled ? &rng : NULL;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&p->usual, p->X, p->y, &desc));
        desc.rng = is_shuffled ? &rng_too : NULL;
        CHECK_STATUS(FFNN_OK, ffnn_fit(&p->mine, p->X, p->y, &desc));
        check_same_weights(p);
    }
}

/* The gradient by the inputs, and what is left of each layer. */
static void check_gradient(pair *p) {
    static float expected[MAX_ROWS * MAX_UNITS], got[MAX_ROWS * MAX_UNITS];
    ffnn_tensor gradient = ffnn_view(expected, p->X.rows, p->X.cols);
    CHECK_STATUS(FFNN_OK, ffnn_forward(&p->usual, p->X, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_forward(&p->mine, p->X, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_gradient(&p->usual, p->X, p->y, gradient));
    gradient.data = got;
    CHECK_STATUS(FFNN_OK, ffnn_gradient(&p->mine, p->X, p->y, gradient));
    CHECK(same_bits(expected, got, element_count(gradient)));
    for (size_t i = 0; i < p->mine.layer_count; i++)
        CHECK(same_values(p->mine.layers[i].delta, p->usual.layers[i].delta));
    check_same_weights(p);
}

/* A copy has what lies elsewhere in memory of its own, and trains there. */
static void check_copy(pair *p) {
    ffnn_net copy;
    CHECK_STATUS(FFNN_OK, ffnn_init_copy(&copy, &p->mine));
    for (size_t i = 0; i < copy.layer_count; i++) {
        CHECK(copy.layers[i].weight.data != p->arrays[i].data);
        CHECK(same_values(copy.layers[i].weight, p->usual.layers[i].weight));
    }
    CHECK_STATUS(FFNN_OK, ffnn_train(&copy, p->X, p->y, 0.1f, NULL));
    check_same_weights(p); /* not those of the copy */
    CHECK_STATUS(FFNN_OK, ffnn_train(&p->mine, p->X, p->y, 0.1f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_train(&p->usual, p->X, p->y, 0.1f, NULL));
    check_same_weights(p);
    for (size_t i = 0; i < copy.layer_count; i++)
        CHECK(same_values(copy.layers[i].weight, p->usual.layers[i].weight));
    ffnn_free(&copy);
}

static void test_gradient(void) { for_all(check_gradient); }
static void test_copy(void) { for_all(check_copy); }
static void test_predict(void) { for_all(check_predict); }
static void test_forward_and_backward(void) { for_all(check_forward_and_backward); }
static void test_train(void) { for_all(check_train); }
static void test_fit(void) { for_all(check_fit); }

/* What is computed with an array is its content at that time. */
static void test_edited_weights_count(void) {
    float x[3] = {1, 2, 1}, before, after, expected;
    pair p;
    make_pair(&p, all_sizes[0], 1, AT_PAGES_END);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&p.mine, ffnn_view(x, 1, 3), ffnn_view(&before, 1, 1)));
    p.arrays[0].data[5] += 0.5f;
    p.usual.layers[0].weight.data[5] += 0.5f;
    CHECK_STATUS(FFNN_OK, ffnn_predict(&p.mine, ffnn_view(x, 1, 3), ffnn_view(&after, 1, 1)));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&p.usual, ffnn_view(x, 1, 3), ffnn_view(&expected, 1, 1)));
    CHECK(!same_bits(&before, &after, 1));
    CHECK(same_bits(&expected, &after, 1));
    free_pair(&p);
}

/* One layer's weights are the program's, the others' the network's own. */
static void test_some_layers_only(void) {
    for (size_t mine = 0; mine < 3; mine++) {
        pair p;
        ffnn_net net;
        test_case("layer %d", (int)mine);
        make_pair(&p, all_sizes[3], 3, AT_PAGES_END);
        make_network(&net, all_sizes[3], 11);
        float *own = net.layers[mine].weight.data;
        net.layers[mine].weight.data = p.arrays[mine].data;
        CHECK_STATUS(FFNN_OK, ffnn_train(&net, p.X, p.y, 0.1f, NULL));
        CHECK_STATUS(FFNN_OK, ffnn_train(&p.usual, p.X, p.y, 0.1f, NULL));
        for (size_t i = 0; i < 3; i++)
            CHECK(same_values(net.layers[i].weight, p.usual.layers[i].weight));
        CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
        CHECK_STATUS(FFNN_OK, ffnn_load(&p.mine, SAVED));
        check_same_weights(&p);
        net.layers[mine].weight.data = own; /* and back again */
        CHECK_STATUS(FFNN_OK, ffnn_load(&net, SAVED));
        CHECK(same_values(net.layers[mine].weight, p.usual.layers[mine].weight));
        ffnn_free(&net);
        free_pair(&p);
    }
    remove(SAVED);
}

/* ---- files --------------------------------------------------------------------------------- */

static unsigned char usual_file[MAX_FILE], my_file[MAX_FILE];

static void check_save(pair *p) {
    size_t usual_size = 0, my_size = 0;
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&p->usual, usual_file, MAX_FILE, &usual_size));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&p->mine, my_file, MAX_FILE, &my_size));
    CHECK(my_size == usual_size && memcmp(my_file, usual_file, my_size) == 0);
    CHECK_STATUS(FFNN_OK, ffnn_save(&p->mine, SAVED));
    CHECK(file_is(SAVED, usual_file, usual_size));
    check_same_weights(p);
}

/* A file of other weights is loaded into the arrays; one that is none changes nothing. */
static void check_load(pair *p) {
    size_t size = 0;
    CHECK_STATUS(FFNN_OK, ffnn_train(&p->usual, p->X, p->y, 0.5f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save_memory(&p->usual, usual_file, MAX_FILE, &size));
    CHECK_STATUS(FFNN_OK, ffnn_load_memory(&p->mine, usual_file, size));
    check_same_weights(p);
    CHECK_STATUS(FFNN_ERROR_FORMAT, ffnn_load_memory(&p->mine, usual_file, size - 1));
    check_same_weights(p);
    CHECK_STATUS(FFNN_OK, ffnn_train(&p->usual, p->X, p->y, 0.5f, NULL));
    CHECK_STATUS(FFNN_OK, ffnn_save(&p->usual, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_load(&p->mine, SAVED));
    check_same_weights(p);
    CHECK_STATUS(FFNN_ERROR_IO, ffnn_load(&p->mine, SCRATCH "there_is_no_such_file"));
    check_same_weights(p);
}

/* With a state, which is the network's: clipped steps of Adam, and the state in a file. */
static void check_optimizer(pair *p) {
    ffnn_net *nets[] = {&p->usual, &p->mine};
    for (int round = 0; round < 2; round++) {
        for (size_t i = 0; i < COUNT_OF(nets); i++) {
            nets[i]->optimizer = FFNN_ADAM;
            nets[i]->clip_norm = 0.1f;
            CHECK_STATUS(FFNN_OK, ffnn_train(nets[i], p->X, p->y, 0.01f, NULL));
        }
        check_same_weights(p);
        CHECK_STATUS(FFNN_OK, ffnn_save_optimizer(&p->mine, SAVED));
        CHECK_STATUS(FFNN_OK, ffnn_train(&p->mine, p->X, p->y, 0, NULL)); /* moves the moments */
        CHECK_STATUS(FFNN_OK, ffnn_load_optimizer(&p->mine, SAVED));
    }
}

/* A file's shared layer is loaded into both of its places, which may be one array: that of PyTorch's
   layers first, shared, shared, last. */
static void test_shared_layers(void) {
    static const char path[] = "tests/reference/mlp_shared.safetensors";
    ffnn_net net, apart;
    ffnn_tensor x = ffnn_view(NULL, 0, 0), one = x, two = x;
    static ffnn_rng rng; /* all zeros: seeded with 0 */
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&apart, path));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&net, path));
    CHECK(same_values(net.layers[1].weight, net.layers[2].weight));
    CHECK(net.layers[1].weight.data != net.layers[2].weight.data);
    net.layers[2].weight = net.layers[1].weight;
    net.layers[2].bias = net.layers[1].bias;
    memset(net.layers[1].weight.data, 0, element_count(net.layers[1].weight) * sizeof(float));
    CHECK_STATUS(FFNN_OK, ffnn_load(&net, path));
    CHECK(same_values(net.layers[2].weight, apart.layers[2].weight));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&x, 5, 3));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&one, 5, 2));
    CHECK_STATUS(FFNN_OK, ffnn_tensor_init(&two, 5, 2));
    CHECK_STATUS(FFNN_OK, ffnn_randn(x, &rng));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, x, one));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&apart, x, two));
    CHECK(same_values(one, two));
    ffnn_tensor_free(&x);
    ffnn_tensor_free(&one);
    ffnn_tensor_free(&two);
    ffnn_free(&net);
    ffnn_free(&apart);
}

static void test_optimizer(void) { for_all(check_optimizer); }
static void test_save(void) { for_all(check_save); }
static void test_load(void) { for_all(check_load); }

/* The smallest program that shows it: what is saved is what predicts. */
static void test_what_is_saved_is_what_predicts(void) {
    float weights[12], x[3] = {1, 2, 1}, before = 0, after = 1;
    ffnn_net net, loaded;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (int i = 0; i < 12; i++)
        weights[i] = 0.1f * (float)i;
    net.layers[0].weight = ffnn_view(weights, 3, 4);
    CHECK_STATUS(FFNN_OK, ffnn_predict(&net, ffnn_view(x, 1, 3), ffnn_view(&before, 1, 1)));
    CHECK_STATUS(FFNN_OK, ffnn_save(&net, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&loaded, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_predict(&loaded, ffnn_view(x, 1, 3), ffnn_view(&after, 1, 1)));
    CHECK(same_bits(&before, &after, 1));
    ffnn_free(&loaded);
    ffnn_free(&net);
    remove(SAVED);
}

/* What is no weight of that layer is refused by every call, before it is read. */
static void check_refused(const ffnn_net *net, ffnn_status status) {
    static unsigned char file[MAX_FILE];
    float x[3] = {1, 2, 1}, y[1] = {1}, loss;
    ffnn_net changed = *net;
    ffnn_tensor X = ffnn_view(x, 1, 3), Y = ffnn_view(y, 1, 1);
    size_t size = 0;
    CHECK_STATUS(status, ffnn_predict(net, X, Y));
    CHECK_STATUS(status, ffnn_forward(&changed, X, NULL));
    CHECK_STATUS(status, ffnn_backward(&changed, X, Y, 0.1f));
    CHECK_STATUS(status, ffnn_train(&changed, X, Y, 0.1f, &loss));
    CHECK_STATUS(status, ffnn_fit(&changed, X, Y, NULL));
    CHECK_STATUS(status, ffnn_gradient(&changed, X, Y, ffnn_view(NULL, 0, 0)));
    CHECK_STATUS(status, ffnn_save(net, SAVED));
    CHECK_STATUS(status, ffnn_save_optimizer(net, SAVED));
    CHECK_STATUS(status, ffnn_load_optimizer(&changed, SAVED));
    CHECK_STATUS(status, ffnn_save_memory(net, file, sizeof file, &size));
    CHECK_STATUS(status, ffnn_load_memory(&changed, file, sizeof file));
    CHECK_STATUS(status, ffnn_load(&changed, SAVED));
    CHECK(memcmp(&changed, net, sizeof changed) == 0);
    CHECK(y[0] == 1 && size == 0);
}

static void test_weights_that_do_not_fit_are_refused(void) {
    float weights[12] = {0};
    ffnn_net net;
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    for (size_t i = 0; i < net.layer_count; i++) {
        ffnn_tensor *weight = &net.layers[i].weight, fits = *weight;
        test_case("layer %d", (int)i);
        *weight = ffnn_view(NULL, fits.rows, fits.cols);
        check_refused(&net, FFNN_ERROR_ARGUMENT);
        *weight = ffnn_view(weights, fits.rows + 1, fits.cols);
        check_refused(&net, FFNN_ERROR_SHAPE);
        *weight = ffnn_view(weights, fits.rows, fits.cols + 1);
        check_refused(&net, FFNN_ERROR_SHAPE);
        *weight = ffnn_view(weights, fits.cols, fits.rows);
        check_refused(&net, FFNN_ERROR_SHAPE);
        *weight = ffnn_view(weights, 0, 0);
        check_refused(&net, FFNN_ERROR_SHAPE);
        *weight = fits;
        net.layers[i].bias = ffnn_view(weights, 1, fits.cols); /* the network has none */
        check_refused(&net, FFNN_ERROR_ARGUMENT);
        net.layers[i].bias = ffnn_view(NULL, 0, 0);
    }
    ffnn_free(&net);
}

/* ---- moving, and many layers --------------------------------------------------------------- */

static void test_layers_are_a_pointer(void) {
    ffnn_net net, copy, zero;
    memset(&zero, 0, sizeof zero);
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    copy = net;
    CHECK(copy.layers == net.layers); /* a copy shares everything */
    ffnn_free(&copy);
    CHECK_STATUS(FFNN_OK, ffnn_init(&net, NULL));
    ffnn_free(&net);
    CHECK(memcmp(&net, &zero, sizeof net) == 0);
    ffnn_free(&net); /* nothing is freed twice */
}

/* The net is copied, and what it was copied from is gone. */
static ffnn_net moved(ffnn_net *from) {
    ffnn_net to = *from;
    memset(from, 0xA5, sizeof *from);
    return to;
}

static void test_a_net_may_be_moved(void) {
    static float expected[MAX_ROWS * MAX_UNITS], got[MAX_ROWS * MAX_UNITS];
    for (size_t i = 0; i < COUNT_OF(all_sizes); i++) {
        pair p;
        ffnn_net *heap = (ffnn_net *)malloc(sizeof *heap);
        test_case("network %d", (int)i);
        make_pair(&p, all_sizes[i], 8, AT_PAGES_END);
        if (heap == NULL) return;
        *heap = moved(&p.mine);
        for (int step = 0; step < 3; step++) {
            ffnn_tensor output = ffnn_view(expected, p.y.rows, p.y.cols);
            CHECK_STATUS(FFNN_OK, ffnn_train(heap, p.X, p.y, 0.1f, NULL));
            CHECK_STATUS(FFNN_OK, ffnn_train(&p.usual, p.X, p.y, 0.1f, NULL));
            p.mine = moved(heap);
            CHECK_STATUS(FFNN_OK, ffnn_backward(&p.mine, p.X, p.y, 0.1f));
            CHECK_STATUS(FFNN_OK, ffnn_backward(&p.usual, p.X, p.y, 0.1f));
            check_same_weights(&p);
            check_same_activations(&p);
            CHECK_STATUS(FFNN_OK, ffnn_predict(&p.usual, p.X, output));
            output.data = got;
            CHECK_STATUS(FFNN_OK, ffnn_predict(&p.mine, p.X, output));
            CHECK(same_bits(expected, got, element_count(output)));
            CHECK_STATUS(FFNN_OK, ffnn_save(&p.mine, SAVED));
            *heap = moved(&p.mine);
            CHECK_STATUS(FFNN_OK, ffnn_load(heap, SAVED));
        }
        p.mine = moved(heap);
        free(heap);
        free_pair(&p);
    }
    remove(SAVED);
}

/* The most that there can be, in all that has to do with a network. */
static void test_16_layers(void) {
    static const int is_constant_of_16 = FFNN_MAX_LAYERS == 16;
    size_t sizes[MAX_LAYERS + 2];
    pair p;
    ffnn_net loaded;
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    CHECK(is_constant_of_16);
    CHECK(COUNT_OF(desc.sizes) == MAX_LAYERS + 1);
    if (COUNT_OF(desc.sizes) < MAX_LAYERS + 1)
        return;
    for (size_t i = 0; i <= MAX_LAYERS; i++)
        sizes[i] = 3 + i * 7 % 11;
    sizes[MAX_LAYERS + 1] = 0;
    make_pair(&p, sizes, 5, AT_PAGES_END);
    CHECK(p.mine.layer_count == MAX_LAYERS);
    check_predict(&p);
    check_forward_and_backward(&p);
    check_train(&p);
    check_fit(&p);
    check_gradient(&p);
    check_copy(&p);
    check_save(&p);
    check_load(&p);
    check_optimizer(&p);
    CHECK_STATUS(FFNN_OK, ffnn_save(&p.mine, SAVED));
    CHECK_STATUS(FFNN_OK, ffnn_init_from_file(&loaded, SAVED));
    CHECK(loaded.layer_count == MAX_LAYERS);
    for (size_t i = 0; i < loaded.layer_count; i++)
        CHECK(same_values(loaded.layers[i].weight, p.usual.layers[i].weight));
    ffnn_free(&loaded);
    free_pair(&p);
    remove(SAVED);
}

int main(void) {
    make_scratch_folder(SCRATCH);
    RUN(test_what_is_saved_is_what_predicts);
    RUN(test_weights_that_do_not_fit_are_refused);
    RUN(test_layers_are_a_pointer);
    RUN(test_a_net_may_be_moved);
    RUN(test_16_layers);
    RUN(test_edited_weights_count);
    RUN(test_save);
    RUN(test_load);
    RUN(test_shared_layers);
    RUN(test_some_layers_only);
    RUN(test_optimizer);
    RUN(test_gradient);
    RUN(test_copy);
    RUN(test_predict);
    RUN(test_forward_and_backward);
    RUN(test_train);
    RUN(test_fit);
    remove(SAVED);
    return test_summary("test_own_weights");
}
