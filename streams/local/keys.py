"""Keys of a local stack, made on its first start and kept in its data folder for the next."""

from __future__ import annotations

import base64
import json
import os
import secrets
from pathlib import Path

from pydantic import SecretStr

from streams.settings import Settings

SOURCE = "local"
"""Name of the source that the local gateway key stands for."""


def with_keys(settings: Settings) -> Settings:
    """The settings with a gateway key and an OA secret where they have none; made once a data folder."""
    kept = _read_or_make(keys_file(settings))
    given = {"gateway_keys": settings.gateway_keys, "oa_secret": settings.oa_secret}
    return settings.model_copy(update={name: SecretStr(kept[name]) for name, value in given.items() if not value.get_secret_value()})


def keys_file(settings: Settings) -> Path:
    """Where the keys are kept; readable by its owner only."""
    return settings.data / "keys.json"


def _read_or_make(path: Path) -> dict[str, str]:
    if not path.exists():
        path.parent.mkdir(parents=True, exist_ok=True)
        made = {
            "gateway_keys": f"{SOURCE}:{secrets.token_urlsafe(24)}",
            "oa_secret": base64.b64encode(secrets.token_bytes(32)).decode(),
        }
        with os.fdopen(os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600), "w") as file:
            json.dump(made, file, indent=2)
    kept: dict[str, str] = json.loads(path.read_text())
    return kept
