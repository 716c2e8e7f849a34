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
import itertools
import json
import math
import os
import pickle
import re
import shutil
import struct
import sys
import warnings

import numpy as np # of the frameworks, each is imported where it is used

MAX_LAYERS = 16     # FFNN_MAX_LAYERS
MAX_STEPS = 500     # of a search for the order of layers: ffnn.h gives up there, too
ROWS = 67           # of random inputs: a number that no dimension of a model has, most likely
TOLERANCE = 1e-5    # one form of GELU for the other, or a wrong epsilon, is more
IN_C = "Compute it in C, and export the parts of the model around it, a file each"
NO_SKIP = f"ffnn.h has no skip connections and no branches. {IN_C}"
NAME_THEM = 'name the layers, first to last: --layers "fc1 fc2" (order= in Python, "layers" in a file)'
ADVICE = {          # for what ffnn.h does not have, or not like this
    "log_softmax": 'Leave it out and save with output="softmax", which is exp() of it',
    "dropout": "It stays on when the model predicts: pass training=self.training",
    "linear": "It gets more than samples x features: put Flatten before it",
    "batch_norm": "It normalizes by the batch: train it with track_running_stats",
    "prelu": "All units have to share one slope",
    "softmax": "It has to be over the features, dim=1",
}


class ExportError(ValueError):
    pass


def require(condition, where, why):
    if not condition:
        raise ExportError(f"{where}: {why}")


# ---- activations ----------------------------------------------------------------------------

ACTIVATIONS = {
    "sigmoid": lambda z: (1 + np.tanh(z / 2)) / 2,
    "tanh": np.tanh,
    "relu": lambda z: np.maximum(z, 0),
    "leaky_relu": lambda z, slope=0.01: np.where(z > 0, z, slope * z),
    "elu": lambda z, alpha=1.0: np.where(z > 0, z, alpha * np.expm1(np.minimum(z, 0))),
    "silu": lambda z: z * (1 + np.tanh(z / 2)) / 2,
    "gelu": lambda z: z * (1 + np.vectorize(math.erf)(z / math.sqrt(2))) / 2,
    "gelu_tanh": lambda z: z * (1 + np.tanh(math.sqrt(2 / math.pi) * (z + 0.044715 * z**3))) / 2,
    "softplus": lambda z: np.logaddexp(0, z),
    "selu": lambda z: 1.0507009873554805 * ACTIVATIONS["elu"](z, 1.6732632423543772),
    "relu6": lambda z: np.clip(z, 0, 6),
    "mish": lambda z: z * np.tanh(np.logaddexp(0, z)),
    "hardtanh": lambda z: np.clip(z, -1, 1),
    "hardswish": lambda z: z * np.clip(z + 3, 0, 6) / 6,
    "identity": lambda z: z,
    "softmax": lambda z: np.exp(z - np.logaddexp.reduce(z, axis=1, keepdims=True)),
}
PARAMETERS = {"leaky_relu": 0.01, "elu": 1.0}   # what they are if a file does not say
NUMBER = re.compile(r"-?(0|[1-9]\d*)(\.\d+)?([eE][-+]?\d+)?", re.ASCII)  # as JSON has them


def with_parameter(name, value):
    """As files say it, in the fewest digits that give the same float."""
    value = np.float32(value)
    require(np.isfinite(value), name, f"its parameter is {value}")
    if value == 0:
        return "relu"
    return name if value == np.float32(PARAMETERS[name]) else f"{name}:{value!s}"


def predict(layers, rows):
    """What ffnn_predict computes, in double."""
    for weight, bias, activation in layers:
        name, *parameter = activation.split(":")
        rows = ACTIVATIONS[name](rows @ weight.T + (0 if bias is None else bias), *map(float, parameter))
    return rows


# ---- layers ---------------------------------------------------------------------------------

def array(values):
    """A copy, in double, of an array or a tensor of any framework."""
    values = getattr(values, "value", values)               # of Keras
    if hasattr(values, "detach"):
        values = values.detach().cpu().double().numpy()     # numpy has no bfloat16
    return np.array(values, np.float64)


def require_known(name, steps, where):
    require(steps is not None, where, f"ffnn.h has no {name} like this. {ADVICE.get(name, IN_C)}")


