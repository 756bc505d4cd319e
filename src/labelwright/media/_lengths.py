"""Recordings whose header does not tell how long they are, opened so that it does: the length is counted from the frames themselves.

libsndfile believes the header, and reads no sample behind the length that it took from there. Yet an MP3 stream has none, and its length is
then guessed from its first frame; a file that was cut keeps the old one; and a recorder that could not go back leaves it open. Nothing is
written: what libsndfile reads is a corrected head, and then the file from where the head ends.
"""

from __future__ import annotations

import io
import mmap
import struct
from contextlib import suppress
from pathlib import Path
from typing import IO, NamedTuple

from labelwright.errors import InvalidFile

__all__ = ["opened"]

Body = bytes | mmap.mmap

_MP3_RATES = {3: (44_100, 48_000, 32_000), 2: (22_050, 24_000, 16_000), 0: (11_025, 12_000, 8_000)}
_MP3_BITS = {
    True: (0, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320),
    False: (0, 8, 16, 24, 32, 40, 48, 56, 64, 80, 96, 112, 128, 144, 160),
}
"""Thousands of bits a second of each number in a frame's head; of MPEG 1, and of MPEG 2 and 2.5."""

WRITTEN_LATER = 0x7FFFFFFF - 1024
"""A WAV file of such a length or more, or of none, was not finished: recorders that could not go back to the header leave these."""


def opened(body: bytes | Path) -> IO[bytes]:
    """Open a recording, with the length that it really has in its head.

    Raises:
        InvalidFile: it holds several recordings, of which only the first would be read, or its length cannot be found out.
        OSError: the file cannot be read.
    """
    file: IO[bytes] = body.open("rb") if isinstance(body, Path) else io.BytesIO(body)
    try:
        head = file.read(12)
        whole = file.seek(0, io.SEEK_END)
        file.seek(0)
        found = _corrected(file, head, whole)
    except BaseException:
        file.close()
        raise
    return file if found is None else io.BufferedReader(_Joined(found[0], file, found[1], whole))


def _corrected(file: IO[bytes], head: bytes, whole: int) -> tuple[bytes, int] | None:
    """Return a new head, and where the old one ends; None where the file may be read as it is."""
    if head[:4] == b"RIFF" and head[8:12] == b"WAVE":
        return _wave(file, whole)
    if not whole:
        return None
    with _bytes_of(file) as body:
        if head[:4] == b"fLaC":
            return _flac(body, whole)
        if head[:4] == b"OggS":
            _refuse_chained(body, whole)
        elif head[:3] == b"ID3" or (head[:1] == b"\xff" and head[1] & 0xE0 == 0xE0):
            return _mp3(body, whole)
    return None


class _bytes_of:
    """The file's bytes, which are not loaded where it is one on disk."""

    def __init__(self, file: IO[bytes]) -> None:
        self._body: Body = file.getvalue() if isinstance(file, io.BytesIO) else mmap.mmap(file.fileno(), 0, access=mmap.ACCESS_READ)

    def __enter__(self) -> Body:
        return self._body

    def __exit__(self, *_: object) -> None:
        if isinstance(self._body, mmap.mmap):
            self._body.close()


class _Joined(io.RawIOBase):
    """A head, and then a file from some byte on, read as one."""

    def __init__(self, head: bytes, file: IO[bytes], start: int, end: int) -> None:
        self._head, self._file, self._start = head, file, start
        self._size = len(head) + end - start
        self._place = 0

    def readable(self) -> bool:
        return True

    def seekable(self) -> bool:
        return True

    def tell(self) -> int:
        return self._place

    def seek(self, offset: int, whence: int = io.SEEK_SET) -> int:
        self._place = max(0, offset + {io.SEEK_SET: 0, io.SEEK_CUR: self._place, io.SEEK_END: self._size}[whence])
        return self._place

    def readinto(self, buffer: memoryview) -> int:  # type: ignore[override]  # a buffered reader hands over nothing else
        if self._place < len(self._head):
            part = self._head[self._place : self._place + len(buffer)]
        else:
            self._file.seek(self._start + self._place - len(self._head))
            part = self._file.read(len(buffer))
        buffer[: len(part)] = part
        self._place += len(part)
        return len(part)

    def close(self) -> None:
        self._file.close()
        super().close()


