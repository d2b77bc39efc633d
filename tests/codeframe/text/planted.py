"""Personal data with valid checksums, and sentences to plant it in."""

from __future__ import annotations

from collections.abc import Callable
from random import Random

from codeframe.text.checksums import id_check, is_card, is_vin
from codeframe.text.kinds import Kind

_SURNAMES = (
    "王李张刘陈杨黄赵吴周徐孙马朱胡郭何林高罗郑梁谢宋唐许韩冯邓曹彭曾萧田董潘袁蔡蒋余于杜叶程魏苏吕丁卢姚沈钟姜崔谭陆范汪廖"
    "石金贾夏方邹熊白孟秦邱侯江尹薛闫雷龙黎史陶贺毛郝顾龚邵万覃武钱戴严莫孔汤"
)
_GIVEN = "伟芳娜敏静丽强磊军洋勇艳杰娟涛明超秀兰霞平刚桂英华建玉梅志红文斌晓雪婷浩宇欣怡轩梓涵俊嘉琪鹏飞海燕春立新佳慧思远"
_STREETS = ["浦东新区张江路", "朝阳区建国路", "天河区天河北路", "西湖区文三路", "武侯区人民南路", "南山区科技园南路", "鼓楼区中山北路"]
_ESTATES = ["翠苑小区", "万科城市花园", "龙湖花园", "金地家园"]
_PROVINCES = "京津沪渝冀豫云辽黑湘皖鲁新苏浙赣鄂桂甘晋蒙陕吉闽贵粤青藏川宁琼"
_PLATE = "ABCDEFGHJKLMNPQRSTUVWXYZ0123456789"
_VIN = "ABCDEFGHJKLMNPRSTUVWXYZ0123456789"
_SPOKEN = str.maketrans("0123456789", "零幺二三四五六七八九")
_FULL_WIDTH = str.maketrans("0123456789", "０１２３４５６７８９")


def _digits(random: Random, count: int) -> str:
    return "".join(random.choices("0123456789", k=count))


def phone(random: Random) -> str:
    number = f"1{random.choice('3456789')}{_digits(random, 9)}"
    a, b, c = number[:3], number[3:7], number[7:]
    shapes = [number, f"{a} {b} {c}", f"{a}-{b}-{c}", f"+86{number}", f"+86 {a} {b} {c}", " ".join(number)]
    shapes += [number.translate(_SPOKEN), number.translate(_FULL_WIDTH), "，".join((a, b, c)).translate(_SPOKEN)]
    shapes += [
        f"({random.randrange(201, 399)}) 555-{c}",
        f"+1 415 555 {c}",
        f"+44 20 7946 {c}",
        f"{a}.{b}.{c}",
        f"{a}<b>{b}</b>{c}",
        f"{a}\u200b{b}{c}",
    ]
    return random.choice(shapes)


def landline(random: Random) -> str:
    area = random.choice(["010", "021", "0571", "0755", "028"])
    number = random.choice("23456789") + _digits(random, 7)
    shapes = [f"{area}-{number}", f"{area}{number}", f"({area}){number}", f"{area} {number[:4]} {number[4:]}", f"{area}-{number}转801"]
    return random.choice([*shapes, f"{area}{number}".translate(_SPOKEN), f"（{area}）{number}"])


def id_card(random: Random) -> str:
    year, month, day = random.randrange(1950, 2008), random.randrange(1, 13), random.randrange(1, 29)
    region = random.choice(["110105", "310104", "440106", "330108", "510107"])
    if random.random() < 0.1:
        return f"{region}{year % 100:02}{month:02}{day:02}{_digits(random, 3)}"
    head = f"{region}{year}{month:02}{day:02}{_digits(random, 3)}"
    card = head + next(check for check in "0123456789x" if id_check(head + check))
    return random.choice([card, card.upper(), f"{card[:6]} {card[6:14]} {card[14:]}", card.translate(_FULL_WIDTH), card.translate(_SPOKEN)])


def bank_card(random: Random) -> str:
    head = random.choice(["6222", "6217", "4367", "5187"]) + _digits(random, random.choice([11, 12, 13, 14]))
    card = head + next(check for check in "0123456789" if is_card(head + check))
    fours = [card[at : at + 4] for at in range(0, len(card), 4)]
    return random.choice([card, " ".join(fours), "-".join(fours)])


def plate(random: Random) -> str:
    head = random.choice(_PROVINCES) + random.choice(_PLATE[:24])
    body = _digits(random, 3) + "".join(random.choices(_PLATE, k=2)) if random.random() < 0.7 else random.choice("DF") + _digits(random, 5)
    return random.choice([head + body, f"{head}·{body}", f"{head} {body}", (head + body).lower(), f"{head}-{body}"])


def vin(random: Random) -> str:
    head, tail = "".join(random.choices(_VIN, k=8)), "".join(random.choices(_VIN, k=2)) + _digits(random, 6)
    number = next(head + check + tail for check in "0123456789X" if is_vin((head + check + tail).lower()))
    return random.choice([number, number.lower()]) if not number.isdigit() else vin(random)


def email(random: Random) -> str:
    user = "".join(random.choices("abcdefghijkmnopqrstuvwxyz0123456789._", k=random.randrange(3, 12))).strip("._") or "u1"
    return f"{user}@{random.choice(['qq.com', '163.com', 'gmail.com', 'corp.example.cn', 'mail.co.uk'])}"


