"""The gate: a turn that plainly holds nothing (a greeting, "ok thanks") costs no call of a model.

It is a closed list, and it errs on the side of asking: a turn passes the model by only when every word of it is a
greeting, a thank-you, a farewell or an acknowledgement. "Yes" and "no" are none, as they may confirm a fact, nor is
anything said after the assistant has spoken in the same turn.
"""

from __future__ import annotations

import re
from collections.abc import Sequence

from scrubjay.llm.prompts import sources, spoken
from scrubjay.model import Extraction, Message, Role, Turn
from scrubjay.model.unicode_normalization import normalized
from scrubjay.ports import Extractor

_PHRASES = """
hi|hello|hey|hey there|hi there|hello there|hiya|howdy|yo|good morning|good afternoon|good evening|good day|morning
how are you|how are you doing|how are you today|how's it going|what's up|nice to meet you
thanks|thank you|thank you so much|thank you very much|thanks a lot|thanks so much|many thanks|thx|ty|cheers
thanks again|thank you again|much appreciated|appreciated
bye|goodbye|bye bye|see you|see you later|see you soon|good night|have a nice day|have a good day|take care|later
ok|okay|k|kk|alright|all right|great|cool|nice|perfect|awesome|excellent|wonderful|got it|i see|understood|makes sense
sounds good|good|fine|very good|lol|haha|hahaha|wow|oh|ah|hm|hmm|no problem|you're welcome|never mind|nevermind
hallo|guten morgen|guten tag|guten abend|gute nacht|servus|moin|danke|danke schön|danke dir|vielen dank|dankeschön
tschüss|tschüs|auf wiedersehen|bis bald|bis später|alles klar|verstanden|super|prima|gut|in ordnung|wie geht's
hola|buenos días|buenas tardes|buenas noches|gracias|muchas gracias|adiós|hasta luego|vale|entendido|perfecto|genial
bonjour|bonsoir|salut|merci|merci beaucoup|au revoir|à bientôt|d'accord|parfait|compris|très bien
ciao|buongiorno|buonasera|grazie|grazie mille|arrivederci|va bene|perfetto|capito
olá|oi|bom dia|boa tarde|boa noite|obrigado|obrigada|muito obrigado|muito obrigada|tchau|até logo|entendi|perfeito
привет|здравствуйте|добрый день|доброе утро|добрый вечер|спасибо|большое спасибо|пока|до свидания|хорошо|понятно|ок
你好|您好|嗨|早上好|晚上好|晚安|谢谢|谢谢你|多谢|非常感谢|再见|拜拜|好的|好|明白了|知道了|收到
こんにちは|おはよう|おはようございます|こんばんは|ありがとう|ありがとうございます|さようなら|了解|わかりました
"""
_SORTED_PHRASES = sorted((phrase for line in _PHRASES.split("\n") for phrase in line.split("|") if phrase), key=len)
_FORMS = "|".join(re.escape(phrase).replace(r"\ ", r"\s+") for phrase in reversed(_SORTED_PHRASES))
# What may stand between phrases, or alone: punctuation, and the emoji that only nod, smile, thank or wave.
_BETWEEN = r"[\s.,!?;:…'\"()~*^\-–—、。！？，；：·¡¿👍👌👋🙏🙂😊😀😄😁😃😉☺❤🎉✨💯🙌👏🏻🏼🏽🏾🏿\ufe0f]"
# Scripts without spaces run on; in all others a phrase ends with its word. Each step is final: a text that could be
# read in many ways must not be tried in all of them.
_NOTHING = re.compile(rf"(?>{_BETWEEN}*+(?>(?:{_FORMS})(?![a-zà-öø-ÿа-я0-9])))*+{_BETWEEN}*+")
_APOSTROPHES = str.maketrans("\u2018\u2019\u0060\u00b4", "''''")
_LONGEST = 200  # whatever is longer is worth a look


class GatedExtractor:
    """The port `Extractor` over another one, which is asked only about turns that may hold a fact.

    Args:
        behind: asked about the rest.
    """

    def __init__(self, behind: Extractor) -> None:
        self._behind = behind

    @property
    def name(self) -> str:
        """As of the extractor behind."""
        return self._behind.name

    @property
    def prompt_version(self) -> str | None:
        """The prompt version of the extractor behind the small-talk gate."""
        return self._behind.prompt_version

    async def ping(self) -> None:
        """Return when the extractor behind the small-talk gate answers."""
        await self._behind.ping()

    async def extract(self, turns: Sequence[Turn]) -> Extraction:
        """Find the facts; names the turns that were not asked about. Raises what the extractor behind raises."""
        gated = frozenset(turn.id for turn in turns if holds_nothing(turn))
        extraction = await self._behind.extract([turn for turn in turns if turn.id not in gated])
        return extraction.model_copy(update={"gated": gated})


def holds_nothing(turn: Turn) -> bool:
    """Whether a turn plainly holds nothing that could be a fact about whoever its lane belongs to."""
    messages = sources(turn)
    if not messages or any(message.role is not Role.USER for message in _before(messages[-1], turn)):
        return False
    return all(len(message.content) <= _LONGEST and _is_small_talk(message.content) for message in messages)


def _before(last: Message, turn: Turn) -> Sequence[Message]:
    messages = spoken(turn)
    return messages[: len(messages) - 1 - messages[::-1].index(last)]


def _is_small_talk(text: str) -> bool:
    plain = normalized("NFKC", text).casefold().translate(_APOSTROPHES)
    return bool(_NOTHING.fullmatch(plain))
