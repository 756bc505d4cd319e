"""The pipeline: declared in one file, run as often as anybody likes, and changed by events, each one function and one transaction."""
