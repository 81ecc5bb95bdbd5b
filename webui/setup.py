"""The first-run wizard: makes the first administrator, then is gone for good.

Until then nothing else answers. Whoever does not sit at the device itself must know the setup
code, which the appliance wrote where only its owner can read.
"""

import hmac

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import InvalidInput, NotFound
from webui import access, sessions
from webui.access import PUBLIC, Person, appliance, needs
from webui.forms import Entries, Form
from webui.notices import notice

pages = Blueprint("setup", __name__, url_prefix="/setup")


@pages.get("")
@needs(PUBLIC)
def show() -> ResponseReturnValue:
    """Show the form, as long as there is no administrator."""
    _refuse_once_set_up()
    return _page(Form())


@pages.post("")
@needs(PUBLIC)
def create() -> ResponseReturnValue:
    """Make the administrator, sign them in, and propose to add the people of the bench."""
    _refuse_once_set_up()
    entries = Entries(request.form)
    username = entries.text("username", required=True, longest=40)
    full_name = entries.text("full_name", required=True)
    password = entries.new_password("password", "again")
    try:
        if not access.from_the_device():
            _check_code(entries)
        entries.check()
        user = appliance().accounts.create_first_administrator(
            username, full_name, password, request.remote_addr or ""
        )
    except InvalidInput as error:
        return _page(entries.refused(error)), 422
    access.mark_set_up()
    sessions.begin(Person(user), user.session_epoch)
    notice("The appliance is yours. Now add the people who work at this bench.")
    return redirect(url_for("people.show_list"), 303)


def _check_code(entries: Entries) -> None:
    typed = entries.text("code", required=True, longest=40).replace(" ", "").replace("-", "")
    if typed and not hmac.compare_digest(typed.encode(), appliance().setup_code.encode()):
        entries.errors["code"] = "This is not the code of this appliance."


def _refuse_once_set_up() -> None:
    if access.is_set_up():
        raise NotFound("This appliance is already set up.", advice="Sign in instead.")


def _page(form: Form) -> str:
    return render_template("setup/setup.html", form=form, code_needed=not access.from_the_device())
