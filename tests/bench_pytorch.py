#!/usr/bin/env python3
"""The work of the benchmark on PyTorch, one thread. bench.c writes commands to this script's
standard input, "name arguments number" a line, and reads the nanoseconds of processor time that
each took.

    take N      load the file of arrays (argv[1]): rate, then N times rows, cols and the floats
    train N     N epochs of the lab's forward and hand-written backward
    predict N   N times forward
    module ACTIVATIONS LOSS OPTIMIZER 1     makes an nn.Sequential of Linear layers and activations
                of the arrays: X, y, then weight and bias of each layer
    steps N     N times forward, backward and step of the module
    results 1   writes what the last command computed to the file
    sigmoid N, div N, add N, matmul N     of the first array; of the first two
    randn N     as many normal numbers as the first array has, seeded with 1
"""
import struct
import sys
import time

import torch


class Work:
    def __init__(self, path):
        self.path = path
        self.computed = ()

    def take(self, count):
        with open(self.path, "rb") as file:
            self.rate, = struct.unpack("f", file.read(4))
            self.arrays = []
            for _ in range(count):
                rows, cols = struct.unpack("QQ", file.read(16))
                data = bytearray(file.read(4 * rows * cols))
                self.arrays.append(torch.frombuffer(data, dtype=torch.float32).view(rows, cols))
        if count == 4:
            self.X, self.y, self.W1, self.W2 = self.arrays

    def forward(self):
        self.z2 = torch.sigmoid(self.X @ self.W1)
        self.output = torch.sigmoid(self.z2 @ self.W2)

    def backward(self):
        out_delta = (self.y - self.output) * (self.output * (1 - self.output))
        z2_delta = (out_delta @ self.W2.t()) * (self.z2 * (1 - self.z2))
        self.W1 += (self.X.t() @ z2_delta) * self.rate
        self.W2 += (self.z2.t() @ out_delta) * self.rate

    def train(self, count):
        for _ in range(count):
            self.forward()
            self.backward()
        self.computed = self.W1, self.W2, self.output

    def predict(self, count):
        for _ in range(count):
            self.forward()
        self.computed = self.W1, self.W2, self.output

    # In PyTorch's favour: no calls of nn.Identity, classes in place of rows of probabilities, and
    # gradients that are dropped, not zeroed.
    def module(self, activations, loss, optimizer, _):
        self.X, self.y = self.arrays[:2]
        layers = []
        for i, activation in enumerate(activations.split(",")):
            weight, bias = self.arrays[2 * i + 2:2 * i + 4]
            layers.append(torch.nn.Linear(*weight.shape))
            layers[-1].weight.copy_(weight.t())
            layers[-1].bias.copy_(bias.view(-1))
            if activation != "Identity":
                layers.append(getattr(torch.nn, activation)())
        self.net = torch.nn.Sequential(*layers)
        self.loss = getattr(torch.nn, loss)()
        self.optimizer = getattr(torch.optim, optimizer)(self.net.parameters(), lr=self.rate)
        if loss == "CrossEntropyLoss":
            self.y = self.y.argmax(1)

    def steps(self, count):
        with torch.enable_grad():
            for _ in range(count):
                self.optimizer.zero_grad(set_to_none=True)
                self.loss(self.net(self.X), self.y).backward()
                self.optimizer.step()
        self.computed = [p.detach().t() for p in self.net.parameters()]

    def sigmoid(self, count):
        for _ in range(count):
            self.computed = torch.sigmoid(self.arrays[0]),

    def randn(self, count):
        for _ in range(count):
            torch.manual_seed(1)
            self.computed = torch.randn(self.arrays[0].shape),

    def div(self, count):
        for _ in range(count):
            self.computed = torch.div(self.arrays[0], self.arrays[1]),

    def add(self, count):
        for _ in range(count):
            self.computed = torch.add(self.arrays[0], self.arrays[1]),

    def matmul(self, count):
        for _ in range(count):
            self.computed = torch.matmul(self.arrays[0], self.arrays[1]),

    def results(self, _):
        with open(self.path, "wb") as file:
            for t in self.computed:
                file.write(t.contiguous().numpy().tobytes())


def main():
    torch.set_num_threads(1)
    torch.set_grad_enabled(False)
    work = Work(sys.argv[1])
    for line in sys.stdin:
        command, *arguments, count = line.split()
        start = time.process_time_ns()
        getattr(work, command)(*arguments, int(count))
        print(time.process_time_ns() - start, flush=True)


if __name__ == "__main__":
    main()
