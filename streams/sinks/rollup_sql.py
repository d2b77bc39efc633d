"""The statements of the roll-ups. `{touched}` stands for OF_HOURS or OF_DAYS; other names in braces are parameters."""

# Conditions on a range beside those on a set, because only they let ClickHouse pass over what is not meant.
OF_HOURS = """occurred_at >= {first:DateTime('UTC')} AND occurred_at < {end:DateTime('UTC')}
  AND toStartOfHour(occurred_at) IN {hours:Array(DateTime('UTC'))}"""
OF_DAYS = "hour >= {first:DateTime('UTC')} AND hour < {end:DateTime('UTC')} AND toDate(hour) IN {days:Array(Date)}"

ROWS = """
INSERT INTO opinions_hourly
SELECT toStartOfHour(occurred_at) AS hour, tag, channel, brand, model, dealer, point, sentiment, count(), {generation:DateTime64(6, 'UTC')}
FROM opinions FINAL
WHERE retracted = 0 AND {touched}
GROUP BY ALL
"""
FACTS = """
INSERT INTO facts_hourly
SELECT toStartOfHour(occurred_at) AS hour, tag, cause, channel, brand, model, dealer, city, region, segment, point, need_layer, sentiment,
       count(), {generation:DateTime64(6, 'UTC')}
FROM opinions FINAL
WHERE retracted = 0 AND empty(marks) AND {touched}
GROUP BY ALL
"""
ANSWERS = """
INSERT INTO answers_hourly
SELECT toStartOfHour(min(u.occurred_at)), u.event_id, any(u.channel), any(u.source), any(u.brand), any(u.model), any(u.dealer), any(u.city),
       any(u.region), any(u.segment), assumeNotNull(any(u.score)), notEmpty(negatives) OR notEmpty(positives) OR lengthUTF8(comment) >= 8,
       arrayStringConcat(arrayMap(one -> one.2, arraySort(groupArray((u.utterance_id, u.text)))), ' ') AS comment,
       arraySort(groupUniqArrayArray(o.negative)) AS negatives, arraySort(groupUniqArrayArray(o.positive)) AS positives,
       min(u.occurred_at), {generation:DateTime64(6, 'UTC')}
FROM (SELECT * FROM utterances FINAL WHERE isNotNull(score) AND {touched}) AS u
LEFT JOIN
(
    SELECT utterance_id,
           groupUniqArrayIf(toString(tag), sentiment < 0) AS negative, groupUniqArrayIf(toString(tag), sentiment > 0) AS positive
    FROM opinions FINAL
    WHERE retracted = 0 AND isNotNull(score) AND {touched}
    GROUP BY utterance_id
) AS o ON o.utterance_id = u.utterance_id
GROUP BY u.event_id
"""
LAGS = """
INSERT INTO lags_hourly
SELECT toStartOfHour(occurred_at) AS hour, toStartOfHour(ingested_at) AS ingested, count(),
       quantilesDDState(0.01, 0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, cleaned_at) / 1e3),
       quantilesDDState(0.01, 0.5, 0.95, 0.99)(dateDiff('ms', cleaned_at, coded_at) / 1e3),
       quantilesDDState(0.01, 0.5, 0.95, 0.99)(dateDiff('ms', coded_at, stored_at) / 1e3),
       quantilesDDState(0.01, 0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, stored_at) / 1e3), {generation:DateTime64(6, 'UTC')}
FROM utterances FINAL
WHERE {touched}
GROUP BY hour, ingested
"""
SWITCH_HOURS = """
INSERT INTO hourly_generations
SELECT arrayJoin({hours:Array(DateTime('UTC'))}), {generation:DateTime64(6, 'UTC')}
"""
TAGS_DAILY = """
INSERT INTO tags_daily
SELECT toDate(hour) AS day, tag, point, sum(opinions), {generation:DateTime64(6, 'UTC')}
FROM volume_by_hour WHERE {touched}
GROUP BY day, tag, point
"""
FACTS_DAILY = """
INSERT INTO facts_daily
SELECT toDate(hour) AS day, tag, cause, point, sum(opinions), {generation:DateTime64(6, 'UTC')}
FROM current_facts WHERE {touched}
GROUP BY day, tag, cause, point
"""
DEALERS_DAILY = """
INSERT INTO dealers_daily
SELECT toDate(hour) AS day, dealer, count(), countIf(score >= 9), countIf(score <= 6),
       countIf(concrete), countIf(concrete AND score >= 9), countIf(concrete AND score <= 6),
       countIf(score = 10), countIf(score = 10 AND NOT concrete AND comment != ''), groupUniqArrayIf(cityHash64(comment), concrete),
       {generation:DateTime64(6, 'UTC')}
FROM current_answers WHERE {touched}
GROUP BY day, dealer
"""
PARTS_DAILY = """
INSERT INTO parts_daily
SELECT toDate(hour) AS day, 'tag' AS dimension, arrayJoin(if(empty(tags), ['(none)'], tags)) AS part,
       sum(1 / greatest(length(tags), 1)), sum(contribution / greatest(length(tags), 1)),
       countIf(has(negative, part)), sumIf(contribution, has(negative, part)), {generation:DateTime64(6, 'UTC')}
FROM
(
    SELECT hour, contribution, arrayMap(one -> toString(one), negative) AS negative,
           arrayDistinct(arrayConcat(negative, arrayMap(one -> toString(one), positive))) AS tags
    FROM current_answers WHERE {touched}
)
GROUP BY day, part
UNION ALL
SELECT toDate(hour) AS day, 'channel' AS dimension, toString(channel) AS part, count(), sum(contribution), 0, 0,
       {generation:DateTime64(6, 'UTC')}
FROM current_answers WHERE {touched}
GROUP BY day, part
"""
DUPLICATES_DAILY = """
INSERT INTO duplicates_daily
SELECT toDate(occurred_at), utterance_id, channel, source, customer_id, fingerprint, occurred_at, {generation:DateTime64(6, 'UTC')}
FROM
(
    SELECT utterance_id, channel, source, customer_id, fingerprint, occurred_at,
           row_number() OVER (PARTITION BY toDate(occurred_at), channel, if(customer_id = '', conversation_id, customer_id), fingerprint
                              ORDER BY occurred_at, utterance_id) AS nth
    FROM utterances FINAL
    WHERE fingerprint != '' AND NOT has(marks, 'empty')
      AND occurred_at >= {first:DateTime('UTC')} AND occurred_at < {end:DateTime('UTC')} AND toDate(occurred_at) IN {days:Array(Date)}
)
WHERE nth > 1
"""
SWITCH_DAYS = """
INSERT INTO daily_generations
SELECT arrayJoin({days:Array(Date)}), {generation:DateTime64(6, 'UTC')}
"""
# A row becomes visible a moment after its `stored_at`; a minute of overlap covers that.
STALE_HOURS = """
SELECT hour FROM
(
    SELECT hour, max(at) AS stored FROM
    (
        SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS at FROM opinions GROUP BY hour
        UNION ALL
        SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS at FROM utterances GROUP BY hour
    )
    GROUP BY hour
) AS stored
LEFT JOIN (SELECT hour, generation FROM hourly_generations FINAL) AS done USING hour
WHERE stored > done.generation - INTERVAL 1 MINUTE
"""
STALE_DAYS = """
SELECT day FROM (SELECT toDate(hour) AS day, max(generation) AS newest FROM hourly_generations GROUP BY day) AS hours
LEFT JOIN (SELECT day, generation FROM daily_generations FINAL) AS done USING day
WHERE newest > done.generation
"""

