"""What can be said about a digit by looking at its ink: a hole in the middle, a narrow line. And a check of one's own."""

from __future__ import annotations

import io
from typing import Any

from labelwright import check, labeling_function


@labeling_function(question="digit")
def looks_like_a_ring(item: Any, blobs: Any) -> str | None:
    """A 0 is the one digit with ink all around and none in the middle."""
    import numpy as np
    from PIL import Image

    ink = 1 - np.asarray(Image.open(io.BytesIO(blobs.get(item.data["picture"].blob))).convert("L").resize((10, 10))) / 255
    middle = ink[4:6, 4:6].mean()
    around = [ink[4:6, :4].max(), ink[4:6, 6:].max(), ink[:4, 4:6].max(), ink[6:, 4:6].max()]
    return "0" if middle < 0.12 and min(around) > 0.5 else None


@check(severity="warning", question="digit")
def has_any_ink(values: dict[str, Any], item: Any) -> bool | str:
    """A picture so small that there is hardly anything on it."""
    picture = item.data["picture"]
    return min(picture.width, picture.height) >= 32 or "The picture is very small: can one read it at all?"
