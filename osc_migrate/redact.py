"""Masks secrets in text from nodes and services before it is shown.

This is the second line of defense: allow-lists select what leaves a node. Our
own patterns are applied first and those of oslo.utils afterwards, because its
last pattern removes the text between two quotes after a secret.
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

# Without one of these, neither oslo.utils nor our named values match.
_HINT = re.compile(
    r"pass|pswd|pwd|token|secret|key|credential|cookie|signature|url_?sig"
    r"|user_?data|config_?drive|fsid|suffix",
    re.IGNORECASE,
)
# Not secret, although oslo.utils masks it: the UUID of a libvirt secret, an
# enabled option, the argument of 'virsh secret-get-value'.
_SHIELDED = re.compile(
    rf"(?:password|passphrase|secret|token)(?=_uuid|-[a-z]|\s+{UUID}|{SIGN}"
    r"(?:true|false|none|null|on|off|yes|no)\b)|cluster(?=fsid)",
    re.IGNORECASE,
)
_SHIELD = "\ue0f1\ue0f2"
# Maximum length passed to oslo.utils: one of its patterns is quadratic.
_PIECE = 2000
# Texts up to this length are cached, as they are likely to recur.
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


def mask_secrets(text: str) -> str:
    """Return `text` with possible secrets replaced by ``***``."""
    # Findings repeat: the same sentence for a thousand servers.
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
    # The import is slow, and few texts need it.
    from oslo_utils import strutils

    def mask(piece: str) -> str:
        if not _HINT.search(piece) or _SHIELD in piece:
            return piece
        shielded = _SHIELDED.sub(_protect, piece)
        return str(strutils.mask_password(shielded)).replace(_SHIELD, "")

    return "".join(
        mask(line[start : start + _PIECE])
        for line in text.splitlines(keepends=True)
        for start in range(0, len(line), _PIECE)
    )


def _protect(match: re.Match[str]) -> str:
    return f"{match[0][:2]}{_SHIELD}{match[0][2:]}"
