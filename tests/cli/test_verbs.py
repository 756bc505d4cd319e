"""The command line does what it says, and says what is wrong without a traceback."""

from __future__ import annotations

import contextlib
import json
import os
import socket
import sqlite3
import subprocess
import sys
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright import plugins
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema.kinds.choice import Choice
from labelwright.server.process import running_server
from labelwright.store import log, people, tables
from labelwright.store.codec import encode
from tests.cli.conftest import Run


@pytest.fixture
def folder(tmp_path: Path, run: Run) -> Path:
    """A project made by `init` from a small table with labels, after its first run."""
    rows = "".join(f"{n},This is message number {n},{'ham' if n % 3 else 'spam'}\n" for n in range(30))
    (tmp_path / "data.csv").write_text("id,text,label\n" + rows + "broken\n", "utf-8")
    assert run("init", tmp_path / "mail", "--from", tmp_path / "data.csv")[0] == 0
    assert run("run", tmp_path / "mail")[0] == 0
    return tmp_path / "mail"


def test_init_and_run_make_a_project_that_works(folder: Path, run: Run) -> None:
    """The starter file runs as it is; a second run does nothing; `status` shows items, tasks and the quarantined line."""
    code, out, _ = run("run", folder, "--json")
    (report,) = json.loads(out)
    assert code == 0
    assert (report["collected"]["new"], report["prepared"]["prepared"]) == (0, 0)
    code, out, _ = run("status", folder, "--json")
    (status,) = json.loads(out)
    assert (status["prepared"], status["tasks"], status["quarantined"]) == (30, {"open": 60}, 1)
    assert "line 32" in status["quarantine"][0]["place"]
    assert "mail" in run("status", folder)[1]


def test_a_run_and_the_status_count_alike_and_tell_what_vanished(tmp_path: Path, run: Run) -> None:
    """Collected means in the store, in both; what is gone from its source is said by both, with its items kept."""
    (tmp_path / "a.jsonl").write_text("".join(f'{{"id": {number}, "body": "text {number}"}}\n' for number in range(9)) + "broken\n")
    (tmp_path / "labelwright.yaml").write_text(
        "name: t\nsources: [{uri: a.jsonl, id: id}]\n"
        "schema: {data: {body: text}, questions: {q: {kind: choice, of: body, options: [a, b]}}}\n"
    )
    (report,) = json.loads(run("run", tmp_path, "--json")[1])
    (status,) = json.loads(run("status", tmp_path, "--json")[1])
    collected = sum(report["collected"][name] for name in ("new", "changed", "unchanged"))
    assert (collected, report["collected"]["quarantined"]) == (status["collected"], status["quarantined"]) == (9, 1)
    assert "vanished" not in run("run", tmp_path)[1]
    (tmp_path / "a.jsonl").write_text('{"id": 3, "body": "text 3"}\n')
    assert "vanished   8 items are no longer in their source (kept)" in run("run", tmp_path)[1]
    assert "vanished   8 items are no longer in their source (kept)" in run("run", tmp_path)[1]
    assert "t: 8 items are no longer in their source (kept)" in run("status", tmp_path)[1]


def test_the_demo_says_what_the_status_says(tmp_path: Path, run: Run) -> None:
    """Both count the rows and files that are in the store, and what lies in quarantine."""
    said = run("demo", tmp_path / "demo", "--no-serve")[1]
    for status in json.loads(run("status", tmp_path / "demo", "--json")[1]):
        expected = f"{status['project']}: {status['collected']} rows and files collected, {status['quarantined']} in quarantine"
        assert expected in said


