"""The small models: what they learn from real data, when they learn again, and what they leave alone."""

from __future__ import annotations

import io
import random
from collections.abc import Callable, Sequence
from typing import Any

import msgspec
import numpy as np
import pytest
import sqlalchemy as sa
from PIL import Image

from labelwright.assist import out_of_fold, suggest
from labelwright.assist.labelers import model
from labelwright.assist.learners.base import LearningResult
from labelwright.assist.proposal import Proposal
from labelwright.schema import Image as Picture
from labelwright.schema import Item, Text
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer
from labelwright.store.project import Project
from tests.assist import make
from tests.rows import add_known, count
from tests.shared import shared

MODEL = [{"model": {}}]
WORDS = {"ham": ["lunch", "home", "see", "you", "later", "mum"], "spam": ["win", "prize", "free", "call", "now", "cash"]}

sqlite = pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)


def messages(count: int, seed: int = 0) -> tuple[list[str], list[dict[str, Any]]]:
    """Made-up messages that a model can learn."""
    random_ = random.Random(seed)
    labels = [random_.choice(["ham", "spam"]) for _ in range(count)]
    return labels, [{"body": Text(" ".join(random_.choices(WORDS[label], k=5)) + f" {index}")} for index, label in enumerate(labels)]


def report(project: Project) -> dict[str, Any]:
    """The report of the newest version."""
    rows = tables.labeler_versions
    with project.database.read() as connection:
        body = connection.scalar(sa.select(rows.c.report).order_by(rows.c.id.desc()).limit(1))
    found: dict[str, Any] = decode(body or "{}")
    return found


def held_out(project: Project, truth: dict[int, Any]) -> tuple[int, float, float]:
    """How many suggestions there are, and their mean agreement with the truth beside their mean score."""
    (question,) = project.schema.questions.values()
    found = [
        (1 - question.distance(decode_answer(answer), truth[item]), score)
        for item, answer, score in make.suggestions(project, "item_id", "answer", "score")
    ]
    return len(found), float(np.mean([one for one, _ in found])), float(np.mean([score for _, score in found]))


def test_a_model_learns_and_suggests_the_rest(make_project: Callable[..., Project]):
    """It suggests for unlabeled items only, writes nothing the second time, and its suggestions are right."""
    project = make_project(make.CHOICE)
    labels, fields = messages(80)
    items = make.add(project, fields)
    make.label(project, "kind", dict(zip(items[:60], make.choices(labels), strict=False)))
    first = suggest(project, MODEL)
    assert first.written == 20
    found = {item: decode_answer(answer).label for item, answer in make.suggestions(project, "item_id", "answer")}
    assert found == dict(zip(items[60:], labels[60:], strict=True))
    before = make.suggestions(project)
    assert suggest(project, MODEL).written == 0
    assert make.suggestions(project) == before
    assert count(project, tables.annotations) == 0


@sqlite
def test_it_learns_again_when_enough_is_new(make_project: Callable[..., Project]):
    """A few new labels change nothing, a fifth more make a new version; what labeled items were suggested stays."""
    project = make_project(make.CHOICE)
    labels, fields = messages(100)
    items = make.add(project, fields)
    answers = make.choices(labels)
    make.label(project, "kind", dict(zip(items[:60], answers[:60], strict=True)))
    suggest(project, MODEL)
    versions = dict(make.suggestions(project, "item_id", "version"))
    make.label(project, "kind", dict(zip(items[60:70], answers[60:70], strict=True)))
    assert suggest(project, MODEL).written == 0
    make.label(project, "kind", dict(zip(items[70:72], answers[70:72], strict=True)))
    assert suggest(project, MODEL).written == 28
    after = dict(make.suggestions(project, "item_id", "version"))
    assert [after[item] == versions[item] for item in items[60:]] == [True] * 12 + [False] * 28
    assert report(project)["labels"] == 72


@sqlite
def test_too_few_labels_teach_nothing(make_project: Callable[..., Project]):
    """With too few labels of two classes the model says so and suggests nothing; the first labels are no reason to fail."""
    project = make_project(make.CHOICE)
    labels, fields = messages(30)
    items = make.add(project, fields)
    assert suggest(project, MODEL).labelers[0].note == "Two labels need 5 labeled items each; so far: ham 0, spam 0."
    make.label(project, "kind", dict(zip(items[:6], make.choices(labels), strict=False)))
    told = suggest(project, MODEL)
    assert (told.written, told.labelers[0].version) == (0, None)
    assert "need 5" in (told.labelers[0].note or "")


