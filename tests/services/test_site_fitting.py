"""A site head on its way through the worker: what teaches, what is refused, what goes on."""

from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from shutil import copytree

import pytest

from appliance.errors import Conflict
from appliance.permissions import Role
from appliance.records import fields, site_cells, site_verifications, users
from appliance.records.database import close, proxy
from appliance.records.guards import install, remove
from appliance.records.review_tables import SiteVerification
from appliance.records.tables import Cell, FieldImage
from appliance.review_vocabulary import VerificationState as State
from appliance.services import site_fitting, site_verification
from appliance.services.heads import open_heads, standing
from appliance.settings import Settings
from appliance.wiring import Appliance, build, line_of, open_in_use, open_model
from models.last_seen import LastSeen
from models.site_head import SITE_HEAD, SiteHeadClassifier
from tests.verified import drawn, imaged, read


@pytest.fixture(scope="module")
def verified_folder(tmp_path_factory):
    """Two patients whose cells Olga read."""
    folder = tmp_path_factory.mktemp("verified")
    appliance = build(Settings(data=folder, min_free_mb=0))
    olga = users.add("olga", "Olga Tamm", Role.TECHNICIAN, "", None)
    line = line_of(appliance)
    for seed in (0, 1):
        slides = [drawn(100 * seed), drawn(100 * seed + 1)]
        examination = imaged(appliance, olga, slides, f"M-{seed}")
        while line.run_next(lambda: True):
            pass
        read(examination, olga, slides)
    close()
    return folder


@pytest.fixture(scope="module")
def fitted_folder(verified_folder, tmp_path_factory):
    """The same with a head fitted to them; without its learning curve, which takes longest."""
    folder = copied(verified_folder, tmp_path_factory.mktemp("fitted"))
    appliance = build(Settings(data=folder, min_free_mb=0))
    by = users.actor_of(users.by_username("olga"))
    row = site_verifications.want(appliance.card.sha256, by)
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(site_fitting, "SIZES", ())
        assert line_of(appliance).run_next(lambda: True)
    assert site_verifications.get(row.id).state == State.FITTED
    close()
    return folder


def copied(folder, target):
    return Path(copytree(folder, target / "data"))


@pytest.fixture
def appliance(verified_folder, tmp_path: Path) -> Iterator[Appliance]:
    yield build(Settings(data=copied(verified_folder, tmp_path), min_free_mb=0))
    close()


@pytest.fixture
def fitted(fitted_folder, tmp_path: Path) -> Iterator[SiteVerification]:
    build(Settings(data=copied(fitted_folder, tmp_path), min_free_mb=0))
    yield site_verifications.latest()[0]
    close()


@pytest.fixture
def line(appliance):
    return line_of(appliance)


@pytest.fixture
def wanted(appliance, monkeypatch):
    monkeypatch.setattr(site_fitting, "SIZES", ())
    return site_verifications.want(appliance.card.sha256, olgas())


def olgas():
    """Olga, who asks for it."""
    return users.actor_of(users.by_username("olga"))


def switched_on(row):
    """Switch a head on past its trial, as a test of what follows may."""
    remove(proxy.obj)
    SiteVerification.update(state=State.ACTIVE).where(SiteVerification.id == row.id).execute()
    install(proxy.obj)
    return site_verifications.get(row.id)


def test_only_whole_cells_of_submitted_examinations_count(appliance, line):
    before = site_cells.count(appliance.card.sha256, simulated=False)
    cells = Cell.select().where(Cell.counted).count()
    assert (before.blast + before.normal, before.examinations) == (cells, 2)
    assert len(site_cells.verified(appliance.card.sha256, simulated=False)) == cells
    imaged(appliance, users.by_username("olga"), [drawn(0)], "M-7")
    line.run_next(lambda: True)
    assert site_cells.count(appliance.card.sha256, simulated=False) == before
    assert site_cells.count("0" * 64, simulated=False).examinations == 0


def test_a_field_that_comes_during_a_fit_is_read_first(appliance, line, wanted, monkeypatch):
    came, seen, finish = [], [], fields.finish

    def go_on():
        if not came:
            came.append(imaged(appliance, users.by_username("olga"), [drawn(0)], "M-7"))
        return True

    def finish_and_look(*given, **more):
        seen.append(site_verifications.get(wanted.id).state)
        return finish(*given, **more)

    monkeypatch.setattr(fields, "finish", finish_and_look)
    assert line.run_next(go_on)
    assert seen == [State.WANTED]
    assert site_verifications.get(wanted.id).state == State.FITTED


def test_a_fit_that_is_broken_off_is_taken_up_again(line, wanted):
    assert line.run_next(lambda: False)
    assert site_verifications.get(wanted.id).state == State.WANTED
    for _ in range(site_verifications.MAX_ATTEMPTS - 1):
        assert site_verifications.begin(wanted.id)
    assert not site_verifications.begin(wanted.id)
    assert "broke off" in site_verifications.get(wanted.id).sentence


def with_other_results(**stamp):
    """Give all cells another probability than they were given, and their images another stamp."""
    remove(proxy.obj)
    Cell.update(blast_probability=0.5).execute()
    for row in FieldImage.select():
        row.stamp = {**row.stamp, **stamp}
        row.save(only=["stamp"])
    install(proxy.obj)


