/* ffnn.h - v1.0 - feed-forward neural networks in one header - public domain or MIT-0

   Tensors that share memory with your arrays, layers of sigmoid units, forward and backward
   passes, training, prediction, and weights that PyTorch opens (safetensors). Seeded alike, it
   draws, computes and prints what PyTorch does, digit for digit. C99 or C++11; link with libm.

   What it does not do: biases, other activations than the sigmoid, convolutions, attention, GPUs.

DO THIS

   In ONE C or C++ file, define FFNN_IMPLEMENTATION before the include: that file then holds the
   implementation. All other files just include the header. Build with cc -O2 program.c -lm

       #define FFNN_IMPLEMENTATION
       #include "ffnn.h"

       int main(void) {
           float inputs[4][3] = {{0, 0, 1}, {0, 1, 1}, {1, 0, 1}, {1, 1, 1}}; // last: a bias
           float targets[4] = {0, 1, 1, 0}, answers[4];
           ffnn_tensor X = ffnn_view(inputs[0], 4, 3), y = ffnn_view(targets, 4, 1);
           ffnn_tensor output = ffnn_view(answers, 4, 1); // tensors share your arrays' memory
           ffnn_net net, copy;

           if (ffnn_init(&net, NULL) != FFNN_OK) return 1; // 3 inputs, 4 hidden units, 1 output
           for (int epoch = 0; epoch < 10000; ++epoch) ffnn_train(&net, X, y, 1.0f, NULL);
           if (ffnn_save(&net, "xor.safetensors") != FFNN_OK) return 1;

           if (ffnn_init_from_file(&copy, "xor.safetensors") != FFNN_OK) return 1;
           ffnn_predict(&copy, X, output);
           ffnn_print(stdout, output);
           ffnn_free(&net);
           ffnn_free(&copy);
           return 0;
       }

   Functions that can fail return an ffnn_status; FFNN_OK is 0, and ffnn_status_string puts it into
   words. A call that fails changes nothing: tensors, weights and files stay as they were. A network
   or tensor whose initialization failed is all zeros and safe to free.

TENSORS: a tensor is a rows x cols matrix of floats, row-major and contiguous. It is a small struct:
   pass it by value. In every function dst comes first and must already have the result's shape. It
   may be one of the inputs, except in matmul and transpose; any other overlap of dst with an input
   is FFNN_ERROR_ARGUMENT.

   ffnn_view                    a tensor that shares the memory of your array: nothing to free
   ffnn_tensor_init, _free      a tensor with memory of its own, all zeros. Free only these
   ffnn_at                      the address of an element; NULL outside the tensor
   ffnn_copy                    dst = a
   ffnn_add, _sub, _mul, _div   dst = a + b and so on, element by element; a b of 1 x cols or 1 x 1
                                is broadcast to the rows of a
   ffnn_scale                   dst = a * factor
   ffnn_matmul                  dst (m x n) = a (m x k) times b (k x n)
   ffnn_transpose               dst (n x m) = a (m x n) transposed
   ffnn_max                     dst (1 x cols) = the maximum of each column of a; NaN if the column
                                contains one
   ffnn_mse                     the mean of (a - b)^2 over all elements; b is broadcast as in add
   ffnn_sigmoid                 dst = 1 / (1 + exp(-a)), within 2 units in the last place and always
                                in [0, 1]. Results below 1.2e-38 are 0; NaN stays NaN
   ffnn_sigmoid_derivative      dst = a * (1 - a), where a is a sigmoid's OUTPUT
   ffnn_print                   prints what print(tensor) prints in PyTorch, newline included, in
                                any locale; tensors of more than 1000 elements are summarized

RANDOM NUMBERS: PyTorch's CPU generator, the Mersenne Twister MT19937, in a plain struct. A
   zero-initialized one acts as if seeded with 0.

   ffnn_rng_seed                torch.manual_seed. As in PyTorch, only the low 32 bits are used
   ffnn_rng_discard             skips count 32-bit outputs, each in about a nanosecond
   ffnn_randn                   torch.randn(rows, cols): normal numbers, mean 0, variance 1

THE NETWORK: layer i computes z = input W and a = sigmoid(z); a is the next layer's input. Each
   sample is a row: X is batch x inputs, y is batch x outputs. You may read and write the weights,
   net.layers[i].weight, which are inputs x outputs. They are called W1 for layers[0], W2 for
   layers[1] and so on in the weights file. Without biases, give each sample an input that is
   always 1.

   ffnn_init                    draws normal weights, layer after layer, from desc->rng (NULL: from
                                one seeded with 0). desc->sizes lists the units of each layer,
                                inputs first, padded with zeros. All zeros, or desc NULL, means
                                3, 4, 1
   ffnn_free                    frees the network's memory and zeroes the struct
   ffnn_forward                 fills z and a of every layer. *output (may be NULL) is set to a view
                                of the last layer's a, valid until the next forward, train, fit or
                                free
   ffnn_backward                after ffnn_forward of the same X: fills error and delta of every
                                layer, then W += (input^T delta) * learning_rate: a step down the
                                gradient of HALF THE SUM of (y - a)^2 over the batch
   ffnn_train                   one step for the whole batch: forward, then backward. *loss (may be
                                NULL) is the MEAN of (y - a)^2, before the step
   ffnn_fit                     epochs of ffnn_train over batches of batch_size samples; the last
                                one may be smaller. With desc->rng, every epoch shuffles the samples
                                exactly as torch.randperm would; without it they keep their order.
                                progress is called after every epoch. It may call functions that
                                take a const ffnn_net, and return false to stop early (still
                                FFNN_OK). All memory is allocated before the first step
   ffnn_predict                 the output for every row of X, into your tensor. It only reads the
                                network: any number of threads may call it at once

   All other calls need the network for themselves: one thread at a time. Two networks are
   independent. ffnn_forward and ffnn_train allocate only when a batch is larger than every batch
   before. ffnn_predict takes at most 256 samples at a time, and allocates only if that many times
   the units of the widest layer exceed 480. X and y must not lie in the network's own memory.

THE WEIGHTS FILE: safetensors. The tensors are named W1, W2, ... In PyTorch:

       weights = safetensors.torch.load_file("weights.safetensors")
       safetensors.torch.save_file({"W1": W1, "W2": W2}, "weights.safetensors")

   8 bytes    N, the length of the header, little-endian
   N bytes    {"W1":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},"W2":...}
   the rest   the weights, row-major, 32-bit little-endian floats

   ffnn_save                    replaces the file at path when the new one is complete: it is
                                written beside the old one, flushed to disk on POSIX and Windows,
                                and renamed, so a crash leaves either the old file or the new one,
                                intact. If path is a symbolic link, the link's target is replaced;
                                a device or a pipe is written to
   ffnn_load                    loads into a network with the file's sizes. Rejects every file that
                                the reference implementation rejects
   ffnn_init_from_file          makes a new network with the file's sizes
   ffnn_save_memory             writes the same bytes to memory. *size receives the byte count. Pass
                                data NULL to query it; too small a capacity is FFNN_ERROR_ARGUMENT
   ffnn_load_memory             loads from memory

OPTIONS: macros, to be defined before the include and the same everywhere in a program. Defaults are
   in brackets.

   FFNN_STATIC                  makes every function static: private to the file that has the
                                implementation
   FFNNDEF                      prefix of every function declaration  (extern, or static as above)
   FFNN_MALLOC(size)            allocates all memory                               (malloc(size))
   FFNN_FREE(p)                 frees it                                                (free(p))
   FFNN_MAX_LAYERS              the most layers that a network can have                       (8)
   FFNN_NO_STDIO                leaves out files, printing and <stdio.h>
   FFNN_NO_SIMD                 portable C only, no vector instructions
   FFNN_FILENAME                the name of this file, should you rename it            ("ffnn.h")
   FFNN_TEST_KERNELS            for tests: always the kernels of this name, such as
                                ffnn__kernels_avx2

SPEED: compile with plain -O2. The best instructions (AVX-512, AVX2 with FMA, else what the compiler
   may assume: SSE2, NEON) are picked at run time. The last bit of a result may differ between
   processors with and without FMA; so may a hidden layer's error in a batch of one sample.
   Otherwise a sample's results do not depend on its batch, and the same program computes the same
   bits on the same kind of processor. */
#ifndef FFNN_H
#define FFNN_H

#include <stddef.h>
#include <stdint.h>
#ifndef __cplusplus
#include <stdbool.h>
#endif
#ifndef FFNN_NO_STDIO
#include <stdio.h>
#endif

#ifndef FFNN_MAX_LAYERS
#define FFNN_MAX_LAYERS 8
#endif
#ifndef FFNNDEF
#if defined(FFNN_STATIC) && defined(__GNUC__)
#define FFNNDEF static __attribute__((unused)) /* a program need not use every function */
#elif defined(FFNN_STATIC)
#define FFNNDEF static
#else
#define FFNNDEF extern
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

typedef enum ffnn_status {
    FFNN_OK = 0,
    FFNN_ERROR_ARGUMENT, /* a NULL pointer, a zero size, a forbidden overlap, too many layers */
    FFNN_ERROR_SHAPE,    /* tensors whose shapes do not fit each other or the network */
    FFNN_ERROR_MEMORY,   /* an allocation failed, or a size in bytes does not fit size_t */
    FFNN_ERROR_IO,       /* a file could not be opened, read or written: errno says why */
    FFNN_ERROR_FORMAT,   /* not a well-formed weights file */
    FFNN_ERROR_MISMATCH  /* a well-formed weights file, but of another network */
} ffnn_status;
FFNNDEF const char *ffnn_status_string(ffnn_status status); /* never NULL */

/* ---- tensors ---- */

/* A rows x cols matrix of floats, row-major, contiguous. */
typedef struct ffnn_tensor { size_t rows, cols; float *data; } ffnn_tensor;

FFNNDEF ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols);
FFNNDEF ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols);
FFNNDEF void        ffnn_tensor_free(ffnn_tensor *t);
FFNNDEF float      *ffnn_at(ffnn_tensor t, size_t row, size_t col);
FFNNDEF ffnn_status ffnn_copy(ffnn_tensor dst, ffnn_tensor a);
FFNNDEF ffnn_status ffnn_add(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);
FFNNDEF ffnn_status ffnn_sub(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);
FFNNDEF ffnn_status ffnn_mul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);
FFNNDEF ffnn_status ffnn_div(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);
FFNNDEF ffnn_status ffnn_scale(ffnn_tensor dst, ffnn_tensor a, float factor);
FFNNDEF ffnn_status ffnn_matmul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b);
FFNNDEF ffnn_status ffnn_transpose(ffnn_tensor dst, ffnn_tensor a);
FFNNDEF ffnn_status ffnn_max(ffnn_tensor dst, ffnn_tensor a);
FFNNDEF ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse);
FFNNDEF ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a);
FFNNDEF ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a);

/* ---- random numbers ---- */

/* PyTorch's CPU generator: the Mersenne Twister MT19937. The fields are private. */
typedef struct ffnn_rng {
    uint32_t state[624];
    uint32_t remaining;        /* outputs in state that are not used yet */
    uint32_t seeded, has_kept; /* flags */
    double kept; /* the second of a pair of normal numbers, for the next small tensor */
} ffnn_rng;

FFNNDEF void        ffnn_rng_seed(ffnn_rng *rng, uint64_t seed);
FFNNDEF void        ffnn_rng_discard(ffnn_rng *rng, uint64_t count);
FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng);

/* ---- networks ---- */

typedef struct ffnn_layer {
    ffnn_tensor weight;       /* inputs x outputs: W1 is layers[0].weight, W2 layers[1].weight */
    ffnn_tensor z, a;         /* before and after the sigmoid, batch x outputs */
    ffnn_tensor error, delta; /* from the last backward pass, batch x outputs */
} ffnn_layer;

/* All zeros describe the default network: 3 inputs, 4 hidden units, 1 output. */
typedef struct ffnn_desc {
    size_t sizes[FFNN_MAX_LAYERS + 1]; /* units, inputs first, up to the first 0 */
    ffnn_rng *rng;                     /* draws the weights; NULL: one seeded with 0 */
} ffnn_desc;

typedef struct ffnn_net {
    size_t layer_count;
    ffnn_layer layers[FFNN_MAX_LAYERS];
    /* private: */
    ffnn_tensor weights, activations; /* the memory of all weights; of all z, a, error and delta */
    size_t widest;         /* units of the widest layer */
    size_t batch_capacity; /* samples that activations have room for */
} ffnn_net;

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc);
FFNNDEF void        ffnn_free(ffnn_net *net);
FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output);
FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate);
FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss);
FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output);

typedef struct ffnn_progress {
    size_t epoch, epochs; /* from 1; of how many */
    size_t samples;       /* trained on so far */
    float loss; /* mean squared error over the epoch's samples, each step's before its update */
} ffnn_progress;

/* All zeros are the defaults in brackets. */
typedef struct ffnn_fit_desc {
    size_t epochs;       /* (1000) */
    float learning_rate; /* (0.1) */
    size_t batch_size;   /* (all samples) */
    ffnn_rng *rng;       /* shuffles the samples before each epoch; NULL: in the order given */
    bool (*progress)(void *user, const ffnn_progress *progress); /* false stops; may be NULL */
    void *user;
} ffnn_fit_desc;

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                             const ffnn_fit_desc *desc);

/* ---- weights files, printing ---- */

FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size);
FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size);
#ifndef FFNN_NO_STDIO
FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t);
#endif

#ifdef __cplusplus
}
#endif
#endif /* FFNN_H */

/* ============================================================================================
   IMPLEMENTATION, from the top down: what is called stands below its caller, the kernels last.

   configuration                     what the program and the compiler have set
   what the kernels compute          their prototypes, with the formulas
   status and tensors                views, memory, arithmetic
   activations and losses            the sigmoid, its derivative, the mean squared error
   the network's memory              init, free, room for a batch
   forward and backward              the network's formulas
   train, fit, predict               steps, epochs, batches
   random numbers                    PyTorch's generator
   printing                          as PyTorch prints
   parameters and the weights file   save and load: the format
   JSON                              the file's header
   files                             reading, replacing; Windows, POSIX, others
   kernels in plain C                products and the sigmoid, for any compiler
   kernels with vectors              the same for GCC and Clang on x86 and ARM
   ============================================================================================ */
#if defined(FFNN_IMPLEMENTATION) && !defined(FFNN_IMPLEMENTED)
#define FFNN_IMPLEMENTED

/* ---- configuration ----------------------------------------------------------------------- */

#include <math.h>
#include <string.h>
#ifndef FFNN_MALLOC
#include <stdlib.h>
#endif
#ifndef FFNN_NO_STDIO
#include <errno.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#ifdef __cplusplus
extern "C" {
#endif
/* Two functions of <windows.h>, without the thousands of names beside them. */
__declspec(dllimport) int __stdcall MoveFileExW(const wchar_t *from, const wchar_t *to,
                                                unsigned long flags);
__declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned code_page, unsigned long flags,
                                                        const char *text, int size,
                                                        wchar_t *wide, int wide_size);
#ifdef __cplusplus
}
#endif
#elif defined(__unix__) || defined(__APPLE__)
#define FFNN__POSIX
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#if !defined(__cplusplus) && (!defined(_POSIX_C_SOURCE) || _POSIX_C_SOURCE < 200112L)
/* -std=c99 or an old _POSIX_C_SOURCE hides these. The system headers are already included, so a
   macro could not bring them back. */
int(fileno)(FILE *file);
int fsync(int file);
ssize_t readlink(const char *path, char *target, size_t size);
#endif
#endif
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "ffnn.h: -ffast-math and -Ofast break NaN and infinity; compile this file without them"
#endif
#if FFNN_MAX_LAYERS < 2
#error "ffnn.h: FFNN_MAX_LAYERS must be at least 2, for the default 3-4-1 network"
#endif
#if defined(FFNN_MALLOC) != defined(FFNN_FREE)
#error "ffnn.h: define both FFNN_MALLOC and FFNN_FREE, or neither"
#endif
#ifndef FFNN_MALLOC
#define FFNN_MALLOC(size) malloc(size)
#define FFNN_FREE(p) free(p)
#endif

/* Whether there are kernels with vectors: the last section. */
#if defined(__GNUC__) && !defined(__TINYC__) && !defined(FFNN_NO_SIMD)
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__)
#define FFNN__SIMD
#endif
#endif

/* For the kernels with vectors this file includes itself, by its name. */
#ifndef FFNN_FILENAME
#define FFNN_FILENAME "ffnn.h"
#endif
#if defined(FFNN__SIMD) && defined(__has_include)
#if !__has_include(FFNN_FILENAME)
#error "ffnn.h: this file was renamed; define FFNN_FILENAME as its new name in quotes"
#endif
#endif

/* ---- what the kernels compute ------------------------------------------------------------ */
/* The kernels are the loops that have to be fast. They see arrays and sizes, trust both, and know
   no tensor, layer, loss or learning rate. All matrices are row-major and contiguous. This is all
   that the rest of the file uses of them; how they do it stands in the two last sections. */

