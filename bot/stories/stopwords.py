"""The small words of the main languages: what says nothing about which event a text is about.

Written by hand for news: besides the grammar they hold the few words with which every outlet frames its headlines
("says", "live", "update"). A language without a list still works; its small words are learned as they come.
"""

from __future__ import annotations


def _words(text: str) -> frozenset[str]:
    return frozenset(text.split())


STOPWORDS: dict[str, frozenset[str]] = {
    "en": _words(
        """
        a about above according after again against ago all also although always am amid among an and
        another any are aren't around as at away back be became because been before being below between
        both breaking but by can can't cannot come could couldn't did didn't do does doesn't doing don't
        down during each either else ever every few for from further gallery get gets getting go goes
        going got had hadn't has hasn't have haven't having he he'd he'll he's her here here's hers
        herself him himself his how how's however i i'd i'll i'm i've if in instead into is isn't it it's
        its itself just least less let let's like likely live made make makes many may maybe me might mine
        more most much must my myself near never no nor not now of off often on once one only onto or
        other others ought our ours ourselves out over own per perhaps photo photos quite rather read
        really said same say saying says see set shall she she'd she'll she's should shouldn't since so
        some still such take takes tells than that that's the their theirs them themselves then there
        there's these they they'd they'll they're they've this those though through thus to told too
        toward towards under until up update updated updates upon us use used very via video videos was
        wasn't watch we we'd we'll we're we've well were weren't what what's when where whether which
        while who who's whom whose why will with within without won't would wouldn't yet you you'd you'll
        you're you've your yours yourself
        """
    ),
    "de": _words(
        """
        ab aber alle allem allen aller alles als also am an andere anderen auch auf aus bei beim bereits
        bis da dabei damit dann das dass dem den denn der des dessen die dies diese diesem diesen dieser
        dieses doch dort du durch ein eine einem einen einer eines er es etwa etwas fotos für gegen
        gestern haben hat hatte hatten heute hier hinter ich ihm ihn ihnen ihr ihre ihrem ihren ihrer im
        immer in ins ist ja je jede jeder jedoch jetzt kann kein keine können könnte laut liveticker man
        mehr mit muss müssen nach nicht nichts noch nun nur ob oder ohne sagt sagte schon sei sein seine
        seinem seinen seiner seit selbst sich sie sind so soll sollen sollte sondern ticker um und uns
        unser unter vom von vor war waren warum was weil weiter wenn wer werden wie wieder will wir wird
        wo wollen wurde wurden während zu zum zur zwischen über
        """
    ),
    "fr": _words(
        """
        a ai ainsi alors après au aucun aussi autre aux avait avant avec avoir bien car ce cela celle
        celui ces cet cette ceux chez ci comme comment contre d' dans de depuis des deux direct dit donc
        dont du elle elles en encore entre est et eu eux fait font hors il ils j' je jusqu' l' la le les
        leur leurs lui là m' ma mais me mes moins mon même n' ne ni non nos notre nous on ont ou où par
        pas peu peut photos plus plusieurs pour pourquoi pourrait qu' quand que quel quelle qui quoi s' sa
        sans se selon sera ses si son sont sous sur t' ta tous tout toute toutes trop très tu un une va
        vers vidéo voici vos votre vous y à été être
        """
    ),
    "es": _words(
        """
        a al algo alguna algunos ante antes así aunque año años aún cada como con contra cual cuando cuál
        cómo de del desde después dice dijo directo donde dos durante e el ella ellas ellos en entre era
        es esa ese eso esta estas este esto estos está están fotos fue fueron gran ha había han hasta hay
        hoy la las le les lo los me mi mientras mismo mucho muy más nada ni no nos o otra otro otros para
        pero poco por porque puede que quien qué se sea ser será si sido sin sino sobre son su sus sí
        también tan tanto te tiene tienen todo todos tras tres tu un una uno unos vídeo y ya yo él
        """
    ),
    "pt": _words(
        """
        a ainda antes ao aos após as até com como contra da das de dela dele depois desde deve disse diz
        do dois dos duas durante e ela elas ele eles em enquanto entre era essa esse esta este está estão
        eu foi foram fotos hoje há isso isto já lhe mais mas me mesmo muito na nas nem no nos não nós o os
        ou outra outro para pela pelas pelo pelos pode por porque qual quando que quem se segundo sem ser
        será seu seus sobre sua suas são também te tem todo todos tudo têm um uma umas uns vai você vão
        vídeo à às é
        """
    ),
    "it": _words(
        """
        a ad agli ai al alla alle anche ancora che chi ci coi col come con contro cosa così cui da dagli
        dai dal dalla dalle degli dei del dell' della delle dello di dice diretta dopo dove due e ed era
        essere fa fino foto fra già gli ha hanno i il in io l' la le lei lo loro lui ma mai me mentre mi
        mio molto ne negli nei nel nell' nella nelle no noi non nostra o oggi ogni oltre per perché più
        poi prima può quale quando quanto quella quello questa questo qui sarà se secondo sei senza si sia
        solo sono sotto stato su sua sue sui sul sulla sulle suo suoi tra tre tutti tutto un un' una uno
        verso vi video è
        """
    ),
    "nl": _words(
        """
        aan al alle alleen als altijd andere ben bij dan dat de den der deze die dit doen door dus een en
        er gaat ge geen geweest had heb hebben heeft hem het hier hij hoe hun iets ik in is ja je kan komt
        kon kunnen maar meer men met mij moet na naar niet niets nog nu of om omdat onder ons ook op over
        te tegen toch toen tot tussen u uit uw van veel voor waar wat we wel werd wie wil worden wordt zal
        ze zegt zei zelf zich zij zijn zo zonder zou
        """
    ),
    "sv": _words(
        """
        alla att av blev bli blir de dem den denna deras dess det detta dig din du där efter ej eller en
        enligt er ett från för ha hade han hans har hon honom hur här i icke in inte jag kan kommer man
        men mer min mot mycket ni nu någon något några och om oss på sa sade sedan sig sin sina ska skulle
        som säger så till under upp ut utan vad var vara varför vem vi vid vill är över
        """
    ),
    "da": _words(
        """
        af alle at blev bliver da de dem den denne der deres det dette dig din du efter ej eller en er et
        for fra få går ham han hans har havde hende hun hvad hvem hvis hvor hvordan i ikke ind jeg jo kan
        kom kommer man med meget men mere mig mod nu når og også om op os over på sagde sig siger sin skal
        skulle som så til ud uden under var ved vi vil været år
        """
    ),
    "no": _words(
        """
        alle at av ble blir da de dem den denne der deres det dette du eller en enn er et etter for fra få
        før ha hadde han hans har henne hun hva hvem hvis hvor hvordan i ikke inn jeg kan kom kommer kunne
        man med meg men mer mot mye må ned ni nå når og også om opp oss over på sa seg sier sin skal
        skulle som så til under ut uten var ved vi vil være år
        """
    ),
    "fi": _words(
        """
        ei eivät ennen eri että he hän häntä ja jo joka jonka jos jossa jota joten kaikki kanssa kertoo
        koska kuin kuitenkin kun kuten lisäksi me mikä mitä mukaan mutta myös ne niin noin nyt oli olivat
        olla ollut on ovat sanoo se sekä sen siitä sitä tai tuli tämä tämän vai vain vielä voi yli
        """
    ),
    "pl": _words(
        """
        a aby ale ani bardzo bez bo by być był była było były będzie będą co czy dla do gdy gdzie go i ich
        im inne iż ja jak jako jego jej jest jeszcze już każdy która które który których ma mają mi mnie
        może na nad nas nie niej nim o od on ona oni oraz po pod powiedział przed przez przy roku się
        swoje są ta tak także tam te tego tej ten też to tu tych tylko tym w we więc wszystko z za ze że
        """
    ),
    "cs": _words(
        """
        a aby ale ani asi až bez bude budou by byl byla byli bylo co což do ho i ja jak jako je jeho
        jejich její jen jenž ještě již jsem jsme jsou k kde kdo kdy když ke která které který mezi mu může
        na nad nebo není o od on ona po pod podle pro proti protože před přes při rok s se si své tak také
        tento to toho tom tu už v ve více však z za ze řekl že
        """
    ),
    "ro": _words(
        """
        a această acest ai al ale am ar are au bine ca care ce cea cei cel cu cum când că de decât deja
        despre din dintre după ea ei el este eu fi fie fost iar la le lor lui mai mult ne nu o or pe
        pentru poate prin sa se spune su sub sunt să tot un una unei unor unui va vor îi în își și
        """
    ),
    "hu": _words(
        """
        a abban amely ami az azt be csak de e egy egyik el elmondta ez ezek ezt fel ha hanem hogy is itt
        kell kellett ki le lehet lesz majd meg mely mert mint most már nagy ne nem pedig s sem sok szerint
        után utána vagy van vannak volt voltak által és össze
        """
    ),
    "tr": _words(
        """
        acaba ama ancak artık aslında az bana bazı belki ben bile bir biri birkaç biz bu buna bunu da daha
        de dedi değil diye en fakat gibi göre hem hep her hiç ile ise için işte kadar ki kim mi mu mü mı
        nasıl ne neden o olan olarak oldu olduğu olduğunu on ona onlar onu sonra tüm ve veya ya yani
        yapılan yeni çok çünkü önce şey şu
        """
    ),
    "ru": _words(
        """
        а без более бы был была были было быть в вам вас весь видео во вот все всего всех вы где да для до
        его ее если есть еще ещё её же за заявил здесь и из или им их к как ко когда которая которые
        который которых кто ли либо мне может мы на над нас не него нее нет ни них но о об однако он она
        они оно от по под после при про с сказал со сообщил так также такой там тем то того тоже только
        том тот ты у уже фото хотя чего чем что чтобы эта эти это этого этой этом этот я
        """
    ),
    "uk": _words(
        """
        а або але без би був була були було бути в вам вас вже ви вона вони воно все всі від відео він де
        для до ж з за заявив зі й його каже коли крім ми може мій на над нам нас не ну ні о об он по при
        про під після та так також там те ти то того тому у фото хто це цей цього ці чи чого що щоб я як
        яка який яких які і із їх її
        """
    ),
    "el": _words(
        """
        ένα ένας ή αν από αυτή αυτό αυτός για δεν είναι είχε εκεί ενώ επί η θα και κατά λέει μα με μετά μη
        μια μιας μόνο να ο οι που πριν προς πως σαν σας σε στα στη στην στις στο στον στους τα τη την της
        τι τις το τον του τους των ως όμως όπως όταν ότι
        """
    ),
    "ar": _words(
        """
        أكثر أمس أن أنا أو أي إلى إن التي الذي الذين اليوم بعد بعض بل به بها بين تلك ثم حتى حول حيث خلال
        ذلك ضد على عليه عليها عن عند غير في فيه فيها قال قالت قبل قد كان كانت كل كما لا لقد لكن لم لن له
        لها ما ماذا مع من منذ منه منها نحن هذا هذه هم هو هي و وقال يقول يكون
        """
    ),
    "fa": _words(
        """
        آن آنها از است اما او اگر این با باید بر برای بعد به بود تا خواهد خود در دو دیگر را شد شده ما من
        می نیز نیست های هر هست هم همه هیچ و ولی پس پیش چه کرد کرده که گفت یا یک
        """
    ),
    "he": _words(
        """
        אבל או אחרי אין אל אם אמר אני את אתה בין גם הוא היא היה היו היתה הם זאת זה יש כי כך כל לא לפי לפני
        מה מי עוד על עם רק של
        """
    ),
    "hi": _words(
        """
        अपने अब इस उस एक और कर करने कहा का कि किया की कुछ के को गई गए गया जो तक तो था थी थे नहीं ने पर बाद
        भी में यह या ये लिए वह वे साथ से ही है हैं हो होने
        """
    ),
    "ur": _words(
        """
        اب اس ان اور اپنے ایک بعد بھی تو تک تھا تھی تھے جو ساتھ سے لیے میں نہیں نے وہ پر کا کر کرنے کو کچھ
        کہ کہا کی کیا کے گئی گئے گیا ہو ہی ہیں ہے یا یہ
        """
    ),
    "id": _words(
        """
        ada adalah akan aku anda apa atas atau bagi bahwa banyak baru beberapa belum bisa bukan dalam dan
        dapat dari dengan di dia hanya harus hingga ia ini itu jika juga kami karena kata ke kepada kita
        lagi lain lalu lebih masih mereka namun oleh pada para saat saja sama sangat satu saya sebagai
        sebuah sejak sementara seorang seperti serta setelah sudah tak tapi telah tentang terhadap
        tersebut tidak untuk yakni yang
        """
    ),
    "ja": _words(
        """
        する した して いる ある ない なる から まで こと もの ため これ それ
        れる られ った って てい まし ます です でき
        """
    ),
    "zh": _words(
        """
        一个 他们 以及 可以 因为 已经 我们 报道 没有 目前 表示 认为 这个 进行
        """
    ),
}
