"""`voc oa-sandbox`: serve the web application that plays the company's OA."""

from __future__ import annotations

from urllib.parse import urlsplit

import click
import uvicorn

from streams.commands.gateway import listen
from streams.oa.sandbox import Sandbox
from streams.settings import Settings

_DEFAULT_PORT = 8090


@click.command("oa-sandbox")
@click.option("--host", default="127.0.0.1", show_default=True, help="Address to listen on.")
@click.option("--port", type=int, help="Port to listen on, 0 for a free one; that of VOC_OA_URL if not given.")
def oa_sandbox(host: str, port: int | None) -> None:
    """Play the company's OA: receive tasks, show them, and let every role do its part."""
    settings = Settings()
    listener = listen(host, urlsplit(settings.oa_url).port or _DEFAULT_PORT if port is None else port)
    click.echo("OA sandbox on http://{}:{}".format(*listener.getsockname()[:2]))
    uvicorn.Server(config(settings)).run(sockets=[listener])


def config(settings: Settings) -> uvicorn.Config:
    """The sandbox as a server."""
    return uvicorn.Config(Sandbox(settings).app(), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=5)
