"""Turns every error into a page or a JSON problem, in words. The only module that does.

Whoever asks for JSON gets an object in the shape of RFC 9457; htmx gets the page's message only.
"""

import logging
from traceback import format_tb
from uuid import uuid4

from flask import Flask, current_app, jsonify, render_template, request
from flask.typing import ResponseReturnValue
from flask_wtf.csrf import CSRFError
from werkzeug.exceptions import HTTPException

from appliance.errors import ApplianceError, InvalidInput, RecordsUnavailable
from webui.sessions import wants_json

logger = logging.getLogger(__name__)

BARE = "errors/bare.html"
"""A page without frame: it can be shown whatever else is broken."""

_WITHOUT_FRAME = frozenset({500, RecordsUnavailable.status})

_WORDS: dict[int, tuple[str, str, str]] = {
    400: (
        "This request cannot be understood",
        "Something in it is missing or malformed.",
        "Go back, reload the page and try again.",
    ),
    404: (
        "There is no such page",
        "The address may have been typed wrongly, or the page was moved.",
        "Start from the work list.",
    ),
    405: (
        "This address does not take that",
        "It was opened in a way it is not meant for.",
        "Go back and use the buttons of the page.",
    ),
    413: (
        "This upload is too large",
        "More was sent at once than this appliance takes.",
        "Send fewer or smaller files at a time.",
    ),
    415: (
        "This kind of content is not taken",
        "The request carries a format this address does not read.",
        "Go back and use the buttons of the page.",
    ),
    429: (
        "Too many tries",
        "There were too many tries from this address in a short time.",
        "Wait a minute, then try again.",
    ),
}


def init_app(app: Flask) -> None:
    """Install the handlers."""
    app.register_error_handler(ApplianceError, _of_appliance)
    app.register_error_handler(CSRFError, _of_csrf)
    app.register_error_handler(HTTPException, _of_http)
    app.register_error_handler(Exception, _unexpected)


def answer(
    status: int, title: str, detail: str, advice: str, *, fields: dict[str, str] | None = None
) -> ResponseReturnValue:
    """Make the answer in the form that was asked for."""
    words = {"title": title, "detail": detail, "advice": advice}
    if wants_json():
        response = jsonify(words | {"status": status} | ({"fields": fields} if fields else {}))
        response.content_type = "application/problem+json"
        return response, status
    if "HX-Request" in request.headers:
        return _bare("errors/_message.html", words), status
    if status in _WITHOUT_FRAME:
        return _bare(BARE, words), status
    return render_template("errors/error.html", status=status, **words), status


def _bare(template: str, words: dict[str, str]) -> str:
    """Render without the context of pages, which asks the records who is signed in."""
    return current_app.jinja_env.get_template(template).render(words)


def _of_appliance(error: ApplianceError) -> ResponseReturnValue:
    if error.status >= 500:
        # The sentence may name a file or a record; the kind of error is enough to find it.
        logger.error("%s at %s", type(error).__name__, request.endpoint)
    fields = error.fields if isinstance(error, InvalidInput) else None
    return answer(error.status, error.title, error.sentence, error.advice, fields=fields)


def _of_csrf(error: CSRFError) -> ResponseReturnValue:
    del error  # its text names tokens, which help nobody
    return answer(
        400,
        "This page is out of date",
        "It was opened before you signed in, or in another session, so nothing was changed.",
        "Go back, reload the page and try again.",
    )


def _of_http(error: HTTPException) -> ResponseReturnValue:
    code = error.code or 500
    if code < 400:
        return error.get_response()
    fallback = (error.name, error.description or error.name, "Go back and try again.")
    title, detail, advice = _WORDS.get(code, fallback)
    return answer(code, title, detail, advice)


def _unexpected(error: Exception) -> ResponseReturnValue:
    incident = uuid4().hex[:8]
    # Not the message of the error: it may quote what was typed.
    trace = "".join(format_tb(error.__traceback__))
    logger.error(
        "incident %s: %s at %s\n%s", incident, type(error).__name__, request.endpoint, trace
    )
    return answer(
        500,
        "Something went wrong",
        f"The appliance could not finish this. It is noted as incident {incident}.",
        "Try again; if it stays, tell your administrator this number.",
    )