/* c (m x n) = a (m x k) b (k x n) */
static void ffnn__multiply(float *c, const float *a, const float *b, size_t m, size_t k, size_t n);

/* c (m x n) = a (m x k) b^T, where b is n x k */
static void ffnn__multiply_by_transposed(float *c, const float *a, const float *b, size_t m,
                                         size_t k, size_t n);

/* c (m x n) += factor * (a^T b), where a is k x m and b is k x n. The product is rounded before it
   is added, as PyTorch does it. */
static void ffnn__add_product(float *c, const float *a, const float *b, size_t m, size_t k,
                              size_t n, float factor);

/* z (m x n) = x (m x k) w (k x n) and a (m x n) = sigmoid(z). z may be a. */
static void ffnn__multiply_and_sigmoid(float *z, float *a, const float *x, const float *w,
                                       size_t m, size_t k, size_t n);

/* dst = 1 / (1 + exp(-z)) */
static void ffnn__sigmoid(float *dst, const float *z, size_t count);

/* delta = error * sigmoid'(z), where sigmoid'(z) = a (1 - a) */
static void ffnn__sigmoid_delta(float *delta, const float *error, const float *a, size_t count);

/* Hands out memory for count floats, aligned as the kernels are fastest with. memory is the block
   that it is taken from, *used how much of that has been handed out: FFNN__ALIGNMENT - 1 floats more
   than count at the most. With memory NULL the result is NULL and *used only counts (up to SIZE_MAX,
   which no allocation can supply). */
static float *ffnn__carve(float *memory, size_t *used, size_t count);

#ifdef FFNN__SIMD
enum { FFNN__ALIGNMENT = 16 }; /* floats: a cache line */
#else
enum { FFNN__ALIGNMENT = 1 };
#endif

/* ---- status and tensors ------------------------------------------------------------------ */

FFNNDEF const char *ffnn_status_string(ffnn_status status) {
    static const char *const texts[] = {
        "no error",
        "invalid argument",
        "sizes do not fit",
        "out of memory",
        "file could not be opened, read or written",
        "not a well-formed weights file",
        "weights file is not of this network",
    };
    if ((size_t)status >= sizeof texts / sizeof texts[0]) return "unknown status";
    return texts[status];
}

/* A valid tensor has memory, elements, and a size in bytes that fits size_t. */
static ffnn_status ffnn__validate(ffnn_tensor t) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 4 - 1);
    if (t.data == NULL || t.rows == 0 || t.cols == 0) return FFNN_ERROR_ARGUMENT;
    if (t.rows < half && t.cols < half) return FFNN_OK; /* saves a division: 5 ns of 75 */
    return t.rows > SIZE_MAX / sizeof(float) / t.cols ? FFNN_ERROR_MEMORY : FFNN_OK;
}

/* The checks of a function of tensors, in the order in which they are reported. The caller may
   compute shapes_fit and others_fit, usually that nothing overlaps, from tensors that turn out to
   be invalid: that only compares numbers. */
static ffnn_status ffnn__validate_all(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b,
                                      bool shapes_fit, bool others_fit) {
    ffnn_status status = ffnn__validate(dst);
    if (status == FFNN_OK) status = ffnn__validate(a);
    if (status == FFNN_OK) status = ffnn__validate(b);
    if (status != FFNN_OK) return status;
    if (!shapes_fit) return FFNN_ERROR_SHAPE;
    return others_fit ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

static bool ffnn__same_shape(ffnn_tensor a, ffnn_tensor b) {
    return a.rows == b.rows && a.cols == b.cols;
}

static bool ffnn__overlap(ffnn_tensor a, ffnn_tensor b) {
    uintptr_t a_begin = (uintptr_t)a.data, a_end = a_begin + a.rows * a.cols * sizeof(float);
    uintptr_t b_begin = (uintptr_t)b.data, b_end = b_begin + b.rows * b.cols * sizeof(float);
    return a_begin < b_end && b_begin < a_end;
}

/* Whether an input is dst itself, element for element, or lies apart from it. */
static bool ffnn__same_or_apart(ffnn_tensor dst, ffnn_tensor a) {
    return (dst.data == a.data && ffnn__same_shape(dst, a)) || !ffnn__overlap(dst, a);
}

/* The checks for dst = f(a), element by element. */
static ffnn_status ffnn__validate_unary(ffnn_tensor dst, ffnn_tensor a) {
    bool shapes_fit = ffnn__same_shape(dst, a);
    return ffnn__validate_all(dst, a, a, shapes_fit, ffnn__same_or_apart(dst, a));
}

/* Whether b can be broadcast to the shape of a: it has that shape, is one row, or is 1 x 1. */
static bool ffnn__broadcasts(ffnn_tensor b, ffnn_tensor a) {
    if (b.rows == 1) return b.cols == a.cols || b.cols == 1;
    return ffnn__same_shape(a, b);
}

/* The element of a broadcast b. */
static float ffnn__broadcast_at(ffnn_tensor b, size_t row, size_t col) {
    size_t b_row = b.rows == 1 ? 0 : row, b_col = b.cols == 1 ? 0 : col;
    return b.data[b_row * b.cols + b_col];
}

FFNNDEF ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols) {
    ffnn_tensor t = {rows, cols, data};
    return t;
}

FFNNDEF ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols) {
    if (t == NULL) return FFNN_ERROR_ARGUMENT;
    *t = ffnn_view(NULL, 0, 0);
    if (rows == 0 || cols == 0) return FFNN_ERROR_ARGUMENT;
    if (rows > SIZE_MAX / sizeof(float) / cols) return FFNN_ERROR_MEMORY;
    size_t size = rows * cols * sizeof(float);
    float *data = (float *)FFNN_MALLOC(size);
    if (data == NULL) return FFNN_ERROR_MEMORY;
    memset(data, 0, size);
    *t = ffnn_view(data, rows, cols);
    return FFNN_OK;
}

FFNNDEF void ffnn_tensor_free(ffnn_tensor *t) {
    if (t == NULL) return;
    if (t->data != NULL) FFNN_FREE(t->data);
    *t = ffnn_view(NULL, 0, 0);
}

FFNNDEF float *ffnn_at(ffnn_tensor t, size_t row, size_t col) {
    if (t.data == NULL || row >= t.rows || col >= t.cols) return NULL;
    return t.data + row * t.cols + col;
}

FFNNDEF ffnn_status ffnn_copy(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__validate_unary(dst, a);
    if (status == FFNN_OK) memmove(dst.data, a.data, a.rows * a.cols * sizeof(float));
    return status;
}

#define FFNN__DEFINE_BINARY(name, op)                                                             \
    FFNNDEF ffnn_status name(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {                     \
        bool shapes_fit = ffnn__same_shape(dst, a) && ffnn__broadcasts(b, dst);                   \
        bool are_apart = ffnn__same_or_apart(dst, a) && ffnn__same_or_apart(dst, b);              \
        ffnn_status status = ffnn__validate_all(dst, a, b, shapes_fit, are_apart);                \
        if (status != FFNN_OK) return status;                                                     \
        for (size_t row = 0; row < dst.rows; ++row) {                                             \
            for (size_t col = 0; col < dst.cols; ++col) {                                         \
                size_t i = row * dst.cols + col;                                                  \
                dst.data[i] = a.data[i] op ffnn__broadcast_at(b, row, col);                       \
            }                                                                                     \
        }                                                                                         \
        return FFNN_OK;                                                                           \
    }

FFNN__DEFINE_BINARY(ffnn_add, +)
FFNN__DEFINE_BINARY(ffnn_sub, -)
FFNN__DEFINE_BINARY(ffnn_mul, *)
FFNN__DEFINE_BINARY(ffnn_div, /)

FFNNDEF ffnn_status ffnn_scale(ffnn_tensor dst, ffnn_tensor a, float factor) {
    return ffnn_mul(dst, a, ffnn_view(&factor, 1, 1));
}

FFNNDEF ffnn_status ffnn_matmul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    bool shapes_fit = a.cols == b.rows && dst.rows == a.rows && dst.cols == b.cols;
    bool are_apart = !ffnn__overlap(dst, a) && !ffnn__overlap(dst, b);
    ffnn_status status = ffnn__validate_all(dst, a, b, shapes_fit, are_apart);
    if (status != FFNN_OK) return status;
    ffnn__multiply(dst.data, a.data, b.data, a.rows, a.cols, b.cols);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_transpose(ffnn_tensor dst, ffnn_tensor a) {
    bool shapes_fit = dst.rows == a.cols && dst.cols == a.rows;
    ffnn_status status = ffnn__validate_all(dst, a, a, shapes_fit, !ffnn__overlap(dst, a));
    if (status != FFNN_OK) return status;
    for (size_t row = 0; row < a.rows; ++row)
        for (size_t col = 0; col < a.cols; ++col)
            dst.data[col * a.rows + row] = a.data[row * a.cols + col];
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_max(ffnn_tensor dst, ffnn_tensor a) {
    bool shapes_fit = dst.rows == 1 && dst.cols == a.cols;
    ffnn_status status = ffnn__validate_all(dst, a, a, shapes_fit, ffnn__same_or_apart(dst, a));
    if (status != FFNN_OK) return status;
    memmove(dst.data, a.data, a.cols * sizeof(float));
    for (size_t row = 1; row < a.rows; ++row) {
        for (size_t col = 0; col < a.cols; ++col) {
            float x = a.data[row * a.cols + col], *largest = &dst.data[col];
            if (!(x <= *largest) && !isnan(*largest)) *largest = x; /* larger, or the first NaN */
        }
    }
    return FFNN_OK;
}

/* ---- activations and losses -------------------------------------------------------------- */

FFNNDEF ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__validate_unary(dst, a);
    if (status == FFNN_OK) ffnn__sigmoid(dst.data, a.data, a.rows * a.cols);
    return status;
}

FFNNDEF ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__validate_unary(dst, a);
    if (status != FFNN_OK) return status;
    for (size_t i = 0; i < a.rows * a.cols; ++i) dst.data[i] = a.data[i] * (1.0f - a.data[i]);
    return FFNN_OK;
}

/* mean (a - b)^2, in double so that the sum over a large batch loses nothing */
static float ffnn__mean_squared_error(ffnn_tensor a, ffnn_tensor b) {
    double sum = 0;
    for (size_t row = 0; row < a.rows; ++row) {
        for (size_t col = 0; col < a.cols; ++col) {
            double x = (double)a.data[row * a.cols + col];
            double y = (double)ffnn__broadcast_at(b, row, col);
            sum += (x - y) * (x - y);
        }
    }
    return (float)(sum / ((double)a.rows * (double)a.cols));
}

FFNNDEF ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse) {
    ffnn_status status = ffnn__validate_all(a, b, b, ffnn__broadcasts(b, a), mse != NULL);
    if (status == FFNN_OK) *mse = ffnn__mean_squared_error(a, b);
    return status;
}

/* ---- the network's memory ---------------------------------------------------------------- */
/* Two blocks: the weights of all layers; z, a, error and delta of all layers, for as many samples
   as the largest batch so far had. */

static bool ffnn__is_all_zero(const size_t sizes[FFNN_MAX_LAYERS + 1]);
static ffnn_status ffnn__allocate(ffnn_net *net, const size_t *sizes, size_t layer_count);

/* The network's parameters, in the order in which they are drawn and saved: see the section
   "parameters and the weights file". */
typedef struct ffnn__parameter {
    char name[8]; /* W1, W2, ... */
    ffnn_tensor tensor;
} ffnn__parameter;

static size_t ffnn__parameter_count(const ffnn_net *net);
static ffnn__parameter ffnn__parameter_at(const ffnn_net *net, size_t i);

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc) {
    size_t sizes[FFNN_MAX_LAYERS + 1] = {3, 4, 1};
    ffnn_rng seeded_with_0 = {{0}, 0, 0, 0, 0}, *rng = &seeded_with_0;
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (desc != NULL && desc->rng != NULL) rng = desc->rng;
    if (desc != NULL && !ffnn__is_all_zero(desc->sizes)) memcpy(sizes, desc->sizes, sizeof sizes);

    size_t count = 0;
    while (count <= FFNN_MAX_LAYERS && sizes[count] != 0) ++count;
    if (count < 2) return FFNN_ERROR_ARGUMENT;
    for (size_t i = count; i <= FFNN_MAX_LAYERS; ++i)
        if (sizes[i] != 0) return FFNN_ERROR_ARGUMENT; /* a layer behind one without units */

    ffnn_status status = ffnn__allocate(net, sizes, count - 1);
    if (status != FFNN_OK) return status;
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i)
        ffnn_randn(ffnn__parameter_at(net, i).tensor, rng);
    return FFNN_OK;
}

static bool ffnn__is_all_zero(const size_t sizes[FFNN_MAX_LAYERS + 1]) {
    for (size_t i = 0; i <= FFNN_MAX_LAYERS; ++i)
        if (sizes[i] != 0) return false;
    return true;
}

FFNNDEF void ffnn_free(ffnn_net *net) {
    if (net == NULL) return;
    ffnn_tensor_free(&net->weights);
    ffnn_tensor_free(&net->activations);
    memset(net, 0, sizeof *net);
}

/* rows * cols, or SIZE_MAX, which no allocation can supply. */
static size_t ffnn__area(size_t rows, size_t cols) {
    const size_t half = (size_t)1 << (sizeof(size_t) * 4 - 1);
    if (rows < half && cols < half) return rows * cols; /* saves a division, as above */
    return rows > SIZE_MAX / cols ? SIZE_MAX : rows * cols;
}

/* Gives each layer its weight in memory; with memory NULL it only counts. Returns the floats that
   this takes. */
static size_t ffnn__place_weights(ffnn_net *net, const size_t *sizes, float *memory) {
    size_t used = 0;
    for (size_t i = 0; i < net->layer_count; ++i) {
        float *weight = ffnn__carve(memory, &used, ffnn__area(sizes[i], sizes[i + 1]));
        net->layers[i].weight = ffnn_view(weight, sizes[i], sizes[i + 1]);
    }
    return used;
}

/* A network with these layer_count + 1 sizes, its weights 0. net must be all zeros. */
static ffnn_status ffnn__allocate(ffnn_net *net, const size_t *sizes, size_t layer_count) {
    net->layer_count = layer_count;
    if (ffnn_tensor_init(&net->weights, 1, ffnn__place_weights(net, sizes, NULL)) != FFNN_OK) {
        memset(net, 0, sizeof *net);
        return FFNN_ERROR_MEMORY;
    }
    ffnn__place_weights(net, sizes, net->weights.data);
    for (size_t i = 0; i < layer_count; ++i)
        if (sizes[i + 1] > net->widest) net->widest = sizes[i + 1];
    return FFNN_OK;
}

static bool ffnn__is_net(const ffnn_net *net) { return net != NULL && net->layer_count > 0; }

/* Whether t (X or y) lies outside the network's own memory. Inline: 7 of the 75 ns of an epoch of
   the default network. */
static inline bool ffnn__is_outside(const ffnn_net *net, ffnn_tensor t) {
    return !ffnn__overlap(t, net->weights) && !ffnn__overlap(t, net->activations);
}

/* Whether X and y (targets, or an output; NULL for none) are a batch for net. */
static ffnn_status ffnn__check_batch(const ffnn_net *net, const ffnn_tensor *X,
                                     const ffnn_tensor *y) {
    if (!ffnn__is_net(net)) return FFNN_ERROR_ARGUMENT;
    ffnn_status status = ffnn__validate(*X);
    if (status == FFNN_OK && y != NULL) status = ffnn__validate(*y);
    if (status != FFNN_OK) return status;
    if (X->cols != net->layers[0].weight.rows) return FFNN_ERROR_SHAPE;
    if (!ffnn__is_outside(net, *X)) return FFNN_ERROR_ARGUMENT;
    if (y == NULL) return FFNN_OK;
    size_t outputs = net->layers[net->layer_count - 1].weight.cols;
    if (y->rows != X->rows || y->cols != outputs) return FFNN_ERROR_SHAPE;
    return ffnn__is_outside(net, *y) ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

/* Gives each layer's z, a, error and delta memory for capacity samples, of which rows are used;
   with memory NULL it only counts. Returns the floats that this takes. */
static size_t ffnn__place_activations(ffnn_net *net, size_t rows, size_t capacity,
                                      float *memory) {
    size_t used = 0;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        ffnn_tensor *const tensors[] = {&layer->z, &layer->a, &layer->error, &layer->delta};
        size_t cols = layer->weight.cols;
        for (size_t j = 0; j < sizeof tensors / sizeof tensors[0]; ++j) {
            float *data = ffnn__carve(memory, &used, ffnn__area(capacity, cols));
            if (memory != NULL) *tensors[j] = ffnn_view(data, rows, cols);
        }
    }
    return used;
}

