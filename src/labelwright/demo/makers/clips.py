"""Clips: a garden that one hears, with birds, bells and crickets over wind, rain or quiet, each call with its exact beginning and end."""

from __future__ import annotations

import random
from pathlib import Path
from typing import Any

from labelwright.demo.makers.base import MadeData, Truth, chance

__all__ = ["make"]

COUNT = 48
RATE = 16_000
PAUSE = 0.25
"""Seconds of background, at least, between two calls."""

Wave = Any
"""Samples as a NumPy array of floats."""


def make(folder: Path, seed: int) -> MadeData:
    """Write the recordings `data/clip-01.wav`, and one that is cut off within its header."""
    import numpy as np
    import soundfile

    target = folder / "data"
    target.mkdir(parents=True, exist_ok=True)
    truth = Truth()
    for number in range(1, COUNT + 1):
        luck = chance(seed, "clips", number)
        key = f"clip-{number:02d}.wav"
        background = luck.choice(list(_BACKGROUNDS))
        seconds = round(luck.uniform(4.0, 8.0), 1)
        noise = np.random.default_rng(luck.getrandbits(32))
        sound = _BACKGROUNDS[background](round(seconds * RATE), noise)
        calls = []
        at = luck.uniform(0.2, 1.0)
        while True:
            label = luck.choice(list(_CALLS))
            call = _CALLS[label](luck) * luck.uniform(0.22, 0.5)
            length = len(call) / RATE
            if at + length > seconds - 0.1:
                break
            first = round(at * RATE)
            sound[first : first + len(call)] += call
            calls.append({"start": round(first / RATE, 3), "end": round((first + len(call)) / RATE, 3), "label": label})
            at += length + PAUSE + luck.expovariate(1.6)
        soundfile.write(target / key, np.clip(sound, -1.0, 1.0), RATE, subtype="PCM_16")
        truth[key] = {"background": background, "calls": calls}
    (target / f"clip-{COUNT + 1:02d}.wav").write_bytes((target / "clip-01.wav").read_bytes()[:20])
    return MadeData(truth)


# --- backgrounds ------------------------------------------------------------------------------------------------------------------


def _wind(count: int, noise: Any) -> Wave:
    import numpy as np

    gusts = np.interp(np.arange(count), np.linspace(0, count, 9), noise.uniform(0.35, 1.0, 9))
    return 0.16 * _colored(count, noise, 1.3) * gusts


def _rain(count: int, noise: Any) -> Wave:
    import numpy as np

    sound = 0.016 * noise.normal(size=count)
    drop = np.exp(-np.arange(160) / 26.0)
    for place in noise.integers(0, max(count - len(drop), 1), count // 420):
        sound[place : place + len(drop)] += noise.uniform(0.02, 0.09) * drop * noise.normal(size=len(drop))
    return sound


def _quiet(count: int, noise: Any) -> Wave:
    return 0.004 * noise.normal(size=count)


def _colored(count: int, noise: Any, slope: float) -> Wave:
    """Noise whose strength falls with the pitch, with a peak of 1."""
    import numpy as np

    spectrum = np.fft.rfft(noise.normal(size=count))
    pitch = np.fft.rfftfreq(count, 1 / RATE)
    spectrum *= np.where(pitch < 40, 0.0, np.maximum(pitch, 40.0) ** -slope)
    sound = np.fft.irfft(spectrum, count)
    return sound / np.abs(sound).max()


_BACKGROUNDS = {"wind": _wind, "rain": _rain, "quiet": _quiet}


# --- calls ------------------------------------------------------------------------------------------------------------------------


def _bird(luck: random.Random) -> Wave:
    """A phrase of whistled notes that glide up and down."""
    import numpy as np

    notes = []
    for _ in range(luck.randint(2, 5)):
        count = round(luck.uniform(0.07, 0.17) * RATE)
        begin, end = luck.uniform(2300, 3800), luck.uniform(2300, 3800)
        pitch = np.linspace(begin, end, count) + 90 * np.sin(np.linspace(0, luck.uniform(4, 22), count))
        phase = 2 * np.pi * np.cumsum(pitch) / RATE
        notes += [(np.sin(phase) + 0.2 * np.sin(2 * phase)) * np.hanning(count), np.zeros(round(luck.uniform(0.01, 0.05) * RATE))]
    return np.concatenate(notes[:-1])


def _bell(luck: random.Random) -> Wave:
    """A struck bell: partials that are no multiples of one another, each dying away at its own pace."""
    import numpy as np

    time = np.arange(round(luck.uniform(0.8, 1.4) * RATE)) / RATE
    ground = luck.uniform(420, 880)
    partials = ((0.5, 0.4, 2.2), (1.0, 1.0, 3.0), (1.19, 0.6, 4.0), (1.56, 0.45, 5.0), (2.0, 0.4, 6.5), (2.66, 0.25, 9.0))
    sound = sum(strength * np.exp(-fall * time) * np.sin(2 * np.pi * ground * ratio * time) for ratio, strength, fall in partials)
    fade = np.minimum(1.0, (time[-1] - time) / 0.08) * np.minimum(1.0, time / 0.003)
    return sound * fade / np.abs(sound).max()


def _cricket(luck: random.Random) -> Wave:
    """Short pulses of one high tone, in an even row."""
    import numpy as np

    time = np.arange(round(luck.uniform(0.5, 1.1) * RATE)) / RATE
    pulses = np.maximum(0.0, np.sin(2 * np.pi * luck.uniform(24, 32) * time)) ** 2
    fade = np.minimum(1.0, np.minimum(time, time[-1] - time) / 0.02)
    return 0.7 * np.sin(2 * np.pi * luck.uniform(4300, 5000) * time) * pulses * fade


_CALLS = {"bird": _bird, "bell": _bell, "cricket": _cricket}
