"""The part of the gateway's OpenAPI document that tells of recordings and of live calls."""

from __future__ import annotations

from http import HTTPStatus
from typing import Any

from schemas.common import Attributes
from streams.audio.live import CODECS
from streams.connectors.problems import MEDIA_TYPE
from streams.connectors.upload import CHANNELS
from streams.connectors.voice import ATTRIBUTES, FIELDS, VoiceRecord

PROBLEMS = {
    HTTPStatus.UNAUTHORIZED: "No source has this API key, or the signature is missing, wrong, late or used before.",
    HTTPStatus.NOT_FOUND: "The channel has no recordings.",
    HTTPStatus.REQUEST_ENTITY_TOO_LARGE: "The recording is larger than VOC_AUDIO_MAX_BYTES.",
    HTTPStatus.UNSUPPORTED_MEDIA_TYPE: "The body is no recording, is damaged or truncated, or is longer than VOC_AUDIO_MAX_MINUTES.",
    HTTPStatus.UNPROCESSABLE_ENTITY: "A parameter breaks a rule, or the roles do not fit the recording's channels.",
    HTTPStatus.TOO_MANY_REQUESTS: "The source sends more than VOC_GATEWAY_RATE events a second: wait as Retry-After says.",
    HTTPStatus.SERVICE_UNAVAILABLE: "Kafka or the audio store is away and nothing was accepted: send the same again after Retry-After.",
}
_LIVE = """A call while it runs. The request is a WebSocket handshake with the query below.

The client sends binary messages: a number (4 bytes, big endian, from 0, one more each) and audio, of `codec` `pcm` (16 bits, little
endian, channels interleaved) or `opus` (one packet a message); then the text {"type": "end"}. The server sends the messages of
LiveMessage. A client whose line broke comes back with the same query within two minutes and goes on with the number that `ready`
names; what it sends twice is taken once. The server reads no faster than it hears. After an `error` it closes, with code 1008 where
the client must change something, with 1013 where Kafka or the store is away: then come back. A call that is over is answered `done`."""

SCHEMAS: dict[str, Any] = {
    "StoredRecording": {
        "type": "object",
        "required": ["event_id", "uri", "sha256", "size_bytes", "media_type"],
        "properties": {
            "event_id": {"type": "string", "format": "uuid"},
            "uri": {"type": "string", "description": "Where the recording lies in the audio store"},
            "sha256": {"type": "string"},
            "size_bytes": {"type": "integer"},
            "media_type": {"type": "string", "description": "As read from the content"},
            "duration_ms": {"type": "integer", "description": "Where the container says it"},
        },
    },
    "LiveMessage": {
        "type": "object",
        "required": ["type"],
        "properties": {
            "type": {"enum": ["ready", "ack", "partial", "final", "done", "error"]},
            "next": {"type": "integer", "description": "ready: the number that the server wants next"},
            "number": {"type": "integer", "description": "ack: this message and all before it are taken"},
            "event_id": {"type": "string", "format": "uuid", "description": "ready, done: the id of the recording's event"},
            "utterance_id": {"type": "string", "format": "uuid", "description": "final: the id, the same as from the file"},
            "role": {"type": "string", "description": "partial, final: who speaks"},
            "text": {"type": "string", "description": "partial, final: the words, redacted"},
            "channel": {"type": "integer"},
            "start_ms": {"type": "integer"},
            "end_ms": {"type": "integer"},
            "duration_ms": {"type": "integer", "description": "done: the length of the call"},
            "detail": {"type": "string", "description": "error: what to change"},
        },
    },
}


def paths() -> dict[str, Any]:
    """The operations."""
    channel = {"in": "path", "name": "channel", "required": True, "schema": {"enum": list(CHANNELS)}}
    live = (
        {"in": "query", "name": "codec", "schema": {"enum": list(CODECS), "default": "pcm"}},
        {"in": "query", "name": "rate", "schema": {"type": "integer", "default": 8000}, "description": "Samples a second of pcm"},
        {"in": "query", "name": "channels", "schema": {"enum": [1, 2], "default": 2}},
    )
    upload = {
        "operationId": "send_audio",
        "summary": "Send a recording. Its type is read from its content; a signed request signs the hexadecimal SHA-256 of the body.",
        "security": [{"key": []}],
        "parameters": [channel, *_record()],
        "requestBody": {"required": True, "content": {"application/octet-stream": {}}},
        "responses": {
            "202": _answer("Stored, and its event acknowledged by the broker", "application/json", "StoredRecording"),
            **_problems(),
        },
    }
    call = {
        "operationId": "live_call",
        "summary": "Hear a call while it runs, over a WebSocket.",
        "description": _LIVE,
        "security": [{"key": []}],
        "parameters": [channel, *_record(), *live],
        "responses": {"101": _answer("The line is open; these come over it, as text", "application/json", "LiveMessage")},
    }
    return {"/v1/audio/{channel}": {"post": upload}, "/v1/live/{channel}": {"get": call}}


def _record() -> list[dict[str, Any]]:
    """What is known of a recording, in the query."""
    known = VoiceRecord.model_json_schema()["properties"] | Attributes.model_json_schema()["properties"]
    role = {"type": "string", "description": "agent, customer, bot or unknown for each channel, as agent,customer"}
    return [
        {"in": "query", "name": name, "required": name in ("source_id", "occurred_at"), "schema": role if name == "roles" else known[name]}
        for name in (*FIELDS, *ATTRIBUTES)
    ]


def _answer(text: str, media_type: str, schema: str) -> dict[str, Any]:
    return {"description": text, "content": {media_type: {"schema": {"$ref": f"#/components/schemas/{schema}"}}}}


def _problems() -> dict[str, Any]:
    return {str(status.value): _answer(text, MEDIA_TYPE, "Problem") for status, text in PROBLEMS.items()}
