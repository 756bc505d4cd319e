"""A small model that learns from the labels so far, one for each question, and suggests the rest.

Which model depends on the question: for choices about texts, words and stretches of characters with logistic regression; for choices
about pictures and recordings, edges and colors or the spectrum with logistic regression; for spans, a classifier of tokens; for
segments, loud stretches and for boxes, regions that stand out, each with a classifier that learns what they are.

It is trained when each of two labels at least has been given `fewest` times, and again when `retrain` more labels have come. Its score is
calibrated on items that it had not seen: of suggestions with a score of 0.9, nine in ten should be right, or, for spans, boxes and
segments, they should agree to 0.9 with a person. Where it is less sure than `at_least` it abstains, and a model that is no better than
always giving the most frequent label suggests nothing at all. Items that have a label keep what was suggested before. Gold items look like
all others to annotators, so it neither learns from them nor leaves them out.

Example: `{model: {}}`, or `{model: {questions: [intent], retrain: 50%, at_least: 0.8, group: customer}}`.
"""

from __future__ import annotations

from collections.abc import Sequence

from msgspec import Struct

from labelwright.assist.labelers.base import UNTOUCHED, Declined, Labeler, Progress, Untouched
from labelwright.assist.learners import learner_for, methods
from labelwright.assist.learners.base import Learned
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.assist.training import Wanted, latest
from labelwright.errors import InvalidPipeline, nearest
from labelwright.schema import Item
from labelwright.schema.quantities import share
from labelwright.store.labels import final_labels
from labelwright.store.project import Project

SHORT = "method"


class Options(Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What may be set.

    `method` is `auto`, or the name of one of the models to use that one alone; `questions` are those to answer, all unless given;
    `retrain` the share of new labels at which to learn again; `fewest` the labels that each of two classes needs, or the labeled items
    that spans, boxes and segments need; `at_least` the score below which it abstains, 0.5 for choices and 0.3 for the others unless given;
    `group` a column of the data: items that share its value (a customer, a speaker) are never in two folds.
    """

    method: str = "auto"
    questions: tuple[str, ...] = ()
    retrain: str = "20%"
    fewest: int = 5
    at_least: float | None = None
    group: str | None = None


def open_labelers(options: Options, project: Project, place: str, progress: Progress) -> list[Labeler | Declined]:
    """Train what has to be trained, and return the model of each question."""
    questions = project.schema.questions
    for name in options.questions:
        if name not in questions:
            raise InvalidPipeline(f"There is no question '{name}'.", where=f"{place}.model.questions", hint=nearest(name, questions))
    if options.method != "auto" and options.method not in methods():
        raise InvalidPipeline(
            f"There is no model '{options.method}'.", where=f"{place}.model", hint=nearest(options.method, ["auto", *methods()])
        )
    more = share(options.retrain, f"{place}.model.retrain")
    found: list[Labeler | Declined] = []
    media = ItemMedia(project)
    for name in options.questions or questions:
        learner = learner_for(questions[name], project.schema)
        if learner is None or options.method not in ("auto", learner.METHOD):
            continue
        wanted = Wanted("model", name, learner, more=more, fewest=max(2, options.fewest), group=options.group)
        progress(0, None, f"learning: {name}")
        state, learned = latest(project, wanted, media)
        if learned is None:
            found.append(Declined("model", name, state.note or "It has not learned anything yet.", state.failed))
        else:
            least = options.at_least if options.at_least is not None else learner.AT_LEAST
            found.append(_Model(name, f"{state.version}", least, learned, project, media))
    if not found and options.method != "auto":
        raise InvalidPipeline(f"The model '{options.method}' fits none of the questions.", where=f"{place}.model", hint="Use auto.")
    return found


class _Model:
    name = "model"

    def __init__(self, question: str, version: str, at_least: float, learned: Learned, project: Project, media: ItemMedia) -> None:
        self.question = question
        self.version = f"{version}-{round(at_least * 100)}"
        self._at_least = at_least
        self._learned = learned
        self._project = project
        self._media = media

    def propose(self, items: Sequence[Item]) -> list[Proposal | Untouched | None]:
        ids = [item.id for item in items]
        with self._project.database.read() as connection:
            labeled = {
                label.item_id
                for label in final_labels(connection, self._project.id, self._project.schema, item_ids=ids)
                if label.question == self.question and label.origin != "gold"
            }
        open_items = [item for item in items if item.id not in labeled]
        proposed = self._learned.predict(open_items, self._media) if open_items else []
        proposals = dict(zip([item.id for item in open_items], proposed, strict=True))
        return [UNTOUCHED if item.id in labeled else self._sure(proposals[item.id]) for item in items]

    def close(self) -> None:
        """Its version was written down when it was trained."""

    def _sure(self, proposal: Proposal | None) -> Proposal | None:
        return proposal if proposal is not None and (proposal.score or 0.0) >= self._at_least else None
