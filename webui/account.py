"""A person's own account: password and colours. Whoever is signed in may."""

from flask import Blueprint, redirect, render_template, request
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput
from webui import sessions
from webui.access import SIGNED_IN, Person, appliance, needs, signed_in
from webui.forms import Entries, Form
from webui.notices import notice
from webui.shell import THEME_COOKIE, THEMES

pages = Blueprint("account", __name__, url_prefix="/account")

_A_YEAR_S = 365 * 24 * 3600


@pages.get("")
@needs(SIGNED_IN)
def show() -> str:
    """Show who is signed in, with what may be changed."""
    return render_template("account/account.html", person=signed_in())


@pages.get("/password")
@needs(SIGNED_IN)
def show_password() -> str:
    """Show the form for a new password."""
    return _password_page(Form(), sessions.safe_path(request.args.get("next")))


@pages.post("/password")
@needs(SIGNED_IN)
def change_password() -> ResponseReturnValue:
    """Set a new password; every other session of the person ends."""
    target = sessions.safe_path(request.form.get("next"))
    entries, row = Entries(request.form), signed_in().row
    old, new = entries.secret("old_password"), entries.new_password("new_password", "again")
    try:
        entries.check()
        row = appliance().accounts.change_own_password(row, old, new, request.remote_addr or "")
    except InvalidInput as error:
        return _password_page(entries.refused(error), target), 422
    sessions.begin(Person(row), row.session_epoch)
    notice("Your password is changed. Elsewhere you are signed out.")
    return redirect(target, 303)


@pages.post("/theme")
@needs(SIGNED_IN)
def choose_theme() -> ResponseReturnValue:
    """Keep dark or light for this browser."""
    entries = Entries(request.form)
    chosen = entries.choice("theme", THEMES)
    entries.check()
    response = redirect(sessions.here(), 303)
    response.set_cookie(
        THEME_COOKIE,
        chosen,
        max_age=_A_YEAR_S,
        secure=appliance().settings.https_only,
        httponly=True,
        samesite="Lax",
    )
    return response


def _password_page(form: Form, target: str) -> str:
    return render_template(
        "account/password.html",
        form=form,
        target=target,
        forced=signed_in().row.must_change_password,
    )
