#!/usr/bin/env python3
"""Writes what real PyTorch does with torch.nn MLPs, for tests/test_descriptions.c and
tests/test_mlp_files.c: linear.h, mlp_*.safetensors and mlp_files.h, in the folder or beside this
script.

    pip install torch safetensors numpy
    python3 tests/reference/make_mlp_reference.py [FOLDER]

The files are written by safetensors.torch.save_file. Running it again writes the same bytes, but for
the order of two metadata entries, which the package leaves to chance.
"""
import itertools
import pathlib
import struct
import sys

import safetensors
import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent
ROWS = 4
MOST_SIZES = 18

ACTIVATIONS = {"sigmoid": nn.Sigmoid, "tanh": nn.Tanh, "relu": nn.ReLU, "leaky_relu": nn.LeakyReLU,
               "elu": nn.ELU, "silu": nn.SiLU, "gelu": nn.GELU, "identity": nn.Identity,
               "softmax": lambda: nn.Softmax(1)}

torch.set_num_threads(1)


# ---- C source -------------------------------------------------------------------------------

def head(guard):
    return (f"/* Made by make_mlp_reference.py with PyTorch {torch.__version__.split('+')[0]} and\n"
            f"   safetensors {safetensors.__version__}: do not edit. */\n"
            f"#ifndef {guard}\n#define {guard}\n\n#include <stddef.h>\n#include <stdint.h>\n\n")


def c_array(type_and_name, items):
    lines, line = [], "   "
    for item in items:
        if len(line) + len(item) + 2 > 100:
            lines.append(line)
            line = "   "
        line += f" {item},"
    return f"static const {type_and_name}[] = {{\n" + "\n".join(lines + [line]) + "\n};\n"


def c_float(value):
    text = f"{value:.9g}"
    return text + ("f" if set(text) & set(".e") else ".0f")


def floats(name, tensor):
    return c_array(f"float {name}", [c_float(value) for value in tensor.flatten().tolist()])


def bits(name, numbers):
    return c_array(f"uint32_t {name}",
                   [f"0x{struct.unpack('<I', struct.pack('<f', number))[0]:08x}u"
                    for number in numbers])


def braces(values):
    return "{" + ", ".join(map(str, values)) + "}"


# ---- first weights --------------------------------------------------------------------------

LINEAR_CASES = [(0, (3, 4, 1)), (1, (1, 1)), (42, (8, 16, 1)), (2026, (20, 33, 10)), (7, (64, 5)),
                (4271017088, (2, 3, 4, 5, 2)), (3, (1, 9, 1)), (11, (5, 2)), (12, (7, 3, 3))]


def linear_header():
    text = head("REFERENCE_LINEAR_H")
    text += ("/* First weights: of each layer the weight, outputs x inputs, then the bias; and the "
             "next\n   torch.randn(1) after them. */\ntypedef struct linear_case {\n"
             "    uint64_t seed;\n    size_t sizes[5];\n    const uint32_t *bits;\n"
             "    float next_normal;\n} linear_case;\n\n")
    rows = []
    for i, (seed, sizes) in enumerate(LINEAR_CASES):
        torch.manual_seed(seed)
        numbers = []
        for shape in zip(sizes, sizes[1:]):
            layer = nn.Linear(*shape)
            numbers += layer.weight.flatten().tolist() + layer.bias.tolist()
        text += bits(f"linear_{i}", numbers)
        rows.append(f"    {{{seed}u, {braces(sizes)}, linear_{i}, "
                    f"{c_float(torch.randn(1).item())}}},")
    text += "\nstatic const linear_case linear_cases[] = {\n" + "\n".join(rows) + "\n};\n\n#endif\n"
    return text


# ---- weights files --------------------------------------------------------------------------

class Named(nn.Module):
    """Linear layers under the names that are given, in that order."""

    def __init__(self, names, sizes, activations, bias=True):
        super().__init__()
        self.names = names
        for name, shape in zip(names, zip(sizes, sizes[1:])):
            self.add_module(name, nn.Linear(*shape, bias=bias))
        self.functions = [ACTIVATIONS[name]() for name in activations]

    def forward(self, x):
        for name, function in zip(self.names, self.functions):
            x = function(getattr(self, name)(x))
        return x


class Wrapped(nn.Module):
    """A model inside of a model: its names get a prefix."""

    def __init__(self, model):
        super().__init__()
        self.net = model

    def forward(self, x):
        return self.net(x)


class Lab(nn.Module):
    """W1, W2, ...: inputs x outputs, no biases."""

    def __init__(self, sizes, activations):
        super().__init__()
        for i, shape in enumerate(zip(sizes, sizes[1:]), 1):
            self.register_parameter(f"W{i}", nn.Parameter(torch.randn(shape)))
        self.functions = [ACTIVATIONS[name]() for name in activations]

    def forward(self, x):
        for weight, function in zip(self.parameters(), self.functions):
            x = function(x @ weight)
        return x


