"""Which sentences to leave out when a draft is read once more to see whether they, not the work, moved a level.

A wide net, on purpose: word lists in several languages, sentences in another language than the draft, words of the
rubric's top level. Nothing here is a flag. What is caught only decides what a second reading is not shown; what
comes of it is decided by the levels of that reading. So a sentence caught wrongly costs a call, not a suspicion.
"""

from __future__ import annotations

import re
import unicodedata
from collections import Counter
from collections.abc import Collection, Iterator, Sequence
from dataclasses import dataclass
from functools import lru_cache

from feedback.contract import RubricSnapshot, RunReading, Sentence
from feedback.reading.characters import clean_characters
from feedback.reading.signals import speaks_to_reviewer
from submissions.extraction.language import COMMON_WORDS, guess

# An essay about marking is full of its words: above this share they are its subject, not a message.
SUBJECT_SHARE = 0.34
# Common words of another language that make a sentence foreign; letters of another script that do.
FOREIGN_WORDS = 2
FOREIGN_LETTERS = 6
# More odd sentences than this and the draft has no one subject to be odd to.
ODD_SHARE = 0.25
ODD_WORDS = 3
RUBRIC_ECHO_SHARE = 0.6
RUBRIC_ECHO_WORDS = 4

# What is given, by whom, and by what: stems, in the languages of most classrooms.
_ASSESSING = re.compile(
    r"\b(?:rubri[ck]|rúbrica|rubrique|criteri|critère|kriteri|descriptor|descripteur|deskriptor|grad(?:e|es|ed|er|ers|ing)\b"
    r"|marks?\b|mark(?:er|ers|ing|ed)\b|scor(?:e|es|ed|ing)\b|rating|level|assess|evaluat|évalu|examiner|reviewer|feedback"
    r"|credit|distinction|first[- ]class|deserv|merit|weakness|comment(?:s|ing)? on|criticis|reviewing"
    r"|bewert|benot|\bnote[n]?\b|punkt|gutacht|prüfer|korrektor|korrektur|niveau|stufe|verdien|schwäche"
    r"|barème|correct(?:eur|ion|or)|notation|notez|mérite|faiblesse"
    r"|puntuaci|calific|nota\b|evalu|nivel|merece|debilidad"
    r"|valutaz|valuta\b|valutare|punteggio|voto\b|voti\b|livell|merita"
    r"|avalia|pontua|nível|beoordel|cijfer|punten|verdient|ocen|punkty|poziom|betyg|bedöm|karakter|puan|değerlendir|not ver"
    r"|оцен|балл|критери|уровен|недостат"
    r"|βαθμ|κριτήρι|ציון|הערכה|تقييم|درج|معيار|مستوى|मूल्यांकन|अंक)"
    r"|评分|分数|评价|评估|打分|等级|评阅|採点|評価|評点|得点|レベル|점수|평가|등급|채점",
    re.IGNORECASE,
)
_MACHINE = re.compile(
    r"\b(?:a\.?i\.?\b|llms?\b|language models?|chat ?bots?|chatgpt|gpt|claude|gemini|copilot|assistants?\b|prompt|system message"
    r"|instructions?|automat(?:ed|ic) (?:review|mark|grad|assess|read|system)|algorithm|software|machine"
    r"|ki\b|sprachmodell|anweisung|künstliche|ia\b|intelligence artificielle|inteligencia artificial|modèle de langue|modelo de lenguaje"
    r"|instruccion|istruzion|instruç|instructie|instrukcj|инструкц|модел|нейросет|ии\b"
    r"|تعليمات|نموذج)|人工智能|模型|指令|指示|プロンプト|모델|지시",
    re.IGNORECASE,
)
_MOST = re.compile(
    r"\b(?:highest|top|topmost|maxim|max\b|full|fully|best|perfect|excellent|outstanding|exemplary|flawless|first[- ]class|distinction"
    r"|every|all|each|nothing (?:less|but)|no less than|generous|lenient|positive|praise|a\+|10/10|100\s?%|5/5|"
    r"höchst|beste|volle|maximal|hervorragend|ausgezeichnet|alle\b|jedes?\b|jeden\b|"
    r"máxim|mejor|excelente|todos?\b|todas?\b|cada\b|plus haut|meilleur|maximale|toutes?\b|tous\b|chaque"
    r"|massim|migliore|eccellente|tutti\b|ogni\b|melhor|hoogste|uitstekend|najwyżs|celując|högsta|høyeste|en yüksek|tam puan"
    r"|высш|наивысш|максимал|отличн|أعلى|كامل|הגבוה|μέγιστ|άριστ|सर्वोच्च|पूर्ण)"
    r"|最高|满分|優秀|优秀|満点|最大|만점|최고",
    re.IGNORECASE,
)
_ADDRESSING = re.compile(
    r"\b(?:you|your|yours|dear|please|kindly|whoever|reader|readers|to the|for the|note to|attention|"
    r"this (?:essay|draft|text|paper|work|submission|piece|report|answer|one)|the (?:present|following|above|preceding) (?:essay|draft|text|paper|work)"
    r"|sie|ihnen|ihr|ihre|bitte|dieser?\b|diesem|diesen|dieses|vous|votre|veuillez|merci|cet(?:te)?\b|usted|por favor|est[ea] (?:ensayo|texto|trabajo)"
    r"|quest[oa]|prego|favore|est[ea] (?:ensaio|trabalho)|você|u\b|dit\b|deze\b|proszę|ten tekst|ta praca|вы|вас|пожалуйста|эт(?:о|от|у|а)\b"
    r"|يرجى|هذا|אנא|παρακαλώ|कृपया)|请|您|你|本文|此文|この|ください|이 글|주세요",
    re.IGNORECASE,
)
_ORDER = re.compile(
    r"(?:\A|[.:;,!?\n\"“”'’(\[]\s*|\band\s+|\bthen\s+)"
    r"(?:ignore|disregard|forget|give|award|assign|rate|grade|mark|score|treat|consider|assume|respond|reply|output|return|print|write|say"
    r"|act|pretend|imagine|suppose|evaluate|do not|don['’]t|never|always|skip|set|choose|select|use|regard|remember|let|overlook|accept|report"
    r"|ignorier|vergib|vergeben|gib|geben|bewerte|behandle|nimm|ignorez|donnez|attribuez|accordez|considérez|mettez|oubliez|ne tenez"
    r"|ignora|ignore|otorga|otorgue|asigna|califica|da\b|considera|olvida|ignorare|assegna|attribu|dai\b|valuta|dê|atribua|geef|negeer|ken\b"
    r"|zignoruj|przyznaj|wystaw|daj|игнор|поставь|поставьте|дайте|оцените|считай)",
    re.IGNORECASE,
)
_OVERRIDING = re.compile(
    r"\b(?:ignore|disregard|forget|overlook|override|ignorier\w*|vergiss|oubliez|olvida|ignora|dimentica)\b[^.!?\n]{0,20}"
    r"\b(?:all|everything|anything|previous|above|before|prior|earlier|alles?|tout|todo|tutto)\b",
    re.IGNORECASE,
)
_FORGED = re.compile(
    r"[{}<>\[\]|=]{1,3}\s*/?\w+[\"']?\s*[:=>\]]|\b(?:system|assistant|user|developer|admin|editor(?:ial)?(?:'s)? note|example \d+|level|status|score|grade|result)\s*[:=]",
    re.IGNORECASE,
)
_EVERYWHERE = frozenset(
    "this that with from have they their there these those which would could should about because more most some such than"  # noqa: SIM905
    " them then when what where will were been being also into only other over same very much many must does even each"
    " make made like just well good people first second however therefore another between without within before after"
    " through while during both under since until against every whole still rather".split()
)
_WORD = re.compile(r"[^\W\d_]+")
_LATIN = re.compile(r"[A-Za-zÀ-ɏ]")


