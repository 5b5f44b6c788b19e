"""What scikit-learn and SciPy say of the arrays on stdin; sklearn_test.go asks."""

import json
import sys

import numpy as np
from scipy.optimize import minimize_scalar
from scipy.special import log_softmax, softmax
from scipy.stats import binomtest
from sklearn.calibration import calibration_curve
from sklearn.metrics import (
    accuracy_score,
    classification_report,
    confusion_matrix,
    log_loss,
    precision_recall_fscore_support,
)

asked = json.load(sys.stdin)
gold, pred, other = (np.array(asked[k]) for k in ("gold", "pred", "other"))
logits = np.array(asked["logits"], np.float32).astype(float)
logits = logits.reshape(len(gold), -1)
classes = logits.shape[1]
labelled = gold >= 0
g, p, o, z = gold[labelled], pred[labelled], other[labelled], logits[labelled]

# -1, absent, is a prediction like any other and no class of its own.
report = classification_report(
    g, p, labels=range(classes), output_dict=True, zero_division=np.nan
)
occurring = sorted(set(g))
macro = np.mean([report[str(c)]["f1-score"] for c in occurring])
three = labelled & (gold < 3)
probabilities = softmax(z, axis=1)
confidence, right = probabilities.max(1), probabilities.argmax(1) == g
accuracy, mean = calibration_curve(right, confidence, n_bins=10)


def loss(log_temperature: float) -> float:
    scaled = log_softmax(z / np.exp(log_temperature), axis=1)
    return -scaled[np.arange(len(g)), g].mean()


fitted = minimize_scalar(loss, bounds=(-3, 3), options={"xatol": 1e-10})
presence = np.array(asked["present"])
found = precision_recall_fscore_support(labelled, presence, average="binary")
a, b = (p == g) & (o != g), (p != g) & (o == g)
json.dump(
    {
        "accuracy": accuracy_score(g, p),
        "macro_f1": macro,
        "classes": [report[str(c)] for c in range(classes)],
        "confusion": confusion_matrix(g, p, labels=[*range(classes), -1]).tolist(),
        "three": accuracy_score(gold[three], logits[three][:, :3].argmax(1)),
        "log_loss": log_loss(g, probabilities, labels=range(classes)),
        "temperature": float(np.exp(fitted.x)),
        "bins": [[m, y] for m, y in zip(mean, accuracy)],
        "detection": found[:3],
        "mcnemar": binomtest(int(a.sum()), int(a.sum() + b.sum())).pvalue,
    },
    sys.stdout,
)
