"""Words that column names are made of, in the languages of shop exports, and the concepts they stand for.

One line a concept; a word with a star stands for every ending (Russian and German inflect). A phrase of several words is
looked up before its words. A concept in `COMPOUNDS` stands for several. Adding a language is adding words.
Spelled as `names.plain` leaves them: lower case, no accents in Latin letters, one letter for ی/ي and ک/ك, е for ё.
"""

from __future__ import annotations

#: concept -> words of English, German, French, Spanish, Portuguese, Polish, Russian, Persian
WORDS: dict[str, str] = {
    "customer": "customer customers client buyer shopper user member household subscriber guest consumer cust account caller patron "
    "donor kunde kunden kaufer "
    "mitglied cliente comprador acheteur usuario utilisateur клиент* покупател* заказчик* пользовател* контрагент* مشتری مشتریان خریدار "
    "کاربر اعضا عضو family haushalt visitor visitors moshtari "
    "klient* nabywc* kupujac* klant klanten musteri домохозяйств* خانوار عمیل العمیل الزبون kd acquirente",
    "id": "id ids identifier key code no nr num number nummer numero ref reference uuid guid hash kennung codigo identifiant номер* код "
    "кода "
    "идентификатор* ид артикул* شناسه شماره کد "
    "numer numery identyfikator* kod cd codice numarasi رقم رمز",
    "order": "order purchase purchased invoice basket receipt bill transaction trx txn check cart deal booking bestellung bestell "
    "bestellungs auftrag auftrags "
    "rechnung rechnungs beleg kauf einkaufs warenkorb pedido compra factura fatura venta venda ticket_no commande facture achat заказ* "
    "чек чека чеков чеки накладн* счет* "
    "сделк* документ* покупк* покупок транзакц* سفارش سفارشات فاکتور خرید تراکنش صورتحساب bon quittung factor sefaresh kharid "
    "zamowieni* faktur* paragon* transakcj* trans doc docs ordine ordini fattura scontrino siparis bestelling factuur سبد طلب الطلب الفاتوره",
    "line": "line row position pos zeile linea linha ligne позици* строк* ردیف سطر pozycj*",
    "item": "item lineitem items قلم اقلام",
    "product": "product products article goods good stock merchandise artikel artikels produkt waren producto produto produit товар* "
    "продукт* номенклатур* "
    "کالا کالای محصول محصولات kala mahsul "
    "towar* artykul* produktu produkty prod material urun articolo prodotto المنتج الصنف",
    "name": "name title label titel nombre nome nom libelle наименован* назван* имя имени фио نام عنوان nam nazwa imie nazwisko naam adi اسم",
    "description": "description desc bezeichnung beschreibung descripcion descricao designation описани* شرح توضیحات descrizione omschrijving",
    "billing": "billing billed",
    "category": "category department group class genre kategorie warengruppe gruppe abteilung categoria categorie rayon категори* "
    "групп* отдел* دسته "
    "دسته_بندی گروه طبقه "
    "kategoria kategorii dept",
    "type": "type kind typ art тип* вид вида نوع tipo",
    "sub": "sub subcategory under unter подкатегори* زیر",
    "count": "quantity qty count units pieces pcs sold menge anzahl stuck stuckzahl cantidad cant unidades quantidade qtd quantite qte "
    "количеств* кол шт штук تعداد "
    "مقدار tedad "
    "ilosc sztuk szt liczba pieces piece qtde qta quantita adet miktar aantal uds ud stk کمیه الکمیه",
    "unit": "unit single per each einzel stuckpreis unitario unitaire единиц* ед за_единицу واحد تکی jednostkow* birim unita الوحده",
    "price": "price preis preise precio preco prix цена цены цене قیمت بها نرخ gheymat qeymat cena ceny prijs prezzo fiyat fiyati سعر السعر",
    "amount": "amount sum value dollar dollars money usd eur gbp rub spend spent paid betrag summe wert importe valor montant сумм* "
    "стоимост* مبلغ ارزش mablagh "
    "kwota kwoty wartosc amt amnt importo tutar bedrag рублей المبلغ",
    "total": "total grand gesamt gesamtbetrag summe_gesamt итог* всего общ* جمع کل مجموع razem lacznie łacznie totale toplam totaal الاجمالی المجموع",
    "sales": "sales sale revenue turnover income gmv umsatz erlos verkauf ventas ingresos vendas receita faturamento выручк* оборот* "
    "продаж* доход* فروش درآمد foroush forush "
    "sprzedaz* przychod* satis المبیعات",
    "net": "net netto neto liquido чист* خالص",
    "gross": "gross brutto bruto ناخالص",
    "list": "list catalog catalogue msrp rrp compare listen liste каталог* прайс* لیست",
    "discount": "discount discounts disc rebate coupon voucher promo promotion markdown rabatt nachlass gutschein descuento desconto "
    "remise reduction скидк* купон* "
    "промокод* تخفیف کوپن "
    "rabat rabaty znizka upust sconto indirim korting الخصم",
    "cost": "cost costs cogs expense kosten einkauf einstand einkaufspreis costo custo coste cout себестоимост* затрат* расход* "
    "закупочн* هزینه تمام_شده "
    "koszt koszty",
    "profit": "profit margin gewinn marge deckungsbeitrag ganancia beneficio lucro margem benefice прибыл* марж* سود zysk marza marża",
    "delivery": "delivery freight lieferung liefer lieferungs frete entrega livraison доставк* حمل تحویل dostaw*",
    "shipping": "shipping ship shipped shipment postage fulfillment dispatch dispatched versand versendet envio expedition port отгруж* "
    "отгрузк* отправ* ارسال پست "
    "wysylk* wysyłk*",
    "delivered": "delivered geliefert zugestellt entregado entregue livree доставлен* تحویل_شده",
    "promised": "estimated promised expected planned eta scheduled geplant erwartet voraussichtlich zugesagt estimada estimado prevista "
    "prometida prevue план* ожидаем* "
    "обещан* расчетн* وعده برآوردی تخمینی موعود",
    "date": "date day datum tag fecha data dia jour дата даты дату день дня تاریخ روز dt on tarikh dzien dzień tarihi التاریخ период*",
    "time": "time timestamp ts at datetime zeit uhrzeit zeitstempel zeitpunkt hora heure horodatage время времени زمان ساعت when buy_ts "
    "stamp",
    "jalali": "shamsi shamsy jalali solar hijri شمسی جلالی خورشیدی",
    "created": "created placed create erstellt angelegt creado creacion criado criacao cree creation создан* оформлен* ثبت ایجاد "
    "utworzon* zlozon* złozon*",
    "updated": "updated update modified changed geandert modifie actualizado изменен* обновлен* ویرایش",
    "event": "event action actions activity ereignis aktivitat evento actividad atividade evenement activite событи* действи* رویداد فعالیت",
    "approved": "approved confirmed authorized processed bestatigt aprobado aprovado подтвержден* تایید",
    "carrier": "carrier courier spediteur transportadora transporteur перевозчик* курьер* پیک",
    "limit": "limit deadline frist срок*",
    "status": "status stage zustand statut etat situacao статус* состояни* وضعیت stan_zamowienia",
    "state": "state estado штат*",
    "currency": "currency curr wahrung wahrungs moneda moeda devise валют* ارز واحد_پول waluta waluty",
    "channel": "channel source platform medium kanal quelle canal origen origem канал* источник* کانال منبع",
    "acquired": "acquisition acquired utm attribution marketing akquise adquisicion aquisicao привлечен* جذب",
    "country": "country nation land pais pays стран* کشور kraj ctry paese ulke الدوله البلد",
    "region": "region province oblast county territory bundesland provincia departement област* регион* استان منطقه ostan "
    "wojewodztwo województwo",
    "city": "city town stadt ort ciudad cidade ville город* شهر شهرستان shahr miasto citta sehir المدینه",
    "email": "email mail почт* эл_почт* ایمیل correo courriel",
    "phone": "phone mobile tel telephone cell telefon handy telefono telefone celular телефон* тел تلفن موبایل همراه mobil",
    "consent": "consent consents consented newsletter optin optins gdpr einwilligung zustimmung werbeeinwilligung werbeerlaubnis kontakterlaubnis "
    "consentimiento consentement согласи* подписк* подписан* موافقت رضایتنامه خبرنامه accepts_marketing opt_in subscribed abonniert abonne "
    "permission permissions permiso autorisation erlaubnis разрешени* "
    "suscrito contactable marketable",
    "unsubscribed": "unsubscribed unsubscribe unsubscribes unsub unsubs optout optouts suppressed abgemeldet abmeldung abbestellt desinscrit "
    "desinscription desabonne desabonnement desuscrito descadastrado baja отписк* отписал* отписан*",
    "campaign": "campaign campaigns mailing mailings mailshot kampagne kampagnen werbeaktion campagne campagnes campana campanas campanha "
    "campagna kampania kampanya кампани* рассылк* کمپین پویش",
    "sent": "sent send sends sending gesendet verschickt envoye envoyee enviado enviada inviato wyslano verzonden",
    "clicked": "clicked click clicks klick klicks geklickt angeklickt clic clics clique cliques кликнул* клик* کلیک",
    "bounced": "bounced bounce bounces unzustellbar undeliverable undelivered rebote rebotes rebotado rebond недоставл* برگشتخورده",
    "recipient": "recipient recipients empfanger empfangerin destinatario destinataire адресат* получател* گیرنده مخاطب",
    "outcome": "outcome outcomes result results disposition ergebnis resultado resultat risultato результат* исход* نتیجه",
    "called": "call calls anruf anrufe angerufen appel appels llamada llamadas звон*",
    "joined": "joined registered registration signup since member_since mitglied_seit регистрац* registriert registrierung registro "
    "cadastro inscription عضویت ثبت_نام",
    "nps": "nps enps promoter recommend* weiterempfehl* recomend* recomiend* recommand* рекоменд* порекоменд* توصیه پیشنهاد",
    "csat": "csat satisfaction satisfied zufriedenheit zufrieden satisfaccion satisfacao удовлетвор* رضایت",
    "ces": "ces effort ease easy aufwand leichtigkeit einfachheit esfuerzo esforco facilidade facilidad усили* легкост* تلاش سهولت آسانی",
    "attitude": "attitude einstellung actitud atitude نگرش competitor competitors competition",
    "score": "score rating star stars grade points bewertung punkte puntuacion calificacion puntaje avaliacao "
    "pontuacao nota evaluation оценк* балл* "
    "рейтинг* امتیاز نمره "
    "ocena oceny",
    "survey": "survey review response feedback respondent opinion umfrage rezension antwort encuesta respuesta resena pesquisa resposta avis "
    "enquete reponse "
    "опрос* отзыв* анкет* ответ* نظر نظرسنجی "
    "پاسخ بازخورد reviewed "
    "opinia opinie ankiet*",
    "comment": "comment text message body verbatim remark content kommentar mensaje comentario commentaire texto texte комментари* "
    "текст* сообщени* متن دیدگاه پیام "
    "komentarz*",
    "case": "case ticket complaint incident issue request claim inquiry beschwerde anfrage vorfall reclamacion queja chamado reclamacao "
    "reclamation обращени* жалоб* "
    "тикет* заявк* инцидент* претензи* شکایت شکایات درخواست تیکت "
    "zgloszeni* zgłoszeni* reklamacj*",
    "opened": "opened open received raised reported submitted geoffnet eroffnet eingegangen eingang abierto apertura aberto abertura ouvert "
    "открыт* "
    "поступ* получен* باز دریافت",
    "resolved": "resolved solved resolution resolve solve gelost losung erledigt resuelto resolucion resolvido resolucao resolu решен* حل",
    "closed": "closed close geschlossen abgeschlossen cerrado fechado ferme cloture закрыт* завершен* بسته",
    "answered": "answered answer replied reply responded beantwortet respondida ответа отвечен*",
    "first": "first initial erste erster ersten primera primeira premiere первы* перво* اولین اول",
    "due": "due falligkeit fallig vencimiento vencimento echeance سررسید",
    "sla": "sla timely in_time on_time fristgerecht rechtzeitig вовремя",
    "missed": "missed late breach breached breaches violated violation overdue verletzt uberschritten uberfallig violado violada estourado "
    "estourada vencido vencida incumplido incumplida depasse depassee нарушен* просроч* نقض",
    "topic": "topic subject theme reason thema betreff grund asunto assunto motivo sujet motif тема темы причин* موضوع علت",
    "priority": "priority prioritat prioridad prioridade priorite приоритет* اولویت",
    "urgency": "urgency severity dringlichkeit urgencia urgence severite срочност* فوریت",
    "escalated": "escalated escalation eskaliert эскал* ارجاع",
    "reopened": "reopened reopen reopens reopenings wiedereroffnet повторно_открыт* بازگشایی",
    "contacts": "contacts contact interactions touches kontakte kontakt contactos обращени_й контакт* تماس",
    "reach": "reach followers audience reichweite alcance охват* подписчик* دنبال_کننده",
    "touchpoint": "touchpoint journey",
    "measure": "measure metric question kennzahl frage показател* вопрос* شاخص سوال",
    "minimum": "min minimum lowest мин حداقل",
    "maximum": "max maximum highest макс حداکثر",
    "scale": "scale skala escala echelle шкал* مقیاس",
    "unique": "unique person global master canonical eindeutig unico уникальн* یکتا",
    # what never is a field of ours: such a word speaks against every other reading of the name
    "seller": "seller vendor merchant supplier store shop warehouse manager agent rep employee staff cashier operator salesperson brand "
    "manufacturer branch verkaufer lieferant "
    "handler vendedor proveedor fornecedor loja tienda vendeur fournisseur magasin продав* поставщик* магазин* склад* менеджер* бренд* "
    "производител* کارمند فروشنده "
    "فروشگاه انبار برند opened_by resolved_by created_by updated_by assigned",
    "address": "address street zip postal postcode plz adresse strasse direccion endereco cep адрес* улиц* индекс* آدرس نشانی پستی "
    "latitude longitude lat lng prefix",
    "tax": "tax taxes vat mwst ust steuer iva impuesto imposto tva taxe ндс налог* مالیات",
    "share": "percent percentage pct rate share ratio prozent porcentaje percentual pourcentage процент* доля درصد",
    "calendar": "week month quarter year weekday woche monat quartal jahr semana mes ano trimestre semaine mois trimestre annee недел* "
    "месяц* квартал* год هفته ماه سال",
    "refund": "refund refunded returned return chargeback erstattung storno retoure reembolso devolucion remboursement возврат* مرجوعی "
    "بازگشت",
    "payment": "payment pay installments installment sequential zahlung bezahlung zahlungsart pago pagamento paiement оплат* платеж* "
    "پرداخت financial",
    "cancelled": "cancelled canceled storniert cancelado annule отмен* لغو",
    "size": "weight length height width photos package pack gewicht peso poids вес размер* وزن اندازه lenght size",
    "index": "index unnamed column",
    "gender": "gender sex geschlecht пол جنسیت genero",
    "age": "age alter edad idade возраст* سن",
    "process": "accuracy mod knowledge notify",
}

