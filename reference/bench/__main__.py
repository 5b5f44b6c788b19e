"""The command: python -m bench, with reference/ on the path."""

import argparse
import json
import sys
import tempfile
from pathlib import Path
from time import perf_counter
from typing import Any

import bench
from bench import (
    absa,
    agreement,
    beside,
    grid,
    inference,
    lstm,
    machine,
    picture,
    process,
    training,
)
from bench.corpus import installed
from bench.figures import Section
from bench.options import Options
from bench.rounds import Failed

SECTIONS = {
    "agreement": agreement.measure,
    "training": training.measure,
    "lstm": lstm.measure,
    "inference": inference.measure,
    "process": process.measure,
    "beside": beside.measure,
    "grid": grid.measure,
}


def parse_arguments() -> argparse.Namespace:
    """The flags."""
    parser = argparse.ArgumentParser(
        prog="make bench ARGS=...",
        description=bench.__doc__,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    listed = ",".join(SECTIONS)
    parser.add_argument(
        "--only",
        default=listed,
        help=f"sections of {listed}; agreement is always first",
    )
    parser.add_argument("--quick", action="store_true", help="short forms")
    parser.add_argument("--rounds", type=int, help="default 5, quick 1")
    parser.add_argument("--epochs", type=int, help="of a turn, at least 2; default 3")
    parser.add_argument(
        "--batches", type=int, help="of an epoch, 0 for all; default 20, quick 8"
    )
    parser.add_argument("--threads", help="numbers of threads: default 2,1, quick 1")
    parser.add_argument("--limit", type=float, help="seconds of a turn; default 600")
    parser.add_argument("--json", type=Path, help="write the figures to this file")
    parser.add_argument("--markdown", type=Path, help="write the tables to this file")
    parser.add_argument("--picture", type=Path, help="draw the ratios into this SVG")
    arguments = parser.parse_args()
    quick = arguments.quick
    for name, long, short in (
        ("rounds", 5, 1),
        ("epochs", 3, 2),
        ("batches", 20, 8),
        ("threads", "2,1", "1"),
        ("limit", 600.0, 120.0),
    ):
        if getattr(arguments, name) is None:
            setattr(arguments, name, short if quick else long)
    if arguments.epochs < 2:
        parser.error("--epochs: the first epoch is not counted, so at least 2")
    chosen = arguments.only.split(",")
    if unknown := set(chosen) - set(SECTIONS):
        parser.error(f"--only: {unknown.pop()!r} is none of {listed}")
    arguments.only = ["agreement", *(name for name in chosen if name != "agreement")]
    return arguments


def main() -> None:
    """Measures section by section; what is done is written at once."""
    arguments = parse_arguments()
    about = machine.describe()
    sections: list[Section] = []
    with tempfile.TemporaryDirectory() as folder:
        options = Options(
            quick=arguments.quick,
            rounds=arguments.rounds,
            epochs=arguments.epochs,
            batches=arguments.batches,
            threads=[int(n) for n in arguments.threads.split(",")],
            limit=arguments.limit,
            folder=Path(folder),
            corpus=installed(),
        )
        try:
            about |= {"corpus": options.corpus.name, "absa": absa.version()}
            about |= options.peers["plain"].ask("versions", options.limit)
            about |= {
                name: getattr(options, name)
                for name in ("quick", "rounds", "epochs", "batches")
            }
            for name in arguments.only:
                begun = perf_counter()
                sections.append(SECTIONS[name](options))
                print(f"{name}: {perf_counter() - begun:.0f} s", file=sys.stderr)
                write(arguments, about, sections)
        except Failed as failure:
            sys.exit(f"bench: {failure}")
        finally:
            options.close()
    print(markdown(about, sections))


def write(
    arguments: argparse.Namespace, about: dict[str, Any], sections: list[Section]
) -> None:
    """Writes the files that were asked for."""
    if arguments.markdown:
        arguments.markdown.write_text(markdown(about, sections) + "\n")
    if arguments.picture:
        arguments.picture.write_text(picture.svg(sections) + "\n")
    if arguments.json:
        report = {"about": about, "sections": [s.json() for s in sections]}
        arguments.json.write_text(json.dumps(report, indent=1) + "\n")


def markdown(about: dict[str, Any], sections: list[Section]) -> str:
    """The tables under what they were measured with."""
    length = f"{about['batches']} batches" if about["batches"] else "whole epochs"
    head = (
        f"{about['absa']}; PyTorch {about['torch']}, Lightning {about['pytorch-lightning']},"
        f" Python {about['python']}. {about['processor']} ({about['vector_instructions']}),"
        f" {about['cores']} cores, {about['memory_gib']} GiB, {about['system']};"
        f" {about['date']}. Interleaved rounds: {about['rounds']}, of {about['epochs']}"
        f" epochs, {length}; a cell has the median of the rounds (least to greatest)."
    )
    parts = ["# absa beside PyTorch", head, *(s.markdown() for s in sections)]
    return "\n\n".join(parts)


if __name__ == "__main__":
    main()
