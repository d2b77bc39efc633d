# ruff: noqa: PLR2004 - the targets are the numbers
"""`python -m benchmarks.worlds`: plant truths in a simulated world, and see whether the analyses find them.

Prints every figure and writes build/worlds.json. SEED chooses the world, CUSTOMERS its size; the exit code is 1 where a
figure misses its target.
"""

from __future__ import annotations

import json
import os
import sys
from collections.abc import Callable
from pathlib import Path
from typing import Any

from benchmarks.worlds import analytics, attribution

OUT = Path("build/worlds.json")

TARGETS: dict[str, tuple[str, Callable[[dict[str, Any]], bool]]] = {
    "cause_top1": (">= 0.85, or at most 0.05 below cause_best", lambda f: f["cause_top1"] >= min(0.85, f["cause_best"] - 0.05)),
    "cause_ece": ("<= 0.05", lambda f: f["cause_ece"] <= 0.05),
    "coef_coverage": (">= 0.88: a 95 % interval, of a few dozen", lambda f: f["coef_coverage"] >= 0.88),
    "drift_month_error": ("0", lambda f: f["drift_month_error"] == 0),
    "drift_false_alarm": ("<= 0.01", lambda f: f["drift_false_alarm"] <= 0.01),
    "decomposition_residual": ("<= 1e-9", lambda f: f["decomposition_residual"] <= 1e-9),
    "priority_spearman": (">= 0.9", lambda f: f["priority_spearman"] >= 0.9),
}


def main() -> int:
    seed, size = int(os.environ.get("SEED", "1")), int(os.environ.get("CUSTOMERS", "100000"))
    figures: dict[str, Any] = {"seed": seed, "customers": size, **attribution.measure(seed, size), **analytics.measure(seed, size)}
    OUT.parent.mkdir(exist_ok=True)
    OUT.write_text(json.dumps(figures, indent=2) + "\n", "utf-8")
    missed = [name for name, (_, holds) in TARGETS.items() if not holds(figures)]
    for name, value in figures.items():
        target = f"   target {TARGETS[name][0]}{'   MISSED' if name in missed else ''}" if name in TARGETS else ""
        if not isinstance(value, list):
            print(f"{name:32} {value:.4g}{target}" if isinstance(value, float) else f"{name:32} {value}{target}")
    print(f"written to {OUT}")
    return 1 if missed else 0


if __name__ == "__main__":
    sys.exit(main())
