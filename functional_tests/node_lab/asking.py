"""What the tests of the lab ask of its nodes."""

NAMES = ("HostA", "HostB", "HostC")
COMPUTES = NAMES[1:]
SLOW = 180  #: seconds that emulated machines may take for a script
INSTANCES = "/var/lib/nova/instances"


def says(lab, node, script, user="root"):
    """What a script prints that has to succeed."""
    done = lab.run(node, script, SLOW, user)
    assert done.returncode == 0, f"{node}: {script}: {done.stderr}"
    return done.stdout.strip()
