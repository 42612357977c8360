"""Files that an admin has uploaded and looks at, until they are imported or an hour has passed.

They are kept in the database: it is the one place that every web worker reads and that may hold
the only copy of something. Web containers have no writable folder, and Redis may vanish. What is
kept is bounded: one file an admin, a few in all, and an hour. An expired file is deleted at the
next upload and by `flask attendance prune`.
"""

import secrets
import zlib
from dataclasses import dataclass
from datetime import datetime, timedelta

from sqlalchemy import delete, insert, or_, select

from webapp.domain.audit import trail
from webapp.domain.models import EmployeeUpload, EmployeeUploadPart
from webapp.errors import Invalid
from webapp.infra.clock import utcnow
from webapp.infra.database import retry_on_outage
from webapp.infra.extensions import db

KEPT = timedelta(hours=1)
# Of all admins together: at most 200 MB before compression.
KEPT_FILES = 10
# A packet of MariaDB has at most 16 MB by default, of which nothing here comes near.
PART_BYTES = 1 << 20
NAME_LENGTH = 200


@dataclass(frozen=True)
class Upload:
    """An uploaded file; `token` names it in an address."""

    token: str
    name: str
    data: bytes


@retry_on_outage
def store(name: str, data: bytes) -> str:
    """Keep a file for the acting admin in place of the one before, and return its token."""
    token = secrets.token_urlsafe(32)
    upload = EmployeeUpload(
        token=token,
        admin_id=trail.acting_admin(),
        name=name[-NAME_LENGTH:],
        uploaded_at=utcnow(),
    )
    db.session.add(upload)
    db.session.flush()
    packed = zlib.compress(data, level=1)
    parts = [packed[start : start + PART_BYTES] for start in range(0, len(packed), PART_BYTES)]
    for position, part in enumerate(parts):
        values = {"upload_id": upload.id, "position": position, "data": part}
        db.session.execute(insert(EmployeeUploadPart).values(values))
    _delete_surplus(upload)
    db.session.commit()
    return token


def find(token: str) -> Upload:
    """Return the acting admin's file. Raises `Invalid` when it is not kept any more."""
    row = db.session.scalar(
        select(EmployeeUpload).where(
            EmployeeUpload.token == token,
            EmployeeUpload.admin_id == trail.acting_admin(),
            EmployeeUpload.uploaded_at > utcnow() - KEPT,
        )
    )
    if row is None:
        raise Invalid("This file is not kept any more: choose it again.")
    parts = select(EmployeeUploadPart.data).where(EmployeeUploadPart.upload_id == row.id)
    packed = b"".join(db.session.scalars(parts.order_by(EmployeeUploadPart.position)))
    return Upload(token, row.name, zlib.decompress(packed))


@retry_on_outage
def drop(token: str) -> None:
    """Delete a file that has been imported."""
    db.session.execute(delete(EmployeeUpload).where(EmployeeUpload.token == token))
    db.session.commit()


@retry_on_outage
def drop_expired(now: datetime) -> None:
    """Delete the files whose hour has passed."""
    db.session.execute(delete(EmployeeUpload).where(EmployeeUpload.uploaded_at <= now - KEPT))
    db.session.commit()


def _delete_surplus(newest: EmployeeUpload) -> None:
    by_age = select(EmployeeUpload.id).order_by(EmployeeUpload.id.desc())
    surplus = db.session.scalars(by_age.offset(KEPT_FILES).limit(1000)).all()
    db.session.execute(
        delete(EmployeeUpload).where(
            EmployeeUpload.id != newest.id,
            or_(
                EmployeeUpload.admin_id == newest.admin_id,
                EmployeeUpload.uploaded_at <= newest.uploaded_at - KEPT,
                EmployeeUpload.id.in_(surplus),
            ),
        )
    )
