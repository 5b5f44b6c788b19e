"""Writes word vectors by the libraries that define their formats, with what
these say of words, for the tests of data/vectors.

    python golden_vectors.py --out ../data/vectors/testdata

word2vec.bin and .txt are gensim's, word2vec-c.bin has the newlines of the
original tool. fasttext.bin, its .vec and supervised.bin are trained by fasttext
on the sample corpus. spacy has pruned vectors as an installed package does, lower
has keys of words in lower case. expected.json maps each to its words: values, or
null where the library has no vector. "symbols" are spaCy's.
"""

import argparse
import json
import re
import shutil
import tempfile
from pathlib import Path
from typing import Any

import fasttext
import numpy as np
import spacy
from gensim.models import KeyedVectors
from spacy.symbols import IDS
from spacy.vectors import Vectors

SAMPLE = Path(__file__).parent.parent / "data" / "sample" / "train.xml"

# Words that a reader could get wrong: several scripts, a final sigma, a dotted I,
# characters of four bytes, marks that combine, names that spaCy numbers.
ODD = """crème brûlée naïve Smörgåsbord 寿司 おいしい 한국 вкусно ΟΔΟΣ οδος ΣΊΣΥΦΟΣ
İSTANBUL straße 🍣 🍕🍕 e\u0301clair n't 's ``  ... 24/7 <3 X NOUN mark root number
possessive agent _ a é""".split()

Known = dict[str, list[float] | None]


def values(vector: Any) -> list[float]:
    """A float32 vector in the fewest digits that say it."""
    return [float(str(v)) for v in np.asarray(vector, dtype=np.float32)]


def sentences(count: int) -> list[str]:
    """Some of the sample corpus, a line for each sentence, and two of the odd words."""
    texts = re.findall(r"<text>(.*?)</text>", SAMPLE.read_text(encoding="utf-8"))
    lines = [" ".join(re.findall(r"\w+(?:'\w+)?|[^\w\s]", text)) for text in texts[:count]]
    return lines + [" ".join(ODD)] * 2


