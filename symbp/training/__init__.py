"""Training a generated module: data, batches, checkpoints, metrics, a plot. Nothing here knows a layer or a formula."""

from symbp.training.run import TrainingResult, run_training

__all__ = ["TrainingResult", "run_training"]
