"""Which pictures go with which statistics, and what each says in a sentence."""

from collections.abc import Sequence

from appliance.exchange import charts
from appliance.exchange.charts import Bars, Quartiles
from appliance.services.statistics.accuracy import Accuracy
from appliance.services.statistics.cells import CALLS, LABELS
from appliance.services.statistics.drift import Shift, Steadiness
from appliance.services.statistics.weekly import Course
from appliance.services.statistics.workload import Work

LABEL_WORDS = ("Blast", "Normal", "Unsure", "Other", "Not a cell")
"""Of LABELS, as a table has room for."""
_CALL_WORDS = LABEL_WORDS[: len(CALLS)]


def of_accuracy(accuracy: Accuracy, decision_limit: float) -> dict[str, str]:
    """Draw what there is enough of, by name."""
    drawn = {}
    if accuracy.counts.compared:
        drawn["confusion"] = charts.table_chart(
            accuracy.table.tolist(),
            _CALL_WORDS[:2],
            _CALL_WORDS,
            row_title="Readers called",
            column_title="The model suggested",
            name="confusion",
            label="Cells by what readers called and what the model suggested",
        )
    if accuracy.roc:
        curve = accuracy.roc
        drawn["roc"] = charts.roc_chart(
            curve.false_alarms.tolist(),
            curve.sensitivity.tolist(),
            curve.low.tolist(),
            curve.high.tolist(),
            marks=accuracy.points,
            label=f"ROC curve; the area under it is {curve.area.value:.2f}",
        )
    if accuracy.reliability:
        bins = accuracy.reliability
        drawn["reliability"] = charts.reliability_chart(
            bins.said.tolist(),
            bins.seen.tolist(),
            bins.low.tolist(),
            bins.high.tolist(),
            label="Share of blasts by the probability that was suggested",
        )
    if accuracy.readers_table is not None:
        drawn["readers"] = charts.table_chart(
            accuracy.readers_table.tolist(),
            LABEL_WORDS[: len(LABELS)],
            LABEL_WORDS[: len(LABELS)],
            row_title="First reader",
            column_title="Second reader, blind",
            name="readers",
            label="Cells by what the first and the second reader called",
        )
    if accuracy.cases_table.sum():
        sides = [f"{decision_limit * 100:g} % or more", "Below"]
        drawn["cases"] = charts.table_chart(
            accuracy.cases_table.tolist(),
            sides,
            sides,
            row_title="Verified cells",
            column_title="Suggestions alone",
            name="cases",
            label="Signed examinations by whether the decision limit is reached",
        )
    return drawn


def of_work(work: Work) -> dict[str, str]:
    """Draw volume, and turn-around time where something was signed."""
    weeks = [_day(week.monday) for week in work.weeks]
    drawn = {
        "volume": charts.bars_chart(
            weeks,
            [
                Bars("Registered", [week.registered for week in work.weeks]),
                Bars("Signed", [week.signed for week in work.weeks]),
            ],
            unit="Examinations",
            name="volume",
            label="Examinations registered and signed in each week",
        )
    }
    if any(week.signed for week in work.weeks):
        drawn["turnaround"] = charts.weeks_chart(
            weeks,
            Quartiles(
                [week.quicker for week in work.weeks],
                [week.median for week in work.weeks],
                [week.slower for week in work.weeks],
            ),
            unit="Hours to the signature",
            name="turnaround",
            label="Median and quartiles of the hours to the first signature, by week",
        )
    return drawn


def of_courses(courses: Sequence[Course]) -> dict[str, str]:
    """Draw each quantity that was measured at all."""
    drawn = {}
    for course in courses:
        shifts = [each for _, each in course.weeks]
        if not any(each.count for each in shifts):
            continue
        drawn[course.key] = charts.weeks_chart(
            [_day(monday) for monday, _ in course.weeks],
            _quartiles(shifts),
            unit=course.name,
            name=course.key,
            label=f"{course.name} by week: medians and quartiles",
            reference=course.reference,
            marked=[each.steadiness is Steadiness.SHIFTED for each in shifts],
        )
    return drawn


def _quartiles(shifts: Sequence[Shift]) -> Quartiles:
    return Quartiles(
        [each.low for each in shifts],
        [each.median for each in shifts],
        [each.high for each in shifts],
    )


def _day(day: object) -> str:
    return f"{day:%-d %b}"
