#!/usr/bin/env python3
"""Holds examples/export.py against PyTorch, scikit-learn, Keras, Flax and Stable-Baselines3,
whichever of them are there: what C predicts with the files that it writes, and what it refuses.

    pip install numpy safetensors scikit-learn torch keras flax stable-baselines3
    make exported PYTHON=python3

A case is a name, a function, and for what has to be refused a pattern that the message must match.
The function returns layers, rows, and what the framework itself predicts for these rows. The cases
are in exported_*.py, a file a framework. What is missing is skipped and named, as are activations
that ffnn.h does not have; the last line is "N passed, N failed".
"""
import contextlib
import importlib
import io
import os
import pathlib
import re
import sys
import tempfile
import warnings

sys.dont_write_bytecode = True # no __pycache__ in the tree

from packages import find_packages

os.environ.setdefault("KERAS_BACKEND", "torch")

TESTS = pathlib.Path(__file__).resolve().parent
sys.path.append(str(TESTS.parent / "examples"))

CASES = {   # and what they need
    "exported_arrays": ["numpy", "safetensors"],
    "exported_verdicts": ["numpy"],
    "exported_sklearn": ["numpy", "sklearn"],
    "exported_torch": ["numpy", "torch"],
    "exported_back": ["numpy", "torch"],
    "exported_files": ["numpy", "torch", "safetensors"],
    "exported_keras": ["numpy", "keras"],
    "exported_flax": ["numpy", "flax"],
    "exported_policies": ["numpy", "torch", "stable_baselines3"],
}
PACKAGES = ("numpy", "safetensors", "sklearn", "torch", "keras", "flax", "stable_baselines3")
TOLERANCE = 1e-5    # relative to 1 + |value|


def known_activations():
    """Those of this ffnn.h, and whether they may have a parameter there."""
    text = re.sub(r"/\*.*?\*/", "", (TESTS.parent / "ffnn.h").read_text(), flags=re.DOTALL)
    enum = re.search(r"enum ffnn_activation {(.*?)}", text, re.DOTALL).group(1)
    names = {name.lower() for name in re.findall(r"FFNN_(\w+)", enum)}
    return names, re.search(r"^    float alpha;", text, re.MULTILINE) is not None


def unknown_activations(layers):
    names, has_parameters = known_activations()
    for _, _, activation in layers:
        name, colon, _ = activation.partition(":")
        if name not in names or (colon and not has_parameters):
            yield activation


class Checker:
    def __init__(self, build, folder):
        self.peer = build / "tests/pytorch"
        self.folder = folder
        self.worst = 0

    def check_exported(self, function):
        """C predicts with the file what the framework does. Returns what ffnn.h does not have."""
        import export
        import numpy
        from pytorch_files import save_again
        layers, rows, expected = function()
        path, again = self.folder / "case.safetensors", self.folder / "again.safetensors"
        if isinstance(layers, pathlib.Path):    # a file that something else wrote
            path, layers = layers, export.load(str(layers))
        else:
            export.save(layers, str(path))
        unknown = set(unknown_activations(layers))
        rows, expected = numpy.asarray(rows, numpy.float32), numpy.asarray(expected, numpy.float64)
        expected = expected.reshape(len(rows), -1)
        if unknown:
            got = export.predict(layers, rows.astype(numpy.float64))
        else:
            self.check_network(path, layers)
            got = save_again(self.peer, path, again, rows)
        assert got.shape == expected.shape, f"{got.shape}, not {expected.shape}"
        assert numpy.isfinite(expected).all(), "the case itself is not finite"
        assert expected.std() > 1e-3, "the case predicts always the same"
        difference = (abs(got - expected) / (1 + abs(expected))).max()
        assert difference <= TOLERANCE, f"{difference:.2g} apart"
        self.worst = max(self.worst, difference)
        return unknown

    def check_network(self, path, layers):
        """ffnn_print_file says which network the file holds."""
        import numpy
        from pytorch_files import networks_in
        [line] = networks_in(self.peer, [path])
        found = re.fullmatch("network: ([0-9-]+), (.*)", line)
        assert found, line
        sizes = [numpy.shape(layers[0][0])[1], *(len(weight) for weight, _, _ in layers)]
        assert found[1] == "-".join(map(str, sizes)), f"{line}, not {sizes}"
        for said, (_, _, activation) in zip(found[2].split(" "), layers):
            name, *parameter = activation.split(":")
            said_name, *said_parameter = said.split(":")
            is_same = list(map(numpy.float32, parameter)) == list(map(numpy.float32, said_parameter))
            assert name == said_name and is_same, f"{line}: {said}, not {activation}"
        assert len(found[2].split(" ")) == len(layers), line

    def check_refused(self, function, pattern):
        """An ExportError with these words, and an old file stays."""
        from export import ExportError
        old = self.folder / "old.safetensors"
        old.write_bytes(b"old")
        try:
            function(str(old))
        except ExportError as error:
            assert re.search(pattern, str(error)), f"the message is: {error}"
        else:
            raise AssertionError("it was not refused")
        assert old.read_bytes() == b"old", "the old file has been changed"
        old.unlink()
        assert not list(self.folder.glob("old*")), "something is left in the folder"

    def check(self, case):
        name, function, pattern = case
        with warnings.catch_warnings(), contextlib.redirect_stdout(io.StringIO()):
            warnings.simplefilter("ignore")
            if pattern is None:
                return self.check_exported(function)
            self.check_refused(function, pattern)
            return ()


def cases_of(module_name, needed, found):
    missing = [package for package in needed if package not in found]
    if missing:
        print(f"{module_name}: skipped: no {', no '.join(missing)}", flush=True)
        return []
    return importlib.import_module(module_name).cases()


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    found = find_packages(PACKAGES)
    chosen = sys.argv[2:]   # such as exported_torch; all, if none is named
    total = {"passed": 0, "failed": 0}
    for module, needed in CASES.items():
        if chosen and module not in chosen:
            continue
        counts, unknown = {"exported": 0, "refused": 0, "failed": 0}, set()
        with tempfile.TemporaryDirectory() as folder:
            checker = Checker(build, pathlib.Path(folder))
            for case in cases_of(module, needed, found):
                try:
                    unknown |= set(checker.check(case))
                    counts["exported" if case[2] is None else "refused"] += 1
                except Exception as error: # whatever it is, the next case is tried, too
                    what = f"{type(error).__name__}: {error}"
                    print(f"{module}: {case[0]}: FAILED: {what}", flush=True)
                    counts["failed"] += 1
        if any(counts.values()):
            print(f"{module}: {counts['exported']} exported, {checker.worst:.2g} apart at most, "
                  f"{counts['refused']} refused, {counts['failed']} failed", flush=True)
        if unknown:
            print(f"{module}: C skipped where ffnn.h has no {' '.join(sorted(unknown))}", flush=True)
        total["passed"] += counts["exported"] + counts["refused"]
        total["failed"] += counts["failed"]
    print(f"{total['passed']} passed, {total['failed']} failed")
    return 1 if total["failed"] else 0


if __name__ == "__main__":
    sys.exit(main())
