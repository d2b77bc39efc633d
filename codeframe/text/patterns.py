"""Structured personal data: what can be told by its shape, its checksum, or a cue before it.

The finders take readings of a text (see `readings`), which have its length, so that what they find is found in the text.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from unicodedata import decimal

from codeframe.folding import fold
from codeframe.text import sight as see
from codeframe.text.checksums import is_card, is_id_card, is_vin
from codeframe.text.kinds import PLACEHOLDER, Found, Kind

MASK = "ก"  # a letter that no pattern takes and no gap spans

_SPOKEN = str.maketrans("零〇洞一幺二两三四五六七拐八九勾", "0001122345677899")
_SPELT_DIGITS = "零〇洞一幺二两三四五六七拐八九勾"
_DIGIT = f"[0-9{_SPELT_DIGITS}]"
_SPELT = re.compile(rf"{_DIGIT}(?:[ ,，、\-]{{0,2}}{_DIGIT}){{6,}}")
_SPELT_HEAD = re.compile(rf"(?:[{_SPELT_DIGITS}][ ,，、\-]{{0,2}}){{4}}")
SPELT_PAIRS = ((_SPELT_DIGITS, f"{_SPELT_DIGITS} ,，、-"),)
_COMMAS = str.maketrans(",，、", "   ")

_S = r"[ \-–—._·]{0,2}"
_UNIT = r"(?! ?(?:元|块|万|公里|千米|km|英里|miles?|%|年|款|转|rpm))"
_ORDER = re.compile(
    r"(?:订单|工单|单号|编号|流水|合同|运单|快递|件号|零件|配件|备件|发票|回执|受理|order|ticket|invoice|part|ref)"
    r"(?:[号码编是为:：#. ]|number|no|id|is){0,6}$"
)
_ORDER_REACH = 20

_EMAIL = re.compile(r"[a-z0-9][a-z0-9._%+\-]{0,63} ?(?:@|\(at\)|\[at\]) ?(?:[a-z0-9\-]{1,63}\.){1,4}[a-z]{2,24}")
_VIN = re.compile(r"(?<![a-z0-9])[a-hj-npr-z0-9]{17}(?![a-z0-9])")
_CHINESE_VIN = re.compile(r"l(?=.*[a-z]).{12}\d{4}")
_VIN_DIGITS = 3
_VIN_CUE = re.compile(
    r"(?:\bvin|车架|底盘号|识别码|识别代号|车辆识别|大架号|chassis|frame number)"
    r"(?:[号码的是为后六八前位:：# ,，()（）]|number|no\.?|code|is){0,8}"
    r"((?:[a-z0-9][ \-]?){16}[a-z0-9]|[a-z0-9]{6,20})(?![a-z0-9])"
)
_ID_CUE = re.compile(
    r"(?:身份证|身分证|证件号?|身份号|护照|通行证|驾驶证|驾照|\bid ?card|\bid no|identity|passport)"
    r"(?:[号码的是为件:：# ,，]|number|no\.?|is){0,8}([a-z]{0,2}[0-9](?:[ \-]?[0-9x*]){5,25}(?:\([0-9a]\))?)"
)
_CARD_CUE = re.compile(
    r"(?:银行卡|卡号|信用卡|储蓄卡|借记卡|账号|帐号|账户|bank card|card number|account)"
    r"(?:[号码的是为里:：# ,，中国工商建设农业银行招交通邮政]|number|no\.?|is){0,10}([0-9](?:[ \-]?[0-9]){7,25})" + _UNIT
)
_LONG = re.compile(r"(?<!\d)\d(?:[ \-]{0,2}\d){13,}(?:[ \-]?x(?![a-z0-9]))?")
_LONGEST_CARD = 19
_GROUP = re.compile(r"\d+x?|x")
_STAMP = re.compile(r"20[12]\d(?:0[1-9]|1[0-2])(?:0[1-9]|[12]\d|3[01])")

_MOBILE = re.compile(rf"(?<!\d)(?<!\d\.)(?:[(（]?(?:\+|00)?86[)）]?{_S})?(1{_S}[3-9](?:{_S}\d){{9}})(?!\d){_UNIT}")
_MOBILE_GROUPS = {(3, 4, 4), (3, 3, 5), (3, 8), (4, 4, 3), (7, 4), (4, 7), (5, 6)}
_LANDLINE = re.compile(
    r"(?<![a-z\d])(?<!\d[.\-])(?:\+?86[ \-]?)?(?:[(（]0(?:10|2\d|[3-9]\d\d)[)）]|0(?:10|2\d|[3-9]\d\d))[ \-–—]{0,2}[2-9](?:[ \-]?\d){6,7}"
    r"(?:(?:转|分机|ext\.?|-) ?\d{1,5})?(?!\d)"
)
_ABROAD = re.compile(
    r"\+ ?\d{1,3}[ .\-]?(?:\(0?\d{1,4}\)|\d{1,4})(?:[ .\-]?\d{2,5}){1,4}(?!\d)"
    r"|(?<![\d\-.])(?:1[ .\-])?(?!400|800)(?:\([2-9]\d\d\) ?|[2-9]\d\d[ .\-])[2-9]\d\d[ .\-]\d{4}(?!\d)"
    r"|(?<!\d)\(?0(?:7\d{3}|[12]\d{1,3})\)?[ \-]?\d{3,4}[ \-]?\d{3,4}(?!\d)"
)
_ABROAD_DIGITS = range(8, 16)
_MOBILE_LENGTH = 10
_LOCAL = re.compile(
    r"(?:电话|座机|固话|手机|号码|联系方式|联系我|致电|拨打|打给我|短信|\b(?:call|phone|tel|mobile|cell|whatsapp|text|reach)\b)"
    r"(?:[号码是为:：,，. 我在呢啊]|number|no\.|is|me|on|at){0,8}(?!400|800)(\d(?:[ \-]?\d){6,14})(?!\d)" + _UNIT
)
_WORDS = "(?:zero|oh|one|two|three|four|five|six|seven|eight|nine|double|triple)"
_SAID_HEAD = re.compile(rf"{_WORDS}[ ,-]{{1,2}}{_WORDS}[ ,-]")
_SAID = re.compile(rf"\b{_WORDS}(?:[ ,\-]{{1,2}}{_WORDS}){{6,}}\b")

_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
PLATE_PAIRS = ((_PROVINCES, " abcdefghijklmnopqrstuvwxyz"),)
_PLATE = re.compile(
    rf"([{_PROVINCES}])[ ]?[a-z][ ·•.\-・]?"
    rf"((?:[a-z0-9]|{_DIGIT}){{4,5}}(?:[a-z0-9挂学警港澳]|{_DIGIT}))(?![a-z0-9])"
)
_PLATE_CUE = re.compile("车牌|牌照|牌号|车号|号牌|上牌|plate")
_PLATE_REACH = 12
_SOME_DIGIT = re.compile(_DIGIT)
_MODEL = re.compile("[0-9]{3}el")

_WECHAT = re.compile(
    r"(?:微信|薇信|威信|v信|wechat|weixin|(?<![a-z])(?:vx|wx)(?![a-z])|加我?v(?![a-z]))((?:[号是为叫:：,， ]|账号|帐号|id|is|me|my){0,6})"
    r"([a-z][a-z0-9_\-]{5,19}|\d{6,20})(?![a-z0-9_])" + _UNIT
)
_WXID = re.compile(r"\bwxid_[a-z0-9]{6,30}")
_QQ = re.compile(r"(?:(?<![a-z])qq|扣扣|企鹅号|(?<![a-z])q号)(?:[号码群是为:：,， 邮箱]|number|is){0,6}([1-9]\d{4,11})(?!\d)" + _UNIT)

_SOME_DIGITS = re.compile(r"\d(?:[^\n]{0,2}\d){4}")
_DECIMALS = "".join(chr(code) for code in range(0x80, 0x10000) if chr(code).isdecimal())
OTHER_DIGIT = f"[{_DECIMALS}\U0001d7ce-\U0001d7ff]"
_OTHER_DIGIT = re.compile(OTHER_DIGIT)


def readings(look: see.Look) -> list[tuple[str, int]]:
    """A text as the finders want it, and once more with digits that were spelt out, where there are any; each with what is seen in it.

    A reading is as long as the text: folded, with the placeholders masked.
    """
    plain, sight = look.folded, look.sight
    if "[" in look.text:
        plain, sight = fold(PLACEHOLDER.sub(lambda match: MASK * len(match[0]), look.text)), see.EVERYTHING
    if sight & see.OTHER_DIGIT:
        plain, sight = _OTHER_DIGIT.sub(lambda match: str(decimal(match[0])), plain), see.EVERYTHING
    spelt = _SPELT.sub(_spelt, plain) if sight & see.SPELT and _SPELT_HEAD.search(plain) else plain
    return [(plain, sight)] if spelt == plain else [(plain, sight), (spelt, see.EVERYTHING)]


def _spelt(match: re.Match[str]) -> str:
    return match[0] if match[0].isascii() else match[0].translate(_COMMAS).translate(_SPOKEN)


def find_structured(reading: str, sight: int) -> Iterator[Found]:
    """Everything that has a shape, in no order; what is found may overlap."""
    if "@" in reading or "at]" in reading or "at)" in reading:
        yield from _spans(_EMAIL, reading, Kind.EMAIL)
    if sight & see.CODE:
        yield from _vins(reading)
        yield from _wechats(reading)
    if sight & see.PLATE:
        yield from _plates(reading)
    if sight & see.DIGIT and _SOME_DIGITS.search(reading):
        yield from _numbers(reading)
    if sight & see.LETTERS and _SAID_HEAD.search(reading):
        yield from _spans(_SAID, reading, Kind.PHONE)


def _numbers(text: str) -> Iterator[Found]:
    yield from _spans(_ID_CUE, text, Kind.ID_CARD, 1)
    yield from _spans(_CARD_CUE, text, Kind.BANK_CARD, 1)
    yield from _spans(_QQ, text, Kind.QQ, 1)
    for match in _LONG.finditer(text):
        if not _is_order(text, match.start()):
            yield from _cards(text, match)
    yield from (found for found in _phones(text) if not _is_order(text, found.start))


def _phones(text: str) -> Iterator[Found]:
    for match in _MOBILE.finditer(text):
        if _is_grouped(match[1]):
            yield Found(match.start(), match.end(), Kind.PHONE)
    yield from _spans(_LANDLINE, text, Kind.LANDLINE)
    for match in _ABROAD.finditer(text):
        if sum(char.isdigit() for char in match[0]) in _ABROAD_DIGITS:
            yield Found(match.start(), match.end(), Kind.PHONE)
    for match in _LOCAL.finditer(text):
        if not _is_order(text, match.start()):
            yield Found(match.start(1), match.end(1), Kind.PHONE if len(match[1]) >= _MOBILE_LENGTH else Kind.LANDLINE)


def _is_grouped(number: str) -> bool:
    """Whether a number is written as people write a mobile's, and is not a list of figures."""
    groups = tuple(map(len, re.findall(r"\d+", number)))
    gaps = set(re.findall(r"\D+", number))
    return len(groups) == 1 or groups in _MOBILE_GROUPS or (len(gaps) == 1 and "." not in gaps)


