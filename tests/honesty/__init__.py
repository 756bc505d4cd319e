"""The frame of `python -m benchmarks.honesty`, and its worlds in small."""
