"""What is suggested for survey responses and cases: made-up files in several languages, columns shuffled, dates moved."""

from __future__ import annotations

import random
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from pathlib import Path

import pytest

from crm_core.mapping.overrides import override
from crm_core.mapping.suggest import Suggestion, suggest
from crm_core.sources.staging import Staging
from tests.crm_core.mapping.cells import put_columns

Columns = dict[str, Sequence[str | None]]
ROWS = 60


@pytest.fixture
def staging(tmp_path: Path) -> Iterator[Staging]:
    with Staging(tmp_path) as made:
        yield made


def days(start: datetime = datetime(2022, 3, 1, 8), hours: int = 7) -> list[str]:
    """A moment a row, so many hours apart."""
    return [(start + timedelta(hours=hours * at)).strftime("%Y-%m-%d %H:%M") for at in range(ROWS)]


def scores(low: int, high: int) -> list[str]:
    return [str(low + at % (high - low + 1)) for at in range(ROWS)]


def of(values: Sequence[str]) -> list[str]:
    return [values[at % len(values)] for at in range(ROWS)]


def suggested(staging: Staging, columns: Columns, name: str = "data.csv", seed: int = 3) -> Suggestion:
    shuffled = list(columns)
    random.Random(seed).shuffle(shuffled)
    put_columns(staging, {one: columns[one] for one in shuffled}, name=name)
    return suggest(staging)


def fields(found: Suggestion) -> dict[str, str]:
    return found.mapping.tables[0].fields


def asked(found: Suggestion) -> list[str]:
    return [one.code for one in found.problems if one.severity in ("question", "error")]


# -- responses ---------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("day", "customer", "named"),
    [
        ("Survey date", "Customer ID", {"nps_score": "NPS", "csat_score": "CSAT", "ces_score": "CES"}),
        ("created_at", "user_id", {"nps_score": "likelihood_to_recommend", "csat_score": "satisfaction", "ces_score": "effort score"}),
        ("Datum", "Kundennummer", {"nps_score": "Weiterempfehlung", "csat_score": "Zufriedenheit", "ces_score": "Aufwand"}),
        ("Дата ответа", "Код клиента", {"nps_score": "NPS", "csat_score": "Удовлетворенность", "ces_score": "Усилия"}),
        ("تاریخ پاسخ", "شماره مشتری", {"nps_score": "NPS", "csat_score": "رضایت", "ces_score": "تلاش"}),
    ],
)
def test_several_scores_of_a_row_feed_a_field_each(staging: Staging, day: str, customer: str, named: dict[str, str]) -> None:
    cells = {"nps_score": scores(0, 10), "csat_score": scores(1, 5), "ces_score": scores(1, 7)}
    columns: Columns = {day: days(), customer: [str(at) for at in range(ROWS)]} | {column: cells[name] for name, column in named.items()}
    found = suggested(staging, columns)
    assert found.mapping.tables[0].grain == "surveys"
    assert {**named, "responded_at": day, "customer_id": customer}.items() <= fields(found).items()
    assert asked(found) == []


@pytest.mark.parametrize("column", ["NPS", "CSAT", "Customer effort score", "Zufriedenheit", "Рейтинг", "امتیاز", "stars"])
def test_a_single_column_of_scores_is_the_score(staging: Staging, column: str) -> None:
    found = suggested(staging, {"date": days(), column: scores(1, 5)})
    assert fields(found)["score"] == column
    assert not {"nps_score", "csat_score", "ces_score"} & fields(found).keys()
    assert asked(found) == []


@pytest.mark.parametrize(
    ("column", "words"),
    [
        ("Satisfaction", ["Very satisfied", "Satisfied", "Neutral", "Dissatisfied"]),
        ("Rating", ["★★★★★", "★★★☆☆", "★☆☆☆☆"]),
        ("rating", ["4 out of 5", "5 out of 5", "1 out of 5"]),
        ("score", ["80 %", "40 %", "100 %"]),
        ("Оценка", ["отлично", "хорошо", "плохо"]),
        ("امتیاز", ["عالی", "خوب", "بد"]),
        ("NPS", ["Promoter", "Passive", "Detractor"]),
    ],
)
def test_scores_in_words_and_marks_are_scores(staging: Staging, column: str, words: list[str]) -> None:
    found = suggested(staging, {"date": days(), column: of(words), "comment": [f"text number {at}" for at in range(ROWS)]})
    assert found.mapping.tables[0].grain == "surveys"
    assert fields(found)["score"] == column


def test_a_mark_for_no_answer_keeps_a_column_of_scores_one(staging: Staging) -> None:
    found = suggested(staging, {"date": days(), "score": of(["1", "2", "3", "4", "5", "999", "4", "5"])})
    assert fields(found)["score"] == "score"


