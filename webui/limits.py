"""How often one address may try passwords and codes; accounts are locked elsewhere."""

from typing import cast

from flask import Flask
from flask.typing import RouteCallable
from flask_limiter import Limiter
from flask_limiter.util import get_remote_address

GUARDED = ("signin.sign_in", "signin.resume", "setup.create", "account.change_password")
"""Views that take a password or a code, each by POST."""

RATE = "30 per minute; 200 per hour"


def init_app(app: Flask) -> None:
    """Put the limit around the guarded views; counts live in memory and end with the process."""
    app.config.setdefault("SIGN_IN_RATE", RATE)
    limiter = Limiter(get_remote_address, storage_uri="memory://")
    limiter.init_app(app)
    shared = limiter.shared_limit(str(app.config["SIGN_IN_RATE"]), scope="secrets")
    for endpoint in GUARDED:
        if endpoint in app.view_functions:
            view = shared(app.view_functions[endpoint])
            app.view_functions[endpoint] = cast(RouteCallable, view)
