"""Training speed by batch size, hidden size and length, one varied at a time."""

from bench.corpus import write_synthetic
from bench.figures import Metric, Section
from bench.options import Options
from bench.rounds import interleave
from bench.training import METRICS, ours, theirs

MIDDLE = {"batch": 32, "hidden": 128, "length": 32}
AXES = {
    "batch": (8, 32, 128, 512),
    "hidden": (64, 128, 256, 512),
    "length": (8, 32, 128, 256),
}
QUICK = [
    {"batch": 8, "hidden": 64, "length": 8},
    MIDDLE,
    MIDDLE | {"batch": 128, "length": 16},
]
ROUNDS = 2  # at most, there are many points
TOKENS = 1 << 14  # of an epoch, about; half as many when quick


def points(quick: bool) -> list[dict[str, int]]:
    """The middle and what varies from it in one direction."""
    if quick:
        return QUICK
    varied = [MIDDLE | {axis: size} for axis, sizes in AXES.items() for size in sizes]
    return [point for n, point in enumerate(varied) if point not in varied[:n]]


def measure(options: Options) -> Section:
    """Runs the section."""
    metrics: list[Metric] = METRICS[:2]
    section = Section(
        "grid",
        "By batch size, hidden size and length",
        "The model of `article` on made-up sentences of half to all of the length,"
        " with random vectors of 100 dimensions, at the first of --threads.",
        ["batch", "hidden", "length", "threads"],
        metrics,
    )
    for threads in options.threads[:1]:
        for point in points(options.quick):
            settings = options.settings(threads) | corpus_of(options, point)
            start = options.begin("article", settings)
            labels = point | {"threads": threads}
            turns = [
                ours(options, "article", settings, start, labels),
                theirs(options, "plain", "PyTorch, plain loop", start, labels),
            ]
            interleave(section, min(options.rounds, ROUNDS), turns)
            section.compare([row for row, _ in turns], turns[0][0])
    return section


def corpus_of(options: Options, point: dict[str, int]) -> dict[str, object]:
    """Settings for a point, with a corpus of a few batches of its length."""
    batch, length = point["batch"], point["length"]
    tokens = TOKENS // 2 if options.quick else TOKENS
    batches = min(20, max(3, tokens // (batch * length)))
    name = f"synthetic-{batch * batches}-{length}.xml"
    path = write_synthetic(options.folder / name, batch * batches, length)
    return {
        "data.train": path,
        "text.max_tokens": length,
        "vectors.kind": "random",
        "vectors.dimension": 100,
        "loader.batch_size": batch,
        "model.hidden": point["hidden"],
        "model.head.hidden": point["hidden"] // 2,
        "train.overfit_batches": 0,
    }
