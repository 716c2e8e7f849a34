#!/usr/bin/env python3
"""Opens what ffnn.h saves with the real safetensors package, and loads it into PyTorch.

    pip install torch safetensors numpy
    make test && python3 tests/check_saved.py [build/tests/test_mlp_files]

test_mlp_files --save writes networks of 1 to 16 layers, with biases and without, and what they
predict. Here load_file must open each, safe_open say its activations, load_state_dict(strict=True)
take it into an nn.Sequential of Linear layers and their activations, and that must predict the
same. What save_file makes of its tensors again must be the same tensors. And what
examples/train_in_pytorch.py writes without the safetensors package must be what it writes with it,
but for the order of the tensors. The last line is "N passed, M failed"; without the packages it
says so, and nothing has failed.
"""
import json
import pathlib
import subprocess
import sys
import tempfile

try:
    import torch
    from safetensors import safe_open
    from safetensors.torch import load_file, save_file
except ImportError as error:
    print(f"check_saved.py: skipped: {error}")
    print("0 passed, 0 failed")
    sys.exit(0)

ACTIVATIONS = {"sigmoid": torch.nn.Sigmoid, "tanh": torch.nn.Tanh, "relu": torch.nn.ReLU,
               "leaky_relu": torch.nn.LeakyReLU, "elu": torch.nn.ELU, "silu": torch.nn.SiLU,
               "gelu": torch.nn.GELU, "identity": torch.nn.Identity,
               "softmax": lambda: torch.nn.Softmax(1)}


def read_description(path):
    """Sizes, activations, whether there are biases, inputs, outputs."""
    lines = path.read_text().splitlines()
    sizes = [int(word) for word in lines[0].split()]
    rows = [[float(word) for word in line.split()] for line in lines[3:]]
    half = len(rows) // 2
    return (sizes, lines[1].split(), lines[2] == "1", torch.tensor(rows[:half]),
            torch.tensor(rows[half:]))


def sequential(sizes, activations, biases):
    modules = []
    for shape, name in zip(zip(sizes, sizes[1:]), activations):
        modules += [torch.nn.Linear(*shape, bias=biases), ACTIVATIONS[name]()]
    return torch.nn.Sequential(*modules)


def state_dict(tensors, biases):
    """As an nn.Sequential names them: without biases they are W1, W2, ..., inputs x outputs."""
    if biases:
        return tensors
    return {f"{2 * (int(name[1:]) - 1)}.weight": tensor.T for name, tensor in tensors.items()}


def check(path, folder):
    sizes, activations, biases, X, expected = read_description(path.with_suffix(".txt"))
    tensors = load_file(path)
    with safe_open(path, framework="pt") as file:
        said = (file.metadata() or {}).get("activations")
    is_lab = not biases and set(activations) == {"sigmoid"}
    assert said == (None if is_lab else " ".join(activations)), f"says {said}"
    model = sequential(sizes, activations, biases)
    model.load_state_dict(state_dict(tensors, biases), strict=True)
    with torch.no_grad():
        difference = (model(X) - expected).abs().max().item()
    assert difference <= 2e-6 * max(1, expected.abs().max().item()), f"predicts {difference} apart"
    again = folder / "again.safetensors"
    save_file(tensors, again)
    assert {name: tensor.tolist() for name, tensor in load_file(again).items()} == \
        {name: tensor.tolist() for name, tensor in tensors.items()}, "not the same tensors again"


def read_tensors(path):
    """The size of a file, its metadata, and each tensor's dtype, shape and bytes."""
    file = path.read_bytes()
    end = 8 + int.from_bytes(file[:8], "little")
    header = json.loads(file[8:end])
    metadata = header.pop("__metadata__")
    return len(file), metadata, {
        name: (entry["dtype"], entry["shape"],
               file[end + entry["data_offsets"][0]:end + entry["data_offsets"][1]])
        for name, entry in header.items()}


def check_example(folder):
    sys.dont_write_bytecode = True
    sys.path.insert(0, str(pathlib.Path(__file__).parent.parent / "examples"))
    import train_in_pytorch as example
    model = sequential((5, 7, 6, 3), ("gelu", "leaky_relu", "identity"), True)
    example.save(model, folder / "with.safetensors", output="softmax")
    said = {"activations": "gelu leaky_relu softmax"}
    example.write_safetensors(model.state_dict(), folder / "without.safetensors", said)
    expected = read_tensors(folder / "with.safetensors")
    got = read_tensors(folder / "without.safetensors")
    assert got == expected, "with and without the package: not the same tensors"
    assert expected[1] == said, f"says {expected[1]}"


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/tests/test_mlp_files"
    passed = failed = 0
    with tempfile.TemporaryDirectory() as name:
        folder = pathlib.Path(name)
        subprocess.run([program, "--save", name], check=True)
        files = sorted(folder.glob("[0-9]*.safetensors"), key=lambda path: int(path.stem))
        checks = [(path.name, lambda path=path: check(path, folder)) for path in files]
        checks.append(("train_in_pytorch.py", lambda: check_example(folder)))
        for what, function in checks:
            try:
                function()
                passed += 1
            except Exception as error: # whatever it is, the next check is made, too
                failed += 1
                print(f"{what}: {type(error).__name__}: {error}")
    print(f"with PyTorch {torch.__version__}")
    print(f"{passed} passed, {failed} failed")
    return 1 if failed or not passed else 0


if __name__ == "__main__":
    sys.exit(main())
