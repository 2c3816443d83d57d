"""Whether a customer may be contacted, as shops and mailing programs write it: a plain yes or no, "Subscribed", "Opted out", the day of leaving.

A yes means what the column asks: "newsletter: yes" is consent, "unsubscribed: yes" is none. Words for being in or out say it themselves. In a
column of opting out a day means that it happened; an empty cell says nothing, since who never opted out need not have agreed.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.values import text as words

#: Who is in or out, whatever the column asks.
IN = (
    "subscribed; opted in; opted-in; opt in; opt-in; optin; opt_in; subscriber; double opt-in; confirmed opt-in; single opt-in; "
    "confirmed_opt_in; single_opt_in; angemeldet; abonniert; inscrit; inscrite; abonné; abonnée; suscrito; suscrita; inscrito; "
    "подписан; подписана; مشترک"
).split("; ")
OUT = (
    "unsubscribed; opted out; opted-out; opt out; opt-out; optout; opt_out; never subscribed; never_subscribed; not subscribed; "
    "not_subscribed; nonsubscribed; non-subscribed; not opted in; do not contact; do not email; suppressed; abgemeldet; "
    "désabonné; désabonnée; désinscrit; désinscrite; desuscrito; desuscrita; baja; no suscrito; no suscrita; "
    "отписан; отписана; отписался; отписалась; не подписан; не подписана; لغو عضویت; لغو اشتراک; انصراف"
).split("; ")
#: Answers to a question for consent.
AGREED = (
    "accepted; accepts; agreed; granted; given; allowed; consented; confirmed; erteilt; zugestimmt; eingewilligt; erlaubt; "
    "accepté; acceptée; aceptado; aceptada; согласен; согласна; дано; есть; موافق; دارد; داده شده"
).split("; ")
REFUSED = (
    "refused; declined; denied; withdrawn; revoked; cleaned; not given; widerrufen; abgelehnt; verweigert; nicht erteilt; "
    "refusé; refusée; rechazado; rechazada; отозвано; отказ; не согласен; не согласна; нет согласия; مخالف; ندارد; داده نشده"
).split("; ")
_OPT_IN = ("optin", "opt in", "opted in")
#: How a text begins that says when.
A_DAY = r"^([0-9]{4}[-/.][0-9]{1,2}[-/.][0-9]{1,2}|[0-9]{1,2}[-/.][0-9]{1,2}[-/.][0-9]{2,4})"


def asks_for_opt_out(name: str) -> bool:
    """True of a column where yes means no consent: "Unsubscribed", "email_opt_out", "Do not call"."""
    said = meaning(name)
    return "unsubscribed" in said.concepts and not any(phrase in " ".join(said.words) for phrase in _OPT_IN)


def tells(texts: Sequence[str]) -> bool:
    """True where all of these are words for consent or for none, and not merely yes and no."""
    spoken, known = {text.strip().lower() for text in texts}, {*IN, *OUT, *AGREED, *REFUSED}
    return bool(spoken & known) and spoken <= known | {*words.YES, *words.NO}


def says_in_or_out(texts: Sequence[str]) -> bool:
    """True where all of these say who is subscribed and who is not: then a column may be called "Status" and is about consent."""
    spoken = {text.strip().lower() for text in texts}
    return bool(spoken) and spoken <= {*IN, *OUT, "cleaned", "pending"} and bool(spoken & {*IN, *OUT})


def read(column: ir.Value, name: str) -> ir.BooleanValue:
    """May the customer be contacted? NULL where the cell does not say."""
    word = words.read_text(column).lower() if isinstance(column, ir.StringValue) else None
    return decided(column, words.read_flag(column), word, name)


def decided(column: ir.Value, flag: ir.BooleanValue, word: ir.StringValue | None, name: str) -> ir.BooleanValue:
    """The same where yes and no (`flag`) and, of a text, its tidy small letters (`word`) are read already."""
    is_out = asks_for_opt_out(name)
    if isinstance(column, ir.TimestampValue | ir.DateValue):
        return ibis.cases((column.notnull(), not is_out), else_=ibis.null("boolean"))
    told = ~flag if is_out else flag
    if word is None:
        return told
    answers = [] if is_out else [(word.isin(AGREED), True), (word.isin(REFUSED), False)]
    return ibis.cases((word.isin(IN), True), (word.isin(OUT), False), *answers, (word.re_search(A_DAY), not is_out), else_=told)
