"""What the built-in rules find, how they are configured, and what a wrong declaration is told."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import msgspec
import pytest

from labelwright.checks import Found, Rules, compile_rules, inspect
from labelwright.checks.case import Case
from labelwright.checks.compile import Rule
from labelwright.checks.inspection import MOST_FINDINGS, look
from labelwright.errors import InvalidPipeline
from labelwright.schema import Audio, Finding, Image, Item, Schema, Text
from labelwright.schema.kinds.boxes import Box, Boxes
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.segments import Segment, Segments
from labelwright.schema.kinds.spans import Span, Spans

TICKETS = msgspec.convert(
    {
        "data": {"body": "text"},
        "questions": {
            "intent": {"kind": "choice", "of": "body", "options": ["refund", "bug", "other"]},
            "entities": {"kind": "spans", "of": "body", "options": ["AMOUNT", "DATE"], "required": False},
        },
    },
    Schema,
)
PICTURES = msgspec.convert(
    {"data": {"photo": "image"}, "questions": {"cells": {"kind": "boxes", "of": "photo", "options": ["red", "white"]}}}, Schema
)
CLIPS = msgspec.convert(
    {
        "data": {"clip": "audio"},
        "questions": {"speech": {"kind": "segments", "of": "clip", "options": ["speech"], "overlapping": False}},
    },
    Schema,
)
TICKET = Item(1, "t1", "r", {"body": Text("Please send 5 dollars back on May 3.")}, {"customer": "acme"})
PHOTO = Item(2, "p1", "r", {"photo": Image("0" * 64, 640, 480)})
CLIP = Item(3, "c1", "r", {"clip": Audio("0" * 64, 10.0, 16000)})


def rules(schema: Schema = TICKETS, *declared: Any, folder: Path = Path()) -> Rules:
    return compile_rules(schema, declared, folder)


def found(findings: list[Finding]) -> list[tuple[str, str, str | None, str | None]]:
    return [(finding.rule, finding.severity, finding.question, finding.part) for finding in findings]


def test_good_answers_have_no_findings():
    """Answers that are complete, valid and took their time pass every built-in rule."""
    values = {"intent": Choice("refund"), "entities": Spans((Span(12, 21, "AMOUNT"), Span(30, 35, "DATE")))}
    assert inspect(TICKETS, values, TICKET, rules=rules(), seconds_active=8.0) == []


def test_a_required_answer_may_not_be_missing():
    """A required question without an answer is an error; an optional one is none."""
    assert found(inspect(TICKETS, {}, TICKET, rules=rules())) == [("missing_answer", "error", "intent", None)]


def test_answers_of_an_older_schema_are_findings():
    """An unknown question, another kind of answer and an unknown label are errors and not exceptions."""
    values = {"mood": Choice("good"), "intent": Spans(()), "entities": Spans((Span(0, 3, "PLACE"),))}
    expected = [("invalid_answer", "error", "mood", None), ("invalid_answer", "error", "intent", None)]
    assert found(inspect(TICKETS, values, TICKET, rules=rules())) == [*expected, ("invalid_answer", "error", "entities", "1")]


def test_places_lie_within_what_is_labeled():
    """A span behind the end of the text, a box outside the picture and a box without area are errors that name the place."""
    values = {"intent": Choice("bug"), "entities": Spans((Span(0, 3, "DATE"), Span(30, 99, "DATE")))}
    assert found(inspect(TICKETS, values, TICKET, rules=rules())) == [("out_of_bounds", "error", "entities", "2")]
    boxes = Boxes((Box(600, 10, 60, 20, "red"), Box(1, 1, 5, 5, "red"), Box(3, 3, 0, 5, "red")))
    assert [one[3] for one in found(inspect(PICTURES, {"cells": boxes}, PHOTO, rules=rules(PICTURES)))] == ["1", "3"]


def test_findings_name_a_part_by_its_id():
    """Whoever finds something, a finding says the id of the part that it is about, which it keeps when others go, and no number."""
    spans = (Span(0, 3, "DATE", id="b"), Span(30, 99, "DATE", id="a"), Span(1, 3, "DATE", id="c"), Span(4, 9, "PLACE", id="d"))
    for marks in (spans, spans[1:]):
        asked = inspect(TICKETS, {"intent": Choice("bug"), "entities": Spans(marks)}, TICKET, rules=rules())
        assert {(one.rule, one.part) for one in asked} >= {("out_of_bounds", "a"), ("invalid_answer", "d")}
    boxes = Boxes((Box(1, 1, 50, 50, "red", id="x"), Box(1, 1, 50, 50, "red", id="y")))
    assert found(inspect(PICTURES, {"cells": boxes}, PHOTO, rules=rules(PICTURES))) == [("duplicate_box", "warning", "cells", "y")]
    twice = Spans((Span(0, 3, "DATE", id="b"), Span(5, 8, "DATE", id="b")))
    (again,) = inspect(TICKETS, {"intent": Choice("bug"), "entities": twice}, TICKET, rules=rules())
    assert (again.part, "The id of mark 2 has to be another one" in again.message) == (None, True)


def test_overlapping_spans_of_one_label_are_asked_about():
    """Two overlapping spans with the same label are a warning; with different labels they are fine."""
    values = {"intent": Choice("bug"), "entities": Spans((Span(5, 9, "DATE"), Span(0, 6, "DATE"), Span(1, 8, "AMOUNT")))}
    assert found(inspect(TICKETS, values, TICKET, rules=rules())) == [("overlapping_spans", "warning", "entities", "1")]
    strict = rules(TICKETS, {"overlapping_spans": {"any_label": True}})
    assert len(inspect(TICKETS, values, TICKET, rules=strict)) == 2


def test_overlap_blocks_where_the_question_forbids_it():
    """With `overlapping: false` any overlap is an error; touching segments do not overlap."""
    touching = Segments((Segment(0, 2, "speech"), Segment(2, 3, "speech")))
    assert inspect(CLIPS, {"speech": touching}, CLIP, rules=rules(CLIPS)) == []
    across = Segments((Segment(0, 2, "speech"), Segment(1.5, 3, "speech")))
    assert found(inspect(CLIPS, {"speech": across}, CLIP, rules=rules(CLIPS))) == [("overlapping_spans", "error", "speech", "2")]


def test_boxes_upon_each_other_are_asked_about():
    """A box that nearly equals another of the same label is a warning about the later one."""
    boxes = Boxes((Box(102, 100, 50, 50, "red"), Box(300, 1, 9, 9, "red"), Box(100, 100, 50, 50, "red"), Box(100, 100, 50, 50, "white")))
    assert found(inspect(PICTURES, {"cells": boxes}, PHOTO, rules=rules(PICTURES))) == [("duplicate_box", "warning", "cells", "3")]


def test_every_duplicate_of_a_box_is_found():
    """Three equal boxes are two duplicates."""
    boxes = Boxes(tuple(Box(100, 100, 50, 50, "red") for _ in range(3)))
    assert sorted(one[3] for one in found(inspect(PICTURES, {"cells": boxes}, PHOTO, rules=rules(PICTURES)))) == ["2", "3"]


def test_answers_too_fast_to_be_read_are_asked_about():
    """Less time than reading or listening takes is a warning; time that was not measured is not judged."""
    values = {"intent": Choice("bug")}
    assert found(inspect(TICKETS, values, TICKET, rules=rules(), seconds_active=0.1)) == [("too_fast", "warning", None, None)]
    assert inspect(TICKETS, values, TICKET, rules=rules(), seconds_active=0.5) == []
    assert inspect(TICKETS, values, TICKET, rules=rules(), seconds_active=None) == []
    assert found(inspect(TICKETS, values, TICKET, rules=rules(), seconds_active=0.0)) == [("too_fast", "warning", None, None)]
    assert found(inspect(CLIPS, {"speech": Segments()}, CLIP, rules=rules(CLIPS), seconds_active=1.0)) == [
        ("too_fast", "warning", None, None)
    ]


def test_rules_are_configured_and_switched_off():
    """Severity and thresholds come from the pipeline file, and `false` switches a rule off."""
    values = {"intent": Choice("bug")}
    strict = rules(TICKETS, {"too_fast": {"seconds": 3, "severity": "error"}})
    assert found(inspect(TICKETS, values, TICKET, rules=strict, seconds_active=1.0)) == [("too_fast", "error", None, None)]
    assert inspect(TICKETS, values, TICKET, rules=rules(TICKETS, {"too_fast": False}), seconds_active=0.01) == []
    assert inspect(TICKETS, {}, TICKET, rules=rules(TICKETS, {"missing_answer": False})) == []


@pytest.mark.parametrize(
    ("declared", "place", "hint"),
    [
        ({"to_fast": {}}, "checks[0]", "too_fast"),
        ({"too_fast": {"second": 1}}, "checks[0]", "seconds"),
        ({"too_fast": {"severity": "fatal"}}, "checks[0]", "severity"),
        ({"invalid_answer": False}, "checks[0]", "neither"),
        ({"duplicate_box": {"overlap": 2}}, "checks[0]", ""),
        (7, "checks[0]", ""),
    ],
)
def test_wrong_declarations_name_place_and_remedy(declared: Any, place: str, hint: str):
    """An unknown rule or option is refused with its place, and with what it may have meant."""
    with pytest.raises(InvalidPipeline) as error:
        rules(TICKETS, declared)
    assert (error.value.where or "").startswith(place)
    assert hint in (error.value.hint or "")


def test_errors_come_before_warnings():
    """What blocks is told first."""
    boxes = Boxes((Box(100, 100, 50, 50, "red"), Box(100, 100, 50, 50, "red"), Box(639, 1, 50, 50, "red")))
    assert [one[1] for one in found(inspect(PICTURES, {"cells": boxes}, PHOTO, rules=rules(PICTURES)))] == ["error", "warning"]


def test_a_check_of_ones_own(tmp_path: Path):
    """Functions marked @check get plain answers and the item; False, a message and a list are findings."""
    (tmp_path / "checks.py").write_text(
        "from labelwright import check\n"
        "from labelwright.checks import Found\n"
        "@check\n"
        "def refunds(values, item):\n"
        "    '''Refunds name an order.'''\n"
        "    return values.get('intent') != 'refund' or 'order' in item.meta\n"
        "@check(severity='warning', question='entities')\n"
        "def each(values, item):\n"
        "    return [Found('Short?', part=span['id']) for span in values['entities'] if span['end'] - span['start'] < 4]\n"
        "@check(severity='warning')\n"
        "def shout(values, item):\n"
        "    return f'{item.key} is a bug?' if values['intent'] == 'bug' else None\n"
    )
    compiled = rules(TICKETS, {"python": "checks.py"}, folder=tmp_path)
    values: dict[str, Any] = {"intent": Choice("refund"), "entities": Spans((Span(0, 3, "DATE"), Span(4, 9, "DATE")))}
    findings = inspect(TICKETS, values, TICKET, rules=compiled)
    assert found(findings) == [("python", "error", None, None), ("python", "warning", "entities", "1")]
    assert findings[0].message == "Refunds name an order."
    findings = inspect(TICKETS, {"intent": Choice("bug"), "entities": Spans()}, TICKET, rules=compiled)
    assert [finding.message for finding in findings] == ["t1 is a bug?"]


def test_a_check_that_raises_stops_nobody(tmp_path: Path):
    """A raising check is one warning that names it, and the other checks still speak."""
    (tmp_path / "checks.py").write_text(
        "from labelwright import check\n"
        "@check\ndef broken(values, item):\n    return values['nothing']\n"
        "@check\ndef odd(values, item):\n    return 3\n"
        "@check\ndef fine(values, item):\n    return 'said'\n"
    )
    findings = inspect(TICKETS, {"intent": Choice("bug")}, TICKET, rules=rules(TICKETS, {"python": "checks.py"}, folder=tmp_path))
    assert [finding.severity for finding in findings] == ["error", "warning", "warning"]
    assert "'broken' failed with KeyError: 'nothing'" in findings[1].message


def test_a_check_that_ends_the_program_stops_nobody(tmp_path: Path):
    """A check of one's own that calls sys.exit, or raises what cannot be told, is one warning, and the checks behind it are made."""
    (tmp_path / "checks.py").write_text(
        "import sys\nfrom labelwright import check\n"
        "class Mute(Exception):\n    def __str__(self): raise self\n"
        "@check\ndef gone(values, item):\n    sys.exit(3)\n"
        "@check\ndef mute(values, item):\n    raise Mute\n"
        "@check\ndef fine(values, item):\n    return 'said'\n"
    )
    findings = inspect(TICKETS, {"intent": Choice("bug")}, TICKET, rules=rules(TICKETS, {"python": "checks.py"}, folder=tmp_path))
    assert [finding.message for finding in findings] == [
        "said", "The check 'gone' failed with SystemExit: 3", "The check 'mute' failed with Mute"
    ]  # fmt: skip


