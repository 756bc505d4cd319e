"""People: users with their passwords, roles in projects, sessions of browsers, and tokens of programs.

Secrets are kept as hashes only: passwords by argon2id, session cookies and tokens, which are random, by SHA-256. Whoever holds a copy of
the database can sign in as nobody.
"""

from __future__ import annotations

import hashlib
import secrets
import time
from collections.abc import Iterable, Mapping, Sequence
from typing import Any, Literal

import sqlalchemy as sa
from msgspec import Struct
from sqlalchemy import Connection

from labelwright.api.people import ROLES, Invited, LinkMade, Role, Token, User
from labelwright.errors import Conflict, InvalidInput, NotFound
from labelwright.store import tables

__all__ = [
    "SIGN_IN_LINK_SECONDS",
    "Identity",
    "begin_session",
    "change_user",
    "create_session",
    "create_token",
    "create_user",
    "delete_token",
    "end_access_of",
    "end_session",
    "end_sessions_of",
    "find_account",
    "find_session",
    "find_token",
    "find_user",
    "first_sign_in",
    "invite",
    "is_known_address",
    "list_tokens",
    "list_users",
    "note_address",
    "remove_token",
    "roles_of",
    "set_active",
    "set_password",
    "set_role",
    "use_sign_in_link",
    "void_password",
]

MOST_ADDRESSES = 50
"""So many addresses of a person are remembered."""

MOST_NAME = 100
"""Characters of a person's or a token's name."""

SIGN_IN_LINK_SECONDS = 7 * 24 * 3600.0


class Identity(Struct, frozen=True, kw_only=True):
    """Who sends a request: a person with a session, or a program with a token.

    `role` and `project_id` narrow what a token may do; for a session they are None, and the person's roles count alone.
    """

    user_id: int
    name: str
    has_password: bool
    csrf: str | None = None
    role: Role | None = None
    project_id: int | None = None


_users, _memberships, _sessions, _tokens = tables.users, tables.memberships, tables.sessions, tables.tokens
_addresses = tables.known_addresses


def _digest(secret: str) -> str:
    return hashlib.sha256(secret.encode()).hexdigest()


# --- users ----------------------------------------------------------------------------------------------------------------------


def create_user(connection: Connection, name: str, *, password_hash: str | None = None) -> int:
    """Add somebody and return the number.

    Raises:
        Conflict: the name is taken.
        InvalidInput: the name is empty, too long, or has spaces around it or control characters in it.
    """
    _ensure_name(name)
    if connection.scalar(sa.select(_users.c.id).where(_users.c.name == name)) is not None:
        raise Conflict(f"There is somebody named '{name}' already.", where="name")
    row = connection.execute(sa.insert(_users).values(name=name, password_hash=password_hash, created_at=time.time()))
    return int(row.inserted_primary_key[0])  # type: ignore[index]  # an INSERT of one row always has a key


def _ensure_name(name: str) -> None:
    # Names are printed on terminals, where control characters do what they like.
    if not 1 <= len(name) <= MOST_NAME or name != name.strip() or not name.isprintable():
        raise InvalidInput(f"A name has 1 to {MOST_NAME} printable characters and no space around them.", where="name")


def find_user(connection: Connection, name: str) -> tuple[int, str | None, bool] | None:
    """Return the number, the password's hash and whether the user is active."""
    row = connection.execute(sa.select(_users.c.id, _users.c.password_hash, _users.c.active).where(_users.c.name == name)).one_or_none()
    return (row[0], row[1], bool(row[2])) if row else None


def find_account(connection: Connection, name: str, address: str) -> tuple[tuple[int, str | None, bool] | None, bool]:
    """Return what `find_user` does, and whether the person signed in from the address before."""
    found = find_user(connection, name)
    return found, is_known_address(connection, found[0] if found else 0, address)


