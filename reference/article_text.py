"""Writes what the Go tests know of how Python cuts sentences as the article's code does.

    python article_text.py data/testdata/article.tsv CORPUS.xml...

Of each sentence: its id, and for each of WAYS the number of tokens and the beginning
of a SHA-256 over them, no text. A line with # names the corpus of the lines below it;
of corpora that are not given, what the file has stays.
"""

import hashlib
import sys
import xml.etree.ElementTree as ElementTree
from pathlib import Path

from example import tokenizer

# text.tokenizer and text.stop_words, in the order of the columns.
WAYS = [(cut, stop) for cut in ("words", "spacy") for stop in ("drop", "keep")]


def main(target: Path, corpora: list[Path]) -> None:
    """Writes the file; a second run writes the same."""
    sections = read(target)
    settings = {"cleaning": "article", "max_tokens": sys.maxsize}
    ways = [
        tokenizer(settings | {"tokenizer": cut, "stop_words": stop})
        for cut, stop in WAYS
    ]
    for corpus in corpora:
        sections[corpus.name] = lines = []
        for sentence in ElementTree.parse(corpus).iter("sentence"):
            text = sentence.findtext("text", "")
            cells = [summary(tokenize(text)) for tokenize in ways]
            lines.append("\t".join([sentence.attrib["id"], *cells]))
    text = "".join(
        f"# {name}\n" + "".join(f"{line}\n" for line in lines)
        for name, lines in sections.items()
    )
    target.write_text(text, encoding="utf-8")


def read(target: Path) -> dict[str, list[str]]:
    """The lines of each corpus, in the order of the file, which may be missing."""
    sections: dict[str, list[str]] = {}
    if target.exists():
        for line in target.read_text(encoding="utf-8").split("\n"):
            if line.startswith("# "):
                sections[line[2:]] = lines = []
            elif line:
                lines.append(line)
    return sections


def summary(tokens: list[str]) -> str:
    """The number of tokens and six digits of their hash."""
    digest = hashlib.sha256("\n".join(tokens).encode()).hexdigest()
    return f"{len(tokens)}:{digest[:6]}"


if __name__ == "__main__":
    main(Path(sys.argv[1]), [Path(argument) for argument in sys.argv[2:]])