class Unspeakable(BaseException):
    """An exception that cannot even be told."""

    def __str__(self) -> str:
        raise self


def fails(case: Case) -> Any:
    raise KeyError("colour")


def exits(case: Case) -> Any:
    raise SystemExit(3)


def fails_untold(case: Case) -> Any:
    raise Unspeakable


def fails_midway(case: Case) -> Any:
    yield Found("seen")
    raise ValueError("half a\0word")


@pytest.mark.parametrize(
    ("run", "told"),
    [
        (fails, ["KeyError: 'colour'"]),
        (exits, ["SystemExit: 3"]),
        (fails_untold, ["Unspeakable"]),
        (fails_midway, ["seen", "ValueError: half a\ufffdword"]),
        (lambda case: None, ["TypeError: 'NoneType' object is not iterable"]),
        (lambda case: ["said"], ["TypeError: a rule says what it found, and not str"]),
        (lambda case: [Found("said", severity="fatal")], ["TypeError: a finding is an error or a warning, and not 'fatal'"]),
        (lambda case: [Found("said", part=1)], ["TypeError: a finding names the part that it is about by its id"]),
    ],
)
def test_a_rule_of_another_package_that_fails_is_told_at_its_item(run: Any, told: list[str]):
    """Whatever a rule raises or hands back, the answer has a warning that it could not be checked, and the other rules speak."""
    speaks = Rule("speaks", "warning", lambda case: [Found("fine")], "b")
    inspection = look(TICKETS, {"intent": Choice("bug")}, TICKET, rules=Rules((Rule("other", "warning", run, "a"), speaks), "c"))
    messages = [finding.message for finding in inspection.findings]
    assert all(part in message for part, message in zip(told, messages, strict=False)), messages
    assert messages[len(told) - 1].startswith("This could not be checked: ")
    assert messages[len(told) :] == ["fine"]
    assert inspection.not_made


