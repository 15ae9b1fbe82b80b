"""The control API's description of itself: OpenAPI 3.1, made from the table."""

from collections.abc import Iterable
from typing import Any

import msgspec

from gatecrier_sandbox.control.answers import Refusal
from gatecrier_sandbox.control.endpoint import Endpoint, Stream

TEMPLATE = "#/components/schemas/{name}"
REFUSALS = {
    "400": "The query or the JSON cannot be read, or the world does not work so",
    "403": "The person may not",
    "404": "There is no such person, bot, chat, message or path",
    "405": "Not with this verb",
    "409": "Something else stands in the way",
    "413": "The body is too large",
    "422": "The body does not fit; `field` says where",
}


def document(table: Iterable[Endpoint]) -> dict[str, Any]:
    """The OpenAPI document of these endpoints."""
    table = list(table)
    schemas = _Schemas(table)
    paths: dict[str, dict[str, Any]] = {}
    for line in table:
        paths.setdefault(f"/sandbox{line.path}", {})[line.verb.lower()] = _operation(line, schemas)
    return {
        "openapi": "3.1.0",
        "info": {"title": "Gatecrier sandbox", "version": "1", "description": "A Telegram of your own."},
        "paths": paths,
        "components": {"schemas": schemas.components, "responses": _refusals(schemas)},
    }


class _Schemas:
    """The JSON schema of every type of the table, by type."""

    def __init__(self, table: list[Endpoint]) -> None:
        self._types: list[Any] = [Refusal]
        for line in table:
            found = (line.answers, line.body, line.query, *line.places.values())
            self._types += [kind for kind in found if kind not in {None, bytes, Stream}]
        made, self.components = msgspec.json.schema_components(self._types, ref_template=TEMPLATE)
        self._made = list(made)

    def of(self, kind: Any) -> dict[str, Any]:
        """The schema of a type, or a reference to it."""
        return self._made[self._types.index(kind)]

    def fields(self, kind: Any) -> tuple[dict[str, Any], list[str]]:
        """The schemas of a Struct's fields, and the names of the required ones."""
        whole = self.components[self.of(kind)["$ref"].rpartition("/")[2]]
        return whole["properties"], whole.get("required", [])


def _operation(line: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    answers: dict[str, Any] = {
        str(line.status): {"description": line.words, "content": _content(line, schemas)}
    }
    answers |= {status: {"$ref": f"#/components/responses/{status}"} for status in REFUSALS}
    shown: dict[str, Any] = {
        "operationId": line.name,
        "summary": line.words,
        "tags": [line.noun],
        "responses": answers,
    }
    parameters = _parameters(line, schemas)
    if parameters:
        shown["parameters"] = parameters
    if line.body is bytes:
        shown["requestBody"] = {"required": True, "content": {"application/octet-stream": {}}}
    elif line.body is not None:
        content = {"application/json": {"schema": schemas.of(line.body)}}
        shown["requestBody"] = {"required": True, "content": content}
    return shown


def _content(line: Endpoint, schemas: _Schemas) -> dict[str, Any]:
    if line.answers is Stream:
        return {"text/event-stream": {}, "application/x-ndjson": {}}
    if line.answers is bytes:
        return {"application/octet-stream": {}}
    return {"application/json": {"schema": schemas.of(line.answers)}}


def _parameters(line: Endpoint, schemas: _Schemas) -> list[dict[str, Any]]:
    places = [
        {"name": name, "in": "path", "required": True, "schema": schemas.of(kind)}
        for name, kind in line.places.items()
    ]
    if line.query is None:
        return places
    fields, required = schemas.fields(line.query)
    return places + [
        {"name": name, "in": "query", "required": name in required, "schema": schema}
        for name, schema in fields.items()
    ]


def _refusals(schemas: _Schemas) -> dict[str, Any]:
    content = {"application/json": {"schema": schemas.of(Refusal)}}
    return {status: {"description": words, "content": content} for status, words in REFUSALS.items()}
