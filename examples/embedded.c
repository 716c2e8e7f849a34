/* embedded.c - predicts without files, without an operating system and without malloc.

       cc -O2 -o embedded examples/embedded.c -lm && ./embedded

   A hygrometer wants to show the dew point. Its formula needs logarithms; this network of 2 inputs,
   8 tanh units and 1 output is within 0.3 degrees of it from 0 to 50 degrees and 20 to 100 percent.
   Its weights were trained in PyTorch (data/make_embedded_weights.py) and are a constant array: it
   stays in flash and is used there. All other memory comes from an arena. */
#include <stddef.h>

static void *take(size_t size);

#define FFNN_NO_STDIO
#define FFNN_MALLOC(size) take(size)
#define FFNN_FREE(p) ((void)(p)) /* the network stays for ever */
#define FFNN_IMPLEMENTATION
#include "../ffnn.h"
#include "data/dew_point.h"
#include <stdio.h> /* for this program's own output */

/* The next free memory of the arena, aligned for any type; NULL if there is too little. */
static void *take(size_t size) {
    typedef union { double number; void *pointer; } aligned;
    enum { COUNT = 192 };
    static aligned arena[COUNT];
    static size_t used;
    size_t count = (size + sizeof(aligned) - 1) / sizeof(aligned);
    if (count > COUNT - used) return NULL;
    used += count;
    return &arena[used - count];
}

int main(void) {
    float temperature = 25, humidity = 60;                        /* degrees Celsius, percent */
    float inputs[2] = {temperature / 50, humidity / 100}, output; /* scaled as for the training */
    ffnn_net net;
    ffnn_status status = ffnn_init_view(&net, dew_point.bytes, sizeof dew_point.bytes);
    if (status == FFNN_OK)
        status = ffnn_predict(&net, ffnn_view(inputs, 1, 2), ffnn_view(&output, 1, 1));
    if (status != FFNN_OK) {
        printf("embedded: %s\n", ffnn_status_string(status));
        return 1;
    }
    printf("%.0f degrees, %.0f %% humidity: the dew point is %.3f degrees\n", (double)temperature,
           (double)humidity, (double)(50 * output));
    return 0;
}