def list_users(connection: Connection) -> list[User]:
    """Return everybody, by name, with their roles."""
    roles: dict[int, dict[str, Any]] = {}
    query = sa.select(_memberships.c.user_id, tables.projects.c.name, _memberships.c.role)
    for user_id, project, role in connection.execute(query.join(tables.projects, tables.projects.c.id == _memberships.c.project_id)):
        roles.setdefault(user_id, {})[project] = role
    return [
        User(id=row.id, name=row.name, active=bool(row.active), has_password=row.password_hash is not None, roles=roles.get(row.id, {}))
        for row in connection.execute(sa.select(_users).order_by(_users.c.name))
    ]


def set_password(connection: Connection, user_id: int, password_hash: str) -> None:
    """Give somebody a new password; open sessions and unused sign-in links end, and where there was one before, tokens too."""
    had = connection.scalar(sa.select(_users.c.password_hash).where(_users.c.id == user_id)) is not None
    connection.execute(sa.update(_users).where(_users.c.id == user_id).values(password_hash=password_hash))
    connection.execute(sa.delete(_tokens).where(_tokens.c.user_id == user_id, _tokens.c.purpose == "sign_in"))
    if had:
        end_access_of(connection, user_id)
    else:
        end_sessions_of(connection, user_id)


def void_password(connection: Connection, user_id: int) -> None:
    """Take somebody's password away, as whoever lost it asks; sessions and tokens end with it."""
    connection.execute(sa.update(_users).where(_users.c.id == user_id).values(password_hash=None))
    end_access_of(connection, user_id)


def set_active(connection: Connection, user_id: int, active: bool) -> None:
    """Let somebody in again, or not any more; the answers stay.

    Raises:
        Conflict: a project would be left without an owner who is let in.
    """
    if not active:
        owned = sa.select(_memberships.c.project_id).where(_memberships.c.user_id == user_id, _memberships.c.role == "owner")
        for project_id in list(connection.scalars(owned)):
            _keep_an_owner(connection, project_id, user_id)
    connection.execute(sa.update(_users).where(_users.c.id == user_id).values(active=int(active)))
    if not active:
        end_access_of(connection, user_id)
        # What the person held goes back to the queue, so that it waits for no lease to end.
        held = sa.and_(tables.tasks.c.user_id == user_id, tables.tasks.c.state == "leased")
        gold = tables.tasks.c.purpose == "gold"
        connection.execute(
            sa.update(tables.tasks).where(held).values(state=sa.case((gold, "cancelled"), else_="open"), user_id=None, lease_ends=None)
        )
        _pass_on(connection, user_id)


def set_role(connection: Connection, project_id: int, user_id: int, role: Role | None) -> None:
    """Give somebody a role in a project; None takes it away.

    Raises:
        InvalidInput: there is no such role.
        Conflict: the project would be left without an owner who is let in.
    """
    if role is not None and role not in ROLES:
        raise InvalidInput(f"There is no role '{role}'.", hint=f"There are: {', '.join(ROLES)}.")
    mine = sa.and_(_memberships.c.project_id == project_id, _memberships.c.user_id == user_id)
    if role != "owner" and connection.scalar(sa.select(_memberships.c.role).where(mine)) == "owner":
        _keep_an_owner(connection, project_id, user_id)
    if role is None:
        connection.execute(sa.delete(_memberships).where(mine))
        _pass_on(connection, user_id, project_id)
    elif not connection.execute(sa.update(_memberships).where(mine).values(role=role)).rowcount:
        connection.execute(sa.insert(_memberships).values(project_id=project_id, user_id=user_id, role=role))


def _pass_on(connection: Connection, user_id: int, project_id: int | None = None) -> None:
    """Let others answer anew what was sent back to somebody who takes part no more."""
    tasks = tables.tasks
    theirs = sa.and_(tasks.c.for_user_id == user_id, tasks.c.purpose == "redo", tasks.c.state.in_(("open", "leased")))
    if project_id is not None:
        theirs = sa.and_(theirs, tasks.c.project_id == project_id)
    connection.execute(
        sa.update(tasks)
        .where(theirs)
        .values(purpose="label", state="open", lane=0, for_user_id=None, annotation_id=None, user_id=None, lease=None, lease_ends=None)
    )


