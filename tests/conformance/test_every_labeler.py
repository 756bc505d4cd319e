"""Every labeler, and every small model, keeps the contract of its folder, whoever wrote it."""

from __future__ import annotations

from collections.abc import Callable
from types import ModuleType

import msgspec
import pytest

from labelwright import plugins
from labelwright.assist import suggest
from labelwright.assist.labelers.base import Declined
from labelwright.assist.learners import learners
from labelwright.assist.learners.base import TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.schema import Schema
from labelwright.store.project import Project

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
    fitting = [question for question in schema.questions.values() if (question.kind, schema.data[question.of]) in learner.ANSWERS]
    assert fitting
    for question in fitting:
        with pytest.raises(TooLittle, match=r"need"):
            learner.learn(question, [], ItemMedia(project), 5)
