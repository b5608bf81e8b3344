"""Whether the constants by which programs decide for speed decide rightly: `python -m benchmarks.thresholds`."""
