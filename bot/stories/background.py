"""How often common words stand in news headlines and leads: the knowledge we have before the first article.

Document frequencies in four rounded steps, written from general knowledge of English news and not counted in any
collection. One form of a word is listed, since all are stemmed when they are loaded. What is not listed is taken to be
rare, which is right for names. The frequencies of the running stream are added to these, for every language.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


COMMON: dict[float, frozenset[str]] = {
    1 / 40: _words(
        """
        america american big china city could country day first friday government last man may monday month
        new news official people plan police president report russia saturday state sunday three thursday
        time today top tuesday two uk united wednesday week woman world year
        """
    ),
    1 / 150: _words(
        """
        accused add africa ahead air album amazon amid analysis analyst announce annual another app apple
        april army around arrest asia ask attack august australia award back bad bank beat begin behind
        believe best better biggest billion black boy bring britain british business california call
        campaign canada cancer car case cent ceo chance charge chief child children chinese claim climate
        close companies confirm consumer corp cost court crash customers cut data date daughter dead deal
        death december decrease denied despite die director disease doctor drop drug early earnings east
        eastern economic economy editorial eight election employee end energy england eu europe european
        evening ever exclusive executive expect expert face facebook fact fall family fan fast father
        february fight film final find fire fiscal five following food force forecast former found four
        france free full gain game gas germany girl give given global good google great group grow growth
        guide half head health held help high higher hit hold home hospital hour house hundred husband inc
        increase india industry inside international internet interview investor iran israel january japan
        job join judge july june keep key kill know large largest late latest launch law lead leader leave
        left life live local london long look lose loss lost low lower ltd major march market media meet
        member men microsoft military million minister minor minute money morning mother move movie music
        national nato near need next night nine north northern november number obama october officer oil old
        online open opinion outlook own part party patient pay percent phone place player plc power preview
        price prime private profit public push put putin quarter question rate real reason recent record
        release respond response results retail return reveal review rise run russian sale samsung say
        school season second security september series service set seven share shooting short shot show six
        slow small social son song south southern special star start still stock stop stories street strong
        student study summit support syria system talk tax team tech technology ten texas thing think third
        thousand threat threatens tomorrow trade traders trial tries trump turn tv twitter ukraine un
        university urge us usa user video vote wall want war warn washington water way weak weather weekend
        west western white wife win women won work worker worst yesterday york young
        """
    ),
    1 / 600: _words(
        """
        abortion abuse accept account achieve acquire acquisition across act actor actress adam adopt afghan
        afghanistan african aged agree agreement ahmed aids aim airline airport airstrike alcohol alexander
        algeria ali allow along amanda amazing ambassador amy ancient anderson andrew android angela angeles
        animal anna anniversary answer anthony apologize appeal appear apply appoint approve area argentina
        argue arizona arrive ashley asian assault assist astronaut asylum atlanta attend attract audience
        australian austria automaker autumn avenue avoid aware babies backlash baghdad ban band banker
        bankruptcy barbara barrel baseball basketball battle beach bear beauty become beijing belgium
        benjamin berlin bid bill billboard billionaire bird birth birthday bite blame blast block
        blockbuster blood blow board boat bodies bold bomb bond bonus boost border born boston bottom bound
        box brain brand brandon brave brazil brazilian break breast brian bribery bridge brief bright broad
        broadband broadway broke broken brooklyn brother browser brussels budget bug build built burn bus
        buy cabinet cairo campus canadian cancel cannabis cap capital capture carbon card career carlos
        carol carolina carrier carry cast cat catch cause ceasefire celebrate cell center central centre
        chain chairman challenge champion championship change charles chart cheap check chicago chile chip
        choice choose christine christopher cigarettes clash class clean clear climb clinic closure coach
        collapse collect college collision colombia colorado column combine comeback comedy comment
        committee community compare compete competition competitor complain complaint complete computer
        concept concern concert conduct conference confident conflict congress consider console contain
        continue contract control controversy convicted convince cook cool corner correct corruption council
        count county couple cover create credit crews cricket crime crises crisis critics cross crowd crude
        crush cry cuba culture cup current cute cyber cynthia dad dallas damage damascus dangerous daniel
        dark david davis dear debate deborah debt debut decide decision decline deep defeat defence defend
        defense deficit deflation degree delay delhi deliver demand democrat denmark denver department
        depend derail deserve design destroy detail determine detroit devastating develop device diabetes
        diet differ difficult digest digital dinosaur dip diplomat direct discount discouraging discover
        discuss dismiss display dispute district divide dividend divorce dna dog dollar donald donna door
        dose doubt dow downgrade downtown drama dramatic draw dream dress drink drive driver drone drought
        dubai dump dutch earlier earthquake ease eat ebola economist edge edition education edward effort
        egypt egyptian elizabeth embassy embrace emergency emerging emily emissions emma emmy empty
        encourage endorse enforce engaged engine enjoy ensure enter entertainment entire environment envoy
        epic epidemic episode equal equity era eric escape establish estimate ethiopia euro evacuate event
        evidence example exchange excuse exit expand expansion experience explain explosion export extend
        extra extreme eye factory fail failure fair faith familiar famous fashion fatal favorite fear
        feature federal feel fell fellow festival feud field figure file fill finance financial fine
        firefighters firm fish fit fix flag flat flight float flood florida flow flu fly focus foot football
        foreign form fossil foul founder frame franchise francisco frank fraud french fresh friend frozen
        fuel fund funny future galaxy gamers gary gather gaza gene general generation geneva george georgia
        german gift glass glimpse goal goes gold golden golf gone governor grammy grand greater greece greek
        green gross ground guess guest guidance guilty gun gunman gunmen hack hacker halt hand handle hang
        happen happy hard hardware hassan hate hear heart heat heavy hedge helen henry hidden hide highest
        highlight highway hint hire historic history hiv hole holiday hollywood homeowners honor hope host
        hostage hot houston huge human hungary hurricane hurt hussein idea ignore illegal illinois image
        immigrants impact import impose improve inch include income incredible independent index indian
        individual indonesia inequality infected inflation influence information injured injuries inquiry
        insist inspire insurance intelligence interest invest investigate invite involve iphone ipo iranian
        iraq iraqi ireland irish island israeli issue italian italy jack jacob jail james japanese jason
        jeffrey jennifer jersey jerusalem jessica john johnson joke jonathan jones jordan jose joseph joshua
        juan jump jury justice justin kabul karen katherine kathleen kenya kenyan kevin keynote kick kids
        kiev killer kimberly king knock korea korean kuwait kyiv lack land landslide language laptop larry
        las laura lawmaker lawsuit lawyer lay layoff league leak learn lebanon lee leg legacy legal letter
        level libya lie lift limit linda line link lisa list loan lock los lot love lowest luck luis lung
        lyrics madrid magnitude maker malaria malaysia management manhattan map margaret maria marijuana
        mark married mars martin mary mass massachusetts massive match matter matthew mayor measure medal
        medical medicine melissa meme mention merger message mexican mexico miami michael michelle michigan
        mid midday middle migrants militant miller mind ministry miss missile mission mistake mixed mobile
        mock model mohammad mohammed mom monetary mood moon moral morocco mortgage moscow motion mount mouth
        mp mps murder mystery naked name nancy nasa nasdaq nature negative neighbor neighborhood neighbour
        netherlands network nice nicole nigeria nigerian nintendo nominate nominee normal norway note notice
        nuclear nude nyse obesity obituary object observe obvious odd offensive offer ohio olympic operation
        opportunity oppose opposition option order ordinary oregon original oscar ottawa outage outbreak
        output outrage outside overseas owner pace pack pact page pain paint pair pakistan pakistani
        palestinian pandemic panel paper parents paris park parliament parody partner partnership pass
        passenger password past path patricia paul pause pc peace peak penalty pennsylvania pension perfect
        perform period permanent permission person peru pet peter phase philadelphia philippines photo
        physical pick picture piece pilot pitch plane planet plant play playoff playstation plea plead
        pledge plenty plunge point poland policy polish political poll pollution poor pop popular population
        portugal pose position possible post postponed potential pounds poverty practice praise pray predict
        prefer pregnancy pregnant premarket premiere prepare present press pressure prevent previous pride
        prince print prison privacy probe problem process product program programme project promise proof
        proper property proposal prosecutors protect protest proud prove provide purchase pursue qatar quake
        queen quick quiet quit race radio raid rain raise rallies range rape rapper rare raw reach react
        reaction read ready realize rebecca rebel rebound recall recap receive recommend recover recovery
        reduce refer reform refugee refuse region regret regular regulation reject relations relationship
        relax relief religious rely remain remarkable remember remind remote remove rent repeat replace
        republic republican request require rescue research residents resign resist respect rest restore
        restrict retirement revenue reverse reward rich richard ride right ring riot risk rival river road
        robbery robert robot rocket role romance romania rome ronald room root roster rough round roundup
        route routine row royal rugby rule rumor rumour rush ryan sacrifice sad safe safety salary salt
        samantha sample samuel san sanction sandra sarah satellite saudi save scale scandal scene schedule
        scheme science scientists score scotland scott scottish seal search seat seattle secret sector seek
        seen selfie sell semi senate send senior sent sentence separate sequel serious serve session settle
        settlement sex sexy shape shareholder sharon sharp sheriff shift shine ship shock shoe shop shoppers
        shut shutdown sight sign signal significant silent silver similar simple singapore singer single
        sink sister site situation skill skin slack slam sleep slice slide slightly slip slowdown slump
        smart smartphone smile smith smoke smooth snow soar soccer society soft software soldiers solid
        solution solve soon sort soul sound source space spacecraft spain spanish spark speak species specs
        speech speed spend split spoiler spokesman spokeswoman sports spot spread spring square stabbed
        stable staff stage stake stand standard standoff startup statement steady steal steel step stephanie
        stephen steven stick stimulus stolen stone store storm straight strange stream strengthen stretch
        strict strike strip stronger stronghold struggle stuck stunning stupid style subscribers
        subscription success successor sudan sudden suffer suggest suit summer super superhero supplies
        supreme sure surge surgery surprise survey survive survivor susan suspect suspend sweden swedish
        sweep sweet swift swing swiss switch switzerland symbol table tablet tackle taiwan takeover tank tap
        tapering target task taste taxpayers taylor teach teacher tear teen teenager tehran telescope tell
        temperature tender tennis tension term terror terrorist test testify testimony text thailand thank
        theater theft theme theory thick thin thomas thompson threw throw tie tight tighten timothy tiny
        tips title token tokyo tonight tool tornado total touch tough tour tournament town track tradition
        traffic tragedy tragic trailer train transfer transform trap travel treasury treatment treaty trend
        tribute trick trigger trillion troops trouble truce truck trust truth tsunami tumble tune tunisia
        turkey turkish tweet twice twin twist tyler type uae ugly ultimate unable uncertainty understand
        unfair union unique universe unknown unlikely unprecedented unusual update upgrade upset urban
        urgent usual vaccine valley valuable value vast vegas vehicle venezuela venture verdict version
        victim victory vienna vietnam view village violence viral virginia virtual virus visit voice volume
        voters vulnerable wage wait wake wales walk warming wash waste watchdog wave weaken wealth wealthy
        weapon wear website wedding weight weird welcome welsh whale whole wide wild wildfire william wilson
        wind window wine wing winter wipe wire wireless wise wish witness wonder wooden word worried worse
        worsen worth wounded write wrong xbox yemen yen yield zealand zone
        """
    ),
    1 / 2000: _words(
        """
        abandon ability abroad absence absolute absorb academic accent access accident accommodate accompany
        accord accurate acid acknowledge acre activist activity actual adapt addict addition address
        adequate adjust administration admire admission admit adult advance advantage adventure advertise
        advice advise advocate affair affect afford afraid afternoon agenda agent aggressive alarm alert
        alien alive alleged alliance ally alter alternative amateur ambition ambulance amendment amount
        analyze anger angle angry annoy anonymous anxiety apart apparent appetite applaud applicant
        appreciate approach appropriate arena arm arrange art article artificial artist ash assembly assess
        asset assign associate assume assure athlete atmosphere attempt attitude auction audit author auto
        automatic average awful bag bail bake balance ball ballot bar bare bargain barrier base basic basket
        bat bath battery battlefield bed bedroom beef beer beg behave behavior belief bell belong belt bench
        bend benefit bet beyond bicycle bike bin bless blind blog bloody bloom boil bomber bone book boom
        boot borrow boss bother bottle bounce bow bowl boyfriend brake branch breach bread breakdown
        breakfast breakthrough breath breed brick bride bronze brown bruise brush bubble bull bullet bully
        bunch burden bureau burst bury bush bust butter button bypass cabin cable cake calm camera camp
        canal candidate candle capable captain captive careful careless carpet cash castle casual casualty
        catalog cave cease ceiling cemetery ceremony certain chair champagne channel chaos chapter character
        charity charm chase chat cheat cheer cheese chef chemical chest chicken childhood chocolate church
        circle circuit circumstance cite citizen civil civilian clarify classic classroom clearance clerk
        clever client cliff climber clip clock cloth cloud club clue coal coalition coast coat code coffee
        coin cold colleague colonel color comedian comfort command commerce commercial commission commit
        commodity commonwealth communicate companion comparison compensation complex component comprehensive
        compromise compulsory concentrate conclude concrete condemn condition confess confront confuse
        connect conscience conscious consensus consent consequence conservative considerable consist
        constant constitution construct consult consumption contact contemporary content contest context
        contrast contribute convention conversation convert cooperate copy core corn corporate correspondent
        corridor costume cotton cough counsel counter courage courtroom cousin coverage cow crack craft
        crane crazy cream creative creature criminal crop crown crucial cruel cruise cure curious currency
        curriculum curtain curve custody cycle cyclist dairy dance dancer dare dash database deadline
        deadlock dealer dean decade deceive decent declare decorate dedicate deer define definite delegate
        deliberate delight delivery democracy demonstrate dentist departure deploy deposit depression deputy
        descend describe desert desire desk desperate destination destruction detain detention devote
        dialogue diamond dictator dig dignity dilemma dinner disability disagree disappear disappoint
        disaster discipline discovery discrimination dish disorder dispatch disrupt distance distant
        distribute disturb dive diverse dock documentary domain dominate donate donor double downturn draft
        drag drain drift drill drown drum dry duck dull duty eager ear earth easily ecology editor electric
        electronic element elephant elevate eligible eliminate elite email embarrass emotion emperor
        emphasis empire employ enable encounter endanger endless endure enemy enhance enormous enough
        enterprise enthusiasm entitle entrance entry envelope equipment error eruption essay essential
        estate ethnic evaluate evil exact exam examine exceed excellent except excess excite exclude
        exercise exhaust exhibit exile exist exotic expense expertise explode exploit exploration expose
        exposure express extension extent extraordinary extremist fabric facility factor faculty fade fairy
        fake fame fancy fantasy farm farmer fate fault favor feast feather fee feedback female fence ferry
        fever fiction fierce fifth fighter filter fin finger finish firearm fireworks fisherman fist flame
        flash flavor flee fleet flesh flexible flip flour flower foam fog fold folk forbid forest forever
        forget forgive formal format formula fort forth fortune forum foundation fourth fraction fragile
        freedom freeze frequent fridge friendship frighten front frontier frost fruit frustration fulfil
        function fundamental funeral furniture fury fusion gallery gang gap garage garbage garden gate gaze
        gear gender generous genetic genius gentle genuine gesture giant girlfriend glad glance globe glory
        glove goodbye gorgeous gossip grab grace grade gradual graduate grain grandfather grandmother grant
        graph grass grave grief grocery guarantee guard guideline guitar gym habit hair halfway hall hammer
        harass harbor harbour harm harsh harvest hat hatred hazard headline headquarters heal healthy heaven
        heel height helicopter hell heritage hero hesitate hill hip historian hockey homeless honest honey
        hook horizon horrible horror horse hostile household hug humanitarian humor hunger hungry hunt
        hunter hurry hygiene ice icon ideal identify identity ideology illness illustrate imagination
        immediate immune imply impress imprisonment incentive incident incline indicate indoor infant
        infrastructure ingredient inherit initial inmate inner innocent innovation input insect insert
        inspection inspector install instance instant institute instruct instrument insult intact integrate
        intellectual intense intent interact interfere interim interior intern interpret interrupt interval
        intervene intervention intimate introduce introduction invade invasion invent inventory invisible
        iron isolate item jacket jeans jet jewel jewelry joint journal journalist journey joy judgment juice
        jungle junior keyboard kidnap kidney kilometer kingdom kiss kit kitchen knee knife knowledge label
        labor laboratory labour ladder lake lamp landmark landscape lane laser laugh laughter laundry lawn
        layer lazy leadership leaf lean leap leather lecture legend legislation legislature leisure lend
        length lesson liberal liberty librarian library licence license lifestyle lifetime lion liquid
        listen literature litter liver load lobby location logic lonely loose lord lorry lottery loud lounge
        lover loyal lunch luxury machine machinery mad magazine magic mail mainland maintain maintenance
        male mall mandate mankind manner mansion manual manufacture marathon marble margin marine marriage
        mask massacre master mate material math mathematics maximum meal mean meanwhile meat mechanic
        mediate melt membership memorable memorial menace mental mentor menu merchant mercy mere mess metal
        method metro metropolitan migration mild mile milestone militia milk mill mineral minimum miracle
        mirror misery mislead missionary mixture mob mode moderate modern modest modify molestation moment
        monitor monster monument moonlight mortal mosque motel motive motor motorist mountain mouse mud
        multiple municipal muscle museum musician mutual myth naive narrative narrow nasty native naval navy
        neat necessary neck needle neglect negotiate nerve nervous nest neutral newspaper nightmare noble
        nod noise nonsense norm novel novelist nowhere numerous nurse nut oath obey obligation obstacle
        obtain occasion occupation occupy occur ocean offence offend onion opponent optimism optimistic
        orange orbit orchestra organ organic organisation organization orient orphan outcome outdoor outer
        outfit outlet outline outstanding oven overcome overhaul overnight overtake overturn overwhelm owe
        ownership oxygen package packet palace pale palm pan panic pants parade paragraph parallel parcel
        pardon parish participant particular passage passion passive passport pasta patch patent patience
        pattern pavement payment peasant pedestrian peer pen pencil penguin percentage perception perfume
        perimeter permit persist perspective persuade pharmacy phenomenon philosophy phrase piano pickup
        picnic pie pig pile pill pillow pin pine pink pioneer pipe pipeline pit pity plain plaintiff plastic
        plate platform playground pleasant please pleasure plot plug plus pocket poem poet poetry poison
        pole politician pond pool porch portion portrait portray possess pot potato pottery pour powder
        prayer preach precious precise predecessor prejudice preliminary premium prescribe prescription
        presence preserve presidential prestige presumably pretend pretty priest primary primitive principal
        principle printer priority privilege prize procedure proceed proclaim producer profession
        professional professor profile prohibit prominent promote prompt pronounce propaganda proportion
        prosecute prospect prosperity protocol province provincial provision provoke psychological publish
        pull pulse pump punch punish pupil puppet purple purse pursuit puzzle qualify quality quantity
        quarrel quest queue quota quote rabbit racism racist radar radiation radical rage rail railway rank
        rapid rat ratio reader readily realistic reality rear rebuild receipt reception recession recipe
        recipient reckless recognise recognition recognize recount recreation recruit recycle referee
        referendum reflect refrain refuge regain regard regime regiment register registration rehabilitation
        reign reinforce relay relevant reliable relieve religion reluctant remainder remedy render renew
        renowned rental repair repay repeal repetition representation representative reproduce reputation
        rescuer resemble reservation reservoir resolution resolve resort resource restaurant restrain
        restraint restructure resume retain retreat retrieve reunion reunite revelation revenge reverend
        revise revival revolt revolution revolutionary rewrite rhetoric rhythm rice rider ridiculous rifle
        rigid rigorous ripe ritual roar roast rob robe rock rode rope rose rotate royalty rubber rubbish
        ruin rumble runner runway rural ruthless sack saddle saga sail sailor saint salad salmon sanctuary
        sand sandwich satisfaction satisfy sauce savage scare scary scatter scenario scenic sceptical
        scholar scholarship scope scrap scratch scream screen script sculpture seafood seaside secondary
        secretary section secular seed segment seize select sensation sensible sensitive sentiment sequence
        sergeant servant setback settler severe sewage shade shadow shake shame shark shed sheep sheer sheet
        shelf shell shelter shepherd shield shipment shirt shiver shore shortage shotgun shoulder shout
        shove shower shrink shrug shy sick sidewalk siege sigh sightseeing signature silence silly sin
        sincere sir siren skeleton sketch ski skip skirt skull sky slap slaughter slave slavery slim
        slippery slogan slope slot smash smell smuggle snack snake sneak soap sober socialist socket sofa
        sole solemn solidarity solo somehow sophisticated sore sorrow soup sour sovereign sovereignty soy
        spare specialist specialty specific specify spectacle spectacular spectator spectrum speculate spell
        sphere spill spin spine spiral spirit spiritual spit spite splash splendid spoil sponsor sponsorship
        spontaneous spouse spray squad squeeze stability stadium stair stall stamp starve statistic statue
        status statute steadily steam steep steer stem stereotype stiff stimulate sting stir stomach stool
        storage stove strain stranger strategic strategy straw strength stress string strive stroke
        structural studio stuff stumble submarine submit subsequent subsidy substance substantial substitute
        subtle suburb suburban subway succeed suck sue sufficient sugar suicide suitable suitcase sum
        summary summon sunlight sunny sunset superb superior supermarket supplement supplier suppose
        suppress supremacy surface surgeon surgical surplus surrender surround surveillance suspicion
        suspicious sustain swallow swamp swap swear sweat sweater swell swim sword sympathetic sympathy
        symptom syndrome synthetic tactic tail tale talent tall tape tariff teammate telephone television
        temper temple temporary tempt temptation tenant tendency tense tent tentative terminal terrain
        terrible terrific terrify territorial testament textbook textile theatre theirs therapist therapy
        thereby thermal thief thigh thirst thirty thorough thoughtful thread thrill thriller thrive throat
        throne thrust thumb thunder ticket tide tidy tiger timber tin tire tissue tobacco toe toilet
        tolerance toll tomato ton tone tongue tooth torch torture toss tourism tourist toxic toy trace
        tractor trademark trafficking trail trainer trait transaction transit translate transmission
        transmit transparency transplant transport trash trauma treasure tree tremble tremendous tribal
        tribe tribunal triumph tropical trousers truly trumpet trunk tube tuition tumor tunnel turnout
        turnover tutor twelve twenty typical uncover undergo underground underline undermine undertake
        unemployed unexpected unfold unfortunate uniform unify unity universal unlock unnecessary unrest
        unstable unveil upcoming uphold upper uprising upstairs uptick usage usher utility utter vacant
        vacation vacuum vague valid van vanish vanity variable variation variety various vary vegetable
        venue verbal verify versus vertical veteran veto viable vibrant vice vicious viewer vigorous violate
        violent virtue visible vision visitor visual vital vivid vocal vocational vow waist waiter wander
        ward warehouse warfare warmth warrant warrior watch waterfall weave web weed weekday weigh whatever
        wheat wheel whereas wherever whip whisper whistle widespread widow width wilderness willing wisdom
        withdraw wolf wool workforce workout workplace workshop worldwide worship worthy wrap wreck wrist
        writer yard yell yellow youngster youth zero zip zoo
        """
    ),
}
"""Probability that a text holds the word -> words."""

RARE = 1 / 20_000
"""The same for every word that is not listed."""

NUMBERS = {1: 1 / 150, 2: 1 / 150, 4: 1 / 60, 0: 1 / 1000}
"""Digits of a number -> the same for it; four digits are mostly a year, and 0 stands for every other length."""
