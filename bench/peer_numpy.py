"""NumPy's side of the benchmarks: the operations of operations.lua."""
import sys

try:
    import numpy as np
except ImportError as problem:
    print("-", problem, flush=True)
    sys.exit()

from peer_worker import expression, main

rng = np.random.default_rng(1)


def square(n):
    return rng.random((n, n), dtype=np.float32)


CUBES = {2: (1, 2, 2), 512: (64, 64, 64), 4096: (256, 256, 256)}

# What the texts name, for a side of n.
OPERANDS = {
    "given": {"np": np, "rng": rng},
    "x": square,
    "y": square,
    "into": lambda n: np.empty((n, n), np.float32) if n > 2 else None,
    "flags": lambda n: np.empty((n, n), bool) if n > 2 else None,
    "row": lambda n: rng.random(n, dtype=np.float32),
    "column": lambda n: rng.random((n, 1), dtype=np.float32),
    "cube": lambda n: rng.random(CUBES[n], dtype=np.float32),
    "mask": lambda n: square(n) < 0.5,
    "index": lambda n: rng.integers(n, size=(n, n)),
    "places": lambda n: rng.integers(n * n, size=(n, n)),
    "order": rng.permutation,
    "words": lambda n: rng.integers(1000, size=(n, n)),
    "sorted": lambda n: np.sort(rng.random(n, dtype=np.float32)),
}


def op(n, *words):
    """One operation on an array of n x n."""
    return expression(" ".join(map(str, words)), OPERANDS, n)


main("NumPy " + np.__version__, [op], lambda threads: None)
