/* ffnn.h - v1.2 - feed-forward neural networks in one header - public domain or MIT-0

   Tensors that share memory with your arrays; networks of fully connected layers, drawn, trained,
   saved and loaded as PyTorch does it: any torch.nn.Sequential of up to 16 Linear layers, each
   with one of 16 activations, with MSE, L1, Huber, cross-entropy or a loss of your own, SGD or
   Adam. Seeded alike, it draws the same numbers and prints the same digits as PyTorch. Weights
   travel in safetensors. C99 or C++11; link with libm.

   What it does not do: convolutions, recurrence, attention, normalization, dropout, GPUs.

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

   Functions that can fail return an ffnn_status; FFNN_OK is 0, and ffnn_status_string puts a status
   into words. A call that fails changes nothing: tensors, weights and files stay as they were,
   except that ffnn_save_memory sets *size, and that a device or pipe may have received a part. A
   network or tensor whose initialization failed is all zeros and safe to free. Initializing a
   struct overwrites it without freeing what it held: free it first.

TENSORS: a tensor is a rows x cols matrix of floats, row-major and contiguous. It is a small struct:
   pass it by value. In these functions dst comes first and must already have the result's shape. It
   may be one of the inputs, except in matmul and transpose; any other overlap of dst with an input
   is FFNN_ERROR_ARGUMENT.

   ffnn_view                    a tensor that shares the memory of your array: nothing to free. Cast
                                a const array: what a call does not write to is only read
   ffnn_tensor_init, _free      a tensor with memory of its own, all zeros. Free only these
   ffnn_at                      the address of an element; NULL outside the tensor. Row i alone is
                                ffnn_view(ffnn_at(t, i, 0), 1, t.cols)
   ffnn_copy                    dst = a
   ffnn_add, _sub, _mul, _div   dst = a + b and so on, element by element. b may also be 1 x cols or
                                1 x 1, and is then broadcast to the shape of a
   ffnn_scale                   dst = a * factor
   ffnn_matmul                  dst (m x n) = a (m x k) times b (k x n)
   ffnn_transpose               dst (n x m) = a (m x n) transposed
   ffnn_max                     dst (1 x cols) = the maximum of each column of a; NaN if the column
                                contains one
   ffnn_mse                     the mean of (a - b)^2 over all elements; b is broadcast as in add
   ffnn_activate                dst = f(z), where f is any activation, with torch.nn's default
                                parameters; softmax row by row. Within 3 units in the last place
                                where the result is a normal float (SiLU, Mish and both GELUs: 1e-6
                                relative, or 1e-7 near their zeros). NaN stays NaN
   ffnn_sigmoid                 ffnn_activate with the sigmoid, 1 / (1 + exp(-a)): within 2 units in
                                the last place and always in [0, 1]; results below 1.2e-38 are 0
   ffnn_sigmoid_derivative      dst = a * (1 - a), where a is a sigmoid's OUTPUT
   ffnn_print                   prints what print(tensor) prints in PyTorch, newline included, in
                                any locale; tensors of more than 1000 elements are summarized

RANDOM NUMBERS: PyTorch's CPU generator, the Mersenne Twister MT19937, in a plain struct. A
   zero-initialized one acts as if seeded with 0.

   ffnn_rng_seed                torch.manual_seed. As in PyTorch, only the low 32 bits are used
   ffnn_rng_discard             skips count 32-bit outputs, each in about a nanosecond
   ffnn_randn                   torch.randn(rows, cols): normal numbers, mean 0, variance 1

THE NETWORK: layer i computes z = input W + bias and a = f(z); a is the next layer's input. Each
   sample is a row: x is batch x inputs, y is batch x outputs. net.layers[i] has weight (inputs x
   outputs), bias (1 x outputs), activation, and after a pass z, a, error and delta. net.sizes[0] is
   the number of inputs, net.sizes[net.layer_count] that of outputs, also of a network from a file.

   A description (ffnn_desc) whose fields are all zero, or NULL, is the default network: 3 inputs, 4
   sigmoid units, 1 sigmoid output, no biases, N(0, 1) weights. Each field that you set moves
   towards torch.nn (memset comes from <string.h>):

       ffnn_desc desc;
       memset(&desc, 0, sizeof desc);
       desc.sizes[0] = 784;
       desc.sizes[1] = 128;
       desc.sizes[2] = 10;
       desc.activations[0] = FFNN_RELU;
       desc.activations[1] = FFNN_SOFTMAX;
       desc.biases = true;
       desc.optimizer = FFNN_ADAM;

   sizes         the units of each layer, inputs first, padded with zeros; all zeros: 3, 4, 1
   rng           draws the weights, layer after layer; NULL: one seeded with 0
   activations   one a layer. Name the LAST one, too: what you leave out is the sigmoid, and
                 regression wants FFNN_IDENTITY. Softmax is for the last layer only
   alphas        LeakyReLU's slope below 0 and ELU's alpha; 0 is torch.nn's, 0.01 and 1
   biases        layers are torch.nn.Linear's, with a bias and Linear's first weights. Without,
                 weights are drawn from N(0, 1), which saturates the units of wide layers: scale
                 them by 1 / sqrt(inputs) with ffnn_scale, or set biases. Without biases, give each
                 sample an input that is always 1
   loss          FFNN_HALF_SUM_OF_SQUARES, the default, steps down HALF THE SUM of (y - a)^2 over
                 the batch, so that a batch twice as large takes a step twice as long: to use a
                 learning rate of another library, divide it by the batch size. It reports the MEAN.
                 All others are means in both, as in PyTorch. Cross-entropy needs a last layer of
                 softmax or sigmoid. A softmax layer trains by cross-entropy whatever loss says but
                 for FFNN_CUSTOM. Its y are rows of probabilities, or these times a number, as in
                 -sum(y log a): a class's weight, a mask's 0, an advantage, which may be negative
   optimizer, momentum, weight_decay   those of torch.optim.SGD and torch.optim.AdamW
   clip_norm     before each step, what torch.nn.utils.clip_grad_norm_ does; 0: nothing

   A loss of your own, FFNN_CUSTOM: call ffnn_forward, compute the loss's gradient by the output (of
   a softmax layer, by its z), and pass that as y to ffnn_backward or ffnn_gradient, as to PyTorch's
   output.backward(gradient). What computes the loss itself, ffnn_train, ffnn_fit and ffnn_evaluate,
   is FFNN_ERROR_ARGUMENT with it.

   FFNN_ERROR_ARGUMENT if a value is none of its enumeration, an activation or alpha stands behind
   the last layer, an alpha is not finite or its layer neither LeakyReLU nor ELU, a softmax layer
   has one unit (it could only say 1), momentum is outside [0, 1) or set for Adam, weight_decay or
   clip_norm is negative or not finite. All but sizes and biases may be changed later, in the
   network: each call checks what it uses. The optimizer's state (moments, step count) survives
   calls, new rates and edited weights; a load or another optimizer starts it anew.

   Weights may lie anywhere: point layers[i].weight or .bias at an array of yours of the same shape.
   Every call follows them and reads nothing behind them; training writes to them; ffnn_free leaves
   them alone. Two layers must not share an array that is trained by Adam or with weight decay: it
   would get both layers' steps, which is not what PyTorch does with a shared parameter. A bias in a
   network that has none is FFNN_ERROR_ARGUMENT. A network struct may be moved. A copy of the struct
   shares all memory with the original: use and free only one of them.

   ffnn_init                    makes a network and draws its weights
   ffnn_init_copy               makes a network of the same layers, values, settings and optimizer's
                                state, whose memory is its own: for the best weights so far, a
                                target network, one network a thread. What the original only refers
                                to is copied: weights that lie elsewhere, and those of a view
   ffnn_free                    frees the network's memory and zeroes the struct
   ffnn_forward                 fills z and a of every layer. *output (may be NULL) is set to a view
                                of the last layer's a, valid until the next forward, train, fit or
                                free
   ffnn_backward                after ffnn_forward of the same x: fills error and delta of every
                                layer, then takes a step. delta is the negative gradient of what is
                                stepped down with respect to z, error the one with respect to a;
                                with cross-entropy the last layer's error is its delta.
                                FFNN_ERROR_SHAPE if the last forward pass had another number of
                                samples
   ffnn_gradient                ffnn_backward without a step: it changes no parameter and nothing of
                                the optimizer. The gradient of the loss by x, x.grad in PyTorch,
                                goes to x_gradient, batch x inputs, apart from x and y; give
                                ffnn_view(NULL, 0, 0) if you want only error and delta. Of the
                                default loss, it is that of half the sum. A network of
                                ffnn_init_view has no error: FFNN_ERROR_ARGUMENT
   ffnn_train                   one step for the whole batch: forward, then backward. *loss (may be
                                NULL) is the network's loss before the step
   ffnn_fit                     epochs of steps over batches of batch_size samples; the last batch
                                may be smaller. With desc->rng, every epoch shuffles the samples
                                exactly as torch.randperm would; without it they keep their order,
                                so data sorted by class need an rng. With sample_weights (samples x
                                1), each sample's losses and gradients are multiplied by its weight;
                                means are still over all samples. progress is called after every
                                epoch. It may call functions that take a const ffnn_net, and return
                                false to stop early (still FFNN_OK). It must return: an exception or
                                longjmp out of it leaks the memory of ffnn_fit, all of which is
                                allocated before the first step
   ffnn_predict                 computes the outputs for all rows of x into your tensor output
                                (batch x outputs), which must not overlap x. It only reads the
                                network
   ffnn_evaluate                *loss = the network's loss over all rows of x. It only reads the
                                network

   Functions that take a const ffnn_net may run in any number of threads at once; all others need
   the network for themselves. Two networks are independent. x and y must not lie in the network's
   own memory, which is checked, nor in arrays that weights were pointed at, which is not.

   Memory: ffnn_forward and ffnn_train allocate only when a batch is larger than every batch before,
   and for another optimizer's state: 3 floats a parameter for Adam, 2 for SGD with momentum, weight
   decay or clipping, none for plain SGD.
   ffnn_predict takes at most 256 samples at a time, and allocates only if that number of samples
   times the units of the largest layer, inputs not counted, exceeds 480 (96 with FFNN_NO_SIMD), but
   then in every call. Where nothing may be allocated once a program is under way, or FFNN_FREE
   gives nothing back, use ffnn_forward after a first call with the largest batch. It takes views,
   too; it writes to the network, so give each thread its own, by ffnn_init_copy.
   Stack, measured with gcc 12 -O2 on x86-64: at most 4 KB for networks whose layers have at most 64
   weights each, 14 KB for saving and loading, 40 KB for any other call; with FFNN_NO_SIMD 2 KB, but
   for saving. On a Cortex-M4 with FPU ffnn_init_view and ffnn_predict add 12.5 KB to a program that
   is built with FFNN_NO_STDIO, -Os, -ffunction-sections and -Wl,--gc-sections, or 9.9 KB if
   FFNN_HAS_ACTIVATION leaves tanh and identity, and take 1 KB of stack and, until the network is
   made, 1 KB of RAM beside weights and activations.

THE WEIGHTS FILE: safetensors.

   8 bytes    N, the length of the header, little-endian
   N bytes    {"0.weight":{"dtype":"F32","shape":[16,8],"data_offsets":[0,512]},...}
   the rest   the numbers, row-major, little-endian: 32-bit floats (F32) are written; F16, BF16 and
              F64 are read, too, and become floats

   Without biases, tensors are named W1, W2, ... and are inputs x outputs. With biases they are what
   the state_dict of a torch.nn.Sequential holds in which an activation follows each Linear:
   0.weight (outputs x inputs), 0.bias, 2.weight, 2.bias, ... If any activation is not the sigmoid,
   or there are biases, the metadata says "activations": "relu identity": lower-case torch.nn names,
   sigmoid tanh relu leaky_relu elu silu gelu identity gelu_tanh softplus selu relu6 mish hardtanh
   hardswish softmax. An alpha that is not torch.nn's stands behind the name, leaky_relu:0.2, as
   JSON writes numbers. In Python:

       model.load_state_dict(safetensors.torch.load_file("model.safetensors"))
       safetensors.torch.save_file(model.state_dict(), "model.safetensors",
                                   metadata={"activations": "relu identity"})

   A model that was trained with CrossEntropyLoss ends in logits: say softmax for its last layer,
   with BCEWithLogitsLoss sigmoid; predictions are then probabilities.

   Layers may have other names, as any module's Linear layers do: NAME.weight and NAME.bias. Which
   tensors are layers, and in which order, the metadata may say: "layers": "encoder.0 decoder.0".
   All other tensors are ignored then, and a layer that comes twice is used twice. Without it every
   tensor must be a layer's, and their order is found, never guessed: names that are equal but for
   their digits stand in the order of their numbers (fc2 before fc10, net.1.2 before net.2.0), and
   beyond that the sizes must fit in one order only. So input, hidden and output are found where
   their sizes differ; encoder and decoder of an autoencoder are not.

   ffnn_save                    replaces the file at path when the new one is complete: it writes
                                PATH.1.tmp (or the first number that is free; a long name is cut),
                                flushes it to the disk on POSIX and Windows, and renames it. A crash
                                leaves the old file or the new one, intact, and at most that
                                temporary file, which no later save removes. Two saves to one path
                                at once leave one of the two. Permissions, owner and group are kept
                                where the system allows it. A symbolic link's target is replaced;
                                other hard links keep the old file. Devices and pipes are written
                                to; if /dev/stdout or a path in /dev/fd or /proc leads to a file the
                                save fails (EINVAL). There, and in a folder that may not be written
                                to, write the bytes of ffnn_save_memory yourself. Where milliseconds
                                are too long to wait for the disk, save an ffnn_init_copy in another
                                thread. On Windows paths are UTF-8 or, if they are not, in the code
                                page that fopen takes
   ffnn_load                    loads into a network with the file's sizes, biases and, if the file
                                says them, activations. Rejects every file that the reference
                                implementation rejects, with one exception: numbers in ignored
                                fields may be too large for a double
   ffnn_save_optimizer          writes the optimizer's state as ffnn_save writes weights: tensors
                                with .exp_avg and .exp_avg_sq (Adam) or .momentum_buffer behind the
                                parameters' names, and metadata "optimizer": "adam", "steps": "120".
                                A program killed between the two saves leaves one file a save older
                                than the other, which no call can tell
   ffnn_load_optimizer          into a network of the same shape and optimizer, else
                                FFNN_ERROR_MISMATCH. After ffnn_load, which starts the state anew,
                                and this training goes on, bit for bit, as if it had never stopped
   ffnn_init_from_file          makes a new network of the file, with the default loss and
                                optimizer: to train it, set net.loss, net.optimizer and what belongs
                                to them first, also for ffnn_load_optimizer. A file of PyTorch's
                                names that does not say its activations is FFNN_ERROR_MISMATCH: a
                                guess would be silently wrong
   ffnn_print_file              prints what a weights file holds: a line a tensor, such as
                                0.weight F32 [16, 8], a line for each entry of the metadata, and
                                what ffnn_init_from_file makes of it: "network: 8-16-3, relu
                                softmax" or, for example, "no network: 1.running_mean [16] is no
                                layer's weight or bias"
   ffnn_save_memory             writes the same bytes to memory. *size receives the byte count. Pass
                                data NULL to query it; too small a capacity is FFNN_ERROR_ARGUMENT
   ffnn_load_memory             ffnn_load from memory
   ffnn_init_from_memory        ffnn_init_from_file from memory; data may be freed afterwards
   ffnn_init_view               the same without a copy: weights stay where they are, in flash say,
                                for as long as the network is used. What would write to them is
                                FFNN_ERROR_ARGUMENT, as are data that floats cannot be read from in
                                place: of another dtype than F32, not aligned to 4 bytes, or on a
                                big-endian machine

OPTIONS: macros, to be defined before the include and the same everywhere in a program. Defaults are
   in brackets.

   FFNN_STATIC                  makes every function static: only the file that has the
                                implementation can call them, and sees their declarations
   FFNNDEF                      prefix of every function declaration  (extern, or static as above)
   FFNN_MALLOC(size)            allocates all memory, aligned as malloc's; NULL: none
                                                                                (malloc(size))
   FFNN_FREE(p)                 frees it. Define both or neither                     (free(p))
   FFNN_NO_STDIO                leaves out files, printing and <stdio.h>
   FFNN_NO_SIMD                 portable C only, no vector instructions. For these the file includes
                                itself; so define this where it is no file of its own, but pasted
                                into another one, amalgamated, or included by URL
   FFNN_HAS_ACTIVATION(a)       leaves out all activations for which this is false, to save flash:
                                ((a) == FFNN_TANH || (a) == FFNN_IDENTITY), for example. A network
                                that has others is FFNN_ERROR_ARGUMENT                    (true)
   FFNN_NO_OPENMP               starts no OpenMP threads, whatever the compiler's flags
   FFNN_FILENAME                the name of this file, should you rename it            ("ffnn.h")
   FFNN_TEST_KERNELS            for tests: always the kernels of this name, such as
                                ffnn__kernels_avx2

SPEED: compile with plain -O2. The best instructions (AVX-512, AVX2 with FMA, else what the
   compiler may assume: SSE2, NEON, VSX, WebAssembly's SIMD and so on) are picked at run time. The
   last bits of a result may differ between these kinds of processors; the same program computes the
   same bits on the same kind. A sample's results do not depend on its batch, with two exceptions:
   in batches of fewer than 8 samples, a hidden layer's error and the predictions of a view of a
   PyTorch file may differ in the last bits. Floating-point flags such as -ffast-math have no
   effect: this file turns them off for itself (where it cannot, as with Microsoft's /fp:fast, an
   #error says so). But linking with -ffast-math makes some processors take subnormal numbers for
   0, and a rounding mode other than to nearest costs the sigmoid 1.7e-5.

THREADS: compiled with -fopenmp and without FFNN_NO_OPENMP, large products are shared among OpenMP's
   threads, a band of rows of the result each: in a forward pass these are samples, in a step rows
   of a weight. Small networks never start a thread. The bits are the same for any number of threads
   if all have the same floating-point modes: a mode that your program sets (flush-to-zero,
   rounding) holds for its own thread only. After a fork, a large product in the child hangs if the
   parent had started threads, and a plug-in that is unloaded leaves threads without code: that is
   how OpenMP's libraries are, and what FFNN_NO_OPENMP is for. On a machine that is busy otherwise
   set OMP_WAIT_POLICY=passive, or each product waits for threads that do not get their turn; on an
   idle one that costs time. */
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

#ifdef FFNN_MAX_LAYERS
#error "ffnn.h: FFNN_MAX_LAYERS is a constant, 16; it is no longer an option"
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

/* A rows x cols matrix of floats, row-major, contiguous. */
typedef struct ffnn_tensor {
    size_t rows, cols;
    float *data;
} ffnn_tensor;

/* PyTorch's CPU generator: the Mersenne Twister MT19937. The fields are private. */
typedef struct ffnn_rng {
    uint32_t state[624];
    uint32_t remaining;        /* outputs in state that are not used yet */
    uint32_t seeded, has_kept; /* flags */
    double kept; /* the second of a pair of normal numbers, for the next small tensor */
} ffnn_rng;

enum { FFNN_MAX_LAYERS = 16 };

/* Those of torch.nn, with its default parameters but for alpha. Their numbers may change from one
   version to the next, their names in files do not. */
typedef enum ffnn_activation {
    FFNN_SIGMOID = 0,
    FFNN_TANH,
    FFNN_RELU,
    FFNN_LEAKY_RELU, /* alpha is its slope below 0: 0.01 */
    FFNN_ELU,        /* alpha: 1 */
    FFNN_SILU,
    FFNN_GELU,       /* the exact one, with erf */
    FFNN_IDENTITY,
    FFNN_GELU_TANH,  /* nn.GELU('tanh') */
    FFNN_SOFTPLUS,
    FFNN_SELU,
    FFNN_RELU6,
    FFNN_MISH,
    FFNN_HARDTANH,   /* from -1 to 1 */
    FFNN_HARDSWISH,
    FFNN_SOFTMAX     /* of the last layer only; it trains by cross-entropy or a loss of yours */
} ffnn_activation;

typedef enum ffnn_loss {
    FFNN_HALF_SUM_OF_SQUARES = 0, /* steps down sum (y - a)^2 / 2, reports mean (y - a)^2 */
    FFNN_MSE,                     /* torch.nn.MSELoss: the mean over all elements, in both */
    FFNN_CROSS_ENTROPY,           /* with softmax: torch.nn.CrossEntropyLoss, y one row of
                                     probabilities a sample; with sigmoid:
                                     torch.nn.BCEWithLogitsLoss. Taken from z, so that a
                                     saturated output does not make it infinite */
    FFNN_L1,                      /* torch.nn.L1Loss: the mean of |y - a| */
    FFNN_HUBER,                   /* torch.nn.HuberLoss with delta 1: the mean of (y - a)^2 / 2
                                     where |y - a| < 1, else of |y - a| - 1/2 */
    FFNN_CUSTOM                   /* a loss of your own: to ffnn_backward and ffnn_gradient y is
                                     its gradient by a; of a softmax layer, by z */
} ffnn_loss;

typedef enum ffnn_optimizer {
    FFNN_SGD = 0, /* torch.optim.SGD with momentum and weight_decay */
    FFNN_ADAM     /* torch.optim.AdamW; Adam where weight_decay is 0. Betas 0.9, 0.999; eps 1e-8 */
} ffnn_optimizer;

typedef struct ffnn_layer {
    ffnn_tensor weight;         /* inputs x outputs, but see transposed */
    bool transposed;            /* weight is outputs x inputs: only in views of PyTorch's files */
    ffnn_tensor bias;           /* 1 x outputs; {0, 0, NULL} without biases */
    ffnn_activation activation; /* these two may be changed between calls */
    float alpha;                /* LeakyReLU's or ELU's; 0: torch.nn's, 0.01 or 1 */
    ffnn_tensor z, a;           /* before and after the activation, batch x outputs */
    ffnn_tensor error, delta;   /* from the last backward pass, batch x outputs */
} ffnn_layer;

/* All zeros describe the default network: 3 inputs, 4 hidden units, 1 output, sigmoid, no biases,
   trained by steps down half the sum of squares. */
typedef struct ffnn_desc {
    size_t sizes[FFNN_MAX_LAYERS + 1]; /* units, inputs first, up to the first 0 */
    ffnn_rng *rng;                     /* draws the weights; NULL: one seeded with 0 */
    ffnn_activation activations[FFNN_MAX_LAYERS];
    float alphas[FFNN_MAX_LAYERS]; /* of LeakyReLU and ELU; 0: torch.nn's, 0.01 and 1 */
    bool biases; /* layers are torch.nn.Linear's: a bias, and its first weights */
    ffnn_loss loss;
    ffnn_optimizer optimizer;
    float momentum;     /* of SGD, from 0 (none) to below 1 */
    float weight_decay; /* of both; 0: none */
    float clip_norm;    /* the most that the 2-norm of all gradients together may be; 0: anything */
} ffnn_desc;

typedef struct ffnn_net {
    size_t layer_count;
    ffnn_layer *layers; /* layer_count of them */
    size_t *sizes;      /* layer_count + 1, to be read: the inputs, then the units of each layer */
    ffnn_loss loss;     /* these five may be changed between calls */
    ffnn_optimizer optimizer;
    float momentum, weight_decay, clip_norm;
    /* private: */
    size_t max_units;        /* of a layer; the inputs do not count */
    size_t max_weights;      /* of a layer */
    size_t batch_capacity;   /* samples that activations has room for */
    bool has_biases;
    bool is_view;            /* weights lie in the user's memory, parameters has none */
    ffnn_tensor parameters;  /* the memory of all weights and biases */
    ffnn_tensor activations; /* the memory of all z, a, error and delta */
    ffnn_tensor moments;     /* the negative gradient and the optimizer's state, a row each */
    ffnn_optimizer moments_of;
    uint64_t steps;          /* that the optimizer's state has seen */
} ffnn_net;

typedef struct ffnn_progress {
    size_t epoch, epochs; /* from 1; of how many */
    size_t samples;       /* trained on so far */
    float loss; /* the network's: the mean of its batches' losses, each before its step */
} ffnn_progress;

/* All zeros are the defaults in brackets. */
typedef struct ffnn_fit_desc {
    /* 0 is the default in both: a schedule that wants no epoch, or a rate of 0, skips ffnn_fit. */
    size_t epochs;       /* (1000) */
    float learning_rate; /* (0.1, with Adam 0.001) */
    size_t batch_size;   /* (32, or all samples where they are fewer) */
    ffnn_rng *rng;       /* shuffles the samples before each epoch; NULL: in the order given */
    bool (*progress)(void *user, const ffnn_progress *progress); /* false stops; may be NULL */
    void *user;
    ffnn_tensor sample_weights; /* samples x 1; all zeros as a tensor: every sample counts once */
} ffnn_fit_desc;

#ifdef __cplusplus
}
#endif
#endif /* FFNN_H */

/* The functions. With FFNN_STATIC they exist only in the file that has the implementation. */
#if !defined(FFNN__DECLARED) && (!defined(FFNN_STATIC) || defined(FFNN_IMPLEMENTATION))
#define FFNN__DECLARED

#ifndef FFNNDEF
#if defined(FFNN_STATIC) && (defined(__GNUC__) || defined(__clang__))
#define FFNNDEF static __attribute__((__unused__)) /* a program need not use every function */
#elif defined(FFNN_STATIC)
#define FFNNDEF static
#else
#define FFNNDEF extern
#endif
#endif

#ifdef __cplusplus
extern "C" {
#endif

FFNNDEF const char *ffnn_status_string(ffnn_status status); /* never NULL */

/* tensors */
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
FFNNDEF ffnn_status ffnn_activate(ffnn_tensor dst, ffnn_tensor z, ffnn_activation activation);

/* random numbers */
FFNNDEF void        ffnn_rng_seed(ffnn_rng *rng, uint64_t seed);
FFNNDEF void        ffnn_rng_discard(ffnn_rng *rng, uint64_t count);
FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng);

/* networks */
FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc);
FFNNDEF ffnn_status ffnn_init_copy(ffnn_net *copy, const ffnn_net *net);
FFNNDEF void        ffnn_free(ffnn_net *net);
FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor x, ffnn_tensor *output);
FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, float learning_rate);
FFNNDEF ffnn_status ffnn_gradient(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                                  ffnn_tensor x_gradient);
FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, float learning_rate,
                               float *loss);
FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                             const ffnn_fit_desc *desc);
FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor x, ffnn_tensor output);
FFNNDEF ffnn_status ffnn_evaluate(const ffnn_net *net, ffnn_tensor x, ffnn_tensor y, float *loss);

/* weights files */
FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size);
FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size);
FFNNDEF ffnn_status ffnn_init_from_memory(ffnn_net *net, const void *data, size_t size);
FFNNDEF ffnn_status ffnn_init_view(ffnn_net *net, const void *data, size_t size);
#ifndef FFNN_NO_STDIO
FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_save_optimizer(const ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_load_optimizer(ffnn_net *net, const char *path);
FFNNDEF ffnn_status ffnn_print_file(FILE *out, const char *path);
FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t);
#endif

#ifdef __cplusplus
}
#endif
#endif /* FFNN__DECLARED */

/* ============================================================================================
   IMPLEMENTATION

   configuration                     what the program and the compiler have set
   what the kernels compute          their prototypes, with the formulas; the memory they want
   status and tensors                views, memory, arithmetic
   activations and losses            the table of activations with f and f'; the losses
   the network's memory              init, free, checks, room for a batch
   forward and backward              the network's formulas
   optimizers                        SGD and Adam; clipping
   train, fit, predict               steps, epochs, batches
   random numbers                    PyTorch's generator, randn, randperm, Linear's first weights
   printing                          as PyTorch prints
   JSON                              a reader for the header of a weights file
   numbers of a file                 halves and doubles as floats; decimal numbers
   bytes of a file                   read from memory or from a file, piece by piece
   parameters                        the list of a network's weights and biases, and their moments
   weights file: the header          its tensors and metadata, checked
   weights file: layers              which tensors they are, in which order; or why there are none
   weights file: which network       layers and activations; whether it is this network
   weights file: what is in it       ffnn_print_file
   weights file: loading             into a network, into a new one, without a copy; the optimizer
   weights file: saving              names, metadata and numbers
   files of Windows, POSIX, C        what differs between them; replacing a file
   four floats at a time             what every processor with vectors can do
   products in plain C               how they are described; tiles of scalars; one column
   products: which kernel            threads, blocks, which kernel for which shape
   normal numbers                    from uniform ones; with AVX2, PyTorch's bits
   kinds of processors               which there are, which kernels each has, how the best is picked

   THE KERNELS, for one kind of processor. They stand behind the implementation because the file
   includes itself to compile them once for each kind:

   vectors                           names, types, loads and stores of a kind
   exp and the activations           each f and f' for a whole vector; softmax
   optimizers' steps                 momentum and Adam
   element by element                sums, differences, products, quotients
   tiles                             products of many columns
   fold                              deep products of 1 to 4 columns
   narrow                            products of 2, 3 or 5 to 7 columns
   small networks                    all layers at once

   Callees come first, as C has it; a prototype names the few that a later section defines. In two
   sections the story counts more, so callers come first: "forward and backward" and "train, fit,
   predict".
   ============================================================================================ */
#if defined(FFNN_IMPLEMENTATION) && !defined(FFNN_IMPLEMENTED)
#define FFNN_IMPLEMENTED

/* ---- configuration ----------------------------------------------------------------------- */

#include <float.h>
#include <math.h>
#include <string.h>
#if defined(_OPENMP) && !defined(FFNN_NO_OPENMP)
#define FFNN__OPENMP
#include <omp.h>
#endif
#ifndef FFNN_MALLOC
#include <stdlib.h>
#endif
#ifndef FFNN_NO_STDIO
#include <errno.h>
#if defined(_WIN32)
#include <fcntl.h>
#include <io.h>
#include <sys/stat.h>
#include <wchar.h>
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
#include <fcntl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <unistd.h>
#if !defined(__cplusplus) && (!defined(_POSIX_C_SOURCE) || _POSIX_C_SOURCE < 200809L)
/* -std=c99 or an old _POSIX_C_SOURCE hides these. The system headers are already included, so a
   macro could not bring them back. */
#if defined(__GNUC__)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wredundant-decls" /* some C libraries hide only some of them */
#endif
int(fileno)(FILE *file);
FILE *(fdopen)(int number, const char *mode);
int fsync(int number);
int fchmod(int number, mode_t mode);
int fchown(int number, uid_t owner, gid_t group);
ssize_t readlink(const char *path, char *target, size_t size);
#if defined(__GNUC__)
#pragma GCC diagnostic pop
#endif
#endif
#endif
#endif

#if defined(FFNN_MALLOC) != defined(FFNN_FREE)
#error "ffnn.h: define both FFNN_MALLOC and FFNN_FREE, or neither"
#endif
#ifndef FFNN_MALLOC
#define FFNN_MALLOC(size) malloc(size)
#define FFNN_FREE(p) free(p)
#endif

/* Without the option layers need not be asked, which is a part of every call. */
#ifdef FFNN_HAS_ACTIVATION
#define FFNN__HAS_ALL_ACTIVATIONS false
#else
#define FFNN__HAS_ALL_ACTIVATIONS true
#define FFNN_HAS_ACTIVATION(activation) true
#endif

#if defined(__GNUC__) || defined(__clang__)
#define FFNN__NOINLINE __attribute__((__noinline__))
#define FFNN__FORCE_INLINE static inline __attribute__((__always_inline__))
#elif defined(_MSC_VER)
#define FFNN__NOINLINE __declspec(noinline)
#define FFNN__FORCE_INLINE static __forceinline
#else
#define FFNN__NOINLINE
#define FFNN__FORCE_INLINE static inline
#endif

/* Of a function whose unsigned numbers are meant to wrap: Clang's -fsanitize=integer reports it. */
#if defined(__clang__)
#define FFNN__WRAPS __attribute__((__no_sanitize__("integer")))
#else
#define FFNN__WRAPS
#endif

#define FFNN__PI ((double)3.14159265358979323846L)

/* Processors with vectors of four floats: x86 with SSE2, Arm with NEON, WebAssembly, POWER with
   VSX, IBM z14 and newer, RISC-V with V, LoongArch with LSX. */
#if defined(__SSE2__) || defined(__ARM_NEON) || defined(__aarch64__) || defined(__VSX__) || \
    defined(__wasm_simd128__) || defined(__riscv_v) || defined(__loongarch_sx)
#define FFNN__HAS_VECTORS
#elif defined(__VX__) && defined(__ARCH__)
#if __ARCH__ >= 12
#define FFNN__HAS_VECTORS
#endif
#endif

/* FFNN__SIMD: the compiler can use them; not where it computes floats as doubles. FFNN__X86: they
   may be wider than what every x86 has; not with GCC on Windows, which cannot align them on the
   stack there. */
#if defined(FFNN__HAS_VECTORS) && !defined(FFNN_NO_SIMD) && !defined(__TINYC__)
#if defined(__x86_64__) || defined(__i386__)
#if defined(__GNUC__) || defined(__clang__)
#define FFNN__SIMD
#if !defined(_WIN32) || defined(__clang__)
#define FFNN__X86
#endif
#endif
#elif (defined(__GNUC__) || defined(__clang__)) && __FLT_EVAL_METHOD__ == 0
#define FFNN__SIMD
#endif
#endif

/* Keeps the compiler from fusing the product x into the sum that it is used in. WebAssembly fuses
   nothing. Memory is the one place that every processor has; elsewhere x may stay in its
   register. */
#if !defined(FFNN__SIMD) || defined(__wasm__)
#define FFNN__NO_FMA(x) ((void)0)
#elif defined(__x86_64__) || defined(__i386__)
#define FFNN__NO_FMA(x) __asm__("" : "+x"(x))
#elif defined(__aarch64__) || defined(__arm__)
#define FFNN__NO_FMA(x) __asm__("" : "+w"(x))
#else
#define FFNN__NO_FMA(x) __asm__("" : "+m"(x))
#endif

/* Keeps the vector x, which is used twice, in its register. GCC would use it from memory, both
   times, for x86's FMA can. */
#if defined(FFNN__X86) && !defined(__clang__)
#define FFNN__IN_REGISTER(x) __asm__("" : "+x"(x))
#else
#define FFNN__IN_REGISTER(x) ((void)0)
#endif

/* Stands behind each product that is added to a loop's sum x. Tuned for Zen, GCC does not fuse the
   addition if the sum is carried from round to round, but fuses it where the loop is unrolled: a
   sample's bits would depend on its batch. This hides that the sum is carried. Versions after 12,
   not tried here, may do so for more processors. */
#if defined(FFNN__SIMD) && defined(__GNUC__) && !defined(__clang__) && \
    (defined(__x86_64__) || defined(__i386__) || defined(__aarch64__)) && \
    (__GNUC__ > 12 || defined(__tune_znver1__) || defined(__tune_znver2__) || \
     defined(__tune_znver3__) || defined(__tune_znver4__))
#define FFNN__LOOP_CARRIED(x) FFNN__NO_FMA(x)
#else
#define FFNN__LOOP_CARRIED(x) ((void)0)
#endif

/* Hints for loops: unrolled where arrays of vectors must stay in registers (four times where the
   number of rounds may be no constant: small networks), rolled for the few elements after the last
   vector, of which Clang would make vectors again. */
#if !defined(FFNN__SIMD)
#define FFNN__ROLLED
#elif defined(__clang__)
#define FFNN__UNROLL _Pragma("clang loop unroll(full)")
#define FFNN__UNROLL4
#define FFNN__ROLLED _Pragma("clang loop vectorize(disable) unroll(disable)")
#else
#define FFNN__UNROLL _Pragma("GCC unroll 16")
#define FFNN__UNROLL4 _Pragma("GCC unroll 4")
#define FFNN__ROLLED
#endif

#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic push
#if defined(__clang__) && defined(__VSX__)
#pragma GCC diagnostic ignored "-Wdeprecated-altivec-src-compat" /* 32 comparisons */
#endif
#if defined(__FLT_EVAL_METHOD__) && __FLT_EVAL_METHOD__ != 0
#pragma GCC diagnostic ignored "-Wdouble-promotion" /* s390x, x87: floats computed as doubles */
#endif
#if defined(__cplusplus) /* warnings about C, which this file is */
#pragma GCC diagnostic ignored "-Wold-style-cast"
#pragma GCC diagnostic ignored "-Wzero-as-null-pointer-constant"
#if !defined(__clang__)
#pragma GCC diagnostic ignored "-Wuseless-cast"
#endif
#endif
#endif

/* What Microsoft's compiler says at /W4 of standard C. That it drops a function which is not used
   it says at the end of the file, so that is turned off there for good, at the end of this one. */
#if defined(_MSC_VER) && !defined(__clang__)
#pragma warning(push)
#pragma warning(disable : 4204) /* a variable among the first values of a structure */
#pragma warning(disable : 4221) /* the address of a local variable among them */
#pragma warning(disable : 4996) /* fopen and strcpy: it recommends functions of its own */
#endif

/* Flags such as -ffast-math let the compiler reorder sums and forget NaN. They are turned off for
   this file and on again at its end. Two effects remain. A compiler may assume that a float
   parameter is not NaN: where NaN must be recognized, floats are passed by pointer, and their bits
   are tested. And -fsingle-precision-constant makes constants floats: those that have to be doubles
   are written as long doubles. */
#if defined(__FAST_MATH__) || defined(_M_FP_FAST)
#define FFNN__FAST_MATH
#elif defined(__FINITE_MATH_ONLY__) && __FINITE_MATH_ONLY__ > 0
#define FFNN__FAST_MATH
#endif
#if defined(__clang__)
#if defined(__x86_64__) || defined(__i386__) || (defined(__aarch64__) && __clang_major__ >= 19)
#define FFNN__FLOAT_CONTROL
#pragma float_control(push)
#pragma float_control(precise, on)
#else
#ifdef FFNN__FAST_MATH
#error "ffnn.h: here -ffast-math breaks sums and NaN; compile the implementation without it"
#endif
#pragma STDC FP_CONTRACT ON
#endif
#elif defined(__GNUC__) && !defined(__TINYC__)
#if (defined(__GCC_IEC_559) && __GCC_IEC_559 < 2) || defined(FFNN__FAST_MATH)
#define FFNN__FLAGS_TAKEN_BACK
#pragma GCC push_options
#pragma GCC optimize("no-fast-math")
#endif
#elif defined(FFNN__FAST_MATH)
#error "ffnn.h: -ffast-math or /fp:fast breaks sums and NaN; compile the implementation without it"
#endif

/* For kernels with vectors this file includes itself, by its name: see "kinds of processors". Where
   its text was pasted, the compiler is not inside an include. */
#ifdef FFNN__SIMD
#ifndef FFNN_FILENAME
#define FFNN_FILENAME "ffnn.h"
#endif
#if defined(__has_include)
#if !__has_include(FFNN_FILENAME) && defined(__INCLUDE_LEVEL__) && __INCLUDE_LEVEL__ == 0
#error "ffnn.h: this text was pasted, and includes itself by name; define FFNN_NO_SIMD before it"
#elif !__has_include(FFNN_FILENAME)
#error "ffnn.h: renamed? define FFNN_FILENAME as its new name in quotes; pasted? FFNN_NO_SIMD"
#endif
#endif
#endif

/* ---- what the kernels compute ------------------------------------------------------------ */
/* The kernels are the loops that have to be fast. They see arrays and sizes, trust both, and know
   no tensor, layer or loss. All matrices are row-major and contiguous. This is all that the rest of
   the file uses of them; how they do it stands in "four floats at a time" and
   in all sections after it.

   Where there are vectors, six shapes of kernel cover products c = a b of all sizes:

   tiles    some rows of c and one to four vectors of columns, whose sums stay in registers; there
            are vectors of 4, 8 and 16 lanes, and the last vector ends at the last column
   shallow  what would be tiles, but is at most 4 deep: b stays in registers while rows stream by
   fold     deep products of 1 to 4 columns: a vector holds several rows of b. Also few rows times a
            transposed b, one row of c at a time
   narrow   2, 3 or 5 to 7 columns: a vector holds a row of b and what stands beside it
   plain    the other products of one column: element by element
   blocks   many columns, or a transposed b: parts of b, copied if that pays, one after the other;
            what is to be added is summed up over all parts first

   Where there are none, tiles of 4 x 4 scalars and plain.

   descent, wherever it is mentioned, is the negative gradient: what a step goes along. */

/* c (m x n) = a (m x k) b (k x n) */
static void ffnn__multiply(float *c, const float *a, const float *b, size_t m, size_t k, size_t n);

/* c (m x n) = a (m x k) b^T, where b is n x k */
static void ffnn__multiply_by_transposed(float *c, const float *a, const float *b, size_t m,
                                         size_t k, size_t n);

/* c (m x n) = a^T b, where a is k x m and b is k x n */
static void ffnn__multiply_transposed(float *c, const float *a, const float *b, size_t m, size_t k,
                                      size_t n);

/* c (m x n) += factor * (a^T b). The product is rounded before it is added, as PyTorch does it (but
   Clang fuses plain C's where it may use FMA). */
static void ffnn__add_product(float *c, const float *a, const float *b, size_t m, size_t k,
                              size_t n, float factor);

typedef enum ffnn__operation { FFNN__ADD, FFNN__SUB, FFNN__MUL, FFNN__DIV } ffnn__operation;

/* c (m x n) = a op b, element by element; every row of a uses the same row b. b_step is 0 if b is
   one number, else 1. c may be a or, if m is 1, b. */
static void ffnn__combine(ffnn__operation operation, float *c, const float *a, const float *b,
                          size_t b_step, size_t m, size_t n);

/* c (1 x n) += factor * the sum of the rows of a (m x n) */
static void ffnn__add_sum_of_rows(float *c, const float *a, size_t m, size_t n, float factor);

/* a = f(z), element by element; f is any activation but softmax. a may be z. alpha is a LeakyReLU's
   or ELU's, here and below; others ignore it. */
static void ffnn__activate_each(ffnn_activation activation, float alpha, float *a, const float *z,
                                size_t count);

/* a (m x n) = softmax(z), row by row: exp(z) / sum exp(z). a may be z. */
static void ffnn__softmax(float *a, const float *z, size_t m, size_t n);

/* delta = error * f'(z), where a = f(z); f is any activation but softmax. */
static void ffnn__multiply_by_derivative(ffnn_activation activation, float alpha, float *delta,
                                         const float *error, const float *z, const float *a,
                                         size_t count);

#ifdef FFNN__SIMD
/* All layers of a small network at once: one call where each step, and each layer, would cost more
   to call than to compute. Only these two kernels know layers. What they compute for m samples is
   what "forward and backward" says. */

/* z and a of each layer, if outputs is NULL. Predictions write to no layer: their a goes to
   outputs[0] and outputs[1] in turns, and the last layer's to outputs[2]. */
static void ffnn__small_forward(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                                float *const *outputs);

/* The last layer has its error and delta: fills those of the others, and takes a step of plain
   SGD. */
static void ffnn__small_backward(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                                 float learning_rate);
#endif

/* v = momentum * v + g, where g = decay * w - descent;  w -= rate * v */
static void ffnn__momentum_step(float *w, float *v, const float *descent, size_t count,
                                float momentum, float decay, float rate);

/* w *= keep, m += 0.1 (g - m), v = 0.999 v + 0.001 g^2, where g = -descent;
   w -= rate * m / (sqrt(v) * inverse_root + 1e-8). This is PyTorch 2.7.1's m. 1.13's is rounded
   otherwise: 0.9 m + 0.1 g. */
static void ffnn__adam_step(float *w, float *m, float *v, const float *descent, size_t count,
                            float keep, float rate, float inverse_root);

/* Uniform numbers in [0, 1) become normal ones, in blocks of 16. For i < 8,
   radius = sqrt(-2 log(1 - x[i])) and theta = 2 pi x[i + 8] give x[i] = radius cos(theta) and
   x[i + 8] = radius sin(theta). */
static void ffnn__box_muller(float *x, size_t blocks);

#ifdef FFNN__SIMD
enum { FFNN__ALIGNMENT = 16 }; /* floats: a cache line */
#else
enum { FFNN__ALIGNMENT = 1 };
#endif

/* The next multiple of FFNN__ALIGNMENT, or SIZE_MAX, which no allocation can supply. */
static size_t ffnn__round_up(size_t count) {
    size_t rest = count % FFNN__ALIGNMENT, missing = rest == 0 ? 0 : FFNN__ALIGNMENT - rest;
    return count > SIZE_MAX - missing ? SIZE_MAX : count + missing;
}

/* Hands out memory for count floats that begins at a cache line, which is what the kernels are
   fastest with. memory is the block that it is taken from. *used grows by count and by what is
   skipped, at most FFNN__ALIGNMENT - 1. With memory NULL it only counts the most that this takes,
   up to SIZE_MAX, which no allocation can supply, and returns NULL. */
static float *ffnn__carve(float *memory, size_t *used, size_t count) {
    const size_t max_skipped = FFNN__ALIGNMENT - 1;
    if (count > SIZE_MAX - max_skipped || *used > SIZE_MAX - max_skipped - count) {
        *used = SIZE_MAX;
        return NULL;
    }
    if (memory == NULL) {
        *used += count + max_skipped;
        return NULL;
    }
    float *begin = memory + *used;
    size_t rest = (size_t)((uintptr_t)begin / sizeof(float) % FFNN__ALIGNMENT);
    if (rest != 0) begin += FFNN__ALIGNMENT - rest;
    *used = (size_t)(begin - memory) + count;
    return begin;
}

/* A network is small if no layer has more weights; a product, if its result, or a b that has to be
   transposed, has no more elements. A guess: 3-4-1 is 1.3 to 1.6 times as fast for it, other
   networks learn 1.2 times as fast from one sample and as fast from 64 (gcc; Clang 1.1 and 0.95
   times). */
enum { FFNN__SMALL = 64 };

/* Fewer sigmoids of a small network's layer are computed row by row where that fills vectors of
   four, others of all samples at once, in wider vectors. Of 17, 25, 33 and 49 the first two were
   the best. */
enum { FFNN__MANY_SIGMOIDS = 25 };

/* The next part of what is left: all of it if it fits, else max, or half of max if max would leave
   fewer than 8, for which kernels need other memory or round otherwise. */
static inline size_t ffnn__next_part(size_t left, size_t max) {
    if (left <= max) return left;
    return left < max + 8 ? max / 2 : max;
}

/* ---- status and tensors ------------------------------------------------------------------ */

FFNNDEF const char *ffnn_status_string(ffnn_status status) {
    static const char *const texts[] = {
        "no error",
        "invalid argument",
        "shapes do not fit",
        "out of memory",
        "file could not be opened, read or written",
        "not a well-formed weights file",
        "file is not of this network or optimizer, or does not say its activations",
    };
    if ((size_t)status >= sizeof texts / sizeof texts[0]) return "unknown status";
    return texts[status];
}

/* A valid tensor has memory, elements, and a size in bytes that fits size_t. */
static ffnn_status ffnn__validate(ffnn_tensor t) {
    const size_t safe = (size_t)1 << (sizeof(size_t) * 4 - 1); /* safe * safe * 4 cannot overflow */
    if (t.data == NULL || t.rows == 0 || t.cols == 0) return FFNN_ERROR_ARGUMENT;
    if (t.rows < safe && t.cols < safe) return FFNN_OK; /* saves a division: 5 ns of a step's 75 */
    return t.rows > SIZE_MAX / sizeof(float) / t.cols ? FFNN_ERROR_MEMORY : FFNN_OK;
}

/* Whether an optional tensor is there: all zeros stand for none. */
static bool ffnn__is_given(ffnn_tensor t) { return t.data != NULL || t.rows != 0 || t.cols != 0; }

/* Validates the tensors, then shapes_fit, then others_fit, usually that nothing overlaps in a
   forbidden way; returns the first failure. Callers may compute both from tensors that turn out to
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

/* The sizes of an invalid tensor may wrap: nobody looks at the result. */
FFNN__WRAPS static bool ffnn__overlap(ffnn_tensor a, ffnn_tensor b) {
    uintptr_t a_begin = (uintptr_t)a.data, a_end = a_begin + a.rows * a.cols * sizeof(float);
    uintptr_t b_begin = (uintptr_t)b.data, b_end = b_begin + b.rows * b.cols * sizeof(float);
    return a_begin < b_end && b_begin < a_end;
}

/* Whether an input is dst itself, element for element, or lies apart from it. */
static bool ffnn__same_or_apart(ffnn_tensor dst, ffnn_tensor a) {
    return (dst.data == a.data && ffnn__same_shape(dst, a)) || !ffnn__overlap(dst, a);
}

/* The checks for dst = f(a), element by element: a stands for both inputs. */
static ffnn_status ffnn__validate_unary(ffnn_tensor dst, ffnn_tensor a) {
    bool shapes_fit = ffnn__same_shape(dst, a);
    return ffnn__validate_all(dst, a, a, shapes_fit, ffnn__same_or_apart(dst, a));
}

/* Whether b can be broadcast to the shape of a: it has that shape, is one row, or is 1 x 1. */
static bool ffnn__broadcasts(ffnn_tensor b, ffnn_tensor a) {
    if (b.rows == 1) return b.cols == a.cols || b.cols == 1;
    return ffnn__same_shape(a, b);
}

/* How many elements of a are combined with b from b's start: one row if b is a row, else all. */
static size_t ffnn__broadcast_length(ffnn_tensor a, ffnn_tensor b) {
    return b.rows == 1 && b.cols > 1 ? a.cols : a.rows * a.cols;
}

/* Tests the bits: see "configuration". */
static bool ffnn__is_nan(const float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    return (bits & 0x7fffffffu) > 0x7f800000u;
}

FFNNDEF ffnn_tensor ffnn_view(float *data, size_t rows, size_t cols) {
    ffnn_tensor t = {rows, cols, data};
    return t;
}

/* A tensor whose elements are not set: zeros that are overwritten at once would cost a third of
   loading a network. */
static ffnn_status ffnn__tensor_allocate(ffnn_tensor *t, size_t rows, size_t cols) {
    *t = ffnn_view(NULL, 0, 0);
    if (rows == 0 || cols == 0) return FFNN_ERROR_ARGUMENT;
    if (rows > SIZE_MAX / sizeof(float) / cols) return FFNN_ERROR_MEMORY;
    float *data = (float *)FFNN_MALLOC(rows * cols * sizeof(float));
    if (data == NULL) return FFNN_ERROR_MEMORY;
    *t = ffnn_view(data, rows, cols);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_tensor_init(ffnn_tensor *t, size_t rows, size_t cols) {
    if (t == NULL) return FFNN_ERROR_ARGUMENT;
    ffnn_status status = ffnn__tensor_allocate(t, rows, cols);
    if (status == FFNN_OK) memset(t->data, 0, rows * cols * sizeof(float));
    return status;
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
    if (status != FFNN_OK) return status;
    memmove(dst.data, a.data, a.rows * a.cols * sizeof(float)); /* dst may be a */
    return FFNN_OK;
}

/* dst = a op b. By pointer: to copy the tensors once more takes longer than to add small ones. */
static ffnn_status ffnn__binary(ffnn__operation operation, const ffnn_tensor *dst,
                                const ffnn_tensor *a, const ffnn_tensor *b) {
    bool shapes_fit = ffnn__same_shape(*dst, *a) && ffnn__broadcasts(*b, *dst);
    bool are_apart = ffnn__same_or_apart(*dst, *a) && ffnn__same_or_apart(*dst, *b);
    ffnn_status status = ffnn__validate_all(*dst, *a, *b, shapes_fit, are_apart);
    if (status != FFNN_OK) return status;
    size_t cols = ffnn__broadcast_length(*a, *b);
    size_t rows = cols == a->cols ? a->rows : 1;
    size_t b_step = b->rows * b->cols == 1 ? 0 : 1;
    ffnn__combine(operation, dst->data, a->data, b->data, b_step, rows, cols);
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_add(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    return ffnn__binary(FFNN__ADD, &dst, &a, &b);
}

FFNNDEF ffnn_status ffnn_sub(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    return ffnn__binary(FFNN__SUB, &dst, &a, &b);
}

FFNNDEF ffnn_status ffnn_mul(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    return ffnn__binary(FFNN__MUL, &dst, &a, &b);
}

FFNNDEF ffnn_status ffnn_div(ffnn_tensor dst, ffnn_tensor a, ffnn_tensor b) {
    return ffnn__binary(FFNN__DIV, &dst, &a, &b);
}

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
    memmove(dst.data, a.data, a.cols * sizeof(float)); /* dst may be a */
    for (size_t row = 1; row < a.rows; ++row) {
        for (size_t col = 0; col < a.cols; ++col) {
            const float *x = &a.data[row * a.cols + col];
            float *max = &dst.data[col];
            if (ffnn__is_nan(max)) continue; /* the first NaN stays */
            if (ffnn__is_nan(x) || *x > *max) *max = *x;
        }
    }
    return FFNN_OK;
}

/* ---- activations and losses -------------------------------------------------------------- */

/* A row is the enumerator, the name in weights files, what computes *a = f(*z), and what computes
   *derivative = f'(*z) from z and a. The rows stand in the enumeration's order. They are compiled
   as a part of the kernels, for whole vectors: zero and one are vectors, FFNN__CHOOSE is ?: for
   each of their elements, and FFNN__K(tanh) and its like stand with the kernels. A function that
   computes both stands in both columns; what is not used of it is not computed. Sigmoid and tanh
   take f' from a, which costs less. */
#define FFNN__ACTIVATIONS(ROW)                                                                    \
    ROW(FFNN_SIGMOID, sigmoid, /* 1 / (1 + exp(-z)) */                                            \
        FFNN__K(sigmoid)(a, z),                                                                   \
        *derivative = *a * (one - *a))                                                            \
    ROW(FFNN_TANH, tanh, /* (exp(z) - exp(-z)) / (exp(z) + exp(-z)) */                            \
        FFNN__K(tanh)(a, z),                                                                      \
        *derivative = one - *a * *a)                                                              \
    ROW(FFNN_RELU, relu,                                                                          \
        *a = FFNN__CHOOSE(*z <= zero, zero, *z),                                                  \
        *derivative = FFNN__CHOOSE(*z <= zero, zero, one))                                        \
    ROW(FFNN_LEAKY_RELU, leaky_relu,                                                              \
        *a = FFNN__CHOOSE(*z > zero, *z, *z * alpha),                                             \
        *derivative = FFNN__CHOOSE(*z > zero, one, one * alpha))                                  \
    ROW(FFNN_ELU, elu, /* z > 0 ? z : alpha (exp(z) - 1); z > 0 ? 1 : alpha exp(z) */             \
        FFNN__K(elu)(a, derivative, z, 1.0f, alpha),                                              \
        FFNN__K(elu)(a, derivative, z, 1.0f, alpha))                                              \
    ROW(FFNN_SILU, silu, /* z sigmoid(z); sigmoid(z) (1 + z (1 - sigmoid(z))) */                  \
        FFNN__K(gate)(a, derivative, z, z, &one),                                                 \
        FFNN__K(gate)(a, derivative, z, z, &one))                                                 \
    ROW(FFNN_GELU, gelu, /* z Phi(z); Phi(z) + z phi(z), the normal distribution and its density */\
        FFNN__K(gelu)(a, derivative, z),                                                          \
        FFNN__K(gelu)(a, derivative, z))                                                          \
    ROW(FFNN_IDENTITY, identity,                                                                  \
        *a = *z,                                                                                  \
        *derivative = one)                                                                        \
    ROW(FFNN_GELU_TANH, gelu_tanh, /* z (1 + tanh(u)) / 2, u = sqrt(2 / pi) (z + 0.044715 z^3) */ \
        FFNN__K(gelu_tanh)(a, derivative, z),                                                     \
        FFNN__K(gelu_tanh)(a, derivative, z))                                                     \
    ROW(FFNN_SOFTPLUS, softplus, /* log(1 + exp(z)); sigmoid(z) */                                \
        FFNN__K(softplus)(a, z),                                                                  \
        FFNN__K(sigmoid)(derivative, z))                                                          \
    ROW(FFNN_SELU, selu, /* an ELU times 1.0507009873554805, whose alpha is 1.6732632423543772 */ \
        FFNN__K(elu)(a, derivative, z, 1.05070099f, 1.75809934f),                                 \
        FFNN__K(elu)(a, derivative, z, 1.05070099f, 1.75809934f))                                 \
    ROW(FFNN_RELU6, relu6,                                                                        \
        FFNN__K(clamp)(a, derivative, z, 0.0f, 6.0f),                                             \
        FFNN__K(clamp)(a, derivative, z, 0.0f, 6.0f))                                             \
    ROW(FFNN_MISH, mish, /* z tanh(softplus(z)) */                                                \
        FFNN__K(mish)(a, derivative, z),                                                          \
        FFNN__K(mish)(a, derivative, z))                                                          \
    ROW(FFNN_HARDTANH, hardtanh,                                                                  \
        FFNN__K(clamp)(a, derivative, z, -1.0f, 1.0f),                                            \
        FFNN__K(clamp)(a, derivative, z, -1.0f, 1.0f))                                            \
    ROW(FFNN_HARDSWISH, hardswish, /* z min(max(z + 3, 0), 6) / 6; z / 3 + 1 / 2 from -3 to 3 */  \
        FFNN__K(hardswish)(a, derivative, z),                                                     \
        FFNN__K(hardswish)(a, derivative, z))

/* Names in weights files; softmax is no row of the table, since it is not element by element. */
#define FFNN__NAME_OF(activation, name, f, derivative) #name,
static const char *const ffnn__activation_names[] = {FFNN__ACTIVATIONS(FFNN__NAME_OF) "softmax"};

/* An error, an array of -1 elements, if the enumeration has an activation without a row. */
typedef char ffnn__every_activation_has_a_row
    [sizeof ffnn__activation_names / sizeof ffnn__activation_names[0] == FFNN_SOFTMAX + 1 ? 1 : -1];

static bool ffnn__has_alpha(ffnn_activation activation) {
    return activation == FFNN_LEAKY_RELU || activation == FFNN_ELU;
}

/* A layer's alpha or, where that is 0, torch.nn's. */
static float ffnn__alpha_of(ffnn_activation activation, float alpha) {
    bool is_set = alpha < 0 || alpha > 0;
    if (is_set) return alpha;
    return activation == FFNN_LEAKY_RELU ? 0.01f : 1.0f;
}

/* a (rows x cols) = f(z), for any activation; a may be z */
static void ffnn__activate(ffnn_activation activation, float alpha, float *a, const float *z,
                           size_t rows, size_t cols) {
    alpha = ffnn__alpha_of(activation, alpha);
    if (activation == FFNN_SOFTMAX && FFNN_HAS_ACTIVATION(FFNN_SOFTMAX))
        ffnn__softmax(a, z, rows, cols);
    else
        ffnn__activate_each(activation, alpha, a, z, rows * cols);
}

FFNNDEF ffnn_status ffnn_activate(ffnn_tensor dst, ffnn_tensor z, ffnn_activation activation) {
    bool is_known = (unsigned)activation <= FFNN_SOFTMAX && FFNN_HAS_ACTIVATION(activation);
    bool others_fit = is_known && ffnn__same_or_apart(dst, z);
    ffnn_status status = ffnn__validate_all(dst, z, z, ffnn__same_shape(dst, z), others_fit);
    if (status == FFNN_OK) ffnn__activate(activation, 0, dst.data, z.data, z.rows, z.cols);
    return status;
}

FFNNDEF ffnn_status ffnn_sigmoid(ffnn_tensor dst, ffnn_tensor a) {
    return ffnn_activate(dst, a, FFNN_SIGMOID);
}

FFNNDEF ffnn_status ffnn_sigmoid_derivative(ffnn_tensor dst, ffnn_tensor a) {
    ffnn_status status = ffnn__validate_unary(dst, a);
    if (status != FFNN_OK) return status;
    for (size_t i = 0; i < a.rows * a.cols; ++i) dst.data[i] = a.data[i] * (1.0f - a.data[i]);
    return FFNN_OK;
}

/* sum (a - b)^2, in double so that large batches do not lose small terms; b's next element stands
   b_step (0 or 1) further. Four sums take turns, since each addition waits for the one before. */
static double ffnn__sum_of_squares(const float *a, const float *b, size_t b_step, size_t count) {
    double sums[4] = {0, 0, 0, 0};
    size_t i = 0;
    for (; i + 4 <= count; i += 4) {
        float b_part[4] = {b[0], b[0], b[0], b[0]};
        if (b_step == 1) memcpy(b_part, b + i, sizeof b_part);
        for (size_t j = 0; j < 4; ++j) {
            double difference = (double)a[i + j] - (double)b_part[j];
            sums[j] += difference * difference;
        }
    }
    for (; i < count; ++i) {
        double difference = (double)a[i] - (double)b[i * b_step];
        sums[0] += difference * difference;
    }
    return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

FFNNDEF ffnn_status ffnn_mse(ffnn_tensor a, ffnn_tensor b, float *mse) {
    ffnn_status status = ffnn__validate_all(a, b, b, ffnn__broadcasts(b, a), mse != NULL);
    if (status != FFNN_OK) return status;
    double sum = 0;
    size_t length = ffnn__broadcast_length(a, b), count = a.rows * a.cols;
    size_t b_step = b.rows * b.cols == 1 ? 0 : 1;
    for (size_t i = 0; i < count; i += length)
        sum += ffnn__sum_of_squares(a.data + i, b.data, b_step, length);
    *mse = (float)(sum / ((double)a.rows * (double)a.cols));
    return FFNN_OK;
}

/* The losses, their negative gradient, which is the last layer's error, and what they are the mean
   over. d stands for y - a.

   loss                      of an element or row            error           mean over
   HALF_SUM_OF_SQUARES       d^2                             d               nothing; to report
                                                                             it, elements
   MSE                       d^2                             2 d             elements
   L1                        |d|                             sign(d)         elements
   HUBER                     |d| < 1 ? d^2 / 2 : |d| - 1/2   d within +-1    elements
   CROSS_ENTROPY, sigmoid    -y log a - (1 - y) log(1 - a)   d, by z         elements
   CROSS_ENTROPY, softmax    -sum y log a                    y - sum(y) a,   rows
                                                             by z
   CUSTOM                    the user's                      -y, by z if     nothing
                                                             softmax

   By z: it is delta already, and not to be multiplied by f'(z). A sample's weight multiplies its
   losses and its error. */

/* What a network with this last layer trains by: softmax by cross-entropy or by the user's loss. */
static ffnn_loss ffnn__effective_loss(ffnn_loss loss, ffnn_activation last) {
    return last == FFNN_SOFTMAX && loss != FFNN_CUSTOM ? FFNN_CROSS_ENTROPY : loss;
}

/* -sum y log softmax(z) = sum y (log sum exp(z) - z), where the largest z is subtracted first so
   that no exp overflows. Computed from z, as is the cross-entropy below: the log of a rounded a
   would lose digits, and be infinite for 0. */
static double ffnn__softmax_cross_entropy(const float *z, const float *y, size_t cols) {
    double max = (double)z[0], sum = 0, loss = 0;
    for (size_t i = 1; i < cols; ++i)
        if ((double)z[i] > max) max = (double)z[i];
    for (size_t i = 0; i < cols; ++i) sum += exp((double)z[i] - max);
    double log_sum = log(sum);
    for (size_t i = 0; i < cols; ++i) {
        double term = log_sum - ((double)z[i] - max);
        bool is_zero = y[i] >= 0 && y[i] <= 0; /* 0 times an infinite term counts as 0 */
        if (!is_zero) loss += (double)y[i] * term;
    }
    return loss;
}

#if defined(__AVR__)
#define FFNN__LOG1P ffnn__log1p
/* avr-libc has no log(1 + x). The factor makes up for what 1 + x loses (Kahan). */
static double ffnn__log1p(double x) {
    double sum = 1 + x, rounded = sum - 1;
    return rounded > 0 || rounded < 0 ? log(sum) * (x / rounded) : x;
}
#else
#define FFNN__LOG1P log1p
#endif

/* -(y log sigmoid(z) + (1 - y) log (1 - sigmoid(z))) = max(z, 0) - z y + log(1 + exp(-|z|)) */
static double ffnn__sigmoid_cross_entropy(double z, double y) {
    return (z > 0 ? z : 0) - z * y + FFNN__LOG1P(exp(z > 0 ? -z : z));
}

static double ffnn__sum_of_distances(const float *a, const float *y, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) sum += fabs((double)y[i] - (double)a[i]);
    return sum;
}

static double ffnn__sum_of_hubers(const float *a, const float *y, size_t count) {
    double sum = 0;
    for (size_t i = 0; i < count; ++i) {
        double distance = fabs((double)y[i] - (double)a[i]);
        sum += distance < 1 ? distance * distance / 2 : distance - (double)0.5L;
    }
    return sum;
}

static double ffnn__sum_of_cross_entropies(ffnn_activation last, ffnn_tensor z, const float *y) {
    double sum = 0;
    size_t count = z.rows * z.cols;
    if (last == FFNN_SOFTMAX) {
        for (size_t i = 0; i < count; i += z.cols)
            sum += ffnn__softmax_cross_entropy(z.data + i, y + i, z.cols);
    } else {
        for (size_t i = 0; i < count; ++i)
            sum += ffnn__sigmoid_cross_entropy((double)z.data[i], (double)y[i]);
    }
    return sum;
}

/* The loss, summed up over samples (softmax) or elements (others). */
static double ffnn__sum_of_losses(ffnn_loss loss, ffnn_activation last, ffnn_tensor z,
                                  const float *a, const float *y) {
    size_t count = z.rows * z.cols;
    loss = ffnn__effective_loss(loss, last);
    if (loss == FFNN_CROSS_ENTROPY) return ffnn__sum_of_cross_entropies(last, z, y);
    if (loss == FFNN_L1) return ffnn__sum_of_distances(a, y, count);
    if (loss == FFNN_HUBER) return ffnn__sum_of_hubers(a, y, count);
    return ffnn__sum_of_squares(y, a, 1, count);
}

/* The same of the last forward pass, each sample's loss times its weight. */
FFNN__NOINLINE static double ffnn__sum_of_weighted_losses(ffnn_loss loss, const ffnn_layer *last,
                                                          const float *y, const float *weights) {
    double sum = 0;
    size_t rows = last->z.rows, cols = last->z.cols;
    for (size_t row = 0; row < rows; ++row) {
        size_t first = row * cols;
        ffnn_tensor z = ffnn_view(last->z.data + first, 1, cols);
        const float *a = last->a.data + first;
        sum += (double)weights[row] *
               ffnn__sum_of_losses(loss, last->activation, z, a, y + first);
    }
    return sum;
}

/* What the reported loss is the mean over. */
static double ffnn__loss_count(ffnn_activation last, size_t rows, size_t cols) {
    return last == FFNN_SOFTMAX ? (double)rows : (double)rows * (double)cols;
}

/* error = y - sum(y) a, row by row, where error is y - a so far. Most rows sum to 1. */
static void ffnn__softmax_error(float *error, const float *a, const float *y, size_t rows,
                                size_t cols) {
    for (size_t first = 0; first < rows * cols; first += cols) {
        double sum = 0;
        for (size_t i = first; i < first + cols; ++i) sum += (double)y[i];
        float total = (float)sum;
        if (total >= 1 && total <= 1) continue;
        for (size_t i = first; i < first + cols; ++i) error[i] = y[i] - total * a[i];
    }
}

/* Turns error, which is y - a so far, into the loss's for one element or row. */
static void ffnn__error_of(ffnn_loss loss, const ffnn_layer *last, const float *y) {
    float *error = last->error.data;
    size_t rows = last->a.rows, cols = last->a.cols, count = rows * cols;
    if (loss == FFNN_CROSS_ENTROPY && last->activation == FFNN_SOFTMAX)
        ffnn__softmax_error(error, last->a.data, y, rows, cols);
    if (loss == FFNN_CROSS_ENTROPY) return;
    FFNN__ROLLED for (size_t i = 0; i < count; ++i) {
        float d = error[i];
        if (loss == FFNN_CUSTOM) error[i] = -y[i];
        else if (loss == FFNN_L1) error[i] = (float)((d > 0) - (d < 0));
        else if (d < -1 || d > 1) error[i] = d < 0 ? -1.0f : 1.0f; /* FFNN_HUBER */
    }
}

/* Turns error, which is y - a so far, into the loss's. Not inlined: the default loss, half the sum
   of squares, does without. */
FFNN__NOINLINE static void ffnn__complete_error(ffnn_loss loss, const ffnn_layer *last,
                                                const float *y, const float *weights) {
    float *error = last->error.data;
    size_t rows = last->a.rows, cols = last->a.cols, count = rows * cols;
    if (loss > FFNN_MSE) ffnn__error_of(loss, last, y); /* not a sum of squares */
    if (loss != FFNN_HALF_SUM_OF_SQUARES && loss != FFNN_CUSTOM) {
        double mean_over = ffnn__loss_count(last->activation, rows, cols);
        float factor = (float)((loss == FFNN_MSE ? 2 : 1) / mean_over);
        for (size_t i = 0; i < count; ++i) error[i] *= factor;
    }
    if (weights != NULL)
        FFNN__ROLLED for (size_t i = 0; i < count; ++i) error[i] *= weights[i / cols];
}

/* Sets the last layer's error. weights, one a sample, may be NULL. Returns whether it is delta
   already. */
static inline bool ffnn__loss_gradient(ffnn_loss loss, const ffnn_layer *last, const float *y,
                                       const float *weights) {
    const float *a = last->a.data;
    float *error = last->error.data;
    size_t count = last->a.rows * last->a.cols;
    loss = ffnn__effective_loss(loss, last->activation);
    for (size_t i = 0; i < count; ++i) error[i] = y[i] - a[i];
    if (loss != FFNN_HALF_SUM_OF_SQUARES || weights != NULL)
        ffnn__complete_error(loss, last, y, weights);
    return loss == FFNN_CROSS_ENTROPY || last->activation == FFNN_SOFTMAX;
}

/* ---- the network's memory ---------------------------------------------------------------- */
/* Blocks of memory: the layers; the parameters, which are weights and biases; z, a, error and delta
   of all layers, for as many samples as the largest batch so far had; the optimizer's moments. */

/* The network's parameters, in the order in which they are drawn, saved and trained: see the
   section "parameters". */
typedef struct ffnn__parameter {
    ffnn_tensor tensor;
    size_t layer; /* index of the layer that it is of */
    bool is_bias;
    bool saved_transposed; /* a weight that ffnn_save writes outputs x inputs */
} ffnn__parameter;

static size_t ffnn__parameter_count(const ffnn_net *net); /* tensors, not floats */
static ffnn__parameter ffnn__parameter_at(const ffnn_net *net, size_t i);

/* Draws a torch.nn.Linear's first weight or bias, in PyTorch's order. */
static void ffnn__draw_linear(ffnn_tensor parameter, size_t inputs, ffnn_rng *rng);

static ffnn_status ffnn__reserve_step(ffnn_net *net, size_t rows);
static ffnn_status ffnn__copy_moments(ffnn_net *copy, const ffnn_net *net);

FFNNDEF void ffnn_free(ffnn_net *net) {
    if (net == NULL) return;
    if (net->layers != NULL) FFNN_FREE(net->layers);
    ffnn_tensor_free(&net->parameters);
    ffnn_tensor_free(&net->activations);
    ffnn_tensor_free(&net->moments);
    memset(net, 0, sizeof *net);
}

/* rows * cols, or SIZE_MAX, which no allocation can supply, if that overflows. */
static size_t ffnn__count_or_max(size_t rows, size_t cols) {
    const size_t safe = (size_t)1 << (sizeof(size_t) * 4 - 1); /* see ffnn__validate */
    if (rows < safe && cols < safe) return rows * cols;
    return rows > SIZE_MAX / cols ? SIZE_MAX : rows * cols;
}

/* The layers of a network with these layer_count + 1 sizes, which are copied after the layers.
   There is no memory for the parameters yet. net must be all zeros. */
static ffnn_status ffnn__allocate_layers(ffnn_net *net, const size_t *sizes, size_t layer_count,
                                         bool has_biases) {
    size_t layers_bytes = layer_count * sizeof(ffnn_layer);
    size_t sizes_bytes = (layer_count + 1) * sizeof(size_t);
    net->layers = (ffnn_layer *)FFNN_MALLOC(layers_bytes + sizes_bytes);
    if (net->layers == NULL) return FFNN_ERROR_MEMORY;
    memset(net->layers, 0, layers_bytes);
    net->layer_count = layer_count;
    net->sizes = (size_t *)(net->layers + layer_count);
    memcpy(net->sizes, sizes, sizes_bytes);
    net->has_biases = has_biases;
    for (size_t i = 0; i < layer_count; ++i) {
        size_t weights = ffnn__count_or_max(sizes[i], sizes[i + 1]);
        if (sizes[i + 1] > net->max_units) net->max_units = sizes[i + 1];
        if (weights > net->max_weights) net->max_weights = weights;
    }
    return FFNN_OK;
}

/* Gives each layer its weight and bias in memory; with memory NULL it counts, and they stay NULL.
   Returns the floats that this takes. */
static size_t ffnn__place_parameters(ffnn_net *net, float *memory) {
    size_t used = 0;
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        size_t inputs = net->sizes[i], outputs = net->sizes[i + 1];
        float *weight = ffnn__carve(memory, &used, ffnn__count_or_max(inputs, outputs));
        layer->weight = ffnn_view(weight, inputs, outputs);
        if (net->has_biases)
            layer->bias = ffnn_view(ffnn__carve(memory, &used, outputs), 1, outputs);
    }
    return used;
}

/* A network with these layer_count + 1 sizes, its parameters not set. net must be all zeros. */
FFNN__NOINLINE static ffnn_status ffnn__allocate(ffnn_net *net, const size_t *sizes,
                                                 size_t layer_count, bool has_biases) {
    ffnn_status status = ffnn__allocate_layers(net, sizes, layer_count, has_biases);
    if (status != FFNN_OK) return status;
    status = ffnn__tensor_allocate(&net->parameters, 1, ffnn__place_parameters(net, NULL));
    if (status != FFNN_OK) {
        ffnn_free(net);
        return FFNN_ERROR_MEMORY;
    }
    ffnn__place_parameters(net, net->parameters.data);
    return FFNN_OK;
}

/* Whether the program has each layer's activation, and each alpha that is not 0 is finite and of a
   layer that has one. */
static bool ffnn__has_good_activations(const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        float alpha = net->layers[i].alpha;
        ffnn_activation activation = net->layers[i].activation;
        bool is_zero = alpha >= 0 && alpha <= 0;
        bool is_finite = alpha >= -FLT_MAX && alpha <= FLT_MAX;
        if (!FFNN_HAS_ACTIVATION(activation)) return false;
        if (!is_zero && !(ffnn__has_alpha(activation) && is_finite)) return false;
    }
    return true;
}

/* Whether net is a network: users may have set anything in its layers. Inline, with few branches:
   it is a part of every call, which takes 35 ns for a prediction of the default network. */
FFNN__FORCE_INLINE ffnn_status ffnn__check_layers_inline(const ffnn_net *net) {
    size_t differences = 0; /* bits in which a shape is not what it should be, by exclusive or */
    bool has_memory = true; /* where it should be, and nowhere else */
    bool are_transposed = false;
    unsigned max_activation = 0; /* of all layers but the last */
    uint32_t alphas = 0;         /* the bits of all of them, by or */
    if (net == NULL || net->layer_count == 0) return FFNN_ERROR_ARGUMENT;
    const ffnn_layer *layer = net->layers, *last = layer + net->layer_count - 1;
    for (const size_t *sizes = net->sizes; layer <= last; ++layer, ++sizes) {
        size_t transposed = layer->transposed; /* 0 or 1: which of the two sizes are the rows */
        size_t rows = sizes[transposed], cols = sizes[1 - transposed];
        differences |= (layer->weight.rows ^ rows) | (layer->weight.cols ^ cols);
        has_memory &= layer->weight.data != NULL;
        are_transposed |= layer->transposed;
        if (layer < last && (unsigned)layer->activation > max_activation)
            max_activation = (unsigned)layer->activation;
        uint32_t alpha;
        memcpy(&alpha, &layer->alpha, sizeof alpha);
        alphas |= alpha;
        has_memory &= (layer->bias.data != NULL) == net->has_biases;
        if (!net->has_biases) continue;
        differences |= (layer->bias.rows ^ 1) | (layer->bias.cols ^ sizes[1]);
    }
    if (!has_memory || (are_transposed && !net->is_view)) return FFNN_ERROR_ARGUMENT;
    if (max_activation >= FFNN_SOFTMAX) return FFNN_ERROR_ARGUMENT;
    if ((unsigned)last->activation > FFNN_SOFTMAX) return FFNN_ERROR_ARGUMENT;
    bool always_says_1 = last->activation == FFNN_SOFTMAX && net->sizes[net->layer_count] == 1;
    if (always_says_1) return FFNN_ERROR_ARGUMENT;
    bool is_plain = alphas == 0 && FFNN__HAS_ALL_ACTIVATIONS; /* no more to look at */
    if (!is_plain && !ffnn__has_good_activations(net)) return FFNN_ERROR_ARGUMENT;
    return differences == 0 ? FFNN_OK : FFNN_ERROR_SHAPE;
}

/* The same for calls that take longer. */
static ffnn_status ffnn__check_layers(const ffnn_net *net) {
    return ffnn__check_layers_inline(net);
}

/* Whether the network's loss is one that its last layer can have. */
static inline ffnn_status ffnn__check_loss(const ffnn_net *net) {
    ffnn_activation last = net->layers[net->layer_count - 1].activation;
    bool gives_probabilities = last == FFNN_SOFTMAX || last == FFNN_SIGMOID;
    if ((unsigned)net->loss > FFNN_CUSTOM) return FFNN_ERROR_ARGUMENT;
    if (net->loss == FFNN_CROSS_ENTROPY && !gives_probabilities) return FFNN_ERROR_ARGUMENT;
    return FFNN_OK;
}

/* Whether it is one that can be computed here: not the user's. */
static inline ffnn_status ffnn__check_computed_loss(const ffnn_net *net) {
    return net->loss == FFNN_CUSTOM ? FFNN_ERROR_ARGUMENT : FFNN_OK;
}

/* Whether its optimizer is one, and may write to the parameters. Most have no number but 0: looked
   at by its bits, which saves 26 of the 1,280 instructions of a step of the default network. */
static inline ffnn_status ffnn__check_optimizer(const ffnn_net *net) {
    bool is_known = (unsigned)net->optimizer <= FFNN_ADAM;
    uint32_t momentum, decay, clip;
    memcpy(&momentum, &net->momentum, sizeof momentum);
    memcpy(&decay, &net->weight_decay, sizeof decay);
    memcpy(&clip, &net->clip_norm, sizeof clip);
    if ((momentum | decay | clip) == 0)
        return is_known && !net->is_view ? FFNN_OK : FFNN_ERROR_ARGUMENT;
    bool is_below_1 = net->momentum >= 0 && net->momentum < 1; /* false for NaN, as below */
    bool is_finite = net->weight_decay >= 0 && net->weight_decay <= FLT_MAX;
    is_finite &= net->clip_norm >= 0 && net->clip_norm <= FLT_MAX;
    bool is_adam_with_momentum = net->optimizer == FFNN_ADAM && net->momentum > 0;
    bool is_good = is_known && is_below_1 && is_finite && !is_adam_with_momentum && !net->is_view;
    return is_good ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

/* All that a description says. */
static ffnn_status ffnn__check_settings(const ffnn_net *net) {
    ffnn_status status = ffnn__check_layers(net);
    if (status == FFNN_OK) status = ffnn__check_loss(net);
    if (status == FFNN_OK) status = ffnn__check_optimizer(net);
    return status;
}

static bool ffnn__is_all_zero(const size_t sizes[FFNN_MAX_LAYERS + 1]) {
    for (size_t i = 0; i <= FFNN_MAX_LAYERS; ++i)
        if (sizes[i] != 0) return false;
    return true;
}

/* Not inlined: if the user's FFNN_MALLOC takes memory from a static arena that is smaller than a
   generator, GCC would warn. */
FFNN__NOINLINE static ffnn_rng *ffnn__new_rng(void) {
    return (ffnn_rng *)FFNN_MALLOC(sizeof(ffnn_rng));
}

/* Draws the parameters from rng or, if that is NULL, from a generator seeded with 0. */
static ffnn_status ffnn__draw(ffnn_net *net, ffnn_rng *rng) {
    ffnn_rng *seeded_with_0 = NULL; /* not on the stack: it is 2.5 KB large */
    if (rng == NULL) {
        seeded_with_0 = ffnn__new_rng();
        if (seeded_with_0 == NULL) return FFNN_ERROR_MEMORY;
        ffnn_rng_seed(seeded_with_0, 0);
        rng = seeded_with_0;
    }
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn__parameter parameter = ffnn__parameter_at(net, i);
        size_t inputs = parameter.tensor.rows; /* of the layer; a bias has those of its weight */
        if (parameter.is_bias) inputs = ffnn__parameter_at(net, i - 1).tensor.rows;
        if (net->has_biases) ffnn__draw_linear(parameter.tensor, inputs, rng);
        else ffnn_randn(parameter.tensor, rng);
    }
    if (seeded_with_0 != NULL) FFNN_FREE(seeded_with_0);
    return FFNN_OK;
}

/* Whether nothing is said of layers behind so many. */
static bool ffnn__ends_at(const ffnn_desc *desc, size_t layer_count) {
    for (size_t i = layer_count; i < FFNN_MAX_LAYERS; ++i) {
        bool has_no_alpha = desc->alphas[i] >= 0 && desc->alphas[i] <= 0; /* nor NaN */
        if (desc->activations[i] != 0 || !has_no_alpha) return false;
    }
    return true;
}

FFNNDEF ffnn_status ffnn_init(ffnn_net *net, const ffnn_desc *desc) {
    size_t sizes[FFNN_MAX_LAYERS + 1] = {3, 4, 1}, count = 0;
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (desc != NULL && !ffnn__is_all_zero(desc->sizes)) memcpy(sizes, desc->sizes, sizeof sizes);
    while (count <= FFNN_MAX_LAYERS && sizes[count] != 0) ++count;
    if (count < 2) return FFNN_ERROR_ARGUMENT;
    for (size_t i = count; i <= FFNN_MAX_LAYERS; ++i)
        if (sizes[i] != 0) return FFNN_ERROR_ARGUMENT; /* a layer after one without units */
    if (desc != NULL && !ffnn__ends_at(desc, count - 1)) return FFNN_ERROR_ARGUMENT;

    ffnn_status status = ffnn__allocate(net, sizes, count - 1, desc != NULL && desc->biases);
    if (status != FFNN_OK) return status;
    if (desc != NULL) {
        for (size_t i = 0; i < net->layer_count; ++i) {
            net->layers[i].activation = desc->activations[i];
            net->layers[i].alpha = desc->alphas[i];
        }
        net->loss = desc->loss;
        net->optimizer = desc->optimizer;
        net->momentum = desc->momentum;
        net->weight_decay = desc->weight_decay;
        net->clip_norm = desc->clip_norm;
    }
    status = ffnn__check_settings(net);
    if (status == FFNN_OK) status = ffnn__reserve_step(net, 0); /* moments; there is no batch yet */
    if (status == FFNN_OK) status = ffnn__draw(net, desc != NULL ? desc->rng : NULL);
    if (status != FFNN_OK) ffnn_free(net);
    return status;
}

/* Weights that lie elsewhere, a view's among them, are copied into the copy's own memory. */
static void ffnn__copy_layers(ffnn_net *copy, const ffnn_net *net) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *from = &net->layers[i];
        ffnn_layer *to = &copy->layers[i];
        to->activation = from->activation;
        to->alpha = from->alpha;
        if (from->transposed) ffnn_transpose(to->weight, from->weight);
        else ffnn_copy(to->weight, from->weight);
        if (net->has_biases) ffnn_copy(to->bias, from->bias);
    }
}

FFNNDEF ffnn_status ffnn_init_copy(ffnn_net *copy, const ffnn_net *net) {
    if (copy == NULL || copy == net) return FFNN_ERROR_ARGUMENT;
    memset(copy, 0, sizeof *copy);
    ffnn_status status = ffnn__check_layers(net);
    if (status == FFNN_OK)
        status = ffnn__allocate(copy, net->sizes, net->layer_count, net->has_biases);
    if (status != FFNN_OK) return status;
    ffnn__copy_layers(copy, net);
    copy->loss = net->loss;
    copy->optimizer = net->optimizer;
    copy->momentum = net->momentum;
    copy->weight_decay = net->weight_decay;
    copy->clip_norm = net->clip_norm;
    status = ffnn__copy_moments(copy, net);
    if (status != FFNN_OK) ffnn_free(copy);
    return status;
}

/* Whether t (x or y) lies outside the network's own memory. Inline as ffnn__check_layers_inline. */
static inline bool ffnn__is_outside(const ffnn_net *net, ffnn_tensor t) {
    return !ffnn__overlap(t, net->parameters) && !ffnn__overlap(t, net->activations);
}

/* Whether x and y (targets, or an output; NULL for none) are a batch for net. */
static ffnn_status ffnn__check_batch(const ffnn_net *net, const ffnn_tensor *x,
                                     const ffnn_tensor *y) {
    ffnn_status status = ffnn__check_layers_inline(net);
    if (status == FFNN_OK) status = ffnn__validate(*x);
    if (status == FFNN_OK && y != NULL) status = ffnn__validate(*y);
    if (status != FFNN_OK) return status;
    if (x->cols != net->sizes[0]) return FFNN_ERROR_SHAPE;
    if (!ffnn__is_outside(net, *x)) return FFNN_ERROR_ARGUMENT;
    if (y == NULL) return FFNN_OK;
    if (y->rows != x->rows || y->cols != net->sizes[net->layer_count]) return FFNN_ERROR_SHAPE;
    return ffnn__is_outside(net, *y) ? FFNN_OK : FFNN_ERROR_ARGUMENT;
}

/* The same for a batch to train on. */
static ffnn_status ffnn__check_training(const ffnn_net *net, const ffnn_tensor *x,
                                        const ffnn_tensor *y) {
    ffnn_status status = ffnn__check_batch(net, x, y);
    if (status == FFNN_OK) status = ffnn__check_loss(net);
    if (status == FFNN_OK) status = ffnn__check_optimizer(net);
    return status;
}

/* Gives each layer's z, a, error and delta memory for capacity samples, of which rows are used;
   with memory NULL it only counts. A view's layers have neither error nor delta. Returns the floats
   that this takes. */
static size_t ffnn__place_activations(ffnn_net *net, size_t rows, size_t capacity,
                                      float *memory) {
    size_t used = 0, tensor_count = net->is_view ? 2 : 4; /* the first two, or all */
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn_layer *layer = &net->layers[i];
        ffnn_tensor *const tensors[] = {&layer->z, &layer->a, &layer->error, &layer->delta};
        size_t cols = net->sizes[i + 1];
        for (size_t j = 0; j < tensor_count; ++j) {
            float *data = ffnn__carve(memory, &used, ffnn__count_or_max(capacity, cols));
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

static void ffnn__forward(ffnn_net *net, ffnn_tensor x);
static void ffnn__forward_layer(const ffnn_net *net, size_t i, const float *input, size_t rows,
                                float *z, float *a);
static void ffnn__affine(const ffnn_net *net, size_t i, const float *input, size_t rows, float *z);
static void ffnn__backward(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const float *weights,
                           float learning_rate);
FFNN__FORCE_INLINE void ffnn__last_delta(const ffnn_net *net, const float *y,
                                        const float *weights);
static void ffnn__hidden_deltas(const ffnn_net *net, size_t rows);
static void ffnn__hidden_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows);
static void ffnn__delta(const ffnn_layer *layer, size_t count);
static bool ffnn__is_plain_sgd(const ffnn_net *net);
static void ffnn__plain_step(ffnn_net *net, ffnn_tensor x, float learning_rate);
static void ffnn__optimizer_step(ffnn_net *net, ffnn_tensor x, float learning_rate);

FFNNDEF ffnn_status ffnn_forward(ffnn_net *net, ffnn_tensor x, ffnn_tensor *output) {
    ffnn_status status = ffnn__check_batch(net, &x, NULL);
    if (status == FFNN_OK) status = ffnn__reserve(net, x.rows);
    if (status != FFNN_OK) return status;
    ffnn__forward(net, x);
    if (output != NULL) *output = net->layers[net->layer_count - 1].a;
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_backward(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                                  float learning_rate) {
    ffnn_status status = ffnn__check_training(net, &x, &y);
    if (status != FFNN_OK) return status;
    if (net->layers[0].z.rows != x.rows) return FFNN_ERROR_SHAPE; /* no forward pass of this x */
    status = ffnn__reserve_step(net, x.rows);
    if (status == FFNN_OK) ffnn__backward(net, x, y, NULL, learning_rate);
    return status;
}

/* Whether t can be the gradient by x of a loss whose targets are y. */
static ffnn_status ffnn__check_x_gradient(const ffnn_net *net, ffnn_tensor t, ffnn_tensor x,
                                          ffnn_tensor y) {
    bool is_apart = !ffnn__overlap(t, x) && !ffnn__overlap(t, y) && ffnn__is_outside(net, t);
    return ffnn__validate_all(t, x, y, ffnn__same_shape(t, x), is_apart);
}

FFNNDEF ffnn_status ffnn_gradient(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                                  ffnn_tensor x_gradient) {
    bool is_wanted = ffnn__is_given(x_gradient);
    ffnn_status status = ffnn__check_batch(net, &x, &y);
    if (status == FFNN_OK) status = ffnn__check_loss(net);
    if (status == FFNN_OK && net->is_view) status = FFNN_ERROR_ARGUMENT; /* it has no error */
    if (status == FFNN_OK && is_wanted) status = ffnn__check_x_gradient(net, x_gradient, x, y);
    if (status != FFNN_OK) return status;
    if (net->layers[0].z.rows != x.rows) return FFNN_ERROR_SHAPE; /* no forward pass of this x */
    ffnn__last_delta(net, y.data, NULL);
    ffnn__hidden_deltas(net, x.rows);
    if (!is_wanted) return FFNN_OK;
    const ffnn_layer *first = &net->layers[0];
    const float minus_one = -1; /* delta is the negative gradient */
    ffnn__multiply_by_transposed(x_gradient.data, first->delta.data, first->weight.data, x.rows,
                                 first->delta.cols, x.cols);
    ffnn__combine(FFNN__MUL, x_gradient.data, x_gradient.data, &minus_one, 0, 1, x.rows * x.cols);
    return FFNN_OK;
}

#ifdef FFNN__SIMD
/* Whether net's layers are computed all at once. */
static inline bool ffnn__is_small(const ffnn_net *net) {
    return net->max_weights <= FFNN__SMALL && !net->is_view;
}
#endif

/* From the first layer to the last: each one's a is the next one's input. */
static void ffnn__forward(ffnn_net *net, ffnn_tensor x) {
    const float *input = x.data;
#ifdef FFNN__SIMD
    if (ffnn__is_small(net)) {
        ffnn__small_forward(net->layers, net->layer_count, input, x.rows, NULL);
        return;
    }
#endif
    for (size_t i = 0; i < net->layer_count; ++i) {
        ffnn__forward_layer(net, i, input, x.rows, net->layers[i].z.data, net->layers[i].a.data);
        input = net->layers[i].a.data;
    }
}

/* Layer i: z = input W + bias and a = f(z); z may be a. The layer's own z and a are not touched. */
static void ffnn__forward_layer(const ffnn_net *net, size_t i, const float *input, size_t rows,
                                float *z, float *a) {
    ffnn__affine(net, i, input, rows, z);
    const ffnn_layer *layer = &net->layers[i];
    ffnn__activate(layer->activation, layer->alpha, a, z, rows, net->sizes[i + 1]);
}

/* Layer i: z = input W + bias */
static void ffnn__affine(const ffnn_net *net, size_t i, const float *input, size_t rows, float *z) {
    const ffnn_layer *layer = &net->layers[i];
    const float *w = layer->weight.data;
    size_t inputs = net->sizes[i], outputs = net->sizes[i + 1];
    if (layer->transposed) ffnn__multiply_by_transposed(z, input, w, rows, inputs, outputs);
    else ffnn__multiply(z, input, w, rows, inputs, outputs);
    if (net->has_biases) ffnn__combine(FFNN__ADD, z, z, layer->bias.data, 1, rows, outputs);
}

/* Deltas first, from the last layer to the first, since they need the old weights. Then the
   parameters: delta is the negative gradient with respect to z, so input^T delta is the one with
   respect to W, and the sum of delta's rows the one with respect to the bias. weights, one a
   sample, may be NULL. */
static void ffnn__backward(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const float *weights,
                           float learning_rate) {
    ffnn__last_delta(net, y.data, weights);
#ifdef FFNN__SIMD
    if (ffnn__is_small(net) && ffnn__is_plain_sgd(net)) {
        ffnn__small_backward(net->layers, net->layer_count, x.data, x.rows, learning_rate);
        return;
    }
#endif
    ffnn__hidden_deltas(net, x.rows);
    if (ffnn__is_plain_sgd(net)) ffnn__plain_step(net, x, learning_rate);
    else ffnn__optimizer_step(net, x, learning_rate);
}

/* delta = error * f'(z), or a copy of the error where that is delta already. */
FFNN__FORCE_INLINE void ffnn__last_delta(const ffnn_net *net, const float *y,
                                        const float *weights) {
    const ffnn_layer *last = &net->layers[net->layer_count - 1];
    size_t count = last->a.rows * last->a.cols;
    bool delta_is_error = ffnn__loss_gradient(net->loss, last, y, weights);
    if (delta_is_error) memcpy(last->delta.data, last->error.data, count * sizeof(float));
    else ffnn__delta(last, count);
}

static void ffnn__hidden_deltas(const ffnn_net *net, size_t rows) {
    for (size_t i = net->layer_count - 1; i > 0; --i)
        ffnn__hidden_delta(&net->layers[i - 1], &net->layers[i], rows);
}

/* error = next->delta next->weight^T, and delta = error * f'(z) */
static void ffnn__hidden_delta(const ffnn_layer *layer, const ffnn_layer *next, size_t rows) {
    size_t units = next->weight.rows, next_units = next->weight.cols;
    ffnn__multiply_by_transposed(layer->error.data, next->delta.data, next->weight.data, rows,
                                 next_units, units);
    ffnn__delta(layer, rows * units);
}

/* delta = error * f'(z), for count elements */
static void ffnn__delta(const ffnn_layer *layer, size_t count) {
    float alpha = ffnn__alpha_of(layer->activation, layer->alpha);
    ffnn__multiply_by_derivative(layer->activation, alpha, layer->delta.data, layer->error.data,
                                 layer->z.data, layer->a.data, count);
}

/* ---- optimizers -------------------------------------------------------------------------- */

static bool ffnn__is_plain_sgd(const ffnn_net *net) {
    bool is_sgd = net->optimizer == FFNN_SGD && net->momentum <= 0;
    return is_sgd && net->weight_decay <= 0 && net->clip_norm <= 0;
}

/* torch.optim.SGD without momentum, weight decay or clipping needs no gradient of its own:
   W += learning_rate * (input^T delta), bias += learning_rate * sum of the rows of delta */
static void ffnn__plain_step(ffnn_net *net, ffnn_tensor x, float learning_rate) {
    const float *input = x.data;
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        size_t inputs = layer->weight.rows, outputs = layer->weight.cols;
        ffnn__add_product(layer->weight.data, input, layer->delta.data, inputs, x.rows, outputs,
                          learning_rate);
        if (net->has_biases)
            ffnn__add_sum_of_rows(layer->bias.data, layer->delta.data, x.rows, outputs,
                                  learning_rate);
        input = layer->a.data;
    }
}

/* Rows of the moments, each as long as all parameters together: row 0 is the descent, row 1 SGD's
   velocity or Adam's first moment, row 2 Adam's second moment. */
enum { FFNN__FIRST_MOMENT = 1, FFNN__SECOND_MOMENT = 2 };

/* So many rows of moments, all zeros. All are aligned as the first one is. */
static ffnn_status ffnn__allocate_moments(const ffnn_net *net, size_t rows, ffnn_tensor *moments) {
    size_t count = 0;
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        ffnn__carve(NULL, &count, ffnn__count_or_max(t.rows, t.cols));
    }
    size_t cols = ffnn__round_up(count);
    return ffnn_tensor_init(moments, rows, cols) == FFNN_OK ? FFNN_OK : FFNN_ERROR_MEMORY;
}

/* How many rows the network's optimizer has. */
static size_t ffnn__moment_rows(const ffnn_net *net) { return net->optimizer == FFNN_ADAM ? 3 : 2; }

/* Whether there are moments, and they are its own: SGD's may rest for a time. */
static bool ffnn__has_own_moments(const ffnn_net *net) {
    return net->moments.data != NULL && net->moments_of == net->optimizer;
}

/* Gives the network's optimizer new moments. */
static void ffnn__replace_moments(ffnn_net *net, ffnn_tensor moments) {
    ffnn_tensor_free(&net->moments);
    net->moments = moments;
    net->moments_of = net->optimizer;
    net->steps = 0;
}

/* Parameter i's part of a row of the moments. ffnn__optimizer_step finds it itself, in passing. */
static float *ffnn__moment_of(const ffnn_net *net, size_t i, size_t row) {
    size_t used = 0;
    float *first = NULL;
    for (size_t j = 0; j <= i; ++j) {
        ffnn_tensor t = ffnn__parameter_at(net, j).tensor;
        first = ffnn__carve(net->moments.data, &used, t.rows * t.cols);
    }
    return first + row * net->moments.cols;
}

/* Parameter by parameter, since what alignment skips depends on the memory. The descents, row 0,
   are made anew by each step. */
static ffnn_status ffnn__copy_moments(ffnn_net *copy, const ffnn_net *net) {
    if (net->moments.data == NULL) return FFNN_OK;
    ffnn_status status = ffnn__allocate_moments(copy, net->moments.rows, &copy->moments);
    if (status != FFNN_OK) return status;
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        for (size_t row = FFNN__FIRST_MOMENT; row < net->moments.rows; ++row)
            memcpy(ffnn__moment_of(copy, i, row), ffnn__moment_of(net, i, row),
                   t.rows * t.cols * sizeof(float));
    }
    copy->moments_of = net->moments_of;
    copy->steps = net->steps;
    return FFNN_OK;
}

/* Makes room for a step on a batch of rows samples: for what the layers compute, and for the
   optimizer's moments, which another optimizer than before starts anew. If there is no memory for
   one of the two, neither changes. */
static ffnn_status ffnn__reserve_step(ffnn_net *net, size_t rows) {
    bool has_moments = net->moments.data != NULL, needs_moments = !ffnn__is_plain_sgd(net);
    if (ffnn__has_own_moments(net) || (!has_moments && !needs_moments))
        return ffnn__reserve(net, rows);
    ffnn_tensor moments = ffnn_view(NULL, 0, 0);
    ffnn_status status = FFNN_OK;
    if (needs_moments) status = ffnn__allocate_moments(net, ffnn__moment_rows(net), &moments);
    if (status == FFNN_OK) status = ffnn__reserve(net, rows);
    if (status != FFNN_OK) {
        ffnn_tensor_free(&moments);
        return status;
    }
    ffnn__replace_moments(net, moments);
    return FFNN_OK;
}

/* After the parameters have been replaced by others. */
static void ffnn__forget_moments(ffnn_net *net) {
    if (net->moments.data != NULL)
        memset(net->moments.data, 0, net->moments.rows * net->moments.cols * sizeof(float));
    net->steps = 0;
}

/* The descent of parameter i. */
static void ffnn__descent(const ffnn_net *net, size_t i, ffnn_tensor x, float *descent) {
    ffnn__parameter parameter = ffnn__parameter_at(net, i);
    const ffnn_layer *layer = &net->layers[parameter.layer];
    const float *input = parameter.layer == 0 ? x.data : layer[-1].a.data;
    size_t inputs = layer->weight.rows, outputs = layer->weight.cols;
    if (parameter.is_bias) {
        memset(descent, 0, outputs * sizeof(float));
        ffnn__add_sum_of_rows(descent, layer->delta.data, x.rows, outputs, 1);
    } else {
        ffnn__multiply_transposed(descent, input, layer->delta.data, inputs, x.rows, outputs);
    }
}

/* All descents, scaled down where their 2-norm is above clip_norm, as
   torch.nn.utils.clip_grad_norm_ does it. Where the norm is NaN all become NaN. */
static void ffnn__clipped_descents(const ffnn_net *net, ffnn_tensor x) {
    const float zero = 0;
    double sum = 0;
    size_t count = ffnn__parameter_count(net);
    for (size_t i = 0; i < count; ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        float *descent = ffnn__moment_of(net, i, 0);
        ffnn__descent(net, i, x, descent);
        sum += ffnn__sum_of_squares(descent, &zero, 0, t.rows * t.cols);
    }
    float factor = net->clip_norm / ((float)sqrt(sum) + 1e-6f);
    if (factor >= 1) return;
    for (size_t i = 0; i < count; ++i) {
        ffnn_tensor t = ffnn__parameter_at(net, i).tensor;
        float *descent = ffnn__moment_of(net, i, 0);
        ffnn__combine(FFNN__MUL, descent, descent, &factor, 0, 1, t.rows * t.cols);
    }
}

/* The scalars of torch.optim, computed in double and rounded once:

   SGD    v = momentum v + g, where g = gradient + weight_decay w;  w -= learning_rate v
   AdamW  w *= 1 - learning_rate weight_decay; m and v are running means of g and g^2, which begin
          at 0 and are divided by 1 - 0.9^t and 1 - 0.999^t for that, t being the number of the
          step; w -= learning_rate m / (sqrt(v) + 1e-8) */
static void ffnn__optimizer_step(ffnn_net *net, ffnn_tensor x, float learning_rate) {
    net->steps += 1;
    double rate = (double)learning_rate, t = (double)net->steps;
    float keep = (float)(1 - rate * (double)net->weight_decay);
    float adam_rate = (float)(rate / (1 - pow((double)0.9L, t)));
    float inverse_root = (float)(1 / sqrt(1 - pow((double)0.999L, t)));
    size_t used = 0;
    bool clips = net->clip_norm > 0;
    if (clips) ffnn__clipped_descents(net, x);
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn_tensor parameter = ffnn__parameter_at(net, i).tensor;
        size_t count = parameter.rows * parameter.cols;
        float *descent = ffnn__carve(net->moments.data, &used, count);
        float *first = descent + FFNN__FIRST_MOMENT * net->moments.cols;
        float *second = descent + FFNN__SECOND_MOMENT * net->moments.cols; /* only Adam has it */
        if (!clips) ffnn__descent(net, i, x, descent);
        if (net->optimizer == FFNN_ADAM)
            ffnn__adam_step(parameter.data, first, second, descent, count, keep, adam_rate,
                            inverse_root);
        else
            ffnn__momentum_step(parameter.data, first, descent, count, net->momentum,
                                net->weight_decay, learning_rate);
    }
}

/* ---- train, fit, predict ----------------------------------------------------------------- */

static void ffnn__step(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const float *weights,
                       float learning_rate, float *loss);

FFNNDEF ffnn_status ffnn_train(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, float learning_rate,
                               float *loss) {
    ffnn_status status = ffnn__check_training(net, &x, &y);
    if (status == FFNN_OK) status = ffnn__check_computed_loss(net);
    if (status == FFNN_OK) status = ffnn__reserve_step(net, x.rows);
    if (status != FFNN_OK) return status;
    ffnn__step(net, x, y, NULL, learning_rate, loss);
    return FFNN_OK;
}

/* The batch has been checked, and there is room for it. weights, one a sample, may be NULL. */
static void ffnn__step(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const float *weights,
                       float learning_rate, float *loss) {
    const ffnn_layer *last = &net->layers[net->layer_count - 1];
    ffnn__forward(net, x);
    if (loss != NULL) {
        double sum;
        if (weights != NULL)
            sum = ffnn__sum_of_weighted_losses(net->loss, last, y.data, weights);
        else
            sum = ffnn__sum_of_losses(net->loss, last->activation, last->z, last->a.data, y.data);
        *loss = (float)(sum / ffnn__loss_count(last->activation, y.rows, y.cols));
    }
    ffnn__backward(net, x, y, weights, learning_rate);
}

/* What shuffling needs. */
typedef struct ffnn__shuffling {
    size_t *order;                               /* of the samples; NULL: they keep theirs */
    ffnn_tensor batch_x, batch_y, batch_weights; /* copies of one batch's samples */
} ffnn__shuffling;

static ffnn_fit_desc ffnn__with_defaults(const ffnn_fit_desc *desc, size_t samples,
                                         ffnn_optimizer optimizer);
static ffnn_status ffnn__check_sample_weights(const ffnn_net *net, ffnn_tensor weights,
                                              size_t samples);
static ffnn_status ffnn__allocate_shuffled(ffnn__shuffling *shuffling, ffnn_tensor x, ffnn_tensor y,
                                           const ffnn_fit_desc *desc);
static void ffnn__free_shuffled(ffnn__shuffling *shuffling);
static ffnn_status ffnn__epochs(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                                const ffnn_fit_desc *desc, ffnn__shuffling *shuffling);
static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng);
static float ffnn__epoch(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const ffnn_fit_desc *desc,
                         const ffnn__shuffling *shuffling);
static ffnn_tensor ffnn__gather_rows(ffnn_tensor all, ffnn_tensor batch, const size_t *order,
                                     size_t first, size_t rows);

FFNNDEF ffnn_status ffnn_fit(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                             const ffnn_fit_desc *desc) {
    ffnn__shuffling shuffling = {NULL, {0, 0, NULL}, {0, 0, NULL}, {0, 0, NULL}};
    ffnn_status status = ffnn__check_training(net, &x, &y);
    if (status == FFNN_OK) status = ffnn__check_computed_loss(net);
    if (status != FFNN_OK) return status;
    ffnn_fit_desc options = ffnn__with_defaults(desc, x.rows, net->optimizer);
    status = ffnn__check_sample_weights(net, options.sample_weights, x.rows);
    if (status != FFNN_OK) return status;
    if (options.rng != NULL) status = ffnn__allocate_shuffled(&shuffling, x, y, &options);
    if (status == FFNN_OK) status = ffnn__reserve_step(net, options.batch_size);
    if (status == FFNN_OK) status = ffnn__epochs(net, x, y, &options, &shuffling);
    ffnn__free_shuffled(&shuffling);
    return status;
}

static ffnn_fit_desc ffnn__with_defaults(const ffnn_fit_desc *desc, size_t samples,
                                         ffnn_optimizer optimizer) {
    ffnn_fit_desc options = {0, 0, 0, NULL, NULL, NULL, {0, 0, NULL}};
    if (desc != NULL) options = *desc;
    if (options.epochs == 0) options.epochs = 1000;
    bool has_rate = options.learning_rate < 0 || options.learning_rate > 0;
    if (!has_rate && !ffnn__is_nan(&options.learning_rate))
        options.learning_rate = optimizer == FFNN_ADAM ? 0.001f : 0.1f;
    if (options.batch_size == 0) options.batch_size = 32;
    if (options.batch_size > samples) options.batch_size = samples;
    return options;
}

static ffnn_status ffnn__check_sample_weights(const ffnn_net *net, ffnn_tensor weights,
                                              size_t samples) {
    if (!ffnn__is_given(weights)) return FFNN_OK;
    bool shapes_fit = weights.rows == samples && weights.cols == 1;
    return ffnn__validate_all(weights, weights, weights, shapes_fit,
                              ffnn__is_outside(net, weights));
}

static ffnn_status ffnn__allocate_shuffled(ffnn__shuffling *shuffling, ffnn_tensor x, ffnn_tensor y,
                                           const ffnn_fit_desc *desc) {
    size_t rows = desc->batch_size;
    if (x.rows > SIZE_MAX / sizeof *shuffling->order) return FFNN_ERROR_MEMORY;
    ffnn_status status = ffnn_tensor_init(&shuffling->batch_x, rows, x.cols);
    if (status == FFNN_OK) status = ffnn_tensor_init(&shuffling->batch_y, rows, y.cols);
    if (status == FFNN_OK && ffnn__is_given(desc->sample_weights))
        status = ffnn_tensor_init(&shuffling->batch_weights, rows, 1);
    if (status != FFNN_OK) return status;
    shuffling->order = (size_t *)FFNN_MALLOC(x.rows * sizeof *shuffling->order);
    return shuffling->order == NULL ? FFNN_ERROR_MEMORY : FFNN_OK;
}

static void ffnn__free_shuffled(ffnn__shuffling *shuffling) {
    ffnn_tensor_free(&shuffling->batch_x);
    ffnn_tensor_free(&shuffling->batch_y);
    ffnn_tensor_free(&shuffling->batch_weights);
    if (shuffling->order != NULL) FFNN_FREE(shuffling->order);
}

static ffnn_status ffnn__epochs(ffnn_net *net, ffnn_tensor x, ffnn_tensor y,
                                const ffnn_fit_desc *desc, ffnn__shuffling *shuffling) {
    ffnn_progress progress = {0, desc->epochs, 0, 0};
    while (progress.epoch < progress.epochs) {
        if (shuffling->order != NULL) ffnn__shuffle(shuffling->order, x.rows, desc->rng);
        progress.loss = ffnn__epoch(net, x, y, desc, shuffling);
        progress.epoch += 1;
        progress.samples += x.rows;
        if (desc->progress == NULL) continue;
        if (!desc->progress(desc->user, &progress)) return FFNN_OK;
        /* progress may have changed the network, though it should not. */
        ffnn_status status = ffnn__check_training(net, &x, &y);
        if (status == FFNN_OK) status = ffnn__check_computed_loss(net);
        if (status == FFNN_OK) status = ffnn__reserve_step(net, desc->batch_size);
        if (status != FFNN_OK) return status;
    }
    return FFNN_OK;
}

/* Trains on all batches. Returns the mean of their losses, each weighted by its samples; 0 without
   a progress callback. */
static float ffnn__epoch(ffnn_net *net, ffnn_tensor x, ffnn_tensor y, const ffnn_fit_desc *desc,
                         const ffnn__shuffling *shuffling) {
    double sum = 0;
    float loss = 0, *loss_or_null = desc->progress != NULL ? &loss : NULL;
    for (size_t first = 0; first < x.rows; first += desc->batch_size) {
        size_t rows = x.rows - first < desc->batch_size ? x.rows - first : desc->batch_size;
        const size_t *order = shuffling->order;
        ffnn_tensor inputs = ffnn__gather_rows(x, shuffling->batch_x, order, first, rows);
        ffnn_tensor targets = ffnn__gather_rows(y, shuffling->batch_y, order, first, rows);
        ffnn_tensor weights = desc->sample_weights; /* data is NULL if there are none */
        if (ffnn__is_given(weights))
            weights = ffnn__gather_rows(weights, shuffling->batch_weights, order, first, rows);
        ffnn__reserve(net, rows); /* cannot fail: there is room for batch_size */
        ffnn__step(net, inputs, targets, weights.data, desc->learning_rate, loss_or_null);
        sum += (double)loss * (double)rows;
    }
    return (float)(sum / (double)x.rows);
}

/* The rows of a batch: a view of all or, if order is not NULL, copies gathered into batch. */
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

/* ffnn_predict and ffnn_evaluate share one loop over the samples, a chunk at a time; only
   predictions of small networks have their own. x and y are all samples; ffnn_predict writes to y,
   ffnn_evaluate compares with it. */
typedef struct ffnn__pass {
    ffnn_tensor x, y;
    size_t chunk; /* samples */
    double *loss; /* NULL: predict */
    /* Adds a chunk's losses to *loss. A pointer, so that a program that only predicts links neither
       losses nor logarithms: 8 KB on a Cortex-M4. */
    void (*add_losses)(double *loss, const ffnn_net *net, ffnn_tensor z, ffnn_tensor a,
                       ffnn_tensor y);
} ffnn__pass;

#ifdef FFNN__SIMD
static inline void ffnn__predict_small(const ffnn_net *net, const ffnn_tensor *x,
                                       const ffnn_tensor *output);
#endif
static inline ffnn_status ffnn__pass_over(const ffnn_net *net, ffnn__pass *pass);
static void ffnn__run_on_stack(const ffnn_net *net, const ffnn__pass *pass);
static ffnn_status ffnn__run_on_heap(const ffnn_net *net, const ffnn__pass *pass, size_t size);
static void ffnn__run_pass(const ffnn_net *net, const ffnn__pass *pass, float *buffer,
                           float *other_buffer);

FFNNDEF ffnn_status ffnn_predict(const ffnn_net *net, ffnn_tensor x, ffnn_tensor output) {
    ffnn_status status = ffnn__check_batch(net, &x, &output);
    if (status != FFNN_OK) return status;
    if (ffnn__overlap(output, x)) return FFNN_ERROR_ARGUMENT;
#ifdef FFNN__SIMD
    if (ffnn__is_small(net)) {
        ffnn__predict_small(net, &x, &output);
        return FFNN_OK;
    }
#endif
    ffnn__pass pass = {x, output, 0, NULL, NULL};
    return ffnn__pass_over(net, &pass);
}

static void ffnn__add_losses(double *loss, const ffnn_net *net, ffnn_tensor z, ffnn_tensor a,
                             ffnn_tensor y) {
    ffnn_activation last = net->layers[net->layer_count - 1].activation;
    *loss += ffnn__sum_of_losses(net->loss, last, z, a.data, y.data);
}

FFNNDEF ffnn_status ffnn_evaluate(const ffnn_net *net, ffnn_tensor x, ffnn_tensor y, float *loss) {
    double sum = 0;
    ffnn_status status = ffnn__check_batch(net, &x, &y);
    if (status == FFNN_OK) status = ffnn__check_loss(net);
    if (status == FFNN_OK) status = ffnn__check_computed_loss(net);
    if (status == FFNN_OK && loss == NULL) status = FFNN_ERROR_ARGUMENT;
    if (status != FFNN_OK) return status;
    ffnn__pass pass = {x, y, 0, &sum, ffnn__add_losses};
    status = ffnn__pass_over(net, &pass);
    if (status != FFNN_OK) return status;
    ffnn_activation last = net->layers[net->layer_count - 1].activation;
    *loss = (float)(sum / ffnn__loss_count(last, y.rows, y.cols));
    return FFNN_OK;
}

/* Floats of one of the two buffers in which the layers' activations lie: on the stack of
   ffnn__pass_over or ffnn__predict_small if the first number is enough, on that of
   ffnn__run_on_stack if the second is, else on the heap. */
enum {
#ifdef FFNN_NO_SIMD
    FFNN__SMALL_STACK = 32, /* 256 bytes in all */
    FFNN__LARGE_STACK = 96  /* 768 bytes */
#else
    FFNN__SMALL_STACK = FFNN__SMALL, /* 512 bytes: any layer of a small network, one sample */
    FFNN__MIDDLE_STACK = 320,        /* 2.5 KB: many samples of a small network, 4 KB in all */
    FFNN__LARGE_STACK = 480          /* 3.75 KB, so that predicting takes 4 KB in all */
#endif
};

#ifdef FFNN__SIMD
/* As many samples at a time as the buffers hold. Not inlined, as ffnn__run_on_stack. */
FFNN__NOINLINE static void ffnn__predict_many_small(const ffnn_net *net, const ffnn_tensor *x,
                                                    const ffnn_tensor *output) {
    float buffers[2][FFNN__MIDDLE_STACK];
    float *outputs[] = {buffers[0], buffers[1], output->data}; /* see ffnn__small_forward */
    const float *input = x->data;
    size_t max_rows = FFNN__MIDDLE_STACK / net->max_units;
    for (size_t left = x->rows; left > 0;) {
        size_t rows = left < max_rows ? left : max_rows;
        ffnn__small_forward(net->layers, net->layer_count, input, rows, outputs);
        input += rows * x->cols;
        outputs[2] += rows * output->cols;
        left -= rows;
    }
}

/* One sample always fits the small buffers: no division. */
static inline void ffnn__predict_small(const ffnn_net *net, const ffnn_tensor *x,
                                       const ffnn_tensor *output) {
    float buffers[2][FFNN__SMALL_STACK];
    float *outputs[] = {buffers[0], buffers[1], output->data};
    bool fits = x->rows == 1 || x->rows <= FFNN__SMALL_STACK / net->max_units;
    if (fits) ffnn__small_forward(net->layers, net->layer_count, x->data, x->rows, outputs);
    else ffnn__predict_many_small(net, x, output);
}
#endif

static inline ffnn_status ffnn__pass_over(const ffnn_net *net, ffnn__pass *pass) {
    const size_t max_rows = 256; /* so that a chunk's activations stay in the cache: chosen */
    float buffers[2][FFNN__SMALL_STACK];
    pass->chunk = pass->x.rows < max_rows ? pass->x.rows : max_rows;
    /* A small network's calls cost little: chunks stay on the small stack if it holds 4 samples. */
    bool fits_small_stack =
        net->max_weights <= FFNN__SMALL && net->max_units <= FFNN__SMALL_STACK / 4;
    if (fits_small_stack && pass->chunk * net->max_units > FFNN__SMALL_STACK)
        pass->chunk = FFNN__SMALL_STACK / net->max_units;
    size_t size = ffnn__count_or_max(pass->chunk, net->max_units);
    if (size > FFNN__LARGE_STACK) return ffnn__run_on_heap(net, pass, size);
    if (size <= FFNN__SMALL_STACK) ffnn__run_pass(net, pass, buffers[0], buffers[1]);
    else ffnn__run_on_stack(net, pass);
    return FFNN_OK;
}

/* Not inlined: so the buffers are on no other function's stack. */
FFNN__NOINLINE static void ffnn__run_on_stack(const ffnn_net *net, const ffnn__pass *pass) {
    float buffers[2][FFNN__LARGE_STACK];
    ffnn__run_pass(net, pass, buffers[0], buffers[1]);
}

FFNN__NOINLINE static ffnn_status ffnn__run_on_heap(const ffnn_net *net, const ffnn__pass *pass,
                                                    size_t size) {
    size_t total = 0, used = 0;
    ffnn__carve(NULL, &total, size);
    ffnn__carve(NULL, &total, size);
    if (total > SIZE_MAX / sizeof(float)) return FFNN_ERROR_MEMORY;
    float *memory = (float *)FFNN_MALLOC(total * sizeof(float));
    if (memory == NULL) return FFNN_ERROR_MEMORY;
    float *buffer = ffnn__carve(memory, &used, size), *other = ffnn__carve(memory, &used, size);
    ffnn__run_pass(net, pass, buffer, other);
    FFNN_FREE(memory);
    return FFNN_OK;
}

/* The layers take turns in the two buffers: each reads from one of them and writes to the other.
   If chunks have 16 samples or more, the last one has at least 8, below which a view's last bits
   would differ: see ffnn__run_transposed. */
static void ffnn__run_pass(const ffnn_net *net, const ffnn__pass *pass, float *buffer,
                           float *other_buffer) {
    size_t last = net->layer_count - 1, outputs = pass->y.cols, rows;
    for (size_t first = 0; first < pass->x.rows; first += rows) {
        rows = ffnn__next_part(pass->x.rows - first, pass->chunk);
        const float *input = pass->x.data + first * pass->x.cols;
        float *y = pass->y.data + first * outputs, *z = buffer, *other = other_buffer;
        for (size_t i = 0; i < last; ++i) {
            float *a = z;
            ffnn__forward_layer(net, i, input, rows, z, a);
            input = a;
            z = other;
            other = a;
        }
        if (pass->loss == NULL) {
            ffnn__forward_layer(net, last, input, rows, z, y);
            continue;
        }
        ffnn__affine(net, last, input, rows, z);
        float *a = other; /* the input is not needed any more */
        ffnn__activate(net->layers[last].activation, net->layers[last].alpha, a, z, rows, outputs);
        pass->add_losses(pass->loss, net, ffnn_view(z, rows, outputs),
                         ffnn_view(a, rows, outputs), ffnn_view(y, rows, outputs));
    }
}

/* ---- random numbers ---------------------------------------------------------------------- */
/* MT19937 by Matsumoto and Nishimura, 1998, and the numbers that PyTorch makes of its outputs. */

enum { FFNN__STATE_SIZE = 624 };

FFNN__WRAPS FFNNDEF void ffnn_rng_seed(ffnn_rng *rng, uint64_t seed) {
    if (rng == NULL) return;
    memset(rng, 0, sizeof *rng);
    rng->seeded = 1;
    rng->state[0] = (uint32_t)(seed & 0xffffffffu);
    for (uint32_t i = 1; i < FFNN__STATE_SIZE; ++i)
        rng->state[i] = 1812433253u * (rng->state[i - 1] ^ (rng->state[i - 1] >> 30)) + i;
}

static uint32_t ffnn__twist(uint32_t old, uint32_t next, uint32_t distant) {
    uint32_t mixed = (old & 0x80000000u) | (next & 0x7fffffffu);
    return distant ^ (mixed >> 1) ^ ((next & 1u) ? 0x9908b0dfu : 0u);
}

/* The next 624 outputs, yet to be tempered. A loop ends where an index would begin again at 0: one
   loop with indices modulo 624 takes five times as long. */
static void ffnn__rng_refill(ffnn_rng *rng) {
    uint32_t *state = rng->state;
    const size_t distance = 397, rest = FFNN__STATE_SIZE - distance;
    size_t i = 0;
    if (!rng->seeded) ffnn_rng_seed(rng, 0);
    for (; i < rest; ++i) state[i] = ffnn__twist(state[i], state[i + 1], state[i + distance]);
    for (; i + 1 < FFNN__STATE_SIZE; ++i)
        state[i] = ffnn__twist(state[i], state[i + 1], state[i - rest]);
    state[i] = ffnn__twist(state[i], state[0], state[i - rest]);
    rng->remaining = FFNN__STATE_SIZE;
}

FFNN__WRAPS static uint32_t ffnn__temper(uint32_t x) {
    x ^= x >> 11;
    x ^= (x << 7) & 0x9d2c5680u;
    x ^= (x << 15) & 0xefc60000u;
    return x ^ (x >> 18);
}

static uint32_t ffnn__rng_next(ffnn_rng *rng) {
    if (rng->remaining == 0) ffnn__rng_refill(rng);
    rng->remaining -= 1;
    return ffnn__temper(rng->state[FFNN__STATE_SIZE - 1 - rng->remaining]);
}

FFNNDEF void ffnn_rng_discard(ffnn_rng *rng, uint64_t count) {
    if (rng == NULL) return;
    while (count > rng->remaining) {
        count -= rng->remaining;
        ffnn__rng_refill(rng);
    }
    rng->remaining -= (uint32_t)count;
}

/* In [0, 1), with 24 random bits. Signed integers are converted faster. */
static float ffnn__uniform_float(uint32_t output) {
    return (float)(int32_t)(output & 0xffffffu) / 16777216;
}

/* torch.nn.Linear's: uniform in [-1 / sqrt(inputs), 1 / sqrt(inputs)), column by column, which is
   row by row in PyTorch's outputs x inputs. */
static void ffnn__draw_linear(ffnn_tensor parameter, size_t inputs, ffnn_rng *rng) {
    float high = (float)(1 / sqrt((double)inputs)), low = -high, range = high - low;
    for (size_t col = 0; col < parameter.cols; ++col) {
        for (size_t row = 0; row < parameter.rows; ++row) {
            double uniform = (double)ffnn__uniform_float(ffnn__rng_next(rng));
            float *element = &parameter.data[row * parameter.cols + col];
            *element = (float)(uniform * (double)range + (double)low);
        }
    }
}

/* In [0, 1), with 53 random bits. */
static double ffnn__uniform(ffnn_rng *rng) {
    uint64_t high = ffnn__rng_next(rng), low = ffnn__rng_next(rng);
    uint64_t bits = ((high << 32) | low) & 0x1fffffffffffffu;
    return (double)bits / (double)9007199254740992.0L; /* 2^53 */
}

/* Box-Muller in double. It makes numbers in pairs: the second one is kept for the next call. */
static float ffnn__normal(ffnn_rng *rng) {
    if (rng->has_kept) {
        rng->has_kept = 0;
        return (float)rng->kept;
    }
    double theta = 2 * FFNN__PI * ffnn__uniform(rng);
    double radius = sqrt(-2 * FFNN__LOG1P(-ffnn__uniform(rng)));
    rng->kept = radius * sin(theta);
    rng->has_kept = 1;
    return (float)(radius * cos(theta));
}

/* 16 uniform floats, with 24 random bits each. Those that need no refill between them are computed
   in a loop that compilers make vectors of: it takes a third of the time. */
static void ffnn__uniform_block(float *x, ffnn_rng *rng) {
    const uint32_t *state = rng->state + (FFNN__STATE_SIZE - rng->remaining);
    if (rng->remaining < 16) {
        for (size_t i = 0; i < 16; ++i) x[i] = ffnn__uniform_float(ffnn__rng_next(rng));
        return;
    }
    for (size_t i = 0; i < 16; ++i) x[i] = ffnn__uniform_float(ffnn__temper(state[i]));
    rng->remaining -= 16;
}

FFNNDEF ffnn_status ffnn_randn(ffnn_tensor dst, ffnn_rng *rng) {
    const size_t block = 16; /* as in PyTorch's normal_fill */
    ffnn_status status = rng == NULL ? FFNN_ERROR_ARGUMENT : ffnn__validate(dst);
    if (status != FFNN_OK) return status;
    size_t count = dst.rows * dst.cols;
    if (count < block) {
        for (size_t i = 0; i < count; ++i) dst.data[i] = ffnn__normal(rng);
        return FFNN_OK;
    }
    size_t i = 0; /* in two passes: loading a vector right after two half-width stores stalls */
    for (; i + block <= count; i += block) ffnn__uniform_block(dst.data + i, rng);
    ffnn__box_muller(dst.data, i / block);
    if (i < count) { /* as PyTorch: draws for the rest are discarded, the last 16 drawn again */
        ffnn_rng_discard(rng, count - i);
        ffnn__uniform_block(dst.data + count - block, rng);
        ffnn__box_muller(dst.data + count - block, 1);
    }
    return FFNN_OK;
}

/* The same with 64 bits a draw, each place drawing from itself and those before it. */
static void ffnn__shuffle_huge(size_t *order, size_t count, ffnn_rng *rng) {
    for (size_t i = 0; i < count; ++i) {
        uint64_t high = ffnn__rng_next(rng), low = ffnn__rng_next(rng);
        size_t other = (size_t)((high << 32 | low) % (i + 1));
        order[i] = i;
        order[i] = order[other];
        order[other] = i;
    }
}

/* order = torch.randperm(count): a Fisher-Yates shuffle, each place drawing from itself and those
   after it. The remainder is biased by at most count / 2^32: PyTorch 2 shuffles 214 million samples
   or more in another way, PyTorch 1.13 does not. */
static void ffnn__shuffle(size_t *order, size_t count, ffnn_rng *rng) {
    const uint64_t wide_count = count; /* size_t may have 16 bits */
    if (wide_count >= UINT32_MAX / 20) {
        ffnn__shuffle_huge(order, count, rng);
        return;
    }
    for (size_t i = 0; i < count; ++i) order[i] = i;
    for (size_t i = 0; i + 1 < count; ++i) {
        size_t other = i + (size_t)(ffnn__rng_next(rng) % (count - i));
        size_t swapped = order[i];
        order[i] = order[other];
        order[other] = swapped;
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
    int decimals;       /* 0 for whole numbers, else 4 */
    bool is_scientific; /* 1.0000e+05 */
    size_t width;       /* of an element */
} ffnn__printer;

/* In a summary the rows and columns from FFNN__PRINT_EDGE on are the last ones. */
static const float *ffnn__element_shown(const ffnn__printer *printer, size_t row, size_t col) {
    if (row >= FFNN__PRINT_EDGE) row += printer->t.rows - printer->rows;
    if (col >= FFNN__PRINT_EDGE) col += printer->t.cols - printer->cols;
    return &printer->t.data[row * printer->t.cols + col];
}

static bool ffnn__is_inf(const float *value) {
    uint32_t bits;
    memcpy(&bits, value, sizeof bits);
    return (bits & 0x7fffffffu) == 0x7f800000u;
}

/* The text of a number in any locale: always a point, also after a whole number, and no sign
   before nan. Returns its length. */
static size_t ffnn__number_text(char text[64], const ffnn__printer *printer, const float *value) {
    char raw[64];
    if (ffnn__is_nan(value)) return (size_t)snprintf(text, 64, "nan");
    if (ffnn__is_inf(value)) return (size_t)snprintf(text, 64, "%s", *value > 0 ? "inf" : "-inf");
    if (printer->is_scientific) snprintf(raw, sizeof raw, "%.4e", (double)*value);
    else snprintf(raw, sizeof raw, "%.*f", printer->decimals, (double)*value);
    size_t digits = strspn(raw, "-0123456789"); /* up to the locale's decimal point, or the end */
    const char *fraction = raw + digits + strcspn(raw + digits, "0123456789");
    return (size_t)snprintf(text, 64, "%.*s.%s", (int)digits, raw, fraction);
}

/* Only finite nonzero elements decide the format. */
static bool ffnn__decides_format(const float *value) {
    if (ffnn__is_nan(value) || ffnn__is_inf(value)) return false;
    return *value < 0 || *value > 0;
}

static void ffnn__choose_format(ffnn__printer *printer) {
    double min = (double)FLT_MAX, max = 0;
    bool are_whole = true;
    size_t count = printer->rows * printer->cols;
    for (size_t i = 0; i < count; ++i) {
        const float *value = ffnn__element_shown(printer, i / printer->cols, i % printer->cols);
        if (!ffnn__decides_format(value)) continue;
        double magnitude = fabs((double)*value);
        if (magnitude < min) min = magnitude;
        if (magnitude > max) max = magnitude;
        if (magnitude > floor(magnitude)) are_whole = false;
    }
    bool has_tiny = !are_whole && min < (double)1e-4L;
    printer->decimals = are_whole ? 0 : 4;
    printer->is_scientific = max / min > 1000 || max > (double)1e8L || has_tiny;
    for (size_t i = 0; i < count; ++i) {
        const float *value = ffnn__element_shown(printer, i / printer->cols, i % printer->cols);
        char text[64];
        if (!ffnn__decides_format(value)) continue;
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

FFNNDEF ffnn_status ffnn_print(FILE *out, ffnn_tensor t) {
    const size_t max = 2 * FFNN__PRINT_EDGE;
    if (out == NULL) return FFNN_ERROR_ARGUMENT;
    if (t.rows == 0 || t.cols == 0) {
        fprintf(out, "tensor([], size=(%lu, %lu))\n", (unsigned long)t.rows, (unsigned long)t.cols);
        return ferror(out) ? FFNN_ERROR_IO : FFNN_OK;
    }
    ffnn_status status = ffnn__validate(t);
    if (status != FFNN_OK) return status;
    ffnn__printer printer = {t, t.rows, t.cols, 0, false, 1};
    bool is_summary = t.rows * t.cols > FFNN__PRINT_THRESHOLD;
    if (is_summary && t.rows > max) printer.rows = max;
    if (is_summary && t.cols > max) printer.cols = max;
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

#endif /* FFNN_NO_STDIO */

/* ---- JSON -------------------------------------------------------------------------------- */
/* A reader for one pass over a text, after RFC 8259. */

enum { FFNN__MAX_NESTING = 64 }; /* of values that are skipped: one bit each in a uint64_t */

/* A JSON text that is being read. The first error ends it: from then on it looks empty. */
typedef struct ffnn__json {
    const unsigned char *at, *end;
    bool failed;
    bool is_first;  /* a bracket was just opened: no comma comes next */
    char *string;   /* the last string read, in UTF-8, zero-terminated */
    size_t length;  /* of string */
    char *text;     /* where the next string is put: as much memory as the text that is read */
} ffnn__json;

static int ffnn__json_peek(const ffnn__json *json) {
    return json->at < json->end ? *json->at : -1;
}

static int ffnn__json_next(ffnn__json *json) {
    int c = ffnn__json_peek(json);
    if (c >= 0) ++json->at;
    return c;
}

/* The first error: nothing is left to read. */
static void ffnn__json_fail(ffnn__json *json) {
    json->failed = true;
    json->at = json->end;
}

static void ffnn__json_space(ffnn__json *json) {
    while (json->at < json->end && memchr(" \t\n\r", *json->at, 4) != NULL) ++json->at;
}

/* Skips white space, then c; false if something else comes first. c must be positive: the end is
   -1, which a negative char might equal. */
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

/* Steps over null, if it comes next. */
static bool ffnn__json_null(ffnn__json *json) {
    ffnn__json_space(json);
    return ffnn__json_word(json, "null");
}

/* Whether there was no error and only white space is left. */
static bool ffnn__json_ended(ffnn__json *json) {
    ffnn__json_space(json);
    return !json->failed && json->at == json->end;
}

/* Steps over an opening bracket, { or [. */
static void ffnn__json_open(ffnn__json *json, char open) {
    ffnn__json_expect(json, open);
    json->is_first = true;
}

/* Whether another value comes before the closing bracket; steps over the comma, or the bracket. */
static bool ffnn__json_more(ffnn__json *json, char close) {
    bool is_first = json->is_first;
    json->is_first = false;
    if (ffnn__json_accept(json, close)) return false;
    if (!is_first) ffnn__json_expect(json, ',');
    return !json->failed;
}

/* Appends the code point c in UTF-8, 0 in two bytes since a zero ends a string. Returns the new
   end. */
static char *ffnn__append_utf8(char *at, long c) {
    if (c > 0 && c < 0x80) {
        *at++ = (char)c;
        return at;
    }
    int more = 1; /* bytes after the first */
    if (c >= 0x800) more = 2;
    if (c >= 0x10000) more = 3;
    static const int lead[] = {0, 0xC0, 0xE0, 0xF0};
    *at++ = (char)(lead[more] | (int)(c >> (6 * more)));
    while (more > 0) {
        --more;
        *at++ = (char)(0x80 | (int)(c >> (6 * more) & 0x3F));
    }
    return at;
}

/* Where c stands among so many bytes below 0x80, from 0; -1 if nowhere, as the end of the text. */
static int ffnn__json_find(const char *bytes, size_t count, int c) {
    const char *found = (const char *)memchr(bytes, c, count);
    return found == NULL ? -1 : (int)(found - bytes);
}

/* The number that four hex digits make, or -1. */
static long ffnn__json_hex4(ffnn__json *json) {
    static const char digits[] = "0123456789abcdef0123456789ABCDEF";
    long value = 0; /* an int may have 16 bits */
    for (int i = 0; i < 4; ++i) {
        int digit = ffnn__json_find(digits, 32, ffnn__json_next(json));
        if (digit < 0) return -1;
        value = value * 16 + digit % 16;
    }
    return value;
}

/* The code point that a backslash and what follows stand for; -1 if none. */
static long ffnn__json_escape(ffnn__json *json) {
    static const char from[] = "\"\\/bfnrt", to[] = "\"\\/\b\f\n\r\t";
    int c = ffnn__json_next(json);
    int found = ffnn__json_find(from, sizeof from - 1, c);
    if (found >= 0) return to[found];
    if (c != 'u') return -1;
    long high = ffnn__json_hex4(json);
    if (high < 0xD800 || high > 0xDFFF) return high;
    /* A surrogate: good only as the first half of a pair. */
    if (high > 0xDBFF || !ffnn__json_word(json, "\\u")) return -1;
    long low = ffnn__json_hex4(json);
    if (low < 0xDC00 || low > 0xDFFF) return -1;
    return 0x10000 + (high - 0xD800) * 0x400 + (low - 0xDC00);
}

/* Reads the rest of a UTF-8 character that begins with lead; false if it is none. The ranges are
   those of table 3-7 of the Unicode standard. */
static bool ffnn__json_utf8(ffnn__json *json, int lead) {
    if (lead < 0xC2 || lead > 0xF4) return false;
    int low = 0x80, high = 0xBF; /* of the next byte */
    if (lead == 0xE0) low = 0xA0;
    if (lead == 0xED) high = 0x9F;
    if (lead == 0xF0) low = 0x90;
    if (lead == 0xF4) high = 0x8F;
    int more = 1; /* bytes */
    if (lead >= 0xE0) more = 2;
    if (lead >= 0xF0) more = 3;
    for (; more > 0; --more) {
        int c = ffnn__json_next(json);
        if (c < low || c > high) return false;
        low = 0x80;
        high = 0xBF;
    }
    return true;
}

/* Reads a string into json->string, over the one before unless that was kept. */
static void ffnn__json_string(ffnn__json *json) {
    char *at = json->text;
    ffnn__json_expect(json, '"');
    while (!json->failed) {
        const unsigned char *begin = json->at;
        int c = ffnn__json_next(json);
        if (c == '"') break;
        if (c == '\\') {
            long escaped = ffnn__json_escape(json);
            if (escaped < 0) ffnn__json_fail(json);
            else at = ffnn__append_utf8(at, escaped);
        } else if (c < 0x20 || (c >= 0x80 && !ffnn__json_utf8(json, c))) {
            ffnn__json_fail(json); /* a control character, the end, or no UTF-8 */
        } else {
            while (begin < json->at) *at++ = (char)*begin++;
        }
    }
    *at = '\0';
    json->string = json->text;
    json->length = (size_t)(at - json->text);
}

/* ffnn__json_more for an object: whether another member comes; reads its name and the colon. */
static bool ffnn__json_member(ffnn__json *json) {
    if (!ffnn__json_more(json, '}')) return false;
    ffnn__json_string(json);
    ffnn__json_expect(json, ':');
    return !json->failed;
}

/* The last string is not overwritten by the next one. After an error memory for a next one is not
   sure to be left, but then ffnn__json_member is false and none is read. */
static void ffnn__json_keep(ffnn__json *json) { json->text += json->length + 1; }

/* Whether the last string is this one. */
static bool ffnn__json_is(const ffnn__json *json, const char *string) {
    return json->length == strlen(string) && memcmp(json->string, string, json->length) == 0;
}

static void ffnn__json_digits(ffnn__json *json) {
    const unsigned char *begin = json->at;
    while (ffnn__json_peek(json) >= '0' && ffnn__json_peek(json) <= '9') ++json->at;
    if (json->at == begin) ffnn__json_fail(json);
}

/* A number of digits only, below 2^64. "01" reads as 0; the caller then fails at the 1. */
static uint64_t ffnn__json_unsigned(ffnn__json *json) {
    uint64_t value = 0;
    ffnn__json_space(json);
    if (ffnn__json_word(json, "0")) return 0;
    const unsigned char *at = json->at;
    ffnn__json_digits(json);
    if (json->failed) return 0;
    for (; at < json->at; ++at) {
        uint64_t digit = (uint64_t)*at - '0';
        if (value > UINT64_MAX / 10 || value * 10 > UINT64_MAX - digit) {
            ffnn__json_fail(json);
            return 0;
        }
        value = value * 10 + digit;
    }
    return value;
}

/* Steps over a string, true, false, null or number. */
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

/* Steps over any value. Instead of a stack there is one bit for each open bracket, 1 for an
   object. */
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
        if (depth == FFNN__MAX_NESTING && (c == '{' || c == '[')) {
            ffnn__json_fail(json);
        } else if (c == '{' || c == '[') {
            ffnn__json_open(json, (char)c);
            objects = objects << 1 | (c == '{');
            ++depth;
        } else {
            ffnn__json_skip_scalar(json);
        }
    } while (depth > 0 && !json->failed);
}

/* ---- numbers of a file ------------------------------------------------------------------- */
/* Weights as F32, F16, BF16 or F64, and decimal numbers in the metadata. All as integers, so that no
   flag of the compiler and no mode of the processor changes a number. */

static bool ffnn__is_little_endian(void) {
    const uint16_t one = 1;
    return *(const unsigned char *)&one == 1;
}

/* Floats to or from the file's little-endian bytes: the same copy both ways. */
static void ffnn__copy_little_endian(void *to, const void *from, size_t count) {
    if (ffnn__is_little_endian()) {
        memcpy(to, from, count * sizeof(float));
        return;
    }
    const unsigned char *bytes = (const unsigned char *)from;
    for (size_t i = 0; i < count * sizeof(float); ++i) ((unsigned char *)to)[i] = bytes[i ^ 3];
}

/* Of a float's bits; no enumerators, since those are ints. */
#define FFNN__SIGN_BIT 0x80000000u
#define FFNN__INFINITY_BITS 0x7f800000u
#define FFNN__QUIET_NAN_BIT 0x400000u

/* The bits of the float nearest to m 2^(power - 64), ties to even; infinity's if it is too large.
   The highest bit of m is set. */
static uint32_t ffnn__round_to_float(uint64_t m, int power) {
    const int least = -149; /* of the powers of 2 that are floats: subnormal ones have fewer bits */
    int kept = power - least < FLT_MANT_DIG ? power - least : FLT_MANT_DIG, dropped = 32 - kept;
    if (kept < 0) return 0;
    if (power > FLT_MAX_EXP) return FFNN__INFINITY_BITS;
    /* Of the lower half it only counts whether it is 0. */
    uint64_t high = (m >> 32) | ((m & 0xffffffffu) != 0);
    high = (high + ((uint64_t)1 << (dropped - 1)) - 1 + (high >> dropped) % 2) >> dropped;
    /* The highest bit kept of a normal number adds 1 to its exponent, as does rounding up to the
       next power of 2. */
    uint32_t exponent = power > FLT_MIN_EXP ? (uint32_t)(power - FLT_MIN_EXP) : 0;
    return (exponent << (FLT_MANT_DIG - 1)) + (uint32_t)high;
}

/* How numbers stand in a file: as IEEE 754 has them, a sign, an exponent, a fraction. */
typedef struct ffnn__format {
    const char *dtype;
    unsigned char size; /* bytes */
    unsigned char exponent_bits, fraction_bits;
} ffnn__format;

/* Those that become floats; the first one is that of floats. */
static const ffnn__format ffnn__formats[] = {
    {"F32", 4, 8, 23}, {"F16", 2, 5, 10}, {"BF16", 2, 8, 7}, {"F64", 8, 11, 52}};

static bool ffnn__is_of_floats(const ffnn__format *format) { return format == ffnn__formats; }

/* A number of a file as the nearest float. NaN stays NaN. */
static void ffnn__convert_number(float *to, const unsigned char *from, const ffnn__format *format) {
    uint64_t number = 0;
    for (size_t i = format->size; i > 0; --i) number = number << 8 | from[i - 1];
    int max_exponent = (1 << format->exponent_bits) - 1, bias = max_exponent / 2;
    int exponent = (int)(number >> format->fraction_bits & (unsigned)max_exponent);
    uint64_t fraction = number & (((uint64_t)1 << format->fraction_bits) - 1);
    uint64_t m = fraction << (63 - format->fraction_bits); /* behind the top bit */
    uint32_t bits = 0;
    if (exponent == max_exponent) {
        bits = FFNN__INFINITY_BITS | (uint32_t)(m >> 40);
        if (m != 0) bits |= FFNN__QUIET_NAN_BIT; /* its payload may have lost all bits */
    } else if (exponent > 0) {
        bits = ffnn__round_to_float(m | (uint64_t)1 << 63, exponent - bias + 1);
    } else if (m != 0) {
        int power = 2 - bias;
        for (; m >> 63 == 0; m <<= 1) --power;
        bits = ffnn__round_to_float(m, power);
    }
    bool is_negative = from[format->size - 1] >= 0x80;
    if (is_negative) bits |= FFNN__SIGN_BIT;
    memcpy(to, &bits, sizeof bits);
}

static void ffnn__to_floats(float *to, const unsigned char *from, size_t count,
                            const ffnn__format *format) {
    if (ffnn__is_of_floats(format)) {
        ffnn__copy_little_endian(to, from, count);
        return;
    }
    for (size_t i = 0; i < count; ++i) ffnn__convert_number(to + i, from + i * format->size, format);
}

/* Both copy to the end of a text, without terminating it, and return the new end. */
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

/* A decimal number: mantissa * 10^exponent. */
typedef struct ffnn__decimal {
    uint64_t mantissa;
    int32_t exponent; /* far from its limits: no header has 100,000,001 digits */
    bool is_negative;
} ffnn__decimal;

static bool ffnn__is_digit(char c) { return c >= '0' && c <= '9'; }

/* Reads a digit of a decimal number; false if there is none. Those after the 18th do not count. */
static bool ffnn__read_digit(const char **at, ffnn__decimal *number, bool is_fraction) {
    if (!ffnn__is_digit(**at)) return false;
    bool counts = number->mantissa < UINT64_MAX / 100;
    if (counts) number->mantissa = 10 * number->mantissa + (uint64_t)(**at - '0');
    if (counts == is_fraction) number->exponent += counts ? -1 : 1;
    ++*at;
    return true;
}

/* Reads -1.5e-3 or a part of it: a number in JSON's way of writing them, which begins at text.
   Returns its end; text if there is none. */
static const char *ffnn__read_decimal(const char *text, ffnn__decimal *number) {
    const char *at = text;
    int32_t power = 0;
    memset(number, 0, sizeof *number);
    number->is_negative = *at == '-';
    if (*at == '-') ++at;
    bool has_leading_zero = at[0] == '0' && ffnn__is_digit(at[1]);
    if (has_leading_zero || !ffnn__read_digit(&at, number, false)) return text;
    while (ffnn__read_digit(&at, number, false)) continue;
    if (*at == '.') {
        ++at;
        if (!ffnn__read_digit(&at, number, true)) return text;
        while (ffnn__read_digit(&at, number, true)) continue;
    }
    if (*at != 'e' && *at != 'E') return at;
    ++at;
    bool is_negative_power = *at == '-';
    if (*at == '-' || *at == '+') ++at;
    if (!ffnn__is_digit(*at)) return text;
    for (; ffnn__is_digit(*at); ++at)
        if (power < 100000000) power = 10 * power + (*at - '0'); /* more than digits can undo */
    number->exponent += is_negative_power ? -power : power;
    return at;
}

/* The nearest float; false if the number is too large. Without double and without a division, which
   are 2 KB of code on a Cortex-M4: m's highest bit stays at the top, and each step to another power
   of 10 loses at most 2^-60 of it. */
static bool ffnn__decimal_to_float(const ffnn__decimal *number, float *value) {
    uint64_t m = number->mantissa;
    int32_t exponent = number->exponent;
    int power = 64; /* the number is m 2^(power - 64) 10^exponent */
    *value = 0;
    if (m == 0 || exponent < -80) return true;
    if (exponent > 40) return false;
    for (;;) {
        for (; m >> 63 == 0; m <<= 1) --power;
        if (exponent == 0) break;
        if (exponent > 0) {
            m = (m >> 1) + (m >> 3); /* 10 / 2^4 */
            power += 4;
            --exponent;
        } else { /* 0.8 = 3/4 (1 + 2^-4) (1 + 2^-8) (1 + 2^-16) (1 + 2^-32), over 2^3 */
            m = (m >> 1) + (m >> 2);
            for (int shift = 4; shift <= 32; shift *= 2) m += m >> shift;
            power -= 3;
            ++exponent;
        }
    }
    uint32_t bits = ffnn__round_to_float(m, power);
    bool is_finite = bits < FFNN__INFINITY_BITS;
    if (number->is_negative) bits |= FFNN__SIGN_BIT;
    memcpy(value, &bits, sizeof bits);
    return is_finite;
}

/* A decimal number of so many digits and this exponent, in JSON's way of writing it. Returns the
   end. */
static char *ffnn__append_decimal(char *at, uint32_t digits, int exponent) {
    char text[24];
    while (digits % 10 == 0) {
        digits /= 10;
        ++exponent;
    }
    int count = (int)(ffnn__append_number(text, digits) - text), point = count + exponent;
    bool is_scientific = point > 12 || point < -4; /* 1.5e-10 */
    int power = point - 1;
    if (is_scientific) point = 1;
    int begin = point > 0 ? 0 : point - 1, end = count > point ? count : point;
    for (int i = begin; i < end; ++i) { /* zeros before and behind the digits */
        if (i == point) *at++ = '.';
        bool is_digit = i >= 0 && i < count;
        *at++ = (char)(is_digit ? text[i] : '0');
    }
    if (!is_scientific) return at;
    at = ffnn__append_text(at, power < 0 ? "e-" : "e");
    return ffnn__append_number(at, (uint64_t)(power < 0 ? -power : power));
}

/* Whether a decimal number is read as a float below magnitude. */
static bool ffnn__reads_below(uint32_t mantissa, int exponent, float magnitude) {
    ffnn__decimal decimal = {mantissa, exponent, false};
    float read;
    return ffnn__decimal_to_float(&decimal, &read) && read < magnitude;
}

/* The fewest digits that are read as value again: nine are always enough. Found by bisection, so
   that reading alone decides. value is not 0. */
static char *ffnn__append_float(char *at, float value) {
    float magnitude = value < 0 ? -value : value;
    if (value < 0) *at++ = '-';
    int exponent = 38; /* of the last digit */
    while (exponent > -45 && !ffnn__reads_below(1, exponent, magnitude)) --exponent;
    for (uint32_t first = 1;; first *= 10, --exponent) {
        uint32_t low = first, high = 10 * first; /* the least number that is not below is in here */
        while (low < high) {
            uint32_t middle = low + (high - low) / 2;
            if (ffnn__reads_below(middle, exponent, magnitude)) low = middle + 1;
            else high = middle;
        }
        ffnn__decimal decimal = {low, exponent, false};
        float read;
        bool is_same = ffnn__decimal_to_float(&decimal, &read) && !(read > magnitude);
        if (is_same || first == 100000000) return ffnn__append_decimal(at, low, exponent);
    }
}

/* ---- bytes of a file --------------------------------------------------------------------- */

/* The bytes of a weights file: in the caller's memory or, if file is not NULL, read from there into
   memory of its own, the header first, then all the rest or one piece of it after the other. That
   memory is never larger than the file, or grows with what has come: a header that lies about its
   size cannot force a large allocation. */
typedef struct ffnn__source {
    const unsigned char *bytes;
    size_t size;            /* of bytes, so far */
    size_t at;              /* how many of bytes have been used: once it is read, the header is */
    void *file;             /* a FILE *; with FFNN_NO_STDIO that name does not exist */
    unsigned char *memory;  /* holds bytes if they are read from file: start, then an allocation */
    size_t capacity;        /* of memory */
    bool is_allocated;      /* memory is not start */
    uint64_t file_size;     /* 0: not known, as of a pipe */
    bool is_size_trusted;     /* sizes that are asked for can be trusted: allocate them at once */
    unsigned char start[8]; /* the header's size: rejects many a file without an allocation */
} ffnn__source;

/* A source whose bytes are all in the caller's memory. */
static ffnn__source ffnn__source_of(const void *data, size_t size) {
    ffnn__source source;
    memset(&source, 0, sizeof source);
    source.bytes = (const unsigned char *)data;
    source.size = size;
    return source;
}

#ifndef FFNN_NO_STDIO

static FILE *ffnn__open(const char *path);

static void ffnn__source_close(ffnn__source *source) {
    int error = errno; /* of a read that failed */
    if (source->is_allocated) FFNN_FREE(source->memory);
    fclose((FILE *)source->file);
    errno = error;
}

/* Sets *size to the bytes that are left of the file, to 0 if it is not seekable. */
static bool ffnn__find_size(FILE *file, uint64_t *size) {
    long begin = ftell(file);
    *size = 0;
    if (begin < 0 || fseek(file, 0, SEEK_END) != 0) return true;
    long end = ftell(file);
    if (end > begin) *size = (uint64_t)(end - begin);
    return fseek(file, begin, SEEK_SET) == 0;
}

static bool ffnn__source_open(ffnn__source *source, const char *path) {
    memset(source, 0, sizeof *source);
    source->memory = source->start;
    source->bytes = source->start;
    source->capacity = sizeof source->start;
    FILE *file = ffnn__open(path);
    if (file == NULL) return false;
    source->file = file;
    if (ffnn__find_size(file, &source->file_size)) return true;
    ffnn__source_close(source);
    return false;
}

/* At most so many bytes are read or written at once: C libraries of Windows hang at 4 GB. */
#define FFNN__MAX_BYTES ((size_t)(SIZE_MAX < 0x40000000 ? SIZE_MAX : 0x40000000))

static ffnn_status ffnn__read_file(const ffnn__source *source, void *to, size_t size) {
    FILE *file = (FILE *)source->file;
    unsigned char *at = (unsigned char *)to;
    while (size > 0) {
        size_t part = size < FFNN__MAX_BYTES ? size : FFNN__MAX_BYTES;
        if (fread(at, 1, part, file) != part)
            return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
        at += part;
        size -= part;
    }
    return FFNN_OK;
}

/* Once it has failed it writes no more; ferror tells. */
static void ffnn__write_file(FILE *file, const void *bytes, size_t size) {
    const unsigned char *at = (const unsigned char *)bytes;
    while (size > 0 && !ferror(file)) {
        size_t part = size < FFNN__MAX_BYTES ? size : FFNN__MAX_BYTES;
        fwrite(at, 1, part, file);
        at += part;
        size -= part;
    }
}

/* Makes the source's memory larger: for wanted bytes if that many are sure to come, else twice as
   large and 1 KB more, so that on average each byte is copied once. */
static ffnn_status ffnn__source_grow(ffnn__source *source, uint64_t wanted) {
    uint64_t capacity = 2 * (uint64_t)source->capacity + 1024;
    bool is_sure = source->is_size_trusted || wanted <= source->file_size;
    if (is_sure || capacity > wanted) capacity = wanted;
    if (capacity > SIZE_MAX) return FFNN_ERROR_MEMORY;
    unsigned char *memory = (unsigned char *)FFNN_MALLOC((size_t)capacity);
    if (memory == NULL) return FFNN_ERROR_MEMORY;
    memcpy(memory, source->memory, source->size);
    if (source->is_allocated) FFNN_FREE(source->memory);
    source->memory = memory;
    source->bytes = memory;
    source->capacity = (size_t)capacity;
    source->is_allocated = true;
    return FFNN_OK;
}

#endif /* FFNN_NO_STDIO */

/* Reads on until source holds size bytes; FFNN_ERROR_FORMAT if the file ends before, as in all
   functions below. */
static ffnn_status ffnn__source_read(ffnn__source *source, uint64_t size) {
#ifndef FFNN_NO_STDIO
    while (source->file != NULL && source->size < size) {
        ffnn_status status = FFNN_OK;
        if (source->size == source->capacity) status = ffnn__source_grow(source, size);
        if (status != FFNN_OK) return status;
        size_t wanted = source->capacity - source->size;
        if (wanted > size - source->size) wanted = (size_t)(size - source->size);
        status = ffnn__read_file(source, source->memory + source->size, wanted);
        if (status != FFNN_OK) return status;
        source->size += wanted;
    }
#endif
    return source->size < size ? FFNN_ERROR_FORMAT : FFNN_OK;
}

/* FFNN_ERROR_FORMAT if the file goes on after what has been read. */
static ffnn_status ffnn__source_check_end(const ffnn__source *source) {
#ifndef FFNN_NO_STDIO
    FILE *file = (FILE *)source->file;
    if (file != NULL && fgetc(file) != EOF) return FFNN_ERROR_FORMAT;
    if (file != NULL && ferror(file)) return FFNN_ERROR_IO;
#else
    (void)source;
#endif
    return FFNN_OK;
}

/* Reads all of the file, which must end after size bytes. */
static ffnn_status ffnn__source_read_to_end(ffnn__source *source, uint64_t size) {
    ffnn_status status = ffnn__source_read(source, size);
    if (status != FFNN_OK) return status;
    return source->size > size ? FFNN_ERROR_FORMAT : ffnn__source_check_end(source);
}

#ifndef FFNN_NO_STDIO

/* Skips bytes of a seekable file, of which only the last one is read: it must be there. */
static ffnn_status ffnn__skip_in_file(const ffnn__source *source, uint64_t size) {
    FILE *file = (FILE *)source->file;
    long skipped = (long)(size - 1); /* fits: ftell has told where the end is */
    if (fseek(file, skipped, SEEK_CUR) == 0) size = 1;
    for (; size > 0; --size)
        if (fgetc(file) == EOF) return ferror(file) ? FFNN_ERROR_IO : FFNN_ERROR_FORMAT;
    return FFNN_OK;
}

#endif /* FFNN_NO_STDIO */

/* The same where nobody needs the bytes after the header. */
static ffnn_status ffnn__source_skip_to_end(ffnn__source *source, uint64_t size) {
#ifndef FFNN_NO_STDIO
    if (source->file_size == size && source->size < size) {
        ffnn_status status = ffnn__skip_in_file(source, size - source->size);
        return status == FFNN_OK ? ffnn__source_check_end(source) : status;
    }
#endif
    return ffnn__source_read_to_end(source, size);
}

/* The next bytes, from bytes + at or, once all bytes are used, from the file. They stay where
   *bytes points until more are taken. */
static ffnn_status ffnn__source_next(ffnn__source *source, size_t size,
                                     const unsigned char **bytes) {
    if (source->at == source->size) { /* all of it is used */
        source->at = 0;
        source->size = 0;
    }
    ffnn_status status = ffnn__source_read(source, (uint64_t)source->at + size);
    *bytes = source->bytes + source->at;
    source->at += size;
    return status;
}

/* Skips bytes that nobody needs. */
static ffnn_status ffnn__source_skip(ffnn__source *source, uint64_t size) {
    if (size == 0) return FFNN_OK;
#ifndef FFNN_NO_STDIO
    bool is_in_file = source->file != NULL && source->at == source->size;
    if (is_in_file) return ffnn__skip_in_file(source, size);
#endif
    source->at += (size_t)size; /* in memory, all of it: fits */
    return FFNN_OK;
}

/* Numbers are taken from a source in pieces, what a second-level cache holds. */
#define FFNN__PIECE ((size_t)(SIZE_MAX < 0x100000 ? SIZE_MAX / 4 : 0x100000)) /* bytes */

/* The next numbers; floats still in the file are read straight to where they belong. */
static ffnn_status ffnn__source_next_floats(ffnn__source *source, float *to, size_t count,
                                            const ffnn__format *format) {
#ifndef FFNN_NO_STDIO
    bool is_straight = source->file != NULL && source->at == source->size && ffnn__is_little_endian();
    if (is_straight && ffnn__is_of_floats(format))
        return ffnn__read_file(source, to, count * sizeof(float));
#endif
    const size_t max = FFNN__PIECE / format->size;
    for (size_t first = 0; first < count; first += max) {
        const unsigned char *from;
        size_t part = count - first < max ? count - first : max;
        ffnn_status status = ffnn__source_next(source, part * format->size, &from);
        if (status != FFNN_OK) return status;
        ffnn__to_floats(to + first, from, part, format);
    }
    return FFNN_OK;
}

/* ---- parameters -------------------------------------------------------------------------- */
/* A network is a list of parameters, its weights and biases, in the order in which they are drawn,
   trained and saved. Loading follows the order of the file's bytes. */

static size_t ffnn__parameter_count(const ffnn_net *net) {
    return net->has_biases ? 2 * net->layer_count : net->layer_count;
}

/* Weights are saved as torch.nn.Linear has them, outputs x inputs, if there are biases, else inputs
   x outputs. */
static ffnn__parameter ffnn__parameter_at(const ffnn_net *net, size_t i) {
    ffnn__parameter parameter;
    parameter.layer = net->has_biases ? i / 2 : i;
    parameter.is_bias = net->has_biases && i % 2 == 1;
    parameter.saved_transposed = net->has_biases && !parameter.is_bias;
    const ffnn_layer *layer = &net->layers[parameter.layer];
    parameter.tensor = parameter.is_bias ? layer->bias : layer->weight;
    return parameter;
}

/* What a file holds of a network: its parameters or, of each of them, its optimizer's moments. */
typedef struct ffnn__contents {
    const ffnn_net *net;
    bool is_optimizer;
    size_t moments; /* of each parameter: Adam has 2, SGD 1, either none before its first step */
} ffnn__contents;

static ffnn__contents ffnn__parameters_of(const ffnn_net *net) {
    ffnn__contents contents = {net, false, 0};
    return contents;
}

static size_t ffnn__tensor_count(const ffnn__contents *contents) {
    size_t count = ffnn__parameter_count(contents->net);
    return contents->is_optimizer ? count * contents->moments : count;
}

/* Tensor i, with a moment's numbers in the place of its parameter's. */
static ffnn__parameter ffnn__tensor_at(const ffnn__contents *contents, size_t i) {
    if (!contents->is_optimizer) return ffnn__parameter_at(contents->net, i);
    size_t index = i / contents->moments, row = FFNN__FIRST_MOMENT + i % contents->moments;
    ffnn__parameter parameter = ffnn__parameter_at(contents->net, index);
    parameter.tensor.data = ffnn__moment_of(contents->net, index, row);
    return parameter;
}

enum { FFNN__MAX_NAME = 64 }; /* of a tensor, with the zero behind it */

/* The name of tensor i. Parameters are W1, W2, ..., or 0.weight, 0.bias, 2.weight, ..., those of
   the state_dict of a torch.nn.Sequential in which an activation follows each Linear. Moments have
   PyTorch's name for them behind that. */
static void ffnn__name_tensor(char name[FFNN__MAX_NAME], const ffnn__contents *contents, size_t i) {
    size_t index = contents->is_optimizer ? i / contents->moments : i;
    char *at = name;
    if (contents->net->has_biases) {
        at = ffnn__append_number(at, index / 2 * 2);
        at = ffnn__append_text(at, index % 2 == 1 ? ".bias" : ".weight");
    } else {
        at = ffnn__append_number(ffnn__append_text(at, "W"), index + 1);
    }
    if (contents->is_optimizer && contents->moments == 1)
        at = ffnn__append_text(at, ".momentum_buffer");
    else if (contents->is_optimizer)
        at = ffnn__append_text(at, i % 2 == 0 ? ".exp_avg" : ".exp_avg_sq");
    *at = '\0';
}

/* In files; in the enumeration's order. */
static const char *const ffnn__optimizer_names[] = {"sgd", "adam"};

/* ---- weights file: the header ------------------------------------------------------------ */
/* safetensors: 8 bytes that hold the header's size, the header in JSON, the tensors' bytes. The
   header is read in one pass and without recursion, into an entry for each tensor and a copy of the
   strings, and every rule of the reference reader is checked. */

/* One tensor of a header. */
typedef struct ffnn__entry {
    const char *name, *dtype;
    size_t order;       /* in the header, from 0 */
    bool size_mismatch; /* its bytes are not as many as its shape and dtype need */
    size_t rank;
    uint64_t shape[2];   /* the first two sizes */
    size_t shape_from_end;   /* all of them, [3,4], counted back from the end of the header */
    uint64_t begin, end; /* its bytes, counted from the end of the header */
} ffnn__entry;

/* What a header says. */
typedef struct ffnn__index {
    char *text;           /* the strings of all entries */
    ffnn__entry *entries; /* in the header's order */
    size_t count, capacity;
    uint64_t data_size;    /* bytes of all tensors */
    const char *metadata;  /* key, value, key, value, ..., each zero-terminated */
    size_t metadata_count; /* pairs */
} ffnn__index;

/* As strcmp, which takes 0.7 KB in newlib for a Cortex-M4. */
static int ffnn__compare(const char *a, const char *b) {
    while (*a != '\0' && *a == *b) {
        ++a;
        ++b;
    }
    return (int)(unsigned char)*a - (int)(unsigned char)*b;
}

/* Fails if a field comes twice. */
static void ffnn__once(ffnn__json *json, bool *seen) {
    if (*seen) ffnn__json_fail(json);
    *seen = true;
}

/* Bits of an element, or 0 for a dtype that the format does not know: those of safetensors 0.6. */
static unsigned ffnn__dtype_bits(const char *dtype) {
    static const struct {
        const char *name;
        unsigned bits;
    } known[] = {
        {"BOOL", 8},        {"F4", 4},          {"F6_E2M3", 6}, {"F6_E3M2", 6}, {"U8", 8},
        {"I8", 8},          {"F8_E5M2", 8},     {"F8_E4M3", 8}, {"F8_E8M0", 8}, {"F8_E4M3FNUZ", 8},
        {"F8_E5M2FNUZ", 8}, {"I16", 16},        {"U16", 16},    {"F16", 16},    {"BF16", 16},
        {"I32", 32},        {"U32", 32},        {"F32", 32},    {"C64", 64},    {"F64", 64},
        {"I64", 64},        {"U64", 64},
    };
    for (size_t i = 0; i < sizeof known / sizeof known[0]; ++i)
        if (ffnn__compare(known[i].name, dtype) == 0) return known[i].bits;
    return 0;
}

/* Whether a * b is 2^64 or more; without a 64-bit division, as in ffnn__is_numbered. */
static bool ffnn__overflows(uint64_t a, uint64_t b) {
    const uint64_t low = 0xffffffffu;
    uint64_t a_high = a >> 32, b_high = b >> 32;
    if (a_high != 0 && b_high != 0) return true;
    uint64_t middle = a_high * (b & low) + (a & low) * b_high; /* one of the two is 0 */
    return middle + ((a & low) * (b & low) >> 32) > low;
}

/* [3,4]: returns the product. Overflow is a size mismatch, even if a later size is 0. */
static uint64_t ffnn__read_shape(ffnn__json *json, ffnn__entry *entry) {
    uint64_t elements = 1;
    entry->shape_from_end = (size_t)(json->end - json->at);
    ffnn__json_open(json, '[');
    while (ffnn__json_more(json, ']')) {
        uint64_t size = ffnn__json_unsigned(json);
        if (ffnn__overflows(elements, size)) entry->size_mismatch = true;
        else elements *= size;
        if (entry->rank < 2) entry->shape[entry->rank] = size;
        ++entry->rank;
    }
    return elements;
}

static uint64_t ffnn__read_offset(ffnn__json *json) {
    if (!ffnn__json_more(json, ']')) ffnn__json_fail(json);
    return ffnn__json_unsigned(json);
}

/* Reads an entry, whose name is the last string:
   {"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}, in any order and with other fields. */
static void ffnn__read_entry(ffnn__json *json, ffnn__entry *entry) {
    bool has_dtype = false, has_shape = false, has_offsets = false;
    uint64_t elements = 0, bits = 0;
    entry->name = json->string;
    ffnn__json_keep(json);
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) {
        if (ffnn__json_is(json, "dtype")) {
            ffnn__once(json, &has_dtype);
            ffnn__json_string(json);
            entry->dtype = json->string;
            bits = ffnn__dtype_bits(json->string);
            ffnn__json_keep(json);
        } else if (ffnn__json_is(json, "shape")) {
            ffnn__once(json, &has_shape);
            elements = ffnn__read_shape(json, entry);
        } else if (ffnn__json_is(json, "data_offsets")) {
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
        return;
    }
    if (ffnn__overflows(elements, bits) || entry->begin > entry->end) {
        entry->size_mismatch = true;
        return;
    }
    uint64_t all_bits = elements * bits;
    if (all_bits % 8 != 0 || all_bits / 8 != entry->end - entry->begin)
        entry->size_mismatch = true;
}

/* Adds an entry, all zero but for its order; NULL if there is no memory for it. */
static ffnn__entry *ffnn__new_entry(ffnn__index *index) {
    if (index->count == index->capacity) {
        size_t capacity = 2 * index->capacity + 6; /* weights and biases of three layers */
        if (capacity > SIZE_MAX / sizeof(ffnn__entry)) return NULL;
        ffnn__entry *entries = (ffnn__entry *)FFNN_MALLOC(capacity * sizeof *entries);
        if (entries == NULL) return NULL;
        if (index->entries != NULL) {
            memcpy(entries, index->entries, index->count * sizeof *entries);
            FFNN_FREE(index->entries);
        }
        index->entries = entries;
        index->capacity = capacity;
    }
    ffnn__entry *entry = &index->entries[index->count];
    memset(entry, 0, sizeof *entry);
    entry->order = index->count;
    index->count += 1;
    return entry;
}

/* null or {"name":"text", ...} */
static void ffnn__read_metadata(ffnn__json *json, ffnn__index *index) {
    index->metadata = json->text;
    if (ffnn__json_null(json)) return;
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) {
        ffnn__json_keep(json);
        ffnn__json_string(json);
        ffnn__json_keep(json);
        index->metadata_count += 1;
    }
}

typedef bool (*ffnn__order_fn)(const ffnn__entry *a, const ffnn__entry *b);

/* Heapsort: without memory, and never slow, whatever a hostile file holds. */
static void ffnn__sort(ffnn__entry *entries, size_t count, ffnn__order_fn is_before) {
    size_t first = count / 2, end = count; /* entries from first to end are a heap */
    while (end > 1) {
        ffnn__entry moved;
        if (first > 0) {
            moved = entries[--first];
        } else {
            moved = entries[--end];
            entries[end] = entries[0]; /* the largest of the heap */
        }
        size_t hole = first;
        for (size_t child = 2 * hole + 1; child < end; child = 2 * hole + 1) {
            if (child + 1 < end && is_before(&entries[child], &entries[child + 1])) ++child;
            if (!is_before(&moved, &entries[child])) break;
            entries[hole] = entries[child];
            hole = child;
        }
        entries[hole] = moved;
    }
}

static bool ffnn__name_is_before(const ffnn__entry *a, const ffnn__entry *b) {
    int difference = ffnn__compare(a->name, b->name);
    return difference != 0 ? difference < 0 : a->order < b->order;
}

static bool ffnn__data_is_before(const ffnn__entry *a, const ffnn__entry *b) {
    return a->begin != b->begin ? a->begin < b->begin : a->end < b->end;
}

static bool ffnn__order_is_before(const ffnn__entry *a, const ffnn__entry *b) {
    return a->order < b->order;
}

/* Whether the tensors fill the data without overlaps or holes. Of tensors with the same name only
   the last one counts: the others are dropped. Those that stay are in the header's order. */
static bool ffnn__resolve_layout(ffnn__index *index) {
    ffnn__entry *entries = index->entries;
    size_t kept = 0;
    ffnn__sort(entries, index->count, ffnn__name_is_before);
    for (size_t i = 0; i < index->count; ++i) {
        bool is_last = i + 1 == index->count;
        if (!is_last) is_last = ffnn__compare(entries[i].name, entries[i + 1].name) != 0;
        if (is_last) entries[kept++] = entries[i];
    }
    index->count = kept;
    ffnn__sort(entries, kept, ffnn__data_is_before);
    for (size_t i = 0; i < kept; ++i) {
        if (entries[i].size_mismatch || entries[i].begin != index->data_size) return false;
        index->data_size = entries[i].end;
    }
    ffnn__sort(entries, kept, ffnn__order_is_before);
    return true;
}

static void ffnn__free_index(ffnn__index *index) {
    if (index->text != NULL) FFNN_FREE(index->text);
    if (index->entries != NULL) FFNN_FREE(index->entries);
}

static ffnn_status ffnn__read_header_size(ffnn__source *source, size_t *size) {
    const uint32_t max_size = 100000000; /* bytes: the reference reader's limit */
    uint64_t value = 0;
    ffnn_status status = ffnn__source_read(source, 8);
    if (status != FFNN_OK) return status;
    for (size_t i = 8; i > 0; --i) value = value << 8 | source->bytes[i - 1];
    if (value > max_size || value > SIZE_MAX - 8) return FFNN_ERROR_FORMAT;
    *size = (size_t)value;
    return FFNN_OK;
}

/* Reads {"W1":{...},"W2":{...},"__metadata__":{...}}. False if there is no memory for an entry. */
static bool ffnn__read_members(ffnn__json *json, ffnn__index *index) {
    bool has_metadata = false;
    ffnn__json_open(json, '{');
    while (ffnn__json_member(json)) {
        if (ffnn__json_is(json, "__metadata__")) {
            ffnn__once(json, &has_metadata);
            ffnn__read_metadata(json, index);
            continue;
        }
        ffnn__entry *entry = ffnn__new_entry(index);
        if (entry == NULL) return false;
        ffnn__read_entry(json, entry);
    }
    return true;
}

/* Reads the header and checks it; what comes next in source are the tensors' bytes. If this returns
   FFNN_OK, index must be freed. */
static ffnn_status ffnn__read_index(ffnn__source *source, ffnn__index *index) {
    size_t header_size;
    ffnn_status status = ffnn__read_header_size(source, &header_size);
    if (status == FFNN_OK) status = ffnn__source_read(source, (uint64_t)8 + header_size);
    if (status != FFNN_OK) return status;
    const unsigned char *header = source->bytes + 8;
    source->at = 8 + header_size;
    memset(index, 0, sizeof *index);
    index->text = (char *)FFNN_MALLOC(header_size + 1);
    if (index->text == NULL) return FFNN_ERROR_MEMORY;
    ffnn__json json = {header, header + header_size, false, false, index->text, 0, index->text};
    if (!ffnn__read_members(&json, index)) status = FFNN_ERROR_MEMORY;
    else if (!ffnn__json_ended(&json) || !ffnn__resolve_layout(index) ||
             index->data_size > UINT64_MAX - 8 - header_size)
        status = FFNN_ERROR_FORMAT;
    if (status != FFNN_OK) ffnn__free_index(index);
    return status;
}

/* The metadata's next text: of a key its value, of a value the next key. */
static const char *ffnn__next_text(const char *text) { return text + strlen(text) + 1; }

/* The value of a key, the last one if the key comes several times; NULL if it never does. */
static const char *ffnn__find_metadata(const ffnn__index *index, const char *wanted) {
    const char *key = index->metadata, *found = NULL;
    for (size_t i = 0; i < index->metadata_count; ++i) {
        const char *value = ffnn__next_text(key);
        if (ffnn__compare(key, wanted) == 0) found = value;
        key = ffnn__next_text(value);
    }
    return found;
}

/* ---- weights file: layers ---------------------------------------------------------------- */
/* Which tensors are layers, and in which order they stand; or the first reason why there is no
   network. */

/* Why a file is no network. The last three describe one, but one that cannot be made. */
typedef enum ffnn__reason {
    FFNN__NO_REASON,
    FFNN__NO_TENSORS,
    FFNN__OTHER_TENSOR,
    FFNN__BOTH_NAMINGS,
    FFNN__OTHER_DTYPE,
    FFNN__MISSING_WEIGHT,
    FFNN__MISSING_NUMBER,
    FFNN__MISSING_LAYER,
    FFNN__OTHER_BIAS,
    FFNN__SOME_BIASES,
    FFNN__TOO_LARGE,
    FFNN__NO_ORDER,
    FFNN__SEVERAL_ORDERS,
    FFNN__ORDER_TOO_HARD,
    FFNN__NO_ACTIVATIONS,
    FFNN__OTHER_ACTIVATION,
    FFNN__ACTIVATION_COUNT,
    FFNN__EARLY_SOFTMAX,
    FFNN__TOO_MANY_LAYERS,
    FFNN__SOFTMAX_OF_ONE,
    FFNN__LEFT_OUT
} ffnn__reason;

#ifndef FFNN_NO_STDIO

/* In the enumeration's order; see ffnn__print_detail for what stands behind a %. */
static const char *const ffnn__reason_texts[] = {
    "",
    "it has no tensors",
    "%t %s is no layer's weight or bias",
    "%t and %u are names of two kinds",
    "%t is %d",
    "%t is a bias without a weight",
    "W%n is missing",
    "the metadata's \"layers\" names \"%w\", which has no weight here",
    "%t %s is no bias of %n outputs",
    "%a has a bias, %b has none",
    "%t %s is too large",
    "%a has %o outputs, %b has %i inputs",
    "%a and %b fit in several orders: name \"layers\" in the metadata",
    "the order of its layers is too hard to find: name \"layers\" in the metadata",
    "its activations are not named",
    "\"%w\" is no activation",
    "%n activations for %l layers",
    "softmax stands before the last layer",
    "%l layers are more than %m",
    "softmax of one output is always 1",
    "this program leaves out %w",
};

#endif /* FFNN_NO_STDIO */

/* A part of a text. */
typedef struct ffnn__name {
    const char *text;
    size_t length;
} ffnn__name;

/* A layer of a file. */
typedef struct ffnn__file_layer {
    const ffnn__entry *weight;
    const ffnn__entry *bias; /* NULL: none */
    unsigned before;         /* bit i: layers[i] is known to stand before this one */
} ffnn__file_layer;

/* The network that a file holds. */
typedef struct ffnn__file_desc {
    size_t layer_count; /* may be more than FFNN_MAX_LAYERS: only so many are described */
    ffnn__file_layer layers[FFNN_MAX_LAYERS];
    unsigned char order[FFNN_MAX_LAYERS]; /* the network's layer i is layers[order[i]] */
    size_t sizes[FFNN_MAX_LAYERS + 1];
    bool is_whole; /* each of the file's tensors is the network's */
    bool has_biases;
    bool transposed; /* weights are outputs x inputs, as torch.nn.Linear's */
    bool has_activations;
    ffnn_activation activations[FFNN_MAX_LAYERS];
    float alphas[FFNN_MAX_LAYERS];
    /* If there is none, why, and what the reason's text tells. */
    ffnn__reason reason;
    const ffnn__entry *entry, *other; /* tensors, of layers the weights */
    const char *word;                 /* ends at a space, too */
    uint64_t number;
} ffnn__file_desc;

/* These say why there is no network; false, so that a function can return it. Where nothing can be
   printed only the reason counts. */
static bool ffnn__refuse(ffnn__file_desc *desc, ffnn__reason reason) {
    desc->reason = reason;
    return false;
}

static bool ffnn__refuse_tensors(ffnn__file_desc *desc, ffnn__reason reason,
                                 const ffnn__entry *entry, const ffnn__entry *other) {
#ifndef FFNN_NO_STDIO
    desc->entry = entry;
    desc->other = other;
#endif
    (void)entry;
    (void)other;
    return ffnn__refuse(desc, reason);
}

static bool ffnn__refuse_number(ffnn__file_desc *desc, ffnn__reason reason, uint64_t number) {
#ifndef FFNN_NO_STDIO
    desc->number = number;
#endif
    (void)number;
    return ffnn__refuse(desc, reason);
}

static bool ffnn__refuse_word(ffnn__file_desc *desc, ffnn__reason reason, const char *word) {
#ifndef FFNN_NO_STDIO
    desc->word = word;
#endif
    (void)word;
    return ffnn__refuse(desc, reason);
}

static ffnn__name ffnn__name_of(const char *text) {
    ffnn__name name = {text, strlen(text)};
    return name;
}

/* The last reasons are no mismatch. */
static ffnn_status ffnn__status_of(ffnn__reason reason) {
    if (reason == FFNN__NO_REASON) return FFNN_OK;
    return reason < FFNN__TOO_MANY_LAYERS ? FFNN_ERROR_MISMATCH : FFNN_ERROR_ARGUMENT;
}

static size_t ffnn__count_words(const char *text) {
    size_t count = 1;
    for (; *text != '\0'; ++text) count += *text == ' ';
    return count;
}

/* What a tensor's name stands for. */
typedef enum ffnn__role { FFNN__OTHER, FFNN__W, FFNN__WEIGHT, FFNN__BIAS } ffnn__role;

/* Whether name is word, whose layer has no name, or the layer's name, a dot and word. */
static bool ffnn__ends_with(ffnn__name name, const char *word, ffnn__name *layer) {
    size_t word_length = strlen(word);
    if (name.length < word_length) return false;
    size_t begin = name.length - word_length;
    if (memcmp(name.text + begin, word, word_length) != 0) return false;
    layer->text = name.text;
    layer->length = begin > 0 ? begin - 1 : 0;
    return begin == 0 || (begin > 1 && name.text[begin - 1] == '.');
}

/* The layer's name is fc1 for fc1.weight and fc1.bias, W1 for W1. */
static ffnn__role ffnn__role_of(const ffnn__entry *entry, ffnn__name *layer) {
    ffnn__name name = ffnn__name_of(entry->name);
    if (ffnn__ends_with(name, "weight", layer)) return FFNN__WEIGHT;
    if (ffnn__ends_with(name, "bias", layer)) return FFNN__BIAS;
    *layer = name;
    bool is_numbered = name.text[0] == 'W' && name.text[1] >= '1' && name.text[1] <= '9' &&
                       strspn(name.text + 1, "0123456789") == name.length - 1;
    return is_numbered ? FFNN__W : FFNN__OTHER;
}

/* The name of the layer that a tensor belongs to. */
static ffnn__name ffnn__layer_name(const ffnn__entry *entry) {
    ffnn__name layer;
    (void)ffnn__role_of(entry, &layer);
    return layer;
}

/* Whether a name of role FFNN__W has this number, which is not 0. Compared as numbers, since the
   number's text would take a 64-bit division: 0.7 KB of code on a Cortex-M4, which has none. */
static bool ffnn__is_numbered(const char *name, size_t number) {
    size_t value = 0;
    for (const char *digit = name + 1; *digit != '\0'; ++digit) {
        if (value >= number) return false; /* one more digit makes it larger */
        value = 10 * value + (size_t)(*digit - '0');
    }
    return value == number;
}

/* A layer's tensor, with ".weight" or ".bias" behind the layer's name; NULL if there is none. */
static const ffnn__entry *ffnn__find_tensor(const ffnn__index *index, ffnn__name layer,
                                            const char *ending) {
    if (layer.length == 0) ++ending; /* without the dot */
    size_t length = layer.length + strlen(ending);
    for (size_t i = 0; i < index->count; ++i) {
        const ffnn__entry *entry = &index->entries[i];
        if (strlen(entry->name) != length) continue;
        if (memcmp(entry->name, layer.text, layer.length) != 0) continue;
        if (ffnn__compare(entry->name + layer.length, ending) == 0) return entry;
    }
    return NULL;
}

/* Reads the metadata's "layers", such as "encoder.0 decoder.0": their tensors are the network's, in
   this order, whatever else is in the file. */
static bool ffnn__find_named_layers(const ffnn__index *index, const char *names,
                                    ffnn__file_desc *desc) {
    desc->transposed = true;
    desc->layer_count = ffnn__count_words(names);
    if (desc->layer_count > FFNN_MAX_LAYERS) return true;
    for (size_t i = 0; i < desc->layer_count; ++i) {
        ffnn__name name = {names, strcspn(names, " ")};
        ffnn__file_layer *layer = &desc->layers[i];
        layer->weight = ffnn__find_tensor(index, name, ".weight");
        layer->bias = ffnn__find_tensor(index, name, ".bias");
        layer->before = (1u << i) - 1;
        if (layer->weight == NULL) return ffnn__refuse_word(desc, FFNN__MISSING_LAYER, names);
        names += name.length + 1;
    }
    return true;
}

/* Finds the layer of each bias: each must have one. */
static bool ffnn__find_biases(const ffnn__index *index, ffnn__file_desc *desc) {
    for (size_t i = 0; i < desc->layer_count; ++i) {
        ffnn__file_layer *layer = &desc->layers[i];
        layer->bias = ffnn__find_tensor(index, ffnn__layer_name(layer->weight), ".bias");
    }
    for (size_t i = 0; i < index->count; ++i) {
        ffnn__name layer;
        const ffnn__entry *entry = &index->entries[i];
        if (ffnn__role_of(entry, &layer) != FFNN__BIAS) continue;
        if (ffnn__find_tensor(index, layer, ".weight") == NULL)
            return ffnn__refuse_tensors(desc, FFNN__MISSING_WEIGHT, entry, NULL);
    }
    return true;
}

/* Every tensor must be a layer's: each weight makes one. */
static bool ffnn__find_all_layers(const ffnn__index *index, ffnn__file_desc *desc) {
    ffnn__name layer;
    if (index->count == 0) return ffnn__refuse(desc, FFNN__NO_TENSORS);
    const ffnn__entry *first = &index->entries[0];
    desc->transposed = ffnn__role_of(first, &layer) != FFNN__W;
    for (size_t i = 0; i < index->count; ++i) {
        const ffnn__entry *entry = &index->entries[i];
        ffnn__role role = ffnn__role_of(entry, &layer);
        if (role == FFNN__OTHER) return ffnn__refuse_tensors(desc, FFNN__OTHER_TENSOR, entry, NULL);
        if ((role == FFNN__W) == desc->transposed)
            return ffnn__refuse_tensors(desc, FFNN__BOTH_NAMINGS, entry, first);
        if (role == FFNN__BIAS) continue;
        if (desc->layer_count < FFNN_MAX_LAYERS) desc->layers[desc->layer_count].weight = entry;
        ++desc->layer_count;
    }
    bool is_done = !desc->transposed || desc->layer_count > FFNN_MAX_LAYERS;
    return is_done || ffnn__find_biases(index, desc);
}

static size_t ffnn__count_digits(ffnn__name name, size_t at) {
    size_t count = 0;
    while (at + count < name.length && ffnn__is_digit(name.text[at + count])) ++count;
    return count;
}

/* Compares two numbers by their digits, of any count: negative if a is less. */
static int ffnn__compare_digits(const char *a, size_t a_count, const char *b, size_t b_count) {
    for (; a_count > 0 && *a == '0'; --a_count) ++a;
    for (; b_count > 0 && *b == '0'; --b_count) ++b;
    if (a_count != b_count) return a_count < b_count ? -1 : 1;
    return memcmp(a, b, a_count);
}

/* What numbers say of the order of two names: negative if a stands before b, 0 if they do not say it.
   The names must be equal but for their digits; the first two numbers that differ count. fc2 before
   fc10; net.1.2 before net.2.0. Names may be very long: the innermost loop is short. */
static int ffnn__compare_numbers(ffnn__name a, ffnn__name b) {
    int difference = 0;
    size_t i = 0, j = 0;
    for (;;) {
        while (i < a.length && j < b.length && a.text[i] == b.text[j]) {
            if (ffnn__is_digit(a.text[i])) break;
            ++i;
            ++j;
        }
        size_t a_count = ffnn__count_digits(a, i), b_count = ffnn__count_digits(b, j);
        if (a_count == 0 || b_count == 0) break;
        if (difference == 0)
            difference = ffnn__compare_digits(a.text + i, a_count, b.text + j, b_count);
        i += a_count;
        j += b_count;
    }
    return i == a.length && j == b.length ? difference : 0;
}

/* Finds out which layers the names put before which. */
static void ffnn__compare_names(ffnn__file_desc *desc) {
    for (size_t i = 1; i < desc->layer_count; ++i) {
        ffnn__name name = ffnn__layer_name(desc->layers[i].weight);
        for (size_t j = 0; j < i; ++j) {
            ffnn__name other = ffnn__layer_name(desc->layers[j].weight);
            int order = ffnn__compare_numbers(other, name);
            if (order < 0) desc->layers[i].before |= 1u << j;
            if (order > 0) desc->layers[j].before |= 1u << i;
        }
    }
}

/* W1, W2, ... must be there without a gap. */
static bool ffnn__check_numbers(ffnn__file_desc *desc) {
    for (size_t number = 1; number <= desc->layer_count; ++number) {
        size_t i = 0;
        while (i < desc->layer_count &&
               !ffnn__is_numbered(desc->layers[i].weight->name, number))
            ++i;
        if (i == desc->layer_count) return ffnn__refuse_number(desc, FFNN__MISSING_NUMBER, number);
    }
    return true;
}

static uint64_t ffnn__inputs_of(const ffnn__file_desc *desc, const ffnn__entry *weight) {
    return weight->shape[desc->transposed ? 1 : 0];
}

static uint64_t ffnn__outputs_of(const ffnn__file_desc *desc, const ffnn__entry *weight) {
    return weight->shape[desc->transposed ? 0 : 1];
}

/* NULL if a dtype's numbers become no floats. */
static const ffnn__format *ffnn__find_format(const char *dtype) {
    for (size_t i = 0; i < sizeof ffnn__formats / sizeof ffnn__formats[0]; ++i)
        if (ffnn__compare(ffnn__formats[i].dtype, dtype) == 0) return &ffnn__formats[i];
    return NULL;
}

/* Whether a layer's tensors are a weight of two sizes and, if there is one, a bias of as many
   outputs. */
static bool ffnn__check_layer(ffnn__file_desc *desc, const ffnn__file_layer *layer) {
    const ffnn__entry *weight = layer->weight, *bias = layer->bias;
    if (ffnn__find_format(weight->dtype) == NULL)
        return ffnn__refuse_tensors(desc, FFNN__OTHER_DTYPE, weight, NULL);
    if (weight->rank != 2 || weight->shape[0] == 0 || weight->shape[1] == 0)
        return ffnn__refuse_tensors(desc, FFNN__OTHER_TENSOR, weight, NULL);
    if (weight->shape[0] > SIZE_MAX || weight->shape[1] > SIZE_MAX)
        return ffnn__refuse_tensors(desc, FFNN__TOO_LARGE, weight, NULL);
    if (bias == NULL) return true;
    if (ffnn__find_format(bias->dtype) == NULL)
        return ffnn__refuse_tensors(desc, FFNN__OTHER_DTYPE, bias, NULL);
    uint64_t outputs = ffnn__outputs_of(desc, weight);
    if (bias->rank == 1 && bias->shape[0] == outputs) return true;
    ffnn__refuse_number(desc, FFNN__OTHER_BIAS, outputs);
    return ffnn__refuse_tensors(desc, FFNN__OTHER_BIAS, bias, NULL);
}

static bool ffnn__check_file_layers(ffnn__file_desc *desc) {
    const ffnn__file_layer *first = &desc->layers[0];
    desc->has_biases = first->bias != NULL;
    for (size_t i = 0; i < desc->layer_count; ++i) {
        const ffnn__file_layer *layer = &desc->layers[i];
        if (!ffnn__check_layer(desc, layer)) return false;
        if ((layer->bias != NULL) == desc->has_biases) continue;
        const ffnn__file_layer *with = desc->has_biases ? first : layer;
        const ffnn__file_layer *without = desc->has_biases ? layer : first;
        return ffnn__refuse_tensors(desc, FFNN__SOME_BIASES, with->weight, without->weight);
    }
    return true;
}

/* The first layer from candidate on that can stand behind last, which is NULL for the first one: it
   is not used, all that stand before it are, and its inputs are last's outputs. layer_count if there
   is none. */
static size_t ffnn__next_layer(const ffnn__file_desc *desc, const ffnn__entry *last, unsigned used,
                               size_t candidate) {
    for (; candidate < desc->layer_count; ++candidate) {
        const ffnn__file_layer *layer = &desc->layers[candidate];
        bool is_used = (used >> candidate & 1) != 0;
        if (is_used || (layer->before & ~used) != 0) continue;
        if (last == NULL) break;
        if (ffnn__inputs_of(desc, layer->weight) == ffnn__outputs_of(desc, last)) break;
    }
    return candidate;
}

/* Notes that the layers that are used, of which last is the last one, cannot go on: of those that the
   names let follow, with the first one. */
static void ffnn__note_end(ffnn__file_desc *desc, const ffnn__entry *last, unsigned used) {
#ifndef FFNN_NO_STDIO
    size_t i = 0;
    while ((used >> i & 1) != 0 || (desc->layers[i].before & ~used) != 0) ++i;
    desc->other = desc->layers[i].weight;
    desc->entry = last;
#endif
    (void)desc;
    (void)last;
    (void)used;
}

/* There are two orders: the one that was found first, and another. */
static bool ffnn__refuse_orders(ffnn__file_desc *desc, const unsigned char *other) {
#ifndef FFNN_NO_STDIO
    size_t i = 0;
    while (desc->order[i] == other[i]) ++i;
    desc->entry = desc->layers[desc->order[i]].weight;
    desc->other = desc->layers[other[i]].weight;
#endif
    (void)other;
    return ffnn__refuse(desc, FFNN__SEVERAL_ORDERS);
}

/* Finds the order of the layers in which each has as many inputs as the one before has outputs, and
   the names are in theirs. There must be exactly one. Tries layer after layer, and takes back the
   last one where none fits; in a bounded number of steps, whatever a hostile file holds. */
static bool ffnn__find_order(ffnn__file_desc *desc) {
    /* Words that fit in one order: 8 take up to 207 in trials, 11 up to 888, 16 up to 3755. */
    const size_t max_steps = 1000;
    unsigned char trail[FFNN_MAX_LAYERS];
    size_t depth = 0, longest = 0, candidate = 0;
    unsigned used = 0;
    bool is_found = false;
    for (size_t steps = 0;; ++steps) {
        if (steps == max_steps) return ffnn__refuse(desc, FFNN__ORDER_TOO_HARD);
        const ffnn__entry *last = depth > 0 ? desc->layers[trail[depth - 1]].weight : NULL;
        candidate = ffnn__next_layer(desc, last, used, candidate);
        if (candidate < desc->layer_count) {
            trail[depth++] = (unsigned char)candidate;
            used |= 1u << candidate;
            candidate = 0;
            if (depth < desc->layer_count) continue;
            if (is_found) return ffnn__refuse_orders(desc, trail);
            memcpy(desc->order, trail, depth);
            is_found = true;
            longest = depth;
        } else if (depth > longest) {
            longest = depth;
            ffnn__note_end(desc, last, used);
        }
        if (depth == 0) break; /* all is tried */
        candidate = trail[--depth];
        used &= ~(1u << candidate);
        ++candidate;
    }
    return is_found || ffnn__refuse(desc, FFNN__NO_ORDER);
}

/* ---- weights file: which network --------------------------------------------------------- */

/* The activation with a name; FFNN_SOFTMAX + 1 if there is none. */
static size_t ffnn__activation_of(const char *name, size_t length) {
    size_t i = 0;
    for (; i <= FFNN_SOFTMAX; ++i) {
        const char *known = ffnn__activation_names[i];
        if (strlen(known) == length && memcmp(known, name, length) == 0) break;
    }
    return i;
}

enum { FFNN__MAX_ACTIVATION = 48 }; /* characters of a name, a colon, an alpha */

/* relu, or leaky_relu:0.2 if alpha is not torch.nn's. Returns the end. */
static char *ffnn__append_activation(char *at, ffnn_activation activation, float alpha) {
    float usual = ffnn__alpha_of(activation, 0);
    alpha = ffnn__alpha_of(activation, alpha);
    at = ffnn__append_text(at, ffnn__activation_names[activation]);
    bool is_usual = alpha >= usual && alpha <= usual;
    return is_usual ? at : ffnn__append_float(ffnn__append_text(at, ":"), alpha);
}

/* Reads the alpha that begins at text and ends where the activation does. False if it is none. */
static bool ffnn__read_alpha(const char *text, const char *end, float *alpha) {
    ffnn__decimal number;
    if (ffnn__read_decimal(text, &number) != end || text == end) return false;
    return ffnn__decimal_to_float(&number, alpha);
}

/* Reads an activation of so many characters, such as relu or leaky_relu:0.2. False if it is none.
   Where alpha is 0, LeakyReLU and ELU are ReLU. */
static bool ffnn__read_activation(const char *text, size_t length, ffnn_activation *activation,
                                  float *alpha) {
    size_t name_length = strcspn(text, ": ");
    size_t found = ffnn__activation_of(text, name_length);
    *alpha = 0;
    if (found > FFNN_SOFTMAX) return false;
    *activation = (ffnn_activation)found;
    if (name_length == length) return true;
    /* The first condition is a constant: a program without the two has no code to read numbers. */
    if (!FFNN_HAS_ACTIVATION(FFNN_LEAKY_RELU) && !FFNN_HAS_ACTIVATION(FFNN_ELU)) return false;
    if (!ffnn__has_alpha(*activation)) return false;
    if (!ffnn__read_alpha(text + name_length + 1, text + length, alpha)) return false;
    if (*alpha >= 0 && *alpha <= 0) *activation = FFNN_RELU;
    return true;
}

/* Reads the metadata's "activations", such as "relu identity". Files of W1, W2, ... that say none
   mean sigmoid, others leave it open. False if they say what no network of so many layers can
   have. */
static bool ffnn__find_activations(const ffnn__index *index, ffnn__file_desc *desc) {
    const char *names = ffnn__find_metadata(index, "activations");
    desc->has_activations = names != NULL || !desc->transposed;
    if (names == NULL) return true;
    size_t count = ffnn__count_words(names);
    for (size_t i = 0; i < desc->layer_count && i < count; ++i) {
        size_t length = strcspn(names, " ");
        if (!ffnn__read_activation(names, length, &desc->activations[i], &desc->alphas[i]))
            return ffnn__refuse_word(desc, FFNN__OTHER_ACTIVATION, names);
        if (desc->activations[i] == FFNN_SOFTMAX && i + 1 < desc->layer_count)
            return ffnn__refuse(desc, FFNN__EARLY_SOFTMAX);
        names += length + 1;
    }
    if (count == desc->layer_count) return true;
    return ffnn__refuse_number(desc, FFNN__ACTIVATION_COUNT, count);
}

/* Finds the network whose parameters a file holds; false, and a reason, if there is none. */
static bool ffnn__find_network(const ffnn__index *index, ffnn__file_desc *desc) {
    memset(desc, 0, sizeof *desc);
    const char *names = ffnn__find_metadata(index, "layers");
    desc->is_whole = names == NULL;
    bool is_found = desc->is_whole ? ffnn__find_all_layers(index, desc)
                                   : ffnn__find_named_layers(index, names, desc);
    if (!is_found) return false;
    if (desc->layer_count > FFNN_MAX_LAYERS) return ffnn__refuse(desc, FFNN__TOO_MANY_LAYERS);
    if (!ffnn__check_file_layers(desc)) return false;
    if (!desc->transposed && !ffnn__check_numbers(desc)) return false;
    if (desc->is_whole) ffnn__compare_names(desc);
    if (!ffnn__find_order(desc)) return false;
    for (size_t i = 0; i < desc->layer_count; ++i) {
        const ffnn__entry *weight = desc->layers[desc->order[i]].weight;
        desc->sizes[i] = (size_t)ffnn__inputs_of(desc, weight);
        desc->sizes[i + 1] = (size_t)ffnn__outputs_of(desc, weight);
    }
    return ffnn__find_activations(index, desc);
}

/* The same for a file that becomes a new network: it must say its activations, and they must be such
   as a network of this program can have. */
static bool ffnn__find_new_network(const ffnn__index *index, ffnn__file_desc *desc) {
    if (!ffnn__find_network(index, desc)) return false;
    if (!desc->has_activations) return ffnn__refuse(desc, FFNN__NO_ACTIVATIONS);
    for (size_t i = 0; i < desc->layer_count; ++i) {
        ffnn_activation activation = desc->activations[i];
        bool always_says_1 = activation == FFNN_SOFTMAX && desc->sizes[i + 1] == 1;
        if (always_says_1) return ffnn__refuse(desc, FFNN__SOFTMAX_OF_ONE);
        if (!FFNN_HAS_ACTIVATION(activation))
            return ffnn__refuse_word(desc, FFNN__LEFT_OUT, ffnn__activation_names[activation]);
    }
    return true;
}

/* The tensor of a file that holds a parameter. */
static const ffnn__entry *ffnn__entry_of(const ffnn__file_desc *desc,
                                         const ffnn__parameter *parameter) {
    const ffnn__file_layer *layer = &desc->layers[desc->order[parameter->layer]];
    return parameter->is_bias ? layer->bias : layer->weight;
}

/* Whether a file's network is this one. */
static ffnn_status ffnn__match(const ffnn__file_desc *desc, const ffnn_net *net) {
    if (desc->layer_count != net->layer_count) return FFNN_ERROR_MISMATCH;
    if (desc->has_biases != net->has_biases) return FFNN_ERROR_MISMATCH;
    for (size_t i = 0; i <= net->layer_count; ++i)
        if (desc->sizes[i] != net->sizes[i]) return FFNN_ERROR_MISMATCH;
    for (size_t i = 0; i < net->layer_count; ++i) {
        const ffnn_layer *layer = &net->layers[i];
        float alpha = ffnn__alpha_of(layer->activation, layer->alpha);
        float file_alpha = ffnn__alpha_of(layer->activation, desc->alphas[i]);
        bool is_other = desc->activations[i] != layer->activation;
        is_other |= file_alpha < alpha || file_alpha > alpha;
        if (desc->has_activations && is_other) return FFNN_ERROR_MISMATCH;
    }
    return FFNN_OK;
}

/* ---- weights file: what is in it --------------------------------------------------------- */

#ifndef FFNN_NO_STDIO

/* Prints control characters, U+0000 to U+001F and U+007F to U+009F, as \u001b and so on: no file
   may control a terminal. */
static void ffnn__print_escaped(FILE *out, ffnn__name text) {
    const unsigned char *at = (const unsigned char *)text.text, *end = at + text.length;
    for (; at < end; ++at) {
        bool is_zero = at[0] == 0xC0 && at[1] == 0x80; /* see ffnn__append_utf8 */
        bool is_from_80_on = at[0] == 0xC2 && at[1] < 0xA0; /* U+0080 to U+009F */
        if (is_zero || is_from_80_on) {
            ++at;
            fprintf(out, "\\u%04x", is_zero ? 0u : (unsigned)*at);
        } else if (*at < 0x20 || *at == 0x7F) {
            fprintf(out, "\\u%04x", (unsigned)*at);
        } else {
            fputc(*at, out);
        }
    }
}

/* [16, 8]: the shape as it stands in the header, but for white space. end is the end of the
   header. */
static void ffnn__print_shape(FILE *out, const ffnn__entry *entry, const unsigned char *end) {
    const unsigned char *shape = end - entry->shape_from_end;
    for (; *shape != ']'; ++shape) {
        bool is_space = memchr(" \t\n\r", *shape, 4) != NULL;
        if (!is_space) fputc(*shape, out);
        if (*shape == ',') fputc(' ', out);
    }
    fputc(']', out);
}

static void ffnn__print_index(FILE *out, const ffnn__index *index, const unsigned char *end) {
    const char *key = index->metadata;
    for (size_t i = 0; i < index->count; ++i) {
        const ffnn__entry *entry = &index->entries[i];
        ffnn__print_escaped(out, ffnn__name_of(entry->name));
        fprintf(out, " %s ", entry->dtype);
        ffnn__print_shape(out, entry, end);
        fputc('\n', out);
    }
    for (size_t i = 0; i < index->metadata_count; ++i) {
        const char *value = ffnn__next_text(key);
        ffnn__print_escaped(out, ffnn__name_of(key));
        fputs(": ", out);
        ffnn__print_escaped(out, ffnn__name_of(value));
        fputs("\n", out);
        key = ffnn__next_text(value);
    }
}

static void ffnn__print_number(FILE *out, uint64_t number) {
    char digits[20];
    fwrite(digits, 1, (size_t)(ffnn__append_number(digits, number) - digits), out);
}

/* Those without a name are called by their weight's. */
static void ffnn__print_layer(FILE *out, const ffnn__entry *weight) {
    ffnn__name name = ffnn__layer_name(weight);
    ffnn__print_escaped(out, name.length > 0 ? name : ffnn__name_of(weight->name));
}

/* Of a text of words the first one. */
static void ffnn__print_word(FILE *out, const char *text) {
    ffnn__name word = {text, strcspn(text, " ")};
    ffnn__print_escaped(out, word);
}

/* What stands behind a % in a reason's text. */
static void ffnn__print_detail(FILE *out, char what, const ffnn__file_desc *desc,
                               const unsigned char *end) {
    const ffnn__entry *entry = desc->entry, *other = desc->other;
    switch (what) {
    case 't': ffnn__print_escaped(out, ffnn__name_of(entry->name)); break;
    case 'u': ffnn__print_escaped(out, ffnn__name_of(other->name)); break;
    case 's': ffnn__print_shape(out, entry, end); break;
    case 'd': fputs(entry->dtype, out); break;
    case 'a': ffnn__print_layer(out, entry); break;
    case 'b': ffnn__print_layer(out, other); break;
    case 'o': ffnn__print_number(out, ffnn__outputs_of(desc, entry)); break;
    case 'i': ffnn__print_number(out, ffnn__inputs_of(desc, other)); break;
    case 'w': ffnn__print_word(out, desc->word); break;
    case 'n': ffnn__print_number(out, desc->number); break;
    case 'l': ffnn__print_number(out, desc->layer_count); break;
    default: ffnn__print_number(out, FFNN_MAX_LAYERS); break; /* m */
    }
}

static void ffnn__print_reason(FILE *out, const ffnn__file_desc *desc, const unsigned char *end) {
    for (const char *at = ffnn__reason_texts[desc->reason]; *at != '\0'; ++at) {
        if (*at == '%') ffnn__print_detail(out, *++at, desc, end);
        else fputc(*at, out);
    }
}

/* network: 8-16-3, relu softmax: as init makes it of the file, or why it makes none. */
static void ffnn__print_network(FILE *out, const ffnn__index *index, const unsigned char *end) {
    ffnn__file_desc desc;
    if (!ffnn__find_new_network(index, &desc)) {
        fputs("no network: ", out);
        ffnn__print_reason(out, &desc, end);
        fputs("\n", out);
        return;
    }
    fputs("network: ", out);
    for (size_t i = 0; i <= desc.layer_count; ++i) {
        if (i > 0) fputs("-", out);
        ffnn__print_number(out, desc.sizes[i]);
    }
    fputs(",", out);
    for (size_t i = 0; i < desc.layer_count; ++i) {
        char text[FFNN__MAX_ACTIVATION];
        char *text_end = ffnn__append_activation(text, desc.activations[i], desc.alphas[i]);
        fputs(" ", out);
        fwrite(text, 1, (size_t)(text_end - text), out);
    }
    fputs("\n", out);
}

FFNNDEF ffnn_status ffnn_print_file(FILE *out, const char *path) {
    ffnn__source source;
    ffnn__index index;
    if (out == NULL || path == NULL) return FFNN_ERROR_ARGUMENT;
    if (!ffnn__source_open(&source, path)) return FFNN_ERROR_IO;
    ffnn_status status = ffnn__read_index(&source, &index);
    if (status == FFNN_OK) {
        status = ffnn__source_skip_to_end(&source, source.at + index.data_size);
        const unsigned char *end = source.bytes + source.at; /* of the header */
        if (status == FFNN_OK) ffnn__print_index(out, &index, end);
        if (status == FFNN_OK) ffnn__print_network(out, &index, end);
        if (status == FFNN_OK && ferror(out)) status = FFNN_ERROR_IO;
        ffnn__free_index(&index);
    }
    ffnn__source_close(&source);
    return status;
}

#endif /* FFNN_NO_STDIO */

/* ---- weights file: loading --------------------------------------------------------------- */

/* One float after the other to each stride-th of to. Four at a time: one at a time took up to 1.6
   times as long for a load, now with GCC, now with Clang, as the code around it changed. */
static void ffnn__spread(float *to, size_t stride, const unsigned char *from, size_t count) {
    const size_t size = sizeof(float);
    for (; count >= 4; count -= 4) {
        ffnn__copy_little_endian(to, from, 1);
        ffnn__copy_little_endian(to + stride, from + size, 1);
        ffnn__copy_little_endian(to + 2 * stride, from + 2 * size, 1);
        ffnn__copy_little_endian(to + 3 * stride, from + 3 * size, 1);
        to += 4 * stride;
        from += 4 * size;
    }
    for (; count > 0; --count) {
        ffnn__copy_little_endian(to, from, 1);
        to += stride;
        from += size;
    }
}

/* Copies count columns of t, from the column first on; each is a row of from. Eight rows of t at a
   time: where t.cols is a power of two, their cache lines share one set, which has room for eight.
   Sixteen cost a load half as much again there. */
static void ffnn__copy_columns(ffnn_tensor t, size_t first, size_t count,
                               const unsigned char *from) {
    const size_t max = 8;
    for (size_t row = 0; row < t.rows; row += max) {
        size_t rows = t.rows - row < max ? t.rows - row : max;
        for (size_t i = 0; i < count; ++i)
            ffnn__spread(&t.data[row * t.cols + first + i], t.cols,
                         from + (i * t.rows + row) * sizeof(float), rows);
    }
}

/* The same of numbers that must become floats. */
static void ffnn__convert_columns(ffnn_tensor t, size_t first, size_t count,
                                  const unsigned char *from, const ffnn__format *format) {
    for (size_t i = 0; i < count; ++i)
        for (size_t row = 0; row < t.rows; ++row, from += format->size)
            ffnn__convert_number(&t.data[row * t.cols + first + i], from, format);
}

/* Reads the transpose of t, which is what comes next. What is taken at a time is, of t's columns, a
   multiple of 16, which is a cache line of its rows, if so many fit; else as many as fit; of longer
   columns a part of one. */
static ffnn_status ffnn__load_transposed(ffnn__source *source, ffnn_tensor t,
                                         const ffnn__format *format) {
    const size_t piece = FFNN__PIECE / format->size, line = 16; /* numbers */
    size_t max_rows = t.rows < piece ? t.rows : piece, max_cols = piece / max_rows;
    if (max_cols > line) max_cols -= max_cols % line;
    for (size_t col = 0; col < t.cols; col += max_cols) {
        size_t cols = t.cols - col < max_cols ? t.cols - col : max_cols;
        for (size_t row = 0; row < t.rows; row += max_rows) {
            const unsigned char *from;
            size_t rows = t.rows - row < max_rows ? t.rows - row : max_rows;
            ffnn_tensor part = {rows, t.cols, t.data + row * t.cols};
            ffnn_status status = ffnn__source_next(source, cols * rows * format->size, &from);
            if (status != FFNN_OK) return status;
            if (ffnn__is_of_floats(format)) ffnn__copy_columns(part, col, cols, from);
            else ffnn__convert_columns(part, col, cols, from, format);
        }
    }
    return FFNN_OK;
}

/* The first tensor whose bytes begin there or later; count if there is none. */
static size_t ffnn__first_from(const ffnn__entry *const *entries, size_t count, uint64_t begin) {
    size_t first = count;
    for (size_t i = 0; i < count; ++i) {
        if (entries[i]->begin < begin) continue;
        if (first == count || entries[i]->begin < entries[first]->begin) first = i;
    }
    return first;
}

/* A layer that comes twice in a file's "layers" has its numbers from where they were loaded. */
static void ffnn__copy_shared(const ffnn__contents *contents, const ffnn__entry *const *entries,
                              size_t loaded) {
    ffnn_tensor from = ffnn__tensor_at(contents, loaded).tensor;
    for (size_t i = 0; i < ffnn__tensor_count(contents); ++i) {
        if (entries[i] != entries[loaded]) continue;
        ffnn_tensor to = ffnn__tensor_at(contents, i).tensor;
        if (to.data == from.data) continue; /* a user may have pointed both at one array */
        memcpy(to.data, from.data, from.rows * from.cols * sizeof(float));
    }
}

/* Loads tensor i of the contents from entries[i]. In the order of their bytes, since the file may be
   read at the same time; if that fails, some tensors are not set. */
static ffnn_status ffnn__load_tensors(ffnn__source *source, const ffnn__contents *contents,
                                      const ffnn__entry *const *entries, bool transposed,
                                      uint64_t data_size) {
    uint64_t at = 0;
    size_t count = ffnn__tensor_count(contents);
    for (;;) {
        size_t i = ffnn__first_from(entries, count, at);
        uint64_t next = i < count ? entries[i]->begin : data_size;
        ffnn_status status = ffnn__source_skip(source, next - at);
        if (status != FFNN_OK || i == count) return status;
        const ffnn__format *format = ffnn__find_format(entries[i]->dtype);
        ffnn__parameter parameter = ffnn__tensor_at(contents, i);
        ffnn_tensor t = parameter.tensor;
        if (transposed && !parameter.is_bias) status = ffnn__load_transposed(source, t, format);
        else status = ffnn__source_next_floats(source, t.data, t.rows * t.cols, format);
        if (status != FFNN_OK) return status;
        ffnn__copy_shared(contents, entries, i);
        at = entries[i]->end;
    }
}

static ffnn_status ffnn__load_parameters(ffnn__source *source, ffnn_net *net,
                                         const ffnn__index *index, const ffnn__file_desc *desc) {
    const ffnn__entry *entries[2 * FFNN_MAX_LAYERS];
    ffnn__contents contents = ffnn__parameters_of(net);
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn__parameter parameter = ffnn__parameter_at(net, i);
        entries[i] = ffnn__entry_of(desc, &parameter);
    }
    return ffnn__load_tensors(source, &contents, entries, desc->transposed, index->data_size);
}

/* Whether net is a network that weights can be loaded into. */
static ffnn_status ffnn__check_writable(const ffnn_net *net) {
    ffnn_status status = ffnn__check_layers(net);
    return status == FFNN_OK && net->is_view ? FFNN_ERROR_ARGUMENT : status;
}

/* Reads a file to its end. A malformed one is FFNN_ERROR_FORMAT even if it does not match either:
   whether it matches counts only after its last byte. */
static ffnn_status ffnn__read_rest(ffnn__source *source, const ffnn__index *index,
                                   ffnn_status match) {
    uint64_t size = source->at + index->data_size;
    ffnn_status status;
    if (match == FFNN_OK) status = ffnn__source_read_to_end(source, size);
    else status = ffnn__source_skip_to_end(source, size);
    return status == FFNN_OK ? match : status;
}

static ffnn_status ffnn__read_into(ffnn__source *source, ffnn_net *net) {
    ffnn__index index;
    ffnn__file_desc desc;
    ffnn_status status = ffnn__read_index(source, &index);
    if (status != FFNN_OK) return status;
    bool is_network = ffnn__find_network(&index, &desc);
    ffnn_status match = is_network ? ffnn__match(&desc, net) : FFNN_ERROR_MISMATCH;
    source->is_size_trusted = match == FFNN_OK && desc.is_whole;
    status = ffnn__read_rest(source, &index, match);
    if (status == FFNN_OK) status = ffnn__load_parameters(source, net, &index, &desc);
    if (status == FFNN_OK) ffnn__forget_moments(net);
    ffnn__free_index(&index);
    return status;
}

/* Reads the header of a file that becomes a new network. If this returns FFNN_OK, index must be
   freed. */
static ffnn_status ffnn__read_new(ffnn__source *source, ffnn__index *index, ffnn__file_desc *desc) {
    ffnn_status status = ffnn__read_index(source, index);
    if (status != FFNN_OK) return status;
    if (ffnn__find_new_network(index, desc)) return FFNN_OK;
    /* A malformed file is FFNN_ERROR_FORMAT first: see ffnn__read_rest. */
    status = ffnn__source_skip_to_end(source, source->at + index->data_size);
    ffnn__free_index(index);
    return status == FFNN_OK ? ffnn__status_of(desc->reason) : status;
}

/* The last step, after which there is a network or, with another status than FFNN_OK, none. */
static ffnn_status ffnn__finish_or_free(ffnn_net *net, ffnn__index *index,
                                    const ffnn__file_desc *desc, ffnn_status status) {
    if (status == FFNN_OK) {
        for (size_t i = 0; i < net->layer_count; ++i) {
            net->layers[i].activation = desc->activations[i];
            net->layers[i].alpha = desc->alphas[i];
        }
        status = ffnn__check_layers(net);
    }
    if (status != FFNN_OK) ffnn_free(net);
    ffnn__free_index(index);
    return status;
}

/* A file that is as large as its header says is read straight into the network's memory. Through
   the source's memory it would take twice as long: page faults cost as much as reading. */
static ffnn_status ffnn__new_copy(ffnn__source *source, ffnn_net *net) {
    ffnn__index index;
    ffnn__file_desc desc;
    ffnn_status status = ffnn__read_new(source, &index, &desc);
    if (status != FFNN_OK) return status;
    uint64_t size = source->at + index.data_size;
    bool is_straight = source->file_size == size;
    if (!is_straight) status = ffnn__source_read_to_end(source, size);
    if (status == FFNN_OK)
        status = ffnn__allocate(net, desc.sizes, desc.layer_count, desc.has_biases);
    if (status == FFNN_OK) status = ffnn__load_parameters(source, net, &index, &desc);
    if (status == FFNN_OK && is_straight) status = ffnn__source_check_end(source);
    return ffnn__finish_or_free(net, &index, &desc, status);
}

/* Points a new network's layers at the source's bytes. */
static ffnn_status ffnn__view_parameters(ffnn_net *net, const ffnn__file_desc *desc,
                                         const ffnn__source *source) {
    for (size_t i = 0; i < ffnn__parameter_count(net); ++i) {
        ffnn__parameter parameter = ffnn__parameter_at(net, i);
        ffnn_layer *layer = &net->layers[parameter.layer];
        size_t inputs = net->sizes[parameter.layer], outputs = net->sizes[parameter.layer + 1];
        const ffnn__entry *entry = ffnn__entry_of(desc, &parameter);
        uintptr_t address = (uintptr_t)(source->bytes + source->at + entry->begin);
        float *floats = (float *)address; /* const until here: nothing writes to a view */
        bool are_floats = ffnn__is_of_floats(ffnn__find_format(entry->dtype));
        if (!ffnn__is_little_endian() || !are_floats || address % sizeof(float) != 0)
            return FFNN_ERROR_ARGUMENT;
        if (parameter.is_bias) {
            layer->bias = ffnn_view(floats, 1, outputs);
            continue;
        }
        layer->transposed = desc->transposed;
        layer->weight = desc->transposed ? ffnn_view(floats, outputs, inputs)
                                         : ffnn_view(floats, inputs, outputs);
    }
    return FFNN_OK;
}

static ffnn_status ffnn__new_view(ffnn__source *source, ffnn_net *net) {
    ffnn__index index;
    ffnn__file_desc desc;
    ffnn_status status = ffnn__read_new(source, &index, &desc);
    if (status != FFNN_OK) return status;
    status = ffnn__source_read_to_end(source, source->at + index.data_size);
    if (status == FFNN_OK)
        status = ffnn__allocate_layers(net, desc.sizes, desc.layer_count, desc.has_biases);
    if (status == FFNN_OK) {
        net->is_view = true;
        status = ffnn__view_parameters(net, &desc, source);
    }
    return ffnn__finish_or_free(net, &index, &desc, status);
}

FFNNDEF ffnn_status ffnn_load_memory(ffnn_net *net, const void *data, size_t size) {
    ffnn_status status = data != NULL ? ffnn__check_writable(net) : FFNN_ERROR_ARGUMENT;
    if (status != FFNN_OK) return status;
    ffnn__source source = ffnn__source_of(data, size);
    return ffnn__read_into(&source, net);
}

FFNNDEF ffnn_status ffnn_init_from_memory(ffnn_net *net, const void *data, size_t size) {
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (data == NULL) return FFNN_ERROR_ARGUMENT;
    ffnn__source source = ffnn__source_of(data, size);
    return ffnn__new_copy(&source, net);
}

FFNNDEF ffnn_status ffnn_init_view(ffnn_net *net, const void *data, size_t size) {
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (data == NULL) return FFNN_ERROR_ARGUMENT;
    ffnn__source source = ffnn__source_of(data, size);
    return ffnn__new_view(&source, net);
}

#ifndef FFNN_NO_STDIO

FFNNDEF ffnn_status ffnn_load(ffnn_net *net, const char *path) {
    ffnn__source source;
    ffnn_status status = path != NULL ? ffnn__check_writable(net) : FFNN_ERROR_ARGUMENT;
    if (status != FFNN_OK) return status;
    if (!ffnn__source_open(&source, path)) return FFNN_ERROR_IO;
    status = ffnn__read_into(&source, net);
    ffnn__source_close(&source);
    return status;
}

FFNNDEF ffnn_status ffnn_init_from_file(ffnn_net *net, const char *path) {
    ffnn__source source;
    if (net == NULL) return FFNN_ERROR_ARGUMENT;
    memset(net, 0, sizeof *net);
    if (path == NULL) return FFNN_ERROR_ARGUMENT;
    if (!ffnn__source_open(&source, path)) return FFNN_ERROR_IO;
    ffnn_status status = ffnn__new_copy(&source, net);
    ffnn__source_close(&source);
    return status;
}

/* Whether an entry has this name and, of floats, the shape that a file has of this tensor. */
static bool ffnn__is_entry_of(const ffnn__entry *entry, const char *name,
                              const ffnn__parameter *parameter) {
    size_t rows = parameter->tensor.rows, cols = parameter->tensor.cols;
    bool are_floats = ffnn__is_of_floats(ffnn__find_format(entry->dtype));
    if (!are_floats || ffnn__compare(entry->name, name) != 0) return false;
    if (parameter->is_bias) return entry->rank == 1 && entry->shape[0] == cols;
    bool transposed = parameter->saved_transposed;
    return entry->rank == 2 && entry->shape[transposed ? 1 : 0] == rows &&
           entry->shape[transposed ? 0 : 1] == cols;
}

/* Whether the index has exactly these moments; points entries at them. */
static bool ffnn__find_moments(const ffnn__index *index, const ffnn__contents *contents,
                               const ffnn__entry **entries) {
    size_t count = ffnn__tensor_count(contents);
    if (index->count != count) return false;
    for (size_t i = 0; i < count; ++i) {
        char name[FFNN__MAX_NAME];
        ffnn__parameter parameter = ffnn__parameter_at(contents->net, i / contents->moments);
        ffnn__name_tensor(name, contents, i);
        size_t found = 0;
        while (found < count && !ffnn__is_entry_of(&index->entries[found], name, &parameter))
            ++found;
        if (found == count) return false;
        entries[i] = &index->entries[found];
    }
    return true;
}

/* Reads the metadata's "steps", and compares its "optimizer" with the network's. */
static bool ffnn__find_optimizer(const ffnn__index *index, const ffnn_net *net, uint64_t *steps) {
    const char *name = ffnn__find_metadata(index, "optimizer");
    const char *number = ffnn__find_metadata(index, "steps");
    if (name == NULL || number == NULL) return false;
    if (ffnn__compare(name, ffnn__optimizer_names[net->optimizer]) != 0) return false;
    if (strcspn(number, " \t\r\n") < strlen(number)) return false; /* JSON would skip these */
    const unsigned char *digits = (const unsigned char *)number;
    ffnn__json json = {digits, digits + strlen(number), false, false, NULL, 0, NULL};
    *steps = ffnn__json_unsigned(&json);
    bool leaves_more = *steps <= UINT64_MAX / 2; /* the step after the last one would be number 0 */
    return ffnn__json_ended(&json) && leaves_more;
}

/* The moments must not have changed if this fails. */
static ffnn_status ffnn__read_optimizer(ffnn__source *source, ffnn_net *net) {
    ffnn__index index;
    const ffnn__entry *entries[4 * FFNN_MAX_LAYERS]; /* two moments of weights and biases */
    ffnn_tensor moments = ffnn_view(NULL, 0, 0);
    uint64_t steps = 0;
    ffnn_status status = ffnn__read_index(source, &index);
    if (status != FFNN_OK) return status;
    bool has_moments = index.count > 0;
    ffnn_net loaded = *net; /* its moments are those of the file */
    ffnn__contents contents = {&loaded, true, has_moments ? ffnn__moment_rows(net) - 1 : 0};
    bool matches = ffnn__find_optimizer(&index, net, &steps) &&
                   ffnn__find_moments(&index, &contents, entries) && has_moments == (steps > 0);
    source->is_size_trusted = matches;
    status = ffnn__read_rest(source, &index, matches ? FFNN_OK : FFNN_ERROR_MISMATCH);
    if (status == FFNN_OK && has_moments)
        status = ffnn__allocate_moments(net, ffnn__moment_rows(net), &moments);
    loaded.moments = moments;
    if (status == FFNN_OK)
        status = ffnn__load_tensors(source, &contents, entries, net->has_biases, index.data_size);
    ffnn__free_index(&index);
    if (status != FFNN_OK) {
        ffnn_tensor_free(&moments);
        return status;
    }
    ffnn__replace_moments(net, moments);
    net->steps = steps;
    return FFNN_OK;
}

FFNNDEF ffnn_status ffnn_load_optimizer(ffnn_net *net, const char *path) {
    ffnn__source source;
    ffnn_status status = path != NULL ? ffnn__check_layers(net) : FFNN_ERROR_ARGUMENT;
    if (status == FFNN_OK) status = ffnn__check_optimizer(net);
    if (status != FFNN_OK) return status;
    if (!ffnn__source_open(&source, path)) return FFNN_ERROR_IO;
    status = ffnn__read_optimizer(&source, net);
    ffnn__source_close(&source);
    return status;
}

#endif /* FFNN_NO_STDIO */

/* ---- weights file: saving ---------------------------------------------------------------- */
/* The file is put together piece by piece: in memory, in a FILE or, where both are NULL, only to
   count its bytes. What puts a piece is not inlined: it is called in forty places. */

typedef struct ffnn__sink {
    unsigned char *memory;
    void *file;    /* a FILE *; with FFNN_NO_STDIO that name does not exist */
    uint64_t size; /* bytes so far */
} ffnn__sink;

FFNN__NOINLINE static void ffnn__put_bytes(ffnn__sink *sink, const void *bytes, size_t size) {
    if (sink->memory != NULL) memcpy(sink->memory + sink->size, bytes, size);
#ifndef FFNN_NO_STDIO
    if (sink->file != NULL) ffnn__write_file((FILE *)sink->file, bytes, size);
#endif
    sink->size += size;
}

static void ffnn__put_floats(ffnn__sink *sink, const float *floats, size_t count) {
    if (ffnn__is_little_endian()) {
        ffnn__put_bytes(sink, floats, count * sizeof(float));
        return;
    }
    unsigned char chunk[512];
    const size_t max = sizeof chunk / sizeof(float);
    for (size_t first = 0; first < count; first += max) {
        size_t part = count - first < max ? count - first : max;
        ffnn__copy_little_endian(chunk, floats + first, part);
        ffnn__put_bytes(sink, chunk, part * sizeof(float));
    }
}

FFNN__NOINLINE static void ffnn__put_text(ffnn__sink *sink, const char *text) {
    ffnn__put_bytes(sink, text, strlen(text));
}

FFNN__NOINLINE static void ffnn__put_number(ffnn__sink *sink, uint64_t number) {
    char digits[24];
    ffnn__put_bytes(sink, digits, (size_t)(ffnn__append_number(digits, number) - digits));
}

/* In the file's layout, which a view's layers may have already. */
static void ffnn__put_parameter(ffnn__sink *sink, const ffnn__parameter *parameter,
                                bool transposed) {
    ffnn_tensor t = parameter->tensor;
    if (parameter->is_bias || parameter->saved_transposed == transposed) {
        ffnn__put_floats(sink, t.data, t.rows * t.cols);
        return;
    }
    for (size_t col = 0; col < t.cols; ++col) {
        float chunk[64];
        const size_t max = sizeof chunk / sizeof chunk[0];
        for (size_t first = 0; first < t.rows; first += max) {
            size_t count = t.rows - first < max ? t.rows - first : max;
            for (size_t i = 0; i < count; ++i) /* not =, which would change NaN on x87 */
                memcpy(&chunk[i], &t.data[(first + i) * t.cols + col], sizeof chunk[i]);
            ffnn__put_floats(sink, chunk, count);
        }
    }
}

/* Networks of sigmoids without biases need no metadata: a file without it means exactly that. */
static bool ffnn__has_metadata(const ffnn_net *net) {
    bool has_others = net->has_biases;
    for (size_t i = 0; i < net->layer_count; ++i)
        if (net->layers[i].activation != FFNN_SIGMOID) has_others = true;
    return has_others;
}

/* "__metadata__":{"activations":"relu identity"} */
static void ffnn__put_activations(ffnn__sink *sink, const ffnn_net *net) {
    ffnn__put_text(sink, "\"__metadata__\":{\"activations\":\"");
    for (size_t i = 0; i < net->layer_count; ++i) {
        if (i > 0) ffnn__put_text(sink, " ");
        char text[FFNN__MAX_ACTIVATION];
        const ffnn_layer *layer = &net->layers[i];
        char *end = ffnn__append_activation(text, layer->activation, layer->alpha);
        ffnn__put_bytes(sink, text, (size_t)(end - text));
    }
    ffnn__put_text(sink, "\"}");
}

/* "__metadata__":{"optimizer":"adam","steps":"120"} */
static void ffnn__put_optimizer(ffnn__sink *sink, const ffnn__contents *contents) {
    const ffnn_net *net = contents->net;
    ffnn__put_text(sink, "\"__metadata__\":{\"optimizer\":\"");
    ffnn__put_text(sink, ffnn__optimizer_names[net->optimizer]);
    ffnn__put_text(sink, "\",\"steps\":\"");
    ffnn__put_number(sink, contents->moments > 0 ? net->steps : 0);
    ffnn__put_text(sink, "\"}");
}

/* 3,4 */
static void ffnn__put_pair(ffnn__sink *sink, uint64_t first, uint64_t second) {
    ffnn__put_number(sink, first);
    ffnn__put_text(sink, ",");
    ffnn__put_number(sink, second);
}

/* "W1":{"dtype":"F32","shape":[3,4],"data_offsets":[0,48]}: tensor i, whose bytes begin there.
   Returns where they end. */
static uint64_t ffnn__put_entry(ffnn__sink *sink, const ffnn__contents *contents, size_t i,
                                uint64_t begin) {
    ffnn__parameter parameter = ffnn__tensor_at(contents, i);
    const size_t *sizes = contents->net->sizes + parameter.layer;
    uint64_t inputs = sizes[0], outputs = sizes[1];
    uint64_t end = begin + (parameter.is_bias ? 1 : inputs) * outputs * sizeof(float);
    char name[FFNN__MAX_NAME];
    ffnn__name_tensor(name, contents, i);
    ffnn__put_text(sink, "\"");
    ffnn__put_text(sink, name);
    ffnn__put_text(sink, "\":{\"dtype\":\"F32\",\"shape\":[");
    if (parameter.is_bias) ffnn__put_number(sink, outputs);
    else if (parameter.saved_transposed) ffnn__put_pair(sink, outputs, inputs);
    else ffnn__put_pair(sink, inputs, outputs);
    ffnn__put_text(sink, "],\"data_offsets\":[");
    ffnn__put_pair(sink, begin, end);
    ffnn__put_text(sink, "]}");
    return end;
}

static void ffnn__put_header(ffnn__sink *sink, const ffnn__contents *contents) {
    uint64_t begin = 0;
    bool has_metadata = contents->is_optimizer || ffnn__has_metadata(contents->net);
    ffnn__put_text(sink, "{");
    if (contents->is_optimizer) ffnn__put_optimizer(sink, contents);
    else if (has_metadata) ffnn__put_activations(sink, contents->net);
    for (size_t i = 0; i < ffnn__tensor_count(contents); ++i) {
        if (i > 0 || has_metadata) ffnn__put_text(sink, ",");
        begin = ffnn__put_entry(sink, contents, i, begin);
    }
    ffnn__put_text(sink, "}");
}

static void ffnn__put_file(ffnn__sink *sink, const ffnn__contents *contents) {
    ffnn__sink counter = {NULL, NULL, 0};
    ffnn__put_header(&counter, contents);
    uint64_t header_size = (counter.size + 7) / 8 * 8;
    unsigned char start[8];
    for (size_t i = 0; i < 8; ++i) start[i] = (unsigned char)(header_size >> (8 * i) & 0xff);
    ffnn__put_bytes(sink, start, 8);
    ffnn__put_header(sink, contents);
    ffnn__put_bytes(sink, "        ", (size_t)(header_size - counter.size)); /* aligned by 8 */
    for (size_t i = 0; i < ffnn__tensor_count(contents); ++i) {
        ffnn__parameter parameter = ffnn__tensor_at(contents, i);
        ffnn__put_parameter(sink, &parameter, contents->net->layers[parameter.layer].transposed);
    }
}

FFNNDEF ffnn_status ffnn_save_memory(const ffnn_net *net, void *data, size_t capacity,
                                     size_t *size) {
    ffnn__sink sink = {NULL, NULL, 0};
    ffnn_status status = size != NULL ? ffnn__check_layers(net) : FFNN_ERROR_ARGUMENT;
    if (status != FFNN_OK) return status;
    ffnn__contents contents = ffnn__parameters_of(net);
    ffnn__put_file(&sink, &contents);
    if (sink.size > SIZE_MAX) return FFNN_ERROR_MEMORY;
    *size = (size_t)sink.size;
    if (data == NULL) return FFNN_OK;
    if (capacity < *size) return FFNN_ERROR_ARGUMENT;
    sink.memory = (unsigned char *)data;
    sink.size = 0;
    ffnn__put_file(&sink, &contents);
    return FFNN_OK;
}

#ifndef FFNN_NO_STDIO

/* Replaces the file at path by what write puts out. write returns false if it failed; then path
   still holds the old file, intact. */
static ffnn_status ffnn__replace_file(const char *path, bool (*write)(FILE *file, const void *what),
                                      const void *what);

static bool ffnn__write_contents(FILE *file, const void *contents) {
    ffnn__sink sink = {NULL, file, 0};
    ffnn__put_file(&sink, (const ffnn__contents *)contents);
    return !ferror(file);
}

FFNNDEF ffnn_status ffnn_save(const ffnn_net *net, const char *path) {
    ffnn_status status = path != NULL ? ffnn__check_layers(net) : FFNN_ERROR_ARGUMENT;
    if (status != FFNN_OK) return status;
    ffnn__contents contents = ffnn__parameters_of(net);
    return ffnn__replace_file(path, ffnn__write_contents, &contents);
}

FFNNDEF ffnn_status ffnn_save_optimizer(const ffnn_net *net, const char *path) {
    ffnn_status status = path != NULL ? ffnn__check_layers(net) : FFNN_ERROR_ARGUMENT;
    if (status == FFNN_OK) status = ffnn__check_optimizer(net);
    if (status != FFNN_OK) return status;
    ffnn__contents contents = {net, true, 0};
    if (ffnn__has_own_moments(net) && net->steps > 0) contents.moments = net->moments.rows - 1;
    return ffnn__replace_file(path, ffnn__write_contents, &contents);
}

#endif /* FFNN_NO_STDIO */

/* ---- files of Windows, POSIX, C ---------------------------------------------------------- */
/* A save writes a temporary file beside the old one and renames it when it is complete. Each
   platform has these functions, in this order; POSIX and C share the first four:

     ffnn__open              opens a file to be read
     ffnn__open_special      opens a device or a pipe to be written to
     ffnn__rename            renames a file, in place of another one if there is one
     ffnn__remove            removes a file
     ffnn__find_target       finds out what stands at the path of a save
     ffnn__create            creates a file; errno is EEXIST if anything has that name already
     ffnn__keep_permissions  gives it the old file's permissions, owner and group, where possible
     ffnn__sync              flushes it to the disk

   Those that return false or NULL have set errno. Where a call may fail without setting errno,
   errno is set beforehand. */

#ifndef FFNN_NO_STDIO

#if defined(_WIN32)
enum { FFNN__PATH_SIZE = 2048 }; /* with the zero at its end; twice as many bytes in UTF-16 */
#else
enum { FFNN__PATH_SIZE = 4096 };
#endif

/* What a save writes to. */
typedef struct ffnn__target {
    char path[FFNN__PATH_SIZE];      /* of the file to be replaced, symbolic links followed */
    char temporary[FFNN__PATH_SIZE]; /* path of the file that replaces it */
    bool is_special;                 /* a device or a pipe: written to, not replaced */
    bool has_old;                    /* POSIX: there is an old file */
#if defined(FFNN__POSIX)
    struct stat old; /* its permissions, owner and group */
#endif
} ffnn__target;

#if defined(_WIN32) /* ---------------- Windows */

#define FFNN__SEPARATORS "/\\:" /* of a path */

/* A path in UTF-16, from UTF-8 or else, as fopen takes it, from the system's code page. */
static bool ffnn__wide(wchar_t wide[FFNN__PATH_SIZE], const char *path) {
    const unsigned utf_8 = 65001, code_page = 0; /* CP_UTF8, CP_ACP */
    const unsigned long refuse_invalid = 8;      /* MB_ERR_INVALID_CHARS */
    if (MultiByteToWideChar(utf_8, refuse_invalid, path, -1, wide, FFNN__PATH_SIZE) > 0)
        return true;
    errno = EINVAL;
    return MultiByteToWideChar(code_page, refuse_invalid, path, -1, wide, FFNN__PATH_SIZE) > 0;
}

static FILE *ffnn__open(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    return ffnn__wide(wide, path) ? _wfopen(wide, L"rb") : NULL;
}

static FILE *ffnn__open_special(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    return ffnn__wide(wide, path) ? _wfopen(wide, L"wb") : NULL;
}

static bool ffnn__rename(const char *from, const char *to) {
    const unsigned long flags = 1 | 8; /* MOVEFILE_REPLACE_EXISTING, MOVEFILE_WRITE_THROUGH */
    wchar_t wide_from[FFNN__PATH_SIZE], wide_to[FFNN__PATH_SIZE];
    if (!ffnn__wide(wide_from, from) || !ffnn__wide(wide_to, to)) return false;
    errno = EACCES; /* to is open in some program, write-protected, or a folder */
    return MoveFileExW(wide_from, wide_to, flags) != 0;
}

static void ffnn__remove(const char *path) {
    wchar_t wide[FFNN__PATH_SIZE];
    if (ffnn__wide(wide, path)) _wremove(wide);
}

static bool ffnn__find_target(ffnn__target *target) {
    wchar_t wide[FFNN__PATH_SIZE];
    struct _stat info;
    if (!ffnn__wide(wide, target->path)) return false;
    int number = _wopen(wide, _O_WRONLY | _O_BINARY);
    if (number < 0) return true; /* nothing is there, or ffnn__rename will say what is wrong */
    target->is_special = _fstat(number, &info) == 0 && (info.st_mode & _S_IFMT) != _S_IFREG;
    _close(number);
    return true;
}

static FILE *ffnn__create(const char *path, bool is_private) {
    const int flags = _O_WRONLY | _O_BINARY | _O_CREAT | _O_EXCL;
    wchar_t wide[FFNN__PATH_SIZE];
    (void)is_private; /* a new file has the folder's permissions */
    if (!ffnn__wide(wide, path)) return NULL;
    int number = _wopen(wide, flags, _S_IREAD | _S_IWRITE);
    if (number < 0) return NULL;
    FILE *file = _fdopen(number, "wb");
    if (file != NULL) return file;
    int error = errno;
    _close(number);
    _wremove(wide);
    errno = error;
    return NULL;
}

static void ffnn__keep_permissions(FILE *file, const ffnn__target *target) {
    (void)file;
    (void)target;
}

static bool ffnn__sync(FILE *file) { return _commit(_fileno(file)) == 0; }

#else /* ------------------------------ POSIX and C */

#define FFNN__SEPARATORS "/"

static FILE *ffnn__open(const char *path) { return fopen(path, "rb"); }

static FILE *ffnn__open_special(const char *path) { return fopen(path, "wb"); }

static bool ffnn__rename(const char *from, const char *to) { return rename(from, to) == 0; }

static void ffnn__remove(const char *path) { remove(path); }

#endif

#if defined(FFNN__POSIX) /* ----------- POSIX */

/* Whether a path stands for an open file of a process: by its beginning or, however it is spelled,
   by its folder, which on Linux is one of the file system of /proc. */
static bool ffnn__is_open_file(char *path) {
    static const char *const beginnings[] = {"/dev/std", "/dev/fd/", "/proc/"};
    struct stat folder, proc;
    for (size_t i = 0; i < sizeof beginnings / sizeof beginnings[0]; ++i)
        if (strncmp(path, beginnings[i], strlen(beginnings[i])) == 0) return true;
    char *last_slash = strrchr(path, '/');
    if (stat("/proc/self", &proc) != 0) return false;
    if (last_slash == NULL) return stat(".", &folder) == 0 && folder.st_dev == proc.st_dev;
    char first = last_slash[1]; /* of the name, which is cut off for a moment */
    last_slash[1] = '\0';
    bool is_in_proc = stat(path, &folder) == 0 && folder.st_dev == proc.st_dev;
    last_slash[1] = first;
    return is_in_proc;
}

/* Replaces the path by the one that its symbolic links lead to. It may not lead to an open file: if
   the file that the program's output goes to were replaced, further output would be lost. */
static bool ffnn__follow_links(ffnn__target *target) {
    const int max_links = 40; /* as Linux: more are taken for a loop */
    char *path = target->path;
    char *text = target->temporary; /* of a link; the temporary file has no name yet */
    for (int links = 0; links < max_links; ++links) {
        bool is_open_file = ffnn__is_open_file(path);
        errno = EINVAL;
        if (is_open_file) return false;
        ssize_t length = readlink(path, text, FFNN__PATH_SIZE);
        if (length < 0) return errno == EINVAL || errno == ENOENT; /* no link, or nothing there */
        char *name = path, *last_slash = strrchr(path, '/');
        if (text[0] != '/' && last_slash != NULL) name = last_slash + 1;
        errno = ENAMETOOLONG;
        if ((name - path) + length >= FFNN__PATH_SIZE) return false;
        memcpy(name, text, (size_t)length);
        name[length] = '\0';
    }
    errno = ELOOP;
    return false;
}

static bool ffnn__find_target(ffnn__target *target) {
    target->has_old = stat(target->path, &target->old) == 0;
    if (!target->has_old && errno != ENOENT) return false;
    target->is_special = target->has_old && !S_ISREG(target->old.st_mode);
    if (target->is_special) return true;
    if (!ffnn__follow_links(target)) return false;
    if (!target->has_old) return true;
    return access(target->path, W_OK) == 0; /* renaming would replace a write-protected file */
}

static FILE *ffnn__create(const char *path, bool is_private) {
    int number = open(path, O_WRONLY | O_CREAT | O_EXCL, is_private ? 0600 : 0666);
    if (number < 0) return NULL;
    FILE *file = fdopen(number, "wb");
    if (file != NULL) return file;
    int error = errno;
    close(number);
    remove(path);
    errno = error;
    return NULL;
}

/* By the open file's number: whoever owns the folder may have put another file at the path. If the
   group cannot be kept, the new group gets no permission that others lack. */
static void ffnn__keep_permissions(FILE *file, const ffnn__target *target) {
    int number = fileno(file);
    uid_t owner = target->old.st_uid;
    gid_t group = target->old.st_gid;
    unsigned permissions = (unsigned)target->old.st_mode & 0777u;
    bool has_group = fchown(number, owner, group) == 0 || fchown(number, (uid_t)-1, group) == 0;
    if (!has_group) permissions &= ~070u | (permissions & 07u) << 3;
    /* A file system without permissions is no reason to fail; an if, since GNU's C library warns of
       a result that nobody looks at. */
    if (fchmod(number, (mode_t)permissions) != 0) return;
}

static bool ffnn__sync(FILE *file) { return fsync(fileno(file)) == 0; }

#elif !defined(_WIN32) /* ------------- what C alone offers */

static bool ffnn__find_target(ffnn__target *target) {
    (void)target; /* taken for a new file */
    return true;
}

static FILE *ffnn__create(const char *path, bool is_private) {
    (void)is_private;
    errno = EEXIST; /* fopen need not set it */
    return fopen(path, "wbx");
}

static void ffnn__keep_permissions(FILE *file, const ffnn__target *target) {
    (void)file;
    (void)target;
}

static bool ffnn__sync(FILE *file) {
    (void)file;
    return true;
}

#endif

/* What follows is the same everywhere. */

/* Names the temporary file after the target: PATH.1.tmp for number 1. Few file systems allow names
   of more than 255 bytes: of one that would become longer only the beginning is kept. That is so
   short that the result is never the target's own name, and no UTF-8 character is cut apart. */
static bool ffnn__name_temporary(ffnn__target *target, uint64_t number) {
    const size_t max_name = 255, max_kept = 200;
    const char *path = target->path;
    char suffix[32]; /* with up to 20 digits */
    strcpy(ffnn__append_number(ffnn__append_text(suffix, "."), number), ".tmp");
    size_t end = strlen(path), name = end;
    while (name > 0 && strchr(FFNN__SEPARATORS, path[name - 1]) == NULL) --name;
    if (end - name + strlen(suffix) > max_name) {
        end = name + max_kept;
        while (end > name && ((unsigned char)path[end] & 0xC0) == 0x80) --end;
    }
    errno = ENAMETOOLONG;
    if (end + strlen(suffix) >= FFNN__PATH_SIZE) return false;
    memcpy(target->temporary, path, end);
    strcpy(target->temporary + end, suffix);
    return true;
}

/* Creates the temporary file, under the first number that is free. Nobody else may open it before
   it has the old file's permissions: those who may not read the old file never read the new one. */
static FILE *ffnn__create_temporary(ffnn__target *target) {
    const uint64_t max_number = 9999; /* saves to one path at once, and files of killed ones */
    for (uint64_t number = 1; number <= max_number; ++number) {
        if (!ffnn__name_temporary(target, number)) return NULL;
        FILE *file = ffnn__create(target->temporary, target->has_old);
        if (file != NULL || errno != EEXIST) return file;
    }
    return NULL;
}

/* sync is NULL for devices and pipes, which cannot be flushed to a disk. errno is that of the first
   failure. */
static bool ffnn__write_and_close(FILE *file, bool (*write)(FILE *file, const void *what),
                                  const void *what, bool (*sync)(FILE *file)) {
    bool ok = write(file, what) && fflush(file) == 0;
    if (ok && sync != NULL) ok = sync(file);
    int error = errno;
    if (fclose(file) != 0 && ok) return false;
    errno = error;
    return ok;
}

static ffnn_status ffnn__replace_file(const char *path, bool (*write)(FILE *file, const void *what),
                                      const void *what) {
    ffnn__target target;
    target.is_special = target.has_old = false;
    errno = ENAMETOOLONG;
    if (strlen(path) >= FFNN__PATH_SIZE) return FFNN_ERROR_IO;
    strcpy(target.path, path);
    if (!ffnn__find_target(&target)) return FFNN_ERROR_IO;
    FILE *file = target.is_special ? ffnn__open_special(target.path)
                                   : ffnn__create_temporary(&target);
    if (file == NULL) return FFNN_ERROR_IO;
    if (target.is_special)
        return ffnn__write_and_close(file, write, what, NULL) ? FFNN_OK : FFNN_ERROR_IO;
    if (target.has_old) ffnn__keep_permissions(file, &target);
    bool is_replaced = ffnn__write_and_close(file, write, what, ffnn__sync) &&
                       ffnn__rename(target.temporary, target.path);
    if (is_replaced) return FFNN_OK;
    int error = errno;
    ffnn__remove(target.temporary);
    errno = error;
    return FFNN_ERROR_IO;
}

#endif /* FFNN_NO_STDIO */

/* ---- four floats at a time --------------------------------------------------------------- */
/* What every processor with vectors can do. The vectors of 8 and 16 floats need a kind of
   processor: see "kinds of processors". */

#ifdef FFNN__SIMD

/* Vectors that may lie at any address and alias any type. */
#define FFNN__VECTOR_OF(bytes)                                                                    \
    __attribute__((__vector_size__(bytes), __aligned__(4), __may_alias__))
typedef float ffnn__f32x4 FFNN__VECTOR_OF(16);
typedef float ffnn__f32x8 FFNN__VECTOR_OF(32);
typedef uint32_t ffnn__u32x8 FFNN__VECTOR_OF(32);
typedef uint64_t ffnn__u64x4 __attribute__((__vector_size__(32)));

#if defined(__clang__) || __GNUC__ >= 12
#define FFNN__SHUFFLEVECTOR
#define FFNN__SHUFFLE(a, b, i, j, k, l) __builtin_shufflevector(a, b, i, j, k, l)
#else
typedef uint32_t ffnn__u32x4 __attribute__((__vector_size__(16)));
#define FFNN__SHUFFLE(a, b, i, j, k, l)                                                           \
    __builtin_shuffle(a, b, __extension__(ffnn__u32x4){i, j, k, l})
#endif

/* ffnn__last_lanes + n is a mask of the last n of 16 lanes. */
static const uint32_t ffnn__last_lanes[32] = {
    0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,   0,
    ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u, ~0u};

/* Transposes a matrix of 4 x 4. */
static inline void ffnn__transpose4(ffnn__f32x4 row[4]) {
    ffnn__f32x4 low[2], high[2];
    low[0] = FFNN__SHUFFLE(row[0], row[1], 0, 4, 1, 5);
    low[1] = FFNN__SHUFFLE(row[2], row[3], 0, 4, 1, 5);
    high[0] = FFNN__SHUFFLE(row[0], row[1], 2, 6, 3, 7);
    high[1] = FFNN__SHUFFLE(row[2], row[3], 2, 6, 3, 7);
    row[0] = FFNN__SHUFFLE(low[0], low[1], 0, 1, 4, 5);
    row[1] = FFNN__SHUFFLE(low[0], low[1], 2, 3, 6, 7);
    row[2] = FFNN__SHUFFLE(high[0], high[1], 0, 1, 4, 5);
    row[3] = FFNN__SHUFFLE(high[0], high[1], 2, 3, 6, 7);
}

/* to = from^T, where from has 4 rows of 4 floats. The rows of to and from lie to_step and from_step
   floats apart; only the first count rows of to are stored. */
static inline void ffnn__transpose_block(float *to, size_t to_step, const float *from,
                                         size_t from_step, size_t count) {
    ffnn__f32x4 row[4];
    FFNN__UNROLL for (size_t i = 0; i < 4; ++i)
        row[i] = *(const ffnn__f32x4 *)(from + i * from_step);
    ffnn__transpose4(row);
    for (size_t i = 0; i < count; ++i) *(ffnn__f32x4 *)(to + i * to_step) = row[i];
}

/* to (cols x rows) = from (rows x cols) transposed, in blocks of 4 x 4, even where fewer than 4
   columns are left: what is read too much belongs to the next rows, and is not stored. The last
   rows, after which there may be no memory, go float by float. */
static void ffnn__transpose(float *to, size_t to_step, const float *from, size_t from_step,
                            size_t rows, size_t cols) {
    size_t row = 0;
    for (; row + 4 <= rows; row += 4) {
        size_t col = 0;
        for (; col < cols; col += 4) {
            const float *block = from + row * from_step + col;
            size_t count = cols - col < 4 ? cols - col : 4;
            bool is_near_end = row + 4 + 3 >= rows; /* 3 more rows have at least 3 more floats */
            if (count < 4 && is_near_end) break;
            ffnn__transpose_block(to + col * to_step + row, to_step, block, from_step, count);
        }
        for (; col < cols; ++col)
            for (size_t i = row; i < row + 4; ++i)
                to[col * to_step + i] = from[i * from_step + col];
    }
    for (; row < rows; ++row)
        for (size_t col = 0; col < cols; ++col)
            to[col * to_step + row] = from[row * from_step + col];
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

#endif /* FFNN__SIMD */

/* ---- products in plain C ----------------------------------------------------------------- */

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

/* c (m x n) = a b, where a is m x k, or k x m if it is transposed, and b is k x n, or n x k. */
static ffnn__product ffnn__describe(float *c, const float *a, const float *b, size_t m, size_t k,
                                    size_t n, bool a_transposed, bool b_transposed) {
    ffnn__product product;
    product.c = c;
    product.a = a;
    product.b = b;
    product.rows = m;
    product.depth = k;
    product.cols = n;
    product.c_step = n;
    product.a_row_step = a_transposed ? 1 : k;
    product.a_col_step = a_transposed ? m : 1;
    product.b_row_step = b_transposed ? 1 : n;
    product.b_col_step = b_transposed ? k : 1;
    product.add = false;
    product.factor = 1;
    return product;
}

/* Without vectors GCC fuses no product into a sum, as -std=c99 has it: for some processors it
   would fuse some loops and not others, and a sample's bits would depend on its batch. And at -O3
   it makes no vectors of loops over the depth, which takes twice as long as those that tiles
   become. */
#if !defined(FFNN__SIMD) && defined(__GNUC__) && !defined(__clang__) && !defined(__TINYC__)
#define FFNN__PLAIN_OPTIONS
#pragma GCC push_options
#pragma GCC optimize("fp-contract=off")
#pragma GCC optimize("no-tree-loop-vectorize")
#endif

/* Element by element, the columns from first on. Not inlined: every small product passes its
   caller, which would save and restore this loop's registers. */
FFNN__NOINLINE static void ffnn__run_plain(const ffnn__product *product, size_t first) {
    for (size_t row = 0; row < product->rows; ++row) {
        float *c = product->c + row * product->c_step;
        for (size_t col = first; col < product->cols; ++col) {
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

#if !defined(FFNN__SIMD) && defined(__OPTIMIZE_SIZE__) /* tiles are 0.8 KB on a Cortex-M4 */

static void ffnn__run_band(const ffnn__product *product) { ffnn__run_plain(product, 0); }

#elif !defined(FFNN__SIMD)

/* Tiles of scalars. Their sums are local variables with names of their own: of these every compiler
   makes registers, and GCC and Clang make vectors of the four in a row, if the step between columns
   is a constant. In an array they would stay in memory wherever a loop over it is not unrolled.
   Each element is summed up as by ffnn__run_plain, so its bits do not depend on its tile. */

/* Four columns of a row of c. They are read before any is written: else the compiler would have to
   assume that writing one changes the next. */
FFNN__FORCE_INLINE void ffnn__put_row(const ffnn__product *product, float *c, float sum0,
                                      float sum1, float sum2, float sum3) {
    if (product->add) {
        float factor = product->factor, c0 = c[0], c1 = c[1], c2 = c[2], c3 = c[3];
        sum0 = c0 + sum0 * factor;
        sum1 = c1 + sum1 * factor;
        sum2 = c2 + sum2 * factor;
        sum3 = c3 + sum3 * factor;
    }
    c[0] = sum0;
    c[1] = sum1;
    c[2] = sum2;
    c[3] = sum3;
}

/* 4 x 4 elements of c, from (row, col) on. step, b's from column to column, may be a constant. */
FFNN__FORCE_INLINE void ffnn__tile_4x4(const ffnn__product *product, size_t row, size_t col,
                                       const size_t step) {
    const size_t a_step = product->a_col_step, c_step = product->c_step;
    const float *a0 = product->a + row * product->a_row_step, *a1 = a0 + product->a_row_step;
    const float *a2 = a1 + product->a_row_step, *a3 = a2 + product->a_row_step;
    const float *b = product->b + col * step;
    float *c = product->c + row * c_step + col;
    float sum00 = 0, sum01 = 0, sum02 = 0, sum03 = 0, sum10 = 0, sum11 = 0, sum12 = 0, sum13 = 0;
    float sum20 = 0, sum21 = 0, sum22 = 0, sum23 = 0, sum30 = 0, sum31 = 0, sum32 = 0, sum33 = 0;
    for (size_t k = 0; k < product->depth; ++k) {
        const float b0 = b[0], b1 = b[step], b2 = b[2 * step], b3 = b[3 * step];
        const float x0 = a0[k * a_step], x1 = a1[k * a_step], x2 = a2[k * a_step];
        const float x3 = a3[k * a_step];
        sum00 += x0 * b0;
        sum01 += x0 * b1;
        sum02 += x0 * b2;
        sum03 += x0 * b3;
        sum10 += x1 * b0;
        sum11 += x1 * b1;
        sum12 += x1 * b2;
        sum13 += x1 * b3;
        sum20 += x2 * b0;
        sum21 += x2 * b1;
        sum22 += x2 * b2;
        sum23 += x2 * b3;
        sum30 += x3 * b0;
        sum31 += x3 * b1;
        sum32 += x3 * b2;
        sum33 += x3 * b3;
        b += product->b_row_step;
    }
    ffnn__put_row(product, c, sum00, sum01, sum02, sum03);
    ffnn__put_row(product, c + c_step, sum10, sum11, sum12, sum13);
    ffnn__put_row(product, c + 2 * c_step, sum20, sum21, sum22, sum23);
    ffnn__put_row(product, c + 3 * c_step, sum30, sum31, sum32, sum33);
}

/* 1 x 4 elements of c. */
FFNN__FORCE_INLINE void ffnn__tile_1x4(const ffnn__product *product, size_t row, size_t col,
                                       const size_t step) {
    const float *a = product->a + row * product->a_row_step, *b = product->b + col * step;
    float sum0 = 0, sum1 = 0, sum2 = 0, sum3 = 0;
    for (size_t k = 0; k < product->depth; ++k) {
        const float b0 = b[0], b1 = b[step], b2 = b[2 * step], b3 = b[3 * step], x = *a;
        sum0 += x * b0;
        sum1 += x * b1;
        sum2 += x * b2;
        sum3 += x * b3;
        a += product->a_col_step;
        b += product->b_row_step;
    }
    ffnn__put_row(product, product->c + row * product->c_step + col, sum0, sum1, sum2, sum3);
}

/* All whole tiles. step may be a constant. */
FFNN__FORCE_INLINE void ffnn__run_tiles(const ffnn__product *product, const size_t step) {
    size_t row = 0;
    for (; row + 4 <= product->rows; row += 4)
        for (size_t col = 0; col + 4 <= product->cols; col += 4)
            ffnn__tile_4x4(product, row, col, step);
    for (; row < product->rows; ++row)
        for (size_t col = 0; col + 4 <= product->cols; col += 4)
            ffnn__tile_1x4(product, row, col, step);
}

/* Tiles, and element by element what is left of the columns. Results of fewer than 16 elements are
   not worth it: 3-4-1 would take a third longer. */
static void ffnn__run_band(const ffnn__product *product) {
    size_t tiled = product->cols / 4 * 4; /* columns */
    if (product->rows * product->cols < 16) tiled = 0;
    if (tiled > 0 && product->b_col_step == 1) ffnn__run_tiles(product, 1);
    else if (tiled > 0) ffnn__run_tiles(product, product->b_col_step);
    if (tiled < product->cols) ffnn__run_plain(product, tiled);
}

#endif /* FFNN__SIMD */

#ifdef FFNN__PLAIN_OPTIONS
#pragma GCC pop_options
#endif

/* ---- products: which kernel -------------------------------------------------------------- */
/* The six shapes of "what the kernels compute" and who chooses among them:

   ffnn__multiply and its like   describe a product; the smallest ones go straight to a kernel
   ffnn__run                     shares a large product among threads, a band of rows each
   ffnn__run_band                chooses between blocks, a transposed b, fold, and what is left
   ffnn__run_transposed          a transposed b: blocks, or ffnn__run_dots, which folds
   ffnn__run_blocks              cuts b into blocks; ffnn__add_blocks adds them up first
   ffnn__run_unblocked           what is left, and each block: chooses between tiles, narrow, plain;
                                 tiles leave it to shallow where the depth is at most 4

   Neither the number of rows nor what they hold decides, where b is not transposed: a sample's
   results do not depend on the batch that it is in. */

static void ffnn__add_sum_of_rows(float *c, const float *a, size_t m, size_t n, float factor) {
    size_t col = 0;
#ifdef FFNN__SIMD
    for (; col + 4 <= n; col += 4) {
        ffnn__f32x4 sum = {0};
        for (size_t i = 0; i < m; ++i) sum += *(const ffnn__f32x4 *)(a + i * n + col);
        sum *= factor;
        FFNN__NO_FMA(sum);
        *(ffnn__f32x4 *)(c + col) += sum;
    }
#endif
    for (; col < n; ++col) {
        float sum = 0;
        for (size_t i = 0; i < m; ++i) sum += a[i * n + col];
        sum *= factor;
        FFNN__NO_FMA(sum);
        c[col] += sum;
    }
}

/* From here on GCC fuses products into sums, which -std=c99 turns off, and does not track
   variables: with -g and -fsanitize=undefined that took a minute. */
#if defined(FFNN__SIMD) && !defined(__clang__)
#pragma GCC push_options
#pragma GCC optimize("fp-contract=fast")
#pragma GCC optimize("no-var-tracking-assignments")
#endif

/* The kernels of one kind of processor. Those that are declared in "what the kernels compute" have
   the same names here. */
#ifdef FFNN__SIMD
typedef struct ffnn__kernels {
    void (*tiles4)(const ffnn__product *product);
    void (*tiles8)(const ffnn__product *product);  /* NULL where vectors have fewer than 8 lanes */
    void (*tiles16)(const ffnn__product *product); /* or 16 */
    void (*fold)(const ffnn__product *product);
    void (*narrow4)(const ffnn__product *product);
    void (*narrow8)(const ffnn__product *product); /* NULL as tiles8 */
    void (*activate_each)(ffnn_activation activation, float alpha, float *a, const float *z,
                          size_t count);
    void (*softmax)(float *a, const float *z, size_t m, size_t n);
    void (*multiply_by_derivative)(ffnn_activation activation, float alpha, float *delta,
                                   const float *error, const float *z, const float *a,
                                   size_t count);
    void (*multiply_few_by_derivative)(ffnn_activation activation, float alpha, float *delta,
                                       const float *error, const float *z, const float *a,
                                       size_t count);
    void (*momentum_step)(float *w, float *v, const float *descent, size_t count, float momentum,
                          float decay, float rate);
    void (*adam_step)(float *w, float *m, float *v, const float *descent, size_t count, float keep,
                      float rate, float inverse_root);
    void (*box_muller)(float *x, size_t blocks); /* NULL: libm's functions are used */
    void (*combine)(ffnn__operation operation, float *c, const float *a, const float *b,
                    size_t b_step, size_t m, size_t n);
    void (*small_forward)(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                          float *const *outputs);
    void (*small_backward)(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                           float learning_rate);
    void (*small_update)(float *w, const float *x, const float *delta, size_t m, size_t k,
                         size_t n, float factor);
} ffnn__kernels;

/* Those of the best kind that the processor has on which the program runs. */
static const ffnn__kernels *ffnn__pick_kernels(void);

/* A product whose b is not transposed, with the lanes that leave the fewest unused: 17 to 24
   columns are three vectors of 8 rather than two of 16. Small products do without 16 lanes, for
   which Clang takes much stack. */
static void ffnn__run_unblocked(const ffnn__product *product, bool allow_16_lanes) {
    const ffnn__kernels *kernels = ffnn__pick_kernels();
    size_t cols = product->cols;
    if (cols == 1) ffnn__run_plain(product, 0);
    else if (cols < 4) kernels->narrow4(product);
    else if (cols == 4 || kernels->tiles8 == NULL) kernels->tiles4(product);
    else if (cols < 8) kernels->narrow8(product);
    else if ((cols == 16 || cols > 24) && allow_16_lanes && kernels->tiles16 != NULL)
        kernels->tiles16(product);
    else kernels->tiles8(product);
}

/* Few rows of a and a transposed b, not added: each row of c is b's matrix times a row of a as a
   column. */
static void ffnn__run_dots(const ffnn__product *product) {
    for (size_t row = 0; row < product->rows; ++row) {
        float *c = product->c + row * product->c_step;
        const float *a = product->a + row * product->a_row_step;
        ffnn__product dots = ffnn__describe(c, product->b, a, product->cols, product->depth, 1,
                                            false, false);
        dots.a_row_step = product->b_col_step;
        ffnn__pick_kernels()->fold(&dots);
    }
}

/* Blocks of b and of the sums that are added to c: 16 KB, half of a first-level cache. Compared
   with 112 x 64, few rows of 1000 columns are 1.1 to 1.27 times as fast, large squares 1 to 2 %
   slower. */
enum { FFNN__BLOCK_ROWS = 64, FFNN__BLOCK_COLS = 64 };

/* Copies a block of b, transposed if b is, into rows of its width. */
static void ffnn__pack(float *panel, const ffnn__product *block) {
    size_t width = block->cols;
    if (block->b_col_step != 1) {
        ffnn__transpose(panel, width, block->b, block->b_col_step, width, block->depth);
        return;
    }
    for (size_t row = 0; row < block->depth; ++row) {
        const float *b = block->b + row * block->b_row_step;
        __builtin_prefetch(b + 16 * block->b_row_step); /* 16 rows ahead: chosen, not swept */
        memcpy(panel + row * width, b, width * sizeof(float));
    }
}

/* A part of the product's depth, from first on. Every part after the first adds to c. */
static ffnn__product ffnn__depth_block(const ffnn__product *whole, size_t first) {
    const size_t max = FFNN__BLOCK_ROWS;
    ffnn__product block = *whole;
    block.a += first * whole->a_col_step;
    block.b += first * whole->b_row_step;
    block.depth = whole->depth - first < max ? whole->depth - first : max;
    block.add = whole->add || first > 0;
    return block;
}

/* The next block's columns. Unless b itself has fewer than 8, no block has: the narrow kernels,
   which would compute it, want contiguous rows of c. */
static size_t ffnn__block_width(size_t left) {
    return ffnn__next_part(left, FFNN__BLOCK_COLS);
}

/* A block of b after the other, copied if that makes reading it faster: a transposed one always,
   another one for 32 rows or more (chosen, not swept), since rows of b that lie far apart are TLB
   misses each time. The blocks are the same for any number of rows, and with them the order of each
   sum. */
FFNN__NOINLINE static void ffnn__run_blocks(const ffnn__product *whole) {
    float panel[FFNN__BLOCK_ROWS * FFNN__BLOCK_COLS] __attribute__((__aligned__(64)));
    bool is_copied = whole->b_col_step != 1 || whole->rows >= 32;
    for (size_t first = 0; first < whole->depth; first += FFNN__BLOCK_ROWS) {
        ffnn__product rows = ffnn__depth_block(whole, first);
        size_t width;
        for (size_t col = 0; col < whole->cols; col += width) {
            ffnn__product block = rows;
            width = ffnn__block_width(whole->cols - col);
            block.b += col * whole->b_col_step;
            block.c += col;
            block.cols = width;
            if (is_copied) {
                ffnn__pack(panel, &block);
                block.b = panel;
                block.b_row_step = width;
                block.b_col_step = 1;
            }
            ffnn__run_unblocked(&block, true);
        }
    }
}

/* c += factor * (a b), a part of c after the other, each summed up over the whole depth first: were
   each block of the depth added to c, it would be rounded at c's size, and lost if it is small. */
FFNN__NOINLINE static void ffnn__add_blocks(const ffnn__product *whole) {
    const size_t max = FFNN__BLOCK_ROWS;
    float sums[FFNN__BLOCK_ROWS * FFNN__BLOCK_COLS];
    for (size_t row = 0; row < whole->rows; row += max) {
        size_t left = whole->rows - row, width;
        for (size_t col = 0; col < whole->cols; col += width) {
            ffnn__product block = *whole;
            width = ffnn__block_width(whole->cols - col);
            block.a += row * whole->a_row_step;
            block.b += col * whole->b_col_step;
            block.c = sums;
            block.c_step = width;
            block.cols = width;
            block.rows = left < max ? left : max;
            block.add = false;
            block.factor = 1;
            ffnn__run_blocks(&block);
            for (size_t i = 0; i < block.rows; ++i)
                ffnn__add_sum_of_rows(whole->c + (row + i) * whole->c_step + col,
                                      sums + i * width, 1, width, whole->factor);
        }
    }
}

/* A transposed b is transposed by copying it, unless too few rows use the copy: those are dots, if
   deep enough to fold. The three numbers were chosen by a few timings, not swept. Not inlined: see
   ffnn__run_plain. */
FFNN__NOINLINE static void ffnn__run_transposed(const ffnn__product *product) {
    bool is_worth_a_copy = product->rows >= 8 || product->rows * 8 > product->depth;
    if (is_worth_a_copy || product->depth < 32) ffnn__run_blocks(product);
    else ffnn__run_dots(product);
}

/* Blocks from 512 columns and a depth of 64 on; fold for 1 column from a depth of 8 on, for 2 to 4,
   with 8 lanes or more, from 16 on. These numbers were chosen by a few timings, not swept. Fold
   cannot add: what is added has a transposed a, or is a small product. */
static void ffnn__run_band(const ffnn__product *product) {
    size_t depth = product->depth, cols = product->cols;
    bool is_contiguous = product->a_col_step == 1 && product->b_row_step == cols;
    bool can_fold = cols <= 4 && is_contiguous && depth >= (cols == 1 ? 8 : 16);
    if (product->b_col_step != 1 && cols > 1)
        ffnn__run_transposed(product);
    else if (cols >= 512 && depth > FFNN__BLOCK_ROWS && product->add)
        ffnn__add_blocks(product);
    else if (cols >= 512 && depth >= FFNN__BLOCK_ROWS)
        ffnn__run_blocks(product);
    else if (can_fold && (cols == 1 || ffnn__pick_kernels()->tiles8 != NULL))
        ffnn__pick_kernels()->fold(product);
    else
        ffnn__run_unblocked(product, true);
}

#endif /* FFNN__SIMD */

#ifdef FFNN__OPENMP
/* A band of rows for each thread, in the order of the threads: the calling one has the first. Rows
   do not depend on each other, and each band has at least 16, so that ffnn__run_transposed decides
   alike for all: the bits are the same for any number of threads. */
static void ffnn__run_bands(const ffnn__product *whole, size_t threads) {
#pragma omp parallel num_threads((int)threads)
    {
        size_t count = (size_t)omp_get_num_threads(), number = (size_t)omp_get_thread_num();
        size_t tiles = whole->rows / 4; /* of 4 rows */
        size_t begin = tiles * number / count * 4;
        size_t end = number + 1 < count ? tiles * (number + 1) / count * 4 : whole->rows;
        ffnn__product band = *whole;
        band.a += begin * whole->a_row_step;
        band.c += begin * whole->c_step;
        band.rows = end - begin;
        ffnn__run_band(&band);
    }
}
#endif

static void ffnn__run(const ffnn__product *whole) {
#ifdef FFNN__OPENMP
    const double min_work = 500000; /* multiplications: 10 us, more than to start a thread */
    const size_t min_rows = 16;     /* four tiles. Both were chosen, not swept. */
    double work = (double)whole->rows * (double)whole->depth * (double)whole->cols;
    size_t threads = (size_t)omp_get_max_threads(), max_bands = whole->rows / min_rows;
    if (threads > max_bands) threads = max_bands;
    if (work < (double)threads * min_work) threads = (size_t)(work / min_work);
    if (threads > 1) {
        ffnn__run_bands(whole, threads);
        return;
    }
#endif
    ffnn__run_band(whole);
}

static void ffnn__multiply(float *c, const float *a, const float *b, size_t m, size_t k,
                           size_t n) {
    ffnn__product product = ffnn__describe(c, a, b, m, k, n, false, false);
    ffnn__run(&product);
}

static void ffnn__multiply_by_transposed(float *c, const float *a, const float *b, size_t m,
                                         size_t k, size_t n) {
#ifdef FFNN__SIMD
    if (k == 1) {
        ffnn__outer_product(c, a, b, m, n);
        return;
    }
    if (k * n <= FFNN__SMALL) {
        float transposed[FFNN__SMALL];
        ffnn__transpose(transposed, n, b, k, n, k);
        ffnn__product product = ffnn__describe(c, a, transposed, m, k, n, false, false);
        ffnn__run_unblocked(&product, false);
        return;
    }
#endif
    ffnn__product product = ffnn__describe(c, a, b, m, k, n, false, true);
    ffnn__run(&product);
}

/* a^T b. With vectors a column is computed as a row, (b^T a)^T, which fills them. */
static ffnn__product ffnn__describe_transposed(float *c, const float *a, const float *b, size_t m,
                                               size_t k, size_t n) {
#ifdef FFNN__SIMD
    if (n == 1) return ffnn__describe(c, b, a, 1, k, m, false, false);
#endif
    return ffnn__describe(c, a, b, m, k, n, true, false);
}

static void ffnn__multiply_transposed(float *c, const float *a, const float *b, size_t m, size_t k,
                                      size_t n) {
    ffnn__product product = ffnn__describe_transposed(c, a, b, m, k, n);
#ifdef FFNN__SIMD
    if (m * n <= FFNN__SMALL) {
        ffnn__run_unblocked(&product, false);
        return;
    }
#endif
    ffnn__run(&product);
}

static void ffnn__add_product(float *c, const float *a, const float *b, size_t m, size_t k,
                              size_t n, float factor) {
#ifdef FFNN__SIMD
    if (m * n <= FFNN__SMALL) {
        ffnn__pick_kernels()->small_update(c, a, b, m, k, n, factor);
        return;
    }
#endif
    ffnn__product product = ffnn__describe_transposed(c, a, b, m, k, n);
    product.add = true;
    product.factor = factor;
    ffnn__run(&product);
}

/* ---- normal numbers ---------------------------------------------------------------------- */
/* With AVX2 PyTorch's bits (equal for 3 * 10^8 numbers), by the formulas and constants of Cephes'
   logf, cosf and sinf. Products are fused into sums where they are in PyTorch, and kept
   from it by FFNN__NO_FMA where they are not. GCC fuses none below -O2: last bits differ. */

#ifdef FFNN__X86
#define FFNN__AVX2 __attribute__((__target__("avx2,fma")))
#define FFNN__AVX2_INLINE static inline __attribute__((__always_inline__)) FFNN__AVX2

/* x = log(x), where 0 < x <= 1 and x is not subnormal. With x = 2^e m and sqrt(1/2) <= m < sqrt(2),
   that is e ln 2 + log(m), and log(m) is a polynomial in t = m - 1. As in exp_parts, ln 2 comes in
   two parts, and 1.5 * 2^23 turns whole numbers into floats. */
FFNN__AVX2_INLINE void ffnn__log(ffnn__f32x8 *x) {
    const ffnn__f32x8 zero = {0}, one = zero + 1.0f;
    ffnn__u32x8 bits = (ffnn__u32x8)*x;
    ffnn__f32x8 m = (ffnn__f32x8)((bits & 0x007fffffu) | 0x3f000000u); /* in [0.5, 1) */
    ffnn__f32x8 e = (ffnn__f32x8)((bits >> 23) + 0x4b400000u) - (12582912.0f + 126.0f);
    ffnn__u32x8 is_low = (ffnn__u32x8)(m < zero + 0.707106781f); /* sqrt(1/2): then 2 m, e - 1 */
    ffnn__f32x8 t = (m - 1.0f) + (ffnn__f32x8)(is_low & (ffnn__u32x8)m), t2 = t * t;
    e -= (ffnn__f32x8)(is_low & (ffnn__u32x8)one);
    ffnn__f32x8 p = (t * 7.0376836292e-2f - 1.1514610310e-1f) * t + 1.1676998740e-1f;
    p = (p * t - 1.2420140846e-1f) * t + 1.4249322787e-1f;
    p = (p * t - 1.6668057665e-1f) * t + 2.0000714765e-1f;
    p = (p * t - 2.4999993993e-1f) * t + 3.3333331174e-1f;
    ffnn__f32x8 low = e * -2.12194440e-4f;
    FFNN__NO_FMA(low);
    p = (p * t) * t2 + low;
    p -= t2 * 0.5f;
    *x = (t + p) + e * 0.693359375f;
}

/* The cosine and sine of theta = 2 pi turn, where 0 <= turn < 1. With q the nearest number of
   quarter turns and r = theta - q pi / 2, they are polynomials in r that an odd q swaps, with signs
   by q. pi / 2 comes in three parts, the first two so short that q times them is exact. */
FFNN__AVX2_INLINE void ffnn__cos_sin(ffnn__f32x8 *cosine, ffnn__f32x8 *sine,
                                     const ffnn__f32x8 *turn) {
    const ffnn__f32x8 zero = {0};
    ffnn__u32x8 q = {0};
    q -= (ffnn__u32x8)(*turn >= zero + 0.125f); /* true is -1 */
    q -= (ffnn__u32x8)(*turn >= zero + 0.375f);
    q -= (ffnn__u32x8)(*turn >= zero + 0.625f);
    q -= (ffnn__u32x8)(*turn >= zero + 0.875f);
    ffnn__f32x8 quarters = (ffnn__f32x8)(q + 0x4b400000u) - 12582912.0f;
    ffnn__f32x8 r = *turn * (float)(2 * FFNN__PI);
    FFNN__NO_FMA(r);
    r -= quarters * 1.5703125f;
    r -= quarters * 4.837512969970703125e-4f;
    r -= quarters * 7.54978995489188216e-8f;
    ffnn__f32x8 r2 = r * r, half = r2 * 0.5f;
    FFNN__NO_FMA(half);
    ffnn__f32x8 c = (r2 * 2.443315711809948e-5f - 1.388731625493765e-3f) * r2 +
                    4.166664568298827e-2f;
    c = ((c * r2) * r2 - half) + 1.0f;
    ffnn__f32x8 s = (r2 * -1.9515295891e-4f + 8.3321608736e-3f) * r2 - 1.6666654611e-1f;
    s = (s * r2) * r + r;
    ffnn__u32x8 is_odd = 0u - (q & 1u), c_bits = (ffnn__u32x8)c, s_bits = (ffnn__u32x8)s;
    ffnn__u32x8 cosine_bits = (is_odd & s_bits) | (~is_odd & c_bits);
    ffnn__u32x8 sine_bits = (is_odd & c_bits) | (~is_odd & s_bits);
    *cosine = (ffnn__f32x8)(cosine_bits ^ (((q + 1u) & 2u) << 30));
    *sine = (ffnn__f32x8)(sine_bits ^ ((q & 2u) << 30));
}

/* The square root is the processor's, since vector types have none and the kernels' own does not
   always round its last bit correctly. Adding 0 turns -0 into 0, as does the mean that PyTorch
   adds. */
FFNN__AVX2 static void ffnn__box_muller_avx2(float *x, size_t blocks) {
    for (; blocks > 0; --blocks, x += 16) {
        ffnn__f32x8 radius = 1.0f - *(const ffnn__f32x8 *)x, cosine, sine;
        ffnn__log(&radius);
        radius *= -2.0f;
        __asm__("vsqrtps {%1, %0|%0, %1}" : "=x"(radius) : "x"(radius));
        ffnn__cos_sin(&cosine, &sine, (const ffnn__f32x8 *)(x + 8));
        *(ffnn__f32x8 *)x = radius * cosine + 0.0f;
        *(ffnn__f32x8 *)(x + 8) = radius * sine + 0.0f;
    }
}

#endif /* FFNN__X86 */

/* radius and theta are floats, as in PyTorch; log, cos and sin are libm's. */
static void ffnn__box_muller(float *x, size_t blocks) {
#ifdef FFNN__SIMD
    if (ffnn__pick_kernels()->box_muller != NULL) {
        ffnn__pick_kernels()->box_muller(x, blocks);
        return;
    }
#endif
    for (; blocks > 0; --blocks, x += 16) {
        for (size_t i = 0; i < 8; ++i) {
            float radius = (float)sqrt(-2 * log(1 - (double)x[i]));
            float theta = (float)(2 * FFNN__PI) * x[i + 8];
            x[i] = (float)((double)radius * cos((double)theta));
            x[i + 8] = (float)((double)radius * sin((double)theta));
        }
    }
}

/* ---- kinds of processors ----------------------------------------------------------------- */
/* The kernels at the end of this file are compiled once for each kind of processor that the program
   may run on, and the best kind is picked when it runs. For that this file includes itself: a
   vector wider than the processor's would become scalar code, so each kind needs a type of its own,
   and this way, unlike in a macro, the kernels are functions that can be read, found and stepped
   through. Plain C is one kind, whose kernels come without an inclusion, where the file ends.

   A kind is described by macros, which the kernels undefine at their end: FFNN__KIND, its name
   (ffnn__fold_avx2 is avx2's kernel fold); FFNN__LANES, the floats that its vectors hold;
   FFNN__ROWS and FFNN__VECTORS, the rows and vectors of columns of its largest tile; FFNN__TARGET,
   the attribute that allows its instructions; and flags for what not every kind has:

                            plain  baseline    fma    avx2  avx512   flag
   lanes                       1        4        4       8      16
   tiles, at most              -    2 x 2 (1)  2 x 1   3 x 4   4 x 4
   activate_each               x        x        x       x       x
   . a loop per activation     x       (1)               x       x   FFNN__HAS_LOOPS
   multiply_by_derivative      x        x        x       x           FFNN__HAS_DERIVATIVE
   softmax                     x        x                            FFNN__HAS_SOFTMAX
   momentum_step, adam_step    x        x                x           FFNN__HAS_STEPS
   combine                     x        x                x           FFNN__HAS_COMBINE
   box_muller                                            x           (see "normal numbers")
   shallow                             (1)       x       x       x   FFNN__HAS_SHALLOW
   fold                                 x                x       x   FFNN__HAS_FOLD
   narrow                               x        x       x           FFNN__HAS_NARROW
   small_...                            x        x                   FFNN__HAS_SMALL

   (1) Without FFNN__X86: 2 x 4, a loop per activation, and shallow. Few x86 have no AVX2, so there
   the baseline is as little code as possible. What a kind does not have it takes from another one:
   the tables below say from which. */

#ifndef FFNN__SIMD

#define FFNN__KIND plain
#define FFNN__LANES 1
#define FFNN__TARGET
#define FFNN__HAS_DERIVATIVE
#define FFNN__HAS_LOOPS
#define FFNN__HAS_SOFTMAX
#define FFNN__HAS_STEPS
#define FFNN__HAS_COMBINE

#else

#define FFNN__KIND baseline /* what the compiler may assume: SSE2, NEON, VSX, ... */
#define FFNN__LANES 4
#define FFNN__ROWS 2
#ifdef FFNN__X86
#define FFNN__VECTORS 2
#else
#define FFNN__VECTORS 4
#define FFNN__HAS_LOOPS
#define FFNN__HAS_SHALLOW
#endif
#define FFNN__TARGET
#define FFNN__HAS_DERIVATIVE
#define FFNN__HAS_SOFTMAX
#define FFNN__HAS_STEPS
#define FFNN__HAS_COMBINE
#define FFNN__HAS_FOLD
#define FFNN__HAS_NARROW
#define FFNN__HAS_SMALL
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_baseline = {
    ffnn__tiles_baseline, NULL, NULL, /* 4, 8 and 16 lanes */
    ffnn__fold_baseline,
    ffnn__narrow_baseline, NULL, /* 4 and 8 lanes */
    ffnn__activate_each_baseline,
    ffnn__softmax_baseline,
    ffnn__multiply_by_derivative_baseline, ffnn__multiply_by_derivative_baseline, /* many, few */
    ffnn__momentum_step_baseline,
    ffnn__adam_step_baseline,
    NULL, /* no box_muller */
    ffnn__combine_baseline,
    ffnn__small_forward_baseline,
    ffnn__small_backward_baseline,
    ffnn__small_update_baseline};

#ifdef FFNN__X86

#define FFNN__KIND fma /* what AVX2 processors do four lanes at a time */
#define FFNN__LANES 4
#define FFNN__ROWS 2
#define FFNN__VECTORS 1
#define FFNN__TARGET FFNN__AVX2
#define FFNN__HAS_SHALLOW
#define FFNN__HAS_DERIVATIVE
#define FFNN__HAS_NARROW
#define FFNN__HAS_SMALL
#include FFNN_FILENAME

#define FFNN__KIND avx2
#define FFNN__LANES 8
#define FFNN__ROWS 3
#define FFNN__VECTORS 4
#define FFNN__TARGET FFNN__AVX2
#define FFNN__HAS_SHALLOW
#define FFNN__HAS_DERIVATIVE
#define FFNN__HAS_LOOPS
#define FFNN__HAS_STEPS
#define FFNN__HAS_COMBINE
#define FFNN__HAS_FOLD
#define FFNN__HAS_NARROW
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_avx2 = {
    ffnn__tiles_fma, ffnn__tiles_avx2, NULL, /* 4, 8 and 16 lanes */
    ffnn__fold_avx2,
    ffnn__narrow_fma, ffnn__narrow_avx2, /* 4 and 8 lanes */
    ffnn__activate_each_avx2,
    ffnn__softmax_baseline,
    ffnn__multiply_by_derivative_avx2, ffnn__multiply_by_derivative_fma, /* of many, of few */
    ffnn__momentum_step_avx2,
    ffnn__adam_step_avx2,
    ffnn__box_muller_avx2,
    ffnn__combine_avx2,
    ffnn__small_forward_fma,
    ffnn__small_backward_fma,
    ffnn__small_update_fma};

#define FFNN__KIND avx512
#define FFNN__LANES 16
#define FFNN__ROWS 4
#define FFNN__VECTORS 4
#define FFNN__TARGET __attribute__((__target__("avx2,fma,avx512f")))
#define FFNN__HAS_SHALLOW
#define FFNN__HAS_LOOPS
#define FFNN__HAS_FOLD
#include FFNN_FILENAME

static const ffnn__kernels ffnn__kernels_avx512 = {
    ffnn__tiles_fma, ffnn__tiles_avx2, ffnn__tiles_avx512, /* 4, 8 and 16 lanes */
    ffnn__fold_avx512,
    ffnn__narrow_fma, ffnn__narrow_avx2, /* 4 and 8 lanes */
    ffnn__activate_each_avx512,
    ffnn__softmax_baseline,
    ffnn__multiply_by_derivative_avx2, ffnn__multiply_by_derivative_fma, /* of many, of few */
    ffnn__momentum_step_avx2, /* 16 lanes would wait for memory as long as 8 */
    ffnn__adam_step_avx2,
    ffnn__box_muller_avx2,
    ffnn__combine_avx2,
    ffnn__small_forward_fma,
    ffnn__small_backward_fma,
    ffnn__small_update_fma};

#endif /* FFNN__X86 */

#if defined(FFNN__X86) && defined(_MSC_VER)
/* Clang's MSVC target has no runtime that __builtin_cpu_supports could ask. CPUID takes longer than
   a small network, so its answer is kept; threads that ask at once all find the same. */
enum { FFNN__NOT_ASKED, FFNN__BASELINE, FFNN__AVX2_KIND, FFNN__AVX512_KIND };

static int ffnn__ask_processor(void) {
    unsigned a, b, c, d, features, enabled, high;
    __asm__("cpuid" : "=a"(a), "=b"(b), "=c"(c), "=d"(d) : "a"(1), "c"(0));
    const unsigned needed = 1u << 12 | 1u << 27; /* FMA; the system saves what XGETBV says */
    if ((c & needed) != needed) return FFNN__BASELINE;
    __asm__("xgetbv" : "=a"(enabled), "=d"(high) : "c"(0));
    __asm__("cpuid" : "=a"(a), "=b"(features), "=c"(c), "=d"(d) : "a"(7), "c"(0));
    bool has_avx2 = (features & 1u << 5) != 0 && (enabled & 0x6) == 0x6;
    bool has_avx512 = (features & 1u << 16) != 0 && (enabled & 0xe6) == 0xe6;
    if (!has_avx2) return FFNN__BASELINE;
    return has_avx512 ? FFNN__AVX512_KIND : FFNN__AVX2_KIND;
}
#endif

/* The compiler's runtime has run CPUID before main: this only reads its answer. */
static const ffnn__kernels *ffnn__pick_kernels(void) {
#if defined(FFNN_TEST_KERNELS) /* for tests: one kind, whatever the processor */
    return &FFNN_TEST_KERNELS;
#elif defined(FFNN__X86) && defined(_MSC_VER)
    static volatile int kind = FFNN__NOT_ASKED;
    if (kind == FFNN__NOT_ASKED) kind = ffnn__ask_processor();
    if (kind != FFNN__BASELINE)
        return kind == FFNN__AVX512_KIND ? &ffnn__kernels_avx512 : &ffnn__kernels_avx2;
#elif defined(FFNN__X86)
    if (__builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma"))
        return __builtin_cpu_supports("avx512f") ? &ffnn__kernels_avx512 : &ffnn__kernels_avx2;
#endif
    return &ffnn__kernels_baseline;
}

static void ffnn__activate_each(ffnn_activation activation, float alpha, float *a, const float *z,
                                size_t count) {
    ffnn__pick_kernels()->activate_each(activation, alpha, a, z, count);
}

static void ffnn__softmax(float *a, const float *z, size_t m, size_t n) {
    ffnn__pick_kernels()->softmax(a, z, m, n);
}

/* Below 16 elements four lanes are as fast, here and in ffnn__combine: chosen, not swept. */
static void ffnn__multiply_by_derivative(ffnn_activation activation, float alpha, float *delta,
                                         const float *error, const float *z, const float *a,
                                         size_t count) {
    const ffnn__kernels *kernels = ffnn__pick_kernels();
    if (count < 16)
        kernels->multiply_few_by_derivative(activation, alpha, delta, error, z, a, count);
    else
        kernels->multiply_by_derivative(activation, alpha, delta, error, z, a, count);
}

static void ffnn__momentum_step(float *w, float *v, const float *descent, size_t count,
                                float momentum, float decay, float rate) {
    ffnn__pick_kernels()->momentum_step(w, v, descent, count, momentum, decay, rate);
}

static void ffnn__adam_step(float *w, float *m, float *v, const float *descent, size_t count,
                            float keep, float rate, float inverse_root) {
    ffnn__pick_kernels()->adam_step(w, m, v, descent, count, keep, rate, inverse_root);
}

static void ffnn__combine(ffnn__operation operation, float *c, const float *a, const float *b,
                          size_t b_step, size_t m, size_t n) {
    if (n < 16) ffnn__combine_baseline(operation, c, a, b, b_step, m, n);
    else ffnn__pick_kernels()->combine(operation, c, a, b, b_step, m, n);
}

static void ffnn__small_forward(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                                float *const *outputs) {
    ffnn__pick_kernels()->small_forward(layers, count, x, m, outputs);
}

static void ffnn__small_backward(const ffnn_layer *layers, size_t count, const float *x, size_t m,
                                 float learning_rate) {
    ffnn__pick_kernels()->small_backward(layers, count, x, m, learning_rate);
}

#endif /* FFNN__SIMD */

#define FFNN__OUTERMOST /* this is not an inclusion for one kind of processor */
#endif /* FFNN_IMPLEMENTATION */

/* ============================================================================================
   THE KERNELS, for one kind of processor: see "kinds of processors".
   ============================================================================================ */
#ifdef FFNN__KIND

/* ---- vectors ----------------------------------------------------------------------------- */

/* The name of a kind's kernel: FFNN__K(fold) is ffnn__fold_avx2 and so on. Where plain C is the
   only kind, its kernels are the functions of "what the kernels compute" themselves. */
#if FFNN__LANES > 1
#define FFNN__JOIN_(name, kind) name##_##kind
#define FFNN__JOIN(name, kind) FFNN__JOIN_(name, kind)
#define FFNN__K(name) FFNN__JOIN(ffnn__##name, FFNN__KIND)
#else
#define FFNN__K(name) ffnn__##name
#endif

/* A vector of floats, or of integers as large, at any address. Vectors are passed by pointer: how
   they are passed by value depends on the compiler's options. FFNN__CHOOSE is ?: for each of their
   elements. */
#define ffnn__vec FFNN__K(vec)
#define ffnn__bits FFNN__K(bits)
#if FFNN__LANES > 1
typedef float ffnn__vec FFNN__VECTOR_OF(FFNN__LANES * 4);
typedef uint32_t ffnn__bits FFNN__VECTOR_OF(FFNN__LANES * 4);
#define FFNN__CHOOSE(test, yes, no)                                                               \
    ((ffnn__vec)(((ffnn__bits)(test) & (ffnn__bits)(yes)) |                                       \
                 (~(ffnn__bits)(test) & (ffnn__bits)(no))))
#define FFNN__INLINE static inline __attribute__((__always_inline__)) FFNN__TARGET
#else
typedef float ffnn__vec;
typedef uint32_t ffnn__bits;
#define FFNN__CHOOSE(test, yes, no) ((test) ? (yes) : (no))
#define FFNN__INLINE static inline
#endif

/* The next vector of an array of which count floats are left, at least FFNN__MIN_COUNT. With four
   lanes the last vector may be a part of one; with more, what is left behind whole vectors is the
   work of four lanes. */
#if FFNN__LANES == 4
#define FFNN__MIN_COUNT 1
#else
#define FFNN__MIN_COUNT FFNN__LANES
#endif

FFNN__INLINE void FFNN__K(load)(ffnn__vec *v, const float *from, size_t count) {
#if FFNN__LANES == 4
    if (count < 4) {
        ffnn__vec part = {from[0], count > 1 ? from[1] : 0, count > 2 ? from[2] : 0, 0};
        *v = part;
        return;
    }
#endif
    (void)count;
    *v = *(const ffnn__vec *)from;
}

FFNN__INLINE void FFNN__K(store)(float *to, const ffnn__vec *v, size_t count) {
#if FFNN__LANES == 4
    if (count < 4) {
        to[0] = (*v)[0];
        if (count > 1) to[1] = (*v)[1];
        if (count > 2) to[2] = (*v)[2];
        return;
    }
#endif
    (void)count;
    *(ffnn__vec *)to = *v;
}

/* ---- exp and the activations ------------------------------------------------------------- */

/* exp(t) = (1 + p) * scale, where |t| <= 88; p may be t. With n = round(t / ln 2) and r = t - n ln
   2, which is within +-0.35, exp(t) is 2^n exp(r). ln 2 comes in two parts, 0.693359375 and
   -2.12194440e-4, the first so short that n times it is exact (Cephes). The polynomial for p =
   exp(r) - 1 is minimax, its error 2^-27.6, and 2^-25.6 relative to p. Where |t| < 0.34, n is 0 and
   p is expm1(t). For vectors, adding 1.5 * 2^23 rounds to a whole number and leaves it in the low
   bits, from where it is shifted into an exponent; n = -127 makes that 0. */
FFNN__INLINE void FFNN__K(exp_parts)(ffnn__vec *p, ffnn__vec *scale, const ffnn__vec *t) {
#if FFNN__LANES > 1
    const ffnn__vec zero = {0}, rounding = zero + 12582912.0f;
    ffnn__vec n = rounding + *t * 1.44269504f; /* 1 / ln 2 */
    *scale = (ffnn__vec)(0x3f800000u + ((ffnn__bits)n << 23)); /* 2^n */
    n -= rounding;
#else
    float exponent = *t * 1.44269504f, half = exponent < 0 ? -0.5f : 0.5f;
    bool is_number = exponent > -128 && exponent < 128;  /* NaN has no nearest whole number */
    int whole = is_number ? (int)(exponent + half) : 0;  /* where C libraries have no rintf, too */
    uint32_t bits = (uint32_t)(whole + 127) << 23;
    memcpy(scale, &bits, sizeof bits); /* 2^whole, and 0 for -127 */
    float n = (float)whole;
#endif
    ffnn__vec r = *t - n * 0.693359375f;
    r = r + n * 2.12194440e-4f;
    ffnn__vec r2 = r * r;
    ffnn__vec q = (r * 0.00836874545f + 0.041668389f) + r2 * 0.00138145417f;
    q = (r * 0.166665211f + 0.49999994f) + r2 * q;
    *p = r + r2 * q;
}

/* The same for all t <= 88. scale is 0 below -87.7; from -87.34 on exp(t) is subnormal. */
FFNN__INLINE void FFNN__K(exp)(ffnn__vec *p, ffnn__vec *scale, const ffnn__vec *t) {
    const ffnn__vec zero = {0}, lowest = zero - 88.0f;
    ffnn__vec clamped = FFNN__CHOOSE(*t < lowest, lowest, *t);
    FFNN__K(exp_parts)(p, scale, &clamped);
}

/* a = 1 / (1 + exp(-z)). Far below 0, exp(-z) is so large that adding 1 to (1 + p) * 2^n would
   round once too often: there, 2^-n is added before the scaling. What is added is chosen before the
   sums, not the sum after them, since they wait for p. The result is 0 where it would be subnormal,
   and 1 from 88 on, beyond which exp_parts cannot go. */
FFNN__INLINE void FFNN__K(sigmoid)(ffnn__vec *a, const ffnn__vec *z) {
    const ffnn__vec zero = {0}, one = zero + 1.0f;
    ffnn__vec x = *z, t = -x, p, scale; /* not 0 - x: a sign costs nothing in a fused product */
#if FFNN__LANES > 1
    FFNN__K(exp_parts)(&p, &scale, &t);
    ffnn__vec inverse = (ffnn__vec)(0x7f000000u - (ffnn__bits)scale);
    ffnn__vec scaled_one = FFNN__CHOOSE(x < zero - 16.0f, inverse, one);
    ffnn__vec added_one = FFNN__CHOOSE(x < zero - 16.0f, scale, one);
    ffnn__vec result = 1.0f / ((p + scaled_one) * scale + added_one);
    ffnn__bits is_low = (ffnn__bits)(x < zero - 87.33654f);
    ffnn__bits is_high = (ffnn__bits)(x > zero + 88.0f);
    *a = (ffnn__vec)(((ffnn__bits)result & ~(is_low | is_high)) | ((ffnn__bits)one & is_high));
#else
    *a = x > 88 ? one : zero;
    if (x < -87.33654f || x > 88) return;
    FFNN__K(exp_parts)(&p, &scale, &t);
    if (x < -16) *a = 1 / ((p + 1 / scale) * scale + scale);
    else *a = 1 / ((p + 1) * scale + 1);
#endif
}

FFNN__INLINE void FFNN__K(copy_sign)(ffnn__vec *to, const ffnn__vec *from) {
    ffnn__bits to_bits, from_bits;
    memcpy(&to_bits, to, sizeof to_bits);
    memcpy(&from_bits, from, sizeof from_bits);
    to_bits = (to_bits & 0x7fffffffu) | (from_bits & 0x80000000u);
    memcpy(to, &to_bits, sizeof to_bits);
}

/* |tanh(z)| = -m / (2 + m), where m = expm1(-2 |z|) */
FFNN__INLINE void FFNN__K(tanh)(ffnn__vec *a, const ffnn__vec *z) {
    const ffnn__vec zero = {0}, minus_one = zero - 1.0f;
    ffnn__vec t = *z, p, scale;
    FFNN__K(copy_sign)(&t, &minus_one);
    t *= 2.0f;
    FFNN__K(exp)(&p, &scale, &t);
    ffnn__vec m = p * scale + (scale - 1.0f), result = m / (m + 2.0f);
    FFNN__K(copy_sign)(&result, z);
    *a = result;
}

/* a = positive z where z > 0, else negative expm1(z); scale - 1 is exact wherever that matters. The
   derivative there is negative exp(z), not a + negative, of which rounding leaves little far below
   0. */
FFNN__INLINE void FFNN__K(elu)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z,
                               const float positive, const float negative) {
    const ffnn__vec zero = {0}, one = zero + 1.0f;
    ffnn__vec x = *z, p, scale;
    FFNN__K(exp)(&p, &scale, &x);
    *derivative = FFNN__CHOOSE(x <= zero, (p * scale + scale) * negative, one * positive);
    *a = FFNN__CHOOSE(x > zero, x * positive, (p * scale + (scale - 1.0f)) * negative);
}

/* e = exp(-|t|) */
FFNN__INLINE void FFNN__K(exp_of_minus_abs)(ffnn__vec *e, const ffnn__vec *t) {
    const ffnn__vec zero = {0};
    ffnn__vec minus_abs = FFNN__CHOOSE(*t < zero, *t, zero - *t), p, scale;
    FFNN__K(exp)(&p, &scale, &minus_abs);
    *e = p * scale + scale;
}

/* a = z sigmoid(v), where v depends on z and has its sign; slope is v'. With e = exp(-|v|),
   sigmoid(|v|) is 1 / (1 + e) and sigmoid(-|v|) e times that; sigmoid' is the product of the two,
   so that 1 - sigmoid need not be computed. As PyTorch's, the value at -infinity and the derivative
   at both infinities are NaN, being 0 times infinity. */
FFNN__INLINE void FFNN__K(gate)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z,
                                const ffnn__vec *v, const ffnn__vec *slope) {
    const ffnn__vec zero = {0};
    ffnn__vec x = *z, e;
    FFNN__K(exp_of_minus_abs)(&e, v);
    ffnn__vec of_abs = 1.0f / (e + 1.0f), of_minus_abs = e * of_abs; /* sigmoid(|v|), (-|v|) */
    ffnn__vec sigmoid = FFNN__CHOOSE(x < zero, of_minus_abs, of_abs);
    *derivative = sigmoid + x * (of_minus_abs * of_abs) * *slope;
    *a = x * sigmoid;
}

/* 1 + tanh(u) is 2 sigmoid(2 u), so v is 2 u = sqrt(8 / pi) (z + 0.044715 z^3). Beyond |z| = 100,
   where sigmoid' is 0, its slope must not be infinite. */
FFNN__INLINE void FFNN__K(gelu_tanh)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z) {
    const ffnn__vec zero = {0};
    ffnn__vec x = *z, x2 = x * x, v = x * (x2 * 0.0713548163f + 1.59576912f);
    ffnn__vec slope = x2 * 0.214064449f + 1.59576912f;
    slope = FFNN__CHOOSE(x2 > zero + 1e4f, zero, slope);
    FFNN__K(gate)(a, derivative, z, &v, &slope);
}

/* a = z Phi(z), the normal distribution. With u = |z|, Phi(-u) = exp(-u^2 / 2) / P(u), where the
   polynomial P is minimax (Sollya) for the error of that times sqrt(1 + u^2), 2^-30; it is positive
   for all u >= 0, and what follows 2 + 1.6 u is small, so that rounding does no harm. The
   derivative is Phi(z) + z phi(z), phi the density. NaN at the infinities, as gate. */
FFNN__INLINE void FFNN__K(gelu)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z) {
    const ffnn__vec zero = {0};
    ffnn__vec x = *z, u = FFNN__CHOOSE(x < zero, zero - x, x), t = u * u * -0.5f, p, scale;
    FFNN__K(exp)(&p, &scale, &t);
    ffnn__vec e = p * scale + scale;
    ffnn__vec q = ((u * 9.6820736e-7f - 2.1723914e-5f) * u + 2.12152649e-4f) * u - 1.1547273e-3f;
    q = ((q * u + 3.39156599e-3f) * u - 5.67769923e-4f) * u - 0.0479180925f;
    q = ((q * u + 0.273235559f) * u + 1.59576929f) * u + 2.0f; /* P(u) */
    ffnn__vec tail = e / q, cdf = FFNN__CHOOSE(x < zero, tail, 1.0f - tail); /* Phi(-u), Phi(z) */
    *derivative = cdf + x * (e * 0.398942280f); /* 1 / sqrt(2 pi) */
    *a = x * cdf;
}

/* a = max(z, 0) + log(1 + e), where e = exp(-|z|) is at most 1. With s = e / (2 + e), which is at
   most 1 / 3, log(1 + e) is 2 atanh(s) = 2 (s + s^3 / 3 + s^5 / 5 + ...), whose polynomial here is
   minimax, its relative error 2^-27.7. From z = 20 on, where PyTorch takes z, nothing is left of
   the sum but z. */
FFNN__INLINE void FFNN__K(softplus)(ffnn__vec *a, const ffnn__vec *z) {
    const ffnn__vec zero = {0};
    ffnn__vec x = *z, e;
    FFNN__K(exp_of_minus_abs)(&e, z);
    ffnn__vec s = e / (e + 2.0f), s2 = s * s;
    ffnn__vec q = ((s2 * 0.140122294f + 0.139995705f) * s2 + 0.200108495f) * s2 + 0.333332066f;
    q = s + s * (q * s2);
    *a = FFNN__CHOOSE(x < zero, zero, x) + (q + q);
}

/* a = z tanh(log(w)), where w = 1 + exp(z): tanh(log(w)) = (w^2 - 1) / (w^2 + 1), whose terms are
   divided by exp(2 z) where z is above 0. The derivative is tanh(log(w)) + z sigmoid(z) (1 -
   tanh(log(w))^2). NaN at the infinities, as gate. */
FFNN__INLINE void FFNN__K(mish)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z) {
    const ffnn__vec zero = {0}, one = zero + 1.0f;
    ffnn__vec x = *z, e;
    FFNN__K(exp_of_minus_abs)(&e, z);
    ffnn__vec above = FFNN__CHOOSE(x < zero, e * (e + 2.0f), e + e + 1.0f); /* w^2 - 1 */
    ffnn__vec gap = FFNN__CHOOSE(x < zero, one * 2.0f, e * e * 2.0f); /* w^2 + 1 is larger by 2 */
    ffnn__vec below = above + gap, factor = above / below;
    ffnn__vec sigmoid = FFNN__CHOOSE(x < zero, e, one) / (e + 1.0f);
    *derivative = factor + x * sigmoid * (gap * (above + below) / (below * below));
    *a = x * factor;
}

/* As PyTorch's, the derivative is 0 at both ends. */
FFNN__INLINE void FFNN__K(clamp)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z,
                                 const float low, const float high) {
    const ffnn__vec zero = {0}, one = zero + 1.0f, lowest = zero + low, highest = zero + high;
    ffnn__vec x = *z, below = FFNN__CHOOSE(x >= highest, highest, x);
    *derivative = FFNN__CHOOSE(x <= lowest, zero, FFNN__CHOOSE(x >= highest, zero, one));
    *a = FFNN__CHOOSE(x <= lowest, lowest, below);
}

FFNN__INLINE void FFNN__K(hardswish)(ffnn__vec *a, ffnn__vec *derivative, const ffnn__vec *z) {
    const ffnn__vec zero = {0}, one = zero + 1.0f, three = zero + 3.0f;
    ffnn__vec x = *z, sum = x + three, factor, ignored, slope = x / three + 0.5f;
    FFNN__K(clamp)(&factor, &ignored, &sum, 0.0f, 6.0f);
    *derivative = FFNN__CHOOSE(x < zero - three, zero, FFNN__CHOOSE(x > three, one, slope));
    *a = x * (factor / 6.0f); /* never too large on the way */
}

/* a = f(z): the rows of the table in "activations and losses". Where activation is a constant, only
   its row is left of the switch. */
FFNN__INLINE void FFNN__K(f)(const ffnn_activation activation, float alpha, ffnn__vec *a,
                             const ffnn__vec *z) {
    const ffnn__vec zero = {0}, one = zero + 1.0f;
    ffnn__vec ignored = zero, *derivative = &ignored; /* some rows set both */
    *a = zero; /* of no activation */
    switch (activation) {
#define FFNN__CASE(constant, name, f, df)                                                         \
    case constant:                                                                                \
        if (FFNN_HAS_ACTIVATION(constant)) {                                                      \
            f;                                                                                    \
        }                                                                                         \
        break;
        FFNN__ACTIVATIONS(FFNN__CASE)
#undef FFNN__CASE
    case FFNN_SOFTMAX: break;
    }
    (void)one; /* no row of f needs it */
    (void)derivative;
}

/* derivative = f'(z), where a = f(z). Some rows compute a, too. */
FFNN__INLINE void FFNN__K(derivative)(ffnn_activation activation, float alpha,
                                      ffnn__vec *derivative, const ffnn__vec *z, ffnn__vec *a) {
    const ffnn__vec zero = {0}, one = zero + 1.0f;
    *derivative = one; /* of no activation */
    switch (activation) {
#define FFNN__CASE(constant, name, f, df)                                                         \
    case constant:                                                                                \
        if (FFNN_HAS_ACTIVATION(constant)) {                                                      \
            df;                                                                                   \
        }                                                                                         \
        break;
        FFNN__ACTIVATIONS(FFNN__CASE)
#undef FFNN__CASE
    case FFNN_SOFTMAX: break;
    }
}

FFNN__INLINE void FFNN__K(activate_loop)(const ffnn_activation activation, float alpha, float *a,
                                         const float *z, size_t count) {
    size_t i = 0;
    for (; i + FFNN__MIN_COUNT <= count; i += FFNN__LANES) {
        ffnn__vec z_part, a_part;
        FFNN__K(load)(&z_part, z + i, count - i);
        FFNN__K(f)(activation, alpha, &a_part, &z_part);
        FFNN__K(store)(a + i, &a_part, count - i);
    }
#if FFNN__LANES > 4
    if (i < count) ffnn__activate_each_fma(activation, alpha, a + i, z + i, count - i);
#endif
}

/* A loop of its own for each activation that many networks have, one for all others, which is less
   code; with 16 lanes they take the one of 8. */
FFNN__TARGET static void FFNN__K(activate_each)(ffnn_activation activation, float alpha, float *a,
                                                const float *z, size_t count) {
#if defined(FFNN__HAS_LOOPS) && !defined(__OPTIMIZE_SIZE__)
    if (activation <= FFNN_IDENTITY) {
        switch (activation) {
#define FFNN__CASE(constant, name, f, df)                                                         \
    case constant: FFNN__K(activate_loop)(constant, alpha, a, z, count); break;
            FFNN__ACTIVATIONS(FFNN__CASE)
#undef FFNN__CASE
        case FFNN_SOFTMAX: break;
        }
        return;
    }
#endif
#if FFNN__LANES == 16
    ffnn__activate_each_avx2(activation, alpha, a, z, count);
#else
    FFNN__K(activate_loop)(activation, alpha, a, z, count);
#endif
}

#ifdef FFNN__HAS_DERIVATIVE

/* One loop serves all: most derivatives are soon computed. Those of activations that few networks
   have are computed four at a time. */
FFNN__TARGET static void FFNN__K(multiply_by_derivative)(ffnn_activation activation, float alpha,
                                                         float *delta, const float *error,
                                                         const float *z, const float *a,
                                                         size_t count) {
    size_t i = 0;
#if FFNN__LANES > 4
    if (activation > FFNN_IDENTITY) {
        ffnn__multiply_by_derivative_fma(activation, alpha, delta, error, z, a, count);
        return;
    }
#endif
    for (; i + FFNN__MIN_COUNT <= count; i += FFNN__LANES) {
        ffnn__vec z_part, a_part, error_part, derivative;
        FFNN__K(load)(&z_part, z + i, count - i);
        FFNN__K(load)(&a_part, a + i, count - i);
        FFNN__K(load)(&error_part, error + i, count - i);
        FFNN__K(derivative)(activation, alpha, &derivative, &z_part, &a_part);
        error_part *= derivative;
        FFNN__K(store)(delta + i, &error_part, count - i);
    }
#if FFNN__LANES > 4
    if (i < count)
        ffnn__multiply_by_derivative_fma(activation, alpha, delta + i, error + i, z + i, a + i,
                                         count - i);
#endif
}

#endif

#ifdef FFNN__HAS_SOFTMAX

/* e = exp(z - max). Rounding z - max, which may be as large as 88, is an error of 2e-6 in exp: the
   lost part is computed (Moeller's and Knuth's two-sum) and put back. */
FFNN__INLINE void FFNN__K(exp_of_difference)(ffnn__vec *e, const ffnn__vec *z, const float *max) {
    const ffnn__vec zero = {0}, subtracted = zero + *max;
    ffnn__vec d = *z - subtracted, back = d - *z, p, scale;
    ffnn__vec lost = (*z - (d - back)) - (subtracted + back);
    lost = FFNN__CHOOSE(d > zero - 88.0f, lost, zero); /* NaN where z is -infinity */
    FFNN__K(exp)(&p, &scale, &d);
    p += p * lost + lost; /* here, before the last rounding: (1 + p) (1 + lost) - 1 */
    *e = p * scale + scale;
}

/* The sum of n numbers, as if it were rounded once; by pointer, since it may be NaN. In plain C
   without double, which is 1 KB of code on a Cortex-M4: what each addition loses is summed up, too
   (Knuth's two-sum). */
FFNN__TARGET static void FFNN__K(sum)(float *total, const float *a, size_t n) {
#if FFNN__LANES > 1
    double sum = 0;
    for (size_t i = 0; i < n; ++i) sum += (double)a[i];
    *total = (float)sum;
#else
    float sum = 0, lost = 0;
    for (size_t i = 0; i < n; ++i) {
        float next = sum + a[i], back = next - sum;
        lost += (sum - (next - back)) + (a[i] - back);
        sum = next;
    }
    *total = sum + lost;
#endif
}

FFNN__TARGET static void FFNN__K(softmax)(float *a, const float *z, size_t m, size_t n) {
    for (; m > 0; --m, a += n, z += n) {
        float max = z[0];
        for (size_t col = 1; col < n; ++col) max = z[col] > max ? z[col] : max;
        for (size_t i = 0; i < n; i += FFNN__LANES) {
            ffnn__vec part, e;
            FFNN__K(load)(&part, z + i, n - i);
            FFNN__K(exp_of_difference)(&e, &part, &max);
            FFNN__K(store)(a + i, &e, n - i);
        }
        float total;
        FFNN__K(sum)(&total, a, n);
        for (size_t i = 0; i < n; i += FFNN__LANES) {
            ffnn__vec part;
            FFNN__K(load)(&part, a + i, n - i);
            part /= total;
            FFNN__K(store)(a + i, &part, n - i);
        }
    }
}

#endif /* FFNN__HAS_SOFTMAX */

/* ---- optimizers' steps ------------------------------------------------------------------- */
#ifdef FFNN__HAS_STEPS

FFNN__INLINE void FFNN__K(momentum)(float *w, float *v, const float *descent, float momentum,
                                    float decay, float rate) {
    ffnn__vec old = *(ffnn__vec *)w;
    ffnn__vec g = old * decay - *(const ffnn__vec *)descent;
    ffnn__vec velocity = *(ffnn__vec *)v * momentum + g;
    *(ffnn__vec *)v = velocity;
    *(ffnn__vec *)w = old - velocity * rate;
}

FFNN__TARGET static void FFNN__K(momentum_step)(float *w, float *v, const float *descent,
                                                size_t count, float momentum, float decay,
                                                float rate) {
    size_t i = 0;
    for (; i + FFNN__LANES <= count; i += FFNN__LANES)
        FFNN__K(momentum)(w + i, v + i, descent + i, momentum, decay, rate);
    if (i < count) {
        size_t size = (count - i) * sizeof(float);
        float w_tail[FFNN__LANES] = {0}, v_tail[FFNN__LANES] = {0}, tail[FFNN__LANES] = {0};
        memcpy(w_tail, w + i, size);
        memcpy(v_tail, v + i, size);
        memcpy(tail, descent + i, size);
        FFNN__K(momentum)(w_tail, v_tail, tail, momentum, decay, rate);
        memcpy(w + i, w_tail, size);
        memcpy(v + i, v_tail, size);
    }
}

/* x = sqrt(x). Vector types have no square root: Newton's method for y = 1 / sqrt(x), twice, from
   the well-known first guess by halving the exponent (3.4 % off), and once for x y, whose error is
   then below 2^-35. */
FFNN__INLINE void FFNN__K(sqrt)(ffnn__vec *x) {
#if FFNN__LANES > 1
    const ffnn__vec zero = {0};
    ffnn__vec half = *x * 0.5f, y = (ffnn__vec)(0x5f3759dfu - ((ffnn__bits)*x >> 1));
    y *= 1.5f - half * y * y;
    y *= 1.5f - half * y * y;
    ffnn__vec root = *x * y;
    root += (*x - root * root) * (y * 0.5f);
    *x = FFNN__CHOOSE(*x > zero + FLT_MAX, *x, root); /* infinity */
#else
    *x = sqrtf(*x);
#endif
}

FFNN__INLINE void FFNN__K(adam)(float *w, float *m, float *v, const float *descent, float keep,
                                float rate, float inverse_root) {
    ffnn__vec down = *(const ffnn__vec *)descent;
    ffnn__vec first = *(ffnn__vec *)m - (down + *(ffnn__vec *)m) * 0.1f; /* PyTorch's lerp */
    ffnn__vec second = *(ffnn__vec *)v * 0.999f + down * down * 0.001f;
    *(ffnn__vec *)m = first;
    *(ffnn__vec *)v = second;
    FFNN__K(sqrt)(&second);
    *(ffnn__vec *)w = *(ffnn__vec *)w * keep - first * rate / (second * inverse_root + 1e-8f);
}

FFNN__TARGET static void FFNN__K(adam_step)(float *w, float *m, float *v, const float *descent,
                                            size_t count, float keep, float rate,
                                            float inverse_root) {
    size_t i = 0;
    for (; i + FFNN__LANES <= count; i += FFNN__LANES)
        FFNN__K(adam)(w + i, m + i, v + i, descent + i, keep, rate, inverse_root);
    if (i < count) {
        size_t size = (count - i) * sizeof(float);
        float w_tail[FFNN__LANES] = {0}, m_tail[FFNN__LANES] = {0}, v_tail[FFNN__LANES] = {0};
        float tail[FFNN__LANES] = {0};
        memcpy(w_tail, w + i, size);
        memcpy(m_tail, m + i, size);
        memcpy(v_tail, v + i, size);
        memcpy(tail, descent + i, size);
        FFNN__K(adam)(w_tail, m_tail, v_tail, tail, keep, rate, inverse_root);
        memcpy(w + i, w_tail, size);
        memcpy(m + i, m_tail, size);
        memcpy(v + i, v_tail, size);
    }
}

#endif /* FFNN__HAS_STEPS */

/* ---- element by element ------------------------------------------------------------------ */
#ifdef FFNN__HAS_COMBINE

/* A loop of its own for each operation. b[0] - 0 fills all lanes; + 0 would lose the sign of -0. */
FFNN__TARGET static void FFNN__K(combine)(ffnn__operation operation, float *c, const float *a,
                                          const float *b, size_t b_step, size_t m, size_t n) {
    const ffnn__vec zero = {0};
    switch (operation) {
#define FFNN__CASE(constant, op)                                                                  \
    case constant:                                                                                \
        for (; m > 0; --m, c += n, a += n) {                                                      \
            size_t i = 0;                                                                         \
            for (; i + FFNN__LANES <= n; i += FFNN__LANES) {                                      \
                ffnn__vec b_part = b[0] - zero;                                                   \
                if (b_step == 1) b_part = *(const ffnn__vec *)(b + i);                            \
                *(ffnn__vec *)(c + i) = *(const ffnn__vec *)(a + i) op b_part;                    \
            }                                                                                     \
            FFNN__ROLLED for (; i < n; ++i) c[i] = a[i] op b[i * b_step];                         \
        }                                                                                         \
        break;
        FFNN__CASE(FFNN__ADD, +)
        FFNN__CASE(FFNN__SUB, -)
        FFNN__CASE(FFNN__MUL, *)
        FFNN__CASE(FFNN__DIV, /)
#undef FFNN__CASE
    }
}

#endif /* FFNN__HAS_COMBINE */

/* ---- tiles ------------------------------------------------------------------------------- */
#if FFNN__LANES > 1

/* The column of a tile where its vector j begins: the last one ends at the last column. */
FFNN__INLINE size_t FFNN__K(vector_begin)(size_t j, const size_t vectors, size_t width) {
    return j + 1 < vectors ? j * FFNN__LANES : width - FFNN__LANES;
}

/* One tile of a product: rows x width elements of c from (row, col) on, in so many vectors that the
   last one, where width is no multiple of the lanes, overlaps the one before. Its sums stay in
   registers while a and b stream by. A narrow tile has few sums, and each addition waits for the
   one before: there, two sums take turns and are added at the end, and split is 2. rows, vectors
   and split are constants. */
FFNN__INLINE void FFNN__K(tile)(const ffnn__product *product, size_t row, size_t col, size_t width,
                                const size_t rows, const size_t vectors, const size_t split) {
    ffnn__vec sum[2][4][4], zero = {0}; /* [split][rows][vectors] */
    const float *a[4], *b = product->b + col;
    const size_t a_step = product->a_col_step;
    /* AVX2's largest tile goes through the second loop: 12 of 16 registers are sums, and with all
       of b's vectors at once Clang would keep some in memory, which took 2.1 times as long. */
    const size_t end = rows == 3 && vectors == 4 ? 0 : product->depth;
    size_t k = 0, at = 0;
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        a[i] = product->a + (row + i) * product->a_row_step;
        FFNN__UNROLL for (size_t s = 0; s < split; ++s)
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) sum[s][i][j] = zero;
    }
    for (; k + split <= end; k += split) {
        FFNN__UNROLL for (size_t s = 0; s < split; ++s) {
            ffnn__vec b_row[4];
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
                b_row[j] = *(const ffnn__vec *)(b + FFNN__K(vector_begin)(j, vectors, width));
                if (rows == 2) FFNN__IN_REGISTER(b_row[j]); /* more rows are used from there */
            }
            FFNN__UNROLL for (size_t i = 0; i < rows; ++i)
                FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
                    sum[s][i][j] += a[i][at] * b_row[j];
                    FFNN__LOOP_CARRIED(sum[s][i][j]);
                }
            at += a_step;
            b += product->b_row_step;
        }
    }
    for (; k < product->depth; ++k) { /* what split leaves, or all */
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
            ffnn__vec b_row = *(const ffnn__vec *)(b + FFNN__K(vector_begin)(j, vectors, width));
            FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
                sum[0][i][j] += a[i][at] * b_row;
                FFNN__LOOP_CARRIED(sum[0][i][j]);
            }
        }
        at += a_step;
        b += product->b_row_step;
    }
    ffnn__vec value[4][4]; /* not sum: its use in a larger loop would cost its registers (Clang) */
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
            value[i][j] = sum[0][i][j];
            if (split == 2) value[i][j] += sum[1][i][j];
        }
    }
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        float *c = product->c + (row + i) * product->c_step + col;
        ffnn__vec old[4];
        if (product->add) {
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) /* all, before any is stored */
                old[j] = *(const ffnn__vec *)(c + FFNN__K(vector_begin)(j, vectors, width));
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
                value[i][j] *= product->factor;
                FFNN__NO_FMA(value[i][j]);
                value[i][j] += old[j];
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
            *(ffnn__vec *)(c + FFNN__K(vector_begin)(j, vectors, width)) = value[i][j];
    }
}

/* All rows of the tiles from column col on. */
FFNN__INLINE void FFNN__K(tile_rows)(const ffnn__product *product, size_t col, size_t width,
                                     const size_t vectors, const size_t split) {
    size_t row = 0;
    for (; row + FFNN__ROWS <= product->rows; row += FFNN__ROWS)
        FFNN__K(tile)(product, row, col, width, FFNN__ROWS, vectors, split);
#if FFNN__ROWS > 3
    for (; row + 2 <= product->rows; row += 2)
        FFNN__K(tile)(product, row, col, width, 2, vectors, split);
#endif
    for (; row < product->rows; ++row) FFNN__K(tile)(product, row, col, width, 1, vectors, split);
}

#ifdef FFNN__HAS_SHALLOW

/* So many columns, one vector or two, of a product at most 4 deep: what is used of b stays in
   registers while rows of a and c stream by. vectors and depth are constants. */
FFNN__INLINE void FFNN__K(shallow_rows)(const ffnn__product *product, size_t col, size_t width,
                                        const size_t vectors, const size_t depth) {
    const size_t a_row_step = product->a_row_step, a_col_step = product->a_col_step;
    const size_t rows = product->rows, c_step = product->c_step, second = width - FFNN__LANES;
    const bool add = product->add;
    const float factor = product->factor, *a = product->a, *b = product->b + col;
    float *c = product->c + col;
    ffnn__vec b_row[4][2];
    FFNN__UNROLL for (size_t k = 0; k < depth; ++k)
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
            b_row[k][j] = *(const ffnn__vec *)(b + k * product->b_row_step + j * second);
    for (size_t row = 0; row < rows; ++row, a += a_row_step, c += c_step) {
        ffnn__vec sum[2];
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) {
            sum[j] = a[0] * b_row[0][j];
            FFNN__UNROLL for (size_t k = 1; k < depth; ++k)
                sum[j] += a[k * a_col_step] * b_row[k][j];
        }
        if (add) {
            FFNN__UNROLL for (size_t j = 0; j < vectors; ++j) { /* all, before any is stored */
                sum[j] *= factor;
                FFNN__NO_FMA(sum[j]);
                sum[j] += *(const ffnn__vec *)(c + j * second);
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < vectors; ++j)
            *(ffnn__vec *)(c + j * second) = sum[j];
    }
}

/* vectors is a constant. */
FFNN__INLINE void FFNN__K(shallow_cols)(const ffnn__product *product, size_t col, size_t width,
                                        const size_t vectors) {
    switch (product->depth) {
    case 1: FFNN__K(shallow_rows)(product, col, width, vectors, 1); break;
    case 2: FFNN__K(shallow_rows)(product, col, width, vectors, 2); break;
    case 3: FFNN__K(shallow_rows)(product, col, width, vectors, 3); break;
    default: FFNN__K(shallow_rows)(product, col, width, vectors, 4); break;
    }
}

/* A product at most 4 deep, for which tiles take as long to begin and to end as to compute: the
   step of a batch of at most 4 samples, or a layer of at most 4 inputs. Eight rows at a time where
   they are wide: else, with rows of 4 KB, c would fall out of the cache. */
FFNN__TARGET static void FFNN__K(shallow)(const ffnn__product *whole) {
    const size_t lanes = FFNN__LANES, max_rows = whole->cols < 256 ? whole->rows : 8;
    ffnn__product band = *whole;
    for (size_t left = whole->rows; left > 0; left -= band.rows) {
        if (left < max_rows) band.rows = left;
        else band.rows = max_rows;
        size_t width;
        for (size_t col = 0; col < whole->cols; col += width) {
            width = whole->cols - col;
            if (width > 2 * lanes) width = width < 3 * lanes ? lanes : 2 * lanes;
            if (FFNN__VECTORS > 1 && width > lanes) FFNN__K(shallow_cols)(&band, col, width, 2);
            else FFNN__K(shallow_cols)(&band, col, width, 1);
        }
        band.a += band.rows * whole->a_row_step;
        band.c += band.rows * whole->c_step;
    }
}

#endif /* FFNN__HAS_SHALLOW */

/* A product whose b is not transposed and has at least FFNN__LANES columns, exactly so many where
   FFNN__VECTORS is 1. At most FFNN__VECTORS vectors of columns at a time, and never so many that
   fewer columns than one vector's would be left. */
FFNN__TARGET static void FFNN__K(tiles)(const ffnn__product *product) {
    const size_t lanes = FFNN__LANES, max = FFNN__VECTORS * lanes;
    size_t width;
#ifdef FFNN__HAS_SHALLOW
    if (product->depth <= 4) {
        FFNN__K(shallow)(product);
        return;
    }
#endif
    for (size_t col = 0; col < product->cols; col += width) {
        size_t left = product->cols - col;
        width = left;
        if (left > max) width = left < max + lanes ? max - lanes : max;
        if (FFNN__VECTORS > 2 && width > 3 * lanes)
            FFNN__K(tile_rows)(product, col, width, 4, 1);
        else if (FFNN__VECTORS > 2 && width > 2 * lanes)
            FFNN__K(tile_rows)(product, col, width, 3, 1);
        else if (FFNN__VECTORS > 1 && width > lanes)
            FFNN__K(tile_rows)(product, col, width, 2, 2);
        else
            FFNN__K(tile_rows)(product, col, width, 1, 2);
    }
}

#endif /* FFNN__LANES > 1 */

/* ---- fold -------------------------------------------------------------------------------- */
#ifdef FFNN__HAS_FOLD

/* Elements of a, each of them cols times, 3 as 4. cols is a constant, 1 to 4. */
FFNN__INLINE void FFNN__K(repeat)(ffnn__vec *to, const float *a, const size_t cols) {
    if (cols == 1) {
        *to = *(const ffnn__vec *)a;
        return;
    }
#if FFNN__LANES == 4 || !defined(FFNN__SHUFFLEVECTOR)
    const size_t width = cols == 3 ? 4 : cols;
    FFNN__UNROLL for (size_t lane = 0; lane < FFNN__LANES; ++lane) (*to)[lane] = a[lane / width];
#elif FFNN__LANES == 16
    ffnn__f32x8 part;
    if (cols == 4) {
        const ffnn__f32x4 quarter = *(const ffnn__f32x4 *)a;
        part = __builtin_shufflevector(quarter, quarter, 0, 0, 1, 1, 2, 2, 3, 3);
    } else {
        part = *(const ffnn__f32x8 *)a;
    }
    *to = __builtin_shufflevector(part, part, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7);
#else
    if (cols >= 3) {
        uint64_t pair;
        memcpy(&pair, a, sizeof pair);
        const ffnn__u64x4 pairs = {pair, pair, pair, pair};
        const ffnn__f32x8 part = (ffnn__f32x8)pairs;
        *to = __builtin_shufflevector(part, part, 0, 0, 0, 0, 5, 5, 5, 5);
    } else {
        const ffnn__f32x4 part = *(const ffnn__f32x4 *)a;
        *to = __builtin_shufflevector(part, part, 0, 0, 1, 1, 2, 2, 3, 3);
    }
#endif
}

/* The rows of b that a vector holds. 3 columns are read as 4, with what follows them. */
FFNN__INLINE void FFNN__K(fold_load)(ffnn__vec *to, const float *b, const size_t cols) {
#if FFNN__LANES == 8
    if (cols == 3) {
        const ffnn__f32x4 low = *(const ffnn__f32x4 *)b, high = *(const ffnn__f32x4 *)(b + 3);
#ifdef FFNN__SHUFFLEVECTOR
        *to = __builtin_shufflevector(low, high, 0, 1, 2, 3, 4, 5, 6, 7);
#else
        ffnn__vec both = {low[0], low[1], low[2], low[3], high[0], high[1], high[2], high[3]};
        *to = both;
#endif
        return;
    }
#endif
    (void)cols;
    *to = *(const ffnn__vec *)b;
}

/* sums += some rows of a times what a vector of b holds, each element of a row for all columns.
   With a mask, lanes outside it are zeroed in both factors: infinity times 0 would be NaN. rows and
   cols are constants. */
FFNN__INLINE void FFNN__K(fold_step)(ffnn__vec *sums, const float *a, size_t a_step,
                                     const float *b, const ffnn__bits *mask, const size_t rows,
                                     const size_t cols) {
    ffnn__vec b_part, a_part;
    FFNN__K(fold_load)(&b_part, b, cols);
    if (mask != NULL) b_part = (ffnn__vec)((ffnn__bits)b_part & *mask);
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        FFNN__K(repeat)(&a_part, a + i * a_step, cols);
        if (mask != NULL) a_part = (ffnn__vec)((ffnn__bits)a_part & *mask);
        sums[i] += a_part * b_part;
        FFNN__LOOP_CARRIED(sums[i]);
    }
}

/* Rows of a product with 1 to 4 columns, cols, of a b that is contiguous: a vector holds as many
   rows of b as fit, and is multiplied by as many elements of a row of a. The last vector ends where
   b ends, without the lanes that it has in common with the one before. Two sums take turns. rows
   and cols are constants. */
FFNN__INLINE void FFNN__K(fold_rows)(const ffnn__product *product, size_t row, const size_t rows,
                                     const size_t cols) {
    const size_t width = cols == 3 ? 4 : cols, step = FFNN__LANES / width;
    const size_t depth = product->depth, a_step = product->a_row_step;
    const size_t whole = cols == 3 ? depth - 1 : depth; /* nothing follows the last row */
    const float *a = product->a + row * a_step, *b = product->b;
    ffnn__vec sum[4], odd[4], zero = {0};
    size_t k = 0;
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) sum[i] = odd[i] = zero;
    for (; k + 2 * step <= whole; k += 2 * step) {
        FFNN__K(fold_step)(sum, a + k, a_step, b + k * cols, NULL, rows, cols);
        FFNN__K(fold_step)(odd, a + k + step, a_step, b + (k + step) * cols, NULL, rows, cols);
    }
    if (k + step <= whole) {
        FFNN__K(fold_step)(sum, a + k, a_step, b + k * cols, NULL, rows, cols);
        k += step;
    }
    if (k < depth) {
        const uint32_t *lanes = ffnn__last_lanes + (depth - k) * width + 16 - FFNN__LANES;
        const ffnn__bits *mask = (const ffnn__bits *)lanes;
        const float *last = b + (depth - step) * cols;
        float copy[7] = {0};
        if (cols == 3) last = (const float *)memcpy(copy, last, 6 * sizeof(float));
        FFNN__K(fold_step)(odd, a + depth - step, a_step, last, mask, rows, cols);
    }
    ffnn__f32x4 total[4];
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        sum[i] += odd[i];
        const float *sums = (const float *)&sum[i];
        total[i] = *(const ffnn__f32x4 *)sums;
        FFNN__UNROLL for (size_t lane = 4; lane < FFNN__LANES; lane += 4)
            total[i] += *(const ffnn__f32x4 *)(sums + lane);
        if (cols == 2) total[i] += FFNN__SHUFFLE(total[i], total[i], 2, 3, 0, 1);
    }
    if (cols == 1) {
        FFNN__UNROLL for (size_t i = rows; i < 4; ++i) total[i] = total[0]; /* not used */
        ffnn__transpose4(total);
        total[0] = (total[0] + total[1]) + (total[2] + total[3]);
    }
    const float *values = (const float *)total;
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        float *c = product->c + (row + i) * product->c_step;
        FFNN__UNROLL for (size_t col = 0; col < cols; ++col)
            c[col] = values[cols == 1 ? i : 4 * i + col];
    }
}

/* A product that is not added, of 1 to 4 columns (with four lanes only 1) and at least 8 elements
   of b. */
FFNN__TARGET static void FFNN__K(fold)(const ffnn__product *product) {
    size_t row = 0, cols = product->cols;
#if FFNN__LANES == 16
    if (cols == 3 || product->depth * cols < FFNN__LANES) {
        ffnn__fold_avx2(product);
        return;
    }
#endif
    /* Written out twice: through one more function GCC's loops take an eighth longer. */
    for (; row + 4 <= product->rows; row += 4) {
        if (cols == 1) FFNN__K(fold_rows)(product, row, 4, 1);
        if (FFNN__LANES > 4 && cols == 2) FFNN__K(fold_rows)(product, row, 4, 2);
        if (FFNN__LANES == 8 && cols == 3) FFNN__K(fold_rows)(product, row, 4, 3);
        if (FFNN__LANES > 4 && cols == 4) FFNN__K(fold_rows)(product, row, 4, 4);
    }
    for (; row < product->rows; ++row) {
        if (cols == 1) FFNN__K(fold_rows)(product, row, 1, 1);
        if (FFNN__LANES > 4 && cols == 2) FFNN__K(fold_rows)(product, row, 1, 2);
        if (FFNN__LANES == 8 && cols == 3) FFNN__K(fold_rows)(product, row, 1, 3);
        if (FFNN__LANES > 4 && cols == 4) FFNN__K(fold_rows)(product, row, 1, 4);
    }
}

#endif /* FFNN__HAS_FOLD */

/* ---- narrow ------------------------------------------------------------------------------ */
#ifdef FFNN__HAS_NARROW

/* So many rows of a product with fewer columns than lanes: 2 or 3, with eight lanes 5 to 7. A
   vector is read of each row of b, and with it what follows the row; last is the last row, which
   nothing has to follow. Two sums take turns here, too. A row of c is written as a whole vector,
   which reaches into the next row; that row is written later. The last row, and rows that are added
   to, are written float by float. rows is a constant. */
FFNN__INLINE void FFNN__K(narrow_rows)(const ffnn__product *product, size_t row,
                                       const size_t rows, const float *last) {
    ffnn__vec sum[4] = {{0}, {0}, {0}, {0}}, odd[4] = {{0}, {0}, {0}, {0}};
    const float *a = product->a + row * product->a_row_step, *b = product->b;
    const size_t row_step = product->a_row_step, step = product->a_col_step, cols = product->cols;
    size_t k = 1;
    for (; k + 2 <= product->depth; k += 2, a += 2 * step, b += 2 * product->b_row_step) {
        ffnn__vec b_row = *(const ffnn__vec *)b;
        ffnn__vec next = *(const ffnn__vec *)(b + product->b_row_step);
        FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
            sum[i] += a[i * row_step] * b_row;
            odd[i] += a[i * row_step + step] * next;
            FFNN__LOOP_CARRIED(sum[i]);
            FFNN__LOOP_CARRIED(odd[i]);
        }
    }
    if (k < product->depth) {
        ffnn__vec b_row = *(const ffnn__vec *)b;
        FFNN__UNROLL for (size_t i = 0; i < rows; ++i) sum[i] += a[i * row_step] * b_row;
        a += step;
    }
    ffnn__vec b_row = *(const ffnn__vec *)last;
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        sum[i] += odd[i] + a[i * row_step] * b_row;
        if (!product->add) continue;
        sum[i] *= product->factor;
        FFNN__NO_FMA(sum[i]);
    }
    FFNN__UNROLL for (size_t i = 0; i < rows; ++i) {
        float *c = product->c + (row + i) * product->c_step, values[FFNN__LANES];
        *(ffnn__vec *)values = sum[i];
        if (!product->add && row + i + 1 < product->rows) *(ffnn__vec *)c = sum[i];
        else
            FFNN__ROLLED for (size_t col = 0; col < cols; ++col)
                c[col] = product->add ? c[col] + values[col] : values[col];
    }
}

FFNN__TARGET static void FFNN__K(narrow)(const ffnn__product *product) {
    const size_t skipped = FFNN__LANES - product->cols;
    const float *b = product->b + (product->depth - 1) * product->b_row_step; /* the last row */
    float last[2 * FFNN__LANES] = {0};
    size_t row = 0;
    if (product->depth > 1) *(ffnn__vec *)last = *(const ffnn__vec *)(b - skipped);
    else memcpy(last + skipped, b, product->cols * sizeof(float));
    for (; row + 4 <= product->rows; row += 4)
        FFNN__K(narrow_rows)(product, row, 4, last + skipped);
    for (; row < product->rows; ++row) FFNN__K(narrow_rows)(product, row, 1, last + skipped);
}

#endif /* FFNN__HAS_NARROW */

/* ---- small networks ---------------------------------------------------------------------- */
#ifdef FFNN__HAS_SMALL

/* One sample's outputs. k and n may be constants: then the loops are unrolled. */
FFNN__INLINE void FFNN__K(small_row)(bool is_sigmoid, float *z, float *a, const float *x,
                                     const float *w, const float *bias, const size_t k,
                                     const size_t n) {
    size_t col = 0;
    for (; col + 4 <= n; col += 4) {
        ffnn__vec sum = {0};
        FFNN__UNROLL4 for (size_t i = 0; i < k; ++i) {
            sum += x[i] * *(const ffnn__vec *)(w + i * n + col);
            FFNN__LOOP_CARRIED(sum);
        }
        if (bias != NULL) sum += *(const ffnn__vec *)(bias + col);
        *(ffnn__vec *)(z + col) = sum;
        if (!is_sigmoid) continue;
        FFNN__K(sigmoid)(&sum, &sum);
        *(ffnn__vec *)(a + col) = sum;
    }
    for (; col < n; ++col) {
        float sum = 0;
        FFNN__UNROLL4 for (size_t i = 0; i < k; ++i) {
            sum += x[i] * w[i * n + col];
            FFNN__LOOP_CARRIED(sum);
        }
        if (bias != NULL) sum += bias[col];
        z[col] = sum;
        if (!is_sigmoid) continue;
        ffnn__vec result = {sum, 0, 0, 0};
        FFNN__K(sigmoid)(&result, &result);
        a[col] = result[0];
    }
}

/* The one output of count samples, 1 to 4, a lane each; unused lanes repeat the first sample. One
   sample goes this way, too: alone, compilers might not fuse its products. */
FFNN__INLINE void FFNN__K(small_column)(bool is_sigmoid, float *z, float *a, const float *x,
                                        const float *w, const float *bias, size_t count,
                                        const size_t k) {
    const float *x1 = count > 1 ? x + k : x, *x2 = count > 2 ? x1 + k : x;
    const float *x3 = count > 3 ? x2 + k : x;
    ffnn__vec sum = {0};
    if (k == 4) {
        ffnn__vec part[4] = {*(const ffnn__vec *)x, *(const ffnn__vec *)x1, *(const ffnn__vec *)x2,
                             *(const ffnn__vec *)x3};
        ffnn__transpose4(part);
        FFNN__UNROLL for (size_t i = 0; i < 4; ++i) sum += part[i] * w[i];
    } else {
        for (size_t i = 0; i < k; ++i) {
            ffnn__vec part = {x[i], x1[i], x2[i], x3[i]};
            sum += part * w[i];
            FFNN__LOOP_CARRIED(sum);
        }
    }
    if (bias != NULL) sum += bias[0];
    FFNN__K(store)(z, &sum, count);
    if (!is_sigmoid) return;
    FFNN__K(sigmoid)(&sum, &sum);
    FFNN__K(store)(a, &sum, count);
}

/* z of one layer, and a if f is the sigmoid. k and n may be constants. */
FFNN__INLINE void FFNN__K(small_rows)(bool is_sigmoid, float *z, float *a, const float *x,
                                      const float *w, const float *bias, size_t m, const size_t k,
                                      const size_t n) {
    if (n > 1) {
        for (; m > 0; --m, x += k, z += n, a += n)
            FFNN__K(small_row)(is_sigmoid, z, a, x, w, bias, k, n);
        return;
    }
    while (m > 0) {
        size_t count = m < 4 ? m : 4;
        FFNN__K(small_column)(is_sigmoid, z, a, x, w, bias, count, k);
        m -= count;
        x += count * k;
        z += count;
        a += count;
    }
}

/* z of four samples at once, each with its own sums: what is loaded of w serves all. */
FFNN__TARGET static void FFNN__K(small_four_rows)(float *z, const float *x, const float *w,
                                                  const float *bias, size_t k, size_t n) {
    size_t col = 0;
    for (; col + 4 <= n; col += 4) {
        ffnn__vec sum[4] = {{0}, {0}, {0}, {0}};
        for (size_t i = 0; i < k; ++i) {
            ffnn__vec part = *(const ffnn__vec *)(w + i * n + col);
            FFNN__UNROLL for (size_t j = 0; j < 4; ++j) {
                sum[j] += x[j * k + i] * part;
                FFNN__LOOP_CARRIED(sum[j]);
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < 4; ++j) {
            if (bias != NULL) sum[j] += *(const ffnn__vec *)(bias + col);
            *(ffnn__vec *)(z + j * n + col) = sum[j];
        }
    }
    for (; col < n; ++col) {
        float sum[4] = {0};
        for (size_t i = 0; i < k; ++i) {
            FFNN__UNROLL for (size_t j = 0; j < 4; ++j) {
                sum[j] += x[j * k + i] * w[i * n + col];
                FFNN__LOOP_CARRIED(sum[j]);
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < 4; ++j)
            z[j * n + col] = bias != NULL ? sum[j] + bias[col] : sum[j];
    }
}

/* Not inlined: the default network's layers would be slower. */
FFNN__TARGET FFNN__NOINLINE static void FFNN__K(small_layer)(const ffnn_layer *layer, float *z,
                                                             float *a, const float *x, size_t m) {
    const float *w = layer->weight.data, *bias = layer->bias.data;
    size_t k = layer->weight.rows, n = layer->weight.cols, row = 0;
    bool fills_vectors = m == 1 || ((n == 1 || n % 4 == 0) && m * n < FFNN__MANY_SIGMOIDS);
    bool is_sigmoid = layer->activation == FFNN_SIGMOID && fills_vectors;
    if (n > 1 && !is_sigmoid)
        for (; row + 4 <= m; row += 4)
            FFNN__K(small_four_rows)(z + row * n, x + row * k, w, bias, k, n);
    FFNN__K(small_rows)(is_sigmoid, z + row * n, a + row * n, x + row * k, w, bias, m - row, k, n);
    if (!is_sigmoid) ffnn__activate(layer->activation, layer->alpha, a, z, m, n);
}

/* The default network's layers, 3 to 4 and 4 to 1, have all that they are as constants, while the
   samples are few. */
FFNN__TARGET static void FFNN__K(small_forward)(const ffnn_layer *layers, size_t count,
                                                const float *x, size_t m,
                                                float *const *outputs) {
    for (size_t i = 0; i < count; ++i) {
        const ffnn_layer *layer = &layers[i];
        const float *w = layer->weight.data;
        size_t k = layer->weight.rows, n = layer->weight.cols;
        float *z = layer->z.data, *a = layer->a.data;
        bool is_default = layer->activation == FFNN_SIGMOID && layer->bias.data == NULL &&
                          m * n < FFNN__MANY_SIGMOIDS;
        if (outputs != NULL) {
            a = i + 1 == count ? outputs[2] : outputs[i % 2];
            z = a;
        }
        if (is_default && k == 3 && n == 4)
            FFNN__K(small_rows)(true, z, a, x, w, NULL, m, 3, 4);
        else if (is_default && k == 4 && n == 1)
            FFNN__K(small_rows)(true, z, a, x, w, NULL, m, 4, 1);
        else
            FFNN__K(small_layer)(layer, z, a, x, m);
        x = a;
    }
}

/* w (inputs x outputs) += factor * (x^T delta), where x is samples x inputs and delta is samples x
   outputs, for so many rows of w from row on, each of which has its own sum. rows is a constant. */
FFNN__INLINE void FFNN__K(small_update_rows)(float *w, const float *x, const float *delta,
                                             size_t inputs, size_t samples, size_t outputs,
                                             float factor, size_t row, const size_t rows) {
    size_t col = 0;
    for (; col + 4 <= outputs; col += 4) {
        ffnn__vec sum[4] = {{0}, {0}, {0}, {0}};
        for (size_t i = 0; i < samples; ++i) {
            ffnn__vec part = *(const ffnn__vec *)(delta + i * outputs + col);
            FFNN__UNROLL for (size_t j = 0; j < rows; ++j) {
                sum[j] += x[i * inputs + row + j] * part;
                FFNN__LOOP_CARRIED(sum[j]);
            }
        }
        FFNN__UNROLL for (size_t j = 0; j < rows; ++j) {
            sum[j] *= factor;
            FFNN__NO_FMA(sum[j]);
            *(ffnn__vec *)(w + (row + j) * outputs + col) += sum[j];
        }
    }
    for (; col < outputs; ++col) {
        float sum[4] = {0};
        for (size_t i = 0; i < samples; ++i)
            FFNN__UNROLL for (size_t j = 0; j < rows; ++j) {
                sum[j] += x[i * inputs + row + j] * delta[i * outputs + col];
                FFNN__LOOP_CARRIED(sum[j]);
            }
        FFNN__UNROLL for (size_t j = 0; j < rows; ++j) {
            sum[j] *= factor;
            FFNN__NO_FMA(sum[j]);
            w[(row + j) * outputs + col] += sum[j];
        }
    }
}

/* All rows. A column is computed as a row, (delta^T x)^T: that fills vectors. */
FFNN__TARGET static void FFNN__K(small_update)(float *w, const float *x, const float *delta,
                                               size_t inputs, size_t samples, size_t outputs,
                                               float factor) {
    size_t row = 0;
    if (outputs == 1) {
        FFNN__K(small_update_rows)(w, delta, x, 1, samples, inputs, factor, 0, 1);
        return;
    }
    for (; row + 4 <= inputs; row += 4)
        FFNN__K(small_update_rows)(w, x, delta, inputs, samples, outputs, factor, row, 4);
    for (; row < inputs; ++row)
        FFNN__K(small_update_rows)(w, x, delta, inputs, samples, outputs, factor, row, 1);
}

/* error = next->delta next->weight^T, delta = error * f'(z) */
FFNN__TARGET static void FFNN__K(small_delta)(const ffnn_layer *layer, const ffnn_layer *next,
                                              size_t m) {
    const float *w = next->weight.data, *next_delta = next->delta.data;
    float *error = layer->error.data;
    size_t k = next->weight.rows, n = next->weight.cols;
    if (n == 1) {
        ffnn__outer_product(error, next_delta, w, m, k);
    } else {
        float transposed[FFNN__SMALL];
        ffnn__transpose(transposed, k, w, n, k, n);
        size_t row = 0;
        for (; k > 1 && row + 4 <= m; row += 4)
            FFNN__K(small_four_rows)(error + row * k, next_delta + row * n, transposed, NULL, n, k);
        for (; row < m; ++row)
            FFNN__K(small_row)(false, error + row * k, NULL, next_delta + row * n, transposed, NULL,
                               n, k);
    }
    float alpha = ffnn__alpha_of(layer->activation, layer->alpha);
    FFNN__K(multiply_by_derivative)(layer->activation, alpha, layer->delta.data, error,
                                    layer->z.data, layer->a.data, m * k);
}

/* The same for a layer of 4 sigmoids before one of 1 unit, as the default network's. */
FFNN__INLINE void FFNN__K(small_delta_4_1)(const ffnn_layer *layer, const ffnn_layer *next,
                                           size_t m) {
    const ffnn__vec zero = {0}, w = *(const ffnn__vec *)next->weight.data;
    const float *next_delta = next->delta.data, *a = layer->a.data;
    float *error = layer->error.data, *delta = layer->delta.data;
    for (size_t i = 0; i < m; ++i) {
        ffnn__vec z_part = zero, a_part = *(const ffnn__vec *)(a + 4 * i), derivative;
        ffnn__vec error_part = next_delta[i] * w;
        FFNN__K(derivative)(FFNN_SIGMOID, 0, &derivative, &z_part, &a_part);
        *(ffnn__vec *)(error + 4 * i) = error_part;
        *(ffnn__vec *)(delta + 4 * i) = error_part * derivative;
    }
}

/* The last layer's delta is there. */
FFNN__TARGET static void FFNN__K(small_backward)(const ffnn_layer *layers, size_t count,
                                                 const float *x, size_t m, float learning_rate) {
    for (size_t i = count - 1; i > 0; --i) {
        const ffnn_layer *layer = &layers[i - 1], *next = &layers[i];
        bool is_4_1 = next->weight.rows == 4 && next->weight.cols == 1;
        if (is_4_1 && layer->activation == FFNN_SIGMOID) FFNN__K(small_delta_4_1)(layer, next, m);
        else FFNN__K(small_delta)(layer, next, m);
    }
    for (size_t i = 0; i < count; ++i) {
        const ffnn_layer *layer = &layers[i];
        const float *delta = layer->delta.data;
        float *w = layer->weight.data, *bias = layer->bias.data;
        size_t k = layer->weight.rows, n = layer->weight.cols;
        if (k == 3 && n == 4)
            FFNN__K(small_update_rows)(w, x, delta, 3, m, 4, learning_rate, 0, 3);
        else if (k == 4 && n == 1)
            FFNN__K(small_update_rows)(w, delta, x, 1, m, 4, learning_rate, 0, 1);
        else
            FFNN__K(small_update)(w, x, delta, k, m, n, learning_rate);
        if (bias != NULL) ffnn__add_sum_of_rows(bias, delta, m, n, learning_rate);
        x = layer->a.data;
    }
}

#endif /* FFNN__HAS_SMALL */

#undef ffnn__vec
#undef ffnn__bits
#undef FFNN__K
#undef FFNN__JOIN_
#undef FFNN__JOIN
#undef FFNN__CHOOSE
#undef FFNN__INLINE
#undef FFNN__MIN_COUNT
#undef FFNN__KIND
#undef FFNN__LANES
#undef FFNN__ROWS
#undef FFNN__VECTORS
#undef FFNN__TARGET
#undef FFNN__HAS_DERIVATIVE
#undef FFNN__HAS_LOOPS
#undef FFNN__HAS_SOFTMAX
#undef FFNN__HAS_STEPS
#undef FFNN__HAS_COMBINE
#undef FFNN__HAS_SHALLOW
#undef FFNN__HAS_FOLD
#undef FFNN__HAS_NARROW
#undef FFNN__HAS_SMALL

#endif /* FFNN__KIND */

/* The program's own warnings and floating-point flags again: see "configuration". */
#ifdef FFNN__OUTERMOST
#undef FFNN__OUTERMOST
#if defined(FFNN__SIMD) && !defined(__clang__)
#pragma GCC pop_options /* of fp-contract */
#endif
#if defined(__GNUC__) || defined(__clang__)
#pragma GCC diagnostic pop
#elif defined(_MSC_VER)
#pragma warning(pop)
#ifdef FFNN_STATIC
#pragma warning(disable : 4505) /* static functions that the program does not call */
#endif
#endif
#if defined(FFNN__FLOAT_CONTROL)
#pragma float_control(pop)
#elif defined(__clang__)
#pragma STDC FP_CONTRACT DEFAULT
#elif defined(FFNN__FLAGS_TAKEN_BACK)
#pragma GCC pop_options
#endif
#endif

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
