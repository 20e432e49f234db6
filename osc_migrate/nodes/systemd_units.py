"""Parses the output of systemctl(1)."""


def units(lines: list[str]) -> dict[str, str]:
    """Parses ``systemctl show -p Id,LoadState,ActiveState``.

    Name without '.service' -> ActiveState ('active', 'inactive', 'failed',
    ...), or LoadState ('masked', 'not-found') if the unit is not loaded.
    """
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
    """Return the first active unit, or else the first that exists."""
    for accepted in ({"active"}, set(states.values()) - {"not-found"}):
        for name in names:
            if states.get(name) in accepted:
                return name
    return ""
