"""Shell functions of questions: is a process the daemon that it seems to be?

Any user of a node may start a process named libvirtd or nova-compute, and in
a user namespace choose its root directory, its mounts and what it takes for
root. So a name is only where the search begins. A process is trusted when

- its user namespace is that of PID 1: in another one root is not root, and
  any user may make one;
- it is in the cgroup of a unit of that daemon, or of a container runtime: only
  root puts processes there. Cgroups below user.slice are delegated to users,
  those of virtual machines hold QEMU, which guests may have broken out of;
- its executable belongs to root, is not writable by others, and is the right
  program: libvirt's daemon, or for Nova's services a Python interpreter;
- libvirt's daemons: all its user IDs are 0. A set-user-ID program that a user
  started under another name has that user's real ID.

nova-compute runs as another user than root. What it says is as good as that
user's word, so nothing of its choice is run as root. A program in a container
is run only if the container has every capability that the node has
(``same_capabilities``): then it gains nothing that it lacks.

A process with the name that does not pass is not absent: ``doubt`` says why,
without quoting the process, and the facts are not read. To a user who is
not root all daemons are such processes.
"""

# identify PID KIND: KIND is libvirt or nova. Sets 'doubt', empty when the
# process is trusted; and 'unit', its unit's name if it has one.
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
# guests and of the one that others talk to; 'core_doubt' and 'front_doubt'
# where there is only one that is not trusted; and their root directories.
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

# find_nova: sets 'nova_pid', empty where nova-compute does not run, and
# 'nova_doubt' where there is only one that is not trusted; nova_unit is its
# unit. Names first: the arguments of a process that hangs cannot be read.
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
