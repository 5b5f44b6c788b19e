"""The network of absa in plain PyTorch, with the same parameter names.

B sentences, T tokens, D vector, H units per direction, N attention heads,
A aspects, C classes. Sentences of a batch come longest first.
"""

from dataclasses import dataclass
from math import log, sqrt
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn
from torch.nn.utils.rnn import pack_padded_sequence, pad_packed_sequence

# Rows [G] of the n-grams of all sentences, and the bounds [B+1] between sentences.
NGrams = tuple[Tensor, Tensor]


@dataclass(frozen=True)
class Attention:
    """How the states of a sentence become one vector per aspect."""

    kind: str = "self"  # self | additive | none
    heads: int = 2
    masked: bool = False
    pool: str = "last_padded"  # last_padded | last | mean | max | query
    shared: bool = False  # additive: one projection for all aspects


@dataclass(frozen=True)
class Head:
    """How the pooled vector becomes logits."""

    hidden: int = 64
    dropout: float = 0.0
    absent_class: bool = True
    presence: bool = False


@dataclass(frozen=True)
class NGramOptions:
    """A linear classifier of n-grams beside the network."""

    words: int = 0  # of the longest; 0: none
    characters: int = 0  # of the longest of characters; 0: none
    buckets: int = 65536  # rows of its table
    scale: float = 6.0  # factor of its rows


@dataclass(frozen=True)
class Config:
    """Everything that decides the shapes and the arithmetic of a Model."""

    aspects: tuple[str, ...]
    polarities: tuple[str, ...]
    hidden: int
    layers: int
    attention: Attention
    head: Head
    ngrams: NGramOptions = NGramOptions()
    embedding_dropout: float = 0.0  # on the word vectors
    layer_dropout: float = 0.0  # between the layers of the LSTM
    output_dropout: float = 0.0  # on the output of the LSTM

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Config":
        """Takes the labels and the section model of a config; other keys are left alone."""
        return cls(
            aspects=tuple(values["aspects"]),
            polarities=tuple(values["polarities"]),
            hidden=values["hidden"],
            layers=values["layers"],
            attention=Attention(**values["attention"]),
            head=Head(**values["head"]),
            ngrams=NGramOptions(**values.get("ngrams", {})),
            embedding_dropout=values.get("embedding_dropout", 0.0),
            layer_dropout=values.get("layer_dropout", 0.0),
            output_dropout=values.get("output_dropout", 0.0),
        )

    @property
    def class_names(self) -> tuple[str, ...]:
        """Of the logits of an aspect, in order."""
        if self.head.absent_class:
            return ("absent", *self.polarities)
        return self.polarities


def escape(aspect: str) -> str:
    """Name of an aspect as a part of a parameter name, where dots separate."""
    return aspect.replace("%", "%25").replace(".", "%2E")


def last_valid(states: Tensor, valid: Tensor) -> Tensor:
    """States [B,T,K] at the last valid position [B,K]."""
    return states[torch.arange(len(states)), valid.sum(dim=1) - 1]


def pool(states: Tensor, valid: Tensor, kind: str) -> Tensor:
    """Pools states [B,T,K] over the valid positions [B,T] to [B,K]."""
    if kind == "last_padded":
        return states[:, -1]
    if kind == "last":
        return last_valid(states, valid)
    if kind == "mean":
        total = states.masked_fill(~valid[..., None], 0.0).sum(dim=1)
        return total / valid.sum(dim=1, keepdim=True)
    if kind == "max":
        return states.masked_fill(~valid[..., None], -torch.inf).max(dim=1).values
    raise ValueError(f"pool {kind!r} is not one of last_padded, last, mean, max")


