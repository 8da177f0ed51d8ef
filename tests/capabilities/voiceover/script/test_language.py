from __future__ import annotations

import subprocess
import sys

import pytest

from capabilities.voiceover.script.language_detection import detect, is_sure


@pytest.mark.parametrize(
    ("text", "language"),
    [
        ("", "en"), ("Hi", "en"), ("12345 ...", "en"), ("https://example.org/un-deux-trois", "en"),
        ("Alice was beginning to get very tired of sitting by her sister on the bank", "en"),
        ("Guten Tag, wie geht es dir heute? Ich hoffe, es geht dir gut.", "de"),
        ("Bonjour, comment allez-vous aujourd'hui mon ami ?", "fr"),
        ("Hola, ¿cómo estás? Vamos a la playa mañana con mi hermano.", "es"),
        ("Het was een koude dag in april en de klokken sloegen dertien.", "nl"),
        ("吾輩は猫である。名前はまだ無い。", "ja"), ("今天天气很好", "zh"), ("안녕하세요", "ko"),
        ("Γειά σου", "el"), ("สวัสดีครับ", "th"),
        ("Привет, как дела, что ты делаешь", "ru"), ("Добрий день, як у вас справи, їжак", "uk"),
        ("Добър ден, как сте днес приятелю мой", "bg"), ("سلام چطوری دوست من", "fa"), ("नमस्ते आप कैसे हैं", "hi"),
        ("彼はOpenAIのAPIをPythonで使うのが好きです。", "ja"),
    ],
)  # fmt: skip
def test_languages(text: str, language: str) -> None:
    assert detect(text) == language


@pytest.mark.parametrize("text", ["A. " * 200, "la la la " * 50, "x y z " * 50, "Do re mi fa sol " * 20])
def test_too_few_different_words_are_no_evidence(text: str) -> None:
    assert detect(text) == "en" and not is_sure(text)


def test_the_model_is_loaded_only_when_it_is_needed() -> None:
    program = (
        "import sys; from capabilities.voiceover.script.language_detection import detect; "
        "detect('The cat sat on the mat and it was very happy with that.'); detect('これは本です'); "
        "assert 'py3langid' not in sys.modules"
    )
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
