"""Whether a case was answered or solved within the agreed time, as service desks write it: "Yes", "Met", "SLA violated".

A plain yes means what the column asks: "SLA met: yes" is within, "SLA breached: yes" is not. Words for kept and missed say it themselves.
"""

from __future__ import annotations

from collections.abc import Sequence

import ibis
import ibis.expr.types as ir

from crm_core.mapping.meaning.names import meaning
from crm_core.mapping.values import text as words

MET = (
    "met; within sla; in sla; sla met; in time; on time; within time; kept; achieved; fulfilled; compliant; eingehalten; sla eingehalten; "
    "fristgerecht; rechtzeitig; в срок; вовремя; соблюден; соблюдено; выполнен; cumprido; cumprida; dentro do prazo; dentro do sla; "
    "a tiempo; cumplido; à temps; respecté; به موقع; رعایت شده; در زمان"
).split("; ")
MISSED = (
    "missed; not met; sla missed; breached; breach; violated; sla violated; sla breached; late; overdue; failed; too late; verletzt; "
    "sla verletzt; überschritten; nicht eingehalten; verspätet; просрочено; просрочен; нарушен; нарушено; не в срок; не соблюден; vencido; "
    "estourado; violado; fora do prazo; fora do sla; incumplido; tarde; dépassé; نقض شده; دیر; با تاخیر; رعایت نشده"
).split("; ")
#: Words that turn a name of missing into one of keeping ("not breached", "met or missed").
_TURNS = frozenset("not no non nicht nein не нет não nao met kept eingehalten".split())


def asks_for_missed(name: str) -> bool:
    """True of a column where yes means too late: "SLA breached", "overdue"."""
    said = meaning(name)
    return "missed" in said.concepts and not _TURNS & {*said.words}


def tells(texts: Sequence[str]) -> bool:
    """True where all of these are words for kept, missed, yes or no."""
    spoken = {text.strip().lower() for text in texts}
    return bool(spoken) and spoken <= {*MET, *MISSED, *words.YES, *words.NO}


def read(column: ir.Value, name: str) -> ir.BooleanValue:
    """Was it within the agreed time? NULL where the cell does not say."""
    flag = words.read_flag(column)
    within = ~flag if asks_for_missed(name) else flag
    if not isinstance(column, ir.StringValue):
        return within
    word = words.read_text(column).lower()
    return ibis.cases((word.isin(MET), True), (word.isin(MISSED), False), else_=within)
