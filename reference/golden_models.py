"""Goldens of the article's model and its variants, small and without dropout.

Per variant <variant>.weight.<parameter>, .tokens [B,T], .lengths [B], .labels
[B,A] (indices of polarities, -1 absent), of n-grams the rows .ngrams [G] and the
bounds .ngram_bounds [B+1], .logits [B,A,C], .presence [B,A],
.loss and .grad.<parameter>; .again [B,A,C], the logits of another answer, and
.divergence of the two with its .divergence.grad for .logits. The gradient of a
self-attention's key.bias is rounding noise: softmax cancels what it adds to all
scores of a query.
"""

from typing import Any

import torch
from torch import Tensor

from compare import first_step, load_model
from example import Config, Model
from loss import ABSENT, Loss

POLARITIES = ["positive", "neutral", "negative", "conflict"]


def variants() -> dict[str, dict[str, Any]]:
    """Configs of the model variants, in the form of compare.py's config.json."""

    def config(kind: str, pool: str, **others: Any) -> dict[str, Any]:
        masked = others.pop("masked", True)
        attention = {"kind": kind, "heads": 2, "masked": masked, "pool": pool}
        attention["shared"] = others.pop("shared", False)
        absent = others.pop("absent_class", False)
        head = {"hidden": 4, "absent_class": absent, "presence": False}
        head |= others.pop("head", {})
        return {
            "aspects": ["food", "v1.0 50%"],
            "polarities": POLARITIES,
            "dimension": 6,
            "hidden": 8,
            "layers": 1,
            "attention": attention,
            "head": head,
            "class_weights": [1.0] * 4,
            "reduction": "aspect",
            "presence_weight": 0.0,
            "label_smoothing": 0.0,
            "trainable_embedding": True,
        } | others

    article = {
        "aspects": ["food", "service", "anecdotes/miscellaneous"],
        "dimension": 8,
        "hidden": 16,
        "layers": 2,
        "head": {"hidden": 8},
        "class_weights": [0.3, 0.5, 1.0, 1.0, 1.0],
        "trainable_embedding": False,
    }
    absent = {"absent_class": True, "class_weights": [2.0, 0.5, 1.0, 1.0, 2.0]}
    presence = {"head": {"hidden": 0, "presence": True}, "presence_weight": 0.5}
    return {
        "article": config(
            "self", "last_padded", masked=False, absent_class=True, **article
        ),
        "self_last_padded": config("self", "last_padded"),
        "self_last": config("self", "last"),
        "self_mean": config("self", "mean"),
        "self_mean_unmasked": config("self", "mean", masked=False),
        "self_max": config("self", "max", reduction="pairs"),
        "self_query": config("self", "query"),
        "additive_presence": config("additive", "query", reduction="pairs", **presence),
        "none_mean": config("none", "mean"),
        "none_max": config("none", "max", layers=2),
        "none_last": config("none", "last", class_weights=[0.5, 1.0, 1.0, 2.0]),
        "additive_shared": config("additive", "query", shared=True, **presence),
        "ngrams": config("none", "mean", ngrams={"words": 2, "buckets": 30, "scale": 3.0}),
        "smoothed": config("none", "mean", label_smoothing=0.1, **absent),
        "smoothed_pairs": config(
            "none",
            "mean",
            label_smoothing=0.2,
            reduction="pairs",
            class_weights=[0.0, 1.0, 0.5, 2.0],
            ngrams={"words": 1, "buckets": 30, "scale": 3.0},
        ),
    }


def make() -> tuple[dict[str, Tensor], list[dict[str, Any]]]:
    """The tensors, and the variants' configs with their names, in order."""
    tensors: dict[str, Tensor] = {}
    other = torch.Generator().manual_seed(1)  # leaves the draws of the rest alone
    words, lengths = 20, torch.tensor([7, 5, 5, 2, 1])
    for variant, config in variants().items():
        vectors = torch.randn(words, config["dimension"])
        vectors[0] = 0
        weights = Model(Config.from_dict(config), vectors, True).state_dict()
        tokens = torch.randint(1, words, (5, 7)) * (torch.arange(7) < lengths[:, None])
        labels = torch.randint(ABSENT, len(POLARITIES), (5, len(config["aspects"])))
        if variant == "self_last":
            labels[:, 1] = ABSENT  # an aspect without a label in the batch
        batch, ngrams = {"tokens": tokens, "lengths": lengths, "labels": labels}, None
        if "ngrams" in config:
            buckets = config["ngrams"]["buckets"]
            rows = torch.randint(buckets, (25,), generator=other)
            ngrams = rows, torch.tensor([0, 12, 18, 18, 24, 25])
            batch["ngrams"], batch["ngram_bounds"] = ngrams
            for name in ("ngrams.weight", "ngrams.bias"):  # they begin as zeros
                weights[name] = torch.randn(weights[name].shape, generator=other)
        model, loss_of = load_model(config, weights), Loss.from_dict(config)
        result = first_step(model, loss_of, (tokens, lengths, labels, ngrams))
        logits = result["logits"].clone().requires_grad_()
        again = result["again"] = torch.randn(logits.shape, generator=other)
        divergence = loss_of.divergence(logits, again, labels)
        (result["divergence.grad"],) = torch.autograd.grad(divergence, logits)
        result["divergence"] = divergence.detach()
        weights = {f"weight.{name}": tensor for name, tensor in weights.items()}
        for name, tensor in (weights | batch | result).items():
            tensors[f"{variant}.{name}"] = tensor
    return tensors, [{"name": name, **config} for name, config in variants().items()]
