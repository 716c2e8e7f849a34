/* ffnn.h - v1.0 - a feed-forward neural network in one header - public domain or MIT-0

   Tensors that share memory with your arrays, sigmoid layers, forward, backward, training,
   prediction, and weights that PyTorch opens (safetensors). Seeded alike, it draws, computes and
   prints what PyTorch draws, computes and prints. C99 or C++11; nothing to link but libm.

DO THIS

   #define FFNN_IMPLEMENTATION before the include in ONE C or C++ file, to create the
   implementation; in all others just include it. Build with cc -O2 program.c -lm:

       #define FFNN_IMPLEMENTATION
       #include "ffnn.h"

       int main(void) {
           float inputs[]  = {0.67f, 1.00f, 0.00f,   0.33f, 0.56f, 0.50f,   1.00f, 0.67f, 1.00f};
           float targets[] = {0.90f,                 1.00f,                 0.88f};
           ffnn_tensor X = ffnn_view(inputs, 3, 3), y = ffnn_view(targets, 3, 1), output;
           ffnn_net net;
           int epoch;

           if (ffnn_init(&net, NULL) != FFNN_OK) return 1;
           for (epoch = 0; epoch < 1000; ++epoch) ffnn_train(&net, X, y, 0.1f, NULL);
           if (ffnn_forward(&net, X, &output) == FFNN_OK) ffnn_print(stdout, output);
           ffnn_free(&net);
           return 0;
       }

   What can fail returns an ffnn_status, FFNN_OK being 0; ffnn_status_string says it in words. A
   call that fails changes nothing: tensors, weights and files are as they were, and a network or
   tensor that could not be initialised is all zeros and safe to free.

TENSORS: rows x cols floats, row-major and contiguous. Small structs: pass them by value. dst comes
   first, must have the size of the result, and may be one of the inputs (but not in matmul and
   transpose); inputs that overlap it in any other way are an FFNN_ERROR_ARGUMENT.

   ffnn_view                    shares the memory of an array: nothing to free
   ffnn_tensor_init, _free      memory of its own, all zeros; free only what was made so
   ffnn_at                      the address of an element; NULL outside the tensor
   ffnn_copy                    dst = a
   ffnn_add, _sub, _mul, _div   element by element; a b of 1 x cols or 1 x 1 is used for every row
   ffnn_scale                   dst = a * factor
   ffnn_matmul                  dst (m x n) = a (m x k) times b (k x n)
   ffnn_transpose               dst (n x m) = a (m x n) turned over
   ffnn_max                     dst (1 x cols) = the largest of each column; NaN if it has one
   ffnn_mse                     the mean of (a - b)^2; b as in ffnn_add
   ffnn_sigmoid                 1 / (1 + exp(-a)) to 2 units in the last place, never outside
                                [0, 1]; below the smallest normal float, 1.2e-38, 0; NaN for NaN
   ffnn_sigmoid_derivative      a * (1 - a), where a is a sigmoid's OUTPUT
   ffnn_print                   what print(tensor) prints in PyTorch, newline included, in any
                                locale; tensors of more than 1000 elements are summarised

RANDOM NUMBERS: PyTorch's CPU generator in a plain struct; all zeros is one seeded with 0.

   ffnn_rng_seed                torch.manual_seed; as there, only the low 32 bits count
   ffnn_rng_discard             skips count 32-bit outputs, at about a nanosecond each
   ffnn_randn                   torch.randn(rows, cols): normal numbers, mean 0, variance 1

THE NETWORK: layer i computes z = input W and a = sigmoid(z), the next layer's input. There are no
   biases. Each sample is a row: X is batch x inputs, y is batch x outputs. You may read and write
   the weights, net.layers[i].weight (inputs x outputs): the lab's W1 is that of layers[0].

   ffnn_init                    draws normal weights, layer after layer, from desc->rng (NULL: one
                                seeded with 0). desc->sizes are the units of each layer, inputs
                                first, up to the first 0, and nothing but zeros from there on; all
                                zero, or desc NULL, is 3, 4, 1
   ffnn_free                    frees the network's memory and zeroes it
   ffnn_forward                 fills z and a of every layer. *output (may be NULL) becomes a view
                                of the last a, good until the next forward, train, fit or free
   ffnn_backward                after a forward of the same X: fills every error and delta, then
                                W += (input^T delta) * learning_rate, summed over the batch
   ffnn_train                   one epoch over the whole batch: forward, then backward. *loss (may
                                be NULL) is the mean squared error BEFORE the update
   ffnn_fit                     epochs of ffnn_train over batches, the last one smaller if need be;
                                with desc->rng each epoch takes the samples in a new order, that of
                                torch.randperm, without in the order given. progress is called
                                after each epoch and stops the training, which is FFNN_OK, by
                                returning false. Memory is taken only before the first step
   ffnn_predict                 the output for every row of X, into your tensor. Only reads the
                                network: any number of threads may call it at once

   Everything else of a network belongs to one thread at a time; two networks are independent.
   forward and train allocate only when a batch is larger than any before, predict only where
   samples times the units of the widest layer are more than about 400 (256 samples at a time).
   X and y may not lie in the network's own memory.

THE WEIGHTS FILE: safetensors; the tensors are named W1, W2, ... In PyTorch:

       weights = safetensors.torch.load_file("weights.safetensors")
       safetensors.torch.save_file({"W1": W1, "W2": W2}, "weights.safetensors")

   8 bytes    N, the length of the header, little-endian
   N bytes    {"W1":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},"W2":...}
   the rest   the weights, row-major, 32-bit little-endian floats

   ffnn_save                    the file at path is replaced only when the new one is complete
                                (written beside it, brought to the disk with POSIX and Windows,
                                renamed): it is the old or the new one, whole. A symbolic link's
                                target is replaced, not the link; a device or pipe is written to
   ffnn_load                    into a network of the same sizes. What the reference
                                implementation refuses is refused, whatever the bytes
   ffnn_init_from_file          a new network with the sizes of the file
   ffnn_save_memory             the same bytes in memory; *size is how many. data NULL only asks
                                for it, a capacity below it is an FFNN_ERROR_ARGUMENT
   ffnn_load_memory             from memory

OPTIONS: define these before the include, the same everywhere in a program (defaults in brackets).

   FFNN_STATIC                  everything is static: private to the file with the implementation
   FFNNDEF                      what stands before each function  (extern, or static as above)
   FFNN_MALLOC(size)            all memory comes from here                      (malloc(size))
   FFNN_FREE(p)                 and goes back here                                   (free(p))
   FFNN_MAX_LAYERS              layers of a network, at the most                           (8)
   FFNN_NO_STDIO                no files and no printing: leaves out <stdio.h>
   FFNN_NO_SIMD                 portable C only, no vector instructions

SPEED: compile with plain -O2. The best instructions (AVX-512, AVX2 with FMA, else what the compiler
   may assume: SSE2, NEON) are picked at run time. Where products are fused with sums (FMA) and
   where not, results may differ in the last bit; so may the error of a batch of one. Otherwise a
   sample's results do not depend on the batch that it is in, and the same program on the same
   kind of processor computes the same bits. */
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
#define FFNNDEF static __attribute__((unused)) /* no warning about what a program does not use */
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
    FFNN_ERROR_SHAPE,    /* tensors whose sizes do not fit each other or the network */
    FFNN_ERROR_MEMORY,   /* an allocation failed, or a size in bytes is beyond size_t */
    FFNN_ERROR_IO,       /* a file could not be opened, read or written: errno says why */
    FFNN_ERROR_FORMAT,   /* not a well-formed weights file */
    FFNN_ERROR_MISMATCH  /* a well-formed weights file, but not of this network's weights */
} ffnn_status;
FFNNDEF const char *ffnn_status_string(ffnn_status status); /* never NULL */

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

typedef struct ffnn_layer {
    ffnn_tensor weight;       /* inputs x outputs: W1 is layers[0].weight, W2 layers[1].weight */
    ffnn_tensor z, a;         /* before and after the sigmoid, batch x outputs */
    ffnn_tensor error, delta; /* from the last backward pass, batch x outputs */
} ffnn_layer;

/* All zero is the lab's network: 3 inputs, 4 hidden units, 1 output. */
typedef struct ffnn_desc {
    size_t sizes[FFNN_MAX_LAYERS + 1]; /* units, inputs first, up to the first 0 */
    ffnn_rng *rng;                     /* draws the weights; NULL: one seeded with 0 */
} ffnn_desc;

typedef struct ffnn_net {
    size_t layer_count;
    ffnn_layer layers[FFNN_MAX_LAYERS];
    /* private: */
    ffnn_tensor weights, activations; /* the memory of all weights; of all z, a, error and delta */
    size_t weight_count, unit_count, widest; /* of all layers; units of the widest one */
    size_t batch_capacity;                   /* rows there is room for */
} ffnn_net;

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc);
FFNNDEF void        ffnn_free(ffnn_net *net);
FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output);
FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate);
FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss);
FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output);

typedef struct ffnn_progress {
    size_t epoch, epochs, samples; /* from 1; of how many; trained on so far */
    float loss; /* mean squared error over the epoch's samples, each step's before its update */
} ffnn_progress;

/* All zero is the lab's training. */
typedef struct ffnn_fit_desc {
    size_t epochs;       /* 0: 1000 */
    float learning_rate; /* 0: 0.1 */
    size_t batch_size;   /* 0: the whole set */
    ffnn_rng *rng;       /* shuffles the samples before each epoch; NULL: in the order given */
    bool (*progress)(void *user, const ffnn_progress *progress); /* false stops; may be NULL */
    void *user;
} ffnn_fit_desc;

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                             const ffnn_fit_desc *desc);

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
   IMPLEMENTATION
   ============================================================================================ */
#if defined(FFNN_IMPLEMENTATION) && !defined(FFNN_IMPLEMENTED)
#define FFNN_IMPLEMENTED

/* ---- configuration ----------------------------------------------------------------------- */

#include <math.h>
#include <string.h>
#ifndef FFNN_NO_STDIO
#include <errno.h>
#if defined(__unix__) || defined(__APPLE__)
#define FFNN__POSIX
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#if !defined(__cplusplus) && (!defined(_POSIX_C_SOURCE) || _POSIX_C_SOURCE < 200112L)
/* -std=c99 or an old _POSIX_C_SOURCE hides these; here it is too late for a macro */
int(fileno)(FILE *file);
int fsync(int file);
ssize_t readlink(const char *path, char *target, size_t size);
#endif
#elif defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#ifdef __cplusplus
extern "C" {
#endif
/* two functions of <windows.h>, without the thousands of names beside them */
__declspec(dllimport) int __stdcall MoveFileExW(const wchar_t *from, const wchar_t *to,
                                                unsigned long flags);
__declspec(dllimport) int __stdcall MultiByteToWideChar(unsigned code_page, unsigned long flags,
                                                        const char *text, int size,
                                                        wchar_t *wide, int wide_size);
#ifdef __cplusplus
}
#endif
#endif
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "ffnn.h: -ffast-math and -Ofast take NaN and infinity away; compile this file without"
#endif
#if FFNN_MAX_LAYERS < 2
#error "ffnn.h: FFNN_MAX_LAYERS must be at least 2, the lab's network"
#endif
#if defined(FFNN_MALLOC) != defined(FFNN_FREE)
#error "ffnn.h: define both FFNN_MALLOC and FFNN_FREE, or neither"
#endif
#ifndef FFNN_MALLOC
#include <stdlib.h>
#define FFNN_MALLOC(size) malloc(size)
#define FFNN_FREE(p) free(p)
#endif

