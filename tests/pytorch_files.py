"""For pytorch.py: weights files both ways, between ffnn.h and the safetensors package."""
import functools
import random
import sys

from pytorch_numbers import TESTS, run, run_python

EXAMPLE = TESTS.parent / "examples/train_in_pytorch.py"
MAX_LAYERS = 16


# ---- networks -------------------------------------------------------------------------------

def activation_names(build):
    """Those of one number, from the tests' list of them, tests/activations.h."""
    return run(build / "tests/activation_all", "--list").split()


def activate(build, name, z):
    """Rows of numbers in double, by the definitions in tests/activations.h."""
    import numpy
    if name == "softmax":
        powers = numpy.exp(z - z.max(axis=1, keepdims=True))
        return powers / powers.sum(axis=1, keepdims=True)
    text = " ".join(map(repr, z.ravel().tolist())).encode()
    truth = run(build / "tests/activation_all", "--truth", name, input=text)
    return numpy.array([float(word) for word in truth.split()]).reshape(z.shape)


def parameter_names(layer_count, biases):
    """Weight and bias of each layer as ffnn.h saves them."""
    if biases:
        return [(f"{2 * i}.weight", f"{2 * i}.bias") for i in range(layer_count)]
    return [(f"W{i + 1}", None) for i in range(layer_count)]


def predict(build, tensors, said, biases, X):
    """What a network predicts whose tensors are named as ffnn.h names them."""
    a = X.astype(float)
    for (weight, bias), name in zip(parameter_names(len(said), biases), said):
        if biases:
            a = a @ tensors[weight].astype(float).T + tensors[bias].astype(float)
        else:
            a = a @ tensors[weight].astype(float)
        a = activate(build, name, a)
    return a


def require_near(got, expected, what):
    difference = abs(got - expected).max() / max(1, abs(expected).max())
    assert difference <= 2e-6, f"{what}: {difference} apart"


def require_same(got, expected, what):
    """The same tensors under the same names, bit for bit."""
    assert got.keys() == expected.keys(), f"{what}: {sorted(got)}, not {sorted(expected)}"
    for name in expected:
        assert got[name].dtype == expected[name].dtype and got[name].shape == expected[name].shape \
            and got[name].tobytes() == expected[name].tobytes(), f"{what}: {name} differs"


def metadata_of(said, biases):
    """What a file says if ffnn.h saves it. The lab's networks say nothing."""
    is_lab = not biases and set(said) == {"sigmoid"}
    return None if is_lab else {"activations": " ".join(said)}


def draw_network(r, names, layer_count):
    """Its sizes and the names of its activations. Only the last may be softmax, and not of one unit."""
    said = [r.choice(names) for _ in range(layer_count - 1)] + [r.choice(names + ["softmax"])]
    smallest = 2 if said[-1] == "softmax" else 1
    return [r.randint(1, 12) for _ in range(layer_count)] + [r.randint(smallest, 12)], said


def save_again(peer, path, again, X):
    """ffnn.h makes a network of the file, saves it as another one, and predicts."""
    import numpy
    rows = "\n".join(" ".join(f"{value:.9g}" for value in row) for row in X.tolist())
    lines = run(peer, "again", path, again, input=rows.encode()).splitlines()
    return numpy.array([[float(word) for word in line.split()] for line in lines])


def networks_in(peer, paths):
    """What ffnn_print_file says last of each file: the network, or why there is none."""
    return [text.splitlines()[-1] for text in run(peer, "network", *paths).split("\n\n") if text]


# ---- what is written here -------------------------------------------------------------------

def read_description(path):
    """As test_mlp_files --save writes it: activations, whether there are biases, inputs, outputs."""
    import numpy
    lines = path.read_text().splitlines()
    rows = [[float(word) for word in line.split()] for line in lines[3:]]
    half = len(rows) // 2
    return (lines[1].split(), lines[2] == "1", numpy.array(rows[:half], dtype=numpy.float32),
            numpy.array(rows[half:]))


