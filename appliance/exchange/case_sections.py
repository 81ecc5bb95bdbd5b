"""The parts of a report that people write: conclusion, second reading, versions, signatures."""

from appliance.exchange.case import CaseEntry, SecondReadingEntry, SignatureEntry
from appliance.exchange.quick_response import draw_code
from appliance.exchange.report import Heading
from appliance.exchange.sections import write_box
from appliance.exchange.sheet import BODY, LABEL, LEFT, NOTE, SHADE, STRONG, WIDTH, Sheet, Type
from appliance.exchange.wording import moment, percent
from appliance.vocabulary import how_many

_CODE = 30.0
"""Side of the QR code in mm: a module is about 0.6 mm, which any phone reads from paper."""


def write_state(sheet: Sheet, case: CaseEntry) -> None:
    """Write what the reader must know of the report as a whole, where it is not a signed one."""
    if case.status == "cancelled":
        sentence = "This examination was cancelled. Nothing in here is a result."
        write_box(sheet, "CANCELLED", [sentence], alarm=True)
    elif case.status == "entered-in-error":
        sentence = "This examination was entered in error. Nothing in here is a result."
        write_box(sheet, "ENTERED IN ERROR", [sentence], alarm=True)
    elif not case.signed:
        sentence = "Nobody has signed this report: it may change, and nothing in it is a result."
        write_box(sheet, "Preliminary: not signed", [sentence], alarm=False)


def write_conclusion(sheet: Sheet, case: CaseEntry, heading: Heading) -> None:
    """Write the structured finding, the free text and what was done about a critical result."""
    entry = case.conclusion
    if entry is None:
        return
    sheet.heading(case.template.wording["conclusion"], keep=14)
    sheet.paragraph(entry.finding, Type(11, bold=True), gap=1.2)
    if entry.text:
        sheet.paragraph(entry.text, BODY, gap=1.5)
    if entry.critical:
        write_box(sheet, "Critical result", [_told(case, heading)], alarm=True)


def _told(case: CaseEntry, heading: Heading) -> str:
    entry = case.conclusion
    if entry is None or entry.acknowledged_at is None:
        return "Nobody has acknowledged yet that the ward was told."
    at = moment(entry.acknowledged_at, heading.zone)
    return f"{entry.acknowledged_by} told {entry.told_to}, {at}."


def write_second(sheet: Sheet, second: SecondReadingEntry | None) -> None:
    """Write whether a second person read the cells, and how far they agreed."""
    if second is None:
        return
    sheet.heading("Second reading", keep=10)
    sheet.paragraph(_second_sentence(second), BODY)


def _second_sentence(second: SecondReadingEntry) -> str:
    why = f"Asked for because {second.because[:1].lower()}{second.because[1:]}".rstrip(".")
    if second.state == "waived":
        return f"{why}. Waived: {second.note}"
    if second.state != "submitted":
        return f"{why}. Not done yet."
    share = f" ({percent(second.agreed / second.cells)})" if second.cells else ""
    said = (
        f"{why}. {second.reader} read blind: {second.agreed} of {second.cells} cells "
        f"called alike{share}."
    )
    if second.adjudicated_by:
        said += f" {second.adjudicated_by} settled the others."
    if second.unread:
        came = how_many(second.unread, "cell came", "cells came")
        said += (
            f" {came} later and {'was' if second.unread == 1 else 'were'} not read a second time."
        )
    return said


def write_versions(sheet: Sheet, case: CaseEntry, heading: Heading) -> None:
    """Write the versions before this one: each stays readable under its number."""
    if not case.earlier:
        return
    sheet.heading("Earlier versions", keep=12)
    for version in case.earlier:
        signed = "; ".join(_signed(signature, heading) for signature in version.signatures)
        sheet.paragraph(f"Version {version.number} ({version.status}): {signed}", BODY, gap=0.4)
        sheet.paragraph(f"SHA-256 of its record {version.sha256}", NOTE, gap=1.2)
    if case.version is not None and case.version.reason:
        sheet.paragraph(f"Why there is this version: {case.version.reason}", STRONG)


def write_signatures(sheet: Sheet, case: CaseEntry, heading: Heading) -> None:
    """Write who signed, when and what it means, and the code that checks the record."""
    version = case.version
    if version is None:
        return
    sheet.heading(case.template.wording["signatures"], keep=_CODE + 4)
    top = sheet.cursor
    sheet.panel(LEFT, top, WIDTH, _CODE + 2.0, SHADE)
    draw_code(sheet, case.check_address + version.sha256, LEFT + 1.0, top + 1.0, _CODE)
    left, width = LEFT + _CODE + 5.0, WIDTH - _CODE - 8.0
    y = top + 2.0
    for signature in version.signatures:
        sheet.put_within(left, y + 3.8, signature.name, width, Type(10.5, bold=True))
        lines = sheet.clipped(_statement(case, signature, heading), width, 2, BODY)
        y = sheet.write_lines(left, y + 4.8, lines, BODY) + 1.0
    foot = top + _CODE - 6.4
    words = f"Version {version.number} ({version.status}). SHA-256 of the signed record:"
    sheet.put_within(left, foot, words, width, LABEL)
    sheet.put(left, foot + 3.2, version.sha256, Type(6.6))
    sheet.put_within(left, foot + 6.6, _how_to_check(case), width, LABEL)
    sheet.cursor = top + _CODE + 5.0


def _how_to_check(case: CaseEntry) -> str:
    if case.check_address:
        return "The code opens the page that says whether this record is unchanged and current."
    return "Scan the code into the search of the work list: it says whether this is current."


def _statement(case: CaseEntry, signature: SignatureEntry, heading: Heading) -> str:
    meaning = case.template.wording[signature.meaning]
    return f"{signature.role.capitalize()}, {moment(signature.at, heading.zone)}: {meaning}."


def _signed(signature: SignatureEntry, heading: Heading) -> str:
    return f"signed by {signature.name}, {moment(signature.at, heading.zone)}"
