"""Secrets in what a node said, masked before anybody sees or saves it.

oslo.log masks many itself (oslo_utils.strutils.mask_password); what a
library or a traceback writes is not masked.
"""

import re

_MASK = "***"
_NAMED = re.compile(
    # The quotes of Python and JSON, with or without backslashes.
    r"((?:password|passwd|token|secret|key)[\\'\"]{0,4}\s{0,4}[=:]\s{0,4})"
    # An option such as send_service_user_token.
    r"(?!(?:true|false)\b)"
    r"(?:u?'[^']{1,4000}'|u?\"[^\"]{1,4000}\""
    r"|\\{0,2}\"?[^\s,;'\"]{1,4000})",
    re.IGNORECASE,
)
_OTHERS = (
    # scheme://user:password@host
    (re.compile(r"(://)[^\s/@]{1,400}@"), rf"\1{_MASK}@"),
    (
        re.compile(r"\b((?:Bearer|Basic) )[\w.~+/=-]{8,4000}", re.IGNORECASE),
        rf"\1{_MASK}",
    ),
    (
        re.compile(
            r"(-----BEGIN [A-Z ]{0,30}PRIVATE KEY-----)"
            r"[^-]{1,65536}(?=-----END)"
        ),
        rf"\1{_MASK}",
    ),
    # Keystone's Fernet tokens, wherever they stand.
    (re.compile(r"\bgAAAA[\w=-]{20,4000}"), _MASK),
)


def masked(text: str) -> str:
    """`text` with what may be a secret put out of sight."""
    text = _NAMED.sub(rf"\1{_MASK}", text)
    for pattern, put in _OTHERS:
        text = pattern.sub(put, text)
    return text
