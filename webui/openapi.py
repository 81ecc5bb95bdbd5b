"""Describes the JSON interface as an OpenAPI 3.1 document, made from one table.

The schemas follow from the declarations in `shapes.py`, so that they cannot say anything else than
what is sent. A test holds the table against the routes, both ways.
"""

import types
from collections.abc import Sequence
from dataclasses import dataclass
from importlib.metadata import version
from inspect import getdoc
from typing import Any, Union, get_args, get_origin, get_type_hints, is_typeddict

from appliance.permissions import Permission
from appliance.records.examinations import Needs
from appliance.vocabulary import ExaminationStatus, Specimen
from webui import shapes

Json = dict[str, Any]

_PLAIN: dict[Any, str] = {str: "string", int: "integer", float: "number", bool: "boolean"}


@dataclass(frozen=True)
class Operation:
    """One address with one method."""

    method: str
    path: str
    summary: str
    answer: type
    need: Permission | None = None
    """None: whoever is signed in."""
    query: Sequence[tuple[str, Json]] = ()
    upload: bool = False
    problems: Sequence[int] = (401,)


_TEXT: Json = {"type": "string"}
_DAY: Json = {"type": "string", "format": "date"}
_FILTERS: tuple[tuple[str, Json], ...] = (
    ("text", _TEXT | {"description": "Accession number, or beginnings of the patient's names"}),
    ("status", _TEXT | {"enum": [str(status) for status in ExaminationStatus]}),
    ("specimen", _TEXT | {"enum": [str(specimen) for specimen in Specimen]}),
    ("date_from", _DAY | {"description": "First day of registration"}),
    ("date_to", _DAY | {"description": "Last day, inclusive"}),
    ("patient_id", _TEXT | {"format": "uuid"}),
    ("needs", _TEXT | {"enum": [str(need) for need in Needs]}),
    ("page", {"type": "integer", "minimum": 1, "default": 1}),
    ("limit", {"type": "integer", "minimum": 1, "maximum": 200, "default": 25}),
)

OPERATIONS: tuple[Operation, ...] = (
    Operation("get", "/openapi.json", "This document", dict),
    Operation("get", "/session", "Who is signed in, and the token for a POST", shapes.Session),
    Operation(
        "get",
        "/examinations",
        "List examinations, newest first",
        shapes.ExaminationList,
        Permission.EXAMINATION_READ,
        _FILTERS,
        problems=(401, 403, 422),
    ),
    Operation(
        "get",
        "/examinations/{examination_id}",
        "One examination with its images",
        shapes.WholeExamination,
        Permission.EXAMINATION_READ,
        problems=(401, 403, 404),
    ),
    Operation(
        "get",
        "/examinations/{examination_id}/progress",
        "How far the analysis of its images is",
        shapes.Progress,
        Permission.EXAMINATION_READ,
        problems=(401, 403, 404),
    ),
    Operation(
        "post",
        "/examinations/{examination_id}/fields",
        "Add one image file; sent again, it is recognised by its bytes",
        shapes.Upload,
        Permission.FIELD_ADD,
        upload=True,
        problems=(400, 401, 403, 404, 409, 413, 422, 507),
    ),
    Operation(
        "get",
        "/fields/{field_id}",
        "One image with its quality passport and counts",
        shapes.Field,
        Permission.EXAMINATION_READ,
        problems=(401, 403, 404),
    ),
    Operation(
        "get",
        "/fields/{field_id}/cells",
        "The cells of one image with their outlines",
        shapes.CellList,
        Permission.EXAMINATION_READ,
        problems=(401, 403, 404),
    ),
)


def document() -> Json:
    """Return the whole document."""
    schemas: Json = {"Problem": _PROBLEM}
    paths: Json = {}
    for operation in OPERATIONS:
        paths.setdefault(operation.path, {})[operation.method] = _operation(operation, schemas)
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Scopeside",
            "version": version("scopeside"),
            "description": (
                "Research use only: suggestions are to be verified by a person. Requests carry the "
                "session cookie of a signed-in person; every reading is audited under their name."
            ),
        },
        "servers": [{"url": "/api/v1"}],
        "security": [{"session": []}],
        "paths": paths,
        "components": {
            "securitySchemes": {
                "session": {"type": "apiKey", "in": "cookie", "name": "scopeside"},
                "csrf": {"type": "apiKey", "in": "header", "name": "X-CSRFToken"},
            },
            "schemas": schemas,
        },
    }


_PROBLEM: Json = {
    "type": "object",
    "description": "What is wrong and what to do, in the shape of RFC 9457.",
    "required": ["title", "status", "detail"],
    "properties": {
        "title": _TEXT,
        "status": {"type": "integer"},
        "detail": _TEXT,
        "advice": _TEXT,
        "fields": {"type": "object", "additionalProperties": _TEXT},
    },
}


def _operation(operation: Operation, schemas: Json) -> Json:
    described: Json = {
        "summary": operation.summary,
        "operationId": f"{operation.method}{operation.path.title()}".translate(_NO_SIGNS),
        "parameters": _parameters(operation),
        "responses": _responses(operation, schemas),
    }
    if operation.need is not None:
        described["description"] = f"Needs the permission {operation.need}."
    if operation.upload:
        described["security"] = [{"session": [], "csrf": []}]
        described["requestBody"] = {
            "required": True,
            "content": {"multipart/form-data": {"schema": _FILE}},
        }
    return described


_NO_SIGNS = str.maketrans("", "", "/{}_.-")
_FILE: Json = {
    "type": "object",
    "required": ["file"],
    "properties": {"file": {"type": "string", "contentMediaType": "application/octet-stream"}},
}


def _parameters(operation: Operation) -> list[Json]:
    in_path = [part[1:-1] for part in operation.path.split("/") if part.startswith("{")]
    identifier = {"type": "string", "format": "uuid"}
    return [
        {"name": name, "in": "path", "required": True, "schema": identifier} for name in in_path
    ] + [{"name": name, "in": "query", "schema": schema} for name, schema in operation.query]


def _responses(operation: Operation, schemas: Json) -> Json:
    content = {"application/json": {"schema": schema_of(operation.answer, schemas)}}
    good = {"description": operation.summary, "content": content}
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    return {
        "200": good,
        **({"201": good} if operation.upload else {}),
        **{
            str(status): {"description": "Refused", "content": problem}
            for status in operation.problems
        },
    }


def schema_of(kind: Any, schemas: Json) -> Json:
    """Turn a declared type into a schema; object shapes go into `schemas` and are referred to."""
    if is_typeddict(kind):
        return _reference(kind, schemas)
    if get_origin(kind) in {Union, types.UnionType}:
        return {"anyOf": [schema_of(part, schemas) for part in get_args(kind)]}
    if get_origin(kind) is list:
        return {"type": "array", "items": schema_of(get_args(kind)[0], schemas)}
    if get_origin(kind) is dict:
        return {"type": "object", "additionalProperties": schema_of(get_args(kind)[1], schemas)}
    if kind is type(None):
        return {"type": "null"}
    return {"type": _PLAIN.get(kind, "object")}


def _reference(kind: Any, schemas: Json) -> Json:
    name = kind.__name__.removesuffix("Shape")
    if name not in schemas:
        schemas[name] = {}  # before its parts, which may refer to it
        hints = get_type_hints(kind)
        schemas[name] = {
            "type": "object",
            "description": getdoc(kind) or "",
            "required": sorted(hints),
            "additionalProperties": False,
            "properties": {key: schema_of(value, schemas) for key, value in hints.items()},
        }
    return {"$ref": f"#/components/schemas/{name}"}