def _wave(file: IO[bytes], whole: int) -> tuple[bytes, int] | None:
    """Give samples without a length that of the rest of the file.

    Raises:
        InvalidFile: the samples end before the header says; libsndfile would read what is left without a word.
    """
    place = 12
    while place + 8 <= whole:
        file.seek(place)
        name, size = struct.unpack("<4sI", file.read(8))
        begin = place + 8
        if name == b"data":
            file.seek(0)
            if size >= WRITTEN_LATER or (size == 0 and not _chunks_to_the_end(file, begin, whole)):
                file.seek(0)
                rest = min(whole - begin, 0xFFFFFFFF)
                return file.read(begin - 4) + struct.pack("<I", rest), begin
            if begin + size > whole:
                raise InvalidFile(f"The recording is cut off: {whole - begin:,} of {size:,} bytes of samples are there.")
            return None
        place += 8 + size + size % 2
    return None


def _chunks_to_the_end(file: IO[bytes], place: int, whole: int) -> bool:
    """Tell whether nothing but other chunks follows, so that there are no samples indeed."""
    while place + 8 <= whole:
        file.seek(place)
        name, size = struct.unpack("<4sI", file.read(8))
        if not (name.isascii() and name.decode().isprintable()):
            return False
        place += 8 + size + size % 2
    return place >= whole


class _Mp3Frame(NamedTuple):
    """What the head of a frame says: whatever stays the same in all frames, its bytes, its samples, and whether it is of one channel."""

    same: tuple[int, int, int]
    size: int
    samples: int
    mono: bool


def _mp3_frame(body: Body, place: int) -> _Mp3Frame | None:
    """Read a frame's head; None where none is, or it is of a kind whose frames cannot be counted."""
    head = body[place : place + 4]
    if len(head) < 4 or head[0] != 0xFF or head[1] & 0xE0 != 0xE0:
        return None
    version, layer = head[1] >> 3 & 3, head[1] >> 1 & 3
    bits, rate = head[2] >> 4, head[2] >> 2 & 3
    if version == 1 or layer != 1 or bits in (0, 15) or rate == 3:
        return None
    samples = 1152 if version == 3 else 576
    size = samples // 8 * 1000 * _MP3_BITS[version == 3][bits] // _MP3_RATES[version][rate] + (head[2] >> 1 & 1)
    return _Mp3Frame((version, layer, rate), size, samples, head[3] >> 6 == 3)


def _mp3(body: Body, whole: int) -> tuple[bytes, int] | None:
    """Put a frame in front that tells how many there are, where none does or it tells another number."""
    start = 0
    while body[start : start + 3] == b"ID3" and start + 10 <= whole:
        a, b, c, d = (byte & 0x7F for byte in body[start + 6 : start + 10])
        start += 10 + (a << 21 | b << 14 | c << 7 | d) + (10 if body[start + 5] & 0x10 else 0)
    first = _next_mp3_frame(body, start, whole, None)
    if first is None:
        return None
    begin, kind = first
    side = (17 if kind.mono else 32) if kind.same[0] == 3 else (9 if kind.mono else 17)
    told = body[begin + 4 + side : begin + 4 + side + 12]
    count = None
    if told[:4] in (b"Xing", b"Info"):
        count = int.from_bytes(told[8:12], "big") if told[7] & 1 else -1
    elif body[begin + 36 : begin + 40] == b"VBRI":
        count = int.from_bytes(body[begin + 50 : begin + 54], "big")
    audio = begin + kind.size if count is not None else begin
    frames = _count_mp3_frames(body, audio, whole, kind.same)
    if not frames or (count is not None and abs(frames - count) <= 1):
        return None
    # A frame of 64,000 bits a second has the space for it at every rate.
    number = _MP3_BITS[kind.same[0] == 3].index(64)
    head = bytes([0xFF, body[begin + 1] | 1, number << 4 | (body[begin + 2] & 0x0C), body[begin + 3]])
    described = _mp3_frame(head, 0)
    assert described is not None, "it is of the same kind as the first frame"
    return (head + bytes(side) + b"Xing" + struct.pack(">II", 1, frames)).ljust(described.size, b"\0"), audio


