"""`python -m benchmarks.thresholds`, with one thread."""

import os
import sys

os.environ["OMP_NUM_THREADS"] = "1"  # before NumPy is loaded
os.environ["OPENBLAS_NUM_THREADS"] = "1"

from benchmarks.thresholds.command import main

sys.exit(main())
