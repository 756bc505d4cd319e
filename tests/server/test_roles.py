"""Roles and routes: each role reaches what its permission covers, and nothing of another project."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import httpx
import pytest
import sqlalchemy as sa

from labelwright.api.people import ROLES
from labelwright.errors import Conflict
from labelwright.server.access import PERMISSIONS
from labelwright.server.app import ROUTES
from labelwright.store import tables
from tests.server.site import CHOICE, Site, submit

BODIES: dict[tuple[str, str], Any] = {
    ("POST", "/api/sign-in"): {"name": "nobody here", "password": "no password"},
    ("POST", "/api/sign-in/link"): {"token": "no link"},
    ("POST", "/api/password"): {"password": "a new password", "current": None},
    ("POST", "/api/tasks/{task_id}/heartbeat"): {"lease": "none"},
    ("PUT", "/api/tasks/{task_id}/draft"): {"lease": "none", "sequence": 1, "body": {}},
    ("POST", "/api/tasks/{task_id}/submit"): {"values": CHOICE, "confirmed": True},
    ("POST", "/api/tasks/{task_id}/skip"): {"reason": "unclear"},
    ("POST", "/api/tasks/{task_id}/review"): {"verdict": "accept"},
    ("POST", "/api/tasks/{task_id}/audit"): {"values": {}},
    ("POST", "/api/items/{item_id}/comments"): {"text": "a comment"},
    ("POST", "/api/projects/{project}/items"): {"key": "sent", "body": "a text"},
    ("POST", "/api/projects/{project}/suggestions"): [],
    ("POST", "/api/tokens"): {"name": "robot"},
    ("POST", "/api/users"): {"name": "one more"},
}
"""What each unsafe route is sent; an empty object where nothing stands here."""


def routes() -> list[tuple[str, str, str]]:
    """Every route of the API: method, path, and the permission that it states."""
    return sorted(
        (str(method), path, handler.opt["permission"])
        for handler in ROUTES
        for path in (str(one) for one in handler.paths)
        for method in handler.http_methods
        if str(method) not in ("HEAD", "OPTIONS")
    )


def test_every_route_states_a_permission(site: Site) -> None:
    """No route of the application, of whatever module, is without a permission of the one table."""
    from labelwright.server.app import create_app

    app = create_app(site.workspace)
    for route in app.routes:
        for handler in getattr(route, "route_handlers", ()):
            if "OPTIONS" in handler.http_methods:
                continue
            assert handler.opt.get("permission") in PERMISSIONS, f"{route.path} states no permission"


@pytest.fixture(scope="module")
def places(site: Site) -> dict[str, Any]:
    """An item of tickets with a task held by somebody, an answer and a comment, and a blob."""
    (item,) = site.add_texts("whose is it")
    holder = site.browser(site.person("annotator", name="holder"))
    task = site.held(holder)
    number = site.outside(item)
    comment = holder.post(f"/api/items/{number}/comments", json={"text": "mine"}).json()["id"]
    digest = site.workspace.blobs.put(b"\x89PNG\r\n\x1a\n of tickets")
    site.workspace.database.write(
        lambda connection: connection.execute(sa.update(tables.raw_items).where(tables.raw_items.c.key.like("k%")).values(blob=digest))
    )
    return {"project": "tickets", "task_id": task["id"], "item_id": item, "number": number, "comment_id": comment, "digest": digest}


Who = Callable[[str | None, str], httpx.Client]

ENDING = ("/api/sign-out", "/api/password")
"""Routes after which the session that called them is another."""


@pytest.fixture(scope="module")
def known(site: Site, places: dict[str, Any]) -> Who:
    """The browser of somebody with a role in a project, the same one each time; they were handed the item once, and passed it on."""
    browsers: dict[tuple[str | None, str], httpx.Client] = {}

    def browser(role: str | None, project: str = "tickets") -> httpx.Client:
        if (role, project) not in browsers:
            user_id = site.person(role, project)
            seen = sa.insert(tables.skips).values(item_id=places["item_id"], user_id=user_id, created_at=1.0)
            site.workspace.database.write(lambda connection: connection.execute(seen))
            browsers[role, project] = site.browser(user_id)
        return browsers[role, project]

    return browser


@pytest.fixture(scope="module")
def programs(site: Site) -> dict[str, httpx.Client]:
    """An owner's tokens, one of each role."""
    owner = site.person("owner")
    return {role: site.program(owner, role) for role in ROLES}


