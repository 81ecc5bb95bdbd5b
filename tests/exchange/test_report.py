"""The values a report is made of."""

from dataclasses import replace
from datetime import UTC

import pytest

from appliance.exchange.pdf import field_report
from appliance.exchange.report import GALLERY_OF_FIELD, FieldReport, by_probability, cells_of
from appliance.vocabulary import FieldState


@pytest.fixture
def of_analysis(draw_image, analyse, passport, at):
    def make(cells, **values):
        image = draw_image()
        given = {"name": "field.png", "printed_at": at, "laboratory": "Lab", "zone": UTC}
        analysis = None if cells is None else analyse(image, cells)
        return FieldReport.of_analysis(image, passport(), analysis, **given | values)

    return make


def test_an_analysis_without_a_record_has_a_report(of_analysis, read_pages):
    pages = read_pages(field_report(of_analysis(5)))
    assert all("Record SHA-256 abababababababab" in page for page in pages)
    assert all("Accession" not in page for page in pages)
    assert "Image analysis" in pages[0]
    assert "Patient" not in pages[0]


def test_an_image_that_was_not_analysed_counts_as_refused(of_analysis, read_pages):
    report = of_analysis(None)
    assert report.field.state is FieldState.REFUSED
    assert "was not analysed" in read_pages(field_report(report))[0]


def test_the_given_scale_wins_over_the_files(of_analysis, read_pages):
    report = of_analysis(3, um_per_px=0.113)
    assert report.field.um_per_px == 0.113
    assert "0.113 µm per pixel" in " ".join(read_pages(field_report(report)))


def test_cells_are_numbered_from_one_with_their_suggestion(draw_image, analyse):
    image = draw_image()
    analysis = analyse(image, 6)
    cells = cells_of(image, analysis)
    assert [cell.number for cell in cells] == [1, 2, 3, 4, 5, 6]
    assert [cell.box for cell in cells] == [found.box for found in analysis.cells]
    assert [cell.suggestion for cell in cells] == [v.suggestion for v in analysis.verdicts]


def test_only_cells_of_the_gallery_get_a_thumbnail(draw_image, analyse):
    image = draw_image()
    cells = cells_of(image, analyse(image, GALLERY_OF_FIELD + 20))
    with_picture = [cell for cell in cells if cell.thumbnail is not None]
    assert len(with_picture) == GALLERY_OF_FIELD
    assert {c.number for c in with_picture} == {
        c.number for c in by_probability(cells)[:GALLERY_OF_FIELD]
    }


def test_a_gallery_begins_with_the_likeliest_blast(make_entry):
    cells = by_probability(make_entry(20).cells)
    chances = [cell.blast_probability for cell in cells]
    assert chances == sorted(chances, reverse=True)


def test_a_cell_of_one_of_several_fields_is_led_by_its_number(make_entry):
    cell = make_entry(1).cells[0]
    assert cell.label == "1"
    assert replace(cell, field_number=4).label == "4.1"
