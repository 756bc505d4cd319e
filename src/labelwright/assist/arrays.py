"""Models and predictions as plain arrays in one file (npz): reading one never runs code, as reading a pickle would."""

from __future__ import annotations

import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from numpy.typing import NDArray

__all__ = ["Arrays", "pack", "unpack"]

Arrays = dict[str, "NDArray[Any]"]


def pack(arrays: Arrays) -> bytes:
    """Return the arrays as the bytes of an npz file; the same arrays give the same bytes."""
    import numpy as np

    out = io.BytesIO()
    np.savez_compressed(out, allow_pickle=False, **{name: arrays[name] for name in sorted(arrays)})
    return out.getvalue()


def unpack(body: bytes) -> Arrays:
    """Read what `pack` wrote."""
    import numpy as np

    with np.load(io.BytesIO(body), allow_pickle=False) as file:
        return {name: file[name] for name in file.files}
