"""A page of a longer list, with how long the list is."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import Generic, TypeVar

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class Page(Generic[T]):
    """Some rows out of `total`; may be looped over and measured like a list."""

    rows: Sequence[T]
    total: int
    """How many there are on all pages."""
    limit: int
    offset: int

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
