"""What the stories cost in calls of AWS is what the page says."""

from collections.abc import Iterator

import pytest

from infra import calls


@pytest.fixture(scope="module")
def ground(tmp_path_factory: pytest.TempPathFactory) -> Iterator[calls.Ground]:
    """A stack with what the stories need."""
    with calls.ground(tmp_path_factory.mktemp("calls")) as made:
        yield made


@pytest.mark.parametrize("story", calls.STORIES, ids=lambda story: story.name)
def test_a_story_makes_the_calls_that_the_page_tells_and_no_other(ground: calls.Ground, story: calls.Story) -> None:
    assert ground.cost(story).lines() == calls.told(story.name)


def test_the_page_tells_of_no_other_story() -> None:
    told = [line.removeprefix("## ") for line in calls.PAGE.read_text().splitlines() if line.startswith("## ")]
    assert told == [story.name for story in calls.STORIES]
