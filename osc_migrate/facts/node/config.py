"""nova.conf, wherever it lies; secrets stay on the node.

oslo.config reads nova.conf, nova-compute.conf and their .d directories, or
what --config-file and --config-dir say (oslo_config/cfg.py). The files are
read through the root directory of a running nova-compute, so that one in a
container or a snap is read as it sees them itself.
"""

import re

from osc_migrate.facts.node.said import Said
from osc_migrate.model.answers import Question
from osc_migrate.model.facts import Unread
from osc_migrate.model.node.config import Config

# Only these leave the node: none of them is a secret.
OPTIONS = (
    "host",
    "my_ip",
    "state_path",
    "instances_path",
    "images_type",
    "images_rbd_pool",
    "images_rbd_ceph_conf",
    "images_volume_group",
    "rbd_user",
    "rbd_secret_uuid",
    "virt_type",
    "cpu_mode",
    "cpu_models",
    "cpu_model",
    "cpu_model_extra_flags",
    "hw_machine_type",
    "connection_uri",
    "live_migration_\\w+",
    "migration_inbound_addr",
    "remote_filesystem_transport",
    "num_pcie_ports",
    "server_listen",
    "server_proxyclient_address",
    "proxyclient_address",
    "enabled",
    "agent_enabled",
    "max_concurrent_live_migrations",
    "force_config_drive",
    "config_drive_format",
    "reserved_host_memory_mb",
    "reserved_host_disk_mb",
    "reserved_huge_pages",
    "vif_plugging_timeout",
    "vif_plugging_is_fatal",
    "long_rpc_timeout",
    "rpc_response_timeout",
    "graceful_shutdown_timeout",
    "resize_confirm_window",
    "force_raw_images",
    "cpu_shared_set",
    "cpu_dedicated_set",
    "skip_\\w+",
    "enable_numa_live_migration",
    "enable_qemu_monitor_announce_self",
    "volume_use_multipath",
    "iscsi_use_multipath",
    "nfs_mount_point_base",
    "send_service_user_token",
    "device_spec",
    "upgrade_levels",
    "compute",
    "log_file",
    "log_dir",
    "use_journal",
    "swtpm_enabled",
    "service_down_time",
    "report_interval",
)

_PICK = r"^[[:space:]]*\[|^(" + "|".join(OPTIONS) + r")[[:space:]]*[=:]"
# Directories where deployments keep it, when nova-compute does not run.
_PLACES = (
    "/etc/nova",
    "/etc/kolla/nova-compute",
    "/var/snap/openstack-hypervisor/common/etc/nova",
    "/var/lib/openstack/config/nova",
    "/var/lib/config-data/puppet-generated/nova_libvirt/etc/nova",
)
_SCRIPT = r"""
show() {
    for file in "$@"; do
        [ -r "$file" ] || continue
        found=yes
        printf '#file %s\n' "${file#"$root"}"
        grep -E PICK "$file"
        printf '\n'
    done
}
found=; root=; asked=
for pid in $(ps -eo pid=,args= 2>/dev/null |
             awk '/nova-compute/ && !/awk/ && !/ sudo / {print $1}'); do
    name=$(tr '\0' '\n' <"/proc/$pid/cmdline" 2>/dev/null | head -n 4 |
           grep -E '(^|/)nova-compute$') || continue
    [ -n "$name" ] || continue
    printf '#pid %s\n' "$pid"
    root=/proc/$pid/root
    asked=$(tr '\0' '\n' <"/proc/$pid/cmdline" | awk '
        want {print; want = 0}
        /^--config-(file|dir)=/ {sub(/^[^=]*=/, ""); print}
        /^--config-(file|dir)$/ {want = 1}')
    break
done
for path in $asked; do
    if [ -d "$root$path" ]; then show "$root$path"/*.conf
    else show "$root$path"
    fi
done
for place in PLACES; do
    [ -z "$found" ] || break
    [ -r "$root$place/nova-cpu.conf" ] && show "$root$place/nova-cpu.conf" &&
        break
    at=$root$place
    show "$at/nova.conf" "$at/nova-compute.conf" \
        "$at/nova.conf.d"/*.conf "$at/nova-compute.conf.d"/*.conf
    show "$at"/[0-9]*.conf
done
[ -n "$found" ]
"""

QUESTIONS = {
    "nova": Question(
        _SCRIPT.replace("PICK", f"'{_PICK}'").replace(
            "PLACES", " ".join(_PLACES)
        )
    )
}

_LINE = re.compile(r"(\w+)\s*[=:]\s*(.*)")


def read(said: Said) -> Config:
    answer = said.answer("nova")
    if "#file " not in answer.out:
        raise Unread(
            "nova.conf was not found, or may not be read, in"
            f" {', '.join(_PLACES)}; it takes root (--sudo)"
        )
    files: list[str] = []
    options: dict[tuple[str, str], str] = {}
    section = "DEFAULT"
    for line in answer.lines:
        text = line.strip()
        if text.startswith("#file "):
            files.append(text.removeprefix("#file "))
            section = "DEFAULT"
        elif text.startswith("[") and "]" in text:
            section = text[1 : text.index("]")].strip()
        elif match := _LINE.fullmatch(text):
            value = match[2].strip()
            if len(value) > 1 and value[0] == value[-1] and value[0] in "\"'":
                value = value[1:-1]
            options[section, match[1]] = value
    return Config(tuple(files), options)
