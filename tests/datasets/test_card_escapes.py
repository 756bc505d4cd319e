"""What people write into a schema stays text in the exported README."""

from __future__ import annotations

import msgspec
import pytest

from labelwright.formats.hugging_face import _card
from labelwright.schema import Schema
from labelwright.schema.markdown import escaped, quoted

HOSTILE = ["<img src=x onerror=alert(1)>", "a | b", "[click](javascript:alert(1))", "**bold**", "`code`", "# head", "two\nlines", "\\|"]


@pytest.mark.parametrize("text", HOSTILE)
def test_a_text_of_ones_own_is_no_markdown_and_no_html(text: str) -> None:
    """Every sign with a meaning stands behind a backslash, and the text is one line."""
    shown = escaped(text)
    assert "\n" not in shown
    bare = shown.replace("\\\\", "")
    for sign in "<|[]`*#":
        assert bare.count(sign) == bare.count(f"\\{sign}")
    assert quoted(text).count("\n") == 0


def test_plain_names_stay_as_they_are() -> None:
    """A name with a hyphen, a point or a colon within words needs no backslash."""
    assert escaped("support-tickets v1.2 a:b") == "support-tickets v1.2 a:b"


def test_a_readme_holds_labels_as_text() -> None:
    """A label with a table's bar and a tag leaves the table as it is."""
    question = {"kind": "choice", "of": "body", "options": HOSTILE[:2]}
    schema = msgspec.convert({"data": {"body": "text"}, "questions": {"intent": question}}, Schema)
    row = _card(schema, {"train": 3}, "0" * 64, folder=False).splitlines()[-1]
    assert row.replace("\\|", "").count("|") == 5
    assert "<img" not in row.replace("\\<", "")
