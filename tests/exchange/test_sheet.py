"""A page to write on."""

import pytest

from appliance.exchange.sheet import BODY, BOTTOM, LEFT, TOP, WIDTH, Sheet


@pytest.fixture
def sheet():
    page = Sheet()
    page.open_page()
    yield page
    page.close()


def test_what_does_not_fit_goes_on_to_the_next_page(sheet):
    sheet.cursor = BOTTOM - 10
    sheet.need(9)
    assert sheet.page_no() == 1
    sheet.need(11)
    assert (sheet.page_no(), sheet.cursor) == (2, TOP)


def test_what_is_taller_than_a_page_does_not_turn_pages_for_ever(sheet):
    sheet.need(1000)
    assert sheet.page_no() == 1


def test_a_long_paragraph_runs_over_several_pages(sheet):
    sheet.paragraph("word " * 6000)
    assert sheet.page_no() > 2
    assert TOP < sheet.cursor <= BOTTOM + 5


def test_measured_width_is_drawn_width(sheet):
    for text in ("Lund", "محمد علي", "Dr. 王小明 (כהן)"):
        assert sheet.put(LEFT, 50, text) == pytest.approx(sheet.measure(text, BODY))


def test_a_cut_text_ends_in_an_ellipsis_and_fits(sheet):
    lines = sheet.clipped("some words " * 100, 60.0, 3)
    assert len(lines) == 3
    assert lines[-1].endswith("…")
    assert all(sheet.measure(line, BODY) <= 60.0 for line in lines)


def test_a_text_that_fits_is_not_cut(sheet):
    assert sheet.clipped("some words", 60.0, 3) == ["some words"]


def test_right_to_left_paragraphs_stand_at_the_right_edge(sheet):
    starts = []
    put = sheet.put

    def noted(x, baseline, text, kind, **how):
        starts.append((x, how.get("align", "L")))
        return put(x, baseline, text, kind, **how)

    sheet.put = noted
    sheet.write_lines(LEFT, 40, ["محمد علي"], width=WIDTH)
    sheet.write_lines(LEFT, 50, ["Lund"], width=WIDTH)
    assert starts == [(LEFT + WIDTH, "R"), (LEFT, "L")]


def test_a_face_is_read_only_when_it_is_needed(sheet):
    sheet.put(LEFT, 50, "Lund")
    assert list(sheet.fonts) == ["notosans"]
    sheet.put(LEFT, 50, "王")
    assert list(sheet.fonts) == ["notosans", "notosanscjk"]