/* Makes room for a batch of rows samples. Allocates only for the largest batch so far. */
static ffnn_status ffnn__reserve(ffnn_net *net, size_t rows) {
    if (rows == net->layers[0].z.rows) return FFNN_OK;
    if (rows > net->batch_capacity) {
        ffnn_tensor larger;
        size_t count = ffnn__place_activations(net, rows, rows, NULL);
        if (ffnn_tensor_init(&larger, 1, count) != FFNN_OK) return FFNN_ERROR_MEMORY;
        ffnn_tensor_free(&net->activations);
        net->activations = larger;
        net->batch_capacity = rows;
    }
    ffnn__place_activations(net, rows, net->batch_capacity, net->activations.data);
    return FFNN_OK;
}

/* ---- forward and backward ---------------------------------------------------------------- */

static void ffnn__forward(ffnn_net *net, ffnn_tensor X);
static void ffnn__backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate);

FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output) {
    ffnn_status status = ffnn__check_batch(net, &X, NULL);
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, X);
    if (output != NULL) *output = net->layers[net->layer_count - 1].a;
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                                  float learning_rate) {
    ffnn_status status = ffnn__check_batch(net, &X, &y);
    if (status != FFNN_OK) return status;
    if (net->layers[0].z.rows != X.rows) return FFNN_ERROR_SHAPE; /* not the forward pass's X */
    ffnn__backward(net, X, y, learning_rate);
    return FFNN_OK;
}

/* z = input W and a = sigmoid(z); z may be a. Of the layer only its weight is used. */
static void ffnn__forward_layer(const ffnn_layer *layer, const float *input, size_t rows, float *z,
                                float *a) {
    const ffnn_tensor *weight = &layer->weight; /* not a copy: 2 of the 35 ns of a prediction */
    ffnn__multiply_and_sigmoid(z, a, input, weight->data, rows, weight->rows, weight->cols);
}

/* From the first layer to the last: each one's a is the next one's input. */
static void ffnn__forward(ffnn_net *net, ffnn_tensor X) {
    const float *input = X.data;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        ffnn__forward_layer(layer, input, X.rows, layer->z.data, layer->a.data);
        input = layer->a.data;
    }
}

/* error = y - a, and delta = error * sigmoid'(z) */
static void ffnn__output_delta(const ffnn_layer *last, const float *y, size_t rows) {
    size_t count = rows * last->weight.cols;
    const float *a = last->a.data;
    for (size_t i = 0; i < count; ++i) last->error.data[i] = y[i] - a[i];
    ffnn__sigmoid_delta(last->delta.data, last->error.data, a, count);
}

/* error = next delta (next W)^T, and delta = error * sigmoid'(z) */
static void ffnn__hidden_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows) {
    size_t units = next->weight.rows, next_units = next->weight.cols;
    ffnn__multiply_by_transposed(layer->error.data, next->delta.data, next->weight.data, rows,
                                 next_units, units);
    ffnn__sigmoid_delta(layer->delta.data, layer->error.data, layer->a.data, rows * units);
}

/* W += (input^T delta) * learning_rate: a step down the gradient of sum (y - a)^2 / 2 */
static void ffnn__update_layer(const ffnn_layer *layer, const float *input, size_t rows,
                               float learning_rate) {
    ffnn__add_product(layer->weight.data, input, layer->delta.data, layer->weight.rows, rows,
                      layer->weight.cols, learning_rate);
}

/* From the last layer to the first the deltas, which need the weights as they are; then the
   updates. */
static void ffnn__backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate) {
    ffnn_layer *layers = net->layers;
    size_t last = net->layer_count - 1;
    ffnn__output_delta(&layers[last], y.data, X.rows);
    for (size_t i = last; i > 0; --i) ffnn__hidden_delta(&layers[i - 1], &layers[i], X.rows);
    for (size_t i = 0; i <= last; ++i) {
        const float *input = i == 0 ? X.data : layers[i - 1].a.data;
        ffnn__update_layer(&layers[i], input, X.rows, learning_rate);
    }
}

/* ---- train, fit, predict ----------------------------------------------------------------- */

/* One step for a batch that has been checked and that there is room for. */
static void ffnn__step(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                       float *loss) {
    ffnn__forward(net, X);
    if (loss != NULL) *loss = ffnn__mean_squared_error(y, net->layers[net->layer_count - 1].a);
    ffnn__backward(net, X, y, learning_rate);
}

FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss) {
    ffnn_status status = ffnn__check_batch(net, &X, &y);
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__step(net, X, y, learning_rate, loss);
    return FFNN_OK;
}

/* What shuffling needs: the samples' order, and memory for the samples of one batch. */
typedef struct ffnn__shuffled {
    size_t *order; /* NULL: the samples keep their order */
    ffnn_tensor X, y;
} ffnn__shuffled;

static ffnn_fit_desc ffnn__fit_defaults(const ffnn_fit_desc *desc, size_t samples);
static ffnn_status ffnn__allocate_shuffled(ffnn__shuffled *shuffled, ffnn_tensor X, ffnn_tensor y,
                                           size_t batch_size);
static void ffnn__free_shuffled(ffnn__shuffled *shuffled);
static ffnn_status ffnn__epochs(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                                const ffnn_fit_desc *desc, ffnn__shuffled *shuffled);

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                             const ffnn_fit_desc *desc) {
    ffnn__shuffled shuffled = {NULL, {0, 0, NULL}, {0, 0, NULL}};
    ffnn_status status = ffnn__check_batch(net, &X, &y);
    if (status != FFNN_OK) return status;
    ffnn_fit_desc wanted = ffnn__fit_defaults(desc, X.rows);
    if (wanted.rng != NULL) status = ffnn__allocate_shuffled(&shuffled, X, y, wanted.batch_size);
    if (status == FFNN_OK) status = ffnn__reserve(net, wanted.batch_size);
    if (status == FFNN_OK) status = ffnn__epochs(net, X, y, &wanted, &shuffled);
    ffnn__free_shuffled(&shuffled);
    return status;
}

static ffnn_fit_desc ffnn__fit_defaults(const ffnn_fit_desc *desc, size_t samples) {
    ffnn_fit_desc wanted = {0, 0, 0, NULL, NULL, NULL};
    if (desc != NULL) wanted = *desc;
    if (wanted.epochs == 0) wanted.epochs = 1000;
    if (fabsf(wanted.learning_rate) <= 0) wanted.learning_rate = 0.1f; /* == 0: -Wfloat-equal */
    if (wanted.batch_size == 0 || wanted.batch_size > samples) wanted.batch_size = samples;
    return wanted;
}

static ffnn_status ffnn__allocate_shuffled(ffnn__shuffled *shuffled, ffnn_tensor X, ffnn_tensor y,
                                           size_t batch_size) {
    if (X.rows > SIZE_MAX / sizeof *shuffled->order) return FFNN_ERROR_MEMORY;
    ffnn_status status = ffnn_tensor_init(&shuffled->X, batch_size, X.cols);
    if (status == FFNN_OK) status = ffnn_tensor_init(&shuffled->y, batch_size, y.cols);
    if (status != FFNN_OK) return status;
    shuffled->order = (size_t *)FFNN_MALLOC(X.rows * sizeof *shuffled->order);
    return shuffled->order == NULL ? FFNN_ERROR_MEMORY : FFNN_OK;
}

static void ffnn__free_shuffled(ffnn__shuffled *shuffled) {
    ffnn_tensor_free(&shuffled->X);
    ffnn_tensor_free(&shuffled->y);
    if (shuffled->order != NULL) FFNN_FREE(shuffled->order);
}

static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng);
static float ffnn__epoch(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, const ffnn_fit_desc *desc,
                         const ffnn__shuffled *shuffled);

static ffnn_status ffnn__epochs(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                                const ffnn_fit_desc *desc, ffnn__shuffled *shuffled) {
    ffnn_progress progress = {0, desc->epochs, 0, 0};
    while (progress.epoch < progress.epochs) {
        if (shuffled->order != NULL) ffnn__shuffle(shuffled->order, X.rows, desc->rng);
        progress.loss = ffnn__epoch(net, X, y, desc, shuffled);
        progress.epoch += 1;
        progress.samples += X.rows;
        if (desc->progress == NULL) continue;
        if (!desc->progress(desc->user, &progress)) return FFNN_OK;
        /* progress may have changed the network, though it should not. */
        ffnn_status status = ffnn__check_batch(net, &X, &y);
        if (status == FFNN_OK) status = ffnn__reserve(net, desc->batch_size);
        if (status != FFNN_OK) return status;
    }
    return FFNN_OK;
}

static uint32_t ffnn__rng_next(ffnn_rng *rng); /* 32 random bits */

/* order = torch.randperm(count): Fisher and Yates's shuffle, the i-th place drawing from itself
   and those after it. Taking the remainder favors no place by more than count in 2^32: two in a
   million for 10,000 samples. Where PyTorch, too, finds that too much it draws 64 bits. */
static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng) {
    for (size_t i = 0; i < count; ++i) order[i] = i;
    for (size_t i = 0; i + 1 < count; ++i) {
        uint64_t draw = ffnn__rng_next(rng);
        if (count >= UINT32_MAX / 20) draw = draw << 32 | ffnn__rng_next(rng);
        size_t other = i + (size_t)(draw % (count - i));
        size_t swapped = order[i];
        order[i] = order[other];
        order[other] = swapped;
    }
}

static ffnn_tensor ffnn__gather_rows(ffnn_tensor all, ffnn_tensor batch, const size_t *order,
                                     size_t first, size_t rows);

/* Trains on all batches. Returns the mean of their losses, each weighted by its samples; 0 if
   nobody asks for it. */
static float ffnn__epoch(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, const ffnn_fit_desc *desc,
                         const ffnn__shuffled *shuffled) {
    double sum = 0;
    float loss = 0, *wanted_loss = desc->progress != NULL ? &loss : NULL;
    size_t rows;
    for (size_t first = 0; first < X.rows; first += rows) {
        rows = X.rows - first < desc->batch_size ? X.rows - first : desc->batch_size;
        ffnn_tensor inputs = ffnn__gather_rows(X, shuffled->X, shuffled->order, first, rows);
        ffnn_tensor targets = ffnn__gather_rows(y, shuffled->y, shuffled->order, first, rows);
        ffnn__reserve(net, rows); /* cannot fail: there is room for batch_size */
        ffnn__step(net, inputs, targets, desc->learning_rate, wanted_loss);
        sum += (double)loss * (double)rows;
    }
    return (float)(sum / (double)X.rows);
}

/* The rows of a batch: a view of them or, where they are shuffled, copies of them in batch. */
static ffnn_tensor ffnn__gather_rows(ffnn_tensor all, ffnn_tensor batch, const size_t *order,
                                     size_t first, size_t rows) {
    size_t cols = all.cols;
    if (order == NULL) return ffnn_view(all.data + first * cols, rows, cols);
    for (size_t row = 0; row < rows; ++row) {
        const float *from = all.data + order[first + row] * cols;
        memcpy(batch.data + row * cols, from, cols * sizeof(float));
    }
    return ffnn_view(batch.data, rows, cols);
}

enum { FFNN__PREDICT_STACK = 480 }; /* activations of a layer that are kept on the stack */

/* Makes two buffers for size activations each. Returns their memory, or NULL. */
static float *ffnn__allocate_buffers(float *buffers[2], size_t size) {
    size_t total = 0, used = 0;
    ffnn__carve(NULL, &total, size);
    ffnn__carve(NULL, &total, size);
    if (total > SIZE_MAX / sizeof(float)) return NULL;
    float *memory = (float *)FFNN_MALLOC(total * sizeof(float));
    if (memory == NULL) return NULL;
    buffers[0] = ffnn__carve(memory, &used, size);
    buffers[1] = ffnn__carve(memory, &used, size);
    return memory;
}

FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output) {
    float stack[2][FFNN__PREDICT_STACK];
    float *buffers[2] = {stack[0], stack[1]}; /* the layers take turns in them */
    float *memory = NULL;
    ffnn_status status = ffnn__check_batch(net, &X, &output);
    if (status != FFNN_OK) return status;
    if (ffnn__overlap(output, X)) return FFNN_ERROR_ARGUMENT;

    const size_t most = 256; /* samples at a time: their activations stay in the cache */
    size_t chunk = X.rows < most ? X.rows : most;
    size_t size = ffnn__area(chunk, net->widest);
    if (size > FFNN__PREDICT_STACK) {
        memory = ffnn__allocate_buffers(buffers, size);
        if (memory == NULL) return FFNN_ERROR_MEMORY;
    }
    for (size_t first = 0; first < X.rows; first += chunk) {
        size_t rows = X.rows - first < chunk ? X.rows - first : chunk;
        const float *input = X.data + first * X.cols;
        for (size_t i = 0; i < net->layer_count; ++i) {
            float *a = buffers[i % 2];
            ffnn__forward_layer(&net->layers[i], input, rows, a, a);
            input = a;
        }
        memcpy(output.data + first * output.cols, input, rows * output.cols * sizeof(float));
    }
    if (memory != NULL) FFNN_FREE(memory);
    return FFNN_OK;
}

/* ---- random numbers ---------------------------------------------------------------------- */
/* MT19937 by Matsumoto and Nishimura, 1998, and the numbers that PyTorch makes of its outputs. */

enum { FFNN__STATE_SIZE = 624 };
#define FFNN__PI 3.14159265358979323846

FFNNDEF void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed) {
    if (rng == NULL) return;
    memset(rng, 0, sizeof *rng);
    rng->seeded = 1;
    rng->state[0] = (uint32_t)(seed & 0xffffffffu);
    for (uint32_t i = 1; i < FFNN__STATE_SIZE; ++i)
        rng->state[i] = 1812433253u * (rng->state[i - 1] ^ (rng->state[i - 1] >> 30)) + i;
}

/* The next 624 outputs, yet to be tempered. */
static void ffnn__rng_refill(ffnn_rng *rng) {
    uint32_t *state = rng->state;
    if (!rng->seeded) ffnn_rng_seed(rng, 0);
    for (size_t i = 0; i < FFNN__STATE_SIZE; ++i) {
        uint32_t next = state[(i + 1) % FFNN__STATE_SIZE];
        uint32_t mixed = (state[i] & 0x80000000u) | (next & 0x7fffffffu);
        state[i] = state[(i + 397) % FFNN__STATE_SIZE] ^ (mixed >> 1) ^
                   ((next & 1u) ? 0x9908b0dfu : 0u);
    }
    rng->remaining = FFNN__STATE_SIZE;
}

static uint32_t ffnn__rng_next(ffnn_rng *rng) {
    if (rng->remaining == 0) ffnn__rng_refill(rng);
    uint32_t x = rng->state[FFNN__STATE_SIZE - rng->remaining];
    rng->remaining -= 1;
    x ^= x >> 11;
    x ^= (x << 7) & 0x9d2c5680u;
    x ^= (x << 15) & 0xefc60000u;
    return x ^ (x >> 18);
}

FFNNDEF void ffnn_rng_discard(ffnn_rng *rng, uint64_t count) {
    if (rng == NULL) return;
    while (count > rng->remaining) {
        count -= rng->remaining;
        ffnn__rng_refill(rng);
    }
    rng->remaining -= (uint32_t)count;
}

static float ffnn__normal(ffnn_rng *rng);
static void ffnn__normal_block(float *x, ffnn_rng *rng);

FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng) {
    const size_t block = 16;
    ffnn_status status = rng == NULL ? FFNN_ERROR_ARGUMENT : ffnn__validate(dst);
    if (status != FFNN_OK) return status;
    size_t count = dst.rows * dst.cols;
    if (count < block) {
        for (size_t i = 0; i < count; ++i) dst.data[i] = ffnn__normal(rng);
        return FFNN_OK;
    }
    size_t i = 0;
    for (; i + block <= count; i += block) ffnn__normal_block(dst.data + i, rng);
    if (i < count) { /* PyTorch draws numbers for the rest, then the last 16 elements afresh */
        ffnn_rng_discard(rng, count - i);
        ffnn__normal_block(dst.data + count - block, rng);
    }
    return FFNN_OK;
}

/* In [0, 1), with 53 random bits. */
static double ffnn__uniform(ffnn_rng *rng) {
    uint64_t high = ffnn__rng_next(rng), low = ffnn__rng_next(rng);
    return (double)(((high << 32) | low) & 0x1fffffffffffffu) * (1.0 / 9007199254740992.0);
}

/* Box-Muller in double. It makes numbers in pairs: the second one is kept for the next call. */
static float ffnn__normal(ffnn_rng *rng) {
    if (rng->has_kept) {
        rng->has_kept = 0;
        return (float)rng->kept;
    }
    double theta = 2 * FFNN__PI * ffnn__uniform(rng);
    double radius = sqrt(-2 * log1p(-ffnn__uniform(rng)));
    rng->kept = radius * sin(theta);
    rng->has_kept = 1;
    return (float)(radius * cos(theta));
}

/* Box-Muller for 16 numbers at once, from uniform ones with 24 random bits. radius and theta are
   floats, as in PyTorch. */
