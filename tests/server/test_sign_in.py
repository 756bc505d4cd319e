"""Nobody is in without signing in, and whoever has left stays out."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest
import sqlalchemy as sa

from labelwright.server.attempts import FREE, _Count
from labelwright.server.gate import session_cookie
from labelwright.server.routes import session
from labelwright.settings import Settings
from labelwright.store import passwords, people, tables
from tests.server.site import Site, listening

PASSWORD = "correct horse battery"


@pytest.fixture
def guarded(site: Site) -> Iterator[Site]:
    """The same site, reached through a proxy that is trusted."""
    with listening(site.workspace, Settings(trusted_proxies="127.0.0.0/8, ::1")) as address:
        behind = Site(site.workspace, address)
        yield behind
        behind.close()


def with_password(site: Site, name: str) -> int:
    user_id = site.person("annotator", name=name)
    hashed = passwords.hash_password(PASSWORD)
    site.workspace.database.write(lambda connection: people.set_password(connection, user_id, hashed))
    return user_id


def code(answer: httpx.Response) -> str:
    return str(answer.json()["error"]["code"])


def test_name_and_password_begin_a_session(site: Site) -> None:
    """The right password sets a cookie that scripts cannot read and other sites cannot send, and names the person's projects."""
    with_password(site, "ann")
    browser = site.http()
    answer = browser.post("/api/sign-in", json={"name": "ann", "password": PASSWORD})
    assert answer.status_code == 200
    session = answer.json()
    assert session["user"]["name"] == "ann"
    assert session["projects"] == [{"name": "tickets", "role": "annotator", "modality": "text"}]
    cookie = answer.headers["set-cookie"].lower()
    assert "httponly" in cookie
    assert "samesite=strict" in cookie
    assert "path=/" in cookie
    assert browser.get("/api/session").json() == session


def test_a_wrong_password_and_an_unknown_name_look_the_same(site: Site) -> None:
    """From the answer nobody learns which names exist."""
    with_password(site, "bea")
    browser = site.http()
    wrong = browser.post("/api/sign-in", json={"name": "bea", "password": "not the password"})
    unknown = browser.post("/api/sign-in", json={"name": "nobody at all", "password": "not the password"})
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.json() == unknown.json()
    assert "set-cookie" not in wrong.headers


def test_passwords_are_kept_by_argon2id(site: Site) -> None:
    """The store has an argon2id hash and neither the password nor the session's secret."""
    with_password(site, "cleo")
    browser = site.http()
    browser.post("/api/sign-in", json={"name": "cleo", "password": PASSWORD})
    with site.workspace.database.read() as connection:
        hashed = connection.scalar(sa.select(tables.users.c.password_hash).where(tables.users.c.name == "cleo"))
        digests = set(connection.scalars(sa.select(tables.sessions.c.digest)))
    assert str(hashed).startswith("$argon2id$")
    assert browser.cookies[session_cookie(site.address)] not in digests


def test_guessing_passwords_is_slowed(site: Site) -> None:
    """After a few wrong passwords even the right one has to wait, and the answer says how long."""
    with_password(site, "dora")
    browser = site.http()
    wrong = [browser.post("/api/sign-in", json={"name": "dora", "password": f"guess number {n}"}).status_code for n in range(FREE["pair"])]
    assert wrong == [401] * FREE["pair"]
    session._attempts._counts["pair", "dora", "127.0.0.1"] = session._attempts._counts["pair", "dora", "127.0.0.1"]._replace(wrong=50)
    right = browser.post("/api/sign-in", json={"name": "dora", "password": PASSWORD})
    assert right.status_code == 429
    assert code(right) == "too_many_attempts"
    assert 890 <= int(right.headers["Retry-After"]) <= 900


def test_guesses_sent_all_at_once_are_counted_too(site: Site) -> None:
    """Of twenty guesses at the same moment, hardly more are tried than of twenty in a row."""
    with_password(site, "edda")

    def guess(number: int) -> int:
        return httpx.post(
            f"{site.address}/api/sign-in", json={"name": "edda", "password": f"guess number {number}"}, timeout=60
        ).status_code

    with ThreadPoolExecutor(20) as pool:
        codes = list(pool.map(guess, range(20)))
    assert codes.count(429) >= 5
    assert set(codes) <= {401, 429}


