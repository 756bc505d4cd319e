"""One file a demo project: its raw data, made from a seed, and the truth about it.

A maker has `make(folder, seed)`, which writes the project's data files below `folder` and returns a `MadeData`. Nothing is downloaded: the
texts were written for this demo, the digits lie in scikit-learn, scenes are drawn and clips are synthesised.
"""

from labelwright.demo.makers.base import MadeData, Truth

__all__ = ["MadeData", "Truth"]