def path_of(template: str, places: dict[str, Any]) -> str:
    # Annotators know an item by its number outside, where they may do something about it.
    path = template.replace("/api/items/{item_id:int}/", "/api/items/{number:int}/")
    for name, value in places.items():
        for kind in ("str", "int"):
            path = path.replace(f"{{{name}:{kind}}}", str(value))
    return path.replace("{user_id:int}", "999999").replace("{token_id:int}", "999999")


def ask(client: httpx.Client, method: str, template: str, places: dict[str, Any]) -> httpx.Response:
    plain = template.replace(":int}", "}").replace(":str}", "}")
    path = path_of(template, places)
    if method in ("GET", "DELETE"):
        return client.request(method, path)
    return client.request(method, path, json=BODIES.get((method, plain), {}), headers={"Idempotency-Key": "the same"})


def is_refused(answer: httpx.Response) -> bool:
    """Whether the sender was turned away, and not only the particular thing missing or in another state."""
    if answer.status_code in (401, 403):
        return True
    return answer.status_code == 404 and answer.json()["error"]["message"] in (
        "There is no such project.",
        "There is no such thing here.",
    )


@pytest.mark.parametrize("route", routes(), ids=lambda route: f"{route[0]} {route[1]}")
def test_roles_and_routes(
    site: Site, known: Who, programs: dict[str, httpx.Client], places: dict[str, Any], route: tuple[str, str, str]
) -> None:
    """Each route lets in exactly the roles that its permission names; nobody, strangers, and tokens of a lower role stay outside."""
    method, template, permission = route
    nobody = ask(site.http(), method, template, places)
    if permission == "anybody":
        assert nobody.status_code != 403
        return
    assert nobody.status_code == 401, nobody.text
    least = PERMISSIONS[permission]
    for role in ROLES:
        inside = least is None or ROLES.index(role) >= ROLES.index(least)
        browser = site.browser(site.person(role)) if template in ENDING else known(role, "tickets")
        answer = ask(browser, method, template, places)
        assert is_refused(answer) != inside, f"{role}: {answer.status_code} {answer.text}"
        assert answer.status_code < 500, f"{role}: {answer.text}"
        if not inside:
            assert answer.status_code == 403
    if least is None:
        return
    for role in ROLES[: ROLES.index(least)]:
        answer = ask(programs[role], method, template, places)
        assert answer.status_code == 403, f"token of {role}: {answer.text}"
    stranger, partless = (ask(known(*who), method, template, places) for who in (("owner", "secret"), (None, "tickets")))
    if "{" in template and "{user_id" not in template:
        assert stranger.status_code == partless.status_code == 404, stranger.text
    elif permission == "people":
        assert partless.status_code == 403


@pytest.mark.parametrize(
    "template",
    [
        "/api/projects/{project:str}",
        "/api/projects/{project:str}/items/{item_id:int}",
        "/api/tasks/{task_id:int}",
        "/api/items/{item_id:int}/comments",
        "/api/blobs/{project:str}/{digest:str}",
    ],
)
def test_anothers_object_is_as_if_it_were_not(site: Site, places: dict[str, Any], template: str) -> None:
    """The answer about another project's object is, word for word, that about one that does not exist."""
    stranger = site.browser(site.person("owner", "secret"))
    absent = {"project": "absent", "task_id": 10**9, "item_id": 10**9, "number": 10**9, "comment_id": 10**9, "digest": "0" * 64}
    theirs, none = stranger.get(path_of(template, places)), stranger.get(path_of(template, absent))
    assert theirs.status_code == none.status_code == 404
    assert theirs.json()["error"]["message"] == none.json()["error"]["message"]
    assert theirs.json()["error"]["code"] == "not_found"


def test_an_item_is_found_in_its_own_project_only(site: Site, places: dict[str, Any]) -> None:
    """A number from one project leads nowhere under the name of another, even for the owner of both."""
    owner = site.person("owner", "secret")
    from labelwright.store import people

    site.workspace.database.write(lambda connection: people.set_role(connection, site.tickets.project.id, owner, "owner"))
    browser = site.browser(owner)
    assert browser.get(f"/api/projects/tickets/items/{places['item_id']}").status_code == 200
    assert browser.get(f"/api/projects/secret/items/{places['item_id']}").status_code == 404
    assert browser.get(f"/api/blobs/tickets/{places['digest']}").status_code == 200
    assert browser.get(f"/api/blobs/secret/{places['digest']}").status_code == 404


def test_a_comment_is_about_an_annotation_of_its_item(site: Site, places: dict[str, Any]) -> None:
    """A comment cannot point to an annotation of another item or project, or to one that is not there."""
    browser = site.browser(site.person("reviewer"))
    answer = browser.post(f"/api/items/{places['item_id']}/comments", json={"text": "see", "annotation_id": 10**9})
    assert answer.status_code in (400, 404), answer.text