def test_a_rule_of_another_package_that_cannot_be_compiled_is_refused_with_its_place(tmp_path: Path):
    """Whatever a rule raises while it is compiled becomes a refusal that names the entry of the pipeline file."""
    (tmp_path / "strange_rule.py").write_text(
        "from labelwright.checks.case import Options\nSEVERITY, ALWAYS = 'error', False\n"
        "def compile(options, schema, folder):\n    raise LookupError('no model')\n"
    )
    (tmp_path / "strange-1.dist-info").mkdir()
    (tmp_path / "strange-1.dist-info" / "METADATA").write_text("Name: strange\nVersion: 1\n")
    (tmp_path / "strange-1.dist-info" / "entry_points.txt").write_text("[labelwright.rules]\nstrange = strange_rule\n")
    code = "from pathlib import Path\nfrom labelwright.checks import compile_rules\nfrom labelwright.schema import Schema\n"
    code += "try:\n    compile_rules(Schema(data={}, questions={}), ['strange'], Path())\n"
    code += "except Exception as error:\n    print(repr(error), error)\n"
    path = os.pathsep.join([str(tmp_path), *sys.path])
    environment = {**os.environ, "PYTHONPATH": path}
    done = subprocess.run([sys.executable, "-c", code], env=environment, capture_output=True, text=True, check=True)
    assert done.stdout.startswith("InvalidPipeline(")
    assert "checks[0]: The rule 'strange' cannot be compiled: LookupError: no model" in done.stdout


