"""What statistics come to, each in a plain sentence."""

from collections.abc import Sequence
from datetime import date

from appliance.services.statistics.accuracy import Accuracy, Counts
from appliance.services.statistics.lines import Line
from appliance.services.statistics.weekly import Course
from appliance.services.statistics.workload import Work, signed_of
from appliance.vocabulary import how_many
from models.figures import Figure


def percentage(figure: Figure) -> str:
    """Write a share with its interval: "91.0 % (87.1 to 94.0)"."""
    low, high = figure.low * 100, figure.high * 100
    return f"{figure.value * 100:.1f} % ({low:.1f} to {high:.1f})"


def number(figure: Figure, digits: int = 2) -> str:
    """Write a number with its interval: "0.92 (0.90 to 0.94)"."""
    return f"{figure.value:.{digits}f} ({figure.low:.{digits}f} to {figure.high:.{digits}f})"


def shown(line: Line) -> str:
    """Write a line's figure as its kind is written, or how much is missing."""
    if line.figure is None:
        return f"not enough yet: {line.missing}"
    return percentage(line.figure) if line.share else number(line.figure)


def headline(accuracy: Accuracy, since: date | None) -> str:
    """Say how often model and readers agreed here, since a day or ever."""
    agreed = accuracy.agreed
    if agreed.figure is None:
        return f"Not enough cells yet to say how well the model reads here: {agreed.missing}."
    cells, patients = agreed.figure.cells, agreed.figure.blocks
    ever = f" since {since:%-d %B %Y}" if since else ""
    return (
        f"On {cells:,} cells of {how_many(patients, 'patient')} verified here{ever} the model "
        f"agreed with the readers in {percentage(agreed.figure)}."
    )


def left_out(counts: Counts) -> str:
    """Say which verified cells do not enter the comparison."""
    out = [
        (counts.unsure, "the readers were unsure of"),
        (counts.other, "called other"),
        (counts.not_a_cell, "called not a cell"),
        (counts.added, "the model never saw, since a person had to add or part them"),
    ]
    told = [f"{number:,} {what}" for number, what in out if number]
    start = f"{counts.verified:,} cells of {how_many(counts.examinations, 'examination')} verified"
    return f"{start}; left out: {', '.join(told)}." if told else f"{start}; none left out."


def of_work(work: Work) -> str:
    """Say how much was done, and how quickly."""
    came = how_many(work.registered, "examination")
    start = f"{came} registered, {signed_of(work.by_status):,} of them signed by now"
    if work.hours.figure is None:
        return f"{start}. Turn-around time: {shown(work.hours)}."
    figure = work.hours.figure
    return (
        f"{start}. Half were signed within {hours(figure.value)} "
        f"({hours(figure.low)} to {hours(figure.high)}), nine in ten within {hours(work.slowest)}."
    )


def of_drift(courses: Sequence[Course]) -> list[str]:
    """Warn of each quantity that shifted, by its last week that did."""
    warnings = []
    for course in courses:
        if not course.shifted or course.reference is None:
            continue
        monday, week = course.shifted[-1]
        middle = course.reference[1]
        side = "lower" if week.median < middle else "higher"
        also = len(course.shifted) - 1
        more = f", and in {how_many(also, 'week')} before" if also else ""
        warnings.append(
            f"{course.name} has shifted in the week of {monday:%-d %B %Y}{more}: it lies {side}, "
            f"median {week.median:.2f} against {middle:.2f} (stability index {week.index:.2f}; "
            f"beyond 0.25 and beyond chance). Do not rely on suggestions before somebody has "
            "looked at stain, lamp and focus."
        )
    return warnings


def reference(verified_on: date | None, examinations: int) -> str:
    """Say what weeks are held against."""
    of = how_many(examinations, "examination")
    if verified_on is None:
        return f"No site head is in use: held against the first {of} submitted here."
    return f"Held against the {of} before the site head in use was fitted, {verified_on:%-d %B %Y}."


def hours(value: float) -> str:
    """Write a time as people say it: minutes, hours or days."""
    if value < 1:
        return how_many(round(value * 60), "minute")
    return f"{value:.1f} hours" if value < 48 else f"{value / 24:.1f} days"