def test_a_password_that_nobody_looked_at_counts_for_nothing(site: Site, monkeypatch: pytest.MonkeyPatch) -> None:
    """While too many wait for their passwords to be checked, further ones are turned away, and the account has no more wrong ones."""
    with_password(site, "elsa")
    browser = site.http()
    monkeypatch.setattr(session, "_waiting", session.MOST_WAITING)
    for _ in range(2 * FREE["pair"]):
        assert browser.post("/api/sign-in", json={"name": "elsa", "password": PASSWORD}).status_code == 503
    monkeypatch.setattr(session, "_waiting", 0)
    assert browser.post("/api/sign-in", json={"name": "elsa", "password": PASSWORD}).status_code == 200


def test_who_guesses_keeps_nobody_out(guarded: Site) -> None:
    """However often somebody elsewhere guesses a person's password, the person signs in from where they did before."""
    with_password(guarded, "annika")
    at_home, elsewhere = {"X-Forwarded-For": "198.51.100.7"}, {"X-Forwarded-For": "203.0.113.9"}
    assert guarded.http().post("/api/sign-in", json={"name": "annika", "password": PASSWORD}, headers=at_home).status_code == 200
    browser = guarded.http()
    codes = [
        browser.post("/api/sign-in", json={"name": "annika", "password": f"guess {n}"}, headers=elsewhere).status_code for n in range(40)
    ]
    assert codes[:5] == [401] * 5
    assert 429 in codes
    assert guarded.http().post("/api/sign-in", json={"name": "annika", "password": PASSWORD}, headers=at_home).status_code == 200
    # Not even a server that was started anew, and has forgotten its counts, takes the person for a stranger.
    session._attempts._counts["account", "annika"] = _Count("account", FREE["account"] + 20, session._attempts._clock())
    assert guarded.http().post("/api/sign-in", json={"name": "annika", "password": PASSWORD}, headers=at_home).status_code == 200
    stranger = guarded.http().post("/api/sign-in", json={"name": "annika", "password": PASSWORD}, headers={"X-Forwarded-For": "192.0.2.1"})
    assert stranger.status_code == 429


def test_what_a_stranger_writes_into_the_headers_of_proxies_is_not_believed(site: Site) -> None:
    """Without a trusted proxy everybody has the address of the connection, and nobody comes by HTTPS."""
    with_password(site, "finn")
    browser = site.http()
    told = [{"X-Forwarded-For": f"192.0.2.{n}", "X-Forwarded-Proto": "https"} for n in range(20)]
    answers = [browser.post("/api/sign-in", json={"name": "finn", "password": f"guess {n}"}, headers=told[n]) for n in range(20)]
    assert 429 in [answer.status_code for answer in answers]
    assert all("strict-transport-security" not in answer.headers for answer in answers)


def test_by_https_cookies_belong_to_the_host_and_browsers_come_by_https(guarded: Site) -> None:
    """A trusted proxy that speaks HTTPS makes the cookie a `__Host-` one, and every answer says to come by HTTPS only."""
    with_password(guarded, "gwen")
    by_https = {"X-Forwarded-For": "198.51.100.8", "X-Forwarded-Proto": "https", "Host": "localhost"}
    browser = guarded.http()
    answer = browser.post("/api/sign-in", json={"name": "gwen", "password": PASSWORD}, headers=by_https)
    assert answer.status_code == 200
    cookie = answer.headers["set-cookie"]
    assert cookie.startswith("__Host-labelwright_session=")
    assert all(part in cookie.lower() for part in ("secure", "path=/", "httponly", "samesite=strict"))
    assert "domain" not in cookie.lower()
    secret = cookie.partition("=")[2].partition(";")[0]
    mine = {**by_https, "Cookie": f"__Host-labelwright_session={secret}"}
    assert guarded.http().get("/api/session", headers=mine).status_code == 200
    # The plain name is one that anybody on the way could have set.
    assert guarded.http().get("/api/session", headers={**by_https, "Cookie": f"labelwright_session={secret}"}).status_code == 401
    for path in ("/", "/api/session", "/api/nothing", "/assets/none"):
        assert guarded.http().get(path, headers=by_https).headers["strict-transport-security"].startswith("max-age="), path
        assert "strict-transport-security" not in guarded.http().get(path).headers
    gone = guarded.http().post("/api/sign-out", json={}, headers={**mine, "X-CSRF-Token": answer.json()["csrf"]})
    assert gone.headers["set-cookie"].startswith("__Host-labelwright_session=")
    assert "secure" in gone.headers["set-cookie"].lower()


