"""The BLAS has one thread while steps have several; where that cannot be had, it is said."""

from __future__ import annotations

import pytest

from symbp.training import blas
from symbp.training.blas import on_one_thread


def counts() -> set[int]:
    """The threads of every BLAS that is loaded."""
    infos = pytest.importorskip("threadpoolctl").threadpool_info()
    return {info["num_threads"] for info in infos if info["user_api"] == "blas"}


def test_the_blas_has_one_thread_meanwhile() -> None:
    limits = pytest.importorskip("threadpoolctl").threadpool_limits
    with limits(2, user_api="blas"):
        before = counts()
        alone, advice = on_one_thread(1)
        with alone:
            assert (counts(), advice) == (before, "")
        divided, advice = on_one_thread(2)
        with divided:
            assert (counts(), advice) == ({1}, "")
        assert counts() == before


def test_without_the_package_it_is_said(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(blas, "find_spec", lambda name: None)
    with on_one_thread(3)[0]:
        pass
    assert "set OPENBLAS_NUM_THREADS=1, or " in on_one_thread(3)[1]
    assert on_one_thread(1)[1] == ""
