"""What a reader of a report must find in it, on which page."""

import io
import time
from dataclasses import replace

import pytest
from pypdf import PdfReader

from appliance.exchange.case import CaseEntry
from appliance.exchange.pdf import ReportBook, examination_report, field_report
from appliance.exchange.report import (
    GALLERY_OF_EXAMINATION,
    RESEARCH_USE,
    TABLE_CELLS,
    ExaminationReport,
    Override,
    by_probability,
)
from appliance.exchange.sheet import BOTTOM, MM_PER_PT, PAGE_HEIGHT
from appliance.exchange.template import load_template
from appliance.exchange.wording import NOT_VERIFIED_HERE
from appliance.pipeline.tally import clopper_pearson, tally
from appliance.vocabulary import FieldState, Tally, Verdict


@pytest.fixture(scope="module")
def make_examination(heading, patient, specimen, clinical, make_entry, draw_image):
    def make(fields, cells, **heading_values):
        image = draw_image(240, 180)
        entries = [
            replace(entry, cells=tuple(replace(c, field_number=number) for c in entry.cells))
            for number in range(1, fields + 1)
            for entry in [make_entry(cells, image=image, number=number)]
        ]
        every = [cell for entry in entries for cell in entry.cells]
        counted = [Verdict(c.suggestion, c.blast_probability, False) for c in every if c.counted]
        return ExaminationReport(
            case=CaseEntry(template=load_template(), status="partial"),
            heading=replace(heading, **heading_values),
            fields=tuple(entries),
            tally=tally(counted),
            patient=patient,
            specimen=specimen,
            clinical=clinical,
            gallery=tuple(by_probability(every)[:GALLERY_OF_EXAMINATION]),
        )

    return make


def test_every_page_says_what_it_is_of_whom_and_that_it_is_no_diagnosis(make_report, read_pages):
    pages = read_pages(field_report(make_report()))
    assert len(pages) > 1
    for number, page in enumerate(pages, start=1):
        assert RESEARCH_USE in page
        assert f"Page {number} of {len(pages)}" in page
        assert "Accession 24-0193" in page
        assert "Record 0193a1f2-7c1d-7a44-9d3e-8c21f9b0c5aa" in page
        assert "Okafor, Amina" in page
        assert "Haematology, University Hospital" in page


def test_patient_specimen_and_findings_are_printed_with_units_and_zone(make_report, read_pages):
    text = " ".join(read_pages(field_report(make_report())))
    for expected in (
        "Record number MRN-204418",
        "2020-03-04",
        "6 years",
        "Bone marrow",
        "May-Grünwald-Giemsa",
        "100x / 1.25 oil",
        "Collected 2026-11-23 08:42 CET",
        "Received 2026-11-23 10:42 CET",
        "Imaged 2026-11-24 09:42 CET",
        "Analysed 2026-11-24 10:37 CET",
        "Clinical details, 2026-11-23",
        "Haemoglobin 78 g/L",
        "White cells 45.3 \N{MULTIPLICATION SIGN} 10⁹/L",
        "Fever, Bone pain",
        "CD19+, CD10+",
        "Call before the result is entered.",
    ):
        assert expected in text


def test_the_maker_of_the_suggestions_is_named_and_not_yet_verified(make_report, read_pages, stamp):
    text = " ".join(read_pages(field_report(make_report())))
    for expected in (
        NOT_VERIFIED_HERE,
        stamp.id,
        stamp.sha256,
        stamp.runtime,
        "normal below 0.35, blast from 0.65",
        "SHA-256 of the original file " + "ab" * 32,
        "Olga Tamm Printed this report",
    ):
        assert expected in text


def test_a_classifier_verified_here_is_said_to_be(make_report, make_entry, read_pages, stamp):
    field = make_entry(model=replace(stamp, verified_here=True))
    text = " ".join(read_pages(field_report(make_report(field=field))))
    assert NOT_VERIFIED_HERE not in text
    assert "was verified at this microscope" in text


