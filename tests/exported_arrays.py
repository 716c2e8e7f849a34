"""For exported.py: plain arrays, the file itself, and the command on files of safetensors."""
import ast
import functools
import os
import pathlib
import re
import stat
import subprocess
import sys
import tempfile

import numpy as np

import export

EXPORT = pathlib.Path(export.__file__)
GENERATOR = np.random.default_rng(9)


def drawn(*shape):
    return GENERATOR.standard_normal(shape)


W1, B1, W2, B2 = drawn(6, 5), drawn(6), drawn(3, 6), drawn(3)
ROWS = drawn(20, 5).astype(np.float32)
LETTERS = "abcdefghijklmnop"


def by_hand(*steps):
    a = ROWS.astype(float)
    for step in steps:
        a = step(a)
    return a


def relu(z):
    return np.maximum(z, 0)


def two_layers(weights, bias1=B1, bias2=B2):
    """Layers, rows and what these weights predict, computed here."""
    hidden = relu(ROWS @ W1.T + (0 if bias1 is None else bias1))
    expected = hidden @ W2.T + (0 if bias2 is None else bias2)
    return [(weights[0], bias1, "relu"), (weights[1], bias2, "identity")], ROWS, expected


def transposed(order):
    """Weights that were kept as inputs x outputs, given as .T: their memory is not in rows."""
    kept = [np.array(W1.T, np.float32, order=order), np.array(W2.T, np.float32, order=order)]
    return two_layers([weight.T for weight in kept])


def sliced():
    wide = np.zeros((6, 10))
    wide[:, ::2] = W1
    return two_layers([wide[:, ::2], W2[::-1][::-1]])


def softmax_output():
    z = ROWS @ W1.T
    powers = np.exp(z - z.max(axis=1, keepdims=True))
    return [(W1, None, "softmax")], ROWS, powers / powers.sum(axis=1, keepdims=True)


class Written:
    """A case that writes a file of its own, looks at it, and then is a case of arrays like the others."""

    def __init__(self, look):
        self.look = look

    def __call__(self):
        with tempfile.TemporaryDirectory() as folder:
            self.look(pathlib.Path(folder))
        return two_layers([W1, W2])


def write(path, **settings):
    export.save(two_layers([W1, W2])[0], str(path), **settings)


def look_at_rights(folder):
    path = folder / "a.safetensors"
    write(path)
    umask = os.umask(0)
    os.umask(umask)
    assert stat.S_IMODE(path.stat().st_mode) == 0o666 & ~umask, "a new file's rights"
    path.chmod(0o640)
    write(path)
    assert stat.S_IMODE(path.stat().st_mode) == 0o640, "an old file's rights"
    assert [entry.name for entry in folder.iterdir()] == ["a.safetensors"], "something is left"


def look_through_a_link(folder):
    (folder / "a").write_bytes(b"old")
    (folder / "link").symlink_to("a")
    write(folder / "link")
    assert (folder / "link").is_symlink(), "the link was replaced"
    assert (folder / "a").read_bytes() != b"old", "its file was not written"


