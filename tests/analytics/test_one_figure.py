"""Each figure is one number, whichever page, command or report shows it."""

from __future__ import annotations

import importlib
import json
import re
from collections.abc import Iterator

import pytest
import sqlalchemy as sa

from labelwright.analytics import keep, kept_overview, write_report
from labelwright.analytics.glossary import GLOSSARY
from labelwright.cli import main
from labelwright.client import Client
from labelwright.errors import BeingComputed
from labelwright.store import people, tables
from tests.analytics.world import REQUIREMENTS, fill
from tests.server.site import Site, served
from tests.store.test_listing import plans, statements

READ = ["status", "overview", "requirements", "report", "quality", "events", "versions", "jobs", "items", "items?label=bug"]
"""What reviewers and managers read about a project."""


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("figures")
    with served(folder, f"sqlite:///{folder}/labelwright.db") as site:
        fill(site)
        yield site


def test_the_pages_the_client_the_commands_and_the_report_say_the_same(site: Site, capsys: pytest.CaptureFixture[str]) -> None:
    """Labeled, gold, remaining, reviewed, people's accuracy and the rest are equal in every answer of the API, on the command line, in
    the report and in the requirements."""
    owner = site.person("owner")
    browser = site.browser(owner)
    base = "/api/projects/tickets"
    overview, status, quality = (browser.get(f"{base}/{name}").json() for name in ("overview", "status", "quality"))
    (card,) = [one for one in browser.get("/api/projects").json() if one["name"] == "tickets"]
    funnel = overview["funnel"]
    # What the world was made of: 40 texts, a duplicate, 8 gold; 24 answered, 1 of these rejected; 3 reviews, 1 of gold, 1 rejection.
    assert (funnel["prepared"], funnel["gold"], funnel["asked"], funnel["duplicates"]) == (39, 8, 31, 1)
    assert (funnel["answered"], funnel["labeled"], funnel["reviewed"], funnel["suggested"]) == (23, 23, 2, 12)
    assert (card["items"], card["gold"], card["labeled"], card["at"]) == (
        funnel["asked"],
        funnel["gold"],
        funnel["labeled"],
        overview["at"],
    )
    assert (card["open_tasks"], card["waiting_reviews"]) == (overview["forecast"]["remaining"], overview["reviews"]["waiting"])
    names = {"collected": "raw"}
    for name in ("collected", "quarantined", "prepared", "duplicates", "gold", "asked", "suggested", "labeled"):
        assert status[name] == funnel[names.get(name, name)], name
    assert (status["remaining"], status["reviews_given"]) == (overview["forecast"]["remaining"], overview["reviews"]["given"])

    secret = site.workspace.database.write(lambda connection: people.create_token(connection, owner, "test", role="owner"))
    client = Client(site.address, secret)
    assert client.overview("tickets").funnel.labeled == funnel["labeled"]
    assert client.items_page("tickets").total == funnel["prepared"]
    assert sum(1 for _ in client.items("tickets", state="reviewed")) == funnel["reviewed"] + 1  # and the gold item

    assert main(["status", str(site.workspace.folder), "--json"]) == 0
    (told,) = [one for one in json.loads(capsys.readouterr().out) if one["project"] == "tickets"]
    assert {**told, "at": 0} == {**status, "at": 0}

    # Answers are those of all people together, and of all items; what a reviewer wrote is none.
    assert status["annotations"] == sum(one["answers"] for one in overview["annotators"])
    assert status["annotations"] == sum(row.answers for row in client.items("tickets"))
    with site.workspace.database.read() as connection:
        written = connection.scalar(sa.select(sa.func.count()).where(tables.annotations.c.origin == "review"))
    assert written > 0

    # Each person's accuracy: in one answer for each question and for all, in the other for all.
    by_name = {one["name"]: one for one in overview["annotators"]}
    rows = {row["annotator"]: row["quality"] for row in quality["annotators"]}
    for name, shown in by_name.items():
        for field in ("gold_answers", "gold_accuracy", "agreement", "skill", "questions"):
            assert rows[name][field] == shown[field], (name, field)
    ann = by_name["ann"]
    assert ann["gold_accuracy"] == pytest.approx(
        sum(one["gold_accuracy"] * one["gold_answers"] for one in ann["questions"]) / sum(one["gold_answers"] for one in ann["questions"]),
        abs=1e-6,
    )
    tested = {one["question"]: one for one in quality["reports"]["gold"]["questions"]}
    for one in ann["questions"]:
        # Only ann was tested.
        assert tested[one["question"]]["accuracy"]["value"] == pytest.approx(one["gold_accuracy"], abs=1e-6)
    reported = {one["question"]: one for one in quality["reports"]["agreement"]["questions"]}
    for question in overview["questions"]:
        assert (question["alpha"], question["agreement"]) == tuple(reported[question["question"]][name] for name in ("alpha", "agreement"))

    # The requirements compare the same numbers.
    outcomes = {one["requirement"]: one for one in browser.get(f"{base}/requirements").json()}
    by_question = {one["question"]: one for one in overview["questions"]}
    expected = {
        "labeled >= 10%": funnel["labeled"] / funnel["asked"],
        "labeled(intent) >= 10%": by_question["intent"]["labeled"] / funnel["asked"],
        "reviewed(intent) >= 1%": funnel["reviewed"] / by_question["intent"]["labeled"],
        "count(intent='bug') >= 1": next(one["items"] for one in by_question["intent"]["labels"] if one["label"] == "bug"),
        "gold_accuracy(intent) >= 10%": tested["intent"]["accuracy"]["value"],
        "gold_accuracy(parts) >= 10%": tested["parts"]["accuracy"]["value"],
    }
    assert {name: outcomes[name]["value"] for name in expected} == pytest.approx(expected, abs=1e-6)
    assert sum(1 for _ in client.items("tickets", label="bug")) == outcomes["count(intent='bug') >= 1"]["value"]

    # The report: the one that the page opens and the one that the command writes.
    path = site.workspace.folder / "report.html"
    write_report(site.tickets.project, path, requirements=REQUIREMENTS)
    for text in (browser.get(f"{base}/report").text, path.read_text("utf-8")):
        assert f"{funnel['labeled']} of {funnel['asked']} items, {funnel['gold']} gold besides" in text
        for name in ("answered", "reviewed", "labeled"):
            assert f">{funnel[name]} · {100 * funnel[name] / funnel['asked']:.0f}%<" in text, name