def test_labels_come_in_and_a_version_goes_out(folder: Path, run: Run, tmp_path: Path) -> None:
    """Imported labels become a frozen version; the same labels make no second one; exports hold all items; requirements exit by 0 or 1."""
    lines = "".join(json.dumps({"key": str(n), "label": "ham" if n % 3 else "spam"}) + "\n" for n in range(30))
    (tmp_path / "labels.jsonl").write_text(lines, "utf-8")
    code, out, err = run("import", folder, tmp_path / "labels.jsonl", "--as", "annotations")
    assert (code, err) == (0, "")
    assert "30" in out
    for _ in range(2):
        code, out, _ = run("version", folder, "--json")
        assert (code, json.loads(out)["mail"]["version"]["number"]) == (0, 1)
    for name in plugins.names("formats"):
        code, _, err = run("export", folder, "--format", name, "--to", tmp_path / "out" / name)
        assert code == 0 or "jsonl" in err, err
    assert run("export", folder, "--format", "jsonl", "--to", tmp_path / "all.jsonl")[0] == 0
    assert len((tmp_path / "all.jsonl").read_text("utf-8").splitlines()) == 30
    code, out, _ = run("check", folder)
    assert code == 1
    assert "not enough evidence" in out
    assert run("report", folder, "--to", tmp_path / "report.html")[0] == 0
    assert "<script" not in (tmp_path / "report.html").read_text("utf-8")


def test_labels_that_are_not_frozen_are_split_as_the_pipeline_says(folder: Path, run: Run, tmp_path: Path) -> None:
    """An export without a version has the shares of the pipeline file, as the version would have."""
    declared = (folder / "labelwright.yaml").read_text("utf-8")
    (folder / "labelwright.yaml").write_text(declared.replace("{train: 80%, test: 20%}", "{train: 50%, test: 50%}"), "utf-8")
    lines = "".join(json.dumps({"key": str(n), "label": "ham"}) + "\n" for n in range(30))
    (tmp_path / "labels.jsonl").write_text(lines, "utf-8")
    assert run("import", folder, tmp_path / "labels.jsonl", "--as", "annotations")[0] == 0

    def splits(*more: str) -> dict[str, str]:
        assert run("export", folder, "--format", "jsonl", "--to", tmp_path / "out.jsonl", *more)[0] == 0
        rows = map(json.loads, (tmp_path / "out.jsonl").read_text("utf-8").splitlines())
        return {row["key"]: row["split"] for row in rows}

    before = splits()
    assert set(before.values()) == {"train", "test"}
    assert run("version", folder)[0] == 0
    assert splits("--version", "1") == before


def test_a_backup_comes_back_elsewhere(folder: Path, run: Run, tmp_path: Path) -> None:
    """What was backed up is restored into the same declaration in another folder, and refused where something is."""
    assert run("backup", folder, "--to", tmp_path / "mail.tar")[0] == 0
    other = tmp_path / "other"
    other.mkdir()
    (other / "labelwright.yaml").write_text((folder / "labelwright.yaml").read_text("utf-8"), "utf-8")
    (other / "guidelines.md").write_text((folder / "guidelines.md").read_text("utf-8"), "utf-8")
    assert run("restore", other, "--from", tmp_path / "mail.tar")[0] == 0
    restored, stood = (json.loads(run("status", one, "--json")[1]) for one in (other, folder))
    assert [{**one, "at": 0} for one in restored] == [{**one, "at": 0} for one in stood]
    code, _, err = run("restore", folder, "--from", tmp_path / "mail.tar")
    assert code == 2
    assert "not empty" in err


def test_a_backup_writes_over_nothing_unless_told_to(folder: Path, run: Run, tmp_path: Path) -> None:
    """A file that is there stays, and the error says how to write over it."""
    target = tmp_path / "mail.tar"
    target.write_text("mine", "utf-8")
    code, _, err = run("backup", folder, "--to", target)
    assert (code, target.read_text("utf-8")) == (2, "mine")
    assert "--force" in err
    assert run("backup", folder, "--to", target, "--force")[0] == 0
    assert target.stat().st_size > 1000


def test_what_is_no_backup_is_refused_in_one_sentence(folder: Path, run: Run, tmp_path: Path) -> None:
    """A text, an empty file and a folder are no backups, and nothing of the tar reader's own words is shown."""
    (tmp_path / "text.tar").write_text("no tar " * 200, "utf-8")
    (tmp_path / "empty.tar").write_bytes(b"")
    for name in ("text.tar", "empty.tar", "."):
        code, _, err = run("restore", folder, "--from", tmp_path / name)
        assert code == 2
        assert "`labelwright backup` wrote" in err
        assert "gz" not in err.rpartition(": ")[2]
        assert len(err.strip().splitlines()) == 1


