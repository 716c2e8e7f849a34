"""For exported.py: files that the safetensors package wrote of modules of PyTorch, in half, bfloat16
and double, with layers named in the metadata. C and into_torch read them as they are."""
import functools
import pathlib
import tempfile

import torch
from safetensors.torch import load_file, save_file
from torch import nn

import export
from exported_torch import Custom, rows_of, shaken
from exported_verdicts import PEER
from pytorch_files import networks_in, save_again

DTYPES = {"half": torch.half, "bfloat16": torch.bfloat16, "double": torch.double}


def mlp(seed=0, bias=True):
    return shaken(nn.Sequential(nn.Linear(5, 6, bias=bias), nn.ReLU(), nn.Linear(6, 4, bias=bias), nn.Tanh(),
                                nn.Linear(4, 3, bias=bias)), seed)


def rounded(module, dtypes):
    """Its state_dict in these dtypes, one after the other; the module computes with the same numbers."""
    state = {}
    for i, (name, values) in enumerate(module.double().state_dict().items()):
        state[name] = values.to(dtypes[i % len(dtypes)]) if values.is_floating_point() else values
    module.load_state_dict(state)
    return state


def read_by_both(module, target, metadata, path, dtypes=(torch.float,)):
    """C reads the file, and saves the floats that PyTorch makes of its numbers. into_torch, too. The
    case is then what C predicts with the file, beside the module in double."""
    state = rounded(module, dtypes)
    save_file({name: values.contiguous() for name, values in state.items()}, path, metadata)
    again = path.with_name("again.safetensors")
    rows = rows_of((5,))
    save_again(PEER, path, again, rows.numpy())
    export.into_torch(str(path), target, rows)
    floats = {name: values.float() for name, values in state.items() if values.is_floating_point()}
    found = list(load_file(again).values())
    layers = export.run_torch(target, rows)[1]
    used = [values.detach() for layer in layers for values in layer if values is not None]
    assert len(found) == len(used) > 0
    for values in [*found, *used]:
        is_there = any(torch.equal(values, other) for other in with_transposed(floats))
        assert is_there, "numbers that are none of the file's"
    with torch.no_grad():
        expected = module.eval()(rows.double())
    if metadata["activations"].endswith("softmax"):
        expected = expected.softmax(1)
    return path, rows.numpy(), expected.numpy()


def with_transposed(floats):
    """Networks without biases are saved as inputs x outputs."""
    return [*floats.values(), *(values.T for values in floats.values() if values.dim() == 2)]


def autoencoder():
    return Custom(lambda self, x: self.decoder(torch.relu(self.encoder(x))),
                  encoder=nn.Linear(5, 3), decoder=nn.Linear(3, 5))


def shared():
    def forward(self, x):
        for layer in (self.first, self.middle, self.middle):
            x = torch.tanh(layer(x))
        return self.last(x)

    return Custom(forward, last=nn.Linear(4, 3), middle=nn.Linear(4, 4), first=nn.Linear(5, 4))


def two_heads():
    """A critic, a BatchNorm1d and a convolution stand in the file that the actor does not run through."""
    return Custom(lambda self, x: self.actor(torch.relu(self.body(x))), body=nn.Linear(5, 4),
                  critic=nn.Linear(4, 1), norm=nn.BatchNorm1d(4), conv=nn.Conv1d(2, 3, 2),
                  actor=nn.Linear(4, 3, bias=True))


def words():
    return Custom(lambda self, x: self.output(torch.relu(self.hidden(torch.relu(self.input(x))))),
                  output=nn.Linear(4, 3), hidden=nn.Linear(4, 4), input=nn.Linear(5, 4))


def numbered():
    """fc10 stands before fc2 in the alphabet; all are square."""
    parts = {f"fc{i}": nn.Linear(5, 5) for i in (10, 2, 1)}
    return Custom(lambda self, x: self.fc10(torch.tanh(self.fc2(torch.tanh(self.fc1(x))))), **parts)


