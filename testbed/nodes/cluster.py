"""The nodes by name, and what each is for."""

CONTROLLER = "HostA"
COMPUTES = ("HostB", "HostC")
NAMES = (CONTROLLER, *COMPUTES)

#: Every lab has a network of its own, so all can use the same addresses.
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
#: the directory which HostA exports
EXPORTED = "/srv/instances"
#: In containers, where the directory they share is bound.  With a comma in
#: its source, bindfs lets the source of the mount be given to it.
BACKING = "/srv/backing,shared"
