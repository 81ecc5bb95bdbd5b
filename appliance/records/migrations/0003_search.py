"""Lists and searches by an inverted index; possible duplicates by their birth date."""

from peewee import BigIntegerField, ForeignKeyField, Model, SqliteDatabase, TextField, UUIDField


def up(migrator, db):
    class Base(Model):
        class Meta:
            database = db
            legacy_table_names = False

    class Patient(Base):
        id = UUIDField(primary_key=True)

    class Examination(Base):
        id = UUIDField(primary_key=True)

    class PatientIndex(Base):
        place = BigIntegerField(primary_key=True)
        terms = TextField()
        patient = ForeignKeyField(Patient, unique=True, on_delete="RESTRICT")

    class ExaminationIndex(Base):
        place = BigIntegerField(primary_key=True)
        terms = TextField()
        examination = ForeignKeyField(Examination, unique=True, on_delete="RESTRICT")

    db.create_tables([PatientIndex, ExaminationIndex])
    migrator.migrate(migrator.add_index("patient", ("birth_date",)))
    if isinstance(db, SqliteDatabase):
        for table in ("patient_index", "examination_index"):
            db.execute_sql(
                f"CREATE VIRTUAL TABLE {table}_fts USING fts5(terms, content='{table}', "
                "content_rowid='place', tokenize='ascii', detail='none', columnsize=0, "
                "prefix='1 2 3')"
            )
        if not db.execute_sql("SELECT 1 FROM patient LIMIT 1").fetchone():
            db.execute_sql("PRAGMA user_version = 2")  # nothing to take up: records.fulltext.FORM
