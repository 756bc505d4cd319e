"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio
import time
from functools import partial

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery, JSONBody
from msgspec import Struct

from labelwright.client.shapes import Me, MyProject, Session
from labelwright.errors import NotAllowed, NotSignedIn, TooManyAttempts
from labelwright.server.gate import secret_in, session_cookie
from labelwright.server.given import Access, Doors, Options, Request, Workspace
from labelwright.store import people

__all__ = ["HANDLERS"]

ATTEMPTS = {"name": 10, "address": 100}
"""Tries within the window; many people may share the address of a proxy or an office."""

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


class _Attempts:
    """Counts tries by name and by address, so that guessing is slow.

    A try counts when it begins, so that many at once are no way around; one that was right is taken back.
    """

    def __init__(self) -> None:
        self._made: dict[str, list[float]] = {}

    def begin(self, **limits: str) -> None:
        """Count a try for each key, `name` or `address`.

        Raises:
            TooManyAttempts: there were too many of one within the window.
        """
        now = time.monotonic()
        if len(self._made) > 10_000:
            self._made = {key: moments for key, moments in self._made.items() if now - moments[-1] < WINDOW_SECONDS}
        recent = {
            f"{kind} {key}": [moment for moment in self._made.get(f"{kind} {key}", ()) if now - moment < WINDOW_SECONDS]
            for kind, key in limits.items()
        }
        if any(len(recent[f"{kind} {key}"]) >= ATTEMPTS[kind] for kind, key in limits.items()):
            raise TooManyAttempts("There were too many wrong passwords.", hint=f"Wait {WINDOW_SECONDS / 60:.0f} minutes.")
        self._made.update({key: [*moments, now] for key, moments in recent.items()})

    def succeeded(self, *, name: str | None = None, address: str | None = None) -> None:
        """Take back a try that was right, and forget the wrong ones under its name."""
        if name is not None:
            self._made.pop(f"name {name}", None)
        if address is not None and self._made.get(f"address {address}"):
            self._made[f"address {address}"].pop()
            if not self._made[f"address {address}"]:
                del self._made[f"address {address}"]


_attempts = _Attempts()


def _address(request: Request) -> str:
    return request.client.host if request.client else "?"


def _host(request: Request) -> str:
    return request.headers.get("host", "")


def _session(access: Access) -> Session:
    identity = access.identity
    return Session(
        Me(identity.user_id, identity.name, identity.has_password),
        identity.csrf or "",
        [MyProject(opened.name, role, next(iter(opened.project.schema.data.values()))) for opened, role in access.projects()],
    )


async def _begin(request: Request, workspace: Workspace, doors: Doors, options: Options, user_id: int) -> Response[Session]:
    secret = await workspace.database.write_soon(partial(people.create_session, user_id=user_id, hours=options.session_hours))
    access = await doors.by_session(secret)
    cookie = Cookie(
        key=session_cookie(_host(request)),
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
    address, name = _address(request), data.name[:100]
    _attempts.begin(name=name, address=address)
    found = await workspace.database.read_soon(lambda connection: people.find_user(connection, data.name))
    right = await asyncio.to_thread(people.check_password, found[1] if found and found[2] else None, data.password[:1000])
    if not found or not right:
        raise NotSignedIn("The name or the password is wrong.")
    _attempts.succeeded(name=name, address=address)
    return await _begin(request, workspace, doors, options, found[0])


@post("/api/sign-in/link", opt={"permission": "anybody"}, status_code=200)
async def sign_in_by_link(
    request: Request,
    data: JSONBody[SignInLink],
    workspace: Workspace,
    doors: Doors,
    options: Options,
) -> Response[Session]:
    """Sign in by a one-time link, which is void afterwards."""
    address = _address(request)
    _attempts.begin(address=address)
    user_id = await workspace.database.write_soon(partial(people.use_sign_in_link, secret=data.token))
    if user_id is None:
        raise NotSignedIn("This link was used before, or is too old.", hint="Ask for a new one: labelwright users link FOLDER NAME")
    _attempts.succeeded(address=address)
    return await _begin(request, workspace, doors, options, user_id)


@post("/api/sign-out", opt={"permission": "signed_in"}, status_code=200)
async def sign_out(
    request: Request, access: Access, workspace: Workspace, doors: Doors, everywhere: FromQuery[bool] = False
) -> Response[dict[str, str]]:
    """End this session, or with `everywhere` all of one's own sessions; tokens of programs stay."""
    if everywhere:
        access.in_person()
        await workspace.database.write_soon(partial(people.end_sessions_of, user_id=access.user_id))
    else:
        secret = secret_in(request.headers.get("cookie", ""), _host(request))
        await workspace.database.write_soon(partial(people.end_session, secret=secret))
    doors.forget()
    gone = Cookie(key=session_cookie(_host(request)), value="", path="/", httponly=True, samesite="strict", max_age=0)
    return Response({}, cookies=[gone])


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
    access.in_person()
    if access.identity.has_password:
        name = access.identity.name
        _attempts.begin(name=name)
        found = await workspace.database.read_soon(lambda connection: people.find_user(connection, name))
        if not found or not await asyncio.to_thread(people.check_password, found[1], (data.current or "")[:1000]):
            raise NotAllowed("The current password is wrong.", where="current")
        _attempts.succeeded(name=name)
    password_hash = await asyncio.to_thread(people.hash_password, data.password)
    await workspace.database.write_soon(partial(people.set_password, user_id=access.user_id, password_hash=password_hash))
    doors.forget()
    return await _begin(request, workspace, doors, options, access.user_id)


@get("/api/session", opt={"permission": "signed_in"})
async def session(access: Access) -> Session:
    """Tell who is signed in."""
    return _session(access)


HANDLERS = [sign_in, sign_in_by_link, sign_out, set_password, session]