def test_people_are_added_and_tokens_made(folder: Path, run: Run) -> None:
    """A new person gets a link, a token is printed once, roles change, and the list shows them; a name taken twice is an error."""
    code, out, _ = run("users", "add", folder, "Ann", "--role", "reviewer")
    assert code == 0
    assert "http://localhost:8000/#/welcome/" in out
    code, out, err = run("users", "token", folder, "Ann")
    assert code == 0
    assert out.startswith("lwt_")
    assert len(out.splitlines()) == 1
    assert "what an annotator may" in err
    assert json.loads(run("users", "token", folder, "Ann", "--role", "reviewer", "--json")[1])["role"] == "reviewer"
    assert "command line" in run("users", "tokens", folder)[1]
    newest, oldest = json.loads(run("users", "tokens", folder, "--json")[1])
    assert run("users", "revoke", folder, str(oldest["id"]))[0] == 0
    assert [one["id"] for one in json.loads(run("users", "tokens", folder, "--json")[1])] == [newest["id"]]
    assert run("users", "revoke", folder, str(oldest["id"]))[0] == 2
    assert run("users", "role", folder, "Ann", "manager")[0] == 0
    assert "mail: manager" in run("users", "list", folder)[1]
    assert run("users", "out", folder, "Ann")[0] == 0
    code, _, err = run("users", "add", folder, "Ann")
    assert code == 2
    assert "Ann" in err


def test_what_comes_from_data_is_written_out_on_a_terminal(folder: Path, run: Run) -> None:
    """Control characters of a key, a reason or a mistake reach no terminal, which would obey them; a name has none."""
    (folder / "gold.jsonl").write_text(json.dumps({"key": "no\x1b[2Jsuch", "mood": "go\x9bod"}) + "\n", "utf-8")
    for words in (["import", folder, folder / "gold.jsonl", "--as", "gold"], ["status", folder], ["run", "no\x1b[2Jfolder"]):
        _, out, err = run(*words)
        assert out + err
        assert all(one.isprintable() or one == "\n" for one in out + err), words
        assert "no\\u001b[2J" in out + err or words[0] == "status"


