"""Shell functions for questions: is a process really the daemon it looks like?

Any user of a node can start a process named libvirtd or nova-compute and, in a
user namespace, choose its root directory, its mounts and its apparent root
user. The name is therefore only the start of the search. A process is trusted
if

- its user namespace is that of PID 1: any user can create another one, in
  which root is not root;
- it is in the cgroup of a unit of that daemon or of a container runtime: only
  root can put processes there. Cgroups below user.slice are delegated to
  users, and those of virtual machines contain QEMU, which a guest may have
  escaped to;
- its executable belongs to root, is not writable by others, and is the right
  program: libvirt's daemon, or a Python interpreter for Nova's services;
- for libvirt's daemons, all its user IDs are 0. A set-user-ID program that a
  user started under another name has the real ID of that user.

nova-compute does not run as root. Its statements are only as trustworthy as
its user, so nothing that it selects is run as root. A program in a container
is run only if the container has every capability of the node
(``same_capabilities``): then it gains nothing.

A process with the right name that is not trusted does not count as absent:
``doubt`` contains the reason, without quoting the process, and the facts are
unread. Without root, this applies to all daemons.
"""

# identify PID KIND: KIND is libvirt or nova. Sets 'doubt', empty when the
# process is trusted, and 'unit' to its unit, if it has one.
IDENTIFY = r"""
root_id=0
known_unit() {
    case $1/$2 in
    libvirt/*libvirtd.service | libvirt/virt*d.service) ;;
    libvirt/*nova_libvirt*.service | libvirt/*nova_virt*.service) ;;
    libvirt/edpm_*virt*.service) ;;
    nova/*nova*compute*.service | nova/*n-cpu*.service) ;;
    *) return 1 ;;
    esac
}
known_runtime() {
    case $1 in
    # Virtual machines, and containers that libvirt runs for users.
    machine-qemu* | machine-lxc*) return 1 ;;
    docker-*.scope | libpod-*.scope | crio-*.scope) ;;
    cri-containerd-*.scope | containerd-*.scope | machine-*.scope) ;;
    docker | libpod_parent | kubepods* | lxc | lxc.payload.*) ;;
    docker.service | containerd.service | crio.service) ;;
    systemd-nspawn@*.service) ;;
    *) return 1 ;;
    esac
}
# With cgroup v1 systemd has a separate hierarchy; the others may be '/'.
cgroup_of() {
    sed -n 's/^[0-9]*:name=systemd://p; s/^0:://p' "/proc/$1/cgroup" \
        2>/dev/null | grep -vxF / | head -n 1
}
# First part of a cgroup's path that is not a slice; empty for a user's.
cgroup_owner() {
    above=$(cgroup_of 1)
    above=${above%/init.scope}
    cgroup=$(cgroup_of "$1")
    cgroup=${cgroup#"$above"}
    cgroup=${cgroup#/}
    while [ -n "$cgroup" ]; do
        part=${cgroup%%/*}
        case $part in
        user.slice | user-*.slice | user@* | ..) return ;;
        *.slice) cgroup=${cgroup#"$part"}; cgroup=${cgroup#/} ;;
        *) printf '%s\n' "$part"; return ;;
        esac
    done
}
status_of() {
    awk -v "key=$2:" '$1 == key {$1 = ""; print; exit}' "/proc/$1/status" \
        2>/dev/null
}
user_namespace() {
    readlink "/proc/$1/ns/user" 2>/dev/null
}
same_capabilities() {
    bounding=$(status_of "$1" CapBnd)
    [ -n "$bounding" ] && [ "$bounding" = "$(status_of 1 CapBnd)" ] ||
        return 1
    [ "$2" = nova ] ||
        [ "$(status_of "$1" CapEff)" = "$(status_of 1 CapEff)" ]
}
identify() {
    doubt= unit=
    program=$(readlink "/proc/$1/exe" 2>/dev/null)
    program=${program%" (deleted)"}
    namespace=$(user_namespace "$1")
    first=$(user_namespace 1) || first=$(user_namespace self)
    if [ -z "$program" ] || [ -z "$namespace" ] || [ -z "$first" ]; then
        doubt="its program and namespaces may not be read, it takes root"
        return
    fi
    if [ "$namespace" != "$first" ]; then
        doubt="it runs in a user namespace"
        return
    fi
    case $2/${program##*/} in
    libvirt/libvirtd | libvirt/virtqemud | libvirt/virtproxyd) ;;
    nova/*python*) ;;
    *) doubt="it runs another program"; return ;;
    esac
    case $(stat -L -c '%u %a' "/proc/$1/exe" 2>/dev/null) in
    "$root_id "*[0145][0145]) ;;
    *) doubt="others than root may change its program"; return ;;
    esac
    if [ "$2" = libvirt ]; then
        ids=$(status_of "$1" Uid)
        if [ -z "$ids" ]; then
            doubt="its user IDs could not be read"
            return
        fi
        for id in $ids; do
            case $id in
            "$root_id") ;;
            *) doubt="it does not run as root"; return ;;
            esac
        done
    fi
    owner=$(cgroup_owner "$1")
    if known_unit "$2" "$owner"; then
        case $owner in
        *[!A-Za-z0-9@._:-]*) ;;
        *) unit=$owner ;;
        esac
    elif ! known_runtime "$owner"; then
        doubt="neither a unit of it nor a container runtime started it"
    fi
}
# consider PID NAME KIND: the same, with whose word it is. A process that has
# ended is nothing to doubt.
consider() {
    identify "$1" "$3"
    [ -n "$doubt" ] || return 0
    [ -d "/proc/$1" ] &&
        doubt="process $1 is named $2 but was not trusted: $doubt" || doubt=
    return 1
}
"""

