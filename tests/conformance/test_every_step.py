"""Every step, bundled or installed, keeps the contract of `prepare/steps`."""

from __future__ import annotations

import copy
import io
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright.prepare import steps
from labelwright.prepare.draft import Context, ItemDraft
from labelwright.prepare.items import make
from labelwright.prepare.plan import make_plan
from labelwright.schema import Schema
from labelwright.schema.modalities import MODALITIES
from labelwright.store.blobs import Blobs

STEPS = steps.names()

SCHEMA = Schema(data={"body": "text", "photo": "image", "clip": "audio"}, questions={})

REQUIRED: dict[str, dict[str, Any]] = {"split": {"field": "body"}, "python": {"file": "steps.py"}}
"""Options without which a step makes no sense."""


def media(blobs: Blobs) -> dict[str, Any]:
    import numpy as np
    import soundfile
    from PIL import Image

    photo, clip = io.BytesIO(), io.BytesIO()
    Image.new("RGB", (30, 20), "teal").save(photo, "PNG")
    soundfile.write(clip, np.zeros(800), 8000, format="WAV")
    return {"photo": {"blob": blobs.put(photo.getvalue())}, "clip": {"blob": blobs.put(clip.getvalue())}}


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    (tmp_path / "steps.py").write_text("from labelwright.prepare import step\n\n@step\ndef same(row):\n    return row\n")
    return tmp_path


@pytest.mark.parametrize("name", STEPS)
def test_it_explains_itself(name: str) -> None:
    """It has a first line and an example, and frozen options that refuse unknown names."""
    module = steps.load(name)
    told = module.Options.__doc__ if name in MODALITIES else module.__doc__
    assert told.partition("\n")[0].endswith((".", ","))
    assert "Example:" in told
    config = module.Options.__struct_config__
    assert config.frozen
    assert config.forbid_unknown_fields
    assert module.Options.__doc__ or not module.Options.__struct_fields__


@pytest.mark.parametrize("name", STEPS)
def test_the_same_row_gives_the_same_items_and_stays_as_it_was(name: str, folder: Path) -> None:
    """A step changes nothing but what it returns, and its result does not depend on when it runs."""
    blobs = Blobs(folder / "blobs")
    context = Context(SCHEMA, blobs)
    plan = make_plan([{name: REQUIRED.get(name, {})}], SCHEMA, folder)
    columns = {"body": "one\r\n\r\ntwo", "other": [1, {"deep": None}], **media(blobs)}
    given = ItemDraft("K", copy.deepcopy(columns))
    first = [make(draft, SCHEMA) for draft in plan.run(given, context)]
    assert given.columns == columns
    again = [make(draft, SCHEMA) for draft in plan.run(ItemDraft("K", copy.deepcopy(columns)), context)]
    assert first == again
    assert first
    assert len({made.key for made in first}) == len(first)
    assert plan.digest == make_plan([{name: REQUIRED.get(name, {})}], SCHEMA, folder).digest


@pytest.mark.parametrize("name", STEPS)
def test_options_decide_about_the_digest(name: str, folder: Path) -> None:
    """A plan with the step is another plan than one without it, unless it would have run by itself with these options."""
    without = make_plan([], SCHEMA, folder).digest
    with_it = make_plan([{name: REQUIRED.get(name, {})}], SCHEMA, folder).digest
    assert (with_it == without) <= (name in SCHEMA.data.values())


@pytest.mark.parametrize("name", STEPS)
def test_a_row_without_its_columns_is_refused_with_a_reason(name: str, folder: Path) -> None:
    """The error is one that people can read, and names the column or says what is missing."""
    from labelwright.errors import LabelwrightError

    context = Context(SCHEMA, Blobs(folder / "blobs"))
    plan = make_plan([{name: REQUIRED.get(name, {})}], SCHEMA, folder)
    bodies: list[dict[str, Any]] = [{}, {"body": None}, {"body": "x", "photo": "no.png", "clip": {"blob": "0" * 64}}]
    for columns in bodies:
        with pytest.raises(LabelwrightError) as caught:
            [make(draft, SCHEMA) for draft in plan.run(ItemDraft("K", columns), context)]
        assert msgspec.json.encode(str(caught.value))