@sqlite
def test_what_cannot_be_learned_is_not_suggested(make_project: Callable[..., Project]):
    """Where labels have nothing to do with the texts, the model declines and says how good guessing is."""
    project = make_project(make.CHOICE)
    _, fields = messages(100)
    labels = [random.Random(index).choice(["ham", "spam"]) for index in range(100)]
    items = make.add(project, fields)
    make.label(project, "kind", dict(zip(items[:80], make.choices(labels), strict=False)))
    told = suggest(project, MODEL)
    assert told.written == 0
    assert "On items that it had not seen" in (told.labelers[0].note or "")


@sqlite
def test_gold_items_look_like_all_others(make_project: Callable[..., Project]):
    """The model learns nothing from gold items and suggests for them as for any unlabeled item."""
    project = make_project(make.CHOICE)
    labels, fields = messages(70)
    items = make.add(project, fields)
    make.label(project, "kind", dict(zip(items[:50], make.choices(labels), strict=False)))
    for item in items[50:60]:
        add_known(project, item, {"kind": Choice("ham")})
    suggest(project, MODEL)
    assert report(project)["labels"] == 50
    assert [item for (item,) in make.suggestions(project, "item_id")] == items[50:]


@sqlite
def test_the_same_labels_give_the_same_model(make_project: Callable[..., Project]):
    """Learning again from the same labels gives the same version, report and bytes; the model comes back from its arrays."""
    first, second = make_project(make.CHOICE, name="one"), make_project(make.CHOICE, name="two")
    labels, fields = messages(60)
    stored = []
    for project in (first, second):
        items = make.add(project, fields)
        make.label(project, "kind", dict(zip(items[:50], make.choices(labels), strict=False)))
        suggest(project, MODEL)
        rows = tables.labeler_versions
        with project.database.read() as connection:
            row = connection.execute(sa.select(rows).where(rows.c.project_id == project.id)).one()
        body = decode(row.report)
        # The predictions name the items, which have other numbers in each project.
        body.pop("out_of_fold")
        stored.append((row.version, row.model, row.trained_on, body))
    assert stored[0] == stored[1]


@sqlite
def test_out_of_fold_predictions_are_kept(make_project: Callable[..., Project]):
    """Every labeled item has probabilities of a model that had not seen it, for those who look for wrong labels."""
    project = make_project(make.CHOICE)
    labels, fields = messages(60)
    labels[7] = "ham" if labels[7] == "spam" else "spam"
    items = make.add(project, fields)
    make.label(project, "kind", dict(zip(items, make.choices(labels), strict=True)))
    assert out_of_fold(project, "kind") is None
    suggest(project, MODEL)
    found = out_of_fold(project, "kind")
    assert found is not None
    assert (found.item_ids.tolist(), found.classes, found.probabilities.shape) == (items, ["ham", "spam"], (60, 2))
    given = found.probabilities[np.arange(60), found.labels]
    assert int(given.argmin()) == 7


@sqlite
def test_groups_are_never_in_two_folds(make_project: Callable[..., Project]):
    """With a group column, accuracy is measured on groups that were not seen: what only tells groups apart is worth nothing."""
    project = make_project(make.CHOICE)
    fields = [{"body": Text(f"customer{index % 10} writes")} for index in range(80)]
    labels = [["ham", "spam"][index % 10 % 2] for index in range(80)]
    items = make.add(project, fields, [{"customer": index % 10} for index in range(80)])
    make.label(project, "kind", dict(zip(items[:70], make.choices(labels), strict=False)))
    assert suggest(project, [{"model": {"group": "customer"}}]).written == 0
    assert suggest(project, MODEL).written == 10


@sqlite
def test_spam(make_project: Callable[..., Project]):
    """On real messages it is right in more than 95 of 100 that it suggests, and its scores say so."""
    project = make_project(make.CHOICE)
    rows = make.messages(shared("data/sms_spam"), 800)
    items = make.add(project, [{"body": Text(text)} for _, text in rows])
    answers = make.choices([label for label, _ in rows])
    make.label(project, "kind", dict(zip(items[:600], answers[:600], strict=True)))
    suggest(project, MODEL)
    assert report(project)["accuracy"] > 0.95
    assert report(project)["calibration_error"] < 0.03
    suggested, right, score = held_out(project, dict(zip(items, answers, strict=True)))
    assert suggested > 190
    assert right > 0.95
    assert abs(right - score) < 0.04


