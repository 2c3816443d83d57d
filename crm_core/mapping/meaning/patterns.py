"""Which concepts in a column's name speak for which field, and how clearly.

`PATTERNS[grain][field]` reads "concepts weight; concepts weight; ...": a name that holds all concepts of a pattern speaks for the
field with that weight (100 = nothing else is meant). Concepts beyond the pattern weaken it unless they are `NEUTRAL` for the table;
those in `FOREIGN` rule it out unless the pattern names them.
"""

from __future__ import annotations

from functools import lru_cache

from crm_core.mapping.meaning.names import Meaning
from crm_core.mapping.model import Grain, fields_for

_ID = "customer id 100; customer unique id 100; customer 86; customer contacts id 80; contacts id 60"
_BY_EMAIL = "; email 60; customer email 62"
_ORDER_ID = "order id 100; sales id 92; order 82; id 38; payment id 40"

_SALE = {
    "customer_id": _ID,
    "order_id": _ORDER_ID,
    "line_no": "order line id 100; order item id 96; line id 90; line 80; item id 45",
    "line_at": "line date 80; item date 80",
    "ordered_at": "order date 100; order created date 99; sales date 96; date 90; created date 88; payment date 62; order approved date "
    "55; created 70; "
    "order payment date 62; order opened date 50",
    "product_id": "product id 100; item id 84; product 40; product item id 95; line id 30",
    "product": "product name 100; product description 97; item name 95; item description 93; product item 92; product 88; item 72; item "
    "line name 92; line name 70; description 60; product type 60",
    "category": "product category 100; category 92; item category 94; product type 62; category sub 70; product category sub 74; sub 40",
    "quantity": "count 96; count refund 80; order product 62; order item 62; product count 96; item count 98; order count 94; sales "
    "count 94",
    "unit_price": "unit price 100; price 86; product price 88; item price 90; sales price 82; price unit net 90; item line price 96; "
    "unit amount 84; unit cost 30; item cost 40",
    "net_amount": "net amount 100; net sales 100; amount 92; sales 95; sales amount 97; sales amount net 100; total order 92; order "
    "amount 93; order total amount 92; "
    "total 84; amount total 88; line total 98; line total amount 100; line amount 100; price total 88; order price total 86; order "
    "price 70; total sales 93; item total 95; "
    "item amount 94; product amount 90; payment amount 66; amount gross 72; sales gross 74; total gross 66; net 62; gross 60; order "
    "sales 92; payment total 60; net total 90",
    "list_amount": "list amount 90; list price total 90; list total 80; list sales 85",
    "discount_amount": "discount amount 100; discount 88; discount total 94; discount price 70",
    "cost_amount": "cost amount 96; cost total 98; cost 84; cost sales 80; product cost 80",
    "delivery_amount": "delivery amount 100; delivery price 98; delivery cost 98; delivery total 90; shipping amount 100; shipping "
    "price 98; shipping cost 98; shipping total 90; "
    "shipping 62; delivery 66",
    "unit_cost": "unit cost 100; unit price cost 100; product unit cost 100; price cost 80",
    "profit_amount": "profit amount 100; profit 94; profit total 96; profit sales 92; profit gross 90",
    "status": "order status 100; status 94; payment status 72; shipping status 60; delivery status 62; order state 80; state 40; item "
    "status 60",
    "channel": "order channel 100; sales channel 100; channel 88; order channel type 80",
    "currency": "currency 100; currency id 96; order currency 100",
    "promised_on": "promised delivery date 100; promised date 90; promised shipping date 60; promised delivery 90; delivery due date 90",
    "delivered_on": "delivered date 100; delivered customer date 100; delivery date 84; delivered 74; resolved delivery date 70",
    "name": "customer name 100; billing name 90; name 30; first name 30",
    "email": "email 100; customer email 100",
    "phone": "phone 100; customer phone 100; phone id 98",
    "consent": "consent 96; customer consent 100; consent email 94; consent contacts 94; consent campaign 94; consent acquired 92; consent status 90; "
    "consent email status 90; consent phone 70; unsubscribed 90; customer unsubscribed 92; unsubscribed email 90; unsubscribed consent 90; "
    "unsubscribed campaign 88; unsubscribed contacts 88; unsubscribed acquired 88; unsubscribed status 84; unsubscribed date 70; unsubscribed phone 66",
    "joined_on": "joined date 100; customer joined date 100; customer joined 90; joined 80; customer created date 84",
    "acquisition_channel": "acquired channel 100; customer channel 92; acquired 80; joined channel 90; acquired campaign 60",
    "country": "country 100; country id 92; country name 96; country region 70",
    "region": "region 100; state 88; customer state 90; region name 96; state region 80; state name 80",
    "city": "city 100; city name 98",
}

