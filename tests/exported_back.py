"""For exported.py: files back into modules of PyTorch, and the command on what torch.save wrote."""
import functools
import pathlib
import subprocess
import sys
import tempfile

import numpy as np
import torch
from torch import nn

import export
from exported_torch import Custom, rows_of, shaken

EXPORT = pathlib.Path(export.__file__)


def mlp(seed, bias=True, last=3):
    return shaken(nn.Sequential(nn.Linear(5, 4, bias=bias), nn.ReLU(), nn.Linear(4, 4, bias=bias), nn.ReLU(),
                                nn.Linear(4, last, bias=bias)), seed)


def predicted(module):
    """A case of its own: the module as it is now, exported."""
    rows = rows_of((5,))
    with torch.no_grad():
        return export.from_torch(module), rows.numpy(), module.eval()(rows).double().numpy()


def written(source, target, tensors=None, metadata=None):
    """The file of one module, or of these tensors, goes into another module."""
    with tempfile.TemporaryDirectory() as folder:
        path = f"{folder}/a.safetensors"
        if tensors is None:
            export.save(export.from_torch(source), path)
        else:
            arrays = {name: values.numpy() for name, values in tensors.items()}
            export.write_safetensors(arrays, path, metadata or {})
        export.into_torch(path, target)
    with torch.no_grad():
        difference = (source.eval()(rows_of((5,))) - target.eval()(rows_of((5,)))).abs().max()
    assert difference < 1e-6, f"{difference} apart"
    return predicted(target)


def reordered(seed):
    """Two layers of one size that are defined in another order than they run."""
    module = Custom(lambda self, x: self.a(torch.relu(self.b(x))), a=nn.Linear(5, 5), b=nn.Linear(5, 5))
    return shaken(module, seed)


def lab_tensors(source):
    return {f"W{i + 1}": part.weight.detach().T for i, part in
            enumerate(part for part in source if isinstance(part, nn.Linear))}


def refused(source, target, path):
    """Nothing of the target changes."""
    before = [values.clone() for values in target.state_dict().values()]
    with tempfile.TemporaryDirectory() as folder:
        name = f"{folder}/a.safetensors"
        export.save(export.from_torch(source), name)
        try:
            export.into_torch(name, target)
        finally:
            assert all(map(torch.equal, before, target.state_dict().values())), "the module has changed"


def refusals():
    def two(*sizes):
        return shaken(nn.Sequential(nn.Linear(5, sizes[0]), nn.ReLU(), nn.Linear(sizes[0], 3)))
    yield "other sizes", two(4), two(6), "5-4-3, relu identity, the module 5-6-3"
    yield "fewer layers", two(4), mlp(1), "it is 5-4-3, relu identity, the module 5-4-4-3, relu relu identity"
    yield "one unit", \
        shaken(nn.Sequential(nn.Linear(5, 1))), shaken(nn.Sequential(nn.Linear(5, 3))), "it is 5-1"
    yield "other activations", \
        two(4), nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.Linear(4, 3)), \
        "it is 5-4-3, relu identity, the module 5-4-3, tanh identity"
    yield "a bias too many", \
        two(4), nn.Sequential(nn.Linear(5, 4, bias=False), nn.ReLU(), nn.Linear(4, 3)), "has a bias"
    yield "BatchNorm", \
        two(4), nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.ReLU(), nn.Linear(4, 3)), \
        "BatchNorm"
    norm = nn.utils.parametrizations.weight_norm(nn.Linear(5, 4))
    yield "a parametrization", \
        two(4), nn.Sequential(norm, nn.ReLU(), nn.Linear(4, 3)), "parametrization"
    shared = nn.Linear(4, 4)
    twice = nn.Sequential(nn.Linear(5, 4), nn.ReLU(), shared, nn.ReLU(), shared)
    yield "a layer that is used twice", mlp(1, last=4), twice, "twice"


def pth(module, prefix="", around=None, *options):
    """torch.save, the command, and what C predicts."""
    state = {prefix + name: values for name, values in module.state_dict().items()}
    with tempfile.TemporaryDirectory() as folder:
        torch.save({around: state} if around else state, f"{folder}/model.pth")
        done = command(folder, "model.pth", *options)
        assert done.returncode == 0, done.stderr
        tensors, metadata = export.read_safetensors(f"{folder}/model.safetensors")
    layers = export.from_tensors(tensors, metadata["activations"], None, "")
    rows = rows_of((5,))
    with torch.no_grad():
        return layers, rows.numpy(), module.eval()(rows).double().numpy()


