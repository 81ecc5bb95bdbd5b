"""Where patients and examinations stand in lists and by which terms they are found.

Derived from the records and kept in the same transaction; `records.index` can make all of it anew.
"""

from typing import Any

from peewee import BigIntegerField, ForeignKeyField, Model, TextField

from appliance.records.database import proxy
from appliance.records.tables import Examination, Patient


class IndexRow(Model):
    """Root of both: one row for each record that lists show."""

    place: Any = BigIntegerField(primary_key=True)
    """Microseconds since 1970 of the registration, so that place order is time order."""
    terms: Any = TextField()
    """Words and facts, folded, with a space before and after each."""

    class Meta:  # noqa: D106
        database = proxy
        legacy_table_names = False


class PatientIndex(IndexRow):
    """A patient who may be chosen; merged ones have no row."""

    patient: Any = ForeignKeyField(Patient, unique=True, on_delete="RESTRICT")


class ExaminationIndex(IndexRow):
    """An examination, found by its number, its patient, its status and what its images came to."""

    examination: Any = ForeignKeyField(Examination, unique=True, on_delete="RESTRICT")