class Chain:
    """Layers, added one after the other. `where` tells a message which."""

    def __init__(self, inputs=None):
        self.inputs = inputs
        self.layers = []            # [weight, bias, activation] each
        self.ends_in_scale = False  # the last of them is no Linear, but a scale and a shift
        self.scaling = (1, 0)       # of the inputs, if the model begins with that

    def add(self, name, steps, where):
        """What a function or a layer of a framework does; None if ffnn.h has nothing like it."""
        require_known(name, steps, where)
        for kind, *values in steps:
            getattr(self, kind)(*values, where)

    def linear(self, weight, bias, where, is_scale=False):
        """A layer, but a scale and the Linear before or behind it become one."""
        weight, bias = array(weight), None if bias is None else array(bias)
        require(weight.ndim == 2 and weight.size, where, f"a weight is outputs x inputs, not {weight.shape}")
        require(bias is None or bias.shape == weight.shape[:1], where,
                f"a bias of shape {np.shape(bias)} for {len(weight)} outputs")
        if self.layers:
            before, shift, activation = self.layers[-1]
            require(len(before) == weight.shape[1], where,
                    f"{weight.shape[1]} inputs behind {len(before)} outputs: transposed?")
            require(activation != "softmax", where, f"softmax before it: only the last layer can. {IN_C}")
            if activation == "identity" and (is_scale or self.ends_in_scale):
                if self.ends_in_scale and len(self.layers) == 1:
                    self.scaling = (np.diag(before), shift)
                if shift is not None:
                    bias = weight @ shift + (0 if bias is None else bias)
                weight = weight @ before
                is_scale = is_scale and self.ends_in_scale
                self.layers.pop()
        self.layers.append([weight, bias, "identity"])
        self.ends_in_scale = is_scale

    def scale(self, scale, shift, where):
        """x * scale + shift, where both are one number or one for each unit."""
        scale, shift = array(scale).ravel(), array(shift).ravel()
        units = len(self.layers[-1][0]) if self.layers else self.inputs
        require({scale.size, shift.size} <= {1, units}, where,
                f"it scales {max(scale.size, shift.size)} numbers, but gets {units}")
        self.linear(np.diag(np.resize(scale, units)), np.resize(shift, units), where, is_scale=True)

    def activation(self, activation, where):
        name, colon, parameter = activation.partition(":")
        is_known = name in PARAMETERS and NUMBER.fullmatch(parameter) if colon else name in ACTIVATIONS
        require(is_known, where, f'"{activation}" is none of {" ".join(ACTIVATIONS)}')
        if name == "identity":
            return
        require(self.layers, where, f"{name} is before the first Linear. {IN_C}")
        if self.layers[-1][2] != "identity":    # two in a row: a layer between that changes nothing
            self.scale(1, 0, where)
        require(name != "softmax" or len(self.layers[-1][0]) > 1, where,
                "softmax of one unit is always 1. Use sigmoid")
        self.layers[-1][2] = with_parameter(name, parameter) if colon else name

    def finish(self, where):
        """The layers, if ffnn.h can have them."""
        count = len(self.layers)
        require(count > 1 or (count and not self.ends_in_scale), where, "it has no Linear layer")
        require(count <= MAX_LAYERS, where, f"{count} layers, but ffnn.h has at most {MAX_LAYERS}. {IN_C}")
        for i, (weight, bias, _) in enumerate(self.layers):
            largest = abs(np.append(weight, 0 if bias is None else bias)).max()
            require(largest <= np.finfo(np.float32).max, where,
                    f"layer {i} has a number that is NaN or too large for a float")
        means = np.max(abs(self.scaling[1]))
        if means >= 100:
            warnings.warn(f"{where}: means of inputs are up to {means:.0f} times their deviations: errors "
                          f"of about {1e-7 * means:.0e} come from that. Or scale in C, and export the rest")
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
    require(got.size == expected.size, where, f"it returns {expected.shape}, but its layers {got.shape}")
    expected = expected.reshape(got.shape)
    difference = (abs(got - expected) / (1 + abs(expected).max(axis=0))).max()
    require(difference <= TOLERANCE, where, f"it computes something else than its layers, {difference:.2g} "
            "apart. Find out what, or give save() a list of layers that you write yourself")


# ---- files ----------------------------------------------------------------------------------

