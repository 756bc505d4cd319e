"""Models and features as plain numbers."""

from __future__ import annotations

import io

import numpy as np
import pytest

from labelwright.assist.arrays import pack, unpack
from labelwright.assist.learners import _agreement, _linear
from labelwright.errors import InvalidFile
from labelwright.media.features import audio, image, text


def test_arrays_come_back_as_they_were():
    """What is packed is unpacked, and the same arrays give the same bytes."""
    arrays = {"b": np.arange(6).reshape(2, 3), "a": np.array(0.5), "names": np.array(["x", "ü"])}
    found = unpack(pack(arrays))
    assert {name: value.tolist() for name, value in found.items()} == {name: value.tolist() for name, value in arrays.items()}
    assert pack(arrays) == pack(dict(reversed(arrays.items())))


def test_reading_a_model_runs_no_code():
    """An array of objects, which only a pickle can hold, is neither written nor read."""
    with pytest.raises(ValueError, match="Object arrays"):
        pack({"a": np.array([object()])})
    out = io.BytesIO()
    np.savez(out, a=np.array([{"x": 1}], dtype=object))
    with pytest.raises(ValueError, match="allow_pickle"):
        unpack(out.getvalue())


def test_a_temperature_makes_probabilities_honest():
    """Probabilities that were too sure are softened, and then they are right as often as they say."""
    random = np.random.default_rng(0)
    honest = random.uniform(0.5, 1.0, 4000)
    codes = (random.uniform(size=4000) > honest).astype(int)
    odds = (honest / (1 - honest)) ** 3
    too_sure = np.stack([odds / (1 + odds), 1 / (1 + odds)], axis=1)
    found = _linear.temperature(too_sure, codes)
    assert abs(found - 3) < 0.4
    soft = _linear.soften(too_sure, found)
    assert _linear.calibration_error(soft[:, 0], codes == 0) < 0.03


def test_a_score_is_the_agreement_to_expect():
    """The curve maps raw confidence to the agreement that was reached, and never turns the order around."""
    random = np.random.default_rng(0)
    raw = random.uniform(0.05, 0.95, 500)
    agreement = np.clip(raw * 0.5 + random.normal(0, 0.05, 500), 0, 1)
    curve = _agreement.fit_curve(raw.tolist(), agreement.tolist())
    assert abs(_agreement.score(curve, 0.8) - 0.4) < 0.06
    backwards = _agreement.fit_curve(raw.tolist(), (1 - raw).tolist())
    assert _agreement.score(backwards, 0.9) >= _agreement.score(backwards, 0.1)


def test_features_have_their_size_for_any_content():
    """A picture of one pixel, a long thin one, a moment of silence and an empty text are rows of the usual length."""
    import soundfile
    from PIL import Image

    for size in ((1, 1), (300, 2), (64, 64)):
        out = io.BytesIO()
        Image.new("L", size, 7).save(out, "PNG")
        row = image.vector(out.getvalue())
        assert row.shape == (image.SIZE,)
        assert np.isfinite(row).all()
    for samples in (1, 500, 20_000):
        out = io.BytesIO()
        soundfile.write(out, np.zeros(samples), 8000, format="WAV")
        row = audio.vector(out.getvalue())
        assert row.shape == (audio.SIZE,)
        assert np.isfinite(row).all()
    assert text.matrix(["", "a", "Grüße 日本"]).shape == (3, 2 * text.COLUMNS)
    with pytest.raises(InvalidFile):
        image.vector(b"nothing")
    with pytest.raises(InvalidFile):
        audio.vector(b"nothing")
