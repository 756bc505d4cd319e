"""What a program can do with a server: each method is one request."""

from __future__ import annotations

import secrets
from collections.abc import Iterable, Iterator, Mapping, Sequence
from pathlib import Path
from types import TracebackType
from typing import Any, Literal, TypeVar
from urllib.parse import quote

import msgspec

from labelwright.api.datasets import Certificate, Version
from labelwright.api.done import Done
from labelwright.api.figures import Outcome, Overview, QualityView
from labelwright.api.items import (
    CollectReport,
    ItemDetail,
    ItemPage,
    ItemRow,
    NewSuggestion,
    RejectedSuggestion,
    ReviewOpened,
    SuggestionReport,
)
from labelwright.api.jobs import Job
from labelwright.api.people import Invited, LinkMade, Role, Secret, Session, Token, User
from labelwright.api.projects import EventPage, ProjectCard, ProjectView, Quarantined
from labelwright.api.tasks import (
    Audited,
    Comment,
    DraftSaved,
    LeasedTasks,
    LeaseKept,
    MyAnnotation,
    NextTask,
    Reviewed,
    Submitted,
    TaskView,
)
from labelwright.client.connection import Connection
from labelwright.errors import InvalidInput
from labelwright.schema import Verdict

__all__ = ["Client"]

T = TypeVar("T")

BATCH_BYTES = 4_000_000
"""Items are sent in requests of about this size, so that a lost answer costs little to repeat."""

BATCH_SUGGESTIONS = 1_000

_encoder = msgspec.json.Encoder()


