"""Sentences for the small recogniser: what customers and agents of a car brand say, made from a code frame and a grammar.

python -m streams.audio.training.corpus FRAME_FOLDER OUT.tsv [--count N] [--data FOLDER]

Five kinds of lines, so that the net listens instead of guessing a grammar:

* `example`: the frame's own example sentences, clause by clause;
* `term`: its terms and patterns, filled and set into what people say around them;
* `call`: templates of hotline and store talk, with numbers, dates, amounts and names;
* `words`: random common words in a row, for syllables that the trade seldom needs;
* `data`: clauses of customer texts in a folder, two in three where one is given.

Some of the folder's texts are held out as `test` (see `sentences`), without a folder the examples of every tenth tag: their sentences are
seen by no stage of the training.
"""

from __future__ import annotations

import random
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import click
import yaml

from streams.audio.training.sentences import HAN as _HAN
from streams.audio.training.sentences import is_held_out, sentences, texts

_CLAUSE = re.compile(r"[\u4e00-\u9fff]{4,26}")
_GROUP = re.compile(r"\(([^()]*)\)")
_HELD_OUT = 10
_SHORTEST, _TESTED = 5, 600
_DIGITS = "零一二三四五六七八九"

_NONE = [""]
BEFORE = (
    _NONE
    + """
    我的车 我发现 感觉 我觉得 最近 昨天 今天早上 上个星期 提车以后 刚买的时候 你们的 现在 老是 一直 而且 就是 但是 不过 说实话
    真的 我想问一下
 我老婆说 朋友也说 开了三个月 高速上 冬天 夏天 下雨天 每次 经常 突然 又 还是 为什么 主要是 特别是 师傅说
    销售说 店里说 客服说
""".split()
)
AFTER = (
    _NONE
    + """
    了 怎么办 很生气 太失望了 能不能解决 我很满意 都没人管 已经第三次了 希望改进 是怎么回事 让人受不了 我要投诉 给个说法 还不错
    真不错
 影响安全 找了好几次 没有用 就这样吧 对吧 你们看着办 什么时候能好 说是正常的 我不接受 挺喜欢的
""".split()
)
GAPS = (
    _NONE * 3
    + """
    都 一直 老是 就 还是 也 真的 现在 已经 又 有点 非常 总是 突然 今天 怎么
""".split()
)

