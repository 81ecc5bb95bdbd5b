"""What answers at the usual address when the appliance cannot start: the reason, in words.

No database, no session, no log-in: no screen may be attached to the box, so the browser is where
somebody will look first.
"""

from flask import Flask, Response, current_app, jsonify, request
from flask.typing import ResponseReturnValue
from flask_talisman import Talisman

from appliance.errors import ApplianceError
from webui import headers
from webui.display import asset
from webui.errors import BARE
from webui.sessions import wants_json


def create_app(error: ApplianceError) -> Flask:
    """Make an application whose every address shows why the real one did not start."""
    app = Flask(__name__)
    Talisman(app, **headers.policy(https_only=False))
    headers.init_app(app)
    app.extensions["asset_versions"] = {}
    app.jinja_env.globals.update(asset=asset)

    @app.before_request
    def answer() -> ResponseReturnValue | None:
        if request.endpoint == "static":
            return None
        if request.path == "/healthz":
            return Response("ok\n", mimetype="text/plain")
        return _reason(error)

    return app


def _reason(error: ApplianceError) -> ResponseReturnValue:
    if wants_json() or request.path == "/readyz":
        problem = {"title": error.title, "status": 503, "detail": error.sentence}
        return jsonify(problem | {"advice": error.advice, "ready": False}), 503
    page = current_app.jinja_env.get_template(BARE).render(
        note="Scopeside cannot start",
        title=error.title,
        detail=error.sentence,
        advice=error.advice,
    )
    return page, 503
