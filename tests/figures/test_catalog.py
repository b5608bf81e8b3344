"""The catalog's figures, for some rows."""

from __future__ import annotations

import numpy as np
import pytest

from benchmarks.catalog import TOLERANCE, run, worst_error

pytest.importorskip("torch")


def test_report_of_some_rows() -> None:
    report = run(["relu", "exp", "prelu"], ["hinge", "cross_entropy"])
    assert all(figure.holds for figure in report.figures)
    far = {row[0]: row[-1] for table in report.tables for row in table.rows}
    assert far == {"relu": "yes", "exp": "yes", "prelu": "yes", "hinge": "yes", "cross_entropy": "-"}


@pytest.mark.parametrize(
    ("ours", "theirs", "holds"),
    [
        ([1.0, 1.0 + 2e-10], [1.0, 1.0], True),
        ([1.0, 1.0 + 2e-9], [1.0, 1.0], False),
        ([1e-14], [0.0], True),
        ([1e-13], [0.0], False),
        ([np.nan], [np.nan], False),
        ([np.inf], [np.inf], False),
        ([1.0], [[1.0]], False),
    ],
)
def test_errors(ours: list[float], theirs: list[float], holds: bool) -> None:
    assert (worst_error([(ours, theirs)]) <= TOLERANCE) is holds