@pytest.mark.parametrize(
    ("text", "where", "message"),
    [
        ("def broken(:\n", "checks[0], checks.py line 1", "SyntaxError"),
        ("x = 1\nimport nothing_like_it\n", "checks[0], checks.py line 2", "ModuleNotFoundError"),
        ("x = 1\n", "checks[0], python", "no function marked @check"),
        ("from labelwright import check\n@check(question='intnet')\ndef f(v, i): ...\n", "checks[0], checks.py, f", "no question 'intnet'"),
    ],
)
def test_a_broken_file_is_refused_when_the_pipeline_is_loaded(tmp_path: Path, text: str, where: str, message: str):
    """A file that does not run, or has no check, is an error with file and line."""
    (tmp_path / "checks.py").write_text(text)
    with pytest.raises(InvalidPipeline, match=message) as error:
        rules(TICKETS, {"python": "checks.py"}, folder=tmp_path)
    assert error.value.where == where


def test_a_file_outside_the_folder_is_not_run(tmp_path: Path):
    """Only files of the project's own folder are run."""
    (tmp_path / "checks.py").write_text("raise SystemExit")
    (tmp_path / "project").mkdir()
    with pytest.raises(InvalidPipeline, match="no file"):
        rules(TICKETS, {"python": "../checks.py"}, folder=tmp_path / "project")


def test_inspection_is_quick():
    """All built-in rules and an expression look at an ordinary answer in far less than a millisecond."""
    compiled = rules(TICKETS, "intent == 'refund' implies any(entities, label == 'AMOUNT')")
    values = {"intent": Choice("refund"), "entities": Spans((Span(12, 21, "AMOUNT"), Span(30, 35, "DATE")))}
    begin = time.perf_counter()
    for _ in range(500):
        inspect(TICKETS, values, TICKET, rules=compiled, seconds_active=5.0)
    assert (time.perf_counter() - begin) / 500 < 0.001


