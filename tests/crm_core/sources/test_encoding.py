"""Encodings are found from words of real languages, and from the whole file."""

from __future__ import annotations

import hashlib

import pytest

from crm_core.sources import alphabets, encoding

WORDS = {
    "cp1251": [
        "Комнатное растение в горшке",
        "Москва",
        "Иванов Иван",
        "Санкт-Петербург, ул. Ленина",
        "Доставка оплачена",
        "Київ, замовлення",
    ],
    "cp1256": ["تهران", "مشتري سفارش", "علي محمدي", "العميل الطلب المنتج", "الرياض", "گوشي موبايل", "شيراز"],
    "cp1250": [
        "Łódź",
        "Kraków, Gdańsk",
        "Małgorzata",
        "Příliš žluťoučký kůň",
        "Dvořák",
        "České Budějovice",
        "Székesfehérvár",
        "Timişoara şi Braşov",
    ],
    "cp1252": [
        "München",
        "Düsseldorf",
        "Größe",
        "São Paulo",
        "ação de promoção",
        "François",
        "José Nuñez",
        "Crème brûlée 5 € – prêt-à-porter",
        "£5.00",
    ],
}


@pytest.mark.parametrize(("codec", "word"), [(codec, word) for codec, words in WORDS.items() for word in words])
def test_a_few_words_tell_the_code_page(codec, word):
    written = word.encode(codec)
    assert written.decode(alphabets.likeliest([written])) == word


def test_a_word_counts_once_however_often_it_stands_there():
    written = ("Numer zamówienia;Ilość\n" + "Łukasz Żółć\n" * 50).encode("cp1250")
    assert alphabets.likeliest([written]) == "cp1250"


def test_a_sign_counts_once_too():
    """A euro in each row is one letter of the Cyrillic code page."""
    written = ("Kunde;Betrag\nMüller;1,00 €\nÖzdemir;2,00 €\n" + "Beck;12,00 €\n" * 50).encode("cp1252")
    assert alphabets.likeliest([written]) == "cp1252"


@pytest.mark.parametrize("codec", ["utf-8", "utf-8-sig", "utf-16", "utf-16-le", "utf-16-be", "cp1250", "cp1251", "cp1252", "cp1256"])
def test_a_file_in_any_encoding_is_read_right(read, rows, codec):
    word = {"cp1250": "Łódź", "cp1251": "Москва", "cp1252": "Köln", "cp1256": "تهران"}.get(codec, "Жук تهران Łódź")
    table = read(f"id\tcity\n1\t{word}\n2\tBerlin\n".encode(codec))
    assert [column.name for column in table.columns] == ["id", "city"]
    assert rows(table)[0] == ("1", word)


def test_a_special_letter_that_comes_late_is_not_missed(read, rows):
    lines = "id,name\n" + "1,abc\n" * 200_000
    assert rows(read((lines + "2,Łódź\n").encode()))[-1] == ("2", "Łódź")
    late = read((lines + "2,Łódź\n").encode("cp1250"))
    assert rows(late)[-1] == ("2", "Łódź")
    assert late.reading["Encoding"] == "Windows-1250"


def test_a_damaged_letter_does_not_make_utf8_something_else(read, rows):
    table = read(b"id,name\n" + "1,سلام دنیا\n".encode() * 100 + b"2,\xd8\n1,x\n")
    assert rows(table)[0] == ("1", "سلام دنیا")
    assert table.reading["Encoding"] == "UTF-8, damaged letters shown as �: 1"


def test_a_few_zero_bytes_are_left_out_and_said_to_be(read, rows):
    table = read("id,name\n1,a\x00b\n" + "2,c\n" * 1000)
    assert rows(table)[0] == ("1", "ab")
    assert table.reading["Encoding"].endswith("zero bytes left out: 1")


def test_letters_and_line_breaks_survive_the_borders_of_blocks(tmp_path, monkeypatch):
    monkeypatch.setattr(encoding, "BLOCK", 7)
    source, target = tmp_path / "source", tmp_path / "target"
    source.write_bytes("Łódź\r\nKraków\r\rżółw\r\n".encode("utf-16"))
    encoding.lines_as_utf8(source, target, "utf-16-le")
    assert target.read_text(encoding="utf-8") == "Łódź\nKraków\n\nżółw\n"
    utf8 = tmp_path / "utf8"
    utf8.write_text("id,name\n" + "1,Łódź تهران\n" * 50, encoding="utf-8")
    found = encoding.scan(utf8)
    assert found.is_utf8
    assert found.sha256 == hashlib.sha256(utf8.read_bytes()).hexdigest()