@pytest.mark.parametrize(
    ("words", "said"),
    [
        (["rnu"], "Did you mean 'run'?"),
        (["run", "nowhere"], "There is no labelwright.yaml here"),
        (["run", "FOLDER", "--project", "nobody"], "no such project"),
        (["import", "FOLDER", "missing.jsonl"], "missing.jsonl"),
        (["export", "FOLDER", "--format", "docx", "--to", "x"], "invalid choice"),
        (["export", "FOLDER", "--format", "jsonl", "--to", "x", "--version", "7"], "no version 7"),
        (["restore", "FOLDER", "--from", "labelwright.yaml"], "labelwright.yaml"),
        (["init", "FOLDER"], "already"),
    ],
)
def test_wrong_use_is_explained(folder: Path, run: Run, words: list[str], said: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Each mistake is exit code 2 and a sentence, never a traceback."""
    monkeypatch.chdir(folder.parent)
    code, _, err = run(*[str(folder) if word == "FOLDER" else word for word in words])
    assert code == 2
    assert said in err
    assert "Traceback" not in err


def test_a_broken_pipeline_file_is_explained_with_its_line(folder: Path, run: Run) -> None:
    """The message names file, line and the nearest key."""
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text("utf-8").replace("overlap:", "overlpa:"), "utf-8")
    code, _, err = run("run", folder)
    assert code == 2
    assert "labelwright.yaml line" in err
    assert "Did you mean 'overlap'?" in err


def test_several_projects_share_one_folder(folder: Path, run: Run) -> None:
    """A folder of projects runs them all; a verb for one asks which; a comment is an empty workspace file."""
    second = folder.parent / "second"
    second.mkdir()
    text = (folder / "labelwright.yaml").read_text("utf-8").replace("name: mail", "name: second")
    (second / "labelwright.yaml").write_text(text, "utf-8")
    (second / "guidelines.md").write_text("", "utf-8")
    (folder.parent / "workspace.yaml").write_text("# all of our mail\n", "utf-8")
    assert run("run", folder.parent)[0] == 0
    assert {one["project"] for one in json.loads(run("status", folder.parent, "--json")[1])} == {"mail", "second"}
    assert [one["project"] for one in json.loads(run("status", second, "--json")[1])] == ["second"]
    code, _, err = run("export", folder.parent, "--format", "jsonl", "--to", folder.parent / "x.jsonl")
    assert code == 2
    assert "--project" in err


def test_what_describes_itself_does(folder: Path, run: Run) -> None:
    """Settings, plugins, the JSON Schema and the doctor answer, as text and as JSON."""
    for words in (["plugins"], ["plugins", "formats", "--json"], ["settings"], ["settings", "--json"], ["schema"]):
        code, out, err = run(*words)
        assert (code, err) == (0, "")
        assert out
    assert "mail" in run("doctor", folder)[1]


def test_the_doctor_misses_the_files_that_the_pipeline_names(folder: Path, run: Run) -> None:
    """Data, labeling functions and gold that are not there are named with their lines, all at once, and the exit code is 1."""
    path = folder / "labelwright.yaml"
    text = path.read_text("utf-8").replace("data.csv", "date.csv").replace("[{model: {}}]", "[{functions: rules.py}, {model: {}}]")
    path.write_text(text + "prepare: [{python: steps.py}]\nquality: {gold: gold.jsonl}\n", "utf-8")
    for name in ("rules.py", "steps.py"):
        (folder / name).write_text("", "utf-8")
    code, out, _ = run("doctor", folder)
    assert (code, "date.csv" in out, "no file 'gold.jsonl'" in out, ".py" in out) == (1, True, True, False)
    for name in ("rules.py", "steps.py"):
        (folder / name).unlink()
    out = run("doctor", folder)[1]
    number = next(number for number, line in enumerate(text.splitlines(), 1) if "rules.py" in line)
    assert f"line {number}, assist.labelers[0]: There is no file 'rules.py'." in out
    assert "There is no file 'steps.py'." in out
    (folder.parent / "date.csv").write_bytes((folder.parent / "data.csv").read_bytes())
    for name in ("rules.py", "steps.py", "gold.jsonl"):
        (folder / name).write_text("", "utf-8")
    assert run("doctor", folder)[0] == 0


def test_help_is_quick_because_it_loads_nothing_heavy() -> None:
    """`labelwright --help` imports none of the heavy libraries."""
    code = "import sys; from labelwright.cli import main; main(['--help']); print(sorted({name.partition('.')[0] for name in sys.modules}))"
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    loaded = said.rpartition("[")[2]
    for heavy in ("numpy", "scipy", "sklearn", "sqlalchemy", "litestar", "pydantic", "pyarrow", "PIL", "msgspec"):
        assert f"'{heavy}'" not in loaded


@pytest.mark.parametrize("verb", [["status"], ["run"], ["check"], ["backup", "--to", "FILE"], ["serve", "--port", "0"]])
def test_a_store_that_is_none_is_one_sentence_for_every_verb(folder: Path, run: Run, tmp_path: Path, verb: list[str]) -> None:
    """Random bytes where the database should be: no traceback, no waiting for ever, exit code 2; the doctor finds it too."""
    for file in folder.glob("labelwright.db*"):
        file.unlink()
    (folder / "labelwright.db").write_bytes(bytes(range(1, 256)) * 20)
    words = [str(tmp_path / "backup.tar") if word == "FILE" else word for word in verb]
    code, _, err = run(words[0], folder, *words[1:])
    assert code == 2
    assert "no database" in err
    assert len(err.strip().splitlines()) == 1
    code, out, _ = run("doctor", folder)
    assert code == 1
    assert "no database" in out


@pytest.mark.parametrize(
    ("name", "value"),
    [("LABELWRIGHT_PORT", "abc"), ("LABELWRIGHT_PORT", "80800"), ("LABELWRIGHT_HTTPS", "perhaps"), ("LABELWRIGHT_SESSION_HOURS", "0")],
)
def test_a_setting_that_is_wrong_is_named(folder: Path, run: Run, monkeypatch: pytest.MonkeyPatch, name: str, value: str) -> None:
    """A wrong environment variable is one sentence with its name and value."""
    from labelwright.settings import settings

    monkeypatch.setenv(name, value)
    settings.cache_clear()
    try:
        code, _, err = run("status", folder)
    finally:
        settings.cache_clear()
    assert code == 2
    assert name in err
    assert f"'{value}'" in err
    assert len(err.strip().splitlines()) == 1


@pytest.mark.skipif(os.geteuid() == 0, reason="root may write everywhere")
def test_a_folder_that_may_not_be_written_is_told(folder: Path, run: Run) -> None:
    """Where the system says no, its reason is the message."""
    folder.chmod(0o500)
    try:
        code, _, err = run("run", folder)
    finally:
        folder.chmod(0o700)
    assert code == 2
    assert len(err.strip().splitlines()) == 1


def _contents(folder: Path) -> dict[str, bytes]:
    """What everybody's tokens, links and pipeline versions are now."""
    with contextlib.closing(sqlite3.connect(folder / "labelwright.db")) as connection:
        return {
            name: repr(connection.execute(f"SELECT * FROM {name} ORDER BY 1").fetchall()).encode()
            for name in ("tokens", "users", "memberships", "pipeline_versions")
        }


def test_a_second_server_changes_nothing_and_says_where_the_first_is(folder: Path, run: Run) -> None:
    """`serve` and `simulate` beside a server end with its address and exit code 2; the link that the first one printed still counts."""
    with running_server(folder) as address:
        before = _contents(folder)
        (folder / "guidelines.md").write_text("New guidelines.", "utf-8")
        port = address.rpartition(":")[2]
        for words in (["serve", folder, "--port", "0"], ["serve", folder, "--port", port], ["simulate", folder]):
            code, out, err = run(*words)
            assert (code, out) == (2, "")
            assert len(err.strip().splitlines()) == 1
            assert f"served already, at http://localhost:{port}." in err
        assert _contents(folder) == before
    assert not list(folder.glob("*.address"))


@pytest.mark.parametrize("port", ["80800", "-1", "TAKEN"])
@pytest.mark.parametrize("verb", ["serve", "demo"])
def test_a_port_that_cannot_be_had_is_told_before_anything_is_made(run: Run, tmp_path: Path, verb: str, port: str) -> None:
    """A port out of range or taken: one sentence, exit code 2, and no store or demo was written."""
    folder = tmp_path / "project"
    if verb == "serve":
        (tmp_path / "data.csv").write_text("id,text\n1,Hello there\n", "utf-8")
        assert run("init", folder, "--from", tmp_path / "data.csv")[0] == 0
    with socket.socket() as other:
        other.bind(("127.0.0.1", 0))
        other.listen()
        code, out, err = run(verb, folder, "--port", str(other.getsockname()[1]) if port == "TAKEN" else port)
    assert (code, out) == (2, "")
    assert ("is taken" if port == "TAKEN" else "no port") in err
    assert len(err.strip().splitlines()) == 1
    assert not (folder / "labelwright.db").exists()
    assert verb == "serve" or not folder.exists()


def test_a_run_says_why_rows_were_set_aside(folder: Path, run: Run) -> None:
    """The most frequent reasons stand there with their counts and first places; where nothing is left, the exit code is 1."""
    code, out, _ = run("run", folder)
    assert code == 0
    assert "1 in quarantine (collect), first" in out
    assert "line 32" in out
    assert f"labelwright status {folder}" in out
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text("utf-8").replace('id: "id"', 'id: "number"').replace("name: mail", "name: post"), "utf-8")
    code, out, _ = run("run", folder)
    assert code == 1
    assert "30 in quarantine (collect), first" in out
    assert "line 2: There is no column 'number'." in out
    assert "No row of post could become an item." in out
    assert "Next:" not in out
    assert run("run", folder, "--json")[0] == 1


