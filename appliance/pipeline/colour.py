"""Brings decoded samples of every kind to upright 8-bit sRGB on white, and says what it changed."""

from collections.abc import Iterable
from dataclasses import dataclass
from functools import lru_cache
from io import BytesIO

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from appliance.pipeline.decoding import DECODER_ERRORS
from appliance.pipeline.limits import MAX_PROFILE_BYTES
from appliance.vocabulary import Pixels

_TURNS = {
    2: Image.Transpose.FLIP_LEFT_RIGHT,
    3: Image.Transpose.ROTATE_180,
    4: Image.Transpose.FLIP_TOP_BOTTOM,
    5: Image.Transpose.TRANSPOSE,
    6: Image.Transpose.ROTATE_270,
    7: Image.Transpose.TRANSVERSE,
    8: Image.Transpose.ROTATE_90,
}
"""EXIF orientation to what undoes it."""

_WITH_ALPHA = {"LA", "PA", "RGBA", "RGBa"}
_GREY = {"1", "L", "LA"}
_GREY_ROWS = 64
"""Looked at in one go: an image of 100 megapixels needs no second copy for this."""
_MODES = {1: "L", 2: "LA", 3: "RGB", 4: "RGBA"}
_SPACES = {"RGB": "RGB ", "L": "GRAY", "CMYK": "CMYK"}
"""Pillow mode to the colour space that a fitting ICC profile names."""
_DEPTHS = (8, 10, 12, 14, 16)
"""Bits that cameras deliver."""


@dataclass(frozen=True, slots=True, eq=False)
class Page:
    """One decoded image, before it is given a name."""

    pixels: Pixels
    greyscale: bool
    um_per_px: float | None = None
    notes: tuple[str, ...] = ()


def to_eight_bits(samples: NDArray[np.generic], bits: int) -> tuple[NDArray[np.uint8], str]:
    """Scale the full range of a sample to 0..255.

    Cameras of 10 to 14 bits are often stored in 16 without being scaled. A bright-field image has
    a bright background, so the largest value tells which it was.

    Args:
        samples: unsigned integers or bool, any shape.
        bits: used of each sample, 1 to 16.

    Returns:
        The scaled samples and a note on it, empty where nothing was changed. Values are cut, not
        rounded, so that an image widened from 8 bits comes back exactly.
    """
    if bits == 8:
        return samples.astype(np.uint8, copy=False), ""
    wide = samples.astype(np.uint16, copy=False)
    if bits < 8:
        return (wide * np.uint16(255) // np.uint16(2**bits - 1)).astype(np.uint8), ""
    used = int(wide.max(initial=0)).bit_length()
    depth = min((d for d in (*_DEPTHS, bits) if used <= d <= bits), default=bits)
    scaled = np.right_shift(wide, depth - 8).clip(0, 255)
    return scaled.astype(np.uint8), f"Values of {depth} bits were scaled to 8 bits."


def as_image(samples: NDArray[np.uint8], mode: str = "") -> Image.Image:
    """Wrap samples of shape (height, width) or (height, width, channels) in a Pillow image.

    Args:
        samples: as the mode has them.
        mode: RGBa (premultiplied), CMYK, YCbCr; by default what fits the channels of
            L, LA, RGB, RGBA.
    """
    channels = samples.shape[2] if samples.ndim > 2 else 1
    size = (samples.shape[1], samples.shape[0])
    return Image.frombytes(mode or _MODES[channels], size, np.ascontiguousarray(samples))


def finish(
    image: Image.Image,
    *,
    profile: bytes | None = None,
    orientation: int = 1,
    um_per_px: float | None = None,
    notes: Iterable[str] = (),
) -> Page:
    """Make an upright sRGB page out of a decoded image of any mode.

    Args:
        image: decoded; 8 bits a sample.
        profile: ICC; one that is damaged or does not fit is left out, with a note.
        orientation: as in EXIF, 1 to 8; anything else is taken as upright.
        um_per_px: scale, where the file gives one.
        notes: what was changed before.
    """
    said = [note for note in notes if note]
    colours, alpha = _split(image)
    grey = image.mode in _GREY
    colours = _to_srgb(colours, profile, said)
    if alpha is not None and alpha.getextrema()[0] != 255:
        white = Image.new("RGB", colours.size, "white")
        colours = Image.composite(colours, white, alpha)
        said.append("Transparent parts were laid over white.")
    if orientation in _TURNS:
        colours = colours.transpose(_TURNS[orientation])
        said.append("Turned upright, as the file says how the camera was held.")
    pixels = np.asarray(colours)
    return Page(pixels, grey or _is_grey(pixels), um_per_px, tuple(said))


def _split(image: Image.Image) -> tuple[Image.Image, Image.Image | None]:
    """Return the colours as L, RGB, CMYK or YCbCr, and the alpha channel if there is one."""
    if image.mode == "1":
        return image.convert("L"), None
    if image.mode in _WITH_ALPHA or "transparency" in image.info:
        grey = image.mode in _GREY
        full = image.convert("RGBA")
        colours = full.convert("RGB")
        return colours.getchannel("R") if grey else colours, full.getchannel("A")
    if image.mode in {"L", "RGB", "CMYK", "YCbCr"}:
        return image, None
    return image.convert("RGB"), None


def _to_srgb(image: Image.Image, profile: bytes | None, said: list[str]) -> Image.Image:
    """Convert by the profile where it is of use, else by mode alone."""
    if profile and len(profile) <= MAX_PROFILE_BYTES:
        try:
            transform = _transform(profile, image.mode)
            if transform is not None:
                said.append("Converted from the file's own colour profile to sRGB.")
                return transform.apply(image)
        except DECODER_ERRORS:
            said.append("Its colour profile is damaged or does not fit and was left out.")
    if image.mode in {"CMYK", "YCbCr"}:
        said.append(f"Converted from {image.mode} to RGB.")
    return image if image.mode == "RGB" else image.convert("RGB")


@lru_cache(maxsize=4)
def _transform(profile: bytes, mode: str) -> ImageCms.ImageCmsTransform | None:
    """Return what brings a mode to sRGB, or None where it is sRGB already.

    Raises:
        PyCMSError, ValueError and other `DECODER_ERRORS`: the profile cannot be used.
    """
    source = ImageCms.ImageCmsProfile(BytesIO(profile))
    if source.profile.xcolor_space != _SPACES.get(mode):
        raise ValueError("the profile is for another colour space")
    if "srgb" in (source.profile.profile_description or "").lower():
        return None
    target = ImageCms.createProfile("sRGB")
    return ImageCms.buildTransform(
        source, target, mode, "RGB", ImageCms.Intent.RELATIVE_COLORIMETRIC
    )


def _is_grey(pixels: Pixels) -> bool:
    """Whether all three channels agree; a sparse look settles it for nearly every colour image."""
    if _differ(pixels[::16, ::16]):
        return False
    rows = range(0, len(pixels), _GREY_ROWS)
    return not any(_differ(pixels[top : top + _GREY_ROWS]) for top in rows)


def _differ(pixels: Pixels) -> bool:
    return bool((pixels[..., 1:] != pixels[..., :1]).any())
