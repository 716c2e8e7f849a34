/* activations.h: the tests' one list of activations, for the tests to hold ffnn.h against: a row has
   an activation's name in files, its value and its slope by their definitions, and how near ffnn.h
   has to come. Computed in long double; in double where long double is made by software, and slow.
   Include it after ffnn.h.

   A new activation is a row of activation_table, in the order of ffnn_activation. What needs names or
   numbers of activations takes them from there, Python by activation_all --list. */
#ifndef TEST_ACTIVATIONS_H
#define TEST_ACTIVATIONS_H

#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#if LDBL_MANT_DIG == 64 && !defined(TEST_IN_DOUBLE) /* as the x87 computes it */
typedef long double real;
#define REAL(name) name##l
#else
typedef double real;
#define REAL(name) name
#endif

/* ---- values and slopes ------------------------------------------------------------------- */

/* At infinity a value is its limit; where there is no slope, it is the one that PyTorch takes. */

static inline real true_sigmoid(real z) {
    real power = REAL(exp)(-REAL(fabs)(z)); /* never overflows */
    return (z < 0 ? power : 1) / (1 + power);
}

static inline real sigmoid_slope(real z) {
    return true_sigmoid(z) * (1 - true_sigmoid(z));
}

static inline real true_tanh(real z) {
    return REAL(tanh)(z);
}

static inline real tanh_slope(real z) {
    return 1 / (REAL(cosh)(z) * REAL(cosh)(z));
}

static inline real true_relu(real z) {
    return z < 0 ? 0 : z;
}

static inline real relu_slope(real z) {
    return z > 0 ? 1 : 0;
}

static inline real true_leaky_relu(real z) {
    return z < 0 ? z / 100 : z;
}

static inline real leaky_relu_slope(real z) {
    return z > 0 ? 1 : (real)1 / 100;
}

static inline real true_elu(real z) {
    return z < 0 ? REAL(expm1)(z) : z;
}

static inline real elu_slope(real z) {
    return z > 0 ? 1 : REAL(exp)(z);
}

static inline bool is_minus_infinity(real z) {
    return z < 0 && isinf((double)z);
}

static inline real true_silu(real z) {
    return is_minus_infinity(z) ? 0 : z * true_sigmoid(z);
}

static inline real silu_slope(real z) {
    return true_sigmoid(z) * (1 + z * (1 - true_sigmoid(z)));
}

/* The distribution of normal numbers: how many of them are below z. */
static inline real normal_share(real z) {
    const real sqrt_half = (real)0.70710678118654752440084436210484904L;
    return REAL(erfc)(-z * sqrt_half) / 2;
}

static inline real true_gelu(real z) {
    return is_minus_infinity(z) ? 0 : z * normal_share(z);
}

static inline real gelu_slope(real z) {
    const real sqrt_2_pi = (real)2.50662827463100050241576528481104525L;
    return normal_share(z) + z * REAL(exp)(-z * z / 2) / sqrt_2_pi;
}

static inline real true_identity(real z) {
    return z;
}

static inline real identity_slope(real z) {
    (void)z;
    return 1;
}

static inline real true_gelu_tanh(real z) {
    const real sqrt_2_pi = (real)0.79788456080286535587989211986876373L; /* sqrt(2 / pi) */
    real u = sqrt_2_pi * (z + (real)0.044715L * z * z * z);
    return is_minus_infinity(z) ? 0 : z * true_sigmoid(2 * u);
}

static inline real gelu_tanh_slope(real z) {
    const real sqrt_2_pi = (real)0.79788456080286535587989211986876373L;
    real u = sqrt_2_pi * (z + (real)0.044715L * z * z * z);
    real u_slope = sqrt_2_pi * (1 + 3 * (real)0.044715L * z * z);
    return true_sigmoid(2 * u) + z * sigmoid_slope(2 * u) * 2 * u_slope;
}

static inline real true_softplus(real z) {
    return (z > 0 ? z : 0) + REAL(log1p)(REAL(exp)(-REAL(fabs)(z)));
}

static const double selu_scale = 1.0507009873554804934193349852946;
static const double selu_alpha = 1.6732632423543772848170429916717;

static inline real true_selu(real z) {
    return (real)selu_scale * (z > 0 ? z : (real)selu_alpha * REAL(expm1)(z));
}

static inline real selu_slope(real z) {
    return (real)selu_scale * (z > 0 ? 1 : (real)selu_alpha * REAL(exp)(z));
}

static inline real true_relu6(real z) {
    return z < 0 ? 0 : z > 6 ? 6 : z;
}

static inline real relu6_slope(real z) {
    return z > 0 && z < 6 ? 1 : 0;
}

static inline real true_mish(real z) {
    return is_minus_infinity(z) ? 0 : z * REAL(tanh)(true_softplus(z));
}

static inline real mish_slope(real z) {
    real softplus = true_softplus(z);
    return REAL(tanh)(softplus) + z * true_sigmoid(z) * tanh_slope(softplus);
}

static inline real true_hardtanh(real z) {
    return z < -1 ? -1 : z > 1 ? 1 : z;
}

static inline real hardtanh_slope(real z) {
    return z > -1 && z < 1 ? 1 : 0;
}

static inline real true_hardswish(real z) {
    if (z <= -3) return 0;
    return z >= 3 ? z : z * (z + 3) / 6;
}

