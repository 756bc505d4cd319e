"""The Python client: the site's values over HTTP, and answers that count once on a bad network."""

from __future__ import annotations

import json
import socket
from collections.abc import Iterator
from pathlib import Path

import pytest
import sqlalchemy as sa

from labelwright.client import Client, NewSuggestion, Unreachable
from labelwright.client import client as client_module
from labelwright.errors import (
    Blocked,
    InvalidInput,
    KeyReused,
    LabelwrightError,
    LeaseLost,
    NeedsConfirmation,
    NotAllowed,
    NotFound,
    NotSignedIn,
)
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.schema.kinds.spans import Span, Spans
from labelwright.store import people, tables
from labelwright.store.codec import decode_values
from tests.client.lossy import Lossy, lossy
from tests.server.site import Site

REFUND = {"intent": Choice("refund")}


@pytest.fixture
def proxy(site: Site) -> Iterator[Lossy]:
    with lossy(site.address) as found:
        yield found


def token(site: Site, role: str = "annotator", project: str = "tickets", user_id: int | None = None) -> str:
    person = site.person(role, project) if user_id is None else user_id
    return site.workspace.database.write(lambda connection: people.create_token(connection, person, "test", role="owner"))


def annotations_of(site: Site, task_id: int) -> int:
    return site.rows(tables.annotations, tables.annotations.c.task_id == site.inside(task_id))


def test_the_whole_loop(site: Site) -> None:
    """A few lines take tasks, answer them with the site's own values, and look back at them."""
    site.add_texts("one", "two", "three")
    with Client(site.address, token(site)) as client:
        task = client.next_task("tickets")
        done = 0
        while task is not None:
            assert client.heartbeat(task) > 0
            assert client.draft(task, 1, {"half": "done"}) == 1
            task = client.submit(task, REFUND, seconds_active=9.0, confirmed=True).next
            done += 1
        assert done >= 3
        mine = client.my_annotations("tickets", limit=100)
        assert len(mine) == done
        assert mine[0].task_id is not None
        assert client.task(mine[0].task_id).values == REFUND
        assert client.project("tickets").schema.questions["intent"].labels == ("refund", "bug", "other")
        assert [card.name for card in client.projects()] == ["tickets"]


def test_a_lost_answer_is_no_lost_submission(site: Site, proxy: Lossy) -> None:
    """When the network loses the answer to a submission three times, it is sent four times and counts once."""
    site.add_texts("one", "two")
    with Client(proxy.address, token(site)) as client:
        task = client.next_task("tickets")
        assert task is not None
        proxy.losing = 3
        done = client.submit(task, REFUND, seconds_active=9.0, confirmed=True)
        assert proxy.passed.count(f"POST /api/tasks/{task.id}/submit") == 4
        assert annotations_of(site, task.id) == 1
        assert done.next is None or done.next.id != task.id
        assert client.task(task.id).values == REFUND


def test_what_could_count_twice_is_sent_once(site: Site, proxy: Lossy) -> None:
    """A comment, which carries no key, is not repeated when its answer is lost; the error says so."""
    (item,) = site.add_texts("comment on it")
    with Client(proxy.address, token(site, "reviewer")) as client:
        proxy.losing = 1
        with pytest.raises(Unreachable):
            client.comment(site.outside(item), "once is enough")
        assert site.rows(tables.comments, tables.comments.c.item_id == item) == 1


def test_a_server_that_starts_is_waited_for(site: Site, proxy: Lossy) -> None:
    """503 of a proxy in front is asked again; a page that is no answer of ours is an error in plain words."""
    with Client(proxy.address, token(site)) as client:
        proxy.losing, proxy.status = 2, 503
        assert client.session().user.id > 0
        proxy.losing, proxy.status = 1, 418
        with pytest.raises(Unreachable, match="does not come from Labelwright"):
            client.session()


