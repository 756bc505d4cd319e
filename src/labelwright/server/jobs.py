"""The jobs that need more than the pipeline: simulated colleagues, who work through the server's own HTTP."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from labelwright.pipeline.workspace import OpenProject, Workspace

__all__ = ["Handler", "handlers"]

Handler = Callable[[Workspace, OpenProject, dict[str, Any], Callable[[int, int | None, str], None]], str | None]
"""Does one kind of job, and may say in a few words what came of it."""


def handlers(address: str) -> dict[str, Handler]:
    """Return the handlers of jobs for a server that listens at `address`."""

    def simulate(
        workspace: Workspace, opened: OpenProject, arguments: dict[str, Any], progress: Callable[[int, int | None, str], None]
    ) -> str:
        from labelwright.demo.simulate import simulate_project

        done = simulate_project(workspace, opened, address, progress=progress, **arguments)
        reviews = done.accepted + done.fixed + done.rejected
        return f"{done.answers:,} answers, {reviews:,} reviews" + (f", {done.left:,} more left to you" if done.left else "")

    return {"simulate": simulate}
