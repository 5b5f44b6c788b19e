"""A program as the article's: Lightning, from the files to the test's figures.

It takes the flags of train.py, and --run: a run folder of absa with the recipe.
"""

import argparse
import json
from pathlib import Path

import torch
from torch.utils.data import DataLoader

import data
import train
from bench.lightning_loop import Classifier, Item, Reviews, collate, trainer
from bench.recipe import Batch, Recipe, Sentence


class Program(Classifier):
    """The network, which also predicts."""

    def predict_step(self, batch: Batch, _: int) -> tuple[torch.Tensor, torch.Tensor]:
        """Predicted and true labels [B,A]; a predicted absent is -1."""
        return self.recipe.answer(self.model, batch) - 1, batch.labels


def parse_arguments() -> argparse.Namespace:
    """The flags."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    for name in ("train", "test", "split", "run"):
        parser.add_argument(f"--{name}", type=Path, required=True)
    parser.add_argument("--vectors", type=Path)
    parser.add_argument("--vectors-kind", choices=("file", "random"), default="file")
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0)
    parser.add_argument("--json", action="store_true")
    return parser.parse_args()


def main() -> None:
    """Reads, trains, tests, prints."""
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)
    recipe = Recipe(arguments.run)
    kept = [s for s in recipe.read(arguments.train) if recipe.tokenize(s.text)]
    chosen = set(json.loads(arguments.split.read_text())["train"])
    training = [s for s in kept if s.id in chosen]
    if arguments.vectors_kind == "random":
        vectors = data.random_vectors(recipe.rows)
    else:
        vectors = data.read_vectors(arguments.vectors, recipe.rows)
    for word, vector in vectors.items():
        recipe.weights["embedding.weight"][recipe.rows[word]] = vector

    program, runner = Program(recipe), trainer(arguments.epochs)
    runner.fit(program, loader(recipe, training))
    found = runner.predict(program, loader(recipe, recipe.read(arguments.test)))
    guesses, labels = (torch.cat(parts) for parts in zip(*found, strict=True))
    print(json.dumps(train.score(guesses, labels)))


def loader(recipe: Recipe, sentences: list[Sentence]) -> DataLoader[Item]:
    """Batches in file order."""
    reviews = Reviews(recipe, sentences)
    return DataLoader(reviews, batch_size=recipe.batch_size, collate_fn=collate)


if __name__ == "__main__":
    main()
