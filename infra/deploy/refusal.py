"""What stops a deployment."""


class Refused(Exception):
    """The deployment can't go on; the text is a sentence for the person, or some lines, and says what to do."""