def wechat(random: Random) -> str:
    return random.choice("abcdefgh") + "".join(random.choices("abcdefghij_0123456789", k=random.randrange(5, 15)))


def qq(random: Random) -> str:
    return random.choice("123456789") + _digits(random, random.randrange(5, 10))


def name(random: Random) -> str:
    """A person's name, with a bar before the title where it has one."""
    chinese = random.choice(_SURNAMES) + "".join(random.choices(_GIVEN, k=random.choice([1, 2, 2])))
    polite = f"{random.choice(_SURNAMES)}|先生"
    return random.choice([polite, f"{chinese}|女士", chinese, chinese, f"{chinese}|经理", f"{chinese}|顾问"])


def address(random: Random) -> str:
    number, room = random.randrange(1, 999), random.randrange(101, 2900)
    block, entrance = number % 20 + 1, number % 4 + 1
    street = random.choice(_STREETS)
    house = random.choice(
        [f"{number}号", f"{number}号{block}号楼{room}室", f"{number}弄{block}号{room}室", f"{number}号金色花园{block}栋{room}"]
    )
    home = f"{random.choice(_ESTATES)}{block}栋{entrance}单元{room}"
    return random.choice([street + house, street + house, home])


PLANTERS: dict[Kind, Callable[[Random], str]] = {
    Kind.EMAIL: email,
    Kind.VIN: vin,
    Kind.ID_CARD: id_card,
    Kind.BANK_CARD: bank_card,
    Kind.WECHAT: wechat,
    Kind.QQ: qq,
    Kind.LANDLINE: landline,
    Kind.PHONE: phone,
    Kind.PLATE: plate,
}

CUES = {
    Kind.WECHAT: ("微信号", "微信：", "微信号是", "加我微信 ", "wx: ", "vx：", "WeChat ID: ", "薇信号 "),
    Kind.QQ: ("QQ", "QQ号", "qq：", "QQ号码是", "扣扣"),
}

SENTENCES = (
    "{}",
    "我的车刹车异响，{}，请尽快联系我",
    "你们店的销售答应三天回复，到现在没人管。{}",
    "（{}）这是我的信息，麻烦登记一下，谢谢！",
    "Please call me back about the recall, {} , thanks.",
    "订单号20240311，朗逸1.5L，跑了12000公里，{}。动力不错就是油耗高",
    "客服讓我留下資料：{}，請問訂金什麼時候退？",
    "The dealer lost my deposit of 5000 yuan. {}",
)

NAME_SENTENCES = (
    "我叫{}，昨天在你们店提的车",
    "姓名：{}，电话稍后补",
    "联系人{}，请尽快回电",
    "接待我的{}态度很好",
    "感谢销售顾问{}的耐心讲解",
    "本人{}，投诉你们的售后",
    "我是{}，上周做的保养",
    "服务顾问{}一直不接电话",
)

ADDRESS_SENTENCES = (
    "我住在{}，麻烦安排上门取车",
    "地址：{}",
    "请把发票寄到{}，谢谢",
    "收货地址是{}，电话稍后发",
    "家住{}，离4S店很远",
    "救援车请开到{}来",
)

ENGLISH = (
    ("My name is John Smith and I want my deposit back", "John Smith"),
    ("Mr. Kowalski never called me back", "Kowalski"),
    ("please ask for Emily Clark", "Emily Clark"),
    ("I spoke with Michael O'Neil about the recall", "Michael O'Neil"),
    ("Best regards, Priya Patel", "Priya Patel"),
    ("my name is anna lee and the car shakes", "anna lee"),
    ("I live at 123 Main Street, Springfield, IL 62704.", "123 Main Street"),
    ("The car is parked at 42 West 23rd Street Apt 5B", "42 West 23rd Street"),
    ("deliver it to 221b baker street", "221b baker street"),
    ("three four five double six seven eight nine is my number", "double six seven"),
)

INNOCENT = (
    "朗逸1.5L跑了12000公里，油耗7.8，2023年10月12日在杭州提车，落地128800元",
    "奥迪A4L和5008对比，Model 3便宜3.5万，首付30%分36期",
    "订单号13800138000，工单编号：202404291455545，一直没有人处理",
    "新E300eL、宝马X5 xDrive40Li、比亚迪秦PLUS DM-i 2023款 120KM，都试驾过",
    "胎压2.3-2.5，0-100加速7.9秒，最大扭矩250N·m/1500-4000rpm",
    "拨打400-810-1234一直占线，客服经理说再等15天",
    "大区经理和售后服务经理都不管，对方经理态度恶劣",
    "G15高速123公里处熄火，地铁3号线旁边的店，5号提车",
    "北京的4S店，上海大众，广州本田，东风标致408，途观L 330TSI",
    "微信支付5000元订金，微信carplay用不了，奇瑞QQ 2010款",
    "3个月换了2次变速箱，1.8T，15-20万预算，2019 2020 2021三年",
    "The 2019 Honda Civic has 45000 miles, 0-60 in 7.5 seconds, 4 Wheel Drive, paid $23,500 on 10/12/2021",
    "I love the Model 3, it has a 5 Star safety rating and drives 300 miles per charge",
    "师傅很专业，老板人也不错，小问题都解决了",
    "高速上方向盘抖动，任何问题都没解决，和平时一样",
    "车架号后面再补，身份证已上传，地址没变",
)
