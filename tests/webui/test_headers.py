import pytest

from appliance.settings import Settings
from webui.app import create_app


@pytest.mark.parametrize("path", ["/sign-in", "/nowhere", "/static/theme.css", "/healthz"])
def test_browsers_are_told_what_to_refuse(client, path):
    headers = client.get(path).headers
    policy = headers["Content-Security-Policy"]
    assert "default-src 'self'" in policy
    assert "unsafe" not in policy
    assert headers["X-Frame-Options"] == "SAMEORIGIN"
    assert headers["X-Content-Type-Options"] == "nosniff"
    assert headers["Referrer-Policy"] == "same-origin"
    assert "camera=()" in headers["Permissions-Policy"]


def test_pages_are_not_kept_but_static_files_are(as_user):
    browser = as_user("olga")
    assert browser.get("/account").headers["Cache-Control"] == "no-store"
    assert "max-age=3600" in browser.get("/static/theme.css").headers["Cache-Control"]


def test_https_only_sends_there_and_marks_cookies(appliance, adam, tmp_path):
    strict = Settings(data=tmp_path, https_only=True)
    object.__setattr__(appliance, "settings", strict)
    client = create_app(appliance, TESTING=False, DEBUG=False).test_client()
    assert client.get("/sign-in").location.startswith("https://")
    answer = client.get("/sign-in", headers={"X-Forwarded-Proto": "https"})
    assert "Strict-Transport-Security" in answer.headers
    assert "Secure" in answer.headers["Set-Cookie"]
