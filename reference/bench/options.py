"""What the sections share: how long to measure, on what, and with whom."""

import tempfile
from collections import defaultdict
from dataclasses import dataclass, field
from pathlib import Path

from bench import absa
from bench.corpus import Corpus
from bench.peer import Peer

PRESETS = ("article", "restaurants")


@dataclass
class Options:
    """The flags, a folder for what is made on the way, and the PyTorch processes."""

    quick: bool
    rounds: int
    epochs: int  # of a turn, the first is not counted
    batches: int  # of an epoch, 0 for all
    threads: list[int]
    limit: float  # seconds of a turn
    folder: Path
    corpus: Corpus
    peers: dict[str, Peer] = field(default_factory=lambda: defaultdict(Peer))

    def out(self) -> Path:
        """A new folder."""
        return Path(tempfile.mkdtemp(dir=self.folder))

    def settings(self, threads: int) -> dict[str, object]:
        """For absa: train on everything in file order, and do nothing else."""
        return self.corpus.settings | {
            "data.test": "",
            "data.valid_fraction": 0,
            "loader.order": "file",
            "train.threads": threads,
            "train.select": "last",
            "train.epochs": self.epochs,
            "train.overfit_batches": self.batches,
            "checkpoint.every_epochs": 0,
        }

    def begin(self, preset: str, settings: dict[str, object]) -> Path:
        """A run of one step: the weights, words and split that all programs begin with."""
        one_step = settings | {"train.max_steps": 1}
        return absa.train(preset, one_step, self.out(), self.limit).folder

    def close(self) -> None:
        """Ends the PyTorch processes."""
        for peer in self.peers.values():
            peer.close()