def save(layers, path, output=None):
    """Writes the file and prints its layers. `output` is the last activation of a model that ends in
    logits: "softmax" after CrossEntropyLoss, "sigmoid" after BCEWithLogitsLoss."""
    chain = Chain()
    for i, (weight, bias, activation) in enumerate(layers):
        chain.linear(weight, bias, f"layer {i}")
        chain.activation(activation, f"layer {i}")
    if output is not None:
        last = chain.layers[-1][2] if chain.layers else "identity"
        require(last == "identity", path, f"output {output}? The last layer has {last} already")
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
        print(f"    {weight.shape[1]} -> {len(weight)}, {activation}{', no bias' if bias is None else ''}")


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
    require(os.path.isfile(path) or not os.path.exists(path), path, "it is no file")
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
    """Its tensors by name, and its metadata. Of a tensor that holds no floats, only its dtype."""
    dtypes = {"F16": "<f2", "BF16": "<u2", "F32": "<f4", "F64": "<f8"}
    with open(path, "rb") as file:
        data = file.read()
    tensors, position = {}, 0
    try:
        start = 8 + struct.unpack("<Q", data[:8])[0]
        header, data = json.loads(data[8:start].decode()), data[start:]
        metadata = header.pop("__metadata__", None) or {}
        for name, entry in sorted(header.items(), key=lambda item: item[1]["data_offsets"]):
            dtype, (begin, end) = entry["dtype"], entry["data_offsets"]
            require(begin == position <= end <= len(data), name, f"it is said to be at {begin} to {end}")
            position, tensors[name] = end, dtype
            if dtype in dtypes:
                values = np.frombuffer(data[begin:end], dtypes[dtype])
                if dtype == "BF16":     # numpy has none: it is the upper half of a float
                    values = (values.astype(np.uint32) << 16).view(np.float32)
                tensors[name] = values.reshape(entry["shape"])
        require(position == len(data), "data", f"{len(data)} bytes, not {position}")
    except (struct.error, LookupError, TypeError, AttributeError, ValueError) as error:
        raise ExportError(f"{path}: it is no safetensors file: {error!r}") from error
    return tensors, metadata


def load(path, unsaid=None):
    """The layers of a file, as ffnn.h reads them. `unsaid` are its activations if it names none."""
    tensors, metadata = read_safetensors(path)
    if "W1" in tensors and "layers" not in metadata:
        unsaid = ["sigmoid"] * len(tensors)
    activations = metadata.get("activations", unsaid)
    require(activations is not None, path, "its activations are not named")
    layers = from_tensors(tensors, activations, metadata.get("layers"), path)
    require(len({bias is None for _, bias, _ in layers}) == 1, path, "only some of its layers have a bias")
    return layers


def from_tensors(tensors, activations, order, where):
    """Layers of NAME.weight, outputs x inputs, and NAME.bias; or of ffnn_save's W1, W2, ..., inputs x
    outputs. `order` names layers, first to last, a shared one twice; all other tensors are left
    out, and printed. Without it every tensor has to be a layer's, and find_order finds the order."""
    if order is None and set(tensors) == {f"W{i + 1}" for i in range(len(tensors))}:
        tensors = {f"{name}.weight": getattr(tensor, "T", tensor) for name, tensor in tensors.items()}
    names = None if order is None else order.split(" ")
    advice = IN_C if names else f"If the model does without it, {NAME_THEM}"
    layers, left_out, dimensions = {}, [], {"weight": 2, "bias": 1}
    for key, tensor in tensors.items():
        name, dot, kind = key.rpartition(".")
        is_layers = kind in dimensions and bool(name) == bool(dot)      # "weight" is, ".weight" is not
        if names is None or (is_layers and name in names):
            is_integer = is_layers and isinstance(tensor, str)
            require(not is_integer, where, f"{key} is {tensor}. Save it as float32")
            require(is_layers and np.ndim(tensor) == dimensions[kind], where,
                    f"{key} {list(np.shape(tensor))} is no layer's weight or bias. {advice}")
            layers.setdefault(name, {})[kind] = tensor
        else:
            left_out.append(key)
    for name in names or layers:
        require("weight" in layers.get(name, {}), where, f"there is no {name}.weight")
    names = names or find_order({name: layer["weight"].shape for name, layer in layers.items()}, where)
    activations = activations.split(" ") if isinstance(activations, str) else activations
    require(len(activations) == len(names), where,
            f"{len(activations)} activations for {len(names)} layers, {', '.join(names)}"
            + ("" if order else f". Are not all of them run? Then {NAME_THEM}"))
    chain = Chain()
    for name, activation in zip(names, activations):
        chain.linear(layers[name]["weight"], layers[name].get("bias"), f"{where}: {name}")
        chain.activation(activation, f"{where}: {name}")
    finished = chain.finish(where)
    if left_out:
        print(f"{where}: left out: {', '.join(left_out)}. If the model uses them, these layers are wrong")
    return finished


