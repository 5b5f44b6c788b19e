"""SemEval-2014 reviews as the article prepares them, and their word vectors."""

import gzip
import json
import xml.etree.ElementTree as ElementTree
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from example import tokenizer
from loss import ABSENT

ASPECTS = ("food", "service", "price", "ambience", "anecdotes/miscellaneous")
POLARITIES = ("positive", "neutral", "negative", "conflict")
UNKNOWN = 1  # row of a word without a vector; row 0 is padding


@dataclass(frozen=True)
class Review:
    """A sentence with one label per aspect: index of a polarity, or ABSENT."""

    id: str
    tokens: tuple[str, ...]
    labels: tuple[int, ...]


@dataclass(frozen=True)
class Batch:
    """Vectors [B,T,D], lengths [B] and labels [B,A], longest sentence first."""

    vectors: Tensor
    lengths: Tensor
    labels: Tensor


def read_reviews(path: Path) -> list[Review]:
    """Reads a SemEval-2014 XML file, in its order, with the article's cleaning."""
    clean = tokenizer({"cleaning": "article", "max_tokens": 60})
    reviews = []
    for sentence in ElementTree.parse(path).iter("sentence"):
        labels = [ABSENT] * len(ASPECTS)
        for category in sentence.iter("aspectCategory"):
            aspect = ASPECTS.index(category.attrib["category"])
            labels[aspect] = POLARITIES.index(category.attrib["polarity"])
        tokens = tuple(clean(sentence.findtext("text", "")))
        reviews.append(Review(sentence.attrib["id"], tokens, tuple(labels)))
    return reviews


def training_part(reviews: list[Review], split: Path | None) -> list[Review]:
    """The reviews of the split's "train" ids that have a token, in file order."""
    kept = [review for review in reviews if review.tokens]
    if split is None:
        return kept
    ids = json.loads(split.read_text())
    known = {review.id for review in reviews}
    if missing := [i for i in ids["train"] + ids["valid"] if i not in known]:
        raise ValueError(f"{split}: sentence {missing[0]!r} is not in the corpus")
    chosen = set(ids["train"])
    return [review for review in kept if review.id in chosen]


def read_vectors(path: Path, words: Iterable[str]) -> dict[str, Tensor]:
    """Vectors of the words that the file has: GloVe text, its .gz, or wink's JSON."""
    wanted = set(words)
    if path.suffix == ".json":  # a vector is followed by its norm and its index
        content = json.loads(path.read_bytes())
        size, rows = content["dimensions"], content["vectors"]
        return {w: torch.tensor(rows[w][:size]) for w in wanted if w in rows}
    vectors = {}
    opener = gzip.open if path.suffix == ".gz" else open
    with opener(path, "rt", encoding="utf-8") as lines:
        for line in lines:
            word, _, values = line.partition(" ")
            if word in wanted:
                vectors[word] = torch.tensor([float(x) for x in values.split()])
    return vectors


def random_vectors(words: Iterable[str], size: int = 100) -> dict[str, Tensor]:
    """Vectors from N(0,1), for timings without a file; the same in every run."""
    generator = torch.Generator().manual_seed(0)
    return {word: torch.randn(size, generator=generator) for word in words}


def embedding(vectors: dict[str, Tensor]) -> tuple[dict[str, int], Tensor]:
    """Row of every word, and the rows [V,D]; padding and unknown are zero."""
    size = len(next(iter(vectors.values())))
    rows = [torch.zeros(size), torch.zeros(size), *vectors.values()]
    return {word: row for row, word in enumerate(vectors, start=2)}, torch.stack(rows)


def batches(
    reviews: list[Review], index: dict[str, int], matrix: Tensor, size: int = 32
) -> list[Batch]:
    """Cuts reviews into batches in file order and looks their vectors up.

    Inside a batch the longest sentence comes first, equal ones in file order.
    A sentence without a token stands as one unknown token.
    """
    result = []
    for start in range(0, len(reviews), size):
        part = sorted(
            reviews[start : start + size], key=lambda r: len(r.tokens), reverse=True
        )
        tokens = [
            torch.tensor([index.get(w, UNKNOWN) for w in r.tokens] or [UNKNOWN])
            for r in part
        ]
        result.append(
            Batch(
                vectors=matrix[pad_sequence(tokens, batch_first=True)],
                lengths=torch.tensor([len(t) for t in tokens]),
                labels=torch.tensor([r.labels for r in part]),
            )
        )
    return result
