-- Before and after a task from the hourly roll-up: each task is spread over the days around it, so that the tag and the day
-- find its opinions without reading every opinion for every task. Windows begin and end with whole hours; a task of which
-- nothing was said on either side is left out.

DROP VIEW IF EXISTS task_effects;

CREATE VIEW task_effects AS
SELECT task_id, rule, tag, cause, owner_queue, dealer, created_at, accepted_at, before, after, days_after,
       28 AS days_before,
       ((after + 0.5) / days_after) / ((before + 0.5) / 28)  AS ratio,
       sqrt(1 / (after + 0.5) + 1 / (before + 0.5))          AS standard_error,
       ratio * exp(-1.96 * standard_error)                   AS ratio_low,
       ratio * exp(1.96 * standard_error)                    AS ratio_high
FROM
(
    SELECT b.task_id AS task_id, any(b.rule) AS rule, any(b.tag) AS tag, any(b.cause) AS cause, any(b.owner_queue) AS owner_queue,
           any(b.dealer) AS dealer, any(b.created_at) AS created_at, any(b.accepted_at) AS accepted_at,
           sumIf(o.opinions, o.hour >= b.created_at - INTERVAL 28 DAY AND o.hour < b.created_at)   AS before,
           sumIf(o.opinions, o.hour >= b.accepted_at AND o.hour < b.accepted_at + INTERVAL 28 DAY) AS after,
           greatest(1, least(28, dateDiff('hour', any(b.accepted_at), now()) / 24))                AS days_after
    FROM
    (
        SELECT hour, toDate(hour) AS day, toString(tag) AS tag, cause, dealer, brand, model, region, city, channel, opinions
        FROM current_facts WHERE tag IN (SELECT tag FROM tasks)
    ) AS o
    INNER JOIN
    (
        SELECT task_id, rule, toString(tag) AS tag, cause, owner_queue, dealer, created_at, accepted_at, scope['dealer'] AS of_dealer,
               scope['brand'] AS of_brand, scope['model'] AS of_model, scope['region'] AS of_region, scope['city'] AS of_city,
               scope['channel'] AS of_channel,
               arrayJoin(arrayDistinct(arrayConcat(
                   arrayMap(n -> toDate(created_at) - n, range(29)), arrayMap(n -> toDate(accepted_at) + n, range(29))))) AS day
        FROM task_board WHERE state IN ('accepted', 'closed') AND muted = ''
    ) AS b ON o.tag = b.tag AND o.day = b.day
    WHERE (b.cause IN ('', 'unknown') OR o.cause = b.cause)
      AND (b.of_dealer = '' OR o.dealer = b.of_dealer) AND (b.of_brand = '' OR o.brand = b.of_brand)
      AND (b.of_model = '' OR o.model = b.of_model) AND (b.of_region = '' OR o.region = b.of_region)
      AND (b.of_city = '' OR o.city = b.of_city) AND (b.of_channel = '' OR o.channel = b.of_channel)
    GROUP BY b.task_id
    HAVING before + after > 0
);
