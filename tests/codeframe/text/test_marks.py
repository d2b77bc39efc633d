"""What is nobody's words, and what was said before."""

from __future__ import annotations

from uuid import UUID

import pytest

from codeframe.text.glance import glance
from codeframe.text.marks import Memory, fingerprint, is_machine_made

FIRST, SECOND = UUID(int=1), UUID(int=2)


@pytest.mark.parametrize(
    "text",
    [
        "系统默认好评",
        "此用户没有填写评价。",
        "该用户未及时填写评价内容",
        "您好，我现在有事不在，稍后再与您联系。",
        "【自动回复】感谢您的留言，我们会尽快处理",
        "[图片]",
        "对方撤回了一条消息",
        "我通过了你的朋友验证请求，现在我们可以开始聊天了",
        "您的验证码是[PHONE]",
        "https://example.com/a?b=1",
        "10",
        "2023-10-12 12:30",
        "[PHONE]",
        "asdfasdfasdf",
        "11111111",
        "This is an automated message, do not reply",
        "null",
        "测试",
    ],
)
def test_machine_made(text: str) -> None:
    assert is_machine_made(*glance([text]))


@pytest.mark.parametrize(
    "text",
    [
        "好",
        "无",
        "哈哈哈哈哈",
        "👍👍",
        "默认设置不好用",
        "客服机器人答非所问",
        "详见 https://a.cn 刹车异响",
        "自动驻车失灵",
        "hahaha",
        "strengths: none",
    ],
)
def test_said_by_a_customer(text: str) -> None:
    assert not is_machine_made(*glance([text]))


def test_fingerprints_are_equal_for_the_same_words() -> None:
    same = {fingerprint(look.words) for look in glance(["订金不退！", "訂金不退", " 订金，不退…"])}
    assert len(same) == 1
    assert fingerprint(glance(["订金退了"])[0].words) not in same


def test_a_replay_is_no_duplicate_of_itself() -> None:
    memory = Memory(10)
    assert not memory.is_duplicate("c1", "x", FIRST)
    assert memory.is_duplicate("c1", "x", SECOND)
    assert not memory.is_duplicate("c1", "x", FIRST)
    assert not memory.is_duplicate("c2", "x", SECOND)


def test_memory_is_bounded() -> None:
    memory = Memory(2)
    for said in "xyz":
        memory.is_duplicate("c1", said, FIRST)
    assert not memory.is_duplicate("c1", "x", SECOND)
