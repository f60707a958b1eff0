"""How a reduction is carried out: the schedule record and how it is chosen."""

from pairfold.schedule.schedule import Schedule, choose, choose_split

__all__ = ["Schedule", "choose", "choose_split"]
