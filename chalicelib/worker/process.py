"""The worker as a process: signals, standard output, threads left behind, and the ways it ends."""

import os
import signal
from collections.abc import Callable
from pathlib import Path
from threading import Thread
from time import sleep
from typing import Final, NoReturn

from chalicelib.config import settings
from chalicelib.services.worker import WorkerServices
from chalicelib.wire.certificates import WHATSAPP_ROOT
from chalicelib.worker import log
from chalicelib.worker.handover import (
    BROKEN,
    Again,
    Ending,
    Exit,
    Handover,
    defer_sigterm,
    end,
    from_environment,
    lapse,
)
from chalicelib.worker.health import Heartbeat
from chalicelib.worker.host import Host
from chalicelib.worker.linking.client import Clients
from chalicelib.worker.linking.own import Registrant
from chalicelib.worker.linking.registration import VERSION
from chalicelib.worker.session.device import Devices, sweep
from chalicelib.worker.waiting import EventQueue

SWEEP_AFTER: Final = 60.0
"""Seconds until a new worker sweeps: its own session comes first."""


def work(make_services: Callable[[], WorkerServices]) -> NoReturn:
    """Do what the environment orders, then end this image of the process. Only the main thread may call it."""
    descriptor = log.begin()
    journal = log.Log()
    log.tell_of_threads(journal)
    try:
        ending = _run(make_services(), journal, descriptor)
    except BaseException:  # noqa: BLE001 - whatever it was: the library's threads would keep the process alive
        journal.warning("broken")
        ending = Exit(BROKEN)
    end(ending, log_descriptor=descriptor)


def _run(services: WorkerServices, journal: log.Log, descriptor: int) -> Ending:
    heartbeat = Heartbeat(settings().heartbeat)
    heartbeat.beat()
    events = EventQueue(heartbeat.beat)
    signal.signal(signal.SIGTERM, lambda _number, _frame: events.terminate())
    # Blocked so far, so that none gets lost: see ``defer_sigterm``.
    signal.pthread_sigmask(signal.SIG_UNBLOCK, {signal.SIGTERM})
    os.umask(0o077)
    handover, devices, clients = from_environment(), Devices(Path(settings().devices)), _clients()
    if handover.claim is None or handover.lapsed:
        # Now there is time for it, and whoever is given to this worker shall not wait.
        Thread(target=clients.warm_up, name="library", daemon=True).start()
    if handover.renewed is None:
        Thread(target=_sweep, args=(devices, services, journal), name="sweep", daemon=True).start()

    def lapse_with(what: Handover) -> NoReturn:
        lapse(what, terminated=events.terminated, log_descriptor=descriptor)

    ending = Host(services, devices, clients, events, journal, lapse=lapse_with).run(handover)
    if isinstance(ending, Again):
        defer_sigterm(lambda: not events.terminated)
    return ending


def _clients() -> Clients:
    set_ = settings()
    registrant = Registrant(version=set_.whatsapp_version or VERSION, root=set_.whatsapp_root or WHATSAPP_ROOT)
    return Clients(own=set_.own_linker, registrant=registrant)


def _sweep(devices: Devices, services: WorkerServices, journal: log.Log) -> None:
    sleep(SWEEP_AFTER)
    swept = sweep(devices, services.sessions, now=services.clock())
    if swept:
        journal.info("swept", directories=swept)
