#!/usr/bin/env python3
"""Writes weights files for ffnn.h from PyTorch, scikit-learn, Keras, Flax, or plain arrays.

    from export import from_torch, save     # copy this file beside your training script
    save(from_torch(model), "model.safetensors", output="softmax")

save() takes layers, a list of (weight, bias or None, activation): a weight is outputs x inputs, an
activation "relu" or "leaky_relu:0.2". from_torch, from_sklearn, from_keras and from_flax make that
list; into_torch puts the weights of a file back into a module. As a command this file makes a
weights file of a state_dict:

    python3 export.py model.pth model.safetensors --activations "relu softmax" [--layers "fc1 fc2"]

Before layers are returned, they are computed beside the model on random inputs. What ffnn.h cannot
do exactly is an ExportError, which says where and what to do; then no file is written.
"""
import argparse
import contextlib
import json
import math
import os
import re
import shutil
import struct
import sys
import warnings

import numpy as np # of the frameworks, each is imported where it is used

MAX_LAYERS = 16     # FFNN_MAX_LAYERS
ROWS = 67           # of random inputs: a number that no dimension of a model has, most likely
TOLERANCE = 1e-5    # one form of GELU for the other, or a wrong epsilon, is more
IN_C = "Compute it in C, and export the parts of the model around it, a file each"
NO_SKIP = f"ffnn.h has no skip connections and no branches. {IN_C}"


class ExportError(ValueError):
    pass


def refuse(where, why):
    raise ExportError(f"{where}: {why}")


# ---- activations ----------------------------------------------------------------------------

def sigmoid(z):
    return (1 + np.tanh(z / 2)) / 2


def elu(z, alpha=1.0):
    return np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0)))


def softmax(z):
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return powers / powers.sum(axis=1, keepdims=True)


ACTIVATIONS = {
    "sigmoid": sigmoid,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z, slope=0.01: np.where(z > 0, z, slope * z),
    "elu": elu,
    "silu": lambda z: z * sigmoid(z),
    "gelu": lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "softplus": lambda z: np.logaddexp(0, z),
    "selu": lambda z: 1.0507009873554805 * elu(z, 1.6732632423543772),
    "relu6": lambda z: np.clip(z, 0, 6),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "hardswish": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "identity": lambda z: z,
    "softmax": softmax,
}
PARAMETERS = {"leaky_relu": 0.01, "elu": 1.0}   # what they are if a file does not say


def with_parameter(name, value):
    """As files say it, in the fewest digits that give the same float."""
    value = np.float32(value)
    if not np.isfinite(value):
        refuse(name, f"its parameter is {value}")
    if value == 0:
        return "relu"
    return name if value == np.float32(PARAMETERS[name]) else name + ":" + str(value)


def predict(layers, rows):
    """What ffnn_predict computes, in double."""
    for weight, bias, activation in layers:
        name, _, parameter = activation.partition(":")
        z = rows @ weight.T + (0 if bias is None else bias)
        rows = ACTIVATIONS[name](z, float(parameter)) if parameter else ACTIVATIONS[name](z)
    return rows


# ---- layers ---------------------------------------------------------------------------------

def array(values):
    """A copy, in double, of an array or a tensor of any framework."""
    values = getattr(values, "value", values)               # of Keras
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()     # numpy has no bfloat16
    return np.array(values, np.float64)


