"""Training beside a busy process, and how much slower it makes a step."""

from bench.figures import Metric, Row, Section
from bench.machine import busy
from bench.options import Options
from bench.rounds import Turn, interleave
from bench.training import METRICS, ours, theirs

NEIGHBOURS = (0, 1)
ROUNDS = 3  # at most


def measure(options: Options) -> Section:
    """Runs the section."""
    slower = Metric("slower", "slower than without, ×", 2, more_is_better=False)
    section = Section(
        "beside",
        "Beside a busy process",
        "Training `article`, with and without a process that takes all it can get of a"
        " core.",
        ["busy processes", "threads"],
        [*METRICS[:2], slower],
    )
    for threads in options.threads:
        settings = options.settings(threads)
        start = options.begin("article", settings)
        turns: list[tuple[Row, Turn]] = []
        for number in NEIGHBOURS:
            labels = {"busy processes": number, "threads": threads}
            for row, turn in (
                ours(options, "article", settings, start, labels),
                theirs(options, "plain", "PyTorch, plain loop", start, labels),
            ):
                turns.append((row, beside(number, turn)))
        interleave(section, min(options.rounds, ROUNDS), turns)
        (ours_idle, theirs_idle, ours_busy, theirs_busy) = (row for row, _ in turns)
        section.compare([theirs_idle], ours_idle)
        section.compare([theirs_busy], ours_busy)
        slowdown(ours_idle, ours_busy)
        slowdown(theirs_idle, theirs_busy)
    return section


def beside(neighbours: int, turn: Turn) -> Turn:
    """The turn while so many processes are busy."""

    def taken() -> dict[str, float]:
        with busy(neighbours):
            return turn()

    return taken


def slowdown(idle: Row, crowded: Row) -> None:
    """Fills in how many times longer a step takes, round by round."""
    steps = "ms_per_step"
    pairs = zip(idle.values.get(steps, []), crowded.values.get(steps, []), strict=False)
    if ratios := [slow / fast for fast, slow in pairs]:
        crowded.values["slower"] = ratios
