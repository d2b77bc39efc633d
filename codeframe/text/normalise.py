"""Bring a text as typed, pasted or exported into one clean form, and remember where each character came from."""

from __future__ import annotations

import re
from collections.abc import Callable
from html import unescape
from typing import TypeAlias

from codeframe.text.align import Aligned, Edit

_ENTITY = re.compile(r"&(?:#\d{1,7}|#[xX][0-9a-fA-F]{1,6}|[A-Za-z][A-Za-z0-9]{1,30});")
_ENTITY_ROUNDS = 3  # texts are seen escaped twice

_BLOCK = "br|p|div|li|ul|ol|tr|table|h[1-6]|hr|blockquote|section|article|header|footer|dd|dt|dl|pre"
_INLINE = (
    "a|abbr|audio|b|big|body|button|center|code|del|em|embed|figure|figcaption|font|form|html|head|i|iframe|img|input|ins|label|link|"
    "mark|meta|nav|noscript|object|option|param|q|s|select|small|source|span|strike|strong|style|sub|sup|svg|tbody|td|textarea|tfoot|"
    "th|thead|time|title|u|var|video|wbr|o:p|script"
)
_MARKUP = re.compile(
    r"<!--.*?-->|<(script|style)\b[^<>]*>.*?</\1\s*>"
    rf"|</?(?P<block>{_BLOCK})(?:\s[^<>]*)?/?>|</?(?:{_INLINE})(?:\s[^<>]*)?/?>|<!doctype[^<>]*>|<\?xml[^<>]*>",
    re.IGNORECASE | re.DOTALL,
)

# Control and format characters, lone surrogates, private use, soft hyphen, emoji variation selectors, joiners, keycaps and
# skin tones: the emoji itself is what carries the feeling, and hidden characters split words and numbers.
_HIDDEN_CHARS = (
    "\x00-\x08\x0e-\x1f\x7f-\x84\x86-\x9f\xad\u034f\u061c\u115f\u1160\u17b4\u17b5\u180b-\u180f\u200b-\u200f\u202a-\u202e\u2060-\u206f\u20e3"
    "\u3164\ud800-\udfff\ue000-\uf8ff\ufe00-\ufe0f\ufeff\uffa0\ufff0-\ufffd\U0001f3fb-\U0001f3ff\U000e0000-\U000e0fff\U000f0000-\U0010ffff"
)
_HIDDEN = re.compile(f"[{_HIDDEN_CHARS}]+")
_SPACE = re.compile(r"[^\S\n\r\x0b\x0c\x85\u2028\u2029]*[\n\r\x0b\x0c\x85\u2028\u2029]\s*|[^\S\n]{2,}|[^\S\n ]")
_REPEATED = re.compile(r"([^\w\s])\1{3,}")
_KEPT_REPEATS = 3
_BREAKS = frozenset("\n\r\x0b\x0c\x85\u2028\u2029")

# Full-width letters, digits and signs. Chinese punctuation is as it should be.
_CHINESE_MARKS = "！（），：；？"
_WIDTH = {code: chr(code - 0xFEE0) for code in range(0xFF01, 0xFF5F) if chr(code) not in _CHINESE_MARKS}
_FULL_WIDTH_CHARS = "".join(map(chr, _WIDTH))
_FULL_WIDTH = re.compile(f"[{_FULL_WIDTH_CHARS}]")
UNCLEAN = rf"[<&{_HIDDEN_CHARS}{_FULL_WIDTH_CHARS}]|[^\S ]"
_UNCLEAN = re.compile(UNCLEAN)

_Replacement: TypeAlias = Callable[[re.Match[str]], str]


def normalise(original: str) -> Aligned:
    """Clean a text; every character of the result knows its place in `original`.

    * HTML entities are decoded, tags, comments, scripts and styles removed; a block's end becomes a line break.
    * Full-width letters, digits and signs become ASCII; Chinese punctuation stays.
    * Hidden characters go. Emoji stay, without variation selectors, joiners and skin tones.
    * White space becomes one space or one line break; a mark or emoji said more than three times is kept three times.
    """
    text = Aligned(original)
    if not (_UNCLEAN.search(original) or "  " in original or _REPEATED.search(original)):
        return text
    for _ in range(_ENTITY_ROUNDS):
        if "&" not in text.text or not _ENTITY.search(text.text):
            break
        text = text.replace(_decode(text.text))
    if "<" in text.text:
        text = _substitute(text, _MARKUP, _markup)
    text = _substitute(text, _HIDDEN, _nothing)
    if _FULL_WIDTH.search(text.text):
        text = text._replace(text=text.text.translate(_WIDTH))
    text = _substitute(text, _SPACE, _space)
    return _substitute(text, _REPEATED, _repeated)


def _substitute(text: Aligned, pattern: re.Pattern[str], new: _Replacement) -> Aligned:
    if not pattern.search(text.text):
        return text
    return text.replace((match.start(), match.end(), new(match)) for match in pattern.finditer(text.text))


def _decode(text: str) -> list[Edit]:
    found = ((match, unescape(match[0])) for match in _ENTITY.finditer(text))
    return [(match.start(), match.end(), new) for match, new in found if new != match[0]]


def _markup(match: re.Match[str]) -> str:
    return "\n" if match["block"] else ""


def _nothing(_: re.Match[str]) -> str:
    return ""


def _space(match: re.Match[str]) -> str:
    return " " if _BREAKS.isdisjoint(match[0]) else "\n"


def _repeated(match: re.Match[str]) -> str:
    return match[1] * _KEPT_REPEATS
