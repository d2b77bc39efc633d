"""The gateway's OpenAPI 3.1 document, made from the record models, and the same as a page."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from http import HTTPStatus
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path
from typing import Any

from jinja2 import Environment
from pydantic import BaseModel
from pydantic.json_schema import models_json_schema

from streams.connectors.channels import RECORDS
from streams.connectors.context import FactRecord
from streams.connectors.problems import MEDIA_TYPE
from streams.oa.life import State
from streams.oa.step import Callback

PROBLEMS = {
    HTTPStatus.BAD_REQUEST: "The body is not JSON, or a line of it is not.",
    HTTPStatus.UNAUTHORIZED: "No source has this API key, or the signature is missing, wrong, late or used before.",
    HTTPStatus.NOT_FOUND: "There is no such channel or page.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than VOC_GATEWAY_MAX_BYTES: send smaller batches.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send application/json or application/x-ndjson, not compressed.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A record breaks a rule: `errors` names index, field and rule. Nothing of the batch was accepted.",
    HTTPStatus.TOO_MANY_REQUESTS: "The source sends more than VOC_GATEWAY_RATE events a second: wait as Retry-After says.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Kafka is away and nothing was accepted: send the same again after Retry-After.",
}

ABOUT = cleandoc("""
    Post feedback as one record, as `{"events": [record, ...]}`, or as JSON Lines. 202 means that the broker has
    acknowledged every event of the request; any other answer means that nothing of it was accepted.
    Event ids come from the source's name and `source_id`, so a request may be sent again: readers keep one event
    an id, and `duplicates` lists ids that this gateway remembers. A record sent again with other content keeps its id,
    and which of the two stays is not defined: give a correction a `source_id` of its own.
    A source with a secret signs its requests as Standard Webhooks says (webhook-id, webhook-timestamp,
    webhook-signature); each attempt is signed anew.
