"""The figures of docs/figures.md, each printed by a command: `python -m benchmarks.NAME`, from the repository's root.

They need PyTorch, and JAX where a figure compares with it; `pip install '.[train,check,torch]'` brings all of them.
MNIST is read from the folder that SYMBP_DATA names, or from `data`. What the catalog is compared with are the
references of the tests.
"""

import sys
from pathlib import Path

ROOT = Path(__file__).parents[1]
sys.path.append(str(ROOT / "tests"))
