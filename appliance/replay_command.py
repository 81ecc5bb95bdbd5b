"""`scopeside replay`: computes the results of an examination again, at a terminal."""

from appliance.errors import NotFound
from appliance.records import audit, examinations, fields
from appliance.services.replaying import Difference, Outcome
from appliance.settings import Settings
from appliance.vocabulary import APPLIANCE, FieldState
from appliance.wiring import build, open_model, replaying_of

_LISTED = 10


def run_replay(settings: Settings, accession_number: str) -> tuple[int, str]:
    """Compute every result of an examination again and say what differs; nothing is written.

    Returns:
        Exit status, 1 where a result differs or cannot be computed, and what to print.

    Raises:
        NotFound: no such examination.
        ModelUnusable: the classifier in use cannot be loaded.
    """
    appliance = build(settings)
    examination = examinations.by_accession_number(accession_number)
    if examination is None:
        raise NotFound(f"there is no examination {accession_number}")
    replaying = replaying_of(appliance, open_model(settings))
    audit.note("replay:run", by=APPLIANCE, subject=examination, details={"at": "terminal"})
    rows = [
        row for row in fields.of_examination(examination.id) if row.state == FieldState.ANALYSED
    ]
    outcomes = [(row.number, replaying.compute(row)) for row in rows]
    lines = [line for number, outcome in outcomes for line in describe(number, outcome)]
    same = all(outcome.matched for _, outcome in outcomes)
    return (0 if same else 1), "\n".join(lines or ["no image of it has a result"])


def describe(number: int, outcome: Outcome) -> list[str]:
    """Say what came of one image, for a person."""
    word = {True: "ok  ", False: "FAIL", None: "????"}[outcome.matched]
    lines = [f"{word} image {number}: {outcome.sentence}"]
    lines += [f"     {_line(each)}" for each in outcome.differences[:_LISTED]]
    more = len(outcome.differences) - _LISTED
    return lines + ([f"     and {more} more differences"] if more > 0 else [])


def _line(each: Difference) -> str:
    which = f"cell {each.cell}" if each.cell else "all cells"
    return f"{which}: {each.what} was {each.then or 'not there'}, is {each.now or 'not there'}"
