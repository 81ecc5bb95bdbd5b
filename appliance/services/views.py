"""Pictures for pages, made once and kept beside the original; may be thrown away at any time.

So are the numbers of each cell's form and texture: they follow from picture and outlines.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np
from numpy.typing import NDArray

from appliance.pipeline import display, intake
from appliance.pipeline.morphology import measure
from appliance.records import cells, fields
from appliance.records.pictures import PictureStore
from appliance.records.tables import FieldImage
from appliance.services.stored import found_again
from appliance.vocabulary import Box, Morphology, Pixels

_NUMBERS = "form2"
"""Raised with every change to `vocabulary.Morphology` or to how it is measured."""


@dataclass(frozen=True)
class Views:
    """Browser copies of field images; JPEG, whatever format the original has."""

    pictures: PictureStore
    limits: intake.Limits

    def field(self, row: FieldImage) -> bytes:
        """Return the whole field for the viewer."""
        return self._kept_or_made(row, "display", display.display_jpeg)

    def thumbnail(self, row: FieldImage) -> bytes:
        """Return the field, 320 px along its longer side."""
        return self._kept_or_made(row, "thumbnail", display.thumbnail_jpeg)

    def cells(self, row: FieldImage) -> bytes:
        """Return the atlas of the field's cells in the order of their numbers."""

        def atlas(pixels: Pixels) -> bytes:
            found = fields.cells_of(row.id)
            return display.cell_atlas_jpeg(
                pixels, [Box(cell.x, cell.y, cell.width, cell.height) for cell in found]
            )

        return self._kept_or_made(row, _atlas(row, cells.count_of(row.id)), atlas)

    def morphology(self, row: FieldImage) -> list[Morphology | None]:
        """Return the numbers of the field's cells, in the order of their numbers."""

        def numbers(pixels: Pixels) -> bytes:
            found = [found_again(cell) for cell in fields.cells_of(row.id)]
            measured = measure(pixels, found, um_per_px=row.um_per_px)
            return json.dumps([each and asdict(each) for each in measured]).encode()

        # Who asked before may have known another scale, or measured less.
        scale, count = round(1000 * (row.um_per_px or 0)), cells.count_of(row.id)
        kind = f"{_NUMBERS}-{row.id.hex}-{row.revision}-{scale}-{count}"
        listed = json.loads(self._kept_or_made(row, kind, numbers))
        return [each and Morphology(**each) for each in listed]

    def attention(self, row: FieldImage, number: int) -> bytes | None:
        """Return where the network looked in one cell, or None where that was not kept."""
        packed = self.pictures.derived(row.sha256, _name(row, _attention(row)))
        return packed and display.one_attention_png(packed, number - 1)

    def pixels(self, row: FieldImage) -> Pixels:
        """Decode the original once more."""
        data = self.pictures.read(row.sha256)
        return intake.read_images(data, name=row.original_name, limits=self.limits)[row.page].pixels

    def prepare(
        self,
        row: FieldImage,
        pixels: Pixels,
        boxes: Sequence[Box],
        attention: NDArray[np.float32] | None = None,
    ) -> None:
        """Make all views of a field while its pixels are at hand."""
        self._keep(row, "display", display.display_jpeg(pixels))
        self._keep(row, "thumbnail", display.thumbnail_jpeg(pixels))
        self._keep(row, _atlas(row, len(boxes)), display.cell_atlas_jpeg(pixels, boxes))
        if attention is not None and len(attention):
            self._keep(row, _attention(row), display.attention_png(attention))

    def _kept_or_made(self, row: FieldImage, kind: str, make: Callable[[Pixels], bytes]) -> bytes:
        kept = self.pictures.derived(row.sha256, _name(row, kind))
        if kept is not None:
            return kept
        return self._keep(row, kind, make(self.pixels(row)))

    def _keep(self, row: FieldImage, kind: str, data: bytes) -> bytes:
        self.pictures.keep_derived(row.sha256, _name(row, kind), data)
        return data


def _atlas(row: FieldImage, count: int) -> str:
    """Name the atlas of so many cells: a cell that a person adds makes another one."""
    return f"cells-{row.id.hex}-{count}"


def _attention(row: FieldImage) -> str:
    return f"attention-{row.id.hex}"


def _name(row: FieldImage, kind: str) -> str:
    return f"{kind}-{row.page}"
