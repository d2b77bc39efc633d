"""Short customer texts for measuring speed, made from templates: distinct, so that no cache makes a figure look better than it is."""

from __future__ import annotations

import random

_WHEN = (
    *("上周", "昨天", "提车第{}天", "跑了{}公里以后", "国庆自驾的时候", "早上冷启动", "下雨天", "上高速没多久", "过减速带时"),
    *("堵车的时候", "开了{}个小时", "第{}次保养完"),
)
_WHAT = (
    ("变速箱", ("顿挫很明显", "低速换挡闯动", "倒挡挂不进去", "比老款平顺多了")),
    ("刹车", ("踩下去偏软", "有异响", "抖得厉害", "很线性，脚感好")),
    ("车机", ("老是死机", "语音识别不准", "黑屏重启了两次", "反应很快，界面好看")),
    ("空调", ("制冷慢", "有股霉味", "出风口响", "几分钟就凉下来了")),
    ("座椅", ("坐久了腰疼", "加热不热", "皮子起皱了", "包裹性好，长途不累")),
    ("续航", ("打六折都不到", "冬天掉得快", "显示不准", "比我想的实在")),
    ("销售顾问", ("承诺的赠品没兑现", "加价才给提车", "一直不回微信", "讲解很耐心")),
    ("售后", ("排队等了三个小时", "换下来的零件没给我看", "报价比别家贵一倍", "处理得又快又好")),
    ("交车", ("拖了一个多月", "漆面有划痕", "手续没办齐", "流程很顺，还拍了照")),
    ("订金", ("说七个工作日退，到现在没到账", "合同里写着不退", "退款电话没人接", "当天就退回来了")),
    ("隔音", ("胎噪大", "高速风噪明显", "车门关不严", "静得出乎意料")),
    ("油耗", ("比宣传的高不少", "市区要十二个", "越来越高", "百公里六个多，满意")),
)
_MORE = (
    *("", "", "，希望尽快解决", "，跟店里反映过{}次没下文", "，朋友的车也这样", "，有点后悔买了", "，总体还算可以", "，会推荐给同事"),
    *("，问了客服也说不清", "，花了{}块"),
)
_ENGLISH = (
    "The {} was fine until {}, then it let me down and nobody called back",
    "After {} I noticed the {} is much better than on my old car",
)
_PARTS = ("gearbox", "brake", "infotainment screen", "air conditioning", "dealer's service")
_TIMES = ("the first service", "a long trip", "two weeks")
_ENGLISH_SHARE = 0.05


def texts(count: int, seed: int = 1) -> list[str]:
    """`count` distinct texts of 10 to 60 characters, one in twenty of them English."""
    chance = random.Random(seed)
    found: dict[str, None] = {}
    while len(found) < count:
        found[_english(chance) if chance.random() < _ENGLISH_SHARE else _chinese(chance)] = None
    return list(found)


def long_texts(count: int, most: int, seed: int = 1) -> list[str]:
    """`count` texts of as many of those as fit into `most` characters."""
    short = iter(texts(count * (most // 20), seed))
    found = []
    text = next(short)
    while len(found) < count:
        more = next(short)
        if len(text) + 1 + len(more) > most:
            found.append(text)
            text = more
        else:
            text = f"{text}。{more}"
    return found


def _chinese(chance: random.Random) -> str:
    said = []
    for subject, remarks in chance.sample(_WHAT, chance.choice((1, 1, 2))):
        said.append(f"{chance.choice(('', '', '这车'))}{subject}{chance.choice(remarks)}")
    when, more = (chance.choice(words).format(chance.randrange(2, 3_000)) for words in (_WHEN, _MORE))
    return f"{when}{'，'.join(said)}{more}"


def _english(chance: random.Random) -> str:
    part, time = chance.choice(_PARTS), f"{chance.choice(_TIMES)} of {chance.randrange(100, 2_000)} km"
    pattern = chance.choice(_ENGLISH)
    return pattern.format(part, time) if pattern.startswith("The") else pattern.format(time, part)
