"""Labels of sentences by PyTorch, from the text on."""

from pathlib import Path
from time import perf_counter

import torch

from bench.recipe import Recipe

# A batch of absa where the answer for a sentence does not depend on the batch.
FREE_BATCH = 128
WARM_UP = 10  # sentences


def depends_on_batch(recipe: Recipe) -> bool:
    """Whether padding is read, so that batches must be as in training."""
    attention = recipe.config["model"]["attention"]
    return attention["kind"] == "self" and (
        attention["pool"] == "last_padded" or not attention["masked"]
    )


@torch.inference_mode()
def label(recipe: Recipe, corpus: Path) -> float:
    """Seconds from a file to the labels of all its sentences.

    Batches are cut as `absa evaluate` cuts them.
    """
    model = recipe.model().eval()
    begun = perf_counter()
    sentences = recipe.read(corpus)
    tokens = [recipe.tokens(s.text) for s in sentences]
    if depends_on_batch(recipe):
        plan = recipe.plan(tokens, recipe.batch_size, buckets=0)
    else:
        plan = recipe.plan(tokens, FREE_BATCH, buckets=len(sentences))
    for at in plan:
        batch = recipe.batch([sentences[i] for i in at], [tokens[i] for i in at])
        recipe.forward(model, batch)[0].argmax(dim=-1)
    return perf_counter() - begun


@torch.inference_mode()
def latency(recipe: Recipe, corpus: Path, limit: int) -> dict[str, float]:
    """Milliseconds from one sentence to its labels, after a warm-up."""
    model = recipe.model().eval()
    sentences = recipe.read(corpus)[:limit]
    taken = []
    for sentence in sentences[:WARM_UP] + sentences:
        begun = perf_counter()
        batch = recipe.batch([sentence], [recipe.tokens(sentence.text)])
        recipe.forward(model, batch)[0].argmax(dim=-1).tolist()
        taken.append(1000 * (perf_counter() - begun))
    taken = sorted(taken[WARM_UP:])
    return {
        "p50": taken[len(taken) // 2],
        "p99": taken[min(len(taken) - 1, len(taken) * 99 // 100)],
    }
