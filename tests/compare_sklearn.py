#!/usr/bin/env python3
"""Holds the digits example against scikit-learn's MLPClassifier on the same split.

    apt-get install python3-sklearn
    make && python3 tests/compare_sklearn.py [build/digits [README.md]]

Same images, same layers (64 hidden units with ReLU, softmax), cross-entropy and Adam, eleven seeds
each (0 is the one that the example uses by default). scikit-learn's settings are those that did
best in a cross-validation within the training images, of learning rates 0.001 and 0.005, alpha from
0.0001 to 1, batches of 16, 32 and 200. Exits with 1 if the example is not better on average, or if
README's three figures, which are those of x86-64, are others.
"""
import re
import subprocess
import sys
import tempfile
import warnings

SEEDS = range(11)
HIDDEN = 64


def ours(program, seed):
    with tempfile.TemporaryDirectory() as folder:
        command = [program, "--quiet", "--seed", str(seed), "--hidden", str(HIDDEN),
                   "--weights", folder + "/weights.safetensors"]
        output = subprocess.run(command, check=True, capture_output=True, text=True).stdout
    right, count = re.search(r"\((\d+) of (\d+)\)", output.splitlines()[-1]).groups()
    return 100 * int(right) / int(count)


def theirs(digits, seed):
    from sklearn.neural_network import MLPClassifier
    inputs, classes = digits.data / 8 - 1, digits.target
    test = [i % 5 == 4 for i in range(len(classes))]
    training = [not chosen for chosen in test]
    network = MLPClassifier((HIDDEN,), activation="relu", solver="adam", batch_size=200,
                            learning_rate_init=0.005, alpha=0.1, max_iter=200,
                            n_iter_no_change=200, random_state=seed)
    network.fit(inputs[training], classes[training])
    return 100 * network.score(inputs[test], classes[test])


def report(name, accuracies):
    """Prints them; returns their mean and its standard error."""
    count = len(accuracies)
    mean = sum(accuracies) / count
    variance = sum((accuracy - mean) ** 2 for accuracy in accuracies) / (count - 1)
    print(f"{name:13}  default seed {accuracies[0]:.2f}%   mean of {count} seeds {mean:.2f}%   "
          f"worst {min(accuracies):.2f}%   best {max(accuracies):.2f}%", flush=True)
    return mean, (variance / count) ** 0.5


def main():
    program = sys.argv[1] if len(sys.argv) > 1 else "build/digits"
    try:
        from sklearn.datasets import load_digits
    except ImportError:
        print("compare_sklearn.py: scikit-learn is not installed: nothing compared")
        return 0
    warnings.filterwarnings("ignore")       # that it stops after max_iter
    digits = load_digits()
    accuracies = [ours(program, seed) for seed in SEEDS]
    our_mean, our_error = report("digits.c", accuracies)
    their_mean, their_error = report("scikit-learn", [theirs(digits, seed) for seed in SEEDS])
    error = (our_error ** 2 + their_error ** 2) ** 0.5
    print(f"difference     {our_mean - their_mean:+.2f} points, standard error {error:.2f}")
    is_right = our_mean > their_mean
    if len(sys.argv) > 2:
        with open(sys.argv[2], encoding="utf-8") as file:
            text = " ".join(file.read().split())
        for claim in (f"default seed it reads {accuracies[0]:.2f} %",
                      f"over eleven seeds {our_mean:.2f} %", f"reaches {their_mean:.2f} %"):
            if claim not in text:
                print(f"{sys.argv[2]} does not say: {claim}")
                is_right = False
    return 0 if is_right else 1


if __name__ == "__main__":
    sys.exit(main())