PATTERNS: dict[Grain, dict[str, str]] = {
    "order_lines": _SALE,
    "orders": _SALE,
    "customers": _SALE
    | {
        "customer_id": _ID + "; id 50",
        "name": "customer name 100; name 80; customer first name 60; first name 40",
        "joined_on": _SALE["joined_on"] + "; created date 76; created 60",
        "consent": _SALE["consent"] + "; csat score 60; status 45; email status 45; campaign status 45",
    },
    "products": _SALE
    | {
        "product_id": _SALE["product_id"] + "; id 60",
        "product": _SALE["product"] + "; name 78; description 74",
        "category": _SALE["category"] + "; type 50",
    },
    "surveys": {
        "response_id": "survey id 100; id 70; survey item id 60",
        "customer_id": _ID + _BY_EMAIL,
        "order_id": "order id 100; order 70; sales id 90",
        "responded_at": "survey date 100; survey created date 100; date 88; created date 90; survey answered date 84; answered date 80; "
        "survey opened date 80; created 60; answered 72; opened 60",
        "measure": "measure 92; score type 90; survey type 84; measure type 90",
        "score": "score 96; survey score 100; customer score 96; order score 90; product score 84",
        "nps_score": "nps score 100; survey nps score 100; customer nps score 100",
        "csat_score": "csat score 100; survey csat score 100; customer csat score 100",
        "ces_score": "ces score 100; survey ces score 100; customer ces score 100",
        "attitude_score": "attitude score 100; survey attitude score 100; customer attitude score 100",
        "scale_min": "scale minimum 100; score minimum 90",
        "scale_max": "scale maximum 100; score maximum 90",
        "touchpoint": "touchpoint 100; survey channel 80; channel 72",
        "comment": "comment 96; survey comment 100; survey 62; survey comment name 70; survey name 50; product comment 80",
    },
    "cases": {
        "case_id": "case id 100; id 62; case 50",
        "customer_id": _ID + _BY_EMAIL,
        "order_id": "order id 100",
        "opened_at": "opened date 100; case opened date 100; case date 92; created date 88; case created date 96; date 70; opened 80; "
        "created 70; case created 80",
        "first_response_at": "first answered date 100; first survey date 98; first contacts date 84; first survey 60; first answered "
        "70; answered date 60",
        "resolved_at": "resolved date 100; resolved 46",
        "closed_at": "closed date 100; closed 46; case closed date 100",
        "updated_at": "updated date 100; event date 100; case updated date 100; case event date 100; updated 80; event created date 90",
        "due_at": "due date 100; due 80; sla limit date 90; sla date 60; limit date 60; promised resolved date 70",
        "is_within_sla": "sla 96; sla survey 98; sla missed 97; missed 84; sla status 90; sla resolved status 90; due missed 84",
        "channel": "case channel 100; channel 92; contacts channel 90; contacts type 90; case opened channel 90; channel type 80",
        "topic": "topic 96; case topic 100; case type 92; category 84; case category 96; case 40; product 30; type 50; topic category "
        "90; sub case 30",
        "priority": "priority 98; case priority 100; urgency 80; case urgency 82",
        "status": "status 94; state 66; resolved status 60; closed status 60; closed id 50; event 62; event name 60; event type 60",
        "count_contacts": "contacts count 100; contacts 60; case contacts count 100; survey count 60",
        "count_reopened": "reopened count 100; reopened 84; case reopened count 100",
        "is_escalated": "escalated 96; case escalated 100",
        "public_reach": "reach 92; reach count 96",
        "csat_score": "csat score 100; customer csat score 100; survey csat score 98; customer score 90; score 82; survey score 90; "
        "customer survey score 90",
    },
    "contacts": {
        "contact_id": "contacts id 96; sent id 88; called id 90; comment id 88; event id 82; contacts event id 90; email id 60; id 60",
        "customer_id": "customer id 100; customer unique id 100; customer 86; recipient id 90; recipient 66; customer contacts id 90; contacts id 80; "
        "customer sent id 80",
        "email": "email 100; customer email 100; recipient email 100; recipient 70; contacts email 100; customer 60",
        "contacted_at": "contacts date 100; sent date 100; contacts sent date 100; called date 98; campaign date 92; date 88; event date 90; "
        "campaign sent date 98; created date 80; shipping date 86; delivered date 70; sent 80; contacts 66; shipping 50; created 60; email sent date 96",
        "channel": "channel 100; contacts channel 100; campaign channel 96; contacts type 90; channel type 90; campaign type 70; comment type 60; type 60",
        "campaign": "campaign 100; campaign name 100; campaign email 94; comment name 70; campaign id 70; topic 50; email name 60; email topic 56; consent 44; "
        "consent name 50; topic campaign 80; name 40",
        "outcome": "outcome 100; contacts outcome 100; status 92; contacts status 96; campaign status 92; delivery status 92; delivered status 90; "
        "email status 90; outcome status 96; event type 86; event name 84; event 76; state 60; survey 44; answered 44; outcome called 98",
        "delivered_mark": "delivered 84; delivered email 84; delivered count 84; delivered date 76",
        "opened_mark": "opened 90; opened email 90; opened count 90; opened date 86; opened email date 84; opened email count 88; opened first date 80",
        "clicked_mark": "clicked 92; clicked email 90; clicked count 90; clicked date 86; clicked email date 84; clicked email count 88; clicked first date 80",
        "bounced_mark": "bounced 92; bounced email 90; bounced count 90; bounced date 86; bounced email date 84; bounced type 70",
        "opted_out_mark": "unsubscribed 94; unsubscribed email 92; unsubscribed count 90; unsubscribed date 88; unsubscribed email date 86; "
        "unsubscribed phone 80",
        "cost_amount": "cost 96; cost amount 100; contacts cost 100; campaign cost 90; unit cost 84; price 60; amount 44; unit price 60",
    },
    "ignore": {},
}

