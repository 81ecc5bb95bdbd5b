"""Who may be registered already, before somebody is registered twice.

Points out, never decides: people share birthdays and names.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any
from uuid import UUID

from rapidfuzz.distance import OSA

from appliance.records import fulltext, index
from appliance.records.fulltext import Sought
from appliance.records.index_tables import PatientIndex
from appliance.records.search import fold
from appliance.records.tables import Patient

_LOOKED_AT = 200  # of one name; who has so common a name is told apart by the birth date


@dataclass(frozen=True, slots=True)
class Alike:
    """Somebody registered who may be the same person, and why."""

    patient: Patient
    reason: str
    """What is alike, in a few words."""
    weight: int
    """The higher, the more alike."""


def possible(values: Mapping[str, Any], *, limit: int = 5, but: UUID | None = None) -> list[Alike]:
    """Find who might be the same person, the most alike first.

    Alike are: the same number in another spelling; the same birth date with names that are swapped,
    shortened or one letter apart; the same names with a birth date that is missing or mistyped.

    Args:
        values: as `patients.register` takes them; incomplete ones do.
        limit: how many at most.
        but: a patient who is not meant: the one that others are compared with.
    """
    names = fold(f"{values.get('family_name') or ''} {values.get('given_name') or ''}")
    number, born = values.get("medical_record_number") or "", values.get("birth_date")
    found: dict[UUID, Alike] = {}
    for alike in (*_by_number(number), *_by_birth_date(names, born), *_by_names(names, born)):
        known = found.get(alike.patient.id)
        if alike.patient.id != but and (known is None or alike.weight > known.weight):
            found[alike.patient.id] = alike
    return sorted(found.values(), key=lambda a: (-a.weight, str(a.patient.id)))[:limit]


def names_alike(one: Sequence[str], other: Sequence[str]) -> bool:
    """Compare folded names part by part, in any order; the longer may have further parts.

    Each part of the shorter has one of its own in the longer that is at most one letter added,
    left out, exchanged or swapped with its neighbour away (optimal string alignment).
    """
    shorter, longer = sorted((list(one), list(other)), key=len)
    if not shorter or (len(shorter) == 1 and len(longer) > 1):
        return False
    for part in sorted(shorter, key=len, reverse=True):
        nearest = min(longer, key=lambda word: OSA.distance(part, word), default=None)
        if nearest is None or OSA.distance(part, nearest) > 1:
            return False
        longer.remove(nearest)
    return True


def _by_number(number: str) -> Iterable[Alike]:
    if fold(number):
        for row in _placed(Sought(facts=[[index.same_number(number)]])):
            yield Alike(row, "Same number, spelled differently", 3)


def _by_birth_date(names: Sequence[str], born: date | None) -> Iterable[Alike]:
    if born is None or not names:
        return
    unmerged = Patient.merged_into.is_null()
    for row in Patient.select().where(Patient.birth_date == born, unmerged):
        theirs = _names_of(row)
        if sorted(theirs) == sorted(names):
            yield Alike(row, "Same name, same birth date", 5)
        elif names_alike(names, theirs):
            yield Alike(row, "Similar name, same birth date", 4)


def _by_names(names: Sequence[str], born: date | None) -> Iterable[Alike]:
    """Look at those who have all these names, and no birth date that tells them apart."""
    if not names:
        return
    for row in _placed(Sought(beginnings=names)):
        if not names_alike(names, _names_of(row)):
            continue
        if born is None or row.birth_date is None:
            yield Alike(row, "Same name, a birth date is missing", 2)
        elif _is_mistyped(born, row.birth_date):
            yield Alike(row, "Same name, similar birth date", 3)


def _placed(sought: Sought) -> list[Patient]:
    places = fulltext.places(PatientIndex, sought, _LOOKED_AT)
    return list(Patient.select().join(PatientIndex).where(PatientIndex.place.in_(places)))


def _names_of(row: Patient) -> list[str]:
    return fold(f"{row.family_name} {row.given_name}")


def _is_mistyped(one: date, other: date) -> bool:
    """Say whether one part of a date differs, or day and month are swapped."""
    parts = [one.year != other.year, one.month != other.month, one.day != other.day]
    swapped = (one.year, one.month, one.day) == (other.year, other.day, other.month)
    return swapped or (sum(parts) == 1 and OSA.distance(str(one), str(other)) == 1)
