"""A laboratory with read and signed examinations, written row by row: what statistics count."""

from contextlib import contextmanager
from datetime import datetime, timedelta

import numpy as np
from uuid_utils.compat import uuid7

from appliance.clock import now
from appliance.records import guards
from appliance.records.database import proxy
from appliance.records.review_tables import CellDecision, Reading, ReportVersion
from appliance.records.tables import Cell, Examination, FieldImage, ModelRelease, Patient, User

OUTLINE = [[0, 0], [20, 0], [20, 20]]
STAMP = {"id": "all-lite0-1", "sha256": "c" * 64, "thresholds": [0.3, 0.7], "site_head": None}


@contextmanager
def filling():
    """Write rows past the guards, which know nothing of rows that were always there."""
    guards.remove(proxy.obj)
    try:
        with proxy.atomic():
            yield
    finally:
        guards.install(proxy.obj)


class Bench:
    """One operator at one microscope; each case is of a patient of its own unless given."""

    def __init__(self, operator: User, second: User) -> None:
        self.operator, self.second = operator, second
        self.count = 0
        self.model, _ = ModelRelease.get_or_create(
            sha256="c" * 64, defaults={"name": "all-lite0-1", "card": {}}
        )

    def patient(self) -> Patient:
        self.count += 1
        number = f"MRN-{self.count:04}"
        return Patient.create(
            medical_record_number=number, family_name="Secretname", sex="female", search_text=number
        )

    def examination(self, status="final", at: datetime | None = None, **values) -> Examination:
        self.count += 1
        return Examination.create(
            accession_number=f"26-{self.count:05}",
            **{"patient": values.pop("patient", None) or self.patient()},
            specimen="bone-marrow",
            stain="wright",
            status=status,
            created_at=at or now() - timedelta(days=1),
            **values,
        )

    def picture(self, examination, *, focus=9.0, stain=0.3, passed=True, **values) -> FieldImage:
        self.count += 1
        quality = [
            {"name": "focus", "value": focus, "passed": passed},
            {"name": "stain", "value": stain, "passed": True},
        ]
        return FieldImage.create(
            examination=examination,
            number=self.count,
            sha256=f"{self.count:064x}",
            original_name="x.png",
            media_type="image/png",
            byte_size=9,
            width=9,
            height=9,
            quality=quality,
            quality_passed=passed,
            uploaded_by=values.pop("uploaded_by", self.operator),
            model=self.model,
            **{"state": "analysed", "stamp": STAMP} | values,
        )

    def reading(self, examination, kind="first") -> Reading:
        reader = self.second if kind == "second" else self.operator
        return Reading.create(examination=examination, kind=kind, reader=reader, state="submitted")

    def cell(self, picture, suggestion="blast", probability=0.9, *, counted=True) -> Cell:
        values = self._cell(picture, suggestion, probability, counted=counted)
        Cell.insert(values).execute()
        return Cell.get_by_id(values["id"])

    def decide(self, reading, cell, label, number=1) -> None:
        CellDecision.insert(self._decision(reading, cell.id, label, number)).execute()

    def _cell(self, picture, suggestion, probability, *, counted) -> dict:
        self.count += 1
        return {
            "id": uuid7(), "field": picture.id, "number": self.count, "x": 1, "y": 1, "width": 9,
            "height": 9, "nucleus": OUTLINE, "nucleus_area_px": 9.0, "counted": counted,
            "suggestion": suggestion, "blast_probability": probability,
        }  # fmt: skip

    def _decision(self, reading, cell_id, label, number) -> dict:
        return {
            "reading": reading.id, "cell": cell_id, "reader": reading.reader_id, "number": number,
            "label": label, "blind": reading.kind == "second", "batch": uuid7(), "how": "one",
        }  # fmt: skip

    def sign(self, examination, hours: float, number=1) -> ReportVersion:
        self.count += 1
        return ReportVersion.create(
            examination=examination,
            number=number,
            status="final",
            content={},
            sha256=f"{self.count:064x}",
            created_at=examination.created_at + timedelta(hours=hours),
        )

    def case(self, random, *, cells=24, leukaemia=False, second=False, **values) -> Examination:
        """A whole examination: one picture, every cell suggested, read, and signed."""
        examination = self.examination(**values)
        picture, first = self.picture(examination), self.reading(examination)
        blind = self.reading(examination, "second") if second else None
        found, decided = [], []
        for _ in range(cells):
            blast = random.random() < (0.6 if leukaemia else 0.05)
            score = 1 / (1 + np.exp(-((2 if blast else -2) + random.normal(0, 1.2))))
            said = "blast" if score > 0.7 else "normal" if score < 0.3 else "unsure"
            found.append(self._cell(picture, said, float(score), counted=True))
            called = "blast" if blast else "normal"
            decided.append(self._decision(first, found[-1]["id"], called, 1))
            if blind:
                again = called if random.random() < 0.9 else "unsure"
                decided.append(self._decision(blind, found[-1]["id"], again, 2))
        Cell.insert_many(found).execute()
        CellDecision.insert_many(decided).execute()
        if examination.status == "final":
            self.sign(examination, 5.0)
        return examination


def blur_last_week(bench: Bench, weeks: int = 10) -> None:
    """Pictures of some weeks, out of focus in the last; its numbers are enough to be judged."""
    for week in range(weeks):
        for place in range(9):
            at = now() - timedelta(days=7 * (weeks - week), minutes=place)
            sharp = 9 + (week * 7 + place * 5) % 11 / 5
            last = week == weeks - 1
            bench.picture(bench.examination(at=at), focus=sharp - (5 if last else 0))
            bench.picture(bench.examination(at=at), focus=sharp - (4.5 if last else -0.3))


def furnish(bench: Bench, cases: int, *, seed=1, days=60, **values) -> None:
    """Fill the last days with cases, a third of them leukaemias, every fifth read twice."""
    random = np.random.default_rng(seed)
    for number in range(cases):
        at = now() - timedelta(days=days * (number + 0.5) / cases)
        bench.case(
            random,
            leukaemia=number % 3 == 0,
            second=number % 5 == 0,
            at=at,
            microscope=("Olympus", "Zeiss")[number % 2],
            stain_batch=f"G-{number % 2 + 1}",
            **values,
        )