#: Concepts that do not weaken a pattern: a prefix that only repeats what the table is about.
NEUTRAL: dict[Grain, frozenset[str]] = {
    "order_lines": frozenset({"order", "line", "item", "time", "event"}),
    "orders": frozenset({"order", "time", "event"}),
    "customers": frozenset({"customer", "time"}),
    "products": frozenset({"product", "time"}),
    "surveys": frozenset({"survey", "time"}),
    "cases": frozenset({"case", "time"}),
    "contacts": frozenset({"contacts", "campaign", "sent", "called", "event", "time"}),
    "ignore": frozenset(),
}

#: Fields of the customer, for which "customer" is no further concept in any table.
OF_CUSTOMER = frozenset({"name", "email", "phone", "consent", "joined_on", "acquisition_channel", "country", "region", "city"})

#: Measures of satisfaction, which a score may name without being anything else.
_MEASURES = frozenset({"nps", "csat", "ces", "attitude"})

#: What a question may be about: such a concept turns "satisfaction" into no other thing ("satisfaction with the delivery").
_TOPICS = frozenset("product category delivery delivered shipping price payment case order channel resolved first status".split())

#: A name of so many words is a question.
_QUESTION = 5

#: Fields of few values, for which "name" and "code" are no further concepts ("region name", "channel code").
_GROUPS = frozenset("country region city category status channel acquisition_channel currency topic priority touchpoint campaign".split())

_PLACES = frozenset({"country", "region", "city"})

