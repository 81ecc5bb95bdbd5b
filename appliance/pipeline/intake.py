"""Turns the bytes of a file that came in into checked images, or says in words why it cannot.

The content decides, never the name. What a file asks for is looked at in its header before
anything is decoded. Whether the image shows a usable smear is not asked here: see quality.
"""

import hashlib
import re

from appliance.errors import TooLarge, UnreadableImage
from appliance.pipeline import dicom, raster, tiff
from appliance.pipeline.colour import Page
from appliance.pipeline.decoding import decoding
from appliance.pipeline.limits import Limits
from appliance.pipeline.signatures import Kind, identify
from appliance.vocabulary import SourceImage

__all__ = ["Limits", "read_images"]

_NAME_CHARS = 80


def read_images(data: bytes, *, name: str, limits: Limits) -> list[SourceImage]:
    """Read every image of a file.

    Args:
        data: the file as it came.
        name: only for messages.
        limits: refused beyond these, before decoding.

    Returns:
        At least one image, in the order of the file: upright, sRGB, 8 bits, on white.

    Raises:
        TooLarge: the file, or the images in it, are beyond the limits.
        UnreadableImage: it is not an image, damaged, cut off, or of a kind that is not read.
    """
    try:
        kind, pages = _read(data, limits)
    except UnreadableImage as error:
        sentence = f"{_called(name)} {error.detail}"
        raise type(error)(sentence, advice=error.advice) from error
    sha256 = hashlib.sha256(data).hexdigest()
    return [
        SourceImage(
            pixels=page.pixels,
            sha256=sha256,
            media_type=kind.value,
            page=number,
            pages=len(pages),
            greyscale=page.greyscale,
            um_per_px=page.um_per_px,
            notes=page.notes,
        )
        for number, page in enumerate(pages)
    ]


def _read(data: bytes, limits: Limits) -> tuple[Kind, list[Page]]:
    if len(data) > limits.max_bytes:
        raise TooLarge(
            f"has {len(data) / 1e6:.0f} MB; the limit is {limits.max_bytes / 1e6:g} MB.",
            advice="Export it with compression, or only the field that matters.",
        )
    kind = identify(data)
    with decoding():
        if kind is Kind.TIFF:
            return kind, tiff.read(data, limits)
        if kind is Kind.DICOM:
            return kind, dicom.read(data, limits)
        return kind, raster.read(data, kind, limits)


def _called(name: str) -> str:
    """Return a file's name as it may stand in a sentence: no folders, no control characters."""
    last = re.split(r"[/\\]", name)[-1]
    plain = "".join(c if c.isprintable() else "?" for c in last)
    if len(plain) > _NAME_CHARS:
        plain = f"{plain[: _NAME_CHARS - 12]}…{plain[-11:]}"
    return (
        f"\N{LEFT DOUBLE QUOTATION MARK}{plain}\N{RIGHT DOUBLE QUOTATION MARK}" if plain else "It"
    )
