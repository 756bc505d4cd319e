"""Bring the photos of BCCD and the boxes of its XML files to where the pipeline reads them."""

import argparse
import json
import shutil
from pathlib import Path
from xml.etree import ElementTree

HERE = Path(__file__).parent
GOLD = 15  # about so many, and at most one in ten
WIDTH, HEIGHT = 640, 480


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("download", type=Path, help="the folder BCCD_Dataset")
    parser.add_argument("--limit", type=int, help="take the first so many photos")
    options = parser.parse_args()
    source = options.download / "BCCD"
    if not (source / "Annotations").is_dir():
        parser.error(f"there is no folder BCCD/Annotations in {options.download}")
    (HERE / "data").mkdir(exist_ok=True)
    given, truth = [], []
    for path in sorted((source / "Annotations").glob("*.xml"))[: options.limit]:
        photo = source / "JPEGImages" / f"{path.stem}.jpg"
        boxes = read_boxes(path)
        shutil.copyfile(photo, HERE / "data" / photo.name)
        given.append({"key": photo.name, "cells": boxes})
        truth.append({"key": photo.name, "cells": without_flaws(boxes)})
    gold = truth[:: max(10, len(truth) // GOLD)]
    chosen = {row["key"] for row in gold}
    write("truth.jsonl", truth)
    write("gold.jsonl", gold)
    write("reference.jsonl", [row for row in given if row["key"] not in chosen])
    print(f"{len(truth):,} photos, {len(gold):,} of them gold")


def read_boxes(path):
    """Read the boxes as they are, flaws and all."""
    boxes = []
    for found in ElementTree.parse(path).iter("object"):
        left, top, right, bottom = (float(found.findtext(f"bndbox/{side}", "0")) for side in ("xmin", "ymin", "xmax", "ymax"))
        boxes.append({"x": left, "y": top, "width": right - left, "height": bottom - top, "label": found.findtext("name", "")})
    return boxes


def without_flaws(boxes):
    """Keep what lies within the photo and has an area, each once."""
    kept = []
    for box in boxes:
        left, top = max(0.0, box["x"]), max(0.0, box["y"])
        width, height = min(WIDTH, box["x"] + box["width"]) - left, min(HEIGHT, box["y"] + box["height"]) - top
        clean = {"x": left, "y": top, "width": width, "height": height, "label": box["label"]}
        if width > 1 and height > 1 and not any(same(clean, other) for other in kept):
            kept.append(clean)
    return kept


def same(one, other):
    width = min(one["x"] + one["width"], other["x"] + other["width"]) - max(one["x"], other["x"])
    height = min(one["y"] + one["height"], other["y"] + other["height"]) - max(one["y"], other["y"])
    common = max(0.0, width) * max(0.0, height)
    union = one["width"] * one["height"] + other["width"] * other["height"] - common
    return one["label"] == other["label"] and common / union > 0.75


def write(name, rows):
    (HERE / name).write_text("".join(json.dumps(row) + "\n" for row in rows), "utf-8")


if __name__ == "__main__":
    main()