def test_a_link_signs_in_once(site: Site) -> None:
    """The link of an invitation begins one session, and none the second time or for two at once."""
    user_id = site.person("annotator", name="fred")
    secret = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", purpose="sign_in")
    )

    def use(_: int) -> int:
        return httpx.post(f"{site.address}/api/sign-in/link", json={"token": secret}, timeout=60).status_code

    with ThreadPoolExecutor(4) as pool:
        assert sorted(pool.map(use, range(4))) == [200, 401, 401, 401]


def test_an_old_link_signs_in_nobody(site: Site) -> None:
    """A link that is past its time is refused, and a program's token is no link."""
    user_id = site.person("annotator")

    def make(connection: sa.Connection, purpose: str) -> str:
        secret = people.create_token(connection, user_id, "late", role="owner", purpose=purpose)  # type: ignore[arg-type]
        if purpose == "sign_in":
            connection.execute(sa.update(tables.tokens).where(tables.tokens.c.user_id == user_id).values(expires_at=1.0))
        return secret

    for purpose in ("sign_in", "program"):
        secret = site.workspace.database.write(lambda connection, purpose=purpose: make(connection, purpose))
        assert site.http().post("/api/sign-in/link", json={"token": secret}).status_code == 401


def test_a_link_is_no_token(site: Site) -> None:
    """The secret of a sign-in link opens nothing as a bearer token."""
    user_id = site.person("annotator")
    secret = site.workspace.database.write(
        lambda connection: people.create_token(connection, user_id, "invitation", role="owner", purpose="sign_in")
    )
    assert site.http().get("/api/session", headers={"Authorization": f"Bearer {secret}"}).status_code == 401


def test_sign_out_ends_the_session(site: Site) -> None:
    """After signing out, the cookie counts no more, also where it was kept, and at once."""
    user_id = site.person("annotator")
    browser = site.browser(user_id)
    kept = dict(browser.cookies)
    assert browser.get("/api/session").status_code == 200
    assert browser.post("/api/sign-out", json={}).status_code == 200
    thief = site.http()
    thief.cookies.update(kept)
    again = thief.get("/api/session")
    assert again.status_code == 401
    assert code(again) == "not_signed_in"


def test_servers_on_one_host_keep_apart_who_is_signed_in(site: Site) -> None:
    """A browser that is signed in on another port of the host stays so, whoever signs in and out here."""
    with_password(site, "port")
    browser = site.http()
    browser.cookies.set("labelwright_session_1", "of another server")
    browser.cookies.set("labelwright_session", "of one without a port")
    assert browser.get("/api/session").status_code == 401
    session = browser.post("/api/sign-in", json={"name": "port", "password": PASSWORD}).json()
    assert browser.get("/api/session").status_code == 200
    browser.post("/api/sign-out", json={}, headers={"X-CSRF-Token": session["csrf"]})
    assert browser.get("/api/session").status_code == 401
    assert dict(browser.cookies) == {"labelwright_session_1": "of another server", "labelwright_session": "of one without a port"}


def test_a_session_ends_in_time(site: Site) -> None:
    """A session past its time is void."""
    user_id = site.person("annotator")
    secret = site.workspace.database.write(lambda connection: people.create_session(connection, user_id, -1.0))
    browser = site.http()
    browser.cookies.set(session_cookie(site.address), secret)
    assert browser.get("/api/session").status_code == 401


def test_a_new_password_ends_all_other_sessions(site: Site) -> None:
    """Whoever was signed in with the old password is out, and the one who changed it stays in."""
    user_id = with_password(site, "gina")
    thief, browser = site.browser(user_id), site.browser(user_id)
    wrong = browser.post("/api/password", json={"password": "another password", "current": "a guess at it"})
    assert wrong.status_code in (400, 401, 403)
    changed = browser.post("/api/password", json={"password": "another password", "current": PASSWORD})
    assert changed.status_code == 200, changed.text
    assert thief.get("/api/session").status_code == 401
    assert browser.get("/api/session").status_code == 200
    assert site.http().post("/api/sign-in", json={"name": "gina", "password": "another password"}).status_code == 200


