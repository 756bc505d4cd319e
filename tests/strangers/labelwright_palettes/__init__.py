"""Palettes of colors: a modality, a source, a format, a labeler and a check for them, and two kinds of answers."""
