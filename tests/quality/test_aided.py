"""Agreement is about answers that were given alone: a suggestion in view makes people agree, right or wrong."""

from __future__ import annotations

from collections.abc import Callable

import pytest

from labelwright.api.reports import QuestionAgreement
from labelwright.quality import QualityPolicy, refresh
from labelwright.schema import StandingSuggestion
from labelwright.schema.kinds import Answer
from labelwright.store.codec import encode
from labelwright.store.project import Project
from labelwright.store.reports import read_reports
from tests.quality.answers import answer, choice, spans
from tests.rows import add_texts, add_users

Make = Callable[..., Project]

SCHEMA = {
    "data": {"body": "text"},
    "questions": {
        "intent": {"kind": "choice", "of": "body", "options": ["bug", "other"]},
        "parts": {"kind": "spans", "of": "body", "options": ["PRODUCT", "DATE"], "required": False},
    },
}

GIVEN: dict[str, tuple[Answer, Answer]] = {
    "intent": (choice("bug"), choice("other")),
    "parts": (spans((0, 4, "PRODUCT")), spans((5, 6, "DATE"))),
}
"""To each question two answers that differ."""


def agreement(project: Project, question: str, *, alone: int, aided: int, half: bool = False) -> QuestionAgreement:
    """Two people agree on every item that both answered with a suggestion in view, and on half of the others."""
    ann, bob = add_users(project, "ann", "bob")
    ids = add_texts(project, [f"text number {index}" for index in range(alone + aided)])
    one, other = GIVEN[question]
    for index, item in enumerate(ids[:alone]):
        answer(project, [(item, ann, {question: one if index % 4 < 2 else other}), (item, bob, {question: one if index % 2 else other})])
    shown = encode([StandingSuggestion(question=question, labeler="rules", version="1", score=None, taken=True)])
    for item in ids[alone:]:
        answer(project, [(item, ann, {question: one})], assisted=1, suggested=shown)
        answer(project, [(item, bob, {question: one})], assisted=int(not half), suggested=shown)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    with project.database.read() as connection:
        made = read_reports(connection, project.id, "agreement").agreement
    assert made is not None
    return next(found for found in made.questions if found.question == question)


@pytest.mark.parametrize("question", GIVEN)
def test_agreement_counts_answers_given_without_a_suggestion_in_view(make_project: Make, question: str) -> None:
    """Two people agree on half of 40 items that they answered alone; 60 where both followed a suggestion change nothing and are told."""
    found = agreement(make_project(SCHEMA), question, alone=40, aided=60)
    assert (found.agreement.value, found.agreement.count, found.aided) == (0.5, 40, 60)
    assert found.alpha.value is not None
    assert found.alpha.value < 0.1


@pytest.mark.parametrize("question", GIVEN)
def test_one_answer_with_a_suggestion_in_view_leaves_no_pair(make_project: Make, question: str) -> None:
    """An item counts where two people answered it alone; one alone and one with the suggestion are no evidence of agreement."""
    found = agreement(make_project(SCHEMA), question, alone=40, aided=60, half=True)
    assert (found.agreement.value, found.agreement.count, found.aided) == (0.5, 40, 60)


@pytest.mark.parametrize("question", GIVEN)
def test_too_few_answers_given_alone_are_not_enough_evidence(make_project: Make, question: str) -> None:
    """With 10 items answered alone and 60 not, nothing is said, by items or by annotators, and the reason says what to do."""
    found = agreement(make_project(SCHEMA), question, alone=10, aided=60)
    for figure in (found.alpha, found.agreement, found.alpha_by_annotators, found.agreement_by_annotators):
        assert figure is not None
        assert figure.value is None
        assert "Not enough evidence: 10 items" in figure.reason
        assert "assist.unassisted" in figure.reason


def test_a_suggestion_for_another_question_is_none_for_this_one(make_project: Make) -> None:
    """What counts is the question for which a suggestion was in view: the answers to the others were given alone."""
    project = make_project(SCHEMA)
    ann, bob = add_users(project, "ann", "bob")
    shown = encode([StandingSuggestion(question="parts", labeler="rules", version="1", score=None, taken=True)])
    for item in add_texts(project, [f"text number {index}" for index in range(30)]):
        for user in (ann, bob):
            answer(project, [(item, user, {"intent": choice("bug"), "parts": spans((0, 4, "PRODUCT"))})], assisted=1, suggested=shown)
    refresh(project, QualityPolicy(consensus="majority", label_errors=False))
    with project.database.read() as connection:
        made = read_reports(connection, project.id, "agreement").agreement
    assert made is not None
    counted = {found.question: (found.agreement.count, found.aided) for found in made.questions}
    assert counted == {"intent": (30, 0), "parts": (0, 30)}