def test_a_source_of_which_no_row_can_be_read_any_longer_is_a_failure(folder: Path, run: Run) -> None:
    """Where every row has become unreadable, the exit code is 1 although the items of before are kept, and 0 again when it is mended."""
    data = folder.parent / "data.csv"
    good = data.read_text("utf-8")
    data.write_text(good.replace("id,", "ident,", 1), "utf-8")
    for _ in range(2):
        code, out, _ = run("run", folder)
        assert (code, "No row of mail could become an item." in out, "30 items are no longer" in out) == (1, True, True)
    data.write_text(good, "utf-8")
    code, out, _ = run("run", folder)
    assert (code, "vanished" in out) == (0, False)


def test_an_import_tells_in_words_what_became_of_the_entries(folder: Path, run: Run, tmp_path: Path) -> None:
    """What was taken, what was set aside and why; a file of which nothing fits is exit code 1."""
    lines = [{"key": str(n), "label": "ham"} for n in range(20)] + [{"key": f"x{n}", "label": "ham"} for n in range(4)]
    lines.append({"key": "21", "label": "harm"})
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps(line) + "\n" for line in lines), "utf-8")
    code, out, _ = run("import", folder, tmp_path / "labels.jsonl")
    assert code == 0
    assert "25 entries read as annotations: 20 new or changed, 0 there already, 5 in quarantine" in out
    assert "4 in quarantine (import), first " in out
    assert "line 21: No item has the key 'x0'." in out
    assert "1 in quarantine (import)" in out
    assert "left_out" not in out
    assert f"Next: labelwright check {folder}" in out
    code, out, _ = run("import", folder, tmp_path / "labels.jsonl", "--key", "label")
    assert code == 1
    assert "25 in quarantine" in out
    assert "No entry could be taken." in out


