"""A training recipe in PyTorch, read from a run folder of absa.

B sentences, T tokens, D vector, A aspects.
"""

import json
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path
from typing import Any, NamedTuple

import torch
import yaml
from safetensors.torch import load_file
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.optim.swa_utils import AveragedModel, get_ema_multi_avg_fn

from bench.corpus import ROOT, SAMPLE
from example import (
    SPECIAL,
    Config,
    Model,
    NGrams,
    mixed,
    ngrams,
    ngrams_of,
    tokenizer,
)
from loss import ABSENT, Loss

UNKNOWN = 1  # row of a word without a vector; row 0 is padding


@dataclass(frozen=True)
class Sentence:
    """A text with one label per aspect: index of a polarity, or ABSENT."""

    id: str
    text: str
    labels: tuple[int, ...]


class Words(NamedTuple):
    """A sentence as the model reads it."""

    rows: Tensor  # [T] of its words
    ngrams: list[int]  # rows


class Batch(NamedTuple):
    """A batch, its longest sentence first."""

    inputs: Tensor  # tokens [B,T], or vectors [B,T,D] if these are not trained
    lengths: Tensor  # [B]
    labels: Tensor  # [B,A]
    ngrams: NGrams | None  # where the model has them


def joined(rows: list[list[int]]) -> NGrams | None:
    """The n-grams of a batch; None where its sentences have none."""
    return ngrams_of(rows) if any(rows) else None