def sequential(sizes, activations, bias=True, step=2):
    """nn.Sequential; with more Identity layers between, the numbers in its names have gaps."""
    modules = []
    for shape, name in zip(zip(sizes, sizes[1:]), activations):
        modules += [nn.Linear(*shape, bias=bias), ACTIVATIONS[name]()]
        modules += [nn.Identity()] * (step - 2)
    return nn.Sequential(*modules)


def said(activations, **more):
    return {**more, "activations": " ".join(activations)}


def linear_alone(sizes):
    layer = nn.Linear(*sizes)
    return layer, lambda x: torch.sigmoid(layer(x))


# Name, model, sizes, activations, biases, metadata.
def good_files():
    relu = ("relu", "identity")
    yield "sequential", sequential((4, 8, 3), relu), (4, 8, 3), relu, True, said(relu)
    yield "silent", sequential((4, 8, 3), relu), (4, 8, 3), relu, True, None
    yield "format_only", sequential((4, 8, 3), relu), (4, 8, 3), relu, True, {"format": "pt"}
    three = ("tanh", "elu", "softmax")
    yield ("fc", Named(("fc1", "fc2", "fc10"), (3, 5, 4, 2), three), (3, 5, 4, 2), three, True,
           said(three, format="pt"))
    yield ("square", Named(("fc1", "fc2", "fc10"), (3, 3, 3, 3), three), (3, 3, 3, 3), three, True,
           said(three))
    many = ("relu",) * 11 + ("identity",)
    yield ("twelve", sequential((2,) * 13, many), (2,) * 13, many, True, said(many))
    yield ("gaps", sequential((3, 3, 3, 3), three, step=5), (3, 3, 3, 3), three, True, said(three))
    yield ("wrapped", Wrapped(sequential((3, 4, 2), ("silu", "sigmoid"))), (3, 4, 2),
           ("silu", "sigmoid"), True, said(("silu", "sigmoid"), author="a \"b\" \\ \u00e4\n"))
    alone, function = linear_alone((5, 2))
    alone.forward_as_said = function
    yield "alone", alone, (5, 2), ("sigmoid",), True, said(("sigmoid",))
    gelu = ("gelu", "identity")
    yield ("no_bias", sequential((6, 5, 2), gelu, bias=False), (6, 5, 2), gelu, False, said(gelu))
    yield ("no_bias_silent", sequential((6, 5, 2), gelu, bias=False), (6, 5, 2), gelu, False, None)
    yield "lab_said", Lab((3, 4, 1), ("leaky_relu", "tanh")), (3, 4, 1), ("leaky_relu", "tanh"), \
        False, said(("leaky_relu", "tanh"))
    every = tuple(ACTIVATIONS)
    sizes = (3, 4, 5, 6, 5, 4, 3, 4, 5, 3)
    yield "every", sequential(sizes, every), sizes, every, True, said(every)
    deep = ("tanh",) * 16
    yield "sixteen", sequential((3,) * 17, deep), (3,) * 17, deep, True, said(deep)



# Name, model, sizes, activations, biases, metadata, and the tensors that are saved, which may be of
# other dtypes. The model predicts with exactly their numbers.
def files_by_other_writers():
    relu = ("relu", "identity")
    for dtype in (torch.float16, torch.bfloat16, torch.float64):
        model = sequential((4, 8, 3), relu)
        tensors = {name: tensor.to(dtype) for name, tensor in model.state_dict().items()}
        if dtype == torch.float64: # numbers that no float is
            tensors = {name: tensor + tensor.abs() * 1e-9 for name, tensor in tensors.items()}
        yield (str(dtype).split(".")[1], model, (4, 8, 3), relu, True, said(relu), tensors)
    model = sequential((4, 8, 3), relu)
    dtypes = (torch.float16, torch.float32, torch.float64, torch.bfloat16)
    yield ("mixed", model, (4, 8, 3), relu, True, said(relu),
           {name: tensor.to(dtype)
            for dtype, (name, tensor) in zip(dtypes, model.state_dict().items())})
    model = Lab((3, 5, 2), ("tanh", "identity"))
    yield ("lab_half", model, (3, 5, 2), ("tanh", "identity"), False, said(("tanh", "identity")),
           {name: tensor.half() for name, tensor in model.state_dict().items()})
    three = ("relu", "tanh", "identity")
    model = Named(("input", "hidden", "output"), (4, 8, 6, 3), three)
    yield "words", model, (4, 8, 6, 3), three, True, said(three), model.state_dict()
    names = ("features.0", "features.2", "head")
    tensors = dict(zip([f"{name}.{kind}" for name in names for kind in ("weight", "bias")],
                       model.state_dict().values()))
    yield "groups", model, (4, 8, 6, 3), three, True, said(three), tensors
    model = Named(("encoder", "decoder"), (4, 2, 4), ("tanh", "identity"))
    yield ("encoder_decoder", model, (4, 2, 4), ("tanh", "identity"), True,
           said(("tanh", "identity"), layers="encoder decoder"), model.state_dict())
    model = Named(("first", "shared", "last"), (3, 4, 4, 2), three)
    model.names = ("first", "shared", "shared", "last")
    model.functions = [ACTIVATIONS[name]() for name in ("relu", "tanh", "elu", "identity")]
    yield ("shared", model, (3, 4, 4, 4, 2), ("relu", "tanh", "elu", "identity"), True,
           said(("relu", "tanh", "elu", "identity"), layers="first shared shared last"),
           model.state_dict())
    model = Named(("fc1", "fc2"), (4, 6, 2), relu)
    others = {"a.weight": torch.ones(50, 3, 3), "fc1.weight_g": torch.ones(6, 1),
              "fc11.bias": torch.ones(6), "norm.num_batches_tracked": torch.tensor(7),
              "z": torch.ones(2, 1000, dtype=torch.float64)}
    yield ("ignored", model, (4, 6, 2), relu, True, said(relu, layers="fc1 fc2"),
           {**model.state_dict(), **others})