def look_at_bytes(folder):
    """What the safetensors package reads, and what it writes of the same tensors in its own order."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
    ours, theirs = folder / "ours", folder / "theirs"
    write(ours, output="softmax")
    tensors = load_file(ours)
    with safe_open(ours, framework="np") as file:
        assert file.metadata() == {"activations": "relu softmax"}, file.metadata()
    assert list(tensors) == ["0.weight", "0.bias", "2.weight", "2.bias"], list(tensors)
    for name, values in (("0.weight", W1), ("0.bias", B1), ("2.weight", W2), ("2.bias", B2)):
        assert np.array_equal(tensors[name], values.astype(np.float32)), name
    names = {"a\n\"b\"\\\x01\x7f": tensors["0.weight"], "gr\u00f6\u00dfe": tensors["2.weight"], **tensors}
    export.write_safetensors(dict(sorted(names.items())), str(ours), {"activations": "relu \u2713"})
    save_file(names, theirs, {"activations": "relu \u2713"})
    assert ours.read_bytes() == theirs.read_bytes(), "other bytes than the package's"


def look_at_a_failure(folder):
    """The disk is full, or the program is stopped: the old file stays, and nothing beside it."""
    path = folder / "a.safetensors"
    path.write_bytes(b"old")
    own = os.replace
    for error in (OSError("disk full"), KeyboardInterrupt()):
        def fail(*_, error=error):
            raise error
        os.replace = fail
        try:
            write(path)
        except type(error):
            pass
        else:
            raise AssertionError("it did not fail")
        finally:
            os.replace = own
        assert path.read_bytes() == b"old" and len(list(folder.iterdir())) == 1, "the folder has changed"


def look_at_a_copy(folder):
    """Layers are copies: training that goes on does not change them."""
    weight = W1.copy()
    chain = export.Chain()
    chain.linear(weight, None, "")
    weight[:] = 0
    assert chain.finish("")[0][0].any(), "they are the model's own"


def look_at_header(folder):
    """export.py knows every activation of ffnn.h, and how many layers it can have."""
    from exported import known_activations
    unknown = known_activations()[0] - set(export.ACTIVATIONS)
    assert not unknown, f"export.py does not know {unknown}"
    text = (EXPORT.parent.parent / "ffnn.h").read_text()
    assert f"FFNN_MAX_LAYERS = {export.MAX_LAYERS} " in text, "another FFNN_MAX_LAYERS"


def look_at_parameters(folder):
    """In the fewest digits, and not at all where they are the default."""
    for name, value, expected in (
            ("leaky_relu", 0.2, "leaky_relu:0.2"), ("leaky_relu", 1e-5, "leaky_relu:1e-05"),
            ("leaky_relu", 0.01, "leaky_relu"), ("leaky_relu", 0, "relu"), ("elu", 1, "elu"),
            ("elu", 1 / 3, "elu:0.33333334"), ("elu", 1e-50, "relu")):
        got = export.with_parameter(name, value)
        assert got == expected, f"{got}, not {expected}"


def look_at_rows(folder):
    """Random rows are drawn around the center of a model that scales its inputs itself."""
    scale, shift = np.array([0.1, 10.0]), np.array([-1000.0, 300.0])
    z = export.random_rows((scale, shift), (2,)) * scale + shift
    assert (abs(z.mean(axis=0)) < 0.5).all() and (abs(z).max(axis=0) > 2).all(), z


def look_at_readme(folder):
    """Its Python block is Python, and imports what there is."""
    text = (EXPORT.parent.parent / "README.md").read_text()
    block = re.search(r"```python\n(from export import .*?)```", text, re.DOTALL).group(1)
    ast.parse(block)
    exec(block.partition("\n\n")[0], {})


def save_refused(layers, path, **settings):
    export.save(layers, path, **settings)


def command(folder, *arguments):
    return subprocess.run([sys.executable, "-B", str(EXPORT), *arguments], cwd=folder,
                          capture_output=True, text=True)


def named_tensors(names):
    tensors = {}
    for name, (weight, bias) in zip(names, ((W1, B1), (W2, B2))):
        tensors[f"{name}.weight"], tensors[f"{name}.bias"] = weight, bias
    return tensors


def commanded(tensors, dtype, *options, printed=""):
    with tempfile.TemporaryDirectory() as folder:
        from safetensors.numpy import save_file
        tensors = {name: np.ascontiguousarray(values, dtype) for name, values in tensors.items()}
        save_file(tensors, f"{folder}/in.safetensors")
        done = command(folder, "in.safetensors", "out.safetensors", *options)
        assert done.returncode == 0, done.stderr
        assert printed in done.stdout and (printed or "left out" not in done.stdout), done.stdout
        assert "5 -> 6, relu" in done.stdout and "6 -> 3, identity" in done.stdout, done.stdout
        tensors, metadata = export.read_safetensors(f"{folder}/out.safetensors")
    assert metadata == {"activations": "relu identity"}
    layers = export.from_tensors(tensors, metadata["activations"], None, "")
    _, rows, _ = two_layers([W1, W2])
    rounded = [values.astype(dtype).astype(float) for values in (W1, B1, W2, B2)]
    return layers, rows, relu(ROWS @ rounded[0].T + rounded[1]) @ rounded[2].T + rounded[3]


def command_refused(tensors, options, path):
    from safetensors.numpy import save_file
    with tempfile.TemporaryDirectory() as folder:
        tensors = {name: np.ascontiguousarray(values) for name, values in tensors.items()}
        save_file(tensors, f"{folder}/in.safetensors")
        done = command(folder, "in.safetensors", path, *options)
    assert done.returncode == 1 and done.stderr.startswith("export.py: "), (done.returncode, done.stderr)
    raise export.ExportError(done.stderr)


def look_at_orders(folder):
    """Names in the order of their numbers; beyond that, the only order in which the sizes fit."""
    def found(text):
        shapes = {}
        for word in text.split():
            name, _, sizes = word.partition(":")
            inputs, outputs = sizes.split("-")
            shapes[name] = (int(outputs), int(inputs))
        return " ".join(export.find_order(shapes, ""))

    for text, expected in (
            ("fc10:5-5 fc2:5-5 fc01:5-5", "fc01 fc2 fc10"),
            ("net.2.0:5-5 net.1.10:5-5 net.1.2:5-5", "net.1.2 net.1.10 net.2.0"),
            ("output:4-3 hidden:4-4 input:5-4", "input hidden output"),
            ("b.1:3-2 a.1:6-4 b.0:4-3 a.0:5-6", "a.0 a.1 b.0 b.1"),
            ("head:3-1 body.2:4-4 body.0:5-4 body.4:4-3", "body.0 body.2 body.4 head"),
            (":4-3 1:5-4", "1 "), ("c:4-3 a:1-2 b:2-4", "a b c"),
            ("fc1:4-3 fc2:5-4", "fc1 fc2")):    # which a Chain refuses
        assert found(text) == expected, f"{text}: {found(text)}"
    several = ("encoder:5-3 decoder:3-5", "a:5-5 b:5-5", "x.0:5-4 x.2:4-5 y.0:5-4 y.2:4-5",
               "fc1:5-5 fc01:5-5", " ".join(f"{letter}:5-5" for letter in LETTERS))
    hard = " ".join([f"{letter}:5-5" for letter in LETTERS[:-1]] + ["p:7-6"])   # 15! begin well
    many = " ".join(f"{letter}:5-5" for letter in LETTERS + "q")
    refused = [(text, "fit in several orders") for text in several]
    for text, words in [*refused, (hard, "too hard to find"), (many, "17 layers are more than 16")]:
        try:
            raise AssertionError(f"{text}: {found(text)}")
        except export.ExportError as error:
            assert words in str(error), error


def tensors_refused(tensors, activations, order, path):
    export.save(export.from_tensors(tensors, activations, order, "tensors"), path)


def refusals():
    good = two_layers([W1, W2])[0]
    yield "no layers", [], "no Linear"
    yield "a transposed weight", [(W1.T, None, "relu"), (W2.T, None, "identity")], "transposed"
    yield "a bias that is too long", [(W1, drawn(7), "relu")], r"bias of shape \(7,\) for 6"
    yield "a bias of one number", [(W1, drawn(1), "relu")], "bias of shape"
    yield "a vector as weight", [(B1, None, "relu")], "outputs x inputs"
    yield "no units", [(np.zeros((0, 5)), None, "relu")], "outputs x inputs"
    yield "an unknown activation", [(W1, B1, "swish")], '"swish" is none of'
    yield "a parameter too many", [(W1, B1, "relu:0.2")], '"relu:0.2" is none of'
    yield "an infinite parameter", [(W1, B1, "elu:1e39")], "elu: its parameter is inf"
    for text in ("elu:nan", "elu:", "elu:.5", "elu:0_2", "leaky_relu:+1", "leaky_relu:0.2 "):
        yield text, [(W1, B1, text)], f'"{re.escape(text)}" is none of'
    yield "softmax in the middle", \
        [(W1, B1, "softmax"), *good[1:]], "softmax before it: only the last"
    yield "softmax of one", [(W1[:1], None, "softmax")], "Use sigmoid"
    yield "infinite", [(W1 * np.inf, B1, "relu")], "layer 0 has a number that is NaN"
    yield "NaN in a bias", [(W1, B1 * np.nan, "relu")], "layer 0 has a number that is NaN"
    yield "too large", [(W1 * 1e39, B1, "relu")], "too large"
    yield "17 layers", [(np.eye(5), None, "tanh")] * 17, "17 layers"
    yield "an output too many", [(W1, B1, "relu")], "has relu already"


def cases():
    yield "two layers", functools.partial(two_layers, [W1, W2]), None
    yield "float32", \
        functools.partial(two_layers, [W1.astype(np.float32), W2.astype(np.float32)]), None
    yield "lists", functools.partial(two_layers, [W1.tolist(), W2.tolist()]), None
    yield "no biases", functools.partial(two_layers, [W1, W2], None, None), None
    yield "the first bias only", functools.partial(two_layers, [W1, W2], B1, None), None
    yield "the last bias only", functools.partial(two_layers, [W1, W2], None, B2), None
    yield "transposed, in C's order", functools.partial(transposed, "C"), None
    yield "transposed, in Fortran's order", functools.partial(transposed, "F"), None
    yield "slices", sliced, None
    yield "softmax", softmax_output, None
    for look in (look_at_rights, look_through_a_link, look_at_bytes, look_at_a_failure,
                 look_at_a_copy, look_at_header, look_at_parameters, look_at_rows,
                 look_at_readme, look_at_orders):
        yield look.__name__, Written(look), None
    for name, layers, pattern in refusals():
        settings = {"output": "softmax"} if name == "an output too many" else {}
        yield name, functools.partial(save_refused, layers, **settings), pattern
    yield "a device", lambda path: export.save([(W1, B1, "relu")], "/dev/null"), "no file"
    numbered, words = named_tensors(("fc2", "fc10")), named_tensors(("input", "output"))
    for dtype in (np.float16, np.float32, np.float64):
        yield f"command, {np.dtype(dtype)}", functools.partial(
            commanded, numbered, dtype, "--activations", "relu identity"), None
    chosen = ("--activations", "relu identity", "--layers", "input output")
    yield "command, names", functools.partial(commanded, words, np.float32, *chosen), None
    yield "command, other tensors", functools.partial(
        commanded, {**words, "criterion.weight": B1, "old.0.weight_g": W1, "input.scale": B1},
        np.float32, *chosen, printed="left out: criterion.weight, input.scale, old.0.weight_g. If"), None
    yield "command, words in the only order that fits", \
        functools.partial(commanded, words, np.float32, *chosen[:2]), None
    yield "command, two orders", functools.partial(
        command_refused, {"encoder.weight": W1, "decoder.weight": W1.T}, chosen[:2]), \
        "decoder, encoder fit in several orders: name the layers, first to last: --layers"
    yield "command, a tensor that is no layer's", functools.partial(
        command_refused, {**words, "scale": np.float32(2)}, chosen[:2]), r"scale \[1\] is no layer's.*--layers"
    yield "command, a layer that is not run", functools.partial(
        command_refused, {**words, "critic.weight": W2[:1]}, chosen[:2]), "2 activations for 3 layers.*--layers"
    yield "command, layers that are too many and one is none", functools.partial(
        command_refused, {**words, "input.weight": B1}, chosen), r"input.weight \[6\] is no .*weight or bias. Compute"
    yield "command, a file that is not there", functools.partial(
        command_refused, words, ["--activations", "relu identity", "--layers", "input hidden"]), "no hidden.weight"
    yield "command, integers", functools.partial(
        command_refused, {"0.weight": np.ones((2, 2), int)}, ["--activations", "relu"]), "0.weight is I64"
    for extra in ("fc3.running_mean", "fc3.weight_g", "fc3.weight"):
        yield f"{extra} among the tensors", functools.partial(
            tensors_refused, {**numbered, extra: B1}, "relu identity", None), rf"{extra} \[6\] is no layer's weight"
    yield "a name that is a dot", functools.partial(
        tensors_refused, {".weight": W1}, "relu", None), r"\.weight \[6, 5\] is no layer's"
    yield "a bias without a weight", functools.partial(
        tensors_refused, {**numbered, "fc3.bias": B1}, "relu relu relu", None), "there is no fc3.weight"
    yield "activations too few", \
        functools.partial(tensors_refused, numbered, "relu", None), "1 activations for 2"
    yield "a shared layer, named twice", functools.partial(
        tensors_refused, {"a.weight": W1}, "relu relu", "a a"), "5 inputs behind 6 outputs"
