"""Who may import whom, and other rules of the structure that a reviewer should not have to check by eye."""

from __future__ import annotations

import ast
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ALLOWED = {
    "schemas": {"schemas"},
    "codeframe": {"codeframe", "schemas"},
    "streams": {"streams", "schemas"},
    "agents": {"agents", "streams", "codeframe", "schemas"},
}
LONGEST_MODULE = 400


def modules(package: str) -> list[Path]:
    return sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> Iterator[tuple[int, str]]:
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.Import):
            yield from ((node.lineno, alias.name) for alias in node.names)
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}:{node.lineno}: relative import"
            yield node.lineno, node.module or ""


@pytest.mark.parametrize("package", ALLOWED)
def test_imports_follow_the_arrows(package: str) -> None:
    ours = set(ALLOWED) | {"tests", "deploy", "benchmarks"}
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {package} imports {name}"
        for path in modules(package)
        for line, name in imports(path)
        if (top := name.split(".")[0]) in ours and top not in ALLOWED[package]
    ]
    assert wrong == []


def test_agents_do_not_import_each_other() -> None:
    names = {path.stem for path in modules("agents")}
    wrong = [
        f"{path.name}:{line}: imports {name}"
        for path in modules("agents")
        for line, name in imports(path)
        if name.startswith("agents.") and name.split(".")[1] in names - {path.stem}
    ]
    assert wrong == []


def test_only_settings_reads_the_environment() -> None:
    allowed = {"streams/settings.py"}
    reading = [
        str(path.relative_to(ROOT))
        for package in ALLOWED
        for path in modules(package)
        for node in ast.walk(ast.parse(path.read_text("utf-8")))
        if isinstance(node, ast.Call) and ast.unparse(node.func) in {"os.getenv", "os.environ.get"}
    ]
    assert set(reading) <= allowed


def test_the_core_touches_neither_clock_nor_network() -> None:
    wrong = [
        f"{path.relative_to(ROOT)}:{line}: {name}"
        for path in modules("codeframe")
        if "training" not in path.parts  # it reports how long it took
        for line, name in imports(path)
        if name.split(".")[0] in {"aiokafka", "faust", "clickhouse_connect", "httpx", "socket", "time", "urllib", "requests"}
    ]
    assert wrong == []


@pytest.mark.parametrize("package", ALLOWED)
def test_modules_are_short(package: str) -> None:
    lengths = {str(path.relative_to(ROOT)): len(path.read_text("utf-8").splitlines()) for path in modules(package)}
    long = {name: lines for name, lines in lengths.items() if lines > LONGEST_MODULE}
    assert long == {}


def test_packages_hold_no_code_in_their_init() -> None:
    inits = [path for package in ALLOWED for path in modules(package) if path.name == "__init__.py"]
    assert [str(path.relative_to(ROOT)) for path in inits if path.read_text("utf-8")] == []
