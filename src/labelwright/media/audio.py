"""Sound: WAV, FLAC, Ogg and MP3, read by libsndfile block by block; resampled by soxr; outlined for the waveform.

A small file can unpack into hours of many channels, so a recording is never in memory as a whole: not its samples, not its bytes where it
is given as a path, not what it is resampled to where that goes into a file. At most `settings().max_samples` are decoded.

The outline (`peaks`) is JSON, `{"duration": 2.5, "scale": 127, "min": [...], "max": [...]}`: the clip cut into equally long stretches,
and the lowest and highest sample of each, over all channels, as whole numbers from -scale to scale.
"""

from __future__ import annotations

import io
from collections.abc import Callable, Iterator
from contextlib import nullcontext
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any, TypeVar

import msgspec
from msgspec import Struct

from labelwright.errors import InvalidFile, InvalidInput, LabelwrightError, TooLarge
from labelwright.media import base
from labelwright.media._lengths import opened
from labelwright.schema.modalities.audio import Audio

if TYPE_CHECKING:
    import random

    import numpy as np
    from numpy.typing import NDArray

__all__ = [
    "FORMATS",
    "MAX_SECONDS",
    "SUFFIXES",
    "AudioProbe",
    "NormalAudio",
    "Options",
    "decode",
    "normalize",
    "peaks",
    "prepare",
    "probe",
    "sample",
    "verify",
]

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

MAX_SECONDS = 4 * 3600.0
"""A longer recording is refused: nobody labels it in one piece."""

MAX_BYTES = 2**30
"""A recording that would take more bytes at its new rate is refused, as is a file of more."""

BLOCK = 1 << 17
"""So many samples are decoded at a time, over all channels."""

SCALE = 127


