"""Bodies of requests come in time, or their request ends: whoever sends a byte a minute holds nothing for long."""

from __future__ import annotations

import asyncio
import time

from litestar.types import HTTPReceiveMessage, Receive, WebSocketReceiveMessage

from labelwright.errors import InvalidInput, TooSlow

__all__ = ["LEAST_RATE", "in_time"]

LEAST_RATE = 10_000
"""Bytes a second that a body comes with at least, on the whole, after the seconds that each is allowed."""


def in_time(receive: Receive, seconds: float) -> Receive:
    """Return what receives the messages of a request and ends it where the body is late: `seconds`, and what its length so far takes.

    Raises:
        TooSlow: the body is late.
        InvalidInput: the sender went away in the middle of it.
    """
    began, received, whole = time.monotonic(), 0, False

    async def receive_in_time() -> HTTPReceiveMessage | WebSocketReceiveMessage:
        nonlocal received, whole
        if whole:
            return await receive()
        left = began + seconds + received / LEAST_RATE - time.monotonic()
        try:
            async with asyncio.timeout(max(left, 0.0)):
                message = await receive()
        except TimeoutError as error:
            raise TooSlow("The body of the request comes too slowly.", where="body", hint="Send it in smaller parts.") from error
        if message["type"] == "http.disconnect":
            raise InvalidInput("The body ended before its time.", where="body")
        if message["type"] == "http.request":
            received += len(message["body"])
            whole = not message["more_body"]
        return message

    return receive_in_time
