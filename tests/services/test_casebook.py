"""What is read from the records to print a report, and how often."""

from collections import Counter

import pytest

from appliance.records import report_versions, users
from appliance.records.database import proxy
from tests.cases import conclude, sign, signed


@pytest.fixture
def asked(monkeypatch):
    """Every query with its values, and how often it is asked."""
    counted, ask = Counter(), proxy.obj.execute_sql

    def listen(sql, params=None, **more):
        counted[sql, str(params)] += 1
        return ask(sql, params, **more)

    return lambda: monkeypatch.setattr(proxy.obj, "execute_sql", listen) or counted


def test_nothing_is_asked_twice_for_one_report(appliance, olga, hana, password, asked):
    examination = signed(appliance, olga, hana, password)
    by = users.actor_of(hana)
    report_versions.begin_amendment(examination.id, "corrected", "Wrong finding chosen", by)
    conclude(examination.id, hana, text="Put right.")
    sign(appliance, examination.id, hana, password)
    counted = asked()
    assert appliance.reporting.examination_pdf(examination.id, by).startswith(b"%PDF")
    assert [query for query, count in counted.items() if count > 1] == []
    assert sum('"report_version"' in sql for sql, _ in counted) == 2  # with their signatures
