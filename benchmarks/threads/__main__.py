"""`python -m benchmarks.threads`."""

from __future__ import annotations

import sys

from benchmarks.threads.command import main

if __name__ == "__main__":
    sys.exit(main())
