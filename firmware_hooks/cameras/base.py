"""The contract of every camera; a driver fulfils it in one file of its own."""

from dataclasses import dataclass
from datetime import datetime
from typing import Protocol

from appliance.vocabulary import Pixels


@dataclass(frozen=True, slots=True, eq=False)
class Frame:
    """One still, with what the camera knows of how it was taken."""

    pixels: Pixels
    """(height, width, 3) uint8, RGB (not BGR: stain colour decides here), sRGB."""
    taken_at: datetime
    """When the exposure ended; aware, UTC."""
    exposure_us: int | None = None
    """Exposure time; None where the camera does not tell."""
    gain: float | None = None
    """Analogue gain; 1 is none; None where the camera does not tell."""
    um_per_px: float | None = None
    """Width of a pixel on the slide; None where the optics are not calibrated."""


class Camera(Protocol):
    """A still camera on a microscope. Not thread-safe: whoever captures holds a lock."""

    def capture(self) -> Frame:
        """Return a frame exposed after this call began.

        Two calls never return the same array.

        Raises:
            CameraUnavailable: no frame came within 5 s, or the camera was closed.
        """
        ...

    def close(self) -> None:
        """Release the device; may be called twice."""
        ...