def save_networks(build, folder):
    """Networks of 1 to 16 layers, saved by ffnn.h."""
    folder = folder / "saved"
    if not folder.exists():
        folder.mkdir()
        run(build / "tests/test_mlp_files", "--save", folder)
    paths = sorted(folder.glob("[0-9]*.safetensors"), key=lambda path: int(path.stem))
    assert paths, "nothing was saved"
    return paths


def check_saved_in_numpy(build, folder):
    """load_file and safe_open read them, and the numbers predict the same. What save_file writes of
    them is loaded here, and saved again it is the first file, byte for byte."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
    paths = save_networks(build, folder)
    for path in paths:
        said, biases, X, expected = read_description(path.with_suffix(".txt"))
        tensors = load_file(path)
        with safe_open(path, framework="np") as file:
            metadata = file.metadata()
            opened = {name: file.get_tensor(name) for name in file.keys()}
        assert metadata == metadata_of(said, biases), f"{path.name} says {metadata}"
        require_same(opened, tensors, f"{path.name} opened")
        require_near(predict(build, tensors, said, biases, X), expected, path.name)
        theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
        save_file(tensors, theirs, metadata)
        require_near(save_again(build / "tests/pytorch", theirs, ours, X), expected, path.name)
        assert ours.read_bytes() == path.read_bytes(), f"{path.name} is not itself again"
    return f"{len(paths)} files"


def activation_module(name):
    """torch.nn's module of that name: leaky_relu is LeakyReLU."""
    import torch
    if name == "softmax":
        return torch.nn.Softmax(1)
    if name == "gelu_tanh":
        return torch.nn.GELU(approximate="tanh")
    modules = {module.lower(): module for module in dir(torch.nn)}
    return getattr(torch.nn, modules[name.replace("_", "")])()


def sequential(sizes, said, biases=True):
    import torch
    layers = []
    for shape, name in zip(zip(sizes, sizes[1:]), said):
        layers += [torch.nn.Linear(*shape, bias=biases), activation_module(name)]
    return torch.nn.Sequential(*layers)


def load_strictly(path, sizes, said, biases):
    """An nn.Sequential with the file's weights; W1, W2, ... are inputs x outputs."""
    from safetensors.torch import load_file
    tensors = load_file(path)
    if not biases:
        tensors = {f"{2 * int(name[1:]) - 2}.weight": tensor.T for name, tensor in tensors.items()}
    model = sequential(sizes, said, biases)
    model.load_state_dict(tensors, strict=True)
    return model


def check_saved_in_pytorch(build, folder):
    """load_file and safe_open read them as tensors, load_state_dict(strict=True) takes them, and the
    model predicts the same."""
    import torch
    from safetensors import safe_open
    paths = save_networks(build, folder)
    for path in paths:
        said, biases, X, expected = read_description(path.with_suffix(".txt"))
        with safe_open(path, framework="pt") as file:
            metadata = file.metadata()
            opened = {name: file.get_tensor(name) for name in file.keys()}
        assert metadata == metadata_of(said, biases), f"{path.name} says {metadata}"
        weights = [opened[weight] for weight, _ in parameter_names(len(said), biases)]
        sizes = [X.shape[1]] + [weight.shape[0 if biases else 1] for weight in weights]
        model = load_strictly(path, sizes, said, biases)
        require_near(model(torch.tensor(X)).detach().numpy(), expected, path.name)
    return f"{len(paths)} files"


# ---- what save_file wrote -------------------------------------------------------------------

def numpy_network(r, sizes, biases):
    """Tensors as ffnn.h names them, with weights that keep the activations' range."""
    import numpy
    state = numpy.random.RandomState(r.getrandbits(32))
    tensors = {}
    names = parameter_names(len(sizes) - 1, biases)
    for (weight, bias), (inputs, outputs) in zip(names, zip(sizes, sizes[1:])):
        shape = (outputs, inputs) if biases else (inputs, outputs)
        tensors[weight] = (state.randn(*shape) / inputs**0.5).astype(numpy.float32)
        if biases:
            tensors[bias] = state.randn(outputs).astype(numpy.float32)
    return tensors, state.randn(4, sizes[0]).astype(numpy.float32)


