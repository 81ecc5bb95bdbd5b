"""How cells look on a page: their group, place in the atlas, words and sizes."""

from collections import Counter
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Final

from appliance.pipeline.display import ATLAS_COLUMNS
from appliance.records.tables import Cell, FieldImage
from appliance.vocabulary import Morphology, Suggestion

TILE_PX = 160
"""Edge of a cell's tile in the atlas of its field."""
UNCOUNTED: Final = "uncounted"
GROUPS: Final = (*(str(kind) for kind in Suggestion), UNCOUNTED)
"""What the gallery's chips filter by."""
LABELS: Final = {
    "blast": "Blast",
    "normal": "Normal",
    "unsure": "Unsure",
    "uncounted": "Not counted",
}
PAGE = 120
"""Cells on a page of the gallery."""


@dataclass(frozen=True)
class CellView:
    """One cell as a page shows it."""

    row: Cell
    field: FieldImage
    group: str
    morphology: Morphology | None = None
    """Measured only for a cell that is shown large."""

    @property
    def number(self) -> int:
        """Its number within the field."""
        return int(self.row.number)

    @property
    def label(self) -> str:
        """The group in words."""
        return LABELS[self.group]

    @property
    def probability(self) -> str:
        """Blast probability, never rounded to certainty; a dash where the network was not asked."""
        if self.row.blast_probability is None:
            return "\N{EN DASH}"
        value = float(self.row.blast_probability)
        if 0 < value < 0.01:
            return "< 1 %"
        return "> 99 %" if 0.99 < value < 1 else f"{value * 100:.0f} %"

    @property
    def tile_x(self) -> int:
        """Left edge of its tile in the atlas, pixels."""
        return (self.number - 1) % ATLAS_COLUMNS * TILE_PX

    @property
    def tile_y(self) -> int:
        """Upper edge of its tile in the atlas, pixels."""
        return (self.number - 1) // ATLAS_COLUMNS * TILE_PX

    @property
    def spoken(self) -> str:
        """What a screen reader says of its tile."""
        unlike = ", unlike the training cells" if self.row.outside_training_range else ""
        return (
            f"Cell {self.number} of field {self.field.number}: {self.label.lower()}, "
            f"blast probability {self.probability}{unlike}"
        )

    @property
    def size(self) -> str:
        """Width and height, in micrometres where the scale is known."""
        scale = self.field.um_per_px
        if scale is None:
            return f"{self.row.width} × {self.row.height} px"  # noqa: RUF001 - the sign of "by"
        return f"{self.row.width * scale:.1f} × {self.row.height * scale:.1f} µm"  # noqa: RUF001

    @property
    def nucleus_area(self) -> str:
        """Area of the nucleus."""
        return self._area(self.row.nucleus_area_px)

    @property
    def cell_area(self) -> str:
        """Area of the whole cell, or an empty text where its outline was not found."""
        return "" if self.row.cell_area_px is None else self._area(self.row.cell_area_px)

    @property
    def nucleus_share(self) -> str:
        """How much of the cell the nucleus fills."""
        whole = self.row.cell_area_px
        return "" if not whole else f"{min(self.row.nucleus_area_px / whole, 1) * 100:.0f} %"

    @property
    def form(self) -> list[tuple[str, str]]:
        """Form, stain and texture: what is known, in words with numbers."""
        found = self.morphology
        if found is None:
            return []
        lobes = f", in {found.lobes} pieces" if found.lobes > 1 else ""
        return [
            (name, text)
            for name, text in (
                ("Nucleus to red cell", _said(found.nucleus_to_red_cell, "{:.1f} times its area")),
                ("Cell to red cell", _said(found.cell_to_red_cell, "{:.1f} times its area")),
                (
                    "Nucleus to cytoplasm",
                    _said(found.nucleus_to_cytoplasm, "{:.1f} times its area"),
                ),
                ("Nucleus' outline", f"roundness {found.circularity:.2f}{lobes}"),
                ("Hull filled", f"{found.solidity * 100:.0f} %; less is cleft or lobed"),
                ("Axes", f"{found.axis_ratio:.2f}; 1 is a circle"),
                ("Chromatin", _said(found.chromatin_variation, "varies by {:.0%}")),
                ("Texture entropy", _said(found.chromatin_entropy, "{:.2f} of 1")),
                ("Pale spots in it", _said(found.nucleoli, "{}, perhaps nucleoli")),
                ("Basophilia", _said(found.basophilia, "{:+.2f} of cytoplasm, pink -1, blue +1")),
            )
            if text
        ]

    def _area(self, area_px: float) -> str:
        scale = self.field.um_per_px
        return f"{area_px:.0f} px²" if scale is None else f"{area_px * scale**2:.1f} µm²"


def _said(value: float | None, words: str) -> str:
    return "" if value is None else words.format(value).replace("%", " %")


def views_of(field: FieldImage, cells: Iterable[Cell]) -> list[CellView]:
    """Make the views of one field's cells, in the order given."""
    return [CellView(cell, field, group_of(cell)) for cell in cells]


def group_of(cell: Cell) -> str:
    """Name the group a cell is shown in."""
    return str(cell.suggestion) if cell.counted else UNCOUNTED


def by_probability(views: Iterable[CellView]) -> list[CellView]:
    """Sort for the gallery: likely blasts first, what is not counted last."""
    return sorted(
        views,
        key=lambda v: (
            v.group == UNCOUNTED,
            -(v.row.blast_probability or 0),
            v.field.number,
            v.number,
        ),
    )


def group_counts(views: Iterable[CellView]) -> dict[str, int]:
    """Count the cells of each group, the empty ones too."""
    found = Counter(view.group for view in views)
    return {group: found[group] for group in GROUPS}


def atlas_size(cells: int) -> tuple[int, int]:
    """Return width and height of the atlas of a field with so many cells, pixels."""
    columns = min(max(cells, 1), ATLAS_COLUMNS)
    return columns * TILE_PX, -(-max(cells, 1) // columns) * TILE_PX


def suggestions(views: Sequence[CellView]) -> dict[Suggestion, int]:
    """Count the counted cells by suggestion."""
    found = Counter(
        Suggestion(view.row.suggestion)
        for view in views
        if view.row.counted and view.row.suggestion is not None
    )
    return {kind: found[kind] for kind in Suggestion}
