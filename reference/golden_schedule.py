"""Goldens of the learning rate, by the schedulers of torch.optim.

"rates" holds runs with a warm-up and a constant, linear or cosine rest: the rate
of each step, which count from 0, and of the one after the last. "plateaus" holds
sequences of validation values, null for not-a-number, and the rate after each.
"""

from dataclasses import asdict, dataclass
from math import nan
from typing import Any

import torch
from torch.optim import SGD
from torch.optim.lr_scheduler import (
    ConstantLR,
    CosineAnnealingLR,
    LinearLR,
    LRScheduler,
    ReduceLROnPlateau,
    SequentialLR,
)


@dataclass(frozen=True)
class Run:
    """One schedule over a whole run; final_rate is a share of learning_rate."""

    name: str
    schedule: str
    steps: int
    warmup_steps: int = 0
    final_rate: float = 0.0
    learning_rate: float = 3e-3

    def rest(self, optimizer: SGD) -> LRScheduler:
        """What follows the warm-up."""
        steps = self.steps - self.warmup_steps
        if self.schedule == "linear":
            return LinearLR(optimizer, 1.0, self.final_rate, total_iters=steps)
        if self.schedule == "cosine":
            least = self.final_rate * self.learning_rate
            return CosineAnnealingLR(optimizer, T_max=steps, eta_min=least)
        return ConstantLR(optimizer, 1.0)

    def rates(self) -> list[float]:
        """The rate of steps 0 to self.steps."""
        optimizer = make_optimizer(self.learning_rate)
        if n := self.warmup_steps:  # LinearLR's last factor is that of step n-1
            warmup = LinearLR(optimizer, 1 / n, 1.0, total_iters=max(n - 1, 1))
            schedulers = [warmup, self.rest(optimizer)]
            scheduler: LRScheduler = SequentialLR(optimizer, schedulers, [n])
        else:
            scheduler = self.rest(optimizer)
        rates = []
        for _ in range(self.steps + 1):
            rates.append(float(optimizer.param_groups[0]["lr"]))
            optimizer.step()
            scheduler.step()
        return rates


@dataclass(frozen=True)
class Plateau:
    """Values of validation, one per epoch; lower says that less is better."""

    name: str
    values: tuple[float, ...]
    lower: bool = False
    factor: float = 0.5
    patience: int = 2
    final_rate: float = 0.0
    learning_rate: float = 3e-3

    def rates(self) -> list[float]:
        """The rate after each value."""
        optimizer = make_optimizer(self.learning_rate)
        scheduler = ReduceLROnPlateau(
            optimizer,
            mode="min" if self.lower else "max",
            factor=self.factor,
            patience=self.patience,
            threshold=0.0,
            min_lr=self.final_rate * self.learning_rate,
            eps=0.0,
        )
        rates = []
        for value in self.values:
            optimizer.step()
            scheduler.step(value)
            rates.append(float(optimizer.param_groups[0]["lr"]))
        return rates


STALLING = (0.5, 0.6, 0.6, 0.55, 0.6, 0.61, 0.61, 0.61, 0.61, 0.6, 0.6, 0.6, 0.7, 0.1)

RUNS = (
    Run("constant", "constant", 12),
    Run("constant, warm-up", "constant", 12, warmup_steps=5),
    Run("linear", "linear", 20),
    Run("linear, warm-up", "linear", 20, warmup_steps=6),
    Run("linear to a tenth, warm-up", "linear", 20, warmup_steps=6, final_rate=0.1),
    Run("linear to no less", "linear", 8, warmup_steps=2, final_rate=1.0),
    Run("cosine", "cosine", 20),
    Run("cosine, warm-up of one step", "cosine", 20, warmup_steps=1),
    Run("cosine, warm-up", "cosine", 50, warmup_steps=10),
    Run("cosine to a tenth, warm-up", "cosine", 50, warmup_steps=10, final_rate=0.1),
    Run("cosine of one step", "cosine", 1, final_rate=0.2),
    Run("cosine, warm-up but for a step", "cosine", 8, warmup_steps=7),
)

PLATEAUS = (
    Plateau("higher is better", STALLING),
    Plateau("lower is better", tuple(1 - v for v in STALLING), lower=True),
    Plateau("no patience", STALLING, patience=0, factor=0.1),
    Plateau("to a third and no less", STALLING, patience=0, final_rate=1 / 3),
    Plateau("not a number", (nan, nan, nan, 0.5, nan, 0.6, nan, nan, nan), patience=1),
    Plateau("below zero", (-2.0, -1.0, -1.0, -3.0, -0.5), patience=1, factor=0.9),
)


def make_optimizer(learning_rate: float) -> SGD:
    """Something for a scheduler to set the rate of."""
    return SGD([torch.nn.Parameter(torch.zeros(1))], lr=learning_rate)


def make() -> dict[str, Any]:
    """All cases with their settings."""
    plateaus = []
    for case in PLATEAUS:
        values = [None if v != v else v for v in case.values]  # JSON lacks nan
        plateaus.append(asdict(case) | {"values": values, "rates": case.rates()})
    rates = [asdict(case) | {"rates": case.rates()} for case in RUNS]
    return {"rates": rates, "plateaus": plateaus}
