"""Writes huggingface-tokenizers.json: what Hugging Face's `tokenizers` makes of texts.

    python make_golden.py        (pip install tokenizers)

"ours" are built here through the library's own interface, from corpus.txt, the way rnnd builds them: its tokenizer.json
must be the same. "theirs" are files that others would bring. Each comes with the ids that the library gives the texts.
"""

import collections
import json
import pathlib
import random

from tokenizers import AddedToken, Regex, Tokenizer, decoders, models, normalizers, pre_tokenizers, processors, trainers

HERE = pathlib.Path(__file__).parent
CORPUS = (HERE / "corpus.txt").read_text(encoding="utf-8")
WORDS = r"[\p{L}\p{M}\p{N}_]+(?:['’\-][\p{L}\p{M}\p{N}_]+)*|[^\s\p{L}\p{M}\p{N}_]"
GPT2 = r"'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\s\p{L}\p{N}]+|\s+(?!\S)|\s+"


def specials(*contents):
    return [AddedToken(content, special=True, normalized=True) for content in contents]


def counted(pieces, first):
    """A vocabulary: `first`, then the pieces by falling frequency, earlier ones first where they tie."""
    counts = collections.Counter(piece for piece in pieces if piece not in first)
    return {piece: index for index, piece in enumerate(first + [piece for piece, _ in counts.most_common()])}


def word_level(pre_tokenizer, pieces, ends_lines, first=("<unk>", "<eos>"), decoder=None):
    tokenizer = Tokenizer(models.WordLevel(counted(pieces, list(first)), unk_token="<unk>"))
    tokenizer.pre_tokenizer = pre_tokenizer
    if ends_lines:
        tokenizer.normalizer = normalizers.Replace("\n", " <eos> ")
        tokenizer.add_special_tokens(specials("<unk>", "<eos>"))
    if decoder:
        tokenizer.decoder = decoder
    return tokenizer


def split_by(pre_tokenizer):
    return [piece for piece, _ in pre_tokenizer.pre_tokenize_str(CORPUS)]


def byte_level(pre_tokenizer, size=420, minimum=2, first=("<eos>",), complete=True, **model):
    tokenizer = Tokenizer(models.BPE(**model))
    tokenizer.pre_tokenizer = pre_tokenizer
    tokenizer.decoder = decoders.ByteLevel()
    alphabet = pre_tokenizers.ByteLevel.alphabet() if complete else []
    trainer = trainers.BpeTrainer(
        vocab_size=size, min_frequency=minimum, special_tokens=list(first), initial_alphabet=alphabet,
        show_progress=False)
    tokenizer.train_from_iterator([CORPUS], trainer)
    return tokenizer


def without_added_tokens(tokenizer):
    """What rnnd writes: the end of a sequence is in the vocabulary, and no text ever makes it."""
    file = json.loads(tokenizer.to_str())
    file["added_tokens"] = []
    return Tokenizer.from_str(json.dumps(file))


def ours():
    words = pre_tokenizers.Split(Regex(WORDS), "removed", invert=True)
    blanks = pre_tokenizers.WhitespaceSplit()
    scalars = pre_tokenizers.Split(Regex(r"[\s\S]"), "isolated")
    yield "word", word_level(words, split_by(words), True)
    yield "whitespace", word_level(blanks, split_by(blanks), True)
    yield "character", word_level(scalars, CORPUS, False, decoder=decoders.Fuse())
    yield "byte-bpe", without_added_tokens(byte_level(pre_tokenizers.ByteLevel(add_prefix_space=False)))


def theirs():
    blanks, words = pre_tokenizers.WhitespaceSplit(), pre_tokenizers.Whitespace()
    plain = pre_tokenizers.ByteLevel(add_prefix_space=False)
    unsplit = pre_tokenizers.ByteLevel(add_prefix_space=False, use_regex=False)
    gpt2 = pre_tokenizers.Split(Regex(GPT2), "isolated")
    both = pre_tokenizers.Sequence([blanks, words])
    yield "WhitespaceSplit, </s>", word_level(blanks, split_by(blanks), False, ["<unk>", "</s>"])
    masked = word_level(words, split_by(words), False, ["[SEP]", "<unk>"])
    masked.add_special_tokens(["[MASK]", "[MASK]]", "<unk>"])
    yield "Whitespace, added tokens behind the vocabulary", masked
    yield "WhitespaceSplit and Whitespace", word_level(both, split_by(both), False)
    yield "no pre-tokenizer", word_level(None, ["the", "the boat", " "], False)
    added = byte_level(plain, first=["<|endoftext|>"])
    added.post_processor = processors.ByteLevel()
    added.add_tokens([AddedToken(" the", normalized=False), "boat", AddedToken("boathouse", normalized=False), "é"])
    yield "ByteLevel, added tokens that text has too", added
    yield "ByteLevel with a blank in front", byte_level(pre_tokenizers.ByteLevel(), first=["</s>"])
    yield "ByteLevel, bytes missing", byte_level(plain, size=300, complete=False)
    yield "ByteLevel, missing bytes unknown", byte_level(
        plain, size=300, complete=False, first=["<unk>", "<eos>"], unk_token="<unk>")
    yield "WhitespaceSplit and ByteLevel", byte_level(pre_tokenizers.Sequence([blanks, unsplit]))
    yield "Split and ByteLevel", byte_level(pre_tokenizers.Sequence([gpt2, unsplit]), minimum=0, size=600)


def texts():
    random.seed(20)
    parts = list("abtheTHE019_'’-.,;!?<>[]/ \t\n\r") + [" the", " in", "boat", "boathouse", "naïve", "nai\u0308ve"]
    parts += ["'s", "'ll", "'re", "'ve", "'d", "<eos>", "<unk>", "</s>", "<|endoftext|>", "[MASK]", "\r\n", "\n\n", "  "]
    parts += list("\u00a0\u0085\u2028\u3000\u200b\u200d\ufe0f\u0000\u001c\u007f\u1680\u180e\ufeff\u0301é汉かカн한न²½Ⅷ٣ªʼ＿‿")
    parts += ["👩‍👧", "👍🏽", "🇳🇴", "\U000e0001", "\U0010ffff", "\ue000"]
    yield from ("", " ", "\n", "\r\n", "a", "<eos>", "<unk>", "=" * 130 + "x", " " * 70, "ab" * 90, "thethethe" * 20)
    yield CORPUS
    for length in [1, 2, 3, 5, 8, 13, 21, 34] * 12:
        yield "".join(random.choice(parts) for _ in range(length))


def main():
    samples = list(texts())
    lines = []
    for origin, tokenizers in [("ours", ours()), ("theirs", theirs())]:
        for name, tokenizer in tokenizers:
            ids = [tokenizer.encode(text, add_special_tokens=False).ids for text in samples]
            entry = {"origin": origin, "name": name, "ids": ids, "file": json.loads(tokenizer.to_str())}
            lines.append(json.dumps(entry, separators=(",", ":")))
    golden = '{"texts":%s,\n"tokenizers":[\n%s\n]}\n' % (json.dumps(samples), ",\n".join(lines))
    (HERE / "huggingface-tokenizers.json").write_text(golden)


main()
