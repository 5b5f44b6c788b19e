"""A whole process from its start to the table, its first step, its memory."""

import os
import sys
from collections.abc import Iterator
from functools import partial
from pathlib import Path

from bench import absa
from bench.corpus import ROOT
from bench.figures import ABSA, Metric, Row, Section
from bench.options import Options
from bench.processes import Watched, watch
from bench.rounds import Turn, interleave

ROUNDS = 2  # at most, each takes minutes
REFERENCE = ROOT / "reference"
ANNOUNCED = "first step is done"  # what announce.py says
BESIDE = {"cut": "cached"}  # what absa starts with beside programs that start with that
PYTHON = {
    "PyTorch, plain loop": REFERENCE / "train.py",
    "Lightning, the article's loader": REFERENCE / "bench" / "lightning_program.py",
}


def measure(options: Options) -> Section:
    """Runs the section."""
    epochs = 1 if options.quick else 3
    section = Section(
        "process",
        "A whole process",
        f"`absa train --config article` with train.epochs={epochs}, beside Python"
        f" programs that do the same on {options.corpus.name}. Vectors as JSON: the file"
        " that `absa fetch` gets, of which absa keeps an image in its cache; cut: a file"
        " with nothing but the words of the corpus. Programs that read all of the JSON"
        " are compared with absa without its image, the others with absa that has it."
        " absa also validates after every epoch and writes a checkpoint.",
        ["vectors", "threads"],
        [
            Metric("seconds", "start to table, s", 2, more_is_better=False),
            Metric("first_step", "start to first step, s", 2, more_is_better=False),
            Metric("peak", "peak resident memory, MiB", 0, more_is_better=False),
        ],
    )
    for threads in options.threads:
        settings = options.corpus.settings | {
            "train.threads": threads,
            "train.epochs": epochs,
        }
        start = options.begin("article", settings | {"loader.order": "file"})
        turns = list(programs(options, settings, start))
        interleave(section, min(options.rounds, ROUNDS), turns)
        compare(section, [row for row, _ in turns])
    return section


def compare(section: Section, rows: list[Row]) -> None:
    """Holds each Python program against absa under equal conditions at the start."""
    ours = {row.labels["vectors"]: row for row in rows if row.program == ABSA}
    for row in rows:
        vectors = row.labels["vectors"]
        if row.program != ABSA:
            section.compare([row], ours[BESIDE.get(vectors, vectors)])


def programs(
    options: Options, settings: dict[str, object], start: Path
) -> Iterator[tuple[Row, Turn]]:
    """absa first; the programs that read all of the JSON only in the long form."""
    threads = settings["train.threads"]
    known = "cached" if options.corpus.vectors else "random"
    for vectors, cached in ((known, True), ("JSON", False)):
        if cached or (options.corpus.vectors and not options.quick):
            labels = {"vectors": vectors, "threads": threads}
            yield Row(labels, ABSA), partial(ours, options, settings, cached)
    for kind, path in vector_files(options, start).items():
        if kind == "JSON" and options.quick:
            continue
        labels = {"vectors": kind, "threads": threads}
        for name, script in PYTHON.items():
            turn = partial(theirs, options, script, settings, start, path)
            yield Row(labels, name), turn


def ours(
    options: Options, settings: dict[str, object], cached: bool
) -> dict[str, float]:
    """absa, with its image of the vectors in the cache or with an empty cache."""
    environment = {} if cached else {"XDG_CACHE_HOME": str(options.out())}
    out = options.out()
    done = absa.train("article", settings, out, options.limit, True, environment)
    return figures(done.process)


def theirs(
    options: Options,
    script: Path,
    settings: dict[str, object],
    start: Path,
    vectors: Path | None,
) -> dict[str, float]:
    """A Python program on the same split."""
    command: list[str | Path] = [sys.executable, "-m", "bench.announce", script]
    command += ["--train", options.corpus.train, "--test", options.corpus.test]
    command += ["--split", start / "split.json", "--json"]
    command += ["--threads", str(settings["train.threads"])]
    command += ["--epochs", str(settings["train.epochs"])]
    command += ["--vectors", vectors] if vectors else ["--vectors-kind", "random"]
    if script.name != "train.py":
        command += ["--run", start]
    path = os.pathsep.join([str(REFERENCE), os.getenv("PYTHONPATH", "")])
    return figures(watch(command, options.limit, ANNOUNCED, {"PYTHONPATH": path}))


def figures(process: Watched) -> dict[str, float]:
    """What the table shows of a process."""
    taken = {"seconds": process.seconds, "peak": process.peak_mib}
    if process.first_step is not None:
        taken["first_step"] = process.first_step
    return taken


def vector_files(options: Options, start: Path) -> dict[str, Path | None]:
    """The vectors as they were fetched, and as text cut to the words of a run."""
    if not options.corpus.vectors:
        return {"random": None}
    return {"cut": cut(options, start), "JSON": options.corpus.vectors}


def cut(options: Options, start: Path) -> Path:
    """The run's words with their vectors, as GloVe text."""
    path = options.folder / "cut.txt"
    if not path.exists():
        options.peers["plain"].ask("cut", options.limit, run=start, path=path)
    return path