def _keep_an_owner(connection: Connection, project_id: int, leaving: int) -> None:
    """Refuse that the last owner of a project who is let in leaves it."""
    others = (
        sa.select(sa.func.count())
        .select_from(_memberships.join(_users, _users.c.id == _memberships.c.user_id))
        .where(_memberships.c.project_id == project_id, _memberships.c.role == "owner", _users.c.id != leaving, _users.c.active == 1)
    )
    if not connection.scalar(others):
        raise Conflict("A project keeps at least one owner.", where="role")


def roles_of(connection: Connection, user_id: int) -> dict[int, Role]:
    """Return the person's role in each project, by the project's number."""
    query = sa.select(_memberships.c.project_id, _memberships.c.role).where(_memberships.c.user_id == user_id)
    return dict(connection.execute(query).all())


def invite(connection: Connection, name: str, roles: Mapping[int, Role]) -> Invited:
    """Add somebody with a role in each project, by the project's number, and make a link to sign in with.

    Raises:
        Conflict: the name is taken.
        InvalidInput: the name cannot be one.
    """
    user_id = create_user(connection, name)
    for project_id, role in roles.items():
        set_role(connection, project_id, user_id, role)
    link = create_token(connection, user_id, "invitation", role="owner", seconds=SIGN_IN_LINK_SECONDS, purpose="sign_in")
    return Invited(user_id, link)


def change_user(
    connection: Connection, user_id: int, *, roles: Mapping[int, Role | None], active: bool | None = None, link: bool = False
) -> LinkMade:
    """Change somebody's roles, let them in or not, and with `link` void the password and make a new link to sign in with.

    Raises:
        Conflict: a project would be left without an owner who is let in.
    """
    for project_id, role in roles.items():
        set_role(connection, project_id, user_id, role)
    if active is not None:
        set_active(connection, user_id, active)
    if not link:
        return LinkMade(None)
    void_password(connection, user_id)
    return LinkMade(create_token(connection, user_id, "sign-in link", role="owner", seconds=SIGN_IN_LINK_SECONDS, purpose="sign_in"))


def first_sign_in(connection: Connection, projects: Iterable[int]) -> str | None:
    """Return the secret of a link with which an owner signs in, as long as nobody has a password; make the owner where there is none.

    Those of the `projects`, by their numbers, that have no owner get the owners of the others.
    """
    owners = list(connection.scalars(sa.select(_memberships.c.user_id).where(_memberships.c.role == "owner").distinct()))
    if not owners:
        known = find_user(connection, "owner")
        owners = [known[0] if known else create_user(connection, "owner")]
    for project_id in projects:
        has_owner = sa.select(_memberships.c.user_id).where(_memberships.c.project_id == project_id, _memberships.c.role == "owner")
        if connection.scalar(has_owner.limit(1)) is None:
            for user_id in owners:
                set_role(connection, project_id, user_id, "owner")
    able = sa.select(sa.func.count()).where(_users.c.id.in_(owners), _users.c.password_hash.is_not(None), _users.c.active == 1)
    if connection.scalar(able):
        return None
    return create_token(connection, owners[0], "first sign-in", role="owner", seconds=SIGN_IN_LINK_SECONDS, purpose="sign_in")


# --- sessions -----------------------------------------------------------------------------------------------------------------


def create_session(connection: Connection, user_id: int, hours: float) -> str:
    """Start a session and return the secret for its cookie."""
    secret = secrets.token_urlsafe(32)
    now = time.time()
    connection.execute(sa.delete(_sessions).where(_sessions.c.expires_at < now))
    connection.execute(
        sa.insert(_sessions).values(digest=_digest(secret), user_id=user_id, csrf=secrets.token_urlsafe(24), expires_at=now + 3600 * hours)
    )
    return secret


