"""PyTorch's side of the benchmarks: the cases of ours.lua, written as a user
of PyTorch writes them. A worker as contest.lua describes it; with a request as
its arguments it serves that one and ends.

    python3 bench/peer.py 100 1 mlp 128 adam fused
"""
import sys
import time

try:
    import torch
    import torch.nn.functional as F
    from torch import nn
except ImportError as problem:
    print("-", problem, flush=True)
    sys.exit()


def op(name, rows, columns):
    """One operation on a tensor of rows x columns, into a tensor that is
    there already where PyTorch has that form: large results would else pay
    for fresh pages at each call."""
    x, y = torch.rand(rows, columns), torch.rand(rows, columns)
    row, column = torch.rand(columns), torch.rand(rows, 1)
    into = torch.empty(rows, columns) if rows * columns > 4 else None
    target = torch.randint(columns, (rows,))
    leaf = torch.rand(rows, columns, requires_grad=True)

    def cross_entropy_backward():
        leaf.grad = None
        F.cross_entropy(leaf, target).backward()

    return {
        "add": lambda: torch.add(x, y, out=into),
        "mul": lambda: torch.mul(x, y, out=into),
        "relu": (lambda: torch.clamp_min(x, 0.0, out=into))
        if into is not None else lambda: torch.relu(x),
        "exp": lambda: torch.exp(x, out=into),
        "tanh": lambda: torch.tanh(x, out=into),
        "sigmoid": lambda: torch.sigmoid(x, out=into),
        "add_scalar": lambda: torch.add(x, 2.5, out=into),
        "add_row": lambda: torch.add(x, row, out=into),
        "add_column": lambda: torch.add(x, column, out=into),
        "transpose": (lambda: into.view(columns, rows).copy_(x.t()))
        if into is not None else lambda: x.t().contiguous(),
        "sum": lambda: x.sum(),
        "sum_rows": lambda: x.sum(1),
        "sum_columns": lambda: x.sum(0),
        "max": lambda: x.max(),
        "softmax": lambda: torch.softmax(x, 1, out=into),
        "log_softmax": lambda: torch.log_softmax(x, 1, out=into),
        "cross_entropy": lambda: F.cross_entropy(x, target),
        "cross_entropy_backward": cross_entropy_backward,
    }[name]


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


KINDS = {kind.__name__: kind for kind in (op, matmul, mlp, small, update, tiny)}


class Worker:
    """Keeps the three cases served last, which are those of a row: its
    samples share what a case was made of."""

    def __init__(self):
        self.steps = {}

    def step_of(self, words):
        if words not in self.steps:
            if len(self.steps) == 3:
                del self.steps[next(iter(self.steps))]
            torch.manual_seed(1)
            numbers = [int(w) if w.isdigit() else w for w in words[1:]]
            self.steps[words] = KINDS[words[0]](*numbers)
        return self.steps[words]

    def seconds(self, reps, threads, words):
        torch.set_num_threads(threads)
        step = self.step_of(words)
        step()
        start = time.perf_counter()
        for _ in range(reps):
            step()
        return time.perf_counter() - start

    def serve(self, request):
        reps, threads, *words = request
        seconds = self.seconds(int(reps), int(threads), tuple(words))
        print(seconds, flush=True)


worker = Worker()
if len(sys.argv) > 1:
    worker.serve(sys.argv[1:])
else:
    print("PyTorch", torch.__version__, flush=True)
    for line in sys.stdin:
        worker.serve(line.split())
