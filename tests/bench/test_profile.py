"""The profile: each sample in one layer, all layers told, and their sum the process's."""

import subprocess
import sys

import pytest

from infra import REPOSITORY
from infra.bench.profile import NATIVE, REST, STACK, WORKER, Spent, busiest, by_layer, lines, read_stacks, recorded

RAW = f"""\
run (/usr/lib/python3.11/threading.py);_call (/v/lib/site-packages/chalice/local.py) 2
run (/usr/lib/python3.11/threading.py);get ({REPOSITORY}/chalicelib/adapters/dynamodb/table.py);\
_api_call (/v/lib/site-packages/botocore/client.py);answered ({REPOSITORY}/infra/local/moto/direct.py);\
loads (/usr/lib/python3.11/json/__init__.py) 6
run (/usr/lib/python3.11/threading.py);get ({REPOSITORY}/chalicelib/adapters/dynamodb/table.py) 1
_run_once (/usr/lib/python3.11/asyncio/base_events.py) 1
"""


def spent(whole: float) -> Spent:
    return Spent(whole, read_stacks(RAW, rate=100))


def test_a_sample_belongs_to_the_innermost_layer_among_its_calls():
    found = by_layer(spent(100.0), STACK)
    assert {layer: share for layer, share in found.items() if share} == {
        "Chalice's local gateway": 20.0,
        "moto": 60.0,
        "adapters": 10.0,
        REST: 10.0,
    }


def test_what_is_no_sample_is_passed_over():
    assert read_stacks(f"torn\n{RAW}\n", rate=100) == read_stacks(RAW, rate=100)


def test_what_no_python_thread_took_is_the_native_threads():
    assert by_layer(spent(130.0), STACK)[NATIVE] == 30.0


def test_too_many_samples_are_scaled_to_what_was_spent():
    found = by_layer(spent(50.0), STACK)
    assert found["moto"] == 30.0
    assert sum(found.values()) == 50.0


@pytest.mark.parametrize("layers", [STACK, WORKER], ids=["stack", "worker"])
def test_every_layer_is_told_and_they_sum_up(layers):
    title, *rest = lines("send", spent(130.0), layers, count=10, top=0)
    assert title.split() == ["send", "13.00", "ms"]
    told = {line[:32].strip(): float(line[32:].split()[0]) for line in rest}
    assert told.keys() == {*layers, REST, NATIVE}
    assert sum(told.values()) == pytest.approx(13.0)


def test_the_busiest_calls_stand_below_their_layer():
    assert busiest(spent(100.0), STACK, 1)["moto"] == [("infra/local/moto/direct.py:answered", 60.0)]
    told = list(lines("send", spent(100.0), STACK, count=1, top=1))
    assert told[2].split() == ["60.00", "ms", "infra/local/moto/direct.py:answered"]


BUSY = """
import ctypes
ctypes.CDLL(None).prctl(0x59616D61, -1)  # PR_SET_PTRACER: whoever may, as Ubuntu lets parents alone
def spin():
    while True:
        sum(range(1000))
print("ready", flush=True)
spin()
"""


@pytest.mark.subprocess
def test_a_process_is_seen_at_work(tmp_path):
    with subprocess.Popen([sys.executable, "-c", BUSY], stdout=subprocess.PIPE) as busy:
        try:
            assert busy.stdout is not None
            busy.stdout.readline()
            seen = recorded(busy.pid, tmp_path / "raw")
            with seen as recording, pytest.raises(subprocess.TimeoutExpired):
                busy.wait(1.0)
        finally:
            busy.kill()
    assert recording.spent.whole > 0
    assert {stack[0][1] for stack in recording.spent.stacks} == {"spin"}
