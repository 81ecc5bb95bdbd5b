"""Names and words of the columns that only a history shows; those of forms stand in `labels`."""

from collections.abc import Mapping
from typing import Any
from uuid import UUID

from appliance.errors import NotFound
from appliance.records import revisions, users
from appliance.records.tables import Patient
from appliance.vocabulary import how_many
from webui import display, labels
from webui.histories import Shown, flag, moment, number, plain, word

_READINGS = {
    "first": "First reading",
    "review": "Review",
    "second": "Second reading",
    "adjudication": "Adjudication",
}
_READING_STATES = {
    "wanted": "Wanted",
    "open": "Under way",
    "submitted": "Submitted",
    "waived": "Given up",
}
_AMENDMENT_STATES = {"open": "Under way", "submitted": "Signed", "waived": "Given up"}
_HEAD_STATES = {
    "wanted": "Wanted",
    "refused": "Could not be fitted",
    "fitted": "Fitted",
    "shadow": "Tried in the shadow",
    "active": "In use",
    "retired": "Out of use",
}
_FIELD_STATES = {
    "accepted": "Waits to be read",
    "refused": "Stopped by the quality gate",
    "analysing": "Being read",
    "analysed": "Read",
    "failed": "Analysis broke off",
}
_SHORT_HASH = 16


def _person(stored: Any) -> str:
    """Name the user with this id."""
    return users.get(UUID(stored)).full_name if stored else display.NOTHING


def _patient(stored: Any) -> str:
    """Name a registration by its number."""
    try:
        return revisions.fetch(Patient, UUID(stored)).medical_record_number if stored else ""
    except NotFound:
        return str(stored)


def _hash(stored: Any) -> str:
    """Write the beginning of a hash."""
    return f"{stored[:_SHORT_HASH]}…" if stored else display.NOTHING


def _moved(stored: Any) -> str:
    """Count what a merge moved."""
    counts = {kind: len(ids) for kind, ids in (stored or {}).items()}
    examinations, details = counts.get("examination", 0), counts.get("clinical_details", 0)
    return f"examinations: {examinations}, clinical details: {details}"


def _cells(stored: Any) -> str:
    """Count the cells a head was fitted to, of both kinds together: who reads blind may look."""
    return how_many(stored["blast"] + stored["normal"], "cell") if stored else display.NOTHING


def _model(stored: Any) -> str:
    """Name what made the suggestions."""
    return str(stored["id"]) if stored else display.NOTHING


USER: Mapping[str, Shown] = {
    "username": Shown("User name", plain),
    "full_name": Shown("Full name", plain),
    "role": Shown("Role", lambda role: str(role).capitalize()),
    "must_change_password": Shown("Must choose a new password", flag),
    "disabled": Shown("Disabled", flag),
    "session_epoch": Shown("Times all sessions were ended", number("")),
}

FIELD: Mapping[str, Shown] = {
    "number": Shown("Image", number("")),
    "original_name": Shown("File", plain),
    "sha256": Shown("SHA-256", _hash),
    "media_type": Shown("Format", plain),
    "width": Shown("Width", number("px")),
    "height": Shown("Height", number("px")),
    "um_per_px": Shown("Scale", number("µm/px")),
    "uploaded_by": Shown("Added by", _person),
    "state": Shown("State", word(_FIELD_STATES)),
    "reason": Shown("Why it failed", plain),
    "quality_passed": Shown("Passed the quality gate", flag),
    "override_by": Shown("Gone on with by", _person),
    "override_at": Shown("Gone on with", moment),
    "override_reason": Shown("Why in spite of the gate", plain),
    "analysed_at": Shown("Read", moment),
    "stamp": Shown("Model", _model),
}

READING: Mapping[str, Shown] = {
    "kind": Shown("Kind", word(_READINGS)),
    "reader": Shown("Reader", _person),
    "state": Shown("State", word(_READING_STATES)),
    "asked_because": Shown("Asked for because", plain),
    "submitted_at": Shown("Submitted", moment),
    "note": Shown("Reason", plain),
}

TOLD: Mapping[str, Shown] = {
    "acknowledged_by": Shown("Told by", _person),
    "acknowledged_at": Shown("Told", moment),
}
"""Of a conclusion, beside what its form has."""

AMENDMENT: Mapping[str, Shown] = {
    "status": Shown("The report becomes", word(labels.STATUSES)),
    "reason": Shown("Reason", plain),
    "begun_by": Shown("Begun by", _person),
    "state": Shown("State", word(_AMENDMENT_STATES)),
}

MERGED: Mapping[str, Shown] = {"merged_into": Shown("Merged into", _patient)}
"""Of a patient, beside what its form has."""

OF_A_PATIENT: Mapping[str, Shown] = {"patient": Shown("Patient", _patient)}
"""Of what a merge moves."""

MERGE: Mapping[str, Shown] = {
    "survivor": Shown("Patient", _patient),
    "duplicate": Shown("Second registration", _patient),
    "reason": Shown("Reason", plain),
    "moved": Shown("Moved", _moved),
    "undone_at": Shown("Taken back", moment),
    "undone_by": Shown("Taken back by", _person),
    "undone_reason": Shown("Why taken back", plain),
}

SITE_HEAD: Mapping[str, Shown] = {
    "state": Shown("State", word(_HEAD_STATES)),
    "requested_by": Shown("Asked for by", _person),
    "model_sha256": Shown("Network", _hash),
    "head_sha256": Shown("Head", _hash),
    "cells": Shown("Fitted to", _cells),
    "sentence": Shown("Why it could not be fitted", plain),
    "switched_by": Shown("Switched by", _person),
    "switched_at": Shown("Switched", moment),
    "switch_reason": Shown("Why switched", plain),
}

REPLAY: Mapping[str, Shown] = {
    "requested_by": Shown("Asked for by", _person),
    "finished_at": Shown("Computed", moment),
    "matched": Shown("Matches", flag),
}
