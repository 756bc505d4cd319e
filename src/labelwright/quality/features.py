"""What the search for label errors looks at: cheap features, made from the items themselves."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from types import ModuleType
from typing import Any, NamedTuple

from labelwright import plugins
from labelwright.errors import InvalidInput
from labelwright.schema import Question
from labelwright.schema.modalities import Field, Stored, Text
from labelwright.store.labels import FinalLabel
from labelwright.store.project import Project

__all__ = ["LabeledPlace", "features_of", "seen_of"]

MANY = 5000
"""From this many examples on, a model is trained that takes one pass after another and not all at once."""

MANY_LABELS = 20
"""Beyond so many labels it takes `PASSES` and no more: each costs time for every label, and errors are found no better by more."""

PASSES = 3

MOST_WORDS = 100_000
"""So many words and pairs of words are looked at, those that occur most often."""

WEIGHTS = 10_000_000
"""A model has a weight for every word and label, and so many in all."""

PAGE = 500
"""Texts counted at a time."""

MOST_CHARACTERS = 20_000
"""Of a longer text, the beginning counts."""

ALL_CHARACTERS = 60_000_000
"""So many characters of all texts together: of 30,000 texts, 2,000 each."""

VOCABULARY_CHARACTERS = 8_000_000
"""The words that count are those of texts with so many characters in all, drawn at random where there are more."""

AROUND = 80
"""Characters before and after a span in which the words beside it are looked for."""

CONTEXT = 3
"""Words before and after a span that tell what it is."""


class LabeledPlace(NamedTuple):
    """One label and what it stands on: a field, or a place in it; `place` counts the units of the answer that it comes from."""

    item_id: int
    label: str
    field: Field | None
    geometry: tuple[float, ...]
    place: int
    source: FinalLabel


def seen_of(field: Field, geometry: tuple[float, ...], examples: int) -> tuple[Field, tuple[float, ...]]:
    """Return what is looked at of a field and a place in it, where there are about so many examples: not all of a long text."""
    if field.text is None:
        return field, geometry
    most = min(MOST_CHARACTERS, max(500, ALL_CHARACTERS // max(1, examples)))
    if not geometry:
        return (Text(field.text[:most]) if len(field.text) > most else field), geometry
    start, end = int(geometry[0]), int(geometry[1])
    begin = max(0, start - AROUND)
    if len(field.text) <= end - begin + AROUND:
        return field, geometry
    end = min(end, start + most)
    return Text(field.text[begin : end + AROUND]), (float(start - begin), float(end - begin))


def features_of(project: Project, question: Question, examples: Sequence[LabeledPlace]) -> tuple[Any, str, Callable[[], Any]]:
    """Return features, one row an example, what they are in words, and how to make an untrained model that suits them.

    Raises:
        InvalidInput: an item lacks the field, or nobody says what is to be looked at in such a one.
    """
    if project.schema.modality(question.of).is_text:
        return _of_text(examples)
    modality = project.schema.data[question.of]
    if modality not in plugins.names("features"):
        raise InvalidInput(f"No features are known of the modality {modality}.")
    return _of_media(project, examples, plugins.load("features", modality))


def _of_media(project: Project, examples: Sequence[LabeledPlace], features: ModuleType) -> tuple[Any, str, Callable[[], Any]]:
    import numpy as np

    rows: list[Any] = []
    shown: tuple[str, Any] = ("", None)
    for example in examples:
        if not isinstance(example.field, Stored):
            raise InvalidInput("The item has nothing that could be looked at.", where=f"item {example.item_id}")
        if shown[0] != example.field.blob:
            # The examples of one item come one behind the other.
            shown = (example.field.blob, features.opened(project.blobs.get(example.field.blob)))
        rows.append(features.vector_of(features.part(shown[1], example.geometry) if example.geometry else shown[1]))

    def model() -> Any:
        from sklearn.linear_model import LogisticRegression
        from sklearn.pipeline import make_pipeline
        from sklearn.preprocessing import StandardScaler

        return make_pipeline(StandardScaler(), LogisticRegression(C=0.01, max_iter=200, random_state=0))

    return np.vstack(rows).astype(np.float64), features.WHAT, model


def _of_text(examples: Sequence[LabeledPlace]) -> tuple[Any, str, Callable[[], Any]]:
    import numpy as np
    from scipy.sparse import vstack
    from sklearn.feature_extraction.text import TfidfVectorizer

    texts = [example.field.text or "" if example.field else "" for example in examples]
    spans = any(example.geometry for example in examples)
    if spans:
        texts = [_around(text, example.geometry) for text, example in zip(texts, examples, strict=True)]
        what = f"words of the span and {CONTEXT} words on both sides (tf-idf)"
        own: dict[str, Any] = {"token_pattern": r"\S+", "lowercase": False}
    else:
        what = "words and pairs of words (tf-idf)"
        own = {"token_pattern": r"\w+", "ngram_range": (1, 2)}
    if not any(re.search(r"\w", text) for text in texts):
        texts = ["empty"] * len(texts)
    few = len(examples) < MANY
    labels = len({example.label for example in examples})
    words = min(MOST_WORDS, WEIGHTS // labels)
    vectorizer = TfidfVectorizer(sublinear_tf=True, max_features=words, dtype=np.float64 if few else np.float32, **own)
    vectorizer.fit(_drawn(texts, VOCABULARY_CHARACTERS))
    matrix = vstack([vectorizer.transform(texts[start : start + PAGE]) for start in range(0, len(texts), PAGE)], format="csr")

    def model() -> Any:
        from sklearn.linear_model import LogisticRegression, SGDClassifier

        if few:
            return LogisticRegression(C=10.0, max_iter=200, random_state=0)
        if labels > MANY_LABELS:
            return SGDClassifier(loss="log_loss", alpha=1e-5, max_iter=PASSES, tol=None, random_state=0)
        return SGDClassifier(loss="log_loss", alpha=1e-5, random_state=0)

    return matrix, what, model


def _drawn(texts: list[str], characters: int) -> list[str]:
    """Return texts that have no more than so many characters together: all, or some drawn at random, the same each time."""
    import random

    if sum(map(len, texts)) <= characters:
        return texts
    drawn: list[str] = []
    for place in random.Random(0).sample(range(len(texts)), len(texts)):
        characters -= len(texts[place])
        if characters < 0 and drawn:
            break
        drawn.append(texts[place])
    return drawn


def _around(text: str, geometry: tuple[float, ...]) -> str:
    """Describe a span by words: its own, its shape, and those beside it.

    >>> _around("Flight to Oslo on Monday", (10, 14))
    'S:oslo E:oslo H:Xx B:flight B:to A:on A:monday'
    """
    start, end = int(geometry[0]), int(geometry[1])
    inside = re.findall(r"\w+|[^\w\s]", text[start:end])
    before = re.findall(r"\w+|[^\w\s]", text[max(0, start - AROUND) : start])[-CONTEXT:]
    after = re.findall(r"\w+|[^\w\s]", text[end : end + AROUND])[:CONTEXT]
    shapes = [re.sub(r"(.)\1+", r"\1", re.sub(r"\d", "0", re.sub(r"[^\W\d_a-z]", "X", re.sub(r"[a-z]", "x", word)))) for word in inside]
    words = [f"S:{word.lower()}" for word in inside]
    words += [f"E:{inside[-1].lower()}"] if inside else []
    words += [f"H:{shape}" for shape in shapes]
    words += [f"B:{word.lower()}" for word in before] + [f"A:{word.lower()}" for word in after]
    return " ".join(words)
