"""Puts settings, appliance and pages together in the serving process."""

import logging

from flask import Flask

from appliance.errors import ApplianceError
from appliance.records import users
from appliance.settings import Settings
from appliance.wiring import Appliance, build
from webui import fallback
from webui.app import create_app

log = logging.getLogger(__name__)


def make_app(settings: Settings) -> Flask:
    """Build the appliance's pages or, where it cannot start, the page that says why."""
    try:
        appliance = build(settings)
    except ApplianceError as error:
        log.error("the appliance cannot start: %s", error.sentence)
        return fallback.create_app(error)
    _announce_setup(appliance)
    return create_app(appliance)


def _announce_setup(appliance: Appliance) -> None:
    if not users.any_administrator():
        log.warning(
            "no administrator yet: open http://%s:%d; from another machine the setup code is %s",
            appliance.settings.host,
            appliance.settings.port,
            appliance.setup_code,
        )
