"""Names of months as exports write them, in lower case and without a full stop: data for `dates.py`.

The number stands for the month's place in its own calendar: names of GREGORIAN months name no Jalali month, and the other way round.
"""

from __future__ import annotations

#: English, Russian, German, French, Spanish, Portuguese, Italian, Turkish, and Persian and Arabic writings of the Gregorian months.
GREGORIAN: dict[int, tuple[str, ...]] = {
    1: tuple("january jan январь января янв januar jänner jan janvier janv enero ene janeiro gennaio gen ocak ژانویه يناير ینایر".split()),
    2: tuple(
        "february feb февраль февраля фев февр februar février févr fevrier febrero fevereiro fev febbraio şubat subat فوریه فبراير فبرایر".split()
    ),
    3: tuple("march mar март марта мар märz mär maerz mars marzo março marco mart مارس".split()),
    4: tuple("april apr апрель апреля апр avril avr abril abr aprile nisan آوریل أبريل ابریل".split()),
    5: tuple("may май мая mai mayo maio maggio mag mayıs mayis مه مايو مایو".split()),
    6: tuple("june jun июнь июня июн juni juin junio junho giugno giu haziran ژوئن يونيو یونیو".split()),
    7: tuple("july jul июль июля июл juli juillet juil julio julho luglio lug temmuz ژوئیه جولای يوليو یولیو".split()),
    8: tuple("august aug август августа авг août aout agosto ago ağustos agustos اوت آگوست أغسطس".split()),
    9: tuple(
        "september sep sept сентябрь сентября сен сент septembre septiembre setembro set settembre eylül eylul سپتامبر سبتمبر".split()
    ),
    10: tuple("october oct октябрь октября окт oktober okt octobre octubre outubro out ottobre ott ekim اکتبر أكتوبر".split()),
    11: tuple("november nov ноябрь ноября ноя нояб novembre noviembre novembro kasım kasim نوامبر نوفمبر".split()),
    12: tuple(
        "december dec декабрь декабря дек dezember dez décembre déc decembre diciembre dic dezembro dicembre aralık aralik دسامبر ديسمبر دیسمبر".split()
    ),
}

JALALI: dict[int, tuple[str, ...]] = {
    1: tuple("فروردین farvardin".split()),
    2: tuple("اردیبهشت ordibehesht".split()),
    3: tuple("خرداد khordad khordaad".split()),
    4: tuple("تیر tir".split()),
    5: tuple("مرداد امرداد mordad amordad".split()),
    6: tuple("شهریور shahrivar".split()),
    7: tuple("مهر mehr".split()),
    8: tuple("آبان ابان aban".split()),
    9: tuple("آذر اذر azar".split()),
    10: tuple("دی dey dei".split()),
    11: tuple("بهمن bahman".split()),
    12: tuple("اسفند esfand".split()),
}
