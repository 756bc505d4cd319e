"""What a picture or recording tells besides goes; what it shows stays, to the last pixel and sample."""

from __future__ import annotations

import io

import numpy as np
import pytest

from labelwright.media._metadata import plain
from tests.media.telling import picture, recording


def _without(body: bytes) -> bytes:
    parts = plain(body)
    assert parts is not None
    return b"".join(part if isinstance(part, bytes) else body[part[0] : part[1]] for part in parts)


@pytest.mark.parametrize("name", ["jpeg", "png", "webp", "gif"])
@pytest.mark.parametrize("orientation", [1, 6])
def test_a_picture_keeps_pixels_orientation_and_profile(name: str, orientation: int) -> None:
    """Nothing is encoded again: the decoded pixels are equal, the picture is turned as before, and no secret is left."""
    from PIL import Image

    body = picture(name, orientation=orientation)
    left = _without(body)
    assert b"SECRET" in body
    assert b"SECRET" not in left
    before, after = Image.open(io.BytesIO(body)), Image.open(io.BytesIO(left))
    assert np.array_equal(np.asarray(before), np.asarray(after))
    assert getattr(before, "n_frames", 1) == getattr(after, "n_frames", 1) or name == "jpeg"
    if name != "gif":
        assert after.getexif().get(0x0112, 1) == orientation
        assert set(after.getexif()) <= {0x0112}
        assert after.info["icc_profile"] == before.info["icc_profile"]
    assert _without(left) == left


@pytest.mark.parametrize("name", ["wav", "flac", "ogg", "mp3"])
def test_a_recording_keeps_its_samples(name: str) -> None:
    """The decoded samples are equal, and no tag is left."""
    import soundfile

    body = recording(name)
    left = _without(body)
    assert b"SECRET" in body
    assert b"SECRET" not in left
    (before, rate), (after, same) = soundfile.read(io.BytesIO(body)), soundfile.read(io.BytesIO(left))
    assert rate == same
    assert np.array_equal(before, after)
    with soundfile.SoundFile(io.BytesIO(left)) as file:
        assert (file.title, file.artist, file.comment) == ("", "", "")


@pytest.mark.parametrize("body", [b"", b"II*\0", b"OggS and more", b"fLaC and more", b"GIF89a and more", b"%PDF"])
def test_what_is_not_known_is_not_called_plain(body: bytes) -> None:
    """A file of another format, or a broken one, has no plain form."""
    assert plain(body) is None
