"""What a second thread does, and what it costs where its core shares no cache: `python -m benchmarks.threads`.

forms      what is timed: small products and what reads and writes their results, steps of networks
worker     all of it in turn, in a process of its own with its number of threads
command    processes of one thread and of two, one after another, and the page
"""
