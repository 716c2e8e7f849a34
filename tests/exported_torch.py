"""For exported.py: modules of PyTorch. What a script with hooks gets wrong is among them."""
import copy
import functools
import warnings

import torch
import torch.nn.functional as F
from torch import nn

import export

warnings.simplefilter("ignore")     # torch.jit is deprecated, and much else here


@torch.jit.script
def double_in_place(x: torch.Tensor) -> int:
    x.mul_(2)
    return 1


@torch.jit.script
def mean_of(x: torch.Tensor):
    return x.mean()


# Layers that can stand behind any of 4 inputs.
ACTIVATIONS = [
    nn.Sigmoid(), nn.Tanh(), nn.ReLU(), nn.LeakyReLU(), nn.LeakyReLU(0.2), nn.LeakyReLU(1e-5),
    nn.LeakyReLU(-0.5), nn.LeakyReLU(0), nn.ELU(), nn.ELU(0.5), nn.CELU(), nn.SELU(), nn.GELU(),
    nn.GELU("tanh"), nn.SiLU(), nn.Mish(), nn.Softplus(), nn.Hardtanh(), nn.Hardtanh(0, 6), nn.ReLU6(),
    nn.Hardswish(), nn.Softmax(1), nn.Softmax(-1), nn.PReLU(), nn.Identity(),
    nn.Hardtanh(0, float("inf")),
]
FUNCTIONS = {
    "F.relu in place": lambda x: F.relu(x, inplace=True),
    "x.relu_()": lambda x: x.relu_(),
    "torch.relu": torch.relu,
    "clamp_": lambda x: x.clamp_(min=0),
    "clamp(0, 6)": lambda x: x.clamp(0, 6),
    "torch.clamp": lambda x: torch.clamp(x, min=-1, max=1),
    "F.leaky_relu by position": lambda x: F.leaky_relu(x, 0.3),
    "F.leaky_relu_": lambda x: F.leaky_relu_(x, 0.3),
    "F.elu": lambda x: F.elu(x, 0.7, True),
    "F.gelu": lambda x: F.gelu(x, approximate="tanh"),
    "F.relu6": F.relu6,
    "F.hardtanh": F.hardtanh,
    "F.softplus": F.softplus,
    "x.softmax": lambda x: x.softmax(-1),
    "F.softmax": lambda x: F.softmax(x, dim=1),
    "torch.sigmoid_": torch.sigmoid_,
    "F.sigmoid": F.sigmoid,
    "x.sigmoid": lambda x: x.sigmoid(),
    "F.dropout": lambda x: F.dropout(x, 0.5, training=False),
    "x * 2": lambda x: x * 2,
    "2 * x + 1": lambda x: 2 * x + 1,
    "(x - 3) / 2": lambda x: (x - 3) / 2,
    "x.mul_(2)": lambda x: x.mul_(2),
    "x.add_(vector)": lambda x: x.add_(torch.arange(4.0)),
    "vector + x": lambda x: torch.arange(4.0) + x,
    "vector * x": lambda x: torch.arange(1.0, 5.0) * x,
    "sub, alpha": lambda x: torch.sub(x, torch.arange(4.0), alpha=2),
    "x @ W": lambda x: x @ torch.arange(12.0).reshape(4, 3).sin(),
    "x.mm(W)": lambda x: x.mm(torch.arange(12.0).reshape(4, 3).sin()),
    "shapes are read": lambda x: x.view(x.shape[0], -1) if len(x) and x.dim() == 2 else x,
    "float, contiguous, detach": lambda x: x.float().contiguous().detach(),
    "two activations": lambda x: torch.tanh(torch.relu(x)),
}
REFUSED = {     # what stands behind a Linear, and words of the message
    nn.LogSoftmax(1): 'log_softmax.*output="softmax"',
    nn.LayerNorm(4): r"1 \(LayerNorm\(.*\)\): ffnn.h has no LayerNorm",
    nn.PReLU(4, 0.3): "prelu.*one slope",
    nn.Softplus(2): r"1 \(Softplus\(beta=2.*no softplus",
    nn.Softplus(1, 10): "softplus",
    nn.CELU(0.5): "celu",
    nn.Hardtanh(-2, 2): "Hardtanh.*-2.*no hardtanh",
    nn.Threshold(0, 0): "threshold", nn.RReLU(): "rrelu",
    nn.Softmax(0): "softmax.*dim=1",
    nn.Softsign(): "softsign", nn.Hardsigmoid(): "hardsigmoid", nn.LogSigmoid(): "log_sigmoid",
    nn.Tanhshrink(): "tanhshrink", nn.GLU(): "glu", nn.Softmin(1): "softmin", nn.Hardshrink(): "shrink",
    nn.BatchNorm1d(4, track_running_stats=False): "batch_norm.*track_running_stats",
    nn.GroupNorm(2, 4): "no GroupNorm", nn.RMSNorm(4): "no RMSNorm", nn.Unflatten(1, (2, 2)): "unflatten",
    nn.GRU(4, 4): "no GRU", nn.Flatten(0): "flatten makes",
}
NEVER = [       # refused at once, and no example is asked for; how the message begins
    (nn.LSTM(8, 4), "LSTM"), (nn.GRUCell(8, 4), "GRUCell"), (nn.RNN(8, 4), "RNN"), (nn.Conv1d(2, 3, 2), "Conv1d"),
    (nn.ConvTranspose2d(2, 3, 2), "ConvTranspose2d"), (nn.Embedding(5, 4), "Embedding"),
    (nn.EmbeddingBag(5, 4), "EmbeddingBag"), (nn.Bilinear(2, 3, 4), "Bilinear"), (nn.LayerNorm(4), "LayerNorm"),
    (nn.InstanceNorm1d(4), "InstanceNorm1d"), (nn.MaxPool2d(2), "MaxPool2d"), (nn.AvgPool1d(2), "AvgPool1d"),
    (nn.AdaptiveAvgPool1d(2), "AdaptiveAvgPool1d"), (nn.MultiheadAttention(4, 2), "MultiheadAttention"),
    (nn.TransformerDecoderLayer(4, 2, 8), "TransformerDecoderLayer"), (nn.Upsample(4), "Upsample"),
]
REFUSED_FUNCTIONS = {
    "dropout that stays on": (lambda x: F.dropout(x, 0.5), "dropout.*training=self.training"),
    "a factor from the data": (lambda x: x * mean_of(x), "something else"),
    "1 - x": (lambda x: 1 - x, "rsub"),
    "normalized by the batch": (
        lambda x: F.batch_norm(x, torch.zeros(4), torch.ones(4), training=True),
        "no batch_norm.*by the batch"),
    "vector - x": (lambda x: torch.ones(4) - x, "no sub like this"),
    "changed where nobody sees it": (lambda x: (double_in_place(x), x)[1], "something else"),
    "x * x": (lambda x: x * x, "mul"),
    "x + x": (lambda x: x + x, "add"),
    "x ** 2": (lambda x: x ** 2, "pow"),
    "x / a, rounded": (lambda x: torch.div(x, 2, rounding_mode="floor"), "div"),
    "x.T": (lambda x: x.T.T, r"no \.T"),
    "x.data": (lambda x: x.data, r"no \.data"),
    "x.data changed": (lambda x: (x.data.mul_(2), x)[1], r"no \.data"),
    "numpy": (lambda x: (x.numpy().sort(), x)[1], "numpy"),
    "columns": (lambda x: x[:, :2], "getitem"),
    "a column set": (lambda x: (x.__setitem__((0, 0), 0.0), x)[1], "setitem"),
    "rows flipped": (lambda x: x.flip(0), "flip"),
    "half": (lambda x: x.to(torch.half).float(), "something else"),
    "integers": (lambda x: x.to(torch.int32).float(), "to makes torch.int32"),
    "int": (lambda x: x.int().float(), "no int "),
    "branch on the data": (lambda x: x if x.sum() > 0 else -x, "no sum"),
    "branch on an item": (lambda x: x if x[0, 0].item() > 0 else -x, "getitem"),
    "any": (lambda x: x if torch.any(x > 5) else x, "gt"),
    "where": (lambda x: torch.where(x > 0, x, 0 * x), "gt"),
    "cat": (lambda x: torch.cat([x, x], 1), "cat"),
    "layer_norm": (lambda x: F.layer_norm(x, (4,)), "no layer_norm"),
    "normalize": (F.normalize, "normalize"),
    "mean over the batch": (lambda x: x - x.mean(0), "mean"),
    "a factor a row": (lambda x: x * torch.ones(len(x), 1), "scales"),
    "a factor that is random": (lambda x: x * torch.rand(4), "something else"),
    "a numpy constant from the data": (lambda x: x + x.detach().numpy().mean(), "numpy|uses"),
    "three dimensions": (lambda x: x.unsqueeze(1) @ torch.ones(4, 4), "no matmul"),
    "out=": (lambda x: torch.add(x, 1, out=torch.empty(0)), "no add"),
    "a tuple": (lambda x: (x, x), "returns a tuple"),
    "something else": (lambda x: torch.ones(len(x), 4), "returns a Tensor"),
    "an older tensor": (lambda x: (torch.relu(x), x)[1], "returns a Tensor"),
}