def _next_mp3_frame(body: Body, place: int, whole: int, same: tuple[int, int, int] | None) -> tuple[int, _Mp3Frame] | None:
    """Find the next frame: one that another follows, or the file's end."""
    while (place := body.find(b"\xff", place)) >= 0:
        found = _mp3_frame(body, place)
        if found is not None and (same is None or found.same == same):
            behind = place + found.size
            following = _mp3_frame(body, behind)
            if behind >= whole or body[behind : behind + 3] == b"TAG" or (following is not None and following.same == found.same):
                return place, found
        place += 1
    return None


def _count_mp3_frames(body: Body, place: int, whole: int, same: tuple[int, int, int]) -> int:
    count = 0
    while place < whole:
        frame = _mp3_frame(body, place)
        if frame is None or frame.same != same:
            further = _next_mp3_frame(body, place, whole, same)
            if further is None:
                break
            place, frame = further
        place += frame.size
        count += place <= whole  # half a frame makes no sound
    return count


def _flac(body: Body, whole: int) -> tuple[bytes, int] | None:
    """Write the number of samples into the head where a stream left it open.

    Raises:
        InvalidFile: its last frame cannot be found.
    """
    if body[4] & 0x7F or whole < 42 or int.from_bytes(body[21:26], "big") & 0xFFFFFFFFF:
        return None
    samples = _flac_samples(body, whole)
    if samples is None:
        raise InvalidFile("The recording does not tell its length, and its last frame is broken.", hint="Encode it anew.")
    kept = int.from_bytes(body[21:26], "big") & ~0xFFFFFFFFF
    return body[:21] + (kept | samples).to_bytes(5, "big"), 26


def _flac_samples(body: Body, whole: int) -> int | None:
    """Count the samples up to the end of the last frame: the one from which on all bytes fit their checksum."""
    place = whole
    lowest = max(42, whole - 2**20)
    while (place := max(body.rfind(b"\xff\xf8", lowest, place), body.rfind(b"\xff\xf9", lowest, place))) >= 0:
        with suppress(IndexError, ValueError):
            head = body[place : place + 16]
            length = next(count for count in range(8) if not head[4] << count & 0x80) or 1
            number = head[4] & (0x7F if length == 1 else 0x7F >> length)
            for byte in head[5 : 4 + length]:
                number = number << 6 | byte & 0x3F
            size, behind = head[2] >> 4, 4 + length
            block = 192 if size == 1 else 576 << (size - 2) if 2 <= size <= 5 else 256 << (size - 8) if size >= 8 else 0
            if size in (6, 7):
                block = int.from_bytes(head[behind : behind + size - 5], "big") + 1
                behind += size - 5
            behind += {12: 1, 13: 2, 14: 2}.get(head[2] & 15, 0)
            if block and _crc(head[:behind], 8, 0x07) == head[behind] and not _crc(body[place:whole], 16, 0x8005):
                return number + block if head[1] & 1 else number * int.from_bytes(body[8:10], "big") + block
    return None


def _crc(body: bytes, bits: int, polynomial: int) -> int:
    """The checksum of FLAC's heads, of 8 bits, and frames, of 16."""
    top, value = 1 << (bits - 1), 0
    for byte in body:
        value ^= byte << (bits - 8)
        for _ in range(8):
            value = (value << 1 ^ polynomial if value & top else value << 1) & ((1 << bits) - 1)
    return value


def _refuse_chained(body: Body, whole: int) -> None:
    """Refuse an Ogg file of several recordings one behind the other, of which libsndfile reads the first only."""
    place, begun = 0, False
    while place + 27 <= whole and body[place : place + 4] == b"OggS":
        first = bool(body[place + 5] & 2)
        if first and begun:
            raise InvalidFile("The file holds several recordings, one behind the other.", hint="Save each as a file of its own.")
        begun = begun or not first
        segments = body[place + 26]
        place += 27 + segments + sum(body[place + 27 : place + 27 + segments])
