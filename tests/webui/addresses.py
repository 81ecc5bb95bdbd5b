"""Every page of the appliance with an address that opens it, on records like a laboratory's.

A new page whose address names a new kind of record registers an example in `furnish`, once, and
is then looked at by every test that walks all pages.
"""

from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import timedelta
from uuid import UUID

from flask import Flask, template_rendered
from flask.testing import FlaskClient
from jinja2 import Template
from werkzeug.routing import Rule

from appliance.permissions import ROLES, Role
from appliance.records import (
    clinical,
    conclusions,
    merging,
    patients,
    readings,
    replays,
    report_versions,
    site_verifications,
    users,
)
from appliance.records.entries import today
from appliance.records.tables import Patient, User
from appliance.review_vocabulary import ReadingKind
from appliance.vocabulary import Actor
from appliance.wiring import Appliance
from tests import cases
from tests.webui.examples import add_field, analyse, examination_of
from webui.access import PUBLIC, SIGNED_IN, needed_by

PEOPLE = {"olga": Role.TECHNICIAN, "hana": Role.CLINICIAN, "adam": Role.ADMINISTRATOR}

INSTEAD: Mapping[str, Mapping[str, str]] = {
    "concluding.show": {"examination_id": "submitted_id"},
    "concluding.show_critical": {"examination_id": "submitted_id"},
    "reviewing.show_send_back": {"examination_id": "submitted_id"},
    "reviewing.show_void": {"examination_id": "signed_id"},
    "second.show_agreement": {"examination_id": "submitted_id"},
    "second.show_waive": {"reading_id": "wanted_id"},
    "signing.show": {"examination_id": "submitted_id"},
    "signing.show_amend": {"examination_id": "signed_id"},
    "signing.show_give_up": {"examination_id": "amending_id"},
}
"""By endpoint: which examples of `furnish` open it, where not those of the argument's own name."""

MORE: Mapping[str, tuple[Mapping[str, object], ...]] = {
    "examinations.show": ({"examination_id": "submitted_id"}, {"examination_id": "signed_id"}),
    "fields.show": ({"cell": 1}, {"field_id": "refused_id"}, {"field_id": "waiting_id"}),
    "patients.show_list": ({"search": "nobody"},),
}
"""By endpoint: what else has a look of its own. Values that name an example stand for it."""

ELSEWHERE = frozenset(
    {"health.ready", "reading.next_cell", "setup.show", "signin.show", "signing.show_newest"}
)
"""They send on to another page, or are none and need not answer 200."""


@dataclass(frozen=True)
class Address:
    """A page as it is asked for, and by whom: the first of `PEOPLE` who may."""

    endpoint: str
    path: str
    username: str
    template: str = ""


def furnish(appliance: Appliance, olga: User, hana: User, password: str) -> dict[str, object]:
    """Fill the records and return, by name of an address's argument, a value that has a page."""
    by = users.actor_of(olga)
    examination = examination_of(olga)
    patient_id = examination.__data__["patient"]
    findings = {"symptoms": ["fever"], "haemoglobin_g_per_l": 71.0, "observed_on": today()}
    details = clinical.add(patient_id, findings, by)
    clinical.add(patient_id, findings | {"observed_on": today() - timedelta(days=30)}, by)
    add_field(appliance, examination.id, olga, 1, um_per_px=0.2)
    field = analyse([0.95, 0.5, 0.1, 0.9], at_border=frozenset({3}))
    refused = add_field(appliance, examination.id, olga, 2, passed=False)
    other, double, triple = (_patient(name, by) for name in ("Okafor", "Lind", "Lindt"))
    merge = merging.merge(double.id, triple.id, "Registered twice", by)
    examples = {
        "details_id": details.id,
        "examination_id": examination.id,
        "field_id": field.id,
        "merge_id": merge.id,
        "number": 1,
        "other_id": other.id,
        "patient_id": patient_id,
        "refused_id": refused.id,
        "replay_id": replays.ask(field.id, users.actor_of(hana)).id,
        "user_id": olga.id,
        **_of_readings(appliance, examination.id, olga, hana, password),
    }
    # Last: what waits would be read for the others.
    return examples | {"waiting_id": add_field(appliance, examination.id, olga, 3).id}