def test_cells_that_are_not_what_they_were_teach_nothing(line, wanted):
    with_other_results()
    line.run_next(lambda: True)
    row = site_verifications.get(wanted.id)
    assert row.state == State.REFUSED
    assert "verified cells are not given the probability" in row.sentence


def test_cells_read_by_an_earlier_version_are_taken_as_they_are_seen_today(line, wanted):
    with_other_results(pipeline="0.0.1")
    line.run_next(lambda: True)
    assert site_verifications.get(wanted.id).state == State.FITTED


def test_too_few_cells_and_another_network_are_refused_in_words(appliance, line, wanted):
    remove(proxy.obj)
    SiteVerification.update(model_sha256="0" * 64).execute()
    install(proxy.obj)
    line.run_next(lambda: True)
    assert "Another classifier is in use by now." in site_verifications.get(wanted.id).sentence
    remove(proxy.obj)
    Cell.update(counted=False).execute()
    install(proxy.obj)
    again = site_verifications.want(appliance.card.sha256, olgas())
    line.run_next(lambda: True)
    assert "0 blasts and 0 normal cells are verified" in site_verifications.get(again.id).sentence


def test_a_head_of_another_network_or_a_lost_one_stops_nobody(fitted, tmp_path):
    appliance = build(Settings(data=tmp_path / "data", min_free_mb=0))
    row, folder = switched_on(fitted), appliance.settings.site_heads
    network = open_model(appliance.settings)
    heads = open_heads(network, folder)
    assert isinstance(heads.in_use, SiteHeadClassifier)
    assert heads.verified
    assert isinstance(open_in_use(appliance.settings), SiteHeadClassifier)
    assert standing(appliance.card, folder)[0]

    other = replace(appliance.card, sha256="0" * 64)
    passed, sentence = standing(other, folder)
    assert not passed
    assert "belongs to another classifier" in sentence
    network.card = other
    assert not open_heads(network, folder).verified
    network.card = appliance.card

    (folder / row.head_sha256 / SITE_HEAD).write_text("{}", "utf-8")
    assert not open_heads(network, folder).verified
    (folder / row.head_sha256 / SITE_HEAD).unlink()
    heads = open_heads(network, folder)
    assert isinstance(heads.in_use, LastSeen)
    assert not heads.verified
    checks = {check.name: check for check in appliance.selftest.quick()}
    assert not checks["site-head"].passed
    assert "the network's own head is in use" in checks["site-head"].sentence


def test_nobody_switches_what_was_not_tried_or_what_has_changed(fitted):
    by = olgas()
    with pytest.raises(Conflict):
        site_verifications.switch_on(fitted.id, fitted.revision, "Good figures", by)
    shadow = site_verifications.try_in_shadow(fitted.id, fitted.revision, by)
    with pytest.raises(Conflict, match="No coming cell"):
        site_verifications.switch_on(shadow.id, shadow.revision, "Good figures", by)
    with pytest.raises(Conflict):
        site_verifications.end_trial(shadow.id, shadow.revision - 1, by)
    ended = site_verifications.end_trial(shadow.id, shadow.revision, by)
    assert ended.state == State.RETIRED
    assert site_verifications.in_shadow() is None


def test_the_networks_own_head_is_accepted_on_its_figures_and_given_up_again(fitted):
    by = olgas()
    site_verifications.accept_network(fitted.id, fitted.revision, "Its figures suffice", by)
    own = site_verifications.in_use()
    assert (own.head_sha256, own.model_sha256) == ("", fitted.model_sha256)
    own = site_verifications.switch_off(own.id, own.revision, "A new lamp", by)
    with pytest.raises(Conflict, match="needs no shadow"):
        site_verifications.try_in_shadow(own.id, own.revision, by)
    assert site_verifications.in_use() is None


def test_what_speaks_against_figures_is_said(fitted):
    cells, figures = fitted.cells, fitted.figures
    said = site_verification.reservations(cells, figures)
    assert any("50 are recommended" in sentence for sentence in said)
    assert any("only tell slides apart" in sentence for sentence in said)
    assert figures["mixed"] == 2
    apart = site_verification.reservations(cells, {**figures, "mixed": 0})
    assert any("No patient gave both" in sentence for sentence in apart)
    many = {"blast": 40, "normal": 40, "examinations": 4}
    good = {"low": 0.95, "value": 0.97, "high": 0.99}
    fine = {"auc": good, "sensitivity": good, "specificity": good}
    assert site_verification.objections(many, {"network": fine}) == []
    assert len(site_verification.objections(cells, {"network": fine})) == 1
    poor = {**fine, "auc": {**good, "low": 0.7}}
    assert "AUC" in site_verification.objections(many, {"network": poor})[0]


@pytest.mark.parametrize(
    ("gain", "kind"),
    [
        ({"value": 0.05, "low": 0.01, "high": 0.09}, "ok"),
        ({"value": 0.01, "low": -0.01, "high": 0.03}, "attention"),
        ({"value": -0.05, "low": -0.09, "high": -0.01}, "fault"),
        ({"value": None, "low": None, "high": None}, "attention"),
    ],
)
def test_a_head_is_judged_by_what_it_gains(fitted, gain, kind):
    same = fitted.figures["network"]
    assert (
        site_verification.judgement({"gain": gain, "site_head": same, "network": same})[0] == kind
    )
