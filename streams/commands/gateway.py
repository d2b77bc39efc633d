"""`voc gateway`: serve the HTTP gateway."""

from __future__ import annotations

import socket

import click
import uvicorn

from streams.connectors.gateway import Gateway
from streams.errors import ConfigurationError
from streams.settings import Settings


@click.command()
@click.option("--host", help="Address to listen on; VOC_GATEWAY_HOST if not given.")
@click.option("--port", type=int, help="Port to listen on, 0 for a free one; VOC_GATEWAY_PORT if not given.")
@click.option("--kafka", help="Kafka bootstrap servers; VOC_KAFKA if not given.")
def gateway(host: str | None, port: int | None, kafka: str | None) -> None:
    """Serve the HTTP gateway that sources post feedback to."""
    given = {"gateway_host": host, "gateway_port": port, "kafka": kafka}
    settings = Settings(**{name: value for name, value in given.items() if value is not None})  # type: ignore[arg-type]
    listener = listen(settings.gateway_host, settings.gateway_port)
    address = "{}:{}".format(*listener.getsockname()[:2])
    click.echo(f"gateway on http://{address}, documentation at http://{address}/docs")
    uvicorn.Server(config(settings)).run(sockets=[listener])


def config(settings: Settings) -> uvicorn.Config:
    """The gateway as a server. Requests are counted, not logged."""
    return uvicorn.Config(Gateway(settings).app(), log_level="warning", access_log=False, server_header=False, timeout_graceful_shutdown=10)


def listen(host: str, port: int) -> socket.socket:
    """A listening socket. Raises ConfigurationError that names a port in use."""
    try:
        return socket.create_server((host, port), backlog=2048)
    except OSError as error:
        raise ConfigurationError(
            f"gateway: cannot listen on {host}:{port}: {error.strerror}; choose another with VOC_GATEWAY_PORT"
        ) from error
