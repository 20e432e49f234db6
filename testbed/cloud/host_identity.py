"""Several hosts in one process, each with its own CONF.host.

Nova reads its own name from the global option ``host`` in many places: for
messages that a client sees ("from HostB to host HostC"), for faults, and for
the clean-up after a start.  Here the option returns the name of the host that
the current thread works for.
"""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


def current() -> str | None:
    """Return the host that this thread works for, if it is known."""
    return getattr(_local, "host", None)


@contextmanager
def working_for(host: str | None) -> Iterator[None]:
    """Let this thread work for a host within the context."""
    before = current()
    _local.host = host
    try:
        yield
    finally:
        _local.host = before


def install(conf) -> None:
    """Patch the option and the functions that start threads.

    :param conf: Nova's configuration; threads without a host, such as the
        API's, get the value that is written there
    """
    from nova import service, thread_pool_factory

    class _PerThread(type(conf)):
        @property
        def host(self):
            return current() or self._get("host")

    conf.__class__ = _PerThread

    spawn_on = thread_pool_factory.spawn_on
    periodic_tasks = service.Service.periodic_tasks

    # Live migrations, among others, run in pools.
    @functools.wraps(spawn_on)
    def _spawn_on(executor_type, func, *args, **kwargs):
        host = current()

        @functools.wraps(func)
        def work(*inner, **options):
            with working_for(host):
                return func(*inner, **options)

        return spawn_on(executor_type, work, *args, **kwargs)

    # Timers have separate threads.
    @functools.wraps(periodic_tasks)
    def _periodic_tasks(self, *args, **kwargs):
        with working_for(self.host):
            return periodic_tasks(self, *args, **kwargs)

    thread_pool_factory.spawn_on = _spawn_on
    service.Service.periodic_tasks = _periodic_tasks
