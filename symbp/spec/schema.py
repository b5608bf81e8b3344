"""The structure of a spec as pydantic models. What stands under the name of a row is checked against the catalog."""

from __future__ import annotations

from typing import Annotated, Any, Literal

from pydantic import BaseModel, ConfigDict, Field

Source = Literal["mnist", "digits", "breast_cancer", "iris", "wine", "diabetes", "npz", "csv"]
FILES = ("npz", "csv")  # sources that need a path
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


class DataModel(_Model):
    """Where examples come from."""

    source: Source = Field(description="a bundled set, mnist, or a file")
    path: str = Field("", description="the file, for npz and csv")
    normalize: Literal["none", "unit", "standard"] = Field("none", description="how inputs are scaled")
    mean: float | None = Field(None, description="with `standard`: this mean, not the training set's")
    std: float | None = Field(None, gt=0, description="with `standard`: this deviation, not the training set's")
    test: float = Field(0.2, gt=0, lt=1, description="fraction held out where the source has no test set")
    target: str = Field("", description="the target's column or array, for csv and npz")


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
    training: TrainingModel = TrainingModel()
    data: DataModel | Source | None = None
    define: dict[str, Any] = Field(default_factory=dict, description="the spec's own activations, layers and losses")
