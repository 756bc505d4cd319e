"""Labeling functions: what they suggest, when they are asked again, and what their mistakes do."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright.assist import AssistPolicy, suggest
from labelwright.errors import InvalidPipeline
from labelwright.schema import Text
from labelwright.schema.kinds.choice import Choice
from labelwright.store import tables
from labelwright.store.codec import decode, decode_answer, encode
from labelwright.store.project import Project
from tests.assist import make
from tests.rows import add_texts, count

RULES = """
from labelwright import labeling_function

WORD = "refund"

@labeling_function
def refunds(item):
    return "refund" if WORD in item.data["body"].text else None

@labeling_function(question="intent")
def bugs(item):
    return ("bug", 0.75) if "breaks" in item.data["body"].text else None
"""
DECLARED = [{"functions": "rules.py"}]


@pytest.fixture
def project(make_project: Callable[..., Project]) -> Project:
    project = make_project()
    (project.folder / "rules.py").write_text(RULES)
    return project


def found(project: Project) -> list[tuple[str, str, float | None]]:
    return [
        (labeler, decode_answer(answer).label, score) for labeler, answer, score in make.suggestions(project, "labeler", "answer", "score")
    ]


def test_functions_suggest_or_abstain(project: Project):
    """Each function is a labeler that suggests its answer with its score, or nothing; a second run writes nothing."""
    add_texts(project, ["a refund please", "it breaks", "hello", "refund, it breaks"])
    report = suggest(project, DECLARED)
    assert (report.written, report.removed) == (4, 0)
    assert found(project) == [
        ("rules.refunds", "refund", None),
        ("rules.bugs", "bug", 0.75),
        ("rules.bugs", "bug", 0.75),
        ("rules.refunds", "refund", None),
    ]
    before = make.suggestions(project)
    again = suggest(project, DECLARED)
    assert (again.written, again.removed, [one.looked_at for one in again.labelers]) == (0, 0, [0, 0])
    assert make.suggestions(project) == before
    assert count(project, tables.labeler_versions) == 2


def test_only_new_items_are_looked_at(project: Project):
    """Items that came later get their suggestions; the others are not looked at again."""
    add_texts(project, ["a refund please"])
    suggest(project, DECLARED)
    add_texts(project, ["one more refund", "nothing"], key="u")
    report = suggest(project, DECLARED)
    assert report.written == 1
    assert [one.looked_at for one in report.labelers] == [2, 2]


def test_an_item_that_is_active_again_is_looked_at(project: Project):
    """A duplicate whose original is gone gets its suggestion, though newer items were looked at before."""
    first, second, _ = add_texts(project, ["a refund please", "a refund please", "hello"])
    states(project, {second: "duplicate"})
    assert suggest(project, DECLARED).written == 1
    states(project, {first: "replaced", second: "active"})
    assert suggest(project, DECLARED).written == 1
    assert [item for (item,) in make.suggestions(project, "item_id")] == [first, second]
    again = suggest(project, DECLARED)
    assert [one.looked_at for one in again.labelers] == [0, 0]


def states(project: Project, wanted: dict[int, str]) -> None:
    items = tables.items
    for item, state in wanted.items():
        change = sa.update(items).where(items.c.id == item).values(state=state)
        project.database.write(lambda connection, change=change: connection.execute(change))


def test_a_changed_function_leaves_the_others_alone(project: Project):
    """A changed function looks at everything again and withdraws what it no longer says; the other one's version stays."""
    add_texts(project, ["a refund please", "it breaks"])
    suggest(project, DECLARED)
    versions = dict(make.suggestions(project, "labeler", "version"))
    (project.folder / "rules.py").write_text(RULES.replace('"breaks"', '"crashes"').replace("WORD =", "# a comment\nWORD ="))
    report = suggest(project, DECLARED)
    assert (report.written, report.removed) == (0, 1)
    assert dict(make.suggestions(project, "labeler", "version")) == {"rules.refunds": versions["rules.refunds"]}
    (project.folder / "rules.py").write_text(RULES.replace('"refund"\n', '"breaks"\n'))
    suggest(project, DECLARED)
    assert [(labeler, label) for labeler, label, _ in found(project)] == [("rules.bugs", "bug"), ("rules.refunds", "refund")]


