"""What browsers are told to refuse and to forget: the headers on every answer."""

from typing import Any

from flask import Flask, Response, request

CONTENT_SECURITY_POLICY = {
    "default-src": "'self'",
    "img-src": ["'self'", "data:", "blob:"],
    "object-src": "'none'",
    "base-uri": "'self'",
    "form-action": "'self'",
    "frame-ancestors": "'self'",
}
"""No inline script or style, nothing from another host."""

_UNUSED = ("camera", "display-capture", "geolocation", "microphone", "payment", "usb")


def policy(https_only: bool) -> dict[str, Any]:
    """Return the arguments of Talisman."""
    return {
        "content_security_policy": CONTENT_SECURITY_POLICY,
        "force_https": https_only,
        "strict_transport_security": https_only,
        "strict_transport_security_include_subdomains": False,
        "session_cookie_secure": https_only,
        "session_cookie_samesite": "Lax",
        # Reports are shown in a frame of our own pages.
        "frame_options": "SAMEORIGIN",
        # Flask-WTF compares the referrer over HTTPS, so it must reach ourselves.
        "referrer_policy": "same-origin",
        "permissions_policy": dict.fromkeys(_UNUSED, "()"),
    }


def init_app(app: Flask) -> None:
    """Forbid keeping what a page shows, unless the view itself allows it."""
    app.after_request(_forget)


def _forget(response: Response) -> Response:
    if request.endpoint != "static" and "Cache-Control" not in response.headers:
        response.headers["Cache-Control"] = "no-store"
    return response