def find_order(shapes, where):
    """Names that differ by digits only stand in the order of their numbers, fc2 before fc10. Beyond
    that, layers have to fit each other's sizes in exactly one order: none is guessed."""
    def key(name):
        return re.sub("[0-9]+", "0", name), [int(digits) for digits in re.findall("[0-9]+", name)]

    before = {name: {other for other in shapes if key(other)[0] == key(name)[0] and key(other) < key(name)}
              for name in shapes}

    def orders(begun, steps=itertools.count()):
        """One after the other, all that begin like this."""
        require(next(steps) <= MAX_STEPS, where, f"the order of its layers is too hard to find: {NAME_THEM}")
        if len(begun) == len(shapes):
            yield begun
        for name in shapes:
            fits = not begun or shapes[name][1] == shapes[begun[-1]][0]
            if fits and name not in begun and before[name] <= set(begun):
                yield from orders([*begun, name])

    require(len(shapes) <= MAX_LAYERS, where, f"{len(shapes)} layers are more than {MAX_LAYERS}. {IN_C}")
    found = list(itertools.islice(orders([]), 2))
    require(len(found) < 2, where, f"{', '.join(shapes)} fit in several orders: {NAME_THEM}")
    return found[0] if found else sorted(shapes, key=key)   # a Chain says which sizes do not fit


# ---- what calls of PyTorch and layers of Keras are -------------------------------------------
# Steps of a Chain; None if ffnn.h has nothing like it.

def activate(name):
    return [("activation", name)]


def leaky_relu(slope):
    return activate(with_parameter("leaky_relu", float(slope)))


def clamp(low, high):
    names = {(-1, 1): "hardtanh", (0, 6): "relu6", (0, None): "relu", (0, math.inf): "relu"}
    return activate(names[low, high]) if (low, high) in names else None


def batch_norm(mean, variance, gamma, beta, epsilon):
    scale = (1 if gamma is None else array(gamma)) / np.sqrt(array(variance) + epsilon)
    return [("scale", scale, (0 if beta is None else array(beta)) - array(mean) * scale)]


def torch_batch_norm(input, mean, var, weight=None, bias=None, training=False, momentum=0.1, eps=1e-5):
    return None if training or mean is None else batch_norm(mean, var, weight, bias, eps)


TORCH = {   # by the names of functions, with their own parameters
    "linear": lambda input, weight, bias=None: [("linear", weight, bias)] if input.dim() == 2 else None,
    "matmul": lambda input, other:
        [("linear", other.t(), None)] if input.dim() == other.dim() == 2 else None,
    "add": lambda input, other, alpha=1: [("scale", 1, array(other) * alpha)],
    "sub": lambda input, other, alpha=1: [("scale", 1, array(other) * -alpha)],
    "mul": lambda input, other: [("scale", other, 0)],
    "div": lambda input, other: [("scale", 1 / array(other), 0)],
    "batch_norm": torch_batch_norm,
    "clamp": lambda input, min=None, max=None: clamp(min, max),
    "hardtanh": lambda input, min_val=-1, max_val=1, inplace=False: clamp(min_val, max_val),
    "leaky_relu": lambda input, negative_slope=0.01, inplace=False: leaky_relu(negative_slope),
    "prelu": lambda input, weight: leaky_relu(weight) if weight.numel() == 1 else None,
    "elu": lambda input, alpha=1.0, inplace=False: activate(with_parameter("elu", alpha)),
    "celu": lambda input, alpha=1.0, inplace=False: activate("elu") if alpha == 1 else None,
    "gelu": lambda input, approximate="none": activate("gelu_tanh" if approximate == "tanh" else "gelu"),
    "softplus": lambda input, beta=1, threshold=20:
        activate("softplus") if (beta, threshold) == (1, 20) else None,
    "softmax": lambda input, dim=None, _stacklevel=3, dtype=None:
        activate("softmax") if input.dim() == 2 and dim in (1, -1) else None,
    "dropout": lambda input, p=0.5, training=True, inplace=False: None if training else [],
}
TORCH.update(mm=TORCH["matmul"], alpha_dropout=TORCH["dropout"])
for plain in ("relu", "sigmoid", "tanh", "silu", "selu", "relu6", "mish", "hardswish"):
    TORCH[plain] = lambda input, inplace=False, name=plain: activate(name)
