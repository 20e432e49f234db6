"""Checks of SSH as user nova, which copies disks in cold migrations."""

from collections.abc import Mapping

from osc_migrate.checks.check import Problem, Skip
from osc_migrate.checks.findings import Fix, allowed
from osc_migrate.checks.script import (
    HostName,
    PublicKey,
    UnsafeText,
    by_type,
)
from osc_migrate.cloud.migrations import Kind
from osc_migrate.facts import Unread, or_none
from osc_migrate.nodes.config.nova_conf import config_of
from osc_migrate.nodes.network.facts import is_address, is_loopback
from osc_migrate.nodes.network.firewall import open_ports
from osc_migrate.nodes.node import NodeFacts, PairFacts
from osc_migrate.nodes.node_check import of_node, of_pair
from osc_migrate.nodes.reach.facts import CommandResult
from osc_migrate.nodes.reach.route import is_unreachable
from osc_migrate.text import command, printable

_NAME = "destination-name-resolves"
Remedy = tuple[str, *tuple[Fix, ...]]


@of_node([Kind.COLD])
def sshd_lets_nova_in(node: NodeFacts) -> str:
    """sshd of the node does not shut user nova out.

    Nova copies over ssh as that user (nova/virt/libvirt/volume/remotefs.py);
    AllowUsers and its like are asked first (sshd_config(5)).
    """
    options = node.network.ssh.options
    if not options:
        raise Skip("sshd on the node does not show its options")
    if reason := denying_option(options):
        raise Problem(
            f"sshd refuses nova: {reason}",
            f"on {node.name}: find it with grep -rniE '{_OPTIONS}'"
            " /etc/ssh/sshd_config /etc/ssh/sshd_config.d, permit nova, then"
            " systemctl reload ssh (Red Hat: sshd)",
        )
    return "it does not"


_OPTIONS = r"^\s*((allow|deny)(users|groups)|pubkeyauthentication)\s"


def denying_option(options: Mapping[str, tuple[str, ...]]) -> str:
    """Return the option of sshd that certainly denies nova, or ''."""
    if options.get("pubkeyauthentication") == ("no",):
        return "PubkeyAuthentication no"
    groups = set(options.get("groups", ()))
    for option, principals, allows in (
        ("DenyUsers", {"nova"}, False),
        ("AllowUsers", {"nova"}, True),
        ("DenyGroups", groups, False),
        ("AllowGroups", groups, True),
    ):
        patterns = options.get(option.lower(), ())
        # A pattern with a host or a wildcard can only be tested with ssh.
        plain = not any(set("*?@!") & set(pattern) for pattern in patterns)
        if patterns and plain and bool(principals & {*patterns}) is not allows:
            return f"{option} {' '.join(patterns)}"
    return ""


def _without_nova(node: NodeFacts) -> bool:
    try:
        return node.accounts.nova is None
    except Unread:
        return False


def _user(node: NodeFacts) -> str:
    """Return the name of the user that nova-compute runs as."""
    nova = or_none(lambda: node.accounts.nova)
    return nova.name if nova else "nova"


@of_pair([Kind.COLD])
def nova_can_ssh(pair: PairFacts) -> str:
    """User nova on the source reaches the destination by ssh.

    A cold migration makes its directory there and copies the disks over ssh,
    and asks even on shared storage (nova/virt/libvirt/driver.py,
    migrate_disk_and_power_off).
    """
    # It has the address that disks are copied to.
    config_of(pair.destination)
    reach = pair.reach
    attempt = reach.nova_ssh
    name = _user(pair.source)
    if attempt.status == 0:
        return f"{name}@{reach.copy}"
    _require_own_copy_address(pair)
    if is_unreachable(pair):
        raise Skip("see destination-is-reachable")
    for node in (pair.source, pair.destination):
        if _without_nova(node):
            raise Skip(f"see nova-user-exists of {node.name}")
    if "does not exist" in attempt.output and "nova" in attempt.output:
        raise Unread(
            f"{pair.source.name} itself has no user nova: nova-compute may"
            " run in a container"
        )
    own_login = _is_novas_own_login(pair, name)
    for marker, describe in _REASONS.items():
        # These handle only files of user nova on the nodes.
        if marker in attempt.output and own_login:
            problem, remedy = describe(pair, attempt)
            raise Problem(problem, *remedy)
    if attempt.status in (124, 137) and own_login:
        problem, remedy = _closed(pair, attempt)
        raise Problem(problem, *remedy)
    if _was_let_in(attempt):
        return (
            f"{name}@{reach.copy}, where the command ended with status"
            f" {attempt.status}: sshd may allow Nova's commands only"
        )
    login = or_none(lambda: reach.login) or name
    place = pair.source.name
    if or_none(lambda: pair.source.config.contained):
        place = f"{place}, in nova-compute's container"
    raise Problem(
        f"ssh to {reach.copy} as {printable(login, 80)}:"
        f" {printable(attempt.output, 200) or 'no answer in 30 s'}",
        f"as {name} on {place}: ssh -o BatchMode=yes {reach.copy} true",
    )


