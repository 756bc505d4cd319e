"""What every modality offers: a value, and all that the rest of the product has to know of it.

A modality is one file in this folder. It defines a `Field`, whose tag is what `schema.data` calls it, and names it `FIELD`. What it takes
to read, check and show its files is in the file of the same name in `media`. Nothing else in the product asks which modality it has before
it; the conformance suite finds the file and tries it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from operator import attrgetter
from typing import Any, ClassVar, NamedTuple, Self

import msgspec
from msgspec import Struct

from labelwright.errors import InvalidInput

__all__ = ["Field", "StarterQuestion", "Stored"]


class StarterQuestion(NamedTuple):
    """What a starter file asks where the data shows no labels: a question's name, its kind, and labels to be replaced, if it has any."""

    question: str
    kind: str
    labels: tuple[str, ...]


class Field(Struct, frozen=True, tag_field="modality", forbid_unknown_fields=True):
    """One thing that an item shows. Its attributes are what it is stored as, and what travels to the page."""

    is_text: ClassVar[bool] = False
    """Whether it is a text, in which places are counted in characters."""

    keys: ClassVar[Mapping[str, str]] = {}
    """The keys of its viewer, and of what is drawn in it, which labels cannot have; and what each does."""

    says: ClassVar[tuple[str, ...]] = ()
    """The attributes that an expression may name behind the field and a dot."""

    starter: ClassVar[StarterQuestion] = StarterQuestion("label", "choice", ("good", "bad"))

    tag: ClassVar[str | None] = None
    """The tag by which Label Studio shows it; None where it has none."""

    @property
    def modality(self) -> str:
        """What `schema.data` calls it."""
        return str(self.__struct_config__.tag)

    @property
    def text(self) -> str | None:
        """The text in which places are counted; None where it is no text."""
        return None

    @property
    def size(self) -> tuple[int, int] | None:
        """Its width and height in pixels; None where places in it are no pixels."""
        return None

    @property
    def duration(self) -> float:
        """How many seconds it lasts; 0 where it is seen at once."""
        return 0.0

    @classmethod
    def terms(cls) -> dict[str, Callable[[Any], Any]]:
        """Return what an expression can say of it, by name."""
        return {name: attrgetter(name) for name in cls.says}

    # --- how it comes to be -----------------------------------------------------------------------------------------------------------

    @classmethod
    def prepared(cls, value: Any, column: str) -> Self:
        """Make the field of what preparation left in a column.

        Raises:
            InvalidInput: that is none of this modality.
        """
        if isinstance(value, cls):
            return value
        raise InvalidInput(f"The column '{column}' holds no {cls.__struct_config__.tag}.")

    @classmethod
    def from_plain(cls, value: Any) -> Self | None:
        """Read what a file says about the field, as `plain` or, of stored ones, `described` writes it; None where it only names a file.

        Raises:
            InvalidInput: it says something else.
        """
        raise AttributeError(f"{cls.__name__} does not define from_plain()")

    # --- how it travels ---------------------------------------------------------------------------------------------------------------

    def plain(self) -> str:
        """Return the text that stands for it in one cell of a table: what it says or, of stored ones, the digest of its bytes."""
        raise AttributeError(f"{type(self).__name__} does not define plain()")

    def shown(self) -> Any:
        """Return what people see and label, as plain values: an item has a new revision when this changes."""
        return self.plain()

    def small(self, characters: int) -> Field:
        """Return as much of it as a list shows, which is no more than so many characters of a text."""
        return self

    def blobs(self) -> set[str]:
        """Return the digests of all blobs that it names."""
        return set()

    def lasting(self) -> Self:
        """Return it without what was derived for the page, which is made anew wherever the bytes go."""
        return self


class Stored(Field, frozen=True):
    """A field whose bytes are kept beside the database. `blob` names them by their SHA-256."""

    blob: str

    derived: ClassVar[tuple[str, ...]] = ()
    """The attributes that name blobs which were derived for the page; None where there is none."""

    endings: ClassVar[Mapping[str, str]] = {}
    """The ending of an exported file by its media type."""

    @property
    def media_type(self) -> str:
        """What the bytes are."""
        return "application/octet-stream"

    @property
    def ending(self) -> str:
        """The ending that a file with these bytes has."""
        return self.endings.get(self.media_type, ".bin")

    @classmethod
    def lasting_fields(cls) -> tuple[str, ...]:
        """Return the attributes that exports describe it by, in their order."""
        return tuple(name for name in cls.__struct_fields__ if name not in cls.derived)

    @classmethod
    def from_plain(cls, value: Any) -> Self | None:
        if isinstance(value, str):
            return None
        try:
            return msgspec.convert(
                {name: part for name, part in value.items() if name != "file"} if isinstance(value, dict) else value, cls
            )
        except msgspec.ValidationError as error:
            raise InvalidInput(f"This describes no {cls.__struct_config__.tag}: {error}.") from error

    def plain(self) -> str:
        return self.blob

    def described(self) -> dict[str, Any]:
        """Return what exports say about it, besides the file with its bytes."""
        return {name: getattr(self, name) for name in self.lasting_fields()}

    def shown(self) -> Any:
        return [value for name, value in self.described().items() if name != "media_type"]

    def blobs(self) -> set[str]:
        named: Iterable[str | None] = (self.blob, *(getattr(self, name) for name in self.derived))
        return {digest for digest in named if digest is not None}

    def lasting(self) -> Self:
        return msgspec.structs.replace(self, **dict.fromkeys(self.derived))
