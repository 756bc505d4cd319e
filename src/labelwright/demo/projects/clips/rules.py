"""The noise between the calls tells the background: how loud it is, and how bright."""

from __future__ import annotations

import io
from typing import Any

from labelwright import labeling_function


@labeling_function(question="background")
def loudness_of_the_quietest_part(item: Any, blobs: Any) -> tuple[str, float]:
    """Look at the quietest tenth of a second: quiet is soft, and of the two others rain crosses zero far more often than wind."""
    import numpy as np
    import soundfile

    samples, rate = soundfile.read(io.BytesIO(blobs.get(item.data["sound"].blob)))
    pieces = samples[: len(samples) // (rate // 10) * (rate // 10)].reshape(-1, rate // 10)
    quietest = pieces[np.argsort((pieces**2).mean(axis=1))[: max(3, len(pieces) // 10)]]
    if (quietest**2).mean() ** 0.5 < 0.007:
        return "quiet", 0.95
    crossings = (np.diff(np.sign(quietest), axis=1) != 0).mean()
    return ("rain", 0.9) if crossings > 0.2 else ("wind", 0.9)
