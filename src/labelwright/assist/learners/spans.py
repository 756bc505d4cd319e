"""Spans in texts: each word is told to begin, to continue or to lie outside of a span, by the words around it and how they are written.

Logistic regression gives each token's probabilities, and the best sequence in which spans begin before they go on is the answer (as in
Ratinov and Roth 2009, without lists of names).
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

from labelwright.assist.arrays import Arrays
from labelwright.assist.learners import _agreement, _linear
from labelwright.assist.learners.base import LabeledItem, Learned, LearningResult, TooLittle
from labelwright.assist.media import ItemMedia
from labelwright.assist.proposal import Proposal
from labelwright.media.features import text as features
from labelwright.schema import Answer, Item
from labelwright.schema.kinds import Part, Question
from labelwright.shapes import INTERVAL

if TYPE_CHECKING:
    from numpy.typing import NDArray

METHOD = "token_logistic"
VERSION = f"1 {features.VERSION}"
ANSWERS = frozenset({(INTERVAL, "text")})
MOST = 3000
ALL_CHARACTERS = 30_000_000
AT_LEAST = 0.3

FOLDS = 3
COLUMNS = 1 << 18
MOST_TOKENS = 2000
"""Of a longer text, the beginning is looked at."""

_STRENGTH = 2.0
_ITERATIONS = 60


def learn(question: Question, examples: Sequence[LabeledItem], media: ItemMedia, fewest: int) -> LearningResult:
    """Learn from texts with their spans."""
    import numpy as np

    labels = question.labels
    texts = [_text(example.item, question) for example in examples]
    with_spans = sum(bool(example.answer.parts()) for example in examples)
    if with_spans < fewest or len(examples) < 2 * FOLDS:
        raise TooLittle(f"{max(fewest, 2 * FOLDS)} labeled texts are needed, {fewest} of them with spans; so far: {len(examples)}.")
    places = [features.tokens(text)[:MOST_TOKENS] for text in texts]
    codes = np.concatenate([_tags(example.answer, place, labels) for example, place in zip(examples, places, strict=True)])
    counts = _matrix(texts, places)
    columns = np.flatnonzero(np.bincount(counts.indices, minlength=COLUMNS) >= 2).astype(np.int32)
    matrix = counts[:, columns]
    classes = 1 + 2 * len(labels)
    _, folds = _linear.folds_for([example.group for example in examples], FOLDS)
    if folds < 2 or len(np.unique(codes)) < 2:
        raise TooLittle("All labeled texts belong to one group, or no span lies on a word.")
    groups = [example.group for example, place in zip(examples, places, strict=True) for _ in place]
    unseen = _linear.unseen(matrix, codes, classes, groups, strength=_STRENGTH, scale=False, iterations=_ITERATIONS, folds=folds)
    answers, raw, start = [], [], 0
    for place in places:
        answer, confidence = _decode(unseen[start : start + len(place)], place, question)
        answers.append(answer)
        raw.append(confidence)
        start += len(place)
    truth = [example.answer for example in examples]
    report = _agreement.measure(question, answers, truth)
    if report["f1"] < 0.1:
        raise TooLittle(f"On texts that it had not seen it finds {report['recall']:.0%} of the spans.")
    curve = _agreement.fit_curve(raw, [1.0 - question.distance(one, other) for one, other in zip(answers, truth, strict=True)])
    fitted = _linear.fit(matrix, codes, classes, strength=_STRENGTH, scale=False, iterations=_ITERATIONS)
    return LearningResult(
        {**fitted.arrays(), "columns": columns, "curve": curve}, {"labels": len(examples), "classes": list(labels), **report}
    )


def load(question: Question, arrays: Arrays) -> Learned:
    """Make the model of its arrays again."""
    return _Model(question, arrays)


class _Model:
    def __init__(self, question: Question, arrays: Arrays) -> None:
        self._question = question
        self._columns, self._curve = arrays["columns"], arrays["curve"]
        self._linear = _linear.Linear.of(arrays)

    def predict(self, items: Sequence[Item], media: ItemMedia) -> list[Proposal | None]:
        texts = [_text(item, self._question) for item in items]
        places = [features.tokens(text)[:MOST_TOKENS] for text in texts]
        probabilities = self._linear.probabilities(_matrix(texts, places)[:, self._columns])
        found: list[Proposal | None] = []
        start = 0
        for place in places:
            answer, raw = _decode(probabilities[start : start + len(place)], place, self._question)
            found.append(Proposal(answer, _agreement.score(self._curve, raw)))
            start += len(place)
        return found


def _tags(answer: Answer, places: list[tuple[int, int]], labels: tuple[str, ...]) -> NDArray[Any]:
    """0 outside, 1 + 2 i where a span of label i begins, 2 + 2 i where it goes on; of nested spans the longest counts."""
    import numpy as np

    tags = np.zeros(len(places), dtype=np.int64)
    for unit in sorted(answer.parts(), key=lambda unit: unit.geometry[0] - unit.geometry[1]):
        start, end = unit.geometry
        inside = [index for index, (begin, stop) in enumerate(places) if begin < end and stop > start]
        if inside and unit.label in labels and not tags[inside].any():
            tags[inside] = 2 + 2 * labels.index(unit.label)
            tags[inside[0]] -= 1
    return tags


def _decode(probabilities: NDArray[Any], places: list[tuple[int, int]], question: Question) -> tuple[Answer, float]:
    """Return the best answer, and how sure it is: the F1 of tokens that it may expect."""
    import numpy as np

    if not len(places):
        return question.with_parts([]), 0.5
    tags = _best_sequence(np.log(np.maximum(probabilities, 1e-9)))
    units: list[Part] = []
    for index, tag in enumerate(tags):
        label = question.labels[(tag - 1) // 2] if tag else ""
        if tag and tag % 2:
            units.append(Part(label, (places[index][0], places[index][1])))
        elif tag:
            units[-1] = Part(label, (units[-1].geometry[0], places[index][1]))
    chosen = probabilities[np.arange(len(tags)), tags]
    inside = tags > 0
    if not units:
        return question.with_parts([]), float(np.exp(np.log(np.maximum(probabilities[:, 0], 1e-9)).sum()))
    right, wrong = float(chosen[inside].sum()), float((1 - chosen[inside]).sum())
    missed = float((1 - chosen[~inside]).sum())
    return question.with_parts(units), 2 * right / (2 * right + wrong + missed)


def _best_sequence(scores: NDArray[Any]) -> NDArray[Any]:
    """The best sequence of tags in which a span goes on only behind its beginning (Viterbi 1967)."""
    import numpy as np

    classes = scores.shape[1]
    tag = np.arange(classes)
    goes_on = (tag > 0) & (tag % 2 == 0)
    # Row: the tag before, column: the tag now.
    allowed = np.where(~goes_on[None, :] | (tag[:, None] == tag[None, :]) | (tag[:, None] == tag[None, :] - 1), 0.0, -np.inf)
    best = np.where(goes_on, -np.inf, scores[0])
    back = np.zeros(scores.shape, dtype=np.int64)
    for index in range(1, len(scores)):
        ways = best[:, None] + allowed
        back[index] = ways.argmax(axis=0)
        best = ways.max(axis=0) + scores[index]
    sequence = np.zeros(len(scores), dtype=np.int64)
    sequence[-1] = best.argmax()
    for index in range(len(scores) - 1, 0, -1):
        sequence[index - 1] = back[index, sequence[index]]
    return sequence


def _matrix(texts: Sequence[str], places: Sequence[list[tuple[int, int]]]) -> Any:
    import numpy as np
    from sklearn.feature_extraction import FeatureHasher

    hasher = FeatureHasher(n_features=COLUMNS, input_type="string", alternate_sign=False, dtype=np.float32)
    rows = [row for text, place in zip(texts, places, strict=True) for row in _describe([text[start:end] for start, end in place])]
    return hasher.transform(rows or [[]])[: len(rows)]


def _describe(words: list[str]) -> list[list[str]]:
    """What is to be seen of each word: itself, its form, its beginning and end, and its neighbors."""
    lower = [word.lower() for word in words]
    forms = [_form(word) for word in words]
    rows = []
    for index, word in enumerate(words):
        row = ["bias", f"w={lower[index]}", f"f={forms[index]}", f"short={len(word) < 4}"]
        row += [f"p={lower[index][:size]}" for size in (2, 3, 4)] + [f"s={lower[index][-size:]}" for size in (2, 3, 4)]
        for offset in (-2, -1, 1, 2):
            there = 0 <= index + offset < len(words)
            row.append(f"w{offset}={lower[index + offset]}" if there else f"edge{offset}")
            if there:
                row.append(f"f{offset}={forms[index + offset]}")
        before, after = (forms[index - 1] if index else "^"), (forms[index + 1] if index + 1 < len(words) else "$")
        row += [f"ff={before} {forms[index]} {after}", f"wf={lower[index - 1] if index else '^'} {forms[index]}"]
        row.append(f"fw={forms[index]} {lower[index + 1] if index + 1 < len(words) else '$'}")
        rows.append(row)
    return rows


def _form(word: str) -> str:
    """Letters as x and X, digits as 0, each run as one: `iPhone-4s` is `xXx-0x`."""
    form: list[str] = []
    for character in word:
        one = "X" if character.isupper() else "x" if character.isalpha() else "0" if character.isdigit() else character
        if not form or form[-1] != one:
            form.append(one)
    return "".join(form)


def _text(item: Item, question: Question) -> str:
    shown = item.data.get(question.of)
    return shown.text or "" if shown else ""