def vocabulary(count: int) -> tuple[list[str], list[str]]:
    """Words that a table has and words that it lacks, count in all."""
    seen = dict.fromkeys(ODD + " ".join(sentences(count)).split())
    known = list(seen)[: count * 2 // 3]
    changed = [c for w in known for c in (w.upper(), w + "ish", "x" + w)]
    lacked = [w for w in dict.fromkeys(changed) if w not in seen]
    return known, lacked[: count - len(known)]


def write_gensim(folder: Path, words: list[str], asked: list[str], size: int) -> dict[str, Known]:
    """Random vectors in word2vec's three forms."""
    table = KeyedVectors(size)
    table.add_vectors(words, np.random.default_rng(1).normal(size=(len(words), size)).astype(np.float32))
    table.save_word2vec_format(str(folder / "word2vec.bin"), binary=True)
    table.save_word2vec_format(str(folder / "word2vec.txt"))
    with (folder / "word2vec-c.bin").open("wb") as file:
        file.write(f"{len(words)} {size}\n".encode())
        for word in words:
            file.write(word.encode() + b" " + table[word].tobytes() + b"\n")
    return {
        name: loaded(folder / name, name.endswith(".bin"), asked)
        for name in ("word2vec.bin", "word2vec.txt", "word2vec-c.bin")
    }


def loaded(path: Path, binary: bool, asked: list[str]) -> Known:
    """What gensim reads."""
    table = KeyedVectors.load_word2vec_format(str(path), binary=binary)
    return {w: values(table[w]) if w in table else None for w in asked}


def write_fasttext(folder: Path, asked: list[str], size: int, buckets: int) -> dict[str, Known]:
    """A model of the sample with subwords, its words as text, and a classifier."""
    lines = sentences(len(asked))
    asked = [*asked, "</s>", "<", ">", "__label__food"]
    with tempfile.TemporaryDirectory() as temporary:
        text = Path(temporary) / "text"
        text.write_text("\n".join(lines) + "\n", encoding="utf-8")
        labelled = Path(temporary) / "labelled"
        labelled.write_text(
            "".join(f"__label__{'food' if 'food' in s else 'other'} {s}\n" for s in lines),
            encoding="utf-8",
        )
        # With fewer than 11 threads fasttext leaves some vectors as they lay in memory.
        common = {"dim": size, "thread": 11, "epoch": 1, "verbose": 0, "bucket": buckets}
        skipgram = fasttext.train_unsupervised(str(text), minCount=1, minn=1, maxn=4, **common)
        classifier = fasttext.train_supervised(str(labelled), minCount=1, minn=2, maxn=3, **common)
    skipgram.save_model(str(folder / "fasttext.bin"))
    classifier.save_model(str(folder / "supervised.bin"))
    with (folder / "fasttext.vec").open("w", encoding="utf-8") as file:
        file.write(f"{len(skipgram.words)} {size}\n")
        for word in skipgram.words:  # as FastText::saveVectors
            row = "".join(f"{v:.5g} " for v in skipgram.get_word_vector(word))
            file.write(f"{word} {row}\n")
    return {
        "fasttext.bin": {w: values(skipgram.get_word_vector(w)) for w in asked},
        "supervised.bin": {w: values(classifier.get_word_vector(w)) for w in asked if "__" not in w},
        "fasttext.vec": loaded(folder / "fasttext.vec", False, asked),
    }


def write_spacy(folder: Path, words: list[str], asked: list[str], size: int) -> dict[str, Known]:
    """A package whose vectors were pruned, and a model with keys of lower case."""
    random = np.random.default_rng(2)
    pruned = spacy.blank("en").vocab
    pruned.vectors = Vectors(strings=pruned.strings, shape=(len(words), size))
    for word in words:
        pruned.set_vector(word, random.normal(size=size).astype(np.float32))
    pruned.prune_vectors(len(words) // 2)
    lower = spacy.blank("en").vocab
    words = list(dict.fromkeys(w.lower() for w in words))
    lower.vectors = Vectors(strings=lower.strings, shape=(len(words), size), attr="LOWER")
    for word in words:
        lower.set_vector(word, random.normal(size=size).astype(np.float32))
    expected = {}
    for name, vocab in (("spacy/spacy-1.0.0", pruned), ("lower", lower)):
        path = folder / name / "vocab"
        path.mkdir(parents=True, exist_ok=True)
        vocab.to_disk(path)
        if vocab is lower:  # spaCy reads the attribute and does not write it
            (path / "vectors.cfg").write_text(json.dumps({"mode": "default", "attr": IDS["LOWER"]}))
        read = spacy.blank("en").vocab.from_disk(path)
        expected[name.split("/")[0]] = {
            w: values(read.get_vector(w)) if read.has_vector(w) else None for w in asked
        }
        for file in path.iterdir():  # what vectors are found without
            if file.name not in ("vectors", "key2row", "vectors.cfg"):
                shutil.rmtree(file) if file.is_dir() else file.unlink()
    return expected


def main() -> None:
    """Writes the files; a second run writes the same, but for what fasttext trains."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("--out", type=Path, required=True, help="folder to write to")
    parser.add_argument("--words", type=int, default=90, help="words to ask for")
    parser.add_argument("--size", type=int, default=4, help="values of a vector")
    parser.add_argument("--buckets", type=int, default=60, help="of fasttext")
    arguments = parser.parse_args()
    folder, size = arguments.out, arguments.size
    folder.mkdir(parents=True, exist_ok=True)
    words, lacked = vocabulary(arguments.words)
    asked = words + lacked
    expected: dict[str, Any] = {
        **write_gensim(folder, words, asked, size),
        **write_fasttext(folder, asked, size, arguments.buckets),
        **write_spacy(folder, words, asked, size),
        "symbols": {name: number for name, number in IDS.items() if name},
    }
    text = json.dumps(expected, ensure_ascii=False, allow_nan=False, separators=(",", ":"))
    (folder / "expected.json").write_text(text.replace("},", "},\n") + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
