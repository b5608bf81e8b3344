"""The BLAS on one thread, for steps that divide their batch among threads of their own. Needs threadpoolctl."""

from __future__ import annotations

from contextlib import AbstractContextManager, nullcontext
from importlib.util import find_spec

from symbp.errors import to_install

PACKAGE = "threadpoolctl"


def on_one_thread(threads: int) -> tuple[AbstractContextManager[object], str]:
    """What to train in where steps have so many threads, and what to tell the user where the BLAS keeps its own."""
    if threads == 1:
        return nullcontext(), ""
    if find_spec(PACKAGE) is None:
        return nullcontext(), (
            f"steps divide their batch among {threads} threads, which those of the BLAS slow down: "
            f"set OPENBLAS_NUM_THREADS=1, or {to_install('train')}"
        )
    from threadpoolctl import threadpool_limits

    return threadpool_limits(1, user_api="blas"), ""
