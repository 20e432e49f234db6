"""Answers of several parts, each behind a line '#name'."""


def parts(lines: list[str]) -> dict[str, list[str]]:
    """Name -> its lines, empty ones included; a part may come in pieces."""
    sections: dict[str, list[str]] = {}
    part: list[str] = []
    for line in lines:
        if line.startswith("#"):
            part = sections.setdefault(line[1:], [])
        else:
            part.append(line)
    return sections


def units(lines: list[str]) -> dict[str, str]:
    """What `systemctl show -p Id,LoadState,ActiveState` says: name without
    '.service' -> 'active', 'inactive', 'failed' ... or, of one that is not
    loaded, 'masked' or 'not-found'."""
    states: dict[str, str] = {}
    unit: dict[str, str] = {}
    for line in [*lines, ""]:
        key, equals, value = line.partition("=")
        if equals:
            unit[key] = value
        elif unit:
            name = unit.get("Id", "").removesuffix(".service")
            loaded = unit.get("LoadState", "not-found")
            active = unit.get("ActiveState", "")
            if name:
                states[name] = active if loaded == "loaded" else loaded
            unit = {}
    return states


def running(states: dict[str, str], *names: str) -> str:
    """The one of these units that runs, else the first that there is."""
    for accepted in ({"active"}, set(states.values()) - {"not-found"}):
        for name in names:
            if states.get(name) in accepted:
                return name
    return ""
