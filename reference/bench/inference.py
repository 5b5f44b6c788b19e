"""Labelling sentences: throughput by batch, and latency of single ones."""

from collections.abc import Callable
from functools import partial
from pathlib import Path

from bench import absa
from bench.corpus import write_repeated
from bench.figures import ABSA, Metric, Row, Section
from bench.options import Options
from bench.rounds import Failed, Turn, interleave

# Preset and batch size. A model that does not read padding is always evaluated in
# batches of 128 sentences of similar length.
CASES = [("article", 1), ("article", 256), ("restaurants", 128)]


def measure(options: Options) -> Section:
    """Runs the section."""
    section = Section(
        "inference",
        "Inference",
        "From a file to the labels of its sentences: reading, cleaning, look-up and"
        " model. The time of a short file is taken from that of a long one, so start"
        " and loading of the model are not in it. p50 and p99: one sentence from text"
        " to labels, in a process that has the model loaded.",
        ["preset", "batch", "threads"],
        [
            Metric("sentences_per_second", "sentences/s", 0),
            Metric("mean", "ms per sentence", 3, more_is_better=False),
            Metric("p50", "p50, ms", 2, more_is_better=False),
            Metric("p99", "p99, ms", 2, more_is_better=False),
        ],
    )
    for threads in options.threads:
        for preset, batch in CASES:
            settings = options.settings(threads) | {"loader.batch_size": batch}
            run = options.begin(preset, settings)
            files = Files(options, 3 if batch == 1 else 9)
            labels = {"preset": preset, "batch": batch, "threads": threads}
            turns: list[tuple[Row, Turn]] = [
                (Row(labels, ABSA), partial(ours, options, run, files, threads)),
                (
                    Row(labels, "PyTorch"),
                    partial(theirs, options, run, files, threads, batch),
                ),
            ]
            interleave(section, options.rounds, turns)
            section.compare([row for row, _ in turns], turns[0][0])
    return section


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

    def rate(self, seconds: Callable[[Path], float]) -> dict[str, float]:
        """Sentences per second in what the long one has more."""
        taken = seconds(self.long) - seconds(self.short)
        if taken <= 0:
            raise Failed("the machine is too noisy: the long file took less time")
        return {
            "sentences_per_second": self.more / taken,
            "mean": 1000 * taken / self.more,
        }


def ours(options: Options, run: Path, files: Files, threads: int) -> dict[str, float]:
    """By `absa evaluate`."""
    return files.rate(lambda path: absa.evaluate(run, path, threads, options.limit))


def theirs(
    options: Options, run: Path, files: Files, threads: int, batch: int
) -> dict[str, float]:
    """By PyTorch in inference mode."""

    def seconds(path: Path) -> float:
        asked = {"run": run, "corpus": path, "threads": threads}
        return float(peer.ask("label", options.limit, **asked)["seconds"])

    peer = options.peers["plain"]
    figures = files.rate(seconds)
    if batch == 1:
        figures |= peer.ask(
            "latency",
            options.limit,
            run=run,
            corpus=files.short,
            threads=threads,
            sentences=200 if options.quick else 2000,
        )
    return figures
