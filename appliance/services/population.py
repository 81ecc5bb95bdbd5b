"""Fills a demo lab with very many invented examinations, to see how it behaves when it is full.

The images and cells are those of a few drawn slides that the real pipeline read, used over and
over; people, findings, readings and reports are drawn by lot. Each examination is drawn from its
own number, counted back from now, so that the last hundred are the same in a lab of any size.
"""

from collections.abc import Callable, Iterator, Sequence
from datetime import datetime, timedelta
from random import Random

from appliance.clock import now
from appliance.records import bulk
from appliance.records.bulk import Bulk
from appliance.records.search import search_text
from appliance.records.tables import ClinicalDetails, Examination, Patient
from appliance.services.invented_cases import draw_case, draw_findings, draw_patient
from appliance.services.invented_history import Chronicle, History, Pattern, Staff

__all__ = ["Pattern", "Staff", "populate"]

_EVERY = timedelta(minutes=26)  # some 55 a day
_PATIENTS_OF = (1, 1, 1, 2, 3, 6)
"""How many examinations a patient has, by lot; the six are followed through treatment."""
_HIGHEST = 2_000_000


def populate(
    count: int,
    patterns: Sequence[Pattern],
    staff: Staff,
    *,
    say: Callable[[str], object] = lambda _: None,
) -> None:
    """Write `count` examinations with patients, findings, readings and signed reports.

    Args:
        count: how many.
        patterns: at least one.
        staff: two people of the lab.
        say: told now and then how far it is.
    """
    present, told = now(), 0
    with bulk.writing() as into:
        for numbers in _by_patient(count):
            _write_patient(into, numbers, patterns, staff, present)
            into.write()
            done = count - numbers[-1]
            if done - told >= 10_000:
                told = done
                say(f"{done:,} of {count:,} examinations invented …")
        say("Writing the index …")


def _by_patient(count: int) -> Iterator[Sequence[int]]:
    """Part the numbers among patients, the oldest first; number 0 is the last of all."""
    start, groups = 0, []
    while start < count:
        size = Random(f"patient {start}").choice(_PATIENTS_OF)  # noqa: S311
        groups.append(range(start, min(start + size, count)))
        start += size
    for group in reversed(groups):
        yield group[::-1]


def _write_patient(
    into: Bulk, numbers: Sequence[int], patterns: Sequence[Pattern], staff: Staff, present: datetime
) -> None:
    """Write a patient and the examinations of these numbers, the oldest first."""
    first = present - _EVERY * (numbers[0] + 1)
    values = draw_patient(numbers[-1], first.date())
    values["medical_record_number"] = f"SIM-{_HIGHEST - numbers[-1]:07d}"
    names = (values["family_name"], values["given_name"])
    words = search_text(values["medical_record_number"], names)
    patient = Patient(**values, search_text=words, simulated=True)
    chronicle = Chronicle(into, first - timedelta(minutes=5))
    chronicle.begin(patient, "patient:register", staff.technician)
    chronicle.end(patient)
    for step, number in enumerate(numbers):
        case = draw_case(number)
        chronicle.at = present - _EVERY * (number + 1)
        if case.has_findings:
            found = draw_findings(step, len(numbers), case.lot)
            details = ClinicalDetails(patient=patient.id, observed_on=chronicle.at.date(), **found)
            chronicle.begin(details, "clinical:add", staff.technician)
            chronicle.end(details)
        examination = Examination(
            patient=patient.id,
            accession_number=f"SIM-{chronicle.at:%y}-{_HIGHEST - number:07d}",
            simulated=True,
            **case.entries,
        )
        pattern = patterns[number % len(patterns)]
        History(chronicle, staff, case, patient, examination, pattern).write()
