"""Training speed of absa beside a plain PyTorch loop, interleaved in one run.

Both train the article's model on the same sentences in the same batches with the
same number of threads; word vectors are looked up before the clock starts. Each
round runs one after the other, and what counts is the ratio of a round's pair:
a machine that slows down slows both.

Example: python reference/bench.py --threads 1,2 --rounds 5
"""

import argparse
import json
import os
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from statistics import median
from typing import Any

import torch

import data
import train

ROOT = Path(__file__).resolve().parent.parent
RAW = ROOT / "data" / "raw"
TRAIN = RAW / "semeval2014" / "Restaurants_Train_v2.xml"
TEST = RAW / "semeval2014" / "Restaurants_Test_Gold.xml"
VECTORS = RAW / "glove-100d.json"
SAMPLE = ROOT / "data" / "sample"


def absa(
    threads: int, epochs: int, real: bool, out: Path
) -> tuple[dict[str, Any], Path]:
    """Trains with absa as a user does; returns its result and the split's file."""
    settings = {"train.threads": threads, "train.epochs": epochs}
    if not real:
        settings |= {
            "data.train": "sample",
            "data.test": "sample",
            "vectors.kind": "random",
            "vectors.dimension": 100,
        }
    command = [ROOT / "bin" / "absa", "train", "--quiet", "--json"]
    command += ["--config", "article", "--device", "cpu", "--out", out]
    command += [f"--set={key}={value}" for key, value in settings.items()]
    done = subprocess.run(command, cwd=ROOT, stdout=subprocess.PIPE, check=True)
    return json.loads(done.stdout), out / "split.json"


class Reference:
    """The PyTorch side, with its data and vectors in memory."""

    def __init__(self, split: Path, real: bool) -> None:
        paths = (TRAIN, TEST) if real else (SAMPLE / "train.xml", SAMPLE / "test.xml")
        reviews = data.training_part(data.read_reviews(paths[0]), split)
        tested = data.read_reviews(paths[1])
        words = list(dict.fromkeys(w for r in reviews + tested for w in r.tokens))
        vectors = (
            data.read_vectors(VECTORS, words) if real else data.random_vectors(words)
        )
        index, self.matrix = data.embedding(vectors)
        self.training = data.batches(reviews, index, self.matrix)
        self.test = data.batches(tested, index, self.matrix)

    def run(self, threads: int, epochs: int) -> dict[str, Any]:
        """Trains once."""
        torch.set_num_threads(threads)
        return train.run(1, self.matrix, self.training, self.test, epochs)


def processor() -> str:
    """The processor's name, as Linux has it."""
    for line in Path("/proc/cpuinfo").read_text().splitlines():
        if line.startswith("model name"):
            return line.partition(":")[2].strip()
    return platform.processor()


def table(report: dict[str, Any]) -> str:
    """The report as Markdown."""
    lines = [
        "| threads | absa, sentences/s | PyTorch, sentences/s | ratio, median of rounds (min to max) |",
        "|---|---|---|---|",
    ]
    for row in report["rows"]:
        ratios = row["ratios"]
        lines.append(
            f"| {row['threads']} | {median(row['absa']):.0f} | {median(row['pytorch']):.0f}"
            f" | {median(ratios):.2f} ({min(ratios):.2f} to {max(ratios):.2f}) |"
        )
    about = (
        f"{report['corpus']}, {report['rounds']} interleaved rounds of {report['epochs']} epochs;"
        f" {report['processor']}, {report['cores']} cores, load {report['load']:.1f} at the start;"
        f" absa {report['absa']}, LibTorch {report['libtorch']}, PyTorch {report['pytorch']}."
    )
    return "\n".join(lines + ["", about])


def main() -> None:
    """Measures, prints the table, writes JSON where asked."""
    parser = argparse.ArgumentParser(description=(__doc__ or "").splitlines()[0])
    parser.add_argument("--threads", default="1,2", help="numbers of threads: 1,2")
    parser.add_argument("--rounds", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=3, help="at least 2")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    arguments = parser.parse_args()
    if arguments.epochs < 2:
        parser.error("--epochs: the first epoch is not counted, so at least 2")
    real = TRAIN.exists() and TEST.exists() and VECTORS.exists()
    if not real:
        print(
            "no data in data/raw (bin/absa fetch semeval2014 glove-100d): the sample is used",
            file=sys.stderr,
        )
    report: dict[str, Any] = {
        "corpus": "SemEval-2014, GloVe 100-d" if real else "sample, random vectors",
        "rounds": arguments.rounds,
        "epochs": arguments.epochs,
        "processor": processor(),
        "cores": os.cpu_count(),
        "load": os.getloadavg()[0],
        "pytorch": torch.__version__,
        "rows": [],
    }
    reference = None
    with tempfile.TemporaryDirectory() as folder:
        for threads in (int(n) for n in arguments.threads.split(",")):
            row: dict[str, Any] = {
                "threads": threads,
                "absa": [],
                "pytorch": [],
                "ratios": [],
            }
            for number in range(arguments.rounds):
                out = Path(folder) / f"{threads}-{number}"
                result, split = absa(threads, arguments.epochs, real, out)
                reference = reference or Reference(split, real)
                ours = result["sentences_per_second"]
                theirs = reference.run(threads, arguments.epochs)[
                    "sentences_per_second"
                ]
                row["absa"].append(ours)
                row["pytorch"].append(theirs)
                row["ratios"].append(ours / theirs)
                report |= {key: result["versions"][key] for key in ("absa", "libtorch")}
                print(
                    f"{threads} threads, round {number + 1}: absa {ours:.0f},"
                    f" PyTorch {theirs:.0f} sentences/s, ratio {ours / theirs:.2f}",
                    file=sys.stderr,
                )
            report["rows"].append(row)
    print(table(report))
    if arguments.json:
        arguments.json.write_text(json.dumps(report, indent=2) + "\n")


if __name__ == "__main__":
    main()
