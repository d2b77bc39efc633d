"""`voc demo` as a newcomer runs it: nothing is lost, and a task points at the second of a call."""

from __future__ import annotations

import json
import subprocess
import sys
from pathlib import Path

import pytest

from streams.audio.decode import probe
from streams.demo.sample import FOLDER


@pytest.mark.slow
def test_a_task_points_at_the_second_of_a_call(tmp_path: Path) -> None:
    run = subprocess.run([sys.executable, "-m", "streams.cli", "demo", "--json"], capture_output=True, text=True, check=False, cwd=tmp_path)
    assert run.returncode == 0, run.stderr[-2_000:]
    came_out = json.loads(run.stdout)
    assert (came_out["lost"], came_out["duplicates"]) == (0, 0)
    first = came_out["heard"][0]
    with (FOLDER / first["file"]).open("rb") as file:
        duration_s = probe(file).duration_s
    assert duration_s is not None
    assert 0 <= first["start_ms"] < first["end_ms"] <= duration_s * 1_000
    assert first["at"] == f"{first['start_ms'] // 60_000:02}:{first['start_ms'] // 1_000 % 60:02}"
    assert first["tag"] == "quality.brakes.failure"
