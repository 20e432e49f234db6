"""The one exception that callers of the lab need to know."""


class LabError(Exception):
    """An error that the user can fix; shown without a traceback."""
