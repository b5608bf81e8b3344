"""Time, memory and start-up of training steps: generated modules beside frameworks, and the bound of their products.

    python -m benchmarks.speed                    everything, into docs/benchmarks.md (`make bench`)
    python -m benchmarks.speed mlp small -t 1     some workloads, on one thread; printed, not written

workloads    what is computed: a spec, a batch, seeded examples
contenders   who computes it: each gives a step and an inference from the same parameters
worker       one contender and one workload in a process of its own, which takes orders
rounds       the processes take turns; medians and ratios of what they say
goals        what is wanted of the ratios
"""
