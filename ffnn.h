/* ffnn.h - v1.0 - a feed-forward neural network in one header - public domain or MIT-0

    Tensors that share memory with your arrays, sigmoid layers, forward, backward, training,
    prediction, and weights that PyTorch opens (safetensors). Seeded alike, it draws, computes
    and prints what PyTorch draws, computes and prints. C99 or C++11; nothing to link but libm.

DO THIS

    In ONE C or C++ file, before the include, to create the implementation:

        #define FFNN_IMPLEMENTATION
        #include "ffnn.h"

    In all other files just include it. Build with: cc -O2 program.c -lm

A COMPLETE EXAMPLE

        #define FFNN_IMPLEMENTATION
        #include "ffnn.h"

        int main(void)
        {
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

WHAT CAN GO WRONG

    Every function that can fail returns an ffnn_status; FFNN_OK is 0. A call that fails changes
    nothing: tensors, weights and files are as they were, and a network or tensor that could not
    be initialised is all zeros and safe to free.

        FFNN_ERROR_ARGUMENT    a NULL pointer, a zero size, tensors that overlap where they must
                               not, a network that was not initialised, too many layers
        FFNN_ERROR_SHAPE       sizes that do not fit each other or the network
        FFNN_ERROR_MEMORY      an allocation failed, or a size in bytes is beyond size_t
        FFNN_ERROR_IO          a file could not be opened, read or written: errno says why
        FFNN_ERROR_FORMAT      not a well-formed weights file
        FFNN_ERROR_MISMATCH    a well-formed weights file, but not of this network's weights

    const char *ffnn_status_string(ffnn_status status)
        The same in words. Never NULL.

TENSORS

    An ffnn_tensor is a rows x cols matrix of floats, row-major and contiguous. It is small:
    pass it by value. In all operations dst comes first, must have the size of the result, and
    may be one of the inputs (except in matmul and transpose); an input that overlaps dst in any
    other way is an FFNN_ERROR_ARGUMENT.

    ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols)
        A tensor that shares the memory of an array. Nothing to free.

    ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols)
    void        ffnn_tensor_free(ffnn_tensor *t)
        A tensor with memory of its own, all zeros, and its end. Free only what was made so.

    float *ffnn_at(ffnn_tensor t, size_t row, size_t col)
        The address of one element; NULL outside the tensor.

    ffnn_status ffnn_copy(ffnn_tensor dst, ffnn_tensor a)
    ffnn_status ffnn_add(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
    ffnn_status ffnn_sub, ffnn_mul, ffnn_div
    ffnn_status ffnn_scale(ffnn_tensor dst, ffnn_tensor a, float factor)
        Element by element. b may be 1 x cols or 1 x 1: then it is used for every row.

    ffnn_status ffnn_matmul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
        dst (m x n) = a (m x k) times b (k x n).

    ffnn_status ffnn_transpose(ffnn_tensor dst, ffnn_tensor a)
        dst (n x m) = a (m x n) turned over.

    ffnn_status ffnn_max(ffnn_tensor dst, ffnn_tensor a)
        dst (1 x cols) = each column's largest element; NaN where the column has one.

    ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse)
        The mean of (a - b)^2. b may be 1 x cols or 1 x 1, as above.

    ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a)
        1 / (1 + exp(-a)), at most 2 units in the last place from the true value and always within
        [0, 1]; NaN for NaN. What would be below 1.2e-38, the smallest normal float, is 0.

    ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a)
        a * (1 - a), where a is a sigmoid's OUTPUT.

    ffnn_status ffnn_print(FILE *out, ffnn_tensor t)
        What print(tensor) prints in PyTorch, newline included, in any locale. Tensors of more
        than 1000 elements are summarised.

RANDOM NUMBERS

    The same seed draws the same numbers as PyTorch's CPU generator. An ffnn_rng is a plain
    struct on your stack; all zeros is one seeded with 0.

    void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed)
        torch.manual_seed(seed); as there, only the low 32 bits count.

    void ffnn_rng_discard(ffnn_rng *rng, uint64_t count)
        Skips count 32-bit outputs, at about a nanosecond each.

    ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng)
        torch.randn(rows, cols): normal numbers, mean 0, variance 1.

THE NETWORK

    Layer i computes z = input W and a = sigmoid(z); a is the next layer's input. There are no
    biases. A batch has one sample a row: X is batch x inputs, y is batch x outputs.

    ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc)
        Draws normal weights, layer after layer. desc->sizes lists the units of each layer,
        inputs first, up to the first 0; all zero, or desc NULL, is 3 inputs, 4 hidden units and
        1 output. desc->rng draws the weights; NULL: a generator seeded with 0.

    void ffnn_free(ffnn_net *net)
        Frees the network's memory and zeroes it.

    ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output)
        Fills z and a of every layer. *output (may be NULL) becomes a view of the last layer's
        a, good until the next forward, train or free.

    ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate)
        Follows a forward pass of the same X. Fills error and delta of every layer, then updates
        the weights: W += (input^T delta) * learning_rate, summed over the batch.

    ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                           float *loss)
        One epoch over the whole batch: forward, then backward. *loss (may be NULL) is the mean
        squared error BEFORE the update.

    ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, const ffnn_fit_desc *desc)
        Epochs of ffnn_train over batches of desc->batch_size samples (0: all), the last one
        smaller if need be, for desc->epochs (0: 1000) at desc->learning_rate (0: 0.1). With
        desc->rng each epoch takes the samples in a new order, that of torch.randperm(X.rows);
        without it in the order given. X and y are only read. desc NULL is all zeros.
        desc->progress, if there is one, is called after each epoch with desc->user and
            epoch, epochs    the number of the epoch, from 1, and of how many
            samples          trained on so far
            loss             mean squared error over the epoch, each step's before its update
        and stops the training by returning false, which is FFNN_OK. Memory is taken before the
        first step only. A failure leaves the weights of the last whole step.

    ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output)
        The output for every row of X, into your tensor. Only reads the network: any number of
        threads may call it at once.

    Everything else of a network belongs to one thread at a time; two networks are independent.
    forward and train allocate only when a batch is larger than any before, predict only where the
    samples times the units of the widest layer are more than about 400 (and 256 samples at a
    time). X and y may not lie in the network's own memory.

    You may read and write weights through net.layers[i].weight (inputs x outputs): the lab's W1
    is net.layers[0].weight.

THE WEIGHTS FILE

    ffnn_status ffnn_save(const ffnn_net *net, const char *path)
        The file at path is replaced only when the new one is complete (written beside it, then
        renamed), so it is the old or the new one, whole. A symbolic link's target is replaced,
        not the link; a device or a pipe is written to.

    ffnn_status ffnn_load(ffnn_net *net, const char *path)
        Into a network of the same sizes.

    ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path)
        A new network with the sizes of the file.

    ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity, size_t *size)
    ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size)
        The same bytes in memory. *size is the bytes needed; data NULL only asks for it. A
        capacity below it is an FFNN_ERROR_ARGUMENT.

    The format is safetensors, the tensors are named W1, W2, ... In PyTorch:

        weights = safetensors.torch.load_file("weights.safetensors")
        safetensors.torch.save_file({"W1": W1, "W2": W2}, "weights.safetensors")

        8 bytes    N, the length of the header, little-endian
        N bytes    {"W1":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]},"W2":...}
        the rest   the weights, row-major, 32-bit little-endian floats

    What the reference implementation refuses is refused here, whatever the bytes.

OPTIONS

    Define these before the include, the same everywhere in a program.

        FFNN_STATIC           everything is static: private to the file with the implementation
        FFNNDEF               what stands before each function     (extern, or static as above)
        FFNN_MALLOC(size)     all memory comes from here                           (malloc(size))
        FFNN_FREE(p)          and goes back here                                        (free(p))
        FFNN_MAX_LAYERS       layers of a network, at the most                                (8)
        FFNN_NO_STDIO         no files and no printing: leaves out <stdio.h>
        FFNN_NO_SIMD          portable C only, no vector instructions

SPEED

    Compile with plain -O2: the best instructions (AVX-512, AVX2 with FMA, else what the compiler
    may assume: SSE2, NEON) are picked at run time. Where products are fused with sums (FMA) and
    where they are not, results may differ in the last bit; so may the error of a batch of one.
    Otherwise a sample's results do not depend on the batch that it is in, and the same program on
    the same kind of processor computes the same bits.

LICENSE

    Public domain or MIT-0, as you like: see the end of the file.
*/
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
    FFNN_ERROR_ARGUMENT, /* a NULL pointer, too many layers, a zero size */
    FFNN_ERROR_SHAPE,    /* tensors whose sizes do not fit each other or the network */
    FFNN_ERROR_MEMORY,   /* an allocation failed, or a size would overflow */
    FFNN_ERROR_IO,       /* the file could not be opened, read or written: see errno */
    FFNN_ERROR_FORMAT,   /* not a well-formed weights file */
    FFNN_ERROR_MISMATCH  /* well formed, but not this network's weights */
} ffnn_status;
FFNNDEF const char *ffnn_status_string(ffnn_status status);

/* A rows x cols matrix of floats, row-major, contiguous. */
typedef struct ffnn_tensor {
    size_t rows, cols;
    float *data;
} ffnn_tensor;

FFNNDEF ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols);
FFNNDEF ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols);
FFNNDEF void ffnn_tensor_free(ffnn_tensor *t);
FFNNDEF float *ffnn_at(ffnn_tensor t, size_t row, size_t col);

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
#ifndef FFNN_NO_STDIO
FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t);
#endif

/* PyTorch's CPU generator: the Mersenne Twister MT19937. The fields are private. */
typedef struct ffnn_rng {
    uint32_t state[624];
    uint32_t remaining; /* outputs in state that are not used yet */
    uint32_t seeded;
    uint32_t has_kept;
    double kept; /* the second of a pair of normal numbers, for the next small tensor */
} ffnn_rng;

FFNNDEF void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed);
FFNNDEF void ffnn_rng_discard(ffnn_rng *rng, uint64_t count);
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
    float *weights, *activations; /* the memory of all weights; of all z, a, error and delta */
    size_t weight_count, activation_count; /* floats */
    size_t batch_capacity, widest;         /* rows there is room for; units of the widest layer */
} ffnn_net;

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc);
FFNNDEF void ffnn_free(ffnn_net *net);
FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output);
FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y,
                                  float learning_rate);
FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss);
FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output);

typedef struct ffnn_progress {
    size_t epoch, epochs, samples; /* from 1; of how many; trained on so far */
    float loss;                    /* mean over the epoch's samples */
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

#ifndef FFNN_NO_STDIO
FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path);
#endif
FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size);
FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size);

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
#define FFNN__PROCESS ((uint64_t)getpid())
#if defined(__STRICT_ANSI__) && !defined(__cplusplus)
/* -std=c99 hides these, and here it is too late to ask for them with a macro */
int(fileno)(FILE *file);
int fsync(int file);
ssize_t readlink(const char *path, char *target, size_t size);
#endif
#elif defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <sys/stat.h>
#define FFNN__PROCESS ((uint64_t)_getpid())
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
#else
#define FFNN__PROCESS 0
#endif
#endif

#if defined(__FAST_MATH__) || (defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0)
#error "ffnn.h: -ffast-math and -Ofast take NaN and infinity away; compile this file without"
#endif
#if defined(FFNN_MALLOC) != defined(FFNN_FREE)
#error "ffnn.h: define both FFNN_MALLOC and FFNN_FREE, or neither"
#endif
#ifndef FFNN_MALLOC
#include <stdlib.h>
#define FFNN_MALLOC(size) malloc(size)
#define FFNN_FREE(p) free(p)
#endif
#if FFNN_MAX_LAYERS < 2
#error "ffnn.h: FFNN_MAX_LAYERS must be at least 2, the lab's network"
#endif

/* ---- kernels ----------------------------------------------------------------------------- */
/* Loops over plain arrays that trust their arguments; whatever has to be fast is here, and what
   the other rooms call stands at the end. With GCC and Clang on x86 and ARM the inner loops are
   written with vector types, compiled for several kinds of processors and picked at run time;
   elsewhere they are plain C. What a kernel reads or writes beyond the end of a row of weights
   or activations is the network's own: see FFNN__PADDING. */

enum { FFNN__PADDING = 32 }; /* floats that may be read, and overwritten, behind an array */

/* A matrix in any order: a transposed one has its steps exchanged. */
typedef struct ffnn__matrix {
    const float *data;
    size_t row_step, col_step;
    bool padded; /* FFNN__PADDING floats behind its end may be read */
} ffnn__matrix;

static ffnn__matrix ffnn__matrix_of(const float *data, size_t row_step, size_t col_step,
                                    bool padded)
{
    ffnn__matrix matrix;
    matrix.data = data;
    matrix.row_step = row_step;
    matrix.col_step = col_step;
    matrix.padded = padded;
    return matrix;
}

