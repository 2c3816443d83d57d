"""What the status words of orders mean, in the languages of shop exports.

"cancelled" and "unpaid" orders are void: no purchase, no sales. "returned" orders stay (their returns are negative lines, if the shop
books them). A word we do not know means "open", which counts as a sale, and is reported.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import lru_cache
from typing import Literal, get_args

from crm_core.errors import Problem
from crm_core.mapping.meaning.names import plain

StatusMeaning = Literal["completed", "open", "cancelled", "unpaid", "returned"]
MEANINGS: tuple[StatusMeaning, ...] = get_args(StatusMeaning)
VOID: frozenset[StatusMeaning] = frozenset({"cancelled", "unpaid"})

#: Phrases, separated by "; ": the whole status or, failing that, words in it. More specific meanings are tried first.
PHRASES: dict[StatusMeaning, str] = {
    "unpaid": "unpaid; not paid; pending payment; payment pending; awaiting payment; awaiting cheque; waiting for payment; payment "
    "review; on hold payment; abandoned; checkout draft; draft; "
    "expired; payment failed; failed payment; payment error; unbezahlt; nicht bezahlt; zahlung ausstehend; warten auf zahlung; impayee; "
    "impaye; non payee; non paye; en attente de paiement; "
    "en attente du paiement; pendiente de pago; no pagado; impago; nao pago; aguardando pagamento; pagamento pendente; не оплачен; не "
    "оплачено; неоплачен; не оплачена; неоплаченный; "
    "ожидает оплаты; ожидание оплаты; ждет оплаты; پرداخت نشده; در انتظار پرداخت; منتظر پرداخت; بدون پرداخت; عدم پرداخت; پرداخت ناموفق",
    "cancelled": "cancelled; canceled; cancel; cancellation; void; voided; declined; denied; rejected; failed; fraud; unavailable; "
    "reversed; aborted; deleted; trash; storniert; storno; abgebrochen; "
    "abgelehnt; annulliert; gekundigt; annule; annulee; refuse; refusee; cancelado; cancelada; anulado; anulada; rechazado; rechazada; "
    "fallido; recusado; indisponivel; отменен; отменено; "
    "отменена; отменён; отказ; отклонен; аннулирован; аннулировано; недоступен; لغو; لغو شده; لغو شد; کنسل; کنسل شده; رد شده; ناموفق; "
    "ابطال; باطل",
    "returned": "returned; return; refunded; refund; partially refunded; partially returned; chargeback; charged back; zuruckgegeben; "
    "retoure; retourniert; erstattet; rembourse; remboursee; retourne; "
    "devuelto; devuelta; reembolsado; reembolsada; devolvido; devolvida; возврат; возвращен; возвращено; возвращена; مرجوع; مرجوعی; "
    "مرجوع شده; برگشتی; بازگشت وجه; عودت",
    "completed": "completed; complete; delivered; fulfilled; closed; paid; payment accepted; captured; settled; succeeded; success; "
    "done; finished; received; abgeschlossen; geliefert; zugestellt; bezahlt; "
    "erledigt; termine; terminee; livre; livree; paye; payee; completado; completada; entregado; entregada; pagado; pagada; finalizado; "
    "concluido; concluida; entregue; pago; finalizada; "
    "выполнен; выполнено; выполнена; доставлен; доставлено; доставлена; завершен; завершено; завершена; оплачен; оплачено; оплачена; "
    "получен; вручен; закрыт; تکمیل; تکمیل شده; تحویل شده; "
    "تحویل داده شده; پرداخت شده; موفق; انجام شده; ارسال و تحویل",
    "open": "open; new; pending; processing; in process; in progress; confirmed; approved; accepted; authorized; invoiced; shipped; "
    "dispatched; in transit; sent; packed; created; placed; on hold; "
    "backordered; partially fulfilled; unfulfilled; partially shipped; unshipped; shipping; preparation in progress; neu; offen; in "
    "bearbeitung; versendet; versandt; bestatigt; "
    "en cours; en cours de preparation; expedie; expediee; nouveau; en proceso; procesando; enviado; pendiente; nuevo; confirmado; em "
    "processamento; processando; faturado; aprovado; criado; "
    "новый; новая; принят; в обработке; обрабатывается; в работе; подтвержден; согласован; отправлен; отгружен; передан в доставку; "
    "комплектуется; собран; в пути; جدید; در حال پردازش; "
    "در حال انجام; ثبت شده; تایید شده; ارسال شده; در حال ارسال; آماده ارسال; پردازش",
}


def meaning(word: str, overrides: Mapping[str, str] | None = None) -> StatusMeaning:
    """What a status word means; unknown words mean "open". `overrides` is word (lower case) -> meaning and wins."""
    return known_meaning(word, overrides) or "open"


def known_meaning(word: str, overrides: Mapping[str, str] | None = None) -> StatusMeaning | None:
    """The meaning, or None where neither the overrides nor our phrases know the word."""
    spoken = _spoken(word)
    for given, meant in (overrides or {}).items():
        if _spoken(given) == spoken and meant in MEANINGS:
            return next(one for one in MEANINGS if one == meant)
    exact = next((meant for meant, phrases in _phrases().items() if spoken in phrases), None)
    return exact or next((meant for meant, phrases in _phrases().items() if _holds_phrase(spoken, phrases)), None)


def read_words(words: Iterable[str], overrides: Mapping[str, str] | None = None) -> tuple[dict[str, str], tuple[Problem, ...]]:
    """Every word as in the data -> its meaning, and a warning for each word we do not know."""
    read = {word: str(meaning(word, overrides)) for word in words if word.strip()}
    unknown = [word for word in read if known_meaning(word, overrides) is None]
    return read, tuple(_unknown(word) for word in unknown)


def is_void(word: str, overrides: Mapping[str, str] | None = None) -> bool:
    """True where an order of this status is no purchase and adds no sales."""
    return meaning(word, overrides) in VOID


def _unknown(word: str) -> Problem:
    return Problem(
        "status_unknown",
        "warning",
        f"The order status “{word}” is not known and was read as “open”, so these orders count as sales",
        "Say what it means if these orders were cancelled or not paid.",
        example=word,
    )


def _spoken(word: str) -> str:
    return " ".join(plain(word).replace("_", " ").replace("-", " ").replace(":", " ").split())


@lru_cache(maxsize=1)
def _phrases() -> dict[StatusMeaning, frozenset[str]]:
    return {meant: frozenset(_spoken(phrase) for phrase in line.split("; ")) for meant, line in PHRASES.items()}


def _holds_phrase(spoken: str, phrases: frozenset[str]) -> bool:
    padded = f" {spoken} "
    return any(f" {phrase} " in padded for phrase in phrases)
