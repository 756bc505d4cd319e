"""Pictures and recordings that tell more than they show: each says SECRET wherever its format has room for it."""

from __future__ import annotations

import io
import struct
from typing import Any

import numpy as np

__all__ = ["picture", "recording"]


def _exif(orientation: int) -> Any:
    from PIL import Image

    exif = Image.Exif()
    exif[0x0112] = orientation
    exif[0x010F] = "SECRET maker"
    exif[0x0132] = "2026:01:01 SECRET"
    exif.get_ifd(0x8825)[1] = "N"
    exif.get_ifd(0x8825)[29] = "SECRET place"
    return exif


def picture(name: str, *, orientation: int = 6) -> bytes:
    """A picture with noise in it, turned, with a color profile, and with secrets."""
    from PIL import Image, ImageCms
    from PIL.PngImagePlugin import PngInfo

    pixels = np.random.default_rng(1).integers(0, 255, (20, 30, 3), dtype=np.uint8)
    image = Image.fromarray(pixels)
    out = io.BytesIO()
    more: dict[str, Any] = {"exif": _exif(orientation), "icc_profile": ImageCms.ImageCmsProfile(ImageCms.createProfile("sRGB")).tobytes()}
    if name == "jpeg":
        more |= {"comment": b"SECRET comment", "xmp": b"<x:xmpmeta>SECRET</x:xmpmeta>", "progressive": True}
    elif name == "png":
        info = PngInfo()
        info.add_text("Author", "SECRET author")
        info.add_itxt("XML:com.adobe.xmp", "SECRET")
        more["pnginfo"] = info
    elif name == "webp":
        more |= {"xmp": b"<x:xmpmeta>SECRET</x:xmpmeta>", "lossless": True}
    elif name == "gif":
        image = image.quantize(32)
        more = {"comment": b"SECRET " * 60, "save_all": True, "append_images": [image.rotate(90)], "loop": 0}
    image.save(out, name, **more)
    body = out.getvalue()
    if name == "jpeg":  # Photoshop's block with IPTC, and another picture behind the end
        block = b"Photoshop 3.0\x00SECRET"
        body = body[:2] + b"\xff\xed" + struct.pack(">H", 2 + len(block)) + block + body[2:] + body
    return body


def recording(name: str) -> bytes:
    """A second of noise with the tags of its format."""
    import soundfile

    out = io.BytesIO()
    samples = np.random.default_rng(1).uniform(-0.5, 0.5, 8000).astype(np.float32)
    with soundfile.SoundFile(out, "w", samplerate=8000, channels=1, format=name.upper()) as file:
        if name != "mp3":
            file.title, file.artist, file.comment = "SECRET title", "SECRET artist", "SECRET " * 100
        file.write(samples)
    body = out.getvalue()
    if name == "mp3":
        text = b"\x00SECRET title"
        frame = b"TIT2" + struct.pack(">I", len(text)) + b"\0\0" + text
        body = b"ID3\x03\0\0\0\0\0" + bytes([len(frame)]) + frame + body + b"TAG" + b"SECRET".ljust(125, b"\0")
    return body
