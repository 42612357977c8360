"""Questions with their authors and votes; an event's settings for them."""

import sqlalchemy as sa
from alembic import op
from sqlalchemy.dialects import mysql

revision = "0010"
down_revision = "0009"
branch_labels = None
depends_on = None

MYSQL = {"mysql_charset": "utf8mb4", "mariadb_charset": "utf8mb4"}
SETTINGS = {"questions_open": True, "hold_questions": False, "anonymous_questions": False}
STATES = ("waiting", "rejected", "open", "answering", "answered", "hidden")


def moment() -> sa.types.TypeEngine:
    return sa.DateTime().with_variant(mysql.DATETIME(fsp=6), "mysql", "mariadb")


def exact(length: int) -> sa.types.TypeEngine:
    text = mysql.VARCHAR(length, charset="utf8mb4", collation="utf8mb4_bin")
    return sa.String(length).with_variant(text, "mysql", "mariadb")


def big() -> sa.types.TypeEngine:
    return sa.BigInteger().with_variant(sa.Integer, "sqlite")


def refers(table: str, column: str, other: str) -> sa.ForeignKeyConstraint:
    return sa.ForeignKeyConstraint([column], [f"{other}.id"], name=f"fk_{table}_{column}_{other}")


def upgrade() -> None:
    for name, value in SETTINGS.items():
        default = sa.true() if value else sa.false()
        op.add_column("events", sa.Column(name, sa.Boolean, nullable=False, server_default=default))
    op.create_table(
        "question_authors",
        sa.Column("id", big(), nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("employee_id", sa.Integer, nullable=False),
        sa.Column("nonce", exact(64), nullable=False),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("revealed_at", moment(), nullable=True),
        sa.Column("revealed_by", sa.Integer, nullable=True),
        sa.Column("reveal_reason", sa.String(200), nullable=True),
        sa.PrimaryKeyConstraint("id", name="pk_question_authors"),
        sa.UniqueConstraint("employee_id", "nonce", name="uq_question_authors_employee_id_nonce"),
        refers("question_authors", "event_id", "events"),
        refers("question_authors", "employee_id", "employees"),
        refers("question_authors", "revealed_by", "admins"),
        **MYSQL,
    )
    op.create_index(
        "ix_question_authors_employee_id_asked_at", "question_authors", ["employee_id", "asked_at"]
    )
    op.create_table(
        "questions",
        sa.Column("id", big(), autoincrement=False, nullable=False),
        sa.Column("event_id", sa.Integer, nullable=False),
        sa.Column("author_id", sa.Integer, nullable=True),
        sa.Column("body", sa.String(500), nullable=False),
        sa.Column("original_body", sa.String(500), nullable=True),
        sa.Column("asked_at", moment(), nullable=False),
        sa.Column("state", sa.String(16), nullable=False),
        sa.Column("votes", sa.Integer, nullable=False, server_default="0"),
        sa.Column("place", sa.Integer, nullable=True),
        sa.Column("answer", sa.String(2000), nullable=True),
        sa.Column("answered_at", moment(), nullable=True),
        sa.Column("merged_into", big(), nullable=True),
        sa.Column("revision", sa.Integer, nullable=False, server_default="1"),
        sa.Column("votes_revision", sa.Integer, nullable=False, server_default="0"),
        sa.PrimaryKeyConstraint("id", name="pk_questions"),
        sa.CheckConstraint(f"state IN {STATES}", name="ck_questions_state"),
        refers("questions", "id", "question_authors"),
        refers("questions", "event_id", "events"),
        refers("questions", "author_id", "employees"),
        **MYSQL,
    )
    op.create_index("ix_questions_event_id_state", "questions", ["event_id", "state"])
    op.create_table(
        "question_votes",
        sa.Column("question_id", big(), nullable=False),
        sa.Column("employee_id", sa.Integer, autoincrement=False, nullable=False),
        sa.PrimaryKeyConstraint("question_id", "employee_id", name="pk_question_votes"),
        refers("question_votes", "question_id", "questions"),
        **MYSQL,
    )
    op.create_index("ix_question_votes_employee_id", "question_votes", ["employee_id"])


def downgrade() -> None:
    for table in ("question_votes", "questions", "question_authors"):
        op.drop_table(table)
    for name in SETTINGS:
        op.drop_column("events", name)
