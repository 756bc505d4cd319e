"""Sound: WAV, FLAC, Ogg and MP3, read by libsndfile block by block; resampled by soxr; outlined for the waveform.

The outline (`peaks`) is JSON, `{"duration": 2.5, "scale": 127, "min": [...], "max": [...]}`: the clip cut into equally long stretches,
and the lowest and highest sample of each, over all channels, as whole numbers from -scale to scale.
"""

from __future__ import annotations

import io
import struct
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from labelwright.errors import InvalidFile, LabelwrightError, TooLarge

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["FORMATS", "MAX_SECONDS", "MEDIA_TYPES", "SUFFIXES", "NormalAudio", "Probe", "decode", "normalise", "peaks", "probe", "verify"]

T = TypeVar("T")

FORMATS = {
    "WAV": "audio/wav",
    "WAVEX": "audio/wav",
    "RF64": "audio/wav",
    "FLAC": "audio/flac",
    "OGG": "audio/ogg",
    "MP3": "audio/mpeg",
    "MPEG": "audio/mpeg",
}
"""The formats that are read, by libsndfile's name, and their media types."""

SUFFIXES = frozenset({".wav", ".flac", ".ogg", ".oga", ".opus", ".mp3"})
MEDIA_TYPES = frozenset(FORMATS.values())

MAX_SECONDS = 4 * 3600.0
"""A longer recording is refused: nobody labels it in one piece."""

BLOCK = 1 << 16
"""So many samples a channel are decoded at a time."""

SCALE = 127


class Probe(Struct, frozen=True):
    """What a recording is: seconds, samples a second, channels."""

    duration: float
    rate: int
    channels: int
    media_type: str


class NormalAudio(Struct, frozen=True):
    """A recording for the browser. `body` is None where the original bytes serve as they are; `peaks` is the outline as JSON."""

    body: bytes | None
    duration: float
    rate: int
    media_type: str
    peaks: bytes


def probe(body: bytes, *, where: str = "", max_seconds: float = MAX_SECONDS) -> Probe:
    """Read a recording's header.

    Raises:
        InvalidFile: it is no recording of a format known here, is empty, or ends before its header says.
        TooLarge: it is longer than `max_seconds`.
    """
    return _guarded(lambda: _describe(body, max_seconds), where)


def verify(body: bytes, *, where: str = "", max_seconds: float = MAX_SECONDS) -> None:
    """Decode a recording wholly, and refuse it where anything is missing or broken.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`.
    """

    def work() -> None:
        _describe(body, max_seconds)
        for _ in _blocks(body):
            pass

    _guarded(work, where)


def decode(body: bytes, rate: int = 16_000, *, where: str = "", max_seconds: float = MAX_SECONDS) -> NDArray[np.float32]:
    """Return all samples of a recording, its channels averaged into one, at `rate` samples a second.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`.
    """

    def work() -> NDArray[np.float32]:
        import numpy as np
        import soxr

        found = _describe(body, max_seconds)
        mono = (np.nan_to_num(block.mean(axis=1, dtype=np.float32)) for block in _blocks(body))
        if found.rate != rate:
            stream: Any = soxr.ResampleStream(found.rate, rate, 1, dtype="float32")
            parts = [*(stream.resample_chunk(part) for part in mono), stream.resample_chunk(np.zeros(0, np.float32), last=True)]
        else:
            parts = list(mono)
        resampled: NDArray[np.float32] = np.concatenate(parts)
        return resampled

    return _guarded(work, where)


def normalise(
    body: bytes, *, where: str = "", rate: int | None = None, points: int = 2000, max_seconds: float = MAX_SECONDS
) -> NormalAudio:
    """Decode a recording wholly, bring it to `rate` where one is given, and outline it.

    Args:
        body: the file's bytes.
        where: what messages call it.
        rate: samples a second; with another rate than the file's, or one that is not given, the bytes stay as they are. A resampled
            recording is a WAV file of 16 bits a sample.
        points: the outline has at most so many stretches.
        max_seconds: a longer recording is refused.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`.
    """

    def work() -> NormalAudio:
        found = _describe(body, max_seconds)
        outline = peaks(_blocks(body), frames=round(found.duration * found.rate), rate=found.rate, points=points)
        if rate is None or rate == found.rate:
            return NormalAudio(None, found.duration, found.rate, found.media_type, outline)
        return NormalAudio(_resampled(body, found, rate), found.duration, rate, "audio/wav", outline)

    return _guarded(work, where)


