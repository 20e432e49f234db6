"""Patterns of secrets, for :mod:`osc_migrate.redact`.

Each runs in linear time: repetitions inside a match are bounded, or end at a
character after which the next match starts.
"""

import re

MASK = "***"
# Lower-case text that must occur -> the patterns to apply then.
Rules = tuple[tuple[str, tuple[tuple[re.Pattern[str], str], ...]], ...]
# Not a secret: a flag or a value that is already redacted.
_PLAIN = (
    r"(?!(?:true|false|none|null|on|off|yes|no|prompt|\*+|<[A-Za-z_ -]{1,40}>)"
    r"(?:[\s,;'\"}\])<]|\\|$))"
)
_COUNT = r"(?!\d{1,6}(?:[\s,;'\"}\])<.]|$))"
_FILE = r"(?!~?/|[\w.-]{1,80}\.(?:pem|key|crt|pub)\b)"
# Words at the end of the name before a value. Words of letters only must not
# be the end of another word: 'monkey', 'bypass'.
_START = r"(?:(?<![A-Za-z])|(?<=[a-z])(?=[A-Z]))"
_PUBLIC = "".join(
    rf"(?<!{word})"
    for word in (
        *("pub", "public", "host", "primary", "foreign", "sort", "order"),
        *("routing", "cache", "partition", "unique", "lock", "marker"),
        *("index", "search", "group", "object", "tag", "label", "metadata"),
    )
)
_SENSITIVE = (
    r"(?:password|passwd|passphrase|passcode|pswd|secret|token|"
    r"(?:admin|new|sys|user|db|root|old|auth|encrypted)_?pass|"
    r"user_?data|config_?drive|fernet_?key|rabbit_?cookie|erlang_?cookie|"
    r"(?:api|auth|access|account|admin|ceph|client|encrypt|encryption"
    r"|encrypted|hmac|heartbeat|preshared|private|psk|rgw|secret|shared"
    r"|signing|ssl|storage|chap|dhchap)(?:access|client)?key|"
    r"hash_?suffix|"
    r"temp_?url_?sig|(?:x-amz-)?signature|credentials?|cookie)"
)
# 'fixed_key', 'X-Api-Key'; not 'public_key', 'sort_key'.
_NAME = rf"(?:{_START}{_SENSITIVE}|{_PUBLIC}[_-]key(?:[_-]data)?)"
_SUFFIX = r"(?:[_-]?(?:in|out|old|new|value|hash|base64)|[0-9]{1,4})?"
# Of 'key: value', key = 'value', \"key\": \"value\", 'key' => value.
SIGN = r"[\\'\"]{0,8}[ \t]{0,40}(?:\n[ \t]{0,40})?(?:=>|[=:])\s{0,40}"
_VALUE = (
    r"(?:u?'[^']+'|u?\"[^\"]+\"|\\{1,7}['\"](?:[^\\'\"]+\\{1,7}|[^\s,;'\"]+)"
    r"|[\[{(][^\]})]*[\]})]?|[|>][+-]?[ \t]*\n(?:[ \t]+[^\n]*\n?)+"
    r"|u?['\"][^\n]+|[^\s,;'\"]+)"
)
# Between an option and its value, in a command or in a list of arguments.
_GAP = r"(?:[ \t]+|=|\\{0,3}['\"],?[ \t]*u?\\{0,3}['\"]|,[ \t]*)['\"]?"
_WORD = r"(?:(?<=')[^']+|(?<=\")[^\"]+|[^\s'\",\]]+)"
_METHODS = (
    r"(?!(?:token|totp|password|external|mapped|oauth1|saml2|openid"
    r"|application_credential)['\"])"
)


def _named(name: str, value: str = "") -> str:
    return rf"({name}{_SUFFIX}{SIGN}){_PLAIN}{value}{_VALUE}"


def _rule(
    pattern: str, new: str = rf"\1{MASK}", flags: int = re.IGNORECASE
) -> tuple[re.Pattern[str], str]:
    return re.compile(pattern, flags), new


