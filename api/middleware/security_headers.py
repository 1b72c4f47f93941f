"""What every answer carries unless it says otherwise itself: nobody keeps, frames or embeds it, or takes it for a page.

That no `Access-Control-*` is among it is what keeps the scripts of other sites from reading an answer.
"""

SECURITY_HEADERS = (
    (b"cache-control", b"no-store"),
    (b"content-security-policy", b"default-src 'none'; frame-ancestors 'none'"),
    (b"cross-origin-resource-policy", b"same-origin"),
    (b"referrer-policy", b"no-referrer"),
    (b"x-content-type-options", b"nosniff"),
    (b"x-frame-options", b"DENY"),
)
HEADER_NAMES = frozenset(name for name, _ in SECURITY_HEADERS)