def test_no_server_at_all_is_said(site: Site) -> None:
    """Where nobody listens, the client gives up after its attempts and names the address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        address = f"http://127.0.0.1:{probe.getsockname()[1]}"
        with Client(address, attempts=2) as client, pytest.raises(Unreachable, match=address):
            client.session()


def test_leasing_again_after_a_lost_answer_leases_the_same(site: Site, proxy: Lossy) -> None:
    """Tasks whose hand-out got lost on the way come again; none stays behind, held by nobody."""
    site.add_texts("one", "two", "three", "four")
    user_id = site.person()
    with Client(proxy.address, token(site, user_id=user_id)) as client:
        proxy.losing = 2
        got = client.next_tasks("tickets", 2)
        assert len(got) == 2
        held = site.rows(tables.tasks, tables.tasks.c.user_id == user_id, tables.tasks.c.state == "leased")
        assert held == 2


def test_errors_are_what_they_were_on_the_server(site: Site) -> None:
    """Each error arrives as its own class, with message, place and hint; findings come along."""
    (item,) = site.add_texts("an error")
    with Client(site.address, token(site)) as client, Client(site.address, token(site)) as other:
        task = client.next_task("tickets")
        assert task is not None
        with pytest.raises(NotFound):
            client.project("absent")
        with pytest.raises(NotAllowed) as refused:
            client.items_page("tickets")
        assert refused.value.hint
        with pytest.raises(LeaseLost):
            other.submit(task, REFUND, confirmed=True)
        with pytest.raises(Blocked) as blocked:
            client.submit(task, {})
        assert blocked.value.findings[0].rule == "missing_answer"
        with pytest.raises(InvalidInput):
            client.submit(task, {"intent": {"kind": "poem"}})
        client.submit(task, REFUND, key="mine", confirmed=True)
        with pytest.raises(KeyReused):
            client.submit(task, {"intent": Choice("bug")}, key="mine", confirmed=True)
    with Client(site.address, "lwt_nonsense") as nobody, pytest.raises(NotSignedIn):
        nobody.session()
    assert item > 0


def test_warnings_ask_to_be_confirmed(site: Site) -> None:
    """What the checks only warn about is taken once it is confirmed, and the findings come back with it."""
    site.add_texts("a text that is long enough", project="secret")
    with Client(site.address, token(site, "annotator", "secret")) as client:
        task = client.next_task("secret")
        assert task is not None
        marks = [{"start": 0, "end": 4, "label": "DATE"}, {"start": 2, "end": 6, "label": "DATE"}]
        values = {**REFUND, "parts": {"kind": "spans", "spans": marks}}
        with pytest.raises(NeedsConfirmation) as asked:
            client.submit(task, values, seconds_active=60.0)
        assert [finding.rule for finding in asked.value.findings] == ["overlapping_spans"]
        assert client.submit(task, values, seconds_active=60.0, confirmed=True).findings == asked.value.findings


def test_signing_in_works_as_in_a_browser(site: Site) -> None:
    """By a link, then by the password chosen; the client keeps the session's CSRF token; signing out ends it."""
    user_id = site.person("annotator", name="signing in")
    secret = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", purpose="sign_in")
    )
    site.add_texts("one")
    with Client(site.address) as client:
        with pytest.raises(NotSignedIn):
            client.session()
        assert client.sign_in_by_link(f"{site.address}/#/welcome/{secret}").user.name == "signing in"
        client.set_password("a good password")
        assert client.session().user.has_password
        assert client.next_tasks("tickets")
        client.sign_out()
        with pytest.raises(NotSignedIn):
            client.session()
    with Client(site.address) as again:
        again.sign_in("signing in", "a good password")
        assert again.next_tasks("tickets")


def test_items_are_sent_in_parts_and_listed_page_by_page(site: Site, proxy: Lossy, monkeypatch: pytest.MonkeyPatch) -> None:
    """Rows go in several requests, one of them repeated after a lost answer, and each is one item, on as many pages as it takes."""
    monkeypatch.setattr(client_module, "BATCH_BYTES", 500)
    with Client(proxy.address, token(site, "manager", "secret")) as client:
        proxy.losing = 1
        rows = ({"key": f"row {number}", "body": f"the text of row {number}"} for number in range(60))
        report = client.add_items("secret", rows)
        assert report.rows == 60
        assert report.new + report.unchanged == 60
        posts = [one for one in proxy.passed if one == "POST /api/projects/secret/items"]
        assert len(posts) > 3
        keys = [row.key for row in client.items("secret", page=7)]
        assert {f"row {number}" for number in range(60)} <= set(keys)
        assert len(keys) == len(set(keys)) == client.items_page("secret", limit=200).total
        newest = [row.key for row in client.items("secret", page=7, sort="newest")]
        assert newest == keys[::-1]
        found = client.items_page("secret", search="row 33")
        assert [row.key for row in found.items] == ["row 33"]
        assert found.total == 1
        detail = client.item("secret", found.items[0].id)
        assert detail.lineage.raw_key == "row 33"
        with pytest.raises(InvalidInput, match="row 0"):
            client.add_items("secret", [{"body": object()}])


