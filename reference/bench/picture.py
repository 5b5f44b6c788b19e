"""The comparisons as a picture: a bar for every program that absa is held against."""

from html import escape
from statistics import median

from bench.figures import Row, Section

SHOWN = ("training", "inference", "process")
WIDTH, LABELS, FIGURES = 880, 345, 150  # of the picture, of both sides of the bars
LINE, BAR, HEAD = 22, 12, 34  # height of a row, of its bar, of a section's title
INK, FAINT, FILL = "#1f2933", "#7b8794", "#2f6f9f"


def svg(sections: list[Section]) -> str:
    """Bars as long as absa is better, the median of the rounds, with their range."""
    chosen = [
        (section, rows)
        for section in sections
        if section.name in SHOWN and (rows := [r for r in section.rows if r.ratios])
    ]
    longest = max((max(r.ratios) for _, rows in chosen for r in rows), default=1.0)
    scale = (WIDTH - LABELS - FIGURES) / max(longest, 1.0)
    parts: list[str] = []
    y = 8
    for section, rows in chosen:
        title = f"{section.title}: {section.metrics[0].title}, absa against"
        parts.append(text(8, y + HEAD - 14, title, weight="bold"))
        y += HEAD
        for row in rows:
            parts += bar(row, y, scale)
            y += LINE
    even = LABELS + scale
    parts.append(
        f'<path d="M{even:.1f} 8V{y}" stroke="{FAINT}" stroke-dasharray="2 3"/>'
    )
    parts.append(text(even, y + 14, "as fast as absa", FAINT, "middle"))
    return "\n".join(
        [
            f'<svg xmlns="http://www.w3.org/2000/svg" width="{WIDTH}" height="{y + 24}"'
            f' viewBox="0 0 {WIDTH} {y + 24}" font-family="sans-serif" font-size="12">',
            '<rect width="100%" height="100%" fill="white"/>',
            *parts,
            "</svg>",
        ]
    )


def bar(row: Row, y: int, scale: float) -> list[str]:
    """A row: its conditions, a bar, the range of the rounds and the figures."""
    middle, least, most = median(row.ratios), min(row.ratios), max(row.ratios)
    name = f"{row.program} ({conditions(row)})"
    figures = f"{middle:.1f}×"
    parts = [
        text(LABELS - 8, y + LINE - 7, name, anchor="end"),
        f'<rect x="{LABELS}" y="{y + (LINE - BAR) / 2}" width="{middle * scale:.1f}"'
        f' height="{BAR}" rx="2" fill="{FILL}"/>',
    ]
    if len(row.ratios) > 1:
        figures += f" ({least:.1f} to {most:.1f})"
        parts.append(
            f'<path d="M{LABELS + least * scale:.1f} {y + LINE / 2}'
            f'H{LABELS + most * scale:.1f}" stroke="{INK}" stroke-width="1.5"/>'
        )
    parts.append(text(LABELS + most * scale + 8, y + LINE - 7, figures))
    return parts


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


def text(
    x: float,
    y: float,
    words: str,
    color: str = INK,
    anchor: str = "start",
    weight: str = "normal",
) -> str:
    """A line of text."""
    return (
        f'<text x="{x:.1f}" y="{y:.1f}" fill="{color}" text-anchor="{anchor}"'
        f' font-weight="{weight}">{escape(words)}</text>'
    )