def test_undeclared_labelers_lose_their_suggestions(project: Project):
    """What a labeler suggested goes when it is declared no more; what came over the API stays."""
    (item,) = add_texts(project, ["a refund please"])
    suggest(project, DECLARED)
    values = {"project_id": project.id, "item_id": item, "question": "intent", "labeler": "api", "version": "1", "created_at": 0.0}
    project.database.write(
        lambda connection: connection.execute(sa.insert(tables.suggestions).values(**values, answer=encode(Choice("bug"))))
    )
    assert suggest(project, []).removed == 1
    assert found(project) == [("api", "bug", None)]
    assert suggest(project, []).removed == 0
    assert suggest(project, DECLARED).written == 1


def test_a_raising_function_abstains(project: Project):
    """A function that raises, or answers what the question does not allow, abstains; its report counts and says why."""
    (project.folder / "rules.py").write_text(
        "from labelwright import labeling_function\n"
        "@labeling_function\ndef broken(item):\n    return {}[item.key]\n"
        "@labeling_function\ndef wrong(item):\n    return 'refnd'\n"
        "@labeling_function\ndef fine(item):\n    return 'bug'\n"
    )
    add_texts(project, ["one", "two"])
    assert suggest(project, DECLARED).written == 2
    with project.database.read() as connection:
        reports = {row.labeler: decode(row.report) for row in connection.execute(sa.select(tables.labeler_versions))}
    assert (reports["rules.broken"]["failed"], reports["rules.broken"]["answered"]) == (2, 0)
    assert reports["rules.broken"]["error"] == "At item t0: KeyError: 't0' (rules.py line 4)"
    assert "'refnd' is none of the labels" in reports["rules.wrong"]["error"]


def failures(project: Project) -> dict[str, str]:
    with project.database.read() as connection:
        rows = connection.execute(sa.select(tables.quarantine).where(tables.quarantine.c.stage == "suggest")).all()
    return {row.place: row.reason for row in rows}


def test_what_a_function_fails_at_is_set_aside_until_it_is_mended(project: Project):
    """Each failure stands in quarantine once, with labeler, item and line; it goes when the function is mended or gone."""
    rules = project.folder / "rules.py"
    broken = "from labelwright import labeling_function\n@labeling_function\ndef one(item):\n    return {'t1': 'bug'}[item.key]\n"
    other = "@labeling_function\ndef two(item):\n    return 'refnd'\n"

    rules.write_text(broken + other)
    add_texts(project, ["zero", "one"])
    report = suggest(project, DECLARED)
    assert [(one.labeler, one.failed, one.written) for one in report.labelers] == [("rules.one", 1, 1), ("rules.two", 2, 0)]
    found_at_first = failures(project)
    assert found_at_first["rules.one at item t0"] == "KeyError: 't0' (rules.py line 4)"
    assert "'refnd' is none of the labels" in found_at_first["rules.two at item t1"]
    assert len(found_at_first) == 3
    for _ in range(2):
        assert suggest(project, DECLARED).written == 0
        assert failures(project) == found_at_first
    rules.write_text(broken.replace("[item.key]", ".get(item.key)") + other)
    suggest(project, DECLARED)
    assert set(failures(project)) == {"rules.two at item t0", "rules.two at item t1"}
    rules.write_text(broken.replace("[item.key]", ".get(item.key)"))
    suggest(project, DECLARED)
    assert failures(project) == {}