class Client:
    """A program's, or a person's, way to a server.

    With a `token` it acts as the token allows; without one, `sign_in` begins a session as a browser's. A client may be shared by threads.
    What can be repeated without harm is repeated up to `attempts` times when the network fails; `timeout` is in seconds a request.

    Every method raises the server's errors as what they were there, such as `NotAllowed`, `LeaseLost` or `Blocked` with its findings, and
    `Unreachable` where no answer came.
    """

    def __init__(self, url: str, token: str | None = None, *, attempts: int = 6, timeout: float = 60.0) -> None:
        self._connection = Connection(url, token, attempts=attempts, timeout=timeout)

    def __enter__(self) -> Client:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self.close()

    def close(self) -> None:
        """Close the connections to the server."""
        self._connection.close()

    # --- who ---------------------------------------------------------------------------------------------------------------

    def sign_in(self, name: str, password: str) -> Session:
        """Begin a session by name and password.

        Raises:
            NotSignedIn: the name or the password is wrong.
            TooManyAttempts: there were too many wrong ones.
        """
        return self._begin("/api/sign-in", {"name": name, "password": password})

    def sign_in_by_link(self, link: str) -> Session:
        """Begin a session by a one-time link, or by the secret at its end; it is void afterwards."""
        return self._begin("/api/sign-in/link", {"token": link.rpartition("/")[2]})

    def sign_out(self) -> None:
        """End the session."""
        self._connection.send(Done, "POST", "/api/sign-out")
        self._connection.csrf = None

    def set_password(self, password: str, current: str | None = None) -> Session:
        """Set one's own password; all other sessions end."""
        return self._begin("/api/password", {"password": password, "current": current})

    def session(self) -> Session:
        """Tell who is signed in, and in which projects."""
        return self._get(Session, "/api/session")

    def _begin(self, path: str, body: dict[str, Any]) -> Session:
        session = self._connection.send(Session, "POST", path, body)
        self._connection.csrf = session.csrf
        return session

    # --- projects ------------------------------------------------------------------------------------------------------------

    def projects(self) -> list[ProjectCard]:
        """List the projects that one has a part in, and how far each is."""
        return self._get(list[ProjectCard], "/api/projects")

    def project(self, project: str) -> ProjectView:
        """Return what a project asks, with its schema and guidelines."""
        return self._get(ProjectView, _of(project))

    # --- tasks ---------------------------------------------------------------------------------------------------------------

    def next_tasks(self, project: str, count: int = 1, purpose: Literal["label", "review"] = "label") -> list[TaskView]:
        """Lease up to `count` tasks; those that are held already come first."""
        body = {"count": count, "purpose": purpose}
        # Asked again, the server gives the tasks that the lost answer leased.
        found = self._connection.send(LeasedTasks, "POST", f"{_of(project)}/tasks/next", body, repeatable=True)
        return found.tasks

    def next_task(self, project: str, purpose: Literal["label", "review"] = "label") -> TaskView | None:
        """Lease one task, or return None where the queue has nothing."""
        return next(iter(self.next_tasks(project, 1, purpose)), None)

    def task(self, task: TaskView | int) -> TaskView:
        """Return a task of one's own, held or answered."""
        return self._get(TaskView, f"/api/tasks/{_number(task)}")

    def heartbeat(self, task: TaskView) -> float:
        """Keep the lease on a task alive, and return how many seconds it runs from now.

        Raises:
            LeaseLost: the task is with somebody else.
        """
        kept = self._connection.send(LeaseKept, "POST", f"/api/tasks/{task.id}/heartbeat", {"lease": task.lease}, repeatable=True)
        return kept.lease_seconds

    def draft(self, task: TaskView, sequence: int, body: Any) -> int:
        """Save unfinished work; an older `sequence` never overwrites a newer one. Returns the sequence that is kept."""
        content = {"lease": task.lease, "sequence": sequence, "body": body}
        saved = self._connection.send(DraftSaved, "PUT", f"/api/tasks/{task.id}/draft", content, repeatable=True)
        return saved.sequence

    def submit(
        self,
        task: TaskView | int,
        values: Mapping[str, Any],
        *,
        seconds_active: float | None = None,
        confirmed: bool = False,
        replaces: int | None = None,
        key: str | None = None,
    ) -> Submitted:
        """Submit answers, and get the next task with the same answer.

        The answer counts once, however often the network makes the client send it: all attempts carry one idempotency key, a fresh one
        unless `key` is given. `values` has an answer a question: a value of its kind, tagged with it, or in the plain form that exports
        carry, such as `{"intent": "refund"}`. `seconds_active` is how long somebody looked, None where nobody measured.
        To correct an own answer, name its number with `replaces`; a task that was read with its answer knows it.

        Raises:
            Blocked: a check found an error; `findings` says what.
            NeedsConfirmation: checks warn; submit again with `confirmed`.
            LeaseLost: the task is with somebody else.
            AnsweredBefore: you have answered it already, and `replaces` does not say so.
        """
        body = {"values": values, "seconds_active": seconds_active, "confirmed": confirmed, "lease": _lease(task)}
        replaces = task.annotation_id if replaces is None and isinstance(task, TaskView) else replaces
        body |= {"replaces": replaces} if replaces is not None else {}
        return self._connection.send(Submitted, "POST", f"/api/tasks/{_number(task)}/submit", body, key=key or _new_key())

    def skip(self, task: TaskView | int, reason: str = "") -> TaskView | None:
        """Pass a task on to somebody else, and return the next one."""
        found = self._connection.send(NextTask, "POST", f"/api/tasks/{_number(task)}/skip", {"reason": reason})
        return found.next

    def release(self, task: TaskView | int) -> None:
        """Give a task back unanswered."""
        self._connection.send(Done, "POST", f"/api/tasks/{_number(task)}/release")

    def review(self, task: TaskView | int, verdict: Verdict, *, key: str | None = None) -> Reviewed:
        """Give a verdict, and get the next review; it counts once, as a submission does.

        With a task, the verdict is about the answers that it showed, and refused where others stand by now.
        """
        shown = (task.review or task.audit) if isinstance(task, TaskView) else None
        if shown is not None and verdict.seen is None:
            verdict = msgspec.structs.replace(verdict, seen=shown.seen)
        return self._connection.send(Reviewed, "POST", f"/api/tasks/{_number(task)}/review", verdict, key=key or _new_key())

    def audit(self, task: TaskView | int, values: Mapping[str, Any], *, seconds_active: float = 0.0, key: str | None = None) -> Audited:
        """Give the blind answer of an audit, the first of its two steps; it counts once, as a submission does.

        Where it says what the label says, the audit is `done`. Otherwise `task` shows the label, and a verdict by `review` decides:
        `accept` where the label is right, `fix` with what is.
        """
        body = {"values": values, "seconds_active": seconds_active}
        return self._connection.send(Audited, "POST", f"/api/tasks/{_number(task)}/audit", body, key=key or _new_key())

    def my_annotations(self, project: str, limit: int = 10) -> list[MyAnnotation]:
        """Return one's own newest answers."""
        return self._get(list[MyAnnotation], f"{_of(project)}/annotations/mine", limit=limit)

    # --- items ---------------------------------------------------------------------------------------------------------------

    def items(self, project: str, *, page: int = 200, **filters: str | None) -> Iterator[ItemRow]:
        """Yield all items that fit, page by page; the filters are those of `items_page`."""
        after: str | None = None
        while True:
            found = self.items_page(project, limit=page, after=after, **filters)
            yield from found.items
            after = found.next
            if after is None:
                return

    def items_page(
        self,
        project: str,
        *,
        limit: int = 50,
        after: str | None = None,
        state: str | None = None,
        question: str | None = None,
        label: str | None = None,
        search: str | None = None,
        sort: str | None = None,
    ) -> ItemPage:
        """Return one page of items; `after` is `next` of the page before."""
        query = {"limit": limit, "after": after, "state": state, "question": question, "label": label, "search": search, "sort": sort}
        return self._get(ItemPage, f"{_of(project)}/items", **query)

    def item(self, project: str, item_id: int) -> ItemDetail:
        """Return everything that is known of one item."""
        return self._get(ItemDetail, f"{_of(project)}/items/{item_id}")

    def request_review(self, project: str, item_id: int) -> bool:
        """Send an item to review, whatever the rules say, and tell whether that opened one."""
        answer = self._connection.send(ReviewOpened, "POST", f"{_of(project)}/items/{item_id}/review", repeatable=True)
        return answer.opened

    def add_items(self, project: str, rows: Iterable[Mapping[str, Any]]) -> CollectReport:
        """Send rows with the columns that the schema names, any number of them, and make them items.

        They go in parts of a few megabytes, each repeated if need be: the same row twice is one item. A row is named by the column that the
        pipeline file gives as the `id` of its source, or of all its sources alike; else by its column `key`, else `id`, else by its
        content.

        Raises:
            InvalidInput: a row cannot be written as JSON.
        """
        report = CollectReport()
        part = bytearray()
        for index, row in enumerate(rows):
            try:
                part += _encoder.encode(row) + b"\n"
            except (TypeError, ValueError) as error:
                raise InvalidInput(f"The row cannot be sent: {error}.", where=f"row {index}") from error
            if len(part) >= BATCH_BYTES:
                report += self._add_part(project, bytes(part))
                part.clear()
        return report + self._add_part(project, bytes(part)) if part else report

    def _add_part(self, project: str, lines: bytes) -> CollectReport:
        return self._connection.send(CollectReport, "POST", f"{_of(project)}/items", lines=lines, repeatable=True)

    def add_suggestions(self, project: str, suggestions: Iterable[NewSuggestion | Mapping[str, Any]]) -> SuggestionReport:
        """Send what one's own machine suggests; a newer suggestion of the same labeler takes the older one's place."""
        stored = 0
        rejected: list[RejectedSuggestion] = []
        for start, part in _parts(suggestions, BATCH_SUGGESTIONS):
            # Storing the same suggestions again changes nothing.
            report = self._connection.send(SuggestionReport, "POST", f"{_of(project)}/suggestions", part, repeatable=True)
            stored += report.stored
            rejected += [RejectedSuggestion(start + one.index, one.message) for one in report.rejected]
        return SuggestionReport(stored, rejected)

    def quarantine(self, project: str, limit: int = 200) -> list[Quarantined]:
        """List what could not be read, with its place and reason."""
        return self._get(list[Quarantined], f"{_of(project)}/quarantine", limit=limit)

    def blob(self, project: str, digest: str) -> bytes:
        """Return the bytes of a picture or recording."""
        return self._connection.raw(f"/api/blobs/{quote(project, safe='')}/{quote(digest, safe='')}")

    def comments(self, item_id: int) -> list[Comment]:
        """Return the comments on an item."""
        return self._get(list[Comment], f"/api/items/{item_id}/comments")

    def comment(
        self, item_id: int, text: str, *, annotation_id: int | None = None, question: str | None = None, part: str | None = None
    ) -> Comment:
        """Comment on an item, or on an annotation, a question or a single span, box or segment of it."""
        body = {"text": text, "annotation_id": annotation_id, "question": question, "part": part}
        return self._connection.send(Comment, "POST", f"/api/items/{item_id}/comments", body)

    def resolve_comment(self, comment_id: int) -> None:
        """Mark a comment as settled."""
        self._connection.send(Done, "POST", f"/api/comments/{comment_id}/resolve", repeatable=True)

    # --- what it comes to ------------------------------------------------------------------------------------------------------

    def overview(self, project: str) -> Overview:
        """Return all that the dashboard shows."""

        return self._get(Overview, f"{_of(project)}/overview")

    def quality(self, project: str) -> QualityView:
        """Return the reports of the assurance, the annotators' figures, and the doubtful labels."""
        return self._get(QualityView, f"{_of(project)}/quality")

    def requirements(self, project: str) -> list[Outcome]:
        """Tell of each requirement whether it holds."""

        return self._get(list[Outcome], f"{_of(project)}/requirements")

    def report(self, project: str) -> str:
        """Return the report as HTML."""
        return self._connection.raw(f"{_of(project)}/report").decode()

    def certificate(self, project: str) -> Certificate:
        """Tell what the audit proves at this moment."""

        return self._get(Certificate, f"{_of(project)}/certificate")

    def versions(self, project: str) -> list[Version]:
        """List the frozen versions of the dataset."""

        return self._get(list[Version], f"{_of(project)}/versions")

    def freeze(self, project: str) -> Job:
        """Ask for a frozen version; it is in `versions` when the job is done."""
        return self._enqueue(f"{_of(project)}/versions", {})

    def export(self, project: str, format: str = "jsonl", path: str | Path | None = None, *, version: int | None = None) -> Path:
        """Write the labels, as they are or as a version froze them, to the file `path`, and return it.

        Without `path` the file is named after project and format in the current folder. It appears when it is complete, never half.
        """
        target = Path(path if path is not None else f"{project}.{format}")
        partial = target.with_name(f".{target.name}.{secrets.token_hex(4)}")
        try:
            with partial.open("wb") as file, self._connection.stream(f"{_of(project)}/export", format=format, version=version) as pieces:
                for piece in pieces:
                    file.write(piece)
            partial.replace(target)
        finally:
            partial.unlink(missing_ok=True)
        return target

    def events(self, project: str, after: str | None = None, limit: int = 100) -> EventPage:
        """Return what happened behind a place in the log, or the newest events."""
        return self._get(EventPage, f"{_of(project)}/events", after=after, limit=limit)

    def simulate(self, project: str, annotators: int = 4, accuracy: float = 0.85, seed: int = 0) -> Job:
        """Let simulated colleagues work, where the truth is known."""
        return self._enqueue(f"{_of(project)}/simulate", {"annotators": annotators, "accuracy": accuracy, "seed": seed})

    def run(self, project: str) -> Job:
        """Ask for every automated step that can go forward."""
        return self._enqueue(f"{_of(project)}/run", {})

    def jobs(self, project: str) -> list[Job]:
        """List the newest jobs with their progress."""
        return self._get(list[Job], f"{_of(project)}/jobs")

    def _enqueue(self, path: str, body: dict[str, Any]) -> Job:
        # While a job of the kind waits or runs, asking again means that one.
        return self._connection.send(Job, "POST", path, body, repeatable=True)

    # --- people --------------------------------------------------------------------------------------------------------------

    def users(self) -> list[User]:
        """List the people of the projects that one manages."""
        return self._get(list[User], "/api/users")

    def add_user(self, name: str, roles: Mapping[str, Role] | None = None) -> Invited:
        """Add somebody with a role a project, and get the secret of the link `/#/welcome/SECRET` to sign in with."""
        return self._connection.send(Invited, "POST", "/api/users", {"name": name, "roles": roles or {}})

    def change_user(
        self, user_id: int, *, roles: Mapping[str, Role | None] | None = None, active: bool | None = None, link: bool = False
    ) -> str | None:
        """Change somebody's roles, let them in or not, or ask for a new sign-in link, whose secret is returned."""
        body = {"roles": roles or {}, "active": active, "link": link}
        made = self._connection.send(LinkMade, "PUT", f"/api/users/{user_id}", body, repeatable=not link)
        return made.token

    def tokens(self) -> list[Token]:
        """List one's own tokens, without their secrets."""
        return self._get(list[Token], "/api/tokens")

    def add_token(self, name: str, *, role: Role = "annotator", project: str | None = None, days: float = 90.0) -> str:
        """Make a token for a program, and return its secret, which is shown this once."""
        body = {"name": name, "role": role, "project": project, "days": days}
        made = self._connection.send(Secret, "POST", "/api/tokens", body)
        return made.token

    def delete_token(self, token_id: int) -> None:
        """Make one of one's own tokens void."""
        self._connection.send(dict[str, Any], "DELETE", f"/api/tokens/{token_id}")

    def _get(self, form: type[T], path: str, **query: Any) -> T:
        return self._connection.get(form, path, **query)


def _of(project: str) -> str:
    return f"/api/projects/{quote(project, safe='')}"


def _number(task: TaskView | int) -> int:
    return task if isinstance(task, int) else task.id


def _lease(task: TaskView | int) -> str | None:
    return None if isinstance(task, int) else task.lease


def _new_key() -> str:
    return secrets.token_urlsafe(16)


def _parts(values: Iterable[Any], size: int) -> Iterator[tuple[int, Sequence[Any]]]:
    part: list[Any] = []
    start = 0
    for value in values:
        part.append(value)
        if len(part) == size:
            yield start, part
            start, part = start + size, []
    if part:
        yield start, part
