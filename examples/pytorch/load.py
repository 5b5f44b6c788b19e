"""Loads a model that absa trained into PyTorch, and asks it about sentences.

    python load.py RUN "The food was great but the service was slow."
    python load.py --logits RUN/checkpoints/step-00000456 <sentences.txt
    python load.py --save mine/model.safetensors RUN

From Python: trained = load(Path("RUN")); trained.model is an nn.Module, and
trained.save(Path("mine/model.safetensors")) writes what --init-from takes.
"""

import argparse
import json
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import accumulate, chain
from pathlib import Path

import torch
import yaml
from safetensors.torch import load_file, save_file
from torch import Tensor
from torch.nn.utils.rnn import pad_sequence

from model import Config, Model, NGrams
from tokens import Tokenizer, ngrams, tokenizer

WEIGHTS = "model.safetensors"
LABELS = "labels.json"
VOCABULARY = "vocab.txt"
SPECIAL = ["<pad>", "<unk>"]  # words 0 and 1 of every vocabulary
UNKNOWN = 1


@dataclass(frozen=True)
class Trained:
    """A model with what turns a sentence into its input."""

    folder: Path
    model: Model
    tokenize: Tokenizer
    ids: dict[str, int]  # row of a word in embedding.weight
    batch_size: int  # that it was trained with

    def batch(self, sentences: list[str]) -> tuple[Tensor, Tensor, NGrams, Tensor]:
        """Tokens [B,T], lengths [B] and n-grams, longest sentence first, and the places
        [B] of the sentences in them. One without a word stands as an unknown word."""
        words = [self.tokenize(sentence) or SPECIAL[UNKNOWN:] for sentence in sentences]
        rows = [torch.tensor([self.ids.get(w, UNKNOWN) for w in ws]) for ws in words]
        order = sorted(range(len(rows)), key=lambda i: len(rows[i]), reverse=True)
        lengths = torch.tensor([len(rows[i]) for i in order])
        tokens = pad_sequence([rows[i] for i in order], batch_first=True)
        o = self.model.config.ngrams
        grams = [ngrams(words[i], o.words, o.characters, o.buckets) for i in order]
        return tokens, lengths, ngrams_of(grams), torch.tensor(order).argsort()

    @torch.inference_mode()
    def __call__(self, sentences: list[str]) -> Iterator[tuple[Tensor, Tensor | None]]:
        """Logits [A,C] and presence logits [A] or None of each sentence, in order.

        The article's attention reads padding, so its answer for a sentence depends
        on those beside it. Batches are cut as `absa evaluate` cuts a corpus.
        """
        self.model.eval()
        for start in range(0, len(sentences), self.batch_size):
            part = sentences[start : start + self.batch_size]
            tokens, lengths, grams, places = self.batch(part)
            logits, presence = self.model(tokens, lengths, grams)
            for i in places:
                yield logits[i], None if presence is None else presence[i]

    def save(self, path: Path) -> None:
        """Writes the weights as `absa train --init-from` reads them, and beside them
        the files that say which words and labels they are of. Overwrites nothing."""
        if path.exists():
            raise FileExistsError(f"{path} exists; nothing is overwritten")
        for name in (LABELS, VOCABULARY):
            content, copy = (self.folder / name).read_bytes(), path.with_name(name)
            if not copy.exists():
                copy.parent.mkdir(parents=True, exist_ok=True)
                copy.write_bytes(content)
            elif copy.read_bytes() != content:
                raise FileExistsError(f"{copy} is another model's: save to a new folder")
        save_file(self.model.state_dict(), path, metadata={"format": "pt"})


def ngrams_of(rows: list[list[int]]) -> NGrams:
    """The n-grams of a batch from those of its sentences."""
    bounds = [*accumulate(map(len, rows), initial=0)]
    return torch.tensor([*chain(*rows)], dtype=torch.long), torch.tensor(bounds)


