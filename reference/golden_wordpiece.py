"""Writes what Hugging Face's tokenizers says of texts and of characters, for
data/wordpiece: the goldens in testdata, and the sets of characters in unicode.go.

    python golden_wordpiece.py --out ../data/wordpiece

testdata/uncased, accents and raw are folders of encoders whose vocabulary was written
for the tests; expected.json has ids, types and offsets in characters of
each text, of pairs and of shortened pairs, and for each setting of the normalizer
the SHA-256 of all characters normalised one by one.
"""

import argparse
import hashlib
import json
import sys
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import Any

from tokenizers import AddedToken, Tokenizer
from tokenizers.models import WordPiece
from tokenizers.normalizers import NFD, BertNormalizer
from tokenizers.pre_tokenizers import BertPreTokenizer
from tokenizers.processors import BertProcessing, TemplateProcessing

SPECIAL = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"]
WORDS = """the pasta was great not good soup un ##believ ##able ##ly ##ing wait cre ##me
creme brulee crème brûlée naive cafe i ##i istanbul ##stanbul straße ##s ##a a b ##b c ##c ##ß ##\u302e ##\u1dfa ##\U0001d165
寿 司 寿司 おい ##しい ご ##は ##ん ご ##飯 한국 ᄒ ##ᅡ ##ᆫ вкусно ##й οδοσ ##σ οδος 🍣 👍 ##🏽 🏽 😋 ##‍
️ . , ! ? ' - [ ] ( ) $ ##$ € ™ … “ ” + = ~ ` ^ # 24 7 / ##7 The Pasta İ Über ##ß ﬁ ½ ##̇ ̇""".split()

# Texts of our own: ordinary ones, and for each step one that a reader could get wrong.
TEXTS = """The pasta was great, not good.
Unbelievably good soup!
UNBELIEVABLE waiting
Crème brûlée
Cre\u0300me bru\u0302le\u0301e a\u0301\u0300\u0323b
İstanbul istanbul İ i\u0307
ΟΔΟΣ οδος Οδός
Straße STRASSE ẞ ﬁ ½ Über
寿司 was great寿司!おいしい
ご飯 ご飯 は\u3099
한국 한국 간
\ufa0e\uf900\U0002f800\U0002b820\U0002b920
👍🏽 👍 😋😋 👨\u200d👩\u200d👧 ❤\ufe0f 🍣!
a\u0000b\u0007c a\u200bb \ufeffa b\ufffdc \ue000a
a\u0085b a\u00a0b a\u2028b\u3000c a\u000bb
[CLS] a [SEP] [MASK][PAD] [cls] [UNK]a [[SEP]] [CLS
a$b €a a+b=c a^b `a` a~b ™… “a”
вкусно ВКУСНЫЙ й и\u0306
24/7 24-7 don't 'a'
zzzz the zzzz, unq
\u0344a a\u0344\u0323b \u0f73\u0f71a
a\u302e\U0001d165 a\u302e\u0323 a\u302e\u1dfa a\u1dfa\u302e b\u302e寿 a\u0344\u302e\u0323\u302e
a\u1dfab a\u08d3\u0301b \U00011938 \U000105c9 \u1c89 \ua7cb
\U0001d15e\U0001d165a \u302e\u302fa a\u302e\u0301\u0323b 각\u302e
\u061d\u2e43 \u166d \u1734 \u19b0""".split("\n") + [
    "", " ", "\t\n\r", "\u0301", "\u0000", "\ufe0f", "a" * 100, "a" * 101, "ab" * 60, "\u0301" * 120 + "a", "É" * 100,
    "a" + "ß" * 99, "a" + "ß" * 100,
    "a\tb\nc\rb", "a\n\nb  c ", "the" + "\u0301" * 5 + " pasta\u0327",
]


