"""The page knows kinds of answers and modalities by their folders alone."""

from __future__ import annotations

import re
from pathlib import Path

from labelwright import plugins

UI = Path(__file__).parents[2] / "ui" / "src"

KINDS = {name: plugins.load("kinds", name).QUESTION for name in plugins.names("kinds")}
MODALITIES = frozenset().union(*(question.modalities for question in KINDS.values()))

LADDER = re.compile(
    r"""\b(?:kind|modality)\s*[!=]==?|[!=]==?\s*[\w.?]*\.(?:kind|modality)\b|\bswitch \([\w.?]*(?:kind|modality)\)"""
    rf"""|(["'`])(?:{"|".join(sorted(KINDS.keys() - {"text", "number"}))})\1"""
)
"""Where code asks which kind or modality it has, or names a kind; `text` and `number` are names of other things too."""


def test_every_kind_and_every_modality_has_a_folder_on_the_page() -> None:
    """What the server knows the page knows, and nothing else; each folder exports an object of that name."""
    for folder, names in (("kinds", set(KINDS)), ("viewers", set(MODALITIES))):
        found = {path.parent.name: path.read_text("utf-8") for path in (UI / folder).glob("*/index.ts")}
        assert set(found) == names, folder
        assert [name for name, code in found.items() if f'name: "{name}"' not in code or "export default" not in code] == []


def test_components_are_components() -> None:
    """The folder of components holds nothing else; what only helps stands with what it helps."""
    assert [path.name for path in (UI / "components").rglob("*.*") if path.suffix != ".svelte"] == []


def ladders(root: Path) -> list[str]:
    """Every such place below a folder, as file and line. Kinds and viewers know themselves, and the server generates its types."""
    found = []
    for path in sorted([*root.rglob("*.ts"), *root.rglob("*.svelte")]):
        place = path.relative_to(root)
        if place.parts[0] in ("kinds", "viewers") or place.name.endswith(".test.ts") or str(place) == "core/server.ts":
            continue
        lines = enumerate(path.read_text("utf-8").splitlines(), 1)
        found += [f"{place}:{number}: {line.strip()}" for number, line in lines if LADDER.search(line)]
    return found


def test_nothing_else_asks_for_a_kind_or_a_modality(tmp_path: Path) -> None:
    """Outside of the two folders the page asks no answer for its kind and no field for its modality: file and line are told."""
    asked = [
        "a.kind === b",
        "question.kind !== other",
        "x === field.modality",
        "switch (answer.kind) {",
        'MARKS["boxes"]',
        "one == 'spans'",
    ]
    (tmp_path / "pages").mkdir()
    (tmp_path / "pages" / "Some.svelte").write_text("\n".join([*asked, "kindOf(question).tool", "const { kind } = answer;"]), "utf-8")
    assert [line.split(": ")[0] for line in ladders(tmp_path)] == [f"pages/Some.svelte:{n + 1}" for n in range(len(asked))]
    assert ladders(UI) == []
