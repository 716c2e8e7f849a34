"""For exported.py: models of Keras, Sequential and functional ones."""
import functools

import keras
import numpy as np
from keras import layers as L

import export

ACTIVATIONS = ["linear", "relu", "sigmoid", "tanh", "softmax", "elu", "selu", "silu", "swish", "gelu",
               "softplus", "mish", "relu6", "leaky_relu", "hard_silu", "hard_swish", "hard_tanh"]
LAYERS = {
    "ReLU": lambda: L.ReLU(), "ReLU(6)": lambda: L.ReLU(max_value=6),
    "ReLU(slope)": lambda: L.ReLU(negative_slope=0.1),
    "LeakyReLU": lambda: L.LeakyReLU(), "LeakyReLU(0.1)": lambda: L.LeakyReLU(negative_slope=0.1),
    "ELU(0.5)": lambda: L.ELU(0.5), "ELU": lambda: L.ELU(),
    "PReLU of one": lambda: L.PReLU("uniform", shared_axes=[1]), "Softmax": lambda: L.Softmax(),
    "Dropout": lambda: L.Dropout(0.5), "GaussianNoise": lambda: L.GaussianNoise(0.5),
    "AlphaDropout": lambda: L.AlphaDropout(0.2), "GaussianDropout": lambda: L.GaussianDropout(0.2),
    "Identity": lambda: L.Identity(), "ActivityRegularization": lambda: L.ActivityRegularization(0.1),
    "BatchNormalization": lambda: L.BatchNormalization(),
    "BatchNormalization, no scale": lambda: L.BatchNormalization(scale=False),
    "BatchNormalization, no center": lambda: L.BatchNormalization(center=False, epsilon=0.1),
    "Rescaling": lambda: L.Rescaling(2, -1),
    "Reshape": lambda: L.Reshape((4,)),
}
REFUSED = {
    "LayerNormalization": lambda: L.LayerNormalization(), "PReLU": lambda: L.PReLU(),
    "ReLU(threshold)": lambda: L.ReLU(threshold=1), "ReLU(2)": lambda: L.ReLU(max_value=2),
    "ReLU(6, slope)": lambda: L.ReLU(max_value=6, negative_slope=0.1),
    "UnitNormalization": lambda: L.UnitNormalization(),
    "Lambda": lambda: L.Lambda(lambda x: 2 * x), "Softmax(0)": lambda: L.Softmax(axis=0),
}


