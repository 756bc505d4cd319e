"""Who may do what: the one table of roles, and the only way from a request to an object.

Every route names its permission in `opt={"permission": …}`; a route without one is refused when the application is made. A project that
the person has no part in is "not found", never "forbidden", and so is everything in it.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Collection
from functools import partial
from typing import Any

import msgspec

from labelwright import tasks
from labelwright.api.people import ROLES, Role
from labelwright.api.tasks import TaskView
from labelwright.errors import NotAllowed, NotFound, NotSignedIn
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.schema import media_of
from labelwright.server.checking import Checking
from labelwright.server.downloads import Downloads
from labelwright.server.numbers import Numbers
from labelwright.store import auditors, owners, people
from labelwright.store.database import Connection, Database
from labelwright.store.owners import Owned
from labelwright.store.people import Identity

__all__ = ["PERMISSIONS", "Access", "AccessControl"]

PERMISSIONS: dict[str, Role | None] = {
    "anybody": None,  # signing in, the page itself
    "signed_in": None,  # one's own session, password and tokens
    "annotate": "annotator",  # own queue, own answers, guidelines, media
    "review": "reviewer",  # reviews, all items with their answers
    "analyse": "reviewer",  # dashboards, quality, requirements, reports
    "manage": "manager",  # sources, suggestions, exports, versions, jobs
    "people": "manager",  # users and roles
    "tokens": "owner",  # everybody's tokens
}
"""Each permission and the least role that has it."""

OUTSIDE = 2**41
"""Numbers of items from here on are those that annotators know them by."""

CACHE_SECONDS = 5.0
"""Who somebody is, and with which role, is believed for so long before it is read again."""


class Access:
    """What the sender of one request may reach.

    It carries the control and the database, so that handlers on the hot path take it alone: Litestar gives a single dependency at once,
    and starts a task for each of several.
    """

    def __init__(self, control: AccessControl, identity: Identity, roles: dict[int, Role]) -> None:
        self.control = control
        self.identity = identity
        self._roles = roles

    @property
    def user_id(self) -> int:
        return self.identity.user_id

    @property
    def database(self) -> Database:
        return self.control.workspace.database

    def role_in(self, opened: OpenProject) -> Role | None:
        """The role in a project, at most that of the token; None where there is none."""
        role = self._roles.get(opened.project.id)
        if role is None or self.identity.project_id not in (None, opened.project.id):
            return None
        return min(role, self.identity.role, key=ROLES.index) if self.identity.role else role

    def in_person(self) -> None:
        """Make sure that a person sends this from a session of their own, and no program with a token.

        Raises:
            NotAllowed: a program sends it; with it, its token could become more than it is.
        """
        if self.identity.role is not None:
            raise NotAllowed("This is for people and not for programs.", hint="Sign in and do it there.")

    def projects(self) -> list[tuple[OpenProject, Role]]:
        """Every project that the sender has a part in, with the role."""
        found = ((opened, self.role_in(opened)) for opened in self.control.workspace.projects.values())
        return [(opened, role) for opened, role in found if role is not None]

    def project(self, name: str, permission: str) -> OpenProject:
        """Return a project for an act that needs `permission`.

        Raises:
            NotFound: there is no such project, or the sender has no part in it.
            NotAllowed: the role does not cover the act.
        """
        opened = self.control.workspace.projects.get(name)
        role = self.role_in(opened) if opened else None
        if opened is None or role is None:
            raise NotFound("There is no such project.", where=name[:80])
        self._require(role, permission)
        return opened

    def anywhere(self, permission: str) -> None:
        """Make sure that the sender has the permission in at least one project.

        Raises:
            NotAllowed: it has it in none.
        """
        roles = [role for _, role in self.projects()]
        self._require(max(roles, key=ROLES.index) if roles else None, permission)

    async def by_task(self, number: int, permission: str) -> tuple[int, OpenProject]:
        """Return the number in the store and the project of a task that is known by its number outside."""
        task_id = self.control.task_numbers.inside(number)
        return task_id, self._project_of(await self.control.project_of("task", task_id), f"task {number}", permission)

    def hand_out(self, task: TaskView, opened: OpenProject) -> TaskView:
        """Return the task with its number outside, and to an annotator its item with such a number, too.

        Whose it is and which media it shows is remembered, so that neither its submission nor its pictures need to ask.
        """
        self.control.remember_task(task, opened)
        item = task.item
        if self.role_in(opened) == "annotator":
            item = msgspec.structs.replace(item, id=OUTSIDE + self.control.item_numbers.outside(item.id))
        return msgspec.structs.replace(task, id=self.control.task_numbers.outside(task.id), item=item)

    def kept_labels(self, connection: Connection, opened: OpenProject) -> Callable[[Collection[int]], set[int]]:
        """Return what tells which items have a label that is kept from the sender, who may audit them blind."""
        return partial(auditors.kept_from, connection, self.user_id, own=opened.pipeline.review.own)

    def require(self, opened: OpenProject, permission: str) -> None:
        """Make sure of one more permission in a project.

        Raises:
            NotAllowed: the role does not cover it.
        """
        self._require(self.role_in(opened), permission)

    async def by_item(self, number: int) -> tuple[int, OpenProject]:
        """Return the number in the store and the project of an item that the sender may see.

        Reviewers see all, annotators those that they were handed, which they know by their numbers outside only.

        Raises:
            NotFound: there is no such item, or not for the sender.
        """
        where = f"item {number}"
        item_id = self.control.item_numbers.inside(number - OUTSIDE) if number >= OUTSIDE else number
        opened = self._project_of(await self.control.project_of("item", item_id), where, "annotate")
        if self.role_in(opened) == "annotator":
            seen = number >= OUTSIDE and await self.database.read_soon(
                lambda connection: tasks.was_handed(connection, item_id, self.user_id)
            )
            if not seen:
                raise NotFound("There is no such thing here.", where=where)
        return item_id, opened

    async def by_comment(self, comment_id: int, permission: str) -> OpenProject:
        """Return the project of a comment."""
        return self._project_of(await self.control.project_of("comment", comment_id), f"comment {comment_id}", permission)

    def _project_of(self, project_id: int | None, where: str, permission: str) -> OpenProject:
        for opened, role in self.projects():
            if opened.project.id == project_id:
                self._require(role, permission)
                return opened
        raise NotFound("There is no such thing here.", where=where)

    def _require(self, role: Role | None, permission: str) -> None:
        least = PERMISSIONS[permission]
        if least is None or (role is not None and ROLES.index(role) >= ROLES.index(least)):
            return
        hint = "Ask an owner or a manager of the project."
        if self.identity.role is not None and ROLES.index(self.identity.role) < ROLES.index(least):
            # A token of an owner's may do no more than its own role says.
            hint = f"This token has the role {self.identity.role}. Make one with --role {least}: labelwright users token"
        raise NotAllowed(f"This needs the role of {'an' if least[0] in 'ao' else 'a'} {least}.", hint=hint)


class AccessControl:
    """Finds out who sends a request, with a short memory so that each costs no query."""

    def __init__(self, workspace: Workspace) -> None:
        self.workspace = workspace
        self._known: dict[str, tuple[float, Identity, dict[int, Role]]] = {}
        self._projects: dict[tuple[str, int], int] = {}
        self._blobs: set[tuple[int, str]] = set()
        self._changes = 0
        self.checking = Checking()
        self.downloads = Downloads()
        with workspace.database.read() as connection:
            secret = owners.secret_of_numbers(connection)
        self.task_numbers = Numbers(secret, "task")
        self.item_numbers = Numbers(secret, "item")

    async def by_session(self, secret: str) -> Access:
        """Return the access of a browser's session.

        Raises:
            NotSignedIn: the session has ended.
        """
        return await self._find("session", secret, people.find_session)

    async def by_token(self, secret: str) -> Access:
        """Return the access of a program's token.

        Raises:
            NotSignedIn: the token is void.
        """
        return await self._find("token", secret, people.find_token)

    def forget(self) -> None:
        """Believe nothing that was read before: somebody's session, token, role or password has changed."""
        self._changes += 1
        self._known.clear()

    async def _find(self, kind: str, secret: str, find: Any) -> Access:
        key = f"{kind} {secret}"
        known = self._known.get(key)
        if known is None or known[0] < time.monotonic():

            def read(connection: Connection) -> tuple[Identity, dict[int, Role]] | None:
                identity = find(connection, secret)
                return (identity, people.roles_of(connection, identity.user_id)) if identity else None

            changes = self._changes
            found = await self.workspace.database.read_soon(read)
            if found is None:
                self._known.pop(key, None)
                what = "The session has ended." if kind == "session" else "The token is void."
                raise NotSignedIn(what, hint="Sign in again." if kind == "session" else "Make a new one.")
            if len(self._known) > 10_000:
                self._known.clear()
            known = (time.monotonic() + CACHE_SECONDS, *found)
            # What was read while something changed may be old, and is not remembered.
            if changes == self._changes:
                self._known[key] = known
        return Access(self, known[1], known[2])

    async def project_of(self, kind: Owned, number: int) -> int | None:
        """Return the number of the project that a task, an item or a comment belongs to, which never changes."""
        key = (kind, number)
        if key not in self._projects:
            found = await self.workspace.database.read_soon(partial(owners.project_of, kind=kind, number=number))
            if found is None:
                return None
            if len(self._projects) > 500_000:
                self._projects.clear()
            self._projects[key] = found
        return self._projects[key]

    def remember_task(self, task: TaskView, opened: OpenProject) -> None:
        """Note whose task it is and which media it shows."""
        self._projects["task", task.id] = opened.project.id
        self._blobs.update((opened.project.id, digest) for digest in media_of(task.item.data))

    async def has_blob(self, opened: OpenProject, digest: str) -> bool:
        """Tell whether an item of the project shows the blob, so that one project's media are not read through another."""
        key = (opened.project.id, digest)
        if key not in self._blobs:
            if not await self.workspace.database.read_soon(partial(owners.shows_blob, project_id=opened.project.id, digest=digest)):
                return False
            if len(self._blobs) > 500_000:
                self._blobs.clear()
            self._blobs.add(key)
        return True
