import pytest

from osc_migrate.maintenance.running.journal import Journal
from osc_migrate.maintenance.running.services import Hosts, check
from osc_migrate.tests.unit.maintenance.running.lab import done, work


class TestHosts:
    def test_it_is_disabled_before_and_named(self, lab, journal):
        step = lab.boot("vm1")
        hosts = Hosts(lab, journal, ["HostB"])
        done(lab, journal, step, hosts=hosts)
        assert lab.calls[0] == ("put", "HostB", "disabled")
        assert journal.run in lab.disabled["HostB"]
        hosts.finish("emptied")
        assert "at work" not in lab.disabled["HostB"]

    @pytest.mark.parametrize("before", [None, "a fan is broken"])
    def test_it_is_restored_as_it_was(self, lab, journal, before):
        lab.disabled["HostB"] = before
        hosts = Hosts(lab, journal, ["HostB"])
        hosts.close(work(lab, journal))
        assert lab.disabled["HostB"] != before
        # A separate process: the journal alone knows.
        assert Hosts(lab, journal, ["HostB"]).restore()
        assert lab.disabled["HostB"] == before

    def test_another_machines_run_is_seen(self, lab, journal, tmp_path):
        Hosts(lab, journal, ["HostB"]).close(work(lab, journal))
        other = Journal.create(tmp_path / "elsewhere")
        with pytest.raises(Exception, match=journal.run):
            check(lab, other.run, ["HostB"])
        hosts = Hosts(lab, other, ["HostB"])
        with pytest.raises(Exception, match="nothing was"):
            hosts.close(work(lab, other))
        assert journal.run in lab.disabled["HostB"]

    def test_what_somebody_changed_is_left_alone(self, lab, journal):
        hosts = Hosts(lab, journal, ["HostB"])
        hosts.close(work(lab, journal))
        lab.disabled["HostB"] = "mine now"
        assert "changed by others" in hosts.restore()[0]
        assert lab.disabled["HostB"] == "mine now"
