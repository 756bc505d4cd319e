"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from litestar import Request, Response, get, post
from litestar.datastructures import Cookie
from litestar.params import JSONBody
from msgspec import Struct

from labelwright.errors import NotSignedIn, TooManyAttempts
from labelwright.server.gate import COOKIE, _cookie
from labelwright.server.given import Access, Doors, Options, Workspace
from labelwright.store import people

__all__ = ["HANDLERS"]

ATTEMPTS = 10
WINDOW_SECONDS = 300.0


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A name and its password."""

    name: str
    password: str


class SignInLink(Struct, frozen=True, forbid_unknown_fields=True):
    """The secret of a one-time link."""

    token: str


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """A new password; the current one is needed unless there is none yet."""

    password: str
    current: str | None = None


class Me(Struct, frozen=True):
    """The person who is signed in."""

    id: int
    name: str
    has_password: bool


class MyProject(Struct, frozen=True):
    """A project that the person has a part in; `modality` is that of its first field."""

    name: str
    role: people.Role
    modality: str


class Session(Struct, frozen=True):
    """Who is signed in, the token that unsafe requests have to carry, and the person's projects."""

    user: Me
    csrf: str
    projects: list[MyProject]


class _Attempts:
    """Counts wrong passwords by name and by address, so that guessing is slow."""

    def __init__(self) -> None:
        self._failed: dict[str, list[float]] = {}

    def check(self, *keys: str) -> None:
        now = time.monotonic()
        for key in keys:
            recent = [moment for moment in self._failed.get(key, ()) if now - moment < WINDOW_SECONDS]
            self._failed[key] = recent
            if len(recent) >= ATTEMPTS:
                raise TooManyAttempts("There were too many wrong passwords.", hint=f"Wait {WINDOW_SECONDS / 60:.0f} minutes.")
        if len(self._failed) > 10_000:
            self._failed = {key: recent for key, recent in self._failed.items() if recent}

    def failed(self, *keys: str) -> None:
        for key in keys:
            self._failed.setdefault(key, []).append(time.monotonic())

    def succeeded(self, key: str) -> None:
        self._failed.pop(key, None)


_attempts = _Attempts()


def _session(access: Access) -> Session:
    identity = access.identity
    return Session(
        Me(identity.user_id, identity.name, identity.has_password),
        identity.csrf or "",
        [MyProject(opened.name, role, next(iter(opened.project.schema.data.values()))) for opened, role in access.projects()],
    )


async def _begin(workspace: Workspace, doors: Doors, options: Options, user_id: int) -> Response[Session]:
    secret = await workspace.database.write_soon(partial(people.create_session, user_id=user_id, hours=options.session_hours))
    access = await doors.by_session(secret)
    cookie = Cookie(
        key=COOKIE,
        value=secret,
        path="/",
        httponly=True,
        samesite="strict",
        secure=options.https,
        max_age=int(3600 * options.session_hours),
    )
    return Response(_session(access), cookies=[cookie])


@post("/api/sign-in", opt={"permission": "anybody"}, status_code=200)
async def sign_in(request: Request, data: JSONBody[SignIn], workspace: Workspace, doors: Doors, options: Options) -> Response[Session]:
    """Sign in by name and password."""
    address = f"address {request.client.host if request.client else '?'}"
    name = f"name {data.name[:100]}"
    _attempts.check(name, address)
    found = await workspace.database.read_soon(lambda connection: people.find_user(connection, data.name))
    right = await asyncio.to_thread(people.check_password, found[1] if found and found[2] else None, data.password[:1000])
    if not found or not right:
        _attempts.failed(name, address)
        raise NotSignedIn("The name or the password is wrong.")
    _attempts.succeeded(name)
    return await _begin(workspace, doors, options, found[0])


@post("/api/sign-in/link", opt={"permission": "anybody"}, status_code=200)
async def sign_in_by_link(
    request: Request,
    data: JSONBody[SignInLink],
    workspace: Workspace,
    doors: Doors,
    options: Options,
) -> Response[Session]:
    """Sign in by a one-time link, which is void afterwards."""
    address = f"address {request.client.host if request.client else '?'}"
    _attempts.check(address)
    user_id = await workspace.database.write_soon(partial(people.use_sign_in_link, secret=data.token))
    if user_id is None:
        _attempts.failed(address)
        raise NotSignedIn("This link was used before, or is too old.", hint="Ask for a new one: labelwright users link NAME")
    return await _begin(workspace, doors, options, user_id)


@post("/api/sign-out", opt={"permission": "signed_in"}, status_code=200)
async def sign_out(request: Request, access: Access, workspace: Workspace, doors: Doors) -> Response[dict[str, str]]:
    """End this session."""
    secret = _cookie(request.headers.get("cookie", ""))
    await workspace.database.write_soon(partial(people.end_session, secret=secret))
    doors.forget()
    return Response({}, cookies=[Cookie(key=COOKIE, value="", path="/", httponly=True, samesite="strict", max_age=0)])


@post("/api/password", opt={"permission": "signed_in"}, status_code=200)
async def set_password(
    request: Request,
    data: JSONBody[NewPassword],
    access: Access,
    workspace: Workspace,
    doors: Doors,
    options: Options,
) -> Response[Session]:
    """Set one's own password; all other sessions end."""
    name = f"name {access.identity.name}"
    if access.identity.has_password:
        _attempts.check(name)
        found = await workspace.database.read_soon(lambda connection: people.find_user(connection, access.identity.name))
        if not found or not await asyncio.to_thread(people.check_password, found[1], (data.current or "")[:1000]):
            _attempts.failed(name)
            raise NotSignedIn("The current password is wrong.", where="current")
    password_hash = await asyncio.to_thread(people.hash_password, data.password)
    await workspace.database.write_soon(partial(people.set_password, user_id=access.user_id, password_hash=password_hash))
    doors.forget()
    return await _begin(workspace, doors, options, access.user_id)


@get("/api/session", opt={"permission": "signed_in"})
async def session(access: Access) -> Session:
    """Tell who is signed in."""
    return _session(access)


HANDLERS = [sign_in, sign_in_by_link, sign_out, set_password, session]