class OwnDense(L.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


class Dense(L.Dense):
    def call(self, inputs):
        return 2 * super().call(inputs)


class Subclass(keras.Model):
    def __init__(self):
        super().__init__()
        self.a, self.b = L.Dense(4), L.Dense(3)

    def call(self, x):
        return self.b(self.a(x))


def relu(x):
    return keras.ops.relu(x) * 2


def own_gelu(x):
    return keras.activations.gelu(x, approximate=True)


own_gelu.__name__ = "gelu"


def shaken(model):
    """Weights and statistics that are no defaults."""
    generator = np.random.default_rng(7)
    for variable in model.weights:
        if "seed" in variable.path or "count" in variable.path:
            continue
        low = 0.5 if "variance" in variable.path else -0.7
        variable.assign(generator.uniform(low, low + 1.4, variable.shape))
    return model


def sequential(*layers, inputs=(5,)):
    return shaken(keras.Sequential([keras.Input(inputs), *layers]))


def functional(function, inputs=(5,)):
    x = keras.Input(inputs)
    return shaken(keras.Model(x, function(x)))


def adapted(layer):
    layer.adapt(np.random.default_rng(5).normal(50, 10, (200, 5)))
    return layer


def exported(model, center=0):
    before = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    layers = export.from_keras(model)
    after = [keras.ops.convert_to_numpy(weight) for weight in model.weights]
    assert all((a == b).all() for a, b in zip(before, after)), "the weights are others"
    shape = (20, *model.inputs[0].shape[1:])
    rows = np.random.default_rng(6).standard_normal(shape).astype(np.float32) + center
    expected = keras.ops.convert_to_numpy(model(rows, training=False))
    return layers, rows.reshape(20, -1), expected


def refused(make, path):
    export.save(export.from_keras(make()), path)


def models():
    yield "a lone Dense", sequential(L.Dense(3))
    yield "no biases", \
        sequential(L.Dense(4, use_bias=False, activation="tanh"), L.Dense(3, use_bias=False))
    yield "some biases", sequential(L.Dense(4, use_bias=False, activation="tanh"), L.Dense(3))
    yield "LeakyReLU as an activation", \
        sequential(L.Dense(4, activation=L.LeakyReLU(negative_slope=0.1)), L.Dense(3))
    yield "Flatten", \
        sequential(L.Flatten(), L.Dense(4, activation="relu"), L.Dense(3), inputs=(2, 3))
    yield "Rescaling and Flatten", \
        sequential(L.Rescaling(1 / 255), L.Flatten(), L.Dense(3), inputs=(2, 3, 1))
    yield "BatchNormalization behind relu", sequential(
        L.Dense(4, activation="relu"), L.BatchNormalization(), L.Dropout(0.1), L.Dense(3))
    yield "BatchNormalization before relu", sequential(
        L.Dense(4, use_bias=False), L.BatchNormalization(), L.Activation("relu"), L.Dense(3))
    yield "BatchNormalization first and last", sequential(
        L.BatchNormalization(), L.Dense(4, activation="relu"), L.BatchNormalization())
    yield "nested", \
        sequential(keras.Sequential([L.Dense(4), L.ReLU()]), keras.Sequential([L.Dense(3)]))
    yield "functional", \
        functional(lambda x: L.Dense(3)(L.Dropout(0.5)(L.Dense(4, activation="tanh")(x))))
    yield "functional in Sequential", \
        sequential(functional(lambda x: L.Dense(4, activation="relu")(x)), L.Dense(3))
    shared = L.Dense(5)
    yield "a Dense used twice", functional(lambda x: shared(L.ReLU()(shared(x))))
    built = keras.Sequential([L.Dense(4, activation="relu"), L.Dense(3)])
    built.build((None, 5))
    yield "built later", built
    called = keras.Sequential([L.Dense(4, activation="relu"), L.Dense(3)])
    called(np.zeros((1, 5), np.float32))
    yield "built by a call", shaken(called)
    yield "a trained one", trained()
    yield "a part of a model", \
        part_of(functional(lambda x: L.Dense(3)(L.Dense(4, activation="tanh", name="middle")(x))))


def part_of(model):
    return keras.Model(model.inputs, model.get_layer("middle").output)


def trained():
    model = sequential(L.Dense(8, activation="relu"), L.BatchNormalization(), L.Dense(1))
    model.compile("adam", "mse")
    x = np.random.default_rng(8).standard_normal((64, 5)).astype(np.float32)
    model.fit(x, x[:, :1], epochs=2, verbose=0)
    return model


def normalized():
    yield "Normalization", \
        sequential_of(adapted(L.Normalization()), L.Dense(4, activation="tanh"), L.Dense(3)), 50
    yield "Normalization of one number", sequential_of(
        L.Normalization(axis=None, mean=50, variance=100), L.Dense(4, activation="tanh"), L.Dense(3)), 50
    yield "Normalization by numbers", sequential_of(
        L.Normalization(mean=[50, 51, 52, 53, 54], variance=[1, 2, 3, 0, 5]), L.Dense(3)), 50
    yield "inverted behind Dense", sequential_of(
        L.Dense(5), L.Normalization(mean=3, variance=4, axis=None, invert=True)), 0
    yield "inverted behind tanh", sequential_of(
        L.Dense(5, activation="tanh"), L.Normalization(mean=[1, 2, 3, 4, 5], variance=[4] * 5, invert=True)), 0


def sequential_of(*layers):
    return keras.Sequential([keras.Input((5,)), *layers])


def refused_models():
    add = "no skip connections"
    yield "Add", lambda: functional(lambda x: L.Add()([L.Dense(5)(x), x])), add
    yield "x + f(x)", lambda: functional(lambda x: L.Dense(5)(x) + x), add
    yield "Concatenate", \
        lambda: functional(lambda x: L.Concatenate()([L.Dense(4)(x), L.Dense(4)(x)])), add
    yield "two outputs", lambda: two_outputs(), "2 outputs"
    yield "an operation", \
        lambda: functional(lambda x: keras.ops.relu(L.Dense(4)(x))), "no layer of Keras"
    yield "a subclass of Model", lambda: called(Subclass()), "subclass"
    yield "never built", lambda: keras.Sequential([L.Dense(4)]), "built"
    yield "no Dense", lambda: sequential(L.BatchNormalization()), "no Linear"
    yield "a subclass of Dense", lambda: sequential(OwnDense(4)), "OwnDense.*no layer of Keras"
    yield "a subclass named Dense", lambda: sequential(Dense(4)), r"\(Dense\): it is no layer of Keras"
    yield "a function of one's own", \
        lambda: sequential(L.Dense(4, activation=relu), L.Dense(3)), '"your own relu" is none of'
    yield "a function named gelu", \
        lambda: sequential(L.Dense(4, activation=own_gelu)), '"your own gelu" is none of'
    yield "hard_sigmoid", \
        lambda: sequential(L.Dense(4, activation="hard_sigmoid")), '"hard_sigmoid" is none of'
    yield "softmax in the middle", \
        lambda: sequential(L.Dense(4, activation="softmax"), L.Dense(3)), "only the last layer"
    yield "softmax of one", lambda: sequential(L.Dense(1, activation="softmax")), "Use sigmoid"
    yield "Dense of matrices", \
        lambda: sequential(L.Dense(4), L.Flatten(), L.Dense(3), inputs=(2, 3)), "no Dense like this"
    yield "a convolution", \
        lambda: sequential(L.Conv1D(2, 2), L.Flatten(), L.Dense(3), inputs=(4, 3)), "Conv1D"
    yield "an embedding", \
        lambda: sequential(L.Embedding(5, 4), L.Flatten(), L.Dense(3), inputs=(4,)), "Embedding"
    yield "an LSTM", lambda: sequential(L.LSTM(4), L.Dense(3), inputs=(4, 3)), "LSTM"
    yield "an LSTM behind BatchNormalization", \
        lambda: sequential(L.BatchNormalization(), L.LSTM(4), L.Dense(3), inputs=(4, 3)), r"\(LSTM\): .* no LSTM"
    yield "an LSTM, no fixed size", lambda: sequential(L.LSTM(4), L.Dense(3), inputs=(None, 3)), "no LSTM"
    yield "channels first", \
        lambda: sequential(L.Flatten("channels_first"), L.Dense(3), inputs=(2, 3)), "something else"
    yield "Permute", \
        lambda: sequential(L.Permute((2, 1)), L.Flatten(), L.Dense(3), inputs=(2, 3)), "Permute"
    yield "no fixed size", \
        lambda: sequential(L.Reshape((6,)), L.Dense(3), inputs=(None, 3)), "no fixed size"


def two_outputs():
    x = keras.Input((5,))
    return keras.Model(x, [L.Dense(4)(x), L.Dense(3)(x)])


def called(model):
    model(np.zeros((1, 5), np.float32))
    return model


def cases():
    for name in ACTIVATIONS:
        behind = [] if name == "softmax" else [L.Dense(3)]
        model = sequential(L.Dense(4, activation=name), *behind)
        yield f"activation={name}", functools.partial(exported, model), None
    for name, make in LAYERS.items():
        behind = [] if name == "Softmax" else [L.Dense(3)]
        yield name, functools.partial(exported, sequential(L.Dense(4), make(), *behind)), None
    for name, model in models():
        yield name, functools.partial(exported, model), None
    for name, model, center in normalized():
        yield name, functools.partial(exported, model, center), None
    for name, make in REFUSED.items():
        yield f"no {name}", functools.partial(
            refused, lambda make=make: sequential(L.Dense(4), make(), L.Dense(3))), name.split("(")[0]
    for name, make, pattern in refused_models():
        yield name, functools.partial(refused, make), pattern