def test_what_was_imported_counts_at_once(folder: Path, run: Run, tmp_path: Path) -> None:
    """Right after an import `status`, `check` and `export` speak of the new labels, whether annotations or gold."""
    for use, keys in (("annotations", range(20)), ("gold", range(20, 25))):
        path = tmp_path / f"{use}.jsonl"
        path.write_text("".join(json.dumps({"key": str(n), "label": "ham"}) + "\n" for n in keys), "utf-8")
        assert run("import", folder, path, "--as", use)[0] == 0
    assert json.loads(run("status", folder, "--json")[1])[0]["labeled"] == 20
    assert "no label made from annotators' answers" not in run("check", folder)[1]
    assert "25 items" in run("export", folder, "--format", "jsonl", "--to", tmp_path / "out.jsonl")[1]


def test_an_export_says_how_many_items_it_has_and_which_answers_are_missing(folder: Path, run: Run, tmp_path: Path) -> None:
    """Nothing labeled is said; items that lack the answer to a required question are counted by that question."""
    to = ["--format", "csv", "--to", tmp_path / "out.csv"]
    out = run("export", folder, *to)[1]
    assert "0 items" in out
    assert "No item is labeled yet." in out
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps({"key": str(n), "label": "ham"}) + "\n" for n in range(20)), "utf-8")
    assert run("import", folder, tmp_path / "labels.jsonl")[0] == 0
    path = folder / "labelwright.yaml"
    path.write_text(
        path.read_text("utf-8").replace("  questions:\n", "  questions:\n    tone: {kind: choice, of: text, options: [calm, upset]}\n"),
        "utf-8",
    )
    out = run("export", folder, *to)[1]
    assert "0 items" in out
    assert "20 more have labels and are not finished; still without a label: 'tone' of 20" in out
    assert json.loads(run("export", folder, *to, "--json")[1]) == {"items": 0, "unfinished": 20, "missing": {"tone": 20}}


