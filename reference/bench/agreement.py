"""Whether all programs do the same work: their losses without dropout."""

from dataclasses import replace

from bench.figures import Metric, Row, Section
from bench.options import PRESETS, Options
from bench.rounds import Failed, interleave
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
    """Runs the section once; ends everything if the programs differ.

    A loop that cannot run has shown nothing, so no section measures it.
    """
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
        ours_row, *rows = [row for row, _ in turns]
        compare(ours_row, rows)
        for loop, row in zip(PEERS, rows, strict=True):
            if row.failed and not options.peers[loop].refused:
                options.peers[loop].refused = f"not shown to agree: {row.failed}"
    return section


def compare(ours_row: Row, rows: list[Row]) -> None:
    """Fills in how far each loss is from absa's."""
    if ours_row.failed:
        raise Failed(f"absa: {ours_row.failed}")
    (loss,) = ours_row.values["loss"]
    for row in rows:
        if row.failed:
            continue
        difference = abs(row.values["loss"][0] - loss) / loss
        row.values["difference"] = [difference]
        if not difference <= BOUND:
            raise Failed(
                f"{row.program} does not do what absa does: loss {row.values['loss'][0]}"
                f" beside {loss}"
            )
