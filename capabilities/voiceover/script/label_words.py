"""Words before a colon, as data: those that name a speaker in many languages, and those that do not.

All in lower case. A label is looked up as a whole, then by its first and its last word.
"""

from __future__ import annotations

import lzma
from functools import cache
from pathlib import Path

_NAMES = Path(__file__).resolve().parents[3] / "assets" / "names" / "given-names.txt.xz"


def words_of(listed: str) -> frozenset[str]:
    """Return the words of a list in text form."""
    return frozenset(listed.split())


ROLES = words_of("""
    speaker narrator host cohost co-host guest interviewer interviewee moderator presenter announcer voice caller man woman
    boy girl person actor actress character reporter anchor newsreader teacher student pupil doctor nurse patient customer
    client agent user assistant ai bot robot computer mother father mum mom dad grandmother grandfather grandma grandpa child
    children crowd audience chorus king queen prince princess judge witness lawyer officer policeman soldier captain sergeant
    waiter waitress driver boss witch ghost stranger professor operator dispatcher pilot sprecher sprecherin erzähler
    erzählerin moderatorin gast mann frau stimme junge mädchen kind lehrer lehrerin schüler schülerin arzt ärztin patientin
    kunde kundin mutter vater könig königin interviewerin narrateur narratrice locuteur locutrice présentateur présentatrice
    animateur animatrice invité invitée homme femme voix garçon fille enfant mère père roi reine journaliste intervieweur
    narrador narradora locutor locutora hablante presentador presentadora invitado invitada hombre mujer voz niño niña madre
    padre rey reina entrevistador entrevistadora narratore voce ospite conduttore conduttrice uomo donna ragazzo ragazza
    bambino bambina intervistatore apresentador apresentadora convidado convidada homem mulher menino menina mãe pai orador
    falante verteller spreker spreekster presentator gastheer gaste vrouw stem jongen meisje moeder vader lektor narratorka
    prowadzący prowadząca gość mężczyzna kobieta głos chłopiec dziewczyna диктор рассказчик рассказчица ведущий ведущая гость
    гостья голос мужчина женщина мальчик девочка автор мать отец спикер оповідач ведучий ведуча гість чоловік жінка 旁白
    主持人 主持 嘉宾 嘉賓 说话人 說話人 发言人 發言人 记者 記者 男 女 男声 女声 男人 女人 老师 老師 学生 學生 医生 醫生 病人
    妈妈 媽媽 爸爸 讲述者 叙述者 敘述者 采访者 受访者 客人 客服 顾客 ナレーター ナレーション 語り 語り手 司会 司会者 話者
    ゲスト 先生 生徒 医者 患者 母 父 男性 女性 男の子 女の子 店員 客 お母さん お父さん 王 女王 내레이터 내레이션 해설 진행자
    사회자 화자 게스트 손님 기자 선생님 학생 의사 환자 엄마 아빠 남자 여자 الراوي راوي المذيع المذيعة الضيف الضيفة المتحدث رجل
    امرأة קריין קריינית מספר מספרת מנחה אורח אורחת דובר דוברת גבר אישה वक्ता कथावाचक सूत्रधार मेज़बान अतिथि आदमी औरत ผู้บรรยาย
    พิธีกร แขกรับเชิญ ผู้พูด ชาย หญิง
""")  # fmt: skip

