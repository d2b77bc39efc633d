-- What management reads: survey answers, opinions by cause, need layers with their dates, business facts of customers.
--
-- `answers_hourly` and `facts_hourly` are computed by the store step for every hour it touched, like `opinions_hourly`,
-- and seen through the same `hourly_generations`, so that a replay or a revision changes no count and no view needs FINAL
-- over the opinions.

CREATE TABLE context_events
(
    context_id      UUID,
    source          LowCardinality(String),
    source_id       String,
    customer_id     String,
    kind            LowCardinality(String),
    status          LowCardinality(String),
    linked_customer_id String COMMENT 'of an identity link: the same person',
    order_id        String,
    dealer          LowCardinality(String),
    model           LowCardinality(String),
    occurred_at     DateTime64(3, 'UTC'),
    ingested_at     DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY (customer_id, occurred_at, context_id);

CREATE VIEW current_context_events AS SELECT * FROM context_events FINAL;

CREATE TABLE facts_hourly
(
    hour        DateTime('UTC'),
    tag         LowCardinality(String),
    cause       LowCardinality(String),
    channel     LowCardinality(String),
    brand       LowCardinality(String),
    model       LowCardinality(String),
    dealer      LowCardinality(String),
    city        LowCardinality(String),
    region      LowCardinality(String),
    segment     LowCardinality(String),
    point       LowCardinality(String),
    need_layer  LowCardinality(String),
    sentiment   Int8,
    opinions    UInt32,
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, tag, generation);

CREATE TABLE answers_hourly
(
    hour        DateTime('UTC'),
    answer_id   UUID COMMENT 'the raw event that held the score',
    channel     LowCardinality(String),
    source      LowCardinality(String),
    brand       LowCardinality(String),
    model       LowCardinality(String),
    dealer      LowCardinality(String),
    city        LowCardinality(String),
    region      LowCardinality(String),
    segment     LowCardinality(String),
    score       UInt8,
    concrete    Bool COMMENT 'the comment names an experience, or is 8 characters or longer',
    comment     String CODEC(ZSTD(3)),
    negative    Array(LowCardinality(String)) COMMENT 'tags complained of',
    positive    Array(LowCardinality(String)) COMMENT 'tags praised',
    occurred_at DateTime64(3, 'UTC'),
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, generation, answer_id);

-- Hours rolled up before these tables were there are computed again by the next start of the store step.
TRUNCATE TABLE hourly_generations;

CREATE VIEW current_facts AS
SELECT * EXCEPT (generation) FROM facts_hourly
WHERE (hour, generation) IN (SELECT hour, generation FROM hourly_generations FINAL);

CREATE VIEW current_answers AS
SELECT * EXCEPT (generation), multiIf(score >= 9, 100, score <= 6, -100, 0) AS contribution
FROM answers_hourly
WHERE (hour, generation) IN (SELECT hour, generation FROM hourly_generations FINAL);

-- Net promoter score of any cut: 100 * (sum(promoters) - sum(detractors)) / sum(answers), grouped by what is asked for.
CREATE VIEW nps_answers AS
SELECT toDate(hour) AS day, channel, source, brand, model, dealer, city, region, segment, concrete,
       1          AS answers,
       score >= 9 AS promoters,
       score <= 6 AS detractors
FROM current_answers;

CREATE VIEW nps_by_month AS
SELECT toStartOfMonth(hour)                                           AS month,
       count()                                                        AS answers,
       100 * (countIf(score >= 9) - countIf(score <= 6)) / count()    AS nps,
       countIf(concrete)                                              AS concrete_answers,
       100 * (countIf(score >= 9 AND concrete) - countIf(score <= 6 AND concrete)) / nullIf(countIf(concrete), 0) AS concrete_nps,
       196 * sqrt((countIf(score >= 9) + countIf(score <= 6)) / count()
                  - pow((countIf(score >= 9) - countIf(score <= 6)) / count(), 2)) / sqrt(count())                AS half_interval
FROM current_answers
GROUP BY month;

-- Inputs of the change decomposition: the weight of each group in a month and what it contributes. An answer counts for
-- each of its tags in equal part, so that the weights of a dimension add to the answers.
CREATE VIEW nps_parts_by_month AS
SELECT toStartOfMonth(hour) AS month, 'tag' AS dimension, arrayJoin(if(empty(tags), ['(none)'], tags)) AS part,
       sum(1 / greatest(length(tags), 1)) AS weight, sum(contribution / greatest(length(tags), 1)) AS contributed
FROM (SELECT hour, contribution, arrayDistinct(arrayConcat(negative, positive)) AS tags FROM current_answers)
GROUP BY month, part
UNION ALL
SELECT toStartOfMonth(hour) AS month, 'channel' AS dimension, channel AS part, count() AS weight, sum(contribution) AS contributed
FROM current_answers GROUP BY month, part
UNION ALL
SELECT toStartOfMonth(hour) AS month, 'dealer' AS dimension, dealer AS part, count() AS weight, sum(contribution) AS contributed
FROM current_answers GROUP BY month, part;

-- What speaks for asked-for scores, a dealer: shares of tens, of tens with empty praise, of comments said before.
CREATE VIEW dealer_scores AS
SELECT dealer,
       count()                                                                                AS answers,
       countIf(score = 10) / answers                                                          AS tens_share,
       countIf(score = 10 AND NOT concrete AND comment != '') / answers                       AS empty_tens_share,
       (countIf(concrete) - uniqIf(cityHash64(comment), concrete)) / answers                        AS same_words_share,
       100 * (countIf(score >= 9) - countIf(score <= 6)) / answers                            AS nps,
       100 * (countIf(score >= 9 AND concrete) - countIf(score <= 6 AND concrete)) / nullIf(countIf(concrete), 0) AS concrete_nps
FROM current_answers
WHERE dealer != ''
GROUP BY dealer;

-- How often each tag is complained of, month by month, and the score of those answers beside the others'.
CREATE VIEW complaints_by_month AS
SELECT month, tag, complaints, answers, complaints / answers AS share,
       (contributed_all - contributed) / nullIf(answers - complaints, 0) - contributed / complaints AS raw_cost
FROM
(
    SELECT toStartOfMonth(hour) AS month, arrayJoin(negative) AS tag, count() AS complaints, sum(contribution) AS contributed
    FROM current_answers GROUP BY month, tag
) AS t
INNER JOIN (SELECT toStartOfMonth(hour) AS month, count() AS answers, sum(contribution) AS contributed_all FROM current_answers
            GROUP BY month) AS a USING month;

-- For a dealer, model or another cut, ask `current_facts` with a condition.
CREATE VIEW causes_by_month AS
SELECT toStartOfMonth(hour) AS month, tag, cause, sum(opinions) AS opinions
FROM current_facts
WHERE point IN ('pain', 'itch')
GROUP BY month, tag, cause;

-- Product against service and the other branches of the frame.
CREATE VIEW points_by_branch AS
SELECT month, splitByChar('.', toString(tag))[1] AS branch,
       sum(n)                       AS opinions,
       sumIf(n, point = 'pain')     AS pains,
       sumIf(n, point = 'itch')     AS itches,
       sumIf(n, point = 'delight')  AS delights
FROM (SELECT toStartOfMonth(hour) AS month, tag, point, sum(opinions) AS n FROM current_facts GROUP BY month, tag, point)
GROUP BY month, branch;

-- Need layers that penalty-reward contrasts showed, each valid from a day on, a segment ('' is everybody).
CREATE TABLE need_layers
(
    tag            LowCardinality(String),
    segment        LowCardinality(String),
    valid_from     Date,
    layer          LowCardinality(String),
    previous       LowCardinality(String),
    complaints     UInt32,
    praises        UInt32,
    penalty        Float64,
    penalty_error  Float64,
    reward         Float64,
    reward_error   Float64,
    p_value        Float64,
    stored_at      DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY (tag, segment, valid_from);

CREATE VIEW current_need_layers AS
SELECT * FROM need_layers FINAL ORDER BY valid_from DESC LIMIT 1 BY tag, segment;

CREATE VIEW layer_migrations AS
SELECT valid_from, tag, segment, previous, layer, p_value FROM need_layers FINAL WHERE previous != '' AND previous != layer;
