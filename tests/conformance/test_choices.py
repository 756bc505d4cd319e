"""What a choice reads beside texts."""

from __future__ import annotations

from typing import Any

import pytest

from labelwright.errors import InvalidInput
from labelwright.schema.kinds.choice import ChoiceQuestion


@pytest.mark.parametrize(
    ("labels", "given", "read"),
    [
        (("0", "1"), 0, "0"),
        (("0", "1"), True, "1"),
        (("0", "1"), 1.0, "1"),
        (("true", "false"), False, "false"),
        (("1.5", "2"), 1.5, "1.5"),
    ],
)
def test_numbers_and_truth_values_are_labels_where_the_labels_are_such(labels: tuple[str, ...], given: Any, read: str) -> None:
    """A table's 0 is the label '0', and its true is 'true' or '1'; what is no label is refused as before."""
    question = ChoiceQuestion(of="body", options=labels)
    assert question.from_plain(given).label == read
    with pytest.raises(InvalidInput):
        question.from_plain(7)
