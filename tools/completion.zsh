# Completes 'openstack migrate ...' in zsh:
#
#   source tools/completion.zsh
#
# See completion.bash, whose functions it uses.

source ${${(%):-%x}:A:h}/completion.bash

_openstack_migrate_zsh() {
    local cloud="" names
    local -i at
    local -a before
    for ((at = 2; at < CURRENT; at++)); do
        case ${words[at]} in
        migrate) break ;;
        --os-cloud) cloud=${words[at + 1]} ;;
        --os-cloud=*) cloud=${words[at]#*=} ;;
        esac
    done
    if ((at >= CURRENT)); then
        compadd -- migrate
        return
    fi
    before=("${(@)words[at,CURRENT-1]}")
    if [[ $PREFIX == --*=* ]]; then
        before+=("${PREFIX%%=*}")
        compset -P 1 '*='
    fi
    names=$(_openstack_migrate_candidates "$cloud" "${before[@]}" "$PREFIX") ||
        names=$(_openstack_migrate_words \
            "$(_openstack_migrate_command "${before[@]}" "$PREFIX")")
    compadd -- "${(@f)names}"
}

(( $+functions[compdef] )) || { autoload -Uz compinit && compinit }
compdef _openstack_migrate_zsh openstack
