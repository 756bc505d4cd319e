"""Sound clips: listened to in the page, marked in seconds."""

from __future__ import annotations

from collections.abc import Mapping
from typing import ClassVar

from labelwright.schema.modalities.base import StarterQuestion, Stored


class Audio(Stored, frozen=True, tag="audio"):
    """A sound clip. `duration` is in seconds, `rate` in samples per second; `peaks` names a blob with the waveform's outline."""

    duration: float
    rate: int
    media_type: str = "audio/wav"
    peaks: str | None = None

    derived: ClassVar[tuple[str, ...]] = ("peaks",)
    endings: ClassVar[Mapping[str, str]] = {
        "audio/wav": ".wav",
        "audio/x-wav": ".wav",
        "audio/flac": ".flac",
        "audio/ogg": ".ogg",
        "audio/mpeg": ".mp3",
    }
    keys: ClassVar[Mapping[str, str]] = {
        "i": "set a beginning",
        "o": "set an end",
        "w": "show the whole clip",
        "+": "zoom in",
        "=": "zoom in",
        "-": "zoom out",
    }
    says: ClassVar[tuple[str, ...]] = ("duration", "rate")
    starter: ClassVar[StarterQuestion] = StarterQuestion("parts", "segments", ("speech", "noise"))
    tag: ClassVar[str | None] = "Audio"


FIELD = Audio
