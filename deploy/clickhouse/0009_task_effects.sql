-- Before and after a task from the hourly roll-up. The store step counts about once a minute, anew and not by adding, the opinions
-- around each accepted task of which an hour changed. Windows begin and end with whole hours; a task of which nothing was said
-- on either side is left out of the view.

CREATE TABLE task_counts
(
    task_id     UUID,
    revision    UInt32 COMMENT 'of the task that was counted',
    accepted_at DateTime64(3, 'UTC') COMMENT 'of the acceptance that was counted',
    before      UInt64 COMMENT 'opinions of the tag, cause and scope in 28 days before the task',
    after       UInt64 COMMENT 'and in 28 days after its acceptance',
    generation  DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY task_id;

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
    SELECT b.task_id AS task_id, b.rule AS rule, b.tag AS tag, b.cause AS cause, b.owner_queue AS owner_queue, b.dealer AS dealer,
           b.created_at AS created_at, b.accepted_at AS accepted_at, c.before AS before, c.after AS after,
           greatest(1, least(28, dateDiff('hour', b.accepted_at, now()) / 24)) AS days_after
    FROM (SELECT * FROM task_board WHERE state IN ('accepted', 'closed') AND muted = '') AS b
    INNER JOIN (SELECT task_id, before, after FROM task_counts FINAL) AS c ON c.task_id = b.task_id
    WHERE before + after > 0
);
