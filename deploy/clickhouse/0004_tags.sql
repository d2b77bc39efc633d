-- The code frame's tags, so that analysts can join names and owners. The store step writes them when it starts.

CREATE TABLE tags
(
    tag           String,
    branch        LowCardinality(String),
    zh            String,
    en            String,
    stage         LowCardinality(String),
    touchpoint    LowCardinality(String),
    need_layer    LowCardinality(String) COMMENT 'the default of the frame',
    severity      LowCardinality(String),
    brand_promise Bool,
    dealer_role   LowCardinality(String),
    office_role   LowCardinality(String),
    frame         LowCardinality(String),
    frame_version LowCardinality(String),
    stored_at     DateTime64(3, 'UTC') DEFAULT now64(3)
)
ENGINE = ReplacingMergeTree(stored_at)
ORDER BY tag;

CREATE VIEW current_tags AS SELECT * FROM tags FINAL;
