"""The packed bidirectional LSTM alone: absa's beside nn.LSTM."""

import re
import subprocess
from functools import partial
from pathlib import Path

from bench.corpus import ROOT
from bench.figures import ABSA, Metric, Row, Section
from bench.options import Options
from bench.processes import watch
from bench.rounds import Failed, Turn, interleave

BENCHMARK = "BenchmarkPackedLSTM"  # internal/torch/lstm_bench_test.go
MEDIAN = re.compile(r"([0-9.]+) median-ms")


def measure(options: Options) -> Section:
    """Runs the section."""
    section = Section(
        "lstm",
        "The LSTM alone",
        "Two layers of 128 units in each direction, forward and backward over a packed"
        " batch of 32 sentences of 1 to 32 tokens, 528 in all, with vectors of 100"
        f" dimensions. The median of {seconds(options)} s; absa's is {BENCHMARK}.",
        ["threads"],
        [Metric("ms", "ms", 2, more_is_better=False)],
    )
    binary = build(options.folder)
    for threads in options.threads:
        labels = {"threads": threads}
        theirs = partial(
            options.peers["plain"].ask,
            "lstm",
            options.limit,
            threads=threads,
            seconds=seconds(options),
        )
        turns: list[tuple[Row, Turn]] = [
            (Row(labels, ABSA), partial(ours, options, binary, threads)),
            (Row(labels, "PyTorch, nn.LSTM"), theirs),
        ]
        interleave(section, options.rounds, turns)
        section.compare([row for row, _ in turns], turns[0][0])
    return section


def seconds(options: Options) -> int:
    """Of a turn."""
    return 1 if options.quick else 3


def build(folder: Path) -> Path:
    """The benchmarks of internal/torch as a program."""
    binary = folder / "torch.test"
    command = f"set -a; . ./libtorch.env; go test -c -o '{binary}' ./internal/torch"
    done = subprocess.run(
        ["bash", "-c", command], cwd=ROOT, capture_output=True, text=True, check=False
    )
    if done.returncode:
        raise Failed(f"go test -c ./internal/torch: {done.stderr.strip()}")
    return binary


def ours(options: Options, binary: Path, threads: int) -> dict[str, float]:
    """By absa, in a process of its own."""
    command: list[str | Path] = [binary, "-test.run=^$"]
    command += [f"-test.bench=^{BENCHMARK}$/^threads={threads}$"]
    command += [f"-test.benchtime={seconds(options)}s"]
    printed = watch(command, options.limit).stdout
    found = MEDIAN.search(printed)
    if not found:
        raise Failed(f"{BENCHMARK} has no case of {threads} threads")
    return {"ms": float(found[1])}
