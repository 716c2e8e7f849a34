#!/usr/bin/env python3
"""Writes the reference data that the tests compare ffnn.h with, from real PyTorch.

    apt-get install python3-torch
    python3 tests/reference/make_reference.py [FOLDER]

The files land in the folder, or beside this script; running it again writes the same bytes. Only PyTorch and the
standard library are used. Made with PyTorch 1.13 on a processor with AVX2; without it, randn's last
bits for 16 elements and more are others, see random_streams.h. PyTorch 2.7.1 differs in last
bits, too: its exp does, and so do its products of small matrices; tests/pytorch_numbers.py says by
how much.
"""
import ctypes
import json
import math
import os
import struct
import sys

import torch

torch.set_num_threads(1)
FOLDER = sys.argv[1] if len(sys.argv) > 1 else os.path.dirname(os.path.abspath(__file__))


# ---- C source -------------------------------------------------------------------------------

def bits_of(value):
    return ctypes.c_uint32.from_buffer(ctypes.c_float(value)).value


def c_float(value):
    """The shortest decimal that is this float again."""
    if math.isnan(value):
        return "-NAN" if bits_of(value) >> 31 else "NAN"
    if math.isinf(value):
        return "INFINITY" if value > 0 else "-INFINITY"
    if value == int(value) and abs(value) < 1e6:
        return f"{value:.1f}f"
    for digits in range(1, 10):
        text = f"{value:.{digits}g}"
        if bits_of(float(text)) == bits_of(value):
            break
    return text + ("f" if "." in text or "e" in text else ".0f")


def c_string(text):
    return '"' + text.replace("\\", "\\\\").replace('"', '\\"') + '"'


def c_array(declaration, items):
    """`static const TYPE NAME[] = {...};`, wrapped at 100 columns."""
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += " " + item + ","
    return f"static const {declaration} = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def floats(name, tensor):
    return c_array(f"float {name}[]", [c_float(v) for v in tensor.reshape(-1).tolist()])


def write_header(name, about, parts):
    guard = f"REFERENCE_{name.upper()}_H"
    with open(os.path.join(FOLDER, name + ".h"), "w", newline="\n") as out:
        out.write(f"/* {about}\n   Made by make_reference.py from real PyTorch: do not edit. */\n")
        out.write(f"#ifndef {guard}\n#define {guard}\n\n#include <math.h>\n#include <stddef.h>\n")
        out.write("#include <stdint.h>\n\n" + "\n".join(parts) + "\n#endif\n")


# ---- sigmoid --------------------------------------------------------------------------------

def sigmoid(s):
    return 1 / (1 + torch.exp(-s))


def sigmoid_derivative(s):
    return s * (1 - s)


def make_sigmoid():
    inputs = torch.cat([torch.arange(-110, 111, 2.5), torch.arange(-4, 4, 0.1875),
                        torch.tensor([-88.5, -88.75, -1e-4, 1e-4, 16.6, 16.7, 3e38, -3e38])])
    write_header("sigmoid", "The lab's sigmoid and its derivative.", [
        floats("sigmoid_inputs", inputs),
        floats("sigmoid_outputs", sigmoid(inputs)),
        floats("sigmoid_derivatives", sigmoid_derivative(sigmoid(inputs))),
    ])


# ---- the generator --------------------------------------------------------------------------

SEEDS = [0, 1, 42, 2026, 4271017088, 2**32 + 5, 2**63 + 7, 2**64 - 1]
SHAPES = [(1, 1), (3, 1), (3, 4), (1, 15), (4, 4), (17, 1), (1, 31), (3, 11), (10, 10), (2, 1)]
COUNTS = [0, 1, 623, 624, 625, 1446, 100000]


def discard(count):
    torch.randint(0, 2, (count,))


