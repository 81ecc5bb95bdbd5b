"""Which pictures a network learned from: kept in its bundle, so that nobody is judged by them."""

from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path

from appliance.errors import ModelUnusable
from models.card import Card, read_verified

TRAINED_ON = "trained-on.txt"
DIGITS = 16
"""Of each SHA-256 that are kept: 64 bits, by which pictures do not meet by chance."""


@dataclass(frozen=True, slots=True)
class TrainedOn:
    """Pictures and blocks that a network learned from."""

    pictures: frozenset[str]
    """First DIGITS of the SHA-256 of each picture file."""
    blocks: frozenset[tuple[str, str]]
    """Source and block: a slide, a sitting, a run of frames; none of it may judge the network."""

    def has(self, sha256: str) -> bool:
        """Tell whether a file with this SHA-256 was learned from."""
        return sha256[:DIGITS] in self.pictures


def read_trained_on(bundle: Path, card: Card) -> TrainedOn:
    """Read the list of a bundle.

    Args:
        bundle: folder of the card.
        card: names the file and its hash.

    Raises:
        ModelUnusable: the bundle has no such list, or another one than its card says.
    """
    if TRAINED_ON not in card.files:
        raise ModelUnusable(
            f"{card.id} does not say which pictures it was trained on: no {TRAINED_ON}",
            advice="Use a bundle that does.",
        )
    lines = read_verified(bundle / TRAINED_ON, card.files[TRAINED_ON]).decode("utf-8").splitlines()
    parts = [line.split("\t") for line in lines if line and not line.startswith("#")]
    return TrainedOn(
        frozenset(part[0] for part in parts if len(part) == 1),
        frozenset((part[0], part[1]) for part in parts if len(part) == 2),
    )


def as_text(sha256s: Iterable[str], blocks: Iterable[tuple[str, str]]) -> str:
    """Write a list as `read_trained_on` reads it, always in the same order."""
    pictures = sorted({sha256[:DIGITS] for sha256 in sha256s})
    return "\n".join(
        [
            "# What this network learned from; never judge it by any of this.",
            "# Source and block, then the beginning of the SHA-256 of every picture.",
            *(f"{source}\t{block}" for source, block in sorted(set(blocks))),
            *pictures,
            "",
        ]
    )
