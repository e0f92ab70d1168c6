"""Makes the golden files beside it with PyTorch, one a kind of cell.

    python3 make_golden.py        # needs torch (2.x); writes RNN_TANH.json, RNN_RELU.json, GRU.json, LSTM.json

Nothing random is stored: weights and tokens come from the SplitMix64 generator below, which the tests have too. Weights
are uniform in [-0.5, 0.5), drawn tensor by tensor in the order of `Network.tensors`, from the seed of the case; the text
is drawn from the seed after it: a first token for each sequence, then always the token one, sometimes two further on.
"""

import json
import pathlib

import torch
from torch import nn

CELLS = ["RNN_TANH", "RNN_RELU", "GRU", "LSTM"]
VOCABULARY, HIDDEN, NARROW, BATCH, LENGTH, STEPS = 7, 4, 3, 3, 4, 15
MASK = (1 << 64) - 1


class SplitMix64:
    def __init__(self, seed):
        self.state = seed

    def next(self):
        self.state = (self.state + 0x9E3779B97F4A7C15) & MASK
        bits = self.state
        bits = ((bits ^ (bits >> 30)) * 0xBF58476D1CE4E5B9) & MASK
        bits = ((bits ^ (bits >> 27)) * 0x94D049BB133111EB) & MASK
        return bits ^ (bits >> 31)

    def weight(self):
        """Uniform in [-0.5, 0.5), a multiple of 2^-24: exact in single precision."""
        return (self.next() >> 40) / 2**24 - 0.5


class Network(nn.Module):
    def __init__(self, cell, layers, output, seed):
        super().__init__()
        embedding = HIDDEN if output == "tied" else NARROW
        self.encoder = nn.Embedding(VOCABULARY, embedding)
        if cell.startswith("RNN"):
            self.rnn = nn.RNN(embedding, HIDDEN, layers, nonlinearity=cell[4:].lower())
        else:
            self.rnn = getattr(nn, cell)(embedding, HIDDEN, layers)
        if output == "projection":
            self.projection = nn.Linear(HIDDEN, embedding)
        self.decoder = nn.Linear(HIDDEN if output == "untied" else embedding, VOCABULARY)
        if output != "untied":
            self.decoder.weight = self.encoder.weight
        self.output = output
        random = SplitMix64(seed)
        with torch.no_grad():
            for _, tensor in self.tensors():
                tensor.copy_(torch.tensor([random.weight() for _ in range(tensor.numel())]).view(tensor.shape))

    def tensors(self):
        """Every tensor by name, in the order of rnnd's layout."""
        for layer in range(self.rnn.num_layers):
            for kind in ["weight_ih", "weight_hh", "bias_ih", "bias_hh"]:
                yield f"rnn.{kind}_l{layer}", getattr(self.rnn, f"{kind}_l{layer}")
        if self.output == "projection":
            yield "projection.weight", self.projection.weight
            yield "projection.bias", self.projection.bias
        yield "encoder.weight", self.encoder.weight
        if self.output == "untied":
            yield "decoder.weight", self.decoder.weight
        yield "decoder.bias", self.decoder.bias

    def decode(self, hidden):
        return self.decoder(self.projection(hidden) if self.output == "projection" else hidden)

    def forward(self, inputs, state=None):
        hidden, state = self.rnn(self.encoder(inputs), state)
        return torch.log_softmax(self.decode(hidden), dim=-1), state


def loss_of(log_probabilities, targets):
    return nn.functional.nll_loss(log_probabilities.reshape(-1, VOCABULARY), targets.reshape(-1))


def windows(seed):
    """STEPS windows of (inputs, targets), each [LENGTH, BATCH]; the text runs on from window to window."""
    random = SplitMix64(seed)
    rows = [[random.next() % VOCABULARY for _ in range(BATCH)]]
    while len(rows) < STEPS * LENGTH + 1:
        rows.append([(token + (2 if random.next() % 4 == 0 else 1)) % VOCABULARY for token in rows[-1]])
    text = torch.tensor(rows)
    for start in range(0, STEPS * LENGTH, LENGTH):
        yield text[start : start + LENGTH], text[start + 1 : start + LENGTH + 1]


def rounded(numbers):
    return [float(f"{number:.8g}") for number in torch.as_tensor(numbers).detach().double().flatten().tolist()]


def gradients(network):
    return {name: rounded(tensor.grad) for name, tensor in network.tensors()}