def _is_novas_own_login(pair: PairFacts, name: str) -> bool:
    """Return whether nova logs in as nova at the node's own sshd.

    Only then are the files of the login known.
    """
    login = or_none(lambda: pair.reach.login) or name
    contained = or_none(lambda: pair.source.config.contained)
    return name == "nova" and login == "nova" and not contained


def _was_let_in(attempt: CommandResult) -> bool:
    """Return whether sshd accepted the login.

    ssh itself fails with 255 (ssh(1)); 126 and above are from a shell or from
    timeout, and 1 may be from su on the source.
    """
    return 0 < attempt.status < 124 and not attempt.output.startswith("su:")


def _require_own_copy_address(pair: PairFacts) -> None:
    """:raises Skip: the copy address is not the destination."""
    copy, destination_addresses = pair.reach.copy, pair.destination.network.own
    addresses = pair.reach.names.get(copy, ())
    if not addresses or any(
        a not in destination_addresses or is_loopback(a) for a in addresses
    ):
        check_name = "my-ip-is-local" if is_address(copy) else _NAME
        raise Skip(f"{copy} is not {pair.destination.name}: see {check_name}")


def _host_key(pair: PairFacts, attempt: CommandResult) -> tuple[str, Remedy]:
    """Return the fix for known_hosts; the key was read on the node itself."""
    source, destination = pair.source.network.ssh, pair.destination
    copy = pair.reach.copy
    changed = "HAS CHANGED" in attempt.output or "changed" in attempt.output
    problem = (
        f"nova on {pair.source.name} knows another ssh host key of {copy}"
        if changed
        else f"nova on {pair.source.name} does not know the ssh host key of"
        f" {copy}"
    )
    keys = or_none(lambda: destination.network.ssh.host_keys) or ()
    home = or_none(lambda: source.home)
    if not keys or not home:
        return problem, (
            f"as nova on {pair.source.name}: ssh-keygen -R {copy}; then"
            f" ssh-keyscan {copy}, compare with ssh-keygen -lf on"
            f" {destination.name}, and add it to ~/.ssh/known_hosts",
        )
    file = f"{source.directory}/known_hosts"

    def fix() -> Fix:
        known_keys = [PublicKey(key) for key in keys]
        host = HostName(copy)
        if not _is_its_own(pair):
            raise UnsafeText(
                f"only {destination.name} says that {copy} is its own"
            )
        lookup = command("as_user", "nova", "grep", "-qF", "-e", keys[0], file)
        forget = command(
            *("as_user", "nova", "ssh-keygen", "-q", "-R", host, "-f", file)
        )
        return Fix(
            pair.source.name,
            (
                f"[ ! -e {command(file)} ] || {lookup} || {forget}",
                *(
                    command("user_line_add", "nova", file, f"{host} {key}")
                    for key in known_keys
                ),
            ),
            rests_on=(destination.name,),
            vouched=by_type(host, *known_keys),
        )

    return problem, ("", allowed(pair.source.name, fix))


def _is_its_own(pair: PairFacts) -> bool:
    """Return whether the source confirms the destination's address.

    The destination alone might claim the address of a third node.
    """
    copy, name = pair.reach.copy, pair.destination.name
    return copy.partition(".")[0].lower() == name.partition(".")[
        0
    ].lower() or copy in pair.reach.names.get(name, ())