def _of_readings(
    appliance: Appliance, examination_id: UUID, olga: User, hana: User, password: str
) -> dict[str, object]:
    """A reading under way, one submitted for a second reading, and a signed report."""
    by = users.actor_of(olga)
    reading = readings.take(examination_id, ReadingKind.FIRST, by)
    submitted = cases.submitted(appliance, olga, second_because="Drawn at random")
    (second,) = readings.wanted(ReadingKind.SECOND)
    cases.conclude(submitted.id, hana, critical=True)
    conclusion = conclusions.of(submitted.id)
    assert conclusion is not None
    signed, amending = (cases.signed(appliance, olga, hana, password) for _ in range(2))
    report = report_versions.versions_of(signed.id)[0]
    amendment = report_versions.begin_amendment(
        amending.id, "corrected", "Wrong specimen", users.actor_of(hana)
    )
    assert appliance.card is not None
    head = site_verifications.want(appliance.card.sha256, by)
    return {
        "amending_id": amending.id,
        "amendment_id": amendment.id,
        "cell_id": cases.cells_of(examination_id)[0].id,
        "conclusion_id": conclusion.id,
        "head_id": head.id,
        "reading_id": reading.id,
        "report_id": report.id,
        "sha256": report.sha256,
        "signed_id": signed.id,
        "submitted_id": submitted.id,
        "wanted_id": second.reading.id,
    }


def _patient(family_name: str, by: Actor) -> Patient:
    values = {"family_name": family_name, "sex": "unknown"}
    return patients.register(values | {"medical_record_number": f"M-{family_name}"}, by)


def all_pages(
    app: Flask, examples: Mapping[str, object], client_of: Callable[[str], FlaskClient]
) -> Iterator[Address]:
    """Find every address that answers GET with a whole page; parts, pictures, JSON are none.

    Raises:
        KeyError: an argument has no example in `furnish`.
        AssertionError: an example does not open.
    """
    for rule in app.url_map.iter_rules():
        is_file = "." in rule.rule.rsplit("/", 1)[1] or rule.endpoint == "static"
        if "GET" not in rule.methods or rule.endpoint in ELSEWHERE or is_file:
            continue
        for path in _paths(rule, examples):
            username = _who_may(app, rule.endpoint)
            with _rendered(app) as names:
                answer = client_of(username).get(path)
            assert answer.status_code == 200, f"{path} ({rule.endpoint}): {answer.status}"
            if answer.mimetype == "text/html" and "<html" in answer.text:
                yield Address(rule.endpoint, path, username, names[-1])


@contextmanager
def _rendered(app: Flask) -> Iterator[list[str]]:
    """Gather the names of the templates that make an answer."""
    names: list[str] = []

    def keep(_: Flask, template: Template, **__: object) -> None:
        names.append(str(template.name))

    with template_rendered.connected_to(keep, app):
        yield names


def _paths(rule: Rule, examples: Mapping[str, object]) -> Iterator[str]:
    for changed in ({}, *MORE.get(rule.endpoint, ())):
        usual = {name: name for name in rule.arguments} | INSTEAD.get(rule.endpoint, {})
        values = {name: examples[example] for name, example in usual.items()} | {
            name: examples.get(str(value), value) for name, value in changed.items()
        }
        built = rule.build(values)
        assert built is not None, f"{rule.rule} cannot be built from {values}"
        yield built[1]


def _who_may(app: Flask, endpoint: str) -> str:
    need = needed_by(app, endpoint)
    return next(n for n, role in PEOPLE.items() if need in {PUBLIC, SIGNED_IN, *ROLES[role]})
