"""Answers with a PDF that opens in the page."""

from flask import Response


def inline(data: bytes, name: str) -> Response:
    """Hand out a PDF; its file name never names the patient.

    Args:
        data: the file.
        name: without ending; what is no plain letter or digit becomes a hyphen.
    """
    response = Response(data, mimetype="application/pdf")
    plain = "".join(sign if sign.isascii() and sign.isalnum() else "-" for sign in name)
    response.headers["Content-Disposition"] = f'inline; filename="{plain}.pdf"'
    return response