class Chain:
    """Layers, added one after the other. `where` tells a message which."""

    def __init__(self):
        self.layers = []            # [weight, bias, activation] each
        self.ends_in_scale = False  # the last of them is no Linear, but a scale and a shift
        self.scaling = (1, 0)       # of the inputs, if the model begins with that

    def linear(self, weight, bias, where, is_scale=False):
        """A layer, but a scale and the Linear before or behind it become one."""
        weight, bias = array(weight), None if bias is None else array(bias)
        if weight.ndim != 2 or weight.size == 0:
            refuse(where, f"a weight is outputs x inputs, not {weight.shape}")
        if bias is not None and bias.shape != weight.shape[:1]:
            refuse(where, f"a bias of shape {bias.shape} for {len(weight)} outputs")
        if self.layers:
            before, shift, activation = self.layers[-1]
            if len(before) != weight.shape[1]:
                refuse(where, f"{weight.shape[1]} inputs behind {len(before)} outputs: transposed?")
            if activation == "softmax":
                refuse(where, f"softmax is before it, which only the last layer can have. {IN_C}")
            if activation == "identity" and (is_scale or self.ends_in_scale):
                if self.ends_in_scale and not is_scale:
                    self.end_scale(before, shift, where)
                if shift is not None:
                    bias = weight @ shift + (0 if bias is None else bias)
                weight = weight @ before
                is_scale = is_scale and self.ends_in_scale
                self.layers.pop()
        self.layers.append([weight, bias, "identity"])
        self.ends_in_scale = is_scale

    def end_scale(self, scale, shift, where):
        if len(self.layers) == 1:
            self.scaling = (np.diag(scale), shift)
        if abs(shift).max() >= 100:
            warnings.warn(f"{where}: means of inputs are up to {abs(shift).max():.0f} times their "
                          f"deviations: errors of about {1e-7 * abs(shift).max():.0e} come from that. "
                          "Or scale in C, and export what is behind the scaler")

    def scale(self, scale, shift, units, where):
        """x * scale + shift, where both are one number or one for each unit."""
        scale, shift = array(scale).ravel(), array(shift).ravel()
        if scale.size not in (1, units) or shift.size not in (1, units):
            refuse(where, f"it scales {max(scale.size, shift.size)} numbers, but gets {units}")
        self.linear(np.diag(np.resize(scale, units)), np.resize(shift, units), where, is_scale=True)

    def activation(self, activation, where):
        name, _, parameter = activation.partition(":")
        if name not in ACTIVATIONS or (parameter and name not in PARAMETERS):
            refuse(where, f'"{activation}" is none of {" ".join(ACTIVATIONS)}')
        if name == "identity":
            return
        if not self.layers:
            refuse(where, f"{name} is before the first Linear. {IN_C}")
        units = len(self.layers[-1][0])
        if self.layers[-1][2] != "identity":    # two in a row: a layer between that changes nothing
            self.linear(np.eye(units), None, where)
        if name == "softmax" and units == 1:
            refuse(where, "softmax of one unit is always 1. Use sigmoid")
        self.layers[-1][2] = with_parameter(name, parameter) if parameter else name

    def finish(self, where):
        """The layers, if ffnn.h can have them."""
        if not self.layers or (self.ends_in_scale and len(self.layers) == 1):
            refuse(where, "it has no Linear layer")
        if len(self.layers) > MAX_LAYERS:
            refuse(where, f"{len(self.layers)} layers, but ffnn.h has at most {MAX_LAYERS}. {IN_C}")
        for i, (weight, bias, _) in enumerate(self.layers):
            values = np.append(weight, 0 if bias is None else bias)
            if not abs(values).max() <= np.finfo(np.float32).max:
                refuse(where, f"layer {i} has a number that is NaN or too large for a float")
        return [tuple(layer) for layer in self.layers]


def random_rows(scaling, shape, seed=0):
    """Small ones and large ones, around what the model itself scales to 0."""
    scale, shift = scaling
    z = np.random.default_rng(seed).standard_normal((ROWS, math.prod(shape)))
    z *= np.geomspace(0.3, 3, ROWS)[:, None]
    rows = (z - shift) / np.where(scale == 0, 1, scale)
    return rows.astype(np.float32).reshape(ROWS, *shape)


def check(layers, rows, expected, where):
    """The second lock: whatever was overlooked, the numbers have to be the model's. Relative to an
    output's largest value, since it is a sum of numbers of that size, each rounded."""
    got, expected = predict(layers, array(rows).reshape(ROWS, -1)), array(expected)
    if got.size != expected.size:
        refuse(where, f"it returns shape {expected.shape}, but its layers {got.shape}")
    expected = expected.reshape(got.shape)
    difference = (abs(got - expected) / (1 + abs(expected).max(axis=0))).max()
    if not difference <= TOLERANCE:
        refuse(where, f"it computes something else than its layers, {difference:.2g} apart. Find out what, "
                      "or give save() a list of layers that you write yourself")


# ---- files ----------------------------------------------------------------------------------

