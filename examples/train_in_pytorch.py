#!/usr/bin/env python3
"""Trains an nn.Sequential in PyTorch and saves it for C.

    python3 examples/train_in_pytorch.py [FILE.safetensors]

Prints how examples/deploy.c is called with that file, and what it must answer. Needs torch, numpy,
and export.py beside it, which writes the file.
"""
import sys

import torch
from torch import nn

from export import from_torch, save


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
    save(from_torch(model), path, output="softmax")     # trained with CrossEntropyLoss: it ends in logits

    samples = torch.tensor([[0.125, 0.25], [-0.5, 0.375], [0.75, -0.875]])
    print("Of these rows")
    for row in samples.tolist():
        print(*row)
    print(f"./deploy {path} must print")
    for row in torch.softmax(model(samples), dim=1).tolist():
        print(*(f"{value:.6f}" for value in row))


if __name__ == "__main__":
    main()
