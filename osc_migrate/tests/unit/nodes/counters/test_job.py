from osc_migrate.nodes.counters.job import job

FIELDS = {
    "type": 2,
    "memory_total": 1000,
    "memory_processed": 300,
    "memory_remaining": 700,
    "memory_dirty_rate": 10,
    "memory_page_size": 4096,
    "memory_iteration": 2,
    "auto_converge_throttle": 20,
    "downtime": 300,
}


def test_fields():
    found = job(FIELDS, 5.0)
    assert (found.at, found.total, found.passes) == (5.0, 1000, 2)
    assert (found.dirty, found.throttle, found.downtime) == (40960, 20, 0.3)
    assert found.disk_total == 0


def test_what_qemu_does_not_say_is_none():
    found = job({"type": 2, "memory_total": 1, "memory_remaining": -5}, 0.0)
    assert (found.passes, found.dirty, found.throttle, found.downtime) == (
        (None,) * 4
    )
    assert found.memory_remaining == 0


def test_nothing_runs():
    for type_ in (0, 3, 5, None):
        assert job(FIELDS | {"type": type_}, 0.0) is None
    assert job({"type": 2}, 0.0) is None
    assert job({}, 0.0) is None
