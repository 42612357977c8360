"""The tables. Migrations are the only source of the schema; a test compares the two."""

from webapp.domain.models.admins import Admin, AdminInvitation
from webapp.domain.models.attendance import (
    NOTE_LENGTH,
    AudienceMinute,
    Closing,
    Correction,
    RosterEntry,
    WatchedMinute,
)
from webapp.domain.models.audit import SUBJECT_LENGTH, AuditEntry
from webapp.domain.models.chat import (
    BODY_LENGTH,
    NONCE_LENGTH,
    Announcement,
    HeldMessage,
    Message,
    Mute,
)
from webapp.domain.models.employees import Employee, EmployeeUpload, EmployeeUploadPart
from webapp.domain.models.events import (
    DESCRIPTION_LENGTH,
    REASON_LENGTH,
    RECORDING_URL_LENGTH,
    SPEAKERS_LENGTH,
    STREAM_HOSTS_LENGTH,
    STREAM_URL_LENGTH,
    Event,
    Reopening,
)
from webapp.domain.models.polls import (
    KIND_LENGTH,
    OPTION_LENGTH,
    POLL_QUESTION_LENGTH,
    Poll,
    PollAnswer,
    PollOption,
    ReactionMinute,
)
from webapp.domain.models.questions import (
    ANSWER_LENGTH,
    Question,
    QuestionAuthor,
    QuestionVote,
)

__all__ = [
    "ANSWER_LENGTH",
    "BODY_LENGTH",
    "DESCRIPTION_LENGTH",
    "KIND_LENGTH",
    "NONCE_LENGTH",
    "NOTE_LENGTH",
    "OPTION_LENGTH",
    "POLL_QUESTION_LENGTH",
    "REASON_LENGTH",
    "RECORDING_URL_LENGTH",
    "SPEAKERS_LENGTH",
    "STREAM_HOSTS_LENGTH",
    "STREAM_URL_LENGTH",
    "SUBJECT_LENGTH",
    "Admin",
    "AdminInvitation",
    "Announcement",
    "AudienceMinute",
    "AuditEntry",
    "Closing",
    "Correction",
    "Employee",
    "EmployeeUpload",
    "EmployeeUploadPart",
    "Event",
    "HeldMessage",
    "Message",
    "Mute",
    "Poll",
    "PollAnswer",
    "PollOption",
    "Question",
    "QuestionAuthor",
    "QuestionVote",
    "ReactionMinute",
    "Reopening",
    "RosterEntry",
    "WatchedMinute",
]
