"""Triggers that refuse, in the database itself, what the rules of the records never do.

No record is removed, no revision, audit event or cell is changed, no change goes without a new
revision; what may be done with an examination, and when, stands in `guard_rules`. They stand
outside the migrations, which must be able to fill a new column: taken down before, put up after,
and looked for at each start. On PostgreSQL the rights of its roles say the same.
"""

from typing import Any

from peewee import Database, SqliteDatabase

from appliance.records import guard_rules, head_rules

_STAY = (
    "user",
    "patient",
    "clinical_details",
    "examination",
    "model_release",
    "field_image",
    "cell",
    "reading",
    "cell_display",
    "cell_decision",
    "conclusion",
    "amendment",
    "report_version",
    "signature",
    "report_opening",
    "patient_merge",
    "site_verification",
    "cell_shadow",
    "replay",
    "revision",
    "audit_event",
)
_UNCHANGED = (
    "model_release",
    "cell",
    "cell_display",
    "cell_decision",
    "report_version",
    "signature",
    "report_opening",
    "cell_shadow",
    "revision",
    "audit_event",
)
# The user and the field image also carry counters and claims, which are no revisions.
_REVISED = (
    "patient",
    "clinical_details",
    "examination",
    "reading",
    "conclusion",
    "amendment",
    "patient_merge",
    "site_verification",
    "replay",
)
_IMAGE = ("examination_id", "number", "sha256", "page", "original_name", "byte_size")


def install(database: Database) -> None:
    """Put up what is missing or out of date; writes nothing when all stand."""
    if not isinstance(database, SqliteDatabase):
        return
    wanted = _all()
    if _standing(database) != wanted:
        with database.atomic("IMMEDIATE"):
            remove(database)
            for statement in wanted.values():
                _run(database, statement)


def remove(database: Database) -> None:
    """Take all down, for a migration."""
    if isinstance(database, SqliteDatabase):
        for name in _standing(database):
            _run(database, f'DROP TRIGGER "{name}"')


def _standing(database: SqliteDatabase) -> dict[str, str]:
    return dict(_run(database, "SELECT name, sql FROM sqlite_master WHERE type = 'trigger'"))


def _run(database: Any, statement: str) -> list[tuple[str, str]]:
    found: list[tuple[str, str]] = database.execute_sql(statement).fetchall()
    return found


def _all() -> dict[str, str]:
    stay = [_guard(table, "stays", "DELETE", "", "a record is never removed") for table in _STAY]
    unchanged = [
        _guard(table, "unchanged", "UPDATE", "", "this record is never changed")
        for table in _UNCHANGED
    ]
    next_one = "NEW.revision <> OLD.revision + 1"
    revised = [
        _guard(table, "revised", "UPDATE", next_one, "a change needs a new revision")
        for table in _REVISED
    ]
    differs = " OR ".join(f"NEW.{column} <> OLD.{column}" for column in _IMAGE)
    back = "OLD.state = 'analysed' AND NEW.state <> 'analysed'"
    field = [
        _guard("field_image", "original", "UPDATE", differs, "an image is never exchanged"),
        _guard("field_image", "forward", "UPDATE", back, "an analysed field stays analysed"),
    ]
    rules = [_guard(*rule) for rule in (*guard_rules.every(), *head_rules.every())]
    return dict(stay + unchanged + revised + field + rules)


def _guard(table: str, name: str, event: str, when: str, sentence: str) -> tuple[str, str]:
    condition = f"WHEN {when} " if when else ""
    return f"{table}_{name}", (
        f'CREATE TRIGGER "{table}_{name}" BEFORE {event} ON "{table}" {condition}'
        f"BEGIN SELECT RAISE(ABORT, '{sentence}'); END"
    )
