"""Which answers count as the same: server and page are both held to `alike.json`, here and in `ui/src/kinds`."""

from __future__ import annotations

import json
import random
from itertools import combinations
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest

from labelwright import plugins
from labelwright.quality import agreement
from labelwright.quality.aggregation._vote_pairs import compare_votes
from labelwright.schema import AnswerUnion, Schema
from labelwright.schema.kinds import Part, QuestionUnion
from tests.strangers.labelwright_palettes.stars import Stars, StarsQuestion

FILE = json.loads((Path(__file__).parent / "alike.json").read_text("utf-8"))
SCHEMA = msgspec.convert({"data": FILE["data"], "questions": FILE["questions"]}, Schema)


@pytest.mark.parametrize("vector", FILE["vectors"], ids=lambda vector: vector["about"])
def test_answers_are_the_same_where_the_vectors_say_so(vector: dict[str, Any]) -> None:
    """Every two answers of a vector count as the same, or some do not; no answer is another one than any."""
    answers = [msgspec.convert(answer, AnswerUnion | None) for answer in vector["answers"]]
    same = [
        first is second if first is None or second is None else SCHEMA.alike(vector["question"], first, second)
        for first, second in combinations(answers, 2)
    ]
    assert all(same) is vector["alike"]


def test_there_are_vectors_of_every_kind_both_ways() -> None:
    """A kind of ours cannot be left out: each has answers that are the same, and such that are not."""
    tried = {(FILE["questions"][one["question"]]["kind"], one["alike"]) for one in FILE["vectors"] if one["question"] in FILE["questions"]}
    ours = [name for name in plugins.names("kinds") if plugins.load("kinds", name).__name__.startswith("labelwright.")]
    assert {(kind, alike) for kind in ours for alike in (True, False)} <= tried


def test_there_are_vectors_at_the_tolerance_that_a_kind_has_by_itself() -> None:
    """Both sides of the bound are tried with a question that names no tolerance of its own, so that the page's cannot be another one."""
    usual = {name for name, question in FILE["questions"].items() if "same" not in question and SCHEMA.questions[name].shape is not None}
    assert FILE["usual"] == {SCHEMA.questions[name].kind: SCHEMA.filled().questions[name].same for name in usual}
    assert {SCHEMA.questions[name].kind for name in usual} == {question.kind for question in SCHEMA.questions.values() if question.shape}
    for name in usual:
        assert {one["alike"] for one in FILE["vectors"] if one["question"] == name} == {True, False}


def test_the_page_is_told_how_alike_is_the_same() -> None:
    """The schema that the page takes says `same` of each question whose answers can be alike in part, and of no other."""
    told = {name: question.same for name, question in SCHEMA.filled().questions.items()}
    assert {name for name, same in told.items() if same is None} == {name for name, one in SCHEMA.questions.items() if not one.graded}
    assert [told["names"], told["loose"], told["cells"], told["strict"]] == [1, 0.5, 0.5, 0.8]


def test_a_rating_that_is_near_enough_is_the_same_everywhere() -> None:
    """With `same: 0.75` a star of five more or less is no difference: to gold and audits, to agreement, and to the labels one confuses."""
    question = StarsQuestion(of="note", same=0.75)
    schema = Schema(data={"note": "text"}, questions={"liking": question})
    two, three, five = Stars(2), Stars(3), Stars(5)
    assert [schema.alike("liking", two, other) for other in (two, three, five)] == [True, True, False]
    assert [schema.similarity("liking", two, other) for other in (two, three, five)] == [1, 1, 0.25]
    assert StarsQuestion(of="note").similarity(two, three) == 0.75
    data = {
        "item": np.array([1, 1, 2, 2]),
        "user": np.array([1, 2, 1, 2]),
        "label": np.array([1, 2, 1, 4]),
        "version": np.array([1, 1, 1, 1]),
        "annotation": np.array([1, 2, 3, 4]),
        "alone": np.ones(4, dtype=bool),
        "independent": np.ones(4, dtype=bool),
        "at": np.zeros(4),
    }
    compared = compare_votes(question, data, {})
    assert compared.overall.confusions == {("2", "5"): 1}
    assert compared.people == {(1, 2): (2, 1.25)}
    assert agreement.of_votes("liking", question, data, compared, {}, {}).agreement.value == pytest.approx(0.625)


@pytest.mark.parametrize("kind", ["spans", "boxes", "segments"])
def test_the_order_of_marks_decides_nothing(kind: str) -> None:
    """However the marks of two answers are ordered, and whichever answer comes first, they are alike or not, and as similar."""
    luck = random.Random(kind)
    ends = {"spans": 1, "boxes": 8, "segments": 0.25}[kind]
    asked = msgspec.convert({"kind": kind, "of": "it", "options": ["A"], "same": 0.5}, QuestionUnion)

    def drawn() -> list[Part]:
        places = [(luck.randrange(4) * ends, luck.randrange(1, 4) * ends) for _ in range(luck.randrange(1, 5))]
        if kind == "boxes":
            return [Part("A", (start, 0.0, length, 10.0)) for start, length in places]
        return [Part("A", (start, start + length)) for start, length in places]

    for _ in range(300):
        first, second = drawn(), drawn()
        said = set()
        for _ in range(6):
            pair = [asked.with_parts(luck.sample(parts, len(parts))) for parts in luck.sample([first, second], 2)]
            said.add((asked.alike(*pair), round(asked.similarity(*pair), 9)))
        assert len(said) == 1
