"""What every request passes and every answer carries: host, body type, CSRF token, headers of safety."""

from __future__ import annotations

import httpx
import pytest

from tests.server.site import MOST_BYTES, Site, submit


def test_a_session_without_its_csrf_token_changes_nothing(site: Site) -> None:
    """The cookie alone, as a foreign page could make a browser send it, may look and not act."""
    site.add_texts("one")
    user_id = site.person("annotator")
    bare = site.browser(user_id, csrf=False)
    assert bare.get("/api/session").status_code == 200
    for headers in ({}, {"X-CSRF-Token": ""}, {"X-CSRF-Token": "wrong"}, {"X-CSRF-Token": "\xff".encode("latin-1")}):
        answer = bare.post("/api/projects/tickets/tasks/next", json={}, headers=headers)
        assert answer.status_code == 403
        assert answer.json()["error"]["where"] == "X-CSRF-Token"
    other = site.browser(site.person("annotator"))
    crossed = bare.post("/api/projects/tickets/tasks/next", json={}, headers={"X-CSRF-Token": other.headers["X-CSRF-Token"]})
    assert crossed.status_code == 403


def test_a_program_needs_no_csrf_token(site: Site) -> None:
    """A bearer token is never sent by a browser on its own, so it stands alone."""
    assert site.program(site.person("annotator")).post("/api/projects/tickets/tasks/next", json={}).status_code == 200


def test_signing_in_anew_works_over_an_old_session(site: Site) -> None:
    """Whoever opens an invitation while somebody else is signed in comes in, though the page does not know the old CSRF token."""
    from labelwright.store import people

    browser = site.browser(site.person("annotator"), csrf=False)
    newcomer = site.person("annotator", name="newcomer")
    secret = site.workspace.database.write(
        lambda connection: people.create_token(connection, newcomer, "invitation", role="owner", purpose="sign_in")
    )
    answer = browser.post("/api/sign-in/link", json={"token": secret})
    assert answer.status_code == 200, answer.text
    assert answer.json()["user"]["name"] == "newcomer"


@pytest.mark.parametrize("kind", ["text/plain", "application/x-www-form-urlencoded", "multipart/form-data; boundary=x", None])
def test_only_json_is_a_body(site: Site, kind: str | None) -> None:
    """JSON sent under a type that a foreign page's form can send, or under none, is refused, and nothing is done."""
    browser = site.browser(site.person("annotator"))
    headers = {"Content-Type": kind} if kind else {}
    answer = browser.post("/api/projects/tickets/tasks/next", content=b'{"count": 1}', headers=headers)
    assert answer.status_code in (400, 415)
    assert answer.json()["error"]["where"] == "Content-Type"


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/openapi.json", "/nowhere", "/assets/x.js"])
@pytest.mark.parametrize("host", ["evil.example", "evil.example:80", "localhost.evil.example", ""])
def test_a_foreign_host_is_refused(site: Site, path: str, host: str) -> None:
    """Another site's name that points here (DNS rebinding) gets nothing, whatever it asks for."""
    answer = site.http().get(path, headers={"Host": host})
    assert answer.status_code == 400
    assert answer.json()["error"]["where"] == "Host"


@pytest.mark.parametrize("path", ["/", "/api/session", "/api/openapi.json", "/nowhere", "/api/nowhere", "/api/sign-in", "/assets/none.js"])
def test_every_answer_carries_the_headers_of_safety(site: Site, path: str) -> None:
    """Pages, data and errors alike: no sniffing, no framing, nothing loaded from elsewhere, no inline script or style."""
    for host in (None, "evil.example"):
        answer = site.http().get(path, headers={"Host": host} if host else {})
        policy = answer.headers["content-security-policy"]
        assert answer.headers["x-content-type-options"] == "nosniff"
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert "unsafe" not in policy
        for part in ("default-src", "script-src 'self'", "style-src 'self'", "base-uri 'none'", "frame-ancestors 'none'"):
            assert part in policy


def test_private_answers_are_not_kept_by_caches(site: Site) -> None:
    """What belongs to a session is never stored on the way."""
    assert site.browser(site.person("annotator")).get("/api/session").headers["cache-control"] == "no-store"


def test_a_large_body_is_refused(site: Site) -> None:
    """A body over the limit is refused, whether it says its length or comes in pieces."""
    browser = site.browser(site.person("annotator"))
    site.add_texts("one")
    task = site.held(browser)
    large = {"intent": {"kind": "choice", "label": "x" * MOST_BYTES}}
    assert submit(browser, task, large).status_code == 413

    def pieces() -> object:
        yield b'{"count": 1, "purpose": "'
        for _ in range(20):
            yield b"x" * (MOST_BYTES // 10)
        yield b'"}'

    answer = browser.post("/api/projects/tickets/tasks/next", content=pieces(), headers={"Content-Type": "application/json"})  # type: ignore[arg-type]
    assert answer.status_code == 413
    assert answer.json()["error"]["code"] == "too_large"


def test_a_stream_of_items_has_a_limit_of_its_own(site: Site) -> None:
    """A stream may be larger than another body, and is refused over its own limit, with nothing of it kept."""
    manager = site.browser(site.person("manager"))
    headers = {"Content-Type": "application/x-ndjson"}
    url = "/api/projects/tickets/items"
    row = b'{"key": "big", "body": "%s"}\n'
    fits = manager.post(url, content=row % (b"x" * (MOST_BYTES + 1000)), headers=headers)
    assert fits.status_code == 200, fits.text
    assert fits.json()["new"] == 1
    answer = manager.post(url, content=(row % (b"y" * 1000)) * (2 * MOST_BYTES // 1000), headers=headers)
    assert answer.status_code == 413


def test_media_type_with_parameters_is_json(site: Site) -> None:
    """`application/json; charset=utf-8` is JSON too."""
    browser = site.browser(site.person("annotator"))
    answer = browser.post("/api/projects/tickets/tasks/next", content=b"{}", headers={"Content-Type": "application/json; charset=utf-8"})
    assert answer.status_code == 200


def test_there_is_no_cross_origin_sharing(site: Site) -> None:
    """No answer allows another origin to read it."""
    headers = {"Origin": "https://evil.example", "Access-Control-Request-Method": "POST"}
    for answer in (
        site.http().get("/api/session", headers=headers),
        site.http().options("/api/session", headers=headers),
    ):
        assert not [name for name in answer.headers if name.startswith("access-control-")]


def test_the_page_is_served_or_says_how_to_build_it(site: Site) -> None:
    """The root is an HTML page, and files outside of the page's folder cannot be reached through it."""
    answer = site.http().get("/")
    assert answer.status_code == 200
    assert answer.headers["content-type"].startswith("text/html")
    for path in ("/assets/../../settings.py", "/assets/..%2f..%2fsettings.py", "/..%2fsettings.py", "/%2e%2e%2fsettings.py"):
        request = httpx.Request("GET", site.address)
        found = site.http().send(httpx.Request("GET", request.url.copy_with(raw_path=path.encode())))
        assert found.status_code == 404, path
