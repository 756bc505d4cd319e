"""1 Sources: collect raw rows and files, each once, with where they came from; readers are the files of `readers/`."""

from labelwright.sources.collect import collect, collect_rows
from labelwright.sources.guess import Guess, guess
from labelwright.sources.source import Source, check_source

__all__ = ["Guess", "Source", "check_source", "collect", "collect_rows", "guess"]