/* ---- kernels ----------------------------------------------------------------------------- */
/* Loops over plain arrays that trust their arguments: whatever has to be fast is here, and what
   the other rooms call stands at the end. With GCC and Clang on x86 and ARM the inner loops are
   written with vector types, compiled for several kinds of processors and picked at run time;
   elsewhere they are plain C. What a kernel reads or writes beyond the end of a row of weights
   or activations is the network's own: FFNN__PADDING floats behind each array. */

enum { FFNN__PADDING = 32, FFNN__LINE = 16 }; /* floats; arrays begin at cache lines */

/* A matrix in any order: a transposed one has its steps exchanged. */
typedef struct ffnn__matrix {
    const float *data;
    size_t row_step, col_step;
    bool padded; /* FFNN__PADDING floats behind its end may be read */
} ffnn__matrix;

#if defined(__GNUC__) && !defined(__TINYC__) && !defined(FFNN_NO_SIMD) && \
    (defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__))
#define FFNN__SIMD

#if defined(__clang__)
#pragma STDC FP_CONTRACT ON
#define FFNN__UNROLL /* does it by itself */
#else
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast") /* fused multiply-add, which -std=c99 turns off */
#define FFNN__UNROLL _Pragma("GCC unroll 8")
#endif

#if defined(__x86_64__) || defined(__i386__)
#define FFNN__ROUND(x) __asm__("" : "+x"(x)) /* a product, before it is added as PyTorch adds it */
#if !defined(_WIN32) || defined(__clang__) /* GCC cannot align wide vectors on Windows' stack */
#define FFNN__X86
#define FFNN__AVX2 __attribute__((target("avx2,fma")))
#define FFNN__AVX512 __attribute__((target("avx2,fma,avx512f")))
#endif
#else
#define FFNN__ROUND(x) __asm__("" : "+w"(x))
#endif

#define FFNN__INLINE static inline __attribute__((always_inline))

/* 4, 8 and 16 floats, or integers, that may lie at any address. */
typedef float ffnn__f4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef float ffnn__f8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef float ffnn__f16 __attribute__((vector_size(64), aligned(4), may_alias));
typedef uint32_t ffnn__u4 __attribute__((vector_size(16), aligned(4), may_alias));
typedef uint32_t ffnn__u8 __attribute__((vector_size(32), aligned(4), may_alias));
typedef uint32_t ffnn__u16 __attribute__((vector_size(64), aligned(4), may_alias));

/* x = 1 / (1 + exp(-x)) for a vector of type F, U being integers of its size, and for arrays. With
   t = -x, exp(t) = 2^n exp(r), where n = round(t / ln 2) and r = t - n ln 2 is within +-0.35; ln 2
   comes in two parts, the first so short that n times it is exact. The polynomial for exp(r) - 1
   is minimax, its error 2^-28. Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low
   bits, from where it goes to the exponent. Far below 0, where exp(t) is so large that adding 1
   to it would round once too often, 1 is added as 2^-n before. What would be subnormal is 0,
   what is beyond 88 is 1; NaN stays NaN. */
#define FFNN__DEFINE_SIGMOID(kind, target, F, U)                                                  \
    target FFNN__INLINE void ffnn__sigmoid_of_##F(F *x) {                                         \
        const F zero = {0}, one = zero + 1.0f, round = zero + 12582912.0f;                        \
        F n = round - *x * 1.44269504f, r, r2, p, inverse, sum, far_sum;                          \
        U low = (U)(*x < zero - 87.33654f), far = (U)(*x < zero - 16.0f);                         \
        U high = (U)(*x > zero + 88.0f), bits = (U)n;                                             \
        n -= round;                                                                               \
        r = zero - *x - n * 0.693359375f;                                                         \
        r = r + n * 2.12194440e-4f;                                                               \
        r2 = r * r;                                                                               \
        p = (r * 0.00836874545f + 0.041668389f) + r2 * 0.00138145417f;                            \
        p = (r * 0.166665211f + 0.49999994f) + r2 * p;                                            \
        p = r + r2 * p;                                                                           \
        n = (F)(0x3f800000u + (bits << 23));                                                      \
        inverse = (F)(0x3f800000u - (bits << 23));                                                \
        sum = (p + 1.0f) * n + 1.0f;                                                              \
        far_sum = (p + inverse) * n + n;                                                          \
        sum = (F)(((U)sum & ~far) | ((U)far_sum & far));                                          \
        p = 1.0f / sum;                                                                           \
        *x = (F)(((U)p & ~(low | high)) | ((U)one & high));                                       \
    }                                                                                             \
    target static void ffnn__sigmoid_##kind(float *dst, const float *src, size_t count) {         \
        enum { LANES = sizeof(F) / sizeof(float) };                                               \
        float rest[LANES] = {0};                                                                  \
        for (; count >= LANES; count -= LANES, src += LANES, dst += LANES) {                      \
            F x = *(const F *)src;                                                                \
            ffnn__sigmoid_of_##F(&x);                                                             \
            *(F *)dst = x;                                                                        \
        }                                                                                         \
        if (count == 0) return;                                                                   \
        memcpy(rest, src, count * sizeof(float));                                                 \
        ffnn__sigmoid_of_##F((F *)rest);                                                          \
        memcpy(dst, rest, count * sizeof(float));                                                 \
    }

FFNN__DEFINE_SIGMOID(baseline, , ffnn__f4, ffnn__u4)
#ifdef FFNN__X86
FFNN__DEFINE_SIGMOID(avx2, FFNN__AVX2, ffnn__f8, ffnn__u8)
FFNN__DEFINE_SIGMOID(avx512, FFNN__AVX512, ffnn__f16, ffnn__u16)
#endif

/* What a product kernel does: c (rows x cols) = a b, or c += factor * (a b) if add, where a is
   rows x depth and b is depth x cols, its rows b_step floats apart and readable to the end of
   the kernel's width. */
typedef struct ffnn__panel {
    float *c;
    const float *a, *b;
    size_t rows, depth, cols, c_step, a_row_step, a_col_step, b_step;
    bool add;
    float factor;
} ffnn__panel;

/* Stores the first count floats of sum, or adds them to c. */
FFNN__INLINE void ffnn__store(float *c, const float *sum, size_t count, bool add) {
    for (; count >= 4; count -= 4, c += 4, sum += 4) {
        if (add) *(ffnn__f4 *)c += *(const ffnn__f4 *)sum;
        else *(ffnn__f4 *)c = *(const ffnn__f4 *)sum;
    }
    for (; count > 0; --count, ++c, ++sum) *c = add ? *c + *sum : *sum;
}

/* ROWS rows of c at a time, VECTORS vectors of type F wide, stay in registers while a and b stream
   by. Where fewer rows are left the last one is computed again and not stored; where c is less
   wide than the kernel, its columns go through rest. */
#define FFNN__DEFINE_PRODUCT(name, target, F, ROWS, VECTORS)                                      \
    target static void name(const ffnn__panel *t) {                                               \
        enum { LANES = sizeof(F) / sizeof(float), WIDTH = VECTORS * LANES };                      \
        float rest[ROWS][WIDTH];                                                                  \
        bool whole = t->cols == WIDTH;                                                            \
        size_t first, i, j, p, at, rows, c_step = whole ? t->c_step : (size_t)WIDTH;              \
        for (first = 0; first < t->rows; first += ROWS) {                                         \
            F sum[ROWS][VECTORS], zero = {0};                                                     \
            const float *a[ROWS], *b = t->b;                                                      \
            float *c = t->c + first * t->c_step, *to = whole ? c : rest[0];                       \
            rows = t->rows - first < ROWS ? t->rows - first : ROWS;                               \
            a[0] = t->a + first * t->a_row_step;                                                  \
            FFNN__UNROLL for (i = 0; i < ROWS; ++i) {                                             \
                if (i > 0) a[i] = a[i - 1] + (i < rows ? t->a_row_step : 0);                      \
                FFNN__UNROLL for (j = 0; j < VECTORS; ++j) sum[i][j] = zero;                      \
            }                                                                                     \
            for (i = 0; i < rows && t->add && t->depth > 1; ++i) {                                \
                __builtin_prefetch(c + i * t->c_step, 1);                                         \
                __builtin_prefetch(c + i * t->c_step + WIDTH - 1, 1);                             \
            }                                                                                     \
            for (p = t->depth, at = 0; p > 0; --p, b += t->b_step, at += t->a_col_step) {         \
                F row[VECTORS];                                                                   \
                FFNN__UNROLL for (j = 0; j < VECTORS; ++j) row[j] = *(const F *)(b + j * LANES);  \
                FFNN__UNROLL for (i = 0; i < ROWS; ++i)                                           \
                    FFNN__UNROLL for (j = 0; j < VECTORS; ++j) sum[i][j] += a[i][at] * row[j];    \
            }                                                                                     \
            FFNN__UNROLL for (i = 0; i < ROWS; ++i, to += c_step) {                               \
                if (i == rows) break;                                                             \
                FFNN__UNROLL for (j = 0; j < VECTORS; ++j) {                                      \
                    F old = zero, product = sum[i][j];                                            \
                    if (t->add) {                                                                 \
                        product *= t->factor;                                                     \
                        FFNN__ROUND(product);                                                     \
                        if (whole) old = *(F *)(to + j * LANES);                                  \
                    }                                                                             \
                    *(F *)(to + j * LANES) = old + product;                                       \
                }                                                                                 \
            }                                                                                     \
            for (i = 0; i < rows && !whole; ++i)                                                  \
                ffnn__store(c + i * t->c_step, rest[i], t->cols, t->add);                         \
        }                                                                                         \
    }

/* Small layers: here packing and calls would cost more than the work. The kernels are compiled
   for any sizes and, with loops unrolled, for those of the lab's network: 3 to 4 and 4 to 1. They
   write over a row's end, too: the next row overwrites that. */
FFNN__INLINE void ffnn__small_forward(float *z, float *a, const float *x, const float *w,
                                      size_t rows, size_t inputs, size_t outputs) {
    size_t i, j;
    for (; rows > 0; --rows, x += inputs, z += outputs, a += outputs) {
        for (j = 0; j < outputs; j += 4) {
            ffnn__f4 sum = {0};
            FFNN__UNROLL for (i = 0; i < inputs; ++i)
                sum += x[i] * *(const ffnn__f4 *)(w + i * outputs + j);
            *(ffnn__f4 *)(z + j) = sum;
            ffnn__sigmoid_of_ffnn__f4(&sum);
            *(ffnn__f4 *)(a + j) = sum;
        }
    }
}

/* w (inputs x outputs) += (x^T delta) * learning_rate */
FFNN__INLINE void ffnn__small_update(float *w, const float *x, const float *delta, size_t rows,
                                     size_t inputs, size_t outputs, float learning_rate) {
    size_t i, j, k, row;
    for (i = 0; i < inputs; ++i, w += outputs) {
        for (j = 0; j < outputs; j += 4) {
            ffnn__f4 sum = {0};
            for (row = 0; row < rows; ++row)
                sum += x[row * inputs + i] * *(const ffnn__f4 *)(delta + row * outputs + j);
            sum *= learning_rate;
            FFNN__ROUND(sum);
            if (j + 4 <= outputs) *(ffnn__f4 *)(w + j) += sum;
            else for (k = j; k < outputs; ++k) w[k] += sum[k - j];
        }
    }
}

/* All kernels for one kind of processor. */
typedef struct ffnn__kernels {
    size_t lanes;                        /* of its vectors */
    void (*narrow)(const ffnn__panel *); /* one vector wide */
    void (*wide)(const ffnn__panel *);   /* two */
    void (*line)(const ffnn__panel *);   /* eight, and one row at a time */
    void (*sigmoid)(float *dst, const float *src, size_t count);
    void (*small_forward)(float *z, float *a, const float *x, const ffnn_tensor *w, size_t rows);
    void (*small_update)(float *w, const float *x, const float *delta, size_t rows, size_t inputs,
                         size_t outputs, float learning_rate);
} ffnn__kernels;

