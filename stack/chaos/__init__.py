"""Faults on the running system, and what the chat makes of them: `python -m stack.chaos`."""
