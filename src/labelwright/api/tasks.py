"""Tasks: what a person sees of one, sends in for it, and gets back."""

from __future__ import annotations

from typing import Any

from msgspec import UNSET, Struct, UnsetType

from labelwright.schema import AnswerUnion, FieldUnion, Finding, Suggestion

__all__ = [
    "AnnotationView",
    "AuditView",
    "Audited",
    "BlindAnswer",
    "Comment",
    "ConsensusView",
    "Draft",
    "DraftSaved",
    "ItemView",
    "LeaseKept",
    "LeasedTasks",
    "MyAnnotation",
    "NextTask",
    "RedoView",
    "ReviewView",
    "Reviewed",
    "Submission",
    "Submitted",
    "TaskView",
    "Withheld",
]


class Comment(Struct, frozen=True):
    """What somebody said about an item; `question`, and the id of a `part` of the answer, lead to the place it is about."""

    id: int
    user_id: int
    author: str
    annotation_id: int | None
    question: str | None
    part: str | None
    text: str
    resolved_at: float | None
    created_at: float


class Draft(Struct, frozen=True):
    """The unfinished work on a task. `sequence` counts the browser's saves; `body` is the page's own."""

    sequence: int
    body: Any


class ItemView(Struct, frozen=True):
    """What there is to look at; of `meta` only the columns that a question's `when` names, for any other may hold the answer."""

    id: int
    key: str
    data: dict[str, FieldUnion]
    meta: dict[str, Any]


class RedoView(Struct, frozen=True):
    """Why an answer came back, and what it was."""

    reason: str
    reviewer: str
    values: dict[str, AnswerUnion]


class AnnotationView(Struct, frozen=True):
    """An answer under review; the annotator is not named where the project is blind."""

    id: int
    annotator: str | None
    values: dict[str, AnswerUnion]
    seconds_active: float
    created_at: float


class ConsensusView(Struct, frozen=True):
    """What the answers say together."""

    answer: AnswerUnion
    confidence: float
    agreement: float | None


class ReviewView(Struct, frozen=True):
    """What a reviewer judges. The verdict sends `seen` back: it stands for the answers and the consensus shown here."""

    annotations: list[AnnotationView]
    consensus: dict[str, ConsensusView]
    findings: list[Finding]
    reasons: list[str]
    seen: str


class AuditView(Struct, frozen=True):
    """What an auditor decides between: the label, and the own answer that was given before it was shown. The verdict sends `seen` back."""

    label: dict[str, AnswerUnion]
    own: dict[str, AnswerUnion]
    seen: str


class TaskView(Struct, frozen=True, kw_only=True):
    """A task with all that the page needs to show it. A gold item looks exactly like any other, and a planted error like any audit.

    An audit has neither `review` nor `audit` until it was answered blind, and then `audit`.
    `pipeline_version` says under which questions it is asked: where a page knows others, the project has changed. One that was answered
    has the answer, `values`, and its number, `annotation_id`.
    """

    id: int
    project: str
    purpose: str
    lease: str
    lease_seconds: float
    pipeline_version: int
    item: ItemView
    suggestions: list[Suggestion]
    draft: Draft | None
    redo: RedoView | None = None
    review: ReviewView | None = None
    audit: AuditView | None = None
    values: dict[str, AnswerUnion] | None = None
    annotation_id: int | None = None
    comments: list[Comment]


class MyAnnotation(Struct, frozen=True):
    """One of one's own answers, to go back to."""

    annotation_id: int
    task_id: int | None
    item_key: str
    state: str
    created_at: float


class Withheld(Struct, frozen=True):
    """Open audits that a person may not give, among the first hundred: about `own` answers, or `seen` with the label in view.

    Those that the person `skipped` come back after a while, unless somebody else gives them.
    """

    own: int = 0
    seen: int = 0
    skipped: int = 0


class LeasedTasks(Struct, frozen=True):
    """Tasks that were leased, and how many items the person has answered so far, where that was asked for.

    Where no review is there for the person, `withheld` tells which audits wait for somebody else.
    """

    tasks: list[TaskView]
    done: int | None = None
    withheld: Withheld | None = None


class NextTask(Struct, frozen=True):
    """The task that comes next, if there is one."""

    next: TaskView | None


class LeaseKept(Struct, frozen=True):
    """How long a lease runs from now."""

    lease_seconds: float


class DraftSaved(Struct, frozen=True):
    """The sequence of the draft that is kept."""

    sequence: int


class Submission(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """The answers of one person about one item, tagged with their kind or in the plain form that exports carry: `{"intent": "refund"}`.

    `seconds_active` is the time spent, without pauses; None where nobody measured it. `lease` is the token that came with the task. With
    `confirmed`, warnings of the checks have been seen and do not hold it back any more. `replaces` is the number of the own earlier answer
    that this one corrects: without it nothing is replaced, so that an answer from a second tab never hides the first.
    """

    values: dict[str, AnswerUnion | str | float | list[Any]]
    seconds_active: float | None = None
    lease: str | None = None
    confirmed: bool = False
    replaces: int | UnsetType = UNSET


class Submitted(Struct, frozen=True):
    """The annotation that was made, the warnings it was confirmed against, and the next task."""

    annotation_id: int
    findings: list[Finding]
    next: TaskView | None


class Reviewed(Struct, frozen=True):
    """The review that was given, and the next one. An audit has no number, for it might tell a planted error from a label."""

    review_id: int | None
    next: TaskView | None


class BlindAnswer(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What an auditor answers before the label is shown, tagged or in the plain form of exports, and the seconds it took."""

    values: dict[str, AnswerUnion | str | float | list[Any]]
    seconds_active: float = 0.0


class Audited(Struct, frozen=True):
    """What came of a blind answer: the audit is `done` and the `next` task comes along, or it differs, and `task` shows both."""

    done: bool
    task: TaskView | None
    next: TaskView | None
