"""The same work, each in its own framework's customary way.

A module here has `build(...)`, which returns a function that runs a number of
steps (or batches) to their end. `worker.py` runs one in its own process.
"""
