"""Passwords as people write them in a chat: "my password is hunter2", "pw: …", in several languages.

detect-secrets knows them as assignments in code; a sentence needs a rule of its own. A plain term is taken for a
password only where the sentence can mean nothing else: "my password is wrong" holds none.
"""

from __future__ import annotations

import re
from collections.abc import Iterator

from scrubjay.safety.detectors.finding import PUT, Finder, SecretSpan

_NAMES = (
    "pass(?:word|wort|wd|phrase|code)|kennwort|pwd|pw|pass|contrase[ñn]a|clave|mot de passe|mdp"
    "|code secret|parola d'ordine|senha|palavra-passe|wachtwoord|has[łl]o|пароль|şifre|parola|lösenord|adgangskode"
)
# A term that stands alone, or is the end of a name in code: DB_PASSWORD, dbPassword.
_NAME = rf"(?<![^\W_])(?:[A-Za-z0-9]{{1,30}}[_-]){{0,3}}(?:{_NAMES})(?:s|es|s)?(?![^\W_])"
_IS = r"is|was|are|will be|would be|should be|ist|lautet|war|heißt|es|era|son|est|était|c'est|è|era|é|to|jest|это|är|er"
_WHERE = r"(?:\s{1,3}(?:for|to|of|on|at|für|zu|vom|von|beim|im|para|de|del|pour|du|di|per|voor|do|da)(?:\s{1,3}[^\s:=\[]{1,40}){1,4}?)?"
_QUOTE = "\"'`“”„«»‘’"
_SECRET = rf"(?P<q>[{_QUOTE}])(?P<quoted>[^{_QUOTE}\n]{{3,200}})[{_QUOTE}]|(?P<bare>[^\s{_QUOTE}]{{3,200}}+)"
_NOT_MASKED = rf"(?!{re.escape(PUT.strip())})"

_ASSIGNED = re.compile(
    rf"(?P<name>{_NAME}){_WHERE}[{_QUOTE}]?\s{{0,3}}(?:(?P<sign>[:=：＝]|->|=>)|(?P<is>(?<=\s)(?:{_IS})(?=[\s:]))[ ]?:?)"
    rf"[ \t]{{0,3}}{_NOT_MASKED}(?:{_SECRET})",
    re.IGNORECASE,
)
_CHANGED = re.compile(
    rf"(?P<name>{_NAME}){_WHERE}\s{{1,3}}(?P<is>(?:from\s{{1,3}}\S{{1,60}}\s{{1,3}})?(?:to|auf|a|en|zu))\s{{1,3}}{_NOT_MASKED}(?:{_SECRET})",
    re.IGNORECASE,
)
_BEFORE = re.compile(
    rf"(?<!\S)(?P<bare>[^\s{_QUOTE}]{{4,64}})\s{{1,3}}(?:{_IS})\s{{1,3}}(?:my|our|the|mein|unser|das|mi|mon|notre)\s{{1,3}}"
    rf"(?:[\w-]{{1,30}}\s{{1,3}}){{0,2}}?(?:{_NAMES})(?![^\W_])",
    re.IGNORECASE,
)
# Scripts that set no spaces between words.
_UNSPACED = re.compile(
    rf"(?P<name>密码|密碼|口令|パスワード|暗証番号|비밀번호)[^\s\x21-\x7e：＝]{{0,12}}?[ ]?(?P<sign>是|为|為|：|:|=|＝|は|는|은)[ ]?"
    rf"[{_QUOTE}「『]?{_NOT_MASKED}(?P<bare>[\x21-\x7e]{{4,200}}+)"
)
_PIN = re.compile(
    r"(?<![^\W_])pin(?:[ -]?(?:code|nummer|number))?\s{0,3}(?::|=|(?<=\s)(?:is|ist|lautet|es|est|è|é)(?=\s)|(?=\s))\s{0,3}(?P<bare>\d{4,8})(?![\w-])",
    re.IGNORECASE,
)
_KEY = re.compile(
    r"(?<![^\W_])(?:[A-Za-z0-9]{1,30}[ _-]){0,3}?(?:api[ _-]?(?:key|token|secret)|(?:access|auth|refresh|session|bearer|secret|client|private)[ _-]?(?:key|token|secret)"
    r"|api-?schlüssel|zugangstoken|token|secret|clave (?:de )?api|clé (?:d')?api)"
    rf"{_WHERE}[{_QUOTE}]?\s{{0,3}}(?::|=|：|->|=>|(?<=\s)(?:{_IS})(?=\s))\s{{0,3}}[{_QUOTE}]?(?:bearer\s{{1,3}})?{_NOT_MASKED}(?P<bare>[\w+/=.~-]{{12,500}}+)",
    re.IGNORECASE,
)
_BEARER = re.compile(
    rf"(?<![^\W_])(?:bearer|basic)\s{{1,3}}{_NOT_MASKED}(?P<bare>[\w+/=.~-]{{20,2000}}+)", re.IGNORECASE
)

