"""Labels as arrays: targets and weights of every head for a list of examples.

Every head sees every text. What a set does not label is either left out (weight 0) or, where texts of that kind hardly ever
carry such a label, counted as a weak negative: so a head learns to stay silent outside its own kind of text, and one model
serves every channel at once.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from codeframe.learned.heads import ENGLISH, REMARK, REVIEW, STORY, TITLE
from codeframe.learned.seam import Floats
from codeframe.training.data import ASPECT_GROUPS, CATEGORIES, Example

WEAK = 0.1
"""Weight of a negative that no annotator wrote."""

MAPPED = 0.3
"""Weight of a label carried over from another set's taxonomy, or from a whole text to its part."""

SURE = 2.0
"""Weight from which a teacher has no say."""

KIND_OF_SOURCE = {"bdci2018": REVIEW, "complaints": TITLE, "complaints2024": STORY, "absa": REMARK, "edmunds": ENGLISH}

CATEGORY_OF_HEAD = {
    "发动机/电动机": "发动机", "变速器": "传动系", "离合器": "传动系", "转向系统": "转向系", "制动系统": "制动系", "轮胎": "轮胎和车轮",
    "前后桥及悬挂系统": "悬架系", "服务态度": "服务态度", "人员技术": "人员技术", "服务收费": "服务收费", "承诺不兑现": "承诺不兑现",
    "销售欺诈": "销售欺诈", "配件争议": "配件争议",
}  # fmt: skip
"""Heads of the complaint taxonomy that are one class of the 2024 complaints."""

HEADS_OF_CATEGORY = {
    "发动机": ("发动机/电动机",), "电力驱动系统": ("发动机/电动机",), "传动系": ("变速器", "离合器"), "转向系": ("转向系统",),
    "制动系": ("制动系统",), "轮胎和车轮": ("轮胎",), "悬架系": ("前后桥及悬挂系统",), "车身": ("车身附件及电器",),
    "电气设备": ("车身附件及电器",), "附加设备": ("车身附件及电器",), "气囊和安全带": ("车身附件及电器",),
    "动力电池及电源管理系统": ("发动机/电动机", "车身附件及电器"), "服务态度": ("服务态度",), "人员技术": ("人员技术",),
    "服务收费": ("服务收费",), "承诺不兑现": ("承诺不兑现",), "销售欺诈": ("销售欺诈",), "配件争议": ("配件争议",),
}  # fmt: skip
_SUBTYPE_AS_ITEM = {"漏机油": "漏油", "启动困难": "无法启动"}


@dataclass(frozen=True, slots=True)
class Taxonomy:
    """The complaint codes in order, and the head of each."""

    codes: tuple[str, ...]
    heads: tuple[str, ...]
    head_of: NDArray[np.int64]
    names: tuple[tuple[str, str], ...]

    @staticmethod
    def of(entries: dict[str, tuple[str, str]]) -> Taxonomy:
        """From code -> (head, item)."""
        codes = tuple(entries)
        heads = tuple(dict.fromkeys(head for head, _ in entries.values()))
        return Taxonomy(codes, heads, np.array([heads.index(entries[code][0]) for code in codes]), tuple(entries.values()))

    @property
    def groups(self) -> tuple[str, ...]:
        return tuple(f"complaints/{code}" for code in self.codes)


@dataclass(frozen=True, slots=True)
class Targets:
    """Targets and weights for n texts: aspects (n, 11) as class 0 absent, 1 to 3 polarity; codes (n, c) and heads (n, h) as 0/1;
    category (n,) as class 0 none, 1 to 19; kind (n,) of text, -1 unknown."""

    aspects: NDArray[np.int64]
    aspect_weight: Floats
    codes: Floats
    code_weight: Floats
    heads: Floats
    category: NDArray[np.int64]
    category_weight: Floats
    kind: NDArray[np.int64]

    def take(self, rows: slice) -> Targets:
        return Targets(*(getattr(self, name)[rows] for name in self.__slots__))


def taxonomy_examples(taxonomy: Taxonomy) -> list[Example]:
    """Each code's own name as a text: the only example that a rare code has."""
    return [Example("taxonomy", head.split("/")[0] + item, -1, codes=frozenset({code}))
            for code, (head, item) in zip(taxonomy.codes, taxonomy.names, strict=True)]  # fmt: skip


def _codes_of_complaint(example: Example, by_name: dict[tuple[str, str], str]) -> frozenset[str]:
    item = _SUBTYPE_AS_ITEM.get(example.subtype or "", example.subtype or "")
    heads = HEADS_OF_CATEGORY.get(example.category or "", ())
    return frozenset(by_name[head, item] for head in heads if (head, item) in by_name)


def _set_of(example: Example) -> str:
    return example.domain if example.source == "piece" else example.source


def targets(examples: Sequence[Example], taxonomy: Taxonomy) -> Targets:
    """The targets of `examples`, in order."""
    n, groups = len(examples), {group: i for i, group in enumerate(ASPECT_GROUPS)}
    aspects, aspect_weight = np.zeros((n, len(groups)), np.int64), np.zeros((n, len(groups)), np.float32)
    codes, code_weight = np.zeros((n, len(taxonomy.codes)), np.float32), np.zeros(n, np.float32)
    category, category_weight = np.zeros(n, np.int64), np.full(n, WEAK, np.float32)
    column = {code: i for i, code in enumerate(taxonomy.codes)}
    by_name = {name: code for code, name in zip(taxonomy.codes, taxonomy.names, strict=True)}
    for i, example in enumerate(examples):
        for group, polarity in example.aspects.items():
            aspects[i, groups[group]] = polarity + 1
        labels = example.codes
        match example.source:
            case "bdci2018":
                aspect_weight[i], aspect_weight[i, -1], code_weight[i] = 1, 2 * WEAK, WEAK
            case "edmunds":
                aspect_weight[i], code_weight[i] = 1, WEAK
                aspect_weight[i, [groups["bdci2018/操控"], groups["bdci2018/配置"]]] = 0
            case "absa":
                code_weight[i] = WEAK
            case "complaints":
                aspect_weight[i], code_weight[i] = WEAK, 1
            case "taxonomy":
                code_weight[i] = MAPPED
            case "smalltalk":
                aspect_weight[i], code_weight[i], category_weight[i] = SURE, SURE, SURE
            case "said":
                category_weight[i] = 0
            case "piece":
                category_weight[i] = MAPPED if example.category else 0
                category[i] = CATEGORIES.index(example.category) + 1 if example.category else 0
            case "complaints2024":
                aspect_weight[i], category_weight[i] = WEAK, 1
                category[i] = CATEGORIES.index(example.category or "") + 1
                labels = _codes_of_complaint(example, by_name)
                code_weight[i] = MAPPED if labels else 0
        known = [column[code] for code in labels if code in column]
        codes[i, known] = 1
        if example.source in {"complaints", "taxonomy"}:
            classes = {CATEGORY_OF_HEAD.get(taxonomy.names[c][0]) for c in known}
            single = classes.pop() if len(classes) == 1 else None
            category[i] = CATEGORIES.index(single) + 1 if single else 0
            category_weight[i] = MAPPED if single else 0
    heads = np.zeros((n, len(taxonomy.heads)), np.float32)
    rows, columns = codes.nonzero()
    heads[rows, taxonomy.head_of[columns]] = 1
    kind = np.array([KIND_OF_SOURCE.get(_set_of(example), -1) for example in examples], np.int64)
    return Targets(aspects, aspect_weight, codes, code_weight, heads, category, category_weight, kind)
