"""Turns in rounds: every program once per round, in an order that rotates."""

import sys
from collections.abc import Callable

from bench.figures import Row, Section

Turn = Callable[[], dict[str, float]]


class Failed(Exception):
    """A program cannot do what is measured; the text says why."""


def interleave(section: Section, rounds: int, turns: list[tuple[Row, Turn]]) -> None:
    """Runs the turns and adds their rows to the section.

    A program that fails once has no further turn; its row says why.
    """
    for number in range(rounds):
        shift = number % len(turns)
        for row, turn in turns[shift:] + turns[:shift]:
            if row.failed:
                continue
            try:
                row.add(turn())
            except Failed as failure:
                row.failed = str(failure)
            report(section, number, row)
    section.rows += [row for row, _ in turns]


def report(section: Section, number: int, row: Row) -> None:
    """Tells on stderr what the turn of a round gave."""
    conditions = " ".join(f"{name}={value}" for name, value in row.labels.items())
    figures = row.failed or ", ".join(
        f"{m.title} {row.values[m.key][-1]:.{m.digits}f}"
        for m in section.metrics
        if m.key in row.values
    )
    print(
        f"{section.name}, round {number + 1}, {conditions}: {row.program}: {figures}",
        file=sys.stderr,
        flush=True,
    )
