"""The loopback WhatsApp alone: `python -m infra.whatsapp_server --state DIR`.

Prints one JSON line when it is ready: the control routes' address and the environment for client processes.
"""

import argparse
import asyncio
import json
import signal
from pathlib import Path

from aiohttp import web

from infra.whatsapp_server import WhatsApp


async def serve(state: Path) -> None:
    """Run until SIGINT or SIGTERM."""
    whatsapp = WhatsApp(state)
    await whatsapp.start()
    runner = web.AppRunner(whatsapp.control_app(), access_log=None, handle_signals=False)
    await runner.setup()
    await web.TCPSite(runner, "127.0.0.1", 0).start()
    stop = asyncio.Event()
    for number in (signal.SIGINT, signal.SIGTERM):
        asyncio.get_running_loop().add_signal_handler(number, stop.set)
    control = f"http://127.0.0.1:{runner.addresses[0][1]}"
    print(json.dumps({"control": control, "environment": whatsapp.client_environment()}), flush=True)
    await stop.wait()
    await runner.cleanup()
    await whatsapp.stop()


def main() -> None:
    """Read the command line and serve."""
    parser = argparse.ArgumentParser(description="Run the loopback WhatsApp on free ports of 127.0.0.1.")
    parser.add_argument("--state", type=Path, required=True, help="where accounts and keys are kept")
    asyncio.run(serve(parser.parse_args().state))


if __name__ == "__main__":
    main()
