"""Which Python packages there are."""
import importlib


def find_packages(names):
    """Those of the names that can be imported; says which version, or why not."""
    found = set()
    for name in names:
        try:
            package = importlib.import_module(name)
        except ImportError as error:
            print(f"{name}: not here: {error}")
        else:
            print(f"{name}: {package.__version__}")
            found.add(name)
    return found
