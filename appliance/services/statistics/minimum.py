"""How much there must be before a figure is shown, and how much more it takes.

Of 50 cells a share is known to within 14 in 100 at worst; so many of either kind are also what
CLSI EP12 asks of a qualitative test. Of fewer than three patients nobody can say how patients
differ. A number made of less would be believed all the same, so it is not shown.
"""

from dataclasses import dataclass

from appliance.services.statistics.blocks import Blocks, Truths, blocks_in

CELLS = 50
BLOCKS = 3


@dataclass(frozen=True, slots=True)
class Missing:
    """What a figure still needs; nothing where both are 0."""

    cells: int
    blocks: int
    """Patients beyond those that are there."""

    @property
    def nothing(self) -> bool:
        """Whether there is enough."""
        return not (self.cells or self.blocks)


def missing(block: Blocks, *, cells: int = CELLS, blocks: int = BLOCKS) -> Missing:
    """Say what is missing for a share of these cells.

    Args:
        block: (n,).
        cells: how many there must be.
        blocks: of how many blocks.
    """
    return Missing(max(cells - len(block), 0), max(blocks - blocks_in(block), 0))


def missing_of_either(blast: Truths, block: Blocks, *, cells: int = CELLS) -> tuple[Missing, ...]:
    """Say what is missing of blasts and of normal cells, for what compares the two."""
    return missing(block[blast], cells=cells), missing(block[~blast], cells=cells)
