#!/usr/bin/env python3
"""Holds ffnn.h against real PyTorch, safetensors and scikit-learn, whichever of them are there.

    pip install torch numpy safetensors scikit-learn
    make pytorch PYTHON=python3

pytorch_numbers.py needs torch: the lab, torch.nn MLPs, printing, random numbers, the reference data.
pytorch_files.py needs safetensors and numpy, and does more with torch and scikit-learn: weights
files both ways. What is missing is skipped and named; the last line is "N passed, N failed".
make pytorch builds the programs that are called here: tests/pytorch.c says what the main one does.

Tried with PyTorch 2.7.1 and 1.13, safetensors 0.8.0 with both. What differs between the two stands
where it matters; printing, torch.randn, torch.randperm and nn.Linear's first weights do not.
"""
import pathlib
import sys
import tempfile

sys.dont_write_bytecode = True # no __pycache__ in the tree

from packages import find_packages
import pytorch_files
import pytorch_numbers

PACKAGES = ("torch", "numpy", "safetensors", "sklearn")


def main():
    build = pathlib.Path(sys.argv[1] if len(sys.argv) > 1 else "build").resolve()
    found = find_packages(PACKAGES)
    passed = failed = 0
    with tempfile.TemporaryDirectory() as folder:
        for module in (pytorch_numbers, pytorch_files):
            for name, needed, function in module.checks(build, pathlib.Path(folder)):
                missing = [package for package in needed if package not in found]
                if missing:
                    print(f"{name}: skipped: no {', no '.join(missing)}", flush=True)
                    continue
                try:
                    print(f"{name}: passed: {function()}", flush=True)
                    passed += 1
                except Exception as error: # whatever it is, the next check is made, too
                    print(f"{name}: FAILED: {type(error).__name__}: {error}", flush=True)
                    failed += 1
    print(f"{passed} passed, {failed} failed")
    return 1 if failed else 0


if __name__ == "__main__":
    sys.exit(main())