@sqlite
def test_spoken_digits(make_project: Callable[..., Project]):
    """Real recordings of spoken digits are told apart, and their numbers are made only once."""
    schema = {"data": {"clip": "audio"}, "questions": {"digit": {"kind": "choice", "of": "clip", "options": list("0123456789")}}}
    project = make_project(schema)
    fields, digits, speakers = make.clips(project, shared("data/fsdd"), 150)
    items = make.add(project, fields, [{"speaker": speaker} for speaker in speakers])
    make.label(project, "digit", {item: Choice(digit) for index, (item, digit) in enumerate(zip(items, digits, strict=True)) if index % 5})
    suggest(project, MODEL)
    assert report(project)["accuracy"] > 0.85
    _, right, _ = held_out(project, dict(zip(items, make.choices(digits), strict=True)))
    assert right > 0.85
    assert count(project, tables.features) == 150


@sqlite
def test_written_digits(make_project: Callable[..., Project]):
    """Pictures of written digits are told apart."""
    from sklearn.datasets import load_digits

    schema = {"data": {"photo": "image"}, "questions": {"digit": {"kind": "choice", "of": "photo", "options": list("0123456789")}}}
    project = make_project(schema)
    digits = load_digits()
    pixels = (digits.images[:260] * 15.9).astype("uint8")
    items = make.add(project, [{"photo": make.picture(project, one)} for one in pixels])
    answers = make.choices([str(one) for one in digits.target[:260]])
    make.label(project, "digit", dict(zip(items[:200], answers[:200], strict=True)))
    suggest(project, MODEL)
    assert report(project)["accuracy"] > 0.9
    suggested, right, _ = held_out(project, dict(zip(items, answers, strict=True)))
    assert suggested > 50
    assert right > 0.9


@sqlite
def test_names_in_sentences(make_project: Callable[..., Project]):
    """Names in real sentences are found more often than not, and the score is the agreement to expect."""
    options = ["I-PER", "I-LOC", "I-ORG", "I-MISC"]
    schema = {"data": {"body": "text"}, "questions": {"names": {"kind": "spans", "of": "body", "options": [one[2:] for one in options]}}}
    project = make_project(schema)
    fields, answers = make.sentences(shared("data/wikigold"), 300)
    items = make.add(project, fields)
    make.label(project, "names", dict(zip(items[:220], answers[:220], strict=True)))
    suggest(project, MODEL)
    assert report(project)["f1"] > 0.4
    suggested, agreement, score = held_out(project, dict(zip(items, answers, strict=True)))
    assert suggested > 60
    assert abs(agreement - score) < 0.2


@sqlite
def test_speech_in_recordings(make_project: Callable[..., Project]):
    """Stretches of speech in real recordings are found, and suggestions lie within the clip."""
    schema = {"data": {"clip": "audio"}, "questions": {"speech": {"kind": "segments", "of": "clip", "options": ["speech"]}}}
    project = make_project(schema)
    fields, answers = make.sequences(project, shared("data/fsdd"))
    items = make.add(project, fields)
    make.label(project, "speech", dict(zip(items[:18], answers[:18], strict=True)))
    suggest(project, MODEL)
    assert report(project)["f1"] > 0.7
    suggested, agreement, _ = held_out(project, dict(zip(items, answers, strict=True)))
    assert suggested == 6
    assert agreement > 0.6
    check_valid(project, dict(zip(items, fields, strict=True)))


@sqlite
def test_cells_in_pictures(make_project: Callable[..., Project]):
    """White blood cells stand out and are found; suggestions are valid boxes."""
    schema = {"data": {"photo": "image"}, "questions": {"cells": {"kind": "boxes", "of": "photo", "options": ["WBC"]}}}
    project = make_project(schema)
    fields, answers = make.cells(project, shared("data/bccd"), 24)
    answers = [msgspec.structs.replace(one, boxes=tuple(box for box in one.boxes if box.label == "WBC")) for one in answers]
    items = make.add(project, fields)
    make.label(project, "cells", dict(zip(items[:18], answers[:18], strict=True)))
    suggest(project, MODEL)
    assert report(project)["f1"] > 0.6
    check_valid(project, dict(zip(items, fields, strict=True)))


def check_valid(project: Project, fields: dict[int, Any]) -> None:
    """Refuse suggestions that a person could not submit."""
    for item, question, answer in make.suggestions(project, "item_id", "question", "answer"):
        assert project.schema.questions[question].problems(decode_answer(answer), fields[item]) == []