for same in ("flatten", "view", "reshape", "squeeze", "unsqueeze", "contiguous", "detach", "clone", "float",
             "to"):
    TORCH[same] = lambda input, *args, **kwargs: []


def keras_activation(function):
    """A layer, or one of Keras' own functions: one's own may have the same name."""
    import keras
    if isinstance(function, keras.layers.Layer):
        return keras_steps(function)
    name = getattr(function, "__name__", "")
    is_own = function is not getattr(keras.activations, name, None)
    names = {"linear": "identity", "hard_tanh": "hardtanh", "hard_silu": "hardswish",
             "leaky_relu": "leaky_relu:0.2"}
    return activate(f"your own {name}" if is_own else names.get(name, name))


def keras_dense(layer):
    behind = keras_activation(layer.activation)
    if len(layer.input.shape) == 2 and behind is not None:
        return [("linear", array(layer.kernel).T, layer.bias), *behind]


def keras_relu(layer):
    if not layer.threshold and not layer.negative_slope:
        return clamp(0, layer.max_value)
    return leaky_relu(layer.negative_slope) if not layer.threshold and layer.max_value is None else None


def keras_normalization(layer):
    mean, variance = array(layer.mean), np.maximum(array(layer.variance), 1e-14)
    if layer.invert:
        return [("scale", np.sqrt(variance), mean)]
    return batch_norm(mean, variance, None, None, 0)


KERAS = {   # by the names of layers, as they predict
    "Dense": keras_dense,
    "Activation": lambda layer: keras_activation(layer.activation),
    "ReLU": keras_relu,
    "LeakyReLU": lambda layer: leaky_relu(layer.negative_slope),
    "PReLU": lambda layer: leaky_relu(array(layer.alpha).item()) if array(layer.alpha).size == 1 else None,
    "ELU": lambda layer: activate(with_parameter("elu", layer.alpha)),
    "Softmax": lambda layer: activate("softmax") if layer.axis in (-1, 1) else None,
    "BatchNormalization": lambda layer: batch_norm(
        layer.moving_mean, layer.moving_variance, layer.gamma, layer.beta, layer.epsilon),
    "Normalization": keras_normalization,
    "Rescaling": lambda layer: [("scale", layer.scale, layer.offset)],
}
for same in ("InputLayer", "Flatten", "Reshape", "Identity", "ActivityRegularization", "Dropout",
             "AlphaDropout", "GaussianDropout", "GaussianNoise"):
    KERAS[same] = lambda layer: []


# ---- PyTorch --------------------------------------------------------------------------------

def torch_places(module):
    """Name and kind of each part of it: of a container, without what it contains."""
    return {part: "{} ({})".format(name or "module", re.sub(r"\(\n.*", "", str(part), flags=re.DOTALL))
            for name, part in module.named_modules()}


def watch_torch(module, x):
    """Runs the module on x and sees every call of PyTorch, whether a module makes it or a function.

    A call that gets x, or what became of x, is a step. It must get the result of the step before it
    and nothing older, which would be a skip connection or a branch. All else that it gets are
    weights, just as they are used. Returns the chain and, for into_torch, what each step that has
    weights got: [weight, bias], or None if it is no Linear.
    """
    from torch.nn.modules.module import register_module_forward_hook, register_module_forward_pre_hook
    from torch.overrides import TorchFunctionMode
    chain, linears, places = Chain(x[0].numel()), [], [type(module).__name__]
    names = torch_places(module)

    class Watch(TorchFunctionMode):
        result, seen = x, {id(x): x}

        def __torch_function__(self, function, types, args=(), kwargs=None):
            kwargs = kwargs or {}
            values = [part for value in (*args, *kwargs.values())
                      for part in (value if isinstance(value, (list, tuple)) else [value])]
            got = [value for value in values if id(value) in self.seen]
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
            where, steps = places[-1], None
            is_chain = all(tensor is self.result for tensor in got)
            require(is_chain, where, f"{name} gets what was computed earlier, too. {NO_SKIP}")
            if name in ("add", "mul") and len(args) == 2 and args[1] is self.result:
                args = args[::-1]
            if name in TORCH and len(got) == 1 and args and args[0] is self.result:
                with contextlib.suppress(TypeError):    # arguments that are not known
                    steps = TORCH[name](*args, **kwargs)
            kinds = [kind for kind, *_ in steps or ()]
            if steps is not None:
                is_regular = result.is_floating_point() and len(result) == len(x)
                is_wide = "linear" in kinds or result.numel() == args[0].numel()
                require(is_regular and is_wide, where,
                        f"{name} makes {result.dtype} {[*result.shape]} of {[*args[0].shape]}. {IN_C}")
            chain.add(name, steps, where)
            if kinds in (["linear"], ["scale"]):
                linears.append(steps[0][1:] if name == "linear" else None)

    def enter(part, _):
        places.append(names.get(part, f"module ({type(part).__name__})"))

    def leave(*_):
        places.pop()

    with register_module_forward_pre_hook(enter), register_module_forward_hook(leave), Watch() as watch:
        output = module(x)
    require(output is watch.result, places[0], f"it returns a {type(output).__name__} that is not its last "
            "layer's result. Export the part of it that is one chain of layers")
    return chain, linears


