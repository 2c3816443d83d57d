"""Terms: counted as scikit-learn counts them, clear only where bands differ, and a click lists just the comments that were counted."""

from __future__ import annotations

import pickle
from collections.abc import Callable, Iterator
from datetime import date
from pathlib import Path

import ibis
import numpy as np
import pandas as pd
import pytest
from hypothesis import given
from hypothesis import strategies as st

from crm_core.analytics.intervals import newcombe
from crm_core.analytics.satisfaction import terms as asked
from crm_core.analytics.satisfaction import words
from crm_core.analytics.satisfaction.differences import p_values
from crm_core.analytics.satisfaction.measures import Counts, difference
from crm_core.analytics.satisfaction.stop_words import NEGATIONS, STOP_WORDS
from crm_core.analytics.satisfaction.terms import Terms, comments, count_comments, terms
from crm_core.workspace import Workspace
from tests.workspaces import open_workspace

AS_OF = date(2025, 1, 1)
Make = Callable[..., Workspace]


def surveys(rows: list[tuple[object, ...]], measure: str = "nps", scale: tuple[int, int] = (0, 10)) -> pd.DataFrame:
    """Responses from (customer, day, score, comment)."""
    frame = pd.DataFrame(rows, columns=["customer_id", "responded_at", "score", "comment"])
    more = {"measure": measure, "scale_min": scale[0], "scale_max": scale[1], "touchpoint": "Web"}
    number = np.arange(len(frame))
    return frame.assign(response_id=number, row_no=number, **more)


@pytest.fixture
def made(tmp_path: Path) -> Iterator[Make]:
    """Makes workspaces of responses."""
    opened: list[Workspace] = []

    def make(frame: pd.DataFrame) -> Workspace:
        opened.append(open_workspace(tmp_path / f"{len(opened)}.duckdb", surveys=frame))
        return opened[-1]

    yield make
    for ws in opened:
        ws.close()


def everyone(best: list[str], worst: list[str], between: list[str] = []) -> pd.DataFrame:  # noqa: B006
    """A customer each, a response an hour."""
    texts = [(10, one) for one in best] + [(1, one) for one in worst] + [(7, one) for one in between]
    days = pd.date_range("2024-01-01", periods=len(texts), freq="h").astype(str)
    return surveys([(f"c{place}", day, score, text) for place, (day, (score, text)) in enumerate(zip(days, texts, strict=True))])


SHOP = everyone(
    best=["Delivery was quick."] * 20 + ["Great coffee, quick delivery"] * 20 + ["Fine."] * 10,
    worst=["My parcel has not arrived!"] * 20 + ["It is said: not arrived; rude staff"] * 10 + ["Delivery was slow"] * 10,
    between=["Not arrived on time, but fine"] * 5,
)


def by_term(found: Terms) -> dict[str, tuple[object, ...]]:
    table = found.table
    return {row.term: (row.band, row.count_top, row.count_bottom) for row in table.itertuples()}


# -- the terms ---------------------------------------------------------------------------------------------------------


def test_terms_are_counted_by_comment_and_band(made: Make) -> None:
    found = terms(made(SHOP), "nps", AS_OF)
    assert (found.n_top, found.n_bottom, found.languages, found.reason) == (50, 40, ("English",), None)
    told = by_term(found)
    assert told["quick"] == ("top", 40, 0)
    assert told["not arrived"] == ("bottom", 0, 30)
    row = found.table.set_index("term").loc["quick"]
    assert (row["share_top"], row["share_bottom"], row["is_clear"]) == (0.8, 0.0, True)


def test_a_pair_takes_the_place_of_the_words_it_is_made_of(made: Make) -> None:
    """“Not”, “arrived” and “parcel” stand in the same comments as “parcel not” and “not arrived”."""
    told = by_term(terms(made(SHOP), "nps", AS_OF))
    assert not {"not", "arrived"} & told.keys()


