"""What people made of an examination, as a report shows it: counts, conclusion, signatures."""

from dataclasses import dataclass
from datetime import datetime

from appliance.exchange.template import Template
from appliance.vocabulary import Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class VerifiedCounts:
    """Cells as readers call them; only counted ones."""

    tally: Tally
    """Blast, normal and unsure: the leukocytes."""
    other: int = 0
    """Nucleated cells that are no leukocytes."""
    not_a_cell: int = 0
    unverified: int = 0
    """Counted cells that nobody has called yet."""
    changed: int = 0
    """Cells whose suggestion was blast or normal and that were called otherwise."""
    added: int = 0
    """Cells that a person added, merged or split."""
    readers: tuple[str, ...] = ()
    """Whose calls stand, in order of their number."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ConclusionEntry:
    """The structured finding and the free text."""

    finding: str
    """In the laboratory's words."""
    text: str = ""
    critical: bool = False
    told_to: str = ""
    acknowledged_by: str = ""
    acknowledged_at: datetime | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class SecondReadingEntry:
    """A reading by a second person who saw neither suggestions nor calls."""

    state: str
    """wanted, open, submitted or waived."""
    because: str
    reader: str = ""
    cells: int = 0
    """Called by both readers, each without the other's call."""
    agreed: int = 0
    unread: int = 0
    """Counted cells that came after it, such as those a reviewer added: no second reader's call."""
    adjudicated_by: str = ""
    note: str = ""
    """Why it was waived."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SignatureEntry:
    """Who signed, when, and what it means."""

    name: str
    role: str
    at: datetime
    meaning: str
    """Code of `review_vocabulary.SignatureMeaning`."""


@dataclass(frozen=True, slots=True, kw_only=True)
class VersionEntry:
    """One signed version of the report."""

    number: int
    status: str
    sha256: str
    """Of the signed record."""
    reason: str = ""
    """Why there is a version after the first."""
    signatures: tuple[SignatureEntry, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class CaseEntry:
    """Everything beyond the suggestions; parts that do not exist yet are None or empty."""

    template: Template
    status: str
    counts: VerifiedCounts | None = None
    conclusion: ConclusionEntry | None = None
    second: SecondReadingEntry | None = None
    version: VersionEntry | None = None
    """The one that is printed; None for a report that is not signed."""
    earlier: tuple[VersionEntry, ...] = ()
    check_address: str = ""
    """Of the page that checks the hash, without it; empty where it is not known."""

    @property
    def signed(self) -> bool:
        """Whether this is a signed version."""
        return self.version is not None
