"""The loss of the Go program: cross-entropy per aspect, and the presence term."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

ABSENT = -1  # label of an aspect that a sentence does not mention


@dataclass(frozen=True)
class Loss:
    """Class-weighted cross-entropy over the labelled (sentence, aspect) pairs.

    weights: one per class of the logits [C]. offset: class of the first
    polarity, 1 where class 0 is absent. reduction: aspect (weighted mean per
    aspect, summed over the aspects with a label) or pairs (weighted mean over
    all pairs). label_smoothing: share of a label that all classes have evenly.
    """

    weights: Tensor
    offset: int
    reduction: str = "aspect"
    presence_weight: float = 0.0
    label_smoothing: float = 0.0

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> "Loss":
        """Takes the loss's part of a config.json; other keys are left alone."""
        return cls(
            weights=torch.tensor(values["class_weights"], dtype=torch.float32),
            offset=int(values["head"]["absent_class"]),
            reduction=values["reduction"],
            presence_weight=values["presence_weight"],
            label_smoothing=values["label_smoothing"],
        )

    def __call__(
        self, parts: list[Tensor], presence: Tensor | None, labels: Tensor
    ) -> Tensor:
        """Maps logits [B,A,C] of each part of a model, each with its own cross-entropy,
        presence logits [B,A] and labels [B,A] to a scalar.

        Labels are indices of polarities, ABSENT where there is none.
        """
        labelled = labels != ABSENT
        total = sum((self.entropy(part, labels) for part in parts), parts[0].new_zeros(()))
        if presence is not None:
            total = total + self.presence_weight * F.binary_cross_entropy_with_logits(
                presence, labelled.to(presence.dtype)
            )
        return total

    def entropy(self, logits: Tensor, labels: Tensor) -> Tensor:
        """The cross-entropy of logits [B,A,C]."""
        labelled = labels != ABSENT
        targets = torch.where(labelled, labels + self.offset, ABSENT)
        if self.reduction == "aspect":
            total = logits.new_zeros(())
            for aspect in range(labels.size(1)):
                if labelled[:, aspect].any():
                    total = total + self.mean(logits[:, aspect], targets[:, aspect])
        elif self.reduction == "pairs":
            total = logits.new_zeros(())
            if labelled.any():
                total = self.mean(logits.flatten(0, 1), targets.flatten())
        else:
            raise ValueError(
                f"reduction {self.reduction!r} is neither aspect nor pairs"
            )
        return total

    def divergence(self, a: Tensor, b: Tensor, labels: Tensor) -> Tensor:
        """KL divergence of two answers' logits [B,A,C], both ways averaged: a scalar.

        Weighted over the labelled pairs as the cross-entropy is. R-Drop (Liang et al.
        2021, eq. 2) adds it, by a weight, to the mean of the losses of the two.
        """
        log_p, log_q = a.log_softmax(-1), b.log_softmax(-1)
        there = F.kl_div(log_q, log_p, reduction="none", log_target=True)
        back = F.kl_div(log_p, log_q, reduction="none", log_target=True)
        weight = self.weights[labels + self.offset] * (labels != ABSENT)
        total = weight.sum(0) if self.reduction == "aspect" else weight.sum()
        weight = weight / total.clamp(min=torch.finfo(weight.dtype).tiny)
        return ((there + back).sum(-1) / 2 * weight).sum()

    def mean(self, logits: Tensor, targets: Tensor) -> Tensor:
        """Sum of w·loss over sum of w for logits [M,C], targets [M]."""
        # Smoothing would let a label of weight 0 count for the other classes.
        targets = targets.where(self.weights[targets] > 0, ABSENT)
        return F.cross_entropy(
            logits,
            targets,
            self.weights,
            ignore_index=ABSENT,
            label_smoothing=self.label_smoothing,
        )
