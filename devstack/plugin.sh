#!/bin/bash
#
# **devstack/plugin.sh**
# Installs osc-migrate, makes the nodes fit for migrations, and tries both.
#
# Dependencies:
# ``functions`` of DevStack, and ``settings`` beside this file
# ``DATA_DIR``, ``GITDIR``, ``HOST_IP``, ``SERVICE_HOST``, ``STACK_USER``,
# ``NOVA_CONF``, ``NOVA_INSTANCES_PATH``, ``VIRT_DRIVER``

# Save trace setting
_XTRACE_OSC_MIGRATE=$(set +o | grep xtrace)
set +o xtrace

OSC_MIGRATE_DIR=${GITDIR[osc-migrate]}
source "$OSC_MIGRATE_DIR/devstack/lib/changes"
source "$OSC_MIGRATE_DIR/devstack/lib/libvirt"
source "$OSC_MIGRATE_DIR/devstack/lib/nfs"
source "$OSC_MIGRATE_DIR/devstack/lib/firewall"

# install_osc_migrate() - The commands, and what the validators need
function install_osc_migrate {
    setup_develop "$OSC_MIGRATE_DIR" nodes
}

# Migrations are between hosts that run guests by libvirt.
function osc_migrate_prepares {
    [[ $OSC_MIGRATE_PREPARE == True && $VIRT_DRIVER == libvirt ]] &&
        is_service_enabled n-cpu
}

# prepare_osc_migrate() - What the validators ask of a node; nova-compute
# does not run yet, and copies its configuration when it is started
function prepare_osc_migrate {
    iniset "$NOVA_CONF" libvirt live_migration_inbound_addr "$HOST_IP"
    osc_migrate_qemu_user
    osc_migrate_listen
    if [[ $OSC_MIGRATE_NFS == True ]]; then
        osc_migrate_share
    fi
    osc_migrate_let_pass "$NOVA_INSTANCES_PATH"
    if [[ $OSC_MIGRATE_FIREWALL == True ]]; then
        osc_migrate_open
    fi
}

# undo_osc_migrate() - Everything as it was; no error where nothing was done
function undo_osc_migrate {
    osc_migrate_close
    osc_migrate_unshare
    osc_migrate_restore
    osc_migrate_deafen
    osc_migrate_qemu_back
    osc_migrate_forget
}

# exercise_osc_migrate() - Asks the nodes, then moves a server in each way
function exercise_osc_migrate {
    local said=${LOGDIR:-$DATA_DIR}/osc-migrate.txt
    # A script of its own, that can be run again when all nodes are there.
    if OSC_MIGRATE_VALIDATE=$OSC_MIGRATE_VALIDATE \
        OSC_MIGRATE_MOVE=$OSC_MIGRATE_MOVE \
        OSC_MIGRATE_NFS=$OSC_MIGRATE_NFS \
        OSC_MIGRATE_INVENTORY=$OSC_MIGRATE_INVENTORY \
        OSC_MIGRATE_FLAVOR=$OSC_MIGRATE_FLAVOR \
        OSC_MIGRATE_IMAGE=$OSC_MIGRATE_IMAGE \
        DEVSTACK_VENV=${DEVSTACK_VENV:-} \
        VIRT_DRIVER=$VIRT_DRIVER \
        STACK_USER=$STACK_USER \
        bash "$OSC_MIGRATE_DIR/devstack/exercise.sh" >"$said" 2>&1; then
        cat "$said"
        return
    fi
    cat "$said"
    if [[ $OSC_MIGRATE_STRICT == True ]]; then
        die "$LINENO" "osc-migrate: not all went well; see $said"
    fi
    warn "$LINENO" "osc-migrate: not all went well; see $said"
}

if is_service_enabled osc-migrate; then
    if [[ "$1" == "stack" && "$2" == "install" ]]; then
        echo_summary "Installing osc-migrate"
        install_osc_migrate
    elif [[ "$1" == "stack" && "$2" == "post-config" ]]; then
        if osc_migrate_prepares; then
            echo_summary "Preparing this node for migrations"
            prepare_osc_migrate
        fi
    elif [[ "$1" == "stack" && "$2" == "test-config" ]]; then
        # Of a node that has not all APIs, the controller will ask.
        if is_service_enabled n-api; then
            echo_summary "Asking the nodes, and moving a server"
            exercise_osc_migrate
        fi
    elif [[ "$1" == "unstack" || "$1" == "clean" ]]; then
        undo_osc_migrate
    fi
fi

# Restore xtrace
$_XTRACE_OSC_MIGRATE
