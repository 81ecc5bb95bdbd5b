"""Who is signed in and what they may do, decided before any view runs.

Every view declares its need with `@needs`; what declares nothing is refused. Accounts and
passwords are not decided here but in `appliance.services.accounts`.
"""

from collections.abc import Callable
from ipaddress import ip_address
from typing import Any, Final, TypeVar, cast
from uuid import UUID

from flask import Flask, current_app, g, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import LoginManager, UserMixin, current_user
from flask_principal import ActionNeed, Identity, Principal
from flask_principal import Permission as Allowance

from appliance.errors import Forbidden, NotFound
from appliance.permissions import ROLES, Permission, Role
from appliance.records import users
from appliance.records.tables import User
from appliance.vocabulary import Actor
from appliance.wiring import Appliance
from webui import sessions

View = TypeVar("View", bound=Callable[..., Any])

PUBLIC: Final = "public"
"""Answers anybody: sign-in, wizard, health, static files."""
SIGNED_IN: Final = "signed-in"
"""Answers whoever is signed in, whatever the role: own account, sign-out."""

Need = Permission | str

_LOCAL_NAMES = frozenset({"localhost", "127.0.0.1", "[::1]"})

_BEFORE_SETUP = frozenset({"setup", "health"})
"""Blueprints that answer while there is no administrator."""


class Person(UserMixin):  # type: ignore[misc]  # flask-login has no types
    """The signed-in user as Flask-Login wants it; carries the row it was loaded from."""

    def __init__(self, row: User) -> None:
        self.row = row
        self.full_name = str(row.full_name)
        self.username = str(row.username)
        self.role = Role(str(row.role))

    def get_id(self) -> str:
        """Name the session's owner."""
        return str(self.row.id)

    @property
    def initials(self) -> str:
        """First letters of the first and last word of the name."""
        words = self.full_name.split() or [self.username]
        return (words[0][:1] + (words[-1][:1] if len(words) > 1 else "")).upper()


def needs(need: Need) -> Callable[[View], View]:
    """Declare what a view needs: a Permission, PUBLIC or SIGNED_IN."""

    def mark(view: View) -> View:
        view.needs = need  # type: ignore[attr-defined]
        return view

    return mark


def needed_by(app: Flask, endpoint: str) -> Need | None:
    """Return what the view behind an endpoint declared, or None."""
    return cast("Need | None", getattr(app.view_functions[endpoint], "needs", None))


def appliance() -> Appliance:
    """Return the appliance this application serves."""
    return cast(Appliance, current_app.extensions["appliance"])


def actor() -> Actor:
    """Return who makes this request, for records to remember."""
    address = request.remote_addr or ""
    if not current_user.is_authenticated:
        return Actor(user_id=None, name="not signed in", address=address)
    return users.actor_of(signed_in().row, address)


def may(permission: Permission | str) -> bool:
    """Say whether the person of this request has a permission; for templates and views."""
    identity = getattr(g, "identity", None)
    if identity is None:
        return False
    # One need each: with several, flask-principal allows whoever has any one of them.
    return bool(Allowance(ActionNeed(Permission(permission))).allows(identity))


def from_the_device() -> bool:
    """Say whether the request comes from the device itself.

    A proxy in front makes every request look local, and a foreign page can lead a browser to
    127.0.0.1 under a name of its own (DNS rebinding): neither counts.
    """
    if appliance().settings.https_only or "X-Forwarded-For" in request.headers:
        return False
    name = request.host if request.host.endswith("]") else request.host.rsplit(":", 1)[0]
    try:
        return name in _LOCAL_NAMES and ip_address(request.remote_addr or "").is_loopback
    except ValueError:
        return False


def init_app(app: Flask) -> None:
    """Install log-in, identity and the gate that stands before every view."""
    app.extensions["set_up"] = False
    manager = LoginManager(app)
    manager.user_loader(_load_person)
    # use_sessions=False: else a second identity is kept in the session beside Flask-Login's.
    principal = Principal(app, use_sessions=False, skip_static=True)
    principal.identity_loader(_identity)
    needs(PUBLIC)(app.view_functions["static"])
    app.before_request(_gate)
    app.jinja_env.globals.update(may=may, appliance=appliance, Permission=Permission)


def _load_person(user_id: str) -> Person | None:
    try:
        row = users.get(UUID(user_id))
    except (NotFound, ValueError):
        return None
    if row.disabled or not sessions.holds(row.session_epoch, appliance().settings.idle_minutes):
        return None
    return Person(row)


def _identity() -> Identity | None:
    if not current_user.is_authenticated:
        return None
    person = signed_in()
    identity = Identity(person.get_id())
    identity.provides.update(ActionNeed(permission) for permission in ROLES[person.role])
    return identity


def is_set_up() -> bool:
    """Say whether there is an administrator; once there was one, it stays so."""
    if not current_app.extensions["set_up"] and users.any_administrator():
        mark_set_up()
    return bool(current_app.extensions["set_up"])


def mark_set_up() -> None:
    """Open the appliance: the wizard has made its administrator."""
    current_app.extensions["set_up"] = True


def _gate() -> ResponseReturnValue | None:
    """Let the request through, send the person to where they must go first, or refuse."""
    if request.blueprint not in _BEFORE_SETUP and request.endpoint != "static" and not is_set_up():
        return sessions.ask_to_set_up()
    if request.endpoint is None:
        return None  # no such page, or not this method: the router's own error says so
    need = needed_by(current_app, request.endpoint)
    if need is None:
        raise Forbidden(f"The page {request.path} does not declare who may see it.")
    return None if need == PUBLIC else _check(need)


def _check(need: Need) -> ResponseReturnValue | None:
    if not current_user.is_authenticated:
        return sessions.ask_to_sign_in()
    person = signed_in()
    sessions.touch()
    if need == SIGNED_IN:
        return None
    if person.row.must_change_password:
        return redirect(url_for("account.show_password", next=sessions.here()), 303)
    if not may(need):
        raise Forbidden(f"The role {person.role.value} does not include this.")
    return None


def signed_in() -> Person:
    """Return the signed-in person; only in views that are not PUBLIC."""
    return cast(Person, current_user._get_current_object())


def session_owner() -> str | None:
    """Return the id of the user the session was made for, signed in or idle."""
    return cast("str | None", session.get("owner"))
