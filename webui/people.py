"""The people who sign in, as an administrator keeps them: add, change, disable, new password."""

from dataclasses import replace
from typing import Any
from uuid import UUID

from flask import Blueprint, redirect, render_template, request, url_for
from flask.typing import ResponseReturnValue

from appliance.errors import Conflict, InvalidInput
from appliance.permissions import DESCRIPTIONS, ROLES, Permission, Role
from appliance.records import users
from appliance.records.tables import User
from webui.access import actor, appliance, needs, signed_in
from webui.forms import Entries, Form
from webui.notices import Undo, notice

pages = Blueprint("people", __name__, url_prefix="/people")

_ROLE_CHOICES = [(role.value, role.value.capitalize()) for role in Role]


@pages.get("")
@needs(Permission.USER_MANAGE)
def show_list() -> str:
    """List everybody, the disabled ones last."""
    return render_template("people/list.html", people=users.everyone())


@pages.get("/new")
@needs(Permission.USER_MANAGE)
def show_new() -> str:
    """Show the form for a new person."""
    return _new_page(Form.of(role=Role.TECHNICIAN))


@pages.post("/new")
@needs(Permission.USER_MANAGE)
def add() -> ResponseReturnValue:
    """Add a person and show the password they sign in with once."""
    entries = Entries(request.form)
    values = {"username": entries.text("username", required=True, longest=40)} | _named(entries)
    try:
        entries.check()
        person, password = appliance().accounts.add_user(values, actor())
    except InvalidInput as error:
        return _new_page(entries.refused(error)), 422
    return _secret_page(person, password, "is added")


@pages.get("/<uuid:user_id>")
@needs(Permission.USER_MANAGE)
def show(user_id: UUID) -> str:
    """Show one person with what may be changed."""
    person = users.get(user_id)
    form = Form.of(full_name=person.full_name, role=person.role, revision=person.revision)
    return _person_page(person, form)


@pages.post("/<uuid:user_id>")
@needs(Permission.USER_MANAGE)
def change(user_id: UUID) -> ResponseReturnValue:
    """Change name and role."""
    before = users.get(user_id)
    entries = Entries(request.form)
    revision, values = entries.whole("revision"), _named(entries)
    try:
        entries.check()
        after = appliance().accounts.change_user(user_id, values, revision, actor())
    except InvalidInput as error:
        return _person_page(before, entries.refused(error)), 422
    except Conflict as error:
        again = entries.as_typed(revision=before.revision)
        sentence = f"{error.sentence.rstrip('.')}."
        return _person_page(before, replace(again, errors={"": sentence})), 409
    earlier = {"full_name": before.full_name, "role": before.role, "revision": after.revision}
    return _told(f"{after.full_name} is changed.", "people.change", user_id, earlier)


@pages.post("/<uuid:user_id>/disable")
@needs(Permission.USER_MANAGE)
def disable(user_id: UUID) -> ResponseReturnValue:
    """Bar a person from signing in, and end their sessions."""
    person = appliance().accounts.disable(user_id, actor())
    return _told(f"{person.full_name} can no longer sign in.", "people.enable", user_id)


@pages.post("/<uuid:user_id>/enable")
@needs(Permission.USER_MANAGE)
def enable(user_id: UUID) -> ResponseReturnValue:
    """Let a person sign in again; a lock after failed log-ins ends too."""
    person = appliance().accounts.enable(user_id, actor())
    return _told(f"{person.full_name} can sign in again.", "people.disable", user_id)


@pages.post("/<uuid:user_id>/password")
@needs(Permission.USER_MANAGE)
def reset_password(user_id: UUID) -> str:
    """Give a person a new password for one log-in, and show it once."""
    password = appliance().accounts.reset_password(user_id, actor())
    return _secret_page(users.get(user_id), password, "has a new password")


def _named(entries: Entries) -> dict[str, Any]:
    return {
        "full_name": entries.text("full_name", required=True),
        "role": entries.choice("role", Role),
    }


def _told(
    sentence: str, undo: str, user_id: UUID, values: dict[str, Any] | None = None
) -> ResponseReturnValue:
    """Go back to everybody and say what was done; `undo` is the endpoint that takes it back."""
    fields = {name: str(value) for name, value in (values or {}).items()}
    notice(sentence, undo=Undo(url_for(undo, user_id=user_id), fields))
    return redirect(url_for("people.show_list"), 303)


def _new_page(form: Form) -> str:
    return render_template("people/new.html", form=form, roles=_ROLE_CHOICES, granted=_granted())


def _person_page(person: User, form: Form) -> str:
    return render_template(
        "people/person.html",
        person=person,
        form=form,
        roles=_ROLE_CHOICES,
        granted=_granted(),
        history=users.history(person.id),
        own=person.id == signed_in().row.id,
    )


def _secret_page(person: User, password: str, what: str) -> str:
    return render_template("people/secret.html", person=person, password=password, what=what)


def _granted() -> dict[str, list[str]]:
    """Say in words what each role may do."""
    return {
        role.value: [DESCRIPTIONS[permission] for permission in sorted(ROLES[role])]
        for role in Role
    }
