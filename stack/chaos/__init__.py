"""Random faults on a running system while people write: `python -m stack.chaos`."""
