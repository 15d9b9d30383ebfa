"""What no caller is ever answered."""


class Fenced(Exception):
    """A worker wrote with a claim that is no longer in force; it must end without another effect."""


class IllegalMove(Exception):
    """The transition table has no row for this event in this status."""