static void ffnn__normal_block(float *x, ffnn_rng *rng) {
    for (size_t i = 0; i < 16; ++i) x[i] = (float)(ffnn__rng_next(rng) & 0xffffffu) / 16777216.0f;
    for (size_t i = 0; i < 8; ++i) {
        float radius = (float)sqrt(-2 * log(1 - (double)x[i]));
        float theta = (float)(2 * FFNN__PI) * x[i + 8];
        x[i] = (float)((double)radius * cos((double)theta));
        x[i + 8] = (float)((double)radius * sin((double)theta));
    }
}

/* ---- printing ---------------------------------------------------------------------------- */
/* The rules of PyTorch's torch/_tensor_str.py, with its default options. */
#ifndef FFNN_NO_STDIO

enum {
    FFNN__PRINT_WIDTH = 80,       /* columns of a line */
    FFNN__PRINT_THRESHOLD = 1000, /* tensors of more elements are summarized */
    FFNN__PRINT_EDGE = 3          /* rows and columns that a summary shows at each end */
};

/* How one tensor is printed. */
typedef struct ffnn__printer {
    ffnn_tensor t;
    size_t rows, cols;  /* that are shown: fewer than t's in a summary */
    const char *format; /* "%.0f" for whole numbers, "%.4f" or "%.4e" */
    size_t width;       /* of an element */
} ffnn__printer;

static void ffnn__choose_format(ffnn__printer *printer);
static void ffnn__print_row(FILE *out, const ffnn__printer *printer, size_t row);

FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t) {
    const size_t most = 2 * FFNN__PRINT_EDGE;
    if (out == NULL) return FFNN_ERROR_ARGUMENT;
    if (t.rows == 0 || t.cols == 0) {
        fprintf(out, "tensor([], size=(%lu, %lu))\n", (unsigned long)t.rows, (unsigned long)t.cols);
        return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
    }
    ffnn_status status = ffnn__validate(t);
    if (status != FFNN_OK) return status;
    ffnn__printer printer = {t, t.rows, t.cols, NULL, 1};
    bool is_summary = t.rows * t.cols > FFNN__PRINT_THRESHOLD;
    if (is_summary && t.rows > most) printer.rows = most;
    if (is_summary && t.cols > most) printer.cols = most;
    ffnn__choose_format(&printer);
    fputs("tensor([[", out);
    for (size_t row = 0; row < printer.rows; ++row) {
        if (row > 0) fputs("],\n        ", out);
        if (row == FFNN__PRINT_EDGE && printer.rows < t.rows) fputs("...,\n        ", out);
        if (row > 0) fputs("[", out);
        ffnn__print_row(out, &printer, row);
    }
    fputs("]])\n", out);
    return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
}

/* The element that is shown at row and col. */
static float ffnn__element_shown(const ffnn__printer *printer, size_t row, size_t col) {
    if (row >= FFNN__PRINT_EDGE) row += printer->t.rows - printer->rows;
    if (col >= FFNN__PRINT_EDGE) col += printer->t.cols - printer->cols;
    return printer->t.data[row * printer->t.cols + col];
}

/* The text of a number in any locale: always a point, also after a whole number, and no sign
   before nan. Returns its length. */
static size_t ffnn__number_text(char text[64], const ffnn__printer *printer, float value) {
    char raw[64];
    if (isnan(value)) return (size_t)snprintf(text, 64, "nan");
    if (isinf(value)) return (size_t)snprintf(text, 64, value > 0 ? "inf" : "-inf");
    snprintf(raw, sizeof raw, printer->format, (double)value);
    size_t whole = strspn(raw, "-0123456789"); /* up to the locale's decimal point, or the end */
    const char *fraction = raw + whole + strcspn(raw + whole, "0123456789");
    return (size_t)snprintf(text, 64, "%.*s.%s", (int)whole, raw, fraction);
}

/* Only finite nonzero elements decide the format. */
static bool ffnn__decides(float value) { return fabsf(value) > 0 && !isinf(value); }

static void ffnn__choose_format(ffnn__printer *printer) {
    double smallest = HUGE_VAL, largest = 0;
    bool are_whole = true;
    size_t count = printer->rows * printer->cols;
    for (size_t i = 0; i < count; ++i) {
        float value = ffnn__element_shown(printer, i / printer->cols, i % printer->cols);
        double magnitude = fabs((double)value);
        if (!ffnn__decides(value)) continue;
        if (magnitude < smallest) smallest = magnitude;
        if (magnitude > largest) largest = magnitude;
        if (magnitude > floor(magnitude)) are_whole = false;
    }
    printer->format = are_whole ? "%.0f" : "%.4f";
    if (largest / smallest > 1000 || largest > 1e8 || (!are_whole && smallest < 1e-4))
        printer->format = "%.4e";
    for (size_t i = 0; i < count; ++i) {
        float value = ffnn__element_shown(printer, i / printer->cols, i % printer->cols);
        char text[64];
        if (!ffnn__decides(value)) continue;
        size_t width = ffnn__number_text(text, printer, value);
        if (width > printer->width) printer->width = width;
    }
}

/* A row without its brackets. */
static void ffnn__print_row(FILE *out, const ffnn__printer *printer, size_t row) {
    const size_t indent = strlen("tensor([");
    size_t per_line = (FFNN__PRINT_WIDTH - indent) / (printer->width + strlen(", "));
    bool is_summary = printer->cols < printer->t.cols;
    size_t items = 0; /* printed so far: numbers and the gap of a summary */
    for (size_t col = 0; col < printer->cols; ++col) {
        char text[64];
        if (is_summary && col == FFNN__PRINT_EDGE) {
            fputs(items % per_line == 0 ? ",\n          ..." : ",  ...", out);
            ++items;
        }
        if (items > 0) fputs(items % per_line == 0 ? ",\n         " : ", ", out);
        ffnn__number_text(text, printer, ffnn__element_shown(printer, row, col));
        fprintf(out, "%*s", (int)printer->width, text);
        ++items;
    }
}

#endif /* FFNN_NO_STDIO */

/* ---- parameters and the weights file ----------------------------------------------------- */
/* safetensors: 8 bytes that hold the header's size, the header in JSON, the tensors' bytes. The
   header is read in one pass, with no memory but the structs below and no recursion, and every
   rule of the reference reader is checked. */

static size_t ffnn__parameter_count(const ffnn_net *net) { return net->layer_count; }

static char *ffnn__append_text(char *at, const char *text);
static char *ffnn__append_number(char *at, uint64_t number);

static ffnn__parameter ffnn__parameter_at(const ffnn_net *net, size_t i) {
    ffnn__parameter parameter;
    parameter.tensor = net->layers[i].weight;
    *ffnn__append_number(ffnn__append_text(parameter.name, "W"), i + 1) = '\0';
    return parameter;
}

/* Both append without a zero at the end, and return the new end. */
static char *ffnn__append_text(char *at, const char *text) {
    size_t length = strlen(text);
    memcpy(at, text, length);
    return at + length;
}

static char *ffnn__append_number(char *at, uint64_t number) {
    char digits[20];
    size_t count = 0;
    do {
        digits[count++] = (char)('0' + number % 10);
        number /= 10;
    } while (number != 0);
    while (count > 0) *at++ = digits[--count];
    return at;
}

/* Floats to or from the file's little-endian bytes: the same copy both ways. */
static void ffnn__copy_little_endian(void *to, const void *from, size_t count) {
    const uint16_t one = 1;
    bool is_little_endian = *(const unsigned char *)&one == 1;
    if (is_little_endian) {
        memcpy(to, from, count * sizeof(float));
        return;
    }
    const unsigned char *bytes = (const unsigned char *)from;
    for (size_t i = 0; i < count * sizeof(float); ++i) ((unsigned char *)to)[i] = bytes[i ^ 3];
}

/* Loading. What the sections below do for it: */

/* A JSON text that is being read. The first error ends it: from then on it looks empty. */
enum { FFNN__MAX_STRING = 32 }; /* longer than any string that is looked for */
typedef struct ffnn__json {
    const unsigned char *at, *end;
    bool failed;
    bool is_first;                 /* a bracket was just opened: no comma comes next */
    char string[FFNN__MAX_STRING]; /* how the last one begins; what is not ASCII is '?' */
} ffnn__json;

static void ffnn__json_fail(ffnn__json *json);
static void ffnn__json_open(ffnn__json *json, char bracket);    /* { or [ */
static bool ffnn__json_more(ffnn__json *json, char bracket);    /* whether another value comes
                                                                   before the closing bracket */
static bool ffnn__json_member(ffnn__json *json);                /* the same in an object; the name
                                                                   is read into string */
static void ffnn__json_string(ffnn__json *json);                /* into string */
static uint64_t ffnn__json_unsigned(ffnn__json *json);
static bool ffnn__json_null(ffnn__json *json);                  /* steps over null, if it is next */
static void ffnn__json_skip(ffnn__json *json);                  /* any value */
static bool ffnn__json_ended(ffnn__json *json);                 /* well, and at the text's end */

/* The bytes of a weights file: in the caller's memory or, if file is not NULL, read from there into
   memory of its own. That grows with what is there, so a header that lies about its size cannot
   force a large allocation. */
typedef struct ffnn__source {
    const unsigned char *bytes;
    size_t size;           /* of bytes, so far */
    void *file;            /* a FILE */
    unsigned char *memory; /* bytes, if they are read from file; start at first */
    size_t capacity;       /* of memory */
    bool is_allocated;     /* memory is */
    bool size_is_known;    /* what is asked for may be allocated at once */
    unsigned char start[8]; /* the header's size: many a wrong file is refused by it */
} ffnn__source;

/* Reads on until source holds size bytes; FFNN_ERROR_FORMAT if the file ends before. */
static ffnn_status ffnn__read(ffnn__source *source, uint64_t size);
/* The same for all of the file: FFNN_ERROR_FORMAT, too, if it goes on after size bytes. */
static ffnn_status ffnn__read_to_end(ffnn__source *source, uint64_t size);

/* One tensor of a header; all zero is none. */
typedef struct ffnn__entry {
    bool is_f32;
    bool size_mismatch; /* its bytes are not as many as its shape and dtype need */
    uint64_t rank, shape[2], begin, end; /* the bytes count from the end of the header */
} ffnn__entry;

/* What a header says. */
typedef struct ffnn__index {
    ffnn__entry layers[FFNN_MAX_LAYERS]; /* W1, W2, ... */
    size_t last_layer;                   /* the largest N of a WN, also beyond FFNN_MAX_LAYERS */
    bool has_others;                     /* tensors with other names */
    uint64_t data_size;                  /* bytes up to the end of the last tensor */
    uint64_t bytes_claimed;              /* by all tensors together */
} ffnn__index;

enum { FFNN__MAX_HEADER = 100000000 }; /* bytes: the reference reader's limit */

static ffnn_status ffnn__read_weights(ffnn__source *source, ffnn_net *net);
static ffnn_status ffnn__read_header_size(ffnn__source *source, size_t *size);
static ffnn_status ffnn__read_index(const unsigned char *header, size_t size, ffnn__index *index);
static ffnn_status ffnn__match(const ffnn__index *index, const ffnn_net *net, size_t *sizes);

#ifndef FFNN_NO_STDIO

static bool ffnn__source_open(ffnn__source *source, const char *path);
static void ffnn__source_close(ffnn__source *source);

static ffnn_status ffnn__load(ffnn_net *net, const char *path) {
    ffnn__source source;
    if (!ffnn__source_open(&source, path)) return FFNN_ERROR_IO;
    ffnn_status status = ffnn__read_weights(&source, net);
    ffnn__source_close(&source);
    return status;
}

FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path) {
    return ffnn__is_net(net) && path != NULL ? ffnn__load(net, path) : FFNN_ERROR_ARGUMENT;
}

FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path) {
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    return path != NULL ? ffnn__load(net, path) : FFNN_ERROR_ARGUMENT;
}

#endif /* FFNN_NO_STDIO */

FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size) {
    ffnn__source source;
    if (!ffnn__is_net(net) || data == NULL) return FFNN_ERROR_ARGUMENT;
    memset(&source, 0, sizeof source);
    source.bytes = (const unsigned char *)data;
    source.size = size;
    return ffnn__read_weights(&source, net);
}

/* Reads weights into net or, if it has no layers, into a new network with the file's sizes. */
static ffnn_status ffnn__read_weights(ffnn__source *source, ffnn_net *net) {
    bool is_new = net->layer_count == 0;
    size_t header_size, sizes[FFNN_MAX_LAYERS + 1];
    ffnn__index index;
    ffnn_status status = ffnn__read_header_size(source, &header_size);
    if (status == FFNN_OK) status = ffnn__read(source, (uint64_t)8 + header_size);
    if (status != FFNN_OK) return status;
    status = ffnn__read_index(source->bytes + 8, header_size, &index);
    if (status != FFNN_OK) return status;

    /* A malformed file is FFNN_ERROR_FORMAT even if it does not match either: whether it matches
       counts only after its last byte. */
    ffnn_status match = ffnn__match(&index, net, sizes);
    source->size_is_known = match == FFNN_OK && !is_new;
    if (index.data_size > UINT64_MAX - 8 - header_size) return FFNN_ERROR_FORMAT;
    status = ffnn__read_to_end(source, 8 + header_size + index.data_size);
    if (status == FFNN_OK) status = match;
    if (status == FFNN_OK && is_new) status = ffnn__allocate(net, sizes, index.last_layer);
    if (status != FFNN_OK) return status;

    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        const unsigned char *data = source->bytes + 8 + header_size;
        ffnn__copy_little_endian(t.data, data + index.layers[i].begin, t.rows * t.cols);
    }
    return FFNN_OK;
}

static ffnn_status ffnn__read_header_size(ffnn__source *source, size_t *size) {
    uint64_t value = 0;
    ffnn_status status = ffnn__read(source, 8);
    if (status != FFNN_OK) return status;
    for (size_t i = 8; i > 0; --i) value = value << 8 | source->bytes[i - 1];
    if (value > FFNN__MAX_HEADER) return FFNN_ERROR_FORMAT;
    *size = (size_t)value;
    return FFNN_OK;
}

static void ffnn__read_metadata(ffnn__json *json);
static void ffnn__read_entry(ffnn__json *json, ffnn__entry *entry);
static size_t ffnn__layer_number(const char *name);
static bool ffnn__fills_data(ffnn__index *index);
static bool ffnn__claim_bytes(ffnn__index *index, const ffnn__entry *entry);

/* Reads {"W1":{...},"W2":{...},"__metadata__":{...}}. */
static ffnn_status ffnn__read_index(const unsigned char *header, size_t size, ffnn__index *index) {
    ffnn__json text = {header, header + size, false, false, ""}, *json = &text;
    bool has_metadata = false;
    memset(index, 0, sizeof *index);
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) {
        if (strcmp(json->string, "__metadata__") == 0) {
            if (has_metadata) ffnn__json_fail(json);
            has_metadata = true;
            ffnn__read_metadata(json);
            continue;
        }
        size_t layer = ffnn__layer_number(json->string);
        if (layer > index->last_layer) index->last_layer = layer;
        if (layer >= 1 && layer <= FFNN_MAX_LAYERS) {
            ffnn__read_entry(json, &index->layers[layer - 1]); /* of one name the last counts */
        } else {
            ffnn__entry other;
            ffnn__read_entry(json, &other);
            if (layer == 0) index->has_others = true;
            if (!ffnn__claim_bytes(index, &other)) ffnn__json_fail(json);
        }
    }
    return ffnn__json_ended(json) && ffnn__fills_data(index) ? FFNN_OK : FFNN_ERROR_FORMAT;
}

/* null or {"name":"text", ...} */
static void ffnn__read_metadata(ffnn__json *json) {
    if (ffnn__json_null(json)) return;
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) ffnn__json_string(json);
}

/* N if name is WN, else 0. Numbers of more than eight digits count as other names. */
static size_t ffnn__layer_number(const char *name) {
    size_t number = 0, length = strlen(name);
    if (name[0] != 'W' || name[1] == '0' || length < 2 || length > 9) return 0;
    for (size_t i = 1; i < length; ++i) {
        if (name[i] < '0' || name[i] > '9') return 0;
        number = number * 10 + (size_t)(name[i] - '0');
    }
    return number;
}

static unsigned ffnn__dtype_bits(const char *dtype);
static uint64_t ffnn__read_shape(ffnn__json *json, ffnn__entry *entry);

/* Marks that a field has been seen, which it may be only once. */
static void ffnn__once(ffnn__json *json, bool *seen) {
    if (*seen) ffnn__json_fail(json);
    *seen = true;
}

static uint64_t ffnn__read_offset(ffnn__json *json) {
    if (!ffnn__json_more(json, ']')) ffnn__json_fail(json);
    return ffnn__json_unsigned(json);
}

