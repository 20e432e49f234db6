"""What Zuul takes in the files of a project: jobs, and the project itself.

From the attributes that its documentation names (zuul-ci.org, Configuration
Elements), as far as an untrusted project may use them.
"""

import re

import voluptuous as v


def some(kind):
    """One, or a list of them."""
    return v.Any(kind, [kind])


def regex(text):
    """Zuul takes RE2; Python's is near enough to find what is broken."""
    try:
        re.compile(v.Schema(str)(text))
    except re.error as error:
        raise v.Invalid(f"'{text}': {error}") from None
    return text


def variables(found):
    """Names that Ansible takes, and none that Zuul sets itself."""
    for name in v.Schema(dict)(found):
        if not re.fullmatch(r"[a-zA-Z_]\w*", name):
            raise v.Invalid(f"Ansible takes no variable '{name}'")
        if name in ("zuul", "nodepool", "unsafe_vars"):
            raise v.Invalid(f"'{name}' is Zuul's own")
    return found


PROJECT_OF_JOB = v.Any(
    str, {v.Required("name"): str, "override-checkout": str}
)
DEPENDENCY = v.Any(str, {v.Required("name"): str, "soft": bool})
PLAYBOOK = v.Any(str, {v.Required("name"): str, "semaphores": some(str)})
AFTERWARDS = v.Any(
    str,
    {v.Required("name"): str, "semaphores": some(str), "cleanup": bool},
)
NODESET = v.Any(
    str,
    {
        "name": str,
        v.Required("nodes"): some(
            {v.Required("name"): some(str), v.Required("label"): str}
        ),
        "groups": some(
            {v.Required("name"): str, v.Required("nodes"): some(str)}
        ),
    },
)
JOB = {
    "parent": v.Any(str, None),
    "description": str,
    "final": bool,
    "protected": bool,
    "abstract": bool,
    "intermediate": bool,
    "voting": bool,
    "requires": some(str),
    "provides": some(str),
    "success-message": str,
    "failure-message": str,
    "hold-following-changes": bool,
    "semaphores": some(str),
    "tags": some(str),
    "branches": some(regex),
    "files": some(regex),
    "irrelevant-files": some(regex),
    "secrets": some(v.Any(str, dict)),
    "nodeset": NODESET,
    "override-checkout": str,
    "timeout": int,
    "post-timeout": int,
    "attempts": int,
    "pre-run": some(PLAYBOOK),
    "run": some(PLAYBOOK),
    "post-run": some(AFTERWARDS),
    "ansible-version": v.Any(str, int, float),
    "roles": some({v.Required("zuul"): str, "name": str}),
    "required-projects": some(PROJECT_OF_JOB),
    "vars": variables,
    "extra-vars": variables,
    "host-vars": {str: variables},
    "group-vars": {str: variables},
    "dependencies": some(DEPENDENCY),
    "allowed-projects": some(str),
    "post-review": bool,
    "match-on-config-updates": bool,
    "workspace-scheme": v.Any("golang", "flat", "unique"),
    "deduplicate": v.Any(bool, "auto"),
}
PIPELINE = {
    "debug": bool,
    "fail-fast": bool,
    v.Required("jobs"): [v.Any(str, {str: JOB})],
}
PROJECT = {
    "name": str,
    "description": str,
    "templates": [str],
    "queue": str,
    "vars": variables,
    "default-branch": str,
    "merge-mode": v.Any(
        "merge", "merge-resolve", "cherry-pick", "squash-merge", "rebase"
    ),
    # Any other name is a pipeline's; OpenDev has these for a project.
    v.Any("check", "gate", "post", "periodic", "experimental"): PIPELINE,
}
ENTRY = v.Schema(
    v.Any(
        {v.Required("job"): {v.Required("name"): str, **JOB}},
        {v.Required("project"): PROJECT},
        {v.Required("nodeset"): NODESET},
    )
)
