"""The script that tries connections to other nodes.

It is POSIX sh, and uses bash or Python where necessary. Each 'try' prints a
block at its end: the head that it was given, then lines of 'names WORD
ADDRESS...', 'port HOST PORT OUTCOME' (libvirt), 'data ...' (the same for
QEMU), 'virsh WORDS =STATUS', 'nova WORDS =STATUS' and 'ping BYTES
full|lost|none|unable'; 'doubt WORDS' if Nova's user is unknown. Only if
relevant: 'login USER PORT', 'sftp WORDS =STATUS' and 'openssh VERSION'.
"""

from osc_migrate.nodes.accounts.nova_user import NOVA_USER

# A format string: '%%' is a single '%'.
SCRIPT = (
    NOVA_USER.replace("%", "%%")
    + r"""
find_nova
nova=$(nova_user)

# Last words of a command on one line, and its status.
brief() {
    { "$@" 2>&1; echo " =$?"; } | tail -c 600 | tr '\n\r\t' '   '
}

# connect HOST PORT: 'no route' takes the kernel three seconds; a SYN that
# was lost is sent again after one, three and seven.
if command -v bash >/dev/null; then
    connect() {
        timeout -k 1 10 bash -c ': <>"/dev/tcp/$0/$1"' "$1" "$2" 2>&1
    }
    # connect_all HOST PORT...
    connect_all() {
        timeout -k 1 3 bash -c 'for port; do : <>"/dev/tcp/$0/$port" || exit
            done' "$@" 2>/dev/null
    }
else
    connect_all() { false; }
    connect() {
        timeout -k 1 10 python3 -c '
import socket, sys
socket.create_connection((sys.argv[1], int(sys.argv[2])), 12)' "$1" "$2" 2>&1
    }
fi

# knock KEY HOST PORT
knock() {
    said=$(connect "$2" "$3")
    case $?:$said in
    0:*) how=open ;;
    *resolution* | *"not known"* | *"No address"*) how=unresolved ;;
    124:* | 137:* | *"imed out"*) how=silent ;;
    *efused*) how=refused ;;
    # The latter two: routes of the kinds blackhole and prohibit.
    *"No route"* | *nreachable* | *"nvalid argument"* | *"ermission denied"*)
        how=unreachable ;;
    *) how=$(printf %%s "$said" | tail -n 1 | tail -c 200) ;;
    esac
    printf '%%s %%s %%s %%s\n' "$1" "$2" "$3" "$how"
}

# knock_each KEY HOST PORT...: one process while all are open, as they are on
# a healthy node; each by itself only where one is not.
knock_each() {
    key=$1 to=$2
    shift 2
    if connect_all "$to" "$@"; then
        for port; do printf '%%s %%s %%s open\n' "$key" "$to" "$port"; done
        return
    fi
    for port; do knock "$key" "$to" "$port" & done
    wait
}

# libvirt URI HOST PORT: beyond a closed port there is no one to ask.
libvirt() {
    if [ "$3" != - ]; then
        line=$(knock port "$2" "$3")
        printf '%%s\n' "$line"
        case $line in *" open") ;; *) return ;; esac
    fi
    printf 'virsh %%s\n' "$(brief timeout -k 1 20 virsh -c "$1" hostname)"
}

# What nova-compute does before it copies: nova/utils.py, ssh_execute. sshd
# drops connections when many come at once: that is not its answer.
copy='exec ssh -o BatchMode=yes -o ConnectTimeout=5 "$0" true'
sftp='exec ssh -o BatchMode=yes -o ConnectTimeout=5 -s "$0" sftp'
# as_nova SCRIPT ARG: with the ssh, the home and the keys of the container
# where nova-compute runs in one.
if [ -n "$nova_pid" ] && ! [ "/proc/$nova_pid/root/" -ef / ]; then
    nova_uid=$(status_of "$nova_pid" Uid | awk '{print $2}')
    nova_gid=$(status_of "$nova_pid" Gid | awk '{print $2}')
    same_capabilities "$nova_pid" nova && [ "${nova_uid:-0}" != 0 ] ||
        nova_doubt="nova-compute runs in a container that nothing is run in"
    as_nova() {
        timeout -k 1 30 nsenter -t "$nova_pid" -m -n -G "$nova_gid" \
            -S "$nova_uid" sh -c "$1" "$2"
    }
else
    as_nova() { timeout -k 1 30 su -s /bin/sh -c "$1" "$nova" "$2"; }
fi
# nova HOST SFTP: '-' where sftp need not be tried.
nova() {
    for pause in 1 2 3 0; do
        said=$(brief as_nova "$copy" "$1")
        case $said in
        *kex_exchange* | *"onnection reset"* | *"onnection closed"*)
            sleep "$pause" ;;
        *) break ;;
        esac
    done
    printf 'nova %%s\n' "$said"
    case $said in
    *" =0") ;;
    *) printf 'login %%s\n' "$(as_nova 'exec ssh -G "$0"' "$1" 2>/dev/null |
        awk '$1 == "user" {user = $2} $1 == "port" {port = $2}
            END {print user, port}')" ;;
    esac
    case $2$said in
    -* | *" =255") return ;;
    esac
    printf 'sftp %%s\n' "$(brief as_nova "$sftp" "$1" </dev/null)"
    printf 'openssh %%s\n' "$(as_nova 'exec ssh -V' x 2>&1 | head -c 60)"
}

packet() {
    how=none
    if said=$(ping -c 1 -W 2 -M do -s "$2" "$1" 2>&1); then how=full
    elif ping -c 1 -W 2 "$1" >/dev/null 2>&1; then how=lost
    fi
    # busybox's ping cannot forbid to break packets up.
    case $how$said in lost*sage:*) how=unable ;; esac
    printf 'ping %%s %%s\n' "$2" "$how"
}

# try HEAD NAMES URI LIBVIRT_HOST LIBVIRT_PORT DATA_HOST PORTS COPY PAYLOAD
# SFTP
try() {
    all=$(
        command -v getent >/dev/null || echo unnamed
        for name in $2; do
            addresses=$(timeout -k 1 5 getent ahosts "$name")
            printf 'names %%s' "$name"
            printf '%%s\n' "$addresses" |
            while read -r address rest; do printf ' %%s' "$address"; done
            echo
        done
        [ "$3" = - ] || libvirt "$3" "$4" "$5" &
        [ -z "$7" ] || knock_each data "$6" $7 &
        [ -n "$nova_doubt" ] || [ "$(id -u)" = 0 ] ||
            nova_doubt="only root (--sudo) can try it as nova's user"
        [ -z "$nova_doubt" ] || printf 'doubt %%s\n' "$nova_doubt"
        [ "$8" = - ] || [ -n "$nova_doubt" ] || nova "$8" "${10}" &
        [ "$4" = - ] || packet "$4" "$9" &
        wait
    )
    printf '#peer %%s\n%%s\n' "$1" "$all"
}
"""
)
