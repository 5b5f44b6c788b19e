"""Training `article` and `restaurants`: absa beside three ways of PyTorch."""

from functools import partial
from pathlib import Path
from typing import Any

from bench import absa
from bench.figures import ABSA, Metric, Row, Section
from bench.options import PRESETS, Options
from bench.rounds import Turn, interleave

METRICS = [
    Metric("sentences_per_second", "sentences/s", 0),
    Metric("ms_per_step", "ms per step", 1, more_is_better=False),
    Metric("load", "load", 1, more_is_better=False),
    Metric("forward", "forward", 1, more_is_better=False),
    Metric("backward", "backward", 1, more_is_better=False),
    Metric("optimizer", "optimizer", 1, more_is_better=False),
]
PEERS = {  # the worker's name of a loop, and the table's
    "plain": "PyTorch, plain loop",
    "compiled": "PyTorch, torch.compile",
    "lightning": "Lightning, the article's loader",
}


def measure(options: Options) -> Section:
    """Runs the section."""
    section = Section(
        "training",
        "Training",
        f"The median epoch after the first on {options.corpus.name}, the same batches in"
        " the same order; then the parts of a step in ms. The plain loop has its"
        " batches, vectors included, in memory before the clock starts.",
        ["preset", "threads"],
        METRICS,
    )
    for threads in options.threads:
        for preset in PRESETS:
            settings = options.settings(threads)
            start = options.begin(preset, settings)
            labels: dict[str, Any] = {"preset": preset, "threads": threads}
            turns = [ours(options, preset, settings, start, labels)]
            turns += [
                theirs(options, loop, name, start, labels)
                for loop, name in PEERS.items()
            ]
            interleave(section, options.rounds, turns)
            section.compare([row for row, _ in turns], turns[0][0])
    return section


def ours(
    options: Options,
    preset: str,
    settings: dict[str, object],
    start: Path,
    labels: dict[str, Any],
) -> tuple[Row, Turn]:
    """Training by absa from the weights of the run that all begin with."""
    settings = settings | {"train.init_from": start}

    def turn() -> dict[str, float]:
        return absa.speed(absa.train(preset, settings, options.out(), options.limit))

    return Row(labels, ABSA), turn


def theirs(
    options: Options, loop: str, name: str, start: Path, labels: dict[str, Any]
) -> tuple[Row, Turn]:
    """Training by a loop of the worker from the same weights."""
    turn = partial(
        options.peers[loop].ask,
        "train",
        options.limit,
        loop=loop,
        run=start,
        threads=labels["threads"],
        epochs=options.epochs,
        batches=options.batches,
    )
    return Row(labels, name), turn