""")

_ACCEPTED = {
    "type": "object",
    "required": ["accepted", "event_ids", "duplicates"],
    "properties": {
        "accepted": {"type": "integer", "description": "Events that the broker acknowledged"},
        "event_ids": {
            "type": "array",
            "items": {"type": "string", "format": "uuid"},
            "description": "One a record, or one a turn, in order (of /v1/context: context_ids)",
        },
        "duplicates": {"type": "array", "items": {"type": "string", "format": "uuid"}, "description": "Those that were accepted before"},
    },
}
_STEP = {
    "type": "object",
    "required": ["task_event_id", "state"],
    "properties": {
        "task_event_id": {"type": "string", "format": "uuid", "description": "The step, as voc.task-events.v1 has it"},
        "state": {"enum": [state.value for state in State], "description": "Where the task stands now"},
    },
}
CALLBACK_PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: "The signature is missing, wrong, older than five minutes or used before.",
    HTTPStatus.NOT_FOUND: "No task has this id. The callback is kept as refused.",
    HTTPStatus.CONFLICT: "The task's state, or the role, forbids the step. The callback is kept as refused.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The body is larger than 64 KiB.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "Send application/json.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A field breaks a rule.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Kafka is away and nothing was kept: sign and send it again after Retry-After.",
}
_PROBLEM = {
    "type": "object",
    "required": ["type", "title", "status", "detail"],
    "properties": {
        "type": {"type": "string"},
        "title": {"type": "string"},
        "status": {"type": "integer"},
        "detail": {"type": "string"},
        "errors": {
            "type": "array",
            "items": {
                "type": "object",
                "properties": {"index": {"type": "integer"}, "field": {"type": "string"}, "detail": {"type": "string"}},
            },
        },
    },
}


@cache
def document() -> dict[str, Any]:
    """The OpenAPI document."""
    voice_paths, voice_schemas = _voice()
    models: list[Any] = [*RECORDS.values(), FactRecord, Callback]
    _, schemas = models_json_schema([(model, "validation") for model in models], ref_template="#/components/schemas/{model}")
    return {
        "openapi": "3.1.0",
        "info": {"title": "Tingjian gateway", "version": version("tingjian"), "description": ABOUT},
        "paths": {
            **{f"/v1/feedback/{channel}": {"post": _operation(f"send_{channel}", record)} for channel, record in RECORDS.items()},
            "/v1/context": {"post": _operation("send_context", FactRecord)},
            "/v1/tasks/{task_id}/events": {"post": _callback()},
            **voice_paths,
            **_probes(),
        },
        "components": {
            "schemas": {**schemas["$defs"], **voice_schemas, "Accepted": _ACCEPTED, "Step": _STEP, "Problem": _PROBLEM},
            "securitySchemes": {"key": {"type": "http", "scheme": "bearer", "description": "The API key of the source"}},
        },
    }


@cache
def page() -> str:
    """The document as HTML, without scripts or anything from elsewhere."""
    template = (Path(__file__).parent / "docs.html").read_text(encoding="utf-8")
    return Environment(autoescape=True).from_string(template).render(api=document(), problems={**CALLBACK_PROBLEMS, **PROBLEMS})


def _operation(name: str, model: type[BaseModel]) -> dict[str, Any]:
    record = {"$ref": f"#/components/schemas/{model.__name__}"}
    events = {"type": "object", "required": ["events"], "properties": {"events": {"type": "array", "minItems": 1, "items": record}}}
    return {
        "operationId": name,
        "summary": (model.__doc__ or "").splitlines()[0],
        "security": [{"key": []}],
        "requestBody": {
            "required": True,
            "content": {
                "application/json": {"schema": {"anyOf": [record, events]}},
                "application/x-ndjson": {"schema": {"type": "string", "description": "One record a line"}},
            },
        },
        "responses": {
            "202": {"description": "Acknowledged by the broker", "content": _content("application/json", "Accepted")},
            **_problems(PROBLEMS),
        },
    }


def _voice() -> tuple[dict[str, Any], dict[str, Any]]:
    """What is said of recordings, where the extra `voice` is installed."""
    try:
        from streams.connectors import openapi_voice  # noqa: PLC0415
    except ImportError:
        return {}, {}
    return openapi_voice.paths(), openapi_voice.SCHEMAS


def _callback() -> dict[str, Any]:
    header = {"in": "header", "required": True, "schema": {"type": "string"}}
    return {
        "operationId": "report_step",
        "summary": "Report a step that a person took on a task, signed by VOC_OA_SECRET as Standard Webhooks says.",
        "parameters": [
            {"in": "path", "name": "task_id", "required": True, "schema": {"type": "string", "format": "uuid"}},
            {**header, "name": "webhook-id", "description": "The step: the same id is the same step, however often it is sent"},
            {**header, "name": "webhook-timestamp", "description": "Unix seconds of this attempt"},
            {**header, "name": "webhook-signature", "description": "v1,<base64 HMAC-SHA256 of id.timestamp.body>"},
        ],
        "requestBody": {"required": True, "content": {"application/json": {"schema": {"$ref": "#/components/schemas/Callback"}}}},
        "responses": {
            "201": {"description": "Kept", "content": _content("application/json", "Step")},
            "200": {"description": "Kept before, under this webhook-id", "content": _content("application/json", "Step")},
            **{
                str(status.value): {"description": text, "content": _content(MEDIA_TYPE, "Problem")}
                for status, text in CALLBACK_PROBLEMS.items()
            },
        },
    }


def _problems(texts: Mapping[HTTPStatus, str]) -> dict[str, Any]:
    return {str(status.value): {"description": text, "content": _content(MEDIA_TYPE, "Problem")} for status, text in texts.items()}


def _content(media_type: str, schema: str) -> dict[str, Any]:
    return {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}


def _probes() -> dict[str, Any]:
    probes = {"/livez": "The process answers", "/readyz": "Kafka answers too", "/metrics": "Prometheus metrics"}
    return {
        path: {"get": {"operationId": path[1:], "summary": text, "responses": {"200": {"description": text}}}}
        for path, text in probes.items()
    }