NEVER = re.compile(r"Conv|RNN|LSTM|GRU|Embedding|Attention|Transformer|Bilinear|Pool|Pad|Upsample|"
                   r"(Layer|Group|Instance|RMS|Response)Norm")


def is_of_torch(part):
    """Not a class of one's own, which may compute anything."""
    return (getattr(part.forward, "__module__", None) or "").startswith("torch.nn.modules.")


def certain_parts(part):
    """Those that run whenever this one does. Of others than Sequential, only a run shows that."""
    import torch
    yield part
    if type(part).forward is torch.nn.Sequential.forward:
        for child in part.children():
            yield from certain_parts(child)


def run_torch(module, example):
    """Watches the module run, then holds its layers beside it. Nothing of it changes."""
    import torch
    module = getattr(module, "_orig_mod", module)   # of torch.compile
    if isinstance(module, (torch.nn.DataParallel, torch.nn.parallel.DistributedDataParallel)):
        module = module.module
    where, parts = type(module).__name__, [*module.modules()]
    tensors = [*module.parameters(), *module.buffers()]
    is_script = any(isinstance(part, torch.jit.ScriptModule) for part in parts)
    require(not is_script, where, "TorchScript cannot be watched. Export the module that it was made from")
    places = torch_places(module)
    for part in certain_parts(module):  # before anything is asked for, which would not help then
        kind = part.forward.__qualname__.split(".")[0].strip("_") if is_of_torch(part) else ""
        require_known(kind, None if NEVER.search(kind) else [], places[part])
    is_lazy = any(isinstance(tensor, torch.nn.parameter.UninitializedTensorMixin) for tensor in tensors)
    require(not is_lazy, where, "a Lazy layer has no weights yet. Run the model once, or rather train it")
    if example is None:     # the first layer says how many inputs there are
        sizes = [getattr(part, "in_features", getattr(part, "num_features", None)) for part in parts]
        size = next((size for size in sizes if isinstance(size, int)), None)
        require(size or not all(map(is_of_torch, parts)), where, "it has no Linear layer")
        require(size, where, "how many inputs has it? Pass example=, some rows of them")
        example = torch.empty(0, size)
    example = torch.atleast_2d(torch.as_tensor(example))[:ROWS // 2]
    floats = [tensor for tensor in tensors if tensor.is_floating_point()]

    def batch(scaling, seed):
        rows = torch.from_numpy(random_rows(scaling, example.shape[1:], seed))
        rows[:len(example)] = example
        return rows.to(floats[0] if floats else rows)

    def run_in_double(rows):
        """So that rounding is no difference; but what insists on its own dtype has to run in that."""
        own = [tensor.data for tensor in floats]
        try:
            for tensor in floats:
                tensor.data = tensor.data.double()
            return module(rows.double().clone())
        except RuntimeError:
            pass
        finally:
            for tensor, data in zip(floats, own):
                tensor.data = data
        return module(rows.clone())

    stance = getattr(getattr(torch, "compiler", None), "set_stance", contextlib.nullcontext)
    flags = [part.training for part in parts]
    try:
        module.eval()
        with torch.no_grad(), stance("force_eager"):    # parts may be compiled
            chain, linears = watch_torch(module, batch((1, 0), 0))
            layers = chain.finish(where)
            rows = batch(chain.scaling, 1)              # others than before
            check(layers, rows, run_in_double(rows), where)
    except RuntimeError as error:
        raise ExportError(f"{where}: it does not run on rows of shape {list(example.shape[1:])}. Pass "
                          f"example=, some rows of its inputs. PyTorch says: {error}") from error
    finally:
        for part, flag in zip(parts, flags):
            part.training = flag
    return layers, linears


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
    require(None not in linears and len(linears) == len(own), type(module).__name__,
            "only Linear layers can get weights. Build it without BatchNorm")
    layers = load(path, [activation for _, _, activation in own])
    if own[-1][2] == "identity":    # logits: what is behind them is the loss's
        own[-1] = (*own[-1][:2], layers[-1][2])
    require(summary(layers) == summary(own), path, f"it is {summary(layers)}, the module {summary(own)}")
    parameters, copies = list(module.parameters()), {}
    for i, ((weight, bias, _), targets) in enumerate(zip(layers, linears)):
        for target, values in zip(targets, (weight, np.zeros(len(weight)) if bias is None else bias)):
            where = f"{path}, layer {i}"
            if target is None:
                require(not values.any(), where, "it has a bias, the module none")
                continue
            require(any(target is parameter for parameter in parameters), where,
                    "the module computes this weight. Remove the parametrization before")
            _, others = copies.setdefault(id(target), (target, values))
            require(np.array_equal(others, values), where, "the module uses a layer twice, but here are two")
    with torch.no_grad():
        for target, values in copies.values():
            target.copy_(torch.from_numpy(values))


def summary(layers):
    """Such as 8-16-3, relu softmax."""
    sizes = [layers[0][0].shape[1], *(len(weight) for weight, _, _ in layers)]
    return f"{'-'.join(map(str, sizes))}, {' '.join(activation for _, _, activation in layers)}"


# ---- scikit-learn ---------------------------------------------------------------------------

def from_sklearn(estimator):
    """Layers of an MLPClassifier or MLPRegressor, or of a Pipeline that ends in one: StandardScaler
    and MinMaxScaler are folded in. Prints which class each output is. Of two classes there is one
    output, the probability of the second."""
    from sklearn.neural_network import MLPClassifier, MLPRegressor
    from sklearn.preprocessing import MinMaxScaler, StandardScaler
    *scalers, network = [step for _, step in getattr(estimator, "steps", [(None, estimator)])]
    where, is_classifier = type(network).__name__, isinstance(network, MLPClassifier)
    require(is_classifier or isinstance(network, MLPRegressor), where,
            "it is no MLPClassifier or MLPRegressor. Of a search, export best_estimator_; of a "
            "TransformedTargetRegressor, regressor_, and transform back in C")
    require(hasattr(network, "coefs_"), where, "it is not fitted")
    chain = Chain(network.n_features_in_)
    for scaler in scalers:      # all of them before the first size: that may be wrong because of one behind
        is_known = type(scaler) is StandardScaler or (type(scaler) is MinMaxScaler and not scaler.clip)
        require(is_known or scaler in (None, "passthrough"), scaler,
                f"it is no StandardScaler, nor a MinMaxScaler without clip. {IN_C}")
    for scaler in scalers:
        if type(scaler) is StandardScaler:
            scale = 1 / scaler.scale_ if scaler.with_std else 1
            chain.scale(scale, -scale * (scaler.mean_ if scaler.with_mean else 0), "StandardScaler")
        elif type(scaler) is MinMaxScaler:
            chain.scale(scaler.scale_, scaler.min_, "MinMaxScaler")
    activations = [network.activation] * (network.n_layers_ - 2) + [network.out_activation_]
    for weight, bias, activation in zip(network.coefs_, network.intercepts_, activations):
        chain.linear(weight.T, bias, where)     # inputs x outputs there
        chain.activation("sigmoid" if activation == "logistic" else activation, where)
    layers = chain.finish(where)
    rows = random_rows(chain.scaling, (chain.inputs,)).astype(np.float64)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")         # these rows have no names of features
        expected = estimator.predict_proba(rows) if is_classifier else estimator.predict(rows)
    if is_classifier:
        print("outputs:", *network.classes_)
        if network.n_outputs_ == 1:
            expected = expected[:, 1]
    check(layers, rows, expected, where)
    return layers


# ---- Keras ----------------------------------------------------------------------------------

def keras_place(layer):
    return f"{layer.name} ({type(layer).__name__})"


def keras_steps(layer):
    import keras
    kind = type(layer).__name__
    is_keras = getattr(keras.layers, kind, None) is type(layer)
    require(is_keras, keras_place(layer), f"it is no layer of Keras' own. {IN_C}")
    return KERAS[kind](layer) if kind in KERAS else None


def keras_layers(model):
    """In the order in which they run, followed from the output backwards."""
    where = keras_place(model)
    require(model.built and hasattr(model, "outputs"), where, "only a Sequential or functional model that "
            "was built says how its layers run: a subclass does not. Export a part of it")
    counts = len(model.inputs), len(model.outputs)
    require(counts == (1, 1), where, "{} inputs, {} outputs: export a part with one each".format(*counts))
    layers, tensor = [], model.outputs[0]
    while tensor is not None:
        layer, index, _ = tensor._keras_history
        inputs = layer._inbound_nodes[index].input_tensors
        require(len(inputs) <= 1, keras_place(layer), f"it has {len(inputs)} inputs. {NO_SKIP}")
        layers = (keras_layers(layer) if hasattr(layer, "layers") else [layer]) + layers
        tensor = inputs[0] if inputs else None
    return layers


def from_keras(model):
    """Layers of a Sequential or functional model that is one chain. BatchNormalization,
    Normalization and Rescaling are folded in."""
    parts = keras_layers(model)
    for layer in parts:     # before the first size: that may be wrong because of a layer behind
        require_known(type(layer).__name__, keras_steps(layer), keras_place(layer))
    shape = model.inputs[0].shape[1:]
    require(None not in shape, keras_place(model), f"its inputs are {shape}, of no fixed size")
    chain = Chain(math.prod(shape))
    for layer in parts:
        chain.add(type(layer).__name__, keras_steps(layer), keras_place(layer))
    layers = chain.finish(keras_place(model))
    rows = random_rows(chain.scaling, shape)
    check(layers, rows, model(rows, training=False), keras_place(model))
    return layers


# ---- Flax, and the command ------------------------------------------------------------------

def from_flax(params, activations, order=None, apply=None):
    """Layers of {"Dense_0": {"kernel": ..., "bias": ...}, ...}, with dicts around it or not.
    Activations are "relu gelu_tanh identity", say: flax's gelu is gelu_tanh. `order` may be needed:
    see from_tensors. With `apply`, a function of rows, the layers are held beside that."""
    tensors = flat(params.get("params", params))
    if "params" in params:      # what is beside them is used by layers that may have no params at all
        tensors.update(flat({name: tree for name, tree in params.items() if name != "params"}))
    layers = from_tensors(tensors, activations, order, "params")
    if apply is not None:
        rows = random_rows((1, 0), layers[0][0].shape[1:])
        check(layers, rows, apply(rows), "apply")
    return layers


def flat(tree, prefix=""):
    """{"a": {"b": x}} as {"a.b": x}. A kernel, inputs x outputs, becomes a weight."""
    leaves = {}
    for name, value in tree.items():
        if hasattr(value, "items"):
            leaves.update(flat(value, f"{prefix}{name}."))
        elif name == "kernel":
            leaves[f"{prefix}weight"] = array(value).T
        else:
            leaves[f"{prefix}{name}"] = array(value)
    return leaves


def read_state_dict(path):
    """read_safetensors for what torch.save wrote. Lightning has another dict around it."""
    import torch
    try:
        state = torch.load(path, map_location="cpu", weights_only=True)
        state = state.get("state_dict", state)
        return {re.sub(r"^((module|_orig_mod)\.)+", "", name): tensor for name, tensor in state.items()}, {}
    except (pickle.UnpicklingError, AttributeError) as error:
        raise ExportError(f"{path}: it is no state_dict. Load it in Python, and call from_torch") from error


def main():
    parser = argparse.ArgumentParser(description="Makes a weights file for ffnn.h of a state_dict.")
    parser.add_argument("source", help="a file that torch.save or safetensors wrote")
    parser.add_argument("target", help="FILE.safetensors")
    parser.add_argument("--activations", help='one a layer: "relu softmax"; the file may say them, too')
    parser.add_argument("--layers", help='those that are layers, first to last: "fc1 fc2"')
    options = parser.parse_args()
    try:
        is_safe = options.source.endswith(".safetensors")
        tensors, said = (read_safetensors if is_safe else read_state_dict)(options.source)
        said.update({key: value for key, value in vars(options).items() if value is not None})
        require("activations" in said, options.source, 'say --activations, one a layer: "relu softmax"')
        save(from_tensors(tensors, said["activations"], said.get("layers"), options.source), options.target)
    except (ValueError, OSError) as error:
        sys.exit(f"export.py: {error}")


if __name__ == "__main__":
    main()
