"""Rules and routing, loaded from a folder of YAML files.

routing.yaml   one; its `version` is that of the whole folder
*.yaml         every other file holds rules
"""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from codeframe.errors import FrameError
from codeframe.rules.model import Routing, Rule, RuleFile
from codeframe.source import Source, read

R = TypeVar("R", bound=Rule)

BUNDLED = Path(__file__).parent / "bundled"
_ROUTING = "routing.yaml"


@dataclass(frozen=True)
class RuleSet:
    """Rules with unique ids, and the routing of what they make."""

    rules: tuple[Rule, ...]
    routing: Routing

    @property
    def version(self) -> str:
        return self.routing.version

    def of(self, kind: type[R]) -> tuple[R, ...]:
        """The rules of a kind."""
        return tuple(rule for rule in self.rules if isinstance(rule, kind))


def load_rules(folder: Path | None) -> RuleSet:
    """The rules in a folder, or the bundled ones.

    Raises:
        FrameError: something is missing or wrong; names file, line and field.
    """
    folder = folder or BUNDLED
    routing = read(folder / _ROUTING).parse(Routing)
    files = sorted(path for path in folder.glob("*.yaml") if path.name != _ROUTING)
    if not files:
        raise FrameError(folder, None, "", "holds no *.yaml file of rules")
    rules: dict[str, Rule] = {}
    for source in map(read, files):
        _add(rules, source)
    for at, route in enumerate(routing.routes):
        for name in route.rules:
            if name not in rules:
                raise read(folder / _ROUTING).error(("routes", at, "rules"), f"no rule is called {name}")
    return RuleSet(tuple(rules.values()), routing)


def _add(rules: dict[str, Rule], source: Source) -> None:
    for at, rule in enumerate(source.parse(RuleFile).rules):
        if rule.id in rules:
            raise source.error(("rules", at, "id"), f"{rule.id} is given twice")
        rules[rule.id] = rule
