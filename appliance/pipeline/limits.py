"""What an image file may ask for, and the words in which it is refused."""

from dataclasses import dataclass

from appliance.errors import TooLarge, UnreadableImage

MIN_SIDE_PX = 32
"""A leukocyte is at least about 20 pixels wide; nothing smaller than this can show one."""

MAX_PAGES = 1000
MAX_PROFILE_BYTES = 4_000_000
"""Colour profiles of printing presses, the largest there are, have about 2 MB."""
MAX_EXIF_BYTES = 256_000
"""Four times what fits into a JPEG segment; reading it takes time in proportion to its square."""


@dataclass(frozen=True)
class Limits:
    """What may come in; checked in the header, before anything is decoded."""

    max_pixels: int = 100_000_000
    """Of all pages of a file together."""
    max_bytes: int = 200_000_000
    """Of the file as it came."""


def admit(width: int, height: int, limits: Limits) -> None:
    """Refuse an image by the size that its header gives.

    Raises:
        TooLarge: it has too many pixels.
        UnreadableImage: it has none, or too few to show a cell.
    """
    admit_total(width * height, limits, f"{width} x {height} pixels")
    if width < MIN_SIDE_PX or height < MIN_SIDE_PX:
        raise UnreadableImage(
            f"has only {width} x {height} pixels, too few to show a cell.",
            advice="Export the picture at the full size that the camera gave.",
        )


def admit_total(pixels: int, limits: Limits, what: str) -> None:
    """Refuse more pixels than the limit; `what` says where they are.

    Raises:
        TooLarge: they are too many.
    """
    if pixels > limits.max_pixels:
        raise TooLarge(
            f"has {what}, {pixels / 1e6:.0f} megapixels;"
            f" the limit is {limits.max_pixels / 1e6:g} megapixels."
        )


def cut_off() -> UnreadableImage:
    """Return the refusal of a file whose end is missing."""
    return UnreadableImage(
        "is cut off: its end is missing.",
        advice="Copy it again from the microscope, or export it again.",
    )


def damaged(why: str = "") -> UnreadableImage:
    """Return the refusal of a file whose content contradicts itself."""
    return UnreadableImage(
        "is damaged and cannot be decoded" + (f": {why}." if why else "."),
        advice="Copy it again from the microscope, or export it again as TIFF, PNG or JPEG.",
    )
