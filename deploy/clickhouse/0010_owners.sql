-- How well owners do, and how sure that is: the tasks' effects pooled by the inverse of their variance (fixed effect;
-- Borenstein et al., Introduction to Meta-Analysis, 2009, chapter 11), with a 95 % interval. Below 1 it helped. Muted
-- alerts are counted beside the tasks that stand for them.

DROP VIEW IF EXISTS tasks_by_owner;

CREATE VIEW tasks_by_owner AS
SELECT b.owner_queue AS owner_queue, b.dealer AS dealer,
       countIf(b.muted = '')                                                         AS tasks,
       countIf(b.muted = '' AND b.state NOT IN ('accepted', 'closed'))               AS open,
       countIf(b.muted != '')                                                        AS muted,
       countIf(b.muted = '' AND b.done_at > toDateTime64(0, 3) AND b.done_at <= b.due_at)
           / nullIf(countIf(b.muted = '' AND (b.done_at > toDateTime64(0, 3) OR b.due_at < now())), 0) AS on_time_share,
       sum(b.acceptances) / nullIf(sum(b.acceptances) + sum(b.refusals), 0)          AS acceptance_share,
       sum(b.reopenings)                                                             AS reopened,
       countIf(e.ratio > 0)                                                          AS judged,
       sumIf(1 / pow(e.standard_error, 2), e.ratio > 0)                              AS weight,
       if(judged = 0, NULL, exp(sumIf(log(e.ratio) / pow(e.standard_error, 2), e.ratio > 0) / weight)) AS effect,
       effect * exp(-1.96 / sqrt(weight))                                            AS effect_low,
       effect * exp(1.96 / sqrt(weight))                                             AS effect_high
FROM task_board AS b
LEFT JOIN task_effects AS e ON e.task_id = b.task_id
GROUP BY owner_queue, dealer;
