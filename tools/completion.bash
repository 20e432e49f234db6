#!/bin/bash
#
# Completes 'openstack migrate ...' in bash (zsh: completion.zsh):
#
#   source tools/completion.bash
#
# after the completion that 'openstack complete' writes, which knows all
# commands and options. Without it, those of 'openstack migrate' are read from
# there once a day. Names are asked of the cloud when they are needed, and kept
# for a minute, readable to you alone. Names that a shell would have to quote
# are left out: they come from strangers.

# Options that take a value, so that it is not counted as a server or a host.
_openstack_migrate_valued="
--aggregate --apply --availability-zone --az --by --cancel --column
--connect-timeout --control --facts --forks --format --host --ignore
--in-flight --inventory --journal-dir --junit --kind --limit --max-failures
--max-moves --max-width --migration --node-timeout --on-stall --parallel
--per-destination --per-source --plan --prefix --quote --remedy-script
--resume --save-facts --server --since --sort-column --ssh-config --ssh-user
--stall-after --storage-host --threshold --timeout --to --wave -c -f
"

# Prints what may stand for the last word, one a line. Its words are those
# after 'openstack', without what is before 'migrate'. Fails where only commands
# or options may stand.
_openstack_migrate_candidates() {
    [ -z "${ZSH_VERSION:-}" ] || emulate -L sh
    local cloud=$1 verb=${3:-} option="" place=0
    [ $# -gt 3 ] || return 1
    shift 3
    if [ "$verb" = run ]; then
        [ $# -gt 1 ] || return 1
        verb="run $1"
        shift
    fi
    while [ $# -gt 1 ]; do
        case $_openstack_migrate_valued in
        *[[:space:]]"$1"[[:space:]]*)
            option=$1
            if [ $# -gt 2 ]; then
                option=""
                shift
            fi
            ;;
        *) case $1 in -*) ;; *) place=$((place + 1)) ;; esac ;;
        esac
        shift
    done
    case $option in
    --to | --host) _openstack_migrate_names host "$cloud" ;;
    --server) _openstack_migrate_names server "$cloud" ;;
    --resume | --cancel) _openstack_migrate_runs ;;
    --kind) printf '%s\n' block cold live ;;
    --on-stall) printf '%s\n' abort force wait ;;
    --by) printf '%s\n' memory vcpu ;;
    -f | --format) printf '%s\n' csv json table value yaml ;;
    ?*) return 0 ;;
    *)
        case $1 in -*) return 1 ;; esac
        case $verb:$place in
        drain:* | describe-resource:0 | status:0 | live:1 | block:1 | \
            cold:1 | preflight:1)
            _openstack_migrate_names host "$cloud"
            ;;
        return:0)
            _openstack_migrate_names host "$cloud"
            _openstack_migrate_runs
            ;;
        "run list":*) ;;
        run\ *:0) _openstack_migrate_runs ;;
        rebalance:*) ;;
        *:0) _openstack_migrate_names server "$cloud" ;;
        esac
        ;;
    esac
    return 0
}

# Prints the directory of what is kept, readable to this user alone.
_openstack_migrate_cache() {
    local cache=${XDG_CACHE_HOME:-$HOME/.cache}/osc-migrate
    (umask 077 && mkdir -p "$cache") 2>/dev/null
    # Not one that another user has made.
    [ -O "$cache" ] && printf '%s\n' "$cache"
}

# Whether a file exists that is younger than a time of find's.
_openstack_migrate_fresh() {
    [ -n "$(find "$1" -newermt "$2" 2>/dev/null)" ]
}

