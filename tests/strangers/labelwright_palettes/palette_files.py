"""GIMP palettes: a line `GIMP Palette`, then a line a color with its red, green and blue, and perhaps a name."""

from __future__ import annotations

import random
import re
from pathlib import Path

from labelwright_palettes.palette import Palette
from msgspec import Struct

from labelwright.errors import InvalidFile, TooLarge
from labelwright.media import base

SUFFIXES = frozenset({".gpl"})

_COLOR = re.compile(r"\s*(\d{1,3})\s+(\d{1,3})\s+(\d{1,3})(\s.*)?")
_NO_COLOR = re.compile(r"\s*(#.*|Name:.*|Columns:.*)?")


class Options(base.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Reads the colors of palettes.

    `most`: a palette of more colors is refused.

    Example: `{palette: {most: 16}}`.
    """

    most: int = 256


class Probe(Struct, frozen=True):
    """What a palette is."""

    colors: tuple[str, ...]
    count: int
    media_type: str = "text/x-gimp-palette"


def probe(body: bytes, *, where: str = "") -> Probe:
    """Read the colors of a palette's file.

    Raises:
        InvalidFile: it is none.
    """
    try:
        first, *lines = body.decode("utf-8-sig").splitlines() or [""]
    except UnicodeDecodeError as error:
        raise InvalidFile("The palette is not UTF-8.", where=where, hint="Save it as UTF-8.") from error
    if first.strip() != "GIMP Palette":
        raise InvalidFile("The file does not begin with 'GIMP Palette'.", where=where)
    colors = []
    for number, line in enumerate(lines, 2):
        found = _COLOR.fullmatch(line)
        if found and all(int(part) < 256 for part in found.groups()[:3]):
            colors.append("#{:02x}{:02x}{:02x}".format(*map(int, found.groups()[:3])))
        elif not _NO_COLOR.fullmatch(line):
            raise InvalidFile(f"Line {number} is no color: three numbers up to 255 and a name.", where=where)
    if not colors:
        raise InvalidFile("The palette has no colors.", where=where)
    return Probe(tuple(colors), len(colors))


def sample(luck: random.Random) -> bytes:
    """Return a palette of a few colors."""
    colors = [" ".join(f"{luck.randrange(256):3}" for _ in range(3)) for _ in range(luck.randint(1, 6))]
    return "\n".join(["GIMP Palette", "Name: any", "#", *colors, ""]).encode()


def verify(body: bytes, *, where: str = "") -> None:
    """Refuse bytes that are no palette."""
    probe(body, where=where)


def prepare(path: Path, options: Options, keeper: base.Keeper, *, digest: str, where: str) -> Palette:
    """Make a palette of its file, whose bytes stay as they are."""
    found = probe(path.read_bytes(), where=where)
    if found.count > options.most:
        raise TooLarge(f"The palette has {found.count} colors, more than {options.most}.", where=where)
    return Palette(blob=digest, colors=found.colors, count=found.count, media_type=found.media_type)
