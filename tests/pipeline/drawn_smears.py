"""Smears drawn for the tests of cell finding: what was drawn, and where, is known."""

from dataclasses import dataclass, field

import cv2
import numpy as np
from numpy.typing import NDArray

SLIDE = (205, 200, 192)
RED_CELL = (178, 140, 128)
CYTOPLASM = (165, 150, 195)
NUCLEUS = (85, 45, 130)
PLATELET = (130, 85, 155)


@dataclass
class Smear:
    """A picture to draw on; `unit` is the diameter of a red cell."""

    width: int = 640
    height: int = 480
    unit: float = 40.0
    seed: int = 1
    white: list[tuple[int, int]] = field(default_factory=list)
    """Middles of the white cells drawn."""

    def __post_init__(self) -> None:
        self.pixels = np.full((self.height, self.width, 3), SLIDE, np.uint8)

    def _disc(self, x: float, y: float, diameter: float, colour: tuple[int, int, int]) -> None:
        cv2.circle(self.pixels, (round(x), round(y)), round(diameter / 2), colour, -1, cv2.LINE_AA)

    def red_cells(self, *, free: float = 1.6) -> "Smear":
        """Strew red cells on a jittered grid, leaving room about the white cells."""
        rng = np.random.default_rng(self.seed)
        step = 1.35 * self.unit
        for row in range(round(self.height / step) + 1):
            for column in range(round(self.width / step) + 1):
                x, y = (np.array([column, row]) + rng.uniform(-0.1, 0.1, 2)) * step
                if all(np.hypot(x - a, y - b) > free * self.unit for a, b in self.white):
                    self._disc(x, y, self.unit * rng.uniform(0.95, 1.05), RED_CELL)
                    self._disc(x, y, 0.35 * self.unit, (192, 170, 160))
        return self

    def lymphocyte(self, x: int, y: int, *, nucleus: float = 1.35) -> "Smear":
        """Draw a round cell with little cytoplasm."""
        self._disc(x, y, (nucleus + 0.3) * self.unit, CYTOPLASM)
        self._disc(x, y, nucleus * self.unit, NUCLEUS)
        self.white.append((x, y))
        return self

    def neutrophil(self, x: int, y: int) -> "Smear":
        """Draw a cell with four separate lobes."""
        self._disc(x, y, 1.9 * self.unit, CYTOPLASM)
        for dx, dy in ((-0.45, -0.25), (0.4, -0.35), (0.4, 0.35), (-0.25, 0.42)):
            self._disc(x + dx * self.unit, y + dy * self.unit, 0.52 * self.unit, NUCLEUS)
        self.white.append((x, y))
        return self

    def platelet(self, x: int, y: int) -> "Smear":
        """Draw a platelet."""
        self._disc(x, y, 0.38 * self.unit, PLATELET)
        return self

    def finished(self, *, noise: float = 2.0, blur: float = 0.8) -> NDArray[np.uint8]:
        """Blur it a little and add a camera's noise."""
        rng = np.random.default_rng(self.seed)
        soft = cv2.GaussianBlur(self.pixels, (0, 0), blur).astype(np.float64)
        return np.clip(soft + rng.normal(0, noise, soft.shape), 0, 255).astype(np.uint8)
