"""Texts of several annotators: the nearest one, and the vote word by word."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright.errors import InvalidInput
from labelwright.stats import medoid_text, text_distance, vote_words
from labelwright.stats.texts.distance import edits

words = st.lists(st.sampled_from(["the", "cat", "sat", "down", "a"]), max_size=7).map(" ".join)


@given(words, words, words)
def test_the_distance_is_one(first, second, third):
    """It is symmetric, 0 for equal texts alone, at most 1, and edits obey the triangle."""
    assert text_distance(first, second) == text_distance(second, first) <= 1
    assert (text_distance(first, second) == 0) == (first.split() == second.split())
    a, b, c = first.split(), second.split(), third.split()
    assert edits(a, c) <= edits(a, b) + edits(b, c)


def noisy(rng, truth, share):
    found = []
    for word in truth:
        luck = rng.random()
        if luck < share / 3:
            continue
        found.append(f"w{rng.integers(50)}" if luck < 2 * share / 3 else word)
        if luck > 1 - share / 3:
            found.append(f"w{rng.integers(50)}")
    return " ".join(found)


def test_the_vote_has_fewer_errors_than_any_single_text_and_the_medoid():
    """Over 60 sentences of five annotators who err in 20% of the words, voting leaves less than a third of the errors."""
    rng = np.random.default_rng(0)
    single = medoid = voted = length = 0
    for _ in range(60):
        truth = [f"t{rng.integers(200)}" for _ in range(15)]
        texts = [noisy(rng, truth, 0.2) for _ in range(5)]
        single += np.mean([edits(truth, text.split()) for text in texts])
        medoid += edits(truth, medoid_text(texts).text.split())
        voted += edits(truth, vote_words(texts).text.split())
        length += len(truth)
    assert voted < medoid < single
    assert voted < single / 3


@given(st.lists(words, min_size=1, max_size=5), st.randoms())
def test_the_order_of_annotators_changes_nothing(texts, random):
    """Neither the medoid nor the vote depends on who comes first, and confidences lie from 0 to 1."""
    mixed = texts[:]
    random.shuffle(mixed)
    assert medoid_text(mixed).text.split() == medoid_text(texts).text.split()
    first, second = vote_words(texts), vote_words(mixed)
    assert first == second
    assert 0 <= first.confidence <= 1
    assert all(0 < share <= 1 for share in first.confidences)
    assert len(first.words) == len(first.confidences)


@given(words, st.integers(1, 5))
def test_copies_are_kept_as_they_are(text, count):
    """Equal texts come out unchanged, with full confidence."""
    assert vote_words([text] * count).words == tuple(text.split())
    assert vote_words([text] * count).confidence == 1
    found = medoid_text([text] * count)
    assert (found.text, found.confidence) == (text, 1.0)


def test_weights_decide():
    """A skilled annotator outvotes two others, and leaving words out can be preferred."""
    texts = ["the red cat", "the cat", "the cat"]
    assert vote_words(texts).text == "the cat"
    assert vote_words(texts, weights=[5, 1, 1]).text == "the red cat"
    assert vote_words(texts, empty=0.3).text == "the red cat"
    assert medoid_text(texts, weights=[5, 1, 1]).place == 0
    assert medoid_text(["ab", "abc", "xyz"], by="characters").text == "ab"


def test_what_makes_no_sense_is_refused():
    """No text, wrong weights and unknown units are explained."""
    for wrong in ([], [None]):
        with pytest.raises(InvalidInput, match="text"):
            vote_words(wrong)
    with pytest.raises(InvalidInput, match="weights"):
        medoid_text(["a"], weights=[-1])
    with pytest.raises(InvalidInput, match="sentences"):
        medoid_text(["a"], by="sentences")
    with pytest.raises(InvalidInput, match="nothing"):
        vote_words(["a"], empty=-1)


def test_texts_without_weight_say_nothing():
    """A text of weight 0 leaves the vote as it is without it, also where it equals one that has weight."""
    for texts, weights in [(["the cat", "the cat"], [0, 1]), (["a cat", "the cat", "the cat sat"], [0, 1, 0])]:
        found = vote_words(texts, weights=weights)
        assert (found.text, found.confidences, found.confidence) == ("the cat", (1.0, 1.0), 1.0)


def test_an_unknown_unit_of_text_is_refused():
    """A misspelt unit is an error and is not taken for characters."""
    for call in (lambda: text_distance("a b", "a c", by="word"), lambda: medoid_text(["a"], by="word")):
        with pytest.raises(InvalidInput, match="word"):
            call()
