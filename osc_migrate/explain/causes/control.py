"""Nova itself: services, scheduler, placement, and what it refuses."""

from osc_migrate.explain.causes.cause import Cause, cause

_LIVE = "nova/conductor/tasks/live_migrate.py"

CAUSES: tuple[Cause, ...] = (
    cause(
        "server-group",
        r"instance group policy",
        "the destination has another member of the server's group, and the"
        " group's policy is anti-affinity",
        "choose another host, or move the other member first",
        "server-groups-allow-the-destination",
        source="nova/compute/manager.py",
    ),
    cause(
        "memory-too-small",
        r"Lack of memory\(host:",
        "the destination does not have enough free memory",
        "choose another host, or move something away",
        "destination-has-room",
        source=_LIVE,
    ),
    cause(
        "room-too-small",
        r"not enough capacity on the host|Insufficient compute resources",
        "the destination has no capacity left for the server",
        "choose another host, or move something away; see 'openstack migrate"
        " describe-resource'",
        "destination-has-room",
        source="nova/scheduler/utils.py, nova/exception.py",
        general=True,
    ),
    cause(
        "allocations-complex",
        r"complex allocations on the source host",
        "a server with nested allocations cannot be forced to a host",
        "move it without force",
        source="nova/scheduler/utils.py",
    ),
    cause(
        "allocations-inconsistent",
        r"Failed to (?:create|update|move|delete|retrieve) allocations"
        r"|successive generation conflicts in placement"
        r"|conflict was encountered attempting to",
        "placement would not change the server's allocations: some may be"
        " left of an earlier move",
        "nova-manage placement audit --verbose; nova-manage placement"
        " heal_allocations --dry-run",
        "server-is-allocated-where-it-is",
        source="nova/exception.py",
    ),
    cause(
        "placement-down",
        r"Unable to communicate with the Placement API",
        "placement did not answer",
        "openstack resource provider list; then try again",
        source="nova/exception.py",
    ),
    cause(
        "other-cell",
        r"across cells|in which cell|mapping to a cell|mapped to any cell",
        "source and destination are in different cells, or in none",
        "choose a host of the server's cell; nova-manage cell_v2"
        " discover_hosts for a new one",
        "destination-exists",
        source=_LIVE,
    ),
    cause(
        "host-unknown",
        r"Compute host .{1,255} could not be found"
        r"|No such host - host:",
        "Nova knows no compute host of that name",
        "openstack compute service list --service nova-compute",
        "destination-exists",
        source="nova/exception.py",
    ),
    cause(
        "service-down",
        r"Compute service of .{1,255} is unavailable",
        "nova-compute on that host sends no heartbeat",
        "on that host: systemctl status nova-compute; compare the clocks",
        "destination-is-up",
        source=_LIVE,
    ),
    cause(
        "libvirt-lost",
        r"Connection to libvirt lost"
        r"|Connection to the hypervisor is broken|HypervisorUnavailable",
        "nova-compute has lost libvirt on that host, and disabled itself",
        "on that host: systemctl status libvirtd (virtqemud), and its log",
        "destination-is-enabled",
        source="nova/virt/libvirt/host.py",
    ),
    cause(
        "finish-broken-off",
        r"Post live migration at destination .{1,255} failed",
        "the guest was copied and runs on the destination, but what Nova does"
        " there afterwards broke off",
        "check RabbitMQ, nova-conductor, and nova-compute's log there;"
        " openstack migrate repair needs --nodes, to see the guest",
        source="nova/compute/manager.py, _post_live_migration; seen",
    ),
    cause(
        "services-lost-touch",
        r"Error monitoring migration: Timed out waiting for a reply",
        "Nova's services did not answer one another while the guest was"
        " copied: it may run on either host, and the record may stay open",
        "virsh list --all on both hosts: where it runs on the destination"
        " alone, do not start or reboot it; look at RabbitMQ, nova-conductor",
        source="nova/virt/libvirt/driver.py, _live_migration_monitor; seen",
    ),
    cause(
        "destination-silent",
        r"Timeout while checking if we can live migrate"
        r"|MessagingTimeout|Timed out waiting for a reply to message",
        "nova-compute on the destination did not answer in time: stopped,"
        " hanging, or cut off from RabbitMQ",
        "on the destination: systemctl status nova-compute, and its log",
        "destination-is-up",
        source=_LIVE,
    ),
    cause(
        "service-stopping",
        r"Failed to submit live migration",
        "nova-compute on the source was being stopped",
        "try again when it runs",
        source="nova/compute/manager.py",
    ),
    cause(
        "no-migration-uri",
        r"No live migration URI configured",
        "this virt_type has no live migration, or no URI for it",
        "migrate it cold",
        source="nova/exception.py",
    ),
    cause(
        "scheduler-failed",
        r"Migration select destinations error",
        "nova-scheduler failed while it chose a host",
        "see nova-scheduler's log; then try again",
        source=_LIVE,
    ),
    cause(
        "rpc-versions-differ",
        r"Endpoint does not support RPC version"
        r"|Requested message version, [\d.]{1,10} is incompatible"
        r"|Version [\d.]{1,10} of \w{1,60} is not supported",
        "Nova's services are of releases that do not understand each other, or"
        " one was not restarted after the upgrade",
        "openstack compute service list; restart those that are older than"
        " the package; [upgrade_levels]compute=auto while releases are mixed",
        source="oslo.messaging; oslo.versionedobjects",
    ),
    cause(
        "database-failed",
        r"DBConnectionError|DBDeadlock|Lost connection to MySQL",
        "Nova's database did not answer, or refused a write, during the move",
        "look at the database's log at that time; then run 'openstack migrate"
        " repair' in case parts of the move are left",
        source="oslo.db, sqlalchemy/exc_filters.py",
    ),
    cause(
        "host-not-measured",
        r"no attribute 'allocate_instance'"
        r"|Could not determine disk usage",
        "nova-compute has not measured that host since it started: something"
        " that it reads there fails",
        "on that host: nova-compute's log, after its last start; usually"
        " storage or a keyring that it cannot read",
        source="nova/compute/resource_tracker.py; seen with Ceph",
    ),
    cause(
        "policy-forbids",
        r"Policy doesn't allow [\w:.-]{1,120} to be performed",
        "this user may not do that: Nova's policy wants another role",
        "use a user with the role admin, or change the rule that the message"
        " names in nova's policy.yaml",
        "user-may-move-it-live",
        source="nova/exception.py, PolicyNotAuthorized",
    ),
    cause(
        "neutron-credentials-refused",
        r"Networking client is experiencing an unauthorized exception",
        "Neutron refuses the user of [neutron] in nova.conf",
        "check username, password and project in [neutron] on that host; does"
        " it have the role service or admin?",
        source="nova/network/neutron.py",
    ),
    cause(
        "token-expired",
        r"The request you have made requires authentication",
        "the user's token ran out while the disks were copied",
        "set send_service_user_token=true in [service_user] of every"
        " nova.conf",
        "service-user-token-is-sent",
        source="nova doc, service-user-token",
    ),
    cause(
        "service-unreachable",
        r"Unable to establish connection to|Connection to \w{1,40} host",
        "a service that Nova needs did not answer",
        "openstack catalog list; try again when it answers",
        source="keystoneauth",
    ),
    cause(
        "server-locked",
        r"Instance .{1,64} is locked",
        "the server is locked",
        "ask its owner; openstack server unlock",
        "server-is-unlocked",
        source="nova/exception.py",
    ),
    cause(
        "server-busy",
        r"while it is in task_state",
        "Nova was busy with the server",
        "wait until it is done, then try again",
        "server-is-idle",
        source="nova/api/openstack/common.py",
    ),
    cause(
        "server-not-running",
        r"while it is in vm_state"
        r"|Cannot live migrate while the instance is in this state",
        "the server was not in a state that Nova moves",
        "bring it to ACTIVE or PAUSED, or migrate it cold",
        "server-is-running",
        source="nova/api/openstack/common.py",
    ),
    # Summaries: others failed before, and may have said why.
    cause(
        "retries-exceeded",
        r"Exceeded max scheduling (?:retries|attempts)"
        r"|Exceeded maximum number of retries|MaxRetriesExceeded",
        "every host that was tried refused the server",
        "see the reason of each host in nova-conductor's log (debug level)",
        source=_LIVE,
        summary=True,
    ),
    cause(
        "no-valid-host",
        r"No valid host|NoValidHost",
        "no host was left: the scheduler filtered all, or each one that was"
        " tried refused",
        "openstack migrate preflight <server> <host> shows what blocks a host",
        source="nova/scheduler/manager.py",
        summary=True,
    ),
)
