"""A page of a longer list, with how long the list is, as far as that is worth counting."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")

COUNTED = 1000
"""Lists are counted so far, or to the end of the page shown; beyond it there are "more"."""


def counted(limit: int, offset: int) -> int:
    """Return how many records to look for so that a page knows whether another follows."""
    return max(COUNTED, offset + limit) + 1


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows out of `total`; may be looped over and measured like a list."""

    rows: Sequence[T]
    total: int
    """How many there are on all pages; at least so many where there are more."""
    limit: int
    offset: int
    more: bool = False
    """Whether counting was given up at the total."""

    @classmethod
    def of(cls, rows: Sequence[T], found: int, limit: int, offset: int) -> "Page[T]":
        """Make the page of a list in which `counted(limit, offset)` records were looked for."""
        most = counted(limit, offset) - 1
        return cls(rows, min(found, most), limit, offset, more=found > most)

    def __iter__(self) -> Iterator[T]:
        """Go through the rows of this page."""
        return iter(self.rows)

    def __len__(self) -> int:
        """Count the rows of this page."""
        return len(self.rows)

    @property
    def number(self) -> int:
        """Which page this is, from 1."""
        return self.offset // self.limit + 1

    @property
    def pages(self) -> int:
        """How many pages there are; 1 for an empty list."""
        return max(1, -(-self.total // self.limit))