def save(layers, path, output=None):
    """Writes the file and prints its layers. `output` is the last activation of a model that ends in
    logits: "softmax" after CrossEntropyLoss, "sigmoid" after BCEWithLogitsLoss."""
    chain = Chain()
    for i, (weight, bias, activation) in enumerate(layers):
        chain.linear(weight, bias, f"layer {i}")
        chain.activation(activation, f"layer {i}")
    if output is not None:
        if chain.layers and chain.layers[-1][2] != "identity":
            refuse(path, f"output {output}? The last layer has {chain.layers[-1][2]} already")
        chain.activation(output, "output")
    layers = chain.finish(path)
    has_biases = any(bias is not None for _, bias, _ in layers) # in a file, all layers or none
    tensors = {}
    for i, (weight, bias, _) in enumerate(layers):
        tensors[f"{2 * i}.weight"] = weight
        if has_biases:
            tensors[f"{2 * i}.bias"] = np.zeros(len(weight)) if bias is None else bias
    write_safetensors(tensors, path, {"activations": " ".join(layer[2] for layer in layers)})
    print(f"{path}:")
    for weight, bias, activation in layers:
        print(f"    {weight.shape[1]} -> {len(weight)}, {activation}", end="")
        print(", no bias" if bias is None else "")


def write_safetensors(tensors, path, metadata):
    """A length, a JSON header padded to 8 bytes, and the floats, little-endian.

    tobytes() goes row by row, through a transposed array, too. The safetensors package writes a
    numpy array's memory as it lies there: a .T comes out in the wrong order, without a word.
    """
    header, data, end = {"__metadata__": metadata}, [], 0
    for name, tensor in tensors.items():
        data.append(tensor.astype("<f4").tobytes())
        begin, end = end, end + len(data[-1])
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    replace_file(path, b"".join([struct.pack("<Q", len(text)), text, *data]))


def replace_file(path, data):
    """The old file is whole until the new one is: that is written beside it, then renamed."""
    path = os.path.realpath(path)
    if os.path.exists(path) and not os.path.isfile(path):
        refuse(path, "it is no file")
    temporary = f"{path}.{os.getpid()}.tmp"
    try:
        with open(temporary, "xb") as file:
            file.write(data)
            file.flush()
            os.fsync(file.fileno())
        if os.path.exists(path):
            shutil.copymode(path, temporary)
        os.replace(temporary, path)
    finally:
        with contextlib.suppress(FileNotFoundError):
            os.remove(temporary)


def read_safetensors(path):
    """Its tensors by name, and its metadata."""
    with open(path, "rb") as file:
        data = file.read()
    start = 8 + struct.unpack("<Q", data[:8])[0]
    header = json.loads(data[8:start])
    metadata, tensors = header.pop("__metadata__", {}), {}
    for name, entry in header.items():
        if entry["dtype"] not in ("F16", "F32", "F64"):
            refuse(path, f"{name} is {entry['dtype']}. Save it as float32")
        begin, end = entry["data_offsets"]
        values = np.frombuffer(data[start + begin:start + end], f"<f{int(entry['dtype'][1:]) // 8}")
        tensors[name] = values.reshape(entry["shape"])
    return tensors, metadata


def from_tensors(tensors, activations, order, where):
    """Layers of NAME.weight (outputs x inputs) or NAME.kernel (inputs x outputs), and NAME.bias.
    Names that differ by numbers only are in their order; else `order` has to name the layers."""
    names = list(dict.fromkeys(key.rpartition(".")[0] for key in tensors))
    if order is not None:
        names = order.split()
    elif len({re.sub("[0-9]+", "0", name) for name in names}) == 1:
        names.sort(key=lambda name: [int(number) for number in re.findall("[0-9]+", name)])
    else:
        refuse(where, f'which are layers, in which order? Say "{" ".join(names)}" if these, in this one')
    for key, tensor in tensors.items():
        name, _, kind = key.rpartition(".")
        dimensions = {"weight": 2, "kernel": 2, "bias": 1}.get(kind)
        if name in names and tensor.ndim != dimensions:
            refuse(where, f"{key} {list(tensor.shape)} is no Linear layer's weight or bias. {IN_C}")
    activations = activations.split() if isinstance(activations, str) else activations
    if len(activations) != len(names):
        refuse(where, f"{len(activations)} activations for {len(names)} layers, {', '.join(names)}")
    chain = Chain()
    for name, activation in zip(names, activations):
        prefix = name + "." if name else ""
        weight = tensors.get(prefix + "weight")
        if prefix + "kernel" in tensors:
            weight = array(tensors[prefix + "kernel"]).T
        if weight is None:
            refuse(where, f"there is no {prefix}weight")
        chain.linear(weight, tensors.get(prefix + "bias"), name)
        chain.activation(activation, name)
    return chain.finish(where)


