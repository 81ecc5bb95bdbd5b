"""What the pages never offer, the database refuses, too: SQL past the records changes nothing."""

import pytest
from peewee import Database, IntegrityError

from appliance.errors import Conflict
from appliance.records import amendments, decisions, examinations, fields, guard_rules, readings
from appliance.records import states as steps
from appliance.records.review_tables import Reading, Signature
from appliance.records.tables import Examination, FieldImage
from appliance.review_vocabulary import CellLabel, ReadingKind
from appliance.vocabulary import ExaminationStatus
from tests.records.conftest import conclude, sign

BLAST, NORMAL = CellLabel.BLAST, CellLabel.NORMAL
SIGNED = ("final", "amended", "corrected")


@pytest.fixture
def sql(database: Database):
    """Runs a statement past all rules; examinations and the like get their next revision."""
    return lambda statement, *values: database.execute_sql(statement, values)


@pytest.fixture
def to(sql):
    """Sets the status of all examinations by SQL."""
    return lambda status: sql("UPDATE examination SET status=?, revision=revision+1", status)


def copy_of(sql, table: str, **changed: str) -> None:
    """Insert the last row of a table again, under another id, with some columns changed."""
    rows = sql(f'SELECT name FROM pragma_table_info("{table}")').fetchall()
    columns = [name for (name,) in rows]
    values = {"id": "lower(hex(randomblob(16)))", **changed}
    chosen = ", ".join(values.get(name, f'"{name}"') for name in columns)
    sql(f'INSERT INTO "{table}" SELECT {chosen} FROM "{table}" ORDER BY created_at DESC LIMIT 1')


def test_every_rule_has_its_own_name_and_a_sentence():
    rules = guard_rules.every()
    assert len({(rule.table, rule.name) for rule in rules}) == len(rules)
    assert all(rule.sentence and "'" not in rule.sentence for rule in rules)


ALLOWED = {
    ("registered", "partial"),
    ("registered", "cancelled"),
    ("partial", "cancelled"),
    ("preliminary", "partial"),
    ("preliminary", "cancelled"),
    ("final", "entered-in-error"),
}


@pytest.mark.parametrize("begun", ["examination", "field", "submitted", "signed"])
def test_only_named_steps_lead_from_a_state(request, to, begun: str):
    request.getfixturevalue(begun)
    before = Examination.get().status
    refused = [
        status
        for status in ExaminationStatus
        if status != before and (before, str(status)) not in ALLOWED
    ]
    for status in refused:
        with pytest.raises(IntegrityError):
            to(status)
    assert Examination.get().status == before


def test_an_examination_does_not_begin_at_its_end(sql, examination):
    with pytest.raises(IntegrityError, match="begins unread"):
        copy_of(sql, "examination", accession_number="'X'", status="'final'")


def test_nothing_rests_on_an_image_that_is_being_analysed(to, field):
    with pytest.raises(IntegrityError, match="still being analysed"):
        to("preliminary")


def test_nothing_rests_on_cells_that_are_not_called_or_were_not_shown(
    to, examination, read, by, call
):
    cells = read(blast=2)
    first = readings.take(examination.id, ReadingKind.FIRST, by)
    call(first, cells[:1], BLAST, by)
    with pytest.raises(IntegrityError, match=r"not verified|never on the screen"):
        to("preliminary")
    decisions.decide(first.id, [cells[1].id], BLAST, by)
    with pytest.raises(IntegrityError, match="never on the screen"):
        to("preliminary")
    decisions.showed(first.id, {cells[1].id: 1}, by)
    to("preliminary")


def test_a_blind_display_or_decision_verifies_nothing(
    sql, to, submitted, image, sharp, analysis, by, third
):
    fields.add(submitted.id, image(1), "b.png", 1, sharp, by)
    fields.finish(fields.claim_oldest("w"), analysis(blast=1), card={}, by="w")
    readings.ask(submitted.id, ReadingKind.SECOND, "drawn at random", by)
    second = readings.take(submitted.id, ReadingKind.SECOND, third)
    ids = [cell.id for cell in fields.cells_of_examination(submitted.id)]
    decisions.decide(second.id, ids, BLAST, third, shown=dict.fromkeys(ids, 900))
    decisions.decide(second.id, [ids[2]], NORMAL, third)
    readings.submit(second.id, third)
    conclude(submitted, by)
    with pytest.raises(IntegrityError, match=r"not verified|never on the screen"):
        sign_by_sql(sql, third)


def sign_by_sql(sql, by, sha256: str = "s", record: str = "s", own: int = 0) -> None:
    """Make a version and its signature without asking the records."""
    examination, moment = Examination.get(), "2026-11-24T10:00:00.000000Z"
    copied = sql(
        "INSERT INTO report_version (id, created_at, examination_id, number, status, content,"
        " sha256, reason, pdf_sha256) VALUES (lower(hex(randomblob(16))), ?, ?, 1, 'final',"
        " '{}', ?, '', '') RETURNING id",
        *(moment, examination.id.hex, sha256),
    )
    ((report,),) = copied.fetchall()
    sql(
        "INSERT INTO signature (id, created_at, report_id, signer_id, signer_name, signer_role,"
        " meaning, record_sha256, own_submission_allowed)"
        " VALUES (lower(hex(randomblob(16))), ?, ?, ?, '', '', 'approved', ?, ?)",
        *(moment, report, by.user_id.hex, record, own),
    )


def test_a_report_is_final_only_with_a_signature_of_its_record(sql, to, submitted, clinician):
    with pytest.raises(IntegrityError, match="no conclusion"):
        sign_by_sql(sql, clinician)
    conclude(submitted, clinician)
    with pytest.raises(IntegrityError, match="not signed"):
        to("final")
    with pytest.raises(IntegrityError, match="numbered without gap"):
        sign_by_sql(sql, clinician)


