"""Digits: handwritten numbers from scikit-learn's own data, enlarged, as ink on paper.

The data is the Optical Recognition of Handwritten Digits set (E. Alpaydin and C. Kaynak, 1998, UCI, CC BY 4.0), which lies in every
scikit-learn. Some of its digits puzzle people too.
"""

from __future__ import annotations

from pathlib import Path

from labelwright.demo.makers.base import MadeData, Truth, chance

__all__ = ["make"]

COUNT = 200
SIDE = 160
INK, PAPER = (44, 62, 96), (250, 247, 240)


def make(folder: Path, seed: int) -> MadeData:
    """Write the pictures `data/digit-001.png`, two of them twice, and one that is broken."""
    import numpy as np
    from PIL import Image
    from sklearn.datasets import load_digits

    data = load_digits()
    luck = chance(seed, "digits")
    target = folder / "data"
    target.mkdir(parents=True, exist_ok=True)
    truth, copies = Truth(), set()
    ink, paper = np.array(INK, np.float32), np.array(PAPER, np.float32)
    for number, index in enumerate(luck.sample(range(len(data.images)), COUNT), 1):
        small = Image.fromarray((data.images[index] * (255 / 16)).astype("uint8"))
        # A margin of one of the eight by eight pixels lets the stroke breathe.
        framed = Image.new("L", (10, 10))
        framed.paste(small, (1, 1))
        stroke = np.asarray(framed.resize((SIDE, SIDE), Image.Resampling.BICUBIC), np.float32)[..., None] / 255
        key = f"digit-{number:03d}.png"
        Image.fromarray((paper + (ink - paper) * stroke).astype("uint8")).save(target / key)
        truth[key] = {"digit": str(data.target[index])}
    for number in (1, 2):
        first, copy = f"digit-{60 * number:03d}.png", f"digit-{COUNT + number:03d}.png"
        (target / copy).write_bytes((target / first).read_bytes())
        truth[copy] = truth[first]
        copies.add(copy)
    whole = (target / "digit-001.png").read_bytes()
    (target / f"digit-{COUNT + 3:03d}.png").write_bytes(whole[: len(whole) // 2])
    return MadeData(truth, frozenset(copies))
