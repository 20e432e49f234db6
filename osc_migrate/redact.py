"""Secrets in text that nodes or services sent, masked before it is shown.

The second net: what leaves a node is chosen by allow-lists. Our own patterns
come first and oslo.utils masks what is left, as its last pattern removes the
text between two quotes that follow a secret.
"""

import functools
import re

from osc_migrate.redact_patterns import (
    MASK,
    NAMED,
    PEM_LINE,
    PEM_WIDTH,
    RULES,
    SIGN,
    UUID,
    WORDED,
    Rules,
)

# Without one of these neither oslo.utils nor a named value has anything.
_HINT = re.compile(
    r"pass|pswd|pwd|token|secret|key|credential|cookie|signature|url_?sig"
    r"|user_?data|config_?drive|fsid|suffix",
    re.IGNORECASE,
)
# What oslo.utils masks but is not secret: the UUID of a libvirt secret, an
# option that is on, the argument of 'virsh secret-get-value'.
_SHIELDED = re.compile(
    rf"(?:password|passphrase|secret|token)(?=_uuid|-[a-z]|\s+{UUID}|{SIGN}"
    r"(?:true|false|none|null|on|off|yes|no)\b)|cluster(?=fsid)",
    re.IGNORECASE,
)
_SHIELD = "\ue0f1\ue0f2"
# Characters that oslo.utils gets at once: a pattern of it is quadratic.
_PIECE = 2000
# Characters of a text that is likely to come again.
_SHORT = 500


@functools.lru_cache(maxsize=4096)
def _masked(text: str) -> str:
    text = _by_rules(RULES, text)
    if len(text) >= PEM_WIDTH:
        text = PEM_LINE.sub(MASK, text)
    if not _HINT.search(text):
        return text
    text = _by_rules(WORDED, text)
    for pattern, new in NAMED:
        text = pattern.sub(new, text)
    return _by_oslo(text)


def masked(text: str) -> str:
    """`text` with ``***`` in place of what may be a secret."""
    # Findings repeat: one sentence for a thousand servers.
    if len(text) > _SHORT:
        return _masked.__wrapped__(text)
    return _masked(text)


def _by_rules(rules: Rules, text: str) -> str:
    lowered = text.lower()
    for hint, patterns in rules:
        if hint in lowered:
            for pattern, new in patterns:
                text = pattern.sub(new, text)
    return text


def _by_oslo(text: str) -> str:
    # Its import takes time, and few texts need it.
    from oslo_utils import strutils

    def mask(piece: str) -> str:
        if not _HINT.search(piece) or _SHIELD in piece:
            return piece
        shielded = _SHIELDED.sub(_shield, piece)
        return str(strutils.mask_password(shielded)).replace(_SHIELD, "")

    return "".join(
        mask(line[start : start + _PIECE])
        for line in text.splitlines(keepends=True)
        for start in range(0, len(line), _PIECE)
    )


def _shield(match: re.Match[str]) -> str:
    return f"{match[0][:2]}{_SHIELD}{match[0][2:]}"
