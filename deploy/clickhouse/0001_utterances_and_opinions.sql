-- One row an utterance and one a coded opinion. Both are idempotent: a replay writes rows with the same sorting
-- key, and the engine keeps the highest revision. Read them through the views of 0003, which apply FINAL.

CREATE TABLE utterances
(
    utterance_id    UUID,
    revision        UInt32,
    event_id        UUID,
    source          LowCardinality(String),
    channel         LowCardinality(String),
    conversation_id String,
    customer_id     String COMMENT 'empty where no customer is known',
    speaker         LowCardinality(String),
    text            String CODEC(ZSTD(3)) COMMENT 'cleaned and redacted',
    language        LowCardinality(String),
    fingerprint     String COMMENT 'equal for texts that say the same letter by letter',
    marks           Array(LowCardinality(String)) COMMENT 'empty, machine_made, duplicate',
    score           Nullable(UInt8) COMMENT 'likelihood to recommend, 0 to 10',
    brand           LowCardinality(String),
    model           LowCardinality(String),
    dealer          LowCardinality(String),
    city            LowCardinality(String),
    region          LowCardinality(String),
    country         LowCardinality(String),
    segment         LowCardinality(String),
    vip             Bool,
    opinions        UInt16 COMMENT 'coded opinions of this revision',
    unsure          Bool,
    frame_version   LowCardinality(String),
    model_version   LowCardinality(String),
    tier            LowCardinality(String),
    audio_uri       String,
    audio_start_ms  UInt32,
    audio_end_ms    UInt32,
    occurred_at     DateTime64(3, 'UTC'),
    ingested_at     DateTime64(3, 'UTC'),
    cleaned_at      DateTime64(3, 'UTC'),
    coded_at        DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(revision)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (occurred_at, utterance_id);

CREATE TABLE opinions
(
    opinion_id      UUID,
    utterance_id    UUID,
    revision        UInt32,
    retracted       UInt8 DEFAULT 0 COMMENT '1: an earlier revision held it and this one does not',
    tag             LowCardinality(String),
    channel         LowCardinality(String),
    source          LowCardinality(String),
    conversation_id String,
    customer_id     String,
    language        LowCardinality(String),
    evidence        String CODEC(ZSTD(3)) COMMENT 'the words that speak for the tag',
    sentiment       Int8,
    sentiment_score Float32,
    intent          LowCardinality(String),
    expectation     LowCardinality(String),
    point           LowCardinality(String) COMMENT 'pain, itch, delight or none',
    need_layer      LowCardinality(String),
    severity        LowCardinality(String),
    brand_promise   Bool,
    confidence      Float32,
    cause           LowCardinality(String) COMMENT 'the first of the ranked causes',
    cause_probability Float32,
    dealer_role     LowCardinality(String),
    office_role     LowCardinality(String),
    marks           Array(LowCardinality(String)),
    score           Nullable(UInt8),
    brand           LowCardinality(String),
    model           LowCardinality(String),
    dealer          LowCardinality(String),
    city            LowCardinality(String),
    region          LowCardinality(String),
    country         LowCardinality(String),
    segment         LowCardinality(String),
    frame_version   LowCardinality(String),
    model_version   LowCardinality(String),
    tier            LowCardinality(String),
    occurred_at     DateTime64(3, 'UTC'),
    ingested_at     DateTime64(3, 'UTC'),
    coded_at        DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(revision, retracted)
PARTITION BY toYYYYMM(occurred_at)
ORDER BY (tag, occurred_at, opinion_id);
