"""Pictures and recordings without what they tell besides: place, time, device, author, comments. No sample and no pixel is touched.

A file is described as parts: stretches of the original that stay, and bytes that stand for what goes. Nothing is encoded again, and what
is served can begin anywhere. The orientation, the color profile and all that a decoder needs stay.
"""

from __future__ import annotations

import mmap
import re
import struct
import zlib
from collections.abc import Callable, Iterator
from itertools import chain

__all__ = ["Part", "plain"]

Part = tuple[int, int] | bytes
"""A stretch of the original, from the first byte to the one behind the last, or bytes in its place."""

Body = bytes | mmap.mmap

_MARKER = re.compile(rb"\xff[^\x00\xd0-\xd7\xff]")
_ORIENTATION = 0x0112

_PNG = frozenset(b"IHDR PLTE IDAT IEND tRNS cHRM gAMA iCCP sBIT sRGB cICP bKGD hIST pHYs sPLT acTL fcTL fdAT".split())
_WAVE = frozenset({b"fmt ", b"data", b"fact"})
_GIF_LOOPS = frozenset({b"NETSCAPE2.0", b"ANIMEXTS1.0", b"ICCRGBG1012"})


def plain(body: Body) -> list[Part] | None:
    """Return the parts of a file without its metadata; None where its format is not one whose metadata are known.

    >>> parts = plain(b"ID3\\x04\\x00\\x00\\x00\\x00\\x00\\x02hi\\xff\\xfbsound")
    >>> parts
    [(12, 19)]
    """
    try:
        for magic, remove in _FORMATS.items():
            if body[: len(magic)] == magic:
                return [part for part in remove(body) if isinstance(part, bytes) or part[0] < part[1]]
        if body[:4] == b"RIFF" and body[8:12] in (b"WEBP", b"WAVE"):
            return list(_webp(body) if body[8:12] == b"WEBP" else _wave(body))
    except (struct.error, IndexError, ValueError):
        pass
    return None


def _jpeg(body: Body) -> Iterator[Part]:
    yield (0, 2)
    place = 2
    while found := _MARKER.search(body, place):
        begin = found.start()
        yield (place, begin)  # what is drawn, behind the head of a scan
        kind = body[begin + 1]
        if kind == 0xD9:
            yield (begin, begin + 2)  # what stands behind the end is another picture, or none
            return
        if kind == 0x01:
            place = begin + 2
            continue
        end = begin + 2 + int(struct.unpack(">H", body[begin + 2 : begin + 4])[0])
        place = end
        head = body[begin + 4 : begin + 16]
        if kind == 0xE1 and head[:6] == b"Exif\0\0":
            turned = _orientation(body[begin + 10 : end])
            if turned != 1:
                yield b"\xff\xe1" + struct.pack(">H", 8 + len(_exif(turned))) + b"Exif\0\0" + _exif(turned)
        elif kind == 0xFE or 0xE0 <= kind <= 0xEF:
            if kind in (0xE0, 0xEE) or (kind == 0xE2 and head == b"ICC_PROFILE\0"):
                yield (begin, end)
        else:
            yield (begin, end)
    yield (place, len(body))


def _orientation(exif: bytes) -> int:
    """Read the orientation out of a TIFF header; 1, upright, where it tells none."""
    try:
        order = {b"II": "<", b"MM": ">"}[exif[:2]]
        (start,) = struct.unpack(f"{order}I", exif[4:8])
        (count,) = struct.unpack(f"{order}H", exif[start : start + 2])
        for place in range(start + 2, start + 2 + 12 * count, 12):
            tag, _, _, value = struct.unpack(f"{order}HHIH", exif[place : place + 10])
            if tag == _ORIENTATION:
                return value if 1 <= value <= 8 else 1
    except (KeyError, struct.error):
        pass
    return 1