def test_a_check_that_never_comes_back_is_ended(tmp_path: Path):
    """Whether it loops, backtracks or ends its process: that is told, those before it count, and the next answer is checked as ever."""
    (tmp_path / "checks.py").write_text(
        "import os, re\n"
        "from labelwright import check\n"
        "@check(severity='warning')\n"
        "def first(values, item):\n"
        "    return 'first speaks'\n"
        "@check(question='intent')\n"
        "def second(values, item):\n"
        "    if item.key == 'loop':\n"
        "        while True: pass\n"
        "    if item.key == 'backtrack': re.match('(a+)+$', 'a' * 64 + '!')\n"
        "    if item.key == 'exit': os._exit(3)\n"
        "    print('to the log')\n"
        "@check\n"
        "def third(values, item):\n"
        "    return True\n"
    )
    (rule,) = [rule for rule in rules(TICKETS, {"python": "checks.py"}, folder=tmp_path) if rule.name == "python"]

    def ask(key: str, seconds: float) -> list[Found]:
        item = msgspec.structs.replace(TICKET, key=key)
        return list(rule.run(Case(TICKETS, {"intent": Choice("bug")}, item, {}, ends=time.monotonic() + seconds)))

    for key, why in (("loop", "it takes too long"), ("backtrack", "it takes too long"), ("exit", "it ended its process")):
        assert ask(key, 60.0 if key == "exit" else 0.5) == [
            Found("first speaks", severity="warning"),
            Found(f"The check 'second' could not be made: {why}.", "intent", severity="warning"),
            Found("Because of 'second', 'third' could not be made either.", severity="warning"),
        ]
        assert ask("fine", 60.0) == [Found("first speaks", severity="warning")]


def test_what_a_check_says_is_plain_and_bounded(tmp_path: Path):
    """Endless findings end, a huge message is cut, and what can be neither stored nor sent is told as the check's own mistake."""
    (tmp_path / "checks.py").write_text(
        "from labelwright import check\n"
        "from labelwright.checks.case import Found\n"
        "@check\ndef endless(values, item):\n    while True: yield 'x'\n"
        "@check\ndef huge(values, item):\n    return 'y' * 10_000_000\n"
        "@check\ndef half(values, item):\n    return 'half a character: \\ud800'\n"
        "@check\ndef grave(values, item):\n    return Found('m', severity='grave')\n"
        "@check\ndef part(values, item):\n    return Found('m', part=0)\n"
        "@check\ndef question(values, item):\n    return Found('m', question=['intent'])\n"
    )
    (rule,) = [rule for rule in rules(TICKETS, {"python": "checks.py"}, folder=tmp_path) if rule.name == "python"]
    said = list(rule.run(Case(TICKETS, {"intent": Choice("bug")}, TICKET, {}, ends=time.monotonic() + 60)))
    assert len(said) == 10_005
    huge, half, grave, part, question = said[10_000:]
    assert huge.message == "y" * 1000
    assert half.message == "half a character: ?"
    for failed in (grave, part, question):
        assert (failed.severity, "failed with TypeError: a finding" in failed.message) == ("warning", True)


@pytest.mark.skipif(not hasattr(os, "fork"), reason="This system starts processes in another way.")
def test_what_a_check_starts_ends_with_it(tmp_path: Path):
    """Processes that a check leaves behind are ended together with its own."""
    (tmp_path / "checks.py").write_text(
        "import os, time\n"
        "from labelwright import check\n"
        "@check\ndef leaves(values, item):\n"
        "    child = os.fork()\n"
        "    while child == 0: time.sleep(1)\n"
        "    return str(child)\n"
        "@check\ndef stays(values, item):\n    while True: pass\n"
    )
    (rule,) = [rule for rule in rules(TICKETS, {"python": "checks.py"}, folder=tmp_path) if rule.name == "python"]
    left, _ = rule.run(Case(TICKETS, {"intent": Choice("bug")}, TICKET, {}, ends=time.monotonic() + 2))
    state = Path(f"/proc/{left.message}/stat")
    for _ in range(1000):
        if not state.exists() or state.read_text().rpartition(")")[2].split()[0] == "Z":
            break
        time.sleep(0.01)
    else:
        raise AssertionError("what the check started still runs")


def test_findings_are_told_up_to_a_number():
    """A rule that finds thousands of things names the first and counts the rest, so that they fill neither page nor store."""
    values = {"intent": Choice("bug"), "entities": Spans(tuple(Span(0, 5, "DATE") for _ in range(3000)))}
    findings = [one for one in inspect(TICKETS, values, TICKET, rules=rules()) if one.rule == "overlapping_spans"]
    assert len(findings) == MOST_FINDINGS + 1
    assert findings[-1].message == "There are 2,899 more findings of this kind."
