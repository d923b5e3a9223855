"""The speed probe: timed on the right cores while its block lasts, and told as the mean of speeds."""

import os
import threading
import time
from statistics import median

import pytest

from runners.measure.sense.probe import SpeedProbe, fastest_s, probing


def test_a_probe_that_never_ran_has_no_time() -> None:
    with probing(()) as probe:
        pass
    assert probe.typical_s() is None


def test_times_are_averaged_as_speeds() -> None:
    # half of the time at speed 1, half at speed 1/3: what gets done is 2/3 of what is done at full speed
    assert SpeedProbe(times_s=[1.0, 3.0]).typical_s() == pytest.approx(1.5)


def test_a_clock_that_jumped_once_does_not_decide_the_mean() -> None:
    steady_s = [90e-6, 100e-6, 110e-6] * 15
    usual_s = SpeedProbe(times_s=steady_s).typical_s()
    assert SpeedProbe(times_s=[*steady_s, 0.4e-6]).typical_s() == usual_s
    assert SpeedProbe(times_s=[0.0, *steady_s]).typical_s() == usual_s
    assert SpeedProbe(times_s=[0.0, 0.0]).typical_s() is None


def test_a_core_of_twice_the_speed_is_no_jump_of_the_clock() -> None:
    assert SpeedProbe(times_s=[100e-6, 100e-6, 50e-6]).typical_s() == pytest.approx(75e-6)


def test_the_computation_is_timed_again_and_again_until_the_block_is_left() -> None:
    with probing(()) as probe:
        time.sleep(0.5)
        during = threading.active_count()
    seen = len(probe.times_s)
    assert seen >= 3
    assert all(0 < one < 0.05 for one in probe.times_s)
    assert threading.active_count() == during - 1
    time.sleep(0.15)
    assert len(probe.times_s) == seen


@pytest.mark.skipif(not hasattr(os, "sched_setaffinity"), reason="no pinning here")
def test_only_the_probe_moves_to_the_cores_it_is_to_time() -> None:
    mine = os.sched_getaffinity(0)
    core = max(mine)
    with probing((core,)):
        time.sleep(0.2)
        (native,) = (one.native_id for one in threading.enumerate() if one.name == "speed probe")
        assert native is not None
        assert os.sched_getaffinity(native) == {core}
        assert os.sched_getaffinity(0) == mine
    assert os.sched_getaffinity(0) == mine


def test_waiting_for_the_core_is_not_taken_for_slowness() -> None:
    """Four threads that compute keep the probe waiting for the interpreter; its CPU time knows nothing of that."""
    with probing(()) as alone:
        time.sleep(0.4)
    stop = threading.Event()
    rivals = [threading.Thread(target=_spin, args=(stop,)) for _ in range(4)]
    for rival in rivals:
        rival.start()
    with probing(()) as crowded:
        time.sleep(0.8)
    stop.set()
    for rival in rivals:
        rival.join()
    waited_s = 5 * median(alone.times_s)
    assert median(crowded.times_s) < waited_s


def _spin(stop: threading.Event) -> None:
    while not stop.is_set():
        sum(range(1000))


def test_the_fastest_of_the_pieces_counts_as_the_others_found_cold_caches() -> None:
    ticks = iter([0.0, 9.0, 10.0, 12.0, 20.0, 25.0])
    assert fastest_s(lambda: next(ticks)) == 2.0
