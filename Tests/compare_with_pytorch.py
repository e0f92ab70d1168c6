#!/usr/bin/env python3
"""Compares a running rnnd with PyTorch on model directories that PyTorch writes.

    pip install torch safetensors tokenizers
    rnnd start
    python3 Tests/compare_with_pytorch.py "$(rnnd socket)"

For every cell, one to three layers, tied (with and without a projection) and not, SGD, SGD with momentum and
AdamW, clipped by norm and by value, a network with random weights is written as a model directory, imported, scored
token by token and taught fifteen lessons, and each figure is held against PyTorch's. Exits 1 if any differs by more
than 1e-5 (log-probabilities, or of their size where that is more than 1) or 1e-4 (losses).
"""

import argparse
import itertools
import json
import os
import random
import socket
import sys
import tempfile
import time

import torch
from safetensors.torch import load_file, save_file
from torch import nn

CELLS = ("RNN_TANH", "RNN_RELU", "GRU", "LSTM")
OPTIMIZERS = (
    {"name": "sgd", "learning_rate": 0.5},
    {"name": "sgd", "learning_rate": 0.2, "momentum": 0.9, "weight_decay": 0.001},
    {"name": "adamw", "learning_rate": 0.003, "betas": [0.9, 0.99], "eps": 1e-8, "weight_decay": 0.05},
)
OUTPUTS = ("untied", "tied", "projected")


class Client:
    """A bare JSON-RPC client: one line out, one line in."""

    def __init__(self, path):
        self.socket = socket.socket(socket.AF_UNIX)
        self.socket.connect(path)
        self.lines = self.socket.makefile("rb")
        self.count = 0

    def call(self, method, **params):
        self.count += 1
        request = {"jsonrpc": "2.0", "id": self.count, "method": method, "params": params}
        self.socket.sendall(json.dumps(request).encode() + b"\n")
        reply = json.loads(self.lines.readline())
        if "error" in reply:
            raise RuntimeError(f"{method}: {reply['error']}")
        return reply["result"]


class Model(nn.Module):
    """The word_language_model network: encoder, recurrent layers, decoder."""

    def __init__(self, cell, vocabulary, embedding, hidden, layers, output):
        super().__init__()
        self.encoder = nn.Embedding(vocabulary, embedding)
        if cell.startswith("RNN"):
            self.rnn = nn.RNN(embedding, hidden, layers, nonlinearity=cell[4:].lower())
        else:
            self.rnn = getattr(nn, cell)(embedding, hidden, layers)
        self.projection = nn.Linear(hidden, embedding) if output == "projected" else None
        self.decoder = nn.Linear(hidden if output == "untied" else embedding, vocabulary)
        # Wide enough for probabilities to differ, narrow enough not to be chaotic: a chaotic network takes PyTorch's own
        # rounding, in another order of summation, just as far.
        for parameter in self.parameters():
            nn.init.normal_(parameter, std=0.7 / hidden**0.5)
        self.tied = output != "untied"
        if self.tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, ids):
        out, _ = self.rnn(self.encoder(ids).unsqueeze(1))
        out = out.squeeze(1)
        return self.decoder(self.projection(out) if self.projection else out)

    def tensors(self):
        named = dict(self.named_parameters())
        if self.tied:
            named.pop("decoder.weight", None)
        return {name: tensor.detach().clone().contiguous() for name, tensor in named.items()}


def write(directory, model, cell, vocabulary, embedding, hidden, layers, output, optimizer, clip):
    os.makedirs(directory)
    config = {
        "format_version": 1, "model_type": "rnnd", "rnn_type": cell, "vocab_size": vocabulary,
        "embed_dim": embedding, "hidden_size": hidden, "num_layers": layers,
        "tie_word_embeddings": output != "untied", "dropout": 0.0, "optimizer": optimizer, "bptt": 64, "clip": clip,
    }
    words = {"<unk>": 0, "<eos>": 1, **{f"w{i}": i for i in range(2, vocabulary)}}
    tokenizer = {
        "version": "1.0", "truncation": None, "padding": None, "added_tokens": [], "normalizer": None,
        "pre_tokenizer": {"type": "WhitespaceSplit"}, "post_processor": None, "decoder": None,
        "model": {"type": "WordLevel", "vocab": words, "unk_token": "<unk>"},
    }
    for name, value in (("config.json", config), ("tokenizer.json", tokenizer)):
        with open(os.path.join(directory, name), "w", encoding="utf-8") as file:
            json.dump(value, file)
    save_file(model.tensors(), os.path.join(directory, "model.safetensors"))


