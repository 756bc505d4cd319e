"""A recording as a row of numbers: what its spectrum is like on the whole, and how it goes on.

The spectrum in 40 mel bands every 10 milliseconds, its logarithm turned into 20 cepstral coefficients (MFCC), which tell how a sound is
made and care little how loud it is. Silence at both ends is cut off. The row has mean and spread of each coefficient and of its change,
the coefficients in 8 equal stretches, and the length.
"""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

__all__ = ["HOP_SECONDS", "RATE", "SIZE", "VERSION", "WHAT", "frames", "loudness", "opened", "part", "vector", "vector_of"]

VERSION = "mfcc-1"

WHAT = "cepstral coefficients of the recording (MFCC)"

RATE = 16_000
HOP_SECONDS = 0.01
_WINDOW = 400
_BANDS = 40
_COEFFICIENTS = 20
_STRETCHES = 8

SIZE = _COEFFICIENTS * (4 + _STRETCHES) + 2
"""The length of a row."""

MOST_SECONDS = 600.0
"""Of a longer recording, the beginning counts."""


def vector(body: bytes) -> NDArray[np.float32]:
    """Return the numbers of a recording given by its bytes.

    Raises:
        InvalidFile: it cannot be decoded.
    """
    return vector_of(frames(body))


def frames(body: bytes) -> NDArray[np.float32]:
    """Return the logarithm of the energy in each mel band, a row every 10 milliseconds.

    Raises:
        InvalidFile: it cannot be decoded.
    """
    import numpy as np

    from labelwright.media.audio import decode

    samples = decode(body, RATE, first_seconds=MOST_SECONDS)
    hop = round(RATE * HOP_SECONDS)
    padded = np.pad(samples, (_WINDOW // 2, _WINDOW // 2 + hop))
    count = max(1, len(samples) // hop)
    window = np.hanning(_WINDOW).astype(np.float32)
    filters = _mel_filters()
    bands = np.empty((count, _BANDS), dtype=np.float32)
    for start in range(0, count, 4096):
        stop = min(count, start + 4096)
        index = np.arange(start, stop)[:, None] * hop + np.arange(_WINDOW)
        spectrum = np.abs(np.fft.rfft(padded[index] * window, 512)) ** 2
        bands[start:stop] = np.log(spectrum @ filters + 1e-8)
    return bands


opened = frames


def part(bands: NDArray[np.float32], geometry: Sequence[float]) -> NDArray[np.float32]:
    """Return the rows of a stretch, given as start and end in seconds: one row at least."""
    begin = min(max(int(geometry[0] / HOP_SECONDS), 0), len(bands) - 1)
    return bands[begin : max(int(geometry[1] / HOP_SECONDS), begin + 1)]


def loudness(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return how loud each row of `frames` is, as the logarithm of its energy, smoothed over 50 milliseconds."""
    import numpy as np

    level = np.log(np.exp(bands).sum(axis=1))
    width = min(5, len(level))
    padded = np.pad(level, (width // 2, width - 1 - width // 2), mode="edge")
    smooth: NDArray[np.float32] = np.convolve(padded, np.ones(width) / width, mode="valid").astype(np.float32)
    return smooth


def vector_of(bands: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the numbers of a recording, or of a stretch of one, from its rows of `frames`."""
    import numpy as np
    from scipy.fft import dct

    level = loudness(bands)
    loud = np.flatnonzero(level > np.percentile(level, 95) - 6.0)
    heard = bands[loud[0] : loud[-1] + 1] if len(loud) else bands
    cepstrum = dct(heard, type=2, axis=1, norm="ortho")[:, :_COEFFICIENTS]
    # The first coefficient is loudness: only its course within the recording means something.
    cepstrum[:, 0] -= cepstrum[:, 0].mean()
    change = np.gradient(cepstrum, axis=0) if len(cepstrum) > 1 else np.zeros_like(cepstrum)
    edges = np.linspace(0, len(cepstrum), _STRETCHES + 1)
    stretches = [cepstrum[int(a) : max(int(np.ceil(b)), int(a) + 1)].mean(axis=0) for a, b in itertools.pairwise(edges)]
    tone = float(level.max() - level.min())
    parts = [cepstrum.mean(axis=0), cepstrum.std(axis=0), change.mean(axis=0), change.std(axis=0), *stretches]
    return np.concatenate([*parts, [np.log(len(heard) * HOP_SECONDS), tone]]).astype(np.float32)


def _mel_filters() -> NDArray[np.float32]:
    """Triangles over the spectrum's 257 bins, evenly spaced as the ear hears."""
    import numpy as np

    def mel(hertz: float) -> float:
        return float(2595.0 * np.log10(1.0 + hertz / 700.0))

    corners = 700.0 * (10.0 ** (np.linspace(mel(60.0), mel(RATE / 2), _BANDS + 2) / 2595.0) - 1.0)
    bins = np.fft.rfftfreq(512, 1 / RATE)
    rising = (bins[:, None] - corners[None, :-2]) / (corners[1:-1] - corners[:-2])
    falling = (corners[None, 2:] - bins[:, None]) / (corners[2:] - corners[1:-1])
    filters: NDArray[np.float32] = np.maximum(0.0, np.minimum(rising, falling)).astype(np.float32)
    return filters
