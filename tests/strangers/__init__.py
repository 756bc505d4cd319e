"""A package of somebody else's, which adds what Labelwright does not have by entry points, without a line of ours changed.

The tests put this folder on Python's path, so that its `.dist-info` is seen as an installed distribution.
"""
