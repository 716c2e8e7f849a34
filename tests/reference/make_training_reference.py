#!/usr/bin/env python3
"""Writes what real PyTorch does, for tests/test_deploy.c and tests/test_fit.c: deploy_*.safetensors,
deploy.h and fit.h, in the folder or beside this script.

    apt-get install python3-torch
    python3 tests/reference/make_training_reference.py [FOLDER]
"""
import json
import pathlib
import struct
import sys

import torch

FOLDER = pathlib.Path(sys.argv[1]) if len(sys.argv) > 1 else pathlib.Path(__file__).parent

torch.set_num_threads(1)


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
    """What safetensors.torch.save_file writes."""
    header, data = {}, b""
    for name, tensor in tensors.items():
        values = struct.pack(f"<{tensor.numel()}f", *tensor.flatten().tolist())
        header[name] = {"dtype": "F32", "shape": list(tensor.shape),
                        "data_offsets": [len(data), len(data) + len(values)]}
        data += values
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + data)


def c_floats(tensor):
    values = [f"{value:.9g}" for value in tensor.flatten().tolist()]
    values = [value if set(value) & set(".e") else value + ".0" for value in values]
    lines = [", ".join(f"{value}f" for value in values[i:i + 6]) for i in range(0, len(values), 6)]
    return "{\n    " + ",\n    ".join(lines) + "}"


def head(guard):
    return (f"/* Made by make_training_reference.py with PyTorch {torch.__version__};\n"
            f"   do not edit. */\n"
            f"#ifndef {guard}\n#define {guard}\n\n")


def deploy_cases():
    """Networks trained for a while on numbers drawn at random, and what they predict."""
    text, table = head("DEPLOY_H"), []
    for sizes in ((3, 4, 1), (64, 24, 10), (5, 7, 6, 3, 2)):
        torch.manual_seed(sum(sizes))
        name = "_".join(map(str, sizes))
        network = Network(*sizes)
        train(network, torch.randn(40, sizes[0]), torch.rand(40, sizes[-1]), 50, 0.1)
        write_safetensors(network.state_dict(), FOLDER / f"deploy_{name}.safetensors")
        inputs = torch.randn(6, sizes[0])
        text += f"static const float deploy_{name}_inputs[] = {c_floats(inputs)};\n"
        text += f"static const float deploy_{name}_outputs[] = {c_floats(network(inputs))};\n\n"
        table.append(f'    {{"deploy_{name}.safetensors", {len(inputs)}, {sizes[0]}, {sizes[-1]}, '
                     f"deploy_{name}_inputs,\n     deploy_{name}_outputs}}")
    text += ("static const struct deploy_case {\n    const char *file;\n"
             "    size_t rows, inputs, outputs;\n"
             "    const float *X, *expected;\n} deploy_cases[] = {\n"
             + ",\n".join(table) + "};\n\n")
    (FOLDER / "deploy.h").write_text(text + "#endif\n")


def fit_case():
    """Mini-batches in the order of torch.randperm, drawn from the generator of the weights."""
    samples, inputs, hidden, outputs = 23, 5, 6, 3
    batch_size, epochs, learning_rate, seed = 8, 12, 0.5, 2026
    x = torch.tensor([[(7 * i + 5 * j) % 16 / 16 for j in range(inputs)] for i in range(samples)])
    y = torch.tensor([[(3 * i + 11 * j) % 8 / 8 for j in range(outputs)] for i in range(samples)])
    torch.manual_seed(seed)
    network, losses = Network(inputs, hidden, outputs), []
    for _ in range(epochs):
        total = 0
        for batch in torch.randperm(samples).split(batch_size):
            total += ((network(x[batch]) - y[batch]) ** 2).mean().item() * len(batch)
            train(network, x[batch], y[batch], 1, learning_rate)
        losses.append(total / samples)
    text = head("FIT_H")
    text += "/* x[i][j] is (7 i + 5 j) % 16 / 16, y[i][j] is (3 i + 11 j) % 8 / 8 */\n"
    text += (f"enum {{ FIT_SAMPLES = {samples}, FIT_INPUTS = {inputs}, FIT_HIDDEN = {hidden}, "
             f"FIT_OUTPUTS = {outputs},\n       FIT_BATCH_SIZE = {batch_size}, "
             f"FIT_EPOCHS = {epochs}, FIT_SEED = {seed} }};\n")
    text += f"static const float fit_learning_rate = {learning_rate}f;\n"
    text += f"static const float fit_losses[] = {c_floats(torch.tensor(losses))};\n"
    text += f"static const float fit_W1[] = {c_floats(network.W1)};\n"
    text += f"static const float fit_W2[] = {c_floats(network.W2)};\n\n"
    (FOLDER / "fit.h").write_text(text + "#endif\n")


if __name__ == "__main__":
    deploy_cases()
    fit_case()
