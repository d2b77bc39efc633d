"""What the sandbox's pages call things."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.utterance import AudioSpan

_ZONE = ZoneInfo("Asia/Shanghai")
_STATES = {
    "created": "待指派",
    "assigned": "待拟方案",
    "planned": "待审批",
    "approved": "执行中",
    "sent_back": "方案退回",
    "done": "待验收",
    "accepted": "验收通过",
    "refused": "验收不通过",
    "closed": "已关闭",
    "reopened": "重新打开",
}
_ACTIONS = {
    "assigned": "指派",
    "planned": "提交方案",
    "approved": "批准方案",
    "sent_back": "退回方案",
    "done": "报告完成",
    "accepted": "验收通过",
    "refused": "验收不通过",
    "closed": "关闭",
    "reopened": "重新打开",
}
_CHANNELS = {"hotline": "热线", "survey": "问卷", "private_domain": "私域", "public_opinion": "舆情", "store": "门店"}
_POINTS = {"pain": "痛点", "itch": "痒点", "delight": "悦点", "none": "—"}
_QUEUES = {"triage": "分派台", "management": "管理层"}


def state(name: str) -> str:
    return _STATES.get(name, name)


def action(name: str) -> str:
    return _ACTIONS.get(name, name)


def channel(name: str) -> str:
    return _CHANNELS.get(name, name)


def point(name: str) -> str:
    return _POINTS.get(name, name)


def queue(name: str) -> str:
    return _QUEUES.get(name, name)


def moment(at: datetime) -> str:
    return at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")


def audio(span: AudioSpan) -> str:
    return f"录音 {span.start_ms / 1000:.1f}–{span.end_ms / 1000:.1f} 秒"