#if defined(__GNUC__) && !defined(__TINYC__) && !defined(FFNN_NO_SIMD) && \
    (defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__))
#define FFNN__SIMD
#endif

#ifdef FFNN__SIMD

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

/* x = 1 / (1 + exp(-x)) for a vector of type F, U being integers of its size. With t = -x,
   exp(t) = 2^n exp(r), where n = round(t / ln 2) and r = t - n ln 2 is within +-0.35; ln 2 comes
   in two parts, the first so short that n times it is exact. The polynomial for exp(r) - 1 is
   minimax, its error 2^-28. Adding 1.5 * 2^23 rounds to a whole number and leaves it in the low
   bits, from where it goes to the exponent. Far below 0, where exp(t) is so large that adding 1
   to it would round once too often, 1 is added as 2^-n before. What would be subnormal is 0,
   what is beyond 88 is 1; NaN stays NaN. */
#define FFNN__DEFINE_SIGMOID_OF(F, U, target)                                                     \
    target FFNN__INLINE void ffnn__sigmoid_of_##F(F *x)                                           \
    {                                                                                             \
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
    }

FFNN__DEFINE_SIGMOID_OF(ffnn__f4, ffnn__u4, )
#ifdef FFNN__X86
FFNN__DEFINE_SIGMOID_OF(ffnn__f8, ffnn__u8, FFNN__AVX2)
FFNN__DEFINE_SIGMOID_OF(ffnn__f16, ffnn__u16, FFNN__AVX512)
#endif

