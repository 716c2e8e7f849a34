#!/usr/bin/env python3
"""Writes the files that fuzz_load starts from, into the folder of this script.

good-*      well formed, and of one of the networks that fuzz_load has
mismatch-*  well formed, and of none of them
bad-*       each breaks one rule of the format; its name says which
optimizer-* the state of an optimizer of one of the networks, or nearly
"""

import itertools
import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent
SIZES = {"F64": 8, "F32": 4, "F16": 2, "BF16": 2, "U8": 1, "I32": 4, "I64": 8}
LAB = {"W1": [3, 4], "W2": [4, 1]}
MLP = {"0.weight": [3, 2], "0.bias": [3], "2.weight": [1, 3], "2.bias": [1]}


def layout(shapes, *dtypes):
    """The header of tensors that lie one behind the other; their dtypes come again and again."""
    header, end = {}, 0
    for i, (name, shape) in enumerate(shapes.items()):
        dtype = dtypes[i % len(dtypes)] if dtypes else "F32"
        size = SIZES[dtype]
        for length in shape:
            size *= length
        header[name] = {"dtype": dtype, "shape": shape, "data_offsets": [end, end + size]}
        end += size
    return header


def floats(count):
    return struct.pack(f"<{count}f", *((i + 1) / 8 for i in range(count)))


def write(name, header, data=floats(16), length=None):
    """Writes one file; the header is a dictionary, or any text or bytes."""
    if isinstance(header, dict):
        header = json.dumps(header, separators=(",", ":"))
    if isinstance(header, str):
        header = header.encode()
    prefix = struct.pack("<Q", len(header) if length is None else length)
    (FOLDER / f"{name}.safetensors").write_bytes(prefix + header + data)


def lab(**changes):
    """The lab's header with other fields for W1."""
    header = layout(LAB)
    header["W1"].update(changes)
    return header


