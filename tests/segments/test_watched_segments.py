"""Watched segments: whatever happens to friends, the kept members are who the conditions mean, each move told once."""

from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

from segments.db import Database
from segments.models import EventKind
from tests.segments.watched_world import World

ACTS = (
    *("tag", "untag", "buy", "buy", "refund", "follow", "block", "stop", "start", "grant", "redeem", "refer"),
    *("edit", "look", "wait", "wait", "settle"),
)
Acts = list[tuple[str, int, int]]
acts = st.lists(
    st.tuples(st.sampled_from(ACTS), st.integers(0, 8), st.integers(0, 90)), min_size=5, max_size=25
)
FEW = settings(
    max_examples=8,
    deadline=None,
    derandomize=True,
    database=None,
    # Worlds are slow to make: what fails is told as it was found.
    phases=[Phase.generate],
    suppress_health_check=[HealthCheck.function_scoped_fixture, HealthCheck.too_slow],
)


@FEW
@given(happened=acts)
def test_whatever_happens_the_kept_members_are_who_the_conditions_mean_and_each_move_is_told_once(
    database: Database, happened: Acts
) -> None:
    world = World(database)
    for what, whom, number in [*happened, ("settle", 0, 0)]:
        if what != "settle":
            world.act(what, whom, number)
            continue
        world.settle()
        assert world.kept() == world.true_members()
        _each_move_was_told_once(world)
        by_rule, by_hand = world.tagged_by_rule()
        assert by_rule == world.kept()[world.segments["two lately"]] - by_hand


def _each_move_was_told_once(world: World) -> None:
    before, after, told = world.before, world.kept(), world.told_since()
    for segment_id in world.segments.values():
        for friend_id in world.friends:
            was, is_in = friend_id in before[segment_id], friend_id in after[segment_id]
            for kind in told.get((segment_id, friend_id), []):
                assert was == (kind is EventKind.SEGMENT_LEFT), "told what was so already"
                was = not was
            assert was == is_in, "a move that nobody told"
    world.before = after
