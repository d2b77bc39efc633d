"""All settings, read from the environment (`VOC_*`) in this one place."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated, Literal

from pydantic import Field, SecretStr
from pydantic_settings import BaseSettings, SettingsConfigDict

PositiveInt = Annotated[int, Field(gt=0)]
PositiveFloat = Annotated[float, Field(gt=0)]


class Settings(BaseSettings):
    """Tingjian's settings. Every field is an environment variable: `kafka` is `VOC_KAFKA`."""

    model_config = SettingsConfigDict(env_prefix="VOC_", frozen=True, extra="forbid")

    kafka: str = Field("127.0.0.1:9092", description="Kafka bootstrap servers, host:port[,host:port]")
    topic_prefix: str = Field("", description="Put before every topic and consumer group name, so that several pipelines share a broker")
    partitions: PositiveInt = Field(4, description="Partitions of a topic that Tingjian creates")
    replication: PositiveInt = Field(1, description="Replicas of a topic that Tingjian creates")
    data: Path = Field(Path(".voc"), description="Folder for local state: the embedded ClickHouse, audio objects, watched-folder ledger")

    clickhouse: str = Field("http://voc:voc@127.0.0.1:8123/voc", description="ClickHouse URL, http(s)://user:password@host:port/database")
    codeframe: str = Field("auto", description="Code frame: the name of a bundled one, or a folder")

    names: str = Field("lac", description="What finds names and addresses to redact: lac, or hanlp:MODEL (extra hanlp)")
    deep_engine: str = Field("", description="hanlp:MODEL, which adds opinion words and aspects to what recode codes again (extra hanlp)")
    coder_endpoint: str = Field("", description="OpenAI-compatible endpoint that codes what is still unsure, http(s)://HOST/v1#MODEL")
    coder_endpoint_key: SecretStr = Field(SecretStr(""), description="Key of that endpoint")
    coder_endpoint_timeout: PositiveFloat = Field(30.0, description="Seconds that one answer of it may take")
    coder_endpoint_requests: PositiveInt = Field(2_000, description="Requests to it a day (UTC), by each worker since its start")
    coder_endpoint_tokens: PositiveInt = Field(20_000_000, description="Tokens of it a day (UTC), by each worker since its start")

    metrics_port: int = Field(9464, description="Port of the worker's Prometheus metrics and health; 0 is off")
    log_level: str = Field("INFO", description="Log level; customer text is never logged at INFO or above")

    batch_records: PositiveInt = Field(2_000, description="Records a poll")
    commit_interval: PositiveFloat = Field(0.5, description="Seconds between offset commits")
    drain_timeout: PositiveFloat = Field(20.0, description="Seconds that SIGTERM allows for batches in flight")
    stall_timeout: PositiveFloat = Field(60.0, description="Seconds without progress, while lag grows, after which a worker ends itself")
    session_timeout: PositiveFloat = Field(10.0, description="Kafka group session timeout, seconds")
    rebalance_timeout: PositiveFloat = Field(4.0, description="Kafka group rebalance timeout, seconds")
    dead_letter_run: int = Field(1_000, description="Refused records in a row after which a step stops; 0 is no limit")
    dead_letter_ratio: float = Field(
        0.5, ge=0, le=1, description="Share of refused records, over the last 10,000, above which a step stops; 1 is no limit"
    )

    gateway_host: str = Field("127.0.0.1", description="Address the gateway listens on")
    gateway_port: int = Field(8080, description="Port the gateway listens on")
    gateway_keys: SecretStr = Field(SecretStr(""), description="Gateway sources, comma-separated source:key or source:key:hmac-secret")
    gateway_max_bytes: PositiveInt = Field(1_048_576, description="Largest request body, bytes")
    gateway_rate: PositiveInt = Field(2_000, description="Events a second that one source may send")

    asr: str = Field("small", description="What hears: small, sherpa:TYPE:DIR, whisper:DIR or http(s)://HOST/v1#MODEL; see docs/voice.md")
    asr_key: SecretStr = Field(SecretStr(""), description="Key of an OpenAI-compatible speech endpoint")
    asr_processes: PositiveInt = Field(1, description="Recordings that a worker hears at once, each in a process of its own")
    asr_threads: PositiveInt = Field(1, description="Threads of each of them")
    asr_timeout: PositiveFloat = Field(3_600.0, description="Seconds that hearing one recording may take")
    diariser: str = Field(
        "", description="Models that tell the voices of a mono recording apart: SEGMENTATION.onnx,EMBEDDING.onnx; see docs/voice.md"
    )
    asr_cost: float = Field(0.0, ge=0, description="What an hour of audio costs, in your currency, for the cost metric")
    audio_store: str = Field("", description="fsspec URI of the folder for audio, such as s3://bucket/voice; VOC_DATA/audio if not set")
    audio_max_minutes: PositiveFloat = Field(120.0, description="Longest recording that is heard, minutes")
    audio_max_bytes: PositiveInt = Field(512 << 20, description="Largest recording, bytes")
    audio_retention_days: PositiveInt = Field(180, description="Days that audio is kept; `voc audio expire` deletes what is older")

    causes: Path | None = Field(None, description="Learned parameters of attribution, from `voc graph learn`; the graph's own if not set")
    layers: Path | None = Field(None, description="Dated need layers, from `voc report layers --write`; the frame's own if not set")
    evidence_days: PositiveInt = Field(30, description="Days after it was coded in which late evidence corrects an utterance's causes")
    context_days: PositiveInt = Field(90, description="Days that a customer's business facts are remembered")
    rules: Path | None = Field(None, description="Folder of task rules in YAML; the bundled rules if not set")
    watch_interval: PositiveFloat = Field(60.0, description="Seconds between evaluations of the rules that look at history")
    oa_kind: Literal["webhook", "feishu", "dingtalk", "wecom"] = Field("webhook", description="What the company's OA is")
    oa_url: str = Field("http://127.0.0.1:8090/oa/tasks", description="Where tasks are delivered: a webhook, or a suite's API")
    oa_secret: SecretStr = Field(
        SecretStr(""), description="Secret, base64, that signs what the bridge sends and what the OA calls back with"
    )
    oa_app: str = Field("", description="Feishu app_id, DingTalk appKey, WeCom corpid")
    oa_app_secret: SecretStr = Field(SecretStr(""), description="Feishu app_secret, DingTalk appSecret, WeCom corpsecret")
    oa_template: str = Field("", description="Feishu approval_code, DingTalk processCode, WeCom template_id")
    oa_creator: str = Field("", description="User id in whose name approvals are made")
    oa_fields: str = Field("", description="Form fields, comma-separated field=control: summary, verbatim, cause, owner, due, task_id, ...")
    oa_token: SecretStr = Field(SecretStr(""), description="Token of a suite's event callbacks (Feishu: Verification Token)")
    oa_aes_key: SecretStr = Field(SecretStr(""), description="Feishu Encrypt Key, DingTalk aes_key, WeCom EncodingAESKey of its callbacks")
    oa_approval: Literal["plan", "work"] = Field(
        "plan", description="What a suite's approval says: the plan may be carried out, or the work is done and accepted"
    )
    oa_callbacks: str = Field("", description="Gateway that the OA sandbox calls back, http://host:port; this machine's if not set")
    oa_timeout: PositiveFloat = Field(10.0, description="Seconds that the OA may take to answer")

    def environment(self) -> dict[str, str]:
        """These settings as environment variables, for a child process. Secrets are in the clear."""
        values = {name: getattr(self, name) for name in type(self).model_fields}
        plain = {name: value.get_secret_value() if isinstance(value, SecretStr) else value for name, value in values.items()}
        return {f"VOC_{name.upper()}": str(value) for name, value in plain.items() if value is not None}
