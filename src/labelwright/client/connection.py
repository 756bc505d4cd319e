"""A connection to a server: sends what can safely be sent again until it arrives, and raises its errors as the library's own."""

from __future__ import annotations

import random
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import httpx
import msgspec
from msgspec import Struct

from labelwright.errors import HasFindings, LabelwrightError
from labelwright.schema import Finding

__all__ = ["Connection", "Unreachable"]

T = TypeVar("T")

PASSING = frozenset({502, 503, 504})
"""What a server or the proxy in front of it answers while it starts or stops."""

LONGEST_PAUSE = 4.0

_encoder = msgspec.json.Encoder()


class Unreachable(LabelwrightError):
    """The server does not answer, however often it is asked."""

    code = "unreachable"
    status = 503


class _Said(Struct, frozen=True):
    code: str
    message: str
    where: str | None = None
    hint: str | None = None


class _Failure(Struct, frozen=True):
    error: _Said
    findings: list[Finding] = []


class Connection:
    """Sends requests to one server, with a token or with the session that signing in began.

    `attempts` is how often a request that can safely be repeated is sent before `Unreachable` is raised; the pauses between them double
    from a tenth of a second and are spread at random, so that many clients do not come back in step.
    """

    def __init__(self, url: str, token: str | None, *, attempts: int, timeout: float) -> None:
        self.url = url.rstrip("/")
        self.csrf: str | None = None
        self._attempts = max(attempts, 1)
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        self._http = httpx.Client(base_url=self.url, headers=headers, timeout=timeout, follow_redirects=False)

    def close(self) -> None:
        self._http.close()

    def get(self, form: type[T], path: str, **query: Any) -> T:
        """Ask for `path` and decode the answer into `form`."""
        return self._decode(form, self._send("GET", path, query=query))

    def send(
        self,
        form: type[T],
        method: str,
        path: str,
        body: Any = None,
        *,
        key: str | None = None,
        repeatable: bool = False,
        lines: bytes | None = None,
    ) -> T:
        """Send a change and decode the answer into `form`.

        With `key`, the idempotency key, or `repeatable`, it is sent again when the answer got lost; otherwise only when it cannot have
        arrived. `lines` is a body of JSON lines instead of `body`.
        """
        headers = {"Content-Type": "application/json" if lines is None else "application/x-ndjson"}
        if key is not None:
            headers["Idempotency-Key"] = key
        if self.csrf is not None:
            headers["X-CSRF-Token"] = self.csrf
        content = _encoder.encode(body if body is not None else {}) if lines is None else lines
        return self._decode(form, self._send(method, path, content=content, headers=headers, repeatable=repeatable or key is not None))

    def raw(self, path: str, **query: Any) -> bytes:
        """Ask for `path` and return the bytes of the answer."""
        return self._send("GET", path, query=query).content

    @contextmanager
    def stream(self, path: str, **query: Any) -> Iterator[Iterator[bytes]]:
        """Ask for `path` and give the answer piece by piece, however large it is."""
        try:
            with self._http.stream("GET", path, params=_present(query)) as response:
                if response.is_error:
                    response.read()
                    raise _error_of(response)
                yield response.iter_bytes()
        except httpx.TransportError as error:
            raise self._unreachable(error) from error

    def _send(
        self,
        method: str,
        path: str,
        *,
        query: dict[str, Any] | None = None,
        content: bytes | None = None,
        headers: dict[str, str] | None = None,
        repeatable: bool = True,
    ) -> httpx.Response:
        for attempt in range(self._attempts):
            last = attempt == self._attempts - 1
            try:
                response = self._http.request(method, path, params=_present(query or {}), content=content, headers=headers)
            except httpx.TransportError as error:
                never_arrived = isinstance(error, httpx.ConnectError | httpx.ConnectTimeout | httpx.PoolTimeout)
                if last or not (repeatable or never_arrived):
                    raise self._unreachable(error) from error
            else:
                if last or response.status_code not in PASSING or not repeatable:
                    if not response.is_success:
                        raise _error_of(response)
                    return response
            time.sleep(min(0.1 * 2**attempt, LONGEST_PAUSE) * random.uniform(0.5, 1.5))
        raise AssertionError("unreachable")

    def _decode(self, form: type[T], response: httpx.Response) -> T:
        try:
            return msgspec.json.decode(response.content, type=form)
        except msgspec.DecodeError as error:
            raise LabelwrightError(
                f"The answer is not what this client expects: {error}.",
                where=f"{self.url}{response.request.url.path}",
                hint="Use the same version of Labelwright on both sides.",
            ) from error

    def _unreachable(self, error: httpx.TransportError) -> Unreachable:
        reason = str(error) or type(error).__name__
        return Unreachable(f"The server does not answer: {reason}.", where=self.url, hint="Is it running? Start it with: labelwright serve")


def _present(query: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in query.items() if value is not None}


def _error_of(response: httpx.Response) -> LabelwrightError:
    """Return the server's error as the exception that it was there."""
    try:
        failure = msgspec.json.decode(response.content, type=_Failure)
    except msgspec.DecodeError:
        return Unreachable(
            f"The answer {response.status_code} does not come from Labelwright.",
            where=str(response.request.url),
            hint="Check the address, and the proxy between.",
        )
    said = failure.error
    kind = _kinds().get(said.code, LabelwrightError)
    if issubclass(kind, HasFindings):
        return kind(said.message, failure.findings, where=said.where, hint=said.hint)
    return kind(said.message, where=said.where, hint=said.hint)


def _kinds() -> dict[str, type[LabelwrightError]]:
    found: dict[str, type[LabelwrightError]] = {}
    waiting: list[type[LabelwrightError]] = [LabelwrightError]
    for kind in waiting:
        found[kind.code] = kind
        waiting += kind.__subclasses__()
    return found
