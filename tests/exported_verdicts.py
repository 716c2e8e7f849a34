"""For exported.py: export.load says of any file what ffnn.h says: the same network, or none."""
import json
import math
import pathlib
import random
import struct
import sys
import tempfile

import export
from pytorch_files import networks_in

TESTS = pathlib.Path(__file__).resolve().parent
PEER = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve() / "tests/pytorch"
OTHERWISE = {   # of the tests' files
    "bad-metadata-number", "bad-minus", "bad-nested-65", "bad-two-metadata", "bad-two-shapes",  # as json reads
    # infinities and NaN: layers cannot have them here
    "good-nan", "special", "good-half", "good-bf16", "good-double",
}
LETTERS = "abcdefghijklmnopq"


def draw_names(r, count):
    kind = r.choice(["numbers", "W", "words", "groups", "zeros"])
    if kind == "numbers":
        return [f"fc{i}" for i in r.sample(range(12), count)]
    if kind == "W":
        return [f"W{i + 1 + (r.random() < 0.05)}" for i in range(count)]
    if kind == "words":
        return r.sample(["input", "hidden", "output", "a", "b", "encoder", "decoder", ""], count)
    if kind == "zeros":
        return r.sample(["1", "01", "2", "02", "10", "010"], count)
    return r.sample(["a.0", "a.1", "a.2", "b.0", "b.1", "b.2", "head"], count)


def draw_file(r):
    """Tensors as (dtype, shape) by name, and metadata: mostly a network."""
    count = r.choice([1, 2, 2, 3, 3, 4, 5])
    names, sizes = draw_names(r, count), [r.choice([1, 2, 2, 3, 4]) for _ in range(count + 1)]
    if r.random() < 0.5:
        sizes = r.sample(range(1, 20), count + 1)
    if r.random() < 0.2:    # many words: how far the search goes before it gives up
        count = r.randint(6, 17)
        names, largest = r.sample(LETTERS, count), r.choice([2, 4, 8, 12, 16, 100])
        sizes = [r.randint(1, largest) for _ in range(count + 1)]
    has_biases, tensors = r.random() < 0.5, {}
    for i in r.sample(range(count), count):
        if names[i].startswith("W"):
            tensors[names[i]] = ("F32", sizes[i:i + 2])
            continue
        prefix = names[i] + "." if names[i] else ""
        tensors[prefix + "weight"] = (r.choice(["F32", "F16", "BF16", "F64"]), [sizes[i + 1], sizes[i]])
        if has_biases:
            tensors[prefix + "bias"] = (r.choice(["F32", "F16"]), [sizes[i + 1]])
    said = r.choices(["relu", "tanh", "leaky_relu:0.2", "identity"], k=count)
    metadata = {"activations": " ".join(said)}
    if r.random() < 0.4:
        metadata["layers"] = " ".join(names)
    damage(r, tensors, metadata)
    return tensors, metadata


def damage(r, tensors, metadata):
    name = r.choice(list(tensors))
    dtype, shape = tensors[name]
    chosen = r.randrange(24)
    if chosen == 0:
        tensors[name] = ("I64", shape)
    elif chosen == 1:
        tensors[name] = (dtype, [*shape, 1])
    elif chosen == 2:
        tensors[name] = (dtype, [shape[0] + 1, *shape[1:]])
    elif chosen == 3:
        del tensors[name]
    elif chosen in (4, 5, 6):
        other = r.choice(["norm.running_mean", "x", "conv.weight", ".weight", "norm.kernel", "a.0.weight_g"])
        tensors[other] = ("F32", r.choice([[2], [2, 2]]))
    elif chosen == 7:
        metadata["activations"] += r.choice([" relu", " ", ":", ":0.1", "x"])
    elif chosen == 8:
        metadata["activations"] = "softmax" + metadata["activations"][4:]
    elif chosen == 9:
        del metadata["activations"]
    elif chosen == 10 and "layers" in metadata:
        metadata["layers"] += r.choice([" ", " x", " fc1", ".weight"])
    elif chosen == 11:
        tensors["W1"] = ("F32", [2, 2])
        if r.random() < 0.5:
            del metadata["activations"]


def write_zeros(path, tensors, metadata):
    sizes = {"F64": 8, "I64": 8, "F32": 4, "F16": 2, "BF16": 2}
    header, end = {"__metadata__": metadata}, 0
    for name, (dtype, shape) in tensors.items():
        begin, end = end, end + sizes[dtype] * math.prod(shape)
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [begin, end]}
    text = json.dumps(header).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + bytes(end))


def said_of(path):
    try:
        return f"network: {export.summary(export.load(str(path)))}"
    except export.ExportError as error:
        return f"no network: {error}"


def compare(paths):
    """How many networks there are, for how many files the order is not clear, and which are read otherwise."""
    lines = networks_in(PEER, paths)
    assert len(lines) == len(paths), f"{len(lines)} lines of {len(paths)} files"
    others = {}
    for path, line in zip(paths, lines):
        said = said_of(path)
        if said != line and not (said.startswith("no network: ") and line.startswith("no network: ")):
            others[path.stem] = f"{path.read_bytes()[8:2000]}: {said}, but C says {line}"
    networks = sum(line.startswith("network: ") for line in lines)
    return networks, sum("several orders" in line for line in lines), others


def compare_drawn(path, count=2000):
    r = random.Random(22)
    with tempfile.TemporaryDirectory() as folder:
        paths = [pathlib.Path(folder) / str(i) for i in range(count)]
        for drawn in paths:
            write_zeros(drawn, *draw_file(r))
        networks, several, others = compare(paths)
    assert not others, f"{len(others)}: {list(others.values())[0]}"
    assert count / 4 < networks < count * 3 / 4 and several > count / 50, f"{networks} networks, {several}"
    raise export.ExportError("both agree")


def compare_kept(path):
    """The files of the tests in C, many of them damaged."""
    networks, _, others = compare([*TESTS.glob("reference/*.safetensors"), *TESTS.glob("corpus/*.safetensors")])
    assert set(others) == OTHERWISE, [others.get(name, name) for name in set(others) ^ OTHERWISE]
    assert networks > 10, f"{networks} networks"
    raise export.ExportError("both agree")


def cases():
    yield "drawn files", compare_drawn, "both agree"
    yield "the tests' files", compare_kept, "both agree"
