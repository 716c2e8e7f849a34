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

/* The derivative there. */
static inline real true_slope(ffnn_activation activation, real z) {
    const real sqrt_half = (real)0.70710678118654752440084436210484904L;
    const real sqrt_2_pi = (real)2.50662827463100050241576528481104525L;
    real power = REAL(exp)(-REAL(fabs)(z)), sigmoid = (z < 0 ? power : 1) / (1 + power);
    switch (activation) {
    case FFNN_SIGMOID: return sigmoid * (1 - sigmoid);
    case FFNN_TANH: return 1 / (REAL(cosh)(z) * REAL(cosh)(z));
    case FFNN_RELU: return z > 0 ? 1 : 0;
    case FFNN_LEAKY_RELU: return z > 0 ? 1 : (real)1 / 100;
    case FFNN_ELU: return z > 0 ? 1 : power;
    case FFNN_SILU: return sigmoid * (1 + z * (1 - sigmoid));
    case FFNN_GELU:
        return REAL(erfc)(-z * sqrt_half) / 2 + z * REAL(exp)(-z * z / 2) / sqrt_2_pi;
    default: return 1;
    }
}

/* A row of softmax: a[i] = exp(z[i]) / sum exp(z). */
static inline void true_softmax(real *a, const real *z, size_t count) {
    real largest = z[0], sum = 0;
    for (size_t i = 1; i < count; ++i)
        if (z[i] > largest)
            largest = z[i];
    for (size_t i = 0; i < count; ++i) sum += REAL(exp)(z[i] - largest);
    for (size_t i = 0; i < count; ++i) a[i] = REAL(exp)(z[i] - largest) / sum;
}

/* The distance from one float to the next, where a number of this size is. */
static inline double float_step(double size) {
    int exponent;
    frexp(fmax(fabs(size), (double)FLT_MIN), &exponent);
    return ldexp(1, exponent - FLT_MANT_DIG);
}

/* How far an activation may be from its true value: 3 units in the last place, and no more than the
   smallest normal float where the truth is below that. GELU and SiLU: 1e-6 of it, or 1e-7 near
   their zeros, of which one is at minus infinity. What is only picked or copied is exact. */
static inline double allowed_error(ffnn_activation activation, double truth) {
    double size = fabs(truth);
    bool is_exact = activation == FFNN_IDENTITY || activation == FFNN_RELU ||
        (activation == FFNN_LEAKY_RELU && truth > 0);
    if (is_exact || isinf(truth)) return 0;
    if (activation == FFNN_GELU || activation == FFNN_SILU) return fmax(1e-6 * size, 1e-7);
    return size < (double)FLT_MIN ? (double)FLT_MIN : 3 * float_step(truth);
}

/* Is `got` an activation of z, a single number? At minus infinity GELU and SiLU may be NaN, as they
   are in PyTorch, instead of their limit. */
static inline bool is_activation_of(ffnn_activation activation, float z, float got) {
    real truth = true_activation(activation, (real)z);
    bool is_bounded = activation == FFNN_SIGMOID || activation == FFNN_TANH;
    if (isnan(z) || isnan(got))
        return isnan(got) && (isnan(z) || (isinf(z) && z < 0 && (activation == FFNN_GELU ||
                                                                activation == FFNN_SILU)));
    if (isinf((double)truth) || isinf(got)) return (double)truth == (double)got;
    if (is_bounded && !(fabsf(got) <= 1)) return false;
    if ((activation == FFNN_SIGMOID && got < 0) || (activation == FFNN_ELU && got < -1))
        return false;
    return (double)REAL(fabs)((real)got - truth) <= allowed_error(activation, (double)truth);
}

#endif
