"""The zoo: each spec with its application, the figure that it is judged by, and what the figure is compared with."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from benchmarks.zoo import baselines, pictures
from benchmarks.zoo.trained import Trained

Baselines = Mapping[str, Callable[[Trained], float]]
CLASSES: Baselines = {"most frequent": baselines.majority, "linear": baselines.linear}


@dataclass(frozen=True)
class Figure:
    """A column of the metrics, and how it is told; `better` is the greater one or the smaller."""

    column: str
    form: str
    greater: bool = False

    def told(self, value: float) -> str:
        """A value of it."""
        return self.form.format(value)


ACCURACY = Figure("test_accuracy", "accuracy {:.2%}", greater=True)
IOU = Figure("test_iou", "IoU {:.3f}", greater=True)
RMSE = Figure("test_rmse", "RMSE {:.4f}")
COST = Figure("test_loss", "cost {:.3f}")
PERPLEXITY = Figure("test_perplexity", "perplexity {:.3f}")


@dataclass(frozen=True)
class Entry:
    """A spec of the zoo. `pictures` draw one PNG each, by the end of its name; `about` says what the figure is of."""

    name: str
    application: str
    figure: Figure
    baselines: Baselines
    about: str
    pictures: Mapping[str, Callable[[Trained], bytes]] = field(default_factory=lambda: {"loss": pictures.curves})


ENTRIES = (
    Entry("mnist_mlp", "the article's network", ACCURACY, CLASSES, "MNIST's test set."),
    Entry("digits_mlp", "the article's, without a download", ACCURACY, CLASSES, "A fifth of the digits of 8 by 8."),
    Entry(
        "names_lstm",
        "language",
        PERPLEXITY,
        {"bigram": baselines.bigram},
        "Characters of the tenth of the names that was held out, with the end of each.",
    ),
    Entry(
        "shakespeare_transformer",
        "language",
        PERPLEXITY,
        {"bigram": baselines.bigram},
        "Characters of the last tenth of tiny Shakespeare, in windows of 64, whose first ones have little before them.",
    ),
    Entry(
        "spoken_gru",
        "speech",
        ACCURACY,
        {"most frequent": baselines.majority, "linear, on the mean frame": baselines.mean_frame}
        | {"linear, on all frames": baselines.linear},
        "Words of two or three vowels at any pitch, speed and loudness, in noise; pairs of words differ only in the "
        "order of their vowels.",
        {"confusion": pictures.confusion},
    ),
    Entry(
        "recommender",
        "recommendation",
        RMSE,
        {"mean": baselines.mean_target, "user and item": baselines.additive, "(noise)": baselines.noise},
        "Ratings of pairs of a user and an item that were not rated before. Nothing can be better than the noise with "
        "which they were made, but for luck.",
        {"ratings": pictures.scatter},
    ),
    Entry(
        "stock_gru",
        "finance",
        RMSE,
        {"naive": baselines.naive, "mean of the window": baselines.window_mean}
        | {"linear on the window": baselines.autoregression},
        "The logarithm of the next day's realized variance, in the last fifth of the series; naive is: tomorrow is as "
        "today. The series is made by an autoregression, so that a linear forecast is hard to beat.",
        {"forecast": pictures.forecast},
    ),
    Entry("mnist_cnn", "vision", ACCURACY, CLASSES, "MNIST's test set."),
    Entry("mnist_resnet", "vision", ACCURACY, CLASSES, "MNIST's test set."),
    Entry(
        "segmentation_unet",
        "medical imaging",
        IOU,
        {"by brightness": baselines.brightness},
        "Masks of discs, ellipses and rectangles, lighter or darker than a noisy background: the intersection over the "
        "union of their pixels in all images. By brightness: what differs most from the middle of its image.",
        {"masks": pictures.masks},
    ),
    Entry(
        "breast_cancer_mlp",
        "medical diagnosis",
        ACCURACY,
        CLASSES,
        "Three tenths of scikit-learn's table, 171 patients: one more or less is 0.6 %.",
    ),
    Entry(
        "autoencoder",
        "representation",
        RMSE,
        {"mean picture": baselines.mean_picture, "16 principal components": baselines.principal},
        "Pixels from 0 to 1 of MNIST's test set, from 16 numbers for each picture.",
        {"reconstructions": pictures.reconstructions},
    ),
    Entry(
        "variational_autoencoder",
        "representation, generation",
        COST,
        {"independent pixels": baselines.independent},
        "A bound of the negative log-likelihood of a picture of MNIST's test set, in nats, the mean code in place of "
        "a sample, and pixels taken for probabilities; independent pixels have each the mean of the training set.",
        {"samples": pictures.samples},
    ),
    Entry(
        "user_layer",
        "a layer, an activation and a loss of one's own",
        ACCURACY,
        CLASSES,
        "A fifth of the digits of 8 by 8.",
    ),
)
