"""Values only: what is labeled, what is asked, what was answered, what was found, what is required.

Every value is a frozen msgspec struct: one class for the store, the HTTP API and the Python client. Nothing here reaches a database, a
web framework or the network.
"""

from labelwright.schema.annotation import Arm, Finding, Help, Label, Severity, StandingSuggestion, Suggestion
from labelwright.schema.item import Item, content_hash, media_of
from labelwright.schema.kinds import Answer, AnswerUnion, Question, QuestionUnion
from labelwright.schema.modalities import Audio, Field, FieldUnion, Image, Stored, Text
from labelwright.schema.requirement import Requirement
from labelwright.schema.review import Verdict
from labelwright.schema.schema import Schema, Values

__all__ = [
    "Answer",
    "AnswerUnion",
    "Arm",
    "Audio",
    "Field",
    "FieldUnion",
    "Finding",
    "Help",
    "Image",
    "Item",
    "Label",
    "Question",
    "QuestionUnion",
    "Requirement",
    "Schema",
    "Severity",
    "StandingSuggestion",
    "Stored",
    "Suggestion",
    "Text",
    "Values",
    "Verdict",
    "content_hash",
    "media_of",
]
