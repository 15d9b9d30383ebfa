"""``python -m chalicelib.worker``: one worker, told by its environment what for."""

from chalicelib.bootstrap import worker
from chalicelib.worker.process import work

if __name__ == "__main__":
    work(worker)
