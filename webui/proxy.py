"""Whose address a request has when a TLS proxy stands on the same machine."""

from ipaddress import ip_address
from typing import TYPE_CHECKING, Any

from flask import Flask
from werkzeug.middleware.proxy_fix import ProxyFix

if TYPE_CHECKING:
    from collections.abc import Iterable

    from _typeshed.wsgi import StartResponse, WSGIApplication, WSGIEnvironment


class _NearProxy:
    """Believe what a proxy says of its client, if the proxy runs on this machine.

    From anywhere else the same headers are only somebody's claim, which would let a guesser of
    passwords take another address for each try.
    """

    def __init__(self, app: "WSGIApplication") -> None:
        self._plain = app
        self._behind = ProxyFix(app, x_for=1, x_proto=0)

    def __call__(
        self, environ: "WSGIEnvironment", start_response: "StartResponse"
    ) -> "Iterable[bytes]":
        near = _is_loopback(environ.get("REMOTE_ADDR", ""))
        return (self._behind if near else self._plain)(environ, start_response)


def init_app(app: Flask, *, https_only: bool) -> None:
    """Read the client's address from the proxy's headers, where there is a proxy."""
    if https_only:
        app.wsgi_app = _NearProxy(app.wsgi_app)  # type: ignore[method-assign]


def _is_loopback(address: Any) -> bool:
    try:
        return ip_address(address).is_loopback
    except ValueError:
        return False