@sqlite
def test_a_lost_or_broken_file_gets_no_suggestion(make_project: Callable[..., Project]):
    """Items whose media cannot be read are left out of learning and of suggesting; the others are not."""
    schema = {"data": {"photo": "image"}, "questions": {"tone": {"kind": "choice", "of": "photo", "options": ["dark", "bright"]}}}
    project = make_project(schema)
    pixels = [np.full((16, 16), 30 + 180 * (index % 2) + index % 7, dtype=np.uint8) for index in range(40)]
    fields: list[dict[str, Any]] = [{"photo": make.picture(project, one)} for one in pixels]
    broken = msgspec.structs.replace(fields[1]["photo"], blob=project.blobs.put(b"no picture"))
    lost = msgspec.structs.replace(fields[1]["photo"], blob="0" * 64)
    items = make.add(project, [*fields, {"photo": broken}, {"photo": lost}])
    answers = make.choices([["dark", "bright"][index % 2] for index in range(42)])
    make.label(project, "tone", {items[index]: answers[index] for index in [*range(30), 41]})
    assert suggest(project, MODEL).written == 10
    assert report(project)["labels"] == 30


def set_aside(project: Project) -> list[tuple[str, str]]:
    rows = tables.quarantine
    with project.database.read() as connection:
        return [(row.place, row.reason) for row in connection.execute(sa.select(rows.c.place, rows.c.reason).order_by(rows.c.id))]


@sqlite
def test_texts_that_share_nothing_teach_nothing(make_project: Callable[..., Project]):
    """Single letters share no word and no stretch of characters: the model says so, and all else goes on."""
    project = make_project(make.CHOICE)
    items = make.add(project, [{"body": Text(chr(0x4E00 + index))} for index in range(20)])
    make.label(project, "kind", {item: Choice("ham" if item % 2 else "spam") for item in items})
    (report,) = suggest(project, MODEL).labelers
    assert report.note == "No two of the labeled texts share a word or a stretch of characters."
    assert set_aside(project) == []


@sqlite
def test_grey_pictures_have_boxes_too(make_project: Callable[..., Project]):
    """A picture without colors, or of one color, is labeled and learned from as any other."""
    schema = {"data": {"picture": "image"}, "questions": {"cells": {"kind": "boxes", "of": "picture", "options": ["cell"]}}}
    project = make_project(schema)
    pictures, answers = [], []
    for index in range(16):
        picture = Image.new("L", (120, 120), 200)
        left, top = 10 + 3 * index, 20 + 2 * index
        if index:
            picture.paste(40, (left, top, left + 30, top + 30))
        out = io.BytesIO()
        picture.save(out, "PNG")
        pictures.append({"picture": Picture(project.blobs.put(out.getvalue()), 120, 120, "image/png")})
        answers.append(Boxes((Box(left, top, 30, 30, "cell"),) if index else ()))
    items = make.add(project, pictures)
    make.label(project, "cells", dict(zip(items[:-2], answers, strict=False)))
    (report,) = suggest(project, MODEL).labelers
    assert (report.note, report.written) == (None, 2)


class Failing:
    """A learner, or a model, that fails as it is told to."""

    METHOD, VERSION, AT_LEAST, MOST = "failing", "1", 0.5, 1000

    def __init__(self, fails: str) -> None:
        self.fails = fails

    def learn(self, *_: Any) -> LearningResult:
        if self.fails == "learn":
            raise ZeroDivisionError("by nothing")
        return LearningResult({"odd": np.zeros(1)}, {})

    def load(self, *_: Any) -> Failing:
        return self

    def predict(self, items: Sequence[Item], media: Any) -> list[Proposal | None]:
        if self.fails == "predict" and any(item.key == "k3" for item in items):
            raise IndexError(items[0].key)
        return [Proposal(Choice("ham"), 0.75) for _ in items]


@sqlite
@pytest.mark.parametrize(
    ("fails", "written", "told"),
    [
        ("learn", 0, {"model for kind": "It could not learn from these labels: ZeroDivisionError: by nothing"}),
        ("predict", 2, {"model at item k3": "IndexError: k3"}),
    ],
)
def test_a_learner_that_fails_stops_nothing(
    make_project: Callable[..., Project], monkeypatch: pytest.MonkeyPatch, fails: str, written: int, told: dict[str, str]
):
    """Whatever it raises or returns stands in quarantine, at its item or its question, until a learner that works is there."""
    project = make_project(make.CHOICE)
    items = make.add(project, [{"body": Text(f"text {index}")} for index in range(5)])
    make.label(project, "kind", {item: Choice("ham") for item in items[:2]})
    monkeypatch.setattr(model, "learner_for", lambda *_: Failing(fails))
    assert suggest(project, MODEL).written == written
    assert dict(set_aside(project)) == told
    working = Failing("nothing")
    working.VERSION = "2"
    monkeypatch.setattr(model, "learner_for", lambda *_: working)
    suggest(project, MODEL)
    assert (len(make.suggestions(project)), set_aside(project)) == (3, [])