def test_a_signature_under_another_record_is_refused(sql, submitted, clinician):
    conclude(submitted, clinician)
    with pytest.raises(IntegrityError, match="binds to the record"):
        sign_by_sql(sql, clinician, record="another")


def test_nobody_signs_their_own_submission_past_the_page(sql, to, submitted, by):
    conclude(submitted, by)
    with pytest.raises(IntegrityError, match="own submission"):
        sign_by_sql(sql, by)


def test_where_it_is_allowed_they_do(sql, to, submitted, by):
    conclude(submitted, by)
    sign_by_sql(sql, by, own=1)
    to("final")


def test_somebody_who_left_signs_nothing(sql, submitted, clinician, hana):
    conclude(submitted, clinician)
    sql('UPDATE "user" SET disabled = 1 WHERE id = ?', hana.id.hex)
    with pytest.raises(IntegrityError, match="works here"):
        sign_by_sql(sql, clinician)


def test_a_wanted_second_reading_keeps_it_from_being_signed(sql, submitted, clinician):
    conclude(submitted, clinician)
    readings.ask(submitted.id, ReadingKind.SECOND, "drawn at random", clinician)
    with pytest.raises(IntegrityError, match="second reading"):
        sign_by_sql(sql, clinician)


def test_a_closed_examination_takes_nothing(sql, signed, clinician):
    for table, changed in (
        ("field_image", {"number": "9", "sha256": "'x'"}),
        ("cell", {"number": "9"}),
        ("cell_decision", {"number": "number + 1"}),
        ("cell_display", {"reader_id": "reader_id"}),
        ("reading", {}),
        ("conclusion", {}),
        ("report_version", {"number": "2", "sha256": "'x'"}),
        ("signature", {}),
    ):
        with pytest.raises(IntegrityError, match=r"closed|signed|own open|conclusion|made of"):
            copy_of(sql, table, **changed)
    with pytest.raises(IntegrityError, match="stays"):
        sql("UPDATE conclusion SET text = 'other', revision = revision + 1")


def test_a_closed_examination_analyses_no_image_again(
    submitted, image, blurred, clinician, by, sql
):
    refused = fields.add(submitted.id, image(1), "b.png", 1, blurred, by)
    conclude(submitted, clinician)
    sign(submitted, clinician)
    with pytest.raises(Conflict, match="takes no more changes"):
        fields.override(refused.id, "the only one", by)
    with pytest.raises(IntegrityError, match="no image again"):
        sql("UPDATE field_image SET state='accepted', revision=2 WHERE id=?", refused.id.hex)
    assert FieldImage.get_by_id(refused.id).state == "refused"


def test_decisions_are_numbered_known_and_ones_own(sql, examination, read, by, call, third):
    first = readings.take(examination.id, ReadingKind.FIRST, by)
    call(first, read(blast=1), BLAST, by)
    for changed, said in (
        ({"number": "3"}, "without gap"),
        ({"number": "2", "label": "'lymphoma'"}, "not called so"),
        ({"number": "2", "reader_id": f"'{third.user_id.hex}'"}, "own open reading"),
        ({"number": "2", "blind": "1"}, "own open reading"),
    ):
        with pytest.raises(IntegrityError, match=said):
            copy_of(sql, "cell_decision", **changed)


def test_a_reading_keeps_its_reader_and_its_way(sql, submitted, third, by):
    first = Reading.get()
    for changed, said in (
        (f"reader_id = '{third.user_id.hex}'", "keeps its reader"),
        ("kind = 'review'", "keeps its reader"),
        ("state = 'open'", "no such step"),
        ("state = 'wanted'", "no such step"),
    ):
        with pytest.raises(IntegrityError, match=said):
            sql(f"UPDATE reading SET {changed}, revision = revision + 1")
    readings.ask(submitted.id, ReadingKind.SECOND, "drawn at random", by)
    mine = (first.__data__["reader"].hex, "second")
    with pytest.raises(IntegrityError, match="three people"):
        sql("UPDATE reading SET reader_id=?, state='open', revision=2 WHERE kind=?", *mine)
    with pytest.raises(IntegrityError, match="by somebody"):
        sql("UPDATE reading SET state='open', revision=2 WHERE kind='second'")


def test_a_cell_that_a_person_made_carries_no_suggestion(sql, field, read, olga):
    read(blast=1)
    with pytest.raises(IntegrityError, match="carries no suggestion"):
        copy_of(sql, "cell", number="2", origin="'added'", made_by_id=f"'{olga.id.hex}'")


def test_an_amendment_ends_signed_or_as_it_was(sql, signed, clinician):
    amendments.begin_amendment(signed.id, "amended", "Second marrow.", clinician)
    with pytest.raises(IntegrityError, match="once at a time"):
        copy_of(sql, "amendment")
    with pytest.raises(IntegrityError, match="not signed"):
        sql("UPDATE amendment SET state='submitted', revision=2")
    with pytest.raises(IntegrityError, match="being amended"):
        sql("UPDATE examination SET status='entered-in-error', revision=revision+1")
    row = examinations.get(signed.id)
    with pytest.raises(Conflict, match="being amended"):
        steps.void(row.id, row.revision, "reason", clinician)
    review = readings.take(signed.id, ReadingKind.REVIEW, clinician)
    cell = fields.cells_of_examination(signed.id)[0]
    decisions.decide(review.id, [cell.id], NORMAL, clinician)
    sql("UPDATE amendment SET state='waived', revision=2")
    with pytest.raises(IntegrityError, match="has ended"):
        sql("UPDATE amendment SET state='open', revision=3")
    assert Signature.select().count() == 1
