"""Charts of counts over time, and findings of several dates side by side."""

from datetime import UTC, date, datetime, timedelta
from uuid import uuid4

import pytest

from appliance.records import clinical, ranges, users
from appliance.records.overview import Listed
from appliance.records.ranges import Range
from appliance.records.standing import Progress
from appliance.records.tables import ClinicalDetails, Examination, Patient
from appliance.review_vocabulary import CellLabel
from tests.webui.examples import examination_of
from webui import comparisons, trends
from webui.display import NOTHING

GIRL = Patient(sex="female", birth_date=date(2020, 5, 1))


def found(*values: tuple[date, float | None]) -> list[ClinicalDetails]:
    """Platelets of some dates, the latest first."""
    rows = [ClinicalDetails(observed_on=on, platelets_10e9_per_l=v) for on, v in values]
    return rows[::-1]


FALLEN = found(
    (date(2026, 1, 1), 200.0), (date(2026, 1, 11), None), (date(2026, 1, 21), 23.0),
    (date(2026, 1, 31), 490.0),
)  # fmt: skip


def test_a_measurement_of_two_dates_is_drawn_from_nought_over_time():
    (series,) = trends.of_findings(GIRL, FALLEN)
    assert (series.label, series.unit, series.top) == ("Platelets", "10⁹/L", "500")
    first, low, last = series.points
    assert (first.x, last.x) == (8, trends.WIDTH - 8)
    assert low.x == pytest.approx(8 + (trends.WIDTH - 16) * 20 / 30)
    assert first.y < low.y < trends.HEIGHT
    assert low.y == pytest.approx(trends.HEIGHT - 8 - (trends.HEIGHT - 16) * 23 / 500)
    assert [point.side for point in series.points] == ["", "below", ""]
    assert series.usual == "200 to 490"
    assert "from 200 to 490" in series.sentence
    assert len(series.line.split()) == 3


@pytest.mark.parametrize("values", [[], [(date(2026, 1, 1), 5.0)], [(date(2026, 1, 1), None)] * 2])
def test_what_is_known_of_one_date_only_is_no_trend(values):
    assert trends.of_findings(GIRL, found(*values)) == []


@pytest.mark.parametrize(
    ("most", "top"),
    [(0, "1"), (0.03, "0.03"), (7, "8"), (10, "10"), (11, "15"), (1240, "1500"), (499, "500")],
)
def test_the_upper_edge_is_a_round_number(most: float, top: str):
    rows = [
        ClinicalDetails(observed_on=date(2026, 1, d), lymphocytes_10e9_per_l=most) for d in (2, 1)
    ]
    (series,) = trends.of_findings(Patient(sex="unknown", birth_date=None), rows)
    assert (series.top, series.band) == (top, None)


def test_the_blast_fraction_of_signed_reports_is_drawn():
    def examined(day: int, status: str, blast: int, normal: int):
        row = Examination(
            id=uuid4(), status=status, created_at=datetime(2026, 1, day, 12, tzinfo=UTC)
        )
        labels = {CellLabel.BLAST: blast, CellLabel.NORMAL: normal, CellLabel.UNSURE: 3}
        return Listed(row, GIRL), Progress(by_label=labels)

    cases = [
        examined(9, "amended", 1, 3), examined(7, "preliminary", 9, 1), examined(5, "final", 3, 1),
        examined(3, "final", 0, 0),
    ]  # fmt: skip
    reached = {listed.examination.id: progress for listed, progress in cases}
    (series,) = trends.of_reports([listed for listed, _ in cases], reached)
    assert [point.shown for point in series.points] == ["75", "25"]
    assert trends.of_reports([cases[0][0]], reached) == []


