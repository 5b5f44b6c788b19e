"""Whether all programs do the same work: their losses without dropout."""

import sys
from dataclasses import replace

from bench.figures import Metric, Row, Section
from bench.options import PRESETS, Options
from bench.rounds import interleave
from bench.training import PEERS, ours, theirs

BOUND = 1e-4  # relative
BATCHES = 8  # of an epoch
NO_DROPOUT = {
    "model.embedding_dropout": 0,
    "model.layer_dropout": 0,
    "model.output_dropout": 0,
    "model.head.dropout": 0,
}


def measure(options: Options) -> Section:
    """Runs the section once; ends everything if the programs differ."""
    options = replace(options, batches=BATCHES)
    section = Section(
        "agreement",
        "The same work",
        f"Mean loss over the last of {options.epochs} epochs of {BATCHES} batches, from"
        f" the same weights, without dropout; at most {BOUND:g} apart.",
        ["preset", "threads"],
        [Metric("loss", "loss", 6), Metric("difference", "relative difference", 9)],
    )
    for preset in PRESETS:
        settings = options.settings(threads=1) | NO_DROPOUT
        start = options.begin(preset, settings)
        labels = {"preset": preset, "threads": 1}
        turns = [ours(options, preset, settings, start, labels)]
        turns += [theirs(options, x, PEERS[x], start, labels) for x in PEERS]
        interleave(section, 1, turns)
        compare([row for row, _ in turns])
    return section


def compare(rows: list[Row]) -> None:
    """Fills in how far each loss is from the first one."""
    (loss,) = rows[0].values["loss"]
    for row in rows[1:]:
        if row.failed:
            continue
        difference = abs(row.values["loss"][0] - loss) / loss
        row.values["difference"] = [difference]
        if not difference <= BOUND:
            sys.exit(f"{row.program} does not do what absa does: loss {row.values}")