/* {"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}, in any order and with other fields. */
static void ffnn__read_entry(ffnn__json *json, ffnn__entry *entry) {
    bool has_dtype = false, has_shape = false, has_offsets = false;
    uint64_t elements = 0, bits = 0;
    memset(entry, 0, sizeof *entry);
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) {
        if (strcmp(json->string, "dtype") == 0) {
            ffnn__once(json, &has_dtype);
            ffnn__json_string(json);
            bits = ffnn__dtype_bits(json->string);
            entry->is_f32 = strcmp(json->string, "F32") == 0;
        } else if (strcmp(json->string, "shape") == 0) {
            ffnn__once(json, &has_shape);
            elements = ffnn__read_shape(json, entry);
        } else if (strcmp(json->string, "data_offsets") == 0) {
            ffnn__once(json, &has_offsets);
            ffnn__json_open(json, '[');
            entry->begin = ffnn__read_offset(json);
            entry->end = ffnn__read_offset(json);
            if (ffnn__json_more(json, ']')) ffnn__json_fail(json);
        } else {
            ffnn__json_skip(json);
        }
    }
    if (!has_dtype || !has_shape || !has_offsets || bits == 0) {
        ffnn__json_fail(json);
    } else if (elements > UINT64_MAX / bits || elements * bits % 8 != 0 ||
               entry->end < entry->begin || entry->end - entry->begin != elements * bits / 8) {
        entry->size_mismatch = true;
    }
}

/* Bits of an element, or 0 for a dtype that the format does not know. */
static unsigned ffnn__dtype_bits(const char *dtype) {
    static const struct {
        const char *name;
        unsigned bits;
    } known[] = {{"BOOL", 8},        {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6},
                 {"U8", 8},          {"I8", 8},          {"F8_E5M2", 8}, {"F8_E4M3", 8},
                 {"F8_E8M0", 8},     {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
                 {"I16", 16},        {"U16", 16},        {"F16", 16},    {"BF16", 16},
                 {"I32", 32},        {"U32", 32},        {"F32", 32},    {"C64", 64},
                 {"F64", 64},        {"I64", 64},        {"U64", 64}};
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i)
        if (strcmp(known[i].name, dtype) == 0) return known[i].bits;
    return 0;
}

/* [3,4]: the number of elements. It may not overflow, not even on the way to 0. */
static uint64_t ffnn__read_shape(ffnn__json *json, ffnn__entry *entry) {
    uint64_t elements = 1;
    ffnn__json_open(json, '[');
    while (ffnn__json_more(json, ']')) {
        uint64_t size = ffnn__json_unsigned(json);
        if (size != 0 && elements > UINT64_MAX / size) entry->size_mismatch = true;
        elements *= size;
        if (entry->rank < 2) entry->shape[entry->rank] = size;
        ++entry->rank;
    }
    return elements;
}

/* Counts the tensor's bytes; false if they are not as many as they should be. */
static bool ffnn__claim_bytes(ffnn__index *index, const ffnn__entry *entry) {
    if (entry->end > index->data_size) index->data_size = entry->end;
    index->bytes_claimed += entry->end - entry->begin;
    return !entry->size_mismatch;
}

/* Whether the tensors fill the data: none overlap, and together they are as large as it is.
   Overlaps of other tensors than the layers' are not looked for: their file is refused in any
   case. */
static bool ffnn__fills_data(ffnn__index *index) {
    for (size_t i = 0; i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *a = &index->layers[i];
        for (size_t j = 0; j < i; ++j) {
            const ffnn__entry *b = &index->layers[j];
            if (a->begin < b->end && b->begin < a->end) return false;
        }
        if (!ffnn__claim_bytes(index, a)) return false;
    }
    return index->bytes_claimed == index->data_size;
}

/* Whether a file holds the weights of one network, of net if that has layers, and nothing else;
   sizes become those of the file's layers. */
static ffnn_status ffnn__match(const ffnn__index *index, const ffnn_net *net, size_t *sizes) {
    bool is_new = net->layer_count == 0;
    if (index->has_others || index->last_layer == 0) return FFNN_ERROR_MISMATCH;
    if (!is_new && index->last_layer != net->layer_count) return FFNN_ERROR_MISMATCH;
    for (size_t i = 0; i < index->last_layer && i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *entry = &index->layers[i];
        uint64_t rows = entry->shape[0], cols = entry->shape[1];
        if (!entry->is_f32 || entry->rank != 2 || rows == 0 || cols == 0)
            return FFNN_ERROR_MISMATCH;
        if (i > 0 && rows != index->layers[i - 1].shape[1]) return FFNN_ERROR_MISMATCH;
        ffnn_tensor weight = net->layers[i].weight;
        if (!is_new && (rows != weight.rows || cols != weight.cols)) return FFNN_ERROR_MISMATCH;
        sizes[i] = (size_t)rows;
        sizes[i + 1] = (size_t)cols;
    }
    return index->last_layer > FFNN_MAX_LAYERS ? FFNN_ERROR_ARGUMENT : FFNN_OK;
}

/* Saving. */

/* What a header takes at the most: 20 bytes and, for each tensor, less than 100 bytes of JSON with
   up to four numbers of 20 digits. */
enum { FFNN__HEADER_ROOM = 32 + FFNN_MAX_LAYERS * 180 };

static size_t ffnn__make_header(const ffnn_net *net, char header[FFNN__HEADER_ROOM]);

#ifndef FFNN_NO_STDIO

static bool ffnn__write_weights(FILE *file, const void *what);

/* Writes a file through a function, which returns false if it could not write everything, so that
   path holds either the old file or the new one, intact. */
static ffnn_status ffnn__replace_file(const char *path, bool (*write)(FILE *file, const void *what),
                                      const void *what);

FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path) {
    if (!ffnn__is_net(net) || path == NULL) return FFNN_ERROR_ARGUMENT;
    return ffnn__replace_file(path, ffnn__write_weights, net);
}

static bool ffnn__write_weights(FILE *file, const void *what) {
    const ffnn_net *net = (const ffnn_net *)what;
    char header[FFNN__HEADER_ROOM];
    fwrite(header, 1, ffnn__make_header(net, header), file);
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        size_t count = t.rows * t.cols, written = 0;
        while (written < count && !ferror(file)) {
            unsigned char chunk[4096];
            size_t floats = sizeof chunk / sizeof(float);
            if (floats > count - written) floats = count - written;
            ffnn__copy_little_endian(chunk, t.data + written, floats);
            fwrite(chunk, sizeof(float), floats, file);
            written += floats;
        }
    }
    return !ferror(file);
}

#endif /* FFNN_NO_STDIO */

FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size) {
    char header[FFNN__HEADER_ROOM], *at = (char *)data;
    if (!ffnn__is_net(net) || size == NULL) return FFNN_ERROR_ARGUMENT;
    size_t header_size = ffnn__make_header(net, header);
    *size = header_size;
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        *size += t.rows * t.cols * sizeof(float);
    }
    if (data == NULL) return FFNN_OK;
    if (capacity < *size) return FFNN_ERROR_ARGUMENT;
    memcpy(at, header, header_size);
    at += header_size;
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        ffnn__copy_little_endian(at, t.data, t.rows * t.cols);
        at += t.rows * t.cols * sizeof(float);
    }
    return FFNN_OK;
}

/* The bytes before the weights. Returns how many they are: a multiple of 8. */
static size_t ffnn__make_header(const ffnn_net *net, char header[FFNN__HEADER_ROOM]) {
    char *at = header + 8;
    uint64_t offset = 0;
    *at++ = '{';
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn__parameter parameter = ffnn__parameter_at(net, i);
        uint64_t rows = parameter.tensor.rows, cols = parameter.tensor.cols;
        uint64_t end = offset + rows * cols * sizeof(float);
        at = ffnn__append_text(at, i == 0 ? "\"" : ",\"");
        at = ffnn__append_text(at, parameter.name);
        at = ffnn__append_text(at, "\":{\"dtype\":\"F32\",\"shape\":[");
        at = ffnn__append_number(at, rows);
        at = ffnn__append_text(at, ",");
        at = ffnn__append_number(at, cols);
        at = ffnn__append_text(at, "],\"data_offsets\":[");
        at = ffnn__append_number(at, offset);
        at = ffnn__append_text(at, ",");
        at = ffnn__append_number(at, end);
        at = ffnn__append_text(at, "]}");
        offset = end;
    }
    *at++ = '}';
    while ((at - header) % 8 != 0) *at++ = ' ';
    size_t size = (size_t)(at - header);
    for (size_t i = 0; i < 8; ++i) header[i] = (char)((uint64_t)(size - 8) >> (8 * i) & 0xff);
    return size;
}

/* ---- JSON -------------------------------------------------------------------------------- */
/* A reader for one pass over a text, after RFC 8259. */

enum { FFNN__MAX_NESTING = 64 }; /* of values that are skipped: one bit each in a uint64_t */

static int ffnn__json_peek(const ffnn__json *json) {
    return json->at < json->end ? *json->at : -1;
}

static int ffnn__json_next(ffnn__json *json) {
    int c = ffnn__json_peek(json);
    if (c >= 0) ++json->at;
    return c;
}

static void ffnn__json_fail(ffnn__json *json) {
    json->failed = true;
    json->at = json->end;
}

static void ffnn__json_space(ffnn__json *json) {
    while (json->at < json->end && memchr(" \t\n\r", *json->at, 4) != NULL) ++json->at;
}

/* Skips white space, then c; false if something else comes first. */
static bool ffnn__json_accept(ffnn__json *json, char c) {
    ffnn__json_space(json);
    if (ffnn__json_peek(json) != c) return false;
    ++json->at;
    return true;
}

static void ffnn__json_expect(ffnn__json *json, char c) {
    if (!ffnn__json_accept(json, c)) ffnn__json_fail(json);
}

/* Steps over a word that stands just here. */
static bool ffnn__json_word(ffnn__json *json, const char *word) {
    size_t length = strlen(word), left = (size_t)(json->end - json->at);
    if (left < length || memcmp(json->at, word, length) != 0) return false;
    json->at += length;
    return true;
}

static bool ffnn__json_null(ffnn__json *json) {
    ffnn__json_space(json);
    return ffnn__json_word(json, "null");
}

static bool ffnn__json_ended(ffnn__json *json) {
    ffnn__json_space(json);
    return !json->failed && json->at == json->end;
}

static void ffnn__json_open(ffnn__json *json, char bracket) {
    ffnn__json_expect(json, bracket);
    json->is_first = true;
}

static bool ffnn__json_more(ffnn__json *json, char bracket) {
    bool is_first = json->is_first;
    json->is_first = false;
    if (ffnn__json_accept(json, bracket)) return false;
    if (!is_first) ffnn__json_expect(json, ',');
    return !json->failed;
}

static bool ffnn__json_member(ffnn__json *json) {
    if (!ffnn__json_more(json, '}')) return false;
    ffnn__json_string(json);
    ffnn__json_expect(json, ':');
    return !json->failed;
}

static int ffnn__json_escape(ffnn__json *json);
static int ffnn__json_utf8(ffnn__json *json, int lead);

static void ffnn__json_string(ffnn__json *json) {
    size_t length = 0;
    ffnn__json_expect(json, '"');
    while (!json->failed) {
        int c = ffnn__json_next(json);
        if (c == '"') break;
        if (c == '\\') c = ffnn__json_escape(json);
        else if (c < 0x20) c = -1; /* a control character, or the end */
        else if (c >= 0x80) c = ffnn__json_utf8(json, c);
        if (c < 0) ffnn__json_fail(json);
        else if (length < FFNN__MAX_STRING - 1)
            json->string[length++] = (char)(c > 0 && c < 0x80 ? c : '?');
    }
    json->string[length] = '\0';
}

static int ffnn__json_hex4(ffnn__json *json);

/* The character that a backslash and what follows stand for, '?' beyond ASCII; -1 if none. */
static int ffnn__json_escape(ffnn__json *json) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = ffnn__json_next(json);
    const char *found = (const char *)memchr(from, c, sizeof from - 1);
    if (found != NULL) return to[found - from];
    if (c != 'u') return -1;
    int high = ffnn__json_hex4(json);
    if (high < 0xD800 || high > 0xDFFF) return high;
    /* A surrogate: good only as the first half of a pair. */
    if (high > 0xDBFF || !ffnn__json_word(json, "\\u")) return -1;
    int low = ffnn__json_hex4(json);
    return low >= 0xDC00 && low <= 0xDFFF ? '?' : -1;
}

/* The number that four hex digits make, or -1. */
static int ffnn__json_hex4(ffnn__json *json) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int value = 0;
    for (int i = 0; i < 4; ++i) {
        const char *digit = (const char *)memchr(digits, ffnn__json_next(json), 32);
        if (digit == NULL) return -1;
        value = value * 16 + (int)(digit - digits) % 16;
    }
    return value;
}

/* The rest of a UTF-8 character that begins with lead: '?', or -1 if it is none. The ranges are
   those of table 3-7 of the Unicode standard. */
static int ffnn__json_utf8(ffnn__json *json, int lead) {
    if (lead < 0xC2 || lead > 0xF4) return -1;
    int low = 0x80, high = 0xBF; /* of the next byte */
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    int more = lead < 0xE0 ? 1 : 2;
    if (lead >= 0xF0) more = 3;
    for (; more > 0; --more) {
        int c = ffnn__json_next(json);
        if (c < low || c > high) return -1;
        low = 0x80;
        high = 0xBF;
    }
    return '?';
}

static void ffnn__json_digits(ffnn__json *json) {
    const unsigned char *begin = json->at;
    while (ffnn__json_peek(json) >= '0' && ffnn__json_peek(json) <= '9') ++json->at;
    if (json->at == begin) ffnn__json_fail(json);
}

/* A number of digits only, below 2^64. What follows a 0 is left to, and refused by, the caller. */
static uint64_t ffnn__json_unsigned(ffnn__json *json) {
    uint64_t value = 0;
    ffnn__json_space(json);
    if (ffnn__json_word(json, "0")) return 0;
    const unsigned char *at = json->at;
    ffnn__json_digits(json);
    for (; at < json->at && !json->failed; ++at) {
        uint64_t digit = (uint64_t)*at - '0';
        if (value > (UINT64_MAX - digit) / 10) ffnn__json_fail(json);
        value = value * 10 + digit;
    }
    return value;
}

static void ffnn__json_skip_scalar(ffnn__json *json);

/* A bit for each open bracket, 1 for an object, stands for the stack. */
static void ffnn__json_skip(ffnn__json *json) {
    uint64_t objects = 0;
    int depth = 0;
    do {
        bool has_value = true;
        if (depth > 0 && (objects & 1)) has_value = ffnn__json_member(json);
        else if (depth > 0) has_value = ffnn__json_more(json, ']');
        if (!has_value) {
            objects >>= 1;
            --depth;
            continue;
        }
        ffnn__json_space(json);
        int c = ffnn__json_peek(json);
        if (c == '{' || c == '[') {
            ffnn__json_open(json, (char)c);
            objects = objects << 1 | (c == '{');
            ++depth;
            if (depth > FFNN__MAX_NESTING) ffnn__json_fail(json);
        } else {
            ffnn__json_skip_scalar(json);
        }
    } while (depth > 0 && !json->failed);
}

/* A string, true, false, null or number. */
static void ffnn__json_skip_scalar(ffnn__json *json) {
    if (ffnn__json_peek(json) == '"') {
        ffnn__json_string(json);
        return;
    }
    if (ffnn__json_word(json, "true") || ffnn__json_word(json, "false") ||
        ffnn__json_word(json, "null"))
        return;
    ffnn__json_word(json, "-");
    if (!ffnn__json_word(json, "0")) ffnn__json_digits(json);
    if (ffnn__json_word(json, ".")) ffnn__json_digits(json);
    if (ffnn__json_word(json, "e") || ffnn__json_word(json, "E")) {
        if (!ffnn__json_word(json, "+")) ffnn__json_word(json, "-");
        ffnn__json_digits(json);
    }
}

/* ---- files ------------------------------------------------------------------------------- */

#ifndef FFNN_NO_STDIO
static ffnn_status ffnn__grow(ffnn__source *source, uint64_t wanted);
#endif

static ffnn_status ffnn__read(ffnn__source *source, uint64_t size) {
#ifndef FFNN_NO_STDIO
    FILE *file = (FILE *)source->file;
    while (file != NULL && source->size < size) {
        if (source->size == source->capacity) {
            ffnn_status status = ffnn__grow(source, size);
            if (status != FFNN_OK) return status;
        }
        size_t free_bytes = source->capacity - source->size;
        if (free_bytes > size - source->size) free_bytes = (size_t)(size - source->size);
        size_t count = fread(source->memory + source->size, 1, free_bytes, file);
        source->size += count;
        if (count < free_bytes) return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
    }
#endif
    return source->size < size ? FFNN_ERROR_FORMAT : FFNN_OK;
}

static ffnn_status ffnn__read_to_end(ffnn__source *source, uint64_t size) {
    ffnn_status status = ffnn__read(source, size);
    if (status != FFNN_OK) return status;
    if (source->size > size) return FFNN_ERROR_FORMAT;
#ifndef FFNN_NO_STDIO
    FILE *file = (FILE *)source->file;
    if (file != NULL && fgetc(file) != EOF) return FFNN_ERROR_FORMAT;
    if (file != NULL && ferror(file)) return FFNN_ERROR_IO;
#endif
    return FFNN_OK;
}

