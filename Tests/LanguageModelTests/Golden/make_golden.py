"""Makes model directories with PyTorch, safetensors and Hugging Face tokenizers alone, as anybody else would.

    python3 make_golden.py        # needs: pip install torch numpy safetensors tokenizers

Beside each directory's config.json, tokenizer.json and model.safetensors goes expected.json: texts, their token ids, and
the log-probability of each token given <eos> and the tokens before it. Models are untrained, with weights larger than
usual so that no two predictions are alike.
"""
import json
import math
import pathlib

import torch
from safetensors.torch import save_file
from tokenizers import Regex, Tokenizer, models, normalizers, pre_tokenizers, trainers
from torch import nn

HERE = pathlib.Path(__file__).parent
CORPUS = [
    "the man bites the dog . the dog bites back",
    "a bird in the hand is worth two in the bush",
    "the quick brown fox jumps over the lazy dog",
    "über allen gipfeln ist ruh , don't you know ?",
]
TEXTS = ["the man bites the dog", "a quick bird jumps over unseen things", "über don't ?"]


class Model(nn.Module):
    """PyTorch's word language model example, with a projection where tied sizes differ."""

    def __init__(self, rnn_type, vocabulary, embedding, hidden, layers, tied):
        super().__init__()
        self.encoder = nn.Embedding(vocabulary, embedding)
        if rnn_type in ("LSTM", "GRU"):
            self.rnn = getattr(nn, rnn_type)(embedding, hidden, layers)
        else:
            self.rnn = nn.RNN(embedding, hidden, layers, nonlinearity=rnn_type[4:].lower())
        if tied and embedding != hidden:
            self.projection = nn.Linear(hidden, embedding)
        self.decoder = nn.Linear(embedding if tied else hidden, vocabulary)
        if tied:
            self.decoder.weight = self.encoder.weight

    def forward(self, ids):
        output, _ = self.rnn(self.encoder(ids))
        if hasattr(self, "projection"):
            output = self.projection(output)
        return self.decoder(output)


def word_tokenizer():
    tokenizer = Tokenizer(models.WordLevel(unk_token="<unk>"))
    tokenizer.normalizer = normalizers.Replace("\n", " <eos> ")
    tokenizer.pre_tokenizer = pre_tokenizers.WhitespaceSplit()
    tokenizer.train_from_iterator(CORPUS, trainers.WordLevelTrainer(special_tokens=["<unk>", "<eos>"]))
    return tokenizer


def byte_tokenizer():
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    trainer = trainers.BpeTrainer(
        vocab_size=300, special_tokens=["<eos>"], initial_alphabet=pre_tokenizers.ByteLevel.alphabet()
    )
    tokenizer.train_from_iterator(CORPUS, trainer)
    return tokenizer


def write(name, rnn_type, tokenizer, embedding, hidden, layers, tied, dtype=torch.float32, config=None):
    torch.manual_seed(sum(name.encode()))
    vocabulary = tokenizer.get_vocab_size()
    model = Model(rnn_type, vocabulary, embedding, hidden, layers, tied)
    with torch.no_grad():
        for parameter in model.parameters():
            parameter.uniform_(-0.7, 0.7)
            parameter.copy_(parameter.to(dtype))
    directory = HERE / name
    directory.mkdir(exist_ok=True)
    state = {key: value.to(dtype) for key, value in model.state_dict().items() if not (tied and key == "decoder.weight")}
    save_file(state, directory / "model.safetensors")
    tokenizer.save(str(directory / "tokenizer.json"))
    sizes = {
        "format_version": 1,
        "model_type": "rnnd",
        "rnn_type": rnn_type,
        "vocab_size": vocabulary,
        "embed_dim": embedding,
        "hidden_size": hidden,
        "num_layers": layers,
        "tie_word_embeddings": tied,
    }
    (directory / "config.json").write_text(json.dumps(config if config is not None else sizes) + "\n")
    expected = []
    for text in TEXTS:
        ids = tokenizer.encode(text).ids
        inputs = torch.tensor([tokenizer.token_to_id("<eos>")] + ids[:-1])
        with torch.no_grad():
            log_probabilities = model(inputs.unsqueeze(1)).squeeze(1).log_softmax(-1)
        scores = [log_probabilities[i, token].item() for i, token in enumerate(ids)]
        expected.append({"text": text, "ids": ids, "logProbabilities": scores})
    (directory / "expected.json").write_text(json.dumps(expected) + "\n")


write("pytorch-lstm", "LSTM", word_tokenizer(), 6, 8, 2, tied=False)
write("pytorch-gru-projected", "GRU", word_tokenizer(), 5, 7, 1, tied=True)
write("pytorch-relu-bfloat16", "RNN_RELU", word_tokenizer(), 6, 6, 3, tied=True, dtype=torch.bfloat16)
write("pytorch-tanh-bytes", "RNN_TANH", byte_tokenizer(), 4, 6, 1, tied=False)
write("pytorch-lstm-sizes-left-out", "LSTM", word_tokenizer(), 4, 6, 2, tied=False, config={"model_type": "rnnd"})