# ---- PyTorch --------------------------------------------------------------------------------

def torch_batch_norm(input, running_mean, running_var, weight=None, bias=None, training=False,
                     momentum=0.1, eps=1e-5):
    if training or running_mean is None:
        return None
    scale = (1 if weight is None else array(weight)) / np.sqrt(array(running_var) + eps)
    return "scale", scale, (0 if bias is None else array(bias)) - array(running_mean) * scale


def torch_clamp(input, min=None, max=None, inplace=False):
    known = {(-1, 1): "hardtanh", (0, 6): "relu6", (0, None): "relu", (0, math.inf): "relu"}
    return ("activation", known[min, max]) if (min, max) in known else None


def torch_leaky_relu(slope):
    return "activation", with_parameter("leaky_relu", float(slope))


def torch_activation(name):
    return lambda input, inplace=False: ("activation", name)


def torch_same(input, *args, **kwargs):
    return ("same",)


# What modules and functions call, with PyTorch's own parameters, and what that adds to a Chain.
# None: nothing that ffnn.h has.
TORCH = {
    "linear": lambda input, weight, bias=None:
        ("linear", weight, bias) if input.dim() == 2 else None,
    "matmul": lambda input, other:
        ("linear", other.t(), None) if input.dim() == other.dim() == 2 else None,
    "add": lambda input, other, alpha=1: ("scale", 1, array(other) * alpha),
    "sub": lambda input, other, alpha=1: ("scale", 1, array(other) * -alpha),
    "mul": lambda input, other: ("scale", other, 0),
    "div": lambda input, other: ("scale", 1 / array(other), 0),
    "batch_norm": torch_batch_norm,
    "clamp": torch_clamp,
    "hardtanh": lambda input, min_val=-1, max_val=1, inplace=False:
        torch_clamp(input, min_val, max_val),
    "leaky_relu": lambda input, negative_slope=0.01, inplace=False: torch_leaky_relu(negative_slope),
    "prelu": lambda input, weight: torch_leaky_relu(weight) if weight.numel() == 1 else None,
    "elu": lambda input, alpha=1.0, inplace=False: ("activation", with_parameter("elu", alpha)),
    "celu": lambda input, alpha=1.0, inplace=False: ("activation", "elu") if alpha == 1 else None,
    "gelu": lambda input, approximate="none":
        ("activation", "gelu_tanh" if approximate == "tanh" else "gelu"),
    "softplus": lambda input, beta=1, threshold=20:
        ("activation", "softplus") if (beta, threshold) == (1, 20) else None,
    "softmax": lambda input, dim=None, _stacklevel=3, dtype=None:
        ("activation", "softmax") if input.dim() == 2 and dim in (1, -1) else None,
    "dropout": lambda input, p=0.5, training=True, inplace=False: None if training else ("same",),
}
TORCH.update(mm=TORCH["matmul"], alpha_dropout=TORCH["dropout"])
TORCH.update({name: torch_activation(name) for name in
              ("relu", "sigmoid", "tanh", "silu", "selu", "relu6", "mish", "hardswish")})
TORCH.update({name: torch_same for name in
              ("flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "detach", "clone",
               "float", "to")})

ADVICE = {  # for those that it does not have, or not like this
    "log_softmax": 'Leave it out and save with output="softmax", which is exp() of it',
    "dropout": "It stays on when the model predicts: pass training=self.training",
    "linear": "It gets more than samples x features: put Flatten before it",
    "batch_norm": "It normalizes by the batch: train it with track_running_stats",
    "prelu": "All units have to share one slope",
    "softmax": "It has to be over the features, dim=1",
}


def tensors_in(values):
    for value in values:
        if isinstance(value, (list, tuple)):
            yield from tensors_in(value)
        elif hasattr(value, "detach"):
            yield value


