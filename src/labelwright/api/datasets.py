"""Datasets: frozen versions, and what the audit proves about them."""

from __future__ import annotations

from typing import Literal

from msgspec import Struct

from labelwright.api.figures import Outcome
from labelwright.schema.markdown import escaped

__all__ = ["Certificate", "Looks", "QuestionAudit", "Version"]


Looks = Literal["one", "any"]


class QuestionAudit(Struct, frozen=True, kw_only=True):
    """What the audit proves about one question.

    `population` counts the labels that the bound is about, `gone` those of them that are there no more, as they were rejected, or their
    items removed; `audited` those that were judged at random, `errors` those found wrong (None while an audit for one look is not
    complete), `pending` those drawn and not judged yet. Among the pending, `own` were reviewed by their own author alone, `outdated` by
    criteria that have changed since, `shown` with the label in view. `left` counts errors of items that left the sample, which stay in
    the count. `unproved` labels the audit says nothing about. `planted` errors were shown to auditors, who found `found` of them.

    `bound` is the upper bound on the share of wrong labels before the audit's own repairs; it holds at all looks, or at one where `looks`
    says so. `remaining` is the same after the errors found were put right. `enough` tells whether that is a proof; `statement` says it in
    sentences. `clauses` names the criteria that changed, with the number of audits that each concerns.
    """

    question: str
    kind: str
    confidence: float
    method: str
    population: int
    audited: int
    errors: int | None
    pending: int
    unproved: int
    bound: float
    remaining: float
    enough: bool
    statement: str
    looks: Looks = "any"
    own: int = 0
    outdated: int = 0
    shown: int = 0
    left: int = 0
    gone: int = 0
    planted: int = 0
    found: int = 0
    clauses: dict[str, int] = {}


class Certificate(Struct, frozen=True, kw_only=True):
    """The certificate of a dataset: one proof, or the lack of it, a question."""

    project: str
    confidence: float
    questions: dict[str, QuestionAudit]

    @property
    def enough(self) -> bool:
        """Tell whether there is enough evidence about every question."""
        return all(question.enough for question in self.questions.values())

    @property
    def assumes_perfect_auditors(self) -> bool:
        """Tell whether the bound of a question rests on auditors who find every error, because how many they find was not measured."""
        return any(question.enough and not question.planted for question in self.questions.values())

    def markdown(self) -> str:
        """Return the certificate as a table with its statements. What it assumes about the auditors comes first."""
        lines = []
        if self.assumes_perfect_auditors:
            lines += ["This certificate assumes auditors who find every error: how many they find was not measured.", ""]
        columns = ("question", "wrong at most", "after repairs", "looks", "confidence", "labels", "audited", "errors", "pending")
        lines += [f"| {' | '.join(columns)} |", f"|{'---|' * len(columns)}"]
        for one in self.questions.values():
            bound = f"{one.bound:.2%} | {one.remaining:.2%} | {one.looks}" if one.enough else "not enough evidence | |"
            counts = " | ".join("" if count is None else f"{count:,}" for count in (one.population, one.audited, one.errors, one.pending))
            lines.append(f"| {escaped(one.question)} | {bound} | {one.confidence:.4g} | {counts} |")
        return "\n".join([*lines, "", *(f"- **{escaped(one.question)}**: {escaped(one.statement)}" for one in self.questions.values()), ""])


class Version(Struct, frozen=True, kw_only=True):
    """One frozen version. `manifest` names its blob; `new` tells whether this freeze made it or found it.

    `splits` counts items by split, `labels` the labels (of spans, boxes and segments each marked place) by question, `origins` where the
    labels come from, by question; `unfinished` counts the items left out because a required label is missing.
    """

    number: int
    digest: str
    manifest: str
    created_at: float
    pipeline_version: int
    items: int
    unfinished: int
    splits: dict[str, int]
    labels: dict[str, dict[str, int]]
    origins: dict[str, dict[str, int]]
    certificate: Certificate
    requirements: list[Outcome] = []
    new: bool = False
