"""What became of a contact: the words of mailing programs, call lists and post, in several languages, as one of five outcomes.

"delivered" went out and nothing else is told; "opened" was looked at; "clicked" was followed; "bounced" never arrives at this address;
"opted_out" wants no more (a complaint of spam says so too). Other words stay as they are given: those we know to be none of the five
("soft bounce", "no answer") without, those we do not know with a warning.
"""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import Literal, get_args

from crm_core.errors import Problem
from crm_core.mapping.meaning.names import plain
from crm_core.mapping.values.text import NULL_WORDS

Outcome = Literal["delivered", "opened", "clicked", "bounced", "opted_out"]
#: Of several things told of one contact the later here counts; words that are none of these come before all.
OUTCOMES: tuple[Outcome, ...] = get_args(Outcome)

#: Fields of a file that mark one outcome each.
MARKS: dict[str, Outcome] = {f"{outcome}_mark": outcome for outcome in OUTCOMES}

#: Known words that are none of the five, separated by "; ".
OTHER = (
    "soft bounce; soft bounced; softbounce; soft; soft bounces; deferred; delayed; scheduled; queued; planned; draft; pending; processed; "
    "no answer; not answered; unanswered; not reached; voicemail; left message; busy; callback; call back; skipped; responded; replied; "
    "not opened; unopened; not clicked; not delivered yet; not bounced; "
    "nicht erreicht; keine antwort; besetzt; mailbox; ruckruf; geplant; nicht geoffnet; weich; pas de reponse; injoignable; occupe; "
    "planifie; non ouvert; sin respuesta; no contesta; ocupado; programado; no abierto; "
    "нет ответа; не ответил; не ответила; не дозвонились; занято; перезвонить; запланировано; не открыто; не открыт; не прочитано; "
    "بدون پاسخ; پاسخ نداد; اشغال; تماس مجدد; باز نشده; خوانده نشده"
)

#: Phrases, separated by "; ": the whole outcome or, failing that, words in it. More decisive ones are tried first.
PHRASES: dict[Outcome, str] = {
    "opted_out": "opted out; opt out; optout; optedout; unsubscribed; unsubscribe; unsub; unsubscribes; unsubscribed email; complaint; "
    "complained; spam; spam complaint; spam report; spamreport; marked as spam; marked email as spam; abuse; do not contact; do not call; "
    "do not email; do not mail; dnc; removed on request; group unsubscribe; "
    "abgemeldet; abmeldung; abbestellt; ausgetragen; widerspruch; widersprochen; keine werbung; nicht mehr kontaktieren; "
    "desinscrit; desinscrite; desinscription; desabonne; desabonnee; desabonnement; ne plus contacter; plainte; "
    "baja; dado de baja; dada de baja; desuscrito; desuscrita; cancelo suscripcion; no contactar; queja; descadastrado; descadastrada; "
    "отписался; отписалась; отписались; отписан; отписана; отписка; отказ; отказался; отказалась; отказ от рассылки; жалоба; "
    "жалоба на спам; спам; "
    "не звонить; больше не звонить; не беспокоить; لغو اشتراک; لغو عضویت; انصراف; اعلام انصراف; عدم تمایل; گزارش هرزنامه; هرزنامه; تماس نگیرید",
    "bounced": "bounced; bounce; bounces; hard bounce; hard bounced; hardbounce; hard; bounced email; bounced message; dropped; dropped email; "
    "undeliverable; undelivered; not delivered; invalid; invalid email; invalid address; invalid number; wrong number; wrong address; "
    "number not in service; disconnected; unknown recipient; unknown user; returned to sender; return to sender; returned; rejected; "
    "blocked; failed; failure; cleaned; dead; "
    "unzustellbar; nicht zustellbar; nicht zugestellt; zuruckgekommen; falsche nummer; falsche adresse; unbekannt verzogen; "
    "empfanger unbekannt; abgewiesen; ungultig; fehlgeschlagen; "
    "non delivre; non distribue; non livre; rebond; rejete; adresse invalide; numero invalide; npai; echec; retour a l expediteur; "
    "rebotado; rebote; no entregado; no entregada; devuelto; devuelta; direccion invalida; numero equivocado; numero incorrecto; fallido; "
    "devolvido; nao entregue; "
    "не доставлено; не доставлен; недоставлено; недоставлен; не доставлена; возврат; возвращено; неверный адрес; неверный номер; "
    "номер не существует; ошибка доставки; ошибка; отклонено; "
    "تحویل نشده; تحویل نشد; برگشت خورده; برگشت خورد; برگشتی; نامعتبر; شماره اشتباه; آدرس اشتباه; ناموفق; نرسید; نرسیده",
    "clicked": "clicked; click; clicks; clicked email; clicked sms; link clicked; clicked link; geklickt; klick; angeklickt; clique; cliquee; clic; "
    "clicado; hizo clic; pulsado; clico; кликнул; кликнула; клик; переход; переход по ссылке; перешел; перешла; нажал; کلیک; کلیک شده; کلیک کرد",
    "opened": "opened; open; opens; opened email; read; seen; viewed; geoffnet; gelesen; angesehen; ouvert; ouverte; lu; lue; vu; "
    "abierto; abierta; leido; leida; visto; aberto; aberta; lido; "
    "открыто; открыт; открыта; открыл; открыла; прочитано; прочитан; прочитал; просмотрено; "
    "باز شده; باز شد; باز کرد; خوانده شده; خوانده شد; مشاهده شده; دیده شد",
    "delivered": "delivered; delivery; sent; send; success; successful; succeeded; received; received email; received sms; delivered to inbox; "
    "ok; reached; answered; talked; spoken; connected; completed; done; posted; mailed; called; "
    "zugestellt; gesendet; versendet; versandt; verschickt; geliefert; erhalten; erreicht; erfolgreich; gesprochen; angerufen; "
    "delivre; delivree; distribue; distribuee; envoye; envoyee; recu; recue; joint; livre; "
    "entregado; entregada; enviado; enviada; recibido; recibida; contactado; contactada; entregue; "
    "доставлено; доставлен; доставлена; отправлено; отправлен; отправлена; получено; получен; дозвонились; дозвонился; ответил; ответила; успешно; "
    "разговор состоялся; تحویل شده; تحویل شد; تحویل داده شده; ارسال شده; ارسال شد; دریافت شده; رسیده; رسید; موفق; پاسخ داد; تماس موفق",
}


