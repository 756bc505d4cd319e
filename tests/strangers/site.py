"""Serves a project of palettes with the strangers' package installed, in processes of their own: this one knows nothing of it."""

from __future__ import annotations

import json
import os
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import PIL.Image
import pytest

import labelwright
from labelwright.server.process import running_server

STRANGERS = Path(__file__).parent
ENVIRONMENT = os.pathsep.join([str(STRANGERS), str(Path(labelwright.__file__).parents[1])])

PALETTES = {
    "autumn": ["214 69 65 Red", "243 156 18 Orange", "160 82 45"],
    "sea": [" 26 82 118", " 93 173 226", "163 228 215"],
    "wood": ["110 44 0", "30 132 73", "20 90 50", "125 102 8"],
    "coal": ["40 40 40 Coal"],
}
"""Palettes by the name of their file."""

SCENE = (320, 240)
"""Width and height of the picture that lies beside each."""

PIPELINE = """\
name: palettes
sources: [{{uri: palettes.rec, id: id}}]
prepare: [{{palette: {{most: 16}}}}]
schema:
  data: {{seen: palette, scene: image}}
  questions:
    liking: {{kind: stars, of: seen, title: "How do you like it?"}}
    season: {{kind: choice, of: seen, options: [summer, winter]}}
    leaves: {{kind: outlines, of: scene, options: [leaf], when: "season == 'winter'", required: false}}
assist: {{labelers: [{{warmth: liking}}], unassisted: 0%}}
tasks: {{overlap: 2, gold: 0%}}
checks:
  - {{dull_favourite: 2}}
  - {{too_fast: false}}
  - {{expression: {{that: "seen.count < 4 or liking != '1'", message: "So many colors and one star?", severity: warning}}}}
review: {{sample: 100%, always: [], own: false}}
requirements: ["labeled(liking) >= 50%"]
run: {{store: "{store}"}}
"""


def write(folder: Path, store: str) -> None:
    """Write the project: a file of records that names a palette and a picture each, one of them broken."""
    records = []
    for name, colors in PALETTES.items():
        (folder / f"{name}.gpl").write_text("\n".join(["GIMP Palette", f"Name: {name}", "#", *colors, ""]), "utf-8")
        PIL.Image.new("RGB", SCENE, "#ddd").save(folder / f"{name}.png")
        records.append(f"id: {name}\nseen: {name}.gpl\nscene: {name}.png\nby: somebody\n")
    (folder / "broken.gpl").write_text("GIMP Palette\nred\n", "utf-8")
    records.append("id: broken\nseen: broken.gpl\nscene: coal.png\n")
    (folder / "palettes.rec").write_text("# Palettes\n" + "\n".join(records), "utf-8")
    (folder / "labelwright.yaml").write_text(PIPELINE.format(store=store), "utf-8")


@dataclass
class Site:
    """Where the project is served."""

    folder: Path
    people: dict[str, tuple[str, str]]
    """The token and the session of everybody, by name."""

    address: str = ""

    def program(self, name: str) -> httpx.Client:
        """Return somebody's program, which has a token."""
        headers = {"Authorization": f"Bearer {self.people[name][0]}"}
        return httpx.Client(base_url=self.address, timeout=30, verify=False, headers=headers)


@contextmanager
def served(folder: Path, store: str) -> Iterator[Site]:
    """Run the project once, and serve it with its worker for the length of the block."""
    write(folder, store)
    with pytest.MonkeyPatch.context() as changed:
        changed.setenv("PYTHONPATH", ENVIRONMENT)
        _printed("-m", "labelwright", "run", str(folder), "--json")
        site = Site(folder, _printed(str(STRANGERS / "people.py"), str(folder)))
        with running_server(folder) as site.address:
            yield site


def _printed(*words: str) -> Any:
    """Run Python with the package installed, and return what it printed as JSON."""
    done = subprocess.run([sys.executable, *words], capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr[-3000:] + done.stdout[-3000:]
    return json.loads(done.stdout)


def eventually(true: Callable[[], Any], seconds: float = 60.0) -> Any:
    """Wait until something is true, and return it."""
    ends = time.monotonic() + seconds
    while not (found := true()):
        assert time.monotonic() < ends, "It did not become true in time."
        time.sleep(0.2)
    return found
