# ruff: noqa: E501 - statements
"""Rows of a year of feedback, made inside ClickHouse: opinions, their utterances, survey answers, tasks and business facts.

Three opinions come from two utterances; a quarter of the utterances are survey answers. Tags are as uneven as words are
(Zipf), dealers a little. One utterance in fifty was coded again, so that the engine has revisions to choose from.
"""

from __future__ import annotations

from collections.abc import Iterator

from codeframe.causes.graph import Graph

_CHUNK = 1_000_000
_DAYS = 365
_REVISED = 50
_TASKS = 2_000

# Numbers of an utterance decide its moment and cut, so that opinions agree with their utterance. Times rise with numbers, as
# they do when feedback arrives.
_UTTERANCE = """
    toDateTime64('2025-11-01 00:00:00', 3, 'UTC') + toIntervalSecond(intDiv(u * {days} * 86400, {utterances})) AS occurred_at,
    concat('D', leftPad(toString(toUInt32(600 * pow(cityHash64(u, 'dealer') / 18446744073709551616.0, 1.5))), 3, '0')) AS dealer,
    concat('brand-', toString(cityHash64(dealer) % 3)) AS brand,
    concat(brand, '-model-', toString(cityHash64(u, 'model') % 8)) AS model,
    concat('city-', toString(cityHash64(dealer, 'city') % 90)) AS city,
    concat('region-', toString(cityHash64(city) % 7)) AS region,
    ['private', 'fleet', 'young', ''][1 + cityHash64(u, 'segment') % 4] AS segment,
    u % 4 = 0 AS asked,
    if(asked, 'survey', ['hotline', 'private_domain', 'public_opinion', 'store'][1 + cityHash64(u, 'channel') % 4]) AS channel,
    if(asked, [10, 10, 9, 9, 10, 8, 8, 7, 6, 3][1 + cityHash64(u, 'score') % 10], NULL) AS score,
    toUUID(concat('10000000-0000-4000-8000-', leftPad(toString(u), 12, '0'))) AS utterance_id,
    if(u % 40 = 1, ['duplicate'], []) AS marks
"""

_UTTERANCES = """
INSERT INTO utterances (utterance_id, revision, event_id, source, channel, conversation_id, customer_id, speaker, text, language,
    fingerprint, marks, score, brand, model, dealer, city, region, country, segment, opinions, unsure, frame_version, model_version, tier,
    occurred_at, ingested_at, cleaned_at, coded_at)
SELECT utterance_id, {revision}, utterance_id, 'bench', channel, concat('K', toString(u)), concat('C', toString(intDiv(u, 3))), 'customer',
    concat('提车那天等了很久，', toString(cityHash64(u)), '，销售说再等等'), 'zh', hex(cityHash64(intDiv(u, 20))), marks, score, brand, model,
    dealer, city, region, 'CN', segment, 1 + u % 2, u % 9 = 0, '1', '1', 'fast', occurred_at, occurred_at,
    occurred_at + toIntervalMillisecond(40), occurred_at + toIntervalMillisecond(200)
FROM (SELECT number * {step} AS u, {utterance} FROM numbers({first}, {count}))
"""

# Opinion n belongs to utterance intDiv(2 n, 3): one opinion to an even utterance, two to an odd one.
_OPINIONS = """
INSERT INTO opinions (opinion_id, utterance_id, revision, tag, channel, source, conversation_id, customer_id, language, evidence, sentiment,
    sentiment_score, intent, expectation, point, need_layer, severity, brand_promise, confidence, cause, cause_probability, dealer_role,
    office_role, marks, score, brand, model, dealer, city, region, country, segment, frame_version, model_version, tier, occurred_at,
    ingested_at, coded_at)
WITH {tags} AS tags, {causes} AS causes
SELECT toUUID(concat('20000000-0000-4000-8000-', leftPad(toString(n), 12, '0'))), utterance_id, {revision}, tags[at], channel, 'bench',
    concat('K', toString(u)), concat('C', toString(intDiv(u, 3))), 'zh', '等了很久', if(bad, -1, 1), if(bad, -0.6, 0.7),
    if(bad, 'complaint', 'praise'), 'none', if(bad, if(n % 5 = 0, 'itch', 'pain'), if(n % 2 = 0, 'delight', 'none')), 'performance',
    if(n % 400 = 0, 'safety', 'normal'), n % 3 = 0, 0.8,
    if(bad, if(n % 3 = 0, causes[at][1 + cityHash64(n) % length(causes[at])], 'unknown'), ''), 0.6, 'dealer', 'office', marks, score, brand,
    model, dealer, city, region, 'CN', segment, '1', '1', 'fast', occurred_at, occurred_at, occurred_at + toIntervalMillisecond(200)
FROM
(
    SELECT number * {step} AS n, intDiv(n * 2, 3) AS u, {utterance},
           toUInt32(pow(length(tags), cityHash64(n, 'tag') / 18446744073709551616.0)) AS at,
           if(asked, score < 9, cityHash64(n, 'bad') % 10 < 6) AS bad
    FROM numbers({first}, {count})
)
"""

