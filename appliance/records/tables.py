"""What is remembered, table by table. Rows only: rules and queries stand in the sibling modules.

What people make of it, from the reading to the signed report, stands in `review_tables`.
"""

import json
from datetime import datetime
from typing import Any

import numpy as np
from peewee import (
    AutoField,
    BooleanField,
    CharField,
    DateField,
    Field,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
    UUIDField,
)
from uuid_utils.compat import uuid7

from appliance.clock import from_iso, now, to_iso
from appliance.records.database import proxy
from appliance.review_vocabulary import CellOrigin
from appliance.vocabulary import ExaminationStatus, FieldState


class MomentField(Field):
    """An aware UTC moment, stored as text of fixed length so that text order is time order."""

    field_type = "TEXT"

    def db_value(self, value: datetime | None) -> str | None:
        """Write it as ISO 8601."""
        return None if value is None else to_iso(value)

    def python_value(self, value: str | None) -> datetime | None:
        """Read it back, aware."""
        return None if value is None else from_iso(value)


class JsonField(TextField):
    """A JSON value, written with sorted keys so that equal values are equal text."""

    def db_value(self, value: Any) -> str | None:
        """Write it; NumPy numbers as plain ones."""
        if value is None:
            return None
        return json.dumps(value, sort_keys=True, ensure_ascii=False, default=_plain)

    def python_value(self, value: str | None) -> Any:
        """Read it back."""
        return None if value is None else json.loads(value)


def _plain(number: Any) -> Any:
    if isinstance(number, np.generic):
        return number.item()
    raise TypeError(f"{type(number).__name__} is not a JSON value")


class Row(Model):
    """Root of the tables whose ids are made where the row is born."""

    id = UUIDField(primary_key=True, default=uuid7)
    created_at = MomentField(default=now)

    class Meta:  # noqa: D106
        database = proxy
        legacy_table_names = False


class User(Row):
    """A person who signs in; never deleted, only disabled, since records name it."""

    username = CharField(unique=True)
    """Lower case."""
    full_name = CharField()
    role = CharField()
    password_hash = CharField()
    must_change_password = BooleanField(default=False)
    disabled = BooleanField(default=False)
    failures = IntegerField(default=0)
    """Failed log-ins since the last good one."""
    locked_until = MomentField(null=True)
    last_login_at = MomentField(null=True)
    session_epoch = IntegerField(default=0)
    """Raised to end every session: a new password, a new role, disabled."""
    revision = IntegerField(default=1)


class Patient(Row):
    """A person whose blood is read."""

    medical_record_number = CharField(unique=True)
    family_name = CharField()
    given_name = CharField(default="")
    sex = CharField()
    birth_date = DateField(null=True, index=True)
    simulated = BooleanField(default=False)
    search_text = TextField(index=True)
    """Number and names, case-folded, for finding."""
    merged_into = ForeignKeyField("self", null=True, backref="duplicates", on_delete="RESTRICT")
    """The patient whose second registration this was; None as a rule."""
    protected = BooleanField(default=False)
    """Never removed by a retention rule, whatever its age."""
    protected_reason = TextField(default="")
    revision = IntegerField(default=1)


class ClinicalDetails(Row):
    """Findings of an ALL work-up on one date; units stand in the column names."""

    patient = ForeignKeyField(Patient, backref="clinical_details", on_delete="RESTRICT")
    observed_on = DateField()
    haemoglobin_g_per_l = FloatField(null=True)
    white_cells_10e9_per_l = FloatField(null=True)
    neutrophils_10e9_per_l = FloatField(null=True)
    lymphocytes_10e9_per_l = FloatField(null=True)
    platelets_10e9_per_l = FloatField(null=True)
    blood_blasts_percent = FloatField(null=True)
    marrow_blasts_percent = FloatField(null=True)
    lactate_dehydrogenase_u_per_l = FloatField(null=True)
    symptoms = JsonField(default=list)
    """Codes of `records.clinical.SYMPTOMS`."""
    organ_enlargement = JsonField(default=list)
    """Codes of `records.clinical.ORGANS`."""
    immunophenotype = TextField(default="")
    treatment_phase = CharField(default="")
    """Code of `records.clinical.TREATMENT_PHASES`, or empty."""
    notes = TextField(default="")
    revision = IntegerField(default=1)


class Examination(Row):
    """One smear to be read, under the laboratory's accession number."""

    accession_number = CharField(unique=True)
    patient = ForeignKeyField(Patient, backref="examinations", on_delete="RESTRICT")
    specimen = CharField()
    stain = CharField()
    status = CharField(default=ExaminationStatus.REGISTERED, index=True)
    collected_at = MomentField(null=True)
    received_at = MomentField(null=True)
    imaged_at = MomentField(null=True)
    """When the first image came."""
    objective = CharField(default="")
    um_per_px = FloatField(null=True)
    """Of the camera with this objective, where known."""
    microscope = CharField(default="")
    """Which one imaged it, for statistics; as the laboratory names it."""
    stain_batch = CharField(default="")
    """Lot of the stain, for statistics."""
    indication = TextField(default="")
    notes = TextField(default="")
    simulated = BooleanField(default=False)
    revision = IntegerField(default=1)

    class Meta:  # noqa: D106
        indexes = ((("created_at",), False),)


