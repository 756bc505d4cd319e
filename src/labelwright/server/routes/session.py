"""Signing in and out, and one's own password."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import partial
from typing import TypeVar

from litestar import Response, get, post
from litestar.datastructures import Cookie
from litestar.params import FromQuery, JSONBody
from msgspec import Struct

from labelwright.api.done import Done
from labelwright.api.people import Me, MyProject, Secret, Session
from labelwright.errors import Busy, NotAllowed, NotSignedIn
from labelwright.server.attempts import Attempts
from labelwright.server.gate import secret_in, session_cookie
from labelwright.server.given import Access, AccessControl, Options, Request, Workspace
from labelwright.server.origin import Origin
from labelwright.store import people
from labelwright.store.passwords import check_password, ensure_password, hash_password

__all__ = ["HANDLERS"]

HASHERS = 2
"""So many passwords are checked at once: it takes a tenth of a second and much memory on purpose."""

MOST_WAITING = 64
"""Passwords that wait for it, at most."""

T = TypeVar("T")


class SignIn(Struct, frozen=True, forbid_unknown_fields=True):
    """A name and its password."""

    name: str
    password: str


class NewPassword(Struct, frozen=True, forbid_unknown_fields=True):
    """A new password; the current one is needed unless there is none yet."""

    password: str
    current: str | None = None


_attempts = Attempts()
_hashers = ThreadPoolExecutor(HASHERS, thread_name_prefix="labelwright-password")
_waiting = 0


def _ensure_room() -> None:
    """Refuse a password while too many wait. It is asked before a try is counted, for one that nobody looks at is no wrong one."""
    if _waiting >= MOST_WAITING:
        raise Busy("Too many people sign in at this moment.", hint="Try again in a few seconds.", retry_after=5)


async def _hashing(work: Callable[[], T]) -> T:
    """Check or hash a password in a thread; many that come at once take nothing from other requests."""
    global _waiting
    _ensure_room()
    _waiting += 1
    try:
        return await asyncio.get_running_loop().run_in_executor(_hashers, work)
    finally:
        _waiting -= 1


def _origin(request: Request) -> Origin:
    origin: Origin = request.scope["state"]["origin"]
    return origin


def _cookie(request: Request) -> str:
    return session_cookie(request.headers.get("host", ""), https=_origin(request).https)


def _session(access: Access) -> Session:
    identity = access.identity
    return Session(
        Me(identity.user_id, identity.name, identity.has_password),
        identity.csrf or "",
        [MyProject(opened.name, role, next(iter(opened.project.schema.data.values()))) for opened, role in access.projects()],
    )


async def _begin(request: Request, workspace: Workspace, control: AccessControl, options: Options, user_id: int) -> Response[Session]:
    address, https = _origin(request)

    session = partial(people.begin_session, user_id=user_id, address=address, hours=options.session_hours)
    secret = await workspace.database.write_soon(session)
    access = await control.by_session(secret)
    cookie = Cookie(
        key=_cookie(request),
        value=secret,
        path="/",
        httponly=True,
        samesite="strict",
        secure=https,
        max_age=int(3600 * options.session_hours),
    )
    return Response(_session(access), cookies=[cookie])


@post("/api/sign-in", opt={"permission": "anybody"}, status_code=200)
async def sign_in(
    request: Request, data: JSONBody[SignIn], workspace: Workspace, control: AccessControl, options: Options
) -> Response[Session]:
    """Sign in by name and password."""
    address, name = _origin(request).address, data.name[:100]
    found, known = await workspace.database.read_soon(partial(people.find_account, name=data.name, address=address))
    _ensure_room()
    _attempts.begin(name, address, known=known)
    right = await _hashing(lambda: check_password(found[1] if found and found[2] else None, data.password[:1000]))
    if not found or not right:
        raise NotSignedIn("The name or the password is wrong.")
    _attempts.succeeded(name, address, known=known)
    return await _begin(request, workspace, control, options, found[0])


@post("/api/sign-in/link", opt={"permission": "anybody"}, status_code=200)
async def sign_in_by_link(
    request: Request,
    data: JSONBody[Secret],
    workspace: Workspace,
    control: AccessControl,
    options: Options,
) -> Response[Session]:
    """Sign in by a one-time link, which is void afterwards."""
    address = _origin(request).address
    _attempts.begin(None, address, known=False)
    user_id = await workspace.database.write_soon(partial(people.use_sign_in_link, secret=data.token))
    if user_id is None:
        raise NotSignedIn("This link was used before, or is too old.", hint="Ask for a new one: labelwright users link FOLDER NAME")
    _attempts.succeeded(None, address, known=False)
    return await _begin(request, workspace, control, options, user_id)


@post("/api/sign-out", opt={"permission": "signed_in"}, status_code=200)
async def sign_out(
    request: Request, access: Access, workspace: Workspace, control: AccessControl, everywhere: FromQuery[bool] = False
) -> Response[Done]:
    """End this session, or with `everywhere` all of one's own sessions; tokens of programs stay."""
    if everywhere:
        access.in_person()
        await workspace.database.write_soon(partial(people.end_sessions_of, user_id=access.user_id))
    else:
        secret = secret_in(request.headers.get("cookie", ""), _cookie(request))
        await workspace.database.write_soon(partial(people.end_session, secret=secret))
    control.forget()
    # A browser takes the cookie of HTTPS away only where it is told to by HTTPS.
    https = _origin(request).https
    gone = Cookie(key=_cookie(request), value="", path="/", httponly=True, samesite="strict", secure=https, max_age=0)
    return Response(Done(), cookies=[gone])


@post("/api/password", opt={"permission": "signed_in"}, status_code=200)
async def set_password(
    request: Request,
    data: JSONBody[NewPassword],
    access: Access,
    workspace: Workspace,
    control: AccessControl,
    options: Options,
) -> Response[Session]:
    """Set one's own password; all other sessions end, and so do tokens where there was a password before."""
    access.in_person()
    name, address = access.identity.name, _origin(request).address
    if access.identity.has_password:
        found = await workspace.database.read_soon(lambda connection: people.find_user(connection, name))
        _ensure_room()
        # Whoever has a session is known; only their own guesses count.
        _attempts.begin(name, address, known=True)
        if not found or not await _hashing(lambda: check_password(found[1], (data.current or "")[:1000])):
            raise NotAllowed("The current password is wrong.", where="current")
        _attempts.succeeded(name, address, known=True)
    names = [name, *(opened.name for opened, _ in access.projects())]
    ensure_password(data.password, names=names)
    password_hash = await _hashing(lambda: hash_password(data.password, names=names))
    await workspace.database.write_soon(partial(people.set_password, user_id=access.user_id, password_hash=password_hash))
    control.forget()
    return await _begin(request, workspace, control, options, access.user_id)


@get("/api/session", opt={"permission": "signed_in"})
async def session(access: Access) -> Session:
    """Tell who is signed in."""
    return _session(access)


HANDLERS = [sign_in, sign_in_by_link, sign_out, set_password, session]
