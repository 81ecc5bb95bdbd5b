"""How far the verification of the model at this microscope is, and what its figures allow to say.

Decides in which words figures are given; what is switched on is a person's decision.
"""

from collections.abc import Callable, Collection, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Final
from uuid import UUID

from appliance.records import site_cells
from appliance.records.site_cells import Compared, Verified
from appliance.services.calibration import LEAST
from appliance.services.performance import Rate
from appliance.vocabulary import Suggestion, how_many

RECOMMENDED: Final = 50
"""Cells from which figures are worth a decision."""
EXAMINATIONS: Final = 3
"""They come from so many, or they may only tell slides apart."""
LEAST_COMPARED: Final = 20
"""Verified coming cells below which a comparison says nothing."""
_AUC_AT_LEAST = 0.90
_ALIKE = 0.005
"""AUC that a head may lose and still be called no worse."""
_RATE_AT_LEAST = 0.80
"""Lower ends of the 95 % intervals from which the network's own head may be accepted here."""


@dataclass(frozen=True, slots=True)
class Need:
    """What there is to learn from, and what is missing."""

    verified: Verified

    @property
    def blasts(self) -> int:
        """Verified blasts that are missing before anything can be fitted."""
        return max(LEAST - self.verified.blast, 0)

    @property
    def normal(self) -> int:
        """Verified normal cells that are missing."""
        return max(LEAST - self.verified.normal, 0)

    @property
    def may_fit(self) -> bool:
        """Whether there are enough to fit a head."""
        return not self.blasts and not self.normal

    @property
    def cells(self) -> int:
        """Verified cells of both classes."""
        return self.verified.blast + self.verified.normal

    @property
    def is_good(self) -> bool:
        """Whether there are as many, from as many slides, as figures should rest on."""
        return self.cells >= RECOMMENDED and self.verified.examinations >= EXAMINATIONS

    @property
    def sentence(self) -> str:
        """What is missing, in words."""
        if not self.may_fit:
            lacking = [_of(self.blasts, "blast"), _of(self.normal, "normal cell")]
            return f"{' and '.join(words for words in lacking if words)} more to verify first."
        if self.is_good:
            return "Enough to fit a head to, and to say what it is worth."
        more = [
            _of(max(RECOMMENDED - self.cells, 0), "cell"),
            _of(max(EXAMINATIONS - self.verified.examinations, 0), "examination"),
        ]
        wanted = " and ".join(words for words in more if words)
        return f"A head can be fitted. {wanted} more would make its figures worth a decision."


@dataclass(frozen=True, slots=True)
class Side:
    """What one head said of the cells compared."""

    agreed: Rate
    opposed: Rate
    """Called the other class."""
    unsure: Rate


@dataclass(frozen=True, slots=True)
class Comparison:
    """The head on trial beside the one in use, on coming cells that readers verified since."""

    cells: int
    examinations: int
    in_use: Side | None
    """None as long as there are too few cells; so is the other."""
    shadow: Side | None
    better: int
    """Cells that only the head on trial called as the reader did."""
    worse: int
    """Cells that only the head in use called so."""

    @property
    def missing(self) -> int:
        """Verified cells that are missing before anything is shown."""
        return max(LEAST_COMPARED - self.cells, 0)

    @property
    def sentence(self) -> str:
        """What it comes to, in words."""
        if self.missing:
            return f"{how_many(self.missing, 'more verified cell')} before a comparison is shown."
        if self.better == self.worse:
            return "Both agree with the readers equally often."
        which = "head on trial" if self.better > self.worse else "head in use"
        most, least = max(self.better, self.worse), min(self.better, self.worse)
        return f"The {which} is right alone on {how_many(most, 'cell')}, the other on {least}."


def need(model_sha256: str, *, simulated: bool, without: Collection[UUID] = ()) -> Need:
    """Count what there is to learn from.

    Args:
        model_sha256: of the network in use.
        simulated: whether drawn cells count: only in a demo laboratory.
        without: examinations to leave out, whose calls are kept from whoever asks.
    """
    return Need(site_cells.count(model_sha256, simulated=simulated, without=without))


