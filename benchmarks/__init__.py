"""The README's figures, each printed by a command: `python -m benchmarks.NAME`, from the repository's root.

They need PyTorch, and JAX where a figure compares with it; `pip install 'symbp[train,check,torch]'` brings all of them.
MNIST is read from the folder that SYMBP_DATA names, or from `data`.
"""
