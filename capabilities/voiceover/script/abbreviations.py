"""Full stops that end no sentence: abbreviations by language, as data, and the rule that applies them.

`TITLES` are before a name and never end a sentence. `COUNTED` are before a number, and end one otherwise. `WITHIN` are in the
middle of a sentence: they end one only if the next word begins with a capital. All without their full stop, in lower case.
"""

from __future__ import annotations

import re
from functools import cache

_TITLES = {
    "en": "mr mrs ms mx messrs mmes dr drs prof profs rev fr msgr hon gov sen rep amb pres capt cpt cmdr cdr comm col lt sgt "
    "cpl pvt maj gen adm brig cmdt supt insp det dep st ste mt ft vs esq",
    "de": "hr hrn fr frl dr prof dipl ing mag st sankt hl bzw evtl ggf inkl exkl geb gest gen ca vgl sog",
    "fr": "m mm mr mme mmes mlle mlles me mgr dr pr prof st ste cap gal col lt cdt av bd",
    "es": "sr sra sres sras srta d da dª dña dr dra drs dras prof profa lic ing arq gral cnel cap tte sto sta fr ud uds vd vds",
    "it": "sig sigg sig.ra sig.na dott dott.ssa dr prof prof.ssa avv ing arch on geom rag gen col cap ten mons s sen",
    "pt": "sr sra srta sres dr dra drs prof profa eng arq gen cel cap d dona sto sta exmo exma ilmo",
    "nl": "dhr mevr mw mej dr drs mr ir ing prof ds jhr st",
    "pl": "p pp dr hab inż mgr prof ks św gen płk kpt por ul al pl",
    "ru": "г гг ул пр просп пер д кв им проф акад доц св о гр гос тов",
    "sv": "hr dr prof fr st kap gen",
    "da": "hr fr dr prof st kap gen",
    "no": "hr fr dr prof st kapt gen",
    "cs": "p pí sl dr ing mgr bc judr mudr phdr rndr doc prof sv gen plk kpt ul nám tř",
}  # fmt: skip
_COUNTED = {
    "en": "no nos nr vol vols ch chs chap p pp pg pgs fig figs ed eds art arts sec secs sect par para pt pts bk bks ex eq eqs "
    "ref refs tab app appx approx ca c circa cf l ll v vv n nn op col cols ser iss r rm apt ste bldg fl tel ph ext fax "
    "mob jan feb mar apr jun jul aug sep sept oct nov dec",
    "de": "nr nrn bd bde s abb art abs kap ziff zif aufl jg jh rn anm fn tab tel fax mobil hausnr plz jan feb mär apr jun jul "
    "aug sep sept okt nov dez §",
    "fr": "n no nos nº n° vol t ch chap p pp fig art al éd tél tel fax env r bd janv févr avr juil sept oct nov déc av apr",
    "es": "n no nº núm num núms vol vols t cap caps p pág págs pp fig figs art arts ed tel tfno tlf fax aprox apdo ene feb mar "
    "abr jun jul ago sep sept oct nov dic",
    "it": "n nn nr vol voll cap capp p pag pagg pp fig figg art artt ed tel fax ca c sec gen feb mar apr mag giu lug ago set "
    "ott nov dic",
    "pt": "n no nº núm num vol vols cap caps p pág págs pp fig figs art arts ed tel fax aprox séc jan fev mar abr mai jun jul "
    "ago set out nov dez",
    "nl": "nr nrs no dl bd hfdst p pp pag blz fig afb art tel fax ca jan feb mrt apr jun jul aug sep sept okt nov dec",
    "pl": "nr nry t tom rozdz s str rys art ust pkt tel faks ok godz r w",
    "ru": "т тт гл с стр рис табл ст п пп ч вып изд тел факс ок",
    "sv": "nr bd kap s sid fig art tel ca",
    "da": "nr bd kap s fig art tlf ca",
    "no": "nr bd kap s fig art tlf ca",
    "cs": "č čís sv kap s str obr tab čl odst tel cca",
}  # fmt: skip
_WITHIN = {
    "en": "e.g i.e etc al viz resp incl excl max min avg est misc dept univ assn inc ltd co corp bros jr sr a.m p.m in ft lb "
    "lbs oz yd yds mi sq hr hrs min mins ave blvd rd ln pl abbr adj adv orig transl trans illus b d ibid id",
    "de": "etc usw usf bspw z.b d.h u.a u.ä o.ä s.o s.u v.a z.t zzgl abzgl max min mind dt engl frz lat urspr einschl entspr "
    "jew str allg bes betr",
    "fr": "etc p.ex c.-à-d env cf ex max min dép av j.-c bibl coll trad",
    "es": "etc p.ej ej ee uu c.c a.c d.c máx mín aprox cía avda av c pza trad",
    "it": "ecc es p.es cfr max min a.c d.c circa ca",
    "pt": "etc p.ex ex máx mín a.c d.c aprox av cia",
    "nl": "enz bijv bv d.w.z o.a m.b.t i.v.m max min evt resp incl excl n.v b.v",
    "pl": "np itd itp tzn tj m.in ok max min",
    "ru": "т.е т.к т.н и.о н.э др пр руб коп тыс млн млрд см",
    "sv": "t.ex bl.a d.v.s osv m.m etc f.d s.k",
    "da": "f.eks bl.a dvs osv m.m etc",
    "no": "f.eks bl.a dvs osv m.m etc",
    "cs": "např tj atd apod tzv resp max min",
}  # fmt: skip
_ROMAN = r"[IVXLCDM]+\b"
_WORD_BEFORE = re.compile(r"(?:(?<=[\s(\[{\"'«“„])|\A)([^\s(\[{\"'«“„]{1,12}?)\.\Z")
_NUMBER_NEXT = re.compile(rf"\s*+[(\[]?(?:[#№+-]?\d|{_ROMAN})")
_CONTINUES = re.compile(r"\s*+[:,;)\]]")


@cache
def _words(language: str) -> tuple[frozenset[str], frozenset[str], frozenset[str]]:
    primary = {"nb": "no", "nn": "no"}.get(tag := language.replace("_", "-").split("-")[0].lower(), tag)
    titles, counted, within = (frozenset(data.get(primary, "").split()) for data in (_TITLES, _COUNTED, _WITHIN))
    return titles, counted, within


def ends_sentence(text: str, at: int, language: str) -> bool:
    """Return whether a sentence that a segmenter ends before text[at] really ends there."""
    before = text[max(0, at - 20) : at].rstrip()
    if at >= len(text) or not before.endswith("."):
        return True
    if _CONTINUES.match(text, at):  # "Tel.: 0800"
        return False
    found = _WORD_BEFORE.search(before)
    if found is None:
        return True
    word = found.group(1).lower()
    titles, counted, within = _words(language)
    following = text[at:].lstrip()[:1]
    if word in counted and _NUMBER_NEXT.match(text, at):
        return False
    behind_number = before[: found.start()].rstrip()[-1:].isdigit()  # "5 ft." and "1999 г." are no titles
    if word in titles and following.isalnum() and not behind_number:
        return False
    known = word in within or word in counted or "." in word
    return not (known and following.islower())


@cache
def _all_titles() -> frozenset[str]:
    return frozenset(word for listed in _TITLES.values() for word in listed.split())


def is_title(word: str) -> bool:
    """Return whether a word with its full stop may be before a name: "Dr.", "Mrs.", "J."."""
    bare = word.rstrip(".").casefold()
    return word.endswith(".") and (bare in _all_titles() or len(bare) == 1)