PLAIN = words_of("""
    note notes nb ps pps warning warnings caution danger tip tips hint hints example examples exercise exercises important
    remember attention reminder disclaimer notice alert summary abstract overview introduction intro outro background context
    preface foreword prologue epilogue conclusion conclusions result results finding findings discussion analysis method
    methods methodology materials procedure procedures process purpose aim aims goal goals objective objectives hypothesis
    theorem lemma proof corollary definition definitions observation observations recommendation recommendations appendix
    references bibliography source sources credit credits author authors editor editors title subtitle subject topic topics
    theme chapter section part page volume book verse scene act step steps stage phase day week month year date dates time
    times hour hours duration deadline when where who what why how which whose first second third fourth fifth finally lastly
    next then now also however therefore meanwhile otherwise instead besides still yet anyway because since although and but
    or so if once again maybe perhaps clearly obviously question questions answer answers q a faq problem problems solution
    solutions issue issues reason reasons cause causes effect effects advantage advantages disadvantage disadvantages benefit
    benefits pros cons pro con fact facts rule rules law laws requirement requirements option options choice choices feature
    features detail details description descriptions explanation instructions instruction direction directions preparation
    prep cooking cook total serving servings serves serve yield yields makes ingredients ingredient equipment tools supplies
    topping toppings filling sauce dough dressing garnish marinade glaze frosting nutrition calories storage variation
    variations optional temperature oven difficulty level course cuisine cost costs price prices budget tax discount shipping
    delivery payment invoice order orders quantity amount amounts size sizes weight height width length depth colour color
    colours colors material model brand type types kind category categories tag tags keyword keywords status state priority
    version update updates edit changelog release install installation usage license licence copyright contact contacts
    address phone telephone tel mobile cell fax email e-mail mail website site web url link links homepage facebook twitter
    instagram location place venue city country region map from to cc bcc re fwd attn sent received reply regarding regards
    sincerely yours dear hello greetings name names surname age gender sex born died birthday occupation job position company
    department team role roles skills education experience hobbies interests languages language nationality species habitat
    diet input output error errors info debug code file files folder path command commands score scores points rating review
    verdict bonus quote quotes lyrics music sound sounds sfx fx cut fade interior exterior int ext continued flashback montage
    setting characters synopsis plot moral quotation agenda minutes attendees present absent action actions decision decisions
    task tasks todo done owner assigned due resources breakfast lunch dinner snack dessert monday tuesday wednesday thursday
    friday saturday sunday january february march april may june july august september october november december spring summer
    autumn fall winter morning afternoon evening night hinweis hinweise achtung beispiel beispiele zutaten zubereitung
    anleitung schritt schritte ergebnis ergebnisse fazit schluss zusammenfassung einleitung methode ziel ziele frage fragen
    antwort antworten adresse telefon webseite internet betreff datum ort zeit uhrzeit preis titel autor autorin quelle
    quellen tipp tipps merke wichtig anmerkung bemerkung vorsicht warnung liebe lieber liebes geehrte geehrter portionen dauer
    menge größe gewicht farbe lösung grund teil kapitel seite von an bis nach remarque remarques exemple exemples ingrédients
    préparation étape étapes résultat résultats résumé méthode réponse réponses téléphone tél courriel objet lieu heure prix
    titre auteur conseil astuce cher chère chers avertissement portions durée quantité taille poids couleur problème raison
    partie chapitre nota notas ejemplo ejemplos ingredientes preparación elaboración paso pasos resultado resultados
    conclusión resumen introducción método objetivo pregunta preguntas respuesta respuestas dirección teléfono sitio correo
    asunto fecha lugar hora precio título fuente fuentes consejo importante estimado estimada querido querida atención
    advertencia raciones porciones tiempo duración cantidad tamaño peso problema solución razón parte capítulo página esempio
    esempi ingredienti preparazione procedimento passo risultato risultati conclusione riassunto introduzione metodo domanda
    risposta indirizzo telefono sito oggetto data luogo ora prezzo titolo autore fonte consiglio caro cara gentile attenzione
    porzioni exemplo exemplos preparo conclusão resumo introdução pergunta resposta endereço telefone assunto preço dica
    prezado prezada atenção porções voorbeeld ingrediënten bereiding stap resultaat conclusie samenvatting vraag antwoord
    adres telefoon onderwerp plaats prijs opmerking let beste geachte uwaga przykład składniki przygotowanie krok wynik
    wniosek pytanie odpowiedź tytuł cena внимание пример примеры ингредиенты состав приготовление шаг результат результаты
    вывод выводы итог вопрос ответ адрес телефон сайт тема дата место время цена название источник совет примечание уважаемый
    уважаемая дорогой дорогая важно 注意 注 备注 備註 提示 例 例如 例子 材料 食材 配料 做法 步骤 步驟 方法 结论 結論 结果 結果
    总结 總結 摘要 问题 問題 答案 问 問 答 地址 电话 電話 网址 網址 网站 網站 主题 主題 日期 时间 時間 地点 地點 价格 價格
    标题 標題 作者 来源 來源 说明 說明 目的 原因 首先 其次 最后 最後 第一 第二 第三 另外 因此 邮箱 姓名 年龄 性别 尊敬的先生
    亲爱的 注記 備考 作り方 手順 まとめ 質問 答え 回答 住所 電話番号 件名 日時 場所 時刻 値段 タイトル 題名 著者 出典 ヒント
    重要 例文 理由 名前 年齢 주의 참고 예 예시 재료 만드는법 방법 결과 결론 요약 질문 답 답변 주소 전화 제목 날짜 시간 장소
    가격 저자 출처 팁 이름 나이 ملاحظة تنبيه مثال المكونات الطريقة النتيجة الخلاصة السؤال الجواب العنوان الهاتف الموقع الموضوع
    التاريخ المكان الوقت السعر הערה שימו דוגמה מצרכים הכנה תוצאה מסקנה שאלה תשובה כתובת טלפון אתר נושא תאריך מקום שעה מחיר नोट
    उदाहरण सामग्री विधि परिणाम निष्कर्ष प्रश्न उत्तर पता फोन विषय दिनांक स्थान समय मूल्य หมายเหตุ ตัวอย่าง ส่วนผสม วิธีทำ
    ผลลัพธ์ สรุป คำถาม คำตอบ ที่อยู่ โทร วันที่ สถานที่ เวลา ราคา
""")  # fmt: skip

