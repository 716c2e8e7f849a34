/* bench_modules.h: networks as torch.nn describes them, in ffnn.h and in PyTorch

   Both begin with the weights that ffnn_init draws, and take the same steps on the same batch. */
#ifndef BENCH_MODULES_H
#define BENCH_MODULES_H

#include "bench_libraries.h"
#include "bench_measure.h"

typedef struct bench_module {
    const char *name;
    const char *torch;      /* for bench_pytorch.py: activations, loss, optimizer */
    ffnn_desc desc;
    size_t batch;
    float rate;
    ffnn_net net;
    ffnn_tensor X, y, output;
} bench_module;

/* Makes the network, its batch and its targets: classes in turn for softmax, else any numbers. */
static void open_module(bench_module *m) {
    require(ffnn_init(&m->net, &m->desc) == FFNN_OK, "ffnn_init");
    const ffnn_layer *last = &m->net.layers[m->net.layer_count - 1];
    m->X = new_tensor(m->batch, m->desc.sizes[0]);
    m->y = new_tensor(m->batch, last->weight.cols);
    m->output = new_tensor(m->batch, last->weight.cols);
    fill_uniform(m->X, 0, 1);
    if (last->activation == FFNN_SOFTMAX)
        for (size_t i = 0; i < m->batch; ++i) *ffnn_at(m->y, i, i % m->y.cols) = 1;
    else
        fill_uniform(m->y, 0.1f, 0.9f);
}

static void close_module(bench_module *m) {
    ffnn_free(&m->net);
    ffnn_tensor_free(&m->X);
    ffnn_tensor_free(&m->y);
    ffnn_tensor_free(&m->output);
}

static void train_module(void *module, long times) {
    bench_module *m = module;
    for (; times > 0; --times) ffnn_train(&m->net, m->X, m->y, m->rate, NULL);
}

static void predict_module(void *module, long times) {
    bench_module *m = module;
    for (; times > 0; --times) {
        ffnn_predict(&m->net, m->X, m->output);
        FORGET();
    }
}

/* The lab's network of the same sizes, on as large a batch. Its weights get the variance that
   keeps wide layers out of saturation. */
static bench_module open_lab_module(const bench_module *m) {
    bench_module lab;
    memset(&lab, 0, sizeof lab);
    memcpy(lab.desc.sizes, m->desc.sizes, sizeof lab.desc.sizes);
    lab.batch = m->batch;
    lab.rate = 1 / (float)m->batch;
    open_module(&lab);
    for (size_t i = 0; i < lab.net.layer_count; ++i) {
        ffnn_tensor W = lab.net.layers[i].weight;
        ffnn_scale(W, W, 1 / sqrtf((float)W.rows));
    }
    return lab;
}

/* ---- PyTorch ----------------------------------------------------------------------------- */

enum { MAX_PARAMETERS = 2 * FFNN_MAX_LAYERS };

/* Weight, bias, weight, bias, ...; returns how many. */
static size_t list_parameters(const ffnn_net *net, ffnn_tensor parameters[MAX_PARAMETERS]) {
    for (size_t i = 0; i < net->layer_count; ++i) {
        parameters[2 * i] = net->layers[i].weight;
        parameters[2 * i + 1] = net->layers[i].bias;
    }
    return 2 * net->layer_count;
}

static void give_torch_module(const bench_module *m) {
    ffnn_tensor arrays[2 + MAX_PARAMETERS];
    char command[100];
    arrays[0] = m->X;
    arrays[1] = m->y;
    torch_give(arrays, 2 + list_parameters(&m->net, arrays + 2), m->rate);
    snprintf(command, sizeof command, "module %s", m->torch);
    torch_ask(command, 1);
}

static void train_torch_module(void *module, long times) {
    (void)module;
    torch_ask("steps", times);
}

/* Trains the module by one step in ffnn.h and in PyTorch and compares the changes of all weights
   and biases. Adam's first steps are equally long for any gradient, so where one is hardly larger
   than its own rounding error, they differ: by 1 % of the step was seen. */
static void check_torch_module(bench_module *m) {
    ffnn_net before, answer; /* before: the same weights, drawn from the same seed */
    ffnn_tensor old[MAX_PARAMETERS], ours[MAX_PARAMETERS], theirs[MAX_PARAMETERS];
    require(ffnn_init(&before, &m->desc) == FFNN_OK, "ffnn_init");
    require(ffnn_init(&answer, &m->desc) == FFNN_OK, "ffnn_init");
    list_parameters(&before, old);
    list_parameters(&answer, theirs);
    size_t count = list_parameters(&m->net, ours);
    give_torch_module(m);
    train_module(m, 1);
    train_torch_module(m, 1);
    torch_receive(theirs, count);
    float part = m->desc.optimizer == FFNN_ADAM ? 0.05f : 1e-4f;
    for (size_t i = 0; i < count; ++i)
        require(same_change(old[i], ours[i], theirs[i], part), m->name);
    ffnn_free(&before);
    ffnn_free(&answer);
}

#endif