UUID = r"[0-9a-fA-F]{8}(?:-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}"
# Text that must occur -> the rules to apply then, in this order.
RULES: Rules = (
    (
        "private",
        (
            _rule(
                r"(-----BEGIN [A-Z0-9 ]{0,40}PRIVATE KEY(?: BLOCK)?-----)"
                r"(?:[^-]|-(?!----)){1,65536}"
            ),
            _rule(r"(Private-(?:Lines|MAC): *)[^-]{1,65536}"),
        ),
    ),
    (
        "://",
        (
            _rule(r"(://)[^\s/?#'\"@:]{0,400}:[^\s/?#'\"]{1,400}(?=@)"),
            _rule(r"(://)(?:[^\s/?#@:]{20,400})@"),
            # A slash in a password; not a port number.
            _rule(
                r"(://)[^\s/?#'\"@:]{1,100}:(?!\d{1,5}(?:[/\s]|$))"
                r"[^\s'\"@]{1,200}(?=@)"
            ),
        ),
    ),
    (
        "//",
        (
            _rule(
                r"((?<![:/])//)[^\s/?#'\"@:]{1,100}:[^\s/?#'\"@]{1,200}(?=@)"
            ),
        ),
    ),
    (
        "authorization",
        (
            _rule(
                r"(authorization[\\'\"]{0,4}\s{0,4}[:=]\s{0,4}[\\'\"]{0,4}"
                r"(?:digest|aws4-hmac-sha256)\s)[^\n]+"
            ),
            _rule(
                r"(authorization[\\'\"]{0,4}\s{0,4}[:=,]\s{0,4}[\\'\"]{0,4})"
                r"[^\n'\"]{1,8000}"
            ),
        ),
    ),
    ("bearer ", (_rule(r"\b(bearer )[\w.~+/=-]{8,}"),)),
    ("basic ", (_rule(r"\b(basic )[\w.~+/=-]{8,}"),)),
    (
        "cookie",
        (
            _rule(
                r"((?<![A-Za-z])(?:set-)?cookie2?[\\'\"]{0,4}: {0,4}"
                r"[\\'\"]{0,4})[^\s'\"][^\n'\"]{0,8000}"
            ),
        ),
    ),
    ("gaaaa", (_rule(r"\bgAAAA[\w=%-]{20,}", MASK, 0),)),
    ("eyj", (_rule(r"\beyJ[\w-]{8,}\.[\w-]{4,}(?:\.[\w-]*)*", MASK, 0),)),
    (
        "aq",
        (
            _rule(
                r"(?<![A-Za-z0-9+/])AQ[A-Za-z0-9+/]{34,60}(?:=|%3D|\\u003d){1,2}",
                MASK,
                0,
            ),
        ),
    ),
    (
        "$",
        (
            _rule(
                r"\$(?:[1567y]|2[abxy]|gy|argon2[a-z]{1,2}|scrypt|pbkdf2[\w-]*)"
                r"\$[./A-Za-z0-9=,$+-]{12,}",
                MASK,
                0,
            ),
        ),
    ),
    ("dhhc-1", (_rule(r"(DHHC-1:\d\d:)[A-Za-z0-9+/=]{8,}"),)),
    ("nvmetlskey-1", (_rule(r"(NVMeTLSkey-1:\d\d:)[A-Za-z0-9+/=]{8,}"),)),
    (
        "_",
        (_rule(r"\b(gh[pousr]_|github_pat_|sk_live_)\w{16,}", flags=0),),
    ),
    ("glpat-", (_rule(r"\b(glpat-)[\w-]{16,}"),)),
    ("xox", (_rule(r"\b(xox[abeprs]-)[\w-]{10,}"),)),
    ("hvs.", (_rule(r"\b(hvs\.)[\w-]{20,}"),)),
    (
        "secret-set-value",
        (
            _rule(
                r"(secret-set-value\b(?:[\s'\",]{1,8}--secret)?"
                rf"(?:[\s'\",=]{{1,8}}{UUID})?[\s'\",=]{{1,8}})[^\s'\",=][^\n]*"
            ),
        ),
    ),
    (
        "iscsiadm",
        (
            _rule(
                r"(\biscsiadm\b[^\n]{0,300}?[\s'\"](?:-v|--value)"
                rf"{_GAP})(?!(?:automatic|manual|onboot|CHAP|None|\d+)\b)"
                rf"{_WORD}"
            ),
        ),
    ),
    (
        "auth.",
        (
            _rule(
                r"(\bauth\.password(?:_in)?['\"]?[\s,]{1,8}['\"]?(?:-v|--value)"
                rf"{_GAP}){_WORD}"
            ),
        ),
    ),
    # Options of well-known commands with short names, or without names.
    (
        "sshpass",
        (_rule(rf"(\bsshpass\b['\",\s]{{1,8}}-p(?:{_GAP})?){_WORD}"),),
    ),
    (
        "mysql",
        (
            _rule(
                r"(\bmysql(?:dump|admin|check)?\b[^\n|;]{0,300}?"
                r"[\s'\"]-p)(?![\s'\"]*$)(?!\s)['\"]?[^\s'\",]+",
                flags=0,
            ),
        ),
    ),
    (
        "curl",
        (
            _rule(
                r"(\bcurl\b[^\n]{0,300}?[\s'\"](?:-u|--user|--proxy-user)"
                rf"{_GAP}[^\s:'\"]{{1,100}}:)[^\s'\"]+"
            ),
        ),
    ),
    (
        "ipmitool",
        (
            _rule(
                rf"(\bipmitool\b[^\n]{{0,500}}?[\s'\"]-P{_GAP}){_WORD}",
                flags=0,
            ),
        ),
    ),
    (
        "ldap",
        (
            _rule(
                r"(\bldap(?:search|modify|add|whoami|passwd)\b[^\n]{0,300}?"
                rf"[\s'\"]-w{_GAP}){_WORD}",
                flags=0,
            ),
        ),
    ),
    (
        "redis",
        (_rule(rf"(\bredis-cli\b[^\n]{{0,300}}?[\s'\"]-a{_GAP}){_WORD}"),),
    ),
    (
        "login",
        (
            _rule(
                r"(\b(?:docker|podman|skopeo|buildah)\b[^\n]{0,40}\blogin\b"
                rf"[^\n]{{0,300}}?[\s'\"]-p{_GAP}){_WORD}"
            ),
            _rule(r"(\blogin\s+\S{1,100}\s+password\s+)\S+"),
        ),
    ),
    (
        "rabbitmqctl",
        (
            _rule(
                r"(\brabbitmqctl\b[^\n]{0,100}?(?:add_user|change_password|"
                rf"authenticate_user){_GAP}[^\s'\"]{{1,100}}{_GAP}){_WORD}"
            ),
        ),
    ),
    (
        "smb",
        (
            _rule(
                r"(\bsmb\w*\b[^\n]{0,300}?[\s'\"](?:-U|--user)"
                rf"{_GAP}[^\s%'\"]{{1,100}}%)[^\s'\"]+"
            ),
        ),
    ),
    (
        "%",
        (_rule(r"(\buser(?:name)?=[^\s%,'\"]{1,100}%)[^\s,'\"]+"),),
    ),
    (
        "echo",
        (
            _rule(
                r"(\becho\s+(?:-\w+\s+)?)[^|\n]{1,500}?(?=\s*\|\s*(?:sudo\s+)?"
                r"(?:chpasswd|passwd|cryptsetup|kinit|sudo -S|openssl)\b)"
            ),
        ),
    ),
    ("passin", (_rule(r"(\bpassin\s+\S{1,10}:)\S+"),)),
    ("pass:", (_rule(r"(\bpass:)(?!\d{1,6}\b)[^\s'\",]+", flags=0),)),
    ("requirepass", (_rule(rf"(\brequirepass{_GAP}){_WORD}"),)),
    ("masterauth", (_rule(rf"(\bmasterauth{_GAP}){_WORD}"),)),
    (
        "secret,",
        (_rule(r"(\bsecret,[^\s]{0,300}?\bdata=)[^\s,'\"]+"),),
    ),
    (
        "qom-type",
        (
            _rule(
                r"(qom-type[\\'\"]{1,4}\s*:\s*[\\'\"]{1,4}secret"
                r"[^}\n]{0,300}?data[\\'\"]{1,4}\s*:\s*[\\'\"]{1,4})[^'\"\\]+"
            ),
        ),
    ),
    (
        "auth",
        (
            _rule(
                r"(\bauth[\\'\"]{1,4}\s{0,4}:\s{0,4}[\\'\"]{1,4})"
                r"[A-Za-z0-9+/]{12,}={0,2}"
            ),
        ),
    ),
)
# The same, only for text that contains the name of a secret.
WORDED: Rules = (
    # '--os-password X', ['--key', 'X'].
    (
        "--",
        (
            _rule(
                rf"((?<!-)--(?!-)(?:[\w-]{{1,40}})?{_NAME}{_SUFFIX}{_GAP})"
                rf"{_PLAIN}(?!-|/|(?<=--secret[ =]){UUID}){_FILE}{_WORD}"
            ),
            _rule(
                rf"(--(?:key|pass|user-pass|http-pass|psk|pwd){_GAP})"
                rf"{_PLAIN}{_COUNT}(?!-){_FILE}{_WORD}"
            ),
        ),
    ),
    # <adminPass>X</adminPass>
    (
        "</",
        (
            _rule(
                rf"(<(?:\w{{1,40}}:)?[\w-]{{0,40}}?(?:{_NAME}|{_START}(?:pass|key))"
                r"(?:\s[^<>]{0,400})?>)\s*[^<\s][^<]*"
            ),
        ),
    ),
    # A YAML block below such a name: a Heat parameter.
    (
        ":",
        (
            _rule(
                rf"(^([ \t]*)[\w-]{{0,60}}?(?:{_NAME}|{_START}pass)"
                r"['\"]?:[ \t]*\n)(?:\2[ \t]+[^\n]*\n?)+",
                rf"\1\2  {MASK}\n",
                re.IGNORECASE | re.MULTILINE,
            ),
            _rule(
                rf"(\S[ \t]+[\w-]{{0,60}}?(?:{_NAME}|{_START}pass)"
                r"['\"]?:[ \t]*\n)(?:[ \t]+[^\n]*\n?)+",
                rf"\1  {MASK}\n",
            ),
        ),
    ),
    # ('password', 'X')
    (
        ",",
        (
            _rule(
                rf"({_NAME}['\"]\s{{0,4}},\s{{0,4}}u?['\"])"
                rf"{_METHODS}(?!-)[^'\"]+"
            ),
        ),
    ),
    # password is 'X'
    (
        " ",
        (
            _rule(
                r"(\b(?:password|passphrase|token|secret)\s+(?:is|was|to)\s+"
                r"['\"]?)(?=[^\s'\"]{0,100}[0-9!$%&#])[^\s'\"]+"
            ),
            _rule(
                r"(\b(?:password|passphrase|passwd)\s+['\"])[^'\"\n]+",
            ),
        ),
    ),
    (
        "=",
        (
            # Connection strings and CIFS.
            _rule(r"((?:^|[\s,;])pwd=)(?!/)[^\s;,'\"]+"),
            _rule(rf"((?:^|[\s,;'\"])pass=){_COUNT}[^\s;,'\"]+"),
            _rule(rf"(\b\w{{1,40}}_pass=){_PLAIN}{_VALUE}"),
        ),
    ),
)
NAMED: tuple[tuple[re.Pattern[str], str], ...] = (
    # Joined to other letters too: 'rbdsecret', 'mypassword'.
    _rule(
        _named(
            r"(?:password|passwd|passphrase|admin_?pass|(?<![A-Za-z])pswd"
            r"|auth_?token)"
        )
    ),
    _rule(_named(_NAME, _FILE + _COUNT)),
    _rule(
        rf"((?<![A-Za-z_-])key{SIGN}){_PLAIN}{_COUNT}{_FILE}"
        r"(?![a-z_.-]{1,24}(?:[\s,;)\]}]|$))(?!ssh-|ecdsa-)"
        rf"{_VALUE}"
    ),
)
PEM_WIDTH = 64
# A line of a key in PEM: base64 of that width, and no hexadecimal digest.
PEM_LINE = re.compile(
    r"(?<![A-Za-z0-9+/=])(?!/)(?=[^\n]{0,60}[a-z])(?=[^\n]{0,60}[G-Z])"
    r"(?=[^\n]{0,60}[0-9])[A-Za-z0-9+/]{64}(?![A-Za-z0-9+/=])"
)
