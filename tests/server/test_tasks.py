"""Tasks over HTTP: an answer counts once, and nobody sees what others answered before answering."""

from __future__ import annotations

import time
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
import sqlalchemy as sa
from hypothesis import given
from hypothesis import strategies as st

from labelwright.annotate.comments import MOST_COMMENTS
from labelwright.client import Client
from labelwright.errors import InvalidInput
from labelwright.pipeline.run import advance, catch_up
from labelwright.pipeline.workspace import Workspace
from labelwright.schema import Verdict
from labelwright.schema.kinds.choice import Choice
from labelwright.server.numbers import Numbers
from labelwright.store import people, tables
from labelwright.store.codec import encode
from labelwright.store.labels import final_labels
from tests.rows import add_known
from tests.server.site import CHOICE, Site, served, submit

BUG = {"intent": {"kind": "choice", "label": "bug"}}


def test_a_submission_sent_twice_counts_once(site: Site) -> None:
    """The same key and body again is the same annotation; the same key with another body is refused."""
    site.add_texts("one", "two")
    browser = site.browser(site.person())
    task = site.held(browser)
    first = submit(browser, task, key="once")
    again = submit(browser, task, key="once")
    assert first.status_code == again.status_code == 200
    assert first.json()["annotation_id"] == again.json()["annotation_id"]
    other = submit(browser, task, BUG, key="once")
    assert other.status_code == 409
    assert other.json()["error"]["code"] == "idempotency_key_reused"
    assert site.rows(tables.annotations, tables.annotations.c.task_id == site.inside(task["id"])) == 1


def test_a_submission_sent_by_eight_at_once_counts_once(site: Site) -> None:
    """Retries that overtake each other make one annotation, and each gets its number."""
    site.add_texts("one", "two")
    user_id = site.person()
    browser = site.browser(user_id)
    task = site.held(browser)
    others = [site.browser(user_id) for _ in range(8)]
    with ThreadPoolExecutor(8) as pool:
        answers = list(pool.map(lambda one: submit(one, task, key="eight at once"), others))
    assert {answer.status_code for answer in answers} == {200}, [answer.text for answer in answers]
    assert len({answer.json()["annotation_id"] for answer in answers}) == 1
    assert site.rows(tables.annotations, tables.annotations.c.task_id == site.inside(task["id"])) == 1


def test_an_answer_brings_the_next_task(site: Site) -> None:
    """The answer to a submission and to a skip carries the task that comes next; a reload resumes it."""
    site.add_texts("one", "two", "three")
    browser = site.browser(site.person())
    task = site.held(browser)
    following = submit(browser, task).json()["next"]
    assert following["id"] != task["id"]
    assert site.held(browser)["id"] == following["id"]
    third = browser.post(f"/api/tasks/{following['id']}/skip", json={"reason": "unclear"}).json()["next"]
    assert third["id"] not in (task["id"], following["id"])
    assert browser.post(f"/api/tasks/{third['id']}/release", json={}).status_code == 200


def test_a_task_is_its_holders(site: Site) -> None:
    """Nobody else keeps alive, drafts, answers, skips or releases a task that is held, and nobody else sees it."""
    site.add_texts("one", "two")
    holder, other = site.browser(site.person()), site.browser(site.person())
    task = site.held(holder)
    base = f"/api/tasks/{task['id']}"
    assert other.get(base).status_code == 404
    assert other.post(f"{base}/heartbeat", json={"lease": task["lease"]}).status_code == 409
    assert other.put(f"{base}/draft", json={"lease": task["lease"], "sequence": 1, "body": {}}).status_code == 409
    assert other.post(f"{base}/skip", json={"reason": ""}).status_code == 409
    assert other.post(f"{base}/release", json={}).status_code == 409
    stolen = submit(other, task, lease=task["lease"])
    assert stolen.status_code == 409
    assert stolen.json()["error"]["code"] == "lease_lost"
    assert submit(holder, task).status_code == 200


def test_a_run_beside_the_server_brings_the_new_questions(tmp_path: Path, store_url: str) -> None:
    """A pipeline file that changed and was run is served without a restart: its version, its questions, and no label that is gone."""
    with served(tmp_path / "changing", store_url) as site:
        site.add_texts("a refund, please", "another")
        browser = site.browser(site.person())
        before = site.held(browser)
        path = site.tickets.project.folder / "labelwright.yaml"
        path.write_text(path.read_text("utf-8").replace("[refund, bug, other]", "[money_back, bug, other]"), "utf-8")
        beside = Workspace.open(path.parent.parent)
        advance(beside.projects["tickets"])
        beside.close()
        deadline = time.monotonic() + 20
        while browser.get("/api/projects/tickets").json()["pipeline_version"] == before["pipeline_version"]:
            assert time.monotonic() < deadline
            time.sleep(0.1)
        old = submit(browser, before)
        assert old.status_code in (400, 422)
        assert "refund" in old.json()["error"]["message"]
        fresh = {"intent": {"kind": "choice", "label": "money_back"}}
        following = submit(browser, before, fresh).json()["next"]
        assert following["pipeline_version"] == before["pipeline_version"] + 1