def uncased() -> Tokenizer:
    """As BERT uncased, with a TemplateProcessing."""
    vocabulary = {word: i for i, word in enumerate(dict.fromkeys(SPECIAL + WORDS))}
    made = Tokenizer(WordPiece(vocabulary, unk_token="[UNK]", max_input_chars_per_word=100))
    made.normalizer = BertNormalizer(lowercase=True)
    made.pre_tokenizer = BertPreTokenizer()
    made.post_processor = TemplateProcessing(
        single="[CLS] $A [SEP]", pair="[CLS] $A [SEP] $B:1 [SEP]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    made.add_special_tokens([AddedToken(word, normalized=False) for word in SPECIAL])
    return made


def accents() -> Tokenizer:
    """Case is lowered and accents stay, with a BertProcessing and a token of its own."""
    made = uncased()
    made.normalizer = BertNormalizer(strip_accents=False, lowercase=True)
    made.post_processor = BertProcessing(("[SEP]", 3), ("[CLS]", 2))
    made.add_tokens([AddedToken("寿司 was", normalized=False), AddedToken("寿司", normalized=False)])
    return made


def raw() -> Tokenizer:
    """Neither cleaned nor lowered, but without accents, and a template of another order."""
    made = uncased()
    made.normalizer = BertNormalizer(clean_text=False, handle_chinese_chars=False, strip_accents=True, lowercase=False)
    made.post_processor = TemplateProcessing(
        single="$A:1 [SEP]:2", pair="[SEP] $B:3 $A [CLS]:1", special_tokens=[("[CLS]", 2), ("[SEP]", 3)]
    )
    return made


def encoded(made: Tokenizer, *texts: str) -> dict[str, Any]:
    """What the library says of a text or of a pair."""
    said = made.encode(*texts)
    return {"texts": texts, "ids": said.ids, "types": said.type_ids, "offsets": said.offsets, "of": said.sequence_ids}


def goldens(made: Tokenizer) -> list[dict[str, Any]]:
    """All texts, pairs of neighbours, and pairs and texts cut to several lengths."""
    answers = [encoded(made, text) for text in TEXTS]
    answers += [encoded(made, a, b) for a, b in zip(TEXTS, TEXTS[1:])]
    for length in (2, 3, 4, 7, 8):
        made.enable_truncation(length, strategy="longest_first")
        answers += [{**encoded(made, text), "max": length} for text in TEXTS[:4]]
        pairs = [(TEXTS[i], TEXTS[j]) for i in range(4) for j in range(4)] + [(TEXTS[0], "")]
        answers += [{**encoded(made, a, b), "max": length} for a, b in pairs if length > 2]
    made.no_truncation()
    return answers


def characters() -> Iterable[str]:
    """Every character, but for the halves of UTF-16's pairs."""
    return (chr(i) for i in range(sys.maxunicode + 1) if not 0xD800 <= i < 0xE000)


def digests() -> dict[str, str]:
    """The SHA-256 of all characters, normalised in each setting and ended by a newline."""
    answers = {}
    for setting in range(16):
        names = ("clean_text", "handle_chinese_chars", "strip_accents", "lowercase")
        made = BertNormalizer(**{name: bool(setting >> i & 1) for i, name in enumerate(names)})
        text = "".join(made.normalize_str(c) + "\n" for c in characters())
        answers[str(setting)] = hashlib.sha256(text.encode()).hexdigest()
    return answers


def sets() -> dict[str, tuple[str, Callable[[str], bool]]]:
    """The sets that the library has tables for: what each is, and who is in it."""
    clean = BertNormalizer(True, False, False, False)
    nfd, strip, words = NFD(), BertNormalizer(False, False, True, False), BertPreTokenizer()
    return {
        "control": ("are left out by cleaning", lambda c: clean.normalize_str(c) == ""),
        "nonspacing": ("are accents", lambda c: nfd.normalize_str(c) == c and strip.normalize_str(c) == ""),
        "punctuation": ("beyond ASCII are words by themselves",
                        lambda c: ord(c) >= 128 and len(words.pre_tokenize_str(f"a{c}b")) == 3),
        "decomposing": ("become others by canonical decomposition", lambda c: nfd.normalize_str(c) != c),
        "combining": ("have a combining class other than 0", lambda c: nfd.normalize_str(c) == c and (
            nfd.normalize_str(c + "\u0334") != c + "\u0334" or nfd.normalize_str("\u0301" + c) != "\u0301" + c)),
    }


def ranges(members: Iterable[int]) -> list[list[int]]:
    """First and last of each run."""
    runs: list[list[int]] = []
    for i in members:
        if runs and runs[-1][1] == i - 1:
            runs[-1][1] = i
        else:
            runs.append([i, i])
    return runs


def table(name: str, what: str, runs: list[list[int]]) -> str:
    """A set as a unicode.RangeTable. No run has characters of both its lists."""
    lines = [f"// {name} are the characters that {what}.", f"var {name} = &unicode.RangeTable{{"]
    for kind, part in (("R16", [r for r in runs if r[1] < 1 << 16]), ("R32", [r for r in runs if r[0] >= 1 << 16])):
        items = [f"{{{a:#x}, {b:#x}, 1}}" for a, b in part]
        rows = [", ".join(items[i : i + 6]) + "," for i in range(0, len(items), 6)]
        if rows:
            lines += [f"\t{kind}: []unicode.Range{kind[1:]}{{"] + ["\t\t" + row for row in rows] + ["\t},"]
    return "\n".join(lines + ["}"])


def new_case() -> str:
    """Lower case of what Unicode 16 and 17 added."""
    lower = BertNormalizer(False, False, False, True)
    new = [0x1C89, *range(0xA7CB, 0xA7DD), *range(0x10D50, 0x10D66), *range(0x16EA0, 0x16EB9)]
    rows = []
    for c in map(chr, new):
        delta = ord(lower.normalize_str(c)) - ord(c)
        if rows and delta and rows[-1][1:] == [ord(c) - 1, delta]:
            rows[-1][1] = ord(c)
        elif delta:
            rows.append([ord(c), ord(c), delta])
    lines = ["// newCase is the lower case that Unicode got after version 15.", "var newCase = unicode.SpecialCase{"]
    lines += [f"\t{{Lo: {a:#x}, Hi: {b:#x}, Delta: [unicode.MaxCase]rune{{unicode.LowerCase: {d}}}}}," for a, b, d in rows]
    return "\n".join(lines + ["}"])


def main() -> None:
    """Writes the files; a second run writes the same."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--out", type=Path, required=True, help="folder of the package")
    folder = parser.parse_args().out
    expected: dict[str, Any] = {"characters": digests()}
    for name, made in (("uncased", uncased()), ("accents", accents()), ("raw", raw())):
        path = folder / "testdata" / name
        path.mkdir(parents=True, exist_ok=True)
        made.save(str(path / "tokenizer.json"))
        expected[name] = goldens(made)
    lines = json.dumps(expected, separators=(",", ":")).replace("},{", "},\n{")
    (folder / "testdata" / "expected.json").write_text(lines + "\n", encoding="utf-8")
    parts = ["// Code generated by reference/golden_wordpiece.py. DO NOT EDIT.", 'package wordpiece\n\nimport "unicode"', new_case()]
    for name, (what, has) in sets().items():
        parts.append(table(name, what, ranges(ord(c) for c in characters() if has(c))))
    (folder / "unicode.go").write_text("\n\n".join(parts) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
