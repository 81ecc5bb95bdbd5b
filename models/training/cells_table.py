"""The table of training cells: one row a cell, with where it comes from."""

from collections.abc import Iterable
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

BLAST, NORMAL, UNUSABLE, UNKNOWN = 0, 1, 2, -1


@dataclass(frozen=True, slots=True, eq=False)
class Row:
    """One cell."""

    crop: NDArray[np.uint8]
    mask: NDArray[np.uint8]
    """(side, side): 255 where the crop shows the cell, 0 where the slide is hidden."""
    label: int
    source: str
    block: str
    """Contiguous part of its source that must not be torn apart: a series, a run of frames."""
    picture: str
    kind: str
    """Finer than the label: the cell type, or how the crop came to be."""


@dataclass(frozen=True, slots=True, eq=False)
class Cells:
    """n cells, column by column."""

    crops: NDArray[np.uint8]
    masks: NDArray[np.uint8]
    label: NDArray[np.int8]
    source: NDArray[np.str_]
    block: NDArray[np.str_]
    picture: NDArray[np.str_]
    kind: NDArray[np.str_]

    def __len__(self) -> int:
        """Count the cells."""
        return len(self.label)

    def where(self, choice: NDArray[np.bool_] | NDArray[np.intp]) -> "Cells":
        """Take some cells, by a mask or by row numbers."""
        return Cells(*(getattr(self, column.name)[choice] for column in fields(self)))


def table(rows: Iterable[Row]) -> Cells:
    """Put rows together."""
    listed = list(rows)
    return Cells(
        crops=np.stack([row.crop for row in listed]),
        masks=np.stack([row.mask for row in listed]),
        label=np.array([row.label for row in listed], np.int8),
        source=np.array([row.source for row in listed]),
        block=np.array([row.block for row in listed]),
        picture=np.array([row.picture for row in listed]),
        kind=np.array([row.kind for row in listed]),
    )


def joined(one: Cells, other: Cells) -> Cells:
    """Put the rows of one table after those of another."""
    columns = ((getattr(one, c.name), getattr(other, c.name)) for c in fields(Cells))
    return Cells(*(np.concatenate(pair) for pair in columns))


def save(cells: Cells, path: Path) -> None:
    """Write the table, whole or not at all."""
    path.parent.mkdir(parents=True, exist_ok=True)
    half = path.with_suffix(".part.npz")
    np.savez(half, **{column.name: getattr(cells, column.name) for column in fields(cells)})
    half.replace(path)


def load(path: Path) -> Cells:
    """Read what `save` wrote."""
    with np.load(path) as stored:
        return Cells(*(stored[column.name] for column in fields(Cells)))
