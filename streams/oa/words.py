"""What the sandbox's pages call things, in Chinese and English. What a task itself says stays as it is."""

from __future__ import annotations

from datetime import datetime
from zoneinfo import ZoneInfo

from schemas.utterance import AudioSpan

LANGUAGES = {"zh": "中文", "en": "English"}

_ZONE = ZoneInfo("Asia/Shanghai")
_WORDS: dict[str, tuple[str, str]] = {
    "inbox": ("OA 待办", "OA inbox"),
    "todo": ("待我处理 {todo} 件，共 {all} 件", "{todo} for me to do, {all} in all"),
    "empty": ("没有事项。", "Nothing here."),
    "number": ("编号", "No."),
    "item": ("事项", "Task"),
    "state": ("状态", "State"),
    "owner": ("负责", "Owner"),
    "due": ("截止", "Due"),
    "overdue": ("已超期", "overdue"),
    "as someone else": ("换个身份", "Switch role"),
    "choose a role": ("选择身份", "Choose a role"),
    "name": ("姓名", "Name"),
    "role": ("岗位", "Role"),
    "management (approves, accepts)": ("管理层（审批、验收）", "Management (approves, accepts)"),
    "executes": ("执行", "executes"),
    "enter": ("进入", "Sign in"),
    "not accepted": ("未被接受", "Not taken"),
    "verbatim": ("原话", "What was said"),
    "cause": ("原因", "Why"),
    "confirmed cause": ("查实的原因", "Cause found to be true"),
    "not confirmed": ("未查实", "Not looked into"),
    "unknown cause": ("原因未明", "Unknown"),
    "no cause": ("没有可用的归因。", "No cause is known."),
    "for": ("支持", "for"),
    "against": ("不支持", "against"),
    "origin": ("来历", "Where it comes from"),
    "tag": ("标签", "Tag"),
    "rule": ("规则", "Rule"),
    "plan": ("方案模板", "Plan template"),
    "scope": ("范围", "Scope"),
    "versions": ("版本", "Versions"),
    "frame": ("码框", "frame"),
    "model version": ("模型", "model"),
    "action": ("处理", "What to do"),
    "note": ("说明", "Note"),
    "history": ("经过", "What was done"),
    "nobody yet": ("还没有人处理。", "Nobody has begun."),
    "missing": ("没有这件事项。", "There is no such task."),
}
_STATES = {
    "created": ("待指派", "To be assigned"),
    "assigned": ("待拟方案", "To be planned"),
    "planned": ("待审批", "To be approved"),
    "approved": ("执行中", "Under way"),
    "sent_back": ("方案退回", "Plan sent back"),
    "done": ("待验收", "To be accepted"),
    "accepted": ("验收通过", "Accepted"),
    "refused": ("验收不通过", "Refused"),
    "closed": ("已关闭", "Closed"),
    "reopened": ("重新打开", "Reopened"),
}
_ACTIONS = {
    "assigned": ("指派", "Assign"),
    "planned": ("提交方案", "Submit plan"),
    "approved": ("批准方案", "Approve plan"),
    "sent_back": ("退回方案", "Send plan back"),
    "done": ("报告完成", "Report done"),
    "accepted": ("验收通过", "Accept"),
    "refused": ("验收不通过", "Refuse"),
    "closed": ("关闭", "Close"),
    "reopened": ("重新打开", "Reopen"),
}
_CHANNELS = {
    "hotline": ("热线", "Hotline"),
    "survey": ("问卷", "Survey"),
    "private_domain": ("私域", "Private domain"),
    "public_opinion": ("舆情", "Public opinion"),
    "store": ("门店", "Store"),
}
_POINTS = {"pain": ("痛点", "Pain"), "itch": ("痒点", "Itch"), "delight": ("悦点", "Delight"), "none": ("—", "—")}
_QUEUES = {"triage": ("分派台", "Triage"), "management": ("管理层", "Management")}
_PLANS = {
    "root_cause": ("查根因", "Find the root cause"),
    "dealer_visit": ("到店核查", "Visit the dealer"),
    "safety_check": ("安全核查", "Check safety"),
    "legal_reply": ("法务答复", "Reply through legal"),
    "win_back": ("挽回客户", "Win the customer back"),
    "care_call": ("关怀回访", "Care call"),
    "reopen": ("重新处理", "Take it up again"),
    "digest": ("提醒汇总", "Digest of alerts"),
}
_DIMENSIONS = {
    "brand": ("品牌", "brand"),
    "model": ("车型", "model"),
    "dealer": ("门店", "dealer"),
    "city": ("城市", "city"),
    "region": ("大区", "region"),
    "country": ("国家", "country"),
    "segment": ("细分", "segment"),
    "channel": ("渠道", "channel"),
}


class Words:
    """The words of one language."""

    def __init__(self, language: str) -> None:
        self.language = language
        self._at = list(LANGUAGES).index(language)

    def say(self, key: str, **values: object) -> str:
        """A word or sentence of the pages."""
        return _WORDS[key][self._at].format(**values)

    def state(self, name: str) -> str:
        return self._of(_STATES, name)

    def action(self, name: str) -> str:
        return self._of(_ACTIONS, name)

    def channel(self, name: str) -> str:
        return self._of(_CHANNELS, name)

    def point(self, name: str) -> str:
        return self._of(_POINTS, name)

    def plan(self, name: str) -> str:
        return self._of(_PLANS, name)

    def dimension(self, name: str) -> str:
        return self._of(_DIMENSIONS, name)

    def queue(self, name: str, given: str | None = None) -> str:
        """A role: the name that the task gives it in Chinese, its id in English."""
        if given and self.language == "zh":
            return given
        return _QUEUES[name][self._at] if name in _QUEUES else name.replace("_", " ").capitalize()

    def moment(self, at: datetime) -> str:
        return at.astimezone(_ZONE).strftime("%Y-%m-%d %H:%M")

    def audio(self, span: AudioSpan) -> str:
        place = f"{clock(span.start_ms)}–{clock(span.end_ms)}"
        return f"录音 {place}" if self.language == "zh" else f"recording {place}"

    def _of(self, words: dict[str, tuple[str, str]], name: str) -> str:
        return words[name][self._at] if name in words else name


def clock(milliseconds: int) -> str:
    """A place in a recording, minutes:seconds."""
    minutes, seconds = divmod(milliseconds // 1000, 60)
    return f"{minutes:02}:{seconds:02}"


def preferred(wanted: str, accepts: str) -> str:
    """The language to speak: the one that was chosen, or the first that the browser accepts; else Chinese."""
    if wanted in LANGUAGES:
        return wanted
    known = (part.strip()[:2].lower() for part in accepts.split(","))
    return next((language for language in known if language in LANGUAGES), "zh")
