"""The zoo of specs, trained as `symbp train` trains: `python -m benchmarks.zoo`, all or those that are named.

A run is kept in runs/NAME, and goes on from its checkpoint; one that is complete is only measured. What was found
is printed, and written to docs/zoo.md, with pictures, and to the README. The row of a spec that was not trained
stays as it is.
"""