def test_no_phrase_reaches_across_the_end_of_a_sentence(made: Make) -> None:
    told = by_term(terms(made(SHOP), "nps", AS_OF, most=100))
    assert "coffee quick" not in told
    assert "arrived rude" not in told


def test_the_table_is_ordered_by_score_within_each_band(made: Make) -> None:
    table = terms(made(SHOP), "nps", AS_OF).table
    assert list(table.columns) == list(asked.COLUMNS)
    assert list(dict.fromkeys(table["band"])) == ["top", "bottom"]
    assert all(part["score"].is_monotonic_decreasing and (part["score"] > 0).all() for _, part in table.groupby("band"))


def test_at_most_so_many_terms_a_band(made: Make) -> None:
    assert terms(made(SHOP), "nps", AS_OF, most=2).table["band"].value_counts().to_dict() == {"top": 2, "bottom": 2}


def test_counts_and_scores_are_those_of_scikit_learn(made: Make) -> None:
    """On words that no rule of ours changes; single words and pairs, every term looked at by both."""
    from sklearn.feature_extraction.text import CountVectorizer, TfidfTransformer

    random = np.random.default_rng(3)
    vocabulary = np.array(["alpha", "bravo", "carbon", "delta", "ember", "forum", "gamma", "hotel", "igloo", "jumbo"])
    texts = [" ".join(vocabulary[random.permutation(10)[: random.integers(2, 6)]]) for _ in range(300)]
    best, worst = texts[:200], texts[200:]
    ws = made(everyone(best, worst))
    vectorizer = CountVectorizer(ngram_range=(1, 2))
    times = vectorizer.fit_transform(best + worst).toarray()
    held = (times > 0).sum(axis=0)
    looked_at = held >= 5
    weights = TfidfTransformer(sublinear_tf=True).fit_transform(times[:, looked_at]).toarray()
    score = weights[:200].mean(axis=0) - weights[200:].mean(axis=0)
    expected = {name: ((times[:200, place] > 0).sum(), (times[200:, place] > 0).sum()) for name, place in vectorizer.vocabulary_.items()}
    scores = dict(zip(vectorizer.get_feature_names_out()[looked_at], score, strict=True))
    found = terms(ws, "nps", AS_OF, most=1000)
    assert found.tested == looked_at.sum()
    assert len(found.table) > 40
    for row in found.table.itertuples():
        assert (row.count_top, row.count_bottom) == expected[row.term]
        assert row.score == pytest.approx(abs(scores[row.term]))
        assert (row.band == "top") == (scores[row.term] > 0)


def test_where_bands_write_alike_no_term_is_clear(made: Make) -> None:
    random = np.random.default_rng(11)
    vocabulary = [f"{one}{other}" for one in "bcdfghjklm" for other in ("ana", "ebe", "iki", "ono", "uru")]
    texts = [" ".join(random.choice(vocabulary, 12)) for _ in range(2000)]
    found = terms(made(everyone(texts[:1200], texts[1200:])), "nps", AS_OF)
    assert len(found.table) == 30
    assert found.reason is None
    assert not found.table["is_clear"].any()


def test_with_few_comments_there_is_no_verdict(made: Make) -> None:
    found = terms(made(everyone(["quick delivery"] * 400, ["never arrived"] * 9)), "nps", AS_OF)
    assert found.reason is not None
    assert "400 comments of the best band and 9 of the worst" in found.reason
    assert len(found.table)
    assert not found.table["is_clear"].any()


@pytest.mark.parametrize("frame", [everyone(["good"] * 50, []), everyone(["  "], [""]), everyone(["!!"] * 20, ["…"] * 20)])
def test_nothing_to_compare_is_an_empty_table(made: Make, frame: pd.DataFrame) -> None:
    found = terms(made(frame), "nps", AS_OF)
    assert found.table.empty
    assert list(found.table.columns) == list(asked.COLUMNS)
    assert found.languages in ((), ("English",))


