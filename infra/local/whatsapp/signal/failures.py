"""Why a message doesn't open.

SignalFailure
├── Undecryptable   no session fits, or the message was changed
└── Repeated        its key was used before: the message came twice
"""


class SignalFailure(Exception):
    """A message that doesn't open."""


class Undecryptable(SignalFailure):
    """No session fits, or the message was changed."""


class Repeated(SignalFailure):
    """Its key was used before: the message came twice."""
