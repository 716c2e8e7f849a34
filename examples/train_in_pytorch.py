#!/usr/bin/env python3
"""Trains an nn.Sequential in PyTorch and saves it for C.

    python3 examples/train_in_pytorch.py [FILE.safetensors]

Prints how examples/deploy.c is called with that file, and what it must answer. Needs torch only;
the safetensors package is used if it is there: it writes the same, but sorts the tensors by name.
"""
import json
import pathlib
import re
import struct
import sys

import torch
from torch import nn

# Its activations are those that a module may have. In a copy of this script: where yours is.
HEADER = pathlib.Path(__file__).parent.parent / "ffnn.h"


def activation_name(module):
    """What a file calls it: nn.LeakyReLU, FFNN_LEAKY_RELU in ffnn.h, is "leaky_relu" there. A module
    with other parameters than PyTorch's defaults is another function, which ffnn.h does not have.
    """
    enum = re.search(r"enum ffnn_activation {(.*?)}", HEADER.read_text(), re.DOTALL).group(1)
    names = [name.lower() for name in re.findall(r"FFNN_(\w+)", enum)]
    known = {name.replace("_", ""): name for name in names}
    kind = type(module).__name__.lower()
    if getattr(module, "approximate", "none") == "tanh":
        kind += "tanh" # of nn.GELU
    if kind not in known:
        sys.exit(f"ffnn.h has no activation {module}")
    return known[kind]


def activations(model, output):
    """What follows each Linear layer: for C, which reads the layers' names but not the code.

    A model that is trained with CrossEntropyLoss ends in logits: with "softmax" as output its
    predictions in C are probabilities. With BCEWithLogitsLoss that is "sigmoid"; with MSELoss
    "identity", or the activation that the model ends in.
    """
    names = []
    for module in model:
        if isinstance(module, nn.Linear):
            names.append("identity")
        else:
            names[-1] = activation_name(module)
    return " ".join(names[:-1] + [output])


def write_safetensors(tensors, path, metadata):
    """The format is a length, a JSON header padded to 8 bytes, and the floats, little-endian."""
    header, data = {"__metadata__": metadata}, b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":"), ensure_ascii=False).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def save(model, path, output):
    try:
        from safetensors.torch import save_file
    except ImportError:
        save_file = write_safetensors
    save_file(model.state_dict(), path, {"activations": activations(model, output)})


def make_data(count):
    """Points in a square, and which of three rings each lies in."""
    points = 2 * torch.rand(count, 2) - 1
    rings = (3 * points.norm(dim=1) / 2 ** 0.5).long().clamp(max=2)
    return points, rings


def train(model, points, rings, epochs):
    criterion = nn.CrossEntropyLoss()
    optimizer = torch.optim.Adam(model.parameters(), lr=0.01)
    for _ in range(epochs):
        for rows in torch.randperm(len(points)).split(32):
            optimizer.zero_grad()
            criterion(model(points[rows]), rings[rows]).backward()
            optimizer.step()


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "rings.safetensors"
    torch.manual_seed(0)
    points, rings = make_data(1000)
    model = nn.Sequential(nn.Linear(2, 32), nn.ReLU(), nn.Linear(32, 16), nn.ReLU(),
                          nn.Linear(16, 3))
    train(model, points, rings, epochs=30)
    save(model, path, output="softmax")

    samples = torch.tensor([[0.125, 0.25], [-0.5, 0.375], [0.75, -0.875]])
    print(f"Weights saved to {path}. Of these rows")
    for row in samples.tolist():
        print(*row)
    print(f"./deploy {path} must print")
    for row in torch.softmax(model(samples), dim=1).tolist():
        print(*(f"{value:.6f}" for value in row))


if __name__ == "__main__":
    main()