SLOTS = {
    "part": """
        车机 中控屏 空调 座椅 方向盘 刹车 刹车片 后备箱 天窗 雨刮 充电口 导航 蓝牙 车门 大灯 轮胎 轮毂 悬架 电池 电机 变速箱 波箱
        仪表盘 后视镜 离合器 火花塞 发动机 机油 机滤 底盘 减震器 钥匙 音响 行车记录仪 安全带 氛围灯 抬头显示 充电枪 前脸 尾翼
        内饰 铰链 进气管 涡轮 雷达 摄像头 油箱 水箱 保险杠 玻璃 车漆 门把手
    """,
    "fault": """
        失灵了 没反应 坏了 有异响 一直报警 经常黑屏 突然断开 打不开 关不上 卡住了 漏水 漏油 抖得厉害 不好用 启动很慢 自己重启
        不制冷 声音很大 有异味 顿挫明显 反应迟钝 掉漆了 松动了 生锈了 开裂了 跑偏 发软 打滑 烧机油 进水了 脱落了 总是误报
    """,
    "good": """
        空间很大 动力很足 内饰很精致 续航很扎实 座椅很舒服 性价比高 外观好看 隔音不错 油耗很低 提速很快 做工很细 底盘扎实
        操控精准 配置丰富 刹车很灵 方向很轻
    """,
    "bad": """
        后排太挤 价格偏高 续航打折 隔音太差 充电太慢 油耗太高 座椅太硬 车机太卡 底盘太硬 等车太久 颜色太少 后备箱太小 视野不好
        胎噪很大 动力太肉 起步慢 塑料感强
    """,
    "svc": """
        保养 维修 退订 换电池 道路救援 上门取车 更换轮胎 质保 理赔 贴膜 年检 试驾 置换 退定金 检测 安装充电桩 过户 上牌 贷款 交车
    """,
    "place": """
        门店 服务中心 售后 经销商 充电站 交付中心 展厅 高速服务区 地下车库 车间 休息区 客服中心
    """,
    "who": """
        我爱人 我儿子 我父亲 家里老人 孩子 我朋友 我同事 邻居 我妈妈 我女儿 我老公 我姐
    """,
    "role": """
        销售 销售经理 服务顾问 师傅 技师 客服 店长 前台 接待 金融经理
    """,
    "color": """
        白色 黑色 灰色 蓝色 绿色 红色 银色 米色
    """,
    "attitude": """
        态度很差 很热情 很专业 不耐烦 爱理不理 讲得很清楚 一问三不知 一直推脱 没有回电话 说话不算数 忽悠我 非常耐心
    """,
    "want": """
        给我一个说法 尽快处理 退车 换一台新的 赔偿损失 安排工程师 帮我登记投诉 给我回电话 派人来看一下 免费更换 把钱退给我
        延长质保
    """,
    "day": """
        明天 后天 这周末 下周一 下周三 下个月 月底 周五下午 周日上午 十月一号 国庆节 年前
    """,
    "time": """
        今天早上 昨天下午 上个星期 上个月 前天晚上 刚才 这几天 提车第二天 保养以后 升级以后 下雨天 冬天 高速上 去年 今年三月份
    """,
    "emo": """
        很失望 很生气 很满意 有点担心 非常着急 不太放心 特别喜欢 受不了 太气人了 觉得被骗了
    """,
    "pay": """
        全款 分期 贷款 置换补贴 按揭 租赁
    """,
}
TEMPLATES = """
    您好很高兴为您服务请问有什么可以帮您 您好这里是客户服务中心 请问您的车牌号是多少 请您提供一下手机号后四位
    我的手机尾号是{d}{d}{d}{d} 我的电话是{phone} 好的我帮您登记一下 我先帮您查一下请稍等 感谢您的来电祝您生活愉快
    请问还有其他需要帮助的吗 没有了谢谢 我已经帮您创建了工单 工程师会在{n}小时内联系您 好的先生 好的女士 嗯好的 对对对 是的没错
    不是这样的 你听我说 我知道了 那什么时候给我答复 请您放心我们会尽快处理 非常抱歉给您带来不便 我姓{name} 您贵姓
    我的{part}{fault} {time}我的{part}{fault} {time}{part}{fault}到现在还没修好 {part}又{fault}已经修了{n}次了
    我想问一下{part}{fault}怎么办 车子开了{km}公里{part}就{fault} 刚提车{n}天{part}就{fault} {part}{fault}我{emo}
    我要投诉{part}{fault} {place}说{part}是正常现象我不接受 {place}的人{attitude} {role}{attitude} 我在{place}等了{n}个小时
    我想预约{day}{svc} {day}可以{svc}吗 {svc}要多少钱 {svc}需要几天 请问{place}几点下班 {svc}能不能在{place}办理 我要求{want}
    你们能不能{want} 如果不{want}我就去投诉 这个问题我已经反映了{n}次了 客服让我等{n}天也没有人联系我 这款车{good}
    {good}就是{bad} 我觉得{bad} {who}觉得{good} {who}说{bad} 跟别的车比{good} 比起来还是{bad} 我在看{brand}和{brand}
    {model}现在优惠多少 {model}落地价多少钱 {pay}首付是多少 {pay}能优惠{n}千吗 有没有{color}的现车 {color}的要等多久
    我想订{color}的{model} {model}{good} {model}的{part}{fault} 我开的是{brand}{model} 百公里油耗大概{n}个油 百公里电耗大概{n}度
    夏天能跑{km}公里冬天只能跑{km}公里 快充{n}分钟能跑{km}公里 预算大概{n}万 {n}万能买到{model}吗 {model}要{n}万太贵了
    {part}是标配还是选装 {part}怎么打开 升级以后{part}{fault} 手机连不上{part} 试驾的时候{part}{fault} 试驾感觉{good}
    这次{svc}我{emo} {place}的{svc}我{emo} {who}开车的时候{part}{fault}差点出事故 {part}{fault}太危险了
    {time}高速上{part}突然{fault} {svc}的费用比别家高{n}百 我再考虑一下{day}带{who}来看 能不能送{svc} 定金可以退吗
    订金交了{n}个月还不退给我 合同上写的是{day}交车 交车时间一拖再拖我{emo} 还要等{n}天才能交车 贷款没批下来定金也不退
    {role}说{day}给我回电话到现在没有 {part}换了新的还是{fault} {role}收了我{n}百块钱{svc}费 {svc}排队排到{day}
    {part}到货要等{n}个星期 {good}{good}我很满意 {bad}{bad}不推荐
""".split()


