"""How long a signed-in session holds, and where a person goes to sign in and comes back to.

The session cookie is signed, so its times are the server's. Polling does not count as activity.
"""

from secrets import token_hex
from typing import Any
from urllib.parse import urlsplit

from flask import current_app, jsonify, redirect, request, session, url_for
from flask.typing import ResponseReturnValue
from flask_login import login_user, logout_user

from appliance.clock import now

_ID = "id"

TOUCH_S = 15.0
"""The time of the last touch is written at most this often, to spare a cookie each request."""


def begin(person: Any, epoch: int) -> None:
    """Sign a person in; what a page of the same person holds (its CSRF token) stays valid."""
    if session.get("owner") != person.get_id() or _is_ended():
        session.clear()
    login_user(person)
    session.setdefault(_ID, token_hex(8))
    session.update(owner=person.get_id(), epoch=epoch, touched=now().timestamp())


def end() -> None:
    """Sign out wholly: nothing of the session remains, and a copy of its cookie opens nothing.

    The ids of ended sessions are kept until the copies have idled out, or the process ends.
    """
    ended, moment = _ended(), now().timestamp()
    for key in [key for key, until in ended.copy().items() if until < moment]:
        ended.pop(key, None)
    if _ID in session:
        ended[session[_ID]] = (
            moment + current_app.extensions["appliance"].settings.idle_minutes * 60
        )
    logout_user()
    session.clear()


def holds(epoch: int, idle_minutes: float) -> bool:
    """Say whether the session is of the user's present epoch and was touched lately enough."""
    # Either way: after the clock was put back, a touch in the future must not hold till then.
    idle_s = abs(now().timestamp() - float(session.get("touched", 0.0)))
    return session.get("epoch") == epoch and idle_s < idle_minutes * 60 and not _is_ended()


def _ended() -> dict[str, float]:
    ended: dict[str, float] = current_app.extensions.setdefault("ended_sessions", {})
    return ended


def _is_ended() -> bool:
    return session.get(_ID) in _ended()


def is_poll() -> bool:
    """Say whether the page asks by itself, without a person having done anything.

    Pictures count as such: a list that renews itself brings new ones.
    """
    by_itself = "X-Poll" in request.headers or "poll" in request.args
    return by_itself or request.headers.get("Accept", "").startswith("image/")


def touch() -> None:
    """Note that a person did something."""
    moment = now().timestamp()
    if not is_poll() and moment - float(session.get("touched", 0.0)) > TOUCH_S:
        session["touched"] = moment


def wants_json() -> bool:
    """Say whether a program asks rather than a browser's page."""
    if request.path.startswith("/api/"):
        return True
    accepted = request.accept_mimetypes
    return accepted["application/json"] > accepted["text/html"]


def here() -> str:
    """Return the path to come back to: this page, or the one an action was started from."""
    if request.method == "GET" and "HX-Request" not in request.headers:
        return request.full_path.rstrip("?")
    return safe_path(urlsplit(request.referrer or "").path)


def safe_path(target: str | None) -> str:
    r"""Return the target if it is a path on this appliance, else the home page.

    Browsers read a backslash as a slash and drop control characters, so "/\\host" leaves too.
    """
    target = target or "/"
    plain = target.isprintable() and "\\" not in target and not target.startswith("//")
    if not plain or not target.startswith("/"):
        return "/"
    parts = urlsplit(target)
    return "/" if parts.scheme or parts.netloc else target


def ask_to_sign_in() -> ResponseReturnValue:
    """Send somebody who is not signed in, or no longer, to the sign-in page."""
    if is_poll():
        # The page is covered by now and waits for the same person: do not lead it away.
        return current_app.response_class(status=401)
    address = url_for("signin.show", next=here())
    if "HX-Request" in request.headers:
        # htmx would put the sign-in page into the part it renews: let the whole page go there.
        return current_app.response_class(status=401, headers={"HX-Redirect": address})
    if wants_json():
        problem = {"title": "Sign in first", "status": 401, "detail": "No one is signed in."}
        return jsonify(problem), 401
    return redirect(address, 302 if request.method in {"GET", "HEAD"} else 303)


def ask_to_set_up() -> ResponseReturnValue:
    """Send everybody to the wizard, as long as there is no administrator."""
    if wants_json():
        problem = {
            "title": "This appliance is not set up yet",
            "status": 503,
            "detail": "It has no administrator.",
            "advice": "Open it in a browser and follow the wizard.",
        }
        return jsonify(problem), 503
    return redirect(url_for("setup.show"), 302 if request.method in {"GET", "HEAD"} else 303)