def test_a_draft_is_kept_and_never_overwritten_by_an_older_one(site: Site) -> None:
    """A draft comes back with its task; a late older save changes nothing."""
    site.add_texts("one")
    browser = site.browser(site.person())
    task = site.held(browser)
    path = f"/api/tasks/{task['id']}/draft"
    for sequence, text in ((1, "a"), (3, "c"), (2, "b")):
        browser.put(path, json={"lease": task["lease"], "sequence": sequence, "body": {"text": text}})
    assert site.held(browser)["draft"] == {"sequence": 3, "body": {"text": "c"}}


def test_the_next_tasks_tell_how_many_items_one_has_answered(site: Site) -> None:
    """Where it is asked for, the number counts one's own items, each once however often its answer was changed."""
    site.add_texts("one", "two", "three")
    browser = site.browser(site.person())
    for done in (0, 1, 2):
        assert browser.post("/api/projects/tickets/tasks/next", json={}).json()["done"] is None
        leased = browser.post("/api/projects/tickets/tasks/next", json={"done": True}).json()
        assert leased["done"] == done
        (task,) = leased["tasks"]
        submit(browser, task)
        submit(browser, task, BUG)


def test_an_own_answer_can_be_changed(site: Site) -> None:
    """A done task of one's own shows its answer, and a submission that names it replaces it; one from a second tab changes nothing."""
    site.add_texts("one")
    browser = site.browser(site.person())
    task = site.held(browser)
    first = submit(browser, task).json()["annotation_id"]
    assert browser.get(f"/api/tasks/{task['id']}").json()["values"] == CHOICE
    blind = submit(browser, task, BUG)
    assert (blind.status_code, blind.json()["error"]["code"]) == (409, "answered_before")
    assert browser.get(f"/api/tasks/{task['id']}").json()["annotation_id"] == first
    assert submit(browser, task, BUG, replaces=first - 1).status_code == 409
    second = submit(browser, task, BUG, replaces=first)
    assert second.status_code == 200, second.text
    assert second.json()["annotation_id"] != first
    assert browser.get(f"/api/tasks/{task['id']}").json()["values"] == BUG
    mine = browser.get("/api/projects/tickets/annotations/mine").json()
    assert [one["annotation_id"] for one in mine if one["task_id"] == task["id"]] == [second.json()["annotation_id"]]


@pytest.mark.parametrize(
    "values",
    [
        {},
        {"intent": {"kind": "choice", "label": "no such label"}},
        {"intent": {"kind": "spans", "spans": []}},
        {"none": {"kind": "choice", "label": "refund"}},
        {**CHOICE, "parts": {"kind": "spans", "spans": [{"start": 0, "end": 10**6, "label": "DATE"}]}},
        {**CHOICE, "parts": {"kind": "spans", "spans": [{"start": -5, "end": 1, "label": "DATE"}]}},
    ],
)
def test_an_invalid_answer_is_refused(site: Site, values: object) -> None:
    """An answer that is missing, unknown, of another kind or out of bounds is refused, confirmed or not, and nothing is kept."""
    site.add_texts("short")
    browser = site.browser(site.person())
    task = site.held(browser)
    answer = submit(browser, task, values)
    assert answer.status_code in (400, 422), answer.text
    if answer.status_code == 422:
        assert answer.json()["findings"]
    assert site.rows(tables.annotations, tables.annotations.c.task_id == site.inside(task["id"])) == 0
    assert submit(browser, task).status_code == 200