def test_a_version_tells_what_is_in_it_and_what_it_proves(folder: Path, run: Run, tmp_path: Path) -> None:
    """Items, splits, the certificate's sentence and the exports; frozen again, it says that nothing has changed."""
    (tmp_path / "labels.jsonl").write_text("".join(json.dumps({"key": str(n), "label": "ham"}) + "\n" for n in range(20)), "utf-8")
    assert run("import", folder, tmp_path / "labels.jsonl")[0] == 0
    out = run("version", folder)[1]
    assert "mail: version 1, 20 items (" in out
    assert " train), " in out
    assert "10 more items are not in it" in out
    assert "label: Not enough evidence:" in out
    assert f"labelwright export {folder} --version 1 --format jsonl --to FILE" in out
    assert "still stands" not in out
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text("utf-8") + "  export: [{to: out.csv, format: csv}]\n", "utf-8")
    out = run("version", folder)[1]
    assert "version 1 still stands" in out
    assert f"wrote {folder / 'out.csv'}" in out


def test_check_says_what_to_do_for_a_proof(folder: Path, run: Run, tmp_path: Path) -> None:
    """Somebody who labels alone with an overlap of two learns what to change, who must review, and how much of it."""
    path = folder / "labelwright.yaml"
    text = path.read_text("utf-8")
    assert "labelwright users add" in text
    with contextlib.closing(Workspace.open(folder)) as workspace:
        opened = workspace.projects["mail"]
        owner = workspace.database.write(
            lambda connection: people.first_sign_in(connection, [opened.project.id]) and people.find_user(connection, "owner")
        )
        assert owner
        for key in map(str, range(20)):
            workspace.database.write(partial(_answer, opened=opened, user_id=owner[0], key=key))
    out = run("check", folder)[1]
    assert "20 labeled items wait for another person's answer" in out
    assert "`tasks: {overlap: 1}`" in out
    path.write_text(text.replace("overlap: 2", "overlap: 1").replace("sample: 10%", "sample: 50%"), "utf-8")
    assert run("run", folder)[0] == 0
    out = run("check", folder)[1]
    assert "wait for another person's answer" not in out
    assert out.lower().count("not enough evidence") == 1
    assert "more audits without an error would prove at most 5%; 0 of 20 labels are audited" in out
    assert "`review: {own: true}`" in out
    path.write_text(path.read_text("utf-8").replace("own: false", "own: true"), "utf-8")
    assert "`review: {own: true}`" not in run("check", folder)[1]


def _answer(connection: Connection, opened: OpenProject, user_id: int, key: str) -> None:
    item_id = connection.scalar(sa.select(tables.items.c.id).where(tables.items.c.key == key))
    task = sa.select(tables.tasks.c.id).where(tables.tasks.c.item_id == item_id, tables.tasks.c.state == "open").limit(1)
    connection.execute(sa.update(tables.tasks).where(tables.tasks.c.id == connection.scalar(task)).values(state="done", user_id=user_id))
    written = connection.execute(
        sa.insert(tables.annotations).values(
            project_id=opened.project.id,
            item_id=item_id,
            user_id=user_id,
            pipeline_version=opened.project.pipeline_version,
            values=encode({"label": Choice("ham")}),
            created_at=0.0,
        )
    )
    log.append(connection, opened.project.id, "annotation_submitted", item_id=item_id, subject_id=written.inserted_primary_key[0])


def test_a_run_counts_the_answers_that_a_change_of_the_questions_outdates(folder: Path, run: Run, tmp_path: Path) -> None:
    """A label that is renamed while answers hold it, and a question that is new: how many, and what becomes of them."""
    lines = "".join(json.dumps({"key": str(n), "label": "ham" if n % 4 else "spam"}) + "\n" for n in range(20))
    (tmp_path / "labels.jsonl").write_text(lines, "utf-8")
    assert run("import", folder, tmp_path / "labels.jsonl")[0] == 0
    assert "outdated" not in run("run", folder)[1]
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text("utf-8").replace('"spam"', '"junk"'), "utf-8")
    for _ in range(2):
        assert "5 answers hold the label 'spam' of 'label', which is gone; asked anew" in run("run", folder)[1]
    more = "  questions:\n    tone: {kind: choice, of: text, options: [calm, upset]}\n"
    path.write_text(path.read_text("utf-8").replace("  questions:\n", more), "utf-8")
    out = run("run", folder)[1]
    assert "20 answers lack one to 'tone', which is required now" in out
    assert out.index("20 answers lack") < out.index("5 answers hold")


