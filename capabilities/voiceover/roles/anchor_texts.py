"""The anchor sentence of a generated voice, from which everything else is cloned: one calm sentence of six to eight seconds.

It is the same for every narration of a language, so that an edit of the script changes no voice. Cloning engines use it as their
reference, with its words as the transcript.
"""

from __future__ import annotations

TEXTS = {
    "ar": "يوم سعيد. بهذا الصوت سأقرأ لكم، بهدوء ووضوح، من السطر الأول حتى السطر الأخير.",
    "cs": "Dobrý den. Tímto hlasem vám budu číst, klidně a zřetelně, od prvního řádku až do posledního.",
    "da": "Goddag. Med denne stemme læser jeg for dig, roligt og tydeligt, fra den første linje til den sidste.",
    "de": "Guten Tag. Mit dieser Stimme lese ich vor, ruhig und deutlich, von der ersten Zeile bis zur letzten.",
    "el": "Καλημέρα. Με αυτή τη φωνή θα σας διαβάζω, ήρεμα και καθαρά, από την πρώτη γραμμή ως την τελευταία.",
    "en": "Good day. This is the voice in which I read to you, calmly and clearly, from the first line to the last.",
    "es": "Buenos días. Con esta voz les voy a leer, con calma y claridad, desde la primera línea hasta la última.",
    "fi": "Hyvää päivää. Tällä äänellä luen teille, rauhallisesti ja selvästi, ensimmäisestä rivistä viimeiseen.",
    "fr": "Bonjour. C'est avec cette voix que je vous lis ce texte, calmement et clairement, de la première ligne à la dernière.",
    "hi": "नमस्ते। मैं इसी आवाज़ में आपको पढ़कर सुनाऊँगा, शांति से और साफ़ साफ़, पहली पंक्ति से लेकर आख़िरी पंक्ति तक।",
    "id": "Selamat siang. Dengan suara ini saya membaca untuk Anda, tenang dan jelas, dari baris pertama sampai baris terakhir.",
    "it": "Buongiorno. Con questa voce leggo per voi, con calma e chiarezza, dalla prima riga fino all'ultima.",
    "ja": "こんにちは。この声で、最初の一行から最後の一行まで、落ち着いて、はっきりと読んでいきます。",
    "ko": "안녕하세요. 저는 이 목소리로 첫 줄부터 마지막 줄까지 차분하고 또렷하게 읽어 드리겠습니다.",
    "ms": "Selamat siang. Dengan suara ini saya membaca untuk anda, tenang dan jelas, dari baris pertama hingga baris terakhir.",
    "nl": "Goedendag. Met deze stem lees ik u voor, rustig en duidelijk, van de eerste regel tot de laatste.",
    "no": "God dag. Med denne stemmen leser jeg for deg, rolig og tydelig, fra den første linjen til den siste.",
    "pl": "Dzień dobry. Tym głosem będę państwu czytać, spokojnie i wyraźnie, od pierwszego wiersza do ostatniego.",
    "pt": "Bom dia. É com esta voz que vou ler para vocês, com calma e clareza, da primeira linha até a última.",
    "ru": "Добрый день. Этим голосом я буду читать вам, спокойно и ясно, от первой строки и до последней.",
    "sv": "God dag. Med den här rösten läser jag för er, lugnt och tydligt, från den första raden till den sista.",
    "tr": "İyi günler. Bu sesle size ilk satırdan son satıra kadar sakin ve açık bir şekilde okuyacağım.",
    "uk": "Добрий день. Цим голосом я читатиму вам, спокійно і виразно, від першого рядка й до останнього.",
    "vi": "Xin chào. Tôi sẽ đọc cho các bạn nghe bằng giọng này, bình tĩnh và rõ ràng, từ dòng đầu tiên đến dòng cuối cùng.",
    "zh": "大家好。我会用这个声音为你们朗读，平静而清晰，从第一行一直读到最后一行。",
}
"""By primary tag."""

_MOST, _FEWEST = 120, 40


def anchor_text(language: str, own_words: str) -> str:
    """Return the sentence for a BCP-47 tag; in a language without one, the first words of the script, up to a whole sentence or
    word.

    Args:
        own_words: the speaker's text in the script.
    """
    known = TEXTS.get(language.replace("_", "-").split("-")[0].lower())
    if known is not None:
        return known
    words = " ".join(own_words.split())
    if len(words) <= _MOST:
        return words
    ends = [words.rfind(mark, _FEWEST, _MOST) for mark in "។။.!?…。！？।؟"]
    cut = max(ends) + 1 or words.rfind(" ", _FEWEST, _MOST)
    return words[: cut if cut > 0 else _MOST].strip()
