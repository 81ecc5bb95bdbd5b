"""Chooses the concrete parts of one appliance: the only module that sees the settings whole."""

from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import models
from appliance.errors import ModelUnusable, RecordsUnavailable, SettingsInvalid
from appliance.exchange.template import load_template
from appliance.pipeline.intake import Limits
from appliance.records import index
from appliance.records.database import open_database
from appliance.records.pictures import PictureStore
from appliance.services import keys
from appliance.services.accounts import Accounts
from appliance.services.analysis import AnalysisService
from appliance.services.capture import CaptureService
from appliance.services.reporting import Letterhead, Reporting
from appliance.services.selftest import Selftest
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
    selftest: Selftest
    secret_key: bytes
    setup_code: str
    card: Card | None
    model_error: str

    def readiness(self) -> dict[str, tuple[bool, str]]:
        """Say for each part whether it is well, and in which words."""
        return {check.name: (check.passed, check.sentence) for check in self.selftest.quick()}


def build(settings: Settings) -> Appliance:
    """Open the records and put the parts together.

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
    return Appliance(
        settings=settings,
        pictures=pictures,
        views=views,
        accounts=Accounts(
            login_failures=settings.login_failures, lock_minutes=settings.lock_minutes
        ),
        capture=CaptureService(pictures, limits),
        reporting=Reporting(
            pictures,
            letterhead=letterhead_of(settings),
            template=load_template(
                settings.data / settings.report_wording if settings.report_wording else None
            ),
            decision_limit=settings.decision_limit,
            limits=limits,
        ),
        selftest=Selftest(settings.data, int(settings.min_free_mb * 1e6), card, model_error),
        secret_key=secret_key,
        setup_code=setup_code,
        card=card,
        model_error=model_error,
    )


def analysis_of(appliance: Appliance) -> AnalysisService:
    """Load the network and hand out what the worker turns.

    Raises:
        ModelUnusable: the bundle is missing, damaged or not what its card says.
    """
    return AnalysisService(
        worker=uuid4().hex,
        pictures=appliance.pictures,
        views=appliance.views,
        classifier=open_model(appliance.settings),
        limits=limits_of(appliance.settings),
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


def limits_of(settings: Settings) -> Limits:
    """Return what intake may take."""
    return Limits(
        max_pixels=int(settings.max_megapixels * 1e6), max_bytes=int(settings.max_file_mb * 1e6)
    )


def _card(settings: Settings) -> tuple[Card | None, str]:
    try:
        return load_card(BUNDLES / settings.model), ""
    except ModelUnusable as error:
        return None, error.sentence