def watch_torch(module, x):
    """Runs the module on x and sees every call of PyTorch, whether a module makes it or a function.

    A call that gets x, or what became of x, is a step. It must get the result of the step before it
    and nothing older, which would be a skip connection or a branch. All else that it gets are
    weights, just as they are used. Returns the chain and, for into_torch, what each step that has
    weights got: [weight, bias], or None if it is no Linear.
    """
    from torch.overrides import TorchFunctionMode
    chain, linears, places = Chain(), [], [type(module).__name__]

    class Watch(TorchFunctionMode):
        result, seen = x, {id(x): x}

        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            got = [value for value in tensors_in([*args, *kwargs.values()]) if id(value) in self.seen]
            result = function(*args, **kwargs)
            name = function.__name__.rstrip("_")    # relu_ is relu in place
            if name == "__get":
                name = "." + function.__self__.__name__
            is_size = name in ("size", "dim", "numel", "__len", "is_floating_point")
            is_property = name[0] == "." and not hasattr(result, "detach")
            if got and not is_size and not is_property:
                self.step(name, got, args, kwargs, result)
                self.result = self.seen[id(result)] = result
            return result

        def step(self, name, got, args, kwargs, result):
            if any(tensor is not self.result for tensor in got):
                refuse(places[-1], f"{name} gets what was computed earlier, too. {NO_SKIP}")
            if name in ("add", "mul") and len(args) == 2 and args[1] is self.result:
                args = args[::-1]
            found = None
            if name in TORCH and len(got) == 1 and args and args[0] is self.result:
                with contextlib.suppress(TypeError):    # arguments that are not known
                    found = TORCH[name](*args, **kwargs)
            if found is None:
                refuse(places[-1], f"ffnn.h has no {name} like this. {ADVICE.get(name, IN_C)}")
            kind, *values = found
            is_regular = result.is_floating_point() and len(result) == len(x)
            if not is_regular or (kind != "linear" and result.numel() != args[0].numel()):
                refuse(places[-1], f"{name} makes {result.dtype} {list(result.shape)} of "
                                   f"{list(args[0].shape)}. {IN_C}")
            if kind == "scale":
                values.append(result.numel() // len(x))
            if kind in ("linear", "scale"):
                linears.append(values if name == "linear" else None)
            if kind != "same":
                getattr(chain, kind)(*values, places[-1])

    def enter(part, _):
        is_container = next(part.children(), None) is not None
        places.append(f"{names[part]} ({type(part).__name__ if is_container else part})")

    def leave(*_):
        places.pop()

    watch = Watch()
    names = {part: name or "module" for name, part in module.named_modules()}
    hooks = [part.register_forward_pre_hook(enter) for part in names]
    hooks += [part.register_forward_hook(leave) for part in names]
    try:
        with watch:
            output = module(x)
    finally:
        for hook in hooks:
            hook.remove()
    if output is not watch.result:
        refuse(places[0], f"it returns a {type(output).__name__} that is not its last layer's result. "
                          "Export the part of it that is one chain of layers")
    return chain, linears


def run_torch(module, example):
    """Watches the module run, then holds its layers beside it. Nothing of it changes."""
    import torch
    module = getattr(module, "_orig_mod", module)   # of torch.compile
    if isinstance(module, (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)):
        module = module.module
    where = type(module).__name__
    tensors = [*module.parameters(), *module.buffers()]
    if any(isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin) for tensor in tensors):
        refuse(where, "a Lazy layer has no weights yet. Run the model once, or rather train it")
    if any(isinstance(part, torch.jit.ScriptModule) for part in module.modules()):
        refuse(where, "TorchScript cannot be watched. Export the module that it was made from")
    tensors = [tensor for tensor in tensors if tensor.is_floating_point()] or [torch.zeros(1)]
    example = torch_example(module, example, where)

    def batch(scaling, seed):
        rows = torch.from_numpy(random_rows(scaling, example.shape[1:], seed))
        rows[:len(example)] = example
        return rows.to(tensors[0])

    stance = getattr(getattr(torch, "compiler", None), "set_stance", contextlib.nullcontext)
    flags = {part: part.training for part in module.modules()}
    try:
        module.eval()
        with torch.no_grad(), stance("force_eager"):    # parts may be compiled
            chain, linears = watch_torch(module, batch((1, 0), 0))
            layers = chain.finish(where)
            rows = batch(chain.scaling, 1)              # others than before
            check(layers, rows, run_in_double(module, tensors, rows), where)
    except RuntimeError as error:
        raise ExportError(f"{where}: it does not run on rows of shape {list(example.shape[1:])}. Pass "
                          f"example=, some rows of its inputs. PyTorch says: {error}") from error
    finally:
        for part, flag in flags.items():
            part.training = flag
    return layers, linears


