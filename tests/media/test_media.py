"""Media are checked, made upright and outlined; what is broken is an error with a reason, never a warning or a picture half grey."""

from __future__ import annotations

import io
import struct
import subprocess
import sys
import time
import unicodedata
import zlib
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from functools import cache
from pathlib import Path

import msgspec
import numpy as np
import pytest
import soundfile
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image, ImageCms, TiffImagePlugin

from labelwright.errors import InvalidFile, TooLarge
from labelwright.media import audio, image, text
from labelwright.media._pool import Budget
from labelwright.settings import Settings
from tests.shared import shared


def picture(format: str = "JPEG", size: tuple[int, int] = (40, 30), mode: str = "RGB", **options: object) -> bytes:
    noise = np.random.default_rng(0).integers(0, 256, (size[1], size[0], 3), dtype=np.uint8)
    out = io.BytesIO()
    Image.fromarray(noise).convert(mode).save(out, format, **options)
    return out.getvalue()


def sound(seconds: float = 1.0, rate: int = 8000, channels: int = 1, format: str = "WAV", **options: str) -> bytes:
    wave = 0.5 * np.sin(2 * np.pi * 440 * np.arange(int(seconds * rate)) / rate)
    out = io.BytesIO()
    soundfile.write(out, np.stack([wave] * channels, axis=1), rate, format=format, **options)
    return out.getvalue()


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_every_picture_format_is_probed_and_verified(format: str) -> None:
    """The header tells size and type, and the whole decodes."""
    body = picture(format)
    found = image.probe(body)
    assert (found.width, found.height, found.media_type) == (40, 30, image.FORMATS[format])
    image.verify(body)
    normal = image.normalize(body)
    assert normal.media_type == ("image/png" if format == "TIFF" else image.FORMATS[format])
    assert (normal.body is None) == (format != "TIFF")


