"""Codes of the records in the laboratory's words, and the names of what a history shows."""

from collections.abc import Mapping

from appliance.exchange.wording import SPECIMEN_WORDS, STAIN_WORDS, measured
from appliance.records.clinical import MEASUREMENTS, ORGANS, SYMPTOMS, TREATMENT_PHASES
from webui.histories import Shown, codes, day, flag, moment, number, plain, word

SPECIMENS: Mapping[str, str] = SPECIMEN_WORDS
SPECIMENS_SHORT: Mapping[str, str] = {"peripheral-blood": "Blood", "bone-marrow": "Marrow"}
"""As a row of a list has room for."""
STAINS: Mapping[str, str] = STAIN_WORDS
SEXES: Mapping[str, str] = {
    "female": "Female",
    "male": "Male",
    "other": "Other",
    "unknown": "Unknown",
}
SEX_LETTERS: Mapping[str, str] = {
    "female": "f",
    "male": "m",
    "other": "other sex",
    "unknown": "sex unknown",
}
"""As lists write it before the age."""
STATUSES: Mapping[str, str] = {
    "registered": "Registered",
    "partial": "Imaged",
    "preliminary": "Preliminary",
    "final": "Final",
    "amended": "Amended",
    "corrected": "Corrected",
    "cancelled": "Cancelled",
    "entered-in-error": "Entered in error",
}
FINDINGS_SHORT: Mapping[str, str] = {
    "no-blasts": "no blasts",
    "blasts-below-limit": "below the limit",
    "blasts-at-or-above-limit": "at or above the limit",
    "not-conclusive": "not conclusive",
    "not-assessable": "not assessable",
}
"""As a step has room for; the laboratory's own words stand in the report's template."""
CALLS: Mapping[str, str] = {
    "blast": "Blast",
    "normal": "Normal",
    "unsure": "Unsure",
    "other": "Other cell",
    "not-a-cell": "Not a cell",
    "replaced": "Merged or split",
    "": "Not called",
}
"""What people call a cell."""
_OBJECTIVES = ("100x oil", "63x oil", "60x oil", "50x oil", "40x", "20x")


def objective_choices(given: str) -> list[tuple[str, str]]:
    """Return the objectives offered as tiles, since a person with gloves on does not type.

    What is recorded already is among them, whatever it is.
    """
    names = _OBJECTIVES if given in {"", *_OBJECTIVES} else (*_OBJECTIVES, given)
    return [(name, name) for name in names]


PATIENT: Mapping[str, Shown] = {
    "medical_record_number": Shown("Patient number", plain),
    "family_name": Shown("Family name", plain),
    "given_name": Shown("Given name", plain),
    "sex": Shown("Sex", word(SEXES)),
    "birth_date": Shown("Birth date", day),
    "simulated": Shown("Simulated", flag),
    "protected": Shown("Protected", flag),
    "protected_reason": Shown("Why protected", plain),
}

CLINICAL: Mapping[str, Shown] = {
    "observed_on": Shown("Date of findings", day),
    **{m.column: Shown(m.label, number(m.unit)) for m in MEASUREMENTS},
    "symptoms": Shown("Symptoms", codes(SYMPTOMS)),
    "organ_enlargement": Shown("Enlarged or involved", codes(ORGANS)),
    "immunophenotype": Shown("Immunophenotype", plain),
    "treatment_phase": Shown("Treatment phase", word(TREATMENT_PHASES)),
    "notes": Shown("Notes", plain),
}

EXAMINATION: Mapping[str, Shown] = {
    "accession_number": Shown("Accession number", plain),
    "specimen": Shown("Specimen", word(SPECIMENS)),
    "stain": Shown("Stain", word(STAINS)),
    "status": Shown("Status", word(STATUSES)),
    "collected_at": Shown("Collected", moment),
    "received_at": Shown("Received", moment),
    "imaged_at": Shown("Imaged", moment),
    "objective": Shown("Objective", plain),
    "um_per_px": Shown("Scale", number("µm/px")),
    "microscope": Shown("Microscope", plain),
    "stain_batch": Shown("Stain batch", plain),
    "indication": Shown("Indication", plain),
    "notes": Shown("Notes", plain),
    "simulated": Shown("Simulated", flag),
}

CONCLUSION: Mapping[str, Shown] = {
    "finding": Shown("Finding", word(FINDINGS_SHORT)),
    "text": Shown("Text", plain),
    "critical": Shown("Critical result", flag),
    "told_to": Shown("Told to", plain),
}

__all__ = [
    "CALLS",
    "CLINICAL",
    "CONCLUSION",
    "EXAMINATION",
    "FINDINGS_SHORT",
    "MEASUREMENTS",
    "ORGANS",
    "PATIENT",
    "SEXES",
    "SEX_LETTERS",
    "SPECIMENS",
    "SPECIMENS_SHORT",
    "STAINS",
    "STATUSES",
    "SYMPTOMS",
    "TREATMENT_PHASES",
    "measured",
    "objective_choices",
]