class Custom(nn.Module):
    """A module of these parts with this forward function."""

    def __init__(self, forward, **parts):
        super().__init__()
        for name, part in parts.items():
            setattr(self, name, part)
        self.function = forward

    def forward(self, x):
        return self.function(self, x)


class Residual(nn.Sequential):
    def forward(self, x):
        return x + super().forward(x)


class Scaled(nn.Linear):
    def forward(self, x):
        return 2 * super().forward(x)


class Masked(nn.Linear):
    def forward(self, x):
        return F.linear(x, self.weight * (self.weight > 0), self.bias)


class Linearized(nn.Conv1d):
    """What a class of one's own computes is seen when it runs."""

    def forward(self, x):
        return F.linear(x, self.weight.flatten(1), self.bias)


class Recurrent(nn.LSTM):
    pass


class NegativeReLU(nn.ReLU):
    def forward(self, x):
        return -F.relu(-x)


class Same(torch.autograd.Function):
    @staticmethod
    def forward(ctx, x):
        return torch.tanh(x)


def shaken(module, seed=0):
    """Weights, biases and running statistics that are no defaults."""
    generator = torch.Generator().manual_seed(seed)
    for name, values in [*module.named_parameters(), *module.named_buffers()]:
        if values.is_floating_point() and "mask" not in name:
            noise = torch.rand(values.shape, generator=generator).to(values.dtype)
            values.data = (noise + 0.5 if "var" in name else 1.6 * noise - 0.8)
    return module


