"""How simulated people work through their queues: annotators answer and heed the checks, reviewers judge by the truth."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field

import sqlalchemy as sa

from labelwright.api.tasks import TaskView
from labelwright.client import Client
from labelwright.demo.makers.base import chance
from labelwright.demo.persona import Persona
from labelwright.demo.truth import Known, truth_of
from labelwright.errors import Blocked, Conflict, NeedsConfirmation
from labelwright.pipeline.workspace import OpenProject
from labelwright.schema import Answer, Field, Finding, Item, Question, Schema, Values, Verdict
from labelwright.store import tables

__all__ = ["Bench", "Member", "Note", "label_all", "review_all"]

MOST_TRIES = 3
"""So often somebody looks again when the checks object, before doing it exactly right."""

SKIPS = 0.02
"""The share of items that somebody passes on."""

SKIP_REASONS = ("I am not sure what this shows.", "Better ask somebody who knows the product.", "I know the person who wrote this.")
SLIPS = 0.03
"""The share of wrong labels that a reviewer overlooks."""

REJECTS = 0.12
"""The share of wrong answers that go back to their author instead of being put right at once."""

CLOSE, CLOSE_IN_TEXTS = 0.2, 0.02
"""How far marked places may be off before a reviewer moves them: in texts, one letter is seen at once."""


@dataclass(frozen=True)
class Member:
    """Somebody with a connection to the server: the one with that `index`, from 0, `of` so many."""

    client: Client
    persona: Persona
    index: int
    of: int


@dataclass
class Bench:
    """A project as simulated people see it: what it asks, and what would be right."""

    opened: OpenProject
    schema: Schema
    truth: Known
    changed: bool = False
    leave: int = 0
    """How many of the reviews that rules ask for are left to others."""

    left: set[int] = field(default_factory=set)
    """The items whose reviews are left."""

    @classmethod
    def of(cls, opened: OpenProject, *, leave: int = 0) -> Bench:
        return cls(opened, opened.project.schema, truth_of(opened), leave=leave)

    def leaves(self, item_id: int) -> bool:
        """Tell whether the review of an item is left to others; no audit is, for the certificate rests on them."""
        if item_id in self.left or len(self.left) >= self.leave:
            return item_id in self.left
        picks = tables.review_picks
        with self.opened.project.database.read() as connection:
            if connection.scalar(sa.select(picks.c.random).where(picks.c.item_id == item_id)):
                return False
        self.left.add(item_id)
        return True

    @property
    def name(self) -> str:
        return self.opened.name


Note = Callable[..., None]
"""Told what happened on a bench: `note(bench, "answers", "improved")`."""


# --- annotators -------------------------------------------------------------------------------------------------------------------


def label_all(bench: Bench, member: Member, note: Note) -> Iterator[None]:
    """Answer all that the queue gives, and yield before each answer."""
    task = member.client.next_task(bench.name)
    while task is not None:
        yield
        truth = bench.truth.get(task.item.key)
        if truth is None:
            note(bench, "skipped")
            task = member.client.skip(task, "The truth about this item is not known.")
        elif _would_skip(bench, member, task):
            note(bench, "skipped")
            task = member.client.skip(task, chance(member.persona.seed, task.item.key).choice(SKIP_REASONS))
        else:
            try:
                task = _answer(bench, member, task, truth, note)
            except Conflict:
                # The lease ran out, or the item went away meanwhile.
                task = member.client.next_task(bench.name)


def _would_skip(bench: Bench, member: Member, task: TaskView) -> bool:
    """At most one member passes an item on, and only where there are others enough to answer it."""
    if task.purpose != "label" or member.of <= bench.opened.pipeline.tasks.most:
        return False
    luck = chance(member.persona.seed, "skip", task.item.key)
    return luck.random() < SKIPS and luck.randrange(member.of) == member.index


def _answer(bench: Bench, member: Member, task: TaskView, truth: Values, note: Note) -> TaskView | None:
    shown = {one.question: one.answer for one in task.suggestions}
    attempt = 1 if task.purpose == "redo" else 0
    answers = _answers(bench, member, task, truth, attempt, shown)
    seconds = member.persona.seconds(task.item.data, list(answers.values()), key=task.item.key, attempt=attempt)
    values = {name: answer for name, (answer, _) in answers.items()}
    confirmed = False
    noted = ["answers"] if task.purpose != "redo" else ["answers", "redone"]
    for tries in range(1, MOST_TRIES + 2):
        try:
            taken = member.client.submit(task, values, seconds_active=seconds, confirmed=confirmed)
        except (Blocked, NeedsConfirmation) as error:
            again = _look_again(bench, member, task, truth, values, error.findings, attempt + tries)
            if tries > MOST_TRIES - 1:
                again = _true(bench, task, truth)
            confirmed = again == values and isinstance(error, NeedsConfirmation)
            if again == values and not confirmed:
                break
            noted.append("confirmed" if confirmed else "improved")
            values, seconds = again, round(seconds * 1.3, 2)
        else:
            note(bench, *noted)
            return taken.next
    # Not even the truth gets through the checks: whoever wrote them has to look.
    note(bench, "skipped")
    return member.client.skip(task, "The checks do not let my answer through.")


# --- reviewers --------------------------------------------------------------------------------------------------------------------


def review_all(bench: Bench, member: Member, note: Note) -> Iterator[None]:
    """Judge all that the queue gives, and yield before each verdict; what cannot be judged, or is left, is given back at the end."""
    client = member.client
    puzzling: list[TaskView] = []  # held until the end, for a review that is given back comes again
    task = client.next_task(bench.name, "review")
    while task is not None:
        yield
        truth = bench.truth.get(task.item.key)
        following = None
        if truth is None or bench.leaves(task.item.id):
            puzzling.append(task)
        else:
            try:
                following = _judge(bench, member, task, truth, note)
            except Conflict:
                pass
            except Blocked:
                puzzling.append(task)
        if following is None:
            known = {one.id for one in puzzling}
            found = client.next_tasks(bench.name, len(puzzling) + 1, "review")
            following = next((one for one in found if one.id not in known), None)
        task = following
    for one in puzzling:
        client.release(one)


def _judge(bench: Bench, member: Member, task: TaskView, truth: Values, note: Note) -> TaskView | None:
    if task.purpose == "audit":
        return _audit(bench, member, task, truth, note)
    review = task.review
    if review is None:
        raise Conflict("This task asks for no review.", where=f"task {task.id}")
    persona = member.persona
    luck = chance(persona.seed, persona.name, task.item.key, "review", *(one.id for one in review.annotations))
    seconds = round(persona.pace * (2.0 + 0.4 * sum(_looks(field) for field in task.item.data.values())) * luck.uniform(0.7, 1.4), 2)
    agreed = {name: one.answer for name, one in review.consensus.items()}
    right = [one for one in review.annotations if _is_right(bench.schema, one.values, truth)]
    if _is_right(bench.schema, agreed, truth) or (agreed and luck.random() < SLIPS):
        verdict = Verdict(verdict="accept", seconds_active=seconds)
    elif right:
        verdict = Verdict(verdict="accept", annotation_id=right[0].id, seconds_active=seconds)
    elif review.annotations and luck.random() < REJECTS:
        worst = max(review.annotations, key=lambda one: _distance(bench.schema, one.values, truth))
        reason = f"Please look again at: {', '.join(_wrong(bench.schema, worst.values, truth))}. See the guidelines."
        verdict = Verdict(verdict="reject", annotation_id=worst.id, reason=reason, seconds_active=seconds)
    else:
        values = {name: answer for name, (answer, _) in _answers(bench, member, task, truth, 2).items()}
        verdict = Verdict(verdict="fix", values=values, seconds_active=round(seconds * 2.5, 2))
    try:
        given = member.client.review(task, verdict)
    except Blocked:
        # A slip that the checks caught.
        given = member.client.review(task, Verdict(verdict="fix", values=_true(bench, task, truth), seconds_active=round(seconds * 3, 2)))
    note(bench, {"accept": "accepted", "fix": "fixed", "reject": "rejected"}[verdict.verdict])
    return given.next


def _audit(bench: Bench, member: Member, task: TaskView, truth: Values, note: Note) -> TaskView | None:
    """Answer blind; where the label differs, see whether it is right all the same, and otherwise correct it."""
    answers = _answers(bench, member, task, truth, 2)
    seconds = member.persona.seconds(task.item.data, list(answers.values()), key=task.item.key, attempt=2)
    if task.audit is None:
        given = member.client.audit(task, {name: answer for name, (answer, _) in answers.items()}, seconds_active=seconds)
        if given.task is None:
            note(bench, "accepted")
            return given.next
        task = given.task
    assert task.audit is not None
    luck = chance(member.persona.seed, member.persona.name, task.item.key, "audit")
    if _is_right(bench.schema, task.audit.label, truth) or luck.random() < SLIPS:
        verdict = Verdict(verdict="accept", seconds_active=seconds)
    else:
        verdict = Verdict(verdict="fix", values=task.audit.own, seconds_active=seconds)
    try:
        following = member.client.review(task, verdict).next
    except Blocked:
        # A slip that the checks caught.
        verdict = Verdict(verdict="fix", values=_true(bench, task, truth), seconds_active=round(seconds * 1.3, 2))
        following = member.client.review(task, verdict).next
    note(bench, {"accept": "accepted", "fix": "fixed"}[verdict.verdict])
    return following


def _answers(
    bench: Bench,
    member: Member,
    task: TaskView,
    truth: Values,
    attempt: int,
    shown: Mapping[str, Answer] = {},
    *,
    kept: Mapping[str, tuple[Answer, bool]] = {},
) -> dict[str, tuple[Answer, bool]]:
    """Answer what is asked, one question after the other, each as it was `kept`, or anew.

    Where a wrong answer led to a question that should not be asked, the truth knows no answer to it, and any will do.
    """
    schema, item = bench.schema, _item(task)
    found: dict[str, tuple[Answer, bool]] = {}
    for name, question in schema.questions.items():
        if name not in schema.asked({one: answer for one, (answer, _) in found.items()}, item):
            continue
        if name in kept:
            found[name] = kept[name]
        elif name in truth:
            found[name] = _ask(bench, member, task, truth, name, attempt, shown.get(name))
        elif name in schema.conditions and question.required:
            luck = chance(member.persona.seed, member.persona.name, task.item.key, name, attempt)
            found[name] = question.sample(task.item.data, luck), False
    return found


def _true(bench: Bench, task: TaskView, truth: Values) -> Values:
    """The right answers to what is asked."""
    return {name: truth[name] for name in bench.schema.asked(truth, _item(task)) if name in truth}


def _item(task: TaskView) -> Item:
    return Item(task.item.id, task.item.key, "", task.item.data, task.item.meta)


def _ask(
    bench: Bench, member: Member, task: TaskView, truth: Values, name: str, attempt: int, suggestion: Answer | None
) -> tuple[Answer, bool]:
    question = bench.schema.questions[name]
    return member.persona.answer(name, question, truth[name], task.item.data, key=task.item.key, suggestion=suggestion, attempt=attempt)


def _look_again(
    bench: Bench, member: Member, task: TaskView, truth: Values, values: Values, findings: Sequence[Finding], attempt: int
) -> Values:
    """Answer anew what the findings are about; what they say about the whole answer, such as its haste, changes nothing."""
    doubted = [name for name in values if any(finding.question == name for finding in findings)]
    if not doubted and any(finding.severity == "error" for finding in findings):
        doubted = list(values)
    kept = {name: (answer, False) for name, answer in values.items() if name not in doubted}
    return {name: answer for name, (answer, _) in _answers(bench, member, task, truth, attempt, kept=kept).items()}


# --- how a reviewer compares with the truth ----------------------------------------------------------------------------------------


def _is_right(schema: Schema, values: Mapping[str, Answer], truth: Values) -> bool:
    return not _wrong(schema, values, truth)


def _wrong(schema: Schema, values: Mapping[str, Answer], truth: Values) -> list[str]:
    return [name for name, right in truth.items() if name not in values or not _near(schema, name, right, values[name])]


def _near(schema: Schema, name: str, truth: Answer, answer: Answer) -> bool:
    """Tell whether a reviewer lets the answer pass: every place found, with its label, and about where it is."""
    question: Question = schema.questions[name]
    close = CLOSE_IN_TEXTS if schema.modality(question.of).is_text else CLOSE
    return question.similarity(truth, answer) == 1.0 and question.distance(truth, answer) <= close


def _distance(schema: Schema, values: Mapping[str, Answer], truth: Values) -> float:
    return sum(schema.questions[name].distance(right, values[name]) if name in values else 1.0 for name, right in truth.items())


def _looks(field: Field) -> float:
    return len(field.text) / 28 if field.text is not None else field.duration or 2.0