#define FFNN__DEFINE_KERNELS(kind, target, F, ROWS)                                               \
    FFNN__DEFINE_PRODUCT(ffnn__narrow_##kind, target, F, ROWS, 1)                                 \
    FFNN__DEFINE_PRODUCT(ffnn__wide_##kind, target, F, ROWS, 2)                                   \
    FFNN__DEFINE_PRODUCT(ffnn__line_##kind, target, F, 1, 8)                                      \
    target static void ffnn__small_forward_##kind(float *z, float *a, const float *x,             \
                                                  const ffnn_tensor *w, size_t rows) {            \
        if (w->rows == 3 && w->cols == 4) ffnn__small_forward(z, a, x, w->data, rows, 3, 4);      \
        else if (w->rows == 4 && w->cols == 1) ffnn__small_forward(z, a, x, w->data, rows, 4, 1); \
        else ffnn__small_forward(z, a, x, w->data, rows, w->rows, w->cols);                       \
    }                                                                                             \
    target static void ffnn__small_update_##kind(float *w, const float *x, const float *delta,    \
                                                 size_t m, size_t inputs, size_t n, float rate) { \
        if (inputs == 3 && n == 4) ffnn__small_update(w, x, delta, m, 3, 4, rate);                \
        else if (inputs == 1 && n == 4) ffnn__small_update(w, x, delta, m, 1, 4, rate);           \
        else ffnn__small_update(w, x, delta, m, inputs, n, rate);                                 \
    }                                                                                             \
    static const ffnn__kernels ffnn__kernels_##kind = {                                           \
        sizeof(F) / sizeof(float), ffnn__narrow_##kind,  ffnn__wide_##kind,                       \
        ffnn__line_##kind,         ffnn__sigmoid_##kind, ffnn__small_forward_##kind,              \
        ffnn__small_update_##kind};

FFNN__DEFINE_KERNELS(baseline, , ffnn__f4, 6)
#ifdef FFNN__X86
FFNN__DEFINE_KERNELS(avx2, FFNN__AVX2, ffnn__f8, 6)
FFNN__DEFINE_KERNELS(avx512, FFNN__AVX512, ffnn__f16, 8)
#endif

/* The best kernels for the processor that the program runs on. The compiler's library has asked
   the processor before main, so this is a look at two words that no longer change. */
static const ffnn__kernels *ffnn__pick_kernels(void) {
#if defined(FFNN_TEST_KERNELS) /* for tests: one kind, whatever the processor */
    return &FFNN_TEST_KERNELS;
#elif defined(FFNN__X86)
    if (__builtin_cpu_supports("avx512f")) return &ffnn__kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma")) return &ffnn__kernels_avx2;
#endif
    return &ffnn__kernels_baseline;
}

enum { FFNN__DEPTH = 256, FFNN__MAX_LANES = 16 }; /* rows of b multiplied at a time */
enum { FFNN__STEP = 4 }; /* floats of an ffnn__f4 */

/* Copies depth rows and cols columns of b into rows of width floats, the last ones 0. */
static void ffnn__pack(float *panel, size_t width, ffnn__matrix b, size_t depth, size_t cols) {
    size_t p, j, block;
    for (; depth > 0; depth -= block, panel += block * width, b.data += block * b.row_step) {
        block = depth < 16 ? depth : 16; /* floats of a cache line, for a transposed b */
        for (j = 0; j < cols && b.col_step != 1; ++j)
            for (p = 0; p < block; ++p)
                panel[p * width + j] = b.data[p * b.row_step + j * b.col_step];
        for (p = 0; p < block; ++p) {
            __builtin_prefetch(b.data + (p + 16) * b.row_step);
            if (b.col_step == 1)
                memcpy(panel + p * width, b.data + p * b.row_step, cols * sizeof(float));
            if (cols < width) memset(panel + p * width + cols, 0, (width - cols) * sizeof(float));
        }
    }
}

/* c (n) = a (depth) b, where b's columns, each in one piece, are read as they lie. */
static void ffnn__dots(float *c, size_t n, size_t depth, const float *a, ffnn__matrix b) {
    size_t p, i;
    for (; n > 0; --n, ++c, b.data += b.col_step) {
        ffnn__f4 sum[4] = {{0}, {0}, {0}, {0}};
        const float *x = a, *y = b.data;
        for (p = depth; p >= 16; p -= 16, x += 16, y += 16)
            FFNN__UNROLL for (i = 0; i < 4; ++i)
                sum[i] += *(const ffnn__f4 *)(x + 4 * i) * *(const ffnn__f4 *)(y + 4 * i);
        sum[0] = (sum[0] + sum[1]) + (sum[2] + sum[3]);
        *c = (sum[0][0] + sum[0][1]) + (sum[0][2] + sum[0][3]);
        for (; p > 0; --p) *c += *x++ * *y++;
    }
}

/* c (m x n) = a (m x depth) b (depth x n), or c += factor * (a b) if add. Panels of b, a few
   columns wide, are used for all rows of a in turn; those that the kernels cannot read where they
   are, or that would come from too many places, are copied first. */
static void ffnn__multiply(float *c, size_t m, size_t depth, size_t n, ffnn__matrix a,
                           ffnn__matrix b, bool add, float factor) {
    const ffnn__kernels *kernels = ffnn__pick_kernels();
    float packed[FFNN__DEPTH * 2 * FFNN__MAX_LANES] __attribute__((aligned(64)));
    ffnn__panel t;
    size_t first, col, width;
    if (m == 1 && b.row_step == 1 && b.col_step > 1) { /* a row times a transposed matrix */
        ffnn__dots(c, n, depth, a.data, b);
        return;
    }
    t.rows = m, t.c_step = n, t.a_row_step = a.row_step, t.a_col_step = a.col_step;
    t.factor = add ? factor : 1.0f;
    for (first = 0; first < depth; first += FFNN__DEPTH) {
        t.c = c, t.a = a.data + first * a.col_step, t.add = add || first > 0;
        t.depth = depth - first;
        if (t.depth > FFNN__DEPTH) t.depth = FFNN__DEPTH;
        for (col = 0; col < n; col += width, t.c += width) {
            bool narrow = n - col <= kernels->lanes;
            bool line = (m == 1 || depth == 1) && n - col >= 8 * kernels->lanes && b.col_step == 1;
            ffnn__matrix from = b;
            from.data += first * b.row_step + col * b.col_step;
            width = kernels->lanes * (narrow ? 1 : line ? 8 : 2);
            t.b = from.data;
            t.b_step = b.row_step;
            t.cols = n - col < width ? n - col : width;
            if (b.col_step != 1 || (t.cols < width && !b.padded) || (m >= 32 && n >= 1024)) {
                ffnn__pack(packed, width, from, t.depth, t.cols);
                t.b = packed;
                t.b_step = width;
            }
            (narrow ? kernels->narrow : line ? kernels->line : kernels->wide)(&t);
        }
    }
}

static void ffnn__sigmoid(float *dst, const float *src, size_t count) {
    ffnn__pick_kernels()->sigmoid(dst, src, count);
}

#if !defined(__clang__)
#pragma GCC pop_options
#endif

#else /* plain C */

typedef float ffnn__f4;
enum { FFNN__STEP = 1 };

static void ffnn__multiply(float *c, size_t m, size_t depth, size_t n, ffnn__matrix a,
                           ffnn__matrix b, bool add, float factor) {
    size_t row, col, p;
    for (row = 0; row < m; ++row, c += n, a.data += a.row_step) {
        for (col = 0; col < n; ++col) {
            const float *x = a.data, *y = b.data + col * b.col_step;
            float sum = 0;
            for (p = 0; p < depth; ++p, x += a.col_step, y += b.row_step) sum += *x * *y;
            if (add) c[col] += sum * factor;
            else c[col] = sum;
        }
    }
}

/* The steps of FFNN__DEFINE_SIGMOID. */
static void ffnn__sigmoid(float *dst, const float *src, size_t count) {
    for (; count > 0; --count, ++src, ++dst) {
        const float lowest = -87.33654f, x = *src, n = rintf(-x * 1.44269504f);
        float r = (-x - n * 0.693359375f) + n * 2.12194440e-4f, p;
        p = (r * 0.00836874545f + 0.041668389f) + r * r * 0.00138145417f;
        p = (r * 0.166665211f + 0.49999994f) + r * r * p;
        p = r + r * r * p;
        if (isnan(x)) *dst = x;
        else if (x < lowest || x > 88) *dst = x > 88 ? 1.0f : 0.0f;
        else if (x < -16) *dst = 1 / ldexpf(p + ldexpf(1, -(int)n) + 1, (int)n);
        else *dst = 1 / (ldexpf(p + 1, (int)n) + 1);
    }
}

#endif /* FFNN__SIMD */

enum { FFNN__SMALL = 64, FFNN__SMALL_BATCH = 32 }; /* weights of a layer, rows of an update */

/* z = x W, a = sigmoid(z); a may be z */
static void ffnn__forward_layer(float *z, float *a, const float *x, const ffnn_tensor *weight,
                                size_t rows) {
    size_t inputs = weight->rows, outputs = weight->cols;
#ifdef FFNN__SIMD
    if (inputs * outputs <= FFNN__SMALL) {
        ffnn__pick_kernels()->small_forward(z, a, x, weight, rows);
        return;
    }
#endif
    ffnn__matrix input = {x, inputs, 1, false}, w = {weight->data, outputs, 1, true};
    ffnn__multiply(z, rows, inputs, outputs, input, w, false, 1);
    ffnn__sigmoid(a, z, rows * outputs);
}

/* delta = error * sigmoid'(z), where sigmoid'(z) = a (1 - a) */
static void ffnn__delta(const ffnn_layer *layer, size_t at, ffnn__f4 error) {
    ffnn__f4 a = *(const ffnn__f4 *)(layer->a.data + at);
    *(ffnn__f4 *)(layer->error.data + at) = error;
    *(ffnn__f4 *)(layer->delta.data + at) = error * (a * (1.0f - a));
}

/* error = y - a, and delta */
static void ffnn__output_delta(const ffnn_layer *layer, const float *y, size_t rows) {
    const float *a = layer->a.data;
    size_t i, count = rows * layer->weight.cols;
    for (i = 0; i + FFNN__STEP <= count; i += FFNN__STEP)
        ffnn__delta(layer, i, *(const ffnn__f4 *)(y + i) - *(const ffnn__f4 *)(a + i));
    for (; i < count; ++i) {
        layer->error.data[i] = y[i] - a[i];
        layer->delta.data[i] = (y[i] - a[i]) * (a[i] * (1 - a[i]));
    }
}

/* error = next delta (next W)^T, and delta. Writes over a row's end, too. */
static void ffnn__hidden_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows) {
    size_t units = next->weight.rows, outputs = next->weight.cols, row, j, at;
    ffnn__matrix delta = {next->delta.data, outputs, 1, true};
    ffnn__matrix w = {next->weight.data, 1, outputs, true};
    if (outputs > 1) ffnn__multiply(layer->error.data, rows, outputs, units, delta, w, false, 1);
    for (row = 0; row < rows; ++row) {
        for (j = 0, at = row * units; j < units; j += FFNN__STEP, at += FFNN__STEP) {
            ffnn__f4 error = *(const ffnn__f4 *)(layer->error.data + at);
            if (outputs == 1) error = delta.data[row] * *(const ffnn__f4 *)(w.data + j);
            ffnn__delta(layer, at, error);
        }
    }
}

