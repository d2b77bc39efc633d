"""What analysts ask the documented views: all of a small result, and of views of single rows a month of one cut."""
# ruff: noqa: S608 - names of ours

_MONTH = "occurred_at >= toDateTime64('2026-06-01 00:00:00', 3, 'UTC') AND occurred_at < toDateTime64('2026-07-01 00:00:00', 3, 'UTC')"
_HOURS = "hour >= toDateTime('2026-06-01 00:00:00', 'UTC') AND hour < toDateTime('2026-07-01 00:00:00', 'UTC')"

QUERIES: dict[str, str] = {
    "nps_by_month": "SELECT * FROM nps_by_month ORDER BY month",
    "nps_answers": "SELECT dealer, 100 * (sum(promoters) - sum(detractors)) / sum(answers) AS nps FROM nps_answers GROUP BY dealer",
    "nps_parts_by_month": "SELECT * FROM nps_parts_by_month",
    "dealer_scores": "SELECT * FROM dealer_scores",
    "complaints_by_month": "SELECT * FROM complaints_by_month",
    "causes_by_month": "SELECT * FROM causes_by_month",
    "points_by_branch": "SELECT * FROM points_by_branch",
    "current_facts, a dealer's year": "SELECT tag, sum(opinions) FROM current_facts WHERE dealer = 'D123' GROUP BY tag",
    "current_facts, a month by tag and city": f"SELECT tag, city, sum(opinions) FROM current_facts WHERE {_HOURS} GROUP BY tag, city",
    "current_answers, a month of a dealer": f"SELECT * FROM current_answers WHERE dealer = 'D123' AND {_HOURS}",
    "current_need_layers": "SELECT * FROM current_need_layers",
    "layer_migrations": "SELECT * FROM layer_migrations",
    "current_context_events, a customer": "SELECT * FROM current_context_events WHERE customer_id = 'C4711'",
    "volume_by_hour, a month": f"SELECT hour, sum(opinions) FROM volume_by_hour WHERE {_HOURS} GROUP BY hour",
    "share_by_tag": "SELECT * FROM share_by_tag",
    "current_opinions, a month of a tag": f"SELECT count(), avg(score) FROM current_opinions WHERE tag = 'lead.contact.slow' AND {_MONTH}",
    "current_utterances, a day": f"SELECT count() FROM current_utterances WHERE {_MONTH} AND toDate(occurred_at) = '2026-06-10'",
    "coverage_by_hour, a month": f"SELECT * FROM coverage_by_hour WHERE {_HOURS}",
    "lag_by_stage, a month": f"SELECT * FROM lag_by_stage WHERE {_HOURS}",
    "duplicate_utterances, a month": f"SELECT count() FROM duplicate_utterances WHERE {_MONTH}",
    "task_board": "SELECT state, count() FROM task_board GROUP BY state",
    "task_effects": "SELECT * FROM task_effects",
    "tasks_by_owner": "SELECT * FROM tasks_by_owner",
    "judged_causes": "SELECT * FROM judged_causes",
}
