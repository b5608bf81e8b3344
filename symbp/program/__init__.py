"""Straight-line array operations: their representation, lowering, verifier, passes, memory plan."""
