"""How cells look on a page: their group, place in the atlas, words and sizes."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Final
from uuid import UUID

from appliance.pipeline.display import ATLAS_COLUMNS
from appliance.records.decisions import Standing
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import CellLabel
from appliance.vocabulary import Morphology, Suggestion

TILE_PX = 160
"""Edge of a cell's tile in the atlas of its field."""
UNCOUNTED: Final = "uncounted"
OPEN: Final = "open"
"""Nobody has called it, and no suggestion is there or is to be seen."""
CALLS: Final = tuple(str(label) for label in CellLabel if label != CellLabel.REPLACED)
"""What a reader may call a cell, in the order of the buttons and of the keys 1 to 5."""
GROUPS: Final = (*CALLS, OPEN, UNCOUNTED)
"""What the gallery's chips filter by."""
LABELS: Final = {
    "blast": "Blast",
    "normal": "Normal",
    "unsure": "Unsure",
    "other": "Other",
    "not-a-cell": "Not a cell",
    "open": "Not called",
    "uncounted": "Not counted",
}
PAGE = 120
"""Cells on a page of the gallery."""
NOBODY: Final = Standing("")
"""Has called the cell."""


@dataclass(frozen=True)
class CellView:
    """One cell as a page shows it."""

    row: Cell
    field: FieldImage
    group: str
    """What it is called; as long as nobody called it, what is suggested."""
    in_field: int
    """Cells of the field, replaced ones too: the atlas has a tile for each."""
    standing: Standing = NOBODY
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
    def verified(self) -> bool:
        """Whether a person called it."""
        return bool(self.standing.label)

    @property
    def atlas(self) -> tuple[int, int]:
        """Width and height of the atlas of its field, pixels."""
        columns = min(max(self.in_field, 1), ATLAS_COLUMNS)
        return columns * TILE_PX, -(-max(self.in_field, 1) // columns) * TILE_PX

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
        called = f" by {self.standing.reader_name}" if self.verified else ""
        return (
            f"Cell {self.number} of field {self.field.number}: {self.label.lower()}{called}, "
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


def views_of(
    field: FieldImage, cells: Sequence[Cell], standing: Mapping[UUID, Standing] | None = None
) -> list[CellView]:
    """Make the views of one field's cells, in the order given; replaced ones are left out.

    Args:
        field: theirs.
        cells: all of them.
        standing: what they are called; nothing yet where it is not given.
    """
    called = standing or {}
    views = [(cell, called.get(cell.id, NOBODY)) for cell in cells]
    return [
        CellView(cell, field, group_of(cell, its), len(cells), its)
        for cell, its in views
        if not its.replaced
    ]


def views_in(
    fields: Iterable[FieldImage], cells: Iterable[Cell], standing: Mapping[UUID, Standing]
) -> list[CellView]:
    """Make the views of the cells of several fields."""
    of_field: dict[UUID, list[Cell]] = {}
    for cell in cells:
        of_field.setdefault(cell.__data__["field"], []).append(cell)
    return [
        view for field in fields for view in views_of(field, of_field.get(field.id, []), standing)
    ]


def group_of(cell: Cell, standing: Standing) -> str:
    """Name the group a cell is shown in."""
    if not cell.counted:
        return UNCOUNTED
    return str(standing.label or cell.suggestion or OPEN)


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


def current(views: Sequence[CellView]) -> dict[Suggestion, int]:
    """Count blast, normal and unsure as the cells are called, or suggested, at this moment."""
    found = Counter(view.group for view in views)
    return {kind: found[kind] for kind in Suggestion}


def how_far(views: Sequence[CellView]) -> str:
    """Say how many of the counted cells a person has verified."""
    counted = [view for view in views if view.row.counted]
    verified = sum(view.verified for view in counted)
    if not verified:
        return "Suggestions, not yet verified"
    return "All verified" if verified == len(counted) else f"{verified} of {len(counted)} verified"