def begin_session(connection: Connection, user_id: int, address: str, hours: float) -> str:
    """Start a session of somebody who signed in from an address, which is known from now on; return the secret for its cookie."""
    note_address(connection, user_id, address)
    return create_session(connection, user_id, hours)


def find_session(connection: Connection, secret: str) -> Identity | None:
    """Return who the session belongs to, if it and its user still count."""
    row = connection.execute(
        sa.select(_users.c.id, _users.c.name, _users.c.password_hash, _sessions.c.csrf)
        .join(_users, _users.c.id == _sessions.c.user_id)
        .where(_sessions.c.digest == _digest(secret), _sessions.c.expires_at > time.time(), _users.c.active == 1)
    ).one_or_none()
    return Identity(user_id=row[0], name=row[1], has_password=row[2] is not None, csrf=row[3]) if row else None


def end_session(connection: Connection, secret: str) -> None:
    """End one session."""
    connection.execute(sa.delete(_sessions).where(_sessions.c.digest == _digest(secret)))


def end_sessions_of(connection: Connection, user_id: int) -> None:
    """End all sessions of a person."""
    connection.execute(sa.delete(_sessions).where(_sessions.c.user_id == user_id))


def end_access_of(connection: Connection, user_id: int) -> None:
    """End all sessions, tokens and unused sign-in links of a person."""
    end_sessions_of(connection, user_id)
    connection.execute(sa.delete(_tokens).where(_tokens.c.user_id == user_id))


# --- addresses ------------------------------------------------------------------------------------------------------------------


def is_known_address(connection: Connection, user_id: int, address: str) -> bool:
    """Tell whether somebody signed in to the account from an address before."""
    mine = sa.and_(_addresses.c.user_id == user_id, _addresses.c.digest == _digest(f"{user_id} {address}"))
    return connection.scalar(sa.select(_addresses.c.seen_at).where(mine)) is not None


def note_address(connection: Connection, user_id: int, address: str) -> None:
    """Note that somebody signed in to the account from an address; the newest few are kept, and only their digests."""
    digest, now = _digest(f"{user_id} {address}"), time.time()
    mine = _addresses.c.user_id == user_id
    if not connection.execute(sa.update(_addresses).where(mine, _addresses.c.digest == digest).values(seen_at=now)).rowcount:
        connection.execute(sa.insert(_addresses).values(user_id=user_id, digest=digest, seen_at=now))
        kept = sa.select(_addresses.c.digest).where(mine).order_by(_addresses.c.seen_at.desc()).limit(MOST_ADDRESSES)
        connection.execute(sa.delete(_addresses).where(mine, _addresses.c.digest.not_in(list(connection.scalars(kept)))))


# --- tokens and sign-in links ---------------------------------------------------------------------------------------------------


def create_token(
    connection: Connection,
    user_id: int,
    name: str,
    *,
    role: Role,
    project_id: int | None = None,
    seconds: float = 90 * 24 * 3600.0,
    purpose: Literal["program", "sign_in"] = "program",
) -> str:
    """Make a token and return its secret, which is shown this once.

    A token may do what its user may, and no more than its `role`; with a project it reaches that one alone. With the purpose `sign_in` it
    lets its user sign in once, as the link of an invitation does.

    Raises:
        InvalidInput: the role is unknown, the time is not above 0, or the name cannot be one.
    """
    _ensure_name(name)
    if role not in ROLES or not 0 < seconds <= 10 * 365 * 24 * 3600.0:
        raise InvalidInput("A token has a role and lasts up to ten years.", where="token")
    if purpose == "sign_in":
        # Whoever gets a new link has lost the old one, or should not have it any more.
        connection.execute(sa.delete(_tokens).where(_tokens.c.user_id == user_id, _tokens.c.purpose == "sign_in"))
    secret = f"{'lwl' if purpose == 'sign_in' else 'lwt'}_{secrets.token_urlsafe(32)}"
    now = time.time()
    connection.execute(
        sa.insert(_tokens).values(
            digest=_digest(secret),
            name=name,
            user_id=user_id,
            role=role,
            purpose=purpose,
            project_id=project_id,
            created_at=now,
            expires_at=now + seconds,
        )
    )
    return secret


