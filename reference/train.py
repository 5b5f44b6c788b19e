"""Trains the article's recipe in a plain PyTorch loop and prints JSON.

Example: python train.py --train Restaurants_Train_v2.xml \\
    --test Restaurants_Test_Gold.xml --vectors glove.6B.100d.txt --seeds 1,2,3 --json
"""

import argparse
import json
import platform
import sys
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

import numpy
import torch
from torch import Tensor

import data
from example import Attention, Config, Head, Model
from loss import ABSENT, Loss

CONFIG = Config(
    aspects=data.ASPECTS,
    polarities=data.POLARITIES,
    hidden=128,
    layers=2,
    attention=Attention(kind="self", heads=2, masked=False, pool="last_padded"),
    head=Head(hidden=64, dropout=0.2, absent_class=True),
)
CLASS_WEIGHTS = (0.3, 0.5, 1.0, 1.0, 1.0)  # absent, then the polarities
LEARNING_RATE = 1e-3


def train(
    model: Model, batches: list[data.Batch], epochs: int
) -> list[dict[str, float]]:
    """Trains in file order; returns mean loss per step and seconds of each epoch."""
    loss_of = Loss(torch.tensor(CLASS_WEIGHTS), offset=1)
    trained = [p for p in model.parameters() if p.requires_grad]
    optimizer = torch.optim.Adam(trained, lr=LEARNING_RATE, fused=True)
    model.train()
    history = []
    for _ in range(epochs):
        begun, total = perf_counter(), 0.0
        for batch in batches:
            optimizer.zero_grad()
            loss = loss_of(*model.parts(batch.vectors, batch.lengths), batch.labels)
            loss.backward()
            optimizer.step()
            total += loss.item()
        seconds = perf_counter() - begun
        history.append({"train_loss": total / len(batches), "seconds": seconds})
    return history


@torch.no_grad()
def predict(model: Model, batches: list[data.Batch]) -> tuple[Tensor, Tensor]:
    """Predicted and true labels [M,A]; a predicted ABSENT is class 0."""
    model.eval()
    guesses = [
        model.classify(b.vectors, b.lengths)[0].argmax(dim=-1) - 1 for b in batches
    ]
    return torch.cat(guesses), torch.cat([b.labels for b in batches])


def score(guesses: Tensor, labels: Tensor) -> dict[str, Any]:
    """Accuracy over the labelled pairs beside that of the most frequent polarity."""

    def accuracy(guess: Tensor, label: Tensor) -> dict[str, Any]:
        right, frequent = (guess == label).sum().item(), label.bincount().max().item()
        n = len(label)
        return {"accuracy": right / n, "majority": frequent / n, "support": n}

    aspects = {}
    for a, name in enumerate(data.ASPECTS):
        labelled = labels[:, a] != ABSENT
        if labelled.any():
            aspects[name] = accuracy(guesses[labelled, a], labels[labelled, a])
    support = sum(x["support"] for x in aspects.values())
    overall = {
        key: sum(x[key] * x["support"] for x in aspects.values()) / support
        for key in ("accuracy", "majority")
    }
    return {**overall, "aspects": aspects}


def run(
    seed: int,
    matrix: Tensor,
    training: list[data.Batch],
    test: list[data.Batch],
    epochs: int,
) -> dict[str, Any]:
    """Trains and tests one model; the seed decides initialisation and dropout."""
    torch.manual_seed(seed)
    model = Model(CONFIG, matrix, trainable=False)
    history = train(model, training, epochs)
    sentences = sum(len(batch.lengths) for batch in training)
    warm = [epoch["seconds"] for epoch in history[1:]]
    return {
        "seed": seed,
        **score(*predict(model, test)),
        "sentences_per_second": sentences / median(warm) if warm else None,
        "epochs": history,
        "versions": {
            "python": platform.python_version(),
            "torch": torch.__version__,
            "numpy": numpy.__version__,
        },
    }


def parse_arguments() -> argparse.Namespace:
    """The flags; --seeds overrides --seed."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--train", type=Path, required=True, help="SemEval-2014 XML")
    parser.add_argument("--test", type=Path, required=True, help="SemEval-2014 XML")
    parser.add_argument(
        "--split",
        type=Path,
        help='JSON {"train": [ids], "valid": [ids]}; default: train on all',
    )
    parser.add_argument(
        "--vectors", type=Path, help="GloVe text, its .gz, or wink's JSON"
    )
    parser.add_argument("--vectors-kind", choices=("file", "random"), default="file")
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument(
        "--seeds", type=lambda s: [int(x) for x in s.split(",")], help="1,2,3"
    )
    parser.add_argument("--epochs", type=int, default=3)
    parser.add_argument("--threads", type=int, default=0, help="0: PyTorch's choice")
    parser.add_argument("--json", action="store_true", help="results as JSON on stdout")
    arguments = parser.parse_args()
    if arguments.vectors_kind == "file" and arguments.vectors is None:
        parser.error("--vectors is needed unless --vectors-kind is random")
    return arguments


def main() -> None:
    """Reads the data, looks the vectors up, trains once per seed."""
    arguments = parse_arguments()
    if arguments.threads:
        torch.set_num_threads(arguments.threads)

    reviews = data.training_part(data.read_reviews(arguments.train), arguments.split)
    tested = data.read_reviews(arguments.test)
    words = list(dict.fromkeys(w for r in reviews + tested for w in r.tokens))
    if arguments.vectors_kind == "random":
        vectors = data.random_vectors(words)
    else:
        vectors = data.read_vectors(arguments.vectors, words)
    index, matrix = data.embedding(vectors)
    training, test = (data.batches(part, index, matrix) for part in (reviews, tested))

    results = []
    for seed in arguments.seeds or [arguments.seed]:
        result = run(seed, matrix, training, test, arguments.epochs)
        speed = result["sentences_per_second"] or float("nan")
        print(
            f"seed {seed}: accuracy {result['accuracy']:.4f},"
            f" majority {result['majority']:.4f}, {speed:.0f} sentences/s",
            file=sys.stderr,
        )
        results.append(result)
    if arguments.json:
        print(json.dumps(results if arguments.seeds else results[0]))


if __name__ == "__main__":
    main()
