#!/bin/bash
#
# A stand-in for DevStack: none of its code, and nothing of a cloud. It has
# those of its functions that the plugin calls, with the meaning that they are
# documented to have, and calls plugin.sh as stack.sh and unstack.sh do: in a
# shell with errexit, the settings first, then the phases that are named.
#
#   stand_in.sh DIRECTORY-OF-THE-PLUGIN 'stack install' 'stack extra' ...
#
# What setup_develop and install_package would install is written to
# DATA_DIR/installed, and not installed. local.conf is the environment.
set -o errexit

declare -A GITDIR
GITDIR[osc-migrate]=$1
shift
DATA_DIR=${DATA_DIR:-/opt/stack/data}
LOGDIR=${LOGDIR:-}
STACK_USER=${STACK_USER:-stack}
VIRT_DRIVER=${VIRT_DRIVER:-libvirt}
NOVA_CONF=${NOVA_CONF:-/etc/nova/nova.conf}
NOVA_INSTANCES_PATH=${NOVA_INSTANCES_PATH:-/var/lib/nova/instances}
HOST_IP=${HOST_IP:-127.0.0.1}
SERVICE_HOST=${SERVICE_HOST:-$HOST_IP}
ENABLED_SERVICES=${ENABLED_SERVICES:-n-api,n-cpu}

function define_plugin {
    :
}

function enable_service {
    ENABLED_SERVICES+=,$1
}

function is_service_enabled {
    [[ ,$ENABLED_SERVICES, == *,$1,* ]]
}

function is_ubuntu {
    type -P apt-get >/dev/null
}

function trueorfalse {
    case ${!2:-$1} in
    1 | [Tt]rue | [Yy]es) echo True ;;
    *) echo False ;;
    esac
}

function echo_summary {
    echo "SUMMARY $*"
}

function warn {
    echo "WARNING $2" >&2
}

function die {
    shift
    echo "ERROR $*" >&2
    exit 1
}

function setup_develop {
    echo "setup_develop $*" >>"$DATA_DIR/installed"
}

function install_package {
    echo "install_package $*" >>"$DATA_DIR/installed"
}

function inidelete {
    sudo sed -i "/^\[$2\]/,/^\[/ { /^$3[[:space:]]*=/d }" "$1"
}

function iniset {
    inidelete "$1" "$2" "$3"
    if ! sudo grep -q "^\[$2\]" "$1"; then
        echo "[$2]" | sudo tee -a "$1" >/dev/null
    fi
    sudo sed -i "/^\[$2\]/a $3 = $4" "$1"
}

mkdir -p "$DATA_DIR"
source "${GITDIR[osc-migrate]}/devstack/settings"
for phase in "$@"; do
    # shellcheck disable=SC2086  # two words
    source "${GITDIR[osc-migrate]}/devstack/plugin.sh" $phase
done
