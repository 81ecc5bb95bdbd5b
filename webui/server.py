"""Serves the pages with gunicorn: one worker process, several threads."""

import logging
import signal
from collections.abc import Callable
from typing import Any

from flask import Flask
from gunicorn.app.base import BaseApplication

from appliance.supervisor import die_with_parent

THREADS = 8  # more than a bench has people; uploads of a folder run four at a time


class _Server(BaseApplication):  # type: ignore[misc]
    def __init__(self, make_app: Callable[[], Flask], options: dict[str, Any]) -> None:
        self._make_app = make_app
        self._options = options
        super().__init__()

    def load_config(self) -> None:
        for key, value in self._options.items():
            self.cfg.set(key, value)

    def load(self) -> Flask:
        return self._make_app()


def serve(make_app: Callable[[], Flask], *, host: str, port: int) -> None:
    """Answer on the address until SIGTERM; `make_app` runs in the serving process."""
    _Server(
        make_app,
        {
            "bind": f"[{host}]:{port}" if ":" in host else f"{host}:{port}",
            "workers": 1,
            "worker_class": "gthread",
            "threads": THREADS,
            "timeout": 120,  # a 200 MB upload over a slow network
            "graceful_timeout": 15,
            "accesslog": None,  # addresses of records are patient data
            "loglevel": logging.getLevelName(logging.WARNING).lower(),
            "control_socket_disable": True,
            # A killed master must not leave a server behind that holds the port.
            "post_fork": lambda _arbiter, _worker: die_with_parent(signal.SIGKILL),
        },
    ).run()
