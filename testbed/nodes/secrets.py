"""All that is secret, or random, in a lab, and known before a node boots.

Kept in one file, so that a snapshot of running nodes can be used again
together with the keys that they hold.
"""

import json
import pathlib
import uuid
from collections.abc import Iterable, Mapping
from dataclasses import asdict, dataclass

from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ed25519

from testbed.nodes.pki import Authority


@dataclass(frozen=True)
class KeyPair:
    """An ssh key: the text of its private and of its public file."""

    private: str
    public: str

    @classmethod
    def create(cls, comment: str) -> "KeyPair":
        """A new Ed25519 key."""
        key = ed25519.Ed25519PrivateKey.generate()
        private = key.private_bytes(
            serialization.Encoding.PEM,
            serialization.PrivateFormat.OpenSSH,
            serialization.NoEncryption(),
        )
        public = key.public_key().public_bytes(
            serialization.Encoding.OpenSSH, serialization.PublicFormat.OpenSSH
        )
        return cls(private.decode(), f"{public.decode()} {comment}\n")


@dataclass(frozen=True)
class NodeSecrets:
    """What one node alone has."""

    host_key: KeyPair
    certificate: str
    certificate_key: str
    machine_id: str  #: 32 hexadecimal digits
    host_uuid: str  #: libvirt's


@dataclass(frozen=True)
class Secrets:
    """Of a lab."""

    lab: KeyPair  #: opens every account of every node
    nova: KeyPair  #: nova of any node logs in to all nodes with it
    root: KeyPair  #: likewise root
    ca: Authority
    nodes: Mapping[str, NodeSecrets]

    @classmethod
    def create(cls, addresses: Mapping[str, str]) -> "Secrets":
        """New ones for these nodes: address by name."""
        ca = Authority.create()
        return cls(
            lab=KeyPair.create("lab"),
            nova=KeyPair.create("nova"),
            root=KeyPair.create("root"),
            ca=ca,
            nodes={
                name: _node(ca, name, address)
                for name, address in addresses.items()
            },
        )

    def known_hosts(self, addresses: Mapping[str, str]) -> str:
        """The nodes' host keys, under their names and addresses."""
        return "".join(
            f"{','.join(known_names(name, address))} "
            f"{self.nodes[name].host_key.public}"
            for name, address in addresses.items()
        )

    def save(self, path: pathlib.Path) -> None:
        """Write them to a file, for the owner only."""
        path.touch(0o600)
        facts = {
            "lab": asdict(self.lab),
            "nova": asdict(self.nova),
            "root": asdict(self.root),
            "ca": {"pem": self.ca.pem, "key": self.ca.key},
            "nodes": {name: asdict(one) for name, one in self.nodes.items()},
        }
        path.write_text(json.dumps(facts, indent=1))

    @classmethod
    def load(cls, path: pathlib.Path) -> "Secrets":
        """Read what :meth:`save` has written."""
        facts = json.loads(path.read_text())
        nodes = {}
        for name, one in facts["nodes"].items():
            host_key = KeyPair(**one.pop("host_key"))
            nodes[name] = NodeSecrets(host_key=host_key, **one)
        return cls(
            lab=KeyPair(**facts["lab"]),
            nova=KeyPair(**facts["nova"]),
            root=KeyPair(**facts["root"]),
            ca=Authority.load(**facts["ca"]),
            nodes=nodes,
        )


def known_names(name: str, address: str) -> Iterable[str]:
    """Under which a node is found: as written, lower case, address."""
    return name, name.lower(), address


def _node(ca: Authority, name: str, address: str) -> NodeSecrets:
    pem, key = ca.issue(name, known_names(name, address))
    return NodeSecrets(
        host_key=KeyPair.create(f"root@{name}"),
        certificate=pem,
        certificate_key=key,
        machine_id=uuid.uuid4().hex,
        host_uuid=str(uuid.uuid4()),
    )