/* dst = sigmoid(src), for arrays. */
#define FFNN__DEFINE_SIGMOID(kind, target, F)                                                     \
    target static void ffnn__sigmoid_##kind(float *dst, const float *src, size_t count)           \
    {                                                                                             \
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

/* What a product kernel does: c (rows x cols) = a b, or c += factor * (a b) if add, where a is
   rows x depth and b is depth x cols, its rows b_step floats apart and readable to the end of
   the kernel's width. */
typedef struct ffnn__panel {
    float *c;
    const float *a, *b;
    size_t rows, depth, cols;
    size_t c_step, a_row_step, a_col_step, b_step;
    bool add;
    float factor;
} ffnn__panel;

/* Stores the first count floats of sum, or adds them to c. */
FFNN__INLINE void ffnn__store(float *c, const float *sum, size_t count, bool add)
{
    for (; count >= 4; count -= 4, c += 4, sum += 4) {
        if (add) *(ffnn__f4 *)c += *(const ffnn__f4 *)sum;
        else *(ffnn__f4 *)c = *(const ffnn__f4 *)sum;
    }
    for (; count > 0; --count, ++c, ++sum) *c = add ? *c + *sum : *sum;
}

/* ROWS rows of c at a time, VECTORS vectors of type F wide, stay in registers while a and b stream
   by. Where fewer rows are left the last one is computed again and not stored. */
#define FFNN__DEFINE_PRODUCT(name, target, F, ROWS, VECTORS)                                      \
    target static void name(const ffnn__panel *t)                                                 \
    {                                                                                             \
        enum { LANES = sizeof(F) / sizeof(float), WIDTH = VECTORS * LANES };                      \
        float rest[ROWS][WIDTH]; /* of the last columns, where c is less wide than the kernel */  \
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

/* c (rows) = a (rows x depth, its rows a_row_step apart) b (depth) */
#define FFNN__DEFINE_DOT(kind, target, F)                                                         \
    target static void ffnn__dot_##kind(const ffnn__panel *t)                                     \
    {                                                                                             \
        enum { LANES = sizeof(F) / sizeof(float) };                                               \
        size_t row, p, lane;                                                                      \
        for (row = 0; row < t->rows; ++row) {                                                     \
            const float *a = t->a + row * t->a_row_step, *b = t->b;                               \
            F even = {0}, odd = {0};                                                              \
            float sum = 0;                                                                        \
            for (p = 0; p + 2 * LANES <= t->depth; p += 2 * LANES) {                              \
                even += *(const F *)(a + p) * *(const F *)(b + p);                                \
                odd += *(const F *)(a + p + LANES) * *(const F *)(b + p + LANES);                 \
            }                                                                                     \
            for (; p < t->depth; ++p) sum += a[p] * b[p];                                         \
            even += odd;                                                                          \
            for (lane = 0; lane < LANES && t->depth >= 2 * LANES; ++lane) sum += even[lane];      \
            t->c[row] = sum;                                                                      \
        }                                                                                         \
    }

/* Small layers: here packing and calls would cost more than the work. The kernels are compiled
   for any sizes and, with loops unrolled, for those of the lab's network: 3 to 4 and 4 to 1. */

FFNN__INLINE void ffnn__small_forward(float *z, float *a, const float *x, const float *w,
                                      size_t rows, size_t inputs, size_t outputs)
{
    size_t i, j;
    for (; rows > 0; --rows, x += inputs, z += outputs, a += outputs) {
        for (j = 0; j < outputs; j += 4) {
            ffnn__f4 sum = {0};
            if (j + 4 <= outputs) {
                FFNN__UNROLL for (i = 0; i < inputs; ++i)
                    sum += x[i] * *(const ffnn__f4 *)(w + i * outputs + j);
            } else {
                size_t k;
                for (k = 0; k < outputs - j; ++k)
                    FFNN__UNROLL for (i = 0; i < inputs; ++i)
                        sum[k] += x[i] * w[i * outputs + j + k];
            }
            *(ffnn__f4 *)(z + j) = sum; /* over a row's end, too: the next row overwrites that */
            ffnn__sigmoid_of_ffnn__f4(&sum);
            *(ffnn__f4 *)(a + j) = sum;
        }
    }
}

/* For a next layer of one unit: there delta is a column, and W, transposed, a row. */
FFNN__INLINE void ffnn__small_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows)
{
    size_t units = layer->weight.cols, row, j;
    for (row = 0; row < rows; ++row) {
        const float *w = next->weight.data;
        for (j = row * units; j < (row + 1) * units; j += 4, w += 4) { /* over a row's end, too */
            ffnn__f4 a = *(const ffnn__f4 *)(layer->a.data + j);
            ffnn__f4 error = next->delta.data[row] * *(const ffnn__f4 *)w;
            *(ffnn__f4 *)(layer->error.data + j) = error;
            *(ffnn__f4 *)(layer->delta.data + j) = error * (a * (1.0f - a));
        }
    }
}

/* w (inputs x outputs) += (x^T delta) * learning_rate */
FFNN__INLINE void ffnn__small_update(float *w, const float *x, const float *delta, size_t rows,
                                     size_t inputs, size_t outputs, float learning_rate)
{
    size_t i, j, row;
    for (i = 0; i < inputs; ++i, w += outputs) {
        for (j = 0; j + 4 <= outputs; j += 4) {
            ffnn__f4 sum = {0};
            for (row = 0; row < rows; ++row)
                sum += x[row * inputs + i] * *(const ffnn__f4 *)(delta + row * outputs + j);
            sum *= learning_rate;
            FFNN__ROUND(sum);
            *(ffnn__f4 *)(w + j) += sum;
        }
        for (; j < outputs; ++j) {
            float sum = 0;
            for (row = 0; row < rows; ++row) sum += x[row * inputs + i] * delta[row * outputs + j];
            sum *= learning_rate;
            FFNN__ROUND(sum);
            w[j] += sum;
        }
    }
}

/* All kernels for one kind of processor. */
typedef struct ffnn__kernels {
    size_t lanes;                        /* of its vectors */
    void (*narrow)(const ffnn__panel *); /* one vector wide */
    void (*wide)(const ffnn__panel *);   /* two */
    void (*line)(const ffnn__panel *);   /* eight, and one row at a time */
    void (*dot)(const ffnn__panel *);    /* a matrix times a vector */
    void (*sigmoid)(float *dst, const float *src, size_t count);
    void (*small_forward)(float *z, float *a, const float *x, const ffnn_tensor *weight,
                          size_t rows);
    void (*small_delta)(const ffnn_layer *layer, const ffnn_layer *next, size_t rows);
    void (*small_update)(float *w, const float *x, const float *delta, size_t rows, size_t inputs,
                         size_t outputs, float learning_rate);
} ffnn__kernels;

#define FFNN__DEFINE_KERNELS(kind, target, F, ROWS)                                               \
    FFNN__DEFINE_SIGMOID(kind, target, F)                                                         \
    FFNN__DEFINE_PRODUCT(ffnn__narrow_##kind, target, F, ROWS, 1)                                 \
    FFNN__DEFINE_PRODUCT(ffnn__wide_##kind, target, F, ROWS, 2)                                   \
    FFNN__DEFINE_PRODUCT(ffnn__line_##kind, target, F, 1, 8)                                      \
    FFNN__DEFINE_DOT(kind, target, F)                                                             \
    target static void ffnn__small_forward_##kind(float *z, float *a, const float *x,             \
                                                  const ffnn_tensor *weight, size_t rows)         \
    {                                                                                             \
        size_t inputs = weight->rows, outputs = weight->cols;                                     \
        const float *w = weight->data;                                                            \
        if (inputs == 3 && outputs == 4) ffnn__small_forward(z, a, x, w, rows, 3, 4);             \
        else if (inputs == 4 && outputs == 1) ffnn__small_forward(z, a, x, w, rows, 4, 1);        \
        else ffnn__small_forward(z, a, x, w, rows, inputs, outputs);                              \
    }                                                                                             \
    target static void ffnn__small_delta_##kind(const ffnn_layer *layer, const ffnn_layer *next,  \
                                                size_t rows)                                      \
    {                                                                                             \
        ffnn__small_delta(layer, next, rows);                                                     \
    }                                                                                             \
    target static void ffnn__small_update_##kind(float *w, const float *x, const float *delta,    \
                                                 size_t rows, size_t inputs, size_t outputs,      \
                                                 float learning_rate)                             \
    {                                                                                             \
        if (inputs == 3 && outputs == 4)                                                          \
            ffnn__small_update(w, x, delta, rows, 3, 4, learning_rate);                           \
        else if (inputs == 1 && outputs == 4) /* 4 to 1, transposed */                            \
            ffnn__small_update(w, x, delta, rows, 1, 4, learning_rate);                           \
        else                                                                                      \
            ffnn__small_update(w, x, delta, rows, inputs, outputs, learning_rate);                \
    }                                                                                             \
    static const ffnn__kernels ffnn__kernels_##kind = {                                           \
        sizeof(F) / sizeof(float), ffnn__narrow_##kind,        ffnn__wide_##kind,                 \
        ffnn__line_##kind,         ffnn__dot_##kind,           ffnn__sigmoid_##kind,              \
        ffnn__small_forward_##kind, ffnn__small_delta_##kind,  ffnn__small_update_##kind};

FFNN__DEFINE_KERNELS(baseline, , ffnn__f4, 6)
#ifdef FFNN__X86
FFNN__DEFINE_KERNELS(avx2, FFNN__AVX2, ffnn__f8, 6)
FFNN__DEFINE_KERNELS(avx512, FFNN__AVX512, ffnn__f16, 8)
#endif

/* The best kernels for the processor that the program runs on. The compiler's library has asked
   the processor before main, so this is a look at two words that no longer change. */
static const ffnn__kernels *ffnn__pick_kernels(void)
{
#if defined(FFNN_TEST_KERNELS) /* for tests: one kind, whatever the processor */
    return &FFNN_TEST_KERNELS;
#elif defined(FFNN__X86)
    if (__builtin_cpu_supports("avx512f")) return &ffnn__kernels_avx512;
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return &ffnn__kernels_avx2;
#endif
    return &ffnn__kernels_baseline;
}

enum { FFNN__DEPTH = 256, FFNN__MAX_LANES = 16 }; /* rows of b multiplied at a time */

/* Copies depth rows and cols columns of b into rows of width floats, the last ones 0. */
static void ffnn__pack(float *panel, size_t width, ffnn__matrix b, size_t depth, size_t cols)
{
    size_t p, j, block;
    for (; depth > 0; depth -= block, panel += block * width, b.data += block * b.row_step) {
        block = depth < 16 ? depth : 16; /* floats of a cache line, for a transposed b */
        for (p = 0; p < block && b.col_step == 1; ++p) {
            __builtin_prefetch(b.data + (p + 16) * b.row_step);
            memcpy(panel + p * width, b.data + p * b.row_step, cols * sizeof(float));
        }
        for (j = 0; j < cols && b.col_step != 1; ++j)
            for (p = 0; p < block; ++p)
                panel[p * width + j] = b.data[p * b.row_step + j * b.col_step];
        for (p = 0; p < block && cols < width; ++p)
            memset(panel + p * width + cols, 0, (width - cols) * sizeof(float));
    }
}

/* c (m x n) = a (m x depth) b (depth x n), or c += factor * (a b) if add. Panels of b, a few
   columns wide, are used for all rows of a in turn; those that the kernels cannot read where they
   are, or that would come from too many places, are copied first. */
static void ffnn__multiply(float *c, size_t m, size_t depth, size_t n, ffnn__matrix a,
                           ffnn__matrix b, bool add, float factor)
{
    const ffnn__kernels *kernels = ffnn__pick_kernels();
    ffnn__panel t;
    float packed[FFNN__DEPTH * 2 * FFNN__MAX_LANES] __attribute__((aligned(64)));
    size_t first, col, width;
    if (m == 1 && b.row_step == 1 && b.col_step > 1) { /* a row times a transposed matrix */
        t.c = c, t.a = b.data, t.b = a.data;
        t.rows = n, t.depth = depth, t.a_row_step = b.col_step;
        kernels->dot(&t);
        return;
    }
    for (first = 0; first < depth; first += FFNN__DEPTH) {
        t.depth = depth - first;
        if (t.depth > FFNN__DEPTH) t.depth = FFNN__DEPTH;
        t.rows = m;
        t.a = a.data + first * a.col_step;
        t.a_row_step = a.row_step;
        t.a_col_step = a.col_step;
        t.c_step = n;
        t.add = add || first > 0;
        t.factor = add ? factor : 1.0f;
        for (col = 0; col < n; col += width) {
            ffnn__matrix from = ffnn__matrix_of(b.data + first * b.row_step + col * b.col_step,
                                                b.row_step, b.col_step, b.padded);
            bool narrow = n - col <= kernels->lanes;
            bool line = (m == 1 || depth == 1) && n - col >= 8 * kernels->lanes && b.col_step == 1;
            width = kernels->lanes * (narrow ? 1 : line ? 8 : 2);
            t.c = c + col;
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

static void ffnn__sigmoid(float *dst, const float *src, size_t count)
{
    ffnn__pick_kernels()->sigmoid(dst, src, count);
}

#if !defined(__clang__)
#pragma GCC pop_options
#endif

#else /* plain C */

static void ffnn__multiply(float *c, size_t m, size_t depth, size_t n, ffnn__matrix a,
                           ffnn__matrix b, bool add, float factor)
{
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

/* The steps of FFNN__DEFINE_SIGMOID_OF, one number at a time. */
static void ffnn__sigmoid(float *dst, const float *src, size_t count)
{
    for (; count > 0; --count, ++src, ++dst) {
        const float lowest = -87.33654f;
        float x = *src, n, r, p, scale, inverse, sum;
        uint32_t bits, exponent;
        if (x < lowest || x > 88) {
            *dst = x > 88 ? 1.0f : 0.0f;
            continue;
        }
        n = 12582912.0f - x * 1.44269504f;
        memcpy(&bits, &n, sizeof bits);
        n -= 12582912.0f;
        r = -x - n * 0.693359375f;
        r = r + n * 2.12194440e-4f;
        p = (r * 0.00836874545f + 0.041668389f) + r * r * 0.00138145417f;
        p = (r * 0.166665211f + 0.49999994f) + r * r * p;
        p = r + r * r * p;
        exponent = 0x3f800000u + (bits << 23);
        memcpy(&scale, &exponent, sizeof scale);
        exponent = 0x3f800000u - (bits << 23);
        memcpy(&inverse, &exponent, sizeof inverse);
        sum = x < -16 ? (p + inverse) * scale + scale : (p + 1) * scale + 1;
        *dst = 1 / sum;
    }
}

#endif /* FFNN__SIMD */

/* What the other rooms call. Small layers have kernels of their own: for them packing and calls
   would cost more than the work. */
#ifdef FFNN__SIMD
enum { FFNN__SMALL = 64, FFNN__SMALL_BATCH = 32 }; /* weights of a layer, rows of an update */

static bool ffnn__is_small(const ffnn_tensor *weight)
{
    return weight->rows * weight->cols <= FFNN__SMALL;
}
#endif

/* z = x W, a = sigmoid(z); a may be z */
static void ffnn__forward_layer(float *z, float *a, const float *x, const ffnn_tensor *weight,
                                size_t rows)
{
    size_t inputs = weight->rows, outputs = weight->cols;
#ifdef FFNN__SIMD
    if (ffnn__is_small(weight)) {
        ffnn__pick_kernels()->small_forward(z, a, x, weight, rows);
        return;
    }
#endif
    ffnn__multiply(z, rows, inputs, outputs, ffnn__matrix_of(x, inputs, 1, false),
                   ffnn__matrix_of(weight->data, outputs, 1, true), false, 1);
    ffnn__sigmoid(a, z, rows * outputs);
}

/* delta = error * sigmoid'(z), where sigmoid'(z) = a (1 - a) */
static void ffnn__delta(const ffnn_layer *layer, size_t rows)
{
    const float *a = layer->a.data, *error = layer->error.data;
    float *delta = layer->delta.data;
    size_t i = 0, count = rows * layer->weight.cols;
#ifdef FFNN__SIMD
    for (; i + 4 <= count; i += 4) {
        ffnn__f4 s = *(const ffnn__f4 *)(a + i);
        *(ffnn__f4 *)(delta + i) = *(const ffnn__f4 *)(error + i) * (s * (1.0f - s));
    }
#endif
    for (; i < count; ++i) delta[i] = error[i] * (a[i] * (1 - a[i]));
}

/* error = y - a */
static void ffnn__output_delta(const ffnn_layer *layer, const float *y, size_t rows)
{
    size_t i;
    for (i = 0; i < rows * layer->weight.cols; ++i)
        layer->error.data[i] = y[i] - layer->a.data[i];
    ffnn__delta(layer, rows);
}

/* error = next delta (next W)^T */
static void ffnn__hidden_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows)
{
    size_t units = next->weight.rows, outputs = next->weight.cols;
#ifdef FFNN__SIMD
    if (outputs == 1) {
        ffnn__pick_kernels()->small_delta(layer, next, rows);
        return;
    }
#endif
    ffnn__multiply(layer->error.data, rows, outputs, units,
                   ffnn__matrix_of(next->delta.data, outputs, 1, true),
                   ffnn__matrix_of(next->weight.data, 1, outputs, true), false, 1);
    ffnn__delta(layer, rows);
}

/* W += (x^T delta) * learning_rate */
static void ffnn__update_layer(const ffnn_layer *layer, const float *x, size_t rows,
                               float learning_rate)
{
    size_t inputs = layer->weight.rows, outputs = layer->weight.cols;
#ifdef FFNN__SIMD
    if (ffnn__is_small(&layer->weight) && rows <= FFNN__SMALL_BATCH) {
        bool swap = outputs == 1; /* then the transposed update, of one row, is faster */
        ffnn__pick_kernels()->small_update(layer->weight.data, swap ? layer->delta.data : x,
                                           swap ? x : layer->delta.data, rows, swap ? 1 : inputs,
                                           swap ? inputs : outputs, learning_rate);
        return;
    }
#endif
    ffnn__multiply(layer->weight.data, inputs, rows, outputs, ffnn__matrix_of(x, 1, inputs, false),
                   ffnn__matrix_of(layer->delta.data, outputs, 1, true), true, learning_rate);
}

/* ---- tensors ----------------------------------------------------------------------------- */

FFNNDEF const char *ffnn_status_string(ffnn_status status)
{
    switch (status) {
    case FFNN_OK: return "no error";
    case FFNN_ERROR_ARGUMENT: return "invalid argument";
    case FFNN_ERROR_SHAPE: return "sizes do not fit";
    case FFNN_ERROR_MEMORY: return "out of memory";
    case FFNN_ERROR_IO: return "file could not be opened, read or written";
    case FFNN_ERROR_FORMAT: return "not a well-formed weights file";
    case FFNN_ERROR_MISMATCH: return "weights file is not of this network";
    }
    return "unknown status";
}

static ffnn_tensor ffnn__tensor(float *data, size_t rows, size_t cols)
{
    ffnn_tensor t;
    t.rows = rows;
    t.cols = cols;
    t.data = data;
    return t;
}

#define FFNN__HALF_RANGE ((size_t)1 << (sizeof(size_t) * 4 - 1)) /* squared it is a size in bytes */

/* What a sensible tensor has: memory, elements, and a size in bytes that a size_t can hold. */
static ffnn_status ffnn__check(ffnn_tensor t)
{
    if (t.data == NULL || t.rows == 0 || t.cols == 0) return FFNN_ERROR_ARGUMENT;
    if ((t.rows | t.cols) < FFNN__HALF_RANGE) return FFNN_OK; /* spares a division */
    return t.rows > SIZE_MAX / sizeof(float) / t.cols ? FFNN_ERROR_MEMORY : FFNN_OK;
}

static bool ffnn__same_shape(ffnn_tensor a, ffnn_tensor b)
{
    return a.rows == b.rows && a.cols == b.cols;
}

static bool ffnn__overlap(const float *a, size_t a_count, const float *b, size_t b_count)
{
    uintptr_t a_begin = (uintptr_t)a, b_begin = (uintptr_t)b;
    return a_begin < b_begin + b_count * sizeof(float) &&
           b_begin < a_begin + a_count * sizeof(float);
}

/* An input that lies apart from dst. */
static bool ffnn__apart(ffnn_tensor dst, ffnn_tensor a)
{
    return !ffnn__overlap(dst.data, dst.rows * dst.cols, a.data, a.rows * a.cols);
}

/* An input that is dst itself, element for element, or lies apart from it. */
static bool ffnn__same_or_apart(ffnn_tensor dst, ffnn_tensor a)
{
    return (dst.data == a.data && ffnn__same_shape(dst, a)) || ffnn__apart(dst, a);
}

/* Checks for dst = f(a), element by element. */
static ffnn_status ffnn__check_unary(ffnn_tensor dst, ffnn_tensor a)
{
    ffnn_status status = ffnn__check(dst);
    if (status == FFNN_OK) status = ffnn__check(a);
    if (status != FFNN_OK) return status;
    if (!ffnn__same_shape(dst, a)) return FFNN_ERROR_SHAPE;
    return ffnn__same_or_apart(dst, a) ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

/* How b is spread over a tensor: how far it advances from row to row and from column to column. */
typedef struct ffnn__spread {
    size_t row_step, col_step;
} ffnn__spread;

static ffnn_status ffnn__check_spread(ffnn_tensor a, ffnn_tensor b, ffnn__spread *spread)
{
    ffnn_status status = ffnn__check(b);
    if (status != FFNN_OK) return status;
    if (b.cols != a.cols && (b.cols != 1 || b.rows != 1)) return FFNN_ERROR_SHAPE;
    if (b.rows != a.rows && b.rows != 1) return FFNN_ERROR_SHAPE;
    spread->row_step = b.rows == 1 ? 0 : b.cols;
    spread->col_step = b.cols == a.cols ? 1 : 0;
    return FFNN_OK;
}

FFNNDEF ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols)
{
    return ffnn__tensor(data, rows, cols);
}

FFNNDEF ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols)
{
    if (t == NULL) return FFNN_ERROR_ARGUMENT;
    *t = ffnn__tensor(NULL, 0, 0);
    if (rows == 0 || cols == 0) return FFNN_ERROR_ARGUMENT;
    if (rows > SIZE_MAX / sizeof(float) / cols) return FFNN_ERROR_MEMORY;
    t->data = (float *)FFNN_MALLOC(rows * cols * sizeof(float));
    if (t->data == NULL) return FFNN_ERROR_MEMORY;
    t->rows = rows;
    t->cols = cols;
    memset(t->data, 0, rows * cols * sizeof(float));
    return FFNN_OK;
}

FFNNDEF void ffnn_tensor_free(ffnn_tensor *t)
{
    if (t == NULL) return;
    if (t->data != NULL) FFNN_FREE(t->data);
    *t = ffnn__tensor(NULL, 0, 0);
}

FFNNDEF float *ffnn_at(ffnn_tensor t, size_t row, size_t col)
{
    if (t.data == NULL || row >= t.rows || col >= t.cols) return NULL;
    return t.data + row * t.cols + col;
}

FFNNDEF ffnn_status ffnn_copy(ffnn_tensor dst, ffnn_tensor a)
{
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status != FFNN_OK) return status;
    if (dst.data != a.data) memcpy(dst.data, a.data, a.rows * a.cols * sizeof(float));
    return FFNN_OK;
}

typedef enum ffnn__operator { FFNN__ADD, FFNN__SUB, FFNN__MUL, FFNN__DIV } ffnn__operator;

static ffnn_status ffnn__binary(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b, ffnn__operator op)
{
    ffnn__spread step;
    size_t row, col, n = dst.cols;
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status == FFNN_OK) status = ffnn__check_spread(dst, b, &step);
    if (status != FFNN_OK) return status;
    if (!ffnn__same_or_apart(dst, b)) return FFNN_ERROR_ARGUMENT;
    for (row = 0; row < dst.rows; ++row) {
        float *d = dst.data + row * n;
        const float *x = a.data + row * n, *y = b.data + row * step.row_step;
        for (col = 0; col < n; ++col) {
            float y_col = y[col * step.col_step];
            d[col] = op == FFNN__ADD   ? x[col] + y_col
                     : op == FFNN__SUB ? x[col] - y_col
                     : op == FFNN__MUL ? x[col] * y_col
                                       : x[col] / y_col;
        }
    }
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_add(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
{
    return ffnn__binary(dst, a, b, FFNN__ADD);
}

FFNNDEF ffnn_status ffnn_sub(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
{
    return ffnn__binary(dst, a, b, FFNN__SUB);
}

FFNNDEF ffnn_status ffnn_mul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
{
    return ffnn__binary(dst, a, b, FFNN__MUL);
}

FFNNDEF ffnn_status ffnn_div(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
{
    return ffnn__binary(dst, a, b, FFNN__DIV);
}

FFNNDEF ffnn_status ffnn_scale(ffnn_tensor dst, ffnn_tensor a, float factor)
{
    return ffnn__binary(dst, a, ffnn__tensor(&factor, 1, 1), FFNN__MUL);
}

FFNNDEF ffnn_status ffnn_matmul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b)
{
    ffnn_status status = ffnn__check(dst);
    if (status == FFNN_OK) status = ffnn__check(a);
    if (status == FFNN_OK) status = ffnn__check(b);
    if (status != FFNN_OK) return status;
    if (a.cols != b.rows || dst.rows != a.rows || dst.cols != b.cols) return FFNN_ERROR_SHAPE;
    if (!ffnn__apart(dst, a) || !ffnn__apart(dst, b)) return FFNN_ERROR_ARGUMENT;
    ffnn__multiply(dst.data, a.rows, a.cols, b.cols, ffnn__matrix_of(a.data, a.cols, 1, false),
                   ffnn__matrix_of(b.data, b.cols, 1, false), false, 1.0f);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_transpose(ffnn_tensor dst, ffnn_tensor a)
{
    size_t row, col;
    ffnn_status status = ffnn__check(dst);
    if (status == FFNN_OK) status = ffnn__check(a);
    if (status != FFNN_OK) return status;
    if (dst.rows != a.cols || dst.cols != a.rows) return FFNN_ERROR_SHAPE;
    if (!ffnn__apart(dst, a)) return FFNN_ERROR_ARGUMENT;
    for (row = 0; row < a.rows; ++row)
        for (col = 0; col < a.cols; ++col)
            dst.data[col * a.rows + row] = a.data[row * a.cols + col];
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_max(ffnn_tensor dst, ffnn_tensor a)
{
    size_t row, col;
    ffnn_status status = ffnn__check(dst);
    if (status == FFNN_OK) status = ffnn__check(a);
    if (status != FFNN_OK) return status;
    if (dst.rows != 1 || dst.cols != a.cols) return FFNN_ERROR_SHAPE;
    if (!ffnn__same_or_apart(dst, a)) return FFNN_ERROR_ARGUMENT;
    if (dst.data != a.data) memcpy(dst.data, a.data, a.cols * sizeof(float));
    for (row = 1; row < a.rows; ++row) {
        const float *x = a.data + row * a.cols;
        for (col = 0; col < a.cols; ++col)
            if (!(x[col] <= dst.data[col]) && !isnan(dst.data[col])) dst.data[col] = x[col];
    }
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse)
{
    ffnn__spread step;
    double sum = 0;
    size_t row, col;
    ffnn_status status = mse == NULL ? FFNN_ERROR_ARGUMENT : ffnn__check(a);
    if (status == FFNN_OK) status = ffnn__check_spread(a, b, &step);
    if (status != FFNN_OK) return status;
    for (row = 0; row < a.rows; ++row) {
        const float *x = a.data + row * a.cols, *y = b.data + row * step.row_step;
        for (col = 0; col < a.cols; ++col) {
            double difference = (double)x[col] - (double)y[col * step.col_step];
            sum += difference * difference;
        }
    }
    *mse = (float)(sum / ((double)a.rows * (double)a.cols));
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a)
{
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status == FFNN_OK) ffnn__sigmoid(dst.data, a.data, a.rows * a.cols);
    return status;
}

FFNNDEF ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a)
{
    size_t i;
    ffnn_status status = ffnn__check_unary(dst, a);
    if (status != FFNN_OK) return status;
    for (i = 0; i < a.rows * a.cols; ++i) dst.data[i] = a.data[i] * (1.0f - a.data[i]);
    return FFNN_OK;
}

#ifndef FFNN_NO_STDIO

enum {
    FFNN__PRINT_COLUMNS = 80,    /* PyTorch's linewidth */
    FFNN__PRINT_INDENT = 8,      /* the length of "tensor([" */
    FFNN__PRINT_THRESHOLD = 1000, /* elements, above which a tensor is summarised */
    FFNN__PRINT_EDGE = 3         /* rows and columns that a summary shows at each end */
};

/* How torch's _tensor_str.py prints the elements of one tensor. */
typedef struct ffnn__style {
    const char *format; /* "%.0f" with a point after it, "%.4f" or "%.4e" */
    bool whole;         /* all finite elements are whole numbers, and not in scientific notation */
    int width;
} ffnn__style;

/* printf's text of a float, without what depends on the locale and the C library: always a point,
   never more exponent digits than needed, never a sign before nan. Returns its length. */
static int ffnn__number_text(char text[64], const ffnn__style *style, float value)
{
    char raw[64];
    const char *from = raw;
    char *to = text;
    if (isnan(value) || isinf(value)) {
        strcpy(text, isnan(value) ? "nan" : value > 0 ? "inf" : "-inf");
        return (int)strlen(text);
    }
    snprintf(raw, sizeof raw, style->format, (double)value);
    if (*from == '-') *to++ = *from++;
    while (*from >= '0' && *from <= '9') *to++ = *from++;
    if (*from != '\0') {
        while (*from < '0' || *from > '9') ++from; /* the locale's decimal point */
        *to++ = '.';
        while (*from >= '0' && *from <= '9') *to++ = *from++;
    }
    if (*from == 'e') {
        *to++ = *from++;
        *to++ = *from++;
        if (strlen(from) > 2 && *from == '0') ++from;
        while (*from != '\0') *to++ = *from++;
    }
    if (style->whole) *to++ = '.';
    *to = '\0';
    return (int)(to - text);
}

/* The part of a tensor that is printed: all of it, or the first and last rows and columns. */
typedef struct ffnn__excerpt {
    ffnn_tensor whole;
    size_t rows, cols; /* fewer than the whole's: then there is a gap after the first edge */
} ffnn__excerpt;

static ffnn__excerpt ffnn__print_excerpt(ffnn_tensor t)
{
    bool summary = t.rows * t.cols > FFNN__PRINT_THRESHOLD;
    ffnn__excerpt shown;
    shown.whole = t;
    shown.rows = summary && t.rows > 2 * FFNN__PRINT_EDGE ? 2 * FFNN__PRINT_EDGE : t.rows;
    shown.cols = summary && t.cols > 2 * FFNN__PRINT_EDGE ? 2 * FFNN__PRINT_EDGE : t.cols;
    return shown;
}

static float ffnn__excerpt_at(const ffnn__excerpt *shown, size_t row, size_t col)
{
    const ffnn_tensor *t = &shown->whole;
    if (row >= FFNN__PRINT_EDGE) row += t->rows - shown->rows;
    if (col >= FFNN__PRINT_EDGE) col += t->cols - shown->cols;
    return t->data[row * t->cols + col];
}

/* Only finite elements other than zero have a say in how a tensor is printed. */
static bool ffnn__counts(float value)
{
    return !isnan(value) && !isinf(value) && fabsf(value) > 0;
}

static ffnn__style ffnn__print_style(const ffnn__excerpt *shown)
{
    ffnn__style style = {"%.0f", true, 1};
    double smallest = HUGE_VAL, largest = 0;
    char text[64];
    size_t row, col;
    for (row = 0; row < shown->rows; ++row) {
        for (col = 0; col < shown->cols; ++col) {
            double size = fabs((double)ffnn__excerpt_at(shown, row, col));
            if (!ffnn__counts(ffnn__excerpt_at(shown, row, col))) continue;
            if (size < smallest) smallest = size;
            if (size > largest) largest = size;
            if (size > floor(size)) style.whole = false;
        }
    }
    if (largest / smallest > 1000 || largest > 1e8 || (!style.whole && smallest < 1e-4)) {
        style.format = "%.4e";
        style.whole = false;
    } else if (!style.whole) {
        style.format = "%.4f";
    }
    for (row = 0; row < shown->rows; ++row) {
        for (col = 0; col < shown->cols; ++col) {
            float value = ffnn__excerpt_at(shown, row, col);
            int width = ffnn__counts(value) ? ffnn__number_text(text, &style, value) : 0;
            if (width > style.width) style.width = width;
        }
    }
    return style;
}

/* The item-th entry of a row: a comma, perhaps a new line, and the text. */
static void ffnn__print_item(FILE *out, size_t item, const char *text, int width)
{
    size_t per_line = (FFNN__PRINT_COLUMNS - FFNN__PRINT_INDENT) / ((size_t)width + 2);
    if (item > 0 && item % per_line == 0)
        fprintf(out, ",\n%*s", FFNN__PRINT_INDENT + 1, "");
    else if (item > 0)
        fputs(", ", out);
    fputs(text, out);
}

static void ffnn__print_row(FILE *out, const ffnn__excerpt *shown, size_t row,
                            const ffnn__style *style)
{
    size_t col, item = 0;
    fputs("[", out);
    for (col = 0; col < shown->cols; ++col) {
        char number[64], padded[80];
        if (col == FFNN__PRINT_EDGE && shown->cols < shown->whole.cols)
            ffnn__print_item(out, item++, " ...", style->width);
        ffnn__number_text(number, style, ffnn__excerpt_at(shown, row, col));
        snprintf(padded, sizeof padded, "%*s", style->width, number);
        ffnn__print_item(out, item++, padded, style->width);
    }
    fputs("]", out);
}

FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t)
{
    ffnn__excerpt shown;
    ffnn__style style;
    size_t row;
    if (out == NULL) return FFNN_ERROR_ARGUMENT;
    if (t.rows == 0 || t.cols == 0) {
        fprintf(out, "tensor([], size=(%lu, %lu))\n", (unsigned long)t.rows,
                (unsigned long)t.cols);
        return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
    }
    if (ffnn__check(t) != FFNN_OK) return ffnn__check(t);
    shown = ffnn__print_excerpt(t);
    style = ffnn__print_style(&shown);
    fputs("tensor([", out);
    for (row = 0; row < shown.rows; ++row) {
        if (row > 0) fprintf(out, ",\n%*s", FFNN__PRINT_INDENT, "");
        if (row == FFNN__PRINT_EDGE && shown.rows < t.rows)
            fprintf(out, "...,\n%*s", FFNN__PRINT_INDENT, "");
        ffnn__print_row(out, &shown, row, &style);
    }
    fputs("])\n", out);
    return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
}

#endif /* FFNN_NO_STDIO */

/* ---- random numbers ---------------------------------------------------------------------- */
/* MT19937 by Matsumoto and Nishimura, 1998, and the normal numbers that PyTorch makes of it. */

enum { FFNN__STATE_SIZE = 624, FFNN__STATE_SHIFT = 397 };

#define FFNN__PI 3.14159265358979323846

FFNNDEF void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed)
{
    uint32_t i;
    if (rng == NULL) return;
    rng->state[0] = (uint32_t)(seed & 0xffffffffu);
    for (i = 1; i < FFNN__STATE_SIZE; ++i)
        rng->state[i] = 1812433253u * (rng->state[i - 1] ^ (rng->state[i - 1] >> 30)) + i;
    rng->remaining = 0;
    rng->seeded = 1;
    rng->has_kept = 0;
    rng->kept = 0;
}

/* The next 624 outputs, yet to be tempered. */
static void ffnn__rng_refill(ffnn_rng *rng)
{
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

static uint32_t ffnn__rng_next(ffnn_rng *rng)
{
    uint32_t x;
    if (rng->remaining == 0) ffnn__rng_refill(rng);
    x = rng->state[FFNN__STATE_SIZE - rng->remaining--];
    x ^= x >> 11;
    x ^= (x << 7) & 0x9d2c5680u;
    x ^= (x << 15) & 0xefc60000u;
    return x ^ (x >> 18);
}

FFNNDEF void ffnn_rng_discard(ffnn_rng *rng, uint64_t count)
{
    if (rng == NULL) return;
    while (count > rng->remaining) {
        count -= rng->remaining;
        ffnn__rng_refill(rng);
    }
    rng->remaining -= (uint32_t)count;
}

/* In [0, 1). */
static float ffnn__uniform_float(ffnn_rng *rng)
{
    return (float)(ffnn__rng_next(rng) & 0xffffffu) * (1.0f / 16777216.0f);
}

static double ffnn__uniform_double(ffnn_rng *rng)
{
    uint64_t high = ffnn__rng_next(rng), low = ffnn__rng_next(rng);
    return (double)(((high << 32) | low) & 0x1fffffffffffffu) * (1.0 / 9007199254740992.0);
}

/* Box-Muller in double. It makes numbers in pairs: the second one is kept for the next call. */
static float ffnn__normal(ffnn_rng *rng)
{
    double theta, radius;
    if (rng->has_kept) {
        rng->has_kept = 0;
        return (float)rng->kept;
    }
    theta = 2 * FFNN__PI * ffnn__uniform_double(rng);
    radius = sqrt(-2 * log1p(-ffnn__uniform_double(rng)));
    rng->kept = radius * sin(theta);
    rng->has_kept = 1;
    return (float)(radius * cos(theta));
}

/* 16 uniform numbers to 16 normal ones, in place. radius and theta are floats, as in PyTorch. */
static void ffnn__normal_block(float *x)
{
    size_t i;
    for (i = 0; i < 8; ++i) {
        float radius = (float)sqrt(-2 * log(1 - (double)x[i]));
        float theta = (float)(2 * FFNN__PI) * x[i + 8];
        x[i] = (float)((double)radius * cos((double)theta));
        x[i + 8] = (float)((double)radius * sin((double)theta));
    }
}

FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng)
{
    size_t i, count;
    ffnn_status status = rng == NULL ? FFNN_ERROR_ARGUMENT : ffnn__check(dst);
    if (status != FFNN_OK) return status;
    count = dst.rows * dst.cols;
    if (count < 16) {
        for (i = 0; i < count; ++i) dst.data[i] = ffnn__normal(rng);
        return FFNN_OK;
    }
    for (i = 0; i < count; ++i) dst.data[i] = ffnn__uniform_float(rng);
    for (i = 0; i + 16 <= count; i += 16) ffnn__normal_block(dst.data + i);
    if (count % 16 != 0) { /* the last 16 elements are drawn afresh */
        float *last = dst.data + count - 16;
        for (i = 0; i < 16; ++i) last[i] = ffnn__uniform_float(rng);
        ffnn__normal_block(last);
    }
    return FFNN_OK;
}

/* ---- network ----------------------------------------------------------------------------- */

static bool ffnn__is_net(const ffnn_net *net) { return net != NULL && net->layer_count > 0; }

static size_t ffnn__inputs(const ffnn_net *net) { return net->layers[0].weight.rows; }

static size_t ffnn__outputs(const ffnn_net *net)
{
    return net->layers[net->layer_count - 1].weight.cols;
}

/* The first address from p on that a cache line begins at. */
enum { FFNN__LINE = 16 }; /* floats */

static float *ffnn__align(float *p)
{
    return p + (0 - (uintptr_t)p / sizeof(float)) % FFNN__LINE;
}

/* The room for rows x cols activations, in floats: whole cache lines, and the padding. */
static size_t ffnn__room(size_t rows, size_t cols)
{
    return (rows * cols + FFNN__LINE - 1) / FFNN__LINE * FFNN__LINE + FFNN__PADDING;
}

/* Floats in z, a, error and delta of all layers for a batch of so many rows; 0 if that overflows. */
static size_t ffnn__activation_count(const ffnn_net *net, size_t rows)
{
    size_t i, count = FFNN__LINE, limit = SIZE_MAX / sizeof(float) / 8;
    for (i = 0; i < net->layer_count; ++i) {
        size_t cols = net->layers[i].weight.cols;
        if (rows > limit / cols || count > limit) return 0;
        count += 4 * ffnn__room(rows, cols);
    }
    return count;
}

/* A network with these layer_count + 1 sizes, its weights not set yet. net must be all zeros. */
static ffnn_status ffnn__allocate(ffnn_net *net, const size_t *sizes, size_t layer_count)
{
    size_t i, total = 0;
    float *weight;
    for (i = 0; i < layer_count; ++i) {
        size_t room = SIZE_MAX / sizeof(float) - total;
        if (sizes[i] > room / sizes[i + 1]) return FFNN_ERROR_MEMORY;
        total += sizes[i] * sizes[i + 1];
    }
    if (total > SIZE_MAX / sizeof(float) - FFNN__PADDING - FFNN__LINE) return FFNN_ERROR_MEMORY;
    net->weights = (float *)FFNN_MALLOC((total + FFNN__PADDING + FFNN__LINE) * sizeof(float));
    if (net->weights == NULL) return FFNN_ERROR_MEMORY;
    net->weight_count = total;
    weight = ffnn__align(net->weights);
    memset(weight + total, 0, FFNN__PADDING * sizeof(float));
    net->layer_count = layer_count;
    for (i = 0; i < layer_count; ++i) {
        if (sizes[i + 1] > net->widest) net->widest = sizes[i + 1];
        net->layers[i].weight = ffnn__tensor(weight, sizes[i], sizes[i + 1]);
        weight += sizes[i] * sizes[i + 1];
    }
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc)
{
    size_t sizes[FFNN_MAX_LAYERS + 1] = {3, 4, 1}, count = 0, i;
    ffnn_rng *rng = desc != NULL ? desc->rng : NULL, seeded_with_0;
    ffnn_status status;
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    for (i = 0; desc != NULL && i <= FFNN_MAX_LAYERS; ++i)
        if (desc->sizes[i] != 0) memcpy(sizes, desc->sizes, sizeof sizes);
    while (count <= FFNN_MAX_LAYERS && sizes[count] != 0) ++count;
    for (i = count; i <= FFNN_MAX_LAYERS; ++i)
        if (sizes[i] != 0) return FFNN_ERROR_ARGUMENT; /* a layer without units before it */
    if (count < 2) return FFNN_ERROR_ARGUMENT;
    status = ffnn__allocate(net, sizes, count - 1);
    if (status != FFNN_OK) return status;
    if (rng == NULL) {
        rng = &seeded_with_0;
        ffnn_rng_seed(rng, 0);
    }
    for (i = 0; i < net->layer_count; ++i) ffnn_randn(net->layers[i].weight, rng);
    return FFNN_OK;
}

FFNNDEF void ffnn_free(ffnn_net *net)
{
    if (net == NULL) return;
    if (net->weights != NULL) FFNN_FREE(net->weights);
    if (net->activations != NULL) FFNN_FREE(net->activations);
    memset(net, 0, sizeof *net);
}

/* Whether t, X or y, is a batch with this many columns and not part of the network itself. */
static ffnn_status ffnn__check_batch(const ffnn_net *net, const ffnn_tensor *t, size_t cols)
{
    size_t count = t->rows * t->cols;
    ffnn_status status = ffnn__check(*t);
    if (status != FFNN_OK) return status;
    if (t->cols != cols) return FFNN_ERROR_SHAPE;
    if (ffnn__overlap(t->data, count, net->weights, FFNN__LINE + net->weight_count) ||
        ffnn__overlap(t->data, count, net->activations, net->activation_count))
        return FFNN_ERROR_ARGUMENT;
    return FFNN_OK;
}

/* Makes the activations of every layer rows high; for more rows than ever before in new memory. */
static ffnn_status ffnn__reserve(ffnn_net *net, size_t rows)
{
    size_t i;
    float *memory;
    if (rows == net->layers[0].z.rows) return FFNN_OK;
    if (rows > net->batch_capacity) {
        size_t count = ffnn__activation_count(net, rows);
        memory = (float *)(count > 0 ? FFNN_MALLOC(count * sizeof(float)) : NULL);
        if (memory == NULL) return FFNN_ERROR_MEMORY;
        memset(memory, 0, count * sizeof(float));
        if (net->activations != NULL) FFNN_FREE(net->activations);
        net->activations = memory;
        net->activation_count = count;
        net->batch_capacity = rows;
    }
    memory = ffnn__align(net->activations);
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        size_t cols = layer->weight.cols, size = ffnn__room(net->batch_capacity, cols);
        layer->z = ffnn__tensor(memory, rows, cols);
        layer->a = ffnn__tensor(memory + size, rows, cols);
        layer->error = ffnn__tensor(memory + 2 * size, rows, cols);
        layer->delta = ffnn__tensor(memory + 3 * size, rows, cols);
        memory += 4 * size;
    }
    return FFNN_OK;
}

/* Layer after layer: z = input W, a = sigmoid(z). */
static void ffnn__forward(ffnn_net *net, ffnn_tensor X)
{
    const float *input = X.data;
    size_t i;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        ffnn__forward_layer(layer->z.data, layer->a.data, input, &layer->weight, X.rows);
        input = layer->a.data;
    }
}

