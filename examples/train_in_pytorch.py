#!/usr/bin/env python3
"""Trains the lab's network in PyTorch and saves its weights for C.

    python3 examples/train_in_pytorch.py [FILE.safetensors]

Prints how examples/deploy.c is called with that file, and what it must answer. Needs torch only;
the safetensors package is used if it is there.
"""
import json
import struct
import sys

import torch


class Network(torch.nn.Module):
    """Sigmoid layers without biases: X -> sigmoid(X W1) -> sigmoid(. W2) -> ..."""

    def __init__(self, *sizes):
        super().__init__()
        for i, shape in enumerate(zip(sizes, sizes[1:]), 1):
            self.register_parameter(f"W{i}", torch.nn.Parameter(torch.randn(shape)))

    def forward(self, x):
        for weight in self.parameters():
            x = torch.sigmoid(x @ weight)
        return x


def train(network, x, y, epochs, learning_rate):
    """The lab's training: half the summed squared error has the lab's gradient."""
    optimizer = torch.optim.SGD(network.parameters(), lr=learning_rate)
    for _ in range(epochs):
        optimizer.zero_grad()
        (0.5 * (network(x) - y) ** 2).sum().backward()
        optimizer.step()


def write_safetensors(tensors, path):
    """The format is a length, a JSON header padded to 8 bytes, and the floats, little-endian."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text + data)


def save_weights(network, path):
    weights = {name: weight.detach().contiguous() for name, weight in network.state_dict().items()}
    try:
        from safetensors.torch import save_file
    except ImportError:
        save_file = write_safetensors
    save_file(weights, path)


def main():
    path = sys.argv[1] if len(sys.argv) > 1 else "lab.safetensors"
    x = torch.tensor([[2., 9., 0.], [1., 5., 1.], [3., 6., 2.]])
    y = torch.tensor([[90.], [100.], [88.]]) / 100
    largest = x.max(dim=0).values
    sample = torch.tensor([[3., 8., 4.]]) / largest

    torch.manual_seed(0)
    network = Network(3, 4, 1)
    train(network, x / largest, y, epochs=1000, learning_rate=0.1)
    save_weights(network, path)

    print(f"Weights saved to {path}")
    print(f"./deploy {path}", *(f"{value:.9g}" for value in sample.flatten().tolist()))
    print(f"must print {network(sample).item():.7f}")


if __name__ == "__main__":
    main()
