"""Scenes: drawn gardens by day, at dusk and at night, with flowers, mushrooms and butterflies, each with its exact box.

A thing is drawn on a sheet of its own at twice the size; its box is that of the pixels that it covers, before anything grows in front
of it. What is hidden for the most part by others is not drawn at all.
"""

from __future__ import annotations

import math
import random
from pathlib import Path
from typing import TYPE_CHECKING, Any

from labelwright.demo.makers.base import MadeData, Truth, chance

if TYPE_CHECKING:
    from PIL.Image import Image as Picture

__all__ = ["make"]

COUNT = 64
WIDTH, HEIGHT = 640, 480
SCALE = 2
"""Everything is drawn so many times larger, and made smaller for smooth edges."""

Color = tuple[int, int, int]

SKIES: dict[str, tuple[Color, Color]] = {
    "day": ((146, 200, 232), (232, 244, 240)),
    "dusk": ((118, 96, 150), (250, 190, 142)),
    "night": ((20, 26, 58), (58, 72, 112)),
}
HILLS: dict[str, tuple[Color, Color, Color]] = {
    "day": ((168, 206, 158), (132, 184, 128), (104, 160, 104)),
    "dusk": ((150, 124, 132), (118, 104, 112), (90, 88, 92)),
    "night": ((44, 62, 84), (34, 50, 66), (26, 40, 50)),
}
SHADE = {"day": 1.0, "dusk": 0.82, "night": 0.55}
PETALS = ((238, 122, 142), (250, 190, 92), (186, 142, 226), (248, 248, 240), (120, 150, 232))
CAPS = ((206, 72, 62), (178, 122, 78), (226, 162, 94))
WINGS = ((250, 160, 70), (112, 170, 232), (244, 226, 120), (230, 130, 180))


def make(folder: Path, seed: int) -> MadeData:
    """Write the pictures `data/scene-01.jpg`, and one that is empty."""
    target = folder / "data"
    target.mkdir(parents=True, exist_ok=True)
    truth = Truth()
    for number in range(1, COUNT + 1):
        luck = chance(seed, "scenes", number)
        key = f"scene-{number:02d}.jpg"
        light = luck.choice(["day", "day", "dusk", "night"])
        picture, boxes = _draw(light, luck)
        picture.save(target / key, quality=88)
        truth[key] = {"light": light, "things": boxes}
    (target / f"scene-{COUNT + 1:02d}.jpg").write_bytes(b"")
    return MadeData(truth)


def _draw(light: str, luck: random.Random) -> tuple[Picture, list[dict[str, Any]]]:
    from PIL import Image

    picture = _landscape(light, luck)
    boxes: list[dict[str, Any]] = []
    covered = Image.new("L", (WIDTH, HEIGHT))
    things = luck.choices(["flower", "mushroom", "butterfly"], weights=[5, 3, 3], k=luck.randint(2, 9))
    # Plants grow towards the viewer, and butterflies are in front of all: what is painted later hides what is behind.
    placed = sorted((thing == "butterfly", luck.uniform(0.52, 0.98), thing) for thing in things)
    for _, depth, thing in reversed(placed):
        sheet = _THINGS[thing](luck, 0.45 + 0.75 * (depth if thing != "butterfly" else luck.uniform(0.5, 0.8)))
        sheet = _shaded(sheet, SHADE[light])
        width, height = sheet.size
        x = luck.randint(4, WIDTH - width - 4)
        y = luck.randint(20, 250) if thing == "butterfly" else max(10, int(depth * HEIGHT) - height)
        mask = sheet.getchannel("A").point(lambda value: 255 if value >= 128 else 0)
        left, top, right, bottom = mask.getbbox() or (0, 0, width, height)
        region = covered.crop((x, y, x + width, y + height))
        if _share_covered(region, mask) > 0.35:
            continue
        # From front to back: what stands there already stays, and what is new comes behind it.
        behind = sheet.copy()
        behind.putalpha(_minus(sheet.getchannel("A"), region))
        picture.paste(behind, (x, y), behind)
        covered.paste(255, (x, y), mask)
        boxes.append({"x": x + left, "y": y + top, "width": right - left, "height": bottom - top, "label": thing})
    return _grained(picture, luck), sorted(boxes, key=lambda box: (box["x"], box["y"]))


