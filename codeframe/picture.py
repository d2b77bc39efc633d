"""A score as a picture: F1 by label, and how far the coder's confidences hold."""

from __future__ import annotations

from pathlib import Path

from codeframe.scoring import Score

_MOST = 24
_FONTS = ["Noto Sans CJK SC", "Noto Serif CJK SC", "Source Han Sans SC", "PingFang SC", "Microsoft YaHei", "SimHei", "DejaVu Sans"]
_BLUE, _RED, _GREY = "#1f6feb", "#cf222e", "#8c959f"


def draw(score: Score, file: Path) -> None:
    """Draw a score's most frequent labels and its reliability curve into a .png or .svg file.

    Raises:
        ImportError: the extra `report` is not installed.
    """
    from matplotlib import rc_context  # noqa: PLC0415 - an extra
    from matplotlib.figure import Figure  # noqa: PLC0415

    labels = list(score.labels.items())[:_MOST][::-1]
    known = {"font.family": _known_fonts(), "svg.fonttype": "none"}
    with rc_context(known):
        figure = Figure(figsize=(12, max(4.5, 0.26 * len(labels) + 1.5)), layout="constrained")
        bars, curve = figure.subplots(1, 2, width_ratios=(3, 2))
        figure.suptitle(
            f"{score.crosswalk}, {score.texts} texts: " + ", ".join(f"{name} {value:.3f}" for name, value in score.metrics.items())
        )
        drawn = bars.barh([label for label, _ in labels], [row.f1 for _, row in labels], color=_BLUE)
        bars.bar_label(drawn, [f" {row.f1:.2f} of {row.actual}" for _, row in labels], fontsize=8)
        bars.set(xlim=(0, 1.2), xlabel="F1, and how often the label is right", xticks=[0, 0.25, 0.5, 0.75, 1])
        curve.plot([0, 1], [0, 1], "--", color=_GREY, label="calibrated")
        curve.plot(
            [one.confidence for one in score.reliability], [one.right for one in score.reliability], "o-", color=_RED, label="measured"
        )
        for one in score.reliability:
            curve.annotate(str(one.size), (one.confidence, one.right), fontsize=8, xytext=(4, 4), textcoords="offset points")
        curve.set(xlim=(0, 1), ylim=(0, 1.05), xlabel="confidence", ylabel="share that was right", aspect="equal")
        curve.legend(loc="lower right")
        figure.savefig(file, dpi=110)


def _known_fonts() -> list[str]:
    """Those of our fonts that this machine has: a name that it does not know is warned of again and again."""
    from matplotlib import font_manager  # noqa: PLC0415

    known = {font.name for font in font_manager.fontManager.ttflist}
    return [name for name in _FONTS if name in known]
