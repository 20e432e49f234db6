import sys

import openstack

from osc_migrate.checks import move_scope
from osc_migrate.cloud.migrations import Kind
from osc_migrate.migration.mover import Mover

server, host = sys.argv[1:]
mover = Mover(openstack.connect())
facts = mover.facts(server, host)
report = move_scope.answer(facts, Kind.LIVE).report
if not report.safe:
    sys.exit("\n".join(str(finding) for finding in report.problems))
move, phase = mover.live(facts), ""
for look in move.follow():
    if look.phase != phase:
        print(phase := look.phase)
print(move.outcome().end.value)
