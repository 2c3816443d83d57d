"""Words that say nothing alone, by language, written as people write them. Negations are none of them: “not received” is what a reader looks for.

Answers no question of its own. A list applies only where its language is found, so that the German article “die” takes no English verb away.
"""

from __future__ import annotations

_ENGLISH = """
a about after all also am an and any are as at be because been being both but by can could did do does doing done during each for from had has
have having he her here hers him his how i if in into is it its itself just me my myself of on once or other our ours out over own she should
so some than that the their theirs them then there these they this those through to under until up was we were what when where which while who
whom why will with would you your yours i'm i've i'd i'll it's that's there's they're they've we're we've we'll you're you've he's she's let's
im ive get got
"""

_PERSIAN = """
و در به از که این آن را رو با است هست بود شد شده می هم برای تا یا اما ولی اگر اگه چون من ما شما او آنها اینها ایشان خود خودم خودش یک یه هر همه همین
همان همون چه چی که‌ای دیگه دیگر پس نیز سپس ها های ای ام اند ایم اید بر روی زیر پیش نزد بین هستش هستند هستم هستیم باشد باشه باشم بودم بودند بودن شود
شدم شدن میشه می‌شود میشود دارد داره دارم دارند داشت داشتم کرد کردم کرده کردن کند کنه کنم کنید توی تو اون اونا واسه وقتی اینکه آنکه البته مثل فقط
الان بعد قبل حتی یعنی انگار چند بی‌آنکه بهش ازش براش بهم میگم گفتم آیا زیرا چرا چگونه کجا کی هنگام ضمنا ضمن طبق اینه همینه مورد دو ایا
"""

_RUSSIAN = """
и в во на я с со он она оно они мы вы ты что как а но по из за к ко у о об от до для это этот эта эти этого этой этом тот та те того той том то так
все всё весь вся всего всех его её ее их мне меня мной нам нас вам вас ему ей им них него неё нее мой моя мое моё мои моего моей наш наша наши ваш
ваша ваши свой своя свои себя себе был была было были быть есть будет бы же ли или если когда где куда тут там здесь уже ещё еще при про под над
через после перед между который которая которое которые которого которой чтобы потому поэтому также тоже только лишь даже ну вот да кто чем чего
чему сам сама сами один одна раз можно пока просто
"""

_PORTUGUESE = """
o a os as um uma uns umas de do da dos das em no na nos nas por pelo pela pelos pelas para pra pro com e ou que se como mais mas ao aos à às eu tu
ele ela eles elas nós você vocês vc me te lhe lhes meu minha meus minhas seu sua seus suas nosso nossa este esta estes estas esse essa esses essas
isso isto aquele aquela aquilo é era foi foram ser sido são está estão estava estou estar tem têm tinha ter tive tenho há haver havia já também
quando onde quem qual quais porque pois até entre sobre sob depois antes desde então assim só lá aqui ali fui sendo foi fosse num numa deste desta
desse dessa nesse nessa neste nesta dele dela q pq
"""

_GERMAN = """
der die das den dem des ein eine einen einem einer eines und oder aber auch als am an auf aus bei bis da damit dann dass daß denn dies diese dieser
dieses diesen diesem doch du durch er es für hab habe haben hat hatte hatten hier ich ihr ihre ihren ihm ihn im in ins ist ja kann können man mein
meine meinen meiner mich mir mit nach noch nun nur ob seit sein seine sich sie sind so über um uns unser vom von vor war waren was weil wenn wer
werden wie wieder wir wird wo wurde wurden zu zum zur schon sehr
"""

_FRENCH = """
le la les l un une des du de d et ou mais donc or car que qui quoi dont où ce cet cette ces ça cela c est a ai as avons avez ont avait avais
avoir été être suis es sommes êtes sont était étaient je j tu il elle on nous vous ils elles me m te t se s lui leur leurs mon ma mes ton ta tes son
sa ses notre nos votre vos y en au aux à dans par pour sur sous avec chez entre vers comme si quand lorsque puis alors aussi très plus moins même
tout tous toute toutes fait faire qu ci là
"""

_SPANISH = """
el la los las lo un una unos unas de del al a en por para con y e o u que se su sus mi mis tu tus me te le les nos os yo tú él ella ellos ellas
nosotros usted ustedes este esta estos estas ese esa esos esas eso esto aquel aquella es son era eran fue fueron ser sido soy está están estaba
estoy estar ha han he hay había haber tiene tienen tenía tener tengo como cuando donde quien cual cuales porque pero más ya también muy si sí sobre
entre hasta desde después antes entonces así solo sólo aquí allí pues todo todos
"""

#: The languages known, in the order of a tie.
STOP_WORDS: dict[str, frozenset[str]] = {
    "English": frozenset(_ENGLISH.split()),
    "Persian": frozenset(_PERSIAN.split()),
    "Russian": frozenset(_RUSSIAN.split()),
    "Portuguese": frozenset(_PORTUGUESE.split()),
    "German": frozenset(_GERMAN.split()),
    "French": frozenset(_FRENCH.split()),
    "Spanish": frozenset(_SPANISH.split()),
}

#: Languages whose writers often leave accents out: “voce” is as much a stop word as “você”. (German “schön” is not “schon”.)
OFTEN_WITHOUT_ACCENTS = ("Portuguese", "French", "Spanish")

#: Never stop words where their language is found, whatever the list of another says: Portuguese “no” is “in the”, English “no” denies.
NEGATIONS: dict[str, frozenset[str]] = {
    "English": frozenset(
        """
        not no never nor without nothing nobody none cannot can't don't didn't doesn't won't wasn't isn't aren't weren't couldn't wouldn't haven't hasn't
        """.split()
    ),
    "Persian": frozenset("نه نیست نبود نمی نشد نشده ندارد نداره نکرد بدون هیچ بی".split()),
    "Russian": frozenset("не нет ни без никогда ничего никто нельзя".split()),
    "Portuguese": frozenset("não nao nunca nem sem nada ninguém ninguem jamais".split()),
    "German": frozenset("nicht kein keine keinen nie ohne nichts".split()),
    "French": frozenset("pas jamais sans rien aucun aucune ni ne non".split()),
    "Spanish": frozenset("no nunca nadie sin tampoco ni nada".split()),
}
