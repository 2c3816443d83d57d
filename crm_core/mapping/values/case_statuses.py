"""What the status words of complaints and requests mean, in the languages of service desks.

"resolved", "closed" and "cancelled" cases are closed: nobody works on them any more. "pending" ones wait for somebody, and are open.
A word we do not know means "open", and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, get_args

from crm_core.errors import Problem
from crm_core.mapping.meaning.names import plain

CaseMeaning = Literal["open", "pending", "resolved", "closed", "cancelled"]
MEANINGS: tuple[CaseMeaning, ...] = get_args(CaseMeaning)
#: Work on such a case has ended.
ENDED: frozenset[CaseMeaning] = frozenset({"resolved", "closed", "cancelled"})

#: Phrases, separated by "; ": the whole status or, failing that, words in it. More specific meanings are tried first: what waits,
#: is reopened or not resolved is open, whatever else its words say.
PHRASES: dict[CaseMeaning, str] = {
    "pending": "pending; waiting; awaiting; on hold; hold; paused; suspended; deferred; snoozed; scheduled; wait; wartend; ausstehend; "
    "angehalten; zuruckgestellt; warten; en attente; suspendu; en pause; pendiente; en espera; pausado; pendente; aguardando; "
    "em espera; suspenso; ожидание; ожидает; ожидании; отложен; отложено; отложена; приостановлен; приостановлено; приостановлена; "
    "на удержании; در انتظار; منتظر; معلق; تعلیق; متوقف",
    "open": "open; opened; new; active; assigned; unassigned; in progress; work in progress; progress; processing; processed; reopened; "
    "re opened; reopen; registered; submitted; received; escalated; under review; investigating; acknowledged; started; to do; "
    "unresolved; not resolved; not closed; unsolved; not solved; triage; neu; offen; ungelost; nicht gelost; in bearbeitung; aktiv; "
    "zugewiesen; wiedereroffnet; eroffnet; eskaliert; "
    "ouvert; ouverte; nouveau; nouvelle; en cours; non resolu; non resolue; rouvert; affecte; attribue; "
    "abierto; abierta; nuevo; nueva; en curso; en proceso; en progreso; no resuelto; no resuelta; reabierto; reabierta; asignado; "
    "aberto; aberta; novo; nova; em andamento; em analise; em atendimento; nao resolvido; nao resolvida; reaberto; reaberta; atribuido; "
    "новый; новая; новое; открыт; открыто; открыта; в работе; в обработке; в процессе; назначен; назначена; назначено; не решен; "
    "не решена; не решено; не закрыт; не закрыта; не закрыто; переоткрыт; переоткрыта; переоткрыто; "
    "زیر بررسی; باز; جدید; در حال بررسی; در حال انجام; در دست اقدام; در دست بررسی; حل نشده; بسته نشده; بازگشایی شده; ارجاع شده; در جریان",
    "cancelled": "cancelled; canceled; cancel; withdrawn; rejected; declined; void; invalid; spam; duplicate; abandoned; deleted; "
    "storniert; abgebrochen; abgelehnt; zuruckgezogen; annulliert; annule; annulee; rejete; rejetee; refuse; retire; "
    "cancelado; cancelada; anulado; anulada; rechazado; rechazada; rejeitado; rejeitada; "
    "отменен; отменено; отменена; отклонен; отклонено; отклонена; отозван; отозвано; отозвана; аннулирован; аннулировано; "
    "لغو; لغو شده; لغو شد; رد شده; کنسل; کنسل شده; باطل; باطل شده; منصرف",
    "resolved": "resolved; solved; fixed; resolve; answered; completed; complete; done; settled; granted; relief; gelost; erledigt; "
    "behoben; beantwortet; fertig; resolu; resolue; traite; traitee; termine; terminee; repondu; "
    "resuelto; resuelta; solucionado; solucionada; completado; completada; atendido; atendida; "
    "resolvido; resolvida; concluido; concluida; finalizado; finalizada; respondido; respondida; "
    "решен; решено; решена; исполнен; исполнено; исполнена; выполнен; выполнено; выполнена; обработан; обработано; "
    "حل; حل شده; حل شد; انجام شده; پاسخ داده شده; رسیدگی شده; تکمیل; تکمیل شده; برطرف شده",
    "closed": "closed; close; archived; ended; finished; inactive; geschlossen; abgeschlossen; archiviert; geschl; "
    "ferme; fermee; clos; close; cloture; cloturee; archive; cerrado; cerrada; archivado; archivada; finalizado; "
    "fechado; fechada; encerrado; encerrada; arquivado; "
    "закрыт; закрыто; закрыта; завершен; завершено; завершена; архив; بسته; بسته شده; بسته شد; مختومه; خاتمه یافته; بایگانی شده",
}


def meaning(word: str) -> CaseMeaning:
    """What a status word means; unknown words mean "open"."""
    return known_meaning(word) or "open"


def known_meaning(word: str) -> CaseMeaning | None:
    """The meaning, or None where our phrases do not know the word."""
    spoken = _spoken(word)
    exact = next((meant for meant, phrases in _phrases().items() if spoken in phrases), None)
    return exact or next((meant for meant, phrases in _phrases().items() if _holds_phrase(spoken, phrases)), None)


def is_closed(word: str) -> bool:
    """True where nobody works on a case of this status any more: resolved, closed or cancelled."""
    return meaning(word) in ENDED


def closed_words(words: Iterable[str]) -> frozenset[str]:
    """Of the words of a column, as they stand there, those that mean an ended case."""
    return frozenset(word for word in words if is_closed(word))


def unknown_words(words: Iterable[str], source: str = "", column: str = "") -> list[Problem]:
    """A warning for each word we do not know."""
    return [_unknown(word, source, column) for word in words if word.strip() and known_meaning(word) is None]


def _unknown(word: str, source: str, column: str) -> Problem:
    message = f"The case status “{word}” is not known and was read as “open”, so these cases count as still worked on"
    return Problem(
        "case_status_unknown", "warning", message, "Write it in a common word, if these cases are closed.", source, column, example=word
    )


def _spoken(word: str) -> str:
    return " ".join(plain(word).replace("_", " ").replace("-", " ").replace(":", " ").split())


@lru_cache(maxsize=1)
def _phrases() -> dict[CaseMeaning, frozenset[str]]:
    return {meant: frozenset(_spoken(phrase) for phrase in line.split("; ")) for meant, line in PHRASES.items()}


def _holds_phrase(spoken: str, phrases: frozenset[str]) -> bool:
    padded = f" {spoken} "
    return any(f" {phrase} " in padded for phrase in phrases)
