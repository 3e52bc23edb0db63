"""Sentences with every mention marked as {entity|words}: what is not marked must not be found.

Entities that share the same words are joined by a plus: {russia+vladimir-putin|Putin}. In Arabic, what stands before an
article is not marked; "and" or "in" stuck to a name without article is, for they are one written word.
"""

from __future__ import annotations

CASES = """
# ISIL by all its names, and what is not ISIL
{isil|ISIL} fighters withdrew from the town at dawn
{isil|ISIS} claims responsibility for the attack
The {isil|Islamic State group} said it had shot down the drone
{isil|Islamic State of Iraq and the Levant} took the refinery
{isil|Islamic State of Iraq and Syria} issued a statement
The {isil|Islamic State of Iraq} was declared in 2006
{isil|Daesh} is losing ground, the coalition says
{isil|Da'esh} cells remain in the desert
{isil|Da’esh} cells remain in the desert
{isil|Daech} a revendiqué l'attentat
{isil|IS} militants overran the base
What is it that {isil|IS} militants want? It is money
Jihadists of {isil|IS} attacked a convoy
He asked what IS was meant to do
This is what it is and that is all
THIS IS WHAT IT IS
THIS IS WHAT MILITANTS WANT IN {iraq|IRAQ}
{european-union|EU} AGREES NEW SANCTIONS ON {russia|RUSSIA}
{isil|ISIS-K} said its men crossed the border
{isil|ISIS}’s propaganda channel fell silent
{isil|داعش} يعلن مسؤوليته عن الهجوم
مقاتلون من {isil|تنظيم الدولة الإسلامية} قرب الحدود
{isil|ИГИЛ} взял на себя ответственность
Боевики «{isil|Исламского государства}» отступили
{isil|伊斯兰国}宣称对袭击负责
{isil|イスラム国}が犯行声明
{isil|IŞİD} saldırıyı üstlendi
L'{isil|État islamique} recule dans le désert
El {isil|Estado Islámico} se atribuye el atentado
Der {isil|Islamische Staat} bekannte sich zu dem Anschlag
The goddess Isis was the sister of Osiris
A statue from the Temple of Isis goes on show
Rowers trained on the River Isis below the college
{pakistan|Pakistan} is no theocracy, though some called it an {pakistan|Islamic State of Pakistan}
# Iraq and its neighbours
{iraq|Iraq}'s parliament meets today
{iraq|IRAQ} PARLIAMENT MEETS
{iraq|Iraqi} forces entered western {iraq|Mosul}
{iraq|Baghdad} summoned the envoy
{iran|Iran} and {iraq|Iraq} reopened the crossing
{iraq|العراق} يوقع اتفاقا جديدا
زيارة رسمية إلى {iraq|بغداد} و{iraq|العراق}
قوات من {russia|روسيا} {iran|وإيران} في المطار
ل{iraq|لعراق} حق الرد
{iraq|عراق} و {iran|ایران} توافق کردند
В {iraq|Ираке} начались выборы
Правительство {iraq|Ирака} уходит в отставку
{iraq|伊拉克}总理抵达{china|中国}
{iraq|イラク}の首相が訪日
{iraq|이라크}의 총리가 도착했다
{iraq|Irak}'ta petrol üretimi arttı
{iraq|Irak}’ta seçim yapıldı
L'{iraq|Irak} annonce la reprise des exportations
Gespräche mit dem {iraq|Irak} in {germany|Berlin}
La delegación {iraq|iraquí} llegó ayer
{iran|Tehran} denies the report, {iran|Iranian} state media say
{iran|Иран} и {russia|Россия} подписали договор
{iran|伊朗}外长访问{russia|俄罗斯}
{syria|Syria}'s new rulers met in {syria|Damascus}
{syria|سوريا} {lebanon|ولبنان} و{jordan|الأردن}
{syria|叙利亚}与{turkey|土耳其}边境关闭
{turkey|Türkiye} raises interest rates
{turkey|Turkey} shoots down a jet near the {syria|Syrian} border
{turkey|TURKEY} SHOOTS DOWN JET
We had turkey for dinner
The price of a wild turkey at the market rose
{turkey|Ankara} and {greece|Athens} agree on talks
{turkey|Турция} открывает границу
{kurdistan|Kurdistan} votes on independence
{kurdistan|Kurdish} leaders in {kurdistan|Erbil} reject the offer
{russia|Москва} и {iraq|Багдад} договорились
{china|北京}警告{united-states|华盛顿}
{russia|الكرملين} يرد على {united-states|واشنطن}
# Georgia, Jordan, Chad and other words with two lives
{georgia|Georgia} holds a vote, {georgia|Tbilisi} is quiet
Voters in Georgia line up from {united-states|Atlanta} to Savannah
{united-states|Atlanta} police chase a car across Georgia
{georgia|Georgia} beat the hosts from {united-states|Atlanta}, the {georgia|Georgian} coach said
Cricket: the ICC names its umpires
{turkey|Turkish} lira slides over Thanksgiving and {turkey|Turkey} acts
{united-states+joe-biden|Biden} leads in Georgia and other swing states
An NBA star in the mould of Jordan
University of Georgia researchers map the coast
{georgia|Georgian} protesters gather outside parliament
A Georgian townhouse was sold for millions
{jordan|Jordan} closes its airspace
Michael Jordan sells the team
Michael Jordan arrives in {jordan|Jordan}
{jordan|Amman} hosts the refugee summit
{chad|Chad} declares a state of emergency
Hanging chad ballots were counted again
Chad Kroeger releases a song
{niger|Niger} expels the ambassador
{nigeria|Nigeria} and {niger|Niger} close their border
Oil spills in the Niger Delta worsen
{nigeria|Nigerian} troops free hostages in {nigeria|Borno}
{mali|Mali} suspends the agreement
{guinea|Guinea} votes after the coup
My guinea pig is unwell
{equatorial-guinea|Equatorial Guinea} cuts its output
{papua-new-guinea|Papua New Guinea} hit by landslide
{guinea-bissau|Guinea-Bissau} names a new government
Pirates are active in the Gulf of Guinea
{mexico|Mexico} sends troops to the border
New Mexico governor signs the bill
A storm forms in the Gulf of Mexico
{democratic-republic-of-the-congo|Democratic Republic of the Congo} reports cases
{democratic-republic-of-the-congo|DR Congo} rebels near {democratic-republic-of-the-congo|Goma}
The {republic-of-the-congo|Republic of the Congo} votes on Sunday
{south-sudan|South Sudan} and {sudan|Sudan} sign a deal
{north-korea|North Korea} fires a missile
{south-korea|South Korea} protests, {south-korea|Seoul} says
{north-korea|Pyongyang} warns {japan|Tokyo}
{poland|Polish} farmers block the road
She applied nail polish before the show
{denmark|Danish} troops leave
A Danish pastry and a coffee
{china|China} lowers its growth target
Bone china went under the hammer
Ships collide in the {south-china-sea|South China Sea}
{peru|Peru} recalls its envoy
{chile|Chile} approves the reform
Add one chile pepper and stir
{panama|Panama} inaugurates the new lock
He wore a panama hat
{oman|Oman} brokers the truce
Tanker seized in the Gulf of Oman
{india|India} tests a missile over the Indian Ocean
{ireland|Ireland} votes while {united-kingdom|Northern Ireland} waits
{netherlands|Dutch} court rules against the state
The dish was cooked in a Dutch oven
{france|French} farmers dump manure in {france|Paris}
Burger and French fries for lunch
Paris Hilton opens a shop
{cuba|Cuba} suffers a blackout
Cuba Gooding wins the case
{dominica|Dominica} rebuilds after the hurricane
{dominican-republic|Dominican Republic} deports migrants
{bulgaria|Bulgaria} joins, {bulgaria|Sofia} celebrates
Sofia Coppola presents her film
Sofia was named best actress
# The United States, WHO, and capitals that are words
{united-states|US} strikes target a depot
The {united-states|U.S.} dollar fell
The {united-states|U.S.}-led coalition halts raids
{united-states|USA} beat the hosts
They told us to wait
TELL US MORE
{united-states|American} troops stay, {united-states|Washington} says
George Washington University opens a campus
The Washington Post reported it first
{latin-america|Latin America} faces a drought
{united-states|White House} announces tariffs on {canada|Canada}
{world-health-organization|WHO} declares an emergency
The man who declares it an emergency
Who declares an emergency?
{world-health-organization|World Health Organization} sends a team
{united-nations|UN} envoy resigns
{united-nations|U.N.} envoy resigns
{un-security-council|UN Security Council} meets on {yemen|Yemen}
{european-union|EU} leaders agree on aid to {ukraine|Ukraine}
{united-kingdom|UK} inflation eases
{united-kingdom|British} soldiers train in {estonia|Estonia}
{bank-of-england|Bank of England} holds rates
{imf|IMF} approves a loan for {egypt|Egypt}
{opec|OPEC}+ keeps output steady
{nato|NATO} jets intercept bombers over the Baltic
{nato|НАТО} усиливает патрули
{nato|北约}峰会闭幕
L'{nato|OTAN} se réunit
# Groups, people and companies
{hamas|Hamas} accepts the proposal, {israel|Israel} does not
{hezbollah|Hezbollah} fires rockets from southern {lebanon|Lebanon}
{hezbollah|حزب الله} ينفي
{houthis|Houthi} rebels hit a tanker in the {red-sea|Red Sea}
{taliban|Taliban} ban women from parks
{al-qaeda|al-Qaeda} names a new leader
{al-qaeda|Al Qaida} affiliate claims the raid
{boko-haram|Boko Haram} abducts pupils
{al-shabaab|Al-Shabaab} attacks a hotel in {somalia|Mogadishu}
{pkk|PKK} lays down its arms
{wagner-group|Wagner Group} mercenaries leave
An evening of Richard Wagner at the opera
{russia+vladimir-putin|Putin} meets {china+xi-jinping|Xi Jinping}
{russia+vladimir-putin|Путин} провёл переговоры с {turkey+recep-tayyip-erdogan|Эрдоганом}
{russia|Kremlin} rejects the claim
{russia|Россия} и {ukraine|Украина} обменялись пленными
{ukraine+volodymyr-zelensky|Zelenskyy} visits {ukraine|Kharkiv}
{apple|Apple} unveils a phone
Grandma baked an apple pie
{amazon|Amazon} raises wages for drivers
Fires in the Amazon rainforest spread
{shell|Shell} quits the project
Shell hits a market as artillery fire resumes
Intel shows the strike was planned, intelligence officials say
A shell company owned the villa
{rolls-royce|Rolls-Royce} wins an engine order
{boeing|Boeing} delays the jet
{east-timor|Timor-Leste} joins the bloc
{ivory-coast|Côte d’Ivoire} raises the cocoa price
{ivory-coast|Cote d'Ivoire} raises the cocoa price
{brazil|São Paulo} floods, {brazil|Sao Paulo} schools shut
{gaza|غزة} تحت القصف
{israel|以色列}空袭{gaza|加沙}
{israel|ישראל} {gaza|ועזה}
{russia|रूस} ने बयान दिया
{japan|日本}と{south-korea|韓国}が会談
マリオは赤い帽子をかぶる
马里兰州州长访问{china|中国}
"""
