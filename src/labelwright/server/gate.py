"""The gate: what every request passes before any handler sees it, and what every answer carries.

Foreign hosts, foreign forms and bodies that are no JSON are turned away; whoever comes in is recognized; pages may load nothing from
elsewhere and run nothing that came as data.
"""

from __future__ import annotations

import hmac
from collections.abc import Awaitable, Callable
from typing import Any

from litestar.enums import ScopeType
from litestar.middleware import ASGIMiddleware
from litestar.types import ASGIApp, HTTPScope, Message, Receive, Scope, Send

from labelwright.errors import InvalidInput, NotAllowed, NotSignedIn, TooLarge
from labelwright.server.access import Access, AccessControl
from labelwright.server.bodies import in_time
from labelwright.server.origin import Origin, Origins

__all__ = ["PAGE_POLICY", "Gate", "headers_of_safety", "secret_in", "session_cookie"]

SAFE = frozenset({"GET", "HEAD", "OPTIONS"})
BODIES = (b"application/json", b"application/x-ndjson")

PAGE_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' blob: data:; media-src 'self' blob:; font-src 'self'; "
    "connect-src 'self'; worker-src 'self' blob:; manifest-src 'self'; form-action 'self'; base-uri 'none'; frame-ancestors 'none'"
)
HTTPS_ONLY = b"max-age=31536000"
"""For a year, a browser that came by HTTPS comes by HTTPS only. Other names of the domain are not ours to speak for."""

_HEADERS = [
    (b"x-content-type-options", b"nosniff"),
    (b"referrer-policy", b"no-referrer"),
    (b"cross-origin-opener-policy", b"same-origin"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"permissions-policy", b"camera=(), microphone=(), geolocation=()"),
    (b"content-security-policy", PAGE_POLICY.encode()),
    (b"cache-control", b"no-store"),
]
_BY_HTTPS = [*_HEADERS, (b"strict-transport-security", HTTPS_ONLY)]


class Gate(ASGIMiddleware):
    """Checks host, body type, identity and CSRF token, sees to it that bodies come in time, and adds the headers of safety."""

    def __init__(self, control: AccessControl, hosts: frozenset[str], origins: Origins, body_seconds: float) -> None:
        self._control = control
        self._hosts = hosts
        self._origins = origins
        self._body_seconds = body_seconds

    async def handle(self, scope: Scope, receive: Receive, send: Send, next_app: ASGIApp) -> None:
        """Pass the request on with `scope["state"]` saying where it comes from, as `origin`, and who sends it, as `access`."""
        if scope["type"] != ScopeType.HTTP:
            return
        headers = dict(scope["headers"])
        self._check_host(headers)
        origin = self._origins.of(scope)
        state = scope.setdefault("state", {})
        state["origin"] = origin
        state["access"] = await self._recognize(scope, headers, origin)
        if scope["method"] not in SAFE:
            _check_body(headers)
            receive = in_time(receive, self._body_seconds)
        await next_app(scope, receive, send)

    def _check_host(self, headers: dict[bytes, bytes]) -> None:
        # Another site's name that points to this address would make its pages ours: DNS rebinding.
        host = headers.get(b"host", b"").decode("latin-1").lower()
        name = host.rpartition(":")[0] if host.rpartition(":")[2].isdigit() else host
        if name not in self._hosts and "*" not in self._hosts:
            raise InvalidInput(
                f"The page is not served under the name '{name[:100]}'.", where="Host", hint="Add the name to LABELWRIGHT_ALLOWED_HOSTS."
            )

    async def _recognize(self, scope: HTTPScope, headers: dict[bytes, bytes], origin: Origin) -> Access | NotSignedIn:
        authorization = headers.get(b"authorization", b"").decode("latin-1")
        if authorization:
            scheme, _, secret = authorization.partition(" ")
            if scheme.lower() != "bearer":
                return NotSignedIn("Programs send 'Authorization: Bearer TOKEN'.", where="Authorization")
            return await self._or_why_not(self._control.by_token(secret.strip()))
        name = session_cookie(headers.get(b"host", b"").decode("latin-1"), https=origin.https)
        secret = secret_in(headers.get(b"cookie", b"").decode("latin-1"), name)
        if not secret:
            return NotSignedIn("Nobody is signed in.", hint="Sign in, or send a token.")
        found = await self._or_why_not(self._control.by_session(secret))
        # Who signs in anew may still have an old session, whose token the page does not know.
        signing_in = scope["route_handler"].opt.get("permission") == "anybody"
        if isinstance(found, Access) and scope["method"] not in SAFE and not signing_in:
            sent = headers.get(b"x-csrf-token", b"").decode("latin-1")
            if not hmac.compare_digest(sent.encode(), (found.identity.csrf or "").encode()):
                raise NotAllowed("The request does not carry the session's token.", where="X-CSRF-Token", hint="Reload the page.")
        return found

    @staticmethod
    async def _or_why_not(finding: Any) -> Access | NotSignedIn:
        try:
            found: Access = await finding
        except NotSignedIn as error:
            return error
        return found


def session_cookie(host: str, *, https: bool = False) -> str:
    """Return the name of the cookie of a server at `host`: a browser sends the cookies of one port to all, so the name has the port.

    By HTTPS its prefix makes the browser refuse one that another host of the domain, or anybody without HTTPS, has set.

    >>> session_cookie("label.example:8000"), session_cookie("label.example"), session_cookie("[::1]")
    ('labelwright_session_8000', 'labelwright_session', 'labelwright_session')
    >>> session_cookie("label.example", https=True)
    '__Host-labelwright_session'
    """
    port = host.rpartition(":")[2]
    name = f"labelwright_session_{port}" if port.isascii() and port.isdigit() else "labelwright_session"
    return f"__Host-{name}" if https else name


def secret_in(header: str, name: str) -> str:
    """Return the secret of the session's cookie `name` from a `Cookie` header; empty where there is none."""
    # By hand: cookies are shared with every program on the same host, and one odd value of theirs makes a strict parser give up.
    found = [pair.strip().removeprefix(f"{name}=") for pair in header.split(";") if pair.strip().startswith(f"{name}=")]
    return found[-1].strip('"') if found else ""


def _check_body(headers: dict[bytes, bytes]) -> None:
    # A form of a foreign page can send text/plain without asking; JSON it cannot.
    kind = headers.get(b"content-type", b"").partition(b";")[0].strip().lower()
    length = headers.get(b"content-length", b"0")
    empty = length == b"0" and b"transfer-encoding" not in headers
    if not empty and kind not in BODIES:
        raise InvalidInput("A body has to be JSON.", where="Content-Type", hint="Send 'Content-Type: application/json'.")
    if not length.isdigit():
        raise TooLarge("The length of the body is no number.", where="Content-Length")


def headers_of_safety(origins: Origins) -> Callable[[Message, Scope], Awaitable[None]]:
    """Return what gives an answer the headers of safety, unless it brings its own; called for every one, errors of the framework too."""

    async def add(message: Message, scope: Scope) -> None:
        if message["type"] != "http.response.start":
            return
        present = {name.lower() for name, _ in message["headers"]}
        wanted = _BY_HTTPS if origins.of(scope).https else _HEADERS
        message["headers"] = [*message["headers"], *(pair for pair in wanted if pair[0] not in present)]

    return add