STAGE = words_of("""
    pause laughs laugh laughing laughter chuckles giggles sighs sigh gasps coughs sneezes sniffs groans whispers whispering
    shouts shouting screams crying cries sobs music applause cheering silence beat off on vo v.o. o.s. cont'd contd inaudible
    crosstalk phone door footsteps bell thunder noise static bleep sic verse chorus bridge intro outro instrumental happy sad
    angry excited calm serious surprised nervous soft loud fast slow lacht lachen seufzt flüstert musik applaus rit rire
    soupire musique applaudissements ríe risa suspira música aplausos ride sospira musica applausi
""")  # fmt: skip

SPOKEN = words_of("""
    i i'm i'll i've i'd you your you're we we're us me my mine our hi hey hello yes yeah yep no nope oh ah well thanks thank
    please sorry okay ok bye goodbye let's don't can't really ich du dir dich wir mir mich ihr hallo ja nein danke bitte
    tschüss nicht je j'ai tu vous nous moi toi bonjour salut oui non merci yo tú usted ustedes nosotros hola sí gracias adiós
    io voi noi ciao sì grazie eu você nós olá oi sim não obrigado obrigada ik jij u wij nee dank ty wy cześć tak nie dziękuję
    я ты вы мы мне тебя вас привет здравствуйте да нет спасибо أنا أنت نحن نعم لا شكرا مرحبا אני אתה את אנחנו כן לא תודה שלום
    मैं तुम आप हम हाँ नहीं नमस्ते धन्यवाद
""")  # fmt: skip

SPOKEN_UNSPACED = (
    "我", "你", "您", "吗", "嗎", "呢", "吧", "私", "僕", "俺", "あなた", "です", "ます", "よ。", "ね。", "ผม", "ฉัน", "คุณ", "ครับ",
    "ค่ะ", "네", "요.", "저는",
)  # fmt: skip


@cache
def given_names() -> frozenset[str]:
    """Given names of seventy countries, and family names where those come first; read when a script first needs them."""
    return frozenset(lzma.decompress(_NAMES.read_bytes()).decode().split("\n"))