/* Layer before layer: the last one's error is y - a, any other's is the next delta W^T;
   delta = error * sigmoid'(z). Then, with all deltas known, W += (input^T delta) * learning_rate. */
static void ffnn__backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate)
{
    ffnn_layer *layers = net->layers;
    size_t i, last = net->layer_count - 1;
    ffnn__output_delta(&layers[last], y.data, X.rows);
    for (i = last; i-- > 0;) ffnn__hidden_delta(&layers[i], &layers[i + 1], X.rows);
    for (i = 0; i <= last; ++i)
        ffnn__update_layer(&layers[i], i == 0 ? X.data : layers[i - 1].a.data, X.rows,
                           learning_rate);
}

FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor X, ffnn_tensor *output)
{
    ffnn_status status = FFNN_ERROR_ARGUMENT;
    if (ffnn__is_net(net)) status = ffnn__check_batch(net, &X, ffnn__inputs(net));
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, X);
    if (output != NULL) *output = net->layers[net->layer_count - 1].a;
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate)
{
    ffnn_status status = FFNN_ERROR_ARGUMENT;
    if (ffnn__is_net(net)) status = ffnn__check_batch(net, &X, ffnn__inputs(net));
    if (status == FFNN_OK) status = ffnn__check_batch(net, &y, ffnn__outputs(net));
    if (status != FFNN_OK) return status;
    if (y.rows != X.rows || net->layers[0].z.rows != X.rows) return FFNN_ERROR_SHAPE;
    ffnn__backward(net, X, y, learning_rate);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, float learning_rate,
                               float *loss)
{
    ffnn_status status = FFNN_ERROR_ARGUMENT;
    if (ffnn__is_net(net)) status = ffnn__check_batch(net, &X, ffnn__inputs(net));
    if (status == FFNN_OK) status = ffnn__check_batch(net, &y, ffnn__outputs(net));
    if (status == FFNN_OK && y.rows != X.rows) status = FFNN_ERROR_SHAPE;
    if (status == FFNN_OK) status = ffnn__reserve(net, X.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, X);
    if (loss != NULL) ffnn_mse(y, net->layers[net->layer_count - 1].a, loss);
    ffnn__backward(net, X, y, learning_rate);
    return FFNN_OK;
}

