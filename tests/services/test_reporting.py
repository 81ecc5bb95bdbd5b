"""Reports out of the records: what is gathered, and what is noted about the printing."""

import io
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import numpy as np
import pytest
from PIL import Image
from pypdf import PdfReader

from appliance import clock
from appliance.errors import NotFound
from appliance.exchange.template import load_template
from appliance.exchange.wording import NOT_VERIFIED_HERE
from appliance.pipeline import intake
from appliance.pipeline.tally import clopper_pearson, tally
from appliance.records import audit, clinical, examinations, fields, patients
from appliance.records.pictures import PictureStore
from appliance.services.reporting import Letterhead, Reporting
from appliance.vocabulary import (
    Box,
    FieldAnalysis,
    FoundCell,
    ModelStamp,
    Quality,
    QualityCheck,
    Suggestion,
    Verdict,
)

LIMITS = intake.Limits()
STAMP = ModelStamp("all-lite0-1", "c" * 64, "litert 2.3.0", "0.1.0", (0.3, 0.7))


@pytest.fixture
def by(olga, actor_of):
    return actor_of(olga)


@pytest.fixture
def pictures(tmp_path):
    return PictureStore(tmp_path / "pictures")


@pytest.fixture
def reporting(pictures):
    return Reporting(
        pictures,
        letterhead=Letterhead("Haematology, University Hospital", "Bench 2"),
        template=load_template(),
        decision_limit=0.2,
        limits=LIMITS,
        zone=ZoneInfo("Europe/Warsaw"),
    )


@pytest.fixture
def register(database, by):
    """Registers a girl and her smear; names and flags as given."""

    def make(**values):
        given = {
            "medical_record_number": "MRN-0017",
            "family_name": "الأحمد",
            "given_name": "أمينة",
            "sex": "female",
            "birth_date": date(2020, 5, 1),
        }
        patient = patients.register(given | values, by)
        return examinations.create(
            patient.id,
            {
                "specimen": "bone-marrow",
                "stain": "wright",
                "objective": "100x",
                "indication": "Pancytopenia",
                "collected_at": datetime(2026, 11, 1, 8, 0, tzinfo=UTC),
            },
            by,
        )

    return make


@pytest.fixture
def examination(register):
    return register()


@pytest.fixture
def add_image(pictures, by):
    """Keeps a drawn picture and puts it into an examination."""

    def add(examination, number, *, failing=False):
        rng = np.random.default_rng(number)
        pixels = rng.integers(120, 250, (30, 40, 3), np.uint8).repeat(8, 0).repeat(8, 1)
        data = io.BytesIO()
        Image.fromarray(pixels).save(data, "PNG")
        pictures.keep(data.getvalue())
        (image,) = intake.read_images(data.getvalue(), name="field.png", limits=LIMITS)
        sentence = "The image is blurred: focus again." if failing else "The image is sharp."
        check = QualityCheck(
            "focus", 9.0 if failing else 81.0, 40.0, None, "", not failing, sentence
        )
        name = f"field-{number}.png"
        return fields.add(examination.id, image, name, len(data.getvalue()), Quality((check,)), by)

    return add


@pytest.fixture
def analyse():
    """Analyses the oldest waiting field: so many blasts, normal and unsure cells, one cut."""

    def run(blast, normal, unsure=0):
        row = fields.claim_oldest("run")
        suggestions = (
            [Suggestion.BLAST] * (blast + 1)
            + [Suggestion.NORMAL] * normal
            + [Suggestion.UNSURE] * unsure
        )
        triangle = np.array([[0, 0], [20, 0], [20, 20]], np.int32)
        cells = [
            FoundCell(Box(8 * i, 40, 20, 21), triangle, None, 200.0, 300.0, at_border=i == 0)
            for i in range(len(suggestions))
        ]
        chance = {Suggestion.BLAST: 0.9, Suggestion.NORMAL: 0.1, Suggestion.UNSURE: 0.5}
        verdicts = [Verdict(s, chance[s], False) for s in suggestions]
        analysis = FieldAnalysis(cells, verdicts, tally(verdicts[1:]), STAMP)
        assert fields.finish(row, analysis, card={"id": STAMP.id}, by="run")
        return row

    return run


def pages_of(pdf):
    return [" ".join(page.extract_text().split()) for page in PdfReader(io.BytesIO(pdf)).pages]


def pictures_in(pdf):
    return sum(len(page.images) for page in PdfReader(io.BytesIO(pdf)).pages)


def test_a_field_report_shows_what_the_records_hold(reporting, examination, add_image, analyse, by):
    clinical.add(
        examination.patient.id,
        {"observed_on": date(2026, 11, 1), "white_cells_10e9_per_l": 45.3, "symptoms": ["fever"]},
        by,
    )
    add_image(examination, 1)
    row = analyse(5, 15, 2)
    pages = pages_of(reporting.field_pdf(row.id, by))
    text = " ".join(pages)
    for expected in (
        "MRN-0017",
        "2020-05-01",
        examination.accession_number,
        "Bone marrow",
        "Collected 2026-11-01 09:00 CET",
        "White cells 45.3",
        "Fever",
        "Pancytopenia",
        "5 of 20 decided cells suggested as blast: 25.0 % (exact 95 % interval 8.7 to 49.1 %)",
        "lies inside the interval",
        NOT_VERIFIED_HERE,
        STAMP.sha256,
        row.sha256,
        "Olga Tamm Registered the examination",
        "Olga Tamm Wrote the findings of 2026-11-01",
        "Olga Tamm Added image 1",
        "appliance Analysed image 1",
        "Olga Tamm Printed this report",
    ):
        assert expected in text
    for page in pages:
        assert load_template().wording["research_use_unsigned"] in page
        assert f"Record {row.id}" in page


