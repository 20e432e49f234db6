"""The one exception that callers of the cloud need to know."""


class CloudError(Exception):
    """Something the user can act on; its text is shown without traceback."""
