"""The tokenizers that the section text of a config.yaml names.

A sentence is cut as absa cuts it, up to letters that are newer than Python's
tables of Unicode. Only text.tokenizer: spacy needs a package, spacy.
"""

import re
import string
import sys
import unicodedata
from collections import defaultdict
from collections.abc import Callable, Mapping
from functools import lru_cache
from itertools import groupby
from pathlib import Path
from typing import Any

Tokenizer = Callable[[str], list[str]]

# White space by Unicode; str.split also cuts at four control characters.
SPACE = "[\t-\r \x85\xa0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+"

# Typographic characters as the word vectors spell them; what has no width goes.
NORMAL = {
    **dict.fromkeys(["``", "''"], '"'),  # as LaTeX writes quotes
    **dict.fromkeys("’‘‛ʼ′´`", "'"),
    **dict.fromkeys("“”„«»", '"'),
    **dict.fromkeys("‐‑–", "-"),
    **dict.fromkeys("—―", "--"),
    "…": "...",
    **dict.fromkeys("\u00ad\u200b\u2060\ufeff", ""),
}

# A token that is more than a mark; the first alternative that matches wins.
WORD = "|".join(
    [
        # URL and mail address; a closing mark belongs to the sentence.
        r"""(?:https?://|www\.)[^"<>]*[^"<>'.,;:!?()\[\]]""",
        r"[\pL\pN][\pL\pN._+-]*@[\pL\pN-]+(?:\.[\pL\pN-]+)*\.[\pL]{2,}",
        r"[\pL\pN]+(?:[.-][\pL\pN]+)*\.(?:com|org|net|edu|gov|info)(?a:\b)",
        # o.k., u.s., p.m.
        r"[\pL](?:\.[\pL])+(?a:\b)\.?",
        # 4.50, 1,000, 7:30pm, 1/2
        r"\d+(?:[.,:/]\d+)+[\pL]*",
        # Words whose apostrophe comes first, cut off or not.
        r"'(?:s|m|d|ll|re|ve|em|til|tis|twas|cause|bout|n)(?a:\b)",
        r"[\pL\pN][\pL\pN\pM]*(?:'[\pL\pN][\pL\pN\pM]*)*",
    ]
)
CONTRACTIONS = ("n't", "'s", "'m", "'d", "'ll", "'re", "'ve")
LONGEST_RUN = 3  # "!!!!!!" shares the vector of "!!!"
JOINER = "\u200d"


def tokenizer(text: Mapping[str, Any]) -> Tokenizer:
    """The tokenizer of the section text; a sentence may have no token.

    What a config of an earlier version does not state is as it was then.
    """
    cleaning, max_tokens = text["cleaning"], text["max_tokens"]
    if cleaning == "article":
        drop = text.get("stop_words", "drop") == "drop"
        return article(max_tokens, drop, text.get("tokenizer", "words") == "spacy")
    if cleaning == "none":
        return full(max_tokens)
    raise ValueError(f"text.cleaning: {cleaning!r} is neither article nor none")


def ngrams(
    words: list[str], longest: int, characters: int, buckets: int
) -> list[int]:
    """Rows of the n-grams of a sentence in a table of so many, each once, ascending.

    Those of up to so many words, and of 3 to so many characters of a word with < before
    and > behind it.
    """
    if not longest and not characters:
        return []
    found = {" ".join(part) for part in parts(words, 1, longest)}
    for word in words:
        found |= {"\0" + part for part in parts(f"<{word}>", 3, characters)}
    return sorted({fnv(part) % buckets for part in found})


def parts(of: Any, shortest: int, longest: int) -> list[Any]:
    """All slices of such lengths."""
    return [
        of[first : first + n]
        for n in range(shortest, longest + 1)
        for first in range(len(of) - n + 1)
    ]


@lru_cache(1 << 20)
def fnv(text: str) -> int:
    """The FNV-1a hash of 64 bits."""
    code = 14695981039346656037
    for byte in text.encode():
        code = (code ^ byte) * 1099511628211 % 2**64
    return code


