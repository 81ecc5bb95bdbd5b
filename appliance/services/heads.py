"""Which head stands on the network: its own, or one that the laboratory fitted and switched on.

A head that cannot be used stops nobody: the network's own stands in, and says so.
"""

import logging
from collections.abc import Set
from dataclasses import dataclass
from pathlib import Path
from uuid import UUID

from appliance.errors import ModelUnusable
from appliance.pipeline.morphology import NUMBERS
from appliance.records import site_verifications
from appliance.records.review_tables import SiteVerification
from appliance.services.analysis import Shadow
from models.card import Card
from models.classifier import Classifier
from models.last_seen import LastSeen
from models.site_head import SITE_HEAD, SiteHeadClassifier, load_site_head

log = logging.getLogger(__name__)

NOT_VERIFIED = "suggestions are not yet verified at this microscope"


@dataclass(frozen=True, eq=False)
class Heads:
    """What new fields are read with."""

    switches: Set[tuple[UUID, str]]
    """As they stood in the records then: others mean that something was switched."""
    in_use: Classifier
    verified: bool
    """Whether it is verified at this microscope."""
    shadow: Shadow | None


def open_heads(network: Classifier, folder: Path) -> Heads:
    """Put on the network what is switched on, and what is tried beside it.

    Args:
        network: as it came.
        folder: of the laboratory's heads, each in a folder named by its SHA-256.
    """
    shared = LastSeen(network)
    switches = site_verifications.switches()
    active, tried = site_verifications.in_use(), site_verifications.in_shadow()
    in_use, verified = _in_use(active, shared, folder)
    shadow = None
    if tried is not None:
        try:
            shadow = Shadow(tried.id, open_head(tried, shared, folder))
        except ModelUnusable as error:
            log.warning("the site head on trial is not computed: %s", error.sentence)
    return Heads(switches, in_use, verified, shadow)


def open_head(row: SiteVerification, network: Classifier, folder: Path) -> Classifier:
    """Open the head of a row; the network as it is where it has none of its own.

    Raises:
        ModelUnusable: it is missing, was changed, or belongs to another network or version.
    """
    if row.model_sha256 != network.card.sha256:
        raise ModelUnusable(_of_another(row, network.card))
    return headed(network, row.head_sha256, folder)


def headed(network: Classifier, head_sha256: str, folder: Path) -> Classifier:
    """Put the head with this SHA-256 on a network; the network as it is where that is empty.

    Raises:
        ModelUnusable: it is missing, was changed, or belongs to another network or version.
    """
    if not head_sha256:
        return network
    head = load_site_head(folder / head_sha256)
    if head.stamp.sha256 != head_sha256:
        raise ModelUnusable(f"the site head {head_sha256[:12]} was changed since it was fitted")
    if head.numbers is not None and head.numbers.names != NUMBERS:
        raise ModelUnusable(
            f"the site head {head_sha256[:12]} was fitted to numbers that this version measures "
            "differently",
            advice="Fit a new one on the page Model.",
        )
    return SiteHeadClassifier(network, head)


def standing(card: Card | None, folder: Path) -> tuple[bool, str]:
    """Say, without loading anything, whether what is switched on can be used, and what it is."""
    row = site_verifications.in_use()
    if row is None or card is None:
        return True, NOT_VERIFIED
    if row.model_sha256 != card.sha256:
        return False, f"{_of_another(row, card)}: the network's own head is in use"
    if row.head_sha256 and not (folder / row.head_sha256 / SITE_HEAD).is_file():
        missing = f"the file of the site head {row.head_sha256[:12]} is missing"
        return False, f"{missing}: the network's own head is in use"
    which = f"site head {row.head_sha256[:12]}" if row.head_sha256 else "the network's own head"
    return True, f"{which} is verified at this microscope"


def _in_use(
    row: SiteVerification | None, network: Classifier, folder: Path
) -> tuple[Classifier, bool]:
    if row is None:
        return network, False
    try:
        return open_head(row, network, folder), True
    except ModelUnusable as error:
        log.warning("the network's own head is in use instead: %s", error.sentence)
        return network, False


def _of_another(row: SiteVerification, card: Card) -> str:
    return (
        f"what was verified here belongs to another classifier ({row.model_sha256[:12]}) than "
        f"{card.id} ({card.sha256[:12]})"
    )
