"""Test accuracy of absa and of PyTorch with the article's recipe, over seeds.

Both train on the same split of SemEval-2014 with GloVe 100-d; seeds decide
initialisation and dropout. The two means should differ by less than two standard
errors of their difference.

Example: python reference/accuracy.py --seeds 10
"""

import argparse
import json
import subprocess
import sys
import tempfile
from math import sqrt
from pathlib import Path
from statistics import mean, stdev

import torch

import data
import train
from bench.absa import PROGRAM
from bench.corpus import ROOT, installed


def absa(preset: str, seed: int, threads: int, out: Path, also: list[str]) -> float:
    """Accuracy of a preset with one seed, trained and tested by absa."""
    command: list[str | Path] = [PROGRAM, "train", "--quiet", "--json"]
    command += ["--config", preset, "--device", "cpu", "--out", out]
    command += [f"--set=train.seed={seed}", f"--set=train.threads={threads}"]
    command += [f"--set={setting}" for setting in also]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    result = json.loads(done.stdout)
    rows = " ".join(
        f"{name} {row['accuracy']:.4f}" for name, row in result["aspects"].items()
    )
    print(
        f"absa {preset} seed {seed}: {result['accuracy']:.4f}"
        f" macro-F1 {result['macro_f1']:.4f} ({rows})",
        file=sys.stderr,
    )
    return float(result["accuracy"])


def pytorch(seeds: range, split: Path, threads: int) -> list[float]:
    """Accuracy of the article's recipe with every seed, trained by train.py."""
    torch.set_num_threads(threads)
    corpus = installed()
    if not corpus.vectors:
        sys.exit("accuracy is that on SemEval-2014: absa fetch semeval2014 glove-100d")
    reviews = data.training_part(data.read_reviews(corpus.train), split)
    tested = data.read_reviews(corpus.test)
    words = list(dict.fromkeys(w for r in reviews + tested for w in r.tokens))
    index, matrix = data.embedding(data.read_vectors(corpus.vectors, words))
    training, test = (data.batches(part, index, matrix) for part in (reviews, tested))
    accuracies = []
    for s in seeds:
        run = train.run(s, matrix, training, test, epochs=3)
        accuracies.append(run["accuracy"])
        print(f"PyTorch seed {s}: {accuracies[-1]:.4f}", file=sys.stderr)
    return accuracies


def summary(name: str, values: list[float]) -> str:
    """Mean and standard deviation over seeds."""
    return f"{name}: {mean(values):.4f} ± {stdev(values):.4f} over {len(values)} seeds"


def main() -> None:
    """Trains with every seed on both sides and compares the means."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--preset", default="article", help="article, unless set otherwise, also runs PyTorch")
    parser.add_argument("--seeds", type=int, default=5, help="seeds 1 to this")
    parser.add_argument("--threads", type=int, default=1)
    parser.add_argument(
        "--set", action="append", default=[], metavar="KEY=VALUE", help="for absa alone"
    )
    parser.add_argument("--at-least", type=float, help="fail below this mean accuracy")
    arguments = parser.parse_args()
    seeds = range(1, arguments.seeds + 1)
    with tempfile.TemporaryDirectory() as folder:
        ours = [
            absa(
                arguments.preset,
                s,
                arguments.threads,
                Path(folder) / str(s),
                arguments.set,
            )
            for s in seeds
        ]
        print(summary(f"absa {arguments.preset}", ours))
        if arguments.at_least and mean(ours) < arguments.at_least:
            sys.exit(f"the mean is below {arguments.at_least}")
        if arguments.preset != "article" or arguments.set:
            return
        split = Path(folder) / "1" / "split.json"
        theirs = pytorch(seeds, split, arguments.threads)
    print(summary("PyTorch", theirs))
    error = sqrt((stdev(ours) ** 2 + stdev(theirs) ** 2) / len(ours))
    difference = mean(ours) - mean(theirs)
    print(
        f"difference: {difference:+.4f}, {abs(difference) / error:.2f} standard errors of {error:.4f}"
    )
    if abs(difference) > 2 * error:
        sys.exit("the means differ by more than two standard errors")


if __name__ == "__main__":
    main()
