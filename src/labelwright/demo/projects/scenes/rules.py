"""How bright and how warm the sky is tells the light."""

from __future__ import annotations

import io
from typing import Any

from labelwright import labeling_function


@labeling_function(question="light")
def color_of_the_sky(item: Any, blobs: Any) -> tuple[str, float]:
    """A dark sky is night; one that is redder than blue, at its lower end, is dusk."""
    import numpy as np
    from PIL import Image

    picture = Image.open(io.BytesIO(blobs.get(item.data["picture"].blob))).convert("RGB")
    red, _, blue = np.asarray(picture.resize((8, 8)))[:4].reshape(-1, 3).mean(axis=0)
    if red + blue < 220:
        return "night", 0.97
    return ("dusk", 0.9) if red > blue else ("day", 0.95)
