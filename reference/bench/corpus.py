"""The corpora that are trained on: SemEval-2014, the sample, and made-up ones."""

import random
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent.parent
RAW = ROOT / "data" / "raw"
SAMPLE = ROOT / "data" / "sample"

ASPECTS = ("food", "service", "price", "ambience", "anecdotes/miscellaneous")
POLARITIES = ("positive", "neutral", "negative", "conflict")


@dataclass(frozen=True)
class Corpus:
    """Files to train and test on, and the settings that have absa use them."""

    name: str
    train: Path
    test: Path
    vectors: Path | None  # None: random vectors
    settings: dict[str, object]


def installed() -> Corpus:
    """SemEval-2014 with GloVe where `absa fetch` has put them, else the sample."""
    folder, vectors = RAW / "semeval2014", RAW / "glove-100d.json"
    train, test = (
        folder / f"Restaurants_{part}.xml" for part in ("Train_v2", "Test_Gold")
    )
    if train.exists() and test.exists() and vectors.exists():
        return Corpus("SemEval-2014, GloVe 100-d", train, test, vectors, {})
    return Corpus(
        "sample, random vectors (absa fetch semeval2014 glove-100d gets the real ones)",
        SAMPLE / "train.xml",
        SAMPLE / "test.xml",
        None,
        {
            "data.train": "sample",
            "data.test": "sample",
            "vectors.kind": "random",
            "vectors.dimension": 100,
        },
    )


def write_synthetic(path: Path, sentences: int, length: int) -> Path:
    """Writes sentences of length/2 to length words that mean nothing, as SemEval XML.

    The words are of letters alone and no stop words, so cleaning keeps them all;
    a few are frequent and most are rare, as in any text.
    """
    draw = random.Random(length)
    words = [spell(number) for number in range(5000)]
    frequency = [1 / (rank + 1) for rank in range(len(words))]
    root = ElementTree.Element("sentences")
    for number in range(sentences):
        count = length if number == 0 else draw.randint((length + 1) // 2, length)
        text = " ".join(draw.choices(words, frequency, k=count))
        add_sentence(root, number, text, draw)
    ElementTree.ElementTree(root).write(path, encoding="utf-8", xml_declaration=True)
    return path


def spell(number: int) -> str:
    """A word of letters for a number, always the same."""
    letters = "bcdfghjklmnpqrtvwxz"
    word = "q"
    while number:
        number, digit = divmod(number, len(letters))
        word += letters[digit]
    return word + "q"


def add_sentence(
    root: ElementTree.Element, number: int, text: str, draw: random.Random
) -> None:
    """Appends a sentence with one or two labelled aspects."""
    sentence = ElementTree.SubElement(root, "sentence", id=str(number))
    ElementTree.SubElement(sentence, "text").text = text
    categories = ElementTree.SubElement(sentence, "aspectCategories")
    for aspect in draw.sample(ASPECTS, draw.randint(1, 2)):
        polarity = draw.choice(POLARITIES)
        ElementTree.SubElement(
            categories, "aspectCategory", category=aspect, polarity=polarity
        )


def write_repeated(path: Path, source: Path, times: int) -> Path:
    """Writes the sentences of a corpus so many times over, with ids of their own."""
    repeated = ElementTree.Element("sentences")
    for copy in range(times):
        for sentence in ElementTree.parse(source).iter("sentence"):
            sentence.set("id", f"{copy}:{sentence.attrib['id']}")
            repeated.append(sentence)
    tree = ElementTree.ElementTree(repeated)
    tree.write(path, encoding="utf-8", xml_declaration=True)
    return path