#ifndef FFNN_NO_STDIO

/* What differs between platforms: three blocks with the same functions in the same order. Those
   that return false or NULL have set errno. */

enum { FFNN__PATH_SIZE = 4096 }; /* with the zero at its end */

/* What ffnn__replace_file needs to know of what stands at a path. */
typedef struct ffnn__target {
    char path[FFNN__PATH_SIZE]; /* of the file to replace, links followed */
    bool is_special;            /* a device or a pipe: to be written to, not replaced */
    int rights;                 /* access rights; -1 if nothing is there */
} ffnn__target;

#if defined(_WIN32) /* ---------------- Windows: paths are UTF-8 */

#define FFNN__SEPARATORS "/\\:" /* of a path */

/* A path as Windows wants it. */
static bool ffnn__wide(wchar_t wide[FFNN__PATH_SIZE], const char *path) {
    const unsigned utf_8 = 65001, refuse_invalid = 8;
    errno = EINVAL;
    return MultiByteToWideChar(utf_8, refuse_invalid, path, -1, wide, FFNN__PATH_SIZE) > 0;
}

static bool ffnn__find_target(ffnn__target *target) {
    (void)target; /* no links, devices or rights */
    return true;
}

static FILE *ffnn__open(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    return ffnn__wide(wide, path) ? _wfopen(wide, L"rb") : NULL;
}

static void ffnn__remove(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    if (ffnn__wide(wide, path)) _wremove(wide);
}

/* Opens a file that is not there yet. */
static FILE *ffnn__create(const char *path) {
    const int flags = _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL;
    wchar_t wide[FFNN__PATH_SIZE];
    if (!ffnn__wide(wide, path)) return NULL;
    int number = _wopen(wide, flags, _S_IREAD | _S_IWRITE);
    if (number < 0) return NULL;
    FILE *file = _fdopen(number, "wb");
    if (file == NULL) {
        int error = errno;
        _close(number);
        ffnn__remove(path);
        errno = error;
    }
    return file;
}

static bool ffnn__set_rights(const char *path, int rights) {
    (void)path;
    (void)rights;
    return true;
}

/* To the disk. */
static bool ffnn__sync(FILE *file) { return _commit(_fileno(file)) == 0; }

static bool ffnn__replace(const char *temporary, const char *path) {
    const unsigned long replace_existing = 1, write_through = 8;
    wchar_t from[FFNN__PATH_SIZE], to[FFNN__PATH_SIZE];
    if (!ffnn__wide(from, temporary) || !ffnn__wide(to, path)) return false;
    errno = EACCES; /* open in some program, write-protected, or a folder */
    return MoveFileExW(from, to, replace_existing | write_through) != 0;
}

#elif defined(FFNN__POSIX) /* --------- POSIX */

#define FFNN__SEPARATORS "/"

/* Replaces the path of symbolic links by the path that they lead to. */
static bool ffnn__follow_links(char *path) {
    const int most = 40; /* as Linux: more are taken for a loop */
    for (int links = 0; links < most; ++links) {
        char link[FFNN__PATH_SIZE];
        ssize_t length = readlink(path, link, sizeof link);
        if (length < 0) return errno == EINVAL || errno == ENOENT; /* no link, or nothing there */
        char *name = strrchr(path, '/');
        name = name == NULL || link[0] == '/' ? path : name + 1;
        errno = ENAMETOOLONG;
        if ((name - path) + length >= FFNN__PATH_SIZE) return false;
        memcpy(name, link, (size_t)length);
        name[length] = '\0';
    }
    errno = ELOOP;
    return false;
}

static bool ffnn__find_target(ffnn__target *target) {
    struct stat info;
    if (stat(target->path, &info) != 0)
        return errno == ENOENT && ffnn__follow_links(target->path);
    target->is_special = !S_ISREG(info.st_mode);
    target->rights = (int)(info.st_mode & 0777);
    if (target->is_special) return true;
    return access(target->path, W_OK) == 0 && ffnn__follow_links(target->path);
}

static FILE *ffnn__open(const char *path) { return fopen(path, "rb"); }
static void ffnn__remove(const char *path) { remove(path); }

/* Opens a file that is not there yet. */
static FILE *ffnn__create(const char *path) { return fopen(path, "wbx"); }

static bool ffnn__set_rights(const char *path, int rights) {
    return chmod(path, (mode_t)rights) == 0;
}

/* To the disk. */
static bool ffnn__sync(FILE *file) { return fsync(fileno(file)) == 0; }

static bool ffnn__replace(const char *temporary, const char *path) {
    return rename(temporary, path) == 0;
}

#else /* ------------------------------ what C alone offers */

#define FFNN__SEPARATORS "/"

static bool ffnn__find_target(ffnn__target *target) {
    (void)target;
    return true;
}

static FILE *ffnn__open(const char *path) { return fopen(path, "rb"); }
static void ffnn__remove(const char *path) { remove(path); }

/* Opens a file that is not there yet. */
static FILE *ffnn__create(const char *path) { return fopen(path, "wbx"); }

static bool ffnn__set_rights(const char *path, int rights) {
    (void)path;
    (void)rights;
    return true;
}

static bool ffnn__sync(FILE *file) {
    (void)file;
    return true;
}

static bool ffnn__replace(const char *temporary, const char *path) {
    return rename(temporary, path) == 0;
}

#endif

/* What follows is the same everywhere. Reading: */

static bool ffnn__source_open(ffnn__source *source, const char *path) {
    memset(source, 0, sizeof *source);
    source->bytes = source->memory = source->start;
    source->capacity = sizeof source->start;
    source->file = ffnn__open(path);
    return source->file != NULL;
}

static void ffnn__source_close(ffnn__source *source) {
    int error = errno; /* of a read that failed */
    if (source->is_allocated) FFNN_FREE(source->memory);
    fclose((FILE *)source->file);
    errno = error;
}

/* Makes the source's memory larger, for wanted bytes if that many are sure to come. */
static ffnn_status ffnn__grow(ffnn__source *source, uint64_t wanted) {
    uint64_t capacity = 2 * (uint64_t)source->capacity + 1024;
    if (source->size_is_known) capacity = wanted;
    if (capacity > SIZE_MAX) return FFNN_ERROR_MEMORY;
    unsigned char *memory = (unsigned char *)FFNN_MALLOC((size_t)capacity);
    if (memory == NULL) return FFNN_ERROR_MEMORY;
    memcpy(memory, source->memory, source->size);
    if (source->is_allocated) FFNN_FREE(source->memory);
    source->bytes = source->memory = memory;
    source->capacity = (size_t)capacity;
    source->is_allocated = true;
    return FFNN_OK;
}

/* Replacing: */

static bool ffnn__write_and_close(FILE *file, bool (*write)(FILE *file, const void *what),
                                  const void *what, bool (*sync)(FILE *file));
static FILE *ffnn__create_beside(const char *target, char path[FFNN__PATH_SIZE]);

static ffnn_status ffnn__replace_file(const char *path,
                                      bool (*write)(FILE *file, const void *what),
                                      const void *what) {
    ffnn__target target;
    char temporary[FFNN__PATH_SIZE];
    target.is_special = false;
    target.rights = -1;
    errno = ENAMETOOLONG;
    if (strlen(path) >= FFNN__PATH_SIZE) return FFNN_ERROR_IO;
    strcpy(target.path, path);
    if (!ffnn__find_target(&target)) return FFNN_ERROR_IO;
    if (target.is_special) {
        FILE *special = fopen(path, "wb");
        if (special == NULL) return FFNN_ERROR_IO;
        return ffnn__write_and_close(special, write, what, NULL) ? FFNN_OK : FFNN_ERROR_IO;
    }

    FILE *file = ffnn__create_beside(target.path, temporary);
    if (file == NULL) return FFNN_ERROR_IO;
    /* The rights come before the bytes: nobody may read those who might not read the old file. */
    bool ok = target.rights < 0 || ffnn__set_rights(temporary, target.rights);
    int error = errno;
    if (!ok) fclose(file);
    if (ok && !ffnn__write_and_close(file, write, what, ffnn__sync)) {
        ok = false;
        error = errno;
    }
    if (ok && !ffnn__replace(temporary, target.path)) {
        ok = false;
        error = errno;
    }
    if (!ok) ffnn__remove(temporary);
    errno = error;
    return ok ? FFNN_OK : FFNN_ERROR_IO;
}

/* Lets write fill the file and brings it to the disk, if sync is not NULL. If anything fails, errno
   is that of the first that did. */
static bool ffnn__write_and_close(FILE *file, bool (*write)(FILE *file, const void *what),
                                  const void *what, bool (*sync)(FILE *file)) {
    bool ok = write(file, what) && fflush(file) == 0;
    if (ok && sync != NULL) ok = sync(file);
    int error = errno;
    if (fclose(file) != 0 && ok) {
        ok = false;
        error = errno;
    }
    errno = error;
    return ok;
}

/* Creates a file in the folder of target, under the first name that is free. */
static FILE *ffnn__create_beside(const char *target, char path[FFNN__PATH_SIZE]) {
    const size_t longest_name = 32;
    const uint64_t attempts = 10000;
    size_t folder = strlen(target);
    while (folder > 0 && strchr(FFNN__SEPARATORS, target[folder - 1]) == NULL) --folder;
    errno = ENAMETOOLONG;
    if (folder + longest_name > FFNN__PATH_SIZE) return NULL;
    memcpy(path, target, folder);
    for (uint64_t i = 0; i < attempts; ++i) {
        char *end = ffnn__append_number(ffnn__append_text(path + folder, ".ffnn-"), i);
        strcpy(end, ".tmp");
        errno = EEXIST; /* what a C library says that does not set it */
        FILE *file = ffnn__create(path);
        if (file != NULL || errno != EEXIST) return file;
    }
    return NULL;
}

#endif /* FFNN_NO_STDIO */

/* ---- kernels in plain C ------------------------------------------------------------------ */
/* The functions that "what the kernels compute" declares. They describe each product to one
   function, ffnn__run. It stands in this section for compilers without vector types, for other
   processors and for FFNN_NO_SIMD, and in the next section for all others. */

static float *ffnn__carve(float *memory, size_t *used, size_t count) {
    const size_t most_skipped = FFNN__ALIGNMENT - 1;
    if (count > SIZE_MAX - most_skipped || *used > SIZE_MAX - most_skipped - count) {
        *used = SIZE_MAX;
        return NULL;
    }
    if (memory == NULL) {
        *used += count + most_skipped;
        return NULL;
    }
    float *begin = memory + *used;
    begin += (0 - (uintptr_t)begin / sizeof(float)) % FFNN__ALIGNMENT; /* to the next multiple */
    *used = (size_t)(begin - memory) + count;
    return begin;
}

/* c = a b or, if add, c += factor * (a b), where a is rows x depth and b is depth x cols. A step is
   the number of floats from an element to the one in the next row or column: those of a transposed
   matrix are swapped. */
typedef struct ffnn__product {
    float *c;
    const float *a, *b;
    size_t rows, depth, cols;
    size_t c_step, a_row_step, a_col_step, b_row_step, b_col_step;
    bool add;
    float factor;
} ffnn__product;

static void ffnn__run(const ffnn__product *product);

static void ffnn__multiply(float *c, const float *a, const float *b, size_t m, size_t k,
                           size_t n) {
    ffnn__product product = {c, a, b, m, k, n, n, k, 1, n, 1, false, 1};
    ffnn__run(&product);
}

#ifndef FFNN__SIMD

static void ffnn__multiply_by_transposed(float *c, const float *a, const float *b, size_t m,
                                         size_t k, size_t n) {
    ffnn__product product = {c, a, b, m, k, n, n, k, 1, 1, k, false, 1};
    ffnn__run(&product);
}

static void ffnn__add_product(float *c, const float *a, const float *b, size_t m, size_t k,
                              size_t n, float factor) {
    ffnn__product product = {c, a, b, m, k, n, n, 1, m, n, 1, true, factor};
    ffnn__run(&product);
}

static void ffnn__multiply_and_sigmoid(float *z, float *a, const float *x, const float *w,
                                       size_t m, size_t k, size_t n) {
    ffnn__multiply(z, x, w, m, k, n);
    ffnn__sigmoid(a, z, m * n);
}

static void ffnn__run(const ffnn__product *product) {
    for (size_t row = 0; row < product->rows; ++row) {
        float *c = product->c + row * product->c_step;
        for (size_t col = 0; col < product->cols; ++col) {
            const float *a = product->a + row * product->a_row_step;
            const float *b = product->b + col * product->b_col_step;
            float sum = 0;
            for (size_t i = 0; i < product->depth; ++i) {
                sum += *a * *b;
                a += product->a_col_step;
                b += product->b_row_step;
            }
            if (product->add) c[col] += sum * product->factor;
            else c[col] = sum;
        }
    }
}

/* 1 / (1 + exp(-z)) without the C library's expf, so that every platform computes the same.

   With t = -z, exp(t) = 2^n exp(r), where n = round(t / ln 2) and r = t - n ln 2 is within +-0.35.
   ln 2 comes in two parts, the first so short that n times it is exact. The polynomial for
   exp(r) - 1 is minimax (Remez), its relative error 2^-28. */
static float ffnn__sigmoid_of(float z) {
    const float least_normal = -87.33654f; /* below it the result would be subnormal: 0 */
    const float far_below = -16;
    const float saturated = 88;            /* above it the result is 1 */
    if (isnan(z)) return z;
    if (z < least_normal) return 0;
    if (z > saturated) return 1;
    float n = rintf(-z * 1.44269504f); /* 1 / ln 2 */
    float r = (-z - n * 0.693359375f) + n * 2.12194440e-4f;
    float p = (r * 0.00836874545f + 0.041668389f) + r * r * 0.00138145417f;
    p = (r * 0.166665211f + 0.49999994f) + r * r * p;
    p = r + r * r * p;
    /* Far below 0 exp(t) is so large that adding 1 to it would round once too often: 2^-n is added
       to exp(r) instead. */
    if (z < far_below) return 1 / ldexpf(p + ldexpf(1, -(int)n) + 1, (int)n);
    return 1 / (ldexpf(p + 1, (int)n) + 1);
}

static void ffnn__sigmoid(float *dst, const float *z, size_t count) {
    for (size_t i = 0; i < count; ++i) dst[i] = ffnn__sigmoid_of(z[i]);
}

static void ffnn__sigmoid_delta(float *delta, const float *error, const float *a, size_t count) {
    for (size_t i = 0; i < count; ++i) delta[i] = error[i] * (a[i] * (1 - a[i]));
}

#endif /* FFNN__SIMD */

/* ---- kernels with vectors ---------------------------------------------------------------- */
/* For GCC and Clang on x86 and ARM, with their vector types. The kernels at the end of this file
   are compiled once for each kind of processor, and the best kind is picked when the program runs.
   For that the header includes itself: a vector wider than the processor's would become scalar
   code, so each kind needs a type of its own, and this way, unlike in a macro, the kernels are
   functions that can be read, found and stepped through. */
#ifdef FFNN__SIMD

#if defined(__clang__)
#pragma STDC FP_CONTRACT ON
#define FFNN__UNROLL /* Clang does it by itself */
#else
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast") /* fused multiply-add, which -std=c99 turns off */
#define FFNN__UNROLL _Pragma("GCC unroll 16")
#endif

#define FFNN__INLINE static inline __attribute__((always_inline))

/* Keeps the compiler from fusing the product x into the sum that it is used in. */
#if defined(__x86_64__) || defined(__i386__)
#define FFNN__NO_FMA(x) __asm__("" : "+x"(x))
#else
#define FFNN__NO_FMA(x) __asm__("" : "+w"(x))
#endif

/* Four floats at any address: what code for every kind of processor uses. */
typedef float ffnn__f32x4 __attribute__((vector_size(16), aligned(4), may_alias));

/* All kernels for one kind of processor. */
typedef struct ffnn__kernels {
    void (*tiles4)(const ffnn__product *product);
    void (*tiles8)(const ffnn__product *product);  /* NULL where vectors have fewer lanes, */
    void (*tiles16)(const ffnn__product *product); /* and so here */
    void (*narrow)(const ffnn__product *product);
    void (*dots)(const ffnn__product *product);
    void (*sigmoid)(float *dst, const float *z, size_t count);
    void (*small_forward)(float *z, float *a, const float *x, const float *w, size_t m, size_t k,
                          size_t n);
    void (*small_update)(float *w, const float *x, const float *delta, size_t m, size_t k,
                         size_t n, float factor);
} ffnn__kernels;

#define FFNN__KIND baseline /* what the compiler may assume: SSE2, NEON */
#define FFNN__LANES 4
#define FFNN__VECTORS 4
#define FFNN__ROWS 2
#define FFNN__DOT_ROWS 2
#define FFNN__TARGET
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_baseline = {
    ffnn__tiles_baseline,   NULL, NULL, ffnn__narrow_baseline, ffnn__dots_baseline,
    ffnn__sigmoid_baseline, ffnn__small_forward_baseline, ffnn__small_update_baseline};