def test_labeling_is_blind(site: Site) -> None:
    """A second annotator of an item finds neither the first one's name, answer or comment in anything the server says."""
    number = site.add_texts("judge it alone")[0]
    item = site.outside(number)
    first_id = site.person(name="Firstborn Annotator")
    first = site.browser(first_id)
    task = site.held(first)
    while task["item"]["id"] != item:
        task = submit(first, task).json()["next"]
    made = submit(first, task, {**CHOICE, "parts": {"kind": "spans", "spans": [{"start": 0, "end": 5, "label": "PRODUCT"}]}}).json()
    first.post(f"/api/items/{item}/comments", json={"text": "obviously a refund of the PRODUCT"})
    second = site.browser(site.person())
    said = []
    found = site.held(second)
    while found["item"]["id"] != item:
        found = submit(second, found).json()["next"]
    said.append(second.get(f"/api/tasks/{found['id']}").text)
    said.append(second.post("/api/projects/tickets/tasks/next", json={"count": 1}).text)
    said.append(second.get(f"/api/items/{item}/comments").text)
    said.append(submit(second, found, BUG).text)
    said.append(second.get(f"/api/tasks/{found['id']}").text)
    said.append(second.get("/api/projects/tickets/annotations/mine").text)
    said.append(second.get("/api/projects/tickets").text)
    said.append(second.get("/api/projects").text)
    for text in said:
        assert "Firstborn" not in text
        assert "obviously" not in text
        assert f'"annotation_id":{made["annotation_id"]},' not in text
        assert "PRODUCT" not in text or "options" in text
    assert second.get(f"/api/tasks/{task['id']}").status_code == 404
    for path in ("items", f"items/{number}", "overview", "quality", "requirements", "events", "export", "report", "versions", "quarantine"):
        assert second.get(f"/api/projects/tickets/{path}").status_code == 403, path


def test_an_annotator_reads_and_settles_own_comments_only(site: Site) -> None:
    """In a blind project an annotator cannot settle what somebody else asked."""
    number = site.add_texts("a question about it")[0]
    item = site.outside(number)
    asker, other, reviewer = site.browser(site.person()), site.browser(site.person()), site.browser(site.person("reviewer"))
    for browser in (asker, other):
        while site.held(browser)["item"]["id"] != item:
            assert submit(browser, site.held(browser)).status_code == 200
    comment = asker.post(f"/api/items/{item}/comments", json={"text": "what does it mean"}).json()["id"]
    assert other.get(f"/api/items/{item}/comments").json() == []
    assert other.post(f"/api/comments/{comment}/resolve", json={}).status_code in (403, 404)
    assert [one["id"] for one in reviewer.get(f"/api/items/{number}/comments").json()] == [comment]
    assert asker.get(f"/api/items/{number}/comments").status_code == 404
    assert reviewer.post(f"/api/comments/{comment}/resolve", json={}).status_code == 200


def test_one_person_says_only_so_much_about_an_item(site: Site) -> None:
    """Comments come with every task about an item, so that one person cannot make it too large for the others."""
    number = site.add_texts("much is said about it")[0]
    talker, reviewer = site.browser(site.person()), site.browser(site.person("reviewer"))
    while site.held(talker)["item"]["id"] != site.outside(number):
        assert submit(talker, site.held(talker)).status_code == 200
    place = f"/api/items/{site.outside(number)}/comments"
    said = [talker.post(place, json={"text": "x" * 10_000}).status_code for _ in range(MOST_COMMENTS + 5)]
    assert said == [200] * MOST_COMMENTS + [400] * 5
    assert reviewer.post(f"/api/items/{number}/comments", json={"text": "enough"}).status_code == 200
    assert len(reviewer.get(f"/api/items/{number}/comments").json()) == MOST_COMMENTS + 1


def test_gold_looks_like_any_other_task(site: Site) -> None:
    """A gold item is handed out with the same fields and the same purpose as the others, without its known answer."""
    (item,) = site.add_texts("a gold item", project="secret")
    (plain,) = site.add_texts("a plain item", project="secret")
    add_known(site.secret.project, item, {"intent": Choice("other")})
    user_id = site.person("annotator", "secret")
    opened = site.secret

    def make_gold(connection: sa.Connection) -> None:
        connection.execute(sa.update(tables.tasks).where(tables.tasks.c.item_id == item).values(purpose="gold", state="cancelled"))
        held = {"state": "leased", "user_id": user_id, "lease": "gold", "lease_ends": 1e12}
        row = {"project_id": opened.project.id, "item_id": item, "purpose": "gold", "lane": 1, "rank": 1, **held}
        connection.execute(sa.insert(tables.tasks).values(row))

    site.workspace.database.write(make_gold)
    browser = site.browser(user_id)
    both = browser.post("/api/projects/secret/tasks/next", json={"count": 2}).json()["tasks"]
    by_item = {task["item"]["id"]: task for task in both}
    item, plain = site.outside(item), site.outside(plain)
    assert set(by_item) == {item, plain}
    assert {key: type(value) for key, value in by_item[item].items()} == {key: type(value) for key, value in by_item[plain].items()}
    assert by_item[item]["purpose"] == by_item[plain]["purpose"] == "label"
    assert by_item[item]["values"] is None
    assert "gold" not in str({key: value for key, value in by_item[item].items() if key not in ("item", "lease")})


