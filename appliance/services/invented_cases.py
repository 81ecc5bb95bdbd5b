"""Draws by lot what an invented patient and examination are like; plain values, the same each time.

Invented for the look of lists and charts: nothing is to be learned from them about any disease.
"""

from dataclasses import dataclass
from datetime import date, timedelta
from random import Random
from typing import Any

from appliance.services.invented_names import FAMILY, FEMALE, MALE, NAMES
from appliance.vocabulary import ExaminationStatus, FieldState, Sex, Specimen, Stain

_FATES: tuple[tuple[int, ExaminationStatus, FieldState | None], ...] = (
    (860, ExaminationStatus.FINAL, FieldState.ANALYSED),
    (10, ExaminationStatus.AMENDED, FieldState.ANALYSED),
    (5, ExaminationStatus.CORRECTED, FieldState.ANALYSED),
    (5, ExaminationStatus.ENTERED_IN_ERROR, FieldState.ANALYSED),
    (10, ExaminationStatus.CANCELLED, FieldState.ANALYSED),
    (40, ExaminationStatus.PRELIMINARY, FieldState.ANALYSED),
    (40, ExaminationStatus.PARTIAL, FieldState.ANALYSED),
    (7, ExaminationStatus.PARTIAL, FieldState.REFUSED),
    (3, ExaminationStatus.PARTIAL, FieldState.FAILED),
    (20, ExaminationStatus.REGISTERED, None),
)
"""Of a thousand: how an examination stands, and its image."""

_INDICATIONS = (
    "Pancytopenia",
    "Circulating blasts in the automated count",
    "Lymphocytosis, viral infection?",
    "Day 33 of induction",
    "Follow-up in maintenance",
    "Bruising and fever for two weeks",
    "Hepatosplenomegaly",
)
_PHASES = ("untreated", "induction", "consolidation", "reinduction", "maintenance", "remission")
_SIGNS = ("fatigue", "pallor", "fever", "bleeding", "petechiae", "bone-pain", "infections")
_ORGANS = ("liver", "spleen", "lymph-nodes", "mediastinum")


@dataclass(frozen=True)
class Case:
    """What is drawn of one examination."""

    status: ExaminationStatus
    image: FieldState | None
    """None where there is no image yet."""
    entries: dict[str, Any]
    """Of the examination."""
    minutes: int
    """From registration to the last step."""
    has_findings: bool
    agreement: float
    """How often the reader calls a cell what the network called it."""
    second_reading: bool
    lot: Random
    """Goes on to what follows from it."""


def draw_case(number: int) -> Case:
    """Draw an examination."""
    lot = Random(f"examination {number}")  # noqa: S311 - a lottery, no secret
    (_, status, image) = lot.choices(_FATES, [fate[0] for fate in _FATES])[0]
    entries = {
        "specimen": lot.choice((Specimen.BLOOD, Specimen.BLOOD, Specimen.MARROW)),
        "stain": lot.choice((Stain.WRIGHT, Stain.MAY_GRUNWALD_GIEMSA)),
        "objective": "100x oil (drawn)",
        "microscope": lot.choice(("Bench 1", "Bench 2")),
        "stain_batch": f"L{number // 2000:03d}",
        "indication": lot.choice(_INDICATIONS),
    }
    return Case(
        status=status,
        image=image,
        entries=entries,
        minutes=lot.randrange(30, 600),
        has_findings=lot.random() < 0.6,
        agreement=lot.choice((0.88, 0.93, 0.97)),
        second_reading=lot.random() < 0.05,
        lot=lot,
    )


def draw_patient(number: int, first: date) -> dict[str, Any]:
    """Draw a person, children as often as grown-ups; the patient number is not part of it.

    Args:
        number: of their last examination.
        first: day of their first examination, before which they were born.
    """
    lot = Random(f"person {number}")  # noqa: S311
    names = lot.choice(NAMES)
    is_female = lot.random() < 0.5
    given, family = names[FEMALE if is_female else MALE].split(), names[FAMILY].split()
    called = lot.choice(given) if lot.random() < 0.5 else " ".join(lot.sample(given, 2))
    last = lot.choice(family) if lot.random() < 0.7 else "-".join(lot.sample(family, 2))
    years = lot.choice((lot.randrange(1, 18), lot.randrange(18, 90)))
    return {
        "family_name": last,
        "given_name": called,
        "sex": Sex.FEMALE if is_female else Sex.MALE,
        "birth_date": first - timedelta(days=365 * years + 180 + lot.randrange(365)),
    }


def draw_findings(step: int, steps: int, lot: Random) -> dict[str, Any]:
    """Draw findings of a work-up that grow better from step to step.

    Args:
        step: 0 for the first examination of the patient.
        steps: how many there are.
        lot: of the examination.
    """
    share = 0.8 * (1 - step / max(steps, 2)) ** 2 * lot.random()
    white = round(4 + 60 * share * lot.random() + 4 * lot.random(), 1)
    return {
        "haemoglobin_g_per_l": float(round(130 - 60 * share + lot.gauss(0, 6))),
        "white_cells_10e9_per_l": white,
        "neutrophils_10e9_per_l": round(white * (1 - share) * 0.5, 2),
        "lymphocytes_10e9_per_l": round(white * (1 - share) * 0.4, 2),
        "platelets_10e9_per_l": float(round(max(10, 250 - 230 * share + lot.gauss(0, 20)))),
        "blood_blasts_percent": float(round(100 * share)),
        "lactate_dehydrogenase_u_per_l": float(round(180 + 1200 * share)),
        "symptoms": sorted(lot.sample(_SIGNS, 2 if share > 0.2 else 0), key=_SIGNS.index),
        "organ_enlargement": sorted(
            lot.sample(_ORGANS, 1 if share > 0.3 else 0), key=_ORGANS.index
        ),
        "treatment_phase": _PHASES[min(step, len(_PHASES) - 1)],
    }