def known_outcome(word: str) -> Outcome | None:
    """The outcome that a word means, or None where it is another word, or one that we do not know."""
    spoken = _spoken(word)
    if spoken in _other():
        return None
    exact = next((outcome for outcome, phrases in _phrases().items() if spoken in phrases), None)
    if exact is not None or _holds_phrase(spoken, _other()):
        return exact
    return next((outcome for outcome, phrases in _phrases().items() if _holds_phrase(spoken, phrases)), None)


def is_known(word: str) -> bool:
    """Do we know what the word means, be it one of the five or another?"""
    spoken = _spoken(word)
    return known_outcome(word) is not None or spoken in _other() or _holds_phrase(spoken, _other())


def translated(words: Iterable[str]) -> dict[str, str]:
    """The words of a column, as they stand there, that are stored as one of the five."""
    found = {word: known_outcome(word) for word in words}
    return {word: outcome for word, outcome in found.items() if outcome is not None}


def unknown_words(words: Iterable[str], column: str = "") -> list[Problem]:
    """A warning for each word we do not know: it may have meant that somebody wants no more."""
    return [_unknown(word, column) for word in words if word.strip().lower() not in NULL_WORDS and not is_known(word)]


def _unknown(word: str, column: str) -> Problem:
    message = f"The outcome “{word}” of contacts is not known and stays as it is: it counts as neither opted out nor bounced"
    hint = "Write it in a common word, if these customers want no more contacts or were not reached at their address."
    return Problem("contact_outcome_unknown", "warning", message, hint, column=column, example=word)


def _spoken(word: str) -> str:
    tidy = plain(word)
    for sign in "_-:/().'’\u200c":
        tidy = tidy.replace(sign, " ")
    return " ".join(tidy.split())


@lru_cache(maxsize=1)
def _phrases() -> dict[Outcome, frozenset[str]]:
    return {outcome: frozenset(_spoken(phrase) for phrase in line.split("; ")) for outcome, line in PHRASES.items()}


@lru_cache(maxsize=1)
def _other() -> frozenset[str]:
    return frozenset(_spoken(phrase) for phrase in OTHER.split("; "))


def _holds_phrase(spoken: str, phrases: frozenset[str]) -> bool:
    padded = f" {spoken} "
    return any(f" {phrase} " in padded for phrase in phrases)