def make_optimizer(model, settings):
    if settings["name"] == "sgd":
        return torch.optim.SGD(model.parameters(), lr=settings["learning_rate"],
                               momentum=settings.get("momentum", 0), weight_decay=settings.get("weight_decay", 0))
    return torch.optim.AdamW(model.parameters(), lr=settings["learning_rate"], betas=settings["betas"],
                             eps=settings["eps"], weight_decay=settings["weight_decay"])


def compare(client, seed, cell, layers, output, optimizer, clip):
    torch.manual_seed(seed)
    rng = random.Random(seed)
    vocabulary, hidden = rng.randint(12, 90), rng.randint(3, 40)
    embedding = hidden if output == "tied" else hidden + rng.randint(1, 9)
    model = Model(cell, vocabulary, embedding, hidden, layers, output)
    name = f"compare-{os.getpid()}-{seed}"
    with tempfile.TemporaryDirectory() as parent:
        directory = os.path.join(parent, "model")
        write(directory, model, cell, vocabulary, embedding, hidden, layers, output, optimizer, clip)
        client.call("import-model", name=name, path=directory)
        try:
            sequence = [rng.randrange(2, vocabulary) for _ in range(50)]
            inputs, targets = torch.tensor([1] + sequence[:-1]), torch.tensor(sequence)
            with torch.no_grad():
                expected = torch.log_softmax(model(inputs), -1).gather(1, targets[:, None])[:, 0]
            text = " ".join(f"w{i}" for i in sequence)
            scored = client.call("score", model=name, text=text, perToken=True)
            # A network of rectifiers may explode: of its log-probabilities of -40,000 single precision has two decimals.
            score_gap = max(
                abs(a["logProbability"] - b) / max(1, abs(b)) for a, b in zip(scored["perToken"], expected.tolist()))
            stepper, loss_gap = make_optimizer(model, optimizer), 0.0
            for _ in range(15):
                lesson = [rng.randrange(2, vocabulary) for _ in range(rng.randint(2, 40))]
                inputs, targets = torch.tensor([1] + lesson[:-1]), torch.tensor(lesson)
                stepper.zero_grad()
                loss = nn.functional.cross_entropy(model(inputs), targets)
                loss.backward()
                if "norm" in clip:
                    nn.utils.clip_grad_norm_(model.parameters(), clip["norm"])
                else:
                    nn.utils.clip_grad_value_(model.parameters(), clip["value"])
                stepper.step()
                taught = client.call("train-step", model=name, ids=lesson)
                loss_gap = max(loss_gap, abs(taught["loss"] - loss.item()))
            back = os.path.join(parent, "back")
            client.call("export-model", name=name, path=back)
            stored = load_file(os.path.join(back, "model.safetensors"))
            weight_gap = max((stored[key] - tensor).abs().max().item() for key, tensor in model.tensors().items())
        finally:
            client.call("delete-model", name=name)
    return score_gap, loss_gap, weight_gap


def main():
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("socket")
    parser.add_argument("--seed", type=int, default=int(time.time()))
    arguments = parser.parse_args()
    client, failures, worst = Client(arguments.socket), 0, [0.0, 0.0, 0.0]
    print(f"seed {arguments.seed}")
    combinations = itertools.product(CELLS, (1, 2, 3), OUTPUTS, range(len(OPTIMIZERS)))
    for index, (cell, layers, output, which) in enumerate(combinations):
        clip = {"norm": 0.5} if index % 2 else {"value": 0.02}
        gaps = compare(client, arguments.seed + index, cell, layers, output, OPTIMIZERS[which], clip)
        worst = [max(pair) for pair in zip(worst, gaps)]
        bad = gaps[0] > 1e-5 or gaps[1] > 1e-4
        failures += bad
        if bad:
            print(f"{cell} x{layers} {output} {OPTIMIZERS[which]['name']} {clip}: score {gaps[0]:.1e} loss {gaps[1]:.1e}")
    print(f"{index + 1} networks, {failures} differ; largest gaps: log-probability {worst[0]:.1e}, "
          f"loss {worst[1]:.1e}, weight after 15 steps {worst[2]:.1e}")
    sys.exit(failures > 0)


if __name__ == "__main__":
    main()
