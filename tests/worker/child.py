"""A worker as a process, whose outside is the test's."""

from chalicelib.worker.process import work
from tests.worker.outside import services

if __name__ == "__main__":
    work(services)