def other_files():
    """Name, tensors, metadata: files of which no network can be made, and whose network is not
    4-8-3 with biases."""
    relu = said(("relu", "identity"))
    plain = sequential((4, 8, 3), ("relu", "identity"))
    yield "batch_norm", nn.Sequential(nn.Linear(4, 8), nn.BatchNorm1d(8), nn.ReLU(),
                                      nn.Linear(8, 3)).state_dict(), relu
    yield "layer_norm", nn.Sequential(nn.Linear(4, 8), nn.LayerNorm(8), nn.Linear(8, 3)
                                      ).state_dict(), relu
    yield "convolution", nn.Sequential(nn.Conv1d(4, 8, 1), nn.Linear(8, 3)).state_dict(), relu
    yield "recurrent", nn.LSTM(4, 2).state_dict(), said(("tanh",))
    yield "one_bias", nn.Sequential(nn.Linear(4, 8, bias=False), nn.ReLU(), nn.Linear(8, 3)
                                    ).state_dict(), relu
    yield "square_words", Named(("input", "hidden", "output"), (4, 4, 4, 4), ("relu",) * 3
                                ).state_dict(), said(("relu",) * 3)
    yield "autoencoder", Named(("encoder", "decoder"), (4, 2, 4), ("relu", "identity")
                               ).state_dict(), relu
    yield "int", {"0.weight": torch.zeros(3, 4, dtype=torch.int32)}, said(("relu",))
    yield "missing_layer", plain.state_dict(), said(("relu", "identity"), layers="0 1")
    yield "both", {**plain.state_dict(), "W1": torch.zeros(4, 8)}, relu
    yield "unknown", plain.state_dict(), said(("no_such", "identity"))
    yield "too_few", plain.state_dict(), said(("relu",))
    yield "softmax_early", plain.state_dict(), said(("softmax", "identity"))
    yield "nothing", {}, relu


def write(name, tensors, metadata):
    file = f"mlp_{name}.safetensors"
    tensors = {key: value.detach().contiguous() for key, value in tensors.items()}
    save_file(tensors, FOLDER / file, metadata)
    return file


def files_header():
    text = head("REFERENCE_MLP_FILES_H")
    text += ("/* Files that save_file wrote of models, and what the models predict. */\n"
             "typedef struct mlp_file {\n    const char *file;\n"
             f"    size_t sizes[{MOST_SIZES}];\n    const char *activations;\n"
             "    int has_biases, says_activations, are_floats;\n"
             "    const float *X, *expected; /* MLP_FILE_ROWS samples */\n} mlp_file;\n\n"
             f"enum {{ MLP_FILE_ROWS = {ROWS} }};\n\n")
    rows = []
    torch.manual_seed(1)
    plain = ((*file, file[1].state_dict()) for file in good_files())
    files = itertools.chain(plain, files_by_other_writers())
    for name, model, sizes, activations, biases, metadata, tensors in files:
        file = write(name, tensors, metadata)
        model.load_state_dict(dict(zip(model.state_dict(), tensors.values())))
        X = torch.randn(ROWS, sizes[0])
        output = getattr(model, "forward_as_said", model)(X)
        text += floats(f"mlp_{name}_X", X) + floats(f"mlp_{name}_outputs", output)
        says = metadata is not None and "activations" in metadata
        own = list(tensors.values())[:len(model.state_dict())]
        are_floats = all(tensor.dtype == torch.float32 for tensor in own)
        rows.append(f'    {{"{file}", {braces(sizes)}, "{" ".join(activations)}",\n'
                    f"     {int(biases)}, {int(says)}, {int(are_floats)},"
                    f" mlp_{name}_X, mlp_{name}_outputs}},")
    text += "\nstatic const mlp_file mlp_files[] = {\n" + "\n".join(rows) + "\n};\n\n"
    others = [write(name, tensors, metadata) for name, tensors, metadata in other_files()]
    deep = sequential((1,) * 18, ("tanh",) * 17)
    write("seventeen", deep.state_dict(), said(("tanh",) * 17))
    text += ("/* Well-formed files that are a mismatch for every network. */\n"
             "static const char *const mlp_mismatches[] = {\n"
             + "\n".join(f'    "{file}",' for file in others) + "\n};\n\n#endif\n")
    return text


if __name__ == "__main__":
    (FOLDER / "linear.h").write_text(linear_header())
    (FOLDER / "mlp_files.h").write_text(files_header())