class Options(base.Options, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """Checks recordings, brings them to one rate where one is given, and outlines them for the waveform.

    Every recording is decoded wholly, so a truncated one goes to the quarantine and not to people. Without `rate` the bytes stay as they
    are. `rate`: samples a second. `peaks`: stretches of the outline. `max_seconds`: the limit. How many samples over all channels are
    decoded at most is a setting of the machine, `LABELWRIGHT_MAX_SAMPLES`.

    Example: `{audio: {rate: 16000}}`.
    """

    rate: int | None = None
    peaks: int = 2000
    max_seconds: float = MAX_SECONDS


class AudioProbe(Struct, frozen=True):
    """What a recording is: seconds, samples a second, channels."""

    duration: float
    rate: int
    channels: int
    media_type: str


class NormalAudio(Struct, frozen=True):
    """A recording for the browser. `peaks` is the outline as JSON.

    `body` is None where the original bytes serve as they are, and where the new ones went into a file: then it is `resampled`.
    """

    body: bytes | None
    duration: float
    rate: int
    media_type: str
    peaks: bytes
    resampled: bool = False


def prepare(path: Path, options: Options, keeper: base.Keeper, *, digest: str, where: str) -> Audio:
    """Make a sound clip of its file.

    Raises:
        InvalidFile, TooLarge: as `normalize`.
    """
    with keeper.scratch() if options.rate else nullcontext() as out:
        found = normalize(path, where=where, rate=options.rate, points=options.peaks, max_seconds=options.max_seconds, out=out)
        return Audio(
            blob=keeper.put_file(out) if found.resampled and out else digest,
            duration=found.duration,
            rate=found.rate,
            media_type=found.media_type,
            peaks=keeper.put(found.peaks),
        )


def probe(body: bytes | Path, *, where: str = "", max_seconds: float = MAX_SECONDS) -> AudioProbe:
    """Read a recording's header.

    Raises:
        InvalidFile: it is no recording of a format known here, is empty, or ends before its header says.
        TooLarge: it is longer than `max_seconds`, or has more samples than `settings().max_samples`.
    """
    return _guarded(lambda: _describe(body, max_seconds), where)


def sample(luck: random.Random) -> bytes:
    """Return two seconds of noise, as WAV."""
    import wave

    out = io.BytesIO()
    with wave.open(out, "wb") as clip:
        clip.setnchannels(1)
        clip.setsampwidth(2)
        clip.setframerate(8000)
        clip.writeframes(luck.randbytes(2 * 8000 * 2))
    return out.getvalue()


def verify(body: bytes | Path, *, where: str = "", max_seconds: float = MAX_SECONDS) -> None:
    """Decode a recording wholly, and refuse it where anything is missing or broken.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`, or has more samples than `settings().max_samples`.
    """

    def work() -> None:
        _describe(body, max_seconds)
        for _ in _blocks(body):
            pass

    _guarded(work, where)


def decode(
    body: bytes | Path, rate: int = 16_000, *, where: str = "", max_seconds: float = MAX_SECONDS, first_seconds: float = MAX_SECONDS
) -> NDArray[np.float32]:
    """Return the samples of a recording's first seconds, its channels averaged into one, at `rate` samples a second.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`, or has more samples than `settings().max_samples`.
    """

    def work() -> NDArray[np.float32]:
        import numpy as np
        import soxr

        found = _describe(body, max_seconds)
        wanted = round(first_seconds * rate)
        stream: Any = soxr.ResampleStream(found.rate, rate, 1, dtype="float32") if found.rate != rate else None
        parts: list[NDArray[np.float32]] = []
        got = 0
        for block in _blocks(body):
            mono = np.nan_to_num(block.mean(axis=1, dtype=np.float32))
            parts.append(stream.resample_chunk(mono) if stream else mono)
            got += len(parts[-1])
            if got >= wanted:
                break
        else:
            if stream:
                parts.append(stream.resample_chunk(np.zeros(0, np.float32), last=True))
        samples: NDArray[np.float32] = np.concatenate(parts)[:wanted]
        return samples

    return _guarded(work, where)


def normalize(
    body: bytes | Path,
    *,
    where: str = "",
    rate: int | None = None,
    points: int = 2000,
    max_seconds: float = MAX_SECONDS,
    out: IO[bytes] | None = None,
) -> NormalAudio:
    """Decode a recording wholly, bring it to `rate` where one is given, and outline it.

    Args:
        body: the file's bytes, or its path.
        where: what messages call it.
        rate: samples a second; with another rate than the file's, or one that is not given, the bytes stay as they are. A resampled
            recording is a WAV file of 16 bits a sample.
        points: the outline has at most so many stretches.
        max_seconds: a longer recording is refused.
        out: the file that a resampled recording is written into; without one, it comes back as `body`.

    Raises:
        InvalidFile: it is no recording, or a broken one.
        TooLarge: it is longer than `max_seconds`, or has more samples than `settings().max_samples`.
    """

    def work() -> NormalAudio:
        found = _describe(body, max_seconds)
        frames = round(found.duration * found.rate)
        if rate is None or rate == found.rate:
            outline = peaks(_blocks(body), frames=frames, rate=found.rate, points=points)
            return NormalAudio(None, found.duration, found.rate, found.media_type, outline)
        size = 2 * found.duration * rate * found.channels
        if size > MAX_BYTES:
            raise TooLarge(f"At {rate:,} samples a second, the recording would take {size:,.0f} bytes, more than {MAX_BYTES:,}.")
        file = io.BytesIO() if out is None else out
        outline = peaks(_resampled(body, found, rate, file), frames=frames, rate=found.rate, points=points)
        whole = file.getvalue() if isinstance(file, io.BytesIO) and out is None else None
        return NormalAudio(whole, found.duration, rate, "audio/wav", outline, resampled=True)

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


def _describe(body: bytes | Path, max_seconds: float) -> AudioProbe:
    import soundfile

    with opened(body) as file:
        size = file.seek(0, io.SEEK_END)
        if not size:
            raise InvalidFile("The file is empty.")
        file.seek(0)
        info = soundfile.info(file)
        if info.format not in FORMATS:
            raise InvalidFile(f"{info.format} recordings are not read.", hint="Recordings are WAV, FLAC, Ogg and MP3.")
    if info.frames <= 0 or info.samplerate <= 0:
        raise InvalidFile("The recording has no samples.")
    duration = info.frames / info.samplerate
    if duration > max_seconds:
        raise TooLarge(f"The recording lasts {duration:,.0f} seconds, more than {max_seconds:,.0f}.", hint="Cut it into several files.")
    _refuse_many(info.frames, info.channels)
    return AudioProbe(duration, info.samplerate, info.channels, FORMATS[info.format])


def _refuse_many(frames: int, channels: int) -> None:
    from labelwright.settings import settings

    if frames * channels > settings().max_samples:
        over = f" over its {channels} channels" if channels > 1 else ""
        raise TooLarge(
            f"The recording has {frames * channels:,} samples{over}, more than {settings().max_samples:,}.",
            hint="Cut it into several files, or bring it to fewer samples a second.",
        )


def _blocks(body: bytes | Path) -> Iterator[NDArray[np.float32]]:
    """Yield all samples as blocks of (samples, channels)."""
    import soundfile

    with opened(body) as bytes_of, soundfile.SoundFile(bytes_of) as file:
        expected, got = file.frames, 0
        for block in file.blocks(max(1, BLOCK // file.channels), dtype="float32", always_2d=True):
            got += len(block)
            _refuse_many(got, file.channels)
            yield block
        # The length of an MP3 file is an estimate.
        if got < expected and file.format in ("WAV", "WAVEX", "RF64", "FLAC", "OGG"):
            raise InvalidFile(f"The recording is cut off: {got:,} of {expected:,} samples are there.")


def _resampled(body: bytes | Path, found: AudioProbe, rate: int, out: IO[bytes]) -> Iterator[NDArray[np.float32]]:
    """Yield the recording's blocks, and write each at the new rate."""
    import numpy as np
    import soundfile
    import soxr

    stream: Any = soxr.ResampleStream(found.rate, rate, found.channels, dtype="float32")
    with soundfile.SoundFile(out, "w", samplerate=rate, channels=found.channels, format="WAV", subtype="PCM_16") as file:
        for block in _blocks(body):
            yield block
            file.write(stream.resample_chunk(np.nan_to_num(block)))
        file.write(stream.resample_chunk(np.zeros((0, found.channels), np.float32), last=True))


def _guarded(work: Callable[[], T], where: str) -> T:
    try:
        return work()
    except LabelwrightError as error:
        raise type(error)(error.message, where=where or None, hint=error.hint) from error
    except MemoryError as error:
        raise InvalidInput("There was not enough memory to decode the recording.", where=where or None) from error
    except Exception as error:  # a decoder meets broken bytes with whatever exception comes up
        reason = str(error).partition("): ")[2] or str(error).rpartition(": ")[2] or type(error).__name__
        raise InvalidFile(f"The recording cannot be read: {reason.rstrip('.')}.", where=where or None) from error
