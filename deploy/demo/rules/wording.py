"""Sentences and words: length, repetition, vague words, terms nobody explains."""

from __future__ import annotations

import re
from collections import Counter

from deploy.demo.rules.claim import ABSOLUTE
from deploy.demo.rules.draft import STOP, Draft, Sentence, stem
from deploy.demo.rules.observation import Findings, Observation, Signal, clip, in_words, listed, roughly, words_of

LONG = 36  # words
JOINT = re.compile(r",? (?:and|but|so|because|which|although|since|while|where|if)\b|; |: ")
UNITS = frozenset(["degrees", "percent", "minutes", "hours", "euros", "years", "table"])
LOOSE_END = re.compile(r"(?:,? (?:and|but|so|or))+$|[,;:]$")
VAGUE = re.compile(r"\b(very|really|a lot|things?|important|good|bad|nice|big|interesting)\b", re.I)
UNFIT = re.compile(rf"\d|{VAGUE.pattern}|{ABSOLUTE.pattern}", re.I)  # no example of clarity
TERM = re.compile(r"\b([a-z]{4,}(?:al|ous|ic|ive|ary)) ([a-z]{4,})\b")
EVERYDAY = frozenset(
    re.findall(
        r"\S+",
        """
    public local social political financial natural national personal general final special normal
    several previous various serious famous dangerous active positive negative private economic electric
    academic musical original real equal total central usual global international digital medical
    critical expensive primary necessary ordinary contrary secondary temporary
""",
    )
)
DEFINES = re.compile(r"\b(means|is defined|refers to|that is,|in other words|called|i\.e\.|by which)\b", re.I)


def look(draft: Draft, assignment: str) -> Findings:
    """Observations and signals about wording; words of the assignment and of the title count as the topic."""
    sentences = draft.body_sentences
    if not sentences:
        return [], []
    long = sorted((s for s in sentences if len(s.words) > LONG), key=lambda s: -len(s.words))
    vague = [(s, [m.lower() for m in VAGUE.findall(s.text)]) for s in sentences]
    vague = [(s, found) for s, found in vague if len(found) >= 2]
    topic = frozenset(stem(w) for w in re.findall(r"[A-Za-z]+", f"{assignment} {draft.title}"))
    repeated = _most_repeated(draft, topic)
    terms = _undefined_terms(draft, topic)
    mean = sum(len(s.words) for s in sentences) / len(sentences)
    seen = _long(long) + _vague(vague) + _repetition(repeated) + _terms(terms)
    if not long and 10 <= mean <= 24 and len(sentences) >= 8:
        seen.append(_clear(draft))
    signals = [
        Signal(
            "wording",
            max(0.0, 1 - len(long) / 3),
            (0.8, 1.0, 1.2),
            "no sentence is overlong" if not long else f"very long sentences: {in_words(len(long))}",
            tuple(long[:1]),
        ),
        Signal(
            "wording",
            max(0.0, 1 - len(vague) / 2),
            (0.3, 0.6, 0.8),
            "words are specific" if not vague else "vague words stand together",
            tuple(s for s, _ in vague[:1]),
        ),
        Signal(
            "wording",
            1.0 if not terms else 0.3,
            (0.2, 0.5, 0.8),
            "terms are explained" if not terms else "a term is not explained",
            tuple(s for _, s in terms[:1]),
        ),
        Signal(
            "wording",
            1.0 if not repeated else 0.4,
            (0.3, 0.5, 0.6),
            "few repetitions" if not repeated else "a word is repeated close together",
        ),
        Signal(
            "wording",
            1.0 if mean < 26 else 0.4,
            (0.7, 0.7, 0.7),
            "sentences are short enough to follow" if mean < 26 else "sentences are long on average",
        ),
    ]
    return seen, signals


def _long(long: list[Sentence]) -> list[Observation]:
    seen = []
    for at, sentence in enumerate(long[:2]):
        joints = list(JOINT.finditer(sentence.text))
        middle = min(joints, key=lambda m: abs(m.start() - len(sentence.text) / 2), default=None)
        before = LOOSE_END.sub("", " ".join(sentence.text[: middle.start()].split()[-5:])) if middle else ""
        where = f"A natural place to stop is after “{before}”." if before else "It has no natural place to stop."
        count = roughly(len(sentence.words))
        ands = len(re.findall(r"\band\b", sentence.text))
        joined = (
            f"“and” alone joins its parts {in_words(ands)} times" if ands >= 3 else "several clauses hang on each other"
        )
        end = " ".join(sentence.text.rstrip(".!?").split()[-4:])
        seen.append(
            Observation(
                "long_sentence",
                "wording",
                "issue",
                "concision",
                (
                    f"A good chain of thought, but at about {count} words it is hard to hold in mind. {where}",
                    f"This sentence runs to about {count} words; at “{end}” a reader has lost its beginning. {where}",
                    f"About {count} words in one sentence: {joined}, and the main statement disappears among them. {where}",
                ),
                "Readers can follow many steps, but only one at a time.",
                f"Divide the long sentence after “{before}”; give each part one step."
                if before
                else "Divide it into sentences of one step each.",
                sentence,
                clip(sentence.text),
                2 if len(sentence.words) > 45 else 1,
                0 if at == 0 else 2,
            )
        )
    return seen