def test_a_bar_of_the_report_is_as_long_as_its_percentage(site: Site) -> None:
    """The length of each bar over its rail is the share that is said beside it."""
    with site.workspace.database.read() as connection:
        funnel = kept_overview(connection, site.tickets.project).funnel
    text = site.browser(site.person("owner")).get("/api/projects/tickets/report").text
    chart = text[text.index("Items by step") :]
    chart = chart[: chart.index("</svg>")]
    found = re.findall(r'class="rail"[^>]*width="([\d.]+)".*?class="fill"[^>]*width="([\d.]+)".*?class="number"[^>]*>([\d,]+)( · )?', chart)
    shares = {int(count): float(fill) / float(rail) for rail, fill, count, told in found if told}
    assert shares[funnel.labeled] == pytest.approx(funnel.labeled / funnel.asked, abs=0.01)
    assert shares[funnel.reviewed] == pytest.approx(funnel.reviewed / funnel.asked, abs=0.01)
    assert shares[funnel.suggested] == pytest.approx(funnel.suggested / funnel.prepared, abs=0.01)


def test_requests_read_what_is_kept_and_say_so_where_nothing_is(site: Site) -> None:
    """Until the figures have been made, the API says that they are being computed; what was read later is never replaced by earlier."""
    browser = site.browser(site.person("owner", "secret"))
    for name in ("overview", "requirements", "status", "report"):
        answer = browser.get(f"/api/projects/secret/{name}")
        assert (answer.status_code, answer.json()["error"]["code"]) == (503, "being_computed"), name
    (card,) = browser.get("/api/projects").json()
    assert (card["name"], card["labeled"], card["at"]) == ("secret", None, None)
    project = site.secret.project
    with pytest.raises(BeingComputed), project.database.read() as connection:
        kept_overview(connection, project)
    keep(project, [])
    first = browser.get("/api/projects/secret/overview").json()["at"]
    keep(project, [])
    later = browser.get("/api/projects/secret/overview").json()["at"]
    assert later > first
    older = sa.update(tables.figures).where(tables.figures.c.project_id == project.id).values(body="{}")
    project.database.write(lambda connection: connection.execute(older))
    assert browser.get("/api/projects/secret/overview").status_code == 503


@pytest.mark.parametrize("name", ["", "/tickets", *(f"/tickets/{one}" for one in READ)])
def test_no_request_reads_a_whole_table(site: Site, name: str) -> None:
    """What a page reads is found through an index, whichever it is: nothing passes over items, answers, tasks, labels or events."""
    browser = site.browser(site.person("owner"))
    with statements(site.workspace.database) as noted:
        assert browser.get(f"/api/projects{name}").status_code == 200
    # What the project declares is known without asking.
    assert noted or name == "/tickets"
    found = plans(site.workspace.database, noted)
    large = ("items", "raw_items", "annotations", "tasks", "consensus", "events", "suggestions", "reviews", "findings")
    assert not [plan for plan in found if re.match(rf"SCAN ({'|'.join(large)})\b", plan)]
    assert not [statement for statement, _ in noted if re.search(r"count\(\*\).* FROM (items|annotations|tasks|consensus)\b", statement)]


def test_the_glossary_names_functions_that_there_are() -> None:
    """Every figure has a name of its own and a function, or the module of it, that computes it."""
    assert len({one.name for one in GLOSSARY}) == len(GLOSSARY)
    for one in GLOSSARY:
        module, _, function = f"labelwright.{one.by}".rpartition(".")
        assert hasattr(importlib.import_module(module), function), one.by