def load(folder: Path) -> Trained:
    """Loads a run that ended, or one of its checkpoints RUN/checkpoints/step-…"""
    if not (folder / WEIGHTS).exists():
        raise FileNotFoundError(
            f"{folder} has no {WEIGHTS}: name the folder of a run that ended,"
            " or RUN/checkpoints/step-… of one that did not"
        )
    config = yaml.safe_load((folder / "config.yaml").read_text(encoding="utf-8"))
    labels = json.loads((folder / LABELS).read_text(encoding="utf-8"))
    words = (folder / VOCABULARY).read_bytes().decode().removesuffix("\n").split("\n")
    weights = load_file(folder / WEIGHTS)

    vectors = torch.zeros_like(weights["embedding.weight"])
    if words[:2] != SPECIAL or len(words) != len(vectors):
        raise ValueError(f"{folder}: {VOCABULARY} does not belong to {WEIGHTS}")
    described = Config.from_dict(labels | config["model"])
    model = Model(described, vectors, config["vectors"]["trainable"])
    model.load_state_dict(weights)  # refuses a tensor too many, too few, or of another shape
    return Trained(
        folder,
        model.eval(),
        tokenizer(config["text"]),
        {word: row for row, word in enumerate(words) if word not in SPECIAL},
        config["loader"]["batch_size"],
    )


def raw(config: Config, logits: Tensor, presence: Tensor | None) -> dict[str, object]:
    """The logits of a sentence by aspect and class, ready for JSON."""
    result: dict[str, object] = {
        "logits": {
            aspect: dict(zip(config.class_names, row, strict=True))
            for aspect, row in zip(config.aspects, logits.tolist(), strict=True)
        }
    }
    if presence is not None:
        result["presence"] = dict(zip(config.aspects, presence.tolist(), strict=True))
    return result


def table(config: Config, logits: Tensor, presence: Tensor | None) -> str:
    """Of a sentence, the likeliest class of each aspect and all probabilities.

    The last column is the probability that the sentence mentions the aspect.
    """
    columns = [*config.class_names] + ([] if presence is None else ["mentioned"])
    rows = logits.softmax(dim=-1)
    if presence is not None:
        rows = torch.cat([rows, presence.sigmoid()[:, None]], dim=-1)
    first = max(map(len, ("aspect", *config.aspects)))
    second = max(map(len, ("polarity", *config.class_names)))
    lines = ["  ".join(["", f"{'aspect':{first}}", f"{'polarity':{second}}", *columns])]
    for aspect, best, row in zip(
        config.aspects, logits.argmax(dim=-1), rows.tolist(), strict=True
    ):
        name = config.class_names[best]
        figures = [f"{x:{len(c)}.2f}" for c, x in zip(columns, row, strict=True)]
        lines.append("  ".join(["", f"{aspect:{first}}", f"{name:{second}}", *figures]))
    return "\n".join(lines)


def main() -> None:
    """Answers for the sentences given, one after the other."""
    parser = argparse.ArgumentParser(
        description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter
    )
    parser.add_argument("folder", type=Path, help="RUN, or RUN/checkpoints/step-…")
    parser.add_argument(
        "sentences",
        nargs="*",
        help="default: the lines of standard input; with --save, none",
    )
    parser.add_argument(
        "--logits", action="store_true", help="one JSON object per sentence"
    )
    parser.add_argument(
        "--save",
        type=Path,
        metavar="FILE",
        help="write the weights as safetensors, labels.json and vocab.txt beside them",
    )
    arguments = parser.parse_args()
    sentences = arguments.sentences
    try:
        trained = load(arguments.folder)
        if not sentences and not arguments.save:
            sys.stdin.reconfigure(encoding="utf-8")
            sentences = [line.rstrip("\r\n") for line in sys.stdin]
        if arguments.save:
            trained.save(arguments.save)
    except (OSError, ValueError) as error:
        sys.exit(f"load.py: {error}")
    config = trained.model.config
    for sentence, answer in zip(sentences, trained(sentences), strict=True):
        if arguments.logits:
            print(json.dumps({"sentence": sentence} | raw(config, *answer)))
        else:
            print(sentence, table(config, *answer), "", sep="\n")


if __name__ == "__main__":
    main()
