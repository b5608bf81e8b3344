"""Time, memory and start-up of training steps: generated modules beside frameworks, and the bound of their products.

    python -m benchmarks.speed                    everything, into docs/benchmarks.md (`make bench`)
    python -m benchmarks.speed --resume           the rest of it, after a run that was stopped
    python -m benchmarks.speed mlp small -t 1     some workloads, on one thread; printed, not written

workloads    what is computed: a spec, a batch, seeded examples
contender    who computes it: `by_...` and `bound` give a step and an inference from the same parameters
generated    the modules, and `given`, the folders in which processes find them
worker       one contender and one workload in a process of its own, which takes orders
rounds       the processes take turns; `caches`, on which cores; `kept`, what they said, on the disk
goals        what is wanted of the ratios; `memory` and `start_up`, figures that need no rounds
document     docs/benchmarks.md, with its `picture`
"""
