"""Brings back a field as it was when it was analysed: its picture, its scale, its cells."""

from dataclasses import replace

import numpy as np

from appliance.pipeline import intake
from appliance.records.pictures import PictureStore
from appliance.records.tables import Cell, FieldImage
from appliance.vocabulary import Box, FoundCell, SourceImage


def stored_image(row: FieldImage, pictures: PictureStore, limits: intake.Limits) -> SourceImage:
    """Decode the original of a field; a scale that it does not state is the one on record.

    Raises:
        NotFound, PictureDamaged: the original is gone, or no longer what was stored.
        UnreadableImage: it cannot be decoded.
    """
    data = pictures.read(row.sha256)
    image = intake.read_images(data, name=row.original_name, limits=limits)[row.page]
    return replace(image, um_per_px=row.um_per_px) if image.um_per_px is None else image


def found_again(cell: Cell) -> FoundCell:
    """Turn a remembered cell back into what the finder gave."""
    return FoundCell(
        box=Box(cell.x, cell.y, cell.width, cell.height),
        nucleus=np.array(cell.nucleus, np.int32).reshape(-1, 2),
        outline=None if cell.outline is None else np.array(cell.outline, np.int32).reshape(-1, 2),
        nucleus_area_px=cell.nucleus_area_px,
        cell_area_px=cell.cell_area_px,
        at_border=not cell.counted,
    )