/* What a fit works with. */
typedef struct ffnn__fit {
    ffnn_tensor X, y;   /* all samples: the user's */
    size_t batch_size;  /* rows of a step, at most X.rows */
    float learning_rate;
    size_t *order;      /* the epoch's order of the samples; NULL: as given */
    ffnn_tensor X_batch, y_batch; /* batch_size samples in that order; only with one */
} ffnn__fit;

/* Memory for the order and the batch, in one piece that begins with the order. */
static ffnn_status ffnn__fit_allocate(ffnn__fit *fit)
{
    size_t cols = fit->X.cols + fit->y.cols, order_size, batch_size;
    float *batch;
    if (cols < fit->X.cols || fit->X.rows > SIZE_MAX / sizeof(size_t) ||
        fit->batch_size > SIZE_MAX / sizeof(float) / cols)
        return FFNN_ERROR_MEMORY;
    order_size = fit->X.rows * sizeof(size_t);
    batch_size = fit->batch_size * cols * sizeof(float);
    if (order_size > SIZE_MAX - batch_size) return FFNN_ERROR_MEMORY;
    fit->order = (size_t *)FFNN_MALLOC(order_size + batch_size);
    if (fit->order == NULL) return FFNN_ERROR_MEMORY;
    batch = (float *)(fit->order + fit->X.rows);
    fit->X_batch = ffnn__tensor(batch, fit->batch_size, fit->X.cols);
    fit->y_batch = ffnn__tensor(batch + fit->batch_size * fit->X.cols, fit->batch_size, fit->y.cols);
    return FFNN_OK;
}

