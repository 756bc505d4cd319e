"""Several annotators' texts of one thing, such as transcripts or translations, become one text with a confidence."""

from labelwright.stats.texts.distance import text_distance
from labelwright.stats.texts.medoid import MedoidText, medoid_text
from labelwright.stats.texts.rover import VotedText, vote_words

__all__ = ["MedoidText", "VotedText", "medoid_text", "text_distance", "vote_words"]
