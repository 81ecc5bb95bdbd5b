"""Takes the size of a pixel from what files say of it, where it is plausible for a smear."""

import re
from collections.abc import Sequence

PLAUSIBLE_UM_PER_PX = (0.02, 2.0)
"""From an oversampled 100x objective to a 10x overview; 72 dots per inch would be 353."""
_MAX_STRETCH = 1.02
"""Pixels of microscope cameras are square."""

_UM = {"nm": 1e-3, "um": 1.0, "µm": 1.0, "μm": 1.0, "micron": 1.0, "microns": 1.0, "mm": 1e3}
_IMAGEJ_UNIT = re.compile(r"^unit=(\S{1,12})\s*$", re.MULTILINE)
_NUMBER = r"[0-9]{1,9}(?:\.[0-9]{1,20})?(?:[eE][+-]?[0-9]{1,2})?"
_OME_SIZE = re.compile(rf'\bPhysicalSize([XY])="({_NUMBER})"')
_OME_UNIT = re.compile(r'\bPhysicalSizeXUnit="([^"]{1,12})"')
_DESCRIPTION_CHARS = 20_000


def from_sizes(across_um: float, down_um: float) -> float | None:
    """Return the pixel's size, or None where it is not plausible or not square."""
    low, high = PLAUSIBLE_UM_PER_PX
    # Comparisons with a NaN are false, so it is not plausible either.
    if not (low <= across_um <= high and low <= down_um <= high):
        return None
    if max(across_um, down_um) > _MAX_STRETCH * min(across_um, down_um):
        return None
    return (across_um + down_um) / 2


def from_resolution(x: Sequence[int], y: Sequence[int], unit_um: float) -> float | None:
    """Read TIFF's resolutions.

    Args:
        x: numerator and denominator of pixels per unit, across.
        y: the same, down.
        unit_um: micrometres in the unit.
    """
    if not (len(x) == len(y) == 2 and x[0] and y[0]):
        return None
    return from_sizes(unit_um * x[1] / x[0], unit_um * y[1] / y[0])


def imagej_unit_um(description: str) -> float | None:
    """Return the micrometres in the unit that ImageJ notes in a TIFF's description."""
    found = _IMAGEJ_UNIT.search(description[:_DESCRIPTION_CHARS])
    name = found[1].replace("\\u00B5", "µ") if found else ""
    return _UM.get(name)


def from_ome(description: str) -> float | None:
    """Read the pixel size from the OME-XML in a TIFF's description."""
    text = description[:_DESCRIPTION_CHARS]
    sizes = {axis: float(value) for axis, value in _OME_SIZE.findall(text)}
    unit = _OME_UNIT.search(text)
    factor = _UM.get(unit[1] if unit else "µm")
    if factor is None or "X" not in sizes:
        return None
    return from_sizes(factor * sizes["X"], factor * sizes.get("Y", sizes["X"]))
