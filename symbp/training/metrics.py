"""Metrics, a row an epoch, as CSV or JSON lines. Reading and writing are whole: a file is replaced, not appended to."""

from __future__ import annotations

import csv
import io
import json
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from typing import Literal

Format = Literal["csv", "jsonl"]


@dataclass(frozen=True, kw_only=True)
class Row:
    """An epoch: costs are means over examples, accuracies fractions; None where there is none. `seconds` it took.

    Those of the figures that symbp/training/compared.py tells of are there that the target allows.
    """

    epoch: int
    steps: int
    learning_rate: float
    train_loss: float
    validation_loss: float | None = None
    validation_accuracy: float | None = None
    validation_perplexity: float | None = None
    test_loss: float | None = None
    test_accuracy: float | None = None
    test_perplexity: float | None = None
    seconds: float
    validation_iou: float | None = None
    test_iou: float | None = None
    validation_rmse: float | None = None
    test_rmse: float | None = None


def written(rows: Sequence[Row], form: Format) -> str:
    """The rows as a file."""
    if form == "jsonl":
        return "".join(json.dumps(asdict(row)) + "\n" for row in rows)
    text = io.StringIO()
    writer = csv.DictWriter(text, [f.name for f in fields(Row)], lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    return text.getvalue()


def packed(rows: Sequence[Row]) -> str:
    """The rows as text for a checkpoint."""
    return json.dumps([asdict(row) for row in rows])


def unpacked(text: str) -> list[Row]:
    """What `packed` made, now or before there were all of the figures. ValueError, TypeError for anything else."""
    return [Row(**row) for row in json.loads(text)]
