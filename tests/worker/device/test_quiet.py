"""When the log is worth a checkpoint."""

from dataclasses import dataclass, field
from pathlib import Path

from chalicelib.worker.device.quiet import EVERY, SETTLES_IN, Quiet


@dataclass
class Disk:
    written: int = 1
    done: list[Path] = field(default_factory=list)
    works: bool = True

    def quiet(self) -> Quiet:
        return Quiet(Path("device.db"), checkpoint=self.checkpoint, written_at=lambda _: self.written)

    def checkpoint(self, database: Path) -> bool:
        self.done.append(database)
        return self.works


def test_nothing_is_done_before_the_client_has_logged_in() -> None:
    disk = Disk()
    disk.quiet().tick(10 * EVERY)
    assert disk.done == []


def test_the_keys_of_a_login_go_to_the_disk_once_they_are_written() -> None:
    disk = Disk()
    quiet = disk.quiet()
    quiet.connected(0)
    quiet.tick(SETTLES_IN - 1)
    assert disk.done == []
    quiet.tick(SETTLES_IN)
    assert len(disk.done) == 1


def test_a_log_that_nobody_wrote_since_is_left_alone() -> None:
    disk = Disk()
    quiet = disk.quiet()
    quiet.connected(0)
    quiet.tick(SETTLES_IN)
    quiet.tick(SETTLES_IN + EVERY)
    assert len(disk.done) == 1
    disk.written += 1
    quiet.tick(SETTLES_IN + 2 * EVERY)
    assert len(disk.done) == 2


def test_a_reconnection_does_not_put_it_off() -> None:
    disk = Disk()
    quiet = disk.quiet()
    quiet.connected(0)
    quiet.connected(SETTLES_IN - 1)
    quiet.tick(SETTLES_IN)
    assert len(disk.done) == 1


def test_a_checkpoint_that_failed_is_made_again() -> None:
    disk = Disk(works=False)
    quiet = disk.quiet()
    quiet.settle()
    quiet.settle()
    assert len(disk.done) == 2