static inline real hardswish_slope(real z) {
    if (z < -3) return 0;
    return z > 3 ? 1 : z / 3 + (real)0.5;
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

/* ---- the list ---------------------------------------------------------------------------- */

/* How far a result may be from the truth: see allowed_error. */
typedef enum closeness {
    EXACT,         /* what is only picked or copied */
    EXACT_ABOVE_0, /* and below 0 as if ROUNDED */
    ROUNDED,
    ROUNDED_PRODUCT, /* of z and what is 0 at minus infinity, where it may be NaN, as in PyTorch */
    PRODUCT          /* the same, but not as near */
} closeness;

typedef struct activation_row {
    const char *name;
    real (*value)(real z), (*slope)(real z); /* NULL: of softmax, which is of a whole row */
    closeness value_is;
    bool is_slope_relative; /* its error: one made from a, as PyTorch makes it, loses what a has lost
                               near 1, and a PRODUCT's crosses 0 */
    double lowest, highest; /* bounds that no result may leave */
} activation_row;

static const activation_row activation_table[] = {
    {"sigmoid", true_sigmoid, sigmoid_slope, ROUNDED, false, 0, 1},
    {"tanh", true_tanh, tanh_slope, ROUNDED, false, -1, 1},
    {"relu", true_relu, relu_slope, EXACT, true, 0, DBL_MAX},
    {"leaky_relu", true_leaky_relu, leaky_relu_slope, EXACT_ABOVE_0, true, -DBL_MAX, DBL_MAX},
    {"elu", true_elu, elu_slope, ROUNDED, true, -1, DBL_MAX},
    {"silu", true_silu, silu_slope, PRODUCT, false, -1, DBL_MAX},
    {"gelu", true_gelu, gelu_slope, PRODUCT, false, -1, DBL_MAX},
    {"identity", true_identity, identity_slope, EXACT, true, -DBL_MAX, DBL_MAX},
    {"gelu_tanh", true_gelu_tanh, gelu_tanh_slope, PRODUCT, false, -1, DBL_MAX},
    {"softplus", true_softplus, true_sigmoid, ROUNDED, true, 0, DBL_MAX},
    {"selu", true_selu, selu_slope, ROUNDED, true, -2, DBL_MAX},
    {"relu6", true_relu6, relu6_slope, EXACT, true, 0, 6},
    {"mish", true_mish, mish_slope, PRODUCT, false, -1, DBL_MAX},
    {"hardtanh", true_hardtanh, hardtanh_slope, EXACT, true, -1, 1},
    {"hardswish", true_hardswish, hardswish_slope, ROUNDED_PRODUCT, false, -1, DBL_MAX},
    {"softmax", NULL, NULL, ROUNDED, false, 0, 1},
};

enum { ACTIVATIONS = FFNN_SOFTMAX + 1, ELEMENTWISE_ACTIVATIONS = FFNN_SOFTMAX };

/* Does not compile unless each activation has a row. */
typedef char a_row_for_each_activation
    [sizeof activation_table / sizeof activation_table[0] == ACTIVATIONS ? 1 : -1];

/* The activation with a name of so many characters; ACTIVATIONS if there is none. */
static inline int find_activation(const char *name, size_t length) {
    int i = 0;
    while (i < ACTIVATIONS && (strlen(activation_table[i].name) != length ||
                               memcmp(activation_table[i].name, name, length) != 0))
        ++i;
    return i;
}

/* Of each layer, by their names with one space between, as in a file: relu or leaky_relu:0.2 */
static inline void set_activations(ffnn_desc *desc, const char *names) {
    for (size_t layer = 0; *names != '\0'; ++layer) {
        size_t length = strcspn(names, " "), name_length = strcspn(names, " :");
        desc->activations[layer] = (ffnn_activation)find_activation(names, name_length);
        if (name_length < length) desc->alphas[layer] = (float)atof(names + name_length + 1);
        names += length + (names[length] == ' ');
    }
}

/* ---- comparing --------------------------------------------------------------------------- */

static inline real true_activation(ffnn_activation activation, real z) {
    return activation_table[activation].value(z);
}

static inline real true_slope(ffnn_activation activation, real z) {
    return activation_table[activation].slope(z);
}

/* The distance from one float to the next, where a number of this size is. */
static inline double float_step(double size) {
    int exponent;
    frexp(fmax(fabs(size), (double)FLT_MIN), &exponent);
    return ldexp(1, exponent - FLT_MANT_DIG);
}

/* How far an activation may be from its true value: 3 units in the last place, and no more than the
   smallest normal float where the truth is below that. A PRODUCT: 1e-6 of it, or 1e-7 near its
   zeros, of which one is at minus infinity. */
static inline double allowed_error(ffnn_activation activation, double truth) {
    closeness value_is = activation_table[activation].value_is;
    double size = fabs(truth);
    if (value_is == EXACT || (value_is == EXACT_ABOVE_0 && truth > 0) || isinf(truth)) return 0;
    if (value_is == PRODUCT) return fmax(1e-6 * size, 1e-7);
    return size < (double)FLT_MIN ? (double)FLT_MIN : 3 * float_step(truth);
}

/* Is `got` an activation of z, a single number? */
static inline bool is_activation_of(ffnn_activation activation, float z, float got) {
    const activation_row *row = &activation_table[activation];
    real truth = true_activation(activation, (real)z);
    bool is_product = row->value_is == PRODUCT || row->value_is == ROUNDED_PRODUCT;
    bool may_be_nan = isnan(z) || (is_product && is_minus_infinity((real)z));
    if (isnan(z) || isnan(got)) return isnan(got) && may_be_nan;
    if (REAL(fabs)(truth) > (real)FLT_MAX && isinf(got)) return (truth > 0) == (got > 0);
    if (isinf((double)truth) || isinf(got)) return false;
    if ((double)got < row->lowest || (double)got > row->highest) return false;
    return (double)REAL(fabs)((real)got - truth) <= allowed_error(activation, (double)truth);
}

#endif
