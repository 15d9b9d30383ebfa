"""Into an account and out of it again: ``python -m infra.deploy`` and ``python -m infra.deploy destroy``.

Knows AWS, Docker and the packaged template. Nothing is created before everything that can be checked has been.
"""


class CannotDeploy(Exception):
    """The deployment can't go on; the text is a sentence for the person, or some lines, and says what to do."""
