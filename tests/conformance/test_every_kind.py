"""Every kind of answer that is found, ours or a plugin's, keeps the promises of `labelwright.schema.kinds` through the whole product."""

from __future__ import annotations

import os
import random
import re
import subprocess
import sys
from itertools import combinations, permutations
from pathlib import Path

import msgspec
import pytest

import labelwright
from labelwright import plugins
from labelwright.errors import InvalidInput, InvalidPipeline
from labelwright.quality.aggregation import aggregation_of
from labelwright.quality.answers import Given
from labelwright.schema import Field, Question, Schema
from labelwright.store.codec import decode_answer, encode
from tests.conformance.kinds import play, question_of
from tests.conformance.test_every_modality import example

KINDS = plugins.names("kinds")
STRANGERS = Path(__file__).parents[1] / "strangers"


@pytest.fixture(params=[(kind, modality) for kind in KINDS for modality in sorted(plugins.load("kinds", kind).QUESTION.modalities)])
def asked(request: pytest.FixtureRequest, tmp_path: Path) -> tuple[Schema, Question, dict[str, Field]]:
    """Each kind about each modality that it can be about, with an item."""
    kind, modality = request.param
    schema = msgspec.convert({"data": {"seen": modality}, "questions": {"asked": question_of(kind)}}, Schema)
    schema.check()
    return schema, schema.questions["asked"], {"seen": example(modality, tmp_path)}


