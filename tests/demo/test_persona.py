"""Simulated annotators err as people do: in measure, in their own way, and the same each time."""

from __future__ import annotations

from statistics import mean
from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from labelwright.demo.persona import Persona
from labelwright.schema import Answer, Audio, Field, Image, Item, Schema, Text
from labelwright.schema.kinds import Part
from labelwright.schema.kinds.rating import Rating, RatingQuestion

SCHEMA = msgspec.convert(
    {
        "data": {"text": "text", "picture": "image", "sound": "audio"},
        "questions": {
            "intent": {"kind": "choice", "of": "text", "options": ["a", "b", "c", "d", "e"]},
            "names": {"kind": "spans", "of": "text", "options": ["X", "Y"]},
            "things": {"kind": "boxes", "of": "picture", "options": ["X", "Y"]},
            "calls": {"kind": "segments", "of": "sound", "options": ["X", "Y"]},
        },
    },
    Schema,
)
DATA: dict[str, Field] = {
    "text": Text("Nothing is as long as a Monday without coffee."),
    "picture": Image("", 320, 200),
    "sound": Audio("", 6.0, 16_000),
}
NAMES = ("Ada", "Bruno", "Chloe", "Dmitri", "Esra", "Femi")


def truth_of(label: str, places: list[tuple[float, float]]) -> dict[str, Answer]:
    """An answer to each question, with the places at these shares of the item."""
    edges = [(start, min(1.0, start + length)) for start, length in places]
    units = {
        "names": [Part("X", (round(46 * start), round(46 * end))) for start, end in edges if round(46 * end) > round(46 * start)],
        "things": [Part("Y", (320 * start, 200 * start, 320 * (end - start), 200 * (end - start))) for start, end in edges],
        "calls": [Part("X", (6 * start, 6 * end)) for start, end in edges],
    }
    found: dict[str, Answer] = {name: SCHEMA.questions[name].with_parts(found) for name, found in units.items()}
    return {"intent": SCHEMA.questions["intent"].with_parts([Part(label, ())]), **found}


def ask(persona: Persona, truth: dict[str, Answer], key: str, **more: Any) -> dict[str, Answer]:
    return {name: persona.answer(name, question, truth[name], DATA, key=key, **more)[0] for name, question in SCHEMA.questions.items()}


@settings(max_examples=60, deadline=None)
@given(
    label=st.sampled_from("abcde"),
    places=st.lists(st.tuples(st.floats(0.0, 0.8), st.floats(0.05, 0.4)), max_size=5),
    accuracy=st.floats(0.05, 1.0),
    key=st.text(max_size=8),
)
def test_every_answer_is_valid(label: str, places: list[tuple[float, float]], accuracy: float, key: str) -> None:
    """Whatever the truth and the accuracy, answers lie within the item, and the same question gets the same answer again."""
    truth = truth_of(label, places)
    persona = Persona("Ada", accuracy)
    given = ask(persona, truth, key)
    assert SCHEMA.problems(given, Item(1, key, "", DATA)) == {}
    assert given == ask(Persona("Ada", accuracy), truth, key)
    assert ask(Persona("Ada", 1.0), truth, key) == truth


def test_accuracy_is_about_the_one_asked_for() -> None:
    """Over many people and items, choices are right about as often as they should be, some labels more often than others."""
    right = {
        label: mean(
            ask(Persona(name, 0.8), truth_of(label, []), f"item {number}")["intent"] == truth_of(label, [])["intent"]
            for name in NAMES
            for number in range(150)
        )
        for label in "abcde"
    }
    assert mean(right.values()) == pytest.approx(0.8, abs=0.06)
    assert max(right.values()) - min(right.values()) > 0.03


def test_errors_come_together() -> None:
    """Two people who are wrong give the same wrong label far more often than chance would have it."""
    truth = truth_of("a", [])
    answers = {name: [ask(Persona(name, 0.7), truth, f"item {number}")["intent"] for number in range(400)] for name in ("Ada", "Bruno")}
    both = [(one, other) for one, other in zip(*answers.values(), strict=True) if one != truth["intent"] != other]
    assert mean(one == other for one, other in both) > 0.35


def test_the_second_look_is_better() -> None:
    """What comes back is answered right far more often."""
    truth = truth_of("b", [(0.1, 0.2), (0.5, 0.3)])
    persona = Persona("Ada", 0.6)

    def distance(attempt: int) -> float:
        found = [ask(persona, truth, f"item {number}", attempt=attempt) for number in range(200)]
        return mean(SCHEMA.questions[name].distance(truth[name], answers[name]) for answers in found for name in truth)

    assert distance(1) < 0.6 * distance(0)


def test_good_suggestions_are_taken_and_save_time() -> None:
    """A right suggestion is mostly taken over, a wrong one seldom, and taking one over is quicker than answering."""
    persona, truth, wrong = Persona("Ada", 0.85), truth_of("a", []), truth_of("b", [])
    question = SCHEMA.questions["intent"]

    def taken(suggestion: Answer) -> float:
        return mean(
            persona.answer("intent", question, truth["intent"], DATA, key=str(number), suggestion=suggestion)[1] for number in range(200)
        )

    assert taken(truth["intent"]) > 0.85
    assert taken(wrong["intent"]) < 0.2
    quick = mean(persona.seconds(DATA, [(truth["intent"], True)], key=str(number)) for number in range(50))
    slow = mean(persona.seconds(DATA, [(truth["intent"], False)], key=str(number)) for number in range(50))
    assert quick < slow


def test_people_differ() -> None:
    """Each has an accuracy and a pace of his or her own, around the one asked for, and the same each time."""
    people = [Persona.of(name, accuracy=0.85) for name in NAMES]
    assert len({person.accuracy for person in people}) == len(NAMES)
    assert mean(person.accuracy for person in people) == pytest.approx(0.85, abs=0.08)
    assert people == [Persona.of(name, accuracy=0.85) for name in NAMES]


def test_on_a_scale_most_errors_are_near_misses() -> None:
    """Who errs in a rating falls for a point next to the true one far more often than for any other."""
    question = RatingQuestion(of="body", options=("1", "2", "3", "4", "5"))
    persona = Persona("ann", 0.6)
    answers = [persona.answer("stars", question, Rating("2"), {"body": Text("a")}, key=f"k{number}")[0] for number in range(400)]
    off = [abs(int(one.point) - 2) for one in answers if one != Rating("2")]  # type: ignore[attr-defined]
    assert len(off) > 60
    assert off.count(1) > 0.7 * len(off)
