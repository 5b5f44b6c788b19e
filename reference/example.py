"""What the scripts here share with examples/pytorch: the network and the tokens."""

import sys
from pathlib import Path

sys.path.append(str(Path(__file__).resolve().parent.parent / "examples" / "pytorch"))

from load import SPECIAL, ngrams_of  # noqa: E402
from model import Attention, Config, Head, Model, NGrams, mixed  # noqa: E402
from tokens import ngrams, tokenizer  # noqa: E402

__all__ = [
    "SPECIAL",
    "Attention",
    "Config",
    "Head",
    "Model",
    "NGrams",
    "mixed",
    "ngrams",
    "ngrams_of",
    "tokenizer",
]
