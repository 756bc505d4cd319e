"""Text: read in the page, marked by the positions of its characters."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, ClassVar, Self

from labelwright.errors import InvalidInput
from labelwright.schema.modalities.base import Field, StarterQuestion


class Text(Field, frozen=True, tag="text"):
    """A text; offsets into it count Unicode code points."""

    text: str

    is_text: ClassVar[bool] = True
    keys: ClassVar[Mapping[str, str]] = {"n": "mark the words", "[": "shorten a mark", "]": "stretch a mark"}
    says: ClassVar[tuple[str, ...]] = ("text",)
    starter: ClassVar[StarterQuestion] = StarterQuestion("label", "choice", ("positive", "negative", "other"))
    tag: ClassVar[str | None] = "Text"

    @classmethod
    def prepared(cls, value: Any, column: str) -> Self:
        if not isinstance(value, str):
            raise InvalidInput(f"The column '{column}' holds no text.")
        if not value or value.isspace():
            raise InvalidInput(f"The text in '{column}' is empty.")
        return cls(value)

    @classmethod
    def from_plain(cls, value: Any) -> Self:
        if not isinstance(value, str):
            raise InvalidInput(f"A text is expected and not {type(value).__name__}.")
        return cls(value)

    def plain(self) -> str:
        return self.text

    def small(self, characters: int) -> Text:
        return Text(self.text[:characters])


FIELD = Text
