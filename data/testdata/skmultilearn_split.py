"""Write skmultilearn.json: how far scikit-multilearn's splits are from the wanted share.

The Go test of Split compares its own deviations with these. The deviation of a
label (an aspect with a polarity) is |sentences with it on the validation side /
sentences with it - fraction|. Only such numbers are written, no text.

    pip install scikit-multilearn==0.2.0 scikit-learn
    python skmultilearn_split.py Restaurants_Train_v2.xml skmultilearn.json
"""

import json
import sys
import xml.etree.ElementTree as ElementTree

import numpy as np
from skmultilearn.model_selection import IterativeStratification

FRACTION = 0.2
SEEDS = [0, 1, 2, 3, 4]
ASPECTS = ["service", "food", "anecdotes/miscellaneous", "price", "ambience"]
POLARITIES = ["positive", "negative", "conflict", "neutral"]


def indicators(path):
    """Return the matrix [sentences, aspects x polarities] of 0 and 1."""
    sentences = ElementTree.parse(path).getroot().findall("sentence")
    y = np.zeros((len(sentences), len(ASPECTS) * len(POLARITIES)), dtype=int)
    for row, sentence in enumerate(sentences):
        for label in sentence.iter("aspectCategory"):
            aspect = ASPECTS.index(label.get("category"))
            y[row, aspect * len(POLARITIES) + POLARITIES.index(label.get("polarity"))] = 1
    return y


def main(source, target):
    y = indicators(source)
    splits = []
    for seed in SEEDS:
        # The class accepts random_state but draws from the global generator.
        np.random.seed(seed)
        folds = IterativeStratification(
            n_splits=2, order=1, sample_distribution_per_fold=[FRACTION, 1 - FRACTION]
        )
        _, valid = next(folds.split(np.zeros((len(y), 1)), y))
        deviations = np.abs(y[valid].sum(axis=0) / y.sum(axis=0) - FRACTION)
        splits.append(
            {
                "seed": seed,
                "valid": len(valid),
                "max": round(float(deviations.max()), 6),
                "mean": round(float(deviations.mean()), 6),
                "labels": [round(float(d), 6) for d in deviations],
            }
        )
    facts = {
        "sentences": len(y),
        "fraction": FRACTION,
        "aspects": ASPECTS,
        "polarities": POLARITIES,
        "splits": splits,
    }
    with open(target, "w", encoding="utf-8") as file:
        json.dump(facts, file, indent=1)
        file.write("\n")


if __name__ == "__main__":
    if len(sys.argv) != 3:
        sys.exit("usage: skmultilearn_split.py Restaurants_Train_v2.xml skmultilearn.json")
    main(sys.argv[1], sys.argv[2])