def mlp(*between, last=3, bias=True):
    return nn.Sequential(nn.Linear(5, 4, bias=bias), *between, nn.Linear(4, last))


def behind(function):
    """Linear, function, and a Linear for whatever width that has."""
    first, wide = nn.Linear(5, 4), function(torch.ones(67, 4))
    width = wide.shape[1] if hasattr(wide, "shape") and wide.dim() == 2 else 4
    return Custom(lambda self, x: self.last(function(self.first(x))), first=first, last=nn.Linear(width, 3))


def skip(change):
    return Custom(lambda self, x: change(self, self.first(x)),
                  first=nn.Linear(5, 4), second=nn.Linear(4, 4))


def rows_of(shape, dtype=torch.float32, count=20):
    return torch.randn(count, *shape, generator=torch.Generator().manual_seed(3)).to(dtype)


def exported(module, example=None, shape=(5,), dtype=torch.float32):
    """Exports it, and sees that nothing of it has changed."""
    module.train()
    for part in list(module.modules())[1::2]:
        part.training = False
    state = {name: values.clone() for name, values in module.state_dict().items()}
    flags = [part.training for part in module.modules()]
    random_state, hooks, parameters = torch.get_rng_state(), count_hooks(module), objects(module)
    layers = export.from_torch(module, example)
    assert [part.training for part in module.modules()] == flags, "training flags"
    assert count_hooks(module) == hooks, "hooks are left"
    assert torch.equal(torch.get_rng_state(), random_state), "random numbers were drawn"
    assert objects(module) == parameters, "the parameters are other tensors"
    after = module.state_dict()
    assert list(state) == list(after), "other names"
    assert all(torch.equal(state[name], after[name]) for name in state), "the weights are others"
    module.eval()
    rows = rows_of(shape, dtype)
    double = rows.float().reshape(len(rows), -1)
    with torch.no_grad():
        expected = module.float()(rows.float().clone())
    return layers, double.numpy(), expected.double().numpy()


