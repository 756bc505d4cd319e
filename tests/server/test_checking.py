"""Checks of answers stop nobody but whoever gave the answer."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from labelwright.pipeline.workspace import Workspace
from labelwright.settings import Settings
from labelwright.store import tables
from tests.server.site import CHOICE, PIPELINE, Site, listening, submit

SLOW = """\
import time
from pathlib import Path
from labelwright import check

@check
def waits(values, item):
    if "slow" in item.data["body"].text:
        Path({began!r}).touch()
        while not Path({goes_on!r}).exists():
            time.sleep(0.01)
    return True
"""


def test_others_work_while_an_answer_is_checked(tmp_path: Path, store_url: str) -> None:
    """While a check of one answer does not come back, others take tasks, save and submit; then the answer is taken too."""
    began, goes_on = tmp_path / "began", tmp_path / "goes on"
    folder = tmp_path / "tickets"
    folder.mkdir()
    (folder / "checks.py").write_text(SLOW.format(began=str(began), goes_on=str(goes_on)))
    (folder / "labelwright.yaml").write_text(
        PIPELINE.format(name="tickets").replace("overlap: 2", "overlap: 1")
        + f"checks: [{{python: checks.py}}]\nrun: {{store: '{store_url}'}}\n"
    )
    workspace = Workspace.open(folder)
    try:
        with listening(workspace, Settings()) as address, ThreadPoolExecutor(1) as pool:
            site = Site(workspace, address)
            site.add_texts("a slow one", "another", "a third")
            ann, ben = site.browser(site.person()), site.browser(site.person())
            slow = site.held(ann)
            assert "slow" in slow["item"]["data"]["body"]["text"]
            answered = pool.submit(submit, ann, slow)
            while not began.exists():
                assert not answered.done()
            task = site.held(ben)
            draft = {"lease": task["lease"], "sequence": 1, "body": {}}
            assert ben.put(f"/api/tasks/{task['id']}/draft", json=draft).status_code == 200
            # The next task is there at once: asked for with the answer, which waits for no other one's checks.
            done = submit(ben, task)
            assert done.status_code == 200, done.text
            assert done.json()["next"] is not None
            assert site.rows(tables.annotations) == 1
            goes_on.touch()
            assert answered.result().status_code == 200
            assert site.rows(tables.annotations) == 2
            site.close()
    finally:
        workspace.close()


def test_an_answer_that_cannot_be_checked_is_told_and_not_lost(tmp_path: Path, store_url: str) -> None:
    """Over its budget a check asks whether the answer is meant so; confirmed, it is taken, with the finding beside it."""
    folder = tmp_path / "tickets"
    folder.mkdir()
    (folder / "labelwright.yaml").write_text(
        PIPELINE.format(name="tickets")
        + f"checks: ['not any(a in parts, any(b in parts, a.end < b.start))']\nrun: {{store: '{store_url}'}}\n"
    )
    workspace = Workspace.open(folder)
    try:
        with listening(workspace, Settings()) as address:
            site = Site(workspace, address)
            site.add_texts("a text")
            ann = site.browser(site.person())
            task = site.held(ann)
            values = {**CHOICE, "parts": {"kind": "spans", "spans": [{"start": 0, "end": 1, "label": "DATE"}] * 3000}}
            asked = submit(ann, task, values, confirmed=False)
            assert asked.status_code == 422, asked.text
            messages = [one["message"] for one in asked.json()["findings"] if one["rule"] == "expression"]
            assert len(messages) == 1
            assert messages[0].startswith("This could not be checked")
            assert submit(ann, task, values).status_code == 200
            assert site.rows(tables.annotations) == 1
            assert site.rows(tables.findings, tables.findings.c.rule == "expression") == 1
            site.close()
    finally:
        workspace.close()
