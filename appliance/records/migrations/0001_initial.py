"""The first tables."""

from peewee import (
    AutoField,
    BooleanField,
    CharField,
    DateField,
    FloatField,
    ForeignKeyField,
    IntegerField,
    Model,
    TextField,
    UUIDField,
)


def up(migrator, db):
    class User(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        username = CharField(unique=True)
        full_name = CharField()
        role = CharField()
        password_hash = CharField()
        must_change_password = BooleanField(default=False)
        disabled = BooleanField(default=False)
        failures = IntegerField(default=0)
        locked_until = TextField(null=True)
        last_login_at = TextField(null=True)
        session_epoch = IntegerField(default=0)
        revision = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "user"

    class Patient(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        medical_record_number = CharField(unique=True)
        family_name = CharField()
        given_name = CharField(default="")
        sex = CharField()
        birth_date = DateField(null=True)
        simulated = BooleanField(default=False)
        search_text = TextField(index=True)
        revision = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "patient"

    class ClinicalDetails(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        patient = ForeignKeyField(Patient, on_delete="RESTRICT")
        observed_on = DateField()
        haemoglobin_g_per_l = FloatField(null=True)
        white_cells_10e9_per_l = FloatField(null=True)
        neutrophils_10e9_per_l = FloatField(null=True)
        lymphocytes_10e9_per_l = FloatField(null=True)
        platelets_10e9_per_l = FloatField(null=True)
        blood_blasts_percent = FloatField(null=True)
        marrow_blasts_percent = FloatField(null=True)
        lactate_dehydrogenase_u_per_l = FloatField(null=True)
        symptoms = TextField()
        organ_enlargement = TextField()
        immunophenotype = TextField(default="")
        treatment_phase = CharField(default="")
        notes = TextField(default="")
        revision = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "clinical_details"

    class Examination(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        accession_number = CharField(unique=True)
        patient = ForeignKeyField(Patient, on_delete="RESTRICT")
        specimen = CharField()
        stain = CharField()
        status = CharField(index=True, default="registered")
        collected_at = TextField(null=True)
        received_at = TextField(null=True)
        imaged_at = TextField(null=True)
        objective = CharField(default="")
        um_per_px = FloatField(null=True)
        indication = TextField(default="")
        notes = TextField(default="")
        simulated = BooleanField(default=False)
        revision = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "examination"
            indexes = ((("created_at",), False),)

    class ModelRelease(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        name = CharField()
        sha256 = CharField(unique=True)
        card = TextField()

        class Meta:
            database = db
            table_name = "model_release"

    class FieldImage(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        examination = ForeignKeyField(Examination, on_delete="RESTRICT")
        number = IntegerField()
        sha256 = CharField()
        page = IntegerField(default=0)
        pages = IntegerField(default=1)
        original_name = CharField()
        media_type = CharField()
        byte_size = IntegerField()
        width = IntegerField()
        height = IntegerField()
        greyscale = BooleanField(default=False)
        um_per_px = FloatField(null=True)
        intake_notes = TextField()
        uploaded_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
        state = CharField(default="accepted")
        reason = TextField(default="")
        quality = TextField()
        quality_passed = BooleanField()
        override_by = ForeignKeyField(User, null=True, on_delete="RESTRICT")
        override_at = TextField(null=True)
        override_reason = TextField(default="")
        claimed_by = CharField(null=True)
        attempts = IntegerField(default=0)
        analysed_at = TextField(null=True)
        model = ForeignKeyField(ModelRelease, null=True, on_delete="RESTRICT")
        stamp = TextField(null=True)
        timings_ms = TextField(null=True)
        revision = IntegerField(default=1)

        class Meta:
            database = db
            table_name = "field_image"
            indexes = (
                (("examination", "sha256", "page"), True),
                (("examination", "number"), True),
                (("examination", "state"), False),
                (("state", "attempts", "created_at"), False),
            )

    class Cell(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        field = ForeignKeyField(FieldImage, on_delete="RESTRICT")
        number = IntegerField()
        x = IntegerField()
        y = IntegerField()
        width = IntegerField()
        height = IntegerField()
        nucleus = TextField()
        outline = TextField(null=True)
        nucleus_area_px = FloatField()
        cell_area_px = FloatField(null=True)
        counted = BooleanField()
        suggestion = CharField()
        blast_probability = FloatField()
        outside_training_range = BooleanField(default=False)

        class Meta:
            database = db
            table_name = "cell"
            indexes = (
                (("field", "number"), True),
                (("field", "counted", "suggestion"), False),
            )

    class Revision(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        subject_type = CharField()
        subject_id = UUIDField()
        number = IntegerField()
        content = TextField()
        author = ForeignKeyField(User, null=True, on_delete="RESTRICT")
        author_name = CharField()
        reason = TextField(default="")

        class Meta:
            database = db
            table_name = "revision"
            indexes = ((("subject_type", "subject_id", "number"), True),)

    class AuditEvent(Model):
        sequence = AutoField()
        at = TextField()
        actor_id = UUIDField(null=True)
        actor_name = CharField()
        action = CharField(index=True)
        subject_type = CharField(default="")
        subject_id = CharField(index=True, default="")
        address = CharField(default="")
        details = TextField()
        previous_hash = CharField(unique=True)
        hash = CharField(unique=True)

        class Meta:
            database = db
            table_name = "audit_event"

    class OutboxEntry(Model):
        id = UUIDField(primary_key=True)
        created_at = TextField()
        subject_type = CharField()
        subject_id = UUIDField()
        subject_revision = IntegerField()
        sent_at = TextField(null=True)

        class Meta:
            database = db
            table_name = "outbox_entry"
            indexes = (
                (("subject_type", "subject_id", "subject_revision"), True),
                (("sent_at", "created_at"), False),
            )

    db.create_tables(
        [
            User,
            Patient,
            ClinicalDetails,
            Examination,
            ModelRelease,
            FieldImage,
            Cell,
            Revision,
            AuditEvent,
            OutboxEntry,
        ]
    )