def _landscape(light: str, luck: random.Random) -> Picture:
    from PIL import Image, ImageDraw

    above, below = SKIES[light]
    sky = Image.new("RGB", (1, 64))
    for row in range(64):
        sky.putpixel((0, row), _between(above, below, row / 63))
    picture = sky.resize((1, HEIGHT * SCALE), Image.Resampling.BICUBIC).resize((WIDTH * SCALE, HEIGHT * SCALE), Image.Resampling.NEAREST)
    draw = ImageDraw.Draw(picture)
    x, y = luck.uniform(0.1, 0.9) * WIDTH * SCALE, luck.uniform(0.08, 0.22) * HEIGHT * SCALE
    if light == "night":
        for _ in range(70):
            star, size = (luck.uniform(0, WIDTH * SCALE), luck.uniform(0, 0.5 * HEIGHT * SCALE)), luck.choice([1, 1, 2])
            draw.ellipse(_around(*star, size, size), fill=(226, 230, 244))
        draw.ellipse(_around(x, y, 44, 44), fill=(240, 236, 214))
        draw.ellipse(_around(x + 20, y - 8, 38, 38), fill=_between(above, below, y / (HEIGHT * SCALE)))
    else:
        draw.ellipse(_around(x, y, 50, 50), fill=(255, 236, 168) if light == "day" else (252, 150, 104))
    for layer, color in enumerate(HILLS[light]):
        level, height = (0.5 + 0.11 * layer) * HEIGHT * SCALE, (0.08 - 0.015 * layer) * HEIGHT * SCALE
        phase, wave = luck.uniform(0, 6.28), luck.uniform(0.9, 1.7)
        columns = range(0, WIDTH * SCALE + 16, 16)
        ridge = [(column, level - height * math.sin(phase + wave * 6.28 * column / (WIDTH * SCALE))) for column in columns]
        draw.polygon([*ridge, (WIDTH * SCALE, HEIGHT * SCALE), (0, HEIGHT * SCALE)], fill=color)
    for _ in range(160):
        x, y = luck.uniform(0, WIDTH * SCALE), luck.uniform(0.7, 1.0) * HEIGHT * SCALE
        draw.line((x, y, x + luck.uniform(-6, 6), y - luck.uniform(10, 26)), fill=_between(HILLS[light][2], HILLS[light][0], 0.4), width=3)
    return picture.reduce(SCALE)


# --- things: each a sheet with a transparent ground --------------------------------------------------------------------------------


