"""The names, roles and addresses of the nodes."""

CONTROLLER = "HostA"
COMPUTES = ("HostB", "HostC")
NAMES = (CONTROLLER, *COMPUTES)

#: Every lab has a separate network, so all can use the same addresses.
NETWORK = "10.77.0.0/24"
PREFIX = 24
GATEWAY = "10.77.0.1"
ADDRESSES = {
    name: f"10.77.0.{11 + number}" for number, name in enumerate(NAMES)
}
MACS = {
    name: f"52:54:00:77:00:{11 + number}" for number, name in enumerate(NAMES)
}

INSTANCES = "/var/lib/nova/instances"
#: the directory that HostA exports
EXPORTED = "/srv/instances"
#: Mount point of the shared directory in containers.  If its source contains
#: a comma, bindfs accepts an option for the source that the mount shows.
BACKING = "/srv/backing,shared"
