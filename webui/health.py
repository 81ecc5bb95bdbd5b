"""What machines ask: alive, ready, and figures for a monitor. Nothing of any patient."""

from flask import Blueprint, Response, current_app, jsonify
from flask.typing import ResponseReturnValue

from appliance.clock import now
from appliance.errors import Forbidden
from appliance.permissions import Permission
from appliance.records import overview
from webui.access import PUBLIC, appliance, from_the_device, may, needs

pages = Blueprint("health", __name__)

_STARTED = now()


@pages.get("/healthz")
@needs(PUBLIC)
def alive() -> ResponseReturnValue:
    """Say that the process answers; nothing else is looked at."""
    return Response("ok\n", mimetype="text/plain")


@pages.get("/readyz")
@needs(PUBLIC)
def ready() -> ResponseReturnValue:
    """Say for each part whether it is well; the sentences only to those who may know them."""
    checks = appliance().readiness()
    everything = all(good for good, _ in checks.values())
    known = _may_know()
    shown = {
        name: {"ok": good} | ({"detail": sentence} if known else {})
        for name, (good, sentence) in checks.items()
    }
    return jsonify(ready=everything, checks=shown), 200 if everything else 503


@pages.get("/metrics")
@needs(PUBLIC)
def metrics() -> ResponseReturnValue:
    """Write gauges in the text format of Prometheus (version 0.0.4)."""
    if not _may_know():
        raise Forbidden("Figures of the device are for the device itself and those who run it.")
    lines = [
        *_gauge("scopeside_up_seconds", "Since the start of the pages.", {"": _up_s()}),
        *_gauge("scopeside_build_info", "Software and classifier.", _build()),
        *_gauge("scopeside_fields", "Field images by state of analysis.", _fields()),
        *_gauge("scopeside_ready", "1 where a part is well.", _parts()),
    ]
    return Response("\n".join(lines) + "\n", content_type="text/plain; version=0.0.4")


def _may_know() -> bool:
    return from_the_device() or may(Permission.SYSTEM_READ)


def _up_s() -> float:
    return round((now() - _STARTED).total_seconds(), 1)


def _build() -> dict[str, float]:
    card = appliance().card
    version, model = current_app.extensions["version"], card.id if card else ""
    return {f'{{version="{version}",model="{model}"}}': 1}


def _fields() -> dict[str, float]:
    return {f'{{state="{state}"}}': count for state, count in overview.fields_by_state().items()}


def _parts() -> dict[str, float]:
    checks = appliance().readiness()
    return {f'{{part="{name}"}}': int(good) for name, (good, _) in checks.items()}


def _gauge(name: str, explanation: str, values: dict[str, float]) -> list[str]:
    lines = [f"# HELP {name} {explanation}", f"# TYPE {name} gauge"]
    return lines + [f"{name}{labels} {value}" for labels, value in values.items()]