def torch_example(module, example, where):
    """Rows of inputs; none, but of the right size, if the module's first layer has to say that."""
    import torch
    if example is not None:
        return torch.atleast_2d(torch.as_tensor(example))[:ROWS // 2]
    for part in module.modules():
        size = getattr(part, "in_features", getattr(part, "num_features", None))
        if isinstance(size, int):
            return torch.empty(0, size)
    refuse(where, "how many inputs has it? Pass example=, some rows of them")


def run_in_double(module, tensors, rows):
    """So that rounding is no difference; but what insists on its own dtype has to run in that."""
    own = [tensor.data for tensor in tensors]
    try:
        for tensor in tensors:
            tensor.data = tensor.data.double()
        return module(rows.double().clone())
    except RuntimeError:
        pass
    finally:
        for tensor, data in zip(tensors, own):
            tensor.data = data
    return module(rows.clone())


def from_torch(module, example=None):
    """Layers of any module whose run is one chain: of Linear layers and activations, of what can be
    folded into them (BatchNorm1d, scales, shifts), and of what changes nothing (Flatten, Dropout).
    `example` are some rows of its inputs; without, those of its first layer are drawn."""
    return run_torch(module, example)[0]


def into_torch(path, module, example=None):
    """Copies the weights of a file, ffnn_save's for instance, into the Linear layers of a module, in
    the order in which they run. Everything is compared before the first number is copied."""
    import torch
    own, linears = run_torch(module, example)
    if None in linears or len(linears) != len(own):
        refuse(type(module).__name__, "only Linear layers can get weights. Build it without BatchNorm")
    tensors, metadata = read_safetensors(path)
    activations = [activation for _, _, activation in own]
    if "W1" in tensors:     # no biases: inputs x outputs, and sigmoid if nothing else is said
        tensors = {name + ".weight": tensor.T for name, tensor in tensors.items()}
        activations = ["sigmoid"] * len(tensors)
    activations = metadata.get("activations", activations)
    layers = from_tensors(tensors, activations, metadata.get("layers"), path)
    if len(layers) != len(own):
        refuse(path, f"it has {len(layers)} layers, the module {len(own)}")
    parameters, copies = list(module.parameters()), {}
    for i, ((weight, bias, activation), targets) in enumerate(zip(layers, linears)):
        where = f"{path}, layer {i}"
        is_logits = i == len(own) - 1 and own[i][2] == "identity"
        if activation != own[i][2] and not is_logits:
            refuse(where, f"its activation is {activation}, the module's {own[i][2]}")
        bias = np.zeros(len(weight)) if bias is None else bias
        if targets[1] is None and bias.any():
            refuse(where, "it has a bias, the module none")
        for target, values in zip(targets, (weight, bias)):
            if target is None:
                continue
            if tuple(target.shape) != values.shape:
                refuse(where, f"its shape is {values.shape}, the module's {tuple(target.shape)}")
            if not any(target is parameter for parameter in parameters):
                refuse(where, "the module computes this weight. Remove the parametrization before")
            if not np.array_equal(copies.setdefault(id(target), (target, values))[1], values):
                refuse(where, "the module uses a layer twice, but here the two are different")
    with torch.no_grad():
        for target, values in copies.values():
            target.copy_(torch.from_numpy(values))


# ---- scikit-learn ---------------------------------------------------------------------------

def from_sklearn(estimator):
    """Layers of an MLPClassifier or MLPRegressor, or of a Pipeline that ends in one: StandardScaler
    and MinMaxScaler are folded in. Prints which class each output is. Of two classes there is one
    output, the probability of the second."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    *scalers, network = [step for _, step in getattr(estimator, "steps", [(None, estimator)])]
    chain, where = Chain(), type(network).__name__
    if not isinstance(network, (MLPClassifier, MLPRegressor)):
        refuse(where, "it is no MLPClassifier or MLPRegressor. Of a search, export best_estimator_; of a "
                      "TransformedTargetRegressor, regressor_, and transform back in C")
    if not hasattr(network, "coefs_"):
        refuse(where, "it is not fitted")
    units = network.n_features_in_
    for scaler in scalers:
        if scaler is None or scaler == "passthrough":
            continue
        if type(scaler) is StandardScaler:
            scale = 1 / scaler.scale_ if scaler.with_std else 1
            mean = scaler.mean_ if scaler.with_mean else 0
            chain.scale(scale, -mean * scale, units, "StandardScaler")
        elif type(scaler) is MinMaxScaler and not scaler.clip:
            chain.scale(scaler.scale_, scaler.min_, units, "MinMaxScaler")
        else:
            refuse(scaler, f"it is no StandardScaler, nor a MinMaxScaler without clip. {IN_C}")
    activations = [network.activation] * (len(network.coefs_) - 1) + [network.out_activation_]
    for weight, bias, activation in zip(network.coefs_, network.intercepts_, activations):
        chain.linear(weight.T, bias, where)     # inputs x outputs there
        chain.activation("sigmoid" if activation == "logistic" else activation, where)
    layers = chain.finish(where)
    rows = random_rows(chain.scaling, (units,)).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # these rows have no names of features
        is_classifier = isinstance(network, MLPClassifier)
        expected = estimator.predict_proba(rows) if is_classifier else estimator.predict(rows)
    if is_classifier:
        print("outputs:", *network.classes_)
        if expected.shape[1] == 2 and network.n_outputs_ == 1:
            expected = expected[:, 1]
    check(layers, rows, expected, where)
    return layers


# ---- Keras ----------------------------------------------------------------------------------

KERAS_ACTIVATIONS = {   # by what keras.activations calls them
    "linear": "identity", "hard_tanh": "hardtanh", "hard_silu": "hardswish",
    "leaky_relu": "leaky_relu:0.2", "sigmoid": "sigmoid", "tanh": "tanh", "relu": "relu", "elu": "elu",
    "silu": "silu", "gelu": "gelu", "softplus": "softplus", "selu": "selu", "relu6": "relu6",
    "mish": "mish", "softmax": "softmax",
}
KERAS_SAME = ("InputLayer", "Flatten", "Reshape", "Identity", "ActivityRegularization", "Dropout",
              "AlphaDropout", "GaussianDropout", "GaussianNoise")   # when predicting


def from_keras(model):
    """Layers of a Sequential or functional model that is one chain. BatchNormalization,
    Normalization and Rescaling are folded in."""
    chain, where = Chain(), f"{model.name} ({type(model).__name__})"
    for layer in keras_layers(model):
        place = f"{layer.name} ({type(layer).__name__})"
        for kind, *values in keras_steps(layer, place):
            getattr(chain, kind)(*values, place)
    layers = chain.finish(where)
    shape = model.inputs[0].shape[1:]
    rows = random_rows(chain.scaling, shape)
    check(layers, rows, model(rows, training=False), where)
    return layers


def keras_layers(model):
    """In the order in which they run, followed from the output backwards."""
    where = f"{model.name} ({type(model).__name__})"
    if not model.built or not hasattr(model, "outputs"):
        refuse(where, "only a Sequential or functional model that was built says how its layers run: a "
                      "subclass does not. Export a part of it")
    if len(model.inputs) != 1 or len(model.outputs) != 1:
        refuse(where, f"{len(model.inputs)} inputs, {len(model.outputs)} outputs: export a part with one each")
    layers, tensor = [], model.outputs[0]
    while tensor is not None:
        layer, index, _ = tensor._keras_history
        inputs = layer._inbound_nodes[index].input_tensors
        if len(inputs) > 1:
            refuse(layer.name, f"it has {len(inputs)} inputs. {NO_SKIP}")
        layers = (keras_layers(layer) if hasattr(layer, "layers") else [layer]) + layers
        tensor = inputs[0] if inputs else None
    return layers


def keras_steps(layer, where):
    """What a layer adds to a Chain."""
    import keras
    kind = type(layer).__name__
    if getattr(keras.layers, kind, None) is not type(layer):
        refuse(where, f"it is no layer of Keras' own. {IN_C}")
    if kind in KERAS_SAME:
        return []
    if kind == "Dense" and len(layer.input.shape) == 2:
        activation = keras_activation(layer.activation, where)
        return [("linear", array(layer.kernel).T, layer.bias), *activation]
    if kind == "Activation":
        return keras_activation(layer.activation, where)
    if kind == "ReLU" and layer.max_value == 6 and not layer.threshold and not layer.negative_slope:
        return [("activation", "relu6")]
    is_relu = kind == "ReLU" and layer.max_value is None and not layer.threshold
    if is_relu or kind == "LeakyReLU":
        return [("activation", with_parameter("leaky_relu", layer.negative_slope))]
    if kind == "PReLU" and array(layer.alpha).size == 1:
        return [("activation", with_parameter("leaky_relu", array(layer.alpha).item()))]
    if kind == "ELU":
        return [("activation", with_parameter("elu", layer.alpha))]
    if kind == "Softmax" and layer.axis in (-1, 1):
        return [("activation", "softmax")]
    if kind in ("BatchNormalization", "Normalization", "Rescaling"):
        return [("scale", *keras_scale(layer, kind), math.prod(layer.input.shape[1:]))]
    refuse(where, f"ffnn.h has nothing like it, or not with these settings. {IN_C}")


def keras_scale(layer, kind):
    if kind == "Rescaling":
        return layer.scale, layer.offset
    if kind == "Normalization":
        mean, deviation = array(layer.mean), np.maximum(np.sqrt(array(layer.variance)), 1e-7)
        return (deviation, mean) if layer.invert else (1 / deviation, -mean / deviation)
    gamma, beta = array(layer.gamma) if layer.scale else 1, array(layer.beta) if layer.center else 0
    scale = gamma / np.sqrt(array(layer.moving_variance) + layer.epsilon)
    return scale, beta - array(layer.moving_mean) * scale


def keras_activation(activation, where):
    """A layer, or a function. It has to be Keras' own: one's own may have the same name."""
    import keras
    if isinstance(activation, keras.layers.Layer):
        return keras_steps(activation, where)
    for theirs, name in KERAS_ACTIVATIONS.items():
        if activation is getattr(keras.activations, theirs, None):
            return [("activation", name)]
    refuse(where, f"ffnn.h has no activation {getattr(activation, '__name__', activation)}. {IN_C}")


# ---- Flax, and the command ------------------------------------------------------------------

def from_flax(params, activations, order=None, apply=None):
    """Layers of {"Dense_0": {"kernel": ..., "bias": ...}, ...}, with dicts around it or not.
    Activations are "relu gelu_tanh identity", say: flax's gelu is gelu_tanh. `order` may be needed:
    see from_tensors. With `apply`, a function of rows, the layers are held beside that."""
    layers = from_tensors(flat(params.get("params", params)), activations, order, "params")
    if apply is not None:
        rows = random_rows((1, 0), layers[0][0].shape[1:])
        check(layers, rows, apply(rows), "apply")
    return layers


def flat(tree, prefix=""):
    """{"a": {"b": x}} as {"a.b": x}."""
    leaves = {}
    for name, value in tree.items():
        if hasattr(value, "items"):
            leaves.update(flat(value, f"{prefix}{name}."))
        else:
            leaves[f"{prefix}{name}"] = value
    return leaves


def read_state_dict(path):
    """Of a file that torch.save or safetensors wrote."""
    if path.endswith(".safetensors"):
        return read_safetensors(path)[0]
    import pickle
    import torch
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
    except pickle.UnpicklingError:
        refuse(path, "it holds more than tensors. If it is a module, call from_torch in its program")
    if isinstance(state, dict) and "state_dict" in state:   # Lightning's
        state = state["state_dict"]
    if not isinstance(state, dict) or not all(hasattr(value, "detach") for value in state.values()):
        refuse(path, "it holds no state_dict. Load it in Python and call from_torch or save")
    return {re.sub(r"^((module|_orig_mod)\.)+", "", name): tensor for name, tensor in state.items()}


def main():
    parser = argparse.ArgumentParser(description="Makes a weights file for ffnn.h of a state_dict.")
    parser.add_argument("source", help="a file that torch.save or safetensors wrote")
    parser.add_argument("target", help="FILE.safetensors")
    parser.add_argument("--activations", required=True, help='one a layer: "relu softmax"')
    parser.add_argument("--layers", help='those that are layers, first to last: "fc1 fc2"')
    options = parser.parse_args()
    try:
        tensors = read_state_dict(options.source)
        layers = from_tensors(tensors, options.activations, options.layers, options.source)
        save(layers, options.target)
    except (ValueError, OSError) as error:
        sys.exit(f"export.py: {error}")


if __name__ == "__main__":
    main()