def comparison(verification_id: UUID, *, without: Collection[UUID] = ()) -> Comparison:
    """Compare a head on trial with the one in use, on what readers called the cells."""
    found = site_cells.compared(verification_id, without=without)
    if len(found) < LEAST_COMPARED:
        return Comparison(len(found), _examinations(found), None, None, 0, 0)
    in_use = _side(found, lambda cell: cell.in_use_suggestion)
    shadow = _side(found, lambda cell: cell.shadow_suggestion)
    rights = [(_right(c, c.in_use_suggestion), _right(c, c.shadow_suggestion)) for c in found]
    return Comparison(
        len(found),
        _examinations(found),
        in_use,
        shadow,
        better=sum(new and not old for old, new in rights),
        worse=sum(old and not new for old, new in rights),
    )


def judgement(figures: Mapping[str, Any]) -> tuple[str, str]:
    """Say whether a head is better here than the network's own: (ok|attention|fault, sentence)."""
    gain = figures["gain"]
    if gain["low"] is None:
        return "attention", "No difference could be measured: verify more cells."
    said = f"AUC changes by {gain['value']:+.3f} ({gain['low']:+.3f} to {gain['high']:+.3f})"
    if gain["low"] > 0:
        return "ok", f"{said}: this head is better here than the network's own."
    if _is_truer(figures):
        return "ok", f"{said}, but what it says is truer: the calibration error is clearly lower."
    if gain["value"] < 0 and gain["high"] < 0.0005:
        return "fault", f"{said}: this head is worse here. Do not switch it on."
    return "attention", f"{said}: no clear difference. More cells, of more slides, may show one."


def _is_truer(figures: Mapping[str, Any]) -> bool:
    """Say whether its calibration error lies below the network's, intervals apart, AUC alike."""
    head, own = (figures[name]["calibration_error"] for name in ("site_head", "network"))
    alike = figures["gain"]["value"] > -_ALIKE
    known = head["high"] is not None and own["low"] is not None
    return bool(alike and known and head["high"] < own["low"])


def reservations(cells: Mapping[str, int], figures: Mapping[str, Any]) -> list[str]:
    """Say what figures do not tell, in sentences; none where they are sound."""
    said = []
    so_many = cells["blast"] + cells["normal"]
    if so_many < RECOMMENDED:
        said.append(f"Fitted to {so_many} cells; {RECOMMENDED} are recommended.")
    if cells["examinations"] < EXAMINATIONS:
        come_from = how_many(cells["examinations"], "examination")
        said.append(f"The cells come from {come_from}: the figures may only tell slides apart.")
    elif figures["judged_by"] == "cell":
        said.append("All cells of a class come from one patient: the figures flatter.")
    if figures.get("mixed") == 0:
        said.append(
            "No patient gave both blasts and normal cells: the figures may only tell slides apart."
        )
    for name, why in (
        ("changed", "no longer given the probability they were read with; left out"),
        ("missing", "of pictures that cannot be read; left out"),
        ("outside", "unlike the training cells; such cells stay unsure under any head"),
    ):
        if figures.get(name):
            said.append(f"{how_many(figures[name], 'cell')} {why}.")
    return said


def objections(cells: Mapping[str, int], figures: Mapping[str, Any]) -> list[str]:
    """Say why the network's own head cannot be accepted as verified here; none where it can."""
    own, said = figures["network"], []
    if cells["blast"] + cells["normal"] < RECOMMENDED or cells["examinations"] < EXAMINATIONS:
        said.append(f"{RECOMMENDED} cells from {EXAMINATIONS} examinations are needed for it.")
    if (own["auc"]["low"] or 0) < _AUC_AT_LEAST:
        said.append(f"Its AUC may lie below {_AUC_AT_LEAST:.2f} here.")
    if min(own["sensitivity"]["low"], own["specificity"]["low"]) < _RATE_AT_LEAST:
        said.append(
            f"Its sensitivity or specificity may lie below {100 * _RATE_AT_LEAST:.0f} % here."
        )
    return said


def _side(found: Sequence[Compared], said: Callable[[Compared], str]) -> Side:
    right = sum(_right(cell, said(cell)) for cell in found)
    unsure = sum(said(cell) == Suggestion.UNSURE for cell in found)
    count = len(found)
    return Side(Rate(right, count), Rate(count - right - unsure, count), Rate(unsure, count))


def _right(cell: Compared, said: str) -> bool:
    return said == (Suggestion.BLAST if cell.blast else Suggestion.NORMAL)


def _examinations(found: Sequence[Compared]) -> int:
    return len({cell.examination_id for cell in found})


def _of(count: int, what: str) -> str:
    return how_many(count, what) if count else ""
