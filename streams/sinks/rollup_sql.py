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
       countIf(score = 10), countIf(score = 10 AND NOT concrete AND comment != ''), uniqStateIf(cityHash64(comment), concrete),
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
        SELECT toStartOfHour(occurred_at) AS hour, max(stored_at) AS at FROM utterances WHERE isNotNull(score) GROUP BY hour
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

# Only what a reader can no longer be using.
CLEAN = """
DELETE FROM {table}
WHERE generation < now64() - INTERVAL 1 MINUTE AND ({key}, generation) NOT IN (SELECT {key}, generation FROM {generations} FINAL)
"""
