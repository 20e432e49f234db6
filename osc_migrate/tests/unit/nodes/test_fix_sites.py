"""Every place that makes a fix, and whose word its lines rest on."""

import ast

from osc_migrate.tests.unit.test_architecture import MODULES, name

# "own": in a check of one node, what it said itself or a constant; "own,
# stated": the same in a check that sees several nodes; "vouched": another
# node's word, which a function of checks/script.py has looked at.
SITES = {
    "checks.findings:allowed": ["refused"],
    "nodes.accounts.checks:nova_may_use_libvirt": ["own"],
    "nodes.accounts.checks:qemu_user_exists": ["own"],
    "nodes.accounts.renumber:_group": ["own"],
    "nodes.accounts.renumber:_fix_or_instructions": ["refused", "vouched"],
    "nodes.accounts.renumber:_user": ["own"],
    "nodes.config.checks:nova_compute_read_its_configuration": ["own"],
    "nodes.config.live_options:_without_uri": ["own"],
    "nodes.config.nova_conf:change": ["own"],
    "nodes.config.options:_remedies": ["vouched"],
    "nodes.libvirt.data_ports:migration_ports_agree": ["vouched"],
    "nodes.libvirt.qemu:host_uuids_differ": ["own, stated"],
    "nodes.libvirt.transport:verdict_with_fix": ["own"],
    "nodes.network.checks:host_name_is_not_loopback": ["own"],
    "nodes.network.checks:hosts_file_agrees_with_itself": ["own"],
    "nodes.network.checks:interface_is_up": ["own"],
    "nodes.network.firewall:build": ["vouched"],
    "nodes.network.firewall:checked": ["vouched"],
    "nodes.network.firewall:open_ports": ["vouched"],
    "nodes.network.hosts_file:fix": ["vouched"],
    "nodes.network.hosts_file:right_name": ["vouched"],
    "nodes.network.links:_with_mtu": ["vouched"],
    "nodes.reach.ssh:_account": ["own, stated"],
    "nodes.reach.ssh:_host_key": ["vouched"],
    "nodes.reach.ssh:_permission": ["own, stated", "vouched"],
    "nodes.reach.ssh:fix": ["vouched"],
    "nodes.small.graceful_shutdown:_longer_stop_timeout": ["own"],
    "nodes.small.served_certificate:_reread": ["own"],
    "nodes.storage.checks:_chmod_fix": ["own"],
    "nodes.storage.checks:instances_path_exists": ["own"],
    "nodes.storage.checks:instances_path_has_its_label": ["own"],
    "nodes.storage.checks:instances_path_is_writable": ["own"],
    "nodes.storage.checks:instances_path_owner_is_nova": ["own"],
    "nodes.storage.checks:selinux_lets_servers_use_the_mount": ["own"],
    "nodes.storage.exporting:_line_of": ["vouched"],
    "nodes.storage.exporting:new_line": ["vouched"],
    "nodes.storage.exports:exports_instances": ["own, stated"],
    "nodes.storage.exports:nfs_server_runs": ["own"],
    "nodes.storage.mounts:build": ["own"],
    "nodes.storage.mounts:fix": ["own"],
    "nodes.storage.mounts:instances_mount_is_persistent": ["own"],
    "nodes.storage.mounts:instances_mount_is_read_write": ["own"],
    "nodes.storage.mounts:instances_mount_is_safe": ["own"],
    "nodes.storage.mounts:instances_mount_is_what_fstab_says": ["own"],
    "nodes.storage.mounts:instances_path_is_mounted": ["own"],
    "nodes.storage.sharing:_chown": ["vouched"],
    "nodes.storage.sharing:_same_path": ["vouched"],
    "nodes.system.checks:hosts_can_post_copy": ["own"],
    "nodes.system.clock:_step": ["own"],
    "nodes.system.clock:clock_is_synchronised": ["own"],
    "nodes.system.clock:clocks_agree": ["own, stated"],
    "nodes.tls.pki:_is_private": ["own"],
    "nodes.tls.pki:_is_readable": ["own"],
    "nodes.volumes.checks:_rename": ["own"],
    "nodes.volumes.checks:_rename_host": ["own"],
    "nodes.volumes.checks:_unique": ["own, stated"],
    "nodes.volumes.checks:ceph_files_are_readable": ["own"],
    "nodes.volumes.checks:iscsid_runs_where_it_is_used": ["own"],
    "nodes.volumes.checks:multipath_runs_where_nova_uses_it": ["own"],
}


def made():
    """module:function -> what the calls there state."""
    found = {}
    for path in MODULES:
        for function in ast.walk(ast.parse(path.read_text())):
            if not isinstance(function, ast.FunctionDef):
                continue
            for call in ast.walk(function):
                if isinstance(call, ast.Call) and (word := _word(call)):
                    key = f"{name(path)}:{function.name}"
                    found.setdefault(key, set()).add(word)
    return {site: sorted(words) for site, words in found.items()}


def _word(call):
    function = call.func
    keywords = {keyword.arg: keyword.value for keyword in call.keywords}
    if isinstance(function, ast.Name) and function.id == "Fix":
        if "refused" in keywords:
            return "refused"
        if "rests_on" not in keywords:
            return "own"
        empty = ast.unparse(keywords["rests_on"]) == "()"
    elif isinstance(function, ast.Attribute) and (
        function.attr == "resting_on"
    ):
        empty = not call.args
    else:
        return ""
    if empty:
        return "own, stated"
    return "vouched" if "vouched" in keywords else "not vouched"


def test_every_fix_is_listed_with_whose_word_it_rests_on():
    assert made() == SITES


def test_no_fix_rests_on_others_without_a_reason():
    assert not [
        site for site, words in made().items() if "not vouched" in words
    ]
