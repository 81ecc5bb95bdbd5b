"""From suggestions to a signed report: readings, decisions, conclusions, versions, site heads."""

from peewee import (
    BooleanField,
    CharField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
    UUIDField,
)


def _refer(target, **options):
    """Refer to a table that an earlier migration made, or this one."""
    return ForeignKeyField(target, on_delete="RESTRICT", **options)


def up(migrator, db):
    class Base(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()

        class Meta:
            database = db
            legacy_table_names = False

    class User(Base):
        pass

    class Patient(Base):
        pass

    class Examination(Base):
        pass

    class FieldImage(Base):
        pass

    class Cell(Base):
        pass

    class Reading(Base):
        examination = _refer(Examination)
        kind = CharField()
        reader = _refer(User, null=True)
        state = CharField(default="open")
        asked_because = TextField(default="")
        submitted_at = TextField(null=True)
        note = TextField(default="")
        revision = IntegerField(default=1)

        class Meta:
            indexes = (
                (("examination", "kind", "state"), False),
                (("state", "kind"), False),
            )

    class CellDisplay(Base):
        reading = _refer(Reading)
        cell = _refer(Cell)
        reader = _refer(User)
        milliseconds = IntegerField()

        class Meta:
            indexes = ((("reading", "cell"), True),)

    class CellDecision(Base):
        reading = _refer(Reading)
        cell = _refer(Cell)
        reader = _refer(User)
        number = IntegerField()
        blind = BooleanField(default=False)
        label = CharField()
        batch = UUIDField(index=True)
        how = CharField()

        class Meta:
            indexes = (
                (("cell", "number"), True),
                (("cell", "blind", "number", "label"), False),
            )

    class Conclusion(Base):
        examination = _refer(Examination, unique=True)
        finding = CharField()
        text = TextField(default="")
        critical = BooleanField(default=False)
        told_to = CharField(default="")
        acknowledged_by = _refer(User, null=True)
        acknowledged_at = TextField(null=True)
        revision = IntegerField(default=1)

    class Amendment(Base):
        examination = _refer(Examination)
        status = CharField()
        reason = TextField()
        begun_by = _refer(User)
        state = CharField(default="open")
        revision = IntegerField(default=1)

        class Meta:
            indexes = ((("examination", "state"), False),)

    class ReportVersion(Base):
        examination = _refer(Examination)
        number = IntegerField()
        status = CharField()
        content = TextField()
        sha256 = CharField(unique=True)
        amendment = _refer(Amendment, null=True)
        reason = TextField(default="")
        pdf_sha256 = CharField(default="")

        class Meta:
            indexes = ((("examination", "number"), True),)

    class Signature(Base):
        report = _refer(ReportVersion)
        signer = _refer(User)
        signer_name = CharField()
        signer_role = CharField()
        meaning = CharField()
        record_sha256 = CharField()
        own_submission_allowed = BooleanField(default=False)

    class ReportOpening(Base):
        report = _refer(ReportVersion)
        user = _refer(User)

        class Meta:
            indexes = ((("report", "user"), True), (("user",), False))

    class PatientMerge(Base):
        survivor = _refer(Patient)
        duplicate = _refer(Patient)
        reason = TextField()
        moved = TextField()
        undone_at = TextField(null=True)
        undone_by = _refer(User, null=True)
        undone_reason = TextField(default="")
        revision = IntegerField(default=1)

    class SiteVerification(Base):
        state = CharField(index=True, default="wanted")
        model_sha256 = CharField()
        head_sha256 = CharField(default="")
        cells = TextField()
        figures = TextField(null=True)
        requested_by = _refer(User)
        sentence = TextField(default="")
        switched_by = _refer(User, null=True)
        switched_at = TextField(null=True)
        switch_reason = TextField(default="")
        revision = IntegerField(default=1)

    class CellShadow(Base):
        verification = _refer(SiteVerification)
        cell = _refer(Cell)
        suggestion = CharField()
        blast_probability = FloatField()

        class Meta:
            indexes = ((("verification", "cell"), True),)

    class Replay(Base):
        field = _refer(FieldImage)
        requested_by = _refer(User)
        finished_at = TextField(null=True)
        matched = BooleanField(null=True)
        outcome = TextField(null=True)
        revision = IntegerField(default=1)

        class Meta:
            indexes = ((("finished_at", "created_at"), False),)

    def refer(target):
        return ForeignKeyField(target, field=target.id, null=True, on_delete="RESTRICT")

    migrator.migrate(
        migrator.add_column("patient", "merged_into_id", refer(Patient)),
        migrator.add_column("patient", "protected", BooleanField(default=False)),
        migrator.add_column("patient", "protected_reason", TextField(default="")),
        migrator.add_column("examination", "microscope", CharField(default="")),
        migrator.add_column("examination", "stain_batch", CharField(default="")),
        migrator.add_column("cell", "origin", CharField(default="found")),
        migrator.add_column("cell", "made_by_id", refer(User)),
        migrator.add_column("cell", "replaces", TextField(default="[]")),
        migrator.drop_not_null("cell", "suggestion"),
        migrator.drop_not_null("cell", "blast_probability"),
    )
    db.create_tables(
        [
            Reading,
            CellDisplay,
            CellDecision,
            Conclusion,
            Amendment,
            ReportVersion,
            Signature,
            ReportOpening,
            PatientMerge,
            SiteVerification,
            CellShadow,
            Replay,
        ]
    )
