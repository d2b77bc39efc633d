-- The life of tasks: where each stands, whether it helped, who does well, and which alerts were muted.

ALTER TABLE tasks
    ADD COLUMN IF NOT EXISTS owner_name String AFTER owner_queue,
    ADD COLUMN IF NOT EXISTS muted LowCardinality(String) COMMENT 'grouped or daily_cap: kept and counted, not delivered',
    ADD COLUMN IF NOT EXISTS muted_for Nullable(UUID) COMMENT 'the task that stands for it',
    ADD COLUMN IF NOT EXISTS body String CODEC(ZSTD(3)) COMMENT 'the whole voc.tasks.v1 value';

DROP VIEW IF EXISTS current_tasks;

CREATE VIEW current_tasks AS SELECT * FROM tasks FINAL;

-- A step that is reported again has the same id and another time: the first report counts.
DROP VIEW IF EXISTS current_task_events;

CREATE VIEW current_task_events AS
SELECT * FROM task_events FINAL ORDER BY recorded_at, stored_at LIMIT 1 BY task_event_id;

CREATE VIEW task_states AS
SELECT task_id,
       argMaxIf(action, (recorded_at, task_event_id), legal AND action IN
                ('assigned', 'planned', 'approved', 'sent_back', 'done', 'accepted', 'refused', 'closed', 'reopened')) AS state,
       argMaxIf(task_event_id, (recorded_at, task_event_id), legal AND action = 'accepted') AS accepted_event,
       maxIf(occurred_at, legal AND action = 'done')         AS done_at,
       maxIf(occurred_at, legal AND action = 'accepted')     AS accepted_at,
       countIf(legal AND action = 'accepted')                AS acceptances,
       countIf(legal AND action = 'refused')                 AS refusals,
       countIf(legal AND action = 'reopened')                AS reopenings,
       countIf(legal AND action = 'escalated')               AS escalations,
       countIf(NOT legal)                                    AS illegal
FROM current_task_events
GROUP BY task_id;

CREATE VIEW task_board AS
SELECT t.*, if(s.state = '', 'created', s.state) AS state, s.accepted_event AS accepted_event, s.done_at AS done_at,
       s.accepted_at AS accepted_at, s.acceptances AS acceptances, s.refusals AS refusals, s.reopenings AS reopenings,
       s.escalations AS escalations, s.illegal AS illegal
FROM (SELECT * FROM tasks FINAL) AS t
LEFT JOIN task_states AS s ON s.task_id = t.task_id;

-- Before and after: opinions of the same tag, cause and scope in the 28 days before the task and after its acceptance.
-- ratio: the rate after over the rate before, with half an opinion added to both (Haldane 1956, Anscombe 1956); the
-- interval is Wald's on its logarithm, 95 %. Below 1 it helped.
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
           countIf(o.occurred_at >= b.created_at - INTERVAL 28 DAY AND o.occurred_at < b.created_at)   AS before,
           countIf(o.occurred_at >= b.accepted_at AND o.occurred_at < b.accepted_at + INTERVAL 28 DAY) AS after,
           greatest(1, least(28, dateDiff('hour', any(b.accepted_at), now()) / 24))                    AS days_after
    FROM (SELECT * FROM task_board WHERE state IN ('accepted', 'closed') AND muted = '') AS b
    LEFT JOIN (SELECT * FROM current_opinions WHERE empty(marks)) AS o ON o.tag = b.tag
    WHERE (b.cause IN ('', 'unknown') OR o.cause = b.cause)
      AND (b.scope['dealer'] = '' OR o.dealer = b.scope['dealer']) AND (b.scope['brand'] = '' OR o.brand = b.scope['brand'])
      AND (b.scope['model'] = '' OR o.model = b.scope['model']) AND (b.scope['region'] = '' OR o.region = b.scope['region'])
      AND (b.scope['city'] = '' OR o.city = b.scope['city']) AND (b.scope['channel'] = '' OR o.channel = b.scope['channel'])
    GROUP BY b.task_id
);

CREATE VIEW tasks_by_owner AS
SELECT b.owner_queue AS owner_queue, b.dealer AS dealer,
       count()                                                                       AS tasks,
       countIf(b.state NOT IN ('accepted', 'closed'))                                AS open,
       countIf(b.done_at > toDateTime64(0, 3) AND b.done_at <= b.due_at) / nullIf(countIf(b.done_at > toDateTime64(0, 3)
               OR b.due_at < now()), 0)                                              AS on_time_share,
       sum(b.acceptances) / nullIf(sum(b.acceptances) + sum(b.refusals), 0)          AS acceptance_share,
       sum(b.reopenings)                                                             AS reopened,
       exp(avgIf(log(e.ratio), e.ratio > 0))                                         AS effect
FROM (SELECT * FROM task_board WHERE muted = '') AS b
LEFT JOIN task_effects AS e ON e.task_id = b.task_id
GROUP BY owner_queue, dealer;

-- What owners found to be true: attribution learns priors and likelihood ratios from it.
CREATE VIEW judged_causes AS
SELECT t.tag AS tag, cause, sum(confirmed) AS confirmed, sum(refused) AS refused
FROM
(
    SELECT task_id, confirmed_cause AS cause, 1 AS confirmed, 0 AS refused FROM current_task_events
    WHERE legal AND confirmed_cause != ''
    UNION ALL
    SELECT task_id, arrayJoin(refused_causes) AS cause, 0 AS confirmed, 1 AS refused FROM current_task_events WHERE legal
) AS judged
INNER JOIN (SELECT task_id, tag FROM tasks FINAL) AS t ON t.task_id = judged.task_id
GROUP BY tag, cause;

CREATE VIEW muted_alerts AS
SELECT toDate(created_at) AS day, owner_queue, dealer, rule, tag, muted AS reason, count() AS alerts
FROM tasks FINAL
WHERE muted != ''
GROUP BY day, owner_queue, dealer, rule, tag, reason;
