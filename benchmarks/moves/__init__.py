"""What a move takes: ours, Nova's own record of it, and libvirt by hand.

On a joint cloud (testbed/joint), so it needs root. One guest of
64 MiB, which writes 24 MiB of it every second, goes from HostB to HostC and
back, in turn. Three tables:

Moves        live, of a paused guest, cold and block (whole.py)
In its midst a live move that cannot end by itself, as its guest is copied
             more slowly than it writes: aborted, forced (midst.py)
The ladder   the same with --on-stall, which does that by itself (stalls.py)

ours     all of our command, from the call to its end: its start, the checks,
         the move, and the look afterwards
start    'openstack token issue': what openstack takes for a token alone
move     of ours, from Nova's answer until the end was seen; what is beyond is
         start, checks and look; of force-complete from Nova's answer to it;
         not told of cold, which is two, and of abort
Nova     its record of the migration, which MariaDB keeps in whole seconds; of
         a cold one its action's, and that of the confirming; in the midst,
         from the start of the action (cancel, force) to the record's end
by hand  'virsh migrate' with Nova's flags on the node itself; for cold: stop
         it, migrate its definition, start it; in the midst: from domjobabort,
         suspend, migrate-postcopy to the end of 'virsh migrate', after as
         long as openstack takes to start; of the ladder: --timeout, which
         counts from the beginning and knows no abort
stalled  of ours, until it says that it takes the rung; after: from there to
         its end; Nova: from the start of the action to the record's end

Of each, the least of its runs, of which the ladder has half as many; all but
by hand and start are of the same one.

Usage: python -m benchmarks.moves [--repeat N] [--state DIR] [KIND ...]
"""
