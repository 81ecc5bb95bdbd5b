"""Chooses the concrete parts of one appliance: the only module that sees the settings whole."""

from dataclasses import dataclass, replace
from pathlib import Path
from uuid import uuid4

from argon2 import PasswordHasher

import models
from appliance.errors import ModelUnusable, RecordsUnavailable, SettingsInvalid
from appliance.exchange.template import load_template
from appliance.pipeline.intake import Limits
from appliance.records import index, site_verifications
from appliance.records.database import open_database
from appliance.records.pictures import PictureStore
from appliance.services import heartbeat, keys
from appliance.services.accounts import HASHER, Accounts
from appliance.services.analysis import AnalysisService
from appliance.services.capture import CaptureService
from appliance.services.heads import open_head, open_heads
from appliance.services.line import Line
from appliance.services.replaying import Replaying
from appliance.services.reporting import Letterhead, Reporting
from appliance.services.review import Policy, Review
from appliance.services.scorecards import Scorecards
from appliance.services.selftest import Selftest
from appliance.services.site_fitting import SiteFitting
from appliance.services.views import Views
from appliance.settings import Settings
from models.card import Card, load_card
from models.classifier import Classifier
from models.runners import check_runner, open_runner
from models.site_head import SiteHeadClassifier, load_site_head

BUNDLES = Path(models.__file__).parent / "bundles"


@dataclass(frozen=True)
class Appliance:
    """Everything a page may ask for. The network itself is the worker's."""

    settings: Settings
    pictures: PictureStore
    views: Views
    accounts: Accounts
    capture: CaptureService
    reporting: Reporting
    review: Review
    selftest: Selftest
    scorecards: Scorecards
    secret_key: bytes
    setup_code: str
    card: Card | None
    model_error: str

    def readiness(self) -> dict[str, tuple[bool, str]]:
        """Say for each part whether it is well, and in which words."""
        return {check.name: (check.passed, str(check)) for check in self.selftest.quick()}


def build(settings: Settings, *, hasher: PasswordHasher = HASHER) -> Appliance:
    """Open the records and put the parts together.

    Args:
        settings: of this appliance.
        hasher: of passwords; tests hand in a cheap one.

    Raises:
        RecordsUnavailable: the folder or the database in it cannot be used.
        SettingsInvalid: there is no such runner.
    """
    check_runner(settings.runner)
    try:
        settings.data.mkdir(mode=0o700, parents=True, exist_ok=True)
        secret_key, setup_code = keys.secret_key(settings.data), keys.setup_code(settings.data)
    except OSError as error:
        raise RecordsUnavailable(f"{settings.data} cannot be written: {error.strerror}") from error
    open_database(settings.database)
    index.ensure()
    limits = limits_of(settings)
    pictures = PictureStore(settings.pictures, min_free_bytes=int(settings.min_free_mb * 1e6))
    views = Views(pictures, limits)
    card, model_error = _card(settings)
    accounts = Accounts(settings.login_failures, settings.lock_minutes, hasher)
    reporting = _reporting(settings, pictures)
    return Appliance(
        settings=settings,
        pictures=pictures,
        views=views,
        accounts=accounts,
        capture=CaptureService(pictures, limits),
        reporting=reporting,
        review=Review(policy_of(settings), accounts, pictures, reporting),
        selftest=Selftest(
            settings.data,
            int(settings.min_free_mb * 1e6),
            card,
            model_error,
            settings.site_heads,
        ),
        scorecards=Scorecards(decision_limit=settings.decision_limit),
        secret_key=secret_key,
        setup_code=setup_code,
        card=card,
        model_error=model_error,
    )


def analysis_of(appliance: Appliance) -> AnalysisService:
    """Load the network with the head that is switched on, and hand out what turns fields.

    Raises:
        ModelUnusable: the bundle is missing, damaged or not what its card says.
    """
    return line_of(appliance).analysis


def line_of(appliance: Appliance) -> Line:
    """Load the network, and hand out all that the worker turns.

    Raises:
        ModelUnusable: the bundle is missing, damaged or not what its card says.
    """
    settings, pictures = appliance.settings, appliance.pictures
    network, limits, folder = open_model(settings), limits_of(settings), settings.site_heads
    heads = open_heads(network, folder)
    analysis = AnalysisService(
        worker=uuid4().hex,
        pictures=pictures,
        views=appliance.views,
        classifier=heads.in_use,
        limits=limits,
        verified=heads.verified,
        shadow=heads.shadow,
    )
    return Line(
        analysis,
        heads,
        lambda: open_heads(network, folder),
        SiteFitting(
            pictures,
            limits,
            network,
            folder,
            settings.simulated,
            lambda: heartbeat.kept_up(settings.data),
        ),
        replaying_of(appliance, network),
    )


def replaying_of(appliance: Appliance, network: Classifier) -> Replaying:
    """Hand out what computes past results again, with the network in use or another."""
    settings = appliance.settings
    return Replaying(
        appliance.pictures,
        limits_of(settings),
        network,
        settings.site_heads,
        lambda name: open_model(replace(settings, model=name)),
    )


def open_model(settings: Settings, *, site_head: Path | None = None) -> Classifier:
    """Load the network that the settings name, and put a laboratory's own head on it.

    Raises:
        ModelUnusable: the bundle or the head cannot be used, or they do not belong together.
    """
    classifier = open_runner(
        settings.runner,
        BUNDLES / settings.model,
        threads=settings.threads,
        engines=settings.engines,
    )
    if site_head is None:
        return classifier
    return SiteHeadClassifier(classifier, load_site_head(site_head))


def letterhead_of(settings: Settings) -> Letterhead:
    """Return what the laboratory prints of itself.

    Raises:
        SettingsInvalid: the logo cannot be read.
    """
    logo = None
    if settings.laboratory_logo:
        try:
            logo = (settings.data / settings.laboratory_logo).read_bytes()
        except OSError as error:
            raise SettingsInvalid(
                f"laboratory_logo: {settings.laboratory_logo} cannot be read: {error.strerror}"
            ) from error
    return Letterhead(
        laboratory=settings.laboratory,
        place=settings.place,
        address=settings.laboratory_address,
        logo=logo,
        check_address=f"{settings.public_address.rstrip('/')}/check/"
        if settings.public_address
        else "",
    )


def policy_of(settings: Settings) -> Policy:
    """Return what the laboratory decides about second readings and signatures."""
    return Policy(
        second_share=settings.second_reading_share,
        second_difference=settings.second_reading_difference,
        sign_own_submission=settings.sign_own_submission,
    )


def open_in_use(settings: Settings) -> Classifier:
    """Load the network with the head that is switched on.

    Raises:
        ModelUnusable: either cannot be used, or they do not belong together.
    """
    network, row = open_model(settings), site_verifications.in_use()
    return network if row is None else open_head(row, network, settings.site_heads)


def limits_of(settings: Settings) -> Limits:
    """Return what intake may take."""
    return Limits(
        max_pixels=int(settings.max_megapixels * 1e6), max_bytes=int(settings.max_file_mb * 1e6)
    )


def _reporting(settings: Settings, pictures: PictureStore) -> Reporting:
    own = settings.data / settings.report_wording if settings.report_wording else None
    return Reporting(
        pictures,
        letterhead=letterhead_of(settings),
        template=load_template(own),
        decision_limit=settings.decision_limit,
        limits=limits_of(settings),
    )


def _card(settings: Settings) -> tuple[Card | None, str]:
    try:
        return load_card(BUNDLES / settings.model), ""
    except ModelUnusable as error:
        return None, error.sentence
