"""Simulated annotators and reviewers, who work through the server's HTTP as people do, until nothing is left to be done.

Each has an accuracy, a pace and confusions of his or her own (`demo.persona`), takes over good suggestions, heeds the checks, skips an
item now and then, and does better when an answer comes back. Reviewers judge by the truth, and slip now and then. Who gets which item
depends on who asks first, so two runs are alike and not equal; what somebody answers about an item is the same in both.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection

from labelwright.client import Client
from labelwright.demo.makers.base import chance
from labelwright.demo.persona import Persona
from labelwright.demo.truth import Known, truth_of
from labelwright.errors import Blocked, Conflict, InvalidInput, NeedsConfirmation
from labelwright.pipeline.run import catch_up
from labelwright.pipeline.turn import turn
from labelwright.pipeline.views import TaskView
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.quality.places import similarity
from labelwright.schema import Answer, Finding, Question, Schema, Text, Values, Verdict
from labelwright.store import people
from labelwright.store.people import Role

__all__ = ["Simulated", "simulate", "simulate_project"]

Progress = Callable[[int, int | None, str], None]

NAMES = ("Ada", "Bruno", "Chloe", "Dmitri", "Esra", "Femi", "Greta", "Hiro", "Ines", "Joao", "Kofi", "Lena", "Malik", "Nora", "Omar", "Pia")
REVIEWERS = ("Rosa", "Sven", "Tala", "Umar")
TOKEN_SECONDS = 6 * 3600.0
MOST_ROUNDS = 60
MOST_TRIES = 3
"""So often somebody looks again when the checks object, before doing it exactly right."""

SKIPS = 0.02
"""The share of items that somebody passes on."""

SKIP_REASONS = ("I am not sure what this shows.", "Better ask somebody who knows the product.", "I know the person who wrote this.")
SLIPS = 0.03
"""The share of wrong labels that a reviewer overlooks."""

REJECTS = 0.12
"""The share of wrong answers that go back to their author instead of being put right at once."""

CLOSE = {"spans": 0.02, "boxes": 0.2, "segments": 0.2}
"""How far marked places may be off before a reviewer moves them."""


class Simulated(Struct, frozen=True, kw_only=True):
    """What a simulation came to.

    `answers` were taken by the server; `improved` were first refused or questioned by the checks and then changed, `confirmed` were sent
    again as they were; `redone` are answers to what a reviewer sent back; `accepted`, `fixed` and `rejected` count verdicts.
    """

    annotators: int
    reviewers: int
    answers: int
    skipped: int
    improved: int
    confirmed: int
    redone: int
    accepted: int
    fixed: int
    rejected: int
    seconds: float

    def text(self) -> str:
        """Return it as people read it."""
        return (
            f"{self.annotators:,} annotators gave {self.answers:,} answers ({self.improved:,} improved and {self.confirmed:,} confirmed "
            f"when the checks objected, {self.redone:,} done again) and passed on {self.skipped:,} items.\n"
            f"{self.reviewers:,} {'reviewer' if self.reviewers == 1 else 'reviewers'} accepted {self.accepted:,}, fixed {self.fixed:,} "
            f"and sent back {self.rejected:,}. It took {self.seconds:.0f} seconds."
        )


def _silent(done: int, total: int | None, what: str) -> None:
    pass


def simulate(
    workspace: Workspace,
    url: str,
    *,
    projects: Sequence[str] | None = None,
    annotators: int = 5,
    reviewers: int = 1,
    accuracy: float = 0.85,
    seed: int = 0,
    progress: Progress = _silent,
) -> Simulated:
    """Let simulated people label and review all that there is, and do the background work in between.

    Args:
        workspace: the projects; their people are added here. Run the pipeline first, so that there are tasks.
        url: where the server of this workspace listens.
        projects: the names of those to work in; by default all.
        annotators: how many label.
        reviewers: how many review besides.
        accuracy: how often annotators are right, on average, above 0 and up to 1.
        seed: everything that is left to chance depends on it.
        progress: told of answers and reviews as they come in.

    Raises:
        InvalidInput: there is nobody to work, or the truth about a project is not known.
    """
    if not 1 <= annotators <= 64 or not 1 <= reviewers <= 16 or not 0 < accuracy <= 1:
        raise InvalidInput(
            "There are 1 to 64 simulated annotators and 1 to 16 reviewers, with an accuracy above 0 and up to 1.", where="simulate"
        )
    chosen = [workspace.project(name) for name in projects] if projects is not None else list(workspace.projects.values())
    benches = [_Bench.of(opened) for opened in chosen]
    began = time.monotonic()
    with ExitStack() as open_clients:

        def engage(role: Role, names: Sequence[str], accuracy: float) -> list[_Member]:
            members = []
            for index, name in enumerate(names):
                token = workspace.database.write(partial(_invite, name=f"{name} (simulated)", role=role, projects=chosen))
                client = open_clients.enter_context(Client(url, token))
                members.append(_Member(client, Persona.of(name, accuracy=accuracy, seed=seed), index))
            return members

        labeling = engage("annotator", _names(NAMES, annotators), accuracy)
        reviewing = engage("reviewer", _names(REVIEWERS, reviewers), 0.97)
        count = Counter[str]()
        run = _Run(benches, annotators, count, progress)
        for _ in range(MOST_ROUNDS):
            # Reviews begin when all answers are in, so that the audit sees what would have become the dataset.
            if not (run.work("label", labeling) or run.work("review", reviewing)):
                break
            run.settle(workspace)
    return Simulated(
        annotators=annotators,
        reviewers=reviewers,
        **{name: count[name] for name in ("answers", "skipped", "improved", "confirmed", "redone", "accepted", "fixed", "rejected")},
        seconds=round(time.monotonic() - began, 1),
    )


def simulate_project(
    workspace: Workspace,
    opened: OpenProject,
    url: str,
    *,
    annotators: int = 4,
    accuracy: float = 0.85,
    seed: int = 0,
    progress: Progress = _silent,
) -> Simulated:
    """Let simulated people work in one project: the job behind the button on the page."""
    return simulate(workspace, url, projects=[opened.name], annotators=annotators, accuracy=accuracy, seed=seed, progress=progress)


def _names(known: Sequence[str], count: int) -> list[str]:
    return [known[index % len(known)] + (f" {index // len(known) + 1}" if index >= len(known) else "") for index in range(count)]


def _invite(connection: Connection, name: str, role: Role, projects: Sequence[OpenProject]) -> str:
    """Add somebody, where not yet known, and return a token for a few hours."""
    found = people.find_user(connection, name)
    user_id = found[0] if found else people.create_user(connection, name)
    for opened in projects:
        people.set_role(connection, opened.project.id, user_id, role)
    return people.create_token(connection, user_id, "simulation", role=role, seconds=TOKEN_SECONDS)


@dataclass(frozen=True)
class _Member:
    client: Client
    persona: Persona
    index: int


@dataclass
class _Bench:
    """A project as simulated people see it: what it asks, and what would be right."""

    opened: OpenProject
    schema: Schema
    truth: Known
    changed: bool = False

    @classmethod
    def of(cls, opened: OpenProject) -> _Bench:
        return cls(opened, opened.project.schema, truth_of(opened))

    @property
    def name(self) -> str:
        return self.opened.name


class _Run:
    """All members at work in all projects; one thread a member."""

    def __init__(self, benches: Sequence[_Bench], annotators: int, count: Counter[str], progress: Progress) -> None:
        self._benches = benches
        self._annotators = annotators
        self._count = count
        self._progress = progress
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def work(self, purpose: str, members: Sequence[_Member]) -> int:
        """Let all members work until no queue has anything for them; return how many answers, verdicts and skips there were."""
        before = self._count.total()
        ahead = self._ahead(purpose, members[0])
        started = self._finished()
        do = self._label if purpose == "label" else self._review
        self._stop.clear()
        with ThreadPoolExecutor(len(members), thread_name_prefix="labelwright-simulated") as pool:
            running = {pool.submit(self._through_all, do, member) for member in members}
            try:
                while running:
                    done, running = wait(running, timeout=0.2)
                    for future in done:
                        future.result()
                    finished = self._finished()
                    self._progress(finished, max(finished, started + ahead), "answers and reviews")
            except BaseException:
                self._stop.set()
                raise
        return self._count.total() - before

    def settle(self, workspace: Workspace) -> None:
        """Do what follows from the answers: consensus, quality, further tasks, reviews, suggestions."""
        for bench in self._benches:
            if bench.changed:
                bench.changed = False
                with turn(workspace.database, wait_seconds=600):
                    catch_up(bench.opened)
                self._progress(self._finished(), None, f"consensus and quality of {bench.name}")

    def _finished(self) -> int:
        with self._lock:
            return sum(self._count[name] for name in ("answers", "accepted", "fixed", "rejected"))

    def _ahead(self, purpose: str, member: _Member) -> int:
        """How many tasks wait, gold aside."""
        names = {bench.name for bench in self._benches}
        cards = [card for card in member.client.projects() if card.name in names]
        return sum(card.open_tasks if purpose == "label" else card.waiting_reviews for card in cards)

    def _note(self, bench: _Bench, *names: str) -> None:
        with self._lock:
            self._count.update(names)
            bench.changed = True

    def _through_all(self, do: Callable[[_Bench, _Member], Iterator[None]], member: _Member) -> None:
        # Each begins with another project, as people with a choice do.
        for number in range(len(self._benches)):
            for _ in do(self._benches[(number + member.index) % len(self._benches)], member):
                if self._stop.is_set():
                    return

    # --- labeling ------------------------------------------------------------------------------------------------------------------

    def _label(self, bench: _Bench, member: _Member) -> Iterator[None]:
        task = member.client.next_task(bench.name)
        while task is not None:
            yield
            truth = bench.truth.get(task.item.key)
            if truth is None:
                self._note(bench, "skipped")
                task = member.client.skip(task, "The truth about this item is not known.")
            elif self._would_skip(bench, member, task):
                self._note(bench, "skipped")
                task = member.client.skip(task, chance(member.persona.seed, task.item.key).choice(SKIP_REASONS))
            else:
                try:
                    task = self._answer(bench, member, task, truth)
                except Conflict:
                    # The lease ran out, or the item went away meanwhile.
                    task = member.client.next_task(bench.name)

    def _would_skip(self, bench: _Bench, member: _Member, task: TaskView) -> bool:
        """At most one member passes an item on, and only where there are others enough to answer it."""
        if task.purpose != "label" or self._annotators <= bench.opened.pipeline.tasks.most:
            return False
        luck = chance(member.persona.seed, "skip", task.item.key)
        return luck.random() < SKIPS and luck.randrange(self._annotators) == member.index

    def _answer(self, bench: _Bench, member: _Member, task: TaskView, truth: Values) -> TaskView | None:
        shown = {one.question: one.answer for one in task.suggestions}
        attempt = 1 if task.purpose == "redo" else 0
        answers = {
            name: _ask(bench, member, task, truth, name, attempt, shown.get(name)) for name in bench.schema.questions if name in truth
        }
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
                    again = {name: truth[name] for name in values}
                confirmed = again == values and isinstance(error, NeedsConfirmation)
                if again == values and not confirmed:
                    break
                noted.append("confirmed" if confirmed else "improved")
                values, seconds = again, round(seconds * 1.3, 2)
            else:
                self._note(bench, *noted)
                return taken.next
        # Not even the truth gets through the checks: whoever wrote them has to look.
        self._note(bench, "skipped")
        return member.client.skip(task, "The checks do not let my answer through.")

    # --- reviewing -----------------------------------------------------------------------------------------------------------------

    def _review(self, bench: _Bench, member: _Member) -> Iterator[None]:
        client = member.client
        puzzling: list[TaskView] = []  # held until the end, for a review that is given back comes again
        task = client.next_task(bench.name, "review")
        while task is not None:
            yield
            truth = bench.truth.get(task.item.key)
            following = None
            if truth is None:
                puzzling.append(task)
            else:
                try:
                    following = self._judge(bench, member, task, truth)
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

    def _judge(self, bench: _Bench, member: _Member, task: TaskView, truth: Values) -> TaskView | None:
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
            worst = max(review.annotations, key=lambda one: _distance(one.values, truth))
            reason = f"Please look again at: {', '.join(_wrong(bench.schema, worst.values, truth))}. See the guidelines."
            verdict = Verdict(verdict="reject", annotation_id=worst.id, reason=reason, seconds_active=seconds)
        else:
            values = {name: _ask(bench, member, task, truth, name, 2, None)[0] for name in bench.schema.questions if name in truth}
            verdict = Verdict(verdict="fix", values=values, seconds_active=round(seconds * 2.5, 2))
        try:
            given = member.client.review(task, verdict)
        except Blocked:
            # A slip that the checks caught.
            given = member.client.review(task, Verdict(verdict="fix", values=truth, seconds_active=round(seconds * 3, 2)))
        self._note(bench, {"accept": "accepted", "fix": "fixed", "reject": "rejected"}[verdict.verdict])
        return given.next


def _ask(
    bench: _Bench, member: _Member, task: TaskView, truth: Values, name: str, attempt: int, suggestion: Answer | None
) -> tuple[Answer, bool]:
    question = bench.schema.questions[name]
    return member.persona.answer(name, question, truth[name], task.item.data, key=task.item.key, suggestion=suggestion, attempt=attempt)


def _look_again(
    bench: _Bench, member: _Member, task: TaskView, truth: Values, values: Values, findings: Sequence[Finding], attempt: int
) -> Values:
    """Answer anew what the findings are about; what they say about the whole answer, such as its haste, changes nothing."""
    doubted = {finding.question for finding in findings if finding.question in values}
    if not doubted and any(finding.severity == "error" for finding in findings):
        doubted = set(values)
    return {
        name: _ask(bench, member, task, truth, name, attempt, None)[0] if name in doubted else answer for name, answer in values.items()
    }


# --- how a reviewer compares with the truth ----------------------------------------------------------------------------------------


def _is_right(schema: Schema, values: Mapping[str, Answer], truth: Values) -> bool:
    return not _wrong(schema, values, truth)


def _wrong(schema: Schema, values: Mapping[str, Answer], truth: Values) -> list[str]:
    return [name for name, right in truth.items() if name not in values or not _near(schema.questions[name], right, values[name])]


def _near(question: Question, truth: Answer, answer: Answer) -> bool:
    """Tell whether a reviewer lets the answer pass: every place found, with its label, and about where it is."""
    return similarity(question, truth, answer) == 1.0 and truth.distance(answer) <= CLOSE.get(question.kind, 0.0)


def _distance(values: Mapping[str, Answer], truth: Values) -> float:
    return sum(right.distance(values[name]) if name in values else 1.0 for name, right in truth.items())


def _looks(field: object) -> float:
    return len(field.text) / 28 if isinstance(field, Text) else getattr(field, "duration", 2.0)