def peaks(blocks: Iterator[NDArray[np.float32]], *, frames: int, rate: int, points: int = 2000) -> bytes:
    """Return the outline of a recording that comes in blocks of (samples, channels)."""
    import numpy as np

    width = max(1, -(-frames // points))
    count = -(-frames // width)
    low, high = np.zeros(count, np.float32), np.zeros(count, np.float32)
    position = 0
    for block in blocks:
        index = (position + np.arange(len(block))) // width
        starts = np.flatnonzero(np.diff(index, prepend=-1))
        place = np.minimum(index[starts], count - 1)
        quiet = np.nan_to_num(block)
        np.minimum.at(low, place, np.minimum.reduceat(quiet.min(axis=1), starts))
        np.maximum.at(high, place, np.maximum.reduceat(quiet.max(axis=1), starts))
        position += len(block)

    def whole(values: NDArray[np.float32]) -> list[int]:
        rounded: list[int] = np.rint(np.clip(values, -1, 1) * SCALE).astype(int).tolist()
        return rounded

    return msgspec.json.encode({"duration": round(frames / rate, 6), "scale": SCALE, "min": whole(low), "max": whole(high)})


def _describe(body: bytes, max_seconds: float) -> Probe:
    import soundfile

    if not body:
        raise InvalidFile("The file is empty.")
    info = soundfile.info(io.BytesIO(body))
    if info.format not in FORMATS:
        raise InvalidFile(f"{info.format} recordings are not read.", hint="Recordings are WAV, FLAC, Ogg and MP3.")
    _refuse_cut_off_wav(body)
    if info.frames <= 0 or info.samplerate <= 0:
        raise InvalidFile("The recording has no samples.")
    duration = info.frames / info.samplerate
    if duration > max_seconds:
        raise TooLarge(f"The recording lasts {duration:,.0f} seconds, more than {max_seconds:,.0f}.", hint="Cut it into several files.")
    return Probe(duration, info.samplerate, info.channels, FORMATS[info.format])


def _refuse_cut_off_wav(body: bytes) -> None:
    """Refuse a WAV file whose samples end before its header says; libsndfile would read what is left without a word."""
    if body[:4] != b"RIFF" or body[8:12] != b"WAVE":
        return
    position = 12
    while position + 8 <= len(body):
        name, size = struct.unpack_from("<4sI", body, position)
        if name == b"data":
            written_later = size == 0 or size >= 0x7FFFFFFF - 1024  # recorders that could not go back to the header leave these
            if not written_later and position + 8 + size > len(body):
                raise InvalidFile(f"The recording is cut off: {len(body) - position - 8:,} of {size:,} bytes of samples are there.")
            return
        position += 8 + size + size % 2


def _blocks(body: bytes) -> Iterator[NDArray[np.float32]]:
    """Yield all samples as blocks of (samples, channels)."""
    import soundfile

    with soundfile.SoundFile(io.BytesIO(body)) as file:
        expected, got = file.frames, 0
        for block in file.blocks(BLOCK, dtype="float32", always_2d=True):
            got += len(block)
            yield block
        # The length of an MP3 file is an estimate.
        if got < expected and file.format in ("WAV", "WAVEX", "RF64", "FLAC", "OGG"):
            raise InvalidFile(f"The recording is cut off: {got:,} of {expected:,} samples are there.")


def _resampled(body: bytes, found: Probe, rate: int) -> bytes:
    import numpy as np
    import soundfile
    import soxr

    out = io.BytesIO()
    stream: Any = soxr.ResampleStream(found.rate, rate, found.channels, dtype="float32")
    with soundfile.SoundFile(out, "w", samplerate=rate, channels=found.channels, format="WAV", subtype="PCM_16") as file:
        for block in _blocks(body):
            file.write(stream.resample_chunk(np.nan_to_num(block)))
        file.write(stream.resample_chunk(np.zeros((0, found.channels), np.float32), last=True))
    return out.getvalue()


def _guarded(work: Callable[[], T], where: str) -> T:
    try:
        return work()
    except LabelwrightError as error:
        raise type(error)(error.message, where=where or None, hint=error.hint) from error
    except Exception as error:  # a decoder meets broken bytes with whatever exception comes up
        reason = str(error).partition("): ")[2] or str(error).rpartition(": ")[2] or type(error).__name__
        raise InvalidFile(f"The recording cannot be read: {reason.rstrip('.')}.", where=where or None) from error