/* W += (x^T delta) * learning_rate */
static void ffnn__update_layer(const ffnn_layer *layer, const float *x, size_t rows,
                               float learning_rate) {
    size_t inputs = layer->weight.rows, outputs = layer->weight.cols;
    float *w = layer->weight.data, *delta = layer->delta.data;
#ifdef FFNN__SIMD
    if (inputs * outputs <= FFNN__SMALL && rows <= FFNN__SMALL_BATCH) {
        bool swap = outputs == 1 && inputs % 4 == 0; /* then the transposed update is faster */
        ffnn__pick_kernels()->small_update(w, swap ? delta : x, swap ? x : delta, rows,
                                           swap ? 1 : inputs, swap ? inputs : outputs,
                                           learning_rate);
        return;
    }
#endif
    ffnn__matrix input = {x, 1, inputs, false}, deltas = {delta, outputs, 1, true};
    ffnn__multiply(w, inputs, rows, outputs, input, deltas, true, learning_rate);
}

/* ---- tensors ----------------------------------------------------------------------------- */

FFNNDEF const char *ffnn_status_string(ffnn_status status) {
    static const char *const texts[] = {
        "no error", "invalid argument", "sizes do not fit", "out of memory",
        "file could not be opened, read or written", "not a well-formed weights file",
        "weights file is not of this network"};
    return (size_t)status < sizeof texts / sizeof texts[0] ? texts[status] : "unknown status";
}

/* What a sensible tensor has: memory, elements, and a size in bytes that a size_t can hold. */
static ffnn_status ffnn__check(ffnn_tensor t) {
    if (t.data == NULL || t.rows == 0 || t.cols == 0) return FFNN_ERROR_ARGUMENT;
    if ((t.rows | t.cols) >> (sizeof(size_t) * 4 - 1) == 0) return FFNN_OK; /* spares a division */
    return t.rows > SIZE_MAX / sizeof(float) / t.cols ? FFNN_ERROR_MEMORY : FFNN_OK;
}

/* The checks of each function: of its tensors, then whether their sizes fit each other, then what
   else is to be allowed, such as an overlap. */
static ffnn_status ffnn__check_all(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b, bool sizes_fit,
                                   bool allowed) {
    ffnn_status status = ffnn__check(dst);
    if (status == FFNN_OK) status = ffnn__check(a);
    if (status == FFNN_OK) status = ffnn__check(b);
    if (status != FFNN_OK) return status;
    return !sizes_fit ? FFNN_ERROR_SHAPE : allowed ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

static bool ffnn__same_shape(ffnn_tensor a, ffnn_tensor b) {
    return a.rows == b.rows && a.cols == b.cols;
}

static bool ffnn__overlap(ffnn_tensor a, ffnn_tensor b) {
    uintptr_t a_begin = (uintptr_t)a.data, b_begin = (uintptr_t)b.data;
    return a_begin < b_begin + b.rows * b.cols * sizeof(float) &&
           b_begin < a_begin + a.rows * a.cols * sizeof(float);
}

/* Whether an input is dst itself, element for element, or lies apart from it. */
static bool ffnn__same_or_apart(ffnn_tensor dst, ffnn_tensor a) {
    return (dst.data == a.data && ffnn__same_shape(dst, a)) || !ffnn__overlap(dst, a);
}

/* Checks for dst = f(a), element by element. */
static ffnn_status ffnn__check_unary(ffnn_tensor dst, ffnn_tensor a) {
    return ffnn__check_all(dst, a, a, ffnn__same_shape(dst, a), ffnn__same_or_apart(dst, a));
}

/* Whether b can be used for every row of a: it is as large, or one row, or 1 x 1. */
static bool ffnn__spreads(ffnn_tensor b, ffnn_tensor a) {
    return b.rows == 1 ? b.cols == a.cols || b.cols == 1 : ffnn__same_shape(a, b);
}

/* The element of a b that spreads. */
static float ffnn__spread_at(ffnn_tensor b, size_t row, size_t col) {
    return b.data[(b.rows == 1 ? 0 : row) * b.cols + (b.cols == 1 ? 0 : col)];
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
    t->data = (float *)FFNN_MALLOC(rows * cols * sizeof(float));
    if (t->data == NULL) return FFNN_ERROR_MEMORY;
    memset(t->data, 0, rows * cols * sizeof(float));
    t->rows = rows, t->cols = cols;
    return FFNN_OK;
}

FFNNDEF void ffnn_tensor_free(ffnn_tensor *t) {
    if (t == NULL) return;
    if (t->data != NULL) FFNN_FREE(t->data);
    *t = ffnn_view(NULL, 0, 0);
}

FFNNDEF float *ffnn_at(ffnn_tensor t, size_t row, size_t col) {
    return t.data == NULL || row >= t.rows || col >= t.cols ? NULL : t.data + row * t.cols + col;
}

FFNNDEF ffnn_status ffnn_copy(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status == FFNN_OK) memmove(dst.data, a.data, a.rows * a.cols * sizeof(float));
    return status;
}

#define FFNN__DEFINE_BINARY(name, op)                                                             \
    FFNNDEF ffnn_status name(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {                     \
        bool sizes_fit = ffnn__same_shape(dst, a) && ffnn__spreads(b, dst);                       \
        bool apart = ffnn__same_or_apart(dst, a) && ffnn__same_or_apart(dst, b);                  \
        ffnn_status status = ffnn__check_all(dst, a, b, sizes_fit, apart);                        \
        size_t row, col, at = 0;                                                                  \
        for (row = 0; status == FFNN_OK && row < dst.rows; ++row)                                 \
            for (col = 0; col < dst.cols; ++col, ++at)                                            \
                dst.data[at] = a.data[at] op ffnn__spread_at(b, row, col);                        \
        return status;                                                                            \
    }

FFNN__DEFINE_BINARY(ffnn_add, +)
FFNN__DEFINE_BINARY(ffnn_sub, -)
FFNN__DEFINE_BINARY(ffnn_mul, *)
FFNN__DEFINE_BINARY(ffnn_div, /)

FFNNDEF ffnn_status ffnn_scale(ffnn_tensor dst, ffnn_tensor a, float factor) {
    return ffnn_mul(dst, a, ffnn_view(&factor, 1, 1));
}

FFNNDEF ffnn_status ffnn_matmul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    ffnn__matrix left = {a.data, a.cols, 1, false}, right = {b.data, b.cols, 1, false};
    bool sizes_fit = a.cols == b.rows && dst.rows == a.rows && dst.cols == b.cols;
    bool apart = !ffnn__overlap(dst, a) && !ffnn__overlap(dst, b);
    ffnn_status status = ffnn__check_all(dst, a, b, sizes_fit, apart);
    if (status == FFNN_OK)
        ffnn__multiply(dst.data, a.rows, a.cols, b.cols, left, right, false, 1);
    return status;
}

FFNNDEF ffnn_status ffnn_transpose(ffnn_tensor dst, ffnn_tensor a) {
    size_t row, col;
    bool sizes_fit = dst.rows == a.cols && dst.cols == a.rows;
    ffnn_status status = ffnn__check_all(dst, a, a, sizes_fit, !ffnn__overlap(dst, a));
    for (row = 0; status == FFNN_OK && row < a.rows; ++row)
        for (col = 0; col < a.cols; ++col)
            dst.data[col * a.rows + row] = a.data[row * a.cols + col];
    return status;
}

FFNNDEF ffnn_status ffnn_max(ffnn_tensor dst, ffnn_tensor a) {
    size_t i, col = 0;
    bool sizes_fit = dst.rows == 1 && dst.cols == a.cols;
    ffnn_status status = ffnn__check_all(dst, a, a, sizes_fit, ffnn__same_or_apart(dst, a));
    if (status != FFNN_OK) return status;
    for (i = 0; i < a.rows * a.cols; ++i, col = col + 1 < a.cols ? col + 1 : 0) {
        float x = a.data[i], *largest = &dst.data[col];
        if (i < a.cols || (!(x <= *largest) && !isnan(*largest))) *largest = x;
    }
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse) {
    double sum = 0;
    size_t row, col;
    ffnn_status status = ffnn__check_all(a, b, b, ffnn__spreads(b, a), mse != NULL);
    if (status != FFNN_OK) return status;
    for (row = 0; row < a.rows; ++row) {
        for (col = 0; col < a.cols; ++col) {
            double x = (double)a.data[row * a.cols + col], y = (double)ffnn__spread_at(b, row, col);
            sum += (x - y) * (x - y);
        }
    }
    *mse = (float)(sum / ((double)a.rows * (double)a.cols));
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status == FFNN_OK) ffnn__sigmoid(dst.data, a.data, a.rows * a.cols);
    return status;
}

FFNNDEF ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a) {
    size_t i;
    ffnn_status status = ffnn__check_unary(dst, a);
    for (i = 0; status == FFNN_OK && i < a.rows * a.cols; ++i)
        dst.data[i] = a.data[i] * (1.0f - a.data[i]);
    return status;
}

#ifndef FFNN_NO_STDIO

enum { /* PyTorch's options */
    FFNN__PRINT_WIDTH = 80,
    FFNN__PRINT_THRESHOLD = 1000, /* elements, above which a tensor is summarised */
    FFNN__PRINT_EDGE = 3          /* rows and columns that a summary shows at each end */
};

/* How PyTorch's _tensor_str.py prints one tensor. */
typedef struct ffnn__printer {
    ffnn_tensor t;
    size_t rows, cols;  /* that are shown: fewer than t's in a summary */
    const char *format; /* "%.0f" for whole numbers, a point after it, else "%.4f" or "%.4e" */
    int width;          /* of an element */
} ffnn__printer;

static float ffnn__shown_at(const ffnn__printer *printer, size_t row, size_t col) {
    if (row >= FFNN__PRINT_EDGE) row += printer->t.rows - printer->rows;
    if (col >= FFNN__PRINT_EDGE) col += printer->t.cols - printer->cols;
    return printer->t.data[row * printer->t.cols + col];
}

/* printf's text of a float without what depends on the locale: always a point, and no sign before
   nan. Returns its length. */
static int ffnn__number_text(char text[64], const ffnn__printer *printer, float value) {
    char raw[64], *rest;
    if (isnan(value) || isinf(value))
        return snprintf(text, 64, "%s", isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
    snprintf(raw, sizeof raw, printer->format, (double)value);
    rest = raw + strspn(raw, "-0123456789"); /* the locale's decimal point, or the end */
    return snprintf(text, 64, "%.*s.%s", (int)(rest - raw), raw,
                    rest + strcspn(rest, "0123456789"));
}

/* Only finite elements other than zero have a say in how a tensor is printed. */
static bool ffnn__counts(float value) { return fabsf(value) > 0 && !isinf(value); }

static void ffnn__choose_format(ffnn__printer *printer) {
    double smallest = HUGE_VAL, largest = 0;
    char text[64];
    bool whole = true;
    size_t i, count = printer->rows * printer->cols;
    for (i = 0; i < count; ++i) {
        float value = ffnn__shown_at(printer, i / printer->cols, i % printer->cols);
        double size = fabs((double)value);
        if (!ffnn__counts(value)) continue;
        if (size < smallest) smallest = size;
        if (size > largest) largest = size;
        if (size > floor(size)) whole = false;
    }
    printer->format = whole ? "%.0f" : "%.4f";
    if (largest / smallest > 1000 || largest > 1e8 || (!whole && smallest < 1e-4))
        printer->format = "%.4e";
    for (i = 0; i < count; ++i) {
        float value = ffnn__shown_at(printer, i / printer->cols, i % printer->cols);
        int width = ffnn__counts(value) ? ffnn__number_text(text, printer, value) : 0;
        if (width > printer->width) printer->width = width;
    }
}

/* A row without its brackets. */
static void ffnn__print_row(FILE *out, const ffnn__printer *printer, size_t row) {
    bool summary = printer->cols < printer->t.cols;
    size_t item, col = 0;
    size_t per_line = (FFNN__PRINT_WIDTH - strlen("tensor([")) / ((size_t)printer->width + 2);
    char text[64];
    for (item = 0; col < printer->cols; ++item) {
        bool gap = summary && item == FFNN__PRINT_EDGE;
        if (item > 0) fputs(item % per_line == 0 ? ",\n         " : ", ", out);
        if (!gap) ffnn__number_text(text, printer, ffnn__shown_at(printer, row, col++));
        fprintf(out, "%*s", gap ? 0 : printer->width, gap ? " ..." : text);
    }
}

FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t) {
    const size_t most = 2 * FFNN__PRINT_EDGE;
    bool summary = t.rows * t.cols > FFNN__PRINT_THRESHOLD;
    ffnn__printer printer = {t, t.rows, t.cols, NULL, 1};
    size_t row;
    if (out == NULL) return FFNN_ERROR_ARGUMENT;
    if (t.rows == 0 || t.cols == 0) {
        fprintf(out, "tensor([], size=(%lu, %lu))\n", (unsigned long)t.rows, (unsigned long)t.cols);
        return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
    }
    if (ffnn__check(t) != FFNN_OK) return ffnn__check(t);
    if (summary && t.rows > most) printer.rows = most;
    if (summary && t.cols > most) printer.cols = most;
    ffnn__choose_format(&printer);
    fputs("tensor([[", out);
    for (row = 0; row < printer.rows; ++row) {
        bool gap = row == FFNN__PRINT_EDGE && printer.rows < t.rows;
        if (row > 0) fputs(gap ? "],\n        ...,\n        [" : "],\n        [", out);
        ffnn__print_row(out, &printer, row);
    }
    fputs("]])\n", out);
    return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
}

