"""The release that may serve beside this one, on the same database and Redis.

Change this file when a release is made (docs/development.md, "Make a release").
"""

RELEASE = "0.3.0"
COMMIT = "4a1f4c72be5a989c0bc1074db517535d86bf8883"
# The last migration of that release: later ones may only expand its schema.
SCHEMA = "0013"

# Cached objects whose readers in that release raise for a field that they do not know, with the
# fields that they know. Later fields are kept under a key beside (webapp/infra/cache.py).
STRICT_VALUES: dict[str, frozenset[str]] = {
    "event:v7": frozenset(
        {
            "id",
            "slug",
            "title",
            "starts_at",
            "ends_at",
            "timezone",
            "stream_url",
            "state",
            "chat_open",
            "slow_mode_seconds",
            "hold_messages",
            "required_share",
            "stream_kind",
            "stream_hosts",
            "description",
            "speakers",
            "recording_url",
            "revision",
            "questions_open",
            "hold_questions",
            "anonymous_questions",
            "archived_at",
            "closed_at",
            "export_contributions",
        }
    ),
    "employee:v2": frozenset(
        {"id", "employee_number", "name", "department", "active", "session_version"}
    ),
}
