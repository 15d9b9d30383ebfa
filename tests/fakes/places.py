"""Places to wait in."""

from dataclasses import dataclass, field

from chalicelib.services.ports.waiting import WaitingPlace


@dataclass
class MemoryPlaces:
    """WaitingPlaces; ``taken`` counts the calls that got one."""

    most: int
    ends: dict[int, tuple[int, str]] = field(default_factory=dict)
    taken: int = 0

    def take(self, *, now: int, until: int) -> WaitingPlace | None:
        for number in range(self.most):
            if number not in self.ends or self.ends[number][0] < now:
                self.taken += 1
                holder = f"holder-{self.taken}"
                self.ends[number] = (until, holder)
                return WaitingPlace(number, holder)
        return None

    def give_back(self, place: WaitingPlace) -> None:
        if self.ends.get(place.number, (0, ""))[1] == place.holder:
            del self.ends[place.number]
