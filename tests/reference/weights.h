/* Weights files from PyTorch.
   Made by make_reference.py from real PyTorch: do not edit. */
#ifndef REFERENCE_WEIGHTS_H
#define REFERENCE_WEIGHTS_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* Files as safetensors.torch.save_file writes them; their weights as floats, bit for bit, W1
   first. */
typedef struct weights_case {
    const char *path;
    size_t sizes[FFNN_MAX_LAYERS + 1];
    const uint32_t *bits;
} weights_case;

static const uint32_t lab_bits[] = {
    0x3eac62aeu, 0x3e03e69du, 0x3e7016e7u, 0x3e6bdc6cu, 0xbf8fb9c2u, 0xbe3eccd8u, 0x400d532cu,
    0xbf2353c6u, 0x3eec5e56u, 0x3e88e237u, 0x3f08ef83u, 0x3f4f3209u, 0x3f8e1dfeu, 0xbfd84b55u,
    0xbf7d2c7au, 0x3f753da4u,
};

static const uint32_t metadata_bits[] = {
    0x3eac62aeu, 0x3e03e69du, 0x3e7016e7u, 0x3e6bdc6cu, 0xbf8fb9c2u, 0xbe3eccd8u, 0x400d532cu,
    0xbf2353c6u, 0x3eec5e56u, 0x3e88e237u, 0x3f08ef83u, 0x3f4f3209u, 0x3f8e1dfeu, 0xbfd84b55u,
    0xbf7d2c7au, 0x3f753da4u,
};

static const uint32_t deep_bits[] = {
    0x3e8ae4c1u, 0xbfa2eefdu, 0x3f00b0c1u, 0x3ed60eacu, 0xbf23b10au, 0xbf292845u, 0xbe12c100u,
    0xbdd5a2f5u, 0xbfc40027u, 0x3f21bdbeu, 0xbfac2158u, 0x3fb72916u, 0xbf7062dbu, 0x400cf995u,
    0x3f8cfa93u, 0x3f66189du, 0x3f8b4fd5u, 0x3e354126u, 0xbe0424a9u, 0x3fd5affeu, 0xbe223922u,
    0x3e106e60u, 0xbf87b19du, 0x3f886ec3u, 0xbea28948u, 0x3f157327u, 0xbef12245u, 0x3e0a4eabu,
    0x3e0b2a34u, 0xbf4425a1u, 0xbe2f421cu, 0x3d639816u, 0xbea28586u, 0xbd08db9au, 0x3f4f6abbu,
    0x3f10b5ceu, 0xbe59821au, 0xbe028e7cu, 0xbfae7f2fu, 0x3eed82bfu, 0xbf1292dfu, 0xbed7d6d8u,
    0x3e455c5cu, 0xc00873e0u, 0xbf939395u, 0x3fbcf9cdu, 0x3fec47dbu, 0x3f0370acu, 0xbef9a2c7u,
    0xbfe494aau, 0x3eb96ce7u, 0xbeb948b1u, 0xbe447ab1u, 0x3fb91333u, 0x3fe1b38du, 0xbf25056bu,
    0xbf2818f0u, 0xbb891b3au, 0x3fa98f9fu, 0x3e4a1320u, 0xbf5e8457u, 0x3f086a81u, 0x3f76d832u,
    0xbf10a279u, 0x3facc9e5u, 0x3f6fac35u, 0xbef7e172u, 0xbf5d5c29u, 0x3e2024b7u, 0x3e929f1bu,
    0xbfc6494cu, 0xbd10f755u, 0xbf33fb8au, 0xbfe25dc7u, 0x3f7d86edu, 0xbef3eb83u, 0xbf2bedcau,
    0x3bb172dbu, 0x3f813fb3u, 0x3ec6b159u, 0x3fb37507u, 0xbf042a98u,
};

static const uint32_t single_bits[] = {
    0xbef93b54u, 0xbf1a940du, 0xbf0edf65u, 0x3f2ae2dfu, 0xbe4a272fu, 0x3ff8ad21u, 0xbfb36af9u,
    0xbf4336f2u, 0x3f219734u, 0xbf662db9u,
};

static const uint32_t special_bits[] = {
    0x7fc00000u, 0xffc00000u, 0x7fc12345u, 0x7f800000u, 0xff800000u, 0x80000000u, 0x00000001u,
    0x807fffffu, 0x7f7fffffu,
};

static const uint32_t half_bits[] = {
    0x3eac6000u, 0x3e03e000u, 0x3e702000u, 0x3e6be000u, 0xbf8fc000u, 0xbe3ec000u, 0x400d6000u,
    0xbf236000u, 0x3eec6000u, 0x3e88e000u, 0x3f08e000u, 0x3f4f4000u, 0x3f8e2000u, 0xbfd84000u,
    0xbf7d2000u, 0x3f754000u,
};

static const uint32_t mixed_bits[] = {
    0x3eac62aeu, 0x3e03e69du, 0x3e7016e7u, 0x3e6bdc6cu, 0xbf8fb9c2u, 0xbe3eccd8u, 0x400d532cu,
    0xbf2353c6u, 0x3eec5e56u, 0x3e88e237u, 0x3f08ef83u, 0x3f4f3209u, 0x3f8e1dfeu, 0xbfd84b55u,
    0xbf7d2c7au, 0x3f753da4u,
};

static const weights_case weights_cases[] = {
    {"tests/reference/lab.safetensors", {3, 4, 1}, lab_bits},
    {"tests/reference/metadata.safetensors", {3, 4, 1}, metadata_bits},
    {"tests/reference/deep.safetensors", {2, 3, 4, 5, 4, 3, 2, 2, 1}, deep_bits},
    {"tests/reference/single.safetensors", {5, 2}, single_bits},
    {"tests/reference/special.safetensors", {2, 3, 1}, special_bits},
    {"tests/reference/half.safetensors", {3, 4, 1}, half_bits},
    {"tests/reference/mixed.safetensors", {3, 4, 1}, mixed_bits},
};

/* Well formed, but not the weights of a network. */
static const char *const mismatched_files[] = {
    "tests/reference/biases.safetensors", "tests/reference/vector.safetensors",
    "tests/reference/empty.safetensors", "tests/reference/zero.safetensors",
};

#endif
