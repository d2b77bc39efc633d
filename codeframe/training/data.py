"""Labelled texts: five public sets, read by their own columns, as one list of examples with seeded folds.

| file | labels |
|---|---|
| bdci2018_auto.csv | ten subjects, each negative, neutral or positive |
| auto_complaints_multilabel.csv | codes of a public complaint taxonomy, several a title |
| auto_complaints_2024.csv | one of 19 classes |
| absa_terms.csv | an aspect term in the text, and its polarity |
| edmunds_aspects.csv | nine aspects, each negative or positive |

A label is a group, `crosswalk/code` (see codeframe.learned). Eight of the Edmunds aspects are subjects of BDCI too and share their
groups, so that a subject is learned from Chinese and English alike.
"""

from __future__ import annotations

import csv
import hashlib
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from codeframe.learned.vehicle import NO_VEHICLE, Vehicle

FOLDS = 5
NEGATIVE, NEUTRAL, POSITIVE = 0, 1, 2

SUBJECTS = ("动力", "价格", "油耗", "操控", "舒适性", "配置", "安全性", "内饰", "外观", "空间")
EDMUNDS_SUBJECTS = {
    "Value": "价格",
    "Size": "空间",
    "Comfort_Drive": "舒适性",
    "Interior": "内饰",
    "Appearance_Exterior": "外观",
    "Power_Performance": "动力",
    "Safety": "安全性",
    "Mpg_Efficiency": "油耗",
}
MAINTENANCE = "Maintanence"
ASPECT_GROUPS = (*(f"bdci2018/{name}" for name in SUBJECTS), f"edmunds/{MAINTENANCE}")
CATEGORIES = (
    "发动机", "车身", "电气设备", "传动系", "销售欺诈", "附加设备", "制动系", "服务态度", "动力电池及电源管理系统", "转向系",
    "其他原因", "承诺不兑现", "轮胎和车轮", "悬架系", "电力驱动系统", "配件争议", "服务收费", "人员技术", "气囊和安全带",
)  # fmt: skip
CATEGORY_GROUPS = tuple(f"complaints2024/{name}" for name in CATEGORIES)


class DataError(ValueError):
    """A data file cannot be used: names the file, the line and the column."""


@dataclass(frozen=True, slots=True)
class Mention:
    """An aspect term at [start, end) of the text, and the polarity of what is said of it."""

    start: int
    end: int
    polarity: int


@dataclass(frozen=True, slots=True)
class Example:
    """A text and what its set says of it; what the set does not label is unknown, not absent.

    `aspects` maps a group to a polarity; `codes` are complaint codes; `category` is a class of complaint.
    """

    source: str
    text: str
    fold: int
    aspects: dict[str, int] = field(default_factory=dict)
    codes: frozenset[str] = frozenset()
    category: str | None = None
    subtype: str | None = None
    mentions: tuple[Mention, ...] = ()
    domain: str = "car"
    vehicle: Vehicle = NO_VEHICLE


def letters(text: str) -> str:
    """The text's letters and digits alone, lower case: what two copies of a text share."""
    return re.sub(r"[\W_]+", "", unicodedata.normalize("NFKC", text).lower())


def fold_of(text: str, seed: int = 0) -> int:
    """The fold of a text, by SHA-1 of its letters: copies of a text never lie on both sides of a split."""
    salt = "fold" if seed == 0 else f"fold{seed}"
    return int(hashlib.sha1((salt + letters(text)).encode(), usedforsecurity=False).hexdigest(), 16) % FOLDS


def _rows(path: Path, *columns: str) -> Iterator[tuple[int, dict[str, str]]]:
    with path.open(encoding="utf-8-sig", newline="") as file:
        reader = csv.DictReader(file)
        missing = [name for name in columns if name not in (reader.fieldnames or ())]
        if missing:
            raise DataError(f"{path.name}: no column {', '.join(missing)}")
        for row in reader:
            yield reader.line_num, row


def _polarity(value: str, where: str) -> int:
    try:
        return {-1: NEGATIVE, 0: NEUTRAL, 1: POSITIVE}[int(float(value))]
    except (ValueError, KeyError):
        raise DataError(f"{where}: the polarity must be -1, 0 or 1") from None