def find_token(connection: Connection, secret: str) -> Identity | None:
    """Return whose token it is and what it may do, if it still counts."""
    row = connection.execute(
        sa.select(_users.c.id, _users.c.name, _users.c.password_hash, _tokens.c.role, _tokens.c.project_id)
        .join(_users, _users.c.id == _tokens.c.user_id)
        .where(
            _tokens.c.digest == _digest(secret),
            _tokens.c.purpose == "program",
            _tokens.c.expires_at > time.time(),
            _users.c.active == 1,
        )
    ).one_or_none()
    return Identity(user_id=row[0], name=row[1], has_password=row[2] is not None, role=row[3], project_id=row[4]) if row else None


def use_sign_in_link(connection: Connection, secret: str) -> int | None:
    """Return whom the link signs in, and make it void; None where it counts no more."""
    row = connection.execute(
        sa.select(_tokens.c.id, _tokens.c.user_id)
        .join(_users, _users.c.id == _tokens.c.user_id)
        .where(
            _tokens.c.digest == _digest(secret), _tokens.c.purpose == "sign_in", _tokens.c.expires_at > time.time(), _users.c.active == 1
        )
    ).one_or_none()
    if row is None:
        return None
    # Of two who use the link at once, one deletes the row.
    return row.user_id if connection.execute(sa.delete(_tokens).where(_tokens.c.id == row.id)).rowcount else None


def list_tokens(connection: Connection, *, user_id: int | None = None, project_ids: Sequence[int] | None = None) -> list[Token]:
    """Return the tokens of programs, the newest first: of one person, or those that reach one of some projects, or all."""
    query = (
        sa.select(_tokens, _users.c.name.label("user"), tables.projects.c.name.label("project"))
        .join(_users, _users.c.id == _tokens.c.user_id)
        .outerjoin(tables.projects, tables.projects.c.id == _tokens.c.project_id)
        .where(_tokens.c.purpose == "program")
        .order_by(_tokens.c.id.desc())
    )
    if user_id is not None:
        query = query.where(_tokens.c.user_id == user_id)
    if project_ids is not None:
        # One for no project reaches all that its user has a part in.
        part = sa.select(_memberships.c.user_id).where(_memberships.c.project_id.in_(project_ids))
        reaches = sa.or_(_tokens.c.project_id.in_(project_ids), _tokens.c.project_id.is_(None))
        query = query.where(reaches, _tokens.c.user_id.in_(part))
    return [
        Token(
            id=row.id,
            name=row.name,
            user=row.user,
            role=row.role,
            project=row.project,
            created_at=row.created_at,
            expires_at=row.expires_at,
        )
        for row in connection.execute(query)
    ]


def delete_token(connection: Connection, token_id: int, *, user_id: int | None = None) -> None:
    """Make a token void; with `user_id`, only one of that person's.

    Raises:
        NotFound: there is no such token.
    """
    chosen = sa.and_(_tokens.c.id == token_id, _tokens.c.user_id == user_id if user_id is not None else sa.true())
    if not connection.execute(sa.delete(_tokens).where(chosen)).rowcount:
        raise NotFound("There is no such token.", where=f"token {token_id}")


def remove_token(connection: Connection, token_id: int, *, user_id: int, project_ids: Sequence[int]) -> None:
    """Make a token void that is the user's own, or that reaches one of the projects, which the user owns.

    Raises:
        NotFound: there is no such token.
    """
    reaching = any(token.id == token_id for token in list_tokens(connection, project_ids=project_ids))
    delete_token(connection, token_id, user_id=None if reaching else user_id)
