"""The one exception that callers of the lab need to know."""


class LabError(Exception):
    """Something the user can act on; its text is shown without traceback."""
