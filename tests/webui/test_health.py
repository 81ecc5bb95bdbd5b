import pytest

from appliance.services import heartbeat

NETWORK = {"REMOTE_ADDR": "192.168.1.7"}


def test_alive_says_ok_and_sets_no_cookie(client):
    answer = client.get("/healthz")
    assert (answer.status_code, answer.text) == (200, "ok\n")
    assert "Set-Cookie" not in answer.headers


def test_readiness_follows_the_worker(client, settings):
    before = client.get("/readyz").json["checks"]["worker"]["ok"]
    heartbeat.beat(settings.data)
    after = client.get("/readyz").json["checks"]["worker"]["ok"]
    assert (before, after) == (False, True)


def test_not_ready_is_503(client):
    answer = client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json["ready"] is False
    assert set(answer.json["checks"]) == {
        "model",
        "disk",
        "clock",
        "records",
        "worker",
        "site-head",
    }


def test_the_network_learns_no_sentences(client):
    checks = client.get("/readyz", environ_base=NETWORK).json["checks"]
    assert all(set(check) == {"ok"} for check in checks.values())


def test_figures_are_text_of_prometheus(client):
    answer = client.get("/metrics")
    assert answer.content_type.startswith("text/plain; version=0.0.4")
    assert 'scopeside_fields{state="accepted"} 0\n' in answer.text
    assert 'scopeside_ready{part="records"} 1\n' in answer.text
    for line in answer.text.splitlines():
        assert line.startswith("# ") or len(line.rsplit(" ", 1)) == 2


def test_figures_are_not_for_the_network(client, as_user):
    assert client.get("/metrics", environ_base=NETWORK).status_code == 403
    assert as_user("olga").get("/metrics", environ_base=NETWORK).status_code == 200


@pytest.mark.parametrize("path", ["/healthz", "/readyz", "/metrics"])
def test_nothing_is_kept_by_caches(client, path):
    assert client.get(path).headers["Cache-Control"] == "no-store"