class SelfAttention(nn.Module):
    """Multi-head scaled dot-product attention, then a pool.

    Vaswani et al. 2017, eq. 1. Rows h*d to (h+1)*d of query, key and value
    belong to attention head h, d = size / heads.
    """

    def __init__(self, size: int, options: Attention) -> None:
        super().__init__()
        if size % options.heads:
            raise ValueError(f"{size} units do not divide into {options.heads} heads")
        self.options = options
        self.query = nn.Linear(size, size)
        self.key = nn.Linear(size, size)
        self.value = nn.Linear(size, size)
        self.output = nn.Linear(size, size)
        if options.pool == "query":
            self.seed = nn.Parameter(torch.randn(size))

    def split(self, x: Tensor) -> Tensor:
        """[B,T,2H] to [B,N,T,d]."""
        batch, steps, size = x.shape
        heads = self.options.heads
        return x.view(batch, steps, heads, size // heads).transpose(1, 2)

    def forward(self, states: Tensor, valid: Tensor) -> Tensor:
        """Maps states [B,T,2H] to pooled vectors [B,2H]."""
        asking = states
        if self.options.pool == "query":
            asking = self.seed.expand(len(states), 1, -1)
        query, key, value = (
            self.split(self.query(asking)),
            self.split(self.key(states)),
            self.split(self.value(states)),
        )
        scores = query @ key.transpose(-2, -1) / sqrt(query.size(-1))
        if self.options.masked:
            scores = scores.masked_fill(~valid[:, None, None, :], -torch.inf)
        mixed = torch.softmax(scores, dim=-1) @ value
        attended = self.output(mixed.transpose(1, 2).flatten(-2))
        if self.options.pool == "query":
            return attended[:, 0]
        return pool(attended, valid, self.options.pool)


class AdditiveAttention(nn.Module):
    """Softmax over the valid tokens of q·tanh(W h + b); Bahdanau et al. 2015."""

    def __init__(self, size: int, shared: bool) -> None:
        """Shared says that W and b are outside of it, the same for all aspects."""
        super().__init__()
        self.projection = None if shared else nn.Linear(size, size)
        self.score = nn.Linear(size, 1, bias=False)

    def forward(
        self, states: Tensor, valid: Tensor, projected: Tensor | None
    ) -> Tensor:
        """Maps states [B,T,2H] to pooled vectors [B,2H].

        Where W and b are shared, projected [B,T,2H] holds tanh(W h + b).
        """
        if self.projection is not None:
            projected = torch.tanh(self.projection(states))
        scores = self.score(projected).squeeze(-1)
        weights = torch.softmax(scores.masked_fill(~valid, -torch.inf), dim=1)
        return (weights[..., None] * states).sum(dim=1)


class NoAttention(nn.Module):
    """Mean, maximum or last states of the LSTM; no parameters."""

    def __init__(self, kind: str) -> None:
        super().__init__()
        if kind not in ("mean", "max", "last"):
            raise ValueError(f"pool {kind!r} needs attention")
        self.kind = kind

    def forward(self, states: Tensor, valid: Tensor) -> Tensor:
        """Maps states [B,T,2H] to pooled vectors [B,2H]."""
        if self.kind != "last":
            return pool(states, valid, self.kind)
        hidden = states.size(-1) // 2  # backwards, the last state is at token 0
        forwards = last_valid(states, valid)[:, :hidden]
        return torch.cat([forwards, states[:, 0, hidden:]], dim=1)


class AspectHead(nn.Module):
    """Attention and classifier of one aspect; no activation in between."""

    def __init__(self, config: Config) -> None:
        super().__init__()
        size, options = 2 * config.hidden, config.head
        self.attention: nn.Module
        if config.attention.kind == "self":
            self.attention = SelfAttention(size, config.attention)
        elif config.attention.kind == "additive":
            self.attention = AdditiveAttention(size, config.attention.shared)
        elif config.attention.kind == "none":
            self.attention = NoAttention(config.attention.pool)
        else:
            raise ValueError(f"attention kind {config.attention.kind!r} is unknown")
        self.dense = nn.Linear(size, options.hidden) if options.hidden else None
        self.dropout = nn.Dropout(options.dropout)
        self.classifier = nn.Linear(options.hidden or size, len(config.class_names))
        self.presence = nn.Linear(size, 1) if options.presence else None

    def forward(
        self, states: Tensor, valid: Tensor, projected: Tensor | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Maps states [B,T,2H] to logits [B,C] and, where asked for, presence [B]."""
        if isinstance(self.attention, AdditiveAttention):
            pooled = self.attention(states, valid, projected)
        else:
            pooled = self.attention(states, valid)
        features = pooled if self.dense is None else self.dense(pooled)
        logits = self.classifier(self.dropout(features))
        if self.presence is None:
            return logits, None
        return logits, self.presence(self.dropout(pooled)).squeeze(-1)


class NGramClassifier(nn.Module):
    """s/√n times the sum of the rows of n n-grams, the same for all aspects, and a
    bias of each aspect."""

    def __init__(self, options: NGramOptions, aspects: int, classes: int) -> None:
        super().__init__()
        self.scale = options.scale
        self.weight = nn.Parameter(torch.zeros(options.buckets, classes))
        self.bias = nn.Parameter(torch.zeros(aspects, classes))

    def forward(self, ngrams: NGrams) -> Tensor:
        """Maps n-grams to logits [B,A,C]."""
        rows, bounds = ngrams
        sums = F.embedding_bag(
            rows, self.weight, bounds, mode="sum", include_last_offset=True
        )
        sums = sums * (self.scale / bounds.diff().clamp(min=1).sqrt())[:, None]
        return sums[:, None] + self.bias


def mixed(parts: list[Tensor]) -> Tensor:
    """Logits of the mean of the probabilities of logits [B,A,C]."""
    if len(parts) == 1:
        return parts[0]
    each = torch.stack([part.log_softmax(dim=-1) for part in parts])
    return each.logsumexp(dim=0) - log(len(parts))


class Model(nn.Module):
    """Embedding, packed BiLSTM, one head per aspect, and n-grams beside them."""

    def __init__(self, config: Config, vectors: Tensor, trainable: bool) -> None:
        """Takes vectors [V,D]: row 0 is padding, row 1 the unknown word."""
        super().__init__()
        self.config = config
        self.embedding = nn.Embedding.from_pretrained(
            vectors, freeze=not trainable, padding_idx=0
        )
        self.embedding_dropout = nn.Dropout(config.embedding_dropout)
        self.backbone = nn.LSTM(
            vectors.size(1),
            config.hidden,
            num_layers=config.layers,
            bidirectional=True,
            batch_first=True,
            dropout=config.layer_dropout,
        )
        self.output_dropout = nn.Dropout(config.output_dropout)
        size = 2 * config.hidden
        self.attention = nn.ModuleDict()  # what all aspects have in common
        if config.attention.kind == "additive" and config.attention.shared:
            self.attention["projection"] = nn.Linear(size, size)
        self.heads = nn.ModuleDict(
            {escape(a): AspectHead(config) for a in config.aspects}
        )
        self.ngrams = None
        if config.ngrams.words or config.ngrams.characters:
            self.ngrams = NGramClassifier(
                config.ngrams, len(config.aspects), len(config.class_names)
            )

    def forward(
        self, tokens: Tensor, lengths: Tensor, ngrams: NGrams | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """Maps tokens [B,T] to logits [B,A,C] and presence logits [B,A] or None.

        Lengths [B] stay on the CPU, where the LSTM wants them.
        """
        return self.classify(self.embedding(tokens), lengths, ngrams)

    def classify(
        self, vectors: Tensor, lengths: Tensor, ngrams: NGrams | None = None
    ) -> tuple[Tensor, Tensor | None]:
        """The same from word vectors [B,T,D] that were looked up before."""
        parts, presence = self.parts(vectors, lengths, ngrams)
        return mixed(parts), presence

    def parts(
        self, vectors: Tensor, lengths: Tensor, ngrams: NGrams | None = None
    ) -> tuple[list[Tensor], Tensor | None]:
        """The logits of the network and, with a classifier of them, of the n-grams.

        Each is trained by its own loss; the mean of their probabilities is the answer.
        """
        steps = vectors.size(1)
        packed = pack_padded_sequence(
            self.embedding_dropout(vectors), lengths, batch_first=True
        )
        states, _ = pad_packed_sequence(
            self.backbone(packed)[0], batch_first=True, total_length=steps
        )
        states = self.output_dropout(states)
        valid = (torch.arange(steps) < lengths[:, None]).to(states.device)
        projected = None
        if "projection" in self.attention:
            projected = torch.tanh(self.attention["projection"](states))
        outputs = [head(states, valid, projected) for head in self.heads.values()]
        parts = [torch.stack([logits for logits, _ in outputs], dim=1)]
        if self.ngrams is not None:
            if ngrams is None:
                raise ValueError("the model wants the n-grams of the sentences")
            parts.append(self.ngrams(ngrams))
        if not self.config.head.presence:
            return parts, None
        return parts, torch.stack([presence for _, presence in outputs], dim=1)
