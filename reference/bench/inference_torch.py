"""Labels of sentences by PyTorch, from the text on."""

from pathlib import Path
from time import perf_counter

import torch

from bench.recipe import Recipe, Sentence
from loss import ABSENT

WINDOW = 8  # batches that are sorted by length, where the model lets them be


@torch.inference_mode()
def label(recipe: Recipe, corpus: Path, batch_size: int) -> float:
    """Seconds from a file to the labels of all its sentences.

    Batches are cut as absa cuts them.
    """
    model = recipe.model().eval()
    begun = perf_counter()
    sentences = recipe.read(corpus)
    words = [recipe.words(s.text) for s in sentences]
    buckets = 0 if recipe.depends_on_batch else WINDOW
    for at in recipe.plan(words, batch_size, buckets):
        batch = recipe.batch([sentences[i] for i in at], [words[i] for i in at])
        recipe.answer(model, batch)
    return perf_counter() - begun


@torch.inference_mode()
def latencies(recipe: Recipe, texts: list[str]) -> list[float]:
    """Milliseconds from each text to its labels."""
    model = recipe.model().eval()
    nothing = (ABSENT,) * len(recipe.labels["aspects"])
    taken = []
    for text in texts:
        begun = perf_counter()
        sentence = Sentence("", text, nothing)
        batch = recipe.batch([sentence], [recipe.words(text)])
        recipe.answer(model, batch).tolist()
        taken.append(1000 * (perf_counter() - begun))
    return taken
