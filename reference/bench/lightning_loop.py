"""PyTorch Lightning with the article's kind of loader.

As in the article's public code (github.com/shenghaowang/absa-for-restaurant-reviews)
the dataset cleans, cuts and looks up a sentence whenever it is asked for one, and
the loader sorts and pads what it collects. The network, the loss and the batches
are those of the other programs here.
"""

import logging
import warnings
from time import perf_counter
from typing import Any

import pytorch_lightning
import torch
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence
from torch.utils.data import DataLoader, Dataset

from bench.loops import Epoch, History
from bench.recipe import UNKNOWN, Batch, Recipe, Sentence, joined
from example import SPECIAL

# Vectors [T,D], or rows [T]; rows of the n-grams; labels [A].
Item = tuple[Tensor, list[int], Tensor]


class Reviews(Dataset[Item]):
    """Sentences that become tensors one by one, each time they are asked for."""

    def __init__(self, recipe: Recipe, sentences: list[Sentence]) -> None:
        self.recipe, self.sentences = recipe, sentences
        self.vectors = dict(
            zip(recipe.rows, recipe.weights["embedding.weight"], strict=True)
        )
        self.unknown = recipe.weights["embedding.weight"][UNKNOWN]

    def __len__(self) -> int:
        return len(self.sentences)

    def __getitem__(self, at: int) -> Item:
        """Cleans, cuts and looks up."""
        sentence = self.sentences[at]
        labels = torch.tensor(sentence.labels)
        if self.recipe.trains_vectors:
            return *self.recipe.words(sentence.text), labels
        words = self.recipe.tokenize(sentence.text) or SPECIAL[UNKNOWN:]
        found = [self.vectors.get(word, self.unknown) for word in words]
        return torch.stack(found), self.recipe.ngrams(words), labels


def collate(items: list[Item]) -> Batch:
    """Sorts, the longest first, and pads."""
    items = sorted(items, key=lambda item: len(item[0]), reverse=True)
    return Batch(
        inputs=pad_sequence([x for x, _, _ in items], batch_first=True),
        lengths=torch.tensor([len(x) for x, _, _ in items]),
        labels=torch.stack([labels for _, _, labels in items]),
        ngrams=joined([rows for _, rows, _ in items]),
    )


class Classifier(pytorch_lightning.LightningModule):
    """The network with the step that Lightning drives."""

    def __init__(self, recipe: Recipe) -> None:
        super().__init__()
        self.recipe = recipe
        self.model = recipe.model()
        self.loss_of = recipe.loss()
        self.average = recipe.average(self.model)

    def training_step(self, batch: Batch, _: int) -> Tensor:
        """The loss of a batch."""
        loss = self.loss_of(*self.recipe.forward(self.model, batch), batch.labels)
        self.log("train_loss", loss, batch_size=len(batch.lengths))
        return loss

    def configure_optimizers(self) -> torch.optim.Optimizer:
        """Adam as PyTorch has it by default."""
        return self.recipe.optimizer(self.model, fused=False)

    def on_train_batch_end(self, *_: Any) -> None:
        """Moves the average of the weights along, where there is one."""
        if self.average:
            self.average.update_parameters(self.model)


class Clock(pytorch_lightning.Callback):
    """Times epochs, and steps by part."""

    def __init__(self) -> None:
        self.history = History()
        self.last = 0.0

    def lap(self, part: str) -> None:
        """Counts the time since the last lap for a part."""
        now = perf_counter()
        self.history.epochs[-1].parts[part] += now - self.last
        self.last = now

    def on_train_epoch_start(self, *_: Any) -> None:
        self.history.epochs.append(Epoch())
        self.begun = self.last = perf_counter()

    def on_train_batch_start(self, *_: Any) -> None:
        self.lap("load")

    def on_before_backward(self, *_: Any) -> None:
        self.lap("forward")

    def on_after_backward(self, *_: Any) -> None:
        self.lap("backward")

    def on_train_batch_end(
        self, _: Any, __: Any, outputs: Any, batch: Batch, ___: int
    ) -> None:
        self.lap("optimizer")
        epoch = self.history.epochs[-1]
        epoch.sentences += len(batch.lengths)
        epoch.steps += 1
        epoch.loss += outputs["loss"].item()

    def on_train_epoch_end(self, *_: Any) -> None:
        self.history.epochs[-1].seconds = perf_counter() - self.begun


def train(recipe: Recipe, epochs: int, batches: int) -> History:
    """Trains for so many epochs over the first batches, all if 0."""
    torch.manual_seed(1)
    sentences = recipe.training()
    words = [recipe.words(s.text) for s in sentences]
    plan = recipe.training_plan(words)[: batches or None]
    loader = DataLoader(
        Reviews(recipe, sentences), batch_sampler=plan, collate_fn=collate
    )
    clock = Clock()
    trainer(epochs, clock).fit(Classifier(recipe), loader)
    return clock.history


def trainer(epochs: int, *callbacks: pytorch_lightning.Callback) -> Any:
    """A trainer for the CPU that writes and shows nothing."""
    logging.getLogger("pytorch_lightning").setLevel(logging.ERROR)
    warnings.filterwarnings("ignore", module="pytorch_lightning")
    return pytorch_lightning.Trainer(
        max_epochs=epochs,
        accelerator="cpu",
        callbacks=list(callbacks),
        logger=False,
        enable_checkpointing=False,
        enable_model_summary=False,
        enable_progress_bar=False,
    )
