-- What a call itself tells, one row a recording in which somebody spoke. Every utterance of the call brings the same row.

CREATE TABLE calls
(
    event_id        UUID COMMENT 'of the recording; `utterances` have it too',
    source          LowCardinality(String),
    channel         LowCardinality(String),
    conversation_id String,
    customer_id     String COMMENT 'empty where no customer is known',
    brand           LowCardinality(String),
    model           LowCardinality(String),
    dealer          LowCardinality(String),
    city            LowCardinality(String),
    region          LowCardinality(String),
    agent           LowCardinality(String) COMMENT 'who served, as the source names them',
    duration_ms     UInt32,
    talk_share      Float32 COMMENT 'shares are of the length of the call',
    silence_share   Float32,
    overtalk_share  Float32 COMMENT 'both sides at once',
    longest_silence_ms UInt32,
    agent_share     Float32,
    customer_share  Float32,
    agent_customer_ratio Nullable(Float32) COMMENT 'null where the customer says nothing',
    agent_rate      Nullable(Float32) COMMENT 'characters, or words of Latin script, a minute of own speech',
    customer_rate   Nullable(Float32),
    audio_uri       String,
    engine          LowCardinality(String) COMMENT 'what heard it',
    occurred_at     DateTime64(3, 'UTC') COMMENT 'when the call began',
    ingested_at     DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (occurred_at, event_id);

CREATE VIEW current_calls AS SELECT * FROM calls FINAL;

-- Calls by day, dealer and agent. Shares and the ratio weigh each call by its length.
CREATE VIEW calls_by_day AS
SELECT toDate(occurred_at)                                             AS day,
       channel, dealer, agent,
       count()                                                         AS calls,
       sum(duration_ms) / 3.6e6                                        AS hours,
       sum(talk_share * duration_ms) / sum(duration_ms)                AS talk,
       sum(silence_share * duration_ms) / sum(duration_ms)             AS silence,
       sum(overtalk_share * duration_ms) / sum(duration_ms)            AS overtalk,
       sum(agent_share * duration_ms) / nullIf(sum(customer_share * duration_ms), 0) AS agent_customer,
       quantile(0.9)(longest_silence_ms) / 1e3                         AS longest_silence_p90_s,
       avg(agent_rate)                                                 AS agent_speech_rate,
       avg(customer_rate)                                              AS customer_speech_rate
FROM current_calls
GROUP BY day, channel, dealer, agent;
