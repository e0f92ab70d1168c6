#!/usr/bin/env python3
"""Compares the speed of rnnd with PyTorch's on the machine at hand.

    pip install torch
    python3 Tests/compare_speed_with_pytorch.py .build/release/rnnd

Both train the same networks (LSTMs of two layers, 10,000 words, batch 20, 35 steps, plain SGD with clipping), multiply
the same matrices, take one step on 20 words, and predict one next word. PyTorch may choose what suits it best: one
thread or all, fp32 or, in autocast, bf16. The two take turns, round by round, and medians are compared, so that a
noisy minute hits both. What rnnd does at the socket (step, next word) includes the socket; PyTorch's is a call within
its process.

`--only small step` runs parts (they are small, medium, products, step, next-word), `--rounds` says how often.
"""

import argparse
import json
import os
import statistics
import subprocess
import time

import torch
from torch import nn

WORDS, BATCH, STEPS = 10_000, 20, 35


class Network(nn.Module):
    """The usual word language model: embedding, two LSTM layers, output."""

    def __init__(self, size):
        super().__init__()
        self.encoder = nn.Embedding(WORDS, size)
        self.rnn = nn.LSTM(size, size, 2)
        self.decoder = nn.Linear(size, WORDS)

    def forward(self, tokens, state=None):
        hidden, state = self.rnn(self.encoder(tokens), state)
        return self.decoder(hidden), state


def precise():
    return torch.autocast("cpu", enabled=False)


def autocast():
    return torch.autocast("cpu", dtype=torch.bfloat16)


def variants():
    """Names, numbers of threads and contexts of the ways in which PyTorch can compute."""
    threads = sorted({1, len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count()})
    for count in threads:
        for name, context in (("fp32", precise), ("bf16", autocast)):
            yield f"{name}, {count} thread{'s' if count > 1 else ''}", count, context


def seconds_each(work, least):
    """How long one repetition takes, of as many as fill `least` seconds."""
    count, start = 0, time.perf_counter()
    while count == 0 or time.perf_counter() - start < least:
        work()
        count += 1
    return (time.perf_counter() - start) / count


def training_step(size, batch, steps):
    """A function of a context that makes one update: forward, loss, backward, clip, SGD."""
    torch.manual_seed(1)
    network = Network(size)
    optimizer = torch.optim.SGD(network.parameters(), lr=0.1)
    loss_function = nn.CrossEntropyLoss()
    tokens = torch.randint(WORDS, (steps + 1, batch))
    state = None

    def step(context):
        nonlocal state
        optimizer.zero_grad(set_to_none=True)
        with context():
            logits, state = network(tokens[:-1], state)
            loss = loss_function(logits.flatten(0, 1), tokens[1:].flatten())
        state = tuple(part.detach().float() for part in state)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(network.parameters(), 0.25)
        optimizer.step()

    return step


def next_word(size):
    """A function of a context that reads one word more and makes the distribution of the next."""
    network = Network(size).eval()
    token = torch.randint(WORDS, (1, 1))
    state = None

    def predict(context):
        nonlocal state
        with torch.inference_mode(), context():
            logits, state = network(token, state)
            torch.softmax(logits.float(), -1).topk(5)
            state = tuple(part.float() for part in state)

    return predict


def product(rows, depth, columns):
    a, b = torch.randn(rows, depth), torch.randn(columns, depth)

    def multiply(context):
        with torch.inference_mode(), context():
            torch.mm(a, b.t())

    return multiply