def renamed(tensors):
    """As a module names its layers that calls them fc1, fc2, ..., with or without biases."""
    import numpy
    if "W1" in tensors:
        return {f"fc{name[1:]}.weight": numpy.ascontiguousarray(tensor.T)
                for name, tensor in tensors.items()}
    fields = {name: name.split(".") for name in tensors}
    return {f"fc{int(layer) // 2 + 1}.{kind}": tensors[name]
            for name, (layer, kind) in fields.items()}


def check_written_by_numpy(build, folder):
    """ffnn.h predicts what the tensors predict, and saves the same numbers again."""
    from safetensors import safe_open
    from safetensors.numpy import load_file, save_file
    r, known = random.Random(5), activation_names(build)
    theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
    count = 0
    for layer_count in range(1, MAX_LAYERS + 1):
        for biases in (False, True):
            for rename in (lambda tensors: tensors, renamed):
                sizes, said = draw_network(r, known, layer_count)
                tensors, X = numpy_network(r, sizes, biases)
                what = f"{' '.join(said)}, biases: {biases}"
                save_file(rename(tensors), theirs, {"activations": " ".join(said)})
                require_near(save_again(build / "tests/pytorch", theirs, ours, X),
                             predict(build, tensors, said, biases, X), what)
                require_same(load_file(ours), tensors, what)
                with safe_open(ours, framework="np") as file:
                    assert file.metadata() == metadata_of(said, biases), what
                count += 1
    return f"{count} files of 1 to {MAX_LAYERS} layers"


def check_all_bits(build, folder):
    """NaN with something in it, infinities and denormals come back as they were."""
    import numpy
    from safetensors.numpy import load_file, save_file
    bits = numpy.random.RandomState(6).randint(0, 2**32, 300 * 200, dtype=numpy.uint64)
    numbers = bits.astype(numpy.uint32).view(numpy.float32)
    tensors = {"W1": numbers.reshape(300, 200), "W2": numbers[:200 * 7].reshape(200, 7)}
    theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
    save_file(tensors, theirs)
    save_again(build / "tests/pytorch", theirs, ours, numpy.zeros((0, 300)))
    require_same(load_file(ours), tensors, "all bits")
    return f"{numbers.size} numbers"


def check_state_dicts(build, folder):
    """A state_dict goes to ffnn.h and comes back into a new model, which is the first one again."""
    import torch
    from safetensors.torch import save_file
    r, known = random.Random(7), activation_names(build)
    theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
    count = 0
    torch.manual_seed(7)
    for layer_count in range(1, MAX_LAYERS + 1):
        for biases in (False, True):
            sizes, said = draw_network(r, known, layer_count)
            what = f"{sizes} {' '.join(said)}, biases: {biases}"
            model, X = sequential(sizes, said, biases), torch.randn(4, sizes[0])
            save_file(model.state_dict(), theirs, metadata={"activations": " ".join(said)})
            require_near(save_again(build / "tests/pytorch", theirs, ours, X),
                         model(X).detach().numpy(), what)
            again = load_strictly(ours, sizes, said, biases).state_dict()
            require_same({name: tensor.contiguous().numpy() for name, tensor in again.items()},
                         {name: tensor.numpy() for name, tensor in model.state_dict().items()}, what)
            count += 1
    return f"{count} models of 1 to {MAX_LAYERS} layers"