def test_a_failure_goes_with_its_item(project: Project):
    """Where an item is asked about no longer, what failed at it is told no longer, whether the function has changed since or not."""
    rules = project.folder / "rules.py"
    rules.write_text("from labelwright import labeling_function\n@labeling_function\ndef one(item):\n    return {}[item.key]\n")
    first, second, _ = add_texts(project, ["zero", "one", "two"])
    suggest(project, DECLARED)
    states(project, {first: "replaced"})
    suggest(project, DECLARED)
    assert set(failures(project)) == {"rules.one at item t1", "rules.one at item t2"}
    states(project, {second: "replaced"})
    rules.write_text(rules.read_text() + "    # changed\n    return None\n")
    suggest(project, DECLARED)
    assert set(failures(project)) == {"rules.one at item t2"}


def test_a_function_that_is_about_another_question_now_tells_where_it_fails(make_project: Callable[..., Project]):
    """What it failed at before is forgotten, and what it fails at now is not."""
    asked = {"kind": "choice", "of": "body", "options": ["x"]}
    project = make_project({"data": {"body": "text"}, "questions": {"a": asked, "b": asked}})
    add_texts(project, ["zero"])
    for question in ("a", "b"):
        mark = f"@labeling_function(question='{question}')"
        code = f"from labelwright import labeling_function\n{mark}\ndef one(item):\n    raise ValueError('{question}')\n"
        (project.folder / "rules.py").write_text(code)
        suggest(project, DECLARED)
        assert failures(project) == {"rules.one at item t0": f"ValueError: {question} (rules.py line 4)"}


def test_a_function_may_read_the_bytes(make_project: Callable[..., Project]):
    """A second parameter is handed the blobs; spans, boxes and segments are answered in plain form."""
    schema = {"data": {"clip": "audio"}, "questions": {"speech": {"kind": "segments", "of": "clip", "options": ["speech"]}}}
    project = make_project(schema)
    (project.folder / "rules.py").write_text(
        "from labelwright import labeling_function\n"
        "@labeling_function\ndef all_of_it(item, blobs):\n"
        "    clip = item.data['clip']\n"
        "    return [{'start': 0.0, 'end': clip.duration, 'label': 'speech'}] if blobs.get(clip.blob)[:4] == b'RIFF' else None\n"
    )
    import io

    import numpy as np
    import soundfile

    out = io.BytesIO()
    soundfile.write(out, np.zeros(8000), 8000, format="WAV")
    make.add(project, [{"clip": make.sound(project, out.getvalue())}])
    suggest(project, DECLARED)
    (answer,) = make.suggestions(project, "answer")
    assert decode_answer(answer[0]).plain() == [{"start": 0.0, "end": 1.0, "label": "speech"}]


@pytest.mark.parametrize(
    ("declared", "file", "message", "where"),
    [
        ({"function": "rules.py"}, "", "no labeler named 'function'", "assist.labelers[0]"),
        ({"functions": {"fil": "rules.py"}}, "", "fil", "assist.labelers[0]"),
        ({"functions": "nothing.py"}, "", "no file 'nothing.py'", "assist.labelers[0], functions"),
        ({"functions": "rules.py"}, "x = 1", "no function marked", "assist.labelers[0]"),
        ({"functions": "rules.py"}, "1 / 0", "ZeroDivisionError", "assist.labelers[0], rules.py line 1"),
        (
            {"functions": "rules.py"},
            "from labelwright import labeling_function\n@labeling_function(question='intnet')\ndef f(item): ...",
            "no question 'intnet'",
            "assist.labelers[0], rules.py, f",
        ),
        ({"model": {"questions": ["intnet"]}}, "", "no question 'intnet'", "assist.labelers[0].model.questions"),
        ({"model": "tfidf_logistc"}, "", "no model 'tfidf_logistc'", "assist.labelers[0].model"),
        ({"model": {"retrain": "soon"}}, "", "no share", "assist.labelers[0].model.retrain"),
        ({"model": "token_logistic"}, "", "fits none", "assist.labelers[0].model"),
    ],
)
@pytest.mark.parametrize("store_url", ["sqlite"], indirect=True)
def test_wrong_declarations_say_where(project: Project, declared: dict[str, object], file: str, message: str, where: str):
    """An unknown labeler, option, file, question or model is refused with its place."""
    (project.folder / "rules.py").write_text(file)
    with pytest.raises(InvalidPipeline) as error:
        suggest(project, [declared])
    assert message in error.value.message
    assert error.value.where == where