# find_libvirt: sets 'core' and 'front', the PIDs of the daemon that runs
# guests and of the one that accepts connections; 'core_doubt' and
# 'front_doubt' if there are only untrusted ones; and their root directories.
FIND_LIBVIRT = (
    IDENTIFY
    + r"""
find_libvirt() {
    core= front= core_name= core_doubt= front_doubt=
    for comm in $(grep -lxE 'libvirtd|virtqemud|virtproxyd' \
            /proc/[0-9]*/comm 2>/dev/null); do
        pid=${comm#/proc/}; pid=${pid%%/comm}
        name=$(cat "$comm" 2>/dev/null)
        if consider "$pid" "$name" libvirt; then
            case $name in
            libvirtd) core=$pid front=$pid core_name=$name ;;
            virtqemud) core=$pid core_name=$name ;;
            virtproxyd) front=$pid ;;
            esac
        elif [ "$name" = virtproxyd ]; then front_doubt=$doubt
        else core_doubt=${doubt:-$core_doubt}
        fi
    done
    [ -r /proc/1/comm ] ||
        core_doubt="this user sees no processes of others, it takes root"
    [ -z "$core" ] || core_doubt=
    # libvirtd answers others itself.
    if [ -n "$front" ] || [ "$core_name" = libvirtd ]; then front_doubt=; fi
    core_root= front_root=
    [ -z "$core" ] || core_root=/proc/$core/root
    [ -z "$front" ] || front_root=/proc/$front/root
    [ -n "$front" ] || front_root=$core_root
}
find_libvirt
"""
)

# find_nova: sets 'nova_pid', empty if nova-compute does not run, 'nova_doubt'
# if there is only an untrusted one, and 'nova_unit' to its unit. Names are
# checked first: the arguments of a hanging process cannot be read.
FIND_NOVA = (
    IDENTIFY
    + r"""
words() { { tr '\0' '\n' <"/proc/$1/cmdline"; } 2>/dev/null; }
find_nova() {
    nova_pid= nova_doubt= nova_unit=
    for comm in $(grep -lE '^(python|nova-compute)' /proc/[0-9]*/comm \
            2>/dev/null); do
        seen=${comm#/proc/}; seen=${seen%%/comm}
        words "$seen" | head -n 4 | grep -qE '(^|/)nova-compute$' || continue
        if consider "$seen" nova-compute nova; then
            nova_pid=$seen nova_doubt= nova_unit=$unit
            return
        fi
        nova_doubt=${doubt:-$nova_doubt}
    done
    [ -r /proc/1/comm ] ||
        nova_doubt="this user sees no processes of others, it takes root"
}
"""
)