def test_the_interval_is_the_tallys_and_the_limit_is_placed(make_report, make_entry, read_pages):
    counted = Tally(blast=5, normal=15, unsure=2, interval95=clopper_pearson(5, 20))
    text = read_pages(field_report(make_report(field=make_entry(tally=counted))))[0]
    assert "5 of 20 decided cells suggested as blast: 25.0 %" in text
    assert "(exact 95 % interval 8.7 to 49.1 %)" in text
    assert "The decision limit of 20 % lies inside the interval" in text
    assert "2 unsure cells are not part of the fraction" in text


def test_a_failed_gate_is_printed_first_with_who_went_on_and_why(
    make_report, make_entry, read_pages, at
):
    override = Override("Hana Sato", at, "The only smear of this child.")
    field = make_entry(failing=("focus",), override=override)
    pages = read_pages(field_report(make_report(field=field)))
    assert "This image failed the quality gate The focus is wrong." in pages[0]
    assert "Hana Sato went on nevertheless, 2026-11-24 10:42 CET: The only smear" in pages[0]
    assert pages[0].index("failed the quality gate") < pages[0].index("Count of this image")
    assert "FAIL Focus" in " ".join(pages)


@pytest.mark.parametrize(
    ("state", "reason", "sentence"),
    [
        (FieldState.REFUSED, "", "was refused by the quality gate and was not analysed."),
        (FieldState.FAILED, "Out of memory.", "The analysis broke off; there are no suggestions"),
        (FieldState.FAILED, "Out of memory.", "for this image. Out of memory."),
        (FieldState.ACCEPTED, "", "has not been analysed yet"),
        (FieldState.ANALYSING, "", "has not been analysed yet"),
    ],
)
def test_an_image_without_suggestions_has_an_honest_report(
    make_report, make_entry, read_pages, state, reason, sentence
):
    field = make_entry(None, state=state, reason=reason)
    pages = read_pages(field_report(make_report(field=field)))
    assert sentence in pages[0]
    assert "Count of this image" not in " ".join(pages)
    assert "Cells by blast probability" not in " ".join(pages)


def test_no_cell_gives_no_fraction(make_report, make_entry, read_pages):
    pages = read_pages(field_report(make_report(field=make_entry(0))))
    assert "No cell was decided, so no blast fraction can be given." in pages[0]


def test_a_picture_that_is_lost_does_not_stop_the_report(make_report, make_entry, read_pages):
    text = " ".join(read_pages(field_report(make_report(field=make_entry(picture=None)))))
    assert "The picture of this field cannot be shown." in text


@pytest.mark.parametrize("simulated", [True, False])
def test_simulated_is_marked_on_every_page_or_none(
    make_report, make_examination, read_pages, simulated
):
    for pdf in (
        field_report(make_report(simulated=simulated)),
        examination_report(make_examination(2, 3, simulated=simulated)),
    ):
        # The band on top and the watermark.
        assert all((page.count("SIMULATED") == 2) is simulated for page in read_pages(pdf))


def test_every_cell_is_in_gallery_and_table(make_report, make_entry, read_pages):
    field = make_entry(60)
    text = " ".join(read_pages(field_report(make_report(field=field))))
    gallery = text[text.index("Cells by blast probability") : text.index("Table of cells")]
    table = text[text.index("Table of cells") : text.index("Where this comes from")]
    likeliest = by_probability(field.cells)[0]
    assert f"{likeliest.number} >99 %" in gallery or f"{likeliest.number} 9" in gallery
    for cell in field.cells:
        assert f"{cell.box.x}, {cell.box.y}" in table
    assert "edge: cut by the edge of the image" in table


def test_the_same_report_gives_the_same_bytes(make_report, make_examination):
    assert field_report(make_report()) == field_report(make_report())
    examination = make_examination(2, 3)
    assert examination_report(examination) == examination_report(examination)


def test_the_file_names_the_accession_and_never_the_patient(make_report, at):
    reader = PdfReader(io.BytesIO(field_report(make_report())))
    assert reader.metadata.title == "24-0193"
    assert reader.metadata.creation_date == at
    assert reader.trailer["/Root"]["/Lang"] == "en"
    assert "Okafor" not in str(reader.metadata)