def _is_order(text: str, start: int) -> bool:
    return bool(_ORDER.search(text, max(0, start - _ORDER_REACH), start))


def _cards(text: str, run: re.Match[str]) -> Iterator[Found]:
    """Identity and bank cards in a run of digits, whose groups may belong to several numbers."""
    groups = [(match[0], match.start(), match.end()) for match in _GROUP.finditer(text, run.start(), run.end())]
    first = 0
    while first < len(groups):
        digits = ""
        best: tuple[int, Kind] | None = None
        for last in range(first, len(groups)):
            digits += groups[last][0]
            if len(digits) > _LONGEST_CARD:
                break
            if kind := _card_kind(digits):
                best = last, kind
        if best:
            yield Found(groups[first][1], groups[best[0]][2], best[1])
        first = best[0] + 1 if best else first + 1


def _card_kind(digits: str) -> Kind | None:
    if is_id_card(digits):
        return Kind.ID_CARD
    return Kind.BANK_CARD if is_card(digits) and not _STAMP.match(digits) else None


def _vins(text: str) -> Iterator[Found]:
    for match in _VIN.finditer(text):
        # A Chinese maker's number, L and a serial of digits at its end, is told even where its check digit is mistyped.
        if _CHINESE_VIN.fullmatch(match[0]) or (is_vin(match[0]) and not match[0].isdigit()):
            yield Found(match.start(), match.end(), Kind.VIN)
    for match in _VIN_CUE.finditer(text):
        if sum(char.isdigit() for char in match[1]) >= _VIN_DIGITS:
            yield Found(match.start(1), match.end(1), Kind.VIN)


def _wechats(text: str) -> Iterator[Found]:
    yield from _spans(_WXID, text, Kind.WECHAT)
    for match in _WECHAT.finditer(text):
        named = match[1].strip(" ,，")
        if named or not match[2].isalpha():
            yield Found(match.start(2), match.end(2), Kind.WECHAT)


def _plates(text: str) -> Iterator[Found]:
    for match in _PLATE.finditer(text):
        # 新 is Xinjiang and also "new": 新E300eL is a car.
        model = match[1] == "新" and _MODEL.fullmatch(match[2])
        if _SOME_DIGIT.search(match[2]) and (not model or _PLATE_CUE.search(text, max(0, match.start() - _PLATE_REACH), match.start())):
            yield Found(match.start(), match.end(), Kind.PLATE)


def _spans(pattern: re.Pattern[str], text: str, kind: Kind, group: int = 0) -> Iterator[Found]:
    return (Found(match.start(group), match.end(group), kind) for match in pattern.finditer(text))
