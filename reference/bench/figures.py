"""What was measured, and the tables it makes."""

import os
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

ABSA = "absa"  # the program whose turns the others are compared with


@dataclass(frozen=True)
class Metric:
    """A column of a table; the first metric of a section is the one compared."""

    key: str
    title: str
    digits: int = 1
    more_is_better: bool = True


@dataclass
class Row:
    """The turns of one program under one set of conditions."""

    labels: dict[str, Any]
    program: str
    values: dict[str, list[float]] = field(default_factory=dict)  # one per round
    ratios: list[float] = field(default_factory=list)  # absa against this program
    failed: str = ""  # why there are no figures, or no more of them

    def add(self, figures: dict[str, float]) -> None:
        """Takes the figures of a turn."""
        for key, value in figures.items():
            self.values.setdefault(key, []).append(value)


@dataclass
class Section:
    """A table: rows of programs under the conditions that labels name."""

    name: str
    title: str
    about: str
    labels: list[str]
    metrics: list[Metric]
    rows: list[Row] = field(default_factory=list)
    load: float = field(default_factory=lambda: os.getloadavg()[0])  # at the start

    def compare(self, rows: list[Row], ours: Row) -> None:
        """Fills in how many times better ours is than each row, round by round."""
        metric = self.metrics[0]
        for row in rows:
            pairs = zip(
                ours.values.get(metric.key, []),
                row.values.get(metric.key, []),
                strict=False,  # a program that failed has fewer rounds
            )
            if row is not ours:
                row.ratios = [
                    a / b if metric.more_is_better else b / a for a, b in pairs
                ]

    def json(self) -> dict[str, Any]:
        """Everything, round by round."""
        return asdict(self)

    def markdown(self) -> str:
        """The table; a metric that no row has is left out."""
        shown = [m for m in self.metrics if any(m.key in r.values for r in self.rows)]
        compared = any(row.ratios for row in self.rows)
        head = [*self.labels, "program", *(m.title for m in shown)]
        head += ["absa is better by"] if compared else []
        about = f"{self.about} Load {self.load:.1f} at the start."
        lines = [f"## {self.title}", "", about, ""]
        lines += [line(head), line(["---"] * len(head))]
        for row in self.rows:
            cells = [str(row.labels[name]) for name in self.labels] + [row.program]
            cells += [spread(row.values.get(m.key, []), m.digits) for m in shown]
            cells += [spread(row.ratios, 2, "×")] if compared else []
            lines.append(line(cells))
        notes = dict.fromkeys(
            f"- {row.program} ({conditions(row)}): {row.failed}"
            for row in self.rows
            if row.failed
        )
        return "\n".join(lines + (["", *notes] if notes else []))


def conditions(row: Row) -> str:
    """The labels of a row in words."""
    return ", ".join(f"{name} {value}" for name, value in row.labels.items())


def line(cells: list[str]) -> str:
    """A line of a Markdown table."""
    return "| " + " | ".join(cells) + " |"


def spread(values: list[float], digits: int, unit: str = "") -> str:
    """Median (least to greatest) of the rounds, a dash without any."""
    if not values:
        return "–"
    middle, least, most = (
        f"{v:.{digits}f}" for v in (median(values), min(values), max(values))
    )
    if len(values) == 1:
        return middle + unit
    return f"{middle}{unit} ({least} to {most})"