_SIGNS = frozenset("!@#$%^&*+=|~")
_HUMP = re.compile(r"[a-z][A-Z]")
_RANDOM = re.compile(r"(?=.*?\d)(?=.*?[A-Za-z])")
_MINE = re.compile(
    r"(?<![^\W_])(?:my|our|his|her|their|mein|meine|unser|mi|mis|nuestra|mon|notre|la mia|minha|mijn|moje|мой)\s(?:[\w-]{1,30}\s){0,2}$",
    re.IGNORECASE,
)
_AT_AN_END = re.compile(r"[\s.,;!?)]{0,3}(?:$|\n|and\b|but\b|und\b|y\b|et\b|[.,;!?)])")
# A remark, a stand-in, an amount of money, or a place in a program where the password is.
_NO_SECRET = re.compile(
    r"[({\[<*]|[$€£¥]\d|\$\{?[A-Z_]+\}?$|%[A-Z_]+%$|process\.env|os\.environ|(?:self|settings|config)\."
)
_ENDS = ".,;?)]}、。，"
# Terms that describe a password, and are none.
_DESCRIBING = """
wrong correct incorrect right invalid valid expired required optional missing empty blank secure insecure safe strong weak
short long easy hard important needed necessary reset changed protected stored saved hashed encrypted forgotten lost leaked
compromised hidden private secret public unknown known not too very so always never still also only just now here there
what that this the a an in on at to for with from by my your his her our their it being going something anything nothing
everything case working broken fine good bad ok okay different same new old unique random default set sent shared visible
falsch richtig ungültig gültig abgelaufen nötig notwendig sicher unsicher zu nicht sehr schwach stark kurz lang vergessen
wichtig geändert gespeichert verschlüsselt weg mir dein mein ein eine das der die noch auch
incorrecta correcta inválida necesaria segura débil fuerte muy no demasiado obligatoria nueva importante la el una un
incorrect correct invalide valide nécessaire requis obligatoire sûr faible fort trop très pas le la un une expiré
errata corretta sbagliata sicura troppo molto non incorreta correta muito não verkeerd juist niet te erg
string str int bool none null true false undefined self os.environ process.env getenv input
"""
_DESCRIPTIONS = frozenset(_DESCRIBING.split())


def _secrets(text: str) -> Iterator[SecretSpan]:
    """Detect passwords in the sentences of a text by regular expressions, and yield the span of each."""
    for pattern in (_ASSIGNED, _CHANGED):
        for match in pattern.finditer(text):
            if match["quoted"] is not None:
                yield SecretSpan(*match.span("quoted"), "password")
            elif _is_password(text, match):
                yield _bare(match, "password")
    for match in _BEFORE.finditer(text):
        if _is_strong(match["bare"]):
            yield _bare(match, "password")
    for match in _UNSPACED.finditer(text):
        yield _bare(match, "password")


def _is_password(text: str, match: re.Match[str]) -> bool:
    candidate = match["bare"].rstrip(_ENDS)
    if candidate.lower() in _DESCRIPTIONS or len(candidate) < 3 or _NO_SECRET.match(candidate) or "(" in candidate:
        return False
    if _is_strong(candidate):
        return True
    if len(candidate) < 4:
        return False
    if match.groupdict().get("sign"):
        return not text[match.end() :].lstrip(" ")[:1].isalpha()  # a token alone: else a sentence goes on
    return bool(_MINE.search(text[max(0, match.start() - 80) : match.start()]) and _AT_AN_END.match(text, match.end()))


def _is_strong(candidate: str) -> bool:
    """Whether a token can only be a password: digits among letters, signs, capitals within, or a number."""
    has_digit, has_alpha = any(map(str.isdigit, candidate)), any(map(str.isalpha, candidate))
    return (
        (has_digit and (has_alpha or len(candidate) >= 4))
        or not _SIGNS.isdisjoint(candidate)
        or bool(_HUMP.search(candidate))
    )


def _bare(match: re.Match[str], kind: str) -> SecretSpan:
    start, end = match.span("bare")
    return SecretSpan(start, start + len(match["bare"].rstrip(_ENDS)) or end, kind)


def _pins(text: str) -> Iterator[SecretSpan]:
    yield from (SecretSpan(*match.span("bare"), "PIN") for match in _PIN.finditer(text))


def _keys(text: str) -> Iterator[SecretSpan]:
    yield from (_bare(match, "API key") for match in _KEY.finditer(text) if _RANDOM.match(match["bare"]))


def _bearers(text: str) -> Iterator[SecretSpan]:
    yield from (_bare(match, "API key") for match in _BEARER.finditer(text) if _RANDOM.match(match["bare"]))


IN_SENTENCES = (
    Finder(
        _secrets,
        ("pass", "pw", "kennwort", "contrase", "clave", "mdp", "code secret", "parola", "senha", "wachtwoord", "haslo",
         "adgangskode", "hasło", "пароль", "şifre", "lösenord", "密码", "密碼", "口令", "パスワード", "暗証番号", "비밀번호"),
    ),
    Finder(_pins, ("pin",)),
    Finder(_keys, ("key", "token", "secret", "schlüssel")),
)  # fmt: skip
# Of those that are as long as a token, as in the header of a request.
BEARERS = Finder(_bearers, ("bearer", "Bearer", "BEARER", "basic", "Basic", "BASIC"))
