"""Every error has one JSON shape and gives nothing away."""

from __future__ import annotations

import json
from typing import Any

import httpx
import pytest

from tests.server.site import CHOICE, Site

DEEP = b'{"a":' * 20_000 + b"1" + b"}" * 20_000
DEEP_LIST = b"[" * 100_000

JSON = {"Content-Type": "application/json"}
NEXT = "/api/projects/tickets/tasks/next"

BAD: dict[str, tuple[int | tuple[int, ...], str, str, dict[str, Any]]] = {
    "unknown path": (404, "GET", "/nowhere/at/all", {}),
    "unknown path of the API": (404, "GET", "/api/nowhere", {}),
    "a null in a path": (404, "GET", "/%00", {}),
    "a null in a path of the page": (404, "GET", "/assets/%00", {}),
    "a path of the page that no file system can name": (404, "GET", "/assets/" + "%F0%9F%98%80" * 199, {}),
    "a name longer than any file's": (404, "GET", f"/{'a' * 300}", {}),
    "an item beyond all numbers": ((400, 404), "GET", f"/api/projects/tickets/items/{2**63}", {}),
    "a version beyond all numbers": ((400, 404), "GET", f"/api/projects/tickets/export?version={2**63}", {}),
    "a comment on a part that is no id": ((400, 404), "POST", "/api/items/1/comments", {"json": {"text": "x", "part": 2**63}}),
    "no body": (400, "POST", "/api/projects/tickets/tasks/next", {"headers": {"Content-Type": "application/json"}}),
    "wrong method": (405, "DELETE", "/api/session", {}),
    "wrong method with a body": (405, "PUT", "/api/sign-in", {"json": {}}),
    "broken JSON": (400, "POST", NEXT, {"content": b'{"count": ', "headers": JSON}),
    "no UTF-8": (400, "POST", NEXT, {"content": b'{"purpose": "\xff\xfe"}', "headers": JSON}),
    "deeply nested object": (400, "POST", NEXT, {"content": DEEP, "headers": JSON}),
    "deeply nested list": (400, "POST", NEXT, {"content": DEEP_LIST, "headers": JSON}),
    "empty body": (400, "POST", NEXT, {"content": b"", "headers": JSON}),
    "another type": (400, "POST", NEXT, {"json": {"count": "one"}}),
    "a list for an object": (400, "POST", NEXT, {"json": [1]}),
    "unknown field": (400, "POST", NEXT, {"json": {"count": 1, "color": "red"}}),
    "a count out of bounds": (400, "POST", NEXT, {"json": {"count": 10**6}}),
    "a huge number": (400, "POST", NEXT, {"json": {"count": 10**40}}),
    "unknown purpose": (400, "POST", NEXT, {"json": {"purpose": "gold"}}),
    "a number that is no number": (404, "GET", "/api/tasks/abc", {}),
    "a number beyond all numbers": ((400, 404), "GET", f"/api/tasks/{10**30}", {}),
    "a negative number": (404, "GET", "/api/tasks/-1", {}),
    "no such project": (404, "GET", "/api/projects/absent", {}),
    "no idempotency key": (400, "POST", "/api/tasks/1/submit", {"json": {"values": CHOICE}}),
    "unknown kind of answer": (
        400,
        "POST",
        "/api/tasks/1/submit",
        {"json": {"values": {"intent": {"kind": "poem"}}}, "headers": {"Idempotency-Key": "k"}},
    ),
    "no such filter": (400, "GET", "/api/projects/tickets/items?state=lost", {}),
    "no such sort": (400, "GET", "/api/projects/tickets/items?sort=beauty", {}),
    "a limit that is none": (400, "GET", "/api/projects/tickets/items?limit=many", {}),
    "a page too long": (400, "GET", "/api/projects/tickets/items?limit=100000", {}),
    "a place that is none": (400, "GET", "/api/projects/tickets/items?after=%00%ff", {}),
    "another place that is none": (400, "GET", "/api/projects/tickets/items?after=bm90IGpzb24=", {}),
    "a place in no log": (400, "GET", "/api/projects/tickets/events?after=!!", {}),
    "no such format": (400, "GET", "/api/projects/tickets/export?format=poem", {}),
    "a path as a format": (400, "GET", "/api/projects/tickets/export?format=../../errors", {}),
    "no such version": (404, "GET", "/api/projects/tickets/export?version=99999", {}),
    "a digest that is none": ((400, 404), "GET", "/api/blobs/tickets/..%2f..%2fetc", {}),
    "a digest of nothing": (404, "GET", f"/api/blobs/tickets/{'0' * 64}", {}),
    "a name with a null": ((400, 404, 409), "POST", "/api/users", {"json": {"name": "a\x00b"}}),
    "a password too short": (400, "POST", "/api/password", {"json": {"password": "short"}}),
    "too long a token": (400, "POST", "/api/tokens", {"json": {"name": "x", "days": 1e9}}),
    "a search with a null": ((200, 400), "GET", "/api/projects/tickets/items?search=%00", {}),
    "a label with a null": ((200, 400), "GET", "/api/projects/tickets/items?label=%00", {}),
    "simulated crowd": (400, "POST", "/api/projects/tickets/simulate", {"json": {"annotators": 10**6}}),
    "a huge seed": ((202, 400), "POST", "/api/projects/tickets/simulate", {"json": {"seed": 2**63}}),
    "a simulation among real answers": (400, "POST", "/api/projects/tickets/simulate", {"json": {}}),
}


