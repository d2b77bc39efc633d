"""The models that come with the package."""

from __future__ import annotations

from codeframe.frame import Frame
from codeframe.learned.deep import DeepModel
from codeframe.learned.fast import FastModel
from codeframe.learned.seam import GroupModel
from schemas.coded import Tier


def bundled_model(frame: Frame, tier: Tier) -> GroupModel | None:
    """The model of a tier, or None where the frame lacks a crosswalk that it speaks in: then words alone code.

    Raises:
        ImportError: the deep tier's extra is not installed.
    """
    fast = FastModel.load()
    spoken = {kind.crosswalk for kind in fast.decider.kinds}
    if not all((frame.folder / "crosswalks" / f"{name}.yaml").is_file() for name in spoken):
        return None
    return DeepModel.load() if tier is Tier.DEEP else fast
