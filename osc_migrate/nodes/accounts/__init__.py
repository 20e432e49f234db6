"""Users and groups: names, UIDs, GIDs."""