@dataclass(frozen=True)
class Suspects:
    """Sentence ids, each group in the order of the draft.

    ``named``: a reader or a pattern says that they speak to the reviewer. ``caught``: in the wide net of words; holds
    ``named``. ``odd``: share no word with the rest of the draft and the assignment, whatever their words are; none is ``caught``.
    """

    named: tuple[str, ...] = ()
    caught: tuple[str, ...] = ()
    odd: tuple[str, ...] = ()


def find_suspects(
    *,
    text: str,
    sentences: Sequence[Sentence],
    readings: Sequence[RunReading],
    rubric: RubricSnapshot,
    assignment_text: str = "",
) -> Suspects:
    """Return the sentences of ``text`` that a second reading may leave out.

    Where the net alone catches more than a third of the draft, marking is its subject and only what was named
    remains. Sentences between two suspects of one paragraph are taken along, and so is a paragraph that is mostly
    suspect: a message is often split.
    """
    told = {sentence_id for run in readings for sentence_id in run.reading.addressed_to_reviewer}
    told |= set(speaks_to_reviewer(text, sentences))
    named = _with_neighbours(told, sentences)
    net = set(_in_net(text, sentences, rubric))
    most = SUBJECT_SHARE * max(1, len(sentences) - len(named))
    wider = (named | _with_neighbours(net | told, sentences), named | net)
    caught = next((ids for ids in wider if len(ids - named) <= most), named)
    odd = set(_odd([sentence for sentence in sentences if sentence.id not in caught], assignment_text))
    if len(odd) > ODD_SHARE * len(sentences):
        odd = set()
    return Suspects(_ordered(named, sentences), _ordered(caught, sentences), _ordered(odd, sentences))


@lru_cache(maxsize=16)
def own_words(text: str, sentences: tuple[Sentence, ...]) -> str:
    """``text`` without the sentences that may tell a reader what level to give; all of it where marking is its subject."""
    caught = [sentence for sentence in sentences if _speaks_of_assessing(_plain(sentence))]
    if len(caught) > SUBJECT_SHARE * len(sentences):
        return text
    pieces, position = [], 0
    for sentence in caught:
        pieces.append(text[position : sentence.start])
        position = sentence.end
    return "".join([*pieces, text[position:]])