def objects(module):
    return [(id(values), values.dtype) for values in [*module.parameters(), *module.buffers()]]


def count_hooks(module):
    return [len(part._forward_hooks) + len(part._forward_pre_hooks) for part in module.modules()]


def refused(module, example, path):
    flags, hooks = [part.training for part in module.modules()], count_hooks(module)
    try:
        export.save(export.from_torch(module, example), path)
    finally:
        assert [part.training for part in module.modules()] == flags, "training flags"
        assert count_hooks(module) == hooks, "hooks are left"


def modules():
    """Name, module, and for some an example and the shape of a sample."""
    relu = nn.ReLU()
    shared = nn.Linear(4, 4)
    yield "Linear", nn.Linear(5, 3)
    yield "no biases", \
        nn.Sequential(nn.Linear(5, 4, bias=False), nn.Sigmoid(), nn.Linear(4, 3, bias=False))
    yield "some biases", mlp(nn.ReLU(), bias=False)
    yield "16 layers", \
        nn.Sequential(nn.Linear(5, 4), *(nn.Linear(4, 4) for _ in range(14)), nn.Linear(4, 2))
    yield "no activation between", mlp()
    yield "nested", \
        nn.Sequential(nn.Sequential(nn.Linear(5, 4), nn.ReLU()), nn.Sequential(nn.Linear(4, 3)))
    yield "an activation used twice", \
        nn.Sequential(nn.Linear(5, 4), relu, nn.Linear(4, 4), relu, nn.Linear(4, 2))
    yield "a Linear used twice", nn.Sequential(nn.Linear(5, 4), shared, nn.Tanh(), shared)
    yield "defined in another order than run", Custom(
        lambda self, x: self.a(torch.relu(self.b(x))), a=nn.Linear(5, 5), b=nn.Linear(5, 5))
    yield "a head that never runs", Custom(
        lambda self, x: self.actor(torch.tanh(self.base(x))), base=nn.Linear(5, 4), critic=nn.Linear(4, 1),
        actor=nn.Linear(4, 2))
    yield "ModuleList", Custom(
        lambda self, x: functools.reduce(lambda y, layer: torch.tanh(layer(y)), self.layers, x),
        layers=nn.ModuleList([nn.Linear(5, 4), nn.Linear(4, 4), nn.Linear(4, 3)]))
    yield "Dropout", mlp(nn.ReLU(), nn.Dropout(0.5), nn.AlphaDropout(0.2))
    yield "F.dropout with training=", Custom(
        lambda self, x: self.b(F.dropout(torch.relu(self.a(x)), 0.5, self.training)),
        a=nn.Linear(5, 4), b=nn.Linear(4, 3))
    yield "BatchNorm1d", mlp(nn.BatchNorm1d(4), nn.ReLU())
    yield "BatchNorm1d, no bias before", mlp(nn.BatchNorm1d(4), nn.ReLU(), bias=False)
    yield "BatchNorm1d behind", mlp(nn.ReLU(), nn.BatchNorm1d(4))
    yield "BatchNorm1d twice", mlp(nn.ReLU(), nn.BatchNorm1d(4), nn.BatchNorm1d(4, eps=0.1))
    yield "BatchNorm1d first", nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 3))
    yield "BatchNorm1d first, two Linears", \
        nn.Sequential(nn.BatchNorm1d(5), nn.Linear(5, 4), nn.ReLU(), nn.Linear(4, 3))
    yield "BatchNorm1d last", nn.Sequential(nn.Linear(5, 4), nn.Tanh(), nn.BatchNorm1d(4))
    yield "BatchNorm1d, not affine", mlp(nn.BatchNorm1d(4, affine=False), nn.ReLU())
    yield "BatchNorm1d and Dropout", mlp(nn.BatchNorm1d(4), nn.ReLU(), nn.Dropout(0.5))
    yield "Flatten", nn.Sequential(nn.Flatten(), nn.Linear(6, 3)), torch.ones(1, 1, 2, 3), (1, 2, 3)
    yield "view", \
        Custom(lambda self, x: self.a(x.view(-1, 6)), a=nn.Linear(6, 3)), torch.ones(2, 2, 3), (2, 3)
    yield "Flatten of rows", nn.Sequential(nn.Flatten(), nn.Linear(5, 3))
    yield "scaled images", Custom(lambda self, x: self.a((x / 255).flatten(1)), a=nn.Linear(6, 3)), \
        torch.ones(1, 2, 3), (2, 3)
    yield "squeeze", Custom(lambda self, x: torch.sigmoid(self.a(x).squeeze(-1)), a=nn.Linear(5, 1))
    yield "squeeze()", Custom(lambda self, x: self.a(x).squeeze(), a=nn.Linear(5, 1)), torch.ones(5)
    yield "normalized by buffers", Custom(
        lambda self, x: self.a((x - self.bn.running_mean) / self.bn.running_var),
        bn=nn.BatchNorm1d(5), a=nn.Linear(5, 3))
    yield "a subclass of Linear that scales", nn.Sequential(Scaled(5, 4), nn.ReLU(), Scaled(4, 2))
    yield "a subclass of Linear that masks", nn.Sequential(Masked(5, 4), nn.ReLU(), Masked(4, 2))
    yield "a subclass of Conv1d that is linear", mlp(Linearized(2, 4, 2))
    yield "a convolution that never runs", \
        Custom(lambda self, x: self.a(x), conv=nn.Conv1d(2, 3, 2), a=nn.Linear(5, 3))
    yield "autograd.Function", mlp(Custom(lambda self, x: Same.apply(x)))
    yield "DataParallel", nn.DataParallel(mlp(nn.ReLU()))
    yield "DataParallel inside", \
        nn.Sequential(nn.DataParallel(nn.Linear(5, 4)), nn.ReLU(), nn.Linear(4, 3))
    yield "torch.compile", torch.compile(mlp(nn.ReLU()))
    yield "torch.compile inside", \
        nn.Sequential(torch.compile(nn.Linear(5, 4)), nn.ReLU(), nn.Linear(4, 3))
    yield "a forward hook of the user", \
        with_hook(mlp(nn.ReLU()), lambda module, args, output: output * 2)
    yield "weight_norm", mlp(nn.ReLU(), nn.utils.parametrizations.weight_norm(nn.Linear(4, 4)))
    yield "spectral_norm", mlp(nn.ReLU(), nn.utils.parametrizations.spectral_norm(nn.Linear(4, 4)))
    yield "orthogonal", mlp(nn.ReLU(), nn.utils.parametrizations.orthogonal(nn.Linear(4, 4)))
    yield "the old weight_norm", mlp(nn.ReLU(), nn.utils.weight_norm(nn.Linear(4, 4)))
    yield "the old spectral_norm", mlp(nn.ReLU(), nn.utils.spectral_norm(nn.Linear(4, 4)))
    yield "pruned", mlp(nn.ReLU(), pruned(nn.Linear(4, 4)))
    lazy = nn.Sequential(nn.LazyLinear(4), nn.ReLU(), nn.LazyLinear(3))
    lazy(torch.ones(1, 5))
    yield "LazyLinear that has run", lazy
    yield "large sums", nn.Sequential(nn.Linear(5, 4), nn.ReLU(), scaled_up(nn.Linear(4, 3)))
    yield "float64", mlp(nn.ReLU()).double()
    yield "its input changed, float64", \
        Custom(lambda self, x: self.a(x.mul_(2)), a=nn.Linear(5, 3)).double()
    yield "its input changed, float32 only", \
        Custom(lambda self, x: self.a(x.mul_(2).float()), a=nn.Linear(5, 3))
    tied = Custom(lambda self, x: F.linear(torch.tanh(self.a(x)), self.a.weight.t()), a=nn.Linear(5, 4))
    yield "tied weights", tied


