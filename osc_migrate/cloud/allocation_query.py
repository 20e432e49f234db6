"""The allocation candidates query for a server.

The amounts come from its current allocation; traits and the grouping by
provider come from the flavor's extra specs and the image's properties
(nova/scheduler/utils.py, ResourceRequest).
"""

import re
from collections import Counter
from collections.abc import Mapping

_TRAIT = re.compile(r"trait([0-9A-Za-z_-]*):(.+)")
_RESOURCE = re.compile(r"resources([0-9A-Za-z_-]+):(.+)")


def query(
    allocated: Mapping[str, int],
    extra_specs: Mapping[str, str],
    image_properties: Mapping[str, str],
) -> dict[str, object]:
    """Return query parameters for GET /allocation_candidates.

    :param allocated: resource class -> what the server's allocation holds.
    """
    left = Counter(allocated)
    groups: dict[str, dict[str, int]] = {}
    for key, value in extra_specs.items():
        match = _RESOURCE.fullmatch(key)
        if match and value.isdecimal():
            suffix, resource = match.groups()
            groups.setdefault(suffix, {})[resource] = int(value[:18])
            left[resource] -= int(value[:18])
    parameters: dict[str, object] = {}
    for suffix, resources in {"": left, **groups}.items():
        positive = {name: n for name, n in resources.items() if n > 0}
        if not positive:
            continue
        parameters[f"resources{suffix}"] = _listed(positive)
        if traits := _traits(suffix, extra_specs, image_properties):
            parameters[f"required{suffix}"] = ",".join(traits)
    if len(groups) > 1:
        # Placement requires it with two or more granular groups.
        policy = extra_specs.get("group_policy", "none")
        parameters["group_policy"] = policy
    return parameters


def _listed(resources: Mapping[str, int]) -> str:
    return ",".join(f"{name}:{resources[name]}" for name in sorted(resources))


def _traits(
    suffix: str,
    extra_specs: Mapping[str, str],
    image_properties: Mapping[str, str],
) -> list[str]:
    """Return required traits, and forbidden ones prefixed with '!'."""
    traits = set()
    for source in (extra_specs, image_properties):
        for key, value in source.items():
            match = _TRAIT.fullmatch(key)
            if match and match.group(1) == suffix:
                sign = {"required": "", "forbidden": "!"}.get(value)
                if sign is not None:
                    traits.add(sign + match.group(2))
    return sorted(traits)
