"""Texts: what may be written, when two say the same, and what several come to."""

from __future__ import annotations

import random
import unicodedata
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidPipeline
from labelwright.schema.kinds.text import TextAnswer, TextQuestion

WRITTEN = st.text(st.characters(exclude_categories=("Cc", "Cs")), max_size=40)


def asked(**declared: Any) -> TextQuestion:
    question = TextQuestion(of="clip", **declared)
    question.check("schema.questions.heard")
    return question


@pytest.mark.parametrize(
    ("declared", "text", "rule"),
    [
        ({}, " \n\t", "empty_text"),
        ({"max_length": 3}, "four", "too_long"),
        ({"multiline": False}, "one\ntwo", "several_lines"),
        ({"multiline": False}, "one\u2028two", "several_lines"),
        ({}, "a\x00b", "unprintable"),
        ({}, "a\x1b[31mb", "unprintable"),
        ({}, "a\ud800b", "unprintable"),
    ],
)
def test_a_text_that_is_none_is_refused(declared: dict[str, Any], text: str, rule: str) -> None:
    """Nothing, too much, a second line, and characters that cannot be printed or written to a file: each has its rule."""
    assert [one.rule for one in asked(**declared).problems(TextAnswer(text), {})] == [rule]


def test_length_counts_characters_and_not_bytes() -> None:
    """A text of four faces has four characters, however many bytes each of them takes."""
    assert asked(max_length=4).problems(TextAnswer("😀😀😀😀"), {}) == []


def test_a_text_may_have_lines_and_right_to_left_marks() -> None:
    """What people write in any language is kept as it is."""
    written = "שלום\u200f world\n\tline two"
    assert asked().problems(TextAnswer(written), {}) == []
    assert TextAnswer(written).plain() == written


@pytest.mark.parametrize("length", [0, 100_001])
def test_a_length_that_cannot_be_is_refused(length: int) -> None:
    """The bound of a text is itself bounded, for whatever is compared has a cost."""
    with pytest.raises(InvalidPipeline, match="characters at most"):
        asked(max_length=length)


@given(WRITTEN, WRITTEN)
def test_only_white_space_and_composition_make_no_difference(first: str, second: str) -> None:
    """Two texts are at no distance exactly where they have the same words, whatever stands between these and however they are composed."""
    one, other = TextAnswer(first), TextAnswer(second)
    same = unicodedata.normalize("NFC", first).split() == unicodedata.normalize("NFC", second).split()
    assert (asked().distance(one, other) == 0) is same
    spaced = TextAnswer("  " + unicodedata.normalize("NFD", first).replace(" ", " \n"))
    assert asked().alike(one, spaced)


def test_several_come_to_what_somebody_wrote() -> None:
    """Of three texts the one nearest to the others stands, word for word: no patchwork that nobody wrote."""
    texts = [TextAnswer(text) for text in ("the cat sat on the mat", "the cat sat on a mat", "a dog ran off")]
    assert asked().fused(texts, [1, 1, 1]) in texts[:2]
    assert asked().fused(texts, [1, 1, 9]) == texts[2]


@given(st.lists(st.sampled_from(["a b", "a c", "b c", "d", "a b c"]), min_size=1, max_size=7), st.randoms(use_true_random=False))
def test_the_order_of_answers_decides_nothing(written: list[str], luck: random.Random) -> None:
    """What several come to is the same in whichever order they came, also where two are equally near."""
    texts = [TextAnswer(text) for text in written]
    fused = asked().fused(texts, [1.0] * len(texts))
    luck.shuffle(texts)
    assert asked().fused(texts, [1.0] * len(texts)) == fused


def test_careless_annotators_weigh_less() -> None:
    """Whoever is far from what the others write has less weight, so that of two answers the careful one's stands."""
    luck = random.Random(5)
    question = asked(same=0.9)
    items = []
    for _ in range(60):
        truth = question.sample({}, luck)
        items.append(
            {1: question.mistaken(truth, luck, 0.02), 2: question.mistaken(truth, luck, 0.05), 3: question.mistaken(truth, luck, 0.9)}
        )
    weight = question.skills(items).weight
    assert weight[1] > weight[3]
    assert weight[2] > weight[3]
    right = sum(question.fused([item[3], item[1]], [weight[3], weight[1]]) == item[1] for item in items)
    assert right == len(items)