def scaled_up(linear):
    with torch.no_grad():
        linear.weight.mul_(1000)
    return linear


def pruned(linear):
    import torch.nn.utils.prune
    return torch.nn.utils.prune.l1_unstructured(linear, "weight", amount=0.5)


def with_hook(module, hook):
    module[0].register_forward_hook(hook)
    return module


def refused_modules():
    """Name, module, words, and for some an example."""
    add = "skip connections"
    yield "x + f(x)", skip(lambda self, x: x + self.second(x)), add
    yield "x.add_(f(x))", skip(lambda self, x: x.add_(self.second(x))), add
    yield "f(x).add_(x)", skip(lambda self, x: self.second(x).add_(x)), add
    yield "x += f(x)", skip(lambda self, x: x.__iadd__(self.second(x))), add
    yield "relu(f(x)) + x", skip(lambda self, x: torch.relu(self.second(x)) + x), add
    yield "add_ in place of an activation's result", \
        skip(lambda self, x: self.second(torch.relu(x)).add_(x)), add
    yield "torch.add, out=", \
        skip(lambda self, x: torch.add(self.second(x), x, out=torch.empty(0))), add
    yield "cat with the input", skip(lambda self, x: torch.cat([x, self.second(x)], 1)), add
    yield "two branches", skip(lambda self, x: self.second(x) * torch.sigmoid(x)), add
    yield "a branch that is left", skip(lambda self, x: (self.second(x), torch.relu(x))[1]), add
    yield "a subclass of Sequential", nn.Sequential(nn.Linear(5, 4), Residual(nn.Linear(4, 4))), add
    yield "a subclass of ReLU", mlp(NegativeReLU()), "neg"
    yield "two outputs", skip(lambda self, x: (x, self.second(x))), "tuple"
    yield "a dict", skip(lambda self, x: {"logits": x}), "dict"
    yield "a LazyLinear that never ran", nn.Sequential(nn.LazyLinear(4), nn.ReLU()), "Lazy"
    yield "no Linear", nn.Sequential(nn.BatchNorm1d(4)), "no Linear layer"
    yield "nothing", nn.Sequential(), "no Linear layer"
    yield "activations", nn.Sequential(nn.Flatten(), nn.Tanh()), "no Linear layer"
    yield "inputs of unknown size", Custom(
        lambda self, x: x @ self.weights[0], weights=nn.ParameterList([torch.ones(5, 3)])), "Pass example="
    yield "a convolution of one's own", \
        Custom(lambda self, x: self.a(x), a=nn.Conv1d(2, 3, 2)), "no conv1d", torch.ones(1, 2, 5)
    for part, kind in NEVER:
        yield f"a lone {part}", part, rf"^module \({kind}.*: ffnn.h has no "
        inner = nn.Sequential(nn.Linear(5, 4), nn.Sequential(part))
        yield f"{part} inside", inner, rf"^1\.0 \({kind}.*: ffnn.h has no "
    yield "a subclass of LSTM", nn.Sequential(Recurrent(8, 4)), r"0 \(Recurrent\(8, 4\)\): .* no LSTM"
    yield "a LazyConv1d that never ran", nn.LazyConv1d(3, 2), "no Conv1d"
    yield "an activation first", \
        nn.Sequential(nn.Tanh(), nn.Linear(5, 4)), r"0 \(Tanh\(\)\): tanh is before the first"
    yield "softmax in the middle", mlp(nn.Softmax(1)), "softmax before it: only the last layer"
    yield "softmax of one unit", nn.Sequential(nn.Linear(5, 1), nn.Softmax(1)), "Use sigmoid"
    yield "17 layers", \
        nn.Sequential(nn.Linear(5, 4), *(nn.Linear(4, 4) for _ in range(16))), "17 layers"
    yield "a convolution", nn.Sequential(nn.Conv2d(1, 2, 2), nn.Flatten(), nn.Linear(4, 3)), \
        r"0 \(Conv2d\(.*\)\): ffnn.h has no Conv2d", torch.ones(1, 1, 2, 3)
    yield "an input that is spread", \
        Custom(lambda self, x: self.a(x + torch.arange(4.0)), a=nn.Linear(4, 3)), \
        "add makes", torch.ones(1, 1)
    yield "BatchNorm1d of sequences", \
        nn.Sequential(nn.BatchNorm1d(2), nn.Flatten(), nn.Linear(6, 3)), \
        "scales 2 numbers, but gets 6", torch.ones(1, 2, 3)
    yield "an embedding", nn.Sequential(nn.Embedding(5, 4), nn.Linear(4, 3)), "no Embedding"
    yield "TorchScript", torch.jit.script(mlp(nn.ReLU())), "TorchScript"
    yield "traced", torch.jit.trace(mlp(nn.ReLU()), torch.ones(1, 5)), "TorchScript"
    yield "TorchScript inside", \
        nn.Sequential(torch.jit.script(nn.Linear(5, 4)), nn.ReLU()), "TorchScript"
    yield "infinite", with_weight(mlp(), float("inf")), "a number that is NaN or"
    yield "NaN", with_weight(mlp(), float("nan")), "NaN"
    yield "too large for a float", with_weight(mlp().double(), 1e39), "too large"
    yield "the first layer is another", \
        Custom(lambda self, x: self.b(x), a=nn.Linear(4, 3), b=nn.Linear(5, 3)), \
        "Pass example="
    yield "a module that is random", \
        mlp(Custom(lambda self, x: x + torch.randn(4))), "something else"
    yield "a hook that takes the input", with_hook(
        mlp(nn.ReLU()), lambda module, args, output: output + args[0].sum()), "skip|sum"


