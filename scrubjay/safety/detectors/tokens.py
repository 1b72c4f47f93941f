"""Keys and tokens that show by their form whose they are: the patterns of detect-secrets, and those it lacks.

Of detect-secrets the patterns are used, not its scanner: that one looks at lines of files, and gives some secrets back
only in part. Left out are those of its patterns that a text can make run for hours (npm, OpenAI, JWT), which have one
of ours in their place, and those that also match plain text (Artifactory, entropy).
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from detect_secrets.plugins.aws import AWSKeyDetector
from detect_secrets.plugins.azure_storage_key import AzureStorageKeyDetector
from detect_secrets.plugins.base import RegexBasedDetector
from detect_secrets.plugins.discord import DiscordBotTokenDetector
from detect_secrets.plugins.github_token import GitHubTokenDetector
from detect_secrets.plugins.gitlab_token import GitLabTokenDetector
from detect_secrets.plugins.jwt import JwtTokenDetector
from detect_secrets.plugins.mailchimp import MailchimpDetector
from detect_secrets.plugins.pypi_token import PypiTokenDetector
from detect_secrets.plugins.sendgrid import SendGridDetector
from detect_secrets.plugins.slack import SlackDetector
from detect_secrets.plugins.square_oauth import SquareOAuthDetector
from detect_secrets.plugins.stripe import StripeDetector
from detect_secrets.plugins.telegram_token import TelegramBotTokenDetector
from detect_secrets.plugins.twilio import TwilioKeyDetector

from scrubjay.safety.detectors.finding import Finder, SecretSpan, by_pattern

# None of the tokens has fewer characters; those that have stand in SHORT.
SHORTEST_TOKEN = 20
_IN_TOKENS = r"\w\-"
_BASE64 = r"\w+/=\-"


def _theirs(
    kind: str, plugin: type[RegexBasedDetector], hints: tuple[str, ...], rest: str = _IN_TOKENS
) -> list[Finder]:
    """The finders of a plugin's patterns, each of which goes on to the end of the token."""
    return [Finder(by_pattern(kind, pattern, rest=rest), hints=hints) for pattern in plugin().denylist]


def _ours(kind: str, pattern: str, hints: tuple[str, ...], group: int = 0) -> Finder:
    return Finder(by_pattern(kind, re.compile(pattern), group=group), hints=hints)


_JWT = re.compile(r"(?<![\w-])eyJ[\w-]{8,}+\.[\w-]{8,}+(?:\.[\w-]++)*+")


def _json_web_tokens(text: str) -> Iterator[SecretSpan]:
    for match in _JWT.finditer(text):
        parts = match[0].split(".")
        # An encrypted one has five parts, and holds no claims that could be read.
        if parts[1].startswith("eyJ") or len(parts) == 5 or JwtTokenDetector.is_formally_valid(".".join(parts[:2])):
            yield SecretSpan(*match.span(), "JSON Web Token")


_AWS_KEY, _AWS_SECRET = AWSKeyDetector.denylist
_AWS_SECRET_BARE = re.compile(
    r"(?i:aws.{0,20}?(?:key|secret|pw|pass|token).{0,20}?)(?<![\w/+])([0-9a-zA-Z/+]{40})(?![\w/+=])"
)
_MIXED = r"(?=[\w-]{0,200}?\d)(?=[\w-]{0,200}?[A-Z])"

TOKENS: tuple[Finder, ...] = (
    Finder(_json_web_tokens, hints=("eyJ",)),
    Finder(by_pattern("AWS access key", _AWS_KEY, rest="0-9A-Z"), hints=("AKIA", "ASIA", "ABIA", "ACCA", "A3T")),
    Finder(by_pattern("AWS secret key", _AWS_SECRET, group=1), hints=("aws", "AWS", "Aws")),
    Finder(by_pattern("AWS secret key", _AWS_SECRET_BARE, group=1), hints=("aws", "AWS", "Aws")),
    *_theirs("GitHub token", GitHubTokenDetector, ("ghp_", "gho_", "ghu_", "ghs_", "ghr_")),
    _ours("GitHub token", r"github_pat_\w{22,}+", ("github_pat_",)),
    *_theirs("GitLab token", GitLabTokenDetector, ("glpat-", "gldt-", "glft-", "glsoat-", "glrt-", "GR1348941",
                                                   "glcbt-", "glimt-", "glptt-", "glagent-", "gloas-")),
    *_theirs("Slack token", SlackDetector, ("xox", "hooks.slack.com"), rest=r"\w\-/"),
    _ours("Slack token", r"(?<![\w-])(?:xapp-\d|xoxe[.-]xox[bp])-[\w-]{10,}+", ("xapp-", "xoxe")),
    *_theirs("Stripe key", StripeDetector, ("k_live_",)),
    _ours("Stripe key", r"(?<!\w)(?:[sr]k_test_|whsec_)\w{16,}+", ("k_test_", "whsec_")),
    # OpenAI's, and all that are made alike.
    _ours("API key", rf"(?<![\w-])sk-{_MIXED}[\w-]{{20,}}+", ("sk-",)),
    _ours("Google API key", r"(?<![\w-])AIza[\w-]{35,}+", ("AIza",)),
    _ours("Google token", r"(?<![\w-])(?:ya29\.|GOCSPX-)[\w-]{20,}+", ("ya29.", "GOCSPX-")),
    _ours("Hugging Face token", r"(?<!\w)hf_[A-Za-z0-9]{30,}+", ("hf_",)),
    _ours("npm token", r"(?<!\w)npm_[A-Za-z0-9]{36,}+", ("npm_",)),
    _ours("npm token", r":_authToken=[ ]{0,4}([A-Fa-f0-9-]{36})", (":_authToken",), group=1),
    *_theirs("PyPI token", PypiTokenDetector, ("pypi-AgE",)),
    *_theirs("SendGrid key", SendGridDetector, ("SG.",)),
    *_theirs("Mailchimp key", MailchimpDetector, ("-us",), rest="0-9"),
    *_theirs("Square secret", SquareOAuthDetector, ("sq0csp-",)),
    *_theirs("Twilio key", TwilioKeyDetector, ("AC", "SK"), rest="a-z0-9"),
    *_theirs("Telegram bot token", TelegramBotTokenDetector, (":AA",)),
    *_theirs("Discord bot token", DiscordBotTokenDetector, (".",)),
    *_theirs("Azure storage key", AzureStorageKeyDetector, ("AccountKey=",), rest=_BASE64),
    _ours("Azure signature", r"[?&]sig=([\w%+/=-]{30,}+)", ("sig=",), group=1),
    _ours("DigitalOcean token", r"(?<!\w)do[por]_v1_[a-f0-9]{64}", ("_v1_",)),
    _ours("Shopify token", r"(?<!\w)shp(?:at|ca|pa|ss)_[a-fA-F0-9]{32}", ("shpat_", "shpca_", "shppa_", "shpss_")),
    _ours("Discord webhook", r"discord(?:app)?\.com/api/webhooks/\d{5,20}/([\w-]{20,}+)", ("/api/webhooks/",), group=1),
)  # fmt: skip

# These need not be long: they are looked for in every text.
SHORT: tuple[Finder, ...] = (
    _ours("Scrubjay API key", r"(?<![\w-])sj_[\w-]{8,}+", ("sj_",)),
    _ours("password", r"://[^\s:/?#@]{0,200}+:(?!\d{1,5}[/?#])([^\s/]{1,200})@(?=[\w.\[-])", ("://",), group=1),
)  # fmt: skip
