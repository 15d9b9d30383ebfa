"""The smoke test of a gateway that runs, deployed or local: its whole way once, from the edge to a code and back.

A deployment that CloudFormation calls complete may still have workers that never start. So this asks for what a person
would ask first, tells how long each step took, and leaves nothing behind. Knows AWS and the gateway's API.
"""


class NotWorking(Exception):
    """The gateway doesn't do what it should; the text says which step failed and why, in sentences for a person."""