# Prints the names of servers, or of hosts. The second word is a cloud of
# clouds.yaml, empty for that of the environment.
_openstack_migrate_names() {
    local kind=$1 chosen=$2 cache file place
    cache=$(_openstack_migrate_cache) || return 0
    place=${chosen:-${OS_CLOUD:-${OS_AUTH_URL:-}}${OS_PROJECT_NAME:-}}
    file=$cache/$kind-$(printf '%s\n' "$place" | cksum | cut -d ' ' -f 1)
    if ! _openstack_migrate_fresh "$file" '-1 minute'; then
        (
            umask 077
            [ -z "$chosen" ] || export OS_CLOUD=$chosen
            case $kind in
            server) openstack server list --all-projects -f value -c Name ;;
            host) openstack compute service list --service nova-compute \
                -f value -c Host ;;
            esac 2>/dev/null </dev/null | LC_ALL=C \
                grep -xE '[A-Za-z0-9_.@:+][A-Za-z0-9_.@:+-]*' >"$file.$$"
            mv -f "$file.$$" "$file"
        )
    fi
    cat "$file" 2>/dev/null
}

# Prints the runs that have a journal here.
_openstack_migrate_runs() {
    local state=${XDG_STATE_HOME:-}
    case $state in /*) ;; *) state=$HOME/.local/state ;; esac
    find "$state/osc-migrate/runs" -maxdepth 1 -name '*.sqlite' 2>/dev/null |
        sed 's|.*/||; s|\.sqlite$||' |
        LC_ALL=C grep -xE '[0-9]{8}-[0-9]{6}-[0-9a-f]+' | sort -r
}

# Prints the commands or options that may follow words such as 'migrate' or
# 'migrate live', from 'openstack complete'.
_openstack_migrate_words() {
    local cache file name
    cache=$(_openstack_migrate_cache) || return 0
    file=$cache/commands
    if ! _openstack_migrate_fresh "$file" '-1 day'; then
        (
            umask 077
            openstack complete 2>/dev/null </dev/null |
                grep -E "^ *cmds_migrate[a-z_]*='[a-z0-9 -]*'$" >"$file.$$"
            [ -s "$file.$$" ] && mv -f "$file.$$" "$file"
            rm -f "$file.$$"
        )
    fi
    name=$(printf '%s' "$*" | tr ' -' '__')
    sed -n "s/^ *cmds_$name='\(.*\)'\$/\1/p" "$file" 2>/dev/null |
        tr ' ' '\n'
}

# Prints the words of a command that are its name: 'migrate run show'.
_openstack_migrate_command() {
    [ -z "${ZSH_VERSION:-}" ] || emulate -L sh
    local name=migrate count=2
    shift
    [ "${1:-}" != run ] || count=3
    while [ $# -gt 1 ] && [ $count -gt 1 ]; do
        name="$name $1"
        count=$((count - 1))
        shift
    done
    printf '%s\n' "$name"
}

_openstack_migrate() {
    local word=${COMP_WORDS[COMP_CWORD]} cloud="" previous="" at
    local -a words=()
    for ((at = 1; at <= COMP_CWORD; at++)); do
        # bash takes '--to=Host' apart.
        if [[ ${COMP_WORDS[at]} == = ]]; then
            [[ $at != "$COMP_CWORD" ]] || words+=("")
            continue
        fi
        if [[ ${#words[@]} == 0 && ${COMP_WORDS[at]} != migrate ]]; then
            [[ $previous != --os-cloud ]] || cloud=${COMP_WORDS[at]}
            previous=${COMP_WORDS[at]}
            continue
        fi
        words+=("${COMP_WORDS[at]}")
    done
    [[ $word == = ]] && word=""
    if ((${#words[@]} > 1)); then
        local names candidate
        if ! names=$(_openstack_migrate_candidates \
            "$cloud" "${words[@]}"); then
            if declare -F _openstack >/dev/null; then
                _openstack
                return
            fi
            names=$(_openstack_migrate_words \
                "$(_openstack_migrate_command "${words[@]}")")
        fi
        COMPREPLY=()
        while read -r candidate; do
            if [[ -n $candidate && $candidate == "$word"* ]]; then
                COMPREPLY+=("$candidate")
            fi
        done <<<"$names"
    elif declare -F _openstack >/dev/null; then
        _openstack
    fi
}

# completion.zsh uses the functions above.
if [[ -z ${ZSH_VERSION:-} ]]; then
    complete -F _openstack_migrate openstack
fi
