#!/bin/bash
#
# **devstack/exercise.sh**
# Asks the nodes of a cloud whether servers can move between them, and moves
# one live, with its disks, and cold. plugin.sh runs it at the end of
# stack.sh; with several nodes run it again when all are there:
#
#   /opt/stack/osc-migrate/devstack/exercise.sh
#
# By the environment: what README.rst says of the settings OSC_MIGRATE_*, and
# the cloud as OS_*; without, it is devstack-admin of clouds.yaml.
#
# Ends with 0 when all was as it should be.
set -o nounset -o pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
export PATH=${DEVSTACK_VENV:-/opt/stack/data/venv}/bin:$PATH
if [[ -z ${OS_CLOUD:-} && -z ${OS_AUTH_URL:-} ]]; then
    export OS_CLOUD=devstack-admin
fi
driver=${VIRT_DRIVER:-libvirt}
nfs=${OSC_MIGRATE_NFS:-False}
server=osc-migrate-$$
bad=0

# A line of the result.
function tell {
    printf '%s\n' "osc-migrate: $*"
}

function wrong {
    tell "WRONG $*"
    bad=1
}

# The compute hosts that are up, one a line.
function computes {
    openstack compute service list --service nova-compute -f value \
        -c Host -c Status -c State |
        awk '$2 == "enabled" && $3 == "up" {print $1}'
}

# Where each node is: this one needs no ssh.
function inventory {
    local host
    for host in "${hosts[@]}"; do
        if [[ $host == "$(hostname)" ]]; then
            echo "$host local://?sudo=true"
        else
            echo "$host ssh://${STACK_USER:-stack}@$host?sudo=true"
        fi
    done
}

function validate {
    local file=${OSC_MIGRATE_INVENTORY:-}
    local list
    local words=()
    list=$(IFS=,; echo "${hosts[*]}")
    if [[ -z $file ]]; then
        file=$(mktemp)
        inventory >"$file"
    fi
    if [[ $nfs == True ]]; then
        # The controller: it is this node.
        words+=("--storage-hosts=$(hostname)")
    fi
    tell "validators on $list"
    if (cd "$here" && python3 -m pytest -q -rsw validators \
        -p no:cacheprovider "--hosts=$list" "--inventory=$file" \
        ${words[@]+"${words[@]}"}); then
        # What does not apply to these nodes was skipped, and is listed.
        tell "validators: none failed"
    else
        wrong "validators: see above"
    fi
}

# A server to move: no network, a small flavor, the first image there is.
function boot {
    local image=${OSC_MIGRATE_IMAGE:-}
    if [[ -z $image ]]; then
        image=$(openstack image list -f value -c ID | sed -n 1p)
    fi
    tell "booting $server"
    openstack server create -f value -c id --image "$image" --nic none \
        --flavor "${OSC_MIGRATE_FLAVOR:-m1.tiny}" --wait "$server"
}

# `move KIND EXPECTED ...`: one migration, and how it has to end.
function move {
    local kind=$1
    local code=$2
    shift 2
    local out
    local got=0
    out=$(openstack migrate "$kind" "$server" "$@" -f json) || got=$?
    tell "$kind: exit $got $(tr -s '\n ' '  ' <<<"$out")"
    if [[ " $code " != *" $got "* ]]; then
        wrong "$kind: exit $got, not one of: $code"
    fi
}

# What the storage allows has to succeed, and the other to be refused or to
# fail without harm: a copy of what is shared, and a move without a copy of
# what is not (3 before anything was changed, 4 by Nova itself).
function moves {
    local live=0
    local block=0
    if [[ $driver == libvirt && $nfs == True ]]; then
        block="3 4"
    elif [[ $driver == libvirt ]]; then
        live="3 4"
    fi
    if ! boot; then
        wrong "no server to move"
        # Nova may have made one that does not run.
        openstack server delete --wait "$server" 2>/dev/null
        return
    fi
    move live "$live"
    move block "$block"
    move cold 0 --confirm
    openstack server delete --wait "$server"
}

mapfile -t hosts < <(computes)
if [[ ${#hosts[@]} -eq 0 ]]; then
    wrong "no compute host is up"
    exit $bad
fi
if [[ ${OSC_MIGRATE_VALIDATE:-True} == True && $driver == libvirt ]]; then
    validate
fi
if [[ ${OSC_MIGRATE_MOVE:-True} != True ]]; then
    tell "no server was moved: OSC_MIGRATE_MOVE is not True"
elif [[ ${#hosts[@]} -lt 2 ]]; then
    # Not wrong, and not well: it was not tried.
    tell "no server was moved: ${hosts[0]} is the only compute host as yet;" \
        "run $here/devstack/exercise.sh when there are others"
else
    moves
fi
exit $bad