def test_the_policy_is_checked_without_running_anything():
    """An unknown labeler or option, or the same labeler twice, is found before any file is run."""
    AssistPolicy(labelers=({"functions": "rules.py"}, "model")).check()
    for labelers in (("modl",), ({"model": {"fewst": 3}},), ("model", {"model": {}})):
        with pytest.raises(InvalidPipeline):
            AssistPolicy(labelers=labelers).check()


def test_many_pages_are_written(project: Project, tmp_path: Path):
    """More items than fit a page all get their suggestion, and progress is told."""
    make.add(project, [{"body": Text(f"refund {index}")} for index in range(1100)])
    told: list[int] = []
    assert suggest(project, DECLARED, progress=lambda done, total, what: told.append(done)).written == 1100
    assert max(told) == 1100


def test_a_killed_run_goes_on_where_it_was(project: Project):
    """Pages that were written are not looked at again; nothing is written twice."""
    make.add(project, [{"body": Text(f"refund {index}")} for index in range(1100)])

    def stop(done: int, total: int | None, what: str) -> None:
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        suggest(project, DECLARED, progress=stop)
    assert count(project, tables.suggestions) == 500
    report = suggest(project, DECLARED)
    assert report.labelers[0].looked_at == 600
    assert count(project, tables.suggestions) == 1100


def test_a_role_belongs_to_the_labelers_of_an_entry(project: Project):
    """All functions of a file have its role; one that is named has its own; and a labeler that its module calls otherwise has none."""
    from types import ModuleType

    from labelwright.assist import counted, read_roles

    add_texts(project, ["a refund please"])
    declared = [
        {"functions": {"file": "rules.py", "role": "annotate"}},
        {"named": "rules.bugs"},
        {"named": {"names": "sent", "role": "annotate"}},
    ]
    suggest(project, declared)
    with project.database.read() as connection:
        assert counted(connection, project.id, read_roles(declared)) == ("rules.refunds", "sent")
        assert counted(connection, project.id, read_roles(DECLARED)) == ()
    from labelwright.assist.labelers import functions
    from labelwright.assist.policy import Declared, Role, Roles
    from labelwright.assist.suggesting import _check_names

    module = ModuleType("odd")
    opened = functions.open_labelers(functions.Options(file="rules.py"), project, "", lambda *told: None)
    with pytest.raises(InvalidPipeline, match=r"'rules\.refunds' is not called as its module says"):
        _check_names(Declared("odd", module, None, "assist.labelers[0]", Role(True, False)), opened, Roles({"odd": Role(True, False)}))


@pytest.mark.parametrize(
    ("raised", "told"),
    [
        ("import sys; sys.exit(3)", "SystemExit: 3"),
        ("raise type('Odd', (BaseException,), {})('no')", "Odd: no"),
        ("raise ValueError('a\\0b\\ud83d')", "ValueError: a\ufffdb?"),
        ("raise type('Mute', (Exception,), {'__str__': lambda self: 1 / 0})()", "Mute"),
    ],
)
def test_whatever_a_function_raises_is_told_at_its_item(project: Project, raised: str, told: str):
    """Not only exceptions: `sys.exit()`, what has no text, and texts that no database takes stop neither the others nor the run."""
    (project.folder / "rules.py").write_text(
        f"from labelwright import labeling_function\n@labeling_function\ndef odd(item):\n    {raised}\n"
        "@labeling_function\ndef fine(item):\n    return 'bug'\n"
    )
    add_texts(project, ["one", "two"])
    assert suggest(project, DECLARED).written == 2
    assert failures(project)["rules.odd at item t0"] == f"{told} (rules.py line 4)"
