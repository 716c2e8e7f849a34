#!/usr/bin/env python3
"""Writes the files that fuzz_load starts from, into the folder of this script.

good-*      well formed, and of one of the networks that fuzz_load has
mismatch-*  well formed, and of none of them
bad-*       each breaks one rule of the format; its name says which
optimizer-* the state of an optimizer of one of the networks, or nearly
"""

import json
import pathlib
import struct

FOLDER = pathlib.Path(__file__).parent
SIZES = {"F64": 8, "F32": 4, "F16": 2, "U8": 1}
LAB = {"W1": [3, 4], "W2": [4, 1]}
MLP = {"0.weight": [3, 2], "0.bias": [3], "2.weight": [1, 3], "2.bias": [1]}


def layout(shapes, dtype="F32"):
    """The header of tensors that lie one behind the other."""
    header, end = {}, 0
    for name, shape in shapes.items():
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


def said(activations, shapes):
    """Metadata, then tensors that lie one behind the other."""
    return {"__metadata__": {"activations": activations}, **layout(shapes)}


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
    bits = [0x7FC00001, 0x7F800001, 0x7F800000, 0xFF800000, 0x80000000, 1]
    write("good-nan", lab(), struct.pack("<6I", *bits) + floats(10))


def mismatch():
    write("mismatch-nothing", "{}", b"")
    write("mismatch-wider", layout({"W1": [3, 5], "W2": [5, 1]}), floats(20))
    write("mismatch-turned", layout({"W1": [4, 3], "W2": [4, 1]}))
    write("mismatch-flat", layout({"W1": [12], "W2": [4]}))
    write("mismatch-missing", layout({"W1": [3, 4]}), floats(12))
    write("mismatch-too-many", layout({**LAB, "b1": [4]}), floats(20))
    write("mismatch-dtype", layout(LAB, "F64"), floats(32))
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
    write("optimizer-biases", moments("adam", "3", MLP, *adam), floats(26))
    write("optimizer-before-steps", moments("adam", "0", {}), b"")
    write("optimizer-leading-zero", moments("adam", "01", LAB, *adam), floats(32))
    write("optimizer-steps-only", moments("sgd", "5", {}), b"")


if __name__ == "__main__":
    good()
    optimizers()
    mismatch()
    bad()
