"""A package of somebody else's adds a modality, a source, a format, a labeler, a check and two kinds, and all of the product works with it.

Nothing of the package is in this process: it is installed for the commands and the server, and what they say is JSON over HTTP.
"""

from __future__ import annotations

import io
import os
import re
import subprocess
import sys
import zipfile
from pathlib import Path
from typing import Any

import httpx
import msgspec

import labelwright
from labelwright.server.gate import PAGE_POLICY
from tests.strangers.site import ENVIRONMENT, PALETTES, STRANGERS, eventually, served

ROOT = STRANGERS.parents[1]
SUITES = ["modality", "medium", "reader", "step", "rule", "labeler"]


def test_a_strangers_package_goes_through_the_whole_product(store_url: str, tmp_path: Path) -> None:
    """Collected, prepared, suggested, answered, checked, brought together, audited, frozen, exported and read again, over HTTP."""
    with served(tmp_path, store_url) as site:
        owner = site.program("Olga")
        path = "/api/projects/palettes"
        (broken,) = owner.get(f"{path}/quarantine").json()
        assert "Line 2 is no color" in str(broken)
        found = {row["key"]: row for row in owner.get(f"{path}/items").json()["items"]}
        assert found.keys() == PALETTES.keys()
        assert {key: row["preview"]["count"] for key, row in found.items()} == {key: len(colors) for key, colors in PALETTES.items()}
        assert found["coal"]["preview"]["colors"] == ["#282828"]
        blob = owner.get(f"/api/blobs/palettes/{found['coal']['preview']['blob']}")
        assert blob.content == (tmp_path / "coal.gpl").read_bytes()

        offered: dict[str, int] = {}
        for name in ("Ada", "Grace"):
            for task, answer in _answered(site.program(name)):
                (suggestion,) = [one for one in task["suggestions"] if one["question"] == "liking"]
                assert suggestion["labeler"] == "warmth"
                offered[task["item"]["key"]] = suggestion["answer"]["stars"]
                assert answer["values"]["liking"] == {"kind": "stars", "stars": 5}
        assert offered == {"autumn": 4, "sea": 2, "wood": 3, "coal": 3}

        auditor = site.program("Rita")
        audited: set[int] = set()
        eventually(lambda: len(_audit(auditor, audited)) == len(PALETTES))
        rows = {row["key"]: row for row in owner.get(f"{path}/items").json()["items"]}
        assert {row["labels"]["liking"]["answer"]["stars"] for row in rows.values()} == {5}
        assert all(row["reviewed"] for row in rows.values())

        assert owner.post(f"{path}/versions", json={}).status_code < 300
        (version,) = eventually(lambda: owner.get(f"{path}/versions").json())
        assert version["items"] == len(PALETTES)
        answer = owner.get(f"{path}/export", params={"format": "rec", "version": version["number"]})
        assert answer.status_code == 200, answer.text
        with zipfile.ZipFile(io.BytesIO(answer.content)) as packed:
            names = [name for name in packed.namelist() if name.endswith("labels.rec")]
            records = packed.read(names[0]).decode()
            copies = sorted(name.rpartition("/")[2] for name in packed.namelist() if name.endswith(".gpl"))
            packed.extractall(tmp_path / "exported")
        assert records.count("liking: 5\n") == len(PALETTES)
        assert len(copies) == len(PALETTES)
        for format in ("jsonl", "parquet", "csv"):
            assert owner.get(f"{path}/export", params={"format": format}).status_code == 200
        for format, why in (("label_studio", "Label Studio"), ("hugging_face", "files of one modality")):
            refused = owner.get(f"{path}/export", params={"format": format})
            assert (refused.status_code, why in refused.text) == (400, True)


def _answered(person: httpx.Client) -> list[tuple[dict[str, Any], dict[str, Any]]]:
    """Give all stars to everything that somebody is handed; a palette of one color is warned of, and confirmed."""
    found = []
    for number in range(len(PALETTES)):
        answer = person.post("/api/projects/palettes/tasks/next", json={"count": 1}).json()
        (task,) = answer["tasks"]
        body: dict[str, Any] = {
            "values": {"liking": {"kind": "stars", "stars": 5}, "season": {"kind": "choice", "label": "summer"}},
            "seconds_active": 9.0,
        }
        key = {"Idempotency-Key": f"{person.headers['Authorization'][-8:]} {number}"}
        first = person.post(f"/api/tasks/{task['id']}/submit", json=body, headers=key)
        if task["item"]["key"] == "coal":
            assert first.status_code >= 400, first.text
            assert [one["rule"] for one in first.json()["findings"]] == ["dull_favourite"]
            first = person.post(
                f"/api/tasks/{task['id']}/submit", json={**body, "confirmed": True}, headers={"Idempotency-Key": f"{key} b"}
            )
        assert first.status_code < 300, first.text
        found.append((task, body))
    wrong = person.post("/api/projects/palettes/tasks/next", json={"count": 1}).json()["tasks"]
    assert wrong == []
    return found