def check_shape(answer: httpx.Response) -> dict[str, Any]:
    """The shape of errors, with nothing of the inside."""
    assert answer.headers["content-type"].startswith("application/json")
    body = answer.json()
    assert set(body) <= {"error", "findings"}
    error: dict[str, Any] = body["error"]
    assert set(error) == {"code", "message", "where", "hint"}
    assert isinstance(error["code"], str)
    assert error["message"]
    assert error["message"][0].isupper() or not error["message"][0].isalpha()
    for inner in ("Traceback", "site-packages", ".py", "sqlalchemy", "psycopg", "sqlite3", "SELECT ", "INSERT "):
        assert inner not in answer.text
    return error


@pytest.mark.parametrize("case", BAD)
def test_bad_input_is_explained_in_one_shape(site: Site, case: str) -> None:
    """Whatever is wrong with a request, the answer is the one JSON shape with a fitting status."""
    status, method, path, content = BAD[case]
    answer = site.browser(site.person("owner")).request(method, path, **content)
    assert answer.status_code in (status if isinstance(status, tuple) else (status,)), answer.text
    if answer.is_error:
        check_shape(answer)


def test_a_request_without_its_body_is_told_so(site: Site) -> None:
    """Whoever forgets the body reads that, and not the name of a variable."""
    status, method, path, content = BAD["no body"]
    answer = site.browser(site.person("owner")).request(method, path, **content)
    assert (answer.status_code, answer.json()["error"]["message"]) == (status, "The request has no body.")


def test_what_fails_inside_gives_nothing_away(site: Site, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture) -> None:
    """An unexpected exception is 500 without a word about the inside, carries the headers of safety, and stands in the log."""
    from labelwright.pipeline import events

    def broken(*_arguments: object, **_options: object) -> None:
        raise RuntimeError("the password of the database is swordfish")

    monkeypatch.setattr(events, "next_tasks", broken)
    answer = site.browser(site.person("annotator")).post(NEXT, json={})
    assert answer.status_code == 500
    assert check_shape(answer)["code"] == "internal_error"
    assert "swordfish" not in answer.text
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert "swordfish" in caplog.text


def test_a_missing_and_a_forbidden_thing_have_the_shape_too(site: Site) -> None:
    """401 and 403 are the same shape, with what to do."""
    nobody = check_shape(site.http().get("/api/session"))
    assert nobody["code"] == "not_signed_in"
    assert nobody["hint"]
    annotator = check_shape(site.browser(site.person("annotator")).get("/api/projects/tickets/items"))
    assert annotator["code"] == "not_allowed"
    assert annotator["hint"]