@pytest.mark.parametrize("format", ["JPEG", "PNG", "WEBP", "GIF", "BMP", "TIFF"])
def test_a_truncated_picture_is_refused(format: str) -> None:
    """Half of a file is no picture, though its header is whole."""
    body = picture(format, (200, 150))
    with pytest.raises(InvalidFile) as caught:
        image.verify(body[: len(body) // 2], where="a.jpg")
    assert caught.value.where == "a.jpg"
    with pytest.raises(InvalidFile):
        image.normalize(body[: len(body) // 2])


def test_other_formats_are_refused_whatever_they_are_called() -> None:
    """PostScript, which Pillow would hand to a program, and text are no pictures here."""
    for body in (b"%!PS-Adobe-3.0 EPSF-3.0\n%%BoundingBox: 0 0 9 9\n", b"hello", b"", b"\0" * 100, picture("PPM")):
        with pytest.raises(InvalidFile):
            image.probe(body)


def test_too_many_pixels_are_refused_before_decoding() -> None:
    """A PNG of a few bytes that claims 20,000 x 20,000 pixels is refused by its header; so is any above a limit given."""

    def chunk(name: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + name + body + struct.pack(">I", zlib.crc32(name + body))

    bomb = (
        b"\x89PNG\r\n\x1a\n"
        + chunk(b"IHDR", struct.pack(">IIBBBBB", 20_000, 20_000, 8, 2, 0, 0, 0))
        + chunk(b"IDAT", b"")
        + chunk(b"IEND", b"")
    )
    with pytest.raises(TooLarge, match="pixels"):
        image.probe(bomb)
    with pytest.raises(TooLarge, match="1,199"):
        image.normalize(picture(), max_pixels=1199)


@pytest.mark.parametrize("orientation", range(1, 9))
def test_a_picture_is_turned_upright(orientation: int) -> None:
    """Whatever the camera noted, the prepared picture shows the corner that belongs at the top left there, and the note is gone."""
    upright = Image.new("RGB", (40, 20), "white")
    upright.paste("red", (0, 0, 10, 10))
    back = {2: 0, 3: 3, 4: 1, 5: 5, 6: 2, 7: 6, 8: 4}  # the turn that undoes each note, by Pillow's numbers
    turned = upright.transpose(Image.Transpose(back[orientation])) if orientation > 1 else upright
    exif = Image.Exif()
    exif[0x0112] = orientation
    out = io.BytesIO()
    turned.save(out, "JPEG", quality=95, exif=exif)
    assert (image.probe(out.getvalue()).width, image.probe(out.getvalue()).height) == (40, 20)
    normal = image.normalize(out.getvalue())
    assert (normal.width, normal.height) == (40, 20)
    shown = Image.open(io.BytesIO(normal.body or out.getvalue()))
    assert shown.getexif().get(0x0112, 1) == 1
    red, green, _ = shown.getpixel((3, 3))  # type: ignore[misc]
    assert red > 200 > 100 > green
    assert shown.getpixel((36, 16))[1] > 200  # type: ignore[index]


@pytest.mark.parametrize("mode", ["1", "L", "LA", "P", "RGB", "RGBA", "I;16", "I", "F", "CMYK"])
def test_every_kind_of_pixel_has_a_thumbnail(mode: str) -> None:
    """Palettes, transparency and sixteen bits come out as a small JPEG, and survive a limit on their size."""
    format = "PNG" if mode not in ("I", "F", "CMYK") else "TIFF"
    noise = np.random.default_rng(0).integers(0, 256, (300, 400, 3), dtype=np.uint8)
    base = Image.fromarray(noise)
    if mode == "I;16":
        base = Image.fromarray((noise[:, :, 0].astype(np.uint16)) * 257)
    elif mode != "RGB":
        base = base.convert(mode)
    out = io.BytesIO()
    base.save(out, format)
    normal = image.normalize(out.getvalue(), max_side=200, thumbnail=64)
    assert (normal.width, normal.height) == (200, 150)
    image.verify(normal.body or b"")
    small = Image.open(io.BytesIO(normal.thumbnail or b""))
    assert (small.format, small.size, small.mode) == ("JPEG", (64, 48), "RGB")
    assert 30 < np.asarray(small).mean() < 225


def test_the_same_picture_gives_the_same_bytes() -> None:
    """Preparing twice changes nothing, so nothing is written twice."""
    body = picture("PNG", (300, 200))
    assert image.normalize(body, max_side=100) == image.normalize(body, max_side=100)


@pytest.mark.parametrize(("format", "options"), [("WAV", {}), ("FLAC", {}), ("OGG", {}), ("MP3", {})])
def test_every_sound_format_is_probed_outlined_and_decoded(format: str, options: dict[str, str]) -> None:
    """Duration, rate and outline are those of the tone that was written; other rates come by resampling."""
    body = sound(2.0, 16_000, 2, format, **options)
    found = audio.probe(body)
    assert found.duration == pytest.approx(2.0, abs=0.1)
    assert (found.rate, found.channels, found.media_type) == (16_000, 2, audio.FORMATS[format])
    audio.verify(body)
    normal = audio.normalize(body, points=100)
    outline = msgspec.json.decode(normal.peaks)
    assert normal.body is None
    assert len(outline["min"]) == len(outline["max"]) <= 100
    assert max(outline["max"]) == pytest.approx(64, abs=4)
    assert min(outline["min"]) == pytest.approx(-64, abs=4)
    resampled = audio.normalize(body, rate=8000)
    assert resampled.body is not None
    assert audio.probe(resampled.body).rate == 8000
    assert audio.probe(resampled.body).duration == pytest.approx(2.0, abs=0.1)
    samples = audio.decode(body, 8000)
    assert samples.dtype == np.float32
    assert len(samples) == pytest.approx(16_000, abs=800)
    assert np.argmax(np.abs(np.fft.rfft(samples[:8000]))) == pytest.approx(440, abs=2)


def test_a_long_recording_is_never_in_memory_as_a_whole(tmp_path: Path) -> None:
    """A minute of eight channels that unpacks to 90 MB is resampled, outlined and decoded within a tenth of that."""
    import tracemalloc

    path = tmp_path / "long.flac"
    with soundfile.SoundFile(path, "w", samplerate=48_000, channels=8) as file:
        for _ in range(60):
            file.write(np.zeros((48_000, 8), np.int16))
    assert path.stat().st_size < 100_000
    tracemalloc.start()
    try:
        with (tmp_path / "out.wav").open("w+b") as out:
            normal = audio.normalize(path, rate=96_000, out=out)
        assert len(audio.decode(path, 16_000, first_seconds=2.5)) == 40_000
        peak = tracemalloc.get_traced_memory()[1]
    finally:
        tracemalloc.stop()
    assert peak < 10_000_000
    assert (normal.resampled, normal.body) == (True, None)
    assert audio.probe(tmp_path / "out.wav") == audio.AudioProbe(60.0, 96_000, 8, "audio/wav")
    with soundfile.SoundFile(tmp_path / "mp3", "w", samplerate=8000, channels=1, format="MP3") as file:
        file.write(np.zeros(8000))
    assert audio.probe(tmp_path / "mp3").duration == pytest.approx(1, abs=0.2)


def test_recordings_beyond_the_machines_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """Samples count over all channels, before decoding and while decoding; a new rate must not make too much of them."""
    body = sound(1.0, 8000, 2)
    monkeypatch.setattr("labelwright.settings.settings", lambda: Settings(max_samples=15_999))
    with pytest.raises(TooLarge, match="16,000 samples over its 2 channels, more than 15,999"):
        audio.probe(body, where="a.wav")
    monkeypatch.setattr("labelwright.settings.settings", lambda: Settings(max_samples=16_000))
    assert audio.normalize(body, rate=4000).body
    monkeypatch.setattr(audio, "MAX_BYTES", 63_999)
    with pytest.raises(TooLarge, match="64,000 bytes"):
        audio.normalize(body, rate=16_000)


def test_pictures_beyond_the_machines_limit_are_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    """The machine's limit holds whatever the pipeline allows."""
    monkeypatch.setattr("labelwright.settings.settings", lambda: Settings(max_pixels=1199))
    with pytest.raises(TooLarge, match="more than 1,199"):
        image.normalize(picture(), max_pixels=10**9)


def test_large_pictures_are_decoded_one_at_a_time() -> None:
    """Four pictures of 24 megapixels, each 96 MB unpacked, take the memory of one where there is room for one."""
    code = """
import io, resource, threading
from PIL import Image, ImageCms
from labelwright.media import image
from labelwright.media._pool import Budget
image.BUDGET = Budget(24_000_000)
out = io.BytesIO()
Image.new("RGBA", (16, 16)).save(out, "PNG")
image.normalize(out.getvalue(), max_side=8)
out = io.BytesIO()
Image.new("RGBA", (6000, 4000), "teal").save(out, "PNG")
before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
threads = [threading.Thread(target=image.normalize, args=(out.getvalue(),)) for _ in range(4)]
[thread.start() for thread in threads]
[thread.join() for thread in threads]
print((resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before) // 1024)
"""
    grown = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout
    assert int(grown) < 130  # making the picture took as much as decoding one


def test_no_more_is_in_the_room_than_it_holds() -> None:
    """Whatever comes from however many threads; what is larger than the budget goes in alone."""
    budget = Budget(10)
    inside: list[int] = []
    most: list[int] = []

    def work(size: int) -> None:
        with budget.of(size):
            inside.append(size)
            most.append(sum(inside))
            time.sleep(0.001)
            inside.remove(size)

    with ThreadPoolExecutor(8) as pool:
        list(pool.map(work, [1, 5, 40, 7, 3, 10, 2, 2, 40, 6] * 5))
    assert max(size for size in most if size < 40) <= 10
    assert {size for size in most if size > 10} == {40}
    assert budget.free == 10


def test_a_header_is_enough_to_probe_a_picture() -> None:
    """A cut-off PNG is probed, though it cannot be decoded; an orientation behind the pixels counts when it is."""
    body = picture("PNG", (300, 200))
    assert image.probe(body[: len(body) // 2]).width == 300
    with pytest.raises(InvalidFile):
        image.verify(body[: len(body) // 2])
    at = body.index(b"IEND") - 4
    exif = Image.Exif()
    exif[0x0112] = 6
    chunk = b"eXIf" + exif.tobytes()[6:]
    late = body[:at] + struct.pack(">I", len(chunk) - 4) + chunk + struct.pack(">I", zlib.crc32(chunk)) + body[at:]
    normal = image.normalize(late)
    assert (normal.width, normal.height, normal.body is None) == (200, 300, False)


@pytest.mark.parametrize("mode", ["P", "LA", "RGBA"])
def test_reducing_by_strips_is_reducing(mode: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """What has transparency comes out as from Pillow's own way, which copies all of it."""
    monkeypatch.setattr(image, "STRIP", 10_000)
    noise = Image.fromarray(np.random.default_rng(0).integers(0, 256, (777, 1033, 4 if "A" in mode else 3), dtype=np.uint8)).convert(mode)
    plain = noise.convert("RGB") if mode == "P" else noise
    small = plain.resize((100, 75), Image.Resampling.LANCZOS, reducing_gap=2.0)
    assert image._shrink(noise, 100).tobytes() == small.tobytes()


@pytest.mark.parametrize("format", ["WAV", "FLAC", "OGG"])
def test_a_truncated_recording_is_refused(format: str) -> None:
    """Half of a file is no recording, though libsndfile would read what is left."""
    body = sound(3.0, format=format)
    with pytest.raises(InvalidFile):
        audio.verify(body[: len(body) // 2], where="a.wav")


def test_what_is_no_recording_is_refused() -> None:
    """Text, nothing, a header alone, and a format that no browser plays."""
    for body in (b"hello", b"", sound(0.0), sound(format="AIFF"), sound()[:20]):
        with pytest.raises(InvalidFile):
            audio.probe(body)
    with pytest.raises(TooLarge, match="seconds"):
        audio.probe(sound(2.0), max_seconds=1.0)


def test_texts_are_utf8_and_not_empty() -> None:
    """A byte-order mark goes; other encodings and empty files are refused with the line."""
    assert text.read(b"\xef\xbb\xbfhello") == "hello"
    for body, reason in ((b"one\ntwo \xff", "Line 2"), ("hi".encode("utf-16"), "UTF-16"), (b" \n", "empty"), (b"", "empty")):
        with pytest.raises(InvalidFile, match=reason):
            text.verify(body)
    with pytest.raises(TooLarge):
        text.read(b"x" * 100, max_characters=99)
    assert text.probe(b"hello").characters == 5


@given(st.text(alphabet=st.one_of(st.characters(codec="utf-8"), st.sampled_from("e\u0301\u0308\r\n\u1112\u1161\u11ab\uac00가"))))
def test_normal_text_is_normal_and_knows_where_it_came_from(raw: str) -> None:
    """It is Unicode's composed form with one kind of line end; positions rise, end at the end, and unchanged characters keep theirs."""
    normal = text.normalize(raw)
    assert normal.text == unicodedata.normalize("NFC", raw.replace("\r\n", "\n").replace("\r", "\n"))
    assert text.normalize(normal.text) == text.NormalText(normal.text)
    places = [normal.to_raw(position) for position in range(len(normal.text) + 1)]
    assert places == sorted(places)
    assert places[-1] == len(raw)
    for position, character in enumerate(normal.text):
        if character.isascii() and character != "\n" and character.isalnum():
            assert raw[places[position]] == character


def test_real_media_are_whole() -> None:
    """Blood-cell pictures and spoken digits pass, and their outlines are small."""
    for path in sorted(shared("data/bccd").rglob("*.jp*g"))[:5]:
        assert image.normalize(path.read_bytes(), where=path.name).thumbnail
    for path in sorted(shared("data/fsdd").rglob("*.wav"))[:5]:
        normal = audio.normalize(path.read_bytes(), where=path.name)
        assert normal.duration > 0.1
        assert len(normal.peaks) < 20_000


def _deep(bits: int, colors: int = 1) -> np.ndarray:
    """A ramp from dark to bright, as a camera of so many bits takes it."""
    ramp = np.linspace(0, 2**bits - 1, 64).astype(np.uint16)
    grey = np.tile(ramp, (48, 1))
    return grey if colors == 1 else np.stack([grey] * colors, axis=2)


def _png16(pixels: np.ndarray) -> bytes:
    """Pillow writes no colors of 16 bits."""

    def chunk(kind: bytes, body: bytes) -> bytes:
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    rows = b"".join(b"\0" + row.astype(">u2").tobytes() for row in pixels)
    kind = {1: 0, 3: 2, 4: 6}[1 if pixels.ndim == 2 else pixels.shape[2]]
    head = struct.pack(">IIBBBBB", pixels.shape[1], pixels.shape[0], 16, kind, 0, 0, 0)
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", head) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


def _tiff(pixels: np.ndarray, order: str = "<", tags: dict[int, str | int] | None = None) -> bytes:
    """Pillow writes neither big-endian 16 bits nor colors of 16 bits."""
    kind = {"u": 1, "i": 2, "f": 3}[pixels.dtype.kind]
    layers = 1 if pixels.ndim == 2 else pixels.shape[2]
    fields: dict[int, int | str] = {256: pixels.shape[1], 257: pixels.shape[0], 258: 8 * pixels.dtype.itemsize, 259: 1}
    fields |= {262: 1 if layers == 1 else 2, 273: 8, 277: layers, 278: pixels.shape[0], 279: pixels.nbytes, 339: kind} | (tags or {})
    body = pixels.astype(pixels.dtype.newbyteorder(order)).tobytes()
    entries, extra = b"", b""
    behind = 8 + len(body) + 2 + 12 * len(fields) + 4
    for tag, value in sorted(fields.items()):
        if isinstance(value, str):
            text = value.encode() + b"\0"
            entries += struct.pack(order + "HHII", tag, 2, len(text), behind + len(extra))
            extra += text
        elif tag in (258, 339) and layers > 1:
            entries += struct.pack(order + "HHII", tag, 3, layers, behind + len(extra))
            extra += struct.pack(order + "H", value) * layers
        else:
            entries += struct.pack(order + "HHII", tag, 4, 1, value)
    head = (b"II*\0" if order == "<" else b"MM\0*") + struct.pack(order + "I", 8 + len(body))
    return head + body + struct.pack(order + "H", len(fields)) + entries + bytes(4) + extra


def _shown(body: bytes) -> np.ndarray:
    normal = image.normalize(body)
    shown = Image.open(io.BytesIO(normal.body or body))
    thumbnail = np.asarray(Image.open(io.BytesIO(normal.thumbnail or b"")).convert("L"))
    pixels = np.asarray(shown.convert("RGB") if shown.mode != "I;16" else shown.point(lambda value: value / 256, "L").convert("RGB"))
    assert abs(float(thumbnail.mean()) - float(pixels.mean())) < 6
    return pixels


@pytest.mark.parametrize("bits", [8, 10, 12, 14, 16])
@pytest.mark.parametrize(
    "body",
    [lambda bits: _png16(_deep(bits)), lambda bits: _png16(_deep(bits, 3)), lambda bits: _tiff(_deep(bits)),
     lambda bits: _tiff(_deep(bits), ">"), lambda bits: _tiff(_deep(bits, 3)), lambda bits: _tiff(_deep(bits, 3), ">")],
    ids=["png", "png-rgb", "tiff", "tiff-be", "tiff-rgb", "tiff-rgb-be"],
)  # fmt: skip
def test_fewer_bits_kept_in_sixteen_are_as_bright_as_they_were_taken(bits: int, body: Callable[[int], bytes]) -> None:
    """A ramp of 8 to 16 bits, grey or in colors, in either order of bytes, is a smooth ramp from black to white."""
    shown = _shown(body(bits))
    assert (shown[0, 0].max(), shown[0, -1].min()) == (0, 255)
    steps = np.diff(shown[0, :, 0].astype(int))
    assert (steps >= 3).all()
    assert (steps <= 6).all()


@pytest.mark.parametrize(
    ("pixels", "tags"),
    [
        (np.array([[0.0, np.nan, 1.0, np.inf]], np.float32), {}),
        (np.array([[0.0, -9999.0, 1.0, -9999.0]], np.float32), {42113: "-9999"}),
        (np.array([[5.0, -3.4028235e38, 6.0, -np.inf]], np.float32), {}),
        (np.array([[-700, -32768, 300, -32768]], np.int16), {42113: "-32768"}),
    ],
)
def test_what_has_no_value_leaves_the_others_as_they_are(pixels: np.ndarray, tags: dict[int, str | int]) -> None:
    """NaN, infinity, and a map's value for no data are black, and the rest is neither dimmed nor blank."""
    shown = _shown(_tiff(np.repeat(np.repeat(pixels, 16, axis=1), 16, axis=0), tags=tags))
    assert shown[8, 8::16, 0].tolist() == [0, 0, 255, 0]
    with pytest.raises(InvalidFile, match="No pixel"):
        image.normalize(_tiff(np.full((4, 4), np.nan, np.float32)))


def test_white_may_be_zero() -> None:
    """X-rays count from white to black, also in 16 bits."""
    shown = _shown(_tiff(_deep(12), tags={262: 0}))
    assert (shown[0, 0, 0], shown[0, -1, 0]) == (255, 0)


@cache  # a profile tells the second at which it was made
def _profile(space: str) -> bytes:
    return ImageCms.ImageCmsProfile(ImageCms.createProfile(space)).tobytes()


@pytest.mark.parametrize(("format", "mode"), [("JPEG", "RGB"), ("PNG", "RGB"), ("PNG", "RGBA"), ("TIFF", "RGB"), ("WEBP", "RGB")])
def test_a_color_profile_stays_with_its_colors(format: str, mode: str) -> None:
    """A phone's picture that is turned or reduced keeps the profile that its colors are in."""
    exif = Image.Exif()
    exif[0x0112] = 6
    out = io.BytesIO()
    Image.open(io.BytesIO(picture("PNG", (64, 48), mode))).save(out, format, exif=exif, icc_profile=_profile("sRGB"))
    for options in ({}, {"max_side": 32}):
        normal = image.normalize(out.getvalue(), **options)
        assert Image.open(io.BytesIO(normal.body or out.getvalue())).info["icc_profile"] == _profile("sRGB")
        assert normal.width < normal.height


def test_a_profile_of_another_space_goes_with_its_pixels() -> None:
    """Lab colors of a TIFF become what they are on a screen, and their profile does not stand beside sRGB."""
    red = ImageCms.profileToProfile(
        Image.new("RGB", (32, 32), (200, 30, 40)), ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB"), outputMode="LAB"
    )
    out = io.BytesIO()
    red.save(out, "TIFF", icc_profile=_profile("LAB"))
    normal = image.normalize(out.getvalue())
    shown = Image.open(io.BytesIO(normal.body or b""))
    assert "icc_profile" not in shown.info
    assert np.abs(np.asarray(shown)[0, 0].astype(int) - [200, 30, 40]).max() < 6


def _without_head(body: bytes) -> bytes:
    """An MP3 stream as it comes from the radio: without the frame that tells its length."""
    begin = body.index(b"Info" if b"Info" in body[:200] else b"Xing")
    start = body.rindex(b"\xff", 0, begin - 8)
    return body[body.index(body[start : start + 2], begin) :]


@pytest.mark.parametrize("rate", [16_000, 44_100])
@pytest.mark.parametrize("channels", [1, 2])
def test_an_mp3_without_a_header_is_as_long_as_what_it_plays(tmp_path: Path, rate: int, channels: int) -> None:
    """Loud, then quiet: the first frames say nothing about the length. Nor does a header of a file that was cut, or pictures in a tag."""
    loud = np.random.default_rng(0).normal(0, 0.3, (rate * 3, channels))
    quiet = np.zeros((rate * 9, channels))
    out = io.BytesIO()
    soundfile.write(out, np.concatenate([loud, quiet]), rate, format="MP3", bitrate_mode="VARIABLE", compression_level=0.5)
    bare = _without_head(out.getvalue())
    tag = b"ID3\4\0\0\0\2\0\0" + bytes(2 * 128 * 128)
    for body in (bare, tag + bare, bare + b"TAG" + bytes(125)):
        path = tmp_path / "a.mp3"
        path.write_bytes(body)
        for recording in (body, path):
            assert audio.probe(recording).duration == pytest.approx(12.0, abs=0.15)
        normal = audio.normalize(body, points=120)
        high = msgspec.json.decode(normal.peaks)["max"]
        assert min(high[2:28]) > 20 > 5 > max(high[34:])
        assert len(audio.decode(body, rate)) == pytest.approx(12 * rate, abs=rate / 6)
    half = out.getvalue()[: len(out.getvalue()) // 2]
    found = audio.probe(half).duration
    assert found < 11
    assert len(audio.decode(half, rate)) == pytest.approx(found * rate, abs=2)


@pytest.mark.parametrize("size", [0, 0xFFFFFFFF, 0x7FFFFFFF])
def test_a_wav_file_that_was_not_finished_goes_up_to_its_end(size: int) -> None:
    """A recorder that could not go back to the header leaves its samples without a length; a file without samples stays one."""
    body = bytearray(sound(2.0))
    place = body.index(b"data") + 4
    body[place : place + 4] = struct.pack("<I", size)
    assert audio.probe(bytes(body)).duration == pytest.approx(2.0, abs=0.01)
    assert len(audio.decode(bytes(body), 8000)) == pytest.approx(16_000, abs=2)
    empty = bytes(body[: place + 4]) + b"LIST" + struct.pack("<I", 4) + b"INFO"
    if size == 0:
        with pytest.raises(InvalidFile, match="no samples"):
            audio.probe(empty)


def test_a_flac_stream_is_as_long_as_its_frames() -> None:
    """An encoder that wrote into a pipe leaves the number of samples open."""
    body = bytearray(sound(2.3, format="FLAC"))
    body[21] &= 0xF0
    body[22:26] = bytes(4)
    assert audio.probe(bytes(body)).duration == pytest.approx(2.3, abs=0.001)
    assert len(audio.decode(bytes(body), 8000)) == 18_400
    with pytest.raises(InvalidFile, match="its length"):
        audio.probe(bytes(body[:-1000]))


def test_several_recordings_in_one_file_are_refused() -> None:
    """Of Ogg files put one behind the other, only the first would be heard."""
    body = sound(format="OGG")
    with pytest.raises(InvalidFile, match="several recordings"):
        audio.probe(body + body)


@pytest.mark.parametrize(("pages", "told"), [(1, None), (3, "page 1 of 3; no other is taken")])
def test_further_pages_that_are_not_taken_are_told(pages: int, told: str | None, tmp_path: Path) -> None:
    """A TIFF file of several pages says so, and one of one page, or a picture of another kind, says nothing."""
    path = tmp_path / "a.tif"
    first, *more = [Image.new("L", (8, 6), 9 + page) for page in range(pages)]
    first.save(path, "TIFF", save_all=True, append_images=more)
    assert image.left_out(path) == told
    first.save(tmp_path / "a.png")
    assert image.left_out(tmp_path / "a.png") is None


def test_a_small_copy_and_a_mask_are_no_further_pages(tmp_path: Path) -> None:
    """What stands beside a page in a TIFF file, a small copy or a mask of it, is not missed."""
    path = tmp_path / "a.tif"
    with TiffImagePlugin.AppendingTiffWriter(str(path), new=True) as out:
        for kind in (0, 1, 4):
            Image.new("L", (8, 6), 9).save(out, "TIFF", tiffinfo={254: kind})
            out.newFrame()
    assert image.left_out(path) is None


def test_a_small_copy_in_front_is_not_the_picture() -> None:
    """A TIFF file that begins with a thumbnail counts by the page behind."""
    out = io.BytesIO()
    small, large = Image.new("L", (8, 6), 9), Image.new("L", (80, 60), 200)
    small.save(out, "TIFF", tiffinfo={254: 1}, save_all=True, append_images=[large])
    body = bytearray(out.getvalue())
    pages = Image.open(io.BytesIO(bytes(body)))
    pages.seek(1)
    if pages.tag_v2.get(254):  # type: ignore[attr-defined]  # Pillow writes the first page's tags into all of them
        place = bytes(body).rindex(struct.pack("<HHI", 254, 4, 1))
        body[place + 8 : place + 12] = bytes(4)
    assert (image.probe(bytes(body)).width, image.normalize(bytes(body)).height) == (80, 60)
