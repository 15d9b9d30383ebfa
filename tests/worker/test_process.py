"""A worker process with the real client, from its order to its ending."""

from pathlib import Path

from chalicelib.domain import events as e
from chalicelib.domain.session import Status
from tests.worker.workers import Stage, told


def test_a_worker_shows_a_code_and_connects_once_it_is_scanned(tmp_path: Path) -> None:
    async def story(stage: Stage) -> None:
        await stage.start()
        session = await stage.linked()
        assert session.device
        assert session.device.phone == "6281234567890"

    told(tmp_path, story)
