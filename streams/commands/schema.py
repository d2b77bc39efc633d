"""`voc schema`: the JSON Schema of every topic's values."""

from __future__ import annotations

import json

import click

from streams.errors import ConfigurationError
from streams.topics import TOPICS


def json_schemas() -> dict[str, dict[str, object]]:
    """The JSON Schema (draft 2020-12) of each topic's values, as written to the topic."""
    return {topic.name: topic.schema.model_json_schema(mode="serialization") for topic in TOPICS}


@click.command()
@click.argument("topic", required=False)
def schema(topic: str | None) -> None:
    """Print the JSON Schema of TOPIC, or of every topic as one object."""
    schemas = json_schemas()
    if topic is None:
        click.echo(json.dumps(schemas, indent=2, ensure_ascii=False))
    elif topic in schemas:
        click.echo(json.dumps(schemas[topic], indent=2, ensure_ascii=False))
    else:
        raise ConfigurationError(f"no topic is called {topic!r}: choose from {', '.join(schemas)}")