def test_an_answer_that_says_more_than_is_asked_now_is_not_sent_back(folder: Path, run: Run, tmp_path: Path) -> None:
    """A question that is gone, and one that gets a condition: answers to it are counted as such, and nobody is asked anew."""
    path = folder / "labelwright.yaml"
    text = path.read_text("utf-8")
    more = "    tone: {kind: choice, of: text, options: [calm, upset], required: false%s}\n"
    head, _, tail = text.partition("  questions:\n")
    label, end, rest = tail.partition("\n")
    path.write_text(f"{head}  questions:\n{label}{end}{more % ''}{rest}", "utf-8")
    assert run("run", folder)[0] == 0
    lines = "".join(json.dumps({"key": str(n), "label": "ham", "tone": "calm"}) + "\n" for n in range(20))
    (tmp_path / "labels.jsonl").write_text(lines, "utf-8")
    assert run("import", folder, tmp_path / "labels.jsonl")[0] == 0

    def changed(text: str) -> tuple[str, list[tuple[Any, ...]]]:
        path.write_text(text, "utf-8")
        code, out, err = run("run", folder)
        assert code == 0, err
        with contextlib.closing(Workspace.open(folder)) as workspace, workspace.database.read() as connection:
            chosen = sa.select(tables.tasks.c.purpose, tables.tasks.c.state, tables.tasks.c.item_id, tables.tasks.c.lane)
            return out, connection.execute(chosen.order_by(tables.tasks.c.id)).all()

    _, before = changed(path.read_text("utf-8"))
    conditional = more % """, when: "label == 'spam'\""""
    out, tasks = changed(f"{head}  questions:\n{label}{end}{conditional}{rest}")
    assert "20 answers hold one to 'tone', which is not asked any more; not counted" in out
    assert tasks == before
    out, tasks = changed(text)
    assert "20 answers hold an answer to 'tone', which is asked no longer; not counted" in out
    assert tasks == before


def test_a_labeling_function_that_fails_is_told(folder: Path, run: Run) -> None:
    """The first error stands in the report of every run with its item, in `status` and in `doctor`; at every item, it is exit code 1."""
    rules = folder / "rules.py"
    text = "from labelwright import labeling_function\n@labeling_function\ndef broken(item):\n    return 1 / int(item.key)\n"
    rules.write_text(text.replace("1 / int(item.key)", "None if 1 / int(item.key) else 'x'"), "utf-8")
    path = folder / "labelwright.yaml"
    path.write_text(path.read_text("utf-8").replace("labelers: [", "labelers: [{functions: rules.py}, "), "utf-8")
    for _ in range(2):
        code, out, _ = run("run", folder)
        assert code == 0
        assert "1 could not be suggested for, first rules.broken at item 0: ZeroDivisionError: division by zero (rules.py line 4)" in out
    told = run("status", folder)[1]
    assert "could not be suggested for: rules.broken at item 0: ZeroDivisionError" in told
    assert "in quarantine (suggest)" not in told
    code, out, _ = run("doctor", folder)
    assert code == 1
    assert "rules.broken at item 0: ZeroDivisionError" in out
    rules.write_text(text.replace("1 / int(item.key)", "'nix'"), "utf-8")
    code, out, _ = run("run", folder)
    assert code == 1
    assert "30 could not be suggested for, first rules.broken at item 0: 'nix' is none of the labels" in out
    assert "Failed at every item: rules.broken." in out
    rules.write_text(text.replace("1 / int(item.key)", "'ham'"), "utf-8")
    code, out, _ = run("run", folder)
    assert code == 0
    assert "could not be suggested" not in out
    assert "labelers of" not in run("doctor", folder)[1]
