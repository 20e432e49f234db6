"""What `preflight` reports about a faulty cloud."""

from functional_tests.proofs.fault import SOURCE


class Asking:
    """What `preflight` says, asked once where one answer shows many."""

    def __init__(self, lab, shell):
        self.lab, self.shell = lab, shell
        self._batch = None

    def pair(self, server, host, kind=None, options=()):
        """Check -> status of one server and one host."""
        more = ["--kind", kind] if kind else []
        words = ["preflight", server, host, *more, "--long", "-f", "json"]
        done = self.shell.run(*options, "migrate", *words)
        assert done.code in (0, 3), done.err
        return {row["check"]: row["status"] for row in done.json}

    def batch(self):
        """(server, host) -> check -> status, of every server on HostB."""
        if self._batch is None:
            done = self.shell.run(
                *("migrate", "preflight", "--host", SOURCE),
                *("--long", "-f", "json"),
                timeout=300,
            )
            assert done.code == 3, done.err
            self._batch = {}
            for row in done.json:
                server, _, host = row["subject"].partition(" -> ")
                found = self._batch.setdefault((server, host), {})
                found[row["check"]] = row["status"]
            self.seconds = done.seconds
        return self._batch