def detached(state):
    return tuple(part.detach() for part in state) if isinstance(state, tuple) else state.detach()


OPTIMIZERS = {
    "sgd": lambda parameters: torch.optim.SGD(parameters, lr=2),
    "momentum": lambda parameters: torch.optim.SGD(parameters, lr=0.1, momentum=0.9, weight_decay=1e-3),
    "adamw": lambda parameters: torch.optim.AdamW(parameters, lr=1e-2),
}
CLIPPING = {
    "sgd": lambda parameters: nn.utils.clip_grad_norm_(parameters, 0.25),
    "momentum": lambda parameters: nn.utils.clip_grad_value_(parameters, 0.02),
    "adamw": lambda parameters: nn.utils.clip_grad_norm_(parameters, 0.5),
}


def curve(cell, layers, output, seed, name):
    network = Network(cell, layers, output, seed)
    optimizer = OPTIMIZERS[name](network.parameters())
    losses, state = [], None
    for inputs, targets in windows(seed + 1):
        optimizer.zero_grad()
        log_probabilities, state = network(inputs, state)
        state = detached(state)
        loss = loss_of(log_probabilities, targets)
        loss.backward()
        CLIPPING[name](network.parameters())
        optimizer.step()
        losses.append(loss.item())
    return rounded(losses)


def case(cell, layers, output, seed):
    network = Network(cell, layers, output, seed)
    inputs, targets = next(windows(seed + 1))
    log_probabilities, _ = network(inputs)
    loss = loss_of(log_probabilities, targets)
    loss.backward()
    norm = nn.utils.clip_grad_norm_(network.parameters(), 1e9)
    return {
        "layers": layers,
        "output": output,
        "seed": seed,
        "logProbabilities": rounded(log_probabilities),
        "loss": loss.item(),
        "gradientNorm": norm.item(),
        "gradient": gradients(network),
        "curves": {name: curve(cell, layers, output, seed, name) for name in OPTIMIZERS},
    }


def clipped(cell, seed, clip):
    """The gradient of a network of two layers after clipping."""
    network = Network(cell, 2, "untied", seed)
    inputs, targets = next(windows(seed + 1))
    loss_of(network(inputs)[0], targets).backward()
    clip(network.parameters())
    return gradients(network)


def padded(cell, seed):
    """Sequences of lengths 4, 2 and 3 as one packed batch: loss, gradient, and the states in which each ends."""
    network = Network(cell, 2, "untied", seed)
    inputs, targets = next(windows(seed + 1))
    lengths = torch.tensor([4, 2, 3])
    packed = nn.utils.rnn.pack_padded_sequence(network.encoder(inputs), lengths, enforce_sorted=False)
    hidden, state = network.rnn(packed)
    hidden, _ = nn.utils.rnn.pad_packed_sequence(hidden)
    targets = torch.where(torch.arange(LENGTH)[:, None] < lengths, targets, -1)
    logits = network.decode(hidden).reshape(-1, VOCABULARY)
    loss = nn.functional.cross_entropy(logits, targets.reshape(-1), ignore_index=-1)
    loss.backward()
    parts = state if isinstance(state, tuple) else (state,)
    return {
        "seed": seed,
        "lengths": lengths.tolist(),
        "loss": loss.item(),
        "gradient": gradients(network),
        # [sequence][layer][h, c]
        "states": [rounded(torch.stack([part[:, b] for part in parts], dim=1)) for b in range(BATCH)],
    }


def main():
    torch.set_num_threads(1)
    here = pathlib.Path(__file__).parent
    for number, cell in enumerate(CELLS):
        cases = []
        for layers in [1, 2, 3]:
            for variant, output in enumerate(["untied", "tied", "projection"]):
                cases.append(case(cell, layers, output, 1000 * (number + 1) + 100 * layers + 10 * variant))
        seed = 1000 * (number + 1)
        golden = {
            "cell": cell,
            "cases": cases,
            "clippedByNorm": clipped(cell, seed, lambda parameters: nn.utils.clip_grad_norm_(parameters, 0.1)),
            "clippedByValue": clipped(cell, seed, lambda parameters: nn.utils.clip_grad_value_(parameters, 0.01)),
            "padded": padded(cell, seed),
        }
        (here / f"{cell}.json").write_text(json.dumps(golden, indent=None, separators=(",", ":")) + "\n")


if __name__ == "__main__":
    main()
