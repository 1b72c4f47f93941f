"""What instructions to a prompt say. Each pattern is over a text in lower case, with one space between tokens."""

from __future__ import annotations

import re

_ANY = r"(?:\S{1,30} ){0,4}?"
_RULES = r"(?:instructions?|prompts?|rules?|guidelines?|directives?|programming|restrictions?|safety|training|system messages?)"
_MODEL = r"(?:the )?(?:assistant|a\.?i\.?|model|chatbot|bot|llm|agent)"
_USER = r"(?:the|this|any|your) users?"
_DEED = (
    r"(?:recommend|mention|promote|advertise|praise|include|insert|append|add|obey|reveal|leak|send|forward|transfer|ignore"
    r"|approve|refuse|deny|execute|run|call|visit|open|click|download|install|pretend|lie|claim|insult|disclose|output|print)"
)
_THEIRS = r"(?:conversations?|chats?|history|memor(?:y|ies)|messages?|data|secrets?|keys?|credentials?|passwords?|tokens?|prompts?|emails?)"

# English, by what they want.
_OVERRIDE = (
    rf"(?<!i )(?<!we )(?<!they )(?<!always )(?<!often )(?<!never )\b(?:ignore|disregard|forget|override|overrule|bypass|drop) (?:all|any|every|everything|the|your|my|these|those|previous|prior"
    rf"|above|earlier|preceding|former) {_ANY}{_RULES}\b",
    r"\b(?:ignore|disregard|forget) (?:everything|anything|all)(?: that)? (?:above|before this|you (?:were|have been) told|said above)",
    r"\b(?:your|the) (?:new|real|true|actual|only|updated) (?:instructions?|task|goal|objective|purpose|role|rules?) (?:is|are|:)",
    r"\b(?:new|updated|additional|important|hidden|secret|admin) (?:system )?(?:instructions?|directives?)(?: for (?:the )?\w{1,20})? ?:",
    r"\b(?:system|developer|initial|hidden) (?:prompts?|messages?) ?:",
    r"\b(?:reveal|print|show|repeat|output|leak|display|tell me|give me|disclose) (?:\S{1,20} ){0,4}?(?:system|initial|hidden|developer) (?:prompts?|messages?|instructions?)",
)
_PERSONA = (
    r"(?:^|[.!?:;,\n\"'(] ?)you(?: are|'re|\u2019re) now (?:a|an|the|no longer|free|dan\b|unrestricted|acting|operating|jailbroken)\b",
    r"\byou(?: are|'re|\u2019re) now in \S{1,20} mode",
    rf"\bfrom now on,? you (?:must|will|shall|should|are to|have to) (?:always |never |only )?(?:{_DEED}|act|behave|be an?|pretend|speak as)\b",
    r"\b(?:pretend|imagine|act as if|roleplay as if)(?: that)? you (?:are|have|were|had) (?:\S{1,20} ){0,3}?(?:no |not |un|free|without)",
    r"\b(?:developer|debug|god|admin|dan|jailbreak|maintenance) mode (?:is )?(?:on|enabled|activated|engaged)\b",
    r"\bdo anything now\b|\bjailbroken\b",
    r"\bas an (?:a\.?i\.?|assistant)(?: (?:language )?model)?,? you (?:must|should|will|are required)\b",
    rf"\b{_MODEL} (?:must|should|shall|will|has to|is to|needs to) (?:always |never |only |from now on )?{_DEED}\b",
    rf"\b(?:always|never|must|should) {_DEED} [^.\n]{{1,120}}? to (?:the |all |every |our )?users?\b",
)
_TRIGGER = (
    rf"\b(?:when|whenever|if|each time|every time|once|any time|anytime) (?:{_USER}|someone|somebody|anyone|you are|you're|asked)"
    rf" ?[^.\n]{{0,100}}?[,;:]? (?:then )?(?:always|never|you (?:must|should|will|have to|shall)|do not|don't|answer|reply|respond|say"
    rf"|tell (?:them|him|her|the user)|{_DEED})\b",
    rf"\b(?:in|before|after|at the end of|with) (?:every|each|all) (?:answer|reply|response|message|output)s?,? (?:always |you must )?{_DEED}\b",
)
_HIDE = (
    rf"\b(?:do not|don't|don\u2019t|never|must not|should not|without) (?:ever )?(?:tell|telling|mention|mentioning|inform|informing|reveal|revealing"
    rf"|show|showing|alert|alerting|notify|notifying|warn|let|ask|asking|disclose)(?: (?:this|it|that|anything|any of this|about this))?(?: to)? {_USER}\b",
    rf"\b(?:keep|hide|conceal) (?:this|it|that|these|everything)(?: \S{{1,20}}){{0,3}}? (?:from) {_USER}\b",
    rf"\b{_USER} (?:must|should|may|can) (?:not|never) (?:know|see|learn|notice|find out)\b",
)
_EXFILTRATE = (
    r"!\[[^\]\n]{0,200}\]\( ?(?:https?:)?//[^)\s]{0,500}?[?&{$<]",
    r"<img [^>\n]{0,200}src ?= ?[\"']?(?:https?:)?//[^>\s]{0,500}?[?&{$]",
    rf"\b(?:send|post|forward|e?mail|upload|exfiltrate|leak|transmit|submit|copy|append|encode) (?:all |every |any )?(?:of )?(?:the|all|your|their|this|every|these|his|her)"
    rf" (?:\S{{1,20}} ){{0,3}}?{_THEIRS} (?:\S{{1,20}} ){{0,3}}?(?:to|into|in|as) (?:\S{{1,20}} ){{0,3}}?(?:https?:|www\.|url|link|server|address|webhook|endpoint|query|\S{{1,60}}@)",
    r"\b(?:decode|decrypt|base64|rot13)\b[^\n]{0,60}?\b(?:follow|execute|obey|run|do what)\b",
)
# The signs that divide prompts, tools and roles.
_SIGNS = (
    r"<\|[a-z_]{2,30}\|>|\[/?inst\]|<</?sys>>|<(?:start|end)_of_turn>",
    r"</?(?:system|assistant|developer|memory|memories|instructions?|prompt|context|turns?|human|user_input|tool_calls?|function_calls?|s)(?: [^>\n]{0,60})?>",
    r"(?:^|\n) ?(?:#{1,6} ?)?(?:instructions?|system(?: prompt)?|response) ?:? ?\n",
    r"(?:^|\n) ?(?:\*\*)?assistant(?:\*\*)? ?:",
    rf"(?:^|\n) ?(?:\[?)(?:system|developer|ai|model|admin|root)\]? ?: ?(?:\S{{1,20}} ){{0,2}}?(?:you|ignore|always|never|from now|new|do not|don't|override|sure|okay|{_DEED})\b",
    r"\bbegin (?:system|prompt|instructions?|override)\b|\bend of (?:system )?(?:prompt|instructions?|context|conversation)\b",
)
_GERMAN = (
    r"\b(?:ignorier\w{0,3}|vergiss|vergessen sie|missachte\w?|übergeh\w{0,2}) (?:\S{1,30} ){0,4}?(?:anweisung|instruktion|regel|vorgabe|systemprompt|richtlinie)",
    r"\bdu bist (?:jetzt|nun|ab jetzt) (?:ein|eine|kein|keine|nicht mehr|frei)\b",
    r"\b(?:wenn|sobald|immer wenn|falls) (?:der|die|ein) (?:nutzer|nutzerin|benutzer|benutzerin|anwender|user)[^.\n]{1,100}?(?:antworte|sag|sage|empfiehl|empfehle|behaupte|sende|schreibe|erwähne)\b",
    r"\b(?:sag|sage|erzähl|erzähle|verrate|zeig|zeige) (?:\S{1,20} ){0,2}?(?:dem|der|den) (?:nutzer|benutzer|anwender|user)\w{0,3} (?:\S{1,20} ){0,3}?(?:nicht|nichts|nie)",
    r"\b(?:zeig|zeige|verrate|nenne|gib) (?:\S{1,20} ){0,3}?(?:system-?prompt|systemanweisung)",
)
_ROMANCE = (
    r"\b(?:ignora|ignore|ignorad|olvida|olvide|descarta) (?:\S{1,30} ){0,4}?(?:instrucciones|reglas|órdenes|indicaciones)\b",
    r"\b(?:ahora|a partir de ahora,?) eres (?:un|una|el|la)\b",
    r"\b(?:cuando|si|siempre que) (?:el|la|un) usuari[oa][^.\n]{1,100}?(?:responde|di|dile|recomienda|contesta|envía)\b",
    r"\bno (?:se )?(?:lo )?(?:digas|menciones|reveles|cuentes)(?: \S{1,20}){0,3}? (?:al|a la|a los) usuari",
    r"\b(?:ignore[zr]?|oublie[zr]?|ne tiens? pas compte de) (?:\S{1,30} ){0,4}?(?:instructions|consignes|règles|directives)\b",
    r"\b(?:tu es|vous êtes) (?:maintenant|désormais) (?:un|une|le|la)\b",
    r"\b(?:quand|lorsque|si|chaque fois que) l['\u2019]utilisat\w{1,5}[^.\n]{1,100}?(?:réponds?|répondez|dis|recommande|envoie)\b",
    r"\bne (?:le )?(?:dis|dites|révèle|mentionne)s?(?: \S{1,20}){0,3}? (?:pas|rien|jamais)(?: \S{1,20}){0,3}? à l['\u2019]utilisat",
    r"\bignora (?:\S{1,30} ){0,4}?(?:istruzioni|regole)\b|\bignore (?:\S{1,30} ){0,4}?(?:instruções|regras)\b",
)
_OTHERS = (
    r"\bnegeer (?:\S{1,30} ){0,4}?(?:instructies|regels|opdrachten)\b",
    r"(?:игнорируй|забудь|не обращай внимания на)\w{0,3} (?:\S{1,30} ){0,4}?(?:инструкци|правил|указани)",
    r"\b(?:zignoruj|ignoruj) (?:\S{1,30} ){0,4}?(?:instrukcj|polece|zasad)",
    r"(?:忽略|无视|無視|忘记|忘掉)[^。，\n]{0,12}?(?:指令|指示|说明|規則|规则|提示|設定|设定)",
    r"(?:你|您)现在(?:是|扮演)|从现在(?:起|开始)[,，]?(?:你|您)(?:是|必须|要)(?!叫我|用)",
    r"(?:当|如果|每当)用户[^。\n]{1,40}?(?:回答|回复|推荐|告诉|说|发送)",
    r"(?:不要|别|切勿|不得)(?:告诉|让|向|对)用户",
    r"(?:指示|命令|ルール|プロンプト)を(?:無視|忘れ)|ユーザーに(?:は)?[^。\n]{0,12}?(?:言わない|伝えない|教えない)",
    r"(?:지시|명령|규칙|프롬프트)(?:를|을|사항을)? ?(?:모두 )?무시",
)
PATTERNS = tuple(
    re.compile(pattern)
    for patterns in (_SIGNS, _OVERRIDE, _PERSONA, _TRIGGER, _HIDE, _EXFILTRATE, _GERMAN, _ROMANCE, _OTHERS)
    for pattern in patterns
)
