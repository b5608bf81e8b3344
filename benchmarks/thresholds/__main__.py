"""`python -m benchmarks.thresholds`, with one thread."""

from __future__ import annotations

import sys

from benchmarks.thresholds.command import main
from benchmarks.turns import on_one_thread

if __name__ == "__main__":
    on_one_thread("benchmarks.thresholds")
    sys.exit(main())