def pth_left_out(path):
    """What --layers does not name is named in turn."""
    module = shaken(Words(), 1)
    module.scale = nn.Parameter(torch.tensor(2.0))
    with tempfile.TemporaryDirectory() as folder:
        torch.save(module.state_dict(), f"{folder}/model.pth")
        done = command(folder, "model.pth", "--activations", "relu relu identity", "--layers", "input hidden output")
    assert done.returncode == 0, done.stderr
    raise export.ExportError(done.stdout)


def command(folder, source, *options):
    options = options or ("--activations", "relu relu identity")
    return subprocess.run([sys.executable, "-B", str(EXPORT), source, "model.safetensors", *options],
                          cwd=folder, capture_output=True, text=True)


def pth_refused(saved, path):
    with tempfile.TemporaryDirectory() as folder:
        torch.save(saved, f"{folder}/model.pth")
        done = command(folder, "model.pth")
        assert not pathlib.Path(f"{folder}/model.safetensors").exists(), "a file was written"
    assert done.returncode == 1 and "Traceback" not in done.stderr, done.stderr
    raise export.ExportError(done.stderr)


class Words(nn.Module):
    def __init__(self):
        super().__init__()
        self.input, self.hidden, self.output = nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 3)

    def forward(self, x):
        return self.output(torch.relu(self.hidden(torch.relu(self.input(x)))))


def cases():
    yield "into a module", functools.partial(written, mlp(1), mlp(2)), None
    yield "into a module without biases", \
        functools.partial(written, mlp(1, bias=False), mlp(2, bias=False)), None
    yield "into zero biases", functools.partial(written, mlp(1, bias=False), mlp(2)), None
    yield "in the order of running", functools.partial(written, reordered(1), reordered(2)), None
    source = mlp(1, bias=False)
    activations = {"activations": "relu relu identity"}
    yield "W1, W2, W3", \
        functools.partial(written, source, mlp(2, bias=False), lab_tensors(source), activations), None
    named = {"encoder.weight": "0.weight", "encoder.bias": "0.bias", "decoder.weight": "2.weight",
             "decoder.bias": "2.bias", "criterion.weight": "0.bias"}
    chain = shaken(nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 5)), 1)
    tensors = {name: chain.state_dict()[key] for name, key in named.items()}
    target = shaken(nn.Sequential(nn.Linear(5, 5), nn.ReLU(), nn.Linear(5, 5)), 2)
    says = {"activations": "relu identity", "layers": "encoder decoder"}
    yield "layers in the metadata", functools.partial(written, chain, target, tensors, says), None
    deep = [nn.Sequential(*[part for _ in range(11) for part in (nn.Linear(5, 5), nn.Tanh())])
            for _ in range(2)]
    yield "11 layers", functools.partial(written, shaken(deep[0], 1), shaken(deep[1], 2)), None
    yield "a compiled module", functools.partial(written, mlp(1), nn.DataParallel(mlp(2))), None
    lab, other = [nn.Sequential(nn.Linear(5, 4, bias=False), nn.Sigmoid(),
                                nn.Linear(4, 1, bias=False), nn.Sigmoid()) for _ in range(2)]
    yield "the lab's", functools.partial(written, lab, other, lab_tensors(lab)), None
    for name, *arguments, pattern in refusals():
        yield f"into a module: {name}", functools.partial(refused, *arguments), pattern
    yield "a state_dict", functools.partial(pth, mlp(1)), None
    order = ("--activations", "relu relu identity", "--layers", "input hidden output")
    for prefix in ("", "module.", "_orig_mod.", "module._orig_mod."): # DataParallel's, torch.compile's
        yield f"{prefix} before words", functools.partial(pth, Words(), prefix, None, *order), None
    yield "of Lightning", functools.partial(pth, mlp(1), "net.", "state_dict"), None
    yield "words in the only order that fits", functools.partial(pth, Words()), None
    square = {f"{name}.weight": torch.eye(5) for name in ("input", "hidden", "output")}
    yield "words in any order", functools.partial(pth_refused, square), "hidden, output fit in several orders"
    yield "a parameter that is left out", pth_left_out, "^model.pth: left out: scale. If"
    yield "a parameter that is no layer's", functools.partial(
        pth_refused, {**Words().state_dict(), "scale": torch.tensor(2.0)}), r"scale \[\] is no layer's.*--layers"
    yield "a whole module", functools.partial(pth_refused, mlp(1)), "call from_torch"
    yield "BatchNorm in it", functools.partial(
        pth_refused, nn.Sequential(nn.Linear(5, 4), nn.BatchNorm1d(4), nn.Linear(4, 3)).state_dict()), \
        r"1.weight \[4\] is no layer's weight"
    yield "a list", functools.partial(pth_refused, [torch.ones(2, 2)]), "no state_dict"
