"""Every error leaves in one JSON shape: `{"error": {"code", "message", "where", "hint"}}`, and `findings` where checks spoke."""

from __future__ import annotations

import logging
from typing import Any

import msgspec
from litestar import Request, Response
from litestar.exceptions import HTTPException, ValidationException

from labelwright.errors import Conflict, HasFindings, InvalidInput, LabelwrightError, NotFound, NotSignedIn, TooLarge, TooSlow

__all__ = ["HANDLERS"]

logger = logging.getLogger("labelwright.server")


def _answer(error: LabelwrightError, status: int | None = None, code: str | None = None) -> Response[Any]:
    body: dict[str, Any] = {"error": {"code": code or error.code, "message": error.message, "where": error.where, "hint": error.hint}}
    if isinstance(error, HasFindings):
        body["findings"] = error.findings
    headers = {"Retry-After": str(error.retry_after)} if error.retry_after is not None else {}
    if isinstance(error, TooSlow):
        # The rest of the body is not waited for.
        headers["Connection"] = "close"
    return Response(msgspec.json.encode(body), status_code=status or error.status, media_type="application/json", headers=headers)


def _ours(_request: Request[Any, Any, Any], error: LabelwrightError) -> Response[Any]:
    return _answer(error)


def _theirs(request: Request[Any, Any, Any], error: HTTPException) -> Response[Any]:
    """What the framework itself refuses, in our words."""
    if isinstance(error, ValidationException):
        return _answer(InvalidInput(_detail(error), where=_where(error)))
    if error.status_code == 404:
        return _answer(NotFound("There is nothing here.", where=request.url.path[:200]))
    if error.status_code == 405:
        return _answer(InvalidInput(f"{request.method} is not possible here.", where=request.url.path[:200]), 405, "method_not_allowed")
    if error.status_code == 413:
        return _answer(TooLarge("The body is too large."))
    if error.status_code == 401:
        return _answer(NotSignedIn(error.detail))
    if error.status_code < 500:
        answer = _answer(InvalidInput(error.detail or "The request cannot be read."), error.status_code)
        answer.headers.update(error.headers or {})
        return answer
    return _unexpected(request, error)


def _detail(error: ValidationException) -> str:
    extra = error.extra if isinstance(error.extra, list) else []
    messages = [str(one.get("message", "")) for one in extra if isinstance(one, dict)]
    # Where there is no body at all, the framework says the name under which the handler takes it, and nothing else.
    messages = ["The request has no body." if message == "'data'" else message for message in messages]
    return "; ".join(filter(None, messages)) or error.detail


def _where(error: ValidationException) -> str | None:
    extra = error.extra if isinstance(error.extra, list) else []
    places = [str(one["key"]) for one in extra if isinstance(one, dict) and one.get("key")]
    return ", ".join(places) or None


def _undecodable(_request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    return _answer(InvalidInput(f"The body cannot be read: {error}."[:500], where="body"))


def _unexpected(request: Request[Any, Any, Any], error: Exception) -> Response[Any]:
    """A fault of ours: the log has all of it, the answer nothing."""
    if isinstance(error.__cause__, RecursionError) or isinstance(error, RecursionError):
        return _answer(InvalidInput("The body is nested too deeply.", where="body"))
    kinds = {kind.__name__ for kind in type(error).__mro__}
    if isinstance(error, OverflowError) or "null byte" in str(error) or "DataError" in kinds:
        # PostgreSQL keeps no character 0 in a text, and no number beyond its column.
        return _answer(InvalidInput("A text or number here cannot be kept or looked for.", hint="Leave out control characters."))
    if "IntegrityError" in kinds and "unique" in str(error).lower():
        return _answer(Conflict("Somebody else did the same at this moment.", hint="Look again, and repeat it if it is still wanted."))
    logger.error("%s %s failed", request.method, request.url.path, exc_info=error)
    return _answer(LabelwrightError("Something went wrong on our side.", hint="The server's log says what. It is safe to try again."))


HANDLERS: Any = {
    LabelwrightError: _ours,
    HTTPException: _theirs,
    msgspec.ValidationError: _undecodable,
    msgspec.DecodeError: _undecodable,
    UnicodeDecodeError: _undecodable,
    Exception: _unexpected,
}
