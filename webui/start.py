"""Puts settings, appliance and pages together in the serving process."""

import logging
from collections.abc import Callable
from threading import Lock
from time import monotonic
from typing import TYPE_CHECKING

from flask import Flask

from appliance.errors import ApplianceError
from appliance.records import users
from appliance.services import audit_trail
from appliance.settings import Settings
from appliance.wiring import Appliance, build
from webui import fallback
from webui.app import create_app

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment

log = logging.getLogger(__name__)

RETRY_S = 2.0
"""Between two tries to start after all, while somebody asks for pages."""


def make_app(settings: Settings) -> Flask:
    """Build the appliance's pages or, as long as it cannot start, the page that says why."""
    try:
        return _pages(settings)
    except ApplianceError as error:
        log.error("the appliance cannot start: %s", error.sentence)
        app = fallback.create_app(error)
        app.wsgi_app = _UntilItStarts(app.wsgi_app, lambda: _pages(settings))  # type: ignore[method-assign]
        return app


class _UntilItStarts:
    """Answers with the reason until what was amiss is mended: nobody has to restart a service."""

    def __init__(self, reason: "WSGIApplication", make: Callable[[], Flask]) -> None:
        self._answering = reason
        self._make: Callable[[], Flask] | None = make
        self._tried = monotonic()
        self._one_at_a_time = Lock()

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        with self._one_at_a_time:
            self._try_again()
        return self._answering(environ, start_response)

    def _try_again(self) -> None:
        if self._make is None or monotonic() - self._tried < RETRY_S:
            return
        try:
            self._answering, self._make = self._make(), None
        except ApplianceError:
            self._tried = monotonic()
        else:
            log.warning("the appliance has started after all")


def _pages(settings: Settings) -> Flask:
    appliance = build(settings)
    audit_trail.note_settings(settings)
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
