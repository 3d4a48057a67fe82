"""Faults strike as often as asked, and only where asked."""

import pytest

from tests.bot.simulator.conftest import Wire, text
from tests.fakes.simulator import SimulatorClient, SimulatorRefusedError


def test_a_whole_number_means_the_next_requests(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.faults(error_500=2)
    assert [wire.push(friend, text()).status for _ in range(3)] == [500, 500, 200]
    assert sim.counts()["delivered"] == 1


def test_a_fraction_is_a_rate_drawn_from_the_seed(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()

    def statuses() -> list[int]:
        sim.faults(error_429=0.5, seed=3)
        return [wire.push(friend, text()).status for _ in range(20)]

    first = statuses()
    assert {200, 429} == set(first)
    assert statuses() == first


def test_faults_keep_to_their_endpoints(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.faults(error_500=1.0, endpoints=["multicast"])
    assert wire.push(friend, text()).status == 200
    assert wire.multicast([friend], text()).status == 500


def test_a_reset_comes_before_anything_is_accepted(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.faults(connection_reset=1)
    with pytest.raises(OSError, match=r"reset|closed"):
        wire.push(friend, text())
    assert sim.received(friend) == []
    assert sim.counts()["requests"]["push"] == {"0": 1}


def test_a_lost_answer_was_accepted_all_the_same(wire: Wire, sim: SimulatorClient) -> None:
    friend = sim.add_friend()
    sim.faults(answer_lost=1)
    with pytest.raises(OSError, match=r"reset|closed"):
        wire.push(friend, text())
    assert sim.texts(friend) == ["こんにちは"]
    assert sim.counts()["requests"]["push"] == {"200": 1}


def test_an_empty_plan_ends_all_faults(wire: Wire, sim: SimulatorClient) -> None:
    sim.faults(error_500=1.0)
    sim.faults()
    assert wire.push(sim.add_friend(), text()).status == 200


@pytest.mark.parametrize(
    "plan", [{"eror_500": 1}, {"error_500": 1.5}, {"error_500": -1}, {"endpoints": "push"}]
)
def test_a_fault_plan_with_a_slip_is_refused(sim: SimulatorClient, plan: dict[str, object]) -> None:
    with pytest.raises(SimulatorRefusedError):
        sim.faults(**plan)