def _exif(orientation: int) -> bytes:
    """A TIFF header that tells the orientation and nothing else."""
    return b"II*\0\x08\0\0\0\x01\0" + struct.pack("<HHIHH", _ORIENTATION, 3, 1, orientation, 0) + bytes(4)


def _png(body: Body) -> Iterator[Part]:
    yield (0, 8)
    place = 8
    while place + 12 <= len(body):
        size, kind = struct.unpack(">I4s", body[place : place + 8])
        end = place + 12 + size
        if kind in _PNG:
            yield (place, min(end, len(body)))
        elif kind == b"eXIf" and (turned := _orientation(body[place + 8 : end - 4])) != 1:
            chunk = b"eXIf" + _exif(turned)
            yield struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk))
        if kind == b"IEND":
            return
        place = end


def _chunks(body: Body) -> Iterator[tuple[bytes, int, int]]:
    """The chunks of a RIFF file: kind, first byte, and the one behind the last."""
    place = 12
    while place + 8 <= len(body):
        kind, size = struct.unpack("<4sI", body[place : place + 8])
        end = min(place + 8 + size + size % 2, len(body))
        if kind == b"data" and (size == 0 or size >= 0x7FFFFFFF - 1024):
            end = len(body)  # a recorder that could not go back to the header
        yield kind, place, end
        place = end


def _riff(body: Body, parts: list[Part]) -> Iterator[Part]:
    size = sum(len(part) if isinstance(part, bytes) else part[1] - part[0] for part in parts)
    yield b"RIFF" + struct.pack("<I", min(4 + size, 0xFFFFFFFF)) + bytes(body[8:12])
    yield from parts


def _wave(body: Body) -> Iterator[Part]:
    return _riff(body, [(start, end) for kind, start, end in _chunks(body) if kind in _WAVE])


def _webp(body: Body) -> Iterator[Part]:
    turned = 1
    for kind, start, end in _chunks(body):
        if kind == b"EXIF":
            exif = bytes(body[start + 8 : end])
            turned = _orientation(exif.removeprefix(b"Exif\0\0"))
    parts: list[Part] = []
    for kind, start, end in _chunks(body):
        if kind == b"VP8X":
            # The flags say that there are Exif data and XMP.
            flags = body[start + 8] & ~0x0C | (0x08 if turned != 1 else 0)
            parts.append(bytes(body[start : start + 8]) + bytes([flags]) + bytes(body[start + 9 : end]))
        elif kind not in (b"EXIF", b"XMP "):
            parts.append((start, end))
    if turned != 1:
        parts.append(b"EXIF" + struct.pack("<I", len(_exif(turned))) + _exif(turned))
    return _riff(body, parts)


def _gif(body: Body) -> Iterator[Part]:
    place = 13 + (3 << (body[10] & 7) + 1 if body[10] & 0x80 else 0)
    yield (0, place)
    while place < len(body):
        start, kind = place, body[place]
        if kind == 0x3B:
            yield (place, place + 1)
            return
        keep = True
        if kind == 0x21:
            keep = body[place + 1] == 0xF9 or (body[place + 1] == 0xFF and bytes(body[place + 3 : place + 14]) in _GIF_LOOPS)
            place += 2
        elif kind == 0x2C:
            flags = body[place + 9]
            place += 11 + (3 << (flags & 7) + 1 if flags & 0x80 else 0)
        else:
            raise ValueError("no block of a GIF")
        while size := body[place]:
            place += size + 1
        place += 1
        if keep:
            yield (start, place)


def _flac(body: Body, begin: int = 0) -> Iterator[Part]:
    place, last, kept = begin + 4, False, []
    while not last:
        (head,) = struct.unpack(">I", body[place : place + 4])
        last, kind, end = bool(head >> 31), head >> 24 & 0x7F, place + 4 + (head & 0xFFFFFF)
        if kind in (0, 3):  # what the stream is, and where to jump to
            kept.append((kind, place, end))
        place = end
    yield b"fLaC"
    for number, (kind, start, end) in enumerate(kept, 1):
        yield bytes([kind | (0x80 if number == len(kept) else 0)])
        yield (start + 1, end)
    yield (place, _without_tail(body))