@pytest.mark.parametrize(
    ("column", "sex", "born", "expected"),
    [
        ("haemoglobin_g_per_l", "male", date(1990, 1, 1), Range(130, 170)),
        ("haemoglobin_g_per_l", "unknown", date(1990, 1, 1), None),
        ("haemoglobin_g_per_l", "unknown", date(2020, 1, 1), Range(115, 155)),
        ("platelets_10e9_per_l", "male", date(2023, 1, 1), Range(200, 490)),
        ("white_cells_10e9_per_l", "male", date(2026, 2, 1), None),
        ("white_cells_10e9_per_l", "male", None, None),
        ("lactate_dehydrogenase_u_per_l", "male", date(2020, 1, 1), None),
        ("marrow_blasts_percent", "unknown", None, Range(0, 5)),
    ],
)
def test_what_is_usual_depends_on_age_and_sex(column, sex, born, expected):
    assert ranges.usual(column, sex, born, date(2026, 3, 1)) == expected


@pytest.mark.parametrize(
    ("years", "sex", "low"),
    [
        *((years, "unknown", 105) for years in (0.6, 1.9)),
        *((years, "unknown", 110) for years in (2.1, 4.9)),
        *((years, "unknown", 115) for years in (5.1, 6.1, 11.9)),
        *((years, "unknown", 120) for years in (12.1, 14.9)),
        *((years, "female", 120) for years in (15.1, 50)),
        *((years, "male", 130) for years in (15.1, 50)),
    ],
)
def test_haemoglobin_is_low_where_the_who_speaks_of_anaemia(years, sex, low):
    on = date(2026, 3, 1)
    known = ranges.usual("haemoglobin_g_per_l", sex, on - timedelta(days=365.25 * years), on)
    assert known is not None
    assert known.low == low


def test_a_range_is_written_for_people():
    assert [Range(*bounds).words for bounds in ((130, 170), (0, 5), (0, 0))] == [
        "130 to 170",
        "up to 5",
        "0",
    ]


def test_every_range_is_possible_at_all_and_of_a_measurement():
    limits = {m.column: m for m in clinical.MEASUREMENTS}
    for years in (0.5, 1, 3, 8, 13, 40):
        born = date(2026, 3, 1).replace(year=2026 - int(years), month=1 if years < 1 else 3)
        for column, m in limits.items():
            known = ranges.usual(column, "female", born, date(2026, 8, 1))
            assert known is None or m.low <= known.low <= known.high <= m.high


def test_dates_side_by_side_say_what_changed_and_what_is_unusual():
    (line,) = comparisons.findings(GIRL, FALLEN[::-1])
    assert [v.words for v in line.values] == ["200", NOTHING, "23", "490"]
    assert [v.changed for v in line.values] == [False, True, True, True]
    assert [(v.step, v.side, v.sign) for v in line.values[2:]] == [
        ("", "below", "↓"),
        ("+467", "", ""),
    ]
    assert (line.differs, line.usual) == (True, "200 to 490")


@pytest.fixture
def followed(app, olga):
    """A patient with findings of three dates; returns the id."""
    by = users.actor_of(olga)
    patient_id = examination_of(olga).__data__["patient"]
    for month, platelets, phase in ((1, 23.0, "untreated"), (2, 88.0, "induction"), (3, 240.0, "")):
        values = {"platelets_10e9_per_l": platelets, "treatment_phase": phase}
        clinical.add(patient_id, {"observed_on": date(2026, month, 1), **values}, by)
    return patient_id


def test_a_patient_has_charts_with_a_table_each(as_user, followed):
    page = as_user("hana").get(f"/patients/{followed}").text
    assert page.count('class="trend-chart"') == 1
    assert 'aria-label="Platelets: from 23 to 240 10⁹/L over 3 dates' in page
    for shown in ("23", "88", "240"):
        assert f"<td>{shown}" in page
    assert f'href="/patients/{followed}/findings/compare"' in page


def test_dates_are_compared_two_at_first_or_as_chosen(as_user, followed):
    browser, path = as_user("hana"), f"/patients/{followed}/findings/compare"
    page = browser.get(path).text
    assert "+152" in page
    assert "Induction" in page
    assert "At diagnosis" not in page
    ids = [row.id for row in clinical.of_patient(followed)]
    page = browser.get(path, query_string={"of": [ids[0], ids[2]]}).text
    assert "+217" in page
    assert "At diagnosis" in page
    page = browser.get(path, query_string={"of": "nothing"}).text
    assert "Choose two dates or more" in page
