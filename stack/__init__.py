"""The full system on loopback: `python -m stack`, or `with Stack() as stack:` in a test."""

from stack.system import Stack

__all__ = ["Stack"]