_TASKS_SQL = """
INSERT INTO tasks (task_id, revision, rule, tag, cause, owner_queue, dealer, brand, model, channel, utterance_ids, customer_id, scope,
    created_at, due_at)
SELECT toUUID(concat('30000000-0000-4000-8000-', leftPad(toString(number), 12, '0'))), 1, 'bench', {tags}[1 + number % {tag_count}], 'unknown',
    'service', concat('D', leftPad(toString(number % 600), 3, '0')), concat('brand-', toString(number % 3)), '', 'hotline', [], '',
    map('dealer', concat('D', leftPad(toString(number % 600), 3, '0'))),
    toDateTime64('2026-02-01 00:00:00', 3, 'UTC') + toIntervalHour(number * 3) AS created_at, created_at + INTERVAL 3 DAY
FROM numbers({tasks})
"""
_TASK_EVENTS = """
INSERT INTO task_events (task_event_id, task_id, action, actor, actor_role, legal, confirmed_cause, refused_causes, occurred_at, recorded_at)
SELECT generateUUIDv4(number), task_id, ['assigned', 'done', 'accepted'][1 + number % 3], 'bench', 'dealer', 1,
    if(number % 3 = 1, 'finance.refund.approval_chain', ''), [], at, at
FROM (SELECT number, toUUID(concat('30000000-0000-4000-8000-', leftPad(toString(intDiv(number, 3)), 12, '0'))) AS task_id,
             toDateTime64('2026-02-02 00:00:00', 3, 'UTC') + toIntervalHour(number) AS at FROM numbers({tasks} * 3))
"""
_CONTEXT = """
INSERT INTO context_events (context_id, source, source_id, customer_id, kind, status, dealer, model, occurred_at, ingested_at)
SELECT generateUUIDv4(number), 'dms', toString(number), concat('C', toString(number)), 'order', 'placed', '', '', at, at
FROM (SELECT number, toDateTime64('2025-11-01 00:00:00', 3, 'UTC') + toIntervalSecond(number * 60) AS at FROM numbers({count}))
"""


def inserts(opinions: int) -> Iterator[str]:
    """The statements that make a year with this many opinions."""
    graph = Graph.load("auto")
    tags = [tag.id for tag in graph.frame.tags]
    causes = [[graph.causes[one.cause].id for one in graph.candidates[tag]] for tag in tags]
    utterances = opinions * 2 // 3
    named = {
        "utterance": _UTTERANCE.format(days=_DAYS, utterances=utterances), "tags": str(tags), "causes": str(causes),
        "tag_count": str(len(tags)), "tasks": str(_TASKS),
    }  # fmt: skip
    for sql, rows in ((_UTTERANCES, utterances), (_OPINIONS, opinions)):
        for first in range(0, rows, _CHUNK):
            yield _filled(sql, named, revision=1, step=1, first=first, count=min(_CHUNK, rows - first))
        yield _filled(sql, named, revision=2, step=_REVISED, first=0, count=rows // _REVISED)
    for sql in (_TASKS_SQL, _TASK_EVENTS, _CONTEXT):
        yield _filled(sql, named, count=opinions // 20)


def _filled(sql: str, named: dict[str, str], **values: int) -> str:
    for name, value in {**named, **values}.items():
        sql = sql.replace("{" + name + "}", str(value))
    return sql
