"""The structure of a spec as pydantic models. What stands under the name of a row is checked against the catalog."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Found = Literal["mnist", "digits", "breast_cancer", "iris", "wine", "diabetes", "npz", "csv"]
Made = Literal["shapes", "tones", "ratings", "volatility"]
Source = Literal[Found, "text", Made]
FILES = ("npz", "csv", "text")  # sources that need a path
MAX_LAYERS = 1000
Size = Annotated[int, Field(ge=1, le=2**31 - 1)]


class _Model(BaseModel):
    model_config = ConfigDict(extra="forbid", frozen=True, strict=True)


class TrainingModel(_Model):
    """How training goes about it."""

    batch_size: Size = Field(64, description="examples in a batch; the last of an epoch may be short")
    epochs: int = Field(10, ge=1, le=1_000_000, description="passes over the training set")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="of the parameters, the order and the split")
    shuffle: bool = Field(True, description="a new order for every epoch")
    validation: float = Field(0.0, ge=0, lt=1, description="fraction of the training set held out")
    checkpoint_every: int = Field(0, ge=0, description="steps between checkpoints; 0: once an epoch")


class _Data(_Model):
    """Keys that every source takes."""

    normalize: Literal["none", "unit", "standard"] = Field("none", description="how inputs are scaled")
    mean: float | None = Field(None, description="with `standard`: this mean, not the training set's")
    std: float | None = Field(None, gt=0, description="with `standard`: this deviation, not the training set's")
    test: float = Field(0.2, gt=0, lt=1, description="fraction held out where the source has no test set")


class DataModel(_Data):
    """Where examples come from."""

    source: Found = Field(description="a bundled set, mnist, a file, or one that makes examples")
    path: str = Field("", description="the file, for npz and csv")
    target: str = Field("", description="the target's column or array, for csv and npz")


class TextModel(_Model):
    """A text, by the character."""

    source: Literal["text"]
    path: str = Field("", description="the file")
    test: float = Field(0.2, gt=0, lt=1, description="fraction held out for the test")
    length: int = Field(0, ge=0, le=2**31 - 1, description="characters in a window; 0: as many as the input has")
    stride: int = Field(0, ge=0, le=2**31 - 1, description="characters from a window to the next; 0: its length")
    lines: bool = Field(False, description="every line is an example")


class _MadeModel(_Data):
    """Examples that are made, the same for the same options."""

    examples: int = Field(3000, ge=2, le=200_000, description="how many are made, those held out included")
    seed: int = Field(0, ge=0, le=2**63 - 1, description="of the examples; their split follows from the training's")


class ShapesModel(_MadeModel):
    """Discs, ellipses and rectangles on a blurred background, and their masks."""

    source: Literal["shapes"]
    size: int = Field(32, ge=8, le=256, description="rows and columns of an image")
    most: int = Field(3, ge=1, le=16, description="the greatest number of shapes in an image")
    noise: float = Field(0.1, ge=0, le=10, description="deviation of a pixel; shapes differ by 0.15 to 0.5")


class TonesModel(_MadeModel):
    """Words of two or three vowels, sung at any pitch, as the energies in bands of frequency over time."""

    source: Literal["tones"]
    frames: int = Field(40, ge=8, le=1000, description="steps of the sequence")
    bands: int = Field(14, ge=4, le=64, description="energies at each step")
    noise: float = Field(0.05, ge=0, le=10, description="noise, beside a loud voice's peaks of about 1")


class RatingsModel(_MadeModel):
    """What users gave items, by a model of low rank."""

    source: Literal["ratings"]
    examples: int = Field(20_000, ge=2, le=1_000_000, description="ratings that are known, those held out included")
    users: int = Field(300, ge=2, le=100_000)
    items: int = Field(200, ge=2, le=100_000)
    rank: int = Field(4, ge=1, le=64, description="numbers that describe a taste")
    noise: float = Field(0.5, ge=0, le=10, description="deviation of a rating from its user's and its item's")


class VolatilityModel(_MadeModel):
    """Days of returns and realized variances; the next day's variance is the target. What is held out is the end."""

    source: Literal["volatility"]
    window: int = Field(20, ge=1, le=1000, description="days of the past that an example shows")
    intraday: int = Field(13, ge=2, le=1000, description="returns within a day, of which its variance is made")
    noise: float = Field(0.0, ge=0, le=10, description="deviation of a day's return that no volatility explains")
    persistence: float = Field(0.97, ge=0, lt=1, description="how much of a day's volatility stays on the next")


MADE: dict[str, type[_MadeModel]] = {
    "shapes": ShapesModel,
    "tones": TonesModel,
    "ratings": RatingsModel,
    "volatility": VolatilityModel,
}


def data_model(source: object) -> type[DataModel | TextModel | _MadeModel]:
    """The keys of a source."""
    if source == "text":
        return TextModel
    return MADE.get(source, DataModel) if isinstance(source, str) else DataModel


class SpecModel(_Model):
    """A network, its cost, how it is optimized and trained."""

    name: str = Field(description="name of the module; a Python identifier")
    description: str = Field("", max_length=2000)
    input: Size | Annotated[list[Size], Field(min_length=1, max_length=4)] | dict[str, Any] = Field(
        description="shape of one example: a number, or a list; or several inputs by name"
    )
    layers: list[Any] = Field(min_length=1, max_length=MAX_LAYERS, description="layers and activations, in order")
    loss: Any = Field(None, description="the cost, on the last layer")
    losses: Any = Field(None, description="several costs, each on a layer, which are added")
    output: Any = Field(None, description="the layer, or the layers, that the network's output is")
    optimizer: Any = Field("sgd", description="how parameters are updated")
    schedule: Any = Field(None, description="how the learning rate changes from step to step")
    clip: Any = Field(None, description="clipping of the gradient, before the optimizer")
    penalty: Any = Field(None, description="penalties on weights, added to the cost")
    dtype: Literal["float32", "float64"] = "float32"
    blas: Literal["numpy", "scipy"] = Field("numpy", description="the library that multiplies matrices")
    threads: int = Field(1, ge=1, le=64, description="among which a step of training divides its batch")
    training: TrainingModel = TrainingModel()
    data: DataModel | TextModel | ShapesModel | TonesModel | RatingsModel | VolatilityModel | Source | None = None
    define: dict[str, Any] = Field(default_factory=dict, description="the spec's own activations, layers and losses")
