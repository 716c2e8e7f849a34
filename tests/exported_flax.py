"""For exported.py: parameters of Flax, linen and nnx, as they come out of init."""
import contextlib
import functools
import io

import jax
import jax.numpy as jnp
import numpy as np
from flax import linen, nnx

import export


class MLP(linen.Module):
    sizes: tuple
    activation: object
    dtype: object = jnp.float32

    @linen.compact
    def __call__(self, x):
        for size in self.sizes[:-1]:
            bias = linen.initializers.normal()
            x = self.activation(linen.Dense(size, param_dtype=self.dtype, bias_init=bias)(x))
        return linen.Dense(self.sizes[-1], param_dtype=self.dtype)(x)


class Normalized(linen.Module):
    @linen.compact
    def __call__(self, x):
        return linen.Dense(3)(linen.LayerNorm()(linen.Dense(4)(x)))


class Centered(linen.Module):
    """A layer that has no params, only batch_stats."""

    @linen.compact
    def __call__(self, x):
        x = linen.BatchNorm(True, use_bias=False, use_scale=False)(linen.Dense(4)(x))
        return linen.Dense(3)(x)


def rows():
    return np.random.default_rng(2).standard_normal((20, 5)).astype(np.float32)


def exported(model, activations, change=lambda params: params, order=None):
    variables = change(model.init(jax.random.key(0), rows()))

    def apply(x):
        return model.apply(variables, x)

    return export.from_flax(variables, activations, order, apply), rows(), np.asarray(apply(rows()))


def nnx_model(path=None):
    model = nnx.Sequential(nnx.Linear(5, 4, rngs=nnx.Rngs(0)), nnx.gelu, nnx.Linear(4, 3, rngs=nnx.Rngs(1)))
    params = nnx.to_pure_dict(nnx.state(model, nnx.Param))
    return export.from_flax(params, "gelu_tanh identity", apply=model), rows(), np.asarray(model(rows()))


def refused(model, activations, path, change=lambda params: params):
    layers, _, _ = exported(model, activations, change)
    export.save(layers, path)


def without_numbers(variables):
    names = {"Dense_0": "first", "Dense_1": "last"}
    return {"params": {names[name]: value for name, value in variables["params"].items()}}


def cases():
    deep = MLP((4,) * 11 + (3,), linen.relu)    # Dense_10 and Dense_11 sort before Dense_2
    yield "relu", functools.partial(exported, MLP((6, 4, 3), linen.relu), "relu relu identity"), None
    yield "gelu", \
        functools.partial(exported, MLP((6, 3), linen.gelu), ["gelu_tanh", "identity"]), None
    yield "silu", functools.partial(exported, MLP((6, 3), linen.silu), "silu identity"), None
    yield "tanh, without params", functools.partial(
        exported_inner, MLP((6, 3), linen.tanh), "tanh identity"), None
    yield "leaky_relu", \
        functools.partial(exported, MLP((6, 3), linen.leaky_relu), "leaky_relu:0.01 identity"), None
    yield "12 layers, sorted by name", functools.partial(
        exported, deep, ["relu"] * 11 + ["identity"], lambda tree: jax.tree.map(lambda leaf: 2 * leaf, tree)), None
    yield "bfloat16", \
        functools.partial(exported, MLP((6, 3), linen.relu, jnp.bfloat16), "relu identity"), None
    yield "nnx", nnx_model, None
    yield "the other gelu", \
        functools.partial(refused, MLP((6, 3), linen.gelu), "gelu identity"), "something else"
    yield "LayerNorm", \
        functools.partial(refused, Normalized(), "identity identity"), r"LayerNorm_0\.(scale|bias) \[4\] is no layer's"
    yield "batch_stats", batch_stats_refused, r"batch_stats\.BatchNorm_0\.(mean|var) \[4\] is no layer's.*order="
    yield "batch_stats, left out", batch_stats_left_out, r"left out: batch_stats\.BatchNorm_0\.mean, .*\.var\. If"
    yield "too few activations", \
        functools.partial(refused, MLP((6, 3), linen.relu), "relu"), "1 activations for 2"
    yield "names in the only order that fits", functools.partial(exported_names, MLP((6, 3), linen.relu)), None
    yield "names in either order", functools.partial(refused_names, MLP((5, 5), linen.relu)), \
        "first, last fit in several orders"


def batch_stats_refused(path, order=None):
    export.from_flax(Centered().init(jax.random.key(0), rows()), "identity identity", order)


def batch_stats_left_out(path):
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        batch_stats_refused(path, "Dense_0 Dense_1")
    raise export.ExportError(printed.getvalue())


def exported_inner(model, activations):
    params = model.init(jax.random.key(0), rows())["params"]
    return export.from_flax(params, activations), rows(), np.asarray(model.apply({"params": params}, rows()))


def exported_names(model):
    variables = model.init(jax.random.key(0), rows())
    layers = export.from_flax(without_numbers(variables), "relu identity")
    return layers, rows(), np.asarray(model.apply(variables, rows()))


def refused_names(model, path):
    export.from_flax(without_numbers(model.init(jax.random.key(0), rows())), "relu identity")
