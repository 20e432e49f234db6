"""Generated fleets."""

from hypothesis import strategies as st

from osc_migrate.cloud.placement import Inventory
from osc_migrate.tests.unit.maintenance.planning import fleets

POLICIES = ("anti-affinity", "affinity", "soft-anti-affinity", "soft-affinity")


@st.composite
def fleet(draw, hosts=(2, 6), servers=(0, 14), pools=True):
    """Some full, some disabled, servers in any state, groups (broken ones
    too), storage that hosts share."""
    names = [f"Host{n}" for n in range(draw(st.integers(*hosts)))]
    rams = st.sampled_from([512, 1024, 2048, 3072, 4096])
    guests = [
        fleets.server(
            number,
            draw(st.sampled_from(names)),
            ram=draw(rams),
            vcpus=draw(st.integers(1, 4)),
            **draw(state()),
        )
        for number in range(draw(st.integers(*servers)))
    ]
    shared = pools and draw(st.booleans())
    places = []
    for name in names:
        room = fleets.stock(
            vcpu=draw(st.integers(4, 24)),
            memory=draw(st.integers(2, 16)) * 1024,
            disk=draw(st.integers(5, 40)),
        )
        more = {}
        if shared and draw(st.booleans()):
            del room["DISK_GB"]
            more["shared"] = {"DISK_GB": "pool"}
        status = draw(st.sampled_from(["enabled"] * 5 + ["disabled"]))
        places.append(fleets.place(name, stock=room, status=status, **more))
    ids = list(range(len(guests)))
    groups = tuple(
        fleets.group(
            draw(st.sampled_from(POLICIES)),
            *draw(st.lists(st.sampled_from(ids), unique=True, max_size=5)),
            id=f"group{n}",
            name=f"g{n}",
            max_per_host=draw(st.sampled_from([1, 1, 1, 2])),
        )
        for n in range(draw(st.integers(0, 3)) if ids else 0)
    )
    pool = {"DISK_GB": Inventory(draw(st.integers(5, 60)), len(guests))}
    return fleets.fleet(
        places, guests, groups=groups, pools={"pool": pool} if shared else {}
    )


@st.composite
def state(draw):
    return draw(
        st.sampled_from(
            [{}] * 8
            + [
                {"status": "SHUTOFF", "power_state": 4},
                {"status": "PAUSED", "power_state": 3},
                {"status": "SUSPENDED", "power_state": 4},
                {"status": "ERROR"},
                {"task_state": "migrating"},
                {"tags": ("osc-migrate:never",)},
                {"tags": ("osc-migrate:stop",)},
                {"metadata": {"osc-migrate": "cold"}},
            ]
        )
    )