def test_suggestions_and_exports(site: Site, tmp_path: Path) -> None:
    """A program's suggestions appear with the task; the export is a file that is there when it is complete, and not before."""
    items = site.add_texts("suggest", "and export")
    with Client(site.address, token(site, "manager")) as manager:
        sent = [NewSuggestion(item_id=item, question="intent", answer="bug", labeler="mine", version="1", score=0.9) for item in items]
        report = manager.add_suggestions(
            "tickets", [*sent, NewSuggestion(key="absent", question="intent", answer="bug", labeler="m", version="1")]
        )
        assert report.stored == 2
        assert [one.index for one in report.rejected] == [2]
        detail = manager.item("tickets", items[0])
        assert [one.answer for one in detail.suggestions] == [Choice("bug")]
        path = manager.export("tickets", "jsonl", tmp_path / "labels.jsonl")
        lines = path.read_text("utf-8").splitlines()
        assert all(json.loads(line) for line in lines)
        with pytest.raises(LabelwrightError):
            manager.export("tickets", "poem", tmp_path / "poem.txt")
        assert [one.name for one in tmp_path.iterdir()] == ["labels.jsonl"]


def test_managing_people_and_tokens(site: Site) -> None:
    """An owner invites somebody, changes the role, and makes and ends a token."""
    owner_id = site.person("owner", name="an owner")
    link = site.workspace.database.write(
        lambda connection: people.create_token(connection, owner_id, "invitation", role="owner", purpose="sign_in")
    )
    with Client(site.address) as owner:
        owner.sign_in_by_link(link)
        invited = owner.add_user("newly invited", {"tickets": "annotator"})
        assert owner.change_user(invited.id, roles={"tickets": "reviewer"}) is None
        assert {user.name: user.roles for user in owner.users()}["newly invited"] == {"tickets": "reviewer"}
        made = owner.add_token("robot", role="manager", project="tickets", days=1)
        with Client(site.address, made) as robot:
            assert robot.items_page("tickets").items is not None
            owner.delete_token(owner.tokens()[0].id)
            with pytest.raises(NotSignedIn):
                robot.items_page("tickets")


def test_reviewing_and_looking_back(site: Site) -> None:
    """A reviewer's verdict goes the same way, and the log tells what happened, from any place on."""
    (item,) = site.add_texts("to be reviewed", project="secret")
    with (
        Client(site.address, token(site, "annotator", "secret")) as author,
        Client(site.address, token(site, "reviewer", "secret")) as reviewer,
    ):
        task = author.next_task("secret")
        while task is not None and task.item.id != site.outside(item):
            task = author.submit(task, REFUND, seconds_active=9.0, confirmed=True).next
        assert task is not None
        annotation = author.submit(task, REFUND, seconds_active=9.0, confirmed=True).annotation_id
        assert reviewer.request_review("secret", item)
        job = reviewer.next_task("secret", "review")
        assert job is not None
        assert job.review is not None
        before = reviewer.events("secret").next
        given = reviewer.review(job, Verdict(verdict="accept", annotation_id=annotation))
        assert given.review_id > 0
        assert "review_given" in [event.kind for event in reviewer.events("secret", before).events]
        with site.workspace.database.read() as connection:
            assert connection.scalar(sa.select(tables.reviews.c.verdict).where(tables.reviews.c.id == given.review_id)) == "accept"


def test_an_answer_may_be_plain(site: Site) -> None:
    """Answers as exports write them are taken, beside tagged ones; a wrong one is refused with an example of the right form."""
    site.add_texts("four refunds", "five refunds")
    with Client(site.address, token(site)) as client:
        task = client.next_task("tickets")
        assert task is not None
        # It may be an item of another test, however short its text is.
        end = len(task.item.data["body"].text)
        spans = [{"start": 0, "end": end, "label": "DATE"}]
        with pytest.raises(InvalidInput, match="refund"):
            client.submit(task, {"intent": ["refund"]})
        with pytest.raises(InvalidInput, match="no question 'intnt'"):
            client.submit(task, {"intnt": "refund"})
        done = client.submit(task, {"intent": "refund", "parts": spans}, confirmed=True)
    written = site.workspace.database.write(
        lambda connection: connection.scalar(sa.select(tables.annotations.c["values"]).where(tables.annotations.c.id == done.annotation_id))
    )
    assert decode_values(written) == {"intent": Choice("refund"), "parts": Spans((Span(0, end, "DATE"),))}
