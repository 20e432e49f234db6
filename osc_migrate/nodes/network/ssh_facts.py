"""Facts about SSH of user nova on both nodes; none is a secret."""

import dataclasses
import itertools
from collections.abc import Mapping

from osc_migrate.facts import Facts, Unread
from osc_migrate.nodes.answers import Question
from osc_migrate.nodes.command_output import CommandOutput, fact


@dataclasses.dataclass(frozen=True)
class File:
    """A file or directory: mode (octal) and name of the owner."""

    mode: int
    owner: str

    @property
    def open_to_others(self) -> bool:
        """Whether others may write to it: sshd's StrictModes refuses that."""
        return bool(self.mode & 0o022)


@dataclasses.dataclass(frozen=True, repr=False)
class Ssh(Facts):
    # Options of sshd that matter for user nova, such as 'allowusers' -> words;
    # also 'groups' of nova, and 'missing', the missing program of a subsystem.
    # Empty without sshd.
    options: Mapping[str, tuple[str, ...]]
    # Public keys of sshd: 'ssh-ed25519 AAAA...'.
    host_keys: tuple[str, ...]
    # Of user nova; empty if there is no such user.
    home: str
    shell: str
    # Path -> nova's home, .ssh and the files in it.
    files: Mapping[str, File]
    # nova's own public keys, and the authorized ones.
    public_keys: tuple[str, ...]
    authorized: tuple[str, ...]
    # Whether sshd forces another command than Nova's, for any key.
    forced: bool = False

    @property
    def takes_sftp(self) -> bool:
        """Whether sshd offers sftp to nova for certain."""
        options = self.options
        return (
            options.get("subsystem", ())[:1] == ("sftp",)
            and "missing" not in options
            and options.get("forcecommand", ("none",)) == ("none",)
            and not self.forced
        )

    @property
    def directory(self) -> str:
        return f"{self.home.rstrip('/')}/.ssh"

    @property
    def private_keys(self) -> list[str]:
        """Paths that ssh tries by default (ssh_config(5), IdentityFile)."""
        return [
            path
            for path in self.files
            if path.startswith(f"{self.directory}/id_")
            and not path.endswith(".pub")
        ]


# sshd shows the configuration for nova from that address (sshd(8), -T). nova's
# home may be a hanging mount.
_SCRIPT = r"""
options=$(sshd -T -C "user=nova,host=localhost,addr="%s 2>/dev/null)
printf '#sshd\n%%s\n#options\n' $?
printf '%%s\n' "$options" | grep -iE '^(port|(allow|deny)(users|groups)|'\
'pubkeyauthentication|subsystem sftp|forcecommand) ' |
while read -r option value; do
    printf '%%s %%s\n' "$option" "$value"
    case "$option ${value#sftp }" in
    "subsystem /"*)
        program=${value#sftp } program=${program%%%% *}
        [ -x "$program" ] || printf 'missing %%s\n' "$program" ;;
    esac
done
printf 'groups %%s\n' "$(id -Gn nova 2>/dev/null)"
echo '#host'
cat /etc/ssh/ssh_host_*_key.pub 2>/dev/null
echo '#nova'
getent passwd nova
home=$(getent passwd nova | cut -d: -f6)
[ -n "$home" ] || exit 0
timeout -k 1 5 sh -c '
    echo "#files"
    stat -c "%%a %%U %%n" "$1" "$1/.ssh" "$1/.ssh"/* 2>/dev/null
    echo "#public"
    grep -hv "^#" "$1"/.ssh/id_*.pub 2>/dev/null | head -c 20000
    echo "#authorized"
    grep -v "^#" "$1/.ssh/authorized_keys" 2>/dev/null | head -c 200000
    true' sh "$home"
"""


_KINDS = ("ssh-", "ecdsa-", "sk-")


def question(address: str) -> Question:
    """:param address: source address of nova's connection."""
    return Question(_SCRIPT, (address,))


def read(output: CommandOutput) -> Ssh:
    parts = fact(output.parts, "ssh")
    return Ssh(
        options=fact(lambda: _options(_require_read(parts))),
        host_keys=fact(lambda: _keys(_require_read(parts), "host")),
        home=fact(lambda: _passwd(_require_read(parts))[0]),
        shell=fact(lambda: _passwd(_require_read(parts))[1]),
        files=fact(lambda: _files(_require_read(parts))),
        public_keys=fact(lambda: _keys(_require_read(parts), "public")),
        authorized=fact(lambda: _keys(_require_read(parts), "authorized")),
        forced=fact(lambda: _forced(_require_read(parts))),
    )


def _require_read(
    parts: dict[str, list[str]] | Unread,
) -> dict[str, list[str]]:
    if isinstance(parts, Unread):
        raise Unread(parts.reason)
    return parts


def _options(parts: dict[str, list[str]]) -> dict[str, tuple[str, ...]]:
    options: dict[str, tuple[str, ...]] = {}
    match parts.get("sshd", [""])[:1]:
        case ["0"]:
            pass
        case ["127"]:
            return {}
        case _:
            raise Unread("sshd -T does not work there: it takes root (--sudo)")
    for line in parts.get("options", ()):
        option, *values = line.split() or [""]
        # 'allowusers' is repeated for each of its words.
        options[option.lower()] = options.get(option.lower(), ()) + tuple(
            values
        )
    return options if len(options) > 1 else {}


def _keys(parts: dict[str, list[str]], part: str) -> tuple[str, ...]:
    """Return 'TYPE BASE64' of each line, without options and comments."""
    keys = []
    for line in parts.get(part, ()):
        fields = line.split()
        for kind, blob in itertools.pairwise(fields):
            if kind.startswith(_KINDS) and blob.startswith("AAAA"):
                keys.append(f"{kind} {blob}")
                break
    return tuple(dict.fromkeys(keys))


def _forced(parts: dict[str, list[str]]) -> bool:
    return any('command="' in line for line in parts.get("authorized", ()))


def _passwd(parts: dict[str, list[str]]) -> tuple[str, str]:
    """Return (home, shell) of user nova."""
    fields = (parts.get("nova") or [""])[0].split(":")
    return (fields[5], fields[6]) if len(fields) == 7 else ("", "")


def _files(parts: dict[str, list[str]]) -> dict[str, File]:
    files = {}
    for line in parts.get("files", ()):
        mode, _, remainder = line.partition(" ")
        owner, _, path = remainder.partition(" ")
        if path and len(mode) < 5 and set(mode) <= set("01234567"):
            files[path] = File(int(mode, 8), owner)
    return files
