"""Moves that end by themselves."""

from collections.abc import Callable

from benchmarks.moves import hands
from benchmarks.moves.bench import Bench, Times, seconds
from testbed.real_guest import other


def live(bench: Bench) -> Times:
    return _moved(bench, "live", hands.live)


def block(bench: Bench) -> Times:
    return _moved(bench, "block", hands.live)


def paused(bench: Bench) -> Times:
    bench.compute.pause_server(bench.server)
    bench.compute.wait_for_server(bench.server, "PAUSED", interval=0.2)
    times = _moved(bench, "live", hands.paused)
    bench.compute.unpause_server(bench.server)
    bench.compute.wait_for_server(bench.server, interval=0.2)
    return times


def _moved(
    bench: Bench, verb: str, by_hand: Callable[[Bench, str], float]
) -> Times:
    source, host = bench.host, other(bench.host)
    done = bench.migrate(verb, host, "-f", "json")
    nova = seconds(*bench.record())
    return Times(
        ours=done.seconds,
        nova=nova,
        move=done.json["seconds"],
        hand=[by_hand(bench, host), by_hand(bench, source)],
    )


def cold(bench: Bench) -> Times:
    source = bench.host
    done = bench.migrate("cold", other(source), "--confirm", "-f", "json")
    both = [bench.action(name) for name in ("migrate", "confirmResize")]
    return Times(
        ours=done.seconds,
        nova=sum(seconds(*one) for one in both),
        hand=[hands.cold(bench, other(source)), hands.cold(bench, source)],
    )
