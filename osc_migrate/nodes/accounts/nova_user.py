"""Shell functions for questions: the users of Nova and QEMU on a node."""

from osc_migrate.nodes.process_identity import FIND_NOVA

# nova_user: prints the user that nova-compute runs as (stack with DevStack),
# or nova if it does not run, runs as root or in a separate container; nothing
# if its process is not trusted. Uses the variables of find_nova.
NOVA_USER = (
    FIND_NOVA
    + r"""
nova_user() {
    [ -z "$nova_doubt" ] || return 0
    if [ -n "$nova_pid" ] && [ "/proc/$nova_pid/root/" -ef / ]
    then user=$(stat -c %U "/proc/$nova_pid" 2>/dev/null)
    else user=
    fi
    case $user in
    '' | root | UNKNOWN) echo nova ;;
    *) printf '%s\n' "$user" ;;
    esac
}
"""
)

# qemu_user: prints the user in qemu.conf, or else that of the distribution.
# In libvirt's notation, '+64055' is a number and never a name.
QEMU_USER = r"""
qemu_user() {
    set -- $(sed -n 's/^[[:space:]]*user[[:space:]]*=[[:space:]]*//p' \
        /etc/libvirt/qemu.conf 2>/dev/null | tr -d '"+' | tail -n 1)
    if [ -n "$1" ]; then printf '%s\n' "$1"; return; fi
    for name in libvirt-qemu qemu; do
        if id -u "$name" >/dev/null 2>&1; then
            printf '%s\n' "$name"; return
        fi
    done
}
"""

# as_user UID SCRIPT: runs a script regardless of the user's shell, without PAM
# if possible, because each login is logged on the node. busybox's id accepts
# no numbers, and its setpriv cannot change the user; 125: nothing can.
AS_USER = r"""
as_user() {
    name=$(id -nu "$1" 2>/dev/null) || name=$(
        sed -n "s/^\([^:]*\):[^:]*:$1:.*/\1/p" /etc/passwd | head -n 1)
    gid=$(id -g "$1" 2>/dev/null) || gid=$1
    if setpriv --reuid "$1" --regid "$gid" --init-groups true 2>/dev/null
    then setpriv --reuid "$1" --regid "$gid" --init-groups sh -c "$2"
    elif [ -z "$name" ] &&
        ! setpriv --reuid "$1" --regid "$gid" --clear-groups true 2>/dev/null
    then
        echo "as_user: no command there runs others as user $1" >&2
        return 125
    elif [ -z "$name" ]
    then setpriv --reuid "$1" --regid "$gid" --clear-groups sh -c "$2"
    elif [ -x "$(command -v runuser)" ]
    then runuser -u "$name" -- sh -c "$2"
    else su -s /bin/sh "$name" -c "$2"
    fi
}
"""