def test_comments_are_for_those_who_have_seen_the_item(site: Site, places: dict[str, Any]) -> None:
    """An annotator reads and writes comments on the items that were handed to them, then and later, and on no others; reviewers on all."""
    path = f"/api/items/{places['item_id']}/comments"
    stranger = site.browser(site.person())
    assert stranger.get(path).status_code == 404
    assert stranger.post(path, json={"text": "who is it"}).status_code == 404
    (item,) = site.add_texts("to be commented on")
    browser = site.browser(site.person())
    item = site.outside(item)
    mine = f"/api/items/{item}/comments"
    while (task := site.held(browser))["item"]["id"] != item:
        assert submit(browser, task).status_code == 200
    assert browser.post(mine, json={"text": "unclear"}).status_code == 200
    assert browser.post(f"/api/tasks/{task['id']}/skip", json={"reason": "unclear"}).status_code == 200
    assert [one["text"] for one in browser.get(mine).json()] == ["unclear"]
    assert site.browser(site.person("reviewer")).get(path).status_code == 200


def test_a_comment_does_not_tell_who_else_has_answered(site: Site) -> None:
    """Where a project is blind, an annotator's comment points to their own answer or to none."""
    item = site.outside(*site.add_texts("answered by another"))
    given = {}
    for name in ("ann", "ben"):
        browser = site.browser(site.person())
        while (task := site.held(browser))["item"]["id"] != item:
            assert submit(browser, task).status_code == 200
        given[name] = browser, submit(browser, task).json()["annotation_id"]
    (ann, anns), (ben, _) = given.values()
    path = f"/api/items/{item}/comments"
    assert ben.post(path, json={"text": "is it there", "annotation_id": anns}).status_code == 404
    assert ann.post(path, json={"text": "mine", "annotation_id": anns}).status_code == 200


def test_nobody_gives_a_role_above_the_own(site: Site) -> None:
    """A manager makes neither an owner nor itself more, and cannot change or lock out an owner."""
    manager_id, owner_id = site.person("manager"), site.person("owner")
    manager = site.browser(manager_id)
    assert manager.post("/api/users", json={"name": "friend", "roles": {"tickets": "owner"}}).status_code == 403
    assert manager.put(f"/api/users/{manager_id}", json={"roles": {"tickets": "owner"}}).status_code == 403
    for change in ({"active": False}, {"link": True}, {"roles": {"tickets": "annotator"}}):
        assert manager.put(f"/api/users/{owner_id}", json=change).status_code == 403
    assert manager.post("/api/users", json={"name": "spy", "roles": {"secret": "annotator"}}).status_code == 404


def test_people_of_other_projects_are_not_named(site: Site) -> None:
    """A manager's list of people names no project, and nobody, beyond the manager's own."""
    from labelwright.store import people

    site.person("annotator", "secret", name="only in secret")
    both = site.person("annotator", name="in both")
    site.workspace.database.write(lambda connection: people.set_role(connection, site.secret.project.id, both, "annotator"))
    listed = site.browser(site.person("manager")).get("/api/users")
    assert "in both" in listed.text
    assert "only in secret" not in listed.text
    assert all("secret" not in user["roles"] for user in listed.json())


def test_a_project_keeps_an_owner(site: Site) -> None:
    """The last owner who is let in can neither be let out nor lose the role."""
    from labelwright.store import people

    last, number = site.person("owner", "secret"), site.secret.project.id

    class UndoneError(Exception):
        pass

    def work(connection: sa.Connection) -> None:
        users = tables.users
        connection.execute(sa.update(users).where(users.c.id != last).values(active=0))
        with pytest.raises(Conflict):
            people.set_active(connection, last, False)
        with pytest.raises(Conflict):
            people.set_role(connection, number, last, "annotator")
        raise UndoneError

    with pytest.raises(UndoneError):
        site.workspace.database.write(work)


def test_a_token_that_may_less_than_its_person_says_so(site: Site) -> None:
    """An owner whose token is an annotator's learns that it is the token, and how to make one that may more."""
    answer = site.program(site.person("owner"), role="annotator").post("/api/projects/tickets/run")
    assert answer.status_code == 403
    assert answer.json()["error"]["hint"] == "This token has the role annotator. Make one with --role manager: labelwright users token"
    answer = site.program(site.person("annotator"), role="owner").post("/api/projects/tickets/run")
    assert answer.json()["error"]["hint"] == "Ask an owner or a manager of the project."
