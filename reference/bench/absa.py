"""absa, run as users run it."""

import json
from dataclasses import dataclass
from pathlib import Path
from statistics import median
from time import perf_counter
from typing import Any

from bench.corpus import ROOT
from bench.processes import Conversation, Watched, watch
from bench.rounds import Failed

PROGRAM = ROOT / "bin" / "absa"
FIRST_STEP = r"epoch 1/"  # what its bar begins with


@dataclass(frozen=True)
class Trained:
    """A run of absa: its folder, its result.json and what the process cost."""

    folder: Path
    result: dict[str, Any]
    process: Watched


def train(
    preset: str,
    settings: dict[str, object],
    out: Path,
    limit: float,
    progress: bool = False,
    environment: dict[str, str] | None = None,
) -> Trained:
    """Trains on the CPU into a new folder; its progress shows the first step."""
    command: list[str | Path] = [PROGRAM, "train", "--json", "--config", preset]
    command += ["--device", "cpu", "--out", out, "--profile"]
    command += [] if progress else ["--quiet"]
    command += [f"--set={key}={value}" for key, value in settings.items()]
    done = watch(command, limit, FIRST_STEP, environment)
    return Trained(out, json.loads(done.stdout), done)


def speed(trained: Trained) -> dict[str, float]:
    """Figures of the median epoch after the first, which warms up."""
    epochs = trained.result["epochs"]
    parts = json.loads((trained.folder / "profile.json").read_text())[1:]
    rate = trained.result["sentences_per_second"]
    per_step = epochs[-1]["sentences"] / epochs[-1]["steps"]
    return {
        "sentences_per_second": rate,
        "ms_per_step": 1000 * per_step / rate,
        "load": median(p["wait"] + p["feed"] for p in parts),
        "forward": median(p["forward"] for p in parts),
        "backward": median(p["backward"] for p in parts),
        "optimizer": median(p["optimizer"] for p in parts),
        "loss": epochs[-1]["train_loss"],
    }


def evaluate(run: Path, corpus: Path, threads: int, limit: float) -> float:
    """Seconds of a process that evaluates a run on a corpus."""
    command: list[str | Path] = [PROGRAM, "evaluate", "--quiet", "--json"]
    command += ["--checkpoint", run, "--data", corpus]
    command += ["--device", "cpu", "--threads", str(threads)]
    return watch(command, limit).seconds


def predict(run: Path, corpus: Path, batch: int, threads: int, limit: float) -> float:
    """Seconds of a process that labels a corpus and writes JSON."""
    command = predicting(run, threads)
    return watch([*command, "--batch-size", str(batch), corpus], limit).seconds


def latencies(run: Path, texts: list[str], threads: int, limit: float) -> list[float]:
    """Milliseconds from sending a line to a process to reading its answer."""
    taken = []
    with Conversation(predicting(run, threads), limit) as process:
        for text in texts:
            line = (" ".join(text.split()) + "\n").encode()
            begun = perf_counter()
            process.ask(line)
            taken.append(1000 * (perf_counter() - begun))
    return taken


def predicting(run: Path, threads: int) -> list[str | Path]:
    """The command that labels."""
    command: list[str | Path] = [PROGRAM, "predict", "--quiet", "--output", "jsonl"]
    command += ["--checkpoint", run, "--all", "--device", "cpu"]
    return [*command, "--threads", str(threads)]


def version() -> str:
    """That of absa, with LibTorch's and Go's."""
    if not PROGRAM.exists():
        raise Failed(f"{PROGRAM} is missing: make build")
    return watch([PROGRAM, "version"], 60).stdout.strip()