def test_a_customers_last_response_counts_once(made: Make) -> None:
    """However often the same comment was sent; an earlier period has an answer of its own."""
    spam = [("spammer", f"2024-02-{day:02}", 1, "fake parcel") for day in range(1, 21)]
    others = [(f"c{one}", "2024-03-01", 10 if one % 2 else 1, "fake parcel") for one in range(40)]
    ws = made(surveys([*spam, *others]))
    assert count_comments(ws, "nps", AS_OF, term="fake parcel", band="bottom") == 21
    assert count_comments(ws, "nps", date(2024, 2, 10), term="fake") == 1
    assert count_comments(ws, "nps", AS_OF, date(2024, 3, 1), "fake") == 40


def test_later_comments_change_nothing(made: Make) -> None:
    later = surveys([(f"x{one}", "2024-12-01", 1, "não recebi o produto, PARCEL NOT ARRIVED") for one in range(50)])
    later = later.assign(response_id=lambda t: t["response_id"] + 1000, row_no=lambda t: t["row_no"] + 1000)
    day = date(2024, 6, 1)
    alone, with_later = (terms(made(frame), "nps", day) for frame in (SHOP, pd.concat([SHOP, later])))
    pd.testing.assert_frame_equal(alone.table, with_later.table)
    assert alone.languages == with_later.languages


def test_the_order_of_rows_changes_nothing(made: Make) -> None:
    turned = SHOP.sample(frac=1, random_state=1).assign(row_no=range(len(SHOP)))
    pd.testing.assert_frame_equal(*(terms(made(frame), "nps", AS_OF).table for frame in (SHOP, turned)))


def test_only_the_customers_shown_are_compared(made: Make) -> None:
    shown = ibis.memtable({"customer_id": [f"c{one}" for one in (*range(10), *range(20, 30), *range(50, 70))]})
    ws = made(SHOP)
    found = terms(ws, "nps", AS_OF, shown=shown)
    assert (found.n_top, found.n_bottom) == (20, 20)
    assert by_term(found)["quick"] == ("top", 20, 0)
    assert count_comments(ws, "nps", AS_OF, term="quick", shown=shown) == 20


def test_a_result_can_be_pickled(made: Make) -> None:
    found = terms(made(SHOP), "nps", AS_OF)
    again = pickle.loads(pickle.dumps(found))  # noqa: S301
    pd.testing.assert_frame_equal(again.table, found.table)


# -- the comments ------------------------------------------------------------------------------------------------------


def test_a_click_lists_just_the_comments_that_were_counted(made: Make) -> None:
    ws = made(SHOP)
    for row in terms(ws, "nps", AS_OF).table.itertuples():
        assert count_comments(ws, "nps", AS_OF, term=row.term) == row.count_top + row.count_bottom
        listed = comments(ws, "nps", AS_OF, term=row.term, limit=1000)
        assert listed["band"].value_counts().reindex(["top", "bottom"], fill_value=0).tolist() == [row.count_top, row.count_bottom]
        assert all(set(row.term.split()) <= set(words.tokens(text)) for text in listed["comment"])


def test_comments_are_paged_latest_first(made: Make) -> None:
    ws = made(SHOP)
    pages = pd.concat([comments(ws, "nps", AS_OF, term="quick", limit=15, offset=start) for start in (0, 15, 30, 45)])
    assert list(pages.columns) == ["responded_at", "customer_id", "score", "band", "touchpoint", "comment"]
    assert len(pages) == 40
    assert pages["responded_at"].is_monotonic_decreasing
    assert pages["customer_id"].is_unique


def test_without_a_term_all_comments_are_listed(made: Make) -> None:
    ws = made(SHOP)
    assert [count_comments(ws, "nps", AS_OF, band=band) for band in (None, "top", "middle", "bottom")] == [95, 50, 5, 40]
    assert set(comments(ws, "nps", AS_OF, limit=100)["band"]) == {"top", "middle", "bottom"}
    assert count_comments(ws, "nps", AS_OF, term="not arrived", band="middle") == 5