def _mp3(body: Body) -> Iterator[Part]:
    begin = 0
    while body[begin : begin + 3] == b"ID3":
        size = 0
        for digit in body[begin + 6 : begin + 10]:
            size = size << 7 | digit & 0x7F
        begin += 10 + size + (10 if body[begin + 5] & 0x10 else 0)
    if body[begin : begin + 4] == b"fLaC":
        yield from _flac(body, begin)
    else:
        yield (begin, _without_tail(body))


def _without_tail(body: Body) -> int:
    """Where the sound ends, before an ID3v1 and an APE tag."""
    end = len(body)
    if body[end - 128 : end - 125] == b"TAG":
        end -= 128
    if body[end - 32 : end - 24] == b"APETAGEX":
        size, _, flags = struct.unpack("<III", body[end - 20 : end - 8])
        end -= size + (32 if flags & 0x80000000 else 0)
    return max(end, 0)


_EMPTY = {b"\x03vorbis": bytes(8) + b"\x01", b"OpusTags": bytes(8)}
"""How the packet of comments begins, and what no vendor and no comment is; decoders ignore the zeros that fill up the rest."""


def _ogg(body: Body) -> Iterator[Part]:
    """Empty the second packet where it stands, so that no page moves, and count the checksums of its pages anew."""
    place = _page_end(body, 0)
    done, replaced = False, b""
    yield (0, place)
    while not done:
        if body[place : place + 4] != b"OggS" or body[place + 5] & 0x02:
            raise ValueError("no Ogg file with one stream")
        lengths = body[place + 27 : place + 27 + body[place + 26]]
        start, end = place + 27 + len(lengths), _page_end(body, place)
        size = 0
        for length in lengths:
            size += length
            if length < 255:
                done = True
                break
        if not replaced:
            name = next((name for name in _EMPTY if body[start : start + len(name)] == name), None)
            if name is None:
                raise ValueError("comments of an unknown kind")
            replaced = name + _EMPTY[name]
        part, replaced = replaced[:size].ljust(size, b"\0"), replaced[size:] or b"\0"
        page = bytearray(body[place:end])
        page[start - place : start - place + size] = part
        page[22:26] = bytes(4)
        page[22:26] = struct.pack("<I", _checksum(page))
        yield bytes(page)
        place = end
    yield (place, len(body))


def _page_end(body: Body, place: int) -> int:
    count = body[place + 26]
    return place + 27 + count + sum(body[place + 27 : place + 27 + count])


def _checksum(page: bytes | bytearray) -> int:
    value = 0
    for byte in page:
        value = (value << 8 & 0xFFFFFFFF) ^ _TABLE[value >> 24 ^ byte]
    return value


def _table() -> list[int]:
    table = []
    for number in range(256):
        value = number << 24
        for _ in range(8):
            value = (value << 1 ^ 0x04C11DB7 if value & 0x80000000 else value << 1) & 0xFFFFFFFF
        table.append(value)
    return table


_TABLE = _table()


def _whole(body: Body) -> Iterator[Part]:
    return iter([(0, len(body))])


_FORMATS: dict[bytes, Callable[[Body], Iterator[Part]]] = {
    b"\xff\xd8\xff": _jpeg,
    b"\x89PNG\r\n\x1a\n": _png,
    b"GIF8": _gif,
    b"BM": _whole,
    b"fLaC": _flac,
    b"OggS": _ogg,
    b"ID3": _mp3,
    **dict.fromkeys((b"\xff" + bytes([second]) for second in chain(range(0xE2, 0xE8), range(0xF2, 0xF8), range(0xFA, 0x100))), _mp3),
}
"""By how a file begins."""
