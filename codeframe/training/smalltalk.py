"""How customers talk, written for this project: small talk, which a model must leave alone, and what they say of a frame's tags."""

from __future__ import annotations

from collections import Counter
from itertools import product

from codeframe.examples import read_examples, told
from codeframe.frame import Frame
from codeframe.training.data import Example, fold_of

_WHOLE = """
你好|您好|喂|在吗|在的|嗯|嗯嗯|哦|好|好的|好吧|行|可以|没问题|谢谢|多谢|谢谢你|不客气|再见|拜拜|辛苦了|收到|明白|知道了|了解|对
对的|是的|不是|没有|无|暂无|随便看看|路过|顶|沙发
请问几点关门|你们几点上班|地址在哪里|怎么联系你们|电话多少|麻烦稍等一下|我稍后再打给你|我明天上午过来|明天下午三点可以吗
能发个定位吗|加个微信吧|我叫什么你记一下|请转人工|转人工服务|人工
我想问一下|我再考虑考虑|回头再说|我先挂了|信号不好听不清|你再说一遍|我在开会|晚点联系|我不需要|打错了|发错了|不好意思|没事|没关系
今天天气真好|周末去哪里玩|新年快乐|中秋快乐|祝您生活愉快
我是老客户了|我姓王|我的车是去年买的|我家住在浦东|我们一家三口|我开车五年了|昨天去了一趟店里|上周刚提车|我是上海的|这边是北京
有没有人一起|同问|求解答|关注一下|转发了|看看再说|支持一下|加油
hello|hi|hi there|ok|okay|yes|no|thanks|thank you|thank you very much|bye|good morning|see you|please hold on|who is this
wrong number|call me later|i will call back tomorrow|what time do you close
where are you located|can you repeat that|i will think about it|no comment|none|n/a|nothing|i bought it last year|i live in Boston
my name is John|happy new year|just looking|have a nice day|let me check|one moment please
"""
_WHO = ("", "你好，", "请问", "麻烦", "嗯，", "那个，", "好的，")
_WHAT = (
    "我想咨询一下",
    "帮我转接一下",
    "帮我登记一下",
    "我晚点再来",
    "等我电话",
    "我看一下时间",
    "我跟家里人商量一下",
    "你加我微信",
    "发我一份资料",
)
_END = ("", "。", "吧", "，谢谢")
_SPOKEN = 7
SAID = "said"


def smalltalk(seed: int = 0) -> list[Example]:
    """Each sentence as an example that nothing is said in."""
    texts = [text for line in _WHOLE.split("\n") for text in line.split("|") if text]
    texts += ["".join(parts) for parts in product(_WHO, _WHAT, _END)]
    return [Example("smalltalk", text, fold_of(text, seed)) for text in texts]


def sentences(frame: Frame) -> list[Example]:
    """What customers say of a frame's tags, in each language, of what models may learn: no set's labels are known of them."""
    return [Example(SAID, text, -1) for one in told(read_examples(frame)) for text in (one.zh, one.en)]


def talk(frame: Frame) -> list[Example]:
    """Small talk, and of a frame's examples that a model may learn the first of each tag, in each language: those are spoken, while later
    ones are also written as surveys and posts are, from which talk is to be told."""
    seen: Counter[str] = Counter()
    said = list(smalltalk())
    for one in told(read_examples(frame)):
        seen[one.tag] += 1
        if seen[one.tag] <= _SPOKEN:
            said += [Example(SAID, text, -1) for text in (one.zh, one.en)]
    return said