def test_a_term_may_be_asked_for_as_it_stands_in_a_sentence(made: Make) -> None:
    ws = made(SHOP)
    assert count_comments(ws, "nps", AS_OF, term="Delivery WAS quick!") == count_comments(ws, "nps", AS_OF, term="delivery quick") == 20


@pytest.mark.parametrize("term", ["", "unheard", "not arrived quick", "the", "<b>", "arrived rude"])
def test_a_term_that_nobody_wrote_lists_nothing(made: Make, term: str) -> None:
    ws = made(SHOP)
    assert count_comments(ws, "nps", AS_OF, term=term) == 0
    assert comments(ws, "nps", AS_OF, term=term).empty


@given(st.lists(st.tuples(st.booleans(), st.text(max_size=40)), min_size=1, max_size=30))
def test_any_text_can_be_read(drawn: list[tuple[bool, str]]) -> None:
    """A term is found again by its own spelling, whatever letters people write."""
    texts = [text for _, text in drawn]
    read = words.read([texts])
    assert (read.ids == words.END_NO).sum() == len(texts)
    found = words.occurrences(read, np.ones(len(texts), dtype=bool), frozenset())
    for spelt, number in zip(found.spelling.tolist(), found.key.tolist(), strict=True):
        spelling = read.spellings[spelt]
        assert [read.numbers[words.key(one)] for one in words.tokens(spelling)] == [number]


# -- words -------------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("one", "other"),
    [
        ("كيفيت", "کیفیت"),  # Arabic letters
        ("می‌خرم", "میخرم"),  # with and without the joiner
        ("عــالی", "عالی"),  # stretched
        ("مُحَمَّد", "محمد"),  # vowel signs
        ("ﻻزم", "لازم"),  # presentation forms
        ("Não", "nao"),
        ("entregas", "entrega"),
        ("ДОСТАВКИ", "доставка"),
        ("плохая", "плохой"),
        ("ещё", "еще"),
        ("don’t", "don't"),
        ("l'article", "article"),
        ("Straße", "strasse"),
        ("ｆｕｌｌ", "full"),
    ],
)
def test_two_spellings_of_one_word(one: str, other: str) -> None:
    assert [words.key(token) for token in words.tokens(one)] == [words.key(token) for token in words.tokens(other)]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Didn't arrive – 3 weeks_late!", ["didn't", "arrive", "3", "weeks", "late"]),
        ("می‌خواهم ولی نمی‌رسد،گران", ["می‌خواهم", "ولی", "نمی‌رسد", "گران"]),
        ("किताब अच्छी है", ["किताब", "अच्छी", "है"]),
        ("۱۲ روز ۵G", ["12", "روز", "5g"]),
        ("❤️ ok", ["ok"]),
    ],
)
def test_words_of_any_script_stay_whole(text: str, expected: list[str]) -> None:
    assert words.tokens(text) == expected


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("the parcel was not there and we had to call you", "English"),
        ("این گوشی که خریدم برای من خوب بود و از آن راضی هستم", "Persian"),
        ("это была очень плохая доставка и она мне не понравилась", "Russian"),
        ("não recebi o meu produto e já faz um mês que comprei com você", "Portuguese"),
        ("das Paket ist nicht angekommen und ich habe keine Antwort", "German"),
        ("je n'ai pas reçu mon colis et le service ne répond pas dans les délais", "French"),
        ("no he recibido el pedido y la tienda no responde a los correos", "Spanish"),
    ],
)
def test_a_language_is_found_by_its_stop_words(text: str, language: str) -> None:
    read = words.read([[text] * 3])
    assert words.languages(read, words.counts(read, np.ones(3, dtype=bool)))[0] == language