def test_only_the_latest_findings_are_printed(reporting, examination, add_image, by):
    for day, value in ((date(2026, 10, 1), 11.0), (date(2026, 11, 1), 22.0)):
        clinical.add(
            examination.patient.id, {"observed_on": day, "platelets_10e9_per_l": value}, by
        )
    row = add_image(examination, 1)
    text = " ".join(pages_of(reporting.field_pdf(row.id, by)))
    assert "Clinical details, 2026-11-01" in text
    assert "Platelets 22" in text
    assert "Platelets 11" not in text


def test_each_cell_and_the_field_are_shown_as_pictures(
    reporting, examination, add_image, analyse, by
):
    add_image(examination, 1)
    row = analyse(3, 2)
    assert pictures_in(reporting.field_pdf(row.id, by)) == 1 + 6


def test_an_overridden_gate_is_printed_with_who_and_why(
    reporting, examination, add_image, hana, actor_of, by
):
    row = add_image(examination, 1, failing=True)
    refused = pages_of(reporting.field_pdf(row.id, by))[0]
    assert "This image failed the quality gate The image is blurred: focus again." in refused
    assert "was refused by the quality gate and was not analysed." in refused
    fields.override(row.id, "The only smear of this child.", actor_of(hana))
    overridden = " ".join(pages_of(reporting.field_pdf(row.id, by)))
    assert "Hana Sato went on nevertheless" in overridden
    assert "Hana Sato Went on with image 1 after the quality gate: The only smear" in overridden
    assert "has not been analysed yet" in overridden


def test_a_failed_analysis_is_printed_with_its_reason(reporting, examination, add_image, by):
    add_image(examination, 1)
    row = fields.claim_oldest("run")
    fields.fail(row, "The picture is no longer what was stored.")
    text = pages_of(reporting.field_pdf(row.id, by))[0]
    assert "The analysis broke off; there are no suggestions for this image." in text
    assert "The picture is no longer what was stored." in text


def test_a_lost_original_does_not_stop_the_report(
    reporting, pictures, examination, add_image, analyse, by
):
    add_image(examination, 1)
    row = analyse(3, 2)
    pictures.path(row.sha256).unlink()
    text = " ".join(pages_of(reporting.field_pdf(row.id, by)))
    assert "The picture of this field cannot be shown." in text
    assert "3 of 5 decided cells" in text


def test_an_examination_report_pools_its_analysed_images(
    reporting, examination, add_image, analyse, by
):
    for number in (1, 2, 3, 4):
        add_image(examination, number, failing=number == 4)
    analyse(5, 3)
    analyse(2, 10, 1)
    text = " ".join(pages_of(reporting.examination_pdf(examination.id, by)))
    low, high = clopper_pearson(7, 20)
    assert "7 of 20 decided cells suggested as blast: 35.0 %" in text
    assert f"interval {100 * low:.1f} to {100 * high:.1f} %" in text
    assert "4 images, 2 analysed" in text
    assert "Field 3: This image has not been analysed yet" in text
    assert "Field 4: The image is blurred: focus again." in text
    assert "Olga Tamm Added 4 images" in text
    assert "2.3" in text


def test_small_pictures_are_kept_for_the_next_report(
    reporting, pictures, examination, add_image, by
):
    row = add_image(examination, 1)
    first = reporting.examination_pdf(examination.id, by)
    assert pictures.derived(row.sha256, "report-0") is not None
    pictures.path(row.sha256).unlink()
    again = reporting.examination_pdf(examination.id, by)
    assert pictures_in(first) == pictures_in(again) == 1


def test_an_examination_without_images_has_a_report(reporting, examination, by):
    text = pages_of(reporting.examination_pdf(examination.id, by))[0]
    assert "This examination has no images yet." in text


def test_what_is_simulated_is_marked_on_every_page(reporting, register, add_image, analyse, by):
    examination = register(simulated=True)
    add_image(examination, 1)
    row = analyse(2, 2)
    for pdf in (reporting.field_pdf(row.id, by), reporting.examination_pdf(examination.id, by)):
        assert all("SIMULATED" in page for page in pages_of(pdf))


def test_each_printing_is_noted_without_naming_the_patient(reporting, examination, add_image, by):
    row = add_image(examination, 1)
    reporting.field_pdf(row.id, by)
    reporting.examination_pdf(examination.id, by)
    second, first = audit.recent(action="report:print").rows
    assert (first.subject_id, second.subject_id) == (str(row.id), str(examination.id))
    assert first.actor_name == "Olga Tamm"
    for event in (first, second):
        assert event.details["patient"] == str(examination.patient.id)
        assert "الأحمد" not in str(event.details)


def test_nothing_is_noted_of_a_report_that_does_not_exist(reporting, examination, by):
    before = audit.head()
    with pytest.raises(NotFound):
        reporting.field_pdf(examination.id, by)
    with pytest.raises(NotFound):
        reporting.examination_pdf(examination.patient.id, by)
    assert audit.head() == before


def test_at_a_stopped_clock_a_report_is_the_same_again(
    monkeypatch, reporting, examination, add_image, analyse, by
):
    add_image(examination, 1)
    row = analyse(3, 2)
    later = clock.now() + timedelta(hours=1)
    monkeypatch.setattr("appliance.services.reporting.now", lambda: later)
    assert reporting.field_pdf(row.id, by) == reporting.field_pdf(row.id, by)
