-- Lags by hour and repeated utterances by day, computed by the store step like the tables of 0003 and 0008.

CREATE TABLE lags_hourly
(
    hour          DateTime('UTC') COMMENT 'in which it was said',
    ingested      DateTime('UTC') COMMENT 'hour in which it came in',
    utterances    UInt64,
    clean_seconds AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64),
    code_seconds  AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64),
    store_seconds AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64),
    total_seconds AggregateFunction(quantilesDD(0.01, 0.5, 0.95, 0.99), Float64),
    generation    DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(hour)
ORDER BY (ingested, hour, generation);

CREATE TABLE duplicates_daily
(
    day          Date,
    utterance_id UUID,
    channel      LowCardinality(String),
    source       LowCardinality(String),
    customer_id  String,
    fingerprint  String,
    occurred_at  DateTime64(3, 'UTC'),
    generation   DateTime64(6, 'UTC')
)
ENGINE = MergeTree
PARTITION BY toYYYYMM(day)
ORDER BY (day, generation, occurred_at);

-- Hours rolled up before these tables were there are computed again by the next start of the store step.
TRUNCATE TABLE hourly_generations;

DROP VIEW IF EXISTS lag_by_stage;

-- Seconds at the 50th, 95th and 99th percentile, each within 1 % (DDSketch: Masson, Rim and Lee 2019).
CREATE VIEW lag_by_stage AS
SELECT l.ingested                                                      AS hour,
       sum(l.utterances)                                               AS utterances,
       quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(l.clean_seconds)        AS clean_seconds,
       quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(l.code_seconds)         AS code_seconds,
       quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(l.store_seconds)        AS store_seconds,
       quantilesDDMerge(0.01, 0.5, 0.95, 0.99)(l.total_seconds)        AS total_seconds
FROM lags_hourly AS l
WHERE (l.hour, l.generation) IN (SELECT hour, generation FROM hourly_generations FINAL)
GROUP BY l.ingested;

DROP VIEW IF EXISTS duplicate_utterances;

-- What a customer said again on the same day, in the same channel, letter by letter: all but the first.
CREATE VIEW duplicate_utterances AS
SELECT utterance_id, channel, source, customer_id, fingerprint, occurred_at
FROM duplicates_daily
WHERE (day, generation) IN (SELECT day, generation FROM daily_generations FINAL);
