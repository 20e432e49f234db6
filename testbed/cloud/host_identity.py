"""Several hosts in one process, each with its own CONF.host.

Nova reads its own name from the global option ``host`` in many places: in
messages that a client gets to see ("from HostB to host HostC"), in faults,
in the clean-up after a start.  Here the option answers with the name of the
host that the current thread works for.
"""

import functools
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_local = threading.local()


def current() -> str | None:
    """The host this thread works for, if it is known."""
    return getattr(_local, "host", None)


@contextmanager
def working_for(host: str | None) -> Iterator[None]:
    """Be one of the hosts for a while."""
    before = current()
    _local.host = host
    try:
        yield
    finally:
        _local.host = before


def install(conf) -> None:
    """Patch the option, and what hands work to other threads.

    :param conf: Nova's configuration; other threads (the API's, say) get
        what is written there
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
