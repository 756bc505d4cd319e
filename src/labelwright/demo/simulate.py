"""Simulated annotators and reviewers, who work through the server's HTTP as people do, until nothing is left to be done.

Each has an accuracy, a pace and confusions of his or her own (`demo.persona`), takes over good suggestions, heeds the checks, skips an
item now and then, and does better when an answer comes back (`demo.crew`). Who gets which item depends on who asks first, so two runs
are alike and not equal; what somebody answers about an item is the same in both.
"""

from __future__ import annotations

import threading
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor, wait
from contextlib import ExitStack
from functools import partial

from msgspec import Struct
from sqlalchemy import Connection

from labelwright.analytics import count_remaining, count_waiting
from labelwright.api.people import Role
from labelwright.client import Client
from labelwright.demo.crew import Bench, Member, Note, label_all, review_all
from labelwright.demo.persona import Persona
from labelwright.errors import InvalidInput
from labelwright.pipeline.run import catch_up
from labelwright.pipeline.turn import turn
from labelwright.pipeline.workspace import OpenProject, Workspace
from labelwright.store import people

__all__ = ["Simulated", "simulate", "simulate_project"]

Progress = Callable[[int, int | None, str], None]

NAMES = ("Ada", "Bruno", "Chloe", "Dmitri", "Esra", "Femi", "Greta", "Hiro", "Ines", "Joao", "Kofi", "Lena", "Malik", "Nora", "Omar", "Pia")
REVIEWERS = ("Rosa", "Sven", "Tala", "Umar")
REVIEWERS_ACCURACY = 0.97
TOKEN_SECONDS = 6 * 3600.0
MOST_ROUNDS = 60

LEFT = 5
"""So many reviews are left to whoever started the simulation on the page, so that there is something to try out."""

FIRST = 0.2
"""The share of the waiting tasks that is done before the models learn for the first time."""


class Simulated(Struct, frozen=True, kw_only=True):
    """What a simulation came to.

    `answers` were taken by the server; `improved` were first refused or questioned by the checks and then changed, `confirmed` were sent
    again as they were; `redone` are answers to what a reviewer sent back; `accepted`, `fixed` and `rejected` count verdicts; `left` are
    reviews that were left to others.
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
    left: int = 0

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
    leave: int = 0,
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
        leave: so many of the reviews that rules ask for, in each project, are left to real people; never one of the random sample.
        progress: told of answers and reviews as they come in.

    Raises:
        InvalidInput: there is nobody to work, or the truth about a project is not known.
    """
    if not 1 <= annotators <= 64 or not 1 <= reviewers <= 16 or not 0 < accuracy <= 1:
        raise InvalidInput(
            "There are 1 to 64 simulated annotators and 1 to 16 reviewers, with an accuracy above 0 and up to 1.", where="simulate"
        )
    chosen = [workspace.project(name) for name in projects] if projects is not None else list(workspace.projects.values())
    benches = [Bench.of(opened, leave=leave) for opened in chosen]
    began = time.monotonic()
    with ExitStack() as open_clients:

        def engage(role: Role, names: Sequence[str], accuracy: float) -> list[Member]:
            members = []
            for index, name in enumerate(names):
                token = workspace.database.write(partial(_invite, name=f"{name} (simulated)", role=role, projects=chosen))
                client = open_clients.enter_context(Client(url, token))
                members.append(Member(client, Persona.of(name, accuracy=accuracy, seed=seed), index, len(names)))
            return members

        labeling = engage("annotator", _names(NAMES, annotators), accuracy)
        reviewing = engage("reviewer", _names(REVIEWERS, reviewers), REVIEWERS_ACCURACY)
        run = _Run(benches, progress)
        # The first answers are what the models learn from, so that the others are given with their help.
        run.work("label", labeling, share=FIRST)
        for _ in range(MOST_ROUNDS):
            run.settle(workspace)
            if run.work("label", labeling) and run.settle(workspace):
                continue
            # Reviews begin when all answers are in, so that the audit sees what would have become the dataset.
            if not run.work("review", reviewing) and not run.settle(workspace, everything=True):
                break
    return Simulated(
        annotators=annotators,
        reviewers=reviewers,
        **{name: run.count[name] for name in ("answers", "skipped", "improved", "confirmed", "redone", "accepted", "fixed", "rejected")},
        seconds=round(time.monotonic() - began, 1),
        left=sum(len(bench.left) for bench in benches),
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
    """Let simulated people work in one project, but for a few reviews: the job behind the button on the page."""
    return simulate(
        workspace, url, projects=[opened.name], annotators=annotators, accuracy=accuracy, seed=seed, leave=LEFT, progress=progress
    )


def _names(known: Sequence[str], count: int) -> list[str]:
    return [known[index % len(known)] + (f" {index // len(known) + 1}" if index >= len(known) else "") for index in range(count)]


def _invite(connection: Connection, name: str, role: Role, projects: Sequence[OpenProject]) -> str:
    """Add somebody, where not yet known, and return a token for a few hours."""
    found = people.find_user(connection, name)
    user_id = found[0] if found else people.create_user(connection, name)
    for opened in projects:
        people.set_role(connection, opened.project.id, user_id, role)
    return people.create_token(connection, user_id, "simulation", role=role, seconds=TOKEN_SECONDS)


class _Run:
    """All members at work in all projects; one thread a member."""

    def __init__(self, benches: Sequence[Bench], progress: Progress) -> None:
        self.count = Counter[str]()
        self._benches = benches
        self._progress = progress
        self._lock = threading.Lock()
        self._stop = threading.Event()

    def work(self, purpose: str, members: Sequence[Member], *, share: float = 1.0) -> int:
        """Let all members work until no queue has anything for them, or a share of it is done; return how much was done."""
        started = self._finished()
        ahead = self._ahead(purpose)
        do = label_all if purpose == "label" else review_all
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
                    if share < 1 and finished - started >= share * ahead:
                        self._stop.set()
            except BaseException:
                self._stop.set()
                raise
        return self._finished() - started

    def settle(self, workspace: Workspace, *, everything: bool = False) -> int:
        """Do what follows from the answers: consensus, quality, suggestions, reviews; return how many tasks were opened.

        With `everything` all is looked at again, as when a version is frozen, and reviews that are asked for then count, too.
        """
        opened = 0
        for bench in self._benches:
            if bench.changed or everything:
                bench.changed = False
                with turn(workspace.database, wait_seconds=600):
                    found = catch_up(bench.opened, everything=everything)
                opened += found.tasks_opened + (found.reviews_opened if everything else 0)
                self._progress(self._finished(), None, f"consensus and quality of {bench.name}")
        return opened

    def _finished(self) -> int:
        with self._lock:
            return sum(self.count[name] for name in ("answers", "accepted", "fixed", "rejected"))

    def _ahead(self, purpose: str) -> int:
        """How many tasks wait, gold aside. Counted now: what the page shows is of some seconds ago."""
        count = count_remaining if purpose == "label" else count_waiting
        ahead = 0
        for bench in self._benches:
            project = bench.opened.project
            with project.database.read() as connection:
                ahead += count(connection, project.id)
        return ahead

    def _note(self, bench: Bench, *what: str) -> None:
        with self._lock:
            self.count.update(what)
            bench.changed = True

    def _through_all(self, do: Callable[[Bench, Member, Note], Iterator[None]], member: Member) -> None:
        # Each begins with another project, as people with a choice do.
        for number in range(len(self._benches)):
            for _ in do(self._benches[(number + member.index) % len(self._benches)], member, self._note):
                if self._stop.is_set():
                    return
