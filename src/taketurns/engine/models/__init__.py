"""Models of the library that programs wait in: threads, locks, queues, futures and the clock.

Each operation is a transition that the scheduler enables only when it can succeed. Signatures,
results, errors and their messages are those of the Python that runs. All classes are shared by all
worlds; what belongs to one run lives in instances or in its scheduler.
"""
