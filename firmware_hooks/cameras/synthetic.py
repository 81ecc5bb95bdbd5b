"""A simulated microscope: each capture shows another field of one drawn smear.

Part of the product: the demo lab and every developer's camera. It can be driven (out of focus,
failing) and knows the truth of what it drew.
"""

from appliance import clock
from appliance.errors import ApplianceError, CameraUnavailable
from firmware_hooks.cameras.base import Frame
from firmware_hooks.slides import DrawnCell, draw_field, light_up, mix_stain


class SyntheticCamera:
    """Draws the fields of one slide, one after the other; the same seed, the same slide."""

    def __init__(
        self,
        seed: int = 0,
        *,
        cells: int = 12,
        blasts: int = 3,
        width: int = 1920,
        height: int = 1080,
        um_per_px: float = 0.12,
    ) -> None:
        self.seed, self.cells, self.blasts = seed, cells, blasts
        self.width, self.height, self.um_per_px = width, height, um_per_px
        self.defocus_um = 0.0
        """Distance of the smear from the plane of focus in the next frames."""
        self.truth: tuple[DrawnCell, ...] = ()
        """What the last frame shows."""
        self.fields_taken = 0
        self._failure: ApplianceError | None = None
        self._closed = False
        # One slide has one stain, one microscope one light.
        self._stain, self._light = mix_stain([seed, 1]), light_up([seed, 2])

    def fail_next(self, error: ApplianceError) -> None:
        """Let the next capture raise an error, and only that one."""
        self._failure = error

    def capture(self) -> Frame:
        """Draw the next field.

        Raises:
            CameraUnavailable: the camera was closed.
            ApplianceError: what `fail_next` was given.
        """
        if self._closed:
            raise CameraUnavailable("The simulated camera is closed.")
        if self._failure is not None:
            failure, self._failure = self._failure, None
            raise failure
        drawn = draw_field(
            [self.seed, 3, self.fields_taken],
            width=self.width,
            height=self.height,
            cells=self.cells,
            blasts=self.blasts,
            stain=self._stain,
            light=self._light,
            defocus_um=self.defocus_um,
            um_per_px=self.um_per_px,
        )
        self.fields_taken += 1
        self.truth = drawn.truth
        return Frame(
            pixels=drawn.pixels,
            taken_at=clock.now(),
            exposure_us=8000,
            gain=1.0,
            um_per_px=self.um_per_px,
        )

    def close(self) -> None:
        """End the simulation; may be called twice."""
        self._closed = True