FILES = {   # module, metadata
    "an autoencoder": (autoencoder, {"activations": "relu identity", "layers": "encoder decoder"}),
    "a shared layer": (shared, {"activations": "tanh tanh tanh identity", "layers": "first middle middle last"}),
    "another head": (two_heads, {"activations": "relu identity", "layers": "body actor"}),
    "words that fit in one order": (words, {"activations": "relu relu identity"}),
    "fc10 behind fc2": (numbered, {"activations": "tanh tanh identity"}),
    "a lone Linear": (lambda: nn.Linear(5, 3), {"activations": "identity"}),
    "a lone Linear, named": (lambda: nn.Linear(5, 3), {"activations": "identity", "layers": ""}),
}


class Read:
    """A case whose file is there while exported.py looks at it."""

    def __init__(self, module, target, metadata, dtypes):
        self.arguments, self.dtypes = (module, target, metadata), dtypes

    def __call__(self):
        self.folder = tempfile.TemporaryDirectory()
        return read_by_both(*self.arguments, pathlib.Path(self.folder.name) / "a.safetensors", self.dtypes)


def into_refused(module, metadata, change, path):
    """into_torch and C refuse the same file, and the module does not change."""
    state = change({name: values.contiguous() for name, values in module.state_dict().items()})
    target = shaken(module, 9)
    before = [values.clone() for values in target.state_dict().values()]
    with tempfile.TemporaryDirectory() as folder:
        file = f"{folder}/a.safetensors"
        save_file(state, file, metadata)
        [line] = networks_in(PEER, [file])
        assert line.startswith("no network: "), line
        try:
            export.into_torch(file, target, rows_of((5,)))
        finally:
            assert all(map(torch.equal, before, target.state_dict().values())), "the module has changed"


def without(*names):
    return lambda state: {name: values for name, values in state.items() if name not in names}


def refusals():
    """Name, module, metadata, a change of its state_dict, words."""
    relu = {"activations": "relu identity"}
    yield "encoder, decoder", autoencoder(), relu, without(), "encoder.* fit in several orders"
    yield "layers that are not there", \
        autoencoder(), {**relu, "layers": "encoder middle"}, without(), "no middle.weight"
    yield "layers in the wrong order", two_heads(), {**relu, "layers": "actor body"}, without(), "5 inputs behind 3"
    yield "too few activations", autoencoder(), {"activations": "relu", "layers": "encoder decoder"}, without(), \
        "1 activations for 2"
    yield "two spaces between layers", autoencoder(), {**relu, "layers": "encoder  decoder"}, without(), "no .weight"
    yield "two spaces between activations", \
        words(), {"activations": "relu relu  identity"}, without(), "4 activations for 3"
    yield "a critic that layers do not leave out", two_heads(), relu, without(), \
        "norm.num_batches_tracked .* is no layer's"
    yield "a BatchNorm as a layer", two_heads(), {**relu, "layers": "body norm"}, without(), r"norm.weight \[4\] is no"
    yield "a convolution as a layer", two_heads(), {**relu, "layers": "body conv"}, without(), "conv.weight .* is no"
    yield "some biases", words(), {"activations": "relu relu identity"}, without("hidden.bias"), "only some"
    yield "a bias alone", words(), {"activations": "relu relu identity"}, without("hidden.weight"), \
        "no hidden.weight"
    yield "integers", words(), {"activations": "relu relu identity"}, \
        lambda state: {**state, "hidden.weight": state["hidden.weight"].to(torch.int32)}, "hidden.weight is I32"
    yield "a bias of one number", words(), {"activations": "relu relu identity"}, \
        lambda state: {**state, "hidden.bias": state["hidden.bias"][:1].clone()}, r"bias of shape \(1,\)"


def cases():
    for name, dtype in DTYPES.items():
        yield name, Read(mlp(1), mlp(2), {"activations": "relu tanh identity"}, [dtype]), None
        yield f"{name}, no biases", \
            Read(mlp(1, False), mlp(2, False), {"activations": "relu tanh softmax"}, [dtype]), None
    mixed = [torch.half, torch.float, torch.bfloat16, torch.double]
    yield "mixed", Read(mlp(1), mlp(2), {"activations": "relu tanh identity"}, mixed), None
    for name, (make, metadata) in FILES.items():
        yield name, Read(shaken(make(), 1), shaken(make(), 2), metadata, [torch.float]), None
        yield f"{name}, mixed", Read(shaken(make(), 1), shaken(make(), 2), metadata, mixed), None
    for name, module, metadata, change, pattern in refusals():
        yield name, functools.partial(into_refused, module, metadata, change), pattern