def with_weight(module, value):
    module[0].weight.data[0, 0] = value
    return module


def make(name, module, example=None, shape=(5,)):
    as_they_are = ("float64", "pruned", "spectral_norm", "orthogonal", "large sums")
    if not any(word in name for word in as_they_are):
        shaken(module)
    dtype = torch.float64 if "float64" in name else torch.float32
    return name, lambda: exported(module, example, shape, dtype), None


def cases():
    torch.manual_seed(1)
    for activation in ACTIVATIONS:
        if isinstance(activation, nn.Softmax):
            yield make(str(activation), nn.Sequential(nn.Linear(5, 4), activation))
        else:
            yield make(str(activation), mlp(copy.deepcopy(activation)))
    for name, function in FUNCTIONS.items():
        if "softmax" in name:
            yield make(name, Custom(lambda self, x, f=function: f(self.a(x)), a=nn.Linear(5, 4)))
        else:
            yield make(name, behind(function))
    for name, module, *more in modules():
        yield make(name, module, *more)
    for dtype in (torch.float16, torch.bfloat16):
        module = shaken(mlp(nn.BatchNorm1d(4), nn.ReLU())).to(dtype)
        yield str(dtype), functools.partial(exported, module, None, (5,), dtype), None
    for module, pattern in REFUSED.items():
        yield f"no {module}", functools.partial(refused, mlp(module), None), pattern
    for name, (function, pattern) in REFUSED_FUNCTIONS.items():
        module = Custom(lambda self, x, f=function: f(self.a(x)), a=nn.Linear(5, 4))
        yield name, functools.partial(refused, module, None), pattern
    for name, module, pattern, *example in refused_modules():
        yield name, functools.partial(refused, module, example[0] if example else None), pattern