/* order = torch.randperm(count): Fisher and Yates's shuffle, the i-th place drawing from itself
   and those after it. Taking the remainder favours no place by more than count in 2^32 (of 2^64,
   where PyTorch, too, finds that too much): for 10,000 samples two in a million. */
static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng)
{
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

/* dst's rows = those rows of src that order names. */
static void ffnn__gather(ffnn_tensor dst, ffnn_tensor src, const size_t *order)
{
    size_t row;
    for (row = 0; row < dst.rows; ++row)
        memcpy(dst.data + row * dst.cols, src.data + order[row] * src.cols,
               src.cols * sizeof(float));
}

/* One step for each batch; loss (may be NULL) is their mean, each weighted by its samples. */
static ffnn_status ffnn__fit_epoch(ffnn_net *net, const ffnn__fit *fit, float *loss)
{
    ffnn_tensor X = fit->X_batch, y = fit->y_batch;
    size_t first, rows = fit->batch_size;
    double sum = 0;
    for (first = 0; first < fit->X.rows; first += rows) {
        ffnn_status status;
        if (rows > fit->X.rows - first) rows = fit->X.rows - first;
        X.rows = y.rows = rows;
        if (fit->order != NULL) {
            ffnn__gather(X, fit->X, fit->order + first);
            ffnn__gather(y, fit->y, fit->order + first);
        } else {
            X = ffnn__tensor(fit->X.data + first * fit->X.cols, rows, fit->X.cols);
            y = ffnn__tensor(fit->y.data + first * fit->y.cols, rows, fit->y.cols);
        }
        status = ffnn_train(net, X, y, fit->learning_rate, loss);
        if (status != FFNN_OK) return status;
        if (loss != NULL) sum += (double)*loss * (double)rows;
    }
    if (loss != NULL) *loss = (float)(sum / (double)fit->X.rows);
    return FFNN_OK;
}

/* Checks as ffnn_train does, and takes all memory that the fit will need. */
static ffnn_status ffnn__fit_begin(ffnn__fit *fit, ffnn_net *net, bool shuffled)
{
    ffnn_status status = FFNN_ERROR_ARGUMENT;
    if (ffnn__is_net(net)) status = ffnn__check_batch(net, &fit->X, ffnn__inputs(net));
    if (status == FFNN_OK) status = ffnn__check_batch(net, &fit->y, ffnn__outputs(net));
    if (status == FFNN_OK && fit->y.rows != fit->X.rows) status = FFNN_ERROR_SHAPE;
    if (status != FFNN_OK) return status;
    if (fit->batch_size == 0 || fit->batch_size > fit->X.rows) fit->batch_size = fit->X.rows;
    if (shuffled) status = ffnn__fit_allocate(fit);
    if (status == FFNN_OK) status = ffnn__reserve(net, fit->batch_size);
    return status;
}

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor X, ffnn_tensor y, const ffnn_fit_desc *desc)
{
    ffnn_fit_desc wanted;
    ffnn__fit fit;
    ffnn_progress progress;
    ffnn_status status;
    memset(&wanted, 0, sizeof wanted);
    memset(&fit, 0, sizeof fit);
    memset(&progress, 0, sizeof progress);
    if (desc != NULL) wanted = *desc;
    progress.epochs = wanted.epochs != 0 ? wanted.epochs : 1000;
    fit.X = X;
    fit.y = y;
    fit.batch_size = wanted.batch_size;
    fit.learning_rate = wanted.learning_rate;
    if (fabsf(wanted.learning_rate) <= 0) fit.learning_rate = 0.1f;
    status = ffnn__fit_begin(&fit, net, wanted.rng != NULL);
    while (status == FFNN_OK && progress.epoch < progress.epochs) {
        if (fit.order != NULL) ffnn__shuffle(fit.order, X.rows, wanted.rng);
        status = ffnn__fit_epoch(net, &fit, wanted.progress != NULL ? &progress.loss : NULL);
        if (status != FFNN_OK) break;
        ++progress.epoch;
        progress.samples += X.rows;
        if (wanted.progress != NULL && !wanted.progress(wanted.user, &progress)) break;
    }
    if (fit.order != NULL) FFNN_FREE(fit.order);
    return status;
}

enum { FFNN__PREDICT_ROWS = 256, FFNN__STACK_FLOATS = 1024 }; /* what predict takes at a time */

/* forward once more, in activations that take turns in two buffers of memory. */
static void ffnn__predict(const ffnn_net *net, const float *X, size_t rows, float *output,
                          float *memory, size_t buffer_size)
{
    const float *input = X;
    size_t i;
    for (i = 0; i < net->layer_count; ++i) {
        float *a = memory + (i % 2) * buffer_size;
        ffnn__forward_layer(a, a, input, &net->layers[i].weight, rows);
        input = a;
    }
    memcpy(output, input, rows * ffnn__outputs(net) * sizeof(float));
}

FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor X, ffnn_tensor output)
{
    float stack[FFNN__STACK_FLOATS], *memory = stack;
    size_t rows = X.rows, buffer_size, row; /* rows at a time */
    ffnn_status status = FFNN_ERROR_ARGUMENT;
    if (ffnn__is_net(net)) status = ffnn__check_batch(net, &X, ffnn__inputs(net));
    if (status == FFNN_OK) status = ffnn__check_batch(net, &output, ffnn__outputs(net));
    if (status != FFNN_OK) return status;
    if (output.rows != X.rows) return FFNN_ERROR_SHAPE;
    if (!ffnn__apart(output, X)) return FFNN_ERROR_ARGUMENT;
    if (rows > FFNN__PREDICT_ROWS) rows = FFNN__PREDICT_ROWS;
    buffer_size = ffnn__room(rows, net->widest);
    if (2 * buffer_size > FFNN__STACK_FLOATS) {
        memory = (float *)FFNN_MALLOC(2 * buffer_size * sizeof(float));
        if (memory == NULL) return FFNN_ERROR_MEMORY;
    }
    for (row = 0; row < X.rows; row += rows) {
        if (rows > X.rows - row) rows = X.rows - row;
        ffnn__predict(net, X.data + row * X.cols, rows, output.data + row * output.cols, memory,
                      buffer_size);
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
} ffnn__json;

static int ffnn__json_peek(const ffnn__json *json) { return json->at < json->end ? *json->at : -1; }
static int ffnn__json_next(ffnn__json *json) { return json->at < json->end ? *json->at++ : -1; }

static bool ffnn__json_fail(ffnn__json *json)
{
    json->bad = true;
    json->at = json->end;
    return false;
}

static void ffnn__json_space(ffnn__json *json)
{
    while (json->at < json->end && memchr(" \t\n\r", *json->at, 4) != NULL) ++json->at;
}

/* Steps over c, if it is next but for white space. */
static bool ffnn__json_accept(ffnn__json *json, char c)
{
    ffnn__json_space(json);
    if (ffnn__json_peek(json) != c) return false;
    ++json->at;
    return true;
}

static bool ffnn__json_expect(ffnn__json *json, char c)
{
    return ffnn__json_accept(json, c) || ffnn__json_fail(json);
}

/* Whether another member follows the opening bracket, or the member before. */
static bool ffnn__json_more(ffnn__json *json, bool first, char close)
{
    if (ffnn__json_accept(json, close)) return false;
    return first ? !json->bad : ffnn__json_expect(json, ',');
}

/* The four digits of \uXXXX, or -1. */
static long ffnn__json_hex4(ffnn__json *json)
{
    long value = 0;
    int i;
    for (i = 0; i < 4; ++i) {
        int c = ffnn__json_next(json), letter = c | 0x20;
        if (c >= '0' && c <= '9') value = value * 16 + (c - '0');
        else if (letter >= 'a' && letter <= 'f') value = value * 16 + (letter - 'a' + 10);
        else return -1;
    }
    return value;
}

/* What follows a backslash: its character, or -1. A surrogate is good only as half of a pair. */
static long ffnn__json_escape(ffnn__json *json)
{
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = ffnn__json_next(json);
    const char *found = c > 0 ? strchr(from, c) : NULL;
    long high, low;
    if (found != NULL) return to[found - from];
    high = c == 'u' ? ffnn__json_hex4(json) : -1;
    if (high < 0xD800 || high > 0xDFFF) return high;
    if (high > 0xDBFF || ffnn__json_next(json) != '\\' || ffnn__json_next(json) != 'u') return -1;
    low = ffnn__json_hex4(json);
    return low < 0xDC00 || low > 0xDFFF ? -1 : 0x10000 + ((high & 0x3FF) << 10) + (low & 0x3FF);
}

/* The rest of a UTF-8 character that began with lead: its code point, or -1. */
static long ffnn__json_utf8(ffnn__json *json, int lead)
{
    static const long smallest[] = {0, 0, 0x80, 0x800, 0x10000}; /* that takes so many bytes */
    int length = lead >= 0xF0 ? 4 : lead >= 0xE0 ? 3 : 2, i;
    long value = lead & (0x7F >> length);
    if (lead < 0xC2 || lead > 0xF4) return -1;
    for (i = 1; i < length; ++i) {
        int c = ffnn__json_next(json);
        if (c < 0x80 || c > 0xBF) return -1;
        value = value << 6 | (c & 0x3F);
    }
    if (value < smallest[length] || value > 0x10FFFF) return -1;
    return value >= 0xD800 && value <= 0xDFFF ? -1 : value;
}

/* A string. name gets it if it is short and ASCII, as all names are that matter, else "?". */
static bool ffnn__json_string(ffnn__json *json, char name[FFNN__MAX_NAME])
{
    size_t length = 0;
    long c;
    if (!ffnn__json_expect(json, '"')) return false;
    while ((c = ffnn__json_next(json)) != '"') {
        if (c < 0x20) c = -1;
        else if (c == '\\') c = ffnn__json_escape(json);
        else if (c >= 0x80) c = ffnn__json_utf8(json, (int)c);
        if (c < 0) return ffnn__json_fail(json);
        if (length < FFNN__MAX_NAME) name[length++] = (char)(c > 0 && c < 0x80 ? c : '?');
    }
    if (length == FFNN__MAX_NAME) name[0] = '?';
    name[length < FFNN__MAX_NAME ? length : 1] = '\0';
    return true;
}

static bool ffnn__json_digits(ffnn__json *json)
{
    const unsigned char *begin = json->at;
    while (ffnn__json_peek(json) >= '0' && ffnn__json_peek(json) <= '9') ++json->at;
    return json->at > begin;
}

static bool ffnn__json_number(ffnn__json *json)
{
    const unsigned char *first;
    if (ffnn__json_peek(json) == '-') ++json->at;
    first = json->at;
    if (!ffnn__json_digits(json) || (*first == '0' && json->at > first + 1)) return false;
    if (ffnn__json_peek(json) == '.') {
        ++json->at;
        if (!ffnn__json_digits(json)) return false;
    }
    if ((ffnn__json_peek(json) | 0x20) != 'e') return true;
    ++json->at;
    if (ffnn__json_peek(json) == '+' || ffnn__json_peek(json) == '-') ++json->at;
    return ffnn__json_digits(json);
}

/* A number of digits only, below 2^64. */
static bool ffnn__json_unsigned(ffnn__json *json, uint64_t *value)
{
    const unsigned char *digit;
    ffnn__json_space(json);
    digit = json->at;
    if (!ffnn__json_number(json)) return ffnn__json_fail(json);
    for (*value = 0; digit < json->at; ++digit) {
        uint64_t d = (uint64_t)*digit - '0';
        if (d > 9 || *value > (UINT64_MAX - d) / 10) return ffnn__json_fail(json);
        *value = *value * 10 + d;
    }
    return true;
}

/* A string, number, true, false or null, to be ignored. */
static bool ffnn__json_skip_scalar(ffnn__json *json)
{
    static const char *const words[] = {"true", "false", "null"};
    char ignored[FFNN__MAX_NAME];
    size_t i, left = (size_t)(json->end - json->at);
    for (i = 0; i < 3; ++i) {
        size_t length = strlen(words[i]);
        if (left < length || memcmp(json->at, words[i], length) != 0) continue;
        json->at += length;
        return true;
    }
    if (ffnn__json_peek(json) == '"') return ffnn__json_string(json, ignored);
    return ffnn__json_number(json) || ffnn__json_fail(json);
}

/* Any value, to be ignored. A bit for each open bracket, 1 for an object, stands for the stack. */
static bool ffnn__json_skip(ffnn__json *json)
{
    char ignored[FFNN__MAX_NAME];
    uint64_t objects = 0;
    int depth = 0;
    bool first = true; /* nothing yet in the innermost bracket */
    do {
        bool in_object = (objects & 1) != 0;
        if (depth > 0 && !ffnn__json_more(json, first, in_object ? '}' : ']')) {
            objects >>= 1;
            --depth;
            first = false;
            continue;
        }
        if (in_object && ffnn__json_string(json, ignored)) ffnn__json_expect(json, ':');
        first = ffnn__json_accept(json, '{') || ffnn__json_accept(json, '[');
        if (!first) {
            ffnn__json_skip_scalar(json);
        } else {
            objects = objects << 1 | (json->at[-1] == '{');
            if (++depth > FFNN__MAX_NESTING) ffnn__json_fail(json);
        }
    } while (depth > 0 && !json->bad);
    return !json->bad;
}

/* Bits of an element, or 0 for a dtype that the format does not know. */
static unsigned ffnn__dtype_bits(const char *dtype)
{
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

/* One tensor of a header. */
typedef struct ffnn__entry {
    bool found, is_matrix; /* F32, two dimensions */
    bool fits;             /* its bytes are as many as its shape and dtype need */
    uint64_t rows, cols;
    uint64_t begin, end; /* bytes, from the end of the header */
} ffnn__entry;

/* Counts the elements that a shape has. The product may not overflow, not even on the way to 0. */
static bool ffnn__read_shape(ffnn__json *json, ffnn__entry *entry, uint64_t *elements)
{
    uint64_t size;
    size_t rank = 0;
    *elements = 1;
    entry->fits = true;
    if (!ffnn__json_expect(json, '[')) return false;
    while (ffnn__json_more(json, rank == 0, ']')) {
        if (!ffnn__json_unsigned(json, &size)) return false;
        if (size != 0 && *elements > UINT64_MAX / size) entry->fits = false;
        *elements *= size;
        if (rank == 0) entry->rows = size;
        if (rank == 1) entry->cols = size;
        ++rank;
    }
    entry->is_matrix = rank == 2;
    return !json->bad;
}

/* {"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}, in any order and with other fields. */
static bool ffnn__read_entry(ffnn__json *json, ffnn__entry *entry)
{
    enum { DTYPE = 1, SHAPE = 2, OFFSETS = 4 };
    char name[FFNN__MAX_NAME], dtype[FFNN__MAX_NAME];
    uint64_t elements = 0, bits;
    unsigned seen = 0, field;
    bool first = true;
    if (!ffnn__json_expect(json, '{')) return false;
    for (; ffnn__json_more(json, first, '}'); first = false) {
        if (!ffnn__json_string(json, name) || !ffnn__json_expect(json, ':')) return false;
        field = strcmp(name, "dtype") == 0 ? DTYPE : strcmp(name, "shape") == 0 ? SHAPE
              : strcmp(name, "data_offsets") == 0 ? OFFSETS : 0;
        if (seen & field) return ffnn__json_fail(json);
        seen |= field;
        if (field == DTYPE) ffnn__json_string(json, dtype);
        else if (field == SHAPE) ffnn__read_shape(json, entry, &elements);
        else if (field == 0) ffnn__json_skip(json);
        else if (ffnn__json_expect(json, '[') && ffnn__json_unsigned(json, &entry->begin) &&
                 ffnn__json_expect(json, ',') && ffnn__json_unsigned(json, &entry->end))
            ffnn__json_expect(json, ']');
    }
    if (json->bad || seen != (DTYPE | SHAPE | OFFSETS)) return ffnn__json_fail(json);
    bits = ffnn__dtype_bits(dtype);
    if (bits == 0) return ffnn__json_fail(json);
    if (elements > UINT64_MAX / bits || elements * bits % 8 != 0 || entry->end < entry->begin ||
        entry->end - entry->begin != elements * bits / 8)
        entry->fits = false;
    entry->found = true;
    entry->is_matrix = entry->is_matrix && strcmp(dtype, "F32") == 0;
    return true;
}

/* {"name":"text", ...} or null */
static bool ffnn__skip_metadata(ffnn__json *json)
{
    char ignored[FFNN__MAX_NAME];
    bool first = true;
    ffnn__json_space(json);
    if (ffnn__json_peek(json) == 'n') return ffnn__json_skip_scalar(json); /* null */
    if (!ffnn__json_expect(json, '{')) return false;
    for (; ffnn__json_more(json, first, '}'); first = false)
        if (!ffnn__json_string(json, ignored) || !ffnn__json_expect(json, ':') ||
            !ffnn__json_string(json, ignored))
            return false;
    return !json->bad;
}

/* What a header says. */
typedef struct ffnn__index {
    ffnn__entry layers[FFNN_MAX_LAYERS]; /* W1, W2, ... */
    bool has_deeper_layer;               /* a W of a number beyond FFNN_MAX_LAYERS */
    bool has_stranger;                   /* a tensor of any other name */
    bool has_misfit;                     /* a tensor whose bytes are not as many as it needs */
    uint64_t data_size, tensor_size;     /* bytes: up to the last tensor's end; of all tensors */
} ffnn__index;

/* The number of a layer's name, W1 or above, else 0. */
static unsigned long ffnn__layer_number(const char *name)
{
    unsigned long number = 0;
    if (*name++ != 'W' || *name == '0') return 0;
    for (; *name >= '0' && *name <= '9' && number < 100000000; ++name)
        number = number * 10 + (unsigned long)(*name - '0');
    return *name == '\0' ? number : 0;
}

static void ffnn__add_tensor(ffnn__index *index, const ffnn__entry *entry)
{
    if (!entry->fits) index->has_misfit = true;
    index->tensor_size += entry->end - entry->begin;
    if (entry->end > index->data_size) index->data_size = entry->end;
}

/* Tensors fill the data when none overlap and together they are as large as it is. A stranger's
   overlaps are not looked for: its file is refused in any case. */
static bool ffnn__fills_data(ffnn__index *index)
{
    size_t i, j;
    for (i = 0; i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *a = &index->layers[i];
        for (j = 0; j < i; ++j) {
            const ffnn__entry *b = &index->layers[j];
            if (a->begin < b->end && b->begin < a->end) return false;
        }
        if (a->found) ffnn__add_tensor(index, a);
    }
    return !index->has_misfit && index->tensor_size == index->data_size;
}

static ffnn_status ffnn__read_header(const unsigned char *header, size_t size, ffnn__index *index)
{
    ffnn__json text = {header, header + size, false}, *json = &text;
    char name[FFNN__MAX_NAME];
    bool first = true, has_metadata = false;
    memset(index, 0, sizeof *index);
    ffnn__json_expect(json, '{');
    for (; ffnn__json_more(json, first, '}'); first = false) {
        ffnn__entry entry;
        unsigned long layer;
        memset(&entry, 0, sizeof entry);
        if (!ffnn__json_string(json, name) || !ffnn__json_expect(json, ':')) break;
        if (strcmp(name, "__metadata__") == 0) {
            if (has_metadata) ffnn__json_fail(json);
            has_metadata = true;
            ffnn__skip_metadata(json);
        } else if (ffnn__read_entry(json, &entry)) {
            layer = ffnn__layer_number(name);
            if (layer > 0 && layer <= FFNN_MAX_LAYERS) {
                index->layers[layer - 1] = entry; /* of two with one name the last one counts */
            } else {
                if (layer > 0) index->has_deeper_layer = true;
                else index->has_stranger = true;
                ffnn__add_tensor(index, &entry);
            }
        }
    }
    ffnn__json_space(json);
    if (json->bad || json->at != json->end || !ffnn__fills_data(index)) return FFNN_ERROR_FORMAT;
    return FFNN_OK;
}

/* Whether a file holds net's weights and nothing else. */
static ffnn_status ffnn__match(const ffnn_net *net, const ffnn__index *index)
{
    size_t i;
    if (index->has_stranger || index->has_deeper_layer) return FFNN_ERROR_MISMATCH;
    for (i = 0; i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *entry = &index->layers[i];
        const ffnn_tensor *weight = &net->layers[i].weight;
        if (entry->found != (i < net->layer_count)) return FFNN_ERROR_MISMATCH;
        if (entry->found && (!entry->is_matrix || entry->rows != weight->rows ||
                             entry->cols != weight->cols))
            return FFNN_ERROR_MISMATCH;
    }
    return FFNN_OK;
}

/* Floats to or from the file's little-endian bytes: the same copy both ways. */
static void ffnn__copy_little_endian(void *to, const void *from, size_t count)
{
    const uint16_t one = 1;
    unsigned char low_byte_first, *bytes = (unsigned char *)to;
    size_t i;
    memcpy(&low_byte_first, &one, 1);
    memcpy(to, from, count * sizeof(float));
    for (i = 0; !low_byte_first && i < count; ++i, bytes += 4) {
        unsigned char swapped[4];
        swapped[0] = bytes[3], swapped[1] = bytes[2], swapped[2] = bytes[1], swapped[3] = bytes[0];
        memcpy(bytes, swapped, 4);
    }
}

static void ffnn__set_weights(ffnn_net *net, const ffnn__index *index, const unsigned char *data)
{
    size_t i;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        ffnn__copy_little_endian(weight.data, data + index->layers[i].begin,
                                 weight.rows * weight.cols);
    }
}

static uint64_t ffnn__header_size(const unsigned char prefix[8])
{
    uint64_t size = 0;
    int i;
    for (i = 7; i >= 0; --i) size = size << 8 | prefix[i];
    return size;
}

FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size)
{
    const unsigned char *bytes = (const unsigned char *)data;
    ffnn__index index;
    uint64_t header_size;
    ffnn_status status;
    if (!ffnn__is_net(net) || data == NULL) return FFNN_ERROR_ARGUMENT;
    if (size < 8) return FFNN_ERROR_FORMAT;
    header_size = ffnn__header_size(bytes);
    if (header_size > FFNN__MAX_HEADER || header_size > size - 8) return FFNN_ERROR_FORMAT;
    status = ffnn__read_header(bytes + 8, (size_t)header_size, &index);
    if (status == FFNN_OK && index.data_size != size - 8 - header_size) status = FFNN_ERROR_FORMAT;
    if (status == FFNN_OK) status = ffnn__match(net, &index);
    if (status == FFNN_OK) ffnn__set_weights(net, &index, bytes + 8 + header_size);
    return status;
}

static char *ffnn__put_text(char *at, const char *text)
{
    while (*text != '\0') *at++ = *text++;
    return at;
}

static char *ffnn__put_number(char *at, uint64_t number)
{
    char digits[20];
    int count = 0;
    do digits[count++] = (char)('0' + number % 10); while ((number /= 10) != 0);
    while (count > 0) *at++ = digits[--count];
    return at;
}

/* The bytes before the weights: at most 8 + 2 + 140 a layer + 7. */
typedef struct ffnn__header {
    char bytes[32 + FFNN_MAX_LAYERS * 140];
    size_t size;
} ffnn__header;

static void ffnn__make_header(const ffnn_net *net, ffnn__header *header)
{
    char *at = header->bytes + 8;
    uint64_t offset = 0, size;
    size_t i;
    *at++ = '{';
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        at = ffnn__put_number(ffnn__put_text(at, i == 0 ? "\"W" : ",\"W"), i + 1);
        at = ffnn__put_text(at, "\":{\"dtype\":\"F32\",\"shape\":[");
        at = ffnn__put_number(ffnn__put_text(ffnn__put_number(at, weight.rows), ","), weight.cols);
        at = ffnn__put_number(ffnn__put_text(at, "],\"data_offsets\":["), offset);
        offset += (uint64_t)weight.rows * weight.cols * sizeof(float);
        at = ffnn__put_text(ffnn__put_number(ffnn__put_text(at, ","), offset), "]}");
    }
    *at++ = '}';
    while ((at - header->bytes) % 8 != 0) *at++ = ' ';
    header->size = (size_t)(at - header->bytes);
    size = header->size - 8;
    for (i = 0; i < 8; ++i) header->bytes[i] = (char)(size >> (8 * i) & 0xff);
}

FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size)
{
    ffnn__header header;
    unsigned char *at = (unsigned char *)data;
    size_t i, weight_size;
    if (!ffnn__is_net(net) || size == NULL) return FFNN_ERROR_ARGUMENT;
    weight_size = net->weight_count * sizeof(float);
    ffnn__make_header(net, &header);
    if (weight_size > SIZE_MAX - header.size) return FFNN_ERROR_MEMORY;
    *size = header.size + weight_size;
    if (data == NULL) return FFNN_OK;
    if (capacity < *size) return FFNN_ERROR_ARGUMENT;
    memcpy(at, header.bytes, header.size);
    at += header.size;
    for (i = 0; i < net->layer_count; ++i) {
        ffnn_tensor weight = net->layers[i].weight;
        ffnn__copy_little_endian(at, weight.data, weight.rows * weight.cols);
        at += weight.rows * weight.cols * sizeof(float);
    }
    return FFNN_OK;
}

#ifndef FFNN_NO_STDIO

/* Functions that return false or NULL have set errno, where the platform does. */

enum { FFNN__PATH_SIZE = 4096 };

