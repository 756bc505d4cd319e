"""Which questions are asked: conditions of the pipeline file, as they are read and as they hold."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright.errors import InvalidPipeline
from labelwright.pipeline.declare import Pipeline
from labelwright.schema import Item, Schema, Text
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans

FILE = """\
name: tickets
sources: [tickets.jsonl]
schema:
  data: {{body: text}}
  questions:
    intent: {{kind: choice, of: body, options: [refund, bug]}}
    amount:
      kind: choice
      of: body
      options: [small, large]
      when: {when}
    reason: {{kind: choice, of: body, options: [late, broken], when: "intent == 'bug'"}}
"""


def schema(**conditions: str) -> Schema:
    """A schema of three questions, some of them with a condition."""
    asked: dict[str, dict[str, Any]] = {
        "intent": {"kind": "choice", "of": "body", "options": ["refund", "bug"]},
        "amount": {"kind": "choice", "of": "body", "options": ["small", "large"]},
        "parts": {"kind": "spans", "of": "body", "options": ["DATE"], "required": False},
    }
    for name, when in conditions.items():
        asked[name]["when"] = when
    found = msgspec.convert({"data": {"body": "text"}, "questions": asked}, Schema)
    found.check()
    return found


def item(text: str = "Pay me", **meta: Any) -> Item:
    return Item(1, "t1", "r", {"body": Text(text)}, meta)


@pytest.mark.parametrize(
    ("when", "message", "hint"),
    [
        ("intnet == 'refund'", "There is no question or field 'intnet'.", "intent"),
        ("intent == 'refnd'", "'refnd' is none of the labels.", "refund"),
        ("amount == 'small'", "Whether 'amount' is asked cannot depend on its own answer.", "before it"),
        (
            "reason == 'late'",
            "Whether 'amount' is asked cannot depend on 'reason', which is asked after it.",
            "Put 'reason' before 'amount'",
        ),
        ("intent = 'refund'", "A single = compares nothing.", "=="),
        ("", "The expression is empty.", ""),
    ],
)
def test_a_wrong_condition_is_refused_when_the_file_is_read(tmp_path: Path, when: str, message: str, hint: str) -> None:
    """What is misspelled, and what is asked later or is the question itself, is named with its line and what to do."""
    (tmp_path / "labelwright.yaml").write_text(FILE.format(when=f'"{when}"'), "utf-8")
    with pytest.raises(InvalidPipeline) as refused:
        Pipeline.load(tmp_path)
    assert refused.value.message == message
    assert (refused.value.where or "").startswith("labelwright.yaml line 11, schema.questions.amount.when")
    assert hint in (refused.value.hint or "")


def test_two_questions_cannot_wait_for_each_other() -> None:
    """A circle of conditions is refused at the first of them."""
    with pytest.raises(InvalidPipeline, match="'intent' is asked cannot depend on 'amount'"):
        schema(intent="amount == 'small'", amount="intent == 'refund'")


def test_a_question_is_asked_where_its_condition_holds() -> None:
    """The answers before it, the item's fields and its columns decide; questions without a condition are always asked."""
    asked = schema(amount="intent == 'refund' and len(body) > 3", parts="meta.price > 5").asked
    assert asked({}, item()) == ["intent"]
    assert asked({"intent": Choice("refund")}, item()) == ["intent", "amount"]
    assert asked({"intent": Choice("refund")}, item("Pay")) == ["intent"]
    assert asked({"intent": Choice("bug")}, item(price=7)) == ["intent", "parts"]


def test_an_answer_that_is_not_asked_decides_nothing() -> None:
    """A question that follows from another one is not asked where that one is not, whatever was answered to it."""
    chain = schema(amount="intent == 'refund'", parts="amount == 'large'")
    values = {"intent": Choice("bug"), "amount": Choice("large")}
    assert chain.asked(values, item()) == ["intent"]
    assert chain.asked({**values, "intent": Choice("refund")}, item()) == ["intent", "amount", "parts"]
    assert chain.asked({**values, "intent": Spans(())}, item()) == ["intent"]


