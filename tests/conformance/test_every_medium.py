"""Every modality, bundled or installed, keeps the contract of `media`: it says what bytes are, or why they are nothing that it knows."""

from __future__ import annotations

import random
import warnings
from collections.abc import Callable
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from labelwright import plugins
from labelwright.errors import InvalidFile, LabelwrightError, TooLarge
from labelwright.media import modality_of
from labelwright.schema.modalities import MODALITIES, Stored

MEDIA = plugins.names("media")


def whole(name: str) -> bytes:
    """Return a small whole file of a modality."""
    body: bytes = plugins.load("media", name).sample(random.Random(1))
    return body


@pytest.mark.parametrize("name", MEDIA)
def test_it_says_which_files_are_its_own(name: str) -> None:
    """Its endings belong to no other modality, and it says in a sentence what its files are."""
    module = plugins.load("media", name)
    assert plugins.summary("media", name).rstrip().endswith((".", ",", ";")) or len(plugins.summary("media", name)) > 20
    for suffix in module.SUFFIXES:
        assert modality_of(f"file{suffix.upper()}") == name


@pytest.mark.parametrize("name", MEDIA)
def test_a_whole_file_is_probed_and_verified(name: str) -> None:
    """The probe of bytes that are stored names a media type for which the value knows the ending of an exported file."""
    module = plugins.load("media", name)
    module.verify(whole(name), where="file")
    found = module.probe(whole(name), where="file")
    field = MODALITIES[name]
    if issubclass(field, Stored):
        assert found.media_type in field.endings


@pytest.mark.parametrize("name", MEDIA)
@given(body=st.binary(max_size=300), cut=st.integers(0, 400), flip=st.integers(0, 400))
def test_any_bytes_are_accepted_or_refused(name: str, body: bytes, cut: int, flip: int) -> None:
    """Noise, and whole files cut off or changed in one place, raise nothing but the two errors, and no warning."""
    module = plugins.load("media", name)
    good = bytearray(whole(name))
    changed = bytes(good[: max(0, len(good) - cut)])
    good[flip % len(good)] ^= 0x55
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        for candidate in (body, changed, bytes(good), b""):
            for look in (module.probe, module.verify):
                refusal = refused(look, candidate)
                assert refusal is None or (refusal.where == "file" and refusal.message.endswith("."))


def refused(look: Callable[..., Any], body: bytes) -> LabelwrightError | None:
    try:
        look(body, where="file")
    except (InvalidFile, TooLarge) as error:
        return error
    return None
