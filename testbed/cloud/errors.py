"""The one exception that callers of the cloud need to know."""


class CloudError(Exception):
    """An error that the user can fix; shown without a traceback."""
