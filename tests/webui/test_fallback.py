import pytest

from appliance.errors import RecordsUnavailable
from appliance.records.database import close
from appliance.settings import Settings
from webui import fallback, start


@pytest.fixture
def client():
    error = RecordsUnavailable("The records at /data were written by a newer version.")
    app = fallback.create_app(error)
    return app.test_client()


@pytest.mark.parametrize("path", ["/", "/people", "/sign-in", "/anything/else"])
def test_every_address_says_why_it_does_not_start(client, path):
    answer = client.get(path)
    assert answer.status_code == 503
    assert "written by a newer version" in answer.text
    assert "scopeside doctor" in answer.text


def test_posting_changes_nothing_and_says_the_same(client):
    assert client.post("/sign-in").status_code == 503


def test_machines_get_json(client):
    assert client.get("/api/v1/x").json["title"] == "The records cannot be opened"
    assert client.get("/readyz").json["ready"] is False
    assert client.get("/healthz").status_code == 200


def test_the_page_has_its_style(client):
    assert client.get("/static/theme.css", buffered=True).status_code == 200


def test_the_appliance_starts_by_itself_once_the_disk_is_there(tmp_path, monkeypatch):
    monkeypatch.setattr(start, "RETRY_S", 0.0)
    data = tmp_path / "disk"
    data.write_text("not mounted")
    client = start.make_app(Settings(data=data)).test_client()
    assert client.get("/").status_code == 503
    data.unlink()
    assert client.get("/").location == "/setup"
    assert client.get("/healthz").status_code == 200
    close()
