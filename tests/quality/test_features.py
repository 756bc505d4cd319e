"""What models see of texts: all of short ones, and of long ones no more than fits into bounded memory."""

from __future__ import annotations

import random
import tracemalloc
from typing import Any

import numpy as np
import pytest

from labelwright import stats
from labelwright.assist import training
from labelwright.assist.learners import text as learner
from labelwright.media.features import text as counted
from labelwright.quality import features
from labelwright.quality.features import LabeledPlace, seen_of
from labelwright.schema import Text
from labelwright.store.project import Project
from tests.rows import add_texts

WORDS = [f"{number:x}" for number in random.Random(0).sample(range(10**8), 1000)]


def texts(count: int, words: int) -> list[str]:
    chance = random.Random(1)
    return [" ".join(chance.choices(WORDS, k=words)) for _ in range(count)]


def examples(bodies: list[str]) -> list[LabeledPlace]:
    return [LabeledPlace(number, "ab"[number % 2], *seen_of(Text(body), (), len(bodies)), 0, None) for number, body in enumerate(bodies)]  # type: ignore[arg-type]


def test_short_texts_are_seen_as_a_whole() -> None:
    """Their rows are those of tf-idf over all of them."""
    from sklearn.feature_extraction.text import TfidfVectorizer

    bodies = texts(1200, 30)
    matrix, _, _ = features._of_text(examples(bodies))
    plain = TfidfVectorizer(token_pattern=r"\w+", ngram_range=(1, 2), sublinear_tf=True, max_features=100_000).fit_transform(bodies)
    assert abs(matrix - plain).max() < 1e-12
    rows = counted.matrix(bodies[:600])
    assert (rows != counted.matrix(bodies)[:600]).nnz == 0


def test_long_texts_are_seen_in_bounded_memory(monkeypatch: pytest.MonkeyPatch) -> None:
    """Twelve times as much text takes hardly more than what is allowed of it."""

    def peak(bodies: list[str]) -> int:
        tracemalloc.start()
        features._of_text(examples(bodies))
        used = tracemalloc.get_traced_memory()[1]
        tracemalloc.stop()
        return used

    monkeypatch.setattr(features, "ALL_CHARACTERS", 1_000_000)
    monkeypatch.setattr(features, "VOCABULARY_CHARACTERS", 200_000)
    peak(texts(20, 10))  # scikit-learn is imported
    assert peak(texts(1000, 1500)) < 1.5 * peak(texts(1000, 120))


def test_a_span_is_seen_with_what_stands_around_it() -> None:
    """Wherever it stands in a long text, it is described as if the text were there as a whole."""
    body = " ".join(texts(1, 3000))
    for start, end in ((0, 5), (7, 20), (5000, 5012), (len(body) - 9, len(body))):
        field, geometry = seen_of(Text(body), (float(start), float(end)), 10)
        assert isinstance(field, Text)
        assert len(field.text) < 300
        assert features._around(field.text, geometry) == features._around(body, (start, end))


def test_a_model_learns_from_as_much_text_as_it_takes(make_project: Any) -> None:
    """Everything where that fits, else a random sample that stays the same."""
    project: Project = make_project()
    ids = add_texts(project, texts(50, 100))
    with project.database.read() as connection:
        assert training._within(connection, ids, None, 10**9) == ids
        some = training._within(connection, ids, None, 20_000)
        assert 15 < len(some) < 35
        assert some == sorted(some) == training._within(connection, ids, None, 20_000)
        assert training._within(connection, ids, 100, 5000) == ids


def test_weighing_counts_leaves_rows_of_length_one() -> None:
    """Columns that are not asked for have no part in it."""
    counts = counted.matrix(texts(30, 20))
    seen = np.bincount(counts.indices, minlength=counts.shape[1])
    columns = np.flatnonzero(seen >= 2).astype(np.int32)
    rarity = np.linspace(1, 2, len(columns), dtype=np.float32)
    expected = counts[:, columns].multiply(rarity).tocsr()
    weighed = learner._weigh(counts, columns, rarity)
    assert weighed.shape == (30, len(columns))
    lengths = np.sqrt(np.asarray(expected.multiply(expected).sum(axis=1))).ravel()
    assert np.allclose(weighed.toarray(), expected.toarray() / lengths[:, None], atol=1e-6)


def test_many_labels_are_learned_in_few_passes_and_bounded_weights(monkeypatch: pytest.MonkeyPatch) -> None:
    """A model of many labels goes over the examples three times and has no more weights than are allowed, and finds planted errors."""
    chance = random.Random(2)
    labels, count = 40, 5200
    own = [chance.sample(WORDS, 8) for _ in range(labels)]
    truth = [chance.randrange(labels) for _ in range(count)]
    given = [chance.randrange(labels) if chance.random() < 0.05 else label for label in truth]
    bodies = [" ".join([*chance.choices(own[label], k=4), *chance.choices(WORDS, k=6)]) for label in truth]
    shown = [
        LabeledPlace(number, str(label), Text(body), (), 0, None) for number, (label, body) in enumerate(zip(given, bodies, strict=True))
    ]  # type: ignore[arg-type]
    monkeypatch.setattr(features, "WEIGHTS", 200_000)
    matrix, _, model = features._of_text(shown)
    assert matrix.shape[1] * labels <= 200_000
    assert model().fit(matrix, given).n_iter_ == 3
    foretold = stats.out_of_fold(matrix, given, model=model)
    suspects = set(stats.find_label_errors(given, foretold.probabilities, classes=foretold.classes).suspects)
    wrong = {place for place in range(count) if given[place] != truth[place]}
    assert len(suspects & wrong) > 0.8 * len(wrong)
    assert len(suspects - wrong) < 0.1 * len(suspects)
