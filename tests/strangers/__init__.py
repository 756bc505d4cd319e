"""A package of somebody else's: two kinds of answers that Labelwright does not have, found by entry points, without a line of ours changed.

The tests put this folder on Python's path, so that its `.dist-info` is seen as an installed distribution.
"""
