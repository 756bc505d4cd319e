"""What the random audit proves about the share of wrong labels, question by question: the one definition that everybody uses.

**What is audited.** Every item has one secret number, as good as random, made of its key, its content and a secret of the project. As
soon as an item has all its answers it is drawn for the audit where that number lies below `review.sample`, or passed over. Nobody can
foresee the draw, and it has nothing to do with the answers. Where the share changed, the smallest one counts for all.

**Who audits.** A drawn item counts as wrong until somebody has judged it whose own answer is not among the item's answers, by the
criteria that stand now. The auditor answers first without seeing the label; only where the two differ a second decision is made with both
in view. A review with the label in view, such as one from before the draw, is no audit, and its author can give none of that item: the
item waits as `shown` for somebody else. An error that such a review found stays in the count, whatever the audit says then. A label is
wrong where the settled answer differs from it: for choices another label, for spans, boxes and segments any difference at all (a distance
above 0; the last digit of a coordinate aside), and an answer that was rejected.

**What the bound is about.** The population of a question is every active item whose label was made from annotators' answers, as those
labels stood when they were drawn, before any review. Items whose label is gold alone, or a review alone, are outside it. What left the
sample (the row was replaced or removed, or the share of the audit lowered) keeps its error in the count and takes its success along; one
that an auditor was shown and that left unjudged counts as an error. Otherwise taking away what an audit found would make the bound false.

**What it does not hide.** Labels that the draw says nothing about all count as wrong, besides the bound: items that were not drawn yet,
that wait for another answer, or whose label changed after they were passed over, as long as nobody reviewed what they say now
(`unproved`). As long as drawn labels wait, or fewer than `LEAST` were audited, the certificate says that there is not enough evidence,
unless those audited are all that there are: a census leaves nothing open, however small.

**One look and many.** `bound` holds however often it is looked at (a confidence sequence for drawing without replacement, sharpest around
`EXPECTED`), for whoever audits more and looks again until the bound pleases would break the promise of an exact one. Where the pipeline
file declares `review: {looks: 1}`, the audit has one fixed size, nothing is shown before it is complete, and the exact bound of that one
look is.

**Auditors who overlook errors.** Without further evidence the bound assumes auditors who find every error, and its statement begins with
that. With `review: {planted: 60}` answers that are known to be wrong are audited like labels: the share that auditors find enters the
bound, with half of the risk (`upper_bound_with_missed_errors`), as far as it is the share of those who audited (`Evidence.measured`).
What is planted has to be as hard to see as the rest, which no arithmetic can check.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping
from typing import Any, Literal, NamedTuple

import sqlalchemy as sa
from sqlalchemy import Connection

from labelwright.api.datasets import Looks, QuestionAudit
from labelwright.errors import InvalidInput
from labelwright.schema import Schema
from labelwright.stats.certificates import (
    binomial_interval,
    binomial_upper_bound,
    hypergeometric_upper_bound,
    sequential_upper_bound,
    upper_bound_with_missed_errors,
)
from labelwright.store import log, tables
from labelwright.store.bulk import among
from labelwright.store.codec import decode
from labelwright.store.criteria import editorial
from labelwright.store.evidence import Evidence, Planted, read_evidence

__all__ = ["EXPECTED", "LEAST", "Method", "audit", "bound_of", "take_look"]

LEAST = 29
"""With fewer audits than this, not even an audit without an error shows less than 10% wrong labels at 95% confidence."""

EXPECTED = 0.05
"""The share of wrong labels around which the bound for any look is sharpest; it is fixed before the first audit, as it has to be."""

PAGE = 10_000

Method = Literal["binomial", "hypergeometric"]


class _Counts(NamedTuple):
    """What the bound of one question is made of, and why some drawn labels are `pending` although somebody looked at them."""

    population: int
    audited: int
    wrong: int
    pending: int
    left: int
    unproved: int
    repaired: int
    gone: int
    own: int = 0
    outdated: int = 0
    shown: int = 0

    @property
    def sample(self) -> int:
        return self.audited + self.pending + self.left

    @property
    def errors(self) -> int:
        """What counts as wrong: what was found, what waits, and the errors that left."""
        return self.wrong + self.pending + self.left

    def shows_little(self, method: Method = "hypergeometric") -> bool:
        """Tell whether too few were audited: fewer than `LEAST`, unless the bound is about these labels alone, and none is left."""
        census = method == "hypergeometric" and 0 < self.population <= self.audited + self.left
        return self.audited < LEAST and not census

    @property
    def waiting(self) -> int:
        """Drawn labels that nobody has looked at."""
        return self.pending - self.own - self.outdated - self.shown


class _Look(NamedTuple):
    """How often the bound may be looked at: `one` look, whether it was `taken`, and why there is none though the file declares it."""

    one: bool = False
    taken: dict[str, list[int]] | None = None
    refused: str = ""


def audit(
    connection: Connection, project_id: int, schema: Schema, *, confidence: float = 0.95, method: Method = "hypergeometric"
) -> dict[str, QuestionAudit]:
    """Return what the random audit proves at `confidence`, question by question.

    Args:
        connection: for reading.
        project_id: whose labels they are.
        schema: the questions that are asked.
        confidence: the chance, at least, that a bound holds, above 0 and below 1.
        method: `hypergeometric` is for the labels there are, and the tighter the more of them were audited; `binomial` holds for
            whatever other labels would be made in the same way, too.

    Raises:
        InvalidInput: the confidence is no share, or the method is unknown.
    """
    if not 0 < confidence < 1:
        raise InvalidInput(f"The confidence has to lie between 0 and 1, and is {confidence}.")
    if method not in ("binomial", "hypergeometric"):
        raise InvalidInput(f"There is no method '{method}'.", hint="Use binomial or hypergeometric.")
    evidence = read_evidence(connection, project_id, schema)
    look = _look(connection, project_id)
    counted = _count(connection, project_id, schema, evidence)
    given = [one.version for item_id in evidence.sample for one in evidence.reviews.get(item_id, [])]
    kept = editorial(connection, project_id, min(given)) if given else {}
    return {
        name: _prove(name, question.kind, counted[name], evidence, look, confidence, method, kept)
        for name, question in schema.questions.items()
    }


def take_look(connection: Connection, project_id: int, schema: Schema) -> bool:
    """Note the one look of an audit that the pipeline file declares to have one, as soon as it is complete; tell whether that was now.

    Only what is noted is shown: labels and audits that come afterwards would make it a second look. So planted errors that nobody has
    been shown yet are asked about no more.
    """
    look = _look(connection, project_id)
    if not look.one or look.taken is not None or _waits(connection, project_id):
        return False
    evidence = read_evidence(connection, project_id, schema)
    counted = _count(connection, project_id, schema, evidence)
    if not counted or any(one.pending or one.unproved or one.shows_little() for one in counted.values()):
        return False
    tasks = tables.tasks
    rest = sa.and_(tasks.c.project_id == project_id, tasks.c.purpose == "audit", tasks.c.state == "open")
    connection.execute(sa.update(tasks).where(rest).values(state="cancelled"))
    seen = {name: _seen(one, evidence.measured(name)) for name, one in counted.items()}
    log.append(connection, project_id, "audit_looked_at", payload=seen)
    return True


def _seen(counts: _Counts, planted: Planted) -> list[int]:
    """All that the bound of a look is made of. Why something is pending is no part of it: at a look nothing is."""
    return [
        counts.population,
        counts.audited,
        counts.wrong,
        counts.pending,
        counts.left,
        counts.unproved,
        counts.repaired,
        counts.gone,
        planted.planted,
        planted.found,
    ]


def bound_of(
    errors: int,
    sample: int,
    population: int,
    confidence: float,
    *,
    looks: Looks = "any",
    method: Method = "hypergeometric",
    planted: int = 0,
    found: int = 0,
) -> float:
    """Return the upper bound on the share of wrong labels: the arithmetic of every certificate.

    Args:
        errors: audited labels that count as wrong.
        sample: audited labels.
        population: the labels that the bound is about; at least as many as were audited.
        confidence: above 0 and below 1.
        looks: whether it holds at `any` number of looks or at `one`.
        method: whether the population is just these labels, or whatever would be made in the same way.
        planted: planted errors that auditors were shown; 0 assumes that they find every error.
        found: those of them that they found.

    >>> bound_of(0, 299, 100_000, 0.95, looks="one") <= 0.01 < bound_of(0, 299, 100_000, 0.95)
    True
    >>> [bound_of(0, n, 10**6, 0.95, looks="one", method="binomial", planted=60, found=54) <= 0.01 for n in (462, 463)]
    [False, True]
    """
    if not sample:
        return 1.0
    size = population if method == "hypergeometric" else None
    if planted:
        return upper_bound_with_missed_errors(errors, sample, found, planted, confidence, looks=looks, population=size, expected=EXPECTED)
    if looks == "any":
        return sequential_upper_bound(errors, sample, confidence, population=size, expected=EXPECTED)
    return (
        binomial_upper_bound(errors, sample, confidence) if size is None else hypergeometric_upper_bound(errors, sample, size, confidence)
    )


# --- counting -------------------------------------------------------------------------------------------------------------------


def _count(connection: Connection, project_id: int, schema: Schema, evidence: Evidence) -> dict[str, _Counts]:
    moved = _unproved(connection, project_id)
    judged = {item_id for item_id, found in evidence.reviews.items() if found[-1].independent and found[-1].after is not None}
    unsure = moved - judged
    outside = evidence.drawn - evidence.sample
    counted = {}
    for name in schema.questions:
        size, labeled = _population(connection, project_id, name, evidence.drawn | unsure | evidence.reviews.keys())
        had = {item_id for item_id in evidence.reviews if name in evidence.first(item_id)}
        # A label that only a review made was never the annotators'; one that was rejected was theirs, though it is none any more.
        new = (labeled & evidence.reviews.keys()) - had
        # What its author added after a rejection is nobody's but the author's.
        added = {one for one in new if evidence.reviews[one][-1].after is None}
        alone = new - added
        sample = {one for one in evidence.sample if one in had or (one in labeled and one not in evidence.reviews)}
        standing = {one: evidence.standing(one, name) for one in sample}
        wrong = {one for one, how in standing.items() if how == "wrong"}
        left = {one for one in outside if one not in alone and evidence.left_wrong(one, name)}
        withdrawn = (had & evidence.active) - labeled
        how_many = Counter(standing.values())
        audited = how_many["right"] + how_many["wrong"]
        counted[name] = _Counts(
            population=size - len(alone) + len(withdrawn) + len(left - labeled),
            audited=audited,
            wrong=len(wrong),
            pending=len(sample) - audited,
            left=len(left),
            # A rejected label that its author gave anew, and nobody has reviewed yet, is not put right.
            repaired=sum(evidence.reviews[one][-1].after is not None or one not in labeled for one in wrong)
            + sum(one not in labeled for one in left),
            gone=len(withdrawn) + len(left - labeled),
            unproved=len(((unsure & labeled) | added) - alone - sample),
            own=how_many["own"],
            outdated=how_many["outdated"],
            shown=how_many["shown"],
        )
    return counted


def _population(connection: Connection, project_id: int, question: str, item_ids: set[int]) -> tuple[int, set[int]]:
    """Return how many items have a label made from answers, and which of those named do."""
    items, consensus = tables.items, tables.consensus
    count = sa.select(sa.func.count()).select_from(consensus).where(consensus.c.question == question)
    whole = count.where(consensus.c.project_id == project_id)
    # All labels are counted in an index, and those of the few items that are duplicates or were replaced are taken off again. These name
    # their project; naming it for their labels once more would make SQLite walk through all labels.
    inactive = sa.select(items.c.id).where(items.c.project_id == project_id, items.c.state.in_(("duplicate", "replaced")))
    gone = count.where(consensus.c.item_id.in_(inactive))
    size = int(connection.scalar(whole) or 0) - int(connection.scalar(gone) or 0)
    labels = sa.select(consensus.c.item_id).join(items, items.c.id == consensus.c.item_id)
    labels = labels.where(consensus.c.question == question, items.c.state == "active")
    labeled: set[int] = set()
    wanted = sorted(item_ids)
    for start in range(0, len(wanted), PAGE):
        labeled.update(connection.scalars(labels.where(among(connection, consensus.c.item_id, wanted[start : start + PAGE]))))
    return size, labeled


def _unproved(connection: Connection, project_id: int) -> set[int]:
    """Return the items whose label the draw says nothing about: not drawn yet, changed since, or waiting for another answer."""
    items, tasks, consensus = tables.items, tables.tasks, tables.consensus
    waiting = sa.select(tasks.c.item_id).where(
        tasks.c.project_id == project_id, tasks.c.purpose.in_(("label", "redo")), tasks.c.state.in_(("open", "leased"))
    )
    # These few are found by an index of their own, and their labels by their number: so the project is named for the items alone.
    labels = sa.select(consensus.c.item_id).join(items, items.c.id == consensus.c.item_id)
    moved = labels.where(items.c.project_id == project_id, sa.or_(items.c.drawn_at.is_(None), items.c.changed_at.is_not(None)))
    return set(connection.scalars(waiting.distinct())) | set(connection.scalars(moved.distinct()))


def _look(connection: Connection, project_id: int) -> _Look:
    """Read whether the audit has one look: declared before its first review, and never changed since."""
    versions, reviews, events = tables.pipeline_versions, tables.reviews, tables.events
    mine = sa.select(versions.c.declaration, versions.c.created_at).where(versions.c.project_id == project_id)
    newest = connection.execute(mine.order_by(versions.c.id.desc()).limit(1)).one_or_none()
    plan = _plan(newest) if newest else None
    if plan is None or plan[1] != 1:
        return _Look()
    begun = connection.scalar(sa.select(sa.func.min(reviews.c.created_at)).where(reviews.c.project_id == project_id, reviews.c.random == 1))
    if begun is not None:
        earlier = connection.execute(mine.where(versions.c.created_at <= begun).order_by(versions.c.id.desc()).limit(1)).all()
        since = [*earlier, *connection.execute(mine.where(versions.c.created_at > begun))]
        if any(_plan(one) != plan for one in since):
            return _Look(refused="The size of the audit was declared, or changed, after it had begun, so one look is not enough.")
    # The kind is written into the statement, so that planners see that the index of looks fits.
    looked = events.c.kind == sa.literal_column("'audit_looked_at'")
    noted = sa.select(events.c.payload).where(events.c.project_id == project_id, looked)
    taken = connection.scalar(noted.order_by(events.c.id).limit(1))
    return _Look(True, decode(taken) if taken else None)


def _waits(connection: Connection, project_id: int) -> bool:
    """Tell whether answers or audits are still to come: asked first, for counting costs more."""
    tasks = tables.tasks
    # A planted error that nobody holds need not be waited for; one that somebody holds will be counted.
    audits = sa.and_(tasks.c.purpose == "audit", sa.or_(tasks.c.annotation_id.is_(None), tasks.c.state == "leased"))
    asked = sa.select(tasks.c.id).where(
        tasks.c.project_id == project_id,
        tasks.c.state.in_(("open", "leased")),
        sa.or_(audits, tasks.c.purpose.in_(("label", "redo"))),
    )
    return connection.scalar(asked.limit(1)) is not None


def _plan(version: Any) -> tuple[str, int | None]:
    review = decode(version.declaration).get("review") or {}
    return str(review.get("sample", "")), review.get("looks")


# --- proving --------------------------------------------------------------------------------------------------------------------


def _prove(
    name: str,
    kind: str,
    counts: _Counts,
    evidence: Evidence,
    look: _Look,
    confidence: float,
    method: Method,
    editorial: Mapping[int, Mapping[str, list[str]]],
) -> QuestionAudit:
    planted = evidence.measured(name)
    complete = not counts.pending and not counts.unproved and not counts.shows_little(method)
    refused = look.refused
    if look.one and look.taken is not None and look.taken.get(name) != _seen(counts, planted):
        refused = "The one look was taken before labels or audits changed; what is said now holds for all looks."
    one = look.one and not refused
    bound = remaining = 1.0
    if not one or (complete and look.taken is not None):
        bound, remaining = _bounds(counts, planted, confidence, "one" if one else "any", method)
    reasons = _reasons(counts, method)
    if one and not reasons:
        if counts.unproved:
            reasons.append(f"{counts.unproved:,} labels are not drawn yet, and the file declares one look at a complete audit")
        elif look.taken is None:
            reasons.append("the audit is complete, and its one look is taken by the next `labelwright run`")
    hidden = one and bool(reasons)
    clauses = dict(evidence.outdated_clauses(name).most_common()) if counts.outdated else {}
    again, same = evidence.same_again(name)
    sentences = [
        _claim(counts, planted, confidence, bound, remaining, "one" if one else "any", reasons, hidden=hidden),
        *([refused] if refused else []),
        *_asides(counts, clauses, again, same),
        *(_editorial(number, clauses[name]) for number, clauses in editorial.items() if name in clauses),
    ]
    return QuestionAudit(
        question=name,
        kind=kind,
        confidence=confidence,
        method=method,
        population=counts.population,
        audited=counts.audited,
        errors=None if hidden else counts.wrong,
        pending=counts.pending,
        unproved=counts.unproved,
        bound=bound,
        remaining=remaining,
        enough=not reasons,
        statement=" ".join(sentences),
        looks="one" if one else "any",
        own=counts.own,
        outdated=counts.outdated,
        shown=counts.shown,
        left=counts.left,
        gone=counts.gone,
        planted=planted.planted,
        found=planted.found,
        clauses=clauses,
    )


def _bounds(counts: _Counts, planted: Planted, confidence: float, looks: Looks, method: Method) -> tuple[float, float]:
    """Return the bound before the audit's repairs and after them."""
    population = max(counts.population, counts.sample)
    bound = bound_of(
        counts.errors,
        counts.sample,
        population,
        confidence,
        looks=looks,
        method=method,
        planted=planted.planted,
        found=planted.found,
    )
    if counts.population:
        # Whatever was drawn may have been wrong before it changed: the bound is about all of it, and what changed comes on top.
        bound = min(1.0, bound + counts.unproved / counts.population)
    # Labels that were withdrawn or left have taken their errors along, and the rest is fewer.
    rest = counts.population - counts.gone
    remaining = min(1.0, max(0.0, (bound * counts.population - counts.repaired) / rest)) if rest > 0 else 1.0
    return bound, remaining


