"""Utterances that do not count as a customer's words: empty, machine-made, said before. They are marked, never dropped."""

from __future__ import annotations

import re
from hashlib import blake2b
from uuid import UUID

from codeframe.text import sight as see
from codeframe.text.kinds import PLACEHOLDER

_PLACEHOLDER = re.compile(PLACEHOLDER.pattern.lower())
_SILENT = re.compile(r"[\W_]+")
_URL = re.compile(r"(?:https?://|www\.)[^\s，。！？）)\u4e00-\u9fff]+", re.IGNORECASE)
_EMOJI = re.compile("[\u2600-\u27bf\u2b50\u2b55\u203c\u2049\U0001f000-\U0001faff]")
_MASH = re.compile(r"(?:([a-z0-9]{1,4})\1{3,}|(?:asdf|qwer|zxcv|hjkl|jkl|sdf|dfg|fgh|ghj){2,}[a-z]{0,3}|[bcdfghjklmnpqrstvwxz]{8,})")

_WHOLE = re.compile(
    r"(?:系统)?默认(?:给出?)?(?:好评|五星)(?:好评)?|(?:此|该|本)(?:用户|客户|买家|会员)(?:暂?没有?|未|没)(?:及时|有)?(?:填写|作出|做出|发表|留下|提供)?(?:任何)?(?:评价|评论|内容|文字)(?:内容)?"
    r"|(?:用户|客户|买家)?未(?:及时)?(?:填写)?(?:主动)?(?:评价|作答|填写)(?:内容)?(?:系统默认好评)?|评价方未(?:及时)?(?:做出|作出)评价系统默认好评?|暂无(?:评价|评论|内容)"
    r"|(?:图片|语音|视频|表情|文件|动画表情|链接|位置|名片|小程序|红包|转账|聊天记录|语音通话|视频通话|撤回了?一条消息|对方(?:已)?撤回了?一条消息|你撤回了一条消息)(?:消息)?"
    r"|我通过了你的(?:朋友验证|好友)请求现在我们可以开始聊天了|以上是打招呼的?内容|(?:你|您)已添加了.{1,20}现在可以开始聊天了"
    r"|null|none|nan|n/?a|undefined|test|测试|测试数据|lorem ipsum.*"
)
_PART = re.compile(
    r"自动回复|自动应答|系统(?:自动)?(?:提示|通知|消息|生成)|本(?:邮件|短信|消息)(?:由|为)系统|请勿(?:直接)?回复|回复?td?退订|退订回|验证码(?:为|是|[:：])|"
    r"您好[，,]?(?:我)?(?:现在|目前|暂时)?(?:有事)?不在[^。]{0,12}(?:稍后|回来|尽快)(?:再)?(?:与您联系|回复|联系您)|感谢您的(?:关注|来电|留言|评价)[^。]{0,20}(?:稍后|尽快|回复|祝您|我们会)|"
    r"欢迎关注[^。]{0,20}(?:公众号|官方|微信)|(?:很高兴|非常荣幸)为您服务[^。]{0,16}(?:请问|有什么)|人工服务请按|请(?:输入|回复)数字|转人工|智能客服|机器人(?:小|为您)|"
    r"auto(?:matic|mated)?[ -]?(?:reply|response|message)|this is an automat|out of office|do not reply|no-?reply|unsubscribe|"
    r"your verification code|"
    r"i am a (?:chat)?bot|as an ai (?:language )?model"
)
TEMPLATE_PAIRS = see.pairs("自动 系统 请勿 退订 验证 您好 感谢 欢迎 为您 请按 数字 转人 能客 器人")
"""No Chinese template is without one of these, and no English one without two letters in a row."""
_DIGEST_BYTES = 16


def fingerprint(words: str) -> str:
    """A hash of a text's words: equal for texts that say the same letter by letter."""
    return blake2b(words.encode(errors="surrogatepass"), digest_size=_DIGEST_BYTES).hexdigest()


def is_silent(text: str) -> bool:
    """Whether a text without words says nothing with an emoji either."""
    return not _EMOJI.search(text)


def is_machine_made(look: see.Look) -> bool:
    """Whether a system wrote it or nobody meant it: a template, an automatic reply, only links or figures, keyboard mash."""
    rest, words = look.folded, look.words
    if "[" in rest:
        rest = _PLACEHOLDER.sub("", rest)
    if "http" in rest or "www." in rest:
        rest = _URL.sub("", rest)
    if rest is not look.folded:
        words = _SILENT.sub("", rest)
    if words.isdigit() or not (words or _EMOJI.search(rest)):
        return True
    part = look.sight & (see.TEMPLATE | see.LETTERS) and _PART.search(look.folded)
    return bool(part or _WHOLE.fullmatch(words) or (words.isascii() and _MASH.fullmatch(words)))


class Memory:
    """What customers have said lately: hashes of who and what, and of the event that said it first; of the last `capacity` at most,
    and of half as many at least. An entry takes some 150 bytes."""

    def __init__(self, capacity: int) -> None:
        self._lately: dict[int, int] = {}
        self._before: dict[int, int] = {}
        self._half = max(1, capacity // 2)

    def is_duplicate(self, who: str, what: str, event_id: UUID) -> bool:
        """Whether another event of `who` said `what` before. A replay of the first event is not its own duplicate."""
        said, event = hash((who, what)), hash(event_id)
        first = self._before.get(said)
        if first is None:
            first = self._lately.setdefault(said, event)
            if len(self._lately) >= self._half:
                self._before, self._lately = self._lately, {}
        return first != event