class ModelRelease(Row):
    """A classifier that gave suggestions here."""

    name = CharField()
    """Its id, the name of its folder."""
    sha256 = CharField(unique=True)
    card = JsonField()


class FieldImage(Row):
    """One image of an examination, and how far its analysis is."""

    examination = ForeignKeyField(Examination, backref="fields", on_delete="RESTRICT")
    number = IntegerField()
    """1, 2, … within the examination."""
    sha256 = CharField()
    """Of the original bytes, kept by `records.pictures`."""
    page = IntegerField(default=0)
    pages = IntegerField(default=1)
    original_name = CharField()
    media_type = CharField()
    byte_size = IntegerField()
    width = IntegerField()
    height = IntegerField()
    greyscale = BooleanField(default=False)
    um_per_px = FloatField(null=True)
    intake_notes = JsonField(default=list)
    uploaded_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    state = CharField(default=FieldState.ACCEPTED)
    reason = TextField(default="")
    """Why it failed, in a sentence."""
    quality = JsonField()
    """The passport: a list of QualityCheck as objects."""
    quality_passed = BooleanField()
    override_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    override_at = MomentField(null=True)
    override_reason = TextField(default="")
    claimed_by = CharField(null=True)
    """Which run of the worker has it."""
    attempts = IntegerField(default=0)
    analysed_at = MomentField(null=True)
    model = ForeignKeyField(ModelRelease, null=True, on_delete="RESTRICT")
    stamp = JsonField(null=True)
    """The ModelStamp as an object."""
    timings_ms = JsonField(null=True)
    revision = IntegerField(default=1)

    class Meta:  # noqa: D106
        indexes = (
            (("examination", "sha256", "page"), True),
            (("examination", "number"), True),
            (("examination", "state"), False),
            (("state", "attempts", "created_at"), False),
        )


class Cell(Row):
    """A leukocyte in a field, with the network's suggestion; a person's decision stands apart."""

    field = ForeignKeyField(FieldImage, backref="cells", on_delete="RESTRICT")
    number = IntegerField()
    x = IntegerField()
    y = IntegerField()
    width = IntegerField()
    height = IntegerField()
    nucleus = JsonField()
    """Outline: [[x, y], …] in pixels of the image."""
    outline = JsonField(null=True)
    nucleus_area_px = FloatField()
    cell_area_px = FloatField(null=True)
    counted = BooleanField()
    origin = CharField(default=CellOrigin.FOUND)
    made_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    """Who added it, merged or split for it; None for what the appliance found."""
    replaces = JsonField(default=list)
    """Ids of the cells it was merged from or split off."""
    suggestion = CharField(null=True)
    """None for a cell that a person added: the network was not asked."""
    blast_probability = FloatField(null=True)
    outside_training_range = BooleanField(default=False)

    class Meta:  # noqa: D106
        indexes = (
            (("field", "number"), True),
            # Covers the counts of a list of examinations: the rows themselves carry outlines.
            (("field", "counted", "suggestion"), False),
        )


class Revision(Row):
    """One version of a record, whole, with who, when and why."""

    subject_type = CharField()
    subject_id = UUIDField()
    number = IntegerField()
    content = JsonField()
    author = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    author_name = CharField()
    reason = TextField(default="")

    class Meta:  # noqa: D106
        indexes = ((("subject_type", "subject_id", "number"), True),)


class AuditEvent(Model):
    """Who did or read what; each entry carries the hash of the one before."""

    sequence = AutoField()
    at = MomentField(default=now, index=True)
    actor_id = UUIDField(null=True)
    actor_name = CharField()
    action = CharField(index=True)
    """For instance patient:read, field:add, login:failed."""
    subject_type = CharField(default="")
    subject_id = CharField(default="", index=True)
    address = CharField(default="")
    details = JsonField(default=dict)
    """Never names, numbers or findings of a patient."""
    previous_hash = CharField(unique=True)
    hash = CharField(unique=True)

    class Meta:  # noqa: D106
        database = proxy
        legacy_table_names = False
        indexes = ((("actor_id", "at"), False),)


class OutboxEntry(Row):
    """What the central server has yet to be told."""

    subject_type = CharField()
    subject_id = UUIDField()
    subject_revision = IntegerField()
    sent_at = MomentField(null=True)

    class Meta:  # noqa: D106
        indexes = (
            (("subject_type", "subject_id", "subject_revision"), True),
            (("sent_at", "created_at"), False),
        )
