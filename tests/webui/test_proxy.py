"""Addresses behind a TLS proxy: believed from this machine only."""

from dataclasses import replace

import pytest

from appliance.records import audit
from appliance.settings import Settings
from webui.app import create_app


@pytest.mark.parametrize(
    ("https_only", "peer", "noted"),
    [
        (True, "127.0.0.1", "10.1.2.3"),
        (True, "::1", "10.1.2.3"),
        (True, "10.9.9.9", "10.9.9.9"),
        (False, "127.0.0.1", "127.0.0.1"),
    ],
)
def test_the_log_has_the_address_of_who_came_not_of_the_proxy(
    appliance, adam, tmp_path, https_only, peer, noted
):
    settings = Settings(data=tmp_path, https_only=https_only)
    app = create_app(replace(appliance, settings=settings), WTF_CSRF_ENABLED=False)
    app.test_client().post(
        "/sign-in",
        data={"username": "adam", "password": "not this one here"},
        headers={"X-Forwarded-For": "6.6.6.6, 10.1.2.3", "X-Forwarded-Proto": "https"},
        environ_base={"REMOTE_ADDR": peer},
    )
    (event,) = audit.recent(action="login:failed")
    assert event.address == noted