#if defined(__x86_64__) || defined(__i386__)
#if !defined(_WIN32) || defined(__clang__) /* GCC cannot align wide vectors on Windows' stack */
#define FFNN__X86

#define FFNN__KIND fma /* what AVX2 processors do four lanes at a time */
#define FFNN__LANES 4
#define FFNN__VECTORS 2
#define FFNN__ROWS 2
#define FFNN__DOT_ROWS 2
#define FFNN__TARGET __attribute__((target("avx2,fma")))
#include FFNN_FILENAME

#define FFNN__KIND avx2
#define FFNN__LANES 8
#define FFNN__VECTORS 4
#define FFNN__ROWS 3
#define FFNN__DOT_ROWS 2
#define FFNN__TARGET __attribute__((target("avx2,fma")))
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_avx2 = {
    ffnn__tiles_fma,    ffnn__tiles_avx2,        NULL, ffnn__narrow_fma, ffnn__dots_avx2,
    ffnn__sigmoid_avx2, ffnn__small_forward_fma, ffnn__small_update_fma};

#define FFNN__KIND avx512
#define FFNN__LANES 16
#define FFNN__VECTORS 4
#define FFNN__ROWS 4
#define FFNN__DOT_ROWS 4
#define FFNN__TARGET __attribute__((target("avx2,fma,avx512f")))
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_avx512 = {
    ffnn__tiles_fma,      ffnn__tiles_avx2,        ffnn__tiles_avx512, ffnn__narrow_fma, ffnn__dots_avx512,
    ffnn__sigmoid_avx512, ffnn__small_forward_fma, ffnn__small_update_fma};
#endif
#endif

/* The best kernels for the processor that the program runs on. libgcc has run CPUID before main:
   this only reads its answer. */
static const ffnn__kernels *ffnn__pick_kernels(void) {
#if defined(FFNN_TEST_KERNELS) /* for tests: one kind, whatever the processor */
    return &FFNN_TEST_KERNELS;
#elif defined(FFNN__X86)
    if (__builtin_cpu_supports("avx512f")) return &ffnn__kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ffnn__kernels_avx2;
#endif
    return &ffnn__kernels_baseline;
}

static void ffnn__sigmoid(float *dst, const float *z, size_t count) {
    ffnn__pick_kernels()->sigmoid(dst, z, count);
}

static void ffnn__sigmoid_delta(float *delta, const float *error, const float *a, size_t count) {
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        ffnn__f32x4 value = *(const ffnn__f32x4 *)(a + i);
        *(ffnn__f32x4 *)(delta + i) = *(const ffnn__f32x4 *)(error + i) * (value * (1.0f - value));
    }
    for (; i < count; ++i) delta[i] = error[i] * (a[i] * (1 - a[i]));
}

/* Small products: calls would cost more than the work. */
enum {
    FFNN__SMALL = 64,      /* elements of the matrix of weights */
    FFNN__SMALL_DEPTH = 32 /* samples of an update */
};

static void ffnn__multiply_and_sigmoid(float *z, float *a, const float *x, const float *w,
                                       size_t m, size_t k, size_t n) {
    if (k * n <= FFNN__SMALL) {
        ffnn__pick_kernels()->small_forward(z, a, x, w, m, k, n);
        return;
    }
    ffnn__multiply(z, x, w, m, k, n);
    ffnn__sigmoid(a, z, m * n);
}

/* c (m x n) = a (m x 1) b (1 x n) */
static void ffnn__outer_product(float *c, const float *a, const float *b, size_t m, size_t n) {
    for (size_t row = 0; row < m; ++row, c += n) {
        size_t col = 0;
        for (; col + 4 <= n; col += 4)
            *(ffnn__f32x4 *)(c + col) = a[row] * *(const ffnn__f32x4 *)(b + col);
        for (; col < n; ++col) c[col] = a[row] * b[col];
    }
}

static void ffnn__multiply_by_transposed(float *c, const float *a, const float *b, size_t m,
                                         size_t k, size_t n) {
    if (k == 1) {
        ffnn__outer_product(c, a, b, m, n);
        return;
    }
    ffnn__product product = {c, a, b, m, k, n, n, k, 1, 1, k, false, 1};
    ffnn__run(&product);
}

static void ffnn__add_product(float *c, const float *a, const float *b, size_t m, size_t k,
                              size_t n, float factor) {
    ffnn__product product = {c, a, b, m, k, n, n, 1, m, n, 1, true, factor};
    if (n == 1) { /* a column is updated as a row, (b^T a)^T: that fills vectors */
        ffnn__product turned = {c, b, a, 1, k, m, m, k, 1, m, 1, true, factor};
        product = turned;
    }
    if (m * n <= FFNN__SMALL && k <= FFNN__SMALL_DEPTH)
        ffnn__pick_kernels()->small_update(c, product.a, product.b, product.rows, k, product.cols,
                                           factor);
    else
        ffnn__run(&product);
}

static void ffnn__run_tiles(const ffnn__product *product);
static void ffnn__run_dots(const ffnn__product *product);
static void ffnn__run_blocks(const ffnn__product *product);

/* Which kernel computes a product. Neither the number of rows nor what they hold decides, where b
   is not transposed: a sample's results do not depend on the batch that it is in. */
static void ffnn__run(const ffnn__product *product) {
    bool is_transposed = product->b_col_step != 1, lies_along = product->a_col_step == 1;
    bool is_deep = product->depth >= 32;
    if (is_transposed && product->rows < 8) ffnn__pick_kernels()->dots(product);
    else if (is_transposed) ffnn__run_blocks(product);
    else if (product->cols == 1 && lies_along && product->depth >= 8)
        ffnn__pick_kernels()->dots(product);
    else if (product->cols <= 4 && lies_along && is_deep) ffnn__run_dots(product);
    else if (product->cols < 4) ffnn__pick_kernels()->narrow(product);
    else if (product->cols >= 512) ffnn__run_blocks(product);
    else ffnn__run_tiles(product);
}

/* At least 4 columns of a b that is not transposed: the lanes that leave the fewest unused. */
static void ffnn__run_tiles(const ffnn__product *product) {
    const ffnn__kernels *kernels = ffnn__pick_kernels();
    size_t cols = product->cols;
    bool fits_8_better = cols >= 17 && cols <= 24; /* three vectors of 8 rather than two of 16 */
    if (kernels->tiles16 != NULL && cols >= 16 && !fits_8_better) kernels->tiles16(product);
    else if (kernels->tiles8 != NULL && cols >= 8) kernels->tiles8(product);
    else kernels->tiles4(product);
}

enum {
    FFNN__DEPTH = 128, /* rows and */
    FFNN__WIDTH = 64   /* columns of b that are copied at a time: 32 KB, a first-level cache */
};

#if defined(__clang__) || __GNUC__ >= 12
#define FFNN__SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef uint32_t ffnn__u32x4 __attribute__((vector_size(16)));
#define FFNN__SHUFFLE(a, b, i, j, k, l) __builtin_shuffle(a, b, (ffnn__u32x4){i, j, k, l})
#endif

/* to = from^T, rows of 4 floats, rows of which lie from_step and to_step floats apart: the first
   count rows of to are stored. */
FFNN__INLINE void ffnn__transpose4(float *to, size_t to_step, const float *from, size_t from_step,
                                   size_t count) {
    ffnn__f32x4 row[4], low[2], high[2];
    FFNN__UNROLL for (size_t i = 0; i < 4; ++i)
        row[i] = *(const ffnn__f32x4 *)(from + i * from_step);
    low[0] = FFNN__SHUFFLE(row[0], row[1], 0, 4, 1, 5);
    low[1] = FFNN__SHUFFLE(row[2], row[3], 0, 4, 1, 5);
    high[0] = FFNN__SHUFFLE(row[0], row[1], 2, 6, 3, 7);
    high[1] = FFNN__SHUFFLE(row[2], row[3], 2, 6, 3, 7);
    *(ffnn__f32x4 *)to = FFNN__SHUFFLE(low[0], low[1], 0, 1, 4, 5);
    if (count > 1) *(ffnn__f32x4 *)(to + to_step) = FFNN__SHUFFLE(low[0], low[1], 2, 3, 6, 7);
    if (count > 2) *(ffnn__f32x4 *)(to + 2 * to_step) = FFNN__SHUFFLE(high[0], high[1], 0, 1, 4, 5);
    if (count > 3) *(ffnn__f32x4 *)(to + 3 * to_step) = FFNN__SHUFFLE(high[0], high[1], 2, 3, 6, 7);
}

/* to (cols x rows) = from (rows x cols) transposed. Four floats are read of narrower rows, too:
   from is contiguous there. */
static void ffnn__transpose(float *to, size_t to_step, const float *from, size_t from_step,
                            size_t rows, size_t cols) {
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        size_t col = 0;
        for (; col < cols; col += 4) {
            const float *block = from + row * from_step + col;
            size_t count = cols - col < 4 ? cols - col : 4;
            bool is_last = count < 4 && row + 4 + 3 >= rows; /* reading on could leave from */
            if (is_last) break;
            ffnn__transpose4(to + col * to_step + row, to_step, block, from_step, count);
        }
        for (; col < cols; ++col)
            for (size_t i = row; i < row + 4; ++i)
                to[col * to_step + i] = from[i * from_step + col];
    }
    for (; row < rows; ++row)
        for (size_t col = 0; col < cols; ++col)
            to[col * to_step + row] = from[row * from_step + col];
}

/* Copies a block of b, transposed if b is, into rows of its width. */
static void ffnn__pack(float *packed, const ffnn__product *block) {
    size_t width = block->cols;
    if (block->b_col_step != 1) {
        ffnn__transpose(packed, width, block->b, block->b_col_step, width, block->depth);
        return;
    }
    for (size_t row = 0; row < block->depth; ++row) {
        const float *b = block->b + row * block->b_row_step;
        __builtin_prefetch(b + 16 * block->b_row_step);
        memcpy(packed + row * width, b, width * sizeof(float));
    }
}

/* Up to depth rows of the product's depth, from first on. What follows the first rows adds. */
static ffnn__product ffnn__depth_block(const ffnn__product *whole, size_t first, size_t depth) {
    ffnn__product block = *whole;
    block.a += first * whole->a_col_step;
    block.b += first * whole->b_row_step;
    block.depth = whole->depth - first < depth ? whole->depth - first : depth;
    block.add = whole->add || first > 0;
    return block;
}

/* Two to four columns and a large depth: columns of b are made rows, so that dots fill vectors.
   Never inline, as what follows: the 32 KB are on no other function's stack. */
__attribute__((noinline)) static void ffnn__run_dots(const ffnn__product *whole) {
    const size_t depth = FFNN__DEPTH * FFNN__WIDTH / 4;
    float packed[FFNN__DEPTH * FFNN__WIDTH] __attribute__((aligned(64)));
    for (size_t first = 0; first < whole->depth; first += depth) {
        ffnn__product block = ffnn__depth_block(whole, first, depth);
        ffnn__transpose(packed, depth, block.b, block.b_row_step, block.depth, block.cols);
        block.b = packed;
        block.b_row_step = 1;
        block.b_col_step = depth;
        ffnn__pick_kernels()->dots(&block);
    }
}

/* A block of b after the other, copied if that makes reading it faster. */
__attribute__((noinline)) static void ffnn__run_blocks(const ffnn__product *whole) {
    float packed[FFNN__DEPTH * FFNN__WIDTH] __attribute__((aligned(64)));
    bool is_transposed = whole->b_col_step != 1;
    bool is_reused = whole->rows >= 32 && whole->depth >= 64; /* rows of b far apart: TLB misses */
    for (size_t first = 0; first < whole->depth; first += FFNN__DEPTH) {
        ffnn__product rows = ffnn__depth_block(whole, first, FFNN__DEPTH);
        if (!is_transposed && !is_reused) {
            ffnn__run_tiles(&rows);
            continue;
        }
        size_t width;
        for (size_t col = 0; col < whole->cols; col += width) {
            ffnn__product block = rows;
            width = whole->cols - col;
            if (width > FFNN__WIDTH) width = width < FFNN__WIDTH + 4 ? FFNN__WIDTH / 2 : FFNN__WIDTH;
            block.b += col * whole->b_col_step;
            block.c += col;
            block.cols = width;
            ffnn__pack(packed, &block);
            block.b = packed;
            block.b_row_step = width;
            block.b_col_step = 1;
            if (width < 4) ffnn__pick_kernels()->narrow(&block);
            else ffnn__run_tiles(&block);
        }
    }
}

#if !defined(__clang__)
#pragma GCC pop_options
#endif
#endif /* FFNN__SIMD */

#endif /* FFNN_IMPLEMENTATION */

/* The kernels for one kind of processor, FFNN__KIND, whose vectors hold FFNN__LANES floats. */
#ifdef FFNN__KIND

#define FFNN__JOIN_(name, kind) name##_##kind
#define FFNN__JOIN(name, kind) FFNN__JOIN_(name, kind)

/* Each kind's own: ffnn__vec is ffnn__vec_avx2, and so on. */
#define ffnn__vec           FFNN__JOIN(ffnn__vec, FFNN__KIND)
#define ffnn__bits          FFNN__JOIN(ffnn__bits, FFNN__KIND)
#define ffnn__sigmoid_vec   FFNN__JOIN(ffnn__sigmoid_vec, FFNN__KIND)
#define ffnn__sigmoid       FFNN__JOIN(ffnn__sigmoid, FFNN__KIND)
#define ffnn__tile          FFNN__JOIN(ffnn__tile, FFNN__KIND)
#define ffnn__tile_rows     FFNN__JOIN(ffnn__tile_rows, FFNN__KIND)
#define ffnn__tiles         FFNN__JOIN(ffnn__tiles, FFNN__KIND)
#define ffnn__finish_dot    FFNN__JOIN(ffnn__finish_dot, FFNN__KIND)
#define ffnn__dot_tile      FFNN__JOIN(ffnn__dot_tile, FFNN__KIND)
#define ffnn__dots          FFNN__JOIN(ffnn__dots, FFNN__KIND)
#define ffnn__narrow_rows   FFNN__JOIN(ffnn__narrow_rows, FFNN__KIND)
#define ffnn__narrow        FFNN__JOIN(ffnn__narrow, FFNN__KIND)
#define ffnn__small_forward FFNN__JOIN(ffnn__small_forward, FFNN__KIND)
#define ffnn__small_forward_body FFNN__JOIN(ffnn__small_forward_body, FFNN__KIND)
#define ffnn__small_update_body FFNN__JOIN(ffnn__small_update_body, FFNN__KIND)
#define ffnn__small_update  FFNN__JOIN(ffnn__small_update, FFNN__KIND)

/* A vector of floats, or of integers as large, at any address. */
typedef float ffnn__vec __attribute__((vector_size(FFNN__LANES * 4), aligned(4), may_alias));
typedef uint32_t ffnn__bits __attribute__((vector_size(FFNN__LANES * 4), aligned(4), may_alias));

/* x = 1 / (1 + exp(-x)): the steps of the plain C version, ffnn__sigmoid_of, for a whole vector.
   In place of branches, masks choose. Adding 1.5 * 2^23 rounds to a whole number and leaves it in
   the low bits, from where it is shifted into an exponent. */
FFNN__INLINE FFNN__TARGET void ffnn__sigmoid_vec(ffnn__vec *x) {
    const ffnn__vec zero = {0}, one = zero + 1.0f, round = zero + 12582912.0f;
    ffnn__vec n = round - *x * 1.44269504f;
    ffnn__bits is_low = (ffnn__bits)(*x < zero - 87.33654f);
    ffnn__bits is_far = (ffnn__bits)(*x < zero - 16.0f);
    ffnn__bits is_high = (ffnn__bits)(*x > zero + 88.0f);
    ffnn__bits exponent = (ffnn__bits)n << 23;
    n -= round;
    ffnn__vec r = zero - *x - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    ffnn__vec r2 = r * r;
    ffnn__vec p = (r * 0.00836874545f + 0.041668389f) + r2 * 0.00138145417f;
    p = (r * 0.166665211f + 0.49999994f) + r2 * p;
    p = r + r2 * p;
    ffnn__vec power = (ffnn__vec)(0x3f800000u + exponent);   /* 2^n */
    ffnn__vec inverse = (ffnn__vec)(0x3f800000u - exponent); /* 2^-n */
    ffnn__vec near_sum = (p + 1.0f) * power + 1.0f;
    ffnn__vec far_sum = (p + inverse) * power + power;
    ffnn__vec sum = (ffnn__vec)(((ffnn__bits)near_sum & ~is_far) | ((ffnn__bits)far_sum & is_far));
    ffnn__vec result = 1.0f / sum;
    *x = (ffnn__vec)(((ffnn__bits)result & ~(is_low | is_high)) | ((ffnn__bits)one & is_high));
}

#if FFNN__VECTORS > 2 /* what the kind fma leaves to avx2 */

