"""The loop of a Python worker, as contest.lua describes it; with a request as
its arguments it serves that one and ends."""
import sys
import time


def expression(text, operands, n):
    """The function that evaluates `text`, whose names without a value in
    `operands["given"]` are made by their entry for a side of n."""
    code = compile(text, "case", "eval")
    scope = dict(operands["given"], n=n)
    for name in code.co_names:
        if name in operands:
            scope[name] = operands[name](n)
    return eval("lambda: " + text, scope)


class Worker:
    """Keeps the three cases served last, which are those of a row: its
    samples share what a case was made of."""

    def __init__(self, kinds, begin):
        self.kinds = {kind.__name__: kind for kind in kinds}
        self.begin = begin
        self.steps = {}

    def step_of(self, words):
        if words not in self.steps:
            if len(self.steps) == 3 or words[0] in ("op", "back"):
                self.steps.clear()
            numbers = [int(w) if w.isdigit() else w for w in words[1:]]
            self.steps[words] = self.kinds[words[0]](*numbers)
            self.steps[words]()
        return self.steps[words]

    def seconds(self, reps, threads, words):
        self.begin(threads)
        step = self.step_of(words)
        start = time.perf_counter()
        for _ in range(reps):
            step()
        return time.perf_counter() - start

    def serve(self, request):
        reps, threads, *words = request
        seconds = self.seconds(int(reps), int(threads), tuple(words))
        print(seconds, flush=True)


def main(name, kinds, begin):
    """Serve the cases of `kinds`; `begin` is called with the number of threads
    before each."""
    worker = Worker(kinds, begin)
    if len(sys.argv) > 1:
        worker.serve(sys.argv[1:])
        return
    print(name, flush=True)
    for line in sys.stdin:
        worker.serve(line.split())