#: words and phrases that stand for several concepts at once
COMPOUNDS: dict[str, str] = {
    "uid": "customer id",
    "cid": "customer id",
    "userid": "customer id",
    "sku": "product id",
    "asin": "product id",
    "plu": "product id",
    "ean": "product id",
    "артикул": "product id",
    "subtotal": "net amount",
    "email address": "email",
    "e mail address": "email",
    "upc": "product id",
    "gtin": "product id",
    "barcode": "product id",
    "штрихкод": "product id",
    "بارکد": "product id",
    "art nr": "product id",
    "art no": "product id",
    "sold to": "customer",
    "طرف حساب": "customer",
    "loyalty card": "customer id",
    "карта лояльности": "customer id",
    "дисконтная карта": "customer id",
    "sold at": "order date",
    "sold on": "order date",
    "date sold": "order date",
    "persian date": "jalali date",
    "فی": "unit price",
    "pu": "unit price",
    "p unitario": "unit price",
    "preis stuck": "unit price",
    "stukprijs": "unit price",
    "за шт": "unit",
    "за ед": "unit",
    "per item": "unit",
    "per piece": "unit",
    # names of the fields in SAP
    "kunnr": "customer id",
    "vbeln": "order id",
    "posnr": "line id",
    "matnr": "product id",
    "arktx": "product name",
    "maktx": "product name",
    "fkdat": "order date",
    "audat": "order date",
    "erdat": "created date",
    "fkimg": "count",
    "kwmeng": "count",
    "netpr": "unit price",
    "netwr": "net amount",
    "waerk": "currency",
    "mail address": "email",
    "lineitem": "item line",
    "orderdate": "order date",
    "einzelpreis": "unit price",
    "stuckpreis": "unit price",
    "number of": "count",
    "no of": "count",
    "num of": "count",
    "count of": "count",
    "items sold": "count",
    "cant de": "count",
    "кол во": "count",
    "за единицу": "unit",
    "zip code": "address",
    "postal code": "address",
    "почтовый индекс": "address",
    "کد پستی": "address",
    "opt in": "consent",
    "opted in": "consent",
    "accepts marketing": "consent",
    "accepts email marketing": "consent email",
    "accepts sms marketing": "consent phone",
    "email marketing consent": "consent email",
    "sms marketing consent": "consent phone",
    "marketing consent": "consent",
    "marketing opt in": "consent",
    "marketing allowed": "consent",
    "may contact": "consent",
    "opt out": "unsubscribed",
    "opted out": "unsubscribed",
    "opt outs": "unsubscribed",
    "marketing opt out": "unsubscribed",
    "do not contact": "unsubscribed",
    "do not email": "unsubscribed",
    "do not mail": "unsubscribed",
    "do not call": "unsubscribed phone",
    "do not sms": "unsubscribed phone",
    "no marketing": "unsubscribed",
    "keine werbung": "unsubscribed",
    "consent withdrawn": "unsubscribed",
    "consent revoked": "unsubscribed",
    "einwilligung widerrufen": "unsubscribed",
    "отзыв согласия": "unsubscribed",
    "отказ от рассылки": "unsubscribed",
    "отказ от рекламы": "unsubscribed",
    "لغو اشتراک": "unsubscribed",
    "لغو عضویت": "unsubscribed",
    "عدم تمایل": "unsubscribed",
    "رضایت نامه": "consent",
    "رضایت به تماس": "consent",
    "رضایت تماس": "consent",
    "رضایت دریافت": "consent",
    "sign up": "joined",
    "sent to": "carrier",
    "chiffre affaires": "sales",
    "واحد پول": "currency",
    "تمام شده": "cost",
    "بهای تمام شده": "cost",
    "тел": "phone",
    "эл почта": "email",
    "электронная почта": "email",
    "e mail": "email",
    "opened by": "seller",
    "resolved by": "seller",
    "closed by": "seller",
    "created by": "seller",
    "updated by": "seller",
    "assigned to": "seller",
    "sys created": "process",
    "sys updated": "updated",
    "sys mod": "process",
    "last updated": "updated",
    "last update": "updated",
    "last modified": "updated",
    "last change": "updated",
    "letzte anderung": "updated",
    "time to resolve": "resolved time",
    "net promoter": "nps score",
    "likelihood to recommend": "nps score",
    "effort score": "ces score",
    "compared to": "attitude score",
    "grand total": "total",
    "ship mode": "shipping type",
    "bill to": "customer",
    "ship to": "shipping customer",
    "time to": "time",
    "on time": "sla",
    "в срок": "sla",
    "به موقع": "sla",
    "dentro do prazo": "sla",
    "a tiempo": "sla",
    "nota fiscal": "order",
    "would you rate": "score",
    "do you rate": "score",
    "rate your": "score",
    "rate our": "score",
    "rate us": "score",
    "in time": "sla",
    "ثبت نام": "joined",
    "دسته بندی": "category",
    "تحویل شده": "delivered",
    "wahrung": "currency",
}

#: words that count what follows them, though at the end of a name they number it ("num_items", "order_num")
LEADING: dict[str, str] = {"num": "count", "nb": "count", "cnt": "count", "numero": "id"}

#: words that say nothing about the field
NOISE = frozenset(
    [
        "the",
        "of",
        "de",
        "da",
        "do",
        "del",
        "la",
        "le",
        "les",
        "des",
        "der",
        "die",
        "das",
        "du",
        "d",
        "l",
        "a",
        "an",
        "in",
        "to",
        "for",
        "and",
        "und",
        "et",
        "y",
        "e",
        "o",
        "us",
        "u",
        "our",
        "is",
        "was",
        "s",
        "sys",
        "by",
        "из",
        "в",
        "на",
        "от",
        "по",
        "для",
        "и",
        "به",
        "از",
        "در",
        "های",
        "ها",
        "ی",
        "و",
        "base",
        "formatted",
        "local",
        "utc",
        "gmt",
        # of questions: "How likely are you to recommend us?"
        *"how likely are you were we did would it your with overall wie wahrscheinlich ist es dass sie uns".split(),
    ]
)