def test_an_answer_survives_its_plain_form_and_the_store(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """What is written, tagged or plain, is read back as the same answer, which is valid; and so is that of its parts."""
    schema, question, data = asked
    for number in range(50):
        answer = question.sample(data, random.Random(number))
        assert question.problems(answer, data) == []
        plain = msgspec.json.decode(msgspec.json.encode(answer.plain()))
        assert question.from_plain(plain) == answer
        assert msgspec.convert(plain, question.form) is not None
        assert question.with_parts(answer.parts()) == answer
        assert schema.read_values({"asked": msgspec.json.decode(msgspec.json.encode(answer))}) == {"asked": answer}
        assert question.stands(answer)
        assert set(question.classes(answer)) <= set(question.labels)
    for wrong in ({"no": "answer"}, True, [["x"]]):
        with pytest.raises(InvalidInput):
            question.from_plain(wrong)


def test_the_yardstick_is_one(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """An answer is like itself, two are as like one way as the other, and those that are the same are not apart."""
    _, question, data = asked
    answers = [question.sample(data, random.Random(number)) for number in range(12)]
    for one in answers:
        assert question.similarity(one, one) == 1
        assert question.distance(one, one) == 0
        for other in answers:
            assert question.similarity(one, other) == pytest.approx(question.similarity(other, one))
            assert question.distance(one, other) == pytest.approx(question.distance(other, one))
            assert 0 <= question.distance(one, other) <= 1
            assert question.graded or {question.distance(one, other), question.similarity(one, other)} <= {0, 1}
            assert question.alike(one, other) is (question.similarity(one, other) == 1)


def test_a_question_may_say_how_alike_is_the_same(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """The more of it, the fewer answers are the same, down to those that are equal; a kind without degrees refuses `same`."""
    _, question, data = asked
    strict, loose = (msgspec.structs.replace(question, same=same) for same in (1.0, 0.01))
    if not question.graded:
        with pytest.raises(InvalidPipeline, match="cannot be the same in part"):
            loose.check("schema.questions.asked")
        return
    luck = random.Random(1)
    answers = [question.sample(data, luck) for _ in range(12)]
    pairs = list(combinations(answers, 2))
    for answer in answers:
        near = [part._replace(geometry=question.blurred(part, data["seen"], luck, 0.3)) for part in answer.parts()]
        pairs.append((answer, question.with_parts(near)))
    for one, other in pairs:
        assert strict.alike(one, other) is (one == other)
        assert question.alike(one, other) or not strict.alike(one, other)
        assert loose.alike(one, other) or not question.alike(one, other)
    assert any(loose.alike(one, other) and not strict.alike(one, other) for one, other in pairs)
    for wrong in (0.0, -1.0, 1.5, float("nan")):
        with pytest.raises(InvalidPipeline, match="above 0 and at most 1"):
            msgspec.structs.replace(question, same=wrong).check("schema.questions.asked")


def test_nothing_marked_is_an_answer_where_marks_are_asked_for(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """A kind whose answers are marks has an empty answer, which is valid; any other kind has none."""
    _, question, data = asked
    nothing = question.empty()
    assert (nothing is None) == (question.shape is None)
    if nothing is not None:
        assert question.problems(nothing, data) == []
        assert nothing.parts() == []


def test_copies_come_to_themselves_in_any_order(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """Three people who say the same are believed, and who of three people comes first changes nothing."""
    _, question, data = asked
    way = aggregation_of(question)

    def together(*answers: object) -> object:
        given = [Given(7, user, user, 1, {"asked": answer}, True) for user, answer in enumerate(answers, 1)]
        rows, _ = way.judge("asked", question, {7: given}, way.unfitted(), {}, lambda items: {})
        return decode_answer(rows[0].answer)

    for number in range(10):
        luck = random.Random(number)
        answers = [question.sample(data, luck) for _ in range(3)]
        assert together(answers[0], answers[0], answers[0]) == answers[0]
        assert len({msgspec.json.encode(together(*order)) for order in permutations(answers)}) == 1


def test_parts_keep_their_ids(asked: tuple[Schema, Question, dict[str, Field]]) -> None:
    """Parts of an answer are told apart by ids, which stay when others go, and travel with the answer; they make no other answer of it."""
    _, question, data = asked
    if question.shape is None:
        return
    tried = 0
    for number in range(30):
        answer = question.sample(data, random.Random(number))
        parts = answer.parts()
        ids = [part.id for part in parts]
        assert len(set(ids)) == len(ids)
        if len(parts) < 2:
            continue
        tried += 1
        fewer = question.with_parts(parts[1:])
        again = decode_answer(encode(fewer))
        assert [part.id for part in again.parts()] == ids[1:]
        assert again == question.with_parts([part._replace(id="") for part in parts[1:]])
        assert "'id'" not in str(again.plain())
    assert tried


@pytest.mark.parametrize("kind", KINDS)
def test_a_kind_goes_through_the_whole_product(kind: str, store_url: str, tmp_path: Path) -> None:
    """Collected, answered by three people, brought together, audited, frozen, written in every format that can hold it and read again."""
    play(kind, store_url, tmp_path)


def test_a_kind_of_somebody_elses_goes_through_as_ours_do(tmp_path: Path) -> None:
    """A package that is installed adds outlines by an entry point, and all that holds of our kinds holds of them."""
    kind, store_url = "outlines", f"sqlite:///{tmp_path}/labelwright.db"
    path = os.pathsep.join([str(STRANGERS), str(Path(labelwright.__file__).parents[1]), str(STRANGERS.parents[1])])
    command = [sys.executable, "-m", "tests.conformance.kinds", store_url, str(tmp_path), kind]
    done = subprocess.run(command, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]
    assert done.stdout.strip().endswith(f"played {kind}")


NAMES = "|".join(name for name in KINDS if name not in ("text", "number"))
"""Texts and numbers are many things besides answers: these two are looked for behind `.kind` alone."""

CLASSES = "|".join(found.__name__ for kind in KINDS for found in (plugins.load("kinds", kind).QUESTION, plugins.load("kinds", kind).ANSWER))
LADDERS = re.compile(
    rf"""\.kind\ (?:==|!=|in|not\ in)\ (?!str\(|question\.kind)["'(\[{{]     # asks which kind it is
    | (?:==|!=|\bin\b)\ *[(\[{{]?["'](?:{NAMES})["']                       # the same by a name
    | ["'](?:{NAMES})["']\ *(?:==|!=|in\b|not\ in\b)
    | ["'](?:{NAMES})["']:[^=]*["'](?:{NAMES})["']:                        # keeps something by the name
    | [(\[{{]["'](?:{NAMES})["'],                                         # the same beside something else
    | \(\w+\.kind,
    | \bcase\ ["'](?:{NAMES})["']
    | Literal\[[^\]]*["'](?:{NAMES})["']
    | isinstance\([^)]*\b(?:{CLASSES})\b                                  # the same by the class
    | \btype\(\w+\)\ (?:is|is\ not|==|!=|in)\ [(\[{{]?(?:{CLASSES})\b
    | \bcase\ (?:\w+\.)?(?:{CLASSES})\b
    | \b(?:{CLASSES})\ \|\ (?:{CLASSES})\b
    | \.family\b""",
    re.VERBOSE,
)
OTHER_KINDS = re.compile(
    r"\b(event|job|one|row|file|found|whole)s?\.kind\b|_jobs\.c\.kind|events\.c\.kind|dtype\.kind|jobs\.c\.kind|stats/fusion/skill"
)
"""Kinds of events, jobs, files and arrays, which are no kinds of answers."""


def ladders(root: Path) -> list[str]:
    """Every place below a folder that asks for a kind of answer, as file and line. The kinds know themselves."""
    return [
        found
        for path in sorted(root.rglob("*.py"))
        if not path.is_relative_to(root / "schema" / "kinds")
        for number, line in enumerate(path.read_text("utf-8").splitlines(), 1)
        if LADDERS.search(line)
        and ">>>" not in line
        and not OTHER_KINDS.search(found := f"{path.relative_to(root)}:{number}: {line.strip()}")
    ]


def test_nothing_outside_asks_which_kind_it_is(tmp_path: Path) -> None:
    """The files of the kinds apart, no code compares the kind of a question or answer with a name or class, or keeps something by it."""
    asked = [
        'if question.kind == "choice":',
        'if question.kind in ("spans", "segments"):',
        'if kind == "boxes":',
        'if "boxes" in kinds:',
        'SHAPES = {"spans": INTERVAL, "boxes": BOX}',
        'Kind = Literal["choice", "spans"]',
        'ANSWERS = frozenset({("spans", "text")})',
        "wanted = (question.kind, schema.data[question.of])",
        "if isinstance(answer, Boxes):",
        "if isinstance(question, ChoiceQuestion | Other):",
        "if type(answer) is Spans:",
        'case "segments":',
        "case Boxes(boxes=boxes):",
        "def places(answer: Spans | Segments) -> None:",
        "if question.family:",
    ]
    (tmp_path / "some.py").write_text("\n".join([*asked, "if first.kind == second.kind:", "if question.shape is None:"]), "utf-8")
    assert [line.split(": ")[0] for line in ladders(tmp_path)] == [f"some.py:{n + 1}" for n in range(len(asked))]
    assert ladders(Path(labelwright.__file__).parent) == []
