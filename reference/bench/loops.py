"""A plain PyTorch loop as a good engineer writes it, and the same compiled.

Batches are made before the clock starts, so loading costs them nothing.
"""

from collections.abc import Callable
from dataclasses import dataclass, field
from statistics import median
from time import perf_counter
from typing import Any

import torch
from torch import Tensor

from bench.recipe import Batch, Recipe
from example import Model

PARTS = ("load", "forward", "backward", "optimizer")


@dataclass
class Epoch:
    """Seconds of an epoch, in total and by part of a step."""

    sentences: int = 0
    steps: int = 0
    loss: float = 0.0  # summed over steps
    seconds: float = 0.0
    parts: dict[str, float] = field(default_factory=lambda: dict.fromkeys(PARTS, 0.0))


@dataclass
class History:
    """The epochs of a training."""

    epochs: list[Epoch] = field(default_factory=list)

    def figures(self) -> dict[str, Any]:
        """Speed of the median epoch after the first, which warms up."""
        warm = self.epochs[1:]
        figures = {
            "sentences_per_second": median(e.sentences / e.seconds for e in warm),
            "ms_per_step": median(1000 * e.seconds / e.steps for e in warm),
            "loss": self.epochs[-1].loss / self.epochs[-1].steps,
        }
        for part in PARTS:
            figures[part] = median(1000 * e.parts[part] / e.steps for e in warm)
        return figures


Forward = Callable[[Model, Batch], tuple[list[Tensor], Tensor | None]]


def plain(recipe: Recipe, epochs: int, batches: int) -> History:
    """Trains for so many epochs over the first batches, all if 0."""
    model = recipe.model()
    return loop(recipe, model, recipe.forward, epochs, prepared(recipe, batches))


_compiled: dict[tuple[int, int], tuple[Model, Forward]] = {}


def compiled(recipe: Recipe, epochs: int, batches: int) -> History:
    """The same with torch.compile; what it compiled serves the later rounds too.

    It does not look into the packing and the LSTM, which run as before; the heads
    are compiled for every shape at once, since batches vary in length.
    """
    key = (id(recipe), torch.get_num_threads())
    if key not in _compiled:
        run: Forward = torch.compile(recipe.forward, dynamic=True)
        _compiled[key] = (recipe.model(), run)
    model, run = _compiled[key]
    model.load_state_dict(recipe.weights)
    return loop(recipe, model, run, epochs, prepared(recipe, batches))


_prepared: dict[tuple[int, int], list[Batch]] = {}


def prepared(recipe: Recipe, batches: int) -> list[Batch]:
    """The batches of an epoch, made once."""
    key = (id(recipe), batches)
    if key not in _prepared:
        sentences = recipe.training()
        words = [recipe.words(s.text) for s in sentences]
        _prepared[key] = [
            recipe.batch([sentences[i] for i in at], [words[i] for i in at])
            for at in recipe.training_plan(words)[: batches or None]
        ]
    return _prepared[key]


def loop(
    recipe: Recipe,
    model: Model,
    forward: Forward,
    epochs: int,
    batches: list[Batch],
) -> History:
    """The training loop."""
    torch.manual_seed(1)
    loss_of, optimizer = recipe.loss(), recipe.optimizer(model, fused=True)
    average = recipe.average(model)
    model.train()
    history = History()
    for _ in range(epochs):
        epoch, begun = Epoch(), perf_counter()
        for batch in batches:
            started = perf_counter()
            loss = loss_of(*forward(model, batch), batch.labels)
            epoch.loss += loss.item()
            forwarded = perf_counter()
            loss.backward()
            backwarded = perf_counter()
            optimizer.step()
            optimizer.zero_grad()
            if average:
                average.update_parameters(model)
            epoch.parts["forward"] += forwarded - started
            epoch.parts["backward"] += backwarded - forwarded
            epoch.parts["optimizer"] += perf_counter() - backwarded
            epoch.sentences += len(batch.lengths)
            epoch.steps += 1
        epoch.seconds = perf_counter() - begun
        history.epochs.append(epoch)
    return history