def _reasons(counts: _Counts, method: Method) -> list[str]:
    """Say, in parts of a sentence, why the evidence is not enough; nothing where it is."""
    if not counts.population:
        return ["there is no label made from annotators' answers"]
    not_counting = (
        (counts.own, "reviewed by their own author, which is no audit"),
        (counts.outdated, "audited by criteria that have changed since, and must be audited anew"),
        (counts.shown, "reviewed with the label in view, which is no audit: somebody else has to be asked blind"),
    )
    found = [f"{count:,} {_labels(count)} {how}" for count, how in not_counting if count]
    if not counts.audited and counts.waiting == counts.pending:
        found.append("no label was audited at random")
    elif counts.shows_little(method):
        found.append(f"only {counts.audited:,} {_labels(counts.audited)} audited at random, and fewer than {LEAST} show little")
    if counts.waiting:
        found.append(f"{counts.waiting:,} {_labels(counts.waiting)} drawn for the audit and not yet audited")
    return found


def _claim(
    counts: _Counts,
    planted: Planted,
    confidence: float,
    bound: float,
    remaining: float,
    looks: Looks,
    reasons: list[str],
    *,
    hidden: bool,
) -> str:
    level = f"{100 * confidence:g}%"
    if reasons:
        said = f"Not enough evidence: {', and '.join(reasons)}."
        if counts.audited and bound < 1 and not hidden:
            said += f" With what waits counted as wrong, at most {bound:.2%} of {counts.population:,} are wrong at {level} confidence."
        return said
    if planted.planted:
        missed = planted.planted - planted.found
        begin = (
            f"Auditors overlooked {missed - planted.unseen:,} of {planted.planted - planted.unseen:,} planted errors, "
            + (f"{planted.unseen:,} more count as overlooked because few of them came to who audited most, " if planted.unseen else "")
            + "and the bound allows for it, "
            "assuming that the planted ones are as hard to see as the rest."
        )
    else:
        begin = "This assumes auditors who find every error: how many they find was not measured."
    when = "at its one look" if looks == "one" else "however often one looks"
    now = f", {counts.gone:,} of which {'is' if counts.gone == 1 else 'are'} there no more," if counts.gone else ""
    said = (
        f"{begin} At {level} confidence, {when}, at most {bound:.2%} of the {counts.population:,} labels{now} were wrong before the "
        f"audit's own repairs: of {counts.audited:,} audited at random, {counts.wrong:,} {'was' if counts.wrong == 1 else 'were'} wrong."
    )
    if counts.wrong or counts.left:
        said += f" With these put right or taken out, at most {remaining:.2%} are wrong now."
    return said