def test_reviewing_goes_through_the_same_door(site: Site) -> None:
    """A reviewer takes a review, accepts it once however often it is sent, and an annotator cannot review."""
    (item,) = site.add_texts("to be reviewed", project="secret")
    author = site.browser(site.person("annotator", "secret"))
    task = site.held(author, "secret")
    while task["item"]["id"] != site.outside(item):
        task = submit(author, task).json()["next"]
    annotation = submit(author, task).json()["annotation_id"]
    reviewer = site.browser(site.person("reviewer", "secret"))
    assert author.post("/api/projects/secret/tasks/next", json={"purpose": "review"}).status_code == 403
    asked = reviewer.post(f"/api/projects/secret/items/{item}/review", json={})
    assert asked.json() == {"opened": True}, asked.text
    (job,) = reviewer.post("/api/projects/secret/tasks/next", json={"purpose": "review"}).json()["tasks"]
    assert [one["id"] for one in job["review"]["annotations"]] == [annotation]
    assert job["review"]["annotations"][0]["annotator"] is None
    body = {"verdict": "accept", "annotation_id": annotation, "seen": job["review"]["seen"]}
    given = [reviewer.post(f"/api/tasks/{job['id']}/review", json=body, headers={"Idempotency-Key": "verdict"}) for _ in range(2)]
    assert [one.status_code for one in given] == [200, 200], given[0].text
    assert given[0].json()["review_id"] == given[1].json()["review_id"]
    assert site.rows(tables.reviews, tables.reviews.c.item_id == item) == 1


def test_a_former_reviewer_reads_no_reviews(site: Site) -> None:
    """Who held a review and is an annotator by now is refused its answers."""
    (item,) = site.add_texts("to be reviewed", project="secret")
    reviewer_id = site.person("reviewer", "secret")
    reviewer = site.browser(reviewer_id)
    author = site.browser(site.person("annotator", "secret"))
    task = site.held(author, "secret")
    while task["item"]["id"] != site.outside(item):
        task = submit(author, task).json()["next"]
    submit(author, task)
    reviewer.post(f"/api/projects/secret/items/{item}/review", json={})
    (job,) = reviewer.post("/api/projects/secret/tasks/next", json={"purpose": "review"}).json()["tasks"]
    assert reviewer.get(f"/api/tasks/{job['id']}").status_code == 200
    project_id = site.secret.project.id
    site.workspace.database.write(lambda connection: people.set_role(connection, project_id, reviewer_id, "annotator"))
    fresh = site.browser(reviewer_id)
    assert fresh.get(f"/api/tasks/{job['id']}").status_code in (403, 404)


def test_a_former_reviewer_is_handed_no_further_review(site: Site) -> None:
    """Who held a review and is an annotator by now may pass it on, and gets no other one in its place."""
    first, second = site.add_texts("to be reviewed", "to be reviewed, too")
    reviewer_id = site.person("reviewer")
    reviewer = site.browser(reviewer_id)
    for item in (first, second):
        reviewer.post(f"/api/projects/tickets/items/{item}/review", json={})
    (job,) = reviewer.post("/api/projects/tickets/tasks/next", json={"purpose": "review"}).json()["tasks"]
    project_id = site.tickets.project.id
    site.workspace.database.write(lambda connection: people.set_role(connection, project_id, reviewer_id, "annotator"))
    passed_on = site.browser(reviewer_id).post(f"/api/tasks/{job['id']}/skip", json={})
    assert (passed_on.status_code, passed_on.json()) == (200, {"next": None})
    assert site.rows(tables.tasks, tables.tasks.c.user_id == reviewer_id, tables.tasks.c.state == "leased") == 0


def test_the_number_of_a_task_tells_nothing(site: Site) -> None:
    """Numbers outside are none of the store's and in no order, in tasks, in own answers and in errors alike."""
    site.add_texts(*(f"text {number}" for number in range(12)))
    browser = site.browser(site.person())
    handed = browser.post("/api/projects/tickets/tasks/next", json={"count": 12}).json()["tasks"]
    outside = [task["id"] for task in handed]
    inside = [site.inside(number) for number in outside]
    assert site.rows(tables.tasks, tables.tasks.c.id.in_(inside)) == len(outside)
    assert outside not in (sorted(outside), sorted(outside, reverse=True))
    submit(browser, handed[0])
    assert [one["task_id"] for one in browser.get("/api/projects/tickets/annotations/mine").json()] == outside[:1]
    lost = browser.post(f"/api/tasks/{outside[0]}/release", json={})
    assert (lost.status_code, lost.json()["error"]["where"]) == (409, "task")
    assert browser.get(f"/api/tasks/{inside[1]}").status_code == 404