def _odd(sentences: Sequence[Sentence], assignment_text: str) -> Iterator[str]:
    """Sentences of three words or more that no other sentence has a word in common with."""
    roots = {sentence.id: _roots(sentence.text) for sentence in sentences}
    uses = Counter(root for found in roots.values() for root in found)
    asked = _roots(assignment_text)
    for sentence in sentences:
        alone = all(uses[root] == 1 and root not in asked for root in roots[sentence.id])
        if alone and len(_WORD.findall(sentence.text)) >= ODD_WORDS:
            yield sentence.id


def _roots(text: str) -> frozenset[str]:
    """The first letters of the words that carry meaning; enough to see that two sentences share a subject."""
    words = (word.lower() for word in _WORD.findall(text))
    return frozenset(word[:5] for word in words if len(word) > 3 and word not in _EVERYWHERE)


def _ordered(ids: Collection[str], sentences: Sequence[Sentence]) -> tuple[str, ...]:
    return tuple(sentence.id for sentence in sentences if sentence.id in ids)


def _in_net(text: str, sentences: Sequence[Sentence], rubric: RubricSnapshot) -> Iterator[str]:
    language = _Language.of(text)
    tops = [_content(c.levels[-1].descriptor) for c in rubric.criteria if c.levels]
    for sentence in sentences:
        plain = _plain(sentence)
        if _speaks_of_assessing(plain) or _foreign(plain, language) or _echoes(plain, tops):
            yield sentence.id


def _plain(sentence: Sentence) -> str:
    return unicodedata.normalize("NFKC", clean_characters(sentence.text))


def _speaks_of_assessing(plain: str) -> bool:
    assessing, machine = bool(_ASSESSING.search(plain)), bool(_MACHINE.search(plain))
    most, addressing, order = (bool(p.search(plain)) for p in (_MOST, _ADDRESSING, _ORDER))
    return (
        (assessing and (most or addressing or order or machine))
        or (machine and (addressing or order or most))
        or (addressing and most and order)
        or bool(_FORGED.search(plain))
        or bool(_OVERRIDING.search(plain))
    )


def _foreign(plain: str, draft: _Language) -> bool:
    """Whether a sentence is in another script than the draft, or in another language of the same script.

    Its own commonest words must all be missing, and another language's, or letters the draft has none of, be there.
    """
    words = _WORD.findall(plain.lower())
    if draft.latin != _mostly_latin(plain):
        return sum(map(len, words)) >= FOREIGN_LETTERS
    if not draft.code or not draft.latin or any(word in COMMON_WORDS[draft.code] for word in words):
        return False
    others = max(sum(word in common for word in words) for code, common in COMMON_WORDS.items() if code != draft.code)
    return others >= FOREIGN_WORDS or (draft.ascii and not all(word.isascii() for word in words))


@dataclass(frozen=True)
class _Language:
    """``code``: "" where none is likely; ``ascii``: (almost) without letters beyond a to z."""

    code: str
    latin: bool
    ascii: bool

    @classmethod
    def of(cls, text: str) -> _Language:
        letters = "".join(_WORD.findall(text))
        code = guess(text)
        beyond = sum(not letter.isascii() for letter in letters)
        return cls(code if code in COMMON_WORDS else "", _mostly_latin(text), beyond * 100 <= len(letters))


def _mostly_latin(text: str) -> bool:
    letters = sum(map(len, _WORD.findall(text)))
    return not letters or len(_LATIN.findall(text)) * 2 >= letters


def _echoes(plain: str, tops: Sequence[frozenset[str]]) -> bool:
    """Whether most words of some top level's descriptor are repeated: a draft that states its own level."""
    said = _content(plain)
    return any(len(top) >= RUBRIC_ECHO_WORDS and len(top & said) >= RUBRIC_ECHO_SHARE * len(top) for top in tops)


def _content(text: str) -> frozenset[str]:
    return frozenset(word.lower() for word in _WORD.findall(text) if len(word) > 3)


def _with_neighbours(ids: Collection[str], sentences: Sequence[Sentence]) -> set[str]:
    """``ids`` with what stands between two of them in a paragraph; all of a paragraph when most of it is meant."""
    found = set(ids)
    paragraphs: dict[int, list[Sentence]] = {}
    for sentence in sentences:
        paragraphs.setdefault(sentence.paragraph, []).append(sentence)
    for members in paragraphs.values():
        places = [place for place, sentence in enumerate(members) if sentence.id in found]
        if not places:
            continue
        first, last = places[0], places[-1]
        if 3 * len(places) >= 2 * len(members):
            found |= {sentence.id for sentence in members}
        elif 2 * len(places) > last - first:
            found |= {sentence.id for sentence in members[first : last + 1]}
    return found
