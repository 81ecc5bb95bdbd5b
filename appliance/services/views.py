"""Pictures for pages, made once and kept beside the original; may be thrown away at any time.

So are the numbers of each cell's form and texture: they follow from picture and outlines.
"""

import json
from collections.abc import Callable, Sequence
from dataclasses import asdict, dataclass

import numpy as np

from appliance.pipeline import display, intake
from appliance.pipeline.morphology import measure
from appliance.records import fields
from appliance.records.pictures import PictureStore
from appliance.records.tables import Cell, FieldImage
from appliance.vocabulary import Box, FoundCell, Morphology, Pixels

_NUMBERS = "form1"
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

        return self._kept_or_made(row, f"cells-{row.id}", atlas)

    def morphology(self, row: FieldImage) -> list[Morphology | None]:
        """Return the numbers of the field's cells, in the order of their numbers."""

        def numbers(pixels: Pixels) -> bytes:
            cells = [_found(cell) for cell in fields.cells_of(row.id)]
            measured = measure(pixels, cells, um_per_px=row.um_per_px)
            return json.dumps([each and asdict(each) for each in measured]).encode()

        # Who asked before may have known another scale, or measured less.
        kind = f"{_NUMBERS}-{row.id}-{row.revision}-{round(1000 * (row.um_per_px or 0))}"
        listed = json.loads(self._kept_or_made(row, kind, numbers))
        return [each and Morphology(**each) for each in listed]

    def prepare(self, row: FieldImage, pixels: Pixels, boxes: Sequence[Box]) -> None:
        """Make all views of a field while its pixels are at hand."""
        self._keep(row, "display", display.display_jpeg(pixels))
        self._keep(row, "thumbnail", display.thumbnail_jpeg(pixels))
        self._keep(row, f"cells-{row.id}", display.cell_atlas_jpeg(pixels, boxes))

    def _kept_or_made(self, row: FieldImage, kind: str, make: Callable[[Pixels], bytes]) -> bytes:
        kept = self.pictures.derived(row.sha256, _name(row, kind))
        if kept is not None:
            return kept
        data = self.pictures.read(row.sha256)
        image = intake.read_images(data, name=row.original_name, limits=self.limits)[row.page]
        return self._keep(row, kind, make(image.pixels))

    def _keep(self, row: FieldImage, kind: str, data: bytes) -> bytes:
        self.pictures.keep_derived(row.sha256, _name(row, kind), data)
        return data


def _found(cell: Cell) -> FoundCell:
    """Turn a remembered cell back into what the finder gave."""
    return FoundCell(
        box=Box(cell.x, cell.y, cell.width, cell.height),
        nucleus=np.array(cell.nucleus, np.int32).reshape(-1, 2),
        outline=None if cell.outline is None else np.array(cell.outline, np.int32).reshape(-1, 2),
        nucleus_area_px=cell.nucleus_area_px,
        cell_area_px=cell.cell_area_px,
        at_border=not cell.counted,
    )


def _name(row: FieldImage, kind: str) -> str:
    return f"{kind}-{row.page}"