def read_bdci(path: Path, seed: int = 0) -> list[Example]:
    """Car reviews with ten subjects."""
    texts: dict[str, tuple[str, dict[str, int]]] = {}
    for line, row in _rows(path, "content_id", "content", "subject", "sentiment_value"):
        if row["subject"] not in SUBJECTS:
            raise DataError(f"{path.name}:{line}: subject is none of {', '.join(SUBJECTS)}")
        polarity = _polarity(row["sentiment_value"], f"{path.name}:{line}: sentiment_value")
        texts.setdefault(row["content_id"], (row["content"].strip(), {}))[1][f"bdci2018/{row['subject']}"] = polarity
    return [Example("bdci2018", text, fold_of(text, seed), aspects=aspects) for text, aspects in texts.values()]


def read_complaints(path: Path, seed: int = 0) -> list[Example]:
    """Complaint titles with codes such as `A63,B33,`."""
    examples = []
    for _, row in _rows(path, "desc", "problem"):
        text = row["desc"].strip()
        codes = frozenset(code for code in row["problem"].split(",") if code)
        examples.append(Example("complaints", text, fold_of(text, seed), codes=codes))
    return examples


def read_complaints_2024(path: Path, seed: int = 0) -> list[Example]:
    """Complaint texts with one class, and their vehicle where the file names it; a row without a known class or text is left out."""
    examples = []
    for _, row in _rows(path, "投诉简述", "投诉问题", "问题类型"):
        text, category = row["投诉简述"].strip(), row["投诉问题"]
        if text and category in CATEGORIES:
            fold = fold_of(text, seed)
            vehicle = Vehicle(row.get("投诉品牌"), " ".join(row.get(column) or "" for column in ("投诉车系", "投诉车型")).strip())
            examples.append(Example("complaints2024", text, fold, category=category, subtype=row["问题类型"] or None, vehicle=vehicle))
    return examples


def read_absa(path: Path, seed: int = 0) -> list[Example]:
    """Aspect terms; one example a text, with all its terms."""
    texts: dict[str, tuple[str, dict[tuple[int, int], int]]] = {}
    for line, row in _rows(path, "domain", "text", "text_masked", "aspect", "polarity"):
        start = row["text_masked"].find("$T$")
        end = start + len(row["aspect"])
        if start < 0 or row["text"][start:end] != row["aspect"]:
            raise DataError(f"{path.name}:{line}: text_masked does not mark the aspect of text")
        if row["polarity"] not in {"Positive", "Negative"}:
            raise DataError(f"{path.name}:{line}: polarity must be Positive or Negative")
        polarity = POSITIVE if row["polarity"] == "Positive" else NEGATIVE
        texts.setdefault(row["text"], (row["domain"], {}))[1][start, end] = polarity
    return [
        Example("absa", text, fold_of(text, seed), mentions=tuple(Mention(*at, p) for at, p in found.items()), domain=domain)
        for text, (domain, found) in texts.items()
    ]


def read_edmunds(path: Path, seed: int = 0) -> list[Example]:
    """English owner reviews; an aspect of 0 is one that the review does not judge."""
    columns = {**{name: f"bdci2018/{subject}" for name, subject in EDMUNDS_SUBJECTS.items()}, MAINTENANCE: f"edmunds/{MAINTENANCE}"}
    examples = []
    for line, row in _rows(path, "Review", *columns):
        text = row["Review"].strip()
        marks = {group: _polarity(row[name] or "0", f"{path.name}:{line}: {name}") for name, group in columns.items()}
        aspects = {group: polarity for group, polarity in marks.items() if polarity != NEUTRAL}
        examples.append(Example("edmunds", text, fold_of(text, seed), aspects=aspects))
    return examples


READERS = {
    "bdci2018_auto.csv": read_bdci,
    "auto_complaints_multilabel.csv": read_complaints,
    "auto_complaints_2024.csv": read_complaints_2024,
    "absa_terms.csv": read_absa,
    "edmunds_aspects.csv": read_edmunds,
}


def read_taxonomy(path: Path) -> dict[str, tuple[str, str]]:
    """The complaint taxonomy: code -> (head, item)."""
    return {row["code"]: (row["top_name"], row["item"]) for _, row in _rows(path, "code", "top_name", "item")}


def read_folder(folder: Path, seed: int = 0) -> list[Example]:
    """Every set of which the folder has the file, in a fixed order."""
    examples = [example for name, read in READERS.items() if (folder / name).exists() for example in read(folder / name, seed)]
    if not examples:
        raise DataError(f"{folder}: none of {', '.join(READERS)} is there")
    return examples
