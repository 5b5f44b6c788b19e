"""Labelling sentences: throughput by batch, and latency of single ones."""

import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any

from bench import absa
from bench.corpus import write_repeated
from bench.figures import ABSA, Metric, Row, Section
from bench.options import Options
from bench.rounds import Failed, Turn, interleave

CASES = [  # preset and batch size
    ("article", 1),
    ("article", 256),
    ("restaurants", 1),
    ("restaurants", 256),
]
ROUNDS = 3  # at most
WARM_UP = 10  # sentences


def measure(options: Options) -> Section:
    """Runs the section."""
    section = Section(
        "inference",
        "Inference",
        "From a file to the labels of its sentences: reading, cleaning, look-up and"
        " model. The time of a short file is taken from that of a long one, so start"
        " and loading of the model are not in it; each program has read the short one"
        " once before. absa's is that of `absa predict`,"
        " which also writes every probability as JSON; batches of `article`, whose"
        " answers depend on the batch, are those of `absa evaluate`. The long file"
        " repeats the sentences of the test corpus: `absa evaluate` cuts a word once and"
        " remembers it, as in any corpus, while `absa predict` and PyTorch cut it"
        " wherever it stands. p50 and p99: one"
        " sentence from text to labels. absa is sent a line over a pipe and its answer"
        " is read from another, so the cost of two pipes and of JSON is on its side;"
        " PyTorch is called within the process that measures.",
        ["preset", "batch", "threads"],
        [
            Metric("sentences_per_second", "sentences/s", 0),
            Metric("mean", "ms per sentence", 3, more_is_better=False),
            Metric("p50", "p50, ms", 2, more_is_better=False),
            Metric("p99", "p99, ms", 2, more_is_better=False),
            Metric("p50_ratio", "absa's p50 is better by", 2),
        ],
    )
    for threads in options.threads:
        for preset, batch in CASES:
            settings = options.settings(threads) | {"loader.batch_size": batch}
            run = options.begin(preset, settings)
            files = Files(options, 3 if batch == 1 else 9)
            labels = {"preset": preset, "batch": batch, "threads": threads}
            turns: list[tuple[Row, Turn]] = [
                (Row(labels, ABSA), partial(ours, options, run, files, labels)),
                (Row(labels, "PyTorch"), partial(theirs, options, run, files, labels)),
            ]
            interleave(section, min(options.rounds, ROUNDS), turns)
            (our_row, _), (their_row, _) = turns
            section.compare([their_row], our_row)
            compare_latency(their_row, our_row)
    return section


def compare_latency(theirs: Row, ours: Row) -> None:
    """Fills in how many times shorter absa's p50 is, round by round."""
    pairs = zip(ours.values.get("p50", []), theirs.values.get("p50", []), strict=False)
    if ratios := [b / a for a, b in pairs]:
        theirs.values["p50_ratio"] = ratios


class Files:
    """A short corpus and a long one, that many times the test corpus."""

    def __init__(self, options: Options, times: int) -> None:
        times = (times + 1) // 2 if options.quick else times
        source = options.corpus.test
        self.short, self.long = (
            write_repeated(options.folder / f"test-{n}.xml", source, n)
            for n in (1, times)
        )
        self.more = (times - 1) * source.read_text(encoding="utf-8").count("<sentence ")
        self.single = 200 if options.quick else 2000  # sentences that are timed alone

    def texts(self) -> list[str]:
        """The sentences that are timed alone, with some to warm up on before them."""
        found = [e.text or "" for e in ElementTree.parse(self.long).iter("text")]
        return found[:WARM_UP] + found[: self.single]

    def rate(self, seconds: Callable[[Path], float]) -> dict[str, float]:
        """Sentences per second in what the long one has more."""
        seconds(self.short)  # what a program does once is in neither
        short = seconds(self.short)
        taken = seconds(self.long) - short
        if taken <= 0:
            raise Failed("the machine is too noisy: the long file took less time")
        return {
            "sentences_per_second": self.more / taken,
            "mean": 1000 * taken / self.more,
        }


def percentiles(taken: list[float]) -> dict[str, float]:
    """p50 and p99 of times after the warm-up."""
    taken = sorted(taken[WARM_UP:])
    return {"p50": taken[len(taken) // 2], "p99": taken[len(taken) * 99 // 100]}


def ours(
    options: Options, run: Path, files: Files, labels: dict[str, Any]
) -> dict[str, float]:
    """By `absa predict`, or `absa evaluate` where the answer depends on the batch."""
    batch, threads, limit = labels["batch"], labels["threads"], options.limit
    if labels["preset"] == "article" and batch > 1:
        return files.rate(lambda path: absa.evaluate(run, path, threads, limit))
    figures = files.rate(lambda path: absa.predict(run, path, batch, threads, limit))
    if batch == 1:
        figures |= percentiles(absa.latencies(run, files.texts(), threads, limit))
    return figures


def theirs(
    options: Options, run: Path, files: Files, labels: dict[str, Any]
) -> dict[str, float]:
    """By PyTorch in inference mode."""
    peer, threads = options.peers["plain"], labels["threads"]

    def seconds(path: Path) -> float:
        asked = {"run": run, "corpus": path, "threads": threads}
        asked["batch"] = labels["batch"]
        return float(peer.ask("label", options.limit, **asked)["seconds"])

    figures = files.rate(seconds)
    if labels["batch"] == 1:
        asked = {"run": run, "texts": files.texts(), "threads": threads}
        figures |= percentiles(peer.ask("latencies", options.limit, **asked)["ms"])
    return figures
