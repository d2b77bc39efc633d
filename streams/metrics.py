"""Every metric: its name, type and meaning, in this one place. `voc metrics` prints the table from it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from time import perf_counter
from uuid import UUID

from prometheus_client import Counter, Gauge, Histogram

from schemas.base import Event
from schemas.coded import CodedUtterance
from schemas.dead_letter import DeadLetter
from schemas.utterance import CallMeasures

clock = perf_counter

_LATENCIES = (0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30, 60, 300)
_SIZES = (1, 5, 20, 100, 500, 1_000, 2_000, 5_000)
_SAMPLES = 16
_FACTORS = (0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1, 2)
_RATES = (60, 100, 140, 180, 220, 260, 300, 340, 400, 500)
_RATIOS = (0.1, 0.25, 0.5, 0.75, 1, 1.5, 2, 4, 10)
_SHARES = (0.05, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 0.7, 0.8, 0.9)

EVENTS_IN = Counter("voc_events_in_total", "Records that a step took from its topics", ["step"])
EVENTS_OUT = Counter("voc_events_out_total", "Records that a step sent and the broker acknowledged, dead letters not counted", ["step"])
EVENTS_FAILED = Counter("voc_events_failed_total", "Records that a step refused, each now a dead letter", ["step", "reason"])
BATCH_SIZE = Histogram("voc_batch_records", "Records a batch", ["step"], buckets=_SIZES)
BATCH_SECONDS = Histogram(
    "voc_batch_seconds", "Seconds from taking a batch to the acknowledgement of its outputs", ["step"], buckets=_LATENCIES
)
AGE_SECONDS = Histogram(
    "voc_age_seconds",
    "Seconds from an event's ingestion to the end of a step, sampled; step `store` is end to end",
    ["step"],
    buckets=_LATENCIES,
)
LAG = Gauge("voc_lag_records", "Records behind the end of a partition that a step has not finished", ["step", "topic", "partition"])
WAITING = Gauge("voc_waiting", "1 while a step waits for a system outside the pipeline to come back", ["step"])
COVERED = Counter("voc_utterances_covered_total", "Coded utterances by whether they carry at least one tag", ["covered"])
UNSURE = Counter("voc_utterances_unsure_total", "Coded utterances that the fast tier was unsure of")
FRAME = Gauge("voc_frame_in_force", "1 for the code frame version that a step codes by, 0 for those before it", ["step", "version"])
FRAMES_REFUSED = Counter("voc_frames_refused_total", "Announced code frames that a step refused: the one in force stays", ["step"])
RECODED = Counter(
    "voc_utterances_recoded_total",
    "Unsure utterances that a deeper tier coded again, by whether tags or feelings changed",
    ["tier", "changed"],
)
RECODE_SECONDS = Histogram("voc_recode_seconds", "Seconds from the fast tier's word on an utterance to a deeper one's", buckets=_LATENCIES)
ENDPOINT_REQUESTS = Counter(
    "voc_endpoint_requests_total", "Questions to the coding endpoint by outcome: answered, failed, resting, over_budget", ["outcome"]
)
ENDPOINT_TOKENS = Counter("voc_endpoint_tokens_total", "Tokens that the coding endpoint's answers took, questions included")
ENDPOINT_TEXTS = Counter(
    "voc_endpoint_texts_total", "Utterances that the coding endpoint was asked about: believed, refused or unanswered", ["outcome"]
)

GATEWAY_REQUESTS = Counter("voc_gateway_requests_total", "Requests that the gateway answered", ["route", "status"])
GATEWAY_SECONDS = Histogram("voc_gateway_request_seconds", "Seconds from a request's headers to its answer", ["route"], buckets=_LATENCIES)
GATEWAY_EVENTS = Counter("voc_gateway_events_total", "Events that the gateway accepted and the broker acknowledged", ["source", "channel"])
GATEWAY_DUPLICATES = Counter("voc_gateway_duplicates_total", "Accepted events whose id the gateway had accepted lately", ["source"])
CALLBACKS = Counter(
    "voc_callbacks_total",
    "Callbacks of the OA by outcome: accepted, repeated, illegal, unknown_task, forged, expired, replayed, oversized, invalid, unavailable",
    ["outcome"],
)
CONNECTOR_RECORDS = Counter(
    "voc_connector_records_total",
    "Rows of watched files and records of company topics, by outcome: accepted, repeated or rejected",
    ["connector", "outcome"],
)

ASR_QUEUE = Gauge("voc_asr_queue", "Recordings that a worker has taken and not finished hearing")
ASR_SPEED = Histogram("voc_asr_real_time_factor", "Seconds of work a second of audio", ["engine"], buckets=_FACTORS)
ASR_AUDIO = Counter("voc_asr_audio_seconds_total", "Seconds of audio heard", ["engine"])
ASR_COST = Counter("voc_asr_cost_total", "What hearing has cost, by VOC_ASR_COST an audio hour", ["engine"])
CALL_SHARE = Histogram("voc_call_share", "Shares of a call's length: talk, silence, overtalk, agent, customer", ["of"], buckets=_SHARES)
CALL_RATE = Histogram(
    "voc_call_speech_rate", "Characters (words of Latin script) a minute of own speech: agent, customer", ["of"], buckets=_RATES
)
CALL_RATIO = Histogram(
    "voc_call_agent_customer_ratio", "How much the agent of a call speaks for each second of the customer", buckets=_RATIOS
)
CALL_LONGEST_SILENCE = Histogram("voc_call_longest_silence_seconds", "The longest silence of a call", buckets=_LATENCIES)


def batch_done(step: str, started: float, records: int, events: Sequence[Event], sent: int, letters: Sequence[DeadLetter]) -> None:
    """Record one finished batch of a step: its records, those of them that decoded, outputs sent and dead letters."""
    EVENTS_IN.labels(step).inc(records)
    EVENTS_OUT.labels(step).inc(sent)
    BATCH_SIZE.labels(step).observe(records)
    BATCH_SECONDS.labels(step).observe(clock() - started)
    for letter in letters:
        EVENTS_FAILED.labels(step, letter.reason.value).inc()
    _observe_age(step, events)


def _observe_age(step: str, events: Sequence[Event]) -> None:
    now = datetime.now(UTC)
    age = AGE_SECONDS.labels(step)
    for event in events[:: max(1, len(events) // _SAMPLES)]:
        ingested_at = getattr(event, "ingested_at", None)
        if ingested_at is not None:
            age.observe((now - ingested_at).total_seconds())


def count_coded(coded: Sequence[CodedUtterance]) -> None:
    """Record coverage of coded utterances."""
    covered = sum(bool(one.opinions) for one in coded)
    COVERED.labels("yes").inc(covered)
    COVERED.labels("no").inc(len(coded) - covered)
    UNSURE.inc(sum(one.unsure for one in coded))


def frame_in_force(step: str, version: str, before: str | None = None) -> None:
    """Record by which version of the code frame a step codes from now on."""
    if before:
        FRAME.labels(step, before).set(0)
    FRAME.labels(step, version).set(1)


def count_recoded(before: Sequence[CodedUtterance], after: Mapping[UUID, CodedUtterance]) -> None:
    """Record which of these utterances deeper tiers coded again, by id, and how long after the fast one."""
    for one in before:
        if other := after.get(one.utterance_id):
            felt, feels = ({(opinion.tag, opinion.sentiment) for opinion in event.opinions} for event in (one, other))
            RECODED.labels(other.versions.tier.value, "no" if felt == feels else "yes").inc()
            RECODE_SECONDS.observe((other.coded_at - one.coded_at).total_seconds())


def count_consulted(answers: Sequence[object]) -> None:
    """Record what the coding endpoint said: a coding each, an exception where it is not believed, None where there is none."""
    for one in answers:
        ENDPOINT_TEXTS.labels("unanswered" if one is None else "refused" if isinstance(one, Exception) else "believed").inc()


def heard(engine: str, audio_s: float, work_s: float, cost_per_hour: float, call: CallMeasures | None) -> None:
    """Record one recording that was heard: seconds of audio and of work, and what the call itself tells."""
    ASR_AUDIO.labels(engine).inc(audio_s)
    ASR_COST.labels(engine).inc(audio_s / 3_600 * cost_per_hour)
    if audio_s:
        ASR_SPEED.labels(engine).observe(work_s / audio_s)
    if call is not None:
        shares = (call.talk_share, call.silence_share, call.overtalk_share, call.agent_share, call.customer_share)
        for of, share in zip(("talk", "silence", "overtalk", "agent", "customer"), shares, strict=True):
            CALL_SHARE.labels(of).observe(share)
        for of, rate in (("agent", call.agent_rate), ("customer", call.customer_rate)):
            if rate is not None:
                CALL_RATE.labels(of).observe(rate)
        if call.agent_customer_ratio is not None:
            CALL_RATIO.observe(call.agent_customer_ratio)
        CALL_LONGEST_SILENCE.observe(call.longest_silence_ms / 1_000)