class Part:
    """Something that both do.

    - work: makes PyTorch's function of a context.
    - figures: the benchmark's names of what rnnd reaches, a row each; of several below one name the best counts.
    - convert: turns PyTorch's seconds into the unit of those figures.
    - more_is_better: what the best is.
    """

    def __init__(self, name, title, unit, work, figures, convert, more_is_better=True):
        self.name, self.title, self.unit, self.figures, self.convert = name, title, unit, figures, convert
        self.more_is_better = more_is_better
        self.make = work
        self.pytorch, self.rnnd = {}, {}

    def run_round(self, program, least):
        work = self.make()
        for name, threads, context in variants():
            torch.set_num_threads(threads)
            work(context)  # The first time also makes room.
            self.pytorch.setdefault(name, []).append(self.convert(seconds_each(lambda: work(context), least)))
        command = [program, "bench", "--quick", "--json", "--only", *self.figures]
        report = json.loads(subprocess.run(command, check=True, capture_output=True, text=True).stdout)
        for name in self.figures:
            figures = report["figures"].items()
            values = [figure["value"] for found, figure in figures if f"{found}.".startswith(f"{name}.")]
            if values:
                self.rnnd.setdefault(name, []).append(max(values) if self.more_is_better else min(values))

    def best(self, samples, wanted=""):
        medians = {name: statistics.median(values) for name, values in samples.items() if name.startswith(wanted)}
        name = (max if self.more_is_better else min)(medians, key=medians.get)
        return name, medians[name]

    def rows(self):
        """A row for each precision of rnnd's, against PyTorch's best of that precision and its best at all."""
        best_name, best = self.best(self.pytorch)
        for name in self.rnnd:
            value = statistics.median(self.rnnd[name])
            fp32_name, fp32 = self.best(self.pytorch, "fp32")
            ratios = [value / other if self.more_is_better else other / value for other in (fp32, best)]
            yield (self.title, name, f"{shown(value)} {self.unit}", f"{shown(fp32)} ({fp32_name})",
                   f"{shown(best)} ({best_name})", f"{ratios[0]:.2f}x", f"{ratios[1]:.2f}x")


def shown(value):
    return f"{value:,.0f}" if value >= 100 else f"{value:.3g}"


def parts():
    tokens = BATCH * STEPS
    for name, size in (("small", 200), ("medium", 650)):
        yield Part(
            name, f"training 2x{size}", "tokens/s", lambda size=size: training_step(size, BATCH, STEPS),
            [f"training.{name}.fp32", f"training.{name}.bf16"], lambda seconds: tokens / seconds)
    operations = 2 * 700 * 10_000 * 200
    yield Part(
        "products", "product 700x10000x200", "GFLOP/s", lambda: product(700, 200, 10_000),
        ["product.fp32.700x10000x200", "product.bf16.700x10000x200"], lambda seconds: operations / seconds / 1e9)
    yield Part(
        "step", "a step on 20 words, 2x200", "ms", lambda: training_step(200, 1, 20), ["lesson.step.p50"],
        lambda seconds: seconds * 1e3, more_is_better=False)
    yield Part(
        "next-word", "one next word, 2x200", "µs", lambda: next_word(200), ["latency.growing.p50"],
        lambda seconds: seconds * 1e6, more_is_better=False)


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("rnnd", help="the program, built for release")
    parser.add_argument("--only", nargs="+", default=[], metavar="PART")
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--seconds", type=float, default=0.5, help="of each of PyTorch's measurements, at least")
    arguments = parser.parse_args()
    chosen = [part for part in parts() if not arguments.only or part.name in arguments.only]
    unknown = set(arguments.only) - {part.name for part in parts()}
    if unknown:
        parser.error(f"no part is called {', '.join(sorted(unknown))}")
    for _ in range(arguments.rounds):
        for part in chosen:
            part.run_round(os.path.abspath(arguments.rnnd), arguments.seconds)
    print(f"PyTorch {torch.__version__}, medians of {arguments.rounds} rounds\n")
    titles = ["what", "figure of `rnnd bench`", "rnnd", "PyTorch fp32", "PyTorch's best", "to fp32", "to best"]
    rows = [row for part in chosen for row in part.rows()]
    widths = [max(len(row[index]) for row in rows + [titles]) for index in range(len(titles))]
    for row in [titles, ["-" * width for width in widths]] + rows:
        print("| " + " | ".join(cell.ljust(width) for cell, width in zip(row, widths)) + " |")


if __name__ == "__main__":
    main()
