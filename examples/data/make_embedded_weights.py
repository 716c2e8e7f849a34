#!/usr/bin/env python3
"""Trains the network of examples/embedded.c in PyTorch and prints its weights as a C header.

    python3 examples/data/make_embedded_weights.py > dew_point.h

Needs torch and numpy. What embedded.c must print goes to standard error.
"""
import contextlib
import sys
import tempfile
from pathlib import Path

import torch
from torch import nn

sys.path.append(str(Path(__file__).parents[1]))
from export import from_torch, save

SCALES = torch.tensor([50.0, 100.0])  # degrees Celsius, percent


def dew_point(climate):
    """Magnus' formula, with the constants of Sonntag (1990)."""
    temperature, humidity = climate.double().unbind(dim=1)
    gamma = (humidity / 100).log() + 17.62 * temperature / (243.12 + temperature)
    return (243.12 * gamma / (17.62 - gamma)).float().unsqueeze(1)


def make_climates(count):
    """0 to 50 degrees, 20 to 100 percent."""
    return torch.rand(count, 2) * torch.tensor([50.0, 80.0]) + torch.tensor([0.0, 20.0])


def train(model, x, y):
    optimizer = torch.optim.LBFGS(model.parameters(), max_iter=2000, line_search_fn="strong_wolfe")

    def closure():
        optimizer.zero_grad()
        loss = nn.functional.mse_loss(model(x), y)
        loss.backward()
        return loss

    optimizer.step(closure)


def print_header(data):
    """What xxd -i prints, but constant and aligned."""
    print("/* Made by make_embedded_weights.py: the bytes of a safetensors file. The float is there for its")
    print("   alignment, since ffnn_init_view reads floats in place. In C11 xxd -i does it, too, once")
    print("   _Alignas(4) const stands before its array. */")
    print("static const union {")
    print(f"    unsigned char bytes[{len(data)}];")
    print("    float aligned;")
    print("} dew_point = {{")
    for i in range(0, len(data), 16):
        print("    " + " ".join(f"0x{byte:02x}," for byte in data[i:i + 16]))
    print("}};")


def main():
    torch.manual_seed(0)
    climates = make_climates(2000)
    model = nn.Sequential(nn.Linear(2, 8), nn.Tanh(), nn.Linear(8, 1))
    train(model, climates / SCALES, dew_point(climates) / SCALES[0])
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "dew_point.safetensors"
        with contextlib.redirect_stdout(sys.stderr):
            save(from_torch(model), path)
        print_header(path.read_bytes())

    fresh = make_climates(10000)
    error = 50 * model(fresh / SCALES) - dew_point(fresh)
    print(f"off by {error.abs().max():.3f} degrees at most", file=sys.stderr)
    climate = torch.tensor([[25.0, 60.0]])
    predicted = 50 * model(climate / SCALES).item()
    print(f"25 degrees, 60 % humidity: {predicted:.6f}", file=sys.stderr)


if __name__ == "__main__":
    main()
