"""The sample company as data: "Samovar & Bean", an invented tea and coffee shop that sells online and in a few stores of its own.

Every number that shapes the simulation stands here and goes to `truth/effects.json`; `make_sample.py` only carries it out.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date

SEED = 20251231
COUNT_CUSTOMERS = 6000
FIRST_DAY = date(2023, 1, 1)
LAST_DAY = date(2025, 12, 31)  # the export ends with this day
LAST_DAY_OF_TRUTH = date(2026, 12, 31)  # the simulation goes on: what a forecast is judged by


@dataclass(frozen=True)
class Channel:
    """A way customers are won, with the BG/NBD parameters of those customers (alpha in weeks).

    Purchases after the first come at rate λ ~ Gamma(r, alpha) a week; after each of them the customer leaves with p ~ Beta(a, b).
    `in_store` is the share of their orders bought in a store.
    """

    name: str
    share: float
    r: float
    alpha: float
    a: float
    b: float
    in_store: float


CHANNELS = (
    Channel("Referral", 0.16, 1.30, 11.0, 0.70, 7.0, 0.08),
    Channel("Store", 0.18, 1.00, 10.0, 0.80, 5.0, 0.75),
    Channel("Search", 0.30, 0.80, 9.0, 0.80, 3.6, 0.05),
    Channel("Social media", 0.20, 0.55, 8.0, 1.00, 2.8, 0.04),
    Channel("Marketplace", 0.16, 0.40, 8.0, 1.20, 2.6, 0.02),
)


@dataclass(frozen=True)
class Plan:
    """A membership, with how its members spend: order values are Gamma-Gamma with these p, q and gamma, less `discount`."""

    name: str
    share: float
    p: float
    q: float
    gamma: float
    discount: float


PLANS = (
    Plan("Free", 0.66, 6.0, 4.0, 14.0, 0.0),
    Plan("Club", 0.28, 6.0, 4.5, 23.0, 0.05),
    Plan("Office", 0.06, 6.0, 3.6, 62.0, 0.10),
)

#: Time of the year: intensity = (1 + amplitude · cos(2π (day of the year − peak) / 365.25)) · gift factor in the gift days
#: · weekday factor, scaled to a mean of 1, so that a λ is a rate in an average week.
SEASON_AMPLITUDE = 0.22
SEASON_PEAK_DAY = 350
GIFT_DAYS = (328, 357)  # late November to the day before Christmas Eve, days of the year
GIFT_FACTOR = 1.45
WEEKDAY_FACTORS = (0.95, 0.92, 0.95, 1.00, 1.12, 1.20, 0.86)  # Monday first
PROMOTION_MONTHS = {5: 0.10, 11: 0.15}  # month -> discount on the lines taken up by it
PROMOTION_UPTAKE = 0.6
PRICE_RISE_A_YEAR = 0.04

#: Satisfaction with an order, in standard deviations: a standard normal, less LATE_COST where the delivery was late.
#: The chance to leave after the order is p · exp(−SATISFACTION_EFFECT · satisfaction), scaled to p on average.
LATE_SHARE = 0.15
LATE_COST = 1.3
SATISFACTION_EFFECT = 0.6
HIGHEST_CHANCE_TO_LEAVE = 0.97

#: NPS answer = round(mean + slope · satisfaction + noise) within 0–10; CSAT after a case = round(mean + slope · satisfaction
#: − cost where the case was resolved late + noise) within 1–5.
NPS_MEAN, NPS_SLOPE, NPS_NOISE = 8.1, 1.7, 0.9
CSAT_MEAN, CSAT_SLOPE, CSAT_LATE_CASE_COST, CSAT_NOISE = 4.2, 0.35, 1.1, 0.7
NPS_ANSWERED_SHARE = 0.14
CSAT_ANSWERED_SHARE = 0.45

#: CES answer after a case (7 is easy) = round(mean − cost a further contact − cost a reopening + slope · satisfaction + noise) within 1–7.
CES_MEAN, CES_CONTACT_COST, CES_REOPENED_COST, CES_SLOPE, CES_NOISE = 5.9, 0.7, 0.9, 0.2, 0.8
CES_ANSWERED_SHARE = 0.3

#: Once a year customers are asked how the shop stands against its competitor, 1 clearly worse to 4 clearly better: round(mean + slope · mean
#: satisfaction with the customer's orders + noise) within 1–4.
ATTITUDE_DAY = date(2025, 11, 10)
ATTITUDE_MEAN, ATTITUDE_SLOPE, ATTITUDE_NOISE = 2.75, 0.7, 0.55
ATTITUDE_ANSWERED_SHARE = 0.22

CASE_SHARE_AT_MEAN = 0.035  # of orders with satisfaction 0; the odds grow by CASE_SLOPE a standard deviation less
CASE_SLOPE = 1.1
SLA_HOURS = {"urgent": 8, "high": 24, "normal": 72, "low": 120}

#: Contacts: a newsletter a month from here on, on its first Tuesday after the first; and campaigns: name, day, channel, to whom.
FIRST_NEWSLETTER = date(2024, 8, 1)
CAMPAIGNS = (
    ("Autumn blends 2024", date(2024, 10, 15), "email", "buyers"),
    ("We miss you 2025", date(2025, 2, 11), "email", "lost"),
    ("Spring sampler 2025", date(2025, 3, 18), "email", "sleeping"),
    ("Iced tea summer 2025", date(2025, 6, 17), "email", "buyers"),
    ("We miss you again 2025", date(2025, 9, 9), "email", "lost"),
    ("Members' weekend 2025", date(2025, 11, 21), "sms", "members"),
    ("Advent calendar 2025", date(2025, 11, 18), "email", "buyers"),
)
CARDS = ("Christmas card 2025", date(2025, 12, 8), 400)
CONTACT_COSTS = {"email": 0.02, "sms": 0.08, "phone": 4.50, "post": 1.35}
#: Shares of customers, of messages (opened and clicked: more by the `lately` share times exp(−days since the last order / 90)), calls an office.
CONTACTS = {
    "readers": 0.5,
    "dead_addresses": 0.02,
    "left_of_those_without_consent": 0.2,
    "opened": 0.2,
    "opened_lately": 0.3,
    "clicked_of_opened": 0.12,
    "clicked_lately": 0.15,
    "opted_out": 0.0015,
    "opted_out_of_leavers": 0.3,
    "bounced": 0.004,
    "cards_returned": 0.03,
    "calls_an_office": 5.0,
}
CALL_OUTCOMES = {"delivered": 0.62, "no answer": 0.33, "bounced": 0.035, "opted_out": 0.015}

RETURNED_IN_PART_SHARE = 0.03
RETURNED_WHOLE_SHARE = 0.004
VOID_SHARE = 0.025  # orders cancelled or never paid, on top of the purchases
GUEST_SHARE = 0.03  # orders in a store without a customer card, on top of the purchases

#: Values that a real export has and nobody ordered: how many of each.
MESS = {
    "lines_repeated": 60,
    "lines_without_net_amount": 25,
    "lines_without_any_amount": 8,
    "lines_without_cost": 400,
    "orders_without_date": 6,
    "orders_delivered_in_2062": 3,
    "customers_joined_in_2062": 4,
    "customers_country_misspelt": 220,
    "customers_without_country": 45,
    "customers_without_email": 380,
    "surveys_score_off_scale": 7,
}

#: Product, category, list price in January 2023 (EUR), unit cost, popularity within the category.
PRODUCTS = (
    ("Assam Breakfast 250 g", "Black tea", 9.90, 3.90, 10),
    ("Darjeeling First Flush 100 g", "Black tea", 14.50, 6.80, 5),
    ("Earl Grey Imperial 250 g", "Black tea", 11.90, 4.60, 9),
    ("Ceylon Orange Pekoe 250 g", "Black tea", 10.50, 4.20, 6),
    ("Lapsang Souchong 100 g", "Black tea", 8.90, 3.90, 3),
    ("Russian Caravan 250 g", "Black tea", 12.50, 5.10, 4),
    ("Sencha Kagoshima 100 g", "Green tea", 13.90, 6.40, 7),
    ("Gunpowder 250 g", "Green tea", 8.50, 3.10, 6),
    ("Jasmine Pearls 100 g", "Green tea", 15.90, 7.30, 5),
    ("Matcha Ceremonial 30 g", "Green tea", 24.90, 12.20, 6),
    ("Genmaicha 100 g", "Green tea", 9.50, 3.90, 4),
    ("Camomile Flowers 100 g", "Herbal tea", 6.90, 2.20, 8),
    ("Rooibos Vanilla 250 g", "Herbal tea", 8.90, 3.10, 8),
    ("Peppermint 100 g", "Herbal tea", 5.90, 1.90, 7),
    ("Ginger and Lemon 20 bags", "Herbal tea", 4.90, 1.60, 9),
    ("Persian Borage 50 g", "Herbal tea", 11.90, 5.20, 2),
    ("House Espresso 1 kg", "Coffee beans", 21.90, 10.90, 12),
    ("House Espresso 250 g", "Coffee beans", 7.50, 3.40, 9),
    ("Ethiopia Yirgacheffe 250 g", "Coffee beans", 10.90, 5.40, 7),
    ("Colombia Huila 1 kg", "Coffee beans", 26.90, 13.80, 6),
    ("Brazil Santos 1 kg", "Coffee beans", 19.90, 9.60, 8),
    ("Decaf Sumatra 250 g", "Coffee beans", 9.90, 4.90, 4),
    ("Filter Blend 500 g", "Ground coffee", 11.50, 5.10, 9),
    ("Moka Blend 250 g", "Ground coffee", 7.20, 3.20, 6),
    ("Turkish Coffee 250 g", "Ground coffee", 6.90, 2.90, 5),
    ("Cold Brew Bags 10 pieces", "Ground coffee", 12.90, 5.90, 4),
    ("Cast Iron Teapot 1 l", "Teaware", 54.00, 26.00, 3),
    ("Glass Teapot 0.8 l", "Teaware", 29.90, 12.50, 4),
    ("Porcelain Cup, pair", "Teaware", 18.90, 7.60, 5),
    ("Electric Samovar 3 l", "Teaware", 149.00, 88.00, 1),
    ("Paper Filters 100 pieces", "Accessories", 3.90, 1.20, 10),
    ("Hand Grinder", "Accessories", 44.90, 21.50, 2),
    ("French Press 1 l", "Accessories", 32.90, 14.90, 3),
    ("Milk Frother", "Accessories", 19.90, 8.90, 3),
    ("Rock Sugar 500 g", "Accessories", 4.50, 1.40, 7),
    ("Tea Sampler Box", "Gifts", 24.90, 10.90, 7),
    ("Coffee Sampler Box", "Gifts", 27.90, 13.10, 6),
    ("Christmas Tea Calendar", "Gifts", 34.90, 16.40, 4),
)

#: How some rows of the product list are spelt instead.
CATEGORY_SPELLINGS = {"P004": "black tea", "P010": "Green Tea", "P016": "Herbal tea ", "P021": "COFFEE BEANS", "P034": "accessories"}

#: How much customers care for a category on average (parameters of a Dirichlet distribution).
CATEGORY_TASTE = {
    "Black tea": 1.1,
    "Green tea": 0.7,
    "Herbal tea": 0.7,
    "Coffee beans": 1.2,
    "Ground coffee": 0.7,
    "Teaware": 0.15,
    "Accessories": 0.4,
    "Gifts": 0.25,
}

#: Country, share of customers, sales rep, (region, city) pairs.
COUNTRIES = (
    (
        "Germany",
        0.44,
        "Anna Vogel",
        (("Berlin", "Berlin"), ("Hamburg", "Hamburg"), ("Bavaria", "Munich"), ("Saxony", "Leipzig"), ("Hesse", "Frankfurt")),
    ),
    ("Austria", 0.16, "Anna Vogel", (("Vienna", "Vienna"), ("Styria", "Graz"), ("Tyrol", "Innsbruck"))),
    ("Netherlands", 0.15, "Bram de Wit", (("North Holland", "Amsterdam"), ("South Holland", "Rotterdam"), ("Utrecht", "Utrecht"))),
    ("France", 0.14, "Chloé Martin", (("Île-de-France", "Paris"), ("Auvergne-Rhône-Alpes", "Lyon"), ("Grand Est", "Strasbourg"))),
    ("Italy", 0.11, "Chloé Martin", (("Lombardy", "Milan"), ("Piedmont", "Turin"), ("Lazio", "Rome"))),
)
DIALLING_CODES = {"Germany": "+49", "Austria": "+43", "Netherlands": "+31", "France": "+33", "Italy": "+39"}

#: Names with blanks between; customers get any two of them.
FIRST_NAMES = (
    "Ada Alessia Amir Anke Anton Bea Camille Carlo Clara Daan Dario Elena Elias Emma Farah Femke Finn Giulia Hanna Hugo Ida Ivan Jana "
    "Jonas Julie Karim Lars Lea Leonie Lotte Luca Lukas Manon Maria Marie Mats Mila Mina Nadia Nils Nora Olga Oscar Paul Paula Petra "
    "Reza Rosa Sanne Sara Simon Sofia Stefan Sven Theo Tilda Tom Valerie Vera Yara"
)
LAST_NAMES = (
    "Adler Bakker Bauer Becker Bernard Bianchi Bos Braun Brunner Colombo Conti Dekker Dubois Eder Ferrari Fischer Fuchs Gallo Girard "
    "Gruber Haas Hahn Hofer Huber Jansen Kaiser Keller Koch Kramer Laurent Lefevre Leroy Maier Marino Mayer Mercier Meyer Moreau "
    "Moser Mulder Neumann Peters Pichler Ricci Romano Rossi Schmid Schuster Smit Steiner Tahiri Visser Vogt Wagner Weber Winter Wolf "
    "Yilmaz Zanetti Ziegler"
)

#: What customers write: comments by kind of answer; an answer has none as a rule.
COMMENTS = {
    "late": ("Arrived days after the promised date", "Too late for the birthday", "Had to ask where my parcel was"),
    "bad": ("Tea tasted stale", "Bag was torn open", "Expected more for this price", "Support never called back"),
    "fair": ("Fine, nothing special", "Good coffee, dull packaging", "A bit expensive"),
    "good": ("Wonderful Earl Grey", "Fast and well packed", "Best espresso in town", "Friendly staff, will come again"),
}
COMMENT_SHARE = 0.35

CASE_TOPICS = ("Damaged item", "Wrong item", "Invoice question", "Product question", "Return request")
LATE_TOPIC = "Late delivery"
CASE_CHANNELS = ("E-mail", "Phone", "Chat", "Social media")
