-- Coarser roll-ups, so that what management asks of a year is answered from some hundred thousand rows.
--
-- The store step computes them anew from the hourly tables for every day of which an hour changed, and then says in
-- `daily_generations` which computation of a day counts: as the hourly tables, a function of the rows and no sum of arrivals.

CREATE TABLE daily_generations
(
    day         Date,
    generation  DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY day;

CREATE TABLE tags_daily
(
    day         Date,
    tag         LowCardinality(String),
    point       LowCardinality(String),
    opinions    UInt64,
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, generation, tag);

CREATE TABLE facts_daily
(
    day         Date,
    tag         LowCardinality(String),
    cause       LowCardinality(String),
    point       LowCardinality(String),
    opinions    UInt64 COMMENT 'of utterances without marks',
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, generation, tag);

CREATE TABLE dealers_daily
(
    day                 Date,
    dealer              LowCardinality(String) COMMENT 'empty where no dealer is known',
    answers             UInt32,
    promoters           UInt32,
    detractors          UInt32,
    concrete            UInt32,
    concrete_promoters  UInt32,
    concrete_detractors UInt32,
    tens                UInt32,
    empty_tens          UInt32 COMMENT 'tens with a comment that says nothing concrete',
    comments            Array(UInt64) COMMENT 'hashes of different concrete comments',
    generation          DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (dealer, day, generation);

CREATE TABLE parts_daily
(
    day         Date,
    dimension   LowCardinality(String) COMMENT 'tag or channel',
    part        LowCardinality(String),
    weight      Float64 COMMENT 'answers; one with several tags counts for each in equal part',
    contributed Float64 COMMENT 'their 100, 0 and -100, weighed',
    complaints  UInt32 COMMENT 'answers that complain of the tag',
    complained  Float64 COMMENT 'their 100, 0 and -100',
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, generation, dimension, part);

DROP VIEW IF EXISTS share_by_tag;

CREATE VIEW share_by_tag AS
SELECT tag,
       sum(n)                       AS opinions,
       opinions / sum(opinions) OVER () AS share,
       sumIf(n, point = 'pain')     AS pains,
       sumIf(n, point = 'itch')     AS itches,
       sumIf(n, point = 'delight')  AS delights
FROM
(
    SELECT tag, point, sum(opinions) AS n FROM tags_daily
    WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
    GROUP BY tag, point
)
GROUP BY tag;

DROP VIEW IF EXISTS nps_by_month;

CREATE VIEW nps_by_month AS
SELECT toStartOfMonth(day)                                                        AS month,
       sum(d.answers)                                                             AS answers,
       100 * (sum(promoters) - sum(detractors)) / answers                         AS nps,
       sum(concrete)                                                              AS concrete_answers,
       100 * (sum(concrete_promoters) - sum(concrete_detractors)) / nullIf(concrete_answers, 0) AS concrete_nps,
       196 * sqrt((sum(promoters) + sum(detractors)) / answers
                  - pow((sum(promoters) - sum(detractors)) / answers, 2)) / sqrt(answers)      AS half_interval
FROM dealers_daily AS d
WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
GROUP BY month;

DROP VIEW IF EXISTS nps_parts_by_month;

CREATE VIEW nps_parts_by_month AS
SELECT toStartOfMonth(day) AS month, dimension, part, sum(p.weight) AS weight, sum(p.contributed) AS contributed
FROM parts_daily AS p
WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
GROUP BY month, dimension, part
UNION ALL
SELECT toStartOfMonth(day) AS month, 'dealer' AS dimension, dealer AS part, sum(answers) AS weight,
       100 * (toFloat64(sum(promoters)) - sum(detractors)) AS contributed
FROM dealers_daily
WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
GROUP BY month, part;

DROP VIEW IF EXISTS dealer_scores;

CREATE VIEW dealer_scores AS
SELECT dealer,
       sum(d.answers)                                                             AS answers,
       sum(tens) / answers                                                        AS tens_share,
       sum(empty_tens) / answers                                                  AS empty_tens_share,
       (sum(concrete) - uniqArray(comments)) / answers                            AS same_words_share,
       100 * (sum(promoters) - sum(detractors)) / answers                         AS nps,
       100 * (sum(concrete_promoters) - sum(concrete_detractors)) / nullIf(sum(concrete), 0) AS concrete_nps
FROM dealers_daily AS d
WHERE dealer != '' AND (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
GROUP BY dealer;

DROP VIEW IF EXISTS complaints_by_month;

CREATE VIEW complaints_by_month AS
SELECT month, tag, complaints, answers, complaints / answers AS share,
       (contributed_all - complained) / nullIf(answers - complaints, 0) - complained / complaints AS raw_cost
FROM
(
    SELECT toStartOfMonth(day) AS month, part AS tag, sum(p.complaints) AS complaints, sum(p.complained) AS complained
    FROM parts_daily AS p
    WHERE dimension = 'tag' AND (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
    GROUP BY month, tag
    HAVING complaints > 0
) AS t
INNER JOIN
(
    SELECT toStartOfMonth(day) AS month, sum(d.answers) AS answers, 100 * (toFloat64(sum(promoters)) - sum(detractors)) AS contributed_all
    FROM dealers_daily AS d
    WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
    GROUP BY month
) AS a USING month;

DROP VIEW IF EXISTS causes_by_month;

-- For a dealer, model or another cut, ask `current_facts` with a condition.
CREATE VIEW causes_by_month AS
SELECT toStartOfMonth(day) AS month, tag, cause, sum(f.opinions) AS opinions
FROM facts_daily AS f
WHERE point IN ('pain', 'itch') AND (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
GROUP BY month, tag, cause;

DROP VIEW IF EXISTS points_by_branch;

-- Product against service and the other branches of the frame.
CREATE VIEW points_by_branch AS
SELECT month, splitByChar('.', toString(tag))[1] AS branch,
       sum(n)                       AS opinions,
       sumIf(n, point = 'pain')     AS pains,
       sumIf(n, point = 'itch')     AS itches,
       sumIf(n, point = 'delight')  AS delights
FROM
(
    SELECT toStartOfMonth(day) AS month, tag, point, sum(opinions) AS n FROM facts_daily
    WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL)
    GROUP BY month, tag, point
)
GROUP BY month, branch;
