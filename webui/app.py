"""Builds the Flask application around a finished appliance; decides nothing else."""

from importlib import import_module

from flask import Flask
from flask_talisman import Talisman
from flask_wtf.csrf import CSRFProtect

from appliance.wiring import Appliance
from webui import access, display, errors, headers, limits, proxy, shell

PAGES = (
    "signin",
    "setup",
    "account",
    "people",
    "audit",
    "history",
    "health",
    "worklist",
    "patients",
    "clinical",
    "registrations",
    "examinations",
    "upload",
    "fields",
    "reading",
    "editing",
    "reviewing",
    "concluding",
    "signing",
    "second",
    "reports",
    "checking",
    "verification",
    "replays",
    "scorecard",
    "api",
)
"""Modules of webui, one a task, each with `pages = Blueprint(...)`."""


def create_app(appliance: Appliance, **config: object) -> Flask:
    """Make the application that serves one appliance.

    Args:
        appliance: finished; tests hand in one on a temporary folder.
        config: Flask configuration that wins over ours.
    """
    app = Flask(__name__)
    settings = appliance.settings
    app.config.from_mapping(
        SECRET_KEY=appliance.secret_key,
        SESSION_COOKIE_NAME="scopeside",
        SESSION_COOKIE_SECURE=settings.https_only,
        # One file a request; a megabyte for the form around it.
        MAX_CONTENT_LENGTH=int((settings.max_file_mb + 1) * 1_000_000),
        # A covered page may lie for hours before the same person goes on with it.
        WTF_CSRF_TIME_LIMIT=None,
        SEND_FILE_MAX_AGE_DEFAULT=3600,
    )
    app.config.from_mapping(config)
    app.extensions["appliance"] = appliance
    app.jinja_env.trim_blocks = app.jinja_env.lstrip_blocks = True
    Talisman(app, **headers.policy(settings.https_only))
    errors.init_app(app)
    for name in PAGES:
        app.register_blueprint(import_module(f"webui.{name}").pages)
    limits.init_app(app)
    CSRFProtect(app)
    access.init_app(app)
    headers.init_app(app)
    proxy.init_app(app, https_only=settings.https_only)
    display.init_app(app)
    shell.init_app(app)
    return app
