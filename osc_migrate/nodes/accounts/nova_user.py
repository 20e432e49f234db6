"""Shell functions of questions: who Nova and QEMU are on a node."""

from osc_migrate.nodes.process_identity import FIND_NOVA

# nova_user: the name that nova-compute runs as, which is stack with DevStack;
# nova where it does not run, or runs as root, or in a separate container;
# nothing where its process is not trusted. Takes what find_nova has set.
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

# qemu_user: the name that qemu.conf gives, else the distribution's own.
# libvirt writes '+64055' for a number that is surely no name.
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

# as_user UID SCRIPT: whatever the user's shell is; without PAM where that
# can be, as each login of it is a line in the node's log. busybox's id takes
# no numbers, and its setpriv cannot change the user: 125 is that nothing can.
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