def _asides(counts: _Counts, clauses: dict[str, int], again: int, same: int) -> list[str]:
    said = []
    if counts.left:
        many = "error of an item" if counts.left == 1 else "errors of items"
        said.append(f"{counts.left:,} {many} that left the sample stay in the count.")
    if counts.unproved:
        since = "label that has changed or is" if counts.unproved == 1 else "labels that have changed or are"
        said.append(f"The audit says nothing about {counts.unproved:,} {since} not complete yet; all of them count as wrong.")
    if clauses:
        listed = ", ".join(f"'{clause}' ({count:,})" for clause, count in clauses.items())
        said.append(f"Changed since they were audited: {listed}.")
    if again:
        low, high = binomial_interval(same, again)
        said.append(
            f"Their own authors gave {same:,} of {again:,} answers again when asked blind, days later: a consistency of {same / again:.0%} "
            f"({low:.0%} to {high:.0%}), which says nothing about errors that somebody makes both times."
        )
    return said


def _editorial(version: int, clauses: list[str]) -> str:
    listed = ", ".join(f"'{clause}'" for clause in clauses)
    return f"The change of {listed} in version {version:,} of the pipeline was declared editorial: audits given before it count."


def _labels(count: int) -> str:
    return "label was" if count == 1 else "labels were"