class Recipe:
    """Model, loss, optimizer and batches of a run, as absa has them.

    The weights are those of the run, so that both sides begin with the same.
    """

    def __init__(self, run: Path) -> None:
        read = (run / "config.yaml").read_text(encoding="utf-8")
        self.config: dict[str, Any] = yaml.safe_load(read)
        self.labels = json.loads((run / "labels.json").read_text(encoding="utf-8"))
        self.split = json.loads((run / "split.json").read_text(encoding="utf-8"))
        self.weights = load_file(run / "model.safetensors")
        words = (run / "vocab.txt").read_text(encoding="utf-8").rstrip("\n").split("\n")
        self.rows = {word: row for row, word in enumerate(words)}
        self.tokenize = tokenizer(self.config["text"])
        self.batch_size: int = self.config["loader"]["batch_size"]
        if self.config["loader"]["order"] != "file":
            raise ValueError("loader.order: only file order is the same on both sides")

    def ngrams(self, words: list[str]) -> list[int]:
        """Rows of the n-grams of a sentence."""
        o = Config.from_dict(self.labels | self.config["model"]).ngrams
        return ngrams(words, o.words, o.characters, o.buckets)

    @property
    def trains_vectors(self) -> bool:
        """Whether the word vectors are parameters; otherwise they are looked up ahead."""
        return bool(self.config["vectors"]["trainable"])

    @property
    def depends_on_batch(self) -> bool:
        """Whether padding is read, so that batches must be as in training."""
        attention = self.config["model"]["attention"]
        return attention["kind"] == "self" and (
            attention["pool"] == "last_padded" or not attention["masked"]
        )

    def model(self) -> Model:
        """A model with the run's weights."""
        described = Config.from_dict(self.labels | self.config["model"])
        vectors = torch.empty_like(self.weights["embedding.weight"])
        model = Model(described, vectors, self.trains_vectors)
        model.load_state_dict(self.weights)
        return model

    def loss(self) -> Loss:
        """The loss of the config."""
        model, loss = self.config["model"], self.config["loss"]
        weights = {w["label"]: w["weight"] for w in loss["class_weights"]}
        names = Config.from_dict(self.labels | model).class_names
        return Loss(
            weights=torch.tensor([float(weights.get(name, 1)) for name in names]),
            offset=int(model["head"]["absent_class"]),
            reduction=loss["reduction"],
            presence_weight=loss["presence_weight"],
            label_smoothing=loss["label_smoothing"],
        )

    def optimizer(self, model: Model, fused: bool) -> torch.optim.Adam:
        """Adam over what is trained; the presets have no decay and no clipping."""
        train = self.config["train"]
        return torch.optim.Adam(
            [p for p in model.parameters() if p.requires_grad],
            lr=train["learning_rate"],
            betas=(train["beta1"], train["beta2"]),
            eps=float(train["eps"]),  # YAML reads 1e-08 as text
            fused=fused,
        )

    def average(self, model: Model) -> AveragedModel | None:
        """The moving average of the weights, where the recipe has one."""
        decay = self.config["train"]["ema"]
        if not decay:
            return None
        return AveragedModel(model, multi_avg_fn=get_ema_multi_avg_fn(decay))

    def training(self) -> list[Sentence]:
        """The sentences of the split's training part that have a token, in file order."""
        chosen = set(self.split["train"])
        named = self.config["data"]["train"]
        path = SAMPLE / "train.xml" if named == "sample" else ROOT / named
        read = self.read(path)
        return [s for s in read if s.id in chosen and self.tokenize(s.text)]

    def read(self, path: Path) -> list[Sentence]:
        """The sentences of a SemEval-2014 XML file, in its order."""
        aspects, polarities = self.labels["aspects"], self.labels["polarities"]
        sentences = []
        for element in ElementTree.parse(path).iter("sentence"):
            labels = [ABSENT] * len(aspects)
            for category in element.iter("aspectCategory"):
                aspect = aspects.index(category.attrib["category"])
                labels[aspect] = polarities.index(category.attrib["polarity"])
            text = element.findtext("text", "")
            sentences.append(Sentence(element.attrib["id"], text, tuple(labels)))
        return sentences

    def words(self, text: str) -> Words:
        """Those of a text; without a word it is one unknown word."""
        words = self.tokenize(text) or SPECIAL[UNKNOWN:]
        rows = [self.rows.get(word, UNKNOWN) for word in words]
        return Words(torch.tensor(rows), self.ngrams(words))

    def plan(
        self, words: list[Words], batch_size: int, buckets: int
    ) -> list[list[int]]:
        """Positions of the sentences of each batch, in file order, longest first.

        With buckets, windows of so many batches are sorted by length before they
        are cut, as absa's loader does.
        """

        def cut(order: list[int], size: int) -> list[list[int]]:
            return [order[i : i + size] for i in range(0, len(order), size)]

        def sort(order: list[int]) -> list[int]:
            return sorted(order, key=lambda i: -len(words[i].rows))

        order = list(range(len(words)))
        if buckets:
            windows = cut(order, batch_size * buckets)
            order = [i for window in windows for i in sort(window)]
        return [sort(part) for part in cut(order, batch_size)]

    def training_plan(self, words: list[Words]) -> list[list[int]]:
        """The batches of an epoch."""
        buckets = self.config["loader"]["buckets"]
        return self.plan(words, self.batch_size, buckets)

    def batch(self, sentences: list[Sentence], words: list[Words]) -> Batch:
        """One batch of sentences that come longest first, and their words."""
        rows = pad_sequence([w.rows for w in words], batch_first=True)
        return Batch(
            inputs=rows if self.trains_vectors else self.look_up(rows),
            lengths=torch.tensor([len(w.rows) for w in words]),
            labels=torch.tensor([s.labels for s in sentences]),
            ngrams=joined([w.ngrams for w in words]),
        )

    def look_up(self, rows: Tensor) -> Tensor:
        """Vectors [...,D] of rows [...]."""
        return self.weights["embedding.weight"][rows]

    def forward(self, model: Model, batch: Batch) -> tuple[list[Tensor], Tensor | None]:
        """Logits [B,A,C] of each part of the model and presence logits [B,A] or None."""
        vectors = batch.inputs
        if self.trains_vectors:
            vectors = model.embedding(vectors)
        return model.parts(vectors, batch.lengths, batch.ngrams)

    def answer(self, model: Model, batch: Batch) -> Tensor:
        """The index of the likeliest class of each pair, [B,A]."""
        return mixed(self.forward(model, batch)[0]).argmax(dim=-1)

    def write_vectors(self, path: Path) -> None:
        """Writes the words and their vectors as GloVe text; a zero vector is none."""
        with path.open("w", encoding="utf-8") as file:
            for word, row in self.rows.items():
                vector = self.weights["embedding.weight"][row]
                if vector.any():
                    print(word, *(f"{x:.6g}" for x in vector.tolist()), file=file)