@given(st.integers(0, 2**40 - 1), st.text(min_size=1, max_size=20))
def test_numbers_of_tasks_go_out_and_come_back(number: int, secret: str) -> None:
    """Each number of a task has one number outside, and that one leads back to it alone."""
    numbers = Numbers(secret, "task")
    assert numbers.inside(numbers.outside(number)) == number
    assert numbers.outside(numbers.inside(number)) == number


@pytest.mark.parametrize("sequence", [2**31, 2**40, 2**70, -1])
def test_a_draft_with_an_odd_sequence_is_no_failure(site: Site, sequence: int) -> None:
    """A number that a column cannot hold is kept or refused, on every database."""
    site.add_texts("one")
    browser = site.browser(site.person())
    task = site.held(browser)
    body = {"lease": task["lease"], "sequence": sequence, "body": {}}
    assert browser.put(f"/api/tasks/{task['id']}/draft", json=body).status_code in (200, 400)


def test_a_task_carries_no_column_that_may_hold_its_answer(tmp_path: Path, store_url: str) -> None:
    """Of an item's further columns annotators and auditors get those that a `when` names; checks and the item's page have them all."""
    told = "parts: {kind: spans, of: body, when: \"meta.shop == 'b'\", "
    checked = "\nchecks: [{expression: {that: \"meta.label == 'bug'\", severity: warning}}]\nreview: {sample: 100%}\n"

    def pipeline(text: str) -> str:
        return text.replace("parts: {kind: spans, of: body, ", told).replace("overlap: 2", "overlap: 1") + checked

    with served(tmp_path, store_url, pipeline=pipeline) as site:
        (item,) = site.add_texts("one")
        meta = {"label": "refund", "intent": "refund", "answer": "refund", "shop": "b"}
        changed = sa.update(tables.items).where(tables.items.c.id == item).values(meta=encode(meta))
        site.workspace.database.write(lambda connection: connection.execute(changed))
        ann, rita = site.browser(site.person()), site.browser(site.person("reviewer"))
        task = site.held(ann)
        assert task["item"]["meta"] == {"shop": "b"}
        assert ann.get(f"/api/tasks/{task['id']}").json()["item"]["meta"] == {"shop": "b"}
        assert submit(ann, task, confirmed=False).status_code == 422
        assert submit(ann, task).status_code == 200
        catch_up(site.tickets)
        (audit,) = rita.post("/api/projects/tickets/tasks/next", json={"count": 1, "purpose": "review"}).json()["tasks"]
        assert (audit["purpose"], audit["item"]["meta"]) == ("audit", {"shop": "b"})
        detail = site.browser(site.person("owner")).get(f"/api/projects/tickets/items/{item}").json()
        assert detail["meta"] == meta


def test_a_fix_takes_plain_values_as_an_answer_does(site: Site) -> None:
    """Over HTTP and by the client, `{"intent": "refund"}` is a fix; what is no label is refused."""
    items = site.add_texts("one", "two")
    ann = site.browser(site.person())
    for _ in items:
        submit(ann, site.held(ann))
    for item in items:
        site.browser(site.person("owner")).post(f"/api/projects/tickets/items/{item}/review", json={"reason": "look"})
    reviewer = site.person("reviewer")
    secret = site.workspace.database.write(lambda connection: people.create_token(connection, reviewer, "test", role="reviewer"))
    client = Client(site.address, secret)
    task = client.next_task("tickets", purpose="review")
    assert task is not None
    with pytest.raises(InvalidInput, match="intent"):
        client.review(task, Verdict(verdict="fix", values={"intent": ["refund", 3]}))
    following = client.review(task, Verdict(verdict="fix", values={"intent": "other"})).next
    assert following is not None
    browser = site.browser(reviewer)
    body = {"verdict": "fix", "values": {"intent": "other"}, "seen": following.review and following.review.seen}
    answer = browser.post(f"/api/tasks/{following.id}/review", json=body, headers={"Idempotency-Key": "plain fix"})
    assert answer.status_code == 200, answer.text
    with site.workspace.database.read() as connection:
        found = {one.item_id: one.answer for one in final_labels(connection, site.tickets.project.id, site.tickets.project.schema)}
        reviewed = connection.scalars(sa.select(tables.items.c.id).where(tables.items.c.key.in_([task.item.key, following.item.key]))).all()
    assert [found[item_id] for item_id in reviewed] == [Choice("other")] * 2