#: Words that turn a name into something else: a seller's city is no city of ours, a tax no amount, a discount's share no discount.
FOREIGN = frozenset(
    [
        "nps",
        "csat",
        "ces",
        "attitude",
        "seller",
        "address",
        "tax",
        "share",
        "calendar",
        "category",
        "refund",
        "limit",
        "carrier",
        "size",
        "updated",
        "age",
        "gender",
        "process",
        "payment",
        "discount",
        "cost",
        "profit",
        "delivery",
        "shipping",
        "promised",
        "delivered",
        "list",
        "cancelled",
        "survey",
        "case",
        "score",
        "priority",
        "urgency",
        "acquired",
        "first",
        "sub",
        "product",
        "price",
        "count",
        "unit",
        "due",
        "comment",
        "email",
        "phone",
        "consent",
        "city",
        "country",
        "region",
        "state",
        "currency",
        "channel",
        "status",
        "unsubscribed",
        "campaign",
        "clicked",
        "bounced",
    ]
)

FURTHER_CONCEPT = 0.8
UNKNOWN_WORD = 0.88


@lru_cache(maxsize=8)
def patterns(grain: Grain) -> dict[str, tuple[tuple[frozenset[str], float], ...]]:
    """The patterns of a grain, parsed: field -> ((concepts, weight 0 to 1), ...)."""
    return {name: tuple(_parse(one) for one in line.split(";")) for name, line in PATTERNS[grain].items() if name in fields_for(grain)}


def name_score(grain: Grain, field: str, said: Meaning) -> float:
    """How clearly a name of that meaning speaks for the field, 0 to 1."""
    of_field = patterns(grain).get(field, ())
    return max((weight * _purity(grain, field, needed, said) for needed, weight in of_field if needed <= said.concepts), default=0.0)


def _purity(grain: Grain, field: str, needed: frozenset[str], said: Meaning) -> float:
    """How little the name says beyond a pattern it holds: 1 nothing, 0 something that means another thing."""
    neutral = _neutral(field) | (frozenset({"time"}) if field in OF_CUSTOMER else NEUTRAL[grain])
    allowed = frozenset({"shipping"}) if field in _PLACES else frozenset()
    foreign = _foreign(grain, field)
    further = said.concepts - needed - (neutral - foreign)
    if needed & _MEASURES or ("score" in needed and len(said.words) >= _QUESTION):
        return _purity_of_question(further, said)
    if further & ((FOREIGN | foreign) - allowed):
        return 0.0
    return float(FURTHER_CONCEPT ** len(further) * UNKNOWN_WORD**said.unknown)


def _purity_of_question(further: frozenset[str], said: Meaning) -> float:
    """The same for the name of a measure: what it is asked about, and the other words of a whole question, say little."""
    if further & (FOREIGN - _TOPICS):
        return 0.0
    others = len(further) + said.unknown
    return float(UNKNOWN_WORD ** (min(others, 1) if len(said.words) >= _QUESTION else others))


def _neutral(field: str) -> frozenset[str]:
    return (
        (frozenset({"customer", "billing"}) if field in OF_CUSTOMER else frozenset())
        | (frozenset({"name"}) if field in _GROUPS else frozenset())
        | (_MEASURES if field == "score" else frozenset())
    )


def _foreign(grain: Grain, field: str) -> frozenset[str]:
    """A customer's name is no id and his group no category, and the date of an order is not that of a response or case about it."""
    kind = fields_for(grain)[field].kind
    if field == "order_id":
        return frozenset({"item", "line", "name"})
    if field == "contact_id":
        return frozenset({"name", "campaign", "customer", "order"})
    if field in ("product_id", "product", "category"):
        return frozenset({"customer", "billing", "order"} if field == "category" else {"customer", "billing"}) | (
            frozenset({"name"}) if kind == "id" else frozenset()
        )
    return (
        (frozenset({"name"}) if kind == "id" else frozenset())
        | (frozenset({"order"}) if kind == "timestamp" and grain in ("surveys", "cases", "contacts") else frozenset())
        | (frozenset({"event"}) if field == "opened_at" else frozenset())
    )


def _parse(pattern: str) -> tuple[frozenset[str], float]:
    *concepts, weight = pattern.split()
    return frozenset(concepts), int(weight) / 100
