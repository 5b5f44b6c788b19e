"""The comparisons as a picture: a bar for every program that absa is held against."""

from io import StringIO
from statistics import median

import matplotlib
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from bench.figures import Row, Section

SHOWN = ("training", "lstm", "inference", "process", "beside")
WIDTH, ROW, HEAD = 9.0, 0.24, 0.62  # inches: of all, of a bar, of a section's title
INK, FILL, EVEN = "#1f2933", "#2f6f9f", "#b0413e"
STYLE = {
    "font.size": 9,
    "text.color": INK,
    "ytick.color": INK,
    "xtick.color": INK,
    "svg.fonttype": "none",  # text stays text
    "svg.hashsalt": "absa",  # the same figures make the same file
}


def svg(sections: list[Section]) -> str:
    """Bars as long as absa is better, the median of the rounds, with their range."""
    chosen = [
        (section, rows)
        for section in sections
        if section.name in SHOWN and (rows := [r for r in section.rows if r.ratios])
    ]
    drawn = StringIO()
    with matplotlib.rc_context(STYLE):
        draw(chosen).savefig(drawn, format="svg", metadata={"Date": None})
    return drawn.getvalue().strip()


def draw(chosen: list[tuple[Section, list[Row]]]) -> Figure:
    """One set of bars per section, all to one scale."""
    heights = [HEAD + ROW * len(rows) for _, rows in chosen]
    figure = Figure(figsize=(WIDTH, sum(heights) + 0.5), layout="constrained")
    if not chosen:
        return figure
    plots = figure.subplots(
        len(chosen),
        squeeze=False,
        sharex=True,
        height_ratios=[len(rows) for _, rows in chosen],
    )
    for plot, (section, rows) in zip(plots[:, 0], chosen, strict=True):
        bars(plot, rows)
        title = f"{section.title}: {section.metrics[0].title}, absa against"
        plot.set_title(title, loc="left", fontweight="bold", fontsize=10)
    longest = max(max(row.ratios) for _, rows in chosen for row in rows)
    plots[0, 0].set_xlim(0, 1.3 * max(longest, 1))  # room for the figures
    plots[-1, 0].set_xlabel("times as fast; the dashed line is as fast")
    return figure


def bars(plot: Axes, rows: list[Row]) -> None:
    """A row is a bar with the range of its rounds and its figures."""
    middle = [median(row.ratios) for row in rows]
    least = [min(row.ratios) for row in rows]
    most = [max(row.ratios) for row in rows]
    places = range(len(rows))
    plot.barh(places, middle, height=0.62, color=FILL)
    for place, a, m, b in zip(places, least, middle, most, strict=True):
        several = f" ({a:.1f} to {b:.1f})" if b > a else ""
        if several:
            plot.plot([a, b], [place, place], color=INK, linewidth=1.2)
        plot.annotate(
            f"{m:.1f}×{several}",
            (b, place),
            (5, 0),
            textcoords="offset points",
            verticalalignment="center",
        )
    plot.axvline(1, color=EVEN, linewidth=1, linestyle=(0, (3, 3)))
    plot.set_yticks(places, [f"{row.program} ({conditions(row)})" for row in rows])
    plot.set_ylim(len(rows) - 0.5, -0.5)
    plot.tick_params(axis="y", length=0)
    plot.spines[["top", "right", "left"]].set_visible(False)


def conditions(row: Row) -> str:
    """The labels of a row in few words."""
    words = []
    for name, value in row.labels.items():
        if name == "threads":
            words.append(f"{value} thread{'s' if value != 1 else ''}")
        elif name == "preset":
            words.append(str(value))
        else:
            words.append(f"{name} {value}")
    return ", ".join(words)