#endif /* FFNN_NO_STDIO */

/* ---- random numbers ---------------------------------------------------------------------- */
/* MT19937 by Matsumoto and Nishimura, 1998, and the normal numbers that PyTorch makes of it. */

enum { FFNN__STATE_SIZE = 624, FFNN__STATE_SHIFT = 397 };
#define FFNN__PI 3.14159265358979323846

FFNNDEF void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed) {
    uint32_t i;
    if (rng == NULL) return;
    rng->state[0] = (uint32_t)(seed & 0xffffffffu);
    for (i = 1; i < FFNN__STATE_SIZE; ++i)
        rng->state[i] = 1812433253u * (rng->state[i - 1] ^ (rng->state[i - 1] >> 30)) + i;
    rng->seeded = 1, rng->remaining = rng->has_kept = 0, rng->kept = 0;
}

/* The next 624 outputs, yet to be tempered. */
static void ffnn__rng_refill(ffnn_rng *rng) {
    uint32_t *state = rng->state;
    size_t i;
    if (!rng->seeded) ffnn_rng_seed(rng, 0);
    for (i = 0; i < FFNN__STATE_SIZE; ++i) {
        uint32_t next = state[(i + 1) % FFNN__STATE_SIZE];
        uint32_t mixed = (state[i] & 0x80000000u) | (next & 0x7fffffffu);
        state[i] = state[(i + FFNN__STATE_SHIFT) % FFNN__STATE_SIZE] ^ (mixed >> 1) ^
                   ((next & 1u) ? 0x9908b0dfu : 0u);
    }
    rng->remaining = FFNN__STATE_SIZE;
}

static uint32_t ffnn__rng_next(ffnn_rng *rng) {
    uint32_t x;
    if (rng->remaining == 0) ffnn__rng_refill(rng);
    x = rng->state[FFNN__STATE_SIZE - rng->remaining--];
    x ^= x >> 11;
    x ^= (x << 7) & 0x9d2c5680u;
    x ^= (x << 15) & 0xefc60000u;
    return x ^ (x >> 18);
}

FFNNDEF void ffnn_rng_discard(ffnn_rng *rng, uint64_t count) {
    if (rng == NULL) return;
    for (; count > rng->remaining; ffnn__rng_refill(rng)) count -= rng->remaining;
    rng->remaining -= (uint32_t)count;
}

/* In [0, 1), of 53 bits. */
static double ffnn__uniform(ffnn_rng *rng) {
    uint64_t high = ffnn__rng_next(rng), low = ffnn__rng_next(rng);
    return (double)(((high << 32) | low) & 0x1fffffffffffffu) * (1.0 / 9007199254740992.0);
}

/* Box-Muller in double. It makes numbers in pairs: the second one is kept for the next call. */
static float ffnn__normal(ffnn_rng *rng) {
    double theta, radius;
    if (rng->has_kept) {
        rng->has_kept = 0;
        return (float)rng->kept;
    }
    theta = 2 * FFNN__PI * ffnn__uniform(rng);
    radius = sqrt(-2 * log1p(-ffnn__uniform(rng)));
    rng->kept = radius * sin(theta), rng->has_kept = 1;
    return (float)(radius * cos(theta));
}

/* 16 numbers at once, of uniform ones of 24 bits. radius and theta are floats, as in PyTorch. */
static void ffnn__normal_block(float *x, ffnn_rng *rng) {
    size_t i;
    for (i = 0; i < 16; ++i) x[i] = (float)(ffnn__rng_next(rng) & 0xffffffu) / 16777216.0f;
    for (i = 0; i < 8; ++i) {
        float radius = (float)sqrt(-2 * log(1 - (double)x[i]));
        float theta = (float)(2 * FFNN__PI) * x[i + 8];
        x[i] = (float)((double)radius * cos((double)theta));
        x[i + 8] = (float)((double)radius * sin((double)theta));
    }
}

FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng) {
    size_t i, count = dst.rows * dst.cols;
    ffnn_status status = rng == NULL ? FFNN_ERROR_ARGUMENT : ffnn__check(dst);
    if (status != FFNN_OK) return status;
    for (i = 0; count < 16 && i < count; ++i) dst.data[i] = ffnn__normal(rng);
    for (; i + 16 <= count; i += 16) ffnn__normal_block(dst.data + i, rng);
    if (i < count) { /* the last 16 elements are drawn afresh */
        ffnn_rng_discard(rng, count - i);
        ffnn__normal_block(dst.data + count - 16, rng);
    }
    return FFNN_OK;
}

/* ---- network ----------------------------------------------------------------------------- */

static bool ffnn__is_net(const ffnn_net *net) { return net != NULL && net->layer_count > 0; }

/* The first address from p on that a cache line begins at. */
static float *ffnn__align(float *p) { return p + (0 - (uintptr_t)p / sizeof(float)) % FFNN__LINE; }

/* The room for rows x cols activations, in floats: whole cache lines, and the padding. */
static size_t ffnn__room(size_t rows, size_t cols) {
    return (rows * cols + FFNN__LINE - 1) / FFNN__LINE * FFNN__LINE + FFNN__PADDING;
}

/* A network with these layer_count + 1 sizes, its weights not set yet. net must be all zeros. */
static ffnn_status ffnn__allocate(ffnn_net *net, const size_t *sizes, size_t layer_count) {
    const size_t limit = SIZE_MAX / sizeof(float) - FFNN__PADDING - FFNN__LINE;
    size_t i, total = 0;
    float *weight;
    for (i = 0; i < layer_count; ++i) {
        if (sizes[i] > (limit - total) / sizes[i + 1]) return FFNN_ERROR_MEMORY;
        total += sizes[i] * sizes[i + 1];
    }
    if (ffnn_tensor_init(&net->weights, 1, total + FFNN__PADDING + FFNN__LINE) != FFNN_OK)
        return FFNN_ERROR_MEMORY;
    weight = ffnn__align(net->weights.data);
    net->weight_count = total, net->layer_count = layer_count;
    for (i = 0; i < layer_count; weight += sizes[i] * sizes[i + 1], ++i) {
        net->layers[i].weight = ffnn_view(weight, sizes[i], sizes[i + 1]);
        net->unit_count += sizes[i + 1];
        if (sizes[i + 1] > net->widest) net->widest = sizes[i + 1];
    }
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc) {
    const size_t lab[] = {3, 4, 1};
    ffnn_rng seeded_with_0 = {{0}, 0, 0, 0, 0};
    ffnn_desc wanted = {{0}, NULL};
    size_t count = 0, i;
    ffnn_status status;
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (desc != NULL) wanted = *desc;
    if (wanted.rng == NULL) wanted.rng = &seeded_with_0;
    for (i = 0; i <= FFNN_MAX_LAYERS; ++i)
        if (wanted.sizes[i] != 0 && count++ != i)
            return FFNN_ERROR_ARGUMENT; /* a layer without units before it */
    if (count == 1) return FFNN_ERROR_ARGUMENT;
    status = count > 0 ? ffnn__allocate(net, wanted.sizes, count - 1) : ffnn__allocate(net, lab, 2);
    for (i = 0; i < net->layer_count; ++i) ffnn_randn(net->layers[i].weight, wanted.rng);
    return status;
}

FFNNDEF void ffnn_free(ffnn_net *net) {
    if (net == NULL) return;
    ffnn_tensor_free(&net->weights);
    ffnn_tensor_free(&net->activations);
    memset(net, 0, sizeof *net);
}

/* Whether t, X or y, is no part of the network itself. */
static inline bool ffnn__is_outside(const ffnn_net *net, ffnn_tensor t) {
    return !ffnn__overlap(t, net->weights) && !ffnn__overlap(t, net->activations);
}

/* Whether X and y (targets or an output; NULL: none) are a batch for net. */
static ffnn_status ffnn__check_batch(const ffnn_net *net, ffnn_tensor X, const ffnn_tensor *y) {
    ffnn_status status = ffnn__is_net(net) ? ffnn__check(X) : FFNN_ERROR_ARGUMENT;
    if (status == FFNN_OK && y != NULL) status = ffnn__check(*y);
    if (status != FFNN_OK) return status;
    if (X.cols != net->layers[0].weight.rows) return FFNN_ERROR_SHAPE;
    if (!ffnn__is_outside(net, X)) return FFNN_ERROR_ARGUMENT;
    if (y == NULL) return FFNN_OK;
    if (y->rows != X.rows || y->cols != net->layers[net->layer_count - 1].weight.cols)
        return FFNN_ERROR_SHAPE;
    return ffnn__is_outside(net, *y) ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

/* Makes the activations of every layer rows high; for more rows than ever before in new memory. */
static ffnn_status ffnn__reserve(ffnn_net *net, size_t rows) {
    size_t i;
    float *memory;
    if (rows == net->layers[0].z.rows) return FFNN_OK;
    if (rows > net->batch_capacity) {
        size_t extra = net->layer_count * (FFNN__LINE + FFNN__PADDING) + FFNN__LINE;
        ffnn_tensor larger;
        if (rows > (SIZE_MAX / 32 - extra) / net->unit_count) return FFNN_ERROR_MEMORY;
        if (ffnn_tensor_init(&larger, 4, rows * net->unit_count + extra) != FFNN_OK)
            return FFNN_ERROR_MEMORY;
        ffnn_tensor_free(&net->activations);
        net->activations = larger, net->batch_capacity = rows;
    }
    memory = ffnn__align(net->activations.data);
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        size_t cols = layer->weight.cols, size = ffnn__room(net->batch_capacity, cols);
        layer->z = ffnn_view(memory, rows, cols);
        layer->a = ffnn_view(memory + size, rows, cols);
        layer->error = ffnn_view(memory + 2 * size, rows, cols);
        layer->delta = ffnn_view(memory + 3 * size, rows, cols);
        memory += 4 * size;
    }
    return FFNN_OK;
}

