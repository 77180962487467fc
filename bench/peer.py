"""PyTorch's side of the benchmarks: the cases of ours.lua, written as a user
of PyTorch writes them.

    python3 bench/peer.py 100 1 mlp 128 adam fused
"""
import sys

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as problem:
    print("-", problem, flush=True)
    sys.exit()

from peer_worker import expression, main


def square(n, **more):
    return torch.rand(n, n, **more)


CUBES = {2: (1, 2, 2), 512: (64, 64, 64), 4096: (256, 256, 256)}

# What the texts of operations.lua name, for a side of n.
OPERANDS = {
    "given": {"torch": torch, "F": F},
    "x": square,
    "y": square,
    "z": square,
    "into": lambda n: torch.empty(n, n) if n > 2 else None,
    "flags": lambda n: torch.empty(n, n, dtype=bool) if n > 2 else None,
    "wide": lambda n:
        torch.empty(n, n, dtype=torch.float64) if n > 2 else None,
    "row": torch.rand,
    "column": lambda n: torch.rand(n, 1),
    "cube": lambda n: torch.rand(CUBES[n]),
    "points": lambda n: torch.rand(n, 16),
    "mask": lambda n: square(n) < 0.5,
    "index": lambda n: torch.randint(n, (n, n)),
    "places": lambda n: torch.randint(n * n, (n, n)),
    "order": torch.randperm,
    "target": lambda n: torch.randint(n, (n,)),
    "words": lambda n: torch.randint(1000, (n, n)),
    "sorted": lambda n: torch.rand(n).sort()[0],
    "k": lambda n: max(1, n // 64),
    "leaf": lambda n: square(n, requires_grad=True),
    "leaf_column": lambda n: torch.rand(n, 1, requires_grad=True),
}


def op(n, *words):
    """One operation on a tensor of n x n."""
    return expression(" ".join(map(str, words)), OPERANDS, n)


def back(n, *words):
    """The same with its gradient."""
    call = op(n, *words)
    leaves = [value for value in call.__globals__.values()
              if torch.is_tensor(value) and value.requires_grad]
    dy = torch.rand_like(call())

    def step():
        for leaf in leaves:
            leaf.grad = None
        call().backward(dy)
    return step


def matmul(form, m, n, k):
    """x [M, K] times y [K, N]; T in `form` says which one lies transposed."""
    x = torch.rand(k, m).t() if form[0] == "T" else torch.rand(m, k)
    y = torch.rand(n, k).t() if form[1] == "T" else torch.rand(k, n)
    into = torch.empty(m, n)
    return lambda: torch.mm(x, y, out=into)


def optimizer(name, parameters, form):
    """SGD or Adam in one of PyTorch's three forms. The rate of Adam is so
    small that nothing is learned by heart: its state would become denormal."""
    flag = {} if form == "eager" else {form: True}
    if name == "sgd":
        return torch.optim.SGD(parameters, lr=1e-3, **flag)
    return torch.optim.Adam(parameters, lr=1e-6, **flag)


def mlp(*words):
    """One step of 784-256-128-10: batch size, optimizer, its form."""
    return training([784, 256, 128, 10], *words)


def small(*words):
    """The same of 784-15-10."""
    return training([784, 15, 10], *words)


def training(sizes, batch, name, form):
    layers = []
    for before, after in zip(sizes, sizes[1:]):
        layers += [nn.Linear(before, after), nn.ReLU()]
    model = nn.Sequential(*layers[:-1])
    opt = optimizer(name, model.parameters(), form)
    data = [(torch.rand(batch, sizes[0]), torch.randint(sizes[-1], (batch,)))
            for _ in range(8)]
    turn = 0

    def step():
        nonlocal turn
        x, y = data[turn]
        turn = (turn + 1) % len(data)
        loss = F.cross_entropy(model(x), y)
        opt.zero_grad()
        loss.backward()
        opt.step()
    return step


def update(name, count, size, form):
    """An optimizer alone, over `count` tensors of `size` elements."""
    parameters = [torch.rand(size, requires_grad=True) for _ in range(count)]
    for parameter in parameters:
        parameter.grad = torch.rand(size)
    return optimizer(name, parameters, form).step


def tiny(name):
    """Operations so small that only their overhead counts."""
    x, y = torch.rand(4), torch.rand(4)
    leaf = torch.rand(4, requires_grad=True)
    data, dy = torch.rand(8, 16), torch.rand(8, 16)
    layer = nn.Linear(16, 16)

    def linear():
        layer.zero_grad()
        layer(data).backward(dy)

    return {
        "call": lambda: None,
        "add": lambda: x + y,
        "add_recording": lambda: leaf + y,
        "linear": linear,
    }[name]


def begin(threads):
    torch.set_num_threads(threads)


torch.manual_seed(1)
main("PyTorch " + torch.__version__,
     (op, back, matmul, mlp, small, update, tiny), begin)
