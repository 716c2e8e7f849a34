/* footprint.c - what a microcontroller pays for the calls that a program makes: flash, RAM and stack.
   Which calls, -D says: VIEW, MEMORY, EVALUATE, SAVE, TRAIN, FIT, or none of them; FEW_VIEW and
   FEW_MEMORY with no other activations than the network has. footprint.sh builds it, looks at what was linked and, on a Cortex-M with -DMEASURED, runs it. */
#include <stddef.h>

static void *take(size_t size);
static void give_back(void *p);

#ifdef FEW_VIEW
#define VIEW
#elif defined(FEW_MEMORY)
#define MEMORY
#endif
#if defined(FEW_VIEW) || defined(FEW_MEMORY)
#define FFNN_HAS_ACTIVATION(activation) \
    ((activation) == FFNN_TANH || (activation) == FFNN_IDENTITY)
#endif
#define FFNN_NO_STDIO
#define FFNN_MALLOC(size) take(size)
#define FFNN_FREE(p) give_back(p)
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "../examples/data/dew_point.h"

/* Memory whose sizes are known: each block begins with its own. What is given back is counted, but
   not used again. */
typedef union { size_t size; double aligned; } unit;
static unit arena[1024];
static size_t used, live, peak; /* units, bytes, bytes */

static void *take(size_t size) {
    unit *block = &arena[used];
    size_t count = 1 + (size + sizeof(unit) - 1) / sizeof(unit);
    if (count > sizeof arena / sizeof arena[0] - used) return NULL;
    used += count;
    live += size;
    if (live > peak) peak = live;
    block->size = size;
    return block + 1;
}

static void give_back(void *p) {
    live -= ((unit *)p - 1)->size;
}

static ffnn_net net;
static ffnn_status status;
static float inputs[2] = {0.5f, 0.6f}, output, target = 0.3339326f, loss; /* as in embedded.c */

static void make_calls(void) {
    ffnn_tensor x = ffnn_view(inputs, 1, 2), y = ffnn_view(&output, 1, 1);
    ffnn_tensor goal = ffnn_view(&target, 1, 1);
#if defined(VIEW) || defined(EVALUATE)
    status = ffnn_init_view(&net, dew_point.bytes, sizeof dew_point.bytes);
#elif defined(MEMORY) || defined(SAVE)
    status = ffnn_init_from_memory(&net, dew_point.bytes, sizeof dew_point.bytes);
#elif defined(TRAIN) || defined(FIT)
    ffnn_desc desc;
    memset(&desc, 0, sizeof desc);
    desc.sizes[0] = 2;
    desc.sizes[1] = 8;
    desc.sizes[2] = 1;
    desc.activations[0] = FFNN_TANH;
    desc.activations[1] = FFNN_IDENTITY;
    desc.biases = true;
    status = ffnn_init(&net, &desc);
#else /* holds what the others hold, too: the weights, the arena */
    const volatile unsigned char *first = dew_point.bytes;
    give_back(take(*first));
#endif
#if defined(VIEW) || defined(MEMORY)
    if (status == FFNN_OK) status = ffnn_predict(&net, x, y);
#elif defined(EVALUATE)
    if (status == FFNN_OK) status = ffnn_evaluate(&net, x, goal, &loss);
#elif defined(SAVE)
    static unsigned char file[1024];
    size_t size;
    if (status == FFNN_OK) status = ffnn_save_memory(&net, file, sizeof file, &size);
#elif defined(TRAIN)
    if (status == FFNN_OK) status = ffnn_train(&net, x, goal, 0.1f, &loss);
#elif defined(FIT)
    if (status == FFNN_OK) status = ffnn_fit(&net, x, goal, NULL);
#endif
    (void)x;
    (void)y;
    (void)goal;
}

#if defined(MEASURED)
#include <stdio.h>
size_t stack_taken_by(void (*call)(void)); /* cortex_m.c */

/* Prints the bytes of stack, of the most memory at one time, and of what is kept. */
int main(void) {
    size_t stack = stack_taken_by(make_calls);
    printf("%lu %lu %lu\n", (unsigned long)stack, (unsigned long)peak, (unsigned long)live);
    return status != FFNN_OK;
}
#else
int main(void) {
    make_calls();
    return status != FFNN_OK || output < 0 || loss < 0;
}
#endif