def article(max_tokens: int, drop_stop_words: bool, with_spacy: bool) -> Tokenizer:
    """The article's cleaning in its order: case, digits, punctuation, stop words.

    Punctuation goes first, so "don't" becomes "dont", which is no stop word. spaCy
    then cuts each word that is left.
    """
    listed = Path(__file__).with_name("stopwords.txt").read_text(encoding="utf-8")
    stop_words = set(listed.split()) if drop_stop_words else set()
    punctuation = str.maketrans("", "", string.punctuation)
    cut = spacy_cutter() if with_spacy else lambda word: [word]

    def tokenize(text: str) -> list[str]:
        text = "".join(c for c in text.casefold() if not c.isdigit())
        words = [w for w in text.translate(punctuation).split() if w not in stop_words]
        return [token for word in words for token in cut(word)][:max_tokens]

    return tokenize


def spacy_cutter() -> Tokenizer:
    """Cuts a word by spaCy's rules for English."""
    import spacy

    english = spacy.blank("en")
    return lambda word: [token.text for token in english.make_doc(word)]


def full(max_tokens: int) -> Tokenizer:
    """Keeps function words, negation, numbers and punctuation.

    don't becomes do n't, $20 becomes $ 20, good... becomes good ..., well-kept
    becomes well - kept; 4.50, u.s. and www.example.com stay whole.
    """
    normal = re.compile("|".join(map(re.escape, NORMAL)))
    pattern = WORD
    for category, characters in classes().items():
        pattern = pattern.replace(rf"\p{category}", characters)
    word = re.compile(pattern)

    def tokenize(text: str) -> list[str]:
        tokens: list[str] = []
        text = lower(normal.sub(lambda found: NORMAL[found[0]], text))
        for rest in fields(text):
            while rest and len(tokens) < max_tokens:
                if found := word.match(rest):
                    size = found.end()
                    tokens += contractions(found[0])
                else:
                    mark, size = leading_mark(rest)
                    tokens += [mark] if mark else []
                rest = rest[size:]
        return tokens[:max_tokens]

    return tokenize


def fields(text: str) -> list[str]:
    """What white space separates."""
    return [field for field in re.split(SPACE, text) if field]


def lower(text: str) -> str:
    """Each letter by itself; str.lower looks around Σ and makes İ two characters."""
    return "".join(character.lower()[0] for character in text)


def classes() -> dict[str, str]:
    """The characters of the categories L, M and N as they stand between brackets.

    The re module does not know Unicode's categories.
    """
    inside: dict[str, str] = defaultdict(str)
    for category, run in groupby(map(chr, range(sys.maxunicode + 1)), key=kind):
        first, *others = run
        inside[category] += f"{first}-{others[-1] if others else first}"
    return {category: inside[category] for category in "LMN"}


def kind(character: str) -> str:
    """L letter, M mark on one, N number, P punctuation, S symbol, Z or C neither."""
    return unicodedata.category(character)[0]


def contractions(word: str) -> list[str]:
    """A word, its contractions split off: wouldn't've becomes would n't 've."""
    tail: list[str] = []
    while suffix := next(
        (s for s in CONTRACTIONS if word.endswith(s) and word != s), None
    ):
        word = word.removesuffix(suffix)
        tail.insert(0, suffix)
    return [word, *tail]


def leading_mark(text: str) -> tuple[str, int]:
    """The token of the marks that text begins with, and their number of characters.

    The token is empty where text begins with a character that is none: a control
    character, an accent on no letter.
    """
    if kind(text[0]) not in "PS":
        return "", 1
    unit = text[: 1 + extenders(text[1:])]
    size, run = len(unit), 1
    while text.startswith(unit, size):
        size, run = size + len(unit), run + 1
    if unit == "." and run > 1:
        return "...", size  # an ellipsis, however it was typed
    return unit * min(run, LONGEST_RUN), size


def extenders(text: str) -> int:
    """How many characters at the beginning belong to the symbol before them.

    Variation selectors, accents, skin tones, and symbols tied by a joiner.
    """
    tied = False
    for n, character in enumerate(text):
        belongs = character == JOINER or "\U0001f3fb" <= character <= "\U0001f3ff"
        belongs = belongs or kind(character) == "M"
        if not (belongs or (tied and kind(character) == "S")):
            return n
        tied = character == JOINER
    return len(text)
