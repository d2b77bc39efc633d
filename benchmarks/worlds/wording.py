# ruff: noqa: E501 - a table of wordings, a cause a row
"""What customers of a simulated world say, and what its business systems record, a cause at a time.

Written apart from the code frame: the ids are labels, the wordings and numbers are this world's own. A wording that
stands under two causes is ambiguous on purpose.
"""

from __future__ import annotations

from typing import NamedTuple


class Planted(NamedTuple):
    """A cause of a symptom: its id, what customers with it say, the fact that systems record, and the tag it goes with."""

    cause: str
    says: tuple[str, ...]
    fact: tuple[str, str] | None = None
    tag: str | None = None


SYMPTOMS: dict[str, tuple[str, tuple[Planted, ...]]] = {
    "order.deposit.not_refunded": (
        "交的定金到现在不肯退给我",
        (
            Planted("sales.deposit.switch_obstructed", ("我看中了另一家的车", "想换成别的品牌", "朋友推荐我买电车我就改主意了", "I found a nicer car at a rival"), ("follow_up", "competitor"), "lead.outcome.lost_sale"),
            Planted("finance.loan.refused", ("银行那边没有通过", "贷款被拒了", "按揭批不下来", "说我资质不够", "my credit application failed"), ("loan_decision", "refused"), "finance.loan.rejected"),
            Planted("delivery.handover.defect", ("去提车看到车门有刮痕", "那台车一看就有问题", "仪表盘亮着灯", "验的时候发现轮胎是坏的"), ("delivery_exception", "defect"), "delivery.inspection.cosmetic_damage"),
            Planted("sales.deposit.terms_unexplained", ("收钱的时候说随时能退", "当初没人讲清楚这钱退不了", "条子上写的是订不是定"), None, "order.deposit.terms_unclear"),
            Planted("finance.refund.approval_chain", ("他们说要一级一级签字", "财务说还在排队", "说流程没走完"), ("deposit", "refund_requested"), None),
        ),
    ),
    "order.deposit.refund_slow": (
        "说退的订金等了好久没到账",
        (
            Planted("finance.refund.approval_chain", ("财务说还在排队", "要总部点头才能打款", "说流程没走完", "still with accounting"), ("deposit", "refund_requested"), None),
            Planted("finance.loan.refused", ("银行那边没有通过", "按揭批不下来", "贷款被拒了"), ("loan_decision", "refused"), "finance.loan.rejected"),
            Planted("sales.deposit.switch_obstructed", ("想换成别的品牌", "一听我要买对手的车就拖"), ("follow_up", "competitor"), None),
            Planted("finance.refund.cash_shortage", ("店里账上没钱了", "听说这家店要关门", "员工工资都发不出"), None, "delivery.paperwork.certificate"),
        ),
    ),
    "lead.outcome.lost_sale": (
        "我已经在别处把车买了",
        (
            Planted("sales.follow_up.late", ("留了电话一个礼拜才打来", "销售加了微信再没说过话", "等你们回话等到黄花菜都凉了", "nobody rang me for days"), ("follow_up", "late"), "lead.contact.slow"),
            Planted("sales.lost.price_gap", ("你们家比别人贵一万多", "价格实在谈不下来", "人家优惠大得多", "your price was too high"), None, "negotiation.price.no_discount"),
            Planted("sales.lost.wait_too_long", ("提车要排三四个月", "没有现货我着急用", "等不了那么久"), ("delivery_exception", "delayed"), "waiting.time.too_long"),
            Planted("sales.lost.competitor_fit", ("人家后排宽敞得多", "另一款续航扎实", "对手配置给得足"), ("follow_up", "competitor"), "product.space.rear"),
            Planted("sales.lost.bad_reception", ("进店半天没人搭理", "接待的人一脸嫌弃", "问两句就不耐烦"), None, "reception.courtesy.manner"),
        ),
    ),
    "finance.loan.slow": (
        "贷款办了半个月还没下文",
        (
            Planted("finance.loan.documents_late", ("今天要流水明天要社保", "材料交了三遍", "又让我重新签字"), ("loan_decision", "documents_missing"), None),
            Planted("finance.loan.payout_queue", ("批了但是钱不放", "说这个月额度用完了", "卡在打款那一步"), ("loan_decision", "approved"), None),
            Planted("finance.loan.bank_policy", ("银行突然改规矩", "说上面收紧了", "说这个月额度用完了"), None, "finance.loan.rate"),
        ),
    ),
    "waiting.time.delayed": (
        "说好的提车日子又过了",
        (
            Planted("delivery.planning.optimistic_dates", ("销售当时随口说两周", "日期改了三回", "每次都说下周"), None, "order.promise.not_kept"),
            Planted("delivery.planning.parts_supply", ("厂里没有零件", "生产线停了", "说缺一块电子元件"), None, None),
            Planted("delivery.transport.carrier_delay", ("车卡在半路", "说拉车的板车不够", "还在港口等船"), ("delivery_exception", "transport_stopped"), "waiting.transport.speed"),
        ),
    ),
    "service.waiting.long_repair": (
        "车放在店里修了快一个月",
        (
            Planted("service.parts.forecast", ("零件一直没来", "仓库里没有这个件", "说件在路上"), ("repair_order", "waiting_parts"), "service.parts.late"),
            Planted("service.repair.no_root_fix", ("拆了装装了拆还是老样子", "修完又犯", "厂家工程师也没招"), ("repair_order", "comeback"), "service.repair.repeated"),
            Planted("service.waiting.authorisation_maker", ("厂家不签字他们不敢动", "要上面批了才修"), None, None),
            Planted("service.diagnosis.tools_missing", ("店里没那个仪器", "电脑连不上车"), None, "service.diagnosis.not_found"),
        ),
    ),
    "hotline.handling.unresolved": (
        "投诉了几次问题还在",
        (
            Planted("care.complaint.no_owner", ("店里说找厂家厂家说找店里", "两边都说不归他管", "把我当皮球"), None, "hotline.handling.pushed_around"),
            Planted("care.complaint.no_authority", ("客服说她做不了主", "只会说给您登记一下", "翻来覆去就一句抱歉"), None, None),
            Planted("care.complaint.closing_target", ("还没弄好就显示完成了", "单子自己就没了", "催我点已解决"), None, "hotline.handling.false_close"),
        ),
    ),
    "quality.transmission.jerk": (
        "起步一顿一顿的像新手开车",
        (
            Planted("quality.transmission.control_software", ("刷了一次系统好了两天", "低速换挡逻辑有问题", "说要更新控制单元"), None, None),
            Planted("quality.transmission.hydraulics", ("师傅说里面的阀磨了", "说要换整个箱子", "油压上不去"), ("repair_order", "reopened"), "quality.transmission.shift_failure"),
            Planted("quality.design.weakness", ("群里一半人都这样", "这款车都这毛病", "网上一搜一大把"), None, "quality.general.design_defect"),
            Planted("quality.repair.induced", ("做完保养第二天开始的", "换了油以后就这样"), ("repair_order", "closed"), "service.repair.new_damage"),
        ),
    ),
    "delivery.inspection.cosmetic_damage": (
        "新车漆面上有一道印子",
        (
            Planted("delivery.transport.damage", ("像是路上被剐的", "送来的时候就磕了", "绑带勒出来的"), ("delivery_exception", "damaged"), "waiting.transport.speed"),
            Planted("delivery.pdi.skipped", ("交车前根本没人看", "他们说忘了查", "洗都没洗就给我"), None, "delivery.inspection.pdi_missed"),
            Planted("delivery.car.repaired_undeclared", ("漆的颜色深浅不一样", "一看就重新喷过", "缝里还有胶带印"), None, "delivery.car.used_as_new"),
        ),
    ),
    "service.warranty.refused": (
        "在保修期里却要我自己掏钱",
        (
            Planted("service.diagnosis.claim_avoidance", ("硬说是我开坏的", "说我操作不对", "怎么都赖到我头上"), ("repair_order", "claim_refused"), "service.diagnosis.blamed_customer"),
            Planted("service.diagnosis.denial_policy", ("说所有车都这样不算毛病", "说这不叫故障", "they told me that is how it is"), None, "service.diagnosis.denied"),
            Planted("service.warranty.terms_strict", ("说条文里没写这一项", "说晚保养了三天就作废", "说这个件只保一年"), None, "service.warranty.conditions"),
        ),
    ),
}  # fmt: skip

FILLERS = (
    "你好",
    "我想反映个情况",
    "麻烦看一下",
    "真的很无语",
    "都好几次了",
    "请尽快处理",
    "谢谢",
    "我等你们消息",
    "太让人失望了",
    "hello",
)