def _permission(pair: PairFacts, attempt: CommandResult) -> tuple[str, Remedy]:
    """Return the missing part, checking from the source to the destination."""
    source_ssh, destination_ssh = (
        pair.source.network.ssh,
        pair.destination.network.ssh,
    )
    source, destination = pair.source.name, pair.destination.name
    if denying_option(or_none(lambda: destination_ssh.options) or {}):
        raise Skip(f"see sshd-lets-nova-in of {destination}")
    keys = source_ssh.private_keys
    if not keys:
        return (
            f"nova on {source} has no private key in {source_ssh.directory}",
            (
                f"as nova on {source}: ssh-keygen -t ed25519; then put the"
                f" .pub into {destination_ssh.directory}/authorized_keys of"
                " every other node",
            ),
        )
    unsafe = [
        path
        for path in keys
        if source_ssh.files[path].mode & 0o077
        or source_ssh.files[path].owner != "nova"
    ]
    if unsafe:
        return (
            f"{unsafe[0]} on {source} is of"
            f" {source_ssh.files[unsafe[0]].owner} with mode"
            f" {source_ssh.files[unsafe[0]].mode:o}: ssh ignores it",
            (
                "",
                Fix(
                    source,
                    (
                        *(
                            command("home_own", "nova", source_ssh.home, path)
                            for path in unsafe
                        ),
                        *(
                            command("user_mode", "nova", "600", path)
                            for path in unsafe
                        ),
                    ),
                    rests_on=(),
                ),
            ),
        )
    file = f"{destination_ssh.directory}/authorized_keys"
    for path in (destination_ssh.home, destination_ssh.directory, file):
        entry = destination_ssh.files.get(path)
        if entry and (
            entry.open_to_others or entry.owner not in ("nova", "root")
        ):
            return (
                f"{path} on {destination} is of {entry.owner} with mode"
                f" {entry.mode:o}: sshd ignores the keys in it (StrictModes)",
                (
                    "",
                    Fix(
                        destination,
                        (
                            command(
                                "home_own", "nova", destination_ssh.home, path
                            ),
                            command("user_mode", "nova", "go-w", path),
                        ),
                        rests_on=(),
                    ),
                ),
            )
    lacking = [
        k
        for k in source_ssh.public_keys
        if k not in destination_ssh.authorized
    ]
    if lacking and not set(source_ssh.public_keys) & set(
        destination_ssh.authorized
    ):
        return f"{file} on {destination} lacks nova's key of {source}", (
            "",
            allowed(
                destination,
                lambda: Fix(
                    destination,
                    tuple(
                        command("user_line_add", "nova", file, PublicKey(key))
                        for key in lacking
                    ),
                    rests_on=(source,),
                    vouched=by_type(*map(PublicKey, lacking)),
                ),
            ),
        )
    return (
        f"{destination} refuses nova's key of {source}:"
        f" {printable(attempt.output, 200)}",
        (
            f"on {destination}: journalctl -u ssh -u sshd says why; as nova"
            f" on {source}: ssh -v {pair.reach.copy} true",
        ),
    )


def _account(pair: PairFacts, attempt: CommandResult) -> tuple[str, Remedy]:
    name = pair.destination.name
    shell = or_none(lambda: pair.destination.network.ssh.shell) or "no shell"
    return f"user nova on {name} may not log in: {shell}", (
        "",
        Fix(
            name,
            (command("usermod", "-s", "/bin/bash", "nova"),),
            rests_on=(),
        ),
    )


def _closed(pair: PairFacts, attempt: CommandResult) -> tuple[str, Remedy]:
    copy = pair.reach.copy
    packet = or_none(lambda: pair.reach.packet)
    if packet and not packet[1] and "connect to host" not in attempt.output:
        raise Skip("see migration-path-carries-full-packets")
    ports = or_none(lambda: pair.destination.network.ssh.options["port"])
    port = int(ports[0][:5]) if ports and ports[0].isdecimal() else 22
    return (
        f"ssh from {pair.source.name} to {copy} does not get through:"
        f" {printable(attempt.output, 200) or 'no answer in 30 s'}",
        open_ports(pair.source, pair.destination, copy, [port]),
    )


# Parts of ssh's messages, most specific first.
_REASONS = {
    "IDENTIFICATION HAS CHANGED": _host_key,
    "ost key verification failed": _host_key,
    "currently not available": _account,
    "Permission denied": _permission,
    "connect to host": _closed,
    "imed out": _closed,
}