def test_two_columns_of_one_measure_are_asked_about(staging: Staging) -> None:
    columns: Columns = {"date": days(), "CSAT": scores(1, 5), "CSAT score": of(["5", "1", "2"]), "NPS": scores(0, 10)}
    assert "which_csat_score" in asked(suggested(staging, columns))


def test_a_recommendation_of_yes_or_no_is_no_score(staging: Staging) -> None:
    found = suggested(staging, {"date": days(), "recommended": of(["1", "0"]), "rating": scores(1, 5)})
    assert fields(found)["score"] == "rating"
    assert "recommended" not in fields(found).values()


# -- cases -------------------------------------------------------------------------------------------------------------


def log(opened: str, event: str, case: str, state: str, topic: str, words: Sequence[str]) -> Columns:
    """Three events a case; the day of opening stays the same within it."""
    start = days()
    return {
        case: [f"T{at // 3:03d}" for at in range(ROWS)],
        opened: [start[at // 3 * 3] for at in range(ROWS)],
        event: start,
        state: of(words),
        topic: of(["delivery", "invoice"]),
    }


@pytest.mark.parametrize(
    "columns",
    [
        log("opened_at", "sys_updated_at", "number", "incident_state", "category", ["New", "Active", "Closed"]),
        log("Opened", "Event time", "Ticket ID", "Status", "Topic", ["open", "pending", "resolved"]),
        log("Eröffnet am", "Geändert am", "Ticket Nr", "Status", "Thema", ["neu", "in Bearbeitung", "geschlossen"]),
        log("Дата открытия обращения", "Дата изменения", "Номер обращения", "Статус", "Тема", ["новый", "в работе", "закрыт"]),
        log("تاریخ ثبت", "تاریخ ویرایش", "شماره تیکت", "وضعیت", "موضوع", ["جدید", "در حال بررسی", "بسته شده"]),
    ],
    ids=["servicenow", "english", "german", "russian", "persian"],
)
def test_a_log_of_events_has_the_day_of_each_event(staging: Staging, columns: Columns) -> None:
    case, opened, event, state, topic = columns
    found = suggested(staging, columns, "tickets.csv")
    assert found.mapping.tables[0].grain == "cases"
    told = {"case_id": case, "opened_at": opened, "updated_at": event, "status": state, "topic": topic}
    assert told.items() <= fields(found).items()
    assert asked(found) == []


def test_the_only_date_of_a_log_is_that_of_its_events(staging: Staging) -> None:
    columns: Columns = {
        "Case ID": [f"T{at // 3:03d}" for at in range(ROWS)],
        "Activity": of(["New", "Working", "Closed"]),
        "Timestamp": days(),
        "Priority": of(["high", "low"]),
    }
    found = suggested(staging, columns)
    assert fields(found) == {"case_id": "Case ID", "updated_at": "Timestamp", "status": "Activity", "priority": "Priority"}
    assert asked(found) == []


def test_a_log_needs_no_more_than_case_moment_and_state(staging: Staging) -> None:
    columns: Columns = {
        "Case ID": [f"T{at // 3:03d}" for at in range(ROWS)],
        "activity": of(["created", "answered", "solved"]),
        "timestamp": days(),
        "status": of(["open", "in progress", "closed"]),
    }
    found = suggested(staging, columns)
    assert found.mapping.tables[0].grain == "cases"
    assert {"case_id": "Case ID", "updated_at": "timestamp", "status": "status"}.items() <= fields(found).items()


def tickets(first: Sequence[str], done: Sequence[str]) -> Columns:
    return {
        "Ticket ID": [str(at) for at in range(ROWS)],
        "Date of Purchase": days(datetime(2020, 1, 1), 24),
        "First Response Time": first,
        "Time to Resolution": done,
        "Ticket Priority": of(["low", "high"]),
        "Customer Satisfaction Rating": scores(1, 5),
    }


def test_times_that_are_moments_are_read_and_a_purchase_is_no_opening(staging: Staging) -> None:
    found = suggested(staging, tickets(days(), days(hours=9)))
    assert fields(found)["first_response_at"] == "First Response Time"
    assert fields(found)["resolved_at"] == "Time to Resolution"
    assert fields(found)["csat_score"] == "Customer Satisfaction Rating"
    assert "Date of Purchase" not in fields(found).values()
    question = next(one for one in found.problems if one.code == "which_opened_at")
    assert question.option == "--map opened_at=First Response Time"


@pytest.mark.parametrize(
    ("first", "done"),
    [
        ([f"{1 + at % 9}.5" for at in range(ROWS)], [str(20 + at) for at in range(ROWS)]),
        ([f"{at % 9}:25" for at in range(ROWS)], [f"{at % 90}:05" for at in range(ROWS)]),
        ([str(20_000 + 900 * at) for at in range(ROWS)], [str(25_000 + 800 * at) for at in range(ROWS)]),
    ],
    ids=["hours", "clock", "seconds"],
)
def test_times_that_are_durations_are_no_moments(staging: Staging, first: list[str], done: list[str]) -> None:
    found = suggested(staging, tickets(first, done) | {"Opened": days()})
    assert not {"first_response_at", "resolved_at", "closed_at"} & fields(found).keys()
    assert fields(found)["opened_at"] == "Opened"


def test_closed_and_resolved_are_two_times(staging: Staging) -> None:
    columns: Columns = {"Ticket ID": [str(at) for at in range(ROWS)], "Opened": days(), "Resolved": days(hours=8), "Closed": days(hours=9)}
    found = suggested(staging, columns)
    assert (fields(found)["resolved_at"], fields(found)["closed_at"]) == ("Resolved", "Closed")


def test_events_of_a_shop_are_still_sales(staging: Staging) -> None:
    columns: Columns = {
        "event_time": days(),
        "user_id": [str(100 + at % 20) for at in range(ROWS)],
        "order_id": [str(at) for at in range(ROWS)],
        "price": [f"{at}.50" for at in range(ROWS)],
    }
    found = suggested(staging, columns)
    assert (found.mapping.tables[0].grain, fields(found)["ordered_at"]) == ("order_lines", "event_time")


def test_tickets_with_an_amount_are_sold(staging: Staging) -> None:
    columns: Columns = {
        "Ticket ID": [str(at) for at in range(ROWS)],
        "Event date": days(),
        "Customer ID": [str(100 + at % 20) for at in range(ROWS)],
        "Amount": [f"{at}.50" for at in range(ROWS)],
    }
    assert suggested(staging, columns).mapping.tables[0].grain == "order_lines"


def test_the_day_of_the_last_change_is_no_day_of_opening(staging: Staging) -> None:
    columns: Columns = {"Ticket ID": [str(at) for at in range(ROWS)], "Last update": days(), "Priority": of(["low", "high"])}
    found = suggested(staging, columns)
    assert "updated_at" not in fields(found)
    assert "which_opened_at" in asked(found)


@pytest.mark.parametrize(
    ("question", "low", "high"),
    [
        ("How likely are you to recommend us?", 0, 10),
        ("How satisfied are you with our service?", 1, 5),
        ("How easy was it?", 1, 7),
        ("Wie wahrscheinlich ist es, dass Sie uns weiterempfehlen?", 0, 10),
    ],
)
def test_questions_as_names_of_columns_are_scores(staging: Staging, question: str, low: int, high: int) -> None:
    found = suggested(staging, {"date": days(), question: scores(low, high)})
    assert (found.mapping.tables[0].grain, fields(found)["score"]) == ("surveys", question)


@pytest.mark.parametrize(("words", "is_measure"), [(["NPS", "CSAT", "Effort"], True), (["onboarding", "renewal"], False)])
def test_a_column_of_measures_names_measures(staging: Staging, words: list[str], is_measure: bool) -> None:
    found = suggested(staging, {"date": days(), "score": scores(1, 5), "Survey type": of(words)})
    assert (fields(found).get("measure") == "Survey type") is is_measure


@pytest.mark.parametrize(
    ("question", "low", "high"),
    [
        ("On a scale of 0 to 10, how likely are you to recommend our company to a friend or colleague?", 0, 10),
        ("How likely is it that you would recommend us to a friend or colleague?", 0, 10),
        ("The company made it easy for me to handle my issue", 1, 7),
        ("Overall, how satisfied are you with our product?", 1, 5),
        ("How would you rate the delivery of your order?", 1, 5),
        ("Насколько вы готовы порекомендовать нас друзьям?", 0, 10),
        ("چقدر احتمال دارد ما را به دوستان خود پیشنهاد کنید؟", 0, 10),
    ],
)
def test_whole_questions_are_scores_whatever_they_are_about(staging: Staging, question: str, low: int, high: int) -> None:
    found = suggested(staging, {"date": days(), question: scores(low, high)})
    assert (found.mapping.tables[0].grain, fields(found)["score"]) == ("surveys", question)


@pytest.mark.parametrize("named", ["survey_type", "metric", "question"])
@pytest.mark.parametrize("answers", ["value", "answer", "response", "score"])
def test_numbers_beside_their_measures_are_scores_whatever_they_are_called(staging: Staging, named: str, answers: str) -> None:
    found = suggested(staging, {"date": days(), "customer_id": of(["a", "b", "c"]), named: of(["NPS", "CSAT"]), answers: scores(1, 5)})
    assert found.mapping.tables[0].grain == "surveys"
    assert {"measure": named, "score": answers}.items() <= fields(found).items()


def test_the_satisfaction_as_a_whole_is_taken_and_parts_of_it_are_asked_about(staging: Staging) -> None:
    columns: Columns = {"date": days(), "delivery satisfaction": scores(1, 5), "support satisfaction": of(["5", "1"])}
    assert "which_score" in asked(suggested(staging, columns)) or "which_csat_score" in asked(suggested(staging, columns))
    found = suggested(staging, columns | {"overall satisfaction": of(["1", "2", "5"])})
    assert fields(found)["score"] == "overall satisfaction"
    assert asked(found) == []


def test_the_group_of_a_score_is_not_taken_for_the_score(staging: Staging) -> None:
    columns: Columns = {"date": days(), "nps_score": scores(0, 10), "nps_category": of(["Promoter", "Passive", "Detractor"])}
    found = suggested(staging, columns)
    assert (fields(found)["score"], asked(found)) == ("nps_score", [])


def told(found: Suggestion) -> set[tuple[str, str]]:
    return {(one.code, one.column) for one in found.problems if one.severity == "warning"}


def test_scores_beside_amounts_are_told(staging: Staging) -> None:
    columns: Columns = {
        "date": days(),
        "customer_id": of(["a", "b"]),
        "nps": scores(0, 10),
        "order_value": [f"{at}.50" for at in range(ROWS)],
    }
    found = suggested(staging, columns)
    assert found.mapping.tables[0].grain == "order_lines"
    assert ("scores_not_used", "nps") in told(found)


def test_customers_told_apart_by_name_are_told(staging: Staging) -> None:
    people = of(["Ann Lee", "Bob May", "Cas Roe"])
    assert ("customer_by_contact", "Kunde") in told(suggested(staging, {"Datum": days(), "NPS": scores(0, 10), "Kunde": people}))
    assert ("customer_by_contact", "Kunde") not in told(
        suggested(staging, {"Datum": days(), "NPS": scores(0, 10), "Kunde": of(["1", "2"])})
    )


def test_a_column_called_like_a_field_that_cannot_be_it_is_told(staging: Staging) -> None:
    columns: Columns = {"Ticket ID": [str(at) for at in range(ROWS)], "Opened": days(), "Resolution time (hours)": of(["1.5", "20"])}
    columns |= {"CSAT": of(["A", "B", "C"])}
    assert {("column_not_read", "Resolution time (hours)"), ("column_not_read", "CSAT")} <= told(suggested(staging, columns))


@pytest.mark.parametrize(
    ("column", "words", "field"),
    [
        ("SLA breached", ["Yes", "No"], "is_within_sla"),
        ("SLA status", ["Met", "Breached"], "is_within_sla"),
        ("Dentro do prazo", ["sim", "não"], "is_within_sla"),
        ("В срок", ["да", "нет"], "is_within_sla"),
        ("Reopened", ["Yes", "No"], "count_reopened"),
        ("Escalated", ["Yes", "no", "NO"], "is_escalated"),
    ],
)
def test_flags_of_cases_in_the_words_of_service_desks(staging: Staging, column: str, words: list[str], field: str) -> None:
    found = suggested(staging, {"Ticket ID": [str(at) for at in range(ROWS)], "Opened": days(), column: of(words)})
    assert fields(found)[field] == column


@pytest.mark.parametrize("column", ["Close date", "Data de resolução", "Fecha de resolución", "Solved at"])
def test_ends_of_cases_in_further_words(staging: Staging, column: str) -> None:
    found = suggested(staging, {"Ticket ID": [str(at) for at in range(ROWS)], "Opened": days(), column: days(hours=9)})
    assert {"resolved_at", "closed_at"} & {name for name, fed in fields(found).items() if fed == column}


@pytest.mark.parametrize("column", ["Zufriedenheit", "Rating (1 = excellent, 5 = poor)"])
def test_what_may_be_a_score_is_named_where_nothing_can_be_used(staging: Staging, column: str) -> None:
    found = suggested(
        staging,
        {"date": days(), "customer_id": of(["a", "b"]), column: of(["so", "solala"]) if column == "Zufriedenheit" else scores(1, 5)},
    )
    problem = next(one for one in found.problems if one.severity == "error")
    assert (problem.code, problem.column, problem.option) == ("no_score", column, f'--map "surveys.score={column}"')
    assert override(staging, found.mapping, [f"surveys.score={column}"]).tables[0].grain == "surveys"