def raw_outputs(seed, skip, count):
    """32-bit outputs as they are: two make a 64-bit number, the first is the high word.

    Not by torch.randint(0, 2**32 - 1): PyTorch 2.7.1 draws 64 bits for such a range, 1.13 draws 32.
    """
    torch.manual_seed(seed)
    discard(skip)
    pairs = torch.empty(count // 2, dtype=torch.int64).random_(-2**63, None).tolist()
    return [word for pair in pairs for word in (pair >> 32 & 0xffffffff, pair & 0xffffffff)]


def randn_streams():
    """(name, steps): ("seed", n), ("discard", n), or ("randn", rows, cols[, first shown])."""
    for seed in SEEDS:
        yield f"seed {seed}, all shapes", [("seed", seed)] + [("randn", *s) for s in SHAPES]
    for count in COUNTS:
        yield f"after {count} discarded", [("seed", 42), ("discard", count), ("randn", 3, 4),
                                           ("discard", count), ("randn", 5, 5), ("randn", 1, 1)]
    yield "odd sizes hand on the kept value", [
        ("seed", 3), ("randn", 3, 1), ("randn", 1, 1), ("randn", 5, 3), ("randn", 2, 2),
        ("randn", 1, 1), ("randn", 1, 1), ("randn", 1, 1)]
    yield "large tensors leave the kept value alone", [
        ("seed", 3), ("randn", 3, 1), ("randn", 10, 10), ("randn", 3, 1), ("randn", 1, 5),
        ("randn", 1, 17), ("randn", 4, 4), ("randn", 1, 1)]
    yield "discarding leaves the kept value alone", [
        ("seed", 3), ("randn", 3, 1), ("discard", 5), ("randn", 1, 1), ("randn", 1, 1),
        ("discard", 1), ("randn", 2, 1)]
    yield "seeding forgets the kept value", [
        ("seed", 3), ("randn", 3, 1), ("seed", 3), ("randn", 1, 1), ("seed", 4), ("randn", 2, 1)]
    yield "the lab's recorded networks", [
        ("seed", 4271017088), ("discard", 1446), ("randn", 3, 4), ("randn", 4, 1),
        ("randn", 3, 16), ("randn", 16, 1)]
    # Output 31 ends in 24 bits of 0. First that makes a radius of 0, then an angle of 0.
    yield "uniform numbers of 0", [
        ("seed", 1539128), ("discard", 28), ("randn", 4, 4),
        ("seed", 1539128), ("discard", 20), ("randn", 4, 4)]
    yield "the end of a large tensor", [("seed", 11), ("randn", 1000, 101, 100960),
                                        ("randn", 1, 1)]


def randn_checksum(seed, rows, cols):
    """FNV-1a of the numbers' bits, a word at a time."""
    torch.manual_seed(seed)
    checksum = 0xcbf29ce484222325
    for bits in torch.randn(rows, cols).view(torch.int32).flatten().tolist():
        checksum = (checksum ^ bits & 0xffffffff) * 0x100000001b3 % 2**64
    return checksum


def make_random():
    cases = []
    for seed, skip in [(s, 0) for s in SEEDS] + [(42, 620), (42, 1244), (2026, 100000)]:
        outputs = [f"0x{v:08x}u" for v in raw_outputs(seed, skip, 8)]
        cases.append(f"    {{{seed}u, {skip}u,\n     {{" + ", ".join(outputs[:4]) + ",\n      "
                     + ", ".join(outputs[4:]) + "}},")
    parts = ["/* 32-bit outputs first_output, first_output + 1, ... after seeding. */\n"
             "typedef struct raw_case {\n    uint64_t seed, first_output;\n"
             "    uint32_t outputs[8];\n} raw_case;\n\n"
             "static const raw_case raw_cases[] = {\n" + "\n".join(cases) + "\n};\n"]

    parts.append("""\
/* What torch.randn draws in one stream. Each step seeds the generator, discards outputs, or
   draws rows x cols numbers, of which `values` holds those from number `first` on. */
typedef enum step_kind { STEP_SEED, STEP_DISCARD, STEP_RANDN } step_kind;

typedef struct random_step {
    step_kind kind;
    uint64_t count;      /* the seed, or how many outputs to discard */
    size_t rows, cols, first;
    const float *values;
} random_step;

typedef struct random_stream {
    const char *name;
    const random_step *steps;
    size_t step_count;
} random_stream;
""")
    table = []
    for i, (name, steps) in enumerate(randn_streams()):
        values, rows = [], []
        for step in steps:
            if step[0] == "seed":
                torch.manual_seed(step[1])
                rows.append(f"    {{STEP_SEED, {step[1]}u, 0, 0, 0, NULL}},")
            elif step[0] == "discard":
                discard(step[1])
                rows.append(f"    {{STEP_DISCARD, {step[1]}u, 0, 0, 0, NULL}},")
            else:
                first = step[3] if len(step) > 3 else 0
                rows.append(f"    {{STEP_RANDN, 0, {step[1]}, {step[2]}, {first}, "
                            f"stream_{i}_values + {len(values)}}},")
                values += torch.randn(step[1], step[2]).reshape(-1)[first:].tolist()
        parts.append(floats(f"stream_{i}_values", torch.tensor(values)))
        parts.append(f"static const random_step stream_{i}_steps[] = {{\n" + "\n".join(rows)
                     + "\n};\n")
        table.append(f"    {{{c_string(name)}, stream_{i}_steps, {len(steps)}}},")
    parts.append("static const random_stream random_streams[] = {\n" + "\n".join(table) + "\n};\n")
    parts.append("""\
/* FNV-1a of the bits of torch.randn(1000, 1001), a word at a time, on a processor with AVX2. */
typedef struct randn_checksum {
    uint64_t seed, checksum;
} randn_checksum;

static const randn_checksum randn_checksums[] = {
""" + "".join(f"    {{{seed}u, 0x{randn_checksum(seed, 1000, 1001):016x}u}},\n"
              for seed in (42, 2026)) + "};\n")
    write_header("random", "PyTorch's CPU generator: raw outputs and torch.randn.", parts)


# ---- printing -------------------------------------------------------------------------------

NAN, INF = float("nan"), float("inf")
FLOAT_MAX = struct.unpack("<f", b"\xff\xff\x7f\x7f")[0]


def whole(rows, cols, step):
    """Element i is (i % 100) * step, in float; test_print.c makes the same."""
    return ((torch.arange(rows * cols) % 100).float() * torch.tensor(step)).reshape(rows, cols)


def listed_print_cases():
    """name, rows of values."""
    yield "one whole number", [[5]]
    yield "whole numbers", [[1, 2, 3], [4, 5, 6]]
    yield "whole numbers of different lengths", [[999, 2, 3], [4, -5, 60]]
    yield "one fraction makes all fractions", [[1, 2.5], [-3, 100]]
    yield "fractions", [[2 / 3, 1, 0], [1 / 3, 5 / 9, 0.5]]
    yield "negative fractions", [[-0.25, 0.125], [10.5, -100.75]]
    yield "zero", [[0]]
    yield "zeros of both signs", [[0.0, -0.0], [-0.0, 0.0]]
    yield "a negative zero among whole numbers", [[-0.0, 5], [12, 0]]
    yield "a negative zero among fractions", [[-0.0, 0.5], [12, 0]]
    yield "a negative zero in scientific", [[-0.0, 0.5], [12345, 0]]
    yield "a fraction that prints as negative zero", [[-0.00012, -0.0001001]]
    yield "nan alone", [[NAN]]
    yield "nan, inf, -inf alone", [[NAN, INF], [-INF, 0]]
    yield "nan with its sign bit set", [[-NAN, 1]]
    yield "nan among whole numbers", [[NAN, 1], [2, 3]]
    yield "nan, inf, -inf among long whole numbers", [[NAN, 10000], [INF, -INF]]
    yield "nan, inf, -inf among fractions", [[NAN, 0.5], [INF, -INF]]
    yield "nan, inf, -inf in scientific", [[NAN, 1e-7], [INF, -INF]]
    yield "whole, max/min = 1000", [[1, 1000]]
    yield "whole, max/min just above 1000", [[1, 1001]]
    yield "whole, max/min above 1000 with a zero", [[0, 1001], [-1, 5]]
    yield "fractions, max/min = 1000", [[0.5, 500]]
    yield "fractions, max/min just above 1000", [[0.5, 500.5]]
    yield "whole, 1e8", [[1e8, -1e8]]
    yield "whole, just above 1e8", [[1e8 + 8, 1e8]]
    yield "whole, the largest without scientific", [[16777216, 99999992]]
    yield "fractions, just above 1e-4", [[0.00010001, 0.0002]]
    yield "fractions, 1e-4 is below it as a float", [[0.0001, 0.0002]]
    yield "fractions, tiny", [[3e-5, 5e-5]]
    yield "halfway, to even below", [[0.03125, 1.03125, -2.03125]]
    yield "halfway, to even above", [[0.09375, 1.09375, -2.09375]]
    yield "not quite halfway", [[0.00015, 0.00025, 0.00035], [0.12345, 0.12355, 0.12365]]
    yield "rounding up to the next digit", [[0.99996, 9.99996, 0.99994]]
    yield "halfway in scientific", [[100005, 100015, 0.5]]
    yield "rounding up to the next power in scientific", [[9.99996e9, 99999.6, 1]]
    yield "huge", [[1e30, -2e31], [3e35, 1]]
    yield "the largest float", [[FLOAT_MAX, -FLOAT_MAX]]
    yield "the smallest normal and denormal floats", [[2**-126, 2**-149], [-(2**-149), 1]]
    yield "denormals alone", [[2**-149, 3 * 2**-149]]
    yield "one column", [[90], [100], [88]]
    yield "one row", [[1, 8 / 9, 2]]
    yield "12 columns of width 4 fill a line", [[-10 - i for i in range(12)]] * 2
    yield "13 columns of width 4 do not", [[-10 - i for i in range(13)]] * 2
    yield "9 fractions of width 6 fill a line", [[i / 16 for i in range(1, 10)]] * 2
    yield "10 fractions of width 6 do not", [[i / 16 for i in range(1, 11)]] * 2
    yield "6 scientific of width 10 fill a line", [[i * 1e-6 for i in range(1, 7)]] * 2
    yield "7 scientific of width 10 do not", [[i * 1e-6 for i in range(1, 8)]] * 2
    yield "wrapping negative scientific", [[-i * 1e10 for i in range(1, 18)]] * 2
    yield "wrapping zeros", [[0] * 30]


FILLED_PRINT_CASES = [  # rows, cols, step
    (100, 10, 1), (1, 1000, 0.25), (1001, 1, 1), (1, 1001, 1), (7, 143, 0.25),
    (6, 200, 0.25), (7, 200, 1), (334, 3, 1e-6), (200, 6, 0.25), (200, 7, 1e-6), (2, 600, 1),
    (400, 40, 1024), (40, 400, 1e-6),
]


def make_printing():
    parts = ["""/* A tensor and the lines that print(tensor) prints. Without values, element i is
   (float)(i % 100) * step. */
typedef struct print_case {
    const char *name;
    size_t rows, cols;
    const float *values;
    float step;
    const char *const *lines;
    size_t line_count;
} print_case;
"""]
    cases = [(name, torch.tensor(rows, dtype=torch.float), None)
             for name, rows in listed_print_cases()]
    cases += [(f"{rows} x {cols} in steps of {step:g}", whole(rows, cols, float(step)), step)
              for rows, cols, step in FILLED_PRINT_CASES]
    table = []
    for i, (name, tensor, step) in enumerate(cases):
        values = "NULL" if step else f"print_{i}_values"
        lines = str(tensor).split("\n")
        if not step:
            parts.append(floats(values, tensor))
        parts.append(f"static const char *const print_{i}_lines[] = {{\n"
                     + "".join(f"    {c_string(line)},\n" for line in lines) + "};\n")
        table.append(f"    {{{c_string(name)}, {tensor.size(0)}, {tensor.size(1)}, {values}, "
                     f"{c_float(float(step or 0))},\n     print_{i}_lines, {len(lines)}}},")
    parts.append("static const print_case print_cases[] = {\n" + "\n".join(table) + "\n};\n")
    write_header("printing", "Tensors as PyTorch prints them.", parts)


# ---- the network ----------------------------------------------------------------------------

NETWORKS = [  # sizes, batch, learning rate
    ([3, 4, 1], 3, 0.1),
    ([2, 3], 5, 0.5),
    ([1, 1, 1], 1, 1.0),
    ([5, 7, 4, 2], 6, 0.25),
    ([4, 8, 6, 5, 3, 2], 9, 0.1),
    ([3, 16, 1], 9, 0.5),
    ([2, 3, 2, 3, 2, 3, 2, 3, 2], 2, 2.0),
]
EPOCHS = 10
INITS = [  # seed, sizes; the lab's network is drawn after it
    (0, [3, 4, 1]),
    (42, [3, 16, 1]),
    (2**32 + 5, [5, 2]),
    (2026, [1, 1, 1, 1, 1]),
    (7, [2, 3, 3, 3, 3, 3, 3, 3, 1]),
]


def forward(X, weights):
    """The lab's formulas for any depth: z and a of each layer."""
    a, zs, activations = X, [], []
    for W in weights:
        zs.append(torch.matmul(a, W))
        a = sigmoid(zs[-1])
        activations.append(a)
    return zs, activations


def backward(X, y, weights, activations, learning_rate):
    """Updates the weights; error and delta of each layer."""
    errors, deltas = [None] * len(weights), [None] * len(weights)
    error = y - activations[-1]
    for i in reversed(range(len(weights))):
        errors[i] = error
        deltas[i] = error * sigmoid_derivative(activations[i])
        error = torch.matmul(deltas[i], torch.t(weights[i]))
    for W, inputs, delta in zip(weights, [X] + activations[:-1], deltas):
        W += torch.matmul(torch.t(inputs), delta) * learning_rate
    return errors, deltas


def join(tensors):
    return torch.cat([t.reshape(-1) for t in tensors])


def make_network():
    parts = [f"""\
/* One epoch of the lab's training, and the losses of {EPOCHS} epochs. Tensors of all layers
   stand one after the other, layer by layer. */
enum {{ NETWORK_EPOCHS = {EPOCHS} }};

typedef struct network_case {{
    size_t sizes[FFNN_MAX_LAYERS + 1], batch;
    float learning_rate;
    const float *X, *y, *weights;                     /* before */
    const float *z, *a, *error, *delta, *updated;     /* after one epoch */
    float losses[NETWORK_EPOCHS];
}} network_case;
"""]
    table = []
    for i, (sizes, batch, rate) in enumerate(NETWORKS):
        torch.manual_seed(100 + i)
        X, y = torch.rand(batch, sizes[0]), torch.rand(batch, sizes[-1])
        weights = [torch.randn(n, m) for n, m in zip(sizes, sizes[1:])]
        losses = []
        parts += [floats(f"network_{i}_X", X), floats(f"network_{i}_y", y),
                  floats(f"network_{i}_weights", join(weights))]
        for epoch in range(EPOCHS):
            zs, activations = forward(X, weights)
            losses.append(torch.mean((y - activations[-1]) ** 2).item())
            errors, deltas = backward(X, y, weights, activations, rate)
            if epoch == 0:
                parts += [floats(f"network_{i}_z", join(zs)),
                          floats(f"network_{i}_a", join(activations)),
                          floats(f"network_{i}_error", join(errors)),
                          floats(f"network_{i}_delta", join(deltas)),
                          floats(f"network_{i}_updated", join(weights))]
        arrays = ["X", "y", "weights", "z", "a", "error", "delta", "updated"]
        table.append(f"    {{{{{', '.join(map(str, sizes))}}}, {batch}, {c_float(rate)},\n     "
                     + ", ".join(f"network_{i}_{a}" for a in arrays[:4]) + ",\n     "
                     + ", ".join(f"network_{i}_{a}" for a in arrays[4:]) + ",\n     {"
                     + ", ".join(c_float(loss) for loss in losses[:5]) + ",\n      "
                     + ", ".join(c_float(loss) for loss in losses[5:]) + "}},")
    parts.append("static const network_case network_cases[] = {\n" + "\n".join(table) + "\n};\n")

    parts.append("""\
/* New weights, layer by layer: of a network of these sizes and then, from the same generator, of
   the lab's 3-4-1. */
typedef struct init_case {
    uint64_t seed;
    size_t sizes[FFNN_MAX_LAYERS + 1];
    const float *weights, *lab_weights;
} init_case;
""")
    table = []
    for i, (seed, sizes) in enumerate(INITS):
        torch.manual_seed(seed)
        for name, units in (("", sizes), ("_lab", [3, 4, 1])):
            weights = [torch.randn(n, m) for n, m in zip(units, units[1:])]
            parts.append(floats(f"init_{i}{name}_weights", join(weights)))
        table.append(f"    {{{seed}u, {{{', '.join(map(str, sizes))}}}, init_{i}_weights, "
                     f"init_{i}_lab_weights}},")
    parts.append("static const init_case init_cases[] = {\n" + "\n".join(table) + "\n};\n")
    write_header("network", "Forward, backward and training by the lab's formulas.", parts)


# ---- weights files --------------------------------------------------------------------------

DTYPES = {torch.float16: "F16", torch.float32: "F32", torch.float64: "F64"}
ALIGNMENT_ORDER = ["F16", "F32", "F64"]     # save_file: larger types first, then by name


def save_file(tensors, name, metadata=None):
    """Writes what safetensors.torch.save_file(tensors, name, metadata) writes."""
    order = sorted(tensors, key=lambda n: (-ALIGNMENT_ORDER.index(DTYPES[tensors[n].dtype]), n))
    header, data = {}, b""
    if metadata is not None:
        header["__metadata__"] = metadata
    for key in order:
        tensor = tensors[key].contiguous()
        size = tensor.numel() * tensor.element_size()
        header[key] = {"dtype": DTYPES[tensor.dtype], "shape": list(tensor.shape),
                       "data_offsets": [len(data), len(data) + size]}
        data += bytes(tensor.reshape(-1).view(torch.uint8).tolist()) if size else b""
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(os.path.join(FOLDER, name), "wb") as out:
        out.write(struct.pack("<Q", len(text)) + text + data)


def from_bits(rows):
    signed = [[b - 2**32 if b >> 31 else b for b in row] for row in rows]
    return torch.tensor(signed, dtype=torch.int32).view(torch.float32)


def stack(sizes, seed):
    torch.manual_seed(seed)
    return {f"W{i + 1}": torch.randn(n, m) for i, (n, m) in enumerate(zip(sizes, sizes[1:]))}


def make_weights():
    lab, deep = stack([3, 4, 1], 42), stack([2, 3, 4, 5, 4, 3, 2, 2, 1], 8)
    special = {"W1": from_bits([[0x7fc00000, 0xffc00000, 0x7fc12345],
                                [0x7f800000, 0xff800000, 0x80000000]]),
               "W2": from_bits([[0x00000001], [0x807fffff], [0x7f7fffff]])}
    good = [  # file, sizes, tensors, metadata
        ("lab", [3, 4, 1], lab, None),
        ("metadata", [3, 4, 1], lab, {"format": "pt"}),
        ("deep", [2, 3, 4, 5, 4, 3, 2, 2, 1], deep, None),
        ("single", [5, 2], stack([5, 2], 5), None),
        ("special", [2, 3, 1], special, None),
        ("half", [3, 4, 1], {k: t.half() for k, t in lab.items()}, None),
        ("mixed", [3, 4, 1], {"W1": lab["W1"], "W2": lab["W2"].double()}, None),
    ]
    parts = ["""\
/* Files as safetensors.torch.save_file writes them; their weights as floats, bit for bit, W1
   first. */
typedef struct weights_case {
    const char *path;
    size_t sizes[FFNN_MAX_LAYERS + 1];
    const uint32_t *bits;
} weights_case;
"""]
    table = []
    for name, sizes, tensors, metadata in good:
        save_file(tensors, name + ".safetensors", metadata)
        bits = [v & 0xffffffff for key in sorted(tensors)
                for v in tensors[key].float().reshape(-1).view(torch.int32).tolist()]
        parts.append(c_array(f"uint32_t {name}_bits[]", [f"0x{b:08x}u" for b in bits]))
        table.append(f'    {{"tests/reference/{name}.safetensors", '
                     f"{{{', '.join(map(str, sizes))}}}, {name}_bits}},")
    parts.append("static const weights_case weights_cases[] = {\n" + "\n".join(table) + "\n};\n")

    mismatched = [  # well formed, but not a network's weights, or not the lab's
        ("biases", dict(lab, b1=torch.zeros(1, 4), b2=torch.zeros(1, 1))),
        ("vector", {"W1": lab["W1"], "W2": lab["W2"].reshape(4)}),
        ("empty", {}),
        ("zero", {"W1": torch.zeros(3, 0), "W2": torch.zeros(0, 1)}),
    ]
    for name, tensors in mismatched:
        save_file(tensors, name + ".safetensors")
    save_file({"fc1.weight": lab["W1"].t(), "fc2.weight": lab["W2"].t()}, "linear.safetensors")
    parts.append("/* Well formed, but not the weights of a network. */\n"
                 + c_array("char *const mismatched_files[]",
                           [c_string(f"tests/reference/{name}.safetensors")
                            for name, _ in mismatched]))
    write_header("weights", "Weights files from PyTorch.", parts)


if __name__ == "__main__":
    make_sigmoid()
    make_random()
    make_printing()
    make_network()
    make_weights()