# Accepted tasks that were never counted, that changed, or that have an hour in their windows that was computed since.
_DAYS_OF_TASK = """arrayJoin(arrayDistinct(arrayConcat(
               arrayMap(n -> toDate(created_at) - n, range(29)), arrayMap(n -> toDate(accepted_at) + n, range(29))))) AS day"""
_ACCEPTED = "state IN ('accepted', 'closed') AND muted = ''"
STALE_TASKS = f"""
SELECT b.task_id, toStartOfHour(any(b.created_at)) - INTERVAL 28 DAY AS begin, toStartOfHour(any(b.accepted_at)) + INTERVAL 29 DAY
FROM (SELECT task_id, revision, created_at, accepted_at, {_DAYS_OF_TASK} FROM task_board WHERE {_ACCEPTED}) AS b
LEFT JOIN (SELECT toDate(hour) AS day, max(generation) AS newest FROM hourly_generations GROUP BY day) AS computed ON computed.day = b.day
LEFT JOIN (SELECT task_id, revision, accepted_at, generation FROM task_counts FINAL) AS counted ON counted.task_id = b.task_id
GROUP BY b.task_id
HAVING any(b.revision) != any(counted.revision) OR any(b.accepted_at) != any(counted.accepted_at)
    OR max(computed.newest) > any(counted.generation) - INTERVAL 1 MINUTE
ORDER BY begin
"""  # noqa: S608 - conditions of ours
# Each task is spread over the days around it, so that the tag and the day find its opinions.
TASK_COUNTS = """
INSERT INTO task_counts
WITH (b.cause IN ('', 'unknown') OR o.cause = b.cause)
 AND (b.of_dealer = '' OR o.dealer = b.of_dealer) AND (b.of_brand = '' OR o.brand = b.of_brand)
 AND (b.of_model = '' OR o.model = b.of_model) AND (b.of_region = '' OR o.region = b.of_region)
 AND (b.of_city = '' OR o.city = b.of_city) AND (b.of_channel = '' OR o.channel = b.of_channel) AS matched
SELECT b.task_id, any(b.revision), any(b.accepted_at),
       sumIf(o.opinions, matched AND o.hour >= b.created_at - INTERVAL 28 DAY AND o.hour < b.created_at),
       sumIf(o.opinions, matched AND o.hour >= b.accepted_at AND o.hour < b.accepted_at + INTERVAL 28 DAY),
       {generation:DateTime64(6, 'UTC')}
FROM
(
    SELECT hour, toDate(hour) AS day, tag, cause, dealer, brand, model, region, city, channel, opinions FROM current_facts
    WHERE hour >= {first:DateTime('UTC')} AND hour < {end:DateTime('UTC')}
      AND tag IN (SELECT tag FROM tasks WHERE task_id IN {tasks:Array(UUID)})
) AS o
RIGHT JOIN
(
    SELECT task_id, revision, tag, cause, created_at, accepted_at, scope['dealer'] AS of_dealer, scope['brand'] AS of_brand,
           scope['model'] AS of_model, scope['region'] AS of_region, scope['city'] AS of_city, scope['channel'] AS of_channel,
           {days_of_task}
    FROM task_board WHERE task_id IN {tasks:Array(UUID)}
) AS b ON o.tag = b.tag AND o.day = b.day
GROUP BY b.task_id
""".replace("{days_of_task}", _DAYS_OF_TASK)

# Only what a reader can no longer be using.
CLEAN = """
DELETE FROM {table}
WHERE generation < now64() - INTERVAL 1 MINUTE AND ({key}, generation) NOT IN (SELECT {key}, generation FROM {generations} FINAL)
"""