/* Layer after layer: z = input W, a = sigmoid(z). */
static void ffnn__forward(ffnn_net *net, ffnn_tensor X) {
    const float *input = X.data;
    size_t i;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        ffnn__forward_layer(layer->z.data, layer->a.data, input, &layer->weight, X.rows);
        input = layer->a.data;
    }
}

/* Layer before layer: the last one's error is y - a, any other's is the next delta W^T;
   delta = error * sigmoid'(z). Then, all deltas known, W += (input^T delta) * learning_rate. */
static void ffnn__backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate) {
    ffnn_layer *layers = net->layers;
    size_t i, last = net->layer_count - 1;
    ffnn__output_delta(&layers[last], y.data, X.rows);
    for (i = last; i-- > 0;) ffnn__hidden_delta(&layers[i], &layers[i + 1], X.rows);
    for (i = 0; i <= last; ++i) {
        const float *input = i == 0 ? X.data : layers[i - 1].a.data;
        ffnn__update_layer(&layers[i], input, X.rows, learning_rate);
    }
}

FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output) {
    ffnn_status status = ffnn__check_batch(net, X, NULL);
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, X);
    if (output != NULL) *output = net->layers[net->layer_count - 1].a;
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                                  float learning_rate) {
    ffnn_status status = ffnn__check_batch(net, X, &y);
    if (status != FFNN_OK) return status;
    if (net->layers[0].z.rows != X.rows) return FFNN_ERROR_SHAPE;
    ffnn__backward(net, X, y, learning_rate);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss) {
    ffnn_status status = ffnn__check_batch(net, X, &y);
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, X);
    if (loss != NULL) ffnn_mse(y, net->layers[net->layer_count - 1].a, loss);
    ffnn__backward(net, X, y, learning_rate);
    return FFNN_OK;
}

/* order = torch.randperm(count): Fisher and Yates's shuffle, the i-th place drawing from itself
   and those after it. Taking the remainder favours no place by more than count in 2^32 (of 2^64,
   where PyTorch, too, finds that too much): for 10,000 samples two in a million. */
static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng) {
    size_t i;
    for (i = 0; i < count; ++i) order[i] = i;
    for (i = 0; i + 1 < count; ++i) {
        uint64_t draw = ffnn__rng_next(rng);
        size_t other, swapped = order[i];
        if (count >= UINT32_MAX / 20) draw = draw << 32 | ffnn__rng_next(rng);
        other = i + (size_t)(draw % (count - i));
        order[i] = order[other];
        order[other] = swapped;
    }
}

/* Some rows of all: a view of them or, in another order than they lie in, copies in batch. */
static ffnn_tensor ffnn__take(ffnn_tensor all, ffnn_tensor batch, const size_t *order,
                              size_t first, size_t rows) {
    size_t row, cols = all.cols;
    if (order == NULL) return ffnn_view(all.data + first * cols, rows, cols);
    for (row = 0; row < rows; ++row)
        memcpy(batch.data + row * cols, all.data + order[first + row] * cols, cols * sizeof(float));
    return ffnn_view(batch.data, rows, cols);
}

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                             const ffnn_fit_desc *desc) {
    ffnn_fit_desc wanted = {0, 0, 0, NULL, NULL, NULL};
    ffnn_progress progress = {0, 1000, 0, 0};
    ffnn_tensor X_batch = {0, 0, NULL}, y_batch = {0, 0, NULL};
    size_t *order = NULL, first, rows;
    ffnn_status status = ffnn__check_batch(net, X, &y);
    if (status != FFNN_OK) return status;
    if (desc != NULL) wanted = *desc;
    if (wanted.epochs != 0) progress.epochs = wanted.epochs;
    if (fabsf(wanted.learning_rate) <= 0) wanted.learning_rate = 0.1f;
    if (wanted.batch_size == 0 || wanted.batch_size > X.rows) wanted.batch_size = X.rows;
    if (wanted.rng != NULL) {
        status = ffnn_tensor_init(&X_batch, wanted.batch_size, X.cols);
        if (status == FFNN_OK) status = ffnn_tensor_init(&y_batch, wanted.batch_size, y.cols);
        if (status == FFNN_OK) order = (size_t *)FFNN_MALLOC(X.rows * sizeof *order);
        if (order == NULL) status = FFNN_ERROR_MEMORY;
    }
    if (status == FFNN_OK) status = ffnn__reserve(net, wanted.batch_size);
    while (status == FFNN_OK && progress.epoch < progress.epochs) {
        double sum = 0; /* of the losses, each weighted by its samples */
        if (order != NULL) ffnn__shuffle(order, X.rows, wanted.rng);
        for (first = 0; status == FFNN_OK && first < X.rows; first += rows) {
            rows = X.rows - first < wanted.batch_size ? X.rows - first : wanted.batch_size;
            status = ffnn_train(net, ffnn__take(X, X_batch, order, first, rows),
                                ffnn__take(y, y_batch, order, first, rows), wanted.learning_rate,
                                wanted.progress != NULL ? &progress.loss : NULL);
            sum += (double)progress.loss * (double)rows;
        }
        progress.loss = (float)(sum / (double)X.rows);
        ++progress.epoch, progress.samples += X.rows;
        if (status != FFNN_OK || wanted.progress == NULL) continue;
        if (!wanted.progress(wanted.user, &progress)) break;
    }
    ffnn_tensor_free(&X_batch);
    ffnn_tensor_free(&y_batch);
    if (order != NULL) FFNN_FREE(order);
    return status;
}

enum { FFNN__PREDICT_ROWS = 256, FFNN__STACK_FLOATS = 1024 }; /* what predict takes at a time */

FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output) {
    float stack[FFNN__STACK_FLOATS], *memory = stack, *a = NULL;
    size_t first, i, size, rows = X.rows;
    ffnn_status status = ffnn__check_batch(net, X, &output);
    if (status != FFNN_OK) return status;
    if (ffnn__overlap(output, X)) return FFNN_ERROR_ARGUMENT;
    if (rows > FFNN__PREDICT_ROWS) rows = FFNN__PREDICT_ROWS;
    size = ffnn__room(rows, net->widest);
    if (2 * size > FFNN__STACK_FLOATS) memory = (float *)FFNN_MALLOC(2 * size * sizeof(float));
    if (memory == NULL) return FFNN_ERROR_MEMORY;
    for (first = 0; first < X.rows; first += rows) { /* forward, with z and a in the same memory */
        const float *input = X.data + first * X.cols;
        if (rows > X.rows - first) rows = X.rows - first;
        for (i = 0; i < net->layer_count; ++i, input = a) {
            a = memory + (i % 2) * size; /* the layers take turns in two buffers */
            ffnn__forward_layer(a, a, input, &net->layers[i].weight, rows);
        }
        memcpy(output.data + first * output.cols, input, rows * output.cols * sizeof(float));
    }
    if (memory != stack) FFNN_FREE(memory);
    return FFNN_OK;
}

/* ---- weights file ------------------------------------------------------------------------ */
/* safetensors. The header is read in one pass over its bytes, with no memory but the structs
   below and no recursion, and every rule of the reference reader is checked. */

enum {
    FFNN__MAX_HEADER = 100000000, /* bytes: the reference reader's limit */
    FFNN__MAX_NESTING = 64,       /* of fields that are ignored: one bit each in a uint64_t */
    FFNN__MAX_NAME = 32           /* longer than any name that is looked for */
};

/* A JSON text that is being read. The first error ends it: from then on it looks empty. */
typedef struct ffnn__json {
    const unsigned char *at, *end;
    bool bad;
    char string[FFNN__MAX_NAME]; /* how the last one begins; what is not ASCII is '?' */
} ffnn__json;

static int ffnn__json_peek(const ffnn__json *json) { return json->at < json->end ? *json->at : -1; }
static int ffnn__json_next(ffnn__json *json) { return json->at < json->end ? *json->at++ : -1; }
static void ffnn__json_fail(ffnn__json *json) { json->bad = true, json->at = json->end; }

static void ffnn__json_space(ffnn__json *json) {
    while (json->at < json->end && memchr(" \t\n\r", *json->at, 4) != NULL) ++json->at;
}

/* Steps over c, if it is next but for white space. */
static bool ffnn__json_accept(ffnn__json *json, char c) {
    ffnn__json_space(json);
    if (ffnn__json_peek(json) != c) return false;
    ++json->at;
    return true;
}

static void ffnn__json_expect(ffnn__json *json, char c) {
    if (!ffnn__json_accept(json, c)) ffnn__json_fail(json);
}

/* Whether the array or object has another member. The first one stands just after the bracket. */
static bool ffnn__json_more(ffnn__json *json, char close) {
    bool first = !json->bad && (json->at[-1] == '{' || json->at[-1] == '[');
    if (ffnn__json_accept(json, close)) return false;
    if (!first) ffnn__json_expect(json, ',');
    return !json->bad;
}

/* The number that four hex digits make, or -1. */
static int ffnn__json_hex4(ffnn__json *json) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    int value = 0, i;
    for (i = 0; i < 4; ++i) {
        const char *digit = (const char *)memchr(digits, ffnn__json_next(json), 32);
        if (digit == NULL) return -1;
        value = value * 16 + (int)(digit - digits) % 16;
    }
    return value;
}

/* The character that a backslash and what follows stand for, "?" beyond ASCII; -1 if none. */
static int ffnn__json_escape(ffnn__json *json) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = ffnn__json_next(json), low;
    const char *found = (const char *)memchr(from, c, sizeof from - 1);
    if (found != NULL) return to[found - from];
    c = c == 'u' ? ffnn__json_hex4(json) : -1;
    if (c < 0xD800 || c > 0xDFFF) return c;
    if (c > 0xDBFF || ffnn__json_next(json) != '\\' || ffnn__json_next(json) != 'u') return -1;
    low = ffnn__json_hex4(json); /* a surrogate is good only as the first half of a pair */
    return low < 0xDC00 || low > 0xDFFF ? -1 : '?';
}

/* The rest of a UTF-8 character that begins with lead (Unicode's table 3-7); -1 if it is none. */
static int ffnn__json_utf8(ffnn__json *json, int lead) {
    int more = lead < 0xE0 ? 1 : lead < 0xF0 ? 2 : 3;
    int low = lead == 0xE0 ? 0xA0 : lead == 0xF0 ? 0x90 : 0x80;
    int high = lead == 0xED ? 0x9F : lead == 0xF4 ? 0x8F : 0xBF;
    if (lead < 0xC2 || lead > 0xF4) return -1;
    for (; more > 0; --more, low = 0x80, high = 0xBF)
        if (ffnn__json_peek(json) < low || ffnn__json_next(json) > high) return -1;
    return '?';
}

static void ffnn__json_string(ffnn__json *json) {
    size_t length = 0;
    int c;
    ffnn__json_expect(json, '"');
    while ((c = ffnn__json_next(json)) != '"' && !json->bad) {
        if (c < 0x20) c = -1;
        else if (c == '\\') c = ffnn__json_escape(json);
        else if (c >= 0x80) c = ffnn__json_utf8(json, c);
        if (c < 0) ffnn__json_fail(json);
        else if (length < FFNN__MAX_NAME - 1)
            json->string[length++] = (char)(c > 0 && c < 0x80 ? c : '?');
    }
    json->string[length] = '\0';
}

/* Whether an object has another member; reads its name into json->string, and the colon. */
static bool ffnn__json_member(ffnn__json *json) {
    if (!ffnn__json_more(json, '}')) return false;
    ffnn__json_string(json);
    ffnn__json_expect(json, ':');
    return !json->bad;
}

static bool ffnn__json_word(ffnn__json *json, const char *word) {
    size_t length = strlen(word), left = (size_t)(json->end - json->at);
    if (left < length || memcmp(json->at, word, length) != 0) return false;
    json->at += length;
    return true;
}

