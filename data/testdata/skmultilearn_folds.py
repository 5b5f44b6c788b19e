"""Cut a corpus into folds by scikit-multilearn, for the Go test of Folds.

Reads {"labels": [[label, ...] per sentence], "count", "folds", "seeds"} and writes
{order: [per seed, the folds as lists of sentences]} for the orders 1 and 2.
"""

import json
import sys

import numpy as np
from skmultilearn.model_selection import IterativeStratification


def folds(y, order, count, seed):
    # A random_state is refused by newer scikit-learn, as the class does not shuffle;
    # it draws from the global generator.
    np.random.seed(seed)
    stratifier = IterativeStratification(n_splits=count, order=order)
    return [held.tolist() for _, held in stratifier.split(np.zeros((len(y), 1)), y)]


def main():
    asked = json.load(sys.stdin)
    y = np.zeros((len(asked["labels"]), asked["count"]), dtype=int)
    for row, labels in enumerate(asked["labels"]):
        y[row, labels] = 1
    answer = {order: [folds(y, order, asked["folds"], seed) for seed in asked["seeds"]] for order in (1, 2)}
    json.dump(answer, sys.stdout)


if __name__ == "__main__":
    main()