def _flower(luck: random.Random, size: float) -> Picture:
    from PIL import Image, ImageDraw

    width, height = int(90 * size) * SCALE, int(150 * size) * SCALE
    sheet = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(sheet)
    middle, crown, radius = width / 2, width * 0.5, width * 0.21
    draw.line((middle, crown, middle + luck.uniform(-0.1, 0.1) * width, height), fill=(86, 142, 84), width=max(4, width // 22))
    for side in (-1, 1):
        leaf = (middle + side * width * 0.16, height * luck.uniform(0.66, 0.8))
        draw.ellipse(_around(*leaf, width * 0.15, width * 0.06), fill=(98, 156, 92))
    color, petals, turn = luck.choice(PETALS), luck.randint(5, 8), luck.uniform(0, 6.28)
    for petal in range(petals):
        angle = turn + petal * 2 * math.pi / petals
        place = (middle + 0.27 * width * math.cos(angle), crown + 0.27 * width * math.sin(angle))
        draw.ellipse(_around(*place, radius, radius), fill=_between(color, (255, 255, 255), 0.12 * (petal % 2)))
    draw.ellipse(_around(middle, crown, radius * 0.85, radius * 0.85), fill=(250, 214, 104))
    return _smaller(sheet)


def _mushroom(luck: random.Random, size: float) -> Picture:
    from PIL import Image, ImageDraw

    width, height = int(96 * size) * SCALE, int(92 * size) * SCALE
    sheet = Image.new("RGBA", (width, height))
    draw = ImageDraw.Draw(sheet)
    stem = width * luck.uniform(0.11, 0.16)
    draw.rounded_rectangle((width / 2 - stem, height * 0.4, width / 2 + stem, height - 2), stem, fill=(238, 228, 206))
    color = luck.choice(CAPS)
    draw.pieslice((width * 0.06, height * 0.06, width * 0.94, height * 1.06), 180, 360, fill=color)
    for _ in range(luck.randint(3, 6)):
        angle, far = luck.uniform(3.5, 5.9), luck.uniform(0.14, 0.3)
        place = (width / 2 + far * width * math.cos(angle), height * 0.54 + far * height * 1.2 * math.sin(angle))
        draw.ellipse(_around(*place, width * 0.045, width * 0.04), fill=(252, 244, 232))
    return _smaller(sheet)


def _butterfly(luck: random.Random, size: float) -> Picture:
    from PIL import Image, ImageDraw

    side = int(84 * size) * SCALE
    sheet = Image.new("RGBA", (side, side))
    draw = ImageDraw.Draw(sheet)
    color, opened = luck.choice(WINGS), luck.uniform(0.16, 0.24)
    for direction in (-1, 1):
        for place, radius, tint in ((0.4, opened, 0.0), (0.62, opened * 0.74, 0.3)):
            center = (side / 2 + direction * side * opened * 0.95, side * place)
            draw.ellipse(_around(*center, side * radius, side * radius * 0.9), fill=_between(color, (255, 255, 255), tint))
            draw.ellipse(_around(*center, side * radius * 0.4, side * radius * 0.36), fill=_between(color, (60, 40, 60), 0.4))
        draw.line((side / 2, side * 0.3, side / 2 + direction * side * 0.1, side * 0.16), fill=(58, 46, 58), width=max(2, side // 50))
    draw.ellipse(_around(side / 2, side * 0.5, side * 0.035, side * 0.24), fill=(58, 46, 58))
    return _smaller(sheet.rotate(luck.uniform(-35, 35), resample=Image.Resampling.BICUBIC))


_THINGS = {"flower": _flower, "mushroom": _mushroom, "butterfly": _butterfly}


# --- small tools ----------------------------------------------------------------------------------------------------------------


def _between(first: Color, second: Color, part: float) -> Color:
    red, green, blue = (round(a + (b - a) * part) for a, b in zip(first, second, strict=True))
    return red, green, blue


def _around(x: float, y: float, across: float, down: float) -> tuple[float, float, float, float]:
    return x - across, y - down, x + across, y + down


def _smaller(sheet: Picture) -> Picture:
    return sheet.reduce(SCALE)


def _shaded(sheet: Picture, part: float) -> Picture:
    if part == 1.0:
        return sheet
    from PIL import Image

    *colors, alpha = sheet.split()
    return Image.merge("RGBA", [*(band.point(lambda value: value * part) for band in colors), alpha])


def _share_covered(region: Picture, mask: Picture) -> float:
    from PIL import ImageChops

    own = mask.histogram()[255]
    return ImageChops.multiply(region, mask).histogram()[255] / max(own, 1)


def _minus(alpha: Picture, region: Picture) -> Picture:
    from PIL import ImageChops

    return ImageChops.subtract(alpha, region)


def _grained(picture: Picture, luck: random.Random) -> Picture:
    """Add the faint grain of a film."""
    import numpy as np
    from PIL import Image

    grain = np.random.default_rng(luck.getrandbits(32)).normal(0.0, 3.0, (HEIGHT, WIDTH, 1))
    return Image.fromarray(np.clip(np.asarray(picture, np.float32) + grain, 0, 255).astype("uint8"))
