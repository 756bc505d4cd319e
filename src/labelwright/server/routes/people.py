"""People and tokens: who is there, with which role, and which programs."""

from __future__ import annotations

from functools import partial

import msgspec
from litestar import delete, get, post, put
from litestar.params import FromPath, FromQuery, JSONBody
from msgspec import Struct

from labelwright.api.done import Done
from labelwright.api.people import ROLES, Invited, LinkMade, Role, Secret, Token, User
from labelwright.errors import NotAllowed, NotFound
from labelwright.server.given import Access, AccessControl, Workspace
from labelwright.store import people

__all__ = ["HANDLERS"]


class NewUser(Struct, frozen=True, forbid_unknown_fields=True):
    """A new person, and the roles in projects by their names."""

    name: str
    roles: dict[str, Role] = {}


class UserChange(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What to change: `roles` by project, null to take one away; `active`; `link` for a new sign-in link, which voids the password
    and ends sessions and tokens."""

    roles: dict[str, Role | None] = {}
    active: bool | None = None
    link: bool = False


class NewToken(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """A token of a program: at most one's own role, for one project or all of one's own, for some days."""

    name: str
    role: Role = "annotator"
    project: str | None = None
    days: float = 90.0


@get("/api/users", opt={"permission": "people"})
async def users(access: Access, workspace: Workspace) -> list[User]:
    """List everybody who has a part in a project that the sender manages, and those who have none yet."""
    access.anywhere("people")
    managed = _managed(access)
    found = await workspace.database.read_soon(people.list_users)
    return [
        msgspec.structs.replace(user, roles={name: role for name, role in user.roles.items() if name in managed})
        for user in found
        if not user.roles or managed & set(user.roles)
    ]


@post("/api/users", opt={"permission": "people"}, status_code=201)
async def add_user(data: JSONBody[NewUser], access: Access, workspace: Workspace, control: AccessControl) -> Invited:
    """Add somebody, with roles no higher than one's own, and return a link to sign in with."""
    access.in_person()
    numbers = {access.project(name, "people").project.id: role for name, role in data.roles.items()}
    access.anywhere("people")
    for name, role in data.roles.items():
        _at_most_own(access, name, role)

    made = await workspace.database.write_soon(partial(people.invite, name=data.name, roles=numbers))
    control.forget()
    return made


@put("/api/users/{user_id:int}", opt={"permission": "people"})
async def change_user(
    user_id: FromPath[int], data: JSONBody[UserChange], access: Access, workspace: Workspace, control: AccessControl
) -> LinkMade:
    """Change somebody's roles, let them in or not, or make a new sign-in link."""
    access.anywhere("people")
    access.in_person()
    everybody = await workspace.database.read_soon(people.list_users)
    user = next((one for one in everybody if one.id == user_id), None)
    if user is None or (user.roles and not _managed(access) & set(user.roles)):
        raise NotFound("There is no such person.", where=f"user {user_id}")
    roles: dict[int, Role | None] = {}
    for name, role in data.roles.items():
        roles[access.project(name, "people").project.id] = role
        _at_most_own(access, name, role or "annotator")
    if (data.link or data.active is not None) and set(user.roles) - _managed(access):
        raise NotAllowed("This person has a part in projects that you do not manage.", hint="Ask an owner there.")
    for name, role in user.roles.items():
        # Whoever locks a person out, or signs in as one, has to stand no lower anywhere.
        if data.link or data.active is not None or name in data.roles:
            _at_most_own(access, name, role)
    change = partial(people.change_user, user_id=user_id, roles=roles, active=data.active, link=data.link)
    changed = await workspace.database.write_soon(change)
    control.forget()
    return changed


@get("/api/tokens", opt={"permission": "signed_in"})
async def tokens(access: Access, workspace: Workspace, everybody: FromQuery[bool] = False) -> list[Token]:
    """List one's own tokens, without their secrets; with `everybody`, all that reach a project that one owns."""
    if not everybody:
        return await workspace.database.read_soon(lambda connection: people.list_tokens(connection, user_id=access.user_id))
    access.in_person()
    access.anywhere("tokens")
    return await workspace.database.read_soon(lambda connection: people.list_tokens(connection, project_ids=_owned(access)))


@post("/api/tokens", opt={"permission": "signed_in"}, status_code=201)
async def add_token(data: JSONBody[NewToken], access: Access, workspace: Workspace) -> Secret:
    """Make a token for a program of one's own."""
    access.in_person()
    project_id = None
    if data.project is not None:
        project_id = access.project(data.project, "annotate").project.id
        _at_most_own(access, data.project, data.role)
    secret = await workspace.database.write_soon(
        partial(
            people.create_token,
            user_id=access.user_id,
            name=data.name,
            role=data.role,
            project_id=project_id,
            seconds=data.days * 24 * 3600,
        )
    )
    return Secret(secret)


@delete("/api/tokens/{token_id:int}", opt={"permission": "signed_in"}, status_code=200)
async def remove_token(token_id: FromPath[int], access: Access, workspace: Workspace, control: AccessControl) -> Done:
    """Make a token void: one of one's own, or as an owner any that reaches a project of one's own."""
    access.in_person()
    removal = partial(people.remove_token, token_id=token_id, user_id=access.user_id, project_ids=_owned(access))
    await workspace.database.write_soon(removal)
    control.forget()
    return Done()


def _managed(access: Access) -> set[str]:
    return {opened.name for opened, role in access.projects() if ROLES.index(role) >= ROLES.index("manager")}


def _owned(access: Access) -> list[int]:
    return [opened.project.id for opened, role in access.projects() if role == "owner"]


def _at_most_own(access: Access, project: str, role: Role) -> None:
    own = next((mine for opened, mine in access.projects() if opened.name == project), None)
    if own is None or ROLES.index(role) > ROLES.index(own):
        raise NotAllowed(f"Nobody gives or changes a role above the own one in {project}.", hint="Ask an owner.")


HANDLERS = [users, add_user, change_user, tokens, add_token, remove_token]