def number(n: int) -> str:
    """A number below a million as it is spoken."""
    for size, unit in ((10_000, "万"), (1_000, "千"), (100, "百")):
        if n >= size:
            rest = n % size
            return number(n // size) + unit + ("" if not rest else ("零" if rest < size // 10 else "") + number(rest))
    if n < 10:
        return _DIGITS[n]
    return ("" if n < 20 else _DIGITS[n // 10]) + "十" + (_DIGITS[n % 10] if n % 10 else "")


class Corpus:
    """Draws sentences. The same frame and seed give the same ones."""

    def __init__(self, frame: Path, seed: int = 7) -> None:
        self.chance = random.Random(seed)
        header = yaml.safe_load((frame / "frame.yaml").read_text("utf-8"))
        entities = {kind: [name for name in names if _HAN.fullmatch(name)] for kind, names in header["entities"].items()}
        self.slots = {name: words.split() for name, words in SLOTS.items()}
        self.slots |= {"brand": entities["brands"], "model": entities["models"], "name": list("王李张刘陈杨赵黄周吴徐孙胡朱高林何郭马罗")}
        self.templates = TEMPLATES
        tags = [tag for file in sorted((frame / "tags").glob("*.yaml")) for tag in yaml.safe_load(file.read_text("utf-8"))["tags"]]
        self.test = sorted({line for tag in tags[::_HELD_OUT] for line in _examples(tag)})
        held = set(self.test)
        seen = [tag for at, tag in enumerate(tags) if at % _HELD_OUT]
        self.examples = sorted({line for tag in seen for line in (*_examples(tag), *_clauses(tag["definition"]))} - held)
        self.terms = sorted(
            {term for tag in tags for term in tag.get("terms", {}).get("zh", []) if isinstance(term, str) and _HAN.fullmatch(term)}
        )
        self.patterns = [
            p for tag in tags for p in tag.get("patterns", []) if isinstance(p, str) and _HAN.search(p) and not re.search("[a-z]", p)
        ]
        self.common = _common_words()

    def sentence(self, kind: str) -> str:
        """One sentence of a kind: example, term, call or words."""
        return str(getattr(self, f"_{kind}")())

    def _example(self) -> str:
        line = self.chance.choice(self.examples)
        return line if self.chance.random() < 0.7 or len(line) > 16 else self._around(line)

    def _term(self) -> str:
        if self.chance.random() < 0.5:
            return self._around(self.chance.choice(self.terms))
        parts = [self.chance.choice(group.split("|")) for group in _GROUP.findall(self.chance.choice(self.patterns))]
        return self._around("".join(part + self.chance.choice(GAPS) for part in parts[:-1]) + parts[-1])

    def _call(self) -> str:
        return re.sub(r"\{(\w+)\}", lambda match: self._fill(match[1]), self.chance.choice(self.templates))

    def _words(self) -> str:
        words, weights = self.common
        return "".join(self.chance.choices(words, weights, k=self.chance.randint(3, 7)))

    def _around(self, words: str) -> str:
        return self.chance.choice(BEFORE).strip() + words + self.chance.choice(AFTER).strip()

    def _fill(self, slot: str) -> str:
        draw = self.chance.randrange
        match slot:
            case "d":
                return _DIGITS[draw(10)].replace("一", "幺")
            case "phone":
                return (
                    "幺"
                    + "".join(_DIGITS[draw(3, 10)] for _ in range(1))
                    + "".join(_DIGITS[draw(10)].replace("一", "幺") for _ in range(9))
                )
            case "n":
                return number(draw(2, 40)).replace("二", "两") if draw(3) == 0 else number(draw(1, 100))
            case "km":
                return number(self.chance.choice((draw(10, 99) * 10, draw(1, 20) * 1_000, draw(100, 999), draw(1, 30) * 10_000)))
        return self.chance.choice(self.slots[slot])


def _examples(tag: dict[str, Any]) -> Iterator[str]:
    for field in ("example_in", "example_out"):
        yield from _clauses(tag[field])


def _clauses(text: str) -> Iterator[str]:
    """The Chinese clauses of a text; short neighbours are said in one breath."""
    held = ""
    for match in _CLAUSE.finditer(text.split(" / ", maxsplit=1)[0]):
        held += match[0]
        if len(held) >= 9:
            yield held
            held = ""
    if len(held) >= 4:
        yield held


def _common_words() -> tuple[list[str], list[float]]:
    """jieba's words of two to four characters, rarer ones lifted by the root of their count."""
    import jieba  # noqa: PLC0415 - needed for training only

    rows = (line.split(" ") for line in (Path(jieba.__file__).parent / "dict.txt").read_text("utf-8").splitlines())
    words = [(row[0], int(row[1])) for row in rows if 1 < len(row[0]) < 5 and int(row[1]) >= 30 and _HAN.fullmatch(row[0])]
    return [word for word, _ in words], [count**0.4 for _, count in words]


SHARES = {"example": 0.24, "term": 0.3, "call": 0.24, "words": 0.22}


def _customers(folder: Path, of_test: bool) -> list[str]:
    return sorted({line for text in texts(folder) if is_held_out(text) is of_test for line in sentences(text) if len(line) >= _SHORTEST})


@click.command()
@click.argument("frame", type=click.Path(path_type=Path, exists=True))
@click.argument("out", type=click.Path(path_type=Path))
@click.option("--count", default=5_000, show_default=True)
@click.option("--data", type=click.Path(path_type=Path, exists=True, file_okay=False), help="A folder of customer texts.")
@click.option("--seed", default=7, show_default=True)
def main(frame: Path, out: Path, count: int, data: Path | None, seed: int) -> None:
    """Write COUNT sentences and the held-out ones to OUT, as lines of `set TAB kind TAB sentence`."""
    corpus = Corpus(frame, seed)
    test, lines = corpus.test, dict[str, str]()
    if data:
        seen = _customers(data, False)
        unseen = sorted({*_customers(data, True)} - {*seen})
        test = corpus.chance.sample(unseen, min(len(unseen), _TESTED))
        lines |= dict.fromkeys(corpus.chance.sample(seen, min(len(seen), count * 2 // 3)), "data")
    held = {*corpus.test, *test}
    kinds, shares = list(SHARES), list(SHARES.values())
    while len(lines) < count:
        kind = corpus.chance.choices(kinds, shares)[0]
        sentence = corpus.sentence(kind)[:34]
        if sentence not in held:
            lines[sentence] = kind
    order = corpus.chance.sample(list(lines.items()), len(lines))
    rows = [f"test\texample\t{line}" for line in test] + [f"train\t{kind}\t{line}" for line, kind in order]
    out.write_text("\n".join(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
