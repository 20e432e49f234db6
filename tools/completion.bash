#!/bin/bash
#
# Names of servers and hosts after 'openstack migrate ...', in bash:
#
#   source tools/completion.bash
#
# after the completion that 'openstack complete' writes, which knows commands
# and options. Names are asked of the cloud when they are wanted, and kept for
# a minute, readable to you alone. Names that a shell would have to quote are
# left out: they come from strangers.

_openstack_migrate_names() {
    local kind=$1 cloud=${OS_CLOUD:-${OS_AUTH_URL:-}}${OS_PROJECT_NAME:-}
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/osc-migrate
    local file
    file=$cache/$kind-$(cksum <<<"$cloud" | cut -d ' ' -f 1)
    if [[ -z $(find "$file" -newermt '-1 minute' 2>/dev/null) ]]; then
        (umask 077 && mkdir -p "$cache" &&
            case $kind in
            server) openstack server list --all-projects -f value -c Name ;;
            host) openstack compute service list --service nova-compute \
                -f value -c Host ;;
            esac 2>/dev/null </dev/null | LC_ALL=C \
                grep -xE '[A-Za-z0-9_.@:+][A-Za-z0-9_.@:+-]*' >"$file.$$"
            mv -f "$file.$$" "$file")
    fi
    cat "$file" 2>/dev/null
}

_openstack_migrate() {
    local word=${COMP_WORDS[COMP_CWORD]} before=${COMP_WORDS[COMP_CWORD-1]}
    local kind="" at place=0
    if [[ ${COMP_WORDS[1]:-} == migrate && $COMP_CWORD -gt 2 ]]; then
        # Which of the words without dashes is it? The first is a server.
        for ((at = 3; at < COMP_CWORD; at++)); do
            [[ ${COMP_WORDS[at]} == -* ]] || place=$((place + 1))
        done
        case ${COMP_WORDS[2]}:$before:$place in
        *:--host:*) kind=host ;;
        describe-resource:*:0 | status:*:0) kind=host ;;
        *:--*:*) ;;
        live:*:1 | block:*:1 | cold:*:1 | preflight:*:1) kind=host ;;
        *:0) kind=server ;;
        esac
    fi
    if [[ -n $kind && $word != -* ]]; then
        mapfile -t COMPREPLY < <(compgen -W \
            "$(_openstack_migrate_names "$kind")" -- "$word")
        return
    fi
    # What 'openstack complete' wrote.
    if declare -F _openstack >/dev/null; then
        _openstack
    fi
}

complete -F _openstack_migrate openstack