def test_whoever_is_let_out_is_out_at_once(site: Site) -> None:
    """A person made inactive has no session and no token any more, from the next request on."""
    owner, user_id = site.browser(site.person("owner")), site.person("annotator")
    browser, program = site.browser(user_id), site.program(user_id)
    assert program.get("/api/session").status_code == 200
    assert owner.put(f"/api/users/{user_id}", json={"active": False}).status_code == 200
    assert browser.get("/api/session").status_code == 401
    assert program.get("/api/session").status_code == 401


def test_a_role_taken_away_is_gone_at_once(site: Site) -> None:
    """A reviewer made annotator sees the items no more, from the next request on."""
    owner, user_id = site.browser(site.person("owner")), site.person("reviewer")
    browser = site.browser(user_id)
    assert browser.get("/api/projects/tickets/items").status_code == 200
    assert owner.put(f"/api/users/{user_id}", json={"roles": {"tickets": "annotator"}}).status_code == 200
    assert browser.get("/api/projects/tickets/items").status_code == 403


REFUSED = {
    "too short": "abc",
    "common": "Password2024!",
    "in other letters": "P4$$w0rd",
    "a row": "qwertyuiop12",
    "numbers in order": "9876543210",
    "repeated": "abcabcabcabc",
    "the own name": "henrietta77",
    "the project": "tickets2024",
}


@pytest.mark.parametrize("what", REFUSED)
def test_passwords_that_are_guessed_first_are_refused(site: Site, what: str) -> None:
    """Short and common ones, rows, repetitions, the own name and the project's are refused with the reason; several words are taken."""
    user_id = site.person("annotator", name=f"henrietta {what}" if what != "the own name" else "henrietta")
    browser = site.browser(user_id)
    refused = browser.post("/api/password", json={"password": REFUSED[what]})
    assert refused.status_code == 400, refused.text
    assert refused.json()["error"]["where"] == "password"
    assert browser.post("/api/password", json={"password": "seven odd turtles"}).status_code == 200


# --- programs ---------------------------------------------------------------------------------------------------------------------


def test_a_token_is_shown_once_and_can_be_made_void(site: Site) -> None:
    """A token made on the page works, is listed without its secret, is no row of the store in clear, and ends when it is deleted."""
    owner = site.browser(site.person("owner"))
    secret = owner.post("/api/tokens", json={"name": "robot", "role": "manager", "project": "tickets"}).json()["token"]
    program = site.http()
    program.headers["Authorization"] = f"Bearer {secret}"
    assert program.get("/api/projects/tickets/items").status_code == 200
    listed = owner.get("/api/tokens")
    assert secret not in listed.text
    (row,) = listed.json()
    assert owner.delete(f"/api/tokens/{row['id']}").status_code == 200
    assert program.get("/api/projects/tickets/items").status_code == 401


@pytest.mark.parametrize("name", ["", " robot", "x" * 101, "robot\x1b[2J", "two\nlines", "robot\u202e"])
def test_a_token_has_a_name_that_can_be_read(site: Site, name: str) -> None:
    """Owners read the names of everybody's tokens, on a terminal too: a name has no control characters and is not cut off."""
    answer = site.browser(site.person()).post("/api/tokens", json={"name": name})
    assert (answer.status_code, answer.json()["error"]["where"]) == (400, "name")


def test_tokens_end_with_the_password_and_with_their_owner(site: Site) -> None:
    """A changed password, a new sign-in link and a person let out no more leave no token that works, not even when they are back."""
    owner = site.browser(site.person("owner"))
    user_id = with_password(site, "ida")
    browser, program = site.browser(user_id), site.program(user_id)
    assert program.get("/api/session").status_code == 200
    assert browser.post("/api/password", json={"password": "another password", "current": PASSWORD}).status_code == 200
    assert program.get("/api/session").status_code == 401
    program = site.program(user_id)
    assert owner.put(f"/api/users/{user_id}", json={"link": True}).status_code == 200
    assert program.get("/api/session").status_code == 401
    program = site.program(user_id)
    for active in (False, True):
        assert owner.put(f"/api/users/{user_id}", json={"active": active}).status_code == 200
        assert program.get("/api/session").status_code == 401


