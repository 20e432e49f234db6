"""What an operator does without Nova: virsh on the nodes themselves."""

from benchmarks.moves.bench import SLOW, Bench, MissedError
from testbed.joint import storage
from testbed.joint.nodes import do
from testbed.nodes.cluster import INSTANCES
from testbed.nodes.errors import LabError
from testbed.real_guest import other

_FLAGS = "--p2p --persistent --undefinesource"
#: Prints the milliseconds that a script takes, as the last word.
_TIMED = """\
set -e
begin=$(date +%s%N)
{script}
echo $((($(date +%s%N) - begin) / 1000000))
"""
_LIVE = "virsh migrate --live {flags} {id} qemu+tcp://{address}/system"
_OFFLINE = """\
virsh destroy {id}
virsh migrate --offline {flags} {id} qemu+tcp://{address}/system
virsh -c qemu+tcp://{address}/system start {id}"""
# 'kill -0' fails, and the script with it, when the move is over too early.
_MIDST = """\
set -e
virsh migrate-setspeed {id} {speed}
{live} >/run/by-hand 2>&1 &
until LC_ALL=C virsh domjobinfo {id} | grep -q 'Memory remaining'; do
    kill -0 $!
    sleep 0.1
done
sleep {wait}
begin=$(date +%s%N)
{word}
wait $! && code=0 || code=$?
echo $code $((($(date +%s%N) - begin) / 1000000))
"""
# As Nova prepares the destination: a disk of the same size and base, and a
# file for the console.
_PREPARE = """\
set -e
mkdir -p {directory}; chmod 755 {directory}
qemu-img create -q -f qcow2 -F raw -b {base} {directory}/disk 1G
touch {directory}/console.log; chmod 666 {directory}/console.log
"""
_BASE = (
    "qemu-img info -U {directory}/disk | sed -n 's/^backing file: //p'"
    " | cut -d' ' -f1"
)


def live(bench: Bench, source: str, *flags: str) -> float:
    """Seconds that a live move to the other node takes; disks are copied
    where they are not shared."""
    local = bench.joint.storage == storage.LOCAL
    if not local:
        return _timed(bench, source, _script(bench, source, *flags))
    directory = f"{INSTANCES}/{bench.server.id}"
    base = do(bench.joint.lab, source, _BASE.format(directory=directory))
    script = _PREPARE.format(directory=directory, base=base.strip())
    do(bench.joint.lab, other(source), script)
    script = _script(bench, source, "--copy-storage-inc", *flags)
    took = _timed(bench, source, script)
    do(bench.joint.lab, source, f"rm -rf {directory}")
    return took


def paused(bench: Bench, source: str) -> float:
    """As :func:`live`, of a paused guest.

    It runs for a moment before: QEMU (7.2 at least) dies of an assertion in
    block.c, and the guest with it, when one that was moved paused is moved
    once more before it has run.
    """
    script = f"virsh resume {bench.server.id}; virsh suspend {bench.server.id}"
    do(bench.joint.lab, source, script)
    return live(bench, source)


def cold(bench: Bench, source: str) -> float:
    script = _format(_OFFLINE, bench, source)
    return _timed(bench, source, script)


def timed_out(bench: Bench, source: str, timeout: int, *flags: str) -> float:
    """As :func:`live` with ``--timeout``, of a guest that needs it.

    :raises MissedError: it did not
    """
    bench.joint.speed(bench.server.id, source, SLOW)
    took = live(bench, source, "--timeout", str(timeout), *flags)
    if took < timeout:
        raise MissedError
    return took


def midst(
    bench: Bench, source: str, word: str, *flags: str, moves: bool = True
) -> float:
    """Seconds from that word of virsh to the end of the move it is said to.

    :param moves: whether that end is the destination
    :raises MissedError: it ended before, or otherwise
    """
    script = _MIDST.format(
        id=bench.server.id,
        speed=SLOW,
        live=_script(bench, source, *flags),
        wait=f"{bench.start:.1f}",
        word=f"virsh {word} {bench.server.id}",
    )
    try:
        said = do(bench.joint.lab, source, script)
    except LabError as error:
        raise MissedError(f"by hand: {error}") from error
    code, took = said.split()[-2:]
    if (code == "0") != moves:
        raise MissedError(f"by hand: virsh migrate ended with {code}")
    return int(took) / 1000


def home(bench: Bench) -> None:
    """Brings the guest back to where Nova has it, if it is not there."""
    away = other(bench.host)
    if bench.server.id in bench.joint.guests(away):
        live(bench, away)


def _script(bench: Bench, source: str, *flags: str) -> str:
    return _format(_LIVE, bench, source, *flags)


def _format(text: str, bench: Bench, source: str, *flags: str) -> str:
    return text.format(
        flags=" ".join((_FLAGS, *flags)),
        id=bench.server.id,
        address=bench.joint.lab.address(other(source)),
    )


def _timed(bench: Bench, source: str, script: str) -> float:
    said = do(bench.joint.lab, source, _TIMED.format(script=script))
    return int(said.split()[-1]) / 1000
