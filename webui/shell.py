"""The frame around every page: menu, lamp of the device, bell, theme, notices."""

from collections.abc import Iterator
from dataclasses import dataclass
from importlib.metadata import version
from typing import Any

from flask import Flask, current_app, request, url_for

from appliance.permissions import Permission
from appliance.records import overview, report_versions, site_verifications
from appliance.records.overview import Needs, Query
from appliance.services import drift_watch
from appliance.services.selftest import Check
from appliance.vocabulary import how_many
from webui import access, notices, offers

THEMES = ("auto", "dark", "light")
THEME_COOKIE = "theme"


@dataclass(frozen=True)
class MenuEntry:
    """One link of the top bar."""

    label: str
    icon: str
    endpoint: str
    permission: Permission


MENU = (
    MenuEntry("Work list", "list", "worklist.show", Permission.EXAMINATION_READ),
    MenuEntry("Patients", "patient", "patients.show_list", Permission.PATIENT_READ),
    MenuEntry("Scorecard", "chart", "scorecard.show", Permission.STATISTICS_READ),
    MenuEntry("Model", "fit", "verification.show", Permission.SYSTEM_READ),
    MenuEntry("People", "people", "people.show_list", Permission.USER_MANAGE),
    MenuEntry("Audit", "history", "audit.show", Permission.AUDIT_READ),
)


@dataclass(frozen=True)
class Call:
    """Something that waits for a person: a sentence, and where it leads if anywhere."""

    sentence: str
    address: str = ""
    symbol: str = "image"


@dataclass(frozen=True)
class Lamp:
    """State of the device: ok, attention or fault, with the sentences behind it."""

    state: str
    sentences: tuple[str, ...]


def init_app(app: Flask) -> None:
    """Hand every template what `base.html` shows."""
    app.context_processor(_frame)
    app.extensions["version"] = version("scopeside")


def lamp() -> Lamp:
    """Judge the device by its readiness checks; without a model it still works, but not fully."""
    wrong = [check for check in access.appliance().selftest.quick() if not check.passed]
    if not wrong:
        return Lamp("ok", ())
    is_fault = any(check.name == "records" for check in wrong)
    return Lamp("fault" if is_fault else "attention", tuple(map(_told, wrong)))


def _told(check: Check) -> str:
    """Tell an administrator what to do about it, and everybody else whom to tell."""
    if access.may(Permission.USER_MANAGE):
        return str(check)
    return f"{check.sentence}: tell the administrator" if check.remedy else check.sentence


def calls() -> list[Call]:
    """List what the bell announces: what people wait for, then what is off with the device."""
    return [
        *_of_images(),
        *_of_people(),
        *_of_model(),
        *_of_drift(),
        *(Call(_sentence(text)) for text in lamp().sentences),
    ]


def _of_model() -> Iterator[Call]:
    """Tell whoever may try it that a head was fitted since they asked for it."""
    if access.may(Permission.SITE_VERIFY) and site_verifications.untried():
        address = url_for("verification.show")
        yield Call("A site head is fitted: look at it and try it", address, "fit")


def _of_drift() -> Iterator[Call]:
    """Tell who concludes from suggestions, or may switch the model, until they have looked."""
    if access.may(Permission.CONCLUSION_WRITE) or access.may(Permission.MODEL_SWITCH):
        shifted = drift_watch.unseen(access.actor())
        if shifted:
            sentence = f"Something has shifted: {', '.join(shifted).lower()}"
            yield Call(sentence, url_for("scorecard.show_drift"), "chart")


def _of_images() -> Iterator[Call]:
    count = overview.needing_attention() if access.may(Permission.EXAMINATION_READ) else 0
    if count:
        what = how_many(count, "examination has", "examinations have")
        address = url_for("worklist.show", needs="attention")
        yield Call(f"{what} images that need a person", address)


def _of_people() -> Iterator[Call]:
    if access.may(Permission.CONCLUSION_WRITE):
        untold = Query(needs=Needs.TELLING, hidden=frozenset(offers.hidden()))
        count = overview.count(untold)
        if count:
            what = how_many(count, "critical result")
            address = url_for("worklist.show", needs="telling")
            yield Call(f"{what}: nobody was told yet", address, "warning")
    if access.may(Permission.REPORT_SIGN):
        count = overview.needing(Needs.SIGNING)
        if count:
            what = how_many(count, "examination waits", "examinations wait")
            yield Call(f"{what} to be signed", url_for("worklist.show", tab="signing"), "edit")
    count = len(offers.mine())
    if count:
        what = how_many(count, "second reading is", "second readings are")
        yield Call(f"{what} wanted", url_for("second.show_list"), "cells")
    if access.may(Permission.REPORT_READ):
        yield from _of_reports()


def _of_reports() -> Iterator[Call]:
    """Tell whoever opened a report that a newer version stands in its place."""
    user_id = access.actor().user_id
    for old, newest in report_versions.superseded_for(user_id) if user_id else ():
        number = newest.examination.accession_number
        sentence = f"Report {number}: version {old.number}, which you opened, was {newest.status}"
        address = url_for("signing.show_version", report_id=newest.id)
        yield Call(sentence, address, "report")


def _sentence(text: str) -> str:
    return text[:1].upper() + text[1:]


def theme() -> str:
    """Return the person's choice of dark or light on this browser, or auto."""
    chosen = request.cookies.get(THEME_COOKIE, "")
    return chosen if chosen in THEMES else "auto"


def _frame() -> dict[str, Any]:
    settings = access.appliance().settings
    return {
        "settings": settings,
        "menu": _menu(),
        "lamp": lamp,
        "calls": calls,
        "theme": theme(),
        "take_notices": notices.take,
        "idle_seconds": int(settings.idle_minutes * 60),
        "software_version": current_app.extensions["version"],
    }


def _menu() -> list[MenuEntry]:
    return [entry for entry in MENU if access.may(entry.permission)]