def numbers(header, values):
    """The bytes of a header's tensors, one number after the other."""
    data = b""
    for name, tensor in header.items():
        if name == "__metadata__":
            continue
        begin, end = tensor["data_offsets"]
        for _ in range((end - begin) // SIZES[tensor["dtype"]]):
            value = next(values)
            if tensor["dtype"] == "BF16":
                data += struct.pack("<f", value)[2:]
            else:
                data += struct.pack({"F16": "<e", "F32": "<f", "F64": "<d"}[tensor["dtype"]], value)
    return data


def eighths():
    return (i / 8 for i in itertools.count(1))


def said(activations, shapes, *dtypes, **metadata):
    """Metadata, then tensors that lie one behind the other."""
    return {"__metadata__": {"activations": activations, **metadata}, **layout(shapes, *dtypes)}


def linear(**sizes):
    """The tensors of torch.nn's layers, each with its outputs and inputs."""
    return {f"{name.replace('_', '.')}.{kind}": shape for name, size in sizes.items()
            for kind, shape in (("weight", size), ("bias", size[:1]))}


def renamed(first, second):
    """MLP with other prefixes, the second layer first."""
    names = {"0.": first, "2.": second}
    shapes = {names[name[:2]] + name[2:]: shape for name, shape in MLP.items()}
    return dict(reversed(shapes.items()))


def text(old="", new="", header=None):
    """The lab's header as text, with one part of it replaced."""
    header = json.dumps(header or layout(LAB), separators=(",", ":"))
    assert old in header
    return header.replace(old, new, 1)


def good():
    write("good-lab", text() + " " * 3)
    write("good-one-layer", layout({"W1": [2, 3]}), floats(6))
    write("good-three-layers", layout({"W1": [1, 2], "W2": [2, 1], "W3": [1, 1]}), floats(5))
    write("good-white-space", " \n" + json.dumps(layout(LAB), indent="\t") + "\r\n ")
    write("good-escapes", text('"W1"', '"\\u0057\\u0031"').replace("shape", "sh\\u0061pe"))
    write("good-metadata", {"__metadata__": {"format": "pt", "ä": "\u2713\U0001d11e"}, **lab()})
    write("good-metadata-null", {**lab(), "__metadata__": None})
    write("good-other-fields", lab(other=[None, True, -1.5e-9, {"a": [{}, []]}, "\"\\/\b\f\n\r\t"]))
    write("good-nested-64", text('"shape"', '"deep":' + "[" * 64 + "]" * 64 + ',"shape"'))
    write("good-header-order", dict(reversed(layout(LAB).items())))
    write("good-data-order", layout({"W2": [4, 1], "W1": [3, 4]}))
    write("good-name-twice", text("{", '{"W1":{"dtype":"U8","shape":[9],"data_offsets":[9,1]},'))
    write("good-mlp", said("relu identity", MLP), floats(13))
    write("good-mlp-silent", layout(MLP), floats(13))
    write("good-mlp-names", said("relu identity", renamed("fc2.", "fc10.")), floats(13))
    write("good-mlp-no-name", said("relu identity", renamed("", "0.")), floats(13))
    write("good-mlp-end", {**layout(MLP), "__metadata__": {"activations": "relu identity"}},
          floats(13))
    write("good-mlp-no-bias", said("tanh sigmoid", {"a.weight": [4, 3], "b.weight": [1, 4]}))
    write("good-lab-said", said("tanh sigmoid", LAB))
    write("good-softmax", said("leaky_relu tanh softmax", {
        f"{2 * i}.{name}": shape for i in range(3)
        for name, shape in (("weight", [2, 2]), ("bias", [2]))}), floats(18))
    write("good-alpha", said("leaky_relu:0.2 elu:5e-1", MLP), floats(13))
    write("good-alpha-0", said("leaky_relu:0 identity", MLP), floats(13))
    layers()
    dtypes()
    bits = [0x7FC00001, 0x7F800001, 0x7F800000, 0xFF800000, 0x80000000, 1]
    write("good-nan", lab(), struct.pack("<6I", *bits) + floats(10))


def layers():
    """Layers that the metadata name, and layers whose sizes say their order."""
    others = {"log_std": [1], "policy.0.weight": [3, 2], "value.0.weight": [9], "policy.0.bias": [3],
              "policy.2.weight": [1, 3], "steps": [], "policy.2.bias": [1], "W1": [0, 4]}
    kinds = "F64", "F32", "U8", "F32", "F32", "I64", "F32", "F32"
    write("good-layers", said("relu identity", others, *kinds, layers="policy.0 policy.2"),
          b"\1" * 8 + floats(6) + b"\2" * 9 + floats(6) + b"\3" * 8 + floats(1))
    write("good-layers-shared", said("leaky_relu tanh softmax", linear(a=[2, 2], b=[2, 2]),
                                     layers="a a b"), floats(12))
    write("good-layers-order", said("relu identity", renamed("fc10.", "fc2."), layers="fc10 fc2"),
          floats(13))
    write("good-layers-no-name", said("relu identity", renamed("", "0."), layers=" 0"), floats(13))
    write("good-words", said("relu identity", linear(output=[1, 3], input=[3, 2])), floats(13))
    write("good-groups", said("sigmoid sigmoid sigmoid", {
        "net.1.a.weight": [1, 1], "other.weight": [1, 2], "net.0.a.weight": [2, 1]}), floats(5))


def dtypes():
    """Numbers that are no floats yet, some of them at the edges of what floats can be."""
    half = said("relu identity", MLP, "F16")
    bits = [0x7C00, 0xFC00, 0x7E00, 0x7C01, 0xFC01, 1, 0x83FF, 0x0400, 0x7BFF, 0x8000, 0, 0x3C00, 3]
    write("good-half", half, struct.pack("<13H", *bits))
    bits = [0x7F80, 0xFF80, 0x7FC0, 0x7F81, 0xFF81, 1, 0x807F, 0x0080, 0x7F7F, 0x8000, 0, 0x3F80, 3]
    write("good-bf16", said("relu identity", MLP, "BF16"), struct.pack("<13H", *bits))
    values = [1 + 2**-24, 1 + 3 * 2**-24, 1 + 2**-24 + 2**-52, -1.5 * 2.0**128, 0,
              2.0**128, 2.0**128 - 2.0**103, -(2.0**128 - 2.0**103 - 2.0**75), 2.0**-149, 2.0**-150,
              3 * 2.0**-150, 2.0**-150 + 2.0**-202, -0.0, 5e-324, 2.0**-126 - 2.0**-150, 1e300]
    data = numbers(layout(LAB, "F64"), iter(values))
    nan = struct.pack("<Q", 0x7FF0000000000001)
    write("good-double", layout(LAB, "F64"), data[:32] + nan + data[40:])
    mixed = said("relu identity", MLP, "F64", "F16", "F32", "BF16")
    write("good-mixed", mixed, numbers(mixed, eighths()))


def mismatch():
    write("mismatch-nothing", "{}", b"")
    write("mismatch-wider", layout({"W1": [3, 5], "W2": [5, 1]}), floats(20))
    write("mismatch-turned", layout({"W1": [4, 3], "W2": [4, 1]}))
    write("mismatch-flat", layout({"W1": [12], "W2": [4]}))
    write("mismatch-missing", layout({"W1": [3, 4]}), floats(12))
    write("mismatch-too-many", layout({**LAB, "b1": [4]}), floats(20))
    write("mismatch-dtype", layout(LAB, "I32"))
    write("mismatch-bias-dtype", said("relu identity", MLP, "F32", "I32"), floats(13))
    write("mismatch-words", said("leaky_relu tanh softmax",
                                 linear(input=[2, 2], hidden=[2, 2], output=[2, 2])), floats(18))
    write("mismatch-autoencoder", said("relu identity", linear(encoder=[2, 3], decoder=[3, 2])),
          floats(17))
    write("mismatch-no-order", said("relu identity", linear(input=[3, 2], output=[1, 4])), floats(14))
    write("mismatch-equal-numbers", said("tanh tanh", {"01.weight": [2, 2], "1.weight": [2, 2]}),
          floats(8))
    write("mismatch-hard", said(" ".join(["relu"] * 16), {
        **{f"{word}.weight": [1, 1] for word in "abcdefghijklmno"}, "p.weight": [2, 3]}), floats(21))
    write("mismatch-layers-missing", said("relu identity", MLP, layers="0 3"), floats(13))
    write("mismatch-layers-chain", said("relu identity", MLP, layers="2 0"), floats(13))
    write("mismatch-layers-spaces", said("relu identity", MLP, layers="0  2"), floats(13))
    write("mismatch-layers-empty", said("relu identity", MLP, layers=""), floats(13))
    write("mismatch-layers-bias", said("relu identity", {**MLP, "3.weight": [1, 3]}, layers="0 3"),
          floats(16))
    write("mismatch-layers-seventeen", said("relu", {"0.weight": [1, 1]},
                                            layers=" ".join(["0"] * 17)), floats(1))
    write("mismatch-lone-bias", said("relu identity", {**MLP, "4.bias": [1]}), floats(14))
    write("mismatch-dot", said("relu", {".weight": [3, 2], ".bias": [3]}), floats(9))
    write("mismatch-chain", layout({"W1": [3, 4], "W2": [2, 2]}))
    write("mismatch-no-rows", layout({"W1": [0, 4], "W2": [4, 4]}))
    write("mismatch-empty", layout({**LAB, "W3": [1, 0]}))
    write("mismatch-one-bias", said("relu identity", {**MLP, "0.bias": [0]}), floats(10))
    write("mismatch-both-names", said("relu identity", {**MLP, "W1": [3, 4]}), floats(25))
    write("mismatch-order", said("relu identity", renamed("fc10.", "fc2.")), floats(13))
    write("mismatch-softmax", said("softmax identity", MLP), floats(13))
    write("mismatch-unknown", said("relu no_such", MLP), floats(13))
    write("mismatch-batch-norm", said("relu identity", {**MLP, "1.running_mean": [3]}), floats(16))
    write("mismatch-seventeen-layers", said(" ".join(["tanh"] * 17), {
        f"{2 * i}.weight": [1, 1] for i in range(17)}), floats(17))
    write("mismatch-half-bytes", lab(dtype="F4", shape=[96]))
    write("mismatch-sixteen-layers", layout({f"W{i + 1}": [1, 1] for i in range(16)}), floats(16))
    write("mismatch-seventeen-lab", layout({f"W{i + 1}": [1, 1] for i in range(17)}), floats(17))


def bad():
    write("bad-no-header", "", b"")
    (FOLDER / "bad-seven-bytes.safetensors").write_bytes(b"\x02\0\0\0\0\0\0")
    write("bad-header-past-end", text(), b"", 1000)
    write("bad-header-too-large", text(), length=100000001)
    write("bad-utf8-overlong", text("W1", "?").encode().replace(b"?", b"\xc0\x80"))
    write("bad-utf8-three-for-two", text("W1", "?").encode().replace(b"?", b"\xe0\x9f\xbf"))
    write("bad-utf8-four-for-three", text("W1", "?").encode().replace(b"?", b"\xf0\x8f\xbf\xbf"))
    write("bad-utf8-surrogate", text("W1", "?").encode().replace(b"?", b"\xed\xa0\x80"))
    write("bad-utf8-cut", text("W1", "?").encode().replace(b"?", b"\xf0\x9f\x98"))
    write("bad-mark-first", "\ufeff" + text())
    write("bad-comma", text("}}", "},}"))
    write("bad-quotes", text().replace('"', "'"))
    write("bad-comment", text("{", "{/**/"))
    write("bad-leading-zero", text("3,4", "03,4"))
    write("bad-plus", text("3,4", "+3,4"))
    write("bad-control", text("W1", "W\x1f1"))
    write("bad-escape", text("W1", "\\W1"))
    write("bad-lone-surrogate", text("W1", "\\ud834"))
    write("bad-surrogate-pair", text("W1", "\\ud834\\ue000"))
    write("bad-after-header", text() + "x")
    write("bad-array", "[]", b"")
    write("bad-tensor", {**lab(), "W3": 3})
    write("bad-no-dtype", text('"dtype":"F32",', ""))
    write("bad-two-shapes", text('"shape":[3,4]', '"shape":[3,4],"shape":[3,4]'))
    write("bad-two-metadata", text("{", '{"__metadata__":{},"__metadata__":{},'))
    write("bad-dtype", lab(dtype="F31"))
    write("bad-fraction", text("3,4", "3.0,4"))
    write("bad-exponent", text("3,4", "3e0,4"))
    write("bad-minus", text("[0,", "[-0,"))
    write("bad-three-offsets", lab(data_offsets=[0, 48, 48]))
    write("bad-elements", layout({"W1": [2**32, 2**32, 0], "W2": [4, 4]}))
    write("bad-bits", lab(shape=[2**60]))
    write("bad-half-byte", lab(dtype="F4", shape=[95]))
    write("bad-end-first", text("0,48", "18446744073709551568,0"))
    write("bad-size", lab(shape=[3, 5]))
    write("bad-overlap", lab(data_offsets=[4, 52]))
    write("bad-hole", text("48,64", "52,68"), floats(17))
    write("bad-not-at-0", text("0,48", "4,52").replace("48,64", "52,68"), floats(17))
    write("bad-too-long", text(), floats(17))
    write("bad-too-short", text(), floats(15))
    write("bad-nested-65", text('"shape"', '"deep":' + "[" * 65 + "]" * 65 + ',"shape"'))
    write("bad-metadata-number", {**lab(), "__metadata__": {"format": 1}})


def moments(optimizer, steps, shapes, *names):
    """An optimizer's header: of each tensor its moments, one behind the other."""
    return {"__metadata__": {"optimizer": optimizer, "steps": steps},
            **layout({f"{tensor}.{name}": shape for tensor, shape in shapes.items()
                      for name in names})}


def optimizers():
    adam = "exp_avg", "exp_avg_sq"
    write("optimizer-adam", moments("adam", "120", LAB, *adam), floats(32))
    write("optimizer-momentum", moments("sgd", "1", MLP, "momentum_buffer"), floats(13))
    write("optimizer-half", {"__metadata__": {"optimizer": "adam", "steps": "120"},
                             **layout({f"{name}.{moment}": shape for name, shape in LAB.items()
                                       for moment in adam}, "F16")}, floats(16))
    write("optimizer-biases", moments("adam", "3", MLP, *adam), floats(26))
    write("optimizer-before-steps", moments("adam", "0", {}), b"")
    write("optimizer-leading-zero", moments("adam", "01", LAB, *adam), floats(32))
    write("optimizer-steps-only", moments("sgd", "5", {}), b"")


if __name__ == "__main__":
    good()
    optimizers()
    mismatch()
    bad()