def _audit(auditor: httpx.Client, done: set[int]) -> set[int]:
    """Audit blind whatever waits, and return all that has been audited so far."""
    while tasks := auditor.post("/api/projects/palettes/tasks/next", json={"count": 1, "purpose": "review"}).json()["tasks"]:
        (task,) = tasks
        values = {"liking": {"kind": "stars", "stars": 5}, "season": {"kind": "choice", "label": "summer"}}
        headers = {"Idempotency-Key": f"audit {task['id']}"}
        answer = auditor.post(f"/api/tasks/{task['id']}/audit", json={"values": values}, headers=headers)
        assert answer.status_code < 300, answer.text
        assert answer.json()["done"], answer.text
        done.add(task["id"])
    return done


def test_the_page_names_the_modules_of_installed_packages_and_serves_nothing_else(tmp_path: Path) -> None:
    """Each is served under its digest by this server, with the page's policy as strict as ever; other addresses lead nowhere."""
    with served(tmp_path, "sqlite:///labelwright.db") as site, httpx.Client(base_url=site.address, verify=False) as nobody:
        page = nobody.get("/")
        assert page.headers["content-security-policy"] == PAGE_POLICY
        (told,) = re.findall(r'<meta name="labelwright-extensions" content="(.*?)" />', page.text)
        named = msgspec.json.decode(told.replace("&quot;", '"'))
        assert [(one["group"], one["name"]) for one in named] == [("kinds", "outlines"), ("kinds", "stars"), ("modalities", "palette")]
        for one in named:
            answer = nobody.get(f"/{one['address']}")
            assert answer.text == (STRANGERS / "labelwright_palettes" / f"{one['name']}.js").read_text("utf-8")
            assert answer.headers["content-type"].startswith("text/javascript")
            assert answer.headers["content-security-policy"] == PAGE_POLICY
            assert "immutable" in answer.headers["cache-control"]
            digest = one["address"].split("/")[1]
            for wrong in (
                f"extensions/{'0' * 64}/modalities-palette.js",
                f"extensions/{digest}/stars.py",
                f"extensions/{digest}/..%2Fstars.py",
            ):
                assert nobody.get(f"/{wrong}").status_code == 404


def test_a_page_without_installed_packages_names_none(tmp_path: Path) -> None:
    """Ours are in the page itself: none has a module of its own."""
    from labelwright.server.extensions import extensions

    assert extensions() == []


def test_the_list_of_plugins_says_what_each_of_the_strangers_is() -> None:
    """Whichever is looked at first: none of them is met half imported."""
    environment = {**os.environ, "PYTHONPATH": ENVIRONMENT}
    for group in ("kinds", "modalities", "media", "formats", "labelers", "rules"):
        words = [sys.executable, "-m", "labelwright", "plugins", group, "--json"]
        done = subprocess.run(words, env=environment, capture_output=True, text=True, check=True)
        assert "cannot be" not in done.stdout, group
    words = [sys.executable, "-c", "import labelwright.schema, labelwright_palettes.stars as found; print(found.QUESTION.__name__)"]
    assert subprocess.run(words, env=environment, capture_output=True, text=True, check=True).stdout == "StarsQuestion\n"
    alone = subprocess.run([sys.executable, "-c", "import labelwright_palettes.stars"], env=environment, capture_output=True, text=True)
    assert "The kind 'stars' was imported first. Import labelwright.schema before labelwright_palettes.stars." in alone.stderr


def test_the_strangers_plugins_keep_every_contract() -> None:
    """The suites that our own plugins pass are those that anybody's pass: a package runs them where it is installed."""
    path = os.pathsep.join([ENVIRONMENT, str(ROOT)])
    files = [f"tests/conformance/test_every_{name}.py" for name in SUITES]
    written = "tests/conformance/test_every_format.py::test_what_is_written_to_a_folder_is_read_back"
    files += [f"{written}[rec-{name}]" for name in ("text", "image")]
    wanted = "palette or rec or warmth or dull_favourite"
    command = [sys.executable, "-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "no:xdist", *files, "-k", wanted]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "PYTHONPATH": path}, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stdout[-4000:]
    assert labelwright.__file__ is not None
    passed = re.search(r"(\d+) passed", done.stdout)
    assert passed is not None
    assert int(passed[1]) >= 15