def test_a_broken_line_in_a_stream_is_set_aside_with_its_reason(site: Site) -> None:
    """A stream's broken, deeply nested or wrongly encoded lines go to quarantine; its good ones become items."""
    manager = site.browser(site.person("manager"))
    nested = b'{"a":' * 5_000 + b"1" + b"}" * 5_000
    good = [b'{"key": "good 1", "body": "fine"}', b'{"key": "good 2", "body": "fine too"}']
    small = [good[0], b'{"key": "bro', nested, b'{"key": "bad", "body": "\xff"}', good[1]]
    answer = manager.post("/api/projects/tickets/items", content=b"\n".join(small), headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    assert answer.json()["new"] == 2
    assert answer.json()["quarantined"] == 3
    reasons = manager.get("/api/projects/tickets/quarantine").json()
    assert len(reasons) >= 3
    assert all(row["reason"] and row["place"] for row in reasons)


def test_rejected_suggestions_say_why(site: Site) -> None:
    """Suggestions are taken or refused one by one; too many at once are refused together."""
    manager = site.browser(site.person("manager"))
    (item,) = site.add_texts("suggest something")
    base = {"question": "intent", "labeler": "mine", "version": "1"}
    sent = [
        {**base, "item_id": item, "answer": "refund", "score": 0.7},
        {**base, "item_id": item, "answer": "no such label"},
        {**base, "item_id": 10**9, "answer": "refund"},
        {**base, "item_id": item, "answer": {"kind": "choice", "label": "bug"}, "labeler": "other"},
        {**base, "item_id": item, "answer": "refund", "score": 7},
        {**base, "item_id": item, "answer": ["a", "list"]},
        {**base, "item_id": item, "question": "none", "answer": "refund"},
        {**base, "answer": "refund"},
    ]
    answer = manager.post("/api/projects/tickets/suggestions", json=sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["stored"] == 2
    assert [one["index"] for one in answer.json()["rejected"]] == [1, 2, 4, 5, 6, 7]
    many = manager.post("/api/projects/tickets/suggestions", json=[{"question": "q", "answer": 1, "labeler": "l"}] * 10_001)
    assert many.status_code in (400, 413)


def test_control_characters_are_no_fault_of_ours(site: Site) -> None:
    """A null character in a comment, in a reason or in a name is kept or refused, on every database, and never a failure."""
    (item,) = site.add_texts("say null")
    browser, manager = site.browser(site.person()), site.browser(site.person("manager"))
    task = site.held(browser)
    suggestion = {"key": "a\x00b", "question": "intent", "labeler": "mine\x00", "answer": "refund"}
    answers = [
        browser.post(f"/api/items/{site.outside(item)}/comments", json={"text": "a\x00b"}),
        browser.put(f"/api/tasks/{task['id']}/draft", json={"lease": task["lease"], "sequence": 1, "body": "a\x00b"}),
        browser.post(f"/api/tasks/{task['id']}/skip", json={"reason": "a\x00b"}),
        browser.post("/api/sign-in", json={"name": "a\x00b", "password": "a\x00b"}),
        manager.post("/api/projects/tickets/suggestions", json=[suggestion]),
        manager.post("/api/projects/tickets/items", json={"key": "a\x00b", "body": "a\x00b"}),
    ]
    for answer in answers:
        assert answer.status_code < 500, answer.text


def test_what_no_database_can_hold_is_refused_alone(site: Site) -> None:
    """Of a batch, only the suggestion or item with a null character in a name, or with a number too large, is refused, with a reason."""
    manager = site.browser(site.person("manager"))
    (item,) = site.add_texts("suggest something here")
    base = {"item_id": item, "question": "intent", "labeler": "mine", "version": "1", "answer": "refund"}
    sent = [
        base,
        {**base, "labeler": "mi\0ne"},
        {**base, "version": "1\0"},
        {**base, "question": "intent\0"},
        {**base, "answer": "refund\0"},
        {**base, "item_id": None, "key": "a\0b"},
        {**base, "item_id": 10**18},
        {**base, "item_id": 2**63},
        {**base, "item_id": -(2**64) + 2**63},
        {**base, "answer": "bug", "labeler": "other"},
    ]
    answer = manager.post("/api/projects/tickets/suggestions", json=sent)
    assert answer.status_code == 200, answer.text
    assert answer.json()["stored"] == 2
    assert [one["index"] for one in answer.json()["rejected"]] == list(range(1, 9))
    assert all(one["message"] for one in answer.json()["rejected"])
    lines = [
        {"key": "before", "body": "one"},
        {"key": "nu\0ll", "body": "two"},
        {"key": "content", "body": "th\0ree", "channel": "a\0b", "na\0me": "x"},
        {"key": "after", "body": "four", "much": 2**70},
    ]
    body = "\n".join(json.dumps(one) for one in lines)
    answer = manager.post("/api/projects/tickets/items", content=body, headers={"Content-Type": "application/x-ndjson"})
    assert answer.status_code == 200, answer.text
    assert (answer.json()["new"], answer.json()["quarantined"]) == (3, 1)