def test_what_cannot_be_told_is_asked() -> None:
    """Nobody misses a question because a column has a text where the condition takes a number."""
    assert schema(amount="meta.price > 5").asked({}, item(price="seven")) == ["intent", "amount", "parts"]


def test_an_answer_is_missing_only_where_it_is_asked_for_and_refused_where_it_is_not() -> None:
    """Not asked is a state of its own: neither answered nor missing."""
    both = schema(amount="intent == 'refund'")
    assert both.problems({"intent": Choice("bug")}, item()) == {}
    assert [one.rule for one in both.problems({"intent": Choice("refund")}, item())["amount"]] == ["missing_answer"]
    (problem,) = both.problems({"intent": Choice("bug"), "amount": Choice("small")}, item())["amount"]
    assert problem.message == "The question 'amount' is asked only when intent == 'refund'. Leave its answer out."


def test_a_condition_may_look_into_lists() -> None:
    """What is marked decides what is asked next."""
    marked = msgspec.convert(
        {
            "data": {"body": "text"},
            "questions": {
                "parts": {"kind": "spans", "of": "body", "options": ["DATE"]},
                "urgent": {"kind": "choice", "of": "body", "options": ["yes", "no"], "when": "any(parts, text == 'now')"},
            },
        },
        Schema,
    )
    assert marked.asked({"parts": Spans((Span(4, 7, "DATE"),))}, item("Pay now")) == ["parts", "urgent"]
    assert marked.asked({"parts": Spans((Span(0, 3, "DATE"),))}, item("Pay now")) == ["parts"]


def test_a_file_without_conditions_is_the_version_that_it_was(tmp_path: Path) -> None:
    """The new key leaves no trace in what is stored of questions that do not have it."""
    assert "when" not in msgspec.to_builtins(schema())["questions"]["intent"]


def test_an_item_that_lacks_a_field_is_asked_by_the_rest_of_it() -> None:
    """An item from before a field was added, or became another modality, has nothing there; the condition is worked out all the same."""
    found = msgspec.convert(
        {
            "data": {"body": "text", "photo": "image", "clip": "audio"},
            "questions": {
                "long": {"kind": "choice", "of": "body", "options": ["yes"], "when": "len(body) > 3"},
                "wide": {"kind": "choice", "of": "photo", "options": ["yes"], "when": "photo.width > 3 or data.body.text == 'Pay'"},
                "late": {"kind": "choice", "of": "clip", "options": ["yes"], "when": "clip.duration == none"},
            },
        },
        Schema,
    )
    assert found.asked({}, Item(1, "t1", "r", {})) == ["late"]
    assert found.asked({}, Item(1, "t1", "r", {"body": Text("Pay"), "photo": Text("x"), "clip": Text("x")})) == ["wide", "late"]


def nested(depth: int) -> Any:
    value: Any = "x"
    for _ in range(depth):
        value = [value]
    return value


@pytest.mark.parametrize("value", [nested(900), {"a": nested(900)}, 10**4299, -(10**4299)])
def test_no_column_is_too_odd(value: Any) -> None:
    """Lists within lists within lists, and numbers of thousands of digits, cannot be told, and so ask."""
    assert "amount" in schema(amount="meta.odd > 'a' and false").asked({}, item(odd=value))
    assert "amount" in schema(amount="len(meta.odd) > meta.odd").asked({}, item(odd=value))


def test_all_conditions_of_an_item_share_their_steps() -> None:
    """Whoever marks a thousand places keeps nobody waiting: what would take too long asks, and so does all that comes after it."""
    found = msgspec.convert(
        {
            "data": {"body": "text"},
            "questions": {
                "parts": {"kind": "spans", "of": "body", "options": ["DATE"]},
                **{
                    f"next{number}": {
                        "kind": "choice",
                        "of": "body",
                        "options": ["yes"],
                        "when": "any(a in parts, any(b in parts, a.end < b.start))",
                    }
                    for number in range(3)
                },
            },
        },
        Schema,
    )
    few, many = (Spans(tuple(Span(0, 3, "DATE") for _ in range(number))) for number in (120, 250))
    assert found.asked({"parts": few}, item()) == ["parts", "next2"]
    assert found.asked({"parts": many}, item()) == ["parts", "next0", "next1", "next2"]
