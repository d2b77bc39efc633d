-- What analysts query. `current_*` views show the highest revision of each row, whatever was replayed.
--
-- The hourly roll-up is a table that the store step computes anew for every hour it touched: a function of the
-- opinions, not a sum of what arrived, so that a replay or a revision changes no count. `hourly_generations` says
-- which computation of an hour counts; its row is written last, so a reader never sees half a computation. The store
-- step deletes computations that no longer count.

CREATE VIEW current_utterances AS SELECT * FROM utterances FINAL;

CREATE VIEW current_opinions AS SELECT * FROM opinions FINAL WHERE retracted = 0;

CREATE VIEW current_tasks AS SELECT * FROM tasks FINAL;

CREATE VIEW current_task_events AS SELECT * FROM task_events FINAL;

CREATE VIEW current_dead_letters AS SELECT * FROM dead_letters FINAL;

CREATE TABLE opinions_hourly
(
    hour        DateTime('UTC'),
    tag         LowCardinality(String),
    channel     LowCardinality(String),
    brand       LowCardinality(String),
    model       LowCardinality(String),
    dealer      LowCardinality(String),
    point       LowCardinality(String),
    sentiment   Int8,
    opinions    UInt64,
    generation  DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (hour, generation, tag, channel, brand, model, dealer);

CREATE TABLE hourly_generations
(
    hour        DateTime('UTC'),
    generation  DateTime64(6, 'UTC')
)
ENGINE = ReplacingMergeTree(generation)
ORDER BY hour;

CREATE VIEW volume_by_hour AS
SELECT hour, tag, channel, brand, model, dealer, point, sentiment, opinions
FROM opinions_hourly
WHERE (hour, generation) IN (SELECT hour, generation FROM hourly_generations FINAL);

CREATE VIEW share_by_tag AS
SELECT tag,
       sum(opinions)                                AS opinions,
       opinions / sum(opinions) OVER ()             AS share,
       sumIf(volume_by_hour.opinions, point = 'pain')    AS pains,
       sumIf(volume_by_hour.opinions, point = 'itch')    AS itches,
       sumIf(volume_by_hour.opinions, point = 'delight') AS delights
FROM volume_by_hour
GROUP BY tag;

CREATE VIEW coverage_by_hour AS
SELECT toStartOfHour(occurred_at)                   AS hour,
       channel,
       count()                                      AS utterances,
       countIf(opinions > 0)                        AS covered,
       covered / utterances                         AS coverage,
       countIf(unsure)                              AS unsure
FROM current_utterances
WHERE empty(marks) AND speaker IN ('customer', 'unknown')
GROUP BY hour, channel;

CREATE VIEW lag_by_stage AS
SELECT toStartOfHour(ingested_at)                                                AS hour,
       count()                                                                   AS utterances,
       quantiles(0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, cleaned_at) / 1e3) AS clean_seconds,
       quantiles(0.5, 0.95, 0.99)(dateDiff('ms', cleaned_at, coded_at) / 1e3)    AS code_seconds,
       quantiles(0.5, 0.95, 0.99)(dateDiff('ms', coded_at, stored_at) / 1e3)     AS store_seconds,
       quantiles(0.5, 0.95, 0.99)(dateDiff('ms', ingested_at, stored_at) / 1e3)  AS total_seconds
FROM current_utterances
GROUP BY hour;

CREATE VIEW duplicate_utterances AS
SELECT utterance_id, channel, source, customer_id, fingerprint, occurred_at
FROM
(
    SELECT utterance_id, channel, source, customer_id, fingerprint, occurred_at,
           row_number() OVER (PARTITION BY channel, if(customer_id = '', conversation_id, customer_id), fingerprint
                              ORDER BY occurred_at, utterance_id) AS nth
    FROM current_utterances
    WHERE fingerprint != '' AND not has(marks, 'empty')
)
WHERE nth > 1;
