-- Tasks, what was done to them, and the records that no step could use. A dead letter's row says where and why; its
-- bytes stay in the topic, because they are a customer's words before redaction.

CREATE TABLE tasks
(
    task_id         UUID,
    revision        UInt32,
    rule            LowCardinality(String),
    rule_version    LowCardinality(String),
    level           LowCardinality(String),
    tag             LowCardinality(String),
    point           LowCardinality(String),
    need_layer      LowCardinality(String),
    severity        LowCardinality(String),
    summary         String,
    verbatim        String,
    utterance_ids   Array(UUID),
    opinion_ids     Array(UUID),
    cause           LowCardinality(String),
    cause_probability Float32,
    dealer_role     LowCardinality(String),
    office_role     LowCardinality(String),
    owner_queue     LowCardinality(String),
    plan_template   LowCardinality(String),
    priority        UInt8,
    channel         LowCardinality(String),
    customer_id     String,
    conversation_id String,
    brand           LowCardinality(String),
    model           LowCardinality(String),
    dealer          LowCardinality(String),
    city            LowCardinality(String),
    region          LowCardinality(String),
    scope           Map(String, String),
    created_at      DateTime64(3, 'UTC'),
    due_at          DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(revision)
ORDER BY task_id;

CREATE TABLE task_events
(
    task_event_id   UUID,
    task_id         UUID,
    action          LowCardinality(String),
    actor           String,
    actor_role      LowCardinality(String),
    legal           Bool,
    reason          String,
    note            String,
    confirmed_cause LowCardinality(String),
    refused_causes  Array(LowCardinality(String)),
    external_id     String,
    attempt         UInt32,
    occurred_at     DateTime64(3, 'UTC'),
    recorded_at     DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree
ORDER BY (task_id, occurred_at, task_event_id);

CREATE TABLE dead_letters
(
    dead_letter_id  UUID,
    step            LowCardinality(String),
    reason          LowCardinality(String),
    detail          String,
    topic           LowCardinality(String),
    partition       UInt32,
    offset          UInt64,
    size_bytes      UInt32,
    attempts        UInt32,
    occurred_at     DateTime64(3, 'UTC'),
    failed_at       DateTime64(3, 'UTC'),
    stored_at       DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(attempts)
ORDER BY dead_letter_id;