def test_owners_list_and_end_tokens_of_everybody(site: Site) -> None:
    """An owner sees who has a token that reaches the project and ends it; nobody else does, and no other project's are seen."""
    user_id, stranger = site.person("annotator", name="jo"), site.person("annotator", "secret", name="kim")
    owner, manager, person = (site.browser(site.person(role)) for role in ("owner", "manager", "annotator"))
    program = site.program(user_id, "annotator")
    site.program(stranger, "annotator")
    listed = owner.get("/api/tokens?everybody=true").json()
    assert "kim" not in {token["user"] for token in listed}
    (token,) = [token for token in listed if token["user"] == "jo"]
    for other in (manager, person):
        assert other.get("/api/tokens?everybody=true").status_code == 403
        assert other.delete(f"/api/tokens/{token['id']}").status_code == 404
    assert program.get("/api/session").status_code == 200
    assert owner.delete(f"/api/tokens/{token['id']}").status_code == 200
    assert program.get("/api/session").status_code == 401
    outside = site.workspace.database.write(lambda connection: next(one.id for one in people.list_tokens(connection) if one.user == "kim"))
    assert owner.delete(f"/api/tokens/{outside}").status_code == 404


def test_a_token_does_no_more_than_its_role(site: Site) -> None:
    """An owner's token of the role annotator labels and does nothing else."""
    program = site.program(site.person("owner"), "annotator")
    assert program.post("/api/projects/tickets/tasks/next", json={}).status_code == 200
    assert program.get("/api/projects/tickets/items").status_code == 403
    assert program.get("/api/users").status_code == 403


def test_a_token_reaches_its_project_alone(site: Site) -> None:
    """A token for one project finds its user's other projects no more than a stranger does."""
    user_id = site.person("owner")
    number = site.secret.project.id
    site.workspace.database.write(lambda connection: people.set_role(connection, number, user_id, "owner"))
    program = site.program(user_id, "owner", "tickets")
    assert program.get("/api/projects/tickets").status_code == 200
    assert program.get("/api/projects/secret").status_code == 404
    assert [one["name"] for one in program.get("/api/projects").json()] == ["tickets"]


def test_a_token_does_no_more_than_its_user(site: Site) -> None:
    """An annotator's token of the role owner does what an annotator may."""
    assert site.program(site.person("annotator"), "owner").get("/api/projects/tickets/items").status_code == 403


def test_a_token_ends_in_time(site: Site) -> None:
    """A token past its time is void."""
    user_id = site.person("annotator")
    program = site.program(user_id)
    site.workspace.database.write(
        lambda connection: connection.execute(sa.update(tables.tokens).where(tables.tokens.c.user_id == user_id).values(expires_at=1.0))
    )
    assert program.get("/api/session").status_code == 401


GROWING: dict[str, Callable[[httpx.Client], httpx.Response]] = {
    "make a token": lambda program: program.post("/api/tokens", json={"name": "more", "role": "owner"}),
    "set the password": lambda program: program.post("/api/password", json={"password": "taken over by it"}),
}


@pytest.mark.parametrize("way", GROWING)
def test_a_token_cannot_become_more_than_it_is(site: Site, way: str) -> None:
    """Whoever got hold of a program's small token cannot use it to become its user: no other token, no password, no session."""
    program = site.program(site.person("owner"), "annotator", "tickets")
    answer = GROWING[way](program)
    assert answer.status_code == 403
    assert "set-cookie" not in answer.headers


@pytest.mark.parametrize("header", ["Bearer", "Bearer nonsense", "Basic YTpi", "bearer " + "x" * 5000])
def test_a_wrong_authorization_is_not_signed_in(site: Site, header: str) -> None:
    """Whatever else stands in Authorization lets nobody in, also beside a good cookie."""
    browser = site.browser(site.person("owner"))
    answer = browser.get("/api/session", headers={"Authorization": header})
    assert answer.status_code == 401
    assert code(answer) == "not_signed_in"
