"""What people make of an examination, table by table: readings, decisions, reports, site heads."""

from typing import Any

from peewee import (
    BooleanField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    TextField,
    UUIDField,
)

from appliance.records.tables import (
    Cell,
    Examination,
    FieldImage,
    JsonField,
    MomentField,
    Patient,
    Row,
    User,
)
from appliance.review_vocabulary import ReadingState, VerificationState


class Reading(Row):
    """One person's way through the cells of an examination."""

    examination = ForeignKeyField(Examination, backref="readings", on_delete="RESTRICT")
    kind = CharField()
    """A ReadingKind."""
    reader = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    """None as long as nobody has taken it on."""
    state = CharField(default=ReadingState.OPEN)
    asked_because = TextField(default="")
    """Why a second reading or an adjudication was asked for, in a sentence."""
    submitted_at = MomentField(null=True)
    note = TextField(default="")
    """The reason where it was sent back or waived."""
    revision = IntegerField(default=1)

    class Meta:  # noqa: D106
        indexes = (
            (("examination", "kind", "state"), False),
            (("state", "kind"), False),
        )


class CellDisplay(Row):
    """That a cell was on a reader's screen, and for how long at first."""

    reading = ForeignKeyField(Reading, on_delete="RESTRICT")
    cell = ForeignKeyField(Cell, backref="displays", on_delete="RESTRICT")
    reader = ForeignKeyField(User, on_delete="RESTRICT")
    milliseconds = IntegerField()

    class Meta:  # noqa: D106
        indexes = ((("reading", "cell"), True),)


class CellDecision(Row):
    """What a reader called a cell. The last one that is not blind stands; none is ever changed."""

    reading = ForeignKeyField(Reading, on_delete="RESTRICT")
    cell = ForeignKeyField(Cell, backref="decisions", on_delete="RESTRICT")
    reader = ForeignKeyField(User, on_delete="RESTRICT")
    number = IntegerField()
    """1, 2, … of this cell."""
    blind = BooleanField(default=False)
    """Of a second reading: it does not enter the record, only the agreement."""
    label = CharField()
    """A CellLabel; empty where a decision was taken back and none stands."""
    batch = UUIDField(index=True)
    """What was decided together and is undone together."""
    how = CharField()
    """A DecisionWay."""

    class Meta:  # noqa: D106
        indexes = (
            (("cell", "number"), True),
            (("cell", "blind", "number", "label"), False),
        )


class Conclusion(Row):
    """What a clinician concludes from an examination; the last revision is what is signed."""

    examination = ForeignKeyField(Examination, unique=True, on_delete="RESTRICT")
    finding = CharField()
    """A Finding."""
    text = TextField(default="")
    critical = BooleanField(default=False)
    """A result that the ward must hear of at once."""
    told_to = CharField(default="")
    """Who was told of it."""
    acknowledged_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    """Who told them, or None as long as nobody did."""
    acknowledged_at = MomentField(null=True)
    revision = IntegerField(default=1)


class Amendment(Row):
    """That a signed report is being changed, and why; at most one is open."""

    examination = ForeignKeyField(Examination, backref="amendments", on_delete="RESTRICT")
    status = CharField()
    """What the report will be: amended or corrected."""
    reason = TextField()
    begun_by = ForeignKeyField(User, on_delete="RESTRICT")
    state = CharField(default=ReadingState.OPEN)
    """open, submitted once it is signed, or waived where it was given up."""
    revision = IntegerField(default=1)

    class Meta:  # noqa: D106
        indexes = ((("examination", "state"), False),)


class ReportVersion(Row):
    """A report as it was signed, whole; a later version never touches it."""

    examination = ForeignKeyField(Examination, backref="reports", on_delete="RESTRICT")
    number = IntegerField()
    status = CharField()
    """final, amended or corrected."""
    content = JsonField()
    """The record that the signature binds to."""
    sha256 = CharField(unique=True)
    """Of the canonical JSON of the content."""
    amendment = ForeignKeyField(Amendment, null=True, on_delete="RESTRICT")
    reason = TextField(default="")
    """Why there is a version after the first."""
    pdf_sha256 = CharField(default="")
    """The printed report, kept by `records.pictures`."""
    signatures: Any
    """Of this version; a list where `records.report_versions` hands it out."""

    class Meta:  # noqa: D106
        indexes = ((("examination", "number"), True),)


class Signature(Row):
    """Who signed a version of a report, when, and what it means (21 CFR 11.50)."""

    report = ForeignKeyField(ReportVersion, backref="signatures", on_delete="RESTRICT")
    signer = ForeignKeyField(User, on_delete="RESTRICT")
    signer_name = CharField()
    signer_role = CharField()
    meaning = CharField()
    """A SignatureMeaning."""
    record_sha256 = CharField()
    """Of the content that was on the screen."""
    own_submission_allowed = BooleanField(default=False)
    """Whether the laboratory lets a person sign what they submitted themselves."""


class ReportOpening(Row):
    """That a person opened a version of a report: whom to tell when it is amended."""

    report = ForeignKeyField(ReportVersion, on_delete="RESTRICT")
    user = ForeignKeyField(User, on_delete="RESTRICT")

    class Meta:  # noqa: D106
        indexes = ((("report", "user"), True), (("user",), False))


class PatientMerge(Row):
    """That two registrations were of one person, and what was moved for it."""

    survivor = ForeignKeyField(Patient, backref="merges", on_delete="RESTRICT")
    duplicate = ForeignKeyField(Patient, backref="merged", on_delete="RESTRICT")
    reason = TextField()
    moved = JsonField()
    """{"examination": [ids], "clinical_details": [ids]}."""
    undone_at = MomentField(null=True)
    undone_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    undone_reason = TextField(default="")
    revision = IntegerField(default=1)


class SiteVerification(Row):
    """A site head on its way: fitted, tried in the shadow of the one in use, switched on or not."""

    state = CharField(default=VerificationState.WANTED, index=True)
    model_sha256 = CharField()
    """Of the network it stands on."""
    head_sha256 = CharField(default="")
    """Of its site-head.json, empty until it is fitted."""
    cells = JsonField(default=dict)
    """Numbers of cells it was fitted to: {"blast": n, "normal": n, "examinations": n}."""
    figures = JsonField(null=True)
    """As `services.calibration` measured them, with the learning curve."""
    requested_by = ForeignKeyField(User, on_delete="RESTRICT")
    sentence = TextField(default="")
    """Why it could not be fitted, where it could not."""
    switched_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
    switched_at = MomentField(null=True)
    switch_reason = TextField(default="")
    revision = IntegerField(default=1)


class CellShadow(Row):
    """What a site head on trial would have said of a cell; shown to nobody while reading."""

    verification = ForeignKeyField(SiteVerification, on_delete="RESTRICT")
    cell = ForeignKeyField(Cell, on_delete="RESTRICT")
    suggestion = CharField()
    blast_probability = FloatField()

    class Meta:  # noqa: D106
        indexes = ((("verification", "cell"), True),)


class Replay(Row):
    """A past result computed again from the stored original and the stored model."""

    field = ForeignKeyField(FieldImage, backref="replays", on_delete="RESTRICT")
    requested_by = ForeignKeyField(User, on_delete="RESTRICT")
    finished_at = MomentField(null=True)
    matched = BooleanField(null=True)
    """None as long as it was not computed, or where it could not be."""
    outcome = JsonField(null=True)
    """What was compared and what differed, or why it could not be computed."""
    revision = IntegerField(default=1)

    class Meta:  # noqa: D106
        indexes = ((("finished_at", "created_at"), False),)
