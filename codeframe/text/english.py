"""English names and street addresses, by cue and capitals."""

from __future__ import annotations

import re
from collections.abc import Iterator

from codeframe.text.kinds import Found, Kind

_CAPITAL = r"[A-Z][a-z]+(?:[-'’][A-Z]?[a-z]+)*"
_FULL = rf"{_CAPITAL}(?: [A-Z]\.)?(?: (?:de |van |von |Mc|O['’])?{_CAPITAL}){{0,2}}"
_TITLED = re.compile(rf"\b(?:Mr|Mrs|Ms|Miss|Dr|Prof|Sir)\.? ({_FULL})")
_NAMED = re.compile(
    rf"\b(?i:my name is|my name['’]s|name is|named|name:|called|contact person is|contact:|ask for|speak (?:to|with)|spoke (?:to|with)|"
    rf"talked (?:to|with)|dealt with|sales ?(?:man|person|woman|rep) (?:was|is)|(?:regards|sincerely|cheers|thanks|thank you),)\s({_FULL})"
)
_LOWER = re.compile(r"\b(?i:my name is|my name['’]s) ([a-z]{2,15}(?: [a-z]{2,15})?)(?= (?:and|my|i|from|the|a|your|but|with)\b|[.,;!\n]|$)")
_PRESENTED = re.compile(rf"\b(?:I am|I['’]m|This is|this is) ({_CAPITAL} (?:[A-Z]\. )?{_CAPITAL})(?= |[.,;!\n]|$)")

_STREET = (
    "(?:Street|St|Avenue|Ave|Road|Rd|Boulevard|Blvd|Lane|Ln|Drive|Dr|Court|Ct|Terrace|Place|Pl|Square|Sq|Way|Crescent|Close|"
    "Parkway|Pkwy|Highway|Hwy)"
)
_TAIL = (
    r"\.?(?:,? ?(?:Apt|Apartment|Unit|Suite|Ste|Flat|No|#)\.? ?#?\w{1,6})?(?:, ?[A-Z][a-z]+(?: [A-Z][a-z]+)?){0,2}"
    r"(?:,? [A-Z]{2} \d{5}(?:-\d{4})?|,? [A-Z]{1,2}\d[A-Z\d]? \d[A-Z]{2})?"
)
_ADDRESS = re.compile(
    r"\b(?:(?:Flat|Apt|Unit|Suite) \w{1,5},? )?\d{1,5}[A-Za-z]? (?:[NSEW]\.? )?(?!Wheel|Star|Test|MPG|Mile)"
    r"(?:[A-Z][A-Za-z'’]+ |\d{1,3}(?:st|nd|rd|th) ){1,4}"
    rf"{_STREET}\b{_TAIL}"
)
_LIVES = re.compile(
    rf"(?i:\b(?:live at|lives at|living at|address is|address:|(?:deliver|ship)(?:ed|ped)?(?: (?:it|them|the car))? to|home at)) ?"
    rf"(\d{{1,5}}[A-Za-z]? (?:[A-Za-z0-9'’]+ ){{1,4}}?(?i:{_STREET})\b{_TAIL})"
)
_HEAD = re.compile("[A-Z][a-z]|name|live|living|address|deliver|ship|home")
_NOT_NAMES = frozenset({"the", "this", "that", "very", "not", "just", "happy", "sad", "sorry", "a", "an", "my", "your", "our", "it"})


def find(text: str) -> Iterator[Found]:
    """Names after a title or an introduction, and numbered streets, in text whose capitals are kept."""
    if not _HEAD.search(text):
        return
    for pattern in (_TITLED, _NAMED, _LOWER, _PRESENTED):
        for match in pattern.finditer(text):
            if match[1].split()[0].lower() not in _NOT_NAMES:
                yield Found(*match.span(1), Kind.NAME)
    for match in _ADDRESS.finditer(text):
        yield Found(*match.span(), Kind.ADDRESS)
    for match in _LIVES.finditer(text):
        yield Found(*match.span(1), Kind.ADDRESS)
