/* activations.h: every activation in long double, for the tests to hold ffnn.h against; in double
   where long double is made by software, and slow. Include it after ffnn.h. */
#ifndef TEST_ACTIVATIONS_H
#define TEST_ACTIVATIONS_H

#include <float.h>
#include <math.h>

#if LDBL_MANT_DIG == 64 && !defined(TEST_IN_DOUBLE) /* as the x87 computes it */
typedef long double real;
#define REAL(name) name##l
#else
typedef double real;
#define REAL(name) name
#endif

enum { ACTIVATIONS = FFNN_SOFTMAX + 1, ELEMENTWISE_ACTIVATIONS = FFNN_SOFTMAX };

static const char *const activation_names[ACTIVATIONS] = {
    "sigmoid", "tanh", "relu", "leaky_relu", "elu", "silu", "gelu", "identity", "softmax"};

/* What an activation of one number truly is; at infinity its limit. */
static inline real true_activation(ffnn_activation activation, real z) {
    const real sqrt_half = (real)0.70710678118654752440084436210484904L;
    real power = REAL(exp)(-REAL(fabs)(z));
    bool is_at_the_end = z < 0 && isinf((double)z);
    switch (activation) {
    case FFNN_SIGMOID: return (z < 0 ? power : 1) / (1 + power);
    case FFNN_TANH: return REAL(tanh)(z);
    case FFNN_RELU: return z < 0 ? 0 : z;
    case FFNN_LEAKY_RELU: return z < 0 ? z / 100 : z;
    case FFNN_ELU: return z < 0 ? REAL(expm1)(z) : z;
    case FFNN_SILU: return is_at_the_end ? 0 : z * (z < 0 ? power : 1) / (1 + power);
    case FFNN_GELU: return is_at_the_end ? 0 : z * (REAL(erfc)(-z * sqrt_half) / 2);
    case FFNN_IDENTITY: return z;
    case FFNN_SOFTMAX: return 1; /* of a single number */
    default: return z;
    }
}

/* A row of softmax: a[i] = exp(z[i]) / sum exp(z). */
static inline void true_softmax(real *a, const real *z, size_t count) {
    real largest = z[0], sum = 0;
    for (size_t i = 1; i < count; i++)
        if (z[i] > largest)
            largest = z[i];
    for (size_t i = 0; i < count; i++)
        sum += REAL(exp)(z[i] - largest);
    for (size_t i = 0; i < count; i++)
        a[i] = REAL(exp)(z[i] - largest) / sum;
}

#endif