def test_no_language_is_found_in_names() -> None:
    read = words.read([["Zyx Qwv"]])
    assert words.languages(read, words.counts(read, np.ones(1, dtype=bool))) == ()


@pytest.mark.parametrize("language", STOP_WORDS)
def test_negations_are_no_stop_words(language: str) -> None:
    assert not NEGATIONS[language] & words.stop_words([language])
    assert not NEGATIONS[language] & words.stop_words(STOP_WORDS)


@pytest.mark.parametrize("language", STOP_WORDS)
def test_every_stop_word_is_one_word_as_read(language: str) -> None:
    """Else it could never apply."""
    apart = [word for word in STOP_WORDS[language] if words.tokens(word) != [word] and "'" not in word]
    assert apart == []


# -- differences -------------------------------------------------------------------------------------------------------


@given(st.integers(1, 400), st.integers(1, 400), st.data())
def test_a_p_value_is_the_level_where_newcombes_interval_begins_to_hold_zero(n: int, other_n: int, data: st.DataObject) -> None:
    hits, other_hits = data.draw(st.integers(0, n)), data.draw(st.integers(0, other_n))
    p = float(p_values(np.array([float(hits)]), n, np.array([float(other_hits)]), other_n)[0])
    assert p == pytest.approx(difference("csat", Counts(n, hits, 0), Counts(other_n, other_hits, 0)).p, abs=1e-9)
    assert (p < 0.05) == newcombe(hits, n, other_hits, other_n).excludes_zero or abs(p - 0.05) < 1e-9


# -- real comments -----------------------------------------------------------------------------------------------------


def test_brazilian_customers_complain_of_what_they_did_not_receive(made: Make, real_data: Callable[[str], Path]) -> None:
    reviews = pd.read_csv(real_data("olist/olist_order_reviews_dataset.csv")).reset_index()
    rows = reviews[["order_id", "review_answer_timestamp", "review_score", "review_comment_message"]].assign(order_id=None)
    ws = made(surveys(list(rows.itertuples(index=False, name=None)), "csat", (1, 5)))
    found = terms(ws, "csat", ws.as_of)
    assert found.languages == ("Portuguese",)
    worst = found.table[found.table["band"] == "bottom"].set_index("term")
    assert worst.loc[["não recebi", "ainda não", "não chegou", "não entregue"], "is_clear"].all()
    assert by_term(found)["chegou prazo"][0] == "top"
    more = terms(ws, "csat", ws.as_of, most=150).table.set_index("term")
    assert set(more.loc[["passou prazo", "atraso", "demorou", "demora"], "band"]) == {"bottom"}
    assert more.loc["passou prazo", "is_clear"]
    assert all(count_comments(ws, "csat", ws.as_of, term=row.term) == row.count_top + row.count_bottom for row in found.table.itertuples())


def test_persian_customers_praise_and_warn(made: Make, real_data: Callable[[str], Path]) -> None:
    reviews = pd.read_csv(real_data("digikala/digikala_comments_scored_3261.csv"))
    days = (pd.Timestamp("2023-01-01") + pd.to_timedelta(range(len(reviews)), unit="h")).astype(str)
    ws = made(surveys(list(zip([None] * len(reviews), days, reviews["Score"], reviews["Text"], strict=True)), "csat", (0, 100)))
    found = terms(ws, "csat", ws.as_of)
    assert found.languages == ("Persian",)
    told = by_term(found)
    assert {told[one][0] for one in ("عالی", "عالیه", "خیلی خوبه", "راضیم")} == {"top"}
    assert {told[one][0] for one in ("بی کیفیت", "بد", "پشیمونم", "نخرید")} == {"bottom"}
    assert not {"است", "هست", "هستش", "و", "این"} & told.keys()
    assert all(count_comments(ws, "csat", ws.as_of, term=row.term) == row.count_top + row.count_bottom for row in found.table.itertuples())