/* Where a save to some path goes. */
typedef struct ffnn__target {
    char path[FFNN__PATH_SIZE]; /* of the file to replace, symbolic links resolved */
    bool is_special;            /* a device or a pipe: written to, not replaced */
    unsigned rights;            /* access rights of the file that is there, or 0 */
} ffnn__target;

#if defined(FFNN__POSIX)

/* Replaces the path of symbolic links by the path that they lead to. */
static bool ffnn__follow_links(char *path)
{
    char link[FFNN__PATH_SIZE];
    int links;
    for (links = 0; links < 40; ++links) {
        char *name = strrchr(path, '/');
        ssize_t length = readlink(path, link, sizeof link);
        if (length < 0) return errno == EINVAL || errno == ENOENT; /* no link, or nothing there */
        name = name == NULL || link[0] == '/' ? path : name + 1;
        if ((size_t)(name - path) + (size_t)length >= FFNN__PATH_SIZE) {
            errno = ENAMETOOLONG;
            return false;
        }
        memcpy(name, link, (size_t)length);
        name[length] = '\0';
    }
    errno = ELOOP;
    return false;
}

static bool ffnn__find_target(ffnn__target *target)
{
    struct stat info;
    if (stat(target->path, &info) == 0) {
        target->is_special = !S_ISREG(info.st_mode);
        target->rights = (unsigned)info.st_mode & 0777;
        if (target->is_special) return true;
        if (access(target->path, W_OK) != 0) return false;
    } else if (errno != ENOENT) {
        return false;
    }
    return ffnn__follow_links(target->path);
}

/* Gives a file the rights of the one that it will replace. */
static bool ffnn__set_rights(const char *path, const ffnn__target *target)
{
    return target->rights == 0 || chmod(path, (mode_t)target->rights) == 0;
}

/* Brings a file to the disk. */
static bool ffnn__sync(FILE *file) { return fsync(fileno(file)) == 0; }

#else

static bool ffnn__find_target(ffnn__target *target)
{
    (void)target;
    return true;
}

static bool ffnn__set_rights(const char *path, const ffnn__target *target)
{
    (void)path, (void)target;
    return true;
}

#endif

#if defined(_WIN32)

/* A path, which is UTF-8, as Windows wants it. */
static bool ffnn__wide(wchar_t wide[FFNN__PATH_SIZE], const char *path)
{
    const unsigned utf_8 = 65001, refuse_invalid = 8;
    if (MultiByteToWideChar(utf_8, refuse_invalid, path, -1, wide, FFNN__PATH_SIZE) > 0)
        return true;
    errno = EINVAL;
    return false;
}

static FILE *ffnn__open(const char *path)
{
    wchar_t wide[FFNN__PATH_SIZE];
    return ffnn__wide(wide, path) ? _wfopen(wide, L"rb") : NULL;
}

static FILE *ffnn__create(const char *path)
{
    wchar_t wide[FFNN__PATH_SIZE];
    FILE *file = NULL;
    int number = -1;
    if (ffnn__wide(wide, path))
        number = _wopen(wide, _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL, _S_IREAD | _S_IWRITE);
    if (number >= 0) file = _fdopen(number, "wb");
    if (number >= 0 && file == NULL) {
        int error = errno;
        _close(number);
        _wremove(wide);
        errno = error;
    }
    return file;
}

static bool ffnn__replace(const char *temporary, const char *path)
{
    const unsigned long replace_existing = 1, write_through = 8;
    wchar_t from[FFNN__PATH_SIZE], to[FFNN__PATH_SIZE];
    if (!ffnn__wide(from, temporary) || !ffnn__wide(to, path)) return false;
    if (MoveFileExW(from, to, replace_existing | write_through) != 0) return true;
    errno = EACCES; /* open in some program, write-protected, or a folder */
    return false;
}

static void ffnn__remove(const char *path)
{
    wchar_t wide[FFNN__PATH_SIZE];
    if (ffnn__wide(wide, path)) _wremove(wide);
}

static bool ffnn__sync(FILE *file) { return _commit(_fileno(file)) == 0; }

/* Where the file's name begins in a path. */
static const char *ffnn__name_of(const char *path)
{
    const char *name = path;
    for (; *path != '\0'; ++path)
        if (strchr("/\\:", *path) != NULL) name = path + 1;
    return name;
}

#else

static FILE *ffnn__open(const char *path) { return fopen(path, "rb"); }
static FILE *ffnn__create(const char *path) { return fopen(path, "wbx"); } /* x: only a new one */
static bool ffnn__replace(const char *from, const char *to) { return rename(from, to) == 0; }
static void ffnn__remove(const char *path) { remove(path); }

static const char *ffnn__name_of(const char *path)
{
    const char *slash = strrchr(path, '/');
    return slash == NULL ? path : slash + 1;
}

#if !defined(FFNN__POSIX)
static bool ffnn__sync(FILE *file) { return fflush(file) == 0; }
#endif

#endif

/* A new file in the folder of target, under a name that nobody else uses. */
static FILE *ffnn__create_beside(const char *target, char path[FFNN__PATH_SIZE])
{
    size_t folder = (size_t)(ffnn__name_of(target) - target);
    FILE *file = NULL;
    unsigned attempt;
    errno = folder + 64 > FFNN__PATH_SIZE ? ENAMETOOLONG : EEXIST;
    memcpy(path, target, folder);
    for (attempt = 0; file == NULL && errno == EEXIST && attempt < 10000; ++attempt) {
        char *at = ffnn__put_number(ffnn__put_text(path + folder, ".ffnn-"), FFNN__PROCESS);
        *ffnn__put_text(ffnn__put_number(ffnn__put_text(at, "-"), attempt), ".tmp") = '\0';
        file = ffnn__create(path);
    }
    return file;
}

static bool ffnn__write_net(FILE *file, const ffnn_net *net)
{
    ffnn__header header;
    size_t i;
    ffnn__make_header(net, &header);
    fwrite(header.bytes, 1, header.size, file);
    for (i = 0; i < net->layer_count; ++i) {
        const float *at = net->layers[i].weight.data;
        size_t left = net->layers[i].weight.rows * net->layers[i].weight.cols, count;
        for (; left > 0 && !ferror(file); at += count, left -= count) {
            unsigned char chunk[4096];
            count = left < sizeof chunk / sizeof *at ? left : sizeof chunk / sizeof *at;
            ffnn__copy_little_endian(chunk, at, count);
            fwrite(chunk, sizeof *at, count, file);
        }
    }
    return !ferror(file) && fflush(file) == 0;
}

FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path)
{
    ffnn__target target;
    char temporary[FFNN__PATH_SIZE];
    FILE *file;
    int error;
    bool ok;
    if (!ffnn__is_net(net) || path == NULL) return FFNN_ERROR_ARGUMENT;
    memset(&target, 0, sizeof target);
    errno = ENAMETOOLONG;
    if (strlen(path) >= FFNN__PATH_SIZE) return FFNN_ERROR_IO;
    strcpy(target.path, path);
    if (!ffnn__find_target(&target)) return FFNN_ERROR_IO;
    file = target.is_special ? fopen(path, "wb") : ffnn__create_beside(target.path, temporary);
    if (file == NULL) return FFNN_ERROR_IO;
    ok = (target.is_special || ffnn__set_rights(temporary, &target)) &&
         ffnn__write_net(file, net) && (target.is_special || ffnn__sync(file));
    error = errno; /* the first that went wrong is the one to report */
    if (fclose(file) != 0 && ok) {
        error = errno;
        ok = false;
    }
    if (!target.is_special) {
        if (ok && ffnn__replace(temporary, target.path)) return FFNN_OK;
        if (ok) error = errno;
        ffnn__remove(temporary);
        ok = false;
    }
    errno = error;
    return ok ? FFNN_OK : FFNN_ERROR_IO;
}

/* The next size bytes of a file, in new memory that grows with what is there: a size that the
   file only claims costs nothing. trusted bytes are asked for at once. */
static ffnn_status ffnn__read(FILE *file, uint64_t size, size_t trusted, unsigned char **bytes)
{
    size_t have = 0, capacity = trusted > 65536 ? trusted : size < 65536 ? (size_t)size : 65536;
    unsigned char *memory = (unsigned char *)FFNN_MALLOC(capacity), *larger;
    while (memory != NULL) {
        have += fread(memory + have, 1, capacity - have, file);
        if (have == size) {
            *bytes = memory;
            return FFNN_OK;
        }
        if (have < capacity) {
            FFNN_FREE(memory);
            return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
        }
        capacity = size / 2 < capacity ? (size_t)size : 2 * capacity;
        larger = (unsigned char *)(capacity > have ? FFNN_MALLOC(capacity) : NULL);
        if (larger != NULL) memcpy(larger, memory, have);
        FFNN_FREE(memory);
        memory = larger;
    }
    return FFNN_ERROR_MEMORY;
}

/* Whether exactly size bytes are left in a file. */
static ffnn_status ffnn__check_rest(FILE *file, uint64_t size)
{
    unsigned char chunk[4096];
    size_t count;
    do {
        count = fread(chunk, 1, sizeof chunk, file);
        if (count > size) return FFNN_ERROR_FORMAT;
        size -= count;
    } while (count == sizeof chunk);
    if (ferror(file)) return FFNN_ERROR_IO;
    return size == 0 ? FFNN_OK : FFNN_ERROR_FORMAT;
}

static ffnn_status ffnn__read_index(FILE *file, ffnn__index *index)
{
    unsigned char prefix[8], *header;
    uint64_t size;
    ffnn_status status;
    if (fread(prefix, 1, 8, file) != 8) return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
    size = ffnn__header_size(prefix);
    if (size == 0 || size > FFNN__MAX_HEADER) return FFNN_ERROR_FORMAT;
    status = ffnn__read(file, size, 0, &header);
    if (status != FFNN_OK) return status;
    status = ffnn__read_header(header, (size_t)size, index);
    FFNN_FREE(header);
    return status;
}

/* The sizes of the network that a file holds the weights of. */
static ffnn_status ffnn__sizes_of(const ffnn__index *index, size_t *sizes, size_t *layer_count)
{
    size_t i, count = 0;
    if (index->has_stranger) return FFNN_ERROR_MISMATCH;
    while (count < FFNN_MAX_LAYERS && index->layers[count].found) ++count;
    if (count == 0) return FFNN_ERROR_MISMATCH;
    for (i = 0; i < FFNN_MAX_LAYERS; ++i) {
        const ffnn__entry *entry = &index->layers[i];
        if (entry->found != (i < count)) return FFNN_ERROR_MISMATCH;
        if (i >= count) continue;
        if (!entry->is_matrix || entry->rows == 0 || entry->cols == 0) return FFNN_ERROR_MISMATCH;
        if (i > 0 && entry->rows != index->layers[i - 1].cols) return FFNN_ERROR_MISMATCH;
        sizes[i] = (size_t)entry->rows;
        sizes[i + 1] = (size_t)entry->cols;
    }
    if (index->has_deeper_layer)
        return count == FFNN_MAX_LAYERS ? FFNN_ERROR_ARGUMENT : FFNN_ERROR_MISMATCH;
    *layer_count = count;
    return FFNN_OK;
}

/* Reads weights into net or, if it has no layers, into a new network of the file's sizes. */
static ffnn_status ffnn__read_file(FILE *file, ffnn_net *net)
{
    bool is_new = net->layer_count == 0;
    size_t sizes[FFNN_MAX_LAYERS + 1], layer_count = 0;
    ffnn__index index;
    unsigned char *data;
    ffnn_status status = ffnn__read_index(file, &index), fit;
    if (status != FFNN_OK) return status;
    fit = is_new ? ffnn__sizes_of(&index, sizes, &layer_count) : ffnn__match(net, &index);
    if (fit != FFNN_OK) {
        status = ffnn__check_rest(file, index.data_size);
        return status == FFNN_OK ? fit : status;
    }
    status = ffnn__read(file, index.data_size, is_new ? 0 : (size_t)index.data_size, &data);
    if (status != FFNN_OK) return status;
    status = ffnn__check_rest(file, 0);
    if (status == FFNN_OK && is_new) status = ffnn__allocate(net, sizes, layer_count);
    if (status == FFNN_OK) ffnn__set_weights(net, &index, data);
    FFNN_FREE(data);
    return status;
}

static ffnn_status ffnn__load(ffnn_net *net, const char *path)
{
    FILE *file = ffnn__open(path);
    ffnn_status status;
    int error;
    if (file == NULL) return FFNN_ERROR_IO;
    status = ffnn__read_file(file, net);
    error = errno;
    fclose(file);
    errno = error;
    return status;
}

FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path)
{
    if (!ffnn__is_net(net) || path == NULL) return FFNN_ERROR_ARGUMENT;
    return ffnn__load(net, path);
}

FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path)
{
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
