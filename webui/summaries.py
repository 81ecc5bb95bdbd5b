"""What a list says of an examination: its result in words, and what is still missing."""

from dataclasses import dataclass

from appliance.records.overview import Listed
from appliance.vocabulary import ExaminationStatus, Tally
from webui import labels, shapes

_CLOSED = frozenset({ExaminationStatus.CANCELLED, ExaminationStatus.ENTERED_IN_ERROR})
_SIGNED = frozenset(
    {ExaminationStatus.FINAL, ExaminationStatus.AMENDED, ExaminationStatus.CORRECTED}
)


@dataclass(frozen=True)
class Missing:
    """What an examination waits for, in words, with the state of its tag."""

    words: str
    state: str
    """ok, busy, attention or quiet, as `ui.tag` takes it."""


@dataclass(frozen=True)
class Line:
    """One examination as lists show it."""

    listed: Listed
    tally: Tally
    missing: Missing

    @property
    def cells(self) -> str:
        """Counted cells in words."""
        count = self.tally.cells
        return "1 cell" if count == 1 else f"{count} cells"

    @property
    def interval(self) -> str:
        """The exact 95 % interval of the blast fraction in words; empty without a decided cell."""
        if self.tally.interval95 is None:
            return ""
        low, high = (100 * bound for bound in self.tally.interval95)
        return f"{low:.0f} to {high:.0f} %"


def line(listed: Listed) -> Line:
    """Sum an examination up."""
    return Line(listed, shapes.tally(listed.by_suggestion), missing(listed))


def missing(listed: Listed) -> Missing:
    """Say what an examination waits for, the most pressing thing first."""
    status = ExaminationStatus(listed.examination.status)
    if status in _CLOSED:
        return Missing(labels.STATUSES[status], "quiet")
    need_you = listed.refused + listed.failed
    if need_you:
        return Missing(
            "1 image needs you" if need_you == 1 else f"{need_you} images need you", "attention"
        )
    if listed.waiting:
        return Missing(f"{listed.analysed} of {listed.fields} read", "busy")
    if not listed.fields:
        return Missing("No images yet", "attention")
    if status in _SIGNED:
        return Missing(labels.STATUSES[status], "ok")
    if not listed.cells:
        return Missing("No cell found", "attention")
    return Missing(f"{listed.cells} to verify", "quiet")