static void ffnn__json_digits(ffnn__json *json) {
    const unsigned char *begin = json->at;
    while (ffnn__json_peek(json) >= '0' && ffnn__json_peek(json) <= '9') ++json->at;
    if (json->at == begin) ffnn__json_fail(json);
}

/* A number of digits only, below 2^64. What follows a 0 is left to, and refused by, the caller. */
static uint64_t ffnn__json_unsigned(ffnn__json *json) {
    uint64_t value = 0;
    const unsigned char *at;
    ffnn__json_space(json);
    if (ffnn__json_word(json, "0")) return 0;
    at = json->at;
    ffnn__json_digits(json);
    for (; at < json->at && !json->bad; ++at) {
        uint64_t digit = (uint64_t)*at - '0';
        if (value > (UINT64_MAX - digit) / 10) ffnn__json_fail(json);
        value = value * 10 + digit;
    }
    return value;
}

/* A string, true, false, null or number, to be ignored. */
static void ffnn__json_skip_scalar(ffnn__json *json) {
    if (ffnn__json_peek(json) == '"') {
        ffnn__json_string(json);
    } else if (!ffnn__json_word(json, "true") && !ffnn__json_word(json, "false") &&
               !ffnn__json_word(json, "null")) {
        ffnn__json_word(json, "-");
        if (!ffnn__json_word(json, "0")) ffnn__json_digits(json);
        if (ffnn__json_word(json, ".")) ffnn__json_digits(json);
        if (ffnn__json_word(json, "e") || ffnn__json_word(json, "E")) {
            if (!ffnn__json_word(json, "+")) ffnn__json_word(json, "-");
            ffnn__json_digits(json);
        }
    }
}

/* Any value, to be ignored. A bit for each open bracket, 1 for an object, stands for the stack. */
static void ffnn__json_skip(ffnn__json *json) {
    uint64_t objects = 0;
    int depth = 0;
    do {
        bool more = (objects & 1) ? ffnn__json_member(json)
                                  : depth == 0 || ffnn__json_more(json, ']');
        if (!more) {
            objects >>= 1, --depth;
        } else if (ffnn__json_accept(json, '{') || ffnn__json_accept(json, '[')) {
            objects = objects << 1 | (json->at[-1] == '{');
            if (++depth > FFNN__MAX_NESTING) ffnn__json_fail(json);
        } else {
            ffnn__json_skip_scalar(json);
        }
    } while (depth > 0 && !json->bad);
}

/* Bits of an element, or 0 for a dtype that the format does not know. */
static unsigned ffnn__dtype_bits(const char *dtype) {
    static const struct { const char *name; unsigned bits; } known[] = {
        {"BOOL", 8}, {"F4", 4}, {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8}, {"I8", 8},
        {"F8_E5M2", 8}, {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8}, {"F8_E5M2FNUZ", 8},
        {"I16", 16}, {"U16", 16}, {"F16", 16}, {"BF16", 16}, {"I32", 32}, {"U32", 32},
        {"F32", 32}, {"C64", 64}, {"F64", 64}, {"I64", 64}, {"U64", 64}};
    size_t i;
    for (i = 0; i < sizeof known / sizeof known[0]; ++i)
        if (strcmp(known[i].name, dtype) == 0) return known[i].bits;
    return 0;
}

/* One tensor of a header; all zero is none. */
typedef struct ffnn__entry {
    bool is_f32, is_wrong; /* wrong: its bytes are not as many as its shape and dtype need */
    uint64_t rank, shape[2], begin, end; /* the bytes count from the end of the header */
} ffnn__entry;

/* [3,4]: the number of elements; it may not overflow, not even on the way to 0. */
static uint64_t ffnn__read_shape(ffnn__json *json, ffnn__entry *entry) {
    uint64_t size, elements = 1;
    ffnn__json_expect(json, '[');
    for (; ffnn__json_more(json, ']'); ++entry->rank) {
        size = ffnn__json_unsigned(json);
        if (size != 0 && elements > UINT64_MAX / size) entry->is_wrong = true;
        elements *= size;
        if (entry->rank < 2) entry->shape[entry->rank] = size;
    }
    return elements;
}

/* {"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}, in any order and with other fields. */
static void ffnn__read_entry(ffnn__json *json, ffnn__entry *entry) {
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    const char *string = json->string;
    uint64_t elements = 0, bits = 0;
    int seen = 0, field;
    memset(entry, 0, sizeof *entry);
    ffnn__json_expect(json, '{');
    while (ffnn__json_member(json)) {
        field = strcmp(string, "dtype") == 0 ? DTYPE : strcmp(string, "shape") == 0 ? SHAPE
              : strcmp(string, "data_offsets") == 0 ? OFFSETS : 0;
        if (seen & field) ffnn__json_fail(json);
        seen |= field;
        if (field == DTYPE) {
            ffnn__json_string(json);
            bits = ffnn__dtype_bits(string);
            entry->is_f32 = strcmp(string, "F32") == 0;
        } else if (field == SHAPE) {
            elements = ffnn__read_shape(json, entry);
        } else if (field == OFFSETS) {
            ffnn__json_expect(json, '[');
            entry->begin = ffnn__json_unsigned(json);
            ffnn__json_expect(json, ',');
            entry->end = ffnn__json_unsigned(json);
            ffnn__json_expect(json, ']');
        } else {
            ffnn__json_skip(json);
        }
    }
    if (seen != (DTYPE | SHAPE | OFFSETS) || bits == 0)
        ffnn__json_fail(json);
    else if (elements > UINT64_MAX / bits || elements * bits % 8 != 0 ||
             entry->end < entry->begin || entry->end - entry->begin != elements * bits / 8)
        entry->is_wrong = true;
}

/* What a header says. */
typedef struct ffnn__index {
    ffnn__entry layers[FFNN_MAX_LAYERS + 1]; /* W1, W2, ...; behind them any other tensor */
    size_t deepest;                  /* the highest number of a tensor, which may be higher */
    uint64_t data_size, tensor_size; /* bytes: up to the last tensor's end; of all tensors */
} ffnn__index;

/* The number of a layer's name, W1 or above; that of any other name is SIZE_MAX. */
static size_t ffnn__layer_number(const char *name) {
    size_t number = 0;
    if (*name++ != 'W' || *name < '1' || *name > '9') return SIZE_MAX;
    for (; *name >= '0' && *name <= '9' && number < 100000000; ++name)
        number = number * 10 + (size_t)(*name - '0');
    return *name == '\0' ? number : SIZE_MAX;
}

static bool ffnn__add_tensor(ffnn__index *index, const ffnn__entry *entry) {
    if (entry->end > index->data_size) index->data_size = entry->end;
    index->tensor_size += entry->end - entry->begin;
    return !entry->is_wrong;
}

/* Tensors fill the data when none overlap and together they are as large as it is. Overlaps of
   other tensors than the layers' are not looked for: their file is refused in any case. */
static bool ffnn__fills_data(ffnn__index *index) {
    const ffnn__entry *a = index->layers, *b;
    for (; a < index->layers + FFNN_MAX_LAYERS; ++a) {
        for (b = index->layers; b < a; ++b)
            if (a->begin < b->end && b->begin < a->end) return false;
        if (!ffnn__add_tensor(index, a)) return false;
    }
    return index->tensor_size == index->data_size;
}

static ffnn_status ffnn__read_header(const unsigned char *header, size_t size, ffnn__index *index) {
    ffnn__json text = {header, header + size, false, ""}, *json = &text;
    bool has_metadata = false;
    memset(index, 0, sizeof *index);
    ffnn__json_expect(json, '{');
    while (ffnn__json_member(json)) {
        if (strcmp(json->string, "__metadata__") == 0) {
            if (has_metadata) ffnn__json_fail(json);
            has_metadata = true;
            ffnn__json_space(json);
            if (ffnn__json_word(json, "null")) continue; /* else {"name":"text", ...} */
            ffnn__json_expect(json, '{');
            while (ffnn__json_member(json)) ffnn__json_string(json);
        } else {
            size_t layer = ffnn__layer_number(json->string);
            bool ours = layer <= FFNN_MAX_LAYERS;
            ffnn__entry *entry = &index->layers[ours ? layer - 1 : FFNN_MAX_LAYERS];
            ffnn__read_entry(json, entry); /* of one name the last one counts */
            if (layer > index->deepest) index->deepest = layer;
            if (!ours && !ffnn__add_tensor(index, entry)) ffnn__json_fail(json);
        }
    }
    ffnn__json_space(json);
    if (json->bad || json->at != json->end || !ffnn__fills_data(index)) return FFNN_ERROR_FORMAT;
    return FFNN_OK;
}

/* Whether a file holds the weights of one network, of net if that has layers, and nothing else;
   sizes become those of the file's. */
static ffnn_status ffnn__match(const ffnn_net *net, const ffnn__index *index, size_t *sizes) {
    bool is_new = net->layer_count == 0;
    size_t i;
    if (index->deepest == 0 || index->deepest == SIZE_MAX) return FFNN_ERROR_MISMATCH;
    if (!is_new && index->deepest != net->layer_count) return FFNN_ERROR_MISMATCH;
    for (i = 0; i < index->deepest && i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *entry = &index->layers[i];
        uint64_t rows = entry->shape[0], cols = entry->shape[1];
        ffnn_tensor weight = net->layers[i].weight;
        if (!entry->is_f32 || entry->rank != 2 || rows == 0 || cols == 0 ||
            (i > 0 && rows != entry[-1].shape[1]) ||
            (!is_new && (rows != weight.rows || cols != weight.cols)))
            return FFNN_ERROR_MISMATCH;
        sizes[i] = (size_t)rows, sizes[i + 1] = (size_t)cols;
    }
    return index->deepest > FFNN_MAX_LAYERS ? FFNN_ERROR_ARGUMENT : FFNN_OK;
}

/* Floats to or from the file's little-endian bytes: the same copy both ways. */
static void ffnn__copy_little_endian(void *to, const void *from, size_t count) {
    const uint16_t one = 1;
    const unsigned char *bytes = (const unsigned char *)from;
    size_t i, size = count * sizeof(float);
    bool is_little_endian = *(const unsigned char *)&one == 1;
    if (is_little_endian) memcpy(to, from, size);
    for (i = 0; !is_little_endian && i < size; ++i) ((unsigned char *)to)[i] = bytes[i ^ 3];
}

/* A weights file that is being read: all of it or, if file is not NULL, what has been read of that
   FILE, in memory that grows with what is there: a size that it only claims costs nothing. */
typedef struct ffnn__source {
    const unsigned char *bytes;
    size_t size, capacity;
    void *file;
    unsigned char *memory; /* of a file: bytes, 8 on the stack at first */
    bool is_trusted;       /* the size that is asked for may be allocated at once */
} ffnn__source;

/* Reads on until source holds size bytes. */
static ffnn_status ffnn__read(ffnn__source *source, uint64_t size) {
#ifndef FFNN_NO_STDIO
    FILE *file = (FILE *)source->file;
    while (file != NULL && source->size < size) {
        size_t room = source->capacity - source->size, count;
        if (room == 0) {
            size_t larger = source->is_trusted ? (size_t)size : 2 * source->capacity + 1024;
            void *memory = larger > source->capacity ? FFNN_MALLOC(larger) : NULL;
            if (memory == NULL) return FFNN_ERROR_MEMORY;
            memcpy(memory, source->bytes, source->size);
            if (source->capacity > 8) FFNN_FREE(source->memory);
            source->bytes = source->memory = (unsigned char *)memory, source->capacity = larger;
            continue;
        }
        if (room > size - source->size) room = (size_t)(size - source->size);
        count = fread(source->memory + source->size, 1, room, file);
        source->size += count;
        if (count < room) return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
    }
#endif
    return source->size < size ? FFNN_ERROR_FORMAT : FFNN_OK;
}

