"""Layers, activations, losses, optimizers, initializers, schedules: formulas as tables."""