def test_faces_are_embedded_as_subsets(make_report):
    reader = PdfReader(io.BytesIO(field_report(make_report())))
    fonts = [
        font.get_object()
        for page in reader.pages
        for font in page["/Resources"]["/Font"].get_object().values()
    ]
    for font in fonts:
        assert font["/Subtype"] == "/Type0"
        descriptor = font["/DescendantFonts"][0].get_object()["/FontDescriptor"].get_object()
        assert len(descriptor["/FontFile2"].get_object().get_data()) < 60_000


def test_a_full_field_stays_small_and_quick(make_report, make_entry, draw_image):
    field = make_entry(40, image=draw_image(1920, 1080))
    started = time.process_time()
    pdf = field_report(make_report(field=field))
    assert len(pdf) < 3_000_000
    # 0.3 s alone on a desktop; the limit leaves room for a busy one.
    assert time.process_time() - started < 1.5


@pytest.mark.parametrize("cells", [0, 1, 150])
def test_nothing_stands_between_the_text_and_the_foot(make_report, make_entry, cells):
    long = "Wolfeschlegelsteinhausenbergerdorff " * 6
    field = make_entry(cells, failing=("focus", "stain"), name="n" * 250)
    report = make_report(field=field)
    report = replace(
        report,
        patient=replace(report.patient, name=long),
        clinical=replace(report.clinical, notes="A long note. " * 400),
    )
    gap = (PAGE_HEIGHT - BOTTOM - 3.5 - 0.5, PAGE_HEIGHT - BOTTOM - 1.0)
    for page in PdfReader(io.BytesIO(field_report(report))).pages:
        heights = []
        page.extract_text(
            visitor_text=lambda text, _, matrix, *__, at=heights: (
                at.append(matrix[5] * MM_PER_PT) if text.strip() else None
            )
        )
        assert not [height for height in heights if gap[0] < height < gap[1]]
        assert all(5 < height < PAGE_HEIGHT for height in heights)


def test_an_examination_pools_its_fields_and_lists_what_is_left_out(
    make_examination, make_entry, read_pages
):
    report = make_examination(3, 8)
    refused = make_entry(None, number=4, failing=("focus",), state=FieldState.REFUSED)
    report = replace(report, fields=(*report.fields, refused))
    pages = read_pages(examination_report(report))
    text = " ".join(pages)
    assert "4 images, 3 analysed" in pages[0]
    assert "Count of 3 images, pooled" in pages[0]
    assert f"{report.tally.cells} cells counted" in pages[0]
    assert "1 image failed the quality gate Field 4: The focus is wrong." in pages[0]
    assert "1 image without suggestions: not part of the counts" in pages[0]
    for heading in ("List of fields", "Quality passports", "Original files", "Table of cells"):
        assert heading in text
    assert "Used for 3 images" in text


def test_an_examination_without_images_says_so(make_examination, read_pages):
    pages = read_pages(examination_report(make_examination(0, 0)))
    assert "This examination has no images yet." in pages[0]


@pytest.mark.slow
def test_a_large_examination_is_bounded_and_says_so(make_examination, read_pages):
    report = make_examination(12, 250)
    pdf = examination_report(report)
    text = " ".join(read_pages(pdf))
    assert len(pdf) < 12_000_000
    assert f"The {GALLERY_OF_EXAMINATION} likeliest blasts of 3000 cells" in text
    assert f"The first {TABLE_CELLS} of 3000 cells; all are in the record." in text


def test_a_book_numbers_its_reports_through(make_report, read_pages):
    book = ReportBook()
    assert book.pages == 0
    book.add(make_report())
    first = book.pages
    book.add(make_report(accession_number="24-0200"))
    pages = read_pages(book.output())
    assert len(pages) == book.pages == 2 * first
    assert "Accession 24-0193" in pages[first - 1]
    assert "Accession 24-0200" in pages[first]
    assert f"Page {first + 1} of {2 * first}" in pages[first]