FFNN__TARGET static void ffnn__sigmoid(float *dst, const float *z, size_t count) {
    size_t i = 0;
    for (; i + FFNN__LANES <= count; i += FFNN__LANES) {
        ffnn__vec x = *(const ffnn__vec *)(z + i);
        ffnn__sigmoid_vec(&x);
        *(ffnn__vec *)(dst + i) = x;
    }
    if (i < count) {
        float tail[FFNN__LANES] = {0};
        memcpy(tail, z + i, (count - i) * sizeof(float));
        ffnn__sigmoid_vec((ffnn__vec *)tail);
        memcpy(dst + i, tail, (count - i) * sizeof(float));
    }
}

#endif

/* One tile of a product: rows x width elements of c from (row, col) on, in so many vectors that the
   last one ends at the last column and, where width is no multiple of the lanes, overlaps the one
   before. Its sums stay in registers while a and b stream by. A narrow tile has few sums, each of
   which would wait for the last: there, split sums take turns and are added at the end. rows,
   vectors and split are constants. */
FFNN__INLINE FFNN__TARGET void ffnn__tile(const ffnn__product *product, size_t row, size_t col,
                                          size_t width, const size_t rows, const size_t vectors,
                                          const size_t split) {
    ffnn__vec sum[4][4][4], zero = {0}; /* [split][rows][vectors] */
    const float *a[4], *b = product->b + col;
    const size_t last = width - FFNN__LANES; /* where the last vector begins */
    const size_t a_step = product->a_col_step;
    size_t k = 0, at = 0;
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        a[i] = product->a + (row + i) * product->a_row_step;
        FFNN__UNROLL for (size_t s = 0; s < split; ++s)
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) sum[s][i][j] = zero;
    }
    for (; k + split <= product->depth; k += split) {
        FFNN__UNROLL for (size_t s = 0; s < split; ++s) {
            ffnn__vec b_row[4];
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
                b_row[j] = *(const ffnn__vec *)(b + (j + 1 < vectors ? j * FFNN__LANES : last));
            FFNN__UNROLL for (size_t i = 0; i < rows; ++i)
                FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
                    sum[s][i][j] += a[i][at] * b_row[j];
            at += a_step;
            b += product->b_row_step;
        }
    }
    for (; split > 1 && k < product->depth; ++k) {
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
            ffnn__vec b_row = *(const ffnn__vec *)(b + (j + 1 < vectors ? j * FFNN__LANES : last));
            FFNN__UNROLL for (size_t i = 0; i < rows; ++i) sum[0][i][j] += a[i][at] * b_row;
        }
        at += a_step;
        b += product->b_row_step;
    }
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        float *c = product->c + (row + i) * product->c_step + col;
        ffnn__vec old[4], value[4];
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
            value[j] = sum[0][i][j];
            if (split == 2) value[j] += sum[1][i][j];
            if (split == 4) value[j] = (value[j] + sum[1][i][j]) + (sum[2][i][j] + sum[3][i][j]);
        }
        if (product->add) {
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) /* all, before any is stored */
                old[j] = *(const ffnn__vec *)(c + (j + 1 < vectors ? j * FFNN__LANES : last));
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
                value[j] *= product->factor;
                FFNN__NO_FMA(value[j]);
                value[j] += old[j];
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
            *(ffnn__vec *)(c + (j + 1 < vectors ? j * FFNN__LANES : last)) = value[j];
    }
}

/* All rows of the tiles from column col on. */
FFNN__INLINE FFNN__TARGET void ffnn__tile_rows(const ffnn__product *product, size_t col,
                                               size_t width, const size_t vectors,
                                               const size_t split) {
    size_t row = 0;
    for (; row + FFNN__ROWS <= product->rows; row += FFNN__ROWS)
        ffnn__tile(product, row, col, width, FFNN__ROWS, vectors, split);
#if FFNN__ROWS > 2
    for (; row + 2 <= product->rows; row += 2)
        ffnn__tile(product, row, col, width, 2, vectors, split);
#endif
    for (; row < product->rows; ++row) ffnn__tile(product, row, col, width, 1, vectors, split);
}

/* A product whose b is not transposed and has at least FFNN__LANES columns. At most four vectors of
   columns at a time, and never so many that fewer columns than one vector's would be left. */
FFNN__TARGET static void ffnn__tiles(const ffnn__product *product) {
    const size_t lanes = FFNN__LANES;
    size_t width;
    for (size_t col = 0; col < product->cols; col += width) {
        size_t left = product->cols - col;
        width = left;
        if (left > 4 * lanes) width = left < 5 * lanes ? 3 * lanes : 4 * lanes;
        if (FFNN__VECTORS > 2 && width > 3 * lanes) ffnn__tile_rows(product, col, width, 4, 1);
        else if (FFNN__VECTORS > 2 && width > 2 * lanes) ffnn__tile_rows(product, col, width, 3, 1);
        else if (width > lanes) ffnn__tile_rows(product, col, width, 2, 2);
        else if (product->depth < 16) ffnn__tile_rows(product, col, width, 1, 1);
        else ffnn__tile_rows(product, col, width, 1, 4);
    }
}

#if FFNN__VECTORS > 2

/* The element of c at (row, col), of whose depth the first k are summed up in the lanes of sum. */
FFNN__TARGET static void ffnn__finish_dot(const ffnn__product *product, size_t row, size_t col,
                                          const float *sum, size_t k) {
    const float *a = product->a + row * product->a_row_step;
    const float *b = product->b + col * product->b_col_step;
    float *c = product->c + row * product->c_step + col;
    ffnn__f32x4 quarter = {0};
    for (size_t lane = 0; lane < FFNN__LANES; lane += 4)
        quarter += *(const ffnn__f32x4 *)(sum + lane);
    for (; k + 4 <= product->depth; k += 4)
        quarter += *(const ffnn__f32x4 *)(a + k) * *(const ffnn__f32x4 *)(b + k);
    float value = (quarter[0] + quarter[1]) + (quarter[2] + quarter[3]);
    for (; k < product->depth; ++k) value += a[k] * b[k];
    if (product->add) {
        value *= product->factor;
        FFNN__NO_FMA(value);
        value += *c;
    }
    *c = value;
}

/* rows x cols elements of c from (row, col) on: dots of rows of a and columns of b, which both lie
   along the depth. Few of them use split sums each, as in a narrow tile. rows, cols and split are
   constants. */
FFNN__INLINE FFNN__TARGET void ffnn__dot_tile(const ffnn__product *product, size_t row, size_t col,
                                              const size_t rows, const size_t cols,
                                              const size_t split) {
    const size_t lanes = FFNN__LANES, depth = product->depth;
    ffnn__vec sum[4][4][4], zero = {0}; /* [split][rows][cols] */
    const float *a = product->a + row * product->a_row_step;
    const float *b = product->b + col * product->b_col_step;
    const size_t a_step = product->a_row_step, b_step = product->b_col_step;
    size_t k = 0;
    FFNN__UNROLL for (size_t s = 0; s < split; ++s)
        FFNN__UNROLL for (size_t i = 0; i < rows; ++i)
            FFNN__UNROLL for (size_t j = 0; j < cols; ++j) sum[s][i][j] = zero;
    for (; k + split * lanes <= depth; k += split * lanes) {
        FFNN__UNROLL for (size_t s = 0; s < split; ++s) {
            ffnn__vec b_part[4];
            FFNN__UNROLL for (size_t j = 0; j < cols; ++j)
                b_part[j] = *(const ffnn__vec *)(b + j * b_step + k + s * lanes);
            FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
                ffnn__vec a_part = *(const ffnn__vec *)(a + i * a_step + k + s * lanes);
                FFNN__UNROLL for (size_t j = 0; j < cols; ++j) sum[s][i][j] += a_part * b_part[j];
            }
        }
    }
    for (; k + lanes <= depth; k += lanes) {
        FFNN__UNROLL for (size_t i = 0; i < rows; ++i)
            FFNN__UNROLL for (size_t j = 0; j < cols; ++j)
                sum[0][i][j] += *(const ffnn__vec *)(a + i * a_step + k) *
                                *(const ffnn__vec *)(b + j * b_step + k);
    }
    ffnn__vec all[16];
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        FFNN__UNROLL for (size_t j = 0; j < cols; ++j) {
            all[i * cols + j] = sum[0][i][j];
            if (split == 4)
                all[i * cols + j] = (sum[0][i][j] + sum[1][i][j]) + (sum[2][i][j] + sum[3][i][j]);
        }
    }
    for (size_t i = 0; i < rows; ++i)
        for (size_t j = 0; j < cols; ++j)
            ffnn__finish_dot(product, row + i, col + j, (const float *)&all[i * cols + j], k);
}

/* A product whose factors both lie along the depth. */
FFNN__TARGET static void ffnn__dots(const ffnn__product *product) {
    size_t col = 0;
    for (; col + 4 <= product->cols; col += 4) {
        size_t row = 0;
        for (; row + FFNN__DOT_ROWS <= product->rows; row += FFNN__DOT_ROWS)
            ffnn__dot_tile(product, row, col, FFNN__DOT_ROWS, 4, 1);
        for (; row < product->rows; ++row) ffnn__dot_tile(product, row, col, 1, 4, 1);
    }
    for (; col < product->cols; ++col) {
        size_t row = 0;
        for (; row + FFNN__DOT_ROWS <= product->rows; row += FFNN__DOT_ROWS)
            ffnn__dot_tile(product, row, col, FFNN__DOT_ROWS, 1, 4);
        for (; row < product->rows; ++row) ffnn__dot_tile(product, row, col, 1, 1, 4);
    }
}

#endif

#if FFNN__LANES == 4 /* what no kind does with more lanes */

/* rows rows of a product with fewer than 4 columns. Four floats are read of each row of b, those
   of the next row with it; where there is no next row the columns are computed one by one. */
FFNN__INLINE FFNN__TARGET void ffnn__narrow_rows(const ffnn__product *product, size_t row,
                                                 const size_t rows) {
    ffnn__vec sum[4] = {{0}, {0}, {0}, {0}};
    const float *a = product->a + row * product->a_row_step, *b = product->b;
    const size_t cols = product->cols;
    size_t k = 0;
    for (; (product->depth - k) * cols >= 4; ++k) {
        ffnn__vec b_row = *(const ffnn__vec *)b;
        FFNN__UNROLL for (size_t i = 0; i < rows; ++i) sum[i] += a[i * product->a_row_step] * b_row;
        a += product->a_col_step;
        b += product->b_row_step;
    }
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        float *c = product->c + (row + i) * product->c_step, values[4];
        *(ffnn__vec *)values = sum[i];
        for (size_t col = 0; col < cols; ++col) {
            float value = values[col];
            for (size_t t = 0; t < product->depth - k; ++t)
                value += a[i * product->a_row_step + t * product->a_col_step] *
                         b[t * product->b_row_step + col];
            if (product->add) {
                value *= product->factor;
                FFNN__NO_FMA(value);
                value += c[col];
            }
            c[col] = value;
        }
    }
}

FFNN__TARGET static void ffnn__narrow(const ffnn__product *product) {
    size_t row = 0;
    for (; row + 4 <= product->rows; row += 4) ffnn__narrow_rows(product, row, 4);
    for (; row < product->rows; ++row) ffnn__narrow_rows(product, row, 1);
}

/* z (m x n) = x (m x k) w (k x n) and a = sigmoid(z), for any sizes and, where k and n are
   constants, with its loops unrolled. */
FFNN__INLINE FFNN__TARGET void ffnn__small_forward_body(float *z, float *a, const float *x,
                                                        const float *w, size_t m, const size_t k,
                                                        const size_t n) {
    for (; m > 0; --m, x += k, z += n, a += n) {
        size_t col = 0;
        for (; col + 4 <= n; col += 4) {
            ffnn__vec sum = {0};
            FFNN__UNROLL for (size_t i = 0; i < k; ++i)
                sum += x[i] * *(const ffnn__vec *)(w + i * n + col);
            *(ffnn__vec *)(z + col) = sum;
            ffnn__sigmoid_vec(&sum);
            *(ffnn__vec *)(a + col) = sum;
        }
        for (; col < n; ++col) {
            float sum = 0;
            FFNN__UNROLL for (size_t i = 0; i < k; ++i) sum += x[i] * w[i * n + col];
            ffnn__vec result = {sum, 0, 0, 0};
            z[col] = sum;
            ffnn__sigmoid_vec(&result);
            a[col] = result[0];
        }
    }
}

/* The default network's layers, 3 to 4 and 4 to 1, have their sizes as constants. */
FFNN__TARGET static void ffnn__small_forward(float *z, float *a, const float *x, const float *w,
                                             size_t m, size_t k, size_t n) {
    if (k == 3 && n == 4) ffnn__small_forward_body(z, a, x, w, m, 3, 4);
    else if (k == 4 && n == 1) ffnn__small_forward_body(z, a, x, w, m, 4, 1);
    else ffnn__small_forward_body(z, a, x, w, m, k, n);
}

/* w (m x n) += factor * (x^T delta), where x is k x m and delta is k x n */
FFNN__INLINE FFNN__TARGET void ffnn__small_update_body(float *w, const float *x,
                                                       const float *delta, const size_t m,
                                                       size_t k, const size_t n, float factor) {
    for (size_t row = 0; row < m; ++row, w += n) {
        size_t col = 0;
        for (; col + 4 <= n; col += 4) {
            ffnn__vec sum = {0};
            for (size_t i = 0; i < k; ++i)
                sum += x[i * m + row] * *(const ffnn__vec *)(delta + i * n + col);
            sum *= factor;
            FFNN__NO_FMA(sum);
            *(ffnn__vec *)(w + col) += sum;
        }
        for (; col < n; ++col) {
            float sum = 0;
            for (size_t i = 0; i < k; ++i) sum += x[i * m + row] * delta[i * n + col];
            sum *= factor;
            FFNN__NO_FMA(sum);
            w[col] += sum;
        }
    }
}

/* Here 4 to 1 comes turned, as 1 to 4: see ffnn__add_product. */
FFNN__TARGET static void ffnn__small_update(float *w, const float *x, const float *delta,
                                            size_t m, size_t k, size_t n, float factor) {
    if (m == 3 && n == 4) ffnn__small_update_body(w, x, delta, 3, k, 4, factor);
    else if (m == 1 && n == 4) ffnn__small_update_body(w, x, delta, 1, k, 4, factor);
    else ffnn__small_update_body(w, x, delta, m, k, n, factor);
}

#endif

#undef ffnn__vec
#undef ffnn__bits
#undef ffnn__sigmoid_vec
#undef ffnn__sigmoid
#undef ffnn__tile
#undef ffnn__tile_rows
#undef ffnn__tiles
#undef ffnn__finish_dot
#undef ffnn__dot_tile
#undef ffnn__dots
#undef ffnn__narrow_rows
#undef ffnn__narrow
#undef ffnn__small_forward
#undef ffnn__small_update
#undef ffnn__small_forward_body
#undef ffnn__small_update_body
#undef FFNN__JOIN_
#undef FFNN__JOIN
#undef FFNN__KIND
#undef FFNN__LANES
#undef FFNN__VECTORS
#undef FFNN__ROWS
#undef FFNN__DOT_ROWS
#undef FFNN__TARGET

#endif /* FFNN__KIND */

/* ============================================================================================
   LICENSE: public domain or MIT-0, whichever you prefer.

   A. Public domain (unlicense.org). This is free and unencumbered software released into the
   public domain. Anyone is free to copy, modify, publish, use, compile, sell, or distribute this
   software, either in source code form or as a compiled binary, for any purpose, commercial or
   non-commercial, and by any means. In jurisdictions that recognize copyright laws, the author or
   authors of this software dedicate any and all copyright interest in the software to the public
   domain. We make this dedication for the benefit of the public at large and to the detriment of
   our heirs and successors. We intend this dedication to be an overt act of relinquishment in
   perpetuity of all present and future rights to this software under copyright law.

   B. MIT No Attribution. Copyright (c) 2026 the ffnn.h authors. Permission is hereby granted, free
   of charge, to any person obtaining a copy of this software and associated documentation files
   (the "Software"), to deal in the Software without restriction, including without limitation the
   rights to use, copy, modify, merge, publish, distribute, sublicense, and/or sell copies of the
   Software, and to permit persons to whom the Software is furnished to do so.

   THE SOFTWARE IS PROVIDED "AS IS", WITHOUT WARRANTY OF ANY KIND, EXPRESS OR IMPLIED, INCLUDING
   BUT NOT LIMITED TO THE WARRANTIES OF MERCHANTABILITY, FITNESS FOR A PARTICULAR PURPOSE AND
   NONINFRINGEMENT. IN NO EVENT SHALL THE AUTHORS OR COPYRIGHT HOLDERS BE LIABLE FOR ANY CLAIM,
   DAMAGES OR OTHER LIABILITY, WHETHER IN AN ACTION OF CONTRACT, TORT OR OTHERWISE, ARISING FROM,
   OUT OF OR IN CONNECTION WITH THE SOFTWARE OR THE USE OR OTHER DEALINGS IN THE SOFTWARE.
   ============================================================================================ */