def check_torch_save(build, folder):
    """The line in examples/README.md: the pickle that torch.save writes becomes safetensors."""
    import torch
    from safetensors.torch import save_file

    class Lab(torch.nn.Module):
        def __init__(self):
            super().__init__()
            self.W1 = torch.nn.Parameter(torch.randn(3, 4))
            self.W2 = torch.nn.Parameter(torch.randn(4, 1))

        def forward(self, X):
            return torch.sigmoid(torch.sigmoid(X @ self.W1) @ self.W2)

    model, X = Lab(), torch.tensor([[1, 8 / 9, 2]])
    torch.save(model.state_dict(), folder / "ffnn_model.pth")
    theirs, ours = folder / "theirs.safetensors", folder / "ours.safetensors"
    save_file(torch.load(folder / "ffnn_model.pth", weights_only=True), theirs)
    require_near(save_again(build / "tests/pytorch", theirs, ours, X), model(X).detach().numpy(),
                 "the lab")
    assert ours.read_bytes() == theirs.read_bytes(), "not the same bytes again"
    return "the same bytes again"


# ---- the example ----------------------------------------------------------------------------

def check_example(build, folder):
    """It trains and writes the file; examples/deploy.c must predict with it what the example says."""
    path = folder / "rings.safetensors"
    text = run(sys.executable, "-B", EXAMPLE, path)
    rows, expected = text.split("Of these rows\n")[1].split(f"./deploy {path} must print\n")
    got = run(build / "deploy", path, input=rows.encode())
    numbers = [[float(word) for word in text.split()] for text in (got, expected)]
    assert len(numbers[0]) == len(numbers[1]), f"{got}, not {expected}"
    assert max(abs(a - b) for a, b in zip(*numbers)) <= 2e-6, f"{got}, not {expected}"
    return f"{path.stat().st_size} bytes, which predict here what they predict there"


# ---- scikit-learn ---------------------------------------------------------------------------

def check_digits_header(build, folder):
    made = run_python(TESTS.parent / "examples/data/pack_digits.py")
    assert made == (TESTS.parent / "examples/data/digits.h").read_text(), "digits.h differs"
    return "the same bytes"


def check_classifier(build, folder):
    """A classifier that scikit-learn trained, as a weights file, predicts here what it predicts
    there. Its weights are inputs x outputs."""
    import numpy
    from safetensors.numpy import save_file
    from sklearn.datasets import load_digits
    from sklearn.neural_network import MLPClassifier
    digits = load_digits()
    X = (digits.data / 16).astype(numpy.float32)
    classifier = MLPClassifier((24, 12), batch_size=200, max_iter=200, tol=1e-3, random_state=0)
    classifier.fit(X, digits.target)
    tensors = {}
    for i, (weight, bias) in enumerate(zip(classifier.coefs_, classifier.intercepts_)):
        tensors[f"{2 * i}.weight"] = numpy.ascontiguousarray(weight.T, dtype=numpy.float32)
        tensors[f"{2 * i}.bias"] = bias.astype(numpy.float32)
    path = folder / "classifier.safetensors"
    save_file(tensors, path, {"activations": "relu relu softmax"})
    got = save_again(build / "tests/pytorch", path, folder / "ours.safetensors", X)
    difference = abs(got - classifier.predict_proba(X)).max()
    assert difference <= 1e-5, f"{difference} apart"
    return f"{len(X)} predictions, {difference:.2g} apart at most"


# ---- all of them ----------------------------------------------------------------------------

def checks(build, folder):
    """Name, packages needed, function."""
    files, torch_files = ["numpy", "safetensors"], ["torch", "numpy", "safetensors"]
    for name, needed, function in (
            ("files written here, read by safetensors.numpy", files, check_saved_in_numpy),
            ("files written by safetensors.numpy, read here", files, check_written_by_numpy),
            ("floats of all bits there and back", files, check_all_bits),
            ("files written here, read by safetensors.torch", torch_files, check_saved_in_pytorch),
            ("state_dicts there and back", torch_files, check_state_dicts),
            ("a state_dict from torch.save", torch_files, check_torch_save),
            ("train_in_pytorch.py", ["torch", "numpy"], check_example),
            ("digits.h packed again", ["sklearn"], check_digits_header),
            ("a classifier of scikit-learn", files + ["sklearn"], check_classifier)):
        yield name, needed, functools.partial(function, build, folder)
