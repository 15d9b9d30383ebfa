"""``python -m infra.local``: check, start, serve, end. ``make run`` is this."""

import os
import sys

from infra.local import doctor
from infra.local.settings import BadSetting, LocalSettings, read_settings

INTERRUPTED = 130


def main() -> int:
    """Return the exit code: 0 after being told to stop, 1 after a sentence about what is wrong."""
    try:
        settings = read_settings(os.environ)
    except BadSetting as error:
        return _refuse(str(error))
    sentence = doctor.complaint(settings.port)
    return _refuse(sentence) if sentence else _serve(settings)


def _serve(settings: LocalSettings) -> int:
    # Only now: before the check, what these import may be missing.
    from infra.local.moto.descriptions import remember_descriptions  # noqa: PLC0415

    # Before moto, which reads some as it is imported.
    remember_descriptions()
    from infra.local.run import UNFIT, run  # noqa: PLC0415

    try:
        run(settings)
    except UNFIT as error:
        return _refuse(str(error))
    except KeyboardInterrupt:
        # Before the stack listens to signals.
        return INTERRUPTED
    return 0


def _refuse(sentence: str) -> int:
    print(sentence, file=sys.stderr)
    return 1


if __name__ == "__main__":
    code = main()
    sys.stdout.flush()
    sys.stderr.flush()
    # Handlers may still wait in their threads, up to 25 seconds each; there is nobody left to answer.
    os._exit(code)