def _vague(vague: list[tuple[Sentence, list[str]]]) -> list[Observation]:
    if not vague:
        return []
    sentence, found = max(vague, key=lambda hit: len(hit[1]))
    words = sorted(dict.fromkeys(found), key=lambda word: word in ("very", "really", "a lot"))
    return [
        Observation(
            "vague_words",
            "wording",
            "issue",
            "word_choice",
            (
                f"{listed(words).capitalize()} could be said of many subjects. A reader would like to know what exactly is meant here, and for whom.",
                f"The sentence leans on {listed(words)}, which name a judgement but no content; it would be equally true of almost anything.",
                f"Take away {listed(words)} and nothing remains that could be checked: the sentence asks for agreement without saying to what.",
            ),
            "A specific word says what a vague one only hints at.",
            f"Replace “{words[0]}” by what makes it so: who is affected, in which way, how often.",
            sentence,
            clip(sentence.text),
            1,
        )
    ]


def _most_repeated(draft: Draft, topic: frozenset[str]) -> tuple[str, int, Sentence] | None:
    best: tuple[str, int, Sentence] | None = None
    # What most paragraphs speak of is the subject, whatever the title calls it.
    subject = {
        word for p in draft.body for word in p.counts if sum(word in q.counts for q in draft.body) * 2 > len(draft.body)
    }
    for paragraph in draft.body:
        for word, count in paragraph.counts.items():
            density = count / max(1, paragraph.word_count)
            on_topic = stem(word) in topic or word in subject
            if word in UNITS:
                continue
            if count < (6 if on_topic else 4) or density < (0.08 if on_topic else 0.035):
                continue
            if best is None or count > best[1]:
                sentence = max(paragraph.sentences, key=lambda s: s.words.count(word))
                best = (word, count, sentence)
    return best


def _repetition(repeated: tuple[str, int, Sentence] | None) -> list[Observation]:
    if not repeated:
        return []
    word, count, sentence = repeated
    return [
        Observation(
            "repeated_word",
            "wording",
            "issue",
            "word_choice",
            (
                f"The word “{word}” comes {in_words(count)} times in this paragraph. Some of these places could say more precisely what is meant each time.",
                f"“{word.capitalize()}” appears {in_words(count)} times in one paragraph, although it does not mean quite the same each time; the differences are lost.",
                f"Within one paragraph “{word}” is used {in_words(count)} times. The repetition covers up that the thought does not move on.",
            ),
            "When a word returns too often, readers stop noticing what it says.",
            f"Underline each “{word}” and replace those that can be made more exact, or join two of the sentences.",
            sentence,
            clip(sentence.text),
            1,
            0 if count >= 6 else 1,
        )
    ]


def _undefined_terms(draft: Draft, topic: frozenset[str]) -> list[tuple[str, Sentence]]:
    found: Counter[str] = Counter()
    first: dict[str, Sentence] = {}
    for sentence in draft.body_sentences:
        for match in TERM.finditer(sentence.text.lower()):
            if match[1] in EVERYDAY or match[2] in STOP or {stem(match[1]), stem(match[2])} <= topic:
                continue
            found[match[0]] += 1
            first.setdefault(match[0], sentence)
    return [
        (term, first[term])
        for term, count in found.items()
        if count >= 2 and not any(s.has(DEFINES) and term in s.text.lower() for s in draft.body_sentences)
    ]


def _terms(terms: list[tuple[str, Sentence]]) -> list[Observation]:
    return [
        Observation(
            "undefined_term",
            "wording",
            "issue",
            "clarity",
            (
                f"“{term.capitalize()}” seems to be a key term here. A reader from another subject would be glad of half a sentence saying what it means.",
                f"The term “{term}” carries this part of the draft, but it is never said what it means, so readers will fill it with different things.",
                f"“{term.capitalize()}” is used as if everybody knew it. Without a definition a reader cannot tell whether the sentence is true.",
            ),
            "An argument about a term only works if both sides mean the same by it.",
            f"Explain “{term}” in plain words where it first comes, if possible with an example.",
            sentence,
            clip(sentence.text),
            2,
        )
        for term, sentence in terms[:1]
    ]


def _clear(draft: Draft) -> Observation:
    pool = [s for p in draft.body[1:] for s in p.sentences if 9 <= len(s.words) <= 22 and not s.has(UNFIT)] or list(
        draft.body_sentences
    )
    sentence = min(pool, key=lambda s: (";" not in s.text, abs(len(s.words) - 14)))
    return Observation(
        "clear_sentences",
        "wording",
        "strength",
        "clarity",
        (
            f"The sentences are a pleasure to follow: short where a thought needs weight, as in “{words_of(sentence.text, 7)}”, and longer where it unfolds.",
            f"The sentences keep to one step each. “{words_of(sentence.text, 7)}” shows how much can be said without a subordinate clause.",
            f"Length is under control: no sentence has to be read twice, and “{words_of(sentence.text, 7)}” is as short as its thought allows.",
        ),
        "Clear sentences leave the reader's attention free for the argument.",
        "Read the longest paragraph aloud and see whether its sentences keep the same pace.",
        sentence,
        clip(sentence.text),
        1,
    )
