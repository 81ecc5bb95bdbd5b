"""One tree of errors, each fit to be shown: what is wrong (title, detail) and what to do (advice).

`webui.errors` turns them into pages; `appliance.cli` into a line and an exit status.
"""


class ApplianceError(Exception):
    """The root: raised only through its children."""

    title = "Something went wrong"
    advice = "Try again; if it stays, tell your administrator the time it happened."
    status = 500

    def __init__(self, detail: str = "", *, advice: str | None = None) -> None:
        super().__init__(detail or self.title)
        self.detail = detail
        if advice is not None:
            self.advice = advice

    @property
    def sentence(self) -> str:
        """What is wrong, in one sentence."""
        return self.detail or self.title


class UnreadableImage(ApplianceError, ValueError):
    """The bytes are not an image that can be used; `detail` says why in one sentence."""

    title = "This file cannot be read as an image"
    advice = "Export the picture from the microscope software again, as TIFF, PNG or JPEG."
    status = 422


class TooLarge(UnreadableImage):
    """The file or the image in it is beyond the limits of the settings."""

    title = "This image is too large"
    advice = "Crop the picture, or save it with fewer pixels."
    status = 413


class InvalidInput(ApplianceError, ValueError):
    """What a person typed cannot be taken; `fields` has a sentence for each field."""

    title = "Some entries need correction"
    advice = "Correct the marked entries; what you typed is kept."
    status = 422

    def __init__(self, fields: dict[str, str]) -> None:
        super().__init__(" ".join(fields.values()))
        self.fields = fields


class NotFound(ApplianceError, LookupError):
    """No such record."""

    title = "There is no such record"
    advice = "It may have been merged or typed wrongly; search for it."
    status = 404


class Forbidden(ApplianceError, PermissionError):
    """The person may not do this."""

    title = "You may not do this"
    advice = "Ask your administrator if your role should allow it."
    status = 403


class Conflict(ApplianceError, RuntimeError):
    """Somebody else changed the record in between, or its state does not allow this step."""

    title = "This cannot be done as things stand"
    advice = "Reload the page, look at how it stands now, and try again."
    status = 409


class WrongCredentials(ApplianceError):
    """User name and password do not belong together, or the account is disabled or locked."""

    title = "This user name and password do not match"
    advice = "Try again. After several failures the account is locked for a while."
    status = 401


class SettingsInvalid(ApplianceError, ValueError):
    """A key or value in settings.toml or the environment is unknown or not allowed."""

    title = "The settings cannot be used"
    advice = "Correct the named setting and start again."


class ModelUnusable(ApplianceError, RuntimeError):
    """A bundle is missing, damaged, or not the one its card describes."""

    title = "The classifier cannot be used"
    advice = "Install the model bundle again; until then records stay readable."
    status = 503


class LabelsUnusable(ApplianceError, ValueError):
    """A file of verified cells does not fit its pictures, or holds too little to learn from."""

    title = "These labels cannot be used"
    advice = "Correct the file and try again; nothing was changed."
    status = 422


class RecordsUnavailable(ApplianceError, RuntimeError):
    """The database cannot be opened, or it belongs to another version of the software."""

    title = "The records cannot be opened"
    advice = "Check that the disk is present and not full, then run: scopeside doctor"
    status = 503


class PictureDamaged(ApplianceError, RuntimeError):
    """A stored picture cannot be read, or is no longer what was stored."""

    title = "This picture is damaged"
    advice = "Restore it from a backup, or take the field again."


class CameraUnavailable(ApplianceError, RuntimeError):
    """The camera cannot be opened, or did not deliver a frame in time."""

    title = "The camera does not answer"
    advice = "Check the cable, then press Retry."
    status = 503


class CannotWrite(ApplianceError, OSError):
    """A file that somebody asked for, or standard output, cannot be written."""

    title = "This cannot be written"
    advice = "Name another place, or make room there; what was written before stays."


class DiskFull(ApplianceError, OSError):
    """There is too little room left to keep what came."""

    title = "The disk is nearly full"
    advice = "Export or archive old examinations, then try again."
    status = 507
