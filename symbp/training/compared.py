"""What predictions can be measured by, beside the cost: decided by the target's kind and the formulas alone.

- whole numbers, or rows of one 1 among zeros: classes, an accuracy; and where the network gives probabilities of one at
  each place of a sequence, their perplexity;
- two values: an accuracy; where an example has many of them, as a mask has, the intersection over the union (Jaccard)
  of where the greater one is and is predicted, over all examples;
- other numbers, where only their difference from the prediction counts in the loss: the root of its mean square.
"""

from __future__ import annotations

from dataclasses import dataclass
from math import prod

import numpy as np

from symbp.forward.comparison import comparison
from symbp.forward.network import Network
from symbp.spec.model import NetworkSpec
from symbp.training.dataset import Given, Pair


@dataclass(frozen=True)
class Compared:
    """How a prediction is compared. `source` names the input that is the target; it is empty for the target itself.

    `threshold` parts two values; `perplexity`, `masks` and `differences` say which other figures there are. `weights`
    are those of the classes, where the cost is a mean over weighted labels: a class of weight 0 does not count.
    """

    classes: bool = False
    threshold: float | None = None
    masks: bool = False
    differences: bool = False
    perplexity: bool = False
    weights: tuple[float, ...] = ()
    source: str = ""

    @staticmethod
    def of(train: Pair, spec: NetworkSpec, network: Network) -> Compared:
        """Decided by the training set, as the network takes it."""
        found = comparison(network)
        if found is None:
            return Compared()
        source = "" if found.target in network.targets else found.target
        tensor, target = network.tensors[found.target], target_of(train, source)
        if tensor.kind == "int":
            told = found.probabilities and len(tensor.shape) == 2
            return Compared(classes=True, perplexity=told, weights=class_weights(spec), source=source)
        if network.tensors[found.prediction].shape != tensor.shape:
            return Compared()
        low, high = target.min(), target.max()
        if low == high or not ((target == low) | (target == high)).all():
            return Compared(differences=found.differences, source=source)
        rows = target.ndim > 1 and target.shape[-1] > 1 and (low, high) == (0, 1)
        if rows and (target.sum(-1) == 1).all():
            return Compared(classes=True, source=source)
        return Compared(True, (float(low) + float(high)) / 2, masks=prod(target.shape[1:]) > 1, source=source)

    def weight(self, y: Given, examples: int) -> float:
        """What a batch counts in a mean cost."""
        return float(np.take(self.weights, y).sum()) if self.weights else float(examples)


def class_weights(spec: NetworkSpec) -> tuple[float, ...]:
    """The weights of the labels in the cost, where it has some."""
    weights = spec.loss.options.get("weight")
    return weights if isinstance(weights, tuple) else ()


class Tally:
    """What is counted over the batches of a set; each figure is None where there is none."""

    def __init__(self, how: Compared) -> None:
        self.how = how
        self.right = self.labels = self.both = self.either = self.entries = 0
        self.surprise = self.squares = 0.0

    def add(self, predicted: np.ndarray, pair: Pair) -> None:
        """A batch more."""
        target = target_of(pair, self.how.source)
        if self.how.threshold is not None:
            said, wanted = predicted > self.how.threshold, target > self.how.threshold
            self._count(said == wanted)
            self.both += int(np.count_nonzero(said & wanted))
            self.either += int(np.count_nonzero(said | wanted))
        elif self.how.classes:
            labels = target if target.dtype.kind == "i" else target.argmax(axis=-1)
            counted = np.take(self.how.weights, labels) > 0 if self.how.weights else np.ones(labels.shape, bool)
            self._count((predicted.argmax(axis=-1) == labels)[counted])
            if self.how.perplexity:
                self.surprise += float(_surprises(predicted, labels)[counted].sum())
        elif self.how.differences:
            self.squares += float(np.square(predicted - target, dtype=np.float64).sum())
            self.entries += target.size

    def _count(self, hits: np.ndarray) -> None:
        self.right += int(np.count_nonzero(hits))
        self.labels += hits.size

    @property
    def accuracy(self) -> float | None:
        """The fraction of labels that are right."""
        return self.right / self.labels if self.how.classes else None

    @property
    def perplexity(self) -> float | None:
        """e to the mean surprise of a label: over how many labels the guess is spread."""
        return float(np.exp(self.surprise / self.labels)) if self.how.perplexity else None

    @property
    def iou(self) -> float | None:
        """The intersection over the union; 1 where nothing was to be found and nothing was."""
        return (self.both / self.either if self.either else 1.0) if self.how.masks else None

    @property
    def rmse(self) -> float | None:
        """The root of the mean squared difference."""
        return float(np.sqrt(self.squares / self.entries)) if self.how.differences else None


def target_of(pair: Pair, source: str) -> np.ndarray:
    """What predictions are compared with: the target, or the input of this name."""
    x, y = pair
    given = x if source else y
    found: np.ndarray = given[source] if isinstance(given, dict) else given
    return found


def _surprises(probabilities: np.ndarray, labels: np.ndarray) -> np.ndarray:
    """-log p of every label, in nats; of the smallest number there is where p has become 0."""
    p = np.take_along_axis(probabilities, labels[..., None], -1)[..., 0]
    return np.asarray(-np.log(np.maximum(p, np.finfo(p.dtype).tiny), dtype=np.float64))