/* Reads weights into net or, if it has no layers, into a new network of the file's sizes. */
static ffnn_status ffnn__read_net(ffnn__source *source, ffnn_net *net) {
    bool is_new = net->layer_count == 0;
    size_t sizes[FFNN_MAX_LAYERS + 1], i;
    ffnn__index index;
    uint64_t size = 0, end;
    ffnn_status fit, status = ffnn__read(source, 8);
    for (i = 8; status == FFNN_OK && i-- > 0;) size = size << 8 | source->bytes[i];
    if (size > FFNN__MAX_HEADER) return FFNN_ERROR_FORMAT;
    if (status == FFNN_OK) status = ffnn__read(source, 8 + size);
    if (status == FFNN_OK) status = ffnn__read_header(source->bytes + 8, (size_t)size, &index);
    if (status != FFNN_OK) return status;
    fit = ffnn__match(net, &index, sizes);
    source->is_trusted = fit == FFNN_OK && !is_new;
    end = 8 + size + index.data_size;
    status = ffnn__read(source, end + 1); /* a byte more than there may be */
    if (status == FFNN_OK) return FFNN_ERROR_FORMAT;
    if (status == FFNN_ERROR_FORMAT && source->size == end) status = fit;
    if (status == FFNN_OK && is_new) status = ffnn__allocate(net, sizes, index.deepest);
    for (i = 0; status == FFNN_OK && i < net->layer_count; ++i) {
        const unsigned char *from = source->bytes + 8 + size + index.layers[i].begin;
        ffnn__copy_little_endian(net->layers[i].weight.data, from, sizes[i] * sizes[i + 1]);
    }
    return status;
}

FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size) {
    ffnn__source source = {(const unsigned char *)data, size, 0, NULL, NULL, false};
    return ffnn__is_net(net) && data != NULL ? ffnn__read_net(&source, net) : FFNN_ERROR_ARGUMENT;
}

/* Writes text and a number in decimal, without a zero at the end. Returns where it stopped. */
static char *ffnn__put(char *at, const char *text, uint64_t number) {
    char digits[20];
    int count = 0;
    while (*text != '\0') *at++ = *text++;
    do digits[count++] = (char)('0' + number % 10); while ((number /= 10) != 0);
    while (count > 0) *at++ = digits[--count];
    return at;
}

enum { FFNN__HEADER_ROOM = 32 + FFNN_MAX_LAYERS * 140 };

/* The bytes before the weights: at most 8 + 140 a layer + 10. Returns how many. */
static size_t ffnn__make_header(const ffnn_net *net, char header[FFNN__HEADER_ROOM]) {
    char *at = header + 8;
    uint64_t offset = 0;
    size_t size, i;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        at = ffnn__put(at, i == 0 ? "{\"W" : "]},\"W", i + 1);
        at = ffnn__put(at, "\":{\"dtype\":\"F32\",\"shape\":[", weight.rows);
        at = ffnn__put(at, ",", weight.cols);
        at = ffnn__put(at, "],\"data_offsets\":[", offset);
        offset += (uint64_t)weight.rows * weight.cols * sizeof(float);
        at = ffnn__put(at, ",", offset);
    }
    memcpy(at, "]}}       ", 10); /* with spaces to the next multiple of 8 */
    size = ((size_t)(at - header) + 3 + 7) / 8 * 8;
    for (i = 0; i < 8; ++i) header[i] = (char)((uint64_t)(size - 8) >> (8 * i) & 0xff);
    return size;
}

FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size) {
    char header[FFNN__HEADER_ROOM];
    size_t header_size;
    if (!ffnn__is_net(net) || size == NULL) return FFNN_ERROR_ARGUMENT;
    header_size = ffnn__make_header(net, header);
    *size = header_size + net->weight_count * sizeof(float);
    if (data == NULL) return FFNN_OK;
    if (capacity < *size) return FFNN_ERROR_ARGUMENT;
    memcpy(data, header, header_size);
    ffnn__copy_little_endian((char *)data + header_size, net->layers[0].weight.data,
                             net->weight_count); /* of all layers: they lie one after the other */
    return FFNN_OK;
}

#ifndef FFNN_NO_STDIO

enum { FFNN__PATH_SIZE = 4096 };

/* What differs between platforms. What returns false or NULL has set errno. */
#if defined(_WIN32)

/* A path, which is UTF-8, as Windows wants it. */
static bool ffnn__wide(wchar_t wide[FFNN__PATH_SIZE], const char *path) {
    const unsigned utf_8 = 65001, refuse_invalid = 8;
    errno = EINVAL;
    return MultiByteToWideChar(utf_8, refuse_invalid, path, -1, wide, FFNN__PATH_SIZE) > 0;
}

static void ffnn__remove(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    if (ffnn__wide(wide, path)) _wremove(wide);
}

static FILE *ffnn__open(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    return ffnn__wide(wide, path) ? _wfopen(wide, L"rb") : NULL;
}

/* A file that is not there yet. */
static FILE *ffnn__create(const char *path) {
    const int flags = _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL;
    wchar_t wide[FFNN__PATH_SIZE];
    int number = ffnn__wide(wide, path) ? _wopen(wide, flags, _S_IREAD | _S_IWRITE) : -1;
    FILE *file = number < 0 ? NULL : _fdopen(number, "wb");
    if (file == NULL && number >= 0) {
        int error = errno;
        _close(number);
        ffnn__remove(path);
        errno = error;
    }
    return file;
}

static bool ffnn__replace(const char *temporary, const char *path) {
    const unsigned long replace_existing = 1, write_through = 8;
    wchar_t from[FFNN__PATH_SIZE], to[FFNN__PATH_SIZE];
    if (!ffnn__wide(from, temporary) || !ffnn__wide(to, path)) return false;
    errno = EACCES; /* open in some program, write-protected, or a folder */
    return MoveFileExW(from, to, replace_existing | write_through) != 0;
}

static bool ffnn__sync(FILE *file) { return _commit(_fileno(file)) == 0; }
#define FFNN__SEPARATORS "/\\:" /* of a path */

#else

static void ffnn__remove(const char *path) { remove(path); }
static FILE *ffnn__open(const char *path) { return fopen(path, "rb"); }
static FILE *ffnn__create(const char *path) { return fopen(path, "wbx"); } /* x: only a new one */
static bool ffnn__replace(const char *from, const char *to) { return rename(from, to) == 0; }
#define FFNN__SEPARATORS "/"

#endif
#if defined(FFNN__POSIX)

/* Replaces the path of symbolic links by the path that they lead to. */
static bool ffnn__follow_links(char *path) {
    char link[FFNN__PATH_SIZE];
    int links;
    for (links = 0; links < 40; ++links) {
        char *name = strrchr(path, '/');
        ssize_t length = readlink(path, link, sizeof link);
        if (length < 0) return errno == EINVAL || errno == ENOENT; /* no link, or nothing there */
        name = name == NULL || link[0] == '/' ? path : name + 1;
        errno = ENAMETOOLONG;
        if ((name - path) + length >= FFNN__PATH_SIZE) return false;
        memcpy(name, link, (size_t)length);
        name[length] = '\0';
    }
    errno = ELOOP;
    return false;
}

/* Makes path, where a save shall go, that of the file to replace. Tells whether that is a device or
   a pipe, to be written to and not replaced, and its access rights (-1 if nothing is there). */
static bool ffnn__find_target(char *path, bool *is_special, int *rights) {
    struct stat info;
    if (stat(path, &info) != 0) return errno == ENOENT && ffnn__follow_links(path);
    *is_special = !S_ISREG(info.st_mode), *rights = (int)(info.st_mode & 0777);
    return *is_special || (access(path, W_OK) == 0 && ffnn__follow_links(path));
}

static bool ffnn__chmod(const char *path, int rights) { return chmod(path, (mode_t)rights) == 0; }
static bool ffnn__sync(FILE *file) { return fsync(fileno(file)) == 0; } /* to the disk */

#else /* no links, devices or rights */

#define ffnn__find_target(path, is_special, rights) ((void)(path), true)
#define ffnn__chmod(path, rights) true
#if !defined(_WIN32)
#define ffnn__sync(file) true
#endif

#endif

/* A new file in the folder of target, under the first name that is free. */
static FILE *ffnn__create_beside(const char *target, char path[FFNN__PATH_SIZE]) {
    size_t folder = strlen(target);
    FILE *file = NULL;
    uint64_t attempt;
    while (folder > 0 && strchr(FFNN__SEPARATORS, target[folder - 1]) == NULL) --folder;
    errno = folder + 32 > FFNN__PATH_SIZE ? ENAMETOOLONG : EEXIST;
    memcpy(path, target, folder);
    for (attempt = 0; file == NULL && errno == EEXIST && attempt < 10000; ++attempt) {
        strcpy(ffnn__put(path + folder, ".ffnn-", attempt), ".tmp");
        file = ffnn__create(path);
    }
    return file;
}

static bool ffnn__write_net(FILE *file, const ffnn_net *net) {
    char header[FFNN__HEADER_ROOM];
    const float *at = net->layers[0].weight.data; /* all layers: they lie one after the other */
    size_t left = net->weight_count, count = ffnn__make_header(net, header);
    fwrite(header, 1, count, file);
    for (; left > 0 && !ferror(file); at += count, left -= count) {
        unsigned char chunk[4096];
        count = left < sizeof chunk / sizeof *at ? left : sizeof chunk / sizeof *at;
        ffnn__copy_little_endian(chunk, at, count);
        fwrite(chunk, sizeof *at, count, file);
    }
    return !ferror(file) && fflush(file) == 0;
}

FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path) {
    char target[FFNN__PATH_SIZE], temporary[FFNN__PATH_SIZE];
    bool is_special = false, ok;
    int rights = -1, error;
    FILE *file;
    if (!ffnn__is_net(net) || path == NULL) return FFNN_ERROR_ARGUMENT;
    errno = ENAMETOOLONG;
    if (strlen(path) >= FFNN__PATH_SIZE) return FFNN_ERROR_IO;
    if (!ffnn__find_target(strcpy(target, path), &is_special, &rights)) return FFNN_ERROR_IO;
    file = is_special ? fopen(path, "wb") : ffnn__create_beside(target, temporary);
    if (file == NULL) return FFNN_ERROR_IO;
    ok = is_special || rights < 0 || ffnn__chmod(temporary, rights);
    ok = ok && ffnn__write_net(file, net) && (is_special || ffnn__sync(file));
    error = errno; /* the first that went wrong is the one to report */
    if (fclose(file) != 0 && ok) ok = false, error = errno;
    if (ok && !is_special && !ffnn__replace(temporary, target)) ok = false, error = errno;
    if (!ok && !is_special) ffnn__remove(temporary);
    errno = error;
    return ok ? FFNN_OK : FFNN_ERROR_IO;
}

static ffnn_status ffnn__load(ffnn_net *net, const char *path) {
    unsigned char prefix[8] = {0};
    FILE *file = ffnn__open(path);
    ffnn__source source = {prefix, 0, 8, file, prefix, false};
    ffnn_status status;
    int error;
    if (file == NULL) return FFNN_ERROR_IO;
    status = ffnn__read_net(&source, net);
    error = errno;
    if (source.memory != prefix) FFNN_FREE(source.memory);
    fclose(file);
    errno = error;
    return status;
}

FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path) {
    return ffnn__is_net(net) && path != NULL ? ffnn__load(net, path) : FFNN_ERROR_ARGUMENT;
}

FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path) {
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    return path == NULL ? FFNN_ERROR_ARGUMENT : ffnn__load(net, path);
}

#endif /* FFNN_NO_STDIO */

#endif /* FFNN_IMPLEMENTATION */

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
