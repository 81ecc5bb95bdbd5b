"""Signing in, going on after an idle time, signing out."""

from typing import Any

from flask import Blueprint, current_app, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue
from flask_login import current_user
from itsdangerous import BadSignature, URLSafeSerializer
from werkzeug.wrappers import Response

from appliance.errors import WrongCredentials
from appliance.records import audit, users
from webui import sessions
from webui.access import PUBLIC, SIGNED_IN, Person, actor, appliance, needs, session_owner
from webui.forms import Entries, Form

pages = Blueprint("signin", __name__, url_prefix="/sign-in")

_PEOPLE_COOKIE = "people"
_PEOPLE_AT_MOST = 6
_HALF_A_YEAR_S = 182 * 24 * 3600


@pages.get("")
@needs(PUBLIC)
def show() -> ResponseReturnValue:
    """Show the form, with tiles of those who signed in on this browser before."""
    target = sessions.safe_path(request.args.get("next"))
    if current_user.is_authenticated and "next" in request.args:
        return redirect(target)
    return _page(Form(), target)


@pages.post("")
@needs(PUBLIC)
def sign_in() -> ResponseReturnValue:
    """Check user name and password, and go where the person was heading."""
    target = sessions.safe_path(request.form.get("next"))
    entries = Entries(request.form)
    username, password = entries.text("username", required=True), entries.secret("password")
    if entries.errors:
        return _page(Form({"username": username}, {}, entries.errors), target), 422
    try:
        person = _begin(username, password)
    except WrongCredentials as error:
        wrong = Form({"username": username}, {}, {"password": error.sentence})
        return _page(wrong, target), 401
    response = redirect(target, 303)
    _remember(response, person)
    return response


@pages.post("/resume")
@needs(PUBLIC)
def resume() -> ResponseReturnValue:
    """Let the same person go on with the page that was covered."""
    username, password = request.form.get("username", ""), request.form.get("password", "")
    known = users.by_username(username)
    if known is None or str(known.id) != session_owner():
        raise WrongCredentials("This is the page of somebody else: sign in anew.")
    _begin(username, password)
    return "", 204


@pages.post("/touch")
@needs(SIGNED_IN)
def touch() -> ResponseReturnValue:
    """Hear that the person is still there, though nothing was asked for."""
    return "", 204


@pages.post("/out")
@needs(SIGNED_IN)
def sign_out() -> ResponseReturnValue:
    """Sign out wholly."""
    audit.note("logout", by=actor())
    sessions.end()
    return redirect(url_for("signin.show"), 303)


def _begin(username: str, password: str) -> Person:
    user = appliance().accounts.log_in(username, password, request.remote_addr or "")
    person = Person(user)
    sessions.begin(person, user.session_epoch)
    return person


def _page(form: Form, target: str) -> str:
    return render_template("signin/sign_in.html", form=form, target=target, tiles=_tiles())


def _signer() -> URLSafeSerializer:
    return URLSafeSerializer(current_app.secret_key or b"", salt="people-of-this-browser")


def _tiles() -> list[dict[str, Any]]:
    """Return who signed in on this browser, lately first."""
    try:
        known: list[dict[str, Any]] = _signer().loads(request.cookies.get(_PEOPLE_COOKIE, ""))
    except BadSignature:
        return []
    return known


def _remember(response: Response, person: Person) -> None:
    tile = {
        "username": person.username,
        "full_name": person.full_name,
        "initials": person.initials,
    }
    others = [known for known in _tiles() if known["username"] != person.username]
    response.set_cookie(
        _PEOPLE_COOKIE,
        str(_signer().dumps([tile, *others][:_PEOPLE_AT_MOST])),
        max_age=_HALF_A_YEAR_S,
        secure=appliance().settings.https_only,
        httponly=True,
        samesite="Lax",
    )
