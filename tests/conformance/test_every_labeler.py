"""Every labeler, and every small model, keeps the contract of its folder, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import msgspec
import pytest

from labelwright import plugins
from labelwright.assist import suggest
from labelwright.assist.labelers.base import Declined
from labelwright.assist.learners import learner_for, learners
from labelwright.assist.learners.base import LabeledItem, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.schema import Item, Schema, Text
from labelwright.store.project import Project
from tests.quality.test_graded_votes import Points, PointsQuestion

SCHEMA = {
    "data": {"body": "text", "photo": "image", "clip": "audio"},
    "questions": {
        "intent": {"kind": "choice", "of": "body", "options": ["a", "b"]},
        "scene": {"kind": "choice", "of": "photo", "options": ["a", "b"]},
        "sound": {"kind": "choice", "of": "clip", "options": ["a", "b"]},
        "entities": {"kind": "spans", "of": "body", "options": ["A", "B"]},
        "cells": {"kind": "boxes", "of": "photo", "options": ["A", "B"]},
        "speech": {"kind": "segments", "of": "clip", "options": ["A", "B"]},
    },
}

GIVEN = {"functions": "rules.py"}
"""What labelers that need an option are given."""


@pytest.fixture(params=plugins.names("labelers"))
def labeler(request: pytest.FixtureRequest) -> ModuleType:
    return plugins.load("labelers", request.param)


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    project = make_project(SCHEMA)
    (project.folder / "rules.py").write_text(
        "from labelwright import labeling_function\n@labeling_function(question='intent')\ndef f(item): return 'a'\n"
    )
    return project


def test_it_is_documented(labeler: ModuleType):
    """The docstring tells what it does, and an example; options have a docstring too, and unknown ones are errors."""
    assert "Example: " in (labeler.__doc__ or "")
    assert labeler.Options.__doc__
    assert labeler.Options.__struct_config__.forbid_unknown_fields
    assert labeler.SHORT in {field.name for field in msgspec.structs.fields(labeler.Options)}


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_an_empty_project_is_no_reason_to_fail(labeler: ModuleType, project: Project):
    """Without items and labels it has nothing to do, twice."""
    name = labeler.__name__.rpartition(".")[2]
    declared = [{name: GIVEN.get(name, {})}]
    for _ in range(2):
        report = suggest(project, declared)
        assert (report.written, report.removed) == (0, 0)
        assert report.labelers


@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_it_opens_with_name_question_and_version(labeler: ModuleType, project: Project):
    """Each labeler that it opens names a question of the project, and has the same version when it is opened again."""
    name = labeler.__name__.rpartition(".")[2]
    options = msgspec.convert({labeler.SHORT: GIVEN[name]} if name in GIVEN else {}, labeler.Options)
    opened = [labeler.open_labelers(options, project, "assist.labelers[0]", lambda *told: None) for _ in range(2)]
    assert opened[0]
    for first, second in zip(*opened, strict=True):
        assert first.question in project.schema.questions
        assert first.name == second.name
        if isinstance(first, Declined):
            assert first.reason
        else:
            assert first.version == second.version
            assert first.propose([]) == []


@pytest.mark.parametrize("learner", learners(), ids=lambda learner: learner.METHOD)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_every_model_says_when_there_is_too_little(learner: ModuleType, project: Project):
    """Without labels a model says what it needs; it has a name, a version, and the questions that it is for."""
    assert learner.__doc__
    assert learner.METHOD
    assert learner.VERSION
    schema: Schema = project.schema
    fitting = [question for question in schema.questions.values() if learner_for(question, schema) is learner]
    assert fitting
    for question in fitting:
        with pytest.raises(TooLittle, match=r"need"):
            learner.learn(question, [], ItemMedia(project), 5)


def test_a_kind_of_somebody_elses_is_learned_by_what_it_asks(make_project: Callable[..., Project]):
    """A learner is chosen by the shape of the marks, or for votes, and the modality: ratings are learned as choices are, by their votes."""
    schema = msgspec.convert({"data": {"body": "text"}, "questions": {}}, Schema)
    question = PointsQuestion(of="body")
    learner = learner_for(question, schema)
    assert learner is not None
    assert learner.METHOD == "tfidf_logistic"
    texts = [f"{'very good and fine' if number % 2 else 'rather bad and poor'} number {number}" for number in range(40)]
    examples = [
        LabeledItem(Item(number, f"t{number}", "r", {"body": Text(text)}), Points(5 if number % 2 else 1), f"g{number}")
        for number, text in enumerate(texts)
    ]
    media = ItemMedia(make_project())
    learned = learner.learn(question, examples, media, 5)
    proposals = learner.load(question, learned.arrays).predict([one.item for one in examples[:2]], media)
    assert [one.answer for one in proposals] == [Points(1), Points(5)]
    assert learner_for(question, msgspec.convert({"data": {"body": "image"}, "questions": {}}, Schema)).METHOD != learner.METHOD
